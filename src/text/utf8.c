/* utf8.c - validity and replacement by hand, NFC with utf8proc's tables (utf8.h).
 *
 * utf8proc sorts combining marks by insertion, which is quadratic in their
 * number; outside text may be nothing but marks.  So the three steps of NFC are
 * taken apart: its decomposition character by character, our own sort, and its
 * composition. */
#include "text/utf8.h"

#include <stdlib.h>
#include <utf8proc.h>

/* Table 3-7 of the Unicode standard: how many bytes follow a lead byte and what the first of them
 * may be; every later one is 80..BF. */
typedef struct lead {
    int n; /* bytes of the character, 0: not a lead byte */
    unsigned char lo, hi;
} lead;

static lead lead_of(unsigned char c) {
    if (c < 0x80) return (lead){1, 0, 0};
    if (c < 0xC2) return (lead){0, 0, 0};
    if (c < 0xE0) return (lead){2, 0x80, 0xBF};
    if (c == 0xE0) return (lead){3, 0xA0, 0xBF};
    if (c == 0xED) return (lead){3, 0x80, 0x9F};
    if (c < 0xF0) return (lead){3, 0x80, 0xBF};
    if (c == 0xF0) return (lead){4, 0x90, 0xBF};
    if (c < 0xF4) return (lead){4, 0x80, 0xBF};
    if (c == 0xF4) return (lead){4, 0x80, 0x8F};
    return (lead){0, 0, 0};
}

wu_utf8_kind wu_utf8_next(wu_str s, int *n) {
    const unsigned char *p = (const unsigned char *)s.p;
    const lead l = lead_of(p[0]);

    *n = 1;
    if (l.n == 1) return WU_UTF8_CHAR;
    if (l.n == 0) return WU_UTF8_INVALID;
    for (int i = 1; i < l.n; i++) {
        if ((size_t)i == s.n) return WU_UTF8_PARTIAL;
        if (p[i] < (i == 1 ? l.lo : 0x80) || p[i] > (i == 1 ? l.hi : 0xBF)) return WU_UTF8_INVALID;
        *n = i + 1;
    }
    return WU_UTF8_CHAR;
}

uint32_t wu_utf8_code(wu_str valid, int *n) {
    const unsigned char *p = (const unsigned char *)valid.p;
    uint32_t c;

    if (p[0] < 0x80) {
        *n = 1;
        return p[0];
    }
    *n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    c = p[0] & (0x7Fu >> *n);
    for (int i = 1; i < *n; i++) c = c << 6 | (p[i] & 0x3Fu);
    return c;
}

bool wu_utf8_valid(wu_str s) {
    for (size_t at = 0; at < s.n;) {
        int n = 1;
        if ((unsigned char)s.p[at] >= 0x80 &&
            wu_utf8_next((wu_str){s.p + at, s.n - at}, &n) != WU_UTF8_CHAR)
            return false;
        at += (size_t)n;
    }
    return true;
}

static wu_code append_lossy(wu_str s, wu_buf *out) {
    size_t from = 0; /* start of what is valid and not yet copied */
    wu_code rc;

    for (size_t at = 0; at < s.n;) {
        int n;
        const wu_utf8_kind kind = wu_utf8_next((wu_str){s.p + at, s.n - at}, &n);

        if (kind != WU_UTF8_CHAR) {
            if ((rc = wu_buf_add(out, s.p + from, at - from))) return rc;
            if ((rc = wu_buf_str(out, "\xEF\xBF\xBD"))) return rc;
            from = at + (size_t)n;
        }
        at += (size_t)n;
    }
    return from < s.n ? wu_buf_add(out, s.p + from, s.n - from) : WU_OK;
}

/* A failed call leaves the buffer as it was. */
static wu_code take_back(wu_buf *out, size_t before, wu_code rc) {
    if (rc && out->p) {
        out->n = before;
        out->p[before] = '\0';
    }
    return rc;
}

wu_code wu_utf8_lossy(wu_str s, wu_buf *out) {
    const size_t before = out->n;
    return take_back(out, before, append_lossy(s, out));
}

/* ---- NFC ------------------------------------------------------------------------------------ */

typedef struct codes { /* code points that grow */
    utf8proc_int32_t *c;
    size_t n, cap;
} codes;

static wu_code codes_reserve(codes *v, size_t more) {
    size_t cap = v->cap ? v->cap : 256, bytes;
    utf8proc_int32_t *p;

    if (more <= v->cap - v->n) return WU_OK;
    while (cap - v->n < more) {
        if (cap > SIZE_MAX / 16) return WU_ENOMEM;
        cap *= 2;
    }
    bytes = cap * sizeof(*p);
    p = realloc(v->c, bytes);
    if (!p) return WU_ENOMEM;
    v->c = p;
    v->cap = cap;
    return WU_OK;
}

