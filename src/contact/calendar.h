/* calendar.h - which days are holidays, which parts of the year are busy, when it is open.
 *
 * A calendar is a file of rules (docs/formats.md, "Calendars"): a fixed date,
 * the nth weekday of a month, a weekday before or after a date, or so many days
 * from Easter; what happens when it falls on a weekend; in which years it
 * holds.  Those of data/calendars/ are built in.
 *
 * A season is a part of every year, [from, until), and may pass New Year.
 *
 * Opening hours are a text: "Mon-Fri 08:00-18:00, Sat 09:00-13:00".
 *
 * All days here are those of a local clock; nothing knows of time zones.
 *
 * Threads: constant once read. */
#ifndef WU_CONTACT_CALENDAR_H
#define WU_CONTACT_CALENDAR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { WU_CALENDAR_RULES = 64, WU_HOLIDAYS_MAX = 192 };

typedef struct wu_holiday {
    int32_t month, day;
    bool observed;    /* stands in for a holiday that fell on a weekend */
    const char *name; /* the calendar's */
} wu_holiday;

/* The holidays of one year, by date. */
typedef struct wu_holidays {
    int32_t year, n;
    bool known; /* false: the calendar says nothing about that year */
    wu_holiday day[WU_HOLIDAYS_MAX];
} wu_holidays;

typedef struct wu_calendar wu_calendar;

/* name is the code of a calendar that is built in ("us", "GB"), or a file: something with a "/" or
 * ".json" at its end. *out is freed with wu_calendar_free(). Errors: EARG (no such calendar), EIO,
 * EDATA (file and what is wrong in it), ENOMEM. */
WU_MUST_CHECK wu_code wu_calendar_read(wu_calendar **out, const char *name, wu_err *err);
WU_MUST_CHECK wu_code wu_calendar_parse(wu_calendar **out, wu_str text, const char *where,
                                        wu_err *err);
void wu_calendar_free(wu_calendar *c);
const char *wu_calendar_country(const wu_calendar *c); /* "US" */

void wu_calendar_year(wu_holidays *out, const wu_calendar *c, int32_t year); /* 1970 to 9999 */
/* The holiday of a day of that year, or NULL. */
const wu_holiday *wu_holidays_find(const wu_holidays *h, int32_t month, int32_t day);

/* Easter Sunday of the Gregorian calendar, in days since 1970-01-01. */
int64_t wu_easter(int32_t year);

typedef struct wu_season {
    const char *name;
    int32_t from, until; /* 100 * month + day */
} wu_season;

typedef struct wu_seasons {
    wu_arena arena;
    wu_season *season; /* in order of the file */
    int32_t n;
} wu_seasons; /* all zero is empty */

/* path NULL: those built in (data/seasons.json). Errors: EIO, EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_seasons_read(wu_seasons *out, const char *path, wu_err *err);
WU_MUST_CHECK wu_code wu_seasons_parse(wu_seasons *out, wu_str text, const char *where,
                                       wu_err *err);
void wu_seasons_free(wu_seasons *s);
/* The name of the first one listed that a day is in, or NULL. */
const char *wu_seasons_find(const wu_seasons *s, int32_t month, int32_t day);

typedef struct wu_hours_span {
    unsigned days;       /* bit 0 is Monday: the days on which it begins */
    int32_t from, until; /* minutes of the day; until <= from: it ends on the next day */
} wu_hours_span;

enum { WU_HOURS_MAX = 16 };
typedef struct wu_hours {
    wu_hours_span span[WU_HOURS_MAX];
    int32_t n;
} wu_hours;

#define WU_HOURS_DEFAULT "Mon-Fri 08:00-18:00"

/* Errors: EARG (what is wrong, with the text). */
WU_MUST_CHECK wu_code wu_hours_parse(wu_hours *out, const char *text, wu_err *err);
/* weekday: Monday is 0; minute of the day. */
bool wu_hours_open(const wu_hours *h, int32_t weekday, int32_t minute);

/* "Monday" ... of 0 to 6, "January" ... of 1 to 12. */
const char *wu_weekday_name(int32_t weekday);
const char *wu_month_name(int32_t month);
/* The number of a weekday's name, whole or its first three letters, in any case; -1: none. */
int32_t wu_weekday_find(wu_str name);

#endif
