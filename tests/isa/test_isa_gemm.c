/* test_isa_gemm.c - every level that this CPU has against sums in f64: all weight types, both
 * directions, odd shapes, tails, buffers of exact size, and equal bits for any thread count. */
#include "base/rng.h"
#include "kernels/compute_impl.h"
#include "near.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_THREADS = 3 };

static wu_compute *computes[WU_N_LEVEL][MAX_THREADS];

static int open_levels(void **state) {
    (void)state;
    for (int l = 0; l < WU_N_LEVEL; l++) {
        for (int t = 0; t < MAX_THREADS; t++) {
            const wu_compute_options o = {.n_thread = t + 1, .max_level = l, .only = true};
            wu_err err;
            if (wu_compute_create(&computes[l][t], &o, &err)) {
                if (t == 0) print_message("level %s skipped: %s\n", wu_level_name(l), err.msg);
                break;
            }
        }
    }
    return 0;
}

static int close_levels(void **state) {
    (void)state;
    for (int l = 0; l < WU_N_LEVEL; l++)
        for (int t = 0; t < MAX_THREADS; t++) wu_compute_free(computes[l][t]);
    return 0;
}

/* ---- random numbers and matrices ---- */

static uint64_t seed;

static uint32_t draw(uint32_t n) { /* 0 .. n - 1 */
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % n);
}

static float draw_real(void) { return (float)draw(2000001) * 1e-6f - 1.0f; }

static float round_bf16(float f) { return wu_bf16_to_f32(wu_f32_to_bf16(f)); }

static void put(void *p, wu_dtype type, int64_t i, float f) {
    const uint16_t h = type == WU_F16 ? wu_f32_to_f16(f) : wu_f32_to_bf16(f);
    if (type == WU_F32) {
        memcpy((char *)p + i * 4, &f, 4);
    } else {
        memcpy((char *)p + i * 2, &h, 2);
    }
}

static size_t size_of(wu_dtype t) { return t == WU_F32 ? 4 : 2; }

/* Memory that ends where the numbers end; odd: not even aligned to them. */
typedef struct block {
    char *base, *at;
} block;

static block take(size_t bytes, bool odd) {
    block b;
    b.base = malloc(bytes + (odd ? 1 : 0));
    assert_non_null(b.base);
    b.at = b.base + (odd ? 1 : 0);
    return b;
}

typedef struct weights {
    wu_matrix m;
    block data, scale, bias;
    float *exact; /* [n_out][n_in] */
} weights;

static void make_weights(weights *w, wu_dtype type, int32_t n_out, int32_t n_in, int32_t group,
                         wu_dtype scale_type, bool rounds, bool odd) {
    const int64_t n = (int64_t)n_out * n_in;
    const bool affine = type == WU_Q4 || type == WU_Q8;
    memset(w, 0, sizeof(*w));
    w->m = (wu_matrix){.type = type,
                       .n_out = n_out,
                       .n_in = n_in,
                       .row_bytes = (int64_t)n_in * wu_dtype_bits(type) / 8};
    w->data = take((size_t)(n_out * w->m.row_bytes), odd);
    w->m.data = w->data.at;
    if (affine) {
        const int64_t n_group = n / group;
        w->m.group = group;
        w->m.scale_type = scale_type;
        w->m.rounds = rounds;
        w->scale = take((size_t)n_group * size_of(scale_type), odd);
        w->bias = take((size_t)n_group * size_of(scale_type), odd);
        w->m.scale = w->scale.at;
        w->m.bias = w->bias.at;
        for (int64_t i = 0; i < n_out * w->m.row_bytes; i++) w->data.at[i] = (char)draw(256);
        for (int64_t i = 0; i < n_group; i++) {
            const float s = draw_real() * (type == WU_Q4 ? 0.1f : 0.006f);
            put(w->scale.at, scale_type, i, s);
            put(w->bias.at, scale_type, i, s * -8.0f + 0.05f * draw_real());
        }
    } else {
        for (int64_t i = 0; i < n; i++) put(w->data.at, type, i, draw_real());
    }
    w->exact = malloc((size_t)n * sizeof(float));
    assert_non_null(w->exact);
    for (int32_t o = 0; o < n_out; o++) wu_matrix_row(&w->m, o, w->exact + (int64_t)o * n_in);
}

