/* deal.c - groups are dealt out to parts (deal.h). */
#include "contact/set/deal.h"

#include "base/rng.h"

#include <stdlib.h>

void wu_shares(int64_t *want, const double *share, int n_part, int64_t total) {
    double rest[WU_PARTS_MAX] = {0};
    int64_t given = 0;
    for (int p = 0; p < n_part; p++) {
        const double exact = share[p] * (double)total;
        want[p] = (int64_t)(exact + 1e-9);
        rest[p] = share[p] > 0.0 ? exact - (double)want[p] : -2.0;
        given += want[p];
    }
    for (; given < total; given++) {
        int best = 0;
        for (int p = 1; p < n_part; p++)
            if (rest[p] > rest[best] + 1e-9) best = p;
        want[best]++;
        rest[best] -= 1.0;
    }
    for (int p = 0; p < n_part; p++) { /* nobody goes empty while another one has two */
        int most = 0;
        if (share[p] <= 0.0 || want[p] > 0) continue;
        for (int q = 1; q < n_part; q++)
            if (want[q] > want[most]) most = q;
        if (want[most] < 2) continue;
        want[most]--;
        want[p]++;
    }
}

/* ------------------------------------------------------------------------------ the order */

typedef struct place {
    uint64_t first, second; /* ascending */
    int32_t group;
} place;

static int by_place(const void *a_, const void *b_) {
    const place *a = a_, *b = b_;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    if (a->second != b->second) return a->second < b->second ? -1 : 1;
    return a->group - b->group;
}

/* Categories at random: otherwise the first of them would always begin with the same part. */
static uint64_t stratum(const wu_unit *x, uint64_t seed) {
    wu_rng rng = wu_rng_init(seed ^ 0x7374726174756dULL, x->label[WU_LABEL_CATEGORY]);
    const uint64_t category = (wu_rng_u64(&rng) >> 40 << 8) | x->label[WU_LABEL_CATEGORY];
    return category << 24 | (uint64_t)x->label[WU_LABEL_CSAT] << 16 |
           (uint64_t)x->label[WU_LABEL_RATING] << 8 | x->label[WU_LABEL_RISK];
}

static place *make_order(const wu_units *u, const wu_deal *d, bool by_time, wu_err *err) {
    place *order = malloc((size_t)WU_MAX(u->n_group, 1) * sizeof(*order));
    if (!order) {
        wu_fail(err, WU_ENOMEM, "order of the conversations: out of memory");
        return NULL;
    }
    for (int32_t i = 0; i < u->n_group; i++) {
        const wu_group *g = &u->group[i];
        const uint64_t time = (uint64_t)g->time_s ^ (uint64_t)1 << 63; /* negative ones first */
        order[i] = (place){by_time ? time : stratum(&u->unit[g->unit], d->seed), g->key, i};
    }
    qsort(order, (size_t)u->n_group, sizeof(*order), by_place);
    return order;
}

/* ------------------------------------------------------------------------------ dealing */

typedef struct table {
    const wu_deal *d;
    int64_t have[WU_PARTS_MAX];
    double ahead[WU_PARTS_MAX]; /* a random start, less than one group */
    int64_t dealt, total;
    int32_t left; /* groups not dealt yet */
} table;

static int64_t size_of(const wu_group *g, const wu_deal *d) {
    return d->examples ? g->n_example : g->n_unit;
}

static int n_empty(const table *t) {
    int n = 0;
    for (int p = 0; p < t->d->n_part; p++) n += t->d->want[p] > 0 && t->have[p] == 0;
    return n;
}

/* The part furthest behind; among those that have room for it, if there are any. */
static int choose(const table *t, int64_t size) {
    const bool last_chance = n_empty(t) >= t->left;
    int best = -1;
    bool best_fits = false;
    double most = 0.0;
    for (int p = 0; p < t->d->n_part; p++) {
        const int64_t want = t->d->want[p];
        if (want == 0 || (last_chance && t->have[p] > 0)) continue;
        const bool fits = t->have[p] + size <= want;
        if (t->d->at_most && p == 0 && !fits) continue;
        const double behind = (double)want * (double)(t->dealt + size) / (double)t->total +
                              t->ahead[p] - (double)t->have[p];
        if (best >= 0 && (best_fits && !fits)) continue;
        if (best >= 0 && best_fits == fits && !(behind > most)) continue;
        best = p;
        best_fits = fits;
        most = behind;
    }
    return best >= 0 ? best : t->d->n_part - 1;
}

static void begin(table *t, const wu_units *u, const wu_deal *d) {
    wu_rng rng = wu_rng_init(d->seed, 0x6465616cULL);
    *t = (table){.d = d, .left = u->n_group};
    for (int32_t i = 0; i < u->n_group; i++) t->total += size_of(&u->group[i], d);
    for (int p = 0; p < d->n_part; p++) t->ahead[p] = wu_rng_unit(&rng) - 0.5;
}

static void put(table *t, wu_group *g, int part) {
    g->part = part;
    t->have[part] += size_of(g, t->d);
    t->dealt += size_of(g, t->d);
    t->left--;
}

/* What still fits into part 0, when large groups left it short. */
static void top_up(table *t, wu_units *u, const place *order) {
    for (int32_t i = 0; i < u->n_group; i++) {
        wu_group *g = &u->group[order[i].group];
        const int64_t size = size_of(g, t->d);
        if (g->part == 0 || t->have[0] + size > t->d->want[0]) continue;
        g->part = 0;
        t->have[0] += size;
    }
}

wu_code wu_deal_by_label(wu_units *u, const wu_deal *d, wu_err *err) {
    table t;
    place *order = make_order(u, d, false, err);
    if (!order) return WU_ENOMEM;
    begin(&t, u, d);
    for (int32_t i = 0; i < u->n_group; i++) {
        wu_group *g = &u->group[order[i].group];
        put(&t, g, choose(&t, size_of(g, d)));
    }
    if (d->at_most) top_up(&t, u, order);
    free(order);
    return WU_OK;
}

wu_code wu_deal_by_time(wu_units *u, const wu_deal *d, wu_err *err) {
    table t;
    int part = 0;
    place *order = make_order(u, d, true, err);
    if (!order) return WU_ENOMEM;
    begin(&t, u, d);
    for (int32_t i = 0; i < u->n_group; i++) {
        const bool others_wait = t.have[part] > 0 && n_empty(&t) >= t.left;
        while (part < d->n_part - 1 && (t.have[part] >= d->want[part] || others_wait)) {
            part++;
            if (d->want[part] > 0 && t.have[part] < d->want[part]) break;
        }
        put(&t, &u->group[order[i].group], part);
    }
    free(order);
    return WU_OK;
}
