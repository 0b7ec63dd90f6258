/* synth_talk.c - a plan of dialogue acts, and its words (synth.h).
 *
 * The plan follows the causes: an item that the agent misses is missing in
 * the text or done badly, and what moves satisfaction or risk is said by
 * somebody. Some traces also come without their cause: customers who are
 * polite and unhappy, apologies that help nobody, rivals named in praise. */
#include "contact/synth_impl.h"

#include <stdio.h>
#include <string.h>

typedef struct slot {
    const char *name, *value;
} slot;

enum { N_SLOT = 21, SLOT_BYTES = 24 };

typedef struct talk {
    wu_buf *out;
    const wu_latent *l;
    const wu_issue *issue;
    wu_rng *r;
    slot slot[N_SLOT];
    char amount[SLOT_BYTES], small[SLOT_BYTES], date[SLOT_BYTES], ref[SLOT_BYTES];
    char name[2 * SLOT_BYTES], wait[SLOT_BYTES], hold[SLOT_BYTES], tenure[SLOT_BYTES];
    const char *speaker; /* of the line that is open, or NULL */
    wu_code rc;          /* the first failure; later steps do nothing */
} talk;

/* ------------------------------------------------------------------------------ words */

static const char *choose(wu_rng *r, wu_frames f) { return f.text[wu_rng_below(r, (uint32_t)f.n)]; }

static const char *value_of(const talk *t, const char *name, size_t n) {
    for (int i = 0; i < N_SLOT; i++)
        if (strlen(t->slot[i].name) == n && memcmp(t->slot[i].name, name, n) == 0)
            return t->slot[i].value;
    return NULL;
}

/* Appends text with its slots filled; {brief} has slots itself. */
static wu_code fill(const talk *t, const char *text) {
    wu_code rc;
    while (*text) {
        const size_t plain = strcspn(text, "{");
        if ((rc = wu_buf_add(t->out, text, plain))) return rc;
        text += plain;
        if (!*text) break;
        const size_t n = strcspn(++text, "}");
        const bool brief = n == 5 && memcmp(text, "brief", 5) == 0;
        const char *value = brief ? NULL : value_of(t, text, n);
        WU_ASSERT(brief || value); /* the tables are ours */
        if ((rc = brief ? fill(t, t->issue->brief) : wu_buf_str(t->out, value))) return rc;
        text += n + 1;
    }
    return WU_OK;
}

/* Says a text: sentences of one side follow each other on a line. Each begins with a capital. */
static void say(talk *t, const char *speaker, const char *text) {
    if (t->rc) return;
    if (t->speaker == speaker) {
        t->rc = wu_buf_char(t->out, ' ');
    } else {
        if (t->speaker) t->rc = wu_buf_char(t->out, '\n');
        if (!t->rc) t->rc = wu_buf_str(t->out, speaker);
    }
    const size_t from = t->out->n;
    if (!t->rc) t->rc = fill(t, text);
    if (!t->rc && t->out->n > from && t->out->p[from] >= 'a' && t->out->p[from] <= 'z')
        t->out->p[from] = (char)(t->out->p[from] - 'a' + 'A');
    t->speaker = speaker;
}

static const char agent[] = "Agent: ", customer[] = "Customer: ";

static void act(talk *t, const char *speaker, wu_act a) {
    say(t, speaker, choose(t->r, wu_act_frames[a]));
}

/* The next words begin a line of their own, whoever says them. */
static void pause(talk *t) {
    if (!t->rc && t->speaker) t->rc = wu_buf_char(t->out, '\n');
    t->speaker = NULL;
}

static bool maybe(talk *t, double p) { return wu_rng_unit(t->r) < p; }

/* ------------------------------------------------------------------------------ slots */

static const char *const weekday_name[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                            "Friday", "Saturday", "Sunday"};

static const char *part_of_day(int32_t hour) {
    return hour >= 5 && hour < 12    ? "morning"
           : hour >= 12 && hour < 17 ? "afternoon"
           : hour >= 17 && hour < 21 ? "evening"
                                     : "night";
}

static uint32_t between(talk *t, uint32_t lo, uint32_t hi) {
    return lo + wu_rng_below(t->r, hi - lo + 1);
}

