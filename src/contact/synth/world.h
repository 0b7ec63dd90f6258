/* world.h - what the parts of the simulator share: tables of an open simulator, its people,
 * streams.
 *
 * Threads: constant, any. */
#ifndef WU_CONTACT_SYNTH_WORLD_H
#define WU_CONTACT_SYNTH_WORLD_H

#include "base/rng.h"
#include "contact/synth/synth.h"
#include "contact/synth/tables.h"

enum { WU_MAX_LANGUAGE = 8 };

struct wu_synth {
    wu_synth_options options; /* its texts are not kept */
    wu_catalogue catalogue;
    wu_language language[WU_MAX_LANGUAGE];
    int32_t weight[WU_MAX_LANGUAGE], n_language, weight_sum;
    int32_t industry[WU_MAX_LANGUAGE][WU_MAX_INDUSTRY]; /* that may be drawn */
    int32_t n_industry[WU_MAX_LANGUAGE];
};

/* Streams of random numbers of a call: one purpose can be drawn anew without another. */
typedef enum wu_stream {
    WU_STREAM_CONTACT,
    WU_STREAM_BEHAVIOUR,
    WU_STREAM_LABEL,
    WU_STREAM_PLAN,
    WU_STREAM_SLOT,
    WU_STREAM_WORDS,
    WU_STREAM_DAMAGE,
    WU_STREAM_REVIEW,
    WU_N_STREAM
} wu_stream;

wu_rng wu_synth_rng(const wu_synth *s, uint64_t index, wu_stream stream);

/* Small helpers of drawing. */
bool wu_chance(wu_rng *r, double p);
int32_t wu_between(wu_rng *r, int32_t lo, int32_t hi);            /* both included */
int32_t wu_weighted(wu_rng *r, const int32_t *weight, int32_t n); /* the sum must not be 0 */
double wu_clip(double x, double lo, double hi);

/* ------------------------------------------------------------------------------- people */

enum {
    WU_SKILL_COURTESY,
    WU_SKILL_COMPLIANCE,
    WU_SKILL_EMPATHY,
    WU_SKILL_LISTENING,
    WU_SKILL_KNOWLEDGE,
    WU_SKILL_OWNERSHIP,
    WU_SKILL_EFFICIENCY,
    WU_SKILL_CLARITY,
    WU_N_SKILL
};

enum { WU_CUSTOMERS = 10000 }; /* of a company */

typedef struct wu_agent {
    double skill[WU_N_SKILL];
    wu_style style;
    uint32_t name; /* any number: modulo the names of the language */
} wu_agent;

typedef struct wu_customer {
    double patience, tenure_months, verbosity;
    int32_t value;
    wu_style style;
    bool typist;
    uint32_t first, last, place, street, host; /* as wu_agent.name */
    uint64_t number;                           /* digits of account, phone and card come from it */
} wu_customer;

/* A company is known by seed, language, industry and place in the table; people by that and their
 * number. The same call of the same world always gives the same person. */
uint64_t wu_company_key(const wu_synth *s, const wu_latent *l);
int32_t wu_agent_count(uint64_t company_key);  /* 20 to 400 */
bool wu_company_records(uint64_t company_key); /* its records tell hold and transfers */
wu_agent wu_agent_of(uint64_t company_key, int32_t agent);
wu_customer wu_customer_of(uint64_t company_key, int32_t customer);

/* synth.c: the same where it is, as wu_synth_latent; returns the index whose streams the plan and
 * the words are drawn with. */
uint64_t wu_synth_draw(const wu_synth *s, uint64_t index, wu_latent *l);

/* model.c: causes and labels of an index that is not flattened. */
void wu_model_draw(const wu_synth *s, uint64_t index, wu_latent *l);

const wu_issue *wu_issue_of(const wu_synth *s, const wu_latent *l);

#endif
