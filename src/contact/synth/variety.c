/* variety.c - how varied the words of simulated calls are (probe_impl.h).
 *
 *   distinct turns   different texts of turns / turns
 *   new turns        of the turns of the second half that have eight words and are no formulas
 *                    (greetings, notices, farewells), the share with a sequence of eight words that
 *                    does not occur in the first half
 *   new sequences    of their sequences of eight words themselves
 *   self-BLEU-4      mean over 200 turns of at least four words, each of another call, of BLEU-4
 *                    against the other 199 as references, without brevity penalty: the references
 *                    have all lengths. By this measure people's service chats (STAR) have 0.56
 *   copies           conversations of the second half with the same words as one of the first, or
 *                    with a similarity of 0.8 (contact/set/shingle.h, found by its bands) */
#include "base/hash.h"
#include "contact/exact.h"
#include "contact/set/shingle.h"
#include "contact/synth/acts.h"
#include "contact/synth/probe_impl.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 200, GRAM = 8, ORDERS = 4 };

typedef struct list { /* hashes that grow */
    uint64_t *v;
    int64_t n, max;
} list;

typedef struct band {
    uint64_t hash;
    int32_t call;
} band;

struct wu_variety {
    int32_t n_call, i;
    list turn, call;
    list known;          /* grams of the first half */
    list fresh, of_turn; /* grams of the second, and the turn of each */
    int64_t n_long;      /* turns of the second that have grams */
    list sample[SAMPLE]; /* hashes of words of a turn */
    band *band;
    int64_t n_band, max_band;
    wu_shingles *set;           /* [n_call] */
    int32_t *n_turn;            /* [n_call] */
    int64_t words[2], turns[2]; /* agent, customer */
    list word;                  /* of the turn at hand */
};

static wu_code push(list *l, uint64_t v) {
    if (l->n == l->max) {
        const int64_t more = l->max ? 2 * l->max : 64;
        uint64_t *p = realloc(l->v, (size_t)more * sizeof(*p));
        if (!p) return WU_ENOMEM;
        l->v = p;
        l->max = more;
    }
    l->v[l->n++] = v;
    return WU_OK;
}

static int ascending(const void *a_, const void *b_) {
    const uint64_t a = *(const uint64_t *)a_, b = *(const uint64_t *)b_;
    return a < b ? -1 : a > b;
}

/* Sorts; the number of different values. */
static int64_t distinct(list *l) {
    int64_t n = 0;
    if (l->n > 0) qsort(l->v, (size_t)l->n, sizeof(*l->v), ascending);
    for (int64_t i = 0; i < l->n; i++) n += i == 0 || l->v[i] != l->v[i - 1];
    return n;
}

wu_code wu_variety_create(wu_variety **out, int32_t n_call) {
    wu_variety *v = calloc(1, sizeof(*v));
    *out = v;
    if (!v) return WU_ENOMEM;
    v->n_call = n_call;
    v->set = calloc((size_t)n_call + 1, sizeof(*v->set));
    v->n_turn = calloc((size_t)n_call + 1, sizeof(*v->n_turn));
    if (v->set && v->n_turn) return WU_OK;
    wu_variety_free(v);
    *out = NULL;
    return WU_ENOMEM;
}

void wu_variety_free(wu_variety *v) {
    if (!v) return;
    free(v->turn.v);
    free(v->call.v);
    free(v->known.v);
    free(v->fresh.v);
    free(v->of_turn.v);
    free(v->word.v);
    for (int i = 0; i < SAMPLE; i++) free(v->sample[i].v);
    for (int32_t i = 0; v->set && i < v->n_call; i++) wu_shingles_free(&v->set[i]);
    free(v->set);
    free(v->n_turn);
    free(v->band);
    free(v);
}

/* ------------------------------------------------------------------------------ taking in */

static bool is_letter(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '\'' || c >= 0x80;
}

