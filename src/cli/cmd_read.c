/* cmd_read.c - `wrapup read`: transcripts of any format as one form, to look at or to go on with.
 */
#include "base/compiler.h"
#include "cli/input.h"

#include <stdio.h>
#include <string.h>

typedef struct options {
    wu_common common;
    wu_input_options input;
    const char *format;
    bool report, list_formats, names;
} options;

static const wu_opt table[] = {
    {"format", 0, WU_OPT_CHOICE, offsetof(options, format), "FORM", "json", "json|text", 0, 0,
     false, "What is written: an object a line, or lines \"Agent: ...\" as the model sees them."},
    {"report", 0, WU_OPT_FLAG, offsetof(options, report), NULL, NULL, NULL, 0, 0, false,
     "Instead of the conversations, say for each of them: format, turns, who has which role and "
     "why."},
    {"names", 0, WU_OPT_BOOL, offsetof(options, names), NULL, "true", NULL, 0, 0, false,
     "Write the names of agent and customer that the metadata give."},
    {"list-formats", 0, WU_OPT_FLAG, offsetof(options, list_formats), NULL, NULL, NULL, 0, 0, false,
     "Print the formats that can be read, and stop."},
    WU_INPUT_OPTIONS(options, input),
};

typedef struct work {
    const options *o;
    wu_buf out;
    bool any; /* something was written */
} work;

static wu_code put(const wu_buf *b, wu_err *err) {
    if (b->n > 0 && fwrite(b->p, 1, b->n, stdout) != b->n)
        return wu_fail_errno(err, "standard output");
    return WU_OK;
}

/* ------------------------------------------------------------------------------------- report */

static wu_code add_party(wu_buf *out, const wu_conversation *c, int32_t i) {
    const wu_party *p = &c->party[i];
    int32_t turns = 0;
    for (int32_t t = 0; t < c->n_turn; t++) turns += c->turn[t].party == i;
    wu_code rc = p->name.n > 0 ? wu_buf_fmt(out, "  %.*s: ", (int)WU_MIN(p->name.n, 200), p->name.p)
                               : wu_buf_str(out, "  (no name): ");
    if (!rc) rc = wu_buf_str(out, wu_party_role_name(p->role));
    if (!rc && p->from == WU_ROLE_FROM_FILE) rc = wu_buf_str(out, ", as the file says");
    if (!rc && p->from == WU_ROLE_FROM_USER) rc = wu_buf_str(out, ", as the options say");
    if (!rc && p->from == WU_ROLE_INFERRED)
        rc = wu_buf_fmt(out, ", inferred with confidence %.2f because %.*s", p->confidence,
                        (int)WU_MIN(p->why.n, 200), p->why.p);
    if (!rc) rc = wu_buf_fmt(out, "; %d turn%s\n", (int)turns, turns == 1 ? "" : "s");
    return rc;
}

static wu_code add_report(wu_buf *out, const wu_conversation *c, const wu_source *s) {
    wu_code rc =
        wu_buf_fmt(out, "%s: %.*s: %s, %d turn%s\n", s->path, (int)WU_MIN(c->id.n, 200), c->id.p,
                   wu_format_name(s->format), (int)c->n_turn, c->n_turn == 1 ? "" : "s");
    for (int32_t i = 0; !rc && i < c->n_party; i++) rc = add_party(out, c, i);
    return rc;
}

/* ------------------------------------------------------------------------------ conversations */

static wu_code add_json(wu_buf *out, const wu_conversation *c, bool names) {
    wu_json *j = wu_conversation_json(c, names);
    wu_code rc = j ? wu_json_write(out, j, WU_JSON_COMPACT) : WU_ENOMEM;
    if (!rc) rc = wu_buf_char(out, '\n');
    wu_json_free(j);
    return rc;
}

static wu_code each(void *ud, wu_conversation *c, const wu_source *s, wu_err *err) {
    work *w = ud;
    const bool text = strcmp(w->o->format, "text") == 0;
    wu_code rc = WU_OK;
    wu_buf_clear(&w->out);
    if (w->o->report) {
        rc = add_report(&w->out, c, s);
    } else if (text) {
        if (w->any) rc = wu_buf_char(&w->out, '\n'); /* a blank line between conversations */
        if (!rc) rc = wu_conversation_render(&w->out, c);
    } else {
        rc = add_json(&w->out, c, w->o->names);
    }
    w->any = true;
    if (rc) return wu_fail(err, rc, "%s: out of memory", s->path);
    return put(&w->out, err);
}

static int list_formats(void) {
    for (int f = WU_FORMAT_AUTO + 1; f < WU_N_FORMAT; f++)
        printf("%-14s %s\n", wu_format_name((wu_format)f), wu_format_summary((wu_format)f));
    return 0;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    work w = {.o = o};
    wu_input in = {0};
    if (o->list_formats) return list_formats();
    if (n_arg == 0)
        return wu_exit_code(
            wu_fail(err, WU_EARG, "read: want a file or a directory of transcripts"));
    wu_code rc = wu_input_begin(&in, &o->input, &o->common, err);
    if (!rc) rc = wu_input_walk(&in, arg, n_arg, each, &w, err);
    wu_input_end(&in);
    wu_buf_free(&w.out);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_read = {
    .name = "read",
    .summary = "Read transcripts of any format into one form",
    .arguments = "FILE|DIR...",
    .min_args = 0,
    .max_args = -1,
    .about =
        "Reads transcripts (plain text, Markdown, exports of contact-center systems, subtitles, "
        "speech recognition, CSV and JSONL) and writes each conversation as one line of JSON: who "
        "spoke, what and when, and what is known about the contact. Directories are read in the "
        "order of their names. What a file does not say stays unknown.\n\n"
        "A file or conversation that cannot be read is reported with its place and passed over. "
        "docs/formats.md has the formats and what each of them carries.",
    .example = "  wrapup read --report examples/calls\n"
               "  wrapup read --format text call.vtt\n"
               "  wrapup read --map \"id=Call ID,role=From,text=Message\" export.csv\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