static void free_weights(weights *w) {
    free(w->data.base);
    free(w->scale.base);
    free(w->bias.base);
    free(w->exact);
}

/* ---- one product ---- */

typedef struct example {
    wu_dtype precision, x_type, y_type;
    bool transposed, add, has_bias, odd;
    int32_t n_row, inner, n_col, rank, gap;
    weights w, low;
    block x, u, bias;
    float *xf, *uf;      /* the numbers as multiplied */
    double *want, *size; /* [n_row][n_col]: sum, and sum of absolute values */
    float *before;
} example;

static void fill_rows(block *b, float **numbers, int64_t n, wu_dtype type, wu_dtype precision,
                      bool odd) {
    *b = take((size_t)n * size_of(type), odd);
    *numbers = malloc((size_t)n * sizeof(float) + 1);
    assert_non_null(*numbers);
    for (int64_t i = 0; i < n; i++) {
        const float f = draw_real();
        put(b->at, type, i, f);
        (*numbers)[i] = precision == WU_BF16 || type == WU_BF16 ? round_bf16(f) : f;
    }
}

static double weight(const example *e, const weights *w, int32_t k, int32_t j) {
    const int64_t ld = w->m.n_in;
    const float f = e->transposed ? w->exact[k * ld + j] : w->exact[j * ld + k];
    return (double)(e->precision == WU_BF16 ? round_bf16(f) : f);
}

static void expect(example *e) {
    const int64_t n = (int64_t)e->n_row * e->n_col;
    e->want = calloc((size_t)n, sizeof(double));
    e->size = calloc((size_t)n, sizeof(double));
    e->before = calloc((size_t)n, sizeof(float));
    assert_true(e->want && e->size && e->before);
    for (int32_t j = 0; j < e->n_col; j++) {
        for (int32_t k = 0; k < e->inner + e->rank; k++) {
            const bool low = k >= e->inner;
            const double w = low ? weight(e, &e->low, k - e->inner, j) : weight(e, &e->w, k, j);
            for (int32_t r = 0; r < e->n_row; r++) {
                const float x = low ? e->uf[(int64_t)r * e->rank + k - e->inner]
                                    : e->xf[(int64_t)r * e->inner + k];
                e->want[(int64_t)r * e->n_col + j] += (double)x * w;
                e->size[(int64_t)r * e->n_col + j] += fabs((double)x * w);
            }
        }
    }
    for (int64_t i = 0; i < n; i++) {
        float b = 0;
        e->before[i] = draw_real();
        if (e->has_bias) memcpy(&b, e->bias.at + i % e->n_col * 4, 4);
        e->want[i] += (double)b + (e->add ? (double)e->before[i] : 0.0);
        e->size[i] += fabs((double)b) + (e->add ? fabs((double)e->before[i]) : 0.0);
    }
}

static void make_example(example *e, wu_dtype type, int32_t group, wu_dtype scale_type,
                         bool rounds) {
    const int32_t n_out = e->transposed ? e->inner : e->n_col;
    const int32_t n_in = e->transposed ? e->n_col : e->inner;
    make_weights(&e->w, type, n_out, n_in, group, scale_type, rounds, e->odd);
    fill_rows(&e->x, &e->xf, (int64_t)e->n_row * e->inner, e->x_type, e->precision, false);
    if (e->rank) {
        make_weights(&e->low, WU_F32, e->transposed ? e->rank : e->n_col,
                     e->transposed ? e->n_col : e->rank, 0, WU_F32, false, false);
        fill_rows(&e->u, &e->uf, (int64_t)e->n_row * e->rank, WU_F32, e->precision, false);
    }
    e->bias = take((size_t)e->n_col * 4, false);
    for (int32_t j = 0; j < e->n_col; j++) put(e->bias.at, WU_F32, j, draw_real());
    expect(e);
}

