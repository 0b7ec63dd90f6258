/* cmd_generate.c - `wrapup generate`: one prompt, one answer, as it is written. */
#include "base/clock.h"
#include "base/compiler.h"
#include "base/file.h"
#include "cli/open.h"
#include "decode/generate.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_INTERRUPTED = 130, PROMPT_LIMIT = 64 << 20, BATCH = 512 };

typedef struct options {
    wu_common common;
    const char *model, *adapter_path, *prompt, *system_prompt, *chat_template, *precision;
    int64_t max_tokens, top_k, seed;
    double temp, top_p, min_p;
    bool ignore_chat_template;
} options;

static const wu_opt table[] = {
    {"model", 'm', WU_OPT_TEXT, offsetof(options, model), "PATH", NULL, NULL, 0, 0, true,
     "Model directory or GGUF file."},
    {"adapter-path", 0, WU_OPT_TEXT, offsetof(options, adapter_path), "DIR", NULL, NULL, 0, 0,
     false, "Adapter directory, of MLX or PEFT."},
    {"prompt", 'p', WU_OPT_TEXT, offsetof(options, prompt), "TEXT", NULL, NULL, 0, 0, true,
     "What the user says; - reads standard input."},
    {"system-prompt", 0, WU_OPT_TEXT, offsetof(options, system_prompt), "TEXT", NULL, NULL, 0, 0,
     false, "System message before the prompt."},
    {"max-tokens", 0, WU_OPT_INT, offsetof(options, max_tokens), "N", "100", NULL, 0, 1000000,
     false, "Longest answer."},
    {"temp", 0, WU_OPT_REAL, offsetof(options, temp), "T", "0", NULL, 0, 100, false,
     "Temperature; 0 takes the likeliest token."},
    {"top-p", 0, WU_OPT_REAL, offsetof(options, top_p), "P", "1", NULL, 0, 1, false,
     "Draw from the likeliest tokens up to this sum of probabilities; 0 and 1 are off."},
    {"top-k", 0, WU_OPT_INT, offsetof(options, top_k), "K", "0", NULL, 0, 1000000, false,
     "Draw from the K likeliest tokens; 0 is off."},
    {"min-p", 0, WU_OPT_REAL, offsetof(options, min_p), "P", "0", NULL, 0, 1, false,
     "Leave out tokens less likely than P times the likeliest."},
    {"seed", 0, WU_OPT_INT, offsetof(options, seed), "S", "0", NULL, 0, 9007199254740992.0, false,
     "Seed of the draws."},
    {"precision", 0, WU_OPT_CHOICE, offsetof(options, precision), "TYPE", "bf16", "bf16|f32", 0, 0,
     false, "Numbers that go into products."},
    {"chat-template", 0, WU_OPT_TEXT, offsetof(options, chat_template), "NAME", NULL, NULL, 0, 0,
     false,
     "mistral-v3, llama3, llama3.1, qwen2, qwen2.5, smollm2, chatml or plain; by default the "
     "model's own."},
    {"ignore-chat-template", 0, WU_OPT_FLAG, offsetof(options, ignore_chat_template), NULL, NULL,
     NULL, 0, 0, false, "The prompt is the whole text, names of special tokens included."},
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig) {
    (void)sig;
    interrupted = 1;
}

/* The first Ctrl-C ends the answer, the second the program. */
static void catch_interrupt(void) {
    struct sigaction a;
    memset(&a, 0, sizeof(a));
    a.sa_handler = on_interrupt;
    a.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
}

/* ---- the prompt ----------------------------------------------------------------------------- */

/* No template: the text alone, begun with bos unless it says so itself. */
static wu_code encode_plain(const wu_opened *w, wu_str prompt, wu_ids *ids, wu_err *err) {
    const wu_vocab *v = wu_tokenizer_vocab(w->tokenizer);
    const bool begun = v->bos >= 0 && wu_str_starts(prompt, v->token[v->bos]);
    const unsigned flags = (unsigned)WU_ENCODE_SPECIAL | (begun ? 0u : (unsigned)WU_ENCODE_BOS);
    return wu_tokenizer_encode(w->tokenizer, prompt, flags, ids, err);
}

static wu_code encode(const options *o, const wu_opened *w, wu_str prompt, wu_ids *ids,
                      wu_err *err) {
    if (o->ignore_chat_template || w->chat == WU_CHAT_NONE) {
        if (o->system_prompt)
            return wu_fail(err, WU_EARG, "--system-prompt: there is no chat template to put it in");
        return encode_plain(w, prompt, ids, err);
    }
    const wu_message msg[2] = {{WU_ROLE_SYSTEM, wu_str_of(o->system_prompt)},
                               {WU_ROLE_USER, prompt}};
    const int skip = o->system_prompt ? 0 : 1;
    return wu_chat_encode(w->chat, w->tokenizer, msg + skip, 2 - skip, true, ids, NULL, err);
}

/* The words of the user; a last newline of standard input is not meant. */
static wu_code read_prompt(const options *o, wu_buf *out, wu_err *err) {
    if (strcmp(o->prompt, "-") != 0) {
        const wu_code rc = wu_buf_str(out, o->prompt);
        return rc ? wu_fail(err, rc, "--prompt: out of memory") : WU_OK;
    }
    const wu_code rc = wu_read_file(out, "-", PROMPT_LIMIT, err);
    if (!rc && out->n > 0 && out->p[out->n - 1] == '\n') out->p[--out->n] = 0;
    return rc;
}

