/* tokenizer.h - text to token ids and back, token for token as the originals.
 *
 * Two families: byte-level BPE (GPT-2, SmolLM2, Llama 3, Qwen2/2.5) and
 * SentencePiece BPE with byte fallback (Llama 2, Mistral).  The room takes
 * plain arrays (wu_vocab); formats/ fills them from tokenizer.json,
 * tokenizer.model or GGUF metadata.
 *
 * Threads: a wu_tokenizer is immutable after creation; any thread. */
#ifndef WU_TEXT_TOKENIZER_H
#define WU_TEXT_TOKENIZER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

typedef enum wu_vocab_kind { WU_VOCAB_BYTE_BPE, WU_VOCAB_SPM } wu_vocab_kind;

/* How text is cut before BPE (byte-level only). */
typedef enum wu_presplit {
    WU_PRESPLIT_NONE, /* SentencePiece */
    WU_PRESPLIT_GPT2,
    WU_PRESPLIT_SMOLLM2, /* digits one by one, then GPT-2 */
    WU_PRESPLIT_LLAMA3,
    WU_PRESPLIT_QWEN2
} wu_presplit;

/* Where SentencePiece puts the leading U+2581. */
typedef enum wu_spm_prefix {
    WU_PREFIX_NONE,
    WU_PREFIX_FIRST, /* before the text unless it starts with one (Metaspace "first") */
    WU_PREFIX_EACH   /* before every piece between special tokens (legacy Prepend) */
} wu_spm_prefix;

typedef enum wu_token_type {
    WU_TOKEN_NORMAL,
    WU_TOKEN_UNKNOWN,
    WU_TOKEN_CONTROL,
    WU_TOKEN_USER,
    WU_TOKEN_UNUSED,
    WU_TOKEN_BYTE
} wu_token_type;

typedef struct wu_merge {
    int32_t left, right, result; /* token ids */
} wu_merge;

/* Everything belongs to the arena. Bytes of byte-level tokens are real bytes, not GPT-2's
 * printable stand-ins; SentencePiece pieces keep U+2581. */
typedef struct wu_vocab {
    wu_arena arena;
    wu_vocab_kind kind;
    wu_presplit presplit;
    wu_spm_prefix prefix;
    bool nfc;           /* normalise to NFC first */
    bool ignore_merges; /* a whole piece that is a token is taken at once */
    int32_t n_token;
    wu_str *token;   /* [n_token] */
    uint8_t *type;   /* [n_token] wu_token_type. CONTROL, USER and UNKNOWN are found in text when
                      * special tokens are on; SentencePiece's USER in any text */
    float *score;    /* [n_token], or NULL */
    wu_merge *merge; /* [n_merge] in order of rank; NULL: derived from scores, where there are any
                      * (SentencePiece; tiktoken with score = -rank) */
    int32_t n_merge;
    int32_t bos, eos, unk, pad; /* -1: none */
    int32_t *stop;              /* tokens that end an answer (eos, eot, ...) */
    int32_t n_stop;
    bool add_bos;        /* encoding with WU_ENCODE_BOS puts bos first */
    char *chat_template; /* the model's Jinja text, or NULL */
} wu_vocab;

/* An empty vocabulary (all zero, ids -1): the struct is allocated by itself, all it points to comes
 * from its arena. NULL when memory is out. */
wu_vocab *wu_vocab_create(void);
void wu_vocab_free(wu_vocab *v); /* NULL allowed */

typedef struct wu_tokenizer wu_tokenizer;

/* Takes over vocab, on failure too. Merges that would make a control token are left out, so that
 * plain text never becomes one. Errors: EFORMAT, ENOMEM. */
WU_MUST_CHECK wu_code wu_tokenizer_create(wu_tokenizer **out, wu_vocab *vocab, wu_err *err);
void wu_tokenizer_free(wu_tokenizer *t);
const wu_vocab *wu_tokenizer_vocab(const wu_tokenizer *t);

enum {
    WU_ENCODE_SPECIAL = 1, /* special tokens in the text become their ids */
    WU_ENCODE_BOS = 2,     /* bos first, if the vocabulary says so */
    WU_ENCODE_INNER =
        4 /* SentencePiece: no prefix before the first piece (text that follows other text) */
};

/* Appends the ids of text (any bytes; invalid UTF-8 is replaced as the originals do). ENOMEM. */
WU_MUST_CHECK wu_code wu_tokenizer_encode(const wu_tokenizer *t, wu_str text, unsigned flags,
                                          wu_ids *out, wu_err *err);

/* The id whose text is exactly s, or -1; of several a special token. */
int32_t wu_tokenizer_find(const wu_tokenizer *t, wu_str s);

/* Appends the text of ids: lossy UTF-8, special tokens left out unless with_special. ENOMEM. */
WU_MUST_CHECK wu_code wu_tokenizer_decode(const wu_tokenizer *t, const int32_t *id, int32_t n,
                                          bool with_special, wu_buf *out);

/* Raw bytes of one token as it appears inside a text (control tokens: empty). */
wu_str wu_tokenizer_bytes(const wu_tokenizer *t, int32_t id);

/* Streaming: feed ids one by one; what is printable is appended, bytes of an unfinished UTF-8
 * character wait. All zero is the start. */
typedef struct wu_decoder {
    char wait[8];
    int n_wait;
    bool started; /* SentencePiece: the first space has been dropped */
} wu_decoder;
WU_MUST_CHECK wu_code wu_decoder_push(wu_decoder *d, const wu_tokenizer *t, int32_t id,
                                      wu_buf *out);
WU_MUST_CHECK wu_code wu_decoder_finish(wu_decoder *d, wu_buf *out); /* leftovers become U+FFFD */

bool wu_tokenizer_is_stop(const wu_tokenizer *t, int32_t id);

#endif
