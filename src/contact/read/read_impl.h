/* read_impl.h - what the readers share: one row a format, and helpers.
 *
 * Each format is a file read_NAME.c with a row of type wu_format_row.  Formats
 * of text detect on the first 64 KiB; formats of JSON on the parsed value.
 *
 * Threads: constant, any. */
#ifndef WU_CONTACT_READ_READ_IMPL_H
#define WU_CONTACT_READ_READ_IMPL_H

#include "contact/read/read.h"

typedef struct wu_format_row {
    wu_format format;
    const char *name, *summary;
    /* How sure it is from what the text begins with, 0 to 100; NULL: a format of JSON. */
    int (*detect_text)(wu_str head);
    /* The same from a JSON value; NULL: a format of text. */
    int (*detect_json)(const wu_json *root);
    /* Fills *c, which is clear. where names file (and line) in messages. */
    wu_code (*parse_text)(wu_conversation *c, wu_str text, const char *where,
                          const wu_read_options *o, wu_err *err);
    wu_code (*parse_json)(wu_conversation *c, const wu_json *root, const char *where,
                          const wu_read_options *o, wu_err *err);
} wu_format_row;

extern const wu_format_row wu_format_plain, wu_format_webvtt, wu_format_srt; /* text */
extern const wu_format_row wu_format_contact_lens, wu_format_transcribe, wu_format_ccai,
    wu_format_genesys, wu_format_whisper, wu_format_turns, wu_format_vcon,
    wu_format_conversation; /* JSON */
/* CSV and JSONL hold many conversations: read_rows.c has streams instead; a JSONL line that is one
 * object of a format above is read by that one. */

/* read_json.c. JSON from outside: a byte order mark is dropped, more than 64 levels and a key twice
 * are refused. Errors: EDATA (line and column), ENOMEM. */
WU_MUST_CHECK wu_code wu_read_json(wu_json **out, wu_str text, const char *where, wu_err *err);
/* read.c: the format of JSON that is most sure of a value; NULL: none knows it. For lines of JSONL,
 * elements of an array and bodies within other formats. */
const wu_format_row *wu_read_detect_json(const wu_json *root);

/* One JSON object (a row of JSONL, or CSV cells made an object) by the map: a whole transcript in a
 * field, or labels and metadata of it. read_map.c */
WU_MUST_CHECK wu_code wu_read_mapped(wu_conversation *c, const wu_json *row, const char *where,
                                     const wu_read_options *o, wu_err *err);

/* A stream of conversations over rows; made for CSV and for JSONL of turns. */
typedef struct wu_row_stream wu_row_stream;
WU_MUST_CHECK wu_code wu_row_stream_open(wu_row_stream **out, const char *path, bool is_csv,
                                         const wu_read_options *o, wu_err *err);
/* Of text in memory, which must live as long as the stream; path names it in messages. */
WU_MUST_CHECK wu_code wu_row_stream_text(wu_row_stream **out, wu_str text, const char *path,
                                         bool is_csv, const wu_read_options *o, wu_err *err);
WU_MUST_CHECK wu_code wu_row_stream_next(wu_row_stream *s, wu_conversation *c, bool *end,
                                         wu_err *err);
void wu_row_stream_close(wu_row_stream *s);
int wu_csv_detect(wu_str head, const wu_column_map *map); /* 0 to 100; map may be NULL */

/* label.c: s in small letters (ASCII and Latin-1), every run of blanks, '_' and '-' one blank; its
 * length, 0 if it does not fit or is nothing. */
enum { WU_LABEL_MAX = 64 };
size_t wu_label_normal(char out[WU_LABEL_MAX], wu_str s);
/* The role that a speaker's label names in any of the languages known (Agent, Rep, Kunde,
 * Cliente, END_USER, Agent 2 ...), without case; UNKNOWN otherwise. */
wu_party_role wu_role_of_label(wu_str label);
/* The role of a label that goes on with a name: "Agent Smith". */
wu_party_role wu_role_of_name(wu_str label);
/* A label of transcription software: "SPEAKER_00", "Speaker 1", "spk_0". */
bool wu_label_is_generic(wu_str label);
/* roles.c: applies agent_is and customer_is, then inference if asked. EARG (a name that no party
 * has, only if strict_names), ENOMEM. */
WU_MUST_CHECK wu_code wu_roles_settle(wu_conversation *c, const wu_read_options *o, wu_err *err);

#endif
