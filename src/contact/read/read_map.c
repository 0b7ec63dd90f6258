/* read_map.c - which column or key holds what: the user's map, or the usual names. One row of CSV
 * or JSONL that is a whole conversation is read here; rows of turns in read_rows.c. */
#include "contact/read/json_in.h"

#include "text/utf8.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef enum field_kind { OTHER, TEXT, COUNT } field_kind;

/* usual: names in small letters without separators, the best one first. */
static const struct field {
    const char *name;
    size_t map_at;
    field_kind kind;
    size_t at; /* in wu_contact */
    const char *usual;
} field[WU_N_MAP_FIELD] = {
#define MAP(member) #member, offsetof(wu_column_map, member)
    [WU_MAP_ID] = {MAP(id), OTHER, 0,
                   "|conversationid|callid|contactid|dialogid|dialogueid|chatid|interactionid|"
                   "sessionid|ticketid|caseid|threadid|transcriptid|sourceid|uuid|id|"},
    [WU_MAP_TRANSCRIPT] = {MAP(transcript), OTHER, 0,
                           "|transcript|conversation|dialogue|dialog|turns|messages|"
                           "transcripttext|calltranscript|chattranscript|conversationtext|"},
    [WU_MAP_ROLE] = {MAP(role), OTHER, 0,
                     "|role|speakerrole|speakertype|sendertype|participantrole|authortype|sentby|"
                     "speaker|sender|from|author|participant|party|speakername|"},
    [WU_MAP_TEXT] = {MAP(text), OTHER, 0,
                     "|text|content|message|utterance|humantranscript|body|messagetext|msg|"},
    [WU_MAP_TIME] =
        {MAP(time), OTHER, 0,
         "|startms|starttimems|offsetms|starts|offsets|starttime|start|timestamp|time|offset|"
         "createdat|sentat|messagetime|datetime|date|"},
    [WU_MAP_END] = {MAP(end), OTHER, 0, "|endms|endtimems|ends|endtime|end|"},
    [WU_MAP_CHANNEL] = {MAP(channel), TEXT, offsetof(wu_contact, channel),
                        "|channel|channeltype|medium|mediatype|"},
    [WU_MAP_LANGUAGE] = {MAP(language), TEXT, offsetof(wu_contact, language),
                         "|language|languagecode|locale|lang|"},
    [WU_MAP_AGENT_ID] = {MAP(agent_id), TEXT, offsetof(wu_contact, agent_id),
                         "|agentid|advisorid|operatorid|repid|"},
    [WU_MAP_CUSTOMER_ID] = {MAP(customer_id), TEXT, offsetof(wu_contact, customer_id),
                            "|customerid|clientid|callerid|memberid|accountid|"},
    [WU_MAP_QUEUE] = {MAP(queue), TEXT, offsetof(wu_contact, queue), "|queue|queuename|queueid|"},
    [WU_MAP_START_TIME] = {MAP(start_time), OTHER, 0,
                           "|starttime|conversationstarttime|conversationstart|callstart|"
                           "callstarttime|startedat|timestamp|datetime|createdat|date|"},
    [WU_MAP_ZONE] = {MAP(zone), TEXT, offsetof(wu_contact, zone), "|zone|timezone|tz|"},
    [WU_MAP_AGENT_NAME] = {MAP(agent_name), TEXT, offsetof(wu_contact, agent_name),
                           "|agentname|advisorname|operatorname|repname|"},
    [WU_MAP_CUSTOMER_NAME] = {MAP(customer_name), TEXT, offsetof(wu_contact, customer_name),
                              "|customername|clientname|callername|"},
    [WU_MAP_QUEUE_WAIT_S] = {MAP(queue_wait_s), COUNT, offsetof(wu_contact, queue_wait_s),
                             "|queuewaits|queuewaitseconds|queuewaittimeseconds|waitseconds|"},
    [WU_MAP_ANNOUNCED_WAIT_S] = {MAP(announced_wait_s), COUNT,
                                 offsetof(wu_contact, announced_wait_s),
                                 "|announcedwaits|announcedwaitseconds|"},
    [WU_MAP_HOLD_S] = {MAP(hold_s), COUNT, offsetof(wu_contact, hold_s),
                       "|holds|holdseconds|holdtimeseconds|"},
    [WU_MAP_TRANSFERS] = {MAP(transfers), COUNT, offsetof(wu_contact, transfers),
                          "|transfers|transfercount|ntransfers|"},
    [WU_MAP_CONTACT_NUMBER_30D] = {MAP(contact_number_30d), COUNT,
                                   offsetof(wu_contact, contact_number_30d), "|contactnumber30d|"},
    [WU_MAP_ANALYSIS] = {MAP(analysis), OTHER, 0, "|analysis|"},
    [WU_MAP_JOURNEY] = {MAP(journey), OTHER, 0, "|journey|journeyinsight|"},
#undef MAP
};

