/* digits.c - numbers and number words as digits, each with the tokens that it came from. */
#include "contact/redact/redact_impl.h"

#include <string.h>

static bool put_digit(wu_redactor *r, char c) {
    if (!wu_room((void **)&r->digit, &r->max_digit, r->n_digit + 1, 1)) return false;
    r->digit[r->n_digit++] = c;
    return true;
}

/* Spoken forms of a token in the languages of *langs; kind NOT if it is no number word. */
static wu_spoken spoken(const wu_redactor *r, int32_t t, int lang) {
    if (t < 0 || r->token[t].kind != WU_T_WORD || r->token[t].word < 0) return (wu_spoken){0};
    return r->lexicon.word[r->token[t].word].spoken[lang];
}

static bool is_plain_digit(const wu_redactor *r, int32_t t, int lang, int *value) {
    const wu_spoken s = spoken(r, t, lang);
    *value = s.value;
    return s.kind == WU_SPOKEN_DIGITS && s.width == 1;
}

static bool is_word(const wu_redactor *r, int32_t t, const char *word) {
    const wu_str s = t < 0 ? (wu_str){0} : wu_token_text(r, t);
    char folded[16];
    if (s.n == 0 || s.n > 10) return false;
    return wu_str_eq((wu_str){folded, wu_word_fold(folded, sizeof(folded), s)}, wu_str_of(word));
}

/* Behind t over one hyphen: the next token of the turn, or -1. */
static int32_t over_hyphen(const wu_redactor *r, int32_t t) {
    int32_t n = wu_token_near(r, t, t + 1);
    if (wu_token_is(r, n, '-')) n = wu_token_near(r, t, n + 1);
    return n;
}

/* What a number of words gives: digits and the last token. */
typedef struct said {
    char digit[12];
    int n;
    int32_t last;
} said;

static void say(said *out, int value, int width) {
    if (width == 3) out->digit[out->n++] = (char)('0' + value / 100 % 10);
    if (width >= 2) out->digit[out->n++] = (char)('0' + value / 10 % 10);
    out->digit[out->n++] = (char)('0' + value % 10);
}

/* "and" between tens and ones: treinta y cuatro, vingt et un. */
static int32_t over_and(const wu_redactor *r, int32_t t, int lang) {
    const int32_t n = over_hyphen(r, t);
    if ((lang == 1 && is_word(r, n, "y")) || (lang == 2 && is_word(r, n, "et")))
        return over_hyphen(r, n);
    return n;
}

static void say_tens(const wu_redactor *r, int lang, int tens, int most, int width, said *out) {
    const int32_t n = over_and(r, out->last, lang);
    const wu_spoken s = spoken(r, n, lang);
    int value = tens;
    if (n >= 0 && s.kind == WU_SPOKEN_DIGITS && s.value > 0 && s.value <= most && s.hundreds == 0) {
        value += s.value;
        out->last = n;
        if (s.value == 10 && most == 19) { /* soixante-dix-sept, quatre-vingt-dix-huit */
            int ones = 0;
            const int32_t k = over_hyphen(r, n);
            if (k >= 0 && is_plain_digit(r, k, lang, &ones) && ones >= 7) {
                value += ones;
                out->last = k;
            }
        }
    }
    say(out, value, width);
}

static void say_hundreds(const wu_redactor *r, int lang, wu_spoken s, said *out) {
    const int32_t n = over_hyphen(r, out->last);
    const wu_spoken behind = spoken(r, n, lang);
    const int tens = behind.value;
    if (n >= 0 && behind.kind == WU_SPOKEN_TENS) {
        out->digit[out->n++] = (char)('0' + s.hundreds);
        out->last = n;
        say_tens(r, lang, tens, 9, 2, out);
    } else if (n >= 0 && behind.kind == WU_SPOKEN_DIGITS && behind.hundreds == 0 && tens > 0) {
        out->last = n;
        say(out, 100 * s.hundreds + tens, 3);
    } else {
        say(out, 100 * s.hundreds, 3);
    }
}

