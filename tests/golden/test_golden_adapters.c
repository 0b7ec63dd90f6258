/* Adapters that PEFT and mlx-lm wrote: they load, compute the same logits, and come back after
 * being written here (goldens/adapters). A new adapter starts as mlx-lm's. */
#include "golden.h"
#include "near.h"

#include "adapter/adapter.h"
#include "base/file.h"
#include "formats/safetensors.h"
#include "model/engine.h"

#include <dirent.h>

enum { N_TOK = 24, N_VOCAB = 128 };
static char dir[] = "/tmp/wu-golden-adapters-XXXXXX";

static wu_model *load_model(const char *relative) {
    char path[4096];
    wu_model *m = NULL;
    wu_err err = {0};
    CHECK_OK(wu_model_load(&m, golden_path(path, sizeof(path), relative), &err), err);
    return m;
}

static wu_adapter *load_adapter(const wu_model *m, const char *relative) {
    char path[4096];
    wu_adapter *ad = NULL;
    wu_err err = {0};
    const wu_adapter_dims dims = wu_model_dims(m);
    CHECK_OK(wu_adapter_load(&ad, golden_path(path, sizeof(path), relative), &dims, &err), err);
    return ad;
}

static wu_st *open_logits(const char *relative, int32_t *token) {
    char path[4096];
    wu_st *st = NULL;
    wu_err err = {0};
    CHECK_OK(wu_st_open(&st, golden_path(path, sizeof(path), relative), &err), err);
    const wu_tensor *t = wu_st_find(st, "tokens");
    assert_non_null(t);
    assert_int_equal(t->dim[0], N_TOK);
    for (int i = 0; i < N_TOK; i++) {
        int64_t wide = 0;
        int32_t narrow = 0;
        if (t->bytes == N_TOK * sizeof(wide)) {
            memcpy(&wide, (const char *)t->data + (size_t)i * sizeof(wide), sizeof(wide));
            narrow = (int32_t)wide;
        } else
            memcpy(&narrow, (const char *)t->data + (size_t)i * sizeof(narrow), sizeof(narrow));
        token[i] = narrow;
    }
    return st;
}

/* Largest distance of the model's logits on the tokens from tensor `name`. */
static double distance(const wu_model *m, const wu_adapter *ad, const int32_t *token,
                       const wu_st *st, const char *name) {
    static float want[N_TOK * N_VOCAB];
    const wu_tensor *t = wu_st_find(st, name);
    const float *logits = NULL;
    int32_t rows[N_TOK], seg = 0;
    wu_compute *c = NULL;
    wu_engine *e = NULL;
    wu_err err = {0};
    assert_non_null(t);
    assert_int_equal(t->bytes, sizeof(want));
    memcpy(want, t->data, sizeof(want));
    CHECK_OK(wu_compute_create(
                 &c, &(wu_compute_options){.n_thread = 1, .max_level = WU_N_LEVEL - 1}, &err),
             err);
    const wu_engine_options o = {.model = m,
                                 .compute = c,
                                 .adapter = ad,
                                 .precision = WU_F32,
                                 .max_row = N_TOK,
                                 .max_seg = 1,
                                 .max_logits = N_TOK};
    CHECK_OK(wu_engine_create(&e, &o, &err), err);
    for (int32_t i = 0; i < N_TOK; i++) rows[i] = i;
    CHECK_OK(wu_forest_add(&seg, wu_engine_forest(e), WU_NO_PARENT,
                           &(wu_tokens){.id = token, .n_tok = N_TOK}, &err),
             err);
    CHECK_OK(wu_engine_forward(e, rows, N_TOK, &logits, &err), err);
    const double d = max_diff(logits, want, N_TOK * N_VOCAB);
    wu_engine_free(e);
    wu_compute_free(c);
    return d;
}

static void clear_dir(void) {
    char path[4096];
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (e->d_name[0] != '.') assert_int_equal(unlink(path), 0);
    }
    closedir(d);
}

