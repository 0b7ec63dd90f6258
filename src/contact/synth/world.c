/* world.c - streams of random numbers, and the people of the simulated companies (world.h). */
#include "contact/synth/world.h"

#include "base/hash.h"
#include "contact/exact.h"

#include <stdio.h>

wu_rng wu_synth_rng(const wu_synth *s, uint64_t index, wu_stream stream) {
    return wu_rng_init(s->options.seed, index * 16 + (uint64_t)stream);
}

bool wu_chance(wu_rng *r, double p) { return wu_rng_unit(r) < p; }

int32_t wu_between(wu_rng *r, int32_t lo, int32_t hi) {
    return lo + (int32_t)wu_rng_below(r, (uint32_t)(hi - lo) + 1);
}

int32_t wu_weighted(wu_rng *r, const int32_t *weight, int32_t n) {
    int32_t sum = 0, i = 0;
    for (i = 0; i < n; i++) sum += weight[i];
    int32_t x = (int32_t)wu_rng_below(r, (uint32_t)sum);
    for (i = 0; x >= weight[i]; i++) x -= weight[i];
    return i;
}

double wu_clip(double x, double lo, double hi) { return x < lo ? lo : x > hi ? hi : x; }

/* ------------------------------------------------------------------------------- people */

uint64_t wu_company_key(const wu_synth *s, const wu_latent *l) {
    char text[96];
    const wu_str industry = s->catalogue.industry[l->industry].name;
    const int n = snprintf(text, sizeof(text), "%s/%.*s/%d", s->language[l->language].code,
                           (int)WU_MIN(industry.n, 48), industry.p, l->company);
    return wu_hash64(text, (size_t)n) ^ s->options.seed;
}

int32_t wu_agent_count(uint64_t company_key) {
    wu_rng r = wu_rng_init(company_key, 0);
    return (int32_t)(20.0 * wu_exact_exp(2.9957 * wu_rng_unit(&r))); /* 20 to 20 * 20 */
}

bool wu_company_records(uint64_t company_key) {
    wu_rng r = wu_rng_init(company_key, 1);
    return wu_chance(&r, 0.25);
}

wu_agent wu_agent_of(uint64_t company_key, int32_t agent) {
    wu_rng r = wu_rng_init(company_key, ((uint64_t)1 << 32) + (uint64_t)agent);
    wu_agent a = {.name = wu_rng_u32(&r)};
    const double shared = 0.6 * wu_rng_normal(&r);
    for (int i = 0; i < WU_N_SKILL; i++) a.skill[i] = shared + 0.8 * wu_rng_normal(&r);
    static const int32_t style[4] = {35, 20, 20, 25};
    a.style = (wu_style)wu_weighted(&r, style, 4);
    return a;
}

/* The k-th smallest of 4 uniform numbers: Beta(k, 5 - k). */
static double beta4(wu_rng *r, int k) {
    double u[4];
    for (int i = 0; i < 4; i++) {
        int at = i;
        const double x = wu_rng_unit(r);
        for (; at > 0 && u[at - 1] > x; at--) u[at] = u[at - 1];
        u[at] = x;
    }
    return u[k - 1];
}

wu_customer wu_customer_of(uint64_t company_key, int32_t customer) {
    wu_rng r = wu_rng_init(company_key, ((uint64_t)2 << 32) + (uint64_t)customer);
    wu_customer c = {.patience = beta4(&r, 3)};
    c.tenure_months = wu_clip(wu_exact_exp(3.1 + 0.9 * wu_rng_normal(&r)), 0.5, 400.0);
    c.verbosity = beta4(&r, 2);
    c.value = wu_chance(&r, 0.15) ? 2 : wu_chance(&r, 0.4);
    static const int32_t style[4] = {20, 35, 22, 23};
    c.style = (wu_style)wu_weighted(&r, style, 4);
    c.typist = wu_chance(&r, 0.45);
    c.first = wu_rng_u32(&r);
    c.last = wu_rng_u32(&r);
    c.place = wu_rng_u32(&r);
    c.street = wu_rng_u32(&r);
    c.host = wu_rng_u32(&r);
    c.number = wu_rng_u64(&r);
    return c;
}
