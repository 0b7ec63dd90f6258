/* raw_turns.c - turns whose times come as bare numbers (json_in.h).
 *
 * Makers of exports rarely write the unit of a time beside it.  It is told by
 * all the numbers of a conversation together: above 10^11 they are
 * milliseconds since 1970, above 10^8 seconds since 1970, smaller ones offsets;
 * offsets are seconds if one of them has a fraction, or if that makes no more
 * than 20 seconds for each character that is said, else milliseconds. */
#include "contact/read/json_in.h"

#include "text/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Milliseconds in the unit that a key names; 0: it names none. */
static double unit_of_key(const char *key) {
    static const char *const ms[] = {"_ms",    "Ms",           "(ms)",        "millis",
                                     "Millis", "milliseconds", "Milliseconds"};
    static const char *const s[] = {"_s", "(s)", "_sec", "_secs", "seconds", "Seconds"};
    for (size_t i = 0; i < WU_LEN(ms); i++)
        if (wu_ends_with(key, ms[i])) return 1.0;
    for (size_t i = 0; i < WU_LEN(s); i++)
        if (wu_ends_with(key, s[i])) return 1000.0;
    return 0.0;
}

/* "mm:ss" or "hh:mm:ss", seconds with a fraction, as milliseconds. */
static bool clock_ms(double *out, wu_str s) {
    double sum = 0.0, part;
    int n_part = 0;
    s = wu_utf8_trim(s);
    for (size_t at = 0, i = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] != ':') continue;
        if (i == at || !wu_in_number(&part, (wu_str){s.p + at, i - at}) || !(part >= 0.0) ||
            s.p[at] < '0' || s.p[at] > '9')
            return false;
        if (i < s.n && part != floor(part)) return false;
        if (n_part > 0 && !(part < 60.0)) return false;
        sum = 60.0 * sum + part;
        at = i + 1;
        if (++n_part > 3) return false;
    }
    *out = sum * 1000.0;
    return n_part >= 2;
}

wu_code wu_raw_time_of(wu_raw_time *out, const wu_json *v, const char *key, const char *where,
                       wu_err *err) {
    const wu_str s = wu_json_str(v);
    wu_raw_time t = {0};
    wu_instant at;
    if (wu_json_type(v) == WU_JSON_NULL) return WU_OK;
    const double unit = unit_of_key(key);
    if (wu_json_type(v) == WU_JSON_STRING && wu_utf8_trim(s).n == 0) return WU_OK;
    if (wu_in_real(&t.v, v)) {
        const bool is_epoch = t.v * (unit > 0.0 ? unit : 1.0) >= 1e11;
        t.kind = unit > 0.0 && !is_epoch ? WU_RAW_MS : WU_RAW_NUMBER;
        if (unit > 0.0) t.v *= unit;
        if (t.v < -1000.0 || (unit == 0.0 && t.v < -1.0))
            return wu_fail(err, WU_EDATA, "%s: %s is %.15g, want a time from 0 on", where, key,
                           t.v);
        if (!(t.v < WU_MAX_EPOCH_MS))
            return wu_fail(err, WU_EDATA, "%s: %s is %.15g, want a time", where, key, t.v);
        if (t.v < 0.0) t.v = 0.0;
    } else if (wu_json_type(v) == WU_JSON_STRING && clock_ms(&t.v, s)) {
        t.kind = WU_RAW_MS;
    } else if (wu_json_type(v) == WU_JSON_STRING && wu_instant_parse(&at, s)) {
        t = (wu_raw_time){WU_RAW_INSTANT, (double)at.ms, at.when};
    } else {
        size_t n = WU_MIN(s.n, (size_t)40);
        while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
        return wu_fail(err, WU_EDATA,
                       "%s: %s is \"%.*s\", want seconds, milliseconds, hh:mm:ss or ISO 8601",
                       where, key, (int)n, s.p);
    }
    *out = t;
    return WU_OK;
}

wu_code wu_raw_turns_push(wu_raw_turns *list, const wu_raw_turn *t, const char *where,
                          wu_err *err) {
    if (list->n == list->max) {
        const size_t more = list->max ? 2 * list->max : 32;
        size_t bytes;
        wu_raw_turn *p = wu_mul_size(&bytes, more, sizeof(*p)) ? realloc(list->p, bytes) : NULL;
        if (!p) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
        list->p = p;
        list->max = more;
    }
    list->p[list->n++] = *t;
    return WU_OK;
}

