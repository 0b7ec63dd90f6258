/* cmd_temporal.c - `wrapup temporal`: when each contact was, in its examples. */
#include "base/dir.h"
#include "cli/opt.h"
#include "cli/rules.h"
#include "contact/set/annotate.h"
#include "contact/set/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    wu_common common;
    wu_rules_options rules;
    const char *data, *out;
    int64_t simulate, drop_seed;
    double drop;
} options;

static const wu_opt table[] = {
    {"data", 0, WU_OPT_TEXT, offsetof(options, data), "PATH", NULL, NULL, 0, 0, true,
     "A file of examples, as `wrapup prepare` writes it, or a folder: then every .jsonl file in "
     "it."},
    {"out", 'o', WU_OPT_TEXT, offsetof(options, out), "PATH", NULL, NULL, 0, 0, true,
     "The file, or the folder, to write; never the one that is read."},
    WU_RULES_OPTIONS(options, rules),
    {"simulate-missing", 0, WU_OPT_INT, offsetof(options, simulate), "SEED", "-1", NULL, -1,
     9007199254740992.0, false,
     "Draw a time and a wait where a record has no time, once for each conversation, marked as "
     "simulated. For trying out only: such times mean nothing. -1: do not."},
    {"drop-fields", 0, WU_OPT_REAL, offsetof(options, drop), "SHARE", "0", NULL, 0, 1, false,
     "Leave each known line out of the block with this chance, so that a model learns to do "
     "without; 0.15 is a good value. In a folder with train.jsonl only that file is treated so."},
    {"drop-seed", 0, WU_OPT_INT, offsetof(options, drop_seed), "SEED", "0", NULL, 0,
     9007199254740992.0, false, "Seed of --drop-fields."},
};

/* What is read before the first example. */
typedef struct work {
    const options *o;
    wu_rules rules;
    wu_json *files; /* counts by file, for metadata.json */
    wu_annotate_counts total;
} work;

static wu_code read_rules(work *w, wu_err *err) {
    const options *o = w->o;
    const wu_code rc = wu_rules_open(&w->rules, &o->rules, err);
    w->rules.rules.simulate = o->simulate >= 0;
    w->rules.rules.simulate_seed = (uint64_t)WU_MAX(o->simulate, 0);
    w->rules.rules.drop = o->drop;
    w->rules.rules.drop_seed = (uint64_t)o->drop_seed;
    return rc;
}

static void add_counts(wu_annotate_counts *to, const wu_annotate_counts *n) {
    to->n_example += n->n_example;
    to->n_time += n->n_time;
    to->n_no_offset += n->n_no_offset;
    to->n_date_only += n->n_date_only;
    to->n_simulated += n->n_simulated;
    to->n_no_time += n->n_no_time;
    to->n_no_calendar += n->n_no_calendar;
    to->n_wait += n->n_wait;
    to->n_history += n->n_history;
    to->n_kept += n->n_kept;
    to->n_dropped += n->n_dropped;
}

/* Writes what becomes of a file; it takes its name when *out is committed. whole: no lines are
 * dropped. */
static wu_code do_file(work *w, wu_replace *out, const char *from, const char *to, bool whole,
                       wu_err *err) {
    wu_annotate_counts n = {0};
    wu_temporal_rules rules = w->rules.rules;
    if (whole) rules.drop = 0.0;
    if (wu_same_file(from, to))
        return wu_fail(err, WU_EARG, "%s: is what is read; --out must be another place", to);
    wu_code rc = wu_replace_begin(out, to, err);
    if (!rc) rc = wu_annotate_file(out->f, to, from, &rules, &n, err);
    if (!rc && !w->files && n.n_example == 0)
        rc = wu_fail(err, WU_EDATA, "%s: has no examples", from);
    if (rc) return rc;
    add_counts(&w->total, &n);
    if (w->files && wu_json_set(w->files, wu_base_name(from), wu_annotate_json(&n)))
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", to);
    return WU_OK;
}

static wu_code do_one_file(work *w, wu_err *err) {
    const options *o = w->o;
    char to[WU_PATH_MAX];
    wu_replace out = {0};
    const char *path = o->out;
    wu_code rc = WU_OK;
    if (wu_is_dir(o->out)) {
        rc = wu_path_join(to, sizeof(to), o->out, wu_base_name(o->data), err);
        path = to;
    } else {
        rc = wu_make_parent(o->out, err);
    }
    if (!rc) rc = do_file(w, &out, o->data, path, false, err);
    if (!rc) rc = wu_replace_commit(&out, err);
    wu_replace_abandon(&out);
    return rc;
}

/* Files of another set beside ours would be taken for ours later. */
static wu_code check_out(const wu_dir *in, const char *out, wu_err *err) {
    wu_dir there = {0};
    wu_code rc = wu_dir_list(&there, out, err);
    for (int32_t i = 0; !rc && i < there.n; i++) {
        bool ours = !wu_is_jsonl(there.name[i]);
        for (int32_t k = 0; !ours && k < in->n; k++) ours = !strcmp(in->name[k], there.name[i]);
        if (!ours)
            rc = wu_fail(err, WU_EARG, "%s/%s: exists and belongs to another set", out,
                         there.name[i]);
    }
    wu_dir_free(&there);
    return rc;
}

