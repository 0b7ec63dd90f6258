/* read_rows.c - CSV and JSONL as streams of conversations (read_impl.h).
 *
 * JSONL with a conversation a line is read line by line, in the memory of one
 * line.  Where a row is one turn, and for CSV, the file is held as a whole:
 * rows of one conversation need not follow each other, so an index by id is
 * made first, and each conversation is put together when its turn comes.
 *
 * A row that cannot be read is an error of its own, in its place in the order;
 * the conversation it belonged to is not known then, and lacks that turn. */
#include "contact/read/json_in.h"

#include "base/hash.h"
#include "base/lines.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WHOLE_LIMIT = 4 * WU_READ_LIMIT,
    MOST_ROWS = 1 << 24, /* of a file that is held as a whole */
    NO_ROW = -1
};

typedef struct row {
    uint32_t at, n; /* of its text */
    int32_t line;
    int32_t next; /* of the same conversation; NO_ROW */
} row;

typedef struct group { /* the rows of a conversation, or one that cannot be read */
    uint64_t hash;     /* of its id */
    int32_t first, last;
    bool is_bad;
} group;

typedef enum stage { OPEN, BY_LINE, INDEXED } stage;

struct wu_row_stream {
    bool is_csv;
    char *path;
    wu_read_options o;
    stage stage;
    wu_lines lines; /* JSONL from a file */
    wu_str rest;    /* JSONL from memory: what is still to come */
    bool in_memory;
    int64_t line; /* of the JSONL line taken last */

    wu_buf owned; /* the whole of the file, unless text lies in the caller's memory */
    wu_str text;
    wu_csv csv;
    wu_json *header; /* array of column names */
    bool turns;      /* a row is a turn */
    bool has_ids;
    row *row;
    group *group;
    int32_t n_row, max_row, n_group, max_group;
    int32_t *slot; /* [n_slot], a power of two: 1 + index of a group, 0 is free */
    size_t n_slot;
    int32_t at; /* the next group */
};

static wu_code no_memory(const wu_row_stream *s, wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", s->path);
}

/* ---- opening --------------------------------------------------------------------------------- */

void wu_row_stream_close(wu_row_stream *s) {
    if (!s) return;
    wu_lines_close(&s->lines);
    wu_csv_free(&s->csv);
    wu_buf_free(&s->owned);
    wu_json_free(s->header);
    free(s->row);
    free(s->group);
    free(s->slot);
    free(s->path);
    free(s);
}

/* NULL when out of memory. */
static wu_row_stream *make(const char *path, bool is_csv, const wu_read_options *o) {
    wu_row_stream *s = calloc(1, sizeof(*s));
    if (!s) return NULL;
    if (!(s->path = strdup(path))) {
        free(s);
        return NULL;
    }
    s->is_csv = is_csv;
    if (o) s->o = *o;
    return s;
}

/* The file into owned. */
static wu_code slurp(wu_row_stream *s, wu_err *err) {
    char chunk[1 << 16];
    s->owned.limit = WHOLE_LIMIT;
    for (;;) {
        const size_t n = fread(chunk, 1, sizeof(chunk), s->lines.f);
        if (n == 0) return ferror(s->lines.f) ? wu_fail_errno(err, "%s", s->path) : WU_OK;
        if (s->owned.n + n > WHOLE_LIMIT)
            return wu_fail(err, WU_EDATA, "%s: longer than %d MiB, which is held as a whole",
                           s->path, WHOLE_LIMIT >> 20);
        if (wu_buf_add(&s->owned, chunk, n)) return no_memory(s, err);
    }
}

wu_code wu_row_stream_open(wu_row_stream **out, const char *path, bool is_csv,
                           const wu_read_options *o, wu_err *err) {
    wu_row_stream *s = make(path, is_csv, o);
    *out = NULL;
    if (!s) return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    wu_code rc = wu_lines_open(&s->lines, s->path, 0, err);
    if (!rc && is_csv) {
        rc = slurp(s, err);
        wu_lines_close(&s->lines);
        s->text = wu_buf_view(&s->owned);
    }
    if (!rc)
        *out = s;
    else
        wu_row_stream_close(s);
    return rc;
}

