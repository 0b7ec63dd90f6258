/* read_ccai.c - Google Contact Center AI Insights: the file that is uploaded, and the conversation
 * that its REST interface returns. docs/formats.md. */
#include "contact/read/json_in.h"

#include <string.h>

static const wu_role_word role_word[] = {
    {"AGENT", WU_PARTY_AGENT},         {"HUMAN_AGENT", WU_PARTY_AGENT},
    {"AUTOMATED_AGENT", WU_PARTY_BOT}, {"CUSTOMER", WU_PARTY_CUSTOMER},
    {"END_USER", WU_PARTY_CUSTOMER},
};

static int detect(const wu_json *root) {
    const wu_json *e = wu_json_at(wu_json_get(root, "entries"), 0);
    const wu_json *segments = wu_json_get(wu_json_get(root, "transcript"), "transcriptSegments");
    if (wu_json_get(e, "start_timestamp_usec") ||
        (wu_json_get(e, "role") && wu_json_get(e, "user_id")))
        return 95;
    if (wu_json_type(segments) == WU_JSON_ARRAY) return 95;
    return 0;
}

/* One who speaks, and whose contact it is if that is not known yet. */
static wu_code party_of(int32_t *out, wu_conversation *c, wu_str role_text, wu_str user,
                        const wu_json_in *in, wu_err *err) {
    wu_party_role role = wu_role_in(role_word, WU_LEN(role_word), role_text);
    if (role == WU_PARTY_UNKNOWN) role = wu_role_of_word(role_text);
    wu_contact *k = &c->contact;
    wu_code rc = wu_fill_party(out, c, user.n > 0 ? user : role_text, role, user, in->where, err);
    if (!rc && role == WU_PARTY_AGENT && k->agent_id.n == 0)
        rc = wu_fill_set(c, &k->agent_id, user, in->where, err);
    if (!rc && role == WU_PARTY_CUSTOMER && k->customer_id.n == 0)
        rc = wu_fill_set(c, &k->customer_id, user, in->where, err);
    return rc;
}

/* ---- upload ---------------------------------------------------------------------------------- */

static wu_code add_entry(wu_conversation *c, const wu_json_in *in, const wu_instant *first,
                         wu_err *err) {
    wu_str role = {0}, user = {0}, text = {0};
    wu_in_text room;
    wu_instant at = {0};
    int32_t party;
    wu_code rc;
    if ((rc = wu_json_opt_str(in, "role", &role, err))) return rc;
    if ((rc = wu_in_str(&user, &room, in, "user_id", err))) return rc;
    if ((rc = wu_json_want_str(in, "text", &text, err))) return rc;
    if ((rc = wu_in_epoch(&at, in, "start_timestamp_usec", 1e-3, err))) return rc;
    if ((rc = party_of(&party, c, role, user, in, err))) return rc;
    return wu_fill_turn(c, party, at.known ? at.ms - first->ms : -1, -1, text, in->where, err);
}

static wu_code parse_upload(wu_conversation *c, const wu_json_in *root, wu_err *err) {
    const wu_json *entries;
    wu_instant first = {0};
    wu_json_in in;
    wu_place place;
    wu_code rc = wu_in_array(&entries, root, "entries", err);
    for (size_t i = 0; !rc && i < wu_json_size(entries); i++) {
        wu_instant at = {0};
        if ((rc = wu_in_element(&in, &place, root, "entries", entries, i, err))) return rc;
        if ((rc = wu_in_epoch(&at, &in, "start_timestamp_usec", 1e-3, err))) return rc;
        if (at.known && (!first.known || at.ms < first.ms)) first = at;
    }
    if (!rc) c->contact.start = first.when;
    for (size_t i = 0; !rc && i < wu_json_size(entries); i++) {
        if ((rc = wu_in_element(&in, &place, root, "entries", entries, i, err))) return rc;
        rc = add_entry(c, &in, &first, err);
    }
    return rc;
}

