/* leak.h - does anything of one split stand in another one too?
 *
 * Looked for across files, never within one: the same source_id; the same
 * words of a conversation (hash of its normalised text); nearly the same ones
 * (Jaccard similarity of word shingles, found with MinHash signatures in
 * bands and then counted exactly).
 *
 * Memory does not grow with the number of conversations beyond a few dozen
 * bytes each: what is larger is sorted on disk, in temporary files.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SET_LEAK_H
#define WU_CONTACT_SET_LEAK_H

#include "base/buf.h"
#include "base/err.h"
#include "text/json.h"

typedef enum wu_leak_kind {
    WU_LEAK_ID,   /* equal source_id */
    WU_LEAK_SAME, /* equal words under another id */
    WU_LEAK_NEAR, /* similarity of at least the threshold */
    WU_N_LEAK
} wu_leak_kind;

typedef struct wu_leak_options {
    double threshold;      /* 0 means 0.8 */
    bool near;             /* look for near duplicates */
    int32_t max_found;     /* examples of findings that are kept; 0 means 20 */
    size_t memory_bytes;   /* beyond which the index goes to disk; 0 means 64 MiB */
    const char *temporary; /* directory for it; NULL: TMPDIR, else /tmp */
} wu_leak_options;

typedef struct wu_leak_found {
    wu_leak_kind kind;
    int32_t file_a, file_b; /* indices into the paths given */
    int32_t line_a, line_b; /* of a first example of each conversation */
    double similarity;      /* 1 for ID of equal words and SAME */
    char *id_a, *id_b;
} wu_leak_found;

typedef struct wu_leak_report {
    int64_t n_conversation, n_example;
    int64_t count[WU_N_LEAK]; /* conversations (of the later file) with a finding of that kind */
    wu_leak_found *found;     /* the first ones, by file and line */
    int32_t n_found;
} wu_leak_report; /* all zero is empty */

/* Reads JSONL files of examples (record.h), 64 at most. A conversation without source_id is known
 * by its words. Errors: EARG (too many files); EIO; EDATA (a line that is no record: file and
 * line); ENOMEM. */
WU_MUST_CHECK wu_code wu_leak_check(wu_leak_report *out, const char *const *path, int n_path,
                                    const wu_leak_options *o, wu_err *err);
void wu_leak_free(wu_leak_report *r);
bool wu_leak_any(const wu_leak_report *r);

/* Report as text for people, and as JSON. ENOMEM. */
WU_MUST_CHECK wu_code wu_leak_text(wu_buf *out, const wu_leak_report *r, const char *const *path);
wu_json *wu_leak_json(const wu_leak_report *r, const char *const *path);

#endif
