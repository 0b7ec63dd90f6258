/* cmd_cpu.c - `wrapup cpu`: which instruction sets were found, which work, and what was chosen. */
#include "base/compiler.h"
#include "cli/open.h"
#include "text/json.h"

#include <stdio.h>

typedef struct options {
    wu_common common;
    bool json;
} options;

static const wu_opt table[] = {
    {"json", 0, WU_OPT_FLAG, offsetof(options, json), NULL, NULL, NULL, 0, 0, false,
     "Write one JSON object instead of text."},
};

static const char *state_of(const wu_cpu_report *r, int level) {
    return !r->present[level] ? "absent" : r->works[level] ? "works" : "fails";
}

static wu_code write_text(wu_buf *out, const wu_cpu_report *r) {
    wu_code rc =
        wu_buf_fmt(out, "%s, %d thread%s\n\n%-12s %-8s %14s %14s\n", r->cpu, r->n_thread,
                   r->n_thread == 1 ? "" : "s", "level", "state", "bf16 Gflop/s", "f32 Gflop/s");
    for (int l = 0; !rc && l < WU_N_LEVEL; l++) {
        char bf16[32] = "-", f32[32] = "-";
        if (r->gflops_bf16[l] > 0) snprintf(bf16, sizeof(bf16), "%.0f", r->gflops_bf16[l]);
        if (r->gflops_f32[l] > 0) snprintf(f32, sizeof(f32), "%.0f", r->gflops_f32[l]);
        rc = wu_buf_fmt(out, "%-12s %-8s %14s %14s\n", wu_level_name((wu_level)l), state_of(r, l),
                        bf16, f32);
    }
    if (rc) return rc;
    return wu_buf_fmt(out,
                      "\nbf16 products use %s, f32 products %s, attention %s, row operations %s.\n"
                      "Rates are of one thread, measured at start in a few microseconds.\n",
                      wu_level_name(r->bf16), wu_level_name(r->f32), wu_level_name(r->attention),
                      wu_level_name(r->rows));
}

static wu_json *text_node(const char *s) { return wu_json_new_str(wu_str_of(s)); }

static wu_code add_level(wu_json *levels, const wu_cpu_report *r, int l) {
    wu_json *j = wu_json_new_object();
    wu_code rc = wu_json_set(j, "name", text_node(wu_level_name((wu_level)l)));
    if (!rc) rc = wu_json_set(j, "present", wu_json_new_bool(r->present[l]));
    if (!rc) rc = wu_json_set(j, "works", wu_json_new_bool(r->works[l]));
    if (!rc) rc = wu_json_set(j, "gflops_bf16", wu_json_new_real(r->gflops_bf16[l]));
    if (!rc) rc = wu_json_set(j, "gflops_f32", wu_json_new_real(r->gflops_f32[l]));
    if (!rc) return wu_json_push(levels, j);
    wu_json_free(j);
    return rc;
}

static wu_code write_json(wu_buf *out, const wu_cpu_report *r) {
    wu_json *j = wu_json_new_object(), *levels = wu_json_new_array();
    wu_code rc = wu_json_set(j, "cpu", text_node(r->cpu));
    if (!rc) rc = wu_json_set(j, "threads", wu_json_new_int(r->n_thread));
    for (int l = 0; !rc && l < WU_N_LEVEL; l++) rc = add_level(levels, r, l);
    if (rc) {
        wu_json_free(levels);
    } else {
        rc = wu_json_set(j, "levels", levels);
    }
    if (!rc) rc = wu_json_set(j, "bf16", text_node(wu_level_name(r->bf16)));
    if (!rc) rc = wu_json_set(j, "f32", text_node(wu_level_name(r->f32)));
    if (!rc) rc = wu_json_set(j, "attention", text_node(wu_level_name(r->attention)));
    if (!rc) rc = wu_json_set(j, "rows", text_node(wu_level_name(r->rows)));
    if (!rc) rc = wu_json_write(out, j, WU_JSON_COMPACT);
    if (!rc) rc = wu_buf_char(out, '\n');
    wu_json_free(j);
    return rc;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    wu_compute *compute = NULL;
    wu_buf out = {0};
    (void)n_arg;
    (void)arg;
    wu_code rc = wu_open_compute(&compute, &o->common, err);
    if (rc) goto done;
    const wu_cpu_report *r = wu_compute_report(compute);
    if ((rc = o->json ? write_json(&out, r) : write_text(&out, r))) {
        wu_fail(err, rc, "report: out of memory");
    } else if (fwrite(out.p, 1, out.n, stdout) != out.n) {
        rc = wu_fail_errno(err, "standard output");
    }
done:
    wu_buf_free(&out);
    wu_compute_free(compute);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_cpu = {
    .name = "cpu",
    .summary = "Show the instruction sets that were found and chosen",
    .about = "A level is used only if the processor and the system allow it and a small product, "
             "run in a child process, came out right. Among the levels that work, the fastest "
             "makes the products; --cpu LEVEL or WRAPUP_CPU leaves out those above LEVEL.",
    .example = "  wrapup cpu\n  wrapup cpu --cpu avx2 --json\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
