/* conversation.h - one contact: who said what and when, and what is known about it.
 *
 * The one internal form of every transcript.  Readers (contact/read/) fill it;
 * prompts, redaction, statistics and the simulator work on it.  What a file
 * does not carry stays unknown: empty, negative, WU_PARTY_UNKNOWN.
 *
 * White space within a turn is one blank, so a turn is one line of text.
 * A turn belongs to a party; a party has one role.
 *
 * Written as JSON (docs/formats.md, "Conversations as JSON") it is an object a
 * line, and what is read again is the same conversation.
 *
 * Ownership: all texts lie in the conversation's arena.  Threads: it belongs
 * to its caller. */
#ifndef WU_CONTACT_CONVERSATION_H
#define WU_CONTACT_CONVERSATION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "contact/when.h"
#include "text/json.h"

typedef enum wu_party_role {
    WU_PARTY_UNKNOWN,
    WU_PARTY_AGENT,
    WU_PARTY_CUSTOMER,
    WU_PARTY_BOT,
    WU_PARTY_SYSTEM,
    WU_PARTY_SUPERVISOR,
    WU_N_PARTY_ROLE
} wu_party_role;

typedef enum wu_role_from {
    WU_ROLE_NOT_KNOWN,
    WU_ROLE_FROM_FILE, /* the file says so */
    WU_ROLE_FROM_USER, /* --agent-is, --customer-is */
    WU_ROLE_INFERRED   /* from what is said; see confidence */
} wu_role_from;

typedef struct wu_party {
    wu_str name; /* what the file calls it: "Agent", "SPEAKER_00", "Maria Lopez"; may be empty */
    wu_str id;   /* an id that the file gives; may be empty */
    wu_party_role role;
    wu_role_from from;
    double confidence; /* of an inferred role, 0 to 1 */
    wu_str why;        /* of an inferred role: "it speaks the greeting"; else empty */
} wu_party;

typedef struct wu_turn {
    int32_t party;            /* index of its party */
    int32_t line;             /* of the file, from 1; 0: the format has none */
    int64_t start_ms, end_ms; /* from the start of the conversation; -1: unknown */
    wu_str text;              /* never empty, no line breaks */
} wu_turn;

/* What is known about a contact beside its words. Empty or negative: unknown. */
typedef struct wu_contact {
    wu_str channel;  /* voice chat email social */
    wu_str language; /* BCP 47, as given: "en", "en-US" */
    wu_str agent_id, customer_id, queue;
    wu_str agent_name, customer_name; /* for redaction; written only on request */
    wu_when start;
    wu_str zone; /* of the contact, if the record names one: "America/Chicago" */
    int64_t duration_ms;
    int32_t queue_wait_s, announced_wait_s, hold_s, transfers;
    int32_t contact_number_30d; /* 1: the first in 30 days; prior contacts plus one */
} wu_contact;

typedef struct wu_conversation {
    wu_arena arena;
    wu_str id;
    wu_contact contact;
    wu_party *party; /* [n_party], from malloc */
    int32_t n_party, max_party;
    wu_turn *turn; /* [n_turn], from malloc */
    int32_t n_turn, max_turn;
    wu_json *analysis, *journey; /* labels that came with the record, or NULL; owned */
} wu_conversation;               /* make one with wu_conversation_init() */

void wu_conversation_init(wu_conversation *c);  /* everything unknown */
void wu_conversation_clear(wu_conversation *c); /* the same again, memory kept where possible */
void wu_conversation_free(wu_conversation *c);

/* *field = a copy of s, without white space at both ends. field is one of c's. ENOMEM. */
WU_MUST_CHECK wu_code wu_conversation_set(wu_conversation *c, wu_str *field, wu_str s);

/* The party called name with that role; added if it is not there yet. from is FROM_FILE where role
 * is known. -1 when out of memory. */
int32_t wu_conversation_party(wu_conversation *c, wu_str name, wu_party_role role);

/* Appends a turn; its text is copied with white space made one blank. A text without anything but
 * white space adds nothing. text must be valid UTF-8. turn->text is not read. ENOMEM. */
WU_MUST_CHECK wu_code wu_conversation_add(wu_conversation *c, const wu_turn *turn, wu_str text);

/* Replaces the text of a turn (copied, white space made one blank, must not become empty). ENOMEM.
 */
WU_MUST_CHECK wu_code wu_conversation_replace(wu_conversation *c, int32_t turn, wu_str text);

/* Sorts turns by start_ms where all are known; equal ones keep their order. ENOMEM. */
WU_MUST_CHECK wu_code wu_conversation_sort(wu_conversation *c);

wu_party_role wu_turn_role(const wu_conversation *c, const wu_turn *t);
const char *wu_party_role_name(wu_party_role r); /* "agent" ...; "unknown" */
wu_party_role wu_party_role_find(wu_str name);   /* by that name; UNKNOWN if it is none */

/* Appends the lines that prompts show: "Agent: ...\n", "Customer: ...\n", "Bot: ", "System: ",
 * "Supervisor: "; a party without a role is "Speaker 1: ", counted from 1 among those. ENOMEM. */
WU_MUST_CHECK wu_code wu_conversation_render(wu_buf *out, const wu_conversation *c);

/* The JSON form. names: with agent_name and customer_name. NULL when out of memory. */
wu_json *wu_conversation_json(const wu_conversation *c, bool names);
/* Reads it. *c must be initialised; it is cleared first. where names the source in messages.
 * Errors: EDATA (path of the key), ENOMEM. */
WU_MUST_CHECK wu_code wu_conversation_from_json(wu_conversation *c, const wu_json *j,
                                                const char *where, wu_err *err);

/* The contact alone, as it stands in examples.jsonl; unknown members are left out. */
wu_json *wu_contact_json(const wu_contact *c, bool names);
/* Texts of *out lie in arena. Errors: EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_contact_from_json(wu_contact *out, wu_arena *arena, const wu_json *j,
                                           const char *where, wu_err *err);
void wu_contact_init(wu_contact *c); /* everything unknown */

#endif
