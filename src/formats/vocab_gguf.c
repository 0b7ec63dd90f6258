/* vocab_gguf.c - the vocabulary in the metadata of a GGUF file (vocab.h). */
#include "formats/tensor_impl.h"
#include "formats/vocab_impl.h"

#include <string.h>

static const struct {
    const char *name;
    wu_presplit presplit;
    bool nfc, ignore_merges, add_bos;
} pre_kinds[] = {
    /* llama.cpp leaves NFC out for Qwen; the original has it. */
    {"llama-bpe", WU_PRESPLIT_LLAMA3, false, true, true},
    {"llama3", WU_PRESPLIT_LLAMA3, false, true, true},
    {"llama-v3", WU_PRESPLIT_LLAMA3, false, true, true},
    {"qwen2", WU_PRESPLIT_QWEN2, true, false, false},
    {"deepseek-r1-qwen", WU_PRESPLIT_QWEN2, true, false, false},
    {"smollm", WU_PRESPLIT_SMOLLM2, false, false, false},
    {"gpt-2", WU_PRESPLIT_GPT2, false, false, false},
};

static wu_code read_kind(wu_vocab *v, const wu_gguf *g, const char *where, wu_err *err) {
    wu_str model = {0}, pre = {0};
    char text[WU_NAME_TEXT];
    bool space = true;

    if (!wu_gguf_str(g, "tokenizer.ggml.model", &model))
        return wu_fail(err, WU_EFORMAT, "%s: has no tokenizer (key tokenizer.ggml.model)", where);
    if (wu_str_eq(model, WU_STR("llama"))) {
        v->kind = WU_VOCAB_SPM;
        v->presplit = WU_PRESPLIT_NONE;
        wu_gguf_bool(g, "tokenizer.ggml.add_space_prefix", &space);
        v->prefix = space ? WU_PREFIX_EACH : WU_PREFIX_NONE;
        v->add_bos = true;
        return WU_OK;
    }
    if (!wu_str_eq(model, WU_STR("gpt2")))
        return wu_fail(err, WU_EFORMAT,
                       "%s: tokenizer.ggml.model is \"%s\", read are \"llama\" and \"gpt2\"", where,
                       wu_name_text(text, model));
    v->kind = WU_VOCAB_BYTE_BPE;
    wu_gguf_str(g, "tokenizer.ggml.pre", &pre);
    for (size_t i = 0; i < WU_LEN(pre_kinds); i++) {
        if (!wu_str_eq(pre, wu_str_of(pre_kinds[i].name))) continue;
        v->presplit = pre_kinds[i].presplit;
        v->nfc = pre_kinds[i].nfc;
        v->ignore_merges = pre_kinds[i].ignore_merges;
        v->add_bos = pre_kinds[i].add_bos;
        return WU_OK;
    }
    return wu_fail(err, WU_EFORMAT,
                   "%s: tokenizer.ggml.pre is \"%s\", read are \"llama-bpe\", \"qwen2\", "
                   "\"smollm\" and \"gpt-2\"",
                   where, wu_name_text(text, pre));
}

static wu_code read_types(wu_vocab *v, const wu_gguf *g, const char *where, wu_err *err) {
    static const char key[] = "tokenizer.ggml.token_type";

    if (wu_gguf_array(g, key) != v->n_token)
        return wu_fail(err, WU_EFORMAT, "%s: %s has %lld entries, want %d, one for each token",
                       where, key, (long long)wu_gguf_array(g, key), v->n_token);
    for (int32_t i = 0; i < v->n_token; i++) {
        int64_t type = 0;
        if (!wu_gguf_array_int(g, key, i, &type) || type < 1 || type > 6)
            return wu_fail(err, WU_EFORMAT, "%s: %s of token %d is %lld, want 1 to 6", where, key,
                           i, (long long)type);
        v->type[i] = (uint8_t)(type - 1);
    }
    return WU_OK;
}

static wu_code read_scores(wu_vocab *v, const wu_gguf *g, const char *where, wu_err *err) {
    static const char key[] = "tokenizer.ggml.scores";

    if (wu_gguf_array(g, key) != v->n_token)
        return wu_fail(err, WU_EFORMAT, "%s: %s has %lld entries, want %d, one for each token",
                       where, key, (long long)wu_gguf_array(g, key), v->n_token);
    v->score = wu_arena_zero(&v->arena, (size_t)v->n_token, sizeof(*v->score));
    if (!v->score) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    for (int32_t i = 0; i < v->n_token; i++) {
        double score = 0;
        if (!wu_gguf_array_real(g, key, i, &score))
            return wu_fail(err, WU_EFORMAT, "%s: %s holds no numbers", where, key);
        v->score[i] = (float)score;
    }
    return WU_OK;
}

