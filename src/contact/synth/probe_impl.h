/* probe_impl.h - what the probes look at: calls as bags of words, and their labels.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SYNTH_PROBE_IMPL_H
#define WU_CONTACT_SYNTH_PROBE_IMPL_H

#include "contact/synth/fit.h"
#include "contact/synth/probe.h"
#include "contact/table.h"

typedef enum wu_view {
    WU_VIEW_ALL,
    WU_VIEW_AGENT,
    WU_VIEW_CUSTOMER,
    WU_VIEW_FIRST, /* the customer's first turn */
    WU_VIEW_LAST,  /* the last two turns */
    WU_VIEW_FACTS, /* metadata as words, for naive Bayes */
    WU_VIEW_PAIRS, /* words and pairs of all turns */
    WU_N_VIEW
} wu_view;

typedef enum wu_target { WU_TARGET_CSAT, WU_TARGET_QA, WU_TARGET_CHURN, WU_N_TARGET } wu_target;
enum { WU_N_FACT = 16, WU_N_LENGTH = 4, WU_N_CLASS = 32 };

typedef struct wu_probe_set { /* calls, their labels, and views of them */
    int32_t n;
    double *y[WU_N_TARGET];        /* labels */
    double *exact[WU_N_TARGET];    /* before noise */
    int32_t *category;             /* as labelled */
    double *fact, *early, *length; /* [n][WU_N_FACT], [n][WU_N_FACT], [n][WU_N_LENGTH] */
    double *mood;                  /* positive minus negative words of the lexicon */
    int32_t *fold;                 /* 0 .. 4 */
    wu_bag *bag[WU_N_VIEW];
    wu_sparse rows[WU_N_VIEW]; /* raw counts */
    int64_t n_turn, n_distinct_turn, n_distinct_call;
    double new_turns, new_sequences, self_bleu;
    double exact_copies, near_copies; /* shares of the second half that have one in the first */
    double turns[3], words[2]; /* 5th, 50th, 99.5th per cent of turns; words a turn by side */
} wu_probe_set;

/* What a set is made of: parts of calls, one after another. */
typedef struct wu_probe_part {
    const wu_synth_options *options;
    uint64_t first;
    int32_t n;
    int32_t fold; /* of all its calls; -1: 0 to 4 in turn */
} wu_probe_part;

/* full: all views and variety; else WU_VIEW_ALL only. ENOMEM and those of wu_synth_open. */
WU_MUST_CHECK wu_code wu_probe_set_make(wu_probe_set *out, const wu_probe_part *part, int n_part,
                                        bool full, wu_err *err);
void wu_probe_set_free(wu_probe_set *s);

/* variety.c: shares over the texts of calls, taken in one after another. */
typedef struct wu_variety wu_variety;
WU_MUST_CHECK wu_code wu_variety_create(wu_variety **out, int32_t n_call);
void wu_variety_free(wu_variety *v);
WU_MUST_CHECK wu_code wu_variety_add(wu_variety *v, const wu_synth_call *call);
WU_MUST_CHECK wu_code wu_variety_finish(wu_variety *v, wu_probe_set *out);

#endif
