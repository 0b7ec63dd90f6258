/* Row operations: every level equals portable C, at all lengths, in buffers of exactly the size. */
#include "near.h"

#include "base/compiler.h"
#include "base/rng.h"
#include "kernels/compute.h"
#include "kernels/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct pair {
    const wu_row_ops *c, *l; /* the specification and the level */
} pair;

static const int32_t lengths[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 129, 576};

static float *draw(wu_rng *r, int64_t n, double size) {
    float *p = malloc((size_t)n * sizeof(float));
    for (int64_t i = 0; i < n; i++) p[i] = (float)(wu_rng_normal(r) * size);
    return p;
}

static float *copy(const float *x, int64_t n) {
    float *p = malloc((size_t)n * sizeof(float));
    memcpy(p, x, (size_t)n * sizeof(float));
    return p;
}

/* Frees both. */
static void near(const char *what, int64_t n, float *got, float *want, double tol) {
    const double d = max_diff(got, want, n), top = max_abs(want, n);
    if (!(d <= tol * (top + 1e-3)))
        fail_msg("%s of %lld: off by %.3g, largest is %.3g", what, (long long)n, d, top);
    free(got);
    free(want);
}

static void check_norms(const pair *p, wu_rng *r, int32_t d) {
    enum { ROWS = 3 };
    const int64_t n = (int64_t)ROWS * d;
    float *x = draw(r, n, 2.0), *w = draw(r, d, 1.0), *dy = draw(r, n, 1.0);
    float *y = copy(x, n), *z = copy(x, n), rho[ROWS], rho_c[ROWS];
    p->l->rmsnorm(y, rho, x, w, 1e-5f, ROWS, d);
    p->c->rmsnorm(z, rho_c, z, w, 1e-5f, ROWS, d); /* in place */
    near("rho", ROWS, copy(rho, ROWS), copy(rho_c, ROWS), 1e-6);
    near("rmsnorm", n, y, z, 1e-6);
    float *dx = copy(dy, n), *dz = copy(dy, n);
    p->l->rmsnorm_back(dx, dy, x, w, rho_c, ROWS, d);
    p->c->rmsnorm_back(dz, dy, x, w, rho_c, ROWS, d);
    near("rmsnorm_back", n, dx, dz, 2e-6);
    free(x);
    free(w);
    free(dy);
}

static void check_rope(const pair *p, wu_rng *r, int32_t half) {
    enum { ROWS = 2, HEADS = 3, PAD = 5 };
    const int64_t width = (int64_t)HEADS * 2 * half, ld = width + PAD, n = ld * (ROWS - 1) + width;
    float *x = draw(r, n, 1.0), *y = copy(x, n), *cs = draw(r, ROWS * half, 1.0);
    float *sn = draw(r, ROWS * half, 1.0);
    p->l->rope(x, ld, cs, sn, ROWS, HEADS, 2 * half, half % 2);
    p->c->rope(y, ld, cs, sn, ROWS, HEADS, 2 * half, half % 2);
    near("rope", n, x, y, 1e-6);
    free(cs);
    free(sn);
}

static void check_gate(const pair *p, wu_rng *r, int64_t n) {
    float *gate = draw(r, n, 12.0), *up = draw(r, n, 1.0), *da = draw(r, n, 1.0);
    gate[0] = -200.0f;
    gate[n - 1] = 150.0f;
    float *a = copy(gate, n), *b = copy(gate, n);
    p->l->swiglu(a, a, up, n);
    p->c->swiglu(b, b, up, n);
    near("swiglu", n, a, b, 1e-6);
    float *dg = copy(da, n), *du = copy(up, n), *dg_c = copy(gate, n), *du_c = copy(gate, n);
    p->l->swiglu_back(dg, du, dg, gate, du, n);
    p->c->swiglu_back(dg_c, du_c, da, gate, up, n);
    near("swiglu_back, gate", n, dg, dg_c, 1e-6);
    near("swiglu_back, up", n, du, du_c, 1e-6);
    free(gate);
    free(up);
    free(da);
}

static void check_loss(const pair *p, wu_rng *r, int64_t n) {
    float *z = draw(r, n, 8.0), *y = copy(z, n);
    const double got = p->l->log_sum_exp(z, n), want = p->c->log_sum_exp(z, n);
    CHECK_NEAR(got, want, 1e-7);
    p->l->softmax_scale(z, (float)want, 0.25f, n);
    p->c->softmax_scale(y, (float)want, 0.25f, n);
    for (int64_t i = 0; i < n; i++)
        if (!(fabsf(z[i] - y[i]) <= 1e-6f * y[i] + 1e-30f))
            fail_msg("softmax_scale of %g", (double)y[i]);
    free(z);
    free(y);
}

static void check_update(const pair *p, wu_rng *r, int64_t n) {
    const wu_adam_args a = {1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.271f, 0.002997f};
    float *w = draw(r, n, 1.0), *m = draw(r, n, 0.1), *v = draw(r, n, 0.1), *g = draw(r, n, 1.0);
    for (int64_t i = 0; i < n; i++) v[i] = fabsf(v[i]);
    float *w2 = copy(w, n), *m2 = copy(m, n), *v2 = copy(v, n);
    p->l->adam(w, m, v, g, n, &a);
    p->c->adam(w2, m2, v2, g, n, &a);
    assert_memory_equal(w, w2, (size_t)n * sizeof(float));
    p->l->add(m, v, n);
    p->c->add(m2, v2, n);
    p->l->scale(m, 0.7f, n);
    p->c->scale(m2, 0.7f, n);
    assert_memory_equal(m, m2, (size_t)n * sizeof(float));
    free(w2);
    free(m2);
    free(v2);
    free(w);
    free(m);
    free(v);
    free(g);
}

