/* find_mail.c - e-mail addresses, written and spoken; IP addresses; IBANs as they are written. */
#include "base/hash.h"
#include "contact/redact/redact_impl.h"

#include <string.h>

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static bool is_alnum(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- written e-mail ---- */

static bool is_local_part(const wu_redactor *r, int32_t t) {
    const wu_token *k = &r->token[t];
    if (k->kind == WU_T_WORD || k->kind == WU_T_NUMBER) return true;
    return k->kind == WU_T_MARK && k->mark && strchr("._%+-'&", k->mark);
}

static bool is_domain_part(const wu_redactor *r, int32_t t) {
    const wu_token *k = &r->token[t];
    if (k->kind == WU_T_WORD || k->kind == WU_T_NUMBER) return true;
    return k->kind == WU_T_MARK && (k->mark == '.' || k->mark == '-');
}

/* Around the @ at t: true and the tokens of the whole address. */
static bool written_mail(const wu_redactor *r, int32_t t, int32_t *first, int32_t *last) {
    int32_t a = t, e = t, dot = -1;
    if (!r->token[t].joined) return false;
    while (wu_token_near(r, t, a - 1) >= 0 && r->token[a].joined && is_local_part(r, a - 1)) a--;
    while (a < t && r->token[a].kind == WU_T_MARK) a++;
    for (int32_t k = t + 1;
         wu_token_near(r, t, k) >= 0 && r->token[k].joined && is_domain_part(r, k); k++) {
        if (wu_token_is(r, k, '.')) dot = k;
        if (dot >= 0 && k == dot + 1 && r->token[k].kind == WU_T_WORD &&
            r->token[k].end - r->token[k].start >= 2)
            e = k;
    }
    *first = a;
    *last = e;
    return a < t && e > t + 1;
}

/* ---- spoken e-mail ---- */

static bool has(const wu_redactor *r, int32_t t, uint32_t flags) {
    return t >= 0 && r->token[t].kind == WU_T_WORD && (wu_token_flags(r, t) & flags) != 0;
}
static bool is_dot(const wu_redactor *r, int32_t t) {
    return has(r, t, WU_W_DOT) || (t >= 0 && wu_token_is(r, t, '.') && r->token[t].joined);
}
static bool is_join(const wu_redactor *r, int32_t t) {
    return has(r, t, WU_W_JOIN) || wu_token_is(r, t, '_') || wu_token_is(r, t, '-');
}
static bool is_text(const wu_redactor *r, int32_t t) {
    return t >= 0 && (r->token[t].kind == WU_T_WORD || r->token[t].kind == WU_T_NUMBER);
}
static bool is_number(const wu_redactor *r, int32_t t) {
    return t >= 0 && (r->token[t].kind == WU_T_NUMBER || has(r, t, WU_W_NUMBER));
}
static bool is_single(const wu_redactor *r, int32_t t) {
    return t >= 0 && r->token[t].kind == WU_T_WORD && r->token[t].end - r->token[t].start == 1;
}

/* The last token of the domain behind the "at" at t, or -1. */
static int32_t spoken_domain(const wu_redactor *r, int32_t t, bool *is_host) {
    enum { WORDS = 3, LEVELS = 4 };
    int32_t k = wu_token_near(r, t, t + 1), last = -1, words = 0, levels = 0;
    *is_host = false;
    while (k >= 0 && levels <= LEVELS) {
        if (is_dot(r, k)) {
            const int32_t top = wu_token_near(r, t, k + 1);
            if (words == 0 || !is_text(r, top)) break;
            levels++;
            if (has(r, top, WU_W_TOP)) last = top;
            k = wu_token_near(r, t, top + 1);
            continue;
        }
        if (levels > 0 || words >= WORDS || !(is_text(r, k) || is_join(r, k))) break;
        if (has(r, k, WU_W_HOST)) *is_host = true;
        words++;
        k = wu_token_near(r, t, k + 1);
    }
    return last;
}

/* The first token of the name before the "at" at t, or -1; *is_sure: it has the form of one. */
static int32_t spoken_local(const wu_redactor *r, int32_t t, bool *is_sure) {
    enum { LONGEST = 24 };
    int32_t a = wu_token_near(r, t, t - 1);
    *is_sure = false;
    if (!is_text(r, a)) return -1;
    const bool has_cue = wu_redact_cue(r, a, 8) == WU_CUE_EMAIL;
    for (int i = 0; i < LONGEST; i++) {
        int32_t b = wu_token_near(r, t, a - 1), c = b;
        while (c >= 0 && (is_join(r, c) || is_dot(r, c))) c = wu_token_near(r, t, c - 1);
        if (c != b && c >= 0 && b - c <= 3 && is_text(r, c) && !r->token[c].in_cue) {
            *is_sure = true;
            a = c;
            continue;
        }
        if (b < 0 || !is_text(r, b) || r->token[b].in_cue) break;
        if (is_single(r, b) && !has(r, b, WU_W_COMMON)) {
            *is_sure = *is_sure || is_single(r, a);
        } else if (is_number(r, b) && (is_number(r, a) || is_single(r, a))) {
            *is_sure = true;
        } else {
            const bool fits =
                is_number(r, a) || has(r, b, WU_W_GIVEN | WU_W_GIVEN_CAPITAL) || has_cue;
            if (has(r, b, WU_W_COMMON) || !fits) break;
        }
        a = b;
    }
    return a;
}

static void spoken_mail(wu_redactor *r, int32_t t) {
    bool is_host, is_sure;
    const int32_t last = spoken_domain(r, t, &is_host);
    const int32_t first = last < 0 ? -1 : spoken_local(r, t, &is_sure);
    if (first < 0) return;
    const int32_t behind = wu_token_near(r, last, last + 3);
    const bool said_behind = behind >= 0 && r->token[behind].in_cue && r->token[behind].cue >= 0 &&
                             r->mark[r->token[behind].cue].cue == WU_CUE_EMAIL;
    if (is_host || is_sure || said_behind || wu_token_is(r, t, '@') ||
        wu_redact_cue(r, first, 8) == WU_CUE_EMAIL)
        wu_redact_add(r, WU_PII_EMAIL, first, last, 0);
}

static void find_emails(wu_redactor *r) {
    for (int32_t t = 0; (size_t)t < r->n_token; t++) {
        int32_t first, last;
        if (wu_token_is(r, t, '@') && written_mail(r, t, &first, &last)) {
            /* "john dot smith@..." */
            const int32_t before = wu_token_near(r, first, first - 1);
            const int32_t more =
                is_dot(r, before) || is_join(r, before) ? wu_token_near(r, before, before - 1) : -1;
            wu_redact_add(r, WU_PII_EMAIL, is_text(r, more) ? more : first, last, 0);
            t = last;
        } else if (wu_token_is(r, t, '@') || has(r, t, WU_W_AT)) {
            spoken_mail(r, t);
        }
    }
}

/* ---- IP ---- */

static bool is_octet(const wu_redactor *r, int32_t t) {
    const wu_str s = wu_token_text(r, t);
    int value = 0;
    if (r->token[t].kind != WU_T_NUMBER || s.n > 3) return false;
    for (size_t i = 0; i < s.n; i++) value = 10 * value + (s.p[i] - '0');
    return value <= 255;
}

static bool is_ip4(const wu_redactor *r, int32_t t) {
    if (wu_token_near(r, t, t + 6) < 0) return false;
    for (int32_t i = 0; i < 7; i++) {
        if (i > 0 && !r->token[t + i].joined) return false;
        if (i % 2 ? !wu_token_is(r, t + i, '.') : !is_octet(r, t + i)) return false;
    }
    const int32_t before = wu_token_near(r, t, t - 1), n = wu_token_near(r, t, t + 7);
    if (r->token[t].joined && before >= 0 &&
        (r->token[before].kind == WU_T_WORD || wu_token_is(r, before, '.')))
        return false;
    if (n >= 0 && r->token[n].joined && r->token[n].kind == WU_T_WORD) return false;
    const int32_t m = n < 0 ? -1 : wu_token_near(r, t, n + 1);
    if (n >= 0 && m >= 0 && r->token[n].joined && wu_token_is(r, n, '.') && r->token[m].joined &&
        r->token[m].kind == WU_T_NUMBER)
        return false;
    return wu_redact_cue(r, t, 6) != WU_CUE_VERSION;
}

/* Whether hex digits and colons are an IPv6 address. */
static bool is_ip6(wu_str s) {
    int groups = 0, width = 0, gaps = 0;
    bool any_letter = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ':') {
            if (i + 1 < s.n && s.p[i + 1] == ':') gaps++;
            if (i + 2 < s.n && s.p[i + 1] == ':' && s.p[i + 2] == ':') return false;
            width = 0;
            continue;
        }
        if (width == 0) groups++;
        if (++width > 4) return false;
        any_letter = any_letter || s.p[i] > '9';
    }
    if (gaps == 0) return groups == 8 && s.p[0] != ':';
    return gaps == 1 && groups <= 7 && (groups >= 3 || (groups == 2 && any_letter));
}

