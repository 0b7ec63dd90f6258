/* read_contact_lens.c - Amazon Connect Contact Lens (voice, chat, real-time segments) and Amazon
 * Transcribe Call Analytics. docs/formats.md, "Contact Lens".
 *
 * Rows of `Transcript` are words, events or attachments.  A segment of the
 * real-time interface wraps such a row; it is unwrapped and read the same way. */
#include "contact/read/json_in.h"

#include <stdio.h>
#include <string.h>

static const wu_role_word role_word[] = {
    {"AGENT", WU_PARTY_AGENT},   {"CUSTOMER", WU_PARTY_CUSTOMER},
    {"SYSTEM", WU_PARTY_SYSTEM}, {"CUSTOM_BOT", WU_PARTY_BOT},
    {"LEX_BOT", WU_PARTY_BOT},   {"SUPERVISOR", WU_PARTY_SUPERVISOR},
};

static wu_party_role role_of(wu_str s) { return wu_role_in(role_word, WU_LEN(role_word), s); }

static int detect(const wu_json *root) {
    const wu_json *t = wu_json_get(root, "Transcript"), *s = wu_json_get(root, "Segments");
    const wu_json *row = wu_json_at(t, 0), *segment = wu_json_at(s, 0);
    if (wu_json_type(t) == WU_JSON_ARRAY &&
        (wu_json_get(root, "Participants") || wu_json_get(root, "ConversationCharacteristics") ||
         wu_json_get(root, "ContentMetadata") || wu_json_get(row, "ParticipantRole") ||
         wu_json_get(row, "ParticipantId")))
        return 95;
    if (wu_json_type(s) == WU_JSON_ARRAY &&
        (wu_json_get(segment, "Transcript") || wu_json_get(segment, "Categories") ||
         wu_json_get(segment, "Event") || wu_json_get(segment, "Utterance")))
        return 95;
    return 0;
}

/* ---- one row --------------------------------------------------------------------------------- */

typedef struct row {
    wu_json_in in;      /* for messages */
    wu_str participant; /* id */
    wu_in_text room;
    wu_str role, name, kind, content;
    const wu_json *attachments;
    bool is_event;
    wu_instant at; /* chat */
    int64_t start_ms, end_ms;
} row;

/* What a pass over the rows finds out. */
typedef struct reading {
    wu_conversation *c;
    const wu_json *participants; /* or NULL */
    wu_instant first;            /* the earliest time of a chat */
    wu_instant queued, agent_in, customer_in;
    int32_t transfers; /* succeeded; -1: no row is an event */
    bool timed;        /* rows have AbsoluteTime */
    wu_err *err;
} reading;

static wu_code read_times(row *r, wu_err *err) {
    wu_json_in time;
    wu_place place;
    wu_code rc;
    if ((rc = wu_in_instant(&r->at, &r->in, "AbsoluteTime", err))) return rc;
    if ((rc = wu_in_object(&time, &place, &r->in, "Time", err))) return rc;
    if (time.j && (rc = wu_in_instant(&r->at, &time, "AbsoluteTime", err))) return rc;
    if ((rc = wu_in_ms(&r->start_ms, &r->in, "BeginOffsetMillis", 1.0, err))) return rc;
    return wu_in_ms(&r->end_ms, &r->in, "EndOffsetMillis", 1.0, err);
}

static wu_code read_row(row *r, const wu_json_in *in, bool is_event, wu_err *err) {
    wu_str type = {0};
    wu_code rc;
    *r = (row){.in = *in, .is_event = is_event, .start_ms = -1, .end_ms = -1};
    if ((rc = wu_in_str(&r->participant, &r->room, in, "ParticipantId", err))) return rc;
    if ((rc = wu_json_opt_str(in, "ParticipantRole", &r->role, err))) return rc;
    if ((rc = wu_json_opt_str(in, "DisplayName", &r->name, err))) return rc;
    if ((rc = wu_json_opt_str(in, "ContentType", &r->kind, err))) return rc;
    if ((rc = wu_json_opt_str(in, "EventType", &r->kind, err))) return rc;
    if ((rc = wu_json_opt_str(in, "Type", &type, err))) return rc;
    if ((rc = wu_json_opt_str(in, "Content", &r->content, err))) return rc;
    if ((rc = wu_in_array(&r->attachments, in, "Attachments", err))) return rc;
    if (wu_str_eq(type, WU_STR("EVENT"))) r->is_event = true;
    return read_times(r, err);
}

/* Row i of Transcript, or of Segments; *has is false where a segment holds no row. */
static wu_code nth_row(row *r, bool *has, wu_place *place, const wu_json_in *root, const char *key,
                       const wu_json *rows, size_t i, wu_err *err) {
    static const char *const kind[] = {"Transcript", "Utterance", "Event", "Attachments"};
    wu_json_in in;
    wu_code rc = wu_in_element(&in, place, root, key, rows, i, err);
    *has = true;
    if (rc || strcmp(key, "Transcript") == 0) return rc ? rc : read_row(r, &in, false, err);
    for (size_t k = 0; k < WU_LEN(kind); k++) {
        wu_place inner;
        wu_json_in at;
        if ((rc = wu_in_object(&at, &inner, &in, kind[k], err))) return rc;
        if (!at.j) continue;
        at.where = place->text;
        return read_row(r, &at, strcmp(kind[k], "Event") == 0, err);
    }
    *has = false;
    return WU_OK;
}

