/* units.c - conversations and groups of a file (units.h). */
#include "contact/set/units.h"

#include "base/arena.h"
#include "base/rng.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------ labels */

static const struct label {
    wu_task_id task;
    const char *field;
} labels[WU_N_LABEL] = {
    [WU_LABEL_CATEGORY] = {WU_TASK_ISSUE, "primary_category"},
    [WU_LABEL_CSAT] = {WU_TASK_CSAT, "predicted_csat"},
    [WU_LABEL_RATING] = {WU_TASK_QUALITY, "effectiveness_rating"},
    [WU_LABEL_RISK] = {WU_TASK_CHURN, "risk_level"},
    [WU_LABEL_JOURNEY] = {WU_TASK_JOURNEY, "journey_type"},
};
static const char *const third_name[3] = {"0-33", "34-66", "67-100"};

static const wu_field *label_field(wu_label label) {
    const wu_task *t = &wu_tasks[labels[label].task];
    for (int i = 0; i < t->n_field; i++)
        if (strcmp(t->field[i].name, labels[label].field) == 0) return &t->field[i];
    return NULL;
}

const char *wu_label_value(wu_label label, uint8_t value) {
    const wu_field *f = label_field(label);
    if (value == WU_LABEL_OTHER) return "(other)";
    if (value == WU_LABEL_NONE) return "(none)";
    if (label == WU_LABEL_CSAT) return value < 3 ? third_name[value] : NULL;
    for (int i = 0; f && f->values && f->values[i]; i++)
        if (i == value) return f->values[i];
    return NULL;
}

static uint8_t label_of(wu_label label, const wu_json *answer) {
    const wu_json *v = wu_json_get(answer, labels[label].field);
    if (!v) return WU_LABEL_NONE;
    if (label == WU_LABEL_CSAT) {
        const double csat = wu_json_real(v);
        return csat < 34.0 ? 0 : csat < 67.0 ? 1 : 2;
    }
    for (int i = 0; i < WU_LABEL_OTHER; i++) {
        const char *name = wu_label_value(label, (uint8_t)i);
        if (!name) break;
        if (wu_str_eq(wu_json_str(v), wu_str_of(name))) return (uint8_t)i;
    }
    return WU_LABEL_OTHER;
}

/* What an example says about its conversation. An answer that is no JSON says nothing. */
static void read_labels(wu_unit *u, const wu_record *r) {
    wu_json *answer = NULL;
    for (int i = 0; r->task && i < WU_N_LABEL; i++) {
        if (labels[i].task != r->task->id || u->label[i] != WU_LABEL_NONE) continue;
        if (!answer && wu_json_parse(&answer, r->completion, "", WU_EDATA, NULL)) return;
        u->label[i] = label_of((wu_label)i, answer);
    }
    wu_json_free(answer);
}

/* ------------------------------------------------------------------------------ tables */

static wu_code out_of_memory(wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "index of the conversations: out of memory");
}

/* Room for one more in an array. */
static wu_code grow(void **p, int32_t n, int32_t *max, size_t size, wu_err *err) {
    size_t bytes;
    if (n < *max) return WU_OK;
    if (*max > INT32_MAX / 2) return out_of_memory(err);
    const int32_t more = *max ? 2 * *max : 256;
    void *q = wu_mul_size(&bytes, (size_t)more, size) ? realloc(*p, bytes) : NULL;
    if (!q) return out_of_memory(err);
    *p = q;
    *max = more;
    return WU_OK;
}

static bool same_hash(wu_hash a, wu_hash b) { return a.hi == b.hi && a.lo == b.lo; }

/* The slot of an id: its own, or the empty one where it belongs. at(i) is the id of entry i. */
typedef wu_hash (*id_at)(const wu_units *u, int32_t i);
static wu_hash unit_id(const wu_units *u, int32_t i) { return u->unit[i].id; }
static wu_hash group_id(const wu_units *u, int32_t i) { return u->group[i].id; }

static int32_t find_slot(const wu_slots *s, const wu_units *u, id_at at, wu_hash id) {
    const uint32_t mask = (uint32_t)s->n - 1;
    uint32_t i = (uint32_t)id.lo & mask;
    while (s->slot[i] && !same_hash(at(u, s->slot[i] - 1), id)) i = (i + 1) & mask;
    return (int32_t)i;
}

