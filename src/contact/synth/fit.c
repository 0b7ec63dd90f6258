/* fit.c - ridge regression, naive Bayes, rank correlation (fit.h). */
#include "contact/synth/fit.h"

#include "contact/exact.h"

#include <stdlib.h>
#include <string.h>

void wu_sparse_free(wu_sparse *x) {
    free(x->start);
    free(x->col);
    free(x->value);
    *x = (wu_sparse){0};
}

static double root(double x) { return x > 0.0 ? wu_exact_exp(0.5 * wu_exact_log(x)) : 0.0; }

void wu_sparse_weigh(wu_sparse *x) {
    for (int32_t i = 0; i < x->n_row; i++) {
        double square = 0.0;
        for (int64_t k = x->start[i]; k < x->start[i + 1]; k++) {
            x->value[k] = 1.0 + wu_exact_log(x->value[k]);
            square += x->value[k] * x->value[k];
        }
        const double length = root(square);
        for (int64_t k = x->start[i]; length > 0.0 && k < x->start[i + 1]; k++)
            x->value[k] /= length;
    }
}

/* -------------------------------------------------------------------------------- ridge */

static double dot_row(const wu_sparse *x, int32_t i, const double *w) {
    double s = 0.0;
    for (int64_t k = x->start[i]; k < x->start[i + 1]; k++) s += x->value[k] * w[x->col[k]];
    return s;
}

static void add_row(double *w, const wu_sparse *x, int32_t i, double by) {
    for (int64_t k = x->start[i]; k < x->start[i + 1]; k++) w[x->col[k]] += by * x->value[k];
}

