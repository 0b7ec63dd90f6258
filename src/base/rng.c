/* rng.c - Threefry-2x32-20 and what is drawn from it (rng.h). */
#include "base/rng.h"

static uint32_t rotate(uint32_t x, int r) { return (x << r) | (x >> (32 - r)); }

void wu_threefry(uint32_t out[2], const uint32_t key[2], const uint32_t counter[2]) {
    static const int turn[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
    const uint32_t ks[3] = {key[0], key[1], 0x1BD11BDAu ^ key[0] ^ key[1]};
    uint32_t x0 = counter[0] + ks[0], x1 = counter[1] + ks[1];
    for (uint32_t round = 0; round < 5; round++) {
        for (int i = 0; i < 4; i++) {
            x0 += x1;
            x1 = rotate(x1, turn[round & 1][i]) ^ x0;
        }
        x0 += ks[(round + 1) % 3];
        x1 += ks[(round + 2) % 3] + round + 1;
    }
    out[0] = x0;
    out[1] = x1;
}

wu_rng wu_rng_init(uint64_t seed, uint64_t stream) {
    /* The stream is folded into the key by the generator itself, so that near seeds and near
     * streams have nothing in common. */
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[2] = {(uint32_t)stream, (uint32_t)(stream >> 32)};
    wu_rng r = {.counter = 0};
    wu_threefry(r.key, key, counter);
    return r;
}

uint64_t wu_rng_u64(wu_rng *r) {
    const uint32_t counter[2] = {(uint32_t)r->counter, (uint32_t)(r->counter >> 32)};
    uint32_t out[2];
    wu_threefry(out, r->key, counter);
    r->counter++;
    return (uint64_t)out[1] << 32 | out[0];
}

uint32_t wu_rng_u32(wu_rng *r) { return (uint32_t)(wu_rng_u64(r) >> 32); }

uint32_t wu_rng_below(wu_rng *r, uint32_t n) {
    const uint32_t reject = (uint32_t)(-n) % n; /* 2^32 mod n */
    for (;;) {
        const uint64_t wide = (uint64_t)wu_rng_u32(r) * n;
        if ((uint32_t)wide >= reject) return (uint32_t)(wide >> 32);
    }
}

double wu_rng_unit(wu_rng *r) { return (double)(wu_rng_u64(r) >> 11) * 0x1p-53; }

double wu_rng_normal(wu_rng *r) {
    double sum = -6.0;
    for (int i = 0; i < 12; i++) sum += wu_rng_unit(r);
    return sum;
}

void wu_rng_shuffle(wu_rng *r, int32_t *v, int32_t n) {
    for (int32_t i = n - 1; i > 0; i--) {
        const int32_t j = (int32_t)wu_rng_below(r, (uint32_t)i + 1);
        const int32_t t = v[i];
        v[i] = v[j];
        v[j] = t;
    }
}
