/* synth_model.c - from causes to labels (synth.h): agents, customers, contacts, what the agent
 * does, and what follows for quality, satisfaction, risk and journey.
 *
 * The weights are invented but have the sizes that studies of call centers report: the outcome
 * matters most, waiting little and the less the more patient the customer; quality judges the
 * agent alone, so neither waiting nor the company's policy enters it. */
#include "contact/exact.h"
#include "contact/synth_impl.h"

#include <string.h>

enum {
    SKILL_COURTESY,
    SKILL_COMPLIANCE,
    SKILL_EMPATHY,
    SKILL_LISTENING,
    SKILL_KNOWLEDGE,
    SKILL_OWNERSHIP,
    N_SKILL
};
enum { AGENTS = 24 }; /* of each company */

static const struct {
    double base; /* logit of doing it */
    int skill;
} habit[WU_N_ITEM] = {
    [WU_ITEM_GREETING] = {2.2, SKILL_COURTESY},
    [WU_ITEM_VERIFICATION] = {2.0, SKILL_COMPLIANCE},
    [WU_ITEM_DISCLOSURE] = {1.8, SKILL_COMPLIANCE},
    [WU_ITEM_EMPATHY] = {0.3, SKILL_EMPATHY},
    [WU_ITEM_LISTENING] = {0.6, SKILL_LISTENING},
    [WU_ITEM_PROBING] = {0.7, SKILL_KNOWLEDGE},
    [WU_ITEM_ACCURACY] = {1.3, SKILL_KNOWLEDGE},
    [WU_ITEM_OWNERSHIP] = {0.6, SKILL_OWNERSHIP},
    [WU_ITEM_HOLD] = {0.6, SKILL_COURTESY},
    [WU_ITEM_NEXT_STEPS] = {0.5, SKILL_OWNERSHIP},
    [WU_ITEM_CLOSING] = {1.2, SKILL_COURTESY},
};

static const uint8_t by_hour[24] = {1,  1,  1,  1,  1,  2,  5,  10, 15, 20, 25, 25,
                                    20, 25, 25, 25, 20, 15, 10, 8,  5,  3,  2,  1};

wu_rng wu_synth_rng(uint64_t seed, uint64_t index, wu_synth_stream s) {
    return wu_rng_init(seed, index * WU_N_STREAM + (uint64_t)s);
}

static double clip(double x, double lo, double hi) { return x < lo ? lo : x > hi ? hi : x; }

static bool chance(wu_rng *r, double p) { return wu_rng_unit(r) < p; }

/* log(1 + x) for x >= 0 */
static double log1(double x) { return wu_exact_log(1.0 + x); }

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

static double exponential(wu_rng *r) { return -wu_exact_log(1.0 - wu_rng_unit(r)); }

static int32_t days_of(int32_t year, int32_t month) {
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && year % 4 == 0);
}

/* A time of 2025, by the hours and weekdays at which people call. */
static void draw_time(wu_latent *l, wu_rng *r) {
    static const uint8_t by_weekday[7] = {18, 17, 16, 16, 15, 10, 8};
    int32_t day;
    do { /* day 0 of 2025 is a Wednesday */
        day = (int32_t)wu_rng_below(r, 365);
        l->weekday = (day + 2) % 7;
    } while (wu_rng_below(r, 18) >= by_weekday[l->weekday]);
    do {
        l->hour = (int32_t)wu_rng_below(r, 24);
    } while (wu_rng_below(r, 25) >= by_hour[l->hour]);
    l->minute = (int32_t)wu_rng_below(r, 60);
    l->year = 2025;
    for (l->month = 1; day >= days_of(l->year, l->month); l->month++)
        day -= days_of(l->year, l->month);
    l->day = day + 1;
    l->business = l->weekday < 5 && l->hour >= 8 && l->hour < 18;
    const int32_t date = l->month * 100 + l->day;
    l->peak = date >= 1115 || date <= 105 || (date >= 301 && date <= 415);
    l->load = by_hour[l->hour] / 25.0 * (l->weekday == 0 ? 1.25 : 1.0) * (l->peak ? 1.6 : 1.0) /
              (l->business ? 1.0 : 0.45);
}

static bool is_at(const wu_issue *issue, const wu_company *c) {
    return strchr(issue->where, c->letter) != NULL;
}

