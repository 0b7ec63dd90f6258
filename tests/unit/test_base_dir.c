/* Directories: order of names, and new ones that are there whole or not at all. */
#include "base/dir.h"
#include "base/file.h"

#include "near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[] = "/tmp/wu-dir-XXXXXX";

static int make(void **state) {
    (void)state;
    return !mkdtemp(root);
}

static int drop(void **state) {
    (void)state;
    return wu_remove_tree(root, NULL) != WU_OK || access(root, F_OK) == 0;
}

static const char *at(const char *name) {
    static char path[512];
    assert_int_equal(wu_path_join(path, sizeof(path), root, name, NULL), WU_OK);
    return path;
}

static void names_are_sorted_and_hidden_ones_left_out(void **state) {
    (void)state;
    wu_dir d = {0};
    wu_err err = {0};
    const char *const name[] = {"b", "a10", "a9", ".hidden", "Z"};
    for (size_t i = 0; i < WU_LEN(name); i++)
        CHECK_OK(wu_write_file(at(name[i]), "x", 1, &err), err);
    CHECK_OK(wu_dir_list(&d, root, &err), err);
    assert_int_equal(d.n, 4);
    assert_string_equal(d.name[0], "Z");
    assert_string_equal(d.name[1], "a10");
    assert_string_equal(d.name[2], "a9");
    assert_string_equal(d.name[3], "b");
    wu_dir_free(&d);
    assert_int_equal(wu_dir_list(&d, at("none"), &err), WU_EIO);
    assert_int_equal(wu_dir_list(&d, at("b"), &err), WU_EIO);
    assert_int_equal(d.n, 0);
}

static void a_new_directory_appears_whole(void **state) {
    (void)state;
    wu_new_dir d;
    wu_err err = {0};
    char inside[1024];
    CHECK_OK(wu_new_dir_begin(&d, at("deep/er/new/"), &err), err);
    assert_false(wu_is_dir(at("deep/er/new")));
    assert_int_equal(wu_path_join(inside, sizeof(inside), d.temporary, "sub", NULL), WU_OK);
    CHECK_OK(wu_make_dirs(inside, &err), err);
    assert_int_equal(wu_path_join(inside, sizeof(inside), d.temporary, "sub/f", NULL), WU_OK);
    CHECK_OK(wu_write_file(inside, "x", 1, &err), err);
    CHECK_OK(wu_new_dir_commit(&d, &err), err);
    assert_true(wu_is_file(at("deep/er/new/sub/f")));
    wu_new_dir_abandon(&d);
    assert_true(wu_is_file(at("deep/er/new/sub/f")));

    assert_int_equal(wu_new_dir_begin(&d, at("deep/er/new"), &err), WU_EARG);
    assert_non_null(strstr(err.msg, "has files in it"));
    assert_int_equal(wu_new_dir_begin(&d, at("deep/er/new/sub/f"), &err), WU_EARG);
    assert_int_equal(wu_new_dir_begin(&d, "", &err), WU_EARG);
}

static void an_abandoned_one_leaves_nothing(void **state) {
    (void)state;
    wu_new_dir d;
    wu_dir list = {0};
    wu_err err = {0};
    char inside[1024];
    CHECK_OK(wu_make_dirs(at("empty"), &err), err);
    CHECK_OK(wu_new_dir_begin(&d, at("empty"), &err), err); /* an empty one may be taken */
    assert_int_equal(wu_path_join(inside, sizeof(inside), d.temporary, "f", NULL), WU_OK);
    CHECK_OK(wu_write_file(inside, "x", 1, &err), err);
    assert_int_equal(symlink("/", at("link")), 0); /* a link is removed, not followed */
    wu_new_dir_abandon(&d);
    CHECK_OK(wu_dir_list(&list, root, &err), err);
    for (int32_t i = 0; i < list.n; i++) assert_null(strstr(list.name[i], "partial"));
    wu_dir_free(&list);
    CHECK_OK(wu_dir_list(&list, at("empty"), &err), err);
    assert_int_equal(list.n, 0);
    wu_dir_free(&list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_sorted_and_hidden_ones_left_out),
        cmocka_unit_test(a_new_directory_appears_whole),
        cmocka_unit_test(an_abandoned_one_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make, drop) != 0;
}
