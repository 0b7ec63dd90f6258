/* Single operations against torch in f64 (goldens/grads/ops), forward and backward, at every level
 * that works here. */
#include "golden.h"
#include "near.h"

#include "base/arena.h"
#include "base/compiler.h"
#include "formats/safetensors.h"
#include "kernels/attention.h"
#include "kernels/compute.h"
#include "kernels/gemm.h"
#include "text/json.h"

#define TOL_ROPE 5e-5 /* position 2047 in f32: an angle is known to 1.2e-4 */

enum { MAX_N = 4096 };

typedef struct op {
    wu_st *st;
    wu_json *json;
    int32_t level;
    wu_compute *c;
} op;

static const float *tensor(const op *o, const char *name, int64_t *n) {
    const wu_tensor *t = wu_st_find(o->st, name);
    if (!t) fail_msg("no tensor %s", name);
    const int64_t count = (int64_t)(t->bytes / sizeof(float));
    assert_in_range(count, 1, MAX_N);
    if (n) *n = count;
    assert_int_equal((uintptr_t)t->data % sizeof(float), 0);
    return t->data;
}

static int32_t dim(const op *o, const char *name, int i) {
    return (int32_t)wu_st_find(o->st, name)->dim[i];
}

static double setting(const op *o, const char *key) {
    return wu_json_real(wu_json_get(o->json, key));
}

static void check(const op *o, const char *name, const float *got, double tol) {
    int64_t n;
    const float *want = tensor(o, name, &n);
    const double d = max_diff(got, want, n), top = max_abs(want, n);
    if (!(d <= tol * top))
        fail_msg("%s at level %s: off by %.3g, largest is %.3g", name,
                 wu_level_name((wu_level)o->level), d, top);
}

typedef void op_test(const op *o);

static void run_op(const char *name, op_test *fn) {
    char path[4096], relative[128];
    op o = {0};
    wu_err err = {0};
    snprintf(relative, sizeof(relative), "grads/ops/%s.safetensors", name);
    need_golden(relative);
    CHECK_OK(wu_st_open(&o.st, golden_path(path, sizeof(path), relative), &err), err);
    snprintf(relative, sizeof(relative), "grads/ops/%s.json", name);
    CHECK_OK(wu_json_read_file(&o.json, golden_path(path, sizeof(path), relative), 1 << 20,
                               WU_EFORMAT, &err),
             err);
    int n = 0;
    for (o.level = WU_LEVEL_C; o.level < WU_N_LEVEL; o.level++) {
        const wu_compute_options options = {.n_thread = 2, .max_level = o.level, .only = true};
        if (wu_compute_create(&o.c, &options, &err)) continue;
        fn(&o);
        wu_compute_free(o.c);
        n++;
    }
    assert_true(n > 0);
    wu_st_close(o.st);
    wu_json_free(o.json);
}

/* ---- operations on rows ---- */

static void rmsnorm_op(const op *o) {
    static float y[MAX_N], dx[MAX_N], rho[64];
    const wu_row_ops *ops = wu_compute_rows(o->c);
    const int32_t n = dim(o, "in.x", 0), d = dim(o, "in.x", 1);
    const float *x = tensor(o, "in.x", NULL), *w = tensor(o, "in.weight", NULL);
    memset(dx, 0, sizeof(dx));
    ops->rmsnorm(y, rho, x, w, (float)setting(o, "eps"), n, d);
    ops->rmsnorm_back(dx, tensor(o, "grad_out", NULL), x, w, rho, n, d);
    check(o, "out", y, TOL_OP);
    check(o, "grad_in.x", dx, TOL_OP);
}

static void rope_op(const op *o) {
    static float y[MAX_N], dx[MAX_N], cs[MAX_N], sn[MAX_N];
    const wu_row_ops *ops = wu_compute_rows(o->c);
    const int32_t n = dim(o, "in.x", 0), n_head = dim(o, "in.x", 1), d = dim(o, "in.x", 2);
    const wu_json *pos = wu_json_get(o->json, "positions");
    const wu_json *freq = wu_json_get(o->json, "inverse_frequencies");
    assert_int_equal(wu_json_size(pos), n);
    assert_int_equal(wu_json_size(freq), d / 2);
    for (int32_t t = 0; t < n; t++) {
        for (int32_t i = 0; i < d / 2; i++) {
            const float f = (float)wu_json_real(wu_json_at(freq, (size_t)i));
            const float angle = (float)wu_json_int(wu_json_at(pos, (size_t)t)) * f;
            cs[t * (d / 2) + i] = cosf(angle);
            sn[t * (d / 2) + i] = sinf(angle);
        }
    }
    int64_t count;
    memcpy(y, tensor(o, "in.x", &count), (size_t)(n * n_head * d) * sizeof(float));
    memcpy(dx, tensor(o, "grad_out", &count), (size_t)(n * n_head * d) * sizeof(float));
    ops->rope(y, (int64_t)n_head * d, cs, sn, n, n_head, d, false);
    ops->rope(dx, (int64_t)n_head * d, cs, sn, n, n_head, d, true);
    check(o, "out", y, TOL_ROPE);
    check(o, "grad_in.x", dx, TOL_ROPE);
}

