/* buf.c - growing bytes and ids (buf.h). */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

wu_str wu_str_of(const char *s) { return (wu_str){s, s ? strlen(s) : 0}; }

bool wu_str_eq(wu_str a, wu_str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool wu_str_starts(wu_str s, wu_str prefix) {
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool wu_ends_with(const char *s, const char *end) {
    const size_t n = strlen(s), n_end = strlen(end);
    return n >= n_end && strcmp(s + n - n_end, end) == 0;
}

wu_code wu_buf_reserve(wu_buf *b, size_t more) {
    const size_t limit = b->limit ? b->limit : WU_BUF_LIMIT;
    if (more > limit || b->n > limit - more) return WU_ENOMEM;
    const size_t need = b->n + more + 1;
    if (need <= b->cap) return WU_OK;
    size_t cap = b->cap ? b->cap + b->cap / 2 : 256;
    if (cap < need) cap = need;
    char *p = realloc(b->p, cap);
    if (!p) return WU_ENOMEM;
    if (!b->p) p[0] = 0;
    b->p = p;
    b->cap = cap;
    return WU_OK;
}

wu_code wu_buf_add(wu_buf *b, const void *p, size_t n) {
    const wu_code rc = wu_buf_reserve(b, n);
    if (rc) return rc;
    if (n) memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = 0;
    return WU_OK;
}

wu_code wu_buf_str(wu_buf *b, const char *s) { return wu_buf_add(b, s, strlen(s)); }

wu_code wu_buf_char(wu_buf *b, char c) { return wu_buf_add(b, &c, 1); }

wu_code wu_buf_fmt(wu_buf *b, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    const wu_code rc = n < 0 ? WU_ENOMEM : wu_buf_reserve(b, (size_t)n);
    if (!rc) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
    return rc;
}

void wu_buf_clear(wu_buf *b) {
    b->n = 0;
    if (b->p) b->p[0] = 0;
}

void wu_buf_free(wu_buf *b) {
    free(b->p);
    *b = (wu_buf){.limit = b->limit};
}

wu_str wu_buf_view(const wu_buf *b) { return (wu_str){b->p ? b->p : "", b->n}; }

wu_code wu_ids_add(wu_ids *v, const int32_t *id, int32_t n) {
    if (n < 0 || v->n > INT32_MAX - n) return WU_ENOMEM;
    if (v->n + n > v->cap) {
        int64_t cap = v->cap ? (int64_t)v->cap + v->cap / 2 : 64;
        if (cap < v->n + n) cap = v->n + n;
        if (cap > INT32_MAX) cap = INT32_MAX;
        int32_t *p = realloc(v->id, (size_t)cap * sizeof(*p));
        if (!p) return WU_ENOMEM;
        v->id = p;
        v->cap = (int32_t)cap;
    }
    if (n) memcpy(v->id + v->n, id, (size_t)n * sizeof(*id));
    v->n += n;
    return WU_OK;
}

wu_code wu_ids_push(wu_ids *v, int32_t id) { return wu_ids_add(v, &id, 1); }

void wu_ids_free(wu_ids *v) {
    free(v->id);
    *v = (wu_ids){0};
}
