/* split.c - parts of a set (split.h). */
#include "contact/set/split.h"

#include "contact/set/deal.h"
#include "contact/set/leak.h"
#include "contact/set/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const wu_split_name[WU_N_SPLIT] = {"train", "valid", "test"};
static const char *const by_name[] = {"conversation", "customer", "agent"};

typedef struct work {
    const wu_split_options *o;
    wu_split_report *report;
    char data[WU_PATH_MAX];
    char path[WU_N_SPLIT][WU_PATH_MAX];
    wu_units units;
    wu_deal deal;
    wu_replace file[WU_N_SPLIT], meta;
    int32_t n_group_read; /* before any were joined */
    wu_json *leak;        /* what the last check found */
} work;

/* ------------------------------------------------------------------------------ places */

static wu_code check_place(work *w, wu_err *err) {
    static const char *const examples[] = {"examples.jsonl", NULL};
    const wu_split_options *o = w->o;
    wu_code rc = wu_set_file(w->data, o->data, examples, err);
    for (int p = 0; !rc && p < WU_N_SPLIT; p++) {
        char *path = w->path[p];
        if ((rc = wu_path_join(path, WU_PATH_MAX, o->out, wu_split_file[p], err))) break;
        if (wu_same_file(path, w->data))
            return wu_fail(err, WU_EARG, "%s: is what is read and would be replaced", path);
        if (wu_is_file(path) && !o->force)
            return wu_fail(err, WU_EARG, "%s: is there already; --force replaces it", path);
    }
    return rc;
}

/* ------------------------------------------------------------------------------ dealing */

static int n_wanted(const wu_split_options *o) {
    int n = 0;
    for (int p = 0; p < WU_N_SPLIT; p++) n += o->share[p] > 0.0;
    return n;
}

static wu_code check_units(const work *w, wu_err *err) {
    const wu_split_options *o = w->o;
    const wu_units *u = &w->units;
    if (u->n_group < n_wanted(o))
        return wu_fail(err, WU_EDATA, "%s: %d %s%s cannot be divided into %d parts", w->data,
                       u->n_group, by_name[o->by], u->n_group == 1 ? "" : "s", n_wanted(o));
    return WU_OK;
}

/* Those without a time come first of all, so that nothing in valid or test is older than training
 * by mistake; they must leave room there for others. */
static wu_code check_times(const work *w, wu_err *err) {
    const wu_units *u = &w->units;
    int32_t line = 0;
    w->report->n_no_time = 0;
    for (int32_t i = 0; i < u->n_unit; i++) {
        if (u->unit[i].has_time) continue;
        if (w->report->n_no_time++ == 0) line = u->unit[i].line;
    }
    if (w->report->n_no_time < w->deal.want[0] || w->report->n_no_time == 0) return WU_OK;
    return wu_fail(
        err, WU_EDATA,
        "%s: %d of %d conversations have no start_time, the first in line %d; a split by "
        "time needs more that have one",
        w->data, w->report->n_no_time, u->n_unit, line);
}

static wu_code deal(work *w, wu_err *err) {
    const wu_split_options *o = w->o;
    const int64_t total = w->units.n_unit;
    w->deal = (wu_deal){.n_part = WU_N_SPLIT, .seed = o->seed};
    wu_shares(w->deal.want, o->share, WU_N_SPLIT, total);
    if (!o->by_time) return wu_deal_by_label(&w->units, &w->deal, err);
    const wu_code rc = check_times(w, err);
    return rc ? rc : wu_deal_by_time(&w->units, &w->deal, err);
}

/* ------------------------------------------------------------------------------ leaks */

