/* redact_impl.h - how redaction works inside: words and phrases, tokens, runs of digits, finds.
 *
 *     texts of turns -> tokens, cues (tokens.c) -> runs of digits, spoken ones too (digits.c)
 *         -> finds (find_*.c) -> merged, numbered, put in (redact.c)
 *
 * Every step is linear in the length of the conversation.  Tokens are keyed by
 * a hash of the word in small letters without accents, so that the tables
 * (lexicon.c) need no other form of a word.
 *
 * Threads: a lexicon is constant; everything else belongs to one redactor. */
#ifndef WU_CONTACT_REDACT_REDACT_IMPL_H
#define WU_CONTACT_REDACT_REDACT_IMPL_H

#include "contact/redact/redact.h"

/* ---- maps from 64-bit keys to numbers (lexicon.c) ---- */

typedef struct wu_keymap {
    uint64_t *key;
    int32_t *value;
    size_t n, cap; /* cap is a power of two, or 0 */
} wu_keymap;       /* all zero is empty; key 0 is not allowed */

int32_t wu_keymap_get(const wu_keymap *m, uint64_t key); /* -1: absent */
/* The place of the value of a key, -1 if it is new; NULL when out of memory. */
int32_t *wu_keymap_put(wu_keymap *m, uint64_t key);
void wu_keymap_clear(wu_keymap *m);
void wu_keymap_free(wu_keymap *m);

/* Makes room for n elements; false when out of memory. */
bool wu_room(void **p, size_t *cap, size_t n, size_t size);

/* ---- lexicon ---- */

enum { WU_N_LANG = 4 }; /* en es fr de, of number words */

enum { /* what a word may be */
       WU_W_COMMON = 1u << 0,
       WU_W_GIVEN = 1u << 1,         /* a given name and nothing else */
       WU_W_GIVEN_CAPITAL = 1u << 2, /* a given name, with a capital */
       WU_W_FILLER = 1u << 3,
       WU_W_MONTH = 1u << 4,
       WU_W_ORDINAL = 1u << 5,
       WU_W_DATE = 1u << 6,
       WU_W_AT = 1u << 7,
       WU_W_DOT = 1u << 8,
       WU_W_JOIN = 1u << 9,
       WU_W_HOST = 1u << 10,
       WU_W_TOP = 1u << 11,
       WU_W_STREET_SURE = 1u << 12,
       WU_W_STREET_MAYBE = 1u << 13,
       WU_W_STREET_BEFORE = 1u << 14,
       WU_W_UNIT = 1u << 15,
       WU_W_COMPASS = 1u << 16,
       WU_W_PARTICLE = 1u << 17,
       WU_W_NUMBER = 1u << 18 /* it has digits in a language */
};

typedef enum wu_cue { /* what a phrase announces */
                      WU_CUE_NONE,
                      WU_CUE_CARD,
                      WU_CUE_CVV,
                      WU_CUE_PIN,
                      WU_CUE_SSN,
                      WU_CUE_SSN4,
                      WU_CUE_PHONE,
                      WU_CUE_EMAIL,
                      WU_CUE_IBAN,
                      WU_CUE_ADDRESS,
                      WU_CUE_DOB,
                      WU_CUE_NAME,  /* the question for it */
                      WU_CUE_OTHER, /* a number that is none of these */
                      WU_CUE_VERSION,
                      WU_CUE_NEUTRAL, /* words that would be a cue alone */
                      WU_CUE_NAME_SURE,
                      WU_CUE_NAME_CAPITAL,
                      WU_CUE_NAME_MAYBE,
                      WU_CUE_NAME_AFTER,
                      WU_N_CUE
} wu_cue;

typedef enum wu_spoken_kind {
    WU_SPOKEN_NOT,
    WU_SPOKEN_DIGITS, /* its digits, as they are */
    WU_SPOKEN_TENS,   /* takes a digit behind */
    WU_SPOKEN_TEENS,  /* soixante: takes 1 to 19 behind */
    WU_SPOKEN_HUNDREDS,
    WU_SPOKEN_ZEROS,
    WU_SPOKEN_REPEAT
} wu_spoken_kind;

typedef struct wu_spoken { /* a number word */
    uint8_t kind;
    uint8_t value; /* of digits: their number / of repeat: how often / of zeros: how many */
    uint8_t width; /* of digits */
    uint8_t hundreds;
} wu_spoken;

typedef struct wu_word {
    uint32_t flags;
    wu_spoken spoken[WU_N_LANG];
} wu_word;

