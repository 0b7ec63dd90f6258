/* conversation.c - the internal form of a contact (conversation.h). */
#include "contact/conversation.h"

#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

void wu_contact_init(wu_contact *c) {
    *c = (wu_contact){.duration_ms = -1,
                      .queue_wait_s = -1,
                      .announced_wait_s = -1,
                      .hold_s = -1,
                      .transfers = -1,
                      .contact_number_30d = -1};
}

void wu_conversation_init(wu_conversation *c) {
    *c = (wu_conversation){0};
    wu_contact_init(&c->contact);
}

static void drop(wu_conversation *c) {
    wu_arena_free(&c->arena);
    wu_json_free(c->analysis);
    wu_json_free(c->journey);
}

void wu_conversation_clear(wu_conversation *c) {
    const wu_conversation old = *c;
    drop(c);
    wu_conversation_init(c);
    c->party = old.party;
    c->max_party = old.max_party;
    c->turn = old.turn;
    c->max_turn = old.max_turn;
}

void wu_conversation_free(wu_conversation *c) {
    drop(c);
    free(c->party);
    free(c->turn);
    wu_conversation_init(c);
}

/* -------------------------------------------------------------------------------- texts */

/* Control characters count as white space, so that none reaches a prompt. */
static bool is_blank(uint32_t c) { return c < 0x20 || c == 0x7F || wu_utf8_is_space(c); }

/* The next word of s from *at; false at its end. */
static bool next_word(wu_str s, size_t *at, wu_str *word) {
    size_t start = *at, i;
    int n;
    if (start >= s.n) return false; /* an empty view may have no place */
    while (start < s.n && is_blank(wu_utf8_code((wu_str){s.p + start, s.n - start}, &n)))
        start += (size_t)n;
    for (i = start; i < s.n; i += (size_t)n)
        if (is_blank(wu_utf8_code((wu_str){s.p + i, s.n - i}, &n))) break;
    *word = (wu_str){s.p + start, i - start};
    *at = i;
    return i > start;
}

/* The words of s with one blank between them; empty if it has none. */
static wu_code copy_words(wu_conversation *c, wu_str *out, wu_str s) {
    wu_str word;
    size_t n = 0, end = 0;
    for (size_t at = 0; next_word(s, &at, &word);) n += word.n + 1;
    *out = (wu_str){0};
    if (n == 0) return WU_OK;
    char *p = wu_arena_alloc(&c->arena, n);
    if (!p) return WU_ENOMEM;
    for (size_t at = 0; next_word(s, &at, &word); end += word.n) {
        if (end > 0) p[end++] = ' ';
        memcpy(p + end, word.p, word.n);
    }
    *out = (wu_str){p, end};
    return WU_OK;
}

static wu_code copy(wu_arena *a, wu_str *out, wu_str s) {
    *out = (wu_str){0};
    if (s.n == 0) return WU_OK;
    char *p = wu_arena_alloc(a, s.n);
    if (!p) return WU_ENOMEM;
    memcpy(p, s.p, s.n);
    *out = (wu_str){p, s.n};
    return WU_OK;
}

wu_code wu_conversation_set(wu_conversation *c, wu_str *field, wu_str s) {
    return copy(&c->arena, field, wu_utf8_trim(s));
}

/* ------------------------------------------------------------------------ parties, turns */

/* Room for one more; *p may move. */
static wu_code room(void **p, int32_t n, int32_t *max, size_t size) {
    if (n < *max) return WU_OK;
    if (n > INT32_MAX / 2) return WU_ENOMEM;
    const int32_t more = n ? 2 * n : 16;
    size_t bytes;
    if (!wu_mul_size(&bytes, (size_t)more, size)) return WU_ENOMEM;
    void *q = realloc(*p, bytes);
    if (!q) return WU_ENOMEM;
    *p = q;
    *max = more;
    return WU_OK;
}

int32_t wu_conversation_party(wu_conversation *c, wu_str name, wu_party_role role) {
    const wu_str key = wu_utf8_trim(name);
    for (int32_t i = 0; i < c->n_party; i++)
        if (c->party[i].role == role && wu_str_eq(c->party[i].name, key)) return i;
    void *p = c->party;
    if (room(&p, c->n_party, &c->max_party, sizeof(*c->party))) return -1;
    c->party = p;
    wu_party *party = &c->party[c->n_party];
    *party = (wu_party){.role = role,
                        .from = role == WU_PARTY_UNKNOWN ? WU_ROLE_NOT_KNOWN : WU_ROLE_FROM_FILE};
    if (copy(&c->arena, &party->name, key)) return -1;
    return c->n_party++;
}

