/* speak.h - from a plan to turns of text.
 *
 * Threads: any; the work space belongs to its caller. */
#ifndef WU_CONTACT_SYNTH_SPEAK_H
#define WU_CONTACT_SYNTH_SPEAK_H

#include "contact/synth/plan.h"

typedef struct wu_values { /* of the slots, for one contact */
    wu_str slot[WU_N_SLOT];
    /* What {date} is where the customer says who they are, and where something is promised. */
    wu_str birth, future;
    char text[2048];
    size_t used;
} wu_values;

typedef struct wu_said { /* a turn before it is damaged */
    wu_by by;
    size_t from, to; /* bytes of the words */
    int32_t pause_s;
} wu_said;

typedef struct wu_speech {
    const wu_synth *s;
    const wu_latent *l;
    wu_values values;
    wu_said said[WU_MAX_STEP];
    int32_t n;
    int32_t evidence[WU_N_ITEM]; /* turn that shows the item, or -1 */
    bool recognised;             /* a voice contact as a recogniser writes it */
} wu_speech;

/* slots.c: values for the slots. ENOMEM. */
WU_MUST_CHECK wu_code wu_values_draw(wu_values *out, const wu_synth *s, const wu_latent *l,
                                     wu_rng *r);

/* Appends a compiled frame in words; {topic} and {again} are those of issue. INSIDE: it will stand
 * within a sentence, so its first letter is left alone. ENOMEM. */
enum { WU_SPEAK_SWAPPED = 1, WU_SPEAK_INSIDE = 2 };
WU_MUST_CHECK wu_code wu_frame_speak(wu_buf *out, const wu_language *l, const wu_values *v,
                                     const wu_issue *issue, uint32_t how, wu_str code, wu_rng *r);

/* Fills speech->said, call->words and call->use (turns as said). ENOMEM. */
WU_MUST_CHECK wu_code wu_speak(wu_speech *speech, wu_synth_call *call, const wu_plan *plan,
                               wu_rng *words);

/* paraphrase.c: text with synonyms in the place of words; appended to out. ENOMEM. */
WU_MUST_CHECK wu_code wu_paraphrase(wu_buf *out, const wu_language *l, wu_str text, wu_rng *r);

/* noise.c: what recognisers and fingers make of a turn; appended to out. ENOMEM. */
WU_MUST_CHECK wu_code wu_turn_disturb(wu_buf *out, const wu_speech *speech, wu_by by, wu_str text,
                                      wu_rng *r);

/* Damage to a whole contact; drawn before it is written. Sets the flags of l->noise. */
typedef struct wu_damage {
    int32_t swap;     /* the turn that is given to the other side; -1: none */
    int32_t keep;     /* turns that stay; the rest is cut off */
    bool no_agent;    /* the agent's turns are missing */
    uint32_t missing; /* bits over the members of the metadata, WU_META_... */
} wu_damage;

enum {
    WU_META_AGENT = 1,
    WU_META_CUSTOMER = 2,
    WU_META_START = 4,
    WU_META_QUEUE = 8,
    WU_META_WAIT = 16,
    WU_META_HISTORY = 32,
    WU_META_CHANNEL = 64
};

void wu_damage_draw(wu_damage *out, const wu_speech *speech, wu_latent *l, bool none, wu_rng *r);

/* review.c: analysis, journey and trace of a call whose conversation is made. ENOMEM. */
WU_MUST_CHECK wu_code wu_review_make(const wu_synth *s, const wu_speech *speech,
                                     wu_synth_call *call, wu_rng *r);
WU_MUST_CHECK wu_code wu_trace_make(const wu_synth *s, wu_synth_call *call);

#endif
