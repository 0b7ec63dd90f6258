/* api_journal.h - answers that were paid for, kept as they come.
 *
 * A file of JSON lines: first the options that decide what is asked, then a
 * line for each answer, flushed to the disk before the next request.  A run
 * that is killed loses at most what was under way; the next one with the same
 * options goes on.  A line cut off by the end of a run is dropped.
 *
 * Threads: wu_journal_read() any; the rest one at a time. */
#ifndef WU_CLI_API_JOURNAL_H
#define WU_CLI_API_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "text/json.h"

typedef struct wu_journal {
    int fd; /* locked while open */
    char path[WU_PATH_MAX];
    uint64_t first;
    int64_t n;       /* calls first to first + n - 1 */
    int64_t *offset; /* [n] of the line with the answer, or -1 */
    int64_t size;    /* of the file */
    int64_t n_kept;
} wu_journal; /* make it with wu_journal_open() */

/* header: an object; in a file that exists each member must have the same value. *j need not be
 * set. Errors: EARG (other options, fewer calls, another run is writing), EDATA (line), EIO,
 * ENOMEM; *j is closed then. */
WU_MUST_CHECK wu_code wu_journal_open(wu_journal *j, const char *path, const wu_json *header,
                                      uint64_t first, int64_t n, wu_err *err);
void wu_journal_close(wu_journal *j);
void wu_journal_remove(wu_journal *j); /* closes; the file and its folder, if that is empty then */

bool wu_journal_has(const wu_journal *j, uint64_t index);

/* entry: {"index", "prompt", "turns", ...}; one without turns is a note that nothing reads. EIO,
 * ENOMEM. */
WU_MUST_CHECK wu_code wu_journal_add(wu_journal *j, uint64_t index, const wu_json *entry,
                                     wu_err *err);

/* The answer to a call that is there. EDATA, EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_journal_read(const wu_journal *j, uint64_t index, wu_json **out,
                                      wu_err *err);

#endif
