/* The 18 features from real times, by hand; zones and clocks that are set; what is drawn. */
#include "contact/set/annotate.h"
#include "contact/temporal.h"

#include "near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Everything that a contact needs, made once. */
static struct world {
    wu_calendar *calendar;
    wu_seasons seasons;
    wu_temporal_rules rules;
} world;

static int begin(void **state) {
    (void)state;
    world.rules = (wu_temporal_rules){0};
    if (wu_calendar_read(&world.calendar, "us", NULL) ||
        wu_seasons_read(&world.seasons, NULL, NULL))
        return -1;
    world.rules.calendar = world.calendar;
    world.rules.seasons = &world.seasons;
    return wu_hours_parse(&world.rules.hours, WU_HOURS_DEFAULT, NULL) != WU_OK;
}

static int end(void **state) {
    (void)state;
    wu_calendar_free(world.calendar);
    wu_seasons_free(&world.seasons);
    return 0;
}

static wu_contact contact_at(const char *start) {
    wu_contact c;
    wu_contact_init(&c);
    if (start && !wu_when_parse(&c.start, wu_str_of(start))) fail_msg("%s is no time", start);
    return c;
}

/* The features as JSON text. */
static void json_is(const wu_contact *c, const wu_temporal_rules *rules, const char *want) {
    wu_temporal_maker m;
    wu_temporal t;
    wu_buf got = {0};
    wu_temporal_init(&m, rules);
    wu_temporal_make(&t, &m, c, WU_STR("c1"));
    wu_json *j = wu_temporal_json(&t);
    assert_non_null(j);
    assert_int_equal(wu_json_write(&got, j, WU_JSON_COMPACT), WU_OK);
    assert_string_equal(got.p, want);
    wu_json_free(j);
    wu_buf_free(&got);
}

static void block_is(const wu_contact *c, const wu_temporal_rules *rules, const char *want) {
    wu_temporal_maker m;
    wu_temporal t;
    wu_buf got = {0};
    wu_temporal_init(&m, rules);
    wu_temporal_make(&t, &m, c, WU_STR("c1"));
    assert_int_equal(wu_context_render(&got, &t.block), WU_OK);
    assert_string_equal(got.p ? got.p : "", want);
    wu_buf_free(&got);
}

static void features_by_hand(void **state) {
    (void)state;
    static const struct row {
        const char *start, *part, *day;
        int32_t hour, day_num;
        int open, weekend, holiday;
        const char *season;
        int32_t week;
    } row[] = {
        {"2024-05-14T10:03:22", "morning", "Tuesday", 10, 1, 1, 0, 0, NULL, 20},
        {"2024-01-01T09:00:00", "morning", "Monday", 9, 0, 0, 0, 1, "holiday_shopping", 1},
        {"2024-12-31T16:59:59", "afternoon", "Tuesday", 16, 1, 1, 0, 0, "holiday_shopping", 1},
        {"2023-01-01T12:00:00", "afternoon", "Sunday", 12, 6, 0, 1, 1, "holiday_shopping", 52},
        {"2021-01-03T17:00:00", "evening", "Sunday", 17, 6, 0, 1, 0, "holiday_shopping", 53},
        {"2024-04-15T23:59:59", "night", "Monday", 23, 0, 0, 0, 0, "tax_season", 16},
        {"2024-04-16T00:00:00", "night", "Tuesday", 0, 1, 0, 0, 0, NULL, 16},
        {"2024-02-29T04:59:59", "night", "Thursday", 4, 3, 0, 0, 0, NULL, 9},
        {"2024-02-29T05:00:00", "morning", "Thursday", 5, 3, 0, 0, 0, NULL, 9},
        {"2024-09-15T20:59:00", "evening", "Sunday", 20, 6, 0, 1, 0, "back_to_school", 37},
        {"2024-09-16T21:00:00", "night", "Monday", 21, 0, 0, 0, 0, NULL, 38},
        {"2026-01-19T11:59:59", "morning", "Monday", 11, 0, 0, 0, 1, NULL, 4},
        {"2026-07-03T08:00:00", "morning", "Friday", 8, 4, 0, 0, 1, NULL, 27},
        {"2025-11-26T17:59:59", "evening", "Wednesday", 17, 2, 1, 0, 0, "holiday_shopping", 48},
        {"2025-11-26T18:00:00", "evening", "Wednesday", 18, 2, 0, 0, 0, "holiday_shopping", 48},
    };
    wu_temporal_maker m;
    wu_temporal_init(&m, &world.rules);
    for (size_t i = 0; i < WU_LEN(row); i++) {
        const struct row *r = &row[i];
        const wu_contact c = contact_at(r->start);
        wu_temporal t;
        wu_temporal_make(&t, &m, &c, WU_STR("c1"));
        const bool season = t.peak_season && r->season ? !strcmp(t.peak_season, r->season)
                                                       : !t.peak_season && !r->season;
        if (strcmp(t.time_of_day, r->part) != 0 || t.civil.hour != r->hour ||
            strcmp(wu_weekday_name(t.civil.weekday), r->day) != 0 ||
            t.civil.weekday != r->day_num || t.business_hours != r->open ||
            t.is_weekend != r->weekend || t.is_holiday != r->holiday || !season ||
            t.civil.iso_week != r->week)
            fail_msg("%s: %s %s open %d weekend %d holiday %d season %s week %d", r->start,
                     t.time_of_day, wu_weekday_name(t.civil.weekday), t.business_hours,
                     t.is_weekend, t.is_holiday, t.peak_season ? t.peak_season : "-",
                     t.civil.iso_week);
    }
}

