/* calendar.c - holidays from rules (calendar.h). */
#include "contact/calendar.h"

#include "base/file.h"
#include "contact/table.h"
#include "contact/when.h"
#include "text/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALENDAR_LIMIT = 1 << 20, YEARS_MAX = 64, CODE_MAX = 8 };

typedef enum rule_kind { RULE_FIXED, RULE_NTH, RULE_STEP, RULE_EASTER } rule_kind;

/* In which direction a weekday is looked for from a date, and whether the date itself may be it. */
typedef enum rule_step { STEP_BEFORE, STEP_ON_OR_BEFORE, STEP_AFTER, STEP_ON_OR_AFTER } rule_step;

typedef struct condition {
    int32_t month, day, weekday;
    bool given;
} condition;

typedef struct years {
    int32_t year[YEARS_MAX];
    int32_t n;
} years;

typedef struct rule {
    const char *name;
    rule_kind kind;
    rule_step step;
    int32_t month, day, weekday, nth, easter;
    int32_t from, to; /* years, both included */
    years except, only;
    condition when, unless;
    int32_t moved[7], observed[7]; /* by weekday: days to go, 0 stays */
    bool next_weekday;             /* observed on the next day that is free */
} rule;

struct wu_calendar {
    wu_arena arena;
    const char *country;
    int32_t from, to;
    int32_t n;
    rule *rule;
};

/* ------------------------------------------------------------------------------ the days */

static int64_t day_of(int32_t year, int32_t month, int32_t day) {
    return wu_civil_seconds(year, month, day, 0, 0, 0) / 86400;
}

static int32_t weekday_of(int64_t day) { /* 1970-01-01 was a Thursday */
    const int64_t w = (day + 3) % 7;
    return (int32_t)(w < 0 ? w + 7 : w);
}

/* The Gregorian computus: golden number, corrections of the century, then the Sunday after the full
 * moon that it gives. */
int64_t wu_easter(int32_t year) {
    const int32_t golden = year % 19, century = year / 100;
    const int32_t sun = century - century / 4, moon = (8 * century + 13) / 25;
    int32_t epact = (sun - moon + 19 * golden + 15) % 30; /* days from 21 March to the full moon */
    if (epact == 29 || (epact == 28 && golden > 10)) epact--;
    const int64_t full = day_of(year, 3, 21) + epact;
    return full + 7 - (weekday_of(full) + 1) % 7;
}

static bool in_years(const years *y, int32_t year) {
    for (int32_t i = 0; i < y->n; i++)
        if (y->year[i] == year) return true;
    return false;
}

static bool condition_holds(const condition *c, int32_t year) {
    return weekday_of(day_of(year, c->month, c->day)) == c->weekday;
}

static bool rule_holds(const rule *r, int32_t year) {
    if (year < r->from || year > r->to || in_years(&r->except, year)) return false;
    if (r->only.n > 0 && !in_years(&r->only, year)) return false;
    if (r->when.given && !condition_holds(&r->when, year)) return false;
    return !(r->unless.given && condition_holds(&r->unless, year));
}

static int64_t nth_day(const rule *r, int32_t year) {
    if (r->nth > 0) {
        const int64_t first = day_of(year, r->month, 1);
        return first + (r->weekday - weekday_of(first) + 7) % 7 + (int64_t)7 * (r->nth - 1);
    }
    const int64_t last = day_of(year, r->month + 1, 1) - 1;
    return last - (weekday_of(last) - r->weekday + 7) % 7 + (int64_t)7 * (r->nth + 1);
}

static int64_t step_day(const rule *r, int32_t year) {
    const int64_t date = day_of(year, r->month, r->day);
    const int64_t back = (weekday_of(date) - r->weekday + 7) % 7, on = (7 - back) % 7;
    switch (r->step) {
    case STEP_BEFORE:
        return date - (back ? back : 7);
    case STEP_ON_OR_BEFORE:
        return date - back;
    case STEP_AFTER:
        return date + (on ? on : 7);
    case STEP_ON_OR_AFTER:
        break;
    }
    return date + on;
}

static int64_t rule_day(const rule *r, int32_t year) {
    int64_t day = 0;
    switch (r->kind) {
    case RULE_FIXED:
        day = day_of(year, r->month, r->day);
        break;
    case RULE_NTH:
        day = nth_day(r, year);
        break;
    case RULE_STEP:
        day = step_day(r, year);
        break;
    case RULE_EASTER:
        day = wu_easter(year) + r->easter;
        break;
    }
    return day + r->moved[weekday_of(day)];
}

