/* rows.h - operations on a few rows at a time: norms, RoPE, SwiGLU, loss, updates.
 *
 * One table for each level, chosen in wu_compute_create().  All functions are
 * single-threaded, total, and meant to run inside a pool unit on rows that
 * stay in L1.  Every level agrees with the C version within the budget of
 * tests/support/near.h; within a level, a row's result does not depend on its
 * neighbours.  Equation numbers are those of docs/math.md. */
#ifndef WU_KERNELS_ROWS_H
#define WU_KERNELS_ROWS_H

#include "base/dtype.h"

typedef struct wu_adam_args {
    float rate; /* learning rate of this update */
    float beta1, beta2, eps;
    float decay;              /* AdamW: w *= 1 - rate * decay first; 0 for Adam */
    float correct1, correct2; /* 1 - beta1^t and 1 - beta2^t, or 1 and 1 for no bias correction */
} wu_adam_args;

typedef struct wu_row_ops {
    /* y = w * x * rho, rho = 1 / sqrt(mean(x^2) + eps); rho [n_row] may be NULL. y may be x. */
    void (*rmsnorm)(float *y, float *rho, const float *x, const float *w, float eps, int32_t n_row,
                    int32_t d);
    /* dx += gradient of the above, given rho. dx may not overlap the rest. */
    void (*rmsnorm_back)(float *dx, const float *dy, const float *x, const float *w,
                         const float *rho, int32_t n_row, int32_t d);
    /* Rotates n_head heads of each row in place, halves split: (i, i + d_head/2).
     * cs, sn [n_row][d_head / 2]; inverse rotates back. ld: numbers between rows. */
    void (*rope)(float *x, int64_t ld, const float *cs, const float *sn, int32_t n_row,
                 int32_t n_head, int32_t d_head, bool inverse);
    /* a = silu(gate) * up, n numbers. a may be gate or up. */
    void (*swiglu)(float *a, const float *gate, const float *up, int64_t n);
    /* dgate and dup are overwritten; they may be da, gate or up. */
    void (*swiglu_back)(float *dgate, float *dup, const float *da, const float *gate,
                        const float *up, int64_t n);
    /* log(sum(exp(z))) over n numbers, as max + log(sum(exp(z - max))) with the sum in f64. */
    double (*log_sum_exp)(const float *z, int64_t n);
    /* z = weight * exp(z - lse): the softmax part of the loss gradient. */
    void (*softmax_scale)(float *z, float lse, float weight, int64_t n);
    /* One Adam or AdamW update of n parameters (mlx and torch agree but for the correction):
     * m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;
     * w -= rate / correct1 * m / (sqrt(v / correct2) + eps) */
    void (*adam)(float *w, float *m, float *v, const float *g, int64_t n, const wu_adam_args *a);
    void (*add)(float *y, const float *x, int64_t n);        /* y += x */
    void (*scale)(float *y, float s, int64_t n);             /* y *= s */
    void (*to_bf16)(uint16_t *y, const float *x, int64_t n); /* round to nearest even */
    void (*from_bf16)(float *y, const uint16_t *x, int64_t n);
    /* g [rank][n] (+)= small^T big over rows: g[r][j] += sum_t small[t][r] * big[t][j].
     * small [n_row][ld_small] f32; big [n_row][ld_big] of type F32 or BF16; ld_g numbers between
     * rows of g. Rows are summed in order. */
    void (*outer)(float *g, int64_t ld_g, const float *small, int64_t ld_small, const void *big,
                  wu_dtype big_type, int64_t ld_big, int32_t n_row, int32_t rank, int32_t n);
} wu_row_ops;

#endif
