/* attn_vec.h - attention in f32 vectors; attn_avx2.c and attn_avx512.c include it (attn_impl.h).
 *
 * Scores are kept transposed, S^T [keys][lanes]: a lane is a query of a head,
 * so maximum, sum, lse and D are vectors over lanes, nothing is reduced across
 * a vector, and keys and values are read by broadcast where they lie.  With
 * few queries (decoding) the heads of a group share the lanes.
 *
 * bf16 inputs are widened once per block; P and dS are rounded as the C
 * version rounds them. */
#ifndef WU_KERNELS_X86_ATTN_VEC_H
#define WU_KERNELS_X86_ATTN_VEC_H

#include "kernels/attn_impl.h"
#include "kernels/x86/vec.h"

#include <float.h>
#include <math.h>

enum {
    LANES = WU_ATTN_TILE,
    BLOCK = WU_ATTN_BLOCK,
    STRIP = WU_ATTN_BLOCK * WU_ATTN_SPREAD,
    MAX_D = WU_ATTN_MAX_HEAD,
    M_FULL = VEC_W == 16 ? 12 : 6 /* rows of a product in registers, two vectors each */
};

static const float log2_e = 1.44269504f;

/* ---- one product: C [m][n] (+)= A B, A(i, k) = a[i * si + k * sk], n a multiple of VEC_W ---- */

typedef struct product {
    float *c;
    const float *a, *b;
    int64_t ld_c, si, sk, ld_b;
    int32_t n_k;
    bool add;
} product;

WU_INLINE void product_step(const product *p, int32_t i, int32_t j, int32_t mr, int32_t nv) {
    vf s[M_FULL][2];
    float *c = p->c + i * p->ld_c + j;
    for (int32_t r = 0; r < mr; r++)
        for (int32_t v = 0; v < nv; v++)
            s[r][v] = p->add ? vf_load(c + r * p->ld_c + v * VEC_W) : vf_zero();
    const float *a = p->a + i * p->si, *b = p->b + j;
    for (int32_t k = 0; k < p->n_k; k++, a += p->sk, b += p->ld_b) {
        const vf b0 = vf_load(b), b1 = nv > 1 ? vf_load(b + VEC_W) : b0;
        for (int32_t r = 0; r < mr; r++) {
            const vf x = vf_set(a[r * p->si]);
            s[r][0] = vf_fma(x, b0, s[r][0]);
            if (nv > 1) s[r][1] = vf_fma(x, b1, s[r][1]);
        }
    }
    for (int32_t r = 0; r < mr; r++)
        for (int32_t v = 0; v < nv; v++) vf_store(c + r * p->ld_c + v * VEC_W, s[r][v]);
}

WU_INLINE void product_columns(const product *p, int32_t m, int32_t j, int32_t nv) {
    int32_t i = 0;
    for (; i + M_FULL <= m; i += M_FULL) product_step(p, i, j, M_FULL, nv);
    for (; i + 4 <= m; i += 4) product_step(p, i, j, 4, nv);
    for (; i < m; i++) product_step(p, i, j, 1, nv);
}

static void multiply(const product *p, int32_t m, int32_t n) {
    int32_t j = 0;
    for (; j + 2 * VEC_W <= n; j += 2 * VEC_W) product_columns(p, m, j, 2);
    if (j < n) product_columns(p, m, j, 1);
}

/* ---- lanes ---- */

WU_INLINE int32_t round_up(int32_t n, int32_t to) { return (n + to - 1) / to * to; }

/* Rows row .. row + n of n_head heads from head on; lane h * n + i is query i of head h. */
typedef struct lanes {
    int32_t head, n_head, n;
    int64_t row;
    int32_t used, width; /* lanes, and rounded up to vectors */
    int32_t query[LANES];
} lanes;

static void set_lanes(lanes *l, const wu_attn_tile *t, int32_t head, int32_t n_head) {
    l->head = head;
    l->n_head = n_head;
    l->n = t->n;
    l->row = t->row;
    l->used = t->n * n_head;
    l->width = round_up(l->used, VEC_W);
    for (int32_t i = 0; i < l->width; i++) l->query[i] = i < l->used ? i % t->n : INT32_MAX;
}

