/* sampler.h - one token from logits.  Order of the filters as in mlx-lm: top-p, min-p, top-k, then
 * temperature; temperature 0 takes the largest logit, the lowest id on ties.
 *
 * The three filters look at the probabilities before the temperature, and none
 * of them renormalises: each keeps some of the likeliest tokens.
 *
 * Threads: a wu_sampler belongs to its caller. */
#ifndef WU_DECODE_SAMPLER_H
#define WU_DECODE_SAMPLER_H

#include "base/err.h"
#include "base/rng.h"

typedef struct wu_sampling {
    float temperature; /* 0: greedy */
    float top_p;       /* 0 or 1: off; keeps the likeliest tokens up to this sum */
    float min_p;       /* 0: off; drops what is less likely than this times the likeliest */
    int32_t top_k;     /* 0: off */
    uint64_t seed;
    uint64_t stream; /* samplers of one seed that must not draw the same numbers */
} wu_sampling;

typedef struct wu_sampler wu_sampler;

/* Memory for n_vocab tokens. Errors: EARG (a value out of range), ENOMEM. */
WU_MUST_CHECK wu_code wu_sampler_create(wu_sampler **out, const wu_sampling *s, int32_t n_vocab,
                                        wu_err *err);
void wu_sampler_free(wu_sampler *s); /* NULL allowed */

/* logits [n_vocab]. allowed (may be NULL): bit set over the vocabulary. Returns -1 if nothing is
 * allowed. A logit that is NaN or -infinity is never picked. Does not allocate. */
int32_t wu_sampler_pick(wu_sampler *s, const float *logits, const uint32_t *allowed);

#endif
