/* opt.c - parsing by the option table (opt.h), and the guess at what was meant. */
#include "cli/opt.h"

#include "base/compiler.h"
#include "cli/opt_impl.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 96, NAME_MAX_BYTES = 64 };

/* What getopt returns: a letter, or the option's number in one of these ranges. */
enum { LONG_FORM = 1000, NO_FORM = 2000 };

const wu_opt wu_common_opt[] = {
    {"threads", 0, WU_OPT_INT, offsetof(wu_common, threads), "N", NULL, NULL, 0, 256, false,
     "Number of threads; 0 takes all that the process may use. Environment: WRAPUP_THREADS."},
    {"cpu", 0, WU_OPT_CHOICE, offsetof(wu_common, cpu), "LEVEL", NULL,
     "c|avx2|avx512|avx512bf16|amx", 0, 0, false,
     "Highest instruction set that is used. Environment: WRAPUP_CPU."},
    {"quiet", 'q', WU_OPT_FLAG, offsetof(wu_common, quiet), NULL, NULL, NULL, 0, 0, false,
     "Only warnings and errors on standard error."},
    {"verbose", 'v', WU_OPT_FLAG, offsetof(wu_common, verbose), NULL, NULL, NULL, 0, 0, false,
     "Also debugging messages on standard error."},
};
const int wu_n_common_opt = (int)WU_LEN(wu_common_opt);

const wu_opt *wu_opt_at(const wu_cmd *cmd, int i) {
    if (i < cmd->n_opt) return &cmd->opt[i];
    i -= cmd->n_opt;
    return i < wu_n_common_opt ? &wu_common_opt[i] : NULL;
}

wu_str wu_opt_choice(const char *choices, int i) {
    const char *p = choices;
    for (; *p; p++) {
        const size_t n = strcspn(p, "|");
        if (i-- == 0) return (wu_str){p, n};
        p += n;
        if (!*p) break;
    }
    return (wu_str){p, 0};
}

/* ---- the guess ---- */