static void draw_contact(wu_latent *l, wu_rng *r) {
    l->company = (int32_t)wu_rng_below(r, (uint32_t)wu_n_company);
    l->agent = (int32_t)wu_rng_below(r, AGENTS);
    do {
        l->issue = (int32_t)wu_rng_below(r, (uint32_t)wu_n_issue);
    } while (!is_at(&wu_issues[l->issue], &wu_companies[l->company]));
    draw_time(l, r);
    const double usual = wu_exact_log(40.0 + 70.0 * l->load);
    l->wait_s = (int32_t)wu_exact_exp(usual + 0.8 * wu_rng_normal(r));
    l->severity = beta4(r, 2);
    l->patience = beta4(r, 3);
    l->tenure_months = wu_exact_exp(3.1 + 0.9 * wu_rng_normal(r));
    const uint32_t c = wu_rng_below(r, 100);
    l->complexity = c < 45 ? 0 : c < 83 ? 1 : 2;
    if (chance(r, 0.18)) l->repeats = (int32_t)clip(1.0 + exponential(r) * 0.8, 1.0, 4.0);
    const bool leaving = strcmp(wu_issues[l->issue].category, "cancellation_retention") == 0;
    l->cancel = leaving || chance(r, 0.05 + 0.05 * l->severity);
    l->price = chance(r, leaving ? 0.35 : 0.10);
    l->competitor = chance(r, (l->cancel ? 0.25 : 0.04) + (l->price ? 0.05 : 0.0));
    if (chance(r, 0.10 + 0.12 * l->complexity)) l->transfers = 1;
    if (chance(r, 0.35 + 0.15 * l->complexity))
        l->hold_s = (int32_t)clip(15.0 + 90.0 * exponential(r), 15.0, 900.0);
}

/* The agent's skills are the same in every call of a seed. */
static void skills(double *theta, uint64_t seed, int32_t company, int32_t agent) {
    wu_rng r = wu_rng_init(~seed, (uint64_t)company * AGENTS + (uint64_t)agent);
    const double shared = 0.6 * wu_rng_normal(&r);
    for (int i = 0; i < N_SKILL; i++) theta[i] = shared + 0.8 * wu_rng_normal(&r);
}

static void draw_behaviour(wu_latent *l, uint64_t seed, wu_rng *r) {
    double theta[N_SKILL];
    skills(theta, seed, l->company, l->agent);
    const double tired = 0.35 * clip(l->load - 0.8, 0.0, 1.2);
    for (int i = 0; i < WU_N_ITEM; i++)
        l->hit[i] = chance(r, wu_exact_sigmoid(habit[i].base + theta[habit[i].skill] - tired));
    l->leaked = chance(r, 0.5) && !l->hit[WU_ITEM_VERIFICATION];
    const bool office = l->business || l->complexity == 0;
    const double z = 1.6 + (l->hit[WU_ITEM_ACCURACY] ? 0.6 : -0.6) +
                     (l->hit[WU_ITEM_PROBING] ? 0.35 : -0.35) +
                     (l->hit[WU_ITEM_OWNERSHIP] ? 0.3 : -0.3) - 0.9 * l->complexity -
                     (office ? 0.0 : 0.9) - 0.35 * l->repeats;
    const double solved = wu_exact_sigmoid(z), u = wu_rng_unit(r);
    if (u < solved)
        l->outcome = WU_OUTCOME_RESOLVED;
    else if (u < solved + 0.45 * (1.0 - solved))
        l->outcome = WU_OUTCOME_PARTLY;
    else if (u < solved + 0.70 * (1.0 - solved))
        l->outcome = WU_OUTCOME_ESCALATED;
    else
        l->outcome = WU_OUTCOME_UNRESOLVED;
}

/* The part of the outcome that counts as solved. */
static double solved_share(wu_outcome o) {
    return o == WU_OUTCOME_RESOLVED ? 1.0 : o == WU_OUTCOME_PARTLY ? 0.35 : 0.0;
}

static double waiting(const wu_latent *l) { return log1(l->wait_s / 120.0) / (0.5 + l->patience); }

static void set_satisfaction(wu_latent *l, wu_rng *noise) {
    double *t = l->csat_term;
    t[WU_CSAT_OUTCOME] = 1.15 * (solved_share(l->outcome) - 0.5);
    t[WU_CSAT_EMPATHY] = l->hit[WU_ITEM_EMPATHY] ? 0.225 : -0.225;
    t[WU_CSAT_OWNERSHIP] = l->hit[WU_ITEM_OWNERSHIP] ? 0.15 : -0.15;
    t[WU_CSAT_LISTENING] = l->hit[WU_ITEM_LISTENING] ? 0.125 : -0.125;
    t[WU_CSAT_WAIT] = -0.30 * waiting(l);
    t[WU_CSAT_TRANSFER] = -0.25 * l->transfers;
    t[WU_CSAT_HOLD] = -0.15 * log1(l->hold_s / 60.0);
    t[WU_CSAT_REPEAT] = -0.22 * l->repeats;
    t[WU_CSAT_SEVERITY] = -0.5 * (l->severity - 0.4);
    double mean = 3.45 + 0.25;
    for (int i = 0; i < WU_N_CSAT; i++) mean += t[i];
    l->csat_mean = clip(mean, 1.0, 5.0);
    l->csat = clip(mean + 0.45 * wu_rng_normal(noise), 1.0, 5.0);
    l->csat100 = (int32_t)(25.0 * (l->csat - 1.0) + 0.5);
}

