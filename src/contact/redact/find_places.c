/* find_places.c - postal addresses where their form tells them: number and street type, in the
 * order of English, French, Spanish or German, with what follows up to the postcode. */
#include "contact/redact/redact_impl.h"

#include <string.h>

static bool has(const wu_redactor *r, int32_t t, uint32_t flags) {
    return t >= 0 && r->token[t].kind == WU_T_WORD && (wu_token_flags(r, t) & flags) != 0;
}
static bool is_word(const wu_redactor *r, int32_t t) {
    return t >= 0 && r->token[t].kind == WU_T_WORD;
}
static bool is_capital(const wu_redactor *r, int32_t t) {
    return is_word(r, t) && r->token[t].capital;
}
static bool is_number(const wu_redactor *r, int32_t t, size_t least, size_t most) {
    const wu_str s = t < 0 ? (wu_str){0} : wu_token_text(r, t);
    return t >= 0 && r->token[t].kind == WU_T_NUMBER && s.n >= least && s.n <= most;
}
static int32_t next(const wu_redactor *r, int32_t t) {
    return t < 0 ? -1 : wu_token_near(r, t, t + 1);
}
static int32_t over(const wu_redactor *r, int32_t t, char mark) { /* behind t and one mark */
    const int32_t n = next(r, t);
    return wu_token_is(r, n, mark) ? next(r, n) : n;
}
static bool is_asked(const wu_redactor *r, int32_t t) {
    return wu_redact_cue(r, t, 10) == WU_CUE_ADDRESS;
}
static bool is_joined(const wu_redactor *r, int32_t t) { return t >= 0 && r->token[t].joined; }

/* A letter that belongs to a house number: 221B, 7a. */
static int32_t house_letter(const wu_redactor *r, int32_t t) {
    const int32_t n = next(r, t);
    return is_word(r, n) && is_joined(r, n) && wu_token_text(r, n).n == 1 ? n : t;
}

/* Capital words from t on, at most most; the last one, or -1. */
static int32_t capitals(const wu_redactor *r, int32_t t, int most) {
    int32_t last = -1;
    for (int32_t k = t;
         most > 0 && is_capital(r, k) && !(r->token[k].shouting && wu_token_text(r, k).n == 2);
         most--) {
        last = k;
        k = over(r, k, '-');
    }
    return last;
}

/* ", 80331 München" behind t: five digits and a town. */
static int32_t with_postcode(const wu_redactor *r, int32_t t) {
    const int32_t code = over(r, t, ',');
    if (!is_number(r, code, 4, 5)) return t;
    const int32_t town = capitals(r, next(r, code), 3);
    return town >= 0 ? town : t;
}

/* "NW, Apt 4B, Springfield, IL 62701" or "London SW3 4UD" behind t. */
static int32_t with_town(const wu_redactor *r, int32_t t) {
    int32_t k = over(r, t, ',');
    const int32_t town = capitals(r, k, 3);
    if (town >= 0) k = over(r, town, ',');
    const int32_t a = next(r, k), b = next(r, a);
    if (is_word(r, k) && r->token[k].shouting && wu_token_text(r, k).n == 2 &&
        is_number(r, a, 5, 5)) {
        const int32_t four = next(r, b);
        return wu_token_is(r, b, '-') && is_joined(r, b) && is_number(r, four, 4, 4) ? four : a;
    }
    if (is_word(r, k) && r->token[k].capital && wu_token_text(r, k).n <= 2 &&
        is_number(r, a, 1, 2) && is_joined(r, a)) {
        const int32_t in = is_word(r, b) && is_joined(r, b) ? next(r, b) : b, end = next(r, in);
        if (is_number(r, in, 1, 1) && is_word(r, end) && is_joined(r, end) &&
            wu_token_text(r, end).n == 2)
            return end;
    }
    return t;
}

