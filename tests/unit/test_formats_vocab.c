/* Vocabularies in their four forms, small enough to be written down here. */
#include "make_files.h"
#include "near.h"

#include "base/file.h"
#include "formats/vocab.h"

/* Byte-level: h e l o and a space, two merges, one special token and one that is not. */
#define BYTE_VOCAB                                                                                 \
    "\"vocab\":{\"h\":0,\"e\":1,\"l\":2,\"o\":3,\"\\u0120\":4,\"he\":5,\"\\u0120he\":6}"
#define ADDED                                                                                      \
    "\"added_tokens\":[{\"id\":7,\"content\":\"<|im_end|>\",\"special\":true,\"normalized\":"      \
    "false},"                                                                                      \
    "{\"id\":8,\"content\":\"<tool>\",\"special\":false}]"
#define BYTE_LEVEL(regex)                                                                          \
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":" regex "}"
#define BYTE_MODEL(merges)     "\"model\":{\"type\":\"BPE\"," BYTE_VOCAB ",\"merges\":" merges "}"
#define BYTE_JSON(pre, merges) "{" ADDED ",\"pre_tokenizer\":" pre "," BYTE_MODEL(merges) "}"
#define LLAMA3_REGEX                                                                               \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}| "         \
    "?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define SPLIT(regex)                                                                               \
    "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" regex                                          \
    "\"},\"behavior\":\"Isolated\",\"invert\":false}"
#define SEQUENCE(a, b) "{\"type\":\"Sequence\",\"pretokenizers\":[" a "," b "]}"
#define DIGITS         "{\"type\":\"Digits\",\"individual_digits\":true}"
#define MERGES         "[\"h e\",[\"\\u0120\",\"he\"]]"

/* SentencePiece in the same format. */
#define SPM_MODEL                                                                                  \
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"byte_fallback\":true,\"vocab\":{\"<"    \
    "unk>\":0,"                                                                                    \
    "\"<s>\":1,\"</"                                                                               \
    "s>\":2,\"<0x0A>\":3,\"\\u2581\":4,\"a\":5,\"\\u2581a\":6},\"merges\":[\"\\u2581 a\"]}"
#define SPM_ADDED                                                                                  \
    "\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true},"                         \
    "{\"id\":1,\"content\":\"<s>\",\"special\":true},{\"id\":2,\"content\":\"</"                   \
    "s>\",\"special\":true}]"
#define METASPACE(scheme, split)                                                                   \
    "{\"type\":\"Metaspace\",\"replacement\":\"\\u2581\",\"prepend_scheme\":\"" scheme             \
    "\",\"split\":" split "}"
#define SPM_JSON(norm, pre)                                                                        \
    "{" SPM_ADDED ",\"normalizer\":" norm ",\"pre_tokenizer\":" pre                                \
    ",\"post_processor\":" TEMPLATE "," SPM_MODEL "}"
#define TEMPLATE                                                                                   \
    "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":"  \
    "0}},"                                                                                         \
    "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}]}"
#define LEGACY                                                                                     \
    "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\\u2581\"},"      \
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\\u2581\"}]}"

static wu_vocab *read_json(const char *text) {
    wu_vocab *v;
    wu_err err = {0};
    if (wu_vocab_from_json(&v, wu_str_of(text), "tokenizer.json", &err)) fail_msg("%s", err.msg);
    return v;
}

static void refuse_json(const char *text, const char *want) {
    wu_vocab *v;
    wu_err err = {0};
    if (wu_vocab_from_json(&v, wu_str_of(text), "tokenizer.json", &err) != WU_EFORMAT || v)
        fail_msg("read, though \"%s\" was expected", want);
    if (!strstr(err.msg, want) || strncmp(err.msg, "tokenizer.json:", 15) != 0)
        fail_msg("message \"%s\" lacks \"%s\"", err.msg, want);
}