/* The adapter gives the recorded logits, and so does what is written from it in both forms. */
static void check_adapter(const wu_model *m, const char *relative, const int32_t *token,
                          const wu_st *st, const char *name) {
    wu_adapter *ad = load_adapter(m, relative), *back = NULL;
    const wu_adapter_dims dims = wu_model_dims(m);
    const double d = distance(m, ad, token, st, name);
    wu_err err = {0};
    print_message("%s: %.2g\n", relative, d);
    assert_true(d <= TOL_LOGITS_TINY);
    for (int format = WU_ADAPTER_MLX; format <= WU_ADAPTER_PEFT; format++) {
        clear_dir();
        CHECK_OK(wu_adapter_save(ad, dir, (wu_adapter_format)format, NULL, NULL, &err), err);
        CHECK_OK(wu_adapter_load(&back, dir, &dims, &err), err);
        assert_true(distance(m, back, token, st, name) <= TOL_LOGITS_TINY);
        wu_adapter_free(back);
    }
    wu_adapter_free(ad);
}

static void peft_adapters(void **state) {
    (void)state;
    static const char *const name[] = {"lora", "rslora", "last2", "patterns"};
    need_golden("adapters/peft.logits.safetensors");
    int32_t token[N_TOK];
    wu_model *m = load_model("models/llama-tied");
    wu_st *st = open_logits("adapters/peft.logits.safetensors", token);
    assert_true(distance(m, NULL, token, st, "base") <= TOL_LOGITS_TINY);
    for (size_t i = 0; i < WU_LEN(name); i++) {
        char relative[64];
        (void)snprintf(relative, sizeof(relative), "adapters/peft/%s", name[i]);
        check_adapter(m, relative, token, st, name[i]);
    }
    wu_st_close(st);
    wu_model_free(m);
}

static void mlx_adapters(void **state) {
    (void)state;
    static const char *const base[][2] = {
        {"models/llama-tied", "lora"}, {"fuse/base-q4", "q4.lora"}, {"fuse/base-q8", "q8.lora"}};
    need_golden("adapters/mlx.logits.safetensors");
    int32_t token[N_TOK];
    wu_st *st = open_logits("adapters/mlx.logits.safetensors", token);
    for (size_t i = 0; i < WU_LEN(base); i++) {
        need_golden(base[i][0]);
        wu_model *m = load_model(base[i][0]);
        check_adapter(m, "adapters/mlx/lora", token, st, base[i][1]);
        wu_model_free(m);
    }
    wu_st_close(st);
}

static void dora_is_refused(void **state) {
    (void)state;
    static const char *const name[] = {"adapters/peft/dora", "adapters/mlx/dora"};
    need_golden("adapters/peft/dora");
    wu_model *m = load_model("models/llama-tied");
    const wu_adapter_dims dims = wu_model_dims(m);
    for (size_t i = 0; i < WU_LEN(name); i++) {
        char path[4096];
        wu_adapter *ad = NULL;
        wu_err err = {0};
        assert_int_equal(
            wu_adapter_load(&ad, golden_path(path, sizeof(path), name[i]), &dims, &err),
            WU_EFORMAT);
        assert_null(ad);
        assert_non_null(strstr(err.msg, "DoRA"));
    }
    wu_model_free(m);
}

/* lora_a of the recorded adapter is mlx-lm's untouched start for seed 0. */
static void mlx_start(void **state) {
    (void)state;
    need_golden("adapters/mlx/lora");
    wu_model *m = load_model("models/llama-tied");
    wu_adapter *golden = load_adapter(m, "adapters/mlx/lora"), *mine = NULL;
    const wu_adapter_dims dims = wu_model_dims(m);
    wu_err err = {0};
    int compared = 0;
    CHECK_OK(wu_adapter_create(&mine, &dims,
                               &(wu_adapter_spec){.rank = 8, .scale = 20.0f, .num_layers = 2}, 0,
                               &err),
             err);
    assert_int_equal(mine->n_site, golden->n_site);
    for (int32_t i = 0; i < mine->n_site; i++) {
        const wu_site *s = &mine->site[i], *g = &golden->site[i];
        const size_t n = (size_t)s->rank * (size_t)s->n_in;
        assert_int_equal(s->layer, g->layer);
        assert_int_equal(s->linear, g->linear);
        assert_true(g->scale == 20.0f);
        assert_memory_equal(s->a, g->a, n * sizeof(float));
        compared += (int)n;
    }
    assert_int_equal(compared, 7680);
    wu_adapter_free(mine);
    wu_adapter_free(golden);
    wu_model_free(m);
}

static int set_up(void **state) {
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    clear_dir();
    return rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peft_adapters),
        cmocka_unit_test(mlx_adapters),
        cmocka_unit_test(dora_is_refused),
        cmocka_unit_test(mlx_start),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
