/* Tables: those built in, a user's own, and what is wrong in one. */
#include "contact/table.h"

#include "base/dir.h"
#include "base/file.h"

#include "near.h"

#include <stdlib.h>
#include <string.h>

static char root[] = "/tmp/wu-table-XXXXXX";

static int make(void **state) {
    (void)state;
    return !mkdtemp(root);
}

static int drop(void **state) {
    (void)state;
    return wu_remove_tree(root, NULL) != WU_OK;
}

static void put(const char *text) {
    char path[256];
    wu_err err = {0};
    assert_int_equal(wu_path_join(path, sizeof(path), root, "t.txt", NULL), WU_OK);
    CHECK_OK(wu_write_file(path, text, strlen(text), &err), err);
}

static void sections_and_lines(void **state) {
    (void)state;
    wu_table t;
    wu_err err = {0};
    wu_str key, value;
    put("# comment\n\n== one\n  first line \nkey: value: more\r\n== empty\n==  two\n# no\nlast");
    CHECK_OK(wu_table_read(&t, root, "t.txt", &err), err);
    assert_int_equal(t.n_section, 3);
    const wu_section *s = wu_table_section(&t, WU_STR("one"));
    assert_non_null(s);
    assert_int_equal(s->n_line, 2);
    assert_int_equal(s->at, 3);
    assert_true(wu_str_eq(s->line[0], WU_STR("first line")));
    assert_true(wu_table_pair(s->line[1], &key, &value));
    assert_true(wu_str_eq(key, WU_STR("key")));
    assert_true(wu_str_eq(value, WU_STR("value: more")));
    assert_false(wu_table_pair(s->line[0], &key, &value));
    assert_int_equal(wu_table_section(&t, WU_STR("empty"))->n_line, 0);
    assert_true(wu_str_eq(wu_table_section(&t, WU_STR("two"))->line[0], WU_STR("last")));
    assert_null(wu_table_section(&t, WU_STR("three")));
    wu_table_free(&t);
}

static void refuses(const char *text, const char *why) {
    wu_table t;
    wu_err err = {0};
    put(text);
    assert_int_equal(wu_table_read(&t, root, "t.txt", &err), WU_EDATA);
    if (!strstr(err.msg, why)) fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
}

static void what_is_wrong_is_named(void **state) {
    (void)state;
    refuses("\na line\n", "t.txt:2: a line before");
    refuses("== a\nx\n== a\n", "t.txt:3: section \"a\" is there twice, first in line 1");
    refuses("== a\ncaf\xe9\n", "t.txt:2: invalid UTF-8");
    wu_table t;
    wu_err err = {0};
    assert_int_equal(wu_table_read(&t, NULL, "no/such.txt", &err), WU_EARG);
}

static void what_is_built_in_can_be_read(void **state) {
    (void)state;
    const char *name;
    int n = 0;
    for (; (name = wu_table_name("synth/", n)); n++) {
        wu_buf b = {0};
        wu_err err = {0};
        CHECK_OK(wu_table_text(&b, root, name, &err), err); /* root has no such file */
        assert_true(b.n > 0);
        wu_buf_free(&b);
    }
    assert_true(n > 0);
    assert_null(wu_table_name("none/", 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_and_lines),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_is_built_in_can_be_read),
    };
    return cmocka_run_group_tests(tests, make, drop) != 0;
}
