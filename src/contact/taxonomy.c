/* taxonomy.c - one hash table of names, with what each means or how often it was met
 * (taxonomy.h). */
#include "contact/taxonomy.h"

#include "base/arena.h"
#include "base/hash.h"
#include "contact/task.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    wu_label_group group;
    wu_str key;     /* the name, normalised */
    wu_str spelled; /* as it was met first */
    wu_str label;   /* what it means; empty: unknown */
    bool is_own;    /* from the file, not of our tables */
    int64_t count;  /* of an unknown one */
} entry;

struct wu_taxonomy {
    wu_arena arena;
    entry *entry; /* [n] */
    int32_t n, max;
    int32_t *slot; /* [n_slot], a power of two: index of an entry, -1: free */
    int32_t n_slot;
    int32_t n_name;                  /* different unknown names among the entries */
    int64_t n_unknown, n_not_listed; /* times */
};

/* Where our labels of a group stand in the task table, and the names that files may use for it. */
static const struct {
    const char *name, *other;
    wu_task_id task;
    int field;
} group[WU_N_LABELS] = {
    [WU_LABELS_RATING] = {"effectiveness_rating", NULL, WU_TASK_QUALITY, 1},
    [WU_LABELS_CONFIDENCE] = {"confidence", NULL, WU_TASK_CSAT, 1},
    [WU_LABELS_CATEGORY] = {"issue_category", "primary_category", WU_TASK_ISSUE, 0},
    [WU_LABELS_COMPLEXITY] = {"interaction_complexity", "complexity", WU_TASK_ISSUE, 2},
    [WU_LABELS_RISK] = {"risk_level", NULL, WU_TASK_CHURN, 1},
    [WU_LABELS_JOURNEY] = {"journey_type", NULL, WU_TASK_JOURNEY, 0},
    [WU_LABELS_STAGE] = {"journey_stages", NULL, WU_TASK_JOURNEY, 1},
    [WU_LABELS_TRAJECTORY] = {"sentiment_trajectory", NULL, WU_TASK_JOURNEY, 2},
};

static const char group_names[] =
    "effectiveness_rating, confidence, issue_category, interaction_complexity, risk_level, "
    "journey_type, journey_stages, sentiment_trajectory";

static const char *const *labels_of(wu_label_group g) {
    return wu_tasks[group[g].task].field[group[g].field].values;
}

wu_label_group wu_label_group_of(const char *const *values) {
    int g = 0;
    while (g < WU_N_LABELS && labels_of((wu_label_group)g) != values) g++;
    return (wu_label_group)g;
}

static int find_group(wu_str name) {
    for (int g = 0; g < WU_N_LABELS; g++)
        if (wu_str_eq(wu_str_of(group[g].name), name) ||
            (group[g].other && wu_str_eq(wu_str_of(group[g].other), name)))
            return g;
    return -1;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* At most WU_LABEL_BYTES of s, whole characters. */
static wu_str cut(wu_str s) {
    if (s.n <= WU_LABEL_BYTES) return s;
    s.n = WU_LABEL_BYTES;
    while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xC0) == 0x80) s.n--;
    return s;
}

static bool is_sign(unsigned char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
    return !is_letter && !(c >= '0' && c <= '9');
}

/* Lower case of ASCII whatever the locale; other letters stay. out has WU_LABEL_BYTES. */
static wu_str normalise(char *out, wu_str s) {
    size_t n = 0;
    s = cut(s);
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if (!is_sign((unsigned char)c))
            out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_') n--;
    return (wu_str){out, n};
}

/* ---- the table ------------------------------------------------------------------------------ */

static uint32_t slot_of(const wu_taxonomy *t, wu_label_group g, wu_str key) {
    const uint32_t mask = (uint32_t)t->n_slot - 1;
    const uint32_t hash = (uint32_t)wu_hash64(key.p, key.n) + 0x9E3779B9u * (uint32_t)g;
    uint32_t at = hash & mask;
    for (;; at = (at + 1) & mask) {
        const int32_t i = t->slot[at];
        if (i < 0 || (t->entry[i].group == g && wu_str_eq(t->entry[i].key, key))) return at;
    }
}

static entry *lookup(const wu_taxonomy *t, wu_label_group g, wu_str key) {
    const int32_t i = t->slot[slot_of(t, g, key)];
    return i < 0 ? NULL : &t->entry[i];
}

/* Twice the slots; they are never more than half full. */
static wu_code grow(wu_taxonomy *t) {
    const int32_t n_slot = t->n_slot ? 2 * t->n_slot : 256, max = n_slot / 2;
    entry *bigger = realloc(t->entry, (size_t)max * sizeof(*bigger));
    if (!bigger) return WU_ENOMEM;
    t->entry = bigger;
    int32_t *slot = malloc((size_t)n_slot * sizeof(*slot));
    if (!slot) return WU_ENOMEM;
    free(t->slot);
    t->slot = slot;
    t->n_slot = n_slot;
    t->max = max;
    memset(slot, 0xff, (size_t)n_slot * sizeof(*slot));
    for (int32_t i = 0; i < t->n; i++) slot[slot_of(t, t->entry[i].group, t->entry[i].key)] = i;
    return WU_OK;
}

