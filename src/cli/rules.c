/* rules.c - zone, holidays, seasons and hours from options (rules.h). */
#include "cli/rules.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool is_none(const char *s) { return s && strcmp(s, "none") == 0; }

/* The C library's only door to time zones is TZ. */
static wu_code set_zone(const wu_rules_options *o, wu_err *err) {
    if (!o->zone)
        return o->convert ? wu_fail(err, WU_EARG, "--convert needs --zone: to which one?") : WU_OK;
    if (!wu_zone_exists(o->zone))
        return wu_fail(err, WU_EARG,
                       "--zone %s: the system has no such time zone; names look like Europe/Berlin",
                       o->zone);
    if (setenv("TZ", o->zone, 1)) return wu_fail_errno(err, "--zone %s", o->zone);
    tzset();
    return WU_OK;
}

wu_code wu_rules_open(wu_rules *out, const wu_rules_options *o, wu_err *err) {
    wu_code rc;
    *out = (wu_rules){
        .rules = {.open_on_holidays = o->open_on_holidays, .zone = o->zone, .convert = o->convert}};
    if ((rc = set_zone(o, err))) return rc;
    if ((rc = wu_hours_parse(&out->rules.hours, o->hours, err))) return rc;
    if (!is_none(o->calendar)) {
        if ((rc = wu_calendar_read(&out->calendar, o->calendar, err))) return rc;
        out->rules.calendar = out->calendar;
    }
    if (is_none(o->seasons)) return WU_OK;
    if ((rc = wu_seasons_read(&out->seasons, o->seasons, err))) return rc;
    out->rules.seasons = &out->seasons;
    return WU_OK;
}

void wu_rules_close(wu_rules *r) {
    wu_calendar_free(r->calendar);
    wu_seasons_free(&r->seasons);
    *r = (wu_rules){0};
}
