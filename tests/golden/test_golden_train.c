/* Twenty steps of training as PEFT and mlx-lm did them: losses, gradient norms, final adapters
 * (goldens/train and its README, where the tolerances come from). */
#include "golden.h"
#include "near.h"

#include "base/file.h"
#include "formats/quant.h"
#include "formats/safetensors.h"
#include "formats/vocab.h"
#include "train/order.h"
#include "train/share.h"
#include "train/trainer.h"

enum { BATCH = 4 };

/* One recorded run and what it needs. */
typedef struct run {
    const char *folder; /* "train/tiny" */
    wu_model *model;
    wu_compute *compute;
    wu_adapter *adapter;
    float *initial; /* [n_param] */
    wu_trainer *trainer;
    wu_dataset *data;
    wu_json *golden;
} run;

static wu_json *read_json(const char *folder, const char *name) {
    char relative[256], path[4096];
    wu_json *j = NULL;
    wu_err err = {0};
    (void)snprintf(relative, sizeof(relative), "%s/%s", folder, name);
    need_golden(relative);
    CHECK_OK(
        wu_json_read_file(&j, golden_path(path, sizeof(path), relative), 1 << 26, WU_EFORMAT, &err),
        err);
    return j;
}

static void add_example(wu_dataset *d, const wu_json *tokens, int32_t n, int32_t answer,
                        int32_t after) {
    int32_t id[1024];
    wu_err err = {0};
    assert_true(n <= 1024 && (size_t)n <= wu_json_size(tokens));
    for (int32_t i = 0; i < n; i++) id[i] = (int32_t)wu_json_int(wu_json_at(tokens, (size_t)i));
    const wu_example ex = {.n_tok = n, .answer = answer, .after = after, .weight = 1.0f};
    CHECK_OK(wu_dataset_add(d, id, &ex, &err), err);
}

/* The examples of a PEFT run, in the order of its batches. */
static wu_dataset *peft_data(const char *tokens_file) {
    wu_json *tokens = read_json("train", tokens_file), *order = read_json("train", "order.json");
    wu_dataset *d = NULL;
    wu_err err = {0};
    CHECK_OK(wu_dataset_create(&d, NULL, &err), err);
    for (size_t b = 0; b < wu_json_size(order); b++)
        for (size_t k = 0; k < BATCH; k++) {
            const wu_json *batch = wu_json_at(order, b);
            const wu_json *ex = wu_json_at(tokens, (size_t)wu_json_int(wu_json_at(batch, k)));
            const wu_json *id = wu_json_get(ex, "tokens");
            add_example(d, id, (int32_t)wu_json_size(id),
                        (int32_t)wu_json_int(wu_json_get(ex, "offset")), WU_NO_TOKEN);
        }
    wu_json_free(tokens);
    wu_json_free(order);
    return d;
}

/* mlx-lm's recorded batches: a row counts its targets from offset on and the pad token behind it.
 */
static wu_dataset *mlx_data(const char *folder) {
    wu_json *batches = read_json(folder, "mlx.batches.json");
    wu_dataset *d = NULL;
    wu_err err = {0};
    CHECK_OK(wu_dataset_create(&d, NULL, &err), err);
    for (size_t b = 0; b < wu_json_size(batches); b++) {
        const wu_json *batch = wu_json_at(batches, b), *lengths = wu_json_get(batch, "lengths");
        const int64_t width = wu_json_int(wu_json_get(batch, "width"));
        for (size_t k = 0; k < BATCH; k++) {
            const wu_json *pair = wu_json_at(lengths, k);
            const int32_t offset = (int32_t)wu_json_int(wu_json_at(pair, 0));
            const int32_t n = (int32_t)wu_json_int(wu_json_at(pair, 1));
            assert_true(n < width);
            add_example(d, wu_json_at(wu_json_get(batch, "tokens"), k), n, offset, 0);
        }
    }
    wu_json_free(batches);
    return d;
}

