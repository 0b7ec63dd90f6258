/* synth_impl.h - what the parts of the simulator share: tables and steps.
 *
 * Threads: constant, any. */
#ifndef WU_CONTACT_SYNTH_IMPL_H
#define WU_CONTACT_SYNTH_IMPL_H

#include "base/rng.h"
#include "contact/prompt.h"
#include "contact/synth.h"

/* Streams of random numbers of a call. */
typedef enum wu_synth_stream {
    WU_STREAM_CONTACT,
    WU_STREAM_BEHAVIOUR,
    WU_STREAM_NOISE,
    WU_STREAM_SURFACE,
    WU_STREAM_CONTEXT,
    WU_N_STREAM
} wu_synth_stream;

wu_rng wu_synth_rng(uint64_t seed, uint64_t index, wu_synth_stream s);

/* One industry, one company of it. */
typedef struct wu_company {
    char letter; /* of the industry, as in wu_issue.where */
    const char *name, *rival;
    const char *product[4];
    const char *account; /* what identifies a customer */
} wu_company;

extern const wu_company wu_companies[];
extern const int wu_n_company;

/* One kind of issue. Texts have slots in braces (synth_talk.c). */
typedef struct wu_issue {
    const char *category, *sub;
    const char *where;             /* letters of the industries that have it */
    const char *open[4];           /* the customer says what it is about */
    const char *brief;             /* continues "So ..." and "I told you: ..." */
    const char *ask[2], *reply[2]; /* the agent's questions, the customer's answers */
    const char *found, *wrong;     /* what the agent finds; what a mistaken one says */
    const char *fix, *promise, *refuse;
    const char *journey; /* its usual type */
    const char *stages;  /* labels, one space between */
} wu_issue;

extern const wu_issue wu_issues[];
extern const int wu_n_issue;

/* A set of phrases for one dialogue act. */
typedef struct wu_frames {
    const char *const *text;
    int n;
} wu_frames;

typedef enum wu_act {
    /* the agent */
    WU_ACT_GREET,
    WU_ACT_GREET_POOR,
    WU_ACT_VERIFY,
    WU_ACT_VERIFIED,
    WU_ACT_LEAK,
    WU_ACT_DISCLOSE,
    WU_ACT_EMPATHY,
    WU_ACT_FLAT,
    WU_ACT_PARAPHRASE,
    WU_ACT_ASK_AGAIN,
    WU_ACT_LOOK,
    WU_ACT_TWO_PARTS,
    WU_ACT_MANY_PARTS,
    WU_ACT_HOLD,
    WU_ACT_HOLD_BACK,
    WU_ACT_HOLD_POOR,
    WU_ACT_HOLD_BACK_POOR,
    WU_ACT_CORRECT,
    WU_ACT_ON_PRICE,
    WU_ACT_ON_LEAVING,
    WU_ACT_TRANSFER,
    WU_ACT_SECOND,
    WU_ACT_ESCALATE,
    WU_ACT_OWN,
    WU_ACT_DISOWN,
    WU_ACT_NEXT,
    WU_ACT_NO_NEXT,
    WU_ACT_CLOSE,
    WU_ACT_CLOSE_POOR,
    /* the customer */
    WU_ACT_CALM,
    WU_ACT_WORRIED,
    WU_ACT_URGENT,
    WU_ACT_SECOND_TIME,
    WU_ACT_MANY_TIMES,
    WU_ACT_WAITED,
    WU_ACT_IDENTIFY,
    WU_ACT_FINE,
    WU_ACT_CONFIRM,
    WU_ACT_TOLD_YOU,
    WU_ACT_HOLD_YES,
    WU_ACT_HOLD_HERE,
    WU_ACT_HOLD_LONG,
    WU_ACT_DOUBT,
    WU_ACT_PRICE,
    WU_ACT_COMPETITOR,
    WU_ACT_COMPETITOR_PRAISE,
    WU_ACT_LEAVING,
    WU_ACT_LONG_TENURE,
    WU_ACT_SHORT_TENURE,
    WU_ACT_STORY_AGAIN,
    WU_ACT_GLAD,
    WU_ACT_ACCEPT,
    WU_ACT_WAIT_AND_SEE,
    WU_ACT_UPSET,
    WU_ACT_END_HAPPY,
    WU_ACT_END_PLAIN,
    WU_ACT_END_POLITE,
    WU_ACT_END_UNHAPPY,
    WU_N_ACT
} wu_act;

extern const wu_frames wu_act_frames[WU_N_ACT];
extern const wu_frames wu_agent_names, wu_first_names, wu_last_names;

/* What is said about an item in answers. */
typedef struct wu_item_words {
    int32_t weight;
    const char *did, *missed;  /* continue "The agent ..." */
    const char *coach, *theme; /* advice for now; for the long term */
    const char *strength;
} wu_item_words;

extern const wu_item_words wu_items[WU_N_ITEM];

/* The steps, in order. */
void wu_synth_draw(wu_latent *l, uint64_t seed, uint64_t index);
WU_MUST_CHECK wu_code wu_synth_context(wu_buf *out, const wu_latent *l, wu_rng *r);
WU_MUST_CHECK wu_code wu_synth_talk(wu_buf *out, const wu_latent *l, wu_rng *r);
WU_MUST_CHECK wu_code wu_synth_answer(wu_json **out, const wu_latent *l, wu_task_id task,
                                      wu_rng *r);

#endif
