/* Statistics: a small set whose every number is known by hand; reports that hold whatever the data
 * are. */
#include "alloc_hook.h"
#include "markup.h"
#include "toy_vocab.h"

#include "contact/set/stats.h"

static const wu_stats_options plain = {.duplicates = true};

static void example_line(wu_stats *s, const char *line, int64_t number) {
    wu_record r = {0};
    wu_err err = {0};
    if (wu_record_parse(&r, wu_str_of(line), "x", &err)) fail_msg("%s", err.msg);
    if (wu_stats_example(s, &r, "dir/train.jsonl", number, &err)) fail_msg("%s", err.msg);
    wu_record_clear(&r);
}

#define TALK_A "[CONVERSATION]\\nAgent: hello there\\nand more\\nCustomer: my bill is wrong\\n\\nq"
#define TALK_B                                                                                     \
    "[CONVERSATION]\\nCustomer: ich habe eine Frage\\nSpeaker 1: die ist nicht gut\\n\\nq"

static const char *const hand_made[] = {
    "{\"prompt\": \"" TALK_A "1\", \"completion\": \"{\\\"quality_score\\\": 80, "
    "\\\"effectiveness_rating\\\": \\\"good\\\", \\\"justification\\\": \\\"yes\\\"}\", "
    "\"task_type\": \"quality_scoring\", \"source_id\": \"a\", \"contact\": {\"agent_id\": \"m\", "
    "\"channel\": \"chat\", \"language\": \"en\", \"start_time\": \"2024-05-14T10:03:22\"}}",
    "{\"prompt\": \"" TALK_A "2\", \"completion\": \"{\\\"churn_risk_score\\\": 101, "
    "\\\"risk_level\\\": \\\"low\\\", \\\"extra\\\": 1}\", \"task_type\": \"churn_risk\", "
    "\"source_id\": \"a\"}",
    "{\"prompt\": \"" TALK_B "1\", \"completion\": \"{\\\"quality_score\\\": 60, "
    "\\\"effectiveness_rating\\\": \\\"fine\\\"}\", "
    "\"task_type\": \"quality_scoring\", \"source_id\": \"b\", \"contact\": {\"agent_id\": \"m\"}}",
    "{\"prompt\": \"" TALK_B "1\", \"completion\": \"no JSON\", "
    "\"task_type\": \"quality_scoring\", \"source_id\": \"b\"}",
    "{\"prompt\": \"" TALK_B "1\", \"completion\": \"no JSON\", "
    "\"task_type\": \"quality_scoring\", \"source_id\": \"c\", \"temporal\": {\"timestamp\": "
    "\"2024-01-01T00:00:00Z\", \"simulated\": true}}",
    ("{\"messages\": [{\"role\": \"user\", \"content\": \"one two\"}, {\"role\": \"assistant\", "
     "\"content\": \"three\"}], \"task_type\": \"poetry\"}"),
    "{\"text\": \"just some text of five words\"}",
};

static void fill(wu_stats *s, const wu_stats_options *o) {
    assert_int_equal(wu_stats_begin(s, o, NULL), WU_OK);
    assert_int_equal(wu_stats_input_begin(s, "dir/train.jsonl", "train", true, NULL), WU_OK);
    for (size_t i = 0; i < WU_LEN(hand_made); i++) example_line(s, hand_made[i], (int64_t)i + 1);
    wu_stats_bad(s);
    assert_int_equal(wu_stats_finish(s, NULL), WU_OK);
}