static void swiglu_op(const op *o) {
    static float a[MAX_N], dgate[MAX_N], dup[MAX_N];
    const wu_row_ops *ops = wu_compute_rows(o->c);
    int64_t n;
    const float *gate = tensor(o, "in.gate", &n), *up = tensor(o, "in.up", NULL);
    ops->swiglu(a, gate, up, n);
    ops->swiglu_back(dgate, dup, tensor(o, "grad_out", NULL), gate, up, n);
    check(o, "out", a, TOL_OP);
    check(o, "grad_in.gate", dgate, TOL_OP);
    check(o, "grad_in.up", dup, TOL_OP);
}

static void cross_entropy_op(const op *o) {
    static float z[MAX_N];
    const wu_row_ops *ops = wu_compute_rows(o->c);
    const int32_t n = dim(o, "in.logits", 0), d = dim(o, "in.logits", 1);
    const float share = 1.0f / (float)setting(o, "counted");
    double loss = 0.0;
    memcpy(z, tensor(o, "in.logits", NULL), (size_t)(n * d) * sizeof(float));
    for (int32_t t = 0; t < n; t++) {
        const wu_json *labels = wu_json_get(o->json, "labels");
        const int64_t label = wu_json_int(wu_json_at(labels, (size_t)t));
        float *row = z + t * d;
        if (label < 0) {
            memset(row, 0, (size_t)d * sizeof(float));
            continue;
        }
        const double lse = ops->log_sum_exp(row, d);
        loss += (lse - (double)row[label]) * (double)share;
        ops->softmax_scale(row, (float)lse, share, d);
        row[label] -= share;
    }
    const float out = (float)loss;
    check(o, "out", &out, TOL_OP);
    check(o, "grad_in.logits", z, TOL_OP);
}

/* ---- attention ---- */

static void attention_op(const op *o) {
    static float out[MAX_N], lse[MAX_N], dq[MAX_N], dk[MAX_N], dv[MAX_N];
    const int32_t n = dim(o, "in.q", 0), d = dim(o, "in.q", 2);
    const wu_attn_span span = {0, n, 0};
    const wu_attn_run run = {0, n, 0, 0, 1};
    wu_attention a = {.n_head = dim(o, "in.q", 1),
                      .n_kv = dim(o, "in.k", 1),
                      .d_head = d,
                      .window = (int32_t)setting(o, "window"),
                      .scale = (float)setting(o, "scale"),
                      .type = WU_F32,
                      .q = tensor(o, "in.q", NULL),
                      .k = tensor(o, "in.k", NULL),
                      .v = tensor(o, "in.v", NULL),
                      .o = out,
                      .lse = lse,
                      .run = &run,
                      .n_run = 1,
                      .span = &span,
                      .n_span = 1,
                      .d_o = tensor(o, "grad_out", NULL),
                      .dq = dq,
                      .dk = dk,
                      .dv = dv,
                      .n_key = n};
    a.ldq = a.ldo = a.lddq = (int64_t)a.n_head * d;
    a.ldk = a.ldv = a.lddk = (int64_t)a.n_kv * d;
    a.scratch = wu_aligned_alloc(wu_attention_bytes(o->c, &a, n, n, 1, true));
    assert_non_null(a.scratch);
    wu_attention_forward(o->c, &a);
    wu_attention_backward(o->c, &a);
    free(a.scratch);
    check(o, "out", out, TOL_OP);
    check(o, "grad_in.q", dq, TOL_OP);
    check(o, "grad_in.k", dk, TOL_OP);
    check(o, "grad_in.v", dv, TOL_OP);
}

/* ---- LoRA: the low-rank term of the products, and outer() for its gradients ---- */

static void *pack(wu_compute *c, wu_packed *p, const float *x, int32_t n, int32_t d) {
    void *memory = wu_aligned_alloc(wu_packed_bytes(c, WU_F32, n, d));
    assert_non_null(memory);
    wu_pack_init(c, p, WU_F32, n, d, memory);
    wu_pack(c, p, x, WU_F32, d);
    return memory;
}

