/* The engine on the tiny models of the tree: a forest equals its paths, growing equals adding at
 * once, threads change no bit, gradients equal finite differences, NaN weights are named. */
#include "engines.h"

#include "base/file.h"
#include "base/rng.h"

#include <unistd.h>

static const char *const models[] = {"tests/data/tiny-llama", "tests/data/tiny-mistral",
                                     "tests/data/tiny-qwen2"};
enum { N_MODEL = 3, VOCAB = 300, MAX_SEQ = 6, MAX_LEN = 50 };

/* Logits of another order of summation, f32; seen: 2e-6 at logits of about 5. */
#define TOL_ORDER 2e-5

typedef struct random_batch {
    int32_t n, id[MAX_SEQ][MAX_LEN], leaf[MAX_SEQ];
    wu_tokens seq[MAX_SEQ];
} random_batch;

/* Sequences that share beginnings of random length. */
static void fill(random_batch *b, wu_rng *r) {
    b->n = 2 + (int32_t)wu_rng_below(r, MAX_SEQ - 1);
    for (int32_t i = 0; i < b->n; i++) {
        const int32_t len = 2 + (int32_t)wu_rng_below(r, MAX_LEN - 2);
        for (int32_t t = 0; t < len; t++) b->id[i][t] = (int32_t)wu_rng_below(r, VOCAB);
        if (i) {
            const int32_t from = (int32_t)wu_rng_below(r, (uint32_t)i);
            const int32_t share =
                (int32_t)wu_rng_below(r, (uint32_t)WU_MIN(b->seq[from].n_tok, len) + 1);
            memcpy(b->id[i], b->id[from], (size_t)share * sizeof(int32_t));
        }
        b->seq[i] = (wu_tokens){b->id[i], len, 0};
    }
}

static wu_adapter *random_adapter(const wu_model *m, uint64_t seed) {
    const wu_adapter_dims dims = wu_model_dims(m);
    const wu_adapter_spec spec = {.rank = 4, .scale = 2.0f};
    wu_adapter *ad;
    wu_err err = {0};
    CHECK_OK(wu_adapter_create(&ad, &dims, &spec, seed, &err), err);
    wu_rng r = wu_rng_init(seed, 5);
    for (int64_t i = 0; i < ad->n_param; i++) ad->param[i] = 0.1f * (float)wu_rng_normal(&r);
    return ad;
}

typedef struct rig {
    wu_compute *c;
    wu_model *m;
    wu_adapter *ad;
    wu_engine *e;
} rig;

static rig open_rig(const char *model, int threads, wu_dtype precision, bool tape,
                    int32_t max_batch) {
    rig g = {0};
    wu_err err = {0};
    CHECK_OK(
        wu_compute_create(
            &g.c, &(wu_compute_options){.n_thread = threads, .max_level = WU_N_LEVEL - 1}, &err),
        err);
    CHECK_OK(wu_model_load(&g.m, model, &err), err);
    g.ad = random_adapter(g.m, 3);
    const wu_engine_options o = {.model = g.m,
                                 .compute = g.c,
                                 .adapter = g.ad,
                                 .precision = precision,
                                 .max_row = 400,
                                 .max_seg = 40,
                                 .max_batch = max_batch,
                                 .max_logits = MAX_LEN,
                                 .tape = tape};
    CHECK_OK(wu_engine_create(&g.e, &o, &err), err);
    assert_true(wu_engine_bytes(&o) > 0);
    return g;
}

static void close_rig(rig *g) {
    wu_engine_free(g->e);
    wu_adapter_free(g->ad);
    wu_model_free(g->m);
    wu_compute_free(g->c);
}

/* Logits [n_tok][VOCAB] of every token of a sequence that ends in leaf, by one forward from
 * scratch. */
static float *logits_of(wu_engine *e, int32_t leaf, int32_t n_tok) {
    wu_forest *f = wu_engine_forest(e);
    int32_t want[MAX_LEN];
    const float *logits;
    wu_err err = {0};
    for (int32_t s = 0; s < f->n_seg; s++) f->seg[s].done = 0;
    for (int32_t t = 0; t < n_tok; t++) want[t] = wu_forest_row(f, leaf, t);
    CHECK_OK(wu_engine_forward(e, want, n_tok, &logits, &err), err);
    float *copy = malloc((size_t)n_tok * VOCAB * sizeof(*copy));
    assert_non_null(copy);
    memcpy(copy, logits, (size_t)n_tok * VOCAB * sizeof(*copy));
    return copy;
}

