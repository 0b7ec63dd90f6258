/* find_numbers.c - cards, security codes, social security numbers, phones, spoken IBANs.
 *
 * All work on chains: the digits of a run, or of several short runs that one
 * voice said turn after turn while the other one only said "okay" or repeated
 * them. */
#include "base/hash.h"
#include "contact/redact/redact_impl.h"

#include <string.h>

enum { CUE_FAR = 24, CODE_FAR = 9 };

/* ---- chains ---- */

static bool add_run(wu_redactor *r, const wu_run *run, int sep) {
    for (int32_t i = 0; i < run->n_atom; i++) {
        const wu_atom *a = &r->atom[run->atom + i];
        const size_t n = r->n_chain_digit + a->n_long;
        if (!wu_room((void **)&r->chain, &r->max_chain, r->n_chain + 1, sizeof(*r->chain)) ||
            !wu_room((void **)&r->at, &r->max_at, r->n_chain + 2, sizeof(*r->at)) ||
            !wu_room((void **)&r->chain_digit, &r->max_chain_digit, n + 1, 1) ||
            !wu_room((void **)&r->chain_owner, &r->max_chain_owner, n + 1, sizeof(*r->chain_owner)))
            return false;
        r->at[r->n_chain] = (uint32_t)r->n_chain_digit;
        memcpy(r->chain_digit + r->n_chain_digit, r->digit + a->digit, a->n_long);
        for (size_t k = r->n_chain_digit; k < n; k++) r->chain_owner[k] = (int32_t)r->n_chain;
        if (i == 0 && sep >= 0) r->atom[run->atom].sep = (uint8_t)sep;
        r->chain[r->n_chain++] = run->atom + i;
        r->n_chain_digit = n;
        r->at[r->n_chain] = (uint32_t)n;
    }
    return true;
}

/* The run with which the same voice goes on after run i, or -1. */
static int32_t continuation(const wu_redactor *r, int32_t i) {
    enum { SHORT = 14, TURNS = 4, WORDS = 3 };
    const wu_run *a = &r->run[i];
    const wu_atom *only = &r->atom[a->atom];
    if (a->n_atom == 1 && only->n_long < 2) return -1; /* a count, not a part of a number */
    if (!r->doc->party || !a->is_last || a->after > 0) return -1;
    for (int32_t k = i + 1; (size_t)k < r->n_run; k++) {
        const wu_run *b = &r->run[k];
        if (b->turn > a->turn + TURNS) return -1;
        if (r->doc->party[b->turn] == r->doc->party[a->turn]) {
            if (!b->is_first || b->before > WORDS) return -1;
            for (int32_t t = a->turn + 1; t < b->turn; t++)
                if (r->turn_token[t + 1] - r->turn_token[t] > SHORT) return -1;
            return k;
        }
    }
    return -1;
}

static const wu_atom *atom_of(const wu_redactor *r, int32_t i) { return &r->atom[r->chain[i]]; }
static uint64_t digits_value(const wu_redactor *r, size_t from, size_t to) {
    const uint64_t h = wu_hash64(r->chain_digit + from, to - from);
    return h ? h : 1;
}
static size_t n_digit(const wu_redactor *r, int32_t a, int32_t e) {
    return r->at[e + 1] - r->at[a];
}

/* Adds digits [from, to) of the chain, a find for each turn; whole words, part of long numbers. */
static void add_digits(wu_redactor *r, int32_t type, size_t from, size_t to, uint64_t value) {
    const int32_t a = r->chain_owner[from], e = r->chain_owner[to - 1];
    for (int32_t i = a, k; i <= e; i = k) {
        const wu_atom *first = atom_of(r, i), *last = first;
        const int32_t turn = r->token[first->first].turn;
        for (k = i; k <= e && r->token[atom_of(r, k)->first].turn == turn; k++) {
            last = atom_of(r, k);
            r->covered[r->chain[k]] = true;
        }
        uint32_t start = r->token[first->first].start, end = r->token[last->last].end;
        if (i == a && first->is_written) start += (uint32_t)(from - r->at[a]);
        if (k == e + 1 && last->is_written)
            end = r->token[last->last].start + (uint32_t)(to - r->at[e]);
        wu_redact_add_span(r, type, turn, start, end, value);
    }
}
static void add_atoms(wu_redactor *r, int32_t type, int32_t a, int32_t e) {
    const size_t from = r->at[a], to = r->at[e + 1];
    add_digits(r, type, from, to, digits_value(r, from, to));
}

