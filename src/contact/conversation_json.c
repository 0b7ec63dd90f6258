/* conversation_json.c - a conversation as JSON and back (conversation.h). */
#include "contact/conversation.h"
#include "text/utf8.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static wu_code set_str(wu_json *o, const char *key, wu_str s) {
    return s.n > 0 ? wu_json_set(o, key, wu_json_new_str(s)) : WU_OK;
}

static wu_code set_count(wu_json *o, const char *key, int64_t v) {
    return v >= 0 ? wu_json_set(o, key, wu_json_new_int(v)) : WU_OK;
}

/* NULL when out of memory; else o. */
static wu_json *made(wu_json *o, wu_code rc) {
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}

/* ------------------------------------------------------------------------------ contact */

/* Members by name, so that reading and writing cannot differ. */
static const struct text_member {
    const char *key;
    size_t at;
    bool is_name;
} text_member[] = {
    {"channel", offsetof(wu_contact, channel), false},
    {"language", offsetof(wu_contact, language), false},
    {"agent_id", offsetof(wu_contact, agent_id), false},
    {"agent_name", offsetof(wu_contact, agent_name), true},
    {"customer_id", offsetof(wu_contact, customer_id), false},
    {"customer_name", offsetof(wu_contact, customer_name), true},
    {"queue", offsetof(wu_contact, queue), false},
    {"zone", offsetof(wu_contact, zone), false},
};
static const struct count_member {
    const char *key;
    size_t at;
} count_member[] = {
    {"queue_wait_s", offsetof(wu_contact, queue_wait_s)},
    {"announced_wait_s", offsetof(wu_contact, announced_wait_s)},
    {"hold_s", offsetof(wu_contact, hold_s)},
    {"transfers", offsetof(wu_contact, transfers)},
    {"contact_number_30d", offsetof(wu_contact, contact_number_30d)},
};

static wu_code set_start(wu_json *o, wu_when start) {
    wu_buf b = {0};
    wu_code rc = WU_OK;
    if (!start.known) return WU_OK;
    rc = wu_when_render(&b, start);
    if (!rc) rc = set_str(o, "start_time", wu_buf_view(&b));
    wu_buf_free(&b);
    return rc;
}

wu_json *wu_contact_json(const wu_contact *c, bool names) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? set_start(o, c->start) : WU_ENOMEM;
    for (size_t i = 0; !rc && i < WU_LEN(text_member); i++)
        if (names || !text_member[i].is_name)
            rc = set_str(o, text_member[i].key,
                         *(const wu_str *)((const char *)c + text_member[i].at));
    if (!rc) rc = set_count(o, "duration_ms", c->duration_ms);
    for (size_t i = 0; !rc && i < WU_LEN(count_member); i++)
        rc = set_count(o, count_member[i].key,
                       *(const int32_t *)((const char *)c + count_member[i].at));
    return made(o, rc);
}

static wu_code get_str(wu_str *out, wu_arena *arena, const wu_json_in *in, const char *key,
                       wu_err *err) {
    wu_str s = {0};
    wu_code rc = wu_json_opt_str(in, key, &s, err);
    if (rc || s.n == 0) return rc;
    s = wu_utf8_trim(s);
    char *p = wu_arena_alloc(arena, s.n);
    if (!p) return wu_fail(err, WU_ENOMEM, "%s: out of memory", in->where);
    memcpy(p, s.p, s.n);
    *out = (wu_str){p, s.n};
    return WU_OK;
}

static wu_code get_start(wu_when *out, const wu_json_in *in, wu_err *err) {
    wu_str s = {0};
    const wu_code rc = wu_json_opt_str(in, "start_time", &s, err);
    if (rc || s.n == 0 || wu_when_parse(out, s)) return rc;
    return wu_fail(err, in->code, "%s: start_time is \"%.*s\", want ISO 8601", in->where,
                   (int)WU_MIN(s.n, 60), s.p);
}