static void find_ip6(wu_redactor *r, int32_t turn) {
    const wu_str s = r->doc->text[turn];
    const char *colon = s.n ? memchr(s.p, ':', s.n) : NULL;
    if (!colon) return;
    for (size_t i = 0; i < s.n;) {
        size_t e = i;
        while (e < s.n && (is_hex(s.p[e]) || s.p[e] == ':')) e++;
        if (e == i) {
            while (i < s.n && (is_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0x80))
                i++; /* whole words */
            if (i == e) i++;
            continue;
        }
        size_t end = e;
        while (end > i + 1 && s.p[end - 1] == ':' && s.p[end - 2] != ':') end--;
        const bool is_cut = e < s.n && (is_alnum(s.p[e]) || (unsigned char)s.p[e] >= 0x80);
        if (!is_cut && is_ip6((wu_str){s.p + i, end - i})) {
            const uint64_t h = wu_word_key((wu_str){s.p + i, end - i});
            wu_redact_add_span(r, WU_PII_IP, turn, (uint32_t)i, (uint32_t)end, h);
        }
        i = e;
        while (is_cut && i < s.n && is_alnum(s.p[i])) i++;
    }
}

void wu_find_mail(wu_redactor *r) {
    if (r->type[WU_PII_EMAIL].is_on) find_emails(r);
    if (!r->type[WU_PII_IP].is_on) return;
    for (int32_t t = 0; (size_t)t < r->n_token; t++)
        if (r->token[t].kind == WU_T_NUMBER && is_ip4(r, t))
            wu_redact_add(r, WU_PII_IP, t, t + 6, 0);
    for (int32_t i = 0; i < r->doc->n_turn; i++) find_ip6(r, i);
}

