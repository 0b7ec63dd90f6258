/* plan.h - what is said in a contact, by whom, before it has words.
 *
 * Threads: any. */
#ifndef WU_CONTACT_SYNTH_PLAN_H
#define WU_CONTACT_SYNTH_PLAN_H

#include "contact/synth/world.h"

typedef enum wu_by { WU_BY_AGENT, WU_BY_AGENT2, WU_BY_CUSTOMER, WU_BY_BOT, WU_BY_SYSTEM } wu_by;

typedef enum wu_step_kind {
    WU_STEP_ACT,   /* what: wu_act */
    WU_STEP_ISSUE, /* what: wu_issue_key of the issue */
    WU_STEP_SAY    /* a phrase that the industry must say */
} wu_step_kind;

typedef struct wu_step {
    wu_by by;
    wu_step_kind kind;
    int32_t what, issue, nth; /* nth: which line of an issue; -1: any */
    int32_t item;             /* it shows this wu_item, hit or missed; -1: none */
    int32_t pause_s;          /* silence before it */
    double mood;              /* of the customer */
    bool fresh;               /* begins a turn of its own */
    bool swapped;             /* the second agent's name for the first one's */
} wu_step;

enum { WU_MAX_STEP = 1080 };

typedef struct wu_plan {
    wu_step step[WU_MAX_STEP];
    int32_t n;
} wu_plan;

void wu_plan_make(wu_plan *out, const wu_synth *s, const wu_latent *l, wu_rng *r);

#endif
