/* hours.c - seasons of the year and opening hours (calendar.h). */
#include "base/file.h"
#include "contact/calendar.h"
#include "contact/table.h"
#include "text/json.h"

#include <stdio.h>
#include <string.h>

static const char *const weekday_name[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                            "Friday", "Saturday", "Sunday"};
static const char *const month_name[12] = {"January",   "February", "March",    "April",
                                           "May",       "June",     "July",     "August",
                                           "September", "October",  "November", "December"};

const char *wu_weekday_name(int32_t weekday) { return weekday_name[weekday]; }
const char *wu_month_name(int32_t month) { return month_name[month - 1]; }

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

int32_t wu_weekday_find(wu_str name) {
    for (int32_t i = 0; i < 7; i++) {
        const size_t n = strlen(weekday_name[i]);
        size_t k = 0;
        if (name.n != 3 && name.n != n) continue;
        while (k < name.n && lower(name.p[k]) == lower(weekday_name[i][k])) k++;
        if (k == name.n) return i;
    }
    return -1;
}

/* ------------------------------------------------------------------------------ seasons */

enum { SEASONS_LIMIT = 1 << 20, SEASONS_MAX = 64 };

static bool two_digits(const char *p, int32_t *out) {
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') return false;
    *out = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

/* "MM-DD" */
static bool read_month_day(wu_str s, int32_t *out) {
    static const int32_t days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t month, day;
    if (s.n != 5 || s.p[2] != '-' || !two_digits(s.p, &month) || !two_digits(s.p + 3, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1]) return false;
    *out = 100 * month + day;
    return true;
}

/* A word of the prompt: letters, digits, _ and -. */
static bool is_season_name(wu_str s) {
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return s.n > 0 && s.n <= 64;
}

static wu_code read_season(wu_seasons *out, const wu_json *j, const char *where, wu_err *err) {
    wu_season *s = &out->season[out->n];
    const wu_str name = wu_json_str(wu_json_get(j, "name"));
    if (!is_season_name(name))
        return wu_fail(err, WU_EDATA, "%s: name is not a word of letters, digits, _ and -", where);
    if (!read_month_day(wu_json_str(wu_json_get(j, "from")), &s->from) ||
        !read_month_day(wu_json_str(wu_json_get(j, "until")), &s->until))
        return wu_fail(err, WU_EDATA, "%s: from and until are not both days like \"03-01\"", where);
    if (s->from == s->until)
        return wu_fail(err, WU_EDATA, "%s: from and until are the same day", where);
    if (wu_json_size(j) != 3)
        return wu_fail(err, WU_EDATA, "%s: has keys beside name, from and until", where);
    char *copy = wu_arena_alloc(&out->arena, name.n + 1);
    if (!copy) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    memcpy(copy, name.p, name.n);
    copy[name.n] = 0;
    s->name = copy;
    out->n++;
    return WU_OK;
}

static wu_code read_seasons(wu_seasons *out, const wu_json *j, const char *where, wu_err *err) {
    const wu_json *list = wu_json_get(j, "seasons");
    const size_t n = wu_json_size(list);
    wu_code rc = WU_OK;
    if (wu_json_type(list) != WU_JSON_ARRAY || n > SEASONS_MAX)
        return wu_fail(err, WU_EDATA, "%s: seasons is not an array of at most %d objects", where,
                       (int)SEASONS_MAX);
    out->season = wu_arena_zero(&out->arena, n + 1, sizeof(*out->season));
    if (!out->season) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    for (size_t i = 0; !rc && i < n; i++) {
        char here[WU_PATH_MAX + 32];
        snprintf(here, sizeof(here), "%s: seasons[%zu]", where, i);
        rc = read_season(out, wu_json_at(list, i), here, err);
    }
    return rc;
}

wu_code wu_seasons_parse(wu_seasons *out, wu_str text, const char *where, wu_err *err) {
    wu_json *j = NULL;
    *out = (wu_seasons){0};
    wu_code rc = wu_json_parse(&j, text, where, WU_EDATA, err);
    if (!rc) rc = read_seasons(out, j, where, err);
    if (rc) wu_seasons_free(out);
    wu_json_free(j);
    return rc;
}

wu_code wu_seasons_read(wu_seasons *out, const char *path, wu_err *err) {
    static const char table[] = "seasons.json";
    wu_buf text = {0};
    *out = (wu_seasons){0};
    wu_code rc = path ? wu_read_file(&text, path, SEASONS_LIMIT, err)
                      : wu_table_text(&text, NULL, table, err);
    if (!rc) rc = wu_seasons_parse(out, wu_buf_view(&text), path ? path : table, err);
    wu_buf_free(&text);
    return rc;
}

void wu_seasons_free(wu_seasons *s) {
    wu_arena_free(&s->arena);
    *s = (wu_seasons){0};
}

const char *wu_seasons_find(const wu_seasons *s, int32_t month, int32_t day) {
    const int32_t at = 100 * month + day;
    for (int32_t i = 0; i < s->n; i++) {
        const wu_season *x = &s->season[i];
        const bool begun = at >= x->from, over = at >= x->until;
        if (x->from < x->until ? begun && !over : begun || !over) return x->name;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------ hours */

/* Reads from a text that ends with a NUL; each part moves *p behind what it took. */
static void skip_blanks(const char **p) {
    while (**p == ' ') (*p)++;
}

static bool take_weekday(const char **p, int32_t *out) {
    size_t n = 0;
    while (lower((*p)[n]) >= 'a' && lower((*p)[n]) <= 'z') n++;
    *out = wu_weekday_find((wu_str){*p, n});
    *p += n;
    return *out >= 0;
}

/* "Mon", "Mon-Fri", "Fri-Mon" */
static bool take_days(const char **p, unsigned *days) {
    int32_t first, last;
    if (!take_weekday(p, &first)) return false;
    last = first;
    if (**p == '-') {
        (*p)++;
        if (!take_weekday(p, &last)) return false;
    }
    for (int32_t d = first;; d = (d + 1) % 7) {
        *days |= 1u << d;
        if (d == last) break;
    }
    return true;
}

/* "8:00", "08:00", "24:00" */
static bool take_time(const char **p, int32_t *minutes) {
    int32_t hour = 0, minute, n = 0;
    for (; **p >= '0' && **p <= '9' && n < 2; n++) hour = 10 * hour + (*(*p)++ - '0');
    if (n == 0 || **p != ':' || !two_digits(*p + 1, &minute)) return false;
    *p += 3;
    *minutes = 60 * hour + minute;
    return minute < 60 && *minutes <= 24 * 60;
}

static bool take_span(const char **p, wu_hours_span *s) {
    *s = (wu_hours_span){0};
    skip_blanks(p);
    if (!take_days(p, &s->days)) return false;
    skip_blanks(p);
    if (!take_time(p, &s->from) || **p != '-') return false;
    (*p)++;
    if (!take_time(p, &s->until)) return false;
    skip_blanks(p);
    return s->from != s->until && s->from < 24 * 60;
}

wu_code wu_hours_parse(wu_hours *out, const char *text, wu_err *err) {
    const char *p = text;
    *out = (wu_hours){0};
    for (;;) {
        if (out->n == WU_HOURS_MAX)
            return wu_fail(err, WU_EARG, "business hours \"%s\": more than %d spans", text,
                           (int)WU_HOURS_MAX);
        if (!take_span(&p, &out->span[out->n]) || (*p && *p != ','))
            return wu_fail(err, WU_EARG,
                           "business hours \"%s\": want days and times like \"%s, Sat "
                           "09:00-13:00\"",
                           text, WU_HOURS_DEFAULT);
        out->n++;
        if (!*p) return WU_OK;
        p++;
    }
}

bool wu_hours_open(const wu_hours *h, int32_t weekday, int32_t minute) {
    const unsigned today = 1u << weekday, yesterday = 1u << (weekday + 6) % 7;
    for (int32_t i = 0; i < h->n; i++) {
        const wu_hours_span *s = &h->span[i];
        const bool over_night = s->until <= s->from;
        if ((s->days & today) && minute >= s->from && (over_night || minute < s->until))
            return true;
        if (over_night && (s->days & yesterday) && minute < s->until) return true;
    }
    return false;
}
