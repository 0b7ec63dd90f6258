/* The option table: values, defaults, positional arguments, refusals and their suggestions. */
#include "base/compiler.h"
#include "cli/opt.h"
#include "near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    wu_common common;
    int64_t iters;
    double rate;
    bool mask, fast;
    const char *model, *kind;
} options;

static const wu_opt table[] = {
    {"iters", 0, WU_OPT_INT, offsetof(options, iters), "N", "1000", NULL, 1, 1e6, false, "Steps."},
    {"rate", 'r', WU_OPT_REAL, offsetof(options, rate), "R", "1e-5", NULL, 0, 1, false, "Rate."},
    {"mask", 0, WU_OPT_BOOL, offsetof(options, mask), NULL, "true", NULL, 0, 0, false, "Mask."},
    {"fast", 'f', WU_OPT_FLAG, offsetof(options, fast), NULL, NULL, NULL, 0, 0, false, "Fast."},
    {"model", 'm', WU_OPT_TEXT, offsetof(options, model), "PATH", NULL, NULL, 0, 0, true, "Model."},
    {"kind", 0, WU_OPT_CHOICE, offsetof(options, kind), "K", "a", "a|bb|c", 0, 0, false, "Kind."},
};

static int run(const void *o, int n, char **arg, wu_err *err) {
    (void)o;
    (void)n;
    (void)arg;
    (void)err;
    return 0;
}

static const wu_cmd cmd = {.name = "test",
                           .summary = "Test the table",
                           .arguments = "[FILE...]",
                           .max_args = 2,
                           .about = "First paragraph.\n\n  kept   as it is\n\n.second's - \\ one",
                           .example = "  wrapup test -m x\n",
                           .opt = table,
                           .n_opt = (int)WU_LEN(table),
                           .size = sizeof(options),
                           .run = run};

