/* temporal.h - what the time of a contact says: 18 features and the block of context.
 *
 * Everything comes from the record: the reading of the contact's local clock,
 * the wait, the history.  What the record does not say stays unknown and is
 * left out; nothing is drawn at random unless simulate asks for it, and then
 * the result says so.
 *
 * A time with an offset is local there.  One without gets the offset of zone;
 * without zone its clock is taken as the contact's local clock, and the
 * timestamp shows none.
 *
 * Threads: a wu_temporal_maker belongs to its caller. */
#ifndef WU_CONTACT_TEMPORAL_H
#define WU_CONTACT_TEMPORAL_H

#include "contact/calendar.h"
#include "contact/conversation.h"
#include "contact/prompt.h"

/* The lines of the block, in its order. */
typedef enum wu_context_line {
    WU_LINE_TIMESTAMP,
    WU_LINE_TIME_OF_DAY,
    WU_LINE_DAY_OF_WEEK,
    WU_LINE_BUSINESS_HOURS,
    WU_LINE_HOLIDAY,
    WU_LINE_PEAK_SEASON,
    WU_LINE_QUEUE_WAIT,
    WU_LINE_ANNOUNCED_WAIT,
    WU_LINE_CHANNEL,
    WU_LINE_CONTACT_NUMBER,
    WU_LINE_HOLD,
    WU_LINE_TRANSFERS,
    WU_N_CONTEXT_LINE
} wu_context_line;

typedef struct wu_temporal_rules {
    const wu_calendar *calendar; /* NULL: nothing is known about holidays */
    const wu_seasons *seasons;   /* NULL: nothing is known about seasons */
    wu_hours hours;
    bool open_on_holidays; /* else it is closed on holidays */
    const char *zone;      /* the name that TZ has, or NULL */
    bool convert;          /* times with an offset are brought to zone as well */
    bool simulate;         /* draw a time where there is none, and the wait that goes with it */
    uint64_t simulate_seed;
    double drop; /* chance of each known line to be left out of the block */
    uint64_t drop_seed;
} wu_temporal_rules; /* the caller's; must outlive the maker */

typedef struct wu_temporal_maker {
    const wu_temporal_rules *rules;
    wu_holidays year; /* of the last contact */
} wu_temporal_maker;

/* The features of one contact; what is not known is negative, NULL or not known. */
typedef struct wu_temporal {
    wu_when when;
    wu_civil civil;                             /* if when.known */
    const char *time_of_day;                    /* morning afternoon evening night */
    int business_hours, is_holiday, is_weekend; /* 0, 1, -1 */
    const char *holiday;                        /* name, the calendar's; NULL: none */
    bool holiday_observed;
    bool season_known;
    const char *peak_season; /* NULL: none */
    int32_t queue_wait_s;
    int is_first_contact, is_followup;
    bool simulated;   /* the time was drawn */
    unsigned dropped; /* bit 1 << wu_context_line of lines left out of the block */
    wu_context block; /* its texts lie below and in the calendar */
    char timestamp[40], holiday_text[112], channel[64];
} wu_temporal; /* not to be copied: block points into it */

void wu_temporal_init(wu_temporal_maker *m, const wu_temporal_rules *rules);

/* key tells the conversation: what is drawn depends on it and the seeds alone. */
void wu_temporal_make(wu_temporal *out, wu_temporal_maker *m, const wu_contact *c, wu_str key);

/* The member "temporal" of a record; NULL when out of memory. */
wu_json *wu_temporal_json(const wu_temporal *t);

#endif
