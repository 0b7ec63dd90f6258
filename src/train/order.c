/* order.c - passes over the examples (order.h). */
#include "train/order.h"

#include "base/rng.h"

#include <stdlib.h>

/* ---- numpy's legacy generator, for mlx-lm's order -------------------------------------------- */

enum { MT_WORDS = 624, MT_SHIFT = 397 };

typedef struct twister { /* Mersenne Twister (Matsumoto and Nishimura, 1998) */
    uint32_t s[MT_WORDS];
    int at;
} twister;

static void twister_seed(twister *t, uint32_t seed) {
    t->s[0] = seed;
    for (uint32_t i = 1; i < MT_WORDS; i++)
        t->s[i] = 1812433253u * (t->s[i - 1] ^ (t->s[i - 1] >> 30)) + i;
    t->at = MT_WORDS;
}

static uint32_t twister_next(twister *t) {
    if (t->at == MT_WORDS) {
        for (int i = 0; i < MT_WORDS; i++) {
            const uint32_t y = (t->s[i] & 0x80000000u) | (t->s[(i + 1) % MT_WORDS] & 0x7fffffffu);
            t->s[i] = t->s[(i + MT_SHIFT) % MT_WORDS] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
        }
        t->at = 0;
    }
    uint32_t y = t->s[t->at++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

/* Uniform in [0, last]: as many low bits as last needs, drawn until they fit. */
static uint32_t twister_upto(twister *t, uint32_t last) {
    uint32_t mask = last, v;
    for (int s = 1; s <= 16; s *= 2) mask |= mask >> s;
    do v = twister_next(t) & mask;
    while (v > last);
    return v;
}

/* ---- orders ---------------------------------------------------------------------------------- */

struct wu_order {
    const wu_dataset *d;
    wu_order_kind kind;
    int32_t batch;
    uint64_t seed, pass;
    int32_t n, at;     /* examples of a pass; where the next batch begins */
    int32_t *index;    /* [d->n] the pass at hand */
    int32_t *by_group; /* [d->n] examples sorted by group */
    int32_t *first;    /* [n_group + 1] where a group begins in by_group */
    int32_t *shuffled; /* [max(n_group, n)] groups or batches in their new order */
    twister mt;
};

static void sort_by_group(wu_order *o) {
    for (int32_t i = 0; i < o->d->n; i++) o->first[o->d->ex[i].group + 1]++;
    for (int32_t g = 0; g < o->d->n_group; g++) o->first[g + 1] += o->first[g];
    for (int32_t i = 0; i < o->d->n; i++) o->by_group[o->first[o->d->ex[i].group]++] = i;
    for (int32_t g = o->d->n_group; g > 0; g--) o->first[g] = o->first[g - 1];
    o->first[0] = 0;
}

/* Lays out the next pass. */
static void begin_pass(wu_order *o) {
    const int32_t n_chunk = o->kind == WU_ORDER_MLX ? o->n / o->batch : o->d->n_group;
    int32_t at = 0;
    for (int32_t i = 0; i < n_chunk; i++) o->shuffled[i] = i;
    if (o->kind == WU_ORDER_CONVERSATIONS) {
        wu_rng rng = wu_rng_init(o->seed, o->pass);
        wu_rng_shuffle(&rng, o->shuffled, n_chunk);
    }
    if (o->kind == WU_ORDER_MLX)
        for (int32_t i = n_chunk - 1; i > 0; i--) {
            const int32_t j = (int32_t)twister_upto(&o->mt, (uint32_t)i), t = o->shuffled[i];
            o->shuffled[i] = o->shuffled[j];
            o->shuffled[j] = t;
        }
    for (int32_t c = 0; c < n_chunk; c++) {
        const int32_t g = o->shuffled[c];
        if (o->kind == WU_ORDER_MLX)
            for (int32_t k = 0; k < o->batch; k++) o->index[at++] = g * o->batch + k;
        else
            for (int32_t k = o->first[g]; k < o->first[g + 1]; k++) o->index[at++] = o->by_group[k];
    }
    o->pass++;
    o->at = 0;
}

wu_code wu_order_create(wu_order **out, const wu_dataset *d, wu_order_kind kind, int32_t batch,
                        uint64_t seed, wu_err *err) {
    const char *path = d->path ? d->path : "examples";
    const size_t n = (size_t)d->n, n_group = (size_t)d->n_group;

    *out = NULL;
    if (batch < 1) return wu_fail(err, WU_EARG, "batch size is %d, want at least 1", batch);
    if (d->n < 1) return wu_fail(err, WU_EDATA, "%s: has no examples", path);
    if (kind == WU_ORDER_MLX && d->n < batch)
        return wu_fail(err, WU_EDATA,
                       "%s: has %d examples, fewer than a batch of %d (mlx-lm's order needs one)",
                       path, d->n, batch);
    wu_order *o = calloc(1, sizeof(*o));
    if (!o) return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    *o = (wu_order){.d = d, .kind = kind, .batch = batch, .seed = seed};
    o->index = calloc(n, sizeof(*o->index));
    o->by_group = calloc(n, sizeof(*o->by_group));
    o->first = calloc(n_group + 2, sizeof(*o->first));
    o->shuffled = calloc(WU_MAX(n, n_group), sizeof(*o->shuffled));
    if (!o->index || !o->by_group || !o->first || !o->shuffled) {
        wu_order_free(o);
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    }
    o->n = kind == WU_ORDER_MLX ? d->n / batch * batch : d->n;
    o->at = o->n;
    sort_by_group(o);
    twister_seed(&o->mt, (uint32_t)seed);
    *out = o;
    return WU_OK;
}

void wu_order_free(wu_order *o) {
    if (!o) return;
    free(o->index);
    free(o->by_group);
    free(o->first);
    free(o->shuffled);
    free(o);
}

int32_t wu_order_next(wu_order *o, const int32_t **index) {
    if (o->at == o->n) begin_pass(o);
    const int32_t n = WU_MIN(o->batch, o->n - o->at);
    *index = o->index + o->at;
    o->at += n;
    return n;
}

int64_t wu_order_length(const wu_order *o) { return ((int64_t)o->n + o->batch - 1) / o->batch; }
