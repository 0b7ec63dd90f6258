/* JSON: what is rejected, what getters say, and what is written. */
#include "base/file.h"
#include "near.h"
#include "text/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static wu_json *parse(const char *text) {
    wu_json *j = NULL;
    wu_err err = {0};

    CHECK_OK(wu_json_parse(&j, wu_str_of(text), "test.json", WU_EFORMAT, &err), err);
    return j;
}

static void rejects(const char *text, size_t n, const char *said) {
    wu_json *j = (wu_json *)&j;
    wu_err err = {0};

    assert_int_equal(wu_json_parse(&j, (wu_str){text, n}, "bad.json", WU_EDATA, &err), WU_EDATA);
    assert_null(j);
    assert_int_equal(err.code, WU_EDATA);
    assert_true(strncmp(err.msg, "bad.json: line ", 15) == 0);
    if (!strstr(err.msg, said)) fail_msg("\"%s\" does not say \"%s\"", err.msg, said);
}

#define REJECTS(text, said) rejects(text, sizeof(text) - 1, said)

static void what_is_not_json_is_rejected_with_its_place(void **state) {
    (void)state;
    REJECTS("", "line 1");
    REJECTS("{\"a\": 1,\n \"b\" 2}", "line 2, column");
    REJECTS("{\"a\": 1} x", "end of file");
    REJECTS("{\"a\": 1, \"a\": 2}", "duplicate");
    REJECTS("\"\xFF\"", "unable to decode byte 0xff");
    REJECTS("\"a\\u0000b\"", "NUL");
    REJECTS("{\"a\0b\": 1}", "control character");
    REJECTS("NaN", "");
    REJECTS("1e999", "overflow");
    REJECTS("\"\\uD800\"", "");
}

static void integers_too_big_for_64_bits_become_reals(void **state) {
    (void)state;
    wu_json *j =
        parse("{\"n\": 7, \"s\": \"1000000000000000000000 \\\"2\", \"e\": 1.00000000000000000001e5,"
              " \"max\": 1000000000000000019884624838656, \"low\": -99999999999999999999}");
    assert_int_equal(wu_json_int(wu_json_get(j, "n")), 7);
    assert_true(wu_str_eq(wu_json_str(wu_json_get(j, "s")), WU_STR("1000000000000000000000 \"2")));
    CHECK_NEAR(wu_json_real(wu_json_get(j, "e")), 1e5, 1e-12);
    CHECK_NEAR(wu_json_real(wu_json_get(j, "max")), 1e30, 1e-12);
    CHECK_NEAR(wu_json_real(wu_json_get(j, "low")), -1e20, 1e-12);
    wu_json_free(j);
}

static void deep_nesting_is_an_error(void **state) {
    enum { DEEP = 100000 };
    char *text = malloc(DEEP);
    wu_json *j;
    (void)state;

    assert_non_null(text);
    memset(text, '[', DEEP);
    assert_int_equal(wu_json_parse(&j, (wu_str){text, DEEP}, "deep", WU_EDATA, NULL), WU_EDATA);
    free(text);
}

static void views_are_total(void **state) {
    wu_json *j =
        parse("{\"s\": \"x\\ty\", \"i\": -5, \"r\": 2.5, \"t\": true, \"n\": null, \"a\": [1, 2]}");
    (void)state;

    assert_int_equal(wu_json_type(j), WU_JSON_OBJECT);
    assert_int_equal(wu_json_size(j), 6);
    assert_true(wu_str_eq(wu_json_str(wu_json_get(j, "s")), WU_STR("x\ty")));
    assert_int_equal(wu_json_int(wu_json_get(j, "i")), -5);
    assert_true(wu_json_real(wu_json_get(j, "r")) == 2.5);
    assert_true(wu_json_real(wu_json_get(j, "i")) == -5.0);
    assert_true(wu_json_bool(wu_json_get(j, "t")));
    assert_int_equal(wu_json_type(wu_json_get(j, "n")), WU_JSON_NULL);
    assert_int_equal(wu_json_size(wu_json_get(j, "a")), 2);
    assert_int_equal(wu_json_int(wu_json_at(wu_json_get(j, "a"), 1)), 2);
    /* nothing of these is there */
    assert_null(wu_json_get(j, "x"));
    assert_null(wu_json_get(NULL, "x"));
    assert_null(wu_json_get(wu_json_get(j, "a"), "x"));
    assert_null(wu_json_at(wu_json_get(j, "a"), 2));
    assert_int_equal(wu_json_str(NULL).n, 0);
    assert_int_equal(wu_json_int(wu_json_get(j, "s")), 0);
    assert_false(wu_json_bool(NULL));
    assert_int_equal(wu_json_size(NULL), 0);
    assert_int_equal(wu_json_type(NULL), WU_JSON_NULL);
    assert_null(wu_json_first(NULL));
    wu_json_free(j);
    wu_json_free(NULL);
}

