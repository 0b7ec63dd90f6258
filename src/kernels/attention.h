/* attention.h - attention over a forest of token segments.
 *
 * Queries come in runs: consecutive rows with consecutive positions.  A run
 * sees a list of spans of keys: one for each ancestor segment and one for its
 * own segment.  Key j is visible to query i of the run iff j lies in one of
 * its spans and
 *
 *     pos(j) <= pos(i)   and   (window == 0 or pos(i) - pos(j) < window)
 *
 * so own segments are causal and ancestors (whose positions are smaller) are
 * seen whole.  Query head h uses key head h / (n_head / n_kv).
 *
 *     S = scale q k^T,  P = softmax(S),  o = P v,  lse = log sum exp S
 *
 * Never a T x T matrix: blockwise with running maximum and sum; backward
 * recomputes P from lse:  D = do . o,  dS = P (do v^T - D),  dq = scale dS k,
 * dk = scale dS^T q,  dv = P^T do.
 *
 * type BF16: q, k, v, o, do are bf16 and P, dS are rounded to bf16 as inputs
 * of products; sums, lse, dq, dk, dv are f32.  type F32: all f32.
 *
 * Rows of q, o, lse, do, dq are the rows worked on; rows of k, v, dk, dv are
 * rows of the forest.  Rows of k and v that no query sees are not read.  scale
 * is positive.  Results do not depend on the number of threads.  Backward needs
 * o and lse of the forward call. */
#ifndef WU_KERNELS_ATTENTION_H
#define WU_KERNELS_ATTENTION_H

#include "kernels/compute.h"

typedef struct wu_attn_span {
    int32_t row, n; /* keys: rows of k and v */
    int32_t pos;    /* position of the first one */
} wu_attn_span;

typedef struct wu_attn_run {
    int32_t row, n;       /* queries: rows of q */
    int32_t pos;          /* position of the first one */
    int32_t span, n_span; /* visible keys: span[span .. span + n_span) */
} wu_attn_run;

typedef struct wu_attention {
    int32_t n_head, n_kv, d_head; /* any d_head up to 256 */
    int32_t window;               /* 0: none */
    float scale;
    wu_dtype type;         /* F32 or BF16 */
    const void *q, *k, *v; /* [row][n_head * d_head], [row][n_kv * d_head] twice */
    int64_t ldq, ldk, ldv; /* numbers between rows */
    void *o;               /* [row][n_head * d_head] */
    int64_t ldo;
    float *lse;             /* [row][n_head]; forward may get NULL */
    const wu_attn_run *run; /* no two runs share a query row; in order of row */
    int32_t n_run;
    const wu_attn_span *span;
    int32_t n_span;
    /* backward only */
    const void *d_o;    /* [row][n_head * d_head], ld ldo */
    float *dq;          /* [row][n_head * d_head], overwritten */
    float *dk, *dv;     /* [row][n_kv * d_head], overwritten for all n_key rows */
    int64_t lddq, lddk; /* lddk for dk and dv */
    int32_t n_key;      /* rows of k and v */
    void *scratch;      /* wu_attention_bytes(), 64-byte aligned */
} wu_attention;

/* Scratch for one call; n_query and n_key are upper bounds of rows, n_run of runs. */
size_t wu_attention_bytes(const wu_compute *c, const wu_attention *shape, int32_t n_query,
                          int32_t n_key, int32_t n_run, bool backward);

void wu_attention_forward(wu_compute *c, const wu_attention *a);
void wu_attention_backward(wu_compute *c, const wu_attention *a);

#endif