/* The first run of a turn or behind it. */
static int32_t first_run(const wu_redactor *r, int32_t turn) {
    int32_t lo = 0, hi = (int32_t)r->n_run;
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (r->run[mid].turn < turn)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool holds(const char *all, size_t n_all, const char *part, size_t n) {
    for (size_t i = 0; i + n <= n_all; i++)
        if (memcmp(all + i, part, n) == 0) return true;
    return false;
}

/* What the other voice repeated of a number that spreads over turns. */
static void add_echo(wu_redactor *r, int32_t type, size_t from, size_t to) {
    const int32_t first = r->token[atom_of(r, r->chain_owner[from])->first].turn;
    const int32_t last = r->token[atom_of(r, r->chain_owner[to - 1])->first].turn;
    if (first == last || to - from > 64) return;
    for (int32_t i = first_run(r, first); (size_t)i < r->n_run && r->run[i].turn <= last + 1; i++) {
        const wu_run *run = &r->run[i];
        const wu_atom *a = &r->atom[run->atom], *e = &r->atom[run->atom + run->n_atom - 1];
        const size_t n = e->digit + e->n_long - a->digit;
        if (r->doc->party[run->turn] == r->doc->party[first] || n < 3 || n > to - from) continue;
        if (!holds(r->chain_digit + from, to - from, r->digit + a->digit, n)) continue;
        wu_redact_add(r, type, a->first, e->last, digits_value(r, from, to));
        for (int32_t k = 0; k < run->n_atom; k++) r->covered[run->atom + k] = true;
    }
}

/* ---- cards ---- */

static bool is_card_sep(int sep) { return sep != WU_SEP_SLASH && sep != WU_SEP_PAREN; }

/* Whether letters touch the number: then only the whole of it is looked at. */
static bool is_glued(const wu_redactor *r, int32_t i) {
    const wu_atom *a = atom_of(r, i);
    const int32_t before = wu_token_near(r, a->first, a->first - 1);
    const int32_t behind = wu_token_near(r, a->last, a->last + 1);
    return (before >= 0 && r->token[before].kind == WU_T_WORD && r->token[a->first].joined) ||
           (behind >= 0 && r->token[behind].kind == WU_T_WORD && r->token[behind].joined);
}

/* How many digits from digit i on are a card's; 0: none. end is where the segment ends. */
static size_t card_at(const wu_redactor *r, size_t i, size_t end) {
    const int32_t a = r->chain_owner[i];
    const bool begins = r->at[a] == i;
    for (size_t n = WU_MIN((size_t)19, end - i); n >= 12; n--) {
        const int32_t e = r->chain_owner[i + n - 1];
        const bool is_whole = begins && r->at[e + 1] == i + n;
        if (!wu_card_issuer(r->chain_digit + i, n) || !wu_luhn(r->chain_digit + i, n)) continue;
        if (is_whole) return n;
        /* Over turns only whole words: what is said there need not be one number. */
        bool is_one_turn = true;
        for (int32_t k = a + 1; k <= e; k++)
            is_one_turn = is_one_turn && atom_of(r, k)->sep != WU_SEP_TURN;
        if (!is_one_turn) continue;
        /* Within longer numbers only what most cards have, or every tracking number would hold
         * one; and never a part of a number word. */
        if (n != 15 && n != 16) continue;
        if (!atom_of(r, a)->is_written || !atom_of(r, e)->is_written) continue;
        if (!is_glued(r, a) && !is_glued(r, e)) return n;
    }
    return 0;
}

static void find_card_code(wu_redactor *r, int32_t last);

/* A card in digits [from, to), with the whole of the words and numbers at its ends. */
static void add_card(wu_redactor *r, size_t from, size_t to) {
    from = r->at[r->chain_owner[from]];
    to = r->at[r->chain_owner[to - 1] + 1];
    add_digits(r, WU_PII_CARD, from, to, digits_value(r, from, to));
    add_echo(r, WU_PII_CARD, from, to);
}

static void cards_of_segment(wu_redactor *r, size_t from, size_t to) {
    size_t begin = 0, end = 0; /* windows that overlap become one find */
    for (size_t i = from; i + 12 <= to; i++) {
        const size_t n = card_at(r, i, to);
        if (n == 0) continue;
        if (end > i) {
            end = WU_MAX(end, i + n);
            continue;
        }
        if (end > begin) add_card(r, begin, end);
        begin = i;
        end = i + n;
    }
    if (end == begin) return;
    add_card(r, begin, end);
    find_card_code(r, r->chain[r->chain_owner[end - 1]]);
}

/* A number of card length and issuer behind a card's cue, although its sum is wrong: a digit was
 * heard or typed wrongly. */
static void card_without_sum(wu_redactor *r, size_t from, size_t to) {
    for (size_t n = 16; n >= 15; n--) {
        if (to - from < n || !wu_card_issuer(r->chain_digit + from, n)) continue;
        const int32_t a = r->chain_owner[from], e = r->chain_owner[from + n - 1];
        const bool is_last = from + n == to;
        if (r->at[e + 1] != from + n || (!is_last && atom_of(r, e + 1)->sep != WU_SEP_TURN))
            continue;
        if (wu_redact_cue(r, atom_of(r, a)->first, CUE_FAR) != WU_CUE_CARD) continue;
        add_digits(r, WU_PII_CARD, from, from + n, digits_value(r, from, from + n));
        add_echo(r, WU_PII_CARD, from, from + n);
        return;
    }
}

static void find_cards(wu_redactor *r) {
    for (int32_t a = 0, e; (size_t)a < r->n_chain; a = e) {
        for (e = a + 1; (size_t)e < r->n_chain && is_card_sep(atom_of(r, e)->sep);) e++;
        const size_t from = r->at[a], to = r->at[e];
        const size_t before = r->n_find;
        if (to - from < 12) continue;
        cards_of_segment(r, from, to);
        if (r->n_find == before) card_without_sum(r, from, to);
    }
}

/* "4111 ... 12/27 123": expiry and code behind a card, without a word between. */
static void find_card_code(wu_redactor *r, int32_t last) {
    if ((size_t)last + 3 >= r->n_atom || !r->type[WU_PII_CVV].is_on) return;
    const wu_atom *a = &r->atom[last], *code = a + 3;
    if (r->token[a->last].turn != r->token[code->last].turn || a[2].sep != WU_SEP_SLASH) return;
    if (code->last - a->last > 8 || !code->is_written || code->n_long < 3 || code->n_long > 4)
        return;
    if (a[1].n_long > 2 || (a[2].n_long != 2 && a[2].n_long != 4)) return;
    wu_redact_add(r, WU_PII_CVV, code->first, code->last, 0);
    r->covered[last + 3] = true;
}

/* ---- what a cue decides ---- */

static bool is_free(const wu_redactor *r, int32_t a, int32_t e) {
    for (int32_t i = a; i <= e; i++)
        if (r->covered[r->chain[i]]) return false;
    return true;
}

/* Where a number may begin and end: not within 1.2.3 or 12-34-56, not at a letter. */
static bool is_start(const wu_redactor *r, int32_t a) {
    const wu_atom *t = atom_of(r, a);
    if (a > 0 && (t->sep == WU_SEP_HYPHEN || t->sep == WU_SEP_DOT || t->sep == WU_SEP_SLASH ||
                  t->sep == WU_SEP_NONE))
        return false;
    const int32_t before = wu_token_near(r, t->first, t->first - 1);
    return before < 0 || !r->token[t->first].joined || r->token[before].kind != WU_T_WORD;
}

static bool is_end(const wu_redactor *r, int32_t e) {
    if ((size_t)e + 1 < r->n_chain) {
        const int sep = atom_of(r, e + 1)->sep;
        if (sep == WU_SEP_HYPHEN || sep == WU_SEP_SLASH || sep == WU_SEP_NONE) return false;
        if (sep == WU_SEP_DOT && r->token[atom_of(r, e + 1)->first].joined) return false;
    }
    const int32_t last = atom_of(r, e)->last;
    const int32_t n = wu_token_near(r, last, last + 1), m = n < 0 ? -1 : wu_token_near(r, n, n + 1);
    if (n < 0 || !r->token[n].joined) return true;
    if (r->token[n].kind == WU_T_WORD || wu_token_is(r, n, '%')) return false;
    return !(wu_token_is(r, n, '-') && m >= 0 && r->token[m].joined);
}

static void find_code(wu_redactor *r) {
    for (int32_t a = 0, e; (size_t)a < r->n_chain; a = e) {
        e = a + 1;
        if (!is_start(r, a) || r->covered[r->chain[a]]) continue;
        const wu_cue cue = wu_redact_cue(r, atom_of(r, a)->first, CODE_FAR);
        if (cue != WU_CUE_CVV && cue != WU_CUE_PIN && cue != WU_CUE_SSN4) continue;
        /* written: one number; spoken: all that is said */
        while ((size_t)e < r->n_chain && !atom_of(r, a)->is_written && !atom_of(r, e)->is_written &&
               atom_of(r, e)->sep != WU_SEP_TURN)
            e++;
        const size_t n = n_digit(r, a, e - 1);
        if (!is_end(r, e - 1) || !is_free(r, a, e - 1)) continue;
        const int32_t next = wu_token_near(r, atom_of(r, e - 1)->last, atom_of(r, e - 1)->last + 1);
        if (next >= 0 && wu_token_is(r, next, ':')) continue;
        if (cue == WU_CUE_SSN4 && n == 4) add_atoms(r, WU_PII_SSN, a, e - 1);
        if (cue == WU_CUE_CVV && (n == 3 || n == 4)) add_atoms(r, WU_PII_CVV, a, e - 1);
        if (cue == WU_CUE_PIN && n >= 4 && n <= 6) add_atoms(r, WU_PII_CVV, a, e - 1);
    }
}

static bool is_ssn_form(const wu_redactor *r, int32_t a, int32_t e) {
    return e == a + 2 && atom_of(r, a)->n_long == 3 && atom_of(r, a + 1)->n_long == 2 &&
           atom_of(r, a + 1)->sep == WU_SEP_HYPHEN && atom_of(r, e)->sep == WU_SEP_HYPHEN;
}

static void find_ssn(wu_redactor *r) {
    for (int32_t a = 0; (size_t)a < r->n_chain; a++) {
        int32_t e = a;
        if (!is_start(r, a)) continue;
        while ((size_t)e + 1 < r->n_chain && n_digit(r, a, e) < 9) e++;
        if (n_digit(r, a, e) != 9 || !wu_ssn_ok(r->chain_digit + r->at[a]) || !is_free(r, a, e) ||
            !is_end(r, e))
            continue;
        const wu_cue cue = wu_redact_cue(r, atom_of(r, a)->first, CUE_FAR);
        const bool is_form = is_ssn_form(r, a, e) && cue != WU_CUE_OTHER && cue != WU_CUE_VERSION;
        if (cue != WU_CUE_SSN && !is_form) continue;
        add_atoms(r, WU_PII_SSN, a, e);
        add_echo(r, WU_PII_SSN, r->at[a], r->at[e + 1]);
        a = e;
    }
}

/* ---- phones ---- */

typedef struct phone {
    wu_cue cue;
    bool plus;
} phone;

/* Sizes of the groups a..e as a string: "334". */
static void groups_of(const wu_redactor *r, int32_t a, int32_t e, char *out, size_t size) {
    size_t n = 0;
    for (int32_t i = a; i <= e && n + 1 < size; i++)
        out[n++] = (char)('0' + WU_MIN(atom_of(r, i)->n_long, 20u));
    out[n] = 0;
}

static bool is_date_form(const wu_redactor *r, int32_t a, const char *g) {
    const char *d = r->chain_digit + r->at[a];
    const bool year_first = d[0] == '2' ? d[1] == '0' : d[0] == '1' && d[1] == '9';
    if (strncmp(g, "422", 3) == 0 || strncmp(g, "411", 3) == 0) return year_first;
    if (g[0] <= '2' && g[1] && g[1] <= '2' && g[2] == '4') {
        const char *y = r->chain_digit + r->at[a + 2];
        return (y[0] == '2' && y[1] == '0') || (y[0] == '1' && y[1] == '9');
    }
    return false;
}

/* Whether atoms a..e are a phone number. */
static bool is_phone(const wu_redactor *r, int32_t a, int32_t e, phone p) {
    const size_t n = n_digit(r, a, e);
    const char *d = r->chain_digit + r->at[a];
    char g[20];
    groups_of(r, a, e, g, sizeof(g));
    if (p.plus) return n >= 8 && n <= 15 && d[0] != '0';
    if (n < 7 || n > 15) return false;
    const bool one = n == 11 && d[0] == '1';
    const bool is_nanp = (n == 10 && wu_nanp_ok(d)) || (one && wu_nanp_ok(d + 1));
    const bool is_grouped = strcmp(g, one ? "1334" : "334") == 0;
    if (is_nanp && is_grouped) return true;
    if (n == 10 && d[0] == '0' && d[1] > '0' && strcmp(g, "22222") == 0) return true; /* fr */
    if (n == 11 && memcmp(d, "07", 2) == 0 && strcmp(g, "56") == 0) return true;      /* uk */
    if (n == 10 && d[0] == '0' && d[1] > '0' && strcmp(g, "112222") == 0 &&
        !atom_of(r, a)->is_written)
        return true; /* "zéro six douze trente-quatre ..." */
    if (p.cue != WU_CUE_PHONE) return false;
    return is_nanp || !is_date_form(r, a, g);
}

static phone phone_context(const wu_redactor *r, int32_t a) {
    const int32_t first = atom_of(r, a)->first;
    phone p = {wu_redact_cue(r, first, CUE_FAR), false};
    p.plus = wu_token_is(r, wu_token_near(r, first, first - 1), '+');
    const int32_t last = atom_of(r, (int32_t)r->n_chain - 1)->last;
    for (int32_t i = 1; p.cue == WU_CUE_NONE && i <= 4; i++) { /* "... is my cell" */
        const int32_t t = wu_token_near(r, last, last + i);
        if (t < 0) break;
        if (r->token[t].in_cue && r->token[t].cue >= 0) p.cue = r->mark[r->token[t].cue].cue;
    }
    return p;
}

/* The last atom that a phone number from a on may reach. */
static int32_t phone_reach(const wu_redactor *r, int32_t a, phone p) {
    int32_t e = a;
    while ((size_t)e + 1 < r->n_chain && n_digit(r, a, e + 1) <= 15) {
        const wu_atom *next = atom_of(r, e + 1);
        const bool is_spoken = !next->is_written;
        if (r->covered[r->chain[e + 1]]) break;
        if (next->sep == WU_SEP_TURN && p.cue != WU_CUE_PHONE) break;
        if (next->sep == WU_SEP_FILLER && !is_spoken) break;
        if (next->sep == WU_SEP_COMMA && !is_spoken && (p.cue != WU_CUE_PHONE || next->n_long < 3))
            break;
        if (next->sep == WU_SEP_SLASH && p.cue != WU_CUE_PHONE) break;
        if (wu_token_is(r, next->first - 1, '+')) break;
        e++;
    }
    return e;
}

static bool is_phone_cue(wu_cue c) {
    return c == WU_CUE_NONE || c == WU_CUE_PHONE || c == WU_CUE_EMAIL || c == WU_CUE_ADDRESS ||
           c == WU_CUE_NAME || c == WU_CUE_DOB;
}

static void add_phone(wu_redactor *r, int32_t a, int32_t e, phone p) {
    const size_t before = r->n_find;
    add_atoms(r, WU_PII_PHONE, a, e);
    if (before < r->n_find) { /* with its plus or opening parenthesis */
        const int32_t t = atom_of(r, a)->first;
        int32_t k = wu_token_near(r, t, t - 1);
        wu_find *f = &r->find[before];
        if (k >= 0 && (p.plus || wu_token_is(r, k, '('))) f->start = r->token[k].start;
        if (p.plus && (k = wu_token_near(r, t, t - 2)) >= 0 && wu_token_is(r, k, '('))
            f->start = r->token[k].start;
    }
    add_echo(r, WU_PII_PHONE, r->at[a], r->at[e + 1]);
}

static void find_phones(wu_redactor *r) {
    for (int32_t a = 0; (size_t)a < r->n_chain; a++) {
        if (r->covered[r->chain[a]]) continue;
        phone p = phone_context(r, a);
        if (!p.plus && (!is_phone_cue(p.cue) || !is_start(r, a))) continue;
        int32_t e = phone_reach(r, a, p), best = -1;
        for (; e >= a && best < 0; e--)
            if (is_end(r, e) && is_phone(r, a, e, p)) best = e;
        if (best < 0) continue;
        add_phone(r, a, best, p);
        a = best;
    }
}

/* ---- IBANs that were spoken: letters of the country, then digits ---- */

static char large(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 32) : c; }