typedef struct wu_lexicon {
    wu_keymap index; /* key of a word -> word */
    wu_word *word;
    size_t n_word, max_word;
    wu_keymap edge; /* node and word -> node; node 0 is the root */
    uint8_t *cue;   /* [n_node] wu_cue */
    int32_t *type;  /* [n_node] type of a word list, or -1 */
    size_t n_node, max_cue, max_type;
    char suffix[16][12]; /* of German street names */
    bool suffix_is_sure[16];
    int n_suffix;
} wu_lexicon;

/* Reads the tables redact/cues.txt and redact/words.txt. EARG, EDATA, EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_lexicon_read(wu_lexicon *x, const char *dir, wu_err *err);
void wu_lexicon_free(wu_lexicon *x);
/* Adds a phrase of a word list. False when out of memory; *empty if it has no words. */
bool wu_lexicon_phrase(wu_lexicon *x, wu_str phrase, int32_t type, bool *empty);
/* The key of a word: hash of it in small letters without accents; never 0. */
uint64_t wu_word_key(wu_str s);
/* The bytes that key is made of, cut at size; returns their number. */
size_t wu_word_fold(char *out, size_t size, wu_str s);

/* ---- tokens ---- */

typedef enum wu_token_kind { WU_T_WORD, WU_T_NUMBER, WU_T_MARK, WU_T_OPAQUE } wu_token_kind;

typedef struct wu_token {
    uint64_t key; /* of words, and of numbers of one or two digits */
    uint32_t start, end;
    int32_t turn;
    int32_t word;  /* in the lexicon, or -1 */
    int32_t cue;   /* index of the last cue that ended at or before it in its turn, or -1 */
    uint8_t kind;  /* wu_token_kind; OPAQUE is a placeholder */
    bool joined;   /* no white space before it */
    bool capital;  /* begins with a capital letter */
    bool shouting; /* has no small letter and more than one letter */
    bool in_cue;   /* is part of a phrase that is a cue */
    char mark;     /* of MARK: its character, 0 for one beyond ASCII */
} wu_token;

typedef struct wu_mark { /* a cue in its place */
    int32_t first, last; /* tokens */
    wu_cue cue;
} wu_mark;

typedef struct wu_atom { /* digits that one number or number word gives */
    int32_t first, last; /* tokens */
    uint32_t digit;      /* first of them in the pool */
    bool is_written;
    uint8_t sep;     /* wu_sep, to the atom before it */
    uint32_t n_long; /* how many digits */
} wu_atom;

typedef enum wu_sep {
    WU_SEP_NONE,
    WU_SEP_SPACE,
    WU_SEP_HYPHEN,
    WU_SEP_DOT,
    WU_SEP_COMMA,
    WU_SEP_PAREN,
    WU_SEP_SLASH,
    WU_SEP_FILLER,
    WU_SEP_TURN
} wu_sep;

typedef struct wu_run { /* atoms of one turn with nothing but separators between */
    int32_t atom, n_atom;
    int32_t turn;
    int32_t before, after;  /* words of the turn before and behind it */
    bool is_first, is_last; /* of the runs of its turn */
    bool is_chained;        /* it goes on with an earlier one */
} wu_run;

typedef struct wu_find {
    int32_t turn, type;
    uint32_t start, end;
    uint64_t value; /* equal values, equal numbers */
} wu_find;

typedef struct wu_known { /* a name of this conversation */
    uint64_t word[4];
    int32_t n_word;
    uint64_t value;
} wu_known;

typedef struct wu_doc {   /* what is looked at in one go */
    const wu_str *text;   /* [n_turn] */
    const int32_t *party; /* [n_turn], or NULL: one voice */
    int32_t n_turn;
} wu_doc;

typedef struct wu_own { /* a pattern of the user's */
    int32_t type;
    struct wu_regex *re;
    struct wu_scan *scan;
} wu_own;

enum { WU_TYPE_NAME_MAX = 32 };

typedef struct wu_type { /* built-in ones first, then the user's */
    char name[WU_TYPE_NAME_MAX + 1];
    bool is_on;
    int32_t last; /* highest number given in this conversation */
    int64_t count;
} wu_type;

struct wu_redactor {
    wu_lexicon lexicon;
    wu_type *type;
    size_t n_type, max_type;
    wu_own *own;
    size_t n_own;
    wu_keymap value; /* type and value -> number */
    wu_known *known;
    size_t n_known, max_known;
    wu_keymap known_word; /* word -> longest name with it */

