/* Backward pass against PyTorch: adapter gradients of the tiny models, of forests with shared
 * prefixes against the separate sequences, and of SmolLM2-135M. */
#include "engines.h"

typedef struct batch {
    int32_t n_example;
    wu_tokens seq[8];
    int32_t *id[8], *mask[8], leaf[8];
    wu_target *target;
    int32_t n_target;
} batch;

static void read_batch(batch *b, const wu_json *golden) {
    const wu_json *examples = wu_json_get(golden, "examples");
    *b = (batch){.n_example = (int32_t)wu_json_size(examples)};
    assert_in_range(b->n_example, 1, 8);
    int32_t total = 0;
    for (int32_t i = 0; i < b->n_example; i++) {
        const wu_json *x = wu_json_at(examples, (size_t)i);
        int32_t n, n_mask;
        b->id[i] = ints_of(wu_json_get(x, "tokens"), &n);
        b->mask[i] = ints_of(wu_json_get(x, "mask"), &n_mask);
        assert_int_equal(n, n_mask);
        b->seq[i] = (wu_tokens){b->id[i], n, 0};
        total += n;
    }
    b->target = malloc((size_t)total * sizeof(*b->target));
    assert_non_null(b->target);
}

static void free_batch(batch *b) {
    for (int32_t i = 0; i < b->n_example; i++) {
        free(b->id[i]);
        free(b->mask[i]);
    }
    free(b->target);
}

/* Fills the engine's forest: separate roots, or merged. */
static void place(batch *b, wu_engine *e, bool merged) {
    wu_forest *f = wu_engine_forest(e);
    wu_err err = {0};
    wu_engine_clear(e);
    if (merged) CHECK_OK(wu_forest_merge(f, b->seq, b->n_example, b->leaf, &err), err);
    for (int32_t i = 0; i < b->n_example && !merged; i++)
        CHECK_OK(wu_forest_add(&b->leaf[i], f, WU_NO_PARENT, &b->seq[i], &err), err);
    b->n_target = 0;
    for (int32_t i = 0; i < b->n_example; i++)
        for (int32_t t = 1; t < b->seq[i].n_tok; t++)
            if (b->mask[i][t])
                b->target[b->n_target++] =
                    (wu_target){wu_forest_row(f, b->leaf[i], t - 1), b->id[i][t], 1.0f};
}

static const char *tensor_name(char *buf, size_t n, const wu_site *s, char which) {
    snprintf(buf, n, "grad.base_model.model.model.layers.%d.%s.lora_%c.weight", s->layer,
             wu_linear_name(s->linear), which);
    return buf;
}

static void compare_tensor(const wu_st *st, const wu_site *s, char which, const float *got,
                           int64_t n) {
    char name[160];
    int64_t count;
    float *want = tensor_f32(st, tensor_name(name, sizeof(name), s, which), &count);
    assert_int_equal(count, n);
    const double d = max_diff(got, want, n), most = max_abs(want, n);
    if (!(d <= TOL_GRAD_TINY * most)) fail_msg("%s differs by %g of %g", name, d, most);
    free(want);
}

static void compare_logits(bench_engine *b, const batch *x, const wu_st *st) {
    wu_err err = {0};
    for (int32_t i = 0; i < x->n_example; i++) {
        char name[32];
        int32_t want[64];
        const float *logits;
        int64_t count;
        wu_forest *f = wu_engine_forest(b->engine);
        for (int32_t s = 0; s < f->n_seg; s++) f->seg[s].done = 0;
        for (int32_t t = 0; t < x->seq[i].n_tok; t++) want[t] = wu_forest_row(f, x->leaf[i], t);
        CHECK_OK(wu_engine_forward(b->engine, want, x->seq[i].n_tok, &logits, &err), err);
        snprintf(name, sizeof(name), "logits.%d", i);
        float *golden = tensor_f32(st, name, &count);
        const double d = max_diff(logits, golden, count);
        if (!(d <= TOL_LOGITS_TINY)) fail_msg("%s differs by %g", name, d);
        free(golden);
    }
}

static void check_case(const char *model, const char *variant, const char *file, bool merged) {
    char dir[256], adapter[256], name[256], path[4096];
    need_goldens();
    snprintf(dir, sizeof(dir), "models/%s", model);
    snprintf(adapter, sizeof(adapter), "%s/grads/%s/%s/adapter", golden_root(), model, variant);
    const wu_engine_options o = {
        .precision = WU_F32, .max_row = 160, .max_seg = 16, .max_logits = 64, .tape = true};
    bench_engine b = open_engine(golden_path(path, sizeof(path), dir), adapter, o, 2);
    snprintf(name, sizeof(name), "grads/%s/%s/%s.json", model, variant, file);
    wu_json *golden = read_json(name);
    snprintf(name, sizeof(name), "grads/%s/%s/%s.safetensors", model, variant, file);
    wu_st *st = read_tensors(name);
    batch x;
    read_batch(&x, golden);
    place(&x, b.engine, merged);
    const int64_t counted = wu_json_int(wu_json_get(golden, "counted"));
    assert_int_equal(x.n_target, counted);
    assert_int_equal(b.adapter->lowest, wu_json_int(wu_json_get(golden, "lowest_adapted_layer")));

    float *grad = calloc((size_t)b.adapter->n_param, sizeof(*grad));
    double loss;
    wu_err err = {0};
    CHECK_OK(
        wu_engine_loss(b.engine, x.target, x.n_target, 1.0 / (double)counted, grad, &loss, &err),
        err);
    CHECK_NEAR(loss / (double)counted, wu_json_real(wu_json_get(golden, "loss")), 1e-5);
    for (int32_t i = 0; i < b.adapter->n_site; i++) {
        const wu_site *s = &b.adapter->site[i];
        const int64_t na = (int64_t)s->rank * s->n_in;
        compare_tensor(st, s, 'A', grad + s->first, na);
        compare_tensor(st, s, 'B', grad + s->first + na, (int64_t)s->rank * s->n_out);
    }
    compare_logits(&b, &x, st);
    free(grad);
    free_batch(&x);
    wu_st_close(st);
    wu_json_free(golden);
    close_engine(&b);
}

