/* read_genesys.c - Genesys Cloud speech and text analytics. docs/formats.md, "Genesys Cloud".
 *
 * A phrase is "internal" or "external".  Internal are agents and machines
 * alike; which of them spoke is told by the participants' spans of time. */
#include "contact/read/json_in.h"

#include <string.h>

static int detect(const wu_json *root) {
    const wu_json *t = wu_json_get(root, "transcripts");
    if (wu_json_type(t) != WU_JSON_ARRAY) return 0;
    if (wu_json_get(wu_json_at(t, 0), "phrases")) return 95;
    return wu_json_get(root, "conversationId") ? 90 : 0;
}

enum { MOST_PARTICIPANTS = 64 };

typedef enum purpose { OTHER, CUSTOMER, AGENT, MACHINE, QUEUE, INTERNAL } purpose;

typedef struct participant {
    purpose purpose;
    wu_str user, queue, name;
    wu_instant from, to;
} participant;

typedef struct reading {
    wu_conversation *c;
    participant who[MOST_PARTICIPANTS];
    size_t n_who;
    wu_instant first;
    const char *where;
    wu_err *err;
} reading;

static purpose purpose_of(wu_str s) {
    static const struct {
        const char *word;
        purpose purpose;
    } table[] = {{"agent", AGENT},       {"user", AGENT},        {"external", CUSTOMER},
                 {"customer", CUSTOMER}, {"ivr", MACHINE},       {"bot", MACHINE},
                 {"botflow", MACHINE},   {"workflow", MACHINE},  {"voicemail", MACHINE},
                 {"acd", QUEUE},         {"internal", INTERNAL}, {"inboundmessage", MACHINE}};
    for (size_t i = 0; i < WU_LEN(table); i++)
        if (wu_str_eq(s, wu_str_of(table[i].word))) return table[i].purpose;
    return OTHER;
}

/* ---- participants ---------------------------------------------------------------------------- */

static wu_code read_participants(reading *g, const wu_json_in *root) {
    const wu_json *a;
    wu_code rc = wu_in_array(&a, root, "participants", g->err);
    if (!rc && wu_json_size(a) > MOST_PARTICIPANTS)
        return wu_fail(g->err, WU_EDATA, "%s: more than %d participants", g->where,
                       MOST_PARTICIPANTS);
    for (size_t i = 0; !rc && i < wu_json_size(a); i++) {
        participant *p = &g->who[i];
        wu_json_in in;
        wu_place place;
        wu_str word = {0};
        *p = (participant){0};
        if ((rc = wu_in_element(&in, &place, root, "participants", a, i, g->err))) break;
        if ((rc = wu_json_opt_str(&in, "participantPurpose", &word, g->err))) break;
        if ((rc = wu_json_opt_str(&in, "userId", &p->user, g->err))) break;
        if ((rc = wu_json_opt_str(&in, "queueId", &p->queue, g->err))) break;
        if ((rc = wu_json_opt_str(&in, "name", &p->name, g->err))) break;
        if ((rc = wu_in_epoch(&p->from, &in, "startTimeMs", 1.0, g->err))) break;
        if ((rc = wu_in_epoch(&p->to, &in, "endTimeMs", 1.0, g->err))) break;
        p->purpose = purpose_of(word);
        g->n_who = i + 1;
    }
    return rc;
}

static bool is_within(const participant *p, int64_t ms) {
    return p->from.known && p->from.ms <= ms && (!p->to.known || ms < p->to.ms);
}

/* Who speaks at that time for a purpose; the one that came last, agents before machines. NULL: no
 * span fits. */
static const participant *speaker_at(const reading *g, purpose want, const wu_instant *at) {
    const participant *best = NULL;
    for (size_t i = 0; i < g->n_who; i++) {
        const participant *p = &g->who[i];
        const bool fits = want == INTERNAL
                              ? p->purpose == AGENT || p->purpose == MACHINE || p->purpose == QUEUE
                              : p->purpose == want;
        if (!fits || !at->known || !is_within(p, at->ms)) continue;
        if (!best || p->purpose < best->purpose ||
            (p->purpose == best->purpose && p->from.ms >= best->from.ms))
            best = p;
    }
    return best;
}

