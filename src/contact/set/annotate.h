/* annotate.h - gives the examples of a file their time: block of context and "temporal".
 *
 * Memory does not grow with the file.  What comes out depends on the record and
 * the rules alone, and is the same when it goes through once more.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SET_ANNOTATE_H
#define WU_CONTACT_SET_ANNOTATE_H

#include "contact/set/record.h"
#include "contact/temporal.h"

#include <stdio.h>

typedef struct wu_annotate_counts { /* examples */
    int64_t n_example;
    int64_t n_time;      /* with a time of their record */
    int64_t n_no_offset; /* of those: without an offset from UTC */
    int64_t n_date_only; /* of those: a date without a time of the day */
    int64_t n_simulated;
    int64_t n_no_time;
    int64_t n_no_calendar; /* in a year of which the calendar says nothing */
    int64_t n_wait;        /* with a queue wait */
    int64_t n_history;     /* with the number of the contact in 30 days */
    int64_t n_kept;    /* left as they were: a block of context, but no contact to check it by */
    int64_t n_dropped; /* lines left out of blocks on request */
} wu_annotate_counts;

/* One record: replaces the block in its prompt and sets its member "temporal". where names it in
 * messages. Errors: EDATA (no prompt, or not one of ours; a contact that is wrong), ENOMEM. */
WU_MUST_CHECK wu_code wu_annotate_record(wu_record *r, wu_temporal_maker *m,
                                         wu_annotate_counts *counts, const char *where,
                                         wu_err *err);

/* All of path, written to out, whose name is out_path. Errors: as above; EIO. */
WU_MUST_CHECK wu_code wu_annotate_file(FILE *out, const char *out_path, const char *path,
                                       const wu_temporal_rules *rules, wu_annotate_counts *counts,
                                       wu_err *err);

/* Counts as JSON; NULL when out of memory. */
wu_json *wu_annotate_json(const wu_annotate_counts *c);

#endif