wu_code wu_row_stream_text(wu_row_stream **out, wu_str text, const char *path, bool is_csv,
                           const wu_read_options *o, wu_err *err) {
    *out = NULL;
    if (is_csv && text.n > WHOLE_LIMIT)
        return wu_fail(err, WU_EDATA, "%s: longer than %d MiB", path, WHOLE_LIMIT >> 20);
    wu_row_stream *s = make(path, is_csv, o);
    if (!s) return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    s->in_memory = true;
    s->rest = s->text = text;
    *out = s;
    return WU_OK;
}

/* ---- lines of JSONL
 * ------------------------------------------------------------------------------ */

static wu_code next_line(wu_row_stream *s, wu_str *line, bool *end, wu_err *err) {
    if (!s->in_memory) {
        const wu_code rc = wu_lines_next(&s->lines, line, end, err);
        s->line = s->lines.number;
        return rc;
    }
    *end = s->rest.n == 0;
    *line = (wu_str){0};
    if (*end) return WU_OK;
    const char *stop = memchr(s->rest.p, '\n', s->rest.n);
    const size_t n = stop ? (size_t)(stop - s->rest.p) : s->rest.n;
    *line = (wu_str){s->rest.p, n > 0 && s->rest.p[n - 1] == '\r' ? n - 1 : n};
    s->rest.p += n + (stop != NULL);
    s->rest.n -= n + (stop != NULL);
    s->line++;
    if (line->n > WU_LINE_LIMIT)
        return wu_fail(err, WU_EDATA, "%s:%lld: the line is longer than %d MiB", s->path,
                       (long long)s->line, WU_LINE_LIMIT >> 20);
    if (line->n > 0 && memchr(line->p, 0, line->n))
        return wu_fail(err, WU_EDATA, "%s:%lld: a NUL byte, want text", s->path,
                       (long long)s->line);
    return WU_OK;
}

static bool is_blank(wu_str s) {
    if (wu_str_starts(s, WU_STR("\xEF\xBB\xBF"))) s = (wu_str){s.p + 3, s.n - 3};
    return wu_utf8_trim(s).n == 0;
}

typedef struct where {
    char text[512];
} where;

static const char *at_line(where *w, const wu_row_stream *s, int64_t line) {
    (void)snprintf(w->text, sizeof(w->text), "%s:%lld", s->path, (long long)line);
    return w->text;
}

/* ---- what a row is
 * -------------------------------------------------------------------------------- */

static bool is_turn(const wu_row_stream *s, const wu_mapped *m) {
    if (wu_map_given(s->o.map, WU_MAP_TEXT)) return true;
    if (wu_map_given(s->o.map, WU_MAP_TRANSCRIPT)) return false;
    return m->value[WU_MAP_TEXT] && !m->value[WU_MAP_TRANSCRIPT];
}

/* The format of a row that is a whole conversation of its own; NULL: the map tells. */
static const wu_format_row *own_format(const wu_row_stream *s, const wu_json *j) {
    if (wu_map_given(s->o.map, WU_MAP_TEXT) || wu_map_given(s->o.map, WU_MAP_TRANSCRIPT))
        return NULL;
    const wu_format_row *f = wu_read_detect_json(j);
    if (!f || (f->format == WU_FORMAT_TURNS && wu_json_type(j) == WU_JSON_OBJECT)) return NULL;
    return f;
}

