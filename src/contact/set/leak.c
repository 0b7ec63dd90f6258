/* leak.c - what stands in more than one split (leak.h).
 *
 * One pass makes an entry of 40 bytes for each conversation and puts the bands
 * of its sketch into a sorter; conversations that share a band are candidates.
 * Candidates are read again and compared exactly. */
#include "contact/set/leak.h"

#include "base/arena.h"
#include "base/hash.h"
#include "contact/set/record.h"
#include "contact/set/shingle.h"
#include "contact/set/sort.h"

#include <stdlib.h>
#include <string.h>

/* A band shared by many is a formula, not a copy: of each file so many stand for the rest. */
enum { STAND_INS = 4, FILES_MAX = 64 };

typedef struct entry { /* a conversation of a file */
    uint64_t id, text; /* hashes */
    int64_t offset;    /* of its first example */
    int32_t file, line;
    uint8_t seen; /* bit set of kinds already counted */
} entry;

typedef struct search {
    const wu_leak_options *o;
    const char *const *path;
    int n_path;
    wu_leak_report *report;
    entry *e; /* in order of file and line */
    int32_t n, max;
    wu_sort *bands, *pairs;
    wu_bands shape;
    double threshold;
    wu_err *err;
    wu_lines lines[FILES_MAX];
    wu_record record;
    wu_shingles a, b;
} search;

static wu_code out_of_memory(search *s) {
    return wu_fail(s->err, WU_ENOMEM, "leak check: out of memory");
}

/* ------------------------------------------------------------------------------- reading */

static wu_code add_entry(search *s, const entry *e) {
    if (s->n == s->max) {
        size_t bytes;
        if (s->max > INT32_MAX / 2) return out_of_memory(s);
        const int32_t more = s->max ? 2 * s->max : 1024;
        if (!wu_mul_size(&bytes, (size_t)more, sizeof(*s->e))) return out_of_memory(s);
        entry *p = realloc(s->e, bytes);
        if (!p) return out_of_memory(s);
        s->e = p;
        s->max = more;
    }
    s->e[s->n++] = *e;
    return WU_OK;
}

static wu_code add_bands(search *s, int32_t at) {
    uint32_t sketch[WU_SKETCH];
    wu_code rc = WU_OK;
    if (!s->bands || s->a.n == 0) return WU_OK;
    wu_sketch_of(sketch, &s->a);
    for (int32_t k = 0; !rc && k < s->shape.n_band; k++)
        rc = wu_sort_add(s->bands, wu_band_hash(sketch, s->shape, k), (uint64_t)at, s->err);
    return rc;
}

/* The examples of a conversation mostly follow each other: only the first is looked at. One without
 * source_id is known by its words, and shares its id with no other. */
static wu_code take_record(search *s, int32_t file) {
    const wu_str id = s->record.source_id;
    const entry *last = s->n > 0 && s->e[s->n - 1].file == file ? &s->e[s->n - 1] : NULL;
    entry e = {
        .offset = s->lines[file].offset, .file = file, .line = (int32_t)s->lines[file].number};
    e.id = id.n ? wu_hash64(id.p, id.n) : wu_hash64(&e.offset, sizeof(e.offset)) + (uint64_t)file;
    if (last && id.n && last->id == e.id) return WU_OK;
    if (wu_shingles_of(&s->a, wu_record_conversation(&s->record))) return out_of_memory(s);
    e.text = s->a.text;
    if (last && !id.n && last->text == e.text) return WU_OK;
    const wu_code rc = add_entry(s, &e);
    return rc ? rc : add_bands(s, s->n - 1);
}

static wu_code read_file(search *s, int32_t file) {
    char where[WU_WHERE_MAX];
    wu_lines *l = &s->lines[file];
    bool end = false;
    wu_code rc = wu_lines_open(l, s->path[file], 0, s->err);
    while (!rc && !(rc = wu_record_next(&s->record, l, where, &end, s->err)) && !end) {
        s->report->n_example++;
        if (!(rc = wu_record_check(&s->record, where, s->err))) rc = take_record(s, file);
    }
    return rc;
}

/* -------------------------------------------------------------------------------- found */

