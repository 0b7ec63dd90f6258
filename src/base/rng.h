/* rng.h - random numbers that depend on a key and a counter only.
 *
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, 2011): word i of
 * stream k is a function of (k, i), so streams are independent, cheap to
 * start, and the same on every platform.
 *
 * Threads: a wu_rng belongs to its caller. */
#ifndef WU_BASE_RNG_H
#define WU_BASE_RNG_H

#include <stdint.h>

/* out = threefry2x32(key, counter) */
void wu_threefry(uint32_t out[2], const uint32_t key[2], const uint32_t counter[2]);

typedef struct wu_rng {
    uint32_t key[2];
    uint64_t counter;
} wu_rng;

wu_rng wu_rng_init(uint64_t seed, uint64_t stream);
uint64_t wu_rng_u64(wu_rng *r);
uint32_t wu_rng_u32(wu_rng *r);
uint32_t wu_rng_below(wu_rng *r, uint32_t n); /* uniform in [0, n), n > 0, no bias */
double wu_rng_unit(wu_rng *r);                /* uniform in [0, 1), 53 bits */
double wu_rng_normal(wu_rng *r); /* mean 0, variance 1 (twelve uniforms: exact everywhere) */

/* Fisher-Yates from the end. */
void wu_rng_shuffle(wu_rng *r, int32_t *v, int32_t n);

#endif
