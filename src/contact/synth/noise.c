/* noise.c - what recognisers, fingers and lost records do to a contact (speak.h). */
#include "contact/synth/speak.h"

#include <string.h>

/* -------------------------------------------------------------------------------- words */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* How many bytes at the start of s are the phrase, in small or capital letters; 0: they are not. */
static size_t matches(wu_str s, wu_str phrase) {
    if (phrase.n > s.n) return 0;
    for (size_t i = 0; i < phrase.n; i++)
        if (lower(s.p[i]) != lower(phrase.p[i])) return 0;
    return phrase.n < s.n && is_letter(s.p[phrase.n]) ? 0 : phrase.n;
}

/* A pair whose phrase stands at the start of s, at random among several; -1: none. */
static int32_t find_pair(const wu_pairs *p, wu_str s, wu_rng *r) {
    int32_t found = -1, n = 0;
    const char first = s.n ? lower(s.p[0]) : 0;
    for (int32_t i = 0; i < p->n; i++) {
        if (lower(p->from[i].p[0]) != first || !matches(s, p->from[i])) continue;
        if (wu_rng_below(r, (uint32_t)++n) == 0) found = i;
    }
    return found;
}

/* --------------------------------------------------------------------------------- turn */

typedef struct rates { /* chances, a word each */
    double filler, start, again, pair, slip;
    const wu_pairs *pairs;
    bool small, bare; /* no capitals; no punctuation */
    bool no_end;      /* no full stop at the end */
} rates;

static rates rates_of(const wu_speech *p, wu_by by, wu_rng *r) {
    const wu_latent *l = p->l;
    const wu_noise *n = &p->s->language[l->language].noise;
    const bool customer = by == WU_BY_CUSTOMER;
    rates x = {.pairs = &n->asr};
    if (by == WU_BY_BOT || by == WU_BY_SYSTEM) return x;
    if (l->channel == WU_VOICE) {
        x.filler = customer ? (l->customer_style == WU_CHATTY ? 0.07 : 0.05) : 0.03;
        x.start = customer ? 0.12 : 0.05;
        x.again = customer ? 0.03 : 0.015;
        x.pair = p->recognised ? 0.25 : 0.0;
        x.small = x.bare = p->recognised;
    } else if (customer) {
        const bool loose = l->customer_style == WU_CASUAL || l->customer_style == WU_TERSE;
        const bool slang = loose && wu_chance(r, 0.6);
        const bool letters = l->channel == WU_EMAIL;
        x.pairs = slang && !letters ? &n->slang : &n->typo;
        x.pair = slang && !letters ? 0.35 : l->typist ? 0.3 : 0.02;
        x.slip = l->typist ? 0.02 : 0.002;
        x.small = loose && !letters && wu_chance(r, 0.5);
        x.no_end = loose && !letters && wu_chance(r, 0.5);
    } else {
        x.pairs = &n->typo;
        x.pair = 0.01;
        x.slip = 0.001;
    }
    return x;
}

/* A slip of the fingers in a word of plain letters: two exchanged, one left out or doubled. */
static size_t slip(char *out, wu_str word, wu_rng *r) {
    size_t n = word.n;
    memcpy(out, word.p, n);
    for (size_t i = 0; i < n; i++)
        if (!(out[i] >= 'a' && out[i] <= 'z')) return n;
    const size_t at = 1 + wu_rng_below(r, (uint32_t)n - 2);
    switch (wu_rng_below(r, 3)) {
    case 0: {
        const char c = out[at];
        out[at] = out[at + 1];
        out[at + 1] = c;
        break;
    }
    case 1:
        memmove(out + at, out + at + 1, n - at - 1);
        n--;
        break;
    default:
        memmove(out + at + 1, out + at, n - at);
        n++;
        break;
    }
    return n;
}

enum { SLIP_MAX = 30 };

/* Writes the word at the start of s, changed or not; returns the bytes of s it stands for. */
static wu_code word(wu_buf *out, wu_str s, const rates *x, size_t *used, wu_rng *r) {
    size_t n = 0;
    while (n < s.n && s.p[n] != ' ') n++;
    *used = n;
    if (x->pair > 0.0 && wu_chance(r, x->pair)) {
        const int32_t i = find_pair(x->pairs, s, r);
        if (i >= 0) {
            *used = x->pairs->from[i].n;
            return wu_buf_add(out, x->pairs->to[i].p, x->pairs->to[i].n);
        }
    }
    if (n >= 4 && n < SLIP_MAX && x->slip > 0.0 && wu_chance(r, x->slip)) {
        char changed[SLIP_MAX + 1];
        return wu_buf_add(out, changed, slip(changed, (wu_str){s.p, n}, r));
    }
    return wu_buf_add(out, s.p, n);
}

static wu_code fill_pause(wu_buf *out, const wu_speech *p, const char *end, wu_rng *r) {
    const wu_list *f = &p->s->language[p->l->language].noise.filler;
    const wu_str s = f->line[wu_between(r, 0, f->n - 1)];
    const wu_code rc = wu_buf_add(out, s.p, s.n);
    return rc ? rc : wu_buf_str(out, end);
}