/* ---- the user's map
 * ------------------------------------------------------------------------------ */

static const char **slot(wu_column_map *map, size_t f) {
    return (const char **)((char *)map + field[f].map_at);
}

static wu_code unknown_field(wu_str name, wu_err *err) {
    char all[512] = "";
    size_t n = 0;
    for (size_t f = 0; f < WU_LEN(field); f++)
        n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", f ? ", " : "", field[f].name);
    return wu_fail(err, WU_EARG, "column map: no field \"%.*s\", want one of %s",
                   (int)WU_MIN(name.n, (size_t)40), name.p, all);
}

static wu_code take_pair(wu_column_map *map, wu_arena *arena, wu_str pair, wu_err *err) {
    size_t eq = 0, f = 0;
    while (eq < pair.n && pair.p[eq] != '=') eq++;
    const wu_str name = wu_utf8_trim((wu_str){pair.p, eq});
    if (eq == pair.n)
        return wu_fail(err, WU_EARG, "column map: \"%.*s\" has no =, want FIELD=COLUMN",
                       (int)WU_MIN(name.n, (size_t)60), name.p);
    const wu_str column = wu_utf8_trim((wu_str){pair.p + eq + 1, pair.n - eq - 1});
    while (f < WU_LEN(field) && !wu_str_eq(name, wu_str_of(field[f].name))) f++;
    if (f == WU_LEN(field)) return unknown_field(name, err);
    if (column.n == 0)
        return wu_fail(err, WU_EARG, "column map: %s has no column, want %s=COLUMN", field[f].name,
                       field[f].name);
    if (*slot(map, f)) return wu_fail(err, WU_EARG, "column map: %s is there twice", field[f].name);
    char *copy = wu_arena_alloc(arena, column.n + 1);
    if (!copy) return wu_fail(err, WU_ENOMEM, "column map: out of memory");
    memcpy(copy, column.p, column.n);
    copy[column.n] = 0;
    *slot(map, f) = copy;
    return WU_OK;
}

wu_code wu_column_map_parse(wu_column_map *map, wu_arena *arena, const char *text, wu_err *err) {
    const wu_str s = wu_str_of(text);
    wu_code rc = WU_OK;
    *map = (wu_column_map){0};
    if (wu_utf8_trim(s).n == 0)
        return wu_fail(err, WU_EARG, "column map: nothing in it, want FIELD=COLUMN,...");
    for (size_t at = 0; !rc && at <= s.n;) {
        size_t end = at;
        while (end < s.n && s.p[end] != ',') end++;
        rc = take_pair(map, arena, (wu_str){s.p + at, end - at}, err);
        at = end + 1;
    }
    if (!rc && wu_map_given(map, WU_MAP_TRANSCRIPT) && wu_map_given(map, WU_MAP_TEXT))
        return wu_fail(err, WU_EARG,
                       "column map: transcript (a conversation a row) and text (a turn a row) "
                       "exclude each other");
    return rc;
}

