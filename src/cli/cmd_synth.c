/* cmd_synth.c - `wrapup synth`: a training set of simulated calls. */
#include "base/compiler.h"
#include "base/file.h"
#include "cli/opt.h"
#include "contact/synth.h"

#include <stdio.h>
#include <string.h>

typedef struct options {
    wu_common common;
    int64_t n, seed;
    double valid, context;
    const char *out;
    bool transcripts, flat;
} options;

static const wu_opt table[] = {
    {"count", 'n', WU_OPT_INT, offsetof(options, n), "N", "200", NULL, 1, 10000000, false,
     "Number of calls; each gives six examples."},
    {"seed", 0, WU_OPT_INT, offsetof(options, seed), "S", "0", NULL, 0, 9007199254740992.0, false,
     "Seed; the same seed gives the same bytes everywhere."},
    {"out", 'o', WU_OPT_TEXT, offsetof(options, out), "DIR", NULL, NULL, 0, 0, true,
     "Folder for train.jsonl and valid.jsonl; it is made."},
    {"valid", 0, WU_OPT_REAL, offsetof(options, valid), "SHARE", "0.1", NULL, 0, 0.9, false,
     "Share of the calls that go to valid.jsonl, whole calls; at least one unless it is 0."},
    {"context", 0, WU_OPT_REAL, offsetof(options, context), "SHARE", "0.5", NULL, 0, 1, false,
     "Share of the calls that come with a block of time, wait and history before the text."},
    {"flat", 0, WU_OPT_FLAG, offsetof(options, flat), NULL, NULL, NULL, 0, 0, false,
     "Good and bad calls equally often, by quality and by satisfaction: better to learn from, "
     "wrong "
     "to measure on."},
    {"transcripts", 0, WU_OPT_FLAG, offsetof(options, transcripts), NULL, NULL, NULL, 0, 0, false,
     "Also write each call as DIR/transcripts/call-NUMBER.txt, as `wrapup analyze` reads it."},
};

/* Both files, written whole at the end, and what is used from call to call. */
typedef struct work {
    const options *o;
    wu_replace file[2]; /* train, valid */
    int64_t calls[2];
    wu_synth_call call;
    wu_buf lines;
} work;

static wu_code write_transcript(const work *w, const char *id, wu_err *err) {
    char dir[WU_PATH_MAX], path[WU_PATH_MAX], name[64];
    wu_code rc;
    snprintf(name, sizeof(name), "%s.txt", id);
    if ((rc = wu_path_join(dir, sizeof(dir), w->o->out, "transcripts", err))) return rc;
    if ((rc = wu_make_dirs(dir, err))) return rc;
    if ((rc = wu_path_join(path, sizeof(path), dir, name, err))) return rc;
    return wu_write_file(path, w->call.text.p, w->call.text.n, err);
}

static wu_code write_call(work *w, int64_t index, int which, wu_err *err) {
    const wu_synth_options so = {
        .seed = (uint64_t)w->o->seed, .context = w->o->context, .flat = w->o->flat};
    char id[40];
    wu_code rc;
    snprintf(id, sizeof(id), "call-%06lld", (long long)index);
    if ((rc = wu_synth_make(&w->call, &so, (uint64_t)index, err))) return rc;
    wu_buf_clear(&w->lines);
    if ((rc = wu_synth_examples(&w->lines, &w->call, id)))
        return wu_fail(err, rc, "%s: out of memory", id);
    if (fwrite(w->lines.p, 1, w->lines.n, w->file[which].f) != w->lines.n)
        return wu_fail_errno(err, "%s", w->file[which].path);
    w->calls[which]++;
    return w->o->transcripts ? write_transcript(w, id, err) : WU_OK;
}

/* Calls do not depend on each other, so the last ones serve as well as any. */
static int64_t first_valid(const options *o) {
    int64_t n = (int64_t)((double)o->n * o->valid + 0.5);
    if (n < 1 && o->valid > 0.0) n = 1;
    if (n >= o->n) n = o->n - 1; /* training needs one */
    return o->n - n;
}

/* Without validation there is no second file, and none of an earlier set may stay beside the first.
 */
static wu_code open_files(work *w, int n_file, wu_err *err) {
    static const char *const name[2] = {"train.jsonl", "valid.jsonl"};
    wu_code rc = wu_make_dirs(w->o->out, err);
    for (int i = 0; !rc && i < 2; i++) {
        char path[WU_PATH_MAX];
        if ((rc = wu_path_join(path, sizeof(path), w->o->out, name[i], err))) break;
        if (i < n_file)
            rc = wu_replace_begin(&w->file[i], path, err);
        else if (wu_is_file(path))
            rc = wu_fail(err, WU_EARG, "%s: exists and belongs to another set", path);
    }
    return rc;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    work w = {.o = o};
    const int64_t split = first_valid(o);
    const int n_file = split < o->n ? 2 : 1;
    wu_code rc;
    (void)n_arg;
    (void)arg;
    if ((rc = open_files(&w, n_file, err))) goto done;
    for (int64_t i = 0; i < o->n; i++)
        if ((rc = write_call(&w, i, i >= split, err))) goto done;
    for (int i = 0; i < n_file; i++)
        if ((rc = wu_replace_commit(&w.file[i], err))) goto done;
    if (!o->common.quiet)
        fprintf(stderr, "%s: %lld calls for training, %lld for validation, six examples each\n",
                o->out, (long long)w.calls[0], (long long)w.calls[1]);
done:
    for (int i = 0; i < 2; i++) wu_replace_abandon(&w.file[i]);
    wu_synth_free(&w.call);
    wu_buf_free(&w.lines);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_synth = {
    .name = "synth",
    .summary = "Make a training set of simulated calls",
    .about =
        "Writes labelled examples of the six tasks from simulated contact-center calls. Causes "
        "(the agent's skills, the customer's patience, the wait, what goes wrong) decide the "
        "labels and the words; every label can be seen in the text or in the context block.\n\n"
        "Lines are {\"prompt\", \"completion\", \"task_type\", \"source_id\"}, six for a call, "
        "one after another. The files are split by call.",
    .example = "  wrapup synth -n 400 --seed 1 --out out/data\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
