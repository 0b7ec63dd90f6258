/* generate.h - lets the branches of a forest grow together, one token each a step.
 *
 * Each step is one forward with one row for every branch that still writes.
 * Every branch draws from random numbers of its own, so what it writes does
 * not depend on the others.
 *
 * Threads: one at a time. */
#ifndef WU_DECODE_GENERATE_H
#define WU_DECODE_GENERATE_H

#include "base/buf.h"
#include "decode/sampler.h"
#include "model/engine.h"
#include "text/tokenizer.h"

typedef enum wu_finish {
    WU_FINISH_RUNNING, /* only when on_text stopped everything */
    WU_FINISH_STOP,    /* a stop token */
    WU_FINISH_LENGTH   /* max_tokens */
} wu_finish;

typedef struct wu_branch {
    int32_t seg;        /* the segment that grows; rows for max_tokens - 1 more must be free */
    int32_t max_tokens; /* 0: writes nothing */
    int32_t n_tokens;   /* out: tokens written, the stop token not counted */
    wu_finish finish;   /* out */
    wu_decoder decoder; /* out */
    wu_buf text;        /* out: the answer, added to what is there; the caller frees it */
} wu_branch;

typedef struct wu_generation {
    wu_engine *engine;
    const wu_tokenizer *tokenizer;
    int32_t n_vocab; /* logits in a row: the model's n_vocab */
    wu_sampling sampling;
    /* Called after each step for each branch that wrote, with the bytes that became printable (may
     * be none); return false to stop everything. May be NULL. */
    bool (*on_text)(void *ctx, int branch, wu_str piece);
    void *ctx;
    double prompt_s, answer_s;  /* out: time of the first forward and of the rest */
    int32_t n_prompt, n_answer; /* out: rows of the first forward, tokens generated */
} wu_generation;

/* The segments hold prompts of which at least the last token is not evaluated yet. Memory is taken
 * before the first step and not after it. Errors: those of wu_engine_forward and
 * wu_sampler_create, EARG (an empty segment), ENOMEM. */
WU_MUST_CHECK wu_code wu_generate(wu_generation *g, wu_branch *branch, int n_branch, wu_err *err);

#endif
