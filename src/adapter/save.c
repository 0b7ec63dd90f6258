/* save.c - writing adapters as PEFT and mlx-lm read them (adapter.h).
 *
 * mlx-lm knows one rank and one scale: smaller ranks are filled up with zeros,
 * and a site whose scale differs has the quotient folded into B.  PEFT knows
 * both per module, by patterns. */
#include "adapter/adapter_impl.h"

#include "base/arena.h"
#include "base/file.h"
#include "formats/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- tensors --------------------------------------------------------------------------------- */

static int32_t largest_rank(const wu_adapter *ad) {
    int32_t r = 1;
    for (int32_t i = 0; i < ad->n_site; i++) r = WU_MAX(r, ad->site[i].rank);
    return r;
}

/* mlx-lm's one scale: the first that is not zero. */
static float common_scale(const wu_adapter *ad) {
    for (int32_t i = 0; i < ad->n_site; i++)
        if (ad->site[i].scale > 0.0f || ad->site[i].scale < 0.0f) return ad->site[i].scale;
    return 1.0f;
}

static const char *tensor_name(wu_arena *arena, const wu_site *s, wu_adapter_format format,
                               bool is_b) {
    wu_buf b = {0};
    char module[WU_MODULE_MAX];
    const char *copy = NULL;

    wu_module_name(module, s->layer, s->linear);
    const wu_code rc =
        format == WU_ADAPTER_MLX
            ? wu_buf_fmt(&b, "%s.lora_%c", module, is_b ? 'b' : 'a')
            : wu_buf_fmt(&b, "base_model.model.%s.lora_%c.weight", module, is_b ? 'B' : 'A');
    if (!rc) copy = wu_arena_strdup(arena, b.p);
    wu_buf_free(&b);
    return copy;
}

/* x [n_row][n_col] as [n_col + pad of rank][...]: the transposes that mlx-lm stores. A is filled up
 * to rank columns, B to rank rows. */
static float *mlx_tensor(wu_arena *arena, const wu_site *s, bool is_b, int32_t rank, float fold) {
    const int32_t wide = is_b ? s->n_out : s->n_in;
    size_t n = 0;
    if (!wu_mul_size(&n, (size_t)wide, (size_t)rank)) return NULL;
    float *x = wu_arena_zero(arena, n, sizeof(*x));
    if (!x) return NULL;
    for (int32_t i = 0; i < wide; i++)
        for (int32_t r = 0; r < s->rank; r++) {
            if (is_b)
                x[(int64_t)r * wide + i] = fold * s->b[(int64_t)i * s->rank + r];
            else
                x[(int64_t)i * rank + r] = s->a[(int64_t)r * wide + i];
        }
    return x;
}

static bool describe(wu_tensor *t, wu_arena *arena, const wu_adapter *ad, const wu_site *s,
                     wu_adapter_format format, bool is_b) {
    const bool mlx = format == WU_ADAPTER_MLX;
    const int32_t rank = mlx ? largest_rank(ad) : s->rank, wide = is_b ? s->n_out : s->n_in;
    const bool rank_first = mlx == is_b; /* [rank][wide] */
    const float base = common_scale(ad), scale = s->scale;
    const float fold = scale > base || scale < base ? scale / base : 1.0f;

    *t = (wu_tensor){.name = tensor_name(arena, s, format, is_b),
                     .type = WU_T_F32,
                     .n_dim = 2,
                     .dim = {rank_first ? rank : wide, rank_first ? wide : rank},
                     .data = mlx    ? mlx_tensor(arena, s, is_b, rank, fold)
                             : is_b ? s->b
                                    : s->a,
                     .bytes = (size_t)rank * (size_t)wide * sizeof(float)};
    return t->name && t->data;
}

wu_code wu_adapter_write_file(const wu_adapter *ad, const char *path, wu_adapter_format format,
                              wu_err *err) {
    static const char *const meta_mlx[] = {"format", "mlx", NULL}, *const meta_peft[] = {
                                                                       "format", "pt", NULL};
    wu_arena arena = {0};
    wu_code rc = WU_ENOMEM;
    wu_tensor *t = wu_arena_zero(&arena, 2 * (size_t)ad->n_site + 1, sizeof(*t));

    for (int32_t i = 0; t && i < 2 * ad->n_site; i++)
        if (!describe(&t[i], &arena, ad, &ad->site[i / 2], format, i % 2 != 0)) t = NULL;
    if (!t) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    rc = wu_st_write(path, t, 2 * ad->n_site, format == WU_ADAPTER_MLX ? meta_mlx : meta_peft, err);
done:
    wu_arena_free(&arena);
    return rc;
}

