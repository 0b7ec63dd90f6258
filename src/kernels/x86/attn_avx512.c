/* attn_avx512.c - attention with AVX-512 in f32. */
#include "kernels/x86/attn_vec.h"

const wu_attn_ops wu_attn_avx512 = ATTN_OPS("avx512");
