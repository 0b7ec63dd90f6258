/* remote.c - requests to a language model behind an OpenAI-compatible endpoint (remote.h). */
#include "cli/remote.h"

#ifndef WU_HAVE_CURL

wu_code wu_remote_open(wu_remote **out, const wu_remote_options *o, wu_err *err) {
    (void)o;
    *out = NULL;
    return wu_fail(err, WU_EARG, "--api: this build has no network, it was made without libcurl");
}

void wu_remote_close(wu_remote *r) { (void)r; }

wu_code wu_remote_post(wu_remote *r, uint64_t stream, wu_str body, wu_buf *answer, wu_err *err) {
    (void)r, (void)stream, (void)body, (void)answer;
    return wu_fail(err, WU_EBUG, "there is no network");
}

int64_t wu_remote_requests(wu_remote *r) {
    (void)r;
    return 0;
}

bool wu_remote_has_key(const wu_remote *r, wu_str text) {
    (void)r, (void)text;
    return false;
}

#else

#include "base/clock.h"
#include "base/rng.h"
#include "text/json.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ANSWER_MAX = 4 << 20,
    CONNECT_S = 20,
    BACKOFF_MAX_S = 60,
    RETRY_AFTER_MAX_S = 600, /* who shall wait longer is told so */
    KEY_MIN = 6              /* a shorter one would be found in any text */
};

struct wu_remote {
    wu_remote_options options;
    char *url; /* of the requests */
    char *key; /* or NULL */
    struct curl_slist *header;
    char *host;    /* for messages: scheme, name and port only */
    bool loopback; /* it is this computer: no proxy */
    bool ready;    /* curl_global_init() was called */
    pthread_mutex_t lock;
    bool has_lock;
    double next_s; /* when the next request may begin */
    int64_t n_request;
};

/* ------------------------------------------------------------------------------- opening */

static bool is_loopback(const char *host) {
    if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) return true;
    /* 127.x.y.z in digits: a name that begins so is another thing. */
    return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host);
}

/* One part of an address; NULL where it has none. */
static char *part_of(CURLU *u, CURLUPart part) {
    char *s = NULL;
    return curl_url_get(u, part, &s, 0) ? NULL : s;
}

static wu_code check_url(wu_remote *r, const char *scheme, const char *host, bool extra,
                         wu_err *err) {
    /* The address may have a secret in it: it is not printed before this is known. */
    if (extra)
        return wu_fail(err, WU_EARG,
                       "--api has a user name, a query or a fragment in its address, want "
                       "https://host/path; the key comes from the environment");
    r->loopback = is_loopback(host);
    if (strcmp(scheme, "https") == 0) return WU_OK;
    if (strcmp(scheme, "http") != 0)
        return wu_fail(err, WU_EARG, "--api has an address of kind %.20s, want https://", scheme);
    if (r->loopback || r->options.allow_http) return WU_OK;
    return wu_fail(err, WU_EARG,
                   "--api: http:// would send key and text to %.100s unencrypted; use https://, or "
                   "--api-allow-http in a network that you trust",
                   host);
}

static wu_code set_url(wu_remote *r, CURLU *u, wu_err *err) {
    char *scheme = part_of(u, CURLUPART_SCHEME), *host = part_of(u, CURLUPART_HOST),
         *port = part_of(u, CURLUPART_PORT), *path = part_of(u, CURLUPART_PATH),
         *user = part_of(u, CURLUPART_USER), *password = part_of(u, CURLUPART_PASSWORD),
         *query = part_of(u, CURLUPART_QUERY), *fragment = part_of(u, CURLUPART_FRAGMENT);
    static const char end[] = "/chat/completions";
    wu_buf url = {0}, origin = {0};
    wu_code rc = scheme && host
                     ? check_url(r, scheme, host, user || password || query || fragment, err)
                     : wu_fail(err, WU_ENOMEM, "--api: out of memory");
    if (!rc) {
        size_t n = path ? strlen(path) : 0;
        while (n && path[n - 1] == '/') n--;
        const bool whole =
            n >= sizeof(end) - 1 && memcmp(path + n - (sizeof(end) - 1), end, sizeof(end) - 1) == 0;
        rc = wu_buf_fmt(&origin, "%s://%s%s%s", scheme, host, port ? ":" : "", port ? port : "");
        if (!rc) rc = wu_buf_add(&url, origin.p, origin.n);
        if (!rc && n) rc = wu_buf_add(&url, path, n);
        if (!rc && !whole) rc = wu_buf_str(&url, end);
        if (rc) (void)wu_fail(err, rc, "--api: out of memory");
    }
    r->url = url.p; /* freed by close, whatever comes */
    r->host = origin.p;
    char *const all[] = {scheme, host, port, path, user, password, query, fragment};
    for (size_t i = 0; i < WU_LEN(all); i++) curl_free(all[i]);
    return rc;
}

