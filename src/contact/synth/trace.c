/* trace.c - every cause of a simulated contact, for tests and error analysis (speak.h). */
#include "contact/synth/speak.h"

typedef struct maker {
    wu_json *o;
    wu_code rc;
} maker;

static void put(maker *m, const char *key, wu_json *v) {
    if (m->rc)
        wu_json_free(v);
    else
        m->rc = wu_json_set(m->o, key, v);
}

static void put_int(maker *m, const char *key, int64_t v) { put(m, key, wu_json_new_int(v)); }
static void put_bool(maker *m, const char *key, bool v) { put(m, key, wu_json_new_bool(v)); }
static void put_text(maker *m, const char *key, wu_str s) { put(m, key, wu_json_new_str(s)); }

/* Rounded to 1/4096, so that it is written the same everywhere. */
static void put_real(maker *m, const char *key, double v) {
    const double scaled = v * 4096.0;
    const int64_t near = (int64_t)(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
    put(m, key, wu_json_new_real((double)near / 4096.0));
}

static wu_json *part(maker *m) {
    wu_json *o = m->rc ? NULL : wu_json_new_object();
    if (!o && !m->rc) m->rc = WU_ENOMEM;
    return o;
}

static void put_terms(maker *m, const char *key, const char *const *name, const double *v, int n) {
    maker sub = {part(m), m->rc};
    for (int i = 0; i < n; i++) put_real(&sub, name[i], v[i]);
    m->rc = sub.rc;
    put(m, key, sub.o);
}

static void put_items(maker *m, const wu_latent *l) {
    maker sub = {part(m), m->rc};
    for (int i = 0; i < WU_N_ITEM; i++)
        put(&sub, wu_item_name[i],
            l->applies[i] ? wu_json_new_bool(l->hit[i]) : wu_json_new_null());
    m->rc = sub.rc;
    put(m, "items", sub.o);
}

static void put_noise(maker *m, uint32_t flags) {
    static const char *const name[] = {"category_confused", "speaker_swapped", "metadata_missing",
                                       "truncated", "agent_missing"};
    wu_json *list = m->rc ? NULL : wu_json_new_array();
    if (!list && !m->rc) m->rc = WU_ENOMEM;
    for (unsigned i = 0; !m->rc && i < WU_LEN(name); i++)
        if ((flags >> i) & 1u) m->rc = wu_json_push(list, wu_json_new_str(wu_str_of(name[i])));
    put(m, "noise", list);
}

static void put_issue(maker *m, const wu_synth *s, const wu_latent *l) {
    const wu_topic *t = &s->catalogue.topic[wu_issue_of(s, l)->topic];
    put_text(m, "category", s->catalogue.category[l->true_category].name);
    put_text(m, "category_labelled", s->catalogue.category[l->category].name);
    put_text(m, "issue", t->name);
    wu_json *list = m->rc ? NULL : wu_json_new_array();
    if (!list && !m->rc) m->rc = WU_ENOMEM;
    for (int32_t i = 0; !m->rc && i < l->n_more; i++) {
        const int32_t topic = s->language[l->language].issue[l->more[i]].topic;
        m->rc = wu_json_push(list, wu_json_new_str(s->catalogue.topic[topic].name));
    }
    put(m, "further_issues", list);
}

static void put_situation(maker *m, const wu_synth *s, const wu_latent *l) {
    const wu_industry *in = &s->catalogue.industry[l->industry];
    put_text(m, "channel", wu_str_of(wu_channel_name[l->channel]));
    put_int(m, "local_time", l->local_s);
    put_int(m, "utc_offset_minutes", l->offset_min);
    put(m, "season",
        l->season < 0 ? wu_json_new_null() : wu_json_new_str(in->season[l->season].name));
    put_bool(m, "business_hours", l->business);
    put_bool(m, "outage", l->outage);
    put_real(m, "load", l->load);
    put_issue(m, s, l);
    put_real(m, "severity", l->severity);
    put_int(m, "complexity", l->complexity);
    put_int(m, "repeats", l->repeats);
    put_int(m, "wait_s", l->wait_s);
    put_int(m, "announced_wait_s", l->announced_s);
    put_int(m, "hold_s", l->hold_s);
    put_int(m, "transfers", l->transfers);
    put_bool(m, "cancel", l->cancel);
    put_bool(m, "price", l->price);
    put_bool(m, "competitor", l->competitor);
    put_bool(m, "stays", l->stays);
    put_real(m, "patience", l->patience);
    put_real(m, "tenure_months", l->tenure_months);
    put_real(m, "verbosity", l->verbosity);
    put_int(m, "value_tier", l->value);
    put_text(m, "customer_style", wu_str_of(wu_style_name[l->customer_style]));
    put_text(m, "agent_style", wu_str_of(wu_style_name[l->agent_style]));
}

static void put_labels(maker *m, const wu_latent *l) {
    static const char *const fail[] = {"none", "data_disclosed", "insult", "card_number"};
    static const char *const mood[WU_N_MOOD] = {"start", "opening", "work", "outcome", "end"};
    put_items(m, l);
    put_bool(m, "jargon", l->jargon);
    put_bool(m, "slow", l->slow);
    put_bool(m, "warm_transfer", l->warm);
    put_bool(m, "dropped", l->dropped);
    put_bool(m, "silent", l->silent);
    put_text(m, "auto_fail", wu_str_of(fail[l->fail]));
    put_text(m, "outcome", wu_str_of(wu_outcome_name[l->outcome]));
    put_terms(m, "mood", mood, l->mood, WU_N_MOOD);
    put_real(m, "csat_expected", l->csat_mean);
    put_real(m, "csat", l->csat);
    put_terms(m, "csat_terms", wu_csat_term_name, l->csat_term, WU_N_CSAT);
    put_real(m, "quality_expected", l->qa_exact);
    put_int(m, "quality", l->quality);
    put_real(m, "churn_expected", l->churn_exact);
    put_int(m, "churn", l->churn);
    put_terms(m, "churn_terms", wu_churn_term_name, l->churn_term, WU_N_CHURN);
    put_text(m, "journey_type", wu_str_of(l->journey));
    put_text(m, "sentiment_trajectory", wu_str_of(l->trajectory));
    put_noise(m, l->noise);
}

wu_code wu_trace_make(const wu_synth *s, wu_synth_call *call) {
    const wu_latent *l = &call->latent;
    maker m = {wu_json_new_object(), WU_OK};
    if (!m.o) return WU_ENOMEM;
    put_text(&m, "id", call->conversation.id);
    put_int(&m, "index", (int64_t)call->index);
    put_text(&m, "language", wu_str_of(call->language));
    put_text(&m, "industry", call->industry);
    put_text(&m, "company", call->company);
    put_int(&m, "agent", l->agent);
    put_int(&m, "second_agent", l->transfers ? l->agent2 : -1);
    put_int(&m, "customer", l->customer);
    put_situation(&m, s, l);
    put_labels(&m, l);
    wu_json_free(call->trace);
    call->trace = m.o;
    return m.rc;
}
