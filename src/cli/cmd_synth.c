/* cmd_synth.c - `wrapup synth`: labelled conversations from the simulator. */
#include "base/compiler.h"
#include "base/dir.h"
#include "base/file.h"
#include "cli/open.h"
#include "cli/opt.h"
#include "cli/synth_api.h"
#include "contact/synth/probe.h"
#include "contact/synth/synth.h"
#include "contact/synth/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
    wu_common common;
    int64_t n, seed, start;
    const char *out, *language, *industry, *marginals, *tables;
    bool held_out, flat, no_noise, jsonl, check, probe, json;
    wu_api_options api;
} options;

static const wu_opt table[] = {
    {"count", 'n', WU_OPT_INT, offsetof(options, n), "N", "200", NULL, 1, 10000000, false,
     "Number of conversations."},
    {"seed", 0, WU_OPT_INT, offsetof(options, seed), "S", "0", NULL, 0, 9007199254740992.0, false,
     "Seed; the same seed gives the same bytes everywhere."},
    {"out", 'o', WU_OPT_TEXT, offsetof(options, out), "DIR", NULL, NULL, 0, 0, false,
     "New folder for what is made; it appears when everything is there."},
    {"start", 0, WU_OPT_INT, offsetof(options, start), "I", "0", NULL, 0, 1000000000, false,
     "Number of the first conversation. Conversations do not depend on each other: a set can be "
     "made in parts."},
    {"language", 0, WU_OPT_TEXT, offsetof(options, language), "LIST", "en", NULL, 0, 0, false,
     "Language, or several with weights: en=70,es=10,fr=10,de=10."},
    {"industry", 0, WU_OPT_TEXT, offsetof(options, industry), "LIST", NULL, NULL, 0, 0, false,
     "Industries, with commas between them; all that are not held out by default."},
    {"held-out", 0, WU_OPT_FLAG, offsetof(options, held_out), NULL, NULL, NULL, 0, 0, false,
     "Only the industries that are kept for testing what a model does in a new one."},
    {"marginals", 0, WU_OPT_CHOICE, offsetof(options, marginals), "WHICH", "natural",
     "natural|flat|both", 0, 0, false,
     "natural: good, bad and rare contacts as often as in life, to measure on. flat: thirds of "
     "quality and of satisfaction and all categories about equally often, better to learn from. "
     "both: N of each, in DIR/natural and DIR/flat."},
    {"flat", 0, WU_OPT_FLAG, offsetof(options, flat), NULL, NULL, NULL, 0, 0, false,
     "The same as --marginals flat."},
    {"no-noise", 0, WU_OPT_FLAG, offsetof(options, no_noise), NULL, NULL, NULL, 0, 0, false,
     "Without wrong categories, exchanged speakers, missing metadata, cut ends and missing sides."},
    {"jsonl", 0, WU_OPT_FLAG, offsetof(options, jsonl), NULL, NULL, NULL, 0, 0, false,
     "One file conversations.jsonl, labels included, instead of three files a conversation."},
    {"tables", 0, WU_OPT_TEXT, offsetof(options, tables), "DIR", NULL, NULL, 0, 0, false,
     "Folder with synth/LANGUAGE/acts.txt and so on; its files take the place of those built in."},
    {"check-tables", 0, WU_OPT_FLAG, offsetof(options, check), NULL, NULL, NULL, 0, 0, false,
     "Make nothing; print how many phrases the tables of --language have and need. Exit code 3 if "
     "there are too few."},
    {"probe", 0, WU_OPT_FLAG, offsetof(options, probe), NULL, NULL, NULL, 0, 0, false,
     "Make nothing; print how far guessers get that do not read (metadata, length, one word, a bag "
     "of words ...) on --count calls, at least 500, better 4000, and how varied the words are. "
     "Exit "
     "code 3 if something is not as expected."},
    {"json", 0, WU_OPT_FLAG, offsetof(options, json), NULL, NULL, NULL, 0, 0, false,
     "With --probe: print JSON."},
    {"api", 0, WU_OPT_TEXT, offsetof(options, api.url), "URL", NULL, NULL, 0, 0, false,
     "Have the conversations put into words by a language model behind this OpenAI-compatible "
     "endpoint, such as https://host/v1. Labels stay the simulator's."},
    {"api-model", 0, WU_OPT_TEXT, offsetof(options, api.model), "NAME", NULL, NULL, 0, 0, false,
     "Model that is asked for."},
    {"api-key-env", 0, WU_OPT_TEXT, offsetof(options, api.key_env), "NAME", "WRAPUP_API_KEY", NULL,
     0, 0, false, "Variable of the environment that has the key. This computer needs none."},
    {"api-dry-run", 0, WU_OPT_FLAG, offsetof(options, api.dry_run), NULL, NULL, NULL, 0, 0, false,
     "Print the prompt of the first conversation and an estimate for all; send nothing."},
    {"api-max-requests", 0, WU_OPT_INT, offsetof(options, api.max_requests), "N", "0", NULL, 0, 1e9,
     false, "Stop after that many requests of this run, repeated ones included; 0: no limit."},
    {"api-max-tokens", 0, WU_OPT_INT, offsetof(options, api.max_tokens), "N", "0", NULL, 0, 1e12,
     false,
     "Send nothing more once this run has used that many tokens, read and written together; 0: no "
     "limit."},
    {"api-price-in", 0, WU_OPT_REAL, offsetof(options, api.price_in), "X", "0", NULL, 0, 1e6, false,
     "Price of a million tokens that are read, to print what it cost."},
    {"api-price-out", 0, WU_OPT_REAL, offsetof(options, api.price_out), "X", "0", NULL, 0, 1e6,
     false, "Price of a million tokens that are written."},
    {"api-concurrency", 0, WU_OPT_INT, offsetof(options, api.concurrency), "N", "4", NULL, 1, 64,
     false, "Requests at the same time."},
    {"api-rpm", 0, WU_OPT_INT, offsetof(options, api.per_minute), "N", "0", NULL, 0, 1e6, false,
     "Most requests a minute; 0: no limit."},
    {"api-retries", 0, WU_OPT_INT, offsetof(options, api.retries), "N", "5", NULL, 0, 20, false,
     "How often a request is repeated after no connection, status 408, 429 or 5xx."},
    {"api-timeout", 0, WU_OPT_INT, offsetof(options, api.timeout_s), "S", "180", NULL, 1, 3600,
     false, "Seconds until a request counts as failed."},
    {"api-temperature", 0, WU_OPT_REAL, offsetof(options, api.temperature), "T", "1", NULL, 0, 2,
     false, "Sampling temperature; 1 is not sent."},
    {"api-answer-tokens", 0, WU_OPT_INT, offsetof(options, api.answer_tokens), "N", "0", NULL, 0,
     1e6, false, "max_tokens of an answer; 0: the endpoint's default."},
    {"api-json", 0, WU_OPT_CHOICE, offsetof(options, api.json_mode), "MODE", "object",
     "object|none", 0, 0, false,
     "Ask for response_format json_object, or not, for endpoints that do not know it."},
    {"api-allow-http", 0, WU_OPT_FLAG, offsetof(options, api.allow_http), NULL, NULL, NULL, 0, 0,
     false, "Allow http:// to other hosts; key and text are not encrypted then."},
};

