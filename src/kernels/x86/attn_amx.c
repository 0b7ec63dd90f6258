/* attn_amx.c - keys and forward attention on bf16 tiles (attn_amx_impl.h). */
#include "kernels/x86/attn_amx_impl.h"

#include <float.h>
#include <math.h>

/* ---- keys ---- */

static size_t key_bytes(const wu_attention *a, bool backward) {
    return (size_t)(BLOCK * wide(a) * 2) * (backward ? 3 : 2);
}

static void find_keys(rows *r, const wu_attn_job *job, const void *x, int64_t ld, int32_t kv,
                      int32_t block) {
    const int32_t j0 = block * BLOCK;
    r->d = job->a->d_head;
    for (int32_t j = 0; j < BLOCK; j++) {
        const bool seen = j0 + j < job->n_key && job->seen[j0 + j];
        r->at[j] = seen ? (const uint16_t *)x + (j0 + j) * ld + (int64_t)kv * r->d : NULL;
    }
}

static void pack_keys(const wu_attn_job *job, int32_t kv, int32_t block, void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const int32_t w = wide(a);
    uint8_t *out = wu_attn_keys(job, kv, block);
    rows k, v;
    find_keys(&k, job, a->k, a->ldk, kv, block);
    find_keys(&v, job, a->v, a->ldv, kv, block);
    pack_rows(out, &k, BLOCK / 16, w);
    out += BLOCK * w * 2;
    if (job->backward) {
        pack_rows(out, &v, BLOCK / 16, w);
        pack_turned(out + BLOCK * w * 2, &k, w);
    } else {
        pack_turned(out, &v, w);
    }
}

/* ---- forward ---- */

typedef struct forward_mem {
    WU_ALIGNED uint8_t q[MAX_D / 32 * 4 * KB];
    WU_ALIGNED float o[MAX_D * LANES];   /* tiles [d/16][4] */
    WU_ALIGNED float s[2][BLOCK * 32];   /* tiles [4][2], in turn */
    WU_ALIGNED uint8_t p[2][2 * 2 * KB]; /* [2 groups of keys][2 lane tiles], in turn */
    WU_ALIGNED float base[LANES];        /* what is subtracted from the scores */
    WU_ALIGNED float sum[LANES];
    lanes l;
    queue work;
} forward_mem;

_Static_assert(sizeof(forward_mem) <= WU_ATTN_MEM, "fits into a unit's memory");

/* Walks over pairs of lane tiles, spans and blocks. */
typedef struct cursor {
    const wu_attn_job *job;
    const wu_attn_tile *t;
    const lanes *l;
    int32_t kv, pair, span, block; /* block -1: the first one of the span */
    wu_attn_sight v;
    piece p;
} cursor;

static bool find(cursor *c) {
    const wu_attn_run *run = &c->job->a->run[c->t->run];
    for (; c->pair < c->l->n_pair; c->pair++, c->span = run->span) {
        for (; c->span < run->span + run->n_span; c->span++, c->block = -1) {
            if (c->block < 0) {
                c->v = wu_attn_see(c->job->a, c->t, c->span);
                c->block = c->v.first / BLOCK;
            }
            for (; c->block * BLOCK < c->v.end; c->block++)
                if (look(&c->p, &c->v, c->l, c->block, c->pair)) return true;
        }
    }
    return false;
}

static void scores(forward_mem *w, const cursor *c, float *s) {
    const int32_t n = wide(c->job->a) / 32;
    const uint8_t *k = wu_attn_keys(c->job, c->kv, c->block);
    for (int32_t g = c->p.g0; g < c->p.g1; g++)
        work_later(&w->work, tiles_at(s, 4 * g, 2, 1), tiles_at(k, 2 * g * n, n, 1),
                   tiles_at(w->q, 2 * c->pair, 1, 4), n, false);
}

/* o += P v */
static void values(forward_mem *w, const cursor *c, const uint8_t *p) {
    const int32_t d = wide(c->job->a), g = c->p.g0;
    const uint8_t *v = wu_attn_keys(c->job, c->kv, c->block) + BLOCK * d * 2;
    for (int32_t i = 0; i < d / 16; i += 2)
        work_later(&w->work, tiles_at(w->o, 4 * i + 2 * c->pair, 4, 1),
                   tiles_at(v, 2 * i + g, 2, 1), tiles_at(p, 2 * g, 1, 2), c->p.g1 - g, true);
}

