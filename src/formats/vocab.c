/* vocab.c - a vocabulary from whatever a path leads to (vocab.h). */
#include "base/file.h"
#include "formats/tensor_impl.h"
#include "formats/vocab_impl.h"
#include "text/json.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SIDE_BYTES = 64 << 20 };

/* ---- one file ------------------------------------------------------------------------------ */

/* A line of base64, a space and a number, as tiktoken's files begin. */
static bool is_tiktoken(wu_str s) {
    size_t i = 0, digits = 0;

    while (i < s.n && i < 4096 && s.p[i] > ' ' && s.p[i] < 127) i++;
    if (i == 0 || i % 4 || i == s.n || s.p[i++] != ' ') return false;
    while (i + digits < s.n && s.p[i + digits] >= '0' && s.p[i + digits] <= '9') digits++;
    return digits > 0 && (i + digits == s.n || s.p[i + digits] == '\n' || s.p[i + digits] == '\r');
}

/* tokenizer.json begins with a brace, SentencePiece's first field with the byte 10. */
static wu_code from_bytes(wu_vocab **out, wu_str s, const char *where, wu_err *err) {
    size_t i = 0;

    WU_ASSERT(s.p);
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r')) i++;
    if (i < s.n && s.p[i] == '{') return wu_vocab_from_json(out, s, where, err);
    if (s.n && s.p[0] == 10) return wu_vocab_from_spm(out, s, where, err);
    if (is_tiktoken(s)) return wu_vocab_from_tiktoken(out, s, where, err);
    return wu_fail(err, WU_EFORMAT,
                   "%s: not a tokenizer file (tokenizer.json, or tokenizer.model of SentencePiece "
                   "or tiktoken), nor GGUF",
                   where);
}

static wu_code from_file(wu_vocab **out, const char *path, wu_err *err) {
    wu_map map = {0};
    wu_gguf *g = NULL;
    wu_code rc;

    if ((rc = wu_map_open(&map, path, err)) || !map.p) return rc;
    if (map.n >= 4 && memcmp(map.p, "GGUF", 4) == 0) {
        if (!(rc = wu_gguf_open_memory(&g, map.p, map.n, path, err)))
            rc = wu_vocab_from_gguf(out, g, path, err);
        wu_gguf_close(g);
    } else if (map.n > WU_MAX_VOCAB_BYTES) {
        rc = wu_fail(err, WU_EFORMAT, "%s: not a tokenizer file, it has %zu bytes (at most %d)",
                     path, map.n, WU_MAX_VOCAB_BYTES);
    } else {
        const union {
            const unsigned char *u;
            const char *c;
        } p = {.u = map.p};
        rc = from_bytes(out, (wu_str){p.c, map.n}, path, err);
    }
    wu_map_close(&map);
    return rc;
}

/* ---- what lies beside it in a model directory ----------------------------------------------- */

/* Opens dir/name; *out stays NULL if there is no such file. */
static wu_code read_side(wu_json **out, char *path, const char *dir, const char *name,
                         wu_err *err) {
    wu_code rc;

    *out = NULL;
    if ((rc = wu_path_join(path, WU_PATH_MAX, dir, name, err))) return rc;
    if (!wu_is_file(path)) return WU_OK;
    if ((rc = wu_json_read_file(out, path, MAX_SIDE_BYTES, WU_EFORMAT, err))) return rc;
    if (wu_json_type(*out) == WU_JSON_OBJECT) return WU_OK;
    wu_json_free(*out);
    *out = NULL;
    return wu_fail(err, WU_EFORMAT, "%s: not a JSON object", path);
}

/* "bos_token": "<s>" or {"content": "<s>"}; absent and null leave *id alone. */
static wu_code named_token(const wu_vocab *v, const wu_json *j, const char *key, int32_t *id,
                           const char *path, wu_err *err) {
    const wu_json *x = wu_json_get(j, key);
    char text[WU_NAME_TEXT];

    if (wu_json_type(x) == WU_JSON_OBJECT) x = wu_json_get(x, "content");
    if (wu_json_type(x) == WU_JSON_NULL) return WU_OK;
    const wu_str s = wu_json_str(x);
    const int32_t found = s.n ? wu_vocab_id(v, s) : -1;
    if (found < 0)
        return wu_fail(err, WU_EFORMAT, "%s: %s is \"%s\", which is not in the vocabulary", path,
                       key, wu_name_text(text, s));
    *id = found;
    return WU_OK;
}

/* A text, or a list of {"name", "template"} of which the one named default is taken. */
static wu_code take_template(wu_vocab *v, const wu_json *j, const char *path, wu_err *err) {
    const wu_json *t = wu_json_get(j, "chat_template");

    for (size_t i = 0; wu_json_type(t) == WU_JSON_ARRAY && i < wu_json_size(t); i++) {
        const wu_json *one = wu_json_at(t, i);
        if (!wu_str_eq(wu_json_str(wu_json_get(one, "name")), WU_STR("default"))) continue;
        t = wu_json_get(one, "template");
    }
    if (wu_json_type(t) != WU_JSON_STRING) return WU_OK;
    v->chat_template = wu_vocab_strdup(v, wu_json_str(t));
    return v->chat_template ? WU_OK : wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
}

