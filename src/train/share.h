/* share.h - how many rows sequences take when equal prefixes are computed once.
 *
 * The same number as wu_forest_count(), kept up while sequences are added one
 * by one: in sorted order, a sequence shares with the others exactly what it
 * shares with one of its two neighbours.
 *
 * Threads: plain data, one thread at a time. */
#ifndef WU_TRAIN_SHARE_H
#define WU_TRAIN_SHARE_H

#include "model/forest.h"

/* Length of the common beginning of two sequences. */
int32_t wu_common_prefix(const wu_tokens *a, const wu_tokens *b);

/* Order of sequences: by tokens, a prefix first. */
int wu_tokens_compare(const wu_tokens *a, const wu_tokens *b);

typedef struct wu_share {
    wu_tokens *sorted; /* [max] the caller's memory */
    int32_t n, max;
    int64_t rows;
} wu_share;

/* Rows that one more sequence would add; *at is its place in the order. */
int64_t wu_share_cost(const wu_share *s, const wu_tokens *t, int32_t *at);

/* Adds it. The share must not be full. */
void wu_share_add(wu_share *s, const wu_tokens *t);

#endif
