/* opt_complete.c - completion scripts for shells, made from the option tables (opt.h). */
#include "base/compiler.h"
#include "cli/opt.h"
#include "cli/opt_impl.h"

#include <string.h>

static bool is_flag(const wu_opt *o) { return o->kind == WU_OPT_FLAG || o->kind == WU_OPT_BOOL; }

/* Text between single quotes of a shell; both fit every shell that is written for here. */
static wu_code quoted(wu_buf *out, const char *text, const char *escape) {
    wu_code rc = WU_OK;
    for (const char *p = text; !rc && *p; p++) {
        if (*p == '\'')
            rc = wu_buf_str(out, "'\\''");
        else if (strchr(escape, *p))
            rc = wu_buf_fmt(out, "\\%c", *p);
        else
            rc = wu_buf_char(out, *p);
    }
    return rc;
}

static wu_code choice_words(wu_buf *out, const char *choices) {
    wu_code rc = WU_OK;
    wu_str c;
    for (int i = 0; !rc && (c = wu_opt_choice(choices, i)).n; i++)
        rc = wu_buf_fmt(out, "%s%.*s", i ? " " : "", (int)c.n, c.p);
    return rc;
}

static wu_code command_words(wu_buf *out, const wu_cmd *const *cmd, int n_cmd) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < n_cmd; i++) rc = wu_buf_fmt(out, "%s%s", i ? " " : "", cmd[i]->name);
    return rc;
}

/* ---- bash ---- */

static wu_code bash_command(wu_buf *out, const wu_cmd *cmd) {
    const wu_opt *o;
    wu_code rc = wu_buf_fmt(out, "    %s)\n        case $prev in\n", cmd->name);
    for (int i = 0; !rc && (o = wu_opt_at(cmd, i)); i++) {
        if (o->kind != WU_OPT_CHOICE) continue;
        if ((rc = wu_buf_fmt(out, "        --%s) words='", o->name))) break;
        if ((rc = choice_words(out, o->choices))) break;
        rc = wu_buf_str(out, "' ;;\n");
    }
    if (!rc) rc = wu_buf_str(out, "        *) words='--help");
    for (int i = 0; !rc && (o = wu_opt_at(cmd, i)); i++) {
        rc = wu_buf_fmt(out, " --%s", o->name);
        if (!rc && o->kind == WU_OPT_BOOL) rc = wu_buf_fmt(out, " --no-%s", o->name);
    }
    return rc ? rc : wu_buf_str(out, "' ;;\n        esac ;;\n");
}

static wu_code bash_script(wu_buf *out, const wu_cmd *const *cmd, int n_cmd) {
    wu_code rc = wu_buf_str(out, "# bash completion for wrapup; made by: wrapup completion bash\n"
                                 "_wrapup() {\n"
                                 "    local cur=${COMP_WORDS[COMP_CWORD]} words=''\n"
                                 "    local prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                                 "    COMPREPLY=()\n"
                                 "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='");
    if (!rc) rc = command_words(out, cmd, n_cmd);
    for (int i = 0; !rc && i < wu_n_builtin; i++) rc = wu_buf_fmt(out, " %s", wu_builtins[i].name);
    if (!rc)
        rc = wu_buf_str(out,
                        " --help --version'\n"
                        "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                        "        return\n    fi\n    case ${COMP_WORDS[1]} in\n    help) words='");
    if (!rc) rc = command_words(out, cmd, n_cmd);
    if (!rc) rc = wu_buf_str(out, "' ;;\n    completion) words='bash zsh fish' ;;\n");
    for (int i = 0; !rc && i < n_cmd; i++) rc = bash_command(out, cmd[i]);
    if (!rc)
        rc = wu_buf_str(out, "    esac\n"
                             "    case $cur in\n"
                             "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
                             "    *)\n"
                             "        case $words in\n"
                             "        --help*) ;;\n"
                             "        *) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
                             "        esac ;;\n"
                             "    esac\n}\n"
                             "complete -o default -F _wrapup wrapup\n");
    return rc;
}

/* ---- zsh ---- */

static wu_code zsh_option(wu_buf *out, const wu_opt *o, const char *no) {
    wu_code rc = wu_buf_fmt(out, "            '--%s%s[", no, o->name);
    if (!rc) rc = quoted(out, o->help, "[]\\");
    if (!rc) rc = wu_buf_char(out, ']');
    if (!rc && !is_flag(o)) {
        rc = wu_buf_fmt(out, ":%s:", o->value);
        if (!rc && o->kind == WU_OPT_CHOICE) {
            rc = wu_buf_char(out, '(');
            if (!rc) rc = choice_words(out, o->choices);
            if (!rc) rc = wu_buf_char(out, ')');
        } else if (!rc && o->kind == WU_OPT_TEXT) {
            rc = wu_buf_str(out, "_files");
        }
    }
    return rc ? rc : wu_buf_str(out, "' \\\n");
}