wu_code wu_contact_from_json(wu_contact *out, wu_arena *arena, const wu_json *j, const char *where,
                             wu_err *err) {
    const wu_json_in in = {j, where, WU_EDATA};
    wu_contact_init(out);
    if (!j) return WU_OK;
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s: contact is not an object", where);
    wu_code rc = get_start(&out->start, &in, err);
    for (size_t i = 0; !rc && i < WU_LEN(text_member); i++)
        rc = get_str((wu_str *)((char *)out + text_member[i].at), arena, &in, text_member[i].key,
                     err);
    if (!rc) rc = wu_json_opt_int(&in, "duration_ms", 0, INT64_MAX / 2, &out->duration_ms, err);
    for (size_t i = 0; !rc && i < WU_LEN(count_member); i++) {
        int64_t v = -1;
        rc = wu_json_opt_int(&in, count_member[i].key, 0, INT32_MAX, &v, err);
        *(int32_t *)((char *)out + count_member[i].at) = (int32_t)v;
    }
    return rc;
}

/* ------------------------------------------------------------------------------- writing */

static const char *const from_name[] = {
    [WU_ROLE_NOT_KNOWN] = NULL,
    [WU_ROLE_FROM_FILE] = "file",
    [WU_ROLE_FROM_USER] = "user",
    [WU_ROLE_INFERRED] = "inferred",
};

static wu_json *party_json(const wu_party *p) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? set_str(o, "name", p->name) : WU_ENOMEM;
    if (!rc) rc = set_str(o, "id", p->id);
    if (!rc) rc = set_str(o, "role", wu_str_of(wu_party_role_name(p->role)));
    if (!rc) rc = set_str(o, "role_from", wu_str_of(from_name[p->from]));
    if (!rc && p->from == WU_ROLE_INFERRED)
        rc = wu_json_set(o, "confidence", wu_json_new_real(p->confidence));
    if (!rc) rc = set_str(o, "why", p->why);
    return made(o, rc);
}

static wu_json *turn_json(const wu_turn *t) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? set_count(o, "party", t->party) : WU_ENOMEM;
    if (!rc) rc = set_count(o, "start_ms", t->start_ms);
    if (!rc) rc = set_count(o, "end_ms", t->end_ms);
    if (!rc && t->line > 0) rc = set_count(o, "line", t->line);
    if (!rc) rc = set_str(o, "text", t->text);
    return made(o, rc);
}

static wu_json *parties_json(const wu_conversation *c) {
    wu_json *a = wu_json_new_array();
    wu_code rc = a ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; !rc && i < c->n_party; i++) rc = wu_json_push(a, party_json(&c->party[i]));
    return made(a, rc);
}

static wu_json *turns_json(const wu_conversation *c) {
    wu_json *a = wu_json_new_array();
    wu_code rc = a ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; !rc && i < c->n_turn; i++) rc = wu_json_push(a, turn_json(&c->turn[i]));
    return made(a, rc);
}

wu_json *wu_conversation_json(const wu_conversation *c, bool names) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? set_str(o, "id", c->id) : WU_ENOMEM;
    if (!rc) rc = wu_json_set(o, "contact", wu_contact_json(&c->contact, names));
    if (!rc) rc = wu_json_set(o, "parties", parties_json(c));
    if (!rc) rc = wu_json_set(o, "turns", turns_json(c));
    if (!rc && c->analysis) rc = wu_json_set(o, "analysis", wu_json_copy(c->analysis));
    if (!rc && c->journey) rc = wu_json_set(o, "journey", wu_json_copy(c->journey));
    return made(o, rc);
}

/* ------------------------------------------------------------------------------- reading */

typedef struct place { /* "file:line: turns[3]", for messages */
    char text[512];
} place;

static const char *place_of(place *p, const char *where, const char *array, size_t i) {
    snprintf(p->text, sizeof(p->text), "%s: %s[%zu]", where, array, i);
    return p->text;
}

