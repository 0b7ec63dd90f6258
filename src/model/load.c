/* load.c - binds the tensors of a file to the places where the forward pass wants them.
 *
 * Names: Hugging Face's (MLX uses the same) or GGUF's.  Every tensor that is
 * needed must be there with the shape that the config gives. */
#include "base/file.h"
#include "formats/gguf.h"
#include "formats/quant.h"
#include "formats/safetensors.h"
#include "model/config_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wu_model_files {
    wu_st_set *st;
    wu_gguf *gguf;
    wu_arena arena;
    int32_t bits, group; /* MLX quantisation of the whole model; 0: none */
    wu_json *config;     /* for overrides by module; only while loading */
};

typedef struct loader {
    wu_model *m;
    struct wu_model_files *f;
    const char *where;
    wu_err *err;
} loader;

static const char *const gguf_linear[WU_N_LINEAR] = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                                     "ffn_gate", "ffn_up", "ffn_down"};

static const wu_tensor *find(const loader *l, const char *name) {
    return l->f->gguf ? wu_gguf_find(l->f->gguf, name) : wu_st_set_find(l->f->st, name);
}

static wu_code missing(const loader *l, const char *name) {
    return wu_fail(l->err, WU_EFORMAT, "%s: tensor %s is missing", l->where, name);
}

/* A vector as f32: norms and biases. */
static wu_code load_vector(loader *l, const float **out, const char *name, int64_t n, bool needed) {
    *out = NULL;
    const wu_tensor *t = find(l, name);
    if (!t) return needed ? missing(l, name) : WU_OK;
    if (t->n_dim != 1 || t->dim[0] != n)
        return wu_fail(l->err, WU_EFORMAT,
                       "%s: tensor %s has %d dimensions and %lld numbers, want [%lld]", l->where,
                       name, t->n_dim, (long long)(t->n_dim ? t->dim[0] : 0), (long long)n);
    float *v = wu_arena_zero(&l->f->arena, (size_t)n, sizeof(*v));
    if (!v) return wu_fail(l->err, WU_ENOMEM, "%s: out of memory for %s", l->where, name);
    *out = v;
    return wu_tensor_to_f32(v, t, l->err);
}

/* MLX: bits and group of one module, from its own entry in the config or the model's. */
static void mlx_form(const loader *l, const char *module, int *bits, int *group) {
    const wu_json *q = wu_json_get(l->f->config, "quantization");
    const wu_json *own = wu_json_get(q, module);
    *bits = l->f->bits;
    *group = l->f->group;
    if (wu_json_type(own) != WU_JSON_OBJECT) return;
    if (wu_json_get(own, "bits")) *bits = (int)wu_json_int(wu_json_get(own, "bits"));
    if (wu_json_get(own, "group_size")) *group = (int)wu_json_int(wu_json_get(own, "group_size"));
}

static wu_code load_mlx(loader *l, wu_matrix *out, const char *module, const wu_tensor *weight,
                        const wu_tensor *scales) {
    char name[160];
    int bits, group;
    mlx_form(l, module, &bits, &group);
    snprintf(name, sizeof(name), "%s.biases", module);
    const wu_tensor *biases = find(l, name);
    if (!biases) return missing(l, name);
    return wu_matrix_from_mlx(out, weight, scales, biases, bits, group, l->err);
}

/* row_of: see wu_matrix_from_tensor. */
static wu_code load_matrix(loader *l, wu_matrix *out, const char *module, int32_t n_out,
                           int32_t n_in, const int32_t *row_of) {
    char name[160];
    snprintf(name, sizeof(name), "%s.weight", module);
    const wu_tensor *t = find(l, name);
    if (!t) return missing(l, name);
    snprintf(name, sizeof(name), "%s.scales", module);
    const wu_tensor *scales = l->f->gguf ? NULL : find(l, name);
    const wu_code rc = scales ? load_mlx(l, out, module, t, scales)
                              : wu_matrix_from_tensor(out, t, row_of, &l->f->arena, l->err);
    if (rc) return wu_fail_in(l->err, rc, "%s", l->where);
    if (out->n_out != n_out || out->n_in != n_in)
        return wu_fail(l->err, WU_EFORMAT, "%s: tensor %s.weight has shape [%d,%d], want [%d,%d]",
                       l->where, module, out->n_out, out->n_in, n_out, n_in);
    l->m->n_weight += (int64_t)n_out * n_in;
    l->m->weight_bytes += out->row_bytes * n_out;
    if (out->group)
        l->m->weight_bytes +=
            (int64_t)n_out * (n_in / out->group) * (out->scale_type == WU_F32 ? 8 : 4);
    return WU_OK;
}

