/* task.h - the six tasks: the single source of prompts, schemas, checks and (later) masks and metrics.
 *
 * Threads: constant. */
#ifndef WU_CONTACT_TASK_H
#define WU_CONTACT_TASK_H

#include "base/buf.h"
#include "base/err.h"
#include "text/json.h"

typedef enum wu_task_id {
    WU_TASK_QUALITY, WU_TASK_CSAT, WU_TASK_ISSUE, WU_TASK_COACHING, WU_TASK_CHURN, WU_TASK_JOURNEY,
    WU_N_TASK
} wu_task_id;

typedef enum wu_field_kind { WU_FIELD_SCORE, WU_FIELD_ENUM, WU_FIELD_TEXT, WU_FIELD_LIST } wu_field_kind;

typedef struct wu_field {
    const char *name;
    wu_field_kind kind;
    const char *const *values; /* ENUM, and LIST of fixed labels: NULL-terminated; else NULL */
    int32_t lo, hi;            /* SCORE: range; TEXT: most bytes; LIST: most items */
} wu_field;

typedef struct wu_task {
    wu_task_id id;
    const char *name;     /* "quality_scoring" ... */
    const char *question; /* what the prompt asks, after the conversation */
    const wu_field *field;
    int n_field;
    int32_t max_tokens;   /* room for an answer */
} wu_task;

extern const wu_task wu_tasks[WU_N_TASK];

/* The task called name, or NULL. */
const wu_task *wu_task_find(const char *name);

/* JSON Schema of the answer, as text. */
WU_MUST_CHECK wu_code wu_task_schema(const wu_task *t, wu_buf *out);

/* Parses an answer and checks it against the task. On success *out (the caller's) is the object.
 * Errors: EDATA with what is wrong and where. */
WU_MUST_CHECK wu_code wu_task_check(const wu_task *t, wu_str answer, wu_json **out, wu_err *err);

/* One whole user message: context block (may be empty), conversation, question last, so that the
 * six prompts of a conversation share everything but the question.  The layout is that of
 * docs/formats.md.  conversation: lines "Agent: ..." and "Customer: ...". */
WU_MUST_CHECK wu_code wu_prompt_render(wu_buf *out, const wu_task *t, wu_str context, wu_str conversation);

#endif
