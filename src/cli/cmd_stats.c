/* cmd_stats.c - `wrapup stats`: what is in a data set, or in a heap of transcripts. */
#include "base/compiler.h"
#include "base/dir.h"
#include "base/file.h"
#include "cli/input.h"
#include "cli/open.h"
#include "contact/set/place.h"
#include "contact/set/stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    wu_common common;
    wu_input_options input;
    const char *kind, *model, *chat_template, *lengths, *html;
    double threshold;
    bool json, no_duplicates;
} options;

static const wu_opt table[] = {
    {.name = "kind",
     .kind = WU_OPT_CHOICE,
     .offset = offsetof(options, kind),
     .value = "KIND",
     .fallback = "auto",
     .choices = "auto|examples|transcripts",
     .help = "What the input is: examples for training (JSON lines with prompt and completion, "
             "messages or text), or transcripts of any format. By default each file's first line "
             "tells."},
    {.name = "model",
     .letter = 'm',
     .kind = WU_OPT_TEXT,
     .offset = offsetof(options, model),
     .value = "PATH",
     .help = "Model directory or .gguf file whose tokenizer and chat template count tokens; only "
             "these are read. Without it examples are measured in words and characters."},
    {.name = "chat-template",
     .kind = WU_OPT_TEXT,
     .offset = offsetof(options, chat_template),
     .value = "NAME",
     .help = "Template to use instead of the model's own, for example chatml or llama3."},
    {.name = "max-seq-length",
     .kind = WU_OPT_TEXT,
     .offset = offsetof(options, lengths),
     .value = "N[,N...]",
     .fallback = "512,1024,2048,4096",
     .help = "Lengths in tokens for which to tell how many examples are too long and what would "
             "be cut off."},
    {.name = "threshold",
     .kind = WU_OPT_REAL,
     .offset = offsetof(options, threshold),
     .value = "T",
     .fallback = "0.8",
     .lo = 0.3,
     .hi = 1.0,
     .help = "Conversations count as nearly equal from this similarity on: the estimated Jaccard "
             "index of their sequences of four words."},
    {.name = "no-duplicates",
     .kind = WU_OPT_FLAG,
     .offset = offsetof(options, no_duplicates),
     .help = "Do not look for duplicates."},
    {.name = "json",
     .kind = WU_OPT_FLAG,
     .offset = offsetof(options, json),
     .help = "Print the report as JSON."},
    {.name = "html",
     .kind = WU_OPT_TEXT,
     .offset = offsetof(options, html),
     .value = "FILE",
     .help = "Write the report as a page with pictures, too; it needs nothing beside itself."},
    WU_INPUT_OPTIONS(options, input),
};

typedef struct work {
    const options *o;
    wu_input in;
    wu_stats stats;
    wu_opened opened;
} work;

/* ---------------------------------------------------------------------------- examples? */

static bool has_text(const wu_json *j, const char *key) {
    return wu_json_type(wu_json_get(j, key)) == WU_JSON_STRING;
}

/* Messages as chat models have them; transcripts may be called so, too. */
static bool is_chat(const wu_json *list) {
    static const char *const role[] = {"system", "user", "assistant"};
    for (size_t i = 0; i < wu_json_size(list); i++) {
        const wu_str r = wu_json_str(wu_json_get(wu_json_at(list, i), "role"));
        size_t k = 0;
        while (k < WU_LEN(role) && !wu_str_eq(r, wu_str_of(role[k]))) k++;
        if (k == WU_LEN(role) || !has_text(wu_json_at(list, i), "content")) return false;
    }
    return wu_json_type(list) == WU_JSON_ARRAY && wu_json_size(list) > 0;
}

static bool is_example(const wu_json *j) {
    static const char *const of_turns[] = {"role", "speaker", "transcript", "turns", "id"};
    if (wu_json_type(j) != WU_JSON_OBJECT) return false;
    if (has_text(j, "prompt") && has_text(j, "completion")) return true;
    if (is_chat(wu_json_get(j, "messages"))) return true;
    if (!has_text(j, "text")) return false;
    for (size_t i = 0; i < WU_LEN(of_turns); i++)
        if (wu_json_get(j, of_turns[i])) return false;
    return true;
}

/* By the first line that is not blank; what cannot be read is for the readers to complain about. No
 * line at all is an empty data set. */