/* Keeps the table at most half full. n is the number of entries. */
static wu_code make_room(wu_slots *s, const wu_units *u, id_at at, int32_t n, wu_err *err) {
    wu_slots more = {0};
    if (n < s->n / 2) return WU_OK;
    if (s->n > INT32_MAX / 2) return out_of_memory(err);
    more.n = s->n ? 2 * s->n : 512;
    more.slot = calloc((size_t)more.n, sizeof(*more.slot));
    if (!more.slot) return out_of_memory(err);
    for (int32_t i = 0; i < n; i++) more.slot[find_slot(&more, u, at, at(u, i))] = i + 1;
    free(s->slot);
    *s = more;
    return WU_OK;
}

void wu_units_free(wu_units *u) {
    free(u->unit);
    free(u->group);
    free(u->line);
    free(u->by_id.slot);
    free(u->by_group.slot);
    *u = (wu_units){0};
}

/* ------------------------------------------------------------------------------ reading */

typedef struct reader {
    wu_units *u;
    wu_group_by by;
    uint64_t seed;
    wu_arena arena; /* of one contact */
    wu_buf words;
    const char *where;
} reader;

/* Letters and digits only, small, one blank between words: what people would call the same text. */
static wu_code normal_words(wu_buf *out, wu_str text, wu_err *err) {
    bool gap = false;
    wu_buf_clear(out);
    if (wu_buf_reserve(out, text.n + 1)) return out_of_memory(err);
    for (size_t i = 0; i < text.n; i++) {
        const unsigned char c = (unsigned char)text.p[i];
        const bool capital = c >= 'A' && c <= 'Z';
        if (!(capital || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)) {
            gap = out->n > 0;
            continue;
        }
        if (gap) out->p[out->n++] = ' ';
        out->p[out->n++] = (char)(capital ? c - 'A' + 'a' : c);
        gap = false;
    }
    out->p[out->n] = 0;
    return WU_OK;
}

/* What a conversation's group is called. The first byte keeps kinds of names apart. */
static wu_code name_group(reader *r, const wu_record *rec, const wu_contact *c, wu_hash id,
                          wu_hash *out, wu_err *err) {
    const wu_str who = r->by == WU_BY_CUSTOMER ? c->customer_id : c->agent_id;
    if (r->by != WU_BY_CONVERSATION && who.n > 0) {
        *out = wu_hash_bytes(who.p, who.n);
        out->hi ^= 1;
        return WU_OK;
    }
    r->u->n_alone += r->by != WU_BY_CONVERSATION;
    const wu_code rc = normal_words(&r->words, wu_record_conversation(rec), err);
    if (rc) return rc;
    *out = r->words.n > 0 ? wu_hash_bytes(r->words.p, r->words.n) : id;
    out->hi ^= 2;
    return WU_OK;
}

static wu_code find_group(reader *r, wu_hash id, int32_t *group, wu_err *err) {
    wu_units *u = r->u;
    wu_code rc;
    if ((rc = make_room(&u->by_group, u, group_id, u->n_group, err))) return rc;
    const int32_t slot = find_slot(&u->by_group, u, group_id, id);
    if (!u->by_group.slot[slot]) {
        void *p = u->group;
        rc = grow(&p, u->n_group, &u->max_group, sizeof(*u->group), err);
        u->group = p;
        if (rc) return rc;
        wu_rng rng = wu_rng_init(r->seed, id.lo ^ id.hi);
        u->group[u->n_group] = (wu_group){.id = id, .key = wu_rng_u64(&rng), .unit = -1};
        u->by_group.slot[slot] = ++u->n_group;
    }
    *group = u->by_group.slot[slot] - 1;
    return WU_OK;
}