/* A row that holds a conversation. */
static wu_code read_whole(const wu_row_stream *s, wu_conversation *c, const wu_json *j,
                          const char *w, wu_err *err) {
    const wu_format_row *f = own_format(s, j);
    wu_mapped m;
    if (!f) return wu_read_mapped(c, j, w, &s->o, err);
    wu_code rc = f->parse_json(c, j, w, &s->o, err);
    if (rc || f->format == WU_FORMAT_CONVERSATION || wu_json_type(j) != WU_JSON_OBJECT) return rc;
    wu_map_row(&m, j, s->o.map);
    if (c->id.n > 0) m.value[WU_MAP_ID] = NULL;
    for (size_t i = WU_MAP_ID + 1; i < WU_MAP_ANALYSIS; i++) m.value[i] = NULL;
    if (!(rc = wu_map_contact(c, &m, true, w, err))) rc = wu_map_labels(c, &m, w, err);
    return rc;
}

/* ---- the index
 * -------------------------------------------------------------------------------------- */

static wu_code grow(void **p, int32_t n, int32_t *max, size_t size) {
    if (n < *max) return WU_OK;
    const int32_t more = n ? 2 * n : 64;
    size_t bytes;
    void *q = wu_mul_size(&bytes, (size_t)more, size) ? realloc(*p, bytes) : NULL;
    if (!q) return WU_ENOMEM;
    *p = q;
    *max = more;
    return WU_OK;
}

static wu_code push_row(wu_row_stream *s, const row *r) {
    void *p = s->row;
    if (grow(&p, s->n_row, &s->max_row, sizeof(*s->row))) return WU_ENOMEM;
    s->row = p;
    s->row[s->n_row++] = *r;
    return WU_OK;
}

static wu_code push_group(wu_row_stream *s, const group *g) {
    void *p = s->group;
    if (grow(&p, s->n_group, &s->max_group, sizeof(*s->group))) return WU_ENOMEM;
    s->group = p;
    s->group[s->n_group++] = *g;
    return WU_OK;
}

static void put_slot(wu_row_stream *s, int32_t g) {
    size_t i = (size_t)s->group[g].hash & (s->n_slot - 1);
    while (s->slot[i]) i = (i + 1) & (s->n_slot - 1);
    s->slot[i] = g + 1;
}

static wu_code grow_slots(wu_row_stream *s) {
    if (2 * (size_t)(s->n_group + 1) <= s->n_slot) return WU_OK;
    const size_t n = s->n_slot ? 2 * s->n_slot : 256;
    int32_t *p = calloc(n, sizeof(*p));
    if (!p) return WU_ENOMEM;
    free(s->slot);
    s->slot = p;
    s->n_slot = n;
    for (int32_t g = 0; g < s->n_group; g++)
        if (!s->group[g].is_bad) put_slot(s, g);
    return WU_OK;
}

/* Adds a row to the conversation with that id. Ids are told apart by 64 bits of their hash. */
static wu_code index_row(wu_row_stream *s, row r, wu_str id) {
    const uint64_t h = wu_hash64(id.p ? id.p : "", id.n);
    const int32_t at = s->n_row;
    r.next = NO_ROW;
    if (push_row(s, &r) || grow_slots(s)) return WU_ENOMEM;
    size_t i = (size_t)h & (s->n_slot - 1);
    for (; s->slot[i]; i = (i + 1) & (s->n_slot - 1)) {
        group *g = &s->group[s->slot[i] - 1];
        if (g->hash != h) continue;
        s->row[g->last].next = at;
        g->last = at;
        return WU_OK;
    }
    const group g = {h, at, at, false};
    if (push_group(s, &g)) return WU_ENOMEM;
    s->slot[i] = s->n_group;
    return WU_OK;
}

/* A row that is a conversation of its own, or that cannot be read. */
static wu_code index_alone(wu_row_stream *s, row r, bool is_bad) {
    const group g = {0, s->n_row, s->n_row, is_bad};
    r.next = NO_ROW;
    return push_row(s, &r) ? WU_ENOMEM : push_group(s, &g);
}

