/* lexicon.c - the tables of redaction as maps: words, number words, phrases. */
#include "base/hash.h"
#include "contact/redact/redact_impl.h"
#include "contact/table.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- maps ---- */

bool wu_room(void **p, size_t *cap, size_t n, size_t size) {
    size_t bytes, more = *cap ? *cap : 16;
    if (n <= *cap) return true;
    while (more < n) {
        if (more > SIZE_MAX / 2) return false;
        more *= 2;
    }
    if (!wu_mul_size(&bytes, more, size)) return false;
    void *grown = realloc(*p, bytes);
    if (!grown) return false;
    *p = grown;
    *cap = more;
    return true;
}

static size_t slot_of(const wu_keymap *m, uint64_t key) {
    size_t i = (size_t)((key * 0x9E3779B97F4A7C15u) >> 20) & (m->cap - 1);
    while (m->key[i] && m->key[i] != key) i = (i + 1) & (m->cap - 1);
    return i;
}

int32_t wu_keymap_get(const wu_keymap *m, uint64_t key) {
    if (m->n == 0) return -1;
    const size_t i = slot_of(m, key);
    return m->key[i] ? m->value[i] : -1;
}

static bool enlarge(wu_keymap *m) {
    const size_t cap = m->cap ? 2 * m->cap : 64;
    wu_keymap big = {calloc(cap, sizeof(*big.key)), calloc(cap, sizeof(*big.value)), m->n, cap};
    if (!big.key || !big.value) {
        wu_keymap_free(&big);
        return false;
    }
    for (size_t i = 0; i < m->cap; i++) {
        if (!m->key[i]) continue;
        const size_t k = slot_of(&big, m->key[i]);
        big.key[k] = m->key[i];
        big.value[k] = m->value[i];
    }
    wu_keymap_free(m);
    *m = big;
    return true;
}

int32_t *wu_keymap_put(wu_keymap *m, uint64_t key) {
    if (2 * (m->n + 1) > m->cap && !enlarge(m)) return NULL;
    const size_t i = slot_of(m, key);
    if (!m->key[i]) {
        m->key[i] = key;
        m->value[i] = -1;
        m->n++;
    }
    return &m->value[i];
}

void wu_keymap_clear(wu_keymap *m) {
    if (m->n) memset(m->key, 0, m->cap * sizeof(*m->key));
    m->n = 0;
}

void wu_keymap_free(wu_keymap *m) {
    free(m->key);
    free(m->value);
    *m = (wu_keymap){0};
}

/* ---- keys ---- */

/* Latin letters of U+00C0 to U+017F without their accents. */
static const char latin[] = "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiijjjkkklllllll"
                            "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

size_t wu_word_fold(char *out, size_t size, wu_str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 4 < size;) {
        const unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80) {
            out[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;
            i++;
            continue;
        }
        int len = 1;
        const uint32_t u = wu_utf8_code((wu_str){s.p + i, s.n - i}, &len);
        if (u == 0xDF) { /* sharp s */
            out[n++] = 's';
            out[n++] = 's';
        } else if (u >= 0xC0 && u <= 0x17F) {
            out[n++] = latin[u - 0xC0];
        } else if (u == 0x2019) {
            out[n++] = '\'';
        } else if (!(u >= 0x300 && u <= 0x36F)) { /* loose accents are dropped */
            memcpy(out + n, s.p + i, (size_t)len);
            n += (size_t)len;
        }
        i += (size_t)len;
    }
    return n;
}

uint64_t wu_word_key(wu_str s) {
    char folded[80];
    const size_t n = wu_word_fold(folded, sizeof(folded), s);
    const uint64_t key = wu_hash64(folded, n);
    return key ? key : 1;
}

/* ---- words ---- */

static wu_word *word_of(wu_lexicon *x, wu_str s, int32_t *index) {
    int32_t *at = wu_keymap_put(&x->index, wu_word_key(s));
    if (!at) return NULL;
    if (*at < 0) {
        if (!wu_room((void **)&x->word, &x->max_word, x->n_word + 1, sizeof(*x->word))) return NULL;
        x->word[x->n_word] = (wu_word){0};
        *at = (int32_t)x->n_word++;
    }
    if (index) *index = *at;
    return &x->word[*at];
}

static bool mark_words(wu_lexicon *x, wu_str line, uint32_t flag) {
    for (size_t i = 0; i < line.n;) {
        size_t end = i;
        while (end < line.n && line.p[end] != ' ') end++;
        if (end > i) {
            wu_word *w = word_of(x, (wu_str){line.p + i, end - i}, NULL);
            if (!w) return false;
            w->flags |= flag;
        }
        i = end + 1;
    }
    return true;
}

/* ---- phrases ---- */

