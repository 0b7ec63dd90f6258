/* stats_talk.c - the size of a conversation, its sides, its language, its time (stats.h). */
#include "base/hash.h"
#include "contact/set/stats_impl.h"

#include <string.h>

int64_t wu_count_words(wu_str s) {
    int64_t n = 0;
    bool in_word = false;
    for (size_t i = 0; i < s.n; i++) {
        const bool blank = s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r');
        n += !blank && !in_word;
        in_word = !blank;
    }
    return n;
}

int64_t wu_count_chars(wu_str valid) {
    int64_t n = 0;
    for (size_t i = 0; i < valid.n; i++) n += ((unsigned char)valid.p[i] & 0xC0) != 0x80;
    return n;
}

/* ------------------------------------------------------------------------------- turns */

typedef struct talk { /* one conversation */
    int64_t turns, words, chars;
    int64_t by[WU_N_PARTY_ROLE]; /* turns */
} talk;

static wu_code add_turn(wu_stats *s, talk *t, wu_party_role role, int64_t words, int64_t chars) {
    wu_stats_role *r = &s->role[role];
    t->turns++;
    t->words += words;
    t->chars += chars;
    t->by[role]++;
    r->n_turn++;
    r->n_word += words;
    r->n_char += chars;
    return wu_tally_add(&r->words_a_turn, words);
}

static wu_code end_talk(wu_stats *s, const talk *t) {
    wu_code rc = wu_tally_add(&s->turns, t->turns);
    if (!rc) rc = wu_tally_add(&s->words, t->words);
    if (!rc) rc = wu_tally_add(&s->characters, t->chars);
    for (int i = 0; !rc && i < WU_N_PARTY_ROLE; i++)
        if (t->by[i]) rc = wu_tally_add(&s->role[i].turns, t->by[i]);
    s->n_no_turn += t->turns == 0;
    s->n_no_agent += t->turns > 0 && !t->by[WU_PARTY_AGENT] && !t->by[WU_PARTY_UNKNOWN];
    s->n_no_customer += t->turns > 0 && !t->by[WU_PARTY_CUSTOMER] && !t->by[WU_PARTY_UNKNOWN];
    return rc;
}

static bool same_letters(wu_str s, const char *small) {
    if (strlen(small) != s.n) return false;
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != small[i]) return false;
    }
    return true;
}

/* "Agent: words" as prompts show it; *text is what stands behind the colon. */
static bool read_label(wu_str line, wu_party_role *role, wu_str *text) {
    size_t n = 0;
    while (n < line.n && n < 24 && line.p[n] != ':') n++;
    if (n == line.n || line.p[n] != ':') return false;
    const wu_str label = {line.p, n};
    *text = (wu_str){line.p + n + 1, line.n - n - 1};
    for (int r = WU_PARTY_AGENT; r < WU_N_PARTY_ROLE; r++) {
        *role = (wu_party_role)r;
        if (same_letters(label, wu_party_role_name(*role))) return true;
    }
    *role = WU_PARTY_UNKNOWN;
    if (n < 9 || !same_letters((wu_str){line.p, 8}, "speaker ")) return false;
    for (size_t i = 8; i < n; i++)
        if (line.p[i] < '0' || line.p[i] > '9') return false;
    return true;
}

static bool next_line(wu_str text, size_t *at, wu_str *line) {
    if (*at >= text.n) return false;
    const char *start = text.p + *at, *end = memchr(start, '\n', text.n - *at);
    *line = (wu_str){start, end ? (size_t)(end - start) : text.n - *at};
    *at += line->n + 1;
    return true;
}

/* A line without a label goes on with the turn before it. */
static wu_code read_turns(wu_stats *s, wu_str lines) {
    talk t = {0};
    wu_party_role role = WU_PARTY_UNKNOWN, now = WU_PARTY_UNKNOWN;
    int64_t words = 0, chars = 0;
    wu_str line, text;
    wu_code rc = WU_OK;
    for (size_t at = 0; !rc && next_line(lines, &at, &line);) {
        if (read_label(line, &role, &text)) {
            if (words > 0) rc = add_turn(s, &t, now, words, chars);
            now = role;
            words = chars = 0;
        } else {
            text = line;
        }
        while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t')) text.p++, text.n--;
        if (text.n > 0 && chars > 0) chars++; /* the blank between two lines */
        words += wu_count_words(text);
        chars += wu_count_chars(text);
    }
    if (!rc && words > 0) rc = add_turn(s, &t, now, words, chars);
    return rc ? rc : end_talk(s, &t);
}

/* ------------------------------------------------------------------------------- facts */

static wu_code count_language(wu_stats *s, wu_str given, wu_str text) {
    if (given.n) return wu_counts_add(&s->language, given, 0);
    const char *guess = wu_language_guess(s->languages, text);
    if (!guess) {
        s->n_language_unknown++;
        return WU_OK;
    }
    s->n_language_guessed++;
    return wu_counts_add(&s->language, wu_str_of(guess), 1);
}

static wu_code count_time(wu_stats *s, wu_when w, bool simulated) {
    s->n_simulated += simulated;
    if (!w.known || simulated) {
        s->n_no_time += !simulated;
        return WU_OK;
    }
    const wu_civil c = wu_civil_of(w.local_s);
    w.has_offset = false;
    if (s->n_time == 0 || w.local_s < s->first.local_s) s->first = w;
    if (s->n_time == 0 || w.local_s > s->last.local_s) s->last = w;
    s->n_time++;
    s->n_date_only += w.date_only;
    if (!w.date_only) s->hour[c.hour]++;
    s->weekday[c.weekday]++;
    return wu_tally_add(&s->month, ((int64_t)c.year - 1970) * 12 + c.month - 1);
}

static wu_code count_facts(wu_stats *s, const wu_contact *c, bool simulated, wu_str text,
                           wu_str name, wu_err *err) {
    wu_code rc = count_language(s, c->language, text);
    if (!rc && c->channel.n) rc = wu_counts_add(&s->channel, c->channel, 0);
    if (!c->channel.n) s->n_channel_unknown++;
    if (!rc) rc = count_time(s, c->start, simulated);
    if (rc) return wu_fail(err, rc, "statistics: out of memory");
    if (c->agent_id.n) {
        s->n_with_agent++;
        rc = wu_sort_add(s->agents, wu_hash64(c->agent_id.p, c->agent_id.n), 0, err);
    }
    if (!rc && s->finder) rc = wu_alike_add(s->finder, text, name, err);
    return rc;
}

wu_code wu_stats_talk(wu_stats *s, const wu_conversation *c, wu_err *err) {
    talk t = {0};
    wu_buf text = {0};
    wu_code rc = WU_OK;
    for (int32_t i = 0; !rc && i < c->n_turn; i++) {
        const wu_str said = c->turn[i].text;
        rc = add_turn(s, &t, wu_turn_role(c, &c->turn[i]), wu_count_words(said),
                      wu_count_chars(said));
    }
    if (!rc) rc = end_talk(s, &t);
    if (!rc) rc = wu_conversation_render(&text, c);
    if (rc)
        wu_fail(err, rc, "statistics: out of memory");
    else
        rc = count_facts(s, &c->contact, false, wu_buf_view(&text), c->id, err);
    wu_buf_free(&text);
    return rc;
}

wu_code wu_stats_lines(wu_stats *s, wu_str lines, const wu_contact *contact, bool simulated,
                       wu_str name, wu_err *err) {
    if (read_turns(s, lines)) return wu_fail(err, WU_ENOMEM, "statistics: out of memory");
    return count_facts(s, contact, simulated, lines, name, err);
}
