/* Every text of goldens/tokenizers/, by every form of every vocabulary: ids without and with
 * special tokens, and back.  The vocabularies lie in WU_VOCAB, else ../vocab
 * (scripts/get-vocabularies). */
#include "base/file.h"
#include "formats/vocab.h"
#include "golden.h"
#include "near.h"
#include "text/json.h"

enum { FILE_LIMIT = 64 << 20 };

typedef struct form {
    const char *name;    /* of the vocabulary */
    const char *file;    /* in its folder */
    const char *golden;  /* whose texts */
    int32_t shift;       /* its ids minus ours */
    bool is_first;       /* Metaspace "first": the golden has ids of its own */
    const char *differs; /* as which implementation this form may differ, or NULL */
    bool differs_special;
} form;

/* What may differ is itself recorded in disagreements.jsonl and compared with that:
 * Hugging Face's older form cannot say that Mistral's [REFERENCE_DOC_...] are found in plain text,
 * and Llama 3's reserved tokens had other names when llama.cpp's file was made. */
static const form forms[] = {
    {"mistral-v3", "tokenizer.model", "mistral-v3", 0, false, NULL, false},
    {"mistral-v3", "vocab.gguf", "mistral-v3", 0, false, NULL, false},
    {"mistral-v3", "tokenizer-legacy.json", "mistral-v3", 0, false, "HF legacy", false},
    {"mistral-v3", "tokenizer.json", "mistral-v3", 0, true, NULL, false},
    {"mistral-v1", "tokenizer.model", "mistral-v3", 768, false, NULL, false},
    {"mistral-v1", "vocab.gguf", "mistral-v3", 768, false, NULL, false},
    {"mistral-v1", "tokenizer-legacy.json", "mistral-v3", 768, false, NULL, false},
    {"llama2", "vocab.gguf", "llama2", 0, false, NULL, false},
    {"llama2", "tokenizer-legacy.json", "llama2", 0, false, NULL, false},
    {"llama2", "tokenizer.json", "llama2", 0, true, NULL, false},
    {"llama3", "tokenizer.model", "llama3", 0, false, NULL, false},
    {"llama3", "tokenizer.json", "llama3", 0, false, NULL, false},
    {"llama3", "vocab.gguf", "llama3", 0, false, "llama.cpp", true},
    {"qwen2.5", "tokenizer.model", "qwen2.5", 0, false, NULL, false},
    {"qwen2.5", "tokenizer.json", "qwen2.5", 0, false, NULL, false},
    {"qwen2.5", "vocab.gguf", "qwen2.5", 0, false, NULL, false},
    {"smollm2", "tokenizer.json", "smollm2", 0, false, NULL, false},
    {"smollm2", "vocab.gguf", "smollm2", 0, false, NULL, false},
    {"gpt2", "tokenizer.model", "gpt2", 0, false, NULL, false},
    {"gpt2", "tokenizer.json", "gpt2", 0, false, NULL, false},
    {"gpt2", "vocab.gguf", "gpt2", 0, false, NULL, false},
};

/* The one line that the goldens' description excuses: a mark of a newer Unicode version, which the
 * original's tables do not reorder. */
static bool is_excused(const form *f, size_t line) {
    return strcmp(f->name, "qwen2.5") == 0 && line == 899;
}

/* ---- reading -------------------------------------------------------------------------------- */

static const char *vocab_root(void) {
    const char *s = getenv("WU_VOCAB");
    return s && *s ? s : "../vocab";
}

static wu_tokenizer *load(const char *name, const char *file) {
    char path[4096];
    wu_err err = {0};
    wu_vocab *v = NULL;
    wu_tokenizer *t = NULL;

    (void)snprintf(path, sizeof(path), "%s/%s/%s", vocab_root(), name, file);
    if (access(path, R_OK) != 0) support_missing(path);
    CHECK_OK(wu_vocab_read(&v, path, &err), err);
    CHECK_OK(wu_tokenizer_create(&t, v, &err), err);
    return t;
}

/* The lines of a JSONL file, one after the other. */
typedef struct lines {
    wu_buf text;
    size_t at, n; /* n: number of the line returned last, from 1 */
    wu_json *row;
} lines;

static lines lines_open(const char *relative) {
    lines l = {0};
    char path[4096];
    wu_err err = {0};

    need_golden(relative);
    CHECK_OK(wu_read_file(&l.text, golden_path(path, sizeof(path), relative), FILE_LIMIT, &err),
             err);
    return l;
}

static const wu_json *lines_next(lines *l) {
    wu_err err = {0};
    const char *end;

    wu_json_free(l->row);
    l->row = NULL;
    if (l->at >= l->text.n) return NULL;
    end = memchr(l->text.p + l->at, '\n', l->text.n - l->at);
    const size_t n = end ? (size_t)(end - (l->text.p + l->at)) : l->text.n - l->at;
    CHECK_OK(wu_json_parse(&l->row, (wu_str){l->text.p + l->at, n}, "golden", WU_EDATA, &err), err);
    l->at += n + 1;
    l->n++;
    return l->row;
}

