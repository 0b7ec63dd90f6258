/* read_webvtt.c - WebVTT: blocks with times and words, apart by blank lines.
 *
 * <v Name> names the speaker; "Name: words" does as well. Notes, styles and
 * regions are passed over. */
#include "contact/read/cue.h"

#include "base/compiler.h"
#include "text/utf8.h"

#include <string.h>

typedef struct vtt {
    wu_conversation *c;
    wu_cues cues;
    wu_str text;
    size_t at;
    int32_t number; /* of the line read last */
    const char *where;
} vtt;

static wu_str peek(const vtt *v) {
    const char *stop = memchr(v->text.p + v->at, '\n', v->text.n - v->at);
    const size_t n = stop ? (size_t)(stop - (v->text.p + v->at)) : v->text.n - v->at;
    return (wu_str){v->text.p + v->at, n};
}

static bool next(vtt *v, wu_str *line) {
    if (v->at >= v->text.n) return false;
    *line = peek(v);
    v->at += line->n + 1;
    v->number++;
    *line = wu_utf8_trim(*line);
    return true;
}

static void skip_block(vtt *v) {
    wu_str line;
    while (next(v, &line) && line.n > 0) continue;
}

/* --------------------------------------------------------------------------------- the words */

/* "&amp;" at i: its character in *out, bytes used; 0: none. */
static size_t entity(wu_str s, size_t i, const char **out) {
    static const char *const known[][2] = {
        {"&amp;", "&"}, {"&lt;", "<"},   {"&gt;", ">"}, {"&nbsp;", " "}, {"&quot;", "\""},
        {"&#39;", "'"}, {"&apos;", "'"}, {"&lrm;", ""}, {"&rlm;", ""},
    };
    for (size_t k = 0; k < WU_LEN(known); k++) {
        const size_t n = strlen(known[k][0]);
        if (s.n - i >= n && memcmp(s.p + i, known[k][0], n) == 0) {
            *out = known[k][1];
            return n;
        }
    }
    return 0;
}

