/* config.c - config.json and GGUF metadata to one set of checked numbers (config_impl.h).
 *
 * Keys and defaults are those of the original implementations: head_dim may
 * differ from d_model / n_head; rope_parameters (new) comes before rope_theta
 * and rope_scaling (old); a MistralConfig without the key has a window of
 * 4,096; Qwen2 uses its window only if use_sliding_window says so. */
#include "model/config_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_LAYER = 4096,
    MAX_WIDTH = 1 << 20,
    MAX_VOCAB = 1 << 24,
    MAX_HEAD = 4096,
    MAX_HEAD_DIM = 256
};

static wu_code check_shape(wu_config *c, const char *where, wu_err *err) {
    if (c->n_head % c->n_kv)
        return wu_fail(err, WU_EFORMAT, "%s: %d attention heads do not divide into %d key heads",
                       where, c->n_head, c->n_kv);
    if (c->d_head < 2 || c->d_head % 2 || c->d_head > MAX_HEAD_DIM)
        return wu_fail(err, WU_EFORMAT, "%s: head_dim is %d, want an even number up to %d", where,
                       c->d_head, MAX_HEAD_DIM);
    return WU_OK;
}

void wu_config_frequencies(const wu_config *c, const float *factors, double *out) {
    const double two_pi = 6.283185307179586;
    for (int32_t i = 0; i < c->d_head / 2; i++) {
        double f = pow(c->rope_theta, -2.0 * i / c->d_head);
        if (c->rope == WU_ROPE_LINEAR) f /= c->rope_factor;
        if (c->rope == WU_ROPE_FACTORS && factors) f /= (double)factors[i];
        if (c->rope == WU_ROPE_LLAMA3) {
            const double wave = two_pi / f, original = c->rope_original;
            if (wave > original / c->rope_low) {
                f /= c->rope_factor;
            } else if (wave >= original / c->rope_high) {
                const double s = (original / wave - c->rope_low) / (c->rope_high - c->rope_low);
                f = (1.0 - s) * f / c->rope_factor + s * f;
            }
        }
        out[i] = f;
    }
}

static wu_code read_int(const wu_json_in *in, const char *key, int64_t lo, int64_t hi, int32_t *out,
                        wu_err *err) {
    int64_t v = *out;
    const wu_code rc = wu_json_opt_int(in, key, lo, hi, &v, err);
    *out = (int32_t)v;
    return rc;
}

static wu_code want_int(const wu_json_in *in, const char *key, int64_t hi, int32_t *out,
                        wu_err *err) {
    int64_t v = 0;
    const wu_code rc = wu_json_want_int(in, key, 1, hi, &v, err);
    *out = (int32_t)v;
    return rc;
}

static wu_code read_rope(wu_config *c, const wu_json_in *top, wu_err *err) {
    wu_code rc;
    const wu_json *parameters = wu_json_get(top->j, "rope_parameters");
    const wu_json *scaling = wu_json_get(top->j, "rope_scaling");
    const bool is_new = wu_json_type(parameters) == WU_JSON_OBJECT;
    if (!is_new && wu_json_type(scaling) != WU_JSON_OBJECT) scaling = NULL;
    const wu_json_in in = {is_new ? parameters : scaling, top->where, top->code};

    c->rope_theta = 10000.0;
    if ((rc = wu_json_opt_real(top, "rope_theta", 1.0, 1e12, &c->rope_theta, err))) return rc;
    if (!in.j) return WU_OK;
    if (is_new && (rc = wu_json_opt_real(&in, "rope_theta", 1.0, 1e12, &c->rope_theta, err)))
        return rc;
    wu_str kind = WU_STR("default");
    if ((rc = wu_json_opt_str(&in, "type", &kind, err))) return rc;
    if ((rc = wu_json_opt_str(&in, "rope_type", &kind, err))) return rc;
    if (wu_str_eq(kind, WU_STR("default"))) return WU_OK;
    if (wu_str_eq(kind, WU_STR("linear"))) {
        c->rope = WU_ROPE_LINEAR;
        return wu_json_want_real(&in, "factor", 1e-3, 1e6, &c->rope_factor, err);
    }
    if (!wu_str_eq(kind, WU_STR("llama3")))
        return wu_fail(
            err, WU_EFORMAT,
            "%s: RoPE scaling \"%.*s\" is not supported (default, linear and llama3 are)",
            top->where, (int)WU_MIN(kind.n, (size_t)40), kind.p);
    c->rope = WU_ROPE_LLAMA3;
    int64_t original = 8192;
    if ((rc = wu_json_want_real(&in, "factor", 1e-3, 1e6, &c->rope_factor, err))) return rc;
    if ((rc = wu_json_want_real(&in, "low_freq_factor", 1e-6, 1e6, &c->rope_low, err))) return rc;
    if ((rc = wu_json_want_real(&in, "high_freq_factor", 1e-6, 1e6, &c->rope_high, err))) return rc;
    if ((rc = wu_json_opt_int(&in, "original_max_position_embeddings", 1, 1 << 30, &original, err)))
        return rc;
    if (!(c->rope_high > c->rope_low))
        return wu_fail(err, WU_EFORMAT, "%s: high_freq_factor %g is not above low_freq_factor %g",
                       top->where, c->rope_high, c->rope_low);
    c->rope_original = (int32_t)original;
    return WU_OK;
}

