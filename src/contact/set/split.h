/* split.h - a file of examples becomes train, valid and test, or a smaller file.
 *
 * A conversation is never divided, nor are conversations of the same words, nor
 * (on request) those of a customer or an agent.  The parts are checked for
 * leaks before they take their names; nothing is left behind if one is found.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SET_SPLIT_H
#define WU_CONTACT_SET_SPLIT_H

#include "contact/set/place.h"
#include "contact/set/units.h"

typedef enum wu_near {
    WU_NEAR_FAIL,     /* nearly equal conversations in two parts are an error */
    WU_NEAR_TOGETHER, /* they are kept in one part */
    WU_NEAR_ALLOW     /* nobody looks */
} wu_near;

typedef struct wu_split_options {
    const char *data; /* a file, or a directory with examples.jsonl */
    const char *out;  /* a directory; it is made */
    wu_group_by by;
    bool by_time;             /* the latest to test */
    double share[WU_N_SPLIT]; /* train, valid, test; they sum to 1 */
    uint64_t seed;
    wu_near near;
    double threshold; /* of nearly equal; 0 means 0.8 */
    bool force;       /* parts that are there are replaced */
} wu_split_options;

typedef struct wu_split_report {
    struct wu_split_part {
        bool written;
        int64_t n_conversation, n_group, n_example;
    } part[WU_N_SPLIT];
    int32_t n_alone;   /* conversations without the customer or agent of --group-by */
    int32_t n_no_time; /* by time: conversations that have none, and so are in train */
    int32_t n_same;    /* conversations that have the words of an earlier one */
    int64_t n_joined;  /* groups made one because they have equal or nearly equal conversations */
} wu_split_report;

extern const char *const wu_split_name[WU_N_SPLIT]; /* "train", "valid", "test" */

/* Errors: EARG (out has parts already, or is what is read; not enough conversations or groups);
 * EDATA (a line that is no record; too many conversations without time; a leak: the message says
 * which and what to do); EIO; ENOMEM. Then nothing was written. */
WU_MUST_CHECK wu_code wu_split(wu_split_report *out, const wu_split_options *o, wu_err *err);

typedef struct wu_subset_options {
    const char *data; /* a file, or a directory with examples.jsonl, else train.jsonl */
    const char *out;  /* a file; or a directory, for a file of the same name and metadata.json */
    int64_t size;     /* at most so many examples; or 0 */
    int64_t conversations; /* so many conversations; or 0 */
    uint64_t seed;
} wu_subset_options;

typedef struct wu_subset_report {
    int64_t n_conversation, n_example;       /* taken */
    int64_t all_conversations, all_examples; /* of the file */
} wu_subset_report;

/* Errors: EARG (out is what is read; size smaller than every conversation); EDATA; EIO; ENOMEM. */
WU_MUST_CHECK wu_code wu_subset(wu_subset_report *out, const wu_subset_options *o, wu_err *err);

#endif
