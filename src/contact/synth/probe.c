/* probe.c - what trivial guessers reach on simulated calls (probe.h). */
#include "contact/synth/probe.h"

#include "contact/exact.h"
#include "contact/synth/probe_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5 };
#define LAMBDA 1.0

typedef struct probing {
    wu_probe_report *report;
    wu_probe_set set;
    double *guess;   /* [n] */
    int32_t *chosen; /* [n] */
    wu_code rc;      /* the first failure; later steps do nothing */
} probing;

static void add(probing *p, const char *probe, const char *measure, double value, double lo,
                double hi) {
    WU_ASSERT(p->report->n_row < WU_PROBE_ROWS);
    p->report->row[p->report->n_row++] = (wu_probe_row){probe, measure, value, lo, hi};
}

static double size_of(double x) { return x < 0.0 ? -x : x; }

/* Of nothing there is no share. */
static double share(double part, double whole) { return whole > 0.0 ? part / whole : 0.0; }

static double correlation(probing *p, const double *a, const double *b, int32_t n) {
    const double r = wu_spearman(a, b, n);
    if (r < -1.5) p->rc = WU_ENOMEM;
    return r;
}

/* Correlation of a target with what the guesser says, out of fold. */
static double rho(probing *p, wu_target t) {
    return correlation(p, p->guess, p->set.y[t], p->set.n);
}

static double rho_of_rows(probing *p, const wu_sparse *x, wu_target t) {
    if (!p->rc)
        p->rc = wu_ridge(p->guess, x, p->set.y[t], p->set.fold, FOLDS, WU_ALL_FOLDS, LAMBDA);
    return p->rc ? 0.0 : rho(p, t);
}

/* The same from a table of numbers, [n][width]. */
static double rho_of_table(probing *p, const double *table, int32_t width, wu_target t) {
    wu_sparse x = {.n_row = p->set.n, .n_col = width};
    const size_t n = (size_t)p->set.n * (size_t)width;
    x.start = calloc((size_t)p->set.n + 1, sizeof(*x.start));
    x.col = calloc(n + 1, sizeof(*x.col));
    x.value = malloc((n + 1) * sizeof(*x.value));
    double r = 0.0;
    if (x.start && x.col && x.value) {
        for (size_t i = 0; i < n; i++) x.col[i] = (int32_t)(i % (size_t)width);
        for (int32_t i = 0; i <= p->set.n; i++) x.start[i] = (int64_t)i * width;
        memcpy(x.value, table, n * sizeof(*table));
        r = rho_of_rows(p, &x, t);
    } else {
        p->rc = WU_ENOMEM;
    }
    wu_sparse_free(&x);
    return r;
}

/* A view's rows, weighed for ridge regression; the raw counts stay. */
static wu_sparse weighed(probing *p, wu_view v) {
    const wu_sparse *raw = &p->set.rows[v];
    const size_t n = (size_t)raw->start[raw->n_row], rows = (size_t)raw->n_row + 1;
    wu_sparse x = {.n_row = raw->n_row, .n_col = raw->n_col};
    x.start = malloc(rows * sizeof(*x.start));
    x.col = malloc((n + 1) * sizeof(*x.col));
    x.value = malloc((n + 1) * sizeof(*x.value));
    if (!x.start || !x.col || !x.value) {
        p->rc = WU_ENOMEM;
        wu_sparse_free(&x);
        return (wu_sparse){0};
    }
    memcpy(x.start, raw->start, rows * sizeof(*x.start));
    memcpy(x.col, raw->col, n * sizeof(*x.col));
    memcpy(x.value, raw->value, n * sizeof(*x.value));
    wu_sparse_weigh(&x);
    return x;
}

static double rho_of_view(probing *p, wu_view v, wu_target t) {
    if (p->rc) return 0.0;
    wu_sparse x = weighed(p, v);
    const double r = p->rc ? 0.0 : rho_of_rows(p, &x, t);
    wu_sparse_free(&x);
    return r;
}

static double accuracy_of_view(probing *p, wu_view v) {
    if (!p->rc)
        p->rc = wu_bayes(p->chosen, &p->set.rows[v], p->set.category, WU_N_CLASS, p->set.fold,
                         FOLDS, WU_ALL_FOLDS);
    return p->rc ? 0.0 : wu_accuracy(p->chosen, p->set.category, p->set.n);
}

/* ------------------------------------------------------------------------- one set, many */