static wu_code write_parts(work *w, wu_err *err) {
    FILE *to[WU_N_SPLIT] = {0};
    const char *path[WU_N_SPLIT];
    wu_code rc = WU_OK;
    for (int p = 0; p < WU_N_SPLIT; p++) {
        path[p] = w->path[p];
        if (w->o->share[p] <= 0.0) continue;
        wu_replace_abandon(&w->file[p]);
        if ((rc = wu_replace_begin(&w->file[p], path[p], err))) return rc;
        to[p] = w->file[p].f;
    }
    if ((rc = wu_units_copy(&w->units, w->data, to, path, WU_N_SPLIT, err))) return rc;
    for (int p = 0; p < WU_N_SPLIT; p++)
        if (to[p] && fflush(to[p])) return wu_fail_errno(err, "%s", path[p]);
    return WU_OK;
}

/* Lines of a part, in order: of which group each is. NULL when out of memory. */
static int32_t *groups_of_part(const wu_units *u, int part) {
    int32_t *group = malloc((size_t)u->n_line * sizeof(*group)), n = 0;
    for (int32_t i = 0; group && i < u->n_line; i++) {
        const int32_t g = u->unit[u->line[i].unit].group;
        if (u->group[g].part == part) group[n++] = g;
    }
    return group;
}

static int32_t root_of(int32_t *into, int32_t g) {
    while (into[g] != g) g = into[g] = into[into[g]]; /* ways become shorter as they are gone */
    return g;
}

/* The two groups of a finding become one, and all are dealt out anew. */
static wu_code join_found(work *w, const wu_leak_report *r, int32_t *const *group, const int *part,
                          wu_err *err) {
    int32_t *into = malloc((size_t)w->units.n_group * sizeof(*into));
    if (!into) return wu_fail(err, WU_ENOMEM, "%s: out of memory", w->data);
    for (int32_t g = 0; g < w->units.n_group; g++) into[g] = g;
    for (int32_t i = 0; i < r->n_found; i++) {
        const wu_leak_found *f = &r->found[i];
        const int32_t a = root_of(into, group[part[f->file_a]][f->line_a - 1]);
        const int32_t b = root_of(into, group[part[f->file_b]][f->line_b - 1]);
        into[WU_MAX(a, b)] = WU_MIN(a, b);
        w->report->n_joined += a != b;
    }
    wu_code rc = wu_units_join(&w->units, into, err);
    free(into);
    if (!rc) rc = check_units(w, err);
    return rc ? rc : deal(w, err);
}

/* Groups that were found in a later part go to the earlier one, which cannot go on for ever. */
static void move_found(work *w, const wu_leak_report *r, int32_t *const *group, const int *part) {
    for (int32_t i = 0; i < r->n_found; i++) {
        const wu_leak_found *f = &r->found[i];
        const int a = part[f->file_a], b = part[f->file_b], later = WU_MAX(a, b);
        wu_group *g = &w->units.group[group[later][(later == b ? f->line_b : f->line_a) - 1]];
        if (g->part <= WU_MIN(a, b)) continue; /* another finding moved it */
        g->part = WU_MIN(a, b);
        w->report->n_joined++;
    }
}

/* A look sees only pairs in different parts, and dealing anew may part others, so it takes a few.
 */
enum { JOIN_ROUNDS = 12 };

static wu_code resolve(work *w, const wu_leak_report *r, const int *part, int round, wu_err *err) {
    int32_t *group[WU_N_SPLIT] = {0};
    wu_code rc = WU_OK;
    for (int p = 0; p < WU_N_SPLIT && !rc; p++)
        if (!(group[p] = groups_of_part(&w->units, p)))
            rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", w->data);
    if (!rc && round < JOIN_ROUNDS)
        rc = join_found(w, r, group, part, err);
    else if (!rc)
        move_found(w, r, group, part);
    for (int p = 0; p < WU_N_SPLIT; p++) free(group[p]);
    return rc;
}

