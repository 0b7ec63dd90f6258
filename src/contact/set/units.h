/* units.h - the conversations of a file of examples, and what must stay together.
 *
 * A unit is a conversation: all examples with one source_id (without one, those
 * with the same words of conversation).  A group is what is never divided:
 * conversations with the same words, or all of a customer, or all of an agent.
 *
 * Takes some 150 bytes for a conversation of six examples; the file itself is
 * only read through.  What is made of it does not depend on the order of the
 * lines, except that they keep it.
 *
 * Threads: one thread at a time. */
#ifndef WU_CONTACT_SET_UNITS_H
#define WU_CONTACT_SET_UNITS_H

#include "base/hash.h"
#include "contact/set/record.h"

typedef enum wu_group_by {
    WU_BY_CONVERSATION,
    WU_BY_CUSTOMER, /* contact.customer_id; without one a conversation is its own group */
    WU_BY_AGENT     /* contact.agent_id; likewise */
} wu_group_by;

/* Labels that parts of a set should have in the same shares. */
typedef enum wu_label {
    WU_LABEL_CATEGORY, /* primary_category */
    WU_LABEL_CSAT,     /* thirds of predicted_csat: 0 to 33, to 66, to 100 */
    WU_LABEL_RATING,   /* effectiveness_rating */
    WU_LABEL_RISK,     /* risk_level */
    WU_LABEL_JOURNEY,  /* journey_type */
    WU_N_LABEL
} wu_label;
enum { WU_LABEL_OTHER = 0xfe, WU_LABEL_NONE = 0xff }; /* not one of the task's; not there */

typedef struct wu_unit {
    wu_hash id;
    int64_t time_s; /* of the contact; UTC where it has an offset */
    int32_t group;
    int32_t n_example;
    int32_t line; /* of its first example */
    uint8_t label[WU_N_LABEL];
    bool has_time;
} wu_unit;

typedef struct wu_group {
    wu_hash id;
    uint64_t key;   /* its place at random, by seed and id */
    int64_t time_s; /* of its latest conversation that has one; else the least there is */
    int32_t unit;   /* the conversation whose labels stand for it: least id */
    int32_t n_unit, n_example;
    int32_t part; /* where it goes */
} wu_group;

typedef struct wu_line {
    int32_t unit;
    int8_t task; /* -1: none of ours */
} wu_line;

typedef struct wu_slots { /* open addressing: index + 1, or 0 */
    int32_t *slot;
    int32_t n; /* a power of two, or 0 */
} wu_slots;

typedef struct wu_units {
    wu_unit *unit;
    wu_group *group;
    wu_line *line; /* of the lines that are not blank, in order */
    int32_t n_unit, n_group, n_line;
    int32_t max_unit, max_group, max_line;
    int32_t n_alone; /* conversations without the customer or agent that groups are made by */
    wu_slots by_id, by_group;
} wu_units; /* all zero is empty */

/* Reads a file of examples. Errors: EIO; EDATA (a line that is no record; none at all); ENOMEM. */
WU_MUST_CHECK wu_code wu_units_read(wu_units *u, const char *path, wu_group_by by, uint64_t seed,
                                    wu_err *err);
void wu_units_free(wu_units *u);

/* Makes groups one: group g becomes part of group into[g] <= g (itself: it stays). Chains are
 * followed. Indices of groups change, parts are forgotten. ENOMEM. */
WU_MUST_CHECK wu_code wu_units_join(wu_units *u, const int32_t *into, wu_err *err);

const char *wu_label_value(wu_label label, uint8_t value); /* "billing_payment" ...; NULL: none */

/* How often the values of labels occur in a part (-1: in all), by conversation:
 * {"primary_category": {"billing_payment": 12, ...}, ...}; NULL when out of memory. */
wu_json *wu_units_labels(const wu_units *u, int32_t part);
/* {"quality_scoring": 12, ...}, by example. */
wu_json *wu_units_tasks(const wu_units *u, int32_t part);

/* Copies the lines of path whose groups have that part. path must be what was read.
 * Errors: EIO, EDATA (the file changed), ENOMEM. */
WU_MUST_CHECK wu_code wu_units_copy(const wu_units *u, const char *path, FILE *const *to,
                                    const char *const *to_path, int n_part, wu_err *err);

#endif