static wu_code read_party(wu_conversation *c, const wu_json *j, const char *where, wu_err *err) {
    const wu_json_in in = {j, where, WU_EDATA};
    wu_str name = {0}, role = {0}, from = {0};
    wu_code rc;
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s is not an object", where);
    if ((rc = wu_json_opt_str(&in, "name", &name, err))) return rc;
    if ((rc = wu_json_opt_str(&in, "role", &role, err))) return rc;
    if ((rc = wu_json_opt_str(&in, "role_from", &from, err))) return rc;
    const wu_party_role r = wu_party_role_find(role);
    if (r == WU_PARTY_UNKNOWN && role.n > 0 && !wu_str_eq(role, WU_STR("unknown")))
        return wu_fail(err, WU_EDATA,
                       "%s: role is \"%.*s\", want agent, customer, bot, system, supervisor or "
                       "unknown",
                       where, (int)WU_MIN(role.n, 40), role.p);
    const int32_t before = c->n_party, at = wu_conversation_party(c, name, r);
    if (at < 0) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    if (at < before) return wu_fail(err, WU_EDATA, "%s: the same name and role twice", where);
    wu_party *p = &c->party[at];
    for (int i = WU_ROLE_FROM_FILE; i <= WU_ROLE_INFERRED; i++)
        if (r != WU_PARTY_UNKNOWN && wu_str_eq(from, wu_str_of(from_name[i])))
            p->from = (wu_role_from)i;
    if ((rc = wu_json_opt_real(&in, "confidence", 0.0, 1.0, &p->confidence, err))) return rc;
    if ((rc = get_str(&p->id, &c->arena, &in, "id", err))) return rc;
    return get_str(&p->why, &c->arena, &in, "why", err);
}

static wu_code read_turn(wu_conversation *c, const wu_json *j, const char *where, wu_err *err) {
    const wu_json_in in = {j, where, WU_EDATA};
    wu_turn t = {.start_ms = -1, .end_ms = -1};
    int64_t party = 0, line = 0;
    wu_str text;
    wu_code rc;
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s is not an object", where);
    if ((rc = wu_json_want_int(&in, "party", 0, (int64_t)c->n_party - 1, &party, err))) return rc;
    if ((rc = wu_json_opt_int(&in, "start_ms", 0, INT64_MAX / 2, &t.start_ms, err))) return rc;
    if ((rc = wu_json_opt_int(&in, "end_ms", 0, INT64_MAX / 2, &t.end_ms, err))) return rc;
    if ((rc = wu_json_opt_int(&in, "line", 0, INT32_MAX, &line, err))) return rc;
    if ((rc = wu_json_want_str(&in, "text", &text, err))) return rc;
    t.party = (int32_t)party;
    t.line = (int32_t)line;
    return wu_conversation_add(c, &t, text) ? wu_fail(err, WU_ENOMEM, "%s: out of memory", where)
                                            : WU_OK;
}

typedef wu_code (*read_one)(wu_conversation *c, const wu_json *j, const char *where, wu_err *err);

static wu_code read_array(wu_conversation *c, const wu_json *root, const char *key, read_one read,
                          const char *where, wu_err *err) {
    const wu_json *a = wu_json_get(root, key);
    place p;
    if (wu_json_type(a) != WU_JSON_ARRAY)
        return wu_fail(err, WU_EDATA, "%s: %s is %s, want an array", where, key,
                       a ? "something else" : "missing");
    for (size_t i = 0; i < wu_json_size(a); i++) {
        const wu_code rc = read(c, wu_json_at(a, i), place_of(&p, where, key, i), err);
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_code read_labels(wu_json **out, const wu_json *root, const char *key, const char *where,
                           wu_err *err) {
    const wu_json *j = wu_json_get(root, key);
    if (wu_json_type(j) == WU_JSON_NULL) return WU_OK;
    *out = wu_json_copy(j);
    return *out ? WU_OK : wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
}

wu_code wu_conversation_from_json(wu_conversation *c, const wu_json *j, const char *where,
                                  wu_err *err) {
    const wu_json_in in = {j, where, WU_EDATA};
    wu_code rc;
    wu_conversation_clear(c);
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s: not a JSON object", where);
    if ((rc = get_str(&c->id, &c->arena, &in, "id", err))) return rc;
    if ((rc = wu_contact_from_json(&c->contact, &c->arena, wu_json_get(j, "contact"), where, err)))
        return rc;
    if ((rc = read_array(c, j, "parties", read_party, where, err))) return rc;
    if ((rc = read_array(c, j, "turns", read_turn, where, err))) return rc;
    if ((rc = read_labels(&c->analysis, j, "analysis", where, err))) return rc;
    return read_labels(&c->journey, j, "journey", where, err);
}
