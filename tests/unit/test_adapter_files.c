/* Adapter directories: what is written comes back, in both forms, and what is wrong is refused
 * with a sentence that names it. */
#include "near.h"

#include "adapter/adapter.h"
#include "base/file.h"
#include "formats/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_LAYER = 3, D = 8, KV = 4, FF = 12 };
static const wu_adapter_dims dims = {
    .n_layer = N_LAYER, .n_in = {D, D, D, D, D, D, FF}, .n_out = {D, KV, KV, D, FF, FF, D}};
static char dir[] = "/tmp/wu-adapter-XXXXXX";

static const char *in_dir(char *buf, const char *name) {
    assert_int_equal(wu_path_join(buf, WU_PATH_MAX, dir, name, NULL), WU_OK);
    return buf;
}

static void remove_files(void) {
    static const char *const name[] = {"adapter_config.json", "adapters.safetensors",
                                       "adapter_model.safetensors", "one.safetensors"};
    char path[WU_PATH_MAX];
    for (size_t i = 0; i < WU_LEN(name); i++) (void)unlink(in_dir(path, name[i]));
}

static wu_adapter *make(const wu_adapter_spec *spec) {
    wu_adapter *ad = NULL;
    wu_err err = {0};
    CHECK_OK(wu_adapter_create(&ad, &dims, spec, 3, &err), err);
    for (int64_t i = 0; i < ad->n_param; i++) ad->param[i] += 0.01f * (float)(i % 7) - 0.02f;
    return ad;
}

static void check_same(const wu_adapter *a, const wu_adapter *b) {
    assert_int_equal(a->n_site, b->n_site);
    assert_int_equal(a->lowest, b->lowest);
    assert_int_equal(a->n_param, b->n_param);
    for (int32_t i = 0; i < a->n_site; i++) {
        assert_int_equal(a->site[i].layer, b->site[i].layer);
        assert_int_equal(a->site[i].linear, b->site[i].linear);
        assert_true(a->site[i].scale == b->site[i].scale);
    }
    assert_memory_equal(a->param, b->param, (size_t)a->n_param * sizeof(float));
}

static void both_forms_come_back(void **state) {
    (void)state;
    const wu_adapter_spec specs[] = {
        {.rank = 3, .scale = 20.0f, .num_layers = 2},
        {.rank = 2, .scale = 5.656854f},
        {.rank = 2, .scale = 2.0f, .linears = 1u << WU_LIN_Q | 1u << WU_LIN_DOWN}};
    for (size_t i = 0; i < WU_LEN(specs); i++)
        for (int format = WU_ADAPTER_MLX; format <= WU_ADAPTER_PEFT; format++) {
            wu_adapter *ad = make(&specs[i]), *back = NULL;
            wu_err err = {0};
            remove_files();
            assert_false(wu_adapter_is_dir(dir));
            CHECK_OK(wu_adapter_save(ad, dir, (wu_adapter_format)format, NULL, "base", &err), err);
            assert_true(wu_adapter_is_dir(dir));
            CHECK_OK(wu_adapter_load(&back, dir, &dims, &err), err);
            check_same(ad, back);
            wu_adapter_free(ad);
            wu_adapter_free(back);
        }
}

/* y += scale B A x as one matrix, to compare adapters whose ranks differ. */
static void product(const wu_site *s, double *m) {
    for (int32_t o = 0; o < s->n_out; o++)
        for (int32_t i = 0; i < s->n_in; i++) {
            double sum = 0.0;
            for (int32_t r = 0; r < s->rank; r++)
                sum += (double)s->b[o * s->rank + r] * (double)s->a[r * s->n_in + i];
            m[o * s->n_in + i] = sum * (double)s->scale;
        }
}

static void check_products(const wu_adapter *a, const wu_adapter *b) {
    double x[FF * FF], y[FF * FF];
    assert_int_equal(a->n_site, b->n_site);
    for (int32_t i = 0; i < a->n_site; i++) {
        const wu_site *s = &a->site[i];
        product(s, x);
        product(wu_adapter_find(b, s->layer, s->linear), y);
        for (int32_t k = 0; k < s->n_in * s->n_out; k++) CHECK_NEAR(y[k], x[k], 1e-6);
    }
}