static void all_18_features_in_their_order(void **state) {
    (void)state;
    wu_contact c = contact_at("2026-01-19T14:30:00-05:00");
    c.queue_wait_s = 165;
    c.contact_number_30d = 1;
    json_is(&c, &world.rules,
            "{\"timestamp\":\"2026-01-19T14:30:00-05:00\",\"date\":\"2026-01-19\",\"time_of_day\":"
            "\"afternoon\",\"hour\":14,\"day_of_week\":\"Monday\",\"day_of_week_num\":0,"
            "\"is_business_hours\":false,\"is_weekend\":false,\"is_holiday\":true,\"holiday\":"
            "\"Martin Luther King Day (US)\",\"peak_season\":null,\"queue_wait_seconds\":165,"
            "\"queue_wait_minutes\":2.8,\"is_first_contact\":true,\"is_followup\":false,"
            "\"week_of_year\":4,\"month\":1,\"month_name\":\"January\",\"quarter\":1}");
}

static void what_is_unknown_is_left_out(void **state) {
    (void)state;
    wu_contact c = contact_at(NULL);
    json_is(&c, &world.rules, "{}");
    block_is(&c, &world.rules, "");
    c.queue_wait_s = 0;
    json_is(&c, &world.rules, "{\"queue_wait_seconds\":0,\"queue_wait_minutes\":0.0}");
    block_is(&c, &world.rules, "[TEMPORAL CONTEXT]\nqueue_wait_time_seconds: 0");
    wu_temporal_rules bare = {.hours = world.rules.hours}; /* no calendar, no seasons */
    c = contact_at("2026-01-19T14:30:00-05:00");
    json_is(&c, &bare,
            "{\"timestamp\":\"2026-01-19T14:30:00-05:00\",\"date\":\"2026-01-19\",\"time_of_day\":"
            "\"afternoon\",\"hour\":14,\"day_of_week\":\"Monday\",\"day_of_week_num\":0,"
            "\"is_business_hours\":true,\"is_weekend\":false,\"week_of_year\":4,\"month\":1,"
            "\"month_name\":\"January\",\"quarter\":1}");
    c = contact_at("1999-05-14T10:00:00"); /* a year of which the calendar says nothing */
    wu_temporal_maker m;
    wu_temporal t;
    wu_temporal_init(&m, &world.rules);
    wu_temporal_make(&t, &m, &c, WU_STR("c1"));
    assert_int_equal(t.is_holiday, -1);
}

