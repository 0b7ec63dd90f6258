/* plan.c - the grammar of a contact (plan.h).
 *
 * The plan follows the causes: an item that the agent misses is missing in the
 * text or done badly, and what moves satisfaction or risk is said by somebody.
 * Traces also come without their cause: customers who are polite and unhappy,
 * apologies that help nobody, rivals named in praise, right findings that are
 * doubted.  What an agent leaves out is replaced by other talk of the same
 * length, so that length tells nothing. */
#include "contact/synth/plan.h"

#include <string.h>

enum { MAX_EXTRA = 12 };

typedef struct draft {
    wu_plan *plan;
    const wu_synth *s;
    const wu_latent *l;
    wu_rng *r;
    wu_by agent;             /* who is on the line */
    int32_t issue;           /* that is spoken about */
    double mood;             /* where the customer is now */
    wu_act extra[MAX_EXTRA]; /* what the customer still wants to say */
    int32_t n_extra;
    uint32_t asked; /* questions of the issue that were asked */
    bool letters;   /* e-mail or social: no back and forth */
    bool fresh;     /* the next step begins a turn */
    int32_t pause_s;
    bool swapped;
} draft;

static bool maybe(draft *d, double p) { return wu_chance(d->r, p); }

static double felt(draft *d, double noise) { return d->mood + noise * wu_rng_normal(d->r); }

/* What the customer thinks of it all, about -2 to 1.5: the mood and what satisfaction will be. */
static double judged(draft *d, double noise) {
    const double satisfied = 1.1 * (d->l->csat_mean - 3.65);
    return 0.35 * d->mood + 0.65 * satisfied + noise * wu_rng_normal(d->r);
}

static void put(draft *d, wu_by by, wu_step_kind kind, int32_t what, int32_t nth) {
    if (d->plan->n == WU_MAX_STEP) return;
    d->plan->step[d->plan->n++] = (wu_step){.by = by,
                                            .kind = kind,
                                            .what = what,
                                            .issue = d->issue,
                                            .nth = nth,
                                            .item = -1,
                                            .pause_s = d->pause_s,
                                            .mood = felt(d, 0.35),
                                            .fresh = d->fresh,
                                            .swapped = d->swapped};
    d->fresh = false;
    d->pause_s = 0;
}

static void agent(draft *d, wu_act a) { put(d, d->agent, WU_STEP_ACT, (int32_t)a, -1); }
static void customer(draft *d, wu_act a) { put(d, WU_BY_CUSTOMER, WU_STEP_ACT, (int32_t)a, -1); }

/* The agent's act that shows whether an item was hit. */
static void shows(draft *d, wu_item item, wu_act a) {
    agent(d, a);
    if (d->plan->n) d->plan->step[d->plan->n - 1].item = (int32_t)item;
}

static void issue_text(draft *d, wu_by by, wu_issue_key key) {
    put(d, by, WU_STEP_ISSUE, (int32_t)key, -1);
}

/* A short word of the customer, where people talk to each other. Most often the agent goes on. */
static void nod(draft *d, double p) {
    if (!d->letters && maybe(d, 0.27 * p)) customer(d, WU_ACT_C_FINE);
}

/* ------------------------------------------------------------------------------- extras */

/* What the customer wants to say at some time: most of it is not said at once. */
static void want(draft *d, bool yes, wu_act a) {
    if (!yes || d->n_extra == MAX_EXTRA) return;
    d->extra[d->n_extra++] = a;
}

