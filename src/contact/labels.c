/* labels.c - fields of an analysis and a journey, one by one (labels.h). */
#include "contact/labels.h"

#include "base/compiler.h"
#include "text/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *wu_label_state_name(wu_label_state s) {
    static const char *const name[WU_N_LABEL_STATE] = {
        [WU_LABEL_USED] = "used",       [WU_LABEL_NO_SOURCE] = "no_source",
        [WU_LABEL_MISSING] = "missing", [WU_LABEL_BAD] = "bad",
        [WU_LABEL_UNKNOWN] = "unknown",
    };
    return name[s];
}

static const struct {
    const char *name;
    double lo, hi;
} scale[WU_N_CSAT_SCALE] = {
    [WU_CSAT_0_100] = {"0-100", 0, 100}, [WU_CSAT_1_5] = {"1-5", 1, 5},
    [WU_CSAT_1_7] = {"1-7", 1, 7},       [WU_CSAT_1_10] = {"1-10", 1, 10},
    [WU_CSAT_0_10] = {"0-10", 0, 10},
};

const char *wu_csat_scale_name(wu_csat_scale s) { return scale[s].name; }

/* ---- sources -------------------------------------------------------------------------------- */

static const char *kind_name(const wu_json *j) {
    static const char *const name[] = {"null",   "true or false", "a number", "a number",
                                       "a text", "a list",        "an object"};
    return name[wu_json_type(j)];
}

wu_code wu_labels_unwrap(wu_json **source, const char *where, wu_err *err) {
    if (wu_json_type(*source) == WU_JSON_STRING) {
        wu_json *inner = NULL;
        const wu_code rc = wu_json_parse(&inner, wu_json_str(*source), where, WU_EDATA, err);
        if (rc) return rc == WU_EDATA ? wu_fail_in(err, rc, "text within JSON") : rc;
        wu_json_free(*source);
        *source = inner;
    }
    if (wu_json_type(*source) == WU_JSON_OBJECT) return WU_OK;
    return wu_fail(err, WU_EDATA, "%s: is %s, want an object", where, kind_name(*source));
}

/* One answer while it is made. */
typedef struct maker {
    wu_labels *out;
    const wu_label_options *o;
    const wu_task *task;
    const wu_json *source; /* of the task; NULL: none */
    wu_json *answer;
    wu_buf text; /* scratch */
} maker;

/* The member at a path with dots; NULL if absent or null. */
static const wu_json *member(const wu_json *j, const char *path) {
    char key[64];
    for (const char *p = path; j; p += strlen(key) + 1) {
        const size_t n = strcspn(p, ".");
        snprintf(key, sizeof(key), "%.*s", (int)n, p);
        j = wu_json_get(j, key);
        if (!p[n]) break;
    }
    return wu_json_type(j) == WU_JSON_NULL ? NULL : j;
}

static wu_code put(maker *m, int field, wu_json *value) {
    m->out->state[m->task->id][field] = WU_LABEL_USED;
    return wu_json_set(m->answer, m->task->field[field].name, value);
}

static wu_code leave_out(maker *m, int field, wu_label_state why) {
    m->out->state[m->task->id][field] = why;
    return WU_OK;
}

static WU_PRINTF(2, 3) void say(maker *m, const char *fmt, ...) {
    va_list ap;
    char *to = m->out->wrong[m->task->id];
    va_start(ap, fmt);
    vsnprintf(to, sizeof(m->out->wrong[0]), fmt, ap);
    va_end(ap);
}

/* ---- scores --------------------------------------------------------------------------------- */

/* A number within [lo, hi], fractions allowed. Texts that hold one are no numbers: "85" may be a
 * percentage, a rank or a typing error, and what wrote it can write 85. */
static wu_label_state read_number(maker *m, const char *path, double lo, double hi, double *out) {
    const wu_json *v = member(m->source, path);
    if (!v || (wu_json_type(v) == WU_JSON_STRING && wu_json_str(v).n == 0)) return WU_LABEL_MISSING;
    const bool is_number = wu_json_type(v) == WU_JSON_INT || wu_json_type(v) == WU_JSON_REAL;
    if (!is_number) {
        say(m, "%s is %s, want a number from %g to %g", path, kind_name(v), lo, hi);
        return WU_LABEL_BAD;
    }
    *out = wu_json_real(v);
    if (*out >= lo && *out <= hi) return WU_LABEL_USED;
    say(m, "%s is %g, want %g to %g", path, *out, lo, hi);
    return WU_LABEL_BAD;
}

