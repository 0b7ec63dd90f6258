/* probe_set.c - simulated calls as what the probes look at (probe_impl.h). */
#include "contact/exact.h"
#include "contact/synth/probe_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct making {
    wu_probe_set *set;
    bool full;
    wu_table lexicon; /* sections positive and negative; empty: none for the language */
    wu_variety *variety;
    wu_synth_call call;
} making;

static wu_code make_arrays(wu_probe_set *s, int32_t n) {
    const size_t rows = (size_t)n + 1;
    bool ok = true;
    for (int t = 0; t < WU_N_TARGET; t++) {
        ok = (s->y[t] = calloc(rows, sizeof(double))) && ok;
        ok = (s->exact[t] = calloc(rows, sizeof(double))) && ok;
    }
    ok = (s->category = calloc(rows, sizeof(*s->category))) && ok;
    ok = (s->fact = calloc(rows * WU_N_FACT, sizeof(double))) && ok;
    ok = (s->early = calloc(rows * WU_N_FACT, sizeof(double))) && ok;
    ok = (s->length = calloc(rows * WU_N_LENGTH, sizeof(double))) && ok;
    ok = (s->mood = calloc(rows, sizeof(double))) && ok;
    ok = (s->fold = calloc(rows, sizeof(*s->fold))) && ok;
    return ok ? WU_OK : WU_ENOMEM;
}

void wu_probe_set_free(wu_probe_set *s) {
    for (int t = 0; t < WU_N_TARGET; t++) {
        free(s->y[t]);
        free(s->exact[t]);
    }
    free(s->category);
    free(s->fact);
    free(s->early);
    free(s->length);
    free(s->mood);
    free(s->fold);
    for (int v = 0; v < WU_N_VIEW; v++) {
        wu_bag_free(s->bag[v]);
        wu_sparse_free(&s->rows[v]);
    }
    *s = (wu_probe_set){0};
}

/* ------------------------------------------------------------------------------- labels */

static void set_labels(wu_probe_set *s, const wu_latent *l) {
    s->y[WU_TARGET_CSAT][s->n] = l->csat100;
    s->y[WU_TARGET_QA][s->n] = l->quality;
    s->y[WU_TARGET_CHURN][s->n] = l->churn;
    s->exact[WU_TARGET_CSAT][s->n] = l->csat_mean;
    s->exact[WU_TARGET_QA][s->n] = l->fail == WU_FAIL_NONE ? l->qa_exact : 0.0;
    s->exact[WU_TARGET_CHURN][s->n] = l->churn_exact;
    s->category[s->n] = l->category;
}

static double log1(double x) { return wu_exact_log(1.0 + x); }

/* What is known when the contact begins; then with what the block says in the end. */
static void set_facts(wu_probe_set *s, const wu_latent *l) {
    double *f = s->early + (size_t)s->n * WU_N_FACT;
    f[0] = 1.0;
    f[1] = l->wait_s >= 0 ? log1(l->wait_s / 120.0) : 0.0;
    f[2] = l->wait_s >= 0;
    f[3] = l->business;
    f[4] = l->season >= 0;
    f[5] = l->weekday >= 5;
    f[6] = l->repeats;
    f[7] = l->hour < 12;
    f[8] = l->hour >= 17;
    f[9] = l->channel == WU_CHAT;
    f[10] = l->channel == WU_EMAIL;
    f[11] = l->channel == WU_SOCIAL;
    f[12] = l->announced_s >= 0 && l->wait_s > l->announced_s;
    double *all = s->fact + (size_t)s->n * WU_N_FACT;
    memcpy(all, f, WU_N_FACT * sizeof(*f));
    all[13] = l->transfers;
    all[14] = log1(l->hold_s / 60.0);
}

static wu_code set_fact_words(wu_probe_set *s, const wu_latent *l) {
    char text[128];
    const int wait = l->wait_s < 0 ? 9 : l->wait_s < 60 ? 0 : l->wait_s < 240 ? 1 : 2;
    snprintf(text, sizeof(text), "hour%d day%d wait%d season%d contact%d channel%d moved%d held%d",
             l->hour / 6, l->weekday >= 5, wait, l->season >= 0, WU_MIN(l->repeats, 3),
             (int)l->channel, WU_MIN(l->transfers, 2), l->hold_s > 0);
    return wu_bag_add(s->bag[WU_VIEW_FACTS], wu_str_of(text), false);
}

/* -------------------------------------------------------------------------------- words */

static double count_words(wu_str text) {
    double n = 1.0;
    for (size_t i = 0; i < text.n; i++) n += text.p[i] == ' ';
    return n;
}

static bool has_word(const wu_section *list, const char *word, size_t n) {
    for (int32_t i = 0; list && i < list->n_line; i++)
        if (list->line[i].n == n && strncasecmp(list->line[i].p, word, n) == 0) return true;
    return false;
}

/* Positive minus negative words of a turn. */
static double mood_of(const making *m, wu_str text) {
    const wu_section *good = wu_table_section(&m->lexicon, WU_STR("positive"));
    const wu_section *bad = wu_table_section(&m->lexicon, WU_STR("negative"));
    double mood = 0.0;
    for (size_t i = 0; good && i < text.n;) {
        size_t n = 0;
        while (i + n < text.n && ((text.p[i + n] | 0x20) >= 'a' && (text.p[i + n] | 0x20) <= 'z'))
            n++;
        if (n > 0) mood += (int)has_word(good, text.p + i, n) - (int)has_word(bad, text.p + i, n);
        i += n + 1;
    }
    return mood;
}

