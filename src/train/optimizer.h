/* optimizer.h - Adam and AdamW on one vector of parameters.
 *
 * Adam as mlx-lm runs it does not correct the bias of its moments, AdamW as
 * PyTorch runs it does and shrinks the parameters by rate * decay first; each
 * can be asked for the other way.
 *
 * Threads: one at a time; an update uses the pool of the compute object and
 * does not depend on its size. */
#ifndef WU_TRAIN_OPTIMIZER_H
#define WU_TRAIN_OPTIMIZER_H

#include "kernels/compute.h"

typedef enum wu_optimizer_kind { WU_ADAM, WU_ADAMW } wu_optimizer_kind;

typedef struct wu_optimizer_options {
    wu_optimizer_kind kind;
    double beta1, beta2, eps;
    double decay; /* AdamW only */
    bool correct_bias;
} wu_optimizer_options;

/* 0.9, 0.999, 1e-8; AdamW: decay 0.01, bias corrected. */
wu_optimizer_options wu_optimizer_defaults(wu_optimizer_kind kind);

typedef struct wu_optimizer {
    wu_optimizer_options o;
    int64_t step; /* updates done */
    int64_t n;
    float *m, *v; /* [n] first and second moment, times (1 - (float)beta) / (1 - beta) */
} wu_optimizer;

/* Errors: ENOMEM. */
WU_MUST_CHECK wu_code wu_optimizer_create(wu_optimizer **out, const wu_optimizer_options *o,
                                          int64_t n, wu_err *err);
void wu_optimizer_free(wu_optimizer *opt); /* NULL allowed */

/* One update of w [n] from its gradient. */
void wu_optimizer_update(wu_optimizer *opt, wu_compute *c, float *w, const float *grad,
                         double rate);

const char *wu_optimizer_name(wu_optimizer_kind kind); /* "adam" "adamw" */

#endif