static const char mixed_config[] =
    "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"use_rslora\": true, "
    "\"rank_pattern\": {\"layers.1.mlp.down_proj\": 3, \"down_proj\": 1}, "
    "\"alpha_pattern\": {\"q_proj\": 8, \"o_pr.j\": 6}, \"unknown\": 1}";

/* Writes q and down of layers 1 and 2 as PEFT would, ranks by the patterns above. */
static void write_mixed(void) {
    static float data[2 * FF * FF];
    char path[WU_PATH_MAX];
    wu_tensor t[8];
    char name[8][128];
    wu_err err = {0};
    for (size_t i = 0; i < WU_LEN(data); i++) data[i] = 0.1f * (float)((i * 7) % 11) - 0.5f;
    for (int i = 0; i < 8; i++) {
        const bool is_down = i & 1, is_b = i & 2;
        const int layer = 1 + (i >> 2), rank = !is_down ? 2 : layer == 1 ? 3 : 1;
        const int wide = is_b ? D : is_down ? FF : D;
        (void)snprintf(name[i], sizeof(name[i]),
                       "base_model.model.model.layers.%d.%s.lora_%c.%sweight", layer,
                       is_down ? "mlp.down_proj" : "self_attn.q_proj", is_b ? 'B' : 'A',
                       layer == 2 ? "default." : "");
        t[i] = (wu_tensor){.name = name[i],
                           .type = WU_T_F32,
                           .n_dim = 2,
                           .dim = {is_b ? wide : rank, is_b ? rank : wide},
                           .data = data + i,
                           .bytes = (size_t)(wide * rank) * sizeof(float)};
    }
    CHECK_OK(wu_st_write(in_dir(path, "adapter_model.safetensors"), t, 8, NULL, &err), err);
    CHECK_OK(wu_write_file(in_dir(path, "adapter_config.json"), mixed_config, strlen(mixed_config),
                           &err),
             err);
}

static void patterns_and_mixed_ranks(void **state) {
    (void)state;
    wu_adapter *ad = NULL, *back = NULL;
    wu_err err = {0};
    remove_files();
    write_mixed();
    CHECK_OK(wu_adapter_load(&ad, dir, &dims, &err), err);
    assert_int_equal(ad->n_site, 4);
    assert_int_equal(wu_adapter_find(ad, 1, WU_LIN_DOWN)->rank, 3);
    assert_int_equal(wu_adapter_find(ad, 2, WU_LIN_DOWN)->rank, 1);
    CHECK_NEAR(wu_adapter_find(ad, 1, WU_LIN_Q)->scale, 8.0 / sqrt(2.0), 1e-7);
    CHECK_NEAR(wu_adapter_find(ad, 1, WU_LIN_DOWN)->scale, 4.0 / sqrt(3.0), 1e-7);
    CHECK_NEAR(wu_adapter_find(ad, 2, WU_LIN_DOWN)->scale, 4.0, 1e-7);
    for (int format = WU_ADAPTER_MLX; format <= WU_ADAPTER_PEFT; format++) {
        remove_files();
        CHECK_OK(wu_adapter_save(ad, dir, (wu_adapter_format)format, NULL, NULL, &err), err);
        CHECK_OK(wu_adapter_load(&back, dir, &dims, &err), err);
        check_products(ad, back);
        wu_adapter_free(back);
    }
    wu_adapter_free(ad);
}

