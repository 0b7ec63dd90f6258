/* read_turns.c - an array of turns as most home-made exports have it: objects with a role or a
 * speaker and a text, bare or within an object. docs/formats.md, "Arrays of turns". */
#include "contact/read/json_in.h"

#include "text/utf8.h"

#include <stdio.h>
#include <string.h>

/* Where the array may be; keys may nest: {"conversation": {"turns": [...]}}. */
static const char *const array_key[] = {
    "turns",          "messages",   "transcript", "conversation", "utterances",
    "messageRecords", "comments",   "sentences",  "dialog",       "dialogue",
    "entries",        "monologues", "segments",   "items",        "conversation_parts",
    "results",        NULL};

/* Who says it. What names a role plainly comes first: "source" may be anything. */
static const char *const who_key[] = {
    "sentBy",      "speaker_type", "speaker_role", "participantRole", "sender_type",
    "author_type", "role",         "speaker",      "sender",          "from",
    "author",      "participant",  "user",         "source",          NULL};
static const char *const name_key[] = {
    "speaker_label", "speaker_name", "sender_name", "display_name",
    "displayName",   "agentName",    "name",        NULL};
static const char *const id_key[] = {"speaker_id",     "speakerId", "participantId",
                                     "participant_id", "user_id",   "userId",
                                     "author_id",      "sender_id", NULL};
static const char *const channel_key[] = {"media_channel", "channel_index", "channel", NULL};

static const char *const text_key[] = {
    "text",       "content",     "message", "utterance", "human_transcript", "transcript", "body",
    "plain_body", "messageData", "msg",     NULL};

static const char *const start_key[] = {"start_ms",     "startMs",    "start_time_ms",
                                        "startTimeMs",  "begin_ms",   "offset_ms",
                                        "timestamp_ms", "start_time", "startTime",
                                        "start",        "begin",      "timeL",
                                        "timestamp",    "time",       "created_at",
                                        "createdAt",    "sent_at",    "sentAt",
                                        "datetime",     "date",       "ts",
                                        "offset",       NULL};
static const char *const end_key[] = {"end_ms",   "endMs",   "end_time_ms", "endTimeMs",
                                      "end_time", "endTime", "end",         NULL};
static const char *const length_key[] = {"duration_ms", "durationMs", "duration", NULL};

/* ---- who ------------------------------------------------------------------------------------- */

wu_party_role wu_role_of_word(wu_str s) {
    static const wu_role_word more[] = {
        {"admin", WU_PARTY_AGENT},       {"teammate", WU_PARTY_AGENT},
        {"AGENT_USER", WU_PARTY_AGENT},  {"consumer", WU_PARTY_CUSTOMER},
        {"Consumer", WU_PARTY_CUSTOMER}, {"lead", WU_PARTY_CUSTOMER},
        {"contact", WU_PARTY_CUSTOMER},  {"external", WU_PARTY_CUSTOMER},
    };
    const wu_party_role r = wu_role_of_label(s);
    return r != WU_PARTY_UNKNOWN ? r : wu_role_in(more, WU_LEN(more), s);
}

typedef struct speaker {
    wu_party_role role;
    wu_str name, id;
    wu_in_text name_room, id_room;
    char channel[32];
} speaker;

static void set_number(wu_str *out, wu_in_text *room, const wu_json *v) {
    (void)snprintf(room->digits, sizeof(room->digits), "%lld", (long long)wu_json_int(v));
    *out = wu_str_of(room->digits);
}

/* One value that says who it is: a word, a number, or an object with type and name. */
static void take_who(speaker *s, const wu_json *v) {
    static const char *const type[] = {"type", "role", NULL}, *const name[] = {"name", "id", NULL};
    if (wu_json_type(v) == WU_JSON_OBJECT) {
        const wu_json *t = wu_in_any(v, type, NULL), *n = wu_in_any(v, name, NULL);
        s->role = wu_role_of_word(wu_json_str(t));
        if (wu_json_type(n) == WU_JSON_INT)
            set_number(&s->name, &s->name_room, n);
        else if (wu_json_str(n).n > 0)
            s->name = wu_json_str(n);
        else if (s->name.n == 0)
            s->name = wu_json_str(t);
        return;
    }
    if (wu_json_type(v) == WU_JSON_INT && s->name.n == 0) set_number(&s->name, &s->name_room, v);
    s->role = wu_role_of_word(wu_json_str(v));
    if (s->name.n == 0 || s->role != WU_PARTY_UNKNOWN)
        if (wu_json_str(v).n > 0) s->name = wu_json_str(v);
}

