/* lines.h - a text file line by line, in constant memory.
 *
 * A line ends with LF, CR LF or the end of the file.  A line longer than the
 * limit is an error of that line alone: it has been skipped, and the next call
 * goes on behind it.
 *
 * Threads: one thread at a time for each object. */
#ifndef WU_BASE_LINES_H
#define WU_BASE_LINES_H

#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>

enum { WU_LINE_LIMIT = 32 << 20 }; /* bytes; what JSONL readers use */

typedef struct wu_lines {
    FILE *f;
    const char *path; /* the caller's; must live as long as this */
    wu_buf line;
    char *chunk; /* what was read ahead: [at, n) is still to come */
    size_t at, n;
    int64_t number; /* of the line returned last, from 1 */
    int64_t offset; /* of its first byte in the file */
    int64_t next;   /* of the byte behind it */
    size_t limit;
} wu_lines; /* all zero is closed */

/* path "-" is standard input. limit 0 means WU_LINE_LIMIT. Errors: EIO (missing, a directory). */
WU_MUST_CHECK wu_code wu_lines_open(wu_lines *l, const char *path, size_t limit, wu_err *err);

/* The next line without its end; valid until the next call. *end is true behind the last one.
 * Errors: EDATA (longer than the limit, or a NUL byte in it; the line was skipped, go on if you
 * like), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_lines_next(wu_lines *l, wu_str *line, bool *end, wu_err *err);

/* Goes on with the line that begins at an offset and has that number; (0, 1) is the first. EIO
 * (standard input, a pipe). */
WU_MUST_CHECK wu_code wu_lines_seek(wu_lines *l, int64_t offset, int64_t number, wu_err *err);
void wu_lines_close(wu_lines *l);

#endif