/* u [n][rank] = scale x a^T, a [rank][d] */
static void low(float *u, const float *x, const float *a, int32_t n, int32_t rank, int32_t d,
                int64_t row, int64_t column, float scale) {
    for (int32_t t = 0; t < n; t++) {
        for (int32_t r = 0; r < rank; r++) {
            double sum = 0.0;
            for (int32_t i = 0; i < d; i++)
                sum += (double)x[t * d + i] * (double)a[r * row + i * column];
            u[t * rank + r] = scale * (float)sum;
        }
    }
}

static void lora_op(const op *o) {
    static float y[MAX_N], dx[MAX_N], u[256], du[256], da[MAX_N], dbt[MAX_N], db[MAX_N];
    const int32_t n = dim(o, "in.x", 0), in = dim(o, "in.x", 1), out = dim(o, "in.weight", 0);
    const int32_t rank = (int32_t)setting(o, "rank");
    const float scale = (float)setting(o, "scale");
    const float *x = tensor(o, "in.x", NULL), *dy = tensor(o, "grad_out", NULL);
    const float *a = tensor(o, "in.lora_A", NULL), *b = tensor(o, "in.lora_B", NULL);
    const wu_matrix w = {.type = WU_F32,
                         .n_out = out,
                         .n_in = in,
                         .data = tensor(o, "in.weight", NULL),
                         .row_bytes = in * 4};
    const wu_matrix ma = {
        .type = WU_F32, .n_out = rank, .n_in = in, .data = a, .row_bytes = in * 4};
    const wu_matrix mb = {
        .type = WU_F32, .n_out = out, .n_in = rank, .data = b, .row_bytes = rank * 4};
    wu_packed px, pdy, pu, pdu;
    low(u, x, a, n, rank, in, in, 1, scale);
    low(du, dy, b, n, rank, out, 1, rank, scale);
    void *memory[] = {pack(o->c, &px, x, n, in), pack(o->c, &pdy, dy, n, out),
                      pack(o->c, &pu, u, n, rank), pack(o->c, &pdu, du, n, rank)};
    const wu_product forward = {.x = &px,
                                .w = &w,
                                .bias = tensor(o, "in.bias", NULL),
                                .u = &pu,
                                .low = &mb,
                                .y = y,
                                .y_type = WU_F32,
                                .ldy = out};
    const wu_product back = {.transposed = true,
                             .x = &pdy,
                             .w = &w,
                             .u = &pdu,
                             .low = &ma,
                             .y = dx,
                             .y_type = WU_F32,
                             .ldy = in};
    wu_matmul(o->c, &forward, 1);
    wu_matmul(o->c, &back, 1);
    const wu_row_ops *ops = wu_compute_rows(o->c);
    memset(da, 0, sizeof(da));
    memset(dbt, 0, sizeof(dbt));
    ops->outer(da, in, du, rank, x, WU_F32, in, n, rank, in);
    ops->outer(dbt, out, u, rank, dy, WU_F32, out, n, rank, out);
    for (int32_t r = 0; r < rank; r++)
        for (int32_t i = 0; i < out; i++) db[i * rank + r] = dbt[r * out + i];
    check(o, "out", y, TOL_OP);
    check(o, "grad_in.x", dx, TOL_OP);
    check(o, "grad_in.lora_A", da, TOL_OP);
    check(o, "grad_in.lora_B", db, TOL_OP);
    for (size_t i = 0; i < WU_LEN(memory); i++) free(memory[i]);
}

#define OP_TEST(name, fn)                                                                          \
    static void name(void **state) {                                                               \
        (void)state;                                                                               \
        run_op(#name, fn);                                                                         \
    }
OP_TEST(rmsnorm, rmsnorm_op)
OP_TEST(rmsnorm_small, rmsnorm_op)
OP_TEST(rope_default, rope_op)
OP_TEST(rope_linear, rope_op)
OP_TEST(rope_llama3, rope_op)
OP_TEST(swiglu, swiglu_op)
OP_TEST(cross_entropy, cross_entropy_op)
OP_TEST(attention_causal, attention_op)
OP_TEST(attention_window, attention_op)
OP_TEST(attention_mqa, attention_op)
OP_TEST(attention_sharp, attention_op)
OP_TEST(lora_linear, lora_op)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rmsnorm),          cmocka_unit_test(rmsnorm_small),
        cmocka_unit_test(rope_default),     cmocka_unit_test(rope_linear),
        cmocka_unit_test(rope_llama3),      cmocka_unit_test(swiglu),
        cmocka_unit_test(cross_entropy),    cmocka_unit_test(attention_causal),
        cmocka_unit_test(attention_window), cmocka_unit_test(attention_mqa),
        cmocka_unit_test(attention_sharp),  cmocka_unit_test(lora_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