static void collect_extras(draft *d) {
    const wu_latent *l = d->l;
    const double wait = -l->csat_term[WU_CSAT_WAIT];
    want(d, l->repeats == 1 && maybe(d, 0.95), WU_ACT_C_SECOND_TIME);
    want(d, l->repeats > 1, WU_ACT_C_MANY_TIMES);
    if (l->wait_s >= 110) {
        const bool broken = l->announced_s > 0 && l->wait_s > 1.7 * l->announced_s &&
                            l->announced_s >= 90 && l->wait_s >= l->announced_s + 90;
        want(d, maybe(d, wait > 0.25 ? 0.6 : 0.12), broken ? WU_ACT_C_WAIT_WRONG : WU_ACT_C_WAITED);
    }
    want(d, l->tenure_months >= 36.0 && maybe(d, 0.75), WU_ACT_C_LONG_TENURE);
    want(d, l->tenure_months <= 10.0 && maybe(d, 0.85), WU_ACT_C_SHORT_TENURE);
    want(d, maybe(d, 0.08 + 0.2 * l->severity), WU_ACT_C_DEADLINE);
    want(d, l->price, WU_ACT_C_PRICE);
    want(d, l->competitor, WU_ACT_C_COMPETITOR);
    want(d, !l->competitor && maybe(d, 0.06), WU_ACT_C_COMPETITOR_PRAISE);
    want(d, !l->cancel && maybe(d, 0.07), WU_ACT_C_LOYAL);
    want(d, l->severity > 0.55 && maybe(d, 0.25), WU_ACT_C_URGENT);
    for (int32_t i = d->n_extra - 1; i > 0; i--) {
        const int32_t k = wu_between(d->r, 0, i);
        const wu_act a = d->extra[i];
        d->extra[i] = d->extra[k];
        d->extra[k] = a;
    }
}

/* The customer says up to n of the extras; the agent may answer. */
static void release(draft *d, int32_t n, double p) {
    while (n-- > 0 && d->n_extra > 0 && maybe(d, p)) {
        const wu_act a = d->extra[--d->n_extra];
        customer(d, a);
        if (a == WU_ACT_C_PRICE && maybe(d, 0.8))
            agent(d, WU_ACT_A_ON_PRICE);
        else if (!d->letters && maybe(d, 0.25))
            agent(d, WU_ACT_A_ACK);
    }
}

/* ------------------------------------------------------------------------------ opening */

static void bot(draft *d) {
    const bool chat = d->l->channel == WU_CHAT;
    if (!d->letters && maybe(d, chat ? 0.25 : 0.08)) {
        put(d, WU_BY_BOT, WU_STEP_ACT, WU_ACT_B_GREET, -1);
        customer(d, WU_ACT_C_BOT_TOPIC);
        if (maybe(d, 0.4)) {
            put(d, WU_BY_BOT, WU_STEP_ACT, WU_ACT_B_FAIL, -1);
            customer(d, WU_ACT_C_BOT_AGENT);
        }
        put(d, WU_BY_BOT, WU_STEP_ACT, WU_ACT_B_HANDOVER, -1);
    }
    if (!chat) return;
    if (d->l->wait_s >= 45 && maybe(d, 0.3)) put(d, WU_BY_SYSTEM, WU_STEP_ACT, WU_ACT_S_QUEUE, -1);
    if (maybe(d, 0.35)) put(d, WU_BY_SYSTEM, WU_STEP_ACT, WU_ACT_S_JOINED, -1);
}

static void greet(draft *d) {
    shows(d, WU_ITEM_GREETING, d->l->hit[WU_ITEM_GREETING] ? WU_ACT_A_GREET : WU_ACT_A_GREET_POOR);
    if (d->l->wait_s >= 110 && maybe(d, 0.3)) agent(d, WU_ACT_A_QUEUE_SORRY);
}

static void matter(draft *d) {
    const double felt_severity = d->l->severity + 0.09 * wu_rng_normal(d->r);
    if (maybe(d, 0.45)) customer(d, WU_ACT_C_HELLO);
    if (maybe(d, 0.85))
        customer(d, felt_severity < 0.33   ? WU_ACT_C_CALM
                    : felt_severity < 0.58 ? WU_ACT_C_WORRIED
                                           : WU_ACT_C_URGENT);
    issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_OPEN);
    if (maybe(d, 0.25 + 0.5 * d->l->verbosity)) issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_DETAIL);
    for (int32_t i = 0; i < (d->letters ? 3 : 1); i++)
        if (d->n_extra > 0 && maybe(d, 0.35)) customer(d, d->extra[--d->n_extra]);
}