static void set_numbers(talk *t) {
    static const char *const month[12] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
    /* One draw a statement: the order of arguments is the compiler's. */
    const uint32_t whole = between(t, 18, 390), part = between(t, 0, 19) * 5;
    const uint32_t less = between(t, 3, 16), of = between(t, 0, 11), on = between(t, 1, 28);
    const char *first = choose(t->r, wu_first_names), *last = choose(t->r, wu_last_names);
    snprintf(t->amount, SLOT_BYTES, "$%u.%02u", whole, part);
    snprintf(t->small, SLOT_BYTES, "$%u", less);
    snprintf(t->date, SLOT_BYTES, "%s %u", month[of], on);
    snprintf(t->ref, SLOT_BYTES, "%u", between(t, 1000, 9999));
    snprintf(t->name, sizeof(t->name), "%s %s", first, last);
    snprintf(t->wait, SLOT_BYTES, "%d", WU_MAX(2, (t->l->wait_s + 30) / 60));
    snprintf(t->hold, SLOT_BYTES, "%d", WU_MAX(2, (t->l->hold_s + 30) / 60));
    snprintf(t->tenure, SLOT_BYTES, "%d", WU_MAX(2, (int)(t->l->tenure_months / 12.0)));
}

static void set_slots(talk *t) {
    static const char *const count[] = {"first", "second", "third", "fourth", "fifth"};
    static const char *const few[] = {"two", "three", "four", "five"};
    static const char *const place[] = {"Leeds",  "Salem",  "Boulder", "Tampa",   "Norwich",
                                        "Dayton", "Albany", "Bergen",  "Cardiff", "Fresno"};
    const wu_company *c = &wu_companies[t->l->company];
    const int32_t which = (t->l->company * 5 + t->l->agent) % wu_agent_names.n;
    set_numbers(t);
    const char *product = c->product[between(t, 0, 3)];
    const char *weekday = weekday_name[between(t, 0, 6)];
    const char *days = few[between(t, 0, 3)], *n = few[between(t, 0, 3)];
    const char *where = place[between(t, 0, (uint32_t)WU_LEN(place) - 1)];
    if (t->l->repeats > 1) n = few[WU_MIN(t->l->repeats, 4) - 2];
    const char *hour = part_of_day(t->l->hour);
    const slot s[N_SLOT] = {
        {"company", c->name},
        {"rival", c->rival},
        {"account", c->account},
        {"product", product},
        {"agent", wu_agent_names.text[which]},
        {"name", t->name},
        {"amount", t->amount},
        {"small", t->small},
        {"date", t->date},
        {"weekday", weekday},
        {"ref", t->ref},
        {"days", days},
        {"n", n},
        {"place", where},
        {"wait", t->wait},
        {"hold", t->hold},
        {"count", count[WU_MIN(t->l->repeats, 4)]},
        {"tenure", t->tenure},
        {"hour", strcmp(hour, "night") == 0 ? "day" : hour},
        {"brief", ""},
        {"part", hour},
    };
    memcpy(t->slot, s, sizeof(s));
}

/* ------------------------------------------------------------------------------- plan */

static void opening(talk *t) {
    const wu_latent *l = t->l;
    act(t, agent, l->hit[WU_ITEM_GREETING] ? WU_ACT_GREET : WU_ACT_GREET_POOR);
    act(t, customer,
        l->severity < 0.35   ? WU_ACT_CALM
        : l->severity < 0.62 ? WU_ACT_WORRIED
                             : WU_ACT_URGENT);
    say(t, customer, t->issue->open[between(t, 0, 3)]);
    if (l->repeats == 1) act(t, customer, WU_ACT_SECOND_TIME);
    if (l->repeats > 1) act(t, customer, WU_ACT_MANY_TIMES);
    if (-l->csat_term[WU_CSAT_WAIT] > 0.25) act(t, customer, WU_ACT_WAITED);
    if (l->tenure_months >= 36.0) act(t, customer, WU_ACT_LONG_TENURE);
    if (l->tenure_months <= 10.0) act(t, customer, WU_ACT_SHORT_TENURE);
}