static void a_forest_has_the_logits_of_its_paths(void **state) {
    (void)state;
    wu_rng r = wu_rng_init(1, 0);
    for (int k = 0; k < N_MODEL; k++) {
        rig g = open_rig(models[k], 2, WU_F32, false, 0);
        for (int round = 0; round < 8; round++) {
            random_batch b;
            wu_err err = {0};
            fill(&b, &r);
            for (int32_t i = 0; i < b.n; i++) {
                wu_engine_clear(g.e);
                float *alone =
                    logits_of(g.e, add_root(g.e, b.id[i], b.seq[i].n_tok, 0), b.seq[i].n_tok);
                wu_engine_clear(g.e);
                CHECK_OK(wu_forest_merge(wu_engine_forest(g.e), b.seq, b.n, b.leaf, &err), err);
                float *shared = logits_of(g.e, b.leaf[i], b.seq[i].n_tok);
                assert_true(max_diff(alone, shared, (int64_t)b.seq[i].n_tok * VOCAB) <= TOL_ORDER);
                free(shared);
                free(alone);
            }
        }
        close_rig(&g);
    }
}

/* Loss and gradient of a batch; every token but the first is a target. */
static double gradient(rig *g, random_batch *b, bool merged, float *grad) {
    wu_forest *f = wu_engine_forest(g->e);
    wu_target target[MAX_SEQ * MAX_LEN];
    int32_t n = 0;
    double loss;
    wu_err err = {0};
    wu_engine_clear(g->e);
    if (merged) CHECK_OK(wu_forest_merge(f, b->seq, b->n, b->leaf, &err), err);
    for (int32_t i = 0; i < b->n; i++) {
        if (!merged) b->leaf[i] = add_root(g->e, b->id[i], b->seq[i].n_tok, 0);
        for (int32_t t = 1; t < b->seq[i].n_tok; t++)
            target[n++] = (wu_target){wu_forest_row(f, b->leaf[i], t - 1), b->id[i][t],
                                      0.5f + (float)(t % 3)};
    }
    if (grad) memset(grad, 0, (size_t)g->ad->n_param * sizeof(*grad));
    CHECK_OK(wu_engine_loss(g->e, target, n, 0.125, grad, &loss, &err), err);
    return loss;
}

static void a_forest_has_the_gradient_of_its_paths(void **state) {
    (void)state;
    wu_rng r = wu_rng_init(2, 0);
    for (int k = 0; k < N_MODEL; k++) {
        rig g = open_rig(models[k], 2, WU_F32, true, 0);
        float *one = malloc((size_t)g.ad->n_param * 4), *all = malloc((size_t)g.ad->n_param * 4);
        for (int round = 0; round < 5; round++) {
            random_batch b;
            fill(&b, &r);
            const double apart = gradient(&g, &b, false, one),
                         together = gradient(&g, &b, true, all);
            CHECK_NEAR(together, apart, 1e-6);
            assert_true(max_diff(one, all, g.ad->n_param) <=
                        TOL_GRAD_TINY * max_abs(one, g.ad->n_param));
        }
        free(all);
        free(one);
        close_rig(&g);
    }
}

static void gradients_equal_finite_differences(void **state) {
    (void)state;
    wu_rng r = wu_rng_init(3, 0);
    for (int k = 0; k < N_MODEL; k++) {
        rig g = open_rig(models[k], 2, WU_F32, true, 0);
        float *grad = malloc((size_t)g.ad->n_param * 4);
        random_batch b;
        fill(&b, &r);
        gradient(&g, &b, true, grad);
        const double most = max_abs(grad, g.ad->n_param);
        for (int i = 0; i < 60; i++) {
            float *p = &g.ad->param[wu_rng_below(&r, (uint32_t)g.ad->n_param)], keep = *p;
            const float eps = 1e-2f;
            *p = keep + eps;
            const double up = gradient(&g, &b, true, NULL);
            *p = keep - eps;
            const double down = gradient(&g, &b, true, NULL);
            *p = keep;
            const double slope = (up - down) / (2.0 * (double)eps) * 0.125;
            const double d = fabs(slope - (double)grad[p - g.ad->param]);
            if (!(d <= 5e-3 * most + 1e-3))
                fail_msg("%s: slope %g, gradient %g", models[k], slope,
                         (double)grad[p - g.ad->param]);
        }
        free(grad);
        close_rig(&g);
    }
}