static bool keep(wu_taxonomy *t, wu_str *out, wu_str s) {
    char *p = wu_arena_alloc(&t->arena, s.n + 1);
    if (!p) return false;
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    *out = (wu_str){p, s.n};
    return true;
}

/* A new entry; its label is left empty. */
static wu_code add(wu_taxonomy *t, wu_label_group g, wu_str key, wu_str spelled, entry **out) {
    entry e = {.group = g};
    if (t->n == t->max && grow(t)) return WU_ENOMEM;
    if (!keep(t, &e.key, key) || !keep(t, &e.spelled, cut(spelled))) return WU_ENOMEM;
    t->slot[slot_of(t, g, key)] = t->n;
    t->entry[t->n] = e;
    *out = &t->entry[t->n++];
    return WU_OK;
}

/* The label called exactly that: ours, or an own one; empty if there is none. */
static wu_str named(const wu_taxonomy *t, wu_label_group g, wu_str label) {
    for (const char *const *v = labels_of(g); label.n && *v; v++)
        if (wu_str_eq(wu_str_of(*v), label)) return wu_str_of(*v);
    for (int32_t i = 0; label.n && i < t->n; i++)
        if (t->entry[i].group == g && wu_str_eq(t->entry[i].label, label)) return t->entry[i].label;
    return (wu_str){0};
}

wu_code wu_taxonomy_find(wu_taxonomy *t, wu_label_group g, wu_str said, wu_str *label) {
    char name[WU_LABEL_BYTES];
    const wu_str key = normalise(name, said);
    entry *e = lookup(t, g, key);
    *label = (wu_str){0};
    if (e && e->label.n) {
        *label = e->label;
        return WU_OK;
    }
    if (!e && t->n_name < WU_UNKNOWN_MAX) {
        const wu_code rc = add(t, g, key, said, &e);
        if (rc) return rc;
        t->n_name++;
    }
    t->n_unknown++;
    if (e)
        e->count++;
    else
        t->n_not_listed++;
    return WU_OK;
}

bool wu_taxonomy_has(const wu_taxonomy *t, wu_label_group g, wu_str label) {
    char name[WU_LABEL_BYTES];
    const entry *e = lookup(t, g, normalise(name, label));
    if (e && label.n && wu_str_eq(e->label, label)) return true;
    return named(t, g, label).n > 0; /* its own name may mean something else */
}

/* ---- what a file says ----------------------------------------------------------------------- */

static wu_code own_label(wu_taxonomy *t, wu_label_group g, wu_str label, const char *path,
                         wu_err *err) {
    char name[WU_LABEL_BYTES];
    const wu_str key = normalise(name, label);
    if (key.n == 0 || label.n > WU_LABEL_BYTES)
        return wu_fail(err, WU_EDATA,
                       "%s: labels.%s: a name has no letters or is longer than %d "
                       "bytes",
                       path, group[g].name, WU_LABEL_BYTES);
    entry *e = lookup(t, g, key);
    if (!e) {
        const wu_code rc = add(t, g, key, label, &e);
        if (rc) return wu_fail(err, rc, "%s: out of memory", path);
        e->label = e->spelled;
        e->is_own = true;
    }
    return WU_OK;
}

