/* synth_api.c - simulated contacts put into words by a language model elsewhere (synth_api.h). */
#include "cli/synth_api.h"

#include "base/clock.h"
#include "base/pool.h"
#include "cli/remote.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ATTEMPTS = 3, FAILURES_IN_A_ROW = 5, BYTES_PER_TOKEN = 4 };

/* ------------------------------------------------------------------------------- signals */

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    static const char words[] = "\nStopping; once more stops at once.\n";
    (void)number;
    stop = 1;
    /* Nothing can be done if the terminal is gone. */
    if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0) return;
}

/* The first signal asks, the second one ends the program as usual. */
static void catch_signals(bool on) {
    struct sigaction a;
    memset(&a, 0, sizeof(a));
    a.sa_handler = on ? on_signal : SIG_DFL;
    a.sa_flags = on ? SA_RESETHAND | SA_RESTART : 0;
    sigemptyset(&a.sa_mask);
    (void)sigaction(SIGINT, &a, NULL);
    (void)sigaction(SIGTERM, &a, NULL);
    /* A connection that the other side has closed is an error like others. */
    a.sa_handler = on ? SIG_IGN : SIG_DFL;
    a.sa_flags = 0;
    (void)sigaction(SIGPIPE, &a, NULL);
}

/* ------------------------------------------------------------------------- request, reply */

static wu_code push_message(wu_json *list, const char *role, wu_str content) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? wu_json_set(o, "role", wu_json_new_str(wu_str_of(role))) : WU_ENOMEM;
    if (!rc) rc = wu_json_set(o, "content", wu_json_new_str(content));
    if (!rc) return wu_json_push(list, o);
    wu_json_free(o);
    return rc;
}

static wu_code set_options(wu_json *o, const wu_api_options *a) {
    wu_code rc = WU_OK;
    /* 1 is everybody's default, and some models take no other. */
    if (a->temperature < 1.0 || a->temperature > 1.0)
        rc = wu_json_set(o, "temperature", wu_json_new_real(a->temperature));
    if (!rc && a->answer_tokens)
        rc = wu_json_set(o, "max_tokens", wu_json_new_int(a->answer_tokens));
    if (!rc && strcmp(a->json_mode, "object") == 0) {
        wu_json *format = wu_json_new_object();
        rc = format ? wu_json_set(format, "type", wu_json_new_str(WU_STR("json_object")))
                    : WU_ENOMEM;
        if (!rc) return wu_json_set(o, "response_format", format);
        wu_json_free(format);
    }
    return rc;
}

/* complaint: what was wrong with the answer before, or empty. */
static wu_code write_request(wu_buf *out, const wu_api_job *job, const wu_brief *b,
                             wu_str complaint) {
    wu_json *o = wu_json_new_object(), *list = wu_json_new_array();
    wu_buf user = {0};
    wu_code rc = o && list ? WU_OK : WU_ENOMEM;
    if (!rc) rc = wu_buf_add(&user, b->prompt.p, b->prompt.n);
    if (!rc && complaint.n)
        rc = wu_buf_fmt(&user, "\nAn earlier answer could not be used: %.*s.\n", (int)complaint.n,
                        complaint.p);
    if (!rc) rc = push_message(list, "system", wu_briefs_system(job->briefs));
    if (!rc) rc = push_message(list, "user", wu_buf_view(&user));
    if (!rc) rc = wu_json_set(o, "model", wu_json_new_str(wu_str_of(job->options->model)));
    if (!rc) {
        rc = wu_json_set(o, "messages", list);
        list = NULL;
    }
    if (!rc) rc = set_options(o, job->options);
    if (!rc) rc = wu_json_write(out, o, WU_JSON_COMPACT);
    wu_json_free(o);
    wu_json_free(list);
    wu_buf_free(&user);
    return rc;
}

typedef struct usage {
    int64_t in, out;
    bool estimated; /* the endpoint did not say */
} usage;

static int64_t tokens(const wu_json *u, const char *key, size_t bytes, bool *estimated) {
    const wu_json *j = wu_json_get(u, key);
    const int64_t n = wu_json_type(j) == WU_JSON_INT ? wu_json_int(j) : -1;
    if (n >= 0 && n < 1000000000) return n;
    *estimated = true;
    return (int64_t)(bytes / BYTES_PER_TOKEN);
}

