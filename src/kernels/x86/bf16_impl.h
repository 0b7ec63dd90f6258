/* bf16_impl.h - what AMX takes from the AVX-512 BF16 level: it reads the same panels. */
#ifndef WU_KERNELS_X86_BF16_IMPL_H
#define WU_KERNELS_X86_BF16_IMPL_H

#include "kernels/gemm_impl.h"

void wu_bf16_decode(void *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n, bool round);
void wu_bf16_pack(char *out, int64_t stride, const void *x, wu_dtype x_type, int32_t n, bool round);
void wu_bf16_turn(char *panel, const char *rows, int64_t ld, int32_t n_step);
void wu_bf16_weave(char *panel, int64_t half_bytes, int64_t tile_bytes, const char *row0,
                   const char *row1, int32_t n_half);
void wu_bf16_dot(const wu_dot_job *job);
void wu_bf16_store(const wu_target *to, const float *c, int64_t ldc, int32_t n_row, int32_t n_col);

/* Quantised weights by one or two rows, few_avx512bf16.c; takes: whether it is for this job. */
bool wu_bf16_takes(const wu_stream_job *job);
void wu_bf16_stream(const wu_stream_job *job);

#endif
