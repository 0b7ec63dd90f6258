/* cmd_inspect.c - `wrapup inspect`: what a model, adapter or tokenizer file contains.
 *
 * Everything found is put into one JSON object first; --json writes it as it is, and the text for
 * people is made from it. */
#include "base/compiler.h"
#include "base/file.h"
#include "cli/open.h"
#include "formats/gguf.h"
#include "formats/safetensors.h"
#include "text/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CONFIG_BYTES = 64 << 20, MAX_SHOWN = 8 };

typedef struct options {
    wu_common common;
    bool json;
} options;

static const wu_opt table[] = {
    {"json", 0, WU_OPT_FLAG, offsetof(options, json), NULL, NULL, NULL, 0, 0, false,
     "Write one JSON object instead of text."},
};

typedef struct work {
    const char *path;
    wu_json *root;
    wu_json *config; /* config.json, or NULL */
    wu_gguf *gguf;
    wu_st_set *set;
    wu_st *file;    /* one safetensors file, or the adapter's */
    wu_code memory; /* sticky: building the object failed */
    wu_code late;   /* a part that could not be read; the others are shown */
    wu_err *err;
} work;

/* ---- building the object -------------------------------------------------------------------- */

static void put(work *w, wu_json *object, const char *key, wu_json *value) {
    if (w->memory)
        wu_json_free(value);
    else
        w->memory = wu_json_set(object, key, value);
}

static void add(work *w, wu_json *array, wu_json *value) {
    if (w->memory)
        wu_json_free(value);
    else
        w->memory = wu_json_push(array, value);
}

/* A new object or array inside another; it belongs to the outer one. */
static wu_json *put_object(work *w, wu_json *outer, const char *key) {
    wu_json *j = wu_json_new_object();
    put(w, outer, key, j);
    return w->memory ? NULL : j;
}

static wu_json *put_array(work *w, wu_json *outer, const char *key) {
    wu_json *j = wu_json_new_array();
    put(w, outer, key, j);
    return w->memory ? NULL : j;
}

/* Text from a file; where it is not UTF-8, bytes beyond ASCII become '?'. */
static wu_json *text_node(wu_str s) {
    wu_json *j = wu_json_new_str(s);
    if (j) return j;
    char *copy = malloc(s.n + 1);
    if (!copy) return NULL;
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        copy[i] = '?';
        if (c && c < 128) copy[i] = s.p[i];
    }
    j = wu_json_new_str((wu_str){copy, s.n});
    free(copy);
    return j;
}

static void put_text(work *w, wu_json *object, const char *key, const char *s) {
    put(w, object, key, text_node(wu_str_of(s)));
}

static void put_int(work *w, wu_json *object, const char *key, int64_t v) {
    put(w, object, key, wu_json_new_int(v));
}

/* Copies a member under another name, if it is there and not null. */
static void copy_member(work *w, wu_json *to, const char *as, const wu_json *from,
                        const char *key) {
    const wu_json *x = wu_json_get(from, key);
    if (wu_json_type(x) != WU_JSON_NULL) put(w, to, as, wu_json_copy(x));
}

/* ---- architecture --------------------------------------------------------------------------- */

/* The same numbers from config.json and from GGUF metadata, under one name. */
static const struct {
    const char *name, *config, *gguf;
} numbers[] = {
    {"layers", "num_hidden_layers", "block_count"},
    {"hidden_size", "hidden_size", "embedding_length"},
    {"feed_forward_size", "intermediate_size", "feed_forward_length"},
    {"heads", "num_attention_heads", "attention.head_count"},
    {"kv_heads", "num_key_value_heads", "attention.head_count_kv"},
    {"head_size", "head_dim", "attention.key_length"},
    {"vocabulary", "vocab_size", "vocab_size"},
    {"context", "max_position_embeddings", "context_length"},
    {"sliding_window", "sliding_window", "attention.sliding_window"},
    {"norm_eps", "rms_norm_eps", "attention.layer_norm_rms_epsilon"},
    {"rope_theta", "rope_theta", "rope.freq_base"},
};