WU_INLINE float number(const void *p, wu_dtype type, int64_t i) {
    return type == WU_F32 ? ((const float *)p)[i] : wu_bf16_to_f32(((const uint16_t *)p)[i]);
}

WU_INLINE int64_t lane_at(const lanes *l, int32_t lane, int64_t ld, int32_t d) {
    const int32_t h = lane / l->n;
    return (l->row + lane - h * l->n) * ld + (int64_t)(l->head + h) * d;
}

/* out [d][width] = x^T */
static void gather(float *out, const lanes *l, const void *x, wu_dtype type, int64_t ld,
                   int32_t d) {
    for (int32_t lane = 0; lane < l->width; lane++) {
        const int64_t at = lane < l->used ? lane_at(l, lane, ld, d) : 0;
        for (int32_t i = 0; i < d; i++)
            out[i * l->width + lane] = lane < l->used ? number(x, type, at + i) : 0.0f;
    }
}

static void widen_row(float *out, const void *x, wu_dtype type, int64_t at, int32_t d,
                      int32_t width) {
    int32_t i = 0;
    if (type == WU_F32) {
        memcpy(out, (const float *)x + at, (size_t)d * sizeof(float));
        i = d;
    } else {
        const uint16_t *h = (const uint16_t *)x + at;
        for (; i + VEC_W <= d; i += VEC_W) vf_store(out + i, vf_load_bf16(h + i));
        for (; i < d; i++) out[i] = wu_bf16_to_f32(h[i]);
    }
    for (; i < width; i++) out[i] = 0.0f;
}

/* Rows [j0, j1) of one key head, `width` numbers each. */
static void widen(float *out, const wu_attention *a, const void *x, int64_t ld, int32_t kv,
                  int32_t j0, int32_t j1, int32_t width) {
    for (int32_t j = j0; j < j1; j++, out += width)
        widen_row(out, x, a->type, j * ld + (int64_t)kv * a->d_head, a->d_head, width);
}

WU_INLINE vf rounded(vf p, bool bf16) { return bf16 ? vf_round_bf16(p) : p; }

/* ---- forward ---- */

typedef struct forward_mem {
    float q[MAX_D * LANES]; /* [d][width] */
    float o[MAX_D * LANES]; /* [d][width] */
    float s[BLOCK * LANES]; /* [keys][width] */
    float k[BLOCK * MAX_D], v[BLOCK * MAX_D];
    float max[LANES], sum[LANES];
    lanes l;
} forward_mem;

/* S^T of n keys from j0 on becomes P^T; maximum, sum and o are brought up to date. */
WU_INLINE void soften(forward_mem *w, const wu_attn_sight *v, const wu_attention *a, int32_t j0,
                      int32_t n, bool whole, bool bf16) {
    const int32_t width = w->l.width, d = a->d_head;
    const vf c = vf_set(a->scale * log2_e), least = vf_set(-FLT_MAX);
    for (int32_t x = 0; x < width; x += VEC_W) {
        const vi query = vi_load(w->l.query + x);
        const vf before = vf_load(w->max + x);
        vf max = before, sum = vf_zero();
        for (int32_t j = 0; j < n; j++) {
            vf s = vf_load(w->s + j * width + x);
            if (!whole)
                s = vf_choose(vm_between(query, j0 + j - v->hi + 1, j0 + j - v->lo), s, least);
            max = vf_max(max, s);
        }
        for (int32_t j = 0; j < n; j++) {
            float *s = w->s + j * width + x;
            vf p = vf_exp2((vf_load(s) - max) * c);
            if (!whole)
                p = vf_choose(vm_between(query, j0 + j - v->hi + 1, j0 + j - v->lo), p, vf_zero());
            sum = sum + p;
            vf_store(s, rounded(p, bf16));
        }
        vf_store(w->max + x, max);
        if (vm_any(vm_differ(before, max))) {
            const vf fade = vf_exp2((before - max) * c);
            vf_store(w->sum + x, vf_fma(vf_load(w->sum + x), fade, sum));
            for (int32_t i = 0; i < d; i++) {
                float *o = w->o + i * width + x;
                vf_store(o, vf_load(o) * fade);
            }
        } else {
            vf_store(w->sum + x, vf_load(w->sum + x) + sum);
        }
    }
}

