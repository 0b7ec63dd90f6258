/* vocab_impl.h - what the readers of vocabularies share.
 *
 * A reader collects the texts of its tokens as the file has them (byte-level tokens in GPT-2's
 * printable form), looks merges up in that form, and then lets wu_vocab_take_texts() copy them. */
#ifndef WU_FORMATS_VOCAB_IMPL_H
#define WU_FORMATS_VOCAB_IMPL_H

#include "formats/index_impl.h"
#include "formats/vocab.h"

enum { WU_MAX_STOP = 64, WU_MAX_TOKENS = 1 << 23, WU_MAX_VOCAB_BYTES = 256 << 20 };

/* Texts in the file's form and where to find them; scratch memory of one reader. */
typedef struct wu_texts {
    wu_arena arena;
    wu_str *text; /* [n]; p is NULL where there is no token */
    int32_t n;
    wu_index index;
    wu_buf joined; /* left and right of a merge */
} wu_texts;

WU_MUST_CHECK wu_code wu_texts_begin(wu_texts *t, int64_t n, const char *where, wu_err *err);
/* Once every text is there. EFORMAT if two are equal. */
WU_MUST_CHECK wu_code wu_texts_index(wu_texts *t, const char *where, wu_err *err);
void wu_texts_end(wu_texts *t);

/* Fills one merge. EFORMAT if a part or the result is not a token. */
WU_MUST_CHECK wu_code wu_texts_merge(wu_texts *t, wu_str left, wu_str right, wu_merge *out,
                                     const char *where, wu_err *err);

/* An empty vocabulary for n tokens, all of them WU_TOKEN_NORMAL and without text. */
WU_MUST_CHECK wu_code wu_vocab_begin(wu_vocab **out, int64_t n, const char *where, wu_err *err);
WU_MUST_CHECK wu_code wu_vocab_take_texts(wu_vocab *v, const wu_str *text, const char *where,
                                          wu_err *err);
WU_MUST_CHECK wu_code wu_vocab_room_for_merges(wu_vocab *v, size_t n, const char *where,
                                               wu_err *err);
char *wu_vocab_strdup(wu_vocab *v, wu_str s); /* NULL when out of memory */

int32_t wu_vocab_id(const wu_vocab *v, wu_str text); /* -1 if absent; looks at every token */
WU_MUST_CHECK wu_code wu_vocab_add_stop(wu_vocab *v, int64_t id, const char *where, wu_err *err);
/* Tokens that end an answer by their names, eos among them; eos too if it is not known yet. */
WU_MUST_CHECK wu_code wu_vocab_name_stops(wu_vocab *v, const char *where, wu_err *err);

/* Ranks of byte strings, as tiktoken writes them ("base64 rank" lines): Llama 3, Qwen, GPT-2. */
WU_MUST_CHECK wu_code wu_vocab_from_tiktoken(wu_vocab **out, wu_str text, const char *where,
                                             wu_err *err);

#endif
