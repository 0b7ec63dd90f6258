/* brief.h - a simulated contact put into words by somebody else: what a language model is told, and
 * what its answer must be.
 *
 * A brief is the plan of a call in words: who speaks, in which language and
 * manner, what happens in which order, names and numbers.  It comes from the
 * same causes as the built-in words (synth.h), so the labels are the same; no
 * label and no score stands in it.  The answer is other people's text: it is
 * checked before anything is made of it.
 *
 * Threads: a wu_briefs is constant once read; the others belong to their
 * caller. */
#ifndef WU_CONTACT_SYNTH_BRIEF_H
#define WU_CONTACT_SYNTH_BRIEF_H

#include "contact/synth/plan.h"

typedef struct wu_briefs wu_briefs; /* the words of briefs: data/synth/brief.txt */

/* tables: folder that takes the place of data/, or NULL. Errors: EDATA (section, what is wrong),
 * EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_briefs_read(wu_briefs **out, const char *tables, wu_err *err);
void wu_briefs_free(wu_briefs *b);           /* NULL allowed */
wu_str wu_briefs_system(const wu_briefs *b); /* what is the same for all calls */

typedef struct wu_brief {
    const wu_briefs *of;
    uint64_t index, drawn_with; /* streams of the call come from the second */
    wu_latent latent;
    char language[16];
    wu_buf prompt;  /* what is asked about this call */
    char hash[33];  /* of what is the same and of the prompt, in hexadecimal digits */
    char rival[64]; /* must be named; empty: none */
    int32_t n_line;
    uint8_t by[WU_MAX_STEP];         /* of line i, from 0: wu_by */
    int32_t pause_s[WU_MAX_STEP];    /* before it */
    int32_t item_line[WU_N_ITEM];    /* line that shows the item, or -1 */
    int32_t least_turns, most_turns; /* of an answer */
} wu_brief;                          /* all zero is empty */

/* *out must be all zero or used before. Errors: ENOMEM. */
WU_MUST_CHECK wu_code wu_brief_make(wu_brief *out, const wu_briefs *b, const wu_synth *s,
                                    uint64_t index, wu_err *err);
void wu_brief_free(wu_brief *b);

typedef struct wu_answer_turn {
    wu_party_role role;
    wu_str text;  /* the answer's */
    int32_t line; /* of the brief, from 0; -1: not said */
} wu_answer_turn;

typedef struct wu_answer {
    wu_json *json; /* owned */
    wu_answer_turn *turn;
    int32_t n;
} wu_answer; /* all zero is empty */

/* Takes the text of an answer apart and checks that it can stand for the brief. A Markdown fence
 * around the object is allowed. On failure *out is empty. Errors: EDATA (what is wrong with it),
 * ENOMEM. */
WU_MUST_CHECK wu_code wu_answer_read(wu_answer *out, const wu_brief *b, wu_str text, wu_err *err);
void wu_answer_free(wu_answer *a);

/* {"turns":[{"speaker","text","line"}]} as it is kept; NULL when out of memory. */
wu_json *wu_answer_json(const wu_answer *a);

/* Makes the call of the brief with the answer's words. Contact and labels are those of
 * wu_synth_make(); damage to the words is left out, with its flags, and what shows an item is cited
 * where the answer says which turn that is. The trace names the model and the prompt's hash.
 * Errors: ENOMEM. */
WU_MUST_CHECK wu_code wu_answer_call(const wu_answer *a, const wu_brief *b, const wu_synth *s,
                                     const char *model, wu_synth_call *call, wu_err *err);

#endif
