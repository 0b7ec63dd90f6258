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

/* gcc 12: tile loads do not say that they read memory. */
#define BARRIER() __asm__ volatile("" ::: "memory")

static void enter(void) { wu_amx_configure(); }
static void leave(void) { _tile_release(); }

/* A finished block that has not been stored yet; quarters of 8 rows are stored one at a time. */
typedef struct pending {
    wu_target to;
    const float *c;
    int32_t n_row, n_col, row; /* row: the next one to store */
} pending;

static void store_quarter(pending *p) {
    const int32_t end = WU_MIN(p->row + TILE / 4, p->n_row);
    if (p->row < end) {
        const wu_target to = wu_target_at(&p->to, p->row, 0);
        store_block512(&to, p->c + p->row * TILE, TILE, end - p->row, p->n_col);
    }
    p->row = p->row + TILE / 4;
}

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

typedef struct block {
    const char *a[2], *b;
    const int32_t *n_step;
    float *c;
    bool zero, tall; /* tall: more than 16 rows */
} block;

static void multiply_block(const block *k, pending *p, ahead *next) {
    enum { ROW = TILE * sizeof(float) };
    float *low = k->c + HALF * TILE;
    if (k->zero) {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    } else {
        _tile_loadd(0, k->c, ROW);
        _tile_loadd(1, k->c + HALF, ROW);
        _tile_loadd(2, low, ROW);
        _tile_loadd(3, low + HALF, ROW);
    }
    const char *b = k->b;
    for (int i = 0; i < 2; i++) {
        const char *a = k->a[i];
        for (int32_t s = 0; s < k->n_step[i];) {
            /* a quarter of the steps, then a quarter of the block before */
            const int32_t n = WU_MIN(WU_MAX(1, k->n_step[0] / 4), k->n_step[i] - s);
            if (k->tall) {
                two_by_two(a, b, n, next);
            } else {
                one_by_two(a, b, n);
            }
            s += n;
            a += (int64_t)n * STEP_BYTES;
            b += (int64_t)n * STEP_BYTES;
            if (p->row < p->n_row) store_quarter(p);
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
    pending p = {.row = 0, .n_row = 0};
    int turn = 0;
    BARRIER();
    for (int32_t r = 0; r < job->n_row; r += TILE) {
        const int32_t n_row = WU_MIN(TILE, job->n_row - r);
        block k = {.n_step = job->n_step, .zero = job->first, .tall = n_row > HALF};
        for (int i = 0; i < 2; i++) k.a[i] = job->a[i] + r / TILE * job->a_stride[i];
        ahead next = {.at = k.a[0] + job->a_stride[0], .lines = 0};
        if (r + TILE < job->n_row && job->n_step[0])
            next.lines = (TILE + col_tiles - 1) / col_tiles;
        for (int32_t t = 0; t < col_tiles; t++) {
            k.b = job->b + t * bytes;
            k.c = job->first && job->last
                      ? blocks[turn ^= 1]
                      : job->sums + ((int64_t)(r / TILE) * col_tiles + t) * TILE * TILE;
            multiply_block(&k, &p, &next);
            if (job->last)
                p = (pending){.to = wu_target_at(&job->to, r, t * TILE),
                              .c = k.c,
                              .n_row = n_row,
                              .n_col = WU_MIN(TILE, job->n_col - t * TILE)};
        }
    }
    while (p.row < p.n_row) store_quarter(&p);
}

/* ---- few rows: the weights are the rows of the left operand and come from where they lie ---- */

static void dot_16(const wu_dot_job *job, int32_t i) {
    WU_ALIGNED float c[HALF * HALF];
    const int64_t ld = job->w_bytes;
    const char *w = job->w + i * ld;
    const char *x = (const char *)(wu_packed_pairs(job->x) + (int64_t)job->k0 * FEW_ROWS / 2);
    _tile_zero(0);
    for (int32_t k = 0; k < job->n_k; k += TILE, w += 64, x += STEP_BYTES / 2) {
        _tile_loadd(4, w, ld);
        _tile_loadd(6, x, 64);
        _tile_dpbf16ps(0, 4, 6);
    }
    _tile_stored(0, c, 64);
    BARRIER();
    __m512i r[16];
    for (int j = 0; j < 16; j++) r[j] = _mm512_load_si512(c + j * HALF);
    transpose_16x16(r);
    for (int32_t m = 0; m < job->x->n_row; m++) {
        float *to = job->c + m * job->ldc + i;
        __m512 v = _mm512_castsi512_ps(r[m]);
        if (!job->first) v = _mm512_add_ps(v, _mm512_loadu_ps(to));
        _mm512_storeu_ps(to, v);
    }
}

static void dot(const wu_dot_job *job) {
    int32_t i = 0;
    if (job->x->n_row > 1) {
        BARRIER();
        for (; i + HALF <= job->n_w; i += HALF) dot_16(job, i);
    }
    if (i == job->n_w) return;
    wu_dot_job rest = *job;
    rest.c += i;
    rest.w += i * rest.w_bytes;
    rest.n_w -= i;
    wu_bf16_dot(&rest);
}

const wu_gemm_ops wu_gemm_amx = {
    .level = WU_LEVEL_AMX,
    .format = WU_BF16,
    .panel_bytes = 524288,
    .piece = 1024,
    .whole = 1536,
    .decode = wu_bf16_decode,
    .pack = wu_bf16_pack,
    .turn = wu_bf16_turn,
    .weave = wu_bf16_weave,
    .multiply = multiply,
    .dot = dot,
    .store = wu_bf16_store,
    .pairs = true,
    .enter = enter,
    .leave = leave,
};
