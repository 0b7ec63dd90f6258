/* bag.c - documents as bags of words (fit.h). */
#include "base/hash.h"
#include "contact/synth/fit.h"

#include <stdlib.h>
#include <string.h>

typedef struct word {
    wu_str text;
    uint64_t hash;
    int32_t documents, last; /* in how many it is, and the newest of them */
    int32_t col;             /* of the rows made last, or -1 */
} word;

typedef struct use { /* a word in a document */
    int32_t word, document;
} use;

struct wu_bag {
    wu_arena arena;
    word *word; /* [n_word] */
    int32_t n_word, max_word;
    int32_t *slot; /* hash table of indices + 1; n_slot is a power of 2 */
    uint32_t n_slot;
    use *use;
    int64_t n_use, max_use;
    int32_t n_document;
    int32_t *of_col; /* words by column */
};

wu_code wu_bag_create(wu_bag **out) {
    wu_bag *b = calloc(1, sizeof(*b));
    *out = b;
    if (!b) return WU_ENOMEM;
    b->n_slot = 1u << 12;
    b->slot = calloc(b->n_slot, sizeof(*b->slot));
    if (b->slot) return WU_OK;
    wu_bag_free(b);
    *out = NULL;
    return WU_ENOMEM;
}

void wu_bag_free(wu_bag *b) {
    if (!b) return;
    wu_arena_free(&b->arena);
    free(b->word);
    free(b->slot);
    free(b->use);
    free(b->of_col);
    free(b);
}

/* Where a word is, or where it would be. */
static uint32_t find(const wu_bag *b, uint64_t hash, wu_str text) {
    uint32_t at = (uint32_t)hash & (b->n_slot - 1);
    for (; b->slot[at]; at = (at + 1) & (b->n_slot - 1)) {
        const word *w = &b->word[b->slot[at] - 1];
        if (w->hash == hash && wu_str_eq(w->text, text)) break;
    }
    return at;
}

static wu_code grow_table(wu_bag *b) {
    int32_t *old = b->slot;
    if (b->n_slot == 0 || b->n_slot > UINT32_MAX / 4) return WU_ENOMEM;
    int32_t *slot = calloc((size_t)b->n_slot * 2, sizeof(*slot));
    if (!slot) return WU_ENOMEM;
    b->slot = slot;
    b->n_slot *= 2;
    for (int32_t i = 0; i < b->n_word; i++)
        b->slot[find(b, b->word[i].hash, b->word[i].text)] = i + 1;
    free(old);
    return WU_OK;
}

static wu_code new_word(wu_bag *b, uint64_t hash, wu_str text, int32_t *out) {
    wu_code rc;
    if (b->n_word == b->max_word) {
        size_t bytes;
        const int32_t more = b->max_word ? 2 * b->max_word : 1024;
        if (more < 0 || !wu_mul_size(&bytes, (size_t)more, sizeof(word))) return WU_ENOMEM;
        word *p = realloc(b->word, bytes);
        if (!p) return WU_ENOMEM;
        b->word = p;
        b->max_word = more;
    }
    if ((uint32_t)b->n_word * 2 >= b->n_slot && (rc = grow_table(b))) return rc;
    char *copy = wu_arena_alloc(&b->arena, text.n);
    if (!copy) return WU_ENOMEM;
    memcpy(copy, text.p, text.n);
    b->word[b->n_word] = (word){.text = {copy, text.n}, .hash = hash, .last = -1};
    b->slot[find(b, hash, text)] = ++b->n_word;
    *out = b->n_word - 1;
    return WU_OK;
}

static wu_code count_word(wu_bag *b, wu_str text) {
    const uint64_t hash = wu_hash64(text.p, text.n);
    int32_t i = b->slot[find(b, hash, text)] - 1;
    wu_code rc;
    if (i < 0 && (rc = new_word(b, hash, text, &i))) return rc;
    if (b->n_use == b->max_use) {
        const int64_t more = b->max_use ? 2 * b->max_use : 1 << 16;
        use *p = realloc(b->use, (size_t)more * sizeof(*p));
        if (!p) return WU_ENOMEM;
        b->use = p;
        b->max_use = more;
    }
    const int32_t document = b->n_document - 1;
    b->word[i].documents += b->word[i].last != document;
    b->word[i].last = document;
    b->use[b->n_use++] = (use){i, document};
    return WU_OK;
}