static void understanding(talk *t) {
    const wu_latent *l = t->l;
    if (l->hit[WU_ITEM_EMPATHY])
        act(t, agent, WU_ACT_EMPATHY);
    else
        act(t, agent, WU_ACT_FLAT);
    if (l->hit[WU_ITEM_VERIFICATION]) {
        act(t, agent, WU_ACT_VERIFY);
        act(t, customer, WU_ACT_IDENTIFY);
        act(t, agent, WU_ACT_VERIFIED);
    } else if (l->leaked) {
        act(t, agent, WU_ACT_LEAK);
        act(t, customer, WU_ACT_FINE);
    }
    if (l->hit[WU_ITEM_DISCLOSURE]) {
        act(t, agent, WU_ACT_DISCLOSE);
        act(t, customer, WU_ACT_FINE);
    }
    if (l->hit[WU_ITEM_LISTENING]) {
        act(t, agent, WU_ACT_PARAPHRASE);
        act(t, customer, WU_ACT_CONFIRM);
    } else {
        act(t, agent, WU_ACT_ASK_AGAIN);
        act(t, customer, WU_ACT_TOLD_YOU);
        say(t, customer, t->issue->open[between(t, 0, 3)]);
    }
}

static void probing(talk *t) {
    if (t->l->hit[WU_ITEM_PROBING]) {
        const uint32_t first = between(t, 0, 1);
        say(t, agent, t->issue->ask[first]);
        say(t, customer, t->issue->reply[first]);
        if (maybe(t, 0.6)) {
            say(t, agent, t->issue->ask[1 - first]);
            say(t, customer, t->issue->reply[1 - first]);
        }
    }
    act(t, agent, WU_ACT_LOOK);
    if (t->l->complexity == 1) act(t, agent, WU_ACT_TWO_PARTS);
    if (t->l->complexity == 2) act(t, agent, WU_ACT_MANY_PARTS);
}

static void holding(talk *t) {
    if (t->l->hold_s == 0) return;
    if (t->l->hit[WU_ITEM_HOLD]) {
        act(t, agent, WU_ACT_HOLD);
        act(t, customer, WU_ACT_HOLD_YES);
        act(t, agent, WU_ACT_HOLD_BACK);
        return;
    }
    act(t, agent, WU_ACT_HOLD_POOR);
    pause(t);
    act(t, agent, WU_ACT_HOLD_BACK_POOR);
    act(t, customer, t->l->hold_s >= 90 ? WU_ACT_HOLD_LONG : WU_ACT_HOLD_HERE);
}

static void finding(talk *t) {
    const wu_latent *l = t->l;
    if (!l->hit[WU_ITEM_ACCURACY]) {
        say(t, agent, t->issue->wrong);
        act(t, customer, WU_ACT_DOUBT);
        act(t, agent, WU_ACT_CORRECT);
    }
    if (l->transfers > 0) {
        act(t, agent, WU_ACT_TRANSFER);
        act(t, customer, WU_ACT_HOLD_YES);
        act(t, agent, WU_ACT_SECOND);
        act(t, customer, WU_ACT_STORY_AGAIN);
        say(t, customer, t->issue->open[between(t, 0, 3)]);
    }
    if (l->hit[WU_ITEM_ACCURACY] || l->outcome == WU_OUTCOME_RESOLVED)
        say(t, agent, t->issue->found);
}

/* What the customer says about staying or leaving, and the agent's answer. */
static void loyalty(talk *t) {
    const wu_latent *l = t->l;
    const bool said = strcmp(t->issue->category, "cancellation_retention") == 0;
    if (l->price) act(t, customer, WU_ACT_PRICE);
    if (l->competitor)
        act(t, customer, WU_ACT_COMPETITOR);
    else if (maybe(t, 0.04))
        act(t, customer, WU_ACT_COMPETITOR_PRAISE);
    if (l->cancel && !said) act(t, customer, WU_ACT_LEAVING);
    if (l->cancel)
        act(t, agent, WU_ACT_ON_LEAVING);
    else if (l->price)
        act(t, agent, WU_ACT_ON_PRICE);
}