/* The first example of a conversation makes its unit. */
static wu_code add_unit(reader *r, wu_hash id, const wu_record *rec, int64_t line, wu_err *err) {
    wu_units *u = r->u;
    const wu_json *j = wu_json_get(rec->json, "contact");
    wu_contact c;
    wu_hash group;
    wu_unit unit = {.id = id, .line = (int32_t)WU_MIN(line, INT32_MAX)};
    void *p = u->unit;
    wu_code rc = grow(&p, u->n_unit, &u->max_unit, sizeof(*u->unit), err);
    u->unit = p;
    if (rc) return rc;
    wu_contact_init(&c);
    if (j && (rc = wu_contact_from_json(&c, &r->arena, j, r->where, err))) return rc;
    unit.has_time = c.start.known;
    if (c.start.known) unit.time_s = c.start.has_offset ? wu_when_utc(c.start) : c.start.local_s;
    memset(unit.label, WU_LABEL_NONE, sizeof(unit.label));
    if ((rc = name_group(r, rec, &c, id, &group, err))) return rc;
    if ((rc = find_group(r, group, &unit.group, err))) return rc;
    u->unit[u->n_unit++] = unit;
    return WU_OK;
}

static wu_code add_record(reader *r, const wu_record *rec, int64_t line, wu_err *err) {
    wu_units *u = r->u;
    const wu_str name = rec->source_id.n ? rec->source_id : wu_record_conversation(rec);
    const wu_hash id = wu_hash_bytes(name.p, name.n);
    wu_code rc;
    if ((rc = make_room(&u->by_id, u, unit_id, u->n_unit, err))) return rc;
    const int32_t slot = find_slot(&u->by_id, u, unit_id, id);
    if (!u->by_id.slot[slot]) {
        if ((rc = add_unit(r, id, rec, line, err))) return rc;
        u->by_id.slot[slot] = u->n_unit;
    }
    void *p = u->line;
    rc = grow(&p, u->n_line, &u->max_line, sizeof(*u->line), err);
    u->line = p;
    if (rc) return rc;
    const int32_t i = u->by_id.slot[slot] - 1;
    u->line[u->n_line++] = (wu_line){i, (int8_t)(rec->task ? (int)rec->task->id : -1)};
    u->unit[i].n_example++;
    read_labels(&u->unit[i], rec);
    return WU_OK;
}

static bool id_less(wu_hash a, wu_hash b) { return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo; }

/* What groups have from their conversations, whatever the order of those was. */
static void sum_groups(wu_units *u) {
    for (int32_t i = 0; i < u->n_group; i++) u->group[i].time_s = INT64_MIN;
    for (int32_t i = 0; i < u->n_unit; i++) {
        const wu_unit *x = &u->unit[i];
        wu_group *g = &u->group[x->group];
        if (g->unit < 0 || id_less(x->id, u->unit[g->unit].id)) g->unit = i;
        g->n_unit++;
        g->n_example += x->n_example;
        if (x->has_time) g->time_s = WU_MAX(g->time_s, x->time_s);
    }
}

wu_code wu_units_join(wu_units *u, const int32_t *into, wu_err *err) {
    int32_t *now = malloc((size_t)WU_MAX(u->n_group, 1) * sizeof(*now)), n = 0;
    if (!now) return out_of_memory(err);
    for (int32_t g = 0; g < u->n_group; g++) {
        const wu_group old = u->group[g];
        const bool stays = into[g] == g;
        now[g] = stays ? n++ : now[into[g]];
        wu_group *to = &u->group[now[g]];
        if (stays)
            *to = (wu_group){.id = old.id, .key = old.key, .unit = -1};
        else
            to->key = WU_MIN(to->key, old.key); /* of no matter which line came first */
    }
    for (int32_t i = 0; i < u->n_unit; i++) u->unit[i].group = now[u->unit[i].group];
    u->n_group = n;
    free(u->by_group.slot); /* nothing is looked up after reading */
    u->by_group = (wu_slots){0};
    free(now);
    sum_groups(u);
    return WU_OK;
}

static bool is_blank(wu_str line) {
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r') return false;
    return true;
}