/* source_id, or words, of the conversation that an entry stands for; copied. */
static char *name_of(search *s, const entry *e) {
    char where[WU_WHERE_MAX];
    bool end;
    if (wu_lines_seek(&s->lines[e->file], e->offset, e->line, s->err)) return NULL;
    if (wu_record_next(&s->record, &s->lines[e->file], where, &end, s->err)) return NULL;
    const wu_str id = s->record.source_id;
    return id.n ? strndup(id.p, id.n) : strdup("(no source_id)");
}

static wu_code keep(search *s, wu_leak_kind kind, const entry *a, const entry *b,
                    double similarity) {
    wu_leak_report *r = s->report;
    wu_leak_found *f = &r->found[r->n_found];
    *f = (wu_leak_found){.kind = kind,
                         .file_a = a->file,
                         .file_b = b->file,
                         .line_a = a->line,
                         .line_b = b->line,
                         .similarity = similarity};
    f->id_a = name_of(s, a);
    f->id_b = name_of(s, b);
    r->n_found++; /* wu_leak_free() frees what is there */
    return f->id_a && f->id_b ? WU_OK : out_of_memory(s);
}

/* a is in an earlier file than b. Each conversation counts once a kind. */
static wu_code found(search *s, wu_leak_kind kind, const entry *a, entry *b, double similarity) {
    if (b->seen & (1u << kind)) return WU_OK;
    b->seen |= (uint8_t)(1u << kind);
    s->report->count[kind]++;
    const int32_t max = s->o->max_found ? s->o->max_found : 20;
    return s->report->n_found < max ? keep(s, kind, a, b, similarity) : WU_OK;
}

/* ------------------------------------------------------------------------- equal, alike */

/* Entries whose `key` agrees stand together in the order of the files; every one of a later file is
 * compared with the first of the run. */
static wu_code equal_ones(search *s, wu_leak_kind kind) {
    wu_sort *order = NULL;
    wu_pair p;
    bool end = false;
    wu_code rc = wu_sort_create(&order, s->o->memory_bytes, s->o->temporary, s->err);
    for (int32_t i = 0; !rc && i < s->n; i++)
        rc =
            wu_sort_add(order, kind == WU_LEAK_ID ? s->e[i].id : s->e[i].text, (uint64_t)i, s->err);
    if (!rc) rc = wu_sort_finish(order, s->err);
    const entry *first = NULL;
    uint64_t key = 0;
    while (!rc && !(rc = wu_sort_next(order, &p, &end, s->err)) && !end) {
        entry *e = &s->e[p.value];
        if (!first || p.key != key) {
            first = e;
            key = p.key;
        } else if (e->file != first->file && (kind == WU_LEAK_ID || e->id != first->id)) {
            rc = found(s, kind, first, e, 1.0);
        }
    }
    wu_sort_free(order);
    return rc;
}

/* Pairs of candidates of one band: each with stand-ins of the files before its own. */
static wu_code pair_up(search *s, int32_t at, int32_t stand_in[][STAND_INS], int *n_stand_in) {
    const entry *e = &s->e[at];
    wu_code rc = WU_OK;
    for (int f = 0; f < e->file; f++) {
        for (int i = 0; !rc && i < n_stand_in[f]; i++) {
            const entry *a = &s->e[stand_in[f][i]];
            if (a->id != e->id && a->text != e->text)
                rc = wu_sort_add(s->pairs, (uint64_t)stand_in[f][i], (uint64_t)at, s->err);
        }
    }
    if (n_stand_in[e->file] < STAND_INS) stand_in[e->file][n_stand_in[e->file]++] = at;
    return rc;
}

static wu_code candidates(search *s) {
    int32_t stand_in[FILES_MAX][STAND_INS];
    int n_stand_in[FILES_MAX] = {0};
    uint64_t band = 0;
    wu_pair p;
    bool end = false;
    wu_code rc = wu_sort_finish(s->bands, s->err);
    while (!rc && !(rc = wu_sort_next(s->bands, &p, &end, s->err)) && !end) {
        if (p.key != band) memset(n_stand_in, 0, sizeof(n_stand_in));
        band = p.key;
        rc = pair_up(s, (int32_t)p.value, stand_in, n_stand_in);
    }
    return rc;
}

