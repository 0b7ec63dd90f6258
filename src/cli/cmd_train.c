/* cmd_train.c - `wrapup train`: LoRA fine-tuning with mlx-lm's flags.
 *
 * Before the first step it says what will happen: parameters, tokens, what
 * sharing beginnings saves at this batch size and at a better one, memory.
 * All of that and the progress go to standard error; machines read log.jsonl
 * in the adapter's directory. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/open.h"
#include "contact/set/leak.h"
#include "contact/set/place.h"
#include "train/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct options {
    wu_common common;
    const char *model, *data, *adapter_path, *resume, *optimizer, *precision, *format, *order;
    const char *bias_correction, *chat_template;
    int64_t iters, batch, num_layers, max_seq_length, accumulate, val_batches, steps_per_eval;
    int64_t steps_per_report, save_every, seed, rank, micro_batch_tokens;
    double rate, scale;
    bool mask_prompt, train, pad_target, dry_run, allow_leak;
} options;

#define OPT(name, kind, field, value, fallback, lo, hi, help)                                      \
    { name, 0, kind, offsetof(options, field), value, fallback, NULL, lo, hi, false, help }
#define CHOICE(name, field, fallback, choices, help)                                               \
    {                                                                                              \
        name, 0, WU_OPT_CHOICE, offsetof(options, field), "NAME", fallback, choices, 0, 0, false,  \
            help                                                                                   \
    }

static const wu_opt table[] = {
    {"model", 'm', WU_OPT_TEXT, offsetof(options, model), "PATH", NULL, NULL, 0, 0, true,
     "Model directory or GGUF file."},
    {"data", 0, WU_OPT_TEXT, offsetof(options, data), "DIR", NULL, NULL, 0, 0, true,
     "Directory with train.jsonl and, if there is one, valid.jsonl; or one JSONL file to train "
     "on."},
    OPT("train", WU_OPT_FLAG, train, NULL, NULL, 0, 0,
        "Accepted for commands written for mlx_lm.lora; training is what this command does."),
    OPT("iters", WU_OPT_INT, iters, "N", "1000", 0, 1e9,
        "Iterations, each of batch-size examples."),
    OPT("batch-size", WU_OPT_INT, batch, "N", "4", 1, 65536,
        "Examples of one iteration. A multiple of the examples per conversation shares most."),
    OPT("learning-rate", WU_OPT_REAL, rate, "X", "1e-5", 0, 10, "Learning rate."),
    CHOICE("optimizer", optimizer, "adam", "adam|adamw", "Optimizer."),
    OPT("num-layers", WU_OPT_INT, num_layers, "N", "16", -1, 100000,
        "Adapt the last N blocks; 0 or -1 means all."),
    OPT("rank", WU_OPT_INT, rank, "N", "8", 1, 4096, "Rank of the adapter."),
    OPT("scale", WU_OPT_REAL, scale, "X", "20", -1e6, 1e6,
        "Factor of the adapter's part, not divided by the rank (PEFT's alpha is scale times "
        "rank)."),
    OPT("max-seq-length", WU_OPT_INT, max_seq_length, "N", "2048", 2, 1 << 24,
        "Longest example in tokens; a longer one is an error."),
    OPT("mask-prompt", WU_OPT_BOOL, mask_prompt, NULL, "true", 0, 0,
        "Learn the answers only, not the prompts (of messages, prompt and completion)."),
    OPT("grad-accumulation-steps", WU_OPT_INT, accumulate, "N", "1", 1, 1e6,
        "Iterations averaged in one update."),
    OPT("val-batches", WU_OPT_INT, val_batches, "N", "-1", -1, 1e9,
        "Batches of the validation set to use; -1: all of it, 0: no validation."),
    OPT("steps-per-report", WU_OPT_INT, steps_per_report, "N", "10", 1, 1e9,
        "Iterations between reports of the training loss."),
    OPT("steps-per-eval", WU_OPT_INT, steps_per_eval, "N", "200", 1, 1e9,
        "Iterations between validations."),
    OPT("save-every", WU_OPT_INT, save_every, "N", "100", 0, 1e9,
        "Iterations between numbered checkpoints; 0: none."),
    OPT("adapter-path", WU_OPT_TEXT, adapter_path, "DIR", "adapters", 0, 0,
        "Directory for the adapter, checkpoints and log.jsonl."),
    OPT("resume-adapter-file", WU_OPT_TEXT, resume, "FILE", NULL, 0, 0,
        "Start from the weights in this file (optimizer and iterations start anew)."),
    CHOICE("adapter-format", format, "mlx", "mlx|peft", "Form of the adapter directory."),
    OPT("seed", WU_OPT_INT, seed, "N", "0", 0, 9e15,
        "Seed of the adapter's start and of the order."),
    CHOICE("precision", precision, "bf16", "f32|bf16",
           "Number format of products and activations; adapter and optimizer are f32 always."),
    CHOICE("order", order, "conversations", "conversations|file|mlx",
           "Order of the examples: conversations shuffled, as in the file, or mlx-lm's batches."),
    OPT("pad-target", WU_OPT_FLAG, pad_target, NULL, NULL, 0, 0,
        "Count token 0 behind each example as a target, as mlx-lm does."),
    CHOICE("bias-correction", bias_correction, "auto", "auto|yes|no",
           "Correct the bias of Adam's moments; auto: for adamw only."),
    OPT("micro-batch-tokens", WU_OPT_INT, micro_batch_tokens, "N", "2048", 1, 1 << 24,
        "Rows computed at a time. Less saves memory and never changes what is learned."),
    OPT("chat-template", WU_OPT_TEXT, chat_template, "NAME", NULL, 0, 0,
        "Chat template to use instead of the model's."),
    OPT("allow-leak", WU_OPT_FLAG, allow_leak, NULL, NULL, 0, 0,
        "Train even if conversations of the validation or test set are in the training data; the "
        "losses measured there then say nothing about new conversations."),
    OPT("dry-run", WU_OPT_FLAG, dry_run, NULL, NULL, 0, 0, "Print the plan and stop."),
};

/* ---- words for the person at the terminal ---------------------------------------------------- */

