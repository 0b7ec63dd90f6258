/* task.c - the table of the six tasks, their schemas and the check of an answer (task.h). */
#include "contact/task.h"

#include <stdio.h>
#include <string.h>

static const char *const rating[] = {"exceptional",       "good", "adequate",
                                     "needs_improvement", "poor", NULL};
static const char *const confidence[] = {"high", "medium", "low", NULL};
static const char *const category[] = {"billing_payment",
                                       "refund_return",
                                       "order_delivery",
                                       "technical_support",
                                       "account_access",
                                       "account_management",
                                       "cancellation_retention",
                                       "fraud_security",
                                       "product_information",
                                       "booking_reservation",
                                       "service_disruption",
                                       "claims_coverage",
                                       "sales_upgrade",
                                       "complaint_feedback",
                                       "service_request",
                                       "other",
                                       NULL};
static const char *const complexity[] = {"low", "medium", "high", NULL};
static const char *const risk_level[] = {"low", "medium", "high", "critical", NULL};
static const char *const journey[] = {
    "first_inquiry",        "onboarding",         "purchase",
    "routine_service",      "problem_resolution", "repeat_problem",
    "complaint_escalation", "retention_save",     "renewal_or_upgrade",
    "cancellation_exit",    "win_back",           NULL};
static const char *const stage[] = {"awareness", "consideration", "decision",
                                    "retention", "onboarding",    "usage",
                                    "support",   "advocacy",      NULL};
static const char *const trajectory[] = {"improving",      "declining",       "stable_positive",
                                         "stable_neutral", "stable_negative", "recovered",
                                         "dipped",         "volatile",        NULL};

static const wu_field quality_field[] = {
    {"quality_score", WU_FIELD_SCORE, NULL, 0, 100},
    {"effectiveness_rating", WU_FIELD_ENUM, rating, 0, 0},
    {"justification", WU_FIELD_TEXT, NULL, 1, 600},
};
static const wu_field csat_field[] = {
    {"predicted_csat", WU_FIELD_SCORE, NULL, 0, 100},
    {"confidence", WU_FIELD_ENUM, confidence, 0, 0},
    {"key_factors", WU_FIELD_LIST, NULL, 0, 5},
};
static const wu_field issue_field[] = {
    {"primary_category", WU_FIELD_ENUM, category, 0, 0},
    {"detected_issues", WU_FIELD_LIST, NULL, 0, 5},
    {"complexity", WU_FIELD_ENUM, complexity, 0, 0},
};
static const wu_field coaching_field[] = {
    {"immediate_priorities", WU_FIELD_LIST, NULL, 0, 4},
    {"long_term", WU_FIELD_LIST, NULL, 0, 4},
    {"strengths_to_leverage", WU_FIELD_LIST, NULL, 0, 4},
};
static const wu_field churn_field[] = {
    {"churn_risk_score", WU_FIELD_SCORE, NULL, 0, 100},
    {"risk_level", WU_FIELD_ENUM, risk_level, 0, 0},
    {"risk_factors", WU_FIELD_LIST, NULL, 0, 5},
};
static const wu_field journey_field[] = {
    {"journey_type", WU_FIELD_ENUM, journey, 0, 0},
    {"journey_stages", WU_FIELD_LIST, stage, 1, 8},
    {"sentiment_trajectory", WU_FIELD_ENUM, trajectory, 0, 0},
};

#define FIELDS(f) (f), (int)WU_LEN(f)
const wu_task wu_tasks[WU_N_TASK] = {
    {WU_TASK_QUALITY, "quality_scoring",
     "Score the quality of the agent's work from 0 to 100, rate its effectiveness (exceptional, "
     "good, adequate, needs_improvement, poor) and justify the score. Answer as JSON with "
     "quality_score, effectiveness_rating, justification.",
     FIELDS(quality_field), 160},
    {WU_TASK_CSAT, "csat_prediction",
     "Predict the customer's satisfaction from 0 to 100, say how sure that is (high, medium, low) "
     "and name the key factors. Answer as JSON with predicted_csat, confidence, key_factors.",
     FIELDS(csat_field), 112},
    {WU_TASK_ISSUE, "issue_classification",
     "Classify the primary issue, list the detected issues and rate the complexity (low, medium, "
     "high). Answer as JSON with primary_category, detected_issues, complexity.",
     FIELDS(issue_field), 96},
    {WU_TASK_COACHING, "coaching",
     "Give coaching recommendations for the agent. Answer as JSON with immediate_priorities, "
     "long_term, strengths_to_leverage.",
     FIELDS(coaching_field), 192},
    {WU_TASK_CHURN, "churn_risk",
     "Estimate the risk that this customer leaves from 0 to 100, its level (low, medium, high, "
     "critical) and its top factors. Answer as JSON with churn_risk_score, risk_level, "
     "risk_factors.",
     FIELDS(churn_field), 112},
    {WU_TASK_JOURNEY, "journey_type",
     "Name the type of customer journey, the stages it shows and the course of the customer's "
     "sentiment. Answer as JSON with journey_type, journey_stages, sentiment_trajectory.",
     FIELDS(journey_field), 96},
};

