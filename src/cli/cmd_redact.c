/* cmd_redact.c - `wrapup redact`: personal data out of transcripts, as typed placeholders. */
#include "base/compiler.h"
#include "base/dir.h"
#include "base/file.h"
#include "cli/input.h"
#include "contact/redact/redact.h"
#include "contact/set/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    wu_common common;
    wu_input_options input;
    const char *output, *format, *types, *pattern, *patterns, *words, *tables, *report;
    bool check, each;
} options;

static const wu_opt table[] = {
    {"output", 'o', WU_OPT_TEXT, offsetof(options, output), "FILE|DIR", NULL, NULL, 0, 0, false,
     "Where to write: one file for all conversations; or a new folder with a file for each (a name "
     "that ends with a slash, or an empty folder). Standard output by default."},
    {"format", 0, WU_OPT_CHOICE, offsetof(options, format), "FORM", "json", "json|text", 0, 0,
     false, "What is written: an object a line, or lines \"Agent: ...\"."},
    {"types", 0, WU_OPT_TEXT, offsetof(options, types), "TYPE,...", NULL, NULL, 0, 0, false,
     "Only these: CARD, CVV (and PIN), IBAN, SSN, PHONE, EMAIL, ADDRESS, DOB, NAME, IP. By default "
     "all. Your own patterns and words are always looked for."},
    {"pattern", 0, WU_OPT_TEXT, offsetof(options, pattern), "TYPE=REGEX", NULL, NULL, 0, 0, false,
     "Replace what this Perl-like pattern matches, too; TYPE is what the placeholder says: "
     "--pattern 'ORDER=\\bA-\\d{6}\\b' gives [ORDER_1]."},
    {"patterns", 0, WU_OPT_TEXT, offsetof(options, patterns), "FILE", NULL, NULL, 0, 0, false,
     "Such patterns, one a line; lines that begin with # do not count."},
    {"words", 0, WU_OPT_TEXT, offsetof(options, words), "TYPE=FILE,...", NULL, NULL, 0, 0, false,
     "Replace the words and phrases of a file, one a line, in any case and with or without "
     "accents."},
    {"tables", 0, WU_OPT_TEXT, offsetof(options, tables), "DIR", NULL, NULL, 0, 0, false,
     "Take redact/cues.txt and redact/words.txt from here instead of those built in."},
    {"report", 0, WU_OPT_TEXT, offsetof(options, report), "FILE", NULL, NULL, 0, 0, false,
     "Write as JSON how many of each type were replaced. Never what they were."},
    {"each", 0, WU_OPT_FLAG, offsetof(options, each), NULL, NULL, NULL, 0, 0, false,
     "In the report, also the counts of each conversation, by its id."},
    {"check", 0, WU_OPT_FLAG, offsetof(options, check), NULL, NULL, NULL, 0, 0, false,
     "Write no conversations, only the counts; exit code 3 if anything would be replaced."},
    WU_INPUT_OPTIONS(options, input),
};

typedef struct work {
    const options *o;
    wu_redactor *redactor;
    wu_input in;
    wu_new_dir dir;
    wu_replace file;
    wu_buf out, pattern_text, word_text, each;
    const char **pattern, **word; /* NULL-terminated */
    int64_t n;                    /* conversations */
    wu_json *before;              /* the report when a conversation begins */
} work;

static wu_code no_memory(wu_err *err) { return wu_fail(err, WU_ENOMEM, "redact: out of memory"); }

/* ---- options ---- */

/* Cuts text at any of the characters of at; the parts lie in text. NULL when out of memory. */
static const char **cut(char *text, const char *at, const char *first) {
    size_t n = 2;
    for (const char *p = text; p && *p; p++) n += strchr(at, *p) != NULL;
    const char **part = calloc(n + 1, sizeof(*part));
    size_t k = 0;
    if (!part) return NULL;
    if (first) part[k++] = first;
    for (char *p = text; p && *p;) {
        const size_t len = strcspn(p, at);
        char *next = p[len] ? p + len + 1 : p + len;
        p[len] = 0;
        if (!strchr("#", p[strspn(p, " \t")])) part[k++] = p; /* no comment, not blank */
        p = next;
    }
    return part;
}

