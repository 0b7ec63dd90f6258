/* read.h - transcripts of any known format, as conversations.
 *
 * A wu_reader is a stream over one file: most formats hold one conversation a
 * file, CSV and JSONL any number.  The format is detected from the content
 * (the name is only a hint) unless the options name it.
 *
 * Roles that a file does not carry stay unknown, unless the options name a
 * party's role or inference is on; an inferred role has a confidence and a
 * reason, and what is below the threshold stays unknown.
 *
 * Which format carries which field is the table in docs/formats.md.
 *
 * Threads: one thread at a time for each reader. */
#ifndef WU_CONTACT_READ_READ_H
#define WU_CONTACT_READ_READ_H

#include "contact/conversation.h"

typedef enum wu_format {
    WU_FORMAT_AUTO,
    WU_FORMAT_PLAIN, /* Agent: ... lines; Markdown; the seed's "## TRANSCRIPT"; timed lines */
    WU_FORMAT_CONTACT_LENS, /* Amazon: voice and chat, Transcribe Call Analytics */
    WU_FORMAT_TRANSCRIBE,   /* Amazon Transcribe with speaker labels */
    WU_FORMAT_CCAI,         /* Google: upload form and REST resource */
    WU_FORMAT_GENESYS,
    WU_FORMAT_WEBVTT,
    WU_FORMAT_SRT,
    WU_FORMAT_WHISPER, /* OpenAI, WhisperX, pyannote, whisper.cpp */
    WU_FORMAT_TURNS,   /* a JSON array of turns {role|speaker, text|content, ...}, bare or in an
                          object; Harper Valley, Intercom, Twilio */
    WU_FORMAT_VCON,
    WU_FORMAT_CSV,
    WU_FORMAT_JSONL, /* an object a line, by a column map; lines of turns grouped by id, too */
    WU_FORMAT_CONVERSATION, /* our own JSON, one or one a line */
    WU_N_FORMAT
} wu_format;

const char *wu_format_name(wu_format f);    /* "contact-lens" */
const char *wu_format_summary(wu_format f); /* one line */
wu_format wu_format_find(const char *name); /* WU_N_FORMAT: none */

/* Which column or JSON key holds what, for CSV and JSONL; NULL: the usual names are tried (listed
 * in docs/formats.md). A key may be a path with dots. */
typedef struct wu_column_map {
    const char *id, *transcript;          /* a whole conversation in one field */
    const char *role, *text, *time, *end; /* or a turn a row */
    const char *channel, *language, *agent_id, *customer_id, *queue, *start_time, *zone;
    const char *agent_name, *customer_name;
    const char *queue_wait_s, *announced_wait_s, *hold_s, *transfers, *contact_number_30d;
    const char *analysis, *journey; /* labels in the record */
} wu_column_map;

/* Reads "id=Call ID,text=Message,..." into *map; texts lie in arena. EARG (unknown member, twice),
 * ENOMEM. */
WU_MUST_CHECK wu_code wu_column_map_parse(wu_column_map *map, wu_arena *arena, const char *text,
                                          wu_err *err);

typedef struct wu_read_options {
    wu_format format;            /* AUTO: detected */
    const wu_column_map *map;    /* NULL: usual names */
    const char *const *agent_is; /* names or ids of parties, NULL-terminated; or NULL */
    const char *const *customer_is;
    bool infer_roles;        /* where the file gives none */
    double least_confidence; /* of an inferred role; 0 means 0.7 */
} wu_read_options;

typedef struct wu_reader wu_reader;

enum { WU_READ_LIMIT = 64 << 20 }; /* bytes of one file that is read whole */

/* path "-" is standard input. Errors: EIO; EDATA (no known format); ENOMEM. */
WU_MUST_CHECK wu_code wu_reader_open(wu_reader **out, const char *path, const wu_read_options *o,
                                     wu_err *err);

/* The next conversation into *c (initialised; cleared first). One that has no id gets the file's
 * name without directory and extension, with "-N" for the Nth of several. *end is true behind the
 * last. Errors: EDATA (this one cannot be read: file, line or key, what was found; the next call
 * goes on), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_reader_next(wu_reader *r, wu_conversation *c, bool *end, wu_err *err);
wu_format wu_reader_format(const wu_reader *r);
void wu_reader_close(wu_reader *r); /* NULL allowed */

/* One conversation from text in memory, for tests, fuzzing and records that hold a transcript.
 * Errors: EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_read_text(wu_conversation *c, wu_str text, const char *where,
                                   const wu_read_options *o, wu_err *err);

#endif
