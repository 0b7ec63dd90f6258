/* Files: replaced whole or not at all, errors that name the file. */
#include "near.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/wu-file-XXXXXX";

static void a_file_is_replaced_whole(void **state) {
    (void)state;
    char path[WU_PATH_MAX];
    wu_err err = {0};
    CHECK_OK(wu_path_join(path, sizeof(path), dir, "a", &err), err);
    CHECK_OK(wu_write_file(path, "old", 3, &err), err);
    wu_replace r;
    CHECK_OK(wu_replace_begin(&r, path, &err), err);
    fputs("newer", r.f);
    wu_buf b = {0};
    CHECK_OK(wu_read_file(&b, path, 100, &err), err);
    assert_string_equal(b.p, "old"); /* not yet */
    CHECK_OK(wu_replace_commit(&r, &err), err);
    wu_buf_clear(&b);
    CHECK_OK(wu_read_file(&b, path, 100, &err), err);
    assert_string_equal(b.p, "newer");
    CHECK_OK(wu_replace_begin(&r, path, &err), err);
    wu_replace_abandon(&r);
    wu_map m;
    CHECK_OK(wu_map_open(&m, path, &err), err);
    assert_int_equal(m.n, 5);
    wu_map_close(&m);
    assert_int_equal(wu_read_file(&b, path, 3, &err), WU_ENOMEM);
    wu_buf_free(&b);
    unlink(path);
}

static void only_a_regular_file_is_replaced(void **state) {
    (void)state;
    wu_err err = {0};
    assert_int_equal(wu_write_file("/dev/null", "x", 1, &err), WU_EIO);
    assert_string_equal(err.msg, "/dev/null: exists and is not a regular file");
    assert_int_equal(wu_write_file(dir, "x", 1, &err), WU_EIO);
}

static void errors_name_the_file(void **state) {
    (void)state;
    wu_err err = {0};
    wu_map m;
    wu_buf b = {0};
    assert_int_equal(wu_map_open(&m, "/no/such/file", &err), WU_EIO);
    assert_non_null(strstr(err.msg, "/no/such/file"));
    assert_int_equal(wu_map_open(&m, dir, &err), WU_EIO);
    assert_int_equal(wu_read_file(&b, dir, 10, &err), WU_EIO);
    assert_int_equal(wu_write_file("/no/such/file", "x", 1, &err), WU_EIO);
    assert_int_equal(wu_write_file("/dev/full/x", "x", 1, &err), WU_EIO);
    char deep[WU_PATH_MAX];
    CHECK_OK(wu_path_join(deep, sizeof(deep), dir, "p/q/r", &err), err);
    CHECK_OK(wu_make_dirs(deep, &err), err);
    CHECK_OK(wu_make_dirs(deep, &err), err);
    assert_true(wu_is_dir(deep));
    assert_int_equal(wu_path_join(deep, 4, dir, "x", &err), WU_EARG);
    wu_fail(&err, WU_EDATA, "line 3: wrong");
    assert_int_equal(wu_fail_in(&err, WU_EIO, "%s", "f.jsonl"), WU_EDATA);
    assert_string_equal(err.msg, "f.jsonl: line 3: wrong");
}

int main(void) {
    if (!mkdtemp(dir)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_replaced_whole),
        cmocka_unit_test(only_a_regular_file_is_replaced),
        cmocka_unit_test(errors_name_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
