/* GGUF: a file made by hand is read, and every way to break it is refused. */
#include "make_files.h"
#include "near.h"

#include "formats/gguf.h"

/* Two tensors, one of each kind of key. cut: bytes taken off the end. */
static wu_buf make_file(void) {
    wu_buf b = {0};
    gguf_head(&b, 2, 7);
    gguf_kv_str(&b, "general.architecture", "llama");
    gguf_kv_u32(&b, "llama.block_count", 3);
    gguf_str(&b, "llama.rope.freq_base");
    put_u32(&b, GGUF_F32);
    put_f32(&b, 10000.0f);
    gguf_str(&b, "flag");
    put_u32(&b, GGUF_BOOL);
    put(&b, "\1", 1);
    gguf_str(&b, "big");
    put_u32(&b, GGUF_U64);
    put_u64(&b, UINT64_MAX);
    gguf_kv_array(&b, "names", GGUF_STR, 2);
    gguf_str(&b, "one");
    gguf_str(&b, "");
    gguf_kv_array(&b, "numbers", GGUF_I32, 3);
    put_u32(&b, 1);
    put_u32(&b, (uint32_t)-2);
    put_u32(&b, 3);
    gguf_tensor(&b, "a.weight", 2, 64, 3, 0);  /* Q4_0: 3 rows of 2 blocks, 108 bytes */
    gguf_tensor(&b, "b.weight", 0, 2, 1, 128); /* F32 */
    gguf_align(&b, 32);
    put_zeros(&b, 128);
    put_f32(&b, 1.0f);
    put_f32(&b, 2.0f);
    return b;
}

static void refuse(const wu_buf *b, const char *want) {
    wu_gguf *g;
    wu_err err = {0};
    void *p = exact_copy(b);
    if (wu_gguf_open_memory(&g, p, b->n, "x.gguf", &err) != WU_EFORMAT || g)
        fail_msg("\"%s\" was read", want);
    if (!strstr(err.msg, want) || strncmp(err.msg, "x.gguf:", 7) != 0)
        fail_msg("message \"%s\" lacks \"%s\"", err.msg, want);
    free(p);
}

static void a_file_is_read(void **state) {
    (void)state;
    wu_buf b = make_file();
    void *p = exact_copy(&b);
    wu_gguf *g;
    wu_err err = {0};
    wu_str s;
    int64_t i = 0;
    double x = 0;
    bool flag = false;
    char value[64];
    CHECK_OK(wu_gguf_open_memory(&g, p, b.n, "x.gguf", &err), err);
    assert_int_equal(wu_gguf_count(g), 2);
    const wu_tensor *t = wu_gguf_find(g, "a.weight");
    assert_non_null(t);
    assert_ptr_equal(t, wu_gguf_at(g, 0));
    assert_int_equal(t->type, WU_T_Q4_0);
    assert_int_equal(t->dim[0], 3);
    assert_int_equal(t->dim[1], 64);
    assert_int_equal(t->bytes, 108);
    t = wu_gguf_find(g, "b.weight");
    assert_non_null(t);
    const float want[2] = {1.0f, 2.0f};
    assert_memory_equal(t->data, want, sizeof(want));
    assert_null(wu_gguf_find(g, "c"));

    assert_true(wu_gguf_str(g, "general.architecture", &s) && wu_str_eq(s, WU_STR("llama")));
    assert_true(wu_gguf_int(g, "llama.block_count", &i) && i == 3);
    assert_true(wu_gguf_real(g, "llama.block_count", &x) && x == 3.0);
    assert_true(wu_gguf_real(g, "llama.rope.freq_base", &x) && x == 10000.0);
    assert_false(wu_gguf_int(g, "llama.rope.freq_base", &i));
    assert_true(wu_gguf_bool(g, "flag", &flag) && flag);
    assert_false(wu_gguf_int(g, "flag", &i));
    assert_false(wu_gguf_int(g, "big", &i));
    assert_false(wu_gguf_int(g, "absent", &i));
    assert_false(wu_gguf_str(g, "numbers", &s));
    assert_int_equal(wu_gguf_array(g, "names"), 2);
    assert_int_equal(wu_gguf_array(g, "flag"), -1);
    assert_true(wu_gguf_array_str(g, "names", 0, &s) && wu_str_eq(s, WU_STR("one")));
    assert_true(wu_gguf_array_str(g, "names", 1, &s) && s.n == 0);
    assert_false(wu_gguf_array_str(g, "names", 2, &s));
    assert_false(wu_gguf_array_int(g, "names", 0, &i));
    assert_true(wu_gguf_array_int(g, "numbers", 1, &i) && i == -2);
    assert_true(wu_gguf_array_real(g, "numbers", 2, &x) && x == 3.0);
    assert_false(wu_gguf_array_int(g, "numbers", -1, &i));
    assert_int_equal(wu_gguf_keys(g), 7);
    assert_string_equal(wu_gguf_key(g, 2, value, sizeof(value)), "llama.rope.freq_base");
    assert_string_equal(value, "10000");
    assert_string_equal(wu_gguf_key(g, 4, value, sizeof(value)), "big");
    assert_string_equal(value, "18446744073709551615");
    wu_gguf_key(g, 5, value, sizeof(value));
    assert_string_equal(value, "string[2]");
    wu_gguf_close(g);
    free(p);
    wu_buf_free(&b);
}

static void every_cut_is_refused(void **state) {
    (void)state;
    wu_buf b = make_file();
    const size_t whole = b.n;
    for (b.n = 0; b.n < whole; b.n++) refuse(&b, b.n < 4 ? "GGUF" : "");
    b.n = whole;
    wu_buf_free(&b);
}

