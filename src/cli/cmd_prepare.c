/* cmd_prepare.c - `wrapup prepare`: transcripts and labels become examples. */
#include "base/compiler.h"
#include "base/file.h"
#include "cli/input.h"
#include "cli/open.h"
#include "contact/set/prepare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    wu_common common;
    wu_input_options input;
    const char *transcripts, *analyses, *journeys, *file, *output;
    const char *order, *tasks, *taxonomy, *csat, *labels;
    const char *model, *chat_template;
    int64_t max_tokens;
    bool context_room;
    bool redact;
    const char *redact_types, *redact_patterns, *redact_words;
} options;

#define SCALES "0-100|1-5|1-7|1-10|0-10"

static const wu_opt table[] = {
    {"transcript-dir", 0, WU_OPT_TEXT, offsetof(options, transcripts), "DIR", NULL, NULL, 0, 0,
     false, "Folder of transcripts, in any format that `wrapup read --list-formats` names."},
    {"analysis-dir", 0, WU_OPT_TEXT, offsetof(options, analyses), "DIR", NULL, NULL, 0, 0, false,
     "Folder of labels: analysis_00012.json belongs to transcript_00012.md."},
    {"journey-dir", 0, WU_OPT_TEXT, offsetof(options, journeys), "DIR", NULL, NULL, 0, 0, false,
     "Folder of journey_insight_00012.json, for churn_risk and journey_type."},
    {"input", 0, WU_OPT_TEXT, offsetof(options, file), "FILE", NULL, NULL, 0, 0, false,
     "Instead of folders: one file of conversations with their labels inside, a line each (\"-\": "
     "standard input)."},
    {"output-dir", 'o', WU_OPT_TEXT, offsetof(options, output), "DIR", NULL, NULL, 0, 0, true,
     "Folder for examples.jsonl and metadata.json; it is made."},
    {"tasks", 0, WU_OPT_TEXT, offsetof(options, tasks), "NAME,...", NULL, NULL, 0, 0, false,
     "Only these of quality_scoring, csat_prediction, issue_classification, coaching, churn_risk, "
     "journey_type."},
    {"taxonomy", 0, WU_OPT_TEXT, offsetof(options, taxonomy), "FILE", NULL, NULL, 0, 0, false,
     "JSON that says which of our labels your own names mean."},
    {"csat-scale", 0, WU_OPT_CHOICE, offsetof(options, csat), "SCALE", "0-100", SCALES, 0, 0, false,
     "What predicted_csat counts in; answers are always 0 to 100."},
    {"label-source", 0, WU_OPT_TEXT, offsetof(options, labels), "TEXT", NULL, NULL, 0, 0, false,
     "Who made the labels (\"QA team\", a model's name); it is kept with each example."},
    {"prompt-order", 0, WU_OPT_CHOICE, offsetof(options, order), "ORDER", "context-first",
     "context-first|task-first", 0, 0, false,
     "The question last, so that six examples share their conversation; or first, as older sets "
     "have it."},
    {"max-tokens", 0, WU_OPT_INT, offsetof(options, max_tokens), "N", "0", NULL, 0, 1000000, false,
     "Leave turns out of the middle of a conversation until each of its examples, the answer "
     "included, has at most N tokens. Needs --model. 0: no limit."},
    {"context-room", 0, WU_OPT_BOOL, offsetof(options, context_room), NULL, "true", NULL, 0, 0,
     false, "With --max-tokens, keep room for the block that `wrapup temporal` adds."},
    {"model", 'm', WU_OPT_TEXT, offsetof(options, model), "PATH", NULL, NULL, 0, 0, false,
     "Whose tokens are counted: model directory, GGUF file, tokenizer.json or tokenizer.model."},
    {"chat-template", 0, WU_OPT_TEXT, offsetof(options, chat_template), "NAME", NULL, NULL, 0, 0,
     false, "Template by name, where --model does not have one that is known."},
    {"redact", 0, WU_OPT_FLAG, offsetof(options, redact), NULL, NULL, NULL, 0, 0, false,
     "Replace personal data in transcripts and labels by [CARD_1], [NAME_2], ... before anything "
     "is written."},
    {"redact-types", 0, WU_OPT_TEXT, offsetof(options, redact_types), "TYPE,...", NULL, NULL, 0, 0,
     false, "Only these types; see `wrapup redact`. By default all."},
    {"redact-patterns", 0, WU_OPT_TEXT, offsetof(options, redact_patterns), "FILE", NULL, NULL, 0,
     0, false,
     "Patterns of your own, a line TYPE=REGEX each; lines that begin with # do not count."},
    {"redact-words", 0, WU_OPT_TEXT, offsetof(options, redact_words), "TYPE=FILE,...", NULL, NULL,
     0, 0, false, "Word lists of your own, a word or phrase a line."},
    WU_INPUT_OPTIONS(options, input),
};

