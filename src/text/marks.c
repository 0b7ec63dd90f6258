/* marks.c - finding special tokens in text: the leftmost, and of those the longest. */
#include "text/tokenizer_impl.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    wu_str s;
    int32_t id;
} entry;

static int compare_entries(const void *a, const void *b) {
    const entry *x = a, *y = b;
    const int order = memcmp(x->s.p, y->s.p, WU_MIN(x->s.n, y->s.n));

    if (order) return order;
    if (x->s.n != y->s.n) return x->s.n < y->s.n ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

static bool is_taken(const wu_vocab *v, int32_t i, unsigned types) {
    return v->token[i].n > 0 && (types >> v->type[i] & 1u);
}

wu_code wu_marks_build(wu_marks *m, wu_arena *a, const wu_vocab *v, unsigned types) {
    entry *e;
    int32_t n = 0;

    for (int32_t i = 0; i < v->n_token; i++) n += is_taken(v, i, types);
    e = calloc((size_t)n + 1, sizeof(*e));
    m->id = wu_arena_zero(a, (size_t)n + 1, sizeof(*m->id));
    if (!e || !m->id) {
        free(e);
        return WU_ENOMEM;
    }
    for (int32_t i = 0; i < v->n_token; i++)
        if (is_taken(v, i, types)) e[m->n++] = (entry){v->token[i], i};
    qsort(e, (size_t)n, sizeof(*e), compare_entries);
    for (int32_t i = 0; i < n; i++) {
        m->id[i] = e[i].id;
        m->first[(unsigned char)e[i].s.p[0] + 1]++;
    }
    for (int b = 0; b < 256; b++) m->first[b + 1] += m->first[b];
    free(e);
    return WU_OK;
}

/* First index in [lo, hi) whose byte at depth is at least c; all have more than depth bytes. */
static int32_t lower_bound(const wu_marks *m, const wu_vocab *v, int32_t lo, int32_t hi,
                           size_t depth, int c) {
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo) / 2;
        if ((unsigned char)v->token[m->id[mid]].p[depth] < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The longest mark that s begins with, or -1: byte by byte the range of marks narrows. */
static int32_t longest_at(const wu_marks *m, const wu_vocab *v, wu_str s) {
    const unsigned char c = (unsigned char)s.p[0];
    int32_t lo = m->first[c], hi = m->first[c + 1], best = -1;

    for (size_t depth = 1; lo < hi; depth++) {
        while (lo < hi && v->token[m->id[lo]].n == depth) { /* whole; shorter ones sort first */
            if (best < 0 || v->token[best].n < depth) best = m->id[lo];
            lo++;
        }
        if (depth == s.n) break;
        hi = lower_bound(m, v, lo, hi, depth, (unsigned char)s.p[depth] + 1);
        lo = lower_bound(m, v, lo, hi, depth, (unsigned char)s.p[depth]);
    }
    return best;
}

int32_t wu_marks_find(const wu_marks *m, const wu_vocab *v, wu_str s, size_t from, size_t *at) {
    for (size_t i = m->n > 0 ? from : s.n; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        int32_t id;

        if (m->first[c] == m->first[c + 1]) continue;
        id = longest_at(m, v, (wu_str){s.p + i, s.n - i});
        if (id >= 0) {
            *at = i;
            return id;
        }
    }
    *at = s.n;
    return -1;
}
