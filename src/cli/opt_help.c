/* opt_help.c - help for the terminal, made from the option tables (opt.h). */
#include "base/compiler.h"
#include "cli/opt.h"
#include "cli/opt_impl.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 90, COLUMN = 28 };

const wu_builtin wu_builtins[] = {
    {"help", "[COMMAND]", "Show this text, or the help of a command"},
    {"completion", "bash|zsh|fish", "Print a completion script for a shell"},
    {"man", NULL, "Print the manual page (roff)"},
};
const int wu_n_builtin = (int)WU_LEN(wu_builtins);

const wu_exit_row wu_exit_rows[] = {
    {0, "everything went well"},
    {1, "an error in the program itself"},
    {2, "the command line is wrong"},
    {3, "input data (examples, transcripts) is wrong, or an answer could not be read"},
    {4, "a model, adapter or tokenizer file is wrong"},
    {5, "a file could not be read or written"},
    {6, "out of memory, or a size beyond a limit"},
    {75, "stopped by the user, with everything saved"},
};
const int wu_n_exit_row = (int)WU_LEN(wu_exit_rows);

const wu_builtin wu_environment[] = {
    {"WRAPUP_THREADS", "N", "Number of threads, where --threads is not given"},
    {"WRAPUP_CPU", "LEVEL", "Highest instruction set, where --cpu is not given"},
    {"WRAPUP_LOG", "LEVEL", "error, warn, info or debug, where neither -q nor -v is given"},
};
const int wu_n_environment = (int)WU_LEN(wu_environment);

static wu_code spaces(wu_buf *out, size_t n) {
    while (n--) {
        const wu_code rc = wu_buf_char(out, ' ');
        if (rc) return rc;
    }
    return WU_OK;
}

/* One paragraph, broken at blanks; column is where the cursor stands and indent where further
 * lines begin. Ends the line. */
static wu_code wrap(wu_buf *out, const char *text, size_t n, size_t column, size_t indent) {
    wu_code rc;
    size_t at = column;
    bool first = true;
    while (n) {
        size_t len = 0;
        while (len < n && text[len] != ' ' && text[len] != '\n') len++;
        if (!first && at + 1 + len > WIDTH) {
            if ((rc = wu_buf_char(out, '\n')) || (rc = spaces(out, indent))) return rc;
            at = indent;
            first = true;
        }
        if (len && !first) {
            if ((rc = wu_buf_char(out, ' '))) return rc;
            at++;
        }
        if ((rc = wu_buf_add(out, text, len))) return rc;
        at += len;
        if (len) first = false;
        text += len;
        n -= len;
        if (n) {
            text++;
            n--;
        }
    }
    return wu_buf_char(out, '\n');
}

/* Paragraphs are wrapped, lines that begin with a blank are kept as they are. */
static wu_code paragraphs(wu_buf *out, const char *text) {
    wu_code rc = WU_OK;
    while (!rc && *text) {
        size_t n = strcspn(text, "\n");
        if (n == 0 || text[0] == ' ') {
            if ((rc = wu_buf_add(out, text, n))) return rc;
            rc = wu_buf_char(out, '\n');
        } else {
            while (text[n] == '\n' && text[n + 1] && text[n + 1] != '\n' && text[n + 1] != ' ')
                n += 1 + strcspn(text + n + 1, "\n");
            rc = wrap(out, text, n, 0, 0);
        }
        text += n;
        if (*text) text++;
    }
    return rc;
}

/* "left" in a column of its own, then text. */
static wu_code row(wu_buf *out, const char *left, const char *text, size_t n) {
    wu_code rc;
    const size_t len = strlen(left);
    if ((rc = wu_buf_str(out, left))) return rc;
    if (len + 2 > COLUMN) {
        if ((rc = wu_buf_char(out, '\n')) || (rc = spaces(out, COLUMN))) return rc;
    } else if ((rc = spaces(out, COLUMN - len))) {
        return rc;
    }
    return wrap(out, text, n, COLUMN, COLUMN);
}

/* "--[no-]name VALUE" */
static wu_code option_name(wu_buf *out, const wu_opt *o) {
    wu_code rc;
    if (o->letter)
        rc = wu_buf_fmt(out, "  -%c, --%s", o->letter, o->name);
    else
        rc = wu_buf_fmt(out, "      --%s%s", o->kind == WU_OPT_BOOL ? "[no-]" : "", o->name);
    return !rc && o->value ? wu_buf_fmt(out, " %s", o->value) : rc;
}

