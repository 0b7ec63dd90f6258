/* safetensors: what is read, what is refused, and what is written. */
#include "make_files.h"
#include "near.h"

#include "base/file.h"
#include "formats/safetensors.h"

#define I32_2X2 "{\"test\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}"

static wu_code open_bytes(wu_st **st, const wu_buf *b, wu_err *err) {
    return wu_st_open_memory(st, b->p, b->n, "x.safetensors", err);
}

/* Opens header and n_data zeros from memory of exactly that size; want is part of the message, or
 * NULL for a file that is fine. */
static void expect(const char *header, size_t n_data, const char *want) {
    wu_buf b = make_st(header, n_data);
    void *p = exact_copy(&b);
    wu_st *st = NULL;
    wu_err err = {0};
    const wu_code rc = wu_st_open_memory(&st, p, b.n, "x.safetensors", &err);
    if (!want && rc) fail_msg("%s: %s", header, err.msg);
    if (want) {
        if (rc != WU_EFORMAT || st) fail_msg("%s was read", header);
        if (!strstr(err.msg, want) || strncmp(err.msg, "x.safetensors:", 14) != 0)
            fail_msg("%s: message \"%s\" lacks \"%s\"", header, err.msg, want);
    }
    wu_st_close(st);
    free(p);
    wu_buf_free(&b);
}

static void valid_headers_are_read(void **state) {
    (void)state;
    expect(I32_2X2, 16, NULL);
    expect("{}\r \t\n", 0, NULL);
    expect("\t\n{}\r ", 0, NULL);
    expect("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,0],\"data_offsets\":[0,0]}}", 0, NULL);
    expect("{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, NULL);
    expect("{\"__metadata__\":null}", 0, NULL);
    expect("{\"a\":{\"dtype\":\"F4\",\"shape\":[6],\"data_offsets\":[0,3]}}", 3, NULL);
    /* offsets need not follow the order of names, and an empty tensor may lie anywhere */
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]},"
           "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]},"
           "\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
           4, NULL);
}

static void broken_headers_are_refused(void **state) {
    (void)state;
    expect(I32_2X2, 17, "17 bytes of data, want 16");
    expect(I32_2X2, 14, "lies at [0,16], but the file has 14 bytes");
    expect("{", 0, "x.safetensors");
    expect("\xff", 0, "x.safetensors");
    expect("[]", 0, "not a JSON object");
    expect("{\"a\":1}", 0, "not described by an object");
    expect("{\"a\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,4]}}", 4,
           "has 4 bytes, want 16");
    expect("{\"a\":{\"dtype\":\"I32\",\"shape\":[2,9223372036854775807],\"data_offsets\":[0,0]}}",
           0, "overflows");
    expect("{\"a\":{\"dtype\":\"F64\",\"shape\":[1152921504606846976],\"data_offsets\":[0,0]}}", 0,
           "overflows");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[0,9223372036854775807,9],\"data_offsets\":[0,0]}}",
           0, "overflows");
    expect("{\"a\":{\"dtype\":\"I32\",\"shape\":[2,18446744073709551614],\"data_offsets\":[0,16]}}",
           16, "");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,0]}}", 0, "shape");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, "shape");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1,
           "at most 8");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}", 1, "lies at [1,0]");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1, "data_offsets");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 1, "data_offsets");
    expect("{\"a\":{\"dtype\":\"Q9\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
           "unknown dtype \"Q9\"");
    expect("{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "dtype");
    expect("{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}", 1, "whole bytes");
    expect("{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "name has 0 bytes");
    expect("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__");
    expect("{\"__metadata__\":[]}", 0, "__metadata__");
}

static void tensors_must_cover_the_data_once(void **state) {
    (void)state;
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2,
           "gap or an overlap");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
           "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
           3, "gap or an overlap");
    expect("{\"a\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
           "\"b\":{\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}",
           16, "gap or an overlap");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
           "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
           2, "");
}

static void a_wrong_header_length_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *want;
    } cases[] = {
        {"\x3c\0\0\0", 4, "only 4 bytes"},
        {"\x3c\0\0\0\xff\xff\xff\xff", 8, "header would have"},
        {"\x3c\0\0\0\0\0\0\0", 8, "ends after 0"},
        {"\0\0\0\0\0\0\0\0", 8, "x.safetensors"},
        {"\x01\0\0\0\0\0\0\0\xff", 9, "x.safetensors"},
        {"\x01\0\0\0\0\0\0\0{", 9, "x.safetensors"},
    };
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        wu_st *st;
        wu_err err = {0};
        wu_buf b = {0};
        put(&b, cases[i].bytes, cases[i].n);
        void *p = exact_copy(&b);
        assert_int_equal(wu_st_open_memory(&st, p, b.n, "x.safetensors", &err), WU_EFORMAT);
        assert_null(st);
        if (!strstr(err.msg, cases[i].want)) fail_msg("%zu: %s", i, err.msg);
        free(p);
        wu_buf_free(&b);
    }
}

