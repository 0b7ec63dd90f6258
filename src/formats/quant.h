/* quant.h - quantised weights: GGUF blocks and MLX groups, both as affine groups.
 *
 * GGUF blocks become affine groups (base/dtype.h) exactly:
 *     Q4_0 Q4_1      4 bits, groups of 32, f16 scale and bias
 *     Q5_0 Q5_1 Q8_0 8 bits, groups of 32, f16
 *     Q4_K           4 bits, groups of 32, f32 scale and bias
 *     Q5_K           8 bits, groups of 32, f32
 *     Q6_K           8 bits, groups of 16, f32
 * f16 scales become f32 where an f16 bias would overflow.  MLX directories are mapped as they
 * are: weight U32, scales, biases.
 *
 * Threads: any. */
#ifndef WU_FORMATS_QUANT_H
#define WU_FORMATS_QUANT_H

#include "base/arena.h"
#include "base/dtype.h"
#include "base/err.h"
#include "formats/tensor.h"

/* A 2-D tensor as a matrix. Dense types are views of the tensor; GGUF blocks are converted into
 * memory of the arena. row_of (may be NULL) gives for each row of the result the row of the
 * tensor: GGUF's pair order of q and k rows is undone with it. A row_of makes a copy of dense
 * types too. Errors: EFORMAT, ENOMEM. */
WU_MUST_CHECK wu_code wu_matrix_from_tensor(wu_matrix *out, const wu_tensor *t,
                                            const int32_t *row_of, wu_arena *arena, wu_err *err);

/* MLX: weight U32 [n_out][n_in * bits / 32], scales and biases [n_out][n_in / group]. Views; the
 * tensors must outlive them. Errors: EFORMAT. */
WU_MUST_CHECK wu_code wu_matrix_from_mlx(wu_matrix *out, const wu_tensor *weight,
                                         const wu_tensor *scales, const wu_tensor *biases, int bits,
                                         int group, wu_err *err);

/* All values of a tensor as f32, exactly as ggml dequantises; out has room for prod(dim). EFORMAT.
 */
WU_MUST_CHECK wu_code wu_tensor_to_f32(float *out, const wu_tensor *t, wu_err *err);

#endif
