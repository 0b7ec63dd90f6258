/* plain_head.c - "Key: value" lines above a transcript (plain_impl.h).
 *
 * A value that is not understood leaves its field unknown; nothing is guessed. */
#include "contact/read/plain_impl.h"

#include "base/compiler.h"
#include "text/utf8.h"

#include <stddef.h>
#include <string.h>

enum { SECOND_MS = 1000, NAME_BYTES = 64, NAME_WORDS = 5 };

typedef enum key_kind {
    K_ID,
    K_AGENT,    /* an id or a name */
    K_CUSTOMER, /* the same */
    K_TEXT,
    K_START,
    K_CLOCK, /* a time of the day, or of all */
    K_LENGTH_S,
    K_LENGTH_MS,
    K_COUNT,
    K_PRIOR, /* a count without this contact */
    K_CHANNEL,
    K_OTHER /* known, of no use */
} key_kind;

#define AT(member) offsetof(wu_contact, member)

static const struct {
    const char *names; /* as wu_label_normal() makes them, between bars */
    key_kind kind;
    size_t at;
} key_table[] = {
    {"|transcript id|call id|contact id|conversation id|interaction id|session id|chat id|id|"
     "ticket id|",
     K_ID, 0},
    {"|agent|advisor|representative|rep|agente|mitarbeiter|conseiller|operatore|", K_AGENT, 0},
    {"|customer|client|caller|cliente|kunde|", K_CUSTOMER, 0},
    {"|agent id|advisor id|representative id|rep id|agent no|agent number|", K_TEXT, AT(agent_id)},
    {"|agent name|advisor name|representative name|name of agent|", K_TEXT, AT(agent_name)},
    {"|customer id|client id|caller id|account id|member id|", K_TEXT, AT(customer_id)},
    {"|customer name|client name|caller name|name of customer|", K_TEXT, AT(customer_name)},
    {"|queue|queue name|cola|warteschlange|", K_TEXT, AT(queue)},
    {"|zone|time zone|timezone|tz|", K_TEXT, AT(zone)},
    {"|language|locale|idioma|sprache|langue|lingua|", K_TEXT, AT(language)},
    {"|channel|contact channel|media|medium|canal|kanal|", K_CHANNEL, AT(channel)},
    {"|date|start|start time|started|started at|start date|timestamp|date/time|date time|datetime|"
     "call date|call start|date & time|date and time|fecha|datum|data|",
     K_START, 0},
    {"|time|call time|hora|uhrzeit|heure|", K_CLOCK, 0},
    {"|queue wait|queue wait time|queue wait seconds|queue wait time seconds|wait|wait time|"
     "waiting time|time in queue|queue time|",
     K_LENGTH_S, AT(queue_wait_s)},
    {"|announced wait|announced wait time|announced wait seconds|estimated wait|"
     "estimated wait time|",
     K_LENGTH_S, AT(announced_wait_s)},
    {"|hold|hold time|hold seconds|total hold|total hold time|hold duration|on hold|", K_LENGTH_S,
     AT(hold_s)},
    {"|duration|call duration|length|call length|talk time|duration seconds|dauer|durée|duración|",
     K_LENGTH_MS, AT(duration_ms)},
    {"|transfers|transfer count|number of transfers|", K_COUNT, AT(transfers)},
    {"|contact number|contact number 30d|contacts in 30 days|contact count|", K_COUNT,
     AT(contact_number_30d)},
    {"|prior contacts|previous contacts|prior contacts 30d|", K_PRIOR, AT(contact_number_30d)},
    {"|end|end time|ended|ended at|", K_OTHER, 0},
};

/* Row of a key, or -1. A unit in parentheses, "Hold (min)", goes to *unit_ms. */
static int find(wu_str key, int64_t *unit_ms) {
    char s[WU_LABEL_MAX], bars[WU_LABEL_MAX + 2];
    *unit_ms = SECOND_MS;
    if (key.n > 2 && key.p[key.n - 1] == ')') {
        const char *open = memchr(key.p, '(', key.n);
        if (open) {
            const wu_str unit = {open + 1, key.n - 2 - (size_t)(open - key.p)};
            const bool minutes = wu_str_starts(unit, WU_STR("min")) || wu_str_eq(unit, WU_STR("m"));
            *unit_ms = minutes ? 60 * SECOND_MS : wu_str_eq(unit, WU_STR("ms")) ? 1 : SECOND_MS;
            key.n = (size_t)(open - key.p);
        }
    }
    const size_t n = wu_label_normal(s, key);
    if (n == 0) return -1;
    bars[0] = '|';
    memcpy(bars + 1, s, n);
    bars[n + 1] = '|';
    bars[n + 2] = 0;
    for (size_t i = 0; i < WU_LEN(key_table); i++)
        if (strstr(key_table[i].names, bars)) return (int)i;
    return -1;
}

bool wu_plain_key(wu_str key) {
    int64_t unit;
    const int row = find(key, &unit);
    return row >= 0 && key_table[row].kind != K_AGENT && key_table[row].kind != K_CUSTOMER;
}

/* --------------------------------------------------------------------------------- the values */

/* A name has a capital and no digit; else it is an id. Sentences are neither. */
static bool looks_like_name(wu_str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9') return false;
    return s.n > 0 && ((s.p[0] >= 'A' && s.p[0] <= 'Z') || (unsigned char)s.p[0] >= 0x80);
}

static bool is_short(wu_str s) {
    int words = 1;
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F) return false;
        words += s.p[i] == ' ';
    }
    return s.n > 0 && s.n <= NAME_BYTES && words <= NAME_WORDS;
}

