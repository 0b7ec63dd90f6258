/* Updates against the formulas in f64, and any number of threads. */
#include "near.h"

#include "base/rng.h"
#include "train/optimizer.h"

#include <stdlib.h>
#include <string.h>

enum { N = 40001 }; /* several units and a rest */

static wu_compute *compute(int threads) {
    wu_compute *c = NULL;
    wu_err err = {0};
    CHECK_OK(wu_compute_create(
                 &c, &(wu_compute_options){.n_thread = threads, .max_level = WU_N_LEVEL - 1}, &err),
             err);
    return c;
}

static void fill(float *x, int64_t n, uint64_t stream) {
    wu_rng r = wu_rng_init(11, stream);
    for (int64_t i = 0; i < n; i++) x[i] = (float)wu_rng_normal(&r);
}

/* One parameter in f64. */
typedef struct exact {
    double w, m, v;
} exact;

static void exact_step(exact *e, double g, double rate, const wu_optimizer_options *o, int t) {
    e->m = o->beta1 * e->m + (1.0 - o->beta1) * g;
    e->v = o->beta2 * e->v + (1.0 - o->beta2) * g * g;
    const double c1 = o->correct_bias ? 1.0 - pow(o->beta1, t) : 1.0;
    const double c2 = o->correct_bias ? 1.0 - pow(o->beta2, t) : 1.0;
    if (o->kind == WU_ADAMW) e->w *= 1.0 - rate * o->decay;
    e->w -= rate * (e->m / c1) / (sqrt(e->v / c2) + o->eps);
}

static void check_kind(wu_optimizer_options o) {
    float *w = malloc(N * sizeof(*w)), *g = malloc(N * sizeof(*g));
    exact *e = calloc(N, sizeof(*e));
    wu_compute *c = compute(2);
    wu_optimizer *opt = NULL;
    wu_err err = {0};
    assert_true(w && g && e);
    CHECK_OK(wu_optimizer_create(&opt, &o, N, &err), err);
    fill(w, N, 1);
    for (int i = 0; i < N; i++) e[i].w = (double)w[i];
    for (int t = 1; t <= 5; t++) {
        fill(g, N, (uint64_t)t + 1);
        wu_optimizer_update(opt, c, w, g, 0.01);
        for (int i = 0; i < N; i++) exact_step(&e[i], (double)g[i], 0.01, &o, t);
    }
    for (int i = 0; i < N; i++) CHECK_NEAR(w[i], e[i].w, 2e-6);
    assert_int_equal(opt->step, 5);
    wu_optimizer_free(opt);
    wu_compute_free(c);
    free(w);
    free(g);
    free(e);
}

static void updates_follow_the_formulas(void **state) {
    (void)state;
    for (int kind = WU_ADAM; kind <= WU_ADAMW; kind++) {
        wu_optimizer_options o = wu_optimizer_defaults((wu_optimizer_kind)kind);
        check_kind(o);
        o.correct_bias = !o.correct_bias;
        check_kind(o);
    }
}

static void threads_change_nothing(void **state) {
    (void)state;
    const wu_optimizer_options o = wu_optimizer_defaults(WU_ADAMW);
    float *w[2], *g = malloc(N * sizeof(*g));
    assert_non_null(g);
    for (int k = 0; k < 2; k++) {
        wu_compute *c = compute(k + 1);
        wu_optimizer *opt = NULL;
        wu_err err = {0};
        w[k] = malloc(N * sizeof(*w[k]));
        assert_non_null(w[k]);
        CHECK_OK(wu_optimizer_create(&opt, &o, N, &err), err);
        fill(w[k], N, 1);
        for (int t = 0; t < 3; t++) {
            fill(g, N, (uint64_t)t + 2);
            wu_optimizer_update(opt, c, w[k], g, 0.01);
        }
        wu_optimizer_free(opt);
        wu_compute_free(c);
    }
    assert_memory_equal(w[0], w[1], N * sizeof(float));
    free(w[0]);
    free(w[1]);
    free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_follow_the_formulas),
        cmocka_unit_test(threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