/* Hashes of the words of a text into v->word. */
static wu_code take_words(wu_variety *v, wu_str text) {
    v->word.n = 0;
    for (size_t i = 0; i < text.n;) {
        uint64_t h = 0xCBF29CE484222325u;
        const size_t start = i;
        for (; i < text.n && is_letter((unsigned char)text.p[i]); i++) {
            const unsigned char c = (unsigned char)text.p[i];
            h = (h ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 0x100000001B3u;
        }
        if (i == start)
            i++;
        else if (push(&v->word, h))
            return WU_ENOMEM;
    }
    return WU_OK;
}

static bool is_formula(const wu_synth_call *c, int32_t turn) {
    static const wu_act formula[] = {WU_ACT_A_GREET,    WU_ACT_A_GREET_POOR, WU_ACT_A_QUEUE_SORRY,
                                     WU_ACT_A_DISCLOSE, WU_ACT_A_SURVEY,     WU_ACT_A_CLOSE};
    for (int32_t i = 0; i < c->n_use; i++) {
        if (c->use[i].turn != turn) continue;
        const int32_t act = c->use[i].act;
        if (act < 0) return true; /* what the industry must say */
        for (size_t k = 0; k < WU_LEN(formula); k++)
            if (act == (int32_t)formula[k]) return true;
        if (act < WU_N_ACT && (wu_acts[act].name[0] == 'b' || wu_acts[act].name[0] == 's'))
            return true;
    }
    return false;
}

static wu_code take_grams(wu_variety *v) {
    const bool second = v->i >= v->n_call / 2;
    wu_code rc = WU_OK;
    if (v->word.n < GRAM) return WU_OK;
    v->n_long += second;
    for (int64_t i = 0; !rc && i + GRAM <= v->word.n; i++) {
        const uint64_t h = wu_hash64(v->word.v + i, GRAM * sizeof(*v->word.v));
        rc = push(second ? &v->fresh : &v->known, h);
        if (!rc && second) rc = push(&v->of_turn, (uint64_t)v->n_long - 1);
    }
    return rc;
}

/* One turn of each of the first calls: from a place that differs from call to call, the next one of
 * at least four words. */
static wu_code take_sample(wu_variety *v, int32_t turn, int32_t n_turn) {
    wu_code rc = WU_OK;
    if (v->i >= SAMPLE || v->sample[v->i].n > 0 || v->word.n < ORDERS) return WU_OK;
    if (turn < (int32_t)((uint32_t)v->i * 2654435761u % (uint32_t)n_turn)) return WU_OK;
    for (int64_t k = 0; !rc && k < v->word.n; k++) rc = push(&v->sample[v->i], v->word.v[k]);
    return rc;
}

static wu_code take_turn(wu_variety *v, const wu_synth_call *c, int32_t i) {
    const wu_turn *t = &c->conversation.turn[i];
    const wu_party_role role = wu_turn_role(&c->conversation, t);
    wu_code rc = push(&v->turn, wu_hash64(t->text.p, t->text.n));
    if (!rc) rc = take_words(v, t->text);
    if (role == WU_PARTY_AGENT || role == WU_PARTY_CUSTOMER) {
        v->words[role == WU_PARTY_CUSTOMER] += v->word.n;
        v->turns[role == WU_PARTY_CUSTOMER]++;
    }
    if (!rc) rc = take_sample(v, i, c->conversation.n_turn);
    if (!rc && !is_formula(c, i)) rc = take_grams(v);
    return rc;
}

static wu_code take_bands(wu_variety *v) {
    uint32_t sketch[WU_SKETCH];
    const wu_bands shape = wu_bands_for(0.8);
    wu_sketch_of(sketch, &v->set[v->i]);
    if (v->n_band + shape.n_band > v->max_band) {
        const int64_t more = 2 * v->max_band + 4096;
        band *p = realloc(v->band, (size_t)more * sizeof(*p));
        if (!p) return WU_ENOMEM;
        v->band = p;
        v->max_band = more;
    }
    for (int32_t k = 0; k < shape.n_band; k++)
        v->band[v->n_band++] = (band){wu_band_hash(sketch, shape, k), v->i};
    return WU_OK;
}

wu_code wu_variety_add(wu_variety *v, const wu_synth_call *call) {
    wu_buf text = {0};
    wu_code rc = WU_OK;
    v->n_turn[v->i] = call->conversation.n_turn;
    for (int32_t i = 0; !rc && i < call->conversation.n_turn; i++) rc = take_turn(v, call, i);
    if (!rc) rc = wu_conversation_render(&text, &call->conversation);
    if (!rc) rc = push(&v->call, wu_hash64(text.p, text.n));
    if (!rc) rc = wu_shingles_of(&v->set[v->i], wu_buf_view(&text));
    if (!rc) rc = take_bands(v);
    wu_buf_free(&text);
    v->i++;
    return rc;
}

/* ------------------------------------------------------------------------------- shares */

static bool has(const list *sorted, uint64_t h) {
    return sorted->n > 0 &&
           bsearch(&h, sorted->v, (size_t)sorted->n, sizeof(*sorted->v), ascending) != NULL;
}

static void novelty(wu_variety *v, wu_probe_set *out) {
    int64_t fresh = 0, turns = 0;
    uint64_t last = UINT64_MAX;
    (void)distinct(&v->known);
    for (int64_t i = 0; i < v->fresh.n; i++) {
        if (has(&v->known, v->fresh.v[i])) continue;
        fresh++;
        turns += v->of_turn.v[i] != last;
        last = v->of_turn.v[i];
    }
    out->new_sequences = (double)fresh / (double)WU_MAX(1, v->fresh.n);
    out->new_turns = (double)turns / (double)WU_MAX(1, v->n_long);
}

typedef struct gram {
    uint64_t hash;
    int32_t call, count;
} gram;

static int by_gram(const void *a_, const void *b_) {
    const gram *a = a_, *b = b_;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return a->call < b->call ? -1 : a->call > b->call;
}

/* Clipped and all counts of grams of one order, by call. */
static wu_code clip_counts(const wu_variety *v, int order, int64_t clipped[SAMPLE],
                           int64_t all[SAMPLE]) {
    int64_t n = 0, m = 0;
    for (int i = 0; i < SAMPLE; i++) n += v->sample[i].n;
    gram *g = malloc(((size_t)n + 1) * sizeof(*g));
    if (!g) return WU_ENOMEM;
    n = 0;
    for (int32_t i = 0; i < SAMPLE; i++) {
        clipped[i] = all[i] = 0;
        for (int64_t k = 0; k + order <= v->sample[i].n; k++)
            g[n++] = (gram){wu_hash64(v->sample[i].v + k, (size_t)order * sizeof(uint64_t)), i, 1};
    }
    if (n > 0) qsort(g, (size_t)n, sizeof(*g), by_gram);
    for (int64_t i = 0; i < n; i++) {
        if (m > 0 && g[m - 1].hash == g[i].hash && g[m - 1].call == g[i].call)
            g[m - 1].count++;
        else
            g[m++] = g[i];
    }
    for (int64_t i = 0, k; i < m; i = k) { /* the two largest counts of a gram */
        int32_t first = 0, second = 0, whose = -1;
        for (k = i; k < m && g[k].hash == g[i].hash; k++) {
            if (g[k].count > first) {
                second = first;
                first = g[k].count;
                whose = g[k].call;
            } else if (g[k].count > second) {
                second = g[k].count;
            }
        }
        for (int64_t q = i; q < k; q++) {
            const int32_t other = g[q].call == whose ? second : first;
            clipped[g[q].call] += WU_MIN(g[q].count, other);
            all[g[q].call] += g[q].count;
        }
    }
    free(g);
    return WU_OK;
}

static wu_code self_bleu(const wu_variety *v, double *out) {
    double sum[SAMPLE] = {0};
    int64_t clipped[SAMPLE], all[SAMPLE];
    const int n = v->i < SAMPLE ? v->i : SAMPLE;
    for (int order = 1; order <= ORDERS; order++) {
        const wu_code rc = clip_counts(v, order, clipped, all);
        if (rc) return rc;
        for (int i = 0; i < n; i++) /* without any in common: half a gram, as is usual */
            sum[i] += all[i]
                          ? wu_exact_log((clipped[i] ? (double)clipped[i] : 0.5) / (double)all[i])
                          : -20.0;
    }
    int taken = 0;
    *out = 0.0;
    for (int i = 0; i < n; i++) {
        if (v->sample[i].n == 0) continue; /* a call without such a turn */
        *out += wu_exact_exp(sum[i] / ORDERS);
        taken++;
    }
    *out /= WU_MAX(1, taken);
    return WU_OK;
}

static int by_band(const void *a_, const void *b_) {
    const band *a = a_, *b = b_;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return a->call < b->call ? -1 : a->call > b->call;
}

static wu_code copies(wu_variety *v, wu_probe_set *out) {
    enum { NEAR = 1, EXACT };
    const int32_t half = v->n_call / 2;
    uint8_t *seen = calloc((size_t)v->n_call + 1, 1);
    int64_t exact = 0, near = 0;
    if (!seen) return WU_ENOMEM;
    if (v->n_band > 0) qsort(v->band, (size_t)v->n_band, sizeof(*v->band), by_band);
    for (int64_t i = 0, first = 0; i < v->n_band; i++) {
        if (v->band[i].hash != v->band[first].hash) first = i;
        const int32_t a = v->band[first].call, b = v->band[i].call;
        if (a >= half || b < half || seen[b] == EXACT) continue;
        const bool same = v->set[a].text == v->set[b].text;
        if (!same && (seen[b] || wu_shingles_similarity(&v->set[a], &v->set[b]) < 0.8)) continue;
        exact += same;
        near += !seen[b];
        seen[b] = same ? EXACT : NEAR;
    }
    free(seen);
    out->exact_copies = (double)exact / (double)WU_MAX(1, v->n_call - half);
    out->near_copies = (double)near / (double)WU_MAX(1, v->n_call - half);
    return WU_OK;
}

static int by_count(const void *a, const void *b) {
    return (*(const int32_t *)a > *(const int32_t *)b) -
           (*(const int32_t *)a < *(const int32_t *)b);
}

wu_code wu_variety_finish(wu_variety *v, wu_probe_set *out) {
    static const double at[3] = {0.05, 0.5, 0.995};
    out->n_turn = v->turn.n;
    out->n_distinct_turn = distinct(&v->turn);
    out->n_distinct_call = distinct(&v->call);
    novelty(v, out);
    qsort(v->n_turn, (size_t)v->n_call, sizeof(*v->n_turn), by_count);
    for (int i = 0; i < 3; i++) out->turns[i] = v->n_turn[(int32_t)(at[i] * (v->n_call - 1))];
    for (int i = 0; i < 2; i++)
        out->words[i] = v->turns[i] ? (double)v->words[i] / (double)v->turns[i] : 0.0;
    const wu_code rc = self_bleu(v, &out->self_bleu);
    return rc ? rc : copies(v, out);
}
