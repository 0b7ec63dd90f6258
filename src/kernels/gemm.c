/* gemm.c - the driver of products: packing, blocks, panels (gemm.h).
 *
 * A call becomes units of the pool: blocks of columns by blocks of rows of the
 * products.  A unit packs the panel of W for its columns, piece by piece of the
 * inner dimension, and multiplies all its rows with it.  How columns and rows
 * are cut depends on the number of threads; the order of each sum does not. */
#include "kernels/gemm.h"

#include "kernels/compute_impl.h"

#include <assert.h>

/* ---- packed activations ---- */

static const wu_gemm_ops *ops_of(const wu_compute *c, wu_dtype precision) {
    return precision == WU_BF16 ? c->bf16 : c->f32;
}

size_t wu_packed_bytes(const wu_compute *c, wu_dtype precision, int32_t n_row, int32_t n_col) {
    const wu_gemm_ops *g = ops_of(c, precision);
    const size_t cols = (size_t)wu_round_up(n_col, TILE);
    const size_t number = (size_t)wu_number_bytes(g->format);
    /* Few rows: the rows, and pairs for 16 of them; never less than a packing of fewer rows. */
    const size_t few = FEW_ROWS * cols * number + FEW_ROWS * cols * 2;
    if (n_row <= FEW_ROWS) return few;
    const size_t tiles = (size_t)wu_round_up(n_row, TILE) * cols * number;
    return WU_MAX(few, tiles);
}

void wu_pack_init(const wu_compute *c, wu_packed *p, wu_dtype precision, int32_t n_row,
                  int32_t n_col, void *memory) {
    (void)c;
    assert(n_row >= 0 && n_col > 0 && (precision == WU_F32 || precision == WU_BF16));
    assert((uintptr_t)memory % 64 == 0);
    *p = (wu_packed){.data = memory,
                     .n_row = n_row,
                     .n_col = n_col,
                     .precision = precision,
                     .layout = n_row <= FEW_ROWS ? LAYOUT_ROWS : LAYOUT_TILES};
}

/* The second form of few rows, for AMX: [k/32][16 pairs][16 rows][2]. */
static void pack_pairs(wu_packed *p) {
    const int64_t cols = wu_round_up(p->n_col, TILE);
    uint32_t *pairs = wu_packed_pairs(p);
    memset(pairs, 0, (size_t)(cols * FEW_ROWS * 2));
    for (int32_t r = 0; r < p->n_row; r++) {
        const uint32_t *row = (const uint32_t *)p->data + r * (cols / 2);
        for (int64_t k = 0; k < cols / 2; k++) pairs[k * FEW_ROWS + r] = row[k];
    }
}

static void pack_rows(const wu_gemm_ops *g, wu_packed *p, int32_t r0, int32_t n, const void *x,
                      wu_dtype x_type, int64_t ldx) {
    assert(r0 % TILE == 0 && n >= 0 && n <= TILE && r0 + n <= p->n_row);
    const int64_t cols = wu_round_up(p->n_col, TILE), number = wu_number_bytes(g->format);
    const bool round = p->precision == WU_BF16;
    const int64_t x_bytes = ldx * wu_number_bytes(x_type);
    if (p->layout == LAYOUT_ROWS) {
        for (int32_t i = 0; i < n; i++)
            g->pack((char *)p->data + i * cols * number, TILE * number,
                    (const char *)x + i * x_bytes, x_type, p->n_col, round);
        if (g->pairs) pack_pairs(p);
        return;
    }
    const int64_t tile = TILE * TILE * number;
    char *out = (char *)p->data + r0 / TILE * (cols / TILE) * tile;
    for (int32_t i = 0; i < TILE; i++, out += TILE * number) {
        if (i < n) {
            g->pack(out, tile, (const char *)x + i * x_bytes, x_type, p->n_col, round);
        } else {
            for (int64_t t = 0; t < cols / TILE; t++)
                memset(out + t * tile, 0, (size_t)(TILE * number));
        }
    }
}

void wu_pack_rows(const wu_compute *c, wu_packed *p, int32_t r0, int32_t n, const void *x,
                  wu_dtype x_type, int64_t ldx) {
    pack_rows(ops_of(c, p->precision), p, r0, n, x, x_type, ldx);
}