const wu_task *wu_task_find(const char *name) {
    for (int i = 0; name && i < WU_N_TASK; i++)
        if (strcmp(wu_tasks[i].name, name) == 0) return &wu_tasks[i];
    return NULL;
}

const char *wu_rating_of(int32_t score) {
    return rating[score >= 90 ? 0 : score >= 78 ? 1 : score >= 65 ? 2 : score >= 50 ? 3 : 4];
}

const char *wu_risk_level_of(int32_t score) {
    return risk_level[score > 75 ? 3 : score > 50 ? 2 : score > 25 ? 1 : 0];
}

/* ------------------------------------------------------------------------------ schema */

static wu_json *labels_json(const char *const *values) {
    wu_json *a = wu_json_new_array();
    for (; a && *values; values++) {
        if (wu_json_push(a, wu_json_new_str(wu_str_of(*values)))) {
            wu_json_free(a);
            return NULL;
        }
    }
    return a;
}

static wu_code set_str(wu_json *o, const char *key, const char *s) {
    return wu_json_set(o, key, wu_json_new_str(wu_str_of(s)));
}

static wu_code set_int(wu_json *o, const char *key, int64_t v) {
    return wu_json_set(o, key, wu_json_new_int(v));
}

static wu_code list_schema(wu_json *o, const wu_field *f) {
    wu_code rc;
    wu_json *item = wu_json_new_object();
    if (!item) return WU_ENOMEM;
    if (f->values) {
        rc = wu_json_set(item, "enum", labels_json(f->values));
    } else {
        rc = set_str(item, "type", "string");
        if (!rc) rc = set_int(item, "minLength", 1);
        if (!rc) rc = set_int(item, "maxLength", WU_ITEM_MAX);
    }
    if (rc) {
        wu_json_free(item);
        return rc;
    }
    if ((rc = wu_json_set(o, "items", item))) return rc;
    if ((rc = set_int(o, "minItems", f->lo))) return rc;
    if ((rc = set_int(o, "maxItems", f->hi))) return rc;
    return f->values ? wu_json_set(o, "uniqueItems", wu_json_new_bool(true)) : WU_OK;
}

static wu_code field_schema(wu_json *o, const wu_field *f) {
    wu_code rc;
    switch (f->kind) {
    case WU_FIELD_SCORE:
        if ((rc = set_str(o, "type", "integer"))) return rc;
        if ((rc = set_int(o, "minimum", f->lo))) return rc;
        return set_int(o, "maximum", f->hi);
    case WU_FIELD_ENUM:
        return wu_json_set(o, "enum", labels_json(f->values));
    case WU_FIELD_TEXT:
        if ((rc = set_str(o, "type", "string"))) return rc;
        if ((rc = set_int(o, "minLength", f->lo))) return rc;
        return set_int(o, "maxLength", f->hi);
    case WU_FIELD_LIST:
        if ((rc = set_str(o, "type", "array"))) return rc;
        return list_schema(o, f);
    }
    return WU_EBUG;
}

wu_code wu_task_schema(const wu_task *t, wu_buf *out) {
    wu_code rc = WU_ENOMEM;
    wu_json *root = wu_json_new_object(), *props = wu_json_new_object();
    wu_json *required = wu_json_new_array(), *one = NULL;
    if (!root || !props || !required) goto done;
    for (int i = 0; i < t->n_field; i++) {
        one = wu_json_new_object();
        if (!one || (rc = field_schema(one, &t->field[i]))) goto done;
        rc = wu_json_set(props, t->field[i].name, one);
        one = NULL;
        if (rc) goto done;
        if ((rc = wu_json_push(required, wu_json_new_str(wu_str_of(t->field[i].name))))) goto done;
    }
    if ((rc = set_str(root, "type", "object"))) goto done;
    rc = wu_json_set(root, "properties", props);
    props = NULL;
    if (rc) goto done;
    rc = wu_json_set(root, "required", required);
    required = NULL;
    if (rc) goto done;
    if ((rc = wu_json_set(root, "additionalProperties", wu_json_new_bool(false)))) goto done;
    rc = wu_json_write(out, root, WU_JSON_COMPACT);
done:
    wu_json_free(one);
    wu_json_free(required);
    wu_json_free(props);
    wu_json_free(root);
    return rc;
}

/* ------------------------------------------------------------------------------- check */

