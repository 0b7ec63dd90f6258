/* tally.h - how often each whole number occurs, and each word.
 *
 * A wu_tally gives quantiles without keeping the values: a counter for each
 * number up to WU_TALLY_EXACT, beyond that one for every thousandth part of a
 * power of two.  Its memory grows with the largest value, to 1.5 MB at most.
 *
 * A quantile is the nearest rank: the least value that at least that share of
 * all values does not exceed; the median of 1, 2, 3, 4 is 2.
 *
 * A wu_counts counts words, so many different ones at most; what comes after
 * those is counted together.
 *
 * Threads: an object belongs to its caller. */
#ifndef WU_CONTACT_SET_TALLY_H
#define WU_CONTACT_SET_TALLY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { WU_TALLY_EXACT = 1 << 17 };

typedef struct wu_tally {
    int64_t *count; /* [n_slot] */
    int32_t n_slot;
    int64_t n;        /* values */
    int64_t min, max; /* 0 without values */
    int64_t sum;
} wu_tally; /* all zero is empty */

/* A negative value counts as 0. ENOMEM, *t unchanged. */
WU_MUST_CHECK wu_code wu_tally_add(wu_tally *t, int64_t value);
void wu_tally_free(wu_tally *t);

/* permille 0 to 1000; 0 without values. Exact up to WU_TALLY_EXACT, beyond up to 0.1 % too small.
 */
int64_t wu_tally_quantile(const wu_tally *t, int permille);
double wu_tally_mean(const wu_tally *t);                            /* 0 without values */
int64_t wu_tally_within(const wu_tally *t, int64_t lo, int64_t hi); /* how many, both included */

typedef struct wu_count {
    wu_str word;
    int64_t n;
    int64_t of_those; /* the caller's: a part of n */
} wu_count;

enum { WU_COUNTS_MAX = 256, WU_COUNTS_WORD = 120 }; /* different words; bytes kept of one */

typedef struct wu_counts {
    wu_arena arena;
    wu_count *item; /* [n] in order of arrival, or as sorted */
    int32_t n;
    int64_t n_all;    /* everything counted */
    int64_t n_beyond; /* of those: words that came when there were WU_COUNTS_MAX */
} wu_counts;          /* all zero is empty */

/* of_those is added there. ENOMEM. */
WU_MUST_CHECK wu_code wu_counts_add(wu_counts *c, wu_str word, int64_t of_those);
void wu_counts_sort(wu_counts *c); /* the most frequent first; equal ones by their bytes */
void wu_counts_free(wu_counts *c);

#endif
