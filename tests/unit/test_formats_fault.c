/* Every allocation of a reader or writer fails once: a clean error, nothing handed out, nothing
 * leaked (the sanitizers look). */
#include "alloc_hook.h"
#include "make_files.h"
#include "near.h"

#include "base/file.h"
#include "formats/quant.h"
#include "formats/safetensors.h"
#include "formats/vocab.h"

enum { TRIES_MAX = 1000 };

/* One attempt: what was made is released again; the pointer must be NULL after an error. */
typedef wu_code (*attempt_fn)(const void *input, const void **made, wu_err *err);

static void fail_each_allocation(attempt_fn attempt, const void *input) {
    wu_code rc = WU_ENOMEM;
    int n = 0;

    for (; rc; n++) {
        const void *made = NULL;
        wu_err err = {0};
        assert_true(n < TRIES_MAX);
        alloc_fail_after(n);
        rc = attempt(input, &made, &err);
        alloc_fail_after(-1);
        if (rc && (rc != WU_ENOMEM || err.code != WU_ENOMEM || !err.msg[0] || made))
            fail_msg("allocation %d: code %d, \"%s\"", n, rc, err.msg);
    }
    assert_true(n > 1);
}

static wu_code open_set(const void *dir, const void **made, wu_err *err) {
    wu_st_set *s;
    const wu_code rc = wu_st_set_open(&s, dir, err);
    *made = s;
    wu_st_set_close(s);
    return rc;
}

static wu_code open_gguf(const void *bytes, const void **made, wu_err *err) {
    const wu_buf *b = bytes;
    wu_gguf *g;
    const wu_code rc = wu_gguf_open_memory(&g, b->p, b->n, "x.gguf", err);
    *made = g;
    wu_gguf_close(g);
    return rc;
}

static wu_code read_vocab(const void *path, const void **made, wu_err *err) {
    wu_vocab *v;
    const wu_code rc = wu_vocab_read(&v, path, err);
    *made = v;
    wu_vocab_free(v);
    return rc;
}

static wu_code convert(const void *tensor, const void **made, wu_err *err) {
    wu_arena arena = {.block_bytes = 64}; /* an allocation for each part */
    wu_matrix m;
    const wu_code rc = wu_matrix_from_tensor(&m, tensor, NULL, &arena, err);
    *made = m.data;
    wu_arena_free(&arena);
    return rc;
}

static wu_code write_file(const void *path, const void **made, wu_err *err) {
    static const float x[2] = {1.0f, 2.0f};
    static const wu_tensor t[] = {{"a", WU_T_F32, 1, {2}, x, 8}, {"b", WU_T_F32, 1, {2}, x, 8}};
    static const char *const metadata[] = {"format", "pt", NULL};
    *made = NULL;
    return wu_st_write(path, t, WU_LEN(t), metadata, err);
}

static void opening_safetensors(void **state) {
    (void)state;
    fail_each_allocation(open_set, "tests/data/tiny-llama");
}

/* A vocabulary in GGUF, which has keys, arrays and texts, and one tensor. */
static wu_buf make_gguf(void) {
    static const char *const tokens[] = {"h", "e", "he", "<|im_end|>"};
    static const uint32_t types[] = {1, 1, 1, 3};
    wu_buf b = {0};
    gguf_head(&b, 1, 5);
    gguf_kv_str(&b, "tokenizer.ggml.model", "gpt2");
    gguf_kv_str(&b, "tokenizer.ggml.pre", "qwen2");
    gguf_kv_array(&b, "tokenizer.ggml.tokens", GGUF_STR, 4);
    for (int i = 0; i < 4; i++) gguf_str(&b, tokens[i]);
    gguf_kv_array(&b, "tokenizer.ggml.token_type", GGUF_I32, 4);
    for (int i = 0; i < 4; i++) put_u32(&b, types[i]);
    gguf_kv_array(&b, "tokenizer.ggml.merges", GGUF_STR, 1);
    gguf_str(&b, "h e");
    gguf_tensor(&b, "t", 2, 32, 4, 0);
    gguf_align(&b, 32);
    put_zeros(&b, 72);
    return b;
}

static void opening_gguf(void **state) {
    (void)state;
    wu_buf b = make_gguf();
    fail_each_allocation(open_gguf, &b);
    wu_buf_free(&b);
}

static void reading_vocabularies(void **state) {
    (void)state;
    char dir[64], path[128];
    wu_buf b = make_gguf();
    wu_err err = {0};
    snprintf(path, sizeof(path), "%s/x.gguf", make_temp_dir(dir));
    CHECK_OK(wu_write_file(path, b.p, b.n, &err), err);
    fail_each_allocation(read_vocab, path);
    fail_each_allocation(read_vocab, "tests/data/tiny-llama");
    wu_buf_free(&b);
    remove_temp_dir(dir, (const char *const[]){"x.gguf", NULL});
}

static void converting_blocks(void **state) {
    (void)state;
    static const uint8_t blocks[4 * 18] = {0};
    const wu_tensor t = {"t", WU_T_Q4_0, 2, {4, 32}, blocks, sizeof(blocks)};
    fail_each_allocation(convert, &t);
}

static void writing_safetensors(void **state) {
    (void)state;
    char dir[64], path[128];
    snprintf(path, sizeof(path), "%s/x.safetensors", make_temp_dir(dir));
    fail_each_allocation(write_file, path);
    /* no temporary file is left behind */
    remove_temp_dir(dir, (const char *const[]){"x.safetensors", NULL});
    assert_int_not_equal(access(dir, F_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_safetensors),  cmocka_unit_test(opening_gguf),
        cmocka_unit_test(reading_vocabularies), cmocka_unit_test(converting_blocks),
        cmocka_unit_test(writing_safetensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