static void opening(draft *d) {
    bot(d);
    if (!d->letters) greet(d);
    matter(d);
    if (d->letters) greet(d);
}

/* ----------------------------------------------------------------- the work of an agent */

static void empathise(draft *d) {
    const bool hit = d->l->hit[WU_ITEM_EMPATHY];
    const double before = d->mood;
    d->mood = d->l->mood[1];
    if (hit) {
        shows(d, WU_ITEM_EMPATHY, WU_ACT_A_EMPATHY);
        if (maybe(d, 0.15)) agent(d, WU_ACT_A_SORRY_FORMULA);
        if (before < -0.35 && maybe(d, 0.35))
            customer(d, WU_ACT_C_CALMER);
        else
            nod(d, 0.3);
        return;
    }
    shows(d, WU_ITEM_EMPATHY, maybe(d, 0.4) ? WU_ACT_A_SORRY_FORMULA : WU_ACT_A_FLAT);
    if (before < -0.5 && maybe(d, 0.35)) customer(d, WU_ACT_C_VENT);
}

static void verify(draft *d) {
    const wu_latent *l = d->l;
    if (!l->applies[WU_ITEM_VERIFICATION]) return;
    if (l->hit[WU_ITEM_VERIFICATION]) {
        shows(d, WU_ITEM_VERIFICATION, WU_ACT_A_VERIFY);
        if (maybe(d, 0.3)) customer(d, WU_ACT_C_FINE);
        customer(d, WU_ACT_C_IDENTIFY);
        agent(d, WU_ACT_A_VERIFIED);
    } else if (l->fail == WU_FAIL_DATA) {
        shows(d, WU_ITEM_VERIFICATION, WU_ACT_A_LEAK);
        nod(d, 0.8);
    } else if (maybe(d, 0.55)) { /* the customer offers it, nobody asked or checks */
        customer(d, WU_ACT_C_IDENTIFY);
        agent(d, maybe(d, 0.5) ? WU_ACT_A_ACK : WU_ACT_A_FLAT);
    }
}

static void disclose(draft *d) {
    if (d->l->hit[WU_ITEM_DISCLOSURE]) {
        if (maybe(d, 0.4)) {
            put(d, d->agent, WU_STEP_SAY, 0, -1);
            if (d->plan->n) d->plan->step[d->plan->n - 1].item = WU_ITEM_DISCLOSURE;
        } else {
            shows(d, WU_ITEM_DISCLOSURE, WU_ACT_A_DISCLOSE);
        }
        nod(d, 0.6);
    } else if (maybe(d, 0.6)) { /* other words in their place */
        agent(d, WU_ACT_A_LOOK);
        nod(d, 0.6);
    }
}

static void listen(draft *d) {
    if (d->l->hit[WU_ITEM_LISTENING]) {
        shows(d, WU_ITEM_LISTENING, WU_ACT_A_PARAPHRASE);
        customer(d, WU_ACT_C_CONFIRM);
        release(d, 1, 0.4);
        return;
    }
    shows(d, WU_ITEM_LISTENING, WU_ACT_A_ASK_AGAIN);
    customer(d, WU_ACT_C_TOLD_YOU);
    if (maybe(d, 0.4))
        issue_text(d, WU_BY_CUSTOMER, maybe(d, 0.5) ? WU_ISSUE_OPEN : WU_ISSUE_DETAIL);
}

/* The n-th question and its answer; false: all were asked. */
static bool question(draft *d) {
    const wu_issue *issue = &d->s->language[d->l->language].issue[d->issue];
    const int32_t n = WU_MIN(issue->text[WU_ISSUE_ASK].n, 31);
    int32_t left = 0;
    for (int32_t i = 0; i < n; i++) left += !((d->asked >> i) & 1u);
    if (!left) return false;
    int32_t k = wu_between(d->r, 0, left - 1), i = 0;
    for (;; i++)
        if (!((d->asked >> i) & 1u) && k-- == 0) break;
    d->asked |= 1u << i;
    if (maybe(d, 0.45)) agent(d, WU_ACT_A_PROBE);
    put(d, d->agent, WU_STEP_ISSUE, WU_ISSUE_ASK, i);
    d->plan->step[d->plan->n - 1].item = WU_ITEM_PROBING;
    if (maybe(d, 0.3)) customer(d, WU_ACT_C_FINE);
    put(d, WU_BY_CUSTOMER, WU_STEP_ISSUE, WU_ISSUE_REPLY, i);
    if (maybe(d, 0.2)) issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_DETAIL);
    if (maybe(d, 0.35)) agent(d, WU_ACT_A_ACK);
    return true;
}

