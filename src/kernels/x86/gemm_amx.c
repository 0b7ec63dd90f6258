/* gemm_amx.c - products on AMX tiles, from the panels of gemm_avx512bf16.c.
 *
 * A block of 32 x 32 sums is four tiles; 2 KB of activations and 2 KB of panel
 * make four tile products.  Both come with the streaming form of the load,
 * which keeps them from pushing each other out of L1.  Finished sums go to a
 * block in L1 and from there, row by row, to where they belong - while the
 * tiles already work on the next block. */
#include "kernels/x86/amx.h"
#include "kernels/x86/bf16_impl.h"
#include "kernels/x86/vec512.h"

#include <assert.h>

/* gcc 12: tile loads do not say that they read memory. */
#define BARRIER() __asm__ volatile("" ::: "memory")

static void enter(void) { wu_amx_configure(); }
static void leave(void) { _tile_release(); }

/* A finished block that has not been stored yet; quarters of 8 rows are stored one at a time. */
typedef struct pending {
    const float *c;
    float *sums;   /* of the pieces before and after this one, or NULL */
    bool set, out; /* set: there are no pieces before; out: there are none after */
    wu_target to;
    int32_t n_row, n_col, row; /* row: the next one to store */
} pending;

/* To the sums of all pieces, which wait in L2. */
static void keep_rows(const pending *p, int32_t end) {
    assert(p->sums); /* what is not written yet has a place to wait */
    const float *c = p->c + p->row * TILE;
    float *sums = p->sums + p->row * TILE;
    for (int32_t i = 0; i < (end - p->row) * TILE; i += 16) {
        __m512 v = _mm512_load_ps(c + i);
        if (!p->set) v = _mm512_add_ps(v, _mm512_load_ps(sums + i));
        _mm512_store_ps(sums + i, v);
    }
}

/* Few instructions matter here: they share the window of the core with tile instructions. */
WU_INLINE void store_whole(const pending *p, int32_t end, bool sums, bool bias, bool add,
                           bool narrow) {
    const int64_t ld = p->to.ld * (narrow ? 2 : 4);
    char *y = p->to.y + p->row * ld;
    const float *c = p->c + p->row * TILE, *s = p->sums + (sums ? p->row * TILE : 0);
    const __m512 b0 = bias ? _mm512_loadu_ps(p->to.bias) : _mm512_setzero_ps();
    const __m512 b1 = bias ? _mm512_loadu_ps(p->to.bias + HALF) : _mm512_setzero_ps();
    for (int32_t r = p->row; r < end; r++, c += TILE, s += TILE, y += ld) {
        __m512 v0 = _mm512_load_ps(c), v1 = _mm512_load_ps(c + HALF);
        if (sums) v0 = _mm512_add_ps(v0, _mm512_load_ps(s));
        if (sums) v1 = _mm512_add_ps(v1, _mm512_load_ps(s + HALF));
        if (bias) v0 = _mm512_add_ps(v0, b0);
        if (bias) v1 = _mm512_add_ps(v1, b1);
        if (narrow) {
            _mm512_storeu_si512(y, (__m512i)_mm512_cvtne2ps_pbh(v1, v0));
            continue;
        }
        if (add) v0 = _mm512_add_ps(v0, _mm512_loadu_ps(y));
        if (add) v1 = _mm512_add_ps(v1, _mm512_loadu_ps(y + 64));
        _mm512_storeu_ps(y, v0);
        _mm512_storeu_ps(y + 64, v1);
    }
}

/* Any width. */
static void store_part(const pending *p, int32_t end) {
    for (int32_t r = p->row; r < end; r++) {
        for (int32_t j = 0; j < p->n_col; j += HALF) {
            __m512 v = _mm512_load_ps(p->c + r * TILE + j);
            if (p->sums) v = _mm512_add_ps(v, _mm512_load_ps(p->sums + r * TILE + j));
            store_x16(&p->to, r, j, v, p->n_col - j);
        }
    }
}

static void store_rows(const pending *p, int32_t end) {
    const bool bias = p->to.bias != NULL, add = p->to.add, sums = p->sums != NULL;
    const bool narrow = p->to.type == WU_BF16;
    if (p->n_col < TILE) {
        store_part(p, end);
    } else if (narrow) {
        if (sums) store_whole(p, end, true, bias, false, true);
        if (!sums) store_whole(p, end, false, bias, false, true);
    } else if (bias) {
        store_whole(p, end, sums, true, add, false);
    } else if (add) {
        if (sums) store_whole(p, end, true, false, true, false);
        if (!sums) store_whole(p, end, false, false, true, false);
    } else {
        if (sums) store_whole(p, end, true, false, false, false);
        if (!sums) store_whole(p, end, false, false, false, false);
    }
}

static void store_quarter(pending *p) {
    const int32_t end = WU_MIN(p->row + TILE / 4, p->n_row);
    if (p->out) {
        store_rows(p, end);
    } else {
        keep_rows(p, end);
    }
    p->row += TILE / 4;
}

enum {
    PARTS = 6, /* of the steps of a block */
    WAIT = 2   /* of them before rows of the block before are stored */
};