static void describe_config(work *w) {
    const wu_json *c = w->config, *names = wu_json_get(c, "architectures");
    wu_json *a = put_object(w, w->root, "architecture");

    copy_member(w, a, "name", c, "model_type");
    if (wu_json_size(names)) put(w, a, "class", wu_json_copy(wu_json_at(names, 0)));
    for (size_t i = 0; i < WU_LEN(numbers); i++)
        copy_member(w, a, numbers[i].name, c, numbers[i].config);
    if (!wu_json_get(a, "rope_theta"))
        copy_member(w, a, "rope_theta", wu_json_get(c, "rope_parameters"), "rope_theta");
    copy_member(w, a, "rope_scaling", c, "rope_scaling");
    copy_member(w, a, "tied", c, "tie_word_embeddings");
    copy_member(w, a, "type", c, wu_json_get(c, "dtype") ? "dtype" : "torch_dtype");
    copy_member(w, a, "quantization", c, "quantization");
}

static void describe_gguf(work *w) {
    wu_json *a = put_object(w, w->root, "architecture");
    char key[256], value[128];
    wu_str name = {0};

    if (!wu_gguf_str(w->gguf, "general.architecture", &name) || name.n > 64)
        name = WU_STR("unknown");
    put(w, a, "name", text_node(name));
    for (size_t i = 0; i < WU_LEN(numbers); i++) {
        int64_t whole;
        double real;
        snprintf(key, sizeof(key), "%.*s.%s", (int)name.n, name.p, numbers[i].gguf);
        if (wu_gguf_int(w->gguf, key, &whole))
            put_int(w, a, numbers[i].name, whole);
        else if (wu_gguf_real(w->gguf, key, &real))
            put(w, a, numbers[i].name, wu_json_new_real(real));
    }
    if (wu_gguf_find(w->gguf, "token_embd.weight"))
        put(w, a, "tied", wu_json_new_bool(!wu_gguf_find(w->gguf, "output.weight")));
    wu_json *m = put_object(w, w->root, "metadata");
    for (int64_t i = 0; i < wu_gguf_keys(w->gguf); i++) {
        wu_json *name_node = text_node(wu_str_of(wu_gguf_key(w->gguf, i, value, sizeof(value))));
        const char *k = wu_json_str(name_node).p; /* ends with a NUL */
        if (k && strlen(k) <= 200 && !wu_json_get(m, k)) put_text(w, m, k, value);
        wu_json_free(name_node);
    }
}

/* ---- tensors -------------------------------------------------------------------------------- */

static int32_t count_tensors(const work *w) {
    return (w->gguf ? wu_gguf_count(w->gguf) : 0) + (w->set ? wu_st_set_count(w->set) : 0) +
           (w->file ? wu_st_count(w->file) : 0);
}

static const wu_tensor *tensor_at(const work *w, int32_t i) {
    const int32_t n_gguf = w->gguf ? wu_gguf_count(w->gguf) : 0;
    const int32_t n_set = w->set ? wu_st_set_count(w->set) : 0;
    if (i < n_gguf) return wu_gguf_at(w->gguf, i);
    if (i < n_gguf + n_set) return wu_st_set_at(w->set, i - n_gguf);
    return wu_st_at(w->file, i - n_gguf - n_set);
}

static int64_t product(const wu_tensor *t) {
    int64_t n = 1;
    for (int32_t i = 0; i < t->n_dim; i++) n *= t->dim[i];
    return n;
}

static int64_t adapter_parameters(const work *w) {
    int64_t n = 0;
    for (int32_t i = 0; w->file && i < wu_st_count(w->file); i++)
        n += product(wu_st_at(w->file, i));
    return n;
}

/* Numbers that a tensor stands for. In MLX's quantised form a U32 holds several, and how many the
 * group size and the scales say; scales and biases stand for none. */
static int64_t parameters_of(const work *w, const wu_tensor *t) {
    static const char *const parts[] = {".scales", ".biases", ".weight"};
    const wu_json *q = wu_json_get(w->config, "quantization");
    char name[512], stem[512];
    int64_t group;

    for (size_t k = 0; q && w->set && k < WU_LEN(parts); k++) {
        const size_t n = strlen(t->name), n_part = strlen(parts[k]);
        if (n <= n_part || n >= sizeof(stem) - 8 || strcmp(t->name + n - n_part, parts[k]) != 0)
            continue;
        snprintf(stem, sizeof(stem), "%.*s", (int)(n - n_part), t->name);
        snprintf(name, sizeof(name), "%.*s.scales", (int)(n - n_part), t->name);
        const wu_tensor *scales = wu_st_set_find(w->set, name);
        if (!scales || scales->n_dim != 2) continue;
        if (k < 2) return 0;
        const wu_json *own = wu_json_get(q, stem);
        group =
            wu_json_int(wu_json_get(wu_json_type(own) == WU_JSON_OBJECT ? own : q, "group_size"));
        if (t->type == WU_T_U32 && group > 0 && group <= 1024)
            return scales->dim[0] * scales->dim[1] * group;
    }
    return product(t);
}

