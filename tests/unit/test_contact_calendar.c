/* Calendars: rules against known holidays of many years and countries; seasons; opening hours. */
#include "contact/calendar.h"
#include "contact/table.h"
#include "contact/when.h"

#include "near.h"

#include <stdio.h>
#include <string.h>

static void easter_is_where_it_was(void **state) {
    (void)state;
    static const int32_t day[][3] = {
        {1818, 3, 22}, {1943, 4, 25}, {1954, 4, 18}, {1981, 4, 19}, {2000, 4, 23}, {2008, 3, 23},
        {2011, 4, 24}, {2016, 3, 27}, {2019, 4, 21}, {2024, 3, 31}, {2025, 4, 20}, {2026, 4, 5},
        {2027, 3, 28}, {2038, 4, 25}, {2049, 4, 18}, {2076, 4, 19}, {2100, 3, 28}, {2285, 3, 22}};
    for (size_t i = 0; i < WU_LEN(day); i++) {
        const wu_civil c = wu_civil_of(wu_easter(day[i][0]) * 86400);
        if (c.year != day[i][0] || c.month != day[i][1] || c.day != day[i][2])
            fail_msg("Easter of %d is %d-%d", day[i][0], c.month, c.day);
    }
    for (int32_t y = 1583; y < 9999; y++)
        assert_int_equal(wu_civil_of(wu_easter(y) * 86400).weekday, 6);
}

/* want: "MM-DD MM-DD ...", all holidays of the year. */
static void year_is(const wu_calendar *c, const char *country, int32_t year, const char *want) {
    char got[1024] = "";
    wu_holidays h;
    wu_calendar_year(&h, c, year);
    assert_true(h.known);
    for (int32_t i = 0; i < h.n; i++) {
        const size_t n = strlen(got);
        snprintf(got + n, sizeof(got) - n, "%s%02d-%02d", n ? " " : "", h.day[i].month,
                 h.day[i].day);
    }
    if (strcmp(got, want) != 0) fail_msg("%s %d: got %s, want %s", country, year, got, want);
}