static int32_t with_unit(const wu_redactor *r, int32_t t) {
    int32_t k = over(r, t, '.');
    if (has(r, k, WU_W_COMPASS) && r->token[k].capital) t = k;
    k = over(r, t, ',');
    if (!has(r, k, WU_W_UNIT)) return t;
    const int32_t n = over(r, k, '.');
    if (is_number(r, n, 1, 5)) return house_letter(r, n);
    return is_word(r, n) && wu_token_text(r, n).n == 1 ? n : t;
}

/* ---- English: 42 Elm Street ---- */

static bool is_street_word(const wu_redactor *r, int32_t t, bool asked) {
    if (is_number(r, t, 1, 3)) return true; /* 5th */
    if (!is_word(r, t)) return false;
    return r->token[t].capital || asked || !has(r, t, WU_W_COMMON | WU_W_NUMBER);
}

static int32_t english(const wu_redactor *r, int32_t first, int32_t number) {
    enum { WORDS = 4 };
    const bool asked = is_asked(r, first);
    int32_t k = next(r, house_letter(r, number));
    bool all_capital = true;
    for (int i = 0; i <= WORDS && k >= 0; i++) {
        if (i > 0 && has(r, k, WU_W_STREET_SURE | WU_W_STREET_MAYBE)) {
            const bool is_sure =
                has(r, k, WU_W_STREET_SURE) || asked || (all_capital && r->token[k].capital);
            const int32_t behind = next(r, k);
            if (is_sure && !(has(r, behind, WU_W_STREET_SURE | WU_W_STREET_MAYBE) && i < WORDS))
                return with_town(r, with_unit(r, k));
        }
        if (!is_street_word(r, k, asked)) return -1;
        if (r->token[k].kind == WU_T_WORD && !(is_joined(r, k) && is_number(r, k - 1, 1, 3)))
            all_capital = all_capital && r->token[k].capital;
        k = has(r, k, WU_W_COMPASS) || has(r, k, WU_W_STREET_MAYBE) ? over(r, k, '.') : next(r, k);
    }
    return -1;
}

/* ---- French and Spanish: rue de la Paix, calle Mayor ---- */

/* The last word of the street's name from t on, or -1. */
static int32_t street_name(const wu_redactor *r, int32_t t, bool asked) {
    enum { WORDS = 6 };
    int32_t last = -1, k = t;
    for (int i = 0; i < WORDS && is_word(r, k); i++, k = over(r, k, '-')) {
        const wu_str s = wu_token_text(r, k);
        const bool elided = s.n > 2 && (s.p[1] == '\'' || s.p[2] == '\'');
        const bool named =
            asked && last < 0 && !has(r, k, WU_W_COMMON | WU_W_PARTICLE | WU_W_NUMBER);
        if (r->token[k].capital || elided || named)
            last = k;
        else if (!has(r, k, WU_W_PARTICLE | WU_W_COMMON) || wu_token_text(r, k).n > 3)
            break;
    }
    return last;
}

static int32_t french(const wu_redactor *r, int32_t first, int32_t number) {
    int32_t k = over(r, house_letter(r, number), ',');
    if (is_word(r, k) && (wu_str_eq(wu_token_text(r, k), WU_STR("bis")) ||
                          wu_str_eq(wu_token_text(r, k), WU_STR("ter"))))
        k = next(r, k);
    if (!has(r, k, WU_W_STREET_BEFORE)) return -1;
    const int32_t last = street_name(r, next(r, k), is_asked(r, first));
    return last < 0 ? -1 : with_postcode(r, last);
}

static int32_t spanish(const wu_redactor *r, int32_t street) {
    int32_t last = street_name(r, next(r, street), is_asked(r, street));
    if (last < 0) return -1;
    int32_t k = over(r, last, ',');
    if (is_word(r, k) && wu_token_text(r, k).n > 3 && wu_token_text(r, k).p[0] == 'n')
        k = next(r, k); /* número */
    if (!is_number(r, k, 1, 4)) return -1;
    return with_postcode(r, house_letter(r, k));
}

/* ---- German: Hauptstraße 12 ---- */

