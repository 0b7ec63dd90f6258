/* The internal form: turns as one line, parties, order, rendering, JSON and back. */
#include "contact/conversation.h"

#include "near.h"

#include <string.h>

static wu_code say(wu_conversation *c, const char *who, wu_party_role role, const char *text,
                   int64_t start) {
    const int32_t party = wu_conversation_party(c, wu_str_of(who), role);
    assert_true(party >= 0);
    const wu_turn t = {.party = party, .start_ms = start, .end_ms = -1};
    return wu_conversation_add(c, &t, wu_str_of(text));
}

static void shows(const wu_conversation *c, const char *want) {
    wu_buf b = {0};
    assert_int_equal(wu_conversation_render(&b, c), WU_OK);
    assert_string_equal(b.p ? b.p : "", want);
    wu_buf_free(&b);
}

static void a_turn_is_one_line(void **state) {
    (void)state;
    wu_conversation c;
    wu_conversation_init(&c);
    assert_int_equal(say(&c, "Rep", WU_PARTY_AGENT, " a\n\tb \xE2\x80\xA8 c\x1b[31m\x7f ", -1),
                     WU_OK);
    assert_int_equal(say(&c, "Rep", WU_PARTY_AGENT, " \n ", -1), WU_OK);
    assert_int_equal(say(&c, "x", WU_PARTY_UNKNOWN, "[CONVERSATION]", -1), WU_OK);
    assert_int_equal(say(&c, "y", WU_PARTY_UNKNOWN, "h\xC3\xA9", -1), WU_OK);
    const wu_turn last = {.party = wu_conversation_party(&c, WU_STR("bot"), WU_PARTY_BOT),
                          .start_ms = -1,
                          .end_ms = 70};
    assert_int_equal(wu_conversation_add(&c, &last, WU_STR("hm and\nmore ")), WU_OK);
    assert_int_equal(c.turn[3].end_ms, 70);
    shows(&c, "Agent: a b c [31m\nSpeaker 1: [CONVERSATION]\nSpeaker 2: h\xC3\xA9\n"
              "Bot: hm and more\n");
    assert_int_equal(wu_conversation_replace(&c, 3, WU_STR("new  words")), WU_OK);
    assert_true(wu_str_eq(c.turn[3].text, WU_STR("new words")));
    assert_int_equal(c.n_party, 4);
    assert_int_equal(wu_turn_role(&c, &c.turn[0]), WU_PARTY_AGENT);
    wu_conversation_clear(&c);
    assert_int_equal(c.n_turn + c.n_party, 0);
    shows(&c, "");
    wu_conversation_free(&c);
}

static void turns_are_put_in_order(void **state) {
    (void)state;
    wu_conversation c;
    wu_conversation_init(&c);
    static const int start[] = {50, 10, 10, 40, 0, 30, 20};
    for (size_t i = 0; i < WU_LEN(start); i++) {
        const char name[2] = {(char)('a' + i), 0};
        assert_int_equal(say(&c, "A", WU_PARTY_AGENT, name, start[i]), WU_OK);
    }
    assert_int_equal(wu_conversation_sort(&c), WU_OK);
    char order[8] = {0};
    for (int32_t i = 0; i < c.n_turn; i++) order[i] = c.turn[i].text.p[0];
    assert_string_equal(order, "ebcgfda");
    assert_int_equal(say(&c, "A", WU_PARTY_AGENT, "z", -1), WU_OK); /* then they stay */
    c.turn[0].start_ms = 99;
    assert_int_equal(wu_conversation_sort(&c), WU_OK);
    assert_int_equal(c.turn[0].start_ms, 99);
    wu_conversation_free(&c);
}

