/* sort.h - more pairs of numbers than memory should hold, in order.
 *
 * Pairs are added, then taken out by key and, for equal keys, by value.  What
 * does not fit the memory given goes to a temporary file as sorted runs, which
 * are merged while they are read.  The file has no name, so nothing is left
 * behind whatever happens.
 *
 * Threads: one thread at a time for each object. */
#ifndef WU_CONTACT_SET_SORT_H
#define WU_CONTACT_SET_SORT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wu_pair {
    uint64_t key, value;
} wu_pair;

typedef struct wu_sort wu_sort;

/* temporary: directory for runs; NULL: TMPDIR, else /tmp. memory_bytes: of pairs at a time, at
 * least 64 KiB are taken. ENOMEM. */
WU_MUST_CHECK wu_code wu_sort_create(wu_sort **out, size_t memory_bytes, const char *temporary,
                                     wu_err *err);
void wu_sort_free(wu_sort *s); /* NULL allowed */

/* Errors: EIO (the temporary file), ENOMEM. */
WU_MUST_CHECK wu_code wu_sort_add(wu_sort *s, uint64_t key, uint64_t value, wu_err *err);

/* After the last add; then the pairs in order. *end is true behind the last. */
WU_MUST_CHECK wu_code wu_sort_finish(wu_sort *s, wu_err *err);
WU_MUST_CHECK wu_code wu_sort_next(wu_sort *s, wu_pair *p, bool *end, wu_err *err);

#endif
