/* forest.h - what the model is asked to look at: runs of tokens in trees.
 *
 * A segment is a run of tokens.  It has a parent segment, whose positions it
 * continues, or none.  A token sees all tokens of its ancestors, the earlier
 * tokens of its own segment, and itself:
 *
 *     sees(i) = { j : seg(j) is a proper ancestor of seg(i) }
 *             + { j : seg(j) = seg(i), row(j) <= row(i) }                (3)
 *
 * Only attention and RoPE read the shape; every other layer sees plain rows.
 * Row r of the forest is row r of the KV cache and of the tape.
 *
 * Threads: plain data in the caller's memory, one thread at a time. */
#ifndef WU_MODEL_FOREST_H
#define WU_MODEL_FOREST_H

#include "base/err.h"

#include <stdint.h>

enum { WU_NO_PARENT = -1 };

/* A run of tokens as the caller has it; n_max 0 means n_tok. */
typedef struct wu_tokens {
    const int32_t *id; /* [n_tok] */
    int32_t n_tok;
    int32_t n_max; /* rows to reserve, so that a branch can grow in place */
} wu_tokens;

typedef struct wu_segment {
    int32_t parent; /* index of an earlier segment, or WU_NO_PARENT */
    int32_t row;    /* row of its first token */
    int32_t n_tok;  /* tokens present, <= n_max */
    int32_t n_max;  /* rows reserved */
    int32_t n_kid;  /* children; a segment with children cannot grow */
    int32_t pos;    /* position of its first token: 0, or where the parent ends */
    int32_t done;   /* tokens already evaluated (their keys and values are in the cache) */
} wu_segment;

typedef struct wu_forest {
    wu_segment *seg; /* [max_seg], parents before children */
    int32_t *id;     /* [max_row], token ids; reserved rows are unused */
    int32_t n_seg, n_row, max_seg, max_row;
    int32_t *order; /* [2 * max_seg] scratch of wu_forest_merge */
} wu_forest;

/* Memory for the limits given. Errors: EARG, ENOMEM. */
WU_MUST_CHECK wu_code wu_forest_create(wu_forest **out, int32_t max_row, int32_t max_seg,
                                       wu_err *err);
void wu_forest_free(wu_forest *f);
void wu_forest_clear(wu_forest *f);

/* Adds a segment under parent (or WU_NO_PARENT); *seg is its index.
 * On failure *seg is -1 and the forest unchanged.
 * Errors: EARG (no such parent, n_max < n_tok), ENOMEM (forest full). */
WU_MUST_CHECK wu_code wu_forest_add(int32_t *seg, wu_forest *f, int32_t parent, const wu_tokens *t,
                                    wu_err *err);

/* Appends one token to a segment: a branch while decoding.
 * Errors: EARG (has children), ENOMEM (reserved rows used up). */
WU_MUST_CHECK wu_code wu_forest_push(wu_forest *f, int32_t seg, int32_t id, wu_err *err);

/* Drops every segment from index n_seg on; parents that lose their last child can grow again. */
void wu_forest_cut(wu_forest *f, int32_t n_seg);

/* Merges whole sequences: equal prefixes become shared segments (a compressed trie). leaf[i] is
 * the segment that holds the last token of sequence i; sequences that are equal share it.
 * A sequence whose n_max is larger than its n_tok wants to grow and gets the difference in rows; a
 * sequence that ends inside another one, or that equals another and wants to grow, gets a segment
 * of its own for its last token. Sequences must not be empty; at most max_seg of them. Existing
 * segments are kept and not merged with. Errors: EARG, ENOMEM (forest full; then it is
 * unchanged). */
WU_MUST_CHECK wu_code wu_forest_merge(wu_forest *f, const wu_tokens *seq, int32_t n_seq,
                                      int32_t *leaf, wu_err *err);

/* Number of rows that merging would take, without doing it; n_seg too if not NULL. -1 when out of
 * memory. */
int64_t wu_forest_count(const wu_tokens *seq, int32_t n_seq, int32_t *n_seg);

/* Row of token t (position) of the path that ends in segment leaf. */
int32_t wu_forest_row(const wu_forest *f, int32_t leaf, int32_t t);

/* Tokens on the path from the root to the end of segment leaf. */
int32_t wu_forest_length(const wu_forest *f, int32_t leaf);

#endif