static void an_unpadded_header_gives_unaligned_data(void **state) {
    (void)state;
    wu_buf b = make_st("{\"__metadata__\":{\"format\":\"mlx\"},"
                       "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[2,10]},"
                       "\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}} ",
                       0);
    const float x[2] = {1.5f, -2.0f};
    wu_st *st;
    wu_err err = {0};
    put(&b, "\x00\x3c", 2);
    put(&b, x, sizeof(x));
    CHECK_OK(open_bytes(&st, &b, &err), err);
    assert_int_equal(wu_st_count(st), 2);
    assert_string_equal(wu_st_at(st, 0)->name, "a");
    assert_string_equal(wu_st_at(st, 1)->name, "b");
    const wu_tensor *t = wu_st_find(st, "b");
    assert_non_null(t);
    assert_int_equal(t->type, WU_T_F32);
    assert_int_equal(t->n_dim, 2);
    assert_int_equal(t->dim[1], 2);
    assert_memory_equal(t->data, x, sizeof(x));
    assert_null(wu_st_find(st, "c"));
    assert_string_equal(wu_st_metadata(st, "format"), "mlx");
    assert_null(wu_st_metadata(st, "other"));
    wu_st_close(st);
    wu_buf_free(&b);
}

static void written_files_are_byte_for_byte_the_reference(void **state) {
    (void)state;
    char dir[64], path[128];
    const float a[2] = {1.0f, 2.0f};
    const uint16_t h[3] = {1, 2, 3};
    const uint8_t u = 7;
    const wu_tensor t[] = {
        {"z", WU_T_F16, 1, {3}, h, 6},     {"u", WU_T_U8, 0, {0}, &u, 1},
        {"b", WU_T_BF16, 2, {3, 1}, h, 6}, {"m", WU_T_F32, 2, {1, 2}, a, 8},
        {"a", WU_T_F32, 2, {2, 1}, a, 8},
    };
    static const char *const meta[] = {"format", "pt", NULL};
    static const char want[] =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
        "\"m\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[8,16]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[3,1],\"data_offsets\":[16,22]},"
        "\"z\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[22,28]},"
        "\"u\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[28,29]}}";
    wu_err err = {0};
    wu_buf b = {0};
    wu_st *st;
    snprintf(path, sizeof(path), "%s/x.safetensors", make_temp_dir(dir));
    CHECK_OK(wu_st_write(path, t, WU_LEN(t), meta, &err), err);
    CHECK_OK(wu_read_file(&b, path, 10000, &err), err);
    assert_true(b.n > 8 + sizeof(want));
    assert_memory_equal(b.p + 8, want, sizeof(want) - 1);
    const size_t n_header = (unsigned char)b.p[0] | (size_t)(unsigned char)b.p[1] << 8;
    assert_int_equal(n_header % 8, 0);
    assert_int_equal(b.n, 8 + n_header + 29);
    for (size_t i = sizeof(want) - 1; i < n_header; i++) assert_int_equal(b.p[8 + i], ' ');
    CHECK_OK(wu_st_open(&st, path, &err), err);
    for (size_t i = 0; i < WU_LEN(t); i++) {
        const wu_tensor *x = wu_st_find(st, t[i].name);
        assert_non_null(x);
        assert_int_equal(x->type, t[i].type);
        assert_int_equal(x->bytes, t[i].bytes);
        assert_memory_equal(x->data, t[i].data, t[i].bytes);
    }
    wu_st_close(st);
    wu_buf_free(&b);
    remove_temp_dir(dir, (const char *const[]){"x.safetensors", NULL});
}

static void what_cannot_be_written_is_refused(void **state) {
    (void)state;
    char dir[64], path[128];
    const float a[2] = {1.0f, 2.0f};
    const wu_tensor blocks[] = {{"a", WU_T_Q4_0, 1, {2}, a, 8}};
    const wu_tensor twice[] = {{"a", WU_T_F32, 1, {2}, a, 8}, {"a", WU_T_F16, 1, {4}, a, 8}};
    const wu_tensor wrong[] = {{"a", WU_T_F32, 1, {3}, a, 8}};
    wu_err err = {0};
    snprintf(path, sizeof(path), "%s/x.safetensors", make_temp_dir(dir));
    assert_int_equal(wu_st_write(path, blocks, 1, NULL, &err), WU_EARG);
    assert_int_equal(wu_st_write(path, twice, 2, NULL, &err), WU_EARG);
    assert_non_null(strstr(err.msg, "same name"));
    assert_int_equal(wu_st_write(path, wrong, 1, NULL, &err), WU_EARG);
    assert_false(wu_is_file(path));
    snprintf(path, sizeof(path), "%s/none/x.safetensors", dir);
    assert_int_equal(wu_st_write(path, wrong, 0, NULL, &err), WU_EIO);
    rmdir(dir);
}