static void wrong_heads_are_refused(void **state) {
    (void)state;
    wu_buf b = make_file();
    b.p[0] = 'g';
    refuse(&b, "does not begin with");
    b.p[0] = 'G';
    b.p[4] = 4;
    refuse(&b, "version 4");
    b.p[4] = 1;
    refuse(&b, "version 1");
    memcpy(b.p + 4, "\0\0\0\3", 4);
    refuse(&b, "big-endian");
    memcpy(b.p + 4, "\3\0\0\0", 4);
    b.p[8] = 1;
    b.p[15] = 127;
    refuse(&b, "tensors do not fit");
    b.p[23] = 1;
    refuse(&b, "keys do not fit");
    wu_buf_free(&b);
}

/* A file with one key, then one tensor info; the parts are the caller's. */
static wu_buf begin(uint64_t n_tensor, uint64_t n_kv) {
    wu_buf b = {0};
    gguf_head(&b, n_tensor, n_kv);
    return b;
}

static void end(wu_buf *b, const char *want) {
    gguf_align(b, 32);
    put_zeros(b, 256);
    refuse(b, want);
    wu_buf_free(b);
}

static void wrong_keys_are_refused(void **state) {
    (void)state;
    wu_buf b = begin(0, 2);
    gguf_kv_u32(&b, "a", 1);
    gguf_kv_u32(&b, "a", 2);
    end(&b, "key a occurs twice");
    b = begin(0, 1);
    gguf_kv_u32(&b, "", 1);
    end(&b, "key has 0 bytes");
    b = begin(0, 1);
    gguf_str(&b, "a");
    put_u32(&b, 13);
    end(&b, "unknown value type 13");
    b = begin(0, 1);
    gguf_kv_array(&b, "a", GGUF_ARRAY, 1);
    end(&b, "array of arrays");
    b = begin(0, 1);
    gguf_kv_array(&b, "a", GGUF_U64, UINT64_MAX / 8 + 2);
    end(&b, "ends inside key a");
    b = begin(0, 1);
    gguf_kv_array(&b, "a", GGUF_STR, 100);
    end(&b, "ends inside key a");
    b = begin(0, 1);
    gguf_str(&b, "a");
    put_u32(&b, GGUF_STR);
    put_u64(&b, UINT64_MAX);
    end(&b, "ends inside key a");
    b = begin(0, 1);
    gguf_kv_u32(&b, "general.alignment", 24);
    end(&b, "general.alignment is 24");
    b = begin(0, 1);
    gguf_kv_str(&b, "general.alignment", "32");
    end(&b, "general.alignment");
    b = begin(0, 1);
    gguf_kv_u32(&b, "split.count", 3);
    end(&b, "3 parts of a split");
}

static void wrong_tensors_are_refused(void **state) {
    (void)state;
    wu_buf b = begin(1, 0);
    gguf_tensor(&b, "t", 0, 2, 2, 32);
    end(&b, "begins at byte 32 of the data, want 0");
    b = begin(2, 0);
    gguf_tensor(&b, "t", 0, 2, 2, 0);
    gguf_tensor(&b, "u", 0, 2, 2, 16);
    end(&b, "begins at byte 16 of the data, want 32");
    b = begin(2, 0);
    gguf_tensor(&b, "t", 0, 2, 2, 0);
    gguf_tensor(&b, "t", 0, 2, 2, 32);
    end(&b, "tensor t occurs twice");
    b = begin(1, 0);
    gguf_tensor(&b, "t", 2, 33, 1, 0);
    end(&b, "blocks of 32");
    b = begin(1, 0);
    gguf_tensor(&b, "t", 10, 256, 1, 0);
    end(&b, "type Q2_K; read are");
    b = begin(1, 0);
    gguf_tensor(&b, "t", 4, 256, 1, 0);
    end(&b, "unknown type number 4");
    b = begin(1, 0);
    gguf_tensor(&b, "t", 4000000000u, 256, 1, 0);
    end(&b, "unknown type number");
    b = begin(1, 0);
    gguf_tensor(&b, "t", 0, (uint64_t)1 << 62, 4, 0);
    end(&b, "overflows");
    b = begin(1, 0);
    gguf_tensor(&b, "t", 0, (uint64_t)1 << 62, 1, 0);
    end(&b, "overflows");
    b = begin(1, 0);
    gguf_tensor(&b, "t", 0, UINT64_MAX, 1, 0);
    end(&b, "dimension of 18446744073709551615");
    b = begin(1, 0);
    gguf_tensor(&b, "t", 0, 1000, 1, 0);
    end(&b, "but the file has only");
    b = begin(1, 0);
    gguf_tensor(&b, "t23456789012345678901234567890123456789012345678901234567890123456789", 0, 2,
                2, 0);
    end(&b, "want 1 to 63");
    b = begin(1, 0);
    gguf_str(&b, "t");
    put_u32(&b, 5);
    end(&b, "5 dimensions");
}

static void alignment_and_version_2_are_followed(void **state) {
    (void)state;
    wu_buf b = begin(1, 1);
    wu_gguf *g;
    wu_err err = {0};
    b.p[4] = 2;
    gguf_kv_u32(&b, "general.alignment", 64);
    gguf_tensor(&b, "t", 24, 3, 1, 0);
    gguf_align(&b, 64);
    put(&b, "\1\2\3", 3);
    CHECK_OK(wu_gguf_open_memory(&g, b.p, b.n, "x.gguf", &err), err);
    assert_memory_equal(wu_gguf_at(g, 0)->data, "\1\2\3", 3);
    wu_gguf_close(g);
    wu_buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(wrong_heads_are_refused),
        cmocka_unit_test(wrong_keys_are_refused),
        cmocka_unit_test(wrong_tensors_are_refused),
        cmocka_unit_test(alignment_and_version_2_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