static void known_years_of_each_country(void **state) {
    (void)state;
    static const struct {
        const char *country;
        int32_t year;
        const char *days;
    } known[] = {
        /* a federal holiday on a weekend is there twice: its day and the one observed */
        {"us", 2020, "01-01 01-20 02-17 05-25 07-03 07-04 09-07 10-12 11-11 11-26 12-25"},
        {"us", 2021,
         "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 "
         "12-25 12-31"},
        {"us", 2024, "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25"},
        {"us", 2026, "01-01 01-19 02-16 05-25 06-19 07-03 07-04 09-07 10-12 11-11 11-26 12-25"},
        {"gb", 2010, "01-01 04-02 04-05 05-03 05-31 08-30 12-25 12-26 12-27 12-28"},
        {"gb", 2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-26 12-28"},
        {"gb", 2022, "01-01 01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-25 12-26 12-27"},
        {"gb", 2023, "01-01 01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26"},
        {"ie", 2022, "01-01 03-17 03-18 04-18 05-02 06-06 08-01 10-31 12-25 12-26"},
        {"ie", 2024, "01-01 02-05 03-17 04-01 05-06 06-03 08-05 10-28 12-25 12-26"},
        {"ie", 2030, "01-01 02-01 03-17 04-22 05-06 06-03 08-05 10-28 12-25 12-26"},
        {"de", 2017, "01-01 04-14 04-17 05-01 05-25 06-05 10-03 10-31 12-25 12-26"},
        {"de", 2024, "01-01 03-29 04-01 05-01 05-09 05-20 10-03 12-25 12-26"},
        {"fr", 2024, "01-01 04-01 05-01 05-08 05-09 05-20 07-14 08-15 11-01 11-11 12-25"},
        {"es", 2025, "01-01 01-06 04-18 05-01 08-15 10-12 11-01 12-06 12-08 12-25"},
        {"it", 2025, "01-01 01-06 04-20 04-21 04-25 05-01 06-02 08-15 11-01 12-08 12-25 12-26"},
        {"it", 2026,
         "01-01 01-06 04-05 04-06 04-25 05-01 06-02 08-15 10-04 11-01 12-08 12-25 12-26"},
        {"nl", 2013, "01-01 03-31 04-01 04-30 05-09 05-19 05-20 12-25 12-26"},
        {"nl", 2025, "01-01 04-20 04-21 04-26 05-05 05-29 06-08 06-09 12-25 12-26"},
        {"ca", 2024, "01-01 03-29 05-20 07-01 09-02 09-30 10-14 11-11 12-25 12-26"},
        {"ca", 2022, "01-01 01-03 04-15 05-23 07-01 09-05 09-30 10-10 11-11 12-25 12-26 12-27"},
        {"mx", 2024, "01-01 02-05 03-18 05-01 09-16 10-01 11-18 12-25"},
        {"mx", 2025, "01-01 02-03 03-17 05-01 09-16 11-17 12-25"},
        {"br", 2023, "01-01 04-07 04-21 05-01 09-07 10-12 11-02 11-15 12-25"},
        {"br", 2025, "01-01 04-18 04-21 05-01 09-07 10-12 11-02 11-15 11-20 12-25"},
    };
    for (size_t i = 0; i < WU_LEN(known); i++) {
        wu_calendar *c = NULL;
        wu_err err = {0};
        CHECK_OK(wu_calendar_read(&c, known[i].country, &err), err);
        year_is(c, known[i].country, known[i].year, known[i].days);
        wu_calendar_free(c);
    }
}

static void every_calendar_built_in_is_read(void **state) {
    (void)state;
    const char *name;
    int n = 0;
    for (int i = 0; (name = wu_table_name("calendars/", i)); i++, n++) {
        char code[8] = "";
        wu_calendar *c = NULL;
        wu_err err = {0};
        snprintf(code, sizeof(code), "%.2s", name + strlen("calendars/"));
        CHECK_OK(wu_calendar_read(&c, code, &err), err);
        assert_int_equal(strlen(wu_calendar_country(c)), 2);
        for (int32_t y = 2010; y < 2060; y++) {
            wu_holidays h;
            wu_calendar_year(&h, c, y);
            assert_true(h.known && h.n >= 7);
            for (int32_t k = 1; k < h.n; k++)
                assert_true(100 * h.day[k].month + h.day[k].day >=
                            100 * h.day[k - 1].month + h.day[k - 1].day);
        }
        wu_calendar_free(c);
    }
    assert_true(n >= 11);
}

static void an_observed_day_says_so(void **state) {
    (void)state;
    wu_calendar *c = NULL;
    wu_holidays h;
    wu_err err = {0};
    CHECK_OK(wu_calendar_read(&c, "US", &err), err);
    wu_calendar_year(&h, c, 2021);
    const wu_holiday *x = wu_holidays_find(&h, 12, 31); /* of New Year's Day 2022, a Saturday */
    assert_non_null(x);
    assert_string_equal(x->name, "New Year's Day");
    assert_true(x->observed);
    assert_false(wu_holidays_find(&h, 1, 1)->observed);
    assert_null(wu_holidays_find(&h, 1, 2));
    wu_calendar_year(&h, c, 1999); /* before the calendar begins */
    assert_false(h.known);
    assert_int_equal(h.n, 0);
    wu_calendar_free(c);
}

#define HOLIDAY(rule) "{\"country\":\"XX\",\"holidays\":[{\"name\":\"A\"," rule "}]}"

static void rules_of_every_kind(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int32_t year;
        const char *days;
    } rule[] = {
        {HOLIDAY("\"month\":2,\"day\":29"), 2024, "02-29"},
        {HOLIDAY("\"month\":5,\"weekday\":\"mon\",\"nth\":-2"), 2024, "05-20"},
        {HOLIDAY("\"month\":5,\"weekday\":\"Friday\",\"nth\":5"), 2024, "05-31"},
        {HOLIDAY("\"month\":11,\"day\":23,\"weekday\":\"wednesday\",\"step\":\"before\""), 2022,
         "11-16"},
        {HOLIDAY("\"month\":11,\"day\":23,\"weekday\":\"wednesday\",\"step\":\"on_or_before\""),
         2022, "11-23"},
        {HOLIDAY("\"month\":11,\"day\":23,\"weekday\":\"wednesday\",\"step\":\"after\""), 2022,
         "11-30"},
        {HOLIDAY("\"month\":6,\"day\":20,\"weekday\":\"saturday\",\"step\":\"on_or_after\""), 2024,
         "06-22"},
        {HOLIDAY("\"easter\":60"), 2024, "05-30"},
        {HOLIDAY("\"month\":4,\"day\":27,\"moved\":{\"sunday\":-1}"), 2025, "04-26"},
        {HOLIDAY("\"month\":4,\"day\":27,\"observed\":{\"sunday\":1}"), 2025, "04-27 04-28"},
        {HOLIDAY("\"month\":1,\"day\":1,\"except\":[2024]"), 2024, ""},
        {HOLIDAY("\"month\":1,\"day\":1,\"only\":[2024]"), 2025, ""},
        {HOLIDAY("\"month\":1,\"day\":1,\"from\":2025"), 2024, ""},
        {HOLIDAY("\"month\":1,\"day\":1,\"to\":2024"), 2024, "01-01"},
        {"{\"country\":\"XX\",\"holidays\":[]}", 2024, ""},
    };
    for (size_t i = 0; i < WU_LEN(rule); i++) {
        wu_calendar *c = NULL;
        wu_err err = {0};
        CHECK_OK(wu_calendar_parse(&c, wu_str_of(rule[i].text), "x.json", &err), err);
        year_is(c, rule[i].text, rule[i].year, rule[i].days);
        wu_calendar_free(c);
    }
}