/* Parses a line of words; the pointers in *o live until the next call. */
static wu_code parse(const char *line, options *o, int *n_arg, char **argv, wu_err *err) {
    static char text[512];
    int argc = 0;
    bool done;
    snprintf(text, sizeof(text), "test %s", line);
    for (char *save = NULL, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    argv[argc] = NULL;
    return wu_opt_parse(&cmd, o, argc, argv, n_arg, &done, err);
}

static void check_refused(const char *line, const char *message) {
    options o;
    wu_err err = {0};
    char *argv[32];
    int n_arg;
    assert_int_equal(parse(line, &o, &n_arg, argv, &err), WU_EARG);
    assert_string_equal(err.msg, message);
}

static void defaults_are_parsed_like_the_users(void **state) {
    (void)state;
    options o;
    wu_err err = {0};
    char *argv[32];
    int n_arg;
    CHECK_OK(parse("-m x", &o, &n_arg, argv, &err), err);
    assert_int_equal(o.iters, 1000);
    CHECK_NEAR(o.rate, 1e-5, 0.0);
    assert_true(o.mask);
    assert_false(o.fast);
    assert_string_equal(o.model, "x");
    assert_string_equal(o.kind, "a");
    assert_int_equal(o.common.threads, 0);
    assert_null(o.common.cpu);
    assert_int_equal(n_arg, 0);
}

static void flags_and_arguments_mix(void **state) {
    (void)state;
    options o;
    wu_err err = {0};
    char *argv[32];
    int n_arg;
    CHECK_OK(parse("one --iters 7 -fqr 0.5 --no-mask two --model=x --kind bb --threads 2", &o,
                   &n_arg, argv, &err),
             err);
    assert_int_equal(n_arg, 2);
    assert_string_equal(argv[0], "one");
    assert_string_equal(argv[1], "two");
    assert_int_equal(o.iters, 7);
    CHECK_NEAR(o.rate, 0.5, 0.0);
    assert_false(o.mask);
    assert_true(o.fast);
    assert_true(o.common.quiet);
    assert_string_equal(o.kind, "bb");
    assert_int_equal(o.common.threads, 2);
}

static void after_two_dashes_all_are_arguments(void **state) {
    (void)state;
    options o;
    wu_err err = {0};
    char *argv[32];
    int n_arg;
    CHECK_OK(parse("-m x -- --iters -", &o, &n_arg, argv, &err), err);
    assert_int_equal(n_arg, 2);
    assert_string_equal(argv[0], "--iters");
    assert_string_equal(argv[1], "-");
    CHECK_OK(parse("-m x -", &o, &n_arg, argv, &err), err);
    assert_int_equal(n_arg, 1);
    assert_string_equal(argv[0], "-");
}

static void unknown_flags_are_refused_with_a_guess(void **state) {
    (void)state;
    check_refused("--itres 3", "test: unknown flag --itres; did you mean --iters?");
    check_refused("--iter 3", "test: unknown flag --iter; did you mean --iters?");
    check_refused("--it=3", "test: unknown flag --it; did you mean --iters?");
    check_refused("--wibble", "test: unknown flag --wibble; see wrapup help test");
    check_refused("-model x", "test: unknown flag -model; did you mean --model?");
    check_refused("--no-fast", "test: unknown flag --no-fast; did you mean --no-mask?");
    check_refused("-z", "test: unknown flag -z; see wrapup help test");
    check_refused("--no-mas", "test: unknown flag --no-mas; did you mean --no-mask?");
}

static void bad_values_name_the_flag_and_the_range(void **state) {
    (void)state;
    check_refused("--iters abc", "test: --iters: \"abc\" is not an integer from 1 to 1000000");
    check_refused("--iters 0", "test: --iters: \"0\" is not an integer from 1 to 1000000");
    check_refused("--iters 99999999999999999999",
                  "test: --iters: \"99999999999999999999\" is not an integer from 1 to 1000000");
    check_refused("--iters 1.5", "test: --iters: \"1.5\" is not an integer from 1 to 1000000");
    check_refused("--rate nan", "test: --rate: \"nan\" is not a number from 0 to 1");
    check_refused("--rate 2", "test: --rate: \"2\" is not a number from 0 to 1");
    check_refused("--kind b", "test: --kind: \"b\" is not one of a|bb|c");
    check_refused("-m x --iters", "test: --iters needs a value");
    check_refused("-m x -r", "test: -r needs a value");
    check_refused("--fast=1", "test: --fast takes no value");
}

static void what_is_missing_or_too_much_is_said(void **state) {
    (void)state;
    check_refused("", "test: --model PATH is missing; see wrapup help test");
    check_refused("-m x a b c", "test: unexpected argument \"c\"; see wrapup help test");
}

static void help_names_every_option_with_its_default(void **state) {
    (void)state;
    wu_buf b = {0};
    assert_int_equal(wu_opt_help(&b, &cmd), WU_OK);
    assert_non_null(strstr(b.p, "Usage: wrapup test [OPTIONS] [FILE...]\n"));
    assert_non_null(strstr(b.p, "      --iters N             Steps. Default: 1000.\n"));
    assert_non_null(strstr(b.p, "      --[no-]mask           Mask. Default: yes.\n"));
    assert_non_null(strstr(b.p, "  -m, --model PATH          Model. Required.\n"));
    assert_non_null(strstr(b.p, "Kind. One of a, bb, c. Default: a.\n"));
    assert_non_null(strstr(b.p, "\n  kept   as it is\n"));
    for (const char *p = b.p; *p;) {
        const size_t n = strcspn(p, "\n");
        assert_true(n <= 90);
        p += n + (p[n] != 0);
    }
    wu_buf_free(&b);
}

static void the_manual_page_has_no_stray_requests(void **state) {
    (void)state;
    static const char *const known[] = {".TH", ".SH", ".SS", ".TP", ".PP", ".nf", ".fi", ".B "};
    const wu_cmd *const list[] = {&cmd};
    wu_buf b = {0};
    assert_int_equal(wu_opt_man(&b, list, 1), WU_OK);
    assert_non_null(strstr(b.p, "\\&.second's \\- \\e one"));
    for (const char *p = b.p; *p;) {
        bool ok = *p != '\'' && *p != '.';
        for (int i = 0; i < (int)WU_LEN(known); i++) ok = ok || strncmp(p, known[i], 3) == 0;
        assert_true(ok);
        p += strcspn(p, "\n");
        p += *p != 0;
    }
    wu_buf_free(&b);
}

static void completion_knows_three_shells(void **state) {
    (void)state;
    const wu_cmd *const list[] = {&cmd};
    wu_buf b = {0};
    assert_int_equal(wu_opt_completion(&b, list, 1, "bash"), WU_OK);
    assert_non_null(strstr(b.p, "--no-mask"));
    assert_non_null(strstr(b.p, "--kind) words='a bb c' ;;"));
    wu_buf_clear(&b);
    assert_int_equal(wu_opt_completion(&b, list, 1, "zsh"), WU_OK);
    wu_buf_clear(&b);
    assert_int_equal(wu_opt_completion(&b, list, 1, "fish"), WU_OK);
    assert_int_equal(wu_opt_completion(&b, list, 1, "tcsh"), WU_EARG);
    wu_buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_parsed_like_the_users),
        cmocka_unit_test(flags_and_arguments_mix),
        cmocka_unit_test(after_two_dashes_all_are_arguments),
        cmocka_unit_test(unknown_flags_are_refused_with_a_guess),
        cmocka_unit_test(bad_values_name_the_flag_and_the_range),
        cmocka_unit_test(what_is_missing_or_too_much_is_said),
        cmocka_unit_test(help_names_every_option_with_its_default),
        cmocka_unit_test(the_manual_page_has_no_stray_requests),
        cmocka_unit_test(completion_knows_three_shells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
