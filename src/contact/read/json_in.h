/* json_in.h - what the readers of JSON share: values as files of many makers write them.
 *
 * Numbers may be strings ("12.5"), ids may be numbers.  What is absent or null
 * stays unknown; what has a wrong type is an error that names its path.
 *
 * Threads: constant, any. */
#ifndef WU_CONTACT_READ_JSON_IN_H
#define WU_CONTACT_READ_JSON_IN_H

#include "contact/read/read_impl.h"

enum {
    WU_JSON_DEPTH = 64,
    WU_MAX_PARTY = 256 /* of one conversation; a file with more is no conversation */
};
#define WU_MAX_EPOCH_MS  253402300800000.0                 /* the year 10000 */
#define WU_MAX_OFFSET_MS (INT64_C(366) * 24 * 3600 * 1000) /* from the start of a conversation */

/* ---- places, for messages -------------------------------------------------------------------- */

typedef struct wu_place {
    char text[512];
} wu_place; /* "call.json: Transcript[3]" */

/* Member i of an array, which must be an object. EDATA. */
WU_MUST_CHECK wu_code wu_in_element(wu_json_in *out, wu_place *p, const wu_json_in *in,
                                    const char *array, const wu_json *a, size_t i, wu_err *err);
/* A member that is an object; *out->j is NULL if it is absent or null. EDATA (another type). */
WU_MUST_CHECK wu_code wu_in_object(wu_json_in *out, wu_place *p, const wu_json_in *in,
                                   const char *key, wu_err *err);
/* A member that is an array; NULL if it is absent or null. EDATA. */
WU_MUST_CHECK wu_code wu_in_array(const wu_json **out, const wu_json_in *in, const char *key,
                                  wu_err *err);
bool wu_in_is_array_of_objects(const wu_json *j); /* it has one at least, and begins with one */

/* The first of keys (NULL-terminated) that j has and that is not null; *key may be NULL. */
const wu_json *wu_in_any(const wu_json *j, const char *const *keys, const char **key);

/* ---- values ---------------------------------------------------------------------------------- */

/* Digits with sign, point and exponent, and nothing else: no locale, no "nan", no "0x". */
bool wu_in_number(double *out, wu_str s);

/* A number or a string that holds one. false: neither. */
bool wu_in_real(double *out, const wu_json *j);

typedef struct wu_in_text {
    char digits[32];
} wu_in_text; /* room for a number as text */

/* A string, or a number as its digits; *out is left alone if it is absent or null. EDATA. */
WU_MUST_CHECK wu_code wu_in_str(wu_str *out, wu_in_text *room, const wu_json_in *in,
                                const char *key, wu_err *err);

/* A time in units of unit_ms milliseconds, as milliseconds; *out is left alone if it is absent or
 * null. A little below zero (recognisers round so) is zero. EDATA (no number, negative, more than a
 * year). */
WU_MUST_CHECK wu_code wu_in_ms(int64_t *out, const wu_json_in *in, const char *key, double unit_ms,
                               wu_err *err);

/* A point in time to the millisecond; ms counts since 1970 of UTC, or of the local clock if the
 * offset is not known. */
typedef struct wu_instant {
    wu_when when;
    int64_t ms;
    bool known;
} wu_instant;

bool wu_instant_parse(wu_instant *out, wu_str s);         /* ISO 8601, fractions of seconds too */
bool wu_instant_of_ms(wu_instant *out, double ms_of_utc); /* false: not in 1970..9999 */

/* ISO 8601; *out is left alone if it is absent or null. EDATA. */
WU_MUST_CHECK wu_code wu_in_instant(wu_instant *out, const wu_json_in *in, const char *key,
                                    wu_err *err);
/* UTC since 1970 in units of unit_ms. EDATA. */
WU_MUST_CHECK wu_code wu_in_epoch(wu_instant *out, const wu_json_in *in, const char *key,
                                  double unit_ms, wu_err *err);

/* ---- filling a conversation ------------------------------------------------------------------ */

/* Without memory: ENOMEM with a sentence. */
WU_MUST_CHECK wu_code wu_fill_set(wu_conversation *c, wu_str *field, wu_str s, const char *where,
                                  wu_err *err);
/* The party with that name and role; its id is set if it has none. EDATA (WU_MAX_PARTY), ENOMEM. */
WU_MUST_CHECK wu_code wu_fill_party(int32_t *out, wu_conversation *c, wu_str name,
                                    wu_party_role role, wu_str id, const char *where, wu_err *err);
/* A turn. An end before its start becomes unknown. */
WU_MUST_CHECK wu_code wu_fill_turn(wu_conversation *c, int32_t party, int64_t start_ms,
                                   int64_t end_ms, wu_str text, const char *where, wu_err *err);
/* Makes successive turns of one party one turn. */
WU_MUST_CHECK wu_code wu_fill_merge(wu_conversation *c, const char *where, wu_err *err);
/* Sorts by time. EDATA: there is not one turn. */
WU_MUST_CHECK wu_code wu_fill_done(wu_conversation *c, const char *where, wu_err *err);

/* A role from the words that a format prescribes; UNKNOWN if s is none of them. */
typedef struct wu_role_word {
    const char *word;
    wu_party_role role;
} wu_role_word;
wu_party_role wu_role_in(const wu_role_word *table, size_t n, wu_str s);

/* Whether s has word in it, ASCII letters without case. */
bool wu_str_mentions(wu_str s, const char *word);

/* "voice", "chat", "email" or "social" for the words that stand for them ("phone", "webchat" ...);
 * else s itself. */
wu_str wu_channel_of(wu_str s);

/* ---- raw_turns.c: turns whose times have no stated unit -------------------------------------- */