static void byte_level_json_is_read(void **state) {
    (void)state;
    wu_vocab *v = read_json(BYTE_JSON(BYTE_LEVEL("true"), MERGES));
    assert_int_equal(v->kind, WU_VOCAB_BYTE_BPE);
    assert_int_equal(v->presplit, WU_PRESPLIT_GPT2);
    assert_int_equal(v->n_token, 9);
    assert_true(wu_str_eq(v->token[4], WU_STR(" ")));
    assert_true(wu_str_eq(v->token[6], WU_STR(" he")));
    assert_int_equal(v->type[6], WU_TOKEN_NORMAL);
    assert_int_equal(v->type[7], WU_TOKEN_CONTROL);
    assert_int_equal(v->type[8], WU_TOKEN_USER);
    assert_int_equal(v->n_merge, 2);
    assert_memory_equal(v->merge, (&(wu_merge[]){{0, 1, 5}, {4, 5, 6}}), 2 * sizeof(wu_merge));
    assert_null(v->score);
    assert_false(v->nfc || v->ignore_merges || v->add_bos);
    assert_int_equal(v->eos, 7);
    assert_int_equal(v->n_stop, 1);
    assert_int_equal(v->bos, -1);
    wu_vocab_free(v);
}

static void pipelines_are_recognised(void **state) {
    (void)state;
    static const struct {
        const char *json;
        wu_presplit presplit;
    } cases[] = {
        {BYTE_JSON(SEQUENCE(DIGITS, BYTE_LEVEL("true")), MERGES), WU_PRESPLIT_SMOLLM2},
        {BYTE_JSON(SEQUENCE(SPLIT(LLAMA3_REGEX), BYTE_LEVEL("false")), MERGES), WU_PRESPLIT_LLAMA3},
    };
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        wu_vocab *v = read_json(cases[i].json);
        assert_int_equal(v->presplit, cases[i].presplit);
        wu_vocab_free(v);
    }
    wu_vocab *v =
        read_json("{" ADDED ",\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\":" BYTE_LEVEL(
            "true") "," BYTE_MODEL("[]") "}");
    assert_true(v->nfc);
    assert_int_equal(v->n_merge, 0);
    wu_vocab_free(v);
}

static void what_is_not_supported_is_named(void **state) {
    (void)state;
    refuse_json("[]", "no \"model\"");
    refuse_json("{\"model\":{\"type\":\"Unigram\"}}", "model \"Unigram\"");
    refuse_json("{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}", "merges");
    refuse_json("{\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}}", "0 tokens");
    refuse_json("{\"model\":{\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":0.1}}", "dropout");
    refuse_json("{\"model\":{\"vocab\":{\"a\":0},\"merges\":[],\"end_of_word_suffix\":\"</w>\"}}",
                "end_of_word_suffix");
    refuse_json("{\"model\":{\"vocab\":{\"a\":-1},\"merges\":[]}}", "id of token \"a\"");
    refuse_json("{\"model\":{\"vocab\":{\"a\":2000000000},\"merges\":[]}}", "id of token \"a\"");
    refuse_json("{\"model\":{\"vocab\":{\"a\":\"x\"},\"merges\":[]}}", "id of token \"a\"");
    refuse_json("{\"model\":{\"vocab\":{\"a\":1,\"b\":1},\"merges\":[]}}", "same id 1");
    refuse_json(BYTE_JSON(BYTE_LEVEL("true"), "[\"h x\"]"), "merge \"h\" + \"x\"");
    refuse_json(BYTE_JSON(BYTE_LEVEL("true"), "[\"hx\"]"), "model.merges[0] is not a pair");
    refuse_json(BYTE_JSON(BYTE_LEVEL("true"), "[[\"h\",\"e\",\"l\"]]"),
                "model.merges[0] is not a pair");
    refuse_json(BYTE_JSON(BYTE_LEVEL("true"), "[\"h e\",7]"), "model.merges[1] is not a pair");
    refuse_json(BYTE_JSON(BYTE_LEVEL("false"), "[]"), "ByteLevel with these other parts");
    refuse_json(BYTE_JSON("{\"type\":\"ByteLevel\"}", "[]"), "add_prefix_space");
    refuse_json(BYTE_JSON("{\"type\":\"Whitespace\"}", "[]"), "pre_tokenizer \"Whitespace\"");
    refuse_json(BYTE_JSON(SEQUENCE(SPLIT("a+"), BYTE_LEVEL("false")), "[]"),
                "Split with this pattern");
    refuse_json(BYTE_JSON(SEQUENCE(BYTE_LEVEL("true"), DIGITS), "[]"), "after its last");
    refuse_json("{\"added_tokens\":[{\"id\":0,\"content\":\"<m>\",\"lstrip\":true}],\"pre_"
                "tokenizer\":" BYTE_LEVEL("true") "," BYTE_MODEL("[]") "}",
                "\"<m>\" with lstrip");
    refuse_json("{\"added_tokens\":[{\"id\":0}]," BYTE_MODEL("[]") "}",
                "added token 0 has no content");
    refuse_json("{\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":" BYTE_LEVEL(
                    "true") "," BYTE_MODEL("[]") "}",
                "normalizer \"Lowercase\"");
    refuse_json(SPM_JSON("null", METASPACE("always", "false")), "prepend_scheme always");
    refuse_json(SPM_JSON("null", METASPACE("first", "true")), "Metaspace with split");
    refuse_json(SPM_JSON("null", "null"), "without ByteLevel");
    refuse_json("{" BYTE_MODEL("[]") ",\"normalizer\":" LEGACY "}", "byte_fallback");
}

