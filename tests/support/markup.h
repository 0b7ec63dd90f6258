/* markup.h - is a page well-formed, and does it load or run anything? */
#ifndef WU_SUPPORT_MARKUP_H
#define WU_SUPPORT_MARKUP_H

#include "near.h"

#include <string.h>

enum { MARKUP_DEPTH = 64, MARKUP_NAME = 24 };

/* "&name;" or "&#39;" */
static inline void check_entity(const char *p) {
    static const char *const known[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(p, known[i], strlen(known[i])) == 0) return;
    fail_msg("a bare & before \"%.40s\"", p);
}

static inline size_t name_length(const char *p) {
    return strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
}

/* Attributes up to '>' or '/'; returns that place. */
static inline const char *check_attributes(const char *p) {
    for (;;) {
        p += strspn(p, " ");
        if (*p == '>' || *p == '/') return p;
        const size_t n = name_length(p);
        if (n == 0 || p[n] != '=' || p[n + 1] != '"') fail_msg("a wrong attribute at \"%.40s\"", p);
        if (strncmp(p, "src=", 4) == 0 || strncmp(p, "href=", 5) == 0 || strncmp(p, "on", 2) == 0)
            fail_msg("it loads or runs something: \"%.40s\"", p);
        const char *end = strchr(p + n + 2, '"');
        if (!end) fail_msg("an attribute has no end: \"%.40s\"", p);
        for (const char *c = p + n + 2; c < end; c++) {
            if (*c == '<') fail_msg("a bare < in \"%.40s\"", p);
            if (*c == '&') check_entity(c);
        }
        if (strncmp(p + n + 2, "nan", 3) == 0 || strncmp(p + n + 2, "-nan", 4) == 0 ||
            strncmp(p + n + 2, "inf", 3) == 0 || strncmp(p + n + 2, "-inf", 4) == 0)
            fail_msg("not a number: \"%.40s\"", p);
        p = end + 1;
    }
}

/* Every element is closed in order, every text and attribute escaped. */
static inline void check_markup(const char *page) {
    char open[MARKUP_DEPTH][MARKUP_NAME];
    int depth = 0;
    const char *p = page;
    static const char *const never[] = {
        "<script", "javascript:", "http:", "https:", "@import", "url("};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        if (strstr(page, never[i])) fail_msg("the page has \"%s\"", never[i]);
    if (strncmp(p, "<!DOCTYPE html>", 15) == 0) p += 15;
    while (*p) {
        if (*p == '&') check_entity(p);
        if (*p != '<') {
            p++;
            continue;
        }
        const int closing = p[1] == '/';
        const char *name = p + 1 + closing;
        const size_t n = name_length(name);
        if (n == 0 || n >= MARKUP_NAME) fail_msg("a bare < before \"%.40s\"", p);
        if (closing) {
            if (name[n] != '>' || depth == 0 || strncmp(open[depth - 1], name, n) != 0 ||
                open[depth - 1][n])
                fail_msg("\"%.40s\" closes what is not open", p);
            depth--;
            p = name + n + 1;
            continue;
        }
        p = check_attributes(name + n);
        if (*p == '/') {
            if (p[1] != '>') fail_msg("a stray / in \"%.40s\"", name);
            p += 2;
            continue;
        }
        if (depth == MARKUP_DEPTH) fail_msg("nested too deep");
        memcpy(open[depth], name, n);
        open[depth++][n] = 0;
        p++;
    }
    if (depth) fail_msg("<%s> is never closed", open[depth - 1]);
}

#endif
