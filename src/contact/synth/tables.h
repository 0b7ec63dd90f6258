/* tables.h - the simulator's tables, read once and never changed.
 *
 * data/synth/README.md is the specification of the files.  Phrases are
 * compiled when they are read: slots, alternatives and sub-phrases become
 * control bytes, so that realisation only copies and jumps, and a frame that
 * could not be realised is an error of its file.
 *
 * Threads: constant once read. */
#ifndef WU_CONTACT_SYNTH_TABLES_H
#define WU_CONTACT_SYNTH_TABLES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "contact/synth/acts.h"

/* ------------------------------------------------------------------------------ phrases */

#define WU_SLOTS(X)                                                                                \
    X(COMPANY, "company")                                                                          \
    X(RIVAL, "rival")                                                                              \
    X(AGENT, "agent")                                                                              \
    X(AGENT2, "agent2")                                                                            \
    X(NAME, "name")                                                                                \
    X(FIRST, "first")                                                                              \
    X(LAST, "last")                                                                                \
    X(THE_PRODUCT, "the_product")                                                                  \
    X(MY_PRODUCT, "my_product")                                                                    \
    X(YOUR_PRODUCT, "your_product")                                                                \
    X(TOPIC, "topic")                                                                              \
    X(AGAIN, "again")                                                                              \
    X(ACCOUNT, "account")                                                                          \
    X(ACCOUNT_VALUE, "account_value")                                                              \
    X(AMOUNT, "amount")                                                                            \
    X(SMALL, "small")                                                                              \
    X(PERCENT, "percent")                                                                          \
    X(DATE, "date")                                                                                \
    X(WEEKDAY, "weekday")                                                                          \
    X(TIME, "time")                                                                                \
    X(DAYS, "days")                                                                                \
    X(N, "n")                                                                                      \
    X(REF, "ref")                                                                                  \
    X(DIGITS4, "digits4")                                                                          \
    X(CARD, "card")                                                                                \
    X(PHONE, "phone")                                                                              \
    X(EMAIL, "email")                                                                              \
    X(PLACE, "place")                                                                              \
    X(STREET, "street")                                                                            \
    X(WAIT, "wait")                                                                                \
    X(ANNOUNCED, "announced")                                                                      \
    X(HOLD, "hold")                                                                                \
    X(COUNT, "count")                                                                              \
    X(TENURE, "tenure")                                                                            \
    X(HOUR, "hour")                                                                                \
    X(DEPARTMENT, "department")                                                                    \
    X(HOURS, "hours")                                                                              \
    X(OFFER, "offer")

typedef enum wu_slot {
#define WU_SLOT_ENUM(symbol, name) WU_SLOT_##symbol,
    WU_SLOTS(WU_SLOT_ENUM)
#undef WU_SLOT_ENUM
        WU_N_SLOT
} wu_slot;

/* What the bytes of a compiled frame mean. The byte behind SLOT is 32 + a wu_slot; the two behind
 * SUB are 32 + the high and low 64th of the number of a sub-phrase. */
enum { WU_CODE_SLOT = 1, WU_CODE_SUB = 2, WU_CODE_OPEN = 3, WU_CODE_OR = 4, WU_CODE_CLOSE = 5 };

enum { WU_CHANNEL_VOICE = 1, WU_CHANNEL_CHAT = 2, WU_CHANNEL_EMAIL = 4 };
enum { WU_STYLE_FORMAL = 1, WU_STYLE_CASUAL = 2, WU_STYLE_TERSE = 4, WU_STYLE_CHATTY = 8 };
enum { WU_MOOD_ANGRY = 1, WU_MOOD_NEUTRAL = 2, WU_MOOD_HAPPY = 4 };

typedef struct wu_frame {
    wu_str code;
    int32_t id;                   /* counts the frames of a language */
    uint8_t channel, style, mood; /* bit sets; 0: fits all */
} wu_frame;

typedef struct wu_frames {
    const wu_frame *frame;
    int32_t n;
} wu_frames;

