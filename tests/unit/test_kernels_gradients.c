/* The backward of every operation equals central differences of sum(output * weight). */
#include "near.h"

#include "forest_case.h"

#include "base/compiler.h"
#include "kernels/attention.h"
#include "kernels/compute.h"

#include <string.h>

static wu_compute *c; /* the level that this machine would use */
static wu_rng rng;

static int setup(void **state) {
    (void)state;
    wu_err err = {0};
    const wu_compute_options o = {.n_thread = 2, .max_level = WU_N_LEVEL - 1};
    rng = wu_rng_init(3, 9);
    return wu_compute_create(&c, &o, &err) ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    wu_compute_free(c);
    return 0;
}

static void draw(float *p, int32_t n) {
    for (int32_t i = 0; i < n; i++) p[i] = forest_draw(&rng);
}

static double weigh(const float *y, const float *w, int64_t n) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += (double)y[i] * (double)w[i];
    return sum;
}

typedef double loss(void);

/* Every entry of p against its slope. */
static void check_slopes(const char *what, float *p, const float *grad, int64_t n, loss *fn,
                         float eps, double tol) {
    const double top = max_abs(grad, n);
    for (int64_t i = 0; i < n; i++) {
        const float keep = p[i], up = keep + eps, down = keep - eps;
        p[i] = up;
        const double high = fn();
        p[i] = down;
        const double slope = (high - fn()) / ((double)up - (double)down);
        p[i] = keep;
        if (!(fabs(slope - (double)grad[i]) <= tol * (1.0 + top)))
            fail_msg("%s[%lld]: gradient %.7g, slope %.7g", what, (long long)i, (double)grad[i],
                     slope);
    }
}

/* ---- rows ---- */

enum { N = 3, D = 23 };
static float x[N * D], y[N * D], z[N * D], w[N * D], weight[D], rho[N], table[2][N * D];

static double norm_loss(void) {
    wu_compute_rows(c)->rmsnorm(y, rho, x, weight, 1e-3f, N, D);
    return weigh(y, w, N * D);
}

static void rmsnorm_gradient(void **state) {
    (void)state;
    float dx[N * D] = {0};
    draw(x, N * D);
    draw(w, N * D);
    draw(weight, D);
    (void)norm_loss();
    wu_compute_rows(c)->rmsnorm_back(dx, w, x, weight, rho, N, D);
    check_slopes("x", x, dx, N * D, norm_loss, 1e-2f, 1e-3);
    wu_compute_rows(c)->rmsnorm_back(dx, w, x, weight, rho, N, D); /* adds */
    for (int i = 0; i < N * D; i++) dx[i] *= 0.5f;
    check_slopes("x, twice", x, dx, N * D, norm_loss, 1e-2f, 1e-3);
}

enum { HEADS = 2, HALF = 5, ROPE = N * HEADS * 2 * HALF };

static double rope_loss(void) {
    memcpy(y, x, ROPE * sizeof(float));
    wu_compute_rows(c)->rope(y, HEADS * 2 * HALF, table[0], table[1], N, HEADS, 2 * HALF, false);
    return weigh(y, w, ROPE);
}

static void rope_gradient(void **state) {
    (void)state;
    float dx[ROPE];
    draw(x, ROPE);
    draw(w, ROPE);
    for (int i = 0; i < N * HALF; i++) {
        table[0][i] = cosf((float)i);
        table[1][i] = sinf((float)i);
    }
    memcpy(dx, w, sizeof(dx));
    wu_compute_rows(c)->rope(dx, HEADS * 2 * HALF, table[0], table[1], N, HEADS, 2 * HALF, true);
    check_slopes("x", x, dx, ROPE, rope_loss, 0.1f, 1e-4);
}

static double gate_loss(void) {
    wu_compute_rows(c)->swiglu(y, x, z, N * D);
    return weigh(y, w, N * D);
}

static void swiglu_gradient(void **state) {
    (void)state;
    float dgate[N * D], dup[N * D];
    draw(x, N * D);
    draw(z, N * D);
    draw(w, N * D);
    for (int i = 0; i < N * D; i++) x[i] *= 3.0f;
    wu_compute_rows(c)->swiglu_back(dgate, dup, w, x, z, N * D);
    check_slopes("gate", x, dgate, N * D, gate_loss, 1e-2f, 1e-3);
    check_slopes("up", z, dup, N * D, gate_loss, 1e-2f, 1e-3);
}

static double cross_entropy(void) { return wu_compute_rows(c)->log_sum_exp(x, D) - (double)x[4]; }

