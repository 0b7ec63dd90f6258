/* dataset.c - storage and groups of examples (dataset.h). */
#include "train/dataset.h"

#include "base/arena.h"
#include "train/share.h"

#include <stdlib.h>
#include <string.h>

wu_code wu_dataset_create(wu_dataset **out, const char *path, wu_err *err) {
    wu_dataset *d = calloc(1, sizeof(*d));
    *out = NULL;
    if (d && path) d->path = strdup(path);
    if (!d || (path && !d->path)) {
        wu_dataset_free(d);
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", path ? path : "examples");
    }
    *out = d;
    return WU_OK;
}

void wu_dataset_free(wu_dataset *d) {
    if (!d) return;
    free(d->id);
    free(d->ex);
    free(d->path);
    free(d);
}

/* *p has room for `want` elements; false when memory is out. */
static bool grow(void **p, int64_t *cap, int64_t want, size_t size) {
    size_t bytes = 0;
    const int64_t more = WU_MAX(want, *cap + *cap / 2 + 64);
    if (want <= *cap) return true;
    if (!wu_mul_size(&bytes, (size_t)more, size)) return false;
    void *q = realloc(*p, bytes);
    if (!q) return false;
    *p = q;
    *cap = more;
    return true;
}

wu_code wu_dataset_add(wu_dataset *d, const int32_t *id, const wu_example *ex, wu_err *err) {
    int64_t cap = d->cap;
    if (ex->n_tok < 2 || ex->answer < 1 || ex->answer >= ex->n_tok || !(ex->weight > 0.0f))
        return wu_fail(err, WU_EARG, "example of %d tokens, answer at %d, weight %g: no targets",
                       ex->n_tok, ex->answer, (double)ex->weight);
    void *ids = d->id, *list = d->ex;
    const bool fits = d->n < INT32_MAX - 1 &&
                      grow(&ids, &d->cap_id, d->n_id + ex->n_tok, sizeof(*d->id)) &&
                      grow(&list, &cap, (int64_t)d->n + 1, sizeof(*d->ex)) && cap <= INT32_MAX;
    d->id = ids;
    d->ex = list;
    if (!fits) return wu_fail(err, WU_ENOMEM, "%s: out of memory", d->path ? d->path : "examples");
    d->cap = (int32_t)cap;
    memcpy(d->id + d->n_id, id, (size_t)ex->n_tok * sizeof(*id));
    d->ex[d->n] = *ex;
    d->ex[d->n++].first = d->n_id;
    d->n_id += ex->n_tok;
    d->longest = WU_MAX(d->longest, ex->n_tok);
    return WU_OK;
}

wu_tokens wu_dataset_tokens(const wu_dataset *d, int32_t i) {
    return (wu_tokens){.id = d->id + d->ex[i].first, .n_tok = d->ex[i].n_tok};
}

int32_t wu_dataset_targets(const wu_dataset *d, int32_t i) {
    const wu_example *ex = &d->ex[i];
    return ex->n_tok - ex->answer + (ex->after != WU_NO_TOKEN);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static bool has_source(const wu_example *ex) { return ex->source.hi || ex->source.lo; }

static int compare_source(const wu_example *a, const wu_example *b) {
    if (a->source.hi != b->source.hi) return a->source.hi < b->source.hi ? -1 : 1;
    return (a->source.lo > b->source.lo) - (a->source.lo < b->source.lo);
}

/* An example while groups are sought. */
typedef struct member {
    const wu_dataset *d;
    int32_t i;
} member;

/* First those with a source_id, by it; then the others by their tokens. Equal ones keep the order
 * of the file. */
static int compare_members(const void *x, const void *y) {
    const member *a = x, *b = y;
    const wu_example *p = &a->d->ex[a->i], *q = &b->d->ex[b->i];
    int c = has_source(q) - has_source(p);
    if (!c && has_source(p)) c = compare_source(p, q);
    if (!c && !has_source(p)) {
        const wu_tokens t = wu_dataset_tokens(a->d, a->i), u = wu_dataset_tokens(b->d, b->i);
        c = wu_tokens_compare(&t, &u);
    }
    return c ? c : (a->i > b->i) - (a->i < b->i);
}

/* Do two neighbours in that order belong to one conversation? */
static bool belong_together(const wu_dataset *d, int32_t i, int32_t j) {
    enum { LEAST = 16 };
    const wu_example *a = &d->ex[i], *b = &d->ex[j];
    if (has_source(a) != has_source(b)) return false;
    if (has_source(a)) return compare_source(a, b) == 0;
    const wu_tokens t = wu_dataset_tokens(d, i), u = wu_dataset_tokens(d, j);
    /* Where everything counts there is no prompt, and the whole text is compared. */
    const int32_t p = a->answer > 1 ? a->answer : a->n_tok,
                  q = b->answer > 1 ? b->answer : b->n_tok;
    const int32_t common = wu_common_prefix(&t, &u);
    return common >= LEAST && 2 * (int64_t)common >= WU_MIN(p, q);
}

wu_code wu_dataset_group(wu_dataset *d, wu_err *err) {
    const size_t n = (size_t)d->n;
    member *m = calloc(n + 1, sizeof(*m));
    int32_t *number = calloc(n + 1, sizeof(*number)), *raw = calloc(n + 1, sizeof(*raw));
    wu_code rc = WU_OK;

    if (!m || !number || !raw) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", d->path ? d->path : "examples");
        goto done;
    }
    for (int32_t i = 0; i < d->n; i++) m[i] = (member){d, i};
    qsort(m, n, sizeof(*m), compare_members);
    int32_t group = -1;
    for (int32_t k = 0; k < d->n; k++) {
        if (k == 0 || !belong_together(d, m[k - 1].i, m[k].i)) group++;
        raw[m[k].i] = group;
    }
    d->n_group = 0; /* numbered again, in order of the file; number holds the new one plus 1 */
    for (int32_t i = 0; i < d->n; i++) {
        if (!number[raw[i]]) number[raw[i]] = ++d->n_group;
        d->ex[i].group = number[raw[i]] - 1;
    }
done:
    free(m);
    free(number);
    free(raw);
    return rc;
}

int32_t wu_dataset_group_size(const wu_dataset *d) {
    enum { LARGEST = 64 };
    int32_t count[LARGEST + 1] = {0}, best = 1;
    int32_t *size = calloc((size_t)d->n_group + 1, sizeof(*size));
    if (!size) return 1;
    for (int32_t i = 0; i < d->n; i++) size[d->ex[i].group]++;
    for (int32_t g = 0; g < d->n_group; g++)
        if (size[g] <= LARGEST) count[size[g]]++;
    for (int32_t s = 1; s <= LARGEST; s++)
        if (count[s] > 0 && count[s] >= count[best]) best = s;
    free(size);
    return best;
}