/* ---- configurations -------------------------------------------------------------------------- */

static wu_json *number(double v) {
    return v >= -1e15 && v <= 1e15 && v == floor(v) ? wu_json_new_int((int64_t)v)
                                                    : wu_json_new_real(v);
}

static wu_json *text(const char *s) { return wu_json_new_str(wu_str_of(s)); }

/* Linears adapted in a layer, as a bit set. */
static uint32_t layer_linears(const wu_adapter *ad, int32_t layer) {
    uint32_t set = 0;
    for (int l = 0; l < WU_N_LINEAR; l++)
        if (wu_adapter_find(ad, layer, (wu_linear)l)) set |= 1u << l;
    return set;
}

/* The linears that every adapted layer has, or 0 if the layers differ. */
static uint32_t common_linears(const wu_adapter *ad) {
    uint32_t common = 0;
    for (int32_t layer = ad->lowest; layer < ad->dims.n_layer; layer++) {
        const uint32_t set = layer_linears(ad, layer);
        if (!set) continue;
        if (common && set != common) return 0;
        common = set;
    }
    return common;
}

/* Are all layers from the lowest adapted one on adapted? */
static bool is_suffix(const wu_adapter *ad) {
    for (int32_t layer = ad->lowest; layer < ad->dims.n_layer; layer++)
        if (!layer_linears(ad, layer)) return false;
    return true;
}

/* Names for a list of targets: the linears of a set, or every site in full. Where short is set,
 * only the last part of the name is given. */
static wu_json *target_list(const wu_adapter *ad, uint32_t set, bool is_short) {
    wu_json *list = wu_json_new_array();
    wu_code rc = list ? WU_OK : WU_ENOMEM;
    for (int l = 0; !rc && set && l < WU_N_LINEAR; l++) {
        const char *name = wu_linear_name((wu_linear)l);
        if (set >> l & 1) rc = wu_json_push(list, text(is_short ? strchr(name, '.') + 1 : name));
    }
    for (int32_t i = 0; !rc && !set && i < ad->n_site; i++) {
        char module[WU_MODULE_MAX];
        rc =
            wu_json_push(list, text(wu_module_name(module, ad->site[i].layer, ad->site[i].linear)));
    }
    if (!rc) return list;
    wu_json_free(list);
    return NULL;
}

