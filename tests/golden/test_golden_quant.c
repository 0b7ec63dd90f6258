/* Values of every GGUF block type and of MLX groups, bit for bit as the originals give them. */
#include "golden.h"
#include "near.h"

#include "formats/gguf.h"
#include "formats/quant.h"
#include "formats/safetensors.h"
#include "text/json.h"

/* CRC-32 as zlib has it. */
static uint32_t crc32_of(const void *p, size_t n) {
    uint32_t c = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        c ^= ((const uint8_t *)p)[i];
        for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
    }
    return ~c;
}

static float *values_of(const wu_tensor *t, size_t *n) {
    wu_err err = {0};
    *n = 1;
    for (int32_t i = 0; i < t->n_dim; i++) *n *= (size_t)t->dim[i];
    float *v = malloc(*n * sizeof(*v));
    assert_non_null(v);
    CHECK_OK(wu_tensor_to_f32(v, t, &err), err);
    return v;
}

/* The affine form gives the same numbers (zeros may differ in sign). */
static void check_matrix(const wu_tensor *t, const float *want) {
    wu_arena arena = {0};
    wu_matrix m;
    wu_err err = {0};
    CHECK_OK(wu_matrix_from_tensor(&m, t, NULL, &arena, &err), err);
    float *row = malloc((size_t)m.n_in * sizeof(*row));
    assert_non_null(row);
    for (int32_t o = 0; o < m.n_out; o++) {
        wu_matrix_row(&m, o, row);
        for (int32_t i = 0; i < m.n_in; i++)
            if (!(row[i] == want[(size_t)o * (size_t)m.n_in + (size_t)i]))
                fail_msg("%s [%d,%d] is %.9g", t->name, o, i, (double)row[i]);
    }
    free(row);
    wu_arena_free(&arena);
}

/* One tensor of a file against its entry in crc32.json and the recorded rows. */
static void check_tensor(const wu_gguf *g, const char *type, const char *name, const wu_json *entry,
                         const wu_st *rows) {
    char key[128];
    size_t n;
    const wu_tensor *t = wu_gguf_find(g, name);
    assert_non_null(t);
    char block[32];
    const wu_str want_type = wu_json_str(wu_json_get(entry, "type"));
    snprintf(block, sizeof(block), "%.*s", (int)want_type.n, want_type.p);
    assert_string_equal(wu_ttype_name(t->type), block);
    float *v = values_of(t, &n);
    char crc[16];
    snprintf(crc, sizeof(crc), "%08x", crc32_of(v, n * sizeof(*v)));
    if (!wu_str_eq(wu_json_str(wu_json_get(entry, "crc32")), wu_str_of(crc)))
        fail_msg("%s %s: CRC-32 of the values is %s", type, name, crc);
    if (t->n_dim == 2) check_matrix(t, v);
    snprintf(key, sizeof(key), "%s.%s", type, name);
    const wu_tensor *recorded = wu_st_find(rows, key);
    if (recorded) assert_memory_equal(v, recorded->data, recorded->bytes);
    free(v);
}

static void gguf_values_are_exact(void **state) {
    (void)state;
    char path[512];
    wu_json *crc;
    wu_st *rows;
    wu_err err = {0};
    int n = 0;
    need_golden("quant/gguf");
    CHECK_OK(wu_json_read_file(&crc, golden_path(path, sizeof(path), "quant/gguf/crc32.json"),
                               1000000, WU_EFORMAT, &err),
             err);
    CHECK_OK(wu_st_open(&rows,
                        golden_path(path, sizeof(path), "quant/gguf/dequantised.safetensors"),
                        &err),
             err);
    for (void *it = wu_json_first(crc); it; it = wu_json_next(crc, it)) {
        char type[32], relative[64];
        wu_gguf *g;
        const wu_json *list = wu_json_value(it);
        snprintf(type, sizeof(type), "%.*s", (int)wu_json_key(it).n, wu_json_key(it).p);
        if (strcmp(type, "f32") == 0) continue; /* the conversion in between; no file was kept */
        snprintf(relative, sizeof(relative), "quant/gguf/tiny-%s.gguf", type);
        CHECK_OK(wu_gguf_open(&g, golden_path(path, sizeof(path), relative), &err), err);
        for (void *e = wu_json_first(list); e; e = wu_json_next(list, e)) {
            char name[64];
            snprintf(name, sizeof(name), "%.*s", (int)wu_json_key(e).n, wu_json_key(e).p);
            check_tensor(g, type, name, wu_json_value(e), rows);
            n++;
        }
        wu_gguf_close(g);
    }
    assert_true(n >= 11 * 8);
    wu_st_close(rows);
    wu_json_free(crc);
}