/* Masks of a lane tile, one for each key of groups [g0, g1). */
WU_INLINE void find_masks(__mmask16 *mask, const cursor *c, int32_t lane) {
    const __m512i query = _mm512_load_si512(c->l->query + lane);
    for (int32_t j = 32 * c->p.g0; j < 32 * c->p.g1; j++)
        mask[j] = seeing(&c->v, query, c->p.j0 + j);
}

WU_INLINE __m512 highest(const float *s, const piece *p, int32_t x, const __mmask16 *mask,
                         __m512 before) {
    __m512 max[4] = {before, before, before, before};
    for (int32_t t = 2 * p->g0; t < 2 * p->g1; t++) {
        for (int32_t r = 0; r < 16; r++) {
            const __m512 v = score(s, t, r, x);
            const __mmask16 m = mask ? mask[16 * t + r] : 0xffff;
            max[r % 4] = _mm512_mask_max_ps(max[r % 4], m, max[r % 4], v);
        }
    }
    return _mm512_max_ps(_mm512_max_ps(max[0], max[1]), _mm512_max_ps(max[2], max[3]));
}

/* The base of lanes whose scores exceed it becomes their maximum; o and sum must follow. */
static void raise_base(forward_mem *w, const cursor *c, const float *s, int32_t x,
                       const __mmask16 *mask) {
    const int32_t lane = 32 * c->pair + 16 * x, d = wide(c->job->a);
    const __m512 base = _mm512_load_ps(w->base + lane);
    const __m512 next = highest(s, &c->p, x, mask, base);
    const __m512 fade = vf_exp2((base - next) * _mm512_set1_ps(c->job->a->scale * log2_e));
    work_all(&w->work); /* o is whole */
    for (int32_t t = 0; t < d / 16; t++) {
        float *o = w->o + (4 * t + lane / 16) * 256;
        for (int32_t i = 0; i < 16; i++)
            _mm512_store_ps(o + 16 * i, _mm512_load_ps(o + 16 * i) * fade);
    }
    _mm512_store_ps(w->sum + lane, _mm512_load_ps(w->sum + lane) * fade);
    _mm512_store_ps(w->base + lane, next);
}

/* Scores of a lane tile become P = 2^(scale s - base). True if all P are below 2^16: then sum is
 * brought up to date. */
WU_INLINE bool try_base(forward_mem *w, const cursor *c, const float *s, int32_t x, uint8_t *out,
                        const __mmask16 *mask) {
    const int32_t lane = 32 * c->pair + 16 * x;
    const __m512 scale = _mm512_set1_ps(c->job->a->scale * log2_e);
    const __m512 shift = _mm512_load_ps(w->base + lane) * scale;
    __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()}, top[2] = {sum[0], sum[0]};
    for (int32_t t = 2 * c->p.g0; t < 2 * c->p.g1; t++) {
        uint8_t *p = out + (t / 2 * 2 + x) * KB + t % 2 * 512;
        _Pragma("GCC unroll 1") for (int32_t r = 0; r < 16; r += 4) {
            __m512 pr[4];
            work_some(&w->work);
            for (int32_t i = 0; i < 4; i++) {
                const __m512 v = _mm512_fmsub_ps(score(s, t, r + i, x), scale, shift);
                const __mmask16 m = mask ? mask[16 * t + r + i] : 0xffff;
                top[i % 2] = _mm512_mask_max_ps(top[i % 2], m, top[i % 2], v);
                pr[i] = mask ? _mm512_maskz_mov_ps(m, power2(v)) : power2(v);
                sum[i % 2] += pr[i];
            }
            _mm512_store_si512(p + 32 * r, pairs(pr[0], pr[1]));
            _mm512_store_si512(p + 32 * r + 64, pairs(pr[2], pr[3]));
        }
    }
    const __m512 limit = _mm512_set1_ps(16.0f);
    if (_mm512_cmp_ps_mask(_mm512_max_ps(top[0], top[1]), limit, _CMP_GT_OQ)) return false;
    _mm512_store_ps(w->sum + lane, _mm512_load_ps(w->sum + lane) + (sum[0] + sum[1]));
    return true;
}

/* The base is the maximum of the first piece, and seldom has to be raised later. */
WU_INLINE void soften(forward_mem *w, const cursor *c, const float *s, int32_t x, uint8_t *out,
                      const __mmask16 *mask) {
    if (try_base(w, c, s, x, out, mask)) return;
    raise_base(w, c, s, x, mask);
    (void)try_base(w, c, s, x, out, mask);
}