/* ------------------------------------------------------------------------------ a year */

typedef struct found {
    int64_t day;
    const rule *r;
    int32_t order; /* of the rule; those observed come behind all others */
    bool observed;
} found;

enum { FOUND_MAX = 3 * 2 * WU_CALENDAR_RULES };

static int by_day(const void *a_, const void *b_) {
    const found *a = a_, *b = b_;
    if (a->day != b->day) return a->day < b->day ? -1 : 1;
    if (a->observed != b->observed) return a->observed ? 1 : -1;
    return a->order - b->order;
}

static bool is_taken(const found *f, int32_t n, int64_t day) {
    for (int32_t i = 0; i < n; i++)
        if (f[i].day == day) return true;
    return false;
}

/* Days that stand in for those on a weekend. Earlier holidays choose first. */
static int32_t add_observed(found *f, int32_t n) {
    const int32_t n_real = n;
    for (int32_t i = 0; i < n_real; i++) {
        const rule *r = f[i].r;
        const int32_t weekday = weekday_of(f[i].day);
        int64_t day = f[i].day;
        if (r->next_weekday && weekday >= 5) {
            while (weekday_of(day) >= 5 || is_taken(f, n, day)) day++;
        } else if (!r->next_weekday && r->observed[weekday]) {
            day += r->observed[weekday];
        } else {
            continue;
        }
        f[n++] = (found){day, r, f[i].order, true};
    }
    return n;
}

/* Years before and after count too: New Year's Day may be observed on 31 December. */
void wu_calendar_year(wu_holidays *out, const wu_calendar *c, int32_t year) {
    found f[FOUND_MAX];
    int32_t n = 0;
    out->year = year;
    out->n = 0;
    out->known = year >= c->from && year <= c->to;
    if (!out->known) return;
    for (int32_t y = year - 1; y <= year + 1; y++)
        for (int32_t i = 0; i < c->n; i++)
            if (rule_holds(&c->rule[i], y))
                f[n++] = (found){rule_day(&c->rule[i], y), &c->rule[i], i, false};
    qsort(f, (size_t)n, sizeof(*f), by_day);
    n = add_observed(f, n);
    qsort(f, (size_t)n, sizeof(*f), by_day);
    const int64_t from = day_of(year, 1, 1), until = day_of(year + 1, 1, 1);
    for (int32_t i = 0; i < n && out->n < WU_HOLIDAYS_MAX; i++) {
        if (f[i].day < from || f[i].day >= until) continue;
        const wu_civil d = wu_civil_of(f[i].day * 86400);
        out->day[out->n++] = (wu_holiday){d.month, d.day, f[i].observed, f[i].r->name};
    }
}

const wu_holiday *wu_holidays_find(const wu_holidays *h, int32_t month, int32_t day) {
    for (int32_t i = 0; i < h->n; i++)
        if (h->day[i].month == month && h->day[i].day == day) return &h->day[i];
    return NULL;
}

/* ------------------------------------------------------------------------------ reading */

/* Where we are in the file, for messages. */
typedef struct reader {
    wu_calendar *c;
    const char *where; /* "FILE: holidays[3]" */
    wu_err *err;
} reader;

static wu_code bad(const reader *r, const char *what) {
    return wu_fail(r->err, WU_EDATA, "%s: %s", r->where, what);
}

static wu_code check_keys(const reader *r, const wu_json *o, const char *const *key, int n_key) {
    for (void *it = wu_json_first(o); it; it = wu_json_next(o, it)) {
        const wu_str k = wu_json_key(it);
        int i = 0;
        while (i < n_key && !wu_str_eq(k, wu_str_of(key[i]))) i++;
        if (i == n_key)
            return wu_fail(r->err, WU_EDATA, "%s: \"%.*s\" is no key that belongs here", r->where,
                           (int)WU_MIN(k.n, 64), k.p);
    }
    return WU_OK;
}

static wu_code read_int(const reader *r, const wu_json *o, const char *key, int32_t lo, int32_t hi,
                        int32_t *out) {
    const wu_json_in in = {o, r->where, WU_EDATA};
    int64_t v = *out;
    const wu_code rc = wu_json_opt_int(&in, key, lo, hi, &v, r->err);
    *out = (int32_t)v;
    return rc;
}