/* ------------------------------------------------------------------------- one call's text */

typedef struct made { /* a conversation as bytes */
    wu_synth_call call;
    wu_buf transcript, analysis, journey, trace;
    bool missing; /* an endpoint had no usable answer */
    wu_err err;
} made;

static wu_code render(made *m, bool jsonl) {
    const wu_conversation *c = &m->call.conversation;
    wu_code rc = WU_OK;
    if (jsonl) {
        wu_json *j = wu_conversation_json(c, false);
        rc = j ? wu_json_write(&m->transcript, j, WU_JSON_COMPACT) : WU_ENOMEM;
        if (!rc) rc = wu_buf_char(&m->transcript, '\n');
        wu_json_free(j);
    } else {
        rc = wu_synth_markdown(&m->transcript, &m->call);
        if (!rc) rc = wu_json_write(&m->analysis, c->analysis, WU_JSON_INDENT2);
        if (!rc) rc = wu_buf_char(&m->analysis, '\n');
        if (!rc) rc = wu_json_write(&m->journey, c->journey, WU_JSON_INDENT2);
        if (!rc) rc = wu_buf_char(&m->journey, '\n');
    }
    if (!rc) rc = wu_json_write(&m->trace, m->call.trace, WU_JSON_COMPACT);
    return rc ? rc : wu_buf_char(&m->trace, '\n');
}

