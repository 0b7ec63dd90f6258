/* json_write.c - the one writer of JSON (json.h).
 *
 * It writes what Python's json.dumps(..., ensure_ascii=False) writes, so that
 * files compare equal with those of the originals: real numbers have the fewest
 * digits that give the same number again. */
#include "text/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writer {
    wu_buf *out;
    const char *colon, *comma;
    int indent; /* spaces per level; 0: all on one line */
    bool sorted;
} writer;

static wu_code write_value(const writer *w, const wu_json *j, int depth);

static wu_code write_str(wu_buf *out, wu_str s) {
    size_t from = 0;
    wu_code rc;

    if ((rc = wu_buf_char(out, '"'))) return rc;
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        char escape[8];

        if (c >= 0x20 && c != '"' && c != '\\') continue;
        if (c == '"' || c == '\\')
            (void)snprintf(escape, sizeof(escape), "\\%c", c);
        else if (c == '\n')
            (void)snprintf(escape, sizeof(escape), "\\n");
        else if (c == '\r')
            (void)snprintf(escape, sizeof(escape), "\\r");
        else if (c == '\t')
            (void)snprintf(escape, sizeof(escape), "\\t");
        else if (c == '\b')
            (void)snprintf(escape, sizeof(escape), "\\b");
        else if (c == '\f')
            (void)snprintf(escape, sizeof(escape), "\\f");
        else
            (void)snprintf(escape, sizeof(escape), "\\u%04x", c);
        if ((rc = wu_buf_add(out, s.p + from, i - from))) return rc;
        if ((rc = wu_buf_str(out, escape))) return rc;
        from = i + 1;
    }
    if ((rc = wu_buf_add(out, s.p + from, s.n - from))) return rc;
    return wu_buf_char(out, '"');
}

/* The shortest digits, laid out as Python does: plain for 1e-4 <= |v| < 1e16, else with an exponent
 * of at least two digits. */
static wu_code write_real(wu_buf *out, double v) {
    char text[40], digits[24];
    int precision = 0, exponent, n = 0;
    const char *p;
    wu_code rc;

    do { /* d.ddde[+-]xx */
        (void)snprintf(text, sizeof(text), "%.*e", precision, v);
    } while (precision++ < 16 && strtod(text, NULL) != v);
    for (p = text; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9') digits[n++] = *p;
    digits[n] = '\0';
    exponent = (int)strtol(p + 1, NULL, 10);

    if (text[0] == '-' && (rc = wu_buf_char(out, '-'))) return rc;
    if (exponent < -4 || exponent >= 16)
        return wu_buf_fmt(out, "%c%s%se%c%02d", digits[0], n > 1 ? "." : "", digits + 1,
                          exponent < 0 ? '-' : '+', abs(exponent));
    if (exponent < 0) return wu_buf_fmt(out, "0.%.*s%s", -exponent - 1, "0000", digits);
    if (exponent >= n - 1)
        return wu_buf_fmt(out, "%s%.*s.0", digits, exponent - (n - 1), "0000000000000000");
    return wu_buf_fmt(out, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
}

static wu_code write_break(const writer *w, int depth) {
    return w->indent ? wu_buf_fmt(w->out, "\n%*s", depth * w->indent, "") : WU_OK;
}

static wu_code write_array(const writer *w, const wu_json *j, int depth) {
    const size_t n = wu_json_size(j);
    wu_code rc;

    if (n == 0) return wu_buf_str(w->out, "[]");
    if ((rc = wu_buf_char(w->out, '['))) return rc;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (rc = wu_buf_str(w->out, w->comma))) return rc;
        if ((rc = write_break(w, depth + 1))) return rc;
        if ((rc = write_value(w, wu_json_at(j, i), depth + 1))) return rc;
    }
    if ((rc = write_break(w, depth))) return rc;
    return wu_buf_char(w->out, ']');
}

typedef struct member {
    wu_str key;
    const wu_json *value;
} member;

static int compare_members(const void *a, const void *b) {
    const member *x = a, *y = b;
    const int order = memcmp(x->key.p, y->key.p, WU_MIN(x->key.n, y->key.n));
    return order ? order : (x->key.n > y->key.n) - (x->key.n < y->key.n);
}

static wu_code write_members(const writer *w, const member *m, size_t n, int depth) {
    wu_code rc;

    if ((rc = wu_buf_char(w->out, '{'))) return rc;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (rc = wu_buf_str(w->out, w->comma))) return rc;
        if ((rc = write_break(w, depth + 1))) return rc;
        if ((rc = write_str(w->out, m[i].key))) return rc;
        if ((rc = wu_buf_str(w->out, w->colon))) return rc;
        if ((rc = write_value(w, m[i].value, depth + 1))) return rc;
    }
    if ((rc = write_break(w, depth))) return rc;
    return wu_buf_char(w->out, '}');
}

static wu_code write_object(const writer *w, const wu_json *j, int depth) {
    const size_t n = wu_json_size(j);
    member *m;
    size_t i = 0;
    wu_code rc;

    if (n == 0) return wu_buf_str(w->out, "{}");
    m = malloc(n * sizeof(*m)); /* the members exist already, each larger than this */
    if (!m) return WU_ENOMEM;
    for (void *it = wu_json_first(j); it && i < n; it = wu_json_next(j, it))
        m[i++] = (member){wu_json_key(it), wu_json_value(it)};
    if (w->sorted) qsort(m, i, sizeof(*m), compare_members);
    rc = write_members(w, m, i, depth);
    free(m);
    return rc;
}

static wu_code write_value(const writer *w, const wu_json *j, int depth) {
    switch (wu_json_type(j)) {
    case WU_JSON_NULL:
        return wu_buf_str(w->out, "null");
    case WU_JSON_BOOL:
        return wu_buf_str(w->out, wu_json_bool(j) ? "true" : "false");
    case WU_JSON_INT:
        return wu_buf_fmt(w->out, "%lld", (long long)wu_json_int(j));
    case WU_JSON_REAL:
        return write_real(w->out, wu_json_real(j));
    case WU_JSON_STRING:
        return write_str(w->out, wu_json_str(j));
    case WU_JSON_ARRAY:
        return write_array(w, j, depth);
    case WU_JSON_OBJECT:
        return write_object(w, j, depth);
    }
    return WU_EBUG;
}

wu_code wu_json_write(wu_buf *out, const wu_json *j, wu_json_style style) {
    writer w = {.out = out, .colon = ": ", .comma = ", "};
    const size_t before = out->n;
    wu_code rc;

    if (style == WU_JSON_COMPACT) w.colon = ":";
    if (style != WU_JSON_SPACED) w.comma = ",";
    if (style == WU_JSON_INDENT2) w.indent = 2;
    if (style == WU_JSON_INDENT4_SORTED) {
        w.indent = 4;
        w.sorted = true;
    }
    rc = write_value(&w, j, 0);
    if (rc && out->p) { /* nothing half written */
        out->n = before;
        out->p[before] = '\0';
    }
    return rc;
}
