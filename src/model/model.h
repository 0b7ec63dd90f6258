/* model.h - a Llama-family model: its numbers and where its weights are.
 *
 * Read from a Hugging Face or MLX directory (safetensors, also quantised MLX)
 * or a GGUF file.  Weights are views of the mapped files where the form
 * allows; GGUF blocks are turned into affine groups at load.  q and k rows of
 * GGUF files of architecture llama are put back into half-split order.
 *
 * Threads: immutable after load; any thread. */
#ifndef WU_MODEL_MODEL_H
#define WU_MODEL_MODEL_H

#include "adapter/adapter.h"
#include "base/dtype.h"
#include "base/err.h"

typedef enum wu_rope_kind {
    WU_ROPE_PLAIN,
    WU_ROPE_LINEAR,
    WU_ROPE_LLAMA3,
    WU_ROPE_FACTORS
} wu_rope_kind;

typedef struct wu_config {
    char architecture[32]; /* "llama" "mistral" "qwen2" */
    int32_t n_layer, d_model, d_ff, n_head, n_kv, d_head, n_vocab;
    int32_t max_position; /* as the file says; 0 if it does not */
    float norm_eps;
    double rope_theta;
    wu_rope_kind rope;
    double rope_factor, rope_low, rope_high; /* linear: factor; llama3: all */
    int32_t rope_original;                   /* llama3: original context length */
    int32_t window;                          /* sliding window, 0: none */
    int32_t window_from;                     /* first layer that uses it */
    bool tied;                               /* the head is the embedding */
} wu_config;

typedef struct wu_layer {
    const float *norm1, *norm2;     /* [d_model] f32 */
    wu_matrix linear[WU_N_LINEAR];  /* q k v o gate up down */
    const float *bias[WU_N_LINEAR]; /* [n_out] f32 or NULL */
} wu_layer;

typedef struct wu_model {
    wu_config config;
    wu_matrix embed, head; /* head == embed if tied */
    const float *norm;     /* final norm */
    wu_layer *layer;       /* [n_layer] */
    double *inv_freq;      /* [d_head / 2] radians per position, scaling applied */
    int64_t n_weight;      /* numbers in all matrices, embedding once */
    int64_t weight_bytes;  /* their bytes as stored or converted */
    char *path;
    struct wu_model_files *files; /* mappings and arena */
} wu_model;

/* path: a directory or a .gguf file. Errors: EIO, EFORMAT (file and key or tensor named), ENOMEM.
 */
WU_MUST_CHECK wu_code wu_model_load(wu_model **out, const char *path, wu_err *err);
void wu_model_free(wu_model *m);

/* Shapes for adapters. */
wu_adapter_dims wu_model_dims(const wu_model *m);

#endif