static void every_number_of_a_small_set_is_right(void **state) {
    (void)state;
    wu_stats s;
    fill(&s, &plain);
    assert_int_equal(s.n_example, 7);
    assert_int_equal(s.n_conversation, 5); /* a, b, c, messages, text */
    assert_int_equal(s.input[0].n_example, 7);
    assert_int_equal(s.input[0].n_conversation, 5);
    assert_int_equal(s.input[0].n_bad, 1);
    assert_int_equal(s.task[WU_TASK_QUALITY].n_example, 4);
    assert_int_equal(s.task[WU_TASK_QUALITY].n_answer, 2);
    assert_int_equal(s.task[WU_TASK_CHURN].n_example, 1);
    assert_int_equal(s.task[WU_STATS_OTHER].n_example, 2);
    assert_int_equal(s.unknown_task.n_all, 1);

    /* turns of the five: 2, 2, 2, 1, 1; words without labels: 8, 8, 8, 2, 6 */
    assert_int_equal(s.turns.n, 5);
    assert_int_equal(s.turns.sum, 8);
    assert_int_equal(s.words.sum, 32);
    assert_int_equal(wu_tally_quantile(&s.words, 500), 8);
    assert_int_equal(s.words.min, 2);
    assert_int_equal(s.role[WU_PARTY_AGENT].n_turn, 1);
    assert_int_equal(s.role[WU_PARTY_AGENT].n_word, 4);
    assert_int_equal(s.role[WU_PARTY_AGENT].n_char, 20); /* "hello there and more" */
    assert_int_equal(s.role[WU_PARTY_CUSTOMER].n_turn, 3);
    assert_int_equal(s.role[WU_PARTY_UNKNOWN].n_turn, 4);
    assert_int_equal(s.n_no_agent, 0); /* an unknown voice may be the agent's */
    assert_int_equal(s.n_no_turn, 0);

    const wu_stats_field *quality = s.task[WU_TASK_QUALITY].field;
    assert_int_equal(quality[0].value.sum, 140);
    assert_int_equal(quality[1].label[1], 1); /* good */
    assert_int_equal(quality[1].unknown.n_all, 1);
    assert_true(wu_str_eq(quality[1].unknown.item[0].word, WU_STR("fine")));
    assert_int_equal(quality[2].n_missing, 1);
    assert_int_equal(quality[2].value.max, 3);
    const wu_stats_task *churn = &s.task[WU_TASK_CHURN];
    assert_int_equal(churn->field[0].n_wrong, 1); /* 101 */
    assert_int_equal(churn->field[1].label[0], 1);
    assert_int_equal(churn->field[2].n_missing, 1);
    assert_int_equal(churn->extra.n_all, 1);

    assert_int_equal(s.n_time, 1);
    assert_int_equal(s.n_simulated, 1);
    assert_int_equal(s.n_no_time, 3);
    assert_int_equal(s.hour[10], 1);
    assert_int_equal(s.weekday[1], 1); /* a Tuesday */
    assert_int_equal(s.month.min, 54 * 12 + 4);
    assert_int_equal(s.n_with_agent, 2);
    assert_int_equal(s.n_agent, 1);
    assert_int_equal(s.per_agent.max, 2);
    assert_int_equal(s.channel.item[0].n, 1);
    assert_int_equal(s.n_channel_unknown, 4);
    assert_int_equal(s.n_language_guessed, 2); /* b and c */
    assert_int_equal(s.n_language_unknown, 2);

    assert_int_equal(s.alike.n_equal, 1); /* c says what b says */
    assert_int_equal(s.n_example_again, 1);
    assert_int_equal(s.n_prompt_torn, 1);
    wu_stats_free(&s);
}

/* ------------------------------------------------------------------------------ tokens */

/* A byte is a token. */
static void tokens_are_those_of_the_trainer(void **state) {
    (void)state;
    wu_tokenizer *t;
    wu_stats s;
    assert_int_equal(wu_tokenizer_create(&t, toy_bytes(WU_PRESPLIT_NONE), NULL), WU_OK);
    const wu_stats_options o = {
        .tokenizer = t, .chat = WU_CHAT_PLAIN, .model = "toy", .limit = {60, 50, 50}, .n_limit = 3};
    assert_int_equal(wu_stats_begin(&s, &o, NULL), WU_OK);
    assert_int_equal(wu_stats_input_begin(&s, "t", "t", true, NULL), WU_OK);
    assert_int_equal(s.o.n_limit, 2);
    static const char *const completion[] = {"0123456789", "01234", "x"};
    static const char *const prompt[] = {"abcdefghijklmnopqrst", "abcdefghij", "abcd"};
    int64_t want[3], answer[3];
    for (int i = 0; i < 3; i++) {
        char line[256];
        wu_ids ids = {0};
        int32_t at;
        const wu_message m[] = {{WU_ROLE_USER, wu_str_of(prompt[i])},
                                {WU_ROLE_ASSISTANT, wu_str_of(completion[i])}};
        assert_int_equal(wu_chat_encode(WU_CHAT_PLAIN, t, m, 2, false, &ids, &at, NULL), WU_OK);
        want[i] = ids.n;
        answer[i] = at;
        wu_ids_free(&ids);
        snprintf(line, sizeof(line),
                 "{\"prompt\": \"%s\", \"completion\": \"%s\", \"source_id\": \"%s\"}", prompt[i],
                 completion[i], i < 2 ? "a" : "b");
        example_line(&s, line, i + 1);
    }
    assert_int_equal(wu_stats_finish(&s, NULL), WU_OK);
    const wu_stats_task *all = &s.task[WU_STATS_ALL];
    assert_int_equal(all->size[WU_SIZE_TOKENS][WU_PART_WHOLE].max, want[0]);
    assert_int_equal(all->size[WU_SIZE_TOKENS][WU_PART_WHOLE].sum, want[0] + want[1] + want[2]);
    assert_int_equal(all->size[WU_SIZE_TOKENS][WU_PART_PROMPT].sum,
                     answer[0] + answer[1] + answer[2]);
    assert_int_equal(s.n_tok, want[0] + want[1] + want[2]);
    /* The two of a have "<|user|>\n" and ten letters in common. */
    assert_int_equal(s.n_tok_shared, 19);
    assert_int_equal(s.longest.line, 1);
    for (int k = 0; k < 2; k++) {
        const int32_t limit = k ? 60 : 50;
        int64_t n = 0, lost = 0, gone = 0;
        for (int i = 0; i < 3; i++) {
            n += want[i] > limit;
            lost += want[i] > limit ? want[i] - limit : 0;
            gone += want[i] > limit && answer[i] >= limit;
        }
        assert_int_equal(s.limit[k].n_tok, limit);
        assert_int_equal(s.limit[k].n_long, n);
        assert_int_equal(s.limit[k].n_lost, lost);
        assert_int_equal(s.limit[k].n_no_answer, gone);
    }
    wu_buf page = {0};
    assert_int_equal(wu_stats_html(&page, &s), WU_OK);
    check_markup(page.p);
    wu_buf_free(&page);
    wu_stats_free(&s);
    wu_tokenizer_free(t);
}

