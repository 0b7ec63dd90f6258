/* join.h - which file belongs to which conversation, by their names.
 *
 *     transcript_00012.md   analysis_00012.json   journey_insight_00012.json
 *
 * A name is compared without its ending and without the words transcript_,
 * conversation_, analysis_, journey_insight_ and journey_ at its start.  Where
 * nothing has the same name, what stands behind the last "_" must be the same,
 * if only one file ends like that.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SET_JOIN_H
#define WU_CONTACT_SET_JOIN_H

#include "base/buf.h"
#include "base/dir.h"

typedef struct wu_join_file {
    const char *name;
    wu_str full, last; /* views into name */
    bool is_used;
} wu_join_file;

typedef struct wu_join {
    const char *dir; /* the caller's */
    wu_dir list;
    wu_join_file *file; /* [n], in order of names */
    int32_t n;
    wu_join_file **by_full, **by_last; /* [n], sorted */
} wu_join;                             /* all zero is empty: nothing is found */

/* The files of dir that end in .json and begin with prefix (NULL: any). EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_join_open(wu_join *j, const char *dir, const char *prefix, wu_err *err);
void wu_join_close(wu_join *j);

/* Of a conversation's id or of a file's name; NULL: none. */
wu_join_file *wu_join_find(const wu_join *j, wu_str name);

/* A file's name without its ending (".md"). */
wu_str wu_join_stem(const char *name);

#endif