/* Model, initial adapter (A of it alone where b is not kept) and trainer. */
static void open_run(run *r, const char *model, const char *adapter, bool keep_b, float scale,
                     wu_optimizer_kind optimizer) {
    char path[4096];
    wu_err err = {0};
    CHECK_OK(wu_model_load(&r->model, model, &err), err);
    const wu_adapter_dims dims = wu_model_dims(r->model);
    CHECK_OK(wu_adapter_load(&r->adapter, golden_path(path, sizeof(path), adapter), &dims, &err),
             err);
    for (int32_t i = 0; i < r->adapter->n_site; i++) {
        wu_site *s = &r->adapter->site[i];
        s->scale = scale;
        if (!keep_b) memset(s->b, 0, (size_t)s->rank * (size_t)s->n_out * sizeof(*s->b));
    }
    const size_t bytes = (size_t)r->adapter->n_param * sizeof(float);
    r->initial = malloc(bytes);
    assert_non_null(r->initial);
    memcpy(r->initial, r->adapter->param, bytes);
    CHECK_OK(
        wu_compute_create(&r->compute, &(wu_compute_options){.max_level = WU_N_LEVEL - 1}, &err),
        err);
    const wu_trainer_options o = {.model = r->model,
                                  .compute = r->compute,
                                  .adapter = r->adapter,
                                  .precision = WU_F32,
                                  .max_row = 2048,
                                  .max_example = BATCH,
                                  .optimizer = wu_optimizer_defaults(optimizer)};
    CHECK_OK(wu_trainer_create(&r->trainer, &o, &err), err);
}

static void close_run(run *r) {
    wu_trainer_free(r->trainer);
    wu_compute_free(r->compute);
    wu_adapter_free(r->adapter);
    wu_model_free(r->model);
    wu_dataset_free(r->data);
    wu_json_free(r->golden);
    free(r->initial);
    memset(r, 0, sizeof(*r));
}

/* All recorded steps; loss_tol absolute, norm_tol relative. */
static void train(run *r, double loss_tol, double norm_tol) {
    const wu_json *losses = wu_json_get(r->golden, "losses"),
                  *norms = wu_json_get(r->golden, "gradient_norms");
    const wu_json *counted = wu_json_get(r->golden, "counted");
    const double rate = wu_json_real(wu_json_get(r->golden, "learning_rate"));
    const size_t n_step = wu_json_size(losses);
    double worst = 0.0, worst_norm = 0.0;
    assert_true(n_step >= 10);
    for (size_t s = 0; s < n_step; s++) {
        const int32_t first = BATCH * (int32_t)s,
                      index[BATCH] = {first, first + 1, first + 2, first + 3};
        wu_tally t = {0};
        wu_err err = {0};
        CHECK_OK(wu_trainer_add(r->trainer, r->data, index, BATCH, 1.0, &t, &err), err);
        const double d = fabs(t.loss / t.weight - wu_json_real(wu_json_at(losses, s)));
        if (!(d <= worst)) worst = d;
        if (norms) {
            const double want = wu_json_real(wu_json_at(norms, s));
            const double e = fabs(wu_trainer_grad_norm(r->trainer) - want) / want;
            if (!(e <= worst_norm)) worst_norm = e;
        }
        if (counted) assert_int_equal(t.target, wu_json_int(wu_json_at(counted, s)));
        wu_trainer_update(r->trainer, rate);
    }
    print_message("%s: losses within %.2g, gradient norms within %.2g of themselves\n", r->folder,
                  worst, worst_norm);
    assert_true(worst <= loss_tol);
    assert_true(worst_norm <= norm_tol);
}

/* The site and half of a tensor's name; false for other names. */
static const float *find_half(const wu_adapter *ad, const char *name, const float **initial,
                              const float *start, int32_t *rows, int32_t *cols) {
    for (int32_t i = 0; i < ad->n_site; i++) {
        const wu_site *s = &ad->site[i];
        char module[64];
        (void)snprintf(module, sizeof(module), "layers.%d.%s.lora_", s->layer,
                       wu_linear_name(s->linear));
        const char *at = strstr(name, module);
        if (!at) continue;
        const char half = at[strlen(module)];
        const bool is_a = half == 'a' || half == 'A';
        const float *x = is_a ? s->a : s->b;
        *rows = is_a ? s->rank : s->n_out;
        *cols = is_a ? s->n_in : s->rank;
        *initial = start + (x - ad->param);
        return x;
    }
    fail_msg("no site for %s", name);
    return NULL;
}

/* Compares all tensors of the file: the largest difference, and the norm of the difference over
 * that of the change. */