static double majority(const wu_probe_set *s) {
    int32_t count[WU_N_CLASS] = {0}, most = 0;
    for (int32_t i = 0; i < s->n; i++) count[s->category[i]]++;
    for (int c = 0; c < WU_N_CLASS; c++) most = WU_MAX(most, count[c]);
    return (double)most / s->n;
}

static double ceiling(probing *p, wu_target t) {
    return correlation(p, p->set.exact[t], p->set.y[t], p->set.n);
}

static void metadata(probing *p) {
    add(p, "metadata before the contact", "CSAT rho",
        rho_of_table(p, p->set.early, WU_N_FACT, WU_TARGET_CSAT), 0.2, 0.3);
    add(p, "metadata before the contact", "QA |rho|",
        size_of(rho_of_table(p, p->set.early, WU_N_FACT, WU_TARGET_QA)), 0.0, 0.15);
    add(p, "metadata, hold and transfers", "CSAT rho",
        rho_of_table(p, p->set.fact, WU_N_FACT, WU_TARGET_CSAT), 0.0, 0.0);
    add(p, "metadata, hold and transfers", "category: accuracy above majority",
        accuracy_of_view(p, WU_VIEW_FACTS) - majority(&p->set), -0.1, 0.03);
}

static void length(probing *p) {
    static const char *const name[] = {"CSAT |rho|", "QA |rho|", "churn |rho|"};
    for (int t = 0; t < WU_N_TARGET; t++)
        add(p, "length", name[t],
            size_of(rho_of_table(p, p->set.length, WU_N_LENGTH, (wu_target)t)), 0.0, 0.25);
}

static void words(probing *p) {
    const double top = ceiling(p, WU_TARGET_CSAT);
    add(p, "labels without noise", "CSAT rho (ceiling)", top, 0.0, 0.0);
    add(p, "labels without noise", "QA rho (ceiling)", ceiling(p, WU_TARGET_QA), 0.0, 0.0);
    add(p, "labels without noise", "churn rho (ceiling)", ceiling(p, WU_TARGET_CHURN), 0.0, 0.0);
    const double csat = rho_of_view(p, WU_VIEW_ALL, WU_TARGET_CSAT);
    const double qa = rho_of_view(p, WU_VIEW_ALL, WU_TARGET_QA);
    const double category = accuracy_of_view(p, WU_VIEW_ALL);
    add(p, "bag of words", "CSAT rho", csat, 0.5, 0.65);
    add(p, "bag of words", "QA rho", qa, 0.0, 0.9);
    add(p, "bag of words", "churn rho", rho_of_view(p, WU_VIEW_ALL, WU_TARGET_CHURN), 0.0, 0.9);
    add(p, "bag of words", "category accuracy", category, 0.0, 0.97);
    add(p, "first customer turn", "category, share of all words",
        share(accuracy_of_view(p, WU_VIEW_FIRST), category), 0.8, 1.1);
    add(p, "first customer turn", "CSAT rho", rho_of_view(p, WU_VIEW_FIRST, WU_TARGET_CSAT), -0.1,
        0.3);
    add(p, "first customer turn", "QA |rho|", size_of(rho_of_view(p, WU_VIEW_FIRST, WU_TARGET_QA)),
        0.0, 0.1);
    add(p, "last two turns", "CSAT rho, share of ceiling",
        share(rho_of_view(p, WU_VIEW_LAST, WU_TARGET_CSAT), top), 0.0, 0.65);
    add(p, "agent only", "QA rho, share of both sides",
        share(rho_of_view(p, WU_VIEW_AGENT, WU_TARGET_QA), qa), 0.85, 1.1);
    add(p, "customer only", "QA rho, share of both sides",
        share(rho_of_view(p, WU_VIEW_CUSTOMER, WU_TARGET_QA), qa), -0.1, 0.75);
    add(p, "agent only", "CSAT rho, share of both sides",
        share(rho_of_view(p, WU_VIEW_AGENT, WU_TARGET_CSAT), csat), 0.0, 0.98);
    add(p, "customer only", "CSAT rho, share of both sides",
        share(rho_of_view(p, WU_VIEW_CUSTOMER, WU_TARGET_CSAT), csat), 0.0, 0.98);
}

static void lexicon(probing *p) {
    bool any = false;
    for (int32_t i = 0; i < p->set.n; i++) any = any || p->set.mood[i] != 0.0;
    if (!any) return; /* no list for this language */
    add(p, "list of 40 words", "CSAT rho",
        correlation(p, p->set.mood, p->set.y[WU_TARGET_CSAT], p->set.n), 0.3, 0.45);
}

/* ------------------------------------------------------------------------- single words */

