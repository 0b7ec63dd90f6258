/* generate.h - lets the branches of a forest grow together, one token each a step.
 *
 * Threads: one at a time. */
#ifndef WU_DECODE_GENERATE_H
#define WU_DECODE_GENERATE_H

#include "base/buf.h"
#include "decode/sampler.h"
#include "model/engine.h"
#include "text/tokenizer.h"

typedef enum wu_finish { WU_FINISH_RUNNING, WU_FINISH_STOP, WU_FINISH_LENGTH } wu_finish;

typedef struct wu_branch {
    int32_t seg;        /* the segment that grows */
    int32_t max_tokens;
    int32_t n_tokens;   /* out: tokens written, the stop token not counted */
    wu_finish finish;   /* out */
    wu_decoder decoder; /* out */
    wu_buf text;        /* out: the answer; the caller frees it */
} wu_branch;

typedef struct wu_generation {
    wu_engine *engine;
    const wu_tokenizer *tokenizer;
    wu_sampling sampling;
    /* Called after each step for each branch with the bytes that became printable (may be none);
     * return false to stop everything. May be NULL. */
    bool (*on_text)(void *ctx, int branch, wu_str piece);
    void *ctx;
    double prompt_s, answer_s; /* out: time of the first forward and of the rest */
    int32_t n_prompt, n_answer; /* out: rows of the first forward, tokens generated */
} wu_generation;

/* The segments hold prompts that are not evaluated yet. Errors: those of wu_engine_forward, ENOMEM. */
WU_MUST_CHECK wu_code wu_generate(wu_generation *g, wu_branch *branch, int n_branch, wu_err *err);

#endif
