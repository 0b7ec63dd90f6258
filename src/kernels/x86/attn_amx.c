/* attn_amx.c - attention on bf16 tiles (attn_impl.h).
 *
 * Scores are transposed, S^T [keys][lanes], as in attn_vec.h.  So keys are the
 * row operand as they lie in memory, everything about a query is a vector
 * over lanes, and P^T is in the right order for both of its products: rows of
 * 32 queries for dv and dk, pairs of keys for o and dq.
 *
 * A tile is 1 KB.  Row operands are [16 rows][32 numbers], column operands
 * [16 pairs][16 columns][2], sums [16][16] f32.  Packed arrays of tiles:
 *
 *   block of keys    k [4 key tiles][d/32], and
 *                    forward v^T [d/16][2], backward v as k, k^T [d/16][2]
 *   tile of queries  q^T [d/32][4 lane tiles]; backward also do^T, then q and
 *                    do [2][d/16], dq^T [d/16][4] f32, lse log2(e), D
 *
 * with d rounded up to 32.  The scores of the next piece are multiplied while
 * the vector units work on those of this one. */
#include "kernels/attn_impl.h"
#include "kernels/x86/amx.h"
#include "kernels/x86/vec.h"
#include "kernels/x86/vec512.h"

#include <float.h>
#include <math.h>

enum {
    KB = 1024, /* a tile */
    LANES = WU_ATTN_TILE,
    BLOCK = WU_ATTN_BLOCK,
    STRIP = WU_ATTN_BLOCK * WU_ATTN_SPREAD,
    MAX_D = WU_ATTN_MAX_HEAD
};

static const float log2_e = 1.44269504f;

/* Tile loads do not tell gcc 12 that they read memory. */
#define BARRIER() __asm__ volatile("" ::: "memory")

WU_INLINE int32_t wide(const wu_attention *a) { return (a->d_head + 31) / 32 * 32; }

/* ---- 2 x 2 tiles of a product ---- */

/* Tiles in memory: bytes from a tile to the next one along each direction. */
typedef struct tiles {
    uint8_t *at;
    int64_t next; /* row of a row operand or of sums, column of a column operand */
    int64_t step; /* step of the inner dimension; of sums: column */
} tiles;

WU_INLINE void square(tiles c, tiles a, tiles b, int32_t n_step, bool add) {
    BARRIER();
    if (add) {
        _tile_loadd(0, c.at, 64);
        _tile_loadd(1, c.at + c.step, 64);
        _tile_loadd(2, c.at + c.next, 64);
        _tile_loadd(3, c.at + c.next + c.step, 64);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int32_t s = 0; s < n_step; s++, a.at += a.step, b.at += b.step) {
        _tile_loadd(4, a.at, 64);
        _tile_loadd(6, b.at, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, b.at + b.next, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, a.at + a.next, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c.at, 64);
    _tile_stored(1, c.at + c.step, 64);
    _tile_stored(2, c.at + c.next, 64);
    _tile_stored(3, c.at + c.next + c.step, 64);
    BARRIER();
}

WU_INLINE tiles tiles_at(const void *p, int64_t at, int64_t next, int64_t step) {
    return (tiles){(uint8_t *)(uintptr_t)p + at * KB, next * KB, step * KB};
}

/* ---- packing ---- */

/* Rows of bf16 numbers, NULL for a row of zeros. */
typedef struct rows {
    const uint16_t *at[64];
    int32_t d;
} rows;

WU_INLINE __m512i load32(const rows *r, int32_t i, int32_t c) {
    const int32_t n = r->d - c;
    if (!r->at[i] || n <= 0) return _mm512_setzero_si512();
    if (n >= 32) return _mm512_loadu_si512(r->at[i] + c);
    return _mm512_maskz_loadu_epi16((__mmask32)((1u << n) - 1u), r->at[i] + c);
}

WU_INLINE __m512i load16(const rows *r, int32_t i, int32_t c) {
    if (!r->at[i]) return _mm512_setzero_si512();
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes512(r->d - c), r->at[i] + c));
}

