/* utf8.h - what must be known about Unicode: validity, white space, NFC.
 *
 * Invalid bytes become U+FFFD, one for each maximal part that could begin a
 * character (Unicode 3.9, as Rust's from_utf8_lossy and Python's "replace").
 *
 * Threads: any. */
#ifndef WU_TEXT_UTF8_H
#define WU_TEXT_UTF8_H

#include "base/buf.h"
#include "base/err.h"

typedef enum wu_utf8_kind {
    WU_UTF8_CHAR,    /* a whole character */
    WU_UTF8_INVALID, /* bytes that no continuation can save */
    WU_UTF8_PARTIAL  /* the text ends within a character */
} wu_utf8_kind;

/* Looks at the start of s, which must not be empty; *n is the number of bytes meant (1 to 4). */
wu_utf8_kind wu_utf8_next(wu_str s, int *n);

/* The character at the start of valid text; *n as above. */
uint32_t wu_utf8_code(wu_str valid, int *n);

bool wu_utf8_valid(wu_str s);

/* Appends s with every invalid part replaced by U+FFFD. ENOMEM, out unchanged. */
WU_MUST_CHECK wu_code wu_utf8_lossy(wu_str s, wu_buf *out);

/* Appends valid text in Unicode's normal form C. Time grows as n log n at most. ENOMEM, out
 * unchanged. */
WU_MUST_CHECK wu_code wu_utf8_nfc(wu_str valid, wu_buf *out);

/* What str.strip() of Python and Jinja's trim take for white space: White_Space and U+001C to
 * U+001F. */
bool wu_utf8_is_space(uint32_t c);

/* Any bytes without such white space at both ends; a view into them. */
wu_str wu_utf8_trim(wu_str s);

#endif
