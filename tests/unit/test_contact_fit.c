/* The probes' learners: ridge regression equals a direct solution, naive Bayes and rank correlation
 * equal what is worked out by hand; bags count what is there. */
#include "alloc_hook.h"
#include "near.h"

#include "base/rng.h"
#include "contact/synth/fit.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 30, COLUMNS = 6, FOLDS = 3 };

typedef struct dense {
    double x[ROWS][COLUMNS], y[ROWS];
    int32_t fold[ROWS];
} dense;

static dense draw(uint64_t seed) {
    dense d = {0};
    wu_rng r = wu_rng_init(seed, 0);
    for (int i = 0; i < ROWS; i++) {
        d.y[i] = 40.0 + 25.0 * wu_rng_normal(&r);
        d.fold[i] = i % FOLDS;
        for (int j = 0; j < COLUMNS; j++)
            if (wu_rng_below(&r, 3) > 0) d.x[i][j] = 1.0 + (double)wu_rng_below(&r, 4);
    }
    return d;
}

/* Entries that are not zero; a row may have none. */
static wu_sparse sparse_of(const double *x, int32_t n_row, int32_t n_col) {
    const size_t n = (size_t)n_row * (size_t)n_col;
    wu_sparse s = {.n_row = n_row, .n_col = n_col};
    s.start = calloc((size_t)n_row + 1, sizeof(*s.start));
    s.col = calloc(n + 1, sizeof(*s.col));
    s.value = calloc(n + 1, sizeof(*s.value));
    assert_true(s.start && s.col && s.value);
    int64_t k = 0;
    for (int32_t i = 0; i < n_row; i++) {
        for (int32_t j = 0; j < n_col; j++) {
            const double v = x[(size_t)i * (size_t)n_col + (size_t)j];
            if (!(v > 0.0 || v < 0.0)) continue;
            s.col[k] = j;
            s.value[k++] = v;
        }
        s.start[i + 1] = k;
    }
    return s;
}

/* ------------------------------------------------------------------------------- ridge */

/* a w = b by elimination with exchanged rows. */
static void solve_directly(double a[COLUMNS][COLUMNS], double b[COLUMNS], double w[COLUMNS]) {
    for (int c = 0; c < COLUMNS; c++) {
        int top = c;
        for (int i = c + 1; i < COLUMNS; i++)
            if (fabs(a[i][c]) > fabs(a[top][c])) top = i;
        for (int j = 0; j < COLUMNS; j++) {
            const double t = a[c][j];
            a[c][j] = a[top][j];
            a[top][j] = t;
        }
        const double t = b[c];
        b[c] = b[top];
        b[top] = t;
        for (int i = c + 1; i < COLUMNS; i++) {
            const double by = a[i][c] / a[c][c];
            for (int j = c; j < COLUMNS; j++) a[i][j] -= by * a[c][j];
            b[i] -= by * b[c];
        }
    }
    for (int i = COLUMNS - 1; i >= 0; i--) {
        w[i] = b[i];
        for (int j = i + 1; j < COLUMNS; j++) w[i] -= a[i][j] * w[j];
        w[i] /= a[i][i];
    }
}

/* What the rows of a fold are worth by the normal equations of the other rows. */
static void guess_directly(double *guess, const dense *d, int32_t fold, double lambda) {
    double a[COLUMNS][COLUMNS] = {{0}}, b[COLUMNS] = {0}, w[COLUMNS], mean = 0.0;
    int n = 0;
    for (int i = 0; i < ROWS; i++) {
        if (d->fold[i] == fold) continue;
        mean += d->y[i];
        n++;
    }
    mean /= n;
    for (int i = 0; i < ROWS; i++) {
        if (d->fold[i] == fold) continue;
        for (int j = 0; j < COLUMNS; j++) {
            for (int k = 0; k < COLUMNS; k++) a[j][k] += d->x[i][j] * d->x[i][k];
            b[j] += d->x[i][j] * (d->y[i] - mean);
        }
    }
    for (int j = 0; j < COLUMNS; j++) a[j][j] += lambda;
    solve_directly(a, b, w);
    for (int i = 0; i < ROWS; i++) {
        if (d->fold[i] != fold) continue;
        guess[i] = mean;
        for (int j = 0; j < COLUMNS; j++) guess[i] += d->x[i][j] * w[j];
    }
}