static void find_speaker(speaker *s, const wu_json *turn) {
    *s = (speaker){.role = WU_PARTY_UNKNOWN};
    for (size_t i = 0; who_key[i] && s->role == WU_PARTY_UNKNOWN; i++)
        take_who(s, wu_json_get(turn, who_key[i]));
    const wu_json *name = wu_in_any(turn, name_key, NULL), *id = wu_in_any(turn, id_key, NULL);
    if (wu_json_str(name).n > 0) s->name = wu_json_str(name);
    s->id = wu_json_str(id);
    if (wu_json_type(id) == WU_JSON_INT) set_number(&s->id, &s->id_room, id);
    if (s->name.n == 0) s->name = s->id;
    const wu_json *channel = wu_in_any(turn, channel_key, NULL);
    if (s->name.n > 0) return;
    if (wu_json_type(channel) == WU_JSON_INT) {
        (void)snprintf(s->channel, sizeof(s->channel), "channel_%lld",
                       (long long)wu_json_int(channel));
        s->name = wu_str_of(s->channel);
    } else {
        s->name = wu_json_str(channel);
    }
}

wu_code wu_fill_speaker(int32_t *out, wu_conversation *c, const wu_json *who, const char *where,
                        wu_err *err) {
    speaker s = {.role = WU_PARTY_UNKNOWN};
    take_who(&s, who);
    return wu_fill_party(out, c, s.name, s.role, s.id, where, err);
}

/* ---- words ----------------------------------------------------------------------------------- */

static wu_code join_parts(wu_str *out, wu_arena *arena, const wu_json *parts, const char *where,
                          wu_err *err) {
    size_t n = 0;
    for (size_t i = 0; i < wu_json_size(parts); i++) {
        const wu_json *p = wu_json_at(parts, i), *t = wu_json_get(p, "text");
        n += wu_json_str(t ? t : p).n + 1;
    }
    char *to = wu_arena_alloc(arena, n);
    if (!to) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    n = 0;
    for (size_t i = 0; i < wu_json_size(parts); i++) {
        const wu_json *p = wu_json_at(parts, i), *t = wu_json_get(p, "text");
        const wu_str s = wu_json_str(t ? t : p);
        if (s.n == 0) continue;
        memcpy(to + n, s.p, s.n);
        n += s.n;
        to[n++] = ' ';
    }
    *out = (wu_str){to, n};
    return WU_OK;
}

wu_code wu_words_of(wu_str *out, wu_arena *arena, const wu_json *v, const char *key,
                    const char *where, wu_err *err) {
    static const char *const inner[] = {"text", "content", "body", "msg", "message", NULL};
    for (int depth = 0; depth < 4 && wu_json_type(v) == WU_JSON_OBJECT; depth++)
        v = wu_in_any(v, inner, NULL);
    switch (wu_json_type(v)) {
    case WU_JSON_NULL:
        return WU_OK;
    case WU_JSON_STRING:
        *out = wu_json_str(v);
        return WU_OK;
    case WU_JSON_ARRAY:
        return join_parts(out, arena, v, where, err);
    case WU_JSON_BOOL:
    case WU_JSON_INT:
    case WU_JSON_REAL:
    case WU_JSON_OBJECT:
        break;
    }
    return wu_fail(err, WU_EDATA, "%s: %s is not text", where, key);
}

/* ---- turns ----------------------------------------------------------------------------------- */

static wu_code take_time(wu_raw_time *out, const wu_json_in *in, const char *const *keys,
                         wu_err *err) {
    const char *key = NULL;
    const wu_json *v = wu_in_any(in->j, keys, &key);
    return v ? wu_raw_time_of(out, v, key, in->where, err) : WU_OK;
}