static bool is_quiet(void) { return wu_log_get() < WU_LOG_INFO; }

static double million(int64_t n) { return (double)n / 1e6; }
static double giga(int64_t n) { return (double)n / 1e9; }
static double per_second(int64_t n, double s) { return s > 0.0 ? (double)n / s : 0.0; }

/* 1234567 as "1,234,567" into buf[32]. */
static const char *grouped(char buf[32], int64_t n) {
    char digits[24];
    const int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);
    int at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) buf[at++] = ',';
        buf[at++] = digits[i];
    }
    buf[at] = 0;
    return buf;
}

/* ---- the work -------------------------------------------------------------------------------- */

typedef struct work {
    const options *o;
    wu_opened opened;
    wu_dataset *train, *valid; /* valid may be NULL */
    wu_trainer *trainer;
    wu_trainer_options trainer_options;
    wu_order_kind order;
} work;

/* Equal ids or words in two splits stop the training: what is measured on them would be a lie.
 * Nearly equal ones are only reported, since prompts of other kinds of data are alike by nature. */
static wu_code judge_leak(const work *w, const wu_leak_report *r, wu_err *err) {
    const int64_t same = r->count[WU_LEAK_ID] + r->count[WU_LEAK_SAME];
    if (r->count[WU_LEAK_NEAR] > 0)
        wu_log(WU_LOG_WARN,
               "%s: %lld conversations of valid.jsonl or test.jsonl are nearly equal to "
               "others before them; `wrapup leak %s` names them",
               w->o->data, (long long)r->count[WU_LEAK_NEAR], w->o->data);
    if (same == 0) return WU_OK;
    if (!w->o->allow_leak)
        return wu_fail(err, WU_EDATA,
                       "%s: %lld conversations stand in more than one of train.jsonl, valid.jsonl "
                       "and test.jsonl; `wrapup leak %s` names them, `wrapup split` avoids them, "
                       "--allow-leak trains all the same",
                       w->o->data, (long long)same, w->o->data);
    wu_log(WU_LOG_WARN,
           "%s: %lld conversations stand in more than one split; losses measured there "
           "will look better than they are",
           w->o->data, (long long)same);
    return WU_OK;
}

