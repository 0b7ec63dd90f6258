/* rules.h - what commands need to say when a contact was: zone, holidays, seasons, hours.
 *
 * `wrapup temporal` and `wrapup analyze` have a wu_rules_options in their
 * options and WU_RULES_OPTIONS in their table, so that a model sees the same
 * block when it learns and when it answers.
 *
 * Threads: main only, before there are others: the zone is set for the process. */
#ifndef WU_CLI_RULES_H
#define WU_CLI_RULES_H

#include "contact/temporal.h"

typedef struct wu_rules_options {
    const char *zone, *calendar, *seasons, *hours;
    bool convert, open_on_holidays;
} wu_rules_options;

/* clang-format off */
#define WU_RULES_AT(type, member, field)                                                           \
    (offsetof(type, member) + offsetof(wu_rules_options, field))
/* Rows for a command's table; type is its options struct, member its wu_rules_options. */
#define WU_RULES_OPTIONS(type, member)                                                             \
    {"zone", 0, WU_OPT_TEXT, WU_RULES_AT(type, member, zone), "NAME", NULL, NULL, 0, 0, false,     \
     "Time zone of times that have no offset, such as America/New_York. Without it their clock "   \
     "is taken as the contact's own and the timestamp shows no offset."},                          \
    {"convert", 0, WU_OPT_FLAG, WU_RULES_AT(type, member, convert), NULL, NULL, NULL, 0, 0, false, \
     "Bring times that have an offset to --zone as well: for records kept in UTC."},               \
    {"calendar", 0, WU_OPT_TEXT, WU_RULES_AT(type, member, calendar), "NAME", "us", NULL, 0, 0,    \
     false,                                                                                        \
     "Holidays: br, ca, de, es, fr, gb, ie, it, mx, nl, us, a file of your own (.json), or "       \
     "none."},                                                                                     \
    {"seasons", 0, WU_OPT_TEXT, WU_RULES_AT(type, member, seasons), "FILE", NULL, NULL, 0, 0,      \
     false,                                                                                        \
     "Peak seasons of your own, or none; by default tax_season, back_to_school, "                  \
     "holiday_shopping."},                                                                         \
    {"business-hours", 0, WU_OPT_TEXT, WU_RULES_AT(type, member, hours), "HOURS",                  \
     WU_HOURS_DEFAULT,                                                                             \
     NULL, 0, 0, false, "When you are open, such as \"Mon-Fri 08:00-20:00, Sat 09:00-13:00\"."},   \
    {"open-on-holidays", 0, WU_OPT_FLAG, WU_RULES_AT(type, member, open_on_holidays), NULL, NULL,  \
     NULL, 0, 0, false,                                                                            \
     "Business hours hold on holidays too; by default those are closed."}
/* clang-format on */

typedef struct wu_rules { /* what was read for the options */
    wu_temporal_rules rules;
    wu_calendar *calendar;
    wu_seasons seasons;
} wu_rules; /* all zero is empty */

/* Sets the zone of the process and reads the files. rules are the caller's to extend. Errors: EARG,
 * EDATA, EIO, ENOMEM; then *out is to be freed all the same. */
WU_MUST_CHECK wu_code wu_rules_open(wu_rules *out, const wu_rules_options *o, wu_err *err);
void wu_rules_close(wu_rules *r);

#endif
