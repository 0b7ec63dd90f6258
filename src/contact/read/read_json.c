/* read_json.c - JSON from outside, and what its readers share (json_in.h). */
#include "contact/read/json_in.h"

#include "text/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- text to value --------------------------------------------------------------------------- */

/* The place where brackets first nest deeper than allowed; text.n if nowhere. */
static size_t too_deep(wu_str text) {
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        const char ch = text.p[i];
        if (in_string) {
            if (ch == '\\') i++;
            if (ch == '"') in_string = false;
            continue;
        }
        if (ch == '"') in_string = true;
        if ((ch == '[' || ch == '{') && ++depth > WU_JSON_DEPTH) return i;
        if (ch == ']' || ch == '}') depth--;
    }
    return text.n;
}

wu_code wu_read_json(wu_json **out, wu_str text, const char *where, wu_err *err) {
    *out = NULL;
    if (wu_str_starts(text, WU_STR("\xEF\xBB\xBF"))) text = (wu_str){text.p + 3, text.n - 3};
    const size_t at = too_deep(text);
    if (at < text.n) {
        size_t line = 1;
        for (size_t i = 0; i < at; i++) line += text.p[i] == '\n';
        return wu_fail(err, WU_EDATA, "%s: line %zu: JSON is nested deeper than %d levels", where,
                       line, WU_JSON_DEPTH);
    }
    return wu_json_parse(out, text, where, WU_EDATA, err);
}

/* ---- places ---------------------------------------------------------------------------------- */

wu_code wu_in_element(wu_json_in *out, wu_place *p, const wu_json_in *in, const char *array,
                      const wu_json *a, size_t i, wu_err *err) {
    (void)snprintf(p->text, sizeof(p->text), "%s: %s[%zu]", in->where, array, i);
    *out = (wu_json_in){wu_json_at(a, i), p->text, in->code};
    if (wu_json_type(out->j) == WU_JSON_OBJECT) return WU_OK;
    return wu_fail(err, in->code, "%s is not an object", p->text);
}

wu_code wu_in_object(wu_json_in *out, wu_place *p, const wu_json_in *in, const char *key,
                     wu_err *err) {
    const wu_json *j = wu_json_get(in->j, key);
    (void)snprintf(p->text, sizeof(p->text), "%s: %s", in->where, key);
    *out = (wu_json_in){wu_json_type(j) == WU_JSON_OBJECT ? j : NULL, p->text, in->code};
    if (out->j || wu_json_type(j) == WU_JSON_NULL) return WU_OK;
    return wu_fail(err, in->code, "%s is not an object", p->text);
}

wu_code wu_in_array(const wu_json **out, const wu_json_in *in, const char *key, wu_err *err) {
    const wu_json *j = wu_json_get(in->j, key);
    *out = NULL;
    if (wu_json_type(j) == WU_JSON_NULL) return WU_OK;
    if (wu_json_type(j) != WU_JSON_ARRAY)
        return wu_fail(err, in->code, "%s: %s is not an array", in->where, key);
    *out = j;
    return WU_OK;
}

bool wu_in_is_array_of_objects(const wu_json *j) {
    return wu_json_type(j) == WU_JSON_ARRAY && wu_json_type(wu_json_at(j, 0)) == WU_JSON_OBJECT;
}

const wu_json *wu_in_any(const wu_json *j, const char *const *keys, const char **key) {
    for (; *keys; keys++) {
        const wu_json *v = wu_json_get(j, *keys);
        if (wu_json_type(v) == WU_JSON_NULL) continue;
        if (key) *key = *keys;
        return v;
    }
    return NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static double power_of_ten(int n) {
    double p = 1.0;
    for (int i = 0; i < (n < 0 ? -n : n); i++) p *= 10.0;
    return p;
}

bool wu_in_number(double *out, wu_str s) {
    enum { MOST_DIGITS = 18, MOST_EXPONENT = 400 };
    uint64_t digits = 0;
    int n_digit = 0, shift = 0, exponent = 0;
    bool any = false, is_fraction = false;
    s = wu_utf8_trim(s);
    size_t i = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
    const bool is_negative = i && s.p[0] == '-';
    for (; i < s.n && (is_digit(s.p[i]) || (s.p[i] == '.' && !is_fraction)); i++) {
        if (s.p[i] == '.') {
            is_fraction = true;
            continue;
        }
        any = true;
        if (n_digit < MOST_DIGITS) {
            digits = 10 * digits + (uint64_t)(s.p[i] - '0');
            n_digit += digits > 0;
            shift -= is_fraction;
        } else {
            shift += !is_fraction && shift < MOST_EXPONENT;
        }
    }
    if (!any) return false;
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        const bool is_down = i + 1 < s.n && s.p[i + 1] == '-';
        i += 1 + (size_t)(i + 1 < s.n && (s.p[i + 1] == '-' || s.p[i + 1] == '+'));
        if (i == s.n) return false;
        for (; i < s.n && is_digit(s.p[i]); i++)
            if (exponent < MOST_EXPONENT) exponent = 10 * exponent + (s.p[i] - '0');
        if (is_down) exponent = -exponent;
    }
    if (i < s.n) return false;
    const int e = WU_MAX(WU_MIN(shift + exponent, MOST_EXPONENT), -MOST_EXPONENT);
    const double v = e < 0 ? (double)digits / power_of_ten(e) : (double)digits * power_of_ten(e);
    *out = is_negative ? -v : v;
    return isfinite(v);
}

