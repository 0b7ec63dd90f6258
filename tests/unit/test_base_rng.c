/* Random numbers: published vectors of Threefry, bounds, independence of streams. */
#include "near.h"

#include "base/compiler.h"
#include "base/rng.h"

static void threefry_gives_the_published_numbers(void **state) {
    (void)state;
    /* Random123's known answers for threefry2x32-20, and mlx's split of key 0. */
    const uint32_t zero[2] = {0, 0}, ones[2] = {~0u, ~0u};
    const uint32_t pi_key[2] = {0x13198a2e, 0x03707344}, pi[2] = {0x243f6a88, 0x85a308d3};
    uint32_t out[2];
    wu_threefry(out, zero, zero);
    assert_int_equal(out[0], 0x6b200159);
    assert_int_equal(out[1], 0x99ba4efe);
    wu_threefry(out, ones, ones);
    assert_int_equal(out[0], 0x1cb996fc);
    assert_int_equal(out[1], 0xbb002be7);
    wu_threefry(out, pi_key, pi);
    assert_int_equal(out[0], 0xc4923a9c);
    assert_int_equal(out[1], 0x483df7a0);
}

static void numbers_stay_in_their_bounds(void **state) {
    (void)state;
    wu_rng r = wu_rng_init(7, 1);
    double sum = 0.0, square = 0.0;
    int seen[5] = {0};
    for (int i = 0; i < 20000; i++) {
        const double u = wu_rng_unit(&r), z = wu_rng_normal(&r);
        assert_true(u >= 0.0 && u < 1.0);
        sum += z;
        square += z * z;
        seen[wu_rng_below(&r, 5)]++;
    }
    CHECK_NEAR(sum / 20000, 0.0, 0.03);
    CHECK_NEAR(square / 20000, 1.0, 0.02);
    for (int i = 0; i < 5; i++) assert_in_range(seen[i], 3700, 4300);
}

static void streams_differ_and_repeat(void **state) {
    (void)state;
    wu_rng a = wu_rng_init(1, 0), b = wu_rng_init(1, 1), c = wu_rng_init(1, 0);
    const uint64_t first = wu_rng_u64(&a);
    assert_true(first != wu_rng_u64(&b));
    assert_true(first == wu_rng_u64(&c));
}

static void a_shuffle_keeps_every_element(void **state) {
    (void)state;
    int32_t v[97], seen[97] = {0};
    for (int32_t i = 0; i < 97; i++) v[i] = i;
    wu_rng r = wu_rng_init(3, 0);
    wu_rng_shuffle(&r, v, 97);
    for (int i = 0; i < 97; i++) seen[v[i]]++;
    for (int i = 0; i < 97; i++) assert_int_equal(seen[i], 1);
    wu_rng_shuffle(&r, v, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threefry_gives_the_published_numbers),
        cmocka_unit_test(numbers_stay_in_their_bounds),
        cmocka_unit_test(streams_differ_and_repeat),
        cmocka_unit_test(a_shuffle_keeps_every_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
