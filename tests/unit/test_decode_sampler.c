/* The filters of the sampler and their order, against sums done by hand. */
#include "base/compiler.h"
#include "decode/sampler.h"
#include "near.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { N = 8, DRAWS = 20000 };

/* probabilities .40 .30 .15 .08 .04 .02 .007 .003, not in order of id */
static const double share[N] = {.02, .30, .003, .40, .08, .15, .04, .007};
static float logit[N];

static int fill(void **state) {
    (void)state;
    for (int i = 0; i < N; i++) logit[i] = (float)(log(share[i]) + 3.0);
    return 0;
}

static wu_sampler *make(wu_sampling s, int32_t n) {
    wu_sampler *p = NULL;
    wu_err err = {0};
    CHECK_OK(wu_sampler_create(&p, &s, n, &err), err);
    return p;
}

/* How often each token comes, of DRAWS. */
static void count(wu_sampling s, const uint32_t *allowed, int *times) {
    wu_sampler *p = make(s, N);
    memset(times, 0, N * sizeof(*times));
    for (int i = 0; i < DRAWS; i++) {
        const int32_t id = wu_sampler_pick(p, logit, allowed);
        assert_in_range(id, 0, N - 1);
        times[id]++;
    }
    wu_sampler_free(p);
}

/* The tokens of the bit set come in proportion to w, no other. */
static void follows(const int *times, const double *w) {
    double total = 0.0;
    for (int i = 0; i < N; i++) total += w[i];
    for (int i = 0; i < N; i++) {
        const double p = w[i] / total, sd = sqrt(p * (1.0 - p) / DRAWS);
        const double got = (double)times[i] / DRAWS;
        if (p == 0.0) assert_int_equal(times[i], 0);
        if (fabs(got - p) > 5.0 * sd) fail_msg("token %d: %.4f, want %.4f", i, got, p);
    }
}

static void greedy_takes_the_lowest_id_on_ties(void **state) {
    (void)state;
    wu_sampler *p = make((wu_sampling){0}, 5);
    const float tie[5] = {1.0f, 7.0f, 7.0f, -2.0f, 7.0f};
    assert_int_equal(wu_sampler_pick(p, tie, NULL), 1);
    const uint32_t allowed = 1u << 2 | 1u << 3;
    assert_int_equal(wu_sampler_pick(p, tie, &allowed), 2);
    const uint32_t none = 0;
    assert_int_equal(wu_sampler_pick(p, tie, &none), -1);
    const float odd[5] = {NAN, -INFINITY, -3.0f, NAN, -INFINITY};
    assert_int_equal(wu_sampler_pick(p, odd, NULL), 2);
    wu_sampler_free(p);
}

static void plain_sampling_follows_the_probabilities(void **state) {
    (void)state;
    int times[N];
    count((wu_sampling){.temperature = 1.0f, .seed = 7}, NULL, times);
    follows(times, share);
}

static void temperature_flattens(void **state) {
    (void)state;
    int times[N];
    double w[N];
    for (int i = 0; i < N; i++) w[i] = sqrt(share[i]);
    count((wu_sampling){.temperature = 2.0f, .seed = 7}, NULL, times);
    follows(times, w);
}

static void a_tiny_temperature_is_greedy(void **state) {
    (void)state;
    int times[N];
    count((wu_sampling){.temperature = 1e-30f, .seed = 1}, NULL, times);
    assert_int_equal(times[3], DRAWS);
}

static void top_p_keeps_until_the_sum_is_reached(void **state) {
    (void)state;
    int times[N];
    const double two[N] = {[3] = .40, [1] = .30}, three[N] = {[3] = .40, [1] = .30, [5] = .15};
    count((wu_sampling){.temperature = 1.0f, .top_p = 0.69f, .seed = 3}, NULL, times);
    follows(times, two);
    count((wu_sampling){.temperature = 1.0f, .top_p = 0.71f, .seed = 3}, NULL, times);
    follows(times, three);
    count((wu_sampling){.temperature = 1.0f, .top_p = 1e-6f, .seed = 3}, NULL, times);
    assert_int_equal(times[3], DRAWS); /* never fewer than one */
}

static void min_p_is_relative_to_the_likeliest(void **state) {
    (void)state;
    int times[N];
    const double w[N] = {[3] = .40, [1] = .30, [5] = .15, [4] = .08};
    count((wu_sampling){.temperature = 1.0f, .min_p = 0.15f, .seed = 5}, NULL, times);
    follows(times, w);
    count((wu_sampling){.temperature = 1.0f, .min_p = 1.0f, .seed = 5}, NULL, times);
    assert_int_equal(times[3], DRAWS);
}

static void top_k_counts(void **state) {
    (void)state;
    int times[N];
    const double w[N] = {[3] = .40, [1] = .30, [5] = .15};
    count((wu_sampling){.temperature = 1.0f, .top_k = 3, .seed = 6}, NULL, times);
    follows(times, w);
    count((wu_sampling){.temperature = 1.0f, .top_k = 50, .seed = 6}, NULL, times);
    follows(times, share);
}

