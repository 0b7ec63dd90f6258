/* From ids back to text: bytes of tokens, the space that SentencePiece added, characters that lie
 * in several tokens, one by one and all at once. */
#include "near.h"
#include "text/tokenizer.h"
#include "toy_vocab.h"

static wu_tokenizer *create(wu_vocab *v) {
    wu_tokenizer *t = NULL;
    wu_err err = {0};

    CHECK_OK(wu_tokenizer_create(&t, v, &err), err);
    return t;
}

static void check_decode(const wu_tokenizer *t, const int32_t *id, int32_t n, bool with_special,
                         const char *want) {
    wu_buf got = {0};

    assert_int_equal(wu_tokenizer_decode(t, id, n, with_special, &got), WU_OK);
    assert_string_equal(got.p ? got.p : "", want);
    wu_buf_free(&got);
}

#define DECODE(t, with_special, want, ...)                                                         \
    do {                                                                                           \
        const int32_t ids_[] = {__VA_ARGS__};                                                      \
        check_decode(t, ids_, WU_LEN(ids_), with_special, want);                                   \
    } while (0)

static void special_tokens_show_only_when_asked_for(void **state) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_GPT2);
    const int32_t control = toy_add(v, "<|x|>", WU_TOKEN_CONTROL);
    const int32_t user = toy_add(v, "<tool>", WU_TOKEN_USER);
    const int32_t unused = toy_add(v, "[PAD]", WU_TOKEN_UNUSED);
    wu_tokenizer *t = create(v);
    (void)state;

    DECODE(t, false, "a<tool>b", 'a', control, user, 'b', unused);
    DECODE(t, true, "a<|x|><tool>b", 'a', control, user, 'b', unused);
    DECODE(t, true, "ab", 'a', -1, INT32_MAX, v->n_token, 'b'); /* no such tokens */
    check_decode(t, NULL, 0, true, "");
    assert_int_equal(wu_tokenizer_bytes(t, control).n, 0);
    assert_int_equal(wu_tokenizer_bytes(t, -1).n, 0);
    assert_true(wu_str_eq(wu_tokenizer_bytes(t, user), WU_STR("<tool>")));
    wu_tokenizer_free(t);
}

static void sentencepiece_loses_its_first_space(void **state) {
    wu_vocab *v = toy_pieces(WU_PREFIX_EACH);
    const int32_t word = toy_piece(v, "\xE2\x96\x81word", 0),
                  two = toy_piece(v, "\xE2\x96\x81\xE2\x96\x81", 0);
    wu_tokenizer *t = create(v);
    (void)state;

    DECODE(t, false, "word word", word, word);
    DECODE(t, false, " word", two, toy_id(v, WU_STR("w")), toy_id(v, WU_STR("o")),
           toy_id(v, WU_STR("r")), toy_id(v, WU_STR("d")));
    DECODE(t, false, "word", v->bos, word);    /* <s> is no text */
    DECODE(t, true, "<s> word", v->bos, word); /* here it is */
    DECODE(t, false, "\xC3\xA9 word", 3 + 0xC3, 3 + 0xA9, word);
    assert_true(wu_str_eq(wu_tokenizer_bytes(t, word), WU_STR(" word")));
    assert_true(wu_str_eq(wu_tokenizer_bytes(t, 3), (wu_str){"", 1}));
    wu_tokenizer_free(t);

    v = toy_pieces(WU_PREFIX_NONE); /* none was added, none is taken */
    toy_piece(v, "\xE2\x96\x81word", 0);
    t = create(v);
    DECODE(t, false, " word", word);
    wu_tokenizer_free(t);
}

/* ---- streaming ------------------------------------------------------------------------------ */

/* What each byte releases, with | between. */
static void check_stream(const char *bytes, size_t n, const char *want) {
    wu_tokenizer *t = create(toy_bytes(WU_PRESPLIT_NONE));
    wu_decoder d = {0};
    wu_buf got = {0};

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(wu_decoder_push(&d, t, (unsigned char)bytes[i], &got), WU_OK);
        assert_int_equal(wu_buf_char(&got, '|'), WU_OK);
    }
    assert_int_equal(wu_decoder_finish(&d, &got), WU_OK);
    assert_string_equal(got.p, want);
    wu_buf_free(&got);
    wu_tokenizer_free(t);
}

#define STREAM(bytes, want) check_stream(bytes, sizeof(bytes) - 1, want)
#define BAD                 "\xEF\xBF\xBD"

