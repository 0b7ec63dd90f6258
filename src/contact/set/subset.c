/* subset.c - a smaller set with the same shares of labels (split.h). */
#include "contact/set/deal.h"
#include "contact/set/place.h"
#include "contact/set/split.h"

#include <stdio.h>
#include <string.h>

typedef struct place {
    char from[WU_PATH_MAX], to[WU_PATH_MAX];
    const char *in_dir, *out_dir; /* for metadata.json; NULL: none is written */
} place;

static wu_code find_place(place *p, const wu_subset_options *o, wu_err *err) {
    static const char *const names[] = {"examples.jsonl", "train.jsonl", NULL};
    wu_code rc = wu_set_file(p->from, o->data, names, err);
    if (rc) return rc;
    if (wu_is_dir(o->data)) p->in_dir = o->data;
    if (wu_is_jsonl(o->out) && !wu_is_dir(o->out)) {
        if (strlen(o->out) >= sizeof(p->to))
            return wu_fail(err, WU_EARG, "%.60s...: too long", o->out);
        memcpy(p->to, o->out, strlen(o->out) + 1);
    } else {
        p->out_dir = o->out;
        rc = wu_path_join(p->to, sizeof(p->to), o->out, wu_base_name(p->from), err);
        if (rc) return rc;
    }
    if (wu_same_file(p->from, p->to))
        return wu_fail(err, WU_EARG, "%s: is what is read; --out must be another place", p->to);
    return wu_make_parent(p->to, err);
}

/* Part 0 is taken, part 1 is left. */
static wu_code choose(wu_units *u, const wu_subset_options *o, const char *from, wu_err *err) {
    const bool examples = o->size > 0;
    const int64_t total = examples ? u->n_line : u->n_unit;
    const int64_t want = WU_MIN(examples ? o->size : o->conversations, total);
    const wu_deal d = {.n_part = 2,
                       .want = {want, total - want},
                       .examples = examples,
                       .at_most = true,
                       .seed = o->seed};
    const wu_code rc = wu_deal_by_label(u, &d, err);
    if (rc) return rc;
    for (int32_t i = 0; i < u->n_group; i++)
        if (u->group[i].part == 0) return WU_OK;
    return wu_fail(err, WU_EARG, "%s: every conversation has more than %lld example%s", from,
                   (long long)want, want == 1 ? "" : "s");
}

static void count(wu_subset_report *out, const wu_units *u) {
    out->all_conversations = u->n_unit;
    out->all_examples = u->n_line;
    for (int32_t i = 0; i < u->n_group; i++) {
        if (u->group[i].part != 0) continue;
        out->n_conversation += u->group[i].n_unit;
        out->n_example += u->group[i].n_example;
    }
}

static wu_json *metadata(const wu_units *u, const wu_subset_options *o, const wu_subset_report *r) {
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc) rc = wu_json_set(j, "seed", wu_json_new_int((int64_t)o->seed));
    if (!rc) rc = wu_json_set(j, "conversations", wu_json_new_int(r->n_conversation));
    if (!rc) rc = wu_json_set(j, "examples", wu_json_new_int(r->n_example));
    if (!rc) rc = wu_json_set(j, "of_conversations", wu_json_new_int(r->all_conversations));
    if (!rc) rc = wu_json_set(j, "of_examples", wu_json_new_int(r->all_examples));
    if (!rc) rc = wu_json_set(j, "tasks", wu_units_tasks(u, 0));
    if (!rc) rc = wu_json_set(j, "labels", wu_units_labels(u, 0));
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

wu_code wu_subset(wu_subset_report *out, const wu_subset_options *o, wu_err *err) {
    place p = {.in_dir = NULL};
    wu_units u = {0};
    wu_replace file = {0}, meta = {0};
    *out = (wu_subset_report){0};
    wu_code rc = find_place(&p, o, err);
    if (rc) goto done;
    if ((rc = wu_units_read(&u, p.from, WU_BY_CONVERSATION, o->seed, err))) goto done;
    if ((rc = choose(&u, o, p.from, err))) goto done;
    if ((rc = wu_replace_begin(&file, p.to, err))) goto done;
    const char *path = p.to;
    if ((rc = wu_units_copy(&u, p.from, &file.f, &path, 1, err))) goto done;
    count(out, &u);
    if (p.out_dir &&
        (rc = wu_begin_metadata(&meta, p.out_dir, p.in_dir, "subset", metadata(&u, o, out), err)))
        goto done;
    rc = wu_replace_commit(&file, err);
    if (!rc && p.out_dir) rc = wu_replace_commit(&meta, err);
done:
    wu_replace_abandon(&file);
    wu_replace_abandon(&meta);
    wu_units_free(&u);
    return rc;
}