static wu_code check_leaks(const work *w, wu_err *err) {
    char path[WU_N_SPLIT][WU_PATH_MAX];
    const char *found[WU_N_SPLIT];
    int n = 0;
    wu_leak_report r;
    for (int i = 0; i < WU_N_SPLIT; i++) {
        const wu_code rc =
            wu_path_join(path[n], sizeof(path[n]), w->o->data, wu_split_file[i], err);
        if (rc) return rc;
        if (!wu_is_file(path[n])) continue;
        found[n] = path[n];
        n++;
    }
    if (n < 2) return WU_OK;
    wu_code rc = wu_leak_check(&r, found, n, &(wu_leak_options){.near = true}, err);
    if (!rc) rc = judge_leak(w, &r, err);
    wu_leak_free(&r);
    return rc;
}

static wu_code read_data(work *w, wu_err *err) {
    const options *o = w->o;
    const wu_data_options d = {.tokenizer = w->opened.tokenizer,
                               .chat = w->opened.chat,
                               .mask_prompt = o->mask_prompt,
                               .pad_target = o->pad_target,
                               .max_seq_length = (int32_t)o->max_seq_length};
    char path[WU_PATH_MAX];
    wu_code rc;

    if (!wu_is_dir(o->data)) return wu_dataset_read(&w->train, o->data, &d, err);
    if ((rc = check_leaks(w, err))) return rc;
    if ((rc = wu_path_join(path, sizeof(path), o->data, "train.jsonl", err))) return rc;
    if ((rc = wu_dataset_read(&w->train, path, &d, err))) return rc;
    if ((rc = wu_path_join(path, sizeof(path), o->data, "valid.jsonl", err))) return rc;
    if (!wu_is_file(path) || o->val_batches == 0) return WU_OK;
    return wu_dataset_read(&w->valid, path, &d, err);
}

static wu_code make_adapter(work *w, wu_err *err) {
    const options *o = w->o;
    const wu_adapter_dims dims = wu_model_dims(w->opened.model);
    const wu_adapter_spec spec = {
        .rank = (int32_t)o->rank, .scale = (float)o->scale, .num_layers = (int32_t)o->num_layers};
    wu_code rc;
    if (o->num_layers > dims.n_layer)
        return wu_fail(err, WU_EARG, "--num-layers %lld: the model has %d layers",
                       (long long)o->num_layers, dims.n_layer);
    if ((rc = wu_adapter_create(&w->opened.adapter, &dims, &spec, (uint64_t)o->seed, err)))
        return rc;
    return o->resume ? wu_adapter_read_file(w->opened.adapter, o->resume, err) : WU_OK;
}

/* Rows of a piece: the budget, but no more than an iteration can have and no less than an example
 * needs. */
static void choose_trainer(work *w) {
    const options *o = w->o;
    const int32_t longest = WU_MAX(w->train->longest, w->valid ? w->valid->longest : 0);
    const int64_t most = WU_MIN(o->micro_batch_tokens, o->batch * w->train->longest);
    wu_trainer_options *t = &w->trainer_options;
    *t = (wu_trainer_options){.model = w->opened.model,
                              .compute = w->opened.compute,
                              .adapter = w->opened.adapter,
                              .precision = strcmp(o->precision, "f32") == 0 ? WU_F32 : WU_BF16,
                              .max_row = (int32_t)WU_MAX(most, longest),
                              .max_example = (int32_t)WU_MIN(WU_MAX(o->batch, 16), 128),
                              .optimizer = wu_optimizer_defaults(
                                  strcmp(o->optimizer, "adamw") == 0 ? WU_ADAMW : WU_ADAM)};
    if (strcmp(o->bias_correction, "auto") != 0)
        t->optimizer.correct_bias = strcmp(o->bias_correction, "yes") == 0;
    w->order = strcmp(o->order, "mlx") == 0    ? WU_ORDER_MLX
               : strcmp(o->order, "file") == 0 ? WU_ORDER_FILE
                                               : WU_ORDER_CONVERSATIONS;
}