static void free_example(example *e) {
    free_weights(&e->w);
    free_weights(&e->low);
    free(e->x.base);
    free(e->u.base);
    free(e->bias.base);
    free(e->xf);
    free(e->uf);
    free(e->want);
    free(e->size);
    free(e->before);
}

static void *packed(wu_compute *c, wu_packed *p, const example *e, int32_t n_col, const block *x,
                    wu_dtype type) {
    void *memory = NULL;
    const size_t bytes = wu_packed_bytes(c, e->precision, e->n_row, n_col);
    assert_int_equal(posix_memalign(&memory, 64, bytes), 0);
    memset(memory, 0x5a, bytes);
    wu_pack_init(c, p, e->precision, e->n_row, n_col, memory);
    wu_pack(c, p, x->at, type, n_col);
    return memory;
}

/* Runs e on c; y gets e->gap numbers between rows, which must stay as they were. */
static block run(wu_compute *c, const example *e) {
    const int64_t ldy = e->n_col + e->gap, number = (int64_t)size_of(e->y_type);
    const size_t bytes = (size_t)(((e->n_row - 1) * ldy + e->n_col) * number);
    block y = take(bytes, false);
    memset(y.at, 0x5a, bytes);
    for (int32_t r = 0; r < e->n_row && e->add; r++)
        memcpy(y.at + r * ldy * 4, e->before + (int64_t)r * e->n_col, (size_t)e->n_col * 4);
    wu_packed x, u;
    void *mx = packed(c, &x, e, e->inner, &e->x, e->x_type);
    void *mu = e->rank ? packed(c, &u, e, e->rank, &e->u, WU_F32) : NULL;
    const wu_product p = {.transposed = e->transposed,
                          .x = &x,
                          .w = &e->w.m,
                          .bias = e->has_bias ? (const float *)(const void *)e->bias.at : NULL,
                          .u = mu ? &u : NULL,
                          .low = mu ? &e->low.m : NULL,
                          .y = y.at,
                          .y_type = e->y_type,
                          .ldy = ldy,
                          .add = e->add};
    wu_matmul(c, &p, 1);
    for (int32_t r = 0; r + 1 < e->n_row; r++)
        for (int64_t i = e->n_col * number; i < ldy * number; i++)
            assert_int_equal(y.at[r * ldy * number + i], 0x5a);
    free(mx);
    free(mu);
    return y;
}

static void compare(const example *e, const block *y, int level, const char *what) {
    for (int32_t r = 0; r < e->n_row; r++) {
        for (int32_t j = 0; j < e->n_col; j++) {
            const int64_t at = (int64_t)r * (e->n_col + e->gap) + j;
            const double want = e->want[(int64_t)r * e->n_col + j];
            double tol = 3e-6 * e->size[(int64_t)r * e->n_col + j] + 1e-30, got;
            /* streamed for one or two rows, quantised weights may stay unrounded */
            if (e->precision == WU_BF16 && !e->transposed && e->n_row <= 2 && e->w.m.group > 1)
                tol += e->size[(int64_t)r * e->n_col + j] / 256;
            if (e->y_type == WU_BF16) {
                uint16_t h;
                memcpy(&h, y->at + at * 2, 2);
                got = (double)wu_bf16_to_f32(h);
                tol += fabs(want) / 256;
            } else {
                float f;
                memcpy(&f, y->at + at * 4, 4);
                got = (double)f;
            }
            if (!(fabs(got - want) <= tol))
                fail_msg("%s, %s, %s %s, %d rows, %d -> %d, rank %d: [%d][%d] is %.9g, want %.9g "
                         "within %.2g",
                         what, wu_level_name((wu_level)level),
                         e->transposed ? "transposed" : "forward", wu_dtype_name(e->precision),
                         e->n_row, e->inner, e->n_col, e->rank, r, j, got, want, tol);
        }
    }
}

