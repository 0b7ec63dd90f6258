/* when.c - points in time (when.h). */
#include "contact/when.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { DAY = 86400 };

/* Days since 1970-01-01 of a date; a year begins in March here, so that the day that comes and goes
 * is its last. */
static int64_t days_of(int64_t year, int32_t month, int32_t day) {
    const int64_t m = (int64_t)month - 1;
    year += m >= 0 ? m / 12 : -((11 - m) / 12);
    const int64_t from_march = ((m % 12 + 12) % 12 + 10) % 12;
    if (from_march >= 10) year--;
    const int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    const int64_t of_year = (153 * from_march + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t wu_civil_seconds(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                         int32_t second) {
    return days_of(year, month, day) * DAY + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* ISO 8601: week 1 has the year's first Thursday. */
static void set_week(wu_civil *c, int64_t days) {
    const int64_t thursday = days - c->weekday + 3;
    int32_t year = c->year;
    if (thursday < days_of(year, 1, 1)) year--;
    if (thursday >= days_of(year + 1, 1, 1)) year++;
    c->iso_year = year;
    c->iso_week = (int32_t)((thursday - days_of(year, 1, 1)) / 7) + 1;
}

wu_civil wu_civil_of(int64_t local_s) {
    const int64_t days = floor_div(local_s, DAY), left = local_s - days * DAY;
    const int64_t z = days + 719468, era = floor_div(z, 146097), of_era = z - era * 146097;
    const int64_t y =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365; /* of the era */
    const int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    wu_civil c = {.day = (int32_t)(of_year - (153 * m + 2) / 5 + 1),
                  .month = (int32_t)(m < 10 ? m + 3 : m - 9),
                  .hour = (int32_t)(left / 3600),
                  .minute = (int32_t)(left / 60 % 60),
                  .second = (int32_t)(left % 60)};
    c.year = (int32_t)(y + era * 400 + (c.month <= 2));
    c.weekday = (int32_t)(((days + 3) % 7 + 7) % 7); /* day 0 was a Thursday */
    c.day_of_year = (int32_t)(days - days_of(c.year, 1, 1)) + 1;
    set_week(&c, days);
    return c;
}

/* ------------------------------------------------------------------------------- parsing */

/* Exactly n digits at the start of *s, taken off. */
static bool digits(wu_str *s, int n, int32_t *value) {
    *value = 0;
    if (s->n < (size_t)n) return false;
    for (int i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') return false;
        *value = *value * 10 + (s->p[i] - '0');
    }
    s->p += n;
    s->n -= (size_t)n;
    return true;
}

static bool mark(wu_str *s, char c) {
    if (s->n == 0 || s->p[0] != c) return false;
    s->p++;
    s->n--;
    return true;
}

static bool parse_date(wu_str *s, wu_civil *c) {
    if (!digits(s, 4, &c->year) || !mark(s, '-') || !digits(s, 2, &c->month) || !mark(s, '-') ||
        !digits(s, 2, &c->day))
        return false;
    if (c->year < 1970 || c->month < 1 || c->month > 12 || c->day < 1) return false;
    const wu_civil same = wu_civil_of(wu_civil_seconds(c->year, c->month, c->day, 0, 0, 0));
    return same.month == c->month; /* there is such a day */
}

static bool parse_clock(wu_str *s, wu_civil *c) {
    if (!digits(s, 2, &c->hour) || !mark(s, ':') || !digits(s, 2, &c->minute)) return false;
    if (mark(s, ':')) {
        if (!digits(s, 2, &c->second)) return false;
        if (mark(s, '.') || mark(s, ',')) {
            int32_t unused;
            if (!digits(s, 1, &unused)) return false;
            while (digits(s, 1, &unused)) continue;
        }
    }
    return c->hour < 24 && c->minute < 60 && c->second <= 60; /* 60: a leap second */
}

static bool parse_offset(wu_str *s, wu_when *w) {
    if (mark(s, 'Z') || mark(s, 'z')) {
        w->has_offset = true;
        return true;
    }
    const bool west = s->n > 0 && s->p[0] == '-';
    int32_t hour, minute = 0;
    if (!mark(s, '+') && !mark(s, '-')) return false;
    if (!digits(s, 2, &hour)) return false;
    if (mark(s, ':') ? !digits(s, 2, &minute) : s->n > 0 && !digits(s, 2, &minute)) return false;
    if (hour > 15 || minute > 59) return false;
    w->offset_min = (west ? -1 : 1) * (hour * 60 + minute);
    w->has_offset = true;
    return true;
}

bool wu_when_parse(wu_when *out, wu_str s) {
    wu_civil c = {0};
    wu_when w = {.known = true};
    *out = (wu_when){0};
    if (!parse_date(&s, &c)) return false;
    w.date_only = s.n == 0;
    if (s.n > 0) {
        if (!mark(&s, 'T') && !mark(&s, 't') && !mark(&s, ' ')) return false;
        if (!parse_clock(&s, &c)) return false;
        while (mark(&s, ' ')) continue;
        if (s.n > 0 && !parse_offset(&s, &w)) return false;
    }
    if (s.n > 0) return false;
    w.local_s = wu_civil_seconds(c.year, c.month, c.day, c.hour, c.minute, c.second);
    *out = w;
    return true;
}

/* --------------------------------------------------------------------------------- zones */

wu_when wu_when_of_utc(int64_t utc_s) {
    return (wu_when){.local_s = utc_s, .known = true, .has_offset = true};
}

int64_t wu_when_utc(wu_when w) { return w.local_s - (int64_t)w.offset_min * 60; }

/* What the system's zone is ahead of UTC at a point in time, in minutes. */
static int32_t offset_at(int64_t utc_s) {
    const time_t t = (time_t)utc_s;
    struct tm tm;
    return localtime_r(&t, &tm) ? (int32_t)(tm.tm_gmtoff / 60) : 0;
}

wu_when wu_when_settle(wu_when w) {
    if (!w.known || w.has_offset || w.date_only) return w;
    /* The offsets a day before and after are the only candidates; where both fit, the clock is set
     * back there, and the larger offset is the earlier point in time. */
    const int32_t before = offset_at(w.local_s - DAY), after = offset_at(w.local_s + DAY);
    const int32_t more = before > after ? before : after, less = before > after ? after : before;
    const bool fits = offset_at(w.local_s - (int64_t)more * 60) == more;
    const bool other = offset_at(w.local_s - (int64_t)less * 60) == less;
    /* A reading that the clock jumps over: what it showed before the jump went on. */
    w.offset_min = fits ? more : other ? less : before;
    w.has_offset = true;
    return w;
}

wu_code wu_when_render(wu_buf *out, wu_when w) {
    const wu_civil c = wu_civil_of(w.local_s);
    wu_code rc = wu_buf_fmt(out, "%04d-%02d-%02d", c.year, c.month, c.day);
    if (rc || w.date_only) return rc;
    rc = wu_buf_fmt(out, "T%02d:%02d:%02d", c.hour, c.minute, c.second);
    if (rc || !w.has_offset) return rc;
    if (w.offset_min == 0) return wu_buf_char(out, 'Z');
    const int32_t size = w.offset_min < 0 ? -w.offset_min : w.offset_min;
    return wu_buf_fmt(out, "%c%02d:%02d", w.offset_min < 0 ? '-' : '+', size / 60, size % 60);
}

bool wu_zone_exists(const char *name) {
    char path[512];
    struct stat st;
    if (name[0] == '\0' || name[0] == '/' || name[0] == ':' || strstr(name, "..")) return false;
    if (strcmp(name, "UTC") == 0) return true;
    const int n = snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    return n > 0 && n < (int)sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}