/* Temperature comes last: a high one does not let more tokens through the filters. */
static void the_filters_do_not_see_the_temperature(void **state) {
    (void)state;
    int times[N];
    double w[N] = {0};
    w[3] = pow(.40, 0.1);
    w[1] = pow(.30, 0.1);
    count((wu_sampling){.temperature = 10.0f, .top_p = 0.69f, .min_p = .01f, .top_k = 5, .seed = 8},
          NULL, times);
    follows(times, w);
}

/* No filter renormalises: top-p after top-k counts with the probabilities of all tokens. */
static void filters_do_not_renormalise(void **state) {
    (void)state;
    int times[N];
    const double w[N] = {[3] = .40, [1] = .30};
    count((wu_sampling){.temperature = 1.0f, .top_p = 0.6f, .top_k = 2, .seed = 9}, NULL, times);
    follows(times, w);
}

static void what_is_not_allowed_never_comes(void **state) {
    (void)state;
    int times[N];
    const double w[N] = {[0] = .02, [4] = .08, [6] = .04};
    const uint32_t allowed = 1u << 0 | 1u << 4 | 1u << 6;
    count((wu_sampling){.temperature = 1.0f, .top_k = 3, .seed = 2}, &allowed, times);
    follows(times, w);
    wu_sampler *p = make((wu_sampling){.temperature = 1.0f}, N);
    const uint32_t none = 0;
    assert_int_equal(wu_sampler_pick(p, logit, &none), -1);
    wu_sampler_free(p);
}

static void the_same_seed_draws_the_same(void **state) {
    (void)state;
    wu_sampler *a = make((wu_sampling){.temperature = 1.0f, .seed = 4}, N);
    wu_sampler *b = make((wu_sampling){.temperature = 1.0f, .seed = 4}, N);
    wu_sampler *c = make((wu_sampling){.temperature = 1.0f, .seed = 4, .stream = 1}, N);
    int differs = 0;
    for (int i = 0; i < 200; i++) {
        const int32_t x = wu_sampler_pick(a, logit, NULL);
        assert_int_equal(wu_sampler_pick(b, logit, NULL), x);
        differs += wu_sampler_pick(c, logit, NULL) != x;
    }
    assert_true(differs > 50);
    wu_sampler_free(a);
    wu_sampler_free(b);
    wu_sampler_free(c);
}

/* A heap over many tokens keeps the same ones as a full sort. */
static void a_large_vocabulary_keeps_the_right_tokens(void **state) {
    (void)state;
    enum { BIG = 5003, KEEP = 40 };
    float *v = malloc(BIG * sizeof(*v));
    assert_non_null(v);
    wu_rng r = wu_rng_init(11, 0);
    for (int i = 0; i < BIG; i++) v[i] = (float)(wu_rng_below(&r, 1000)) * 0.01f; /* many ties */
    wu_sampler *p = make((wu_sampling){.temperature = 100.0f, .top_k = KEEP, .seed = 1}, BIG);
    bool seen[BIG] = {0};
    for (int i = 0; i < 4000; i++) seen[wu_sampler_pick(p, v, NULL)] = true;
    int n = 0;
    for (int i = 0; i < BIG; i++) {
        int ahead = 0;
        for (int k = 0; k < BIG; k++) ahead += v[k] > v[i] || (v[k] == v[i] && k < i);
        assert_int_equal(seen[i], ahead < KEEP);
        n += seen[i];
    }
    assert_int_equal(n, KEEP);
    wu_sampler_free(p);
    free(v);
}

static void values_out_of_range_are_refused(void **state) {
    (void)state;
    const wu_sampling bad[] = {
        {.temperature = -1.0f}, {.temperature = NAN}, {.temperature = INFINITY},
        {.top_p = 1.5f},        {.top_p = -0.1f},     {.min_p = 2.0f},
        {.top_k = -1}};
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_sampler *p = (wu_sampler *)1;
        wu_err err = {0};
        assert_int_equal(wu_sampler_create(&p, &bad[i], N, &err), WU_EARG);
        assert_null(p);
        assert_true(err.msg[0] != 0);
    }
    wu_sampler *p = NULL;
    assert_int_equal(wu_sampler_create(&p, &(wu_sampling){0}, 0, NULL), WU_EARG);
    wu_sampler_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_takes_the_lowest_id_on_ties),
        cmocka_unit_test(plain_sampling_follows_the_probabilities),
        cmocka_unit_test(temperature_flattens),
        cmocka_unit_test(a_tiny_temperature_is_greedy),
        cmocka_unit_test(top_p_keeps_until_the_sum_is_reached),
        cmocka_unit_test(min_p_is_relative_to_the_likeliest),
        cmocka_unit_test(top_k_counts),
        cmocka_unit_test(the_filters_do_not_see_the_temperature),
        cmocka_unit_test(filters_do_not_renormalise),
        cmocka_unit_test(what_is_not_allowed_never_comes),
        cmocka_unit_test(the_same_seed_draws_the_same),
        cmocka_unit_test(a_large_vocabulary_keeps_the_right_tokens),
        cmocka_unit_test(values_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, fill, NULL) != 0;
}
