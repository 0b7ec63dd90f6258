/* compute_impl.h - the insides of a wu_compute, for the drivers of this room. */
#ifndef WU_KERNELS_COMPUTE_IMPL_H
#define WU_KERNELS_COMPUTE_IMPL_H

#include "kernels/attn_impl.h"
#include "kernels/compute.h"
#include "kernels/gemm_impl.h"
#include "kernels/rows_impl.h"

struct wu_compute {
    wu_pool *pool;
    wu_cpu_report report;
    const wu_gemm_ops *bf16, *f32; /* products in the two precisions */
    const wu_row_ops *rows;
    const wu_attn_ops *attn_bf16, *attn_f32;
    char *scratch; /* SCRATCH_BYTES for each thread */
};

/* Scratch of one thread, 64-byte aligned; free for use inside a unit. */
WU_INLINE char *wu_compute_scratch(const wu_compute *c, int thread) {
    return c->scratch + (size_t)thread * SCRATCH_BYTES;
}

#endif