/* Half away from zero. */
static int32_t rounded(double v) { return (int32_t)lround(v); }

static wu_code put_score(maker *m, const char *path, double *score) {
    const wu_label_state s = read_number(m, path, 0, 100, score);
    return s ? leave_out(m, 0, s) : put(m, 0, wu_json_new_int(rounded(*score)));
}

/* ---- labels --------------------------------------------------------------------------------- */

static wu_code put_label(maker *m, int field, const char *path) {
    const wu_field *f = &m->task->field[field];
    const wu_json *v = member(m->source, path);
    wu_str label;
    if (!v || (wu_json_type(v) == WU_JSON_STRING && wu_utf8_trim(wu_json_str(v)).n == 0))
        return leave_out(m, field, WU_LABEL_MISSING);
    if (wu_json_type(v) != WU_JSON_STRING) {
        if (field == 0) say(m, "%s is %s, want a label", path, kind_name(v));
        return leave_out(m, field, WU_LABEL_BAD);
    }
    const wu_str said = wu_json_str(v);
    if (wu_taxonomy_find(m->o->taxonomy, wu_label_group_of(f->values), said, &label))
        return WU_ENOMEM;
    if (label.n) return put(m, field, wu_json_new_str(label));
    if (field == 0)
        say(m, "%s is \"%.*s\", which is no known label", path, (int)(said.n < 80 ? said.n : 80),
            said.p);
    return leave_out(m, field, WU_LABEL_UNKNOWN);
}

static bool has_item(const wu_json *list, wu_str s) {
    for (size_t i = 0; i < wu_json_size(list); i++)
        if (wu_str_eq(wu_json_str(wu_json_at(list, i)), s)) return true;
    return false;
}

static wu_code add_stage(maker *m, int field, wu_json *list, wu_str said, bool *unknown) {
    wu_str label;
    const wu_label_group g = wu_label_group_of(m->task->field[field].values);
    if (wu_taxonomy_find(m->o->taxonomy, g, said, &label)) return WU_ENOMEM;
    if (!label.n) *unknown = true;
    if (!label.n || has_item(list, label)) return WU_OK;
    return wu_json_push(list, wu_json_new_str(label));
}

