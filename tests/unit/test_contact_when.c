/* Points in time: forms that are read, the calendar against the C library's, zones. */
#include "contact/when.h"

#include "near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void reads_as(const char *text, const char *want) {
    wu_when w;
    wu_buf b = {0};
    if (!want) {
        if (wu_when_parse(&w, wu_str_of(text))) fail_msg("\"%s\" was read", text);
        assert_false(w.known);
        return;
    }
    if (!wu_when_parse(&w, wu_str_of(text))) fail_msg("\"%s\" was not read", text);
    assert_int_equal(wu_when_render(&b, w), WU_OK);
    assert_string_equal(b.p, want);
    wu_buf_free(&b);
}

static void forms(void **state) {
    (void)state;
    reads_as("2024-05-14T10:03:22", "2024-05-14T10:03:22");
    reads_as("2024-05-14 10:03:22", "2024-05-14T10:03:22");
    reads_as("2024-05-14T10:03", "2024-05-14T10:03:00");
    reads_as("2024-05-14", "2024-05-14");
    reads_as("2024-05-14T10:03:22Z", "2024-05-14T10:03:22Z");
    reads_as("2024-05-14T10:03:22.123456Z", "2024-05-14T10:03:22Z");
    reads_as("2024-05-14T10:03:22,5+02:00", "2024-05-14T10:03:22+02:00");
    reads_as("2024-05-14T10:03:22-0530", "2024-05-14T10:03:22-05:30");
    reads_as("2024-05-14T10:03:22+02", "2024-05-14T10:03:22+02:00");
    reads_as("2024-05-14 10:03:22 +0000", "2024-05-14T10:03:22Z");
    reads_as("2024-02-29", "2024-02-29");
    static const char *const bad[] = {"",
                                      "2023-02-29",
                                      "2100-02-29",
                                      "2024-13-01",
                                      "2024-00-10",
                                      "2024-05-32",
                                      "2024-05-14T24:00:00",
                                      "2024-05-14T10:60",
                                      "2024-05-14T10",
                                      "24-05-14",
                                      "2024-5-14",
                                      "2024-05-14T10:03:22 x",
                                      "2024-05-14T10:03:22.Z",
                                      "2024-05-14T10:03:22+25:00",
                                      "1969-12-31T23:59:59",
                                      "2024-05-14T10:03:22Zjunk"};
    for (size_t i = 0; i < WU_LEN(bad); i++) reads_as(bad[i], NULL);
}

static void the_calendar_is_the_usual_one(void **state) {
    (void)state;
    for (int64_t day = 0; day < 60000; day++) {
        const time_t t = (time_t)(day * 86400 + day % 86400);
        struct tm tm;
        char text[32];
        int iso_year, iso_week;
        assert_non_null(gmtime_r(&t, &tm));
        const wu_civil c = wu_civil_of(t);
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.weekday, (tm.tm_wday + 6) % 7);
        assert_int_equal(c.day_of_year, tm.tm_yday + 1);
        assert_true(strftime(text, sizeof(text), "%G %V", &tm) > 0);
        assert_int_equal(sscanf(text, "%d %d", &iso_year, &iso_week), 2);
        assert_int_equal(c.iso_year, iso_year);
        assert_int_equal(c.iso_week, iso_week);
        assert_int_equal(wu_civil_seconds(c.year, c.month, c.day, c.hour, c.minute, c.second), t);
    }
    /* Months and days out of range count on. */
    assert_int_equal(wu_civil_seconds(2024, 14, 1, 0, 0, 0), wu_civil_seconds(2025, 2, 1, 0, 0, 0));
    assert_int_equal(wu_civil_seconds(2024, 0, 31, 0, 0, 0),
                     wu_civil_seconds(2023, 12, 31, 0, 0, 0));
    assert_int_equal(wu_civil_of(-1).hour, 23);
}

static void settles(const char *local, const char *want) {
    wu_when w;
    wu_buf b = {0};
    assert_true(wu_when_parse(&w, wu_str_of(local)));
    assert_int_equal(wu_when_render(&b, wu_when_settle(w)), WU_OK);
    assert_string_equal(b.p, want);
    wu_buf_free(&b);
}

static void zones(void **state) {
    (void)state;
    assert_true(wu_zone_exists("UTC"));
    assert_false(wu_zone_exists("../../etc/passwd"));
    assert_false(wu_zone_exists("/etc/passwd"));
    assert_false(wu_zone_exists("Mars/Olympus"));
    assert_false(wu_zone_exists(""));
    if (!wu_zone_exists("Europe/Berlin")) skip(); /* no zone data here */
    assert_int_equal(setenv("TZ", "Europe/Berlin", 1), 0);
    tzset();
    settles("2024-01-15T12:00:00", "2024-01-15T12:00:00+01:00");
    settles("2024-07-15T12:00:00", "2024-07-15T12:00:00+02:00");
    settles("2024-07-15T12:00:00-05:00", "2024-07-15T12:00:00-05:00");
    settles("2024-03-31T01:59:59", "2024-03-31T01:59:59+01:00");
    settles("2024-03-31T02:30:00", "2024-03-31T02:30:00+01:00"); /* there is no such reading */
    settles("2024-03-31T03:00:00", "2024-03-31T03:00:00+02:00");
    settles("2024-10-27T02:30:00", "2024-10-27T02:30:00+02:00"); /* twice; the earlier one */
    settles("2024-10-27T03:00:00", "2024-10-27T03:00:00+01:00");
    assert_int_equal(setenv("TZ", "America/St_Johns", 1), 0);
    tzset();
    settles("2024-01-15T12:00:00", "2024-01-15T12:00:00-03:30");
}

static void to_utc_and_back(void **state) {
    (void)state;
    wu_when w;
    assert_true(wu_when_parse(&w, WU_STR("2026-01-15T14:30:00-05:00")));
    assert_int_equal(wu_when_utc(w), 1768505400);
    w = wu_when_of_utc(1768505400);
    wu_buf b = {0};
    assert_int_equal(wu_when_render(&b, w), WU_OK);
    assert_string_equal(b.p, "2026-01-15T19:30:00Z");
    wu_buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(the_calendar_is_the_usual_one),
        cmocka_unit_test(zones),
        cmocka_unit_test(to_utc_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