/* ---- who ------------------------------------------------------------------------------------- */

/* The role of a participant, by the list of participants if the row itself does not say it. */
static wu_str role_word_of(const reading *g, const row *r) {
    if (r->role.n > 0) return r->role;
    for (size_t i = 0; i < wu_json_size(g->participants) && i < WU_MAX_PARTY; i++) {
        const wu_json *p = wu_json_at(g->participants, i);
        if (wu_str_eq(wu_json_str(wu_json_get(p, "ParticipantId")), r->participant))
            return wu_json_str(wu_json_get(p, "ParticipantRole"));
    }
    return r->participant; /* newer files have the literal AGENT and CUSTOMER here */
}

/* A participant's id is of this contact only: it names no agent and no customer. */
static wu_code party_of(reading *g, const row *r, int32_t *out) {
    wu_contact *k = &g->c->contact;
    const wu_party_role role = role_of(role_word_of(g, r));
    const bool is_literal = role_of(r->participant) != WU_PARTY_UNKNOWN;
    const wu_str id = is_literal ? (wu_str){0} : r->participant;
    const wu_str name = r->name.n > 0 ? r->name : id.n > 0 ? id : role_word_of(g, r);
    wu_code rc = wu_fill_party(out, g->c, name, role, id, r->in.where, g->err);
    if (!rc && role == WU_PARTY_AGENT && k->agent_name.n == 0)
        rc = wu_fill_set(g->c, &k->agent_name, r->name, r->in.where, g->err);
    if (!rc && role == WU_PARTY_CUSTOMER && k->customer_name.n == 0)
        rc = wu_fill_set(g->c, &k->customer_name, r->name, r->in.where, g->err);
    return rc;
}

/* ---- what rows tell -------------------------------------------------------------------------- */

static void earliest(wu_instant *at, const wu_instant *other) {
    if (other->known && (!at->known || other->ms < at->ms)) *at = *other;
}

/* Times of a chat, and what events and messages of the system say about queue and transfers. */
static void note_row(reading *g, const row *r) {
    const wu_party_role role = role_of(role_word_of(g, r));
    earliest(&g->first, &r->at);
    if (!r->is_event) {
        if (role == WU_PARTY_SYSTEM && !g->agent_in.known && wu_str_mentions(r->content, "queue"))
            earliest(&g->queued, &r->at);
        return;
    }
    if (g->transfers < 0) g->transfers = 0;
    g->transfers += wu_str_mentions(r->kind, "transfer.succeeded");
    if (!wu_str_mentions(r->kind, "participant.joined")) return;
    if (role == WU_PARTY_AGENT) earliest(&g->agent_in, &r->at);
    if (role == WU_PARTY_CUSTOMER) earliest(&g->customer_in, &r->at);
}

