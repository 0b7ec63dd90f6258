/* few.c - forward products of 1 to 16 rows: weights are streamed once, without panels.
 *
 * Some rows of W at a time are decoded into L1 (or read where they lie, if the
 * format fits) and multiplied with all rows of activations. */
#include "kernels/gemm_impl.h"

enum {
    DECODED_BYTES = 24 * 1024, /* of rows of W in L1 */
    LONGEST = 4096             /* inner numbers at a time */
};

/* Are the numbers of W those of the level already, whole steps of them? */
static bool is_plain(const wu_stream_job *s) {
    return s->w->type == s->g->format && !(s->round && s->g->format == WU_F32) &&
           s->w->n_in % TILE == 0;
}

static void stream_plain(const wu_stream_job *s) {
    const wu_dot_job job = {.c = s->c,
                            .ldc = s->ldc,
                            .w = (const char *)s->w->data + s->o * s->w->row_bytes,
                            .w_bytes = s->w->row_bytes,
                            .n_w = s->n,
                            .x = s->x,
                            .n_k = s->w->n_in,
                            .first = s->first};
    s->g->dot(&job);
}

void wu_stream_decoded(const wu_stream_job *s) {
    const int64_t number = wu_number_bytes(s->g->format);
    const int32_t n_in = s->w->n_in, cols = WU_MIN(wu_round_up(n_in, TILE), LONGEST);
    const int32_t fit = (int32_t)(DECODED_BYTES / (cols * number)) / 4 * 4;
    const int32_t at_once = WU_MAX(4, WU_MIN(fit, HALF));
    wu_dot_job job = {.ldc = s->ldc, .w = s->rows, .w_bytes = cols * number + 64, .x = s->x};
    for (int32_t i = 0; i < s->n; i += at_once) {
        job.c = s->c + i;
        job.n_w = WU_MIN(at_once, s->n - i);
        for (job.k0 = 0; job.k0 < n_in; job.k0 += LONGEST) {
            const int32_t n_k = WU_MIN(LONGEST, n_in - job.k0);
            job.n_k = wu_round_up(n_k, TILE);
            for (int32_t r = 0; r < job.n_w; r++)
                s->g->decode(s->rows + r * job.w_bytes, s->w, s->o + i + r, job.k0, n_k, s->round);
            job.first = s->first && job.k0 == 0;
            s->g->dot(&job);
        }
    }
}

static void stream(const wu_stream_job *s) {
    if (is_plain(s)) {
        stream_plain(s);
    } else if (s->g->stream) {
        s->g->stream(s);
    } else {
        wu_stream_decoded(s);
    }
}

void wu_few_block(const wu_gemm_ops *g, const wu_product *p, int32_t c0, int32_t nc, char *memory) {
    float *c = (float *)(void *)memory;
    wu_stream_job job = {.g = g,
                         .w = p->w,
                         .x = p->x,
                         .round = p->x->precision == WU_BF16,
                         .o = c0,
                         .n = nc,
                         .c = c,
                         .ldc = FEW_TILES * TILE,
                         .first = true,
                         .rows = memory + FEW_ROWS * FEW_TILES * TILE * sizeof(float)};
    stream(&job);
    if (p->u) {
        job.w = p->low;
        job.x = p->u;
        job.first = false;
        stream(&job);
    }
    const wu_target to = {
        .y = p->y, .type = p->y_type, .ld = p->ldy, .bias = p->bias, .add = p->add};
    const wu_target at = wu_target_at(&to, 0, c0);
    g->store(&at, c, job.ldc, p->x->n_row, nc);
}
