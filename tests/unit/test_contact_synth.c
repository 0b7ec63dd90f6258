/* The simulator: same seed, same bytes; labels within their tables; words that show the causes. */
#include "contact/exact.h"
#include "contact/synth.h"
#include "contact/transcript.h"
#include "near.h"

#include "base/hash.h"

#include <string.h>

enum { CALLS = 2000 };

static const wu_synth_options options = {.seed = 7, .context = 0.5};

static void make(wu_synth_call *c, uint64_t index) {
    wu_err err = {0};
    CHECK_OK(wu_synth_make(c, &options, index, &err), err);
}

static int64_t score(const wu_synth_call *c, wu_task_id t) {
    return wu_json_int(wu_json_get(c->answer[t], wu_tasks[t].field[0].name));
}

static bool contains(const wu_synth_call *c, const char *s) { return strstr(c->text.p, s) != NULL; }

static void exact_functions_are_accurate(void **state) {
    (void)state;
    for (double x = -30.0; x < 30.0; x += 0.37) {
        CHECK_NEAR(wu_exact_exp(x) / exp(x), 1.0, 1e-15);
        CHECK_NEAR(wu_exact_log(exp(x)), x, 1e-15);
        CHECK_NEAR(wu_exact_sigmoid(x), 1.0 / (1.0 + exp(-x)), 1e-15);
    }
    assert_true(wu_exact_exp(0.0) == 1.0);
    assert_true(wu_exact_log(1.0) == 0.0);
    assert_true(wu_exact_exp(-1e9) > 0.0);
    assert_true(wu_exact_exp(1e9) < 1e305);
    assert_true(wu_exact_log(0.0) == -700.0);
}

static void a_call_depends_on_seed_and_index_alone(void **state) {
    (void)state;
    wu_synth_call a = {0}, b = {0};
    wu_buf x = {0}, y = {0};
    for (uint64_t i = 0; i < 20; i++) {
        make(&a, i);
        assert_int_equal(wu_synth_examples(&x, &a, "call"), WU_OK);
    }
    for (uint64_t i = 20; i-- > 0;) make(&b, i); /* another order leaves no trace */
    for (uint64_t i = 0; i < 20; i++) {
        make(&b, i);
        assert_int_equal(wu_synth_examples(&y, &b, "call"), WU_OK);
    }
    assert_true(wu_str_eq(wu_buf_view(&x), wu_buf_view(&y)));
    wu_synth_options other = options;
    other.seed++;
    wu_err err = {0};
    CHECK_OK(wu_synth_make(&b, &other, 19, &err), err);
    assert_false(wu_str_eq(wu_buf_view(&a.text), wu_buf_view(&b.text)));
    wu_buf_free(&x);
    wu_buf_free(&y);
    wu_synth_free(&a);
    wu_synth_free(&b);
}

/* Bytes must not change by accident, nor differ between platforms. A change of the tables changes
 * this number; then write down the new one. */
static void the_bytes_are_known(void **state) {
    (void)state;
    wu_synth_call c = {0};
    wu_buf b = {0};
    for (uint64_t i = 0; i < 50; i++) {
        make(&c, i);
        assert_int_equal(wu_synth_examples(&b, &c, "call"), WU_OK);
    }
    assert_int_equal(wu_hash64(b.p, b.n), 0xa76605c9999d71cau);
    wu_buf_free(&b);
    wu_synth_free(&c);
}

static void every_answer_passes_its_task(void **state) {
    (void)state;
    wu_synth_call c = {0};
    wu_buf b = {0};
    for (uint64_t i = 0; i < CALLS; i++) {
        make(&c, i);
        for (int t = 0; t < WU_N_TASK; t++) {
            wu_json *j = NULL;
            wu_err err = {0};
            wu_buf_clear(&b);
            assert_int_equal(wu_json_write(&b, c.answer[t], WU_JSON_SPACED), WU_OK);
            CHECK_OK(wu_task_check(&wu_tasks[t], wu_buf_view(&b), &j, &err), err);
            wu_json_free(j);
            /* about four bytes make a token, JSON less */
            assert_true(b.n < 3 * (size_t)wu_tasks[t].max_tokens);
        }
    }
    wu_buf_free(&b);
    wu_synth_free(&c);
}