static const wu_tensor *find(const wu_st *st, const char *prefix, const char *name) {
    char key[128];
    snprintf(key, sizeof(key), "%s.%s", prefix, name);
    const wu_tensor *t = wu_st_find(st, key);
    if (!t) fail_msg("%s is missing", key);
    return t;
}

static void mlx_values_are_exact(void **state) {
    (void)state;
    static const char *const types[] = {"f32", "bf16", "f16"};
    static const int bits[] = {4, 8}, groups[] = {32, 64, 128};
    char path[512], prefix[64];
    wu_st *st;
    wu_err err = {0};
    need_golden("quant/mlx");
    CHECK_OK(wu_st_open(&st, golden_path(path, sizeof(path), "quant/mlx/affine.safetensors"), &err),
             err);
    for (int k = 0; k < 18; k++) {
        wu_matrix m;
        size_t n;
        snprintf(prefix, sizeof(prefix), "%s.q%d.g%d", types[k / 6], bits[k / 3 % 2],
                 groups[k % 3]);
        CHECK_OK(wu_matrix_from_mlx(&m, find(st, prefix, "weight"), find(st, prefix, "scales"),
                                    find(st, prefix, "biases"), bits[k / 3 % 2], groups[k % 3],
                                    &err),
                 err);
        float *want = values_of(find(st, prefix, "dequantised"), &n);
        float *row = malloc((size_t)m.n_in * sizeof(*row));
        assert_non_null(row);
        assert_int_equal(n, (size_t)m.n_out * (size_t)m.n_in);
        for (int32_t o = 0; o < m.n_out; o++) {
            wu_matrix_row(&m, o, row);
            for (int32_t i = 0; i < m.n_in; i++)
                if (!(row[i] == want[(size_t)o * (size_t)m.n_in + (size_t)i]))
                    fail_msg("%s [%d,%d] is %.9g, want %.9g", prefix, o, i, (double)row[i],
                             (double)want[(size_t)o * (size_t)m.n_in + (size_t)i]);
        }
        free(row);
        free(want);
    }
    wu_st_close(st);
}

static void mlx_directories_are_mapped(void **state) {
    (void)state;
    static const struct {
        const char *dir;
        int bits;
    } cases[] = {
        {"quant/mlx-model/q4", 4}, {"quant/mlx-model/q8", 8}, {"quant/mlx-model/q4-bf16", 4}};
    need_golden("quant/mlx-model");
    for (size_t k = 0; k < WU_LEN(cases); k++) {
        char path[512], name[256];
        wu_st_set *s;
        wu_err err = {0};
        int n = 0;
        CHECK_OK(wu_st_set_open(&s, golden_path(path, sizeof(path), cases[k].dir), &err), err);
        for (int32_t i = 0; i < wu_st_set_count(s); i++) {
            wu_matrix m;
            const wu_tensor *t = wu_st_set_at(s, i);
            const size_t stem = strlen(t->name) - strlen(".scales");
            if (strlen(t->name) < 8 || strcmp(t->name + stem, ".scales") != 0) continue;
            snprintf(name, sizeof(name), "%.*s.weight", (int)stem, t->name);
            const wu_tensor *w = wu_st_set_find(s, name);
            snprintf(name, sizeof(name), "%.*s.biases", (int)stem, t->name);
            const wu_tensor *b = wu_st_set_find(s, name);
            assert_true(w && b);
            CHECK_OK(wu_matrix_from_mlx(&m, w, t, b, cases[k].bits, 64, &err), err);
            n++;
        }
        assert_int_equal(n, 8); /* seven projections and the embedding */
        wu_st_set_close(s);
    }
}

static void the_real_model_is_read(void **state) {
    (void)state;
    wu_gguf *g;
    wu_err err = {0};
    need_model();
    CHECK_OK(wu_gguf_open(&g, model_path(), &err), err);
    assert_int_equal(wu_gguf_count(g), 272);
    for (int32_t i = 0; i < wu_gguf_count(g); i++) {
        size_t n;
        const wu_tensor *t = wu_gguf_at(g, i);
        if (i % 16 != 1) continue; /* a sample: tests are run often */
        float *v = values_of(t, &n);
        for (size_t k = 0; k < n; k++)
            if (!isfinite(v[k])) fail_msg("%s has a value that is not finite", t->name);
        if (t->n_dim == 2) check_matrix(t, v);
        free(v);
    }
    wu_gguf_close(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gguf_values_are_exact),
        cmocka_unit_test(mlx_values_are_exact),
        cmocka_unit_test(mlx_directories_are_mapped),
        cmocka_unit_test(the_real_model_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