/* The only participant with a purpose, for phrases without a time; NULL: none or several. */
static const participant *only_one(const reading *g, purpose want) {
    const participant *one = NULL;
    for (size_t i = 0; i < g->n_who; i++) {
        if (g->who[i].purpose != want) continue;
        if (one) return NULL;
        one = &g->who[i];
    }
    return one;
}

static wu_party_role role_of(purpose p) {
    switch (p) {
    case AGENT:
        return WU_PARTY_AGENT;
    case CUSTOMER:
        return WU_PARTY_CUSTOMER;
    case MACHINE:
        return WU_PARTY_BOT;
    case QUEUE:
        return WU_PARTY_SYSTEM;
    case OTHER:
    case INTERNAL:
        break;
    }
    return WU_PARTY_UNKNOWN;
}

static wu_code party_of(const reading *g, int32_t *out, wu_str word, const wu_instant *at,
                        const wu_json_in *in) {
    purpose what = purpose_of(word);
    const participant *p = speaker_at(g, what, at);
    if (!p && what != INTERNAL) p = only_one(g, what);
    if (p) what = p->purpose;
    const wu_str user = p ? p->user : (wu_str){0};
    const wu_str name = p && p->name.n > 0 ? p->name : user.n > 0 ? user : word;
    return wu_fill_party(out, g->c, name, role_of(what), user, in->where, g->err);
}

/* ---- phrases --------------------------------------------------------------------------------- */

static wu_code duration_of(int64_t *out, const wu_json_in *in, wu_err *err) {
    wu_json_in d;
    wu_place place;
    wu_code rc;
    if (wu_json_type(wu_json_get(in->j, "duration")) != WU_JSON_OBJECT)
        return wu_in_ms(out, in, "duration", 1.0, err);
    if ((rc = wu_in_object(&d, &place, in, "duration", err))) return rc;
    return wu_in_ms(out, &d, "milliseconds", 1.0, err);
}

static wu_code add_phrase(reading *g, const wu_json_in *in) {
    wu_str word = {0}, text = {0};
    wu_instant at = {0};
    int64_t start = -1, length = -1;
    int32_t party;
    wu_code rc;
    if ((rc = wu_json_opt_str(in, "participantPurpose", &word, g->err))) return rc;
    if ((rc = wu_json_opt_str(in, "decoratedText", &text, g->err))) return rc;
    if (text.n == 0 && (rc = wu_json_want_str(in, "text", &text, g->err))) return rc;
    if ((rc = wu_in_epoch(&at, in, "startTimeMs", 1.0, g->err))) return rc;
    if ((rc = duration_of(&length, in, g->err))) return rc;
    if (at.known) start = at.ms - g->first.ms;
    if (start > WU_MAX_OFFSET_MS)
        return wu_fail(g->err, WU_EDATA, "%s: startTimeMs is more than a year behind the start",
                       in->where);
    if ((rc = party_of(g, &party, word, &at, in))) return rc;
    return wu_fill_turn(g->c, party, start, length >= 0 ? start + length : -1, text, in->where,
                        g->err);
}

/* Over all phrases of all transcripts: the earliest time first, then the turns. */
static wu_code each_phrase(reading *g, const wu_json_in *root, bool adds) {
    const wu_json *transcripts, *phrases;
    wu_json_in t, in;
    wu_place p1, p2;
    wu_code rc = wu_in_array(&transcripts, root, "transcripts", g->err);
    for (size_t i = 0; !rc && i < wu_json_size(transcripts); i++) {
        if ((rc = wu_in_element(&t, &p1, root, "transcripts", transcripts, i, g->err))) break;
        if ((rc = wu_in_array(&phrases, &t, "phrases", g->err))) break;
        for (size_t k = 0; !rc && k < wu_json_size(phrases); k++) {
            wu_instant at = {0};
            if ((rc = wu_in_element(&in, &p2, &t, "phrases", phrases, k, g->err))) break;
            if (adds)
                rc = add_phrase(g, &in);
            else if (!(rc = wu_in_epoch(&at, &in, "startTimeMs", 1.0, g->err)) && at.known &&
                     (!g->first.known || at.ms < g->first.ms))
                g->first = at;
        }
        if (!rc && !adds && g->c->contact.language.n == 0) {
            wu_str language = {0};
            rc = wu_json_opt_str(&t, "language", &language, g->err);
            if (!rc) rc = wu_fill_set(g->c, &g->c->contact.language, language, g->where, g->err);
        }
    }
    return rc;
}