static wu_code read_weekday(const reader *r, const wu_json *o, int32_t *out) {
    const wu_json *j = wu_json_get(o, "weekday");
    if (!j) return WU_OK;
    *out = wu_weekday_find(wu_json_str(j));
    return *out < 0 ? bad(r, "weekday is not monday, tuesday, ...") : WU_OK;
}

static wu_code read_years(const reader *r, const wu_json *o, const char *key, years *out) {
    const wu_json *j = wu_json_get(o, key);
    if (!j) return WU_OK;
    if (wu_json_type(j) != WU_JSON_ARRAY || wu_json_size(j) > YEARS_MAX)
        return wu_fail(r->err, WU_EDATA, "%s: %s is not an array of at most %d years", r->where,
                       key, (int)YEARS_MAX);
    for (size_t i = 0; i < wu_json_size(j); i++) {
        const wu_json *y = wu_json_at(j, i);
        const int64_t year = wu_json_int(y);
        if (wu_json_type(y) != WU_JSON_INT || year < 1 || year > 9999)
            return wu_fail(r->err, WU_EDATA, "%s: %s[%zu] is not a year", r->where, key, i);
        out->year[out->n++] = (int32_t)year;
    }
    return WU_OK;
}

static wu_code check_date(const reader *r, int32_t month, int32_t day) {
    static const int32_t days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (day <= days[month - 1]) return WU_OK;
    return wu_fail(r->err, WU_EDATA, "%s: month %d has no day %d", r->where, month, day);
}

static wu_code read_condition(const reader *r, const wu_json *o, const char *key, condition *out) {
    static const char *const keys[] = {"month", "day", "weekday"};
    const wu_json *j = wu_json_get(o, key);
    wu_code rc;
    if (!j) return WU_OK;
    if (wu_json_type(j) != WU_JSON_OBJECT || wu_json_size(j) != WU_LEN(keys))
        return wu_fail(r->err, WU_EDATA, "%s: %s is not an object of month, day and weekday",
                       r->where, key);
    out->given = true;
    if ((rc = check_keys(r, j, keys, (int)WU_LEN(keys)))) return rc;
    if ((rc = read_int(r, j, "month", 1, 12, &out->month))) return rc;
    if ((rc = read_int(r, j, "day", 1, 31, &out->day))) return rc;
    if ((rc = read_weekday(r, j, &out->weekday))) return rc;
    return out->month && out->day ? check_date(r, out->month, out->day)
                                  : bad(r, "a condition lacks its month or day");
}

/* {"sunday": 1}: by weekday, days to go. */
static wu_code read_shift(const reader *r, const wu_json *j, const char *key, int32_t shift[7]) {
    if (!j) return WU_OK;
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(r->err, WU_EDATA, "%s: %s is not an object of weekdays", r->where, key);
    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it)) {
        const int32_t weekday = wu_weekday_find(wu_json_key(it));
        const int64_t days = wu_json_int(wu_json_value(it));
        if (weekday < 0 || days < -6 || days > 6 || days == 0)
            return wu_fail(r->err, WU_EDATA, "%s: %s is not a weekday with -6 to 6 days", r->where,
                           key);
        shift[weekday] = (int32_t)days;
    }
    return WU_OK;
}

static wu_code read_observed(const reader *r, const wu_json *o, rule *out) {
    const wu_json *j = wu_json_get(o, "observed");
    if (wu_json_type(j) != WU_JSON_STRING) return read_shift(r, j, "observed", out->observed);
    if (!wu_str_eq(wu_json_str(j), WU_STR("next_weekday")))
        return bad(r, "observed is neither \"next_weekday\" nor an object of weekdays");
    out->next_weekday = true;
    return WU_OK;
}

static wu_code read_step(const reader *r, const wu_json *o, rule *out) {
    static const char *const name[] = {"before", "on_or_before", "after", "on_or_after"};
    const wu_str s = wu_json_str(wu_json_get(o, "step"));
    for (int i = 0; i < (int)WU_LEN(name); i++) {
        if (!wu_str_eq(s, wu_str_of(name[i]))) continue;
        out->step = (rule_step)i;
        return WU_OK;
    }
    return bad(r, "step is not before, on_or_before, after or on_or_after");
}

