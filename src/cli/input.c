/* input.c - files and directories of transcripts, one conversation after another (input.h). */
#include "cli/input.h"

#include "base/dir.h"
#include "base/file.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 }; /* of directories; a link may lead back */

/* ------------------------------------------------------------------------------------- options */

/* "A, B" as a list that ends with NULL. */
static wu_code split_names(const char *const **out, wu_arena *arena, const char *text,
                           const char *option, wu_err *err) {
    size_t n = 1, i = 0;
    *out = NULL;
    if (!text) return WU_OK;
    for (const char *p = text; *p; p++) n += *p == ',';
    const char **list = wu_arena_zero(arena, n + 1, sizeof(*list));
    char *copy = wu_arena_strdup(arena, text);
    if (!list || !copy) return wu_fail(err, WU_ENOMEM, "--%s: out of memory", option);
    for (char *p = copy; i < n; i++) {
        char *end = p + strcspn(p, ",");
        const wu_str name = wu_utf8_trim((wu_str){p, (size_t)(end - p)});
        if (name.n == 0)
            return wu_fail(err, WU_EARG, "--%s: \"%s\" has an empty name", option, text);
        list[i] = name.p;
        p = end + 1;
        copy[(size_t)(name.p - copy) + name.n] = 0;
    }
    *out = list;
    return WU_OK;
}

wu_code wu_input_begin(wu_input *in, const wu_input_options *o, const wu_common *common,
                       wu_err *err) {
    wu_code rc;
    *in = (wu_input){.strict = o->strict, .quiet = common->quiet};
    in->read.infer_roles = o->infer_roles;
    in->read.format = o->from ? wu_format_find(o->from) : WU_FORMAT_AUTO;
    if (in->read.format == WU_N_FORMAT)
        return wu_fail(err, WU_EARG, "--from: \"%s\" is not one of %s", o->from, WU_INPUT_FORMATS);
    if (o->map) {
        if ((rc = wu_column_map_parse(&in->map, &in->arena, o->map, err))) return rc;
        in->read.map = &in->map;
    }
    if ((rc = split_names(&in->read.agent_is, &in->arena, o->agent_is, "agent-is", err))) return rc;
    return split_names(&in->read.customer_is, &in->arena, o->customer_is, "customer-is", err);
}

void wu_input_end(wu_input *in) {
    wu_arena_free(&in->arena);
    *in = (wu_input){0};
}

/* -------------------------------------------------------------------------------- passing over */

/* Whether an error is about the input alone, so that the next one may be fine. */
static bool is_of_input(wu_code rc) { return rc == WU_EDATA || rc == WU_EIO; }

static wu_code pass_over(wu_input *in, int64_t *count, wu_code rc, wu_err *err) {
    if (in->strict || !is_of_input(rc)) return rc;
    fprintf(stderr, "wrapup: %s\n", err->msg);
    *err = (wu_err){0};
    ++*count;
    return WU_OK;
}

wu_code wu_input_pass_over(wu_input *in, wu_err *err) {
    return pass_over(in, &in->n_conversation_bad, err->code, err);
}

/* ----------------------------------------------------------------------------------- the walk */

typedef struct walk {
    wu_input *in;
    wu_input_fn each;
    void *ud;
    bool alone; /* one file is all there is: what is wrong with it ends the run */
    wu_conversation c;
} walk;

static wu_code read_file(walk *w, const char *path, wu_err *err) {
    wu_input *in = w->in;
    wu_reader *r;
    bool end = false;
    int64_t n = 0;
    wu_code rc = wu_reader_open(&r, path, &in->read, err);
    if (rc) return w->alone ? rc : pass_over(in, &in->n_file_bad, rc, err);
    const bool streams =
        wu_reader_format(r) == WU_FORMAT_CSV || wu_reader_format(r) == WU_FORMAT_JSONL;
    in->n_file++;
    while (!rc) {
        rc = wu_reader_next(r, &w->c, &end, err);
        if (end && !rc) break;
        n++;
        if (rc) {
            const bool go_on = rc == WU_EDATA && !end;
            if (!w->alone || streams) rc = pass_over(in, &in->n_conversation_bad, rc, err);
            if (!go_on) break;
            continue;
        }
        in->n_conversation++;
        const wu_source source = {path, wu_reader_format(r), n};
        rc = w->each(w->ud, &w->c, &source, err);
    }
    wu_reader_close(r);
    return rc;
}

static wu_code read_path(walk *w, const char *path, int depth, wu_err *err);

static wu_code read_dir(walk *w, const char *path, int depth, wu_err *err) {
    wu_dir dir = {0};
    char below[WU_PATH_MAX];
    wu_code rc = wu_dir_list(&dir, path, err);
    if (rc) return pass_over(w->in, &w->in->n_file_bad, rc, err);
    if (depth == DEPTH_MAX) {
        rc = wu_fail(err, WU_EDATA, "%s: directories nested more than %d deep", path, DEPTH_MAX);
        wu_dir_free(&dir);
        return pass_over(w->in, &w->in->n_file_bad, rc, err);
    }
    for (int32_t i = 0; !rc && i < dir.n; i++) {
        rc = wu_path_join(below, sizeof(below), path, dir.name[i], err);
        if (!rc && !wu_is_dir(below) && !wu_is_file(below)) {
            rc = wu_fail(err, WU_EIO, "%s: is neither a file nor a directory", below);
            rc = pass_over(w->in, &w->in->n_file_bad, rc, err);
        } else if (!rc) {
            rc = read_path(w, below, depth + 1, err);
        }
    }
    wu_dir_free(&dir);
    return rc;
}

static wu_code read_path(walk *w, const char *path, int depth, wu_err *err) {
    if (strcmp(path, "-") != 0 && wu_is_dir(path)) return read_dir(w, path, depth, err);
    return read_file(w, path, err);
}

wu_code wu_input_walk(wu_input *in, char *const *path, int n_path, wu_input_fn each, void *ud,
                      wu_err *err) {
    walk w = {.in = in, .each = each, .ud = ud};
    wu_code rc = WU_OK;
    w.alone = n_path == 1 && !wu_is_dir(path[0]);
    wu_conversation_init(&w.c);
    for (int i = 0; !rc && i < n_path; i++) rc = read_path(&w, path[i], 0, err);
    wu_conversation_free(&w.c);
    if (rc) return rc;
    const int64_t bad = in->n_file_bad + in->n_conversation_bad;
    if (in->n_conversation == 0)
        return bad ? wu_fail(err, WU_EDATA, "no conversation could be read")
                   : wu_fail(err, WU_EDATA, "%s: there is no transcript", n_path ? path[0] : "-");
    const int64_t files = in->n_file_bad + in->n_file;
    const int64_t conversations = in->n_conversation_bad + in->n_conversation;
    if (bad && !in->quiet)
        fprintf(
            stderr,
            "wrapup: passed over: %lld of %lld files, %lld of %lld conversations in the others\n",
            (long long)in->n_file_bad, (long long)files, (long long)in->n_conversation_bad,
            (long long)conversations);
    return WU_OK;
}