/* Rows i and i + 1 of 16 columns as pairs. */
WU_INLINE __m512i load_pair(const rows *r, int32_t i, int32_t c) {
    return _mm512_or_si512(load16(r, i, c), _mm512_slli_epi32(load16(r, i + 1, c), 16));
}

WU_INLINE void store_tile(uint8_t *tile, const __m512i r[16]) {
    for (int32_t i = 0; i < 16; i++) _mm512_store_si512(tile + 64 * i, r[i]);
}

/* [n_tile][w/32]: row operand, rows of the operand are rows. */
static void pack_rows(uint8_t *out, const rows *r, int32_t n_tile, int32_t w) {
    for (int32_t t = 0; t < n_tile; t++)
        for (int32_t c = 0; c < w; c += 32, out += KB)
            for (int32_t i = 0; i < 16; i++)
                _mm512_store_si512(out + 64 * i, load32(r, 16 * t + i, c));
}

/* [w/16][2]: row operand, rows of the operand are columns. */
static void pack_turned(uint8_t *out, const rows *r, int32_t w) {
    for (int32_t c = 0; c < w; c += 16) {
        for (int32_t g = 0; g < 2; g++, out += KB) {
            __m512i x[16];
            for (int32_t i = 0; i < 16; i++) x[i] = load_pair(r, 32 * g + 2 * i, c);
            transpose_16x16(x);
            store_tile(out, x);
        }
    }
}

/* [w/32][4]: column operand, columns of the operand are rows, inner numbers are columns. */
static void pack_lanes(uint8_t *out, const rows *r, int32_t n_tile, int32_t w) {
    for (int32_t c = 0; c < w; c += 32) {
        for (int32_t t = 0; t < n_tile; t++) {
            __m512i x[16];
            for (int32_t i = 0; i < 16; i++) x[i] = load32(r, 16 * t + i, c);
            transpose_16x16(x);
            store_tile(out + (c / 32 * 4 + t) * KB, x);
        }
    }
}

/* [2][w/16]: column operand, columns of the operand are columns, inner numbers are rows. */
static void pack_pairs(uint8_t *out, const rows *r, int32_t n_pair, int32_t w) {
    for (int32_t p = 0; p < n_pair; p++)
        for (int32_t c = 0; c < w; c += 16, out += KB)
            for (int32_t i = 0; i < 16; i++)
                _mm512_store_si512(out + 64 * i, load_pair(r, 32 * p + 2 * i, c));
}

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

/* ---- lanes ---- */

/* Rows row .. row + n of n_head heads from head on; lane h * n + i is query i of head h. */
typedef struct lanes {
    WU_ALIGNED int32_t query[LANES];
    int32_t head, n_head, n;
    int64_t row;
    int32_t used, n_pair; /* lanes, and pairs of lane tiles */
} lanes;

static void set_lanes(lanes *l, const wu_attn_tile *t, int32_t head, int32_t n_head) {
    l->head = head;
    l->n_head = n_head;
    l->n = t->n;
    l->row = t->row;
    l->used = t->n * n_head;
    l->n_pair = (l->used + 31) / 32;
    for (int32_t i = 0; i < 32 * l->n_pair; i++) l->query[i] = i < l->used ? i % t->n : INT32_MAX;
}

WU_INLINE int64_t lane_at(const lanes *l, int32_t lane, int64_t ld, int32_t d) {
    const int32_t h = lane / l->n;
    return (l->row + lane - h * l->n) * ld + (int64_t)(l->head + h) * d;
}

static void find_lanes(rows *r, const lanes *l, const void *x, int64_t ld, int32_t d) {
    r->d = d;
    for (int32_t i = 0; i < 32 * l->n_pair; i++)
        r->at[i] = i < l->used ? (const uint16_t *)x + lane_at(l, i, ld, d) : NULL;
}