typedef struct pack_call {
    const wu_compute *c;
    wu_packed *p;
    const char *x;
    wu_dtype x_type;
    int64_t ldx;
} pack_call;

static void pack_unit(void *ctx, int64_t unit, int thread) {
    (void)thread;
    const pack_call *k = ctx;
    const int32_t r0 = (int32_t)unit * TILE, n = WU_MIN(TILE, k->p->n_row - r0);
    wu_pack_rows(k->c, k->p, r0, n, k->x + r0 * k->ldx * wu_number_bytes(k->x_type), k->x_type,
                 k->ldx);
}

void wu_pack(wu_compute *c, wu_packed *p, const void *x, wu_dtype x_type, int64_t ldx) {
    pack_call call = {c, p, x, x_type, ldx};
    wu_pool_for(c->pool, (p->n_row + TILE - 1) / TILE, pack_unit, &call);
}

/* ---- panels ---- */

/* What a panel is made from: `nk` inner numbers from k0 on, of `nc` columns from c0 on. */
typedef struct source {
    const wu_matrix *w;
    bool transposed, round;
    int32_t c0, nc, k0, nk;
} source;

/* Are the numbers of W those of the panel already? */
static bool is_plain(const wu_gemm_ops *g, const source *s) {
    return s->w->type == g->format && !(s->round && g->format == WU_F32);
}

/* 16 rows of W become half of the columns of a panel tile, some steps at a time. */
static void produce_half(const wu_gemm_ops *g, const source *s, char *panel, int32_t col,
                         char *rows) {
    const int64_t number = wu_number_bytes(g->format);
    const int32_t n_row = WU_MIN(HALF, s->nc - col);
    const char *w = (const char *)s->w->data + (s->c0 + col) * s->w->row_bytes + s->k0 * number;
    if (n_row == HALF && s->nk % TILE == 0 && is_plain(g, s)) {
        g->turn(panel, w, s->w->row_bytes, s->nk / TILE);
        return;
    }
    enum { CHUNK = DECODE_BYTES / 2 / HALF / 4 / TILE * TILE };
    for (int32_t k = 0; k < s->nk; k += CHUNK) {
        const int32_t n = WU_MIN(CHUNK, s->nk - k), n_step = (n + TILE - 1) / TILE;
        const int64_t ld = n_step * TILE * number;
        for (int32_t i = 0; i < HALF; i++) {
            if (i < n_row) {
                g->decode(rows + i * ld, s->w, s->c0 + col + i, s->k0 + k, n, s->round);
            } else {
                memset(rows + i * ld, 0, (size_t)ld);
            }
        }
        g->turn(panel + k / TILE * STEP_BYTES, rows, ld, n_step);
    }
}

static void produce_forward(const wu_gemm_ops *g, const source *s, char *panel, int32_t n_step,
                            char *rows) {
    const int64_t half = wu_half_bytes(g->format, n_step), tile = wu_tile_bytes(g->format, n_step);
    for (int32_t col = 0; col < s->nc; col += TILE, panel += tile) {
        produce_half(g, s, panel, col, rows);
        if (col + HALF < s->nc) {
            produce_half(g, s, panel + half, col + HALF, rows);
        } else {
            for (int32_t k = 0; k < (s->nk + TILE - 1) / TILE; k++)
                memset(panel + half + k * STEP_BYTES, 0,
                       g->format == WU_BF16 ? STEP_BYTES / 2 : STEP_BYTES);
        }
    }
}

/* Row o of W, from the file itself or decoded into `row`; zeros behind the last row. */
static const char *transposed_row(const wu_gemm_ops *g, const source *s, int32_t o, char *row) {
    const int64_t number = wu_number_bytes(g->format);
    if (o >= s->k0 + s->nk) {
        memset(row, 0, (size_t)(wu_round_up(s->nc, TILE) * number));
        return row;
    }
    if (s->nc % TILE == 0 && is_plain(g, s))
        return (const char *)s->w->data + o * s->w->row_bytes + s->c0 * number;
    g->decode(row, s->w, o, s->c0, s->nc, s->round);
    return row;
}

