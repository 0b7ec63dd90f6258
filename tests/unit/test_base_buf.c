/* Buffers, ids, arenas: growth, limits, alignment. */
#include "near.h"

#include "base/arena.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

static void bytes_are_appended_and_terminated(void **state) {
    (void)state;
    wu_buf b = {0};
    for (int i = 0; i < 1000; i++) assert_int_equal(wu_buf_fmt(&b, "%d,", i), WU_OK);
    assert_int_equal(wu_buf_char(&b, 'x'), WU_OK);
    assert_int_equal(b.p[b.n], 0);
    assert_memory_equal(b.p, "0,1,2,", 6);
    assert_true(wu_str_starts(wu_buf_view(&b), WU_STR("0,1")));
    wu_buf_free(&b);
    assert_true(wu_str_eq(wu_buf_view(&b), WU_STR("")));
}

static void a_limit_is_kept_and_leaves_the_buffer_alone(void **state) {
    (void)state;
    wu_buf b = {.limit = 10};
    assert_int_equal(wu_buf_str(&b, "0123456"), WU_OK);
    assert_int_equal(wu_buf_str(&b, "7890"), WU_ENOMEM);
    assert_int_equal(b.n, 7);
    assert_int_equal(wu_buf_str(&b, "789"), WU_OK);
    wu_buf_free(&b);
}

static void ids_grow(void **state) {
    (void)state;
    wu_ids v = {0};
    for (int32_t i = 0; i < 5000; i++) assert_int_equal(wu_ids_push(&v, i), WU_OK);
    for (int32_t i = 0; i < 5000; i++) assert_int_equal(v.id[i], i);
    wu_ids_free(&v);
}

static void arena_blocks_are_aligned_and_reset(void **state) {
    (void)state;
    wu_arena a = {0};
    char *first = wu_arena_alloc(&a, 10);
    memset(first, 1, 10);
    const wu_arena_mark mark = wu_arena_save(&a);
    for (int i = 0; i < 100; i++) {
        void *p = wu_arena_zero(&a, 1000, 7);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
    }
    wu_arena_reset(&a, mark);
    assert_int_equal(a.used_bytes, 64);
    assert_int_equal(first[9], 1);
    assert_null(wu_arena_zero(&a, SIZE_MAX, 2));
    assert_null(wu_arena_alloc(&a, SIZE_MAX - 5));
    wu_arena_free(&a);
    size_t n;
    assert_false(wu_mul_size(&n, SIZE_MAX, 2));
    void *big = wu_aligned_alloc(5 << 20);
    assert_non_null(big);
    free(big);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_appended_and_terminated),
        cmocka_unit_test(a_limit_is_kept_and_leaves_the_buffer_alone),
        cmocka_unit_test(ids_grow),
        cmocka_unit_test(arena_blocks_are_aligned_and_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
