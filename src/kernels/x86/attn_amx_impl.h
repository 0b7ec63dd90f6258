/* attn_amx_impl.h - what forward and backward attention on bf16 tiles share.
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
 * with d rounded up to 32.  Products wait in a queue and are handed to the
 * tile unit from inside the loops of the vector units, so that both work. */
#ifndef WU_KERNELS_X86_ATTN_AMX_IMPL_H
#define WU_KERNELS_X86_ATTN_AMX_IMPL_H

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

WU_INLINE void square_begin(tiles c, bool add) {
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
}

/* A step in four parts, one product of tiles each. Row operands are read past L1, which has
 * enough to hold. */
WU_INLINE void square_part(const tiles *a, const tiles *b, int32_t part) {
    if (part == 0) {
        _tile_stream_loadd(4, a->at, 64);
        _tile_loadd(6, b->at, 64);
        _tile_dpbf16ps(0, 4, 6);
    } else if (part == 1) {
        _tile_loadd(7, b->at + b->next, 64);
        _tile_dpbf16ps(1, 4, 7);
    } else if (part == 2) {
        _tile_stream_loadd(5, a->at + a->next, 64);
        _tile_dpbf16ps(2, 5, 6);
    } else {
        _tile_dpbf16ps(3, 5, 7);
    }
}

WU_INLINE void square_step(tiles a, tiles b) {
    for (int32_t part = 0; part < 4; part++) square_part(&a, &b, part);
}

WU_INLINE void square_end(tiles c) {
    _tile_stored(0, c.at, 64);
    _tile_stored(1, c.at + c.step, 64);
    _tile_stored(2, c.at + c.next, 64);
    _tile_stored(3, c.at + c.next + c.step, 64);
}

WU_INLINE void square(tiles c, tiles a, tiles b, int32_t n_step, bool add) {
    BARRIER();
    square_begin(c, add);
    for (int32_t s = 0; s < n_step; s++, a.at += a.step, b.at += b.step) square_step(a, b);
    square_end(c);
    BARRIER();
}

WU_INLINE tiles tiles_at(const void *p, int64_t at, int64_t next, int64_t step) {
    return (tiles){(uint8_t *)(uintptr_t)p + at * KB, next * KB, step * KB};
}

/* ---- products that wait ----
 *
 * Handed out in single steps of the inner dimension: 26 ns of the tile unit each.  In that time
 * the vector units can have about 16 vectors' work in flight, so loops call work_some() as often
 * as that.  Results stay in tiles until the next product begins: a store that waits for its tile
 * would block everything behind it. */

typedef struct work {
    tiles c, a, b;
    int32_t n_step;
    bool add;
} work;

enum { MAX_WORK = 96 };

typedef struct queue {
    work list[MAX_WORK];
    int32_t n, at, part;  /* put in, done, parts of the one that is not */
    int32_t left;         /* parts in all */
    int32_t share, total; /* how many of them are spread over how many calls */
    int32_t credit;       /* of the calls so far, in parts of total */
    tiles last;           /* where the result in the tiles belongs; at NULL if there is none */
} queue;

WU_INLINE void work_store(queue *q) {
    if (!q->last.at) return;
    square_end(q->last);
    q->last.at = NULL;
}

static __attribute__((noinline, unused)) void work_begin(queue *q) {
    BARRIER();
    work_store(q);
    square_begin(q->list[q->at].c, q->list[q->at].add);
    BARRIER();
}

WU_INLINE void work_part(queue *q) {
    work *x = &q->list[q->at];
    if (q->part == 0) work_begin(q);
    BARRIER();
    square_part(&x->a, &x->b, q->part % 4);
    BARRIER();
    q->left--;
    if (++q->part % 4) return;
    x->a.at += x->a.step;
    x->b.at += x->b.step;
    if (q->part < 4 * x->n_step) return;
    q->last = x->c;
    q->part = 0;
    q->at++;
}

/* All parts; the last result may still be in the tiles. */
static __attribute__((noinline, unused)) void work_through(queue *q) {
    while (q->left > 0) work_part(q);
    q->n = q->at = q->share = 0;
}

static __attribute__((unused)) void work_all(queue *q) {
    work_through(q);
    work_store(q);
    BARRIER();
}

