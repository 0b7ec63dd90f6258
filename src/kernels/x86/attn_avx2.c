/* attn_avx2.c - attention with AVX2 in f32. */
#include "kernels/x86/attn_few.h"

const wu_attn_ops wu_attn_avx2 = ATTN_OPS("avx2");