/* ---- REST
 * ---------------------------------------------------------------------------------------- */

/* "12.5s" as milliseconds; *out is left alone if the member is absent or null. */
static wu_code span(int64_t *out, const wu_json_in *in, const char *key, wu_err *err) {
    const wu_str s = wu_json_str(wu_json_get(in->j, key));
    double v;
    if (wu_json_type(wu_json_get(in->j, key)) == WU_JSON_NULL) return WU_OK;
    if (s.n < 2 || s.p[s.n - 1] != 's' || !wu_in_number(&v, (wu_str){s.p, s.n - 1}) ||
        !(v >= 0.0 && v * 1000.0 <= (double)WU_MAX_OFFSET_MS))
        return wu_fail(err, in->code, "%s: %s is \"%.*s\", want a time span such as \"12.5s\"",
                       in->where, key, (int)WU_MIN(s.n, (size_t)40), s.p);
    *out = (int64_t)(v * 1000.0 + 0.5);
    return WU_OK;
}

/* From the first word's start to the last one's end, where words have times. */
static wu_code span_of_words(int64_t *start, int64_t *end, const wu_json_in *in, wu_err *err) {
    const wu_json *words;
    wu_json_in w;
    wu_place place;
    wu_code rc = wu_in_array(&words, in, "words", err);
    const size_t n = wu_json_size(words);
    if (rc || n == 0) return rc;
    if ((rc = wu_in_element(&w, &place, in, "words", words, 0, err))) return rc;
    if ((rc = span(start, &w, "startOffset", err))) return rc;
    if ((rc = wu_in_element(&w, &place, in, "words", words, n - 1, err))) return rc;
    return span(end, &w, "endOffset", err);
}

static wu_code add_segment(wu_conversation *c, const wu_json_in *in, const wu_instant *first,
                           wu_err *err) {
    wu_json_in who;
    wu_place place;
    wu_in_text room;
    wu_str role = {0}, user = {0}, text = {0};
    wu_instant at = {0};
    int64_t start = -1, end = -1;
    int32_t party;
    wu_code rc;
    if ((rc = wu_json_want_str(in, "text", &text, err))) return rc;
    if ((rc = wu_in_instant(&at, in, "messageTime", err))) return rc;
    if ((rc = span_of_words(&start, &end, in, err))) return rc;
    if ((rc = wu_in_object(&who, &place, in, "segmentParticipant", err))) return rc;
    if (who.j) {
        if ((rc = wu_json_opt_str(&who, "role", &role, err))) return rc;
        if ((rc = wu_in_str(&user, &room, &who, "userId", err))) return rc;
    } else if (wu_json_type(wu_json_get(in->j, "channelTag")) != WU_JSON_NULL) {
        if ((rc = wu_in_str(&role, &room, in, "channelTag", err))) return rc;
    }
    if (start < 0 && at.known && first->known) start = at.ms - first->ms;
    if ((rc = party_of(&party, c, role, user, in, err))) return rc;
    return wu_fill_turn(c, party, start, end, text, in->where, err);
}

static wu_code read_quality(wu_conversation *c, const wu_json_in *root, wu_err *err) {
    wu_json_in q, a;
    wu_place p1, p2;
    wu_in_text room;
    wu_str id = {0}, name = {0};
    const wu_json *agents;
    int64_t wait = -1;
    wu_code rc = wu_in_object(&q, &p1, root, "qualityMetadata", err);
    if (rc || !q.j) return rc;
    if ((rc = span(&wait, &q, "waitDuration", err))) return rc;
    if (wait >= 0) c->contact.queue_wait_s = (int32_t)(wait / 1000);
    if ((rc = wu_in_array(&agents, &q, "agentInfo", err)) || wu_json_size(agents) == 0) return rc;
    if ((rc = wu_in_element(&a, &p2, &q, "agentInfo", agents, 0, err))) return rc;
    if ((rc = wu_in_str(&id, &room, &a, "agentId", err))) return rc;
    if ((rc = wu_json_opt_str(&a, "displayName", &name, err))) return rc;
    if (id.n > 0 && (rc = wu_fill_set(c, &c->contact.agent_id, id, q.where, err))) return rc;
    return wu_fill_set(c, &c->contact.agent_name, name, q.where, err);
}