static void made_free(made *m) {
    wu_synth_call_free(&m->call);
    wu_buf_free(&m->transcript);
    wu_buf_free(&m->analysis);
    wu_buf_free(&m->journey);
    wu_buf_free(&m->trace);
}

/* --------------------------------------------------------------------------- a block of calls */

enum { BLOCK = 256 };

typedef struct answers { /* words of a language model elsewhere */
    const wu_api_job *job;
    const wu_journal *journal;
} answers;

typedef struct block {
    const wu_synth *synth;
    const answers *answers; /* NULL: the words are the simulator's */
    uint64_t first;
    bool jsonl;
    made *made; /* [BLOCK] */
} block;

static void make_one(void *ctx, int64_t unit, int thread) {
    block *b = ctx;
    made *m = &b->made[unit];
    (void)thread;
    wu_buf_clear(&m->transcript);
    wu_buf_clear(&m->analysis);
    wu_buf_clear(&m->journey);
    wu_buf_clear(&m->trace);
    m->err = (wu_err){.code = WU_OK};
    const uint64_t index = b->first + (uint64_t)unit;
    bool is_there = true;
    const wu_code rc = b->answers ? wu_api_make(b->answers->journal, b->answers->job, index,
                                                &m->call, &is_there, &m->err)
                                  : wu_synth_make(b->synth, index, &m->call, &m->err);
    m->missing = !is_there;
    if (rc || m->missing) return;
    if (render(m, b->jsonl))
        (void)wu_fail(&m->err, WU_ENOMEM, "call %llu: out of memory", (unsigned long long)index);
}

/* ------------------------------------------------------------------------------- writing */

typedef struct writer {
    const char *dir;
    bool jsonl;
    FILE *trace, *conversations;
} writer;

static wu_code put(FILE *f, const char *path, const wu_buf *b, wu_err *err) {
    return fwrite(b->p, 1, b->n, f) == b->n ? WU_OK : wu_fail_errno(err, "%s", path);
}

/* The folder is new and becomes visible as a whole: its files need no care of their own. */
static wu_code put_file(const writer *w, const char *name, uint64_t index, const char *end,
                        const wu_buf *b, wu_err *err) {
    char path[WU_PATH_MAX], file[96];
    snprintf(file, sizeof(file), "%s_%05llu.%s", name, (unsigned long long)index, end);
    wu_code rc = wu_path_join(path, sizeof(path), w->dir, file, err);
    if (rc) return rc;
    FILE *f = fopen(path, "wb");
    if (!f) return wu_fail_errno(err, "%s", path);
    rc = put(f, path, b, err);
    if (fclose(f) && !rc) rc = wu_fail_errno(err, "%s", path);
    return rc;
}

static wu_code write_call(const writer *w, const made *m, wu_err *err) {
    const uint64_t i = m->call.index;
    wu_code rc = put(w->trace, "trace.jsonl", &m->trace, err);
    if (rc) return rc;
    if (w->jsonl) return put(w->conversations, "conversations.jsonl", &m->transcript, err);
    rc = put_file(w, "transcripts/transcript", i, "md", &m->transcript, err);
    if (!rc) rc = put_file(w, "analyses/analysis", i, "json", &m->analysis, err);
    return rc ? rc : put_file(w, "journeys/journey_insight", i, "json", &m->journey, err);
}

