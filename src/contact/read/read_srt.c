/* read_srt.c - SubRip: a number, a line of times, words, a blank line.
 *
 * Numbers may be missing or wrong, a comma or a point may stand in the times,
 * the last blank line may be missing. A speaker is "Agent: " or "[AGENT]". */
#include "contact/read/cue.h"

#include "base/compiler.h"
#include "text/utf8.h"

#include <string.h>

static wu_str next_line(wu_str text, size_t *at) {
    const char *stop = memchr(text.p + *at, '\n', text.n - *at);
    const wu_str s = {text.p + *at, stop ? (size_t)(stop - (text.p + *at)) : text.n - *at};
    *at += s.n + 1;
    return wu_utf8_trim(s);
}

static bool is_number(wu_str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0 && s.n < 10;
}

/* Whether a line with times comes next: then a number belongs to it. */
static bool times_follow(wu_str text, size_t at) {
    int64_t start, end;
    return at < text.n && wu_cue_times(next_line(text, &at), &start, &end);
}

/* Takes out "<i>", "</font>", "{\an8}"; other angles are words. s is changed in place. */
static size_t strip(char *s, size_t n) {
    static const char *const tag[] = {"i>", "b>", "u>", "s>", "font"};
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        size_t end = 0;
        if (s[i] == '<') {
            const size_t name = i + 1 + (i + 1 < n && s[i + 1] == '/');
            for (size_t k = 0; k < WU_LEN(tag) && !end; k++) {
                const size_t m = strlen(tag[k]);
                if (name + m > n) continue;
                size_t same = 0;
                while (same < m && (s[name + same] | 0x20) == (tag[k][same] | 0x20)) same++;
                if (same < m) continue;
                const size_t from = name + m - 1;
                const char *close = memchr(s + from, '>', WU_MIN(n - from, (size_t)80));
                if (close) end = (size_t)(close - s) + 1;
            }
        } else if (s[i] == '{' && i + 1 < n && s[i + 1] == '\\') {
            const char *close = memchr(s + i, '}', WU_MIN(n - i, (size_t)80));
            if (close) end = (size_t)(close - s) + 1;
        }
        if (end)
            i = end - 1;
        else
            s[out++] = s[i];
    }
    return out;
}

static wu_code add(wu_cues *q, wu_conversation *c, const wu_cue *times, wu_str line,
                   const char *where, wu_err *err) {
    char *copy = wu_arena_alloc(&c->arena, line.n);
    if (!copy) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    memcpy(copy, line.p, line.n);
    return wu_cues_add(q, times, (wu_str){0}, (wu_str){copy, strip(copy, line.n)}, where, err);
}

static wu_code parse(wu_conversation *c, wu_str text, const char *where, const wu_read_options *o,
                     wu_err *err) {
    wu_cues q = {0};
    wu_cue now = {0};
    wu_code rc = WU_OK;
    int32_t number = 0;
    (void)o;
    for (size_t at = 0; !rc && at < text.n;) {
        const wu_str s = next_line(text, &at);
        number++;
        if (s.n == 0) continue;
        if (wu_cue_times(s, &now.start_ms, &now.end_ms))
            now.line = number;
        else if (is_number(s) && times_follow(text, at))
            continue;
        else if (now.line == 0)
            rc = wu_fail(err, WU_EDATA,
                         "%s:%d: \"%.*s\" is not the times of a cue, want \"00:00:01,000 --> "
                         "00:00:02,000\"",
                         where, (int)number, (int)WU_MIN(s.n, (size_t)40), s.p);
        else
            rc = add(&q, c, &now, s, where, err);
    }
    if (!rc) rc = wu_cues_turns(&q, c, where, err);
    wu_cues_free(&q);
    return rc;
}

static int detect(wu_str head) {
    size_t at = 0;
    int64_t start, end;
    wu_str s = {0};
    while (at < head.n && s.n == 0) s = next_line(head, &at);
    if (s.n > 0 && wu_cue_times(s, &start, &end)) return 92;
    return is_number(s) && times_follow(head, at) ? 98 : 0;
}

const wu_format_row wu_format_srt = {
    .format = WU_FORMAT_SRT,
    .name = "srt",
    .summary = "SubRip subtitles",
    .detect_text = detect,
    .parse_text = parse,
};
