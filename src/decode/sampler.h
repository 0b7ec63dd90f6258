/* sampler.h - one token from logits.  Order of the filters as in mlx-lm: top-p, min-p, top-k, then
 * temperature; temperature 0 takes the largest logit, the lowest id on ties.
 *
 * Threads: a wu_sampler belongs to its caller. */
#ifndef WU_DECODE_SAMPLER_H
#define WU_DECODE_SAMPLER_H

#include "base/err.h"
#include "base/rng.h"

typedef struct wu_sampling {
    float temperature; /* 0: greedy */
    float top_p;       /* 0 or 1: off */
    float min_p;       /* 0: off */
    int32_t top_k;     /* 0: off */
    uint64_t seed;
} wu_sampling;

typedef struct wu_sampler wu_sampler;

/* Memory for n_vocab tokens. Errors: EARG (a value out of range), ENOMEM. */
WU_MUST_CHECK wu_code wu_sampler_create(wu_sampler **out, const wu_sampling *s, int32_t n_vocab, wu_err *err);
void wu_sampler_free(wu_sampler *s);

/* allowed (may be NULL): bit set over the vocabulary. Returns -1 if nothing is allowed. Does not allocate. */
int32_t wu_sampler_pick(wu_sampler *s, const float *logits, const uint32_t *allowed);

#endif
