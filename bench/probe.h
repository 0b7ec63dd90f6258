/* probe.h - short peak measurements beside which a bench is believed.
 *
 * A probe is some 20 us of an instruction class from registers and L1.  A
 * sample of a bench is clean if the probe on every thread, before and after
 * it, was within 20 % of the best ever seen, and the threads waited for a core
 * for less than 2 % of it: on shared hosts a core often runs at half its speed
 * without the guest seeing why. */
#ifndef WU_BENCH_PROBE_H
#define WU_BENCH_PROBE_H

#include "base/clock.h"
#include "base/compiler.h"
#include "base/pool.h"
#include "kernels/compute.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef WU_X86
#include <immintrin.h>

#define PROBE_512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

/* Each returns flops done; the loops have too many chains for latency to matter. */
__attribute__((target("avx2,fma"))) static inline double probe_avx2(void) {
    enum { STEPS = 6000 };
    __m256 s[10];
    const __m256 x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(0.0001f);
    _Pragma("GCC unroll 10") for (int i = 0; i < 10; i++) s[i] = _mm256_set1_ps((float)i);
    for (int n = 0; n < STEPS; n++) {
        _Pragma("GCC unroll 10") for (int i = 0; i < 10; i++) {
            s[i] = _mm256_fmadd_ps(s[i], x, y);
            __asm__ volatile("" : "+x"(s[i]));
        }
    }
    return 10.0 * STEPS * 16;
}

PROBE_512 static inline double probe_avx512(void) {
    enum { STEPS = 4000 };
    __m512 s[16];
    const __m512 x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(0.0001f);
    _Pragma("GCC unroll 16") for (int i = 0; i < 16; i++) s[i] = _mm512_set1_ps((float)i);
    for (int n = 0; n < STEPS; n++) {
        _Pragma("GCC unroll 16") for (int i = 0; i < 16; i++) {
            s[i] = _mm512_fmadd_ps(s[i], x, y);
            __asm__ volatile("" : "+v"(s[i]));
        }
    }
    return 16.0 * STEPS * 32;
}

PROBE_512 static inline double probe_avx512bf16(void) {
    enum { STEPS = 2000 };
    __m512 s[16];
    const __m512bh x = (__m512bh)_mm512_set1_epi32(0x3f803f81);
    const __m512bh y = (__m512bh)_mm512_set1_epi32(0x38003801);
    _Pragma("GCC unroll 16") for (int i = 0; i < 16; i++) s[i] = _mm512_set1_ps((float)i);
    for (int n = 0; n < STEPS; n++) {
        _Pragma("GCC unroll 16") for (int i = 0; i < 16; i++) {
            s[i] = _mm512_dpbf16_ps(s[i], x, y);
            __asm__ volatile("" : "+v"(s[i]));
        }
    }
    return 16.0 * STEPS * 64;
}

typedef struct probe_config {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} probe_config;

/* 2 x 2 tiles from L1; random numbers, because zeros clock higher. */
__attribute__((target("amx-tile,amx-bf16"))) static inline double probe_amx(void) {
    enum { STEPS = 600 };
    static const WU_ALIGNED probe_config config = {.palette = 1,
                                                   .bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                                   .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
    static _Thread_local WU_ALIGNED uint16_t data[2048];
    static _Thread_local WU_ALIGNED float sums[256];
    if (!data[5]) {
        uint32_t r = 1;
        for (int i = 0; i < 2048; i++) {
            r = r * 1664525u + 1013904223u;
            data[i] = (uint16_t)(0x3f00u | ((r >> 16) & 0x80ffu));
        }
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(config) : "memory"); /* the data is written by now */
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int i = 0; i < STEPS; i++) {
        _tile_loadd(4, data, 64);
        _tile_loadd(6, data + 512, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, data + 1024, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, data + 1536, 64);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums, 64); /* not over the data: sums grow, and their bits clock higher too */
    __asm__ volatile("" ::"r"(sums) : "memory");
    return STEPS * 65536.0;
}
#endif

/* Portable: no vectors, a few chains. */
static inline double probe_c(void) {
    enum { STEPS = 4000 };
    float s[8] = {0};
    for (int n = 0; n < STEPS; n++) {
        for (int i = 0; i < 8; i++) {
            s[i] = s[i] * 0.999f + 0.0001f;
            __asm__ volatile("" : "+r"(s[i]));
        }
    }
    return 8.0 * STEPS * 2;
}

