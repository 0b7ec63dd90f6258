/* tokenizer_impl.h - what the files of the tokenizer share; private to text/.
 *
 * tokenizer.c builds the tables, marks.c finds special tokens, presplit.c has
 * the patterns, bpe.c merges, encode.c goes from text to ids, decode.c back. */
#ifndef WU_TEXT_TOKENIZER_IMPL_H
#define WU_TEXT_TOKENIZER_IMPL_H

#include "text/regex.h"
#include "text/tokenizer.h"

#define WU_SPACE_MARK "\xE2\x96\x81" /* U+2581, SentencePiece's space */

/* A flag of wu_tokenizer_encode() for the chat templates alone: SentencePiece's prefix comes first
 * whatever the vocabulary says, as mistral-common encodes each part of a prompt. */
enum { WU_ENCODE_PREFIX = 1 << 16 };

/* Tokens that are found in text as they are, sorted by their bytes. */
typedef struct wu_marks {
    int32_t *id; /* [n] */
    int32_t n;
    int32_t first[257]; /* those that begin with byte b: [first[b], first[b + 1]) */
} wu_marks;

typedef struct wu_pair_slot {
    uint64_t pair; /* left << 32 | right; result < 0: empty */
    int32_t rank, result;
} wu_pair_slot;

struct wu_tokenizer {
    wu_vocab *v;
    wu_arena arena; /* everything below */
    int32_t *slot;  /* hash table of token ids by bytes; -1: empty */
    uint64_t slot_mask;
    wu_pair_slot *pair; /* hash table of merges */
    uint64_t pair_mask;
    const wu_merge *merge; /* [n_merge] by rank: the vocabulary's, or derived from its scores */
    int32_t n_merge;
    int32_t byte[256];  /* id of a byte's token, or -1 */
    int32_t ascii[128]; /* SentencePiece: id of the character, or -1 */
    wu_marks special;   /* found when special tokens are on */
    wu_marks always;    /* found in any text: SentencePiece's user-defined pieces */
    wu_str *text;       /* [n_token] bytes of a token within a text */
    wu_regex *presplit; /* NULL: none */
    bool is_cut;        /* SentencePiece: no piece has U+2581 behind another character */
};

/* The ordinary token with these bytes, or -1. */
int32_t wu_tokenizer_plain(const wu_tokenizer *t, wu_str s);

/* marks.c. Takes every token whose type is in the set (bit 1 << type). ENOMEM. */
WU_MUST_CHECK wu_code wu_marks_build(wu_marks *m, wu_arena *a, const wu_vocab *v, unsigned types);
/* First and longest mark in s at or after `from`: its id and place, or -1. */
int32_t wu_marks_find(const wu_marks *m, const wu_vocab *v, wu_str s, size_t from, size_t *at);

/* presplit.c. *out is NULL for NONE. */
WU_MUST_CHECK wu_code wu_presplit_create(wu_regex **out, wu_presplit kind, wu_err *err);

/* bpe.c */
WU_MUST_CHECK wu_code wu_bpe_build(wu_tokenizer *t, wu_err *err); /* merge, pair; EFORMAT, ENOMEM */

typedef struct wu_bpe_symbol {
    int32_t id; /* -1: merged into the one before */
    int32_t prev, next;
} wu_bpe_symbol;

typedef struct wu_bpe { /* memory of the merging, reused from piece to piece; all zero is empty */
    wu_bpe_symbol *sym;
    uint64_t *heap; /* rank << 32 | position of the left symbol */
    size_t n, cap, n_heap, cap_heap;
} wu_bpe;

WU_MUST_CHECK wu_code wu_bpe_start(wu_bpe *b, size_t max_symbols); /* ENOMEM */
void wu_bpe_add(wu_bpe *b, int32_t id);
WU_MUST_CHECK wu_code wu_bpe_finish(wu_bpe *b, const wu_tokenizer *t, wu_ids *out); /* ENOMEM */
void wu_bpe_free(wu_bpe *b);

#endif
