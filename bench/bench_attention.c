/* Attention of one layer, milliseconds forward and backward, for every level that works here.
 *
 * Shapes: the training forest of SmolLM2 (a trunk and six branches), of a 7B model, one long
 * segment, and one step of decoding six branches.  GFLOP/s count two products forward and five
 * backward over the keys that are seen.  Best of a few runs. */
#include "forest_case.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "kernels/attention.h"
#include "kernels/compute.h"

#include <stdio.h>
#include <string.h>

static const forest_seg forest[] = {{-1, 1000, 0, 0}, {0, 100, 0, 0}, {0, 100, 0, 0},
                                    {0, 100, 0, 0},   {0, 100, 0, 0}, {0, 100, 0, 0},
                                    {0, 100, 0, 0}};
static const forest_seg plain[] = {{-1, 2048, 0, 0}};
static const forest_seg step[] = {{-1, 1000, 1000, 0}, {0, 40, 39, 0}, {0, 40, 39, 0},
                                  {0, 40, 39, 0},      {0, 40, 39, 0}, {0, 40, 39, 0},
                                  {0, 40, 39, 0}};
static const forest_seg single[] = {{-1, 1040, 1039, 0}};

static const struct {
    const char *name;
    const forest_seg *seg;
    int32_t n_seg, n_head, n_kv, d_head;
} cases[] = {
    {"SmolLM2 forest 1000 + 6 x 100", forest, WU_LEN(forest), 9, 3, 64},
    {"SmolLM2 plain 2048", plain, WU_LEN(plain), 9, 3, 64},
    {"7B forest 1000 + 6 x 100", forest, WU_LEN(forest), 32, 8, 128},
    {"7B plain 2048", plain, WU_LEN(plain), 32, 8, 128},
    {"SmolLM2 decode, 6 branches", step, WU_LEN(step), 9, 3, 64},
    {"SmolLM2 decode, 1 branch", single, WU_LEN(single), 9, 3, 64},
};

/* Pairs of query and key that see each other, for one head. */
static double count_pairs(const forest_case *f) {
    double sum = 0.0;
    for (int32_t r = 0; r < f->a.n_run; r++) {
        const wu_attn_run *run = &f->run[r];
        for (int32_t i = 0; i < run->n; i++) {
            for (int32_t s = run->span; s < run->span + run->n_span; s++) {
                const int32_t n = run->pos + i - f->span[s].pos + 1;
                sum += WU_MAX(0, WU_MIN(n, f->span[s].n));
            }
        }
    }
    return sum;
}

typedef void call(wu_compute *c, const wu_attention *a);

static double best_of(call *fn, wu_compute *c, const wu_attention *a, double seconds) {
    double best = 1e9;
    const double end = wu_clock_s() + seconds;
    for (int i = 0; i < 3 || wu_clock_s() < end; i++) {
        const double start = wu_clock_s();
        fn(c, a);
        best = WU_MIN(best, wu_clock_s() - start);
    }
    return best;
}

static void measure(wu_compute *c, size_t i, wu_dtype type, const char *level, double seconds) {
    static forest_case f;
    memset(&f, 0, sizeof(f));
    f.a = (wu_attention){.n_head = cases[i].n_head,
                         .n_kv = cases[i].n_kv,
                         .d_head = cases[i].d_head,
                         .type = type,
                         .scale = 1.0f / sqrtf((float)cases[i].d_head)};
    forest_make(&f, cases[i].seg, cases[i].n_seg, 0, 1);
    forest_scratch(&f, c);
    const double product = 2.0 * count_pairs(&f) * f.a.n_head * f.a.d_head;
    const double forward = best_of(wu_attention_forward, c, &f.a, seconds);
    printf("%-30s %-11s %-5s forward %8.3f ms %7.0f GFLOP/s", cases[i].name, level,
           wu_dtype_name(type), forward * 1e3, 2.0 * product / forward * 1e-9);
    if (f.n_query > 64) {
        const double back = best_of(wu_attention_backward, c, &f.a, seconds);
        printf("   backward %8.3f ms %7.0f GFLOP/s", back * 1e3, 5.0 * product / back * 1e-9);
    }
    printf("\n");
    fflush(stdout);
    forest_free(&f);
}

/* bench_attention [seconds for each figure [threads [level [case]]]] */
int main(int argc, char **argv) {
    static const wu_level levels[] = {WU_LEVEL_AVX2, WU_LEVEL_AVX512, WU_LEVEL_AMX};
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.3;
    const int n_thread = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
    const char *only = argc > 3 ? argv[3] : NULL;
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        if (argc > 4 && strtoul(argv[4], NULL, 10) != i) continue;
        for (size_t l = 0; l < WU_LEN(levels); l++) {
            const char *name = wu_level_name(levels[l]);
            const wu_compute_options o = {
                .n_thread = n_thread, .max_level = (int)levels[l], .only = true};
            wu_compute *c = NULL;
            wu_err err = {0};
            if (only && strcmp(only, name) != 0) continue;
            if (wu_compute_create(&c, &o, &err)) {
                printf("%-30s %-11s does not work here\n", cases[i].name, name);
                continue;
            }
            if (levels[l] != WU_LEVEL_AMX) measure(c, i, WU_F32, name, seconds);
            measure(c, i, WU_BF16, name, seconds);
            wu_compute_free(c);
        }
    }
    return 0;
}
