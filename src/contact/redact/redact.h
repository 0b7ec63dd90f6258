/* redact.h - personal data out of conversations, before they are stored or trained on.
 *
 * What is found becomes a typed placeholder with a number: [CARD_1], [NAME_2].
 * Equal values of a conversation get the same number, so who is meant stays
 * readable.  The report counts by type; values are never kept, printed or
 * logged.
 *
 * Checks, not only patterns: card numbers by issuer, length and Luhn's sum,
 * IBANs by country, length and modulo 97, SSNs by their ranges.  Digits that
 * were spoken ("double five oh", one group a turn) are put together first.
 *
 * Threads: one thread at a time for each redactor. */
#ifndef WU_CONTACT_REDACT_REDACT_H
#define WU_CONTACT_REDACT_REDACT_H

#include "contact/conversation.h"

typedef enum wu_pii {
    WU_PII_CARD,
    WU_PII_CVV, /* card security codes and PINs, after their cue words */
    WU_PII_IBAN,
    WU_PII_SSN,
    WU_PII_PHONE,
    WU_PII_EMAIL,
    WU_PII_ADDRESS,
    WU_PII_DOB, /* date of birth, after its cue words */
    WU_PII_NAME,
    WU_PII_IP,
    WU_PII_CUSTOM, /* the user's patterns and word lists */
    WU_N_PII
} wu_pii;

const char *wu_pii_name(wu_pii t); /* "CARD" */
int wu_pii_find(const char *name); /* by that name, any case; -1: none */

typedef struct wu_redact_options {
    unsigned types;             /* bit set of wu_pii; 0: all */
    const char *const *pattern; /* "TYPE=REGEX" (TYPE becomes the placeholder), NULL-terminated */
    const char *const *words;   /* "TYPE=FILE", a word or phrase a line; NULL-terminated */
    const char *tables;         /* directory of tables instead of those built in; or NULL */
} wu_redact_options;

typedef struct wu_redactor wu_redactor;

/* Errors: EARG (a pattern or its type is wrong, with the place), EIO (a word list), ENOMEM. */
WU_MUST_CHECK wu_code wu_redactor_create(wu_redactor **out, const wu_redact_options *o,
                                         wu_err *err);
void wu_redactor_free(wu_redactor *r); /* NULL allowed */

/* Redacts all turns, names and ids of parties, the contact's names and its ids of agent and
 * customer, and the texts in its labels (analysis, journey); not the conversation's own id. Starts
 * the numbers of placeholders over. Idempotent. Errors: as wu_redact_text. */
WU_MUST_CHECK wu_code wu_redact_conversation(wu_redactor *r, wu_conversation *c, wu_err *err);

/* Appends text that belongs to the conversation redacted last, with its numbers: answers, quotes.
 * Errors: EDATA (not UTF-8), ENOMEM (also: a pattern reached its limit, with its type). */
WU_MUST_CHECK wu_code wu_redact_text(wu_redactor *r, wu_buf *out, wu_str text, wu_err *err);

/* Every string of a JSON value, in place. ENOMEM. */
WU_MUST_CHECK wu_code wu_redact_json(wu_redactor *r, wu_json **j, wu_err *err);

/* How many were replaced since creation. */
int64_t wu_redact_count(const wu_redactor *r, wu_pii t);
/* {"CARD": 3, ...}: types with a count, own types by their name. NULL when out of memory. */
wu_json *wu_redact_report(const wu_redactor *r);

#endif
