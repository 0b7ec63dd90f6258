/* Tokenizers over toy vocabularies: merging, pre-split, special tokens, SentencePiece's prefix,
 * invalid text, long text, wrong vocabularies. */
#include "near.h"
#include "text/tokenizer.h"
#include "toy_vocab.h"

static wu_tokenizer *create(wu_vocab *v) {
    wu_tokenizer *t = NULL;
    wu_err err = {0};

    CHECK_OK(wu_tokenizer_create(&t, v, &err), err);
    return t;
}

/* The tokens of text, each in [] (bytes that do not print as \xHH). */
static void check_flags(const wu_tokenizer *t, wu_str text, unsigned flags, const char *want) {
    wu_ids ids = {0};
    wu_err err = {0};
    wu_buf got = {0};

    CHECK_OK(wu_tokenizer_encode(t, text, flags, &ids, &err), err);
    for (int32_t i = 0; i < ids.n; i++) {
        const wu_str s = wu_tokenizer_vocab(t)->token[ids.id[i]];
        assert_int_equal(wu_buf_char(&got, '['), WU_OK);
        for (size_t k = 0; k < s.n; k++)
            assert_int_equal(wu_buf_fmt(&got,
                                        s.p[k] > ' ' && s.p[k] < 127 ? "%c"
                                        : s.p[k] == ' '              ? "_"
                                                                     : "\\x%02X",
                                        (unsigned char)s.p[k]),
                             WU_OK);
        assert_int_equal(wu_buf_char(&got, ']'), WU_OK);
    }
    assert_string_equal(got.p ? got.p : "", want);
    wu_buf_free(&got);
    wu_ids_free(&ids);
}

static void check(const wu_tokenizer *t, const char *text, const char *want) {
    check_flags(t, wu_str_of(text), 0, want);
}

static void special(const wu_tokenizer *t, const char *text, const char *want) {
    check_flags(t, wu_str_of(text), WU_ENCODE_SPECIAL, want);
}

/* ---- merging -------------------------------------------------------------------------------- */

static void lowest_rank_merges_first_then_the_leftmost(void **state) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_NONE);
    wu_tokenizer *t;
    (void)state;

    toy_merge(v, "b", "c");
    toy_merge(v, "a", "b");
    toy_merge(v, "a", "a");
    toy_merge(v, "aa", "a");
    t = create(v);
    check(t, "", "");
    check(t, "x", "[x]");
    check(t, "abc", "[a][bc]");
    check(t, "abab", "[ab][ab]");
    check(t, "aaaa", "[aa][aa]");
    check(t, "aaaaa", "[aa][aaa]"); /* not [aa][aa][a]: aa + a is still there at the end */
    check(t, "aaa", "[aaa]");
    wu_tokenizer_free(t);
}

static void the_first_of_two_equal_merges_counts(void **state) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_NONE);
    wu_tokenizer *t;
    (void)state;

    toy_merge(v, "a", "b");
    toy_merge(v, "b", "c");
    toy_merge(v, "a", "b");
    t = create(v);
    check(t, "abc", "[ab][c]");
    wu_tokenizer_free(t);
}

static void a_whole_piece_is_taken_at_once_if_merges_are_ignored(void **state) {
    (void)state;
    for (int ignore = 0; ignore < 2; ignore++) {
        wu_vocab *v = toy_bytes(WU_PRESPLIT_GPT2);
        wu_tokenizer *t;
        toy_add(v, "word", WU_TOKEN_NORMAL); /* no merges lead to it */
        toy_add(v, "mark", WU_TOKEN_CONTROL);
        v->ignore_merges = ignore;
        t = create(v);
        check(t, "word", ignore ? "[word]" : "[w][o][r][d]");
        check(t, "words", "[w][o][r][d][s]");
        check(t, "mark", "[m][a][r][k]"); /* never a control token */
        wu_tokenizer_free(t);
    }
}

static void merges_into_control_tokens_are_left_out(void **state) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_NONE);
    wu_tokenizer *t;
    (void)state;

    toy_add(v, "<x>", WU_TOKEN_CONTROL);
    toy_merge(v, "<", "x");
    toy_merge(v, "<x", ">");
    t = create(v);
    check(t, "<x>", "[<x][>]");
    special(t, "<x>", "[<x>]");
    wu_tokenizer_free(t);
}

