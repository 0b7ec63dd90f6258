/* find_names.c - names of people: behind the phrases that introduce them, in answers to the
 * question for them, from the record's own data, and every later mention of one found so. */
#include "base/hash.h"
#include "contact/redact/redact_impl.h"

#include <string.h>

enum { GIVEN = WU_W_GIVEN | WU_W_GIVEN_CAPITAL };

static bool is_word(const wu_redactor *r, int32_t t) {
    return t >= 0 && r->token[t].kind == WU_T_WORD;
}
static int32_t next(const wu_redactor *r, int32_t t) {
    return t < 0 ? -1 : wu_token_near(r, t, t + 1);
}

/* A word with a capital that may be part of a name. */
static bool is_capital_name(const wu_redactor *r, int32_t t) {
    if (!is_word(r, t) || !r->token[t].capital || r->token[t].in_cue) return false;
    const uint32_t f = wu_token_flags(r, t);
    if (f & WU_W_MONTH && !(f & WU_W_GIVEN_CAPITAL)) return false;
    return (f & GIVEN) || !(f & (WU_W_COMMON | WU_W_NUMBER));
}

/* A word in small letters that may be: not a common one, not one that is two things. */
static bool is_small_name(const wu_redactor *r, int32_t t) {
    if (!is_word(r, t) || r->token[t].capital || r->token[t].in_cue) return false;
    const uint32_t f = wu_token_flags(r, t);
    if (f & WU_W_GIVEN) return true;
    if (wu_token_text(r, t).n < 2) return false;
    return !(f & (WU_W_COMMON | WU_W_GIVEN_CAPITAL | WU_W_NUMBER | WU_W_MONTH | WU_W_FILLER |
                  WU_W_ORDINAL | WU_W_AT | WU_W_DOT));
}

/* Behind a word of a name: the token that may be its next word, or -1. An initial's dot is passed.
 */
static int32_t name_next(const wu_redactor *r, int32_t t) {
    int32_t n = next(r, t);
    if (wu_token_is(r, n, '.') && wu_token_text(r, t).n == 1) n = next(r, n);
    if (wu_token_is(r, n, '-') && r->token[n].joined) n = next(r, n);
    return is_word(r, n) ? n : -1;
}

/* Behind particles from n on: a word with a capital, or -1. */
static int32_t over_particles(const wu_redactor *r, int32_t n) {
    for (int i = 0; i < 2 && n >= 0 && !r->token[n].capital; i++) {
        if (!(wu_token_flags(r, n) & WU_W_PARTICLE)) return -1;
        n = name_next(r, n);
    }
    return n >= 0 && is_capital_name(r, n) ? n : -1;
}

/* The last word of the name that begins with the word t. */
static int32_t name_end(const wu_redactor *r, int32_t t, bool is_small, int most) {
    int32_t last = t;
    for (int i = 1; i < most; i++) {
        const int32_t n = name_next(r, last);
        if (n < 0) break;
        if (is_small) {
            const int32_t k = wu_token_text(r, n).n == 1 ? name_next(r, n) : n; /* an initial */
            if (k < 0 || !is_small_name(r, k)) break;
            last = k;
        } else {
            const int32_t k = over_particles(r, n);
            if (k < 0) break;
            last = k;
        }
    }
    return last;
}

/* The name that begins at t, as sure as the cue before it is; its last word, or -1. */
static int32_t name_at(const wu_redactor *r, int32_t t, wu_cue cue) {
    enum { CAPITALS = 4, SMALL = 2 };
    const uint32_t f = t < 0 ? 0 : wu_token_flags(r, t);
    if (is_capital_name(r, t)) {
        if (r->token[t].shouting && !(f & GIVEN) && cue != WU_CUE_NAME_SURE) return -1;
        if (cue == WU_CUE_NAME_MAYBE && (!(f & GIVEN) || f & WU_W_MONTH)) return -1;
        return name_end(r, t, false, CAPITALS);
    }
    if (cue == WU_CUE_NAME_SURE && is_small_name(r, t)) return name_end(r, t, true, SMALL);
    if (cue == WU_CUE_NAME_MAYBE && is_word(r, t) && f & WU_W_GIVEN && !r->token[t].in_cue)
        return t;
    return -1;
}

