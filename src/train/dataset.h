/* dataset.h - examples as token ids, with what counts in each and what belongs together.
 *
 * An example is a run of tokens of which those from `answer` on are targets:
 * the tokens that training makes more likely.  Examples of one conversation
 * form a group; they are trained side by side, because what their beginnings
 * have in common is then computed once.
 *
 * Threads: immutable once read; one thread at a time while building. */
#ifndef WU_TRAIN_DATASET_H
#define WU_TRAIN_DATASET_H

#include "base/buf.h"
#include "base/hash.h"
#include "model/forest.h"
#include "text/chat.h"

enum { WU_NO_TOKEN = -1 };

typedef struct wu_example {
    int64_t first;  /* index of its first token in ids */
    int32_t n_tok;  /* at least 2 */
    int32_t answer; /* first token that is a target, 1..n_tok - 1 */
    int32_t after;  /* a target behind the last token (mlx-lm's pad token), or WU_NO_TOKEN */
    int32_t group;  /* conversation: 0, 1, ... in order of appearance */
    int32_t line;   /* in its file, from 1; 0: none */
    float weight;   /* of each of its targets */
    wu_hash source; /* of its source_id; all zero: none */
} wu_example;

typedef struct wu_dataset {
    int32_t *id; /* all tokens */
    int64_t n_id, cap_id;
    wu_example *ex; /* [n] in order of the file */
    int32_t n, cap, n_group;
    int32_t longest; /* tokens of the longest example */
    char *path;      /* file it was read from, or NULL */
} wu_dataset;

typedef struct wu_data_options {
    const wu_tokenizer *tokenizer;
    wu_chat chat;     /* for messages, prompt and completion */
    bool mask_prompt; /* targets are the last answer only; else every token but the first */
    bool pad_target;  /* mlx-lm's: token 0 has to follow a text that is shorter than the limit */
    int32_t max_seq_length; /* a longer example is an error */
} wu_data_options;

/* Reads a JSONL file. A record has prompt and completion, or messages, or text, by this
 * precedence; optional are source_id (text or integer) and weight (above 0). Blank lines are
 * skipped. text ends with the end token, is counted whole and knows no prompt.
 * Errors: EIO; EDATA (file and line named: bad JSON, no known shape, no answer, too long); ENOMEM;
 * EARG (no chat template). */
WU_MUST_CHECK wu_code wu_dataset_read(wu_dataset **out, const char *path, const wu_data_options *o,
                                      wu_err *err);

/* An empty set, and examples added one by one; group -1 is decided by wu_dataset_group().
 * EARG, ENOMEM. */
WU_MUST_CHECK wu_code wu_dataset_create(wu_dataset **out, const char *path, wu_err *err);
WU_MUST_CHECK wu_code wu_dataset_add(wu_dataset *d, const int32_t *id, const wu_example *ex,
                                     wu_err *err);

/* Sets the groups: equal source_id, else a common prefix of at least half of the shorter prompt
 * (and 16 tokens). ENOMEM. */
WU_MUST_CHECK wu_code wu_dataset_group(wu_dataset *d, wu_err *err);

void wu_dataset_free(wu_dataset *d); /* NULL allowed */

wu_tokens wu_dataset_tokens(const wu_dataset *d, int32_t i);

/* Targets of an example. */
int32_t wu_dataset_targets(const wu_dataset *d, int32_t i);

/* The most frequent size of a group; the larger one of two. */
int32_t wu_dataset_group_size(const wu_dataset *d);

#endif
