/* plain_impl.h - what the parts of the reader for plain text share.
 *
 * plain_time.c reads a point in time, plain_line.c takes a line apart,
 * plain_head.c understands "Key: value" lines, read_plain.c decides which
 * lines speak and builds the turns.
 *
 * Threads: any. */
#ifndef WU_CONTACT_READ_PLAIN_IMPL_H
#define WU_CONTACT_READ_PLAIN_IMPL_H

#include "contact/read/read_impl.h"

typedef enum wu_time_kind {
    WU_TIME_NONE,
    WU_TIME_OFFSET, /* from the start of the conversation: "00:01:23", "[12.5]" */
    WU_TIME_CLOCK,  /* of a day: "12:03 PM" */
    WU_TIME_DATE    /* with its date */
} wu_time_kind;

typedef struct wu_text_time {
    wu_time_kind kind;
    int64_t ms, end_ms; /* offset, or time of the day; end -1 if there is none */
    wu_when date;       /* of a DATE, with the time of the day */
    bool has_clock;     /* a DATE may be a day alone */
    char bracket;       /* what stood before it: '[', '(' or 0 */
} wu_text_time;

/* A time at the very beginning of s; bytes used, 0: none. */
size_t wu_time_token(wu_str s, wu_text_time *t);
/* The same with brackets, ranges ("[0 - 12]", "00:01.000 --> 00:03.000") and what separates it from
 * the words behind it. */
size_t wu_time_prefix(wu_str s, wu_text_time *t);
/* A length of time: "120", "120 s", "2 min", "1 h 5 min", "00:02:00". In ms; -1: it is none.
 * unit_ms is what a bare number counts. */
int64_t wu_time_length(wu_str s, int64_t unit_ms);

typedef struct wu_plain_line {
    wu_str whole; /* without quote marks: what a turn is continued with */
    wu_str body;  /* without its time, too */
    wu_str label; /* who may be speaking; empty: the line has no label */
    wu_str aside; /* "Dana (Agent)": what stands in parentheses */
    wu_str text;  /* behind the label */
    wu_text_time time;
    int32_t number;    /* of the file, from 1 */
    int8_t level;      /* of a heading; 0: none */
    bool blank_before; /* a blank line, a heading or a rule */
    bool in_head;      /* part of the metadata */
    bool speaks;       /* label is a speaker's */
} wu_plain_line;

/* Takes a line apart that is not blank. False: a rule or a fence, nothing to read. */
bool wu_plain_split(wu_str line, wu_plain_line *out);
/* "Agent hello" behind a time: a word that is a role, without colon. */
bool wu_plain_bare(const wu_plain_line *l, wu_str *label, wu_str *text);

/* Keys of metadata and words that stand before a colon in what people say ("Note", "Sure"): they
 * are nobody. */
bool wu_plain_is_word(wu_str label);

/* What the lines above a conversation say. */
typedef struct wu_plain_head {
    bool has_date, has_clock; /* of start: a day, a time of the day */
    int64_t day_s, clock_ms;
    wu_when start;
} wu_plain_head;

/* Whether a key is known and is not a role ("Agent", "Customer") as well. */
bool wu_plain_key(wu_str key);
/* Reads one line into c; what cannot be understood stays unknown. *known: the key is one of those
 * known. ENOMEM. */
WU_MUST_CHECK wu_code wu_plain_head_line(wu_plain_head *h, wu_conversation *c, wu_str key,
                                         wu_str value, bool *known);

#endif