static void set_quality(wu_latent *l, wu_rng *noise) {
    int32_t got = 0, all = 0;
    for (int i = 0; i < WU_N_ITEM; i++) {
        if (i == WU_ITEM_HOLD && l->hold_s == 0) continue; /* does not apply */
        all += wu_items[i].weight;
        if (l->hit[i]) got += wu_items[i].weight;
    }
    l->qa_score = (200 * got + all) / (2 * all);
    const double seen = l->qa_score + 3.0 * wu_rng_normal(noise);
    l->quality = l->leaked ? 0 : (int32_t)(clip(seen, 0.0, 100.0) + 0.5);
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
    const double p = wu_exact_sigmoid(z + 0.35 * wu_rng_normal(noise));
    l->churn = (int32_t)(100.0 * p + 0.5);
}

/* How the customer feels along the call. */
static void set_mood(wu_latent *l) {
    double *m = l->mood;
    m[0] = clip(0.45 - 1.0 * l->severity - 0.25 * l->repeats - 0.25 * waiting(l), -1.5, 1.0);
    m[1] = m[0] + (l->hit[WU_ITEM_EMPATHY] ? 0.30 : -0.05) +
           (l->hit[WU_ITEM_LISTENING] ? 0.10 : -0.25) + (l->hit[WU_ITEM_GREETING] ? 0.0 : -0.1);
    m[2] = m[1] + (l->hit[WU_ITEM_ACCURACY] ? 0.10 : -0.45);
    if (l->hold_s > 0) m[2] -= l->hit[WU_ITEM_HOLD] ? 0.1 : 0.3;
    m[2] -= 0.3 * l->transfers;
    static const double by_outcome[] = {0.75, 0.10, -0.15, -0.55};
    m[3] = m[2] + by_outcome[l->outcome];
    m[4] = m[3] + (l->hit[WU_ITEM_OWNERSHIP] ? 0.10 : -0.10) +
           (l->hit[WU_ITEM_CLOSING] ? 0.05 : -0.05);
    for (int i = 0; i < WU_N_MOOD; i++) m[i] = clip(m[i], -1.5, 1.5);
}

/* The shape of the path of moods. */
static const char *shape(const double *m) {
    const double step = 0.35, change = m[4] - m[0];
    double low = m[1], high = m[1];
    for (int i = 2; i < 4; i++) {
        low = m[i] < low ? m[i] : low;
        high = m[i] > high ? m[i] : high;
    }
    const double less = m[0] < m[4] ? m[0] : m[4], more = m[0] > m[4] ? m[0] : m[4];
    const bool valley = low<less - step, hill = high> more + step;
    if (valley && hill) return "volatile";
    if (valley) return "recovered";
    if (hill) return "dipped";
    if (change > step) return "improving";
    if (change < -step) return "declining";
    const double level = (m[0] + m[4]) / 2.0;
    return level > 0.2 ? "stable_positive" : level < -0.35 ? "stable_negative" : "stable_neutral";
}

/* Bit of a label of journey_stages. */
static uint32_t stage_bit(const char *name, size_t n) {
    const char *const *label = wu_tasks[WU_TASK_JOURNEY].field[1].values;
    for (int i = 0; label[i]; i++)
        if (strlen(label[i]) == n && memcmp(label[i], name, n) == 0) return 1u << i;
    wu_assert_failed("a stage of the table of issues is a label", __FILE__, __LINE__);
}

static void set_journey(wu_latent *l) {
    const wu_issue *issue = &wu_issues[l->issue];
    for (const char *p = issue->stages; *p;) {
        const size_t n = strcspn(p, " ");
        l->stages |= stage_bit(p, n);
        p += n + (p[n] == ' ');
    }
    if (l->cancel) l->stages |= stage_bit("retention", 9);
    l->trajectory = shape(l->mood);
    l->journey = issue->journey;
    if (l->cancel)
        l->journey = l->outcome == WU_OUTCOME_RESOLVED ? "retention_save" : "cancellation_exit";
    else if (l->repeats >= 2 && l->outcome != WU_OUTCOME_RESOLVED)
        l->journey = "complaint_escalation";
    else if (l->repeats > 0)
        l->journey = "repeat_problem";
}

void wu_synth_draw(wu_latent *l, uint64_t seed, uint64_t index) {
    wu_rng contact = wu_synth_rng(seed, index, WU_STREAM_CONTACT);
    wu_rng behaviour = wu_synth_rng(seed, index, WU_STREAM_BEHAVIOUR);
    wu_rng noise = wu_synth_rng(seed, index, WU_STREAM_NOISE);
    *l = (wu_latent){0};
    draw_contact(l, &contact);
    draw_behaviour(l, seed, &behaviour);
    set_satisfaction(l, &noise);
    set_quality(l, &noise);
    set_risk(l, &noise);
    set_mood(l);
    set_journey(l);
}