static void sentencepiece_json_is_read(void **state) {
    (void)state;
    static const struct {
        const char *json;
        wu_spm_prefix prefix;
    } cases[] = {
        {SPM_JSON("null", METASPACE("first", "false")), WU_PREFIX_FIRST},
        {SPM_JSON("null", METASPACE("never", "false")), WU_PREFIX_NONE},
        {SPM_JSON(LEGACY, "null"), WU_PREFIX_EACH},
    };
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        wu_vocab *v = read_json(cases[i].json);
        assert_int_equal(v->kind, WU_VOCAB_SPM);
        assert_int_equal(v->prefix, cases[i].prefix);
        assert_int_equal(v->unk, 0);
        assert_int_equal(v->bos, 1);
        assert_int_equal(v->eos, 2);
        assert_true(v->add_bos);
        assert_int_equal(v->type[0], WU_TOKEN_UNKNOWN);
        assert_int_equal(v->type[1], WU_TOKEN_CONTROL);
        assert_int_equal(v->type[3], WU_TOKEN_BYTE);
        assert_true(wu_str_eq(v->token[6], WU_STR("\xe2\x96\x81"
                                                  "a")));
        wu_vocab_free(v);
    }
}

/* ---- SentencePiece's own file ---- */

static void pb_len(wu_buf *b, unsigned field, const void *p, size_t n) {
    assert_true(field < 16 && n < 128);
    put(b, &(unsigned char){(unsigned char)(field << 3 | 2)}, 1);
    put(b, &(unsigned char){(unsigned char)n}, 1);
    put(b, p, n);
}

static void pb_piece(wu_buf *b, const char *text, float score, unsigned char type) {
    wu_buf piece = {0};
    pb_len(&piece, 1, text, strlen(text));
    put(&piece, "\x15", 1);
    put_f32(&piece, score);
    put(&piece, "\x18", 1);
    put(&piece, &type, 1);
    pb_len(b, 1, piece.p, piece.n);
    wu_buf_free(&piece);
}

#define TRAINER    "\x18\x02\x98\x02\x01" /* BPE, byte fallback */
#define NORMALIZER "\x0a\x08identity\x18\x01\x20\x00\x28\x01"

