/* toy_vocab.h - small hand-made vocabularies for tests of tokenizers and templates. */
#ifndef WU_SUPPORT_TOY_VOCAB_H
#define WU_SUPPORT_TOY_VOCAB_H

#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOY_TOKENS = 700, TOY_MERGES = 300 };

static inline void *toy_memory(void *p) {
    if (!p) abort();
    return p;
}

static inline wu_vocab *toy_create(wu_vocab_kind kind) {
    wu_vocab *v = toy_memory(wu_vocab_create());

    v->kind = kind;
    v->token = toy_memory(wu_arena_zero(&v->arena, TOY_TOKENS, sizeof(*v->token)));
    v->type = toy_memory(wu_arena_zero(&v->arena, TOY_TOKENS, sizeof(*v->type)));
    v->score = toy_memory(wu_arena_zero(&v->arena, TOY_TOKENS, sizeof(*v->score)));
    v->merge = toy_memory(wu_arena_zero(&v->arena, TOY_MERGES, sizeof(*v->merge)));
    v->stop = toy_memory(wu_arena_zero(&v->arena, 4, sizeof(*v->stop)));
    return v;
}

static inline int32_t toy_add_bytes(wu_vocab *v, const char *s, size_t n, wu_token_type type) {
    const int32_t id = v->n_token++;
    char *p = toy_memory(wu_arena_alloc(&v->arena, n + 1));

    if (id >= TOY_TOKENS) abort();
    memcpy(p, s, n);
    v->token[id] = (wu_str){p, n};
    v->type[id] = (uint8_t)type;
    return id;
}

static inline int32_t toy_add(wu_vocab *v, const char *s, wu_token_type type) {
    return toy_add_bytes(v, s, strlen(s), type);
}

static inline int32_t toy_id(const wu_vocab *v, wu_str s) {
    for (int32_t i = 0; i < v->n_token; i++)
        if (wu_str_eq(v->token[i], s)) return i;
    return -1;
}

/* The next merge, of two tokens; the result becomes a token if it is not one yet. Its id. */
static inline int32_t toy_merge(wu_vocab *v, const char *left, const char *right) {
    char both[64];
    const int n = snprintf(both, sizeof(both), "%s%s", left, right);
    int32_t result = toy_id(v, (wu_str){both, (size_t)n});

    if (result < 0) result = toy_add(v, both, WU_TOKEN_NORMAL);
    v->merge[v->n_merge++] =
        (wu_merge){toy_id(v, wu_str_of(left)), toy_id(v, wu_str_of(right)), result};
    return result;
}

/* Byte-level: every byte is a token with its own id; the texts that follow are merges. */
static inline wu_vocab *toy_bytes(wu_presplit presplit) {
    wu_vocab *v = toy_create(WU_VOCAB_BYTE_BPE);

    v->presplit = presplit;
    for (int b = 0; b < 256; b++) {
        const char c = (char)b;
        toy_add_bytes(v, &c, 1, WU_TOKEN_NORMAL);
    }
    return v;
}

/* SentencePiece: <unk> <s> </s>, the bytes at 3 + b, and letters a to z, space mark, digits. */
static inline wu_vocab *toy_pieces(wu_spm_prefix prefix) {
    wu_vocab *v = toy_create(WU_VOCAB_SPM);

    v->prefix = prefix;
    v->merge = NULL; /* derived from scores */
    v->unk = toy_add(v, "<unk>", WU_TOKEN_UNKNOWN);
    v->bos = toy_add(v, "<s>", WU_TOKEN_CONTROL);
    v->eos = toy_add(v, "</s>", WU_TOKEN_CONTROL);
    v->add_bos = true;
    v->stop[v->n_stop++] = v->eos;
    for (int b = 0; b < 256; b++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "<0x%02X>", b);
        toy_add(v, name, WU_TOKEN_BYTE);
    }
    toy_add(v, "\xE2\x96\x81", WU_TOKEN_NORMAL);
    for (char c = 'a'; c <= 'z'; c++) toy_add_bytes(v, &c, 1, WU_TOKEN_NORMAL);
    return v;
}

/* A piece with its score. */
static inline int32_t toy_piece(wu_vocab *v, const char *s, float score) {
    const int32_t id = toy_add(v, s, WU_TOKEN_NORMAL);
    v->score[id] = score;
    return id;
}

#endif
