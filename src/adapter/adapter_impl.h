/* adapter_impl.h - what the files of this room share: building the sites, names of tensors, rules
 * of a configuration. */
#ifndef WU_ADAPTER_ADAPTER_IMPL_H
#define WU_ADAPTER_ADAPTER_IMPL_H

#include "adapter/adapter.h"

/* Makes an adapter with a site for every entry of rank [n_layer * WU_N_LINEAR] above zero, all
 * parameters 0. scale has the same shape. EARG (too large), ENOMEM. */
WU_MUST_CHECK wu_code wu_adapter_build(wu_adapter **out, const wu_adapter_dims *dims,
                                       const int32_t *rank, const float *scale, wu_err *err);

/* A tensor's name taken apart. */
typedef enum wu_part_kind {
    WU_PART_OTHER, /* names no linear layer of a block */
    WU_PART_A,
    WU_PART_B,
    WU_PART_BIAS,     /* lora_B.bias */
    WU_PART_MAGNITUDE /* DoRA */
} wu_part_kind;

typedef struct wu_part_name {
    wu_part_kind kind;
    wu_linear linear;
    int32_t layer;
    bool transposed; /* MLX: A is [n_in, rank], B is [rank, n_out] */
} wu_part_name;

wu_part_name wu_part_name_read(const char *name);

/* "model.layers.3.self_attn.q_proj" into buf[WU_MODULE_MAX]; returns buf. */
enum { WU_MODULE_MAX = 64 };
const char *wu_module_name(char *buf, int32_t layer, wu_linear l);

/* What adapter_config.json says: which form it is of and, for each possible site, the rank and the
 * factor; both are only meant for sites that the tensors name. */
WU_MUST_CHECK wu_code wu_adapter_rules(const char *path, const wu_adapter_dims *dims, bool *is_peft,
                                       int32_t *rank, float *scale, wu_err *err);

#define WU_ADAPTER_CONFIG    "adapter_config.json"
#define WU_ADAPTER_MLX_FILE  "adapters.safetensors"
#define WU_ADAPTER_PEFT_FILE "adapter_model.safetensors"

#endif
