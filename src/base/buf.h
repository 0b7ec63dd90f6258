/* buf.h - bytes and token ids that grow, and views of text.
 *
 * A wu_buf always has a limit, so that outside data cannot grow it without
 * bound.  An all-zero wu_buf or wu_ids is empty and has the default limit.
 *
 * Threads: one thread at a time. */
#ifndef WU_BASE_BUF_H
#define WU_BASE_BUF_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct wu_str { /* a view; not NUL-terminated, not owned */
    const char *p;
    size_t n;
} wu_str;

#define WU_STR(lit) ((wu_str){(lit), sizeof(lit) - 1})
wu_str wu_str_of(const char *s); /* NULL gives an empty view */
bool wu_str_eq(wu_str a, wu_str b);
bool wu_str_starts(wu_str s, wu_str prefix);
bool wu_ends_with(const char *s, const char *end);

#define WU_BUF_LIMIT ((size_t)1 << 32)

typedef struct wu_buf {
    char *p; /* always NUL-terminated once something was added; NULL while empty */
    size_t n, cap;
    size_t limit; /* 0 means WU_BUF_LIMIT */
} wu_buf;

/* Each returns WU_OK, or ENOMEM (out of memory, or beyond the limit) with the
 * buffer unchanged. */
WU_MUST_CHECK wu_code wu_buf_add(wu_buf *b, const void *p, size_t n);
WU_MUST_CHECK wu_code wu_buf_str(wu_buf *b, const char *s);
WU_MUST_CHECK wu_code wu_buf_char(wu_buf *b, char c);
WU_MUST_CHECK wu_code wu_buf_fmt(wu_buf *b, const char *fmt, ...) WU_PRINTF(2, 3);
WU_MUST_CHECK wu_code wu_buf_reserve(wu_buf *b, size_t more); /* room for more bytes and a NUL */
void wu_buf_clear(wu_buf *b);                                 /* n = 0, memory kept */
void wu_buf_free(wu_buf *b);
wu_str wu_buf_view(const wu_buf *b);

typedef struct wu_ids { /* token ids */
    int32_t *id;
    int32_t n, cap;
} wu_ids;

WU_MUST_CHECK wu_code wu_ids_add(wu_ids *v, const int32_t *id, int32_t n); /* ENOMEM */
WU_MUST_CHECK wu_code wu_ids_push(wu_ids *v, int32_t id);
void wu_ids_free(wu_ids *v);

#endif