static wu_code read_types(const char *text, unsigned *types, wu_err *err) {
    while (text && *text) {
        char name[40];
        const size_t n = strcspn(text, ", ");
        snprintf(name, sizeof(name), "%.*s", (int)n, text);
        const int t = n > 0 ? wu_pii_find(name) : 0;
        if (t < 0 || t == WU_PII_CUSTOM)
            return wu_fail(
                err, WU_EARG,
                "--types: there is no type \"%s\"; there are CARD, CVV, IBAN, SSN, PHONE, "
                "EMAIL, ADDRESS, DOB, NAME and IP",
                name);
        if (n > 0) *types |= 1u << t;
        text += text[n] ? n + 1 : n;
    }
    return WU_OK;
}

static wu_code make_redactor(work *w, wu_err *err) {
    enum { PATTERNS_LIMIT = 16 << 20 };
    const options *o = w->o;
    wu_redact_options ro = {.tables = o->tables};
    wu_code rc = read_types(o->types, &ro.types, err);
    if (rc) return rc;
    if (o->patterns && (rc = wu_read_file(&w->pattern_text, o->patterns, PATTERNS_LIMIT, err)))
        return rc;
    if (o->words && wu_buf_str(&w->word_text, o->words)) return no_memory(err);
    w->pattern = cut(w->pattern_text.p, "\r\n", o->pattern);
    w->word = cut(w->word_text.p, ",", NULL);
    if (!w->pattern || !w->word) return no_memory(err);
    ro.pattern = w->pattern;
    ro.words = w->word;
    return wu_redactor_create(&w->redactor, &ro, err);
}

static bool is_folder(const char *path) {
    const size_t n = strlen(path);
    return wu_is_dir(path) || (n > 1 && path[n - 1] == '/');
}

/* What is read is never replaced: the originals would be gone. */
static wu_code keep_input(const options *o, const char *input, wu_err *err) {
    const char *const to[] = {o->check ? NULL : o->output, o->report};
    for (size_t i = 0; i < WU_LEN(to); i++)
        if (to[i] && !wu_is_dir(to[i]) && wu_same_file(to[i], input))
            return wu_fail(err, WU_EARG, "%s: is what is read; %s must be another place", to[i],
                           i ? "--report" : "--output");
    return WU_OK;
}

static wu_code open_output(work *w, wu_err *err) {
    const char *path = w->o->output;
    char name[WU_PATH_MAX];
    if (!path || w->o->check) return WU_OK;
    if (!is_folder(path)) return wu_replace_begin(&w->file, path, err);
    const int n = snprintf(name, sizeof(name), "%s", path);
    if (n < 0 || (size_t)n >= sizeof(name)) return wu_fail(err, WU_EARG, "--output: too long");
    for (size_t k = (size_t)n; k > 1 && name[k - 1] == '/'; k--) name[k - 1] = 0;
    return wu_new_dir_begin(&w->dir, name, err);
}

/* ---- one conversation ---- */

static wu_code render(work *w, const wu_conversation *c) {
    if (strcmp(w->o->format, "text") == 0) {
        if (w->n > 1 && !w->dir.path && wu_buf_char(&w->out, '\n')) return WU_ENOMEM;
        return wu_conversation_render(&w->out, c);
    }
    wu_json *j = wu_conversation_json(c, true);
    wu_code rc = j ? wu_json_write(&w->out, j, WU_JSON_COMPACT) : WU_ENOMEM;
    wu_json_free(j);
    return rc ? rc : wu_buf_char(&w->out, '\n');
}

