/* transcript.c - plain text into turns (transcript.h). */
#include "contact/transcript.h"

#include "base/file.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

/* How files call the two sides. */
static const struct {
    const char *name;
    wu_side side;
} alias[] = {
    {"agent", WU_SIDE_AGENT},     {"advisor", WU_SIDE_AGENT},
    {"rep", WU_SIDE_AGENT},       {"representative", WU_SIDE_AGENT},
    {"support", WU_SIDE_AGENT},   {"operator", WU_SIDE_AGENT},
    {"csr", WU_SIDE_AGENT},       {"customer", WU_SIDE_CUSTOMER},
    {"client", WU_SIDE_CUSTOMER}, {"caller", WU_SIDE_CUSTOMER},
    {"user", WU_SIDE_CUSTOMER},
};

enum { NOT_A_SPEAKER = -1, UNKNOWN_SPEAKER = -2, NAME_MAX = 24 };

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Control characters count as white space, so that none reaches a prompt. */
static bool is_blank(char c) { return (unsigned char)c <= ' ' || c == 0x7F; }

/* "Word:" at the start of a line, followed by white space or the end: the side, or one of the
 * negative values. *n is the length of "Word:". A word that does not begin with a capital and is
 * not known is just text. */
static int speaker(wu_str line, size_t *n) {
    size_t i = 0;
    while (i < line.n && i < NAME_MAX && is_letter(line.p[i])) i++;
    if (i == 0 || i == line.n || line.p[i] != ':') return NOT_A_SPEAKER;
    if (i + 1 < line.n && !is_blank(line.p[i + 1])) return NOT_A_SPEAKER;
    *n = i + 1;
    for (size_t k = 0; k < WU_LEN(alias); k++) {
        size_t c = 0;
        while (c < i && alias[k].name[c] && (line.p[c] | 0x20) == alias[k].name[c]) c++;
        if (c == i && !alias[k].name[c]) return (int)alias[k].side;
    }
    return line.p[0] <= 'Z' ? UNKNOWN_SPEAKER : NOT_A_SPEAKER;
}

static wu_str trim(wu_str s) {
    while (s.n > 0 && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_blank(s.p[s.n - 1])) s.n--;
    return s;
}

/* Appends words with one space between them. */
static wu_code add_words(wu_buf *b, wu_str s) {
    wu_code rc;
    for (size_t i = 0; i < s.n;) {
        size_t end = i;
        while (end < s.n && !is_blank(s.p[end])) end++;
        if (end > i && b->n > 0 && (rc = wu_buf_char(b, ' '))) return rc;
        if ((rc = wu_buf_add(b, s.p + i, end - i))) return rc;
        while (end < s.n && is_blank(s.p[end])) end++;
        i = end;
    }
    return WU_OK;
}

static wu_code add_turn(wu_transcript *t, wu_side side, int32_t line, const wu_buf *words) {
    if (words->n == 0) return WU_OK; /* a speaker who says nothing */
    if (t->n_turn == t->max_turn) {
        const int32_t more = t->max_turn ? 2 * t->max_turn : 32;
        wu_turn *p = realloc(t->turn, (size_t)more * sizeof(*p));
        if (!p) return WU_ENOMEM;
        t->turn = p;
        t->max_turn = more;
    }
    char *text = wu_arena_alloc(&t->arena, words->n);
    if (!text) return WU_ENOMEM;
    memcpy(text, words->p, words->n);
    t->turn[t->n_turn++] = (wu_turn){side, line, {text, words->n}};
    return WU_OK;
}

/* Where the text stops being UTF-8; text.n if it does not. */
static size_t first_invalid(wu_str text) {
    size_t i = 0;
    while (i < text.n) {
        int n = 0;
        if (wu_utf8_next((wu_str){text.p + i, text.n - i}, &n) != WU_UTF8_CHAR) break;
        i += (size_t)n;
    }
    return i;
}

static wu_code check_encoding(wu_str text, const char *where, wu_err *err) {
    const size_t bad = first_invalid(text);
    if (bad == text.n) return WU_OK;
    int line = 1;
    for (size_t i = 0; i < bad; i++) line += text.p[i] == '\n';
    return wu_fail(err, WU_EDATA, "%s:%d: byte 0x%02x is not valid UTF-8", where, line,
                   (unsigned char)text.p[bad]);
}

