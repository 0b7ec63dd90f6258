/* Any bytes as a calendar, seasons, opening hours, a record: what is taken answers for every day,
 * and a record that got its time gets the same a second time. */
#include "contact/set/annotate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
}

static void calendar(wu_str text) {
    wu_calendar *c;
    wu_holidays h;
    wu_err err;
    if (wu_calendar_parse(&c, text, "input", &err)) return;
    for (int32_t y = 1970; y <= 9999; y += 263) {
        wu_calendar_year(&h, c, y);
        for (int32_t i = 0; i < h.n; i++) {
            const wu_holiday *d = &h.day[i];
            must(d->month >= 1 && d->month <= 12 && d->day >= 1 && d->day <= 31 && d->name);
            must(wu_holidays_find(&h, d->month, d->day) != NULL);
        }
    }
    wu_calendar_free(c);
}

static void seasons(wu_str text) {
    wu_seasons s;
    wu_err err;
    if (wu_seasons_parse(&s, text, "input", &err)) return;
    for (int32_t m = 1; m <= 12; m++)
        for (int32_t d = 1; d <= 31; d++) (void)wu_seasons_find(&s, m, d);
    wu_seasons_free(&s);
}

static void hours(wu_str text) {
    wu_hours h;
    wu_err err;
    char *copy = malloc(text.n + 1);
    must(copy != NULL);
    if (text.n > 0) memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    bool open = false;
    if (!wu_hours_parse(&h, copy, &err)) {
        for (int32_t m = 0; m < 7 * 1440; m++) open |= wu_hours_open(&h, m / 1440, m % 1440);
        must(open);
    }
    free(copy);
}

/* False: refused. */
static bool annotate(wu_buf *out, wu_str line, const wu_temporal_rules *rules) {
    wu_record r = {0};
    wu_temporal_maker m;
    wu_annotate_counts n = {0};
    wu_err err;
    wu_temporal_init(&m, rules);
    bool ok = !wu_record_parse(&r, line, "input", &err);
    ok = ok && !wu_annotate_record(&r, &m, &n, "input", &err);
    if (ok) must(wu_record_write(out, &r) == WU_OK);
    wu_record_clear(&r);
    return ok;
}

static void record(wu_str text) {
    const wu_temporal_rules rules = {.simulate = true, .drop = 0.3};
    wu_buf once = {0}, twice = {0};
    if (annotate(&once, text, &rules)) {
        must(annotate(&twice, wu_buf_view(&once), &rules));
        must(wu_str_eq(wu_buf_view(&once), wu_buf_view(&twice)));
    }
    wu_buf_free(&once);
    wu_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    const wu_str s = {(const char *)p, n};
    calendar(s);
    seasons(s);
    hours(s);
    record(s);
    return 0;
}
