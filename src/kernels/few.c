/* few.c - forward products of 1 to 16 rows: weights are streamed once, without panels.
 *
 * Some rows of W at a time are decoded into L1 (or read where they lie, if the
 * format fits) and multiplied with all rows of activations. */
#include "kernels/gemm_impl.h"

enum {
    GROUP = 32,                /* rows of W at a time, at most */
    DECODED_BYTES = 24 * 1024, /* of them in L1 */
    LONGEST = 4096             /* inner numbers at a time */
};

typedef struct stream {
    const wu_gemm_ops *g;
    const wu_matrix *w;
    const wu_packed *x;
    bool round;
    char *rows; /* decoded rows */
} stream;

/* c [rows of x][ldc] (+)= x times rows o .. o + n of W. */
static void stream_rows(const stream *s, int32_t o, int32_t n, float *c, int64_t ldc, bool first) {
    const wu_gemm_ops *g = s->g;
    const wu_matrix *w = s->w;
    const int64_t number = wu_number_bytes(g->format);
    wu_dot_job job = {.c = c, .ldc = ldc, .x = s->x, .first = first};
    if (w->type == g->format && !(s->round && g->format == WU_F32) && w->n_in % TILE == 0) {
        job.w = (const char *)w->data + o * w->row_bytes;
        job.w_bytes = w->row_bytes;
        job.n_w = n;
        job.n_k = w->n_in;
        g->dot(&job);
        return;
    }
    const int32_t cols = WU_MIN(wu_round_up(w->n_in, TILE), LONGEST);
    const int32_t fit = (int32_t)(DECODED_BYTES / (cols * number)) / 4 * 4;
    const int32_t at_once = WU_MAX(4, WU_MIN(fit, GROUP));
    job.w = s->rows;
    job.w_bytes = cols * number + 64; /* not a power of two */
    for (int32_t i = 0; i < n; i += at_once) {
        job.c = c + i;
        job.n_w = WU_MIN(at_once, n - i);
        for (job.k0 = 0; job.k0 < w->n_in; job.k0 += LONGEST) {
            const int32_t n_k = WU_MIN(LONGEST, w->n_in - job.k0);
            job.n_k = wu_round_up(n_k, TILE);
            for (int32_t r = 0; r < job.n_w; r++)
                g->decode(s->rows + r * job.w_bytes, w, o + i + r, job.k0, n_k, s->round);
            __asm__ volatile("" ::: "memory"); /* as in run_piece() of gemm.c */
            job.first = first && job.k0 == 0;
            g->dot(&job);
        }
    }
}

void wu_few_block(const wu_gemm_ops *g, const wu_product *p, int32_t c0, int32_t nc, char *memory) {
    float *c = (float *)(void *)memory; /* [rows of x][GROUP] */
    const bool round = p->x->precision == WU_BF16;
    char *rows = memory + FEW_ROWS * GROUP * sizeof(float);
    const stream main = {g, p->w, p->x, round, rows};
    const stream low = {g, p->low, p->u, round, rows};
    const wu_target to = {
        .y = p->y, .type = p->y_type, .ld = p->ldy, .bias = p->bias, .add = p->add};
    for (int32_t j = 0; j < nc; j += GROUP) {
        const int32_t n = WU_MIN(GROUP, nc - j);
        stream_rows(&main, c0 + j, n, c, GROUP, true);
        if (p->u) stream_rows(&low, c0 + j, n, c, GROUP, false);
        const wu_target at = wu_target_at(&to, 0, c0 + j);
        g->store(&at, c, GROUP, p->x->n_row, n);
    }
}