/* ------------------------------------------------------------------------- transcripts */

static void conversations_are_measured(void **state) {
    (void)state;
    wu_stats s;
    wu_conversation c;
    wu_conversation_init(&c);
    assert_int_equal(wu_stats_begin(&s, &plain, NULL), WU_OK);
    assert_int_equal(wu_stats_input_begin(&s, "calls", "", false, NULL), WU_OK);
    for (int i = 0; i < 3; i++) {
        wu_conversation_clear(&c);
        assert_int_equal(wu_conversation_set(&c, &c.id, i == 1 ? WU_STR("two") : WU_STR("one")),
                         WU_OK);
        assert_int_equal(wu_conversation_set(&c, &c.contact.language, WU_STR("en-US")), WU_OK);
        const int32_t agent = wu_conversation_party(&c, WU_STR("A"), WU_PARTY_AGENT);
        const int32_t bot = wu_conversation_party(&c, WU_STR("B"), WU_PARTY_BOT);
        const wu_turn t = {.party = agent, .start_ms = -1, .end_ms = -1},
                      u = {.party = bot, .start_ms = -1, .end_ms = -1};
        if (i < 2) {
            assert_int_equal(wu_conversation_add(&c, &t, WU_STR("one two \xC3\xA9")), WU_OK);
            assert_int_equal(wu_conversation_add(&c, &u, WU_STR("three")), WU_OK);
        }
        assert_int_equal(wu_stats_conversation(&s, &c, "plain", 1, NULL), WU_OK);
    }
    wu_conversation_free(&c);
    assert_int_equal(wu_stats_finish(&s, NULL), WU_OK);
    assert_int_equal(s.n_conversation, 3);
    assert_int_equal(s.n_id_again, 1);
    assert_int_equal(s.n_no_turn, 1);
    assert_int_equal(s.n_no_agent, 0);
    assert_int_equal(s.n_no_customer, 2);
    assert_int_equal(s.role[WU_PARTY_AGENT].n_char, 18);
    assert_int_equal(s.role[WU_PARTY_BOT].n_word, 2);
    assert_int_equal(s.language.item[0].n, 3);
    assert_int_equal(s.alike.n_equal, 1);
    assert_int_equal(s.alike.n_empty, 1);
    assert_int_equal(s.input[0].formats.item[0].n, 3);
    wu_stats_free(&s);
}

/* ----------------------------------------------------------------------------- reports */

static void check_reports(const wu_stats *s) {
    wu_buf text = {0}, page = {0}, json = {0};
    wu_json *j = wu_stats_json(s);
    assert_non_null(j);
    assert_int_equal(wu_json_write(&json, j, WU_JSON_INDENT2), WU_OK);
    assert_int_equal(wu_stats_text(&text, s), WU_OK);
    assert_int_equal(wu_stats_html(&page, s), WU_OK);
    check_markup(page.p);
    assert_null(strstr(page.p, "nan"));
    for (size_t i = 0; i < text.n; i++)
        assert_true(text.p[i] == '\n' || (unsigned char)text.p[i] >= 0x20);
    wu_json_free(j);
    wu_buf_free(&json);
    wu_buf_free(&text);
    wu_buf_free(&page);
}

