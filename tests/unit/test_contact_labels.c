/* Labels of other people's files: what is there is used, what is not is not made up. */
#include "alloc_hook.h"
#include "near.h"

#include "base/compiler.h"
#include "contact/labels.h"

#include <stdio.h>
#include <string.h>

static wu_taxonomy *taxonomy;
static wu_labels got = {.csat = -1};

static wu_json *parse(const char *text) {
    wu_json *j = NULL;
    wu_err err;
    if (text) CHECK_OK(wu_json_parse(&j, wu_str_of(text), "test", WU_EDATA, &err), err);
    return j;
}

static void read_scaled(const char *analysis, const char *journey, wu_csat_scale scale) {
    const wu_label_options o = {taxonomy, scale};
    wu_json *a = parse(analysis), *j = parse(journey);
    wu_err err;
    CHECK_OK(wu_labels_read(&got, a, j, &o, &err), err);
    for (int i = 0; i < WU_N_TASK; i++)
        if (got.answer[i])
            CHECK_OK(wu_labels_check(&wu_tasks[i], got.answer[i], taxonomy, &err), err);
    wu_json_free(a);
    wu_json_free(j);
}

static void read_both(const char *analysis, const char *journey) {
    read_scaled(analysis, journey, WU_CSAT_0_100);
}

static void answers(wu_task_id task, const char *want) {
    wu_buf out = {0};
    if (!got.answer[task]) fail_msg("%s has no answer, want %s", wu_tasks[task].name, want);
    assert_int_equal(wu_json_write(&out, got.answer[task], WU_JSON_SPACED), WU_OK);
    assert_string_equal(out.p, want);
    wu_buf_free(&out);
}

static void dropped(wu_task_id task, wu_label_state why) {
    assert_null(got.answer[task]);
    assert_int_equal(got.state[task][0], why);
}

#define WHOLE_ANALYSIS                                                                             \
    "{\"quality_scores\": {\"overall_quality\": 82.5, \"effectiveness_rating\": \"good\"},"        \
    "\"key_strengths\": [\"Warm greeting.\", \"Knew the tariff\", \"third\"],"                     \
    "\"critical_weaknesses\": [\"Never asked for the account number\"],"                           \
    "\"customer_journey\": {\"satisfaction_indicators\": {\"predicted_csat\": 85,"                 \
    "\"satisfaction_signals\": [\"said thanks\", \"said thanks\", \"laughed\"]}},"                 \
    "\"issue_category\": \"Billing Payment\", \"detected_issues\": [\"double charge\"],"           \
    "\"interaction_complexity\": \"Medium\","                                                      \
    "\"coaching_recommendations\": {\"immediate\": [\"verify first\"], \"long_term\": "            \
    "[\"tariffs\"]}}"
#define WHOLE_JOURNEY                                                                              \
    "{\"value_signals\": {\"churn_risk_score\": 62, \"churn_risk_factors\":"                       \
    "[\"price\", {\"factor\": \"competitor\", \"weight\": 2}, \"c\", \"d\"]},"                     \
    "\"journey_metadata\": {\"journey_type\": \"problem_resolution\"},"                            \
    "\"journey_stages\": {\"decision\": {\"present\": true}, \"awareness\": {\"present\": true},"  \
    "\"retention\": {\"present\": false}},"                                                        \
    "\"sentiment_journey\": {\"sentiment_trajectory\": \"improving\"}}"

