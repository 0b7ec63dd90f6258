/* opt_impl.h - what parsing, help, man page and completion share.
 *
 * Threads: main only. */
#ifndef WU_CLI_OPT_IMPL_H
#define WU_CLI_OPT_IMPL_H

#include "cli/opt.h"

/* The options of wu_common, which every command has. */
extern const wu_opt wu_common_opt[];
extern const int wu_n_common_opt;

/* Option i of a command, its own first, then the common ones; NULL at the end. */
const wu_opt *wu_opt_at(const wu_cmd *cmd, int i);

/* The i-th of "a|b|c"; an empty view at the end. */
wu_str wu_opt_choice(const char *choices, int i);

/* Words that main understands besides the commands, for help, man page and completion. */
typedef struct wu_builtin {
    const char *name, *arguments, *summary;
} wu_builtin;
extern const wu_builtin wu_builtins[];
extern const int wu_n_builtin;

/* One row of the table of exit codes. */
typedef struct wu_exit_row {
    int code;
    const char *meaning;
} wu_exit_row;
extern const wu_exit_row wu_exit_rows[];
extern const int wu_n_exit_row;

/* Environment variables of the program. */
extern const wu_builtin wu_environment[];
extern const int wu_n_environment;

#endif
