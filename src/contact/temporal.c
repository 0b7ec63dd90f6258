/* temporal.c - features of a contact's time (temporal.h). */
#include "contact/temporal.h"

#include "base/hash.h"
#include "base/rng.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const line_name[WU_N_CONTEXT_LINE] = {"timestamp",
                                                         "time_of_day",
                                                         "day_of_week",
                                                         "business_hours",
                                                         "holiday",
                                                         "peak_season",
                                                         "queue_wait_time_seconds",
                                                         "announced_wait_seconds",
                                                         "channel",
                                                         "contact_number_30d",
                                                         "hold_seconds",
                                                         "transfers"};

static const char *part_of_day(int32_t hour) {
    if (hour >= 5 && hour < 12) return "morning";
    if (hour >= 12 && hour < 17) return "afternoon";
    if (hour >= 17 && hour < 21) return "evening";
    return "night";
}

/* ------------------------------------------------------------------------------ the time */

/* The same point in time on the clock of TZ. */
static wu_when bring_to_zone(wu_when w) {
    const int64_t utc = wu_when_utc(w);
    const time_t t = (time_t)utc;
    struct tm tm;
    if (!localtime_r(&t, &tm)) return w;
    w.offset_min = (int32_t)(tm.tm_gmtoff / 60);
    w.local_s = utc + (int64_t)w.offset_min * 60;
    return w;
}

/* A record that names another zone than ours keeps a clock without offset: ours would be wrong. */
static wu_when place(const wu_temporal_rules *r, const wu_contact *c) {
    if (!c->start.known || !r->zone) return c->start;
    if (c->start.has_offset) return r->convert ? bring_to_zone(c->start) : c->start;
    if (c->zone.n > 0 && !wu_str_eq(c->zone, wu_str_of(r->zone))) return c->start;
    return wu_when_settle(c->start);
}

/* The distribution of the data sets that came before: a day of 2024, an hour by weight. */
static wu_when draw_time(wu_rng *rng) {
    static const uint32_t weight[24] = {1,  1,  1,  1,  1,  2,  5,  10, 15, 20, 25, 25,
                                        20, 25, 25, 25, 20, 15, 10, 8,  5,  3,  2,  1};
    enum { WEIGHTS = 266, DAYS_OF_2024 = 366 };
    const int64_t day = (int64_t)wu_rng_below(rng, DAYS_OF_2024);
    uint32_t left = wu_rng_below(rng, WEIGHTS);
    int32_t hour = 0;
    while (left >= weight[hour]) left -= weight[hour++];
    const int32_t minute = (int32_t)wu_rng_below(rng, 60), second = (int32_t)wu_rng_below(rng, 60);
    const int64_t clock = wu_civil_seconds(2024, 1, 1, hour, minute, second);
    return (wu_when){.local_s = clock + day * 86400, .known = true};
}

static double between(wu_rng *rng, double lo, double hi) {
    return lo + (hi - lo) * wu_rng_unit(rng);
}

static int32_t draw_wait(wu_rng *rng, const wu_temporal *t) {
    const bool day = t->civil.hour >= 5 && t->civil.hour < 17;
    double s = between(rng, 30.0, 180.0);
    if (t->peak_season) s *= between(rng, 1.5, 3.0);
    if (t->business_hours == 1 && day) s *= between(rng, 1.2, 1.8);
    if (t->business_hours == 0) s *= between(rng, 0.5, 0.8);
    return (int32_t)s;
}

/* --------------------------------------------------------------------------- the features */

static void find_holiday(wu_temporal *t, wu_temporal_maker *m) {
    const wu_calendar *calendar = m->rules->calendar;
    if (!calendar) return;
    if (m->year.year != t->civil.year) wu_calendar_year(&m->year, calendar, t->civil.year);
    if (!m->year.known) return;
    const wu_holiday *h = wu_holidays_find(&m->year, t->civil.month, t->civil.day);
    t->is_holiday = h != NULL;
    t->holiday = h ? h->name : NULL;
    t->holiday_observed = h && h->observed;
}

static void read_clock(wu_temporal *t, wu_temporal_maker *m) {
    const wu_temporal_rules *r = m->rules;
    t->civil = wu_civil_of(t->when.local_s);
    t->is_weekend = t->civil.weekday >= 5;
    find_holiday(t, m);
    t->season_known = r->seasons != NULL;
    if (r->seasons) t->peak_season = wu_seasons_find(r->seasons, t->civil.month, t->civil.day);
    if (t->when.date_only) return; /* what depends on the hour stays unknown */
    t->time_of_day = part_of_day(t->civil.hour);
    t->business_hours =
        wu_hours_open(&r->hours, t->civil.weekday, t->civil.hour * 60 + t->civil.minute) &&
        (t->is_holiday != 1 || r->open_on_holidays);
}

