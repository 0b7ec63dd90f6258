/* cmd_analyze.c - `wrapup analyze`: the six answers about each conversation.
 *
 * Six whole prompts are rendered and encoded as training examples are, merged
 * into one forest, so that what they share is evaluated once, and the six
 * answers grow together. */
#include "base/clock.h"
#include "base/compiler.h"
#include "cli/input.h"
#include "cli/open.h"
#include "cli/rules.h"
#include "contact/prompt.h"
#include "decode/generate.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1024, ROW_STEP = 512, MAX_SEG = 4 * WU_N_TASK };

typedef struct options {
    wu_common common;
    wu_input_options input;
    wu_rules_options rules;
    const char *model, *adapter_path, *chat_template, *precision;
    bool context;
} options;

static const wu_opt table[] = {
    {"model", 'm', WU_OPT_TEXT, offsetof(options, model), "PATH", NULL, NULL, 0, 0, true,
     "Model directory or GGUF file."},
    {"adapter-path", 0, WU_OPT_TEXT, offsetof(options, adapter_path), "DIR", NULL, NULL, 0, 0,
     false, "Adapter that `wrapup train` (or PEFT or mlx-lm) wrote."},
    {"precision", 0, WU_OPT_CHOICE, offsetof(options, precision), "TYPE", "bf16", "bf16|f32", 0, 0,
     false, "Numbers that go into products."},
    {"chat-template", 0, WU_OPT_TEXT, offsetof(options, chat_template), "NAME", NULL, NULL, 0, 0,
     false,
     "mistral-v3, llama3, llama3.1, qwen2, qwen2.5, smollm2, chatml or plain; by default the "
     "model's own. It must be the one used in training."},
    {"context", 0, WU_OPT_BOOL, offsetof(options, context), NULL, "true", NULL, 0, 0, false,
     "Show the model what is known about time, wait and history of a contact, in the form of "
     "`wrapup temporal`. Use --no-context if the training data had no such block."},
    WU_RULES_OPTIONS(options, rules),
    WU_INPUT_OPTIONS(options, input),
};

/* One conversation to be analysed. */
typedef struct item {
    const char *path;
    wu_buf id, context, text;
} item;

typedef struct work {
    const options *o;
    wu_opened opened;
    wu_rules rules;
    wu_engine *engine; /* for at most max_row rows; made again when a file needs more */
    int32_t max_row;
    wu_ids prompt[WU_N_TASK];
    wu_branch branch[WU_N_TASK];
    wu_generation g;
    double seconds;
    int n_invalid, n_answer;
    wu_arena arena; /* of the paths */
    item *item;     /* [n_item] */
    int32_t n_item, max_item;
} work;

/* ---- one forward for six answers ------------------------------------------------------------ */

static wu_code make_engine(work *w, int64_t rows, wu_err *err) {
    if (w->engine && rows <= w->max_row) {
        wu_engine_clear(w->engine);
        return WU_OK;
    }
    wu_engine_free(w->engine);
    w->engine = NULL;
    w->max_row = (int32_t)((rows + ROW_STEP - 1) / ROW_STEP * ROW_STEP);
    const wu_engine_options eo = {.model = w->opened.model,
                                  .compute = w->opened.compute,
                                  .adapter = w->opened.adapter,
                                  .precision =
                                      strcmp(w->o->precision, "f32") == 0 ? WU_F32 : WU_BF16,
                                  .max_row = w->max_row,
                                  .max_seg = MAX_SEG,
                                  .max_batch = WU_MIN(w->max_row, BATCH),
                                  .max_logits = WU_N_TASK};
    return wu_engine_create(&w->engine, &eo, err);
}

static wu_code encode(work *w, const item *it, wu_tokens *seq, wu_err *err) {
    const int32_t most = w->opened.model->config.max_position;
    wu_code rc;
    for (int i = 0; i < WU_N_TASK; i++) {
        const wu_task *t = &wu_tasks[i];
        wu_ids *ids = &w->prompt[i];
        ids->n = 0;
        if ((rc = wu_prompt_encode(w->opened.chat, w->opened.tokenizer, t, WU_CONTEXT_FIRST,
                                   wu_buf_view(&it->context), wu_buf_view(&it->text), ids, err)))
            return wu_fail_in(err, rc, "%s", it->path);
        if (ids->n > (most > 0 ? most : INT32_MAX) - t->max_tokens)
            return wu_fail(err, WU_EDATA,
                           "%s: %d tokens and %d for the answer are more than the %d of the model",
                           it->path, ids->n, t->max_tokens, most > 0 ? most : INT32_MAX);
        seq[i] = (wu_tokens){ids->id, ids->n, ids->n + t->max_tokens};
    }
    return WU_OK;
}