static void describe_tensors(work *w) {
    const int32_t n = count_tensors(w);
    int64_t bytes = 0, parameters = 0, of_type[WU_T_OTHER + 1] = {0}, n_type[WU_T_OTHER + 1] = {0};

    wu_json *totals = put_object(w, w->root, "totals");
    wu_json *list = put_array(w, w->root, "tensors");
    for (int32_t i = 0; i < n; i++) {
        const wu_tensor *t = tensor_at(w, i);
        wu_json *j = wu_json_new_object();
        add(w, list, j);
        if (w->memory) return;
        put_text(w, j, "name", t->name);
        put_text(w, j, "type", wu_ttype_name(t->type));
        wu_json *shape = put_array(w, j, "shape");
        for (int32_t d = 0; d < t->n_dim; d++) add(w, shape, wu_json_new_int(t->dim[d]));
        put_int(w, j, "bytes", (int64_t)t->bytes);
        bytes += (int64_t)t->bytes;
        parameters += parameters_of(w, t);
        of_type[t->type] += (int64_t)t->bytes;
        n_type[t->type]++;
    }
    put_int(w, totals, "tensors", n);
    put_int(w, totals, "parameters", parameters);
    put_int(w, totals, "bytes", bytes);
    wu_json *types = put_object(w, totals, "types");
    for (int k = 0; k <= WU_T_OTHER; k++) {
        if (!n_type[k]) continue;
        wu_json *one = put_object(w, types, wu_ttype_name((wu_ttype)k));
        put_int(w, one, "tensors", n_type[k]);
        put_int(w, one, "bytes", of_type[k]);
    }
}

/* ---- tokenizer ------------------------------------------------------------------------------ */

static wu_json *token_node(work *w, const wu_vocab *v, int32_t id) {
    wu_json *j = wu_json_new_object();
    put_int(w, j, "id", id);
    put(w, j, "text", text_node(v->token[id]));
    return j;
}

static void put_token(work *w, wu_json *object, const char *key, const wu_vocab *v, int32_t id) {
    if (id >= 0) put(w, object, key, token_node(w, v, id));
}

static void describe_vocab(work *w, wu_json *j, const wu_vocab *v, wu_chat chat) {
    static const char *const presplits[] = {"none", "gpt2", "smollm2", "llama3", "qwen2"};
    static const char *const prefixes[] = {"none", "first", "each"};
    const bool spm = v->kind == WU_VOCAB_SPM;

    put_text(w, j, "kind", spm ? "SentencePiece BPE" : "byte-level BPE");
    put_int(w, j, "tokens", v->n_token);
    if (v->n_merge) put_int(w, j, "merges", v->n_merge);
    put_text(w, j, spm ? "leading_space" : "split",
             spm ? prefixes[v->prefix] : presplits[v->presplit]);
    put(w, j, "nfc", wu_json_new_bool(v->nfc));
    put(w, j, "add_bos", wu_json_new_bool(v->add_bos));
    put_token(w, j, "bos", v, v->bos);
    put_token(w, j, "eos", v, v->eos);
    put_token(w, j, "unk", v, v->unk);
    put_token(w, j, "pad", v, v->pad);
    wu_json *stop = put_array(w, j, "stop");
    for (int32_t i = 0; i < v->n_stop; i++) add(w, stop, token_node(w, v, v->stop[i]));
    wu_json *special = put_array(w, j, "special");
    for (int32_t i = 0; i < v->n_token; i++)
        if (v->type[i] == WU_TOKEN_CONTROL || v->type[i] == WU_TOKEN_USER ||
            v->type[i] == WU_TOKEN_UNKNOWN)
            add(w, special, token_node(w, v, i));
    put_text(w, j, "template",
             chat == WU_CHAT_NONE && v->chat_template ? "not recognised" : wu_chat_name(chat));
}

/* What is wrong with the tokenizer does not keep the rest from being shown. */
static void describe_tokenizer(work *w) {
    wu_opened o = {0};
    wu_err err = {0};

    wu_json *j = put_object(w, w->root, "tokenizer");
    const wu_code rc = wu_open_tokenizer(&o, w->path, NULL, &err);
    if (rc) {
        put_text(w, j, "error", err.msg);
        w->late = wu_fail(w->err, rc, "%s", err.msg);
    } else {
        describe_vocab(w, j, wu_tokenizer_vocab(o.tokenizer), o.chat);
    }
    wu_opened_close(&o);
}