    wu_str *text; /* of a conversation's turns */
    int32_t *party;
    size_t max_text, max_party;

    /* of the doc at hand */
    const wu_doc *doc;
    wu_token *token;
    int32_t *turn_token; /* [n_turn + 1] */
    wu_mark *mark;
    wu_atom *atom;
    wu_run *run;
    char *digit;
    wu_find *find;
    size_t n_token, max_token, max_turn_token, n_mark, max_mark, n_atom, max_atom, n_run, max_run,
        n_digit, max_digit, n_find, max_find;
    bool *covered; /* [n_atom] */
    size_t max_covered;
    int32_t *chain; /* atoms of a number that is spread over turns */
    size_t n_chain, max_chain;
    uint32_t *at; /* first digit of each atom of the chain */
    size_t max_at;
    char *chain_digit;
    int32_t *chain_owner;
    size_t n_chain_digit, max_chain_digit, max_chain_owner;
    bool out_of_memory;
};

/* Fills tokens and cues of r->doc; false when out of memory. */
bool wu_redact_tokens(wu_redactor *r);
/* The cue that rules a token: the last one before it in its turn, not further than far tokens;
 * else what was asked or said in the turns before, when the turn has just begun. */
wu_cue wu_redact_cue(const wu_redactor *r, int32_t token, int far);
wu_cue wu_redact_asked(const wu_redactor *r, int32_t turn);
/* Fills atoms, runs and digits; false when out of memory. */
bool wu_redact_digits(wu_redactor *r);

static inline wu_str wu_token_text(const wu_redactor *r, int32_t t) {
    const wu_token *k = &r->token[t];
    return (wu_str){r->doc->text[k->turn].p + k->start, (size_t)k->end - k->start};
}
static inline uint32_t wu_token_flags(const wu_redactor *r, int32_t t) {
    const int32_t w = r->token[t].word;
    return w < 0 ? 0 : r->lexicon.word[w].flags;
}
/* Token t of the same turn as reference, or -1. */
static inline int32_t wu_token_near(const wu_redactor *r, int32_t reference, int32_t t) {
    if (t < 0 || (size_t)t >= r->n_token) return -1;
    return r->token[t].turn == r->token[reference].turn ? t : -1;
}
static inline bool wu_token_is(const wu_redactor *r, int32_t t, char mark) {
    return t >= 0 && r->token[t].kind == WU_T_MARK && r->token[t].mark == mark;
}

/* Adds a find over tokens first..last (one turn). The value is their text folded, unless given. */
void wu_redact_add(wu_redactor *r, int32_t type, int32_t first, int32_t last, uint64_t value);
void wu_redact_add_span(wu_redactor *r, int32_t type, int32_t turn, uint32_t start, uint32_t end,
                        uint64_t value);
uint64_t wu_redact_value(const wu_redactor *r, int32_t first, int32_t last);

void wu_find_numbers(wu_redactor *r); /* cards, CVV and PIN, SSN, phones, spoken IBANs */
void wu_find_mail(wu_redactor *r);    /* e-mail, IP */
void wu_find_iban(wu_redactor *r);
void wu_find_dates(wu_redactor *r);
void wu_find_places(wu_redactor *r);
void wu_find_names(wu_redactor *r);
WU_MUST_CHECK wu_code wu_find_own(wu_redactor *r, wu_err *err);
/* A name known from the record's own data; false when out of memory. */
bool wu_redact_know(wu_redactor *r, wu_str name);
/* The value of such a name; the same as of its mentions. */
uint64_t wu_redact_name_value(const wu_redactor *r, wu_str name);
/* Whether a party's name may be a person's, and not a role, an id or a number. */
bool wu_redact_is_personal(const wu_redactor *r, wu_str name);

/* All finds of a doc, sorted by place and free of overlaps, with their types. EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_redact_find(wu_redactor *r, const wu_doc *doc, wu_err *err);

/* ---- checks (checks.c); digits are '0' to '9' ---- */
bool wu_luhn(const char *digit, size_t n);
bool wu_card_issuer(const char *digit, size_t n); /* by first digits and length */
bool wu_iban_ok(const char *iban, size_t n);      /* letters large, no blanks */
size_t wu_iban_length(char a, char b);            /* of a country (large letters); 0: none */
bool wu_ssn_ok(const char *digit);                /* nine digits */
bool wu_nanp_ok(const char *digit);               /* ten digits */

#endif
