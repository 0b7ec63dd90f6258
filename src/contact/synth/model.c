/* model.c - from causes to labels (synth.h): a contact, what the agent does, and what follows for
 * quality, satisfaction, risk and journey.
 *
 * The weights are invented but have the sizes that studies of call centers report: the outcome
 * matters most, waiting little and the less the more patient the customer; quality judges the
 * agent alone, so neither waiting, outages nor the company's policy enter it.  docs/simulator.md
 * has the table. */
#include "contact/exact.h"
#include "contact/synth/world.h"
#include "contact/when.h"

#include <string.h>

const int32_t wu_item_weight[WU_N_ITEM] = {5, 10, 8, 12, 10, 10, 15, 10, 5, 8, 7};

static const struct {
    double base; /* logit of doing it */
    int skill;
} habit[WU_N_ITEM] = {
    [WU_ITEM_GREETING] = {2.2, WU_SKILL_COURTESY},
    [WU_ITEM_VERIFICATION] = {2.0, WU_SKILL_COMPLIANCE},
    [WU_ITEM_DISCLOSURE] = {1.8, WU_SKILL_COMPLIANCE},
    [WU_ITEM_EMPATHY] = {0.3, WU_SKILL_EMPATHY},
    [WU_ITEM_LISTENING] = {0.6, WU_SKILL_LISTENING},
    [WU_ITEM_PROBING] = {0.7, WU_SKILL_KNOWLEDGE},
    [WU_ITEM_ACCURACY] = {1.3, WU_SKILL_KNOWLEDGE},
    [WU_ITEM_OWNERSHIP] = {0.6, WU_SKILL_OWNERSHIP},
    [WU_ITEM_HOLD] = {0.6, WU_SKILL_COURTESY},
    [WU_ITEM_NEXT_STEPS] = {0.5, WU_SKILL_OWNERSHIP},
    [WU_ITEM_CLOSING] = {1.2, WU_SKILL_COURTESY},
};

static const uint8_t by_hour[24] = {1,  1,  1,  1,  1,  2,  5,  10, 15, 20, 25, 25,
                                    20, 25, 25, 25, 20, 15, 10, 8,  5,  3,  2,  1};

/* log(1 + x) for x >= 0 */
static double log1(double x) { return wu_exact_log(1.0 + x); }

static double exponential(wu_rng *r) { return -wu_exact_log(1.0 - wu_rng_unit(r)); }

/* -------------------------------------------------------------------------- where and when */

static bool has_category(const wu_synth *s, int32_t language, int32_t industry, int32_t category) {
    const wu_language *l = &s->language[language];
    const wu_trade *t = &l->trade[industry];
    for (int32_t i = 0; i < t->n_issue; i++)
        if (s->catalogue.topic[l->issue[t->issue[i]].topic].category == category) return true;
    return false;
}

/* Flat sets choose a category first, then one of the industries that know it. */
static void draw_industry(const wu_synth *s, wu_latent *l, wu_rng *r) {
    const int32_t *industry = s->industry[l->language], n = s->n_industry[l->language];
    l->true_category = -1;
    l->industry = industry[wu_between(r, 0, n - 1)];
    if (!s->options.flat) return;
    const int32_t category = wu_between(r, 0, s->catalogue.n_category - 1);
    int32_t seen = 0;
    for (int32_t i = 0; i < n; i++) {
        if (!has_category(s, l->language, industry[i], category)) continue;
        l->true_category = category;
        if (wu_rng_below(r, (uint32_t)++seen) == 0) l->industry = industry[i];
    }
}

static void draw_company(const wu_synth *s, wu_latent *l, wu_rng *r) {
    l->language = wu_weighted(r, s->weight, s->n_language);
    draw_industry(s, l, r);
    l->company = wu_between(r, 0, s->language[l->language].trade[l->industry].n_company - 1);
}