/* The words of a reply; the view is into *j, the caller's. */
static wu_code read_reply(wu_json **j, wu_str *content, usage *u, wu_str reply, size_t sent,
                          wu_err *err) {
    u->in = (int64_t)(sent / BYTES_PER_TOKEN);
    u->out = (int64_t)(reply.n / BYTES_PER_TOKEN);
    u->estimated = true;
    const wu_code rc = wu_json_parse(j, reply, "reply", WU_EDATA, err);
    if (rc) return rc;
    const wu_json *choice = wu_json_at(wu_json_get(*j, "choices"), 0);
    *content = wu_json_str(wu_json_get(wu_json_get(choice, "message"), "content"));
    const wu_json *used = wu_json_get(*j, "usage");
    u->estimated = false;
    u->in = tokens(used, "prompt_tokens", sent, &u->estimated);
    u->out = tokens(used, "completion_tokens", content->n, &u->estimated);
    if (wu_str_eq(wu_json_str(wu_json_get(choice, "finish_reason")), WU_STR("length")))
        return wu_fail(err, WU_EDATA, "the answer was cut off at the limit of its length");
    if (!content->n)
        return wu_fail(err, WU_EDATA, "reply: choices[0].message.content is missing or empty");
    return WU_OK;
}

/* --------------------------------------------------------------------------------- asking */

typedef struct work {
    const wu_api_job *job;
    wu_remote *remote;
    wu_journal *journal;
    pthread_mutex_t lock; /* what follows, and the journal */
    wu_code rc;           /* why all ends */
    wu_err err;
    int64_t failed, in_a_row;
    usage used;
    double said_s;
} work;

static void end_all(work *w, wu_code rc, const wu_err *err) {
    if (w->rc) return;
    w->rc = rc;
    w->err = *err;
}

static bool has_ended(work *w) {
    pthread_mutex_lock(&w->lock);
    const bool ended = w->rc != WU_OK;
    pthread_mutex_unlock(&w->lock);
    return ended;
}

/* Whether an answer was ever taken. */
static bool has_kept(work *w) {
    pthread_mutex_lock(&w->lock);
    const bool kept = w->journal->n_kept > 0;
    pthread_mutex_unlock(&w->lock);
    return kept;
}

static wu_code check_budget(work *w, wu_err *err) {
    const int64_t most = w->job->options->max_tokens;
    pthread_mutex_lock(&w->lock);
    const int64_t used = w->used.in + w->used.out;
    pthread_mutex_unlock(&w->lock);
    if (!most || used < most) return WU_OK;
    return wu_fail(err, WU_ESTOPPED, "--api-max-tokens: %lld tokens were used", (long long)used);
}

static void count_usage(work *w, const usage *u) {
    pthread_mutex_lock(&w->lock);
    w->used.in += u->in;
    w->used.out += u->out;
    w->used.estimated = w->used.estimated || u->estimated;
    pthread_mutex_unlock(&w->lock);
}

/* One request and what comes of it. EDATA: the answer is not usable. */
static wu_code ask_once(work *w, const wu_brief *b, int attempt, wu_str complaint, wu_answer *out,
                        usage *u, wu_err *err) {
    wu_buf body = {0}, reply = {0};
    wu_json *j = NULL;
    wu_str content = {0};
    wu_code rc = check_budget(w, err);
    if (!rc && (rc = write_request(&body, w->job, b, complaint)))
        (void)wu_fail(err, rc, "out of memory");
    if (!rc)
        rc = wu_remote_post(w->remote, b->index * ATTEMPTS + (uint64_t)attempt, wu_buf_view(&body),
                            &reply, err);
    if (!rc) {
        rc = read_reply(&j, &content, u, wu_buf_view(&reply), body.n, err);
        count_usage(w, u);
    }
    if (!rc && wu_remote_has_key(w->remote, content))
        rc = wu_fail(err, WU_EDATA, "the answer contains the key");
    if (!rc) rc = wu_answer_read(out, b, content, err);
    if (!rc) {
        /* What JSON's escapes hide is seen once they are read. */
        for (int32_t i = 0; !rc && i < out->n; i++)
            if (wu_remote_has_key(w->remote, out->turn[i].text))
                rc = wu_fail(err, WU_EDATA, "the answer contains the key");
        if (rc) wu_answer_free(out);
    }
    wu_json_free(j);
    wu_buf_free(&reply);
    wu_buf_free(&body);
    return rc;
}

