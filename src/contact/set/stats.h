/* stats.h - what is in a data set, or in a heap of transcripts.
 *
 * Everything streams: examples (record.h) and conversations are shown to it
 * once, one after another, and become counters.  What stays in memory does not
 * grow with the data, except for 8 to 16 bytes a conversation that tell
 * whether its id was there before; duplicates are sorted in temporary files.
 *
 * A conversation of a data set is known by its source_id, else by its words,
 * and measured at its first example.  Examples of a conversation that follow
 * each other share what their token ids begin with alike; that is what the
 * tree of the trainer computes once.
 *
 * The same input gives the same report. Threads: one at a time. */
#ifndef WU_CONTACT_SET_STATS_H
#define WU_CONTACT_SET_STATS_H

#include "contact/set/alike.h"
#include "contact/set/language.h"
#include "contact/set/record.h"
#include "contact/set/sort.h"
#include "contact/set/tally.h"
#include "text/chat.h"

enum { WU_STATS_LIMITS = 16, WU_STATS_FIELDS = 3, WU_STATS_LABELS = 24, WU_STATS_KEPT = 8 };
enum { WU_STATS_OTHER = WU_N_TASK, WU_STATS_ALL, WU_STATS_TASKS }; /* behind the six tasks */

typedef enum wu_size_unit {
    WU_SIZE_TOKENS,
    WU_SIZE_WORDS,
    WU_SIZE_CHARACTERS,
    WU_N_SIZE_UNIT
} wu_size_unit;
typedef enum wu_size_part {
    WU_PART_PROMPT,
    WU_PART_COMPLETION,
    WU_PART_WHOLE,
    WU_N_PART
} wu_size_part;

typedef struct wu_stats_options {
    const wu_tokenizer *tokenizer; /* NULL: words and characters only */
    wu_chat chat;
    const char *model; /* what the report calls it */
    int32_t limit[WU_STATS_LIMITS];
    int n_limit;
    bool duplicates;       /* look for them */
    double threshold;      /* of texts that are alike; 0 means 0.8 */
    size_t memory_bytes;   /* for sorting; 0 means 48 MiB */
    const char *temporary; /* directory; NULL: TMPDIR, else /tmp */
} wu_stats_options;

typedef struct wu_stats_input {
    char *name;  /* file or directory, as given */
    char *split; /* "train"; of transcripts "" */
    bool is_examples;
    wu_counts formats; /* of transcripts: files by format */
    int64_t n_example, n_conversation, n_bad;
} wu_stats_input;

typedef struct wu_stats_field {
    int64_t n_missing, n_wrong;     /* not there; of the wrong type or out of range */
    wu_tally value;                 /* SCORE: values; LIST: items; TEXT: characters */
    int64_t label[WU_STATS_LABELS]; /* of fixed labels, in their order */
    wu_counts unknown;              /* labels that are none of those */
} wu_stats_field;

typedef struct wu_stats_task {
    int64_t n_example;
    int64_t n_answer; /* whose completion is a JSON object */
    wu_tally size[WU_N_SIZE_UNIT][WU_N_PART];
    wu_stats_field field[WU_STATS_FIELDS];
    wu_counts extra; /* keys of answers that are no fields */
} wu_stats_task;

typedef struct wu_stats_limit {
    int32_t n_tok;
    int64_t n_long;      /* examples that have more */
    int64_t n_lost;      /* tokens beyond it */
    int64_t n_no_answer; /* examples of whose answer nothing would be left */
} wu_stats_limit;

typedef struct wu_stats_role {
    int64_t n_turn, n_word, n_char;
    wu_tally turns, words_a_turn; /* of conversations with such a turn; of turns */
} wu_stats_role;

typedef struct wu_stats_place {
    int32_t input;
    char *file;
    int64_t line;
} wu_stats_place;

typedef struct wu_stats {
    wu_stats_options o;
    wu_stats_input *input; /* [n_input] */
    int32_t n_input, max_input;

    int64_t n_conversation, n_example;
    wu_stats_task task[WU_STATS_TASKS];
    wu_counts unknown_task; /* task_type that is none of the six */
    wu_stats_limit limit[WU_STATS_LIMITS];
    wu_stats_place longest;      /* example with the most tokens, else characters */
    int64_t n_tok, n_tok_shared; /* of all examples; of those, computed once before */

    wu_tally turns, words, characters; /* of a conversation */
    wu_stats_role role[WU_N_PARTY_ROLE];
    int64_t n_no_agent, n_no_customer, n_no_turn; /* conversations */
    int64_t n_id_again;                           /* transcripts with the id of an earlier one */

    wu_counts language; /* of_those: guessed */
    int64_t n_language_unknown, n_language_guessed;
    wu_counts channel;
    int64_t n_channel_unknown;

    int64_t n_time, n_date_only, n_simulated, n_no_time; /* date_only: of n_time */
    wu_when first, last;                                 /* readings of local clocks */
    int64_t hour[24], weekday[7];
    wu_tally month; /* 12 * (year - 1970) + month - 1 */

    int64_t n_with_agent, n_agent;
    wu_tally per_agent; /* conversations */

    wu_alike_result alike;
    int64_t n_example_again; /* examples with prompt and completion of an earlier one */
    int64_t n_prompt_torn;   /* prompts that have different completions */

    /* Work in progress; free after wu_stats_finish(). */
    wu_languages *languages;
    wu_alike *finder;
    wu_sort *agents, *prompts;
    uint64_t *seen; /* open addressing; 0: free */
    size_t n_seen, max_seen;
    wu_ids ids, kept[WU_STATS_KEPT];
    int n_kept;
    uint64_t kept_of; /* conversation of those */
    wu_arena scratch;
    bool is_finished;
} wu_stats;

/* On failure everything is freed. EARG (limits), those of wu_languages_read and wu_alike_create. */
WU_MUST_CHECK wu_code wu_stats_begin(wu_stats *s, const wu_stats_options *o, wu_err *err);
void wu_stats_free(wu_stats *s);

/* What is shown next belongs to this file or directory. ENOMEM. */
WU_MUST_CHECK wu_code wu_stats_input_begin(wu_stats *s, const char *name, const char *split,
                                           bool is_examples, wu_err *err);
void wu_stats_bad(wu_stats *s); /* something of it cannot be read */

/* Errors: EDATA (contact is not one; messages that the chat template cannot show), EIO, ENOMEM.
 * After EDATA nothing was counted. file and line name it. */
WU_MUST_CHECK wu_code wu_stats_example(wu_stats *s, const wu_record *r, const char *file,
                                       int64_t line, wu_err *err);
/* EIO, ENOMEM. format: as wu_format_name(). */
WU_MUST_CHECK wu_code wu_stats_conversation(wu_stats *s, const wu_conversation *c,
                                            const char *format, int64_t number, wu_err *err);

/* Once, behind the last. EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_stats_finish(wu_stats *s, wu_err *err);

/* The report: for the terminal, as JSON (docs/formats.md), as a page. NULL or ENOMEM when out of
 * memory. */
WU_MUST_CHECK wu_code wu_stats_text(wu_buf *out, const wu_stats *s);
wu_json *wu_stats_json(const wu_stats *s);
WU_MUST_CHECK wu_code wu_stats_html(wu_buf *out, const wu_stats *s);

/* Appends what a reader should look at, one sentence a line. ENOMEM. */
WU_MUST_CHECK wu_code wu_stats_notes(wu_buf *out, const wu_stats *s);

/* "quality_scoring" ..., "other", "all". */
const char *wu_stats_task_name(int task);

#endif