/* --------------------------------------------------------------- what serves all languages */

enum { WU_NAME_MAX = 64 }; /* most bytes of a line of names.txt and of a pattern */
enum { WU_MAX_INDUSTRY = 32, WU_MAX_CATEGORY = 24, WU_MAX_ISSUE = 256, WU_MAX_SEASON = 8 };

typedef struct wu_category {
    wu_str name;
    int32_t neighbour[4], n_neighbour; /* with which it is confused */
    int32_t first, n;                  /* its issues */
} wu_category;

typedef struct wu_topic { /* one sub-issue of the taxonomy */
    wu_str name;
    int32_t category, weight;
    int32_t complexity;  /* shift: -1 simpler than usual, 2 much harder */
    const char *journey; /* label of journey_type */
    uint32_t stages;     /* bits over the labels of journey_stages */
} wu_topic;

typedef struct wu_peak {
    wu_str name;
    int32_t from, to; /* month * 100 + day, both included; from > to: over the new year */
    double factor;    /* of the load */
} wu_peak;

typedef struct wu_industry {
    wu_str name;
    bool held_out, light; /* light: identity is checked only where it matters */
    int32_t open, close;  /* hours of the offices */
    int32_t channel[4];   /* weights of voice chat email social */
    wu_peak season[WU_MAX_SEASON];
    int32_t n_season;
    int32_t category[WU_MAX_CATEGORY]; /* weights */
} wu_industry;

typedef struct wu_words { /* wordings of one thing in reviews */
    const wu_str *text;
    int32_t n;
} wu_words;

typedef struct wu_synonym { /* one line of a group */
    wu_str words;
    const wu_words *group;
    int32_t order;
} wu_synonym;

typedef struct wu_zone {
    wu_str name;
    int32_t minutes; /* ahead of UTC in winter */
    int32_t rule;    /* 0 none, 1 us, 2 eu */
} wu_zone;

/* Review words: one section for each name. */
#define WU_REVIEW_ITEMS(X)                                                                         \
    X(greeting)                                                                                    \
    X(verification)                                                                                \
    X(disclosure)                                                                                  \
    X(empathy) X(listening) X(probing) X(accuracy) X(ownership) X(hold) X(next_steps) X(closing)

typedef enum wu_review_kind {
    WU_REVIEW_DID,
    WU_REVIEW_MISSED,
    WU_REVIEW_STRENGTH,
    WU_REVIEW_WEAKNESS,
    WU_REVIEW_COACH,
    WU_REVIEW_THEME,
    WU_N_REVIEW_KIND
} wu_review_kind;

enum { WU_REVIEW_ITEM = 11, WU_REVIEW_EXTRA = 3, WU_REVIEW_FAIL = 3, WU_REVIEW_OUTCOME = 5 };
enum { WU_REVIEW_CSAT = 9 };

typedef struct wu_review {
    wu_words item[WU_N_REVIEW_KIND][WU_REVIEW_ITEM];
    wu_words coach[WU_REVIEW_EXTRA], theme[WU_REVIEW_EXTRA]; /* clarity efficiency de_escalation */
    wu_words fail[WU_REVIEW_FAIL];
    wu_words outcome[WU_REVIEW_OUTCOME];
    wu_words csat[WU_REVIEW_CSAT][2], partly; /* [term][0 lowers, 1 raises]; n 0: not named */
} wu_review;

typedef struct wu_catalogue {
    wu_arena arena;
    wu_category category[WU_MAX_CATEGORY];
    wu_topic topic[WU_MAX_ISSUE];
    wu_industry industry[WU_MAX_INDUSTRY];
    int32_t n_category, n_topic, n_industry;
    wu_review review;
} wu_catalogue;

/* dir: the user's tables, or NULL. *out must be zero; after an error it is zero again. Errors:
 * EARG, EDATA (file, key or section, what is wrong), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_catalogue_read(wu_catalogue *out, const char *dir, wu_err *err);
void wu_catalogue_free(wu_catalogue *t);

/* -1: there is none. */
int32_t wu_industry_find(const wu_catalogue *t, wu_str name);
int32_t wu_topic_find(const wu_catalogue *t, wu_str category, wu_str sub);