static void threads_change_no_bit(void **state) {
    (void)state;
    for (int k = 0; k < N_MODEL; k++)
        for (int precision = 0; precision < 2; precision++) {
            float *first = NULL;
            double loss1 = 0.0;
            for (int threads = 1; threads <= 3; threads++) {
                wu_rng r = wu_rng_init(4, 0);
                rig g = open_rig(models[k], threads, precision ? WU_BF16 : WU_F32, true, 0);
                float *grad = malloc((size_t)g.ad->n_param * 4);
                random_batch b;
                fill(&b, &r);
                const double loss = gradient(&g, &b, true, grad);
                if (threads == 1) {
                    first = grad;
                    loss1 = loss;
                } else {
                    assert_true(loss == loss1);
                    assert_memory_equal(grad, first, (size_t)g.ad->n_param * 4);
                    free(grad);
                }
                close_rig(&g);
            }
            free(first);
        }
}

static void growing_token_by_token_equals_adding_at_once(void **state) {
    (void)state;
    wu_rng r = wu_rng_init(5, 0);
    for (int k = 0; k < N_MODEL; k++) {
        rig g = open_rig(models[k], 2, WU_F32, false, 0);
        random_batch b;
        wu_err err = {0};
        fill(&b, &r);
        const int32_t n = b.seq[0].n_tok;
        wu_engine_clear(g.e);
        float *at_once = logits_of(g.e, add_root(g.e, b.id[0], n, 0), n);
        wu_engine_clear(g.e);
        const int32_t seg = add_root(g.e, b.id[0], 1, n);
        for (int32_t t = 0; t < n; t++) {
            const float *logits;
            CHECK_OK(wu_engine_forward(g.e, &t, 1, &logits, &err), err);
            assert_true(max_diff(logits, at_once + (int64_t)t * VOCAB, VOCAB) <= TOL_ORDER);
            if (t + 1 < n)
                CHECK_OK(wu_forest_push(wu_engine_forest(g.e), seg, b.id[0][t + 1], &err), err);
        }
        free(at_once);
        close_rig(&g);
    }
}

static void long_prompts_in_pieces_give_the_same(void **state) {
    (void)state;
    for (int k = 0; k < N_MODEL; k++) {
        rig whole = open_rig(models[k], 2, WU_F32, false, 0),
            parts = open_rig(models[k], 2, WU_F32, false, 13);
        int32_t id[390], want[2] = {0, 389};
        wu_rng r = wu_rng_init(6, 0);
        wu_err err = {0};
        for (int i = 0; i < 390; i++) id[i] = (int32_t)wu_rng_below(&r, VOCAB);
        const float *a, *b;
        add_root(whole.e, id, 390, 0);
        add_root(parts.e, id, 390, 0);
        CHECK_OK(wu_engine_forward(whole.e, want, 2, &a, &err), err);
        CHECK_OK(wu_engine_forward(parts.e, want, 2, &b, &err), err);
        assert_true(max_diff(a, b, 2 * VOCAB) <= TOL_ORDER);
        close_rig(&parts);
        close_rig(&whole);
    }
}

/* Evaluates a trunk with the given branches; returns the logits at the end of the first one. */
static float *branch_logits(wu_engine *e, const int32_t *trunk, const wu_tokens *branch, int n) {
    static float out[VOCAB];
    int32_t root, first, other;
    const float *logits;
    wu_err err = {0};
    wu_forest *f = wu_engine_forest(e);
    wu_engine_clear(e);
    CHECK_OK(wu_forest_add(&root, f, WU_NO_PARENT, &(wu_tokens){trunk, 30, 0}, &err), err);
    CHECK_OK(wu_forest_add(&first, f, root, &branch[0], &err), err);
    for (int i = 1; i < n; i++) CHECK_OK(wu_forest_add(&other, f, root, &branch[i], &err), err);
    const int32_t want = f->seg[first].row + f->seg[first].n_tok - 1;
    CHECK_OK(wu_engine_forward(e, &want, 1, &logits, &err), err);
    memcpy(out, logits, sizeof(out));
    return out;
}