wu_code wu_conversation_add(wu_conversation *c, const wu_turn *turn, wu_str text) {
    wu_str words;
    wu_code rc = copy_words(c, &words, text);
    if (rc || words.n == 0) return rc;
    void *p = c->turn;
    if ((rc = room(&p, c->n_turn, &c->max_turn, sizeof(*c->turn)))) return rc;
    c->turn = p;
    c->turn[c->n_turn] = *turn;
    c->turn[c->n_turn++].text = words;
    return WU_OK;
}

wu_code wu_conversation_replace(wu_conversation *c, int32_t turn, wu_str text) {
    wu_str words;
    const wu_code rc = copy_words(c, &words, text);
    if (rc) return rc;
    WU_ASSERT(words.n > 0);
    c->turn[turn].text = words;
    return WU_OK;
}

/* Merges [lo, mid) and [mid, hi) of from into to; equal starts keep their order. */
static void merge(wu_turn *to, const wu_turn *from, int32_t lo, int32_t mid, int32_t hi) {
    int32_t a = lo, b = mid;
    for (int32_t i = lo; i < hi; i++)
        to[i] =
            b == hi || (a < mid && from[a].start_ms <= from[b].start_ms) ? from[a++] : from[b++];
}

wu_code wu_conversation_sort(wu_conversation *c) {
    bool sorted = true;
    for (int32_t i = 0; i < c->n_turn; i++) {
        if (c->turn[i].start_ms < 0) return WU_OK;
        if (i > 0 && c->turn[i].start_ms < c->turn[i - 1].start_ms) sorted = false;
    }
    if (sorted) return WU_OK;
    const size_t bytes = (size_t)c->n_turn * sizeof(*c->turn);
    wu_turn *spare = malloc(bytes);
    if (!spare) return WU_ENOMEM;
    wu_turn *from = c->turn, *to = spare;
    for (int64_t width = 1; width < c->n_turn; width *= 2) {
        for (int64_t lo = 0; lo < c->n_turn; lo += 2 * width)
            merge(to, from, (int32_t)lo, (int32_t)WU_MIN(lo + width, c->n_turn),
                  (int32_t)WU_MIN(lo + 2 * width, c->n_turn));
        wu_turn *swap = from;
        from = to;
        to = swap;
    }
    if (from != c->turn) memcpy(c->turn, from, bytes);
    free(spare);
    return WU_OK;
}

/* -------------------------------------------------------------------------------- roles */

static const char *const role_name[WU_N_PARTY_ROLE] = {"unknown", "agent",  "customer",
                                                       "bot",     "system", "supervisor"};
static const char *const role_label[WU_N_PARTY_ROLE] = {"Speaker", "Agent",  "Customer",
                                                        "Bot",     "System", "Supervisor"};

wu_party_role wu_turn_role(const wu_conversation *c, const wu_turn *t) {
    return c->party[t->party].role;
}

const char *wu_party_role_name(wu_party_role r) { return role_name[r]; }

wu_party_role wu_party_role_find(wu_str name) {
    for (int i = 0; i < WU_N_PARTY_ROLE; i++)
        if (wu_str_eq(name, wu_str_of(role_name[i]))) return (wu_party_role)i;
    return WU_PARTY_UNKNOWN;
}

/* Which of the parties without a role it is, from 1. */
static int32_t speaker_number(const wu_conversation *c, int32_t party) {
    int32_t n = 1;
    for (int32_t i = 0; i < party; i++) n += c->party[i].role == WU_PARTY_UNKNOWN;
    return n;
}

wu_code wu_conversation_render(wu_buf *out, const wu_conversation *c) {
    wu_code rc = WU_OK;
    for (int32_t i = 0; !rc && i < c->n_turn; i++) {
        const wu_turn *t = &c->turn[i];
        const wu_party_role role = wu_turn_role(c, t);
        rc = wu_buf_str(out, role_label[role]);
        if (!rc && role == WU_PARTY_UNKNOWN)
            rc = wu_buf_fmt(out, " %d", speaker_number(c, t->party));
        if (!rc) rc = wu_buf_str(out, ": ");
        if (!rc) rc = wu_buf_add(out, t->text.p, t->text.n);
        if (!rc) rc = wu_buf_char(out, '\n');
    }
    return rc;
}