void wu_raw_turns_free(wu_raw_turns *list) {
    free(list->p);
    *list = (wu_raw_turns){0};
}

/* ---- units ----------------------------------------------------------------------------------- */

typedef struct scale {
    double unit_ms; /* of a bare number */
    bool is_epoch;  /* bare numbers count from 1970 */
    bool has_base;  /* some time is a point in time */
    double base_ms; /* the earliest of them */
    wu_when base;
} scale;

static void note_number(const wu_raw_time *t, double *most, bool *has_fraction) {
    if (t->kind != WU_RAW_NUMBER) return;
    if (t->v > *most) *most = t->v;
    if (t->v != floor(t->v)) *has_fraction = true;
}

static scale scale_of(const wu_raw_turns *list) {
    scale s = {.unit_ms = 1000.0};
    double most = 0.0, chars = 0.0;
    bool has_fraction = false;
    for (size_t i = 0; i < list->n; i++) {
        const wu_raw_turn *t = &list->p[i];
        note_number(&t->start, &most, &has_fraction);
        note_number(&t->end, &most, &has_fraction);
        chars += (double)t->text.n;
    }
    s.is_epoch = most >= 1e8;
    if (most >= 1e11 || (most < 1e8 && !has_fraction && most > 20.0 * chars)) s.unit_ms = 1.0;
    return s;
}

/* A time in milliseconds; *is_point if it counts from 1970. */
static double in_ms(const scale *s, const wu_raw_time *t, bool *is_point) {
    *is_point = t->kind == WU_RAW_INSTANT || (t->kind == WU_RAW_NUMBER && s->is_epoch);
    return t->kind == WU_RAW_NUMBER ? t->v * s->unit_ms : t->v;
}

static void find_base(scale *s, const wu_raw_turns *list) {
    for (size_t i = 0; i < list->n; i++) {
        const wu_raw_time *t = &list->p[i].start;
        bool is_point;
        const double ms = in_ms(s, t, &is_point);
        wu_instant at = {.when = t->when};
        if (!is_point || (s->has_base && ms >= s->base_ms)) continue;
        if (t->kind == WU_RAW_NUMBER && !wu_instant_of_ms(&at, ms)) continue;
        s->has_base = true;
        s->base_ms = ms;
        s->base = at.when;
    }
}

/* From the start of the conversation; -1: unknown. False: more than a year behind it. */
static bool offset_of(int64_t *out, const scale *s, const wu_raw_time *t) {
    bool is_point;
    double ms = in_ms(s, t, &is_point);
    *out = -1;
    if (t->kind == WU_RAW_NONE) return true;
    if (is_point && !s->has_base) return true;
    if (is_point) ms -= s->base_ms;
    if (!(ms <= (double)WU_MAX_OFFSET_MS)) return false;
    *out = ms < 0.0 ? -1 : (int64_t)(ms + 0.5);
    return true;
}

wu_code wu_raw_turns_settle(wu_conversation *c, const wu_raw_turns *list, const char *where,
                            wu_err *err) {
    scale s = scale_of(list);
    wu_code rc = WU_OK;
    find_base(&s, list);
    wu_when *told = &c->contact.start;
    if (s.has_base && (!told->known || (told->date_only && !s.base.date_only))) *told = s.base;
    for (size_t i = 0; !rc && i < list->n; i++) {
        const wu_raw_turn *t = &list->p[i];
        int64_t start, end, length = -1;
        if (!offset_of(&start, &s, &t->start) || !offset_of(&end, &s, &t->end))
            return wu_fail(err, WU_EDATA, "%s: turn %zu is more than a year behind the start",
                           where, i + 1);
        if (end < 0 && start >= 0 && t->length.kind != WU_RAW_NONE) {
            const double unit = s.is_epoch ? 1000.0 : s.unit_ms;
            const double ms = t->length.kind == WU_RAW_NUMBER ? t->length.v * unit : t->length.v;
            if (ms <= (double)WU_MAX_OFFSET_MS) length = (int64_t)(ms + 0.5);
            if (length >= 0) end = start + length;
        }
        rc = wu_fill_turn(c, t->party, start, end, t->text, where, err);
    }
    return rc;
}