static void reports_hold_whatever_the_data_are(void **state) {
    static const char *const hostile[] = {
        "{\"prompt\": \"\", \"completion\": \"\"}",
        "{\"prompt\": \"p\", \"completion\": \"{\\\"risk_level\\\": "
        "\\\"<script>alert(1)</script>\\\","
        " \\\"churn_risk_score\\\": 5, \\\"\\\\u001b[2J&\\\": 1}\", \"source_id\": "
        "\"</td>&\\u001b\"}",
        "{\"prompt\": \"p\", \"completion\": \"{\\\"risk_level\\\": [], \\\"churn_risk_score\\\": "
        "5}\", "
        "\"source_id\": \"' onload='x\", \"contact\": {\"channel\": \"<img src=x>\", \"language\": "
        "\"\\u0007&\", \"start_time\": \"9999-12-31T23:59:59\"}}",
        "{\"prompt\": \"p\", \"completion\": \"{\\\"journey_type\\\": 7, \\\"journey_stages\\\": "
        "[1, \\\"x\\\", {}]}\", \"task_type\": \"journey_type\", \"contact\": {\"start_time\": "
        "\"1970-01-01T00:00:00\"}}",
        "{\"messages\": [], \"task_type\": \"<b>\"}",
        "{}",
    };
    (void)state;
    for (size_t n = 0; n <= WU_LEN(hostile); n++) {
        wu_stats s;
        assert_int_equal(wu_stats_begin(&s, &plain, NULL), WU_OK);
        assert_int_equal(wu_stats_input_begin(&s, "<\xFF>.jsonl", "<&>", true, NULL), WU_OK);
        for (size_t i = 0; i < n; i++) example_line(&s, hostile[i], (int64_t)i);
        if (n == 2) example_line(&s, hostile[1], 9); /* a score that never changes */
        assert_int_equal(wu_stats_finish(&s, NULL), WU_OK);
        check_reports(&s);
        wu_stats_free(&s);
    }
    wu_stats s;
    fill(&s, &plain);
    check_reports(&s);
    wu_stats_free(&s);
}

static void nothing_at_all_is_a_report_too(void **state) {
    (void)state;
    wu_stats s;
    const wu_stats_options o = {.duplicates = false};
    assert_int_equal(wu_stats_begin(&s, &o, NULL), WU_OK);
    assert_int_equal(wu_stats_finish(&s, NULL), WU_OK);
    check_reports(&s);
    wu_stats_free(&s);
}

static wu_code whole_run(wu_err *err) {
    wu_stats s;
    wu_record r = {0};
    wu_buf out = {0};
    const wu_stats_options o = {.duplicates = true, .memory_bytes = 1};
    wu_code rc = wu_stats_begin(&s, &o, err);
    if (rc) return rc;
    rc = wu_stats_input_begin(&s, "f", "f", true, err);
    for (size_t i = 0; !rc && i < WU_LEN(hand_made); i++) {
        rc = wu_record_parse(&r, wu_str_of(hand_made[i]), "f", err);
        if (!rc) rc = wu_stats_example(&s, &r, "f", 1, err);
    }
    if (!rc) rc = wu_stats_finish(&s, err);
    if (!rc && (rc = wu_stats_text(&out, &s))) wu_fail(err, rc, "text");
    if (!rc && (rc = wu_stats_html(&out, &s))) wu_fail(err, rc, "page");
    wu_record_clear(&r);
    wu_buf_free(&out);
    wu_stats_free(&s);
    return rc;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    for (int64_t n = 0;; n++) {
        wu_err err = {0};
        alloc_fail_after(n);
        const wu_code rc = whole_run(&err);
        alloc_fail_after(-1);
        if (rc == WU_OK) break;
        assert_int_equal(rc, WU_ENOMEM);
        assert_true(err.msg[0] != 0);
        assert_true(n < 5000);
    }
}

static void wrong_lengths_are_refused(void **state) {
    (void)state;
    wu_stats s;
    wu_err err = {0};
    const wu_stats_options zero = {.limit = {0}, .n_limit = 1}, many = {.n_limit = 17};
    assert_int_equal(wu_stats_begin(&s, &zero, &err), WU_EARG);
    assert_int_equal(wu_stats_begin(&s, &many, &err), WU_EARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_of_a_small_set_is_right),
        cmocka_unit_test(tokens_are_those_of_the_trainer),
        cmocka_unit_test(conversations_are_measured),
        cmocka_unit_test(reports_hold_whatever_the_data_are),
        cmocka_unit_test(nothing_at_all_is_a_report_too),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(wrong_lengths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
