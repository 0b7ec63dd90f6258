/* The 360 prompts of goldens/templates/: ids of every conversation by every template, where the
 * answer starts, and that the model's own Jinja text is recognised. */
#include "base/file.h"
#include "formats/vocab.h"
#include "golden.h"
#include "near.h"
#include "text/chat.h"
#include "text/json.h"

/* WU_STR() for static data */
#define PLAIN_TEXT(s)                                                                              \
    { s, sizeof(s) - 1 }

enum { FILE_LIMIT = 64 << 20, MESSAGES_MAX = 16 };

static const struct template { const char *name, *vocab, *file; }
templates[] = {
    {"mistral-v3", "mistral-v3", "tokenizer.model"},
    {"mistral-v3", "mistral-v3", "tokenizer.json"},
    {"llama3", "llama3", "tokenizer.json"},
    {"llama3.1", "llama3", "tokenizer.json"},
    {"qwen2.5", "qwen2.5", "tokenizer.json"},
    {"smollm2", "smollm2", "vocab.gguf"},
    {"chatml", "smollm2", "vocab.gguf"},
};

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

static int read_messages(wu_message *msg, const wu_json *list) {
    const int n = (int)wu_json_size(list);

    assert_true(n <= MESSAGES_MAX);
    for (int i = 0; i < n; i++) {
        const wu_str role = wu_json_str(wu_json_get(wu_json_at(list, (size_t)i), "role"));
        msg[i].text = wu_json_str(wu_json_get(wu_json_at(list, (size_t)i), "content"));
        msg[i].role = role.p[0] == 's'   ? WU_ROLE_SYSTEM
                      : role.p[0] == 'u' ? WU_ROLE_USER
                                         : WU_ROLE_ASSISTANT;
    }
    return n;
}

static bool ids_equal(const wu_ids *got, const wu_json *want) {
    if (got->n != (int32_t)wu_json_size(want)) return false;
    for (int32_t i = 0; i < got->n; i++)
        if (got->id[i] != (int32_t)wu_json_int(wu_json_at(want, (size_t)i))) return false;
    return true;
}

/* What stands before the answer is the prompt of the messages before it; only white space at the
 * start of a text may share a token with the header's newline, which then belongs to the answer. */
static void check_answer(wu_chat c, const wu_tokenizer *t, const wu_message *msg, int n,
                         const wu_ids *ids, int32_t answer) {
    wu_ids prompt = {0};
    wu_err err = {0};
    int last = n - 1;

    while (last >= 0 && msg[last].role != WU_ROLE_ASSISTANT) last--;
    if (last < 0) assert_int_equal(answer, ids->n);
    /* Mistral's system text moves with the last user; only a last answer has the same prompt. */
    if (last < 1 || (c == WU_CHAT_MISTRAL3 && last != n - 1)) return;
    CHECK_OK(wu_chat_encode(c, t, msg, last, true, &prompt, NULL, &err), err);
    if (answer < prompt.n) {
        assert_true(msg[last].text.n > 0 && memchr(" \t\n", msg[last].text.p[0], 3));
        prompt.n--;
    }
    assert_int_equal(answer, prompt.n);
    assert_memory_equal(ids->id, prompt.id, (size_t)prompt.n * sizeof(*prompt.id));
    wu_ids_free(&prompt);
}

static int check_row(const struct template *p, wu_chat c, const wu_tokenizer *t,
                     const wu_json *row) {
    wu_message msg[MESSAGES_MAX] = {{WU_ROLE_USER, {"", 0}}};
    const int n = read_messages(msg, wu_json_get(row, "messages"));
    const bool generate = wu_json_bool(wu_json_get(row, "add_generation_prompt"));
    wu_ids got = {0};
    wu_err err = {0};
    int32_t answer;
    int bad;

    CHECK_OK(wu_chat_encode(c, t, msg, n, generate, &got, &answer, &err), err);
    bad = !ids_equal(&got, wu_json_get(row, "ids"));
    if (bad)
        fprintf(stderr, "# %s: ids differ: %.*s\n", p->name, (int)msg[0].text.n, msg[0].text.p);
    check_answer(c, t, msg, n, &got, answer);
    wu_ids_free(&got);
    return bad;
}