static double dot(const double *a, const double *b, int32_t n) {
    double s = 0.0;
    for (int32_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

typedef struct ridge {
    const wu_sparse *x;
    const int32_t *fold;
    int32_t left_out;
    double lambda;
    double *w, *r, *p, *q; /* [n_col] */
} ridge;

/* q = (X'X + lambda) p over the rows that count */
static void apply(const ridge *g) {
    for (int32_t j = 0; j < g->x->n_col; j++) g->q[j] = g->lambda * g->p[j];
    for (int32_t i = 0; i < g->x->n_row; i++)
        if (g->fold[i] != g->left_out) add_row(g->q, g->x, i, dot_row(g->x, i, g->p));
}

static void solve(const ridge *g, const double *y, double mean) {
    enum { STEPS = 60 };
    const int32_t n = g->x->n_col;
    const size_t bytes = (size_t)n * sizeof(double);
    memset(g->w, 0, bytes);
    memset(g->r, 0, bytes);
    for (int32_t i = 0; i < g->x->n_row; i++)
        if (g->fold[i] != g->left_out) add_row(g->r, g->x, i, y[i] - mean);
    memcpy(g->p, g->r, bytes);
    double rr = dot(g->r, g->r, n);
    const double enough = 1e-10 * rr;
    for (int step = 0; step < STEPS && rr > enough; step++) {
        apply(g);
        const double alpha = rr / dot(g->p, g->q, n);
        for (int32_t j = 0; j < n; j++) {
            g->w[j] += alpha * g->p[j];
            g->r[j] -= alpha * g->q[j];
        }
        const double next = dot(g->r, g->r, n), beta = next / rr;
        for (int32_t j = 0; j < n; j++) g->p[j] = g->r[j] + beta * g->p[j];
        rr = next;
    }
}

/* Mean of y over the rows that are not of a fold. */
static double mean_without(const double *y, const int32_t *fold, int32_t n, int32_t left_out) {
    double sum = 0.0;
    int32_t count = 0;
    for (int32_t i = 0; i < n; i++) {
        if (fold[i] == left_out) continue;
        sum += y[i];
        count++;
    }
    return count ? sum / count : 0.0;
}

wu_code wu_ridge(double *guess, const wu_sparse *x, const double *y, const int32_t *fold,
                 int32_t n_fold, int32_t only, double lambda) {
    double *work = calloc((size_t)x->n_col + 1, 4 * sizeof(*work));
    if (!work) return WU_ENOMEM;
    ridge g = {.x = x, .fold = fold, .lambda = lambda, .w = work};
    g.r = g.w + x->n_col;
    g.p = g.r + x->n_col;
    g.q = g.p + x->n_col;
    for (int32_t f = 0; f < n_fold; f++) {
        if (only != WU_ALL_FOLDS && f != only) continue;
        const double mean = mean_without(y, fold, x->n_row, f);
        g.left_out = f;
        solve(&g, y, mean);
        for (int32_t i = 0; i < x->n_row; i++)
            if (fold[i] == f) guess[i] = mean + dot_row(x, i, g.w);
    }
    free(work);
    return WU_OK;
}

/* -------------------------------------------------------------------------------- Bayes */

typedef struct bayes {
    const wu_sparse *x;
    int32_t n_class;
    double *count; /* [n_class][n_col], then log probabilities */
    double *prior; /* [n_class] */
} bayes;

static void learn(bayes *b, const int32_t *y, const int32_t *fold, int32_t left_out) {
    const double smooth = 0.1;
    const size_t n_col = (size_t)b->x->n_col;
    for (size_t i = 0; i < (size_t)b->n_class * n_col; i++) b->count[i] = smooth;
    for (int32_t c = 0; c < b->n_class; c++) b->prior[c] = 1.0;
    for (int32_t i = 0; i < b->x->n_row; i++) {
        if (fold[i] == left_out) continue;
        b->prior[y[i]] += 1.0;
        add_row(b->count + (size_t)y[i] * n_col, b->x, i, 1.0);
    }
    for (int32_t c = 0; c < b->n_class; c++) {
        double *row = b->count + (size_t)c * n_col, sum = 0.0;
        for (size_t j = 0; j < n_col; j++) sum += row[j];
        for (size_t j = 0; j < n_col; j++) row[j] = wu_exact_log(row[j] / sum);
        b->prior[c] = wu_exact_log(b->prior[c]);
    }
}

static int32_t best_class(const bayes *b, int32_t i) {
    int32_t best = 0;
    double most = 0.0;
    for (int32_t c = 0; c < b->n_class; c++) {
        const double s = b->prior[c] + dot_row(b->x, i, b->count + (size_t)c * (size_t)b->x->n_col);
        if (c > 0 && s <= most) continue;
        most = s;
        best = c;
    }
    return best;
}

wu_code wu_bayes(int32_t *guess, const wu_sparse *x, const int32_t *y, int32_t n_class,
                 const int32_t *fold, int32_t n_fold, int32_t only) {
    bayes b = {.x = x, .n_class = n_class};
    b.count = calloc((size_t)n_class * ((size_t)x->n_col + 1), sizeof(*b.count));
    b.prior = calloc((size_t)n_class, sizeof(*b.prior));
    const wu_code rc = b.count && b.prior ? WU_OK : WU_ENOMEM;
    for (int32_t f = 0; !rc && f < n_fold; f++) {
        if (only != WU_ALL_FOLDS && f != only) continue;
        learn(&b, y, fold, f);
        for (int32_t i = 0; i < x->n_row; i++)
            if (fold[i] == f) guess[i] = best_class(&b, i);
    }
    free(b.count);
    free(b.prior);
    return rc;
}

/* ----------------------------------------------------------------------------- measures */

typedef struct ranked {
    double v;
    int32_t at;
} ranked;

static int by_value(const void *a_, const void *b_) {
    const ranked *a = a_, *b = b_;
    if (a->v < b->v || a->v > b->v) return a->v < b->v ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* rank[i] of v[i]; equal values get the mean of theirs. */
static void set_ranks(double *rank, ranked *order, const double *v, int32_t n) {
    for (int32_t i = 0; i < n; i++) order[i] = (ranked){v[i], i};
    qsort(order, (size_t)n, sizeof(*order), by_value);
    for (int32_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && !(order[k].v > order[i].v); k++) continue;
        for (int32_t q = i; q < k; q++) rank[order[q].at] = 0.5 * (i + k - 1);
    }
}

static double correlation(const double *a, const double *b, int32_t n) {
    double ma = 0.0, mb = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;
    for (int32_t i = 0; i < n; i++) {
        ma += a[i];
        mb += b[i];
    }
    ma /= n;
    mb /= n;
    for (int32_t i = 0; i < n; i++) {
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
        ab += (a[i] - ma) * (b[i] - mb);
    }
    return aa > 0.0 && bb > 0.0 ? ab / root(aa * bb) : 0.0;
}

double wu_spearman(const double *a, const double *b, int32_t n) {
    if (n < 2) return 0.0;
    double *rank = malloc((size_t)n * 2 * sizeof(*rank));
    ranked *order = malloc((size_t)n * sizeof(*order));
    double rho = -2.0;
    if (rank && order) {
        set_ranks(rank, order, a, n);
        set_ranks(rank + n, order, b, n);
        rho = correlation(rank, rank + n, n);
    }
    free(rank);
    free(order);
    return rho;
}

double wu_accuracy(const int32_t *guess, const int32_t *y, int32_t n) {
    int32_t right = 0;
    for (int32_t i = 0; i < n; i++) right += guess[i] == y[i];
    return n ? (double)right / n : 0.0;
}