static void lines_close(lines *l) {
    wu_json_free(l->row);
    wu_buf_free(&l->text);
}

static bool is_str(const wu_json *row, const char *key, const char *value) {
    return wu_str_eq(wu_json_str(wu_json_get(row, key)), wu_str_of(value));
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool ids_equal(const wu_ids *got, int32_t from, const wu_json *want, int32_t shift) {
    for (size_t i = 0; i < wu_json_size(want); i++)
        if (from + (int32_t)i >= got->n ||
            got->id[from + (int32_t)i] != (int32_t)wu_json_int(wu_json_at(want, i)) - shift)
            return false;
    return true;
}

static bool ids_all_equal(const wu_ids *got, const wu_json *want, int32_t shift) {
    return got->n == (int32_t)wu_json_size(want) && ids_equal(got, 0, want, shift);
}

/* Whether the difference is the recorded one of that implementation (its ids from `at` on). */
static bool is_recorded(const form *f, size_t line, bool special, const wu_ids *got) {
    lines l;
    bool found = false;

    if (!f->differs || f->differs_special != special) return false;
    l = lines_open("tokenizers/disagreements.jsonl");
    for (const wu_json *row; !found && (row = lines_next(&l));)
        found = is_str(row, "tokenizer", f->golden) && is_str(row, "implementation", f->differs) &&
                wu_json_int(wu_json_get(row, "line")) == (int64_t)line &&
                wu_json_bool(wu_json_get(row, "special")) == special &&
                ids_equal(got, (int32_t)wu_json_int(wu_json_get(row, "at")),
                          wu_json_get(row, "got"), 0);
    lines_close(&l);
    return found;
}

static const wu_json *wanted(const form *f, const wu_json *row, bool special) {
    const wu_json *ids = NULL; /* a key is absent where its ids equal those of the next one */

    if (f->is_first) ids = wu_json_get(row, special ? "ids_special_first" : "ids_first");
    if (!ids && special) ids = wu_json_get(row, "ids_special");
    return ids ? ids : wu_json_get(row, "ids");
}

/* Mistral v0.1 has no [REFERENCE_DOC_...]. */
static bool is_foreign(const form *f, const wu_json *row) {
    const wu_str s = wu_json_str(wu_json_get(row, "text"));
    return f->shift && memmem(s.p, s.n, "[REFERENCE_DOC_", 15) != NULL;
}

static int check_ids(const form *f, const wu_tokenizer *t, const wu_json *row, size_t line,
                     bool special) {
    const wu_str text = wu_json_str(wu_json_get(row, "text"));
    wu_ids got = {0};
    wu_err err = {0};
    int bad = 0;

    CHECK_OK(wu_tokenizer_encode(t, text, special ? WU_ENCODE_SPECIAL : 0, &got, &err), err);
    if (!ids_all_equal(&got, wanted(f, row, special), f->shift) &&
        !is_recorded(f, line, special, &got)) {
        bad = !is_excused(f, line);
        fprintf(stderr, "# %s/%s line %zu%s%s: ids differ: %.*s\n", f->name, f->file, line,
                special ? " special" : "", bad ? "" : " (excused)", (int)WU_MIN(text.n, 60),
                text.p);
    }
    wu_ids_free(&got);
    return bad;
}

static int check_text(const form *f, const wu_tokenizer *t, const wu_json *row, size_t line) {
    const wu_json *ids = wu_json_get(row, "ids"), *decoded = wu_json_get(row, "decoded");
    const wu_str want = wu_json_str(decoded ? decoded : wu_json_get(row, "text"));
    wu_ids list = {0};
    wu_buf got = {0};
    int bad;

    for (size_t i = 0; i < wu_json_size(ids); i++)
        assert_int_equal(wu_ids_push(&list, (int32_t)wu_json_int(wu_json_at(ids, i)) - f->shift),
                         WU_OK);
    assert_int_equal(wu_tokenizer_decode(t, list.id, list.n, true, &got), WU_OK);
    bad = !wu_str_eq(wu_buf_view(&got), want);
    if (bad) fprintf(stderr, "# %s/%s line %zu: text differs\n", f->name, f->file, line);
    wu_ids_free(&list);
    wu_buf_free(&got);
    return bad;
}

static void texts_equal_the_originals(void **state) {
    const form *f = *state;
    char relative[256];
    wu_tokenizer *t;
    lines l;
    int bad = 0;

    (void)snprintf(relative, sizeof(relative), "tokenizers/%s.jsonl", f->golden);
    need_golden(relative);
    t = load(f->name, f->file);
    l = lines_open(relative);
    for (const wu_json *row; (row = lines_next(&l));) {
        if (is_foreign(f, row)) continue;
        bad += check_ids(f, t, row, l.n, false);
        if (f->shift == 0) bad += check_ids(f, t, row, l.n, true); /* other special tokens */
        bad += check_text(f, t, row, l.n);
    }
    assert_int_equal(l.n, 1008);
    lines_close(&l);
    wu_tokenizer_free(t);
    assert_int_equal(bad, 0);
}

/* ---- bytes and streaming -------------------------------------------------------------------- */

static int unhex(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static void bytes_of_tokens_are_exact(void **state) {
    const form *f = *state;
    wu_tokenizer *t;
    int n = 0, bad = 0;
    lines l;

    need_golden("tokenizers/bytes.jsonl");
    t = load(f->name, f->file);
    l = lines_open("tokenizers/bytes.jsonl");
    for (const wu_json *row; (row = lines_next(&l));) {
        const wu_str hex = wu_json_str(wu_json_get(row, "hex"));
        const int32_t id = (int32_t)wu_json_int(wu_json_get(row, "id"));
        const bool special = wu_json_bool(wu_json_get(row, "special"));
        char want[256];

        if (!is_str(row, "tokenizer", f->name)) continue;
        if (special && f->differs_special) continue; /* other names, see above */
        assert_true(hex.n / 2 <= sizeof(want) && id < wu_tokenizer_vocab(t)->n_token);
        for (size_t i = 0; i < hex.n / 2; i++)
            want[i] = (char)(unhex(hex.p[2 * i]) * 16 + unhex(hex.p[2 * i + 1]));
        const wu_str got = special ? wu_tokenizer_vocab(t)->token[id] : wu_tokenizer_bytes(t, id);
        if (!wu_str_eq(got, (wu_str){want, hex.n / 2})) {
            bad++;
            fprintf(stderr, "# %s/%s token %d: bytes %.*s, want %.*s\n", f->name, f->file, (int)id,
                    (int)got.n, got.p, (int)hex.n / 2, want);
        }
        n++;
    }
    lines_close(&l);
    wu_tokenizer_free(t);
    assert_true(n >= 400);
    assert_int_equal(bad, 0);
}

static int check_stream(const wu_tokenizer *t, const wu_json *row, size_t line) {
    const wu_json *ids = wu_json_get(row, "ids"), *pieces = wu_json_get(row, "pieces");
    wu_decoder d = {.started = true}; /* a leading space is still there in the goldens */
    wu_buf got = {0};
    int bad = 0;

    for (size_t i = 0; i < wu_json_size(ids); i++) {
        wu_buf_clear(&got);
        assert_int_equal(wu_decoder_push(&d, t, (int32_t)wu_json_int(wu_json_at(ids, i)), &got),
                         WU_OK);
        bad += !wu_str_eq(wu_buf_view(&got), wu_json_str(wu_json_at(pieces, i)));
    }
    wu_buf_clear(&got);
    assert_int_equal(wu_decoder_finish(&d, &got), WU_OK);
    bad += !wu_str_eq(wu_buf_view(&got), wu_json_str(wu_json_get(row, "rest")));
    wu_buf_free(&got);
    if (bad) fprintf(stderr, "# streaming line %zu differs\n", line);
    return bad != 0;
}

static void streamed_pieces_are_exact(void **state) {
    static const char *const names[][2] = {
        {"mistral-v3", "tokenizer.model"}, {"mistral-v1", "tokenizer.model"},
        {"llama2", "vocab.gguf"},          {"llama3", "tokenizer.model"},
        {"qwen2.5", "tokenizer.json"},     {"smollm2", "vocab.gguf"},
        {"gpt2", "tokenizer.json"}};
    int n = 0, bad = 0;
    (void)state;

    need_golden("tokenizers/streaming.jsonl");
    for (size_t k = 0; k < WU_LEN(names); k++) {
        wu_tokenizer *t = load(names[k][0], names[k][1]);
        lines l = lines_open("tokenizers/streaming.jsonl");
        for (const wu_json *row; (row = lines_next(&l));) {
            if (!is_str(row, "tokenizer", names[k][0])) continue;
            bad += check_stream(t, row, l.n);
            n++;
        }
        lines_close(&l);
        wu_tokenizer_free(t);
    }
    assert_int_equal(n, 518);
    assert_int_equal(bad, 0);
}

int main(void) {
    enum { N = WU_LEN(forms), LAST = 2 * N };
    static form copy[N];
    static char names[2 * N][96];
    struct CMUnitTest tests[LAST + 1];

    memcpy(copy, forms, sizeof(forms));
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(names[2 * i], sizeof(names[0]), "texts_%s_%s", forms[i].name, forms[i].file);
        (void)snprintf(names[2 * i + 1], sizeof(names[0]), "bytes_%s_%s", forms[i].name,
                       forms[i].file);
        tests[2 * i] =
            (struct CMUnitTest){names[2 * i], texts_equal_the_originals, NULL, NULL, &copy[i]};
        tests[2 * i + 1] =
            (struct CMUnitTest){names[2 * i + 1], bytes_of_tokens_are_exact, NULL, NULL, &copy[i]};
    }
    tests[LAST] = (struct CMUnitTest)cmocka_unit_test(streamed_pieces_are_exact);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
