/* shorten.h - a conversation that is too long for the model loses its middle, never its end and
 * never the answer.
 *
 *     Agent: Good morning ...
 *     [14 turns left out]
 *     Customer: Thank you, that was it.
 *
 * Whole turns go; only a turn that alone is too long is cut inside, at words,
 * with "[120 words left out]".  It is done once for a conversation, so that its
 * six examples go on sharing it.
 *
 * Of what fits, 40 % are the beginning and 60 % the end: the beginning has the
 * reason of the contact, the end has how it went out, which five of the six
 * tasks ask for.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SHORTEN_H
#define WU_CONTACT_SHORTEN_H

#include "contact/prompt.h"

typedef struct wu_shorten_options {
    const wu_tokenizer *tokenizer;
    wu_chat chat;
    wu_prompt_order order;
    int32_t max_tokens; /* of an example: template, prompt and answer */
    bool context_room;  /* keep room for the largest block of context, which is added later */
} wu_shorten_options;

typedef struct wu_shortened {
    bool was_cut;
    int32_t n_turn;  /* left out whole */
    int32_t n_word;  /* left out of turns that were cut inside */
    int32_t n_token; /* of the longest example, as it is now (with the room for context); 0: not
                      * counted, it is certainly short enough */
} wu_shortened;

typedef struct wu_shortener wu_shortener;

/* Errors: EARG (no template, max_tokens leaves no room for any conversation), ENOMEM. */
WU_MUST_CHECK wu_code wu_shortener_create(wu_shortener **out, const wu_shorten_options *o,
                                          wu_err *err);
void wu_shortener_free(wu_shortener *s); /* NULL allowed */

/* *turns are the lines of a conversation; they become the shorter ones if need be, which live until
 * the next call. answer: of each task, empty where there is none. where names the conversation in
 * messages. Errors: EDATA (the answers leave no room for a conversation), ENOMEM. */
WU_MUST_CHECK wu_code wu_shorten(wu_shortener *s, wu_str *turns, const wu_str answer[WU_N_TASK],
                                 const char *where, wu_shortened *info, wu_err *err);

#endif
