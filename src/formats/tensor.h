/* tensor.h - a tensor as a file has it: a name, a type, a shape, bytes. */
#ifndef WU_FORMATS_TENSOR_H
#define WU_FORMATS_TENSOR_H

#include <stddef.h>
#include <stdint.h>

/* Types of safetensors and GGUF together; only those named here are read as numbers. */
typedef enum wu_ttype {
    WU_T_F32,
    WU_T_F16,
    WU_T_BF16,
    WU_T_F64,
    WU_T_I8,
    WU_T_I16,
    WU_T_I32,
    WU_T_I64,
    WU_T_U8,
    WU_T_U16,
    WU_T_U32,
    WU_T_U64,
    WU_T_BOOL,
    WU_T_Q4_0,
    WU_T_Q4_1,
    WU_T_Q5_0,
    WU_T_Q5_1,
    WU_T_Q8_0,
    WU_T_Q4_K,
    WU_T_Q5_K,
    WU_T_Q6_K, /* GGUF blocks */
    WU_T_OTHER
} wu_ttype;

const char *wu_ttype_name(wu_ttype t); /* "F32" ... "Q4_K" */

enum { WU_MAX_DIM = 8 };

typedef struct wu_tensor {
    const char *name;
    wu_ttype type;
    int32_t n_dim;
    int64_t dim[WU_MAX_DIM]; /* outermost first: a matrix is [out][in], for GGUF too */
    const void *data;
    size_t bytes;
} wu_tensor;

#endif
