/* optimizer.c - state and steps of Adam and AdamW (optimizer.h). */
#include "train/optimizer.h"

#include "base/arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 16384 }; /* parameters of one unit of work: four arrays of 64 KiB */

const char *wu_optimizer_name(wu_optimizer_kind kind) {
    return kind == WU_ADAMW ? "adamw" : "adam";
}

wu_optimizer_options wu_optimizer_defaults(wu_optimizer_kind kind) {
    const bool w = kind == WU_ADAMW;
    return (wu_optimizer_options){.kind = kind,
                                  .beta1 = 0.9,
                                  .beta2 = 0.999,
                                  .eps = 1e-8,
                                  .decay = w ? 0.01 : 0.0,
                                  .correct_bias = w};
}

wu_code wu_optimizer_create(wu_optimizer **out, const wu_optimizer_options *o, int64_t n,
                            wu_err *err) {
    size_t bytes = 0;
    wu_optimizer *opt = calloc(1, sizeof(*opt));

    *out = NULL;
    if (!opt || !wu_mul_size(&bytes, (size_t)n, sizeof(float))) goto memory;
    *opt = (wu_optimizer){.o = *o, .n = n};
    opt->m = wu_aligned_alloc(bytes ? bytes : 1);
    opt->v = wu_aligned_alloc(bytes ? bytes : 1);
    if (!opt->m || !opt->v) goto memory;
    memset(opt->m, 0, bytes);
    memset(opt->v, 0, bytes);
    *out = opt;
    return WU_OK;
memory:
    wu_optimizer_free(opt);
    return wu_fail(err, WU_ENOMEM, "optimizer: out of memory for %lld parameters", (long long)n);
}

void wu_optimizer_free(wu_optimizer *opt) {
    if (!opt) return;
    free(opt->m);
    free(opt->v);
    free(opt);
}

typedef struct update {
    const wu_row_ops *rows;
    const wu_optimizer *opt;
    float *w;
    const float *g;
    wu_adam_args args;
} update;

static void update_chunk(void *ctx, int64_t unit, int thread) {
    const update *u = ctx;
    const int64_t at = unit * CHUNK, n = WU_MIN((int64_t)CHUNK, u->opt->n - at);
    (void)thread;
    u->rows->adam(u->w + at, u->opt->m + at, u->opt->v + at, u->g + at, n, &u->args);
}

/* The originals multiply a gradient by 1 - beta taken in f64; 1 - 0.999f is off by 1.3e-5 of that.
 * The moments are linear in the factor, so it is put right where they are read. */
static float correction(double beta, double t, bool correct_bias) {
    const double bias = correct_bias ? 1.0 - pow(beta, t) : 1.0;
    return (float)(bias * (double)(1.0f - (float)beta) / (1.0 - beta));
}

void wu_optimizer_update(wu_optimizer *opt, wu_compute *c, float *w, const float *grad,
                         double rate) {
    const wu_optimizer_options *o = &opt->o;
    const double t = (double)++opt->step;
    update u = {.rows = wu_compute_rows(c), .opt = opt, .w = w, .g = grad};
    u.args = (wu_adam_args){.rate = (float)rate,
                            .beta1 = (float)o->beta1,
                            .beta2 = (float)o->beta2,
                            .eps = (float)o->eps,
                            .decay = o->kind == WU_ADAMW ? (float)o->decay : 0.0f,
                            .correct1 = correction(o->beta1, t, o->correct_bias),
                            .correct2 = correction(o->beta2, t, o->correct_bias)};
    wu_pool_for(wu_compute_pool(c), (opt->n + CHUNK - 1) / CHUNK, update_chunk, &u);
}