static wu_code answer(work *w, const item *it, wu_err *err) {
    wu_tokens seq[WU_N_TASK];
    int32_t leaf[WU_N_TASK];
    wu_code rc;
    const double start = wu_clock_s();
    if ((rc = encode(w, it, seq, err))) return rc;
    const int64_t rows = wu_forest_count(seq, WU_N_TASK, NULL);
    if (rows < 0 || rows > INT32_MAX - ROW_STEP)
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", it->path);
    if ((rc = make_engine(w, rows, err))) return rc;
    rc = wu_forest_merge(wu_engine_forest(w->engine), seq, WU_N_TASK, leaf, err);
    if (rc) return wu_fail_in(err, rc, "%s", it->path);
    for (int i = 0; i < WU_N_TASK; i++) {
        wu_buf_clear(&w->branch[i].text);
        w->branch[i].seg = leaf[i];
        w->branch[i].max_tokens = wu_tasks[i].max_tokens;
    }
    w->g = (wu_generation){.engine = w->engine,
                           .tokenizer = w->opened.tokenizer,
                           .n_vocab = w->opened.model->config.n_vocab};
    rc = wu_generate(&w->g, w->branch, WU_N_TASK, err);
    w->seconds = wu_clock_s() - start;
    return rc ? wu_fail_in(err, rc, "%s", it->path) : WU_OK;
}

/* ---- the result ----------------------------------------------------------------------------- */

static wu_json *text_json(wu_str s) {
    wu_buf clean = {0};
    wu_json *j = wu_utf8_lossy(s, &clean) ? NULL : wu_json_new_str(wu_buf_view(&clean));
    wu_buf_free(&clean);
    return j;
}

/* {"answer", "valid", "error"?, "text"} */
static wu_code task_json(wu_json *tasks, const wu_task *t, const wu_branch *b, bool *valid) {
    wu_err why = {0};
    wu_json *found = NULL, *o = wu_json_new_object();
    wu_code rc = wu_task_check(t, wu_buf_view(&b->text), &found, &why);
    *valid = rc == WU_OK;
    if (rc == WU_ENOMEM) goto done;
    if (!*valid && b->finish == WU_FINISH_LENGTH)
        wu_fail_in(&why, WU_EDATA, "cut off after %d tokens", b->n_tokens);
    rc = wu_json_set(o, "answer", *valid ? found : wu_json_new_null());
    found = NULL; /* taken over */
    if (!rc) rc = wu_json_set(o, "valid", wu_json_new_bool(*valid));
    if (!rc && !*valid) rc = wu_json_set(o, "error", text_json(wu_str_of(why.msg)));
    if (!rc) rc = wu_json_set(o, "text", text_json(wu_buf_view(&b->text)));
    if (!rc) {
        rc = wu_json_set(tasks, t->name, o);
        o = NULL;
    }
done:
    wu_json_free(found);
    wu_json_free(o);
    return rc;
}

/* prompt: of the six; shared: how many of these were not evaluated because another prompt has
 * them; answer: of the six. */
static wu_code tokens_json(wu_json *root, const work *w) {
    int64_t prompt = 0;
    wu_json *o = wu_json_new_object();
    for (int i = 0; i < WU_N_TASK; i++) prompt += w->prompt[i].n;
    wu_code rc = wu_json_set(o, "prompt", wu_json_new_int(prompt));
    if (!rc) rc = wu_json_set(o, "shared", wu_json_new_int(prompt - w->g.n_prompt));
    if (!rc) rc = wu_json_set(o, "answer", wu_json_new_int(w->g.n_answer));
    if (rc) {
        wu_json_free(o);
        return rc;
    }
    return wu_json_set(root, "tokens", o);
}

static wu_code result_json(work *w, wu_json *root, const item *it) {
    wu_json *tasks = wu_json_new_object();
    wu_code rc = wu_json_set(root, "source", text_json(wu_str_of(it->path)));
    if (!rc) rc = wu_json_set(root, "id", text_json(wu_buf_view(&it->id)));
    for (int i = 0; !rc && i < WU_N_TASK; i++) {
        bool valid = false;
        rc = task_json(tasks, &wu_tasks[i], &w->branch[i], &valid);
        w->n_invalid += !valid;
        w->n_answer++;
    }
    if (rc) {
        wu_json_free(tasks);
        return rc;
    }
    if ((rc = wu_json_set(root, "tasks", tasks))) return rc;
    if ((rc = tokens_json(root, w))) return rc;
    const double ms = (double)(int64_t)(w->seconds * 1000.0 + 0.5);
    return wu_json_set(root, "seconds", wu_json_new_real(ms / 1000.0));
}

static wu_code print_result(work *w, const item *it, wu_json_style style, wu_err *err) {
    wu_buf out = {0};
    wu_json *root = wu_json_new_object();
    wu_code rc = result_json(w, root, it);
    if (!rc) rc = wu_json_write(&out, root, style);
    if (!rc) rc = wu_buf_char(&out, '\n');
    if (rc)
        wu_fail(err, rc, "%s: out of memory", it->path);
    else if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout))
        rc = wu_fail_errno(err, "standard output");
    wu_json_free(root);
    wu_buf_free(&out);
    return rc;
}