static const char *column_of(const wu_column_map *map, wu_map_field f) {
    return map ? *(const char *const *)((const char *)map + field[f].map_at) : NULL;
}

bool wu_map_off(const wu_column_map *map, wu_map_field f) {
    const char *column = column_of(map, f);
    return column && strcmp(column, "-") == 0;
}

const char *wu_map_given(const wu_column_map *map, wu_map_field f) {
    return wu_map_off(map, f) ? NULL : column_of(map, f);
}

/* ---- names
 * ----------------------------------------------------------------------------------------- */

enum { NAME_MAX_BYTES = 36 };

/* "|name|" in small letters and digits; false: it is too long to be a usual one. */
static bool bare_name(char *out, wu_str s) {
    size_t n = 0;
    out[n++] = '|';
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (ch == ' ' || ch == '_' || ch == '-' || ch == '(' || ch == ')') continue;
        if (ch >= 'A' && ch <= 'Z') ch = (char)(ch + 32);
        if (n + 2 >= NAME_MAX_BYTES || ch == '|' || ch == 0) return false;
        out[n++] = ch;
    }
    out[n] = '|';
    out[n + 1] = 0;
    return n > 1;
}

static int rank_of(const char *usual, const char *name) {
    const char *at = strstr(usual, name);
    int rank = at != NULL;
    for (const char *p = usual; p < at; p++) rank += *p == '|';
    return rank;
}

int wu_map_rank(wu_map_field f, wu_str name) {
    char bare[NAME_MAX_BYTES];
    return bare_name(bare, name) ? rank_of(field[f].usual, bare) : 0;
}

/* The value at a path with dots; a key that has dots itself comes first. Digits are an index. */
static const wu_json *value_at(const wu_json *j, const char *path) {
    enum { PART = 256 };
    while (j) {
        const wu_json *whole = wu_json_get(j, path);
        const char *dot = strchr(path, '.');
        char part[PART];
        if (whole || !dot || (size_t)(dot - path) >= PART) return whole;
        memcpy(part, path, (size_t)(dot - path));
        part[dot - path] = 0;
        if (wu_json_type(j) == WU_JSON_ARRAY) {
            double i;
            if (!wu_in_number(&i, wu_str_of(part)) || !(i >= 0.0 && i < 1e9)) return NULL;
            j = wu_json_at(j, (size_t)i);
        } else {
            j = wu_json_get(j, part);
        }
        path = dot + 1;
    }
    return NULL;
}

static bool is_text_empty(const wu_json *v) {
    return wu_json_type(v) == WU_JSON_NULL ||
           (wu_json_type(v) == WU_JSON_STRING && wu_utf8_trim(wu_json_str(v)).n == 0);
}

void wu_map_row(wu_mapped *out, const wu_json *row, const wu_column_map *map) {
    int best[WU_N_MAP_FIELD] = {0};
    *out = (wu_mapped){0};
    for (size_t f = 0; f < WU_N_MAP_FIELD; f++) {
        const char *path = wu_map_given(map, (wu_map_field)f);
        if (!path) continue;
        const wu_json *v = value_at(row, path);
        out->value[f] = is_text_empty(v) ? NULL : v;
        out->key[f] = path;
    }
    for (void *it = wu_json_first(row); it; it = wu_json_next(row, it)) {
        char bare[NAME_MAX_BYTES];
        const wu_str key = wu_json_key(it);
        if (!bare_name(bare, key) || is_text_empty(wu_json_value(it))) continue;
        for (size_t f = 0; f < WU_N_MAP_FIELD; f++) {
            if (column_of(map, (wu_map_field)f)) continue;
            const int rank = rank_of(field[f].usual, bare);
            if (rank == 0 || (best[f] && best[f] <= rank)) continue;
            best[f] = rank;
            out->value[f] = wu_json_value(it);
            out->key[f] = key.p; /* NUL-terminated in the object */
        }
    }
}

