/* Passes over the examples: everything once, conversations together, mlx-lm's permutation. */
#include "near.h"

#include "base/rng.h"
#include "train/order.h"
#include "train/share.h"
#include "train/trainer.h"

#include <string.h>

enum { PER_GROUP = 6 };

/* n examples, PER_GROUP in a conversation, the members of which lie apart in the file. */
static wu_dataset *make(int32_t n) {
    wu_dataset *d = NULL;
    wu_err err = {0};
    const int32_t n_group = (n + PER_GROUP - 1) / PER_GROUP;
    CHECK_OK(wu_dataset_create(&d, NULL, &err), err);
    for (int32_t i = 0; i < n; i++) {
        int32_t id[40];
        for (int32_t k = 0; k < 40; k++)
            id[k] = k < 30 ? 100 * (i % n_group) + k : 10000 + 100 * i + k;
        const wu_example ex = {.n_tok = 40, .answer = 35, .after = WU_NO_TOKEN, .weight = 1.0f};
        CHECK_OK(wu_dataset_add(d, id, &ex, &err), err);
    }
    CHECK_OK(wu_dataset_group(d, &err), err);
    return d;
}

static void a_pass_has_everything_once(void **state) {
    (void)state;
    wu_dataset *d = make(50);
    wu_order *o = NULL;
    wu_err err = {0};
    CHECK_OK(wu_order_create(&o, d, WU_ORDER_CONVERSATIONS, 4, 0, &err), err);
    assert_int_equal(wu_order_length(o), 13);
    int32_t passes[2][50];
    for (int pass = 0; pass < 2; pass++) {
        bool seen[50] = {false};
        int32_t at = 0;
        for (int b = 0; b < 13; b++) {
            const int32_t *index = NULL;
            const int32_t n = wu_order_next(o, &index);
            assert_int_equal(n, b < 12 ? 4 : 2);
            for (int32_t k = 0; k < n; k++) {
                assert_false(seen[index[k]]);
                seen[index[k]] = true;
                passes[pass][at++] = index[k];
            }
        }
        int32_t changes = 0; /* each conversation is one run */
        for (int32_t i = 1; i < at; i++)
            changes += d->ex[passes[pass][i]].group != d->ex[passes[pass][i - 1]].group;
        assert_int_equal(changes, d->n_group - 1);
    }
    assert_memory_not_equal(passes[0], passes[1], sizeof(passes[0]));
    wu_order_free(o);
    wu_dataset_free(d);
}

static void seeds_decide(void **state) {
    (void)state;
    wu_dataset *d = make(48);
    wu_order *o[3];
    wu_err err = {0};
    const uint64_t seed[] = {5, 5, 6};
    int same = 0;
    for (int i = 0; i < 3; i++)
        CHECK_OK(wu_order_create(&o[i], d, WU_ORDER_CONVERSATIONS, 6, seed[i], &err), err);
    for (int b = 0; b < 8; b++) {
        const int32_t *x = NULL, *y = NULL, *z = NULL;
        assert_int_equal(wu_order_next(o[0], &x), 6);
        assert_int_equal(wu_order_next(o[1], &y), 6);
        assert_int_equal(wu_order_next(o[2], &z), 6);
        assert_memory_equal(x, y, 6 * sizeof(*x));
        same += memcmp(x, z, 6 * sizeof(*x)) == 0;
    }
    assert_true(same < 8);
    for (int i = 0; i < 3; i++) wu_order_free(o[i]);
    wu_dataset_free(d);
}

/* 13 batches in the order of numpy.random.seed(0), permutation(13); the rest of the file unseen. */
static void mlx_order_is_numpys(void **state) {
    (void)state;
    static const int32_t want[] = {6, 11, 4, 10, 2, 8, 1, 7, 9, 3, 0, 5, 12};
    wu_dataset *d = make(27);
    wu_order *o = NULL;
    wu_err err = {0};
    CHECK_OK(wu_order_create(&o, d, WU_ORDER_MLX, 2, 0, &err), err);
    assert_int_equal(wu_order_length(o), 13);
    for (size_t b = 0; b < WU_LEN(want); b++) {
        const int32_t *index = NULL;
        assert_int_equal(wu_order_next(o, &index), 2);
        assert_int_equal(index[0], 2 * want[b]);
        assert_int_equal(index[1], 2 * want[b] + 1);
    }
    wu_order_free(o);
    assert_int_equal(wu_order_create(&o, d, WU_ORDER_MLX, 28, 0, &err), WU_EDATA);
    assert_int_equal(wu_order_create(&o, d, WU_ORDER_FILE, 0, 0, &err), WU_EARG);
    assert_null(o);
    wu_dataset_free(d);
}

static void file_order_keeps_groups_together(void **state) {
    (void)state;
    wu_dataset *d = make(12);
    wu_order *o = NULL;
    const int32_t *index = NULL;
    wu_err err = {0};
    CHECK_OK(wu_order_create(&o, d, WU_ORDER_FILE, 12, 0, &err), err);
    assert_int_equal(wu_order_next(o, &index), 12);
    for (int32_t i = 0; i < 12; i++) assert_int_equal(index[i], i < 6 ? 2 * i : 2 * (i - 6) + 1);
    wu_order_free(o);
    wu_dataset_free(d);
}

/* Rows counted one by one equal those of a merged forest, whatever the sequences. */
static void shared_rows_are_the_forests(void **state) {
    (void)state;
    wu_rng rng = wu_rng_init(1, 2);
    for (int round = 0; round < 200; round++) {
        enum { N = 7, L = 9 };
        int32_t id[N][L];
        wu_tokens seq[N], sorted[N];
        wu_share s = {.sorted = sorted, .max = N};
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < L; k++) id[i][k] = (int32_t)wu_rng_below(&rng, 2);
            seq[i] = (wu_tokens){.id = id[i], .n_tok = 1 + (int32_t)wu_rng_below(&rng, L)};
            wu_share_add(&s, &seq[i]);
            assert_int_equal(s.rows, wu_forest_count(seq, i + 1, NULL));
        }
    }
}

static void iterations_are_cut_by_rows(void **state) {
    (void)state;
    wu_dataset *d = make(12);
    wu_tokens sorted[12];
    const int32_t index[] = {0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11};
    /* six examples of one conversation: 30 + 6 * 10 rows */
    assert_int_equal(wu_iteration_rows(d, index, 6, 90, 12, sorted), 90);
    assert_int_equal(wu_iteration_rows(d, index, 12, 1000, 12, sorted), 180);
    assert_int_equal(wu_iteration_rows(d, index, 6, 89, 12, sorted), 80 + 40);
    assert_int_equal(wu_iteration_rows(d, index, 6, 1000, 2, sorted), 3 * 50);
    assert_int_equal(wu_iteration_rows(d, index, 6, 1, 12, sorted), 6 * 40);
    wu_dataset_free(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pass_has_everything_once),
        cmocka_unit_test(seeds_decide),
        cmocka_unit_test(mlx_order_is_numpys),
        cmocka_unit_test(file_order_keeps_groups_together),
        cmocka_unit_test(shared_rows_are_the_forests),
        cmocka_unit_test(iterations_are_cut_by_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