static void ridge_solves_the_normal_equations(void **state) {
    (void)state;
    static const double lambda[] = {0.01, 1.0, 30.0, 1e4};
    for (uint64_t seed = 0; seed < 5; seed++) {
        const dense d = draw(seed);
        wu_sparse x = sparse_of(&d.x[0][0], ROWS, COLUMNS);
        for (size_t l = 0; l < WU_LEN(lambda); l++) {
            double got[ROWS] = {0}, want[ROWS] = {0};
            assert_int_equal(wu_ridge(got, &x, d.y, d.fold, FOLDS, WU_ALL_FOLDS, lambda[l]), WU_OK);
            for (int f = 0; f < FOLDS; f++) guess_directly(want, &d, f, lambda[l]);
            for (int i = 0; i < ROWS; i++) CHECK_NEAR(got[i], want[i], 1e-4);
        }
        wu_sparse_free(&x);
    }
}

static void one_fold_alone(void **state) {
    (void)state;
    const dense d = draw(9);
    wu_sparse x = sparse_of(&d.x[0][0], ROWS, COLUMNS);
    double all[ROWS], one[ROWS], again[ROWS];
    int32_t y[ROWS], chosen[ROWS], chosen_one[ROWS];
    for (int i = 0; i < ROWS; i++) {
        one[i] = again[i] = -77.0;
        chosen_one[i] = -77;
        y[i] = i % 4;
    }
    assert_int_equal(wu_ridge(all, &x, d.y, d.fold, FOLDS, WU_ALL_FOLDS, 1.0), WU_OK);
    assert_int_equal(wu_ridge(one, &x, d.y, d.fold, FOLDS, 1, 1.0), WU_OK);
    assert_int_equal(wu_ridge(again, &x, d.y, d.fold, FOLDS, 1, 1.0), WU_OK);
    assert_memory_equal(one, again, sizeof(one));
    assert_int_equal(wu_bayes(chosen, &x, y, 4, d.fold, FOLDS, WU_ALL_FOLDS), WU_OK);
    assert_int_equal(wu_bayes(chosen_one, &x, y, 4, d.fold, FOLDS, 1), WU_OK);
    for (int i = 0; i < ROWS; i++) {
        if (d.fold[i] == 1) {
            assert_true(one[i] == all[i]);
            assert_int_equal(chosen_one[i], chosen[i]);
        } else {
            assert_true(one[i] == -77.0);
            assert_int_equal(chosen_one[i], -77);
        }
    }
    wu_sparse_free(&x);
}

/* Nothing to learn from, nothing to learn: the mean, and no division by nothing. */
static void ridge_without_a_lesson(void **state) {
    (void)state;
    const double y[4] = {1.0, 3.0, 5.0, 7.0}, zero[4 * 2] = {0}, one[4] = {1.0, 1.0, 1.0, 1.0};
    const int32_t same[4] = {0, 0, 0, 0}, fold[4] = {0, 0, 1, 1};
    double got[4];
    wu_sparse x = sparse_of(zero, 4, 2), c = sparse_of(one, 4, 1), none = sparse_of(one, 4, 0);
    assert_int_equal(wu_ridge(got, &x, y, fold, 2, WU_ALL_FOLDS, 1.0), WU_OK);
    assert_true(got[0] == 6.0 && got[1] == 6.0 && got[2] == 2.0 && got[3] == 2.0);
    assert_int_equal(wu_ridge(got, &c, y, fold, 2, WU_ALL_FOLDS, 0.0), WU_OK);
    for (int i = 0; i < 4; i++) CHECK_NEAR(got[i], i < 2 ? 6.0 : 2.0, 1e-12);
    assert_int_equal(wu_ridge(got, &c, y, same, 1, WU_ALL_FOLDS, 1.0), WU_OK); /* all left out */
    for (int i = 0; i < 4; i++) assert_true(got[i] == 0.0);
    assert_int_equal(wu_ridge(got, &none, y, fold, 2, WU_ALL_FOLDS, 1.0), WU_OK);
    assert_true(got[0] == 6.0 && got[3] == 2.0);
    wu_sparse_free(&x);
    wu_sparse_free(&c);
    wu_sparse_free(&none);
}

static void rows_get_length_one(void **state) {
    (void)state;
    const double counts[3][3] = {{1.0, 4.0, 0.0}, {0.0, 0.0, 0.0}, {0.0, 0.0, 7.0}};
    wu_sparse x = sparse_of(&counts[0][0], 3, 3);
    wu_sparse_weigh(&x);
    const double b = 1.0 + log(4.0), length = sqrt(1.0 + b * b);
    assert_int_equal(x.start[3], 3);
    CHECK_NEAR(x.value[0], 1.0 / length, 1e-14);
    CHECK_NEAR(x.value[1], b / length, 1e-14);
    CHECK_NEAR(x.value[2], 1.0, 1e-14);
    wu_sparse_free(&x);
}