/* A round of work without a question. */
static void idle(draft *d) {
    static const int32_t weight[5] = {30, 7, 10, 28, 25};
    switch (wu_weighted(d->r, weight, 5)) {
    case 0:
        issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_DETAIL);
        agent(d, maybe(d, 0.5) ? WU_ACT_A_FLAT : WU_ACT_A_ACK);
        break;
    case 1:
        agent(d, WU_ACT_A_SMALLTALK);
        if (!d->letters) customer(d, WU_ACT_C_SMALLTALK);
        break;
    case 2:
        customer(d, WU_ACT_C_SIDE_QUESTION);
        agent(d, WU_ACT_A_SIDE_ANSWER);
        break;
    case 3:
        agent(d, d->l->slow ? WU_ACT_A_SLOW : WU_ACT_A_LOOK);
        nod(d, 0.7);
        break;
    default:
        agent(d, WU_ACT_A_LOOK);
        release(d, 1, 1.0);
        nod(d, 0.5);
        break;
    }
}

/* Some contacts are long: step by step, with much waiting and little news. */
static void walk_through(draft *d) {
    const double long_one = d->l->complexity == 2 ? 0.05 : 0.004;
    if (d->letters || !maybe(d, long_one)) return;
    int32_t rounds = 8;
    while (rounds < 170 && maybe(d, 0.975)) rounds++;
    for (; rounds > 0; rounds--) {
        idle(d);
        if (maybe(d, 0.35)) {
            agent(d, WU_ACT_A_LOOK);
            nod(d, 1.0);
        }
        if (maybe(d, 0.2)) {
            agent(d, WU_ACT_A_CLEAR);
            customer(d, maybe(d, 0.3) ? WU_ACT_C_CONFUSED : WU_ACT_C_UNDERSTOOD);
        }
    }
}

static void probe(draft *d) {
    const bool hit = d->l->applies[WU_ITEM_PROBING] && d->l->hit[WU_ITEM_PROBING];
    const int32_t rounds = 1 + d->l->complexity + maybe(d, 0.4) + maybe(d, 0.2);
    for (int32_t i = 0; i < rounds; i++) {
        if (hit && (i == 0 || maybe(d, 0.75)) && question(d)) continue;
        idle(d);
    }
}

static void look(draft *d) {
    agent(d, WU_ACT_A_LOOK);
    if (d->l->slow) {
        d->fresh = maybe(d, 0.3);
        agent(d, WU_ACT_A_SLOW);
    }
    if (d->l->channel == WU_CHAT && maybe(d, d->l->slow ? 0.5 : 0.12)) {
        d->fresh = true;
        agent(d, WU_ACT_A_LATE);
    }
    nod(d, 0.35);
    if (!d->letters && maybe(d, 0.06)) {
        agent(d, WU_ACT_A_SMALLTALK);
        customer(d, WU_ACT_C_SMALLTALK);
    }
}

static void hold(draft *d) {
    const wu_latent *l = d->l;
    if (l->hold_s == 0) return;
    const bool long_one = l->hold_s >= 100;
    if (l->hit[WU_ITEM_HOLD]) {
        shows(d, WU_ITEM_HOLD, WU_ACT_A_HOLD_ASK);
        customer(d, WU_ACT_C_HOLD_YES);
        d->pause_s = l->hold_s;
        agent(d, WU_ACT_A_HOLD_BACK);
        if (long_one && maybe(d, 0.3)) customer(d, WU_ACT_C_HOLD_LONG);
        return;
    }
    shows(d, WU_ITEM_HOLD, WU_ACT_A_HOLD_POOR);
    d->pause_s = l->hold_s;
    d->fresh = true;
    agent(d, WU_ACT_A_HOLD_BACK_POOR);
    customer(d, long_one && maybe(d, 0.7) ? WU_ACT_C_HOLD_LONG : WU_ACT_C_HOLD_HERE);
}

