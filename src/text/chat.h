/* chat.h - chat templates: how messages become one text that a model knows.
 *
 * A fixed set of renderers, chosen by the text of the model's own template or
 * by name.  What a template writes itself is special; what people said is
 * plain text and can never become a control token.
 *
 * Threads: immutable; any thread. */
#ifndef WU_TEXT_CHAT_H
#define WU_TEXT_CHAT_H

#include "text/tokenizer.h"

typedef enum wu_chat {
    WU_CHAT_NONE,     /* no template known */
    WU_CHAT_MISTRAL3, /* <s>[INST] ...[/INST] ...</s>, as mistral-common */
    WU_CHAT_LLAMA3,
    WU_CHAT_LLAMA31, /* with its date header */
    WU_CHAT_QWEN2,   /* ChatML with Qwen2's default system message */
    WU_CHAT_QWEN25,  /* the same with Qwen2.5's */
    WU_CHAT_SMOLLM2, /* ChatML with SmolLM's */
    WU_CHAT_CHATML,
    WU_CHAT_PLAIN, /* <|user|>\n...\n<|assistant|>\n... as text (the pipeline being replaced) */
    WU_N_CHAT
} wu_chat;

/* "none" "mistral-v3" "llama3" "llama3.1" "qwen2" "qwen2.5" "smollm2" "chatml" "plain" */
const char *wu_chat_name(wu_chat c);
int wu_chat_from_name(const char *name); /* -1 if unknown */

/* By what the template's text contains. NONE when it is NULL or not one of these, and when the
 * vocabulary (NULL: any) lacks a token that the template writes. PLAIN is never detected. */
wu_chat wu_chat_detect(const char *jinja, const wu_tokenizer *t);

typedef enum wu_role { WU_ROLE_SYSTEM, WU_ROLE_USER, WU_ROLE_ASSISTANT } wu_role;

typedef struct wu_message {
    wu_role role;
    wu_str text;
} wu_message;

/* Appends the ids of the conversation. With generate, the header of the assistant's turn comes
 * last. *answer (may be NULL) is the index in out->id of the first token of the last assistant
 * message's own text, that is: the ids before it equal those of the messages before with
 * generate; out->n if there is none. Only where the header's newline and white space at the start
 * of the text are one token, as ChatML models see it, that token is the first of the answer. Tokens
 * from there on, end marker and the newline after it included, are what training counts.
 *
 * MISTRAL3 joins neighbours of one role with an empty line, as mistral-common does; *answer is then
 * the start of the joined text. PLAIN puts bos first if the vocabulary says so, and eos behind a
 * last message of the assistant.
 *
 * Errors: EARG (template NONE, no messages, roles the template cannot show, a vocabulary without
 * the template's tokens), ENOMEM. out is unchanged then. */
WU_MUST_CHECK wu_code wu_chat_encode(wu_chat c, const wu_tokenizer *t, const wu_message *msg, int n,
                                     bool generate, wu_ids *out, int32_t *answer, wu_err *err);

#endif
