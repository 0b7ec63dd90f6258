/* Patterns: matches in order, groups, limits, errors. */
#include "near.h"
#include "text/regex.h"

#include <stdlib.h>
#include <string.h>

/* All matches of the pattern, each in [], joined. */
static void check_matches(const char *pattern, unsigned flags, const char *text, const char *want) {
    wu_regex *re = NULL;
    wu_scan *s = NULL;
    wu_err err = {0};
    wu_buf got = {0};
    bool found;

    CHECK_OK(wu_regex_create(&re, pattern, flags, &err), err);
    CHECK_OK(wu_scan_create(&s, re, &err), err);
    CHECK_OK(wu_scan_text(s, wu_str_of(text), &err), err);
    for (;;) {
        CHECK_OK(wu_scan_next(s, &found, &err), err);
        if (!found) break;
        const wu_span m = wu_scan_group(s, 0);
        assert_int_equal(wu_buf_fmt(&got, "[%.*s]", (int)(m.end - m.start), text + m.start), WU_OK);
    }
    CHECK_OK(wu_scan_next(s, &found, &err), err); /* the end stays the end */
    assert_false(found);
    assert_string_equal(got.p ? got.p : "", want);
    wu_buf_free(&got);
    wu_scan_free(s);
    wu_regex_free(re);
}

static void matches_come_in_order(void **state) {
    (void)state;
    check_matches("\\d+", 0, "a1bb22ccc333", "[1][22][333]");
    check_matches("x", 0, "abc", "");
    check_matches("x", 0, "", "");
    check_matches("AGENT", WU_REGEX_CASELESS, "agent Agent", "[agent][Agent]");
    check_matches("^\\w+", WU_REGEX_MULTILINE, "one 1\ntwo 2", "[one][two]");
    check_matches("^\\w+", 0, "one 1\ntwo 2", "[one]");
    check_matches("\\p{Lu}", 0, "a\xC3\x89z", "[\xC3\x89]");
}

static void empty_matches_move_on_by_whole_characters(void **state) {
    (void)state;
    check_matches("x*", 0, "a\xE2\x82\xACx", "[][][x][]");
    check_matches("", 0, "", "[]");
}

static void groups_have_places_and_names(void **state) {
    wu_regex *re = NULL;
    wu_scan *s = NULL;
    wu_err err = {0};
    bool found;
    (void)state;

    CHECK_OK(wu_regex_create(&re, "(?<who>Agent|Customer)(x)?: (.*)", 0, &err), err);
    CHECK_OK(wu_scan_create(&s, re, &err), err);
    CHECK_OK(wu_scan_next(s, &found, &err), err); /* no text yet */
    assert_false(found);
    CHECK_OK(wu_scan_text(s, WU_STR("  Agent: hi"), &err), err);
    CHECK_OK(wu_scan_next(s, &found, &err), err);
    assert_true(found);
    assert_int_equal(wu_scan_named(s, "who"), 1);
    assert_int_equal(wu_scan_named(s, "nobody"), -1);
    assert_int_equal(wu_scan_group(s, 1).start, 2);
    assert_int_equal(wu_scan_group(s, 1).end, 7);
    assert_true(wu_scan_group(s, 2).start == SIZE_MAX); /* took no part */
    assert_int_equal(wu_scan_group(s, 3).start, 9);
    assert_true(wu_scan_group(s, 4).start == SIZE_MAX); /* there is none */
    assert_true(wu_scan_group(s, -1).start == SIZE_MAX);
    wu_scan_free(s);
    wu_regex_free(re);
}

static void what_is_wrong_is_said(void **state) {
    wu_regex *re = NULL;
    wu_scan *s = NULL;
    wu_err err = {0};
    bool found = true;
    (void)state;

    assert_int_equal(wu_regex_create(&re, "a(b", 0, &err), WU_EARG);
    assert_null(re);
    assert_non_null(strstr(err.msg, "a(b"));
    assert_non_null(strstr(err.msg, "offset 3"));

    CHECK_OK(wu_regex_create(&re, "a", 0, &err), err);
    CHECK_OK(wu_scan_create(&s, re, &err), err);
    assert_int_equal(wu_scan_text(s, WU_STR("a\xFF"), &err), WU_EDATA);
    CHECK_OK(wu_scan_next(s, &found, &err), err);
    assert_false(found);
    wu_scan_free(s);
    wu_regex_free(re);
}

/* Exponential backtracking ends by the limit, as an error. */
static void hopeless_patterns_end(void **state) {
    char text[64];
    wu_regex *re = NULL;
    wu_scan *s = NULL;
    wu_err err = {0};
    bool found;
    (void)state;

    memset(text, 'a', sizeof(text));
    CHECK_OK(wu_regex_create(&re, "^(a+)+(?<!a)b?$", 0, &err), err);
    CHECK_OK(wu_scan_create(&s, re, &err), err);
    CHECK_OK(wu_scan_text(s, (wu_str){text, sizeof(text)}, &err), err);
    assert_int_equal(wu_scan_next(s, &found, &err), WU_ENOMEM);
    assert_false(found);
    wu_scan_free(s);
    wu_regex_free(re);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_come_in_order),
        cmocka_unit_test(empty_matches_move_on_by_whole_characters),
        cmocka_unit_test(groups_have_places_and_names),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(hopeless_patterns_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