static void members_keep_the_order_of_the_file(void **state) {
    wu_json *j = parse("{\"z\": 1, \"a\": 2, \"m\": 3}");
    char order[8] = {0};
    int n = 0;
    (void)state;

    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it)) {
        assert_int_equal(wu_json_key(it).n, 1);
        order[n] = wu_json_key(it).p[0];
        assert_int_equal(wu_json_int(wu_json_value(it)), ++n);
    }
    assert_string_equal(order, "zam");
    wu_json_free(j);
}

/* ---- checked members ------------------------------------------------------------------------ */

#define SAYS(call, said)                                                                           \
    do {                                                                                           \
        wu_err err = {0};                                                                          \
        assert_int_equal(call, WU_EFORMAT);                                                        \
        assert_string_equal(err.msg, said);                                                        \
    } while (0)

static void getters_name_the_key_what_is_there_and_what_is_wanted(void **state) {
    wu_json *j = parse(
        "{\"s\": \"576\", \"i\": 70, \"r\": 2.5, \"o\": {}, \"a\": [1], \"b\": true, \"n\": null,"
        " \"long\": \"0123456789012345678901234567890123456789012345678901234567\xC3\xA9 and "
        "on\"}");
    const wu_json_in in = {j, "config.json", WU_EFORMAT};
    int64_t i;
    double r;
    wu_str s;
    bool b;
    (void)state;

    SAYS(wu_json_want_int(&in, "s", 0, 9, &i, &err), "config.json: s is \"576\", want an integer");
    SAYS(wu_json_want_int(&in, "r", 0, 9, &i, &err), "config.json: r is 2.5, want an integer");
    SAYS(wu_json_want_int(&in, "i", 0, 9, &i, &err),
         "config.json: i is 70, want an integer in [0,9]");
    SAYS(wu_json_want_int(&in, "x", 0, 9, &i, &err), "config.json: x is missing, want an integer");
    SAYS(wu_json_want_int(&in, "n", 0, 9, &i, &err), "config.json: n is null, want an integer");
    SAYS(wu_json_opt_int(&in, "o", 0, 9, &i, &err), "config.json: o is an object, want an integer");
    SAYS(wu_json_want_real(&in, "a", 0, 9, &r, &err), "config.json: a is an array, want a number");
    SAYS(wu_json_want_real(&in, "r", 0, 1, &r, &err),
         "config.json: r is 2.5, want a number in [0,1]");
    SAYS(wu_json_want_str(&in, "i", &s, &err), "config.json: i is 70, want a string");
    SAYS(wu_json_opt_str(&in, "b", &s, &err), "config.json: b is true, want a string");
    SAYS(wu_json_opt_bool(&in, "i", &b, &err), "config.json: i is 70, want true or false");
    SAYS(wu_json_want_int(&in, "long", 0, 9, &i, &err),
         "config.json: long is \"0123456789012345678901234567890123456789012345678901234567..., "
         "want an integer");
    wu_json_free(j);
}

