/* prepare.h - from transcripts and labels to examples.jsonl.
 *
 * Conversations come one at a time, from the files of a directory (their
 * labels lie in other directories under the same number) or from one file that
 * has labels inside; each gives up to six examples, written one after another.
 * What cannot be used is counted, and the first of each kind is told by name.
 *
 * Nothing that is read stays in memory, except for 32 bytes a conversation that
 * tell whether its id has been there before, and the names of a directory's
 * files.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SET_PREPARE_H
#define WU_CONTACT_SET_PREPARE_H

#include "contact/labels.h"
#include "contact/read/read.h"
#include "contact/redact/redact.h"
#include "contact/shorten.h"

typedef struct wu_prepare_options {
    const char *transcripts, *analyses, *journeys; /* directories; journeys may be NULL */
    const char *input;                             /* or one file, "-" too, with labels inside */
    const char *output;                            /* directory; it is made */
    wu_read_options read;
    wu_prompt_order order;
    unsigned tasks;                              /* bit set of wu_task_id; 0: all */
    wu_label_options labels;                     /* its taxonomy must be there */
    wu_shortener *shortener;                     /* or NULL */
    wu_redactor *redactor;                       /* or NULL */
    const char *label_source;                    /* who made the labels, in provenance; or NULL */
    wu_json *settings;                           /* shown in metadata.json; the caller's; or NULL */
    bool strict;                                 /* stop at the first problem */
    void (*tell)(void *ud, const char *problem); /* called for the first of each kind; or NULL */
    void *ud;
} wu_prepare_options;

typedef enum wu_problem {
    WU_PROBLEM_UNREADABLE,    /* a transcript, an analysis or a journey */
    WU_PROBLEM_EMPTY,         /* a conversation without a turn */
    WU_PROBLEM_DUPLICATE,     /* an id that was there before, a file of labels used before */
    WU_PROBLEM_NO_ANALYSIS,   /* of a conversation */
    WU_PROBLEM_NO_TRANSCRIPT, /* of an analysis or a journey */
    WU_PROBLEM_LABEL,         /* a main label that is wrong or unknown */
    WU_PROBLEM_TOO_LONG,      /* answers leave no room for the conversation */
    WU_N_PROBLEM
} wu_problem;

enum { WU_PROBLEMS_TOLD = 20 }; /* of each kind, by name */

const char *wu_problem_name(wu_problem p); /* "no_analysis" */

/* Why a field of a task is not there: the state's name, or "no_journey", "no_analysis". */
const char *wu_prepare_why(wu_task_id task, wu_label_state s);

typedef struct wu_prepare_counts {
    int64_t n_conversation; /* read */
    int64_t n_used;         /* with at least one example */
    int64_t n_no_journey;
    int64_t n_problem[WU_N_PROBLEM];
    int64_t n_example[WU_N_TASK], n_examples;
    int64_t n_state[WU_N_TASK][WU_FIELDS_MAX][WU_N_LABEL_STATE]; /* see below */
    int64_t n_shortened, n_turn_out, n_word_out, n_text_cut;
    int64_t n_csat;
    double csat_most; /* of the source's own scale */
} wu_prepare_counts;  /* n_state of field 0 counts conversations, of other fields answers */

/* Writes OUTPUT/examples.jsonl and then OUTPUT/metadata.json, each whole or not at all; without an
 * error both are there. The old metadata.json is removed before the new examples take their place,
 * so it never speaks of others. Errors: EARG (output over input), EDATA (with strict the first
 * problem; no example at all), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_prepare(wu_prepare_counts *out, const wu_prepare_options *o, wu_err *err);

#endif
