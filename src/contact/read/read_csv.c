/* read_csv.c - records of CSV: RFC 4180, with comma, semicolon or tab (json_in.h). */
#include "contact/read/json_in.h"

#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

/* The one of comma, semicolon and tab that is most frequent in the first line, outside quotes. */
static char find_separator(wu_str text) {
    static const char candidate[] = {',', ';', '\t'};
    size_t count[WU_LEN(candidate)] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.n && (quoted || text.p[i] != '\n'); i++) {
        if (text.p[i] == '"') quoted = !quoted;
        for (size_t k = 0; k < WU_LEN(candidate); k++)
            count[k] += !quoted && text.p[i] == candidate[k];
    }
    for (size_t k = 1; k < WU_LEN(candidate); k++)
        if (count[k] > count[best]) best = k;
    return candidate[best];
}

void wu_csv_begin(wu_csv *v, wu_str text) {
    if (wu_str_starts(text, WU_STR("\xEF\xBB\xBF"))) text = (wu_str){text.p + 3, text.n - 3};
    *v = (wu_csv){.text = text, .next_line = 1, .separator = find_separator(text)};
}

void wu_csv_free(wu_csv *v) {
    wu_buf_free(&v->cells);
    free(v->end);
    *v = (wu_csv){0};
}

wu_str wu_csv_cell(const wu_csv *v, size_t i) {
    const size_t from = i > 0 ? v->end[i - 1] : 0;
    return v->cells.p ? (wu_str){v->cells.p + from, v->end[i] - from} : (wu_str){"", 0};
}

static wu_code end_cell(wu_csv *v) {
    if (v->n_cell == v->max_cell) {
        const size_t more = v->max_cell ? 2 * v->max_cell : 32;
        size_t bytes;
        size_t *p = wu_mul_size(&bytes, more, sizeof(*p)) ? realloc(v->end, bytes) : NULL;
        if (!p) return WU_ENOMEM;
        v->end = p;
        v->max_cell = more;
    }
    v->end[v->n_cell++] = v->cells.n;
    return WU_OK;
}

/* Adds bytes [from, to) of the text. */
static wu_code add(wu_csv *v, size_t from, size_t to) {
    return wu_buf_add(&v->cells, v->text.p + from, to - from);
}

static bool at_line_end(const wu_csv *v, size_t i) {
    return i == v->text.n || v->text.p[i] == '\n' ||
           (v->text.p[i] == '\r' && i + 1 < v->text.n && v->text.p[i + 1] == '\n') ||
           (v->text.p[i] == '\r' && i + 1 == v->text.n);
}

/* A cell in quotes, from the byte behind the first one; *i goes behind the last one. *closed is
 * false if the text ends first. */
static wu_code quoted_cell(wu_csv *v, size_t *i, bool *closed) {
    size_t from = *i;
    *closed = false;
    for (; *i < v->text.n; (*i)++) {
        const char ch = v->text.p[*i];
        if (ch == '\n') v->next_line++;
        if (ch != '"') continue;
        if (*i + 1 < v->text.n && v->text.p[*i + 1] == '"') { /* a doubled one is one */
            if (add(v, from, *i + 1)) return WU_ENOMEM;
            from = *i + 2;
            (*i)++;
            continue;
        }
        *closed = true;
        break;
    }
    const wu_code rc = add(v, from, *i);
    if (*closed) (*i)++;
    return rc;
}

typedef enum fault { NONE, UNCLOSED, BEHIND_QUOTE } fault;

/* Reads up to the end of the record; *column is where a fault is. */
static wu_code take_record(wu_csv *v, fault *bad, size_t *column) {
    const size_t begin = v->at;
    size_t i = begin;
    *bad = NONE;
    for (;;) {
        bool closed = true;
        if (i < v->text.n && v->text.p[i] == '"') {
            const size_t quote = i++;
            if (quoted_cell(v, &i, &closed)) return WU_ENOMEM;
            if (!closed) {
                *bad = UNCLOSED;
                *column = quote - begin + 1;
            }
        }
        const size_t from = i;
        while (!at_line_end(v, i) && v->text.p[i] != v->separator) i++;
        if (i > from && from > begin && v->text.p[from - 1] == '"' && *bad == NONE) {
            *bad = BEHIND_QUOTE;
            *column = from - begin + 1;
        }
        if (add(v, from, i) || end_cell(v)) return WU_ENOMEM;
        if (at_line_end(v, i)) break;
        i++;
    }
    if (i < v->text.n && v->text.p[i] == '\r') i++;
    if (i < v->text.n) i++;
    v->next_line++;
    v->at = i;
    return WU_OK;
}

wu_code wu_csv_next(wu_csv *v, bool *end, const char *path, wu_err *err) {
    fault bad;
    size_t column = 0;
    do {
        *end = v->at >= v->text.n;
        if (*end) return WU_OK;
        wu_buf_clear(&v->cells);
        v->n_cell = 0;
        v->line = v->next_line;
        v->begin = v->at;
        if (take_record(v, &bad, &column))
            return wu_fail(err, WU_ENOMEM, "%s:%lld: out of memory", path, (long long)v->line);
    } while (bad == NONE && v->n_cell == 1 && wu_utf8_trim(wu_csv_cell(v, 0)).n == 0);
    const long long line = (long long)v->line;
    if (bad == UNCLOSED)
        return wu_fail(err, WU_EDATA, "%s:%lld: column %zu: the quote is never closed", path, line,
                       column);
    if (bad == BEHIND_QUOTE)
        return wu_fail(err, WU_EDATA,
                       "%s:%lld: column %zu: text behind a closing quote, want a separator", path,
                       line, column);
    if (v->cells.n > 0 && memchr(v->cells.p, 0, v->cells.n))
        return wu_fail(err, WU_EDATA, "%s:%lld: a NUL byte, want text", path, line);
    for (size_t i = 0; i < v->n_cell; i++)
        if (!wu_utf8_valid(wu_csv_cell(v, i)))
            return wu_fail(err, WU_EDATA, "%s:%lld: cell %zu is not UTF-8", path, line, i + 1);
    return WU_OK;
}

static bool is_mapped(const wu_column_map *map, wu_map_field f, wu_str name) {
    const char *given = map ? wu_map_given(map, f) : NULL;
    return given && wu_str_eq(wu_utf8_trim(name), wu_str_of(given));
}

/* CSV if the first line has two columns at least, and one of them has the name that the map gives
 * to the words; or one has a name that is usual for them, and one that is usual for an id or a
 * speaker. */
int wu_csv_detect(wu_str head, const wu_column_map *map) {
    wu_csv v;
    wu_err err;
    bool end = true, has_words = false, has_other = false, has_mapped = false;
    wu_csv_begin(&v, head);
    const wu_code rc = wu_csv_next(&v, &end, "head", &err);
    for (size_t i = 0; !rc && !end && i < v.n_cell && v.n_cell > 1; i++) {
        const wu_str name = wu_csv_cell(&v, i);
        has_mapped |= is_mapped(map, WU_MAP_TEXT, name) || is_mapped(map, WU_MAP_TRANSCRIPT, name);
        if (wu_map_rank(WU_MAP_TEXT, name) || wu_map_rank(WU_MAP_TRANSCRIPT, name))
            has_words = true;
        else if (wu_map_rank(WU_MAP_ID, name) || wu_map_rank(WU_MAP_ROLE, name))
            has_other = true;
    }
    wu_csv_free(&v);
    return has_mapped || (has_words && has_other) ? 90 : 0;
}