static void forward_block(forward_mem *w, const wu_attn_sight *v, const wu_attention *a, int32_t kv,
                          int32_t j0, int32_t n) {
    const int32_t d = a->d_head, width = w->l.width;
    widen(w->k, a, a->k, a->ldk, kv, j0, j0 + n, d);
    widen(w->v, a, a->v, a->ldv, kv, j0, j0 + n, d);
    const product scores = {w->s, w->k, w->q, width, d, 1, width, d, false};
    multiply(&scores, n, width);
    const bool bf16 = a->type == WU_BF16;
    if (wu_attn_whole(v, w->l.n, j0, j0 + n))
        soften(w, v, a, j0, n, true, bf16);
    else
        soften(w, v, a, j0, n, false, bf16);
    const product values = {w->o, w->v, w->s, width, 1, d, width, n, true};
    multiply(&values, d, width);
}

static void forward_store(const forward_mem *w, const wu_attention *a) {
    const int32_t d = a->d_head, width = w->l.width;
    for (int32_t lane = 0; lane < w->l.used; lane++) {
        const int64_t at = lane_at(&w->l, lane, a->ldo, d);
        const int64_t row = w->l.row + lane % w->l.n, head = w->l.head + lane / w->l.n;
        const float inverse = 1.0f / w->sum[lane];
        if (a->lse) a->lse[row * a->n_head + head] = w->max[lane] * a->scale + logf(w->sum[lane]);
        for (int32_t i = 0; i < d; i++) {
            const float o = w->o[i * width + lane] * inverse;
            if (a->type == WU_F32)
                ((float *)a->o)[at + i] = o;
            else
                ((uint16_t *)a->o)[at + i] = wu_f32_to_bf16(o);
        }
    }
}

static void forward_lanes(const wu_attn_job *job, const wu_attn_tile *t, int32_t head,
                          int32_t n_head, forward_mem *w) {
    const wu_attention *a = job->a;
    const wu_attn_run *run = &a->run[t->run];
    set_lanes(&w->l, t, head, n_head);
    gather(w->q, &w->l, a->q, a->type, a->ldq, a->d_head);
    memset(w->o, 0, (size_t)(a->d_head * w->l.width) * sizeof(float));
    for (int32_t i = 0; i < w->l.width; i++) {
        w->max[i] = -FLT_MAX;
        w->sum[i] = 0.0f;
    }
    for (int32_t s = run->span; s < run->span + run->n_span; s++) {
        const wu_attn_sight v = wu_attn_see(a, t, s);
        for (int32_t j = v.first; j < v.end; j += BLOCK)
            forward_block(w, &v, a, head / job->group, j, WU_MIN(v.end - j, BLOCK));
    }
    forward_store(w, a);
}

static void forward(const wu_attn_job *job, int32_t kv, int32_t tile, void *mem) {
    const wu_attn_tile *t = &job->tile[tile];
    const int32_t together = WU_MAX(1, LANES / t->n), end = (kv + 1) * job->group;
    for (int32_t h = kv * job->group; h < end; h += together)
        forward_lanes(job, t, h, WU_MIN(together, end - h), mem);
}

/* ---- backward ---- */

/* A packed tile of queries of one head: [d][width] q and do and the sum of dq, then rows of `wide`
 * numbers of q and do, then lse log2(e), D. */
typedef struct packed {
    float *qt, *dot, *dqt, *q, *d_o, *lse, *dsum;
    lanes l;
    int32_t wide;
} packed;

static size_t no_key_bytes(const wu_attention *a, bool backward) {
    (void)a;
    (void)backward;
    return 0;
}

static size_t query_bytes(const wu_attention *a) {
    const int32_t wide = round_up(a->d_head, VEC_W);
    return (size_t)(5 * LANES * wide + 2 * LANES) * sizeof(float);
}