static wu_code open_file(FILE **out, const char *dir, const char *name, wu_err *err) {
    char path[WU_PATH_MAX];
    const wu_code rc = wu_path_join(path, sizeof(path), dir, name, err);
    if (rc) return rc;
    return (*out = fopen(path, "wb")) ? WU_OK : wu_fail_errno(err, "%s", path);
}

static wu_code open_writer(writer *w, wu_err *err) {
    static const char *const folder[] = {"transcripts", "analyses", "journeys"};
    wu_code rc = wu_make_dirs(w->dir, err);
    if (!rc) rc = open_file(&w->trace, w->dir, "trace.jsonl", err);
    if (!rc && w->jsonl) rc = open_file(&w->conversations, w->dir, "conversations.jsonl", err);
    for (size_t i = 0; !rc && !w->jsonl && i < WU_LEN(folder); i++) {
        char path[WU_PATH_MAX];
        rc = wu_path_join(path, sizeof(path), w->dir, folder[i], err);
        if (!rc) rc = wu_make_dirs(path, err);
    }
    return rc;
}

static wu_code close_writer(writer *w, wu_code rc, wu_err *err) {
    FILE *f[] = {w->trace, w->conversations};
    for (size_t i = 0; i < WU_LEN(f); i++)
        if (f[i] && fclose(f[i]) && !rc) rc = wu_fail_errno(err, "%s", w->dir);
    return rc;
}

/* ------------------------------------------------------------------------------------ sets */

/* Makes n calls from `first` into dir. Blocks are made by all threads and written in order. */
static wu_code write_set(const options *o, const wu_synth *synth, wu_pool *pool, uint64_t first,
                         const answers *a, const char *dir, wu_err *err) {
    writer w = {.dir = dir, .jsonl = o->jsonl};
    block b = {
        .synth = synth, .answers = a, .jsonl = o->jsonl, .made = calloc(BLOCK, sizeof(*b.made))};
    wu_code rc = b.made ? open_writer(&w, err) : wu_fail(err, WU_ENOMEM, "%s: out of memory", dir);
    for (int64_t i = 0; !rc && i < o->n; i += BLOCK) {
        const int64_t n = WU_MIN(o->n - i, BLOCK);
        b.first = first + (uint64_t)i;
        wu_pool_for(pool, n, make_one, &b);
        for (int64_t k = 0; !rc && k < n; k++) {
            if (b.made[k].err.code) {
                rc = b.made[k].err.code;
                if (err) *err = b.made[k].err;
            } else if (!b.made[k].missing) {
                rc = write_call(&w, &b.made[k], err);
            }
        }
    }
    rc = close_writer(&w, rc, err);
    for (int k = 0; b.made && k < BLOCK; k++) made_free(&b.made[k]);
    free(b.made);
    return rc;
}

static wu_synth_options synth_options(const options *o, bool flat) {
    return (wu_synth_options){.seed = (uint64_t)o->seed,
                              .tables = o->tables,
                              .languages = o->language,
                              .industries = o->industry,
                              .held_out = o->held_out,
                              .flat = flat,
                              .no_noise = o->no_noise};
}

static wu_code make_set(const options *o, bool flat, wu_pool *pool, const char *dir, wu_err *err) {
    const wu_synth_options so = synth_options(o, flat);
    /* The flat set beside a natural one has other calls. */
    const bool second = flat && strcmp(o->marginals, "both") == 0;
    const uint64_t first = (uint64_t)o->start + (second ? (uint64_t)o->n : 0);
    wu_synth *synth = NULL;
    wu_code rc = wu_synth_open(&synth, &so, err);
    if (!rc) rc = write_set(o, synth, pool, first, NULL, dir, err);
    wu_synth_close(synth);
    return rc;
}