static void transfer(draft *d) {
    for (int32_t i = 0; i < d->l->transfers; i++) {
        agent(d, d->l->warm ? WU_ACT_A_TRANSFER_WARM : WU_ACT_A_TRANSFER_COLD);
        if (d->l->warm) nod(d, 0.7);
        if (maybe(d, 0.3)) put(d, WU_BY_SYSTEM, WU_STEP_ACT, WU_ACT_S_TRANSFERRED, -1);
        d->agent = d->agent == WU_BY_AGENT ? WU_BY_AGENT2 : WU_BY_AGENT;
        d->swapped = d->agent == WU_BY_AGENT; /* back at the first one */
        d->pause_s = 20;
        agent(d, d->l->warm ? WU_ACT_A_SECOND_WARM : WU_ACT_A_SECOND_COLD);
        d->swapped = false;
        if (d->l->warm && maybe(d, 0.6))
            customer(d, WU_ACT_C_CONFIRM);
        else
            customer(d, felt(d, 0.4) < -0.2 ? WU_ACT_C_STORY_AGAIN_ANNOYED : WU_ACT_C_STORY_AGAIN);
    }
}

/* ------------------------------------------------------------------------ what is found */

static void explain(draft *d) {
    if (d->l->jargon) {
        agent(d, WU_ACT_A_JARGON);
        if (d->letters) return;
        customer(d, WU_ACT_C_CONFUSED);
        agent(d, WU_ACT_A_CLEAR);
        if (maybe(d, 0.7)) customer(d, WU_ACT_C_UNDERSTOOD);
    } else if (maybe(d, 0.14)) {
        agent(d, WU_ACT_A_CLEAR);
        if (maybe(d, 0.7)) customer(d, WU_ACT_C_UNDERSTOOD);
    }
}

static void find_wrong(draft *d) {
    put(d, d->agent, WU_STEP_ISSUE, WU_ISSUE_WRONG, -1);
    d->plan->step[d->plan->n - 1].item = WU_ITEM_ACCURACY;
    customer(d, WU_ACT_C_DOUBT);
    if (maybe(d, 0.5)) issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_DETAIL);
    const bool solved = d->l->outcome == WU_OUTCOME_RESOLVED;
    if (!solved && maybe(d, 0.4)) {
        agent(d, WU_ACT_A_INSIST);
        return;
    }
    agent(d, WU_ACT_A_CORRECT);
    if (solved || maybe(d, 0.5)) issue_text(d, d->agent, WU_ISSUE_FOUND);
}

static void find(draft *d) {
    d->mood = d->l->mood[2];
    if (!d->l->hit[WU_ITEM_ACCURACY]) {
        find_wrong(d);
        return;
    }
    if (maybe(d, 0.55)) agent(d, WU_ACT_A_FOUND);
    put(d, d->agent, WU_STEP_ISSUE, WU_ISSUE_FOUND, -1);
    d->plan->step[d->plan->n - 1].item = WU_ITEM_ACCURACY;
    if (!d->letters && maybe(d, 0.13)) { /* doubted, and right all the same */
        customer(d, WU_ACT_C_DOUBT);
        agent(d, WU_ACT_A_CLEAR);
        customer(d, WU_ACT_C_UNDERSTOOD);
        return;
    }
    nod(d, 0.3);
    explain(d);
}