static int32_t season_of(const wu_industry *in, int32_t month, int32_t day) {
    const int32_t date = month * 100 + day;
    for (int32_t i = 0; i < in->n_season; i++) {
        const wu_peak *p = &in->season[i];
        if (p->from <= p->to ? date >= p->from && date <= p->to : date >= p->from || date <= p->to)
            return i;
    }
    return -1;
}

/* The day of a month of 31 or 30 days that is its nth Sunday; nth 0: the last one of 31 days. */
static int32_t sunday_of(const wu_civil *c, int32_t nth) {
    const int32_t first = 1 + (6 - (c->weekday - (c->day - 1) % 7 + 7) % 7);
    return nth > 0 ? first + 7 * (nth - 1) : first + 7 * ((31 - first) / 7);
}

/* Minutes that a zone is ahead of UTC. The clock moves in the night, when hardly anybody calls: the
 * whole day of the change has the new offset. */
static int32_t offset_of(const wu_zone *z, const wu_civil *c) {
    const bool us = z->rule == 1;
    const int32_t last = us ? 11 : 10; /* summer begins in March */
    if (z->rule == 0 || c->month < 3 || c->month > last) return z->minutes;
    bool summer = true;
    if (c->month == 3) summer = c->day >= sunday_of(c, us ? 2 : 0);
    if (c->month == last) summer = c->day < sunday_of(c, us ? 1 : 0);
    return z->minutes + (summer ? 60 : 0);
}

/* A time of 2024 to 2026, by the seasons, weekdays and hours at which people call. */
static void draw_time(const wu_synth *s, wu_latent *l, wu_rng *r) {
    static const uint8_t by_weekday[7] = {18, 17, 16, 16, 15, 10, 8};
    enum { DAYS = 366 + 365 + 365 };
    const wu_language *language = &s->language[l->language];
    const wu_industry *in = &s->catalogue.industry[l->industry];
    wu_civil c;
    double factor;
    do {
        const int64_t day = wu_between(r, 0, DAYS - 1);
        l->local_s = wu_civil_seconds(2024, 1, 1, 0, 0, 0) + day * 86400;
        c = wu_civil_of(l->local_s);
        l->season = season_of(in, c.month, c.day);
        factor = l->season < 0 ? 1.0 : in->season[l->season].factor;
    } while (wu_rng_below(r, 18) >= by_weekday[c.weekday] || !wu_chance(r, factor / 2.0));
    do {
        l->hour = wu_between(r, 0, 23);
    } while (wu_rng_below(r, 25) >= by_hour[l->hour]);
    const int32_t minute = wu_between(r, 0, 59), second = wu_between(r, 0, 59);
    l->local_s += l->hour * 3600 + minute * 60 + second;
    l->weekday = c.weekday;
    l->zone = wu_between(r, 0, language->n_zone - 1);
    l->offset_min = offset_of(&language->zone[l->zone], &c);
    l->business = l->weekday < 5 && l->hour >= 8 && l->hour < 18;
    /* An outage is the company's: everybody who calls within the hour has it. */
    wu_rng hour =
        wu_rng_init(wu_company_key(s, l), ((uint64_t)3 << 32) + (uint64_t)(l->local_s / 3600));
    l->outage = wu_chance(&hour, 0.02);
    l->load = by_hour[l->hour] / 25.0 * (l->weekday == 0 ? 1.25 : 1.0) * factor *
              (l->outage ? 1.5 : 1.0) / (l->business ? 1.0 : 0.45);
}

/* ------------------------------------------------------------------------------ contact */

static void draw_people(const wu_synth *s, wu_latent *l, wu_rng *r) {
    const uint64_t key = wu_company_key(s, l);
    const int32_t agents = wu_agent_count(key);
    l->agent = wu_between(r, 0, agents - 1);
    l->agent2 = (l->agent + wu_between(r, 1, agents - 1)) % agents;
    /* Some people call often. */
    l->customer = wu_chance(r, 0.4) ? wu_between(r, 0, 99) : wu_between(r, 0, WU_CUSTOMERS - 1);
    const wu_customer c = wu_customer_of(key, l->customer);
    l->patience = c.patience;
    l->tenure_months = c.tenure_months;
    l->verbosity = c.verbosity;
    l->value = c.value;
    l->customer_style = c.style;
    l->typist = c.typist;
    l->agent_style = wu_agent_of(key, l->agent).style;
}