wu_code wu_bag_begin(wu_bag *b) {
    if (b->n_document == INT32_MAX) return WU_ENOMEM;
    b->n_document++;
    return WU_OK;
}

static bool is_letter(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '\'' || c >= 0x80;
}

wu_code wu_bag_add(wu_bag *b, wu_str text, bool pairs) {
    enum { LONGEST = 40 }; /* bytes of a word; the rest of it does not count */
    char both[2 * LONGEST + 2];
    size_t before = 0; /* length of the word before, at the beginning of both */
    for (size_t i = 0; i < text.n;) {
        size_t n = 0;
        const size_t start = i;
        char *now = both + before + (before > 0);
        for (; i < text.n && is_letter((unsigned char)text.p[i]); i++) {
            const char c = text.p[i];
            if (n < LONGEST) now[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        }
        if (i - start > n) /* not within a character */
            while (n > 0 && ((unsigned char)text.p[start + n] & 0xC0) == 0x80) n--;
        if (n == 0) {
            i++;
            continue;
        }
        wu_code rc = count_word(b, (wu_str){now, n});
        if (rc) return rc;
        if (pairs && before > 0) {
            both[before] = ' ';
            if ((rc = count_word(b, (wu_str){both, before + 1 + n}))) return rc;
        }
        memmove(both, now, n);
        before = n;
    }
    return WU_OK;
}

/* -------------------------------------------------------------------------------- rows */

static int by_document(const void *a_, const void *b_) {
    const use *a = a_, *b = b_;
    if (a->document != b->document) return a->document < b->document ? -1 : 1;
    return a->word < b->word ? -1 : a->word > b->word;
}

static wu_code set_columns(wu_bag *b, int32_t least, int32_t *n_col) {
    free(b->of_col);
    b->of_col = malloc(((size_t)b->n_word + 1) * sizeof(*b->of_col));
    if (!b->of_col) return WU_ENOMEM;
    *n_col = 0;
    for (int32_t i = 0; i < b->n_word; i++) {
        b->word[i].col = b->word[i].documents >= least ? *n_col : -1;
        if (b->word[i].col >= 0) b->of_col[(*n_col)++] = i;
    }
    return WU_OK;
}

wu_code wu_bag_rows(wu_bag *b, int32_t least, wu_sparse *out) {
    *out = (wu_sparse){.n_row = b->n_document};
    wu_code rc = set_columns(b, least, &out->n_col);
    out->start = calloc((size_t)b->n_document + 1, sizeof(*out->start));
    out->col = malloc(((size_t)b->n_use + 1) * sizeof(*out->col));
    out->value = malloc(((size_t)b->n_use + 1) * sizeof(*out->value));
    if (rc || !out->start || !out->col || !out->value) {
        wu_sparse_free(out);
        return WU_ENOMEM;
    }
    if (b->n_use > 0) qsort(b->use, (size_t)b->n_use, sizeof(*b->use), by_document);
    int64_t n = 0, k = 0;
    for (int32_t d = 0; d < b->n_document; d++) {
        const int64_t first = n;
        for (; k < b->n_use && b->use[k].document == d; k++) {
            const int32_t col = b->word[b->use[k].word].col;
            if (col < 0) continue;
            if (n > first && out->col[n - 1] == col) {
                out->value[n - 1] += 1.0;
                continue;
            }
            out->col[n] = col;
            out->value[n++] = 1.0;
        }
        out->start[d + 1] = n;
    }
    return WU_OK;
}

wu_str wu_bag_word(const wu_bag *b, int32_t col) { return b->word[b->of_col[col]].text; }
