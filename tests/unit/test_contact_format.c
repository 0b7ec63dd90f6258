/* Shapes of examples: what belongs to an example stays with it, and control tokens are the
 * model's. */
#include "alloc_hook.h"
#include "near.h"
#include "toy_vocab.h"

#include "contact/set/format.h"

#include <string.h>

static wu_tokenizer *tokenizer;

#define REST                                                                                       \
    "\"task_type\":\"coaching\",\"source_id\":7,\"provenance\":{\"labels\":\"human\"},\"x\":null"
static const char prompt_shape[] =
    "{\"prompt\":\"p\\nq\",\"completion\":\"{\\\"a\\\": 1}\"," REST "}\n";
static const char messages_shape[] =
    "{\"messages\":[{\"role\":\"user\",\"content\":\"p\\nq\"},{\"role\":\"assistant\","
    "\"content\":\"{\\\"a\\\": 1}\"}]," REST "}\n";
static const char text_shape[] =
    "{\"text\":\"<|im_start|>user\\np\\nq<|im_end|>\\n<|im_start|>assistant\\n{\\\"a\\\": "
    "1}<|im_end|>\\n\"," REST "}\n";

static wu_code change(const char *line, wu_shape to, wu_buf *out, wu_shape_counts *n, wu_err *err) {
    const wu_shape_options o = {to, tokenizer, WU_CHAT_CHATML};
    wu_record r = {0};
    wu_code rc = wu_record_parse(&r, wu_str_of(line), "f:3", err);
    if (!rc) rc = wu_shape_record(&r, &o, "f:3", n, err);
    if (!rc && (rc = wu_record_write(out, &r))) wu_fail(err, rc, "write");
    wu_record_clear(&r);
    return rc;
}

static void becomes(const char *line, wu_shape to, const char *want) {
    wu_shape_counts n = {0};
    wu_buf out = {0};
    wu_err err;
    CHECK_OK(change(line, to, &out, &n, &err), err);
    assert_string_equal(out.p, want);
    assert_int_equal(n.n, 1);
    assert_int_equal(n.n_inexact, 0);
    wu_buf_free(&out);
}

static void shapes_keep_what_belongs_to_an_example(void **state) {
    (void)state;
    becomes(prompt_shape, WU_SHAPE_MESSAGES, messages_shape);
    becomes(messages_shape, WU_SHAPE_PROMPT, prompt_shape);
    becomes(prompt_shape, WU_SHAPE_TEXT, text_shape);
    becomes(messages_shape, WU_SHAPE_TEXT, text_shape);
    becomes(prompt_shape, WU_SHAPE_PROMPT, prompt_shape);
    becomes(text_shape, WU_SHAPE_TEXT, text_shape);
}

/* Flaw 6: markers that are in no vocabulary became several ordinary tokens. */
static void flaw_06_markers_are_tokens_of_the_vocabulary(void **state) {
    (void)state;
    const wu_shape_options plain = {WU_SHAPE_TEXT, tokenizer, WU_CHAT_PLAIN},
                           none = {WU_SHAPE_TEXT, NULL, WU_CHAT_CHATML};
    wu_shape_counts n = {0};
    wu_record r = {0};
    wu_err err = {0};
    assert_int_equal(wu_record_parse(&r, wu_str_of(prompt_shape), "f", &err), WU_OK);
    assert_int_equal(wu_shape_record(&r, &plain, "f", &n, &err), WU_EARG);
    assert_int_equal(wu_shape_record(&r, &none, "f", &n, &err), WU_EARG);
    wu_record_clear(&r);
}

static void nobody_can_write_a_control_token(void **state) {
    (void)state;
    wu_shape_counts n = {0};
    wu_buf out = {0};
    wu_err err = {0};
    assert_int_equal(change("{\"prompt\":\"I said <|im_end|> to it\",\"completion\":\"{}\"}",
                            WU_SHAPE_TEXT, &out, &n, &err),
                     WU_EDATA);
    assert_non_null(strstr(err.msg, "f:3: someone's words"));
    wu_buf_free(&out);
}

static void what_cannot_be_changed_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *line;
        wu_shape to;
        const char *says;
    } bad[] = {
        {"{\"text\":\"t\"}", WU_SHAPE_MESSAGES, "cannot be taken apart"},
        {"{\"prompt\":\"p\"}", WU_SHAPE_MESSAGES, "has neither"},
        {"{\"messages\":[]}", WU_SHAPE_PROMPT, "last message"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"u\"}]}", WU_SHAPE_PROMPT, "last message"},
        {"{\"messages\":[{\"role\":\"tool\",\"content\":\"u\"}]}", WU_SHAPE_TEXT, "\"tool\""},
        {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":"
         "\"u\"},{\"role\":\"assistant\",\"content\":\"a\"}]}",
         WU_SHAPE_PROMPT, "3 messages"},
        {"{\"messages\":[{\"role\":\"assistant\",\"content\":\"a\"},{\"role\":\"assistant\","
         "\"content\":\"a\"}]}",
         WU_SHAPE_PROMPT, "2 messages"},
    };
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_shape_counts n = {0};
        wu_buf out = {0};
        wu_err err = {0};
        assert_int_equal(change(bad[i].line, bad[i].to, &out, &n, &err), WU_EDATA);
        if (!strstr(err.msg, bad[i].says) || !strstr(err.msg, "f:3")) fail_msg("%s", err.msg);
        wu_buf_free(&out);
    }
}

static void memory_may_run_out(void **state) {
    (void)state;
    for (int64_t n = 0;; n++) {
        wu_shape_counts count = {0};
        wu_buf out = {0};
        wu_err err = {0};
        alloc_fail_after(n);
        const wu_code rc = change(prompt_shape, WU_SHAPE_TEXT, &out, &count, &err);
        alloc_fail_after(-1);
        wu_buf_free(&out);
        if (rc == WU_OK) break;
        assert_int_equal(rc, WU_ENOMEM);
    }
}

static int begin(void **state) {
    (void)state;
    wu_vocab *v = toy_bytes(WU_PRESPLIT_GPT2);
    toy_add(v, "<|im_start|>", WU_TOKEN_CONTROL);
    v->eos = toy_add(v, "<|im_end|>", WU_TOKEN_CONTROL);
    toy_merge(v, "{", "\"");
    return (int)wu_tokenizer_create(&tokenizer, v, NULL);
}

static int end(void **state) {
    (void)state;
    wu_tokenizer_free(tokenizer);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_keep_what_belongs_to_an_example),
        cmocka_unit_test(flaw_06_markers_are_tokens_of_the_vocabulary),
        cmocka_unit_test(nobody_can_write_a_control_token),
        cmocka_unit_test(what_cannot_be_changed_is_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, begin, end) != 0;
}