static wu_buf make_spm(const char *trainer, const char *normalizer, size_t n_normalizer) {
    wu_buf b = {0};
    pb_piece(&b, "<unk>", 0, 2);
    pb_piece(&b, "<s>", 0, 3);
    pb_piece(&b, "</s>", 0, 3);
    pb_piece(&b, "<0x0A>", 0, 6);
    pb_piece(&b, "\xe2\x96\x81", -1, 1);
    pb_piece(&b, "a", -2, 1);
    pb_len(&b, 2, trainer, strlen(trainer));
    pb_len(&b, 3, normalizer, n_normalizer);
    return b;
}

static void refuse_spm(const wu_buf *b, const char *want) {
    wu_vocab *v;
    wu_err err = {0};
    void *p = exact_copy(b);
    assert_int_equal(wu_vocab_from_spm(&v, (wu_str){p, b->n}, "tokenizer.model", &err), WU_EFORMAT);
    assert_null(v);
    if (!strstr(err.msg, want)) fail_msg("message \"%s\" lacks \"%s\"", err.msg, want);
    free(p);
}

static void sentencepiece_files_are_read(void **state) {
    (void)state;
    wu_buf b = make_spm(TRAINER, NORMALIZER, sizeof(NORMALIZER) - 1);
    wu_vocab *v;
    wu_err err = {0};
    CHECK_OK(wu_vocab_from_spm(&v, wu_buf_view(&b), "tokenizer.model", &err), err);
    assert_int_equal(v->n_token, 6);
    assert_int_equal(v->prefix, WU_PREFIX_EACH);
    assert_true(v->score[5] == -2.0f);
    assert_null(v->merge);
    assert_int_equal(v->bos, 1);
    assert_int_equal(v->eos, 2);
    assert_int_equal(v->unk, 0);
    assert_int_equal(v->pad, -1);
    assert_int_equal(v->type[0], WU_TOKEN_UNKNOWN);
    assert_int_equal(v->type[3], WU_TOKEN_BYTE);
    assert_true(v->add_bos);
    wu_vocab_free(v);
    /* a cut leaves whole fields at best, and then something is missing */
    for (size_t n = b.n - 1; n > 0; n--) {
        b.n = n;
        refuse_spm(&b, "tokenizer.model");
    }
    wu_buf_free(&b);
}

static void other_sentencepiece_models_are_refused(void **state) {
    (void)state;
    wu_buf b = make_spm("\x18\x01\x98\x02\x01", NORMALIZER, sizeof(NORMALIZER) - 1);
    refuse_spm(&b, "type 1, only BPE");
    wu_buf_free(&b);
    b = make_spm("\x18\x02", NORMALIZER, sizeof(NORMALIZER) - 1);
    refuse_spm(&b, "byte fallback");
    wu_buf_free(&b);
    b = make_spm(TRAINER, "\x18\x01", 2);
    refuse_spm(&b, "spaces are squeezed");
    wu_buf_free(&b);
    b = make_spm(TRAINER, "\x12\x01x\x20\x00", 5);
    refuse_spm(&b, "table of characters");
    wu_buf_free(&b);
    b = make_spm(TRAINER "\xc8\x02\x63", NORMALIZER, sizeof(NORMALIZER) - 1);
    refuse_spm(&b, "special token 99");
    wu_buf_free(&b);
    b = make_spm(TRAINER, NORMALIZER, sizeof(NORMALIZER) - 1);
    pb_piece(&b, "a", 0, 1);
    refuse_spm(&b, "token 6, \"a\", occurs twice");
    pb_piece(&b, "b", 0, 9);
    refuse_spm(&b, "type 9");
    wu_buf_free(&b);
}

/* ---- GGUF ---- */