/* mlx-lm's "Trainable parameters" line; what is adapted; the data; memory. */
static void print_setup(const work *w) {
    const wu_adapter *ad = w->opened.adapter;
    const wu_model *m = w->opened.model;
    const options *o = w->o;
    const int64_t memory = m->weight_bytes + ad->n_param * (int64_t)sizeof(float) +
                           wu_trainer_bytes(&w->trainer_options) +
                           w->train->n_id * (int64_t)sizeof(int32_t);
    int64_t targets = 0;
    char a[32], b[32], c[32];
    for (int32_t i = 0; i < w->train->n; i++) targets += wu_dataset_targets(w->train, i);
    fprintf(stderr, "Trainable parameters: %.3f%% (%.3fM/%.3fM)\n",
            100.0 * (double)ad->n_param / (double)m->n_weight, million(ad->n_param),
            million(m->n_weight));
    fprintf(stderr,
            "Model %s: %s, %d layers; adapter of rank %lld, scale %g on the last %d, %s, %s\n",
            o->model, m->config.architecture, m->config.n_layer, (long long)o->rank, o->scale,
            m->config.n_layer - ad->lowest, o->precision, o->optimizer);
    fprintf(stderr, "Data %s: %s examples of %s conversations, %s tokens", w->train->path,
            grouped(a, w->train->n), grouped(b, w->train->n_group), grouped(c, w->train->n_id));
    fprintf(stderr, " (longest %s), %s of them to learn\n", grouped(a, w->train->longest),
            grouped(b, targets));
    if (w->valid)
        fprintf(stderr, "Validation %s: %s examples, %s tokens\n", w->valid->path,
                grouped(a, w->valid->n), grouped(b, w->valid->n_id));
    else
        fprintf(stderr, "Validation: none%s\n",
                o->val_batches == 0 ? "" : " (there is no valid.jsonl)");
    fprintf(
        stderr,
        "Memory about %.2f GB: weights %.2f GB, %s rows at a time, optimizer and adapter %.2f GB\n",
        giga(memory), giga(m->weight_bytes), grouped(a, w->trainer_options.max_row),
        giga(ad->n_param * 4 * (int64_t)sizeof(float)));
}

static double sharing(const wu_plan *p) { return p->row ? (double)p->token / (double)p->row : 1.0; }

static wu_code print_plan(const work *w, wu_err *err) {
    const options *o = w->o;
    const wu_trainer_options *t = &w->trainer_options;
    const int32_t size = wu_dataset_group_size(w->train);
    const int64_t better = (o->batch + size - 1) / size * size;
    wu_plan now, then;
    char a[32], b[32];
    wu_code rc;

    print_setup(w);
    rc = wu_train_plan(&now, w->train, w->order, (int32_t)o->batch, (uint64_t)o->seed, t->max_row,
                       t->max_example, err);
    if (rc) return rc;
    fprintf(stderr,
            "Batch size %lld: a pass is %lld iterations; its %s tokens take %s rows, shared %.2f "
            "times\n",
            (long long)o->batch, (long long)now.iterations, grouped(a, now.token),
            grouped(b, now.row), sharing(&now));
    if (better != o->batch && better <= 65536 && w->order != WU_ORDER_MLX) {
        const int32_t rows = (int32_t)WU_MAX((int64_t)t->max_row, o->micro_batch_tokens);
        rc = wu_train_plan(&then, w->train, w->order, (int32_t)better, (uint64_t)o->seed, rows,
                           (int32_t)WU_MIN(WU_MAX(better, 16), 128), err);
        if (rc) return rc;
        fprintf(stderr, "Batch size %lld (conversations have %d examples) would share %.2f times\n",
                (long long)better, size, sharing(&then));
    }
    fprintf(stderr, "Adapter: %s (%s)\n", o->adapter_path, o->format);
    return WU_OK;
}

/* ---- mlx-lm's argument list, for adapter_config.json ------------------------------------------
 */

static wu_json *text_or_null(const char *s) {
    return s ? wu_json_new_str(wu_str_of(s)) : wu_json_new_null();
}

