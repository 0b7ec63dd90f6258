/* Quantised weights as affine groups: the same numbers, whichever way they are asked for. */
#include "make_files.h"
#include "near.h"

#include "base/rng.h"
#include "formats/quant.h"

static const struct {
    wu_ttype type;
    int32_t n, bytes; /* of a block */
    int32_t group;
    wu_dtype codes, scale;
    int halves[2]; /* where the block has its f16 numbers; -1 none */
} kinds[] = {
    {WU_T_Q4_0, 32, 18, 32, WU_Q4, WU_F16, {0, -1}},
    {WU_T_Q4_1, 32, 20, 32, WU_Q4, WU_F16, {0, 2}},
    {WU_T_Q5_0, 32, 22, 32, WU_Q8, WU_F16, {0, -1}},
    {WU_T_Q5_1, 32, 24, 32, WU_Q8, WU_F16, {0, 2}},
    {WU_T_Q8_0, 32, 34, 32, WU_Q8, WU_F16, {0, -1}},
    {WU_T_Q4_K, 256, 144, 32, WU_Q4, WU_F32, {0, 2}},
    {WU_T_Q5_K, 256, 176, 32, WU_Q8, WU_F32, {0, 2}},
    {WU_T_Q6_K, 256, 210, 16, WU_Q8, WU_F32, {208, -1}},
};

enum { ROWS = 7, BLOCKS = 3, MAX_BYTES = ROWS * BLOCKS * 210, MAX_N = ROWS * BLOCKS * 256 };

/* Random bytes, but with sizes (f16) that are numbers of ordinary size. */
static wu_tensor random_blocks(size_t kind, uint8_t *p, float size) {
    wu_rng rng = wu_rng_init(7, kind);
    const size_t n = (size_t)ROWS * BLOCKS * (size_t)kinds[kind].bytes;
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)wu_rng_u32(&rng);
    for (size_t at = 0; at < n; at += (size_t)kinds[kind].bytes)
        for (int i = 0; i < 2; i++) {
            const uint16_t h = wu_f32_to_f16((float)(wu_rng_unit(&rng) * 2 - 1) * size);
            if (kinds[kind].halves[i] >= 0) memcpy(p + at + kinds[kind].halves[i], &h, 2);
        }
    return (wu_tensor){.name = "t",
                       .type = kinds[kind].type,
                       .n_dim = 2,
                       .dim = {ROWS, (int64_t)BLOCKS * kinds[kind].n},
                       .data = p,
                       .bytes = n};
}

/* Every row of the matrix equals the values that ggml's formula gives, row_of applied. */
static void check_rows(const wu_matrix *m, const wu_tensor *t, const int32_t *row_of) {
    static float want[MAX_N], got[BLOCKS * 256];
    wu_err err = {0};
    CHECK_OK(wu_tensor_to_f32(want, t, &err), err);
    assert_int_equal(m->n_out, t->dim[0]);
    assert_int_equal(m->n_in, t->dim[1]);
    for (int32_t o = 0; o < m->n_out; o++) {
        wu_matrix_row(m, o, got);
        const float *w = want + (row_of ? row_of[o] : o) * m->n_in;
        for (int32_t i = 0; i < m->n_in; i++)
            if (!(got[i] == w[i]))
                fail_msg("%s row %d input %d: %.9g, want %.9g", wu_ttype_name(t->type), o, i,
                         (double)got[i], (double)w[i]);
    }
}

static void blocks_become_groups_exactly(void **state) {
    (void)state;
    static uint8_t bytes[MAX_BYTES];
    static const float sizes[] = {0.01f, 1.0f, 1e-6f};
    static const int32_t order[ROWS] = {6, 0, 1, 1, 5, 2, 3};
    for (size_t k = 0; k < WU_LEN(kinds); k++)
        for (size_t s = 0; s < WU_LEN(sizes); s++) {
            const wu_tensor t = random_blocks(k, bytes, sizes[s]);
            wu_arena arena = {0};
            wu_matrix m;
            wu_err err = {0};
            CHECK_OK(wu_matrix_from_tensor(&m, &t, NULL, &arena, &err), err);
            assert_int_equal(m.type, kinds[k].codes);
            assert_int_equal(m.group, kinds[k].group);
            assert_int_equal(m.scale_type, kinds[k].scale);
            assert_false(m.rounds);
            check_rows(&m, &t, NULL);
            CHECK_OK(wu_matrix_from_tensor(&m, &t, order, &arena, &err), err);
            check_rows(&m, &t, order);
            wu_arena_free(&arena);
        }
}