/* ---- conversations -------------------------------------------------------------------------- */

static wu_code analyze_one(work *w, const item *it, wu_json_style style, wu_err *err) {
    if (!w->o->common.quiet)
        fprintf(stderr, "%s: %.*s: reading and answering ...", it->path, (int)it->id.n, it->id.p);
    const wu_code rc = answer(w, it, err);
    if (!w->o->common.quiet) {
        if (rc)
            fprintf(stderr, "\n");
        else
            fprintf(stderr, " %d tokens read, %d written, %.1f s\n", w->g.n_prompt, w->g.n_answer,
                    w->seconds);
    }
    return rc ? rc : print_result(w, it, style, err);
}

/* The block that `wrapup temporal` would put before the conversation. */
static wu_code set_context(work *w, item *it, const wu_conversation *c) {
    wu_temporal_maker maker;
    wu_temporal t;
    if (!w->o->context) return WU_OK;
    wu_temporal_init(&maker, &w->rules.rules);
    wu_temporal_make(&t, &maker, &c->contact, c->id);
    return wu_context_render(&it->context, &t.block);
}

/* Every file is read before the model is: a mistake in the last one costs no work. */
static wu_code keep(void *ud, wu_conversation *c, const wu_source *source, wu_err *err) {
    work *w = ud;
    if (w->n_item == w->max_item) {
        const int32_t more = w->max_item ? 2 * w->max_item : 16;
        item *p = more > 0 ? realloc(w->item, (size_t)more * sizeof(*p)) : NULL;
        if (!p) return wu_fail(err, WU_ENOMEM, "%s: out of memory", source->path);
        w->item = p;
        w->max_item = more;
    }
    item *it = &w->item[w->n_item++];
    *it = (item){.path = wu_arena_strdup(&w->arena, source->path)};
    if (!it->path || wu_buf_add(&it->id, c->id.p, c->id.n) || set_context(w, it, c) ||
        wu_conversation_render(&it->text, c))
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", source->path);
    return WU_OK;
}

static wu_code analyze(work *w, int n, char **path, wu_err *err) {
    const options *o = w->o;
    wu_input in = {0};
    wu_code rc = wu_rules_open(&w->rules, &o->rules, err);
    if (!rc) rc = wu_input_begin(&in, &o->input, &o->common, err);
    if (!rc) rc = wu_input_walk(&in, path, n, keep, w, err);
    wu_input_end(&in);
    if (rc) return rc;
    const wu_json_style style = w->n_item > 1 ? WU_JSON_COMPACT : WU_JSON_INDENT2;
    if ((rc = wu_open(&w->opened, &o->common, o->model, o->adapter_path, o->chat_template, err)))
        return rc;
    if (w->opened.chat == WU_CHAT_NONE)
        return wu_fail(err, WU_EARG, "%s: no known chat template, name one with --chat-template",
                       o->model);
    for (int32_t i = 0; i < w->n_item; i++)
        if ((rc = analyze_one(w, &w->item[i], style, err))) return rc;
    if (w->n_invalid > 0)
        return wu_fail(err, WU_EDATA, "%d of %d answers do not have the form of their task",
                       w->n_invalid, w->n_answer);
    return WU_OK;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    work w = {.o = options_};
    const wu_code rc = analyze(&w, n_arg, arg, err);
    for (int32_t i = 0; i < w.n_item; i++) {
        wu_buf_free(&w.item[i].id);
        wu_buf_free(&w.item[i].context);
        wu_buf_free(&w.item[i].text);
    }
    free(w.item);
    wu_arena_free(&w.arena);
    for (int i = 0; i < WU_N_TASK; i++) {
        wu_ids_free(&w.prompt[i]);
        wu_buf_free(&w.branch[i].text);
    }
    wu_engine_free(w.engine);
    wu_opened_close(&w.opened);
    wu_rules_close(&w.rules);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_analyze = {
    .name = "analyze",
    .summary = "Analyse conversations: six answers about each",
    .arguments = "FILE|DIR...",
    .min_args = 1,
    .max_args = -1,
    .about =
        "Reads transcripts of any format that `wrapup read --list-formats` names and writes one "
        "JSON object for each conversation: {\"source\", \"id\", \"tasks\": {NAME: {\"answer\", "
        "\"valid\", \"error\"?, \"text\"}}, \"tokens\": {\"prompt\", \"shared\", \"answer\"}, "
        "\"seconds\"}. With several conversations each object is one line. \"answer\" is null "
        "where "
        "the model's text does not have the form of its task; then the exit code is 3. Of the "
        "\"prompt\" tokens of the six questions, \"shared\" were not computed again because "
        "another "
        "question has them too.\n\n"
        "A transcript that cannot be read is reported and passed over; --strict stops there, "
        "before the model is loaded.",
    .example = "  wrapup analyze --model models/SmolLM2-135M-Instruct.Q4_1.gguf \\\n"
               "      --adapter-path out/adapter examples/calls/billing.txt\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
