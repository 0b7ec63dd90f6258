/* tokens.c - texts as words, numbers and marks; phrases that announce something. */
#include "base/hash.h"
#include "contact/redact/redact_impl.h"
#include "text/utf8.h"

#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_small(char c) { return c >= 'a' && c <= 'z'; }
static bool is_large(char c) { return c >= 'A' && c <= 'Z'; }

/* Bytes of the letter at the start of s, 0 if there is none. */
static int letter(wu_str s, bool *large, bool *small) {
    int n = 1;
    const unsigned char c = (unsigned char)s.p[0];
    *large = is_large(s.p[0]);
    *small = is_small(s.p[0]);
    if (c < 0x80) return *large || *small ? 1 : 0;
    const uint32_t u = wu_utf8_code(s, &n);
    if (u < 0xC0 || u == 0xD7 || u == 0xF7) return 0;
    if ((u >= 0x2000 && u <= 0x2BFF) || (u >= 0x3000 && u <= 0x303F) || u == 0xFEFF) return 0;
    *large = u <= 0xDE || (u >= 0x100 && u <= 0x137 && u % 2 == 0);
    *small = !*large;
    return n;
}

/* Length of a placeholder "[TYPE_12]" at the start of s, 0 if there is none. */
static size_t placeholder(wu_str s, size_t *name_end) {
    size_t i = 1, last = 0;
    while (i < s.n && i < WU_TYPE_NAME_MAX + 13 &&
           (is_large(s.p[i]) || is_digit(s.p[i]) || s.p[i] == '_')) {
        if (s.p[i] == '_') last = i;
        i++;
    }
    if (i >= s.n || s.p[i] != ']' || last < 2 || last + 1 == i || i - last > 10) return 0;
    if (!is_large(s.p[1])) return 0;
    for (size_t k = last + 1; k < i; k++)
        if (!is_digit(s.p[k])) return 0;
    *name_end = last;
    return i + 1;
}

/* New placeholders get numbers beyond those that are there. */
static void note_number(wu_redactor *r, wu_str s, size_t name_end) {
    int32_t number = 0;
    for (size_t i = name_end + 1; i + 1 < s.n; i++) number = 10 * number + (s.p[i] - '0');
    for (size_t k = 0; k < r->n_type; k++)
        if (wu_str_eq(wu_str_of(r->type[k].name), (wu_str){s.p + 1, name_end - 1}) &&
            number > r->type[k].last)
            r->type[k].last = number;
}

static size_t word_end(wu_str s, size_t at, wu_token *t) {
    size_t i = at, n_letter = 0;
    bool any_small = false;
    while (i < s.n) {
        bool large, small;
        const wu_str rest = {s.p + i, s.n - i};
        int n = letter(rest, &large, &small);
        if (n == 0) { /* an apostrophe between letters belongs to the word */
            const size_t a = s.p[i] == '\''                                          ? 1
                             : rest.n >= 3 && memcmp(rest.p, "\xE2\x80\x99", 3) == 0 ? 3
                                                                                     : 0;
            bool l2, s2;
            if (a == 0 || i == at || i + a >= s.n ||
                !letter((wu_str){s.p + i + a, s.n - i - a}, &l2, &s2))
                break;
            n = (int)a;
        } else {
            if (n_letter == 0) t->capital = large;
            any_small = any_small || small;
            n_letter++;
        }
        i += (size_t)n;
    }
    t->shouting = n_letter > 1 && !any_small;
    return i;
}

static bool push(wu_redactor *r, const wu_token *t) {
    if (!wu_room((void **)&r->token, &r->max_token, r->n_token + 1, sizeof(*r->token)))
        return false;
    r->token[r->n_token++] = *t;
    return true;
}

/* The token at s.p[at]; returns where it ends. */
static size_t read_token(wu_redactor *r, wu_str s, size_t at, wu_token *t) {
    bool large, small;
    const wu_str rest = {s.p + at, s.n - at};
    size_t end, name_end = 0;
    if (s.p[at] == '[' && (end = placeholder(rest, &name_end)) > 0) {
        t->kind = WU_T_OPAQUE;
        note_number(r, (wu_str){rest.p, end}, name_end);
        return at + end;
    }
    end = at + 1;
    if (is_digit(s.p[at])) {
        while (end < s.n && is_digit(s.p[end])) end++;
        t->kind = WU_T_NUMBER;
    } else if (letter(rest, &large, &small)) {
        end = word_end(s, at, t);
        t->kind = WU_T_WORD;
    } else {
        int n = 1;
        if ((unsigned char)s.p[at] >= 0x80) {
            (void)wu_utf8_code(rest, &n);
            end = at + (size_t)n;
        } else {
            t->mark = s.p[at];
        }
        t->kind = WU_T_MARK;
        return end;
    }
    if (t->kind == WU_T_WORD || end - at <= 2) {
        t->key = wu_word_key((wu_str){s.p + at, end - at});
        t->word = wu_keymap_get(&r->lexicon.index, t->key);
    }
    return end;
}

static bool read_turn(wu_redactor *r, int32_t turn) {
    const wu_str s = r->doc->text[turn];
    bool joined = false;
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r') {
            joined = false;
            i++;
            continue;
        }
        wu_token t = {.start = (uint32_t)i, .turn = turn, .word = -1, .cue = -1, .joined = joined};
        i = read_token(r, s, i, &t);
        t.end = (uint32_t)i;
        if (!push(r, &t)) return false;
        joined = true;
    }
    return true;
}

