/* A new adapter: which sites it has, and mlx-lm's start for a seed. */
#include "near.h"

#include "adapter/adapter.h"

#include <string.h>

static const wu_adapter_dims dims = {
    .n_layer = 3, .n_in = {64, 64, 64, 64, 64, 64, 96}, .n_out = {64, 16, 16, 64, 96, 96, 64}};

static wu_adapter *make(const wu_adapter_spec *spec, uint64_t seed) {
    wu_adapter *ad = NULL;
    wu_err err = {0};
    CHECK_OK(wu_adapter_create(&ad, &dims, spec, seed, &err), err);
    return ad;
}

static void sites_follow_the_layers(void **state) {
    (void)state;
    wu_adapter *ad = make(&(wu_adapter_spec){.rank = 4, .scale = 20.0f, .num_layers = 2}, 0);
    assert_int_equal(ad->n_site, 14);
    assert_int_equal(ad->lowest, 1);
    assert_null(wu_adapter_find(ad, 0, WU_LIN_Q));
    assert_null(wu_adapter_find(ad, 3, WU_LIN_Q));
    assert_null(wu_adapter_find(ad, -1, WU_LIN_Q));
    int64_t at = 0;
    for (int32_t i = 0; i < ad->n_site; i++) {
        const wu_site *s = &ad->site[i];
        assert_ptr_equal(s, wu_adapter_find(ad, s->layer, s->linear));
        assert_int_equal(s->layer, 1 + i / WU_N_LINEAR);
        assert_int_equal(s->linear, i % WU_N_LINEAR);
        assert_int_equal(s->first, at);
        assert_ptr_equal(s->a, ad->param + at);
        assert_ptr_equal(s->b, s->a + s->rank * s->n_in);
        at += s->rank * (s->n_in + s->n_out);
        for (int32_t k = 0; k < s->rank * s->n_out; k++) assert_true(s->b[k] == 0.0f);
    }
    assert_int_equal(ad->n_param, at);
    wu_adapter_free(ad);
}

/* The numbers are mlx-lm's for seed 0 on this shape (rank 8, last two layers). */
static void a_starts_as_mlx_lm_does(void **state) {
    (void)state;
    wu_adapter *ad = make(&(wu_adapter_spec){.rank = 8, .scale = 20.0f, .num_layers = 2}, 0);
    const wu_site *q = wu_adapter_find(ad, 2, WU_LIN_Q), *up = wu_adapter_find(ad, 1, WU_LIN_UP),
                  *down = wu_adapter_find(ad, 1, WU_LIN_DOWN);
    assert_true(up->a[0] == 0x1.9948800000000p-9f && up->a[1] == -0x1.f7f3600000000p-8f &&
                up->a[64] == -0x1.7e94280000000p-4f);
    assert_true(down->a[95] == 0x1.8132780000000p-4f);
    assert_true(q->a[8 * 64 - 1] == 0x1.0ea3a00000000p-4f);
    wu_adapter_free(ad);
}

static void subsets_and_seeds(void **state) {
    (void)state;
    const uint32_t qv = 1u << WU_LIN_Q | 1u << WU_LIN_V;
    wu_adapter *a = make(&(wu_adapter_spec){.rank = 2, .scale = 1.0f, .linears = qv}, 7);
    wu_adapter *b = make(&(wu_adapter_spec){.rank = 2, .scale = 1.0f, .linears = qv}, 7);
    wu_adapter *c = make(&(wu_adapter_spec){.rank = 2, .scale = 1.0f, .linears = qv}, 8);
    assert_int_equal(a->n_site, 6);
    assert_int_equal(a->lowest, 0);
    assert_memory_equal(a->param, b->param, (size_t)a->n_param * sizeof(float));
    assert_memory_not_equal(a->param, c->param, (size_t)a->n_param * sizeof(float));
    const wu_site *s = wu_adapter_find(a, 1, WU_LIN_V);
    float worst = 0.0f;
    for (int32_t i = 0; i < s->rank * s->n_in; i++) worst = fmaxf(worst, fabsf(s->a[i]));
    assert_true(worst <= 0.125f && worst > 0.1f);
    wu_adapter_free(a);
    wu_adapter_free(b);
    wu_adapter_free(c);
}

static void wrong_wishes_are_refused(void **state) {
    (void)state;
    const wu_adapter_spec wrong[] = {{.rank = 0, .scale = 1.0f},
                                     {.rank = 8, .scale = NAN},
                                     {.rank = 17, .scale = 1.0f},
                                     {.rank = 8, .scale = 1.0f, .num_layers = 4}};
    for (size_t i = 0; i < WU_LEN(wrong); i++) {
        wu_adapter *ad = NULL;
        wu_err err = {0};
        assert_int_equal(wu_adapter_create(&ad, &dims, &wrong[i], 0, &err), WU_EARG);
        assert_null(ad);
        assert_true(err.msg[0] != 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites_follow_the_layers),
        cmocka_unit_test(a_starts_as_mlx_lm_does),
        cmocka_unit_test(subsets_and_seeds),
        cmocka_unit_test(wrong_wishes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