static void scores_alone_make_merges_of_byte_level_tokens(void **state) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_NONE); /* as tiktoken: the rank of the result decides */
    wu_tokenizer *t;
    (void)state;

    toy_add(v, "bc", WU_TOKEN_NORMAL);
    toy_add(v, "ab", WU_TOKEN_NORMAL);
    toy_add(v, "abc", WU_TOKEN_NORMAL);
    v->merge = NULL;
    for (int32_t i = 0; i < v->n_token; i++) v->score[i] = (float)-i;
    t = create(v);
    check(t, "abc", "[abc]"); /* a + bc */
    check(t, "ab", "[ab]");
    wu_tokenizer_free(t);
}

static void bytes_without_a_token_vanish(void **state) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_NONE);
    wu_tokenizer *t;
    (void)state;

    v->type[4] = WU_TOKEN_UNUSED;
    toy_merge(v, "a", "b");
    t = create(v);
    check(t,
          "a\x04"
          "b\x04",
          "[ab]"); /* what stood beside it merges */
    wu_tokenizer_free(t);
}

/* ---- pre-split ------------------------------------------------------------------------------ */

/* No merge crosses a cut, so cuts show where these merges do not happen. */
static void check_pieces(wu_presplit presplit, const char *text, const char *want) {
    wu_vocab *v = toy_bytes(presplit);
    static const char *const merged[] = {"it", "'s",  "'S",   " x",   "  ",  "   ",
                                         "12", "123", "\r\n", "\n\n", " \n", "!!",
                                         " !", " 1",  "\nx",  "xx",   "!\n"};
    wu_tokenizer *t;

    for (size_t i = 0; i < WU_LEN(merged); i++) {
        const size_t n = strlen(merged[i]);
        char left[4] = {0};
        memcpy(left, merged[i], n - 1);
        toy_merge(v, left, merged[i] + n - 1);
    }
    t = create(v);
    check(t, text, want);
    wu_tokenizer_free(t);
}

static void pieces_are_cut_as_the_originals_do(void **state) {
    (void)state;
    check_pieces(WU_PRESPLIT_GPT2, "it's x", "[it]['s][_x]");
    check_pieces(WU_PRESPLIT_GPT2, "it'S", "[it]['][S]");
    check_pieces(WU_PRESPLIT_LLAMA3, "it'S", "[it]['S]");
    check_pieces(WU_PRESPLIT_QWEN2, "it'S", "[it]['S]");

    check_pieces(WU_PRESPLIT_GPT2, "1234", "[123][4]"); /* one piece; merges go from the left */
    check_pieces(WU_PRESPLIT_LLAMA3, "1234", "[123][4]");
    check_pieces(WU_PRESPLIT_QWEN2, "1234", "[1][2][3][4]");
    check_pieces(WU_PRESPLIT_SMOLLM2, "1234", "[1][2][3][4]");

    check_pieces(WU_PRESPLIT_GPT2, "   x", "[__][_x]");
    check_pieces(WU_PRESPLIT_GPT2, "   1", "[__][_1]");
    check_pieces(WU_PRESPLIT_SMOLLM2, "   1", "[___][1]");
    check_pieces(WU_PRESPLIT_SMOLLM2, "   x", "[__][_x]");
    check_pieces(WU_PRESPLIT_LLAMA3, "   1", "[__][_][1]");
    check_pieces(WU_PRESPLIT_QWEN2, "x   ", "[x][___]");

    check_pieces(WU_PRESPLIT_GPT2, "\nx", "[\\x0A][x]");
    check_pieces(WU_PRESPLIT_LLAMA3, "\nx", "[\\x0A][x]");
    check_pieces(WU_PRESPLIT_LLAMA3, "!\nx", "[!\\x0A][x]");
    check_pieces(WU_PRESPLIT_GPT2, "!\nx", "[!][\\x0A][x]");
    check_pieces(WU_PRESPLIT_LLAMA3, " \n\nx", "[_][\\x0A\\x0A][x]");
}

/* U+180E is no white space: it stands with what is neither letter nor digit. */
static void white_space_is_the_class_of_the_originals(void **state) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_GPT2);
    wu_tokenizer *t;
    (void)state;

    toy_add(v, "\xE1\xA0\x8E!", WU_TOKEN_NORMAL);
    toy_add(v, "\xE2\x80\x83!", WU_TOKEN_NORMAL);
    v->ignore_merges = true;
    t = create(v);
    check(t, "\xE1\xA0\x8E!", "[\\xE1\\xA0\\x8E!]");
    check(t, "\xE2\x80\x83!", "[\\xE2][\\x80][\\x83][!]"); /* U+2003 is: two pieces */
    wu_tokenizer_free(t);
}