/* --------------------------------------------------------------------------- one language */

typedef enum wu_issue_key {
    WU_ISSUE_OPEN,
    WU_ISSUE_DETAIL,
    WU_ISSUE_AGAIN,
    WU_ISSUE_TOPIC,
    WU_ISSUE_ASK,
    WU_ISSUE_REPLY,
    WU_ISSUE_FOUND,
    WU_ISSUE_WRONG,
    WU_ISSUE_FIX,
    WU_ISSUE_PROMISE,
    WU_ISSUE_REFUSE,
    WU_N_ISSUE_KEY
} wu_issue_key;

extern const char *const wu_issue_key_name[WU_N_ISSUE_KEY];

typedef struct wu_issue {
    int32_t topic;       /* of the taxonomy */
    uint32_t industries; /* bits */
    wu_frames text[WU_N_ISSUE_KEY];
} wu_issue;

typedef enum wu_product_form { WU_PRODUCT_THE, WU_PRODUCT_MY, WU_PRODUCT_YOUR } wu_product_form;

typedef struct wu_trade {          /* an industry in a language */
    const wu_str *company, *rival; /* [n_company] */
    int32_t n_company;
    wu_frames product[3]; /* by wu_product_form; the n-th of each belong together */
    wu_frames department, offer, say;
    wu_frames account;
    wu_str format;
    int32_t *issue; /* [n_issue] those that occur here */
    int32_t *upto;  /* [n_issue] running sum of their weights */
    int32_t n_issue;
} wu_trade; /* n_company 0: the language has no such industry */

typedef struct wu_list {
    const wu_str *line;
    int32_t n;
} wu_list;

typedef struct wu_pairs { /* sorted by the first word of what is replaced */
    const wu_str *from, *to;
    int32_t n;
} wu_pairs;

typedef struct wu_names {
    wu_list agent, first, last, place, street, weekday, month, number, count, hour, email_host;
    wu_str money, date, percent, phone, hours;
    char decimal;
    bool clock12;
} wu_names;

typedef struct wu_noise {
    wu_list filler, overlap;
    wu_pairs asr, typo, slang;
} wu_noise;

typedef struct wu_language {
    wu_arena arena;
    char code[16];
    wu_frames act[WU_N_ACT];
    wu_frames *sub; /* [n_sub] sub-phrases */
    wu_str *sub_name;
    int32_t n_sub;
    wu_issue *issue;
    int32_t n_issue;
    int32_t *of_topic; /* [n_topic] its issue, or -1 */
    wu_trade trade[WU_MAX_INDUSTRY];
    wu_names names;
    wu_noise noise;
    wu_zone *zone;
    int32_t n_zone, n_frame;
    /* paraphrase.c; all may be empty */
    wu_frames core[WU_N_ACT]; /* formulas that come with an act's frame */
    wu_words *synonym;        /* [n_synonym] groups of which any line may stand for any other */
    int32_t n_synonym;
    wu_synonym *by_letter; /* their lines by first byte, ASCII letters small; the longest first */
    int32_t letter_from[257]; /* of by_letter */
    wu_words opener[2];       /* what agents and customers say before a sentence */
} wu_language;

/* Reads the five files of a language. *out must be zero; after an error it is zero again. Errors:
 * EARG (no such language), EDATA (file, section, line, what is wrong), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_language_read(wu_language *out, const wu_catalogue *t, const char *dir,
                                       const char *code, wu_err *err);
void wu_language_free(wu_language *l);

/* Compares counts with the minima of data/synth/README.md and appends a report of lines. *short_of
 * is the number of sections below them. ENOMEM. */
WU_MUST_CHECK wu_code wu_language_check(const wu_language *l, const wu_catalogue *t, wu_buf *out,
                                        int32_t *short_of);

#endif