static wu_code id_of(wu_str *out, wu_in_text *room, const wu_mapped *m, bool want, const char *w,
                     wu_err *err) {
    const wu_json *v = m->value[WU_MAP_ID];
    *out = wu_json_str(v);
    if (wu_json_type(v) == WU_JSON_STRING) {
        *out = wu_utf8_trim(*out);
        return WU_OK;
    }
    if (wu_json_type(v) == WU_JSON_INT) {
        (void)snprintf(room->digits, sizeof(room->digits), "%lld", (long long)wu_json_int(v));
        *out = wu_str_of(room->digits);
        return WU_OK;
    }
    if (!v && !want) return WU_OK;
    return wu_fail(err, WU_EDATA, "%s: %s %s, want the id of the conversation", w,
                   m->key[WU_MAP_ID] ? m->key[WU_MAP_ID] : "the id",
                   v ? "is neither text nor a whole number" : "is missing");
}

/* ---- rows of CSV
 * -------------------------------------------------------------------------------------- */

static wu_code too_many_rows(const wu_row_stream *s, wu_err *err) {
    return wu_fail(err, WU_EDATA, "%s: more than %d rows", s->path, MOST_ROWS);
}

/* The record that csv has read, as an object; empty cells are left out. */
static wu_code object_of(wu_row_stream *s, wu_json **out, wu_err *err) {
    const wu_csv *v = &s->csv;
    const size_t n = wu_json_size(s->header);
    wu_code rc = WU_OK;
    *out = NULL;
    if (v->n_cell > n)
        return wu_fail(err, WU_EDATA, "%s:%lld: %zu cells, the header has %zu", s->path,
                       (long long)v->line, v->n_cell, n);
    if (!(*out = wu_json_new_object())) return no_memory(s, err);
    for (size_t i = 0; !rc && i < v->n_cell; i++) {
        const wu_str cell = wu_csv_cell(v, i), key = wu_json_str(wu_json_at(s->header, i));
        if (cell.n == 0 || key.n == 0 || wu_json_get(*out, key.p)) continue;
        rc = wu_json_set(*out, key.p, wu_json_new_str(cell));
    }
    if (!rc) return WU_OK;
    wu_json_free(*out);
    *out = NULL;
    return no_memory(s, err);
}

static wu_code read_header(wu_row_stream *s, wu_err *err) {
    bool end;
    wu_csv_begin(&s->csv, s->text);
    wu_code rc = wu_csv_next(&s->csv, &end, s->path, err);
    if (rc) return rc;
    if (end) return wu_fail(err, WU_EDATA, "%s: no header line in it", s->path);
    if (!(s->header = wu_json_new_array())) return no_memory(s, err);
    for (size_t i = 0; !rc && i < s->csv.n_cell; i++)
        if (wu_json_push(s->header, wu_json_new_str(wu_utf8_trim(wu_csv_cell(&s->csv, i)))))
            rc = no_memory(s, err);
    return rc;
}

static bool has_column(const wu_row_stream *s, const char *name) {
    for (size_t i = 0; i < wu_json_size(s->header); i++)
        if (wu_str_eq(wu_json_str(wu_json_at(s->header, i)), wu_str_of(name))) return true;
    return false;
}

static size_t count_usual(const wu_row_stream *s, wu_map_field f) {
    size_t n = 0;
    if (wu_map_given(s->o.map, f)) return 1;
    if (wu_map_off(s->o.map, f)) return 0;
    for (size_t i = 0; i < wu_json_size(s->header); i++)
        n += wu_map_rank(f, wu_json_str(wu_json_at(s->header, i))) > 0;
    return n;
}

/* The message has the names that there are, as far as they fit. */
static wu_code no_column(const wu_row_stream *s, const char *name, wu_err *err) {
    char list[240] = "";
    size_t n = 0, i = 0;
    for (; i < wu_json_size(s->header); i++) {
        const wu_str column = wu_json_str(wu_json_at(s->header, i));
        if (column.n + 8 > sizeof(list) - n) break;
        n += (size_t)snprintf(list + n, sizeof(list) - n, "%s\"%.*s\"", i ? ", " : "",
                              (int)column.n, column.p);
    }
    return wu_fail(err, WU_EDATA, "%s:1: no column \"%.60s\"; there are %s%s", s->path, name, list,
                   i < wu_json_size(s->header) ? " ..." : "");
}