/* ---- names that are known ---- */

static bool holds(const wu_known *k, uint64_t word) {
    for (int32_t i = 0; i < k->n_word; i++)
        if (k->word[i] == word) return true;
    return false;
}

/* The longest known name with the first word, if it has the others too; or NULL. */
static const wu_known *known_with(const wu_redactor *r, const uint64_t *word, int32_t n) {
    const int32_t at = n > 0 ? wu_keymap_get(&r->known_word, word[0]) : -1;
    for (int32_t i = 0; at >= 0 && i < n; i++)
        if (!holds(&r->known[at], word[i])) return NULL;
    return at < 0 ? NULL : &r->known[at];
}

static bool know(wu_redactor *r, const uint64_t *word, int32_t n) {
    wu_known k = {.n_word = n, .value = wu_hash64(word, (size_t)n * sizeof(*word))};
    if (n == 0 || known_with(r, word, n)) return true;
    memcpy(k.word, word, (size_t)n * sizeof(*word));
    if (k.value == 0) k.value = 1;
    if (!wu_room((void **)&r->known, &r->max_known, r->n_known + 1, sizeof(*r->known)))
        return false;
    r->known[r->n_known++] = k;
    for (int32_t i = 0; i < n; i++) {
        int32_t *at = wu_keymap_put(&r->known_word, word[i]);
        if (!at) return false;
        if (*at < 0 || r->known[*at].n_word < n) *at = (int32_t)r->n_known - 1;
    }
    return true;
}

/* The key of a word without a possessive 's; *n: bytes that count. */
static uint64_t stem_key(wu_str s, size_t *n) {
    *n = s.n;
    if (s.n > 3 && s.p[s.n - 1] == 's' && s.p[s.n - 2] == '\'') *n = s.n - 2;
    if (s.n > 5 && s.p[s.n - 1] == 's' && memcmp(s.p + s.n - 4, "\xE2\x80\x99", 3) == 0)
        *n = s.n - 4;
    return wu_word_key((wu_str){s.p, *n});
}

static int32_t words_of(const wu_redactor *r, int32_t first, int32_t last, uint64_t *word) {
    int32_t n = 0;
    for (int32_t t = first; t <= last && n < 4; t++) {
        size_t len;
        if (!is_word(r, t) || wu_token_text(r, t).n < 2) continue;
        if (wu_token_flags(r, t) & WU_W_PARTICLE && !r->token[t].capital) continue;
        word[n++] = stem_key(wu_token_text(r, t), &len);
    }
    return n;
}

/* "Maria" and "Maria Lopez" are one value. */
static uint64_t value_of(const wu_redactor *r, const uint64_t *word, int32_t n) {
    const wu_known *k = known_with(r, word, n);
    if (k) return k->value;
    const uint64_t h = wu_hash64(word, (size_t)n * sizeof(*word));
    return h ? h : 1;
}

/* Up to four words of a name that stands alone, without titles and particles. */
static int32_t split_name(const wu_redactor *r, wu_str name, uint64_t *word) {
    int32_t n = 0;
    for (size_t i = 0; i < name.n && n < 4;) {
        size_t end = i;
        while (end < name.n && name.p[end] != ' ' && name.p[end] != ',') end++;
        const wu_str w = {name.p + i, end - i};
        const uint64_t key = wu_word_key(w);
        const int32_t at = wu_keymap_get(&r->lexicon.index, key);
        const uint32_t f = at < 0 ? 0 : r->lexicon.word[at].flags;
        const bool is_common = (f & WU_W_COMMON) && !(f & GIVEN);
        if (w.n > 1 && w.p[0] != '[' && !(f & WU_W_PARTICLE) && !is_common) word[n++] = key;
        i = end + 1;
    }
    return n;
}

bool wu_redact_know(wu_redactor *r, wu_str name) {
    uint64_t word[4];
    return know(r, word, split_name(r, name, word));
}

uint64_t wu_redact_name_value(const wu_redactor *r, wu_str name) {
    uint64_t word[4];
    const int32_t n = split_name(r, name, word);
    return n > 0 ? value_of(r, word, n) : wu_word_key(name);
}

