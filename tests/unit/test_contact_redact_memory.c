/* Every allocation of redaction may fail: ENOMEM comes out, nothing leaks. */
#include "alloc_hook.h"
#include "near.h"

#include "contact/redact/redact.h"

static void creating_a_redactor(void **state) {
    static const char *const pattern[] = {"ORDER=A-\\d+", NULL};
    const wu_redact_options o = {.pattern = pattern};
    (void)state;
    for (int64_t n = 0;; n += 1 + n / 20) {
        wu_redactor *r = NULL;
        wu_err err = {0};
        alloc_fail_after(n);
        const wu_code rc = wu_redactor_create(&r, &o, &err);
        alloc_fail_after(-1);
        wu_redactor_free(r);
        if (rc == WU_OK) return;
        assert_int_equal(rc, WU_ENOMEM);
        assert_true(err.msg[0] != 0);
    }
}

static void fill(wu_conversation *c) {
    static const char *const line[] = {"hello, this is Maria, what is your card number?",
                                       "four two four two four two four two",
                                       "okay",
                                       "four two four two four two four two, and olga@example.com",
                                       "and your address?",
                                       "42 Elm Street, phone 212-555-0147"};
    wu_conversation_init(c);
    for (size_t i = 0; i < WU_LEN(line); i++) {
        wu_turn t = {.start_ms = -1, .end_ms = -1};
        t.party = wu_conversation_party(c, wu_str_of(i % 2 ? "Olga Petrova" : "Agent"),
                                        i % 2 ? WU_PARTY_CUSTOMER : WU_PARTY_AGENT);
        assert_int_equal(wu_conversation_add(c, &t, wu_str_of(line[i])), WU_OK);
    }
}

static void redacting_a_conversation(void **state) {
    const wu_redact_options o = {0};
    (void)state;
    for (int64_t n = 0;; n++) {
        wu_redactor *r = NULL;
        wu_conversation c;
        wu_err err = {0};
        CHECK_OK(wu_redactor_create(&r, &o, &err), err);
        fill(&c);
        alloc_fail_after(n);
        const wu_code rc = wu_redact_conversation(r, &c, &err);
        alloc_fail_after(-1);
        wu_conversation_free(&c);
        wu_redactor_free(r);
        if (rc == WU_OK) {
            assert_true(n > 10);
            return;
        }
        assert_int_equal(rc, WU_ENOMEM);
        assert_true(err.msg[0] != 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creating_a_redactor),
        cmocka_unit_test(redacting_a_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
