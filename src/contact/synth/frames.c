/* frames.c - from phrases as people write them to compiled ones (frames.h). */
#include "contact/synth/frames.h"

#include <stdio.h>
#include <string.h>

wu_code wu_frame_fail(wu_err *err, const wu_frame_at *at, const char *fmt, ...) {
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (!at->entry)
        return wu_fail(err, WU_EDATA, "%s:%d: %.*s: %s", at->file, at->section->at,
                       (int)at->section->name.n, at->section->name.p, text);
    return wu_fail(err, WU_EDATA, "%s:%d: %.*s, entry %d: %s", at->file, at->section->at,
                   (int)at->section->name.n, at->section->name.p, at->entry, text);
}

wu_str wu_language_copy(wu_language *l, wu_str s) {
    char *p = wu_arena_alloc(&l->arena, s.n + 1);
    if (!p) return (wu_str){NULL, 0};
    memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return (wu_str){p, s.n};
}

/* --------------------------------------------------------------------------------- tags */

static const struct {
    const char *name;
    uint8_t channel, style, mood;
} tag_row[] = {
    {"voice", WU_CHANNEL_VOICE, 0, 0},  {"chat", WU_CHANNEL_CHAT, 0, 0},
    {"email", WU_CHANNEL_EMAIL, 0, 0},  {"formal", 0, WU_STYLE_FORMAL, 0},
    {"casual", 0, WU_STYLE_CASUAL, 0},  {"terse", 0, WU_STYLE_TERSE, 0},
    {"chatty", 0, WU_STYLE_CHATTY, 0},  {"angry", 0, 0, WU_MOOD_ANGRY},
    {"neutral", 0, 0, WU_MOOD_NEUTRAL}, {"happy", 0, 0, WU_MOOD_HAPPY},
};

static bool add_tag(wu_frame *f, wu_str word) {
    for (size_t i = 0; i < WU_LEN(tag_row); i++) {
        if (!wu_str_eq(word, wu_str_of(tag_row[i].name))) continue;
        f->channel |= tag_row[i].channel;
        f->style |= tag_row[i].style;
        f->mood |= tag_row[i].mood;
        return true;
    }
    return false;
}

/* Takes "[a b] " off *text. */
static wu_code take_tags(wu_frame *f, wu_str *text, const wu_frame_at *at, wu_err *err) {
    if (!text->n || text->p[0] != '[') return WU_OK;
    const char *end = memchr(text->p, ']', text->n);
    if (!end) return wu_frame_fail(err, at, "tags have no end");
    for (const char *p = text->p + 1; p < end;) {
        const char *q = p;
        while (q < end && *q != ' ') q++;
        if (q > p && !add_tag(f, (wu_str){p, (size_t)(q - p)}))
            return wu_frame_fail(err, at, "%.*s is not a tag", (int)(q - p), p);
        p = q + 1;
    }
    text->n -= (size_t)(end + 1 - text->p);
    text->p = end + 1;
    while (text->n && text->p[0] == ' ') text->p++, text->n--;
    return WU_OK;
}

/* ------------------------------------------------------------------------------ phrases */

static int32_t find_slot(wu_str name) {
#define WU_SLOT_NAME(symbol, name) name,
    static const char *const slot[] = {WU_SLOTS(WU_SLOT_NAME)};
#undef WU_SLOT_NAME
    for (int32_t i = 0; i < WU_N_SLOT; i++)
        if (wu_str_eq(name, wu_str_of(slot[i]))) return i;
    return -1;
}

static int32_t find_sub(const wu_language *l, wu_str name) {
    for (int32_t i = 0; i < l->n_sub; i++)
        if (wu_str_eq(name, l->sub_name[i])) return i;
    return -1;
}