WU_INLINE void work_later(queue *q, tiles c, tiles a, tiles b, int32_t n_step, bool add) {
    if (q->n == MAX_WORK) work_through(q);
    q->list[q->n++] = (work){c, a, b, n_step, add};
    q->left += 4 * n_step;
}

/* What waits now is spread over n calls of work_some(). */
WU_INLINE void work_spread(queue *q, int32_t n) {
    q->share = q->left;
    q->total = n;
    q->credit = 0;
}

WU_INLINE void work_some(queue *q) {
    for (q->credit += q->share; q->credit >= q->total; q->credit -= q->total) work_part(q);
}

WU_INLINE void work_none(queue *q) {
    q->n = q->at = q->part = q->left = q->share = q->credit = 0;
    q->total = 1;
    q->last.at = NULL;
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
static __attribute__((unused)) void pack_rows(uint8_t *out, const rows *r, int32_t n_tile,
                                              int32_t w) {
    for (int32_t t = 0; t < n_tile; t++)
        for (int32_t c = 0; c < w; c += 32, out += KB)
            for (int32_t i = 0; i < 16; i++)
                _mm512_store_si512(out + 64 * i, load32(r, 16 * t + i, c));
}

/* [w/16][2]: row operand, rows of the operand are columns. */
static __attribute__((unused)) void pack_turned(uint8_t *out, const rows *r, int32_t w) {
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
static __attribute__((unused)) void pack_lanes(uint8_t *out, const rows *r, int32_t n_tile,
                                               int32_t w) {
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
static __attribute__((unused)) void pack_pairs(uint8_t *out, const rows *r, int32_t n_pair,
                                               int32_t w) {
    for (int32_t p = 0; p < n_pair; p++)
        for (int32_t c = 0; c < w; c += 16, out += KB)
            for (int32_t i = 0; i < 16; i++)
                _mm512_store_si512(out + 64 * i, load_pair(r, 32 * p + 2 * i, c));
}

/* ---- lanes ---- */

/* Rows row .. row + n of n_head heads from head on; lane h * n + i is query i of head h. */
typedef struct lanes {
    WU_ALIGNED int32_t query[LANES];
    int32_t head, n_head, n;
    int64_t row;
    int32_t used, n_pair; /* lanes, and pairs of lane tiles */
} lanes;

static __attribute__((unused)) void set_lanes(lanes *l, const wu_attn_tile *t, int32_t head,
                                              int32_t n_head) {
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

static __attribute__((unused)) void find_lanes(rows *r, const lanes *l, const void *x, int64_t ld,
                                               int32_t d) {
    r->d = d;
    for (int32_t i = 0; i < LANES; i++)
        r->at[i] = i < l->used ? (const uint16_t *)x + lane_at(l, i, ld, d) : NULL;
}

/* What 32 lanes see of a block. */
typedef struct piece {
    int32_t j0;     /* first row of the block */
    int32_t g0, g1; /* groups of 32 keys with something in them */
    bool whole;     /* every lane sees all of these */
} piece;

static __attribute__((unused)) bool look(piece *p, const wu_attn_sight *v, const lanes *l,
                                         int32_t block, int32_t pair) {
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

/* Two rows of 16 numbers as 16 pairs of bf16; ties away from zero. */
WU_INLINE __m512i pairs(__m512 even, __m512 odd) {
    const __m512i half = _mm512_set1_epi32(0x8000);
    const __m512i e = _mm512_add_epi32(_mm512_castps_si512(even), half);
    const __m512i o = _mm512_add_epi32(_mm512_castps_si512(odd), half);
    return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(e, 16), o);
}

/* Row r of key tile t of lane tile x of scores [key tiles][2 lane tiles]. */
WU_INLINE __m512 score(const float *s, int32_t t, int32_t r, int32_t x) {
    return _mm512_load_ps(s + 512 * t + 256 * x + 16 * r);
}

/* attn_amx_back.c */
size_t wu_amx_query_bytes(const wu_attention *a);
void wu_amx_begin(const wu_attn_job *job, int32_t head, int32_t tile, void *mem);
void wu_amx_open(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem);
void wu_amx_back(const wu_attn_job *job, int32_t kv, int32_t tile, wu_attn_strip b, void *mem);
void wu_amx_close(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem);
void wu_amx_finish(const wu_attn_job *job, int32_t head, int32_t tile, void *mem);

#endif
