/* gemm_impl.h - what an instruction set must bring for gemm.h, and the formats in between.
 *
 * Two number formats: bf16 (AMX, AVX-512 BF16) and f32 (all others; in bf16
 * precision their numbers are rounded to bf16 first, so that every level
 * multiplies the same numbers).  Everything comes in tiles of 32:
 *
 *   packed activations  [rows/32][k/32][32 rows][32 k]
 *   panel, bf16         [cols/32][k/32][2 halves][16 pairs of k][16 cols][2]
 *   panel, f32          [cols/32][2 halves][k/32][32 k][16 cols]
 *   sums                [rows/32][cols/32][32 rows][32 cols] f32
 *
 * In both panels one half of one step is what 16 rows of W give for 32 inputs
 * (forward), or what 32 rows of W give for 16 inputs (transposed).
 *
 * Few rows are packed row by row, [rows][k rounded up to 32], and for AMX also
 * as [k/32][16 pairs][16 rows][2].  Zeros fill all that is not there. */
#ifndef WU_KERNELS_GEMM_IMPL_H
#define WU_KERNELS_GEMM_IMPL_H

#include "base/compiler.h"
#include "kernels/gemm.h"

enum {
    TILE = 32,              /* rows, columns and inner numbers of a tile */
    HALF = 16,              /* columns of half a panel tile */
    FEW_ROWS = 16,          /* up to here weights are streamed */
    STEP_BYTES = 2048,      /* half a tile of f32, or a whole one of bf16 */
    PANEL_BYTES = 802816,   /* 256 columns of 1,568 bf16 numbers */
    SUMS_BYTES = 1048576,   /* 1,024 rows of 256 columns */
    GATHER_BYTES = 131072,  /* tiles of few rows */
    DECODE_BYTES = 98304,   /* rows of W on their way into a panel */
    SCRATCH_BYTES = 2097152 /* of one thread: the four above and some rest; one huge page */
};

/* layout of wu_packed */
enum { LAYOUT_TILES, LAYOUT_ROWS };

enum {
    MOST_ROWS = 1024, /* rows of a block */
    FEW_TILES = 8,    /* tiles of columns of a unit when weights are streamed */
    STREAM_BYTES = 524288
};

/* Where finished sums go; at the block's first row and column. */
typedef struct wu_target {
    char *y;
    wu_dtype type;
    int64_t ld;        /* in numbers */
    const float *bias; /* at the block's first column, or NULL */
    bool add;
} wu_target;

WU_INLINE wu_target wu_target_at(const wu_target *t, int32_t row, int32_t col) {
    wu_target at = *t;
    at.y += (row * t->ld + col) * (t->type == WU_F32 ? 4 : 2);
    if (t->bias) at.bias += col;
    return at;
}

/* One panel times all row tiles of a block. */
typedef struct wu_panel_job {
    const char *a[2];    /* first row tile, first step: of x, and of the low-rank term */
    int64_t a_stride[2]; /* bytes between row tiles */
    int32_t n_step[2];   /* steps of 32; the panel holds n_step[0] + n_step[1] */
    const char *b;
    int32_t n_row, n_col; /* of the block; tails allowed */
    float *sums;          /* not used if the panel is first and last */
    bool first, last;     /* piece of the inner dimension */
    wu_target to;
} wu_panel_job;

/* Streamed weights: c[m * ldc + i] (+)= sum over k of w[i][k] x[m][k0 + k]. */
typedef struct wu_dot_job {
    float *c;
    int64_t ldc;
    const char *w; /* n_w rows of numbers of the level's format, any alignment */
    int64_t w_bytes;
    int32_t n_w;
    const wu_packed *x;
    int32_t k0, n_k; /* multiples of 32 */
    bool first;
} wu_dot_job;

/* Streamed weights of any type: rows o .. o + n of W. */
typedef struct wu_stream_job {
    const struct wu_gemm_ops *g;
    const wu_matrix *w;
    const wu_packed *x;
    bool round, first;
    int32_t o, n;
    float *c; /* [rows of x][ldc] */
    int64_t ldc;
    char *rows; /* memory for decoded rows, STREAM_BYTES, 64-byte aligned */
} wu_stream_job;