typedef struct reader {
    wu_transcript *t;
    wu_buf words; /* of the turn being read */
    int side;     /* NOT_A_SPEAKER before the first turn */
    int32_t line, first;
} reader;

static wu_code read_line(reader *r, wu_str line, const char *where, wu_err *err) {
    size_t n = 0;
    wu_code rc;
    line = trim(line);
    if (line.n == 0) return WU_OK;
    const int side = speaker(line, &n);
    if (side == UNKNOWN_SPEAKER)
        return wu_fail(err, WU_EDATA,
                       "%s:%d: \"%.*s\" is not a known speaker, want Agent: or Customer:", where,
                       r->line, (int)n, line.p);
    if (side == NOT_A_SPEAKER) {
        if (r->side == NOT_A_SPEAKER)
            return wu_fail(err, WU_EDATA,
                           "%s:%d: words before the first speaker, want Agent: or Customer:", where,
                           r->line);
        rc = add_words(&r->words, line);
        return rc ? wu_fail(err, rc, "%s: out of memory", where) : WU_OK;
    }
    if (r->side != NOT_A_SPEAKER && (rc = add_turn(r->t, (wu_side)r->side, r->first, &r->words)))
        return wu_fail(err, rc, "%s: out of memory", where);
    wu_buf_clear(&r->words);
    r->side = side;
    r->first = r->line;
    rc = add_words(&r->words, (wu_str){line.p + n, line.n - n});
    return rc ? wu_fail(err, rc, "%s: out of memory", where) : WU_OK;
}

wu_code wu_transcript_parse(wu_transcript *out, wu_str text, const char *where, wu_err *err) {
    reader r = {.t = out, .side = NOT_A_SPEAKER};
    wu_code rc;
    if (wu_str_starts(text, WU_STR("\xEF\xBB\xBF"))) {
        text.p += 3;
        text.n -= 3;
    }
    if ((rc = check_encoding(text, where, err))) goto done;
    for (size_t i = 0; i < text.n;) {
        const char *end = memchr(text.p + i, '\n', text.n - i);
        const size_t n = end ? (size_t)(end - (text.p + i)) : text.n - i;
        r.line++;
        if ((rc = read_line(&r, (wu_str){text.p + i, n}, where, err))) goto done;
        i += n + 1;
    }
    if (r.side != NOT_A_SPEAKER && (rc = add_turn(out, (wu_side)r.side, r.first, &r.words))) {
        rc = wu_fail(err, rc, "%s: out of memory", where);
        goto done;
    }
    if (out->n_turn == 0)
        rc = wu_fail(err, WU_EDATA,
                     "%s: has no turns, want lines that begin with Agent: or Customer:", where);
done:
    wu_buf_free(&r.words);
    if (rc) wu_transcript_free(out);
    return rc;
}

wu_code wu_transcript_read(wu_transcript *out, const char *path, wu_err *err) {
    wu_buf text = {0};
    wu_code rc = wu_read_file(&text, path, WU_TRANSCRIPT_LIMIT, err);
    if (!rc) rc = wu_transcript_parse(out, wu_buf_view(&text), path, err);
    wu_buf_free(&text);
    return rc;
}

void wu_transcript_free(wu_transcript *t) {
    if (!t) return;
    wu_arena_free(&t->arena);
    free(t->turn);
    *t = (wu_transcript){0};
}

wu_code wu_transcript_render(wu_buf *out, const wu_transcript *t) {
    wu_code rc;
    for (int32_t i = 0; i < t->n_turn; i++) {
        const wu_turn *u = &t->turn[i];
        if ((rc = wu_buf_str(out, u->side == WU_SIDE_AGENT ? "Agent: " : "Customer: "))) return rc;
        if ((rc = wu_buf_add(out, u->text.p, u->text.n))) return rc;
        if ((rc = wu_buf_char(out, '\n'))) return rc;
    }
    return WU_OK;
}