static void check_bf16(const pair *p, wu_rng *r, int64_t n) {
    float *x = draw(r, n, 1.0);
    for (int64_t i = 0; i < n; i++) { /* any bits, NaN and Inf among them */
        const uint32_t u = wu_rng_u32(r);
        if (i % 3 == 0) memcpy(&x[i], &u, sizeof(u));
        if (i % 17 == 5) x[i] = NAN;
        if (i % 19 == 3) x[i] = -INFINITY;
    }
    uint16_t *h = malloc((size_t)n * 2), *h_c = malloc((size_t)n * 2);
    p->l->to_bf16(h, x, n);
    p->c->to_bf16(h_c, x, n);
    assert_memory_equal(h, h_c, (size_t)n * 2);
    float *y = malloc((size_t)n * sizeof(float));
    p->l->from_bf16(y, h_c, n);
    p->c->from_bf16(x, h_c, n);
    assert_memory_equal(x, y, (size_t)n * sizeof(float));
    free(x);
    free(y);
    free(h);
    free(h_c);
}

static void check_outer(const pair *p, wu_rng *r, int32_t n, int32_t rank, int32_t n_row) {
    const int64_t ld_g = n + 3, ld_small = rank + 1, ld_big = n + 2;
    const int64_t n_g = ld_g * (rank - 1) + n, n_big = ld_big * (n_row - 1) + n;
    float *small = draw(r, ld_small * (n_row - 1) + rank, 1.0), *big = draw(r, n_big, 1.0);
    float *g = draw(r, n_g, 1.0), *g_c = copy(g, n_g), *h = copy(g, n_g), *h_c = copy(g, n_g);
    uint16_t *half = malloc((size_t)n_big * 2);
    p->c->to_bf16(half, big, n_big);
    p->l->outer(g, ld_g, small, ld_small, big, WU_F32, ld_big, n_row, rank, n);
    p->c->outer(g_c, ld_g, small, ld_small, big, WU_F32, ld_big, n_row, rank, n);
    near("outer of f32", n_g, g, g_c, 3e-6);
    p->l->outer(h, ld_g, small, ld_small, half, WU_BF16, ld_big, n_row, rank, n);
    p->c->outer(h_c, ld_g, small, ld_small, half, WU_BF16, ld_big, n_row, rank, n);
    near("outer of bf16", n_g, h, h_c, 3e-6);
    free(small);
    free(big);
    free(half);
}

/* What is not a number must come out as such, and end. */
static void check_specials(const pair *p) {
    float z[40];
    for (int i = 0; i < 40; i++) z[i] = (float)i;
    for (int at = 0; at < 40; at += 13) {
        const float keep = z[at];
        z[at] = -INFINITY;
        CHECK_NEAR(p->l->log_sum_exp(z, 40), p->c->log_sum_exp(z, 40), 1e-7);
        z[at] = NAN;
        assert_true(isnan(p->l->log_sum_exp(z, 40)));
        z[at] = INFINITY;
        assert_true(isinf(p->l->log_sum_exp(z, 40)));
        z[at] = keep;
    }
    float a[20], one[20];
    for (int i = 0; i < 20; i++) a[i] = i == 7 ? NAN : 1.0f, one[i] = 1.0f;
    p->l->swiglu(a, a, one, 20);
    for (int i = 0; i < 20; i++) assert_int_equal(isnan(a[i]) != 0, i == 7);
}

static void check_level(int level) {
    wu_err err = {0};
    wu_compute *c = NULL, *l = NULL;
    wu_compute_options o = {.n_thread = 1, .max_level = WU_LEVEL_C, .only = true};
    CHECK_OK(wu_compute_create(&c, &o, &err), err);
    o.max_level = level;
    if (wu_compute_create(&l, &o, &err)) {
        wu_compute_free(c);
        fprintf(stderr, "skipped: level %s does not work here\n", wu_level_name((wu_level)level));
        skip();
    }
    const pair p = {wu_compute_rows(c), wu_compute_rows(l)};
    wu_rng r = wu_rng_init(5, (uint64_t)level);
    for (size_t i = 0; i < WU_LEN(lengths); i++) {
        check_norms(&p, &r, lengths[i]);
        check_rope(&p, &r, lengths[i]);
        check_gate(&p, &r, lengths[i]);
        check_loss(&p, &r, lengths[i]);
        check_update(&p, &r, lengths[i]);
        check_bf16(&p, &r, lengths[i]);
        check_outer(&p, &r, lengths[i], 1 + (int32_t)i, 1 + 5 * (int32_t)i);
    }
    for (int32_t rank = 1; rank <= 25; rank++) check_outer(&p, &r, 75, rank, 37);
    check_loss(&p, &r, 49152);
    check_specials(&p);
    wu_compute_free(c);
    wu_compute_free(l);
}

static void avx2_equals_c(void **state) {
    (void)state;
    check_level(WU_LEVEL_AVX2);
}
static void avx512_equals_c(void **state) {
    (void)state;
    check_level(WU_LEVEL_AVX512);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(avx2_equals_c),
        cmocka_unit_test(avx512_equals_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