/* ------------------------------------------------------------------------------- Bayes */

/* Fold 1 teaches: class 0 has the counts 3 1 0 in two rows, class 1 has 0 1 3 in one, class 2 has
 * no row. With a tenth added everywhere and one to the number of rows,
 *
 *     class 0: 3/6 (3.1 1.1 0.1)/4.3    class 1: 2/6 (0.1 1.1 3.1)/4.3    class 2: 1/6 (1 1 1)/3
 */
static void bayes_by_hand(void **state) {
    (void)state;
    const double counts[][3] = {
        {2, 1, 0}, {1, 0, 0}, {0, 1, 3},                       /* lessons */
        {1, 0, 0}, {0, 0, 1}, {0, 0, 0},                       /* 0; 1; by number of rows 0 */
        {0, 1, 0}, {1, 0, 1}, {1, 0, 2}, {0, 4, 0}, {0, 5, 0}, /* see below */
    };
    /* times 6: {1,0,1}: .0503 .0335 .1111; {1,0,2}: .0012 .0242 .0370;
     * {0,4,0}: .01285 .0086 .01235; {0,5,0}: .0033 .0022 .0041 */
    const int32_t want[] = {0, 1, 0, 0, 2, 2, 0, 2};
    enum { N = WU_LEN(counts) };
    int32_t fold[N] = {1, 1, 1}, y[N] = {0, 0, 1}, guess[N] = {0};
    wu_sparse x = sparse_of(&counts[0][0], N, 3);
    assert_int_equal(wu_bayes(guess, &x, y, 3, fold, 2, 0), WU_OK);
    for (int i = 3; i < N; i++) {
        if (guess[i] != want[i - 3]) fail_msg("row %d: class %d", i, guess[i]);
        y[i] = want[i - 3];
    }
    CHECK_NEAR(wu_accuracy(guess + 3, want, N - 3), 1.0, 1e-15);
    guess[3] = 2;
    guess[4] = 0;
    CHECK_NEAR(wu_accuracy(guess + 3, want, N - 3), 0.75, 1e-15);
    assert_true(wu_accuracy(guess, want, 0) == 0.0);
    wu_sparse_free(&x);
}

/* ---------------------------------------------------------------------------- Spearman */

static void ranks_are_shared(void **state) {
    (void)state;
    const double a[] = {1, 2, 2, 3}, b[] = {1, 3, 2, 4}, same[] = {5, 5, 5, 5};
    const double up[] = {-1e300, 0.0, 1e-300, 7.0}, down[] = {9, 8, -8, -9};
    const double step[] = {0, 0, 1, 1}, other[] = {0, 1, 0, 1};
    CHECK_NEAR(wu_spearman(a, b, 4), 4.5 / sqrt(4.5 * 5.0), 1e-14);
    CHECK_NEAR(wu_spearman(b, a, 4), 4.5 / sqrt(4.5 * 5.0), 1e-14);
    CHECK_NEAR(wu_spearman(up, b, 4), 0.8, 1e-14); /* 1 - 6 * 2 / (4 * 15) */
    CHECK_NEAR(wu_spearman(up, down, 4), -1.0, 1e-14);
    CHECK_NEAR(wu_spearman(up, up, 4), 1.0, 1e-14);
    CHECK_NEAR(wu_spearman(step, other, 4), 0.0, 1e-14);
    CHECK_NEAR(wu_spearman(step, up, 4), 4.0 / sqrt(4.0 * 5.0), 1e-14);
    assert_true(wu_spearman(same, a, 4) == 0.0);
    assert_true(wu_spearman(a, same, 4) == 0.0);
    assert_true(wu_spearman(a, b, 1) == 0.0);
    assert_true(wu_spearman(a, b, 0) == 0.0);
}

/* --------------------------------------------------------------------------------- bags */

static wu_bag *new_bag(void) {
    wu_bag *b = NULL;
    assert_int_equal(wu_bag_create(&b), WU_OK);
    return b;
}

static void document(wu_bag *b, const char *text, bool pairs) {
    assert_int_equal(wu_bag_begin(b), WU_OK);
    assert_int_equal(wu_bag_add(b, wu_str_of(text), pairs), WU_OK);
}

static int32_t column_of(const wu_bag *b, const wu_sparse *x, const char *word) {
    for (int32_t c = 0; c < x->n_col; c++)
        if (wu_str_eq(wu_bag_word(b, c), wu_str_of(word))) return c;
    return -1;
}