static void gradients_of_the_top_layers_agree(void **state) {
    (void)state;
    static const char *const model[] = {"mistral",    "mistral-window", "mistral-headdim",
                                        "llama-tied", "llama3-rope",    "llama-linear-rope",
                                        "qwen2"};
    for (size_t i = 0; i < WU_LEN(model); i++) check_case(model[i], "last2", "golden", false);
}

static void gradients_of_all_layers_agree(void **state) {
    (void)state;
    static const char *const model[] = {"mistral",    "mistral-window", "mistral-headdim",
                                        "llama-tied", "llama3-rope",    "llama-linear-rope",
                                        "qwen2"};
    for (size_t i = 0; i < WU_LEN(model); i++) check_case(model[i], "all", "golden", false);
}

static void a_forest_has_the_gradient_of_its_separate_examples(void **state) {
    (void)state;
    static const char *const model[] = {"mistral", "mistral-window", "llama-tied"};
    for (size_t i = 0; i < WU_LEN(model); i++) {
        check_case(model[i], "forest", "golden.answers", true);
        check_case(model[i], "forest", "golden.all_tokens", true);
        check_case(model[i], "forest", "golden.all_tokens", false);
    }
}

static double norm_of(const float *v, int64_t n) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
    return sqrt(sum);
}

/* ||got - want|| <= tolerance * ||want|| for a tensor given in full, and its norm. */
static void compare_smol(const wu_st *st, const wu_json *norms, const wu_site *s, char which,
                         const float *got, int64_t n) {
    char name[160];
    tensor_name(name, sizeof(name), s, which);
    const double want = wu_json_real(wu_json_get(norms, name + strlen("grad.")));
    const double have = norm_of(got, n);
    if (!(fabs(have - want) <= TOL_GRAD_SMOL * want))
        fail_msg("%s has norm %g, want %g", name, have, want);
    if (!wu_st_find(st, name)) return;
    int64_t count;
    float *golden = tensor_f32(st, name, &count);
    assert_int_equal(count, n);
    for (int64_t i = 0; i < n; i++) golden[i] -= got[i];
    if (!(norm_of(golden, n) <= TOL_GRAD_SMOL * want))
        fail_msg("%s differs by %g of %g", name, norm_of(golden, n), want);
    free(golden);
}

static void gradients_of_smollm2_agree(void **state) {
    (void)state;
    need_goldens();
    need_model();
    char path[4096];
    const wu_engine_options o = {.precision = WU_F32, .max_row = 1600, .max_seg = 16, .tape = true};
    bench_engine b =
        open_engine(model_path(), golden_path(path, sizeof(path), "grads/smollm2/adapter"), o, 0);
    wu_json *golden = read_json("grads/smollm2/golden.json");
    wu_st *st = read_tensors("grads/smollm2/golden.safetensors");
    batch x;
    read_batch(&x, golden);
    place(&x, b.engine, true);
    const int64_t counted = wu_json_int(wu_json_get(golden, "counted"));
    assert_int_equal(x.n_target, counted);
    float *grad = calloc((size_t)b.adapter->n_param, sizeof(*grad));
    double loss;
    wu_err err = {0};
    CHECK_OK(
        wu_engine_loss(b.engine, x.target, x.n_target, 1.0 / (double)counted, grad, &loss, &err),
        err);
    CHECK_NEAR(loss / (double)counted, wu_json_real(wu_json_get(golden, "loss")), 5e-5);
    const wu_json *norms = wu_json_get(golden, "grad_norms");
    for (int32_t i = 0; i < b.adapter->n_site; i++) {
        const wu_site *s = &b.adapter->site[i];
        const int64_t na = (int64_t)s->rank * s->n_in;
        compare_smol(st, norms, s, 'A', grad + s->first, na);
        compare_smol(st, norms, s, 'B', grad + s->first + na, (int64_t)s->rank * s->n_out);
    }
    free(grad);
    free_batch(&x);
    wu_st_close(st);
    wu_json_free(golden);
    close_engine(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_the_top_layers_agree),
        cmocka_unit_test(gradients_of_all_layers_agree),
        cmocka_unit_test(a_forest_has_the_gradient_of_its_separate_examples),
        cmocka_unit_test(gradients_of_smollm2_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