/* On all levels, with 1, 2 and 3 threads. */
static void try_example(const example *e, const char *what) {
    const size_t bytes =
        (size_t)((e->n_row - 1) * (e->n_col + e->gap) + e->n_col) * size_of(e->y_type);
    for (int l = 0; l < WU_N_LEVEL; l++) {
        block first = {NULL, NULL};
        for (int t = 0; t < MAX_THREADS && computes[l][t]; t++) {
            block y = run(computes[l][t], e);
            compare(e, &y, l, what);
            if (t == 0) {
                first = y;
                continue;
            }
            if (memcmp(first.at, y.at, bytes) != 0)
                fail_msg("%s, %s: 1 and %d threads differ", what, wu_level_name((wu_level)l),
                         t + 1);
            free(y.base);
        }
        free(first.base);
    }
}

/* ---- tests ---- */

typedef struct kind {
    wu_dtype type, scale_type;
    int32_t group;
    bool rounds;
} kind;

static const kind kinds[] = {
    {WU_F32, WU_F32, 1, false}, {WU_F16, WU_F32, 1, false}, {WU_BF16, WU_F32, 1, false},
    {WU_Q4, WU_F32, 32, false}, {WU_Q4, WU_F16, 32, false}, {WU_Q4, WU_BF16, 64, true},
    {WU_Q4, WU_F16, 64, true},  {WU_Q4, WU_F16, 16, false}, {WU_Q4, WU_BF16, 128, false},
    {WU_Q8, WU_F32, 32, false}, {WU_Q8, WU_F16, 32, false}, {WU_Q8, WU_BF16, 64, true},
    {WU_Q8, WU_F16, 128, true}, {WU_Q8, WU_F16, 16, false}, {WU_Q8, WU_F32, 16, true},
    {WU_Q4, WU_F32, 128, true},
};

static void kind_name(char *out, size_t n, const kind *k) {
    snprintf(out, n, "%s/%d %s%s", wu_dtype_name(k->type), k->group, wu_dtype_name(k->scale_type),
             k->rounds ? " rounding" : "");
}

/* All weight types, both directions and precisions, random odd shapes. */
static void random_shapes(void **state) {
    (void)state;
    seed = 1;
    for (size_t i = 0; i < WU_LEN(kinds); i++) {
        for (int n = 0; n < 24; n++) {
            const kind *k = &kinds[i];
            example e = {.precision = n & 1 ? WU_BF16 : WU_F32,
                         .transposed = n >> 1 & 1,
                         .n_row = 1 + (int32_t)draw(n & 4 ? 40 : 100)};
            e.x_type = draw(4) ? WU_F32 : WU_BF16;
            e.y_type = draw(4) ? WU_F32 : WU_BF16;
            e.add = e.y_type == WU_F32 && draw(2);
            e.has_bias = !e.transposed && draw(2);
            e.rank = draw(2) ? 1 + (int32_t)draw(n & 8 ? 70 : 16) : 0;
            e.gap = draw(3) ? 0 : 3;
            e.odd = draw(2);
            const int32_t grouped = k->group * (1 + (int32_t)draw((uint32_t)(256 / k->group)));
            const int32_t n_in = k->group > 1 ? grouped : 1 + (int32_t)draw(200);
            const int32_t n_out = 1 + (int32_t)draw(150);
            e.inner = e.transposed ? n_out : n_in;
            e.n_col = e.transposed ? n_in : n_out;
            make_example(&e, k->type, k->group, k->scale_type, k->rounds);
            char what[64];
            kind_name(what, sizeof(what), k);
            try_example(&e, what);
            free_example(&e);
        }
    }
}