bool wu_redact_is_personal(const wu_redactor *r, wu_str name) {
    int n_word = 0, n_common = 0, n_given = 0;
    for (size_t i = 0; i < name.n;) {
        size_t end = i;
        while (end < name.n && name.p[end] != ' ' && name.p[end] != ',') {
            const char c = name.p[end++];
            if ((c >= '0' && c <= '9') || c == '_' || c == '@' || c == '[' || c == '#')
                return false;
        }
        if (end > i) {
            const int32_t at =
                wu_keymap_get(&r->lexicon.index, wu_word_key((wu_str){name.p + i, end - i}));
            const uint32_t f = at < 0 ? 0 : r->lexicon.word[at].flags;
            n_word++;
            n_common += (f & WU_W_COMMON) && !(f & GIVEN);
            n_given += (f & GIVEN) != 0;
        }
        i = end + 1;
    }
    return n_word > 0 && n_word <= 5 && (n_common == 0 || n_given > 0);
}

/* ---- finding ---- */

static void found(wu_redactor *r, int32_t first, int32_t last) {
    uint64_t word[4];
    if (!know(r, word, words_of(r, first, last, word))) r->out_of_memory = true;
}

/* Behind a cue: over a comma, a colon, a title's dot and "uh". */
static int32_t behind_cue(const wu_redactor *r, int32_t t) {
    int32_t n = next(r, t);
    for (int i = 0; i < 3 && n >= 0; i++) {
        const wu_token *k = &r->token[n];
        const bool is_mark =
            k->kind == WU_T_MARK && (k->mark == ',' || k->mark == ':' || k->mark == '.');
        if (!is_mark && !(k->kind == WU_T_WORD && wu_token_flags(r, n) & WU_W_FILLER)) break;
        if (k->mark == '.' && !k->joined) return -1;
        n = next(r, n);
    }
    return n;
}

static void from_cue(wu_redactor *r, const wu_mark *m) {
    if (m->cue == WU_CUE_NAME_AFTER) { /* "Angela here", "Robert speaking" */
        const int32_t t = wu_token_near(r, m->first, m->first - 1);
        const int32_t b = t < 0 ? -1 : wu_token_near(r, t, t - 1);
        if (is_word(r, t) && wu_token_flags(r, t) & WU_W_GIVEN) found(r, t, t); /* "priya here" */
        if (!is_capital_name(r, t)) return;
        if (wu_token_flags(r, t) & GIVEN)
            found(r, t, t);
        else if (is_capital_name(r, b) && wu_token_flags(r, b) & GIVEN)
            found(r, b, t);
        return;
    }
    const int32_t t = behind_cue(r, m->last);
    int32_t last = name_at(r, t, m->cue);
    if (last < 0 && m->cue == WU_CUE_NAME_MAYBE && is_capital_name(r, t) && !r->token[t].shouting) {
        /* not in the list, but "this is Xyz speaking" */
        const int32_t e = name_end(r, t, false, 3), n = next(r, e);
        if (n >= 0 && (r->token[n].key == wu_word_key(WU_STR("speaking")) ||
                       r->token[n].key == wu_word_key(WU_STR("calling"))))
            last = e;
    }
    if (last >= 0) found(r, t, last);
}

/* ", Patricia?": a given name between commas or at the end, spoken to. */
static void from_comma(wu_redactor *r, int32_t t) {
    const int32_t n = next(r, t), e = next(r, n);
    if (!is_capital_name(r, n) || !(wu_token_flags(r, n) & GIVEN) ||
        wu_token_flags(r, n) & WU_W_MONTH)
        return;
    if (e < 0 ||
        (r->token[e].kind == WU_T_MARK && r->token[e].mark && strchr(".,?!", r->token[e].mark)))
        found(r, n, n);
}

/* The answer to "your name?": words with a capital, else a short answer in small letters, which are
 * not looked for elsewhere, as they may be no name. */
