/* remote.h - requests to a language model behind an OpenAI-compatible endpoint.
 *
 * The only part of the program that talks to the network, and only when it is
 * asked to (`synth --api`).  A request is a POST of JSON; what fails for a
 * while (no connection, 429, 5xx) is tried again after a wait that grows, or
 * as long as the endpoint says; redirects are not followed, certificates are
 * checked.  The key comes from the environment and goes into one header: no
 * message, no log line and no file has it, and an answer that contains it is
 * refused.
 *
 * A build without libcurl has the same functions; opening then fails.
 *
 * Threads: wu_remote_post() any number at a time; the rest one. */
#ifndef WU_CLI_REMOTE_H
#define WU_CLI_REMOTE_H

#include "base/buf.h"
#include "base/err.h"

#include <signal.h>

typedef struct wu_remote_options {
    const char *url;      /* "https://host/v1"; /chat/completions is added where it is missing */
    const char *key_env;  /* name of the variable of the environment that has the key */
    bool allow_http;      /* without TLS to other hosts than this one */
    int64_t timeout_s;    /* of one request */
    int64_t retries;      /* of what may be tried again */
    int64_t per_minute;   /* most requests a minute; 0: any number */
    int64_t max_requests; /* 0: any number */
    uint64_t seed;        /* of the jitter */
    const volatile sig_atomic_t *stop; /* when it is not 0, everything ends with ESTOPPED */
} wu_remote_options;

typedef struct wu_remote wu_remote;

/* Errors: EARG (the address or the key is not usable, no libcurl), ENOMEM. */
WU_MUST_CHECK wu_code wu_remote_open(wu_remote **out, const wu_remote_options *o, wu_err *err);
void wu_remote_close(wu_remote *r); /* NULL allowed */

/* Sends body, appends the answer. stream numbers the request among all, for the jitter. Errors:
 * EARG (the endpoint refuses every request: 4xx), EFORMAT (it refuses this one: 400, 413, 422), EIO
 * (no connection, or still failing after all retries), EDATA (the answer is too large, or contains
 * the key), ESTOPPED (*stop, or max_requests is reached), ENOMEM. */
WU_MUST_CHECK wu_code wu_remote_post(wu_remote *r, uint64_t stream, wu_str body, wu_buf *answer,
                                     wu_err *err);

int64_t wu_remote_requests(wu_remote *r); /* sent so far */

/* Whether text contains the key. */
bool wu_remote_has_key(const wu_remote *r, wu_str text);

#endif