/* The number that begins at t in a language; n is 0 if there is none. */
static said say_number(const wu_redactor *r, int32_t t, int lang) {
    said out = {.last = t};
    const wu_spoken s = spoken(r, t, lang);
    int value;
    if (lang == 2 && is_plain_digit(r, t, lang, &value) && value == 4) {
        const int32_t n = over_hyphen(r, t);
        if (is_word(r, n, "vingt") || is_word(r, n, "vingts")) {
            out.last = n;
            say_tens(r, lang, 80, 19, 2, &out);
            return out;
        }
    }
    switch ((wu_spoken_kind)s.kind) {
    case WU_SPOKEN_NOT:
        break;
    case WU_SPOKEN_DIGITS:
        say(&out, s.value + 100 * s.hundreds, s.width);
        break;
    case WU_SPOKEN_TENS:
        say_tens(r, lang, s.value, 9, 2, &out);
        break;
    case WU_SPOKEN_TEENS:
        say_tens(r, lang, s.value, 19, 2, &out);
        break;
    case WU_SPOKEN_HUNDREDS:
        say_hundreds(r, lang, s, &out);
        break;
    case WU_SPOKEN_ZEROS:
        for (int i = 1; i < s.width; i++) out.digit[out.n++] = '0';
        break;
    case WU_SPOKEN_REPEAT: {
        const int32_t n = over_hyphen(r, t);
        if (n >= 0 && r->token[n].kind == WU_T_NUMBER && r->token[n].end - r->token[n].start == 1)
            value = wu_token_text(r, n).p[0] - '0';
        else if (n < 0 || !is_plain_digit(r, n, lang, &value))
            break;
        for (int i = 0; i < s.value && i < 9; i++) out.digit[out.n++] = (char)('0' + value);
        out.last = n;
        break;
    }
    }
    return out;
}

/* Several languages share words ("six"): the one that goes on with the run, else the first. */
static said say_any(const wu_redactor *r, int32_t t, int *lang) {
    said best = {.last = t};
    if (*lang >= 0) best = say_number(r, t, *lang);
    if (best.n > 0) return best;
    for (int i = 0; i < WU_N_LANG; i++) {
        const said s = say_number(r, t, i);
        if (s.n == 0) continue;
        if (best.n == 0 || s.last > best.last) {
            best = s;
            *lang = i;
        }
    }
    return best;
}

/* ---- runs ---- */

/* The separator that a token is between digits, or -1. */
static int sep_of(const wu_redactor *r, int32_t t) {
    const wu_token *k = &r->token[t];
    if (k->kind == WU_T_WORD)
        return !k->in_cue && wu_token_flags(r, t) & WU_W_FILLER ? WU_SEP_FILLER : -1;
    if (k->kind != WU_T_MARK) return -1;
    switch (k->mark) {
    case '-':
        return WU_SEP_HYPHEN;
    case '.':
        return WU_SEP_DOT;
    case ',':
        return WU_SEP_COMMA;
    case '(':
    case ')':
        return WU_SEP_PAREN;
    case '/':
        return WU_SEP_SLASH;
    case 0:
        return wu_token_text(r, t).n == 3 && memcmp(wu_token_text(r, t).p, "\xE2\x80\x93", 3) == 0
                   ? WU_SEP_HYPHEN
                   : -1;
    default:
        return -1;
    }
}

static bool add_atom(wu_redactor *r, int32_t first, const said *s, bool is_written, int sep) {
    const wu_token *t = &r->token[first];
    wu_atom a = {.first = first,
                 .last = s->last,
                 .digit = (uint32_t)r->n_digit,
                 .is_written = is_written,
                 .sep = (uint8_t)sep};
    if (!wu_room((void **)&r->atom, &r->max_atom, r->n_atom + 1, sizeof(*r->atom))) return false;
    if (is_written) {
        const wu_str text = wu_token_text(r, first);
        for (size_t i = 0; i < text.n; i++)
            if (!put_digit(r, text.p[i])) return false;
        a.n_long = t->end - t->start;
    } else {
        for (int i = 0; i < s->n; i++)
            if (!put_digit(r, s->digit[i])) return false;
        a.n_long = (uint32_t)s->n;
    }
    r->atom[r->n_atom++] = a;
    return true;
}