static wu_buf make_gguf(const char *model, const char *pre, const char *merge,
                        const int32_t types[4]) {
    static const char *const tokens[] = {"h", "e", "he", "<|im_end|>"};
    wu_buf b = {0};
    gguf_head(&b, 0, 6);
    gguf_kv_str(&b, "tokenizer.ggml.model", model);
    gguf_kv_str(&b, "tokenizer.ggml.pre", pre);
    gguf_kv_array(&b, "tokenizer.ggml.tokens", GGUF_STR, 4);
    for (int i = 0; i < 4; i++) gguf_str(&b, tokens[i]);
    gguf_kv_array(&b, "tokenizer.ggml.token_type", GGUF_I32, 4);
    for (int i = 0; i < 4; i++) put_u32(&b, (uint32_t)types[i]);
    gguf_kv_array(&b, "tokenizer.ggml.merges", GGUF_STR, 1);
    gguf_str(&b, merge);
    gguf_kv_str(&b, "tokenizer.chat_template", "{{ x }}");
    return b;
}

static wu_code read_gguf(wu_vocab **v, const wu_buf *b, wu_err *err) {
    wu_gguf *g;
    CHECK_OK(wu_gguf_open_memory(&g, b->p, b->n, "x.gguf", err), *err);
    const wu_code rc = wu_vocab_from_gguf(v, g, "x.gguf", err);
    wu_gguf_close(g);
    return rc;
}

static void gguf_metadata_is_read(void **state) {
    (void)state;
    wu_buf b = make_gguf("gpt2", "qwen2", "h e", (const int32_t[]){1, 1, 1, 3});
    wu_vocab *v;
    wu_err err = {0};
    CHECK_OK(read_gguf(&v, &b, &err), err);
    assert_int_equal(v->presplit, WU_PRESPLIT_QWEN2);
    assert_true(v->nfc);
    assert_int_equal(v->n_merge, 1);
    assert_int_equal(v->merge[0].result, 2);
    assert_int_equal(v->eos, 3);
    assert_int_equal(v->stop[0], 3);
    assert_string_equal(v->chat_template, "{{ x }}");
    wu_vocab_free(v);
    wu_buf_free(&b);
}

static void wrong_gguf_metadata_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *model, *pre, *merge;
        int32_t types[4];
        const char *want;
    } cases[] = {
        {"bert", "qwen2", "h e", {1, 1, 1, 3}, "tokenizer.ggml.model is \"bert\""},
        {"gpt2", "tekken", "h e", {1, 1, 1, 3}, "tokenizer.ggml.pre is \"tekken\""},
        {"gpt2", "qwen2", "h x", {1, 1, 1, 3}, "merge \"h\" + \"x\""},
        {"gpt2", "qwen2", "he", {1, 1, 1, 3}, "space between"},
        {"gpt2", "qwen2", "h e", {1, 1, 7, 3}, "token 2 is 7"},
        {"llama", "default", "h e", {1, 1, 1, 3}, "scores has -1 entries"},
    };
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        wu_buf b = make_gguf(cases[i].model, cases[i].pre, cases[i].merge, cases[i].types);
        wu_vocab *v;
        wu_err err = {0};
        assert_int_equal(read_gguf(&v, &b, &err), WU_EFORMAT);
        assert_null(v);
        if (!strstr(err.msg, cases[i].want))
            fail_msg("message \"%s\" lacks \"%s\"", err.msg, cases[i].want);
        wu_buf_free(&b);
    }
}

static void put_base64(wu_buf *b, const unsigned char *p, size_t n) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned x = (unsigned)p[0] << 16 | (n > 1 ? (unsigned)p[1] << 8 : 0);
    put(b, &digits[x >> 18], 1);
    put(b, &digits[x >> 12 & 63], 1);
    put(b, n > 1 ? &digits[x >> 6 & 63] : "=", 1);
    put(b, "=", 1);
}

/* As many ranks as GPT-2 has: all single bytes, then pairs of bytes. */
static wu_buf make_ranks(void) {
    wu_buf b = {0};
    for (int i = 0; i < 50256; i++) {
        const unsigned char pair[2] = {(unsigned char)(i < 256 ? i : (i - 256) / 256),
                                       (unsigned char)(i - 256)};
        put_base64(&b, pair, i < 256 ? 1 : 2);
        if (wu_buf_fmt(&b, " %d\n", i)) abort();
    }
    return b;
}