/* What the customer lets slip about the contact so far. */
static void remark(draft *d) {
    const double x = judged(d, 0.4);
    if (x > 0.1 && maybe(d, 0.38))
        customer(d, maybe(d, 0.85) ? WU_ACT_C_WARM : WU_ACT_C_LOYAL);
    else if (x < -0.5 && maybe(d, 0.4))
        customer(d, maybe(d, 0.4)   ? WU_ACT_C_UPSET
                    : maybe(d, 0.8) ? WU_ACT_C_VENT
                                    : WU_ACT_C_SARCASM);
    else if (maybe(d, 0.03))
        customer(d, maybe(d, 0.5) ? WU_ACT_C_WARM : WU_ACT_C_UPSET);
}

static void insult(draft *d) {
    if (d->l->fail != WU_FAIL_INSULT) return;
    agent(d, WU_ACT_A_RUDE);
    customer(d, maybe(d, 0.7) ? WU_ACT_C_VENT : WU_ACT_C_RESIGNED);
}

/* What the customer says about leaving, and the agent's answer. */
static void leaving(draft *d) {
    const wu_latent *l = d->l;
    if (!l->cancel) return;
    customer(d, WU_ACT_C_LEAVING);
    agent(d, WU_ACT_A_ON_LEAVING);
    if (maybe(d, 0.75)) {
        agent(d, WU_ACT_A_SAVE_OFFER);
        customer(d, l->stays        ? WU_ACT_C_ACCEPT_OFFER
                    : maybe(d, 0.5) ? WU_ACT_C_REFUSE_OFFER
                                    : WU_ACT_C_CANCEL_INSIST);
    } else {
        customer(d, l->stays ? WU_ACT_C_LOYAL : WU_ACT_C_CANCEL_INSIST);
    }
    if (!l->stays && maybe(d, 0.6)) agent(d, WU_ACT_A_CANCEL_DONE);
}

/* ------------------------------------------------------------------------------ outcome */

static void react_to_solution(draft *d) {
    const double x = judged(d, 0.35);
    if (x > 0.15)
        customer(d, maybe(d, 0.85) ? WU_ACT_C_GLAD : WU_ACT_C_ACCEPT);
    else if (x > -0.5)
        customer(d, maybe(d, 0.3)   ? WU_ACT_C_GLAD
                    : maybe(d, 0.6) ? WU_ACT_C_ACCEPT
                                    : WU_ACT_C_FINE);
    else
        customer(d, maybe(d, 0.35) ? WU_ACT_C_SARCASM : WU_ACT_C_ACCEPT);
    if (maybe(d, 0.25)) issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_DETAIL);
}

static void react_to_none(draft *d) {
    const double x = judged(d, 0.35);
    if (x > -0.1)
        customer(d, maybe(d, 0.6) ? WU_ACT_C_WAIT_AND_SEE : WU_ACT_C_RESIGNED);
    else if (x > -0.9)
        customer(d, maybe(d, 0.5)   ? WU_ACT_C_UPSET
                    : maybe(d, 0.6) ? WU_ACT_C_RESIGNED
                                    : WU_ACT_C_SARCASM);
    else
        customer(d, maybe(d, 0.5) ? WU_ACT_C_VENT : WU_ACT_C_UPSET);
    if (maybe(d, 0.3)) issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_DETAIL);
}

static void card(draft *d) {
    if (d->l->fail != WU_FAIL_CARD) return;
    agent(d, WU_ACT_A_CARD_BACK);
    customer(d, WU_ACT_C_CONFIRM);
}

