/* taxonomy.h - other people's names of labels, and ours.
 *
 * Labels are compared without case, and every run of blanks, hyphens and other
 * signs counts as one "_": "Billing / Payment" is billing_payment.  A file can
 * say what a company calls them:
 *
 *     {"issue_category": {"Billing Dispute": "billing_payment"},
 *      "journey_type": {"Save desk": "retention_save"},
 *      "labels": {"issue_category": ["roaming"]}}       own names, kept as they are
 *
 * What is found neither there nor among ours is counted, so that it can be listed.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_TAXONOMY_H
#define WU_CONTACT_TAXONOMY_H

#include "base/buf.h"
#include "base/err.h"
#include "text/json.h"

typedef enum wu_label_group {
    WU_LABELS_RATING,
    WU_LABELS_CONFIDENCE,
    WU_LABELS_CATEGORY,
    WU_LABELS_COMPLEXITY,
    WU_LABELS_RISK,
    WU_LABELS_JOURNEY,
    WU_LABELS_STAGE,
    WU_LABELS_TRAJECTORY,
    WU_N_LABELS
} wu_label_group;

/* The group of a list of labels of task.c, or WU_N_LABELS. */
wu_label_group wu_label_group_of(const char *const *values);

typedef struct wu_taxonomy wu_taxonomy;

enum {
    WU_UNKNOWN_MAX = 1000,      /* different unknown labels that are listed by name */
    WU_LABEL_BYTES = 120,       /* of a label that are looked at */
    WU_TAXONOMY_LIMIT = 8 << 20 /* bytes of a file */
};

/* path NULL: only our labels. Errors: EIO, EDATA (no such group or label, two names that are the
 * same but mean different labels; with the path of the key), ENOMEM. */
WU_MUST_CHECK wu_code wu_taxonomy_create(wu_taxonomy **out, const char *path, wu_err *err);
void wu_taxonomy_free(wu_taxonomy *t); /* NULL allowed */

/* *label is the name to use for what a record says, or empty if it is unknown (which is counted).
 * It lives as long as t. ENOMEM. */
WU_MUST_CHECK wu_code wu_taxonomy_find(wu_taxonomy *t, wu_label_group g, wu_str said,
                                       wu_str *label);

/* Whether label is one that wu_taxonomy_find() can give. */
bool wu_taxonomy_has(const wu_taxonomy *t, wu_label_group g, wu_str label);

/* How many times a label was unknown. */
int64_t wu_taxonomy_n_unknown(const wu_taxonomy *t);
/* {"issue_category": {"Lost luggage": 12, ...}, ...}, most frequent first; groups without any are
 * left out. Beyond WU_UNKNOWN_MAX they are only counted, as "not_listed". NULL: out of memory. */
wu_json *wu_taxonomy_unknown(const wu_taxonomy *t);

#endif