/* A file in the new folder, named after the id; "-2" and so on where two ids would share a name. */
static wu_code write_alone(work *w, const wu_conversation *c, wu_err *err) {
    enum { NAME_MAX_ = 120 };
    const char *end = strcmp(w->o->format, "text") == 0 ? "txt" : "json";
    char id[NAME_MAX_ + 1], name[NAME_MAX_ + 40], path[WU_PATH_MAX];
    size_t n = 0;
    for (; n < c->id.n && n < NAME_MAX_; n++) {
        const char x = c->id.p[n];
        const bool ok = (x >= '0' && x <= '9') || (x >= 'a' && x <= 'z') ||
                        (x >= 'A' && x <= 'Z') || x == '-' || x == '_' || (x == '.' && n > 0);
        id[n] = ok ? x : '_';
    }
    id[n] = 0;
    for (int64_t k = 1;; k++) {
        if (k == 1)
            snprintf(name, sizeof(name), "%s.%s", n ? id : "conversation", end);
        else
            snprintf(name, sizeof(name), "%s-%lld.%s", n ? id : "conversation", (long long)k, end);
        const wu_code rc = wu_path_join(path, sizeof(path), w->dir.temporary, name, err);
        if (rc) return rc;
        if (!wu_is_file(path)) return wu_write_file(path, w->out.p, w->out.n, err);
    }
}

/* What was replaced since the last call, by type. */
static wu_code note_each(work *w, const wu_conversation *c) {
    wu_json *now = wu_redact_report(w->redactor), *j = wu_json_new_object();
    wu_json *counts = wu_json_new_object();
    wu_code rc = now && j && counts ? WU_OK : WU_ENOMEM;
    for (void *it = rc ? NULL : wu_json_first(now); it && !rc; it = wu_json_next(now, it)) {
        const char *type = wu_json_key(it).p;
        const int64_t n =
            wu_json_int(wu_json_value(it)) - wu_json_int(wu_json_get(w->before, type));
        if (n > 0) rc = wu_json_set(counts, type, wu_json_new_int(n));
    }
    if (!rc) rc = wu_json_set(j, "id", wu_json_new_str(c->id));
    if (!rc) {
        rc = wu_json_set(j, "replaced", counts);
        counts = NULL;
    }
    if (!rc && w->each.n > 0) rc = wu_buf_str(&w->each, ",\n    ");
    if (!rc) rc = wu_json_write(&w->each, j, WU_JSON_SPACED);
    wu_json_free(w->before);
    w->before = now;
    wu_json_free(counts);
    wu_json_free(j);
    return rc;
}

static wu_code each(void *ud, wu_conversation *c, const wu_source *s, wu_err *err) {
    work *w = ud;
    wu_code rc = keep_input(w->o, s->path, err);
    if (rc) return rc;
    rc = wu_redact_conversation(w->redactor, c, err);
    if (rc) return wu_fail_in(err, rc, "%s: conversation %lld", s->path, (long long)s->number);
    w->n++;
    if (w->o->each && note_each(w, c)) return no_memory(err);
    if (w->o->check) return WU_OK;
    /* not before the folders are listed: what is begun there would be read */
    if (w->n == 1 && (rc = open_output(w, err))) return rc;
    wu_buf_clear(&w->out);
    if (render(w, c)) return no_memory(err);
    if (w->dir.path) return write_alone(w, c, err);
    FILE *f = w->file.f ? w->file.f : stdout;
    if (w->out.n > 0 && fwrite(w->out.p, 1, w->out.n, f) != w->out.n)
        return wu_fail_errno(err, "%s", w->file.f ? w->file.path : "standard output");
    return WU_OK;
}

/* ---- the report ---- */

static wu_code make_report(const work *w, const wu_json *j, wu_buf *b) {
    wu_code rc =
        j ? wu_buf_fmt(b, "{\n  \"conversations\": %lld,\n  \"replaced\": ", (long long)w->n)
          : WU_ENOMEM;
    if (!rc) rc = wu_json_write(b, j, WU_JSON_SPACED);
    if (!rc && w->o->each) {
        rc = wu_buf_str(b, ",\n  \"each\": [\n    ");
        if (!rc && w->each.n > 0) rc = wu_buf_add(b, w->each.p, w->each.n);
        if (!rc) rc = wu_buf_str(b, "\n  ]");
    }
    if (!rc) rc = wu_buf_str(b, "\n}\n");
    return rc;
}