/* An issue of the trade by its weight; with a category given, of that one. -1: it has none. */
static int32_t draw_issue(const wu_synth *s, const wu_latent *l, int32_t category, wu_rng *r) {
    const wu_language *language = &s->language[l->language];
    const wu_trade *t = &language->trade[l->industry];
    int32_t weight[WU_MAX_ISSUE], n = 0;
    if (category < 0) {
        const int32_t x = wu_between(r, 0, t->upto[t->n_issue - 1] - 1);
        while (x >= t->upto[n]) n++;
        return t->issue[n];
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < t->n_issue; i++) {
        const int32_t topic = language->issue[t->issue[i]].topic;
        const bool fits = s->catalogue.topic[topic].category == category;
        weight[i] = fits ? s->catalogue.topic[topic].weight : 0;
        sum += weight[i];
    }
    return sum ? t->issue[wu_weighted(r, weight, t->n_issue)] : -1;
}

static const wu_topic *topic_of(const wu_synth *s, const wu_latent *l, int32_t issue) {
    return &s->catalogue.topic[s->language[l->language].issue[issue].topic];
}

const wu_issue *wu_issue_of(const wu_synth *s, const wu_latent *l) {
    return &s->language[l->language].issue[l->issue];
}

static bool is_topic(const wu_synth *s, const wu_latent *l, const char *name) {
    return wu_str_eq(topic_of(s, l, l->issue)->name, wu_str_of(name));
}

static bool is_category(const wu_synth *s, const wu_latent *l, const char *name) {
    return wu_str_eq(s->catalogue.category[l->true_category].name, wu_str_of(name));
}

static void draw_issues(const wu_synth *s, wu_latent *l, wu_rng *r) {
    l->issue = l->true_category < 0 ? -1 : draw_issue(s, l, l->true_category, r);
    if (l->outage && l->issue < 0 && wu_chance(r, 0.7)) {
        const int32_t topic =
            wu_topic_find(&s->catalogue, WU_STR("service_disruption"), WU_STR("outage"));
        const int32_t issue = topic < 0 ? -1 : s->language[l->language].of_topic[topic];
        if (issue >= 0 && ((s->language[l->language].issue[issue].industries >> l->industry) & 1u))
            l->issue = issue;
    }
    if (l->issue < 0) l->issue = draw_issue(s, l, -1, r);
    l->true_category = l->category = topic_of(s, l, l->issue)->category;
    /* Most have one matter; some a second one, few a long list. */
    if (!wu_chance(r, 0.09)) return;
    const int32_t more = wu_chance(r, 0.7)   ? 1
                         : wu_chance(r, 0.8) ? 2
                                             : wu_between(r, 3, WU_MAX_MORE);
    for (int32_t i = 0; i < more; i++) {
        const int32_t issue = draw_issue(s, l, -1, r);
        if (strcmp(topic_of(s, l, issue)->journey, "cancellation_exit") == 0) continue;
        bool known = issue == l->issue;
        for (int32_t k = 0; k < l->n_more; k++) known = known || issue == l->more[k];
        if (!known) l->more[l->n_more++] = issue;
    }
}

/* Wanting to leave, prices and rivals. */
static void draw_loyalty(const wu_synth *s, wu_latent *l, wu_rng *r) {
    double p = 0.02 + 0.02 * l->severity;
    const bool leaving = is_category(s, l, "cancellation_retention");
    if (leaving)
        p = is_topic(s, l, "downgrade") ? 0.35 : is_topic(s, l, "competitor_offer") ? 0.6 : 0.9;
    l->cancel = wu_chance(r, p);
    l->price = wu_chance(r, leaving ? 0.25 : 0.09);
    l->competitor = wu_chance(r, (l->cancel ? 0.25 : 0.04) + (l->price ? 0.05 : 0.0));
    if (is_topic(s, l, "competitor_offer")) l->competitor = true;
}

