/* Counters of the statistics: quantiles of whole numbers, counts of words, duplicates within a
 * stream, guesses at languages. */
#include "alloc_hook.h"
#include "near.h"

#include "base/rng.h"
#include "contact/set/alike.h"
#include "contact/set/language.h"
#include "contact/set/tally.h"

#include <stdio.h>
#include <string.h>

static void quantiles_are_nearest_ranks(void **state) {
    (void)state;
    wu_tally t = {0};
    assert_int_equal(wu_tally_quantile(&t, 500), 0);
    CHECK_NEAR(wu_tally_mean(&t), 0.0, 0.0);
    assert_int_equal(wu_tally_within(&t, 0, 10), 0);
    for (int64_t v = 10; v >= 1; v--) assert_int_equal(wu_tally_add(&t, v * 10), WU_OK);
    assert_int_equal(wu_tally_quantile(&t, 0), 10);
    assert_int_equal(wu_tally_quantile(&t, 100), 10);
    assert_int_equal(wu_tally_quantile(&t, 101), 20);
    assert_int_equal(wu_tally_quantile(&t, 500), 50);
    assert_int_equal(wu_tally_quantile(&t, 900), 90);
    assert_int_equal(wu_tally_quantile(&t, 990), 100);
    assert_int_equal(wu_tally_quantile(&t, 1000), 100);
    assert_int_equal(wu_tally_within(&t, 20, 40), 3);
    assert_int_equal(wu_tally_within(&t, -5, 9), 0);
    assert_int_equal(wu_tally_within(&t, 11, 5), 0);
    CHECK_NEAR(wu_tally_mean(&t), 55.0, 1e-12);
    wu_tally_free(&t);
}

static void large_values_are_known_to_a_thousandth(void **state) {
    (void)state;
    const int64_t values[] = {-7,
                              0,
                              WU_TALLY_EXACT - 1,
                              WU_TALLY_EXACT,
                              1000000,
                              123456789,
                              INT64_C(1) << 40,
                              INT64_C(1) << 61,
                              INT64_MAX,
                              INT64_MAX - 1};
    for (size_t i = 0; i < WU_LEN(values); i++) {
        wu_tally t = {0};
        const int64_t v = values[i] < 0 ? 0 : values[i];
        assert_int_equal(wu_tally_add(&t, values[i]), WU_OK);
        assert_int_equal(wu_tally_add(&t, values[i]), WU_OK);
        assert_int_equal(t.max, v);
        const int64_t q = wu_tally_quantile(&t, 500);
        assert_true(q == v); /* not below the least value */
        assert_int_equal(wu_tally_add(&t, 0), WU_OK);
        const int64_t median = wu_tally_quantile(&t, 500);
        assert_true(median <= v);
        if (v < WU_TALLY_EXACT) assert_true(median == v);
        if (v <= INT64_C(1) << 61) assert_true((double)(v - median) <= (double)v * 0.001);
        wu_tally_free(&t);
    }
}

static void words_are_counted_up_to_a_limit(void **state) {
    (void)state;
    wu_counts c = {0};
    char word[16];
    for (int i = 0; i < WU_COUNTS_MAX + 10; i++) {
        snprintf(word, sizeof(word), "w%d", i);
        assert_int_equal(wu_counts_add(&c, wu_str_of(word), 0), WU_OK);
    }
    assert_int_equal(wu_counts_add(&c, WU_STR("w7"), 1), WU_OK);
    assert_int_equal(wu_counts_add(&c, WU_STR("w3"), 1), WU_OK);
    wu_counts_sort(&c);
    assert_int_equal(c.n, WU_COUNTS_MAX);
    assert_int_equal(c.n_beyond, 10);
    assert_int_equal(c.n_all, WU_COUNTS_MAX + 12);
    assert_true(wu_str_eq(c.item[0].word, WU_STR("w3")));
    assert_true(wu_str_eq(c.item[1].word, WU_STR("w7")));
    assert_int_equal(c.item[0].n, 2);
    assert_int_equal(c.item[0].of_those, 1);
    wu_counts_free(&c);

    char big[400];
    memset(big, 'x', sizeof(big));
    memcpy(big + WU_COUNTS_WORD - 1, "\xC3\xA9", 2); /* a character across the cut */
    assert_int_equal(wu_counts_add(&c, (wu_str){big, sizeof(big)}, 0), WU_OK);
    assert_int_equal(wu_counts_add(&c, (wu_str){0}, 0), WU_OK);
    assert_int_equal(c.item[0].word.n, WU_COUNTS_WORD - 1);
    assert_int_equal(c.item[1].word.n, 0);
    wu_counts_free(&c);
}

