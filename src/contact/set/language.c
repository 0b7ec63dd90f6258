/* language.c - which language's little words a text has (language.h). */
#include "contact/set/language.h"

#include "base/hash.h"
#include "contact/table.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_LANGUAGE = 32,
    MAX_NAME = 16,
    MAX_WORD = 32,  /* bytes; longer words are not little */
    ENOUGH = 2000,  /* words of a text that are looked at */
    LEAST_HITS = 3, /* of the language that wins */
};

typedef struct slot {
    uint64_t word;  /* hash; 0: free */
    uint32_t which; /* bit set of languages */
} slot;

struct wu_languages {
    char name[MAX_LANGUAGE][MAX_NAME];
    int n;
    slot *slot; /* [n_slot], a power of two */
    size_t n_slot;
};

static slot *find(const wu_languages *l, uint64_t word) {
    size_t i = (size_t)word & (l->n_slot - 1);
    while (l->slot[i].word && l->slot[i].word != word) i = (i + 1) & (l->n_slot - 1);
    return &l->slot[i];
}

/* The next word of a line or text: letters, an apostrophe ends one. ASCII and the second half of
 * Latin-1 are made small. False at the end; *word is 0 for one that is too long. */
static bool next_word(wu_str s, size_t *at, uint64_t *word) {
    char small[MAX_WORD];
    size_t i = *at, n = 0;
    bool too_long = false;
    for (; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
        if (!letter && n == 0) continue;
        if (!letter) break;
        if (n == MAX_WORD)
            too_long = true;
        else
            small[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        if (n >= 2 && (unsigned char)small[n - 2] == 0xC3 && c >= 0x80 && c <= 0x9E && c != 0x97)
            small[n - 1] = (char)(c + 0x20);
    }
    *at = i;
    *word = n == 0 || too_long ? 0 : wu_hash64(small, n);
    return n > 0;
}

static wu_code read_section(wu_languages *l, const wu_section *s, wu_err *err) {
    if (l->n == MAX_LANGUAGE || s->name.n >= MAX_NAME)
        return wu_fail(err, WU_EDATA, "languages.txt:%d: too many languages, or too long a name",
                       s->at);
    memcpy(l->name[l->n], s->name.p, s->name.n);
    for (int32_t i = 0; i < s->n_line; i++) {
        uint64_t word;
        for (size_t at = 0; next_word(s->line[i], &at, &word);) {
            if (word == 0) continue;
            slot *e = find(l, word);
            e->word = word;
            e->which |= 1u << l->n;
        }
    }
    l->n++;
    return WU_OK;
}

wu_code wu_languages_read(wu_languages **out, wu_err *err) {
    wu_table t = {0};
    wu_languages *l = calloc(1, sizeof(*l));
    size_t bytes = 0;
    *out = NULL;
    wu_code rc = l ? wu_table_read(&t, NULL, "languages.txt", err)
                   : wu_fail(err, WU_ENOMEM, "languages.txt: out of memory");
    for (int32_t i = 0; !rc && i < t.n_section; i++)
        for (int32_t k = 0; k < t.section[i].n_line; k++) bytes += t.section[i].line[k].n;
    if (!rc) {
        /* A word takes a byte at least, so slots stay free. */
        for (l->n_slot = 64; l->n_slot < bytes + 2;) l->n_slot *= 2;
        l->slot = calloc(l->n_slot, sizeof(*l->slot));
        if (!l->slot) rc = wu_fail(err, WU_ENOMEM, "languages.txt: out of memory");
    }
    for (int32_t i = 0; !rc && i < t.n_section; i++) rc = read_section(l, &t.section[i], err);
    wu_table_free(&t);
    if (rc)
        wu_languages_free(l);
    else
        *out = l;
    return rc;
}

void wu_languages_free(wu_languages *l) {
    if (!l) return;
    free(l->slot);
    free(l);
}

/* A word that k languages have says 12 / k for each. */
const char *wu_language_guess(const wu_languages *l, wu_str text) {
    int32_t points[MAX_LANGUAGE] = {0}, hits[MAX_LANGUAGE] = {0};
    uint64_t word;
    size_t at = 0;
    for (int n = 0; n < ENOUGH && next_word(text, &at, &word); n++) {
        const uint32_t which = word ? find(l, word)->which : 0;
        int k = 0;
        for (uint32_t left = which; left; left &= left - 1) k++;
        for (int i = 0; which && i < l->n; i++) {
            if (!(which >> i & 1)) continue;
            points[i] += 12 / k;
            hits[i]++;
        }
    }
    int best = 0;
    int32_t second = 0;
    for (int i = 1; i < l->n; i++)
        if (points[i] > points[best]) best = i;
    for (int i = 0; i < l->n; i++)
        if (i != best && points[i] > second) second = points[i];
    const bool clear = hits[best] >= LEAST_HITS && 2 * points[best] >= 3 * second;
    return clear ? l->name[best] : NULL;
}
