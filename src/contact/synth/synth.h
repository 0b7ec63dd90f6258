/* synth.h - a simulator of labelled conversations: causes first, words after.
 *
 * A call is a function of (seed, index) and the tables.  Companies with agents
 * of different skill, customers who come again, a contact and what the agent
 * does decide the labels (model.c); the same causes decide a plan of dialogue
 * acts (plan.c), which phrase tables turn into words (speak.c); noise comes
 * last (noise.c).  What a label depends on leaves a trace in the text or in
 * the contact's metadata, and most traces also occur without their label.
 *
 * Separate streams of random numbers serve contact, behaviour, label noise,
 * plan, words and damage; no function of a C library decides anything, so the
 * same seed gives the same bytes everywhere.
 *
 * Threads: a wu_synth is constant once opened, any number of threads may make
 * calls with it; a wu_synth_call belongs to its caller. */
#ifndef WU_CONTACT_SYNTH_SYNTH_H
#define WU_CONTACT_SYNTH_SYNTH_H

#include "contact/conversation.h"
#include "contact/task.h"

#include <stdbool.h>

/* What an evaluator looks for in a call; model.c has the weights. */
typedef enum wu_item {
    WU_ITEM_GREETING,
    WU_ITEM_VERIFICATION,
    WU_ITEM_DISCLOSURE,
    WU_ITEM_EMPATHY,
    WU_ITEM_LISTENING,
    WU_ITEM_PROBING,
    WU_ITEM_ACCURACY,
    WU_ITEM_OWNERSHIP,
    WU_ITEM_HOLD,
    WU_ITEM_NEXT_STEPS,
    WU_ITEM_CLOSING,
    WU_N_ITEM
} wu_item;

typedef enum wu_outcome {
    WU_OUTCOME_RESOLVED,
    WU_OUTCOME_PARTLY,
    WU_OUTCOME_ESCALATED,
    WU_OUTCOME_UNRESOLVED,
    WU_OUTCOME_ABANDONED,
    WU_N_OUTCOME
} wu_outcome;

typedef enum wu_autofail {
    WU_FAIL_NONE,
    WU_FAIL_DATA,   /* account data given out without verification */
    WU_FAIL_INSULT, /* the agent insulted the customer */
    WU_FAIL_CARD    /* a card number read back */
} wu_autofail;

/* Terms that move satisfaction; the agent's and the situation's. */
typedef enum wu_csat_term {
    WU_CSAT_OUTCOME,
    WU_CSAT_EMPATHY,
    WU_CSAT_OWNERSHIP,
    WU_CSAT_LISTENING,
    WU_CSAT_WAIT,
    WU_CSAT_TRANSFER,
    WU_CSAT_HOLD,
    WU_CSAT_REPEAT,
    WU_CSAT_SEVERITY,
    WU_N_CSAT
} wu_csat_term;

/* Terms that move the risk of leaving. */
typedef enum wu_churn_term {
    WU_CHURN_CANCEL,
    WU_CHURN_COMPETITOR,
    WU_CHURN_PRICE,
    WU_CHURN_UNRESOLVED,
    WU_CHURN_REPEAT,
    WU_CHURN_SEVERITY,
    WU_CHURN_TENURE,
    WU_CHURN_MOOD,
    WU_N_CHURN
} wu_churn_term;

typedef enum wu_channel { WU_VOICE, WU_CHAT, WU_EMAIL, WU_SOCIAL, WU_N_CHANNEL } wu_channel;
typedef enum wu_style { WU_FORMAL, WU_CASUAL, WU_TERSE, WU_CHATTY } wu_style;

/* What was damaged on purpose (noise.c). */
enum {
    WU_NOISE_CATEGORY = 1,  /* the label names a neighbouring category */
    WU_NOISE_SPEAKER = 2,   /* one turn is given to the other side */
    WU_NOISE_METADATA = 4,  /* some metadata is missing */
    WU_NOISE_TRUNCATED = 8, /* the end is cut off */
    WU_NOISE_NO_AGENT = 16  /* the agent's side is missing */
};

enum { WU_N_MOOD = 5 };    /* start, after the opening, after the work, outcome, end */
enum { WU_MAX_MORE = 12 }; /* further issues in one contact */

/* The causes and labels of one call, for tests and probes. Numbers of tables are those of
 * synth/tables.h. */