static void texts_are_canonical_transcripts_and_all_different(void **state) {
    (void)state;
    static uint64_t seen[CALLS];
    wu_synth_call c = {0};
    wu_buf b = {0};
    for (uint64_t i = 0; i < CALLS; i++) {
        wu_transcript t = {0};
        wu_err err = {0};
        make(&c, i);
        CHECK_OK(wu_transcript_parse(&t, wu_buf_view(&c.text), "call", &err), err);
        wu_buf_clear(&b);
        assert_int_equal(wu_transcript_render(&b, &t), WU_OK);
        assert_true(wu_str_eq(wu_buf_view(&b), wu_buf_view(&c.text)));
        assert_in_range(t.n_turn, 8, 40);
        assert_null(strpbrk(c.text.p, "{}"));
        wu_transcript_free(&t);
        seen[i] = wu_hash64(c.text.p, c.text.n);
        for (uint64_t k = 0; k < i; k++) assert_true(seen[k] != seen[i]);
    }
    wu_buf_free(&b);
    wu_synth_free(&c);
}

static void labels_spread(void **state) {
    (void)state;
    wu_synth_call c = {0};
    double sum[WU_N_TASK] = {0};
    int resolved = 0, blocks = 0, failed = 0, above_half = 0;
    for (uint64_t i = 0; i < CALLS; i++) {
        make(&c, i);
        for (int t = 0; t < WU_N_TASK; t++) sum[t] += (double)score(&c, (wu_task_id)t);
        resolved += c.latent.outcome == WU_OUTCOME_RESOLVED;
        failed += c.latent.leaked;
        blocks += c.context.n > 0;
        above_half += score(&c, WU_TASK_CHURN) > 50;
    }
    assert_in_range(sum[WU_TASK_QUALITY] / CALLS, 52, 72);
    assert_in_range(sum[WU_TASK_CSAT] / CALLS, 58, 75);
    assert_in_range(above_half, CALLS / 20, CALLS / 4);
    assert_in_range(resolved, CALLS * 60 / 100, CALLS * 80 / 100);
    assert_in_range(failed, CALLS * 3 / 100, CALLS * 12 / 100);
    assert_in_range(blocks, CALLS * 45 / 100, CALLS * 55 / 100);
    wu_synth_free(&c);
}

/* A flat set has as many good calls as bad ones, and satisfaction does not tell quality. */
static void a_flat_set_is_flat(void **state) {
    (void)state;
    const wu_synth_options flat = {.seed = 7, .flat = true};
    wu_synth_call c = {0};
    wu_err err = {0};
    int good[3] = {0}, happy[3] = {0}, both = 0;
    for (uint64_t i = 0; i < 450; i++) {
        CHECK_OK(wu_synth_make(&c, &flat, i, &err), err);
        const int64_t q = score(&c, WU_TASK_QUALITY), s = score(&c, WU_TASK_CSAT);
        good[q < 56 ? 0 : q < 76 ? 1 : 2]++;
        happy[s < 59 ? 0 : s < 77 ? 1 : 2]++;
        both += q < 56 && s >= 77;
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(good[i], 150);
        assert_int_equal(happy[i], 150);
    }
    assert_int_equal(both, 50);
    wu_synth_free(&c);
}