/* ---- the answer ----------------------------------------------------------------------------- */

static bool print_piece(void *ctx, int branch, wu_str piece) {
    bool *failed = ctx;
    (void)branch;
    if (piece.n > 0 && (fwrite(piece.p, 1, piece.n, stdout) != piece.n || fflush(stdout)))
        *failed = true;
    return !*failed && !interrupted;
}

static wu_code check_room(const options *o, const wu_opened *w, int32_t n_prompt, int32_t *room,
                          wu_err *err) {
    const int32_t most = w->model->config.max_position;
    *room = (int32_t)o->max_tokens;
    if (n_prompt < 1) return wu_fail(err, WU_EARG, "--prompt: empty");
    if (most > 0 && n_prompt >= most)
        return wu_fail(err, WU_EDATA, "--prompt: %d tokens, the model takes %d", n_prompt, most);
    if (most > 0 && *room > most - n_prompt) *room = most - n_prompt;
    if (*room > INT32_MAX - n_prompt)
        return wu_fail(err, WU_EDATA, "--prompt: %d tokens are too many", n_prompt);
    return WU_OK;
}

static void print_rates(const wu_generation *g) {
    fprintf(stderr, "prompt: %d tokens, %.1f tokens/s\n", g->n_prompt,
            g->prompt_s > 0.0 ? g->n_prompt / g->prompt_s : 0.0);
    fprintf(stderr, "answer: %d tokens, %.1f tokens/s\n", g->n_answer,
            g->answer_s > 0.0 ? g->n_answer / g->answer_s : 0.0);
    fprintf(stderr, "peak memory: %.2f GB\n", (double)wu_peak_rss_bytes() / 1e9);
}

static wu_code answer(const options *o, const wu_opened *w, const wu_ids *ids, wu_err *err) {
    wu_engine *engine = NULL;
    bool failed = false;
    int32_t room = 0;
    wu_branch b = {0};
    wu_code rc = check_room(o, w, ids->n, &room, err);
    if (rc) return rc;
    const wu_engine_options eo = {.model = w->model,
                                  .compute = w->compute,
                                  .adapter = w->adapter,
                                  .precision = strcmp(o->precision, "f32") == 0 ? WU_F32 : WU_BF16,
                                  .max_row = ids->n + room,
                                  .max_seg = 1,
                                  .max_batch = WU_MIN(ids->n + room, BATCH),
                                  .max_logits = 1};
    wu_generation g = {.tokenizer = w->tokenizer,
                       .n_vocab = w->model->config.n_vocab,
                       .sampling = {.temperature = (float)o->temp,
                                    .top_p = (float)o->top_p,
                                    .min_p = (float)o->min_p,
                                    .top_k = (int32_t)o->top_k,
                                    .seed = (uint64_t)o->seed},
                       .on_text = print_piece,
                       .ctx = &failed};
    const wu_tokens prompt = {ids->id, ids->n, ids->n + room};
    if ((rc = wu_engine_create(&engine, &eo, err))) goto done;
    g.engine = engine;
    b.max_tokens = room;
    if ((rc = wu_forest_add(&b.seg, wu_engine_forest(engine), WU_NO_PARENT, &prompt, err)))
        goto done;
    rc = wu_generate(&g, &b, 1, err);
    if (b.text.n > 0 && !failed && (putchar('\n') == EOF || fflush(stdout))) failed = true;
    if (!rc && failed) rc = wu_fail_errno(err, "standard output");
    if (!rc && !o->common.quiet) print_rates(&g);
done:
    wu_buf_free(&b.text);
    wu_engine_free(engine);
    return rc;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    wu_opened w = {0};
    wu_buf prompt = {0};
    wu_ids ids = {0};
    wu_code rc;
    (void)n_arg;
    (void)arg;
    if ((rc = read_prompt(o, &prompt, err))) goto done;
    if ((rc = wu_open(&w, &o->common, o->model, o->adapter_path, o->chat_template, err))) goto done;
    if ((rc = encode(o, &w, wu_buf_view(&prompt), &ids, err))) goto done;
    catch_interrupt();
    rc = answer(o, &w, &ids, err);
done:
    wu_ids_free(&ids);
    wu_buf_free(&prompt);
    wu_opened_close(&w);
    return !rc && interrupted ? (int)EXIT_INTERRUPTED : wu_exit_code(rc);
}

const wu_cmd wu_cmd_generate = {
    .name = "generate",
    .summary = "Answer a prompt",
    .about = "Writes the model's answer to standard output as it comes, and nothing else there; "
             "tokens per second and peak memory go to standard error. The prompt is put into the "
             "model's chat template unless --ignore-chat-template is given. Filters are applied in "
             "the order top-p, min-p, top-k, then temperature. Ctrl-C ends the answer (exit 130).",
    .example = "  wrapup generate --model models/SmolLM2-135M-Instruct.Q4_1.gguf \\\n"
               "      --prompt 'Name three ways to calm an angry caller.' --max-tokens 120\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