static wu_code make_both(const options *o, wu_pool *pool, const char *dir, wu_err *err) {
    char path[WU_PATH_MAX];
    wu_code rc = wu_path_join(path, sizeof(path), dir, "natural", err);
    if (!rc) rc = make_set(o, false, pool, path, err);
    if (!rc) rc = wu_path_join(path, sizeof(path), dir, "flat", err);
    return rc ? rc : make_set(o, true, pool, path, err);
}

static wu_code make_all(const options *o, wu_err *err) {
    const bool both = strcmp(o->marginals, "both") == 0;
    const bool flat = o->flat || strcmp(o->marginals, "flat") == 0;
    wu_new_dir dir = {0};
    wu_compute *compute = NULL;
    wu_code rc;
    if (!o->out) return wu_fail(err, WU_EARG, "--out DIR is missing");
    if (both && o->flat)
        return wu_fail(err, WU_EARG, "--flat and --marginals both exclude each other");
    if ((rc = wu_open_compute(&compute, &o->common, err))) goto done;
    if ((rc = wu_new_dir_begin(&dir, o->out, err))) goto done;
    rc = both ? make_both(o, wu_compute_pool(compute), dir.temporary, err)
              : make_set(o, flat, wu_compute_pool(compute), dir.temporary, err);
    if (!rc) rc = wu_new_dir_commit(&dir, err);
done:
    wu_new_dir_abandon(&dir);
    wu_compute_free(compute);
    if (!rc && !o->common.quiet)
        fprintf(stderr, "%s: %lld conversations%s\n", o->out, (long long)o->n,
                both ? " of each kind" : "");
    return rc;
}

/* -------------------------------------------------------------- words of a language model */

static bool is_flat(const options *o) { return o->flat || strcmp(o->marginals, "flat") == 0; }

/* The options that decide what is asked and what comes of it. */
static wu_json *journal_header(const options *o) {
    wu_json *h = wu_json_new_object();
    const struct {
        const char *key;
        wu_json *value;
    } member[] = {
        {"wrapup_api_journal", wu_json_new_int(1)},
        {"model", wu_json_new_str(wu_str_of(o->api.model))},
        {"temperature", wu_json_new_real(o->api.temperature)},
        {"seed", wu_json_new_int(o->seed)},
        {"language", wu_json_new_str(wu_str_of(o->language))},
        {"industry", o->industry ? wu_json_new_str(wu_str_of(o->industry)) : wu_json_new_null()},
        {"held_out", wu_json_new_bool(o->held_out)},
        {"flat", wu_json_new_bool(is_flat(o))},
        {"no_noise", wu_json_new_bool(o->no_noise)},
    };
    bool ok = h != NULL;
    for (size_t i = 0; i < WU_LEN(member); i++) {
        if (ok)
            ok = wu_json_set(h, member[i].key, member[i].value) == WU_OK;
        else
            wu_json_free(member[i].value);
    }
    if (ok) return h;
    wu_json_free(h);
    return NULL;
}

static wu_code check_api(const options *o, wu_err *err) {
    if (strcmp(o->marginals, "both") == 0)
        return wu_fail(err, WU_EARG, "--api makes one set at a time, not --marginals both");
    if (o->api.dry_run) return WU_OK;
    if (!o->api.model || !*o->api.model)
        return wu_fail(err, WU_EARG, "--api-model NAME is missing");
    return o->out ? WU_OK : wu_fail(err, WU_EARG, "--out DIR is missing");
}

/* Before anything is paid for: whether there will be a place for it. */
static wu_code check_place(const options *o, wu_err *err) {
    wu_new_dir dir = {0};
    const wu_code rc = wu_new_dir_begin(&dir, o->out, err);
    wu_new_dir_abandon(&dir);
    return rc;
}