/* What 32 lanes see of a block. */
typedef struct piece {
    int32_t j0;     /* first row of the block */
    int32_t g0, g1; /* groups of 32 keys with something in them */
    bool whole;     /* every lane sees all of these */
} piece;

static bool look(piece *p, const wu_attn_sight *v, const lanes *l, int32_t block, int32_t pair) {
    const bool alone = l->n_head == 1;
    const int32_t low = alone ? 32 * pair : 0;
    const int32_t high = alone ? WU_MIN(low + 32, l->n) - 1 : l->n - 1;
    p->j0 = block * BLOCK;
    const int32_t first = WU_MAX(WU_MAX(v->first, v->lo + low), p->j0);
    const int32_t end = WU_MIN(WU_MIN(v->end, v->hi + high), p->j0 + BLOCK);
    if (first >= end) return false;
    p->g0 = (first - p->j0) / 32;
    p->g1 = (end - p->j0 + 31) / 32;
    p->whole = p->j0 + 32 * p->g0 >= WU_MAX(v->first, v->lo + high) &&
               p->j0 + 32 * p->g1 <= WU_MIN(v->end, v->hi + low);
    return true;
}

/* Lanes that see key j. */
WU_INLINE __mmask16 seeing(const wu_attn_sight *v, __m512i query, int32_t j) {
    if (j < v->first || j >= v->end) return 0;
    return vm_between(query, j - v->hi + 1, j - v->lo);
}

/* 2^x within 1e-4, which the rounding of P hides; x at most some 100. */
WU_INLINE __m512 power2(__m512 x) {
    const __m512 r = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    __m512 p = _mm512_set1_ps(7.802452004e-2f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.260671591e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.958335392e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.999252186e-1f));
    return _mm512_scalef_ps(p, x); /* by the floor of x */
}

