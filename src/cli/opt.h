/* opt.h - one table of options makes parsing, help, man page and completion.
 *
 * A command has an options struct that begins with a wu_common; each entry of
 * its table says where in the struct a value goes.  Parsing is getopt_long's;
 * an unknown or abbreviated flag is refused with a suggestion (exit 2).
 *
 * Threads: main only. */
#ifndef WU_CLI_OPT_H
#define WU_CLI_OPT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum wu_opt_kind {
    WU_OPT_FLAG,  /* bool: --x */
    WU_OPT_BOOL,  /* bool with a default: --x or --no-x */
    WU_OPT_INT,   /* int64_t, lo..hi */
    WU_OPT_REAL,  /* double, lo..hi */
    WU_OPT_TEXT,  /* const char * */
    WU_OPT_CHOICE /* const char *, one of choices */
} wu_opt_kind;

typedef struct wu_opt {
    const char *name; /* long name without dashes */
    char letter;      /* short form or 0 */
    wu_opt_kind kind;
    size_t offset;        /* of the value in the options struct */
    const char *value;    /* what the help calls the value: "N", "DIR"; NULL for flags */
    const char *fallback; /* default as text, parsed like the user's; NULL: none (0, false, NULL) */
    const char *choices;  /* "a|b|c" for CHOICE */
    double lo, hi;        /* for INT and REAL; both 0: any */
    bool required;
    const char *help; /* one or two sentences */
} wu_opt;

/* Every options struct begins with this; its options are added to every command. */
typedef struct wu_common {
    int64_t threads; /* --threads N, 0: all */
    const char *cpu; /* --cpu LEVEL, or WRAPUP_CPU; NULL: all levels */
    bool quiet;      /* -q */
    bool verbose;    /* -v */
} wu_common;

typedef struct wu_cmd {
    const char *name;
    const char *summary;    /* one line for `wrapup --help` */
    const char *arguments;  /* "FILE..." or NULL: no positional arguments */
    int min_args, max_args; /* of positional arguments; max -1: any number */
    const char *about;      /* paragraphs for help and man page */
    const char *example;    /* lines for help and man page, or NULL */
    const wu_opt *opt;
    int n_opt;
    size_t size; /* of the options struct */
    /* Returns an exit code; a message in err is printed by main. Where only err matters, return
     * wu_exit_code(code). */
    int (*run)(const void *options, int n_arg, char **arg, wu_err *err);
} wu_cmd;

/* Parses argv[1..] of a command into *options (size bytes, cleared and filled with defaults).
 * Positional arguments are moved to the front of argv and counted in *n_arg. *done is set if help
 * was printed. Errors: EARG. */
WU_MUST_CHECK wu_code wu_opt_parse(const wu_cmd *cmd, void *options, int argc, char **argv,
                                   int *n_arg, bool *done, wu_err *err);

/* Text for people, added to out: one command; the whole program; wrapup.1; a completion script for
 * "bash", "zsh" or "fish" (EARG for another shell). Errors: ENOMEM. */
WU_MUST_CHECK wu_code wu_opt_help(wu_buf *out, const wu_cmd *cmd);
WU_MUST_CHECK wu_code wu_opt_overview(wu_buf *out, const wu_cmd *const *cmd, int n_cmd);
WU_MUST_CHECK wu_code wu_opt_man(wu_buf *out, const wu_cmd *const *cmd, int n_cmd);
WU_MUST_CHECK wu_code wu_opt_completion(wu_buf *out, const wu_cmd *const *cmd, int n_cmd,
                                        const char *shell);

/* The name that was probably meant by what was typed, or NULL. */
const char *wu_opt_nearest(const char *typed, const char *const *name, int n);

/* The commands, in the order of the help. */
extern const wu_cmd *const wu_commands[];
extern const int wu_n_command;

extern const wu_cmd wu_cmd_analyze, wu_cmd_cpu, wu_cmd_format, wu_cmd_generate, wu_cmd_inspect,
    wu_cmd_leak, wu_cmd_prepare, wu_cmd_read, wu_cmd_split, wu_cmd_stats, wu_cmd_subset,
    wu_cmd_synth, wu_cmd_temporal, wu_cmd_tokenize, wu_cmd_train, wu_cmd_redact;

#endif