static wu_code apply_tokenizer_config(wu_vocab *v, const char *dir, wu_err *err) {
    char path[WU_PATH_MAX];
    wu_json *j = NULL;
    int32_t eos = -1;
    wu_code rc;

    if ((rc = read_side(&j, path, dir, "tokenizer_config.json", err)) || !j) return rc;
    const wu_json *legacy = wu_json_get(j, "legacy"), *bos = wu_json_get(j, "add_bos_token");
    if ((rc = named_token(v, j, "bos_token", &v->bos, path, err))) goto done;
    if ((rc = named_token(v, j, "eos_token", &eos, path, err))) goto done;
    if ((rc = named_token(v, j, "unk_token", &v->unk, path, err))) goto done;
    /* Nothing here pads, and some name a token for it that the vocabulary lacks. */
    if (named_token(v, j, "pad_token", &v->pad, path, NULL)) v->pad = -1;
    if (eos >= 0) {
        v->eos = eos;
        if ((rc = wu_vocab_add_stop(v, eos, path, err))) goto done;
    }
    if (wu_json_type(bos) == WU_JSON_BOOL) v->add_bos = wu_json_bool(bos);
    /* tokenizer.json says itself where the space goes; SentencePiece's file cannot. */
    if (v->score && v->prefix == WU_PREFIX_EACH && wu_json_type(legacy) == WU_JSON_BOOL &&
        !wu_json_bool(legacy))
        v->prefix = WU_PREFIX_FIRST;
    rc = take_template(v, j, path, err);
done:
    wu_json_free(j);
    return rc;
}

/* eos_token_id (a number or a list) ends an answer; bos_token_id helps where nothing else said. */
static wu_code apply_ids(wu_vocab *v, const char *dir, const char *name, wu_err *err) {
    char path[WU_PATH_MAX];
    wu_json *j = NULL;
    wu_code rc;

    if ((rc = read_side(&j, path, dir, name, err)) || !j) return rc;
    const wu_json *eos = wu_json_get(j, "eos_token_id"), *bos = wu_json_get(j, "bos_token_id");
    const bool list = wu_json_type(eos) == WU_JSON_ARRAY;
    for (size_t i = 0; i < (list ? wu_json_size(eos) : 1); i++) {
        const wu_json *id = list ? wu_json_at(eos, i) : eos;
        if (wu_json_type(id) == WU_JSON_NULL) continue;
        if (wu_json_type(id) != WU_JSON_INT) {
            rc = wu_fail(err, WU_EFORMAT, "%s: eos_token_id is not an integer or a list of them",
                         path);
            goto done;
        }
        if ((rc = wu_vocab_add_stop(v, wu_json_int(id), path, err))) goto done;
        if (v->eos < 0) v->eos = (int32_t)wu_json_int(id);
    }
    if (v->bos < 0 && wu_json_type(bos) == WU_JSON_INT) {
        if (wu_json_int(bos) < 0 || wu_json_int(bos) >= v->n_token) {
            rc = wu_fail(err, WU_EFORMAT,
                         "%s: bos_token_id %lld is not in the vocabulary of %d tokens", path,
                         (long long)wu_json_int(bos), v->n_token);
            goto done;
        }
        v->bos = (int32_t)wu_json_int(bos);
    }
done:
    wu_json_free(j);
    return rc;
}

static wu_code apply_jinja_file(wu_vocab *v, const char *dir, wu_err *err) {
    char path[WU_PATH_MAX];
    wu_buf text = {0};
    wu_code rc;

    if ((rc = wu_path_join(path, sizeof(path), dir, "chat_template.jinja", err))) return rc;
    if (!wu_is_file(path)) return WU_OK;
    if (!(rc = wu_read_file(&text, path, MAX_SIDE_BYTES, err))) {
        v->chat_template = wu_vocab_strdup(v, wu_buf_view(&text));
        if (!v->chat_template) rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    }
    wu_buf_free(&text);
    return rc;
}

static wu_code from_dir(wu_vocab **out, const char *dir, wu_err *err) {
    static const char *const names[] = {"tokenizer.json", "tokenizer.model"};
    char path[WU_PATH_MAX];
    wu_code rc;

    for (size_t i = 0; i < WU_LEN(names); i++) {
        if ((rc = wu_path_join(path, sizeof(path), dir, names[i], err))) return rc;
        if (wu_is_file(path)) break;
        if (i + 1 == WU_LEN(names))
            return wu_fail(err, WU_EIO, "%s: has neither tokenizer.json nor tokenizer.model", dir);
    }
    rc = from_file(out, path, err);
    wu_vocab *v = *out;
    if (!v) return rc;
    if ((rc = apply_tokenizer_config(v, dir, err))) return rc;
    if ((rc = apply_jinja_file(v, dir, err))) return rc;
    if ((rc = apply_ids(v, dir, "generation_config.json", err))) return rc;
    if ((rc = apply_ids(v, dir, "config.json", err))) return rc;
    if (v->bos < 0) v->add_bos = false;
    return WU_OK;
}

wu_code wu_vocab_read(wu_vocab **out, const char *path, wu_err *err) {
    wu_vocab *v = NULL;

    *out = NULL;
    const wu_code rc = wu_is_dir(path) ? from_dir(&v, path, err) : from_file(&v, path, err);
    if (rc)
        wu_vocab_free(v);
    else
        *out = v;
    return rc;
}