static wu_json *optimizer_config(const options *o) {
    static const char *const name[] = {"adam", "adamw", "muon", "sgd", "adafactor"};
    wu_json *j = wu_json_new_object();
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < WU_LEN(name); i++) {
        wu_json *one = wu_json_new_object();
        const bool adamw = strcmp(name[i], "adamw") == 0;
        const bool mine = strcmp(name[i], o->optimizer) == 0;
        const bool correct = strcmp(o->bias_correction, "auto") == 0
                                 ? adamw
                                 : strcmp(o->bias_correction, "yes") == 0;
        if (mine && correct) rc = wu_json_set(one, "bias_correction", wu_json_new_bool(true));
        if (!rc)
            rc = wu_json_set(j, name[i], one);
        else
            wu_json_free(one);
    }
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

/* NULL when memory is out. */
static wu_json *mlx_arguments(const options *o) {
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
#define SET(key, value)                                                                            \
    if (!rc) rc = wu_json_set(j, key, value)
    SET("adapter_path", text_or_null(o->adapter_path));
    SET("batch_size", wu_json_new_int(o->batch));
    SET("clear_cache_threshold", wu_json_new_int(0));
    SET("config", wu_json_new_null());
    SET("data", text_or_null(o->data));
    SET("grad_accumulation_steps", wu_json_new_int(o->accumulate));
    SET("grad_checkpoint", wu_json_new_bool(false));
    SET("iters", wu_json_new_int(o->iters));
    SET("learning_rate", wu_json_new_real(o->rate));
    SET("lr_schedule", wu_json_new_null());
    SET("mask_prompt", wu_json_new_bool(o->mask_prompt));
    SET("max_seq_length", wu_json_new_int(o->max_seq_length));
    SET("model", text_or_null(o->model));
    SET("optimizer", text_or_null(o->optimizer));
    SET("optimizer_config", optimizer_config(o));
    SET("project_name", wu_json_new_null());
    SET("report_to", wu_json_new_null());
    SET("resume_adapter_file", text_or_null(o->resume));
    SET("save_every", wu_json_new_int(o->save_every));
    SET("seed", wu_json_new_int(o->seed));
    SET("steps_per_eval", wu_json_new_int(o->steps_per_eval));
    SET("steps_per_report", wu_json_new_int(o->steps_per_report));
    SET("test", wu_json_new_bool(false));
    SET("test_batches", wu_json_new_int(500));
    SET("train", wu_json_new_bool(true));
    SET("trust_remote_code", wu_json_new_bool(false));
    SET("val_batches", wu_json_new_int(o->val_batches));
#undef SET
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

/* ---- progress -------------------------------------------------------------------------------- */

static void print_event(void *ctx, const wu_train_event *e) {
    const work *w = ctx;
    const options *o = w->o;
    const long long it = (long long)e->iteration;
    if (is_quiet()) return;
    switch (e->kind) {
    case WU_EVENT_VALID:
        fprintf(stderr, "Iter %lld: Val loss %.3f, Val took %.3fs%s\n", it ? it : 1, e->loss,
                e->seconds, it ? "" : " (before training)");
        break;
    case WU_EVENT_TRAIN:
        fprintf(
            stderr,
            "Iter %lld: Train loss %.3f, Learning Rate %.3e, It/sec %.3f, Tokens/sec %.3f, "
            "Trained Tokens %lld, Peak mem %.3f GB, Raw tokens/sec %.1f, Data tokens/sec %.1f\n",
            it, e->loss, e->rate, per_second(e->iterations, e->seconds),
            per_second(e->tally.target, e->seconds), (long long)e->trained,
            giga(wu_peak_rss_bytes()), per_second(e->tally.row, e->seconds),
            per_second(e->tally.token, e->seconds));
        break;
    case WU_EVENT_SAVED:
        fprintf(stderr, "Iter %lld: Saved adapter weights to %s/%s%s%s.\n", it, e->path,
                strcmp(o->format, "peft") == 0 ? "adapter_model.safetensors"
                                               : "adapters.safetensors",
                e->numbered ? " and " : "", e->numbered ? e->numbered : "");
        break;
    case WU_EVENT_END:
        fprintf(stderr,
                "Trained %lld iterations in %.1f s: %lld targets, %lld tokens, %lld rows.\n", it,
                e->seconds, (long long)e->trained, (long long)e->tally.token,
                (long long)e->tally.row);
        break;
    }
}

/* ---- stopping -------------------------------------------------------------------------------- */

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    static const char words[] = "\nStopping after this step; once more stops at once.\n";
    (void)number;
    stop = 1;
    /* Nothing can be done if the terminal is gone. */
    if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0) return;
}