typedef struct wu_latent {
    int32_t language, industry, company; /* the company is one of the industry's */
    int32_t agent, agent2, customer;
    int32_t issue, more[WU_MAX_MORE], n_more;        /* of the language */
    int64_t local_s;                                 /* start, on the local clock since 1970 */
    int32_t zone, offset_min, weekday, hour, season; /* season: of the industry, or -1 */
    bool business, outage;
    wu_channel channel;
    double load;                 /* arrivals per staff, 1 is normal */
    double severity;             /* 0 to 1 */
    int32_t complexity;          /* 0 low, 1 medium, 2 high */
    int32_t repeats;             /* earlier contacts about the same issue */
    int32_t wait_s, announced_s; /* -1: none */
    int32_t hold_s, transfers;
    bool cancel, price, competitor, stays; /* stays: takes the offer after wanting to leave */
    /* of the customer */
    double patience, tenure_months, verbosity;
    int32_t value; /* tier, 0 to 2 */
    wu_style customer_style, agent_style;
    bool typist; /* makes typing errors */
    /* what the agent does */
    bool hit[WU_N_ITEM], applies[WU_N_ITEM];
    bool jargon, slow;    /* without weight of their own */
    bool warm;            /* a transfer is explained */
    bool dropped, silent; /* the line drops at the end; the customer stops answering */
    wu_autofail fail;
    wu_outcome outcome;
    /* labels */
    double mood[WU_N_MOOD]; /* about -1.5 to 1.5 */
    double csat_mean, csat; /* 1 to 5, before and after noise */
    double csat_term[WU_N_CSAT], churn_term[WU_N_CHURN];
    double qa_exact;    /* of the items alone, 0 to 100 */
    int32_t qa_score;   /* the same, rounded */
    int32_t quality;    /* as an evaluator gives it: noise, 0 after an automatic fail */
    int32_t csat100;    /* 0 to 100 */
    double churn_exact; /* without noise */
    int32_t churn;      /* 0 to 100 */
    int32_t category;   /* as labelled */
    int32_t true_category;
    const char *journey, *trajectory, *effort;
    uint32_t stages; /* bits over the labels of journey_stages */
    uint32_t noise;  /* WU_NOISE_... */
} wu_latent;

/* Which phrases are spoken: to see what a model does with words it has never met, it learns from
 * calls of TRAIN (seven tenths of each act's and issue's phrases) and is measured on those of TEST
 * (the rest). Where a part has none that fits, any is taken. */
typedef enum wu_synth_frames { WU_FRAMES_ALL, WU_FRAMES_TRAIN, WU_FRAMES_TEST } wu_synth_frames;

typedef struct wu_synth_options {
    uint64_t seed;
    const char *tables;     /* folder that takes the place of data/, or NULL */
    const char *languages;  /* "en", or weights "en=70,es=10"; NULL: en */
    const char *industries; /* names with commas; NULL: all that are not held out */
    bool held_out;          /* the held-out ones instead */
    bool flat;              /* thirds of quality and of satisfaction equally frequent, all
                               categories too */
    bool no_noise;
    wu_synth_frames frames;
} wu_synth_options;

typedef struct wu_synth wu_synth;

/* Reads the tables. Errors: EARG (no such language or industry), EDATA (a table is wrong: file and
 * place), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_synth_open(wu_synth **out, const wu_synth_options *o, wu_err *err);
void wu_synth_close(wu_synth *s); /* NULL allowed */

typedef struct wu_synth_use { /* a frame that was spoken */
    int32_t turn;             /* of the conversation; -1: it was cut off */
    int32_t act;   /* wu_act, or WU_N_ACT + wu_issue_key, or -1: a phrase of the industry */
    int32_t frame; /* counts within a language */
} wu_synth_use;

typedef struct wu_synth_call {
    uint64_t index;
    wu_latent latent;
    const char *language;         /* "en" */
    wu_str industry, company;     /* names; the synth's */
    wu_conversation conversation; /* with analysis and journey in the seed's file formats */
    wu_json *trace;               /* every latent, NULL before the first call */
    wu_synth_use *use;            /* [n_use] */
    int32_t n_use, max_use;
    wu_buf words; /* work space */
} wu_synth_call;  /* all zero is empty */

/* Makes call `index`. *call must be all zero or used before; its memory is used again. Errors:
 * ENOMEM. */
WU_MUST_CHECK wu_code wu_synth_make(const wu_synth *s, uint64_t index, wu_synth_call *call,
                                    wu_err *err);
void wu_synth_call_free(wu_synth_call *call);

/* Only the causes and labels, without words: *out is what wu_synth_make() puts into latent, but for
 * the noise flags that need the words. */
void wu_synth_latent(const wu_synth *s, uint64_t index, wu_latent *out);

/* The files of a call as text, appended: Markdown as the readers know it ("transcript"). ENOMEM. */
WU_MUST_CHECK wu_code wu_synth_markdown(wu_buf *out, const wu_synth_call *call);

extern const char *const wu_item_name[WU_N_ITEM], *const wu_outcome_name[WU_N_OUTCOME];
extern const char *const wu_channel_name[WU_N_CHANNEL], *const wu_style_name[4];
extern const char *const wu_csat_term_name[WU_N_CSAT], *const wu_churn_term_name[WU_N_CHURN];
extern const int32_t wu_item_weight[WU_N_ITEM];

#endif