/* Each number of rows from 1 to 40. */
static void every_row_count(void **state) {
    (void)state;
    seed = 2;
    for (int32_t n = 1; n <= 40; n++) {
        for (int b = 0; b < 4; b++) {
            example e = {.precision = b & 1 ? WU_BF16 : WU_F32,
                         .transposed = b >> 1,
                         .n_row = n,
                         .inner = 64,
                         .n_col = 96,
                         .rank = n % 3 ? 8 : 0};
            make_example(&e, n & 1 ? WU_BF16 : WU_Q4, 32, WU_F16, false);
            try_example(&e, "row count");
            free_example(&e);
        }
    }
}

/* Several pieces of the inner dimension, several blocks of rows, low-rank terms beside them. */
static void large_shapes(void **state) {
    (void)state;
    static const struct {
        int32_t n_row, inner, n_col, rank;
    } shapes[] = {{70, 1536, 64, 40}, {33, 1600, 96, 8},   {4, 4608, 64, 16}, {1, 9000, 32, 0},
                  {1100, 64, 96, 8},  {40, 2100, 48, 600}, {64, 96, 1500, 8}};
    seed = 3;
    for (size_t i = 0; i < WU_LEN(shapes); i++) {
        for (int b = 0; b < 4; b++) {
            example e = {.precision = b & 1 ? WU_BF16 : WU_F32,
                         .transposed = b >> 1,
                         .n_row = shapes[i].n_row,
                         .inner = shapes[i].inner,
                         .n_col = shapes[i].n_col,
                         .rank = shapes[i].rank,
                         .add = true};
            make_example(&e, i & 1 ? WU_F32 : WU_BF16, 1, WU_F32, false);
            try_example(&e, "large");
            free_example(&e);
        }
    }
}

/* Products in one call give what they give alone. */
static void together(void **state) {
    (void)state;
    enum { ROWS = 50, IN = 96, N = 10 };
    seed = 4;
    for (int l = 0; l < WU_N_LEVEL; l++) {
        for (int t = 0; t < MAX_THREADS && computes[l][t]; t++) {
            wu_compute *c = computes[l][t];
            example e = {.precision = WU_BF16, .n_row = ROWS};
            weights w[N];
            float *y[N], *alone[N], *numbers;
            block x;
            wu_packed p;
            wu_product product[N];
            fill_rows(&x, &numbers, ROWS * IN, WU_F32, WU_BF16, false);
            void *memory = packed(c, &p, &e, IN, &x, WU_F32);
            for (int i = 0; i < N; i++) {
                const int32_t n_out = 20 + 33 * i;
                make_weights(&w[i], WU_BF16, n_out, IN, 0, WU_F32, false, false);
                y[i] = malloc(sizeof(float) * ROWS * (size_t)n_out);
                alone[i] = malloc(sizeof(float) * ROWS * (size_t)n_out);
                product[i] = (wu_product){.x = &p, .w = &w[i].m, .y = alone[i], .ldy = n_out};
                wu_matmul(c, &product[i], 1);
                product[i].y = y[i];
            }
            wu_matmul(c, product, N);
            for (int i = 0; i < N; i++) {
                assert_memory_equal(y[i], alone[i], sizeof(float) * ROWS * (size_t)w[i].m.n_out);
                free(y[i]);
                free(alone[i]);
                free_weights(&w[i]);
            }
            free(memory);
            free(x.base);
            free(numbers);
        }
    }
}

