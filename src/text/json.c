/* json.c - jansson behind the functions of json.h; nothing else includes it. */
#include "text/json.h"
#include "base/file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* jansson's functions for iteration and reference counts take pointers without const even where
 * they change nothing that matters here. */
static json_t *loosen(const wu_json *j) {
    union {
        const json_t *in;
        json_t *out;
    } u = {j};
    return u.out;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool is_one_of(char c, const char *set) {
    while (*set && *set != c) set++;
    return *set != 0;
}

/* Copies text with ".0" behind integers of 19 digits and more: published configurations say
 * "model_max_length": 1000000000000000019884624838656, which fits no integer. */
static wu_code widen_integers(wu_buf *out, wu_str text) {
    enum { MAX_DIGITS = 18 };
    bool in_string = false;
    size_t copied = 0;
    for (size_t i = 0; text.p && i < text.n; i++) {
        const char c = text.p[i];
        if (c == '"') in_string = !in_string;
        if (in_string && c == '\\') i++;
        if (in_string || c < '0' || c > '9') continue;
        const size_t start = i;
        while (i < text.n && text.p[i] >= '0' && text.p[i] <= '9') i++;
        const bool is_integer = i == text.n || !is_one_of(text.p[i], ".eE");
        if (is_integer && i - start > MAX_DIGITS) {
            if (wu_buf_add(out, text.p + copied, i - copied) || wu_buf_str(out, ".0"))
                return WU_ENOMEM;
            copied = i;
        } else if (!is_integer) { /* digits behind a point or an e are no integer of their own */
            while (i < text.n && is_one_of(text.p[i], "0123456789.eE+-")) i++;
        }
        i--;
    }
    return wu_buf_add(out, text.p + copied, text.n - copied);
}

/* "calls.jsonl:7": a line of its own, which has no lines. */
static bool names_line(const char *where) {
    const char *colon = strrchr(where, ':');
    return colon && colon[1] && colon[1 + strspn(colon + 1, "0123456789")] == 0;
}

wu_code wu_json_parse(wu_json **out, wu_str text, const char *where, wu_code code, wu_err *err) {
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_error_t e;

    *out = json_loadb(text.p ? text.p : "", text.n, flags, &e);
    if (!*out && json_error_code(&e) == json_error_numeric_overflow) {
        wu_buf wide = {0};
        const wu_code rc = widen_integers(&wide, text);
        if (!rc) *out = json_loadb(wide.p, wide.n, flags, &e);
        wu_buf_free(&wide);
        if (rc) return wu_fail(err, rc, "%s: out of memory for JSON", where);
    }
    if (*out) return WU_OK;
    if (json_error_code(&e) == json_error_out_of_memory)
        return wu_fail(err, WU_ENOMEM, "%s: out of memory for JSON", where);
    if (e.line == 1 && names_line(where))
        return wu_fail(err, code, "%s: column %d: not JSON: %s", where, e.column, e.text);
    return wu_fail(err, code, "%s: line %d, column %d: not JSON: %s", where, e.line, e.column,
                   e.text);
}

wu_code wu_json_read_file(wu_json **out, const char *path, size_t limit, wu_code code,
                          wu_err *err) {
    wu_buf text = {0};
    wu_code rc;

    *out = NULL;
    if ((rc = wu_read_file(&text, path, limit, err))) goto done;
    rc = wu_json_parse(out, wu_buf_view(&text), path, code, err);
done:
    wu_buf_free(&text);
    return rc;
}

void wu_json_free(wu_json *j) { json_decref(j); }

/* ---- unchecked views ------------------------------------------------------------------------ */

wu_json_kind wu_json_type(const wu_json *j) {
    if (!j) return WU_JSON_NULL;
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return WU_JSON_OBJECT;
    case JSON_ARRAY:
        return WU_JSON_ARRAY;
    case JSON_STRING:
        return WU_JSON_STRING;
    case JSON_INTEGER:
        return WU_JSON_INT;
    case JSON_REAL:
        return WU_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return WU_JSON_BOOL;
    case JSON_NULL:
        break;
    }
    return WU_JSON_NULL;
}

const wu_json *wu_json_get(const wu_json *object, const char *key) {
    return json_object_get(object, key); /* NULL for anything but an object */
}

wu_json *wu_json_member(wu_json *object, const char *key) { return json_object_get(object, key); }

size_t wu_json_size(const wu_json *array_or_object) {
    return json_is_array(array_or_object) ? json_array_size(array_or_object)
                                          : json_object_size(array_or_object);
}

const wu_json *wu_json_at(const wu_json *array, size_t i) { return json_array_get(array, i); }

wu_str wu_json_str(const wu_json *string) {
    if (!json_is_string(string)) return (wu_str){"", 0};
    return (wu_str){json_string_value(string), json_string_length(string)};
}

int64_t wu_json_int(const wu_json *j) { return json_integer_value(j); }
double wu_json_real(const wu_json *j) { return json_number_value(j); }
bool wu_json_bool(const wu_json *j) { return json_is_true(j); }

void *wu_json_first(const wu_json *object) { return json_object_iter(loosen(object)); }
void *wu_json_next(const wu_json *object, void *it) {
    return json_object_iter_next(loosen(object), it);
}
wu_str wu_json_key(void *it) {
    return (wu_str){json_object_iter_key(it), json_object_iter_key_len(it)};
}
const wu_json *wu_json_value(void *it) { return json_object_iter_value(it); }