static wu_code read_own(wu_taxonomy *t, const wu_json *own, const char *path, wu_err *err) {
    if (!own) return WU_OK;
    if (wu_json_type(own) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s: labels is not an object", path);
    for (void *it = wu_json_first(own); it; it = wu_json_next(own, it)) {
        const wu_str name = wu_json_key(it);
        const wu_json *list = wu_json_value(it);
        const int g = find_group(name);
        if (g < 0)
            return wu_fail(err, WU_EDATA,
                           "%s: labels.%.*s is not a group of labels, want one of %s", path,
                           (int)cut(name).n, name.p, group_names);
        if (wu_json_type(list) != WU_JSON_ARRAY)
            return wu_fail(err, WU_EDATA, "%s: labels.%s is not a list", path, group[g].name);
        for (size_t i = 0; i < wu_json_size(list); i++) {
            const wu_str label = wu_json_str(wu_json_at(list, i));
            const wu_code rc = own_label(t, (wu_label_group)g, label, path, err);
            if (rc) return rc;
        }
    }
    return WU_OK;
}

static wu_code map_name(wu_taxonomy *t, wu_label_group g, wu_str name, wu_str label,
                        const char *path, wu_err *err) {
    char text[WU_LABEL_BYTES];
    const wu_str key = normalise(text, name), to = named(t, g, label);
    if (to.n == 0)
        return wu_fail(err, WU_EDATA,
                       "%s: %s.%.*s is \"%.*s\", which is not one of its labels (docs/formats.md) "
                       "and not listed under labels.%s either",
                       path, group[g].name, (int)cut(name).n, name.p, (int)cut(label).n, label.p,
                       group[g].name);
    entry *e = lookup(t, g, key);
    if (e && !wu_str_eq(e->label, to) && e->is_own)
        return wu_fail(err, WU_EDATA, "%s: %s.%.*s is there twice with different meanings", path,
                       group[g].name, (int)cut(name).n, name.p);
    if (!e) {
        const wu_code rc = add(t, g, key, name, &e);
        if (rc) return wu_fail(err, rc, "%s: out of memory", path);
    }
    e->label = to;
    e->is_own = true;
    return WU_OK;
}

static wu_code read_group(wu_taxonomy *t, wu_str name, const wu_json *map, const char *path,
                          wu_err *err) {
    const int g = find_group(name);
    if (g < 0)
        return wu_fail(err, WU_EDATA, "%s: %.*s is not a group of labels, want one of %s or labels",
                       path, (int)cut(name).n, name.p, group_names);
    if (wu_json_type(map) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s: %s is not an object", path, group[g].name);
    for (void *it = wu_json_first(map); it; it = wu_json_next(map, it)) {
        const wu_code rc = map_name(t, (wu_label_group)g, wu_json_key(it),
                                    wu_json_str(wu_json_value(it)), path, err);
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_code read_file(wu_taxonomy *t, const char *path, wu_err *err) {
    wu_json *j = NULL;
    wu_code rc = wu_json_read_file(&j, path, WU_TAXONOMY_LIMIT, WU_EDATA, err);
    if (rc) return rc;
    if (wu_json_type(j) != WU_JSON_OBJECT) {
        rc = wu_fail(err, WU_EDATA, "%s: is not a JSON object", path);
        goto done;
    }
    if ((rc = read_own(t, wu_json_get(j, "labels"), path, err))) goto done;
    for (void *it = wu_json_first(j); it && !rc; it = wu_json_next(j, it))
        if (!wu_str_eq(wu_json_key(it), WU_STR("labels")))
            rc = read_group(t, wu_json_key(it), wu_json_value(it), path, err);
done:
    wu_json_free(j);
    return rc;
}

static wu_code add_ours(wu_taxonomy *t) {
    for (int g = 0; g < WU_N_LABELS; g++) {
        for (const char *const *v = labels_of((wu_label_group)g); *v; v++) {
            entry *e;
            if (add(t, (wu_label_group)g, wu_str_of(*v), wu_str_of(*v), &e)) return WU_ENOMEM;
            e->label = e->spelled;
        }
    }
    return WU_OK;
}

wu_code wu_taxonomy_create(wu_taxonomy **out, const char *path, wu_err *err) {
    wu_code rc;
    *out = NULL;
    wu_taxonomy *t = calloc(1, sizeof(*t));
    if (!t || grow(t) || add_ours(t)) {
        rc = wu_fail(err, WU_ENOMEM, "taxonomy: out of memory");
        goto done;
    }
    if (path && (rc = read_file(t, path, err))) goto done;
    *out = t;
    return WU_OK;
done:
    wu_taxonomy_free(t);
    return rc;
}

void wu_taxonomy_free(wu_taxonomy *t) {
    if (!t) return;
    wu_arena_free(&t->arena);
    free(t->entry);
    free(t->slot);
    free(t);
}

/* ---- what was not known --------------------------------------------------------------------- */

int64_t wu_taxonomy_n_unknown(const wu_taxonomy *t) { return t->n_unknown; }

/* By group, then most frequent first, then by name, so that the order is always the same. */
static int by_count(const void *a, const void *b) {
    const entry *const *pa = a, *const *pb = b;
    const entry *x = *pa, *y = *pb;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    const size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
    const int c = memcmp(x->key.p, y->key.p, n);
    if (c) return c;
    return x->key.n < y->key.n ? -1 : x->key.n > y->key.n;
}

static wu_code list_unknown(wu_json *o, const entry *const *e, int32_t n) {
    wu_json *names = NULL;
    wu_code rc = WU_OK;
    for (int32_t i = 0; i < n && !rc; i++) {
        if (!names && !(names = wu_json_new_object())) return WU_ENOMEM;
        rc = wu_json_set(names, e[i]->spelled.p, wu_json_new_int(e[i]->count));
        if (!rc && (i + 1 == n || e[i + 1]->group != e[i]->group)) {
            rc = wu_json_set(o, group[e[i]->group].name, names);
            names = NULL;
        }
    }
    wu_json_free(names);
    return rc;
}

wu_json *wu_taxonomy_unknown(const wu_taxonomy *t) {
    wu_json *o = wu_json_new_object();
    const entry **e = malloc((size_t)(t->n_name + 1) * sizeof(*e));
    wu_code rc = o && e ? WU_OK : WU_ENOMEM;
    int32_t n = 0;
    for (int32_t i = 0; !rc && i < t->n; i++)
        if (t->entry[i].label.n == 0) e[n++] = &t->entry[i];
    if (!rc) {
        qsort(e, (size_t)n, sizeof(*e), by_count);
        rc = list_unknown(o, e, n);
    }
    if (!rc && t->n_not_listed) rc = wu_json_set(o, "not_listed", wu_json_new_int(t->n_not_listed));
    free(e);
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}
