/* index_impl.h - from a name to its place in an array of names, by hashing.
 *
 * Building finds duplicates. The names are borrowed and must outlive the index.
 *
 * Threads: immutable once built. */
#ifndef WU_FORMATS_INDEX_IMPL_H
#define WU_FORMATS_INDEX_IMPL_H

#include "base/arena.h"
#include "base/buf.h"

typedef struct wu_index { /* all zero is empty */
    const wu_str *key;    /* [n] */
    uint32_t *slot;       /* [mask + 1] place + 1, or 0; open addressing */
    uint32_t mask;
    int32_t n;
} wu_index;

/* Builds over n keys in memory of the arena. *twin (may be NULL) becomes the place of a key that
 * equals an earlier one, or -1; of equal keys the first is found. ENOMEM. */
WU_MUST_CHECK wu_code wu_index_build(wu_index *ix, wu_arena *arena, const wu_str *key, int32_t n,
                                     int32_t *twin);

int32_t wu_index_find(const wu_index *ix, wu_str key); /* -1 if absent */

#endif