static void wrong_calendars_say_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "x.json"},
        {"[]", "x.json: not an object"},
        {"{\"country\":\"XX\"}", "x.json: holidays is not an array"},
        {"{\"holidays\":[]}", "country"},
        {"{\"country\":\"X Y\",\"holidays\":[]}", "country is not a code"},
        {"{\"country\":\"XX\",\"holidays\":[1]}", "holidays[0]: not an object"},
        {"{\"country\":\"XX\",\"holydays\":[]}", "\"holydays\" is no key"},
        {HOLIDAY("\"month\":2,\"day\":30"), "holidays[0]: month 2 has no day 30"},
        {HOLIDAY("\"month\":13,\"day\":1"), "month"},
        {HOLIDAY("\"month\":1"), "want month and day"},
        {HOLIDAY("\"month\":1,\"day\":1,\"easter\":1"), "want month and day"},
        {HOLIDAY("\"month\":1,\"weekday\":\"montag\",\"nth\":1"), "weekday is not"},
        {HOLIDAY("\"month\":1,\"weekday\":\"monday\",\"nth\":0"), "want month and day"},
        {HOLIDAY("\"month\":1,\"day\":1,\"weekday\":\"monday\",\"step\":\"near\""), "step is not"},
        {HOLIDAY("\"easter\":1,\"observed\":\"never\""), "observed is neither"},
        {HOLIDAY("\"easter\":1,\"observed\":{\"sunday\":9}"), "observed is not a weekday"},
        {HOLIDAY("\"easter\":1,\"only\":[\"x\"]"), "only[0] is not a year"},
        {HOLIDAY("\"easter\":1,\"when\":{\"month\":1}"), "when is not an object"},
        {"{\"country\":\"XX\",\"holidays\":[{\"name\":\"a\\nb\",\"easter\":1}]}",
         "name is not one line"},
    };
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_calendar *c = NULL;
        wu_err err = {0};
        assert_int_equal(wu_calendar_parse(&c, wu_str_of(bad[i].text), "x.json", &err), WU_EDATA);
        assert_null(c);
        if (!strstr(err.msg, bad[i].says)) fail_msg("\"%s\" lacks \"%s\"", err.msg, bad[i].says);
    }
}

static void an_unknown_name_lists_those_there_are(void **state) {
    (void)state;
    static const char *const name[] = {"xx", "", "../us", "us ", "unitedstatesofamerica"};
    for (size_t i = 0; i < WU_LEN(name); i++) {
        wu_calendar *c = NULL;
        wu_err err = {0};
        assert_int_not_equal(wu_calendar_read(&c, name[i], &err), WU_OK);
        assert_null(c);
        assert_true(err.msg[0] != 0);
    }
    wu_calendar *c = NULL;
    wu_err err = {0};
    assert_int_equal(wu_calendar_read(&c, "xx", &err), WU_EARG);
    assert_non_null(strstr(err.msg, "br, ca, de"));
    assert_int_equal(wu_calendar_read(&c, "no/such.json", &err), WU_EIO);
}

/* The list that came before ended its seasons at the last midnight, let year_end overwrite
 * holiday_shopping, and knew two years only. */
static void flaw_21_seasons_have_their_last_day_and_come_every_year(void **state) {
    (void)state;
    static const struct {
        int32_t month, day;
        const char *season;
    } at[] = {{1, 1, "holiday_shopping"},
              {1, 5, "holiday_shopping"},
              {1, 6, NULL},
              {2, 29, NULL},
              {3, 1, "tax_season"},
              {4, 15, "tax_season"},
              {4, 16, NULL},
              {8, 14, NULL},
              {8, 15, "back_to_school"},
              {9, 15, "back_to_school"},
              {9, 16, NULL},
              {11, 14, NULL},
              {11, 15, "holiday_shopping"},
              {12, 15, "holiday_shopping"},
              {12, 31, "holiday_shopping"}};
    wu_seasons s = {0};
    wu_err err = {0};
    CHECK_OK(wu_seasons_read(&s, NULL, &err), err);
    for (size_t i = 0; i < WU_LEN(at); i++) {
        const char *got = wu_seasons_find(&s, at[i].month, at[i].day);
        if (!got != !at[i].season || (got && strcmp(got, at[i].season) != 0))
            fail_msg("%d-%d is in %s", at[i].month, at[i].day, got ? got : "no season");
    }
    wu_seasons_free(&s);
}