static int ascending(const void *a_, const void *b_) {
    const double a = *(const double *)a_, b = *(const double *)b_;
    return a < b ? -1 : a > b;
}

/* high[i]: the label is above the median. */
static wu_code split_at_median(const wu_probe_set *s, wu_target t, uint8_t *high, int32_t *n_high) {
    double *v = malloc((size_t)s->n * sizeof(*v));
    if (!v) return WU_ENOMEM;
    memcpy(v, s->y[t], (size_t)s->n * sizeof(*v));
    qsort(v, (size_t)s->n, sizeof(*v), ascending);
    const double median = v[s->n / 2];
    *n_high = 0;
    for (int32_t i = 0; i < s->n; i++) *n_high += high[i] = s->y[t][i] > median;
    free(v);
    return WU_OK;
}

/* p log(p / q) of a cell, in nats */
static double cell(double n, double row, double column, double all) {
    return n > 0.0 ? n / all * wu_exact_log(n * all / (row * column)) : 0.0;
}

typedef struct scored {
    double information, auroc;
    int32_t col;
} scored;

static int by_information(const void *a_, const void *b_) {
    const scored *a = a_, *b = b_;
    if (a->information > b->information || a->information < b->information)
        return a->information > b->information ? -1 : 1;
    return a->col < b->col ? -1 : a->col > b->col;
}

/* Presence of a word against the label: information, and the area under the curve of one step. */
static scored score_word(double with_high, double with, double n_high, double n) {
    const double with_low = with - with_high, n_low = n - n_high;
    const double apart = size_of(share(with_high, n_high) - share(with_low, n_low));
    scored s = {.auroc = n_high > 0.0 && n_low > 0.0 ? 0.5 + 0.5 * apart : 0.5};
    s.information = cell(with_high, with, n_high, n) + cell(with_low, with, n_low, n) +
                    cell(n_high - with_high, n - with, n_high, n) +
                    cell(n_low - with_low, n - with, n_low, n);
    return s;
}

static void keep_words(probing *p, const scored *s, int32_t n) {
    for (int32_t i = 0; i < n && i < WU_PROBE_WORDS; i++) {
        const wu_str w = wu_bag_word(p->set.bag[WU_VIEW_PAIRS], s[i].col);
        wu_probe_word *to = &p->report->word[p->report->n_word++];
        snprintf(to->text, sizeof(to->text), "%.*s", (int)w.n, w.p);
        to->auroc = s[i].auroc;
    }
}

static void best_word(probing *p, wu_target t, const char *measure) {
    const wu_sparse *x = &p->set.rows[WU_VIEW_PAIRS];
    const size_t n_col = (size_t)x->n_col;
    uint8_t *high = calloc((size_t)p->set.n, 1);
    int32_t *with = calloc(n_col + 1, 2 * sizeof(*with)), n_high = 0;
    scored *s = calloc(n_col + 1, sizeof(*s));
    if (!high || !with || !s || split_at_median(&p->set, t, high, &n_high)) {
        p->rc = WU_ENOMEM;
    } else {
        for (int32_t i = 0; i < x->n_row; i++)
            for (int64_t k = x->start[i]; k < x->start[i + 1]; k++) with[2 * x->col[k] + high[i]]++;
        for (size_t c = 0; c < n_col; c++) {
            s[c] = score_word(with[2 * c + 1], with[2 * c] + with[2 * c + 1], n_high, p->set.n);
            s[c].col = (int32_t)c;
        }
        qsort(s, n_col, sizeof(*s), by_information);
        double best = 0.5;
        for (size_t c = 0; c < n_col; c++) best = s[c].auroc > best ? s[c].auroc : best;
        add(p, "best single word or pair", measure, best, 0.5, 0.7);
        if (t == WU_TARGET_CSAT) keep_words(p, s, x->n_col);
    }
    free(high);
    free(with);
    free(s);
}

/* ------------------------------------------------------------------------------- variety */

static void variety(probing *p) {
    const wu_probe_set *s = &p->set;
    add(p, "variety", "distinct conversations", (double)s->n_distinct_call / s->n, 1.0, 1.0);
    add(p, "variety", "distinct turns", (double)s->n_distinct_turn / (double)s->n_turn, 0.7, 1.0);
    add(p, "variety", "new turns in the second half", s->new_turns, 0.9, 1.0);
    add(p, "variety", "new sequences of 8 words in it", s->new_sequences, 0.0, 0.0);
    add(p, "variety", "self-BLEU-4 of turns", s->self_bleu, 0.0, 0.35);
    add(p, "variety", "equal conversations across halves", s->exact_copies, -1.0, 0.0);
    add(p, "variety", "near duplicates across halves", s->near_copies, -1.0, 0.001);
    add(p, "length", "turns, 5th percentile", s->turns[0], 0.0, 0.0);
    add(p, "length", "turns, median", s->turns[1], 4.0, 80.0);
    add(p, "length", "turns, 99.5th percentile", s->turns[2], 0.0, 0.0);
    add(p, "length", "words a turn, agent", s->words[0], 0.0, 0.0);
    add(p, "length", "words a turn, customer", s->words[1], 0.0, 0.0);
}