/* GGUF's llama architecture keeps the two halves of a head interleaved; ours are split. */
static int32_t *pair_order(loader *l, int32_t n_head) {
    const int32_t hd = l->m->config.d_head;
    int32_t *row = wu_arena_zero(&l->f->arena, (size_t)n_head * (size_t)hd, sizeof(*row));
    if (!row) return NULL;
    for (int32_t h = 0; h < n_head; h++)
        for (int32_t i = 0; i < hd / 2; i++) {
            row[h * hd + i] = h * hd + 2 * i;
            row[h * hd + hd / 2 + i] = h * hd + 2 * i + 1;
        }
    return row;
}

static wu_code load_linear(loader *l, int32_t layer, wu_linear lin, const int32_t *row_of) {
    const wu_adapter_dims dims = wu_model_dims(l->m);
    wu_layer *to = &l->m->layer[layer];
    char module[128], name[160];
    if (l->f->gguf)
        snprintf(module, sizeof(module), "blk.%d.%s", layer, gguf_linear[lin]);
    else
        snprintf(module, sizeof(module), "model.layers.%d.%s", layer, wu_linear_name(lin));
    wu_code rc = load_matrix(l, &to->linear[lin], module, dims.n_out[lin], dims.n_in[lin], row_of);
    if (rc) return rc;
    snprintf(name, sizeof(name), "%s.bias", module);
    const float *bias;
    const bool needed = strcmp(l->m->config.architecture, "qwen2") == 0 && lin <= WU_LIN_V;
    rc = load_vector(l, &bias, name, dims.n_out[lin], needed);
    if (rc || !bias || !row_of) {
        to->bias[lin] = bias;
        return rc;
    }
    float *moved = wu_arena_zero(&l->f->arena, (size_t)dims.n_out[lin], sizeof(*moved));
    if (!moved) return wu_fail(l->err, WU_ENOMEM, "%s: out of memory for %s", l->where, name);
    for (int32_t i = 0; i < dims.n_out[lin]; i++) moved[i] = bias[row_of[i]];
    to->bias[lin] = moved;
    return WU_OK;
}

static wu_code load_layers(loader *l) {
    wu_model *m = l->m;
    const wu_config *c = &m->config;
    wu_code rc;
    m->layer = wu_arena_zero(&l->f->arena, (size_t)c->n_layer, sizeof(*m->layer));
    if (!m->layer) return wu_fail(l->err, WU_ENOMEM, "%s: out of memory", l->where);
    const bool pairs = l->f->gguf && strcmp(c->architecture, "llama") == 0;
    const int32_t *order_q = pairs ? pair_order(l, c->n_head) : NULL;
    const int32_t *order_k = pairs ? pair_order(l, c->n_kv) : NULL;
    if (pairs && (!order_q || !order_k))
        return wu_fail(l->err, WU_ENOMEM, "%s: out of memory", l->where);
    for (int32_t i = 0; i < c->n_layer; i++) {
        char name[128];
        snprintf(name, sizeof(name),
                 l->f->gguf ? "blk.%d.attn_norm.weight" : "model.layers.%d.input_layernorm.weight",
                 i);
        if ((rc = load_vector(l, &m->layer[i].norm1, name, c->d_model, true))) return rc;
        snprintf(name, sizeof(name),
                 l->f->gguf ? "blk.%d.ffn_norm.weight"
                            : "model.layers.%d.post_attention_layernorm.weight",
                 i);
        if ((rc = load_vector(l, &m->layer[i].norm2, name, c->d_model, true))) return rc;
        for (wu_linear lin = 0; lin < WU_N_LINEAR; lin++)
            if ((rc = load_linear(l, i, lin,
                                  lin == WU_LIN_Q   ? order_q
                                  : lin == WU_LIN_K ? order_k
                                                    : NULL)))
                return rc;
    }
    return WU_OK;
}