static void draw_contact(const wu_synth *s, wu_latent *l, wu_rng *r) {
    draw_company(s, l, r);
    draw_time(s, l, r);
    l->channel = (wu_channel)wu_weighted(r, s->catalogue.industry[l->industry].channel, 4);
    draw_people(s, l, r);
    draw_issues(s, l, r);
    const bool queue = l->channel == WU_VOICE || l->channel == WU_CHAT;
    const double usual = wu_exact_log(40.0 + 70.0 * l->load);
    const double wait = wu_exact_exp(usual + 0.8 * wu_rng_normal(r));
    const double guess = wu_exact_exp(0.25 * wu_rng_normal(r)) * (wu_chance(r, 0.12) ? 0.3 : 1.0);
    const bool announced = wu_chance(r, 0.55);
    l->wait_s = queue ? (int32_t)wu_clip(wait, 1.0, 7200.0) : -1;
    l->announced_s = queue && announced ? 30 * (int32_t)(1.0 + wait * guess / 30.0) : -1;
    double u[4]; /* the second smallest of four: Beta(2, 3) */
    for (int i = 0; i < 4; i++) {
        int at = i;
        const double x = wu_rng_unit(r);
        for (; at > 0 && u[at - 1] > x; at--) u[at] = u[at - 1];
        u[at] = x;
    }
    l->severity = u[1];
    static const int32_t complexity[3] = {45, 38, 17};
    l->complexity = wu_weighted(r, complexity, 3);
    const int32_t shift = topic_of(s, l, l->issue)->complexity;
    if (shift > 0 && l->complexity < 2) l->complexity += wu_chance(r, 0.22 * shift);
    if (shift < 0 && l->complexity > 0) l->complexity -= wu_chance(r, 0.45);
    if (wu_chance(r, 0.18)) l->repeats = (int32_t)wu_clip(1.0 + exponential(r) * 0.8, 1.0, 4.0);
    draw_loyalty(s, l, r);
    if (wu_chance(r, 0.10 + 0.12 * l->complexity)) l->transfers = 1 + wu_chance(r, 0.3);
    if (wu_chance(r, 0.35 + 0.15 * l->complexity))
        l->hold_s = (int32_t)wu_clip(90.0 * exponential(r), 10.0, 900.0);
    if (!queue) { /* nobody holds a letter */
        l->hold_s = 0;
        l->transfers = WU_MIN(l->transfers, 1);
    }
    l->dropped = wu_chance(r, 0.02) && l->channel == WU_VOICE;
    l->silent = wu_chance(r, 0.02) && l->channel == WU_CHAT;
}

/* ---------------------------------------------------------------------------- behaviour */

static void draw_applies(const wu_synth *s, wu_latent *l) {
    for (int i = 0; i < WU_N_ITEM; i++) l->applies[i] = true;
    l->applies[WU_ITEM_HOLD] = l->hold_s > 0;
    l->applies[WU_ITEM_CLOSING] = !l->dropped && !l->silent;
    if (s->catalogue.industry[l->industry].light)
        l->applies[WU_ITEM_VERIFICATION] =
            !is_category(s, l, "product_information") && !is_category(s, l, "complaint_feedback");
    if (!l->silent) return;
    l->transfers = l->hold_s = 0;
    static const wu_item never[] = {WU_ITEM_PROBING, WU_ITEM_ACCURACY, WU_ITEM_OWNERSHIP,
                                    WU_ITEM_HOLD, WU_ITEM_NEXT_STEPS};
    for (size_t i = 0; i < WU_LEN(never); i++) l->applies[never[i]] = false;
}

