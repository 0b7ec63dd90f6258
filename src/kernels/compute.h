/* compute.h - what computes: a thread pool, the kernels chosen for this CPU, and scratch.
 *
 * A level is an instruction set with its kernels.  wu_compute_create() uses a
 * level only if CPUID, XCR0 and (for AMX) the permission call agree and a
 * small product, run in a child process, came out right; between the levels
 * that work, a few microseconds of measuring decide which one makes the bf16
 * and which one the f32 products.
 *
 * Threads: a wu_compute and everything called with it belongs to one thread
 * at a time; inside a call the pool's threads share the work. */
#ifndef WU_KERNELS_COMPUTE_H
#define WU_KERNELS_COMPUTE_H

#include "base/dtype.h"
#include "base/err.h"
#include "base/pool.h"
#include "kernels/rows.h"

typedef enum wu_level {
    WU_LEVEL_C,          /* portable C: the specification */
    WU_LEVEL_AVX2,       /* AVX2, FMA, F16C */
    WU_LEVEL_AVX512,     /* AVX-512 F, BW, VL, DQ */
    WU_LEVEL_AVX512BF16, /* and BF16 dot products */
    WU_LEVEL_AMX,        /* and AMX tiles with bf16 */
    WU_N_LEVEL
} wu_level;

const char *wu_level_name(wu_level level); /* "c" "avx2" "avx512" "avx512bf16" "amx" */

/* The level called name, or -1. */
int wu_level_from_name(const char *name);

typedef struct wu_compute wu_compute;

typedef struct wu_compute_options {
    int n_thread;  /* 0: all that the process may use */
    int max_level; /* a wu_level; nothing above it is used. WU_N_LEVEL - 1 for all */
    bool only; /* use max_level itself for everything, whatever is faster; EARG if it does not work
                  here */
} wu_compute_options;

/* Errors: EARG, ENOMEM. */
WU_MUST_CHECK wu_code wu_compute_create(wu_compute **out, const wu_compute_options *o, wu_err *err);
void wu_compute_free(wu_compute *c);

wu_pool *wu_compute_pool(const wu_compute *c);
const wu_row_ops *wu_compute_rows(const wu_compute *c); /* single-threaded row operations */

/* What was found and chosen. */
typedef struct wu_cpu_report {
    char cpu[64];                   /* model name */
    bool present[WU_N_LEVEL];       /* CPUID, XCR0 and permission agree */
    bool works[WU_N_LEVEL];         /* and the small product came out right */
    double gflops_bf16[WU_N_LEVEL]; /* measured at start, one thread; 0 if not measured */
    double gflops_f32[WU_N_LEVEL];
    wu_level bf16, f32, attention, rows; /* chosen */
    int n_thread;
} wu_cpu_report;
const wu_cpu_report *wu_compute_report(const wu_compute *c);

#endif