static wu_code add_attachments(reading *g, const row *r, int32_t party, int64_t start) {
    for (size_t i = 0; i < wu_json_size(r->attachments); i++) {
        wu_buf text = {0};
        wu_json_in in;
        wu_place place;
        wu_str name = {0};
        wu_code rc = wu_in_element(&in, &place, &r->in, "Attachments", r->attachments, i, g->err);
        if (!rc) rc = wu_json_opt_str(&in, "AttachmentName", &name, g->err);
        if (rc) return rc;
        if (wu_buf_str(&text, "[attachment: ") || wu_buf_add(&text, name.p ? name.p : "", name.n) ||
            wu_buf_char(&text, ']')) {
            wu_buf_free(&text);
            return wu_fail(g->err, WU_ENOMEM, "%s: out of memory", r->in.where);
        }
        rc = wu_fill_turn(g->c, party, start, -1, wu_buf_view(&text), r->in.where, g->err);
        wu_buf_free(&text);
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_code add_row(reading *g, const row *r) {
    int64_t start = r->start_ms, end = r->end_ms;
    int32_t party;
    if (r->is_event || (r->content.n == 0 && wu_json_size(r->attachments) == 0)) return WU_OK;
    if (r->at.known && g->first.known && g->timed) {
        start = r->at.ms - g->first.ms;
        end = -1;
    }
    wu_code rc = party_of(g, r, &party);
    if (!rc) rc = wu_fill_turn(g->c, party, start, end, r->content, r->in.where, g->err);
    return rc ? rc : add_attachments(g, r, party, start);
}

static wu_code each_row(reading *g, const wu_json_in *root, const char *key, bool adds) {
    const wu_json *rows = NULL;
    wu_code rc = wu_in_array(&rows, root, key, g->err);
    for (size_t i = 0; !rc && i < wu_json_size(rows); i++) {
        wu_place place;
        row r;
        bool has;
        if ((rc = nth_row(&r, &has, &place, root, key, rows, i, g->err)) || !has) continue;
        if (!adds)
            note_row(g, &r);
        else
            rc = add_row(g, &r);
    }
    return rc;
}

/* ---- the contact ----------------------------------------------------------------------------- */

/* Connect names its recordings ".../<contact>_20250304T15:15_UTC.wav": the only place where a file
 * about a call says when it was. */
static bool start_of_uri(wu_when *out, wu_str uri) {
    for (size_t i = 0; i + 18 <= uri.n; i++) {
        const char *p = uri.p + i;
        char iso[24];
        if (p[0] != '_' || p[9] != 'T' || p[12] != ':' || memcmp(p + 15, "_UT", 3) != 0) continue;
        (void)snprintf(iso, sizeof(iso), "%.4s-%.2s-%.2sT%.5s:00Z", p + 1, p + 5, p + 7, p + 10);
        if (wu_when_parse(out, wu_str_of(iso))) return true;
    }
    return false;
}

static wu_code read_customer_metadata(wu_conversation *c, const wu_json_in *root, wu_err *err) {
    wu_json_in in;
    wu_place place;
    wu_str id = {0}, uri = {0};
    wu_code rc;
    if ((rc = wu_json_opt_str(root, "JobName", &id, err))) return rc;
    if ((rc = wu_json_opt_str(root, "ContactId", &id, err))) return rc;
    if ((rc = wu_in_object(&in, &place, root, "CustomerMetadata", err))) return rc;
    if (in.j) {
        if ((rc = wu_json_opt_str(&in, "ContactId", &id, err))) return rc;
        if ((rc = wu_json_opt_str(&in, "InputS3Uri", &uri, err))) return rc;
    }
    if (uri.n > 0) (void)start_of_uri(&c->contact.start, uri);
    return wu_fill_set(c, &c->id, id, root->where, err);
}

static wu_code read_contact(wu_conversation *c, const wu_json_in *root, wu_err *err) {
    wu_json_in traits;
    wu_place place;
    wu_str channel = {0}, language = {0};
    wu_code rc = read_customer_metadata(c, root, err);
    if (rc) return rc;
    if ((rc = wu_json_opt_str(root, "Channel", &channel, err))) return rc;
    if ((rc = wu_json_opt_str(root, "LanguageCode", &language, err))) return rc;
    if ((rc = wu_in_object(&traits, &place, root, "ConversationCharacteristics", err))) return rc;
    if (traits.j && (rc = wu_in_ms(&c->contact.duration_ms, &traits,
                                   "TotalConversationDurationMillis", 1.0, err)))
        return rc;
    if (wu_str_eq(channel, WU_STR("VOICE")))
        channel = WU_STR("voice");
    else if (wu_str_eq(channel, WU_STR("CHAT")))
        channel = WU_STR("chat");
    else if (wu_str_eq(channel, WU_STR("EMAIL")))
        channel = WU_STR("email");
    else if (channel.n > 0)
        return wu_fail(err, WU_EDATA, "%s: Channel is \"%.*s\", want VOICE, CHAT or EMAIL",
                       root->where, (int)WU_MIN(channel.n, 40), channel.p);
    if ((rc = wu_fill_set(c, &c->contact.channel, channel, root->where, err))) return rc;
    return wu_fill_set(c, &c->contact.language, language, root->where, err);
}

/* Waiting: from the message that it was queued, or else the customer's joining, to the agent's. */
static void settle_chat(reading *g) {
    wu_contact *k = &g->c->contact;
    const wu_instant from = g->queued.known ? g->queued : g->customer_in;
    if (g->first.known && !k->start.known) k->start = g->first.when;
    if (from.known && g->agent_in.known && g->agent_in.ms >= from.ms &&
        g->agent_in.ms - from.ms <= WU_MAX_OFFSET_MS)
        k->queue_wait_s = (int32_t)((g->agent_in.ms - from.ms) / 1000);
    if (g->transfers >= 0) k->transfers = g->transfers;
}

static wu_code parse(wu_conversation *c, const wu_json *j, const char *where,
                     const wu_read_options *o, wu_err *err) {
    const wu_json_in root = {j, where, WU_EDATA};
    const char *key = wu_json_get(j, "Transcript") ? "Transcript" : "Segments";
    reading g = {.c = c, .transfers = -1, .err = err};
    wu_code rc;
    (void)o;
    if ((rc = wu_in_array(&g.participants, &root, "Participants", err))) return rc;
    if ((rc = read_contact(c, &root, err))) return rc;
    if ((rc = each_row(&g, &root, key, false))) return rc;
    g.timed = g.first.known;
    settle_chat(&g);
    if ((rc = each_row(&g, &root, key, true))) return rc;
    return wu_fill_done(c, where, err);
}

const wu_format_row wu_format_contact_lens = {
    .format = WU_FORMAT_CONTACT_LENS,
    .name = "contact-lens",
    .summary = "Amazon Connect Contact Lens, Transcribe Call Analytics",
    .detect_json = detect,
    .parse_json = parse,
};