/* Decoded rows are the exact values, or those rounded to bf16. */
static void decoded_rows(void **state) {
    (void)state;
    seed = 5;
    for (size_t i = 0; i < WU_LEN(kinds); i++) {
        const kind *k = &kinds[i];
        const int32_t n_in = k->group > 1 ? 384 : 383, n_out = 5;
        weights w;
        make_weights(&w, k->type, n_out, n_in, k->group, k->scale_type, k->rounds, true);
        for (int l = 0; l < WU_N_LEVEL; l++) {
            if (!computes[l][0]) continue;
            for (int n = 0; n < 60; n++) {
                const wu_gemm_ops *g = n & 1 ? computes[l][0]->bf16 : computes[l][0]->f32;
                const int32_t o = (int32_t)draw((uint32_t)n_out), k0 = 32 * (int32_t)draw(11);
                const int32_t count = 1 + (int32_t)draw((uint32_t)(n_in - k0));
                const int32_t padded = wu_round_up(count, TILE);
                WU_ALIGNED char out[512 * 4];
                g->decode(out, &w.m, o, k0, count, n & 1);
                for (int32_t j = 0; j < padded; j++) {
                    float want = j < count ? w.exact[o * n_in + k0 + j] : 0.0f, got;
                    uint16_t h;
                    if (n & 1) want = round_bf16(want);
                    memcpy(&h, out + j * 2, 2);
                    memcpy(&got, out + j * 4, 4);
                    if (g->format == WU_BF16) got = wu_bf16_to_f32(h);
                    if (memcmp(&got, &want, 4) != 0 && !(got == 0 && fabsf(want) < 1e-37f))
                        fail_msg("%s: %s row %d, number %d of %d from %d is %.9g, want %.9g",
                                 wu_level_name((wu_level)l), wu_dtype_name(k->type), o, j, count,
                                 k0, (double)got, (double)want);
                }
            }
        }
        free_weights(&w);
    }
}

/* A NaN among the weights reaches the results that it belongs to. */
static void nan_weight(void **state) {
    (void)state;
    seed = 6;
    for (int b = 0; b < 4; b++) {
        example e = {.precision = b & 1 ? WU_BF16 : WU_F32,
                     .n_row = b & 2 ? 40 : 2,
                     .inner = 64,
                     .n_col = 64};
        make_example(&e, WU_F32, 1, WU_F32, false);
        put(e.w.data.at, WU_F32, 64 * 7 + 9, NAN);
        for (int l = 0; l < WU_N_LEVEL; l++) {
            if (!computes[l][0]) continue;
            block y = run(computes[l][0], &e);
            for (int32_t i = 0; i < e.n_row * e.n_col; i++) {
                float f;
                memcpy(&f, y.at + i * 4, 4);
                assert_int_equal(isnan(f) != 0, i % e.n_col == 7);
            }
            free(y.base);
        }
        free_example(&e);
    }
}

static void levels_and_names(void **state) {
    (void)state;
    for (int l = 0; l < WU_N_LEVEL; l++)
        assert_int_equal(wu_level_from_name(wu_level_name((wu_level)l)), l);
    assert_int_equal(wu_level_from_name("sse"), -1);
    const wu_compute_options all = {.n_thread = 1, .max_level = WU_N_LEVEL - 1};
    wu_compute *c;
    wu_err err;
    CHECK_OK(wu_compute_create(&c, &all, &err), err);
    const wu_cpu_report *r = wu_compute_report(c);
    assert_true(r->works[r->bf16] && r->works[r->f32] && r->works[r->rows]);
    assert_int_equal(wu_pool_size(wu_compute_pool(c)), r->n_thread);
    wu_compute_free(c);
    const wu_compute_options bad = {.n_thread = 1, .max_level = 99};
    assert_int_equal(wu_compute_create(&c, &bad, &err), WU_EARG);
    assert_null(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_and_names), cmocka_unit_test(decoded_rows),
        cmocka_unit_test(random_shapes),    cmocka_unit_test(every_row_count),
        cmocka_unit_test(large_shapes),     cmocka_unit_test(together),
        cmocka_unit_test(nan_weight),
    };
    return cmocka_run_group_tests(tests, open_levels, close_levels) != 0;
}
