/* language.h - a guess at the language of a text by its little words.
 *
 * Counts words that a language uses all the time and others hardly; the
 * languages and their words are data/languages.txt.  A text with too few of
 * them, or with about as many of two languages, stays unknown.
 *
 * Threads: constant once read. */
#ifndef WU_CONTACT_SET_LANGUAGE_H
#define WU_CONTACT_SET_LANGUAGE_H

#include "base/buf.h"
#include "base/err.h"

typedef struct wu_languages wu_languages;

/* Errors: those of wu_table_read. */
WU_MUST_CHECK wu_code wu_languages_read(wu_languages **out, wu_err *err);
void wu_languages_free(wu_languages *l); /* NULL allowed */

/* "en" ...; NULL: unknown. */
const char *wu_language_guess(const wu_languages *l, wu_str text);

#endif