static bool is_counted(const wu_redactor *r, int32_t t) {
    return r->token[t].kind == WU_T_WORD && !(wu_token_flags(r, t) & WU_W_FILLER);
}

static bool is_numeral(const wu_redactor *r, int32_t t) {
    return t >= 0 && r->token[t].kind == WU_T_NUMBER;
}

/* A number within a phrase that is a cue ("last four digits") is none, unless others touch it. */
static said number_at(const wu_redactor *r, int32_t t, int *lang, bool *written) {
    said s = {.last = t};
    *written = is_numeral(r, t);
    if (r->token[t].in_cue && !(*written && (is_numeral(r, wu_token_near(r, t, t - 1)) ||
                                             is_numeral(r, wu_token_near(r, t, t + 1)))))
        return s;
    if (*written) {
        s.n = 1;
        return s;
    }
    return r->token[t].kind == WU_T_WORD && wu_token_flags(r, t) & WU_W_NUMBER ? say_any(r, t, lang)
                                                                               : s;
}

/* A word that is none of the common ones counts as so many: what follows it is something new. */
enum { NAMED = 4 };

/* One run from the first number at or behind t; returns the token behind it. */
static int32_t read_run(wu_redactor *r, int32_t t, int32_t end, wu_run *run) {
    int lang = -1, sep = WU_SEP_NONE, between = 0;
    *run = (wu_run){.atom = (int32_t)r->n_atom, .turn = r->token[t].turn};
    int32_t behind = t;
    while (t < end) {
        bool is_written;
        const said s = number_at(r, t, &lang, &is_written);
        if (s.n > 0) {
            if (run->n_atom > 0 && sep == WU_SEP_NONE && !r->token[t].joined) sep = WU_SEP_SPACE;
            if (!add_atom(r, t, &s, is_written, sep)) {
                r->out_of_memory = true;
                return end;
            }
            run->n_atom++;
            t = behind = s.last + 1;
            sep = WU_SEP_NONE;
            between = 0;
            continue;
        }
        const int got = run->n_atom > 0 ? sep_of(r, t) : -1;
        if (got < 0 || ++between > 3) {
            if (run->n_atom > 0) break;
            if (is_counted(r, t)) run->before += wu_token_flags(r, t) & WU_W_COMMON ? 1 : NAMED;
        } else if (got > sep) {
            sep = got;
        }
        t++;
    }
    return run->n_atom > 0 ? behind : end;
}

static bool read_runs(wu_redactor *r, int32_t turn) {
    const int32_t begin = r->turn_token[turn], end = r->turn_token[turn + 1];
    const size_t first = r->n_run;
    int32_t words = 0, t = begin;
    while (t < end) {
        wu_run run;
        t = read_run(r, t, end, &run);
        if (r->out_of_memory) return false;
        if (run.n_atom == 0) break;
        if (!wu_room((void **)&r->run, &r->max_run, r->n_run + 1, sizeof(*r->run))) return false;
        words += run.before;
        run.before = words;
        r->run[r->n_run++] = run;
    }
    if (r->n_run == first) return true;
    wu_run *last = &r->run[r->n_run - 1];
    r->run[first].is_first = last->is_last = true;
    for (int32_t i = r->atom[last->atom + last->n_atom - 1].last + 1; i < end; i++)
        last->after += is_counted(r, i);
    return true;
}

bool wu_redact_digits(wu_redactor *r) {
    r->n_atom = r->n_run = r->n_digit = 0;
    for (int32_t i = 0; i < r->doc->n_turn; i++)
        if (!read_runs(r, i)) return false;
    if (!wu_room((void **)&r->covered, &r->max_covered, r->n_atom + 1, sizeof(*r->covered)))
        return false;
    memset(r->covered, 0, (r->n_atom + 1) * sizeof(*r->covered));
    return true;
}