static void outcome(draft *d) {
    d->mood = d->l->mood[3];
    switch (d->l->outcome) {
    case WU_OUTCOME_RESOLVED:
        if (maybe(d, 0.5)) agent(d, WU_ACT_A_FIX);
        issue_text(d, d->agent, WU_ISSUE_FIX);
        card(d);
        react_to_solution(d);
        break;
    case WU_OUTCOME_PARTLY:
        if (maybe(d, 0.5)) agent(d, WU_ACT_A_PROMISE);
        issue_text(d, d->agent, WU_ISSUE_PROMISE);
        card(d);
        if (judged(d, 0.35) > -0.6)
            customer(d, maybe(d, 0.5) ? WU_ACT_C_ACCEPT : WU_ACT_C_WAIT_AND_SEE);
        else
            react_to_none(d);
        break;
    case WU_OUTCOME_ESCALATED:
        agent(d, WU_ACT_A_ESCALATE);
        card(d);
        if (judged(d, 0.35) > -0.5)
            customer(d, maybe(d, 0.4) ? WU_ACT_C_ACCEPT : WU_ACT_C_WAIT_AND_SEE);
        else
            react_to_none(d);
        break;
    case WU_OUTCOME_UNRESOLVED:
        if (maybe(d, 0.5)) agent(d, WU_ACT_A_REFUSE);
        issue_text(d, d->agent, WU_ISSUE_REFUSE);
        if (maybe(d, 0.45)) agent(d, WU_ACT_A_POLICY);
        card(d);
        react_to_none(d);
        break;
    case WU_OUTCOME_ABANDONED:
    case WU_N_OUTCOME:
        break;
    }
    if (maybe(d, d->l->severity > 0.5 || d->l->repeats ? 0.25 : 0.06)) {
        agent(d, WU_ACT_A_OFFER);
        customer(d, maybe(d, 0.7) ? WU_ACT_C_ACCEPT_OFFER : WU_ACT_C_FINE);
    }
}

/* A further matter in the same contact: small, and solved. */
static void more(draft *d, int32_t issue) {
    const bool hit = d->l->hit[WU_ITEM_PROBING];
    d->issue = issue;
    d->asked = 0;
    if (maybe(d, 0.6)) agent(d, WU_ACT_A_ANYTHING_ELSE);
    issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_OPEN);
    if (maybe(d, 0.6)) issue_text(d, WU_BY_CUSTOMER, WU_ISSUE_DETAIL);
    for (int32_t n = wu_between(d->r, 1, 3); n > 0; n--)
        if (!hit || !question(d)) idle(d);
    look(d);
    if (maybe(d, 0.5)) agent(d, WU_ACT_A_FOUND);
    issue_text(d, d->agent, WU_ISSUE_FOUND);
    nod(d, 0.5);
    if (maybe(d, 0.5)) agent(d, WU_ACT_A_FIX);
    issue_text(d, d->agent, WU_ISSUE_FIX);
    customer(d, maybe(d, 0.5) ? WU_ACT_C_UNDERSTOOD : WU_ACT_C_FINE);
}

/* ------------------------------------------------------------------------------- ending */

static void own(draft *d) {
    shows(d, WU_ITEM_OWNERSHIP, d->l->hit[WU_ITEM_OWNERSHIP] ? WU_ACT_A_OWN : WU_ACT_A_DISOWN);
    nod(d, 0.3);
}

static void next_steps(draft *d) {
    shows(d, WU_ITEM_NEXT_STEPS, d->l->hit[WU_ITEM_NEXT_STEPS] ? WU_ACT_A_NEXT : WU_ACT_A_NO_NEXT);
    nod(d, 0.35);
}

static void farewell(draft *d) {
    const double x = judged(d, 0.4);
    if (x > 0.1)
        customer(d, maybe(d, 0.7) ? WU_ACT_C_END_HAPPY : WU_ACT_C_END_PLAIN);
    else if (x > -0.55)
        customer(d, maybe(d, 0.1)   ? WU_ACT_C_END_HAPPY
                    : maybe(d, 0.2) ? WU_ACT_C_END_POLITE
                                    : WU_ACT_C_END_PLAIN);
    else
        customer(d, maybe(d, 0.25)  ? WU_ACT_C_END_POLITE
                    : maybe(d, 0.8) ? WU_ACT_C_END_UNHAPPY
                                    : WU_ACT_C_END_PLAIN);
}

