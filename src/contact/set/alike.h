/* alike.h - texts of one stream that are equal to, or much like, one that came before.
 *
 * Equal means equal words (shingle.h).  Alike is an estimate: two texts are
 * compared by their sketches of WU_SKETCH hashes, whose share of equal places
 * is their similarity to within some 0.04.  Only texts that share a band of
 * their sketches are compared, and of a band that many share a few stand for
 * the rest: the cost is linear in the number of texts.
 *
 * Nothing but a few numbers stays in memory; sketches lie in a temporary file
 * once there are many.
 *
 * Threads: one thread at a time for each object. */
#ifndef WU_CONTACT_SET_ALIKE_H
#define WU_CONTACT_SET_ALIKE_H

#include "base/buf.h"
#include "base/err.h"

typedef struct wu_alike wu_alike;

enum { WU_ALIKE_FOUND = 10, WU_ALIKE_NAME = 64 }; /* pairs that are kept; bytes of a name */

typedef struct wu_alike_pair {
    char first[WU_ALIKE_NAME], later[WU_ALIKE_NAME]; /* names of the two */
    double similarity;                               /* 1: equal words */
} wu_alike_pair;

typedef struct wu_alike_result {
    int64_t n_text;                      /* added */
    int64_t n_empty;                     /* of those: without a word; not compared */
    int64_t n_equal;                     /* with the words of an earlier one */
    int64_t n_near;                      /* of the others: much like an earlier one */
    wu_alike_pair found[WU_ALIKE_FOUND]; /* equal ones first, no more than half */
    int n_found;
} wu_alike_result;

/* threshold: similarity from which texts are alike, 0 means 0.8. memory_bytes: 0 means 32 MiB.
 * temporary: directory for files; NULL: TMPDIR, else /tmp. ENOMEM. */
WU_MUST_CHECK wu_code wu_alike_create(wu_alike **out, double threshold, size_t memory_bytes,
                                      const char *temporary, wu_err *err);
void wu_alike_free(wu_alike *a); /* NULL allowed */

/* name is what the caller calls the text; it is cut if it is long. Errors: EIO (temporary files),
 * ENOMEM. */
WU_MUST_CHECK wu_code wu_alike_add(wu_alike *a, wu_str text, wu_str name, wu_err *err);

/* Once, after the last text. */
WU_MUST_CHECK wu_code wu_alike_finish(wu_alike *a, wu_alike_result *out, wu_err *err);

#endif
