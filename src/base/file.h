/* file.h - files that are mapped, read whole, or replaced whole.
 *
 * A file that matters is written by wu_replace_*: a temporary file beside it,
 * flush, fsync, rename, fsync of the directory.  Until wu_replace_commit()
 * returns OK the old file is untouched.
 *
 * Threads: one thread at a time for each object. */
#ifndef WU_BASE_FILE_H
#define WU_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct wu_map { /* a read-only mapping; all zero is none */
    const unsigned char *p;
    size_t n;
} wu_map;

/* Maps a regular file. Errors: EIO (missing, not a regular file, empty). */
WU_MUST_CHECK wu_code wu_map_open(wu_map *m, const char *path, wu_err *err);
void wu_map_close(wu_map *m);

/* Gives the pages back to the system; they are read again when they are touched. */
void wu_map_drop_pages(const wu_map *m);

/* Reads a file of at most limit bytes ("-" is standard input) and appends it. EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_read_file(wu_buf *out, const char *path, size_t limit, wu_err *err);

typedef struct wu_replace {
    FILE *f;         /* write here */
    char *path;      /* what will be replaced */
    char *temporary; /* what is being written */
} wu_replace;

/* Errors: EIO (path is there and no regular file; the directory cannot be written), ENOMEM. */
WU_MUST_CHECK wu_code wu_replace_begin(wu_replace *r, const char *path, wu_err *err);
WU_MUST_CHECK wu_code wu_replace_commit(wu_replace *r, wu_err *err); /* EIO; abandons on error */
void wu_replace_abandon(wu_replace *r); /* removes the temporary file; harmless after commit */

/* Writes n bytes as the whole of path, by the rules above. */
WU_MUST_CHECK wu_code wu_write_file(const char *path, const void *p, size_t n, wu_err *err);

/* out = dir/name. EARG if it does not fit. */
WU_MUST_CHECK wu_code wu_path_join(char *out, size_t size, const char *dir, const char *name,
                                   wu_err *err);
enum { WU_PATH_MAX = 4096 };

/* The directory for temporary files: given if it is not NULL, else TMPDIR, else /tmp. */
const char *wu_temporary_dir(const char *given);

/* Opens a new file for reading and writing that has no name, so that nothing is left behind
 * whatever happens. dir is that of wu_temporary_dir(); purpose is a word for messages. EIO, ENOMEM.
 */
WU_MUST_CHECK wu_code wu_unnamed_file(FILE **out, const char *dir, const char *purpose,
                                      wu_err *err);

/* The name behind the last slash. */
const char *wu_base_name(const char *path);

/* Whether both are there and are one and the same file or directory, by whatever name. */
bool wu_same_file(const char *a, const char *b);

bool wu_is_dir(const char *path);
bool wu_is_file(const char *path); /* a regular file, links followed */

/* Makes a directory and its parents; one that exists is fine. EIO. */
WU_MUST_CHECK wu_code wu_make_dirs(const char *path, wu_err *err);

/* Makes the directory that a file will lie in. EIO, EARG (too long). */
WU_MUST_CHECK wu_code wu_make_parent(const char *path, wu_err *err);

#endif
