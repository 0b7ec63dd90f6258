/* regex.h - regular expressions over UTF-8 (PCRE2 inside, its types stay there).
 *
 * Patterns are Perl's with Unicode properties.  Matching has limits, so that no
 * pattern and text take forever.
 *
 * Threads: a wu_regex is immutable, any thread; a wu_scan belongs to one. */
#ifndef WU_TEXT_REGEX_H
#define WU_TEXT_REGEX_H

#include "base/buf.h"
#include "base/err.h"

typedef struct wu_regex wu_regex;

enum { WU_REGEX_CASELESS = 1, WU_REGEX_MULTILINE = 2 };

/* Errors: EARG (the pattern is wrong, with the place), ENOMEM. */
WU_MUST_CHECK wu_code wu_regex_create(wu_regex **out, const char *pattern, unsigned flags,
                                      wu_err *err);
void wu_regex_free(wu_regex *re); /* NULL allowed */

typedef struct wu_span { /* text[start, end); both SIZE_MAX: the group took no part */
    size_t start, end;
} wu_span;

typedef struct wu_scan wu_scan;

/* A walk over the matches of re. Errors: ENOMEM. */
WU_MUST_CHECK wu_code wu_scan_create(wu_scan **out, const wu_regex *re, wu_err *err);
void wu_scan_free(wu_scan *s); /* NULL allowed */

/* Starts over with a text, which must live as long as it is scanned. EDATA: it is not UTF-8. */
WU_MUST_CHECK wu_code wu_scan_text(wu_scan *s, wu_str text, wu_err *err);

/* The next match that does not overlap the one before; *found is false at the end. ENOMEM (a
 * matching limit was reached). */
WU_MUST_CHECK wu_code wu_scan_next(wu_scan *s, bool *found, wu_err *err);

/* Group 0 is the whole match. Valid after a match was found, until the next call. */
wu_span wu_scan_group(const wu_scan *s, int group);
int wu_scan_named(const wu_scan *s, const char *name); /* number of a named group, or -1 */

#endif
