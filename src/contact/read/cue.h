/* cue.h - what WebVTT and SubRip have in common: cues with times, some with a speaker.
 *
 * Threads: a wu_cues belongs to its caller. */
#ifndef WU_CONTACT_READ_CUE_H
#define WU_CONTACT_READ_CUE_H

#include "contact/read/read_impl.h"

typedef struct wu_cue {
    int64_t start_ms, end_ms;
    int32_t line;
    wu_str label; /* "Agent: words"; empty: none */
    wu_str text;  /* behind the label */
    wu_str whole; /* with it */
    bool voice;   /* label is a speaker for sure */
} wu_cue;

typedef struct wu_cues {
    wu_cue *cue;
    int32_t n, max;
} wu_cues; /* all zero is empty */

/* "00:01.000 --> 00:03,500 settings". False: it is none. */
bool wu_cue_times(wu_str line, int64_t *start_ms, int64_t *end_ms);

/* One line of a cue's words. text must live as long as the cues. A label at its start is found here
 * unless voice names the speaker. EDATA (too many), ENOMEM. */
WU_MUST_CHECK wu_code wu_cues_add(wu_cues *q, const wu_cue *times, wu_str voice, wu_str text,
                                  const char *where, wu_err *err);

/* Turns of all cues in order of time. A cue without a speaker goes on with the one before it; where
 * no cue has a speaker each is a turn of its own. Lines of one cue are one text. EDATA (no words),
 * ENOMEM. */
WU_MUST_CHECK wu_code wu_cues_turns(wu_cues *q, wu_conversation *c, const char *where, wu_err *err);
void wu_cues_free(wu_cues *q);

#endif
