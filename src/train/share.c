/* share.c - rows of a growing set of sequences (share.h). */
#include "train/share.h"

#include <string.h>

int32_t wu_common_prefix(const wu_tokens *a, const wu_tokens *b) {
    const int32_t n = WU_MIN(a->n_tok, b->n_tok);
    int32_t i = 0;
    while (i < n && a->id[i] == b->id[i]) i++;
    return i;
}

int wu_tokens_compare(const wu_tokens *a, const wu_tokens *b) {
    const int32_t i = wu_common_prefix(a, b);
    if (i < a->n_tok && i < b->n_tok) return a->id[i] < b->id[i] ? -1 : 1;
    return (a->n_tok > b->n_tok) - (a->n_tok < b->n_tok);
}

int64_t wu_share_cost(const wu_share *s, const wu_tokens *t, int32_t *at) {
    int32_t lo = 0, hi = s->n, shared = 0;
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (wu_tokens_compare(&s->sorted[mid], t) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo > 0) shared = wu_common_prefix(&s->sorted[lo - 1], t);
    if (lo < s->n) shared = WU_MAX(shared, wu_common_prefix(&s->sorted[lo], t));
    *at = lo;
    return (int64_t)t->n_tok - shared;
}

void wu_share_add(wu_share *s, const wu_tokens *t) {
    int32_t at = 0;
    WU_ASSERT(s->n < s->max);
    s->rows += wu_share_cost(s, t, &at);
    memmove(s->sorted + at + 1, s->sorted + at, (size_t)(s->n - at) * sizeof(*s->sorted));
    s->sorted[at] = *t;
    s->n++;
}