static void nfc_is_applied_only_where_asked_for(void **state) {
    (void)state;
    for (int nfc = 0; nfc < 2; nfc++) {
        wu_vocab *v = toy_bytes(WU_PRESPLIT_QWEN2);
        wu_tokenizer *t;
        v->nfc = nfc;
        t = create(v);
        check(t, "e\xCC\x81", nfc ? "[\\xC3][\\xA9]" : "[e][\\xCC][\\x81]");
        wu_tokenizer_free(t);
    }
}

/* ---- special tokens ------------------------------------------------------------------------- */

static wu_tokenizer *with_specials(void) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_GPT2);

    toy_add(v, "<|a|>", WU_TOKEN_CONTROL);
    toy_add(v, "<|a|>b", WU_TOKEN_CONTROL);
    toy_add(v, "<tool>", WU_TOKEN_USER);
    toy_add(v, "", WU_TOKEN_CONTROL);
    toy_add(v, "<|unused|>", WU_TOKEN_UNUSED);
    v->bos = toy_id(v, WU_STR("<|a|>"));
    return create(v);
}

static void special_tokens_are_found_only_when_asked_for(void **state) {
    wu_tokenizer *t = with_specials();
    (void)state;

    check(t, "x<|a|>", "[x][<][|][a][|][>]");
    check(t, "<tool>", "[<][t][o][o][l][>]");
    special(t, "x<|a|>y", "[x][<|a|>][y]");
    special(t, "<tool><|a|>", "[<tool>][<|a|>]");
    special(t, "<|a|>b<|a|>c", "[<|a|>b][<|a|>][c]"); /* the longest */
    special(t, "<|a|<|a|>", "[<][|][a][|][<|a|>]");
    special(t, "<|a|", "[<][|][a][|]");
    special(t, "<|unused|>", "[<][|][u][n][u][s][e][d][|][>]");
    special(t, "", "");
    wu_tokenizer_free(t);
}

static void bos_comes_if_both_sides_want_it(void **state) {
    wu_tokenizer *t = with_specials();
    (void)state;

    check_flags(t, WU_STR("x"), WU_ENCODE_BOS, "[x]"); /* the vocabulary does not */
    wu_tokenizer_free(t);
    t = create(toy_pieces(WU_PREFIX_EACH));
    check_flags(t, WU_STR("x"), WU_ENCODE_BOS, "[<s>][\\xE2\\x96\\x81][x]");
    check_flags(t, WU_STR(""), WU_ENCODE_BOS, "[<s>]");
    check_flags(t, WU_STR("x"), 0, "[\\xE2\\x96\\x81][x]");
    wu_tokenizer_free(t);
}

static void tokens_are_found_by_their_text(void **state) {
    wu_tokenizer *t = with_specials();
    (void)state;

    assert_int_equal(wu_tokenizer_find(t, WU_STR("a")), 'a');
    assert_int_equal(wu_tokenizer_find(t, WU_STR("<|a|>")), 256);
    assert_int_equal(wu_tokenizer_find(t, WU_STR("<|unused|>")), 260);
    assert_int_equal(wu_tokenizer_find(t, WU_STR("<|a|>c")), -1);
    assert_int_equal(wu_tokenizer_find(t, WU_STR("")), -1);
    assert_false(wu_tokenizer_is_stop(t, 256));
    wu_tokenizer_free(t);
}

/* ---- SentencePiece -------------------------------------------------------------------------- */

#define MARK "\\xE2\\x96\\x81"

static wu_vocab *spm(wu_spm_prefix prefix) {
    wu_vocab *v = toy_pieces(prefix);

    toy_piece(v,
              "\xE2\x96\x81"
              "a",
              -1);
    toy_piece(v, "ab", 0); /* the best score merges first */
    toy_piece(v, "bc", -2);
    toy_piece(v, "\xE2\x96\x81\xE2\x96\x81", -3);
    toy_add(v, "[REF]", WU_TOKEN_USER);
    return v;
}

static void pieces_merge_by_score(void **state) {
    wu_tokenizer *t = create(spm(WU_PREFIX_EACH));
    (void)state;

    check(t, "", "");
    check(t, "a", "[" MARK "a]");
    check(t, "abc", "[" MARK "][ab][c]");
    check(t, "bc a", "[" MARK "][bc][" MARK "a]");
    check(t, "  a", "[" MARK MARK "][" MARK "a]"); /* the prefix and one space, then space and a */
    wu_tokenizer_free(t);
}