typedef struct work {
    const options *o;
    wu_input input;
    wu_opened opened;
    wu_arena arena;
    wu_buf patterns;
    wu_prepare_options prepare;
    wu_prepare_counts n;
} work;

/* ---- options -------------------------------------------------------------------------------- */

static wu_code out_of_memory(wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "prepare: out of memory");
}

/* Parts of a text between any of the signs, empty ones left out; ends with NULL. */
static const char *const *split(work *w, const char *text, const char *signs) {
    char *copy = wu_arena_strdup(&w->arena, text), *save = NULL;
    const char **list = wu_arena_zero(&w->arena, strlen(text) / 2 + 2, sizeof(*list));
    size_t n = 0;
    if (!copy || !list) return NULL;
    for (char *p = strtok_r(copy, signs, &save); p; p = strtok_r(NULL, signs, &save))
        if (!strchr("#", p[strspn(p, " \t")])) list[n++] = p; /* no comment, not blank */
    return list;
}

static wu_code read_tasks(work *w, wu_err *err) {
    if (!w->o->tasks) return WU_OK;
    const char *const *name = split(w, w->o->tasks, ", ");
    if (!name) return out_of_memory(err);
    for (; *name; name++) {
        const wu_task *t = wu_task_find(*name);
        if (!t) return wu_fail(err, WU_EARG, "--tasks: there is no task \"%s\"", *name);
        w->prepare.tasks |= 1u << t->id;
    }
    if (w->prepare.tasks) return WU_OK;
    return wu_fail(err, WU_EARG, "--tasks: names no task");
}

static wu_code open_labels(work *w, wu_err *err) {
    for (int i = 0; i < WU_N_CSAT_SCALE; i++)
        if (strcmp(w->o->csat, wu_csat_scale_name((wu_csat_scale)i)) == 0)
            w->prepare.labels.csat = (wu_csat_scale)i;
    w->prepare.label_source = w->o->labels;
    return wu_taxonomy_create(&w->prepare.labels.taxonomy, w->o->taxonomy, err);
}

static wu_code open_shortener(work *w, wu_err *err) {
    const options *o = w->o;
    wu_code rc;
    if (!o->max_tokens && (o->model || o->chat_template))
        return wu_fail(err, WU_EARG, "--model counts tokens for --max-tokens, which is missing");
    if (!o->max_tokens) return WU_OK;
    if (!o->model) return wu_fail(err, WU_EARG, "--max-tokens needs --model: whose tokens?");
    if ((rc = wu_open_tokenizer(&w->opened, o->model, o->chat_template, err))) return rc;
    const wu_shorten_options so = {.tokenizer = w->opened.tokenizer,
                                   .chat = w->opened.chat,
                                   .order = w->prepare.order,
                                   .max_tokens = (int32_t)o->max_tokens,
                                   .context_room = o->context_room};
    rc = wu_shortener_create(&w->prepare.shortener, &so, err);
    return rc ? wu_fail_in(err, rc, "--max-tokens") : WU_OK;
}

enum { PATTERNS_LIMIT = 1 << 20 };

