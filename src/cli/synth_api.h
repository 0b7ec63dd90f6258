/* synth_api.h - `wrapup synth --api`: simulated contacts put into words by a language model behind
 * an OpenAI-compatible endpoint.
 *
 * Plans and labels are the simulator's; brief.h makes a prompt of them and
 * checks what comes back; remote.h sends; api_journal.h keeps.  An answer that
 * cannot be used is asked for again, twice; then the call is left out.
 *
 * Threads: main, which starts its own. */
#ifndef WU_CLI_SYNTH_API_H
#define WU_CLI_SYNTH_API_H

#include "cli/api_journal.h"
#include "cli/opt.h"
#include "contact/synth/brief.h"

typedef struct wu_api_options {
    const char *url, *model, *key_env, *json_mode;
    double temperature, price_in, price_out; /* prices: of a million tokens; 0: not given */
    int64_t concurrency, per_minute, max_requests, max_tokens, answer_tokens, timeout_s, retries;
    bool allow_http, dry_run;
} wu_api_options;

typedef struct wu_api_job {
    const wu_api_options *options;
    const wu_synth *synth;
    const wu_briefs *briefs;
    const wu_json *header; /* the options that decide what is made */
    uint64_t seed, first;
    int64_t n;
    bool quiet, verbose;
} wu_api_job;

/* Prints the prompt of the first call and an estimate for all; sends nothing. */
WU_MUST_CHECK wu_code wu_api_dry_run(const wu_api_job *job, wu_err *err);

/* Asks until each call of the job has an answer in the journal or has failed. work: the folder of
 * the journal; it is made. *j is open afterwards, unless the call fails. Errors: EARG (options,
 * endpoint), EDATA (nothing usable comes), EIO, ENOMEM, ESTOPPED (a limit, a signal); all that came
 * before is kept. */
WU_MUST_CHECK wu_code wu_api_ask_all(wu_journal *j, const wu_api_job *job, const char *work,
                                     wu_err *err);

/* Makes a call from its answer. *made is false where there is none. Any thread. */
WU_MUST_CHECK wu_code wu_api_make(const wu_journal *j, const wu_api_job *job, uint64_t index,
                                  wu_synth_call *call, bool *made, wu_err *err);

#endif
