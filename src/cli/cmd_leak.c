/* cmd_leak.c - `wrapup leak`: does anything of one split stand in another one too? */
#include "base/compiler.h"
#include "base/dir.h"
#include "base/file.h"
#include "cli/opt.h"
#include "contact/set/leak.h"
#include "contact/set/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct options {
    wu_common common;
    double threshold;
    bool no_near, json;
    int64_t max_found;
} options;

static const wu_opt table[] = {
    {.name = "threshold",
     .kind = WU_OPT_REAL,
     .offset = offsetof(options, threshold),
     .value = "T",
     .fallback = "0.8",
     .lo = 0.3,
     .hi = 1.0,
     .help = "Conversations count as nearly equal from this similarity on: the Jaccard index of "
             "their sequences of four words."},
    {.name = "no-near",
     .kind = WU_OPT_FLAG,
     .offset = offsetof(options, no_near),
     .help = "Look for equal ids and equal words only."},
    {.name = "max-found",
     .kind = WU_OPT_INT,
     .offset = offsetof(options, max_found),
     .value = "N",
     .fallback = "20",
     .lo = 1,
     .hi = 100000,
     .help = "Name at most N findings; all are counted."},
    {.name = "json",
     .kind = WU_OPT_FLAG,
     .offset = offsetof(options, json),
     .help = "Print the report as JSON."},
};

typedef struct files {
    char **path;
    int n;
} files;

static void free_files(files *f) {
    for (int i = 0; i < f->n; i++) free(f->path[i]);
    free(f->path);
}

/* dir may be NULL. */
static wu_code add_file(files *f, const char *dir, const char *name, wu_err *err) {
    char path[WU_PATH_MAX];
    wu_code rc;
    if (dir && (rc = wu_path_join(path, sizeof(path), dir, name, err))) return rc;
    char **p = realloc(f->path, ((size_t)f->n + 1) * sizeof(*p));
    if (p) f->path = p;
    if (!p || !(p[f->n] = strdup(dir ? path : name)))
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", name);
    f->n++;
    return WU_OK;
}

/* The splits of a directory: train, valid and test where there are two of them, else every file of
 * JSON lines. */
static wu_code files_of(files *f, const char *dir, wu_err *err) {
    wu_dir d = {0};
    wu_code rc = wu_dir_list(&d, dir, err);
    for (int k = 0; !rc && k < WU_N_SPLIT; k++)
        for (int32_t i = 0; !rc && i < d.n; i++)
            if (strcmp(d.name[i], wu_split_file[k]) == 0) rc = add_file(f, dir, d.name[i], err);
    if (!rc && f->n < 2) {
        free_files(f);
        *f = (files){0};
        for (int32_t i = 0; !rc && i < d.n; i++)
            if (wu_is_jsonl(d.name[i])) rc = add_file(f, dir, d.name[i], err);
    }
    wu_dir_free(&d);
    if (!rc && f->n < 2)
        rc = wu_fail(err, WU_EARG, "%s: has %s, want at least two files of JSON lines to compare",
                     dir, f->n ? f->path[0] : "no .jsonl file");
    return rc;
}

static wu_code collect(files *f, int n_arg, char **arg, wu_err *err) {
    wu_code rc = WU_OK;
    if (n_arg == 1 && wu_is_dir(arg[0])) return files_of(f, arg[0], err);
    if (n_arg == 1 && access(arg[0], F_OK)) return wu_fail_errno(err, "%s", arg[0]);
    if (n_arg == 1)
        return wu_fail(err, WU_EARG,
                       "%s: one file alone cannot leak into another, want a directory "
                       "or at least two files",
                       arg[0]);
    for (int i = 0; !rc && i < n_arg; i++) rc = add_file(f, NULL, arg[i], err);
    return rc;
}

static wu_code print(const options *o, const wu_leak_report *r, const files *f, wu_err *err) {
    const char *const *path = (const char *const *)f->path;
    wu_buf out = {0};
    wu_json *j = o->json ? wu_leak_json(r, path) : NULL;
    wu_code rc = o->json ? WU_OK : wu_leak_text(&out, r, path);
    if (o->json) rc = j ? wu_json_write(&out, j, WU_JSON_INDENT2) : WU_ENOMEM;
    if (!rc && o->json) rc = wu_buf_char(&out, '\n');
    if (rc)
        wu_fail(err, rc, "leak check: out of memory");
    else if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout))
        rc = wu_fail_errno(err, "standard output");
    wu_json_free(j);
    wu_buf_free(&out);
    return rc;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    files f = {0};
    wu_leak_report r = {0};
    const wu_leak_options leak = {
        .threshold = o->threshold, .near = !o->no_near, .max_found = (int32_t)o->max_found};
    wu_code rc = collect(&f, n_arg, arg, err);
    if (!rc) rc = wu_leak_check(&r, (const char *const *)f.path, f.n, &leak, err);
    if (!rc) rc = print(o, &r, &f, err);
    if (!rc && wu_leak_any(&r)) {
        const int64_t n = r.count[WU_LEAK_ID] + r.count[WU_LEAK_SAME] + r.count[WU_LEAK_NEAR];
        rc = wu_fail(err, WU_EDATA, "%lld conversation%s more than one file", (long long)n,
                     n == 1 ? " stands in" : "s stand in");
    }
    wu_leak_free(&r);
    free_files(&f);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_leak = {
    .name = "leak",
    .summary = "Check that no conversation stands in two splits",
    .arguments = "DIR | FILE FILE...",
    .min_args = 1,
    .max_args = -1,
    .about = "Compares files of examples (train.jsonl, valid.jsonl and test.jsonl of a directory) "
             "and reports conversations that stand in more than one: by the same source_id, with "
             "the same words under another id, or nearly equal. What is found within one file is "
             "not a leak. The exit code is 3 if there is any, so that a script stops; `wrapup "
             "split` and `wrapup train` do the same check.",
    .example = "  wrapup leak out/data\n"
               "  wrapup leak --json train.jsonl old-test.jsonl\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
