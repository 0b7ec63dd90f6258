/* Conversions of 16-bit floats over all their values, and affine rows. */
#include "near.h"

#include "base/compiler.h"
#include "base/dtype.h"

static void every_half_survives_the_round_trip(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        const float f = wu_f16_to_f32((uint16_t)h), g = wu_bf16_to_f32((uint16_t)h);
        if (f == f)
            assert_int_equal(wu_f32_to_f16(f), h);
        else
            assert_true(wu_f16_to_f32(wu_f32_to_f16(f)) != wu_f16_to_f32(wu_f32_to_f16(f)));
        if (g == g)
            assert_int_equal(wu_f32_to_bf16(g), h);
        else
            assert_true(wu_bf16_to_f32(wu_f32_to_bf16(g)) != g);
    }
}

static void rounding_is_to_nearest_even(void **state) {
    (void)state;
    assert_int_equal(wu_f32_to_bf16(1.0f + 0x1p-8f), 0x3f80); /* tie to even */
    assert_int_equal(wu_f32_to_bf16(1.0f + 0x3p-8f), 0x3f82);
    assert_int_equal(wu_f32_to_f16(1.0f + 0x1p-11f), 0x3c00);
    assert_int_equal(wu_f32_to_f16(1.0f + 0x3p-11f), 0x3c02);
    assert_int_equal(wu_f32_to_f16(65520.0f), 0x7c00);
    assert_int_equal(wu_f32_to_f16(65519.0f), 0x7bff);
    assert_int_equal(wu_f32_to_f16(0x1p-25f), 0);
    assert_int_equal(wu_f32_to_f16(0x1.8p-25f), 1);
}

static void affine_rows_follow_equation_1(void **state) {
    (void)state;
    const unsigned char q4[2][8] = {{0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe}, {0}};
    const float scale[2] = {0.5f, 2.0f}, bias[2] = {-1.0f, 3.0f};
    const wu_matrix w = {.type = WU_Q4,
                         .n_out = 2,
                         .n_in = 16,
                         .data = q4,
                         .row_bytes = 8,
                         .group = 16,
                         .scale_type = WU_F32,
                         .scale = scale,
                         .bias = bias};
    float row[16];
    wu_matrix_row(&w, 0, row);
    for (int i = 0; i < 16; i++) assert_true(row[i] == 0.5f * (float)i - 1.0f);
    wu_matrix_row(&w, 1, row);
    for (int i = 0; i < 16; i++) assert_true(row[i] == 3.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_survives_the_round_trip),
        cmocka_unit_test(rounding_is_to_nearest_even),
        cmocka_unit_test(affine_rows_follow_equation_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