/* An internal note of a ticket is not part of what the two said to each other. */
static bool is_private(const wu_json *turn) {
    const wu_json *v = wu_json_get(turn, "public");
    return wu_json_type(v) == WU_JSON_BOOL && !wu_json_bool(v);
}

static wu_code add_turn(wu_conversation *c, wu_raw_turns *list, const wu_json_in *in, wu_err *err) {
    wu_raw_turn t = {0};
    speaker who;
    const char *key = NULL;
    const wu_json *words = wu_in_any(in->j, text_key, &key);
    wu_code rc;
    if (!words || is_private(in->j)) return WU_OK;
    if ((rc = wu_words_of(&t.text, &c->arena, words, key, in->where, err))) return rc;
    if (wu_utf8_trim(t.text).n == 0) return WU_OK;
    if ((rc = take_time(&t.start, in, start_key, err))) return rc;
    if ((rc = take_time(&t.end, in, end_key, err))) return rc;
    if ((rc = take_time(&t.length, in, length_key, err))) return rc;
    find_speaker(&who, in->j);
    if ((rc = wu_fill_party(&t.party, c, who.name, who.role, who.id, in->where, err))) return rc;
    return wu_raw_turns_push(list, &t, in->where, err);
}

/* ---- the array ------------------------------------------------------------------------------- */

/* The array of turns in root, and its name; NULL: there is none. */
static const wu_json *find_array(const wu_json *root, const char **name) {
    *name = "turns";
    for (int depth = 0; depth < 4; depth++) {
        const wu_json *inner = NULL;
        if (wu_json_type(root) == WU_JSON_ARRAY) return root;
        for (size_t i = 0; array_key[i]; i++) {
            const wu_json *v = wu_json_get(root, array_key[i]);
            if (wu_json_type(v) == WU_JSON_ARRAY && (wu_in_is_array_of_objects(v) || !inner)) {
                *name = array_key[i];
                inner = v;
                if (wu_in_is_array_of_objects(v)) break;
            } else if (wu_json_type(v) == WU_JSON_OBJECT && !inner) {
                inner = v;
            }
        }
        root = inner;
    }
    return NULL;
}

static int detect(const wu_json *root) {
    const char *name;
    const wu_json *a = find_array(root, &name);
    const size_t n = wu_json_size(a);
    int best = 0;
    for (size_t i = 0; i < n && i < 8; i++) { /* the first ones may be events */
        const wu_json *t = wu_json_at(a, i);
        if (wu_json_type(t) != WU_JSON_OBJECT) break;
        if (!wu_in_any(t, text_key, NULL)) continue;
        speaker who;
        find_speaker(&who, t);
        const int sure = who.role != WU_PARTY_UNKNOWN ? 80 : who.name.n > 0 ? 70 : 30;
        best = WU_MAX(best, sure);
    }
    return best;
}

static wu_code parse(wu_conversation *c, const wu_json *j, const char *where,
                     const wu_read_options *o, wu_err *err) {
    const wu_json_in root = {j, where, WU_EDATA};
    wu_raw_turns list = {0};
    wu_mapped meta;
    const char *name;
    const wu_json *a = find_array(j, &name);
    wu_code rc = WU_OK;
    (void)o;
    if (!a)
        return wu_fail(err, WU_EDATA, "%s: no array of turns (turns, messages, utterances ...)",
                       where);
    for (size_t i = 0; !rc && i < wu_json_size(a); i++) {
        wu_json_in in;
        wu_place place;
        rc = wu_in_element(&in, &place, &root, name, a, i, err);
        if (!rc) rc = add_turn(c, &list, &in, err);
    }
    if (!rc && wu_json_type(j) == WU_JSON_OBJECT) {
        wu_map_row(&meta, j, NULL);
        rc = wu_map_contact(c, &meta, false, where, err);
        if (!rc) rc = wu_map_labels(c, &meta, where, err);
    }
    if (!rc) rc = wu_raw_turns_settle(c, &list, where, err);
    if (!rc) rc = wu_fill_done(c, where, err);
    wu_raw_turns_free(&list);
    return rc;
}

const wu_format_row wu_format_turns = {
    .format = WU_FORMAT_TURNS,
    .name = "turns",
    .summary = "a JSON array of turns with role or speaker and text",
    .detect_json = detect,
    .parse_json = parse,
};
