/* transcript.h - a conversation as turns, read from plain text.
 *
 * A line is `Agent: words` or `Customer: words`; a few other names of the two
 * sides are understood, in any case.  A line without a speaker continues the
 * turn before it, blank lines do not count.  White space within a turn becomes
 * one space, so that what is rendered has one line a turn.
 *
 * Threads: a wu_transcript belongs to its caller. */
#ifndef WU_CONTACT_TRANSCRIPT_H
#define WU_CONTACT_TRANSCRIPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

typedef enum wu_side { WU_SIDE_AGENT, WU_SIDE_CUSTOMER } wu_side;

typedef struct wu_turn {
    wu_side side;
    int32_t line; /* of the text, from 1 */
    wu_str text;  /* in the transcript's arena; never empty */
} wu_turn;

typedef struct wu_transcript {
    wu_arena arena;
    wu_turn *turn; /* [n_turn], from malloc */
    int32_t n_turn, max_turn;
} wu_transcript; /* all zero is empty */

enum { WU_TRANSCRIPT_LIMIT = 16 << 20 }; /* bytes of one file */

/* where names the text in messages. *out must be empty; on failure it is empty again.
 * Errors: EDATA (invalid UTF-8, an unknown speaker, words before the first speaker, no turn; with
 * the line), ENOMEM. */
WU_MUST_CHECK wu_code wu_transcript_parse(wu_transcript *out, wu_str text, const char *where,
                                          wu_err *err);

/* The same from a file ("-": standard input). Errors: EIO too. */
WU_MUST_CHECK wu_code wu_transcript_read(wu_transcript *out, const char *path, wu_err *err);
void wu_transcript_free(wu_transcript *t);

/* Appends the canonical text: "Agent: ...\n" and "Customer: ...\n", one line a turn. ENOMEM. */
WU_MUST_CHECK wu_code wu_transcript_render(wu_buf *out, const wu_transcript *t);

#endif