static void draw_fail(const wu_synth *s, wu_latent *l, double courtesy, wu_rng *r) {
    const bool tells = wu_chance(r, 0.46);
    const bool insults = wu_chance(r, wu_exact_sigmoid(-4.9 - 0.8 * courtesy));
    const bool reads = wu_chance(r, 0.03);
    const bool card = is_category(s, l, "billing_payment") || is_category(s, l, "refund_return") ||
                      is_category(s, l, "booking_reservation") ||
                      is_category(s, l, "fraud_security");
    if (l->applies[WU_ITEM_VERIFICATION] && !l->hit[WU_ITEM_VERIFICATION] && tells)
        l->fail = WU_FAIL_DATA;
    else if (insults)
        l->fail = WU_FAIL_INSULT;
    else if (reads && card && !l->silent)
        l->fail = WU_FAIL_CARD;
}

static void draw_outcome(wu_latent *l, wu_rng *r) {
    const bool office = l->business || l->complexity == 0;
    const double z = 1.6 + (l->hit[WU_ITEM_ACCURACY] ? 0.6 : -0.6) +
                     (l->hit[WU_ITEM_PROBING] ? 0.35 : -0.35) +
                     (l->hit[WU_ITEM_OWNERSHIP] ? 0.3 : -0.3) - 0.9 * l->complexity -
                     (office ? 0.0 : 0.9) - 0.35 * l->repeats;
    const double solved = wu_exact_sigmoid(z), u = wu_rng_unit(r);
    l->outcome = u < solved                           ? WU_OUTCOME_RESOLVED
                 : u < solved + 0.40 * (1.0 - solved) ? WU_OUTCOME_PARTLY
                 : u < solved + 0.65 * (1.0 - solved) ? WU_OUTCOME_ESCALATED
                                                      : WU_OUTCOME_UNRESOLVED;
    if (l->silent) l->outcome = WU_OUTCOME_ABANDONED;
}

static void draw_behaviour(const wu_synth *s, wu_latent *l, wu_rng *r) {
    const wu_agent a = wu_agent_of(wu_company_key(s, l), l->agent);
    const double tired = 0.35 * wu_clip(l->load - 0.8, 0.0, 1.2);
    for (int i = 0; i < WU_N_ITEM; i++)
        l->hit[i] = wu_chance(r, wu_exact_sigmoid(habit[i].base + a.skill[habit[i].skill] - tired));
    l->jargon =
        wu_chance(r, wu_exact_sigmoid(-1.6 + 0.5 * l->complexity - a.skill[WU_SKILL_CLARITY]));
    l->slow = wu_chance(r, wu_exact_sigmoid(-1.4 - a.skill[WU_SKILL_EFFICIENCY]));
    l->warm = wu_chance(r, wu_exact_sigmoid(0.6 + a.skill[WU_SKILL_COURTESY] - tired));
    draw_applies(s, l);
    draw_fail(s, l, a.skill[WU_SKILL_COURTESY], r);
    draw_outcome(l, r);
    const double keep = l->outcome == WU_OUTCOME_RESOLVED ? 0.6 : -0.8;
    l->stays = wu_chance(r, wu_exact_sigmoid(keep)) && l->cancel;
}

/* ------------------------------------------------------------------------------- labels */

/* The part of the outcome that counts as solved. */
static double solved_share(wu_outcome o) {
    return o == WU_OUTCOME_RESOLVED ? 1.0 : o == WU_OUTCOME_PARTLY ? 0.2 : 0.0;
}

static double waiting(const wu_latent *l) {
    return l->wait_s < 0 ? 0.0 : log1(l->wait_s / 120.0) / (0.5 + l->patience);
}

