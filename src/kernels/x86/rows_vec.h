/* rows_vec.h - row operations on vectors of any width; rows_avx2.c and rows_avx512.c include it.
 *
 * Tails go through the same code as whole vectors (READ, WRITE), so that a
 * number's result does not depend on where it stands. */
#ifndef WU_KERNELS_X86_ROWS_VEC_H
#define WU_KERNELS_X86_ROWS_VEC_H

#include "kernels/rows_impl.h"
#include "kernels/x86/vec.h"

#include <math.h>

WU_INLINE vf read(const float *p, int64_t n) {
    return n >= VEC_W ? vf_load(p) : vf_load_part(p, (int32_t)n);
}
WU_INLINE void write(float *p, vf v, int64_t n) {
    if (n >= VEC_W)
        vf_store(p, v);
    else
        vf_store_part(p, v, (int32_t)n);
}
WU_INLINE vf read_any(const void *p, wu_dtype type, int64_t i, int64_t n) {
    if (type == WU_F32) return read((const float *)p + i, n);
    const uint16_t *h = (const uint16_t *)p + i;
    return n >= VEC_W ? vf_load_bf16(h) : vf_load_bf16_part(h, (int32_t)n);
}

/* ---- norms ---- */

static void rmsnorm(float *y, float *rho, const float *x, const float *w, float eps, int32_t n_row,
                    int32_t d) {
    for (int32_t r = 0; r < n_row; r++, x += d, y += d) {
        vf sum[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
        int32_t i = 0;
        for (; i + 4 * VEC_W <= d; i += 4 * VEC_W) {
            for (int32_t k = 0; k < 4; k++) {
                const vf v = vf_load(x + i + k * VEC_W);
                sum[k] = vf_fma(v, v, sum[k]);
            }
        }
        for (; i < d; i += VEC_W) {
            const vf v = read(x + i, d - i);
            sum[0] = vf_fma(v, v, sum[0]);
        }
        const double mean = vf_sum_f64((sum[0] + sum[1]) + (sum[2] + sum[3])) / (double)d;
        const float scale = 1.0f / sqrtf((float)mean + eps);
        if (rho) rho[r] = scale;
        for (i = 0; i < d; i += VEC_W)
            write(y + i, read(w + i, d - i) * (read(x + i, d - i) * vf_set(scale)), d - i);
    }
}

static void rmsnorm_back(float *dx, const float *dy, const float *x, const float *w,
                         const float *rho, int32_t n_row, int32_t d) {
    for (int32_t r = 0; r < n_row; r++, dx += d, dy += d, x += d) {
        vf sum[2] = {vf_zero(), vf_zero()};
        int32_t i = 0;
        for (; i + 2 * VEC_W <= d; i += 2 * VEC_W) {
            for (int32_t k = 0; k < 2; k++) {
                const int32_t at = i + k * VEC_W;
                sum[k] = vf_fma(vf_load(dy + at) * vf_load(w + at), vf_load(x + at), sum[k]);
            }
        }
        for (; i < d; i += VEC_W)
            sum[0] = vf_fma(read(dy + i, d - i) * read(w + i, d - i), read(x + i, d - i), sum[0]);
        const float s = rho[r];
        const vf c = vf_set(s * s * s * (float)(vf_sum_f64(sum[0] + sum[1]) / (double)d));
        for (i = 0; i < d; i += VEC_W) {
            const int32_t n = d - i;
            const vf g = vf_set(s) * (read(dy + i, n) * read(w + i, n));
            write(dx + i, read(dx + i, n) + vf_fnma(c, read(x + i, n), g), n);
        }
    }
}

/* ---- position ---- */

static void rope(float *x, int64_t ld, const float *cs, const float *sn, int32_t n_row,
                 int32_t n_head, int32_t d_head, bool inverse) {
    const int32_t half = d_head / 2;
    const vf sign = vf_set(inverse ? -1.0f : 1.0f);
    for (int32_t r = 0; r < n_row; r++, x += ld, cs += half, sn += half) {
        for (int32_t i = 0; i < half; i += VEC_W) {
            const int32_t n = half - i;
            const vf c = read(cs + i, n), s = sign * read(sn + i, n);
            float *lo = x + i, *hi = lo + half;
            for (int32_t h = 0; h < n_head; h++, lo += d_head, hi += d_head) {
                const vf a = read(lo, n), b = read(hi, n);
                write(lo, vf_fnma(b, s, a * c), n);
                write(hi, vf_fma(a, s, b * c), n);
            }
        }
    }
}

/* ---- gate ---- */

/* 1 / (1 + e^-x); below -80 it stops shrinking at 1.8e-35 */
WU_INLINE vf sigmoid(vf x) {
    return vf_inverse(vf_set(1.0f) + vf_exp(vf_min(vf_set(80.0f), vf_zero() - x)));
}

static void swiglu(float *a, const float *gate, const float *up, int64_t n) {
    for (int64_t i = 0; i < n; i += VEC_W) {
        const vf g = read(gate + i, n - i);
        write(a + i, g * sigmoid(g) * read(up + i, n - i), n - i);
    }
}

static void swiglu_back(float *dgate, float *dup, const float *da, const float *gate,
                        const float *up, int64_t n) {
    const vf one = vf_set(1.0f);
    for (int64_t i = 0; i < n; i += VEC_W) {
        const vf g = read(gate + i, n - i), u = read(up + i, n - i), d = read(da + i, n - i);
        const vf s = sigmoid(g);
        write(dup + i, d * (g * s), n - i);
        write(dgate + i, d * u * (s * vf_fma(g, one - s, one)), n - i);
    }
}

/* ---- loss ---- */

static float highest(const float *z, int64_t n) {
    vf m[4], bad = vf_zero(); /* x - x is 0, or NaN for what is not finite */
    for (int k = 0; k < 4; k++) m[k] = vf_set(-INFINITY);
    int64_t i = 0;
    for (; i + 4 * VEC_W <= n; i += 4 * VEC_W) {
        for (int k = 0; k < 4; k++) {
            const vf v = vf_load(z + i + k * VEC_W);
            m[k] = vf_max(v, m[k]);
            bad = bad + (v - v);
        }
    }
    float max = vf_highest(vf_max(vf_max(m[0], m[1]), vf_max(m[2], m[3])));
    bool special = !(vf_sum(bad) == 0.0f);
    for (; i < n; i++) {
        max = z[i] > max ? z[i] : max;
        special = special || !(z[i] - z[i] == 0.0f);
    }
    for (i = 0; special && i < n; i++)
        if (z[i] != z[i]) return z[i];
    return max;
}

static double log_sum_exp(const float *z, int64_t n) {
    const float max = highest(z, n);
    if (!(fabsf(max) < INFINITY)) return (double)max;
    const vf m = vf_set(max);
    double sum = 0.0;
    int64_t i = 0;
    for (; i + 8 * VEC_W <= n; i += 8 * VEC_W) {
        vf part[4];
        for (int k = 0; k < 4; k++) {
            const float *at = z + i + 2 * k * VEC_W;
            part[k] = vf_exp(vf_load(at) - m) + vf_exp(vf_load(at + VEC_W) - m);
        }
        sum += vf_sum_f64((part[0] + part[1]) + (part[2] + part[3]));
    }
    for (; i + VEC_W <= n; i += VEC_W) sum += vf_sum_f64(vf_exp(vf_load(z + i) - m));
    for (; i < n; i++) sum += (double)expf(z[i] - max);
    return (double)max + log(sum);
}

static void softmax_scale(float *z, float lse, float weight, int64_t n) {
    const vf l = vf_set(lse), w = vf_set(weight);
    for (int64_t i = 0; i < n; i += VEC_W) write(z + i, w * vf_exp(read(z + i, n - i) - l), n - i);
}

/* ---- update: the C version's operations in its order, so the same bits ---- */

static void adam(float *w, float *m, float *v, const float *g, int64_t n, const wu_adam_args *a) {
    const vf keep = vf_set(1.0f - a->rate * a->decay), step = vf_set(a->rate / a->correct1);
    const vf root = vf_set(sqrtf(a->correct2)), eps = vf_set(a->eps);
    const vf b1 = vf_set(a->beta1), c1 = vf_set(1.0f - a->beta1);
    const vf b2 = vf_set(a->beta2), c2 = vf_set(1.0f - a->beta2);
    for (int64_t i = 0; i < n; i += VEC_W) {
        const int64_t k = n - i;
        const vf x = read(g + i, k);
        const vf p = b1 * read(m + i, k) + c1 * x, q = b2 * read(v + i, k) + c2 * (x * x);
        write(m + i, p, k);
        write(v + i, q, k);
        write(w + i, read(w + i, k) * keep - step * (p / (vf_sqrt(q) / root + eps)), k);
    }
}

static void add(float *y, const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i += VEC_W)
        write(y + i, read(y + i, n - i) + read(x + i, n - i), n - i);
}