/* ---- values
 * ------------------------------------------------------------------------------------------ */

static bool is_scalar(const wu_json *v) {
    const wu_json_kind k = wu_json_type(v);
    return k == WU_JSON_STRING || k == WU_JSON_INT || k == WU_JSON_REAL;
}

static wu_code unwanted(const wu_mapped *m, size_t f, const char *want, const char *where,
                        wu_err *err) {
    const wu_json *v = m->value[f];
    const wu_str s = wu_json_str(v);
    if (wu_json_type(v) != WU_JSON_STRING)
        return wu_fail(err, WU_EDATA, "%s: %s is %s, want %s", where, m->key[f],
                       is_scalar(v) ? "a number" : "neither text nor a number", want);
    size_t n = WU_MIN(s.n, (size_t)60);
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
    return wu_fail(err, WU_EDATA, "%s: %s is \"%.*s\", want %s", where, m->key[f], (int)n, s.p,
                   want);
}

/* Text, or the digits of a whole number. */
static wu_code text_of(wu_str *out, wu_in_text *room, const wu_mapped *m, size_t f,
                       const char *where, wu_err *err) {
    const wu_json *v = m->value[f];
    *out = wu_json_str(v);
    if (wu_json_type(v) == WU_JSON_STRING) return WU_OK;
    if (wu_json_type(v) != WU_JSON_INT) return unwanted(m, f, "text", where, err);
    (void)snprintf(room->digits, sizeof(room->digits), "%lld", (long long)wu_json_int(v));
    *out = wu_str_of(room->digits);
    return WU_OK;
}

static wu_code set_text(wu_conversation *c, wu_str *to, const wu_mapped *m, size_t f,
                        bool only_unknown, const char *where, wu_err *err) {
    wu_in_text room;
    wu_str s;
    if (!m->value[f] || (only_unknown && to->n > 0)) return WU_OK;
    const wu_code rc = text_of(&s, &room, m, f, where, err);
    if (rc) return rc;
    return wu_fill_set(c, to, f == WU_MAP_CHANNEL ? wu_channel_of(s) : s, where, err);
}

static wu_code set_count(int32_t *to, const wu_mapped *m, size_t f, bool only_unknown,
                         const char *where, wu_err *err) {
    double v;
    if (!m->value[f] || (only_unknown && *to >= 0)) return WU_OK;
    if (!wu_in_real(&v, m->value[f]) || !(v >= 0.0 && v <= (double)INT32_MAX))
        return unwanted(m, f, "a number from 0 on", where, err);
    *to = (int32_t)(v + (v < (double)INT32_MAX ? 0.5 : 0.0));
    return WU_OK;
}

static wu_code set_start(wu_conversation *c, const wu_mapped *m, bool only_unknown,
                         const char *where, wu_err *err) {
    const size_t f = WU_MAP_START_TIME;
    const wu_json *v = m->value[f];
    wu_instant at = {0};
    double number;
    if (!v || (only_unknown && c->contact.start.known)) return WU_OK;
    if (wu_in_real(&number, v)) { /* seconds since 1970, or milliseconds */
        if (number < 1e8 || !wu_instant_of_ms(&at, number < 1e11 ? number * 1000.0 : number))
            return unwanted(m, f, "ISO 8601 or seconds since 1970", where, err);
    } else if (wu_json_type(v) != WU_JSON_STRING || !wu_instant_parse(&at, wu_json_str(v))) {
        return unwanted(m, f, "ISO 8601 or seconds since 1970", where, err);
    }
    c->contact.start = at.when;
    return WU_OK;
}

