/* synth.h - a simulator of labelled conversations: causes first, words after.
 *
 * A call is a function of (seed, index).  Agents with skills, a customer, a
 * contact and what the agent does decide the labels (synth_model.c); the same
 * causes decide a plan of dialogue acts, which phrase tables turn into words
 * (synth_talk.c); the six answers are written from the labels.  What a label
 * depends on leaves a trace in the text or in the context block.
 *
 * Separate streams of random numbers serve causes, words and noise; no
 * function of a C library decides anything, so that the same seed gives the
 * same bytes everywhere.
 *
 * Threads: any; a wu_synth_call belongs to its caller. */
#ifndef WU_CONTACT_SYNTH_H
#define WU_CONTACT_SYNTH_H

#include "contact/task.h"

#include <stdbool.h>

/* What an evaluator looks for in a call; synth_model.c has the weights. */
typedef enum wu_item {
    WU_ITEM_GREETING,
    WU_ITEM_VERIFICATION,
    WU_ITEM_DISCLOSURE,
    WU_ITEM_EMPATHY,
    WU_ITEM_LISTENING,
    WU_ITEM_PROBING,
    WU_ITEM_ACCURACY,
    WU_ITEM_OWNERSHIP,
    WU_ITEM_HOLD,
    WU_ITEM_NEXT_STEPS,
    WU_ITEM_CLOSING,
    WU_N_ITEM
} wu_item;

typedef enum wu_outcome {
    WU_OUTCOME_RESOLVED,
    WU_OUTCOME_PARTLY,
    WU_OUTCOME_ESCALATED,
    WU_OUTCOME_UNRESOLVED
} wu_outcome;

/* Terms that move satisfaction; the agent's and the situation's. */
typedef enum wu_csat_term {
    WU_CSAT_OUTCOME,
    WU_CSAT_EMPATHY,
    WU_CSAT_OWNERSHIP,
    WU_CSAT_LISTENING,
    WU_CSAT_WAIT,
    WU_CSAT_TRANSFER,
    WU_CSAT_HOLD,
    WU_CSAT_REPEAT,
    WU_CSAT_SEVERITY,
    WU_N_CSAT
} wu_csat_term;

/* Terms that move the risk of leaving. */
typedef enum wu_churn_term {
    WU_CHURN_CANCEL,
    WU_CHURN_COMPETITOR,
    WU_CHURN_PRICE,
    WU_CHURN_UNRESOLVED,
    WU_CHURN_REPEAT,
    WU_CHURN_SEVERITY,
    WU_CHURN_TENURE,
    WU_CHURN_MOOD,
    WU_N_CHURN
} wu_churn_term;

enum { WU_N_MOOD = 5 }; /* start, after the opening, after the work, outcome, end */

/* The causes and labels of one call, for tests and probes. */
typedef struct wu_latent {
    int32_t company, agent, issue; /* rows of the tables */
    int32_t year, month, day, weekday, hour, minute;
    bool business, peak;
    double load;     /* arrivals per staff, 1 is normal */
    double severity; /* 0 to 1 */
    double patience; /* 0 to 1 */
    double tenure_months;
    int32_t complexity; /* 0 low, 1 medium, 2 high */
    int32_t repeats;    /* earlier contacts about the same issue */
    int32_t wait_s, hold_s, transfers;
    bool cancel, price, competitor;
    bool hit[WU_N_ITEM];
    bool leaked; /* account data given out without verification: automatic fail */
    wu_outcome outcome;
    double mood[WU_N_MOOD]; /* about -1.5 to 1.5 */
    double csat_mean, csat; /* 1 to 5, before and after noise */
    double csat_term[WU_N_CSAT], churn_term[WU_N_CHURN];
    int32_t qa_score; /* of the items alone, 0 to 100 */
    int32_t quality;  /* as an evaluator gives it: noise, 0 after an automatic fail */
    int32_t csat100;  /* 0 to 100 */
    int32_t churn;    /* 0 to 100 */
    const char *journey, *trajectory;
    uint32_t stages; /* bit set over the labels of journey_stages */
} wu_latent;

typedef struct wu_synth_options {
    uint64_t seed;
    double context; /* share of calls that come with a context block, 0 to 1 */
    bool flat;      /* thirds of quality and of satisfaction are equally frequent, independently */
} wu_synth_options;

typedef struct wu_synth_call {
    wu_latent latent;
    wu_buf context; /* block, or empty */
    wu_buf text;    /* conversation, lines as of wu_transcript_render() */
    wu_json *answer[WU_N_TASK];
} wu_synth_call; /* all zero is empty */

/* Makes call `index`. *out must be empty or used before; its memory is used again. Errors: ENOMEM.
 */
WU_MUST_CHECK wu_code wu_synth_make(wu_synth_call *out, const wu_synth_options *o, uint64_t index,
                                    wu_err *err);
void wu_synth_free(wu_synth_call *c);

/* Appends six lines of JSON: {"prompt", "completion", "task_type", "source_id"}. ENOMEM. */
WU_MUST_CHECK wu_code wu_synth_examples(wu_buf *out, const wu_synth_call *c, const char *source_id);

#endif