/* The sentences about an option: its help, what it takes, its default. */
static wu_code option_text(wu_buf *out, const wu_opt *o) {
    wu_code rc = wu_buf_str(out, o->help);
    if (!rc && o->choices) {
        wu_str c;
        for (int i = 0; !rc && (c = wu_opt_choice(o->choices, i)).n; i++)
            rc = wu_buf_fmt(out, "%s%.*s", i ? ", " : " One of ", (int)c.n, c.p);
        if (!rc) rc = wu_buf_char(out, '.');
    }
    if (!rc && o->required) rc = wu_buf_str(out, " Required.");
    if (!rc && o->fallback && o->kind == WU_OPT_BOOL)
        rc = wu_buf_fmt(out, " Default: %s.", strcmp(o->fallback, "true") == 0 ? "yes" : "no");
    else if (!rc && o->fallback && o->kind != WU_OPT_FLAG)
        rc = wu_buf_fmt(out, " Default: %s.", o->fallback);
    return rc;
}

static wu_code options(wu_buf *out, const char *title, const wu_opt *opt, int n, bool with_help) {
    wu_buf left = {0}, text = {0};
    wu_code rc = wu_buf_fmt(out, "\n%s\n", title);
    for (int i = 0; !rc && i < n; i++) {
        wu_buf_clear(&left);
        wu_buf_clear(&text);
        if ((rc = option_name(&left, &opt[i]))) break;
        if ((rc = option_text(&text, &opt[i]))) break;
        rc = row(out, left.p, text.p, text.n);
    }
    if (!rc && with_help) rc = row(out, "  -h, --help", WU_STR("This text.").p, 10);
    wu_buf_free(&left);
    wu_buf_free(&text);
    return rc;
}

wu_code wu_opt_help(wu_buf *out, const wu_cmd *cmd) {
    wu_code rc;
    if ((rc = wu_buf_fmt(out, "Usage: wrapup %s [OPTIONS]%s%s\n\n", cmd->name,
                         cmd->arguments ? " " : "", cmd->arguments ? cmd->arguments : "")) ||
        (rc = wu_buf_fmt(out, "%s.\n", cmd->summary)))
        return rc;
    if (cmd->about && ((rc = wu_buf_char(out, '\n')) || (rc = paragraphs(out, cmd->about))))
        return rc;
    if (cmd->n_opt && (rc = options(out, "Options:", cmd->opt, cmd->n_opt, false))) return rc;
    if ((rc = options(out, "Common options:", wu_common_opt, wu_n_common_opt, true))) return rc;
    if (!cmd->example) return WU_OK;
    if ((rc = wu_buf_str(out, "\nExample:\n")) || (rc = wu_buf_str(out, cmd->example))) return rc;
    return out->p[out->n - 1] == '\n' ? WU_OK : wu_buf_char(out, '\n');
}

static wu_code entry(wu_buf *out, const char *name, const char *arguments, const char *text) {
    wu_buf left = {0};
    wu_code rc =
        wu_buf_fmt(&left, "  %s%s%s", name, arguments ? " " : "", arguments ? arguments : "");
    if (!rc) rc = row(out, left.p, text, strlen(text));
    wu_buf_free(&left);
    return rc;
}

wu_code wu_opt_overview(wu_buf *out, const wu_cmd *const *cmd, int n_cmd) {
    wu_code rc = wu_buf_str(out, "Usage: wrapup COMMAND [OPTIONS] [ARGUMENTS]\n\n"
                                 "Fine-tunes a language model on contact-center conversations and "
                                 "analyses\nconversations with it, on the CPU.\n\nCommands:\n");
    for (int i = 0; !rc && i < n_cmd; i++) rc = entry(out, cmd[i]->name, NULL, cmd[i]->summary);
    for (int i = 0; !rc && i < wu_n_builtin; i++)
        rc = entry(out, wu_builtins[i].name, wu_builtins[i].arguments, wu_builtins[i].summary);
    if (!rc) rc = wu_buf_str(out, "\nOptions:\n");
    if (!rc) rc = entry(out, "-h, --help", NULL, "This text; after a command, the command's own");
    if (!rc) rc = entry(out, "    --version", NULL, "Version and how the program was built");
    if (!rc) rc = wu_buf_str(out, "\nEnvironment:\n");
    for (int i = 0; !rc && i < wu_n_environment; i++)
        rc = entry(out, wu_environment[i].name, NULL, wu_environment[i].summary);
    if (!rc) rc = wu_buf_str(out, "\nExit codes:\n");
    for (int i = 0; !rc && i < wu_n_exit_row; i++) {
        char code[16];
        snprintf(code, sizeof(code), "%d", wu_exit_rows[i].code);
        rc = entry(out, code, NULL, wu_exit_rows[i].meaning);
    }
    return rc;
}