static wu_code parse_url(wu_remote *r, wu_err *err) {
    CURLU *u = curl_url();
    if (!u) return wu_fail(err, WU_ENOMEM, "--api: out of memory");
    const wu_code rc =
        curl_url_set(u, CURLUPART_URL, r->options.url, CURLU_NON_SUPPORT_SCHEME)
            ? wu_fail(err, WU_EARG, "--api is no address, want one such as https://host/v1")
            : set_url(r, u, err);
    curl_url_cleanup(u);
    return rc;
}

static wu_code take_key(wu_remote *r, wu_err *err) {
    const char *name = r->options.key_env, *key = getenv(name);
    if (!key || !*key) {
        if (r->loopback) return WU_OK; /* a server of one's own needs none */
        return wu_fail(err, WU_EARG,
                       "the environment has no %s: put the key of %s there, it is not taken from "
                       "the command line",
                       name, r->host);
    }
    const size_t n = strlen(key);
    for (size_t i = 0; i < n; i++)
        if (key[i] <= ' ' || key[i] > '~')
            return wu_fail(err, WU_EARG, "%s has a character that no key has (byte %zu)", name,
                           i + 1);
    if (n < KEY_MIN || n > 4000)
        return wu_fail(err, WU_EARG, "%s has %zu characters, want %d to 4000", name, n, KEY_MIN);
    r->key = strdup(key);
    return r->key ? WU_OK : wu_fail(err, WU_ENOMEM, "--api: out of memory");
}

static wu_code add_header(wu_remote *r, const char *text, wu_err *err) {
    struct curl_slist *more = curl_slist_append(r->header, text);
    if (!more) return wu_fail(err, WU_ENOMEM, "--api: out of memory");
    r->header = more;
    return WU_OK;
}

static wu_code set_header(wu_remote *r, wu_err *err) {
    wu_buf b = {0};
    wu_code rc = add_header(r, "Content-Type: application/json", err);
    if (!rc) rc = add_header(r, "Accept: application/json", err);
    if (!rc) rc = add_header(r, "Expect:", err); /* no waiting for 100 Continue */
    if (!rc && r->key) {
        rc = wu_buf_fmt(&b, "Authorization: Bearer %s", r->key);
        rc = rc ? wu_fail(err, rc, "--api: out of memory") : add_header(r, b.p, err);
    }
    wu_buf_free(&b);
    return rc;
}

wu_code wu_remote_open(wu_remote **out, const wu_remote_options *o, wu_err *err) {
    wu_remote *r = calloc(1, sizeof(*r));
    wu_code rc;
    *out = NULL;
    if (!r) return wu_fail(err, WU_ENOMEM, "--api: out of memory");
    r->options = *o;
    r->has_lock = pthread_mutex_init(&r->lock, NULL) == 0;
    r->ready = r->has_lock && curl_global_init(CURL_GLOBAL_DEFAULT) == 0;
    rc = r->ready ? parse_url(r, err) : wu_fail(err, WU_ENOMEM, "--api: libcurl does not start");
    if (!rc) rc = take_key(r, err);
    if (!rc) rc = set_header(r, err);
    if (rc)
        wu_remote_close(r);
    else
        *out = r;
    return rc;
}

void wu_remote_close(wu_remote *r) {
    if (!r) return;
    curl_slist_free_all(r->header);
    free(r->key);
    free(r->url);
    free(r->host);
    if (r->ready) curl_global_cleanup();
    if (r->has_lock) pthread_mutex_destroy(&r->lock);
    free(r);
}

bool wu_remote_has_key(const wu_remote *r, wu_str text) {
    return r->key && text.n && memmem(text.p, text.n, r->key, strlen(r->key));
}

int64_t wu_remote_requests(wu_remote *r) {
    pthread_mutex_lock(&r->lock);
    const int64_t n = r->n_request;
    pthread_mutex_unlock(&r->lock);
    return n;
}