typedef struct wu_gemm_ops {
    wu_level level;
    wu_dtype format;     /* of panels: BF16 or F32 */
    int32_t panel_bytes; /* of a panel that stays in L2 beside the activations */
    int32_t piece;       /* most inner numbers of a panel */
    /* n numbers of row o of W from input k0 (multiple of 32) on, then zeros up to a multiple of
     * 32. round: to bf16 (the bf16 format always does). */
    void (*decode)(void *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n, bool round);
    /* One row of activations, n numbers and zeros up to a multiple of 32, 32 of them each
     * `stride` bytes. */
    void (*pack)(char *out, int64_t stride, const void *x, wu_dtype x_type, int32_t n, bool round);
    /* Forward: 16 rows of n_step * 32 numbers, ld bytes apart, become half of a panel's columns;
     * steps of the panel are STEP_BYTES apart. */
    void (*turn)(char *panel, const char *rows, int64_t ld, int32_t n_step);
    /* Transposed: two rows of n_half * 16 numbers become inner numbers k, k + 1 of n_half halves,
     * which are half_bytes apart, tiles tile_bytes. */
    void (*weave)(char *panel, int64_t half_bytes, int64_t tile_bytes, const char *row0,
                  const char *row1, int32_t n_half);
    void (*multiply)(const wu_panel_job *job);
    void (*dot)(const wu_dot_job *job);
    /* Decoding and dot() in one, if that is faster; else NULL. */
    void (*stream)(const wu_stream_job *job);
    /* c [n_row][ldc] to y, with bias, sum and rounding as asked for. */
    void (*store)(const wu_target *to, const float *c, int64_t ldc, int32_t n_row, int32_t n_col);
    bool pairs; /* few rows are wanted as pairs, too */
    /* enter: in each unit before multiply or dot; leave: before the thread sleeps. May be NULL. */
    void (*enter)(void);
    void (*leave)(void);
} wu_gemm_ops;

extern const wu_gemm_ops wu_gemm_c;
#ifdef WU_X86
extern const wu_gemm_ops wu_gemm_avx2, wu_gemm_avx512, wu_gemm_avx512bf16, wu_gemm_amx;
#endif

/* bytes of one number of a format or of f32, f16, bf16 */
WU_INLINE int64_t wu_number_bytes(wu_dtype t) { return t == WU_F32 ? 4 : 2; }
WU_INLINE int32_t wu_round_up(int32_t n, int32_t to) { return (n + to - 1) / to * to; }

/* Distance between the halves of a panel tile, and between tiles. */
WU_INLINE int64_t wu_half_bytes(wu_dtype format, int32_t n_step) {
    return format == WU_BF16 ? STEP_BYTES / 2 : (int64_t)n_step * STEP_BYTES;
}
WU_INLINE int64_t wu_tile_bytes(wu_dtype format, int32_t n_step) {
    return (int64_t)n_step * STEP_BYTES * (format == WU_BF16 ? 1 : 2);
}

/* The second form of few rows. */
WU_INLINE uint32_t *wu_packed_pairs(const wu_packed *p) {
    const int64_t cols = wu_round_up(p->n_col, TILE);
    return (uint32_t *)(void *)((char *)p->data + FEW_ROWS * cols * 2);
}

/* Rows of W decoded into L1, then dot(): what a level without stream() does. */
void wu_stream_decoded(const wu_stream_job *s);

/* Columns c0 .. c0 + nc of a forward product with few rows, weights streamed (few.c).
 *  memory: STREAM_BYTES and FEW_ROWS rows of sums, 64-byte aligned. */
void wu_few_block(const wu_gemm_ops *g, const wu_product *p, int32_t c0, int32_t nc, char *memory);

/* One product on the calling thread with the tables given, for the trial at start: packs n_row
 * rows of x (f32, contiguous) into p (memory for them); scratch is SCRATCH_BYTES. */
void wu_matmul_alone(const wu_gemm_ops *g, const wu_product *product, wu_packed *p, const float *x,
                     int32_t n_row, void *memory, char *scratch);

#endif
