/* rows_c.c - row operations in portable C: the specification (rows.h). */
#include "base/compiler.h"
#include "kernels/rows_impl.h"

#include <math.h>
#include <string.h>

static float sum_of_squares(const float *x, int32_t d) {
    double sum = 0.0;
    for (int32_t i = 0; i < d; i++) sum += (double)x[i] * (double)x[i];
    return (float)sum;
}

static void rmsnorm(float *y, float *rho, const float *x, const float *w, float eps, int32_t n_row,
                    int32_t d) {
    for (int32_t r = 0; r < n_row; r++, x += d, y += d) {
        const float scale = 1.0f / sqrtf(sum_of_squares(x, d) / (float)d + eps);
        if (rho) rho[r] = scale;
        for (int32_t i = 0; i < d; i++) y[i] = w[i] * (x[i] * scale);
    }
}

/* g = dy w:  dx += rho g - x (rho^3 / d) sum(g x) */
static void rmsnorm_back(float *dx, const float *dy, const float *x, const float *w,
                         const float *rho, int32_t n_row, int32_t d) {
    for (int32_t r = 0; r < n_row; r++, dx += d, dy += d, x += d) {
        double sum = 0.0;
        for (int32_t i = 0; i < d; i++) sum += (double)(dy[i] * w[i]) * (double)x[i];
        const float s = rho[r], c = s * s * s * (float)(sum / (double)d);
        for (int32_t i = 0; i < d; i++) dx[i] += s * (dy[i] * w[i]) - c * x[i];
    }
}

static void rope(float *x, int64_t ld, const float *cs, const float *sn, int32_t n_row,
                 int32_t n_head, int32_t d_head, bool inverse) {
    const int32_t half = d_head / 2;
    for (int32_t r = 0; r < n_row; r++, x += ld, cs += half, sn += half) {
        for (int32_t h = 0; h < n_head; h++) {
            float *lo = x + (int64_t)h * d_head, *hi = lo + half;
            for (int32_t i = 0; i < half; i++) {
                const float s = inverse ? -sn[i] : sn[i], a = lo[i], b = hi[i];
                lo[i] = a * cs[i] - b * s;
                hi[i] = b * cs[i] + a * s;
            }
        }
    }
}

/* 1 / (1 + e^-x) without overflow */
static float sigmoid(float x) {
    const float e = expf(-fabsf(x));
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

static void swiglu(float *a, const float *gate, const float *up, int64_t n) {
    for (int64_t i = 0; i < n; i++) a[i] = gate[i] * sigmoid(gate[i]) * up[i];
}

static void swiglu_back(float *dgate, float *dup, const float *da, const float *gate,
                        const float *up, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        const float g = gate[i], u = up[i], d = da[i], s = sigmoid(g);
        dup[i] = d * (g * s);
        dgate[i] = d * u * (s * (1.0f + g * (1.0f - s)));
    }
}

static double log_sum_exp(const float *z, int64_t n) {
    float max = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        if (z[i] != z[i]) return (double)z[i];
        if (z[i] > max) max = z[i];
    }
    if (!(fabsf(max) < INFINITY)) return (double)max;
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += (double)expf(z[i] - max);
    return (double)max + log(sum);
}

static void softmax_scale(float *z, float lse, float weight, int64_t n) {
    for (int64_t i = 0; i < n; i++) z[i] = weight * expf(z[i] - lse);
}

static void adam(float *w, float *m, float *v, const float *g, int64_t n, const wu_adam_args *a) {
    const float keep = 1.0f - a->rate * a->decay, step = a->rate / a->correct1;
    const float root = sqrtf(a->correct2);
    for (int64_t i = 0; i < n; i++) {
        m[i] = a->beta1 * m[i] + (1.0f - a->beta1) * g[i];
        v[i] = a->beta2 * v[i] + (1.0f - a->beta2) * (g[i] * g[i]);
        w[i] = w[i] * keep - step * (m[i] / (sqrtf(v[i]) / root + a->eps));
    }
}

static void add(float *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}

static void scale(float *y, float s, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] *= s;
}

static void to_bf16(uint16_t *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = wu_f32_to_bf16(x[i]);
}

static void from_bf16(float *y, const uint16_t *x, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = wu_bf16_to_f32(x[i]);
}

static void outer(float *g, int64_t ld_g, const float *small, int64_t ld_small, const void *big,
                  wu_dtype big_type, int64_t ld_big, int32_t n_row, int32_t rank, int32_t n) {
    enum { PIECE = 512 };
    float row[PIECE];
    for (int32_t j0 = 0; j0 < n; j0 += PIECE) {
        const int32_t m = WU_MIN(n - j0, PIECE);
        for (int32_t t = 0; t < n_row; t++) {
            const int64_t at = t * ld_big + j0;
            if (big_type == WU_F32)
                memcpy(row, (const float *)big + at, (size_t)m * sizeof(float));
            else
                from_bf16(row, (const uint16_t *)big + at, m);
            for (int32_t r = 0; r < rank; r++) {
                const float s = small[t * ld_small + r];
                float *out = g + r * ld_g + j0;
                for (int32_t j = 0; j < m; j++) out[j] += s * row[j];
            }
        }
    }
}

const wu_row_ops wu_rows_c = {.rmsnorm = rmsnorm,
                              .rmsnorm_back = rmsnorm_back,
                              .rope = rope,
                              .swiglu = swiglu,
                              .swiglu_back = swiglu_back,
                              .log_sum_exp = log_sum_exp,
                              .softmax_scale = softmax_scale,
                              .adam = adam,
                              .add = add,
                              .scale = scale,
                              .to_bf16 = to_bf16,
                              .from_bf16 = from_bf16,
                              .outer = outer};
