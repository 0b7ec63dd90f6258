/* paraphrase.c - what makes the same phrase sound different every time (tables.h).
 *
 * Cores are formulas that people say with an act whatever else they say:
 * they give words a meaning beyond the frame that they stand in.  Synonyms
 * replace each other in any sentence.  Openers stand before a sentence without
 * meaning much.  A language may do without these tables. */
#include "contact/synth/frames.h"
#include "contact/synth/speak.h"
#include "contact/synth/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads an optional table: *found is false if the language has none. */
static wu_code open_optional(wu_table *t, char *file, size_t size, const wu_language *l,
                             const char *dir, const char *name, bool *found, wu_err *err) {
    wu_err why = {0};
    (void)snprintf(file, size, "synth/%s/%s.txt", l->code, name);
    const wu_code rc = wu_table_read(t, dir, file, &why);
    *found = rc == WU_OK;
    if (rc == WU_OK || rc == WU_EARG) return WU_OK;
    return wu_fail(err, rc, "%s", why.msg);
}

static wu_code read_cores(wu_language *l, const char *dir, wu_err *err) {
    wu_table t = {0};
    char file[64];
    bool found;
    wu_code rc = open_optional(&t, file, sizeof(file), l, dir, "cores", &found, err);
    for (int32_t i = 0; !rc && found && i < t.n_section; i++) {
        const wu_section *s = &t.section[i];
        const wu_frame_at at = {file, s, 0};
        int act = 0;
        while (act < WU_N_ACT && !wu_str_eq(s->name, wu_str_of(wu_acts[act].name))) act++;
        rc = act == WU_N_ACT ? wu_frame_fail(err, &at, "is not an act")
                             : wu_frames_compile(&l->core[act], l, s, file, true, err);
    }
    wu_table_free(&t);
    return rc;
}

/* Synonyms and openers are copied as they stand. */
static bool is_plain(wu_str s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 32 || strchr("{}()|", s.p[i])) return false;
    return true;
}

static wu_code copy_words(wu_language *l, wu_words *out, const wu_section *s, const char *file,
                          wu_err *err) {
    wu_str *text = wu_arena_zero(&l->arena, (size_t)s->n_line + 1, sizeof(*text));
    for (int32_t i = 0; text && i < s->n_line; i++) {
        const wu_frame_at at = {file, s, i + 1};
        if (!is_plain(s->line[i]))
            return wu_frame_fail(err, &at, "want words alone, without {}, () or |");
        if (!(text[i] = wu_language_copy(l, s->line[i])).p) text = NULL;
    }
    if (!text) return wu_fail(err, WU_ENOMEM, "%s: out of memory", file);
    *out = (wu_words){text, s->n_line};
    return WU_OK;
}

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

static unsigned char letter_of(wu_str words) { return (unsigned char)small(words.p[0]); }

static int by_letter(const void *a_, const void *b_) {
    const wu_synonym *a = a_, *b = b_;
    const int x = letter_of(a->words), y = letter_of(b->words);
    if (x != y) return x - y;
    if (a->words.n != b->words.n) return a->words.n > b->words.n ? -1 : 1;
    return a->order - b->order;
}

wu_code wu_language_index_synonyms(wu_language *l) {
    int32_t n = 0;
    for (int32_t g = 0; l->synonym && g < l->n_synonym; g++) n += l->synonym[g].n;
    l->by_letter = wu_arena_zero(&l->arena, (size_t)n + 1, sizeof(*l->by_letter));
    if (!l->by_letter) return WU_ENOMEM;
    n = 0;
    for (int32_t g = 0; g < l->n_synonym; g++)
        for (int32_t i = 0; i < l->synonym[g].n; i++, n++)
            l->by_letter[n] = (wu_synonym){l->synonym[g].text[i], &l->synonym[g], n};
    qsort(l->by_letter, (size_t)n, sizeof(*l->by_letter), by_letter);
    for (int32_t c = 0, k = 0; c <= 256; c++) {
        while (k < n && letter_of(l->by_letter[k].words) < c) k++;
        l->letter_from[c] = k;
    }
    return WU_OK;
}

static wu_code read_synonyms(wu_language *l, const char *dir, wu_err *err) {
    wu_table t = {0};
    char file[64];
    bool found;
    wu_code rc = open_optional(&t, file, sizeof(file), l, dir, "paraphrase", &found, err);
    wu_words *group = NULL;
    if (!rc && found && !(group = wu_arena_zero(&l->arena, (size_t)t.n_section, sizeof(*group))))
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", file);
    for (int32_t i = 0; !rc && found && i < t.n_section; i++) {
        const wu_section *s = &t.section[i];
        const wu_frame_at at = {file, s, 0};
        if (wu_str_eq(s->name, WU_STR("say agent")))
            rc = copy_words(l, &l->opener[0], s, file, err);
        else if (wu_str_eq(s->name, WU_STR("say customer")))
            rc = copy_words(l, &l->opener[1], s, file, err);
        else if (!wu_str_starts(s->name, WU_STR("same ")) || s->n_line < 2)
            rc = wu_frame_fail(err, &at,
                               "want \"same N\" with two lines, or \"say agent\" or "
                               "\"say customer\"");
        else
            rc = copy_words(l, &group[l->n_synonym++], s, file, err);
    }
    l->synonym = group;
    if (!rc && (rc = wu_language_index_synonyms(l))) wu_fail(err, rc, "%s: out of memory", file);
    wu_table_free(&t);
    return rc;
}

wu_code wu_language_read_variants(wu_language *l, const char *dir, wu_err *err) {
    const wu_code rc = read_cores(l, dir, err);
    return rc ? rc : read_synonyms(l, dir, err);
}

/* ------------------------------------------------------------------------------ applying */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '\'' || (unsigned char)c >= 0x80;
}

/* Whether text begins with these whole words; the case of the first letter does not count. */
static bool begins(wu_str text, wu_str words) {
    if (text.n < words.n || memcmp(text.p + 1, words.p + 1, words.n - 1) != 0) return false;
    return text.n == words.n || !is_letter(text.p[words.n]);
}

/* The longest line of any group that text begins with, or NULL. */
static const wu_synonym *find(const wu_language *l, wu_str text) {
    const int32_t *from = l->letter_from + letter_of(text);
    for (int32_t i = from[0]; i < from[1]; i++)
        if (begins(text, l->by_letter[i].words)) return &l->by_letter[i];
    return NULL;
}

static wu_code put(wu_buf *out, wu_str words, bool capital) {
    const size_t at = out->n;
    const wu_code rc = wu_buf_add(out, words.p, words.n);
    if (!rc && capital && out->p[at] >= 'a' && out->p[at] <= 'z')
        out->p[at] = (char)(out->p[at] - 'a' + 'A');
    return rc;
}

wu_code wu_paraphrase(wu_buf *out, const wu_language *l, wu_str text, wu_rng *r) {
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < text.n;) {
        const wu_str rest = {text.p + i, text.n - i};
        const bool start = i == 0 || !is_letter(text.p[i - 1]);
        const wu_synonym *same = start ? find(l, rest) : NULL;
        if (!same) {
            rc = wu_buf_char(out, text.p[i++]);
            continue;
        }
        const bool capital = rest.p[0] >= 'A' && rest.p[0] <= 'Z';
        rc = put(out, same->group->text[wu_between(r, 0, same->group->n - 1)], capital);
        i += same->words.n;
    }
    return rc;
}