wu_code wu_map_contact(wu_conversation *c, const wu_mapped *m, bool only_unknown, const char *where,
                       wu_err *err) {
    wu_code rc = set_text(c, &c->id, m, WU_MAP_ID, only_unknown, where, err);
    if (!rc) rc = set_start(c, m, only_unknown, where, err);
    for (size_t f = 0; !rc && f < WU_LEN(field); f++) {
        char *at = (char *)&c->contact + field[f].at;
        if (field[f].kind == TEXT)
            rc = set_text(c, (wu_str *)at, m, f, only_unknown, where, err);
        else if (field[f].kind == COUNT)
            rc = set_count((int32_t *)at, m, f, only_unknown, where, err);
    }
    return rc;
}

static wu_code take_label(wu_json **to, const wu_mapped *m, size_t f, const char *where,
                          wu_err *err) {
    const wu_json *v = m->value[f];
    char place[512];
    if (!v || *to) return WU_OK;
    if (wu_json_type(v) == WU_JSON_STRING) {
        (void)snprintf(place, sizeof(place), "%s: %s", where, m->key[f]);
        const wu_code rc = wu_read_json(to, wu_json_str(v), place, err);
        if (rc) return rc;
    } else if (!(*to = wu_json_copy(v))) {
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    }
    if (wu_json_type(*to) == WU_JSON_OBJECT) return WU_OK;
    wu_json_free(*to);
    *to = NULL;
    return wu_fail(err, WU_EDATA, "%s: %s is not an object", where, m->key[f]);
}

wu_code wu_map_labels(wu_conversation *c, const wu_mapped *m, const char *where, wu_err *err) {
    const wu_code rc = take_label(&c->analysis, m, WU_MAP_ANALYSIS, where, err);
    return rc ? rc : take_label(&c->journey, m, WU_MAP_JOURNEY, where, err);
}

/* ---- a whole conversation in a row
 * ------------------------------------------------------------------- */

/* The transcript itself: text of any format, or JSON. */
static wu_code read_words(wu_conversation *c, const wu_mapped *m, const char *where,
                          const wu_read_options *o, wu_err *err) {
    /* Roles are settled once, when the row's own data are in too. */
    const wu_read_options inner = {.least_confidence = o ? o->least_confidence : 0.0};
    const wu_json *v = m->value[WU_MAP_TRANSCRIPT];
    char place[512];
    (void)snprintf(place, sizeof(place), "%s: %s", where, m->key[WU_MAP_TRANSCRIPT]);
    if (wu_json_type(v) == WU_JSON_STRING)
        return wu_read_text(c, wu_json_str(v), place, &inner, err);
    const wu_format_row *format = wu_read_detect_json(v);
    if (!format)
        return wu_fail(err, WU_EDATA, "%s is neither text nor turns of a known form", place);
    return format->parse_json(c, v, place, &inner, err);
}

wu_code wu_read_mapped(wu_conversation *c, const wu_json *row, const char *where,
                       const wu_read_options *o, wu_err *err) {
    const wu_column_map *map = o ? o->map : NULL;
    wu_mapped m;
    wu_code rc;
    if (wu_json_type(row) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s: not an object", where);
    wu_map_row(&m, row, map);
    if (!m.value[WU_MAP_TRANSCRIPT]) {
        const char *given = wu_map_given(map, WU_MAP_TRANSCRIPT);
        if (given) return wu_fail(err, WU_EDATA, "%s: %s is missing or empty", where, given);
        return wu_fail(err, WU_EDATA,
                       "%s: no transcript in it (transcript, conversation, messages ...), nor text "
                       "of a turn; name the column with --map",
                       where);
    }
    if (wu_map_given(map, WU_MAP_ID) && !m.value[WU_MAP_ID])
        return wu_fail(err, WU_EDATA, "%s: %s is missing or empty", where,
                       wu_map_given(map, WU_MAP_ID));
    if ((rc = read_words(c, &m, where, o, err))) return rc;
    if ((rc = wu_map_contact(c, &m, false, where, err))) return rc;
    return wu_map_labels(c, &m, where, err);
}
