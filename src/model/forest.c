/* forest.c - segments, and merging whole sequences into shared ones (forest.h). */
#include "model/forest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

wu_code wu_forest_create(wu_forest **out, int32_t max_row, int32_t max_seg, wu_err *err) {
    *out = NULL;
    if (max_row < 1 || max_seg < 1)
        return wu_fail(err, WU_EARG, "forest: %d rows and %d segments, want at least one of each",
                       max_row, max_seg);
    wu_forest *f = calloc(1, sizeof(*f));
    if (!f) return wu_fail(err, WU_ENOMEM, "forest: out of memory");
    f->max_row = max_row;
    f->max_seg = max_seg;
    f->seg = calloc((size_t)max_seg, sizeof(*f->seg));
    f->id = calloc((size_t)max_row, sizeof(*f->id));
    f->order = calloc(2 * (size_t)max_seg, sizeof(*f->order));
    if (!f->seg || !f->id || !f->order) {
        wu_forest_free(f);
        return wu_fail(err, WU_ENOMEM, "forest: out of memory for %d rows", max_row);
    }
    *out = f;
    return WU_OK;
}

void wu_forest_free(wu_forest *f) {
    if (!f) return;
    free(f->seg);
    free(f->id);
    free(f->order);
    free(f);
}

void wu_forest_clear(wu_forest *f) { f->n_seg = f->n_row = 0; }

wu_code wu_forest_add(int32_t *seg, wu_forest *f, int32_t parent, const wu_tokens *t, wu_err *err) {
    *seg = -1;
    const int32_t room = t->n_max ? t->n_max : t->n_tok;
    if (parent != WU_NO_PARENT && (parent < 0 || parent >= f->n_seg))
        return wu_fail(err, WU_EARG, "forest: segment %d has no parent %d", f->n_seg, parent);
    if (t->n_tok < 0 || room < t->n_tok || room < 1)
        return wu_fail(err, WU_EARG, "forest: a segment of %d tokens cannot have %d rows", t->n_tok,
                       room);
    if (f->n_seg == f->max_seg || room > f->max_row - f->n_row)
        return wu_fail(err, WU_ENOMEM,
                       "forest: %d rows more do not fit (%d of %d rows, %d of %d segments used)",
                       room, f->n_row, f->max_row, f->n_seg, f->max_seg);
    wu_segment *s = &f->seg[f->n_seg];
    *s = (wu_segment){.parent = parent, .row = f->n_row, .n_tok = t->n_tok, .n_max = room};
    if (parent != WU_NO_PARENT) {
        s->pos = f->seg[parent].pos + f->seg[parent].n_tok;
        f->seg[parent].n_kid++;
    }
    if (t->n_tok) memcpy(f->id + f->n_row, t->id, (size_t)t->n_tok * sizeof(*f->id));
    f->n_row += room;
    *seg = f->n_seg++;
    return WU_OK;
}

wu_code wu_forest_push(wu_forest *f, int32_t seg, int32_t id, wu_err *err) {
    if (seg < 0 || seg >= f->n_seg)
        return wu_fail(err, WU_EARG, "forest: there is no segment %d", seg);
    wu_segment *s = &f->seg[seg];
    if (s->n_kid)
        return wu_fail(err, WU_EARG, "forest: segment %d has children and cannot grow", seg);
    if (s->n_tok == s->n_max)
        return wu_fail(err, WU_ENOMEM, "forest: the %d rows of segment %d are used up", s->n_max,
                       seg);
    f->id[s->row + s->n_tok++] = id;
    return WU_OK;
}

void wu_forest_cut(wu_forest *f, int32_t n_seg) {
    while (f->n_seg > n_seg && f->n_seg > 0) {
        const wu_segment *s = &f->seg[--f->n_seg];
        if (s->parent != WU_NO_PARENT) f->seg[s->parent].n_kid--;
        f->n_row = s->row;
    }
}

/* ---- merging: the sequences in order[] share their first `from` tokens; each group that goes on
 * with the same token becomes one segment, as long as all of the group agree. */

typedef struct merger {
    wu_forest *f; /* NULL: only count */
    const wu_tokens *seq;
    int32_t *leaf; /* NULL when counting */
    int64_t n_row;
    int32_t n_seg;
    wu_err *err;
} merger;

static bool wants_to_grow(const wu_tokens *t) { return t->n_max > t->n_tok; }

/* A sequence that grows keeps its last token to itself. */
static bool is_alone(const wu_tokens *t, int32_t from) {
    return wants_to_grow(t) && from == t->n_tok - 1;
}

static bool goes_with(const wu_tokens *a, const wu_tokens *b, int32_t from) {
    return a->id[from] == b->id[from] && !is_alone(a, from) && !is_alone(b, from);
}