/* ---- directories ---- */

static void write_text(const char *dir, const char *name, const char *text) {
    char path[128];
    wu_err err = {0};
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    CHECK_OK(wu_write_file(path, text, strlen(text), &err), err);
}

static void write_shard(const char *dir, const char *name, const char *first, const char *second) {
    char path[128];
    static const float x[2] = {3.0f, 4.0f};
    const wu_tensor t[] = {{first, WU_T_F32, 1, {2}, x, 8}, {second, WU_T_F32, 1, {2}, x, 8}};
    wu_err err = {0};
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    CHECK_OK(wu_st_write(path, t, second ? 2 : 1, NULL, &err), err);
}

static void expect_set(const char *dir, const char *index, wu_code code, const char *want) {
    wu_st_set *s;
    wu_err err = {0};
    write_text(dir, "model.safetensors.index.json", index);
    assert_int_equal(wu_st_set_open(&s, dir, &err), code);
    assert_null(s);
    if (!strstr(err.msg, want)) fail_msg("\"%s\" lacks \"%s\"", err.msg, want);
}

static void shards_are_read_as_one(void **state) {
    (void)state;
    char dir[64];
    wu_st_set *s;
    wu_err err = {0};
    make_temp_dir(dir);
    write_shard(dir, "m-1.safetensors", "d", "b");
    write_shard(dir, "m-2.safetensors", "c", NULL);
    write_text(dir, "model.safetensors.index.json",
               "{\"metadata\":{\"total_size\":24},\"weight_map\":"
               "{\"b\":\"m-1.safetensors\",\"c\":\"m-2.safetensors\",\"d\":\"m-1.safetensors\"}}");
    CHECK_OK(wu_st_set_open(&s, dir, &err), err);
    assert_int_equal(wu_st_set_count(s), 3);
    assert_string_equal(wu_st_set_at(s, 0)->name, "b");
    assert_string_equal(wu_st_set_at(s, 2)->name, "d");
    assert_non_null(wu_st_set_find(s, "c"));
    assert_null(wu_st_set_find(s, "e"));
    wu_st_set_close(s);

    expect_set(dir, "{\"weight_map\":{\"b\":\"m-1.safetensors\",\"c\":\"m-2.safetensors\"}}",
               WU_EFORMAT, "has 2 tensors, but the index lists 1");
    expect_set(dir, "{\"weight_map\":{\"b\":\"m-1.safetensors\",\"x\":\"m-1.safetensors\"}}",
               WU_EFORMAT, "tensor x is not in m-1.safetensors");
    expect_set(dir, "{\"weight_map\":{\"b\":\"m-9.safetensors\"}}", WU_EIO, "m-9.safetensors");
    expect_set(dir, "{\"weight_map\":{\"b\":\"../m-1.safetensors\"}}", WU_EFORMAT,
               "plain file name");
    expect_set(dir, "{\"weight_map\":{\"b\":\"/etc/passwd\"}}", WU_EFORMAT, "plain file name");
    expect_set(dir, "{\"weight_map\":{\"b\":7}}", WU_EFORMAT, "plain file name");
    expect_set(dir, "{\"weight_map\":{}}", WU_EFORMAT, "weight_map");
    expect_set(dir, "{}", WU_EFORMAT, "weight_map");

    /* one whole file is preferred */
    write_shard(dir, "model.safetensors", "whole", NULL);
    CHECK_OK(wu_st_set_open(&s, dir, &err), err);
    assert_non_null(wu_st_set_find(s, "whole"));
    wu_st_set_close(s);
    remove_temp_dir(dir,
                    (const char *const[]){"m-1.safetensors", "m-2.safetensors", "model.safetensors",
                                          "model.safetensors.index.json", NULL});
}

static void a_directory_without_weights_is_an_error(void **state) {
    (void)state;
    char dir[64];
    wu_st_set *s;
    wu_st *st;
    wu_err err = {0};
    make_temp_dir(dir);
    assert_int_equal(wu_st_set_open(&s, dir, &err), WU_EIO);
    assert_non_null(strstr(err.msg, "model.safetensors.index.json"));
    assert_int_equal(wu_st_open(&st, dir, &err), WU_EIO);
    assert_null(st);
    rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_headers_are_read),
        cmocka_unit_test(broken_headers_are_refused),
        cmocka_unit_test(tensors_must_cover_the_data_once),
        cmocka_unit_test(a_wrong_header_length_is_refused),
        cmocka_unit_test(an_unpadded_header_gives_unaligned_data),
        cmocka_unit_test(written_files_are_byte_for_byte_the_reference),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(shards_are_read_as_one),
        cmocka_unit_test(a_directory_without_weights_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