/* 0: no street, 1: perhaps, 2: surely. */
static int german_street(const wu_redactor *r, int32_t t) {
    char text[80];
    const wu_lexicon *x = &r->lexicon;
    const size_t n = wu_word_fold(text, sizeof(text), wu_token_text(r, t));
    for (int i = 0; i < x->n_suffix; i++) {
        const size_t len = strlen(x->suffix[i]);
        if (n < len || memcmp(text + n - len, x->suffix[i], len) != 0) continue;
        const int32_t before = wu_token_near(r, t, t - 1);
        if (n < len + 3 && !(n == len && is_capital(r, before))) continue;
        return x->suffix_is_sure[i] ? 2 : 1;
    }
    return 0;
}

static void german(wu_redactor *r, int32_t t) {
    int sure = german_street(r, t);
    const int32_t number = over(r, t, '.');
    if (!is_number(r, number, 1, 4)) return;
    const int32_t house = house_letter(r, number), last = with_postcode(r, house);
    if (!sure && (last == house || has(r, t, WU_W_COMMON | WU_W_MONTH)))
        return; /* "Am Markt 4, 28195 Bremen" */
    if (sure < 2 && last == house && !is_asked(r, t)) return;
    const int32_t before = wu_token_near(r, t, t - 1);
    const bool two_words = is_capital(r, before) && wu_token_text(r, t).n < 8;
    wu_redact_add(r, WU_PII_ADDRESS, two_words ? before : t, last, 0);
}

static void post_box(wu_redactor *r, int32_t t) {
    const int32_t o = over(r, t, '.'), box = over(r, o, '.'), number = next(r, box);
    const wu_str p = wu_token_text(r, t);
    if (p.n == 2 && (p.p[0] | 32) == 'p' && (p.p[1] | 32) == 'o') {
        if (is_word(r, o) && r->token[o].key == wu_word_key(WU_STR("box")) &&
            is_number(r, next(r, o), 1, 6))
            wu_redact_add(r, WU_PII_ADDRESS, t, next(r, o), 0);
    } else if (p.n == 1 && (p.p[0] | 32) == 'p' && is_word(r, o) && is_word(r, box) &&
               (wu_token_text(r, o).p[0] | 32) == 'o' &&
               r->token[box].key == wu_word_key(WU_STR("box")) && is_number(r, number, 1, 6)) {
        wu_redact_add(r, WU_PII_ADDRESS, t, number, 0);
    }
}

void wu_find_places(wu_redactor *r) {
    for (size_t i = 0; i < r->n_atom; i++) {
        const wu_atom *a = &r->atom[i];
        if (a->n_long > 5) continue;
        if (a->is_written && is_joined(r, a->first) &&
            is_word(r, wu_token_near(r, a->first, a->first - 1)))
            continue;
        int32_t last = english(r, a->first, a->last);
        if (last < 0) last = french(r, a->first, a->last);
        if (last < 0) continue;
        const wu_atom *first = a; /* "sixty three dash twelve north ..." */
        while (first > r->atom && first->is_written == first[-1].is_written &&
               (!first->is_written || first->sep == WU_SEP_HYPHEN) &&
               wu_token_near(r, a->first, first[-1].first) >= 0 &&
               first->first - first[-1].last <= 2)
            first--;
        wu_redact_add(r, WU_PII_ADDRESS, first->first, last, 0);
    }
    for (int32_t t = 0; (size_t)t < r->n_token; t++) {
        const wu_token *k = &r->token[t];
        if (k->kind != WU_T_WORD) continue;
        if (has(r, t, WU_W_STREET_BEFORE)) {
            const int32_t last = spanish(r, t);
            if (last >= 0) wu_redact_add(r, WU_PII_ADDRESS, t, last, 0);
        } else if (k->end - k->start == 1 && (wu_token_text(r, t).p[0] | 32) == 'c' &&
                   wu_token_is(r, next(r, t), '/')) {
            const int32_t last = spanish(r, next(r, t));
            if (last >= 0) wu_redact_add(r, WU_PII_ADDRESS, t, last, 0);
        }
        if (k->capital) german(r, t);
        if ((wu_token_text(r, t).p[0] | 32) == 'p') post_box(r, t);
    }
}