/* How many tokens from `from` on all n sequences share. */
static int32_t shared_run(const merger *m, const int32_t *order, int32_t n, int32_t from) {
    const wu_tokens *first = &m->seq[order[0]];
    int32_t end = first->n_tok - (n > 1 && wants_to_grow(first));
    for (int32_t i = 1; i < n; i++) {
        const wu_tokens *t = &m->seq[order[i]];
        const int32_t stop = WU_MIN(end, t->n_tok - wants_to_grow(t));
        int32_t j = from;
        while (j < stop && t->id[j] == first->id[j]) j++;
        end = j;
    }
    return end - from;
}

static wu_code merge_group(merger *m, int32_t *order, int32_t *spare, int32_t n, int32_t from,
                           int32_t parent);

/* Splits order[0..n) into those that go with the first and the rest, both in their order. */
static int32_t split_off(const merger *m, int32_t *order, int32_t *spare, int32_t n, int32_t from) {
    const wu_tokens *first = &m->seq[order[0]];
    int32_t n_with = 1, n_rest = 0;
    for (int32_t i = 1; i < n; i++) {
        if (goes_with(first, &m->seq[order[i]], from))
            order[n_with++] = order[i];
        else
            spare[n_rest++] = order[i];
    }
    memcpy(order + n_with, spare, (size_t)n_rest * sizeof(*order));
    return n_with;
}

static wu_code merge_segment(merger *m, int32_t *order, int32_t *spare, int32_t n, int32_t from,
                             int32_t parent) {
    const wu_tokens *first = &m->seq[order[0]];
    const int32_t run = shared_run(m, order, n, from);
    const int32_t grow = n == 1 && wants_to_grow(first) ? first->n_max - first->n_tok : 0;
    int32_t seg = m->n_seg;
    m->n_seg++;
    m->n_row += run + grow;
    if (m->f) {
        const wu_tokens t = {first->id + from, run, run + grow};
        const wu_code rc = wu_forest_add(&seg, m->f, parent, &t, m->err);
        if (rc) return rc;
    }
    int32_t n_open = 0; /* sequences that go on */
    for (int32_t i = 0; i < n; i++) {
        const int32_t k = order[i];
        if (m->seq[k].n_tok > from + run)
            order[n_open++] = k;
        else if (m->leaf)
            m->leaf[k] = seg;
    }
    return merge_group(m, order, spare, n_open, from + run, seg);
}

static wu_code merge_group(merger *m, int32_t *order, int32_t *spare, int32_t n, int32_t from,
                           int32_t parent) {
    while (n > 0) {
        const int32_t n_with = split_off(m, order, spare, n, from);
        const wu_code rc = merge_segment(m, order, spare, n_with, from, parent);
        if (rc) return rc;
        order += n_with;
        n -= n_with;
    }
    return WU_OK;
}

wu_code wu_forest_merge(wu_forest *f, const wu_tokens *seq, int32_t n_seq, int32_t *leaf,
                        wu_err *err) {
    if (n_seq > f->max_seg)
        return wu_fail(err, WU_ENOMEM, "forest: %d sequences do not fit into %d segments", n_seq,
                       f->max_seg);
    for (int32_t i = 0; i < n_seq; i++) {
        if (seq[i].n_tok < 1) return wu_fail(err, WU_EARG, "forest: sequence %d is empty", i);
        f->order[i] = i;
    }
    merger m = {.f = f, .seq = seq, .leaf = leaf, .err = err};
    const int32_t n_seg = f->n_seg;
    const wu_code rc = merge_group(&m, f->order, f->order + f->max_seg, n_seq, 0, WU_NO_PARENT);
    if (rc) wu_forest_cut(f, n_seg);
    return rc;
}

int64_t wu_forest_count(const wu_tokens *seq, int32_t n_seq, int32_t *n_seg) {
    if (n_seg) *n_seg = 0;
    if (n_seq < 1) return 0;
    int32_t *order = malloc(2 * (size_t)n_seq * sizeof(*order));
    if (!order) return -1;
    for (int32_t i = 0; i < n_seq; i++) order[i] = i;
    merger m = {.seq = seq};
    (void)merge_group(&m, order, order + n_seq, n_seq, 0, WU_NO_PARENT);
    free(order);
    if (n_seg) *n_seg = m.n_seg;
    return m.n_row;
}

int32_t wu_forest_row(const wu_forest *f, int32_t leaf, int32_t t) {
    int32_t s = leaf;
    while (s != WU_NO_PARENT && t < f->seg[s].pos) s = f->seg[s].parent;
    WU_ASSERT(s != WU_NO_PARENT && t < f->seg[s].pos + f->seg[s].n_tok);
    return f->seg[s].row + t - f->seg[s].pos;
}

int32_t wu_forest_length(const wu_forest *f, int32_t leaf) {
    return f->seg[leaf].pos + f->seg[leaf].n_tok;
}