bool wu_in_real(double *out, const wu_json *j) {
    const wu_json_kind kind = wu_json_type(j);
    if (kind == WU_JSON_STRING) return wu_in_number(out, wu_json_str(j));
    if (kind != WU_JSON_INT && kind != WU_JSON_REAL) return false;
    *out = wu_json_real(j);
    return true;
}

wu_code wu_in_str(wu_str *out, wu_in_text *room, const wu_json_in *in, const char *key,
                  wu_err *err) {
    const wu_json *j = wu_json_get(in->j, key);
    if (wu_json_type(j) == WU_JSON_INT) {
        (void)snprintf(room->digits, sizeof(room->digits), "%lld", (long long)wu_json_int(j));
        *out = wu_str_of(room->digits);
        return WU_OK;
    }
    return wu_json_opt_str(in, key, out, err);
}

/* What is there instead, shown to people; a long one is cut. */
static wu_code not_this(const wu_json_in *in, const char *key, const char *want, wu_err *err) {
    wu_str s;
    double v;
    const wu_json *j = wu_json_get(in->j, key);
    if (wu_json_type(j) != WU_JSON_STRING && wu_in_real(&v, j))
        return wu_fail(err, in->code, "%s: %s is %.15g, want %s", in->where, key, v, want);
    const wu_code rc = wu_json_want_str(in, key, &s, err); /* fails unless it is a string */
    if (rc) return wu_fail(err, in->code, "%s: %s has a wrong type, want %s", in->where, key, want);
    size_t n = WU_MIN(s.n, (size_t)60);
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
    return wu_fail(err, in->code, "%s: %s is \"%.*s\", want %s", in->where, key, (int)n, s.p, want);
}

wu_code wu_in_ms(int64_t *out, const wu_json_in *in, const char *key, double unit_ms, wu_err *err) {
    const wu_json *j = wu_json_get(in->j, key);
    double v;
    if (wu_json_type(j) == WU_JSON_NULL) return WU_OK;
    if (!wu_in_real(&v, j)) return not_this(in, key, "a number", err);
    v *= unit_ms;
    if (!(v >= -1000.0 && v <= (double)WU_MAX_OFFSET_MS))
        return not_this(in, key, "a time from 0 up to a year", err);
    *out = v <= 0.0 ? 0 : (int64_t)(v + 0.5);
    return WU_OK;
}

bool wu_instant_of_ms(wu_instant *out, double ms) {
    if (!(ms >= 0.0 && ms < WU_MAX_EPOCH_MS)) return false;
    out->ms = (int64_t)ms;
    out->when = wu_when_of_utc(out->ms / 1000);
    out->known = true;
    return true;
}

bool wu_instant_parse(wu_instant *out, wu_str s) {
    wu_when w = {0};
    s = wu_utf8_trim(s);
    if (!wu_when_parse(&w, s)) return false;
    int64_t ms = 0, unit = 100;
    size_t i = 0;
    while (i < s.n && s.p[i] != '.' && s.p[i] != ',') i++;
    for (i++; i < s.n && is_digit(s.p[i]); i++, unit /= 10) ms += unit * (s.p[i] - '0');
    *out = (wu_instant){w, 1000 * (w.has_offset ? wu_when_utc(w) : w.local_s) + ms, true};
    return true;
}

wu_code wu_in_instant(wu_instant *out, const wu_json_in *in, const char *key, wu_err *err) {
    const wu_json *j = wu_json_get(in->j, key);
    if (wu_json_type(j) == WU_JSON_NULL) return WU_OK;
    if (wu_json_type(j) == WU_JSON_STRING && wu_instant_parse(out, wu_json_str(j))) return WU_OK;
    return not_this(in, key, "a time in ISO 8601", err);
}

wu_code wu_in_epoch(wu_instant *out, const wu_json_in *in, const char *key, double unit_ms,
                    wu_err *err) {
    const wu_json *j = wu_json_get(in->j, key);
    double v;
    if (wu_json_type(j) == WU_JSON_NULL) return WU_OK;
    if (wu_in_real(&v, j) && wu_instant_of_ms(out, v * unit_ms)) return WU_OK;
    return not_this(in, key, "a time since 1970", err);
}