typedef enum wu_raw_kind {
    WU_RAW_NONE,
    WU_RAW_MS,      /* from the start of the conversation */
    WU_RAW_NUMBER,  /* seconds or milliseconds, of an offset or since 1970: told by all of them */
    WU_RAW_INSTANT, /* milliseconds since 1970, see wu_instant */
} wu_raw_kind;

typedef struct wu_raw_time {
    wu_raw_kind kind;
    double v;
    wu_when when; /* of an instant */
} wu_raw_time;

typedef struct wu_raw_turn {
    int32_t party;
    wu_str text;
    wu_raw_time start, end, length; /* end, or a length instead */
} wu_raw_turn;

typedef struct wu_raw_turns {
    wu_raw_turn *p;
    size_t n, max;
} wu_raw_turns; /* all zero is empty; from malloc */

/* Reads a time: a number, a string with one, "mm:ss", "hh:mm:ss", ISO 8601. key says the unit if it
 * ends so ("_ms", "Millis", "_seconds"). *out is left alone if v is absent, null or "". EDATA. */
WU_MUST_CHECK wu_code wu_raw_time_of(wu_raw_time *out, const wu_json *v, const char *key,
                                     const char *where, wu_err *err);
WU_MUST_CHECK wu_code wu_raw_turns_push(wu_raw_turns *list, const wu_raw_turn *t, const char *where,
                                        wu_err *err);
/* Finds the unit, then adds all turns to c and its start if that is told. EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_raw_turns_settle(wu_conversation *c, const wu_raw_turns *list,
                                          const char *where, wu_err *err);
void wu_raw_turns_free(wu_raw_turns *list);

/* ---- read_turns.c ---------------------------------------------------------------------------- */

/* Words of a JSON value: a string, an object that holds one under a usual key, a list of parts.
 * *out is left alone if it has none; texts put together lie in arena. EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_words_of(wu_str *out, wu_arena *arena, const wu_json *v, const char *key,
                                  const char *where, wu_err *err);
/* The role of a word that files use for one, and of "admin", "consumer" ... */
wu_party_role wu_role_of_word(wu_str s);
/* The party that one value names: a word, a number, an object with type and name; NULL: nobody
 * known. EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_fill_speaker(int32_t *out, wu_conversation *c, const wu_json *who,
                                      const char *where, wu_err *err);

/* ---- read_map.c: a column map, or the usual names where it names nothing --------------------- */

typedef enum wu_map_field {
    WU_MAP_ID,
    WU_MAP_TRANSCRIPT,
    WU_MAP_ROLE,
    WU_MAP_TEXT,
    WU_MAP_TIME,
    WU_MAP_END,
    WU_MAP_CHANNEL,
    WU_MAP_LANGUAGE,
    WU_MAP_AGENT_ID,
    WU_MAP_CUSTOMER_ID,
    WU_MAP_QUEUE,
    WU_MAP_START_TIME,
    WU_MAP_ZONE,
    WU_MAP_AGENT_NAME,
    WU_MAP_CUSTOMER_NAME,
    WU_MAP_QUEUE_WAIT_S,
    WU_MAP_ANNOUNCED_WAIT_S,
    WU_MAP_HOLD_S,
    WU_MAP_TRANSFERS,
    WU_MAP_CONTACT_NUMBER_30D,
    WU_MAP_ANALYSIS,
    WU_MAP_JOURNEY,
    WU_N_MAP_FIELD
} wu_map_field;

/* The column that map names for a field; NULL: none. map may be NULL. */
const char *wu_map_given(const wu_column_map *map, wu_map_field f);
/* The map says that the field is not to be read ("start_time=-"), not by its usual names either. */
bool wu_map_off(const wu_column_map *map, wu_map_field f);
/* Rank of a name among the usual ones of a field, from 1; 0: it is none. Case, blanks, '_', '-' do
 * not count. */
int wu_map_rank(wu_map_field f, wu_str name);

/* All fields of a row at once: value[f] is NULL where it has none. key[f] is the name, for
 * messages. */
typedef struct wu_mapped {
    const wu_json *value[WU_N_MAP_FIELD];
    const char *key[WU_N_MAP_FIELD];
} wu_mapped;
void wu_map_row(wu_mapped *out, const wu_json *row, const wu_column_map *map);

/* Sets id and contact from a row; only_unknown: what is known stays. EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_map_contact(wu_conversation *c, const wu_mapped *m, bool only_unknown,
                                     const char *where, wu_err *err);
/* Takes over analysis and journey, objects or strings that hold JSON. EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_map_labels(wu_conversation *c, const wu_mapped *m, const char *where,
                                    wu_err *err);

/* ---- read_csv.c: records of CSV, by RFC 4180 ------------------------------------------------- */

typedef struct wu_csv {
    wu_str text;             /* all of it, without a byte order mark */
    size_t begin, at;        /* of the record read last, and of the next one */
    int64_t line, next_line; /* of the record read last, and of the next one; from 1 */
    char separator;
    wu_buf cells; /* of the record read last, one behind the other */
    size_t *end;  /* [n_cell] where each ends in cells.p */
    size_t n_cell, max_cell;
} wu_csv; /* begin with wu_csv_begin() */

void wu_csv_begin(wu_csv *v, wu_str text); /* finds the separator */
void wu_csv_free(wu_csv *v);
/* The next record that is not an empty line. Errors: EDATA (quotes, NUL, not UTF-8; with line and
 * column; the next call goes on behind the record), ENOMEM. */
WU_MUST_CHECK wu_code wu_csv_next(wu_csv *v, bool *end, const char *path, wu_err *err);
wu_str wu_csv_cell(const wu_csv *v, size_t i);

#endif