/* How often a word is in a document; -1: it has no column. */
static int count_of(const wu_bag *b, const wu_sparse *x, int32_t row, const char *word) {
    const int32_t c = column_of(b, x, word);
    if (c < 0) return -1;
    for (int64_t k = x->start[row]; k < x->start[row + 1]; k++)
        if (x->col[k] == c) return (int)x->value[k];
    return 0;
}

static void words_are_counted(void **state) {
    (void)state;
    wu_bag *b = new_bag();
    wu_sparse x;
    document(b, "Don't stop, DON'T stop! It's caf\xC3\xA9 24.", false);
    document(b, "", false);
    document(b, "  --  stop", false);
    assert_int_equal(wu_bag_add(b, WU_STR("stop again"), false), WU_OK); /* the same document */
    assert_int_equal(wu_bag_rows(b, 1, &x), WU_OK);
    assert_int_equal(x.n_row, 3);
    assert_int_equal(x.n_col, 6);
    assert_int_equal(count_of(b, &x, 0, "don't"), 2);
    assert_int_equal(count_of(b, &x, 0, "stop"), 2);
    assert_int_equal(count_of(b, &x, 0, "it's"), 1);
    assert_int_equal(count_of(b, &x, 0, "caf\xC3\xA9"), 1);
    assert_int_equal(count_of(b, &x, 0, "24"), 1);
    assert_int_equal(count_of(b, &x, 0, "again"), 0);
    assert_int_equal(x.start[1], x.start[2]);
    assert_int_equal(count_of(b, &x, 2, "stop"), 2);
    assert_int_equal(count_of(b, &x, 2, "again"), 1);
    for (int32_t i = 0; i < x.n_row; i++)
        for (int64_t k = x.start[i] + 1; k < x.start[i + 1]; k++)
            assert_true(x.col[k - 1] < x.col[k]);
    wu_sparse_free(&x);
    wu_bag_free(b);
    wu_bag_free(NULL);
}

static void rare_words_are_left_out(void **state) {
    (void)state;
    wu_bag *b = new_bag();
    wu_sparse x;
    document(b, "rare rare rare common", false);
    document(b, "common twice", false);
    document(b, "twice common", false);
    for (int32_t least = 1; least <= 4; least++) { /* rows can be made again */
        assert_int_equal(wu_bag_rows(b, least, &x), WU_OK);
        assert_int_equal(x.n_col, 4 - least);
        assert_int_equal(count_of(b, &x, 0, "rare"), least > 1 ? -1 : 3);
        assert_int_equal(count_of(b, &x, 1, "twice"), least > 2 ? -1 : 1);
        assert_int_equal(count_of(b, &x, 2, "common"), least > 3 ? -1 : 1);
        wu_sparse_free(&x);
    }
    wu_bag_free(b);
}

static void pairs_stay_within_a_text(void **state) {
    (void)state;
    wu_bag *b = new_bag();
    wu_sparse x;
    document(b, "Thank you, thank YOU", true);
    assert_int_equal(wu_bag_add(b, WU_STR("bye"), true), WU_OK);
    document(b, "thank you", false);
    assert_int_equal(wu_bag_rows(b, 1, &x), WU_OK);
    assert_int_equal(count_of(b, &x, 0, "thank you"), 2);
    assert_int_equal(count_of(b, &x, 0, "you thank"), 1);
    assert_int_equal(count_of(b, &x, 0, "you bye"), -1);
    assert_int_equal(count_of(b, &x, 0, "thank"), 2);
    assert_int_equal(count_of(b, &x, 1, "thank you"), 0);
    assert_int_equal(x.n_col, 5);
    wu_sparse_free(&x);
    wu_bag_free(b);
}

/* A word is 40 bytes at most; what is kept of it is still UTF-8. */
static void long_words_are_cut_between_characters(void **state) {
    (void)state;
    char euro[400] = "", a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; /* 39 */
    wu_buf text = {0}, kept = {0};
    wu_bag *b = new_bag();
    wu_sparse x;
    for (int i = 0; i < 100; i++) strncat(euro, "\xE2\x82\xAC", 4); /* three bytes each */
    document(b, euro, true);
    assert_int_equal(wu_buf_fmt(&text, "%sBthe rest %sc%.300s", a, a, euro), WU_OK);
    document(b, text.p, true);
    assert_int_equal(wu_bag_rows(b, 1, &x), WU_OK);
    for (int32_t c = 0; c < x.n_col; c++) {
        assert_in_range(wu_bag_word(b, c).n, 1, 81);
        assert_true(wu_utf8_valid(wu_bag_word(b, c)));
    }
    assert_int_equal(wu_bag_word(b, 0).n, 39);
    assert_int_equal(wu_buf_fmt(&kept, "%sb rest", a), WU_OK);
    assert_int_equal(count_of(b, &x, 1, kept.p), 1);
    wu_buf_clear(&kept);
    assert_int_equal(wu_buf_fmt(&kept, "rest %sc", a), WU_OK);
    assert_int_equal(count_of(b, &x, 1, kept.p), 1);
    assert_int_equal(x.n_col, 6);
    wu_buf_free(&text);
    wu_buf_free(&kept);
    wu_sparse_free(&x);
    wu_bag_free(b);
}