static void a_bias_beyond_f16_makes_the_scales_f32(void **state) {
    (void)state;
    static uint8_t bytes[MAX_BYTES];
    for (size_t k = 0; k < WU_LEN(kinds); k++) {
        const wu_tensor t = random_blocks(k, bytes, 60000.0f);
        wu_arena arena = {0};
        wu_matrix m;
        wu_err err = {0};
        CHECK_OK(wu_matrix_from_tensor(&m, &t, NULL, &arena, &err), err);
        const bool has_bias = t.type == WU_T_Q4_1 || t.type == WU_T_Q5_1;
        assert_int_equal(m.scale_type, has_bias ? WU_F16 : WU_F32);
        check_rows(&m, &t, NULL);
        wu_arena_free(&arena);
    }
}

static void known_blocks_have_known_values(void **state) {
    (void)state;
    float out[256];
    wu_err err = {0};
    /* d = 0.5, q = 0, 15 in the first byte: elements 0 and 16 */
    uint8_t q4_0[18] = {0x00, 0x38, 0xf0};
    const wu_tensor a = {"a", WU_T_Q4_0, 1, {32}, q4_0, 18};
    CHECK_OK(wu_tensor_to_f32(out, &a, &err), err);
    assert_true(out[0] == -4.0f && out[16] == 3.5f && out[1] == -4.0f);
    /* d = 1, m = -2; the fifth bit of element 31 */
    uint8_t q5_1[24] = {0x00, 0x3c, 0x00, 0xc0, 0, 0, 0, 0x80};
    const wu_tensor b = {"b", WU_T_Q5_1, 1, {32}, q5_1, 24};
    CHECK_OK(wu_tensor_to_f32(out, &b, &err), err);
    assert_true(out[0] == -2.0f && out[30] == -2.0f && out[31] == 14.0f);
    uint8_t q8_0[34] = {0x00, 0x3c, 0x80, 0x7f};
    const wu_tensor c = {"c", WU_T_Q8_0, 1, {32}, q8_0, 34};
    CHECK_OK(wu_tensor_to_f32(out, &c, &err), err);
    assert_true(out[0] == -128.0f && out[1] == 127.0f && out[2] == 0.0f);
    /* d = 1; scale of group 1 is -1; code of element 16 is 0, that is -32 */
    uint8_t q6_k[210] = {0};
    q6_k[193] = 0xff;
    q6_k[209] = 0x3c;
    const wu_tensor d = {"d", WU_T_Q6_K, 1, {256}, q6_k, 210};
    CHECK_OK(wu_tensor_to_f32(out, &d, &err), err);
    assert_true(out[15] == 0.0f && out[16] == 32.0f && out[31] == 32.0f && out[32] == 0.0f);
}

static void dense_tensors_are_views(void **state) {
    (void)state;
    static const float f[6] = {1, 2, 3, 4, 5, 6};
    static const uint16_t h[6] = {0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600};
    static const uint16_t bf[6] = {0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0};
    static const int32_t order[3] = {2, 0, 1};
    const wu_tensor t[] = {{"f", WU_T_F32, 2, {3, 2}, f, 24},
                           {"h", WU_T_F16, 2, {3, 2}, h, 12},
                           {"b", WU_T_BF16, 2, {3, 2}, bf, 12}};
    for (size_t k = 0; k < WU_LEN(t); k++) {
        wu_arena arena = {0};
        wu_matrix m;
        wu_err err = {0};
        float row[2], all[6];
        CHECK_OK(wu_matrix_from_tensor(&m, &t[k], NULL, &arena, &err), err);
        assert_ptr_equal(m.data, t[k].data);
        assert_int_equal(arena.used_bytes, 0);
        check_rows(&m, &t[k], NULL);
        CHECK_OK(wu_tensor_to_f32(all, &t[k], &err), err);
        assert_memory_equal(all, f, sizeof(all));
        CHECK_OK(wu_matrix_from_tensor(&m, &t[k], order, &arena, &err), err);
        wu_matrix_row(&m, 0, row);
        assert_true(row[0] == 5.0f && row[1] == 6.0f);
        check_rows(&m, &t[k], order);
        wu_arena_free(&arena);
    }
}