/* Writes the code of what stands in braces. */
static wu_code put_slot(char *out, size_t *n, const wu_language *l, wu_str name,
                        const wu_frame_at *at, wu_err *err) {
    if (name.n && name.p[0] == '@') {
        const int32_t sub = find_sub(l, name);
        if (sub < 0) return wu_frame_fail(err, at, "there is no section %.*s", (int)name.n, name.p);
        out[(*n)++] = WU_CODE_SUB;
        out[(*n)++] = (char)(32 + sub / 64);
        out[(*n)++] = (char)(32 + sub % 64);
        return WU_OK;
    }
    const int32_t slot = find_slot(name);
    if (slot < 0) return wu_frame_fail(err, at, "{%.*s} is not a slot", (int)name.n, name.p);
    out[(*n)++] = WU_CODE_SLOT;
    out[(*n)++] = (char)(32 + slot);
    return WU_OK;
}

enum { MOST_NESTED = 8, MOST_BYTES = 1200 };

/* The code is never longer than the phrase: "{@a}" becomes three bytes, any slot two. */
static wu_code put_code(char *out, size_t *n, const wu_language *l, wu_str text,
                        const wu_frame_at *at, wu_err *err) {
    int depth = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        if ((unsigned char)c < 32) return wu_frame_fail(err, at, "a control character");
        if (c == '(') {
            if (++depth > MOST_NESTED)
                return wu_frame_fail(err, at, "more than %d ( in each other", MOST_NESTED);
            out[(*n)++] = WU_CODE_OPEN;
        } else if (c == ')') {
            if (--depth < 0) return wu_frame_fail(err, at, "a ) without its (");
            out[(*n)++] = WU_CODE_CLOSE;
        } else if (c == '|') {
            if (depth == 0) return wu_frame_fail(err, at, "a | outside of parentheses");
            out[(*n)++] = WU_CODE_OR;
        } else if (c == '}') {
            return wu_frame_fail(err, at, "a } without its {");
        } else if (c == '{') {
            const char *end = memchr(text.p + i, '}', text.n - i);
            if (!end) return wu_frame_fail(err, at, "a { without its }");
            const wu_str name = {text.p + i + 1, (size_t)(end - text.p) - i - 1};
            const wu_code rc = put_slot(out, n, l, name, at, err);
            if (rc) return rc;
            i = (size_t)(end - text.p);
        } else {
            out[(*n)++] = c;
        }
    }
    return depth ? wu_frame_fail(err, at, "a ( without its )") : WU_OK;
}

wu_code wu_frame_compile(wu_frame *out, wu_language *l, wu_str text, bool tags,
                         const wu_frame_at *at, wu_err *err) {
    wu_code rc;
    *out = (wu_frame){.id = l->n_frame++};
    if (tags && (rc = take_tags(out, &text, at, err))) return rc;
    if (!text.n) return wu_frame_fail(err, at, "no words");
    if (text.n > MOST_BYTES) return wu_frame_fail(err, at, "has more than %d bytes", MOST_BYTES);
    char *code = wu_arena_alloc(&l->arena, text.n + 1);
    if (!code) return wu_fail(err, WU_ENOMEM, "%s: out of memory", at->file);
    size_t n = 0;
    if ((rc = put_code(code, &n, l, text, at, err))) return rc;
    out->code = (wu_str){code, n};
    return WU_OK;
}

wu_code wu_frames_compile(wu_frames *out, wu_language *l, const wu_section *s, const char *file,
                          bool tags, wu_err *err) {
    wu_frame *frame = wu_arena_zero(&l->arena, (size_t)s->n_line, sizeof(*frame));
    if (!frame) return wu_fail(err, WU_ENOMEM, "%s: out of memory", file);
    wu_frame_at at = {file, s, 0};
    for (int32_t i = 0; i < s->n_line; i++) {
        at.entry = i + 1;
        const wu_code rc = wu_frame_compile(&frame[i], l, s->line[i], tags, &at, err);
        if (rc) return rc;
    }
    *out = (wu_frames){frame, s->n_line};
    return WU_OK;
}