static wu_code open_redactor(work *w, wu_err *err) {
    const options *o = w->o;
    wu_redact_options ro = {0};
    wu_code rc;
    if (!o->redact && (o->redact_types || o->redact_patterns || o->redact_words))
        return wu_fail(err, WU_EARG,
                       "--redact-types, --redact-patterns and --redact-words are for "
                       "--redact, which is missing");
    if (!o->redact) return WU_OK;
    const char *const *type = split(w, o->redact_types ? o->redact_types : "", ", ");
    if (!type) return out_of_memory(err);
    for (; *type; type++) {
        const int t = wu_pii_find(*type);
        if (t < 0) return wu_fail(err, WU_EARG, "--redact-types: there is no type \"%s\"", *type);
        ro.types |= 1u << t;
    }
    if (o->redact_patterns) {
        if ((rc = wu_read_file(&w->patterns, o->redact_patterns, PATTERNS_LIMIT, err))) return rc;
        if (w->patterns.n && !(ro.pattern = split(w, w->patterns.p, "\r\n")))
            return out_of_memory(err);
    }
    if (o->redact_words && !(ro.words = split(w, o->redact_words, ","))) return out_of_memory(err);
    return wu_redactor_create(&w->prepare.redactor, &ro, err);
}

static wu_code check(const options *o, wu_err *err) {
    if (o->file && (o->transcripts || o->analyses || o->journeys))
        return wu_fail(err, WU_EARG,
                       "--input has its labels inside; leave --transcript-dir, --analysis-dir and "
                       "--journey-dir out");
    if (!o->file && (!o->transcripts || !o->analyses))
        return wu_fail(err, WU_EARG, "want --transcript-dir and --analysis-dir, or --input");
    return WU_OK;
}

static wu_code set_text(wu_json *j, const char *key, const char *s) {
    return s ? wu_json_set(j, key, wu_json_new_str(wu_str_of(s))) : WU_OK;
}

/* What decides what the examples look like. */
static wu_code describe(work *w, wu_err *err) {
    const options *o = w->o;
    wu_json *j = w->prepare.settings = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc) rc = set_text(j, "prompt_order", o->order);
    if (!rc) rc = set_text(j, "tasks", o->tasks);
    if (!rc) rc = set_text(j, "taxonomy", o->taxonomy);
    if (!rc) rc = set_text(j, "csat_scale", o->csat);
    if (!rc && o->max_tokens) rc = wu_json_set(j, "max_tokens", wu_json_new_int(o->max_tokens));
    if (!rc && o->max_tokens)
        rc = wu_json_set(j, "context_room", wu_json_new_bool(o->context_room));
    if (!rc) rc = set_text(j, "model", o->model);
    if (!rc && o->max_tokens) rc = set_text(j, "chat_template", wu_chat_name(w->opened.chat));
    if (!rc) rc = wu_json_set(j, "redact", wu_json_new_bool(o->redact));
    if (!rc) rc = set_text(j, "redact_types", o->redact_types);
    return rc ? out_of_memory(err) : WU_OK;
}

/* ---- what is said --------------------------------------------------------------------------- */

static void tell(void *ud, const char *problem) {
    const work *w = ud;
    if (!w->o->common.quiet) fprintf(stderr, "%s\n", problem);
}

static void tell_rest(const work *w) {
    for (int i = 0; i < WU_N_PROBLEM; i++)
        if (w->n.n_problem[i] > WU_PROBLEMS_TOLD)
            fprintf(stderr, "... and %lld more: %s\n",
                    (long long)(w->n.n_problem[i] - WU_PROBLEMS_TOLD),
                    wu_problem_name((wu_problem)i));
}

static void tell_tasks(const work *w) {
    for (int i = 0; i < WU_N_TASK; i++) {
        const int64_t *state = w->n.n_state[i][0];
        int64_t all = 0;
        if (w->prepare.tasks && !((w->prepare.tasks >> i) & 1u)) continue;
        for (int s = WU_LABEL_USED + 1; s < WU_N_LABEL_STATE; s++) all += state[s];
        fprintf(stderr, "  %-21s %8lld", wu_tasks[i].name, (long long)w->n.n_example[i]);
        if (all) fprintf(stderr, "  dropped %lld:", (long long)all);
        for (int s = WU_LABEL_USED + 1; s < WU_N_LABEL_STATE; s++)
            if (state[s])
                fprintf(stderr, " %s %lld", wu_prepare_why((wu_task_id)i, (wu_label_state)s),
                        (long long)state[s]);
        fputc('\n', stderr);
    }
}