static void tiktoken_files_are_read(void **state) {
    (void)state;
    char dir[64], path[128];
    wu_buf b = make_ranks();
    wu_vocab *v;
    wu_err err = {0};
    snprintf(path, sizeof(path), "%s/tokenizer.model", make_temp_dir(dir));
    CHECK_OK(wu_write_file(path, b.p, b.n, &err), err);
    CHECK_OK(wu_vocab_read(&v, dir, &err), err);
    assert_int_equal(v->n_token, 50257);
    assert_int_equal(v->kind, WU_VOCAB_BYTE_BPE);
    assert_int_equal(v->presplit, WU_PRESPLIT_GPT2);
    assert_true(v->token[0].n == 1 && v->token[0].p[0] == 0);
    assert_true(wu_str_eq(v->token[256 + 1], WU_STR("\0\1")));
    assert_true(wu_str_eq(v->token[50256], WU_STR("<|endoftext|>")));
    assert_int_equal(v->type[50256], WU_TOKEN_CONTROL);
    assert_int_equal(v->eos, 50256);
    assert_int_equal(v->n_merge, 50000);
    assert_memory_equal(&v->merge[1], (&(wu_merge){0, 1, 257}), sizeof(wu_merge));
    wu_vocab_free(v);
    b.p[0] = '!';
    CHECK_OK(wu_write_file(path, b.p, b.n, &err), err);
    assert_int_equal(wu_vocab_read(&v, dir, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "is not base64"));
    memcpy(b.p, "AQ==", 4); /* two lines of the same bytes */
    CHECK_OK(wu_write_file(path, b.p, b.n, &err), err);
    assert_int_equal(wu_vocab_read(&v, dir, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "occurs twice"));
    memcpy(b.p, "AA== 7\n", 7); /* two lines of the same rank */
    CHECK_OK(wu_write_file(path, b.p, b.n, &err), err);
    assert_int_equal(wu_vocab_read(&v, dir, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "a rank below 50256 of its own"));
    wu_buf_free(&b);
    remove_temp_dir(dir, (const char *const[]){"tokenizer.model", NULL});
}

static void unknown_tiktoken_files_are_refused(void **state) {
    (void)state;
    char dir[64], path[128];
    wu_vocab *v;
    wu_err err = {0};
    snprintf(path, sizeof(path), "%s/tokenizer.model", make_temp_dir(dir));
    CHECK_OK(wu_write_file(path, "aGU= 0\nbA== 1\n", 14, &err), err);
    assert_int_equal(wu_vocab_read(&v, path, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "a tiktoken file of 2 ranks"));
    CHECK_OK(wu_write_file(path, "Read this first.\n", 17, &err), err);
    assert_int_equal(wu_vocab_read(&v, path, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "not a tokenizer file"));
    remove_temp_dir(dir, (const char *const[]){"tokenizer.model", NULL});
}

/* ---- directories ---- */

static void write_text(const char *dir, const char *name, const char *text) {
    char path[128];
    wu_err err = {0};
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    CHECK_OK(wu_write_file(path, text, strlen(text), &err), err);
}

static const char *const side_files[] = {"tokenizer.json",
                                         "tokenizer.model",
                                         "tokenizer_config.json",
                                         "chat_template.jinja",
                                         "generation_config.json",
                                         "config.json",
                                         NULL};