static bool is_label(const char *const *values, wu_str s) {
    for (; *values; values++)
        if (wu_str_eq(wu_str_of(*values), s)) return true;
    return false;
}

/* Bytes of s that a message shows; whole characters. */
static int shown(wu_str s) {
    size_t n = s.n < 60 ? s.n : 60;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
    return (int)n;
}

/* Characters of valid UTF-8. */
static int64_t count_chars(wu_str s) {
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static wu_code check_text(const wu_json *v, int32_t lo, int32_t hi, const char *where,
                          wu_err *err) {
    if (!v || wu_json_type(v) != WU_JSON_STRING)
        return wu_fail(err, WU_EDATA, "%s is not a string", where);
    const int64_t n = count_chars(wu_json_str(v));
    if (n < lo || n > hi)
        return wu_fail(err, WU_EDATA, "%s has %lld characters, want %d to %d", where, (long long)n,
                       lo, hi);
    return WU_OK;
}

static wu_code check_label(const wu_json *v, const char *const *values, const char *where,
                           wu_err *err) {
    if (!v || wu_json_type(v) != WU_JSON_STRING)
        return wu_fail(err, WU_EDATA, "%s is not a string", where);
    const wu_str s = wu_json_str(v);
    if (is_label(values, s)) return WU_OK;
    return wu_fail(err, WU_EDATA, "%s is \"%.*s\", which is not one of its labels", where, shown(s),
                   s.p);
}

static wu_code check_list(const wu_json *v, const wu_field *f, const char *where, wu_err *err) {
    if (wu_json_type(v) != WU_JSON_ARRAY) return wu_fail(err, WU_EDATA, "%s is not a list", where);
    const size_t n = wu_json_size(v);
    if (n < (size_t)f->lo || n > (size_t)f->hi)
        return wu_fail(err, WU_EDATA, "%s has %zu items, want %d to %d", where, n, f->lo, f->hi);
    for (size_t i = 0; i < n; i++) {
        const wu_json *item = wu_json_at(v, i);
        char place[96];
        snprintf(place, sizeof(place), "%s[%zu]", where, i);
        const wu_code rc = f->values ? check_label(item, f->values, place, err)
                                     : check_text(item, 1, WU_ITEM_MAX, place, err);
        if (rc) return rc;
        for (size_t k = 0; f->values && k < i; k++)
            if (wu_str_eq(wu_json_str(item), wu_json_str(wu_json_at(v, k))))
                return wu_fail(err, WU_EDATA, "%s repeats item %zu", place, k);
    }
    return WU_OK;
}

static wu_code check_field(const wu_json *object, const wu_field *f, wu_err *err) {
    const wu_json *v = wu_json_get(object, f->name);
    if (!v) return wu_fail(err, WU_EDATA, "%s is missing", f->name);
    switch (f->kind) {
    case WU_FIELD_SCORE:
        if (wu_json_type(v) != WU_JSON_INT)
            return wu_fail(err, WU_EDATA, "%s is not an integer", f->name);
        if (wu_json_int(v) < f->lo || wu_json_int(v) > f->hi)
            return wu_fail(err, WU_EDATA, "%s is %lld, want %d to %d", f->name,
                           (long long)wu_json_int(v), f->lo, f->hi);
        return WU_OK;
    case WU_FIELD_ENUM:
        return check_label(v, f->values, f->name, err);
    case WU_FIELD_TEXT:
        return check_text(v, f->lo, f->hi, f->name, err);
    case WU_FIELD_LIST:
        return check_list(v, f, f->name, err);
    }
    return wu_fail(err, WU_EBUG, "%s has an unknown kind", f->name);
}

static const wu_field *find_field(const wu_task *t, wu_str name) {
    for (int i = 0; i < t->n_field; i++)
        if (wu_str_eq(wu_str_of(t->field[i].name), name)) return &t->field[i];
    return NULL;
}

wu_code wu_task_check(const wu_task *t, wu_str answer, wu_json **out, wu_err *err) {
    wu_json *j = NULL;
    wu_code rc;
    *out = NULL;
    if ((rc = wu_json_parse(&j, answer, "answer", WU_EDATA, err))) return rc;
    if (wu_json_type(j) != WU_JSON_OBJECT) {
        rc = wu_fail(err, WU_EDATA, "answer is not an object");
        goto done;
    }
    for (int i = 0; i < t->n_field; i++)
        if ((rc = check_field(j, &t->field[i], err))) goto done;
    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it)) {
        const wu_str key = wu_json_key(it);
        if (find_field(t, key)) continue;
        rc = wu_fail(err, WU_EDATA, "%.*s is not a field of %s", shown(key), key.p, t->name);
        goto done;
    }
    *out = j;
    j = NULL;
done:
    wu_json_free(j);
    return rc;
}
