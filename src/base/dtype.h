/* dtype.h - number types as they lie in files, and a frozen matrix of them.
 *
 * A wu_matrix is a view: W [n_out][n_in] row-major, exactly as in the file
 * (mapped where possible), read by the panel producers of kernels/.  It may
 * be unaligned.  Two of the types are affine groups: along a row, every
 * `group` inputs share a scale and a bias,
 *
 *     w = scale * q + bias                                            (1)
 *
 * with q packed as in MLX: 4 bits low nibble first, or one byte.  `rounds`
 * says how (1) rounds when exact values are asked for: MLX rounds the product
 * and then the sum to the scale's type; GGUF rounds once, to f32.
 *
 * Threads: plain data. */
#ifndef WU_BASE_DTYPE_H
#define WU_BASE_DTYPE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef enum wu_dtype { WU_F32, WU_F16, WU_BF16, WU_Q4, WU_Q8 } wu_dtype;

typedef struct wu_matrix {
    wu_dtype type;
    int32_t n_out, n_in;
    const void *data;  /* row o at data + o * row_bytes */
    int64_t row_bytes; /* n_in * 4, * 2, / 2, * 1 for f32, f16 and bf16, q4, q8 */
    /* affine only */
    int32_t group;       /* inputs per group: 16, 32, 64 or 128; divides n_in */
    wu_dtype scale_type; /* F32, F16 or BF16 */
    bool rounds;         /* MLX rounding of (1) */
    const void *scale;   /* [n_out][n_in / group] */
    const void *bias;    /* [n_out][n_in / group] */
} wu_matrix;

const char *wu_dtype_name(wu_dtype t); /* "f32" "f16" "bf16" "q4" "q8" */
int wu_dtype_bits(wu_dtype t);         /* bits of one number, scales not counted */

static inline float wu_bf16_to_f32(uint16_t h) {
    const uint32_t u = (uint32_t)h << 16;
    float f;
    memcpy(&f, &u, sizeof(f));
    return f;
}

/* Round to nearest even; NaN stays a (quiet) NaN. */
static inline uint16_t wu_f32_to_bf16(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof(u));
    if ((u & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((u >> 16) | 64u);
    return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}

float wu_f16_to_f32(uint16_t h);
uint16_t wu_f32_to_f16(float f); /* round to nearest even */

/* Row o of W as exact f32 values: the specification that every producer is tested against. */
void wu_matrix_row(const wu_matrix *w, int32_t o, float *out);

#endif
