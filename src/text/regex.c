/* regex.c - PCRE2 with 8-bit units in UTF mode behind regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/regex.h"
#include "text/utf8.h"

#include <pcre2.h>
#include <stdlib.h>

enum { MATCH_LIMIT = 50000000, HEAP_LIMIT_KIB = 64 << 10 };

struct wu_regex {
    pcre2_code *code;
};

struct wu_scan {
    const wu_regex *re;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    wu_str text;
    size_t at; /* where the next search starts; beyond text.n: nothing is left */
};

wu_code wu_regex_create(wu_regex **out, const char *pattern, unsigned flags, wu_err *err) {
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
    wu_regex *re = NULL;
    PCRE2_SIZE where = 0;
    int problem = 0;

    *out = NULL;
    if (flags & WU_REGEX_CASELESS) options |= PCRE2_CASELESS;
    if (flags & WU_REGEX_MULTILINE) options |= PCRE2_MULTILINE;
    re = calloc(1, sizeof(*re));
    if (!re) return wu_fail(err, WU_ENOMEM, "pattern %s: out of memory", pattern);
    re->code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &problem, &where, NULL);
    if (!re->code) {
        PCRE2_UCHAR message[128] = {0};
        wu_regex_free(re);
        (void)pcre2_get_error_message(problem, message, sizeof(message));
        return wu_fail(err, WU_EARG, "pattern %s: %s at offset %zu", pattern, (char *)message,
                       where);
    }
    /* Without machine code (unsupported processor, no executable memory) the interpreter gives the
     * same matches more slowly. */
    (void)pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);
    *out = re;
    return WU_OK;
}

void wu_regex_free(wu_regex *re) {
    if (!re) return;
    pcre2_code_free(re->code);
    free(re);
}

wu_code wu_scan_create(wu_scan **out, const wu_regex *re, wu_err *err) {
    wu_scan *s = calloc(1, sizeof(*s));

    *out = NULL;
    if (!s) goto memory;
    s->re = re;
    s->data = pcre2_match_data_create_from_pattern(re->code, NULL);
    s->limits = pcre2_match_context_create(NULL);
    if (!s->data || !s->limits) goto memory;
    (void)pcre2_set_match_limit(s->limits, MATCH_LIMIT);
    (void)pcre2_set_heap_limit(s->limits, HEAP_LIMIT_KIB);
    s->at = 1; /* no text yet */
    *out = s;
    return WU_OK;
memory:
    wu_scan_free(s);
    return wu_fail(err, WU_ENOMEM, "out of memory for a pattern's matches");
}

void wu_scan_free(wu_scan *s) {
    if (!s) return;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->limits);
    free(s);
}

wu_code wu_scan_text(wu_scan *s, wu_str text, wu_err *err) {
    s->text = (wu_str){text.p ? text.p : "", text.n};
    s->at = text.n + 1;
    /* Once here and not in every match: that would make a scan quadratic. */
    if (!wu_utf8_valid(text)) return wu_fail(err, WU_EDATA, "text to search is not valid UTF-8");
    s->at = 0;
    return WU_OK;
}

wu_code wu_scan_next(wu_scan *s, bool *found, wu_err *err) {
    const PCRE2_SPTR text = (PCRE2_SPTR)s->text.p;
    wu_span m;
    int n;

    *found = false;
    if (s->at > s->text.n) return WU_OK;
    n = pcre2_match(s->re->code, text, s->text.n, s->at, PCRE2_NO_UTF_CHECK, s->data, s->limits);
    if (n == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter keeps its state on the heap */
        n = pcre2_match(s->re->code, text, s->text.n, s->at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
                        s->data, s->limits);
    if (n == PCRE2_ERROR_NOMATCH) {
        s->at = s->text.n + 1;
        return WU_OK;
    }
    if (n < 0) {
        PCRE2_UCHAR message[128] = {0};
        (void)pcre2_get_error_message(n, message, sizeof(message));
        return wu_fail(err, WU_ENOMEM, "pattern matching gave up at byte %zu of %zu: %s", s->at,
                       s->text.n, (char *)message);
    }
    m = wu_scan_group(s, 0);
    s->at = m.end;
    if (m.end <= m.start) { /* an empty match: go on behind the next character */
        s->at = m.end + 1;
        while (s->at < s->text.n && ((unsigned char)s->text.p[s->at] & 0xC0) == 0x80) s->at++;
    }
    *found = true;
    return WU_OK;
}

wu_span wu_scan_group(const wu_scan *s, int group) {
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(s->data); /* start and end of each group */

    if (group < 0 || (uint32_t)group >= pcre2_get_ovector_count(s->data))
        return (wu_span){SIZE_MAX, SIZE_MAX};
    v += 2 * (size_t)group;
    return v[0] == PCRE2_UNSET ? (wu_span){SIZE_MAX, SIZE_MAX} : (wu_span){v[0], v[1]};
}

int wu_scan_named(const wu_scan *s, const char *name) {
    const int group = pcre2_substring_number_from_name(s->re->code, (PCRE2_SPTR)name);
    return group < 0 ? -1 : group;
}