static wu_code read_lines(reader *r, wu_lines *lines, wu_err *err) {
    wu_record rec = {0};
    wu_str line;
    bool end = false;
    char where[WU_WHERE_MAX];
    wu_code rc = WU_OK;
    r->where = where;
    while (!rc && !(rc = wu_lines_next(lines, &line, &end, err)) && !end) {
        if (is_blank(line)) continue;
        const wu_arena_mark mark = wu_arena_save(&r->arena);
        snprintf(where, sizeof(where), "%s:%lld", lines->path, (long long)lines->number);
        rc = wu_record_parse(&rec, line, where, err);
        if (!rc && !(rc = wu_record_check(&rec, where, err)))
            rc = add_record(r, &rec, lines->number, err);
        wu_arena_reset(&r->arena, mark);
    }
    wu_record_clear(&rec);
    r->where = NULL;
    return rc;
}

wu_code wu_units_read(wu_units *u, const char *path, wu_group_by by, uint64_t seed, wu_err *err) {
    reader r = {.u = u, .by = by, .seed = seed};
    wu_lines lines = {0};
    wu_code rc = wu_lines_open(&lines, path, 0, err);
    *u = (wu_units){0};
    if (!rc) rc = read_lines(&r, &lines, err);
    if (!rc && u->n_line == 0) rc = wu_fail(err, WU_EDATA, "%s: has no examples", path);
    if (rc)
        wu_units_free(u);
    else
        sum_groups(u);
    wu_lines_close(&lines);
    wu_arena_free(&r.arena);
    wu_buf_free(&r.words);
    return rc;
}

/* ------------------------------------------------------------------------------ counting */

static bool in_part(const wu_units *u, const wu_unit *x, int32_t part) {
    return part < 0 || u->group[x->group].part == part;
}

/* A label that no conversation has is left out. */
static wu_code count_label(wu_json *to, const wu_units *u, wu_label label, int32_t part) {
    int64_t n[256] = {0}, all = 0;
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; i < u->n_unit; i++) {
        if (!in_part(u, &u->unit[i], part)) continue;
        n[u->unit[i].label[label]]++;
        all++;
    }
    for (int v = 0; !rc && v < 256; v++)
        if (n[v] > 0) rc = wu_json_set(o, wu_label_value(label, (uint8_t)v), wu_json_new_int(n[v]));
    if (!rc && n[WU_LABEL_NONE] < all) return wu_json_set(to, labels[label].field, o);
    wu_json_free(o);
    return rc;
}

wu_json *wu_units_labels(const wu_units *u, int32_t part) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    for (int i = 0; !rc && i < WU_N_LABEL; i++) rc = count_label(o, u, (wu_label)i, part);
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}

wu_json *wu_units_tasks(const wu_units *u, int32_t part) {
    int64_t n[WU_N_TASK + 1] = {0};
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; i < u->n_line; i++)
        if (in_part(u, &u->unit[u->line[i].unit], part))
            n[u->line[i].task < 0 ? WU_N_TASK : u->line[i].task]++;
    for (int t = 0; !rc && t <= WU_N_TASK; t++)
        if (n[t] > 0)
            rc = wu_json_set(o, t < WU_N_TASK ? wu_tasks[t].name : "(none)", wu_json_new_int(n[t]));
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}

/* ------------------------------------------------------------------------------ copying */

static wu_code copy_lines(const wu_units *u, wu_lines *lines, FILE *const *to,
                          const char *const *to_path, int n_part, wu_err *err) {
    wu_str line;
    bool end = false;
    int32_t n = 0;
    wu_code rc;
    while (!(rc = wu_lines_next(lines, &line, &end, err)) && !end) {
        if (is_blank(line)) continue;
        if (n == u->n_line) break;
        const int32_t part = u->group[u->unit[u->line[n++].unit].group].part;
        if (part >= n_part || !to[part]) continue;
        if (fwrite(line.p, 1, line.n, to[part]) != line.n || fputc('\n', to[part]) == EOF)
            return wu_fail_errno(err, "%s", to_path[part]);
    }
    if (!rc && (!end || n != u->n_line))
        rc = wu_fail(err, WU_EDATA, "%s: changed while it was read", lines->path);
    return rc;
}

wu_code wu_units_copy(const wu_units *u, const char *path, FILE *const *to,
                      const char *const *to_path, int n_part, wu_err *err) {
    wu_lines lines = {0};
    wu_code rc = wu_lines_open(&lines, path, 0, err);
    if (!rc) rc = copy_lines(u, &lines, to, to_path, n_part, err);
    wu_lines_close(&lines);
    return rc;
}
