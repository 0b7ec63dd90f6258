/* tokenizer.c - the tables of a tokenizer and the plain questions about it (tokenizer.h). */
#include "base/hash.h"
#include "text/tokenizer_impl.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 1 << 24 };

wu_vocab *wu_vocab_create(void) {
    wu_vocab *v = calloc(1, sizeof(*v));
    if (v) v->bos = v->eos = v->unk = v->pad = -1;
    return v;
}

void wu_vocab_free(wu_vocab *v) {
    if (!v) return;
    wu_arena_free(&v->arena);
    free(v);
}

/* ---- checks --------------------------------------------------------------------------------- */

static wu_code check_id(const wu_vocab *v, const char *name, int32_t id, wu_err *err) {
    if (id >= -1 && id < v->n_token) return WU_OK;
    return wu_fail(err, WU_EFORMAT, "tokenizer: %s is token %d, want one below %d", name, (int)id,
                   (int)v->n_token);
}

static wu_code check_vocab(const wu_vocab *v, wu_err *err) {
    wu_code rc;

    if (v->n_token <= 0 || v->n_token > TOKENS_MAX || !v->token || !v->type)
        return wu_fail(err, WU_EFORMAT, "tokenizer: %d tokens, want 1 to %d", (int)v->n_token,
                       TOKENS_MAX);
    for (int32_t i = 0; i < v->n_token; i++)
        if (v->type[i] > WU_TOKEN_BYTE)
            return wu_fail(err, WU_EFORMAT, "tokenizer: token %d has type %d, want 0 to %d", (int)i,
                           v->type[i], WU_TOKEN_BYTE);
    if ((rc = check_id(v, "bos", v->bos, err))) return rc;
    if ((rc = check_id(v, "eos", v->eos, err))) return rc;
    if ((rc = check_id(v, "unk", v->unk, err))) return rc;
    if ((rc = check_id(v, "pad", v->pad, err))) return rc;
    for (int32_t i = 0; i < v->n_stop; i++)
        if ((rc = check_id(v, "a stop token", v->stop[i], err))) return rc;
    return WU_OK;
}

/* ---- tables --------------------------------------------------------------------------------- */

static wu_code build_slots(wu_tokenizer *t) {
    const wu_vocab *v = t->v;
    uint64_t size = 16;

    while (size < 2 * (uint64_t)v->n_token) size *= 2;
    t->slot = wu_arena_zero(&t->arena, size, sizeof(*t->slot));
    if (!t->slot) return WU_ENOMEM;
    t->slot_mask = size - 1;
    for (uint64_t i = 0; i < size; i++) t->slot[i] = -1;
    for (int32_t id = 0; id < v->n_token; id++) {
        uint64_t i;
        if (v->token[id].n == 0) continue;
        i = wu_hash64(v->token[id].p, v->token[id].n) & t->slot_mask;
        while (t->slot[i] >= 0) i = (i + 1) & t->slot_mask;
        t->slot[i] = id;
    }
    return WU_OK;
}

/* The first token with these bytes whose type is in the set (bit 1 << type), or -1. */
static int32_t find_typed(const wu_tokenizer *t, wu_str s, unsigned types) {
    const wu_vocab *v = t->v;

    if (s.n == 0) return -1;
    for (uint64_t i = wu_hash64(s.p, s.n) & t->slot_mask; t->slot[i] >= 0;
         i = (i + 1) & t->slot_mask) {
        const int32_t id = t->slot[i];
        if ((types >> v->type[id] & 1u) && wu_str_eq(v->token[id], s)) return id;
    }
    return -1;
}

int32_t wu_tokenizer_plain(const wu_tokenizer *t, wu_str s) {
    return find_typed(t, s, 1u << WU_TOKEN_NORMAL);
}

