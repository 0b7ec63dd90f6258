/* Records: a line is read, changed and written again with all that it had. */
#include "near.h"

#include "contact/prompt.h"
#include "contact/set/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void same(wu_str got, const char *want) {
    if (!wu_str_eq(got, wu_str_of(want)))
        fail_msg("got \"%.*s\", want \"%s\"", (int)got.n, got.p, want);
}

static void a_record_has_its_parts(void **state) {
    (void)state;
    wu_record r = {0};
    wu_err err = {0};
    wu_buf out = {0};
    assert_int_equal(
        wu_record_parse(&r,
                        WU_STR("{\"prompt\":\"p\",\"completion\":\"c\",\"task_type\":"
                               "\"coaching\",\"source_id\":\"t_1\",\"mine\":[1,null]}"),
                        "f:1", &err),
        WU_OK);
    same(r.prompt, "p");
    same(r.completion, "c");
    same(r.source_id, "t_1");
    assert_ptr_equal(r.task, &wu_tasks[WU_TASK_COACHING]);
    assert_int_equal(wu_record_set_prompt(&r, WU_STR("q")), WU_OK);
    same(r.prompt, "q");
    assert_int_equal(wu_record_write(&out, &r), WU_OK);
    same(wu_buf_view(&out), "{\"prompt\":\"q\",\"completion\":\"c\",\"task_type\":\"coaching\","
                            "\"source_id\":\"t_1\",\"mine\":[1,null]}\n");
    wu_buf_free(&out);
    wu_record_clear(&r);
}

static void an_integer_id_is_its_digits(void **state) {
    (void)state;
    wu_record r = {0};
    assert_int_equal(wu_record_parse(&r, WU_STR("{\"text\":\"t\",\"source_id\":-42}"), "f:1", NULL),
                     WU_OK);
    same(r.source_id, "-42");
    same(r.prompt, "");
    assert_null(r.task);
    same(wu_record_conversation(&r), "t");
    wu_record_clear(&r);
}

static void members_of_the_wrong_type_are_named(void **state) {
    (void)state;
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"[1]", "is not a JSON object"},
        {"{\"prompt\":1}", "prompt is not text"},
        {"{\"completion\":{}}", "completion is not text"},
        {"{\"task_type\":[]}", "task_type is not text"},
        {"{\"source_id\":1.5}", "source_id is neither text nor an integer"},
        {"{\"source_id\":null}", "source_id is neither text nor an integer"},
        {"{\"messages\":{}}", "messages is not a list"},
        {"{\"messages\":[{\"role\":\"user\"}]}", "messages[0]"},
        {"{\"prompt\":", "f:7"},
    };
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_record r = {0};
        wu_err err = {0};
        assert_int_equal(wu_record_parse(&r, wu_str_of(bad[i].line), "f:7", &err), WU_EDATA);
        assert_non_null(strstr(err.msg, bad[i].says));
        assert_non_null(strstr(err.msg, "f:7"));
        assert_null(r.json);
    }
}

static void a_record_is_made_from_parts(void **state) {
    (void)state;
    wu_record r = {0};
    wu_buf out = {0};
    wu_json *contact = wu_json_new_object();
    assert_int_equal(wu_json_set(contact, "channel", wu_json_new_str(WU_STR("chat"))), WU_OK);
    assert_int_equal(wu_record_make(&r, &wu_tasks[WU_TASK_CSAT], WU_STR("p"), WU_STR("{}"),
                                    WU_STR("id"), contact, NULL, NULL),
                     WU_OK);
    assert_ptr_equal(r.task, &wu_tasks[WU_TASK_CSAT]);
    same(r.source_id, "id");
    assert_int_equal(wu_record_write(&out, &r), WU_OK);
    same(wu_buf_view(&out),
         "{\"prompt\":\"p\",\"completion\":\"{}\",\"task_type\":\"csat_prediction\","
         "\"source_id\":\"id\",\"contact\":{\"channel\":\"chat\"}}\n");
    /* invalid UTF-8 cannot be a record, and nothing of the parts is lost or freed twice */
    assert_int_equal(wu_record_make(&r, &wu_tasks[0], WU_STR("\xff"), WU_STR("{}"), WU_STR("id"),
                                    wu_json_new_object(), wu_json_new_object(),
                                    wu_json_new_object()),
                     WU_ENOMEM);
    assert_null(r.json);
    wu_buf_free(&out);
    wu_record_clear(&r);
}

static void the_conversation_is_found_in_every_shape(void **state) {
    (void)state;
    static const char *const line[] = {
        "{\"prompt\":\"[TEMPORAL CONTEXT]\\nchannel: chat\\n\\n[CONVERSATION]\\nAgent: a\\n"
        "Customer: b\\n\\nWhy?\",\"completion\":\"{}\"}",
        "{\"messages\":[{\"role\":\"system\",\"content\":\"a very long word for the machine\"},"
        "{\"role\":\"user\",\"content\":\"Why?\\n\\n[CONVERSATION]\\nAgent: a\\nCustomer: b\"},"
        "{\"role\":\"assistant\",\"content\":\"{}\"}]}",
        "{\"text\":\"Agent: a\\nCustomer: b\"}",
    };
    for (size_t i = 0; i < WU_LEN(line); i++) {
        wu_record r = {0};
        assert_int_equal(wu_record_parse(&r, wu_str_of(line[i]), "f", NULL), WU_OK);
        same(wu_record_conversation(&r), "Agent: a\nCustomer: b");
        wu_record_clear(&r);
    }
}

static void a_file_goes_on_behind_a_bad_line(void **state) {
    (void)state;
    char path[] = "/tmp/wu_record_XXXXXX", where[WU_WHERE_MAX];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    fputs("{\"text\":\"one\"}\n\n  \nnonsense\n{\"text\":\"two\"}", f);
    fclose(f);
    wu_lines lines = {0};
    wu_record r = {0};
    wu_err err = {0};
    bool end = false;
    assert_int_equal(wu_lines_open(&lines, path, 0, &err), WU_OK);
    assert_int_equal(wu_record_next(&r, &lines, where, &end, &err), WU_OK);
    same(wu_record_conversation(&r), "one");
    assert_int_equal(wu_record_next(&r, &lines, where, &end, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, ":4"));
    assert_int_equal(wu_record_next(&r, &lines, where, &end, &err), WU_OK);
    same(wu_record_conversation(&r), "two");
    assert_non_null(strstr(where, ":5"));
    assert_int_equal(wu_record_next(&r, &lines, where, &end, &err), WU_OK);
    assert_true(end);
    wu_record_clear(&r);
    wu_lines_close(&lines);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_has_its_parts),
        cmocka_unit_test(an_integer_id_is_its_digits),
        cmocka_unit_test(members_of_the_wrong_type_are_named),
        cmocka_unit_test(a_record_is_made_from_parts),
        cmocka_unit_test(the_conversation_is_found_in_every_shape),
        cmocka_unit_test(a_file_goes_on_behind_a_bad_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