/* Sites without a pattern, layers left out: both forms name them one by one. */
static void any_set_of_sites_comes_back(void **state) {
    (void)state;
    static const char *const left_out[][2] = {{"layers.1.self_attn.q_proj", "layers.2.mlp"},
                                              {"layers.1.", "layers.1."}};
    for (size_t k = 0; k < WU_LEN(left_out); k++) {
        wu_adapter *ad = make(&(wu_adapter_spec){.rank = 2, .scale = 2.0f}), *some = NULL,
                   *back = NULL;
        wu_tensor kept[2 * N_LAYER * WU_N_LINEAR];
        char path[WU_PATH_MAX], copy[WU_PATH_MAX];
        int32_t n = 0;
        wu_st *st = NULL;
        wu_err err = {0};
        remove_files();
        CHECK_OK(wu_adapter_save(ad, dir, WU_ADAPTER_PEFT, NULL, NULL, &err), err);
        assert_int_equal(
            rename(in_dir(path, "adapter_model.safetensors"), in_dir(copy, "one.safetensors")), 0);
        CHECK_OK(wu_st_open(&st, copy, &err), err);
        for (int32_t i = 0; i < wu_st_count(st); i++)
            if (!strstr(wu_st_at(st, i)->name, left_out[k][0]) &&
                !strstr(wu_st_at(st, i)->name, left_out[k][1]))
                kept[n++] = *wu_st_at(st, i);
        CHECK_OK(wu_st_write(path, kept, n, NULL, &err), err);
        wu_st_close(st);
        CHECK_OK(wu_adapter_load(&some, dir, &dims, &err), err);
        assert_int_equal(some->n_site, n / 2);
        for (int format = WU_ADAPTER_MLX; format <= WU_ADAPTER_PEFT; format++) {
            remove_files();
            CHECK_OK(wu_adapter_save(some, dir, (wu_adapter_format)format, NULL, NULL, &err), err);
            CHECK_OK(wu_adapter_load(&back, dir, &dims, &err), err);
            check_same(some, back);
            wu_adapter_free(back);
        }
        wu_adapter_free(ad);
        wu_adapter_free(some);
    }
}

static void one_file_overwrites_parameters(void **state) {
    (void)state;
    const wu_adapter_spec spec = {.rank = 2, .scale = 2.0f, .num_layers = 1};
    wu_adapter *ad = make(&spec), *other = NULL;
    char path[WU_PATH_MAX];
    wu_err err = {0};
    in_dir(path, "one.safetensors");
    for (int format = WU_ADAPTER_MLX; format <= WU_ADAPTER_PEFT; format++) {
        CHECK_OK(wu_adapter_create(&other, &dims, &spec, 99, &err), err);
        CHECK_OK(wu_adapter_write_file(ad, path, (wu_adapter_format)format, &err), err);
        CHECK_OK(wu_adapter_read_file(other, path, &err), err);
        check_same(ad, other);
        wu_adapter_free(other);
    }
    CHECK_OK(wu_adapter_create(&other, &dims,
                               &(wu_adapter_spec){.rank = 2, .scale = 2.0f, .num_layers = 2}, 0,
                               &err),
             err);
    assert_int_equal(wu_adapter_read_file(other, path, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "lacks model.layers.1."));
    wu_adapter_free(other);
    CHECK_OK(wu_adapter_create(&other, &dims,
                               &(wu_adapter_spec){.rank = 3, .scale = 2.0f, .num_layers = 1}, 0,
                               &err),
             err);
    assert_int_equal(wu_adapter_read_file(other, path, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "want [3,"));
    wu_adapter_free(other);
    wu_adapter_free(ad);
}