static wu_code decompose(codes *v, wu_str s) {
    enum { ROOM = 32 }; /* the longest canonical decomposition has four code points */

    for (size_t at = 0; at < s.n;) {
        int n, boundary = 0;
        const uint32_t c = wu_utf8_code((wu_str){s.p + at, s.n - at}, &n);
        utf8proc_ssize_t k;

        if (codes_reserve(v, ROOM)) return WU_ENOMEM;
        k = utf8proc_decompose_char((utf8proc_int32_t)c, v->c + v->n, ROOM,
                                    UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &boundary);
        WU_ASSERT(k > 0 && k <= ROOM); /* the text is valid, so every code point is */
        v->n += (size_t)k;
        at += (size_t)n;
    }
    return WU_OK;
}

static int compare_u64(const void *a, const void *b) {
    uint64_t x, y;
    x = *(const uint64_t *)a;
    y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts a run of marks by combining class; equal classes keep their order, because the position is
 * part of the key: class, position, code point. */
static wu_code sort_run(utf8proc_int32_t *c, size_t n, uint64_t **key, size_t *cap) {
    if (n > *cap) {
        uint64_t *p = realloc(*key, 2 * n * sizeof(**key));
        if (!p) return WU_ENOMEM;
        *key = p;
        *cap = 2 * n;
    }
    for (size_t i = 0; i < n; i++) {
        const uint64_t class = (uint64_t)utf8proc_get_property(c[i])->combining_class;
        (*key)[i] = class << 53 | (uint64_t)i << 21 | (uint64_t)c[i];
    }
    qsort(*key, n, sizeof(**key), compare_u64);
    for (size_t i = 0; i < n; i++) c[i] = (utf8proc_int32_t)((*key)[i] & 0x1FFFFF);
    return WU_OK;
}

static wu_code sort_marks(codes *v) {
    uint64_t *key = NULL;
    size_t cap = 0;
    wu_code rc = WU_OK;

    for (size_t i = 0; i < v->n && !rc;) {
        size_t end = i;
        while (end < v->n && utf8proc_get_property(v->c[end])->combining_class != 0) end++;
        if (end - i > 1) rc = sort_run(v->c + i, end - i, &key, &cap);
        i = end + 1;
    }
    free(key);
    return rc;
}

static wu_code append_codes(const codes *v, size_t n, wu_buf *out) {
    wu_code rc;

    for (size_t i = 0; i < n; i++) {
        utf8proc_uint8_t bytes[4];
        const utf8proc_ssize_t k = utf8proc_encode_char(v->c[i], bytes);
        if ((rc = wu_buf_add(out, bytes, (size_t)k))) return rc;
    }
    return WU_OK;
}

/* Characters below U+0300 are in NFC by themselves and do not combine with each other: most text
 * needs no work. U+0300 begins with the byte CC. */
static bool is_surely_nfc(wu_str s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0xCC) return false;
    return true;
}

wu_code wu_utf8_nfc(wu_str valid, wu_buf *out) {
    const size_t before = out->n;
    codes v = {0};
    utf8proc_ssize_t n;
    wu_code rc;

    if (is_surely_nfc(valid)) return valid.n ? wu_buf_add(out, valid.p, valid.n) : WU_OK;
    if ((rc = codes_reserve(&v, valid.n))) goto done; /* so v.c is there: the text is not empty */
    if ((rc = decompose(&v, valid))) goto done;
    if ((rc = sort_marks(&v))) goto done;
    n = utf8proc_normalize_utf32(v.c, (utf8proc_ssize_t)v.n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    WU_ASSERT(n >= 0);
    rc = take_back(out, before, append_codes(&v, (size_t)n, out));
done:
    free(v.c);
    return rc;
}

/* ---- white space ---------------------------------------------------------------------------- */

bool wu_utf8_is_space(uint32_t c) {
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

wu_str wu_utf8_trim(wu_str s) {
    int n;

    while (s.n && wu_utf8_next(s, &n) == WU_UTF8_CHAR && wu_utf8_is_space(wu_utf8_code(s, &n))) {
        s.p += n;
        s.n -= (size_t)n;
    }
    while (s.n) {
        wu_str last = {s.p + s.n - 1, 1};
        while (last.n < 4 && last.n < s.n && ((unsigned char)last.p[0] & 0xC0) == 0x80) {
            last.p--;
            last.n++;
        }
        if (wu_utf8_next(last, &n) != WU_UTF8_CHAR || (size_t)n != last.n) break;
        if (!wu_utf8_is_space(wu_utf8_code(last, &n))) break;
        s.n -= last.n;
    }
    return s;
}
