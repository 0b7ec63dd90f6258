/* labels.h - from a company's analysis of a conversation to the answers of the six tasks.
 *
 * The two objects that are read are described in docs/formats.md ("Labels").
 * A field that is missing or wrong is left out of its answer; where that is
 * the first field of the task, which is what the task is about, there is no
 * answer at all.  Nothing is made up: no 0, no "", no usual value.
 *
 * Threads: any, with a taxonomy of its own. */
#ifndef WU_CONTACT_LABELS_H
#define WU_CONTACT_LABELS_H

#include "contact/task.h"
#include "contact/taxonomy.h"

enum { WU_FIELDS_MAX = 3 }; /* of a task */

typedef enum wu_label_state {
    WU_LABEL_USED,
    WU_LABEL_NO_SOURCE, /* there is no analysis, or no journey, at all */
    WU_LABEL_MISSING,   /* not there, null or empty */
    WU_LABEL_BAD,       /* of the wrong type, or out of range */
    WU_LABEL_UNKNOWN,   /* a name that neither we nor the taxonomy know */
    WU_N_LABEL_STATE
} wu_label_state;

const char *
wu_label_state_name(wu_label_state s); /* "used" "no_source" "missing" "bad" "unknown" */

/* What predicted_csat of the source counts in; answers are always 0 to 100. */
typedef enum wu_csat_scale {
    WU_CSAT_0_100,
    WU_CSAT_1_5,
    WU_CSAT_1_7,
    WU_CSAT_1_10,
    WU_CSAT_0_10,
    WU_N_CSAT_SCALE
} wu_csat_scale;
const char *wu_csat_scale_name(wu_csat_scale s); /* "1-5" */

typedef struct wu_label_options {
    wu_taxonomy *taxonomy; /* must be there */
    wu_csat_scale csat;
} wu_label_options;

typedef struct wu_labels {
    wu_json *answer[WU_N_TASK]; /* NULL: none; else an object, its fields in order */
    wu_label_state state[WU_N_TASK][WU_FIELDS_MAX];
    char wrong[WU_N_TASK][160]; /* what is wrong with a first field that is BAD or UNKNOWN */
    double csat;                /* as the source has it; negative: none */
    int32_t n_cut;              /* texts that were longer than an answer's may be */
} wu_labels;                    /* all zero is empty */

/* Sources are objects, or texts that hold JSON of one: those are parsed and replaced. where names
 * the source in messages. Errors: EDATA (no object, no JSON), ENOMEM. */
WU_MUST_CHECK wu_code wu_labels_unwrap(wu_json **source, const char *where, wu_err *err);

/* analysis and journey (objects) may be NULL. *out is cleared first; empty on failure. ENOMEM. */
WU_MUST_CHECK wu_code wu_labels_read(wu_labels *out, const wu_json *analysis,
                                     const wu_json *journey, const wu_label_options *o,
                                     wu_err *err);
void wu_labels_clear(wu_labels *l);

/* Whether answer is one that training may use: the task's fields or some of them in their order,
 * the first one at least, each as the task wants it; labels may be the taxonomy's own. EDATA.
 * (What a model answers is checked by wu_task_check(), which wants all fields.) */
WU_MUST_CHECK wu_code wu_labels_check(const wu_task *t, const wu_json *answer,
                                      const wu_taxonomy *taxonomy, wu_err *err);

#endif
