/* Any bytes as text for tokenizers of both families: ids lead back to the text, streaming equals
 * decoding at once, plain text gives no control token, a template only its own. */
#include "text/chat.h"
#include "text/utf8.h"
#include "toy_vocab.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { N_TOKENIZER = 7 };

static void must(bool is_true) {
    if (!is_true) abort();
}

static void add_marks(wu_vocab *v) {
    static const char *const marks[] = {"<|im_start|>", "<|im_end|>", "[INST]", "[/INST]"};

    for (size_t i = 0; i < WU_LEN(marks); i++) toy_add(v, marks[i], WU_TOKEN_CONTROL);
    toy_add(v, "<tool>", WU_TOKEN_USER);
}

static wu_tokenizer *create(wu_vocab *v) {
    wu_tokenizer *t;

    must(wu_tokenizer_create(&t, v, NULL) == WU_OK);
    return t;
}

/* Four pre-splits, one of them with NFC, and three places of SentencePiece's prefix. */
static wu_tokenizer *make(int k) {
    static const char *const merges[][2] = {{"a", "a"},   {" ", "a"},       {" ", " "},
                                            {"aa", "aa"}, {"<", "|"},       {"\n", "\n"},
                                            {"1", "2"},   {"\xC3", "\xA9"}, {"[", "I"}};
    wu_vocab *v;

    if (k >= 4) {
        v = toy_pieces((wu_spm_prefix)(k - 4));
        toy_piece(v,
                  "\xE2\x96\x81"
                  "a",
                  -1);
        toy_piece(v, "aa", -2);
        toy_piece(v, "\xE2\x96\x81\xE2\x96\x81", -3);
        if (k == 5) toy_piece(v, "a\xE2\x96\x81", -4); /* words are not cut then */
        add_marks(v);
        return create(v);
    }
    v = toy_bytes((wu_presplit)(WU_PRESPLIT_GPT2 + k));
    for (size_t i = 0; i < WU_LEN(merges); i++) toy_merge(v, merges[i][0], merges[i][1]);
    v->nfc = v->presplit == WU_PRESPLIT_QWEN2;
    v->ignore_merges = v->presplit == WU_PRESPLIT_LLAMA3;
    add_marks(v);
    return create(v);
}

static int count_control(const wu_tokenizer *t, const wu_ids *ids) {
    int n = 0;

    for (int32_t i = 0; i < ids->n; i++)
        n += wu_tokenizer_vocab(t)->type[ids->id[i]] == WU_TOKEN_CONTROL;
    return n;
}

/* The text that ids must lead back to. */
static void expected(const wu_tokenizer *t, wu_str text, wu_buf *out) {
    wu_buf lossy = {0};

    must(wu_utf8_lossy(text, &lossy) == WU_OK);
    if (wu_tokenizer_vocab(t)->nfc)
        must(wu_utf8_nfc(wu_buf_view(&lossy), out) == WU_OK);
    else
        must(wu_buf_add(out, lossy.p, lossy.n) == WU_OK);
    wu_buf_free(&lossy);
}

static void check_stream(const wu_tokenizer *t, const wu_ids *ids, wu_str want) {
    wu_decoder d = {0};
    wu_buf got = {0};

    for (int32_t i = 0; i < ids->n; i++) must(wu_decoder_push(&d, t, ids->id[i], &got) == WU_OK);
    must(wu_decoder_finish(&d, &got) == WU_OK);
    must(wu_str_eq(wu_buf_view(&got), want));
    wu_buf_free(&got);
}

static void check_text(const wu_tokenizer *t, wu_str text) {
    const bool is_spm = wu_tokenizer_vocab(t)->kind == WU_VOCAB_SPM;
    wu_ids ids = {0};
    wu_buf want = {0}, got = {0};

    must(wu_tokenizer_encode(t, text, 0, &ids, NULL) == WU_OK);
    must(count_control(t, &ids) == 0);
    must(wu_tokenizer_decode(t, ids.id, ids.n, false, &got) == WU_OK);
    check_stream(t, &ids, wu_buf_view(&got));
    expected(t, text, &want);
    /* U+2581 in the text comes back as a space, and one space may be taken for the prefix */
    if (!is_spm)
        must(wu_str_eq(wu_buf_view(&got), wu_buf_view(&want)));
    else
        must(got.n <= want.n);
    wu_ids_free(&ids);

    wu_buf_clear(&got);
    for (unsigned flags = 0; flags < 8; flags++) {
        must(wu_tokenizer_encode(t, text, flags, &ids, NULL) == WU_OK);
        if (flags == WU_ENCODE_SPECIAL && !is_spm && !wu_tokenizer_vocab(t)->nfc) {
            must(wu_tokenizer_decode(t, ids.id, ids.n, true, &got) == WU_OK);
            must(wu_str_eq(wu_buf_view(&got), wu_buf_view(&want)));
        }
        ids.n = 0;
    }
    wu_ids_free(&ids);
    wu_buf_free(&want);
    wu_buf_free(&got);
}

static void check_chat(wu_chat c, const wu_tokenizer *t, wu_str text, int n_control) {
    const wu_message msg[] = {{WU_ROLE_USER, text}, {WU_ROLE_ASSISTANT, text}};
    wu_ids ids = {0};
    int32_t answer;

    must(wu_chat_encode(c, t, msg, 2, false, &ids, &answer, NULL) == WU_OK);
    must(count_control(t, &ids) == n_control);
    must(answer >= 0 && answer < ids.n);
    wu_ids_free(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static wu_tokenizer *t[N_TOKENIZER]; /* kept: making them takes longer than the test */
    const wu_str text = {(const char *)p, n};
    wu_buf once = {0}, twice = {0};

    for (int k = 0; k < N_TOKENIZER; k++) {
        if (!t[k]) t[k] = make(k);
        check_text(t[k], text);
    }
    check_chat(WU_CHAT_CHATML, t[0], text, 4);
    check_chat(WU_CHAT_MISTRAL3, t[5], text, 4);
    if (wu_utf8_valid(text)) {
        must(wu_utf8_nfc(text, &once) == WU_OK);
        must(wu_utf8_nfc(wu_buf_view(&once), &twice) == WU_OK);
        must(wu_str_eq(wu_buf_view(&once), wu_buf_view(&twice)));
    }
    wu_buf_free(&once);
    wu_buf_free(&twice);
    return 0;
}
