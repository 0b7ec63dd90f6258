/* review.c - the labels of a contact as a company's files have them: analysis and journey
 * (speak.h).
 *
 * Keys and words are English in every language; quotes are the conversation's own. */
#include "contact/synth/speak.h"
#include "contact/task.h"

#include <string.h>

const char *const wu_item_name[WU_N_ITEM] = {
    "greeting", "verification", "disclosure",    "empathy",    "listening", "probing",
    "accuracy", "ownership",    "hold_protocol", "next_steps", "closing"};
const char *const wu_outcome_name[WU_N_OUTCOME] = {"resolved", "partly_resolved", "escalated",
                                                   "unresolved", "abandoned"};
const char *const wu_channel_name[WU_N_CHANNEL] = {"voice", "chat", "email", "social"};
const char *const wu_style_name[4] = {"formal", "casual", "terse", "chatty"};
const char *const wu_csat_term_name[WU_N_CSAT] = {"outcome",   "empathy", "ownership",
                                                  "listening", "wait",    "transfer",
                                                  "hold",      "repeat",  "severity"};
const char *const wu_churn_term_name[WU_N_CHURN] = {"explicit_cancel_intent",
                                                    "competitor_mention",
                                                    "price_dissatisfaction",
                                                    "unresolved_issue",
                                                    "repeated_contact",
                                                    "service_failure",
                                                    "low_tenure",
                                                    "negative_sentiment_end"};

typedef struct maker {
    const wu_synth *s;
    const wu_review *review;
    const wu_speech *speech;
    const wu_latent *l;
    const wu_conversation *c;
    wu_rng *r;
    wu_code rc; /* the first failure; later steps do nothing */
} maker;

/* ------------------------------------------------------------------------------ helpers */

static void put(maker *m, wu_json *o, const char *key, wu_json *v) {
    if (m->rc)
        wu_json_free(v);
    else
        m->rc = wu_json_set(o, key, v);
}

static void put_text(maker *m, wu_json *o, const char *key, wu_str s) {
    put(m, o, key, wu_json_new_str(s));
}

static void put_name(maker *m, wu_json *o, const char *key, const char *s) {
    put_text(m, o, key, wu_str_of(s));
}

static void push(maker *m, wu_json *list, wu_str s) {
    if (!m->rc) m->rc = wu_json_push(list, wu_json_new_str(s));
}

static wu_json *object(maker *m) {
    wu_json *o = m->rc ? NULL : wu_json_new_object();
    if (!o && !m->rc) m->rc = WU_ENOMEM;
    return o;
}

static wu_json *array(maker *m) {
    wu_json *a = m->rc ? NULL : wu_json_new_array();
    if (!a && !m->rc) m->rc = WU_ENOMEM;
    return a;
}

static wu_str word(maker *m, const wu_words *w) { return w->text[wu_between(m->r, 0, w->n - 1)]; }

/* Items that were hit or missed, the weightiest first; the order of the table on ties. */
static int32_t ranked(const wu_latent *l, bool hit, int *item) {
    int32_t n = 0;
    for (int i = 0; i < WU_N_ITEM; i++) {
        if (l->hit[i] != hit || !l->applies[i]) continue;
        int32_t at = n++;
        for (; at > 0 && wu_item_weight[item[at - 1]] < wu_item_weight[i]; at--)
            item[at] = item[at - 1];
        item[at] = i;
    }
    return n;
}

/* ------------------------------------------------------------------------------ quality */

/* Words of a turn, whole words up to about 120 bytes. */
static wu_str quote(const wu_conversation *c, int32_t turn) {
    wu_str s = c->turn[turn].text;
    if (s.n <= 120) return s;
    s.n = 120;
    while (s.n > 0 && s.p[s.n] != ' ') s.n--;
    return s;
}

static wu_json *items(maker *m) {
    const wu_latent *l = m->l;
    wu_json *list = array(m);
    for (int i = 0; !m->rc && i < WU_N_ITEM; i++) {
        const int32_t turn = m->speech->evidence[i];
        wu_json *o = object(m);
        put_name(m, o, "name", wu_item_name[i]);
        put(m, o, "weight", wu_json_new_int(wu_item_weight[i]));
        put_name(m, o, "result", !l->applies[i] ? "not_applicable" : l->hit[i] ? "yes" : "no");
        if (turn >= 0 && l->applies[i]) {
            put(m, o, "turn", wu_json_new_int(turn + 1));
            put_text(m, o, "quote", quote(m->c, turn));
        }
        if (m->rc)
            wu_json_free(o);
        else
            m->rc = wu_json_push(list, o);
    }
    return list;
}