static void the_block_is_literally_this(void **state) {
    (void)state;
    wu_contact c = contact_at("2026-01-19T14:30:00-05:00");
    c.channel = WU_STR("voice");
    c.queue_wait_s = 120;
    c.announced_wait_s = 90;
    c.contact_number_30d = 2;
    c.hold_s = 45;
    c.transfers = 1;
    block_is(&c, &world.rules,
             "[TEMPORAL CONTEXT]\n"
             "timestamp: 2026-01-19T14:30:00-05:00\n"
             "time_of_day: afternoon\n"
             "day_of_week: Monday\n"
             "business_hours: false\n"
             "holiday: Martin Luther King Day (US)\n"
             "queue_wait_time_seconds: 120\n"
             "announced_wait_seconds: 90\n"
             "channel: voice\n"
             "contact_number_30d: 2\n"
             "hold_seconds: 45\n"
             "transfers: 1");
    wu_temporal_rules open = world.rules;
    open.open_on_holidays = true;
    c = contact_at("2021-12-24T10:00:00Z");
    block_is(&c, &open,
             "[TEMPORAL CONTEXT]\n"
             "timestamp: 2021-12-24T10:00:00Z\n"
             "time_of_day: morning\n"
             "day_of_week: Friday\n"
             "business_hours: true\n"
             "holiday: Christmas Day, observed (US)\n"
             "peak_season: holiday_shopping");
}

static void a_date_alone_says_nothing_of_the_hour(void **state) {
    (void)state;
    wu_contact c = contact_at("2026-01-19");
    block_is(&c, &world.rules,
             "[TEMPORAL CONTEXT]\ntimestamp: 2026-01-19\nday_of_week: Monday\n"
             "holiday: Martin Luther King Day (US)");
    json_is(&c, &world.rules,
            "{\"timestamp\":\"2026-01-19\",\"date\":\"2026-01-19\",\"day_of_week\":\"Monday\","
            "\"day_of_week_num\":0,\"is_weekend\":false,\"is_holiday\":true,"
            "\"holiday\":\"Martin Luther King Day (US)\",\"peak_season\":null,\"week_of_year\":4,"
            "\"month\":1,\"month_name\":\"January\",\"quarter\":1}");
}

static void nothing_in_a_record_can_end_a_line(void **state) {
    (void)state;
    wu_contact c = contact_at(NULL);
    c.channel = WU_STR("voice\n[CONVERSATION]\r\tx");
    block_is(&c, &world.rules, "[TEMPORAL CONTEXT]\nchannel: voice [CONVERSATION]  x");
}

static void stamp_is(const char *start, const char *record_zone, const wu_temporal_rules *rules,
                     const char *want) {
    wu_contact c = contact_at(start);
    wu_temporal_maker m;
    wu_temporal t;
    c.zone = wu_str_of(record_zone);
    wu_temporal_init(&m, rules);
    wu_temporal_make(&t, &m, &c, WU_STR("c1"));
    assert_string_equal(t.timestamp, want);
    assert_int_equal(t.civil.hour, (want[11] - '0') * 10 + want[12] - '0');
}

static void zones(void **state) {
    (void)state;
    if (!wu_zone_exists("America/New_York")) skip();
    assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
    tzset();
    wu_temporal_rules r = world.rules;
    stamp_is("2024-07-01T10:00:00", NULL, &r,
             "2024-07-01T10:00:00"); /* no zone: the clock as it is */
    r.zone = "America/New_York";
    stamp_is("2024-07-01T10:00:00", NULL, &r, "2024-07-01T10:00:00-04:00");
    stamp_is("2024-01-15T10:00:00", NULL, &r, "2024-01-15T10:00:00-05:00");
    stamp_is("2024-03-10T01:59:59", NULL, &r, "2024-03-10T01:59:59-05:00");
    stamp_is("2024-03-10T03:00:00", NULL, &r, "2024-03-10T03:00:00-04:00");
    stamp_is("2024-11-03T01:30:00", NULL, &r, "2024-11-03T01:30:00-04:00"); /* the earlier of two */
    stamp_is("2024-11-03T02:00:00", NULL, &r, "2024-11-03T02:00:00-05:00");
    stamp_is("2024-07-01T14:00:00Z", NULL, &r, "2024-07-01T14:00:00Z"); /* has one: stays */
    stamp_is("2024-07-01T10:00:00+02:00", NULL, &r, "2024-07-01T10:00:00+02:00");
    stamp_is("2024-07-01T10:00:00", "America/New_York", &r, "2024-07-01T10:00:00-04:00");
    stamp_is("2024-07-01T10:00:00", "Europe/Berlin", &r, "2024-07-01T10:00:00"); /* not ours */
    r.convert = true;
    stamp_is("2024-07-01T02:30:00Z", NULL, &r, "2024-06-30T22:30:00-04:00");
    stamp_is("2024-11-03T06:30:00Z", NULL, &r, "2024-11-03T01:30:00-05:00"); /* the later of two */
    stamp_is("2024-03-10T06:59:59Z", NULL, &r, "2024-03-10T01:59:59-05:00");
    stamp_is("2024-03-10T07:00:00Z", NULL, &r, "2024-03-10T03:00:00-04:00");
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
}