static void files_beside_the_tokenizer_are_heeded(void **state) {
    (void)state;
    char dir[64];
    wu_vocab *v;
    wu_err err = {0};
    make_temp_dir(dir);
    write_text(dir, "tokenizer.json", BYTE_JSON(BYTE_LEVEL("true"), MERGES));
    write_text(
        dir, "tokenizer_config.json",
        "{\"bos_token\":{\"content\":\"<tool>\"},\"eos_token\":\"he\",\"pad_token\":\"<pad>\","
        "\"add_bos_token\":true,"
        "\"chat_template\":[{\"name\":\"rag\",\"template\":\"no\"},{\"name\":\"default\","
        "\"template\":\"yes\"}]}");
    write_text(dir, "generation_config.json", "{\"eos_token_id\":[7,3]}");
    write_text(dir, "config.json", "{\"eos_token_id\":2,\"bos_token_id\":1}");
    CHECK_OK(wu_vocab_read(&v, dir, &err), err);
    assert_int_equal(v->bos, 8);
    assert_int_equal(v->eos, 5);
    assert_int_equal(v->pad, -1);
    assert_true(v->add_bos);
    assert_string_equal(v->chat_template, "yes");
    assert_int_equal(v->n_stop, 4);
    wu_vocab_free(v);
    write_text(dir, "chat_template.jinja", "file");
    CHECK_OK(wu_vocab_read(&v, dir, &err), err);
    assert_string_equal(v->chat_template, "file");
    wu_vocab_free(v);

    write_text(dir, "config.json", "{\"eos_token_id\":99}");
    assert_int_equal(wu_vocab_read(&v, dir, &err), WU_EFORMAT);
    assert_null(v);
    assert_non_null(strstr(err.msg, "the end token 99"));
    write_text(dir, "tokenizer_config.json", "{\"bos_token\":\"<none>\"}");
    assert_int_equal(wu_vocab_read(&v, dir, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "bos_token is \"<none>\""));
    remove_temp_dir(dir, side_files);
}

static void legacy_false_moves_the_space_of_sentencepiece(void **state) {
    (void)state;
    char dir[64], path[128];
    wu_buf b = make_spm(TRAINER, NORMALIZER, sizeof(NORMALIZER) - 1);
    wu_vocab *v;
    wu_err err = {0};
    snprintf(path, sizeof(path), "%s/tokenizer.model", make_temp_dir(dir));
    CHECK_OK(wu_write_file(path, b.p, b.n, &err), err);
    CHECK_OK(wu_vocab_read(&v, dir, &err), err);
    assert_int_equal(v->prefix, WU_PREFIX_EACH);
    wu_vocab_free(v);
    write_text(dir, "tokenizer_config.json", "{\"legacy\":false}");
    CHECK_OK(wu_vocab_read(&v, dir, &err), err);
    assert_int_equal(v->prefix, WU_PREFIX_FIRST);
    wu_vocab_free(v);
    wu_buf_free(&b);
    remove_temp_dir(dir, side_files);
    assert_int_equal(wu_vocab_read(&v, path, &err), WU_EIO);
    assert_null(v);
}

static void a_directory_without_a_tokenizer_is_an_error(void **state) {
    (void)state;
    char dir[64];
    wu_vocab *v;
    wu_err err = {0};
    assert_int_equal(wu_vocab_read(&v, make_temp_dir(dir), &err), WU_EIO);
    assert_non_null(strstr(err.msg, "neither tokenizer.json nor tokenizer.model"));
    rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_level_json_is_read),
        cmocka_unit_test(pipelines_are_recognised),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(sentencepiece_json_is_read),
        cmocka_unit_test(sentencepiece_files_are_read),
        cmocka_unit_test(other_sentencepiece_models_are_refused),
        cmocka_unit_test(gguf_metadata_is_read),
        cmocka_unit_test(wrong_gguf_metadata_is_refused),
        cmocka_unit_test(tiktoken_files_are_read),
        cmocka_unit_test(unknown_tiktoken_files_are_refused),
        cmocka_unit_test(files_beside_the_tokenizer_are_heeded),
        cmocka_unit_test(legacy_false_moves_the_space_of_sentencepiece),
        cmocka_unit_test(a_directory_without_a_tokenizer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