static void branches_do_not_see_each_other(void **state) {
    (void)state;
    wu_rng r = wu_rng_init(7, 0);
    int32_t id[4][30];
    for (int i = 0; i < 120; i++) id[i / 30][i % 30] = (int32_t)wu_rng_below(&r, VOCAB);
    const wu_tokens all[] = {{id[1], 9, 0}, {id[2], 20, 0}, {id[3], 5, 0}};
    const wu_tokens swapped[] = {{id[1], 9, 0}, {id[3], 5, 0}, {id[2], 20, 0}};
    for (int k = 0; k < N_MODEL; k++) {
        rig g = open_rig(models[k], 2, WU_F32, false, 0);
        float alone[VOCAB], three[VOCAB];
        memcpy(alone, branch_logits(g.e, id[0], all, 1), sizeof(alone));
        memcpy(three, branch_logits(g.e, id[0], all, 3), sizeof(three));
        assert_true(max_diff(alone, three, VOCAB) <= TOL_ORDER);
        assert_true(max_diff(three, branch_logits(g.e, id[0], swapped, 3), VOCAB) <= TOL_ORDER);
        close_rig(&g);
    }
}

static void a_dropped_branch_leaves_no_trace(void **state) {
    (void)state;
    wu_rng r = wu_rng_init(8, 0);
    int32_t id[3][30], root, seg;
    wu_err err = {0};
    for (int i = 0; i < 90; i++) id[i / 30][i % 30] = (int32_t)wu_rng_below(&r, VOCAB);
    for (int k = 0; k < N_MODEL; k++) {
        rig g = open_rig(models[k], 2, WU_F32, false, 0);
        wu_forest *f = wu_engine_forest(g.e);
        float result[2][VOCAB];
        for (int with = 0; with < 2; with++) {
            const float *logits;
            wu_engine_clear(g.e);
            CHECK_OK(wu_forest_add(&root, f, WU_NO_PARENT, &(wu_tokens){id[0], 30, 0}, &err), err);
            CHECK_OK(wu_engine_forward(g.e, NULL, 0, NULL, &err), err);
            if (with) {
                CHECK_OK(wu_forest_add(&seg, f, root, &(wu_tokens){id[1], 30, 0}, &err), err);
                CHECK_OK(wu_engine_forward(g.e, NULL, 0, NULL, &err), err);
                wu_forest_cut(f, 1);
            }
            CHECK_OK(wu_forest_add(&seg, f, root, &(wu_tokens){id[2], 12, 0}, &err), err);
            const int32_t want = f->seg[seg].row + 11;
            CHECK_OK(wu_engine_forward(g.e, &want, 1, &logits, &err), err);
            memcpy(result[with], logits, sizeof(result[with]));
        }
        assert_memory_equal(result[0], result[1], sizeof(result[0]));
        close_rig(&g);
    }
}

static void bf16_stays_near_f32(void **state) {
    (void)state;
    for (int k = 0; k < N_MODEL; k++) {
        wu_rng r = wu_rng_init(9, 0);
        rig a = open_rig(models[k], 2, WU_F32, true, 0),
            b = open_rig(models[k], 2, WU_BF16, true, 0);
        float *ga = malloc((size_t)a.ad->n_param * 4), *gb = malloc((size_t)a.ad->n_param * 4);
        random_batch x;
        fill(&x, &r);
        const double exact = gradient(&a, &x, true, ga);
        CHECK_NEAR(gradient(&b, &x, true, gb), exact, 3e-3);
        assert_true(max_diff(ga, gb, a.ad->n_param) <= 0.05 * max_abs(ga, a.ad->n_param));
        free(gb);
        free(ga);
        close_rig(&b);
        close_rig(&a);
    }
}

/* A copy of tiny-llama in dir with one number of one tensor replaced by NaN. */
static void copy_with_nan(const char *dir, const char *tensor) {
    char from[4096], to[4096];
    wu_err err = {0};
    wu_buf config = {0};
    CHECK_OK(wu_read_file(&config, "tests/data/tiny-llama/config.json", 1 << 20, &err), err);
    snprintf(to, sizeof(to), "%s/config.json", dir);
    CHECK_OK(wu_write_file(to, config.p, config.n, &err), err);
    wu_buf_free(&config);
    snprintf(from, sizeof(from), "tests/data/tiny-llama/model.safetensors");
    wu_st *st;
    CHECK_OK(wu_st_open(&st, from, &err), err);
    wu_tensor t[64];
    const int32_t n = wu_st_count(st);
    assert_in_range(n, 1, 64);
    float *bad = NULL;
    for (int32_t i = 0; i < n; i++) {
        t[i] = *wu_st_at(st, i);
        if (strcmp(t[i].name, tensor)) continue;
        bad = malloc(t[i].bytes);
        memcpy(bad, t[i].data, t[i].bytes);
        for (size_t j = 0; j < t[i].bytes / sizeof(float); j++) bad[j] = (float)NAN;
        t[i].data = bad;
    }
    assert_non_null(bad);
    snprintf(to, sizeof(to), "%s/model.safetensors", dir);
    CHECK_OK(wu_st_write(to, t, n, NULL, &err), err);
    free(bad);
    wu_st_close(st);
}