/* "<i>", "</v>", "<00:01.000>" at i: bytes; 0: the angle is a word. */
static size_t tag(wu_str s, size_t i) {
    const char c = i + 1 < s.n ? s.p[i + 1] : 0;
    if (c != '/' && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9')) return 0;
    const char *close = memchr(s.p + i, '>', WU_MIN(s.n - i, (size_t)256));
    return close ? (size_t)(close - (s.p + i)) + 1 : 0;
}

/* s without tags and entities, at p, which has room for s.n bytes; how many it took. */
static size_t plain_words(char *p, wu_str s) {
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        const char *meant;
        const size_t t = s.p[i] == '<' ? tag(s, i) : 0,
                     e = s.p[i] == '&' ? entity(s, i, &meant) : 0;
        if (e > 0) {
            while (*meant) p[n++] = *meant++; /* never longer than its entity */
        } else if (t == 0) {
            p[n++] = (unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F ? ' ' : s.p[i];
        }
        i += t + e + (t + e == 0);
    }
    return n;
}

static wu_code copy_words(vtt *v, wu_str *out, wu_str s) {
    char *p = wu_arena_alloc(&v->c->arena, s.n);
    if (!p) return WU_ENOMEM;
    *out = (wu_str){p, plain_words(p, s)};
    return WU_OK;
}

/* "<v Name>" or "<v.loud Name>" at i: bytes, and its name; 0: none. */
static size_t voice_tag(wu_str s, size_t i, wu_str *name) {
    const size_t n = s.p[i] == '<' ? tag(s, i) : 0;
    if (n < 4 || s.p[i + 1] != 'v' || (s.p[i + 2] != ' ' && s.p[i + 2] != '.')) return 0;
    const char *blank = memchr(s.p + i, ' ', n);
    *name = blank ? wu_utf8_trim((wu_str){blank, (size_t)(s.p + i + n - 1 - blank)}) : (wu_str){0};
    return n;
}

/* A line of a cue: parts with a voice each; *voice goes on in the next line. */
static wu_code add_line(vtt *v, const wu_cue *times, wu_str line, wu_str *voice, wu_err *err) {
    for (size_t begin = 0, i = 0; begin < line.n;) {
        wu_str name = {0}, text;
        size_t n = 0;
        while (i < line.n && (n = voice_tag(line, i, &name)) == 0) i++;
        if (copy_words(v, &text, (wu_str){line.p + begin, i - begin}))
            return wu_fail(err, WU_ENOMEM, "%s: out of memory", v->where);
        const wu_code rc = wu_cues_add(&v->cues, times, *voice, text, v->where, err);
        if (rc) return rc;
        if (n > 0 && copy_words(v, voice, name))
            return wu_fail(err, WU_ENOMEM, "%s: out of memory", v->where);
        begin = i += n;
    }
    return WU_OK;
}

/* -------------------------------------------------------------------------------- the blocks */

/* Everything up to the first blank line: "WEBVTT title", "Language: en". */
static wu_code read_header(vtt *v, wu_err *err) {
    wu_str line;
    if (!next(v, &line) || !wu_str_starts(line, WU_STR("WEBVTT")))
        return wu_fail(err, WU_EDATA, "%s:1: does not begin with WEBVTT", v->where);
    while (next(v, &line) && line.n > 0) {
        if (!wu_str_starts(line, WU_STR("Language:"))) continue;
        const wu_str value = {line.p + 9, line.n - 9};
        if (wu_conversation_set(v->c, &v->c->contact.language, value))
            return wu_fail(err, WU_ENOMEM, "%s: out of memory", v->where);
    }
    return WU_OK;
}

static bool is_block(wu_str line, wu_str word) {
    return wu_str_starts(line, word) &&
           (line.n == word.n || line.p[word.n] == ' ' || line.p[word.n] == '\t');
}

static wu_code read_cue(vtt *v, wu_str line, wu_err *err) {
    wu_cue times = {0};
    wu_str voice = {0};
    if (!wu_cue_times(line, &times.start_ms, &times.end_ms)) {
        const int32_t at = v->number; /* an id stands above */
        if (!next(v, &line) || !wu_cue_times(line, &times.start_ms, &times.end_ms))
            return wu_fail(err, WU_EDATA,
                           "%s:%d: a block without times, want \"00:01.000 --> 00:02.000\"",
                           v->where, (int)at);
    }
    times.line = v->number;
    while (next(v, &line) && line.n > 0) {
        const wu_code rc = add_line(v, &times, line, &voice, err);
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_code parse(wu_conversation *c, wu_str text, const char *where, const wu_read_options *o,
                     wu_err *err) {
    vtt v = {.c = c, .text = text, .where = where};
    wu_str line;
    (void)o;
    wu_code rc = read_header(&v, err);
    while (!rc && next(&v, &line)) {
        if (line.n == 0) continue;
        if (is_block(line, WU_STR("NOTE")) || is_block(line, WU_STR("STYLE")) ||
            is_block(line, WU_STR("REGION")))
            skip_block(&v);
        else
            rc = read_cue(&v, line, err);
    }
    if (!rc) rc = wu_cues_turns(&v.cues, c, where, err);
    wu_cues_free(&v.cues);
    return rc;
}

static int detect(wu_str head) {
    if (!wu_str_starts(head, WU_STR("WEBVTT"))) return 0;
    return head.n == 6 || head.p[6] == ' ' || head.p[6] == '\t' || head.p[6] == '\n' ||
                   head.p[6] == '\r'
               ? 100
               : 0;
}

const wu_format_row wu_format_webvtt = {
    .format = WU_FORMAT_WEBVTT,
    .name = "webvtt",
    .summary = "WebVTT captions, with <v Name> or \"Name: \"",
    .detect_text = detect,
    .parse_text = parse,
};
