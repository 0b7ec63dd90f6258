/* record.h - one training example as it stands in examples.jsonl (docs/formats.md).
 *
 *     {"prompt", "completion", "task_type", "source_id", "contact"?, "temporal"?, "provenance"?}
 *
 * prepare writes them; temporal, split, subset, leak and stats read and write
 * them again; `wrapup train` reads prompt, completion and source_id.  Members
 * that are not known here are kept as they are.
 *
 * Records of other shapes ({"messages"}, {"text"}), as format writes them, can
 * be read too; then prompt, completion and task_type may be empty.
 *
 * Threads: a wu_record belongs to its caller. */
#ifndef WU_CONTACT_SET_RECORD_H
#define WU_CONTACT_SET_RECORD_H

#include "base/lines.h"
#include "contact/conversation.h"
#include "contact/task.h"

typedef struct wu_record {
    wu_json *json;             /* the whole object; owned */
    wu_str prompt, completion; /* views into json; empty: absent */
    wu_str task_type;
    wu_str source_id;    /* empty: absent; an integer is its digits */
    char number[24];     /* where those are kept */
    const wu_task *task; /* of task_type, or NULL */
} wu_record;             /* all zero is empty */

/* Parses a line. *r is cleared first. where names file and line in messages. Errors: EDATA (bad
 * JSON, not an object, a member of the wrong type), ENOMEM. */
WU_MUST_CHECK wu_code wu_record_parse(wu_record *r, wu_str line, const char *where, wu_err *err);
void wu_record_clear(wu_record *r);

/* Whether it is an example at all, of any of the three shapes. EDATA. */
WU_MUST_CHECK wu_code wu_record_check(const wu_record *r, const char *where, wu_err *err);

/* Makes one from its parts; contact, temporal and provenance may be NULL and are taken over, even
 * on failure. ENOMEM. */
WU_MUST_CHECK wu_code wu_record_make(wu_record *r, const wu_task *task, wu_str prompt,
                                     wu_str completion, wu_str source_id, wu_json *contact,
                                     wu_json *temporal, wu_json *provenance);

/* Replaces prompt in the record. ENOMEM. */
WU_MUST_CHECK wu_code wu_record_set_prompt(wu_record *r, wu_str prompt);

/* Appends the record and a newline. ENOMEM. */
WU_MUST_CHECK wu_code wu_record_write(wu_buf *out, const wu_record *r);

/* The words of the conversation in a record of any shape: the lines behind [CONVERSATION] of the
 * prompt, else the user's messages, else the text; a view into r. */
wu_str wu_record_conversation(const wu_record *r);

/* The next record of a file; blank lines are skipped. "FILE:LINE" is put into where (of at least
 * WU_WHERE_MAX bytes). *end is true behind the last. Errors: those of wu_lines_next and
 * wu_record_parse; after EDATA the next call goes on. */
enum { WU_WHERE_MAX = 4096 + 32 };
WU_MUST_CHECK wu_code wu_record_next(wu_record *r, wu_lines *lines, char *where, bool *end,
                                     wu_err *err);

#endif