static bool holds_examples(const work *w, const char *path) {
    wu_lines l = {0};
    wu_str line = {0};
    bool end = false, yes = false;
    if (strcmp(w->o->kind, "auto") != 0) return strcmp(w->o->kind, "examples") == 0;
    if (!wu_is_jsonl(path) || !wu_is_file(path)) return false;
    wu_code rc = wu_lines_open(&l, path, 0, NULL);
    while (!rc && !(rc = wu_lines_next(&l, &line, &end, NULL))) {
        wu_json *j = NULL;
        if ((yes = end)) break;
        size_t i = 0;
        while (i < line.n && strchr(" \t\r", line.p[i])) i++;
        if (i == line.n) continue;
        yes = wu_json_parse(&j, line, path, WU_EDATA, NULL) == WU_OK && is_example(j);
        wu_json_free(j);
        break;
    }
    wu_lines_close(&l);
    return yes;
}

/* -------------------------------------------------------------------------------- input */

/* The page must not take the place of what is read. */
static wu_code keep_input(const work *w, const char *path, wu_err *err) {
    if (!w->o->html || wu_is_dir(w->o->html) || !wu_same_file(w->o->html, path)) return WU_OK;
    return wu_fail(err, WU_EARG, "%s: is what is read; --html must be another place", w->o->html);
}

/* What the lines of a file are called: its name without directory and ending. */
static wu_code begin_examples(work *w, const char *path, wu_err *err) {
    char split[128];
    snprintf(split, sizeof(split), "%s", strcmp(path, "-") == 0 ? "" : wu_base_name(path));
    char *dot = strrchr(split, '.');
    if (dot) *dot = 0;
    return wu_stats_input_begin(&w->stats, path, split, true, err);
}

static wu_code pass_over(work *w, wu_code rc, wu_err *err) {
    if (rc != WU_EDATA) return rc;
    if (!(rc = wu_input_pass_over(&w->in, err))) wu_stats_bad(&w->stats);
    return rc;
}

static wu_code read_examples(work *w, const char *path, wu_err *err) {
    char where[WU_WHERE_MAX];
    wu_record r = {0};
    wu_lines l = {0};
    bool end = false;
    wu_code rc = keep_input(w, path, err);
    if (rc) return rc;
    rc = wu_lines_open(&l, path, 0, err);
    if (!rc) rc = begin_examples(w, path, err);
    while (!rc && !end) {
        rc = wu_record_next(&r, &l, where, &end, err);
        if (!rc && !end) rc = wu_stats_example(&w->stats, &r, path, l.number, err);
        if (rc) rc = pass_over(w, rc, err);
    }
    wu_record_clear(&r);
    wu_lines_close(&l);
    return rc;
}

static wu_code one_conversation(void *ud, wu_conversation *c, const wu_source *source,
                                wu_err *err) {
    work *w = ud;
    const wu_code rc = keep_input(w, source->path, err);
    return rc ? rc
              : wu_stats_conversation(&w->stats, c, wu_format_name(source->format), source->number,
                                      err);
}

static wu_code read_transcripts(work *w, char *path, wu_err *err) {
    const int64_t before = w->in.n_file_bad + w->in.n_conversation_bad;
    wu_code rc = keep_input(w, path, err);
    if (!rc) rc = wu_stats_input_begin(&w->stats, path, "", false, err);
    if (!rc) rc = wu_input_walk(&w->in, &path, 1, one_conversation, w, err);
    for (int64_t i = before; i < w->in.n_file_bad + w->in.n_conversation_bad; i++)
        wu_stats_bad(&w->stats);
    return rc;
}

/* The files of a data set in a directory; false: it has none. */
static wu_code read_set(work *w, const char *dir, bool *any, wu_err *err) {
    char path[WU_PATH_MAX];
    wu_code rc = WU_OK;
    *any = false;
    if (strcmp(w->o->kind, "transcripts") == 0) return WU_OK;
    for (int i = 0; !rc && i < WU_N_SPLIT; i++) {
        if ((rc = wu_path_join(path, sizeof(path), dir, wu_split_file[i], err))) break;
        if (!wu_is_file(path) || !holds_examples(w, path)) continue;
        *any = true;
        rc = read_examples(w, path, err);
    }
    if (rc || *any) return rc;
    if ((rc = wu_path_join(path, sizeof(path), dir, "examples.jsonl", err))) return rc;
    if (!wu_is_file(path) || !holds_examples(w, path)) return WU_OK;
    *any = true;
    return read_examples(w, path, err);
}

static wu_code read_path(work *w, char *path, wu_err *err) {
    bool any = false;
    wu_code rc = WU_OK;
    if (wu_is_dir(path)) {
        if ((rc = read_set(w, path, &any, err)) || any) return rc;
        if (strcmp(w->o->kind, "examples") == 0)
            return wu_fail(err, WU_EDATA,
                           "%s: has none of train.jsonl, valid.jsonl, test.jsonl, examples.jsonl",
                           path);
    } else if (holds_examples(w, path)) {
        return read_examples(w, path, err);
    }
    return read_transcripts(w, path, err);
}