int32_t wu_tokenizer_find(const wu_tokenizer *t, wu_str s) {
    const int32_t id = find_typed(t, s, 1u << WU_TOKEN_CONTROL | 1u << WU_TOKEN_USER);
    return id >= 0 ? id : find_typed(t, s, ~0u);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of "<0xHH>", or -1. */
static int byte_of_name(wu_str s) {
    int hi, lo;

    if (s.n != 6 || memcmp(s.p, "<0x", 3) != 0 || s.p[5] != '>') return -1;
    hi = hex_digit(s.p[3]);
    lo = hex_digit(s.p[4]);
    return hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
}

static wu_code build_bytes(wu_tokenizer *t, wu_err *err) {
    const wu_vocab *v = t->v;

    for (int b = 0; b < 256; b++) {
        const char c = (char)b;
        t->byte[b] = v->kind == WU_VOCAB_BYTE_BPE ? wu_tokenizer_plain(t, (wu_str){&c, 1}) : -1;
    }
    for (int b = 0; b < 128; b++) {
        const char c = (char)b;
        t->ascii[b] = wu_tokenizer_plain(t, (wu_str){&c, 1});
    }
    if (v->kind != WU_VOCAB_SPM) return WU_OK;
    for (int32_t i = 0; i < v->n_token; i++) {
        int b;
        if (v->type[i] != WU_TOKEN_BYTE) continue;
        b = byte_of_name(v->token[i]);
        if (b < 0)
            return wu_fail(err, WU_EFORMAT, "tokenizer: byte token %d is not named <0xHH>", (int)i);
        if (t->byte[b] < 0) t->byte[b] = i;
    }
    return WU_OK;
}

/* One SentencePiece piece as it appears in text: U+2581 is a space, a byte token its byte. */
static wu_code piece_text(wu_tokenizer *t, int32_t i) {
    const wu_str s = t->v->token[i];
    char *p = wu_arena_alloc(&t->arena, s.n);
    size_t n = 0;

    if (!p) return WU_ENOMEM;
    if (t->v->type[i] == WU_TOKEN_BYTE) {
        p[n++] = (char)byte_of_name(s);
    } else {
        for (size_t k = 0; k < s.n;) {
            const bool is_mark = s.n - k >= 3 && memcmp(s.p + k, WU_SPACE_MARK, 3) == 0;
            p[n] = s.p[k];
            if (is_mark) p[n] = ' ';
            n++;
            k += is_mark ? 3 : 1;
        }
    }
    t->text[i] = (wu_str){p, n};
    return WU_OK;
}

static bool has_space_mark(wu_str s) {
    for (size_t k = 0; k + 3 <= s.n; k++)
        if (memcmp(s.p + k, WU_SPACE_MARK, 3) == 0) return true;
    return false;
}

static wu_code build_texts(wu_tokenizer *t) {
    const wu_vocab *v = t->v;

    t->text = wu_arena_zero(&t->arena, (size_t)v->n_token, sizeof(*t->text));
    if (!t->text) return WU_ENOMEM;
    for (int32_t i = 0; i < v->n_token; i++) {
        const wu_token_type type = (wu_token_type)v->type[i];

        t->text[i] = (wu_str){"", 0};
        if (type != WU_TOKEN_NORMAL && type != WU_TOKEN_USER && type != WU_TOKEN_BYTE) continue;
        if (v->kind == WU_VOCAB_SPM && (type == WU_TOKEN_BYTE || has_space_mark(v->token[i]))) {
            if (piece_text(t, i)) return WU_ENOMEM;
        } else {
            t->text[i] = v->token[i];
        }
    }
    return WU_OK;
}

/* Whether text can be cut before each U+2581 that follows something else: no merge result may have
 * one there, so no merge could have crossed the cut. */
static bool can_cut(const wu_tokenizer *t) {
    for (int32_t i = 0; i < t->n_merge; i++) {
        const wu_str s = t->v->token[t->merge[i].result];
        size_t k = 0;
        while (s.n - k >= 3 && memcmp(s.p + k, WU_SPACE_MARK, 3) == 0) k += 3;
        if (has_space_mark((wu_str){s.p + k, s.n - k})) return false;
    }
    return true;
}

static wu_code build(wu_tokenizer *t, wu_err *err) {
    const wu_vocab *v = t->v;
    const unsigned user = 1u << WU_TOKEN_USER;
    const unsigned special = 1u << WU_TOKEN_CONTROL | 1u << WU_TOKEN_UNKNOWN | user;
    const unsigned always = v->kind == WU_VOCAB_SPM ? user : 0;
    wu_code rc;

    if ((rc = check_vocab(v, err))) return rc;
    if (build_slots(t)) goto memory;
    if ((rc = build_bytes(t, err))) return rc;
    if (build_texts(t)) goto memory;
    if (wu_marks_build(&t->special, &t->arena, v, special)) goto memory;
    if (wu_marks_build(&t->always, &t->arena, v, always)) goto memory;
    if ((rc = wu_bpe_build(t, err))) return rc;
    t->is_cut = v->kind == WU_VOCAB_SPM && can_cut(t);
    return wu_presplit_create(&t->presplit, v->presplit, err);
memory:
    return wu_fail(err, WU_ENOMEM, "tokenizer: out of memory for %d tokens", (int)v->n_token);
}

wu_code wu_tokenizer_create(wu_tokenizer **out, wu_vocab *vocab, wu_err *err) {
    wu_tokenizer *t = calloc(1, sizeof(*t));
    wu_code rc;

    *out = NULL;
    if (!t) {
        wu_vocab_free(vocab);
        return wu_fail(err, WU_ENOMEM, "tokenizer: out of memory");
    }
    t->v = vocab;
    rc = build(t, err);
    if (rc) {
        wu_tokenizer_free(t);
        return rc;
    }
    *out = t;
    return WU_OK;
}

void wu_tokenizer_free(wu_tokenizer *t) {
    if (!t) return;
    wu_regex_free(t->presplit);
    wu_arena_free(&t->arena);
    wu_vocab_free(t->v);
    free(t);
}

/* ---- questions ------------------------------------------------------------------------------ */

const wu_vocab *wu_tokenizer_vocab(const wu_tokenizer *t) { return t->v; }

wu_str wu_tokenizer_bytes(const wu_tokenizer *t, int32_t id) {
    return id >= 0 && id < t->v->n_token ? t->text[id] : (wu_str){"", 0};
}

bool wu_tokenizer_is_stop(const wu_tokenizer *t, int32_t id) {
    for (int32_t i = 0; i < t->v->n_stop; i++)
        if (t->v->stop[i] == id) return true;
    return false;
}