/* Two rows of 16 numbers as 16 pairs of bf16. */
WU_INLINE __m512i pairs(__m512 even, __m512 odd) {
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

/* ---- forward ---- */

/* P of a piece, until its product with v. That comes after the scores of the next piece have been
 * worked on: a tile load right behind the stores of P would wait for them. */
typedef struct pending {
    WU_ALIGNED uint8_t p[2 * 2 * KB]; /* [2 groups of keys][2 lane tiles] */
    __m512 fade[2];                   /* of o before */
    bool moved[2];                    /* is there any */
    int32_t pair, block, p0, n_group;
} pending;

typedef struct forward_mem {
    WU_ALIGNED uint8_t q[MAX_D / 32 * 4 * KB];
    WU_ALIGNED float o[MAX_D * LANES]; /* tiles [d/16][4] */
    WU_ALIGNED float s[2][BLOCK * 32]; /* tiles [4][2], in turn */
    pending next[2];
    WU_ALIGNED float max[LANES];
    WU_ALIGNED float sum[LANES];
    lanes l;
} forward_mem;

/* Walks over spans, blocks and pairs of lane tiles. */
typedef struct cursor {
    const wu_attn_job *job;
    const wu_attn_tile *t;
    const lanes *l;
    int32_t span, span_end, block, pair;
    wu_attn_sight v;
    piece p;
} cursor;

static bool find(cursor *c) {
    for (; c->span < c->span_end; c->span++, c->block = -1) {
        if (c->block < 0) {
            c->v = wu_attn_see(c->job->a, c->t, c->span);
            c->block = c->v.first / BLOCK;
            c->pair = 0;
        }
        for (; c->block * BLOCK < c->v.end; c->block++, c->pair = 0)
            for (; c->pair < c->l->n_pair; c->pair++)
                if (look(&c->p, &c->v, c->l, c->block, c->pair)) return true;
    }
    return false;
}

static void scores(forward_mem *w, const cursor *c, int32_t kv, float *s) {
    const int32_t n = wide(c->job->a) / 32;
    const uint8_t *k = wu_attn_keys(c->job, kv, c->block);
    for (int32_t g = c->p.g0; g < c->p.g1; g++)
        square(tiles_at(s, 4 * g, 2, 1), tiles_at(k, 2 * g * n, n, 1),
               tiles_at(w->q, 2 * c->pair, 1, 4), n, false);
}

/* Masks of a lane tile, one for each key of groups [g0, g1). */
WU_INLINE void find_masks(__mmask16 *mask, const cursor *c, int32_t lane) {
    const __m512i query = _mm512_load_si512(c->l->query + lane);
    for (int32_t j = 32 * c->p.g0; j < 32 * c->p.g1; j++)
        mask[j] = seeing(&c->v, query, c->p.j0 + j);
}

/* Row r of key tile t of lane tile x. */
WU_INLINE __m512 score(const float *s, int32_t t, int32_t r, int32_t x) {
    return _mm512_load_ps(s + 512 * t + 256 * x + 16 * r);
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

/* Scores of a lane tile become P; maximum and sum follow. */
WU_INLINE void soften(forward_mem *w, const cursor *c, const float *s, int32_t x, pending *out,
                      bool whole) {
    const int32_t lane = 32 * c->pair + 16 * x;
    const __m512 scale = _mm512_set1_ps(c->job->a->scale * log2_e);
    const __m512 before = _mm512_load_ps(w->max + lane);
    __mmask16 mask[BLOCK];
    if (!whole) find_masks(mask, c, lane);
    const __m512 max = highest(s, &c->p, x, whole ? NULL : mask, before), shift = max * scale;
    __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    for (int32_t t = 2 * c->p.g0; t < 2 * c->p.g1; t++) {
        uint8_t *p = out->p + (t / 2 * 2 + x) * KB + t % 2 * 512;
        for (int32_t r = 0; r < 16; r += 2) {
            __m512 e = power2(_mm512_fmsub_ps(score(s, t, r, x), scale, shift));
            __m512 f = power2(_mm512_fmsub_ps(score(s, t, r + 1, x), scale, shift));
            if (!whole) {
                e = _mm512_maskz_mov_ps(mask[16 * t + r], e);
                f = _mm512_maskz_mov_ps(mask[16 * t + r + 1], f);
            }
            sum[0] += e;
            sum[1] += f;
            _mm512_store_si512(p + 32 * r, pairs(e, f));
        }
    }
    out->moved[x] = _mm512_cmp_ps_mask(before, max, _CMP_NEQ_UQ) != 0;
    out->fade[x] = out->moved[x] ? vf_exp2((before - max) * scale) : _mm512_set1_ps(1.0f);
    _mm512_store_ps(w->max + lane, max);
    _mm512_store_ps(w->sum + lane,
                    _mm512_fmadd_ps(_mm512_load_ps(w->sum + lane), out->fade[x], sum[0] + sum[1]));
}

static void fade_out(forward_mem *w, int32_t lane, __m512 fade, int32_t d) {
    for (int32_t t = 0; t < d / 16; t++) {
        float *o = w->o + (4 * t + lane / 16) * 256;
        for (int32_t i = 0; i < 16; i++)
            _mm512_store_ps(o + 16 * i, _mm512_load_ps(o + 16 * i) * fade);
    }
}

/* o = fade o + P v */
static void values(forward_mem *w, const pending *x, const wu_attn_job *job, int32_t kv) {
    const int32_t d = wide(job->a), g = x->p0;
    for (int32_t i = 0; i < 2; i++)
        if (x->moved[i]) fade_out(w, 32 * x->pair + 16 * i, x->fade[i], d);
    const uint8_t *v = wu_attn_keys(job, kv, x->block) + BLOCK * d * 2;
    for (int32_t i = 0; i < d / 16; i += 2)
        square(tiles_at(w->o, 4 * i + 2 * x->pair, 4, 1), tiles_at(v, 2 * i + g, 2, 1),
               tiles_at(x->p, 2 * g, 1, 2), x->n_group, true);
}

static void forward_piece(forward_mem *w, const cursor *c, const float *s, pending *out) {
    out->pair = c->pair;
    out->block = c->block;
    out->p0 = c->p.g0;
    out->n_group = c->p.g1 - c->p.g0;
    for (int32_t x = 0; x < 2; x++) {
        if (c->p.whole)
            soften(w, c, s, x, out, true);
        else
            soften(w, c, s, x, out, false);
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
            w->max[i] * a->scale + logf(w->sum[i]);
}

static void forward_lanes(const wu_attn_job *job, const wu_attn_tile *t, int32_t head,
                          int32_t n_head, forward_mem *w) {
    const wu_attention *a = job->a;
    const int32_t d = wide(a), kv = head / job->group;
    rows r;
    set_lanes(&w->l, t, head, n_head);
    find_lanes(&r, &w->l, a->q, a->ldq, a->d_head);
    pack_lanes(w->q, &r, 2 * w->l.n_pair, d);
    memset(w->o, 0, (size_t)(d * LANES) * sizeof(float));
    for (int32_t i = 0; i < LANES; i++) {
        w->max[i] = -FLT_MAX;
        w->sum[i] = 0.0f;
    }
    const wu_attn_run *run = &a->run[t->run];
    cursor c = {.job = job,
                .t = t,
                .l = &w->l,
                .span = run->span,
                .span_end = run->span + run->n_span,
                .block = -1};
    bool more = find(&c), behind = false;
    if (more) scores(w, &c, kv, w->s[0]);
    for (int32_t i = 0; more; i ^= 1, behind = true) {
        const cursor now = c;
        c.pair++;
        more = find(&c);
        if (more) scores(w, &c, kv, w->s[i ^ 1]);
        forward_piece(w, &now, w->s[i], &w->next[i]);
        if (behind) values(w, &w->next[i ^ 1], job, kv);
        if (!more) values(w, &w->next[i], job, kv);
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

/* ---- backward ---- */

static size_t query_bytes(const wu_attention *a) {
    return (size_t)(LANES * wide(a)) * (4 * 2 + 4) + 2 * LANES * sizeof(float);
}

typedef struct packed {
    uint8_t *qt, *dot, *q, *d_o;
    float *dqt, *lse, *dsum;
} packed;

static packed find_packed(const wu_attn_job *job, int32_t head, int32_t tile) {
    const int32_t bytes = LANES * wide(job->a) * 2;
    packed p;
    p.qt = wu_attn_queries(job, head, tile);
    p.dot = p.qt + bytes;
    p.q = p.dot + bytes;
    p.d_o = p.q + bytes;
    p.dqt = (float *)(void *)(p.d_o + bytes);
    p.lse = p.dqt + LANES * wide(job->a);
    p.dsum = p.lse + LANES;
    return p;
}

static float dot_rows(const uint16_t *x, const uint16_t *y, int32_t d) {
    __m512 sum = _mm512_setzero_ps();
    for (int32_t i = 0; i < d; i += 16) {
        const __m256i a = _mm256_maskz_loadu_epi16(lanes512(d - i), x + i);
        const __m256i b = _mm256_maskz_loadu_epi16(lanes512(d - i), y + i);
        sum = _mm512_fmadd_ps(bf16_to_f32x16(a), bf16_to_f32x16(b), sum);
    }
    return _mm512_reduce_add_ps(sum);
}

static void begin(const wu_attn_job *job, int32_t head, int32_t tile, void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const int32_t d = wide(a);
    const packed p = find_packed(job, head, tile);
    lanes l;
    rows q, d_o, o;
    set_lanes(&l, &job->tile[tile], head, 1);
    find_lanes(&q, &l, a->q, a->ldq, a->d_head);
    find_lanes(&d_o, &l, a->d_o, a->ldo, a->d_head);
    find_lanes(&o, &l, a->o, a->ldo, a->d_head);
    pack_lanes(p.qt, &q, 2 * l.n_pair, d);
    pack_lanes(p.dot, &d_o, 2 * l.n_pair, d);
    pack_pairs(p.q, &q, l.n_pair, d);
    pack_pairs(p.d_o, &d_o, l.n_pair, d);
    memset(p.dqt, 0, (size_t)(LANES * d) * sizeof(float));
    for (int32_t i = 0; i < 32 * l.n_pair; i++) {
        const bool used = i < l.used;
        p.lse[i] = used ? a->lse[(l.row + i) * a->n_head + head] * log2_e : 0.0f;
        p.dsum[i] = used ? dot_rows(o.at[i], d_o.at[i], a->d_head) : 0.0f;
    }
}

typedef struct backward_mem {
    WU_ALIGNED float dk[STRIP * MAX_D]; /* tiles [key tiles][d/16] */
    WU_ALIGNED float dv[STRIP * MAX_D];
    WU_ALIGNED float s[2][32 * 32], dp[2][32 * 32];   /* tiles [2][2], in turn */
    WU_ALIGNED uint8_t p[4 * 2 * KB], ds[4 * 2 * KB]; /* row operands [4 key tiles][2 pairs] */
    WU_ALIGNED uint8_t dst[2 * 4 * KB]; /* column operand [2 groups of keys][4 lane tiles] */
} backward_mem;

_Static_assert(sizeof(forward_mem) <= WU_ATTN_MEM && sizeof(backward_mem) <= WU_ATTN_MEM,
               "fits into a unit's memory");

static void open_strip(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem) {
    (void)kv;
    backward_mem *w = mem;
    const size_t bytes = (size_t)((b.b1 - b.b0) * BLOCK * wide(job->a)) * sizeof(float);
    wu_amx_configure();
    memset(w->dk, 0, bytes);
    memset(w->dv, 0, bytes);
}

/* 32 keys by 32 lanes. */
typedef struct patch {
    const packed *q;
    const wu_attn_sight *v;
    const lanes *l;
    const uint8_t *keys;
    float scale;
    int32_t j0, g, pair, n_step;
    int32_t key_tile; /* of the block, in dk and dv */
    bool whole;
} patch;

static void patch_scores(const patch *p, float *s, float *dp) {
    const int32_t n = p->n_step;
    square(tiles_at(s, 0, 2, 1), tiles_at(p->keys, 2 * p->g * n, n, 1),
           tiles_at(p->q->qt, 2 * p->pair, 1, 4), n, false);
    square(tiles_at(dp, 0, 2, 1), tiles_at(p->keys + BLOCK * n * 64, 2 * p->g * n, n, 1),
           tiles_at(p->q->dot, 2 * p->pair, 1, 4), n, false);
}

/* P and dS of two rows of key tile t; e and ds are [row][lane tile]. */
WU_INLINE void two_rows(const patch *p, const float *s, const float *dp, int32_t t, int32_t r,
                        __m512 e[2][2], __m512 ds[2][2], bool whole) {
    const __m512 scale = _mm512_set1_ps(p->scale * log2_e);
    for (int32_t i = 0; i < 2; i++) {
        for (int32_t x = 0; x < 2; x++) {
            const int32_t lane = 32 * p->pair + 16 * x;
            e[i][x] = power2(
                _mm512_fmsub_ps(score(s, t, r + i, x), scale, _mm512_load_ps(p->q->lse + lane)));
            if (!whole) {
                const __m512i query = _mm512_load_si512(p->l->query + lane);
                const int32_t j = p->j0 + 32 * p->g + 16 * t + r + i;
                e[i][x] = _mm512_maskz_mov_ps(seeing(p->v, query, j), e[i][x]);
            }
            ds[i][x] = e[i][x] * (score(dp, t, r + i, x) - _mm512_load_ps(p->q->dsum + lane));
        }
    }
}

/* P and dS of a patch go where the products expect them. */
WU_INLINE void patch_harden(backward_mem *w, const patch *p, const float *s, const float *dp,
                            bool whole) {
    for (int32_t t = 0; t < 2; t++) {
        const int32_t at = ((2 * p->g + t) * 2 + p->pair) * KB;
        uint8_t *dst = w->dst + (p->g * 4 + 2 * p->pair) * KB + 512 * t;
        for (int32_t r = 0; r < 16; r += 2) {
            __m512 e[2][2], ds[2][2];
            two_rows(p, s, dp, t, r, e, ds, whole);
            for (int32_t i = 0; i < 2; i++) {
                _mm512_store_si512(w->p + at + 64 * (r + i),
                                   (__m512i)_mm512_cvtne2ps_pbh(e[i][1], e[i][0]));
                _mm512_store_si512(w->ds + at + 64 * (r + i),
                                   (__m512i)_mm512_cvtne2ps_pbh(ds[i][1], ds[i][0]));
                _mm512_store_si512(dst + i * KB + 32 * r, pairs(ds[0][i], ds[1][i]));
            }
        }
    }
}

static void patch_clear(backward_mem *w, const patch *p) {
    for (int32_t i = 0; i < 2; i++) {
        const int32_t at = ((2 * p->g + i) * 2 + p->pair) * KB;
        memset(w->p + at, 0, KB);
        memset(w->ds + at, 0, KB);
        memset(w->dst + (p->g * 4 + 2 * p->pair + i) * KB, 0, KB);
    }
}

/* dv += P do, dk += dS q for the keys of group g */
static void add_keys(backward_mem *w, const patch *p, int32_t g) {
    const int32_t n = 2 * p->n_step, t = p->key_tile + 2 * g, n_pair = p->l->n_pair;
    for (int32_t i = 0; i < n; i += 2)
        square(tiles_at(w->dv, t * n + i, n, 1), tiles_at(w->p, 4 * g, 2, 1),
               tiles_at(p->q->d_o, i, 1, n), n_pair, true);
    for (int32_t i = 0; i < n; i += 2)
        square(tiles_at(w->dk, t * n + i, n, 1), tiles_at(w->ds, 4 * g, 2, 1),
               tiles_at(p->q->q, i, 1, n), n_pair, true);
}

/* dq^T += k^T dS for a pair of lane tiles */
static void add_queries(const backward_mem *w, const packed *q, const uint8_t *keys, int32_t pair,
                        int32_t d) {
    for (int32_t i = 0; i < d / 16; i += 2)
        square(tiles_at(q->dqt, 4 * i + 2 * pair, 4, 1),
               tiles_at(keys + 2 * BLOCK * d * 2, 2 * i, 2, 1), tiles_at(w->dst, 2 * pair, 1, 4), 2,
               true);
}

typedef struct patches {
    patch list[4];
    int32_t n, n_first; /* all, and those of the first group of keys */
} patches;

static patches find_patches(const patch *like, backward_mem *w, int32_t block) {
    patches f = {.n = 0};
    for (int32_t g = 0; g < BLOCK / 32; g++) {
        for (int32_t pair = 0; pair < like->l->n_pair; pair++) {
            piece see = {0};
            patch p = *like;
            p.g = g;
            p.pair = pair;
            const bool any = look(&see, like->v, like->l, block, pair);
            p.whole = see.whole;
            if (any && g >= see.g0 && g < see.g1)
                f.list[f.n++] = p;
            else
                patch_clear(w, &p);
        }
        if (g == 0) f.n_first = f.n;
    }
    return f;
}

/* Products come as late as possible after the stores that they wait for. */
static void back_patches(const patches *f, backward_mem *w) {
    const patch *like = &f->list[0];
    const int32_t n_pair = like->l->n_pair, d = 32 * like->n_step;
    patch_scores(like, w->s[0], w->dp[0]);
    for (int32_t i = 0; i < f->n; i++) {
        const patch *p = &f->list[i];
        const float *s = w->s[i % 2], *dp = w->dp[i % 2];
        if (i + 1 < f->n) patch_scores(p + 1, w->s[(i + 1) % 2], w->dp[(i + 1) % 2]);
        if (p->whole)
            patch_harden(w, p, s, dp, true);
        else
            patch_harden(w, p, s, dp, false);
        if (f->n_first > 0 && i == f->n_first) add_keys(w, like, 0);
    }
    if (n_pair > 1) add_queries(w, like->q, like->keys, 0, d);
    if (f->n_first > 0 && f->n == f->n_first) add_keys(w, like, 0);
    if (f->n > f->n_first) add_keys(w, like, 1);
    add_queries(w, like->q, like->keys, n_pair - 1, d);
}

static void back(const wu_attn_job *job, int32_t head, int32_t tile, wu_attn_strip b, void *mem) {
    const wu_attn_tile *t = &job->tile[tile];
    const wu_attn_run *run = &job->a->run[t->run];
    const packed q = find_packed(job, head, tile);
    lanes l;
    set_lanes(&l, t, head, 1);
    for (int32_t block = b.b0; block < b.b1; block++) {
        for (int32_t s = run->span; s < run->span + run->n_span; s++) {
            const wu_attn_sight v = wu_attn_see(job->a, t, s);
            const patch like = {.q = &q,
                                .v = &v,
                                .l = &l,
                                .keys = wu_attn_keys(job, head / job->group, block),
                                .scale = job->a->scale,
                                .j0 = block * BLOCK,
                                .n_step = wide(job->a) / 32,
                                .key_tile = (block - b.b0) * (BLOCK / 16)};
            if (WU_MAX(v.first, like.j0) >= WU_MIN(v.end, like.j0 + BLOCK)) continue;
            const patches f = find_patches(&like, mem, block);
            if (f.n > 0) back_patches(&f, mem);
        }
    }
}

static void close_strip(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem) {
    const wu_attention *a = job->a;
    const backward_mem *w = mem;
    const int32_t d = a->d_head, n = wide(a) / 16, j0 = b.b0 * BLOCK;
    const int32_t n_row = WU_MIN(b.b1 * BLOCK, job->n_key) - j0;
    const __m512 scale = _mm512_set1_ps(a->scale);
    for (int32_t j = 0; j < n_row; j++) {
        const int64_t to = (int64_t)(j0 + j) * a->lddk + (int64_t)kv * d;
        for (int32_t c = 0; c < d; c += 16) {
            const int32_t at = (j / 16 * n + c / 16) * 256 + j % 16 * 16;
            const __mmask16 m = lanes512(d - c);
            _mm512_mask_storeu_ps(a->dv + to + c, m, _mm512_load_ps(w->dv + at));
            _mm512_mask_storeu_ps(a->dk + to + c, m, _mm512_load_ps(w->dk + at) * scale);
        }
    }
}

static void finish(const wu_attn_job *job, int32_t head, int32_t tile, void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const packed p = find_packed(job, head, tile);
    const __m512 scale = _mm512_set1_ps(a->scale);
    lanes l;
    set_lanes(&l, &job->tile[tile], head, 1);
    for (int32_t lane = 0; lane < l.used; lane += 16) {
        for (int32_t c = 0; c < a->d_head; c += 16) {
            const float *dqt = p.dqt + (c / 16 * 4 + lane / 16) * 256;
            __m512i x[16];
            for (int32_t i = 0; i < 16; i++) x[i] = _mm512_load_si512(dqt + 16 * i);
            transpose_16x16(x);
            for (int32_t i = 0; i < 16 && lane + i < l.used; i++)
                _mm512_mask_storeu_ps(a->dq + lane_at(&l, lane + i, a->lddq, a->d_head) + c,
                                      lanes512(a->d_head - c), _mm512_castsi512_ps(x[i]) * scale);
        }
    }
}

const wu_attn_ops wu_attn_amx = {.name = "amx",
                                 .key_bytes = key_bytes,
                                 .query_bytes = query_bytes,
                                 .pack_keys = pack_keys,
                                 .forward = forward,
                                 .begin = begin,
                                 .open = open_strip,
                                 .back = back,
                                 .close = close_strip,
                                 .finish = finish};