static wu_json *config_mlx(const wu_adapter *ad, const wu_json *args) {
    const uint32_t all = (1u << WU_N_LINEAR) - 1;
    const uint32_t set = is_suffix(ad) ? common_linears(ad) : 0;
    wu_json *j = args ? wu_json_copy(args) : wu_json_new_object(), *lora = wu_json_new_object();
    wu_code rc = j && lora ? WU_OK : WU_ENOMEM;

    if (!rc) rc = wu_json_set(lora, "rank", wu_json_new_int(largest_rank(ad)));
    if (!rc) rc = wu_json_set(lora, "dropout", wu_json_new_real(0.0));
    if (!rc) rc = wu_json_set(lora, "scale", wu_json_new_real((double)common_scale(ad)));
    if (!rc && set != all) rc = wu_json_set(lora, "keys", target_list(ad, set, false));
    if (!rc) {
        rc = wu_json_set(j, "lora_parameters", lora);
        lora = NULL;
    }
    if (!rc) rc = wu_json_set(j, "fine_tune_type", text("lora"));
    if (!rc) rc = wu_json_set(j, "num_layers", wu_json_new_int(ad->dims.n_layer - ad->lowest));
    wu_json_free(lora);
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

/* alpha_pattern and rank_pattern hold the sites that differ from the first. */
static wu_code peft_patterns(const wu_adapter *ad, int32_t rank, double alpha, wu_json *ranks,
                             wu_json *alphas) {
    for (int32_t i = 0; i < ad->n_site; i++) {
        const wu_site *s = &ad->site[i];
        const double site_alpha = (double)s->scale * s->rank;
        char module[WU_MODULE_MAX];
        wu_code rc = WU_OK;
        wu_module_name(module, s->layer, s->linear);
        if (s->rank != rank) rc = wu_json_set(ranks, module, wu_json_new_int(s->rank));
        if (!rc && (site_alpha > alpha || site_alpha < alpha))
            rc = wu_json_set(alphas, module, number(site_alpha));
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_json *adapted_layers(const wu_adapter *ad) {
    wu_json *list = wu_json_new_array();
    for (int32_t layer = 0; list && layer < ad->dims.n_layer; layer++)
        if (layer_linears(ad, layer) && wu_json_push(list, wu_json_new_int(layer))) {
            wu_json_free(list);
            list = NULL;
        }
    return list;
}

static wu_json *config_peft(const wu_adapter *ad, const char *base) {
    const uint32_t set = common_linears(ad);
    const int32_t rank = ad->n_site ? ad->site[0].rank : 1;
    const double alpha = ad->n_site ? (double)ad->site[0].scale * rank : 1.0;
    const bool every_layer = ad->lowest == 0 && is_suffix(ad);
    wu_json *j = wu_json_new_object(), *ranks = wu_json_new_object(),
            *alphas = wu_json_new_object();
    wu_code rc = j && ranks && alphas ? peft_patterns(ad, rank, alpha, ranks, alphas) : WU_ENOMEM;

#define SET(key, value)                                                                            \
    if (!rc) rc = wu_json_set(j, key, value)
    SET("alpha_pattern", wu_json_copy(alphas));
    SET("base_model_name_or_path", base ? text(base) : wu_json_new_null());
    SET("bias", text("none"));
    SET("fan_in_fan_out", wu_json_new_bool(false));
    SET("inference_mode", wu_json_new_bool(true));
    SET("init_lora_weights", wu_json_new_bool(true));
    SET("layers_to_transform", set && !every_layer ? adapted_layers(ad) : wu_json_new_null());
    SET("lora_alpha", number(alpha));
    SET("lora_dropout", wu_json_new_real(0.0));
    SET("modules_to_save", wu_json_new_null());
    SET("peft_type", text("LORA"));
    SET("r", wu_json_new_int(rank));
    SET("rank_pattern", wu_json_copy(ranks));
    SET("target_modules", target_list(ad, set, set != 0));
    SET("task_type", text("CAUSAL_LM"));
    SET("use_dora", wu_json_new_bool(false));
    SET("use_rslora", wu_json_new_bool(false));
#undef SET
    wu_json_free(ranks);
    wu_json_free(alphas);
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

static wu_code write_config(const wu_adapter *ad, const char *path, wu_adapter_format format,
                            const wu_json *args, const char *base, wu_err *err) {
    const bool mlx = format == WU_ADAPTER_MLX;
    wu_json *j = mlx ? config_mlx(ad, args) : config_peft(ad, base);
    wu_buf b = {0};
    wu_code rc;

    if (!j || wu_json_write(&b, j, mlx ? WU_JSON_INDENT4_SORTED : WU_JSON_INDENT2)) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    rc = wu_write_file(path, b.p, b.n, err);
done:
    wu_buf_free(&b);
    wu_json_free(j);
    return rc;
}

wu_code wu_adapter_save(const wu_adapter *ad, const char *dir, wu_adapter_format format,
                        const wu_json *args, const char *base, wu_err *err) {
    char config[WU_PATH_MAX], path[WU_PATH_MAX];
    wu_code rc;

    if ((rc = wu_make_dirs(dir, err))) return rc;
    if ((rc = wu_path_join(config, sizeof(config), dir, WU_ADAPTER_CONFIG, err))) return rc;
    if ((rc = wu_path_join(path, sizeof(path), dir,
                           format == WU_ADAPTER_MLX ? WU_ADAPTER_MLX_FILE : WU_ADAPTER_PEFT_FILE,
                           err)))
        return rc;
    if ((rc = wu_adapter_write_file(ad, path, format, err))) return rc;
    return write_config(ad, config, format, args, base, err);
}