static wu_code read_again(search *s, wu_shingles *out, const entry *e) {
    char where[WU_WHERE_MAX];
    bool end;
    wu_code rc = wu_lines_seek(&s->lines[e->file], e->offset, e->line, s->err);
    if (!rc) rc = wu_record_next(&s->record, &s->lines[e->file], where, &end, s->err);
    if (!rc && wu_shingles_of(out, wu_record_conversation(&s->record))) rc = out_of_memory(s);
    return rc;
}

static wu_code compare_candidates(search *s) {
    wu_pair p, before = {UINT64_MAX, UINT64_MAX};
    bool end = false;
    wu_code rc = wu_sort_finish(s->pairs, s->err);
    while (!rc && !(rc = wu_sort_next(s->pairs, &p, &end, s->err)) && !end) {
        if (p.key == before.key && p.value == before.value) continue;
        const entry *a = &s->e[p.key];
        entry *b = &s->e[p.value];
        if (b->seen & (1u << WU_LEAK_NEAR)) continue;
        if (p.key != before.key) rc = read_again(s, &s->a, a);
        before = p;
        if (!rc) rc = read_again(s, &s->b, b);
        if (rc) break;
        const double similarity = wu_shingles_similarity(&s->a, &s->b);
        if (similarity >= s->threshold) rc = found(s, WU_LEAK_NEAR, a, b, similarity);
    }
    return rc;
}

/* --------------------------------------------------------------------------------- whole */

static int by_place(const void *a_, const void *b_) {
    const wu_leak_found *a = a_, *b = b_;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->file_b != b->file_b) return a->file_b < b->file_b ? -1 : 1;
    return a->line_b < b->line_b ? -1 : a->line_b > b->line_b;
}

static wu_code run(search *s) {
    const size_t memory = s->o->memory_bytes ? s->o->memory_bytes : (size_t)64 << 20;
    wu_code rc = WU_OK;
    if (s->o->near) {
        rc = wu_sort_create(&s->bands, memory / 2, s->o->temporary, s->err);
        if (!rc) rc = wu_sort_create(&s->pairs, memory / 4, s->o->temporary, s->err);
    }
    for (int i = 0; !rc && i < s->n_path; i++) rc = read_file(s, i);
    s->report->n_conversation = s->n;
    if (!rc) rc = equal_ones(s, WU_LEAK_ID);
    if (!rc) rc = equal_ones(s, WU_LEAK_SAME);
    if (!rc && s->bands) rc = candidates(s);
    if (!rc && s->pairs) rc = compare_candidates(s);
    if (!rc && s->report->n_found > 1)
        qsort(s->report->found, (size_t)s->report->n_found, sizeof(*s->report->found), by_place);
    return rc;
}

wu_code wu_leak_check(wu_leak_report *out, const char *const *path, int n_path,
                      const wu_leak_options *o, wu_err *err) {
    *out = (wu_leak_report){0};
    if (n_path > FILES_MAX)
        return wu_fail(err, WU_EARG, "leak check: %d files, want at most %d", n_path, FILES_MAX);
    search *s = calloc(1, sizeof(*s));
    const int32_t max = o->max_found ? o->max_found : 20;
    out->found = calloc((size_t)max, sizeof(*out->found));
    wu_code rc = WU_OK;
    if (!s || !out->found) {
        rc = wu_fail(err, WU_ENOMEM, "leak check: out of memory");
        goto done;
    }
    *s = (search){.o = o, .path = path, .n_path = n_path, .report = out, .err = err};
    s->threshold = o->threshold > 0.0 ? o->threshold : 0.8;
    s->shape = wu_bands_for(s->threshold);
    rc = run(s);
    for (int i = 0; i < n_path; i++) wu_lines_close(&s->lines[i]);
    wu_record_clear(&s->record);
    wu_shingles_free(&s->a);
    wu_shingles_free(&s->b);
    wu_sort_free(s->bands);
    wu_sort_free(s->pairs);
    free(s->e);
done:
    free(s);
    if (rc) wu_leak_free(out);
    return rc;
}

void wu_leak_free(wu_leak_report *r) {
    for (int32_t i = 0; r->found && i < r->n_found; i++) {
        free(r->found[i].id_a);
        free(r->found[i].id_b);
    }
    free(r->found);
    *r = (wu_leak_report){0};
}

bool wu_leak_any(const wu_leak_report *r) {
    for (int k = 0; k < WU_N_LEAK; k++)
        if (r->count[k] > 0) return true;
    return false;
}