/* ---- IBAN ---- */

static char large(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 32) : c; }

/* Collects an IBAN of n characters from at on, in one or in groups of four; returns where it ends,
 * or 0. */
static size_t collect_iban(wu_str s, size_t at, size_t n, char *iban) {
    size_t k = 0;
    while (k < n && at < s.n) {
        if (is_alnum(s.p[at])) {
            iban[k++] = large(s.p[at++]);
        } else if (k % 4 == 0 && (s.p[at] == ' ' || s.p[at] == '-' || s.p[at] == '.') &&
                   at + 1 < s.n && is_alnum(s.p[at + 1])) {
            at++;
        } else {
            return 0;
        }
    }
    if (k < n || (at < s.n && (is_alnum(s.p[at]) || (unsigned char)s.p[at] >= 0xC0))) return 0;
    return at;
}

void wu_find_iban(wu_redactor *r) {
    for (int32_t t = 0; (size_t)t + 1 < r->n_token; t++) {
        const wu_token *k = &r->token[t];
        char iban[40];
        if (k->kind != WU_T_WORD || k->end - k->start != 2) continue;
        if (r->token[t + 1].kind != WU_T_NUMBER || k[1].turn != k->turn) continue;
        if (k->joined && t > 0 && r->token[t - 1].kind == WU_T_NUMBER) continue;
        const wu_str s = r->doc->text[k->turn];
        const size_t n = wu_iban_length(large(s.p[k->start]), large(s.p[k->start + 1]));
        const size_t end = n ? collect_iban(s, k->start, n, iban) : 0;
        if (end == 0 || !wu_iban_ok(iban, n)) continue;
        const uint64_t h = wu_hash64(iban, n);
        wu_redact_add_span(r, WU_PII_IBAN, k->turn, k->start, (uint32_t)end, h ? h : 1);
    }
}
