/* commands.c - the commands, in the order of the help. */
#include "base/compiler.h"
#include "cli/opt.h"

/* A command whose file is not in the tree is left out (src/cli/meson.build). */
const wu_cmd *const wu_commands[] = {
#ifdef WU_HAVE_CMD_ANALYZE
    &wu_cmd_analyze,
#endif
#ifdef WU_HAVE_CMD_TRAIN
    &wu_cmd_train,
#endif
#ifdef WU_HAVE_CMD_GENERATE
    &wu_cmd_generate,
#endif
#ifdef WU_HAVE_CMD_SYNTH
    &wu_cmd_synth,
#endif
#ifdef WU_HAVE_CMD_TOKENIZE
    &wu_cmd_tokenize,
#endif
#ifdef WU_HAVE_CMD_INSPECT
    &wu_cmd_inspect,
#endif
#ifdef WU_HAVE_CMD_CPU
    &wu_cmd_cpu,
#endif
    NULL,
};
const int wu_n_command = (int)WU_LEN(wu_commands) - 1;
