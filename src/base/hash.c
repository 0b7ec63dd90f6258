/* hash.c - the one file that knows xxhash (hash.h). */
#include "base/hash.h"

#include <xxhash.h>

wu_hash wu_hash_bytes(const void *p, size_t n) {
    const XXH128_hash_t h = XXH3_128bits(p, n);
    return (wu_hash){h.high64, h.low64};
}

uint64_t wu_hash64(const void *p, size_t n) { return XXH3_64bits(p, n); }
