/* main.c - finds the command, hands it its options, reports what went wrong.
 *
 * Results go to standard output, everything else to standard error. */
#include "base/compiler.h"
#include "base/log.h"
#include "cli/opt.h"
#include "cli/opt_impl.h"
#include "kernels/compute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 64 };

static int report(const wu_err *err, wu_code rc) {
    if (err->msg[0]) fprintf(stderr, "wrapup: %s\n", err->msg);
    return wu_exit_code(rc);
}

static const wu_cmd *find_command(const char *name) {
    for (int i = 0; i < wu_n_command; i++)
        if (strcmp(wu_commands[i]->name, name) == 0) return wu_commands[i];
    return NULL;
}

static int unknown_command(const char *typed) {
    const char *name[NAMES_MAX];
    int n = 0;
    for (int i = 0; i < wu_n_command && n < NAMES_MAX; i++) name[n++] = wu_commands[i]->name;
    for (int i = 0; i < wu_n_builtin && n < NAMES_MAX; i++) name[n++] = wu_builtins[i].name;
    const char *near = wu_opt_nearest(typed, name, n);
    if (near)
        fprintf(stderr, "wrapup: unknown command \"%s\"; did you mean %s?\n", typed, near);
    else
        fprintf(stderr, "wrapup: unknown command \"%s\"; see wrapup --help\n", typed);
    return wu_exit_code(WU_EARG);
}

/* Prints and frees text that a maker returned with rc. */
static int print_text(wu_buf *text, wu_code rc, FILE *to) {
    wu_err err = {0};
    if (rc)
        wu_fail(&err, rc, "out of memory");
    else
        fputs(text->p, to);
    wu_buf_free(text);
    return report(&err, rc);
}

static int print_help(const char *name) {
    wu_buf text = {0};
    if (!name) return print_text(&text, wu_opt_overview(&text, wu_commands, wu_n_command), stdout);
    const wu_cmd *cmd = find_command(name);
    if (cmd) return print_text(&text, wu_opt_help(&text, cmd), stdout);
    for (int i = 0; i < wu_n_builtin; i++) {
        const wu_builtin *b = &wu_builtins[i];
        if (strcmp(b->name, name) != 0) continue;
        printf("Usage: wrapup %s%s%s\n\n%s.\n", b->name, b->arguments ? " " : "",
               b->arguments ? b->arguments : "", b->summary);
        return 0;
    }
    return unknown_command(name);
}

/* The instruction set that makes bf16 products here. */
static const char *level_here(void) {
    const wu_compute_options o = {.n_thread = 1, .max_level = WU_N_LEVEL - 1};
    wu_compute *c = NULL;
    if (wu_compute_create(&c, &o, NULL)) return "unknown";
    const char *name = wu_level_name(wu_compute_report(c)->bf16);
    wu_compute_free(c);
    return name;
}

static int print_version(void) {
#if defined(__clang__)
    const char *compiler = "clang " __clang_version__;
#else
    const char *compiler = "gcc " __VERSION__;
#endif
#if defined(__x86_64__)
    const char *machine = "x86_64";
#elif defined(__aarch64__)
    const char *machine = "aarch64";
#else
    const char *machine = "other";
#endif
#if defined(__SANITIZE_ADDRESS__)
    const char *checked = ", address sanitizer";
#elif defined(__SANITIZE_THREAD__)
    const char *checked = ", thread sanitizer";
#else
    const char *checked = "";
#endif
#ifdef __OPTIMIZE__
    const char *optimized = "optimized";
#else
    const char *optimized = "not optimized";
#endif
    printf("wrapup %s (%s, %s, %s%s; level %s)\n", WU_VERSION, machine, compiler, optimized,
           checked, level_here());
    return 0;
}

static int print_completion(int argc, char **argv) {
    wu_buf text = {0};
    if (argc != 3) {
        fprintf(stderr, "wrapup: completion needs one of bash, zsh, fish\n");
        return wu_exit_code(WU_EARG);
    }
    const wu_code rc = wu_opt_completion(&text, wu_commands, wu_n_command, argv[2]);
    if (rc == WU_EARG) {
        fprintf(stderr, "wrapup: completion: \"%s\" is not one of bash, zsh, fish\n", argv[2]);
        return wu_exit_code(rc);
    }
    return print_text(&text, rc, stdout);
}

static int print_man(void) {
    wu_buf text = {0};
    return print_text(&text, wu_opt_man(&text, wu_commands, wu_n_command), stdout);
}

static wu_code set_log_level(const wu_common *common, wu_err *err) {
    static const char *const word[] = {"error", "warn", "info", "debug"};
    const char *s = getenv("WRAPUP_LOG");
    if (common->quiet || common->verbose) {
        wu_log_set(common->verbose ? WU_LOG_DEBUG : WU_LOG_WARN);
        return WU_OK;
    }
    if (!s || !*s) return WU_OK;
    for (int i = 0; i < (int)WU_LEN(word); i++) {
        if (strcmp(s, word[i]) == 0) {
            wu_log_set((wu_log_level)i);
            return WU_OK;
        }
    }
    return wu_fail(err, WU_EARG, "WRAPUP_LOG: \"%s\" is not one of error, warn, info, debug", s);
}

/* argv[0] is the command's name. */
static int run_command(const wu_cmd *cmd, int argc, char **argv) {
    wu_err err = {0};
    int n_arg = 0, code = 0;
    bool done = false;
    wu_code rc = WU_OK;
    void *options = calloc(1, cmd->size);
    if (!options) return report(&err, wu_fail(&err, WU_ENOMEM, "out of memory"));
    if (!(rc = wu_opt_parse(cmd, options, argc, argv, &n_arg, &done, &err)) && !done)
        rc = set_log_level(options, &err);
    if (rc || done) {
        code = report(&err, rc);
    } else {
        code = cmd->run(options, n_arg, argv, &err);
        if (err.msg[0]) fprintf(stderr, "wrapup: %s\n", err.msg);
    }
    free(options);
    return code;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        wu_buf text = {0};
        print_text(&text, wu_opt_overview(&text, wu_commands, wu_n_command), stderr);
        return wu_exit_code(WU_EARG);
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return print_help(NULL);
    if (strcmp(word, "help") == 0) return print_help(argc > 2 ? argv[2] : NULL);
    if (strcmp(word, "--version") == 0) return print_version();
    if (strcmp(word, "completion") == 0) return print_completion(argc, argv);
    if (strcmp(word, "man") == 0) return print_man();
    const wu_cmd *cmd = find_command(word);
    if (cmd) return run_command(cmd, argc - 1, argv + 1);
    if (word[0] == '-') {
        fprintf(stderr, "wrapup: unknown flag %s before the command; see wrapup --help\n", word);
        return wu_exit_code(WU_EARG);
    }
    return unknown_command(word);
}

int main(int argc, char **argv) {
    const int code = dispatch(argc, argv);
    /* What was written counts only once it has left the buffer. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == 0) {
        fprintf(stderr, "wrapup: standard output: cannot write\n");
        return wu_exit_code(WU_EIO);
    }
    return code;
}