static void scale(float *y, float s, int64_t n) {
    for (int64_t i = 0; i < n; i += VEC_W) write(y + i, read(y + i, n - i) * vf_set(s), n - i);
}

static void to_bf16(uint16_t *y, const float *x, int64_t n) {
    int64_t i = 0;
    for (; i + VEC_W <= n; i += VEC_W) vf_store_bf16(y + i, vf_load(x + i));
    if (i < n) vf_store_bf16_part(y + i, vf_load_part(x + i, (int32_t)(n - i)), (int32_t)(n - i));
}

static void from_bf16(float *y, const uint16_t *x, int64_t n) {
    int64_t i = 0;
    for (; i + VEC_W <= n; i += VEC_W) vf_store(y + i, vf_load_bf16(x + i));
    if (i < n) vf_store_part(y + i, vf_load_bf16_part(x + i, (int32_t)(n - i)), (int32_t)(n - i));
}

/* ---- g += small^T big ---- */

enum {
    OUTER_ROWS = 32, /* rows of big that are taken up together */
    OUTER_RANK = 12  /* rows of g in registers at most, two vectors each */
};

typedef struct outer_job {
    float *g;
    int64_t ld_g;
    const float *small;
    int64_t ld_small;
    const void *big;
    wu_dtype type;
    int64_t ld_big;
    int32_t n_row;
} outer_job;

