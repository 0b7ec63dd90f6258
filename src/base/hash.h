/* hash.h - XXH3 with 128 bits.  Any thread. */
#ifndef WU_BASE_HASH_H
#define WU_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct wu_hash {
    uint64_t hi, lo;
} wu_hash;

wu_hash wu_hash_bytes(const void *p, size_t n);
uint64_t wu_hash64(const void *p, size_t n); /* the 64-bit one, for hash tables */

#endif