static void tell_all(const work *w) {
    const options *o = w->o;
    const int64_t n_unknown = wu_taxonomy_n_unknown(w->prepare.labels.taxonomy);
    if (o->common.quiet) return;
    tell_rest(w);
    fprintf(stderr, "%s: %lld examples of %lld conversations, %lld read\n", o->output,
            (long long)w->n.n_examples, (long long)w->n.n_used, (long long)w->n.n_conversation);
    tell_tasks(w);
    if (w->n.n_shortened)
        fprintf(stderr, "shortened to %lld tokens: %lld of the conversations, by %lld turns\n",
                (long long)o->max_tokens, (long long)w->n.n_shortened, (long long)w->n.n_turn_out);
    if (n_unknown)
        fprintf(stderr,
                "%lld labels are unknown; %s/metadata.json lists them, --taxonomy can map them\n",
                (long long)n_unknown, o->output);
    if (w->prepare.labels.csat == WU_CSAT_0_100 && w->n.n_csat >= 10 && w->n.csat_most <= 10.0)
        fprintf(stderr, "no predicted_csat is above %g: do they count to 100? see --csat-scale\n",
                w->n.csat_most);
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    work w = {.o = o};
    wu_code rc;
    (void)n_arg;
    (void)arg;
    if ((rc = check(o, err))) goto done;
    if ((rc = wu_input_begin(&w.input, &o->input, &o->common, err))) goto done;
    w.prepare = (wu_prepare_options){.transcripts = o->transcripts,
                                     .analyses = o->analyses,
                                     .journeys = o->journeys,
                                     .input = o->file,
                                     .output = o->output,
                                     .read = w.input.read,
                                     .strict = o->input.strict,
                                     .tell = tell,
                                     .ud = &w};
    w.prepare.order = strcmp(o->order, "task-first") == 0 ? WU_TASK_FIRST : WU_CONTEXT_FIRST;
    if ((rc = read_tasks(&w, err))) goto done;
    if ((rc = open_labels(&w, err))) goto done;
    if ((rc = open_shortener(&w, err))) goto done;
    if ((rc = open_redactor(&w, err))) goto done;
    if ((rc = describe(&w, err))) goto done;
    if ((rc = wu_prepare(&w.n, &w.prepare, err))) goto done;
    tell_all(&w);
done:
    wu_json_free(w.prepare.settings);
    wu_redactor_free(w.prepare.redactor);
    wu_shortener_free(w.prepare.shortener);
    wu_taxonomy_free(w.prepare.labels.taxonomy);
    wu_opened_close(&w.opened);
    wu_input_end(&w.input);
    wu_arena_free(&w.arena);
    wu_buf_free(&w.patterns);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_prepare = {
    .name = "prepare",
    .summary = "Make training examples from transcripts and labels",
    .about =
        "Joins each transcript with its labels and writes up to six examples of it, one for each "
        "task, to DIR/examples.jsonl; counts, problems and the distribution of labels go to "
        "DIR/metadata.json. `wrapup temporal`, `split`, `subset` and `format` go on from there.\n\n"
        "Files belong together by their names without transcript_, analysis_ or journey_insight_, "
        "or by what follows the last \"_\" (transcript_00012.md, analysis_00012.json, "
        "journey_insight_00012.json). A task whose main "
        "label is missing, wrong or unknown is dropped and counted; another field that is missing "
        "is left out of that answer. Nothing is made up. What cannot be read is told, counted and "
        "passed over; with --strict it ends the run, and nothing is written.\n\n"
        "docs/formats.md describes the labels, the taxonomy file and what is written.",
    .example = "  wrapup prepare --transcript-dir calls --analysis-dir labels --output-dir out\n"
               "  wrapup prepare --input calls.jsonl --redact --output-dir out\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