static bool node_new(wu_lexicon *x, int32_t *node) {
    if (!wu_room((void **)&x->cue, &x->max_cue, x->n_node + 1, sizeof(*x->cue)) ||
        !wu_room((void **)&x->type, &x->max_type, x->n_node + 1, sizeof(*x->type)))
        return false;
    x->cue[x->n_node] = WU_CUE_NONE;
    x->type[x->n_node] = -1;
    *node = (int32_t)x->n_node++;
    return true;
}

static bool is_apostrophe(wu_str s, size_t i) {
    return s.p[i] == '\'' || (i + 2 < s.n && memcmp(s.p + i, "\xE2\x80\x99", 3) == 0);
}

/* The next word of a phrase: letters, digits and apostrophes, as tokens.c divides text. */
static bool next_word(wu_str s, size_t *at, wu_str *word) {
    size_t i = *at;
    const size_t n = s.n;
#define IS_DIGIT(c) ((c) >= '0' && (c) <= '9')
#define IS_LETTER(c)                                                                               \
    (((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || (unsigned char)(c) >= 0x80)
    while (i < n && !IS_DIGIT(s.p[i]) && !IS_LETTER(s.p[i])) i++;
    const size_t start = i;
    if (i < n && IS_DIGIT(s.p[i])) {
        while (i < n && IS_DIGIT(s.p[i])) i++;
    } else {
        while (i < n &&
               (IS_LETTER(s.p[i]) || (is_apostrophe(s, i) && i + 1 < n && IS_LETTER(s.p[i + 1]))))
            i++;
    }
#undef IS_DIGIT
#undef IS_LETTER
    *word = (wu_str){s.p + start, i - start};
    *at = i;
    return i > start;
}

static bool add_phrase(wu_lexicon *x, wu_str phrase, wu_cue cue, int32_t type, bool *empty) {
    int32_t node = 0;
    wu_str w;
    for (size_t at = 0; next_word(phrase, &at, &w);) {
        int32_t index, *next;
        if (!word_of(x, w, &index)) return false;
        const uint64_t key = ((uint64_t)(uint32_t)node << 32 | (uint32_t)index) + 1;
        if (!(next = wu_keymap_put(&x->edge, key))) return false;
        if (*next < 0 && !node_new(x, next)) return false;
        node = *next;
    }
    if (empty) *empty = node == 0;
    if (node == 0) return true;
    if (cue) x->cue[node] = (uint8_t)cue;
    if (type >= 0) x->type[node] = type;
    return true;
}

bool wu_lexicon_phrase(wu_lexicon *x, wu_str phrase, int32_t type, bool *empty) {
    return add_phrase(x, phrase, WU_CUE_NONE, type, empty);
}

/* Adds line with each choice of its alternatives "(a|b)". */
static bool expand(wu_lexicon *x, wu_str line, wu_cue cue) {
    const char *open = memchr(line.p, '(', line.n);
    const size_t at = open ? (size_t)(open - line.p) : 0;
    const char *close = open ? memchr(open, ')', line.n - at) : NULL;
    if (!close) return add_phrase(x, line, cue, -1, NULL);
    for (const char *p = open + 1;;) {
        char text[512];
        const char *end = p;
        while (end < close && *end != '|') end++;
        const int n = snprintf(text, sizeof(text), "%.*s%.*s%.*s", (int)at, line.p, (int)(end - p),
                               p, (int)(line.n - (size_t)(close + 1 - line.p)), close + 1);
        if (n > 0 && (size_t)n < sizeof(text) && !expand(x, (wu_str){text, (size_t)n}, cue))
            return false;
        if (end == close) return true;
        p = end + 1;
    }
}

/* ---- number words ---- */

/* "twenty 20+": see cues.txt. False if the form is wrong. */
static bool read_spoken(wu_spoken *s, wu_str form) {
    size_t n = 0;
    uint32_t value = 0;
    *s = (wu_spoken){0};
    if (form.n == 2 && form.p[0] == 'x' && form.p[1] >= '2' && form.p[1] <= '9') {
        s->kind = WU_SPOKEN_REPEAT;
        s->value = (uint8_t)(form.p[1] - '0');
        return true;
    }
    while (n < form.n && form.p[n] >= '0' && form.p[n] <= '9')
        value = 10 * value + (uint32_t)(form.p[n++] - '0');
    if (n == 0 || n > 3 || form.n - n > 2) return false;
    s->width = (uint8_t)n;
    s->value = (uint8_t)(value % 100);
    s->hundreds = (uint8_t)(value / 100);
    s->kind = WU_SPOKEN_DIGITS;
    if (form.n > n && form.p[n] != '+') return false;
    if (form.n == n + 1) s->kind = WU_SPOKEN_TENS;
    if (form.n == n + 2) s->kind = WU_SPOKEN_TEENS;
    if (n > 1 && value == 0) s->kind = WU_SPOKEN_ZEROS;
    if (n == 3 && value > 0) s->kind = WU_SPOKEN_HUNDREDS;
    return true;
}

static wu_code add_number(wu_lexicon *x, wu_str line, int lang, const char *name, wu_err *err) {
    const char *blank = memchr(line.p, ' ', line.n);
    const size_t n = blank ? (size_t)(blank - line.p) : 0;
    wu_spoken s;
    if (!blank || !read_spoken(&s, (wu_str){blank + 1, line.n - n - 1}))
        return wu_fail(err, WU_EDATA, "%s: \"%.*s\" is not a word and its digits", name,
                       (int)WU_MIN(line.n, 40), line.p);
    wu_word *w = word_of(x, (wu_str){line.p, n}, NULL);
    if (!w) return WU_ENOMEM;
    w->flags |= WU_W_NUMBER;
    w->spoken[lang] = s;
    return WU_OK;
}

/* German says the ones first, as one word: vierunddreissig. */
static bool add_german(wu_lexicon *x, int lang) {
    static const char *const one[] = {"ein",   "zwei",   "drei", "vier", "funf", "fuenf",
                                      "sechs", "sieben", "acht", "neun", "zwo"};
    static const uint8_t one_value[] = {1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 2};
    static const char *const ten[] = {"zwanzig", "dreissig", "vierzig", "funfzig", "fuenfzig",
                                      "sechzig", "siebzig",  "achtzig", "neunzig"};
    static const uint8_t ten_value[] = {20, 30, 40, 50, 50, 60, 70, 80, 90};
    for (size_t i = 0; i < WU_LEN(one); i++) {
        for (size_t k = 0; k < WU_LEN(ten); k++) {
            char text[40];
            const int n = snprintf(text, sizeof(text), "%sund%s", one[i], ten[k]);
            wu_word *w = word_of(x, (wu_str){text, (size_t)n}, NULL);
            if (!w) return false;
            w->flags |= WU_W_NUMBER;
            w->spoken[lang] =
                (wu_spoken){WU_SPOKEN_DIGITS, (uint8_t)(ten_value[k] + one_value[i]), 2, 0};
        }
    }
    return true;
}

/* ---- sections ---- */

static const char *const langs[WU_N_LANG] = {"en", "es", "fr", "de"};

static const struct kind {
    const char *name;
    wu_cue cue;    /* of a section of phrases */
    uint32_t flag; /* of a section of words */
} kinds[] = {
    {"cue card", WU_CUE_CARD, 0},
    {"cue cvv", WU_CUE_CVV, 0},
    {"cue pin", WU_CUE_PIN, 0},
    {"cue ssn", WU_CUE_SSN, 0},
    {"cue ssn4", WU_CUE_SSN4, 0},
    {"cue phone", WU_CUE_PHONE, 0},
    {"cue email", WU_CUE_EMAIL, 0},
    {"cue iban", WU_CUE_IBAN, 0},
    {"cue address", WU_CUE_ADDRESS, 0},
    {"cue dob", WU_CUE_DOB, 0},
    {"cue name", WU_CUE_NAME, 0},
    {"cue other", WU_CUE_OTHER, 0},
    {"cue version", WU_CUE_VERSION, 0},
    {"cue neutral", WU_CUE_NEUTRAL, 0},
    {"name sure", WU_CUE_NAME_SURE, 0},
    {"name capital", WU_CUE_NAME_CAPITAL, 0},
    {"name maybe", WU_CUE_NAME_MAYBE, 0},
    {"name after", WU_CUE_NAME_AFTER, 0},
    {"filler", WU_CUE_NONE, WU_W_FILLER},
    {"month", WU_CUE_NONE, WU_W_MONTH},
    {"ordinal", WU_CUE_NONE, WU_W_ORDINAL},
    {"date", WU_CUE_NONE, WU_W_DATE},
    {"at", WU_CUE_NONE, WU_W_AT},
    {"dot", WU_CUE_NONE, WU_W_DOT},
    {"join", WU_CUE_NONE, WU_W_JOIN},
    {"host", WU_CUE_NONE, WU_W_HOST},
    {"top", WU_CUE_NONE, WU_W_TOP},
    {"street sure", WU_CUE_NONE, WU_W_STREET_SURE},
    {"street maybe", WU_CUE_NONE, WU_W_STREET_MAYBE},
    {"street before", WU_CUE_NONE, WU_W_STREET_BEFORE},
    {"unit", WU_CUE_NONE, WU_W_UNIT},
    {"compass", WU_CUE_NONE, WU_W_COMPASS},
    {"particle", WU_CUE_NONE, WU_W_PARTICLE},
};

static int lang_of(wu_str name) {
    for (int i = 0; i < WU_N_LANG; i++)
        if (name.n > 3 && memcmp(name.p, langs[i], 2) == 0 && name.p[2] == ' ') return i;
    return -1;
}

static bool add_suffix(wu_lexicon *x, wu_str line, bool is_sure) {
    if (x->n_suffix >= (int)WU_LEN(x->suffix) || line.n >= sizeof(x->suffix[0])) return false;
    x->suffix_is_sure[x->n_suffix] = is_sure;
    memcpy(x->suffix[x->n_suffix], line.p, line.n);
    x->suffix[x->n_suffix++][line.n] = 0;
    return true;
}

static wu_code read_section(wu_lexicon *x, const wu_section *s, const char *name, wu_err *err) {
    const int lang = lang_of(s->name);
    const wu_str what = lang < 0 ? s->name : (wu_str){s->name.p + 3, s->name.n - 3};
    const struct kind *k = NULL;
    const bool is_digits = wu_str_eq(what, WU_STR("digits"));
    const bool is_sure = wu_str_eq(what, WU_STR("street end sure"));
    const bool is_suffix = is_sure || wu_str_eq(what, WU_STR("street end"));
    for (size_t i = 0; i < WU_LEN(kinds); i++)
        if (wu_str_eq(what, wu_str_of(kinds[i].name))) k = &kinds[i];
    if (lang < 0 || !(k || is_digits || is_suffix))
        return wu_fail(err, WU_EDATA, "%s:%d: there is no section \"%.*s\"", name, s->at,
                       (int)WU_MIN(s->name.n, 60), s->name.p);
    for (int32_t i = 0; i < s->n_line; i++) {
        wu_code rc = WU_OK;
        if (is_digits)
            rc = add_number(x, s->line[i], lang, name, err);
        else if (is_suffix && !add_suffix(x, s->line[i], is_sure))
            rc = wu_fail(err, WU_EDATA, "%s:%d: too many endings of street names, or a long one",
                         name, s->at);
        else if (k && ((k->cue && !expand(x, s->line[i], k->cue)) ||
                       (!k->cue && k->flag && !mark_words(x, s->line[i], k->flag))))
            rc = WU_ENOMEM;
        if (rc) return rc;
    }
    return is_digits && lang == 3 && !add_german(x, lang) ? WU_ENOMEM : WU_OK;
}

static wu_code read_words(wu_lexicon *x, const wu_table *t, const char *name, wu_err *err) {
    for (int32_t i = 0; i < t->n_section; i++) {
        const wu_section *s = &t->section[i];
        uint32_t flag = 0;
        if (wu_str_eq(s->name, WU_STR("common"))) flag = WU_W_COMMON;
        if (wu_str_eq(s->name, WU_STR("given"))) flag = WU_W_GIVEN;
        if (wu_str_eq(s->name, WU_STR("given capital"))) flag = WU_W_GIVEN_CAPITAL;
        if (!flag)
            return wu_fail(err, WU_EDATA, "%s:%d: there is no section \"%.*s\"", name, s->at,
                           (int)WU_MIN(s->name.n, 60), s->name.p);
        for (int32_t k = 0; k < s->n_line; k++)
            if (!mark_words(x, s->line[k], flag)) return WU_ENOMEM;
    }
    return WU_OK;
}

wu_code wu_lexicon_read(wu_lexicon *x, const char *dir, wu_err *err) {
    static const char cues[] = "redact/cues.txt", words[] = "redact/words.txt";
    wu_table t = {0};
    int32_t root;
    wu_code rc;

    if (!node_new(x, &root)) return wu_fail(err, WU_ENOMEM, "%s: out of memory", cues);
    if ((rc = wu_table_read(&t, dir, cues, err))) goto done;
    for (int32_t i = 0; i < t.n_section; i++) {
        if ((rc = read_section(x, &t.section[i], cues, err))) {
            if (rc == WU_ENOMEM) wu_fail(err, rc, "%s: out of memory", cues);
            goto done;
        }
    }
    wu_table_free(&t);
    if ((rc = wu_table_read(&t, dir, words, err))) goto done;
    if ((rc = read_words(x, &t, words, err)) == WU_ENOMEM)
        wu_fail(err, rc, "%s: out of memory", words);
done:
    wu_table_free(&t);
    return rc;
}

void wu_lexicon_free(wu_lexicon *x) {
    wu_keymap_free(&x->index);
    wu_keymap_free(&x->edge);
    free(x->word);
    free(x->cue);
    free(x->type);
    *x = (wu_lexicon){0};
}