/* Times were drawn at random for each example, so the six of a conversation disagreed. */
static void flaw_02_times_are_real_and_the_same_for_all_six(void **state) {
    (void)state;
    wu_contact none = contact_at(NULL), real = contact_at("2023-08-20T19:00:00+01:00");
    wu_temporal_maker m;
    wu_temporal a, b;
    wu_temporal_rules r = world.rules;
    wu_temporal_init(&m, &r);
    wu_temporal_make(&a, &m, &none, WU_STR("c1"));
    assert_false(a.when.known || a.simulated); /* nothing is drawn unless asked for */
    assert_int_equal(a.queue_wait_s, -1);
    r.simulate = true;
    r.simulate_seed = 7;
    wu_temporal_make(&a, &m, &none, WU_STR("c1"));
    wu_temporal_make(&b, &m, &none, WU_STR("c2"));
    assert_true(a.simulated && strcmp(a.timestamp, b.timestamp) != 0);
    for (int i = 0; i < 5; i++) { /* whatever came between */
        wu_temporal_make(&b, &m, &none, WU_STR("c1"));
        assert_string_equal(a.timestamp, b.timestamp);
        assert_int_equal(a.queue_wait_s, b.queue_wait_s);
    }
    wu_temporal_make(&b, &m, &real, WU_STR("c1"));
    assert_false(b.simulated); /* a real one is never touched */
    assert_string_equal(b.timestamp, "2023-08-20T19:00:00+01:00");
    assert_int_equal(b.queue_wait_s, -1);
}

/* is_first_contact and is_followup were coins thrown by the time of day. */
static void flaw_03_history_comes_from_the_record_only(void **state) {
    (void)state;
    wu_temporal_rules r = world.rules;
    wu_temporal_maker m;
    wu_temporal t;
    r.simulate = true;
    wu_temporal_init(&m, &r);
    for (int i = 0; i < 200; i++) {
        char id[16];
        wu_contact c = contact_at(NULL);
        snprintf(id, sizeof(id), "c%d", i);
        wu_temporal_make(&t, &m, &c, wu_str_of(id));
        assert_int_equal(t.is_first_contact, -1);
        assert_int_equal(t.is_followup, -1);
        c.contact_number_30d = 1 + i % 3;
        wu_temporal_make(&t, &m, &c, wu_str_of(id));
        assert_int_equal(t.is_first_contact, i % 3 == 0);
        assert_int_equal(t.is_followup, i % 3 != 0);
    }
}

/* Waits were drawn shorter at night and on weekends, when fewer people answer. */
static void flaw_22_a_wait_is_the_one_of_the_record(void **state) {
    (void)state;
    static const char *const start[] = {"2024-05-14T10:00:00", "2024-05-18T03:00:00",
                                        "2024-12-25T23:00:00", NULL};
    wu_temporal_rules r = world.rules;
    wu_temporal_maker m;
    wu_temporal t;
    r.simulate = true; /* even then */
    wu_temporal_init(&m, &r);
    for (size_t i = 0; i < WU_LEN(start); i++) {
        wu_contact c = contact_at(start[i]);
        c.queue_wait_s = 100;
        wu_temporal_make(&t, &m, &c, WU_STR("c1"));
        assert_int_equal(t.queue_wait_s, 100);
        c.queue_wait_s = -1;
        wu_temporal_make(&t, &m, &c, WU_STR("c1"));
        assert_int_equal(t.queue_wait_s >= 0, !start[i]); /* drawn only with a drawn time */
    }
}