/* Sliding window: which layers use it is all of them from window_from on. */
static wu_code read_window(wu_config *c, const wu_json_in *in, wu_err *err) {
    wu_code rc;
    const bool is_qwen = strcmp(c->architecture, "qwen2") == 0;
    const wu_json *given = wu_json_get(in->j, "sliding_window");
    if (strcmp(c->architecture, "mistral") == 0 && !given) c->window = 4096;
    if (strcmp(c->architecture, "llama") == 0) return WU_OK;
    if ((rc = read_int(in, "sliding_window", 1, INT32_MAX, &c->window, err))) return rc;
    if (!is_qwen) return WU_OK;
    bool used = false;
    if ((rc = wu_json_opt_bool(in, "use_sliding_window", &used, err))) return rc;
    if (!used) c->window = 0;
    return read_int(in, "max_window_layers", 0, INT32_MAX, &c->window_from, err);
}

static wu_code refuse_unsupported(const wu_json_in *in, wu_err *err) {
    wu_code rc;
    wu_str act = WU_STR("silu");
    if ((rc = wu_json_opt_str(in, "hidden_act", &act, err))) return rc;
    if (!wu_str_eq(act, WU_STR("silu")) && !wu_str_eq(act, WU_STR("swish")))
        return wu_fail(err, WU_EFORMAT, "%s: hidden_act \"%.*s\" is not supported, want silu",
                       in->where, (int)WU_MIN(act.n, (size_t)40), act.p);
    const wu_json *q = wu_json_get(in->j, "quantization_config");
    if (q && wu_json_get(q, "quant_method"))
        return wu_fail(err, WU_EFORMAT,
                       "%s: quantization_config.quant_method is set; only MLX's own affine "
                       "quantisation is read",
                       in->where);
    const wu_json *mode = wu_json_get(wu_json_get(in->j, "quantization"), "mode");
    if (mode && !wu_str_eq(wu_json_str(mode), WU_STR("affine")))
        return wu_fail(err, WU_EFORMAT, "%s: quantization.mode is not \"affine\"", in->where);
    return WU_OK;
}