static void prompts_equal_the_originals(void **state) {
    const struct template *p = *state;
    const int c = wu_chat_from_name(p->name);
    char path[4096];
    wu_buf text = {0};
    wu_err err = {0};
    wu_tokenizer *t;
    int n = 0, bad = 0;

    need_golden("templates/prompts.jsonl");
    assert_true(c > 0);
    t = load(p->vocab, p->file);
    CHECK_OK(wu_read_file(&text, golden_path(path, sizeof(path), "templates/prompts.jsonl"),
                          FILE_LIMIT, &err),
             err);
    for (size_t at = 0, len; at < text.n; at += len + 1) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        wu_json *row = NULL;

        len = end ? (size_t)(end - (text.p + at)) : text.n - at;
        CHECK_OK(wu_json_parse(&row, (wu_str){text.p + at, len}, "prompts.jsonl", WU_EDATA, &err),
                 err);
        if (wu_str_eq(wu_json_str(wu_json_get(row, "model")), wu_str_of(p->name))) {
            bad += check_row(p, (wu_chat)c, t, row);
            n++;
        }
        wu_json_free(row);
    }
    wu_buf_free(&text);
    wu_tokenizer_free(t);
    assert_int_equal(n, 60);
    assert_int_equal(bad, 0);
}

static void jinja_text_is_recognised(void **state) {
    const struct template *p = *state;
    char path[4096];
    wu_buf text = {0};
    wu_err err = {0};
    wu_tokenizer *t;

    need_goldens();
    (void)snprintf(path, sizeof(path), "%s/templates/%s.jinja", vocab_root(), p->name);
    if (access(path, R_OK) != 0) support_missing(path);
    t = load(p->vocab, p->file);
    CHECK_OK(wu_read_file(&text, path, FILE_LIMIT, &err), err);
    assert_string_equal(wu_chat_name(wu_chat_detect(text.p, t)), p->name);
    wu_buf_free(&text);
    wu_tokenizer_free(t);
}

/* The pipeline being replaced gave mlx-lm one text per example: bos, its tokens, eos. The same ids
 * come out of PLAIN, and the prompt alone is what stands before the answer. */
static void plain_prompts_equal_the_whole_text(void **state) {
    static const wu_message msg[] = {
        {WU_ROLE_USER, PLAIN_TEXT("Agent: Hi, it's 12:30...\nCustomer: no!!\n\nRate.")},
        {WU_ROLE_ASSISTANT, PLAIN_TEXT("{\"score\": 72}")}};
    static const char text[] =
        "<|user|>\nAgent: Hi, it's 12:30...\nCustomer: no!!\n\nRate.\n<|assistant|>\n"
        "{\"score\": 72}";
    const struct template *p = *state;
    wu_ids got = {0}, want = {0}, prompt = {0};
    wu_err err = {0};
    int32_t answer;
    wu_tokenizer *t;

    need_goldens();
    t = load(p->vocab, p->file);
    CHECK_OK(wu_chat_encode(WU_CHAT_PLAIN, t, msg, 2, false, &got, &answer, &err), err);
    CHECK_OK(wu_tokenizer_encode(t, WU_STR(text), WU_ENCODE_BOS, &want, &err), err);
    assert_int_equal(wu_ids_push(&want, wu_tokenizer_vocab(t)->eos), WU_OK);
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.id, want.id, (size_t)want.n * sizeof(*want.id));
    CHECK_OK(wu_chat_encode(WU_CHAT_PLAIN, t, msg, 1, true, &prompt, NULL, &err), err);
    assert_int_equal(answer, prompt.n);
    assert_memory_equal(got.id, prompt.id, (size_t)prompt.n * sizeof(*prompt.id));
    wu_ids_free(&got);
    wu_ids_free(&want);
    wu_ids_free(&prompt);
    wu_tokenizer_free(t);
}

int main(void) {
    enum { N = WU_LEN(templates) };
    static struct template copy[N];
    static char names[3 * N][96];
    struct CMUnitTest tests[3 * N];

    memcpy(copy, templates, sizeof(templates));
    for (size_t i = 0; i < N; i++) {
        static const struct {
            const char *name;
            CMUnitTestFunction run;
        } kinds[] = {{"prompts", prompts_equal_the_originals},
                     {"jinja", jinja_text_is_recognised},
                     {"plain", plain_prompts_equal_the_whole_text}};
        for (size_t k = 0; k < WU_LEN(kinds); k++) {
            char *name = names[3 * i + k];
            (void)snprintf(name, sizeof(names[0]), "%s_%s_%s", kinds[k].name, copy[i].name,
                           copy[i].file);
            tests[3 * i + k] = (struct CMUnitTest){name, kinds[k].run, NULL, NULL, &copy[i]};
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
