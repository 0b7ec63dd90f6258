/* synth_answer.c - from labels to the six answers (synth.h). */
#include "contact/synth_impl.h"

/* ---------------------------------------------------------------------------- helpers */

static wu_code set_str(wu_json *o, const char *key, const char *s) {
    return wu_json_set(o, key, wu_json_new_str(wu_str_of(s)));
}

static wu_code set_int(wu_json *o, const char *key, int64_t v) {
    return wu_json_set(o, key, wu_json_new_int(v));
}

static wu_code set_list(wu_json *o, const char *key, const char *const *text, int n) {
    wu_json *a = wu_json_new_array();
    for (int i = 0; a && i < n; i++) {
        if (wu_json_push(a, wu_json_new_str(wu_str_of(text[i])))) {
            wu_json_free(a);
            return WU_ENOMEM;
        }
    }
    return wu_json_set(o, key, a);
}

static bool applies(const wu_latent *l, int item) { return item != WU_ITEM_HOLD || l->hold_s > 0; }

/* Items that were hit or missed, the weightiest first; the order of the table on ties. */
static int ranked(const wu_latent *l, bool hit, int *item) {
    int n = 0;
    for (int i = 0; i < WU_N_ITEM; i++) {
        if (l->hit[i] != hit || !applies(l, i)) continue;
        int at = n++;
        for (; at > 0 && wu_items[item[at - 1]].weight < wu_items[i].weight; at--)
            item[at] = item[at - 1];
        item[at] = i;
    }
    return n;
}

/* ---------------------------------------------------------------------------- answers */

static wu_code justify(wu_buf *b, const wu_latent *l, wu_rng *r) {
    int did[WU_N_ITEM] = {0}, missed[WU_N_ITEM] = {0};
    const int n_did = ranked(l, true, did), n_missed = ranked(l, false, missed);
    wu_code rc = WU_OK;
    if (l->leaked)
        rc = wu_buf_str(b, "Automatic fail: account data was given out without verification. ");
    if (!rc) rc = wu_buf_str(b, "The agent ");
    for (int i = 0; !rc && i < WU_MIN(n_did, 2); i++)
        rc = wu_buf_fmt(b, "%s%s", i ? " and " : "", wu_items[did[i]].did);
    if (!rc && n_did > 0 && n_missed > 0) rc = wu_buf_str(b, ", but ");
    for (int i = 0; !rc && i < WU_MIN(n_missed, 2); i++)
        rc = wu_buf_fmt(b, "%s%s", i ? " and " : "", wu_items[missed[i]].missed);
    if (!rc) rc = wu_buf_char(b, '.');
    static const char *const end[4][2] = {
        {" The issue was solved.", " The request was settled in this contact."},
        {" The issue is only partly solved.", " A promise was made but nothing is settled yet."},
        {" The issue was escalated.", " The case went to the next level."},
        {" The issue was not solved.", " The customer left without a solution."}};
    if (!rc) rc = wu_buf_str(b, end[l->outcome][wu_rng_below(r, 2)]);
    return rc;
}

static wu_code quality(wu_json *o, const wu_latent *l, wu_rng *r) {
    wu_buf b = {0};
    wu_code rc = set_int(o, "quality_score", l->quality);
    if (!rc) rc = set_str(o, "effectiveness_rating", wu_rating_of(l->quality));
    if (!rc) rc = justify(&b, l, r);
    if (!rc) rc = wu_json_set(o, "justification", wu_json_new_str(wu_buf_view(&b)));
    wu_buf_free(&b);
    return rc;
}

/* Words for a term, by its sign; NULL where the sign has no words. */
static const char *const csat_words[WU_N_CSAT][2] = {
    [WU_CSAT_OUTCOME] = {"issue not solved", "issue solved in this contact"},
    [WU_CSAT_EMPATHY] = {"no acknowledgement of the concern", "agent showed empathy"},
    [WU_CSAT_OWNERSHIP] = {"agent took no ownership", "agent took ownership"},
    [WU_CSAT_LISTENING] = {"customer had to repeat the request", "agent listened well"},
    [WU_CSAT_WAIT] = {"long wait before the call", NULL},
    [WU_CSAT_TRANSFER] = {"customer was transferred", NULL},
    [WU_CSAT_HOLD] = {"time on hold", NULL},
    [WU_CSAT_REPEAT] = {"repeated contact about the same issue", NULL},
    [WU_CSAT_SEVERITY] = {"serious consequences for the customer", NULL},
};

/* A cause is named only where a reader can see it. */
static const double csat_least[WU_N_CSAT] = {0.08, 0.08, 0.08, 0.08, 0.25, 0.08, 0.08, 0.08, 0.11};

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

static wu_code satisfaction(wu_json *o, const wu_latent *l) {
    int order[WU_N_CSAT] = {0};
    const char *factor[3];
    int n = 0;
    by_size(l->csat_term, WU_N_CSAT, order);
    for (int i = 0; i < WU_N_CSAT && n < 3; i++) {
        const double x = l->csat_term[order[i]];
        const char *words = csat_words[order[i]][x > 0.0];
        if (order[i] == WU_CSAT_OUTCOME && l->outcome == WU_OUTCOME_PARTLY)
            words = "only a promise so far";
        if (words && size_of(x) >= csat_least[order[i]]) factor[n++] = words;
    }
    const bool solved = l->outcome == WU_OUTCOME_RESOLVED;
    const bool odd = solved ? l->csat100 < 45 : l->csat100 > 65;
    const char *sure = odd ? "low" : l->csat100 > 80 || l->csat100 < 30 ? "high" : "medium";
    wu_code rc = set_int(o, "predicted_csat", l->csat100);
    if (!rc) rc = set_str(o, "confidence", sure);
    return rc ? rc : set_list(o, "key_factors", factor, n);
}