static void set_timestamp(wu_temporal *t) {
    wu_civil c = t->civil;
    char offset[16] = "";
    const int32_t size = t->when.offset_min < 0 ? -t->when.offset_min : t->when.offset_min;
    if (t->when.has_offset && size == 0) snprintf(offset, sizeof(offset), "Z");
    if (t->when.has_offset && size > 0)
        snprintf(offset, sizeof(offset), "%c%02d:%02d", t->when.offset_min < 0 ? '-' : '+',
                 size / 60 % 100, size % 60);
    if (t->when.date_only)
        snprintf(t->timestamp, sizeof(t->timestamp), "%04d-%02d-%02d", c.year, c.month, c.day);
    else
        snprintf(t->timestamp, sizeof(t->timestamp), "%04d-%02d-%02dT%02d:%02d:%02d%s", c.year,
                 c.month, c.day, c.hour, c.minute, c.second, offset);
}

/* A text of the record as part of a line: nothing in it may end the line. */
static void set_channel(wu_temporal *t, wu_str channel) {
    if (channel.n == 0 || channel.n >= sizeof(t->channel)) return;
    for (size_t i = 0; i < channel.n; i++) {
        const unsigned char b = (unsigned char)channel.p[i];
        t->channel[i] = (char)(b < ' ' || b == 0x7f ? ' ' : b);
    }
    t->channel[channel.n] = 0;
    t->block.channel = t->channel;
}

static void fill_block(wu_temporal *t, const wu_temporal_rules *r, const wu_contact *c) {
    wu_context *b = &t->block;
    *b = WU_CONTEXT_UNKNOWN;
    if (t->when.known) {
        set_timestamp(t);
        b->timestamp = t->timestamp;
        b->time_of_day = t->time_of_day;
        b->day_of_week = wu_weekday_name(t->civil.weekday);
        b->business_hours = t->business_hours;
        b->peak_season = t->peak_season;
    }
    if (t->holiday) {
        snprintf(t->holiday_text, sizeof(t->holiday_text), "%s%s (%.8s)", t->holiday,
                 t->holiday_observed ? ", observed" : "", wu_calendar_country(r->calendar));
        b->holiday = t->holiday_text;
    }
    b->queue_wait_s = t->queue_wait_s;
    b->announced_wait_s = c->announced_wait_s;
    set_channel(t, c->channel);
    b->contact_number_30d = c->contact_number_30d;
    b->hold_s = c->hold_s;
    b->transfers = c->transfers;
}

/* Takes a line out; true if it was there. */
static bool drop_text(const char **line) {
    const bool known = *line != NULL;
    *line = NULL;
    return known;
}

static bool drop_number(int32_t *line) {
    const bool known = *line >= 0;
    *line = -1;
    return known;
}

static bool drop_line(wu_context *b, wu_context_line line) {
    switch (line) {
    case WU_LINE_TIMESTAMP:
        return drop_text(&b->timestamp);
    case WU_LINE_TIME_OF_DAY:
        return drop_text(&b->time_of_day);
    case WU_LINE_DAY_OF_WEEK:
        return drop_text(&b->day_of_week);
    case WU_LINE_BUSINESS_HOURS: {
        const bool known = b->business_hours >= 0;
        b->business_hours = -1;
        return known;
    }
    case WU_LINE_HOLIDAY:
        return drop_text(&b->holiday);
    case WU_LINE_PEAK_SEASON:
        return drop_text(&b->peak_season);
    case WU_LINE_QUEUE_WAIT:
        return drop_number(&b->queue_wait_s);
    case WU_LINE_ANNOUNCED_WAIT:
        return drop_number(&b->announced_wait_s);
    case WU_LINE_CHANNEL:
        return drop_text(&b->channel);
    case WU_LINE_CONTACT_NUMBER:
        return drop_number(&b->contact_number_30d);
    case WU_LINE_HOLD:
        return drop_number(&b->hold_s);
    case WU_LINE_TRANSFERS:
        return drop_number(&b->transfers);
    case WU_N_CONTEXT_LINE:
        break;
    }
    return false;
}

/* Every line has its own draw, known or not, so that one fact more changes nothing else. */
static void drop_lines(wu_temporal *t, const wu_temporal_rules *r, uint64_t id) {
    if (r->drop <= 0.0) return;
    wu_rng rng = wu_rng_init(r->drop_seed, id);
    for (int i = 0; i < WU_N_CONTEXT_LINE; i++)
        if (wu_rng_unit(&rng) < r->drop && drop_line(&t->block, (wu_context_line)i))
            t->dropped |= 1u << i;
}

void wu_temporal_init(wu_temporal_maker *m, const wu_temporal_rules *rules) {
    *m = (wu_temporal_maker){.rules = rules};
}