/* What an evaluator must be able to see. */
static void causes_leave_traces(void **state) {
    (void)state;
    wu_synth_call c = {0};
    for (uint64_t i = 0; i < CALLS; i++) {
        make(&c, i);
        const wu_latent *l = &c.latent;
        if (l->leaked) assert_int_equal(score(&c, WU_TASK_QUALITY), 0);
        if (l->repeats > 0)
            assert_true(contains(&c, "called") || contains(&c, "calling") ||
                        contains(&c, "spoke") || contains(&c, "call about this"));
        if (l->hold_s > 0 && l->hit[WU_ITEM_HOLD])
            assert_true(contains(&c, "hold") || contains(&c, "wait"));
        if (l->transfers > 0)
            assert_true(contains(&c, "transfer") || contains(&c, "putting you through") ||
                        contains(&c, "connecting you"));
        if (l->tenure_months <= 10.0)
            assert_true(contains(&c, "a few weeks ago") || contains(&c, "quite new") ||
                        contains(&c, "first month"));
        if (l->competitor) assert_non_null(strstr(c.text.p, "Customer: "));
    }
    wu_synth_free(&c);
}

/* The agent's work is judged by what the agent did: waiting moves satisfaction, not quality. */
static void waiting_lowers_satisfaction_but_not_quality(void **state) {
    (void)state;
    wu_synth_call c = {0};
    double csat[2] = {0}, quality[2] = {0};
    int n[2] = {0};
    for (uint64_t i = 0; i < CALLS; i++) {
        make(&c, i);
        const int is_long = c.latent.wait_s > 180;
        csat[is_long] += (double)score(&c, WU_TASK_CSAT);
        quality[is_long] += c.latent.qa_score;
        n[is_long]++;
    }
    assert_true(n[0] > 100 && n[1] > 100);
    assert_true(csat[0] / n[0] > csat[1] / n[1] + 3.0);
    assert_true(fabs(quality[0] / n[0] - quality[1] / n[1]) < 4.0);
    wu_synth_free(&c);
}

static void six_examples_share_all_but_the_question(void **state) {
    (void)state;
    wu_synth_call c = {0};
    wu_buf b = {0};
    make(&c, 3);
    assert_int_equal(wu_synth_examples(&b, &c, "call-3"), WU_OK);
    const char *p = b.p;
    for (int t = 0; t < WU_N_TASK; t++) {
        const char *end = strchr(p, '\n');
        wu_json *j = NULL;
        wu_err err = {0};
        CHECK_OK(wu_json_parse(&j, (wu_str){p, (size_t)(end - p)}, "line", WU_EDATA, &err), err);
        const wu_str prompt = wu_json_str(wu_json_get(j, "prompt"));
        const wu_str question = wu_str_of(wu_tasks[t].question);
        assert_true(prompt.n > question.n);
        assert_memory_equal(prompt.p + prompt.n - question.n, question.p, question.n);
        const wu_str head = {prompt.p, prompt.n - question.n};
        assert_true(head.n > c.text.n);
        assert_memory_equal(head.p + head.n - c.text.n - 1, c.text.p, c.text.n);
        assert_true(
            wu_str_eq(wu_json_str(wu_json_get(j, "task_type")), wu_str_of(wu_tasks[t].name)));
        assert_true(wu_str_eq(wu_json_str(wu_json_get(j, "source_id")), WU_STR("call-3")));
        wu_json_free(j);
        p = end + 1;
    }
    assert_int_equal(*p, 0);
    wu_buf_free(&b);
    wu_synth_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_functions_are_accurate),
        cmocka_unit_test(a_call_depends_on_seed_and_index_alone),
        cmocka_unit_test(the_bytes_are_known),
        cmocka_unit_test(every_answer_passes_its_task),
        cmocka_unit_test(texts_are_canonical_transcripts_and_all_different),
        cmocka_unit_test(labels_spread),
        cmocka_unit_test(a_flat_set_is_flat),
        cmocka_unit_test(causes_leave_traces),
        cmocka_unit_test(waiting_lowers_satisfaction_but_not_quality),
        cmocka_unit_test(six_examples_share_all_but_the_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
