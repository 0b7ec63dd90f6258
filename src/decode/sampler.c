/* sampler.c - greedy and random choice of a token (sampler.h).
 *
 * Each filter keeps a beginning of the tokens in order of falling probability
 * and looks at probabilities that no other filter has changed, so the three
 * together keep the shortest of their beginnings.  A heap gives that order as
 * far as it is needed; the vocabulary is never sorted. */
#include "decode/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct entry {
    float logit;
    int32_t id;
} entry;

struct wu_sampler {
    wu_sampling s;
    wu_rng rng;
    int32_t n_vocab;
    entry *heap; /* [n_vocab]; NULL when greedy */
};

wu_code wu_sampler_create(wu_sampler **out, const wu_sampling *s, int32_t n_vocab, wu_err *err) {
    *out = NULL;
    if (n_vocab < 1) return wu_fail(err, WU_EARG, "sampler: vocabulary of %d tokens", n_vocab);
    if (!(s->temperature >= 0.0f) || isinf(s->temperature))
        return wu_fail(err, WU_EARG, "temperature is %g, want 0 or more", (double)s->temperature);
    if (!(s->top_p >= 0.0f && s->top_p <= 1.0f))
        return wu_fail(err, WU_EARG, "top-p is %g, want 0 to 1", (double)s->top_p);
    if (!(s->min_p >= 0.0f && s->min_p <= 1.0f))
        return wu_fail(err, WU_EARG, "min-p is %g, want 0 to 1", (double)s->min_p);
    if (s->top_k < 0) return wu_fail(err, WU_EARG, "top-k is %d, want 0 or more", s->top_k);

    wu_sampler *p = calloc(1, sizeof(*p));
    if (!p) return wu_fail(err, WU_ENOMEM, "sampler: out of memory");
    p->s = *s;
    p->rng = wu_rng_init(s->seed, s->stream);
    p->n_vocab = n_vocab;
    if (s->temperature > 0.0f) {
        p->heap = calloc((size_t)n_vocab, sizeof(*p->heap));
        if (!p->heap) {
            wu_sampler_free(p);
            return wu_fail(err, WU_ENOMEM, "sampler: out of memory");
        }
    }
    *out = p;
    return WU_OK;
}

void wu_sampler_free(wu_sampler *s) {
    if (!s) return;
    free(s->heap);
    free(s);
}

static bool is_allowed(const uint32_t *allowed, int32_t id) {
    return !allowed || ((allowed[id >> 5] >> (id & 31)) & 1u);
}

static int32_t pick_greedy(const wu_sampler *s, const float *logits, const uint32_t *allowed) {
    int32_t best = -1;
    float top = -INFINITY;
    for (int32_t i = 0; i < s->n_vocab; i++) {
        if (!(logits[i] > top) || !is_allowed(allowed, i)) continue;
        top = logits[i];
        best = i;
    }
    return best;
}

/* Whether a comes before b: likelier, the lower id on ties. */
static bool before(entry a, entry b) {
    return a.logit > b.logit || (a.logit == b.logit && a.id < b.id);
}

static void sink(entry *h, int32_t n, int32_t i) {
    const entry e = h[i];
    for (;;) {
        int64_t kid = 2 * (int64_t)i + 1;
        if (kid >= n) break;
        if (kid + 1 < n && before(h[kid + 1], h[kid])) kid++;
        if (!before(h[kid], e)) break;
        h[i] = h[kid];
        i = (int32_t)kid;
    }
    h[i] = e;
}

/* Moves the likeliest of the n entries to h[n - 1]. */
static void pop(entry *h, int32_t n) {
    const entry top = h[0];
    h[0] = h[n - 1];
    sink(h, n - 1, 0);
    h[n - 1] = top;
}

/* Entries that may be picked, and the largest of their logits. */
static int32_t collect(wu_sampler *s, const float *logits, const uint32_t *allowed, float *top) {
    int32_t n = 0;
    *top = -INFINITY;
    for (int32_t i = 0; i < s->n_vocab; i++) {
        if (!(logits[i] > -INFINITY) || !is_allowed(allowed, i)) continue;
        s->heap[n++] = (entry){logits[i], i};
        if (logits[i] > *top) *top = logits[i];
    }
    return n;
}

/* Leaves the entries that the filters keep at the end of the heap; returns how many. */
static int32_t filter(const wu_sampler *s, int32_t n, float top) {
    const bool by_p = s->s.top_p > 0.0f && s->s.top_p < 1.0f;
    const bool by_k = s->s.top_k > 0 && s->s.top_k < n;
    const double least =
        s->s.min_p > 0.0f ? (double)top + log((double)s->s.min_p) : -(double)INFINITY;
    if (!by_p && !by_k && !(s->s.min_p > 0.0f)) return n;

    double total = 0.0, sum = 0.0;
    for (int32_t i = 0; by_p && i < n; i++) total += exp((double)s->heap[i].logit - (double)top);
    for (int32_t i = n / 2 - 1; i >= 0; i--) sink(s->heap, n, i);
    const double limit = (double)s->s.top_p * total;
    int32_t kept = 0;
    while (kept < n) {
        const double logit = (double)s->heap[0].logit;
        if (kept > 0 && logit < least) break;
        if (by_k && kept == s->s.top_k) break;
        if (by_p && kept > 0 && sum >= limit) break;
        sum += exp(logit - (double)top);
        pop(s->heap, n - kept);
        kept++;
    }
    return kept;
}

static int32_t draw(wu_sampler *s, const entry *e, int32_t n, float top) {
    const double scale = 1.0 / (double)s->s.temperature;
    double total = 0.0, sum = 0.0;
    for (int32_t i = 0; i < n; i++) total += exp(((double)e[i].logit - (double)top) * scale);
    const double at = wu_rng_unit(&s->rng) * total;
    for (int32_t i = 0; i < n; i++) {
        sum += exp(((double)e[i].logit - (double)top) * scale);
        if (at < sum) return e[i].id;
    }
    return e[n - 1].id; /* rounding */
}

int32_t wu_sampler_pick(wu_sampler *s, const float *logits, const uint32_t *allowed) {
    if (!s->heap) return pick_greedy(s, logits, allowed);
    float top;
    const int32_t n = collect(s, logits, allowed, &top);
    if (n == 0) return -1;
    if (isinf(top)) return pick_greedy(s, logits, allowed); /* no probabilities exist */
    const int32_t kept = filter(s, n, top);
    return draw(s, s->heap + (n - kept), kept, top);
}