static wu_code say_leak(const work *w, const wu_leak_report *r, const int *part, wu_err *err) {
    const int64_t exact = r->count[WU_LEAK_ID] + r->count[WU_LEAK_SAME];
    const wu_leak_found *f = r->n_found > 0 ? &r->found[0] : NULL;
    char example[256] = "";
    if (f)
        snprintf(example, sizeof(example), " (\"%.80s\" in %s and \"%.80s\" in %s, for example)",
                 f->id_a, wu_split_name[part[f->file_a]], f->id_b, wu_split_name[part[f->file_b]]);
    if (exact > 0)
        return wu_fail(err, WU_EDATA,
                       "%s: %lld conversations would stand in two parts under one id or with the "
                       "same words%s",
                       w->data, (long long)exact, example);
    return wu_fail(err, WU_EDATA,
                   "%s: %lld conversations would have a nearly equal one in an earlier part%s; "
                   "--near together keeps such ones in one part, --near allow lets them be",
                   w->data, (long long)r->count[WU_LEAK_NEAR], example);
}

/* One look at the parts. *again is set if something was moved and they must be written anew. */
static wu_code look_for_leaks(work *w, int round, bool *again, wu_err *err) {
    const wu_leak_options lo = {.threshold = w->o->threshold,
                                .near = w->o->near != WU_NEAR_ALLOW,
                                .max_found = WU_MAX(w->units.n_unit, 20)};
    const char *path[WU_N_SPLIT], *name[WU_N_SPLIT];
    int part[WU_N_SPLIT], n = 0;
    wu_leak_report r = {0};
    *again = false;
    for (int p = 0; p < WU_N_SPLIT; p++) {
        if (!w->file[p].f) continue;
        path[n] = w->file[p].temporary;
        name[n] = wu_split_file[p];
        part[n++] = p;
    }
    wu_code rc = wu_leak_check(&r, path, n, &lo, err);
    if (rc) goto done;
    if (!wu_leak_any(&r)) {
        w->leak = wu_leak_json(&r, name);
        if (!w->leak) rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", w->data);
        goto done;
    }
    if (r.count[WU_LEAK_ID] == 0 &&
        (r.count[WU_LEAK_NEAR] == 0 || w->o->near == WU_NEAR_TOGETHER)) {
        const int64_t before = w->report->n_joined;
        rc = resolve(w, &r, part, round, err);
        *again = w->report->n_joined > before;
        if (rc || *again) goto done;
    }
    rc = say_leak(w, &r, part, err);
done:
    wu_leak_free(&r);
    return rc;
}

static wu_code write_without_leaks(work *w, wu_err *err) {
    bool again = true;
    wu_code rc = WU_OK;
    for (int round = 0; !rc && again; round++) {
        rc = write_parts(w, err);
        if (!rc) rc = look_for_leaks(w, round, &again, err);
    }
    return rc;
}

/* ------------------------------------------------------------------------------ the end */

static void count_parts(work *w) {
    wu_split_report *r = w->report;
    for (int32_t i = 0; i < w->units.n_group; i++) {
        const wu_group *g = &w->units.group[i];
        r->part[g->part].n_group++;
        r->part[g->part].n_conversation += g->n_unit;
        r->part[g->part].n_example += g->n_example;
    }
    for (int p = 0; p < WU_N_SPLIT; p++) r->part[p].written = w->o->share[p] > 0.0;
    r->n_alone = w->units.n_alone;
    r->n_same = w->o->by == WU_BY_CONVERSATION ? w->units.n_unit - w->n_group_read : 0;
}

static wu_code check_parts(const work *w, wu_err *err) {
    for (int p = 0; p < WU_N_SPLIT; p++)
        if (w->o->share[p] > 0.0 && w->report->part[p].n_group == 0)
            return wu_fail(err, WU_EDATA,
                           "%s: nothing is left for %s once equal conversations are kept together",
                           w->data, wu_split_name[p]);
    return WU_OK;
}