static wu_code load_weights(loader *l) {
    wu_model *m = l->m;
    const wu_config *c = &m->config;
    const bool g = l->f->gguf != NULL;
    wu_code rc;
    if ((rc = load_matrix(l, &m->embed, g ? "token_embd" : "model.embed_tokens", c->n_vocab,
                          c->d_model, NULL)))
        return rc;
    m->head = m->embed;
    if (!c->tied &&
        (rc = load_matrix(l, &m->head, g ? "output" : "lm_head", c->n_vocab, c->d_model, NULL)))
        return rc;
    if ((rc = load_vector(l, &m->norm, g ? "output_norm.weight" : "model.norm.weight", c->d_model,
                          true)))
        return rc;
    if ((rc = load_layers(l))) return rc;

    m->inv_freq = wu_arena_zero(&l->f->arena, (size_t)c->d_head / 2, sizeof(*m->inv_freq));
    if (!m->inv_freq) return wu_fail(l->err, WU_ENOMEM, "%s: out of memory", l->where);
    const float *factors = NULL;
    if (c->rope == WU_ROPE_FACTORS) {
        if ((rc = load_vector(l, &factors, "rope_freqs.weight", c->d_head / 2, true))) return rc;
        for (int32_t i = 0; i < c->d_head / 2; i++)
            if (!(factors[i] > 0.0f))
                return wu_fail(l->err, WU_EFORMAT,
                               "%s: rope_freqs.weight[%d] is %g, want a positive number", l->where,
                               i, (double)factors[i]);
    }
    wu_config_frequencies(c, factors, m->inv_freq);
    return WU_OK;
}

static wu_code open_directory(loader *l, const char *path) {
    char file[WU_PATH_MAX];
    wu_code rc;
    if ((rc = wu_path_join(file, sizeof(file), path, "config.json", l->err))) return rc;
    if ((rc = wu_json_read_file(&l->f->config, file, (size_t)16 << 20, WU_EFORMAT, l->err)))
        return rc;
    if ((rc = wu_config_from_json(&l->m->config, l->f->config, file, l->err))) return rc;
    const wu_json *q = wu_json_get(l->f->config, "quantization");
    if (wu_json_type(q) == WU_JSON_OBJECT) {
        const wu_json_in in = {q, file, WU_EFORMAT};
        int64_t bits = 4, group = 64;
        if ((rc = wu_json_opt_int(&in, "bits", 1, 8, &bits, l->err))) return rc;
        if ((rc = wu_json_opt_int(&in, "group_size", 1, 1024, &group, l->err))) return rc;
        l->f->bits = (int32_t)bits;
        l->f->group = (int32_t)group;
    }
    return wu_st_set_open(&l->f->st, path, l->err);
}

static wu_code open_gguf(loader *l, const char *path) {
    const wu_code rc = wu_gguf_open(&l->f->gguf, path, l->err);
    return rc ? rc : wu_config_from_gguf(&l->m->config, l->f->gguf, path, l->err);
}

wu_code wu_model_load(wu_model **out, const char *path, wu_err *err) {
    *out = NULL;
    wu_model *m = calloc(1, sizeof(*m));
    struct wu_model_files *f = calloc(1, sizeof(*f));
    wu_code rc;
    if (!m || !f) {
        free(m);
        free(f);
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    }
    m->files = f;
    m->path = strdup(path);
    loader l = {m, f, path, err};
    if (!m->path) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    if ((rc = wu_is_dir(path) ? open_directory(&l, path) : open_gguf(&l, path))) goto done;
    if ((rc = load_weights(&l))) goto done;
    if (f->gguf)
        wu_gguf_drop_pages(f->gguf); /* blocks were converted; dense tensors come back when used */
    *out = m;
    m = NULL;
done:
    wu_json_free(f->config);
    f->config = NULL;
    wu_model_free(m);
    return rc;
}

void wu_model_free(wu_model *m) {
    if (!m) return;
    wu_st_set_close(m->files->st);
    wu_gguf_close(m->files->gguf);
    wu_arena_free(&m->files->arena);
    free(m->files);
    free(m->path);
    free(m);
}

wu_adapter_dims wu_model_dims(const wu_model *m) {
    const wu_config *c = &m->config;
    const int32_t q = c->n_head * c->d_head, kv = c->n_kv * c->d_head;
    return (wu_adapter_dims){
        .n_layer = c->n_layer,
        .n_in = {c->d_model, c->d_model, c->d_model, q, c->d_model, c->d_model, c->d_ff},
        .n_out = {q, kv, kv, c->d_model, c->d_ff, c->d_ff, c->d_model},
    };
}
