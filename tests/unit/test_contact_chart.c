/* Pictures: round axes, all kinds of numbers and labels, well-formed whatever comes. */
#include "alloc_hook.h"
#include "markup.h"

#include "contact/set/chart.h"
#include "contact/set/chart_impl.h"

#include <math.h>

static const wu_chart chart = {"A <title> & more", "x", "y"};

static void axes_are_round(void **state) {
    (void)state;
    static const struct {
        double lo, hi;
        int n;
        bool integer;
        double want_lo, want_hi, want_step;
    } cases[] = {
        {0, 97, 5, true, 0, 100, 20},
        {0, 100, 4, true, 0, 100, 50},
        {0, 1, 4, true, 0, 1, 1},
        {0, 0, 4, true, 0, 1, 1},
        {0, 1, 5, false, 0, 1, 0.2},
        {-3, 7, 5, false, -4, 8, 2},
        {2.31, 2.39, 4, false, 2.3, 2.4, 0.02},
        {0, 3e9, 6, true, 0, 3e9, 5e8},
    };
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        const wu_axis a = wu_axis_of(cases[i].lo, cases[i].hi, cases[i].n, cases[i].integer);
        CHECK_NEAR(a.lo, cases[i].want_lo, 1e-9);
        CHECK_NEAR(a.hi, cases[i].want_hi, 1e-9);
        CHECK_NEAR(a.step, cases[i].want_step, 1e-9);
    }
    const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1e308, -1e308, 5e-324,
                          1e17};
    for (size_t i = 0; i < WU_LEN(odd); i++) {
        for (size_t k = 0; k < WU_LEN(odd); k++) {
            const wu_axis a = wu_axis_of(odd[i], odd[k], 5, false);
            assert_true(isfinite(a.lo) && isfinite(a.hi) && isfinite(a.step));
            assert_true(a.hi > a.lo && a.step > 0.0);
        }
    }
}

static void numbers_are_short(void **state) {
    (void)state;
    assert_string_equal(wu_number_of(1234567, 1).text, "1,234,567");
    assert_string_equal(wu_number_of(-1234, 1).text, "-1,234");
    assert_string_equal(wu_number_of(0.25, 0.05).text, "0.25");
    assert_string_equal(wu_number_of(2, 0.5).text, "2.0");
    assert_string_equal(wu_number_of(1234.5, 0.1).text, "1,234.5");
    assert_string_equal(wu_number_of(1.5e-5, 5e-6).text, "1.5e-05");
    assert_string_equal(wu_number_of(3e18, 1e18).text, "3e+18");
}

static void texts_are_escaped(void **state) {
    (void)state;
    wu_buf b = {0};
    assert_int_equal(wu_xml_text(&b, (wu_str){"<a b=\"c\">&'\0\x01\xFF\n\xC3\xA9", 17}), WU_OK);
    assert_string_equal(b.p, "&lt;a b=&quot;c&quot;&gt;&amp;&#39;\xEF\xBF\xBD\xEF\xBF\xBD"
                             "\xEF\xBF\xBD\n\xC3\xA9");
    wu_buf_free(&b);
}

/* Draws all kinds with whatever the values are. */
static wu_code draw(wu_buf *out, const double *v, int n) {
    wu_bar bar[40];
    int64_t count[40];
    wu_mark mark[40];
    wu_series s[8];
    for (int i = 0; i < n; i++) {
        static const char *const label[] = {"a", "<b> & \"c\"", "",
                                            "a label that is much longer than any picture is wide",
                                            "\xE9\xA2\xA8\xE9\x9A\xAA\xFF"};
        bar[i] = (wu_bar){wu_str_of(label[i % 5]), v[i], i % 3 ? NULL : "a < b", i % 2 == 1};
        count[i] = isfinite(v[i]) && fabs(v[i]) < 1e18 ? (int64_t)v[i] : INT64_MAX;
        mark[i] = (wu_mark){v[i], label[i % 5]};
    }
    for (int i = 0; i < 8; i++) s[i] = (wu_series){"<series>", v, v, n};
    const wu_bins b = {0.0, 5.0, count, n}, wrong = {(double)NAN, 0.0, count, n};
    wu_code rc = wu_chart_bars(out, &chart, bar, n);
    if (!rc) rc = wu_chart_columns(out, &chart, bar, n);
    if (!rc) rc = wu_chart_histogram(out, &chart, &b, mark, n);
    if (!rc) rc = wu_chart_histogram(out, &chart, &wrong, mark, n);
    return rc ? rc : wu_chart_lines(out, &chart, s, 8);
}

static void pictures_are_well_formed_whatever_comes(void **state) {
    static const double some[] = {1, 2, 3, 2, 1},
                        odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, -1, 0, 1e300},
                        zero[] = {0, 0, 0}, tiny[] = {1e-300, 2e-300}, huge[] = {9e18, 1};
    static const struct {
        const double *v;
        int n;
    } cases[] = {{some, 5}, {odd, 6}, {zero, 3}, {some, 1}, {some, 0}, {tiny, 2}, {huge, 2}};
    (void)state;
    for (size_t i = 0; i < WU_LEN(cases); i++) {
        wu_buf b = {0};
        assert_int_equal(draw(&b, cases[i].v, cases[i].n), WU_OK);
        check_markup(b.p);
        assert_null(strstr(b.p, "nan"));
        wu_buf_free(&b);
    }
}

static void out_of_memory_is_said(void **state) {
    static const double some[] = {1, 2, 3, 2, 1};
    (void)state;
    for (int64_t n = 0;; n++) {
        wu_buf b = {0};
        alloc_fail_after(n);
        const wu_code rc = draw(&b, some, 5);
        alloc_fail_after(-1);
        wu_buf_free(&b);
        if (rc == WU_OK) break;
        assert_int_equal(rc, WU_ENOMEM);
        assert_true(n < 1000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axes_are_round),
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(pictures_are_well_formed_whatever_comes),
        cmocka_unit_test(out_of_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