/* Which day of the year: exactly one of the four forms. */
static wu_code read_day(const reader *r, const wu_json *o, rule *out) {
    const bool weekday = wu_json_get(o, "weekday"), nth = wu_json_get(o, "nth"),
               step = wu_json_get(o, "step"), day = wu_json_get(o, "day"),
               month = wu_json_get(o, "month"), easter = wu_json_get(o, "easter");
    wu_code rc;
    if ((rc = read_int(r, o, "month", 1, 12, &out->month))) return rc;
    if ((rc = read_int(r, o, "day", 1, 31, &out->day))) return rc;
    if ((rc = read_int(r, o, "nth", -5, 5, &out->nth))) return rc;
    if ((rc = read_int(r, o, "easter", -120, 200, &out->easter))) return rc;
    if ((rc = read_weekday(r, o, &out->weekday))) return rc;
    if (easter && !(weekday || nth || step || day || month)) {
        out->kind = RULE_EASTER;
    } else if (out->month && out->day && !(weekday || nth || step || easter)) {
        out->kind = RULE_FIXED;
    } else if (out->month && weekday && out->nth && !(step || day || easter)) {
        out->kind = RULE_NTH;
    } else if (out->month && out->day && weekday && step && !(nth || easter)) {
        out->kind = RULE_STEP;
        if ((rc = read_step(r, o, out))) return rc;
    } else {
        return bad(r,
                   "want month and day; month, weekday and nth; month, day, weekday and step; or "
                   "easter");
    }
    return out->day ? check_date(r, out->month, out->day) : WU_OK;
}