wu_code wu_config_from_json(wu_config *c, const wu_json *j, const char *where, wu_err *err) {
    const wu_json_in in = {j, where, WU_EFORMAT};
    wu_code rc;
    wu_str kind = {0};
    *c = (wu_config){.norm_eps = 1e-6f};
    if ((rc = wu_json_want_str(&in, "model_type", &kind, err))) return rc;
    if (!wu_str_eq(kind, WU_STR("llama")) && !wu_str_eq(kind, WU_STR("mistral")) &&
        !wu_str_eq(kind, WU_STR("qwen2")))
        return wu_fail(err, WU_EFORMAT,
                       "%s: model_type \"%.*s\" is not supported (llama, mistral and qwen2 are)",
                       where, (int)WU_MIN(kind.n, (size_t)40), kind.p);
    memcpy(c->architecture, kind.p, kind.n);

    if ((rc = want_int(&in, "num_hidden_layers", MAX_LAYER, &c->n_layer, err))) return rc;
    if ((rc = want_int(&in, "hidden_size", MAX_WIDTH, &c->d_model, err))) return rc;
    if ((rc = want_int(&in, "intermediate_size", MAX_WIDTH, &c->d_ff, err))) return rc;
    if ((rc = want_int(&in, "num_attention_heads", MAX_HEAD, &c->n_head, err))) return rc;
    if ((rc = want_int(&in, "vocab_size", MAX_VOCAB, &c->n_vocab, err))) return rc;
    c->n_kv = c->n_head;
    c->d_head = c->d_model / c->n_head;
    if ((rc = read_int(&in, "num_key_value_heads", 1, MAX_HEAD, &c->n_kv, err))) return rc;
    if ((rc = read_int(&in, "head_dim", 1, MAX_HEAD_DIM, &c->d_head, err))) return rc;
    if ((rc = read_int(&in, "max_position_embeddings", 1, INT32_MAX, &c->max_position, err)))
        return rc;
    double eps = 1e-6;
    if ((rc = wu_json_opt_real(&in, "rms_norm_eps", 0.0, 1.0, &eps, err))) return rc;
    c->norm_eps = (float)eps;
    if ((rc = wu_json_opt_bool(&in, "tie_word_embeddings", &c->tied, err))) return rc;
    if ((rc = read_rope(c, &in, err))) return rc;
    if ((rc = read_window(c, &in, err))) return rc;
    if ((rc = refuse_unsupported(&in, err))) return rc;
    return check_shape(c, where, err);
}

/* Metadata key "architecture.name": an integer, or an array of equal ones. */
static wu_code gguf_int(const wu_gguf *g, const char *arch, const char *name, int64_t hi,
                        bool needed, int32_t *out, const char *where, wu_err *err) {
    char key[96];
    snprintf(key, sizeof(key), "%s.%s", arch, name);
    int64_t v = 0, other;
    bool found = wu_gguf_int(g, key, &v);
    if (!found && wu_gguf_array(g, key) > 0) {
        found = wu_gguf_array_int(g, key, 0, &v);
        for (int64_t i = 1; found && i < wu_gguf_array(g, key); i++)
            if (!wu_gguf_array_int(g, key, i, &other) || other != v)
                return wu_fail(err, WU_EFORMAT,
                               "%s: %s differs from layer to layer, which is not supported", where,
                               key);
    }
    if (!found) return needed ? wu_fail(err, WU_EFORMAT, "%s: %s is missing", where, key) : WU_OK;
    if (v < 1 || v > hi)
        return wu_fail(err, WU_EFORMAT, "%s: %s is %lld, want 1 to %lld", where, key, (long long)v,
                       (long long)hi);
    *out = (int32_t)v;
    return WU_OK;
}

static wu_code gguf_rope(wu_config *c, const wu_gguf *g, const char *where, wu_err *err) {
    char key[96];
    c->rope_theta = 10000.0;
    snprintf(key, sizeof(key), "%s.rope.freq_base", c->architecture);
    (void)wu_gguf_real(g, key, &c->rope_theta);
    if (!(c->rope_theta >= 1.0 && c->rope_theta <= 1e12))
        return wu_fail(err, WU_EFORMAT, "%s: %s is %g, want 1 to 1e12", where, key, c->rope_theta);
    if (wu_gguf_find(g, "rope_freqs.weight")) c->rope = WU_ROPE_FACTORS;
    wu_str kind = {0};
    snprintf(key, sizeof(key), "%s.rope.scaling.type", c->architecture);
    double factor = 0.0;
    if (wu_gguf_str(g, key, &kind) && !wu_str_eq(kind, WU_STR("none"))) {
        if (!wu_str_eq(kind, WU_STR("linear")))
            return wu_fail(err, WU_EFORMAT, "%s: %s \"%.*s\" is not supported, want linear", where,
                           key, (int)WU_MIN(kind.n, (size_t)40), kind.p);
        snprintf(key, sizeof(key), "%s.rope.scaling.factor", c->architecture);
        if (!wu_gguf_real(g, key, &factor)) factor = 1.0;
    } else {
        snprintf(key, sizeof(key), "%s.rope.scale_linear", c->architecture);
        (void)wu_gguf_real(g, key, &factor);
    }
    if (factor != 0.0) {
        if (!(factor >= 1e-3 && factor <= 1e6))
            return wu_fail(err, WU_EFORMAT, "%s: %s is %g, want 0.001 to 1e6", where, key, factor);
        c->rope = WU_ROPE_LINEAR;
        c->rope_factor = factor;
    }
    return WU_OK;
}