void wu_temporal_make(wu_temporal *out, wu_temporal_maker *m, const wu_contact *c, wu_str key) {
    const wu_temporal_rules *r = m->rules;
    const uint64_t id = wu_hash64(key.p, key.n);
    wu_rng rng = wu_rng_init(r->simulate_seed, id);
    *out = (wu_temporal){.business_hours = -1,
                         .is_holiday = -1,
                         .is_weekend = -1,
                         .queue_wait_s = c->queue_wait_s,
                         .is_first_contact = -1,
                         .is_followup = -1,
                         .when = place(r, c)};
    if (!out->when.known && r->simulate) {
        out->simulated = true;
        out->when = draw_time(&rng);
        if (r->zone) out->when = wu_when_settle(out->when);
    }
    if (out->when.known) read_clock(out, m);
    if (out->simulated && out->queue_wait_s < 0) out->queue_wait_s = draw_wait(&rng, out);
    if (c->contact_number_30d >= 1) {
        out->is_first_contact = c->contact_number_30d == 1;
        out->is_followup = c->contact_number_30d > 1;
    }
    fill_block(out, r, c);
    drop_lines(out, r, id);
}

/* ------------------------------------------------------------------------------ as JSON */

static wu_code set_text(wu_json *o, const char *key, const char *text) {
    return wu_json_set(o, key, wu_json_new_str(wu_str_of(text)));
}

static wu_code set_int(wu_json *o, const char *key, int32_t v) {
    return wu_json_set(o, key, wu_json_new_int(v));
}

static wu_code set_bool(wu_json *o, const char *key, int v) { /* -1: unknown */
    return v < 0 ? WU_OK : wu_json_set(o, key, wu_json_new_bool(v == 1));
}

static wu_code set_clock(wu_json *o, const wu_temporal *t) {
    const wu_civil *c = &t->civil;
    char date[16];
    wu_code rc;
    snprintf(date, sizeof(date), "%.10s", t->timestamp);
    if ((rc = set_text(o, "timestamp", t->timestamp))) return rc;
    if ((rc = set_text(o, "date", date))) return rc;
    if (!t->when.date_only && (rc = set_text(o, "time_of_day", t->time_of_day))) return rc;
    if (!t->when.date_only && (rc = set_int(o, "hour", c->hour))) return rc;
    if ((rc = set_text(o, "day_of_week", wu_weekday_name(c->weekday)))) return rc;
    if ((rc = set_int(o, "day_of_week_num", c->weekday))) return rc;
    if ((rc = set_bool(o, "is_business_hours", t->business_hours))) return rc;
    if ((rc = set_bool(o, "is_weekend", t->is_weekend))) return rc;
    if ((rc = set_bool(o, "is_holiday", t->is_holiday))) return rc;
    if (t->holiday && (rc = set_text(o, "holiday", t->holiday_text))) return rc;
    if (!t->season_known) return WU_OK;
    return t->peak_season ? set_text(o, "peak_season", t->peak_season)
                          : wu_json_set(o, "peak_season", wu_json_new_null());
}

static wu_code set_wait(wu_json *o, const wu_temporal *t) {
    if (t->queue_wait_s < 0) return WU_OK;
    const int64_t tenths = ((int64_t)t->queue_wait_s + 3) / 6; /* of a minute, rounded */
    const wu_code rc = set_int(o, "queue_wait_seconds", t->queue_wait_s);
    return rc ? rc : wu_json_set(o, "queue_wait_minutes", wu_json_new_real((double)tenths / 10.0));
}

static wu_code set_date(wu_json *o, const wu_civil *c) {
    wu_code rc;
    if ((rc = set_int(o, "week_of_year", c->iso_week))) return rc;
    if ((rc = set_int(o, "month", c->month))) return rc;
    if ((rc = set_text(o, "month_name", wu_month_name(c->month)))) return rc;
    return set_int(o, "quarter", (c->month - 1) / 3 + 1);
}

static wu_code set_dropped(wu_json *o, unsigned dropped) {
    wu_json *list = wu_json_new_array();
    wu_code rc = list ? WU_OK : WU_ENOMEM;
    for (int i = 0; !rc && i < WU_N_CONTEXT_LINE; i++)
        if (dropped & 1u << i) rc = wu_json_push(list, wu_json_new_str(wu_str_of(line_name[i])));
    if (!rc) return wu_json_set(o, "dropped", list);
    wu_json_free(list);
    return rc;
}

wu_json *wu_temporal_json(const wu_temporal *t) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    if (!rc && t->when.known) rc = set_clock(o, t);
    if (!rc) rc = set_wait(o, t);
    if (!rc) rc = set_bool(o, "is_first_contact", t->is_first_contact);
    if (!rc) rc = set_bool(o, "is_followup", t->is_followup);
    if (!rc && t->when.known) rc = set_date(o, &t->civil);
    if (!rc && t->simulated) rc = set_bool(o, "simulated", 1);
    if (!rc && t->dropped) rc = set_dropped(o, t->dropped);
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}
