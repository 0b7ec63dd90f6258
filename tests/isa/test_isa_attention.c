/* Attention: every level equals portable C on random forests, whatever the number of threads. */
#include "near.h"

#include "forest_case.h"

#include "base/compiler.h"
#include "kernels/attention.h"
#include "kernels/compute.h"

#include <stdio.h>
#include <string.h>

static wu_compute *level_compute(int level, int n_thread) {
    wu_compute *c = NULL;
    wu_err err = {0};
    const wu_compute_options o = {.n_thread = n_thread, .max_level = level, .only = true};
    if (wu_compute_create(&c, &o, &err)) return NULL;
    return c;
}

typedef struct shape {
    int32_t n_head, n_kv, d_head, window, pad;
} shape;

static const shape shapes[] = {
    {3, 1, 64, 0, 0},  {4, 4, 64, 0, 5},  {4, 1, 128, 0, 0}, {4, 2, 8, 0, 0},
    {2, 2, 12, 7, 3},  {6, 2, 16, 0, 0},  {5, 1, 20, 9, 0},  {2, 1, 64, 40, 0},
    {1, 1, 256, 0, 1}, {2, 1, 96, 90, 0}, {3, 3, 33, 1, 0},  {9, 3, 64, 0, 0},
};

static const forest_seg one_token[] = {{-1, 1, 0, 0}};
static const forest_seg plain[] = {{-1, 150, 0, 0}};
static const forest_seg packed[] = {{-1, 40, 0, 0}, {-1, 64, 0, 0}, {-1, 1, 0, 0}, {-1, 77, 0, 0}};
static const forest_seg tree[] = {{-1, 170, 0, 3}, {0, 31, 0, 0}, {0, 70, 0, 9},
                                  {0, 5, 0, 0},    {2, 33, 0, 0}, {2, 16, 0, 1}};
static const forest_seg decode[] = {
    {-1, 131, 131, 2}, {0, 9, 8, 30}, {0, 12, 11, 30}, {0, 1, 0, 7}, {0, 40, 37, 0}};
static const forest_seg edges[] = {{-1, 64, 0, 0}, {0, 64, 0, 0}, {1, 128, 64, 0}, {0, 65, 0, 0}};

static const struct {
    const char *name;
    const forest_seg *seg;
    int32_t n;
} forests[] = {{"one token", one_token, WU_LEN(one_token)}, {"plain", plain, WU_LEN(plain)},
               {"packed", packed, WU_LEN(packed)},          {"tree", tree, WU_LEN(tree)},
               {"decode", decode, WU_LEN(decode)},          {"edges", edges, WU_LEN(edges)}};

typedef struct result {
    float *o, *lse, *dq, *dk, *dv;
    int64_t n_o, n_lse, n_dk;
} result;

static float *copy(const void *p, wu_dtype type, int32_t n_row, int32_t n, int64_t ld) {
    float *out = malloc((size_t)n_row * (size_t)n * sizeof(float) + 1);
    for (int32_t r = 0; r < n_row; r++)
        for (int32_t i = 0; i < n; i++) out[r * n + i] = forest_get(p, type, r * ld + i);
    return out;
}

static result run(wu_compute *c, forest_case *f) {
    const wu_attention *a = &f->a;
    forest_scratch(f, c);
    wu_attention_forward(c, a);
    wu_attention_backward(c, a);
    const int32_t q = a->n_head * a->d_head, k = a->n_kv * a->d_head;
    return (result){copy(f->o, a->type, f->n_query, q, a->ldo),
                    copy(f->lse, WU_F32, f->n_query, a->n_head, a->n_head),
                    copy(f->dq, WU_F32, f->n_query, q, a->lddq),
                    copy(f->dk, WU_F32, f->n_key, k, a->lddk),
                    copy(f->dv, WU_F32, f->n_key, k, a->lddk),
                    (int64_t)f->n_query * q,
                    (int64_t)f->n_query * a->n_head,
                    (int64_t)f->n_key * k};
}

static void release(result *r) {
    free(r->o);
    free(r->lse);
    free(r->dq);
    free(r->dk);
    free(r->dv);
}

static void near(const char *what, const char *where, const float *got, const float *want,
                 int64_t n, double tol) {
    const double d = max_diff(got, want, n), top = max_abs(want, n);
    if (!(d <= tol * (top + 1.0)))
        fail_msg("%s, %s: off by %.3g, largest is %.3g", where, what, d, top);
}

