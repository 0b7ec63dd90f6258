/* table.h - data tables: calendars, phrases, taxonomies. They are files of data/, not code.
 *
 * The files of data/ are built into the program, so that it needs none at run
 * time; a directory given by the user takes their place file by file.
 *
 * A table of text has sections of lines:
 *
 *     # a comment
 *     == section name
 *     a line
 *     another line
 *
 * Blank lines do not count, white space at both ends neither.
 *
 * Threads: constant once read. */
#ifndef WU_CONTACT_TABLE_H
#define WU_CONTACT_TABLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends the text of data/NAME: of DIR/NAME if dir is given and has it, else the one built in.
 * Errors: EARG (no such table), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_table_text(wu_buf *out, const char *dir, const char *name, wu_err *err);

/* Names of the tables built in that begin with prefix ("calendars/"), one call each: i from 0; NULL
 * behind the last. */
const char *wu_table_name(const char *prefix, int i);

typedef struct wu_section {
    wu_str name;
    const wu_str *line; /* [n_line] */
    int32_t n_line;
    int32_t at; /* line of the file where it begins, from 1 */
} wu_section;

typedef struct wu_table {
    wu_arena arena;
    wu_section *section; /* in order of the file */
    int32_t n_section;
} wu_table; /* all zero is empty */

/* Reads a table of text. Errors: as wu_table_text; EDATA (invalid UTF-8, a line before the first
 * section, a section twice; with file and line). */
WU_MUST_CHECK wu_code wu_table_read(wu_table *out, const char *dir, const char *name, wu_err *err);
void wu_table_free(wu_table *t);
const wu_section *wu_table_section(const wu_table *t, wu_str name); /* or NULL */

/* "key: value" of a line; false if it has no colon behind a word of a-z, 0-9 and _. */
bool wu_table_pair(wu_str line, wu_str *key, wu_str *value);

#endif