static wu_json *settings(const work *w) {
    const options *o = w->o;
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc && o->rules.zone)
        rc = wu_json_set(j, "zone", wu_json_new_str(wu_str_of(o->rules.zone)));
    if (!rc) rc = wu_json_set(j, "converted", wu_json_new_bool(o->rules.convert));
    if (!rc)
        rc =
            wu_json_set(j, "calendar", wu_json_new_str(wu_str_of(wu_base_name(o->rules.calendar))));
    if (!rc && o->rules.seasons)
        rc = wu_json_set(j, "seasons", wu_json_new_str(wu_str_of(wu_base_name(o->rules.seasons))));
    if (!rc) rc = wu_json_set(j, "business_hours", wu_json_new_str(wu_str_of(o->rules.hours)));
    if (!rc) rc = wu_json_set(j, "open_on_holidays", wu_json_new_bool(o->rules.open_on_holidays));
    if (!rc && o->simulate >= 0) rc = wu_json_set(j, "simulate_seed", wu_json_new_int(o->simulate));
    if (!rc && o->drop > 0.0) rc = wu_json_set(j, "drop_fields", wu_json_new_real(o->drop));
    if (!rc && o->drop > 0.0) rc = wu_json_set(j, "drop_seed", wu_json_new_int(o->drop_seed));
    if (!rc) rc = wu_json_set(j, "files", wu_json_copy(w->files));
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

static bool has_train(const wu_dir *in) {
    for (int32_t i = 0; i < in->n; i++)
        if (strcmp(in->name[i], "train.jsonl") == 0) return true;
    return false;
}

/* out[i] is what becomes of in->name[i], the last one is metadata.json. */
static wu_code write_folder(work *w, const wu_dir *in, wu_replace *out, wu_err *err) {
    const options *o = w->o;
    char from[WU_PATH_MAX], to[WU_PATH_MAX];
    const bool train = has_train(in);
    wu_code rc = WU_OK;
    for (int32_t i = 0; !rc && i < in->n; i++) {
        const char *name = in->name[i];
        if (!wu_is_jsonl(name)) continue;
        if ((rc = wu_path_join(from, sizeof(from), o->data, name, err))) break;
        if ((rc = wu_path_join(to, sizeof(to), o->out, name, err))) break;
        rc = do_file(w, &out[i], from, to, train && strcmp(name, "train.jsonl") != 0, err);
    }
    if (!rc && wu_json_size(w->files) == 0)
        rc = wu_fail(err, WU_EARG, "%s: has no .jsonl files", o->data);
    if (!rc) rc = wu_begin_metadata(&out[in->n], o->out, o->data, "temporal", settings(w), err);
    for (int32_t i = 0; !rc && i <= in->n; i++)
        if (out[i].f) rc = wu_replace_commit(&out[i], err);
    return rc;
}

static wu_code do_folder(work *w, const wu_dir *in, wu_err *err) {
    const options *o = w->o;
    wu_replace *out = calloc((size_t)in->n + 1, sizeof(*out));
    w->files = wu_json_new_object();
    wu_code rc = out && w->files ? wu_make_dirs(o->out, err)
                                 : wu_fail(err, WU_ENOMEM, "%s: out of memory", o->data);
    if (!rc && wu_same_file(o->data, o->out))
        rc = wu_fail(err, WU_EARG, "%s: is what is read; --out must be another folder", o->out);
    if (!rc) rc = check_out(in, o->out, err);
    if (!rc) rc = write_folder(w, in, out, err);
    for (int32_t i = 0; out && i <= in->n; i++) wu_replace_abandon(&out[i]);
    free(out);
    return rc;
}

static wu_code do_all(work *w, wu_err *err) {
    wu_dir in = {0};
    if (!wu_is_dir(w->o->data)) return do_one_file(w, err);
    wu_code rc = wu_dir_list(&in, w->o->data, err);
    if (!rc) rc = do_folder(w, &in, err);
    wu_dir_free(&in);
    return rc;
}

static void tell(const work *w) {
    const wu_annotate_counts *n = &w->total;
    fprintf(stderr,
            "%s: %lld examples: %lld with a time of their own, %lld simulated, %lld without",
            w->o->out, (long long)n->n_example, (long long)n->n_time, (long long)n->n_simulated,
            (long long)n->n_no_time);
    if (n->n_kept > 0)
        fprintf(stderr, ", %lld left as they were (a block, but no \"contact\")",
                (long long)n->n_kept);
    fputc('\n', stderr);
    if (n->n_date_only > 0)
        fprintf(stderr, "a date only, so that the time of the day stays unknown: %lld\n",
                (long long)n->n_date_only);
    if (n->n_no_offset > 0)
        fprintf(stderr, "no offset from UTC, so that their clocks are taken as local: %lld (%s)\n",
                (long long)n->n_no_offset,
                w->o->rules.zone ? "their records name another zone" : "--zone gives one");
    if (n->n_no_calendar > 0)
        fprintf(stderr, "%lld times are in years of which calendar %s says nothing\n",
                (long long)n->n_no_calendar, w->o->rules.calendar);
    if (n->n_dropped > 0)
        fprintf(stderr, "%lld lines were left out of the blocks\n", (long long)n->n_dropped);
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    work w = {.o = options_};
    (void)n_arg;
    (void)arg;
    wu_code rc = read_rules(&w, err);
    if (!rc) rc = do_all(&w, err);
    if (!rc && !w.o->common.quiet) tell(&w);
    wu_json_free(w.files);
    wu_rules_close(&w.rules);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_temporal = {
    .name = "temporal",
    .summary = "Add time, wait and history of each contact to its examples",
    .about =
        "Reads examples and writes them again with a block of context before the conversation: "
        "local time, part of day, weekday, business hours, holiday, peak season, waits, channel, "
        "which contact in 30 days it is, hold and transfers. The member \"temporal\" has the same "
        "as 18 features. All of it comes from the member \"contact\" of the example; a line whose "
        "value is not known is left out.\n\n"
        "A time with an offset (2026-01-15T14:30:00-05:00) is local as it stands. One without "
        "gets --zone.\n\n"
        "Running it again on what it wrote, with the same options, changes nothing.",
    .example = "  wrapup temporal --data out/prepared --out out/timed --zone America/Chicago\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
