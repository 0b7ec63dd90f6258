/* task.h - the six tasks: the single source of questions, schemas, checks and (later) masks and
 * metrics.
 *
 * A task asks one question about a conversation; its answer is one JSON object
 * with the fields below, written in their order.  The labels are those of
 * docs/formats.md.
 *
 * Threads: constant. */
#ifndef WU_CONTACT_TASK_H
#define WU_CONTACT_TASK_H

#include "base/buf.h"
#include "base/err.h"
#include "text/json.h"

typedef enum wu_task_id {
    WU_TASK_QUALITY,
    WU_TASK_CSAT,
    WU_TASK_ISSUE,
    WU_TASK_COACHING,
    WU_TASK_CHURN,
    WU_TASK_JOURNEY,
    WU_N_TASK
} wu_task_id;

typedef enum wu_field_kind {
    WU_FIELD_SCORE, /* an integer */
    WU_FIELD_ENUM,  /* one of fixed labels */
    WU_FIELD_TEXT,  /* a sentence or a few */
    WU_FIELD_LIST   /* short texts, or different ones of fixed labels */
} wu_field_kind;

enum { WU_ITEM_MAX = 160 }; /* most characters of an item of a LIST of texts */

typedef struct wu_field {
    const char *name;
    wu_field_kind kind;
    const char *const *values; /* ENUM, and LIST of fixed labels: NULL-terminated; else NULL */
    int32_t lo, hi;            /* SCORE: range; TEXT: least and most characters; LIST: of items */
} wu_field;

typedef struct wu_task {
    wu_task_id id;
    const char *name;     /* "quality_scoring" ... */
    const char *question; /* what the prompt asks, after the conversation */
    const wu_field *field;
    int n_field;
    int32_t max_tokens; /* room for an answer */
} wu_task;

extern const wu_task wu_tasks[WU_N_TASK];

/* The task called name, or NULL. */
const wu_task *wu_task_find(const char *name);

/* JSON Schema of the answer, as text, appended. ENOMEM. */
WU_MUST_CHECK wu_code wu_task_schema(const wu_task *t, wu_buf *out);

/* Parses an answer and checks it against the task: one JSON object with every field and no other.
 * White space around it is allowed. On success *out (the caller's) is the object.
 * Errors: EDATA with what is wrong and where; ENOMEM. */
WU_MUST_CHECK wu_code wu_task_check(const wu_task *t, wu_str answer, wu_json **out, wu_err *err);

/* The word that belongs to a score. */
const char *wu_rating_of(int32_t quality_score);
const char *wu_risk_level_of(int32_t churn_score);

#endif
