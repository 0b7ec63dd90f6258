/* plain_line.c - one line of a transcript in plain text, taken apart (plain_impl.h). */
#include "contact/read/plain_impl.h"

#include "base/compiler.h"
#include "text/utf8.h"

#include <string.h>

enum { LABEL_BYTES = 60, LABEL_WORDS = 5, ASIDE_BYTES = 60 };

static wu_str from(wu_str s, size_t i) { return (wu_str){s.p + i, s.n - i}; }

static bool is_any(char c, const char *set) { return c != 0 && strchr(set, c) != NULL; }

/* Takes off characters of set at the start; how many. */
static size_t take(wu_str *s, const char *set) {
    size_t n = 0;
    while (n < s->n && is_any(s->p[n], set)) n++;
    *s = from(*s, n);
    return n;
}

static wu_str without_end(wu_str s, const char *set) {
    while (s.n > 0 && is_any(s.p[s.n - 1], set)) s.n--;
    return s;
}

/* A rule ("---", "***", "===") or the fence of a block of code. */
static bool is_rule(wu_str s) {
    if (s.n < 3) return false;
    if (wu_str_starts(s, WU_STR("```")) || wu_str_starts(s, WU_STR("~~~"))) return true;
    for (size_t i = 0; i < s.n; i++)
        if (!is_any(s.p[i], "-=*_ ")) return false;
    return true;
}

/* "- ", "* ", "+ ", "12. ": what a list puts before its items; bytes. */
static size_t list_mark(wu_str s) {
    size_t i = 0;
    if (s.n > 1 && is_any(s.p[0], "-*+") && s.p[1] == ' ') return 2;
    if (wu_str_starts(s, WU_STR("• "))) return sizeof("• ") - 1;
    while (i < s.n && i < 4 && s.p[i] >= '0' && s.p[i] <= '9') i++;
    return i > 0 && i + 1 < s.n && s.p[i] == '.' && s.p[i + 1] == ' ' ? i + 2 : 0;
}

/* ------------------------------------------------------------------------------------- labels */

/* Whether s can name a speaker or a key: up to five words of letters, a capital first unless it is
 * the name of a role. */
static bool can_be_label(wu_str s) {
    int words = 1;
    if (s.n == 0 || s.n > LABEL_BYTES) return false;
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        const bool letter = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80;
        if (i == 0 && !letter) return false;
        if (!letter && !(c >= '0' && c <= '9') && !is_any((char)c, " .'-_#/&()")) return false;
        words += c == ' ';
    }
    if (words > LABEL_WORDS) return false;
    return !(s.p[0] >= 'a' && s.p[0] <= 'z') || wu_role_of_label(s) != WU_PARTY_UNKNOWN ||
           wu_label_is_generic(s);
}

static bool is_role(wu_str s) {
    return wu_role_of_label(s) != WU_PARTY_UNKNOWN || wu_label_is_generic(s);
}

/* "Dana (Agent)", "Agent (00:01:23)": parts what stands in parentheses at the end from *s. */
static void split_aside(wu_str *s, wu_plain_line *out) {
    wu_text_time t;
    if (s->n < 3) return;
    const char close = s->p[s->n - 1], open = close == ')' ? '(' : close == ']' ? '[' : 0;
    if (!open) return;
    size_t i = s->n - 1;
    while (i > 0 && s->p[i] != open) i--;
    if (i == 0 || s->n - i > ASIDE_BYTES) return;
    const wu_str in = wu_utf8_trim((wu_str){s->p + i + 1, s->n - i - 2});
    const wu_str before = without_end(wu_utf8_trim((wu_str){s->p, i}), "*_ ");
    if (in.n == 0 || before.n == 0) return;
    if (wu_time_token(in, &t) == in.n) {
        if (out->time.kind == WU_TIME_NONE) out->time = t;
    } else if (wu_role_of_label((wu_str){s->p, s->n}) != WU_PARTY_UNKNOWN) {
        return; /* "Client(e)" is one word */
    } else {
        out->aside = in;
    }
    *s = before;
}

