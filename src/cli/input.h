/* input.h - transcripts as commands take them: files and directories of any known format.
 *
 * A command that reads transcripts has a wu_input_options in its options and
 * WU_INPUT_OPTIONS in its table, then walks:
 *
 *     wu_input in = {0};
 *     rc = wu_input_begin(&in, &o->input, &o->common, err);
 *     if (!rc) rc = wu_input_walk(&in, arg, n_arg, each, ud, err);
 *     wu_input_end(&in);
 *
 * What cannot be read is reported on standard error with its place and its
 * reason, counted and passed over; --strict makes it the end of the run.
 *
 * Threads: main only. */
#ifndef WU_CLI_INPUT_H
#define WU_CLI_INPUT_H

#include "cli/opt.h"
#include "contact/read/read.h"

typedef struct wu_input_options {
    const char *from, *map, *agent_is, *customer_is;
    bool infer_roles, strict;
} wu_input_options;

/* clang-format off */
#define WU_INPUT_AT(type, member, field)                                                           \
    (offsetof(type, member) + offsetof(wu_input_options, field))
/* Rows for a command's table; type is its options struct, member its wu_input_options. */
#define WU_INPUT_OPTIONS(type, member)                                                             \
    {"from", 0, WU_OPT_CHOICE, WU_INPUT_AT(type, member, from), "FORMAT", "auto",                  \
     WU_INPUT_FORMATS, 0, 0, false,                                                                \
     "Format of the transcripts; by default it is detected from each file's content."},            \
    {"map", 0, WU_OPT_TEXT, WU_INPUT_AT(type, member, map), "FIELD=COLUMN,...", NULL, NULL, 0, 0,  \
     false,                                                                                        \
     "For CSV and JSONL: which column or key holds what, for example "                             \
     "\"id=Call ID,role=From,text=Message\". Fields: id, transcript, role, text, time, end, "      \
     "channel, language, agent_id, agent_name, customer_id, customer_name, queue, start_time, "    \
     "zone, queue_wait_s, announced_wait_s, hold_s, transfers, contact_number_30d, analysis, "     \
     "journey."},                                                                                  \
    {"agent-is", 0, WU_OPT_TEXT, WU_INPUT_AT(type, member, agent_is), "NAME,...", NULL, NULL, 0,   \
     0,                                                                                            \
     false, "Speakers who are the agent, by the name or id that the file gives them."},            \
    {"customer-is", 0, WU_OPT_TEXT, WU_INPUT_AT(type, member, customer_is), "NAME,...", NULL,      \
     NULL, 0,                                                                                      \
     0, false, "Speakers who are the customer."},                                                  \
    {"infer-roles", 0, WU_OPT_BOOL, WU_INPUT_AT(type, member, infer_roles), NULL, "true", NULL,    \
     0, 0,                                                                                         \
     false,                                                                                        \
     "Where a file does not say who is who, find agent and customer by what they say; a role "     \
     "that is not clear stays unknown."},                                                          \
    {"strict", 0, WU_OPT_FLAG, WU_INPUT_AT(type, member, strict), NULL, NULL, NULL, 0, 0, false,   \
     "Stop at the first transcript that cannot be read, instead of reporting it and going on."}
/* clang-format on */

#define WU_INPUT_FORMATS                                                                           \
    "auto|plain|contact-lens|transcribe|ccai|genesys|webvtt|srt|whisper|turns|vcon|csv|jsonl|"     \
    "conversation"

typedef struct wu_input {
    wu_read_options read; /* as the options say; for commands that open a wu_reader themselves */
    bool strict, quiet;
    int64_t n_file, n_conversation;         /* read */
    int64_t n_file_bad, n_conversation_bad; /* passed over: could not be opened, read */
    wu_arena arena;
    wu_column_map map;
} wu_input; /* all zero is empty */

/* Where a conversation comes from. */
typedef struct wu_source {
    const char *path;
    wu_format format;
    int64_t number; /* of the conversation in its file, from 1 */
} wu_source;

/* Called for each conversation, which it may change. An error ends the walk; what only concerns
 * this conversation goes to wu_input_pass_over(). */
typedef wu_code (*wu_input_fn)(void *ud, wu_conversation *c, const wu_source *source, wu_err *err);

/* Errors: EARG (unknown format, wrong map), ENOMEM. */
WU_MUST_CHECK wu_code wu_input_begin(wu_input *in, const wu_input_options *o,
                                     const wu_common *common, wu_err *err);
void wu_input_end(wu_input *in);

/* Calls each for every conversation of the files ("-": standard input) and of all files below the
 * directories, in the order of their names. Errors: what each returns; ENOMEM; with --strict what
 * cannot be read; EDATA if no conversation at all could be read. */
WU_MUST_CHECK wu_code wu_input_walk(wu_input *in, char *const *path, int n_path, wu_input_fn each,
                                    void *ud, wu_err *err);

/* Reports and counts a conversation that cannot be used, err has the reason: OK, and err is
 * cleared; with --strict, or if memory is out, the error itself. */
WU_MUST_CHECK wu_code wu_input_pass_over(wu_input *in, wu_err *err);

#endif