static void the_season_listed_first_counts(void **state) {
    (void)state;
    wu_seasons s = {0};
    wu_err err = {0};
    CHECK_OK(wu_seasons_parse(&s,
                              WU_STR("{\"seasons\":[{\"name\":\"year_end\",\"from\":\"12-15\","
                                     "\"until\":\"01-01\"},{\"name\":\"winter\",\"from\":\"11-01\","
                                     "\"until\":\"02-29\"}]}"),
                              "s.json", &err),
             err);
    assert_string_equal(wu_seasons_find(&s, 12, 31), "year_end");
    assert_string_equal(wu_seasons_find(&s, 12, 14), "winter");
    assert_string_equal(wu_seasons_find(&s, 2, 28), "winter");
    assert_null(wu_seasons_find(&s, 2, 29));
    wu_seasons_free(&s);
    static const char *const bad[] = {
        "{}",
        "{\"seasons\":[1]}",
        "{\"seasons\":[{\"name\":\"a b\",\"from\":\"01-01\",\"until\":\"02-01\"}]}",
        "{\"seasons\":[{\"name\":\"a\",\"from\":\"1-1\",\"until\":\"02-01\"}]}",
        "{\"seasons\":[{\"name\":\"a\",\"from\":\"01-01\",\"until\":\"02-30\"}]}",
        "{\"seasons\":[{\"name\":\"a\",\"from\":\"01-01\",\"until\":\"01-01\"}]}",
        "{\"seasons\":[{\"name\":\"a\",\"from\":\"01-01\",\"until\":\"02-01\",\"x\":1}]}"};
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        assert_int_equal(wu_seasons_parse(&s, wu_str_of(bad[i]), "s.json", &err), WU_EDATA);
        assert_int_equal(s.n, 0);
    }
}

static void hours_open_and_close(void **state) {
    (void)state;
    static const struct {
        const char *hours;
        int32_t weekday, minute;
        bool open;
    } at[] = {
        {WU_HOURS_DEFAULT, 0, 8 * 60, true},
        {WU_HOURS_DEFAULT, 0, 8 * 60 - 1, false},
        {WU_HOURS_DEFAULT, 4, 18 * 60 - 1, true},
        {WU_HOURS_DEFAULT, 4, 18 * 60, false},
        {WU_HOURS_DEFAULT, 5, 12 * 60, false},
        {"Sun-Thu 9:00-17:00", 6, 600, true},
        {"Sun-Thu 9:00-17:00", 4, 600, false},
        {"mon-sun 00:00-24:00", 6, 1439, true},
        {"Mon-Sun 00:00-24:00", 0, 0, true},
        {"Fri 22:00-06:00", 4, 23 * 60, true},
        {"Fri 22:00-06:00", 5, 359, true},
        {"Fri 22:00-06:00", 5, 360, false},
        {"Fri 22:00-06:00", 4, 60, false},
        {"Sun 20:00-02:00", 0, 100, true},
        {"Mon-Fri 08:00-12:00, Mon-Fri 13:00-17:00,Sat 10:00-12:00", 1, 750, false},
        {"Mon-Fri 08:00-12:00, Mon-Fri 13:00-17:00,Sat 10:00-12:00", 5, 650, true},
    };
    for (size_t i = 0; i < WU_LEN(at); i++) {
        wu_hours h;
        wu_err err = {0};
        CHECK_OK(wu_hours_parse(&h, at[i].hours, &err), err);
        if (wu_hours_open(&h, at[i].weekday, at[i].minute) != at[i].open)
            fail_msg("%s on day %d at minute %d", at[i].hours, at[i].weekday, at[i].minute);
    }
    static const char *const bad[] = {"",
                                      "Mon-Fri",
                                      "08:00-18:00",
                                      "Mon-Fri 8-18",
                                      "Mon-Fri 08:00-25:00",
                                      "Mon-Fri 08:60-18:00",
                                      "Mon-Fri 08:00-08:00",
                                      "Mon-Fri 24:00-08:00",
                                      "Mo-Fr 08:00-18:00",
                                      "Mon-Fri 08:00-18:00,",
                                      "Mon-Fri 08:00-18:00 x",
                                      "Mon-Fri 08:00-18:00; Sat 09:00-12:00"};
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_hours h;
        wu_err err = {0};
        if (wu_hours_parse(&h, bad[i], &err) != WU_EARG) fail_msg("\"%s\" was taken", bad[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(easter_is_where_it_was),
        cmocka_unit_test(known_years_of_each_country),
        cmocka_unit_test(every_calendar_built_in_is_read),
        cmocka_unit_test(an_observed_day_says_so),
        cmocka_unit_test(rules_of_every_kind),
        cmocka_unit_test(wrong_calendars_say_what_is_wrong),
        cmocka_unit_test(an_unknown_name_lists_those_there_are),
        cmocka_unit_test(flaw_21_seasons_have_their_last_day_and_come_every_year),
        cmocka_unit_test(the_season_listed_first_counts),
        cmocka_unit_test(hours_open_and_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