/* ------------------------------------------------------------------------------ hold-outs */

/* What rho loses on the second part against the third, both with what the first part taught. */
static double loss(probing *p, const wu_probe_set *s, const wu_sparse *x, const wu_probe_part *part,
                   double *guess, wu_target t) {
    const int32_t second = part[0].n, third = second + part[1].n;
    const double *y = s->y[t];
    if (!p->rc) p->rc = wu_ridge(guess, x, y, s->fold, 1, 0, LAMBDA);
    if (p->rc) return 0.0;
    const double strange = correlation(p, guess + second, y + second, part[1].n);
    const double known = correlation(p, guess + third, y + third, part[2].n);
    return known > 0.0 ? 1.0 - strange / known : 1.0;
}

/* lo, hi: what is expected of both losses. */
static void hold_out(probing *p, const char *probe, const wu_probe_part part[3], double lo,
                     double hi, wu_err *err) {
    probing q = {.report = p->report};
    if (p->rc || (p->rc = wu_probe_set_make(&q.set, part, 3, false, err))) return;
    double *guess = calloc((size_t)q.set.n, sizeof(*guess));
    wu_sparse x = weighed(&q, WU_VIEW_ALL);
    if (q.rc || !guess) p->rc = WU_ENOMEM;
    add(p, probe, "CSAT, loss of rho", loss(p, &q.set, &x, part, guess, WU_TARGET_CSAT), lo, hi);
    add(p, probe, "QA, loss of rho", loss(p, &q.set, &x, part, guess, WU_TARGET_QA), lo, hi);
    wu_sparse_free(&x);
    free(guess);
    wu_probe_set_free(&q.set);
}

static void hold_outs(probing *p, const wu_synth_options *o, int32_t n, wu_err *err) {
    wu_synth_options seen = *o, unseen = *o, other = *o;
    const int32_t test = n / 2;
    seen.frames = WU_FRAMES_TRAIN;
    unseen.frames = WU_FRAMES_TEST;
    other.held_out = true;
    other.industries = NULL;
    /* fold 1 teaches, fold 0 is measured */
    const wu_probe_part frames[3] = {
        {&seen, 0, n, 1}, {&unseen, (uint64_t)n, test, 0}, {&seen, (uint64_t)(n + test), test, 0}};
    const wu_probe_part worlds[3] = {
        {o, 0, n, 1}, {&other, (uint64_t)n, test, 0}, {o, (uint64_t)(n + test), test, 0}};
    hold_out(p, "phrases never seen", frames, -0.5, 0.15, err);
    hold_out(p, "industries never seen", worlds, 0.0, 0.0, err);
}

wu_code wu_probe(wu_probe_report *out, const wu_synth_options *o, int32_t n, wu_err *err) {
    const wu_probe_part part = {o, 0, n, -1};
    probing p = {.report = out};
    *out = (wu_probe_report){.n_call = n};
    if (n < 500) return wu_fail(err, WU_EARG, "probes: %d calls say nothing, want at least 500", n);
    if ((p.rc = wu_probe_set_make(&p.set, &part, 1, true, err))) return p.rc;
    p.guess = calloc((size_t)n, sizeof(*p.guess));
    p.chosen = calloc((size_t)n, sizeof(*p.chosen));
    if (!p.guess || !p.chosen) {
        p.rc = WU_ENOMEM;
    } else {
        metadata(&p);
        length(&p);
        lexicon(&p);
        best_word(&p, WU_TARGET_CSAT, "CSAT: AUROC");
        best_word(&p, WU_TARGET_QA, "QA: AUROC");
        best_word(&p, WU_TARGET_CHURN, "churn: AUROC");
        words(&p);
        variety(&p);
        hold_outs(&p, o, n, err);
    }
    free(p.guess);
    free(p.chosen);
    wu_probe_set_free(&p.set);
    if (p.rc == WU_ENOMEM) return wu_fail(err, p.rc, "probes: out of memory");
    return p.rc;
}