/* "[AGENT] words", "<Agent>: words" */
static bool bracket_label(wu_str s, wu_plain_line *out) {
    const char close = s.p[0] == '[' ? ']' : s.p[0] == '<' ? '>' : 0;
    const char *end = close ? memchr(s.p, close, WU_MIN(s.n, (size_t)LABEL_BYTES)) : NULL;
    if (!end) return false;
    const wu_str in = wu_utf8_trim((wu_str){s.p + 1, (size_t)(end - s.p) - 1});
    if (!is_role(in)) return false;
    out->label = in;
    s = wu_utf8_trim(from(s, (size_t)(end - s.p) + 1));
    if (s.n > 0 && s.p[0] == ':') s = from(s, 1);
    out->text = wu_utf8_trim(s);
    return true;
}

/* The colon behind a label: the first one, if a blank, the end or marks follow it. A time in
 * parentheses has colons of its own. */
static size_t colon_of(wu_str s) {
    int depth = 0;
    for (size_t i = 0; i < s.n && i < LABEL_BYTES + ASIDE_BYTES; i++) {
        const char c = s.p[i];
        if (is_any(c, "([")) depth++;
        if (is_any(c, ")]") && depth > 0) depth--;
        if (c != ':' || depth > 0) continue;
        return i + 1 == s.n || is_any(s.p[i + 1], " \t*_") ? i : 0;
    }
    return 0;
}

/* "Agent: words", with marks of Markdown around the label. */
static bool colon_label(wu_str s, wu_plain_line *out) {
    const size_t marks = take(&s, "*_");
    const size_t colon = s.n > 0 ? colon_of(s) : 0;
    if (colon == 0) return false;
    wu_str label = without_end(wu_utf8_trim((wu_str){s.p, colon}), "*_ ");
    split_aside(&label, out); /* "Dana (Agent) [00:01]" */
    split_aside(&label, out);
    if (!can_be_label(label)) {
        out->aside = (wu_str){0};
        return false;
    }
    wu_str text = from(s, colon + 1);
    for (size_t i = 0; i < marks && text.n > 0 && is_any(text.p[0], "*_"); i++)
        text = from(text, 1);
    out->label = label;
    out->text = wu_utf8_trim(text);
    return true;
}

/* "**Agent** (00:01:23)" or "### Agent" alone on its line: the words come below. */
static bool lone_label(wu_str s, bool is_heading, wu_plain_line *out) {
    const bool marked = take(&s, "*_") > 0;
    const bool timed = out->time.kind != WU_TIME_NONE;
    if (s.n == 0 || s.n > LABEL_BYTES + ASIDE_BYTES) return false;
    wu_plain_line try = *out;
    s = without_end(s, "*_: ");
    split_aside(&s, &try);
    if (!is_role(s) || !(is_heading || marked || timed || try.time.kind != WU_TIME_NONE))
        return false;
    *out = try;
    out->label = s;
    out->text = (wu_str){0};
    return true;
}

bool wu_plain_bare(const wu_plain_line *l, wu_str *label, wu_str *text) {
    const wu_str s = l->body;
    const char *blank = s.n > 0 ? memchr(s.p, ' ', s.n) : NULL;
    if (!blank || l->time.kind == WU_TIME_NONE) return false;
    *label = (wu_str){s.p, (size_t)(blank - s.p)};
    *text = wu_utf8_trim(from(s, label->n));
    return wu_role_of_label(*label) != WU_PARTY_UNKNOWN;
}

/* -------------------------------------------------------------------------------------- lines */

bool wu_plain_split(wu_str line, wu_plain_line *out) {
    wu_str s = wu_utf8_trim(line);
    if (is_rule(s)) return false;
    while (s.n > 1 && s.p[0] == '>' && (s.p[1] == ' ' || s.p[1] == '>'))
        s = wu_utf8_trim(from(s, 1));
    if (s.n == 0 || (s.n == 1 && s.p[0] == '>')) return false;
    out->whole = out->body = s;
    size_t level = 0;
    while (level < s.n && s.p[level] == '#') level++;
    if (level > 0 && level <= 6 && level < s.n && s.p[level] == ' ') {
        out->level = (int8_t)level;
        s = out->body = without_end(wu_utf8_trim(from(s, level)), "# ");
        lone_label(s, true, out);
        return s.n > 0;
    }
    const wu_str item = wu_utf8_trim(from(s, list_mark(s)));
    const size_t n = wu_time_prefix(item, &out->time);
    if (n > 0) {
        out->body = wu_utf8_trim(from(item, n));
        s = out->body;
    } else {
        s = item;
    }
    if (s.n == 0) return true;
    if (bracket_label(s, out) || colon_label(s, out) || lone_label(s, false, out)) return true;
    return true;
}
