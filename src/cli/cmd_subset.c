/* cmd_subset.c - `wrapup subset`: fewer conversations, whole ones, of the same kinds. */
#include "cli/opt.h"
#include "contact/set/split.h"

#include <stdio.h>

typedef struct options {
    wu_common common;
    const char *data, *out;
    int64_t size, conversations, seed;
} options;

static const wu_opt table[] = {
    {"data", 0, WU_OPT_TEXT, offsetof(options, data), "PATH", NULL, NULL, 0, 0, true,
     "A file of examples, or a folder with examples.jsonl, else with train.jsonl."},
    {"out", 'o', WU_OPT_TEXT, offsetof(options, out), "PATH", NULL, NULL, 0, 0, true,
     "The file to write (.jsonl), or a folder for a file of the same name and metadata.json."},
    {"size", 0, WU_OPT_INT, offsetof(options, size), "N", NULL, NULL, 1, 2147483647, false,
     "Take N examples, or up to a few less: a conversation comes whole or not at all."},
    {"conversations", 0, WU_OPT_INT, offsetof(options, conversations), "N", NULL, NULL, 1,
     2147483647, false, "Take N conversations."},
    {"seed", 0, WU_OPT_INT, offsetof(options, seed), "SEED", "0", NULL, 0, 9007199254740992.0,
     false, "Another seed takes others; the same one gives the same bytes everywhere."},
};

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    const wu_subset_options so = {.data = o->data,
                                  .out = o->out,
                                  .size = o->size,
                                  .conversations = o->conversations,
                                  .seed = (uint64_t)o->seed};
    wu_subset_report r;
    (void)n_arg;
    (void)arg;
    if ((o->size > 0) == (o->conversations > 0))
        return wu_exit_code(
            wu_fail(err, WU_EARG, "how much? give either --size (examples) or --conversations"));
    const wu_code rc = wu_subset(&r, &so, err);
    if (!rc && !o->common.quiet)
        fprintf(stderr, "%s: %lld of %lld conversations, %lld of %lld examples\n", o->out,
                (long long)r.n_conversation, (long long)r.all_conversations, (long long)r.n_example,
                (long long)r.all_examples);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_subset = {
    .name = "subset",
    .summary = "Take some of the conversations, with the same shares of labels",
    .about = "Reads examples and writes fewer of them, for a quick training run. Conversations "
             "come whole; issue categories, satisfaction, rating and churn risk keep their shares "
             "as far as numbers allow, and examples keep their order.",
    .example = "  wrapup subset --data out/split/train.jsonl --out out/small/train.jsonl --size "
               "1500\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