static void what_is_not_in_the_vocabulary_becomes_bytes(void **state) {
    wu_vocab *v = spm(WU_PREFIX_NONE);
    wu_tokenizer *t;
    (void)state;

    t = create(v);
    check(t, "\xC3\xA9!", "[<0xC3>][<0xA9>][<0x21>]");
    wu_tokenizer_free(t);

    v = spm(WU_PREFIX_NONE); /* without one of its bytes: unknown, neighbours as one */
    v->type[3 + 0xA9] = WU_TOKEN_UNUSED;
    t = create(v);
    check(t, "a\xC3\xA9\xC3\xA9!", "[a][<unk>][<0x21>]");
    wu_tokenizer_free(t);

    v = spm(WU_PREFIX_NONE); /* nor an unknown token: dropped */
    v->type[3 + 0xA9] = WU_TOKEN_UNUSED;
    v->unk = -1;
    t = create(v);
    check(t,
          "a\xC3\xA9"
          "b",
          "[ab]");
    wu_tokenizer_free(t);
}

static void the_prefix_goes_where_each_form_puts_it(void **state) {
    wu_tokenizer *each = create(spm(WU_PREFIX_EACH)), *first = create(spm(WU_PREFIX_FIRST));
    wu_tokenizer *none = create(spm(WU_PREFIX_NONE));
    (void)state;

    check(each, " a", "[" MARK "][" MARK "a]");
    check(first, " a", "[" MARK "a]");
    check(first,
          "\xE2\x96\x81"
          "a",
          "[" MARK "a]");
    check(first, "a", "[" MARK "a]");
    check(none, "a", "[a]");

    special(each, "a<s>b", "[" MARK "a][<s>][" MARK "][b]");
    special(first, "a<s>b", "[" MARK "a][<s>][b]");
    special(each, "<s>b", "[<s>][" MARK "][b]");
    special(first, "<s>b", "[<s>][b]");
    special(each, "a</s>", "[" MARK "a][</s>]");
    special(each, "<unk>", "[<unk>]");

    check_flags(each, WU_STR("a"), WU_ENCODE_INNER, "[a]");
    check_flags(first, WU_STR("a"), WU_ENCODE_INNER, "[a]");
    check_flags(each, WU_STR("a<s>b"), WU_ENCODE_INNER | WU_ENCODE_SPECIAL,
                "[a][<s>][" MARK "][b]");
    wu_tokenizer_free(each);
    wu_tokenizer_free(first);
    wu_tokenizer_free(none);
}

/* As sentencepiece does: they are cut out of the text, which keeps its one prefix. */
static void user_defined_pieces_are_found_in_plain_text(void **state) {
    wu_tokenizer *t = create(spm(WU_PREFIX_EACH));
    (void)state;

    check(t, "[REF]", "[" MARK "][[REF]]");
    check(t, "a[REF]b a", "[" MARK "a][[REF]][b][" MARK "a]");
    special(t, "[REF]", "[[REF]]");
    check(t, "<s>", "[" MARK "][<0x3C>][s][<0x3E>]");
    wu_tokenizer_free(t);
}

/* A piece with a space mark inside, as some vocabularies have: then words are not cut. */
static void pieces_across_words_still_merge(void **state) {
    wu_vocab *v = spm(WU_PREFIX_NONE);
    wu_tokenizer *t;
    (void)state;

    toy_piece(v, "b\xE2\x96\x81", 5);
    toy_piece(v,
              "b\xE2\x96\x81"
              "a",
              4);
    t = create(v);
    check(t, "b a", "[b" MARK "a]");
    wu_tokenizer_free(t);
}

/* ---- any text ------------------------------------------------------------------------------- */

static void invalid_utf8_is_replaced_before(void **state) {
    wu_tokenizer *t = with_specials();
    (void)state;

    check_flags(t, WU_STR("a\xFFz"), 0, "[a][\\xEF][\\xBF][\\xBD][z]");
    check_flags(t, WU_STR("a\0z"), 0, "[a][\\x00][z]");
    check_flags(t, WU_STR("\xC3<|a|>"), WU_ENCODE_SPECIAL, "[\\xEF][\\xBF][\\xBD][<|a|>]");
    wu_tokenizer_free(t);
}

static void failure_leaves_the_ids_alone(void **state) {
    wu_tokenizer *t = with_specials();
    wu_ids ids = {0};
    wu_err err = {0};
    (void)state;

    assert_int_equal(wu_ids_push(&ids, 7), WU_OK);
    assert_int_equal(wu_tokenizer_encode(t, (wu_str){"x", (size_t)1 << 40}, 0, &ids, &err),
                     WU_ENOMEM);
    assert_int_equal(ids.n, 1);
    wu_ids_free(&ids);
    wu_tokenizer_free(t);
}

