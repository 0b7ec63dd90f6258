/* Flaws of the scripts that this pipeline replaces, where no other test stands for them: each test
 * here fails if the flaw comes back. The others are named flaw_NN_... beside what they test. */
#include "contact/read/read.h"
#include "contact/redact/redact.h"
#include "contact/set/record.h"
#include "contact/synth/synth.h"

#include "near.h"

#include <string.h>

static const char call[] = "Agent: Thanks for calling, this is Dana. How can I help?\n"
                           "Customer: My name is Miguel Ortiz, my card is 4111 1111 1111 1111 and "
                           "my mail is miguel@example.com.\n"
                           "Agent: Thank you, Miguel.\n";

static void read_call(wu_conversation *c) {
    wu_err err = {0};
    const wu_read_options o = {0};
    wu_conversation_init(c);
    CHECK_OK(wu_read_text(c, WU_STR(call), "call.txt", &o, &err), err);
}

/* The old shape was one text, in which nothing tells the prompt from the answer: nothing could be
 * masked. */
static void flaw_07_prompt_and_answer_stay_apart(void **state) {
    (void)state;
    wu_record r = {0};
    wu_buf line = {0};
    wu_err err = {0};
    assert_int_equal(wu_record_make(&r, &wu_tasks[0], WU_STR("p"), WU_STR("{\"a\": 1}"),
                                    WU_STR("call-1"), NULL, NULL, NULL),
                     WU_OK);
    assert_int_equal(wu_record_write(&line, &r), WU_OK);
    CHECK_OK(wu_record_parse(&r, wu_buf_view(&line), "x:1", &err), err);
    assert_true(wu_str_eq(r.prompt, WU_STR("p")));
    assert_true(wu_str_eq(r.completion, WU_STR("{\"a\": 1}")));
    assert_true(wu_str_eq(r.source_id, WU_STR("call-1"))); /* and it keeps its conversation */
    assert_ptr_equal(r.task, &wu_tasks[0]);
    wu_record_clear(&r);
    wu_buf_free(&line);
}

/* An agent's id was made up from a hash where none was found. */
static void flaw_16_an_agent_has_an_id_or_none(void **state) {
    (void)state;
    wu_conversation c;
    wu_buf b = {0};
    read_call(&c);
    assert_int_equal(c.contact.agent_id.n, 0);
    wu_json *j = wu_contact_json(&c.contact, false);
    assert_non_null(j);
    assert_null(wu_json_get(j, "agent_id"));
    assert_null(wu_json_get(j, "customer_id"));
    wu_json_free(j);
    wu_buf_free(&b);
    wu_conversation_free(&c);
}

/* Waits were shorter at night, when there are fewest people to answer. */
static void flaw_22_simulated_waits_follow_the_staff(void **state) {
    (void)state;
    wu_synth *s = NULL;
    wu_err err = {0};
    const wu_synth_options o = {.seed = 22};
    double wait[2] = {0.0, 0.0};
    int32_t n[2] = {0, 0};
    CHECK_OK(wu_synth_open(&s, &o, &err), err);
    for (uint64_t i = 0; i < 6000; i++) {
        wu_latent l;
        wu_synth_latent(s, i, &l);
        if (l.wait_s < 0 || l.outage) continue;
        /* by how busy it is for each of the staff, whatever the clock says */
        wait[l.load > 1.0] += l.wait_s;
        n[l.load > 1.0]++;
    }
    assert_true(n[0] > 500 && n[1] > 500);
    assert_true(wait[1] / n[1] > 1.15 * wait[0] / n[0]);
    wu_synth_close(s);
}

/* Names and numbers went straight into the training text. */
static void flaw_27_personal_data_can_be_kept_out(void **state) {
    (void)state;
    wu_conversation c;
    wu_redactor *r = NULL;
    wu_buf b = {0};
    wu_err err = {0};
    const wu_redact_options o = {0};
    read_call(&c);
    CHECK_OK(wu_redactor_create(&r, &o, &err), err);
    CHECK_OK(wu_redact_conversation(r, &c, &err), err);
    assert_int_equal(wu_conversation_render(&b, &c), WU_OK);
    assert_null(strstr(b.p, "4111"));
    assert_null(strstr(b.p, "miguel@"));
    assert_null(strstr(b.p, "Ortiz"));
    assert_null(strstr(b.p, "Miguel"));
    assert_non_null(strstr(b.p, "[CARD_1]"));
    assert_non_null(strstr(b.p, "[EMAIL_1]"));
    assert_int_equal(wu_redact_count(r, WU_PII_CARD), 1);
    wu_buf_free(&b);
    wu_redactor_free(r);
    wu_conversation_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flaw_07_prompt_and_answer_stay_apart),
        cmocka_unit_test(flaw_16_an_agent_has_an_id_or_none),
        cmocka_unit_test(flaw_22_simulated_waits_follow_the_staff),
        cmocka_unit_test(flaw_27_personal_data_can_be_kept_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