static int least(int a, int b, int c) { return WU_MIN(a, WU_MIN(b, c)); }

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b. */
static int distance(const char *a, const char *b) {
    int row[3][NAME_MAX_BYTES + 1];
    const int n = (int)strlen(a), m = (int)strlen(b);
    if (n > NAME_MAX_BYTES || m > NAME_MAX_BYTES) return NAME_MAX_BYTES;
    for (int j = 0; j <= m; j++) row[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *now = row[i % 3];
        const int *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            now[j] = least(up[j] + 1, now[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = WU_MIN(now[j], up2[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

const char *wu_opt_nearest(const char *typed, const char *const *name, int n) {
    const char *best = NULL, *starts = NULL, *start_of = NULL;
    int best_distance = NAME_MAX_BYTES, n_start = 0;
    const size_t len = strlen(typed);
    for (int i = 0; i < n; i++) {
        if (len >= 2 && strncmp(name[i], typed, len) == 0) {
            starts = name[i];
            n_start++;
        }
        const size_t own = strlen(name[i]);
        if (own >= 3 && strncmp(typed, name[i], own) == 0) start_of = name[i];
        const int d = distance(typed, name[i]);
        if (d < best_distance) {
            best_distance = d;
            best = name[i];
        }
    }
    if (n_start == 1) return starts;
    if (best_distance <= 1 + (int)len / 4) return best;
    return start_of; /* "output" for "out" */
}

/* ---- values ---- */

static wu_code bad_number(const wu_opt *o, const char *text, wu_err *err) {
    const char *what = o->kind == WU_OPT_INT ? "an integer" : "a number";
    const int digits = o->kind == WU_OPT_INT ? 15 : 6;
    if (o->lo == 0 && o->hi == 0)
        return wu_fail(err, WU_EARG, "--%s: \"%s\" is not %s", o->name, text, what);
    if (isinf(o->hi) || o->hi >= 9e15)
        return wu_fail(err, WU_EARG, "--%s: \"%s\" is not %s of at least %.*g", o->name, text, what,
                       digits, o->lo);
    return wu_fail(err, WU_EARG, "--%s: \"%s\" is not %s from %.*g to %.*g", o->name, text, what,
                   digits, o->lo, digits, o->hi);
}

static wu_code set_int(const wu_opt *o, int64_t *out, const char *text, wu_err *err) {
    char *end;
    errno = 0;
    const long long v = strtoll(text, &end, 10);
    const bool any = o->lo == 0 && o->hi == 0;
    if (end == text || *end || errno || (!any && ((double)v < o->lo || (double)v > o->hi)))
        return bad_number(o, text, err);
    *out = v;
    return WU_OK;
}

static wu_code set_real(const wu_opt *o, double *out, const char *text, wu_err *err) {
    char *end;
    const double v = strtod(text, &end);
    const bool any = o->lo == 0 && o->hi == 0;
    if (end == text || *end || !isfinite(v) || (!any && (v < o->lo || v > o->hi)))
        return bad_number(o, text, err);
    *out = v;
    return WU_OK;
}

static wu_code set_choice(const wu_opt *o, const char **out, const char *text, wu_err *err) {
    const wu_str want = wu_str_of(text);
    wu_str c;
    for (int i = 0; (c = wu_opt_choice(o->choices, i)).n; i++) {
        if (wu_str_eq(c, want)) {
            *out = text;
            return WU_OK;
        }
    }
    return wu_fail(err, WU_EARG, "--%s: \"%s\" is not one of %s", o->name, text, o->choices);
}

/* text is ignored for flags; on is what a flag becomes. */
static wu_code set(const wu_opt *o, void *options, const char *text, bool on, wu_err *err) {
    void *at = (char *)options + o->offset;
    switch (o->kind) {
    case WU_OPT_FLAG:
    case WU_OPT_BOOL:
        *(bool *)at = on;
        return WU_OK;
    case WU_OPT_INT:
        return set_int(o, at, text, err);
    case WU_OPT_REAL:
        return set_real(o, at, text, err);
    case WU_OPT_CHOICE:
        return set_choice(o, at, text, err);
    case WU_OPT_TEXT:
        *(const char **)at = text;
        return WU_OK;
    }
    return wu_fail(err, WU_EBUG, "--%s: kind %d", o->name, (int)o->kind);
}

static wu_code set_fallbacks(const wu_cmd *cmd, void *options, wu_err *err) {
    const wu_opt *o;
    memset(options, 0, cmd->size);
    for (int i = 0; (o = wu_opt_at(cmd, i)); i++) {
        if (!o->fallback) continue;
        const wu_code rc = set(o, options, o->fallback, strcmp(o->fallback, "true") == 0, err);
        if (rc) return rc;
    }
    return WU_OK;
}

/* ---- the command line ---- */

typedef struct parse {
    const wu_cmd *cmd;
    struct option longs[OPTIONS_MAX];
    char shorts[OPTIONS_MAX + 4];
    char no_name[OPTIONS_MAX][NAME_MAX_BYTES]; /* "no-x" of every WU_OPT_BOOL */
    int n_long;
    bool seen[OPTIONS_MAX];
} parse;

static void add_long(parse *p, const char *name, int has_arg, int val) {
    WU_ASSERT(p->n_long < OPTIONS_MAX - 1);
    p->longs[p->n_long++] = (struct option){name, has_arg, NULL, val};
}

static void parse_tables(parse *p, const wu_cmd *cmd) {
    const wu_opt *o;
    size_t s = 0;
    memset(p, 0, sizeof(*p));
    p->cmd = cmd;
    p->shorts[s++] = '+'; /* stop at the first positional argument; we go on from there */
    p->shorts[s++] = ':'; /* tell a missing value from an unknown letter */
    p->shorts[s++] = 'h';
    add_long(p, "help", no_argument, 'h');
    for (int i = 0; (o = wu_opt_at(cmd, i)); i++) {
        const bool flag = o->kind == WU_OPT_FLAG || o->kind == WU_OPT_BOOL;
        add_long(p, o->name, flag ? no_argument : required_argument, LONG_FORM + i);
        if (o->kind == WU_OPT_BOOL) {
            char *no = p->no_name[i];
            WU_ASSERT(strlen(o->name) + 4 < NAME_MAX_BYTES);
            snprintf(no, NAME_MAX_BYTES, "no-%s", o->name);
            add_long(p, no, no_argument, NO_FORM + i);
        }
        if (o->letter) {
            WU_ASSERT(s + 3 < sizeof(p->shorts));
            p->shorts[s++] = o->letter;
            if (!flag) p->shorts[s++] = ':';
        }
    }
}

static wu_code unknown_flag(const parse *p, const char *typed, const char *dashes, wu_err *err) {
    const char *name[OPTIONS_MAX];
    for (int i = 0; i < p->n_long; i++) name[i] = p->longs[i].name;
    const char *near = wu_opt_nearest(typed, name, p->n_long);
    if (near)
        return wu_fail(err, WU_EARG, "%s: unknown flag %s%s; did you mean --%s?", p->cmd->name,
                       dashes, typed, near);
    return wu_fail(err, WU_EARG, "%s: unknown flag %s%s; see wrapup help %s", p->cmd->name, dashes,
                   typed, p->cmd->name);
}

/* getopt_long takes abbreviations; here a flag has to be written in full. */
static wu_code check_full(const parse *p, const char *arg, wu_err *err) {
    char typed[NAME_MAX_BYTES + 1];
    const char *dashes = arg[0] == '-' && arg[1] == '-' ? "--" : "-";
    if (arg[0] != '-' || !arg[1] || (arg[1] == '-' && !arg[2])) return WU_OK;
    const char *name = arg + strlen(dashes);
    const size_t n = WU_MIN(strcspn(name, "="), sizeof(typed) - 1);
    memcpy(typed, name, n);
    typed[n] = 0;
    bool known = false;
    for (int i = 0; i < p->n_long; i++) known = known || strcmp(p->longs[i].name, typed) == 0;
    if (dashes[1]) return known ? WU_OK : unknown_flag(p, typed, dashes, err);
    if (known && n > 1) return unknown_flag(p, typed, dashes, err); /* -model for --model */
    return WU_OK;
}

/* The number of the option that getopt's answer means, or -1. */
static int option_of(const wu_cmd *cmd, int c) {
    const wu_opt *o;
    if (c >= NO_FORM) return c - NO_FORM;
    if (c >= LONG_FORM) return c - LONG_FORM;
    for (int i = 0; (o = wu_opt_at(cmd, i)); i++)
        if (o->letter == c) return i;
    return -1;
}

/* Handles what getopt returned; arg is the word it was reading. */
static wu_code one(parse *p, int c, void *options, bool *help, const char *arg, wu_err *err) {
    const char *cmd = p->cmd->name;
    if (c == 'h') {
        *help = true;
        return WU_OK;
    }
    if (c == ':') return wu_fail(err, WU_EARG, "%s: %s needs a value", cmd, arg);
    if (c == '?' && strncmp(arg, "--", 2) == 0)
        return wu_fail(err, WU_EARG, "%s: %.*s takes no value", cmd, (int)strcspn(arg, "="), arg);
    if (c == '?')
        return wu_fail(err, WU_EARG, "%s: unknown flag -%c; see wrapup help %s", cmd, optopt, cmd);
    const int index = option_of(p->cmd, c);
    WU_ASSERT(index >= 0 && index < OPTIONS_MAX);
    p->seen[index] = true;
    const wu_code rc = set(wu_opt_at(p->cmd, index), options, optarg, c < NO_FORM, err);
    return rc ? wu_fail_in(err, rc, "%s", cmd) : WU_OK;
}

/* All flags; positional arguments go to the front of argv. */
static wu_code words(parse *p, void *options, int argc, char **argv, int *n_arg, bool *help,
                     wu_err *err) {
    opterr = 0;
    optind = 0; /* glibc: begin anew, also in the middle of "-abc" */
    while (WU_MAX(optind, 1) < argc) {
        char *arg = argv[WU_MAX(optind, 1)];
        const wu_code bad = check_full(p, arg, err);
        if (bad) return bad;
        const int c = getopt_long(argc, argv, p->shorts, p->longs, NULL);
        if (c != -1) {
            const wu_code rc = one(p, c, options, help, arg, err);
            if (rc) return rc;
        } else if (strcmp(arg, "--") == 0) {
            while (optind < argc) argv[(*n_arg)++] = argv[optind++];
        } else {
            argv[(*n_arg)++] = argv[optind++];
        }
    }
    return WU_OK;
}

static wu_code check_complete(const parse *p, int n_arg, char **argv, wu_err *err) {
    const wu_cmd *cmd = p->cmd;
    const wu_opt *o;
    for (int i = 0; (o = wu_opt_at(cmd, i)); i++) {
        if (o->required && !p->seen[i])
            return wu_fail(err, WU_EARG, "%s: --%s %s is missing; see wrapup help %s", cmd->name,
                           o->name, o->value, cmd->name);
    }
    if (cmd->max_args >= 0 && n_arg > cmd->max_args)
        return wu_fail(err, WU_EARG, "%s: unexpected argument \"%s\"; see wrapup help %s",
                       cmd->name, argv[cmd->max_args], cmd->name);
    if (n_arg < cmd->min_args)
        return wu_fail(err, WU_EARG, "%s: %s is missing; see wrapup help %s", cmd->name,
                       cmd->arguments, cmd->name);
    return WU_OK;
}

wu_code wu_opt_parse(const wu_cmd *cmd, void *options, int argc, char **argv, int *n_arg,
                     bool *done, wu_err *err) {
    parse p;
    bool help = false;
    *n_arg = 0;
    *done = false;
    parse_tables(&p, cmd);
    wu_code rc = set_fallbacks(cmd, options, err);
    if (rc) return rc;
    if ((rc = words(&p, options, argc, argv, n_arg, &help, err))) return rc;
    if (!help) return check_complete(&p, *n_arg, argv, err);

    wu_buf text = {0};
    rc = wu_opt_help(&text, cmd);
    if (rc)
        wu_fail(err, rc, "%s: out of memory", cmd->name);
    else
        fputs(text.p, stdout);
    wu_buf_free(&text);
    *done = !rc;
    return rc;
}
