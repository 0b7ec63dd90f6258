/* Who is the agent: as the user says, or by what is said. The last test measures how often the
 * inference is right on real conversations, and whether its confidence means something. */
#include "near.h"

#include "base/file.h"
#include "base/lines.h"
#include "contact/read/read_impl.h"

#include <stdio.h>
#include <string.h>

static wu_conversation c;
static wu_err err;

static int begin(void **state) {
    (void)state;
    wu_conversation_init(&c);
    err = (wu_err){0};
    return 0;
}

static int end(void **state) {
    (void)state;
    wu_conversation_free(&c);
    return 0;
}

static void read_with(const char *text, const wu_read_options *o) {
    CHECK_OK(wu_read_text(&c, wu_str_of(text), "call", o, &err), err);
}

static void role_is(int party, wu_party_role role, wu_role_from from) {
    assert_int_equal(c.party[party].role, role);
    assert_int_equal(c.party[party].from, from);
}

static void labels_of_many_languages_are_known(void **state) {
    (void)state;
    static const char *const agents[] = {
        "Agent",       "AGENT",       "rep",       "Sachbearbeiterin",
        "Conseillère", "CONSEILLÈRE", "operadora", "Atendente",
        "Operatrice",  "human_agent", "Agent 12",  "customer-service"};
    static const char *const customers[] = {"Customer", "KUNDIN",  "cliente", "Client·e",
                                            "END_USER", "Anrufer", "Utente",  "Usuário"};
    static const char *const nobody[] = {"", "Note", "Agents of change", "SPEAKER_00", "Dana", "|"};
    for (size_t i = 0; i < WU_LEN(agents); i++)
        if (wu_role_of_label(wu_str_of(agents[i])) != WU_PARTY_AGENT) fail_msg("%s", agents[i]);
    for (size_t i = 0; i < WU_LEN(customers); i++)
        if (wu_role_of_label(wu_str_of(customers[i])) != WU_PARTY_CUSTOMER)
            fail_msg("%s", customers[i]);
    for (size_t i = 0; i < WU_LEN(nobody); i++)
        if (wu_role_of_label(wu_str_of(nobody[i])) != WU_PARTY_UNKNOWN) fail_msg("%s", nobody[i]);
    assert_int_equal(wu_role_of_label(WU_STR("IVR")), WU_PARTY_BOT);
    assert_int_equal(wu_role_of_label(WU_STR("Team Lead")), WU_PARTY_SUPERVISOR);
    assert_int_equal(wu_role_of_name(WU_STR("Agent Smith")), WU_PARTY_AGENT);
    assert_int_equal(wu_role_of_name(WU_STR("Customer Service Ana")), WU_PARTY_AGENT);
    assert_int_equal(wu_role_of_name(WU_STR("Agent note")), WU_PARTY_UNKNOWN);
    assert_true(wu_label_is_generic(WU_STR("SPEAKER_00")));
    assert_false(wu_label_is_generic(WU_STR("Speakers")));
}

static const char two[] = "SPEAKER_00: Thank you for calling, how can I help you?\n"
                          "SPEAKER_01: I have a problem with my bill.\n";

static void roles_stay_unknown_unless_asked_for(void **state) {
    (void)state;
    const wu_read_options o = {0};
    read_with(two, &o);
    role_is(0, WU_PARTY_UNKNOWN, WU_ROLE_NOT_KNOWN);
    role_is(1, WU_PARTY_UNKNOWN, WU_ROLE_NOT_KNOWN);
}

static void roles_are_inferred_with_a_reason(void **state) {
    (void)state;
    const wu_read_options o = {.infer_roles = true};
    read_with(two, &o);
    role_is(0, WU_PARTY_AGENT, WU_ROLE_INFERRED);
    role_is(1, WU_PARTY_CUSTOMER, WU_ROLE_INFERRED);
    assert_true(c.party[0].confidence > 0.95 && c.party[0].confidence <= 1.0);
    assert_true(wu_str_eq(c.party[0].why, WU_STR("it says \"thank you for calling\"")));
    assert_true(c.party[1].why.n > 0);
}

static void what_is_not_clear_stays_unknown(void **state) {
    (void)state;
    wu_read_options o = {.infer_roles = true};
    read_with("Speaker 1: hello\nSpeaker 2: hello\nSpeaker 1: good\n", &o);
    role_is(0, WU_PARTY_UNKNOWN, WU_ROLE_NOT_KNOWN);
    o.least_confidence = 0.999999;
    read_with(two, &o);
    role_is(0, WU_PARTY_UNKNOWN, WU_ROLE_NOT_KNOWN);
    /* turns of nobody may be of several people */
    o.least_confidence = 0.0;
    read_with("[00:01]: Thank you for calling, how can I help?\n[00:03]: My bill is wrong.\n", &o);
    role_is(0, WU_PARTY_UNKNOWN, WU_ROLE_NOT_KNOWN);
}