/* A short word said twice: "we we". */
static bool is_said_twice(wu_str text, size_t used, const rates *x, wu_rng *r) {
    if (x->again <= 0.0 || used == 0 || used > 3) return false;
    for (size_t i = 0; i < used; i++)
        if (!is_letter(text.p[i])) return false;
    return used < text.n && wu_chance(r, x->again);
}

/* As recognisers and hasty people write: small letters, marks left out. The marks within numbers,
 * addresses and words stay. */
static void flatten(wu_buf *b, size_t from, const rates *x) {
    size_t n = from;
    for (size_t i = from; i < b->n; i++) {
        const char c = b->p[i];
        const bool ends = i + 1 == b->n || b->p[i + 1] == ' ';
        const bool upturned =
            (unsigned char)c == 0xC2 && i + 1 < b->n &&
            ((unsigned char)b->p[i + 1] == 0xBF || (unsigned char)b->p[i + 1] == 0xA1);
        if (x->bare && upturned) {
            i++;
            continue;
        }
        if (x->bare && ends &&
            (c == '.' || c == ',' || c == '?' || c == '!' || c == ':' || c == ';'))
            continue;
        b->p[n++] = x->small ? lower(c) : c;
        if (x->small && (unsigned char)c == 0xC3 && i + 1 < b->n) {
            const unsigned char d = (unsigned char)b->p[++i];
            b->p[n++] = (char)(d >= 0x80 && d <= 0x9E && d != 0x97 ? d + 0x20 : d);
        }
    }
    if (x->no_end && n > from && b->p[n - 1] == '.') n--;
    b->n = n;
    if (b->p) b->p[n] = 0;
}

wu_code wu_turn_disturb(wu_buf *out, const wu_speech *speech, wu_by by, wu_str text, wu_rng *r) {
    const rates x = rates_of(speech, by, r);
    const size_t from = out->n;
    wu_code rc = WU_OK;
    if (x.start > 0.0 && wu_chance(r, x.start)) {
        rc = fill_pause(out, speech, x.bare ? " " : "... ", r);
        if (!rc && out->p[from] >= 'a' && out->p[from] <= 'z')
            out->p[from] = (char)(out->p[from] - 'a' + 'A');
    }
    for (size_t i = 0; !rc && i < text.n;) {
        size_t used;
        if (text.p[i] == ' ') {
            rc = wu_buf_char(out, text.p[i++]);
            const bool mark =
                i < text.n && strchr("?!:;", text.p[i]); /* French has a blank there */
            const bool within = !mark && out->n > 1 && !strchr(".?!", out->p[out->n - 2]);
            if (!rc && within && x.filler > 0.0 && wu_chance(r, x.filler))
                rc = fill_pause(out, speech, x.bare ? " " : ", ", r);
            continue;
        }
        const wu_str rest = {text.p + i, text.n - i};
        rc = word(out, rest, &x, &used, r);
        if (!rc && is_said_twice(rest, used, &x, r)) {
            rc = wu_buf_char(out, ' ');
            if (!rc) rc = wu_buf_add(out, rest.p, used);
        }
        i += used;
    }
    if (!rc) flatten(out, from, &x);
    return rc;
}

/* ------------------------------------------------------------------------------- damage */

/* A turn of a person, not the first; -1: there is none. */
static int32_t some_turn(const wu_speech *p, wu_rng *r) {
    for (int tries = 0; tries < 20 && p->n > 3; tries++) {
        const int32_t i = wu_between(r, 1, p->n - 1);
        if (p->said[i].by <= WU_BY_CUSTOMER) return i;
    }
    return -1;
}

void wu_damage_draw(wu_damage *out, const wu_speech *speech, wu_latent *l, bool none, wu_rng *r) {
    *out = (wu_damage){.swap = -1, .keep = speech->n};
    const bool swap = wu_chance(r, 0.05), lost = wu_chance(r, 0.03), cut = wu_chance(r, 0.02),
               alone = wu_chance(r, 0.01);
    const double part = 0.5 + 0.4 * wu_rng_unit(r);
    const uint32_t members = 1u + wu_rng_below(r, 127);
    if (none) return;
    if (swap && (out->swap = some_turn(speech, r)) >= 0) l->noise |= WU_NOISE_SPEAKER;
    if (lost) {
        out->missing = members;
        l->noise |= WU_NOISE_METADATA;
    }
    if (cut && speech->n > 8) {
        out->keep = (int32_t)(part * speech->n);
        l->noise |= WU_NOISE_TRUNCATED;
        if (out->swap >= out->keep) {
            out->swap = -1;
            l->noise &= ~(uint32_t)WU_NOISE_SPEAKER;
        }
    }
    if (alone) {
        out->no_agent = true;
        l->noise |= WU_NOISE_NO_AGENT;
    }
}