static void six_answers_come_out(void **state) {
    (void)state;
    read_both(WHOLE_ANALYSIS, WHOLE_JOURNEY);
    answers(WU_TASK_QUALITY,
            "{\"quality_score\": 83, \"effectiveness_rating\": \"good\", \"justification\": "
            "\"Strengths: Warm greeting; Knew the tariff. Weaknesses: Never asked for the account "
            "number.\"}");
    answers(WU_TASK_CSAT, "{\"predicted_csat\": 85, \"confidence\": \"high\", \"key_factors\": "
                          "[\"said thanks\", \"laughed\"]}");
    answers(WU_TASK_ISSUE, "{\"primary_category\": \"billing_payment\", \"detected_issues\": "
                           "[\"double charge\"], \"complexity\": \"medium\"}");
    answers(WU_TASK_COACHING,
            "{\"immediate_priorities\": [\"verify first\"], \"long_term\": [\"tariffs\"], "
            "\"strengths_to_leverage\": [\"Warm greeting.\", \"Knew the tariff\"]}");
    answers(WU_TASK_CHURN, "{\"churn_risk_score\": 62, \"risk_level\": \"high\", "
                           "\"risk_factors\": [\"price\", \"competitor\", \"c\"]}");
    answers(WU_TASK_JOURNEY,
            "{\"journey_type\": \"problem_resolution\", \"journey_stages\": "
            "[\"decision\", \"awareness\"], \"sentiment_trajectory\": \"improving\"}");
}

/* Flaw 12: labels that are missing became 0 and "". */
static void flaw_12_missing_labels_stay_missing(void **state) {
    (void)state;
    read_both("{}", "{}");
    for (int i = 0; i < WU_N_TASK; i++) dropped((wu_task_id)i, WU_LABEL_MISSING);
    read_both(
        "{\"quality_scores\": {\"overall_quality\": null, \"effectiveness_rating\": \"good\"},"
        "\"issue_category\": \"  \", \"interaction_complexity\": \"low\","
        "\"coaching_recommendations\": {\"long_term\": [\"x\"]}}",
        NULL);
    dropped(WU_TASK_QUALITY, WU_LABEL_MISSING);
    dropped(WU_TASK_ISSUE, WU_LABEL_MISSING);
    dropped(WU_TASK_COACHING, WU_LABEL_MISSING);
    dropped(WU_TASK_CHURN, WU_LABEL_NO_SOURCE);
    /* fields beside the first one: left out, not filled in */
    read_both("{\"quality_scores\": {\"overall_quality\": 0},"
              "\"customer_journey\": {\"satisfaction_indicators\": {\"predicted_csat\": 0}},"
              "\"issue_category\": \"other\"}",
              "{\"value_signals\": {\"churn_risk_score\": 0},"
              "\"journey_metadata\": {\"journey_type\": \"purchase\"}}");
    answers(WU_TASK_QUALITY, "{\"quality_score\": 0}");
    answers(WU_TASK_CSAT, "{\"predicted_csat\": 0}");
    answers(WU_TASK_ISSUE, "{\"primary_category\": \"other\"}");
    answers(WU_TASK_CHURN, "{\"churn_risk_score\": 0, \"risk_level\": \"low\"}");
    answers(WU_TASK_JOURNEY, "{\"journey_type\": \"purchase\"}");
    assert_int_equal(got.state[WU_TASK_ISSUE][2], WU_LABEL_MISSING);
}

/* Flaw 13: the reason of a score was a sentence that counted. */
static void flaw_13_the_reason_is_in_the_sources_words(void **state) {
    (void)state;
    read_both("{\"quality_scores\": {\"overall_quality\": 40, \"rationale\":"
              "\"Interrupted  the\\ncustomer twice.\"}, \"key_strengths\": [\"a\"]}",
              NULL);
    answers(WU_TASK_QUALITY, "{\"quality_score\": 40, \"justification\": "
                             "\"Interrupted the customer twice.\"}");
    read_both("{\"quality_scores\": {\"overall_quality\": 40},"
              "\"critical_weaknesses\": [{\"weakness\": \"No recap\"}, {\"score\": 3}]}",
              NULL);
    answers(WU_TASK_QUALITY,
            "{\"quality_score\": 40, \"justification\": \"Weaknesses: No recap.\"}");
    read_both("{\"quality_scores\": {\"overall_quality\": 40}, \"key_strengths\": [1, 2],"
              "\"critical_weaknesses\": []}",
              NULL);
    answers(WU_TASK_QUALITY, "{\"quality_score\": 40}");
}