/* Each configuration is wrong, and the sentence says where. */
static void wrong_configurations_are_named(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"{}", "neither peft_type"},
        {"[]", "not a JSON object"},
        {"{\"peft_type\": \"IA3\"}", "peft_type"},
        {"{\"peft_type\": \"LORA\", \"use_dora\": true}", "DoRA"},
        {"{\"peft_type\": \"LORA\", \"use_new_thing\": true}", "use_new_thing"},
        {"{\"peft_type\": \"LORA\", \"bias\": \"all\"}", "bias"},
        {"{\"peft_type\": \"LORA\", \"modules_to_save\": [\"lm_head\"]}", "modules_to_save"},
        {"{\"peft_type\": \"LORA\", \"fan_in_fan_out\": true}", "fan_in_fan_out"},
        {"{\"peft_type\": \"LORA\", \"init_lora_weights\": \"pissa\"}", "pissa"},
        {"{\"peft_type\": \"LORA\", \"r\": 0}", "r is 0"},
        {"{\"peft_type\": \"LORA\", \"r\": 4}", "want [4,"},
        {"{\"peft_type\": \"LORA\", \"r\": 2, \"rank_pattern\": {\"(\": 1}}", "rank_pattern"},
        {"{\"peft_type\": \"LORA\", \"r\": 2, \"rank_pattern\": {\"q\": \"1\"}}", "not a number"},
        {"{\"peft_type\": \"LORA\", \"r\": 2, \"rank_pattern\": {\"q_proj\": 1.5}}", "1.5"},
        {"{\"fine_tune_type\": \"dora\"}", "DoRA"},
        {"{\"lora_parameters\": {\"rank\": 2}}", "scale"},
    };
    char path[WU_PATH_MAX];
    wu_adapter *ad = NULL;
    wu_err err = {0};
    remove_files();
    write_mixed();
    for (size_t i = 0; i < WU_LEN(wrong); i++) {
        CHECK_OK(wu_write_file(in_dir(path, "adapter_config.json"), wrong[i][0],
                               strlen(wrong[i][0]), &err),
                 err);
        assert_int_equal(wu_adapter_load(&ad, dir, &dims, &err), WU_EFORMAT);
        assert_null(ad);
        if (!strstr(err.msg, wrong[i][1]))
            fail_msg("\"%s\" does not mention %s", err.msg, wrong[i][1]);
    }
}

/* Writes an MLX adapter with a valid q_proj of layer 0 and then one more tensor. */
static void write_with(const char *name, wu_ttype type, int64_t rows, int64_t cols, float value) {
    static float zero[64 * 64];
    char path[WU_PATH_MAX];
    wu_err err = {0};
    static float odd[64 * 64];
    for (size_t i = 0; i < WU_LEN(odd); i++) odd[i] = value;
    const wu_tensor t[] = {
        {"model.layers.0.self_attn.q_proj.lora_a",
         WU_T_F32,
         2,
         {D, 2},
         zero,
         D * 2 * sizeof(float)},
        {"model.layers.0.self_attn.q_proj.lora_b",
         WU_T_F32,
         2,
         {2, D},
         zero,
         D * 2 * sizeof(float)},
        {name, type, 2, {rows, cols}, odd, (size_t)(rows * cols) * sizeof(float)}};
    static const char config[] =
        "{\"lora_parameters\": {\"rank\": 2, \"scale\": 1.0, \"dropout\": 0.0}}";
    CHECK_OK(wu_st_write(in_dir(path, "adapters.safetensors"), t, 3, NULL, &err), err);
    CHECK_OK(wu_write_file(in_dir(path, "adapter_config.json"), config, strlen(config), &err), err);
}

static void wrong_tensors_are_named(void **state) {
    (void)state;
    static const struct {
        const char *name;
        wu_ttype type;
        int64_t rows, cols;
        float value;
        const char *says;
    } wrong[] = {
        {"model.layers.1.self_attn.q_proj.lora_a", WU_T_F32, D, 2, 0.0f, "has no B"},
        {"model.layers.0.self_attn.q_proj.m", WU_T_F32, D, 1, 1.0f, "DoRA"},
        {"model.layers.0.self_attn.q_proj.lora_magnitude_vector", WU_T_F32, D, 1, 1.0f, "DoRA"},
        {"model.layers.3.self_attn.q_proj.lora_a", WU_T_F32, D, 2, 0.0f, "3 layers"},
        {"model.layers.99999999999.self_attn.q_proj.lora_a", WU_T_F32, D, 2, 0.0f,
         "no linear layer"},
        {"model.embed_tokens.lora_a", WU_T_F32, D, 2, 0.0f, "no linear layer"},
        {"model.layers.0.self_attn.q_proj.lora_c", WU_T_F32, D, 2, 0.0f, "no linear layer"},
        {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", WU_T_F32, D, 2, 0.0f,
         "twice"},
        {"base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias", WU_T_F32, D, 1, 0.0f,
         "bias"},
    };
    wu_adapter *ad = NULL;
    wu_err err = {0};
    remove_files();
    for (size_t i = 0; i < WU_LEN(wrong); i++) {
        write_with(wrong[i].name, wrong[i].type, wrong[i].rows, wrong[i].cols, wrong[i].value);
        assert_int_equal(wu_adapter_load(&ad, dir, &dims, &err), WU_EFORMAT);
        assert_null(ad);
        if (!strstr(err.msg, wrong[i].says))
            fail_msg("\"%s\" does not mention %s", err.msg, wrong[i].says);
    }
}