/* "The agent did this and that, but missed this." */
static wu_code justify(maker *m, wu_buf *b) {
    const wu_latent *l = m->l;
    int did[WU_N_ITEM] = {0}, missed[WU_N_ITEM] = {0};
    const int32_t n_did = WU_MIN(ranked(l, true, did), 2), n_missed = ranked(l, false, missed);
    wu_code rc = WU_OK;
    if (l->fail) {
        const wu_str s = word(m, &m->review->fail[l->fail - 1]);
        rc = wu_buf_fmt(b, "%.*s ", (int)s.n, s.p);
    }
    if (!rc) rc = wu_buf_str(b, "The agent ");
    for (int32_t i = 0; !rc && i < n_did; i++) {
        const wu_str s = word(m, &m->review->item[WU_REVIEW_DID][did[i]]);
        rc = wu_buf_fmt(b, "%s%.*s", i ? " and " : "", (int)s.n, s.p);
    }
    if (!rc && n_did && n_missed) rc = wu_buf_str(b, ", but ");
    for (int32_t i = 0; !rc && i < WU_MIN(n_missed, 2); i++) {
        const wu_str s = word(m, &m->review->item[WU_REVIEW_MISSED][missed[i]]);
        rc = wu_buf_fmt(b, "%s%.*s", i ? " and " : "", (int)s.n, s.p);
    }
    const wu_str end = word(m, &m->review->outcome[l->outcome]);
    return rc ? rc : wu_buf_fmt(b, ". %.*s", (int)end.n, end.p);
}

static wu_json *quality(maker *m) {
    static const char *const fail[] = {NULL, "data_disclosed", "insult", "card_number"};
    wu_buf b = {0};
    wu_json *o = object(m);
    put(m, o, "overall_quality", wu_json_new_int(m->l->quality));
    put_name(m, o, "effectiveness_rating", wu_rating_of(m->l->quality));
    if (!m->rc) m->rc = justify(m, &b);
    put_text(m, o, "justification", wu_buf_view(&b));
    put(m, o, "arithmetic_score", wu_json_new_int(m->l->qa_score));
    put(m, o, "auto_fail",
        m->l->fail ? wu_json_new_str(wu_str_of(fail[m->l->fail])) : wu_json_new_null());
    put(m, o, "items", items(m));
    wu_buf_free(&b);
    return o;
}

static wu_json *some_items(maker *m, bool hit, wu_review_kind kind, int32_t most) {
    int item[WU_N_ITEM] = {0};
    const int32_t n = ranked(m->l, hit, item);
    wu_json *list = array(m);
    for (int32_t i = 0; !m->rc && i < WU_MIN(n, most); i++)
        push(m, list, word(m, &m->review->item[kind][item[i]]));
    return list;
}

/* Missed items first; habits without weight where there is room. */
static wu_json *coaching(maker *m, bool now) {
    const bool extra[WU_REVIEW_EXTRA] = {m->l->jargon, m->l->slow, m->l->fail == WU_FAIL_INSULT};
    const wu_words *words = now ? m->review->coach : m->review->theme;
    const int32_t most = now ? 3 : 2;
    wu_json *list = some_items(m, false, now ? WU_REVIEW_COACH : WU_REVIEW_THEME, most);
    for (int i = 0; !m->rc && i < WU_REVIEW_EXTRA; i++)
        if (extra[i] && wu_json_size(list) < (size_t)most) push(m, list, word(m, &words[i]));
    return list;
}

/* ------------------------------------------------------------------------- satisfaction */

static double size_of(double x) { return x < 0.0 ? -x : x; }