static packed find_packed(const wu_attn_job *job, int32_t head, int32_t tile) {
    packed p;
    p.wide = round_up(job->a->d_head, VEC_W);
    p.qt = (float *)(void *)wu_attn_queries(job, head, tile);
    p.dot = p.qt + LANES * p.wide;
    p.dqt = p.dot + LANES * p.wide;
    p.q = p.dqt + LANES * p.wide;
    p.d_o = p.q + LANES * p.wide;
    p.lse = p.d_o + LANES * p.wide;
    p.dsum = p.lse + LANES;
    set_lanes(&p.l, &job->tile[tile], head, 1);
    return p;
}

static void begin(const wu_attn_job *job, int32_t head, int32_t tile, void *mem) {
    const wu_attention *a = job->a;
    const int32_t d = a->d_head;
    float *o = mem;
    const packed p = find_packed(job, head, tile);
    gather(p.qt, &p.l, a->q, a->type, a->ldq, d);
    gather(p.dot, &p.l, a->d_o, a->type, a->ldo, d);
    memset(p.dqt, 0, (size_t)(d * p.l.width) * sizeof(float));
    for (int32_t i = 0; i < p.l.width; i++) {
        float *q = p.q + i * p.wide, *d_o = p.d_o + i * p.wide;
        p.lse[i] = p.dsum[i] = 0.0f;
        if (i >= p.l.used) {
            memset(q, 0, (size_t)p.wide * sizeof(float));
            memset(d_o, 0, (size_t)p.wide * sizeof(float));
            continue;
        }
        widen_row(q, a->q, a->type, lane_at(&p.l, i, a->ldq, d), d, p.wide);
        widen_row(d_o, a->d_o, a->type, lane_at(&p.l, i, a->ldo, d), d, p.wide);
        widen_row(o, a->o, a->type, lane_at(&p.l, i, a->ldo, d), d, p.wide);
        vf sum = vf_zero();
        for (int32_t k = 0; k < p.wide; k += VEC_W)
            sum = vf_fma(vf_load(o + k), vf_load(d_o + k), sum);
        p.dsum[i] = vf_sum(sum);
        p.lse[i] = a->lse[(p.l.row + i) * a->n_head + head] * log2_e;
    }
}

typedef struct backward_mem {
    float s[BLOCK * LANES], dp[BLOCK * LANES]; /* [keys][width] */
    float k[STRIP * MAX_D], v[STRIP * MAX_D];  /* [keys][wide] */
    float dk[STRIP * MAX_D], dv[STRIP * MAX_D];
} backward_mem;

_Static_assert(sizeof(forward_mem) <= WU_ATTN_MEM && sizeof(backward_mem) <= WU_ATTN_MEM,
               "fits into a unit's memory");

static void open_strip(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem) {
    const wu_attention *a = job->a;
    backward_mem *w = mem;
    const int32_t wide = round_up(a->d_head, VEC_W), j0 = b.b0 * BLOCK, n = (b.b1 - b.b0) * BLOCK;
    memset(w->dk, 0, (size_t)(n * wide) * sizeof(float));
    memset(w->dv, 0, (size_t)(n * wide) * sizeof(float));
    for (int32_t j = 0; j < n && j0 + j < job->n_key; j++) {
        if (!job->seen[j0 + j]) continue;
        widen(w->k + j * wide, a, a->k, a->ldk, kv, j0 + j, j0 + j + 1, wide);
        widen(w->v + j * wide, a, a->v, a->ldv, kv, j0 + j, j0 + j + 1, wide);
    }
}

/* S^T and dP^T become P^T and dS^T. */
WU_INLINE void harden(backward_mem *w, const packed *p, const wu_attn_sight *v, float scale,
                      int32_t j0, int32_t n, bool whole, bool bf16) {
    const int32_t width = p->l.width;
    const vf c = vf_set(scale * log2_e);
    for (int32_t x = 0; x < width; x += VEC_W) {
        const vi query = vi_load(p->l.query + x);
        const vf lse = vf_load(p->lse + x), dsum = vf_load(p->dsum + x);
        for (int32_t j = 0; j < n; j++) {
            float *s = w->s + j * width + x, *dp = w->dp + j * width + x;
            vf e = vf_exp2(vf_fma(vf_load(s), c, vf_zero() - lse));
            if (!whole)
                e = vf_choose(vm_between(query, j0 + j - v->hi + 1, j0 + j - v->lo), e, vf_zero());
            vf_store(s, rounded(e, bf16));
            vf_store(dp, rounded(e * (vf_load(dp) - dsum), bf16));
        }
    }
}