static wu_json *make_entry(const wu_brief *b, const wu_answer *a, const usage *u, int attempts,
                           const char *failed) {
    wu_json *o = failed ? wu_json_new_object() : wu_answer_json(a), *used = wu_json_new_object();
    wu_code rc =
        o && used ? wu_json_set(o, "index", wu_json_new_int((int64_t)b->index)) : WU_ENOMEM;
    if (!rc) rc = wu_json_set(o, "prompt", wu_json_new_str(wu_str_of(b->hash)));
    if (!rc) rc = wu_json_set(o, "attempts", wu_json_new_int(attempts));
    if (!rc) rc = wu_json_set(used, "prompt_tokens", wu_json_new_int(u->in));
    if (!rc) rc = wu_json_set(used, "completion_tokens", wu_json_new_int(u->out));
    if (!rc) {
        rc = wu_json_set(o, "usage", used);
        used = NULL;
    }
    if (!rc && failed) rc = wu_json_set(o, "failed", wu_json_new_str(wu_str_of(failed)));
    wu_json_free(used);
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}

/* At most every ten seconds, or each call with -v. */
static void say_progress(work *w, const wu_brief *b, const usage *u, int attempts,
                         const char *failed) {
    const wu_api_job *job = w->job;
    const double now = wu_clock_s();
    if (job->quiet) return;
    if (failed)
        fprintf(stderr, "call %llu: left out, %s\n", (unsigned long long)b->index, failed);
    else if (job->verbose)
        fprintf(stderr, "call %llu: attempt %d, %lld + %lld tokens\n", (unsigned long long)b->index,
                attempts, (long long)u->in, (long long)u->out);
    else if (now - w->said_s > 10.0)
        fprintf(stderr, "%lld of %lld conversations, %lld tokens\n", (long long)w->journal->n_kept,
                (long long)job->n, (long long)w->used.in + (long long)w->used.out);
    else
        return;
    w->said_s = now;
}

/* Other people's bytes may be in a message; a terminal shall not obey them. */
static void make_plain(char *s) {
    for (; *s; s++)
        if (*s < ' ' || *s > '~') *s = '?';
}

static void settle(work *w, const wu_brief *b, const wu_answer *a, const usage *u, int attempts,
                   const wu_err *why) {
    const char *failed = why->code ? why->msg : NULL;
    wu_json *entry = make_entry(b, a, u, attempts, failed);
    wu_err err = {.code = WU_OK};
    pthread_mutex_lock(&w->lock);
    wu_code rc = entry ? wu_journal_add(w->journal, b->index, entry, &err)
                       : wu_fail(&err, WU_ENOMEM, "%s: out of memory", w->journal->path);
    w->failed += failed != NULL;
    w->in_a_row = failed ? w->in_a_row + 1 : 0;
    if (!rc) say_progress(w, b, u, attempts, failed);
    if (!rc && w->in_a_row >= FAILURES_IN_A_ROW)
        rc = wu_fail(&err, WU_EDATA, "%d conversations in a row had no usable answer, the last: %s",
                     FAILURES_IN_A_ROW, failed ? failed : "");
    if (rc) end_all(w, rc, &err);
    pthread_mutex_unlock(&w->lock);
    wu_json_free(entry);
}

static wu_code ask_call(work *w, const wu_brief *b, wu_err *err) {
    wu_answer answer = {0};
    usage sum = {0};
    wu_code rc = WU_EDATA;
    int attempt = 0;
    for (; rc == WU_EDATA && attempt < ATTEMPTS; attempt++) {
        usage u = {0};
        char complaint[WU_ERR_MAX];
        snprintf(complaint, sizeof(complaint), "%s", attempt ? err->msg : "");
        rc = ask_once(w, b, attempt, wu_str_of(complaint), &answer, &u, err);
        if (rc) make_plain(err->msg);
        sum.in += u.in;
        sum.out += u.out;
    }
    if (!rc) *err = (wu_err){.code = WU_OK};
    if (rc == WU_EFORMAT) /* a filter of contents, or a request that nobody takes */
        rc = has_kept(w) ? WU_EDATA : (err->code = WU_EARG);
    if (!rc || rc == WU_EDATA) {
        settle(w, b, &answer, &sum, attempt, err);
        rc = WU_OK;
    }
    wu_answer_free(&answer);
    return rc;
}