static void the_user_comes_before_the_file(void **state) {
    (void)state;
    static const char *const agents[] = {"speaker 01", "Bob", NULL};
    static const char *const customers[] = {"SPEAKER_00", NULL};
    const wu_read_options o = {.infer_roles = true, .agent_is = agents, .customer_is = customers};
    read_with(two, &o);
    role_is(0, WU_PARTY_CUSTOMER, WU_ROLE_FROM_USER);
    role_is(1, WU_PARTY_AGENT, WU_ROLE_FROM_USER);
    read_with("Bob (Customer): a\nBob (Agent): b\nAnn: c\nAnn: d\n", &o);
    assert_int_equal(c.n_party, 2); /* both are Bob now, and the agent */
    role_is(0, WU_PARTY_AGENT, WU_ROLE_FROM_USER);
    role_is(1, WU_PARTY_CUSTOMER, WU_ROLE_INFERRED);
    assert_int_equal(c.turn[1].party, 0);
    assert_int_equal(c.turn[3].party, 1);
}

static void roles_that_the_file_gives_are_not_inferred(void **state) {
    (void)state;
    const wu_read_options o = {.infer_roles = true};
    read_with("Customer: Thank you for calling, how can I help you?\nAgent: I want a refund.\n",
              &o);
    role_is(0, WU_PARTY_CUSTOMER, WU_ROLE_FROM_FILE);
    role_is(1, WU_PARTY_AGENT, WU_ROLE_FROM_FILE);
}

/* ---- how often it is right ------------------------------------------------------------------ */

typedef struct tally {
    int n, right, wrong, open;
    double confidence; /* summed over those that were decided */
} tally;

/* The transcript of a line of JSONL with its labels taken away: who speaks first is "Speaker 1". */
static void measure_line(tally *t, wu_str line) {
    const wu_read_options plain = {.format = WU_FORMAT_PLAIN}, guess = {.infer_roles = true};
    wu_json *j = NULL;
    wu_buf b = {0};
    wu_party_role role[2] = {WU_PARTY_UNKNOWN, WU_PARTY_UNKNOWN};
    CHECK_OK(wu_json_parse(&j, line, "line", WU_EDATA, &err), err);
    CHECK_OK(wu_read_text(&c, wu_json_str(wu_json_get(j, "transcript")), "line", &plain, &err),
             err);
    wu_json_free(j);
    if (c.n_party != 2) return;
    for (int32_t i = 0; i < c.n_turn; i++) {
        const wu_turn *u = &c.turn[i];
        assert_int_equal(
            wu_buf_fmt(&b, "Speaker %d: %.*s\n", (int)u->party + 1, (int)u->text.n, u->text.p),
            WU_OK);
        role[u->party] = c.party[u->party].role;
    }
    CHECK_OK(wu_read_text(&c, wu_buf_view(&b), "line", &guess, &err), err);
    wu_buf_free(&b);
    assert_int_equal(c.n_party, 2);
    t->n++;
    if (c.party[0].role == WU_PARTY_UNKNOWN) {
        t->open++;
        return;
    }
    t->confidence += c.party[0].confidence;
    if (c.party[0].role == role[0])
        t->right++;
    else
        t->wrong++;
}

static tally measure(const char *path) {
    tally t = {0};
    wu_lines l = {0};
    wu_str line;
    bool at_end = false;
    CHECK_OK(wu_lines_open(&l, path, 0, &err), err);
    for (;;) {
        CHECK_OK(wu_lines_next(&l, &line, &at_end, &err), err);
        if (at_end) break;
        measure_line(&t, line);
    }
    wu_lines_close(&l);
    const int decided = t.right + t.wrong;
    printf("# %s: %d conversations, %d right, %d wrong, %d left open; mean confidence %.3f\n", path,
           t.n, t.right, t.wrong, t.open, decided ? t.confidence / decided : 0.0);
    return t;
}

static void inference_is_right_on_real_conversations(void **state) {
    (void)state;
    static const char star[] = "../shared/data/real-dev/star.jsonl";
    static const char woz[] = "../shared/data/real-dev/woz_de_it.jsonl";
    if (!wu_is_file(star) || !wu_is_file(woz)) skip();
    tally t = measure(star);
    assert_true(t.n > 200);
    assert_true(t.right >= 0.9 * t.n && t.wrong <= 0.02 * t.n);
    t = measure(woz);
    assert_true(t.n > 150);
    assert_true(t.right >= 0.9 * t.n && t.wrong <= 0.02 * t.n);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(labels_of_many_languages_are_known),
        TEST(roles_stay_unknown_unless_asked_for),
        TEST(roles_are_inferred_with_a_reason),
        TEST(what_is_not_clear_stays_unknown),
        TEST(the_user_comes_before_the_file),
        TEST(roles_that_the_file_gives_are_not_inferred),
        TEST(inference_is_right_on_real_conversations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