static void compare_final(const run *r, const char *file, double absolute_tol,
                          double relative_tol) {
    char relative[256], path[4096];
    wu_st *st = NULL;
    wu_err err = {0};
    double worst_abs = 0.0, worst_rel = 0.0;
    (void)snprintf(relative, sizeof(relative), "%s/%s", r->folder, file);
    CHECK_OK(wu_st_open(&st, golden_path(path, sizeof(path), relative), &err), err);
    assert_true(wu_st_count(st) >= 6);
    for (int32_t k = 0; k < wu_st_count(st); k++) {
        const wu_tensor *t = wu_st_at(st, k);
        int32_t rows = 0, cols = 0;
        const float *start = NULL,
                    *mine = find_half(r->adapter, t->name, &start, r->initial, &rows, &cols);
        const bool transposed = strstr(t->name, ".lora_a") || strstr(t->name, ".lora_b");
        float *want = malloc((size_t)rows * (size_t)cols * sizeof(*want));
        double off = 0.0, change = 0.0;
        assert_non_null(want);
        assert_int_equal(t->dim[0], transposed ? cols : rows);
        CHECK_OK(wu_tensor_to_f32(want, t, &err), err);
        for (int32_t i = 0; i < rows; i++)
            for (int32_t j = 0; j < cols; j++) {
                const double w =
                    (double)want[transposed ? (int64_t)j * rows + i : (int64_t)i * cols + j];
                const int64_t at = (int64_t)i * cols + j;
                const double d = (double)mine[at] - w, c = w - (double)start[at];
                off += d * d;
                change += c * c;
                if (!(fabs(d) <= worst_abs)) worst_abs = fabs(d);
            }
        if (!(sqrt(off / change) <= worst_rel)) worst_rel = sqrt(off / change);
        free(want);
    }
    print_message("%s: final adapter within %.2g, %.2g of the change\n", relative, worst_abs,
                  worst_rel);
    assert_true(worst_abs <= absolute_tol);
    assert_true(worst_rel <= relative_tol);
    wu_st_close(st);
}

/* Norms of the change of every tensor. */
static void compare_norms(const run *r, double tol) {
    const wu_json *norms = wu_json_get(r->golden, "change_norms");
    double worst = 0.0;
    int n = 0;
    for (void *it = wu_json_first(norms); it; it = wu_json_next(norms, it), n++) {
        const double want = wu_json_real(wu_json_value(it));
        int32_t rows = 0, cols = 0;
        const float *start = NULL, *mine = find_half(r->adapter, wu_json_key(it).p, &start,
                                                     r->initial, &rows, &cols);
        double sum = 0.0;
        for (int64_t i = 0; i < (int64_t)rows * cols; i++) {
            const double d = (double)mine[i] - (double)start[i];
            sum += d * d;
        }
        const double e = fabs(sqrt(sum) - want) / want;
        if (!(e <= worst)) worst = e;
    }
    print_message("%s: %d norms of change within %.2g of themselves\n", r->folder, n, worst);
    assert_int_equal(n, 2 * r->adapter->n_site);
    assert_true(worst <= tol);
}

/* From text to batches as mlx-lm makes them: the recorded tokens and offsets of all examples, and
 * the recorded batches of seed 0. */