/* An answer of an earlier run must be one to the same question. */
static wu_code check_kept(const work *w, const wu_brief *b, wu_err *err) {
    wu_json *j = NULL;
    const wu_code rc = wu_journal_read(w->journal, b->index, &j, err);
    const bool same = !rc && wu_str_eq(wu_json_str(wu_json_get(j, "prompt")), wu_str_of(b->hash));
    wu_json_free(j);
    if (rc || same) return rc;
    return wu_fail(err, WU_EARG,
                   "%s: call %llu was asked for with other words, from other tables or by another "
                   "version; use the same, or another --out",
                   w->journal->path, (unsigned long long)b->index);
}

static void ask_unit(void *ctx, int64_t unit, int thread) {
    work *w = ctx;
    const uint64_t index = w->job->first + (uint64_t)unit;
    wu_err err = {.code = WU_OK};
    wu_brief b = {0};
    (void)thread;
    if (stop || has_ended(w)) return;
    wu_code rc = wu_brief_make(&b, w->job->briefs, w->job->synth, index, &err);
    if (!rc) rc = wu_journal_has(w->journal, index) ? WU_OK : ask_call(w, &b, &err);
    wu_brief_free(&b);
    if (!rc) return;
    pthread_mutex_lock(&w->lock);
    end_all(w, rc, &err);
    pthread_mutex_unlock(&w->lock);
}

/* ---------------------------------------------------------------------------------- whole */

static void say_cost(const wu_api_options *o, const usage *u, const char *end) {
    fprintf(stderr, "%s%lld + %lld tokens", u->estimated ? "about " : "", (long long)u->in,
            (long long)u->out);
    if (o->price_in > 0.0 || o->price_out > 0.0)
        fprintf(stderr, ", about %.4f at the prices given",
                ((double)u->in * o->price_in + (double)u->out * o->price_out) / 1e6);
    fputs(end, stderr);
}

/* All that is kept must belong to this job, before anything is paid for. */
static wu_code check_all_kept(const work *w, wu_err *err) {
    wu_brief b = {0};
    wu_code rc = WU_OK;
    for (int64_t i = 0; !rc && i < w->job->n; i++) {
        const uint64_t index = w->job->first + (uint64_t)i;
        if (!wu_journal_has(w->journal, index)) continue;
        rc = wu_brief_make(&b, w->job->briefs, w->job->synth, index, err);
        if (!rc) rc = check_kept(w, &b, err);
    }
    wu_brief_free(&b);
    return rc;
}

static wu_code ask_with(work *w, wu_err *err) {
    const wu_api_options *o = w->job->options;
    wu_pool *pool = NULL;
    wu_code rc = check_all_kept(w, err);
    if (rc) return rc;
    const int64_t left = w->job->n - w->journal->n_kept;
    if (!w->job->quiet && w->journal->n_kept)
        fprintf(stderr, "%s: %lld answers are there, %lld are missing\n", w->journal->path,
                (long long)w->journal->n_kept, (long long)left);
    if (left && (rc = wu_pool_create(&pool, (int)o->concurrency, err))) return rc;
    w->said_s = wu_clock_s();
    catch_signals(true);
    if (left) wu_pool_for(pool, w->job->n, ask_unit, w);
    catch_signals(false);
    wu_pool_free(pool);
    if (!w->job->quiet) {
        fprintf(stderr, "%lld requests, ", (long long)wu_remote_requests(w->remote));
        say_cost(o, &w->used, "\n");
    }
    if (!w->rc && stop) w->rc = wu_fail(&w->err, WU_ESTOPPED, "stopped");
    if (!w->rc && !w->journal->n_kept)
        w->rc = wu_fail(&w->err, WU_EDATA, "no conversation had a usable answer");
    if (!w->rc) return WU_OK;
    if (!w->journal->n_kept) return wu_fail(err, w->rc, "%s", w->err.msg);
    return wu_fail(
        err, w->rc, "%s; %lld of %lld conversations are kept in %s, the same command goes on there",
        w->err.msg, (long long)w->journal->n_kept, (long long)w->job->n, w->journal->path);
}

