/* shingle.c - sets of word sequences and their sketches (shingle.h). */
#include "contact/set/shingle.h"

#include "base/arena.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of characters beyond ASCII are taken as letters: good enough to compare by. */
static bool is_word(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/* The hash of the next word from *at (FNV-1a: words are short); false at the end. */
static bool next_word(wu_str s, size_t *at, uint64_t *word) {
    size_t i = *at;
    uint64_t h = 0xCBF29CE484222325u;
    while (i < s.n && !is_word((unsigned char)s.p[i])) i++;
    const size_t start = i;
    for (; i < s.n && is_word((unsigned char)s.p[i]); i++) {
        const unsigned char c = (unsigned char)s.p[i];
        h = (h ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 0x100000001B3u;
    }
    *at = i;
    *word = h;
    return i > start;
}

/* The finaliser of MurmurHash3: every bit of the input reaches every bit. */
static uint64_t mix(uint64_t h) {
    h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCDu;
    h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53u;
    return h ^ (h >> 33);
}

static int ascending(const void *a_, const void *b_) {
    const uint64_t a = *(const uint64_t *)a_, b = *(const uint64_t *)b_;
    return a < b ? -1 : a > b;
}

static wu_code add(wu_shingles *s, uint64_t h) {
    if (s->n == s->max) {
        size_t bytes;
        if (s->max > INT32_MAX / 2) return WU_ENOMEM;
        const int32_t more = s->max ? 2 * s->max : 256;
        if (!wu_mul_size(&bytes, (size_t)more, sizeof(*s->hash))) return WU_ENOMEM;
        uint64_t *p = realloc(s->hash, bytes);
        if (!p) return WU_ENOMEM;
        s->hash = p;
        s->max = more;
    }
    s->hash[s->n++] = h;
    return WU_OK;
}

static void make_set(wu_shingles *s) {
    int32_t n = 0;
    if (s->n == 0) return;
    qsort(s->hash, (size_t)s->n, sizeof(*s->hash), ascending);
    for (int32_t i = 0; i < s->n; i++)
        if (n == 0 || s->hash[i] != s->hash[n - 1]) s->hash[n++] = s->hash[i];
    s->n = n;
}

wu_code wu_shingles_of(wu_shingles *s, wu_str text) {
    uint64_t last[WU_SHINGLE_WORDS] = {0}, word; /* the newest words, the newest last */
    wu_code rc;
    s->n = 0;
    s->text = 0;
    int64_t n_word = 0;
    for (size_t at = 0; next_word(text, &at, &word); n_word++) {
        s->text = mix(s->text * 31 + word);
        memmove(last, last + 1, sizeof(last) - sizeof(last[0]));
        last[WU_SHINGLE_WORDS - 1] = word;
        if (n_word + 1 < WU_SHINGLE_WORDS) continue;
        uint64_t h = 0;
        for (int i = 0; i < WU_SHINGLE_WORDS; i++) h = mix(h * 31 + last[i]);
        if ((rc = add(s, h))) return rc;
    }
    if (n_word > 0 && n_word < WU_SHINGLE_WORDS && (rc = add(s, s->text))) return rc;
    make_set(s);
    return WU_OK;
}

void wu_shingles_free(wu_shingles *s) {
    free(s->hash);
    *s = (wu_shingles){0};
}

double wu_shingles_similarity(const wu_shingles *a, const wu_shingles *b) {
    int32_t i = 0, k = 0, both = 0;
    while (i < a->n && k < b->n) {
        if (a->hash[i] == b->hash[k]) {
            both++;
            i++;
            k++;
        } else if (a->hash[i] < b->hash[k]) {
            i++;
        } else {
            k++;
        }
    }
    const int32_t all = a->n + b->n - both;
    return all ? (double)both / (double)all : 1.0;
}

/* Function k maps h to the upper half of (h * a_k + b_k); a_k is odd. */
void wu_sketch_of(uint32_t sketch[WU_SKETCH], const wu_shingles *s) {
    for (int k = 0; k < WU_SKETCH; k++) {
        const uint64_t a = mix(2 * (uint64_t)k + 1) | 1, b = mix(2 * (uint64_t)k + 2);
        uint32_t least = UINT32_MAX;
        for (int32_t i = 0; i < s->n; i++) {
            const uint32_t h = (uint32_t)((s->hash[i] * a + b) >> 32);
            if (h < least) least = h;
        }
        sketch[k] = least;
    }
}

/* a to the n */
static double power(double a, int32_t n) {
    double p = 1.0;
    while (n-- > 0) p *= a;
    return p;
}

wu_bands wu_bands_for(double t) {
    int32_t n_row = 1;
    for (int32_t r = 2; r <= WU_SKETCH; r++)
        if (power(1.0 - power(t, r), WU_SKETCH / r) <= 0.005) n_row = r;
    return (wu_bands){WU_SKETCH / n_row, n_row};
}

uint64_t wu_band_hash(const uint32_t sketch[WU_SKETCH], wu_bands b, int32_t band) {
    return wu_hash64(sketch + (size_t)band * (size_t)b.n_row, (size_t)b.n_row * sizeof(sketch[0])) ^
           mix((uint64_t)band);
}