/* Flaw 17: a score of zero was dropped, a field under another name was a usual value. */
static void flaw_17_zero_is_a_score_and_other_names_are_none(void **state) {
    (void)state;
    read_both("{\"customer_journey\": {\"satisfaction_indicators\": {\"csat_score\": 70}},"
              "\"quality_scores\": {\"overall_quality\": 0.0}}",
              NULL);
    dropped(WU_TASK_CSAT, WU_LABEL_MISSING);
    answers(WU_TASK_QUALITY, "{\"quality_score\": 0}");
}

#define CSAT(v) "{\"customer_journey\": {\"satisfaction_indicators\": {\"predicted_csat\": " v "}}}"

/* Flaw 18: satisfaction was 0-100 here and 1-5 there. */
static void flaw_18_satisfaction_has_one_scale(void **state) {
    (void)state;
    static const struct {
        const char *text;
        wu_csat_scale scale;
        const char *want;
    } good[] = {
        {CSAT("4.2"), WU_CSAT_0_100, "{\"predicted_csat\": 4}"},
        {CSAT("4.2"), WU_CSAT_1_5, "{\"predicted_csat\": 80}"},
        {CSAT("1"), WU_CSAT_1_5, "{\"predicted_csat\": 0}"},
        {CSAT("5"), WU_CSAT_1_5, "{\"predicted_csat\": 100}"},
        {CSAT("4"), WU_CSAT_1_7, "{\"predicted_csat\": 50}"},
        {CSAT("10"), WU_CSAT_1_10, "{\"predicted_csat\": 100}"},
        {CSAT("0"), WU_CSAT_0_10, "{\"predicted_csat\": 0}"},
    };
    for (size_t i = 0; i < WU_LEN(good); i++) {
        read_scaled(good[i].text, NULL, good[i].scale);
        answers(WU_TASK_CSAT, good[i].want);
    }
    read_scaled(CSAT("85"), NULL, WU_CSAT_1_5);
    dropped(WU_TASK_CSAT, WU_LABEL_BAD);
    assert_non_null(strstr(got.wrong[WU_TASK_CSAT], "predicted_csat is 85, want 1 to 5"));
}

static void scores_are_numbers_within_their_range(void **state) {
    (void)state;
    static const char *const bad[] = {CSAT("100.2"), CSAT("-1"),   CSAT("\"85\""),
                                      CSAT("true"),  CSAT("[85]"), CSAT("1e300")};
    static const struct {
        const char *text, *want;
    } good[] = {{CSAT("49.5"), "{\"predicted_csat\": 50}"},
                {CSAT("49.49"), "{\"predicted_csat\": 49}"},
                {CSAT("100.0"), "{\"predicted_csat\": 100}"}};
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        read_both(bad[i], NULL);
        dropped(WU_TASK_CSAT, WU_LABEL_BAD);
        assert_true(got.wrong[WU_TASK_CSAT][0] != 0);
    }
    for (size_t i = 0; i < WU_LEN(good); i++) {
        read_both(good[i].text, NULL);
        answers(WU_TASK_CSAT, good[i].want);
    }
}

static void confidence_is_the_sources_or_follows_a_rule(void **state) {
    (void)state;
    static const struct {
        const char *csat, *rest, *want;
    } row[] = {
        {"90", ", \"confidence\": \"Low\", \"satisfaction_signals\": [\"a\"]", "low"},
        {"81", ", \"satisfaction_signals\": [\"a\"]", "high"},
        {"80", ", \"satisfaction_signals\": [\"a\"]", "medium"},
        {"29", ", \"satisfaction_signals\": [\"a\"]", "high"},
        {"95", ", \"satisfaction_signals\": []", "low"},
        {"95", "", ""},
        {"95", ", \"confidence\": 0.9, \"satisfaction_signals\": [\"a\"]", ""},
    };
    for (size_t i = 0; i < WU_LEN(row); i++) {
        char text[300];
        snprintf(
            text, sizeof(text),
            "{\"customer_journey\": {\"satisfaction_indicators\": {\"predicted_csat\": %s%s}}}",
            row[i].csat, row[i].rest);
        read_both(text, NULL);
        const wu_json *word = wu_json_get(got.answer[WU_TASK_CSAT], "confidence");
        assert_true(wu_str_eq(wu_json_str(word), wu_str_of(row[i].want)));
    }
}