/* ------------------------------------------------------------------------------- alike */

/* 200 words drawn by seed, of which the first `changed` are others. */
static void talk(wu_buf *b, uint64_t seed, int changed) {
    wu_rng r = wu_rng_init(seed, 0);
    b->n = 0;
    for (int i = 0; i < 200; i++) {
        const uint32_t w = wu_rng_below(&r, 3000);
        assert_int_equal(wu_buf_fmt(b, "%s%u ", i < changed ? "other" : "w", w), WU_OK);
    }
}

/* 300 texts of their own; 20 say the same as an earlier one, 10 nearly the same, 10 a third of it;
 * two are empty. */
static wu_alike_result search(size_t memory) {
    wu_alike *a;
    wu_alike_result r;
    wu_buf b = {0};
    char name[120];
    assert_int_equal(wu_alike_create(&a, 0.8, memory, NULL, NULL), WU_OK);
    for (int i = 0; i < 342; i++) {
        const int of = i < 300 ? i : i - 300;
        talk(&b, (uint64_t)of, i < 320 ? 0 : i < 330 ? 10 : 130);
        if (i >= 340) wu_buf_clear(&b);
        snprintf(name, sizeof(name), "conversation %d%s", i,
                 i == 300 ? " of a long, long, long, "
                            "long, long, long name"
                          : "");
        const wu_str text = b.n ? wu_buf_view(&b) : WU_STR(" ... ");
        assert_int_equal(wu_alike_add(a, text, wu_str_of(name), NULL), WU_OK);
    }
    assert_int_equal(wu_alike_finish(a, &r, NULL), WU_OK);
    wu_alike_free(a);
    wu_buf_free(&b);
    return r;
}

static void duplicates_within_a_stream_are_found(void **state) {
    (void)state;
    const wu_alike_result r = search(0), small = search(1);
    assert_int_equal(r.n_text, 342);
    assert_int_equal(r.n_empty, 2);
    assert_int_equal(r.n_equal, 20);
    assert_int_equal(r.n_near, 10);
    assert_int_equal(r.n_found, WU_ALIKE_FOUND);
    for (int i = 0; i < r.n_found; i++)
        assert_true((r.found[i].similarity < 1.0) == (i >= WU_ALIKE_FOUND / 2));
    /* the same with nearly everything in temporary files */
    assert_int_equal(small.n_equal, r.n_equal);
    assert_int_equal(small.n_near, r.n_near);
    for (int i = 0; i < r.n_found; i++) {
        assert_string_equal(small.found[i].first, r.found[i].first);
        assert_string_equal(small.found[i].later, r.found[i].later);
    }
}

