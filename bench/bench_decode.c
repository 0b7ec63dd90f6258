/* bench_decode.c - answering: tokens a second of one branch and of six together.
 *
 *     bench_decode MODEL [TOKENS [ROUNDS [CPU_LEVEL]]]
 *
 * A prompt of 256 tokens is evaluated once; then one branch, and six branches
 * of it, grow by TOKENS greedy tokens each, in turn, ROUNDS times.  Nothing
 * but the engine is timed: the next token is the largest logit. */
#include "base/clock.h"
#include "model/engine.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROMPT = 256, BRANCHES = 6, MAX_ROUND = 64, MAX_TOKENS = 512 };

_Noreturn static void die(const wu_err *err) {
    fprintf(stderr, "bench_decode: %s\n", err->msg);
    exit(1);
}

static int32_t argmax(const float *z, int32_t n) {
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (z[i] > z[best]) best = i;
    return best;
}

/* Seconds for n_branch branches to grow by n_tok tokens each behind the prompt. */
static double grow(wu_engine *e, int32_t vocab, int n_branch, int n_tok) {
    wu_forest *f = wu_engine_forest(e);
    wu_err err = {0};
    int32_t seg[BRANCHES], want[BRANCHES];
    const float *logits;
    wu_forest_cut(f, 1);
    for (int b = 0; b < n_branch; b++) {
        const int32_t first = 100 + 17 * b;
        if (wu_forest_add(&seg[b], f, 0, &(wu_tokens){&first, 1, n_tok + 1}, &err)) die(&err);
    }
    const double begin = wu_clock_s();
    for (int t = 0; t < n_tok; t++) {
        for (int b = 0; b < n_branch; b++) want[b] = f->seg[seg[b]].row + f->seg[seg[b]].n_tok - 1;
        if (wu_engine_forward(e, want, n_branch, &logits, &err)) die(&err);
        for (int b = 0; b < n_branch; b++)
            if (wu_forest_push(f, seg[b], argmax(logits + (int64_t)b * vocab, vocab), &err))
                die(&err);
    }
    return wu_clock_s() - begin;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
    const int n_tok = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 64,
              rounds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 7;
    const int level = argc > 4 ? wu_level_from_name(argv[4]) : WU_N_LEVEL - 1;
    if (argc < 2 || n_tok < 1 || n_tok > MAX_TOKENS || rounds < 1 || rounds > MAX_ROUND ||
        level < 0) {
        fprintf(stderr, "usage: bench_decode MODEL [TOKENS [ROUNDS [CPU_LEVEL]]]\n");
        return 2;
    }
    wu_err err = {0};
    wu_compute *c;
    wu_model *m;
    wu_engine *e;
    if (wu_compute_create(&c, &(wu_compute_options){.max_level = level}, &err)) die(&err);
    if (wu_model_load(&m, argv[1], &err)) die(&err);
    const wu_engine_options o = {.model = m,
                                 .compute = c,
                                 .precision = WU_BF16,
                                 .max_row = PROMPT + BRANCHES * (MAX_TOKENS + 1),
                                 .max_seg = 1 + BRANCHES,
                                 .max_batch = PROMPT,
                                 .max_logits = BRANCHES};
    if (wu_engine_create(&e, &o, &err)) die(&err);
    int32_t id[PROMPT], root;
    for (int i = 0; i < PROMPT; i++) id[i] = 50 + i * 131 % (m->config.n_vocab - 60);
    if (wu_forest_add(&root, wu_engine_forest(e), WU_NO_PARENT, &(wu_tokens){id, PROMPT, 0}, &err))
        die(&err);
    double begin = wu_clock_s();
    if (wu_engine_forward(e, NULL, 0, NULL, &err)) die(&err);
    const wu_cpu_report *r = wu_compute_report(c);
    printf("cpu %s, products %s, %d threads; weights %.0f MB\n", r->cpu, wu_level_name(r->bf16),
           r->n_thread, (double)m->weight_bytes / 1e6);
    printf("prompt: %d tokens, %.0f tokens/s\n", PROMPT, PROMPT / (wu_clock_s() - begin));
    double one[MAX_ROUND], six[MAX_ROUND], ratio[MAX_ROUND];
    grow(e, m->config.n_vocab, 1, 4);
    for (int i = 0; i < rounds; i++) {
        one[i] = n_tok / grow(e, m->config.n_vocab, 1, n_tok);
        six[i] = BRANCHES * n_tok / grow(e, m->config.n_vocab, BRANCHES, n_tok);
        ratio[i] = six[i] / one[i];
    }
    qsort(one, (size_t)rounds, sizeof(double), by_value);
    qsort(six, (size_t)rounds, sizeof(double), by_value);
    qsort(ratio, (size_t)rounds, sizeof(double), by_value);
    printf("one branch:   median %.1f tokens/s, best %.1f\n", one[rounds / 2], one[rounds - 1]);
    printf("six branches: median %.1f tokens/s, best %.1f\n", six[rounds / 2], six[rounds - 1]);
    printf("six to one, in pairs: median %.2f, best %.2f\n", ratio[rounds / 2], ratio[rounds - 1]);
    wu_engine_reset_seconds(e);
    grow(e, m->config.n_vocab, 1, n_tok);
    for (int p = 0; p < WU_PART_BACK_PRODUCTS; p++)
        printf("  one branch, %-14s %.3f ms a token\n", wu_part_name((wu_part)p),
               wu_engine_seconds(e)[p] / n_tok * 1e3);
    wu_engine_reset_seconds(e);
    grow(e, m->config.n_vocab, BRANCHES, n_tok);
    for (int p = 0; p < WU_PART_BACK_PRODUCTS; p++)
        printf("  six branches, %-14s %.3f ms a step\n", wu_part_name((wu_part)p),
               wu_engine_seconds(e)[p] / n_tok * 1e3);
    wu_engine_free(e);
    wu_model_free(m);
    wu_compute_free(c);
    return 0;
}