static void not_finite_and_missing(void **state) {
    (void)state;
    const wu_adapter_spec spec = {.rank = 2, .scale = 2.0f, .num_layers = 1};
    wu_adapter *ad = make(&spec), *back = NULL;
    char path[WU_PATH_MAX];
    wu_err err = {0};
    remove_files();
    ad->param[17] = NAN;
    CHECK_OK(wu_adapter_save(ad, dir, WU_ADAPTER_MLX, NULL, NULL, &err), err);
    assert_int_equal(wu_adapter_load(&back, dir, &dims, &err), WU_EFORMAT);
    assert_non_null(strstr(err.msg, "NaN"));
    (void)unlink(in_dir(path, "adapters.safetensors"));
    assert_int_equal(wu_adapter_load(&back, dir, &dims, &err), WU_EIO);
    (void)unlink(in_dir(path, "adapter_config.json"));
    assert_int_equal(wu_adapter_load(&back, dir, &dims, &err), WU_EIO);
    assert_null(back);
    wu_adapter_free(ad);
}

static void mlx_arguments_are_kept(void **state) {
    (void)state;
    wu_adapter *ad = make(&(wu_adapter_spec){.rank = 2, .scale = 20.0f, .num_layers = 2});
    wu_json *args = wu_json_new_object(), *back = NULL;
    char path[WU_PATH_MAX];
    wu_buf b = {0};
    wu_err err = {0};
    assert_int_equal(wu_json_set(args, "batch_size", wu_json_new_int(4)), WU_OK);
    assert_int_equal(wu_json_set(args, "num_layers", wu_json_new_int(-1)), WU_OK);
    CHECK_OK(wu_adapter_save(ad, dir, WU_ADAPTER_MLX, args, NULL, &err), err);
    CHECK_OK(wu_read_file(&b, in_dir(path, "adapter_config.json"), 1 << 20, &err), err);
    static const char want[] = "{\n    \"batch_size\": 4,\n    \"fine_tune_type\": \"lora\",\n";
    assert_memory_equal(b.p, want, strlen(want));
    CHECK_OK(wu_json_parse(&back, wu_buf_view(&b), path, WU_EFORMAT, &err), err);
    assert_int_equal(wu_json_int(wu_json_get(back, "num_layers")), 2);
    const wu_json *lora = wu_json_get(back, "lora_parameters");
    assert_int_equal(wu_json_int(wu_json_get(lora, "rank")), 2);
    assert_null(wu_json_get(lora, "keys"));
    wu_json_free(back);
    wu_json_free(args);
    wu_buf_free(&b);
    wu_adapter_free(ad);
}

static int set_up(void **state) {
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    remove_files();
    return rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_come_back),
        cmocka_unit_test(patterns_and_mixed_ranks),
        cmocka_unit_test(any_set_of_sites_comes_back),
        cmocka_unit_test(one_file_overwrites_parameters),
        cmocka_unit_test(wrong_configurations_are_named),
        cmocka_unit_test(wrong_tensors_are_named),
        cmocka_unit_test(not_finite_and_missing),
        cmocka_unit_test(mlx_arguments_are_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