static void cross_entropy_gradient(void **state) {
    (void)state;
    float dz[D];
    draw(x, D);
    memcpy(dz, x, sizeof(dz));
    const double lse = wu_compute_rows(c)->log_sum_exp(x, D);
    wu_compute_rows(c)->softmax_scale(dz, (float)lse, 1.0f, D);
    dz[4] -= 1.0f;
    check_slopes("logits", x, dz, D, cross_entropy, 1e-2f, 1e-4);
}

/* u [N][R] = x a^T: the gradient of a is the outer product of du and x. */
enum { R = 2 };
static float low[R * D], du[N * R];

static double low_loss(void) {
    double sum = 0.0;
    for (int t = 0; t < N; t++)
        for (int r = 0; r < R; r++) sum += (double)du[t * R + r] * weigh(x + t * D, low + r * D, D);
    return sum;
}

static void outer_gradient(void **state) {
    (void)state;
    float da[R * D] = {0};
    draw(x, N * D);
    draw(low, R * D);
    draw(du, N * R);
    wu_compute_rows(c)->outer(da, D, du, R, x, WU_F32, D, N, R, D);
    check_slopes("a", low, da, (int64_t)R * D, low_loss, 0.1f, 1e-4);
}

/* ---- attention ---- */

static forest_case fc;

static double attention_loss(void) {
    wu_attention_forward(c, &fc.a);
    double sum = 0.0;
    for (int64_t i = 0; i < (int64_t)fc.n_query * fc.a.ldo; i++)
        sum += (double)((const float *)fc.o)[i] * (double)((const float *)fc.d_o)[i];
    return sum;
}

static void check_attention(const forest_seg *seg, int32_t n_seg, int32_t n_head, int32_t n_kv,
                            int32_t d_head, int32_t window) {
    memset(&fc, 0, sizeof(fc));
    fc.a = (wu_attention){.n_head = n_head,
                          .n_kv = n_kv,
                          .d_head = d_head,
                          .window = window,
                          .type = WU_F32,
                          .scale = 0.6f};
    forest_make(&fc, seg, n_seg, 0, 21);
    forest_scratch(&fc, c);
    (void)attention_loss();
    wu_attention_backward(c, &fc.a);
    const int64_t nq = (int64_t)fc.n_query * fc.a.ldq, nk = (int64_t)fc.n_key * fc.a.ldk;
    check_slopes("q", fc.q, fc.dq, nq, attention_loss, 1e-2f, 1e-3);
    check_slopes("k", fc.k, fc.dk, nk, attention_loss, 1e-2f, 1e-3);
    check_slopes("v", fc.v, fc.dv, nk, attention_loss, 1e-2f, 1e-3);
    forest_free(&fc);
}

static void attention_gradient(void **state) {
    (void)state;
    const forest_seg plain[] = {{-1, 19, 0, 0}};
    check_attention(plain, 1, 2, 2, 6, 0);
}

static void grouped_attention_gradient(void **state) {
    (void)state;
    const forest_seg two[] = {{-1, 9, 0, 0}, {-1, 5, 0, 0}};
    check_attention(two, 2, 6, 2, 4, 0);
}

static void windowed_attention_gradient(void **state) {
    (void)state;
    const forest_seg plain[] = {{-1, 21, 0, 0}};
    check_attention(plain, 1, 2, 1, 5, 4);
}

static void forest_attention_gradient(void **state) {
    (void)state;
    const forest_seg tree[] = {{-1, 11, 0, 0}, {0, 4, 0, 0}, {0, 6, 0, 0}, {2, 3, 0, 0}};
    check_attention(tree, 4, 2, 1, 4, 0);
}

static void windowed_forest_attention_gradient(void **state) {
    (void)state;
    const forest_seg tree[] = {{-1, 11, 0, 0}, {0, 4, 0, 0}, {0, 6, 0, 0}, {2, 3, 0, 0}};
    check_attention(tree, 4, 2, 2, 4, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rmsnorm_gradient),
        cmocka_unit_test(rope_gradient),
        cmocka_unit_test(swiglu_gradient),
        cmocka_unit_test(cross_entropy_gradient),
        cmocka_unit_test(outer_gradient),
        cmocka_unit_test(attention_gradient),
        cmocka_unit_test(grouped_attention_gradient),
        cmocka_unit_test(windowed_attention_gradient),
        cmocka_unit_test(forest_attention_gradient),
        cmocka_unit_test(windowed_forest_attention_gradient),
    };
    return cmocka_run_group_tests(tests, setup, teardown) != 0;
}
