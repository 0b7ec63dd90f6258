/* Sorting beyond memory: the same order with runs on disk as without. */
#include "contact/set/sort.h"

#include "base/rng.h"

#include "near.h"

#include <stdlib.h>
#include <string.h>

static void sorts(int32_t n, size_t memory, uint64_t keys) {
    wu_sort *s;
    wu_err err = {0};
    wu_rng r = wu_rng_init(1, (uint64_t)n);
    uint64_t sum = 0;
    CHECK_OK(wu_sort_create(&s, memory, NULL, &err), err);
    for (int32_t i = 0; i < n; i++) {
        const uint64_t key = wu_rng_u64(&r) % keys, value = wu_rng_u64(&r) % 1000;
        sum += key * 31 + value;
        CHECK_OK(wu_sort_add(s, key, value, &err), err);
    }
    CHECK_OK(wu_sort_finish(s, &err), err);
    wu_pair p, before = {0};
    bool end = false;
    int32_t got = 0;
    for (;; got++) {
        CHECK_OK(wu_sort_next(s, &p, &end, &err), err);
        if (end) break;
        assert_true(before.key < p.key || (before.key == p.key && before.value <= p.value));
        sum -= p.key * 31 + p.value;
        before = p;
    }
    assert_int_equal(got, n);
    assert_true(sum == 0);
    CHECK_OK(wu_sort_next(s, &p, &end, &err), err);
    assert_true(end);
    wu_sort_free(s);
}

static void in_memory_and_on_disk(void **state) {
    (void)state;
    sorts(0, 0, 1);
    sorts(1, 0, 1);
    sorts(4096, 0, UINT64_MAX); /* just fits */
    sorts(4097, 0, UINT64_MAX); /* a run and one pair */
    sorts(100000, 0, UINT64_MAX);
    sorts(100000, 0, 10);
    sorts(100000, (size_t)64 << 20, 10);
}

static void a_folder_that_is_not_there(void **state) {
    (void)state;
    wu_sort *s;
    wu_err err = {0};
    wu_code rc = WU_OK;
    CHECK_OK(wu_sort_create(&s, 0, "/no/such/folder", &err), err);
    for (int32_t i = 0; !rc && i < 5000; i++) rc = wu_sort_add(s, 1, 1, &err);
    assert_int_equal(rc, WU_EIO);
    assert_non_null(strstr(err.msg, "/no/such/folder"));
    wu_sort_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory_and_on_disk),
        cmocka_unit_test(a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