static wu_code read_resource(wu_conversation *c, const wu_json_in *root, wu_instant *first,
                             wu_err *err) {
    wu_str name = {0}, medium = {0}, language = {0}, agent = {0}, customer = {0};
    wu_in_text room, room2;
    wu_contact *k = &c->contact;
    wu_code rc;
    if ((rc = wu_json_opt_str(root, "name", &name, err))) return rc;
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/') {
            name = (wu_str){name.p + i, name.n - i};
            break;
        }
    if ((rc = wu_json_opt_str(root, "medium", &medium, err))) return rc;
    if ((rc = wu_json_opt_str(root, "languageCode", &language, err))) return rc;
    if ((rc = wu_in_str(&agent, &room, root, "agentId", err))) return rc;
    if ((rc = wu_in_str(&customer, &room2, root, "obfuscatedUserId", err))) return rc;
    if ((rc = wu_in_instant(first, root, "startTime", err))) return rc;
    if ((rc = span(&k->duration_ms, root, "duration", err))) return rc;
    if (wu_str_eq(medium, WU_STR("PHONE_CALL")))
        medium = WU_STR("voice");
    else if (wu_str_eq(medium, WU_STR("CHAT")))
        medium = WU_STR("chat");
    else
        medium = (wu_str){0};
    if ((rc = wu_fill_set(c, &c->id, name, root->where, err))) return rc;
    if ((rc = wu_fill_set(c, &k->channel, medium, root->where, err))) return rc;
    if ((rc = wu_fill_set(c, &k->language, language, root->where, err))) return rc;
    if ((rc = wu_fill_set(c, &k->agent_id, agent, root->where, err))) return rc;
    if ((rc = wu_fill_set(c, &k->customer_id, customer, root->where, err))) return rc;
    return read_quality(c, root, err);
}

static wu_code parse_resource(wu_conversation *c, const wu_json_in *root, wu_err *err) {
    const wu_json *segments = NULL;
    wu_json_in transcript, in;
    wu_place p1, p2;
    wu_instant first = {0};
    wu_code rc = read_resource(c, root, &first, err);
    if (!rc) rc = wu_in_object(&transcript, &p1, root, "transcript", err);
    if (!rc) rc = wu_in_array(&segments, &transcript, "transcriptSegments", err);
    for (size_t i = 0; !rc && i < wu_json_size(segments); i++) {
        wu_instant at = {0};
        rc = wu_in_element(&in, &p2, &transcript, "transcriptSegments", segments, i, err);
        if (!rc) rc = wu_in_instant(&at, &in, "messageTime", err);
        if (!rc && at.known && (!first.known || at.ms < first.ms)) first = at;
    }
    if (!rc) c->contact.start = first.when;
    for (size_t i = 0; !rc && i < wu_json_size(segments); i++) {
        rc = wu_in_element(&in, &p2, &transcript, "transcriptSegments", segments, i, err);
        if (!rc) rc = add_segment(c, &in, &first, err);
    }
    return rc;
}

static wu_code parse(wu_conversation *c, const wu_json *j, const char *where,
                     const wu_read_options *o, wu_err *err) {
    const wu_json_in root = {j, where, WU_EDATA};
    const bool is_upload = wu_json_get(j, "entries") != NULL;
    const wu_code rc = is_upload ? parse_upload(c, &root, err) : parse_resource(c, &root, err);
    (void)o;
    return rc ? rc : wu_fill_done(c, where, err);
}

const wu_format_row wu_format_ccai = {
    .format = WU_FORMAT_CCAI,
    .name = "ccai",
    .summary = "Google Contact Center AI Insights, as uploaded and as returned",
    .detect_json = detect,
    .parse_json = parse,
};