/* The same shingles in other words: as a sketch they cannot be told apart. */
static void many_that_look_equal_are_no_more_than_there_is_room_for(void **state) {
    (void)state;
    wu_alike *a;
    wu_alike_result r;
    wu_buf b = {0};
    assert_int_equal(wu_alike_create(&a, 0.8, 0, NULL, NULL), WU_OK);
    for (int i = 1; i <= 60; i++) {
        for (int k = 0; k < (i > 40 ? 7 : i) * 4; k++)
            assert_int_equal(wu_buf_fmt(&b, "%c ", 'a' + k % 4), WU_OK);
        assert_int_equal(wu_buf_str(&b, "a b c"), WU_OK);
        assert_int_equal(wu_alike_add(a, wu_buf_view(&b), WU_STR("x"), NULL), WU_OK);
        wu_buf_clear(&b);
    }
    assert_int_equal(wu_alike_finish(a, &r, NULL), WU_OK);
    assert_int_equal(r.n_equal, 20);
    assert_int_equal(r.n_near, 39);
    assert_int_equal(r.n_found, WU_ALIKE_FOUND);
    wu_alike_free(a);
    wu_buf_free(&b);
}

/* ---------------------------------------------------------------------------- language */

static void languages_are_guessed_by_little_words(void **state) {
    static const struct {
        const char *language, *text;
    } cases[] = {
        {"en", "Agent: Thank you for calling, how can I help you?\nCustomer: My bill is wrong."},
        {"de", "Guten Tag, ich habe eine Frage zu meiner Rechnung, die ist nicht richtig."},
        {"fr", "Bonjour, je vous appelle pour une facture que je n'ai pas reçue."},
        {"es", "Hola, buenos días, no puedo entrar en mi cuenta y necesito ayuda por favor."},
        {"it", "Buongiorno, non ho ricevuto la fattura di questo mese, mi può aiutare?"},
        {"pt", "Olá, não consigo entrar na minha conta, você pode me ajudar?"},
        {"nl", "Goedendag, ik heb een vraag over mijn rekening, die is niet goed."},
        {NULL, "ok"},
        {NULL, ""},
        {NULL, "4870952797 cminh948@email.example"},
        {NULL, "\xFF\xFE\x80 \xC3"},
        {NULL, "la la la de de de"},
    };
    wu_languages *l;
    (void)state;
    assert_int_equal(wu_languages_read(&l, NULL), WU_OK);
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        const char *got = wu_language_guess(l, wu_str_of(cases[i].text));
        if (!got && !cases[i].language) continue;
        if (!got || !cases[i].language || strcmp(got, cases[i].language) != 0)
            fail_msg("\"%s\" is taken for %s", cases[i].text, got ? got : "unknown");
    }
    wu_languages_free(l);
}

static void nothing_is_lost_when_memory_is_out(void **state) {
    (void)state;
    for (int64_t n = 0;; n++) {
        wu_alike *a = NULL;
        wu_languages *l = NULL;
        wu_alike_result r;
        wu_tally t = {0};
        wu_counts c = {0};
        alloc_fail_after(n);
        wu_code rc = wu_alike_create(&a, 0.5, 1, NULL, NULL);
        for (int i = 0; !rc && i < 3; i++)
            rc = wu_alike_add(a, WU_STR("one two three four five"), WU_STR("x"), NULL);
        if (!rc) rc = wu_alike_finish(a, &r, NULL);
        if (!rc) rc = wu_languages_read(&l, NULL);
        if (!rc) rc = wu_tally_add(&t, 1000000);
        if (!rc) rc = wu_counts_add(&c, WU_STR("word"), 0);
        alloc_fail_after(-1);
        wu_alike_free(a);
        wu_languages_free(l);
        wu_tally_free(&t);
        wu_counts_free(&c);
        if (rc == WU_OK) break;
        assert_int_equal(rc, WU_ENOMEM);
        assert_true(n < 1000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_nearest_ranks),
        cmocka_unit_test(large_values_are_known_to_a_thousandth),
        cmocka_unit_test(words_are_counted_up_to_a_limit),
        cmocka_unit_test(duplicates_within_a_stream_are_found),
        cmocka_unit_test(many_that_look_equal_are_no_more_than_there_is_room_for),
        cmocka_unit_test(languages_are_guessed_by_little_words),
        cmocka_unit_test(nothing_is_lost_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