static inline double probe_level(wu_level level) {
#ifdef WU_X86
    switch (level) {
    case WU_LEVEL_AVX2:
        return probe_avx2();
    case WU_LEVEL_AVX512:
        return probe_avx512();
    case WU_LEVEL_AVX512BF16:
        return probe_avx512bf16();
    case WU_LEVEL_AMX:
        return probe_amx();
    default:
        break;
    }
#else
    (void)level;
#endif
    return probe_c();
}

typedef struct probe {
    wu_level level;
    int n_thread;
    double best; /* flop/s of one thread, best ever seen */
    atomic_int arrived;
    double rate[WU_POOL_MAX];
} probe;

/* Every unit waits for the others, so that each thread takes one. */
static inline void probe_unit(void *ctx, int64_t unit, int thread) {
    probe *p = ctx;
    (void)unit;
    atomic_fetch_add(&p->arrived, 1);
    while (atomic_load(&p->arrived) < p->n_thread) continue;
    const double start = wu_clock_s();
    const double flops = probe_level(p->level);
    p->rate[thread] = flops / (wu_clock_s() - start);
}

/* Slowest thread's rate now. */
static inline double probe_now(probe *p, wu_pool *pool) {
    atomic_store(&p->arrived, 0);
    wu_pool_for(pool, p->n_thread, probe_unit, p);
    double slowest = p->rate[0];
    for (int i = 0; i < p->n_thread; i++) {
        p->best = WU_MAX(p->best, p->rate[i]);
        slowest = WU_MIN(slowest, p->rate[i]);
    }
    return slowest;
}

/* Seconds that the threads of this process were ready but not running, so far. */
static inline double probe_waited_s(void) {
    double sum = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[300];
        unsigned long long ran = 0, waited = 0;
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof(path), "/proc/self/task/%s/schedstat", e->d_name);
        FILE *f = fopen(path, "r");
        if (!f) continue;
        if (fscanf(f, "%llu %llu", &ran, &waited) == 2) sum += (double)waited * 1e-9;
        fclose(f);
    }
    if (d) closedir(d);
    return sum;
}

typedef struct sample {
    double seconds, probe; /* the worse of the probes before and after; 0: waited for a core */
} sample;

typedef struct samples {
    int n, clean;
    double best, median, best_all; /* seconds; best and median of clean ones, or 0 */
} samples;

static inline int by_seconds(const void *a, const void *b) {
    const double x = ((const sample *)a)->seconds, y = ((const sample *)b)->seconds;
    return x < y ? -1 : x > y;
}

/* Runs work(ctx) with probes between for some seconds. Short work is repeated within a sample. */
static inline samples probe_samples(probe *p, wu_pool *pool, double seconds, void (*work)(void *),
                                    void *ctx) {
    enum { MOST = 4096 };
    static sample s[MOST];
    samples r = {0};
    work(ctx);
    double start = wu_clock_s();
    work(ctx);
    const double once = WU_MAX(wu_clock_s() - start, 1e-8);
    const int repeat = once < 4e-4 ? (int)(4e-4 / once) + 1 : 1;
    const double begin = wu_clock_s();
    double before = probe_now(p, pool);
    while (r.n < MOST && (r.n < 3 || wu_clock_s() - begin < seconds)) {
        const double waited = probe_waited_s();
        start = wu_clock_s();
        for (int i = 0; i < repeat; i++) work(ctx);
        const double took = wu_clock_s() - start;
        const bool ran = probe_waited_s() - waited < 0.02 * took;
        const double after = probe_now(p, pool);
        s[r.n++] = (sample){took / repeat, ran ? WU_MIN(before, after) : 0};
        before = after;
    }
    qsort(s, (size_t)r.n, sizeof(s[0]), by_seconds);
    r.best_all = s[0].seconds;
    for (int i = 0; i < r.n; i++)
        if (s[i].probe > p->best / 1.2) s[r.clean++] = s[i];
    if (r.clean) {
        r.best = s[0].seconds;
        r.median = s[r.clean / 2].seconds;
    }
    return r;
}

#endif