/* ---- checked members ------------------------------------------------------------------------ */

/* "<where>: <key> is <value>, want <want>"; a long value is cut short. */
static wu_code unwanted(const wu_json_in *in, const char *key, const wu_json *v, const char *want,
                        wu_err *err) {
    enum { SHOWN = 60 };
    wu_buf text = {0};
    wu_code rc;

    if (!v) return wu_fail(err, in->code, "%s: %s is missing, want %s", in->where, key, want);
    if (wu_json_type(v) == WU_JSON_OBJECT || wu_json_type(v) == WU_JSON_ARRAY) {
        const char *kind = wu_json_type(v) == WU_JSON_OBJECT ? "an object" : "an array";
        return wu_fail(err, in->code, "%s: %s is %s, want %s", in->where, key, kind, want);
    }
    rc = wu_json_write(&text, v, WU_JSON_COMPACT);
    if (rc) {
        wu_buf_free(&text);
        return wu_fail(err, WU_ENOMEM, "%s: %s: out of memory", in->where, key);
    }
    if (text.n > SHOWN) { /* not within a character */
        size_t n = SHOWN;
        while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80) n--;
        rc = wu_fail(err, in->code, "%s: %s is %.*s..., want %s", in->where, key, (int)n, text.p,
                     want);
    } else {
        rc = wu_fail(err, in->code, "%s: %s is %s, want %s", in->where, key, text.p, want);
    }
    wu_buf_free(&text);
    return rc;
}

static bool is_absent(const wu_json *v) { return wu_json_type(v) == WU_JSON_NULL; }

wu_code wu_json_want_int(const wu_json_in *in, const char *key, int64_t lo, int64_t hi,
                         int64_t *out, wu_err *err) {
    const wu_json *v = wu_json_get(in->j, key);
    char want[96];

    if (wu_json_type(v) != WU_JSON_INT) return unwanted(in, key, v, "an integer", err);
    if (wu_json_int(v) < lo || wu_json_int(v) > hi) {
        (void)snprintf(want, sizeof(want), "an integer in [%lld,%lld]", (long long)lo,
                       (long long)hi);
        return unwanted(in, key, v, want, err);
    }
    *out = wu_json_int(v);
    return WU_OK;
}

wu_code wu_json_opt_int(const wu_json_in *in, const char *key, int64_t lo, int64_t hi, int64_t *out,
                        wu_err *err) {
    if (is_absent(wu_json_get(in->j, key))) return WU_OK;
    return wu_json_want_int(in, key, lo, hi, out, err);
}

wu_code wu_json_want_real(const wu_json_in *in, const char *key, double lo, double hi, double *out,
                          wu_err *err) {
    const wu_json *v = wu_json_get(in->j, key);
    char want[96];

    if (wu_json_type(v) != WU_JSON_INT && wu_json_type(v) != WU_JSON_REAL)
        return unwanted(in, key, v, "a number", err);
    if (!(wu_json_real(v) >= lo && wu_json_real(v) <= hi)) {
        (void)snprintf(want, sizeof(want), "a number in [%g,%g]", lo, hi);
        return unwanted(in, key, v, want, err);
    }
    *out = wu_json_real(v);
    return WU_OK;
}

wu_code wu_json_opt_real(const wu_json_in *in, const char *key, double lo, double hi, double *out,
                         wu_err *err) {
    if (is_absent(wu_json_get(in->j, key))) return WU_OK;
    return wu_json_want_real(in, key, lo, hi, out, err);
}

wu_code wu_json_want_str(const wu_json_in *in, const char *key, wu_str *out, wu_err *err) {
    const wu_json *v = wu_json_get(in->j, key);

    if (wu_json_type(v) != WU_JSON_STRING) return unwanted(in, key, v, "a string", err);
    *out = wu_json_str(v);
    return WU_OK;
}

wu_code wu_json_opt_str(const wu_json_in *in, const char *key, wu_str *out, wu_err *err) {
    if (is_absent(wu_json_get(in->j, key))) return WU_OK;
    return wu_json_want_str(in, key, out, err);
}

wu_code wu_json_opt_bool(const wu_json_in *in, const char *key, bool *out, wu_err *err) {
    const wu_json *v = wu_json_get(in->j, key);

    if (is_absent(v)) return WU_OK;
    if (wu_json_type(v) != WU_JSON_BOOL) return unwanted(in, key, v, "true or false", err);
    *out = wu_json_bool(v);
    return WU_OK;
}

/* ---- building ------------------------------------------------------------------------------- */

wu_json *wu_json_new_object(void) { return json_object(); }
wu_json *wu_json_new_array(void) { return json_array(); }
wu_json *wu_json_new_str(wu_str s) { return json_stringn(s.p ? s.p : "", s.n); }
wu_json *wu_json_new_int(int64_t v) { return json_integer(v); }
wu_json *wu_json_new_real(double v) { return json_real(v); }
wu_json *wu_json_new_bool(bool v) { return json_boolean(v); }
wu_json *wu_json_new_null(void) { return json_null(); }
wu_json *wu_json_copy(const wu_json *j) { return json_deep_copy(j); }

wu_code wu_json_set(wu_json *object, const char *key, wu_json *value) {
    return json_object_set_new(object, key, value) ? WU_ENOMEM : WU_OK;
}

wu_code wu_json_push(wu_json *array, wu_json *value) {
    return json_array_append_new(array, value) ? WU_ENOMEM : WU_OK;
}