wu_code wu_config_from_gguf(wu_config *c, const wu_gguf *g, const char *where, wu_err *err) {
    wu_code rc;
    wu_str arch = {0};
    *c = (wu_config){0};
    if (!wu_gguf_str(g, "general.architecture", &arch))
        return wu_fail(err, WU_EFORMAT, "%s: general.architecture is missing", where);
    if (!wu_str_eq(arch, WU_STR("llama")) && !wu_str_eq(arch, WU_STR("qwen2")))
        return wu_fail(err, WU_EFORMAT,
                       "%s: architecture \"%.*s\" is not supported (llama and qwen2 are)", where,
                       (int)WU_MIN(arch.n, (size_t)40), arch.p);
    memcpy(c->architecture, arch.p, arch.n);
    const char *a = c->architecture;
    int32_t rope_dims = 0, experts = 0;
    if ((rc = gguf_int(g, a, "block_count", MAX_LAYER, true, &c->n_layer, where, err))) return rc;
    if ((rc = gguf_int(g, a, "embedding_length", MAX_WIDTH, true, &c->d_model, where, err)))
        return rc;
    if ((rc = gguf_int(g, a, "feed_forward_length", MAX_WIDTH, true, &c->d_ff, where, err)))
        return rc;
    if ((rc = gguf_int(g, a, "attention.head_count", MAX_HEAD, true, &c->n_head, where, err)))
        return rc;
    if ((rc = gguf_int(g, a, "context_length", INT32_MAX, true, &c->max_position, where, err)))
        return rc;
    c->n_kv = c->n_head;
    c->d_head = c->d_model / c->n_head;
    if ((rc = gguf_int(g, a, "attention.head_count_kv", MAX_HEAD, false, &c->n_kv, where, err)))
        return rc;
    if ((rc = gguf_int(g, a, "attention.key_length", MAX_HEAD_DIM, false, &c->d_head, where, err)))
        return rc;
    if ((rc = gguf_int(g, a, "expert_count", MAX_HEAD, false, &experts, where, err))) return rc;
    rope_dims = c->d_head;
    if ((rc = gguf_int(g, a, "rope.dimension_count", MAX_HEAD_DIM, false, &rope_dims, where, err)))
        return rc;
    if (rope_dims != c->d_head)
        return wu_fail(err, WU_EFORMAT, "%s: rope.dimension_count is %d, want %d (the head size)",
                       where, rope_dims, c->d_head);
    if (experts > 1)
        return wu_fail(err, WU_EFORMAT, "%s: %d experts: mixtures of experts are not supported",
                       where, experts);
    char key[96];
    double eps = 0.0;
    snprintf(key, sizeof(key), "%s.attention.layer_norm_rms_epsilon", a);
    if (!wu_gguf_real(g, key, &eps) || !(eps >= 0.0 && eps <= 1.0))
        return wu_fail(err, WU_EFORMAT, "%s: %s is missing or not between 0 and 1", where, key);
    c->norm_eps = (float)eps;
    const wu_tensor *embed = wu_gguf_find(g, "token_embd.weight");
    if (!embed || embed->n_dim != 2 || embed->dim[0] < 1 || embed->dim[0] > MAX_VOCAB)
        return wu_fail(err, WU_EFORMAT, "%s: token_embd.weight is missing or not a matrix", where);
    c->n_vocab = (int32_t)embed->dim[0];
    c->tied = !wu_gguf_find(g, "output.weight");
    if ((rc = gguf_rope(c, g, where, err))) return rc;
    return check_shape(c, where, err);
}