/* The next token of the same turn that a phrase goes on with, over hyphens and dots; or -1. */
static int32_t phrase_next(const wu_redactor *r, int32_t t) {
    for (int32_t i = t + 1; i <= t + 2; i++) {
        const int32_t n = wu_token_near(r, t, i);
        if (n < 0) return -1;
        if (r->token[n].kind == WU_T_WORD || r->token[n].kind == WU_T_NUMBER) return n;
        if (!wu_token_is(r, n, '-') && !wu_token_is(r, n, '.')) return -1;
        if (wu_token_is(r, n, '.') && !r->token[n].joined) return -1;
    }
    return -1;
}

/* The longest phrase that begins at t: its cue and last token, and the same for word lists. */
typedef struct match {
    wu_cue cue;
    int32_t cue_last, type, type_last;
} match;

static match match_at(const wu_redactor *r, int32_t t) {
    const wu_lexicon *x = &r->lexicon;
    match m = {WU_CUE_NONE, t, -1, t};
    int32_t node = 0;
    for (int32_t i = t; i >= 0; i = phrase_next(r, i)) {
        if (r->token[i].word < 0) break;
        const uint64_t key = ((uint64_t)(uint32_t)node << 32 | (uint32_t)r->token[i].word) + 1;
        if ((node = wu_keymap_get(&x->edge, key)) < 0) break;
        if (x->cue[node]) {
            m.cue = (wu_cue)x->cue[node];
            m.cue_last = i;
        }
        if (x->type[node] >= 0) {
            m.type = x->type[node];
            m.type_last = i;
        }
    }
    return m;
}

/* Those that say nothing about numbers. */
static bool is_silent(wu_cue c) { return c >= WU_CUE_NAME_SURE || c == WU_CUE_NEUTRAL; }

static bool find_phrases(wu_redactor *r) {
    int32_t last = -1; /* the cue that rules what follows; silent ones do not */
    for (int32_t t = 0; (size_t)t < r->n_token;) {
        if (t > 0 && r->token[t].turn != r->token[t - 1].turn) last = -1;
        match m = match_at(r, t);
        /* "the digits on the back of your card" are not the card's number */
        if (m.cue == WU_CUE_CARD && last >= 0 && r->mark[last].cue == WU_CUE_CVV &&
            t - r->mark[last].last <= 5)
            m.cue = WU_CUE_NEUTRAL;
        r->token[t].cue = last;
        if (m.type >= 0) wu_redact_add(r, m.type, t, m.type_last, 0);
        if (!m.cue) {
            t++;
            continue;
        }
        if (!wu_room((void **)&r->mark, &r->max_mark, r->n_mark + 1, sizeof(*r->mark)))
            return false;
        r->mark[r->n_mark] = (wu_mark){t, m.cue_last, m.cue};
        if (!is_silent(m.cue)) last = (int32_t)r->n_mark;
        r->n_mark++;
        for (int32_t i = t; i <= m.cue_last; i++) {
            r->token[i].cue = last;
            r->token[i].in_cue = !is_silent(m.cue);
        }
        t = m.cue_last + 1;
    }
    return true;
}

bool wu_redact_tokens(wu_redactor *r) {
    r->n_token = r->n_mark = 0;
    if (!wu_room((void **)&r->turn_token, &r->max_turn_token, (size_t)r->doc->n_turn + 1,
                 sizeof(*r->turn_token)))
        return false;
    for (int32_t i = 0; i < r->doc->n_turn; i++) {
        r->turn_token[i] = (int32_t)r->n_token;
        if (!read_turn(r, i) || r->n_token > INT32_MAX / 2) return false;
    }
    r->turn_token[r->doc->n_turn] = (int32_t)r->n_token;
    return find_phrases(r);
}

/* The cue that a turn leaves open: the last one of it, unless a later question has none. */
static wu_cue left_open(const wu_redactor *r, int32_t turn, bool *is_short) {
    enum { LOOK_BACK = 60 };
    const int32_t end = r->turn_token[turn + 1], begin = r->turn_token[turn];
    bool is_question = false;
    *is_short = end - begin <= 6;
    for (int32_t t = end - 1; t >= begin && t > end - LOOK_BACK; t--) {
        if (r->token[t].kind == WU_T_OPAQUE) return WU_CUE_NONE;
        if (r->token[t].in_cue && r->token[t].cue >= 0) return r->mark[r->token[t].cue].cue;
        if (wu_token_is(r, t, '?') || wu_token_is(r, t, '.') || wu_token_is(r, t, '!')) {
            if (is_question) return WU_CUE_NONE;
            is_question = wu_token_is(r, t, '?');
        }
    }
    return WU_CUE_NONE;
}

wu_cue wu_redact_asked(const wu_redactor *r, int32_t turn) {
    for (int32_t i = turn - 1, back = 0; i >= 0 && back < 3; i--, back++) {
        bool is_short;
        const wu_cue c = left_open(r, i, &is_short);
        if (c) return c;
        if (!is_short) break; /* only short words stand between a question and its answer */
    }
    return WU_CUE_NONE;
}

wu_cue wu_redact_cue(const wu_redactor *r, int32_t token, int far) {
    const wu_token *t = &r->token[token];
    if (t->cue >= 0) {
        const wu_mark *m = &r->mark[t->cue];
        return token - m->last <= far ? m->cue : WU_CUE_NONE;
    }
    int words = 0;
    if (token - r->turn_token[t->turn] > 40) return WU_CUE_NONE;
    for (int32_t i = r->turn_token[t->turn]; i < token; i++) {
        if (r->token[i].kind == WU_T_OPAQUE) return WU_CUE_NONE; /* the answer is given */
        words += r->token[i].kind == WU_T_WORD && !(wu_token_flags(r, i) & WU_W_NUMBER);
        if (words > 5) return WU_CUE_NONE;
    }
    return wu_redact_asked(r, t->turn);
}