/* The columns that the map names must be there; else the usual names tell what a row is. */
static wu_code check_header(wu_row_stream *s, wu_err *err) {
    for (int f = 0; f < WU_N_MAP_FIELD; f++) {
        const char *name = wu_map_given(s->o.map, (wu_map_field)f);
        if (name && !has_column(s, name)) return no_column(s, name, err);
    }
    const bool has_text = count_usual(s, WU_MAP_TEXT) > 0;
    const bool has_transcript = count_usual(s, WU_MAP_TRANSCRIPT) > 0;
    s->turns = wu_map_given(s->o.map, WU_MAP_TEXT) ||
               (!wu_map_given(s->o.map, WU_MAP_TRANSCRIPT) && has_text && !has_transcript);
    s->has_ids = count_usual(s, WU_MAP_ID) > 0;
    if (has_text || has_transcript) return WU_OK;
    return wu_fail(err, WU_EDATA,
                   "%s:1: no column for the words (text, message, transcript ...); name it with "
                   "--map",
                   s->path);
}

static wu_code index_record(wu_row_stream *s, const row *r, wu_err *err) {
    where w;
    wu_mapped m;
    wu_in_text room;
    wu_str id;
    wu_json *j;
    wu_code rc = object_of(s, &j, err);
    if (!rc) {
        wu_map_row(&m, j, s->o.map);
        rc = id_of(&id, &room, &m, s->has_ids, at_line(&w, s, s->csv.line), err);
    }
    if (rc == WU_EDATA)
        rc = index_alone(s, *r, true);
    else if (!rc)
        rc = s->turns ? index_row(s, *r, id) : index_alone(s, *r, false);
    wu_json_free(j);
    return rc ? no_memory(s, err) : WU_OK;
}

static wu_code index_csv(wu_row_stream *s, wu_err *err) {
    wu_code rc = read_header(s, err);
    if (!rc) rc = check_header(s, err);
    while (!rc) {
        bool end;
        row r = {0};
        wu_err bad;
        const wu_code read = wu_csv_next(&s->csv, &end, s->path, &bad);
        if (read && read != WU_EDATA) return no_memory(s, err);
        if (!read && end) break;
        if (s->n_row == MOST_ROWS) return too_many_rows(s, err);
        r.line = (int32_t)s->csv.line;
        r.at = (uint32_t)s->csv.begin;
        r.n = (uint32_t)(s->csv.at - s->csv.begin);
        if (read)
            rc = index_alone(s, r, true) ? no_memory(s, err) : WU_OK;
        else
            rc = index_record(s, &r, err);
    }
    return rc;
}

/* ---- rows of JSONL
 * ------------------------------------------------------------------------------------- */

static wu_code index_json(wu_row_stream *s, const row *r, wu_str line, wu_err *err) {
    wu_json *j;
    wu_err bad;
    wu_mapped m;
    wu_in_text room;
    wu_str id = {0};
    wu_code rc = wu_read_json(&j, line, s->path, &bad);
    if (!rc && wu_json_type(j) != WU_JSON_OBJECT) rc = WU_EDATA;
    if (!rc) {
        wu_map_row(&m, j, s->o.map);
        if (s->n_group == 0) s->has_ids = m.value[WU_MAP_ID] || wu_map_given(s->o.map, WU_MAP_ID);
        rc = id_of(&id, &room, &m, s->has_ids, s->path, &bad);
    }
    if (rc == WU_EDATA)
        rc = index_alone(s, *r, true);
    else if (!rc)
        rc = index_row(s, *r, id);
    wu_json_free(j);
    return rc ? no_memory(s, err) : WU_OK;
}

