/* Forests: growing, cutting, merging; every path gives its sequence back. */
#include "near.h"

#include "base/rng.h"
#include "model/forest.h"

#include <string.h>

static wu_forest *make(int32_t rows, int32_t segs) {
    wu_forest *f;
    wu_err err = {0};
    CHECK_OK(wu_forest_create(&f, rows, segs, &err), err);
    return f;
}

/* Tokens of the path that ends in leaf, compared with t. */
static void check_path(const wu_forest *f, int32_t leaf, const wu_tokens *t) {
    assert_int_equal(wu_forest_length(f, leaf), t->n_tok);
    for (int32_t i = 0; i < t->n_tok; i++)
        assert_int_equal(f->id[wu_forest_row(f, leaf, i)], t->id[i]);
}

static void six_questions_share_their_trunk(void **state) {
    (void)state;
    wu_forest *f = make(100, 10);
    wu_err err = {0};
    static const int32_t a[] = {1, 2, 3, 4, 10, 11}, b[] = {1, 2, 3, 4, 20},
                         c[] = {1, 2, 3, 4, 10, 12, 13};
    const wu_tokens seq[] = {{a, 6, 0}, {b, 5, 0}, {c, 7, 0}};
    int32_t leaf[3], n_seg;
    assert_int_equal(wu_forest_count(seq, 3, &n_seg), 9);
    CHECK_OK(wu_forest_merge(f, seq, 3, leaf, &err), err);
    assert_int_equal(f->n_row, 9); /* 4 shared, 10 shared by two, 11, 12 13, 20 */
    assert_int_equal(f->n_seg, n_seg);
    assert_int_equal(f->n_seg, 5);
    for (int i = 0; i < 3; i++) check_path(f, leaf[i], &seq[i]);
    wu_forest_free(f);
}

static void a_prefix_of_another_ends_inside_it(void **state) {
    (void)state;
    wu_forest *f = make(100, 10);
    wu_err err = {0};
    static const int32_t a[] = {1, 2, 3, 4};
    const wu_tokens seq[] = {{a, 4, 0}, {a, 2, 0}, {a, 4, 0}};
    int32_t leaf[3];
    CHECK_OK(wu_forest_merge(f, seq, 3, leaf, &err), err);
    assert_int_equal(f->n_row, 4);
    assert_int_equal(leaf[0], leaf[2]);
    for (int i = 0; i < 3; i++) check_path(f, leaf[i], &seq[i]);
    wu_forest_free(f);
}

static void growing_sequences_end_in_leaves_of_their_own(void **state) {
    (void)state;
    wu_forest *f = make(100, 10);
    wu_err err = {0};
    static const int32_t a[] = {1, 2, 3, 4};
    const wu_tokens seq[] = {{a, 4, 9}, {a, 2, 7}, {a, 4, 9}};
    int32_t leaf[3];
    CHECK_OK(wu_forest_merge(f, seq, 3, leaf, &err), err);
    for (int i = 0; i < 3; i++) {
        check_path(f, leaf[i], &seq[i]);
        assert_int_equal(f->seg[leaf[i]].n_kid, 0);
        for (int k = 0; k < 5; k++) CHECK_OK(wu_forest_push(f, leaf[i], 50 + k, &err), err);
        assert_int_equal(wu_forest_push(f, leaf[i], 1, &err), WU_ENOMEM);
    }
    wu_forest_free(f);
}

static void a_cut_lets_the_parent_grow_again(void **state) {
    (void)state;
    wu_forest *f = make(20, 4);
    wu_err err = {0};
    static const int32_t a[] = {1, 2, 3};
    int32_t trunk, kid;
    CHECK_OK(wu_forest_add(&trunk, f, WU_NO_PARENT, &(wu_tokens){a, 3, 6}, &err), err);
    CHECK_OK(wu_forest_add(&kid, f, trunk, &(wu_tokens){a, 2, 0}, &err), err);
    assert_int_equal(f->seg[kid].pos, 3);
    assert_int_equal(wu_forest_push(f, trunk, 9, &err), WU_EARG);
    wu_forest_cut(f, 1);
    assert_int_equal(f->n_row, 6);
    CHECK_OK(wu_forest_push(f, trunk, 9, &err), err);
    assert_int_equal(wu_forest_add(&kid, f, 7, &(wu_tokens){a, 2, 0}, &err), WU_EARG);
    assert_int_equal(kid, -1);
    assert_int_equal(wu_forest_add(&kid, f, trunk, &(wu_tokens){a, 2, 99}, &err), WU_ENOMEM);
    wu_forest_free(f);
}

static void a_full_forest_is_left_unchanged(void **state) {
    (void)state;
    wu_forest *f = make(6, 10);
    wu_err err = {0};
    static const int32_t a[] = {1, 2, 3, 4}, b[] = {1, 5, 6, 7};
    const wu_tokens seq[] = {{a, 4, 0}, {b, 4, 0}};
    int32_t leaf[2];
    assert_int_equal(wu_forest_merge(f, seq, 2, leaf, &err), WU_ENOMEM);
    assert_int_equal(f->n_seg, 0);
    assert_int_equal(f->n_row, 0);
    wu_forest_free(f);
}

static void random_sequences_come_back_from_their_paths(void **state) {
    (void)state;
    wu_rng r = wu_rng_init(11, 0);
    wu_forest *f = make(2000, 200);
    for (int round = 0; round < 200; round++) {
        int32_t id[16][12], leaf[16], n_seg;
        wu_tokens seq[16];
        wu_err err = {0};
        const int32_t n = 1 + (int32_t)wu_rng_below(&r, 16);
        for (int32_t i = 0; i < n; i++) {
            const int32_t len = 1 + (int32_t)wu_rng_below(&r, 12);
            for (int32_t j = 0; j < len; j++) id[i][j] = (int32_t)wu_rng_below(&r, 2);
            seq[i] = (wu_tokens){id[i], len, wu_rng_below(&r, 3) ? 0 : len + 3};
        }
        wu_forest_clear(f);
        CHECK_OK(wu_forest_merge(f, seq, n, leaf, &err), err);
        assert_int_equal(wu_forest_count(seq, n, &n_seg), f->n_row);
        assert_int_equal(n_seg, f->n_seg);
        for (int32_t i = 0; i < n; i++) {
            check_path(f, leaf[i], &seq[i]);
            if (seq[i].n_max > seq[i].n_tok) assert_int_equal(f->seg[leaf[i]].n_kid, 0);
        }
    }
    wu_forest_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_questions_share_their_trunk),
        cmocka_unit_test(a_prefix_of_another_ends_inside_it),
        cmocka_unit_test(growing_sequences_end_in_leaves_of_their_own),
        cmocka_unit_test(a_cut_lets_the_parent_grow_again),
        cmocka_unit_test(a_full_forest_is_left_unchanged),
        cmocka_unit_test(random_sequences_come_back_from_their_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
