/* The six tasks: what a schema says, and which answers pass. */
#include "contact/prompt.h"
#include "contact/task.h"
#include "near.h"

#include <string.h>

static const wu_task *quality(void) { return &wu_tasks[WU_TASK_QUALITY]; }

static void refuses(const wu_task *t, const char *answer, const char *because) {
    wu_err err = {0};
    wu_json *j = (wu_json *)1;
    assert_int_equal(wu_task_check(t, wu_str_of(answer), &j, &err), WU_EDATA);
    assert_null(j);
    if (!strstr(err.msg, because)) fail_msg("\"%s\" does not say \"%s\"", err.msg, because);
}

static void accepts(const wu_task *t, const char *answer) {
    wu_err err = {0};
    wu_json *j = NULL;
    CHECK_OK(wu_task_check(t, wu_str_of(answer), &j, &err), err);
    assert_non_null(j);
    wu_json_free(j);
}

static void the_table_has_the_six_tasks(void **state) {
    (void)state;
    static const char *const name[] = {"quality_scoring", "csat_prediction", "issue_classification",
                                       "coaching",        "churn_risk",      "journey_type"};
    for (int i = 0; i < WU_N_TASK; i++) {
        assert_int_equal(wu_tasks[i].id, i);
        assert_string_equal(wu_tasks[i].name, name[i]);
        assert_ptr_equal(wu_task_find(name[i]), &wu_tasks[i]);
        assert_int_equal(wu_tasks[i].n_field, 3);
        assert_true(wu_tasks[i].max_tokens > 0);
    }
    assert_null(wu_task_find("sentiment"));
    assert_null(wu_task_find(NULL));
}

static void questions_differ_and_end_the_same_way(void **state) {
    (void)state;
    for (int i = 0; i < WU_N_TASK; i++) {
        assert_non_null(strstr(wu_tasks[i].question, "Answer as JSON with "));
        for (int f = 0; f < wu_tasks[i].n_field; f++)
            assert_non_null(strstr(wu_tasks[i].question, wu_tasks[i].field[f].name));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(wu_tasks[i].question, wu_tasks[k].question);
    }
}

static void a_whole_answer_passes(void **state) {
    (void)state;
    accepts(quality(), "{\"quality_score\": 82, \"effectiveness_rating\": \"good\", "
                       "\"justification\": \"Clear and kind.\"}");
    accepts(quality(), " \n{\"justification\": \"x\", \"quality_score\": 0, "
                       "\"effectiveness_rating\": \"poor\"}\n");
    accepts(
        &wu_tasks[WU_TASK_COACHING],
        "{\"immediate_priorities\": [], \"long_term\": [\"a\"], \"strengths_to_leverage\": []}");
    accepts(&wu_tasks[WU_TASK_JOURNEY],
            "{\"journey_type\": \"purchase\", \"journey_stages\": [\"decision\", \"support\"], "
            "\"sentiment_trajectory\": \"improving\"}");
}

static void wrong_answers_say_what_is_wrong(void **state) {
    (void)state;
    refuses(quality(), "", "answer");
    refuses(quality(), "The agent was fine.", "answer");
    refuses(quality(), "[1]", "not an object");
    refuses(quality(), "{}", "quality_score is missing");
    refuses(
        quality(),
        "{\"quality_score\": 101, \"effectiveness_rating\": \"good\", \"justification\": \"x\"}",
        "quality_score is 101");
    refuses(
        quality(),
        "{\"quality_score\": 8.5, \"effectiveness_rating\": \"good\", \"justification\": \"x\"}",
        "not an integer");
    refuses(quality(),
            "{\"quality_score\": 8, \"effectiveness_rating\": \"fine\", \"justification\": \"x\"}",
            "effectiveness_rating is \"fine\"");
    refuses(quality(),
            "{\"quality_score\": 8, \"effectiveness_rating\": \"good\", \"justification\": \"\"}",
            "justification has 0 characters");
    refuses(quality(),
            "{\"quality_score\": 8, \"effectiveness_rating\": \"good\", \"justification\": \"x\", "
            "\"mood\": 1}",
            "mood is not a field");
    refuses(&wu_tasks[WU_TASK_JOURNEY],
            "{\"journey_type\": \"purchase\", \"journey_stages\": [\"usage\", \"usage\"], "
            "\"sentiment_trajectory\": \"improving\"}",
            "repeats");
    refuses(&wu_tasks[WU_TASK_JOURNEY],
            "{\"journey_type\": \"purchase\", \"journey_stages\": \"usage\", "
            "\"sentiment_trajectory\": \"improving\"}",
            "not a list");
    refuses(&wu_tasks[WU_TASK_CHURN],
            "{\"churn_risk_score\": 1, \"risk_level\": \"low\", \"risk_factors\": [1]}",
            "risk_factors[0] is not a string");
    refuses(&wu_tasks[WU_TASK_CHURN],
            "{\"churn_risk_score\": 1, \"risk_level\": \"low\", \"risk_factors\": "
            "[\"a\", \"a\", \"a\", \"a\", \"a\", \"a\"]}",
            "6 items");
}