static wu_code write_answers(const options *o, const wu_api_job *job, const wu_journal *journal,
                             wu_err *err) {
    const answers a = {job, journal};
    wu_new_dir dir = {0};
    wu_compute *compute = NULL;
    wu_code rc = wu_open_compute(&compute, &o->common, err);
    if (!rc) rc = wu_new_dir_begin(&dir, o->out, err);
    if (!rc)
        rc = write_set(o, job->synth, wu_compute_pool(compute), job->first, &a, dir.temporary, err);
    if (!rc) rc = wu_new_dir_commit(&dir, err);
    wu_new_dir_abandon(&dir);
    wu_compute_free(compute);
    return rc;
}

/* The answers are collected in DIR.partial, which survives; DIR comes from them at the end. */
static wu_code ask_and_write(const options *o, const wu_api_job *job, wu_err *err) {
    char work[WU_PATH_MAX];
    size_t n = strlen(o->out);
    while (n > 1 && o->out[n - 1] == '/') n--;
    if (n + sizeof(".partial") > sizeof(work))
        return wu_fail(err, WU_EARG, "--out: the path is too long");
    snprintf(work, sizeof(work), "%.*s.partial", (int)n, o->out);
    wu_journal journal = {.fd = -1};
    wu_code rc = check_place(o, err);
    if (!rc) rc = wu_api_ask_all(&journal, job, work, err);
    if (rc) return rc;
    const long long kept = (long long)journal.n_kept;
    rc = write_answers(o, job, &journal, err);
    if (rc)
        wu_journal_close(&journal);
    else
        wu_journal_remove(&journal);
    if (!rc && !o->common.quiet)
        fprintf(stderr, "%s: %lld conversations, %lld left out\n", o->out, kept,
                (long long)o->n - kept);
    return rc;
}

static wu_code make_with_api(const options *o, wu_err *err) {
    const wu_synth_options so = synth_options(o, is_flat(o));
    wu_synth *synth = NULL;
    wu_briefs *briefs = NULL;
    wu_json *header = NULL;
    wu_code rc = check_api(o, err);
    if (!rc) rc = wu_synth_open(&synth, &so, err);
    if (!rc) rc = wu_briefs_read(&briefs, o->tables, err);
    if (!rc && !o->api.dry_run && !(header = journal_header(o)))
        rc = wu_fail(err, WU_EARG, "--api-model, --language or --industry is not valid UTF-8");
    const wu_api_job job = {.options = &o->api,
                            .synth = synth,
                            .briefs = briefs,
                            .header = header,
                            .seed = (uint64_t)o->seed,
                            .first = (uint64_t)o->start,
                            .n = o->n,
                            .quiet = o->common.quiet,
                            .verbose = o->common.verbose};
    if (!rc) rc = o->api.dry_run ? wu_api_dry_run(&job, err) : ask_and_write(o, &job, err);
    wu_json_free(header);
    wu_briefs_free(briefs);
    wu_synth_close(synth);
    return rc;
}

/* ----------------------------------------------------------------------------------- tables */

/* Prints the counts of one language, or of each of a list. */
static wu_code check_tables(const options *o, wu_err *err) {
    wu_catalogue t = {0};
    wu_buf out = {0};
    int32_t short_of = 0;
    wu_code rc = wu_catalogue_read(&t, o->tables, err);
    for (const char *p = o->language; !rc && *p;) {
        const size_t n = strcspn(p, ","), name = WU_MIN(strcspn(p, "=,"), 15);
        wu_language l = {0};
        char code[16];
        int32_t few = 0;
        memcpy(code, p, name);
        code[name] = 0;
        rc = wu_language_read(&l, &t, o->tables, code, err);
        if (!rc && (rc = wu_language_check(&l, &t, &out, &few)))
            rc = wu_fail(err, rc, "%s: out of memory", code);
        short_of += few;
        wu_language_free(&l);
        p += n + (p[n] == ',');
    }
    if (!rc && out.n && fwrite(out.p, 1, out.n, stdout) != out.n)
        rc = wu_fail_errno(err, "standard output");
    if (!rc && short_of)
        rc = wu_fail(err, WU_EDATA, "%d counts of the tables are below their minimum", short_of);
    wu_buf_free(&out);
    wu_catalogue_free(&t);
    return rc;
}