/* "3 conversations; replaced: 2 CARD, 5 NAME" */
static void say(const work *w, const wu_json *counts) {
    const char *between = " ";
    fprintf(stderr, "%lld conversation%s; %s", (long long)w->n, w->n == 1 ? "" : "s",
            wu_json_size(counts) ? "replaced:" : "nothing to replace");
    for (void *it = wu_json_first(counts); it; it = wu_json_next(counts, it)) {
        fprintf(stderr, "%s%lld %s", between, (long long)wu_json_int(wu_json_value(it)),
                wu_json_key(it).p);
        between = ", ";
    }
    fprintf(stderr, "\n");
}

static wu_code finish(work *w, bool *any, wu_err *err) {
    wu_buf report = {0};
    wu_json *counts = wu_redact_report(w->redactor);
    wu_code rc = counts ? WU_OK : no_memory(err);
    if (!rc && w->file.f) rc = wu_replace_commit(&w->file, err);
    if (!rc && w->dir.path) rc = wu_new_dir_commit(&w->dir, err);
    if (!rc && (w->o->report || w->o->check) && make_report(w, counts, &report))
        rc = no_memory(err);
    if (!rc && w->o->report) rc = wu_write_file(w->o->report, report.p, report.n, err);
    if (!rc && w->o->check && fwrite(report.p, 1, report.n, stdout) != report.n)
        rc = wu_fail_errno(err, "standard output");
    if (!rc && !w->o->common.quiet && !w->o->check) say(w, counts);
    *any = wu_json_size(counts) > 0;
    wu_buf_free(&report);
    wu_json_free(counts);
    return rc;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    char dash[] = "-";
    char *const input[] = {dash};
    work w = {.o = o};
    bool any = false;
    wu_code rc = wu_input_begin(&w.in, &o->input, &o->common, err);
    for (int i = 0; !rc && i < n_arg; i++) rc = keep_input(o, arg[i], err);
    if (rc || (rc = make_redactor(&w, err))) goto done;
    rc = n_arg ? wu_input_walk(&w.in, arg, n_arg, each, &w, err)
               : wu_input_walk(&w.in, input, 1, each, &w, err);
    if (!rc) rc = finish(&w, &any, err);
done:
    wu_replace_abandon(&w.file);
    wu_new_dir_abandon(&w.dir);
    wu_input_end(&w.in);
    wu_redactor_free(w.redactor);
    free(w.pattern);
    free(w.word);
    wu_buf_free(&w.out);
    wu_buf_free(&w.pattern_text);
    wu_buf_free(&w.word_text);
    wu_buf_free(&w.each);
    wu_json_free(w.before);
    if (!rc && o->check && any) return wu_exit_code(WU_EDATA);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_redact = {
    .name = "redact",
    .summary = "Replace personal data in transcripts by placeholders",
    .arguments = "[FILE|DIR...]",
    .min_args = 0,
    .max_args = -1,
    .about =
        "Reads transcripts of any format (see `wrapup read`; standard input without a file) and "
        "writes the conversations with personal data replaced: [CARD_1], [NAME_2]. Equal values of "
        "a conversation get the same number. Card numbers are checked by issuer, length and sum, "
        "IBANs by country, length and sum, social security numbers by their ranges; digits that "
        "were spoken, also turn by turn, are put together first. Names are found behind phrases "
        "that introduce them and from the record's own data: names that nothing announces stay. "
        "docs/redaction.md says what is found how, and how well.\n\n"
        "Ids of conversations stay as they are: do not use personal data as ids. Redaction comes "
        "before `wrapup prepare` (or in it, with --redact); training sets that are made already "
        "are not input of this command.",
    .example = "  wrapup redact calls/ --output clean.jsonl --report counts.json\n"
               "  wrapup redact --format text call.vtt\n"
               "  wrapup redact --check clean.jsonl\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