/* ------------------------------------------------------------------------------- waiting */

static bool is_stopped(const wu_remote *r) { return r->options.stop && *r->options.stop; }

static wu_code stopped(wu_err *err) { return wu_fail(err, WU_ESTOPPED, "stopped"); }

static wu_code wait_until(const wu_remote *r, double when, wu_err *err) {
    for (;;) {
        if (is_stopped(r)) return stopped(err);
        const double left = when - wu_clock_s();
        if (left <= 0.0) return WU_OK;
        const double part = WU_MIN(left, 0.05);
        const struct timespec t = {0, (long)(part * 1e9)};
        nanosleep(&t, NULL); /* a signal may end it early; then we look again */
    }
}

/* Takes a request's place in the row and waits for it. */
static wu_code take_turn(wu_remote *r, wu_err *err) {
    const wu_remote_options *o = &r->options;
    double when = 0.0;
    wu_code rc = WU_OK;
    pthread_mutex_lock(&r->lock);
    if (o->max_requests && r->n_request >= o->max_requests) {
        rc = wu_fail(err, WU_ESTOPPED, "--api-max-requests: %lld requests were sent",
                     (long long)r->n_request);
    } else {
        r->n_request++;
        if (o->per_minute) {
            when = WU_MAX(r->next_s, wu_clock_s());
            r->next_s = when + 60.0 / (double)o->per_minute;
        }
    }
    pthread_mutex_unlock(&r->lock);
    return rc ? rc : wait_until(r, when, err);
}

/* Before try number n (from 1): twice as long each time, and between half and all of it, so that
 * many who failed together do not come back together. */
static double backoff_s(int64_t n, wu_rng *jitter) {
    double s = 1.0;
    for (int64_t i = 1; i < n && s < BACKOFF_MAX_S; i++) s *= 2.0;
    return WU_MIN(s, (double)BACKOFF_MAX_S) * (0.5 + 0.5 * wu_rng_unit(jitter));
}

/* --------------------------------------------------------------------------- one request */

typedef struct transfer {
    const wu_remote *r;
    wu_buf body;
    bool too_large;
    long status;
    curl_off_t retry_after_s; /* 0: not said */
    CURLcode code;
} transfer;

static size_t on_data(char *p, size_t size, size_t n, void *ctx) {
    transfer *t = ctx;
    (void)size; /* 1, as libcurl says */
    if (t->body.n + n > ANSWER_MAX) {
        t->too_large = true;
        return 0;
    }
    return wu_buf_add(&t->body, p, n) ? 0 : n;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    const transfer *t = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return is_stopped(t->r);
}

static void set_protocols(CURL *h) {
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(h, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* Peers' certificates and names are checked: that is libcurl's default, said here again. */
static void set_options(CURL *h, transfer *t, wu_str body) {
    const wu_remote *r = t->r;
    set_protocols(h);
    curl_easy_setopt(h, CURLOPT_URL, r->url);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, r->header);
    curl_easy_setopt(h, CURLOPT_POST, 1L);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.p);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)r->options.timeout_s);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(h, CURLOPT_XFERINFODATA, t);
    if (r->loopback) curl_easy_setopt(h, CURLOPT_PROXY, "");
}

static void send_once(transfer *t, CURL *h, wu_str body) {
    t->too_large = false;
    t->status = 0;
    t->retry_after_s = 0;
    wu_buf_clear(&t->body);
    set_options(h, t, body);
    t->code = curl_easy_perform(h);
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &t->status);
    curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &t->retry_after_s);
}

/* ------------------------------------------------------------------------------ outcomes */

/* What the endpoint says about its refusal, if it is safe to show: no part of the key, printable.
 */
static void reason_of(const transfer *t, char *out, size_t room) {
    wu_json *j = NULL;
    size_t n = 0;
    out[0] = 0;
    if (t->status == 401 || t->status == 403) return; /* they like to cite the key */
    if (wu_json_parse(&j, wu_buf_view(&t->body), "answer", WU_EDATA, NULL)) return;
    const wu_str s = wu_json_str(wu_json_get(wu_json_get(j, "error"), "message"));
    const char *key = t->r->key;
    const size_t n_key = key ? strlen(key) : 0;
    for (size_t i = 0; i + KEY_MIN <= n_key; i++)
        if (s.n && memmem(s.p, s.n, key + i, KEY_MIN)) goto done;
    if (s.n) n = (size_t)snprintf(out, room, ": ");
    for (size_t i = 0; i < s.n && n + 1 < WU_MIN(room, 240); i++)
        out[n++] = s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : ' ';
    out[n] = 0;
done:
    wu_json_free(j);
}

