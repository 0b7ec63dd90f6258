/* format.h - the same examples in the shapes that trainers read.
 *
 *     {"prompt": ..., "completion": ...}
 *     {"messages": [{"role": "user", "content": ...}, {"role": "assistant", "content": ...}]}
 *     {"text": ...}                        rendered with a model's own chat template
 *
 * All other members (task_type, source_id, ...) stay.  A rendered text cannot
 * be taken apart again: whether "<|im_end|>" in it was the template's or the
 * customer's word is lost.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SET_FORMAT_H
#define WU_CONTACT_SET_FORMAT_H

#include "contact/set/record.h"
#include "text/chat.h"

typedef enum wu_shape { WU_SHAPE_PROMPT, WU_SHAPE_MESSAGES, WU_SHAPE_TEXT, WU_N_SHAPE } wu_shape;

typedef struct wu_shape_options {
    wu_shape to;
    const wu_tokenizer *tokenizer; /* for TEXT; else NULL */
    wu_chat chat; /* for TEXT; PLAIN is refused: its markers are in no vocabulary */
} wu_shape_options;

typedef struct wu_shape_counts {
    int64_t n;         /* examples */
    int64_t n_inexact; /* texts that are read back as other ordinary tokens than the template's */
} wu_shape_counts;

/* Which shape a record has; N_SHAPE: none. */
wu_shape wu_shape_of(const wu_record *r);

/* Gives the record that shape. where names it in messages. Text for a tokenizer that puts its
 * begin-of-text token before what it reads has none itself. Errors: EARG (no template), EDATA (it
 * has no shape, cannot be changed to this one, or someone's words in it would be read as control
 * tokens), ENOMEM. */
WU_MUST_CHECK wu_code wu_shape_record(wu_record *r, const wu_shape_options *o, const char *where,
                                      wu_shape_counts *n, wu_err *err);

/* Every record of a JSONL file, written to f; to names it in messages. Counts are added to *n.
 * Errors: as above, EIO. */
WU_MUST_CHECK wu_code wu_shape_file(FILE *f, const char *to, const char *from,
                                    const wu_shape_options *o, wu_shape_counts *n, wu_err *err);

#endif