static void unknown_names_drop_or_leave_out(void **state) {
    (void)state;
    read_both("{\"issue_category\": \"Teleportation\"}",
              "{\"journey_metadata\": {\"journey_type\": \"purchase\"},"
              "\"journey_stages\": [\"Decision\", \"limbo\", \"decision\"],"
              "\"sentiment_journey\": {\"sentiment_trajectory\": \"sideways\"}}");
    dropped(WU_TASK_ISSUE, WU_LABEL_UNKNOWN);
    assert_non_null(strstr(got.wrong[WU_TASK_ISSUE], "Teleportation"));
    answers(WU_TASK_JOURNEY,
            "{\"journey_type\": \"purchase\", \"journey_stages\": [\"decision\"]}");
    assert_int_equal(got.state[WU_TASK_JOURNEY][2], WU_LABEL_UNKNOWN);
}

static void lists_are_lists(void **state) {
    (void)state;
    read_both("{\"issue_category\": \"other\", \"detected_issues\": \"one, two\"}", NULL);
    answers(WU_TASK_ISSUE, "{\"primary_category\": \"other\"}");
    read_both("{\"issue_category\": \"other\", \"detected_issues\": []}", NULL);
    answers(WU_TASK_ISSUE, "{\"primary_category\": \"other\", \"detected_issues\": []}");
    read_both("{\"issue_category\": \"other\", \"detected_issues\": [1, {\"x\": \"y\"}]}", NULL);
    answers(WU_TASK_ISSUE, "{\"primary_category\": \"other\"}");
    read_both("{\"coaching_recommendations\": {\"immediate\": [], \"long_term\": []}}", NULL);
    dropped(WU_TASK_COACHING, WU_LABEL_MISSING);
}

static void long_texts_end_at_a_word(void **state) {
    (void)state;
    static const char word[] = "\xC3\xBC"
                               "berw\xC3\xA4ltigend ";
    char text[2000], words[1200];
    size_t n = 0;
    for (int i = 0; i < 60; i++, n += sizeof(word) - 1) memcpy(words + n, word, sizeof(word));
    snprintf(text, sizeof(text), "{\"issue_category\": \"other\", \"detected_issues\": [\"%s\"]}",
             words);
    read_both(text, NULL);
    const wu_str s =
        wu_json_str(wu_json_at(wu_json_get(got.answer[WU_TASK_ISSUE], "detected_issues"), 0));
    assert_true(s.n > 140);
    assert_memory_equal(s.p + s.n - 7, "gend...", 7);
    assert_int_equal(got.n_cut, 1);
    memset(words, 'x', 900);
    words[900] = 0;
    snprintf(text, sizeof(text), "{\"issue_category\": \"other\", \"detected_issues\": [\"%s\"]}",
             words);
    read_both(text, NULL);
    assert_int_equal(
        wu_json_str(wu_json_at(wu_json_get(got.answer[WU_TASK_ISSUE], "detected_issues"), 0)).n,
        WU_ITEM_MAX);
}