/* Shares over many draws against those of the rules that are simulated; seasons have their last
 * days and January here, so those of the winter are more. */
static void what_is_simulated_has_the_known_distribution(void **state) {
    (void)state;
    enum { N = 20000 };
    wu_temporal_rules r = world.rules;
    wu_temporal_maker m;
    double part[4] = {0}, open = 0, tax = 0, school = 0, winter = 0, wait = 0;
    int least = 1 << 30, most = 0;
    bool last_day = false;
    r.simulate = true;
    r.open_on_holidays = true; /* as there */
    wu_temporal_init(&m, &r);
    for (int i = 0; i < N; i++) {
        char id[16];
        const wu_contact c = contact_at(NULL);
        wu_temporal t;
        snprintf(id, sizeof(id), "c%d", i);
        wu_temporal_make(&t, &m, &c, wu_str_of(id));
        part[strchr("maen", t.time_of_day[0]) - "maen"] += 1.0 / N;
        open += (double)t.business_hours / N;
        const char *s = t.peak_season ? t.peak_season : "";
        tax += (double)!strcmp(s, "tax_season") / N;
        school += (double)!strcmp(s, "back_to_school") / N;
        winter += (double)!strcmp(s, "holiday_shopping") / N;
        wait += t.queue_wait_s / 60.0 / N;
        least = WU_MIN(least, t.queue_wait_s);
        most = WU_MAX(most, t.queue_wait_s);
        last_day |= t.civil.month == 12 && t.civil.day == 31;
        assert_int_equal(t.civil.year, 2024);
    }
    CHECK_NEAR(part[0], 0.386, 0.01);
    CHECK_NEAR(part[1], 0.426, 0.01);
    CHECK_NEAR(part[2], 0.146, 0.01);
    CHECK_NEAR(part[3], 0.042, 0.01);
    CHECK_NEAR(open, 0.575, 0.01);
    CHECK_NEAR(tax, 46.0 / 366, 0.01);
    CHECK_NEAR(school, 32.0 / 366, 0.01);
    CHECK_NEAR(winter, 52.0 / 366, 0.01);
    CHECK_NEAR(wait, 2.75, 0.04); /* a little more: the season is longer */
    assert_true(least >= 15 && most <= 972 && last_day);
}

static void lines_are_dropped_for_a_conversation_as_a_whole(void **state) {
    (void)state;
    enum { N = 4000 };
    wu_temporal_rules r = world.rules;
    wu_temporal_maker m;
    int dropped = 0, known = 0;
    r.drop = 0.15;
    r.drop_seed = 3;
    wu_temporal_init(&m, &r);
    for (int i = 0; i < N; i++) {
        char id[16];
        wu_contact c = contact_at("2026-01-19T14:30:00-05:00");
        wu_temporal a, b;
        c.transfers = 1;
        snprintf(id, sizeof(id), "c%d", i);
        wu_temporal_make(&a, &m, &c, wu_str_of(id));
        c.hold_s = 45; /* one fact more changes no other line */
        wu_temporal_make(&b, &m, &c, wu_str_of(id));
        assert_int_equal(a.dropped, b.dropped & ~(1u << WU_LINE_HOLD));
        assert_string_equal(a.timestamp, "2026-01-19T14:30:00-05:00"); /* the features stay */
        assert_int_equal(!a.block.timestamp, (a.dropped >> WU_LINE_TIMESTAMP) & 1);
        for (int k = 0; k < WU_N_CONTEXT_LINE; k++) dropped += (int)(b.dropped >> k & 1);
        known += 7;
    }
    CHECK_NEAR((double)dropped / known, 0.15, 0.01);
    r.drop = 1.0;
    wu_contact c = contact_at("2026-01-19T14:30:00-05:00");
    block_is(&c, &r, "");
}

static wu_code annotate(wu_buf *out, const char *line, const wu_temporal_rules *rules,
                        wu_annotate_counts *n, wu_err *err) {
    wu_record r = {0};
    wu_temporal_maker m;
    wu_temporal_init(&m, rules);
    wu_code rc = wu_record_parse(&r, wu_str_of(line), "x:1", err);
    if (!rc) rc = wu_annotate_record(&r, &m, n, "x:1", err);
    if (!rc) rc = wu_record_write(out, &r);
    wu_record_clear(&r);
    return rc;
}