static wu_code refused(const transfer *t, wu_err *err) {
    char reason[256];
    reason_of(t, reason, sizeof(reason));
    const char *host = t->r->host, *name = t->r->options.key_env;
    if (t->status == 401 || t->status == 403)
        return wu_fail(err, WU_EARG, "%s does not accept the key (status %ld)%s%s", host, t->status,
                       t->r->key ? ": see the environment's " : ": the environment has no ", name);
    if (t->status >= 300 && t->status < 400)
        return wu_fail(err, WU_EARG,
                       "%s redirects (status %ld), which is not followed: give --api the final "
                       "address",
                       host, t->status);
    const bool this_one = t->status == 400 || t->status == 413 || t->status == 422;
    return wu_fail(err, this_one ? WU_EFORMAT : WU_EARG, "%s refuses the request (status %ld)%s",
                   host, t->status, reason);
}

/* Whether it may go better the next time; for what may not, *rc says what it was. */
static bool may_retry(const transfer *t, wu_code *rc, wu_err *err) {
    const wu_remote *r = t->r;
    *rc = WU_OK;
    if (is_stopped(r)) {
        *rc = stopped(err);
    } else if (t->too_large) {
        *rc =
            wu_fail(err, WU_EDATA, "the answer of %s has more than %d bytes", r->host, ANSWER_MAX);
    } else if (t->code == CURLE_OUT_OF_MEMORY || t->code == CURLE_WRITE_ERROR) {
        *rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", r->host);
    } else if (t->code == CURLE_PEER_FAILED_VERIFICATION || t->code == CURLE_SSL_CACERT_BADFILE) {
        *rc = wu_fail(err, WU_EIO, "%s: its certificate cannot be verified", r->host);
    } else if (t->code || t->status == 408 || t->status == 429 || t->status >= 500) {
        return true;
    } else if (t->status < 200 || t->status > 299) {
        *rc = refused(t, err);
    } else if (wu_remote_has_key(r, wu_buf_view(&t->body))) {
        *rc = wu_fail(err, WU_EDATA, "the answer of %s contains the key", r->host);
    }
    return false;
}

static wu_code gave_up(const transfer *t, int64_t tries, wu_err *err) {
    const char *host = t->r->host;
    if (t->code)
        return wu_fail(err, WU_EIO, "%s: %s (tries: %lld)", host, curl_easy_strerror(t->code),
                       (long long)tries);
    return wu_fail(err, WU_EIO, "%s: status %ld (tries: %lld)", host, t->status, (long long)tries);
}

static wu_code send_until_done(wu_remote *r, transfer *t, CURL *h, uint64_t stream, wu_str body,
                               wu_err *err) {
    wu_rng jitter = wu_rng_init(r->options.seed, stream);
    for (int64_t tries = 1;; tries++) {
        wu_code rc = take_turn(r, err);
        if (rc) return rc;
        send_once(t, h, body);
        if (!may_retry(t, &rc, err)) return rc;
        if (t->retry_after_s > RETRY_AFTER_MAX_S)
            return wu_fail(err, WU_ESTOPPED, "%s wants %lld seconds of rest (status %ld)", r->host,
                           (long long)t->retry_after_s, t->status);
        if (tries > r->options.retries) return gave_up(t, tries, err);
        const double s = WU_MAX(backoff_s(tries, &jitter), (double)t->retry_after_s);
        if ((rc = wait_until(r, wu_clock_s() + s, err))) return rc;
    }
}

wu_code wu_remote_post(wu_remote *r, uint64_t stream, wu_str body, wu_buf *answer, wu_err *err) {
    transfer t = {.r = r};
    CURL *h = curl_easy_init();
    wu_code rc = h ? send_until_done(r, &t, h, stream, body, err)
                   : wu_fail(err, WU_ENOMEM, "%s: out of memory", r->host);
    if (!rc && wu_buf_add(answer, t.body.p, t.body.n))
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", r->host);
    curl_easy_cleanup(h);
    wu_buf_free(&t.body);
    return rc;
}

#endif
