/* when.h - points in time as people and files write them.
 *
 * A wu_when is the reading of a local clock and, if it is known, how far that
 * clock is ahead of UTC.  Without an offset it is not a point in time yet: the
 * caller's zone decides (wu_when_settle).  The zone is the system's data for
 * the name in TZ, which main() sets once at its start.
 *
 * Threads: any, once TZ is set. */
#ifndef WU_CONTACT_WHEN_H
#define WU_CONTACT_WHEN_H

#include "base/buf.h"
#include "base/err.h"

typedef struct wu_when {
    int64_t local_s;    /* seconds since 1970-01-01T00:00:00 on the local clock */
    int32_t offset_min; /* local minus UTC, in minutes; if has_offset */
    bool known, has_offset;
    bool date_only; /* the time of the day is not known: local_s is midnight */
} wu_when;          /* all zero is unknown */

typedef struct wu_civil {     /* proleptic Gregorian */
    int32_t year, month, day; /* 1..12, 1..31 */
    int32_t hour, minute, second;
    int32_t weekday;     /* Monday is 0 */
    int32_t day_of_year; /* from 1 */
    int32_t iso_year, iso_week;
} wu_civil;

wu_civil wu_civil_of(int64_t local_s);
int64_t wu_civil_seconds(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                         int32_t second); /* of a local clock; month and day may be out of range */

/* Reads ISO 8601 / RFC 3339 ("2024-05-14T10:03:22", a blank for the T, "Z", "+02:00", "-0500",
 * fractions, seconds left out, or a date alone: date_only). Years 1970 to 9999.
 * False: the whole of s is not a time. */
bool wu_when_parse(wu_when *out, wu_str s);

/* Of UTC seconds since 1970, offset 0. */
wu_when wu_when_of_utc(int64_t utc_s);
int64_t wu_when_utc(wu_when w); /* has_offset must be true */

/* Gives a time without an offset the one of the system's zone TZ at that clock reading (the earlier
 * of two where the clock is set back). One that has an offset or is only a date stays. */
wu_when wu_when_settle(wu_when w);

/* "2026-01-15T14:30:00-05:00"; "Z" for offset 0; nothing behind the seconds without an offset; the
 * date alone where nothing else is known. ENOMEM. */
WU_MUST_CHECK wu_code wu_when_render(wu_buf *out, wu_when w);

/* Whether the system has data for a zone ("Europe/Berlin", "UTC"). Absolute paths and ".." are
 * not names. */
bool wu_zone_exists(const char *name);

#endif