static const char *keep(const reader *r, wu_str s) {
    char *p = wu_arena_alloc(&r->c->arena, s.n + 1);
    if (!p) {
        wu_fail(r->err, WU_ENOMEM, "%s: out of memory", r->where);
        return NULL;
    }
    memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

/* It becomes part of a line of the prompt. */
static wu_code read_name(const reader *r, const wu_json *o, const char *key, const char **out) {
    const wu_json_in in = {o, r->where, WU_EDATA};
    wu_str s;
    const wu_code rc = wu_json_want_str(&in, key, &s, r->err);
    if (rc) return rc;
    if (s.n == 0 || s.n > 80 || memchr(s.p, '\n', s.n) || memchr(s.p, '\r', s.n))
        return wu_fail(r->err, WU_EDATA, "%s: %s is not one line of 1 to 80 bytes", r->where, key);
    *out = keep(r, s);
    return *out ? WU_OK : WU_ENOMEM;
}

static wu_code read_rule(const reader *r, const wu_json *o, rule *out) {
    static const char *const keys[] = {"name", "month",  "day",    "weekday", "nth",
                                       "step", "easter", "from",   "to",      "except",
                                       "only", "when",   "unless", "moved",   "observed"};
    wu_code rc;
    *out = (rule){.from = 1, .to = 9999};
    if (wu_json_type(o) != WU_JSON_OBJECT) return bad(r, "not an object");
    if ((rc = check_keys(r, o, keys, (int)WU_LEN(keys)))) return rc;
    if ((rc = read_name(r, o, "name", &out->name))) return rc;
    if ((rc = read_day(r, o, out))) return rc;
    if ((rc = read_int(r, o, "from", 1, 9999, &out->from))) return rc;
    if ((rc = read_int(r, o, "to", 1, 9999, &out->to))) return rc;
    if ((rc = read_years(r, o, "except", &out->except))) return rc;
    if ((rc = read_years(r, o, "only", &out->only))) return rc;
    if ((rc = read_condition(r, o, "when", &out->when))) return rc;
    if ((rc = read_condition(r, o, "unless", &out->unless))) return rc;
    if ((rc = read_shift(r, wu_json_get(o, "moved"), "moved", out->moved))) return rc;
    return read_observed(r, o, out);
}

static wu_code read_rules(wu_calendar *c, const wu_json *list, const char *where, wu_err *err) {
    const size_t n = wu_json_size(list);
    if (wu_json_type(list) != WU_JSON_ARRAY || n > WU_CALENDAR_RULES)
        return wu_fail(err, WU_EDATA, "%s: holidays is not an array of at most %d rules", where,
                       (int)WU_CALENDAR_RULES);
    c->rule = wu_arena_zero(&c->arena, n + 1, sizeof(*c->rule));
    if (!c->rule) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    for (size_t i = 0; i < n; i++) {
        char here[WU_PATH_MAX + 32];
        snprintf(here, sizeof(here), "%s: holidays[%zu]", where, i);
        const reader r = {c, here, err};
        const wu_code rc = read_rule(&r, wu_json_at(list, i), &c->rule[i]);
        if (rc) return rc;
        c->n++;
    }
    return WU_OK;
}

static bool is_code(const char *name) {
    const size_t n = strlen(name);
    for (size_t i = 0; i < n; i++) {
        const char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-')) return false;
    }
    return n > 0 && n <= CODE_MAX;
}

static wu_code read_calendar(wu_calendar *c, const wu_json *j, const char *where, wu_err *err) {
    static const char *const keys[] = {"country", "name", "note", "from", "to", "holidays"};
    const reader r = {c, where, err};
    wu_code rc;
    c->from = 1;
    c->to = 9999;
    if (wu_json_type(j) != WU_JSON_OBJECT) return bad(&r, "not an object");
    if ((rc = check_keys(&r, j, keys, (int)WU_LEN(keys)))) return rc;
    if ((rc = read_name(&r, j, "country", &c->country))) return rc;
    if (!is_code(c->country)) return bad(&r, "country is not a code of letters, like \"US\"");
    if ((rc = read_int(&r, j, "from", 1, 9999, &c->from))) return rc;
    if ((rc = read_int(&r, j, "to", 1, 9999, &c->to))) return rc;
    return read_rules(c, wu_json_get(j, "holidays"), where, err);
}

wu_code wu_calendar_parse(wu_calendar **out, wu_str text, const char *where, wu_err *err) {
    wu_json *j = NULL;
    *out = NULL;
    wu_calendar *c = calloc(1, sizeof(*c));
    wu_code rc = c ? WU_OK : wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    if (rc) goto done;
    if ((rc = wu_json_parse(&j, text, where, WU_EDATA, err))) goto done;
    if ((rc = read_calendar(c, j, where, err))) goto done;
    *out = c;
    c = NULL;
done:
    wu_json_free(j);
    wu_calendar_free(c);
    return rc;
}

void wu_calendar_free(wu_calendar *c) {
    if (!c) return;
    wu_arena_free(&c->arena);
    free(c);
}

const char *wu_calendar_country(const wu_calendar *c) { return c->country; }

static bool is_file_name(const char *name) {
    const size_t n = strlen(name);
    return strchr(name, '/') || (n > 5 && strcmp(name + n - 5, ".json") == 0);
}

/* "there is no calendar "xx" (br, ca, ...)" */
static wu_code no_calendar(const char *name, wu_err *err) {
    char list[256] = "";
    const char *table;
    for (int i = 0; (table = wu_table_name("calendars/", i)); i++) {
        const size_t n = strlen(list), prefix = strlen("calendars/");
        const int code = (int)(strlen(table) - prefix - strlen(".json"));
        snprintf(list + n, sizeof(list) - n, "%s%.*s", n ? ", " : "", code, table + prefix);
    }
    return wu_fail(err, WU_EARG,
                   "calendar \"%s\": there is none of that name; built in are %s; a file of your "
                   "own ends in .json",
                   name, list);
}

static wu_code built_in(wu_buf *text, char *table, size_t size, const char *name, wu_err *err) {
    const char *known;
    if (!is_code(name)) return no_calendar(name, err);
    snprintf(table, size, "calendars/%s.json", name);
    for (char *p = table; *p; p++)
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
    for (int i = 0; (known = wu_table_name("calendars/", i)); i++)
        if (strcmp(known, table) == 0) return wu_table_text(text, NULL, table, err);
    return no_calendar(name, err);
}

wu_code wu_calendar_read(wu_calendar **out, const char *name, wu_err *err) {
    char table[CODE_MAX + 32] = "";
    wu_buf text = {0};
    wu_code rc;
    *out = NULL;
    if (is_file_name(name))
        rc = wu_read_file(&text, name, CALENDAR_LIMIT, err);
    else
        rc = built_in(&text, table, sizeof(table), name, err);
    if (!rc) rc = wu_calendar_parse(out, wu_buf_view(&text), table[0] ? table : name, err);
    wu_buf_free(&text);
    return rc;
}