static void forward_piece(forward_mem *w, const cursor *c, const float *s, uint8_t *p) {
    const int32_t n = WU_MIN(2, (c->l->used - 32 * c->pair + 15) / 16);
    for (int32_t x = 0; x < n; x++) {
        work_spread(&w->work, (n - x) * 8 * (c->p.g1 - c->p.g0));
        if (c->p.whole) {
            soften(w, c, s, x, p, NULL);
        } else {
            __mmask16 mask[BLOCK];
            find_masks(mask, c, 32 * c->pair + 16 * x);
            soften(w, c, s, x, p, mask);
        }
    }
}

/* 16 lanes of o: scale, turn, round, store. */
static void store_lanes(const forward_mem *w, const wu_attention *a, int32_t lane) {
    const int32_t d = a->d_head, n = WU_MIN(w->l.used - lane, 16);
    const __m512 inverse = _mm512_set1_ps(1.0f) / _mm512_load_ps(w->sum + lane);
    for (int32_t c = 0; c < d; c += 16) {
        const float *o = w->o + c / 16 * (4 * 256) + lane / 16 * 256;
        __m512i x[16];
        for (int32_t i = 0; i < 16; i++)
            x[i] = _mm512_castps_si512(_mm512_load_ps(o + 16 * i) * inverse);
        transpose_16x16(x);
        for (int32_t i = 0; i < n; i++) {
            uint16_t *y = (uint16_t *)a->o + lane_at(&w->l, lane + i, a->ldo, d) + c;
            _mm256_mask_storeu_epi16(y, lanes512(d - c), vf_narrow(_mm512_castsi512_ps(x[i])));
        }
    }
    for (int32_t i = lane; a->lse && i < lane + n; i++)
        a->lse[(w->l.row + i % w->l.n) * a->n_head + w->l.head + i / w->l.n] =
            w->base[i] * a->scale + logf(w->sum[i]);
}

static void forward_lanes(const wu_attn_job *job, const wu_attn_tile *t, int32_t head,
                          int32_t n_head, forward_mem *w) {
    const wu_attention *a = job->a;
    const int32_t d = wide(a);
    rows r;
    set_lanes(&w->l, t, head, n_head);
    find_lanes(&r, &w->l, a->q, a->ldq, a->d_head);
    pack_lanes(w->q, &r, 2 * w->l.n_pair, d);
    memset(w->o, 0, (size_t)(d * LANES) * sizeof(float));
    for (int32_t i = 0; i < LANES; i++) {
        w->base[i] = i < w->l.used ? -FLT_MAX : 0.0f;
        w->sum[i] = 0.0f;
    }
    memset(w->p, 0, sizeof(w->p));
    work_none(&w->work);
    cursor c = {.job = job,
                .t = t,
                .l = &w->l,
                .kv = head / job->group,
                .span = a->run[t->run].span,
                .block = -1};
    cursor before = c;
    bool more = find(&c), behind = false;
    if (more) scores(w, &c, w->s[0]);
    work_all(&w->work);
    for (int32_t i = 0; more; i ^= 1, behind = true) {
        const cursor now = c;
        c.block++;
        more = find(&c);
        if (more) scores(w, &c, w->s[i ^ 1]);
        if (behind) values(w, &before, w->p[i ^ 1]);
        forward_piece(w, &now, w->s[i], w->p[i]);
        if (behind)
            work_through(&w->work); /* what is still in the tiles is part of o */
        else
            work_all(&w->work);
        before = now;
        if (more) continue;
        values(w, &now, w->p[i]);
        work_all(&w->work);
    }
    for (int32_t lane = 0; lane < w->l.used; lane += 16) store_lanes(w, a, lane);
}

static void forward(const wu_attn_job *job, int32_t kv, int32_t tile, void *mem) {
    const wu_attn_tile *t = &job->tile[tile];
    const int32_t together = WU_MAX(1, LANES / t->n), end = (kv + 1) * job->group;
    wu_amx_configure();
    for (int32_t h = kv * job->group; h < end; h += together)
        forward_lanes(job, t, h, WU_MIN(together, end - h), mem);
}

const wu_attn_ops wu_attn_amx = {.name = "amx",
                                 .key_bytes = key_bytes,
                                 .query_bytes = wu_amx_query_bytes,
                                 .pack_keys = pack_keys,
                                 .forward = forward,
                                 .few = wu_attn_few_avx512,
                                 .begin = wu_amx_begin,
                                 .open = wu_amx_open,
                                 .back = wu_amx_back,
                                 .close = wu_amx_close,
                                 .finish = wu_amx_finish};
