/* rules.c - adapter_config.json of both forms: ranks and factors (adapter_impl.h).
 *
 * What an adapter adapts is told by its tensors; the configuration gives the
 * rank that they must have and the factor, and names features that would
 * change the result: those that are not supported here are refused by name. */
#include "adapter/adapter_impl.h"

#include "text/regex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const size_t config_limit = (size_t)16 << 20;

/* A value that switches something on: not null, false, 0, "" or empty. */
static bool is_set(const wu_json *j) {
    switch (wu_json_type(j)) {
    case WU_JSON_NULL:
        return false;
    case WU_JSON_BOOL:
        return wu_json_bool(j);
    case WU_JSON_INT:
    case WU_JSON_REAL:
        return wu_json_real(j) < 0.0 || wu_json_real(j) > 0.0;
    case WU_JSON_STRING:
        return wu_json_str(j).n > 0;
    default:
        return wu_json_size(j) > 0;
    }
}

/* ---- PEFT ------------------------------------------------------------------------------------ */

/* One entry of rank_pattern or alpha_pattern. */
typedef struct pattern {
    wu_regex *re;
    wu_scan *scan;
    double value;
} pattern;

typedef struct patterns {
    pattern *p; /* [n] in the order of the file: the first that matches counts */
    int32_t n;
} patterns;

static void patterns_free(patterns *v) {
    for (int32_t i = 0; i < v->n; i++) {
        wu_scan_free(v->p[i].scan);
        wu_regex_free(v->p[i].re);
    }
    free(v->p);
    *v = (patterns){0};
}

/* A key matches a module if it matches its whole name, or all of it behind some dot. */
static wu_code pattern_read(pattern *p, const wu_json_in *in, const char *field, wu_str key,
                            const wu_json *value, wu_err *err) {
    wu_buf text = {.limit = 4096};
    const wu_json_kind kind = wu_json_type(value);
    wu_code rc = WU_OK;

    p->value = wu_json_real(value);
    if ((kind != WU_JSON_INT && kind != WU_JSON_REAL) || !isfinite(p->value)) {
        rc = wu_fail(err, in->code, "%s: %s: the value of \"%.*s\" is not a number", in->where,
                     field, (int)WU_MIN(key.n, 100), key.p);
        goto done;
    }
    if (wu_buf_str(&text, "^(?:.*\\.)?(?:") || wu_buf_add(&text, key.p, key.n) ||
        wu_buf_str(&text, ")$")) {
        rc = wu_fail(err, WU_ENOMEM, "%s: %s: a key is too long", in->where, field);
        goto done;
    }
    if ((rc = wu_regex_create(&p->re, text.p, 0, err))) {
        rc = wu_fail_in(err, rc, "%s: %s", in->where, field);
        if (rc == WU_EARG) rc = in->code;
        if (err) err->code = rc;
        goto done;
    }
    rc = wu_scan_create(&p->scan, p->re, err);
done:
    wu_buf_free(&text);
    return rc;
}

static wu_code patterns_read(patterns *out, const wu_json_in *in, const char *field, wu_err *err) {
    const wu_json *j = wu_json_get(in->j, field);
    wu_code rc;

    *out = (patterns){0};
    if (wu_json_type(j) == WU_JSON_NULL) return WU_OK;
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(err, in->code, "%s: %s is not an object", in->where, field);
    out->p = calloc(wu_json_size(j) + 1, sizeof(*out->p));
    if (!out->p) return wu_fail(err, WU_ENOMEM, "%s: out of memory", in->where);
    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it)) {
        pattern *p = &out->p[out->n++];
        if ((rc = pattern_read(p, in, field, wu_json_key(it), wu_json_value(it), err))) return rc;
    }
    return WU_OK;
}

/* *value is replaced by that of the first pattern that matches module. */
static wu_code patterns_apply(const patterns *v, const char *module, double *value, wu_err *err) {
    for (int32_t i = 0; i < v->n; i++) {
        bool found = false;
        wu_code rc;
        if ((rc = wu_scan_text(v->p[i].scan, wu_str_of(module), err))) return rc;
        if ((rc = wu_scan_next(v->p[i].scan, &found, err))) return rc;
        if (!found) continue;
        *value = v->p[i].value;
        return WU_OK;
    }
    return WU_OK;
}

static wu_code check_peft_features(const wu_json_in *in, wu_err *err) {
    static const char *const refused[] = {"fan_in_fan_out",
                                          "lora_bias",
                                          "modules_to_save",
                                          "layer_replication",
                                          "megatron_config",
                                          "alora_invocation_tokens",
                                          "target_parameters",
                                          "velora_config",
                                          "kasa_config",
                                          "arrow_config",
                                          "trainable_token_indices"};
    wu_str s = {0};
    wu_code rc;

    if ((rc = wu_json_want_str(in, "peft_type", &s, err))) return rc;
    if (!wu_str_eq(s, WU_STR("LORA")))
        return wu_fail(err, in->code, "%s: peft_type is \"%.*s\", want \"LORA\"", in->where,
                       (int)WU_MIN(s.n, 40), s.p);
    for (size_t i = 0; i < WU_LEN(refused); i++)
        if (is_set(wu_json_get(in->j, refused[i])))
            return wu_fail(err, in->code, "%s: %s is set, which is not supported", in->where,
                           refused[i]);
    for (void *it = wu_json_first(in->j); it; it = wu_json_next(in->j, it)) {
        const wu_str key = wu_json_key(it);
        if (wu_str_eq(key, WU_STR("use_rslora")) || !wu_str_starts(key, WU_STR("use_")) ||
            !is_set(wu_json_value(it)))
            continue;
        return wu_fail(err, in->code, "%s: %.*s is set, which is not supported%s", in->where,
                       (int)WU_MIN(key.n, 40), key.p,
                       wu_str_eq(key, WU_STR("use_dora")) ? " (a DoRA adapter)" : "");
    }
    s = (wu_str){0};
    if ((rc = wu_json_opt_str(in, "bias", &s, err))) return rc;
    if (s.n && !wu_str_eq(s, WU_STR("none")))
        return wu_fail(err, in->code, "%s: bias is \"%.*s\", only \"none\" is supported", in->where,
                       (int)WU_MIN(s.n, 40), s.p);
    /* Some starts change the base weights: such an adapter does not fit the original model. */
    const wu_json *init = wu_json_get(in->j, "init_lora_weights");
    s = wu_json_str(init);
    if (wu_json_type(init) == WU_JSON_STRING && !wu_str_eq(s, WU_STR("gaussian")) &&
        !wu_str_eq(s, WU_STR("eva")) && !wu_str_eq(s, WU_STR("orthogonal")))
        return wu_fail(
            err, in->code,
            "%s: init_lora_weights is \"%.*s\", which changes the base weights and is not "
            "supported",
            in->where, (int)WU_MIN(s.n, 40), s.p);
    return WU_OK;
}