static void from_answer(wu_redactor *r, int32_t turn) {
    enum { LEAD = 5, BARE = 3 };
    const int32_t begin = r->turn_token[turn], end = r->turn_token[turn + 1];
    int32_t small = -1, words = 0;
    for (int32_t t = begin; t < end && t < begin + 2 * LEAD; t++) {
        if (r->token[t].kind == WU_T_OPAQUE) return;
        if (is_capital_name(r, t) && t < begin + LEAD) {
            found(r, t, name_end(r, t, false, 4));
            return;
        }
        if (!is_word(r, t)) continue;
        if (r->token[t].capital && t > begin) return;
        if (small < 0 && wu_token_flags(r, t) & (WU_W_COMMON | WU_W_FILLER)) continue;
        if (small < 0) small = t;
        words++;
    }
    if (small >= 0 && words <= BARE && is_small_name(r, small)) {
        uint64_t word[4];
        const int32_t last = name_end(r, small, true, BARE);
        const int32_t n = words_of(r, small, last, word);
        wu_redact_add(r, WU_PII_NAME, small, last, value_of(r, word, n));
    }
}

/* Whether a word that is part of a known name is that here. */
static bool is_mention(const wu_redactor *r, int32_t t) {
    const wu_token *k = &r->token[t];
    size_t n;
    if (k->kind != WU_T_WORD || r->n_known == 0) return false;
    if (wu_keymap_get(&r->known_word, stem_key(wu_token_text(r, t), &n)) < 0) return false;
    const uint32_t f = wu_token_flags(r, t);
    const bool is_two =
        f & (WU_W_COMMON | WU_W_GIVEN_CAPITAL | WU_W_MONTH | WU_W_NUMBER | WU_W_STREET_MAYBE);
    if (!k->capital) return !is_two && n > 2;
    if (!is_two) return true;
    const int32_t before = wu_token_near(r, t, t - 1), behind = next(r, t);
    if (before >= 0 && !wu_token_is(r, before, '.') && !wu_token_is(r, before, '?') &&
        !wu_token_is(r, before, '!'))
        return true;
    return behind < 0 || r->token[behind].kind == WU_T_MARK || is_capital_name(r, behind);
}

static void add_mention(wu_redactor *r, int32_t first, int32_t last) {
    uint64_t word[4];
    size_t n;
    const wu_str s = wu_token_text(r, last);
    const uint64_t value = value_of(r, word, words_of(r, first, last, word));
    (void)stem_key(s, &n);
    wu_redact_add_span(r, WU_PII_NAME, r->token[first].turn, r->token[first].start,
                       r->token[last].start + (uint32_t)n, value);
}

/* A given name that is no other word, with a capital, wherever it stands. */
static void from_list(wu_redactor *r, int32_t t) {
    const int32_t before = wu_token_near(r, t, t - 1);
    if (!is_capital_name(r, t) || !(wu_token_flags(r, t) & WU_W_GIVEN) || r->token[t].shouting)
        return;
    if (r->token[t].joined && before >= 0 && !wu_token_is(r, before, '\'') &&
        !wu_token_is(r, before, '"') && !wu_token_is(r, before, '('))
        return; /* part of something longer: an address on the net */
    found(r, t, name_end(r, t, false, 3));
}

void wu_find_names(wu_redactor *r) {
    for (size_t i = 0; i < r->n_mark; i++)
        if (r->mark[i].cue >= WU_CUE_NAME_SURE) from_cue(r, &r->mark[i]);
    for (int32_t t = 0; (size_t)t < r->n_token; t++) {
        if (wu_token_is(r, t, ',')) from_comma(r, t);
        if (r->token[t].kind == WU_T_WORD) from_list(r, t);
    }
    for (int32_t i = 1; i < r->doc->n_turn; i++)
        if (r->turn_token[i] < r->turn_token[i + 1] && wu_redact_asked(r, i) == WU_CUE_NAME)
            from_answer(r, i);
    for (int32_t t = 0; (size_t)t < r->n_token; t++) {
        if (!is_mention(r, t)) continue;
        int32_t last = t;
        for (int32_t n; (n = name_next(r, last)) >= 0;) {
            int32_t k = n;
            for (int i = 0;
                 i < 2 && k >= 0 && wu_token_flags(r, k) & WU_W_PARTICLE && !is_mention(r, k); i++)
                k = name_next(r, k);
            if (k < 0 || !is_mention(r, k)) break;
            last = k;
        }
        add_mention(r, t, last);
        t = last;
    }
}