static void ending(draft *d) {
    const bool hit = d->l->hit[WU_ITEM_CLOSING];
    d->mood = d->l->mood[4];
    if (d->l->dropped) {
        put(d, WU_BY_SYSTEM, WU_STEP_ACT, WU_ACT_S_DROPPED, -1);
        return;
    }
    if (maybe(d, 0.2)) agent(d, WU_ACT_A_RECAP);
    if (maybe(d, hit ? 0.45 : 0.2)) {
        agent(d, WU_ACT_A_ANYTHING_ELSE);
        if (!d->letters) customer(d, WU_ACT_C_THANKS_NO);
    }
    const double x = judged(d, 0.35);
    if (x > 0.3 && maybe(d, 0.45)) customer(d, WU_ACT_C_WARM);
    if (x < -0.8 && maybe(d, 0.45)) customer(d, maybe(d, 0.6) ? WU_ACT_C_UPSET : WU_ACT_C_RESIGNED);
    const bool first = !d->letters && maybe(d, 0.3); /* the customer says goodbye first */
    if (first) farewell(d);
    if (maybe(d, hit ? 0.25 : 0.12)) agent(d, WU_ACT_A_SURVEY);
    shows(d, WU_ITEM_CLOSING, hit ? WU_ACT_A_CLOSE : WU_ACT_A_CLOSE_POOR);
    if (!first && !(d->letters && maybe(d, 0.5))) farewell(d);
}

/* The customer has stopped answering. */
static void silence(draft *d) {
    look(d);
    for (int32_t i = wu_between(d->r, 1, 3); i > 0; i--) {
        d->fresh = true;
        d->pause_s = 120;
        agent(d, WU_ACT_A_STILL_THERE);
    }
    put(d, WU_BY_SYSTEM, WU_STEP_ACT, WU_ACT_S_DROPPED, -1);
}

/* -------------------------------------------------------------------------------- whole */

static void understanding(draft *d) {
    static void (*const part[4])(draft *) = {empathise, verify, disclose, listen};
    static const uint8_t order[][4] = {{0, 1, 2, 3}, {1, 2, 0, 3}, {3, 0, 1, 2}, {0, 3, 1, 2},
                                       {2, 0, 1, 3}, {1, 0, 3, 2}, {1, 3, 0, 2}, {0, 1, 3, 2}};
    const uint8_t *o = order[wu_between(d->r, 0, (int32_t)WU_LEN(order) - 1)];
    const bool late = maybe(d, 0.2); /* the mandatory words come near the end */
    for (int i = 0; i < 4; i++) {
        if (o[i] == 2 && late && !d->l->silent) continue;
        part[o[i]](d);
        if (i == 1) release(d, 1, 0.4);
    }
    if (d->l->silent) return;
    const bool early_own = maybe(d, 0.35), early_next = maybe(d, 0.15);
    probe(d);
    if (early_own) own(d);
    walk_through(d);
    look(d);
    hold(d);
    insult(d);
    const bool before = maybe(d, 0.5);
    if (before) transfer(d);
    find(d);
    if (!before) transfer(d);
    if (maybe(d, 0.4)) remark(d);
    if (d->l->hit[WU_ITEM_EMPATHY] && maybe(d, 0.3)) agent(d, WU_ACT_A_EMPATHY);
    if (!d->letters && maybe(d, 0.1)) {
        customer(d, WU_ACT_C_SIDE_QUESTION);
        agent(d, WU_ACT_A_SIDE_ANSWER);
    }
    release(d, MAX_EXTRA, 1.0);
    leaving(d);
    if (early_next) next_steps(d);
    outcome(d);
    if (!early_own) own(d);
    remark(d);
    if (!early_next) next_steps(d);
    if (late) disclose(d);
}

void wu_plan_make(wu_plan *out, const wu_synth *s, const wu_latent *l, wu_rng *r) {
    draft d = {.plan = out,
               .s = s,
               .l = l,
               .r = r,
               .agent = WU_BY_AGENT,
               .issue = l->issue,
               .mood = l->mood[0],
               .letters = l->channel == WU_EMAIL || l->channel == WU_SOCIAL};
    out->n = 0;
    collect_extras(&d);
    opening(&d);
    understanding(&d);
    if (l->silent) {
        silence(&d);
        return;
    }
    for (int32_t i = 0; i < l->n_more; i++) more(&d, l->more[i]);
    d.issue = l->issue;
    ending(&d);
}
