/* prepare_impl.h - what the files of prepare share; private to them. */
#ifndef WU_CONTACT_SET_PREPARE_IMPL_H
#define WU_CONTACT_SET_PREPARE_IMPL_H

#include "contact/set/prepare.h"

/* Counts, and what metadata.json says beside them. */
typedef struct wu_prepare_tally {
    const wu_prepare_options *o;
    wu_prepare_counts *n;
    wu_json *problems;     /* {"no_analysis": [text, ...], ...} */
    wu_json *distribution; /* {"journey_type": {"journey_stages": {"decision": 12, ...}, ...}} */
} wu_prepare_tally;

WU_MUST_CHECK wu_code wu_prepare_begin(wu_prepare_tally *t, const wu_prepare_options *o,
                                       wu_prepare_counts *n, wu_err *err);
void wu_prepare_end(wu_prepare_tally *t);

/* Takes note of the problem that err tells, and clears err. With strict: err itself. ENOMEM. */
WU_MUST_CHECK wu_code wu_prepare_problem(wu_prepare_tally *t, wu_problem kind, wu_err *err);

/* One answer that becomes an example. ENOMEM. */
WU_MUST_CHECK wu_code wu_prepare_answer(wu_prepare_tally *t, const wu_task *task,
                                        const wu_json *answer, wu_err *err);

/* What metadata.json says under "prepare". NULL: out of memory. */
wu_json *wu_prepare_json(const wu_prepare_tally *t);

#endif