static void compare(const char *where, const result *got, const result *want, wu_dtype type) {
    const double tol = type == WU_F32 ? 3e-6 : 8e-3;
    near("o", where, got->o, want->o, want->n_o, tol);
    near("lse", where, got->lse, want->lse, want->n_lse, type == WU_F32 ? 2e-6 : 1e-4);
    near("dq", where, got->dq, want->dq, want->n_o, tol);
    near("dk", where, got->dk, want->dk, want->n_dk, tol);
    near("dv", where, got->dv, want->dv, want->n_dk, tol);
}

static void same(const char *where, const result *a, const result *b) {
    if (memcmp(a->o, b->o, (size_t)a->n_o * 4) || memcmp(a->lse, b->lse, (size_t)a->n_lse * 4) ||
        memcmp(a->dq, b->dq, (size_t)a->n_o * 4) || memcmp(a->dk, b->dk, (size_t)a->n_dk * 4) ||
        memcmp(a->dv, b->dv, (size_t)a->n_dk * 4))
        fail_msg("%s: depends on the number of threads", where);
}

static void check_case(wu_compute *c, wu_compute *one, wu_compute *many, const shape *s, size_t f,
                       wu_dtype type) {
    static forest_case fc;
    char where[128];
    memset(&fc, 0, sizeof(fc));
    fc.a = (wu_attention){.n_head = s->n_head,
                          .n_kv = s->n_kv,
                          .d_head = s->d_head,
                          .window = s->window,
                          .type = type,
                          .scale = 1.3f / sqrtf((float)s->d_head)};
    forest_make(&fc, forests[f].seg, forests[f].n, s->pad, 11 + f);
    snprintf(where, sizeof(where), "%s %s %d/%d heads of %d, window %d", wu_dtype_name(type),
             forests[f].name, s->n_head, s->n_kv, s->d_head, s->window);
    result want = run(c, &fc), got = run(one, &fc), again = run(many, &fc);
    compare(where, &got, &want, type);
    same(where, &got, &again);
    release(&want);
    release(&got);
    release(&again);
    forest_free(&fc);
}

/* What is not finite may spread, but must end. */
static void check_specials(wu_compute *level, wu_dtype type) {
    static forest_case fc;
    const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f};
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        memset(&fc, 0, sizeof(fc));
        fc.a = (wu_attention){.n_head = 2, .n_kv = 1, .d_head = 40, .type = type, .scale = 0.2f};
        forest_make(&fc, tree, WU_LEN(tree), 0, 5);
        forest_put(fc.q, type, 3, bad[i]);
        forest_put(fc.k, type, 40 * 70, bad[i]);
        forest_put(fc.v, type, 40 * 90, bad[i]);
        forest_put(fc.d_o, type, 80 * 100, bad[i]);
        result r = run(level, &fc);
        if (i < 3) assert_false(isfinite(r.o[80 * 100])); /* sees row 90 */
        release(&r);
        forest_free(&fc);
    }
}

static void check_level(int level) {
    wu_compute *c = level_compute(WU_LEVEL_C, 2), *one = level_compute(level, 1);
    wu_compute *many = level_compute(level, 3);
    assert_non_null(c);
    if (!one || !many) {
        fprintf(stderr, "skipped: level %s does not work here\n", wu_level_name((wu_level)level));
    } else {
        for (size_t f = 0; f < WU_LEN(forests); f++) {
            for (size_t s = 0; s < WU_LEN(shapes); s++) {
                check_case(c, one, many, &shapes[s], f, WU_F32);
                check_case(c, one, many, &shapes[s], f, WU_BF16);
            }
        }
    }
    const bool missing = !one || !many;
    if (!missing) {
        check_specials(many, WU_F32);
        check_specials(many, WU_BF16);
    }
    wu_compute_free(c);
    wu_compute_free(one);
    wu_compute_free(many);
    if (missing) skip();
}

static void c_does_not_depend_on_threads(void **state) {
    (void)state;
    check_level(WU_LEVEL_C);
}
static void avx2_equals_c(void **state) {
    (void)state;
    check_level(WU_LEVEL_AVX2);
}
static void avx512_equals_c(void **state) {
    (void)state;
    check_level(WU_LEVEL_AVX512);
}
static void amx_equals_c(void **state) {
    (void)state;
    check_level(WU_LEVEL_AMX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(c_does_not_depend_on_threads),
        cmocka_unit_test(avx2_equals_c),
        cmocka_unit_test(avx512_equals_c),
        cmocka_unit_test(amx_equals_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
