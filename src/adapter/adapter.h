/* adapter.h - LoRA: a small trainable update that rides on frozen weights.
 *
 * A site is one linear layer, W [n_out, n_in], plus A [rank, n_in] and
 * B [n_out, rank], all row-major f32.  With x [n_tok, n_in]:
 *
 *     y += scale * (x A^T) B^T                                   (2)
 *
 * This room knows shapes and names, not models.  All parameters lie in one
 * array, site after site, A before B, so that an optimizer sees one vector
 * and a gradient of the same layout.
 *
 * Threads: a loaded adapter is immutable and may be read by many threads;
 * training mutates the parameters and needs the adapter to itself. */
#ifndef WU_ADAPTER_ADAPTER_H
#define WU_ADAPTER_ADAPTER_H

#include "base/err.h"
#include "text/json.h"

#include <stdbool.h>
#include <stdint.h>

/* The seven linear layers of a block, in the order of the forward pass. */
typedef enum wu_linear {
    WU_LIN_Q,
    WU_LIN_K,
    WU_LIN_V,
    WU_LIN_O,
    WU_LIN_GATE,
    WU_LIN_UP,
    WU_LIN_DOWN,
    WU_N_LINEAR
} wu_linear;

const char *wu_linear_name(wu_linear l); /* "self_attn.q_proj" ... "mlp.down_proj" */

/* The base model as far as an adapter needs it. */
typedef struct wu_adapter_dims {
    int32_t n_layer;
    int32_t n_in[WU_N_LINEAR], n_out[WU_N_LINEAR];
} wu_adapter_dims;

typedef struct wu_site {
    int32_t layer;
    wu_linear linear;
    int32_t rank, n_in, n_out;
    float scale;   /* alpha / rank, or the plain multiplier of mlx-lm */
    int64_t first; /* index of A's first number in param; B follows A */
    float *a;      /* [rank, n_in], in param */
    float *b;      /* [n_out, rank], in param */
} wu_site;

typedef struct wu_adapter {
    wu_adapter_dims dims;
    wu_site *site; /* [n_site], by layer, then in the order of wu_linear */
    int32_t n_site;
    int32_t lowest; /* lowest adapted layer; n_layer if none */
    float *param;   /* [n_param] */
    int64_t n_param;
    int32_t *index; /* [n_layer * WU_N_LINEAR] site or -1 */
} wu_adapter;

typedef struct wu_adapter_spec {
    int32_t rank;       /* 8 */
    float scale;        /* 20 */
    int32_t num_layers; /* the last N blocks; <= 0 means all */
    uint32_t linears;   /* bit set of wu_linear; 0 means all seven */
} wu_adapter_spec;

/* A new adapter with A as mlx-lm draws it for this seed (bit for bit) and B zero.
 * Errors: EARG (rank < 1, more layers than there are), ENOMEM. */
WU_MUST_CHECK wu_code wu_adapter_create(wu_adapter **out, const wu_adapter_dims *dims,
                                        const wu_adapter_spec *spec, uint64_t seed, wu_err *err);
void wu_adapter_free(wu_adapter *ad); /* NULL allowed */

/* The site of a linear, or NULL if it is not adapted. */
const wu_site *wu_adapter_find(const wu_adapter *ad, int32_t layer, wu_linear l);

/* Reads DIR as PEFT (adapter_model.safetensors) or MLX (adapters.safetensors) wrote it, told apart
 * by the files. Errors: EIO, EFORMAT (bad JSON, wrong shape or type, A without B, a tensor that
 * names nothing, DoRA, a feature that is not supported: named), ENOMEM. */
WU_MUST_CHECK wu_code wu_adapter_load(wu_adapter **out, const char *dir,
                                      const wu_adapter_dims *dims, wu_err *err);

/* Overwrites the parameters of ad from one file of tensors in either naming (a numbered
 * checkpoint, --resume-adapter-file). Every site must be there with its shape. EIO, EFORMAT. */
WU_MUST_CHECK wu_code wu_adapter_read_file(wu_adapter *ad, const char *path, wu_err *err);

typedef enum wu_adapter_format { WU_ADAPTER_MLX, WU_ADAPTER_PEFT } wu_adapter_format;

/* Writes DIR/adapter_config.json and DIR/adapters.safetensors (MLX) or adapter_model.safetensors
 * (PEFT), each whole; DIR is made. args (may be NULL) is a JSON object whose members are added to
 * MLX's config; base names the model in PEFT's. Where sites differ in rank, MLX's form pads to the
 * largest and folds scales into B. Errors: EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_adapter_save(const wu_adapter *ad, const char *dir,
                                      wu_adapter_format format, const wu_json *args,
                                      const char *base, wu_err *err);

/* Only the tensors, into one file (numbered checkpoints). */
WU_MUST_CHECK wu_code wu_adapter_write_file(const wu_adapter *ad, const char *path,
                                            wu_adapter_format format, wu_err *err);

/* True if DIR looks like an adapter directory. */
bool wu_adapter_is_dir(const char *dir);

#endif
