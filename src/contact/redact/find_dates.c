/* find_dates.c - dates of birth: a date behind the words that announce it. */
#include "contact/redact/redact_impl.h"

enum { REACH = 6, LONGEST = 16 };

static bool is_month(const wu_redactor *r, int32_t t) { return wu_token_flags(r, t) & WU_W_MONTH; }

/* What a date is made of. */
static bool is_core(const wu_redactor *r, int32_t t) {
    const wu_token *k = &r->token[t];
    if (k->in_cue) return false;
    if (k->kind == WU_T_NUMBER) return k->end - k->start <= 8;
    return k->kind == WU_T_WORD && wu_token_flags(r, t) & (WU_W_NUMBER | WU_W_MONTH | WU_W_ORDINAL);
}

/* What may stand between. */
static bool is_glue(const wu_redactor *r, int32_t t) {
    const wu_token *k = &r->token[t];
    if (k->kind == WU_T_WORD) return wu_token_flags(r, t) & (WU_W_DATE | WU_W_FILLER);
    return k->kind == WU_T_MARK && (k->mark == '/' || k->mark == '-' || k->mark == '.' ||
                                    k->mark == ',' || k->mark == '\'');
}

static bool is_year(wu_str s) {
    return s.n == 4 && ((s.p[0] == '1' && s.p[1] == '9') || (s.p[0] == '2' && s.p[1] == '0'));
}

/* The last token of the date that begins at t, or -1. */
static int32_t date_end(const wu_redactor *r, int32_t t) {
    int32_t last = t;
    int cores = 0, months = 0, ordinals = 0;
    size_t digits = 0;
    for (int32_t k = t, gap = 0; wu_token_near(r, t, k) >= 0 && k < t + LONGEST && gap <= 3; k++) {
        if (is_core(r, k)) {
            last = k;
            gap = 0;
            cores++;
            months += is_month(r, k);
            ordinals += (wu_token_flags(r, k) & WU_W_ORDINAL) != 0;
            if (r->token[k].kind == WU_T_NUMBER) digits += r->token[k].end - r->token[k].start;
        } else if (is_glue(r, k)) {
            gap++;
        } else {
            break;
        }
    }
    const wu_str first = wu_token_text(r, t);
    const bool is_number = r->token[t].kind == WU_T_NUMBER;
    if (months > 0) return cores >= 2 ? last : -1;
    if (is_number && cores == 1) return first.n == 8 || first.n == 6 || is_year(first) ? last : -1;
    if (digits > 0) return cores >= 2 && digits >= 3 && digits <= 8 ? last : -1;
    return cores >= 3 || (ordinals > 0 && cores >= 2) ? last : -1;
}

/* The first date from t on, before a question or a placeholder. */
static void find_from(wu_redactor *r, int32_t t) {
    int words = 0;
    for (int32_t k = t; wu_token_near(r, t, k) >= 0 && words <= REACH && k < t + 3 * REACH; k++) {
        if (r->token[k].kind == WU_T_OPAQUE || wu_token_is(r, k, '?') || r->token[k].in_cue) return;
        words += r->token[k].kind == WU_T_WORD;
        if (!is_core(r, k)) continue;
        int32_t first = k;
        const int32_t last = date_end(r, k);
        if (last < 0) continue;
        while (first > t && wu_token_flags(r, first - 1) & WU_W_DATE) first--;
        wu_redact_add(r, WU_PII_DOB, first, last, wu_redact_value(r, k, last));
        return;
    }
}

void wu_find_dates(wu_redactor *r) {
    for (size_t i = 0; i < r->n_mark; i++) {
        const int32_t next = r->mark[i].last + 1;
        if (r->mark[i].cue == WU_CUE_DOB && wu_token_near(r, r->mark[i].last, next) >= 0)
            find_from(r, next);
    }
    for (int32_t i = 1; i < r->doc->n_turn; i++)
        if (r->turn_token[i] < r->turn_token[i + 1] && wu_redact_asked(r, i) == WU_CUE_DOB)
            find_from(r, r->turn_token[i]);
}
