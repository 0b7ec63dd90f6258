/* bench_train.c - speed of the training step: raw and data-set tokens a second, and where time
 * goes.
 *
 *     bench_train MODEL TRAIN.jsonl [ADAPTER_DIR [ITERATIONS [CPU_LEVEL [PRECISION]]]]
 *
 * An iteration is six neighbouring examples of the file in its order, answers
 * only, one AdamW update at 1e-4; the first is a warm-up.  ADAPTER_DIR holds
 * the adapter to start from ("-": rank 8, scale 20, last 16 layers, all
 * linears, seed 0).  Losses are printed so that a peer's run from the same
 * start can be compared. */
#include "base/clock.h"
#include "formats/vocab.h"
#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMPLES = 6, MAX_ITERATIONS = 64, MAX_ROW = 2048 };

_Noreturn static void die(const wu_err *err) {
    fprintf(stderr, "bench_train: %s\n", err->msg);
    exit(1);
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *v, int n) {
    qsort(v, (size_t)n, sizeof(*v), by_value);
    return v[n / 2];
}

/* Products of one iteration: forward, and backward of the adapted layers without weight gradients.
 * Attention is left out; docs/performance.md says what it adds. */
static double product_flops(const wu_model *m, const wu_adapter *ad, const wu_tally *t) {
    const wu_config *c = &m->config;
    const double layer =
        (double)(m->n_weight - (int64_t)c->n_vocab * c->d_model * (c->tied ? 1 : 2)) / c->n_layer;
    const double rows = (double)t->row, head = (double)c->n_vocab * c->d_model * (double)t->target;
    return 2.0 * rows * layer * (c->n_layer + (c->n_layer - ad->lowest)) + 4.0 * head;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: bench_train MODEL TRAIN.jsonl [ADAPTER_DIR|- [ITERATIONS "
                        "[CPU_LEVEL [f32|bf16]]]]\n");
        return 2;
    }
    wu_err err = {0};
    const int iters = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 8;
    const int level = argc > 5 ? wu_level_from_name(argv[5]) : WU_N_LEVEL - 1;
    if (iters < 1 || iters > MAX_ITERATIONS || level < 0) return 2;
    wu_compute *c;
    wu_model *m;
    wu_vocab *vocab;
    wu_tokenizer *tok;
    wu_adapter *ad = NULL;
    wu_dataset *d;
    wu_trainer *t;
    if (wu_compute_create(&c, &(wu_compute_options){.max_level = level}, &err)) die(&err);
    if (wu_model_load(&m, argv[1], &err)) die(&err);
    if (wu_vocab_read(&vocab, argv[1], &err)) die(&err);
    if (wu_tokenizer_create(&tok, vocab, &err)) die(&err);
    const wu_adapter_dims dims = wu_model_dims(m);
    const wu_adapter_spec spec = {.rank = 8, .scale = 20.0f, .num_layers = 16};
    const bool fresh = argc < 4 || strcmp(argv[3], "-") == 0;
    if (fresh && wu_adapter_create(&ad, &dims, &spec, 0, &err)) die(&err);
    if (!fresh && wu_adapter_load(&ad, argv[3], &dims, &err)) die(&err);
    const wu_data_options data = {.tokenizer = tok,
                                  .chat =
                                      wu_chat_detect(wu_tokenizer_vocab(tok)->chat_template, tok),
                                  .mask_prompt = true,
                                  .max_seq_length = MAX_ROW};
    if (wu_dataset_read(&d, argv[2], &data, &err)) die(&err);
    const wu_trainer_options o = {.model = m,
                                  .compute = c,
                                  .adapter = ad,
                                  .precision =
                                      argc > 6 && strcmp(argv[6], "f32") == 0 ? WU_F32 : WU_BF16,
                                  .max_row = MAX_ROW,
                                  .max_example = EXAMPLES,
                                  .optimizer = wu_optimizer_defaults(WU_ADAMW)};
    if (wu_trainer_create(&t, &o, &err)) die(&err);

    const wu_cpu_report *r = wu_compute_report(c);
    printf("cpu %s, products %s, attention %s, %d threads; %d examples an iteration, %d iterations "
           "after one warm-up\n",
           r->cpu, wu_level_name(o.precision == WU_BF16 ? r->bf16 : r->f32),
           wu_level_name(r->attention), r->n_thread, EXAMPLES, iters);
    double raw[MAX_ITERATIONS], set[MAX_ITERATIONS], rate[MAX_ITERATIONS], total = 0.0,
                                                                           update = 0.0;
    for (int i = 0; i <= iters; i++) {
        int32_t index[EXAMPLES];
        wu_tally tally = {0};
        const int32_t start = i * EXAMPLES % (d->n - EXAMPLES + 1);
        for (int32_t k = 0; k < EXAMPLES; k++) index[k] = start + k;
        if (i == 1) wu_engine_reset_seconds(wu_trainer_engine(t));
        const double begin = wu_clock_s();
        if (wu_trainer_add(t, d, index, EXAMPLES, 1.0, &tally, &err)) die(&err);
        const double before = wu_clock_s();
        wu_trainer_update(t, 1e-4);
        const double end = wu_clock_s(), s = end - begin;
        printf("%s %2d  loss %.4f  rows %lld  tokens %lld  targets %lld  %.3f s\n",
               i ? "step" : "warm", i, tally.loss / tally.weight, (long long)tally.row,
               (long long)tally.token, (long long)tally.target, s);
        if (!i) continue;
        raw[i - 1] = (double)tally.row / s;
        set[i - 1] = (double)tally.token / s;
        rate[i - 1] = product_flops(m, ad, &tally) / s * 1e-9;
        total += s;
        update += end - before;
    }
    const double *part = wu_engine_seconds(wu_trainer_engine(t));
    double seen = update;
    printf(
        "median: raw %.0f tokens/s, data set %.0f tokens/s, products alone would be %.0f GFLOP/s\n",
        median(raw, iters), median(set, iters), median(rate, iters));
    printf("best:   raw %.0f tokens/s, data set %.0f tokens/s\n", raw[iters - 1], set[iters - 1]);
    for (int p = 0; p < WU_N_PART; p++) {
        printf("  %-16s %7.1f ms a step  %4.1f %%\n", wu_part_name((wu_part)p),
               part[p] / iters * 1e3, part[p] / total * 100);
        seen += part[p];
    }
    printf("  %-16s %7.1f ms a step  %4.1f %%\n", "update", update / iters * 1e3,
           update / total * 100);
    printf("  %-16s %7.1f ms a step  %4.1f %%\n", "the rest", (total - seen) / iters * 1e3,
           (total - seen) / total * 100);
    printf("peak memory %.0f MB, of it engine %.0f MB\n", (double)wu_peak_rss_bytes() / 1e6,
           (double)wu_trainer_bytes(&o) / 1e6);
    wu_trainer_free(t);
    wu_dataset_free(d);
    wu_adapter_free(ad);
    wu_tokenizer_free(tok);
    wu_model_free(m);
    wu_compute_free(c);
    return 0;
}