static void back_keys(const wu_attn_job *job, const packed *p, const wu_attn_sight *v,
                      backward_mem *w, int32_t b0, int32_t j0, int32_t n) {
    const wu_attention *a = job->a;
    const int32_t d = a->d_head, width = p->l.width, wide = p->wide;
    const int64_t at = (int64_t)(j0 - b0 * BLOCK) * wide;
    const product s = {w->s, w->k + at, p->qt, width, wide, 1, width, d, false};
    const product dp = {w->dp, w->v + at, p->dot, width, wide, 1, width, d, false};
    multiply(&s, n, width);
    multiply(&dp, n, width);
    const bool bf16 = a->type == WU_BF16;
    if (wu_attn_whole(v, p->l.n, j0, j0 + n))
        harden(w, p, v, a->scale, j0, n, true, bf16);
    else
        harden(w, p, v, a->scale, j0, n, false, bf16);
    const product dv = {w->dv + at, w->s, p->d_o, wide, width, 1, wide, width, true};
    const product dk = {w->dk + at, w->dp, p->q, wide, width, 1, wide, width, true};
    const product dq = {p->dqt, w->k + at, w->dp, width, 1, wide, width, n, true};
    multiply(&dv, n, wide);
    multiply(&dk, n, wide);
    multiply(&dq, d, width);
}

static void back_head(const wu_attn_job *job, int32_t head, int32_t tile, wu_attn_strip b,
                      void *mem) {
    const wu_attn_tile *t = &job->tile[tile];
    const wu_attn_run *run = &job->a->run[t->run];
    const packed p = find_packed(job, head, tile);
    for (int32_t block = b.b0; block < b.b1; block++) {
        for (int32_t s = run->span; s < run->span + run->n_span; s++) {
            const wu_attn_sight v = wu_attn_see(job->a, t, s);
            const int32_t j0 = WU_MAX(v.first, block * BLOCK);
            const int32_t j1 = WU_MIN(v.end, (block + 1) * BLOCK);
            if (j0 < j1) back_keys(job, &p, &v, mem, b.b0, j0, j1 - j0);
        }
    }
}

static void back(const wu_attn_job *job, int32_t kv, int32_t tile, wu_attn_strip b, void *mem) {
    for (int32_t h = kv * job->group; h < (kv + 1) * job->group; h++)
        back_head(job, h, tile, b, mem);
}

static void close_strip(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem) {
    const wu_attention *a = job->a;
    const backward_mem *w = mem;
    const int32_t d = a->d_head, wide = round_up(d, VEC_W), j0 = b.b0 * BLOCK;
    const int32_t n = WU_MIN(b.b1 * BLOCK, job->n_key) - j0;
    for (int32_t j = 0; j < n; j++) {
        const int64_t at = (int64_t)(j0 + j) * a->lddk + (int64_t)kv * d;
        memcpy(a->dv + at, w->dv + j * wide, (size_t)d * sizeof(float));
        for (int32_t i = 0; i < d; i++) a->dk[at + i] = a->scale * w->dk[j * wide + i];
    }
}

static void finish(const wu_attn_job *job, int32_t head, int32_t tile, void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const packed p = find_packed(job, head, tile);
    for (int32_t lane = 0; lane < p.l.used; lane++) {
        float *dq = a->dq + lane_at(&p.l, lane, a->lddq, a->d_head);
        for (int32_t i = 0; i < a->d_head; i++) dq[i] = a->scale * p.dqt[i * p.l.width + lane];
    }
}

#define ATTN_OPS(level)                                                                            \
    {                                                                                              \
        .name = (level), .key_bytes = no_key_bytes, .query_bytes = query_bytes,                    \
        .forward = forward, .few = few, .begin = begin, .open = open_strip, .back = back,          \
        .close = close_strip, .finish = finish                                                     \
    }

#endif
