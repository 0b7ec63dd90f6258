/* Plain text becomes turns; what is wrong is named with its line. */
#include "base/file.h"
#include "contact/transcript.h"
#include "near.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void reads_as(const char *text, const char *want) {
    wu_transcript t = {0};
    wu_buf b = {0};
    wu_err err = {0};
    CHECK_OK(wu_transcript_parse(&t, wu_str_of(text), "call.txt", &err), err);
    assert_int_equal(wu_transcript_render(&b, &t), WU_OK);
    assert_string_equal(b.p, want);
    wu_buf_free(&b);
    wu_transcript_free(&t);
}

static void refuses(wu_str text, const char *want) {
    wu_transcript t = {0};
    wu_err err = {0};
    assert_int_equal(wu_transcript_parse(&t, text, "call.txt", &err), WU_EDATA);
    if (!strstr(err.msg, want)) fail_msg("\"%s\" does not say \"%s\"", err.msg, want);
    assert_null(t.turn);
    assert_int_equal(t.n_turn, 0);
}

static void lines_become_turns(void **state) {
    (void)state;
    reads_as("Agent: Hello.\nCustomer: Hi there.\n", "Agent: Hello.\nCustomer: Hi there.\n");
    reads_as("Agent: no newline at the end", "Agent: no newline at the end\n");
}

static void other_names_and_cases_are_known(void **state) {
    (void)state;
    reads_as("REP: a\ncaller: b\nRepresentative: c\nClient:\td\nUser: e\n",
             "Agent: a\nCustomer: b\nAgent: c\nCustomer: d\nCustomer: e\n");
}

static void continuation_lines_join_their_turn(void **state) {
    (void)state;
    reads_as("\xEF\xBB\xBF\r\nAgent:  one \r\n\r\n  two\tthree\r\nCustomer:\r\n four\r\n",
             "Agent: one two three\nCustomer: four\n");
    reads_as("Agent: the time is\n10:30 or so\nhttp://x.example: no\nand note: it is late\n",
             "Agent: the time is 10:30 or so http://x.example: no and note: it is late\n");
}

static void silent_turns_are_dropped(void **state) {
    (void)state;
    reads_as("Agent:\nCustomer: hi\nAgent:   \n", "Customer: hi\n");
}

static void a_colon_without_space_is_text(void **state) {
    (void)state;
    reads_as("Agent: see\nNote:this\n", "Agent: see Note:this\n");
}

static void control_characters_become_spaces(void **state) {
    (void)state;
    wu_transcript t = {0};
    wu_buf b = {0};
    wu_err err = {0};
    CHECK_OK(wu_transcript_parse(&t, WU_STR("Agent: a\0b\x1b[31mc\x7f\n"), "x", &err), err);
    assert_int_equal(wu_transcript_render(&b, &t), WU_OK);
    assert_string_equal(b.p, "Agent: a b [31mc\n");
    wu_buf_free(&b);
    wu_transcript_free(&t);
}

static void what_is_wrong_is_named_with_its_line(void **state) {
    (void)state;
    refuses(WU_STR(""), "call.txt: has no turns");
    refuses(WU_STR("\n\nAgent:\n"), "has no turns");
    refuses(WU_STR("\nhello\nAgent: hi\n"), "call.txt:2: words before the first speaker");
    refuses(WU_STR("Agent: hi\nSupervisor: hm\n"),
            "call.txt:2: \"Supervisor:\" is not a known speaker");
    refuses(WU_STR("Agent: hi\nCustomer: caf\xe9\n"), "call.txt:2: byte 0xe9 is not valid UTF-8");
    refuses(WU_STR("Agent: \xF0\x9F\x98"), "call.txt:1: byte 0xf0");
}

static void turns_know_their_lines(void **state) {
    (void)state;
    wu_transcript t = {0};
    wu_err err = {0};
    CHECK_OK(wu_transcript_parse(&t, WU_STR("\nAgent: a\nb\n\nCustomer: c\n"), "x", &err), err);
    assert_int_equal(t.n_turn, 2);
    assert_int_equal(t.turn[0].line, 2);
    assert_int_equal(t.turn[1].line, 5);
    assert_int_equal(t.turn[1].side, WU_SIDE_CUSTOMER);
    wu_transcript_free(&t);
}

static void many_turns_fit(void **state) {
    (void)state;
    wu_buf b = {0};
    wu_transcript t = {0};
    wu_err err = {0};
    for (int i = 0; i < 3000; i++)
        assert_int_equal(wu_buf_fmt(&b, "%s: turn %d\n", i % 2 ? "Customer" : "Agent", i), WU_OK);
    CHECK_OK(wu_transcript_parse(&t, wu_buf_view(&b), "x", &err), err);
    assert_int_equal(t.n_turn, 3000);
    wu_buf again = {0};
    assert_int_equal(wu_transcript_render(&again, &t), WU_OK);
    assert_true(wu_str_eq(wu_buf_view(&b), wu_buf_view(&again)));
    wu_buf_free(&again);
    wu_transcript_free(&t);
    wu_buf_free(&b);
}

static void a_missing_file_is_an_io_error(void **state) {
    (void)state;
    wu_transcript t = {0};
    wu_err err = {0};
    assert_int_equal(wu_transcript_read(&t, "does/not/exist.txt", &err), WU_EIO);
    assert_non_null(strstr(err.msg, "does/not/exist.txt"));
}

static void the_examples_are_read(void **state) {
    (void)state;
    static const char *const path[] = {"examples/calls/billing.txt", "examples/calls/internet.txt",
                                       "examples/calls/cancel.txt"};
    for (size_t i = 0; i < WU_LEN(path); i++) {
        wu_transcript t = {0};
        wu_err err = {0};
        CHECK_OK(wu_transcript_read(&t, path[i], &err), err);
        assert_in_range(t.n_turn, 15, 40);
        wu_transcript_free(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_turns),
        cmocka_unit_test(other_names_and_cases_are_known),
        cmocka_unit_test(continuation_lines_join_their_turn),
        cmocka_unit_test(silent_turns_are_dropped),
        cmocka_unit_test(a_colon_without_space_is_text),
        cmocka_unit_test(control_characters_become_spaces),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(turns_know_their_lines),
        cmocka_unit_test(many_turns_fit),
        cmocka_unit_test(a_missing_file_is_an_io_error),
        cmocka_unit_test(the_examples_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
