/* table.c - data tables (table.h). */
#include "contact/table.h"

#include "base/file.h"
#include "contact/table_impl.h"
#include "text/utf8.h"

#include <string.h>

enum { TABLE_LIMIT = 8 << 20 }; /* bytes of a user's table */

wu_code wu_table_text(wu_buf *out, const char *dir, const char *name, wu_err *err) {
    if (dir) {
        char path[WU_PATH_MAX];
        const wu_code rc = wu_path_join(path, sizeof(path), dir, name, err);
        if (rc) return rc;
        if (wu_is_file(path)) return wu_read_file(out, path, TABLE_LIMIT, err);
    }
    for (const wu_embedded_file *f = wu_embedded; f->name; f++) {
        if (strcmp(f->name, name) != 0) continue;
        return wu_buf_add(out, f->text, f->n) ? wu_fail(err, WU_ENOMEM, "%s: out of memory", name)
                                              : WU_OK;
    }
    return wu_fail(err, WU_EARG, "%s: there is no such table", name);
}

const char *wu_table_name(const char *prefix, int i) {
    const size_t n = strlen(prefix);
    for (const wu_embedded_file *f = wu_embedded; f->name; f++)
        if (strncmp(f->name, prefix, n) == 0 && i-- == 0) return f->name;
    return NULL;
}

/* ----------------------------------------------------------------------------- sections */

/* The next line of *text from *at, trimmed; false at the end. */
static bool next_line(wu_str text, size_t *at, wu_str *line) {
    if (*at >= text.n) return false;
    const char *p = text.p + *at;
    const char *end = memchr(p, '\n', text.n - *at);
    const size_t n = end ? (size_t)(end - p) : text.n - *at;
    *at += n + 1;
    *line = wu_utf8_trim((wu_str){p, n});
    return true;
}

static bool is_head(wu_str line) { return line.n >= 3 && memcmp(line.p, "== ", 3) == 0; }
static bool is_content(wu_str line) { return line.n > 0 && line.p[0] != '#'; }

typedef struct size {
    size_t sections, lines;
} size;

static wu_code measure(size *n, wu_str text, const char *name, wu_err *err) {
    wu_str line;
    int32_t number = 0;
    for (size_t at = 0; next_line(text, &at, &line);) {
        number++;
        if (!wu_utf8_valid(line))
            return wu_fail(err, WU_EDATA, "%s:%d: invalid UTF-8", name, number);
        if (!is_content(line)) continue;
        if (is_head(line))
            n->sections++;
        else if (n->sections == 0)
            return wu_fail(err, WU_EDATA, "%s:%d: a line before the first \"== section\"", name,
                           number);
        else
            n->lines++;
    }
    return WU_OK;
}

static void fill(wu_table *t, wu_str text, wu_str *slot) {
    wu_str line;
    int32_t number = 0;
    for (size_t at = 0; next_line(text, &at, &line);) {
        number++;
        if (!is_content(line)) continue;
        if (is_head(line)) {
            const wu_str name = wu_utf8_trim((wu_str){line.p + 3, line.n - 3});
            t->section[t->n_section++] = (wu_section){.name = name, .line = slot, .at = number};
        } else {
            *slot++ = line;
            t->section[t->n_section - 1].n_line++;
        }
    }
}

static wu_code check_names(const wu_table *t, const char *name, wu_err *err) {
    for (int32_t i = 0; i < t->n_section; i++)
        for (int32_t k = 0; k < i; k++)
            if (wu_str_eq(t->section[i].name, t->section[k].name))
                return wu_fail(err, WU_EDATA,
                               "%s:%d: section \"%.*s\" is there twice, first in line %d", name,
                               t->section[i].at, (int)t->section[i].name.n, t->section[i].name.p,
                               t->section[k].at);
    return WU_OK;
}

wu_code wu_table_read(wu_table *out, const char *dir, const char *name, wu_err *err) {
    wu_buf b = {0};
    size n = {0};
    *out = (wu_table){0};
    wu_code rc = wu_table_text(&b, dir, name, err);
    if (rc) goto done;
    if ((rc = measure(&n, wu_buf_view(&b), name, err))) goto done;
    char *copy = wu_arena_alloc(&out->arena, b.n + 1);
    wu_str *slot = wu_arena_zero(&out->arena, n.lines + 1, sizeof(*slot));
    out->section = wu_arena_zero(&out->arena, n.sections + 1, sizeof(*out->section));
    if (!copy || !slot || !out->section) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", name);
        goto done;
    }
    if (b.n > 0) memcpy(copy, b.p, b.n);
    fill(out, (wu_str){copy, b.n}, slot);
    rc = check_names(out, name, err);
done:
    if (rc) wu_table_free(out);
    wu_buf_free(&b);
    return rc;
}

void wu_table_free(wu_table *t) {
    wu_arena_free(&t->arena);
    *t = (wu_table){0};
}

const wu_section *wu_table_section(const wu_table *t, wu_str name) {
    for (int32_t i = 0; i < t->n_section; i++)
        if (wu_str_eq(t->section[i].name, name)) return &t->section[i];
    return NULL;
}

static bool is_key_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool wu_table_pair(wu_str line, wu_str *key, wu_str *value) {
    size_t n = 0;
    while (n < line.n && is_key_char(line.p[n])) n++;
    if (n == 0 || n == line.n || line.p[n] != ':') return false;
    *key = (wu_str){line.p, n};
    *value = wu_utf8_trim((wu_str){line.p + n + 1, line.n - n - 1});
    return true;
}
