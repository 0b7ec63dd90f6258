/* tally.c - histograms of whole numbers and counts of words (tally.h). */
#include "contact/set/tally.h"

#include <stdlib.h>
#include <string.h>

/* Beyond WU_TALLY_EXACT = 2^17 a slot is a power of two and the PART bits behind its first one. */
enum { FIRST_POWER = 17, PART_BITS = 10, PARTS = 1 << PART_BITS, LAST_POWER = 61 };

static int power_of(int64_t v) {
    int e = 0;
    while (v >>= 1) e++;
    return e;
}

static int32_t slot_of(int64_t v) {
    if (v < WU_TALLY_EXACT) return (int32_t)v;
    const int e = power_of(v);
    if (e > LAST_POWER) return WU_TALLY_EXACT + (LAST_POWER - FIRST_POWER + 1) * PARTS - 1;
    const int32_t part = (int32_t)(v >> (e - PART_BITS)) & (PARTS - 1);
    return WU_TALLY_EXACT + (e - FIRST_POWER) * PARTS + part;
}

/* The least value of a slot. */
static int64_t value_of(int32_t slot) {
    if (slot < WU_TALLY_EXACT) return slot;
    const int e = (slot - WU_TALLY_EXACT) / PARTS + FIRST_POWER;
    const int64_t part = (slot - WU_TALLY_EXACT) % PARTS;
    return (PARTS + part) << (e - PART_BITS);
}

static wu_code make_room(wu_tally *t, int32_t slot) {
    if (slot < t->n_slot) return WU_OK;
    int32_t more = t->n_slot ? t->n_slot : 128;
    while (more <= slot) more *= 2;
    int64_t *p = realloc(t->count, (size_t)more * sizeof(*p));
    if (!p) return WU_ENOMEM;
    memset(p + t->n_slot, 0, (size_t)(more - t->n_slot) * sizeof(*p));
    t->count = p;
    t->n_slot = more;
    return WU_OK;
}

wu_code wu_tally_add(wu_tally *t, int64_t value) {
    const int64_t v = value < 0 ? 0 : value;
    const int32_t slot = slot_of(v);
    const wu_code rc = make_room(t, slot);
    if (rc) return rc;
    t->count[slot]++;
    if (t->n == 0 || v < t->min) t->min = v;
    if (t->n == 0 || v > t->max) t->max = v;
    t->n++;
    t->sum = v > INT64_MAX - t->sum ? INT64_MAX : t->sum + v;
    return WU_OK;
}

void wu_tally_free(wu_tally *t) {
    free(t->count);
    *t = (wu_tally){0};
}

int64_t wu_tally_quantile(const wu_tally *t, int permille) {
    const int64_t rank = t->n / 1000 * permille + (t->n % 1000 * permille + 999) / 1000;
    int64_t seen = 0;
    if (t->n == 0 || permille <= 0) return t->min;
    if (permille >= 1000) return t->max;
    for (int32_t i = 0; i < t->n_slot; i++) {
        seen += t->count[i];
        if (seen >= rank) return value_of(i) < t->min ? t->min : value_of(i);
    }
    return t->max;
}

double wu_tally_mean(const wu_tally *t) { return t->n ? (double)t->sum / (double)t->n : 0.0; }

int64_t wu_tally_within(const wu_tally *t, int64_t lo, int64_t hi) {
    int64_t n = 0;
    if (hi < 0 || hi < lo) return 0;
    const int32_t last = slot_of(hi);
    for (int32_t i = slot_of(lo < 0 ? 0 : lo); i <= last && i < t->n_slot; i++) n += t->count[i];
    return n;
}

/* ------------------------------------------------------------------------------- words */

/* Whole characters. */
static wu_str shortened(wu_str s) {
    if (s.n <= WU_COUNTS_WORD) return s;
    size_t n = WU_COUNTS_WORD;
    while (n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
    return (wu_str){s.p, n};
}

wu_code wu_counts_add(wu_counts *c, wu_str word, int64_t of_those) {
    const wu_str s = shortened(word);
    wu_count *item = NULL;
    for (int32_t i = 0; !item && i < c->n; i++)
        if (wu_str_eq(c->item[i].word, s)) item = &c->item[i];
    if (!item && c->n < WU_COUNTS_MAX) {
        char *copy = wu_arena_alloc(&c->arena, s.n + 1);
        if (!c->item) c->item = calloc(WU_COUNTS_MAX, sizeof(*c->item));
        if (!copy || !c->item) return WU_ENOMEM;
        if (s.n > 0) memcpy(copy, s.p, s.n);
        item = &c->item[c->n++];
        *item = (wu_count){.word = {copy, s.n}};
    }
    c->n_all++;
    if (!item) {
        c->n_beyond++;
        return WU_OK;
    }
    item->n++;
    item->of_those += of_those;
    return WU_OK;
}

static int most_first(const void *a_, const void *b_) {
    const wu_count *a = a_, *b = b_;
    if (a->n != b->n) return a->n > b->n ? -1 : 1;
    const int order = memcmp(a->word.p, b->word.p, WU_MIN(a->word.n, b->word.n));
    if (order != 0) return order;
    return a->word.n < b->word.n ? -1 : a->word.n > b->word.n;
}

void wu_counts_sort(wu_counts *c) {
    if (c->n > 1) qsort(c->item, (size_t)c->n, sizeof(*c->item), most_first);
}

void wu_counts_free(wu_counts *c) {
    wu_arena_free(&c->arena);
    free(c->item);
    *c = (wu_counts){0};
}