/* Everything from this line on. A line that cannot even be taken gets no text. */
static wu_code index_jsonl(wu_row_stream *s, wu_str line, wu_err *err) {
    bool end = false;
    wu_code rc = WU_OK;
    s->turns = true;
    s->owned.limit = WHOLE_LIMIT;
    while (!rc && !end) {
        const row r = {.at = (uint32_t)s->owned.n, .n = (uint32_t)line.n, .line = (int32_t)s->line};
        wu_err bad;
        if (s->n_row == MOST_ROWS) return too_many_rows(s, err);
        if (s->owned.n + line.n > WHOLE_LIMIT)
            return wu_fail(err, WU_EDATA,
                           "%s: turns of more than %d MiB, which are held as a whole", s->path,
                           WHOLE_LIMIT >> 20);
        if (wu_buf_add(&s->owned, line.p ? line.p : "", line.n)) return no_memory(s, err);
        if (!is_blank(line)) rc = index_json(s, &r, line, err);
        while (!rc) {
            const wu_code took = next_line(s, &line, &end, &bad);
            if (!took) break;
            if (took != WU_EDATA) return wu_fail(err, took, "%s", bad.msg);
            const row skipped = {.line = (int32_t)s->line};
            if (index_alone(s, skipped, true)) rc = no_memory(s, err);
        }
    }
    s->text = wu_buf_view(&s->owned);
    return rc;
}

/* ---- a conversation of the index
 * ------------------------------------------------------------------------ */

/* The value of a row. */
static wu_code value_of(wu_row_stream *s, wu_json **out, const row *r, const char *w, wu_err *err) {
    bool end;
    *out = NULL;
    if (!s->is_csv) {
        if (r->n == 0)
            return wu_fail(err, WU_EDATA, "%s: the line is longer than %d MiB or has a NUL byte", w,
                           WU_LINE_LIMIT >> 20);
        return wu_read_json(out, (wu_str){s->text.p + r->at, r->n}, w, err);
    }
    s->csv.at = r->at;
    s->csv.next_line = r->line;
    const wu_code rc = wu_csv_next(&s->csv, &end, s->path, err);
    return rc ? rc : object_of(s, out, err);
}

/* What a row of a turn says about the whole contact; what is the turn's own is left out. */
static wu_code note_contact(wu_row_stream *s, wu_conversation *c, wu_mapped *m, const char *w,
                            wu_err *err) {
    const char *start = m->key[WU_MAP_START_TIME];
    double number;
    if (start && !wu_map_given(s->o.map, WU_MAP_START_TIME) &&
        wu_map_rank(WU_MAP_TIME, wu_str_of(start)) > 0)
        m->value[WU_MAP_START_TIME] = NULL;
    if (!wu_map_given(s->o.map, WU_MAP_CHANNEL) && wu_in_real(&number, m->value[WU_MAP_CHANNEL]))
        m->value[WU_MAP_CHANNEL] = NULL; /* of the recording */
    const wu_code rc = wu_map_contact(c, m, true, w, err);
    return rc ? rc : wu_map_labels(c, m, w, err);
}

static wu_code add_turn(wu_row_stream *s, wu_conversation *c, wu_raw_turns *list, const wu_json *j,
                        const char *w, wu_err *err) {
    wu_raw_turn t = {0};
    wu_mapped m;
    wu_str words = {0};
    wu_code rc;
    if (wu_json_type(j) != WU_JSON_OBJECT) return wu_fail(err, WU_EDATA, "%s: not an object", w);
    wu_map_row(&m, j, s->o.map);
    const wu_json *text = m.value[WU_MAP_TEXT];
    if (text && (rc = wu_words_of(&words, &c->arena, text, m.key[WU_MAP_TEXT], w, err))) return rc;
    if ((rc = wu_fill_set(c, &t.text, words, w, err))) return rc; /* j will be gone */
    if ((rc = wu_raw_time_of(&t.start, m.value[WU_MAP_TIME], m.key[WU_MAP_TIME], w, err)))
        return rc;
    if ((rc = wu_raw_time_of(&t.end, m.value[WU_MAP_END], m.key[WU_MAP_END], w, err))) return rc;
    if ((rc = wu_fill_speaker(&t.party, c, m.value[WU_MAP_ROLE], w, err))) return rc;
    if (t.text.n > 0 && (rc = wu_raw_turns_push(list, &t, w, err))) return rc;
    return note_contact(s, c, &m, w, err);
}