static wu_code print_probes(const options *o, const wu_probe_report *r, wu_err *err) {
    wu_buf out = {0};
    wu_json *j = o->json ? wu_probe_json(r) : NULL;
    wu_code rc = o->json ? WU_OK : wu_probe_text(&out, r);
    if (o->json) rc = j ? wu_json_write(&out, j, WU_JSON_INDENT2) : WU_ENOMEM;
    if (!rc && o->json) rc = wu_buf_char(&out, '\n');
    if (rc)
        wu_fail(err, rc, "probes: out of memory");
    else if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout))
        rc = wu_fail_errno(err, "standard output");
    wu_json_free(j);
    wu_buf_free(&out);
    return rc;
}

static wu_code probe(const options *o, wu_err *err) {
    const wu_synth_options synth = {.seed = (uint64_t)o->seed,
                                    .tables = o->tables,
                                    .languages = o->language,
                                    .industries = o->industry,
                                    .no_noise = o->no_noise};
    wu_probe_report *r = calloc(1, sizeof(*r));
    if (!r) return wu_fail(err, WU_ENOMEM, "probes: out of memory");
    wu_code rc = wu_probe(r, &synth, (int32_t)o->n, err);
    if (!rc) rc = print_probes(o, r, err);
    int32_t odd = 0;
    for (int32_t i = 0; !rc && i < r->n_row; i++) odd += !wu_probe_holds(&r->row[i]);
    if (odd > 0) rc = wu_fail(err, WU_EDATA, "%d of %d probes are not as expected", odd, r->n_row);
    free(r);
    return rc;
}

static int run(const void *options_, int n_arg, char **arg, wu_err *err) {
    const options *o = options_;
    (void)n_arg;
    (void)arg;
    if (o->probe) return wu_exit_code(probe(o, err));
    if (o->check) return wu_exit_code(check_tables(o, err));
    if (o->api.url || o->api.dry_run) return wu_exit_code(make_with_api(o, err));
    if (o->api.model)
        return wu_exit_code(wu_fail(err, WU_EARG, "--api URL is missing, --api-model is given"));
    return wu_exit_code(make_all(o, err));
}

const wu_cmd wu_cmd_synth = {
    .name = "synth",
    .summary = "Make labelled conversations with the simulator",
    .about =
        "Writes simulated contact-center conversations with known causes. A company, an agent's "
        "skills, a customer's patience, the wait, what goes wrong and what the agent does decide "
        "the labels and the words; every label can be seen in the text or in the metadata, and "
        "most of what shows a label also occurs without it.\n\n"
        "DIR gets transcripts/transcript_NNNNN.md, analyses/analysis_NNNNN.json, "
        "journeys/journey_insight_NNNNN.json, as `wrapup prepare` reads them, and trace.jsonl with "
        "all causes, which must never be shown to a model.\n\n"
        "With --api a language model elsewhere writes the words from the same plans; labels stay "
        "the simulator's. Answers are checked and kept in DIR.partial as they come, so that a run "
        "that was stopped goes on with the same command; DIR appears at the end. The key comes "
        "from the environment and is never written. Only simulated data is sent.",
    .example = "  wrapup synth -n 2000 --seed 7 --out out/synth\n"
               "  wrapup synth -n 500 --seed 7 --start 2000 --marginals flat --out out/more\n"
               "  wrapup synth --check-tables --language en\n"
               "  wrapup synth --probe -n 4000 --seed 7\n",
    .opt = table,
    .n_opt = (int)WU_LEN(table),
    .size = sizeof(options),
    .run = run,
};