static void outcome(talk *t) {
    switch (t->l->outcome) {
    case WU_OUTCOME_RESOLVED:
        say(t, agent, t->issue->fix);
        act(t, customer, t->l->mood[3] > 0.3 ? WU_ACT_GLAD : WU_ACT_ACCEPT);
        break;
    case WU_OUTCOME_PARTLY:
        say(t, agent, t->issue->promise);
        act(t, customer, WU_ACT_WAIT_AND_SEE);
        break;
    case WU_OUTCOME_ESCALATED:
        act(t, agent, WU_ACT_ESCALATE);
        act(t, customer, t->l->mood[3] < -0.5 ? WU_ACT_UPSET : WU_ACT_WAIT_AND_SEE);
        break;
    case WU_OUTCOME_UNRESOLVED:
        say(t, agent, t->issue->refuse);
        act(t, customer, WU_ACT_UPSET);
        break;
    }
}

static void ending(talk *t) {
    const wu_latent *l = t->l;
    act(t, agent, l->hit[WU_ITEM_OWNERSHIP] ? WU_ACT_OWN : WU_ACT_DISOWN);
    if (l->hit[WU_ITEM_NEXT_STEPS])
        act(t, agent, WU_ACT_NEXT);
    else if (maybe(t, 0.5))
        act(t, agent, WU_ACT_NO_NEXT);
    act(t, agent, l->hit[WU_ITEM_CLOSING] ? WU_ACT_CLOSE : WU_ACT_CLOSE_POOR);
    if (l->csat >= 4.0)
        act(t, customer, maybe(t, 0.75) ? WU_ACT_END_HAPPY : WU_ACT_END_PLAIN);
    else if (l->csat >= 2.8)
        act(t, customer, WU_ACT_END_PLAIN);
    else
        act(t, customer, maybe(t, 0.3) ? WU_ACT_END_POLITE : WU_ACT_END_UNHAPPY);
}

wu_code wu_synth_talk(wu_buf *out, const wu_latent *l, wu_rng *r) {
    talk t = {.out = out, .l = l, .issue = &wu_issues[l->issue], .r = r};
    set_slots(&t);
    opening(&t);
    understanding(&t);
    probing(&t);
    holding(&t);
    finding(&t);
    loyalty(&t);
    outcome(&t);
    ending(&t);
    if (!t.rc) t.rc = wu_buf_char(out, '\n');
    return t.rc;
}

/* ---------------------------------------------------------------------------- context */

static const char *holiday_of(const wu_latent *l) {
    switch (l->month * 100 + l->day) {
    case 101:
        return "New Year's Day (US)";
    case 704:
        return "Independence Day (US)";
    case 1225:
        return "Christmas Day (US)";
    default:
        return NULL;
    }
}

wu_code wu_synth_context(wu_buf *out, const wu_latent *l, wu_rng *r) {
    char stamp[40];
    wu_context c = WU_CONTEXT_UNKNOWN;
    uint32_t known = 0; /* a field in seven is not known, as in real records */
    for (uint32_t i = 0; i < 9; i++) known |= (uint32_t)(wu_rng_below(r, 100) >= 15) << i;
    snprintf(stamp, sizeof(stamp), "%04d-%02d-%02dT%02d:%02d:00-05:00", l->year, l->month, l->day,
             l->hour, l->minute);
    if (known & 1u) c.timestamp = stamp;
    if (known & 2u) c.time_of_day = part_of_day(l->hour);
    if (known & 4u) c.day_of_week = weekday_name[l->weekday];
    if (known & 8u) c.business_hours = l->business;
    if (known & 1u) c.holiday = holiday_of(l);
    if ((known & 1u) && l->peak)
        c.peak_season = l->month <= 4 && l->month >= 3 ? "tax_season" : "holiday_shopping";
    if (known & 16u) c.queue_wait_s = l->wait_s;
    if (known & 32u) c.channel = "voice";
    if (known & 64u) c.contact_number_30d = l->repeats + 1;
    if (known & 128u) c.hold_s = l->hold_s;
    if (known & 256u) c.transfers = l->transfers;
    return wu_context_render(out, &c);
}
