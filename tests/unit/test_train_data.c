/* Records become examples: shapes, targets, groups, and sentences for what is wrong. */
#include "near.h"

#include "base/file.h"
#include "formats/vocab.h"
#include "train/dataset.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static wu_tokenizer *tok;
static char path[] = "/tmp/wu-data-XXXXXX";

static int set_up(void **state) {
    (void)state;
    wu_vocab *vocab = NULL;
    wu_err err = {0};
    const int fd = mkstemp(path);
    if (fd < 0) return -1;
    (void)close(fd);
    if (wu_vocab_read(&vocab, "tests/data/tiny-llama", &err) ||
        wu_tokenizer_create(&tok, vocab, &err)) {
        print_error("%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    wu_tokenizer_free(tok);
    return unlink(path);
}

static wu_data_options options(void) {
    return (wu_data_options){
        .tokenizer = tok, .chat = WU_CHAT_PLAIN, .mask_prompt = true, .max_seq_length = 2048};
}

static wu_code read_text(wu_dataset **d, const char *text, const wu_data_options *o, wu_err *err) {
    CHECK_OK(wu_write_file(path, text, strlen(text), err), *err);
    return wu_dataset_read(d, path, o, err);
}

static wu_dataset *read_ok(const char *text, const wu_data_options *o) {
    wu_dataset *d = NULL;
    wu_err err = {0};
    CHECK_OK(read_text(&d, text, o, &err), err);
    return d;
}

static char *decode(const wu_dataset *d, int32_t i, int32_t from) {
    wu_buf b = {0};
    const wu_tokens t = wu_dataset_tokens(d, i);
    assert_int_equal(wu_tokenizer_decode(tok, t.id + from, t.n_tok - from, true, &b), WU_OK);
    return b.p;
}

static void three_shapes(void **state) {
    (void)state;
    const wu_data_options o = options();
    wu_dataset *d = read_ok("{\"prompt\": \"Hi there\", \"completion\": \"Yes sir\"}\n"
                            "\n  \n"
                            "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi there\"}, "
                            "{\"role\": \"assistant\", "
                            "\"content\": \"Yes sir\"}], \"weight\": 2}\n"
                            "{\"text\": \"Hi there\"}",
                            &o);
    assert_int_equal(d->n, 3);
    assert_int_equal(d->ex[1].line, 4);
    const wu_tokens a = wu_dataset_tokens(d, 0), b = wu_dataset_tokens(d, 1);
    assert_int_equal(a.n_tok, b.n_tok);
    assert_memory_equal(a.id, b.id, (size_t)a.n_tok * sizeof(int32_t));
    assert_int_equal(d->ex[0].answer, d->ex[1].answer);
    assert_true(d->ex[0].answer > 1);
    assert_true(d->ex[0].weight == 1.0f && d->ex[1].weight == 2.0f);
    char *s = decode(d, 0, d->ex[0].answer);
    assert_non_null(strstr(s, "Yes sir"));
    assert_null(strstr(s, "Hi there"));
    free(s);
    /* text counts from its second token on and ends with the end token */
    assert_int_equal(d->ex[2].answer, 1);
    const wu_tokens t = wu_dataset_tokens(d, 2);
    assert_int_equal(t.id[t.n_tok - 1], wu_tokenizer_vocab(tok)->eos);
    assert_int_equal(wu_dataset_targets(d, 2), t.n_tok - 1);
    assert_int_equal(d->longest, WU_MAX(a.n_tok, t.n_tok));
    wu_dataset_free(d);
}

static void options_of_mlx(void **state) {
    (void)state;
    static const char text[] = "{\"prompt\": \"Hi there\", \"completion\": \"Yes\"}\n";
    wu_data_options o = options();
    o.mask_prompt = false;
    o.pad_target = true;
    wu_dataset *d = read_ok(text, &o);
    assert_int_equal(d->ex[0].answer, 1);
    assert_int_equal(d->ex[0].after, 0);
    const int32_t n = d->ex[0].n_tok;
    assert_int_equal(wu_dataset_targets(d, 0), n);
    wu_dataset_free(d);
    o.max_seq_length = n; /* a row that fills the limit has no pad token */
    d = read_ok(text, &o);
    assert_int_equal(d->ex[0].after, WU_NO_TOKEN);
    wu_dataset_free(d);
    /* without masking, a conversation may end with the user */
    d = read_ok("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}", &o);
    assert_int_equal(d->ex[0].answer, 1);
    wu_dataset_free(d);
}

static void sources_make_groups(void **state) {
    (void)state;
    const wu_data_options o = options();
    wu_dataset *d = read_ok("{\"text\": \"one two\", \"source_id\": \"b\"}\n"
                            "{\"text\": \"one two\", \"source_id\": \"a\"}\n"
                            "{\"text\": \"three\", \"source_id\": \"b\"}\n"
                            "{\"text\": \"four\", \"source_id\": 7}\n"
                            "{\"text\": \"five\", \"source_id\": 7}\n"
                            "{\"text\": \"six\", \"source_id\": \"7\"}\n",
                            &o);
    const int32_t want[] = {0, 1, 0, 2, 2, 3};
    for (int32_t i = 0; i < d->n; i++) assert_int_equal(d->ex[i].group, want[i]);
    assert_int_equal(d->n_group, 4);
    assert_int_equal(wu_dataset_group_size(d), 2);
    wu_dataset_free(d);
}

static void long_prefixes_make_groups(void **state) {
    (void)state;
    wu_dataset *d = NULL;
    wu_err err = {0};
    CHECK_OK(wu_dataset_create(&d, NULL, &err), err);
    /* Two conversations of 40 tokens with two questions each, one that shares only a header. */
    for (int i = 0; i < 5; i++) {
        int32_t id[64];
        for (int k = 0; k < 64; k++)
            id[k] = k < 10 ? k : k < 40 ? 100 * (i % 2 + (i == 4) * 2) + k : 1000 * (i + 1) + k;
        const wu_example ex = {.n_tok = 64, .answer = 50, .after = WU_NO_TOKEN, .weight = 1.0f};
        CHECK_OK(wu_dataset_add(d, id, &ex, &err), err);
    }
    CHECK_OK(wu_dataset_group(d, &err), err);
    assert_int_equal(d->n_group, 3);
    assert_int_equal(d->ex[0].group, 0);
    assert_int_equal(d->ex[2].group, 0);
    assert_int_equal(d->ex[1].group, 1);
    assert_int_equal(d->ex[3].group, 1);
    assert_int_equal(d->ex[4].group, 2);
    wu_dataset_free(d);
}

static void wrong_records_are_named(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"{\"text\": \"a b c\"}\n{\"text\": ", ":2"},
        {"[1]", "not a JSON object"},
        {"{\"prompt\": \"x\"}", "none of"},
        {"{\"prompt\": \"x\", \"completion\": 3}", "completion"},
        {"{\"messages\": []}", "messages"},
        {"{\"messages\": [3]}", "message 1"},
        {"{\"messages\": [{\"role\": \"tool\", \"content\": \"x\"}]}", "\"tool\""},
        {"{\"messages\": [{\"role\": \"user\"}]}", "content"},
        {"{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}", "not the assistant's"},
        {"{\"text\": \"a b c\", \"weight\": 0}", "weight"},
        {"{\"text\": \"a b c\", \"weight\": \"1\"}", "weight"},
        {"{\"text\": \"a b c\", \"source_id\": [1]}", "source_id"},
        {"{\"text\": 5}", "text"},
        {"\n\n", "no examples"},
    };
    const wu_data_options o = options();
    for (size_t i = 0; i < WU_LEN(wrong); i++) {
        wu_dataset *d = NULL;
        wu_err err = {0};
        assert_int_equal(read_text(&d, wrong[i][0], &o, &err), WU_EDATA);
        assert_null(d);
        if (!strstr(err.msg, wrong[i][1]))
            fail_msg("\"%s\" does not mention %s", err.msg, wrong[i][1]);
        assert_non_null(strstr(err.msg, path));
    }
}

static void too_long_is_an_error(void **state) {
    (void)state;
    wu_data_options o = options();
    wu_dataset *d = NULL;
    wu_err err = {0};
    o.max_seq_length = 4;
    assert_int_equal(
        read_text(&d, "{\"text\": \"a\"}\n{\"text\": \"one two three four five six\"}", &o, &err),
        WU_EDATA);
    assert_non_null(strstr(err.msg, ":2: has "));
    assert_non_null(strstr(err.msg, "--max-seq-length 4"));
    o = options();
    o.chat = WU_CHAT_NONE;
    assert_int_equal(read_text(&d, "{\"prompt\": \"a\", \"completion\": \"b\"}", &o, &err),
                     WU_EARG);
    assert_null(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_shapes),
        cmocka_unit_test(options_of_mlx),
        cmocka_unit_test(sources_make_groups),
        cmocka_unit_test(long_prefixes_make_groups),
        cmocka_unit_test(wrong_records_are_named),
        cmocka_unit_test(too_long_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
