/* forest_case.h - a random forest with queries, keys and values, for tests and benches of
 * attention.
 *
 * Buffers have exactly the size that attention may touch.  Rows of keys that
 * no span has are NaN: whoever reads them spoils his result. */
#ifndef WU_TESTS_FOREST_CASE_H
#define WU_TESTS_FOREST_CASE_H

#include "base/arena.h"
#include "base/rng.h"
#include "kernels/attention.h"

#include <math.h>
#include <stdlib.h>

enum { FOREST_MAX_SEG = 64 };

typedef struct forest_seg {
    int32_t parent; /* -1: none */
    int32_t n;      /* tokens */
    int32_t old;    /* of these, tokens that are no queries: in the cache already */
    int32_t gap;    /* rows reserved behind it */
} forest_seg;

typedef struct forest_case {
    wu_attention a;
    wu_attn_run run[FOREST_MAX_SEG];
    wu_attn_span span[FOREST_MAX_SEG * FOREST_MAX_SEG];
    int32_t n_query, n_key;
    void *q, *k, *v, *o, *d_o;
    float *lse, *dq, *dk, *dv;
    void *scratch;
} forest_case;

static inline float forest_draw(wu_rng *r) { return (float)(wu_rng_unit(r) * 2.0 - 1.0) * 1.7f; }

static inline size_t forest_bytes(wu_dtype type, int64_t n) {
    return (size_t)n * (type == WU_F32 ? 4 : 2);
}

static inline void forest_put(void *p, wu_dtype type, int64_t i, float x) {
    if (type == WU_F32)
        ((float *)p)[i] = x;
    else
        ((uint16_t *)p)[i] = wu_f32_to_bf16(x);
}

static inline float forest_get(const void *p, wu_dtype type, int64_t i) {
    return type == WU_F32 ? ((const float *)p)[i] : wu_bf16_to_f32(((const uint16_t *)p)[i]);
}

static inline void *forest_fill(wu_rng *r, wu_dtype type, int64_t n) {
    void *p = malloc(forest_bytes(type, n) + !n);
    for (int64_t i = 0; p && i < n; i++) forest_put(p, type, i, forest_draw(r));
    return p;
}

/* Runs and spans of the segments; rows of q are the new tokens, packed. */
static inline void forest_shape(forest_case *f, const forest_seg *seg, int32_t n_seg) {
    int32_t row[FOREST_MAX_SEG] = {0}, pos[FOREST_MAX_SEG] = {0}, n_run = 0, n_span = 0;
    f->n_query = f->n_key = 0;
    for (int32_t s = 0; s < n_seg; s++) {
        const int32_t up = seg[s].parent;
        row[s] = f->n_key;
        pos[s] = up < 0 ? 0 : pos[up] + seg[up].n;
        f->n_key += seg[s].n + seg[s].gap;
        if (seg[s].n == seg[s].old) continue;
        wu_attn_run *run = &f->run[n_run++];
        *run = (wu_attn_run){f->n_query, seg[s].n - seg[s].old, pos[s] + seg[s].old, n_span, 0};
        for (int32_t t = s; t >= 0; t = seg[t].parent)
            f->span[n_span++] = (wu_attn_span){row[t], seg[t].n, pos[t]};
        run->n_span = n_span - run->span;
        f->n_query += run->n;
    }
    f->a.run = f->run;
    f->a.n_run = n_run;
    f->a.span = f->span;
    f->a.n_span = n_span;
    f->a.n_key = f->n_key;
}

static inline void forest_hide(forest_case *f) {
    for (int32_t j = 0; j < f->n_key; j++) {
        bool seen = false;
        for (int32_t s = 0; s < f->a.n_span; s++)
            seen = seen || (j >= f->span[s].row && j < f->span[s].row + f->span[s].n);
        for (int32_t i = 0; !seen && i < f->a.n_kv * f->a.d_head; i++) {
            forest_put(f->k, f->a.type, j * f->a.ldk + i, NAN);
            forest_put(f->v, f->a.type, j * f->a.ldv + i, NAN);
        }
    }
}

/* f->a has n_head, n_kv, d_head, window, scale and type; the rest is made here. pad: numbers
 * between rows that are not used. */
static inline void forest_make(forest_case *f, const forest_seg *seg, int32_t n_seg, int32_t pad,
                               uint64_t seed) {
    wu_attention *a = &f->a;
    wu_rng r = wu_rng_init(seed, 1);
    forest_shape(f, seg, n_seg);
    const int64_t q = (int64_t)a->n_head * a->d_head, k = (int64_t)a->n_kv * a->d_head;
    a->ldq = a->lddq = a->ldo = q + pad;
    a->ldk = a->ldv = a->lddk = k + pad;
    const int64_t nq = f->n_query ? (f->n_query - 1) * a->ldq + q : 0;
    const int64_t nk = f->n_key ? (f->n_key - 1) * a->ldk + k : 0;
    a->q = f->q = forest_fill(&r, a->type, nq);
    a->k = f->k = forest_fill(&r, a->type, nk);
    a->v = f->v = forest_fill(&r, a->type, nk);
    a->d_o = f->d_o = forest_fill(&r, a->type, nq);
    a->o = f->o = forest_fill(&r, a->type, nq);
    a->lse = f->lse = forest_fill(&r, WU_F32, (int64_t)f->n_query * a->n_head);
    a->dq = f->dq = forest_fill(&r, WU_F32, nq);
    a->dk = f->dk = forest_fill(&r, WU_F32, nk);
    a->dv = f->dv = forest_fill(&r, WU_F32, nk);
    forest_hide(f);
}

/* Scratch for this compute; forward and backward. */
static inline void forest_scratch(forest_case *f, const wu_compute *c) {
    const size_t forward = wu_attention_bytes(c, &f->a, f->n_query, f->n_key, f->a.n_run, false);
    const size_t back = wu_attention_bytes(c, &f->a, f->n_query, f->n_key, f->a.n_run, true);
    free(f->scratch);
    f->a.scratch = f->scratch = wu_aligned_alloc(forward > back ? forward : back);
}

static inline void forest_free(forest_case *f) {
    free(f->q);
    free(f->k);
    free(f->v);
    free(f->o);
    free(f->d_o);
    free(f->lse);
    free(f->dq);
    free(f->dk);
    free(f->dv);
    free(f->scratch);
}

#endif