/* ---- the contact ----------------------------------------------------------------------------- */

static wu_code read_root(reading *g, const wu_json_in *root) {
    wu_contact *k = &g->c->contact;
    wu_str id = {0}, media = {0};
    wu_code rc;
    if ((rc = wu_json_opt_str(root, "conversationId", &id, g->err))) return rc;
    if ((rc = wu_json_opt_str(root, "mediaType", &media, g->err))) return rc;
    if ((rc = wu_in_epoch(&g->first, root, "startTime", 1.0, g->err))) return rc;
    if ((rc = wu_in_epoch(&g->first, root, "conversationStartTime", 1.0, g->err))) return rc;
    if ((rc = duration_of(&k->duration_ms, root, g->err))) return rc;
    media = wu_channel_of(media);
    if ((rc = wu_fill_set(g->c, &g->c->id, id, g->where, g->err))) return rc;
    return wu_fill_set(g->c, &k->channel, media, g->where, g->err);
}

/* Queue and wait are the spans in a queue before the first agent; every agent behind the first is a
 * transfer. */
static wu_code settle_participants(reading *g) {
    wu_contact *k = &g->c->contact;
    const participant *agent = NULL, *queue = NULL;
    int32_t others = 0;
    int64_t wait = 0;
    for (size_t i = 0; i < g->n_who; i++) {
        const participant *p = &g->who[i];
        if (p->purpose == AGENT && (!agent || (p->from.known && p->from.ms < agent->from.ms)))
            agent = p;
    }
    for (size_t i = 0; i < g->n_who; i++) {
        const participant *p = &g->who[i];
        if (p->purpose == AGENT && p != agent && !wu_str_eq(p->user, agent->user)) others++;
        if (p->purpose != QUEUE || (agent && p->from.known && p->from.ms > agent->from.ms))
            continue;
        if (!queue) queue = p;
        if (p->from.known && p->to.known && p->to.ms >= p->from.ms) wait += p->to.ms - p->from.ms;
    }
    if (agent) k->transfers = others;
    if (queue && wait <= WU_MAX_OFFSET_MS) k->queue_wait_s = (int32_t)(wait / 1000);
    wu_code rc = WU_OK;
    if (agent) rc = wu_fill_set(g->c, &k->agent_id, agent->user, g->where, g->err);
    if (!rc && agent) rc = wu_fill_set(g->c, &k->agent_name, agent->name, g->where, g->err);
    if (!rc && queue) rc = wu_fill_set(g->c, &k->queue, queue->queue, g->where, g->err);
    return rc;
}

static wu_code parse(wu_conversation *c, const wu_json *j, const char *where,
                     const wu_read_options *o, wu_err *err) {
    const wu_json_in root = {j, where, WU_EDATA};
    reading g = {.c = c, .where = where, .err = err};
    wu_code rc;
    (void)o;
    if ((rc = read_root(&g, &root))) return rc;
    if ((rc = read_participants(&g, &root))) return rc;
    if ((rc = each_phrase(&g, &root, false))) return rc;
    c->contact.start = g.first.when;
    if ((rc = settle_participants(&g))) return rc;
    if ((rc = each_phrase(&g, &root, true))) return rc;
    return wu_fill_done(c, where, err);
}

const wu_format_row wu_format_genesys = {
    .format = WU_FORMAT_GENESYS,
    .name = "genesys",
    .summary = "Genesys Cloud speech and text analytics",
    .detect_json = detect,
    .parse_json = parse,
};
