/* table_impl.h - what the build makes of data/ (tools/embed.c).  Threads: constant. */
#ifndef WU_CONTACT_TABLE_IMPL_H
#define WU_CONTACT_TABLE_IMPL_H

#include <stddef.h>

typedef struct wu_embedded_file {
    const char *name; /* below data/; NULL ends the list */
    const unsigned char *text;
    size_t n;
} wu_embedded_file;

extern const wu_embedded_file wu_embedded[]; /* sorted by name */

#endif