/* Texts that would take hours if anything were quadratic in them. */
static void long_texts_take_linear_time(void **state) {
    enum { N = 600000 };
    static const char *const parts[] = {"a", " ", "ab ", "!", "\n", "<|a|", "1", "\xC3\xA9"};
    (void)state;

    for (int k = 0; k < 5; k++) {
        wu_vocab *v = k == 4 ? spm(WU_PREFIX_EACH) : toy_bytes((wu_presplit)(WU_PRESPLIT_GPT2 + k));
        wu_tokenizer *t;
        if (k < 4) {
            toy_merge(v, "a", "a");
            toy_merge(v, "aa", "aa");
            toy_merge(v, " ", " ");
            toy_add(v, "<|a|>", WU_TOKEN_CONTROL);
            v->nfc = true;
        }
        t = create(v);
        for (size_t i = 0; i < WU_LEN(parts); i++) {
            wu_buf text = {0}, back = {0};
            wu_ids ids = {0};
            wu_err err = {0};
            while (text.n < N) assert_int_equal(wu_buf_str(&text, parts[i]), WU_OK);
            CHECK_OK(wu_tokenizer_encode(t, wu_buf_view(&text), WU_ENCODE_SPECIAL, &ids, &err),
                     err);
            assert_int_equal(wu_tokenizer_decode(t, ids.id, ids.n, true, &back), WU_OK);
            assert_true(wu_str_eq(wu_buf_view(&text), wu_buf_view(&back)));
            wu_buf_free(&text);
            wu_buf_free(&back);
            wu_ids_free(&ids);
        }
        wu_tokenizer_free(t);
    }
}

/* ---- wrong vocabularies --------------------------------------------------------------------- */

static void refused(wu_vocab *v, const char *said) {
    wu_tokenizer *t = (wu_tokenizer *)&t;
    wu_err err = {0};

    assert_int_equal(wu_tokenizer_create(&t, v, &err), WU_EFORMAT);
    assert_null(t);
    if (!strstr(err.msg, said)) fail_msg("\"%s\" does not say \"%s\"", err.msg, said);
}

static void wrong_vocabularies_are_refused(void **state) {
    wu_vocab *v;
    (void)state;

    refused(wu_vocab_create(), "0 tokens");
    v = toy_bytes(WU_PRESPLIT_GPT2);
    v->type[3] = 9;
    refused(v, "token 3 has type 9");
    v = toy_bytes(WU_PRESPLIT_GPT2);
    v->eos = 256;
    refused(v, "eos is token 256, want one below 256");
    v = toy_bytes(WU_PRESPLIT_GPT2);
    v->stop[v->n_stop++] = -2;
    refused(v, "a stop token is token -2");
    v = toy_bytes(WU_PRESPLIT_GPT2);
    v->merge[v->n_merge++] = (wu_merge){1, 2, 300};
    refused(v, "merge 0 is (1, 2) to 300");
    v = toy_pieces(WU_PREFIX_EACH);
    v->score[300] = 0;
    v->score[260] = (float)NAN;
    refused(v, "score of token 260");
    v = toy_pieces(WU_PREFIX_EACH);
    v->token[3] = WU_STR("<0xZZ>");
    refused(v, "byte token 3");
    v = toy_bytes((wu_presplit)77);
    refused(v, "pre-split 77");
    wu_vocab_free(NULL);
    wu_tokenizer_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lowest_rank_merges_first_then_the_leftmost),
        cmocka_unit_test(the_first_of_two_equal_merges_counts),
        cmocka_unit_test(a_whole_piece_is_taken_at_once_if_merges_are_ignored),
        cmocka_unit_test(merges_into_control_tokens_are_left_out),
        cmocka_unit_test(scores_alone_make_merges_of_byte_level_tokens),
        cmocka_unit_test(bytes_without_a_token_vanish),
        cmocka_unit_test(pieces_are_cut_as_the_originals_do),
        cmocka_unit_test(white_space_is_the_class_of_the_originals),
        cmocka_unit_test(nfc_is_applied_only_where_asked_for),
        cmocka_unit_test(special_tokens_are_found_only_when_asked_for),
        cmocka_unit_test(bos_comes_if_both_sides_want_it),
        cmocka_unit_test(tokens_are_found_by_their_text),
        cmocka_unit_test(pieces_merge_by_score),
        cmocka_unit_test(what_is_not_in_the_vocabulary_becomes_bytes),
        cmocka_unit_test(the_prefix_goes_where_each_form_puts_it),
        cmocka_unit_test(user_defined_pieces_are_found_in_plain_text),
        cmocka_unit_test(pieces_across_words_still_merge),
        cmocka_unit_test(invalid_utf8_is_replaced_before),
        cmocka_unit_test(failure_leaves_the_ids_alone),
        cmocka_unit_test(long_texts_take_linear_time),
        cmocka_unit_test(wrong_vocabularies_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