static wu_code read_merges(wu_vocab *v, wu_texts *t, const wu_gguf *g, const char *where,
                           wu_err *err) {
    static const char key[] = "tokenizer.ggml.merges";
    const int64_t n = wu_gguf_array(g, key);
    wu_code rc;

    if (n < 0) return wu_fail(err, WU_EFORMAT, "%s: %s is missing", where, key);
    if ((rc = wu_vocab_room_for_merges(v, (size_t)n, where, err))) return rc;
    for (int64_t i = 0; i < n; i++) {
        char text[WU_NAME_TEXT];
        wu_str s = {0};
        /* A part may begin with a space, but is never only that. */
        const char *space = NULL;
        if (wu_gguf_array_str(g, key, i, &s) && s.n > 2) space = memchr(s.p + 1, ' ', s.n - 1);
        if (!space)
            return wu_fail(err, WU_EFORMAT,
                           "%s: %s entry %lld, \"%s\", is not two texts with a space between",
                           where, key, (long long)i, wu_name_text(text, s));
        const size_t n_left = (size_t)(space - s.p);
        if ((rc = wu_texts_merge(t, (wu_str){s.p, n_left}, (wu_str){space + 1, s.n - n_left - 1},
                                 &v->merge[v->n_merge], where, err)))
            return rc;
        v->n_merge++;
    }
    return WU_OK;
}

static wu_code read_special_id(const wu_vocab *v, const wu_gguf *g, const char *key, int32_t *out,
                               const char *where, wu_err *err) {
    int64_t id = -1;

    if (!wu_gguf_int(g, key, &id)) return WU_OK;
    if (id < 0 || id >= v->n_token)
        return wu_fail(err, WU_EFORMAT, "%s: %s is %lld, but there are %d tokens", where, key,
                       (long long)id, v->n_token);
    *out = (int32_t)id;
    return WU_OK;
}

static wu_code read_specials(wu_vocab *v, const wu_gguf *g, const char *where, wu_err *err) {
    int32_t eot = -1, eom = -1;
    wu_str jinja;
    wu_code rc;

    if (v->kind == WU_VOCAB_SPM) { /* as llama.cpp: what holds where the keys are missing */
        v->unk = 0;
        if (v->n_token > 1) v->bos = 1;
        if (v->n_token > 2) v->eos = 2;
    }
    if ((rc = read_special_id(v, g, "tokenizer.ggml.bos_token_id", &v->bos, where, err))) return rc;
    if ((rc = read_special_id(v, g, "tokenizer.ggml.eos_token_id", &v->eos, where, err))) return rc;
    if ((rc = read_special_id(v, g, "tokenizer.ggml.unknown_token_id", &v->unk, where, err)))
        return rc;
    if ((rc = read_special_id(v, g, "tokenizer.ggml.padding_token_id", &v->pad, where, err)))
        return rc;
    if ((rc = read_special_id(v, g, "tokenizer.ggml.eot_token_id", &eot, where, err))) return rc;
    if ((rc = read_special_id(v, g, "tokenizer.ggml.eom_token_id", &eom, where, err))) return rc;
    if ((rc = wu_vocab_name_stops(v, where, err))) return rc;
    if (eot >= 0 && (rc = wu_vocab_add_stop(v, eot, where, err))) return rc;
    if (eom >= 0 && (rc = wu_vocab_add_stop(v, eom, where, err))) return rc;
    wu_gguf_bool(g, "tokenizer.ggml.add_bos_token", &v->add_bos);
    if (v->bos < 0) v->add_bos = false;
    if (wu_gguf_str(g, "tokenizer.chat_template", &jinja) &&
        !(v->chat_template = wu_vocab_strdup(v, jinja)))
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    return WU_OK;
}

wu_code wu_vocab_from_gguf(wu_vocab **out, const wu_gguf *g, const char *where, wu_err *err) {
    static const char key[] = "tokenizer.ggml.tokens";
    wu_texts t = {0};
    wu_vocab *v = NULL;
    wu_code rc;

    *out = NULL;
    if ((rc = wu_texts_begin(&t, wu_gguf_array(g, key), where, err))) goto done;
    if ((rc = wu_vocab_begin(&v, t.n, where, err))) goto done;
    if ((rc = read_kind(v, g, where, err))) goto done;
    for (int32_t i = 0; i < t.n; i++) {
        if (wu_gguf_array_str(g, key, i, &t.text[i])) continue;
        rc = wu_fail(err, WU_EFORMAT, "%s: %s holds no texts", where, key);
        goto done;
    }
    if ((rc = wu_texts_index(&t, where, err))) goto done;
    if ((rc = read_types(v, g, where, err))) goto done;
    rc =
        v->kind == WU_VOCAB_SPM ? read_scores(v, g, where, err) : read_merges(v, &t, g, where, err);
    if (rc) goto done;
    if ((rc = wu_vocab_take_texts(v, t.text, where, err))) goto done;
    if ((rc = read_specials(v, g, where, err))) goto done;
    *out = v;
    v = NULL;
done:
    wu_vocab_free(v);
    wu_texts_end(&t);
    return rc;
}
