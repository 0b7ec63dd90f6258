/* Lines of a file: every kind of end, the limit, NUL bytes, and what comes behind them. */
#include "base/lines.h"

#include "near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/wu-lines-XXXXXX";

static void put(const char *p, size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static int make(void **state) {
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int drop(void **state) {
    (void)state;
    return unlink(path);
}

static void want(wu_lines *l, const char *text) {
    wu_str s;
    bool end;
    wu_err err = {0};
    CHECK_OK(wu_lines_next(l, &s, &end, &err), err);
    if (!text) {
        assert_true(end);
        return;
    }
    assert_false(end);
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p ? s.p : "", text, s.n);
}

static void every_end_of_line(void **state) {
    (void)state;
    wu_lines l;
    wu_err err = {0};
    const char text[] = "one\ntwo\r\n\n\r\nlast";
    put(text, sizeof(text) - 1);
    CHECK_OK(wu_lines_open(&l, path, 0, &err), err);
    for (int i = 0; i < 2; i++) {
        want(&l, "one");
        want(&l, "two");
        want(&l, "");
        want(&l, "");
        want(&l, "last");
        assert_int_equal(l.number, 5);
        want(&l, NULL);
        want(&l, NULL);
        CHECK_OK(wu_lines_seek(&l, 0, 1, &err), err);
    }
    CHECK_OK(wu_lines_seek(&l, 4, 2, &err), err);
    want(&l, "two");
    assert_int_equal(l.number, 2);
    assert_int_equal(l.offset, 4);
    want(&l, "");
    assert_int_equal(l.offset, 9);
    wu_lines_close(&l);
    put("", 0);
    CHECK_OK(wu_lines_open(&l, path, 0, &err), err);
    want(&l, NULL);
    wu_lines_close(&l);
}

static void lines_longer_than_what_is_read_at_once(void **state) {
    (void)state;
    enum { N = 200000 };
    wu_lines l;
    wu_err err = {0};
    char *text = malloc(2 * N + 2);
    assert_non_null(text);
    memset(text, 'a', N);
    text[N] = '\n';
    memset(text + N + 1, 'b', N);
    text[2 * N + 1] = '\n';
    put(text, 2 * N + 2);
    CHECK_OK(wu_lines_open(&l, path, 0, &err), err);
    wu_str s;
    bool end;
    for (int i = 0; i < 2; i++) {
        CHECK_OK(wu_lines_next(&l, &s, &end, &err), err);
        assert_int_equal(s.n, N);
        assert_int_equal(s.p[N - 1], i ? 'b' : 'a');
    }
    want(&l, NULL);
    wu_lines_close(&l);
    free(text);
}

static void a_bad_line_does_not_stop_the_file(void **state) {
    (void)state;
    enum { LIMIT = 1 << 20, LONG = LIMIT + 1 };
    wu_lines l;
    wu_str s;
    bool end;
    wu_err err = {0};
    char *text = malloc(LONG + 32);
    assert_non_null(text);
    memset(text, 'x', LONG);
    memcpy(text + LONG, "\na\0b\nlast\n", 10);
    put(text, LONG + 10);
    CHECK_OK(wu_lines_open(&l, path, LIMIT, &err), err);
    assert_int_equal(wu_lines_next(&l, &s, &end, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, ":1: the line is longer than 1 MiB"));
    assert_true(l.line.cap <= 2 * LIMIT);
    assert_int_equal(wu_lines_next(&l, &s, &end, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, ":2: byte 2 is NUL"));
    want(&l, "last");
    want(&l, NULL);
    wu_lines_close(&l);
    free(text);
}

static void what_is_no_file(void **state) {
    (void)state;
    wu_lines l;
    wu_err err = {0};
    assert_int_equal(wu_lines_open(&l, "/no/such/file", 0, &err), WU_EIO);
    wu_lines_close(&l);
    assert_int_equal(wu_lines_open(&l, "/tmp", 0, &err), WU_EIO);
    assert_non_null(strstr(err.msg, "is a directory"));
    wu_lines_close(&l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_of_line),
        cmocka_unit_test(lines_longer_than_what_is_read_at_once),
        cmocka_unit_test(a_bad_line_does_not_stop_the_file),
        cmocka_unit_test(what_is_no_file),
    };
    return cmocka_run_group_tests(tests, make, drop) != 0;
}
