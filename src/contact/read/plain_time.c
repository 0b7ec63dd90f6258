/* plain_time.c - times and lengths of time as people and programs write them (plain_impl.h). */
#include "contact/read/plain_impl.h"

#include <string.h>

enum { MS = 1000, MINUTE_MS = 60 * MS, HOUR_MS = 60 * MINUTE_MS };

static wu_str from(wu_str s, size_t i) { return (wu_str){s.p + i, s.n - i}; }
static char at(wu_str s, size_t i) { return i < s.n ? s.p[i] : 0; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static size_t blanks(wu_str s, size_t i) {
    while (is_blank(at(s, i))) i++;
    return i;
}

/* 1 to most digits at i; how many, 0: none or more than that. */
static size_t number(wu_str s, size_t i, size_t most, int64_t *v) {
    size_t n = 0;
    *v = 0;
    while (n < most && is_digit(at(s, i + n))) *v = *v * 10 + (s.p[i + n++] - '0');
    return n > 0 && !is_digit(at(s, i + n)) ? n : 0;
}

/* ".123" or ",1": bytes; *ms is their value. Digits behind the third do not count. */
static size_t fraction(wu_str s, size_t i, int64_t *ms) {
    size_t n = 1;
    int64_t scale = 100;
    *ms = 0;
    if ((at(s, i) != '.' && at(s, i) != ',') || !is_digit(at(s, i + 1))) return 0;
    for (; is_digit(at(s, i + n)); n++) {
        *ms += (s.p[i + n] - '0') * scale;
        scale /= 10;
    }
    return n;
}

/* "AM", "pm", "a.m." behind blanks; bytes; *pm. */
static size_t half_of_day(wu_str s, size_t i, bool *pm) {
    const size_t start = i;
    i = blanks(s, i);
    const char c = (char)(at(s, i) | 0x20);
    if (c != 'a' && c != 'p') return 0;
    *pm = c == 'p';
    size_t n = 1 + (at(s, i + 1) == '.');
    if ((at(s, i + n) | 0x20) != 'm') return 0;
    n++;
    if (n == 3 && at(s, i + 3) == '.') n++;
    const char next = at(s, i + n);
    if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z')) return 0;
    return i + n - start;
}

/* "1:23", "00:01:23.500", "12:03 PM"; bytes. has_clock: it has three parts. */
static size_t clock_at(wu_str s, size_t i, wu_text_time *t) {
    const size_t start = i;
    int64_t a, b, c = 0, ms = 0;
    size_t n = number(s, i, 3, &a);
    if (n == 0 || at(s, i + n) != ':') return 0;
    i += n + 1;
    if (number(s, i, 2, &b) != 2 || b > 59) return 0;
    i += 2;
    bool three = false, pm;
    if (at(s, i) == ':' && number(s, i + 1, 2, &c) == 2 && c <= 60) {
        i += 3;
        three = true;
    }
    i += fraction(s, i, &ms);
    n = half_of_day(s, i, &pm);
    t->end_ms = -1;
    t->has_clock = three;
    if (n > 0 && a >= 1 && a <= 12) {
        t->kind = WU_TIME_CLOCK;
        t->ms = (a % 12 + (pm ? 12 : 0)) * HOUR_MS + b * MINUTE_MS + c * MS + ms;
        return i + n - start;
    }
    t->kind = WU_TIME_OFFSET;
    t->ms = three ? a * HOUR_MS + b * MINUTE_MS + c * MS + ms : a * MINUTE_MS + b * MS + ms;
    return i - start;
}

/* ------------------------------------------------------------------------------ with a date */

static int month_of(wu_str s, size_t i, size_t *used) {
    static const char *const name[] = {"january",   "february", "march",    "april",
                                       "may",       "june",     "july",     "august",
                                       "september", "october",  "november", "december"};
    char word[12];
    size_t n = 0;
    while (n < sizeof(word) - 1 && (at(s, i + n) | 0x20) >= 'a' && (at(s, i + n) | 0x20) <= 'z') {
        word[n] = (char)(s.p[i + n] | 0x20);
        n++;
    }
    *used = n + (at(s, i + n) == '.');
    for (int m = 0; n >= 3 && m < 12; m++)
        if (strncmp(name[m], word, n) == 0 && (n <= 4 || strlen(name[m]) == n)) return m + 1;
    return 0;
}

/* "2025-03-04", "2025/3/4", "March 4, 2025", "4 March 2025", "04.03.2025"; bytes. Days and months
 * in the order of 3/4/2025 could mean two days and are not read. */
static size_t day_at(wu_str s, int64_t *year, int64_t *month, int64_t *day) {
    size_t n = number(s, 0, 4, year), i, used;
    if (n == 4 && (at(s, 4) == '-' || at(s, 4) == '/')) {
        const char sep = s.p[4];
        size_t m = number(s, 5, 2, month);
        if (m == 0 || at(s, 5 + m) != sep) return 0;
        const size_t d = number(s, 6 + m, 2, day);
        return d ? 6 + m + d : 0;
    }
    n = number(s, 0, 2, day);
    if (n > 0 && at(s, n) == '.' && is_digit(at(s, n + 1))) {
        const size_t m = number(s, n + 1, 2, month);
        if (m == 0 || at(s, n + 1 + m) != '.' || number(s, n + 2 + m, 4, year) != 4) return 0;
        return n + 6 + m;
    }
    if (n > 0) {
        i = blanks(s, n + (at(s, n) == '.'));
        if (!(*month = month_of(s, i, &used))) return 0;
        i = blanks(s, i + used);
        return number(s, i, 4, year) == 4 ? i + 4 : 0;
    }
    if (!(*month = month_of(s, 0, &used))) return 0;
    i = blanks(s, used);
    if (!(n = number(s, i, 2, day))) return 0;
    i += n;
    if (at(s, i) == ',') i++;
    i = blanks(s, i);
    return number(s, i, 4, year) == 4 ? i + 4 : 0;
}

/* "Z", "+02:00", " -0600", " UTC"; bytes. */
static size_t zone_at(wu_str s, size_t i, wu_when *w) {
    const size_t start = i;
    int64_t hour, minute = 0;
    if ((at(s, i) | 0x20) == 'z') {
        w->has_offset = true;
        return 1;
    }
    i = blanks(s, i);
    if (wu_str_starts(from(s, WU_MIN(i, s.n)), WU_STR("UTC")) ||
        wu_str_starts(from(s, WU_MIN(i, s.n)), WU_STR("GMT"))) {
        w->has_offset = true;
        return i + 3 - start;
    }
    const char sign = at(s, i);
    if ((sign != '+' && sign != '-') || i + 3 > s.n) return 0;
    if (number((wu_str){s.p, i + 3}, i + 1, 2, &hour) != 2 || hour > 15) return 0;
    i += 3;
    if (at(s, i) == ':') i++;
    if (is_digit(at(s, i))) {
        if (number(s, i, 2, &minute) != 2 || minute > 59) return 0;
        i += 2;
    }
    w->offset_min = (int32_t)(sign == '-' ? -(hour * 60 + minute) : hour * 60 + minute);
    w->has_offset = true;
    return i - start;
}

static size_t date_at(wu_str s, wu_text_time *t) {
    int64_t y = 0, m = 0, d = 0;
    size_t i = day_at(s, &y, &m, &d);
    if (i == 0 || y < 1970 || m < 1 || m > 12 || d < 1 || d > 31) return 0;
    const int64_t day_s = wu_civil_seconds((int32_t)y, (int32_t)m, (int32_t)d, 0, 0, 0);
    if (wu_civil_of(day_s).month != m) return 0;
    wu_text_time c = {0};
    size_t j = i;
    if (at(s, j) == ',') j++;
    j = at(s, j) == 'T' ? j + 1 : blanks(s, j);
    const size_t n = j > i ? clock_at(s, j, &c) : 0;
    *t = (wu_text_time){
        .kind = WU_TIME_DATE, .end_ms = -1, .date = {.known = true, .date_only = true}};
    if (n > 0) {
        /* "10:03" is hours and minutes behind a date */
        const bool two = c.kind == WU_TIME_OFFSET && !c.has_clock;
        t->ms = two ? c.ms / MS * MINUTE_MS : c.ms;
        if (t->ms >= 24 * (int64_t)HOUR_MS) return 0;
        t->has_clock = true;
        t->date.date_only = false;
        i = j + n;
        i += zone_at(s, i, &t->date);
    }
    t->date.local_s = day_s + t->ms / MS;
    return i;
}

size_t wu_time_token(wu_str s, wu_text_time *t) {
    const size_t n = date_at(s, t);
    return n ? n : clock_at(s, 0, t);
}

/* ------------------------------------------------------------------------------- at a line */

/* "12.5", "12s" or a time; a bare number only where it is one of a range. */
static size_t within(wu_str s, size_t i, bool range, wu_text_time *t) {
    int64_t v, ms = 0;
    size_t n = wu_time_token(from(s, i), t);
    if (n > 0) return n;
    if (!(n = number(s, i, 7, &v))) return 0;
    const size_t f = fraction(s, i + n, &ms);
    const bool unit = at(s, i + n + f) == 's';
    if (!range && !f && !unit) return 0;
    *t = (wu_text_time){.kind = WU_TIME_OFFSET, .ms = v * MS + ms, .end_ms = -1};
    return n + f + unit;
}

/* "-", "-->", "to" or a long dash between the two ends of a range; bytes with their blanks. */
static size_t between(wu_str s, size_t i) {
    static const char *const mark[] = {"-->", "->", "–", "—", "-", "to "};
    const size_t start = i;
    i = blanks(s, i);
    for (size_t k = 0; k < WU_LEN(mark); k++)
        if (i < s.n && wu_str_starts(from(s, i), wu_str_of(mark[k])))
            return blanks(s, i + strlen(mark[k])) - start;
    return 0;
}

/* A time or a range at i; bytes. */
static size_t span(wu_str s, size_t i, bool bracket, wu_text_time *t) {
    wu_text_time end;
    if (i >= s.n) return 0;
    if (bracket) { /* "[0 - 12]" */
        const size_t n = within(s, i, true, t);
        const size_t gap = n ? between(s, i + n) : 0;
        const size_t m = gap && i + n + gap < s.n ? within(s, i + n + gap, true, &end) : 0;
        if (m > 0 && end.kind == t->kind) {
            if (end.ms >= t->ms) t->end_ms = end.ms;
            return n + gap + m;
        }
        return within(s, i, false, t);
    }
    const size_t n = wu_time_token(from(s, i), t);
    if (n == 0) return 0;
    const size_t gap = between(s, i + n);
    const size_t m = gap && i + n + gap < s.n ? wu_time_token(from(s, i + n + gap), &end) : 0;
    if (m == 0 || end.kind != t->kind) return n;
    if (end.ms >= t->ms) t->end_ms = end.ms;
    return n + gap + m;
}

size_t wu_time_prefix(wu_str s, wu_text_time *out) {
    wu_text_time t;
    const char open = at(s, 0), close = open == '[' ? ']' : open == '(' ? ')' : 0;
    size_t i = close ? blanks(s, 1) : 0;
    const size_t n = span(s, i, close != 0, &t);
    if (n == 0) return 0;
    t.bracket = close ? open : 0;
    i += n;
    if (close) {
        i = blanks(s, i);
        if (at(s, i) != close) return 0;
        i++;
    }
    const size_t end = i;
    i = blanks(s, i);
    if (at(s, i) == ':' || at(s, i) == '-' || at(s, i) == '|')
        i = blanks(s, i + 1);
    else if (!close && i == end && i < s.n)
        return 0; /* "12:30pm-ish" */
    *out = t;
    return i;
}

/* -------------------------------------------------------------------------- lengths of time */

static int64_t unit_of(wu_str word) {
    static const struct {
        const char *name;
        int64_t ms;
    } unit[] = {
        {"ms", 1},
        {"s", MS},
        {"sec", MS},
        {"secs", MS},
        {"second", MS},
        {"seconds", MS},
        {"m", MINUTE_MS},
        {"min", MINUTE_MS},
        {"mins", MINUTE_MS},
        {"minute", MINUTE_MS},
        {"minutes", MINUTE_MS},
        {"h", HOUR_MS},
        {"hr", HOUR_MS},
        {"hrs", HOUR_MS},
        {"hour", HOUR_MS},
        {"hours", HOUR_MS},
    };
    char s[WU_LABEL_MAX];
    const size_t n = wu_label_normal(s, word);
    for (size_t i = 0; i < WU_LEN(unit); i++)
        if (strlen(unit[i].name) == n && memcmp(unit[i].name, s, n) == 0) return unit[i].ms;
    return 0;
}

int64_t wu_time_length(wu_str s, int64_t unit_ms) {
    wu_text_time t = {0};
    size_t i = 0;
    int64_t sum = 0;
    bool any = false;
    if (s.n > 0 && clock_at(s, 0, &t) == s.n && t.kind == WU_TIME_OFFSET) return t.ms;
    while (i < s.n) {
        int64_t v, ms;
        const size_t n = number(s, i, 9, &v);
        if (n == 0) return -1;
        const size_t f = fraction(s, i + n, &ms);
        if (f == 0) ms = 0;
        i = blanks(s, i + n + f);
        const size_t word = i;
        while (i < s.n && (at(s, i) | 0x20) >= 'a' && (at(s, i) | 0x20) <= 'z') i++;
        const int64_t unit = i > word ? unit_of((wu_str){s.p + word, i - word}) : unit_ms;
        if (unit == 0 || (i == word && (any || blanks(s, i) < s.n))) return -1;
        sum += v * unit + ms * unit / MS;
        any = true;
        i = blanks(s, i + (at(s, i) == ','));
    }
    return any ? sum : -1;
}
