/* commands.c - the commands, in the order of the help. */
#include "base/compiler.h"
#include "cli/opt.h"

const wu_cmd *const wu_commands[] = {
    &wu_cmd_analyze, &wu_cmd_train,    &wu_cmd_generate, &wu_cmd_synth,
    &wu_cmd_read,    &wu_cmd_redact,   &wu_cmd_prepare,  &wu_cmd_temporal,
    &wu_cmd_split,   &wu_cmd_subset,   &wu_cmd_format,   &wu_cmd_leak,
    &wu_cmd_stats,   &wu_cmd_tokenize, &wu_cmd_inspect,  &wu_cmd_cpu,
};
const int wu_n_command = (int)WU_LEN(wu_commands);