static void grow(wu_bag *b, int words) {
    char text[16];
    assert_int_equal(wu_bag_begin(b), WU_OK);
    for (int i = 0; i < words; i++) {
        snprintf(text, sizeof(text), "w%d", i);
        assert_int_equal(wu_bag_add(b, wu_str_of(text), false), WU_OK);
    }
}

/* Beyond the first sizes of its tables, and the same whenever it is done. */
static void a_bag_grows(void **state) {
    (void)state;
    wu_bag *b[2] = {new_bag(), new_bag()};
    wu_sparse x[2];
    for (int k = 0; k < 2; k++) {
        grow(b[k], 40000);
        grow(b[k], 39999);
        assert_int_equal(wu_bag_rows(b[k], 1, &x[k]), WU_OK);
        assert_int_equal(x[k].n_col, 40000);
        assert_int_equal(x[k].start[1], 40000);
        assert_int_equal(x[k].start[2], 79999);
    }
    assert_memory_equal(x[0].col, x[1].col, 79999 * sizeof(int32_t));
    for (int32_t c = 0; c < 40000; c++) {
        char text[16];
        snprintf(text, sizeof(text), "w%d", c);
        assert_true(wu_str_eq(wu_bag_word(b[0], c), wu_str_of(text)));
    }
    for (int64_t k = 0; k < 79999; k++) assert_true(x[0].value[k] == 1.0);
    for (int k = 0; k < 2; k++) {
        wu_sparse_free(&x[k]);
        wu_bag_free(b[k]);
    }
}

/* ------------------------------------------------------------------------------- memory */

static wu_code learn_all(void) {
    const double y[2] = {1.0, 2.0};
    const int32_t class[2] = {0, 1}, fold[2] = {0, 1};
    double guess[2] = {0};
    int32_t chosen[2] = {0};
    wu_bag *b = NULL;
    wu_sparse x = {0};
    char text[16];
    wu_code rc = wu_bag_create(&b);
    if (rc) assert_null(b);
    for (int d = 0; !rc && d < 2; d++) {
        rc = wu_bag_begin(b);
        for (int i = 0; !rc && i < 5000; i++) {
            snprintf(text, sizeof(text), "a%d b", i);
            rc = wu_bag_add(b, wu_str_of(text), true);
        }
    }
    if (!rc && (rc = wu_bag_rows(b, 1, &x))) assert_null(x.start);
    if (!rc) rc = wu_ridge(guess, &x, y, fold, 2, WU_ALL_FOLDS, 1.0);
    if (!rc) rc = wu_bayes(chosen, &x, class, 2, fold, 2, WU_ALL_FOLDS);
    if (!rc && wu_spearman(guess, y, 2) < -1.5) rc = WU_ENOMEM;
    wu_sparse_free(&x);
    wu_bag_free(b);
    return rc;
}

static void it_runs_out_of_memory(void **state) {
    (void)state;
    for (int64_t n = 0; n < 1000; n++) {
        alloc_fail_after(n);
        const wu_code rc = learn_all();
        alloc_fail_after(-1);
        if (rc == WU_OK) {
            assert_true(n > 15);
            return;
        }
        assert_int_equal(rc, WU_ENOMEM);
    }
    fail_msg("it never succeeds");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ridge_solves_the_normal_equations),
        cmocka_unit_test(one_fold_alone),
        cmocka_unit_test(ridge_without_a_lesson),
        cmocka_unit_test(rows_get_length_one),
        cmocka_unit_test(bayes_by_hand),
        cmocka_unit_test(ranks_are_shared),
        cmocka_unit_test(words_are_counted),
        cmocka_unit_test(rare_words_are_left_out),
        cmocka_unit_test(pairs_stay_within_a_text),
        cmocka_unit_test(long_words_are_cut_between_characters),
        cmocka_unit_test(a_bag_grows),
        cmocka_unit_test(it_runs_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