/* ---- adapter -------------------------------------------------------------------------------- */

static void describe_adapter(work *w, const wu_json *c, bool peft) {
    static const char *const peft_keys[] = {"r",
                                            "lora_alpha",
                                            "use_rslora",
                                            "use_dora",
                                            "target_modules",
                                            "layers_to_transform",
                                            "rank_pattern",
                                            "alpha_pattern",
                                            "base_model_name_or_path"};
    const wu_json *p = wu_json_get(c, "lora_parameters");
    wu_json *a = put_object(w, w->root, "adapter");

    put_text(w, a, "format", peft ? "PEFT" : "MLX");
    put_int(w, a, "parameters", adapter_parameters(w));
    for (size_t i = 0; peft && i < WU_LEN(peft_keys); i++)
        if (wu_json_type(wu_json_get(c, peft_keys[i])) != WU_JSON_OBJECT ||
            wu_json_size(wu_json_get(c, peft_keys[i])))
            copy_member(w, a, peft_keys[i], c, peft_keys[i]);
    if (peft) return;
    copy_member(w, a, "fine_tune_type", c, "fine_tune_type");
    copy_member(w, a, "rank", p, "rank");
    copy_member(w, a, "scale", p, "scale");
    copy_member(w, a, "dropout", p, "dropout");
    copy_member(w, a, "keys", p, "keys");
    copy_member(w, a, "num_layers", c, "num_layers");
    copy_member(w, a, "model", c, "model");
}

/* ---- what the path leads to ------------------------------------------------------------------ */

static wu_code has_file(const work *w, const char *name, char path[WU_PATH_MAX], bool *there) {
    const wu_code rc = wu_path_join(path, WU_PATH_MAX, w->path, name, w->err);
    *there = !rc && wu_is_file(path);
    return rc;
}

static wu_code read_adapter_dir(work *w, bool *found) {
    static const char *const files[] = {"adapter_model.safetensors", "adapters.safetensors"};
    char path[WU_PATH_MAX];
    wu_json *c = NULL;
    bool there;
    wu_code rc;

    for (size_t i = 0; i < WU_LEN(files); i++) {
        if ((rc = has_file(w, files[i], path, &there))) return rc;
        if (!there) continue;
        *found = true;
        if ((rc = wu_st_open(&w->file, path, w->err))) return rc;
        if ((rc = has_file(w, "adapter_config.json", path, &there))) return rc;
        if (there && (rc = wu_json_read_file(&c, path, MAX_CONFIG_BYTES, WU_EFORMAT, w->err)))
            return rc;
        describe_adapter(w, c, i == 0);
        wu_json_free(c);
        return WU_OK;
    }
    return WU_OK;
}

static wu_code read_dir(work *w) {
    char path[WU_PATH_MAX];
    bool config, one, index, json, model, found = false;
    wu_code rc;

    if ((rc = has_file(w, "config.json", path, &config))) return rc;
    if (config && (rc = wu_json_read_file(&w->config, path, MAX_CONFIG_BYTES, WU_EFORMAT, w->err)))
        return rc;
    if ((rc = has_file(w, "model.safetensors", path, &one))) return rc;
    if ((rc = has_file(w, "model.safetensors.index.json", path, &index))) return rc;
    if ((rc = has_file(w, "tokenizer.json", path, &json))) return rc;
    if ((rc = has_file(w, "tokenizer.model", path, &model))) return rc;
    put_text(w, w->root, "kind", "directory");
    if (config) describe_config(w);
    if ((one || index) && (rc = wu_st_set_open(&w->set, w->path, w->err))) return rc;
    if ((rc = read_adapter_dir(w, &found))) return rc;
    if (json || model) describe_tokenizer(w);
    if (one || index || found) describe_tensors(w);
    if (config || one || index || found || json || model) return WU_OK;
    return wu_fail(w->err, WU_EIO, "%s: has no weights, config.json, tokenizer or adapter",
                   w->path);
}

