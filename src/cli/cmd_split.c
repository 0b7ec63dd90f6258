/* cmd_split.c - `wrapup split`: train, valid and test without a leak between them. */
#include "cli/opt.h"
#include "contact/set/split.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    wu_common common;
    const char *data, *out, *group_by, *ratios, *near;
    double threshold;
    int64_t seed;
    bool by_time, force;
} options;

static const wu_opt table[] = {
    {"data", 0, WU_OPT_TEXT, offsetof(options, data), "PATH", NULL, NULL, 0, 0, true,
     "A file of examples, or a folder with examples.jsonl, as `wrapup prepare` writes it."},
    {"out", 'o', WU_OPT_TEXT, offsetof(options, out), "DIR", NULL, NULL, 0, 0, true,
     "Folder for train.jsonl, valid.jsonl and test.jsonl; it is made."},
    {"ratios", 0, WU_OPT_TEXT, offsetof(options, ratios), "T,V,E", "0.8,0.1,0.1", NULL, 0, 0, false,
     "Shares of train, valid and test, together 1; a share of 0 writes no such file."},
    {"group-by", 0, WU_OPT_CHOICE, offsetof(options, group_by), "WHAT", "conversation",
     "conversation|customer|agent", 0, 0, false,
     "What is never divided: a conversation; all conversations of a customer; all of an agent."},
    {"by-time", 0, WU_OPT_FLAG, offsetof(options, by_time), NULL, NULL, NULL, 0, 0, false,
     "The latest contacts go to test, those before them to valid, instead of by label. Contacts "
     "without a time go to train."},
    {"seed", 0, WU_OPT_INT, offsetof(options, seed), "SEED", "0", NULL, 0, 9007199254740992.0,
     false, "Another seed gives another division; the same one gives the same bytes everywhere."},
    {"near", 0, WU_OPT_CHOICE, offsetof(options, near), "WHAT", "fail", "fail|together|allow", 0, 0,
     false,
     "What to do about nearly equal conversations in different files: fail; keep such ones "
     "together; allow them (nobody looks)."},
    {"threshold", 0, WU_OPT_REAL, offsetof(options, threshold), "T", "0.8", NULL, 0.3, 1, false,
     "Nearly equal from this similarity on, as in `wrapup leak`."},
    {"force", 0, WU_OPT_FLAG, offsetof(options, force), NULL, NULL, NULL, 0, 0, false,
     "Replace train.jsonl, valid.jsonl and test.jsonl that are there."},
};

/* Three numbers and commas; strtod would take a comma of the locale, so the locale stays "C". */
static wu_code read_ratios(double share[WU_N_SPLIT], const char *text, wu_err *err) {
    const char *p = text;
    double sum = 0.0;
    for (int i = 0; i < WU_N_SPLIT; i++) {
        char *end;
        share[i] = strtod(p, &end);
        if (end == p || !(share[i] >= 0.0 && share[i] <= 1.0) || *end != (i < 2 ? ',' : 0))
            return wu_fail(err, WU_EARG, "--ratios %s: want three shares, as in 0.8,0.1,0.1", text);
        sum += share[i];
        p = end + 1;
    }
    if (fabs(sum - 1.0) > 1e-6)
        return wu_fail(err, WU_EARG, "--ratios %s: the shares add up to %g, not 1", text, sum);
    for (int i = 0; i < WU_N_SPLIT && fabs(sum - 1.0) > 1e-12; i++)
        share[i] /= sum; /* few digits */
    if (!(share[0] > 0.0))
        return wu_fail(err, WU_EARG, "--ratios %s: nothing is left for training", text);
    return WU_OK;
}

static const char *const by_name[] = {"conversation", "customer", "agent"};
static const char *const near_name[] = {"fail", "together", "allow"};

/* The table of options allows no other word. */
static int index_of(const char *word, const char *const *list, int n) {
    for (int i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0) return i;
    return 0;
}

static void tell(const options *o, const wu_split_report *r) {
    static const char *const who[] = {"", "customers", "agents"};
    const int by = index_of(o->group_by, by_name, (int)WU_LEN(by_name));
    for (int p = 0; p < WU_N_SPLIT; p++) {
        if (!r->part[p].written) continue;
        fprintf(stderr, "%s/%s.jsonl: %lld conversations", o->out, wu_split_name[p],
                (long long)r->part[p].n_conversation);
        if (by) fprintf(stderr, " of %lld %s", (long long)r->part[p].n_group, who[by]);
        fprintf(stderr, ", %lld examples\n", (long long)r->part[p].n_example);
    }
    if (r->n_alone > 0)
        fprintf(stderr, "%d conversations do not say which %s; each of them stands for itself\n",
                r->n_alone, o->group_by);
    if (r->n_no_time > 0)
        fprintf(stderr, "%d conversations have no start_time and went to train\n", r->n_no_time);
    if (r->n_same > 0)
        fprintf(stderr, "%d conversations have the words of another one and went with it\n",
                r->n_same);
    if (r->n_joined > 0)
        fprintf(stderr, "%lld times, (nearly) equal conversations were brought together\n",
                (long long)r->n_joined);
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    wu_split_options so = {.data = o->data,
                           .out = o->out,
                           .by_time = o->by_time,
                           .seed = (uint64_t)o->seed,
                           .threshold = o->threshold,
                           .force = o->force};
    wu_split_report report;
    (void)n_arg;
    (void)arg;
    so.by = (wu_group_by)index_of(o->group_by, by_name, (int)WU_LEN(by_name));
    so.near = (wu_near)index_of(o->near, near_name, (int)WU_LEN(near_name));
    wu_code rc = read_ratios(so.share, o->ratios, err);
    if (!rc) rc = wu_split(&report, &so, err);
    if (!rc && !o->common.quiet) tell(o, &report);
    return wu_exit_code(rc);
}

const wu_cmd wu_cmd_split = {
    .name = "split",
    .summary = "Divide examples into train, valid and test by conversation",
    .about =
        "Reads examples and writes train.jsonl, valid.jsonl and test.jsonl. All examples of a "
        "conversation (one source_id) go to one file, and so do conversations with the same "
        "words: a model must not be tested on what it was trained on.\n\n"
        "The files have issue categories in the same shares, and within a category satisfaction, "
        "rating and churn risk as far as numbers allow. Examples keep their order.\n\n"
        "Before the files take their names they are checked as `wrapup leak` does it; if "
        "anything of one stands in another one, nothing is written and the exit code is 3.",
    .example =
        "  wrapup split --data out/timed --out out/split --seed 1\n"
        "  wrapup split --data out/timed --out out/split --group-by customer --near together\n"
        "  wrapup split --data out/timed --out out/split --by-time --ratios 0.7,0.15,0.15\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