/* ---- filling a conversation ------------------------------------------------------------------ */

static wu_code no_memory(const char *where, wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
}

wu_code wu_fill_set(wu_conversation *c, wu_str *field, wu_str s, const char *where, wu_err *err) {
    return wu_conversation_set(c, field, s) ? no_memory(where, err) : WU_OK;
}

wu_code wu_fill_party(int32_t *out, wu_conversation *c, wu_str name, wu_party_role role, wu_str id,
                      const char *where, wu_err *err) {
    *out = wu_conversation_party(c, name, role);
    if (*out < 0) return no_memory(where, err);
    if (c->n_party > WU_MAX_PARTY)
        return wu_fail(err, WU_EDATA, "%s: more than %d speakers, want one conversation", where,
                       WU_MAX_PARTY);
    wu_party *p = &c->party[*out];
    return p->id.n == 0 && id.n > 0 ? wu_fill_set(c, &p->id, id, where, err) : WU_OK;
}

wu_code wu_fill_turn(wu_conversation *c, int32_t party, int64_t start_ms, int64_t end_ms,
                     wu_str text, const char *where, wu_err *err) {
    const wu_turn t = {.party = party,
                       .start_ms = start_ms < 0 ? -1 : start_ms,
                       .end_ms = end_ms < start_ms || start_ms < 0 ? -1 : end_ms};
    if (text.n == 0) return WU_OK;
    return wu_conversation_add(c, &t, text) ? no_memory(where, err) : WU_OK;
}

/* Turn first becomes the one of turns [first, end). text is room. */
static wu_code join_turns(wu_conversation *c, int32_t first, int32_t end, wu_buf *text) {
    wu_turn *t = &c->turn[first];
    wu_buf_clear(text);
    for (int32_t i = first; i < end; i++) {
        if (i > first && wu_buf_char(text, ' ')) return WU_ENOMEM;
        if (wu_buf_add(text, c->turn[i].text.p, c->turn[i].text.n)) return WU_ENOMEM;
        if (c->turn[i].end_ms > t->end_ms) t->end_ms = c->turn[i].end_ms;
    }
    return wu_conversation_replace(c, first, wu_buf_view(text));
}

wu_code wu_fill_merge(wu_conversation *c, const char *where, wu_err *err) {
    wu_buf text = {0};
    wu_code rc = WU_OK;
    int32_t n = 0;
    for (int32_t i = 0, end; !rc && i < c->n_turn; i = end) {
        for (end = i + 1; end < c->n_turn && c->turn[end].party == c->turn[i].party;) end++;
        if (end - i > 1) rc = join_turns(c, i, end, &text);
        c->turn[n++] = c->turn[i];
    }
    if (!rc) c->n_turn = n;
    wu_buf_free(&text);
    return rc ? no_memory(where, err) : WU_OK;
}

wu_code wu_fill_done(wu_conversation *c, const char *where, wu_err *err) {
    if (c->n_turn == 0) return wu_fail(err, WU_EDATA, "%s: nobody says anything in it", where);
    return wu_conversation_sort(c) ? no_memory(where, err) : WU_OK;
}

/* ---- words ----------------------------------------------------------------------------------- */

wu_party_role wu_role_in(const wu_role_word *table, size_t n, wu_str s) {
    for (size_t i = 0; i < n; i++)
        if (wu_str_eq(s, wu_str_of(table[i].word))) return table[i].role;
    return WU_PARTY_UNKNOWN;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c; }

bool wu_str_mentions(wu_str s, const char *word) {
    const size_t n = strlen(word);
    for (size_t i = 0; i + n <= s.n; i++) {
        size_t k = 0;
        while (k < n && lower(s.p[i + k]) == word[k]) k++;
        if (k == n) return true;
    }
    return false;
}

wu_str wu_channel_of(wu_str s) {
    static const char *const word[][2] = {
        {"voice", "voice"},         {"phone", "voice"},       {"call", "voice"},
        {"telephone", "voice"},     {"audio", "voice"},       {"callback", "voice"},
        {"chat", "chat"},           {"webchat", "chat"},      {"message", "chat"},
        {"messaging", "chat"},      {"webmessaging", "chat"}, {"email", "email"},
        {"e-mail", "email"},        {"mail", "email"},        {"social", "social"},
        {"social media", "social"},
    };
    for (size_t i = 0; i < WU_LEN(word); i++)
        if (s.n == strlen(word[i][0]) && wu_str_mentions(s, word[i][0]))
            return wu_str_of(word[i][1]);
    return s;
}
