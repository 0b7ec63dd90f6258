/* prompt.h - the one text that training data and analysis show to the model.
 *
 *     [TEMPORAL CONTEXT]                 what is known about the contact; the
 *     timestamp: 2026-01-15T14:30:00Z    block is left out if nothing is
 *     ...
 *
 *     [CONVERSATION]
 *     Agent: ...
 *     Customer: ...
 *
 *     <the question of the task>
 *
 * The question comes last, so that the six prompts of a conversation share
 * everything before it.  Both sides call the functions here; nothing else in
 * the tree puts a prompt together.
 *
 * Threads: any. */
#ifndef WU_CONTACT_PROMPT_H
#define WU_CONTACT_PROMPT_H

#include "contact/task.h"
#include "text/chat.h"

/* What is known about a contact; NULL or negative: unknown, its line is left out. */
typedef struct wu_context {
    const char *timestamp;   /* ISO 8601 with offset */
    const char *time_of_day; /* morning afternoon evening night */
    const char *day_of_week; /* English name */
    int business_hours;      /* 0, 1 */
    const char *holiday;     /* name and country */
    const char *peak_season;
    int32_t queue_wait_s;
    int32_t announced_wait_s;
    const char *channel; /* voice chat email social */
    int32_t contact_number_30d;
    int32_t hold_s;
    int32_t transfers;
} wu_context;

/* Everything unknown. */
#define WU_CONTEXT_UNKNOWN                                                                         \
    ((wu_context){.business_hours = -1,                                                            \
                  .queue_wait_s = -1,                                                              \
                  .announced_wait_s = -1,                                                          \
                  .contact_number_30d = -1,                                                        \
                  .hold_s = -1,                                                                    \
                  .transfers = -1})

/* Appends the block of reference lines, without blank lines and without a newline at the end;
 * nothing at all if everything is unknown. ENOMEM. */
WU_MUST_CHECK wu_code wu_context_render(wu_buf *out, const wu_context *c);

typedef enum wu_prompt_order {
    WU_CONTEXT_FIRST, /* as above: what a conversation's prompts share comes first */
    WU_TASK_FIRST     /* the question, then block and conversation: the order of older data sets */
} wu_prompt_order;

/* Appends one whole user message. context is a rendered block or empty; conversation the lines of
 * wu_conversation_render(). White space at their ends does not matter. ENOMEM. */
WU_MUST_CHECK wu_code wu_prompt_render(wu_buf *out, const wu_task *t, wu_prompt_order order,
                                       wu_str context, wu_str conversation);

/* Views into a prompt of either order: the context block (empty: none) and the lines of the
 * conversation. False: prompt has no line [CONVERSATION]. */
bool wu_prompt_parts(wu_str prompt, wu_str *context, wu_str *conversation);

/* Appends prompt with its context block replaced (or added, or removed by an empty one).
 * Errors: EDATA (no line [CONVERSATION]), ENOMEM. */
WU_MUST_CHECK wu_code wu_prompt_set_context(wu_buf *out, wu_str prompt, wu_str context);

/* Appends the ids that the model sees before it answers: the message above in the template's
 * user turn, and the header of the assistant's. What training reads of a prompt/completion example
 * begins with exactly these. Errors: those of wu_chat_encode. */
WU_MUST_CHECK wu_code wu_prompt_encode(wu_chat chat, const wu_tokenizer *tokenizer,
                                       const wu_task *t, wu_prompt_order order, wu_str context,
                                       wu_str conversation, wu_ids *out, wu_err *err);

#endif