static const char whole[] =
    "{\"id\":\"call-7\",\"contact\":{\"start_time\":\"2025-03-04T09:15:30-06:00\","
    "\"channel\":\"voice\",\"language\":\"en-US\",\"agent_id\":\"A-17\",\"agent_name\":\"Dana R\","
    "\"customer_id\":\"C-1\",\"queue\":\"billing\",\"zone\":\"America/Chicago\","
    "\"duration_ms\":60000,\"queue_wait_s\":95,\"announced_wait_s\":60,\"hold_s\":0,"
    "\"transfers\":1,\"contact_number_30d\":2},"
    "\"parties\":[{\"name\":\"Dana\",\"id\":\"p1\",\"role\":\"agent\",\"role_from\":\"file\"},"
    "{\"name\":\"S1\",\"role\":\"customer\",\"role_from\":\"inferred\",\"confidence\":0.875,"
    "\"why\":\"it asks\"},{\"role\":\"unknown\"}],"
    "\"turns\":[{\"party\":0,\"start_ms\":0,\"end_ms\":900,\"line\":4,\"text\":\"Hello\"},"
    "{\"party\":1,\"text\":\"caf\xC3\xA9 \\\"x\\\"\"},{\"party\":2,\"text\":\"?\"}],"
    "\"analysis\":{\"a\":1},\"journey\":{\"b\":[2]}}";

static void json_and_back(void **state) {
    (void)state;
    wu_json *j = NULL, *again = NULL;
    wu_buf b = {0};
    wu_err err = {0};
    wu_conversation c;
    wu_conversation_init(&c);
    CHECK_OK(wu_json_parse(&j, WU_STR(whole), "test", WU_EDATA, &err), err);
    CHECK_OK(wu_conversation_from_json(&c, j, "test", &err), err);
    again = wu_conversation_json(&c, true);
    assert_non_null(again);
    assert_int_equal(wu_json_write(&b, again, WU_JSON_COMPACT), WU_OK);
    assert_string_equal(b.p, whole);
    wu_json_free(again);
    wu_buf_clear(&b);
    again = wu_conversation_json(&c, false); /* no names of people */
    assert_int_equal(wu_json_write(&b, again, WU_JSON_COMPACT), WU_OK);
    assert_null(strstr(b.p, "agent_name"));
    wu_json_free(again);
    wu_json_free(j);
    wu_buf_free(&b);
    wu_conversation_free(&c);
}

static void refuses(const char *text, const char *why) {
    wu_json *j = NULL;
    wu_err err = {0};
    wu_conversation c;
    wu_conversation_init(&c);
    CHECK_OK(wu_json_parse(&j, wu_str_of(text), "t", WU_EDATA, &err), err);
    assert_int_equal(wu_conversation_from_json(&c, j, "t", &err), WU_EDATA);
    if (!strstr(err.msg, why)) fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
    wu_json_free(j);
    wu_conversation_free(&c);
}

static void what_is_wrong_is_named(void **state) {
    (void)state;
    refuses("[]", "t: not a JSON object");
    refuses("{}", "t: parties is missing");
    refuses("{\"parties\":[{}]}", "t: turns is missing");
    refuses("{\"parties\":[3],\"turns\":[]}", "parties[0] is not an object");
    refuses("{\"parties\":[{\"role\":\"boss\"}],\"turns\":[]}", "parties[0]: role is \"boss\"");
    refuses("{\"parties\":[{},{}],\"turns\":[]}", "parties[1]: the same name and role twice");
    refuses("{\"parties\":[{}],\"turns\":[{\"party\":1,\"text\":\"x\"}]}", "turns[0]");
    refuses("{\"parties\":[{}],\"turns\":[{\"party\":0}]}", "text");
    refuses("{\"parties\":[],\"turns\":[],\"contact\":{\"start_time\":\"now\"}}",
            "start_time is \"now\"");
    refuses("{\"parties\":[],\"turns\":[],\"contact\":{\"hold_s\":-1}}", "hold_s");
    refuses("{\"parties\":[],\"turns\":[],\"contact\":7}", "contact is not an object");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_turn_is_one_line),
        cmocka_unit_test(turns_are_put_in_order),
        cmocka_unit_test(json_and_back),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