static wu_code add_turn(making *m, const wu_turn *t, wu_party_role role, bool first, bool last) {
    wu_probe_set *s = m->set;
    wu_code rc = wu_bag_add(s->bag[WU_VIEW_ALL], t->text, false);
    if (!m->full) return rc;
    if (!rc) rc = wu_bag_add(s->bag[WU_VIEW_PAIRS], t->text, true);
    if (!rc && role == WU_PARTY_AGENT) rc = wu_bag_add(s->bag[WU_VIEW_AGENT], t->text, false);
    if (!rc && role == WU_PARTY_CUSTOMER) rc = wu_bag_add(s->bag[WU_VIEW_CUSTOMER], t->text, false);
    if (!rc && first) rc = wu_bag_add(s->bag[WU_VIEW_FIRST], t->text, false);
    if (!rc && last) rc = wu_bag_add(s->bag[WU_VIEW_LAST], t->text, false);
    return rc;
}

static wu_code add_words(making *m) {
    wu_probe_set *s = m->set;
    const wu_conversation *c = &m->call.conversation;
    double *length = s->length + (size_t)s->n * WU_N_LENGTH, words = 0.0;
    bool first = true;
    wu_code rc = WU_OK;
    for (int v = 0; !rc && v < WU_N_VIEW; v++)
        if (s->bag[v]) rc = wu_bag_begin(s->bag[v]);
    for (int32_t i = 0; !rc && i < c->n_turn; i++) {
        const wu_turn *t = &c->turn[i];
        const wu_party_role role = wu_turn_role(c, t);
        rc = add_turn(m, t, role, first && role == WU_PARTY_CUSTOMER, i + 2 >= c->n_turn);
        if (role == WU_PARTY_CUSTOMER) first = false;
        s->mood[s->n] += mood_of(m, t->text);
        words += count_words(t->text);
    }
    length[0] = 1.0;
    length[1] = c->n_turn / 10.0;
    length[2] = words / 100.0;
    length[3] = log1(words);
    return rc;
}

static wu_code add_call(making *m, int32_t fold) {
    wu_probe_set *s = m->set;
    wu_code rc = add_words(m);
    if (rc) return rc;
    set_labels(s, &m->call.latent);
    s->fold[s->n] = fold >= 0 ? fold : s->n % 5;
    if (m->full) {
        set_facts(s, &m->call.latent);
        rc = set_fact_words(s, &m->call.latent);
        if (!rc) rc = wu_variety_add(m->variety, &m->call);
    }
    s->n++;
    return rc;
}

/* -------------------------------------------------------------------------------- whole */

static wu_code add_part(making *m, const wu_probe_part *p, wu_err *err) {
    wu_synth *synth = NULL;
    wu_code rc = wu_synth_open(&synth, p->options, err);
    for (int32_t i = 0; !rc && i < p->n; i++) {
        rc = wu_synth_make(synth, p->first + (uint64_t)i, &m->call, err);
        if (!rc && (rc = add_call(m, p->fold))) wu_fail(err, rc, "probes: out of memory");
    }
    wu_synth_close(synth);
    return rc;
}

/* A language may have a list of words; without it that probe is left out. */
static wu_code read_lexicon(making *m, const wu_synth_options *o, wu_err *err) {
    char name[64];
    const char *language = o->languages ? o->languages : "en";
    if (strlen(language) != 2) return WU_OK; /* a mix */
    snprintf(name, sizeof(name), "synth/%s/lexicon.txt", language);
    const wu_code rc = wu_table_read(&m->lexicon, o->tables, name, err);
    return rc == WU_EARG ? WU_OK : rc;
}

static wu_code make_rows(wu_probe_set *s) {
    wu_code rc = WU_OK;
    for (int v = 0; !rc && v < WU_N_VIEW; v++)
        if (s->bag[v]) rc = wu_bag_rows(s->bag[v], v == WU_VIEW_PAIRS ? 10 : 3, &s->rows[v]);
    return rc;
}

wu_code wu_probe_set_make(wu_probe_set *out, const wu_probe_part *part, int n_part, bool full,
                          wu_err *err) {
    making m = {.set = out, .full = full};
    int32_t n = 0;
    *out = (wu_probe_set){0};
    for (int i = 0; i < n_part; i++) n += part[i].n;
    wu_code rc = make_arrays(out, n);
    for (int v = 0; !rc && v < WU_N_VIEW; v++)
        if (full || v == WU_VIEW_ALL) rc = wu_bag_create(&out->bag[v]);
    if (!rc && full) rc = wu_variety_create(&m.variety, n);
    if (rc)
        wu_fail(err, rc, "probes: out of memory");
    else if (full)
        rc = read_lexicon(&m, part->options, err);
    for (int i = 0; !rc && i < n_part; i++) rc = add_part(&m, &part[i], err);
    if (!rc && (rc = make_rows(out))) wu_fail(err, rc, "probes: out of memory");
    if (!rc && full && (rc = wu_variety_finish(m.variety, out)))
        wu_fail(err, rc, "probes: out of memory");
    wu_variety_free(m.variety);
    wu_table_free(&m.lexicon);
    wu_synth_call_free(&m.call);
    if (rc) wu_probe_set_free(out);
    return rc;
}