/* ------------------------------------------------------------------------------- output */

static wu_code print(const work *w, wu_err *err) {
    wu_buf out = {0};
    wu_json *j = w->o->json ? wu_stats_json(&w->stats) : NULL;
    wu_code rc;
    if (w->o->json) {
        rc = j ? wu_json_write(&out, j, WU_JSON_INDENT2) : WU_ENOMEM;
        if (!rc) rc = wu_buf_char(&out, '\n');
    } else {
        rc = wu_stats_text(&out, &w->stats);
    }
    if (rc)
        wu_fail(err, rc, "statistics: out of memory");
    else if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout))
        rc = wu_fail_errno(err, "standard output");
    wu_json_free(j);
    wu_buf_free(&out);
    return rc;
}

static wu_code write_page(const work *w, wu_err *err) {
    wu_buf out = {0};
    if (!w->o->html) return WU_OK;
    wu_code rc = wu_stats_html(&out, &w->stats);
    if (rc)
        wu_fail(err, rc, "%s: out of memory", w->o->html);
    else
        rc = wu_write_file(w->o->html, out.p, out.n, err);
    wu_buf_free(&out);
    return rc;
}

/* -------------------------------------------------------------------------------- run */

static wu_code read_lengths(wu_stats_options *s, const char *text, wu_err *err) {
    for (const char *p = text;; p++) {
        char *end;
        errno = 0;
        const long v = strtol(p, &end, 10);
        if (end == p || (*end && *end != ',') || errno || v < 1 || v > 1 << 30)
            return wu_fail(err, WU_EARG,
                           "--max-seq-length: \"%s\" is not a list of whole numbers from 1 to "
                           "1073741824",
                           text);
        if (s->n_limit == WU_STATS_LIMITS)
            return wu_fail(err, WU_EARG, "--max-seq-length: \"%s\" has more than %d numbers", text,
                           WU_STATS_LIMITS);
        s->limit[s->n_limit++] = (int32_t)v;
        p = end;
        if (!*p) return WU_OK;
    }
}

static wu_code begin(work *w, wu_err *err) {
    const options *o = w->o;
    wu_stats_options s = {
        .model = o->model, .duplicates = !o->no_duplicates, .threshold = o->threshold};
    wu_code rc = read_lengths(&s, o->lengths, err);
    if (!rc) rc = wu_input_begin(&w->in, &o->input, &o->common, err);
    if (!rc && o->model) {
        rc = wu_open_tokenizer(&w->opened, o->model, o->chat_template, err);
        if (!rc && w->opened.chat == WU_CHAT_NONE)
            rc = wu_fail(err, WU_EARG,
                         "%s: its chat template is not known; --chat-template names one", o->model);
        s.tokenizer = w->opened.tokenizer;
        s.chat = w->opened.chat;
    }
    return rc ? rc : wu_stats_begin(&w->stats, &s, err);
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    work w = {.o = options_};
    wu_code rc = begin(&w, err);
    for (int i = 0; !rc && i < n_arg; i++) {
        rc = read_path(&w, arg[i], err);
        if ((rc == WU_EDATA || rc == WU_EIO) && n_arg > 1) rc = wu_input_pass_over(&w.in, err);
    }
    if (!rc && w.stats.n_conversation == 0 && w.in.n_file_bad + w.in.n_conversation_bad > 0)
        rc = wu_fail(err, WU_EDATA, "no conversation could be read");
    if (!rc) rc = wu_stats_finish(&w.stats, err);
    if (!rc) rc = write_page(&w, err);
    if (!rc) rc = print(&w, err);
    wu_stats_free(&w.stats);
    wu_input_end(&w.in);
    wu_opened_close(&w.opened);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_stats = {
    .name = "stats",
    .summary = "Show what is in a data set or in transcripts",
    .arguments = "FILE|DIR...",
    .min_args = 1,
    .max_args = -1,
    .about =
        "Counts conversations, turns, words and tokens, how labels and scores are distributed, "
        "which examples a length would cut off, duplicates, languages, channels and times. A "
        "directory with train.jsonl, valid.jsonl and test.jsonl, or with examples.jsonl, is a "
        "data set; a file of JSON lines is one if its first line is an example; all else is read "
        "as transcripts of any known format.\n\nQuantiles are those of the values themselves "
        "(nearest rank), up to 131,072 exactly. A conversation is measured at its first example. "
        "Languages that the data do not name are guessed from frequent words. Near duplicates are "
        "an estimate from sketches.",
    .example = "  wrapup stats --model models/SmolLM2-135M-Instruct.Q4_1.gguf out/data\n"
               "  wrapup stats --html stats.html calls/\n"
               "  wrapup stats --json train.jsonl\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