static void sources_may_be_wrapped_in_text(void **state) {
    (void)state;
    wu_err err = {0};
    wu_json *j = parse("\"{\\\"issue_category\\\": \\\"other\\\"}\"");
    CHECK_OK(wu_labels_unwrap(&j, "a.json", &err), err);
    assert_int_equal(wu_json_type(j), WU_JSON_OBJECT);
    wu_json_free(j);
    static const char *const bad[] = {"\"{\"", "[1]", "\"[1]\"", "3", "\"\\\"{}\\\"\"", "null"};
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        j = parse(bad[i]);
        assert_int_equal(wu_labels_unwrap(&j, "a.json", &err), WU_EDATA);
        assert_non_null(strstr(err.msg, "a.json"));
        wu_json_free(j);
    }
}

static void wrong_answers_are_noticed(void **state) {
    (void)state;
    static const struct {
        wu_task_id task;
        const char *text;
    } bad[] = {
        {WU_TASK_CSAT, "[]"},
        {WU_TASK_CSAT, "{}"},
        {WU_TASK_CSAT, "{\"confidence\": \"low\"}"},
        {WU_TASK_CSAT, "{\"predicted_csat\": 101}"},
        {WU_TASK_CSAT, "{\"predicted_csat\": \"1\"}"},
        {WU_TASK_CSAT, "{\"confidence\": \"low\", \"predicted_csat\": 1}"},
        {WU_TASK_CSAT, "{\"predicted_csat\": 1, \"key_factors\": [], \"confidence\": \"low\"}"},
        {WU_TASK_CSAT, "{\"predicted_csat\": 1, \"more\": 1}"},
        {WU_TASK_CSAT, "{\"predicted_csat\": 1, \"key_factors\": [\"\"]}"},
        {WU_TASK_CSAT, "{\"predicted_csat\": 1, \"confidence\": \"very\"}"},
        {WU_TASK_JOURNEY, "{\"journey_type\": \"purchase\", \"journey_stages\": []}"},
        {WU_TASK_QUALITY, "{\"quality_score\": 1, \"justification\": \"\"}"},
    };
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_err err = {0};
        wu_json *j = parse(bad[i].text);
        if (wu_labels_check(&wu_tasks[bad[i].task], j, taxonomy, &err) != WU_EDATA)
            fail_msg("%s is taken", bad[i].text);
        assert_true(err.msg[0] != 0);
        wu_json_free(j);
    }
}

static void memory_may_run_out(void **state) {
    (void)state;
    const wu_label_options o = {taxonomy, WU_CSAT_0_100};
    wu_json *a = parse(WHOLE_ANALYSIS), *j = parse(WHOLE_JOURNEY);
    for (int64_t n = 0;; n++) {
        wu_err err = {0};
        alloc_fail_after(n);
        const wu_code rc = wu_labels_read(&got, a, j, &o, &err);
        alloc_fail_after(-1);
        if (rc == WU_OK) break;
        assert_int_equal(rc, WU_ENOMEM);
        for (int i = 0; i < WU_N_TASK; i++) assert_null(got.answer[i]);
    }
    wu_json_free(a);
    wu_json_free(j);
}

static int begin(void **state) {
    (void)state;
    return (int)wu_taxonomy_create(&taxonomy, NULL, NULL);
}

static int end(void **state) {
    (void)state;
    wu_labels_clear(&got);
    wu_taxonomy_free(taxonomy);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_answers_come_out),
        cmocka_unit_test(flaw_12_missing_labels_stay_missing),
        cmocka_unit_test(flaw_13_the_reason_is_in_the_sources_words),
        cmocka_unit_test(flaw_17_zero_is_a_score_and_other_names_are_none),
        cmocka_unit_test(flaw_18_satisfaction_has_one_scale),
        cmocka_unit_test(scores_are_numbers_within_their_range),
        cmocka_unit_test(confidence_is_the_sources_or_follows_a_rule),
        cmocka_unit_test(unknown_names_drop_or_leave_out),
        cmocka_unit_test(lists_are_lists),
        cmocka_unit_test(long_texts_end_at_a_word),
        cmocka_unit_test(sources_may_be_wrapped_in_text),
        cmocka_unit_test(wrong_answers_are_noticed),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, begin, end) != 0;
}