static wu_code read_one_file(work *w) {
    wu_map map = {0};
    wu_str model;
    wu_code rc;

    if ((rc = wu_map_open(&map, w->path, w->err))) return rc;
    const bool is_gguf = map.n >= 4 && memcmp(map.p, "GGUF", 4) == 0;
    wu_map_close(&map);
    if (is_gguf || wu_ends_with(w->path, ".gguf")) {
        if ((rc = wu_gguf_open(&w->gguf, w->path, w->err))) return rc;
        put_text(w, w->root, "kind", "GGUF");
        describe_gguf(w);
        if (wu_gguf_str(w->gguf, "tokenizer.ggml.model", &model)) describe_tokenizer(w);
        describe_tensors(w);
    } else if (wu_ends_with(w->path, ".safetensors")) {
        if ((rc = wu_st_open(&w->file, w->path, w->err))) return rc;
        put_text(w, w->root, "kind", "safetensors");
        describe_tensors(w);
    } else {
        put_text(w, w->root, "kind", "tokenizer");
        describe_tokenizer(w);
        return w->late; /* there is nothing else to show */
    }
    return WU_OK;
}

/* ---- text for people ------------------------------------------------------------------------- */

/* Control characters would disturb a terminal. */
static wu_code write_plain(wu_buf *out, wu_str s) {
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < s.n; i++) {
        const bool control = (unsigned char)s.p[i] < 32 || s.p[i] == 127;
        rc = wu_buf_add(out, control ? "?" : &s.p[i], 1);
    }
    return rc;
}

static wu_code write_value(wu_buf *out, const wu_json *j);
static wu_code write_members(wu_buf *out, const wu_json *j);

/* At most MAX_SHOWN elements, and how many there are when that is not all. */
static wu_code write_list(wu_buf *out, const wu_json *j) {
    const size_t n = wu_json_size(j);
    wu_code rc = n == 0 ? wu_buf_str(out, "none") : WU_OK;
    for (size_t i = 0; !rc && i < WU_MIN(n, MAX_SHOWN); i++) {
        if (i) rc = wu_buf_str(out, ", ");
        if (!rc) rc = write_value(out, wu_json_at(j, i));
    }
    if (!rc && n > MAX_SHOWN) rc = wu_buf_fmt(out, ", ... (%zu in all)", n);
    return rc;
}

static wu_code write_members(wu_buf *out, const wu_json *j) {
    wu_code rc = WU_OK;
    for (void *it = wu_json_first(j); !rc && it; it = wu_json_next(j, it)) {
        const wu_str key = wu_json_key(it);
        if (it != wu_json_first(j)) rc = wu_buf_str(out, ", ");
        if (!rc) rc = write_plain(out, key);
        if (!rc) rc = wu_buf_char(out, ' ');
        if (!rc) rc = write_value(out, wu_json_value(it));
    }
    return rc;
}

static wu_code write_value(wu_buf *out, const wu_json *j) {
    const wu_json *text = wu_json_get(j, "text");
    wu_code rc;

    switch (wu_json_type(j)) {
    case WU_JSON_NULL:
        return wu_buf_str(out, "null");
    case WU_JSON_BOOL:
        return wu_buf_str(out, wu_json_bool(j) ? "yes" : "no");
    case WU_JSON_INT:
        return wu_buf_fmt(out, "%" PRId64, wu_json_int(j));
    case WU_JSON_REAL:
        return wu_buf_fmt(out, "%g", wu_json_real(j));
    case WU_JSON_STRING:
        return write_plain(out, wu_json_str(j));
    case WU_JSON_ARRAY:
        return write_list(out, j);
    case WU_JSON_OBJECT:
        break;
    }
    if (!text) {
        if ((rc = wu_buf_char(out, '('))) return rc;
        if ((rc = write_members(out, j))) return rc;
        return wu_buf_char(out, ')');
    }
    if ((rc = write_plain(out, wu_json_str(text)))) return rc; /* a token */
    return wu_buf_fmt(out, " (%" PRId64 ")", wu_json_int(wu_json_get(j, "id")));
}

/* "name   value" lines under a title; nothing if there is no such part. */
static wu_code write_section(wu_buf *out, const wu_json *root, const char *key, const char *title) {
    const wu_json *j = wu_json_get(root, key);
    size_t width = 16;
    wu_code rc = j ? wu_buf_fmt(out, "\n%s\n", title) : WU_OK;

    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it))
        width = WU_MAX(width, WU_MIN(wu_json_key(it).n, (size_t)40));
    for (void *it = wu_json_first(j); !rc && it; it = wu_json_next(j, it)) {
        const wu_str name = wu_json_key(it);
        const wu_json *value = wu_json_value(it);
        const bool plain = wu_json_type(value) == WU_JSON_OBJECT && !wu_json_get(value, "text");
        if ((rc = wu_buf_str(out, "  "))) break;
        if ((rc = write_plain(out, name))) break;
        if ((rc = wu_buf_fmt(out, "%*s", (int)(name.n < width ? width - name.n + 2 : 2), "")))
            break;
        if ((rc = plain ? write_members(out, value) : write_value(out, value))) break;
        rc = wu_buf_char(out, '\n');
    }
    return rc;
}