static void characters_are_counted_not_bytes(void **state) {
    (void)state;
    wu_buf b = {0};
    assert_int_equal(wu_buf_str(&b, "{\"quality_score\": 1, \"effectiveness_rating\": \"poor\", "
                                    "\"justification\": \""),
                     WU_OK);
    for (int i = 0; i < 600; i++) assert_int_equal(wu_buf_str(&b, "\xC3\xA9"), WU_OK);
    assert_int_equal(wu_buf_str(&b, "\"}"), WU_OK);
    accepts(quality(), b.p);
    wu_buf_free(&b);
    /* a long wrong label is shown in whole characters */
    refuses(quality(),
            "{\"quality_score\": 8, \"effectiveness_rating\": "
            "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA9z\", "
            "\"justification\": \"x\"}",
            "aaa\", which is not");
}

static void a_schema_names_every_field_and_label(void **state) {
    (void)state;
    for (int i = 0; i < WU_N_TASK; i++) {
        const wu_task *t = &wu_tasks[i];
        wu_buf b = {0};
        wu_json *j = NULL;
        wu_err err = {0};
        assert_int_equal(wu_task_schema(t, &b), WU_OK);
        CHECK_OK(wu_json_parse(&j, wu_buf_view(&b), "schema", WU_EDATA, &err), err);
        assert_int_equal(wu_json_size(wu_json_get(j, "properties")), t->n_field);
        assert_int_equal(wu_json_size(wu_json_get(j, "required")), t->n_field);
        for (int f = 0; f < t->n_field; f++) {
            const wu_json *p = wu_json_get(wu_json_get(j, "properties"), t->field[f].name);
            assert_non_null(p);
            size_t n = 0;
            while (t->field[f].values && t->field[f].values[n]) n++;
            if (t->field[f].kind == WU_FIELD_ENUM)
                assert_int_equal(wu_json_size(wu_json_get(p, "enum")), n);
            if (t->field[f].kind == WU_FIELD_SCORE)
                assert_int_equal(wu_json_int(wu_json_get(p, "maximum")), 100);
        }
        wu_json_free(j);
        wu_buf_free(&b);
    }
}

static void words_follow_from_scores(void **state) {
    (void)state;
    assert_string_equal(wu_rating_of(100), "exceptional");
    assert_string_equal(wu_rating_of(89), "good");
    assert_string_equal(wu_rating_of(78), "good");
    assert_string_equal(wu_rating_of(77), "adequate");
    assert_string_equal(wu_rating_of(64), "needs_improvement");
    assert_string_equal(wu_rating_of(49), "poor");
    assert_string_equal(wu_risk_level_of(25), "low");
    assert_string_equal(wu_risk_level_of(26), "medium");
    assert_string_equal(wu_risk_level_of(51), "high");
    assert_string_equal(wu_risk_level_of(76), "critical");
}

static void the_context_block_is_literal(void **state) {
    (void)state;
    wu_context c = WU_CONTEXT_UNKNOWN;
    wu_buf b = {0};
    assert_int_equal(wu_context_render(&b, &c), WU_OK);
    assert_int_equal(b.n, 0);
    c.timestamp = "2026-01-15T14:30:00-05:00";
    c.time_of_day = "afternoon";
    c.day_of_week = "Thursday";
    c.business_hours = 1;
    c.holiday = "Martin Luther King Day (US)";
    c.peak_season = "tax_season";
    c.queue_wait_s = 120;
    c.announced_wait_s = 90;
    c.channel = "voice";
    c.contact_number_30d = 2;
    c.hold_s = 45;
    c.transfers = 1;
    assert_int_equal(wu_context_render(&b, &c), WU_OK);
    assert_string_equal(b.p, "[TEMPORAL CONTEXT]\n"
                             "timestamp: 2026-01-15T14:30:00-05:00\n"
                             "time_of_day: afternoon\n"
                             "day_of_week: Thursday\n"
                             "business_hours: true\n"
                             "holiday: Martin Luther King Day (US)\n"
                             "peak_season: tax_season\n"
                             "queue_wait_time_seconds: 120\n"
                             "announced_wait_seconds: 90\n"
                             "channel: voice\n"
                             "contact_number_30d: 2\n"
                             "hold_seconds: 45\n"
                             "transfers: 1");
    wu_buf_free(&b);
}

static void prompts_share_all_but_the_question(void **state) {
    (void)state;
    const wu_str context = WU_STR("[TEMPORAL CONTEXT]\nchannel: voice");
    const wu_str talk = WU_STR("Agent: Hello.\nCustomer: Hi.\n");
    wu_buf b = {0};
    assert_int_equal(wu_prompt_render(&b, quality(), WU_CONTEXT_FIRST, context, talk), WU_OK);
    assert_string_equal(b.p + b.n - strlen(quality()->question), quality()->question);
    b.p[b.n - strlen(quality()->question)] = 0;
    assert_string_equal(b.p, "[TEMPORAL CONTEXT]\nchannel: voice\n\n[CONVERSATION]\n"
                             "Agent: Hello.\nCustomer: Hi.\n\n");
    wu_buf_clear(&b);
    assert_int_equal(wu_prompt_render(&b, quality(), WU_CONTEXT_FIRST, (wu_str){0}, talk), WU_OK);
    assert_memory_equal(b.p, "[CONVERSATION]\nAgent: Hello.\n", 29);
    wu_buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_the_six_tasks),
        cmocka_unit_test(questions_differ_and_end_the_same_way),
        cmocka_unit_test(a_whole_answer_passes),
        cmocka_unit_test(wrong_answers_say_what_is_wrong),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(a_schema_names_every_field_and_label),
        cmocka_unit_test(words_follow_from_scores),
        cmocka_unit_test(the_context_block_is_literal),
        cmocka_unit_test(prompts_share_all_but_the_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
