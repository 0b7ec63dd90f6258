/* Adam and AdamW step by step, as mlx and torch did them (goldens/train/optimizers). */
#include "golden.h"
#include "near.h"

#include "text/json.h"
#include "train/optimizer.h"

enum { N_TENSOR = 3, MAX_NUMBERS = 64, N_STEP = 10 };
static const char *const tensor[N_TENSOR] = {"matrix", "wide", "vector"};
static const double tolerance = 2e-6;

static wu_json *read_json(const char *name) {
    char relative[256], path[4096];
    wu_json *j = NULL;
    wu_err err = {0};
    (void)snprintf(relative, sizeof(relative), "train/optimizers/%s", name);
    CHECK_OK(
        wu_json_read_file(&j, golden_path(path, sizeof(path), relative), 1 << 24, WU_EFORMAT, &err),
        err);
    return j;
}

static int flatten(const wu_json *j, float *out, int n) {
    if (wu_json_type(j) != WU_JSON_ARRAY) {
        assert_true(n < MAX_NUMBERS);
        out[n] = (float)wu_json_real(j);
        return n + 1;
    }
    for (size_t i = 0; i < wu_json_size(j); i++) n = flatten(wu_json_at(j, i), out, n);
    return n;
}

/* The three tensors one after another. */
static int collect(const wu_json *set, float *out) {
    int n = 0;
    for (int t = 0; t < N_TENSOR; t++) n = flatten(wu_json_get(set, tensor[t]), out, n);
    return n;
}

static void run(const char *file, wu_optimizer_options o) {
    need_golden("train/optimizers/problem.json");
    wu_json *problem = read_json("problem.json"), *golden = read_json(file);
    const wu_json *args = wu_json_get(golden, "arguments"),
                  *gradients = wu_json_get(problem, "gradients");
    const wu_json *rate = wu_json_get(args, "learning_rate"),
                  *after = wu_json_get(golden, "params_after_step");
    float w[MAX_NUMBERS], g[MAX_NUMBERS], want[MAX_NUMBERS];
    const int n = collect(wu_json_get(problem, "params"), w);
    wu_optimizer *opt = NULL;
    wu_compute *c = NULL;
    wu_err err = {0};
    CHECK_OK(
        wu_compute_create(
            &c, &(wu_compute_options){.n_thread = 1, .max_level = WU_LEVEL_C, .only = true}, &err),
        err);
    CHECK_OK(wu_optimizer_create(&opt, &o, n, &err), err);
    assert_int_equal(wu_json_size(after), N_STEP);
    if (!rate) rate = wu_json_get(args, "lr");
    double worst = 0.0;
    for (size_t s = 0; s < N_STEP; s++) {
        assert_int_equal(collect(wu_json_at(gradients, s), g), n);
        wu_optimizer_update(opt, c, w, g, wu_json_real(rate));
        assert_int_equal(collect(wu_json_at(after, s), want), n);
        const double d = max_diff(w, want, n);
        if (!(d <= worst)) worst = d;
    }
    print_message("%s: largest difference %.2g\n", file, worst);
    assert_true(worst <= tolerance);
    wu_optimizer_free(opt);
    wu_compute_free(c);
    wu_json_free(problem);
    wu_json_free(golden);
}

static wu_optimizer_options with(wu_optimizer_kind kind, bool correct_bias) {
    wu_optimizer_options o = wu_optimizer_defaults(kind);
    o.correct_bias = correct_bias;
    return o;
}

static void mlx_adam(void **state) {
    (void)state;
    run("mlx.adam.json", wu_optimizer_defaults(WU_ADAM));
}

static void mlx_adam_corrected(void **state) {
    (void)state;
    run("mlx.adam_bias_correction.json", with(WU_ADAM, true));
}

static void mlx_adamw(void **state) {
    (void)state;
    run("mlx.adamw.json", with(WU_ADAMW, false));
}

static void mlx_adamw_corrected(void **state) {
    (void)state;
    run("mlx.adamw_bias_correction.json", with(WU_ADAMW, true));
}

static void torch_adam(void **state) {
    (void)state;
    run("torch.adam.json", with(WU_ADAM, true));
}

static void torch_adamw(void **state) {
    (void)state;
    run("torch.adamw.json", wu_optimizer_defaults(WU_ADAMW));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mlx_adam),   cmocka_unit_test(mlx_adam_corrected),
        cmocka_unit_test(mlx_adamw),  cmocka_unit_test(mlx_adamw_corrected),
        cmocka_unit_test(torch_adam), cmocka_unit_test(torch_adamw),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