static wu_json *part_json(const work *w, int p) {
    const struct wu_split_part *part = &w->report->part[p];
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc) rc = wu_json_set(j, "conversations", wu_json_new_int(part->n_conversation));
    if (!rc && w->o->by != WU_BY_CONVERSATION)
        rc = wu_json_set(j, "groups", wu_json_new_int(part->n_group));
    if (!rc) rc = wu_json_set(j, "examples", wu_json_new_int(part->n_example));
    if (!rc) rc = wu_json_set(j, "tasks", wu_units_tasks(&w->units, p));
    if (!rc) rc = wu_json_set(j, "labels", wu_units_labels(&w->units, p));
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

static wu_json *metadata(work *w) {
    const wu_split_options *o = w->o;
    wu_json *j = wu_json_new_object(), *share = wu_json_new_array(), *file = wu_json_new_object();
    wu_code rc = j && share && file ? WU_OK : WU_ENOMEM;
    if (!rc) rc = wu_json_set(j, "group_by", wu_json_new_str(wu_str_of(by_name[o->by])));
    if (!rc) rc = wu_json_set(j, "by_time", wu_json_new_bool(o->by_time));
    if (!rc && o->by_time)
        rc = wu_json_set(j, "without_time", wu_json_new_int(w->report->n_no_time));
    if (!rc) rc = wu_json_set(j, "seed", wu_json_new_int((int64_t)o->seed));
    for (int p = 0; !rc && p < WU_N_SPLIT; p++)
        rc = wu_json_push(share, wu_json_new_real(o->share[p]));
    for (int p = 0; !rc && p < WU_N_SPLIT; p++)
        if (w->report->part[p].written) rc = wu_json_set(file, wu_split_file[p], part_json(w, p));
    if (!rc) rc = wu_json_set(j, "ratios", wu_json_copy(share));
    if (!rc) rc = wu_json_set(j, "joined", wu_json_new_int(w->report->n_joined));
    if (!rc) rc = wu_json_set(j, "files", wu_json_copy(file));
    if (!rc) rc = wu_json_set(j, "leak", wu_json_copy(w->leak));
    wu_json_free(share);
    wu_json_free(file);
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

/* All files are complete before the first takes its name. A part that this split does not have must
 * not stay from an earlier one. */
static wu_code commit(work *w, wu_err *err) {
    const char *in = wu_is_dir(w->o->data) ? w->o->data : NULL;
    wu_code rc = wu_begin_metadata(&w->meta, w->o->out, in, "split", metadata(w), err);
    for (int p = 0; !rc && p < WU_N_SPLIT; p++) {
        if (w->file[p].f)
            rc = wu_replace_commit(&w->file[p], err);
        else if (wu_is_file(w->path[p]) && unlink(w->path[p]))
            rc = wu_fail_errno(err, "%s", w->path[p]);
    }
    return rc ? rc : wu_replace_commit(&w->meta, err);
}

wu_code wu_split(wu_split_report *out, const wu_split_options *o, wu_err *err) {
    work *w = calloc(1, sizeof(*w)); /* three paths are much for a stack */
    wu_code rc;
    *out = (wu_split_report){0};
    if (!w) return wu_fail(err, WU_ENOMEM, "%s: out of memory", o->data);
    w->o = o;
    w->report = out;
    if ((rc = check_place(w, err))) goto done;
    if ((rc = wu_units_read(&w->units, w->data, o->by, o->seed, err))) goto done;
    w->n_group_read = w->units.n_group;
    if ((rc = check_units(w, err))) goto done;
    if ((rc = deal(w, err))) goto done;
    if ((rc = wu_make_dirs(o->out, err))) goto done;
    if ((rc = write_without_leaks(w, err))) goto done;
    count_parts(w);
    if ((rc = check_parts(w, err))) goto done;
    rc = commit(w, err);
done:
    for (int p = 0; p < WU_N_SPLIT; p++) wu_replace_abandon(&w->file[p]);
    wu_replace_abandon(&w->meta);
    wu_json_free(w->leak);
    wu_units_free(&w->units);
    free(w);
    return rc;
}