/* Columns [j, j + n), n at most 2 VEC_W, of nr rows of g from r0 on. */
WU_INLINE void outer_step(const outer_job *o, int32_t nr, int32_t r0, int32_t j, int32_t n,
                          wu_dtype type, bool whole) {
    vf s[OUTER_RANK][2];
    const int32_t n1 = whole ? VEC_W : n, n2 = whole ? VEC_W : WU_MAX(n - VEC_W, 0);
    float *g = o->g + r0 * o->ld_g + j;
    for (int32_t r = 0; r < nr; r++) {
        s[r][0] = read(g + r * o->ld_g, n1);
        s[r][1] = read(g + r * o->ld_g + VEC_W, n2);
    }
    const float *small = o->small + r0;
    for (int32_t t = 0; t < o->n_row; t++, small += o->ld_small) {
        const vf a = read_any(o->big, type, t * o->ld_big + j, n1);
        const vf b = read_any(o->big, type, t * o->ld_big + j + VEC_W, n2);
        for (int32_t r = 0; r < nr; r++) {
            const vf x = vf_set(small[r]);
            s[r][0] = vf_fma(x, a, s[r][0]);
            s[r][1] = vf_fma(x, b, s[r][1]);
        }
    }
    for (int32_t r = 0; r < nr; r++) {
        write(g + r * o->ld_g, s[r][0], n1);
        write(g + r * o->ld_g + VEC_W, s[r][1], n2);
    }
}

WU_INLINE void outer_columns(const outer_job *o, int32_t rank, int32_t j, int32_t n, wu_dtype type,
                             bool whole) {
    for (int32_t r = 0, left; (left = rank - r) > 0;) {
        if (VEC_W == 16 && left >= 12) {
            outer_step(o, 12, r, j, n, type, whole);
            r += 12;
        } else if (VEC_W == 16 && left >= 8) {
            outer_step(o, 8, r, j, n, type, whole);
            r += 8;
        } else if (VEC_W == 8 && left >= 6 && left != 8) {
            outer_step(o, 6, r, j, n, type, whole);
            r += 6;
        } else if (left >= 4) {
            outer_step(o, 4, r, j, n, type, whole);
            r += 4;
        } else {
            outer_step(o, 1, r, j, n, type, whole);
            r++;
        }
    }
}

WU_INLINE void outer_rows(const outer_job *o, int32_t rank, int32_t n, wu_dtype type) {
    int32_t j = 0;
    for (; j + 2 * VEC_W <= n; j += 2 * VEC_W) outer_columns(o, rank, j, 2 * VEC_W, type, true);
    if (j < n) outer_columns(o, rank, j, n - j, type, false);
}

static void outer(float *g, int64_t ld_g, const float *small, int64_t ld_small, const void *big,
                  wu_dtype big_type, int64_t ld_big, int32_t n_row, int32_t rank, int32_t n) {
    const size_t bytes = big_type == WU_F32 ? sizeof(float) : sizeof(uint16_t);
    outer_job o = {g, ld_g, small, ld_small, NULL, big_type, ld_big, 0};
    for (int32_t t = 0; t < n_row; t += OUTER_ROWS) {
        o.small = small + t * ld_small;
        o.big = (const char *)big + (size_t)(t * ld_big) * bytes;
        o.n_row = WU_MIN(n_row - t, OUTER_ROWS);
        if (big_type == WU_F32)
            outer_rows(&o, rank, n, WU_F32);
        else
            outer_rows(&o, rank, n, WU_BF16);
    }
}

#define ROW_OPS                                                                                    \
    {                                                                                              \
        .rmsnorm = rmsnorm, .rmsnorm_back = rmsnorm_back, .rope = rope, .swiglu = swiglu,          \
        .swiglu_back = swiglu_back, .log_sum_exp = log_sum_exp, .softmax_scale = softmax_scale,    \
        .adam = adam, .add = add, .scale = scale, .to_bf16 = to_bf16, .from_bf16 = from_bf16,      \
        .outer = outer                                                                             \
    }

#endif