static void unfinished_characters_wait(void **state) {
    (void)state;
    STREAM("ab", "a|b|");
    STREAM("\xC3\xA9x", "|\xC3\xA9|x|");
    STREAM("\xF0\x9F\x98\x80", "|||\xF0\x9F\x98\x80|");
    STREAM("\xF0\x9F\x98", "|||" BAD); /* never finished */
}

static void hopeless_bytes_are_replaced_at_once(void **state) {
    (void)state;
    STREAM("\xFFx", BAD "|x|");
    STREAM("\xC3x", "|" BAD "x|");
    STREAM("\xE2\x82\xC3\xA9", "||" BAD "|\xC3\xA9|");
    STREAM("\xE0\x80x", "|" BAD BAD "|x|"); /* E0 cannot be followed by 80, and 80 begins nothing */
    STREAM("\xF0\x9F\xF0\x9F\x98\x80", "||" BAD "|||\xF0\x9F\x98\x80|");
}

/* Random bytes in tokens of one to four: the pieces together are the lossy text of all bytes. */
static void streaming_equals_decoding_at_once(void **state) {
    uint32_t seed = 1;
    wu_vocab *v = toy_bytes(WU_PRESPLIT_NONE);
    wu_tokenizer *t;
    (void)state;

    while (v->n_token < TOY_TOKENS) {
        static const unsigned char some[] = {'a',  0x80, 0xA9, 0xBF, 0xC3, 0xE2,
                                             0x82, 0xED, 0xF0, 0x9F, 0xF4, 0xFF};
        char s[4];
        size_t n;
        seed = seed * 1664525u + 1013904223u;
        n = 1 + (seed >> 30);
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            s[i] = (char)some[(seed >> 16) % sizeof(some)];
        }
        toy_add_bytes(v, s, n, WU_TOKEN_NORMAL);
    }
    t = create(v);
    for (int round = 0; round < 2000; round++) {
        int32_t id[12];
        wu_decoder d = {0};
        wu_buf bytes = {0}, pieces = {0}, whole = {0};

        for (size_t i = 0; i < WU_LEN(id); i++) {
            seed = seed * 1664525u + 1013904223u;
            id[i] = 256 + (int32_t)((seed >> 8) % (TOY_TOKENS - 256));
            const wu_str s = wu_tokenizer_bytes(t, id[i]);
            assert_int_equal(wu_buf_add(&bytes, s.p, s.n), WU_OK);
            assert_int_equal(wu_decoder_push(&d, t, id[i], &pieces), WU_OK);
            assert_true(d.n_wait < 4);
        }
        assert_int_equal(wu_decoder_finish(&d, &pieces), WU_OK);
        check_decode(t, id, WU_LEN(id), true, pieces.p);
        /* and a tokenizer that has every byte gives the same replacements */
        wu_ids all = {0};
        for (size_t i = 0; i < bytes.n; i++)
            assert_int_equal(wu_ids_push(&all, (unsigned char)bytes.p[i]), WU_OK);
        assert_int_equal(wu_tokenizer_decode(t, all.id, all.n, true, &whole), WU_OK);
        assert_true(wu_str_eq(wu_buf_view(&whole), wu_buf_view(&pieces)));
        wu_ids_free(&all);
        wu_buf_free(&bytes);
        wu_buf_free(&pieces);
        wu_buf_free(&whole);
    }
    wu_tokenizer_free(t);
}

static void a_full_buffer_is_left_as_it_was(void **state) {
    wu_tokenizer *t = create(toy_bytes(WU_PRESPLIT_NONE));
    const int32_t id[] = {'a', 'b', 'c', 'd'};
    wu_buf out = {.limit = 4};
    (void)state;

    assert_int_equal(wu_buf_str(&out, "xy"), WU_OK);
    assert_int_equal(wu_tokenizer_decode(t, id, 4, false, &out), WU_ENOMEM);
    assert_string_equal(out.p, "xy");
    wu_buf_free(&out);
    wu_tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_tokens_show_only_when_asked_for),
        cmocka_unit_test(sentencepiece_loses_its_first_space),
        cmocka_unit_test(unfinished_characters_wait),
        cmocka_unit_test(hopeless_bytes_are_replaced_at_once),
        cmocka_unit_test(streaming_equals_decoding_at_once),
        cmocka_unit_test(a_full_buffer_is_left_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