static void smollm2_text_and_batches(void **state) {
    (void)state;
    char path[4096];
    wu_vocab *vocab = NULL;
    wu_tokenizer *t = NULL;
    wu_dataset *mine = NULL, *batches = NULL;
    wu_order *order = NULL;
    wu_err err = {0};
    need_model();
    wu_json *golden = read_json("train", "smollm2.tokens.json");
    CHECK_OK(wu_vocab_read(&vocab, model_path(), &err), err);
    CHECK_OK(wu_tokenizer_create(&t, vocab, &err), err);
    const wu_data_options o = {.tokenizer = t,
                               .chat = wu_chat_detect(wu_tokenizer_vocab(t)->chat_template, t),
                               .mask_prompt = true,
                               .pad_target = true,
                               .max_seq_length = 2048};
    CHECK_OK(wu_dataset_read(&mine, golden_path(path, sizeof(path), "train/data.jsonl"), &o, &err),
             err);
    assert_int_equal(mine->n, wu_json_size(golden));
    assert_int_equal(mine->n_group, 4);
    for (int32_t i = 0; i < mine->n; i++) {
        const wu_json *ex = wu_json_at(golden, (size_t)i), *id = wu_json_get(ex, "tokens");
        const wu_tokens got = wu_dataset_tokens(mine, i);
        assert_int_equal(mine->ex[i].answer, wu_json_int(wu_json_get(ex, "offset")));
        assert_int_equal(got.n_tok, wu_json_size(id));
        for (int32_t k = 0; k < got.n_tok; k++)
            assert_int_equal(got.id[k], wu_json_int(wu_json_at(id, (size_t)k)));
    }
    batches = mlx_data("train/smollm2");
    CHECK_OK(wu_order_create(&order, mine, WU_ORDER_MLX, BATCH, 0, &err), err);
    for (int32_t i = 0; i < batches->n; i += BATCH) {
        const int32_t *index = NULL;
        assert_int_equal(wu_order_next(order, &index), BATCH);
        for (int32_t k = 0; k < BATCH; k++) {
            const wu_tokens want = wu_dataset_tokens(batches, i + k),
                            got = wu_dataset_tokens(mine, index[k]);
            assert_int_equal(wu_tokens_compare(&got, &want), 0);
            assert_int_equal(wu_dataset_targets(mine, index[k]),
                             wu_dataset_targets(batches, i + k));
        }
    }
    wu_order_free(order);
    wu_dataset_free(mine);
    wu_dataset_free(batches);
    wu_tokenizer_free(t);
    wu_json_free(golden);
}

static const double any = 1e30;

static void tiny_peft(void **state) {
    (void)state;
    char path[4096];
    run r = {.folder = "train/tiny"};
    r.golden = read_json(r.folder, "peft.json");
    r.data = peft_data("tiny.tokens.json");
    open_run(&r, golden_path(path, sizeof(path), "models/llama-tied"), "train/tiny/initial", true,
             2.0f, WU_ADAMW);
    train(&r, 1e-4, any);
    compare_final(&r, "peft.final.safetensors", any, 0.02);
    close_run(&r);
}

static void tiny_mlx(void **state) {
    (void)state;
    static const char *const file[][2] = {{"mlx.1e-05.json", "mlx.1e-05.final.safetensors"},
                                          {"mlx.0.0001.json", "mlx.0.0001.final.safetensors"}};
    for (size_t i = 0; i < WU_LEN(file); i++) {
        char path[4096];
        run r = {.folder = "train/tiny"};
        r.golden = read_json(r.folder, file[i][0]);
        r.data = mlx_data(r.folder);
        open_run(&r, golden_path(path, sizeof(path), "models/llama-tied"), "train/tiny/initial",
                 true, 2.0f, WU_ADAM);
        train(&r, 2e-5, any);
        compare_final(&r, file[i][1], 2e-5, any);
        close_run(&r);
    }
}

static void smollm2_peft(void **state) {
    (void)state;
    need_model();
    run r = {.folder = "train/smollm2"};
    r.golden = read_json(r.folder, "peft.json");
    r.data = peft_data("smollm2.tokens.json");
    open_run(&r, model_path(), "grads/smollm2/adapter", false, 2.0f, WU_ADAMW);
    train(&r, 5e-4, 1e-3);
    compare_norms(&r, 0.005);
    compare_final(&r, "peft.final.safetensors", any, 0.01);
    close_run(&r);
}

static void smollm2_mlx(void **state) {
    (void)state;
    static const char *const file[][2] = {{"mlx.1e-05.json", "mlx.1e-05.final.safetensors"},
                                          {"mlx.0.0001.json", "mlx.0.0001.final.safetensors"}};
    need_model();
    for (size_t i = 0; i < WU_LEN(file); i++) {
        run r = {.folder = "train/smollm2"};
        r.golden = read_json(r.folder, file[i][0]);
        r.data = mlx_data(r.folder);
        open_run(&r, model_path(), "grads/smollm2/adapter", false, 20.0f, WU_ADAM);
        train(&r, 2e-3, any);
        compare_norms(&r, 0.01);
        compare_final(&r, file[i][1], any, 0.01);
        close_run(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smollm2_text_and_batches),
        cmocka_unit_test(tiny_peft),
        cmocka_unit_test(tiny_mlx),
        cmocka_unit_test(smollm2_peft),
        cmocka_unit_test(smollm2_mlx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