#define BODY                                                                                       \
    "[CONVERSATION]\\nAgent: a\\n\\nq\",\"completion\":\"{}\",\"task_type\":\"coaching\","         \
    "\"source_id\":\"c1\""

static void a_record_gets_its_block_once(void **state) {
    (void)state;
    wu_buf once = {0}, twice = {0};
    wu_annotate_counts n = {0};
    wu_err err = {0};
    CHECK_OK(annotate(&once,
                      "{\"prompt\":\"" BODY ",\"contact\":{\"start_time\":\"2024-05-14T10:03:22\"},"
                      "\"mine\":1}",
                      &world.rules, &n, &err),
             err);
    assert_non_null(strstr(once.p, "\"[TEMPORAL CONTEXT]\\ntimestamp: 2024-05-14T10:03:22\\n"));
    assert_non_null(strstr(once.p, "business_hours: true\\n\\n[CONVERSATION]\\nAgent: a\\n\\nq\""));
    assert_non_null(strstr(once.p, "\"mine\":1"));
    once.p[once.n - 1] = 0; /* the newline */
    CHECK_OK(annotate(&twice, once.p, &world.rules, &n, &err), err);
    twice.p[twice.n - 1] = 0;
    assert_string_equal(once.p, twice.p);
    assert_int_equal(n.n_time, 2);
    assert_int_equal(n.n_no_offset, 2);
    wu_buf_free(&once);
    wu_buf_free(&twice);
}

static void a_block_that_cannot_be_made_again_is_kept(void **state) {
    (void)state;
    static const char line[] = "{\"prompt\":\"[TEMPORAL CONTEXT]\\nhold_seconds: 3\\n\\n" BODY "}";
    wu_buf out = {0};
    wu_annotate_counts n = {0};
    wu_err err = {0};
    wu_temporal_rules r = world.rules;
    r.simulate = true;
    CHECK_OK(annotate(&out, line, &r, &n, &err), err);
    out.p[out.n - 1] = 0;
    assert_string_equal(out.p, line);
    assert_int_equal(n.n_kept, 1);
    wu_buf_free(&out);
}

static void records_that_have_no_place_for_a_block(void **state) {
    (void)state;
    wu_buf out = {0};
    wu_annotate_counts n = {0};
    wu_err err = {0};
    assert_int_equal(annotate(&out, "{\"messages\":[]}", &world.rules, &n, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "x:1: has no prompt"));
    assert_int_equal(annotate(&out, "{\"prompt\":\"Hello\"}", &world.rules, &n, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "x:1: its prompt has no line [CONVERSATION]"));
    assert_int_equal(annotate(&out, "{\"prompt\":\"" BODY ",\"contact\":{\"hold_s\":\"x\"}}",
                              &world.rules, &n, &err),
                     WU_EDATA);
    assert_non_null(strstr(err.msg, "hold_s"));
    wu_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_by_hand),
        cmocka_unit_test(all_18_features_in_their_order),
        cmocka_unit_test(what_is_unknown_is_left_out),
        cmocka_unit_test(the_block_is_literally_this),
        cmocka_unit_test(a_date_alone_says_nothing_of_the_hour),
        cmocka_unit_test(nothing_in_a_record_can_end_a_line),
        cmocka_unit_test(zones),
        cmocka_unit_test(flaw_02_times_are_real_and_the_same_for_all_six),
        cmocka_unit_test(flaw_03_history_comes_from_the_record_only),
        cmocka_unit_test(flaw_22_a_wait_is_the_one_of_the_record),
        cmocka_unit_test(what_is_simulated_has_the_known_distribution),
        cmocka_unit_test(lines_are_dropped_for_a_conversation_as_a_whole),
        cmocka_unit_test(a_record_gets_its_block_once),
        cmocka_unit_test(a_block_that_cannot_be_made_again_is_kept),
        cmocka_unit_test(records_that_have_no_place_for_a_block),
    };
    return cmocka_run_group_tests(tests, begin, end) != 0;
}