static void set_satisfaction(wu_latent *l, wu_rng *noise) {
    double *t = l->csat_term;
    t[WU_CSAT_OUTCOME] = 1.15 * (solved_share(l->outcome) - 0.5);
    t[WU_CSAT_EMPATHY] = l->hit[WU_ITEM_EMPATHY] ? 0.225 : -0.225;
    if (l->applies[WU_ITEM_OWNERSHIP])
        t[WU_CSAT_OWNERSHIP] = l->hit[WU_ITEM_OWNERSHIP] ? 0.15 : -0.15;
    t[WU_CSAT_LISTENING] = l->hit[WU_ITEM_LISTENING] ? 0.125 : -0.125;
    t[WU_CSAT_WAIT] = -0.30 * waiting(l);
    t[WU_CSAT_TRANSFER] = -0.25 * l->transfers;
    t[WU_CSAT_HOLD] = -0.15 * log1(l->hold_s / 60.0);
    t[WU_CSAT_REPEAT] = -0.22 * l->repeats;
    t[WU_CSAT_SEVERITY] = -0.5 * (l->severity - 0.4);
    double mean = 3.45 + 0.25;
    for (int i = 0; i < WU_N_CSAT; i++) mean += t[i];
    l->csat_mean = wu_clip(mean, 1.0, 5.0);
    l->csat = wu_clip(mean + 0.45 * wu_rng_normal(noise), 1.0, 5.0);
    l->csat100 = (int32_t)(25.0 * (l->csat - 1.0) + 0.5);
}

static void set_quality(wu_latent *l, wu_rng *noise) {
    int32_t got = 0, all = 0;
    for (int i = 0; i < WU_N_ITEM; i++) {
        if (!l->applies[i]) continue;
        all += wu_item_weight[i];
        if (l->hit[i]) got += wu_item_weight[i];
    }
    l->qa_exact = 100.0 * got / all;
    l->qa_score = (200 * got + all) / (2 * all);
    const double seen = wu_clip(l->qa_exact + 4.0 * wu_rng_normal(noise), 0.0, 100.0);
    l->quality = l->fail ? 0 : (int32_t)(seen + 0.5);
}

static void set_risk(wu_latent *l, wu_rng *noise) {
    double *t = l->churn_term;
    t[WU_CHURN_CANCEL] = l->cancel ? 2.6 : 0.0;
    t[WU_CHURN_COMPETITOR] = l->competitor ? 1.2 : 0.0;
    t[WU_CHURN_PRICE] = l->price ? 0.9 : 0.0;
    t[WU_CHURN_UNRESOLVED] = 0.9 * (1.0 - solved_share(l->outcome));
    t[WU_CHURN_REPEAT] = 0.45 * l->repeats;
    t[WU_CHURN_SEVERITY] = 0.7 * (l->severity - 0.4);
    t[WU_CHURN_TENURE] = -0.5 * wu_exact_log(l->tenure_months / 22.0);
    t[WU_CHURN_MOOD] = -0.55 * (l->csat - 3.4);
    double z = -2.35;
    for (int i = 0; i < WU_N_CHURN; i++) z += t[i];
    l->churn_exact = 100.0 * wu_exact_sigmoid(z);
    l->churn = (int32_t)(100.0 * wu_exact_sigmoid(z + 0.35 * wu_rng_normal(noise)) + 0.5);
}

/* How the customer feels along the call. */
static void set_mood(wu_latent *l) {
    static const double by_outcome[WU_N_OUTCOME] = {0.75, 0.10, -0.15, -0.55, 0.0};
    double *m = l->mood;
    m[0] = wu_clip(0.45 - 1.0 * l->severity - 0.25 * l->repeats - 0.25 * waiting(l), -1.5, 1.0);
    m[1] = m[0] + (l->hit[WU_ITEM_EMPATHY] ? 0.35 : -0.05) +
           (l->hit[WU_ITEM_LISTENING] ? 0.10 : -0.30) + (l->hit[WU_ITEM_GREETING] ? 0.0 : -0.1);
    m[2] = m[1] + (l->hit[WU_ITEM_ACCURACY] || l->silent ? 0.10 : -0.45);
    if (l->hold_s > 0) m[2] -= l->hit[WU_ITEM_HOLD] ? 0.1 : 0.3;
    if (l->fail == WU_FAIL_INSULT) m[2] -= 0.6;
    m[2] -= 0.3 * l->transfers;
    m[3] = m[2] + by_outcome[l->outcome];
    m[4] = m[3] + (l->hit[WU_ITEM_OWNERSHIP] ? 0.10 : -0.10) +
           (l->hit[WU_ITEM_CLOSING] ? 0.05 : -0.05);
    for (int i = 0; i < WU_N_MOOD; i++) m[i] = wu_clip(m[i], -1.5, 1.5);
}