/* Terms by size, the largest first. */
static void by_size(const double *term, int n, int *order) {
    for (int i = 0; i < n; i++) {
        int at = i;
        for (; at > 0 && size_of(term[order[at - 1]]) < size_of(term[i]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

static wu_json *signals(maker *m) {
    /* A cause is named only where a reader can see it. */
    static const double least[WU_N_CSAT] = {0.08, 0.08, 0.08, 0.08, 0.25, 0.08, 0.08, 0.08, 0.11};
    const wu_latent *l = m->l;
    int order[WU_N_CSAT] = {0};
    wu_json *list = array(m);
    by_size(l->csat_term, WU_N_CSAT, order);
    for (int i = 0; !m->rc && i < WU_N_CSAT && wu_json_size(list) < 3; i++) {
        const double x = l->csat_term[order[i]];
        const wu_words *w = &m->review->csat[order[i]][x > 0.0];
        if (order[i] == WU_CSAT_OUTCOME && l->outcome == WU_OUTCOME_PARTLY) w = &m->review->partly;
        if (w->n && size_of(x) >= least[order[i]]) push(m, list, word(m, w));
    }
    return list;
}

static wu_json *satisfaction(maker *m) {
    const wu_latent *l = m->l;
    const bool solved = l->outcome == WU_OUTCOME_RESOLVED;
    const bool odd = solved ? l->csat100 < 45 : l->csat100 > 65;
    wu_json *o = object(m), *outer = object(m);
    put(m, o, "predicted_csat", wu_json_new_int(l->csat100));
    put_name(m, o, "confidence",
             odd                                  ? "low"
             : l->csat100 > 80 || l->csat100 < 30 ? "high"
                                                  : "medium");
    put(m, o, "satisfaction_signals", signals(m));
    put(m, outer, "satisfaction_indicators", o);
    return outer;
}

/* -------------------------------------------------------------------------------- issue */

static wu_str topic_name(const maker *m, int32_t issue) {
    return m->s->catalogue.topic[m->s->language[m->l->language].issue[issue].topic].name;
}

static wu_json *issues(maker *m) {
    const wu_latent *l = m->l;
    wu_json *list = array(m);
    push(m, list, topic_name(m, l->issue));
    for (int32_t i = 0; i < WU_MIN(l->n_more, 2); i++) push(m, list, topic_name(m, l->more[i]));
    const struct {
        bool yes;
        const char *name;
    } also[] = {{l->repeats > 0, "repeated_contact"},
                {-l->csat_term[WU_CSAT_WAIT] > 0.25, "long_wait"},
                {l->competitor, "competitor_offer"},
                {l->price, "price_complaint"}};
    for (size_t i = 0; i < WU_LEN(also) && wu_json_size(list) < 5; i++) {
        bool known = false; /* the main issue may be the same */
        for (size_t k = 0; k < wu_json_size(list); k++)
            known = known || wu_str_eq(wu_json_str(wu_json_at(list, k)), wu_str_of(also[i].name));
        if (also[i].yes && !known) push(m, list, wu_str_of(also[i].name));
    }
    return list;
}

static wu_json *analysis(maker *m) {
    static const char *const level[] = {"low", "medium", "high"};
    const wu_latent *l = m->l;
    wu_json *o = object(m), *coach = object(m), *resolution = object(m);
    put_text(m, o, "conversation_id", m->c->id);
    put(m, o, "quality_scores", quality(m));
    put(m, o, "key_strengths", some_items(m, true, WU_REVIEW_STRENGTH, 4));
    put(m, o, "critical_weaknesses", some_items(m, false, WU_REVIEW_WEAKNESS, 4));
    put(m, o, "customer_journey", satisfaction(m));
    put_text(m, o, "issue_category", m->s->catalogue.category[l->category].name);
    put(m, o, "detected_issues", issues(m));
    put_name(m, o, "interaction_complexity", level[l->complexity]);
    put_name(m, resolution, "outcome", wu_outcome_name[l->outcome]);
    put_name(m, resolution, "customer_effort", l->effort);
    put(m, o, "resolution", resolution);
    put(m, coach, "immediate", coaching(m, true));
    put(m, coach, "long_term", coaching(m, false));
    put(m, o, "coaching_recommendations", coach);
    return o;
}

/* ------------------------------------------------------------------------------ journey */

static wu_json *risk_factors(maker *m) {
    /* What a reader can see; a tenure is only mentioned where it is short. */
    static const double least[WU_N_CHURN] = {0.2, 0.2, 0.2, 0.2, 0.2, 0.15, 0.39, 0.3};
    const wu_latent *l = m->l;
    int order[WU_N_CHURN] = {0};
    wu_json *list = array(m);
    by_size(l->churn_term, WU_N_CHURN, order);
    for (int i = 0; !m->rc && i < WU_N_CHURN && wu_json_size(list) < 3; i++) {
        if (l->churn_term[order[i]] < least[order[i]]) continue;
        wu_json *o = object(m);
        put_name(m, o, "factor", wu_churn_term_name[order[i]]);
        if (m->rc)
            wu_json_free(o);
        else
            m->rc = wu_json_push(list, o);
    }
    return list;
}

static wu_json *protective(maker *m) {
    const wu_latent *l = m->l;
    wu_json *list = array(m);
    if (l->outcome == WU_OUTCOME_RESOLVED) push(m, list, WU_STR("resolved_now"));
    if (l->stays) push(m, list, WU_STR("accepted_offer"));
    return list;
}

static wu_json *stages(maker *m) {
    const char *const *label = wu_tasks[WU_TASK_JOURNEY].field[1].values;
    wu_json *o = object(m);
    for (int i = 0; !m->rc && label[i]; i++) {
        wu_json *stage = object(m);
        put(m, stage, "present", wu_json_new_bool((m->l->stages >> i) & 1u));
        put(m, o, label[i], stage);
    }
    return o;
}

static wu_json *journey(maker *m) {
    const wu_latent *l = m->l;
    wu_json *o = object(m), *value = object(m), *meta = object(m), *mood = object(m);
    put_text(m, o, "conversation_id", m->c->id);
    put(m, value, "churn_risk_score", wu_json_new_int(l->churn));
    put_name(m, value, "churn_risk_level", wu_risk_level_of(l->churn));
    put(m, value, "churn_risk_factors", risk_factors(m));
    put(m, value, "protective_factors", protective(m));
    put(m, o, "value_signals", value);
    put_name(m, meta, "journey_type", l->journey);
    put(m, o, "journey_metadata", meta);
    put(m, o, "journey_stages", stages(m));
    put_name(m, mood, "sentiment_trajectory", l->trajectory);
    put(m, o, "sentiment_journey", mood);
    return o;
}

wu_code wu_review_make(const wu_synth *s, const wu_speech *speech, wu_synth_call *call, wu_rng *r) {
    maker m = {.s = s,
               .review = &s->catalogue.review,
               .speech = speech,
               .l = &call->latent,
               .c = &call->conversation,
               .r = r};
    call->conversation.analysis = analysis(&m);
    call->conversation.journey = journey(&m);
    return m.rc;
}
