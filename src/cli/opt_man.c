/* opt_man.c - the manual page, made from the option tables (opt.h). */
#include "cli/opt.h"
#include "cli/opt_impl.h"

#include <stdio.h>
#include <string.h>

/* Plain text as roff: dashes stay dashes, and a line cannot become a request. */
static wu_code roff(wu_buf *out, const char *text, size_t n) {
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < n; i++) {
        const bool starts = out->n == 0 || out->p[out->n - 1] == '\n';
        const char c = text[i];
        if (starts && (c == '.' || c == '\'')) rc = wu_buf_str(out, "\\&");
        if (rc) break;
        if (c == '-')
            rc = wu_buf_str(out, "\\-");
        else if (c == '\\')
            rc = wu_buf_str(out, "\\e");
        else
            rc = wu_buf_char(out, c);
    }
    return rc;
}

static wu_code roff_str(wu_buf *out, const char *text) { return roff(out, text, strlen(text)); }

/* Lines kept as they are. */
static wu_code verbatim(wu_buf *out, const char *text) {
    wu_code rc = wu_buf_str(out, ".nf\n");
    if (!rc) rc = roff_str(out, text);
    if (!rc && out->p[out->n - 1] != '\n') rc = wu_buf_char(out, '\n');
    return rc ? rc : wu_buf_str(out, ".fi\n");
}

/* Paragraphs, and runs of lines that begin with a blank. */
static wu_code about(wu_buf *out, const char *text) {
    wu_code rc = WU_OK;
    bool kept = false;
    while (!rc && *text) {
        const size_t n = strcspn(text, "\n");
        const bool keep = text[0] == ' ';
        if (keep != kept) rc = wu_buf_str(out, keep ? ".nf\n" : ".fi\n");
        kept = keep;
        if (rc) break;
        if (n == 0)
            rc = wu_buf_str(out, ".PP\n");
        else if (!(rc = roff(out, text, n)))
            rc = wu_buf_char(out, '\n');
        text += n;
        if (*text) text++;
    }
    return !rc && kept ? wu_buf_str(out, ".fi\n") : rc;
}

static wu_code option(wu_buf *out, const wu_opt *o) {
    wu_code rc = wu_buf_str(out, ".TP\n");
    if (!rc && o->letter) rc = wu_buf_fmt(out, "\\fB\\-%c\\fR, ", o->letter);
    if (!rc) rc = wu_buf_str(out, o->kind == WU_OPT_BOOL ? "\\fB\\-\\-[no\\-]" : "\\fB\\-\\-");
    if (!rc) rc = roff_str(out, o->name);
    if (!rc) rc = wu_buf_str(out, "\\fR");
    if (!rc && o->value) rc = wu_buf_fmt(out, " \\fI%s\\fR", o->value);
    if (!rc) rc = wu_buf_char(out, '\n');
    if (!rc) rc = roff_str(out, o->help);
    wu_str c;
    for (int i = 0; !rc && o->choices && (c = wu_opt_choice(o->choices, i)).n; i++)
        rc = wu_buf_fmt(out, "%s%.*s", i ? ", " : " One of ", (int)c.n, c.p);
    if (!rc && o->choices) rc = wu_buf_char(out, '.');
    if (!rc && o->required) rc = wu_buf_str(out, " Required.");
    if (!rc && o->fallback && o->kind != WU_OPT_FLAG) {
        const char *text = o->fallback;
        if (o->kind == WU_OPT_BOOL) text = strcmp(text, "true") == 0 ? "yes" : "no";
        if (!(rc = wu_buf_str(out, " Default: ")) && !(rc = roff_str(out, text)))
            rc = wu_buf_char(out, '.');
    }
    return rc ? rc : wu_buf_char(out, '\n');
}

static wu_code command(wu_buf *out, const wu_cmd *cmd) {
    wu_code rc =
        wu_buf_fmt(out, ".SS \"wrapup %s [OPTIONS]%s%s\"\n%s.\n", cmd->name,
                   cmd->arguments ? " " : "", cmd->arguments ? cmd->arguments : "", cmd->summary);
    if (!rc && cmd->about && !(rc = wu_buf_str(out, ".PP\n"))) rc = about(out, cmd->about);
    for (int i = 0; !rc && i < cmd->n_opt; i++) rc = option(out, &cmd->opt[i]);
    if (!rc && cmd->example && !(rc = wu_buf_str(out, ".PP\nExample:\n.PP\n")))
        rc = verbatim(out, cmd->example);
    return rc;
}

static wu_code tagged(wu_buf *out, const char *tag, const char *text) {
    wu_code rc = wu_buf_fmt(out, ".TP\n\\fB%s\\fR\n", tag);
    if (!rc) rc = roff_str(out, text);
    return rc ? rc : wu_buf_str(out, ".\n");
}

wu_code wu_opt_man(wu_buf *out, const wu_cmd *const *cmd, int n_cmd) {
    wu_code rc = wu_buf_str(
        out, ".TH WRAPUP 1 \"\" \"wrapup " WU_VERSION "\" \"User commands\"\n"
             ".SH NAME\nwrapup \\- fine\\-tune a language model on contact\\-center conversations "
             "and analyse conversations with it\n"
             ".SH SYNOPSIS\n.B wrapup\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
             ".SH DESCRIPTION\nOne program trains LoRA adapters for Llama\\-family models and "
             "answers with them, on the CPU.\nResults go to standard output, words for people to "
             "standard error.\nA file name of \\- stands for standard input.\n"
             ".SH COMMANDS\n");
    for (int i = 0; !rc && i < n_cmd; i++) rc = command(out, cmd[i]);
    for (int i = 0; !rc && i < wu_n_builtin; i++) {
        const wu_builtin *b = &wu_builtins[i];
        rc = wu_buf_fmt(out, ".SS \"wrapup %s%s%s\"\n%s.\n", b->name, b->arguments ? " " : "",
                        b->arguments ? b->arguments : "", b->summary);
    }
    if (!rc) rc = wu_buf_str(out, ".SH \"COMMON OPTIONS\"\n");
    for (int i = 0; !rc && i < wu_n_common_opt; i++) rc = option(out, &wu_common_opt[i]);
    if (!rc) rc = wu_buf_str(out, ".SH ENVIRONMENT\n");
    for (int i = 0; !rc && i < wu_n_environment; i++)
        rc = tagged(out, wu_environment[i].name, wu_environment[i].summary);
    if (!rc) rc = wu_buf_str(out, ".SH \"EXIT STATUS\"\n");
    for (int i = 0; !rc && i < wu_n_exit_row; i++) {
        char code[16];
        snprintf(code, sizeof(code), "%d", wu_exit_rows[i].code);
        rc = tagged(out, code, wu_exit_rows[i].meaning);
    }
    return rc;
}