static void produce_transposed(const wu_gemm_ops *g, const source *s, char *panel, int32_t n_step,
                               char *rows) {
    const int64_t half = wu_half_bytes(g->format, n_step), tile = wu_tile_bytes(g->format, n_step);
    const int32_t n_half = (s->nc + TILE - 1) / TILE * 2;
    const int64_t pair = g->format == WU_BF16 ? 64 : 128;
    for (int32_t k = 0; k < wu_round_up(s->nk, TILE); k += 2) {
        const char *r0 = transposed_row(g, s, s->k0 + k, rows);
        const char *r1 = transposed_row(g, s, s->k0 + k + 1, rows + DECODE_BYTES / 2);
        g->weave(panel + k / TILE * STEP_BYTES + k % TILE / 2 * pair, half, tile, r0, r1, n_half);
    }
}

/* Writes steps [step, ...) of a panel of n_step steps. */
static void produce(const wu_gemm_ops *g, const source *s, char *panel, int32_t n_step,
                    int32_t step, char *rows) {
    panel += (int64_t)step * STEP_BYTES;
    if (s->transposed) {
        produce_transposed(g, s, panel, n_step, rows);
    } else {
        produce_forward(g, s, panel, n_step, rows);
    }
}

/* ---- blocks ---- */

typedef struct plan {
    const wu_product *p;
    const wu_gemm_ops *g;
    int32_t inner, n_col;           /* of the product */
    int32_t block_cols, block_rows; /* multiples of 32 */
    int32_t col_blocks;
    int64_t unit0; /* first unit of this product */
    bool few;      /* streamed, wu_few_block() */
} plan;

typedef struct parts {
    char *panel;
    float *sums;
    char *gather, *rows;
} parts;

static parts parts_of(char *s) {
    return (parts){s, (float *)(void *)(s + PANEL_BYTES), s + PANEL_BYTES + SUMS_BYTES,
                   s + PANEL_BYTES + SUMS_BYTES + GATHER_BYTES};
}

/* Tiles of steps [step, step + n) at row r0; few rows are gathered into `gather`. */
static void job_rows(wu_panel_job *job, int i, const wu_gemm_ops *g, const wu_packed *x, int32_t r0,
                     int32_t step, int32_t n, char *gather) {
    const int64_t number = wu_number_bytes(g->format), tile = TILE * TILE * number;
    const int64_t n_tile = (x->n_col + TILE - 1) / TILE;
    job->n_step[i] = n;
    job->a_stride[i] = n_tile * tile;
    if (x->layout == LAYOUT_TILES) {
        job->a[i] = (const char *)x->data + (r0 / TILE * n_tile + step) * tile;
        return;
    }
    job->a[i] = gather;
    for (int32_t s = 0; s < n; s++) {
        for (int32_t r = 0; r < TILE; r++, gather += TILE * number) {
            const char *from = (const char *)x->data + (r * n_tile + step + s) * TILE * number;
            if (r < x->n_row) {
                memcpy(gather, from, (size_t)(TILE * number));
            } else {
                memset(gather, 0, (size_t)(TILE * number));
            }
        }
    }
}

/* One piece of the inner dimension: inner numbers k0 .. k0 + nk of W, then `rank` of them, from
 * rank0 on, of the low-rank term; either may be none. */
static void run_piece(const plan *pl, wu_panel_job *job, const parts *m, int32_t c0, int32_t r0,
                      int32_t k0, int32_t nk, int32_t rank0, int32_t rank) {
    const wu_product *p = pl->p;
    const int32_t steps = (nk + TILE - 1) / TILE, low_steps = (rank + TILE - 1) / TILE;
    const bool round = p->x->precision == WU_BF16;
    job->n_step[0] = job->n_step[1] = 0;
    if (nk) {
        const source s = {p->w, p->transposed, round, c0, job->n_col, k0, nk};
        produce(pl->g, &s, m->panel, steps + low_steps, 0, m->rows);
        job_rows(job, 0, pl->g, p->x, r0, k0 / TILE, steps, m->gather);
    }
    if (rank) {
        const source s = {p->low, p->transposed, round, c0, job->n_col, rank0, rank};
        produce(pl->g, &s, m->panel, steps + low_steps, steps, m->rows);
        const int64_t used = (int64_t)steps * TILE * TILE * wu_number_bytes(pl->g->format);
        job_rows(job, 1, pl->g, p->u, r0, rank0 / TILE, low_steps, m->gather + used);
    }
    __asm__ volatile("" ::: "memory"); /* tile loads of gcc 12 do not say that they read memory */
    pl->g->multiply(job);
}