static void find_spoken_iban(wu_redactor *r) {
    char iban[40];
    const int32_t t = atom_of(r, 0)->first, b = wu_token_near(r, t, t - 1);
    if (b < 0 || r->token[b].kind != WU_T_WORD) return;
    int32_t first = b;
    const wu_str s = wu_token_text(r, b);
    const int32_t c = wu_token_near(r, b, b - 1);
    if (s.n == 2) {
        iban[0] = large(s.p[0]);
        iban[1] = large(s.p[1]);
    } else if (s.n == 1 && c >= 0 && wu_token_text(r, c).n == 1) {
        first = c;
        iban[0] = large(wu_token_text(r, c).p[0]);
        iban[1] = large(s.p[0]);
    } else {
        return;
    }
    const size_t n = wu_iban_length(iban[0], iban[1]);
    if (n == 0 || r->n_chain_digit < n - 2) return;
    memcpy(iban + 2, r->chain_digit, n - 2);
    const int32_t e = r->chain_owner[n - 3];
    if (r->at[e + 1] != n - 2 || !wu_iban_ok(iban, n)) return;
    const uint64_t value = wu_hash64(iban, n);
    const size_t before = r->n_find;
    add_digits(r, WU_PII_IBAN, 0, n - 2, value ? value : 1);
    if (before < r->n_find) r->find[before].start = r->token[first].start;
    add_echo(r, WU_PII_IBAN, 0, n - 2);
}

static void find_in_chain(wu_redactor *r) {
    if (r->n_chain == 0) return;
    find_spoken_iban(r);
    find_cards(r);
    find_ssn(r);
    find_code(r);
    find_phones(r);
}

static bool start_chain(wu_redactor *r, int32_t i) {
    r->n_chain = r->n_chain_digit = 0;
    return add_run(r, &r->run[i], -1);
}

void wu_find_numbers(wu_redactor *r) {
    for (int32_t i = 0; (size_t)i < r->n_run; i++) {
        if (r->run[i].is_chained) continue;
        bool ok = start_chain(r, i);
        for (int32_t at = i, next; ok && (next = continuation(r, at)) >= 0; at = next) {
            ok = add_run(r, &r->run[next], WU_SEP_TURN);
            r->run[next].is_chained = true;
        }
        if (!ok) {
            r->out_of_memory = true;
            return;
        }
        find_in_chain(r);
    }
}