static wu_code issue(wu_json *o, const wu_latent *l) {
    static const char *const level[] = {"low", "medium", "high"};
    const wu_issue *what = &wu_issues[l->issue];
    const char *found[5];
    int n = 0;
    found[n++] = what->sub;
    if (l->repeats > 0) found[n++] = "repeated_contact";
    if (-l->csat_term[WU_CSAT_WAIT] > 0.25) found[n++] = "long_wait";
    if (l->competitor) found[n++] = "competitor_offer";
    if (l->price) found[n++] = "price_complaint";
    wu_code rc = set_str(o, "primary_category", what->category);
    if (!rc) rc = set_list(o, "detected_issues", found, n);
    return rc ? rc : set_str(o, "complexity", level[l->complexity]);
}

static wu_code coaching(wu_json *o, const wu_latent *l) {
    int missed[WU_N_ITEM] = {0}, did[WU_N_ITEM] = {0};
    const int n_missed = ranked(l, false, missed), n_did = ranked(l, true, did);
    const char *now[3], *later[2], *strength[2];
    const int n_now = WU_MIN(n_missed, 3), n_later = WU_MIN(n_missed, 2),
              n_strength = WU_MIN(n_did, 2);
    for (int i = 0; i < n_now; i++) now[i] = wu_items[missed[i]].coach;
    for (int i = 0; i < n_later; i++) later[i] = wu_items[missed[i]].theme;
    for (int i = 0; i < n_strength; i++) strength[i] = wu_items[did[i]].strength;
    wu_code rc = set_list(o, "immediate_priorities", now, n_now);
    if (!rc) rc = set_list(o, "long_term", later, n_later);
    return rc ? rc : set_list(o, "strengths_to_leverage", strength, n_strength);
}

static wu_code risk(wu_json *o, const wu_latent *l) {
    static const char *const label[WU_N_CHURN] = {[WU_CHURN_CANCEL] = "explicit_cancel_intent",
                                                  [WU_CHURN_COMPETITOR] = "competitor_mention",
                                                  [WU_CHURN_PRICE] = "price_dissatisfaction",
                                                  [WU_CHURN_UNRESOLVED] = "unresolved_issue",
                                                  [WU_CHURN_REPEAT] = "repeated_contact",
                                                  [WU_CHURN_SEVERITY] = "service_failure",
                                                  [WU_CHURN_TENURE] = "low_tenure",
                                                  [WU_CHURN_MOOD] = "negative_sentiment_end"};
    static const double least[WU_N_CHURN] = {
        [WU_CHURN_CANCEL] = 0.2,     [WU_CHURN_COMPETITOR] = 0.2, [WU_CHURN_PRICE] = 0.2,
        [WU_CHURN_UNRESOLVED] = 0.2, [WU_CHURN_REPEAT] = 0.2,     [WU_CHURN_SEVERITY] = 0.15,
        [WU_CHURN_TENURE] = 0.39,    [WU_CHURN_MOOD] = 0.3};
    int order[WU_N_CHURN] = {0};
    const char *factor[3];
    int n = 0;
    by_size(l->churn_term, WU_N_CHURN, order);
    for (int i = 0; i < WU_N_CHURN && n < 3; i++)
        if (l->churn_term[order[i]] >= least[order[i]]) factor[n++] = label[order[i]];
    wu_code rc = set_int(o, "churn_risk_score", l->churn);
    if (!rc) rc = set_str(o, "risk_level", wu_risk_level_of(l->churn));
    return rc ? rc : set_list(o, "risk_factors", factor, n);
}

static wu_code journey(wu_json *o, const wu_latent *l) {
    const char *const *label = wu_tasks[WU_TASK_JOURNEY].field[1].values;
    const char *stage[8];
    int n = 0;
    for (int i = 0; label[i] && n < 8; i++)
        if ((l->stages >> i) & 1u) stage[n++] = label[i];
    wu_code rc = set_str(o, "journey_type", l->journey);
    if (!rc) rc = set_list(o, "journey_stages", stage, n);
    return rc ? rc : set_str(o, "sentiment_trajectory", l->trajectory);
}

wu_code wu_synth_answer(wu_json **out, const wu_latent *l, wu_task_id task, wu_rng *r) {
    wu_code rc = WU_EBUG;
    *out = NULL;
    wu_json *o = wu_json_new_object();
    if (!o) return WU_ENOMEM;
    switch (task) {
    case WU_TASK_QUALITY:
        rc = quality(o, l, r);
        break;
    case WU_TASK_CSAT:
        rc = satisfaction(o, l);
        break;
    case WU_TASK_ISSUE:
        rc = issue(o, l);
        break;
    case WU_TASK_COACHING:
        rc = coaching(o, l);
        break;
    case WU_TASK_CHURN:
        rc = risk(o, l);
        break;
    case WU_TASK_JOURNEY:
        rc = journey(o, l);
        break;
    case WU_N_TASK:
        break;
    }
    if (rc)
        wu_json_free(o);
    else
        *out = o;
    return rc;
}