static void what_is_no_matrix_is_refused(void **state) {
    (void)state;
    static const float f[8] = {0};
    const wu_tensor t[] = {{"one", WU_T_F32, 1, {8}, f, 32},
                           {"three", WU_T_F32, 3, {2, 2, 2}, f, 32},
                           {"none", WU_T_F32, 2, {0, 2}, f, 0},
                           {"ints", WU_T_I32, 2, {4, 2}, f, 32}};
    for (size_t k = 0; k < WU_LEN(t); k++) {
        wu_arena arena = {0};
        wu_matrix m;
        wu_err err = {0};
        assert_int_equal(wu_matrix_from_tensor(&m, &t[k], NULL, &arena, &err), WU_EFORMAT);
        assert_non_null(strstr(err.msg, t[k].name));
        wu_arena_free(&arena);
    }
    float out[8];
    assert_int_equal(wu_tensor_to_f32(out, &t[3], NULL), WU_EFORMAT);
}

/* 2 rows of 64 inputs in 4 bits: code of input i of row o is (i + o) % 16. */
static void mlx_groups_are_mapped_and_round_twice(void **state) {
    (void)state;
    uint8_t codes[2][32];
    static const uint16_t scale[2][2] = {{0x3f81, 0x3f82}, {0xbf83, 0x3f84}};
    static const uint16_t bias[2][2] = {{0x4001, 0x4002}, {0x4003, 0xc004}};
    for (int o = 0; o < 2; o++)
        for (int i = 0; i < 32; i++)
            codes[o][i] = (uint8_t)((2 * i + o) % 16 | (2 * i + 1 + o) % 16 << 4);
    const wu_tensor w = {"w.weight", WU_T_U32, 2, {2, 8}, codes, sizeof(codes)};
    wu_tensor s = {"w.scales", WU_T_BF16, 2, {2, 2}, scale, sizeof(scale)};
    const wu_tensor b = {"w.biases", WU_T_BF16, 2, {2, 2}, bias, sizeof(bias)};
    wu_matrix m;
    wu_err err = {0};
    float row[64];
    CHECK_OK(wu_matrix_from_mlx(&m, &w, &s, &b, 4, 32, &err), err);
    assert_ptr_equal(m.data, codes);
    assert_true(m.rounds);
    assert_int_equal(m.n_in, 64);
    for (int o = 0; o < 2; o++) {
        wu_matrix_row(&m, o, row);
        for (int i = 0; i < 64; i++) {
            const float q = (float)((i + o) % 16);
            const float product =
                wu_bf16_to_f32(wu_f32_to_bf16(wu_bf16_to_f32(scale[o][i / 32]) * q));
            const float want =
                wu_bf16_to_f32(wu_f32_to_bf16(product + wu_bf16_to_f32(bias[o][i / 32])));
            assert_true(row[i] == want);
        }
    }
    assert_int_equal(wu_matrix_from_mlx(&m, &w, &s, &b, 4, 64, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "w.scales has shape [2,2], want [2,1]"));
    assert_int_equal(wu_matrix_from_mlx(&m, &w, &s, &b, 3, 32, &err), WU_EFORMAT);
    assert_int_equal(wu_matrix_from_mlx(&m, &w, &s, &b, 4, 128, &err), WU_EFORMAT);
    s.type = WU_T_F16;
    assert_int_equal(wu_matrix_from_mlx(&m, &w, &s, &b, 4, 32, &err), WU_EFORMAT);
    assert_int_equal(wu_matrix_from_mlx(&m, &b, &s, &b, 4, 32, &err), WU_EFORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_become_groups_exactly),
        cmocka_unit_test(a_bias_beyond_f16_makes_the_scales_f32),
        cmocka_unit_test(known_blocks_have_known_values),
        cmocka_unit_test(dense_tensors_are_views),
        cmocka_unit_test(what_is_no_matrix_is_refused),
        cmocka_unit_test(mlx_groups_are_mapped_and_round_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