/* The first signal asks, the second one ends the program as usual. */
static void catch_signals(bool on) {
    struct sigaction a;
    memset(&a, 0, sizeof(a));
    a.sa_handler = on ? on_signal : SIG_DFL;
    a.sa_flags = on ? SA_RESETHAND | SA_RESTART : 0;
    sigemptyset(&a.sa_mask);
    (void)sigaction(SIGINT, &a, NULL);
    (void)sigaction(SIGTERM, &a, NULL);
}

static wu_code train(work *w, wu_err *err) {
    const options *o = w->o;
    wu_json *args = NULL;
    wu_code rc;

    if ((rc = wu_trainer_create(&w->trainer, &w->trainer_options, err))) return rc;
    if (!(args = mlx_arguments(o))) return wu_fail(err, WU_ENOMEM, "out of memory");
    const wu_train_options t = {.trainer = w->trainer,
                                .adapter = w->opened.adapter,
                                .train = w->train,
                                .valid = w->valid,
                                .order = w->order,
                                .batch = (int32_t)o->batch,
                                .seed = (uint64_t)o->seed,
                                .iters = o->iters,
                                .accumulate = o->accumulate,
                                .rate = o->rate,
                                .steps_per_report = o->steps_per_report,
                                .steps_per_eval = o->steps_per_eval,
                                .save_every = o->save_every,
                                .val_batches = o->val_batches,
                                .adapter_path = o->adapter_path,
                                .format = strcmp(o->format, "peft") == 0 ? WU_ADAPTER_PEFT
                                                                         : WU_ADAPTER_MLX,
                                .args = args,
                                .base = o->model,
                                .on_event = print_event,
                                .ctx = w,
                                .stop = &stop};
    if (!is_quiet()) fprintf(stderr, "Starting training..., iters: %lld\n", (long long)o->iters);
    catch_signals(true);
    rc = wu_train_run(&t, err);
    catch_signals(false);
    wu_json_free(args);
    return rc;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    work w = {.o = options_};
    wu_code rc;

    (void)n_arg;
    (void)arg;
    if ((rc = wu_open(&w.opened, &w.o->common, w.o->model, NULL, w.o->chat_template, err)))
        goto done;
    if ((rc = read_data(&w, err))) goto done;
    if ((rc = make_adapter(&w, err))) goto done;
    choose_trainer(&w);
    if (!is_quiet() && (rc = print_plan(&w, err))) goto done;
    if (!w.o->dry_run) rc = train(&w, err);
done:
    wu_trainer_free(w.trainer);
    wu_dataset_free(w.train);
    wu_dataset_free(w.valid);
    wu_opened_close(&w.opened);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_train = {
    .name = "train",
    .summary = "Fine-tune a model with LoRA",
    .about =
        "Trains an adapter on JSONL examples: {\"prompt\", \"completion\"}, {\"messages\"} or "
        "{\"text\"}, optionally with \"source_id\" (the conversation it belongs to) and "
        "\"weight\". Examples of one conversation are trained side by side, and what their "
        "beginnings have in common is computed once; the result is that of the separate "
        "examples.\n\n"
        "Flags and defaults are those of mlx_lm.lora; docs/differences.md says where the two "
        "differ "
        "and which flag brings mlx-lm's way back. Ctrl-C finishes the step, saves the adapter and "
        "ends with code 75.",
    .example = "  wrapup train --model models/SmolLM2-135M-Instruct.Q4_1.gguf --data data \\\n"
               "      --batch-size 6 --iters 200 --learning-rate 1e-4 --adapter-path adapters\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