static wu_code set_once(wu_conversation *c, wu_str *field, wu_str value) {
    return field->n > 0 || value.n == 0 ? WU_OK : wu_conversation_set(c, field, value);
}

/* "Dana Reyes", "A-17", "Dana Reyes (A-17)", "A-17 (Dana Reyes)" */
static wu_code person(wu_conversation *c, wu_str *id, wu_str *name, wu_str value) {
    wu_code rc;
    if (!is_short(value)) return WU_OK;
    const char *open = memchr(value.p, '(', value.n);
    if (open && value.p[value.n - 1] == ')') {
        const size_t before = (size_t)(open - value.p);
        const wu_str in = wu_utf8_trim((wu_str){open + 1, value.n - before - 2});
        if ((rc = set_once(c, looks_like_name(in) ? name : id, in))) return rc;
        value = wu_utf8_trim((wu_str){value.p, before});
    }
    return set_once(c, looks_like_name(value) ? name : id, value);
}

static wu_code channel(wu_conversation *c, wu_str value) {
    static const struct {
        const char *names, *channel;
    } known[] = {
        {"|voice|phone|call|telephone|phone call|voice call|inbound call|outbound call|teléfono|"
         "telefon|téléphone|telefono|voz|",
         "voice"},
        {"|chat|web chat|webchat|live chat|messaging|sms|whatsapp|", "chat"},
        {"|email|e mail|mail|correo|", "email"},
        {"|social|social media|twitter|facebook|", "social"},
    };
    char s[WU_LABEL_MAX], bars[WU_LABEL_MAX + 2];
    const size_t n = wu_label_normal(s, value);
    if (n == 0) return WU_OK;
    bars[0] = '|';
    memcpy(bars + 1, s, n);
    bars[n + 1] = '|';
    bars[n + 2] = 0;
    for (size_t i = 0; i < WU_LEN(known); i++)
        if (strstr(known[i].names, bars))
            return set_once(c, &c->contact.channel, wu_str_of(known[i].channel));
    return set_once(c, &c->contact.channel, (wu_str){s, n});
}

static int64_t count_of(wu_str s) {
    int64_t v = 0;
    if (s.n == 0 || s.n > 4) return -1;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    return v;
}

/* A day, a clock or both; a day and a clock may come from two lines. */
static void start(wu_plain_head *h, wu_contact *contact, wu_str value, bool clock_only) {
    wu_text_time t;
    const size_t n = wu_time_token(value, &t);
    if (n == 0) return;
    if (t.kind == WU_TIME_DATE) {
        /* a name of a zone, "2025-03-04 09:15 CST", is not one that is known: the clock counts */
        if (!h->has_date) {
            h->has_date = true;
            h->day_s = t.date.local_s - t.ms / SECOND_MS;
            h->start = t.date;
        }
        if (t.has_clock && !h->has_clock) {
            h->has_clock = true;
            h->clock_ms = t.ms;
            h->start = t.date;
        }
    } else if (clock_only && !h->has_clock && t.ms < (int64_t)24 * 3600 * SECOND_MS) {
        const bool two_parts = t.kind == WU_TIME_OFFSET && !t.has_clock;
        h->has_clock = true;
        h->clock_ms = two_parts ? t.ms * 60 : t.ms; /* "10:03" */
        if (h->clock_ms >= (int64_t)24 * 3600 * SECOND_MS) h->has_clock = false;
    }
    if (h->has_date) {
        contact->start = h->start;
        contact->start.date_only = !h->has_clock;
        contact->start.local_s = h->day_s + (h->has_clock ? h->clock_ms / SECOND_MS : 0);
    }
}

wu_code wu_plain_head_line(wu_plain_head *h, wu_conversation *c, wu_str key, wu_str value,
                           bool *known) {
    wu_contact *k = &c->contact;
    int64_t unit, v;
    const int row = find(key, &unit);
    *known = row >= 0;
    value = wu_utf8_trim(value);
    while (value.n > 1 && (value.p[0] == '`' || value.p[0] == '*') &&
           value.p[value.n - 1] == value.p[0])
        value = (wu_str){value.p + 1, value.n - 2};
    if (row < 0 || value.n == 0) return WU_OK;
    void *at = (char *)k + key_table[row].at;
    switch (key_table[row].kind) {
    case K_ID:
        return is_short(value) ? set_once(c, &c->id, value) : WU_OK;
    case K_AGENT:
        return person(c, &k->agent_id, &k->agent_name, value);
    case K_CUSTOMER:
        return person(c, &k->customer_id, &k->customer_name, value);
    case K_TEXT:
        return is_short(value) ? set_once(c, at, value) : WU_OK;
    case K_CHANNEL:
        return channel(c, value);
    case K_START:
        start(h, k, value, false);
        return WU_OK;
    case K_CLOCK:
        start(h, k, value, true);
        return WU_OK;
    case K_LENGTH_S:
        v = wu_time_length(value, unit);
        if (v >= 0 && v / SECOND_MS <= INT32_MAX && *(int32_t *)at < 0)
            *(int32_t *)at = (int32_t)(v / SECOND_MS);
        return WU_OK;
    case K_LENGTH_MS:
        v = wu_time_length(value, unit);
        if (v >= 0 && *(int64_t *)at < 0) *(int64_t *)at = v;
        return WU_OK;
    case K_COUNT:
    case K_PRIOR:
        v = count_of(value);
        if (v >= 0 && *(int32_t *)at < 0)
            *(int32_t *)at = (int32_t)(v + (key_table[row].kind == K_PRIOR));
        return WU_OK;
    case K_OTHER:
        break;
    }
    return WU_OK;
}