/* {"awareness": {"present": true}, "decision": false, ...}, or the names of the present ones. */
static wu_code put_stages(maker *m, int field, const char *path) {
    const wu_json *v = member(m->source, path);
    const wu_json_kind kind = wu_json_type(v);
    bool unknown = false;
    wu_code rc = WU_OK;
    if (!v) return leave_out(m, field, WU_LABEL_MISSING);
    if (kind != WU_JSON_OBJECT && kind != WU_JSON_ARRAY) return leave_out(m, field, WU_LABEL_BAD);
    wu_json *list = wu_json_new_array();
    if (!list) return WU_ENOMEM;
    for (size_t i = 0; kind == WU_JSON_ARRAY && !rc && i < wu_json_size(v); i++)
        rc = add_stage(m, field, list, wu_json_str(wu_json_at(v, i)), &unknown);
    for (void *it = kind == WU_JSON_OBJECT ? wu_json_first(v) : NULL; it && !rc;
         it = wu_json_next(v, it)) {
        const wu_json *stage = wu_json_value(it);
        if (wu_json_bool(stage) || wu_json_bool(wu_json_get(stage, "present")))
            rc = add_stage(m, field, list, wu_json_key(it), &unknown);
    }
    if (!rc && wu_json_size(list) > 0) return put(m, field, list);
    wu_json_free(list);
    return rc ? rc : leave_out(m, field, unknown ? WU_LABEL_UNKNOWN : WU_LABEL_MISSING);
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* Appends s with white space made one blank, at most max characters; what is longer ends at a word
 * with "...". *cut tells. */
static wu_code add_text(wu_buf *out, wu_str s, int32_t max, bool *was_cut) {
    const size_t from = out->n;
    size_t word_end = from; /* where the last whole word that leaves room for the dots ends */
    int32_t n = 0;
    bool blank = false;
    wu_code rc;
    *was_cut = false;
    s = wu_utf8_trim(s);
    for (size_t i = 0; i < s.n;) {
        int len = 1;
        const uint32_t c = wu_utf8_code((wu_str){s.p + i, s.n - i}, &len);
        if (wu_utf8_is_space(c)) {
            if (!blank && n <= max - 3) word_end = out->n;
            blank = true;
        } else {
            if (n + 1 + blank > max) {
                *was_cut = true;
                break;
            }
            if (blank && (rc = wu_buf_char(out, ' '))) return rc;
            if ((rc = wu_buf_add(out, s.p + i, (size_t)len))) return rc;
            n += 1 + blank;
            blank = false;
            if (n == max - 3 && word_end == from) word_end = out->n; /* one endless word */
        }
        i += (size_t)len;
    }
    if (!*was_cut) return WU_OK;
    out->n = word_end;
    return wu_buf_str(out, "...");
}

/* The text of an item: itself, or what an object says under one of the usual names. */
static wu_str item_text(const wu_json *item) {
    static const char *const key[] = {
        "factor", "issue", "signal", "strength",    "weakness", "recommendation", "priority",
        "action", "area",  "skill",  "description", "text",     "name",           "title"};
    if (wu_json_type(item) == WU_JSON_STRING) return wu_utf8_trim(wu_json_str(item));
    for (size_t i = 0; i < WU_LEN(key); i++) {
        const wu_str s = wu_utf8_trim(wu_json_str(wu_json_get(item, key[i])));
        if (s.n) return s;
    }
    return (wu_str){0};
}

/* The first max texts of a list, equal ones once. */
static wu_code take_items(maker *m, const wu_json *v, size_t max, wu_json *list) {
    for (size_t i = 0; i < wu_json_size(v) && wu_json_size(list) < max; i++) {
        const wu_str s = item_text(wu_json_at(v, i));
        bool was_cut;
        if (!s.n) continue;
        wu_buf_clear(&m->text);
        if (add_text(&m->text, s, WU_ITEM_MAX, &was_cut)) return WU_ENOMEM;
        if (has_item(list, wu_buf_view(&m->text))) continue;
        m->out->n_cut += was_cut;
        if (wu_json_push(list, wu_json_new_str(wu_buf_view(&m->text)))) return WU_ENOMEM;
    }
    return WU_OK;
}

/* An empty list is an answer too: nothing was found. A list of nothing that can be read is not. */
static wu_code put_items(maker *m, int field, const char *path, size_t max) {
    const wu_json *v = member(m->source, path);
    if (!v) return leave_out(m, field, WU_LABEL_MISSING);
    wu_json *list = wu_json_type(v) == WU_JSON_ARRAY ? wu_json_new_array() : NULL;
    if (wu_json_type(v) == WU_JSON_ARRAY && !list) return WU_ENOMEM;
    const wu_code rc = list ? take_items(m, v, max, list) : WU_OK;
    if (!rc && list && (wu_json_size(list) > 0 || wu_json_size(v) == 0)) return put(m, field, list);
    wu_json_free(list);
    if (!rc && field == 0)
        say(m, "%s is %s, want a list of texts", path, list ? "a list of none" : kind_name(v));
    return rc ? rc : leave_out(m, field, WU_LABEL_BAD);
}

/* ---- the six tasks -------------------------------------------------------------------------- */

/* "Strengths: a; b. " in the analysis's own words. */
static wu_code add_words(maker *m, wu_buf *out, const char *title, const char *path) {
    enum { N = 2, MAX = 120 };
    const wu_json *v = member(m->source, path);
    int n = 0;
    wu_code rc;
    if (wu_json_type(v) != WU_JSON_ARRAY) return WU_OK;
    for (size_t i = 0; i < wu_json_size(v) && n < N; i++) {
        wu_str s = item_text(wu_json_at(v, i));
        bool was_cut;
        while (s.n > 0 && strchr(".;, ", s.p[s.n - 1])) s.n--;
        if (!s.n) continue;
        if ((rc = wu_buf_fmt(out, "%s%s", n ? "; " : out->n ? " " : "", n ? "" : title))) return rc;
        if ((rc = add_text(out, s, MAX, &was_cut))) return rc;
        m->out->n_cut += was_cut;
        n++;
    }
    return n && out->p[out->n - 1] != '.' ? wu_buf_char(out, '.') : WU_OK;
}

/* Why that score: what the analysis says itself, else the strengths and weaknesses it names. How
 * many there are of them would say nothing. */
static wu_code put_justification(maker *m, int field) {
    static const char *const own[] = {"quality_scores.justification", "quality_scores.rationale",
                                      "quality_scores.summary"};
    wu_code rc = WU_OK;
    wu_buf_clear(&m->text);
    for (size_t i = 0; i < WU_LEN(own) && m->text.n == 0; i++) {
        const wu_str s = wu_json_str(member(m->source, own[i]));
        bool was_cut;
        if ((rc = add_text(&m->text, s, m->task->field[field].hi, &was_cut))) return rc;
        m->out->n_cut += was_cut;
    }
    if (m->text.n == 0) {
        if ((rc = add_words(m, &m->text, "Strengths: ", "key_strengths"))) return rc;
        if ((rc = add_words(m, &m->text, "Weaknesses: ", "critical_weaknesses"))) return rc;
    }
    if (m->text.n == 0) return leave_out(m, field, WU_LABEL_MISSING);
    return put(m, field, wu_json_new_str(wu_buf_view(&m->text)));
}

static wu_code quality(maker *m) {
    double score;
    wu_code rc = put_score(m, "quality_scores.overall_quality", &score);
    if (!rc) rc = put_label(m, 1, "quality_scores.effectiveness_rating");
    return rc ? rc : put_justification(m, 2);
}

#define SATISFACTION "customer_journey.satisfaction_indicators."

/* How sure: as the source says, else by how far the score is from the middle and whether anything
 * is named that speaks for it. Without a list of signals nothing can be said. */
static wu_code put_confidence(maker *m, int field, double csat) {
    const wu_json *signals = member(m->source, SATISFACTION "satisfaction_signals");
    if (member(m->source, SATISFACTION "confidence"))
        return put_label(m, field, SATISFACTION "confidence");
    if (wu_json_type(signals) != WU_JSON_ARRAY) return leave_out(m, field, WU_LABEL_MISSING);
    const bool is_extreme = csat > 80.0 || csat < 30.0;
    const char *word = wu_json_size(signals) == 0 ? "low" : is_extreme ? "high" : "medium";
    return put(m, field, wu_json_new_str(wu_str_of(word)));
}

static wu_code satisfaction(maker *m) {
    const double lo = scale[m->o->csat].lo, hi = scale[m->o->csat].hi;
    double said = 0.0;
    const wu_label_state s = read_number(m, SATISFACTION "predicted_csat", lo, hi, &said);
    if (s) return leave_out(m, 0, s); /* the rest cannot be told without it */
    m->out->csat = said;
    const int32_t csat = rounded(100.0 * (said - lo) / (hi - lo));
    wu_code rc = put(m, 0, wu_json_new_int(csat));
    if (!rc) rc = put_confidence(m, 1, csat);
    return rc ? rc : put_items(m, 2, SATISFACTION "satisfaction_signals", 3);
}

static wu_code issue(maker *m) {
    wu_code rc = put_label(m, 0, "issue_category");
    if (!rc) rc = put_items(m, 1, "detected_issues", 3);
    return rc ? rc : put_label(m, 2, "interaction_complexity");
}

static wu_code coaching(maker *m) {
    wu_code rc = put_items(m, 0, "coaching_recommendations.immediate", 3);
    if (!rc) rc = put_items(m, 1, "coaching_recommendations.long_term", 2);
    if (!rc) rc = put_items(m, 2, "key_strengths", 2);
    size_t n = 0;
    for (int i = 0; i < m->task->n_field; i++)
        n += wu_json_size(wu_json_get(m->answer, m->task->field[i].name));
    if (!rc && n == 0 && m->out->state[m->task->id][0] == WU_LABEL_USED)
        rc = leave_out(m, 0, WU_LABEL_MISSING); /* three empty lists coach nobody */
    return rc;
}

static wu_code churn(maker *m) {
    double score = 0.0;
    wu_code rc = put_score(m, "value_signals.churn_risk_score", &score);
    if (rc || m->out->state[m->task->id][0]) return rc;
    rc = put(m, 1, wu_json_new_str(wu_str_of(wu_risk_level_of(rounded(score)))));
    return rc ? rc : put_items(m, 2, "value_signals.churn_risk_factors", 3);
}

static wu_code journey(maker *m) {
    wu_code rc = put_label(m, 0, "journey_metadata.journey_type");
    if (!rc) rc = put_stages(m, 1, "journey_stages");
    return rc ? rc : put_label(m, 2, "sentiment_journey.sentiment_trajectory");
}

static wu_code make(maker *m, const wu_task *t) {
    static wu_code (*const fill[WU_N_TASK])(maker *) = {
        [WU_TASK_QUALITY] = quality,   [WU_TASK_CSAT] = satisfaction, [WU_TASK_ISSUE] = issue,
        [WU_TASK_COACHING] = coaching, [WU_TASK_CHURN] = churn,       [WU_TASK_JOURNEY] = journey,
    };
    wu_label_state *state = m->out->state[t->id];
    m->task = t;
    for (int i = 0; i < WU_FIELDS_MAX; i++)
        state[i] = m->source ? WU_LABEL_MISSING : WU_LABEL_NO_SOURCE;
    if (!m->source) return WU_OK;
    if (!(m->answer = wu_json_new_object())) return WU_ENOMEM;
    const wu_code rc = fill[t->id](m);
    if (!rc && state[0] == WU_LABEL_USED)
        m->out->answer[t->id] = m->answer;
    else
        wu_json_free(m->answer);
    m->answer = NULL;
    return rc;
}

wu_code wu_labels_read(wu_labels *out, const wu_json *analysis, const wu_json *journey_source,
                       const wu_label_options *o, wu_err *err) {
    maker m = {.out = out, .o = o};
    wu_code rc = WU_OK;
    wu_labels_clear(out);
    for (int i = 0; i < WU_N_TASK && !rc; i++) {
        const bool of_journey = i == WU_TASK_CHURN || i == WU_TASK_JOURNEY;
        m.source = of_journey ? journey_source : analysis;
        rc = make(&m, &wu_tasks[i]);
    }
    wu_buf_free(&m.text);
    if (!rc) return WU_OK;
    wu_labels_clear(out);
    return wu_fail(err, rc, "labels: out of memory");
}

void wu_labels_clear(wu_labels *l) {
    for (int i = 0; i < WU_N_TASK; i++) wu_json_free(l->answer[i]);
    *l = (wu_labels){.csat = -1.0};
}

/* ---- check ---------------------------------------------------------------------------------- */

static int64_t count_chars(wu_str s) {
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static bool fits_label(const wu_field *f, const wu_json *v, const wu_taxonomy *taxonomy) {
    return wu_json_type(v) == WU_JSON_STRING &&
           wu_taxonomy_has(taxonomy, wu_label_group_of(f->values), wu_json_str(v));
}

static bool fits_text(const wu_json *v, int64_t lo, int64_t hi) {
    const int64_t n = count_chars(wu_json_str(v));
    return wu_json_type(v) == WU_JSON_STRING && n >= lo && n <= hi;
}

static bool fits_list(const wu_field *f, const wu_json *v, const wu_taxonomy *taxonomy) {
    const size_t n = wu_json_size(v);
    if (wu_json_type(v) != WU_JSON_ARRAY || n < (size_t)f->lo || n > (size_t)f->hi) return false;
    for (size_t i = 0; i < n; i++) {
        const wu_json *item = wu_json_at(v, i);
        if (f->values ? !fits_label(f, item, taxonomy) : !fits_text(item, 1, WU_ITEM_MAX))
            return false;
    }
    return true;
}

static bool fits(const wu_field *f, const wu_json *v, const wu_taxonomy *taxonomy) {
    switch (f->kind) {
    case WU_FIELD_SCORE:
        return wu_json_type(v) == WU_JSON_INT && wu_json_int(v) >= f->lo && wu_json_int(v) <= f->hi;
    case WU_FIELD_ENUM:
        return fits_label(f, v, taxonomy);
    case WU_FIELD_TEXT:
        return fits_text(v, f->lo, f->hi);
    case WU_FIELD_LIST:
        return fits_list(f, v, taxonomy);
    }
    return false;
}

wu_code wu_labels_check(const wu_task *t, const wu_json *answer, const wu_taxonomy *taxonomy,
                        wu_err *err) {
    int at = 0;
    if (wu_json_type(answer) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s: the answer is not an object", t->name);
    if (!wu_json_get(answer, t->field[0].name))
        return wu_fail(err, WU_EDATA, "%s: %s is missing", t->name, t->field[0].name);
    for (void *it = wu_json_first(answer); it; it = wu_json_next(answer, it), at++) {
        const wu_str key = wu_json_key(it);
        while (at < t->n_field && !wu_str_eq(key, wu_str_of(t->field[at].name))) at++;
        if (at == t->n_field)
            return wu_fail(err, WU_EDATA, "%s: %.*s is no field of it, or not in its place",
                           t->name, (int)(key.n < 60 ? key.n : 60), key.p);
        if (!fits(&t->field[at], wu_json_value(it), taxonomy))
            return wu_fail(err, WU_EDATA, "%s: %s does not fit the task", t->name,
                           t->field[at].name);
    }
    return WU_OK;
}
