/* dir.h - directories: their names in order, and new ones that appear whole.
 *
 * Threads: one thread at a time for each object. */
#ifndef WU_BASE_DIR_H
#define WU_BASE_DIR_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct wu_dir {
    char **name; /* [n], sorted by bytes; without a path, none begins with a dot */
    int32_t n;
} wu_dir; /* all zero is empty */

/* Lists a directory. *out must be empty; on failure it is empty again. EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_dir_list(wu_dir *out, const char *path, wu_err *err);
void wu_dir_free(wu_dir *d);

/* A directory that is filled under another name beside the place where it will be and then
 * renamed, so that it is there whole or not at all. Write below `temporary`. */
typedef struct wu_new_dir {
    char *path, *temporary;
} wu_new_dir; /* all zero is none */

/* Errors: EARG (path exists and is not an empty directory), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_new_dir_begin(wu_new_dir *d, const char *path, wu_err *err);
/* Flushes what was written to the disk and renames. EIO; abandons on error. */
WU_MUST_CHECK wu_code wu_new_dir_commit(wu_new_dir *d, wu_err *err);
void wu_new_dir_abandon(wu_new_dir *d); /* removes it and all below; harmless after commit */

/* Removes a file, or a directory and all below it; what is missing is fine. EIO. */
WU_MUST_CHECK wu_code wu_remove_tree(const char *path, wu_err *err);

#endif