static wu_code read_turns(wu_row_stream *s, wu_conversation *c, const group *g, wu_err *err) {
    wu_raw_turns list = {0};
    where w;
    wu_code rc = WU_OK;
    for (int32_t i = g->first; !rc && i != NO_ROW; i = s->row[i].next) {
        wu_json *j;
        at_line(&w, s, s->row[i].line);
        rc = value_of(s, &j, &s->row[i], w.text, err);
        if (!rc) rc = add_turn(s, c, &list, j, w.text, err);
        wu_json_free(j);
    }
    at_line(&w, s, s->row[g->first].line);
    if (!rc) rc = wu_raw_turns_settle(c, &list, w.text, err);
    if (!rc) rc = wu_fill_done(c, w.text, err);
    wu_raw_turns_free(&list);
    return rc;
}

/* What was wrong with a row, found out again. */
static wu_code read_bad(wu_row_stream *s, const group *g, wu_err *err) {
    const row *r = &s->row[g->first];
    where w;
    wu_json *j;
    wu_mapped m;
    wu_in_text room;
    wu_str id;
    wu_code rc = value_of(s, &j, r, at_line(&w, s, r->line), err);
    if (!rc && wu_json_type(j) != WU_JSON_OBJECT)
        rc = wu_fail(err, WU_EDATA, "%s: not an object", w.text);
    if (!rc) {
        wu_map_row(&m, j, s->o.map);
        rc = id_of(&id, &room, &m, true, w.text, err);
    }
    wu_json_free(j);
    return rc ? rc : wu_fail(err, WU_EDATA, "%s: the row cannot be read", w.text);
}

static wu_code next_indexed(wu_row_stream *s, wu_conversation *c, bool *end, wu_err *err) {
    *end = s->at == s->n_group;
    if (*end) return WU_OK;
    const group *g = &s->group[s->at++];
    if (g->is_bad) return read_bad(s, g, err);
    if (s->turns) return read_turns(s, c, g, err);
    where w;
    wu_json *j;
    wu_code rc = value_of(s, &j, &s->row[g->first], at_line(&w, s, s->row[g->first].line), err);
    if (!rc) rc = wu_read_mapped(c, j, w.text, &s->o, err);
    wu_json_free(j);
    return rc;
}

/* ---- a conversation a line
 * ------------------------------------------------------------------------------- */

static wu_code next_by_line(wu_row_stream *s, wu_conversation *c, bool *end, wu_err *err) {
    wu_str line;
    where w;
    wu_json *j = NULL;
    wu_mapped m;
    wu_code rc;
    do {
        rc = next_line(s, &line, end, err);
        if (rc || *end) return rc;
    } while (is_blank(line));
    if ((rc = wu_read_json(&j, line, at_line(&w, s, s->line), err))) return rc;
    if (s->stage == OPEN) {
        wu_map_row(&m, j, s->o.map);
        s->stage = !own_format(s, j) && is_turn(s, &m) ? INDEXED : BY_LINE;
        if (s->stage == INDEXED) {
            wu_json_free(j);
            if ((rc = index_jsonl(s, line, err))) {
                s->at = s->n_group; /* there will be nothing more */
                return rc;
            }
            return next_indexed(s, c, end, err);
        }
    }
    rc = read_whole(s, c, j, w.text, err);
    wu_json_free(j);
    return rc;
}

wu_code wu_row_stream_next(wu_row_stream *s, wu_conversation *c, bool *end, wu_err *err) {
    *end = false;
    wu_conversation_clear(c);
    if (s->is_csv && s->stage == OPEN) {
        s->stage = INDEXED;
        const wu_code rc = index_csv(s, err);
        if (rc) {
            s->at = s->n_group;
            return rc;
        }
    }
    return s->stage == INDEXED ? next_indexed(s, c, end, err) : next_by_line(s, c, end, err);
}
