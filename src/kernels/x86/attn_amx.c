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

typedef struct forward_mem {
    WU_ALIGNED uint8_t q[MAX_D / 32 * 4 * KB];
    WU_ALIGNED float o[MAX_D * LANES]; /* tiles [d/16][4] */
    WU_ALIGNED float s[2][BLOCK * 32]; /* tiles [4][2], in turn */
    WU_ALIGNED uint8_t p[2 * 2 * KB];  /* [2 groups of keys][2 lane tiles] */
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

/* Scores of a lane tile become P; maximum and sum follow. True if o has to fade. */
WU_INLINE bool soften(forward_mem *w, const cursor *c, const float *s, int32_t x, __m512 *fade,
                      bool whole) {
    const int32_t lane = 32 * c->pair + 16 * x, n = 32 * c->p.g1;
    const __m512 scale = _mm512_set1_ps(c->job->a->scale * log2_e);
    const __m512 least = _mm512_set1_ps(-FLT_MAX), before = _mm512_load_ps(w->max + lane);
    const __m512i query = _mm512_load_si512(w->l.query + lane);
    __mmask16 mask[BLOCK];
    __m512 max = before, sum = _mm512_setzero_ps();
    s += 256 * x;
    for (int32_t j = 32 * c->p.g0; j < n; j++) {
        __m512 v = _mm512_load_ps(s + j / 16 * 512 + j % 16 * 16);
        if (!whole) {
            mask[j] = seeing(&c->v, query, c->p.j0 + j);
            v = _mm512_mask_blend_ps(mask[j], least, v);
        }
        max = _mm512_max_ps(max, v);
    }
    const __m512 shift = max * scale;
    for (int32_t j = 32 * c->p.g0; j < n; j += 2) {
        const float *at = s + j / 16 * 512 + j % 16 * 16;
        __m512 e = power2(_mm512_fmsub_ps(_mm512_load_ps(at), scale, shift));
        __m512 f = power2(_mm512_fmsub_ps(_mm512_load_ps(at + 16), scale, shift));
        if (!whole) {
            e = _mm512_maskz_mov_ps(mask[j], e);
            f = _mm512_maskz_mov_ps(mask[j + 1], f);
        }
        sum += e + f;
        _mm512_store_si512(w->p + (j / 32 * 2 + x) * KB + j % 32 / 2 * 64, pairs(e, f));
    }
    const bool moved = _mm512_cmp_ps_mask(before, max, _CMP_NEQ_UQ) != 0;
    *fade = moved ? vf_exp2((before - max) * scale) : _mm512_set1_ps(1.0f);
    _mm512_store_ps(w->max + lane, max);
    _mm512_store_ps(w->sum + lane, _mm512_fmadd_ps(_mm512_load_ps(w->sum + lane), *fade, sum));
    return moved;
}

static void fade_out(forward_mem *w, int32_t lane, __m512 fade, int32_t d) {
    for (int32_t i = 0; i < d; i++) {
        float *o = w->o + i / 16 * (4 * 256) + lane / 16 * 256 + i % 16 * 16;
        _mm512_store_ps(o, _mm512_load_ps(o) * fade);
    }
}

static void forward_piece(forward_mem *w, const cursor *c, int32_t kv, const float *s) {
    const int32_t d = wide(c->job->a), g = c->p.g0;
    for (int32_t x = 0; x < 2; x++) {
        __m512 fade;
        const bool moved =
            c->p.whole ? soften(w, c, s, x, &fade, true) : soften(w, c, s, x, &fade, false);
        if (moved) fade_out(w, 32 * c->pair + 16 * x, fade, d);
    }
    const uint8_t *v = wu_attn_keys(c->job, kv, c->block) + BLOCK * d * 2;
    for (int32_t i = 0; i < d / 16; i += 2)
        square(tiles_at(w->o, 4 * i + 2 * c->pair, 4, 1), tiles_at(v, 2 * i + g, 2, 1),
               tiles_at(w->p, 2 * g, 1, 2), c->p.g1 - g, true);
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
    bool more = find(&c);
    if (more) scores(w, &c, kv, w->s[0]);
    for (int32_t i = 0; more; i ^= 1) {
        const cursor now = c;
        c.pair++;
        more = find(&c);
        if (more) scores(w, &c, kv, w->s[i ^ 1]);
        forward_piece(w, &now, kv, w->s[i]);
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
    WU_ALIGNED float dk[BLOCK * MAX_D]; /* tiles [4][d/16] */
    WU_ALIGNED float dv[BLOCK * MAX_D];
    WU_ALIGNED float s[2][32 * 32], dp[2][32 * 32];   /* tiles [2][2], in turn */
    WU_ALIGNED uint8_t p[4 * 2 * KB], ds[4 * 2 * KB]; /* row operands [4 key tiles][2 pairs] */
    WU_ALIGNED uint8_t dst[2 * 4 * KB]; /* column operand [2 groups of keys][4 lane tiles] */
} backward_mem;

_Static_assert(sizeof(forward_mem) <= WU_ATTN_MEM && sizeof(backward_mem) <= WU_ATTN_MEM,
               "fits into a unit's memory");

static void open_block(const wu_attn_job *job, int32_t kv, int32_t block, void *mem) {
    (void)kv;
    (void)block;
    backward_mem *w = mem;
    const size_t bytes = (size_t)(BLOCK * wide(job->a)) * sizeof(float);
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
    bool whole;
} patch;

static void patch_scores(const patch *p, float *s, float *dp) {
    const int32_t n = p->n_step;
    square(tiles_at(s, 0, 2, 1), tiles_at(p->keys, 2 * p->g * n, n, 1),
           tiles_at(p->q->qt, 2 * p->pair, 1, 4), n, false);
    square(tiles_at(dp, 0, 2, 1), tiles_at(p->keys + BLOCK * n * 64, 2 * p->g * n, n, 1),
           tiles_at(p->q->dot, 2 * p->pair, 1, 4), n, false);
}

/* P and dS of a row of a patch, 16 lanes from x on. */
WU_INLINE __m512 row_of_ds(const patch *p, const float *s, const float *dp, int32_t j, int32_t x,
                           __m512 *e, bool whole) {
    const int32_t lane = 32 * p->pair + x, at = j / 16 * 512 + x * 16 + j % 16 * 16;
    *e = power2(_mm512_fmsub_ps(_mm512_load_ps(s + at), _mm512_set1_ps(p->scale * log2_e),
                                _mm512_load_ps(p->q->lse + lane)));
    if (!whole) {
        const __m512i query = _mm512_load_si512(p->l->query + lane);
        *e = _mm512_maskz_mov_ps(seeing(p->v, query, p->j0 + 32 * p->g + j), *e);
    }
    return *e * (_mm512_load_ps(dp + at) - _mm512_load_ps(p->q->dsum + lane));
}

/* P and dS of a patch go where the products expect them. */
WU_INLINE void patch_harden(backward_mem *w, const patch *p, const float *s, const float *dp,
                            bool whole) {
    uint8_t *dst = w->dst + (p->g * 4 + 2 * p->pair) * KB;
    for (int32_t j = 0; j < 32; j += 2) {
        __m512 e[2][2], ds[2][2];
        for (int32_t r = 0; r < 2; r++)
            for (int32_t x = 0; x < 2; x++)
                ds[r][x] = row_of_ds(p, s, dp, j + r, 16 * x, &e[r][x], whole);
        const int32_t at = ((2 * p->g + j / 16) * 2 + p->pair) * KB + j % 16 * 64;
        for (int32_t r = 0; r < 2; r++) {
            _mm512_store_si512(w->p + at + 64 * r, (__m512i)_mm512_cvtne2ps_pbh(e[r][1], e[r][0]));
            _mm512_store_si512(w->ds + at + 64 * r,
                               (__m512i)_mm512_cvtne2ps_pbh(ds[r][1], ds[r][0]));
        }
        for (int32_t x = 0; x < 2; x++)
            _mm512_store_si512(dst + x * KB + j / 2 * 64, pairs(ds[0][x], ds[1][x]));
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

/* dv += P do, dk += dS q, dq^T += k^T dS */
static void back_products(backward_mem *w, const packed *q, const uint8_t *keys, int32_t n_pair,
                          int32_t d) {
    const int32_t n = d / 16;
    const uint8_t *kt = keys + 2 * BLOCK * d * 2;
    for (int32_t t = 0; t < 4; t += 2)
        for (int32_t i = 0; i < n; i += 2)
            square(tiles_at(w->dv, t * n + i, n, 1), tiles_at(w->p, 2 * t, 2, 1),
                   tiles_at(q->d_o, i, 1, n), n_pair, true);
    for (int32_t t = 0; t < 4; t += 2)
        for (int32_t i = 0; i < n; i += 2)
            square(tiles_at(w->dk, t * n + i, n, 1), tiles_at(w->ds, 2 * t, 2, 1),
                   tiles_at(q->q, i, 1, n), n_pair, true);
    for (int32_t i = 0; i < n; i += 2)
        for (int32_t x = 0; x < 2 * n_pair; x += 2)
            square(tiles_at(q->dqt, 4 * i + x, 4, 1), tiles_at(kt, 2 * i, 2, 1),
                   tiles_at(w->dst, x, 1, 4), 2, true);
}

static void back_span(const wu_attn_job *job, const packed *q, const lanes *l,
                      const wu_attn_sight *v, const uint8_t *keys, int32_t block, backward_mem *w) {
    patch list[4];
    int32_t n = 0;
    for (int32_t pair = 0; pair < l->n_pair; pair++) {
        piece see = {0};
        const bool any = look(&see, v, l, block, pair);
        for (int32_t g = 0; g < BLOCK / 32; g++) {
            const patch p = {
                q, v, l, keys, job->a->scale, block * BLOCK, g, pair, wide(job->a) / 32, see.whole};
            if (any && g >= see.g0 && g < see.g1)
                list[n++] = p;
            else
                patch_clear(w, &p);
        }
    }
    if (n == 0) return;
    patch_scores(&list[0], w->s[0], w->dp[0]);
    for (int32_t i = 0; i < n; i++) {
        const float *s = w->s[i % 2], *dp = w->dp[i % 2];
        if (i + 1 < n) patch_scores(&list[i + 1], w->s[(i + 1) % 2], w->dp[(i + 1) % 2]);
        if (list[i].whole)
            patch_harden(w, &list[i], s, dp, true);
        else
            patch_harden(w, &list[i], s, dp, false);
    }
    back_products(w, q, keys, l->n_pair, wide(job->a));
}

static void back(const wu_attn_job *job, int32_t head, int32_t tile, int32_t block, void *mem) {
    const wu_attn_tile *t = &job->tile[tile];
    const wu_attn_run *run = &job->a->run[t->run];
    const packed q = find_packed(job, head, tile);
    const uint8_t *keys = wu_attn_keys(job, head / job->group, block);
    lanes l;
    set_lanes(&l, t, head, 1);
    for (int32_t s = run->span; s < run->span + run->n_span; s++) {
        const wu_attn_sight v = wu_attn_see(job->a, t, s);
        if (WU_MAX(v.first, block * BLOCK) < WU_MIN(v.end, (block + 1) * BLOCK))
            back_span(job, &q, &l, &v, keys, block, mem);
    }
}

static void close_block(const wu_attn_job *job, int32_t kv, int32_t block, void *mem) {
    const wu_attention *a = job->a;
    const backward_mem *w = mem;
    const int32_t d = a->d_head, n = wide(a) / 16, j0 = block * BLOCK;
    const __m512 scale = _mm512_set1_ps(a->scale);
    for (int32_t j = 0; j < BLOCK && j0 + j < job->n_key; j++) {
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
                                 .open = open_block,
                                 .back = back,
                                 .close = close_block,
                                 .finish = finish};