static wu_code zsh_command(wu_buf *out, const wu_cmd *cmd) {
    const wu_opt *o;
    wu_code rc = wu_buf_fmt(out, "    %s)\n        _arguments \\\n", cmd->name);
    for (int i = 0; !rc && (o = wu_opt_at(cmd, i)); i++) {
        rc = zsh_option(out, o, "");
        if (!rc && o->kind == WU_OPT_BOOL) rc = zsh_option(out, o, "no-");
    }
    return rc ? rc
              : wu_buf_str(out, "            '--help[Show help]' \\\n"
                                "            '*:file:_files' ;;\n");
}

static wu_code zsh_name(wu_buf *out, const char *name, const char *summary) {
    wu_code rc = wu_buf_fmt(out, "        '%s:", name);
    if (!rc) rc = quoted(out, summary, ":\\");
    return rc ? rc : wu_buf_str(out, "'\n");
}

static wu_code zsh_script(wu_buf *out, const wu_cmd *const *cmd, int n_cmd) {
    wu_code rc = wu_buf_str(out, "#compdef wrapup\n"
                                 "# zsh completion for wrapup; made by: wrapup completion zsh\n"
                                 "_wrapup() {\n    local -a names\n    names=(\n");
    for (int i = 0; !rc && i < n_cmd; i++) rc = zsh_name(out, cmd[i]->name, cmd[i]->summary);
    for (int i = 0; !rc && i < wu_n_builtin; i++)
        rc = zsh_name(out, wu_builtins[i].name, wu_builtins[i].summary);
    if (!rc)
        rc = wu_buf_str(out, "    )\n    if (( CURRENT == 2 )); then\n"
                             "        _describe command names\n        return\n    fi\n"
                             "    local name=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
                             "    case $name in\n    help) _describe command names ;;\n"
                             "    completion) compadd bash zsh fish ;;\n");
    for (int i = 0; !rc && i < n_cmd; i++) rc = zsh_command(out, cmd[i]);
    return rc ? rc : wu_buf_str(out, "    esac\n}\ncompdef _wrapup wrapup\n");
}

/* ---- fish ---- */

static wu_code fish_line(wu_buf *out, const char *cmd, const wu_opt *o, const char *no) {
    wu_code rc = wu_buf_fmt(out, "complete -c wrapup -n '__fish_seen_subcommand_from %s' -l %s%s",
                            cmd, no, o->name);
    if (!rc && o->letter) rc = wu_buf_fmt(out, " -s %c", o->letter);
    if (!rc && o->kind == WU_OPT_CHOICE) {
        rc = wu_buf_str(out, " -x -a '");
        if (!rc) rc = choice_words(out, o->choices);
        if (!rc) rc = wu_buf_char(out, '\'');
    } else if (!rc && !is_flag(o)) {
        rc = wu_buf_str(out, o->kind == WU_OPT_TEXT ? " -r" : " -x");
    }
    if (!rc) rc = wu_buf_str(out, " -d '");
    if (!rc) rc = quoted(out, o->help, "\\");
    return rc ? rc : wu_buf_str(out, "'\n");
}

static wu_code fish_name(wu_buf *out, const char *name, const char *summary) {
    wu_code rc = wu_buf_fmt(out, "complete -c wrapup -f -n __fish_use_subcommand -a %s -d '", name);
    if (!rc) rc = quoted(out, summary, "\\");
    return rc ? rc : wu_buf_str(out, "'\n");
}

static wu_code fish_script(wu_buf *out, const wu_cmd *const *cmd, int n_cmd) {
    wu_code rc = wu_buf_str(out, "# fish completion for wrapup; made by: wrapup completion fish\n");
    for (int i = 0; !rc && i < n_cmd; i++) rc = fish_name(out, cmd[i]->name, cmd[i]->summary);
    for (int i = 0; !rc && i < wu_n_builtin; i++)
        rc = fish_name(out, wu_builtins[i].name, wu_builtins[i].summary);
    if (!rc)
        rc = wu_buf_str(out, "complete -c wrapup -f -n '__fish_seen_subcommand_from completion' "
                             "-a 'bash zsh fish'\n"
                             "complete -c wrapup -f -n '__fish_seen_subcommand_from help' -a '");
    if (!rc) rc = command_words(out, cmd, n_cmd);
    if (!rc) rc = wu_buf_str(out, "'\n");
    for (int i = 0; !rc && i < n_cmd; i++) {
        const wu_opt *o;
        for (int k = 0; !rc && (o = wu_opt_at(cmd[i], k)); k++) {
            rc = fish_line(out, cmd[i]->name, o, "");
            if (!rc && o->kind == WU_OPT_BOOL) rc = fish_line(out, cmd[i]->name, o, "no-");
        }
    }
    return rc;
}

wu_code wu_opt_completion(wu_buf *out, const wu_cmd *const *cmd, int n_cmd, const char *shell) {
    if (strcmp(shell, "bash") == 0) return bash_script(out, cmd, n_cmd);
    if (strcmp(shell, "zsh") == 0) return zsh_script(out, cmd, n_cmd);
    if (strcmp(shell, "fish") == 0) return fish_script(out, cmd, n_cmd);
    return WU_EARG;
}