/* The shape of the path of moods. */
static const char *shape(const double *m) {
    const double step = 0.35, change = m[4] - m[0];
    double low = m[1], high = m[1];
    for (int i = 2; i < 4; i++) {
        low = WU_MIN(low, m[i]);
        high = WU_MAX(high, m[i]);
    }
    const bool valley = low<WU_MIN(m[0], m[4]) - step, hill = high> WU_MAX(m[0], m[4]) + step;
    const bool turned = m[1] > m[0] + 0.25 && m[2] < m[1] - 0.35 && m[3] > m[2] + 0.35;
    if ((valley && hill) || turned) return "volatile";
    if (valley) return "recovered";
    if (hill || (m[1] > m[0] + 0.3 && m[4] < m[1] - step && change < 0.1)) return "dipped";
    if (m[2] < m[0] - 0.3 && m[4] > m[2] + step) return "recovered";
    if (change > 0.6) return "improving";
    if (change < -step) return "declining";
    const double level = (m[0] + m[4]) / 2.0;
    return level > 0.2 ? "stable_positive" : level < -0.3 ? "stable_negative" : "stable_neutral";
}

/* Bit of a label of journey_stages. */
static uint32_t stage_bit(const char *name) {
    const char *const *label = wu_tasks[WU_TASK_JOURNEY].field[1].values;
    for (int i = 0; label[i]; i++)
        if (strcmp(label[i], name) == 0) return 1u << i;
    wu_assert_failed("a stage is a label", __FILE__, __LINE__);
}

static void set_journey(const wu_synth *s, wu_latent *l) {
    const wu_topic *t = topic_of(s, l, l->issue);
    const bool solved = l->outcome == WU_OUTCOME_RESOLVED;
    l->stages = t->stages;
    if (l->cancel) l->stages |= stage_bit("retention");
    if (l->competitor) l->stages |= stage_bit("consideration");
    l->trajectory = shape(l->mood);
    l->journey = t->journey;
    if (l->cancel)
        l->journey = l->stays ? "retention_save" : "cancellation_exit";
    else if (strcmp(t->journey, "cancellation_exit") == 0)
        l->journey = solved ? "renewal_or_upgrade" : "retention_save";
    else if (l->repeats >= 2 && !solved)
        l->journey = "complaint_escalation";
    else if (l->repeats > 0)
        l->journey = "repeat_problem";
    const int32_t effort = 2 * l->transfers + 2 * l->repeats + (l->wait_s > 300) +
                           !l->hit[WU_ITEM_LISTENING] + (l->hold_s > 120) + !solved;
    l->effort = effort >= 4 ? "high" : effort >= 2 ? "medium" : "low";
}

/* People who label take one category for its neighbour now and then. */
static void set_category(const wu_synth *s, wu_latent *l, wu_rng *noise) {
    const wu_category *c = &s->catalogue.category[l->true_category];
    const bool confused = wu_chance(noise, 0.025);
    const int32_t neighbour = c->neighbour[wu_between(noise, 0, c->n_neighbour - 1)];
    if (!confused || s->options.no_noise) return;
    l->category = neighbour;
    l->noise |= WU_NOISE_CATEGORY;
}

void wu_model_draw(const wu_synth *s, uint64_t index, wu_latent *l) {
    wu_rng contact = wu_synth_rng(s, index, WU_STREAM_CONTACT);
    wu_rng behaviour = wu_synth_rng(s, index, WU_STREAM_BEHAVIOUR);
    wu_rng label = wu_synth_rng(s, index, WU_STREAM_LABEL);
    *l = (wu_latent){.season = -1};
    draw_contact(s, l, &contact);
    draw_behaviour(s, l, &behaviour);
    set_satisfaction(l, &label);
    set_quality(l, &label);
    set_risk(l, &label);
    set_mood(l);
    set_journey(s, l);
    set_category(s, l, &label);
}