/* Inner numbers of a panel: pieces of equal size that are no longer than the level wants. */
static int32_t even_piece(const wu_gemm_ops *g, int32_t inner) {
    const int32_t n = (inner + g->piece - 1) / g->piece;
    return wu_round_up((inner + n - 1) / n, TILE);
}

static void run_block(const plan *pl, const parts *m, int32_t c0, int32_t r0) {
    const wu_product *p = pl->p;
    const wu_gemm_ops *g = pl->g;
    const int32_t rank = p->u ? p->u->n_col : 0;
    const int32_t piece = even_piece(g, pl->inner);
    wu_panel_job job = {
        .b = m->panel,
        .n_row = WU_MIN(pl->block_rows, p->x->n_row - r0),
        .n_col = WU_MIN(pl->block_cols, pl->n_col - c0),
        .sums = m->sums,
        .first = true,
        .to = {.y = p->y, .type = p->y_type, .ld = p->ldy, .bias = p->bias, .add = p->add},
    };
    job.to = wu_target_at(&job.to, r0, c0);
    const int32_t fit = (int32_t)(PANEL_BYTES / (wu_round_up(job.n_col, TILE) / TILE *
                                                 wu_tile_bytes(g->format, 1)));
    for (int32_t k = 0; k < pl->inner; k += piece) {
        const int32_t nk = WU_MIN(piece, pl->inner - k);
        const bool end = k + nk >= pl->inner;
        const bool joins = end && rank <= TILE && (nk + TILE - 1) / TILE + 1 <= fit;
        job.last = end && (joins || !rank);
        run_piece(pl, &job, m, c0, r0, k, nk, 0, joins ? rank : 0);
        job.first = false;
    }
    for (int32_t k = 0; !job.last; k += piece) { /* a low-rank term on its own */
        job.last = k + piece >= rank;
        run_piece(pl, &job, m, c0, r0, 0, 0, k, WU_MIN(piece, rank - k));
    }
}

/* ---- calls ---- */

enum { MAX_PRODUCTS = 8 };

typedef struct call {
    const wu_compute *c;
    plan plan[MAX_PRODUCTS];
    int n;
} call;

static void run_unit(const plan *pl, int64_t unit, char *memory) {
    const int32_t c0 = (int32_t)(unit % pl->col_blocks) * pl->block_cols;
    const int32_t r0 = (int32_t)(unit / pl->col_blocks) * pl->block_rows;
    const parts m = parts_of(memory);
    if (pl->g->enter) pl->g->enter();
    if (pl->few) {
        wu_few_block(pl->g, pl->p, c0, WU_MIN(pl->block_cols, pl->n_col - c0), m.panel);
    } else {
        run_block(pl, &m, c0, r0);
    }
}

static void matmul_unit(void *ctx, int64_t unit, int thread) {
    const call *k = ctx;
    int i = k->n - 1;
    while (k->plan[i].unit0 > unit) i--;
    run_unit(&k->plan[i], unit - k->plan[i].unit0, wu_compute_scratch(k->c, thread));
}

static void check(const wu_product *p, const plan *pl) {
    (void)p;
    (void)pl;
    assert(p->x->n_col == pl->inner && p->ldy >= pl->n_col);
    assert(p->y_type == WU_F32 || (p->y_type == WU_BF16 && !p->add));
    assert(!p->u == !p->low && !(p->transposed && p->bias));
    assert(!p->u || (p->u->n_row == p->x->n_row && p->u->precision == p->x->precision));
    assert(!p->u || (p->low->type == WU_F32 &&
                     (p->transposed ? p->low->n_out == p->u->n_col && p->low->n_in == pl->n_col
                                    : p->low->n_in == p->u->n_col && p->low->n_out == pl->n_col)));
}

/* Columns of a block, in tiles: as wide as the panel may be, but so that the last round of units
 * keeps all threads busy. `beside` is what a block costs beside its columns, in tiles: it reads all
 * activations once. */