static wu_code apply_peft(const wu_json_in *in, const wu_adapter_dims *dims, const patterns *ranks,
                          const patterns *alphas, int32_t *rank, float *scale, wu_err *err) {
    int64_t r = 8;
    double alpha = 8.0;
    bool rslora = false;
    wu_code rc;

    if ((rc = wu_json_opt_int(in, "r", 1, 1 << 20, &r, err))) return rc;
    if ((rc = wu_json_opt_real(in, "lora_alpha", -1e9, 1e9, &alpha, err))) return rc;
    if ((rc = wu_json_opt_bool(in, "use_rslora", &rslora, err))) return rc;
    for (int32_t k = 0; k < dims->n_layer * WU_N_LINEAR; k++) {
        char module[WU_MODULE_MAX];
        double site_rank = (double)r, site_alpha = alpha;
        wu_module_name(module, k / WU_N_LINEAR, (wu_linear)(k % WU_N_LINEAR));
        if ((rc = patterns_apply(ranks, module, &site_rank, err))) return rc;
        if ((rc = patterns_apply(alphas, module, &site_alpha, err))) return rc;
        if (!(site_rank >= 1.0 && site_rank <= (double)(1 << 20)) || site_rank != floor(site_rank))
            return wu_fail(err, in->code, "%s: rank_pattern gives %s the rank %g", in->where,
                           module, site_rank);
        rank[k] = (int32_t)site_rank;
        scale[k] = (float)(site_alpha / (rslora ? sqrt(site_rank) : site_rank));
    }
    return WU_OK;
}

static wu_code rules_peft(const wu_json_in *in, const wu_adapter_dims *dims, int32_t *rank,
                          float *scale, wu_err *err) {
    patterns ranks = {0}, alphas = {0};
    wu_code rc;

    if ((rc = check_peft_features(in, err))) goto done;
    if ((rc = patterns_read(&ranks, in, "rank_pattern", err))) goto done;
    if ((rc = patterns_read(&alphas, in, "alpha_pattern", err))) goto done;
    rc = apply_peft(in, dims, &ranks, &alphas, rank, scale, err);
done:
    patterns_free(&ranks);
    patterns_free(&alphas);
    return rc;
}

/* ---- MLX ------------------------------------------------------------------------------------- */

static wu_code rules_mlx(const wu_json_in *in, const wu_adapter_dims *dims, int32_t *rank,
                         float *scale, wu_err *err) {
    const wu_json *p = wu_json_get(in->j, "lora_parameters");
    const wu_json_in lora = {p, in->where, in->code};
    wu_str type = WU_STR("lora");
    int64_t r = 0;
    double s = 0.0;
    wu_code rc;

    if ((rc = wu_json_opt_str(in, "fine_tune_type", &type, err))) return rc;
    if (!wu_str_eq(type, WU_STR("lora")))
        return wu_fail(err, in->code,
                       "%s: fine_tune_type is \"%.*s\"%s, only \"lora\" is supported", in->where,
                       (int)WU_MIN(type.n, 40), type.p,
                       wu_str_eq(type, WU_STR("dora")) ? " (a DoRA adapter)" : "");
    if (wu_json_type(p) != WU_JSON_OBJECT)
        return wu_fail(err, in->code, "%s: has neither peft_type (PEFT) nor lora_parameters (MLX)",
                       in->where);
    if ((rc = wu_json_want_int(&lora, "rank", 1, 1 << 20, &r, err))) return rc;
    if ((rc = wu_json_want_real(&lora, "scale", -1e9, 1e9, &s, err))) return rc;
    for (int32_t k = 0; k < dims->n_layer * WU_N_LINEAR; k++) {
        rank[k] = (int32_t)r;
        scale[k] = (float)s;
    }
    return WU_OK;
}

wu_code wu_adapter_rules(const char *path, const wu_adapter_dims *dims, bool *is_peft,
                         int32_t *rank, float *scale, wu_err *err) {
    wu_json *j = NULL;
    wu_code rc;

    *is_peft = false;
    if ((rc = wu_json_read_file(&j, path, config_limit, WU_EFORMAT, err))) return rc;
    const wu_json_in in = {j, path, WU_EFORMAT};
    if (wu_json_type(j) != WU_JSON_OBJECT) {
        rc = wu_fail(err, WU_EFORMAT, "%s: is not a JSON object", path);
        goto done;
    }
    *is_peft = wu_json_get(j, "peft_type") != NULL;
    rc =
        *is_peft ? rules_peft(&in, dims, rank, scale, err) : rules_mlx(&in, dims, rank, scale, err);
done:
    wu_json_free(j);
    return rc;
}
