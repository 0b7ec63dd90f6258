/* Every allocation fails once: a clean error, nothing half done, nothing leaked (the sanitizers
 * look). */
#include "alloc_hook.h"
#include "near.h"
#include "text/chat.h"
#include "text/json.h"
#include "text/regex.h"
#include "text/utf8.h"
#include "toy_vocab.h"

enum { TRIES_MAX = 10000 };

static wu_vocab *vocab(wu_vocab_kind kind) {
    static const char *const marks[] = {"<|im_start|>", "<|im_end|>", "[INST]", "[/INST]"};
    wu_vocab *v = kind == WU_VOCAB_SPM ? toy_pieces(WU_PREFIX_EACH) : toy_bytes(WU_PRESPLIT_QWEN2);

    v->nfc = true;
    if (kind == WU_VOCAB_SPM)
        toy_piece(v,
                  "\xE2\x96\x81"
                  "a",
                  -1);
    else
        toy_merge(v, "a", "b");
    for (size_t i = 0; i < WU_LEN(marks); i++) toy_add(v, marks[i], WU_TOKEN_CONTROL);
    return v;
}

static wu_tokenizer *create(wu_vocab_kind kind) {
    wu_tokenizer *t = NULL;
    wu_err err = {0};

    CHECK_OK(wu_tokenizer_create(&t, vocab(kind), &err), err);
    return t;
}

static void creating_a_tokenizer(void **state) {
    (void)state;
    for (int kind = WU_VOCAB_BYTE_BPE; kind <= WU_VOCAB_SPM; kind++) {
        wu_code rc = WU_ENOMEM;
        for (int n = 0; rc != WU_OK; n++) {
            wu_vocab *v = vocab((wu_vocab_kind)kind);
            wu_tokenizer *t = (wu_tokenizer *)v;
            wu_err err = {0};

            assert_true(n < TRIES_MAX);
            alloc_fail_after(n);
            rc = wu_tokenizer_create(&t, v, &err);
            alloc_fail_after(-1);
            assert_true(rc == WU_OK || (rc == WU_ENOMEM && err.code == WU_ENOMEM && !t));
            wu_tokenizer_free(t);
            if (rc == WU_OK) assert_true(n > 3);
        }
    }
}

static void encoding_a_conversation(void **state) {
    static const wu_chat chats[] = {WU_CHAT_QWEN25, WU_CHAT_PLAIN, WU_CHAT_MISTRAL3};
    static const wu_message msg[] = {{WU_ROLE_USER, {"ab e\xCC\x81 \xFF a", 10}},
                                     {WU_ROLE_ASSISTANT, {"ab", 2}}};
    (void)state;

    for (size_t k = 0; k < WU_LEN(chats); k++) {
        wu_tokenizer *t = create(chats[k] == WU_CHAT_MISTRAL3 ? WU_VOCAB_SPM : WU_VOCAB_BYTE_BPE);
        wu_code rc = WU_ENOMEM;
        for (int n = 0; rc != WU_OK; n++) {
            wu_ids ids = {0};
            wu_err err = {0};
            int32_t answer;

            assert_true(n < TRIES_MAX);
            assert_int_equal(wu_ids_push(&ids, 1), WU_OK);
            alloc_fail_after(n);
            rc = wu_chat_encode(chats[k], t, msg, 2, false, &ids, &answer, &err);
            alloc_fail_after(-1);
            assert_true(rc == WU_OK || (rc == WU_ENOMEM && err.code == WU_ENOMEM && ids.n == 1));
            wu_ids_free(&ids);
            if (rc == WU_OK) assert_true(n > 3);
        }
        wu_tokenizer_free(t);
    }
}

static void decoding_writing_and_normalising(void **state) {
    static const int32_t id[] = {'a', 0xC3, 0xA9, 'b'};
    wu_tokenizer *t = create(WU_VOCAB_BYTE_BPE);
    wu_json *j = NULL;
    wu_err err = {0};
    wu_code rc[3] = {WU_ENOMEM, WU_ENOMEM, WU_ENOMEM};
    (void)state;

    CHECK_OK(wu_json_parse(&j, WU_STR("{\"a\": [1, {\"b\": 2.5}], \"c\": \"x\"}"), "test", WU_EDATA,
                           &err),
             err);
    for (int n = 0; rc[0] || rc[1] || rc[2]; n++) {
        wu_buf out[3] = {{0}, {0}, {0}};

        assert_true(n < TRIES_MAX);
        for (int k = 0; k < 3; k++) {
            alloc_fail_after(n);
            if (k == 0)
                rc[k] = wu_tokenizer_decode(t, id, WU_LEN(id), true, &out[k]);
            else if (k == 1)
                rc[k] = wu_json_write(&out[k], j, WU_JSON_INDENT4_SORTED);
            else
                rc[k] = wu_utf8_nfc(WU_STR("a\xCC\x88\xCC\xA3z"), &out[k]);
            alloc_fail_after(-1);
            assert_true(rc[k] == WU_OK || (rc[k] == WU_ENOMEM && out[k].n == 0));
            wu_buf_free(&out[k]);
        }
    }
    wu_json_free(j);
    wu_tokenizer_free(t);
}

static void compiling_and_scanning(void **state) {
    wu_code rc = WU_ENOMEM;
    (void)state;

    for (int n = 0; rc != WU_OK; n++) {
        wu_regex *re = NULL;
        wu_scan *s = NULL;
        wu_err err = {0};

        assert_true(n < TRIES_MAX);
        alloc_fail_after(n);
        rc = wu_regex_create(&re, "a+", 0, &err);
        if (!rc) rc = wu_scan_create(&s, re, &err);
        alloc_fail_after(-1);
        assert_true(rc == WU_OK || (rc == WU_ENOMEM && err.code == WU_ENOMEM && !s));
        wu_scan_free(s);
        wu_regex_free(re);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creating_a_tokenizer),
        cmocka_unit_test(encoding_a_conversation),
        cmocka_unit_test(decoding_writing_and_normalising),
        cmocka_unit_test(compiling_and_scanning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