static void good_members_are_taken_and_absent_ones_left_alone(void **state) {
    wu_json *j = parse("{\"s\": \"x\", \"i\": 70, \"r\": 2.5, \"b\": false, \"n\": null}");
    const wu_json_in in = {j, "config.json", WU_EFORMAT};
    wu_err err = {0};
    int64_t i = -1;
    double r = -1.0;
    wu_str s = {0};
    bool b = true;
    (void)state;

    CHECK_OK(wu_json_want_int(&in, "i", 70, 70, &i, &err), err);
    assert_int_equal(i, 70);
    CHECK_OK(wu_json_want_real(&in, "i", 0, 100, &r, &err), err); /* integers are numbers */
    assert_true(r == 70.0);
    CHECK_OK(wu_json_want_real(&in, "r", 0, 100, &r, &err), err);
    assert_true(r == 2.5);
    CHECK_OK(wu_json_want_str(&in, "s", &s, &err), err);
    assert_true(wu_str_eq(s, WU_STR("x")));
    CHECK_OK(wu_json_opt_bool(&in, "b", &b, &err), err);
    assert_false(b);

    CHECK_OK(wu_json_opt_int(&in, "absent", 0, 1, &i, &err), err);
    CHECK_OK(wu_json_opt_int(&in, "n", 0, 1, &i, &err), err);
    CHECK_OK(wu_json_opt_real(&in, "absent", 0, 1, &r, &err), err);
    CHECK_OK(wu_json_opt_str(&in, "n", &s, &err), err);
    CHECK_OK(wu_json_opt_bool(&in, "absent", &b, &err), err);
    assert_int_equal(i, 70);
    assert_true(r == 2.5);
    assert_int_equal(s.n, 1);
    wu_json_free(j);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void check_write(const char *in, wu_json_style style, const char *want) {
    wu_json *j = parse(in);
    wu_buf out = {0};

    assert_int_equal(wu_json_write(&out, j, style), WU_OK);
    assert_string_equal(out.p, want);
    wu_buf_free(&out);
    wu_json_free(j);
}

static void styles_are_those_of_python(void **state) {
    const char *in = "{\"b\": [1, 2.0, {}], \"a\": \"x\", \"e\": []}";
    (void)state;

    check_write(in, WU_JSON_COMPACT, "{\"b\":[1,2.0,{}],\"a\":\"x\",\"e\":[]}");
    check_write(in, WU_JSON_SPACED, "{\"b\": [1, 2.0, {}], \"a\": \"x\", \"e\": []}");
    check_write(in, WU_JSON_INDENT2,
                "{\n  \"b\": [\n    1,\n    2.0,\n    {}\n  ],\n  \"a\": \"x\",\n  \"e\": []\n}");
    check_write(in, WU_JSON_INDENT4_SORTED,
                "{\n    \"a\": \"x\",\n    \"b\": [\n        1,\n        2.0,\n        {}\n    "
                "],\n    \"e\": []\n}");
    check_write("null", WU_JSON_SPACED, "null");
}

static void strings_are_escaped_as_python_does(void **state) {
    (void)state;
    check_write("\"a\\\"b\\\\c\\/d\\n\\r\\t\\b\\f\\u0001\\u007f\xC3\xA9\\ud83d\\ude00\"",
                WU_JSON_COMPACT,
                "\"a\\\"b\\\\c/d\\n\\r\\t\\b\\f\\u0001\x7F\xC3\xA9\xF0\x9F\x98\x80\"");
}

/* Right-hand sides are Python's repr(). */
static void numbers_have_the_fewest_digits_that_read_back(void **state) {
    static const char *const cases[][2] = {{"0.0", "0.0"},
                                           {"-0.0", "-0.0"},
                                           {"0.1", "0.1"},
                                           {"20.0", "20.0"},
                                           {"1e-5", "1e-05"},
                                           {"0.0001", "0.0001"},
                                           {"0.00012", "0.00012"},
                                           {"12345.678", "12345.678"},
                                           {"1e15", "1000000000000000.0"},
                                           {"1e16", "1e+16"},
                                           {"1.5e300", "1.5e+300"},
                                           {"1e22", "1e+22"},
                                           {"5e-324", "5e-324"},
                                           {"123456789012345680.0", "1.2345678901234568e+17"},
                                           {"0.30000000000000004", "0.30000000000000004"},
                                           {"-2.5e-7", "-2.5e-07"},
                                           {"9007199254740993.0", "9007199254740992.0"},
                                           {"-17", "-17"},
                                           {"9223372036854775807", "9223372036854775807"},
                                           {"1.7976931348623157e308", "1.7976931348623157e+308"}};
    (void)state;

    for (size_t i = 0; i < WU_LEN(cases); i++)
        check_write(cases[i][0], WU_JSON_COMPACT, cases[i][1]);
}

static void trees_can_be_built(void **state) {
    wu_json *o = wu_json_new_object(), *a = wu_json_new_array(), *copy;
    wu_buf out = {0};
    (void)state;

    assert_int_equal(wu_json_push(a, wu_json_new_int(1)), WU_OK);
    assert_int_equal(wu_json_push(a, wu_json_new_bool(true)), WU_OK);
    assert_int_equal(wu_json_push(a, wu_json_new_null()), WU_OK);
    assert_int_equal(wu_json_set(o, "z", a), WU_OK);
    assert_int_equal(wu_json_set(o, "a", wu_json_new_str(WU_STR("s"))), WU_OK);
    assert_int_equal(wu_json_set(o, "r", wu_json_new_real(0.5)), WU_OK);
    copy = wu_json_copy(o);
    wu_json_free(o);
    assert_int_equal(wu_json_write(&out, copy, WU_JSON_SPACED), WU_OK);
    assert_string_equal(out.p, "{\"z\": [1, true, null], \"a\": \"s\", \"r\": 0.5}");
    assert_null(wu_json_new_str(WU_STR("\xFF")));
    assert_int_equal(wu_json_set(copy, "x", NULL), WU_ENOMEM); /* what a failed constructor gives */
    assert_int_equal(wu_json_push(copy, wu_json_new_int(1)),
                     WU_ENOMEM); /* not an array; still taken over */
    wu_buf_free(&out);
    wu_json_free(copy);
}

static void a_full_buffer_is_left_as_it_was(void **state) {
    wu_json *j = parse("[1, 2, 3, \"a long text that does not fit into the rest\"]");
    wu_buf out = {.limit = 20};
    (void)state;

    assert_int_equal(wu_buf_str(&out, "before"), WU_OK);
    assert_int_equal(wu_json_write(&out, j, WU_JSON_COMPACT), WU_ENOMEM);
    assert_string_equal(out.p, "before");
    assert_int_equal(out.n, 6);
    wu_buf_free(&out);
    wu_json_free(j);
}

static void files_are_read_within_a_limit(void **state) {
    char path[] = "/tmp/wu-test-json-XXXXXX";
    const int fd = mkstemp(path);
    wu_json *j;
    wu_err err = {0};
    (void)state;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"a\":1}", 7), 7);
    close(fd);
    CHECK_OK(wu_json_read_file(&j, path, 7, WU_EFORMAT, &err), err);
    assert_int_equal(wu_json_int(wu_json_get(j, "a")), 1);
    wu_json_free(j);
    assert_int_equal(wu_json_read_file(&j, path, 6, WU_EFORMAT, &err), WU_ENOMEM);
    assert_null(j);
    unlink(path);
    assert_int_equal(wu_json_read_file(&j, path, 7, WU_EFORMAT, &err), WU_EIO);
    assert_null(j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_json_is_rejected_with_its_place),
        cmocka_unit_test(integers_too_big_for_64_bits_become_reals),
        cmocka_unit_test(deep_nesting_is_an_error),
        cmocka_unit_test(views_are_total),
        cmocka_unit_test(members_keep_the_order_of_the_file),
        cmocka_unit_test(getters_name_the_key_what_is_there_and_what_is_wanted),
        cmocka_unit_test(good_members_are_taken_and_absent_ones_left_alone),
        cmocka_unit_test(styles_are_those_of_python),
        cmocka_unit_test(strings_are_escaped_as_python_does),
        cmocka_unit_test(numbers_have_the_fewest_digits_that_read_back),
        cmocka_unit_test(trees_can_be_built),
        cmocka_unit_test(a_full_buffer_is_left_as_it_was),
        cmocka_unit_test(files_are_read_within_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