/* "[8,576]" into text[200]. */
static const char *shape_text(char text[200], const wu_json *shape) {
    size_t at = 1;
    text[0] = '[';
    for (size_t d = 0; d < wu_json_size(shape); d++)
        at += (size_t)snprintf(text + at, 200 - at, "%s%" PRId64, d ? "," : "",
                               wu_json_int(wu_json_at(shape, d)));
    snprintf(text + at, 200 - at, "]");
    return text;
}

static wu_code write_tensors(wu_buf *out, const wu_json *list) {
    const size_t n = wu_json_size(list);
    size_t width = 16;
    wu_code rc = n ? wu_buf_str(out, "\nTensors\n") : WU_OK;

    for (size_t i = 0; i < n; i++)
        width = WU_MAX(width,
                       WU_MIN(wu_json_str(wu_json_get(wu_json_at(list, i), "name")).n, (size_t)64));
    for (size_t i = 0; !rc && i < n; i++) {
        const wu_json *t = wu_json_at(list, i);
        const wu_str name = wu_json_str(wu_json_get(t, "name")),
                     type = wu_json_str(wu_json_get(t, "type"));
        char shape[200];
        if ((rc = wu_buf_str(out, "  "))) break;
        if ((rc = write_plain(out, name))) break;
        rc = wu_buf_fmt(out, "%*s %-5.*s %-16s %12" PRId64 "\n",
                        (int)(name.n < width ? width - name.n + 1 : 1), "", (int)type.n, type.p,
                        shape_text(shape, wu_json_get(t, "shape")),
                        wu_json_int(wu_json_get(t, "bytes")));
    }
    return rc;
}

static wu_code write_text(wu_buf *out, const work *w) {
    const wu_str kind = wu_json_str(wu_json_get(w->root, "kind"));
    wu_code rc = wu_buf_fmt(out, "%s: %.*s\n", w->path, (int)kind.n, kind.p);
    if (!rc) rc = write_section(out, w->root, "architecture", "Architecture");
    if (!rc) rc = write_section(out, w->root, "totals", "Totals");
    if (!rc) rc = write_section(out, w->root, "tokenizer", "Tokenizer");
    if (!rc) rc = write_section(out, w->root, "adapter", "Adapter");
    if (!rc) rc = write_section(out, w->root, "metadata", "Metadata");
    if (!rc) rc = write_tensors(out, wu_json_get(w->root, "tensors"));
    return rc;
}

/* ---- the command ------------------------------------------------------------------------------
 */

static wu_code show(const work *w, bool json, wu_err *err) {
    wu_buf out = {0};
    wu_code rc = w->memory;
    if (!rc && json) rc = wu_json_write(&out, w->root, WU_JSON_COMPACT);
    if (!rc) rc = json ? wu_buf_char(&out, '\n') : write_text(&out, w);
    if (rc)
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", w->path);
    else if (fwrite(out.p, 1, out.n, stdout) != out.n)
        rc = wu_fail_errno(err, "standard output");
    wu_buf_free(&out);
    return rc;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    work w = {.path = arg[0], .root = wu_json_new_object(), .err = err};
    wu_code rc;
    (void)n_arg;

    put_text(&w, w.root, "path", w.path);
    if ((rc = wu_is_dir(w.path) ? read_dir(&w) : read_one_file(&w))) goto done;
    if ((rc = show(&w, o->json, err))) goto done;
    rc = w.late;
done:
    wu_st_close(w.file);
    wu_st_set_close(w.set);
    wu_gguf_close(w.gguf);
    wu_json_free(w.config);
    wu_json_free(w.root);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_inspect = {
    .name = "inspect",
    .summary = "Show what a model, adapter or tokenizer file contains",
    .arguments = "FILE|DIR",
    .min_args = 1,
    .max_args = 1,
    .about =
        "Reads a GGUF file, a safetensors file, a tokenizer file, a model directory of Hugging "
        "Face or "
        "MLX, or an adapter directory, and writes its architecture, totals, tokenizer, adapter and "
        "tensors. Everything that is read is checked.",
    .example = "  wrapup inspect models/SmolLM2-135M-Instruct.Q4_1.gguf\n"
               "  wrapup inspect adapters --json\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