static void nan_weights_are_found_and_named(void **state) {
    (void)state;
    static const struct {
        const char *tensor, *words;
    } cases[] = {{"model.embed_tokens.weight", "embedding"},
                 {"model.layers.1.mlp.up_proj.weight", "model.layers.1"},
                 {"model.layers.0.self_attn.q_proj.weight", "model.layers.0"},
                 {"model.norm.weight", "final norm"}};
    char dir[] = "/tmp/wu-nan-XXXXXX", path[4096];
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        copy_with_nan(dir, cases[i].tensor);
        rig g = open_rig(dir, 2, WU_F32, true, 0);
        wu_err err = {0};
        const int32_t id[3] = {5, 6, 7}, last = 2;
        const float *logits;
        double loss;
        add_root(g.e, id, 3, 0);
        assert_int_equal(wu_engine_forward(g.e, &last, 1, &logits, &err), WU_EFORMAT);
        if (!strstr(err.msg, cases[i].words)) fail_msg("%s: \"%s\"", cases[i].tensor, err.msg);
        wu_engine_clear(g.e);
        add_root(g.e, id, 3, 0);
        const wu_target target = {1, 7, 1.0f};
        assert_int_equal(wu_engine_loss(g.e, &target, 1, 1.0, NULL, &loss, &err), WU_EFORMAT);
        assert_non_null(strstr(err.msg, cases[i].words));
        close_rig(&g);
    }
    snprintf(path, sizeof(path), "%s/config.json", dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/model.safetensors", dir);
    unlink(path);
    rmdir(dir);
}

static void wrong_calls_are_refused(void **state) {
    (void)state;
    rig g = open_rig(models[0], 1, WU_F32, false, 0);
    wu_err err = {0};
    const float *logits;
    double loss;
    const int32_t id[3] = {5, 6, 999}, far = 77;
    add_root(g.e, id, 3, 0);
    assert_int_equal(wu_engine_forward(g.e, NULL, 0, NULL, &err), WU_EARG); /* token 999 */
    wu_engine_clear(g.e);
    add_root(g.e, id, 2, 0);
    assert_int_equal(wu_engine_forward(g.e, &far, 1, &logits, &err), WU_EARG);
    const wu_target target = {0, 6, 1.0f}, wrong = {9, 6, 1.0f};
    float grad;
    wu_engine_clear(g.e);
    add_root(g.e, id, 2, 0);
    assert_int_equal(wu_engine_loss(g.e, &wrong, 1, 1.0, NULL, &loss, &err), WU_EARG);
    assert_int_equal(wu_engine_loss(g.e, &target, 1, 1.0, &grad, &loss, &err),
                     WU_EARG); /* no tape */
    CHECK_OK(wu_engine_loss(g.e, &target, 1, 1.0, NULL, &loss, &err), err);
    assert_int_equal(wu_engine_loss(g.e, &target, 1, 1.0, NULL, &loss, &err),
                     WU_EARG); /* evaluated */
    wu_model *m;
    assert_int_equal(wu_model_load(&m, "/no/such/model.gguf", &err), WU_EIO);
    assert_int_equal(wu_model_load(&m, "tests/data", &err), WU_EIO);
    assert_null(m);
    close_rig(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forest_has_the_logits_of_its_paths),
        cmocka_unit_test(a_forest_has_the_gradient_of_its_paths),
        cmocka_unit_test(gradients_equal_finite_differences),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(growing_token_by_token_equals_adding_at_once),
        cmocka_unit_test(long_prompts_in_pieces_give_the_same),
        cmocka_unit_test(branches_do_not_see_each_other),
        cmocka_unit_test(a_dropped_branch_leaves_no_trace),
        cmocka_unit_test(bf16_stays_near_f32),
        cmocka_unit_test(nan_weights_are_found_and_named),
        cmocka_unit_test(wrong_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