wu_code wu_api_ask_all(wu_journal *j, const wu_api_job *job, const char *dir, wu_err *err) {
    const wu_api_options *o = job->options;
    const wu_remote_options ro = {.url = o->url,
                                  .key_env = o->key_env,
                                  .allow_http = o->allow_http,
                                  .timeout_s = o->timeout_s,
                                  .retries = o->retries,
                                  .per_minute = o->per_minute,
                                  .max_requests = o->max_requests,
                                  .seed = job->seed,
                                  .stop = &stop};
    work w = {.job = job, .journal = j};
    char path[WU_PATH_MAX];
    wu_code rc = wu_remote_open(&w.remote, &ro, err);
    if (!rc) rc = wu_path_join(path, sizeof(path), dir, "api.jsonl", err);
    if (!rc) rc = wu_make_dirs(dir, err);
    if (!rc) rc = wu_journal_open(j, path, job->header, job->first, job->n, err);
    if (!rc) {
        if (pthread_mutex_init(&w.lock, NULL)) {
            rc = wu_fail(err, WU_ENOMEM, "--api: out of memory");
        } else {
            rc = ask_with(&w, err);
            pthread_mutex_destroy(&w.lock);
        }
        if (rc && !j->n_kept)
            wu_journal_remove(j); /* nothing to go on with */
        else if (rc)
            wu_journal_close(j);
    }
    wu_remote_close(w.remote);
    return rc;
}

wu_code wu_api_make(const wu_journal *j, const wu_api_job *job, uint64_t index, wu_synth_call *call,
                    bool *made, wu_err *err) {
    wu_brief b = {0};
    wu_answer a = {0};
    wu_buf text = {0};
    wu_json *entry = NULL;
    wu_code rc;
    *made = wu_journal_has(j, index);
    if (!*made) return WU_OK;
    rc = wu_journal_read(j, index, &entry, err);
    if (!rc) rc = wu_brief_make(&b, job->briefs, job->synth, index, err);
    if (!rc && wu_json_write(&text, entry, WU_JSON_COMPACT))
        rc = wu_fail(err, WU_ENOMEM, "call %llu: out of memory", (unsigned long long)index);
    if (!rc && (rc = wu_answer_read(&a, &b, wu_buf_view(&text), err)))
        (void)wu_fail_in(err, rc, "%s, call %llu", j->path, (unsigned long long)index);
    if (!rc) rc = wu_answer_call(&a, &b, job->synth, job->options->model, call, err);
    wu_answer_free(&a);
    wu_brief_free(&b);
    wu_buf_free(&text);
    wu_json_free(entry);
    return rc;
}

/* -------------------------------------------------------------------------------- dry run */

/* What a call will cost, by its own words of the built-in kind. */
static wu_code estimate(usage *u, const wu_api_job *job, uint64_t index, wu_brief *b,
                        wu_synth_call *call, wu_err *err) {
    enum { TURN_FRAME = 14 }; /* tokens of {"speaker":...} around a turn */
    wu_code rc = wu_brief_make(b, job->briefs, job->synth, index, err);
    if (!rc) rc = wu_synth_make(job->synth, index, call, err);
    if (rc) return rc;
    const wu_conversation *c = &call->conversation;
    size_t bytes = 0;
    for (int32_t i = 0; i < c->n_turn; i++) bytes += c->turn[i].text.n;
    u->in += (int64_t)((wu_briefs_system(job->briefs).n + b->prompt.n) / BYTES_PER_TOKEN);
    u->out += (int64_t)(bytes / BYTES_PER_TOKEN) + (int64_t)TURN_FRAME * c->n_turn;
    return WU_OK;
}

wu_code wu_api_dry_run(const wu_api_job *job, wu_err *err) {
    enum { SAMPLE = 200 };
    const int64_t n = WU_MIN(job->n, SAMPLE);
    wu_brief b = {0};
    wu_synth_call call = {0};
    usage u = {.estimated = true};
    const wu_str system = wu_briefs_system(job->briefs);
    wu_code rc = wu_brief_make(&b, job->briefs, job->synth, job->first, err);
    if (!rc) printf("# system\n%.*s\n# user\n%s", (int)system.n, system.p, b.prompt.p);
    for (int64_t i = 0; !rc && i < n; i++)
        rc = estimate(&u, job, job->first + (uint64_t)i, &b, &call, err);
    if (!rc && fflush(stdout)) rc = wu_fail_errno(err, "standard output");
    if (!rc && !job->quiet) {
        u.in = u.in / n * job->n;
        u.out = u.out / n * job->n;
        fprintf(stderr, "%lld requests to %s, nothing was sent; ", (long long)job->n,
                job->options->model ? job->options->model : "no model yet");
        say_cost(job->options, &u, "\n");
    }
    wu_brief_free(&b);
    wu_synth_call_free(&call);
    return rc;
}