static int32_t pick_cols(int32_t n_tile, int32_t widest, int32_t n_thread, int32_t beside) {
    int32_t best = 1;
    int64_t least = INT64_MAX;
    for (int32_t w = 1; w <= WU_MIN(widest, n_tile); w++) {
        const int64_t blocks = (n_tile + w - 1) / w, rounds = (blocks + n_thread - 1) / n_thread;
        const int64_t cost = rounds * (w + beside);
        if (cost <= least) {
            least = cost;
            best = w;
        }
    }
    return best;
}

static void plan_blocks(plan *pl, int32_t n_row, int32_t n_tile, int32_t n_thread) {
    const int32_t piece = even_piece(pl->g, pl->inner);
    const int32_t steps = piece / TILE + 1; /* one for a low-rank term */
    const int32_t rows = wu_round_up(WU_MIN(n_row, MOST_ROWS), TILE);
    int32_t widest = pl->g->panel_bytes / (int32_t)wu_tile_bytes(pl->g->format, steps);
    widest = WU_MAX(1, widest);
    if (pl->inner > piece || (pl->p->u && pl->p->u->n_col > TILE)) /* sums wait between pieces */
        widest = WU_MIN(widest, SUMS_BYTES / (rows * TILE * (int32_t)sizeof(float)));
    const int64_t bytes = (int64_t)rows * pl->inner * wu_number_bytes(pl->g->format);
    const int32_t beside = bytes > (1 << 20) ? 3 : 1; /* from L3, from L2 */
    pl->block_cols = TILE * pick_cols(n_tile, widest, n_thread, beside);
    const int32_t row_blocks = (n_row + MOST_ROWS - 1) / MOST_ROWS;
    pl->block_rows = wu_round_up((n_row + row_blocks - 1) / row_blocks, TILE);
}

static void make_plan(const wu_gemm_ops *g, int n_thread, plan *pl, const wu_product *p) {
    const int32_t n_row = p->x->n_row;
    *pl = (plan){.p = p,
                 .g = g,
                 .inner = p->transposed ? p->w->n_out : p->w->n_in,
                 .n_col = p->transposed ? p->w->n_in : p->w->n_out};
    check(p, pl);
    pl->few = p->x->layout == LAYOUT_ROWS && !p->transposed;
    const int32_t n_tile = (pl->n_col + TILE - 1) / TILE;
    if (pl->few) {
        const int32_t even = n_tile / (4 * n_thread);
        pl->block_cols = TILE * WU_MAX(1, WU_MIN(even, FEW_TILES));
        pl->block_rows = TILE;
    } else {
        plan_blocks(pl, n_row, n_tile, n_thread);
    }
    pl->col_blocks = (pl->n_col + pl->block_cols - 1) / pl->block_cols;
}

static int64_t units_of(const plan *pl) {
    return (int64_t)pl->col_blocks * ((pl->p->x->n_row + pl->block_rows - 1) / pl->block_rows);
}

void wu_matmul(wu_compute *c, const wu_product *p, int n_product) {
    call k = {.c = c};
    int64_t n_unit = 0;
    for (int i = 0; i < n_product; i++) {
        if (p[i].x->n_row > 0) {
            plan *pl = &k.plan[k.n++];
            make_plan(ops_of(c, p[i].x->precision), wu_pool_size(c->pool), pl, &p[i]);
            pl->unit0 = n_unit;
            n_unit += units_of(pl);
        }
        if (k.n == MAX_PRODUCTS || i + 1 == n_product) {
            if (n_unit) wu_pool_for(c->pool, n_unit, matmul_unit, &k);
            k.n = 0;
            n_unit = 0;
        }
    }
}

void wu_matmul_alone(const wu_gemm_ops *g, const wu_product *product, wu_packed *p, const float *x,
                     int32_t n_row, void *memory, char *scratch) {
    const int32_t n_in = product->w->n_in;
    wu_pack_init(NULL, p, g->format, n_row, n_in, memory);
    for (int32_t r = 0; r < n_row; r += TILE)
        pack_rows(g, p, r, WU_MIN(TILE, n_row - r), x + (int64_t)r * n_in, WU_F32, n_in);
    plan pl;
    make_plan(g, 1, &pl, product);
    const int64_t n_unit = units_of(&pl);
    for (int64_t u = 0; u < n_unit; u++) run_unit(&pl, u, scratch);
}
