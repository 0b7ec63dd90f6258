/* The pool runs every unit once, on any number of threads, awake or asleep. */
#include "near.h"

#include "base/pool.h"

#include <stdatomic.h>
#include <unistd.h>

static atomic_int count[1000];
static atomic_int threads_seen;

static void touch(void *ctx, int64_t unit, int thread) {
    assert_ptr_equal(ctx, count);
    atomic_fetch_add(&count[unit], 1);
    atomic_fetch_or(&threads_seen, 1 << thread);
}

static void every_unit_runs_once(void **state) {
    (void)state;
    for (int n = 1; n <= 4; n++) {
        wu_pool *p;
        wu_err err = {0};
        CHECK_OK(wu_pool_create(&p, n, &err), err);
        assert_int_equal(wu_pool_size(p), n);
        for (int round = 0; round < 200; round++) {
            for (int i = 0; i < 1000; i++) atomic_store(&count[i], 0);
            wu_pool_for(p, 1000, touch, count);
            for (int i = 0; i < 1000; i++) assert_int_equal(atomic_load(&count[i]), 1);
            if (round % 50 == 49) usleep(3000); /* let the workers fall asleep */
        }
        wu_pool_free(p);
    }
}

static void no_units_is_a_no_op(void **state) {
    (void)state;
    wu_pool *p;
    wu_err err = {0};
    CHECK_OK(wu_pool_create(&p, 2, &err), err);
    wu_pool_for(p, 0, touch, NULL);
    wu_pool_free(p);
}

static void too_many_threads_are_refused(void **state) {
    (void)state;
    wu_pool *p;
    wu_err err = {0};
    assert_int_equal(wu_pool_create(&p, 100000, &err), WU_EARG);
    assert_null(p);
    wu_pool_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_runs_once),
        cmocka_unit_test(no_units_is_a_no_op),
        cmocka_unit_test(too_many_threads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