/* Rows of activations that will be needed next, on their way to L2. */
typedef struct ahead {
    const char *at;
    int32_t lines; /* for each step */
} ahead;

WU_INLINE void two_by_two(const char *a, const char *b, int32_t n_step, ahead *next) {
    for (int32_t s = 0; s < n_step; s++, a += STEP_BYTES, b += STEP_BYTES) {
        _tile_stream_loadd(4, a, 64);
        _tile_stream_loadd(6, b, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_stream_loadd(7, b + STEP_BYTES / 2, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_stream_loadd(5, a + STEP_BYTES / 2, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        for (int32_t i = 0; i < next->lines; i++, next->at += 64)
            _mm_prefetch(next->at, _MM_HINT_T1);
    }
}

/* The last 16 rows or fewer. */
WU_INLINE void one_by_two(const char *a, const char *b, int32_t n_step) {
    for (int32_t s = 0; s < n_step; s++, a += STEP_BYTES, b += STEP_BYTES) {
        _tile_stream_loadd(4, a, 64);
        _tile_stream_loadd(6, b, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_stream_loadd(7, b + STEP_BYTES / 2, 64);
        _tile_dpbf16ps(1, 4, 7);
    }
}

/* Asks for the lines of y that this block will write: otherwise stores wait for them one by one. */
static void claim(const wu_target *to, int32_t row, int32_t col, int32_t n_row) {
    const wu_target at = wu_target_at(to, row, col);
    const int64_t ld = to->ld * wu_number_bytes(to->type);
    for (int32_t r = 0; r < n_row; r++) {
        __builtin_prefetch(at.y + r * ld, 1, 3);
        if (to->type == WU_F32) __builtin_prefetch(at.y + r * ld + 64, 1, 3);
    }
}

typedef struct block {
    const char *a[2], *b;
    const int32_t *n_step;
    float *c;
    bool tall; /* more than 16 rows */
} block;

static void multiply_block(const block *k, pending *p, ahead *next) {
    enum { ROW = TILE * sizeof(float) };
    float *low = k->c + HALF * TILE;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    /* Some steps, then some rows of the block before; not at once, because its sums have to arrive
     * first. */
    const char *b = k->b;
    const int32_t some = WU_MAX(1, k->n_step[0] / PARTS);
    int32_t part = 0;
    for (int i = 0; i < 2; i++) {
        const char *a = k->a[i];
        for (int32_t s = 0; s < k->n_step[i]; part++) {
            const int32_t n = WU_MIN(some, k->n_step[i] - s);
            if (part >= WAIT && p->row < p->n_row) store_quarter(p);
            if (k->tall) {
                two_by_two(a, b, n, next);
            } else {
                one_by_two(a, b, n);
            }
            s += n;
            a += (int64_t)n * STEP_BYTES;
            b += (int64_t)n * STEP_BYTES;
        }
    }
    while (p->row < p->n_row) store_quarter(p);
    _tile_stored(0, k->c, ROW);
    _tile_stored(1, k->c + HALF, ROW);
    if (k->tall) {
        _tile_stored(2, low, ROW);
        _tile_stored(3, low + HALF, ROW);
    }
    BARRIER();
}

static void multiply(const wu_panel_job *job) {
    const int32_t n_step = job->n_step[0] + job->n_step[1];
    const int64_t bytes = wu_tile_bytes(WU_BF16, n_step);
    const int32_t col_tiles = (job->n_col + TILE - 1) / TILE;
    WU_ALIGNED float blocks[2][TILE * TILE]; /* in turn */
    float *sums = job->first && job->last ? NULL : job->sums;
    pending p = {.row = 0, .n_row = 0};
    int turn = 0;
    BARRIER();
    for (int32_t r = 0; r < job->n_row; r += TILE) {
        const int32_t n_row = WU_MIN(TILE, job->n_row - r);
        block k = {.n_step = job->n_step, .tall = n_row > HALF};
        for (int i = 0; i < 2; i++) k.a[i] = job->a[i] + r / TILE * job->a_stride[i];
        ahead next = {.at = k.a[0] + job->a_stride[0], .lines = 0};
        if (r + TILE < job->n_row && job->n_step[0])
            next.lines = (TILE + col_tiles - 1) / col_tiles;
        for (int32_t t = 0; t < col_tiles; t++) {
            k.b = job->b + t * bytes;
            k.c = blocks[turn ^= 1];
            if (job->last) claim(&job->to, r, t * TILE, n_row);
            multiply_block(&k, &p, &next);
            p = (pending){.c = k.c,
                          .sums = sums,
                          .set = job->first,
                          .out = job->last,
                          .to = wu_target_at(&job->to, r, t * TILE),
                          .n_row = n_row,
                          .n_col = WU_MIN(TILE, job->n_col - t * TILE)};
            if (sums) sums += TILE * TILE;
        }
    }
    while (p.row < p.n_row) store_quarter(&p);
}

/* ---- few rows: the weights are the rows of the left operand and come from where they lie ---- */

enum { AHEAD = 8192 }; /* bytes of W that are on their way; hardware alone stops at each page */

/* Asks for what lies AHEAD of the n bytes at `at`. */
WU_INLINE void fetch(const char *at, int64_t n) {
    for (int64_t i = 0; i < n; i += 64) _mm_prefetch(at + AHEAD + i, _MM_HINT_T1);
}

/* Sixteen rows of w and all rows of x, in tile 0. */
WU_INLINE void dot_steps(const char *w, int64_t ld, const char *x, int32_t n_step) {
    for (int32_t s = 0; s < n_step; s++, w += 64, x += STEP_BYTES / 2) {
        _tile_loadd(4, w, ld);
        _tile_loadd(6, x, 64);
        _tile_dpbf16ps(0, 4, 6);
    }
}

/* Tile 0, [16 rows of w][16 rows of x], to c [rows of x][ldc]. */
static void dot_end(float *c, int64_t ldc, int32_t n_x, bool first) {
    WU_ALIGNED float t[HALF * HALF];
    _tile_stored(0, t, 64);
    BARRIER();
    __m512i r[16];
    _Pragma("GCC unroll 16") for (int j = 0; j < 16; j++) r[j] = _mm512_load_si512(t + j * HALF);
    transpose_16x16(r);
    _Pragma("GCC unroll 16") for (int m = 0; m < 16; m++) {
        if (m == n_x) break;
        __m512 v = _mm512_castsi512_ps(r[m]);
        if (!first) v = _mm512_add_ps(v, _mm512_loadu_ps(c + m * ldc));
        _mm512_storeu_ps(c + m * ldc, v);
    }
}

static const char *pairs_at(const wu_packed *x, int32_t k) {
    return (const char *)wu_packed_pairs(x) + (int64_t)k * FEW_ROWS * 2;
}

static void dot(const wu_dot_job *job) {
    int32_t i = 0;
    BARRIER();
    for (; i + HALF <= job->n_w; i += HALF) {
        const char *w = job->w + i * job->w_bytes, *x = pairs_at(job->x, job->k0);
        _tile_zero(0);
        for (int32_t s = 0; s < job->n_k / TILE; s++) {
            fetch(w + s * (STEP_BYTES / 2), STEP_BYTES / 2); /* the rows are one stretch */
            dot_steps(w + s * 64, job->w_bytes, x + s * (STEP_BYTES / 2), 1);
        }
        dot_end(job->c + i, job->ldc, job->x->n_row, job->first);
    }
    if (i == job->n_w) return;
    wu_dot_job rest = *job;
    rest.c += i;
    rest.w += i * rest.w_bytes;
    rest.n_w -= i;
    wu_bf16_dot(&rest);
}

/* While the tiles multiply sixteen decoded rows, the next sixteen are decoded: after each row
 * some steps, so that both are always in the window of the core. */
static void stream(const wu_stream_job *s) {
    enum { LONGEST = 4096 };
    if (wu_bf16_takes(s)) {
        wu_bf16_stream(s);
        return;
    }
    const int32_t n_in = s->w->n_in, bits = wu_dtype_bits(s->w->type);
    const int64_t ld = WU_MIN(wu_round_up(n_in, TILE), LONGEST) * 2 + 64;
    char *buffer[2] = {s->rows, s->rows + HALF * ld};
    const int32_t n_group = (s->n + HALF - 1) / HALF;
    for (int32_t k0 = 0; k0 < n_in; k0 += LONGEST) {
        const int32_t n = WU_MIN(LONGEST, n_in - k0), n_step = (n + TILE - 1) / TILE;
        const char *x = pairs_at(s->x, k0);
        for (int32_t i = 0; i <= n_group; i++) {
            char *to = buffer[i & 1];
            const char *from = buffer[~i & 1];
            int32_t done = 0;
            _tile_zero(0);
            for (int32_t r = 0; r < HALF; r++) {
                const int32_t o = i * HALF + r;
                if (o < s->n) {
                    fetch((const char *)s->w->data + (s->o + o) * s->w->row_bytes + k0 * bits / 8,
                          (int64_t)n * bits / 8);
                    s->g->decode(to + r * ld, s->w, s->o + o, k0, n, true);
                }
                const int32_t until = i ? n_step * (r + 1) / HALF : 0;
                dot_steps(from + done * 64, ld, x + done * (STEP_BYTES / 2), until - done);
                done = until;
            }
            BARRIER();
            if (!i) continue;
            float *c = s->c + (i - 1) * HALF;
            dot_end(c, s->ldc, s->x->n_row, s->first && k0 == 0);
        }
    }
}

const wu_gemm_ops wu_gemm_amx = {
    .level = WU_LEVEL_AMX,
    .format = WU_BF16,
    .panel_bytes = 786432,
    .piece = 1024,
    .decode = wu_bf16_decode,
    .pack = wu_bf16_pack,
    .turn = wu_bf16_turn,
    .weave = wu_bf16_weave,
    .multiply = multiply,
    .dot = dot,
    .stream = stream,
    .store = wu_bf16_store,
    .pairs = true,
    .enter = enter,
    .leave = leave,
};
