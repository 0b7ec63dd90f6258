/* attn_avx512.c - attention with AVX-512 in f32. */
#include "kernels/x86/attn_few.h"

/* The AMX level decodes with it too. */
void wu_attn_few_avx512(const wu_attn_job *j, int32_t kv, int32_t tile, int32_t query, void *mem) {
    few(j, kv, tile, query, mem);
}

const wu_attn_ops wu_attn_avx512 = ATTN_OPS("avx512");
