/* attention.c - cuts attention into units and hands them to the pool (attention.h, attn_impl.h).
 *
 * Everything before the units is a plan: tiles of queries, which rows of keys
 * are seen at all, and where packed keys and queries lie in scratch.  It is
 * made by the calling thread and costs about as much as one tile. */
#include "kernels/attention.h"

#include "base/arena.h"
#include "kernels/attn_impl.h"
#include "kernels/compute_impl.h"

#include <sched.h>
#include <string.h>

_Static_assert((int)WU_ATTN_MEM <= (int)SCRATCH_BYTES, "a unit works in its thread's scratch");

static const wu_attn_ops *choose(const wu_compute *c, wu_dtype type) {
    return type == WU_BF16 ? c->attn_bf16 : c->attn_f32;
}

/* ---- plan ---- */

static size_t round_up(size_t n) { return (n + 63) / 64 * 64; }

/* Where the parts of scratch begin; `end` is their sum. */
typedef struct layout {
    size_t tile, seen, done, keys, queries, end;
    size_t key_bytes, query_bytes;
} layout;

static layout lay_out(const wu_attn_ops *ops, const wu_attention *a, int32_t n_tile, int32_t n_key,
                      bool backward) {
    const size_t n_block = (size_t)(n_key + WU_ATTN_BLOCK - 1) / WU_ATTN_BLOCK;
    layout l = {0};
    l.key_bytes = ops->key_bytes(a, backward);
    l.query_bytes = backward ? ops->query_bytes(a) : 0;
    l.seen = l.tile + round_up((size_t)n_tile * sizeof(wu_attn_tile));
    l.done = l.seen + round_up((size_t)n_key);
    l.keys =
        l.done + (backward ? round_up((size_t)n_tile * (size_t)a->n_kv * sizeof(atomic_int)) : 0);
    l.queries = l.keys + n_block * (size_t)a->n_kv * l.key_bytes;
    l.end = l.queries + (size_t)n_tile * (size_t)a->n_head * l.query_bytes;
    return l;
}

size_t wu_attention_bytes(const wu_compute *c, const wu_attention *shape, int32_t n_query,
                          int32_t n_key, int32_t n_run, bool backward) {
    const wu_attn_ops *ops = choose(c, shape->type);
    return lay_out(ops, shape, n_query / WU_ATTN_TILE + n_run, n_key, backward).end;
}

static int32_t count_tiles(const wu_attention *a) {
    int32_t n = 0;
    for (int32_t r = 0; r < a->n_run; r++) n += (a->run[r].n + WU_ATTN_TILE - 1) / WU_ATTN_TILE;
    return n;
}

static void fill_tiles(const wu_attention *a, wu_attn_tile *tile) {
    for (int32_t r = 0; r < a->n_run; r++) {
        const wu_attn_run *run = &a->run[r];
        for (int32_t i = 0; i < run->n; i += WU_ATTN_TILE)
            *tile++ =
                (wu_attn_tile){r, run->row + i, WU_MIN(run->n - i, WU_ATTN_TILE), run->pos + i};
    }
}

static void mark_seen(const wu_attn_job *j, uint8_t *seen) {
    memset(seen, 0, (size_t)j->n_key);
    for (int32_t t = 0; t < j->n_tile; t++) {
        const wu_attn_run *run = wu_attn_run_of(j, t);
        for (int32_t s = run->span; s < run->span + run->n_span; s++) {
            const wu_attn_sight v = wu_attn_see(j->a, &j->tile[t], s);
            if (v.first < v.end) memset(seen + v.first, 1, (size_t)(v.end - v.first));
        }
    }
}

static int32_t rows_of_keys(const wu_attention *a) {
    int64_t n = 0;
    for (int32_t s = 0; s < a->n_span; s++) n = WU_MAX(n, (int64_t)a->span[s].row + a->span[s].n);
    WU_ASSERT(n <= INT32_MAX);
    return (int32_t)n;
}

/* Wide strips read the queries less often, narrow ones keep more threads busy. */
static int32_t choose_spread(const wu_attn_job *j) {
    const int64_t n = (int64_t)j->n_block * j->a->n_kv / 16;
    return (int32_t)WU_MAX(1, WU_MIN(n, WU_ATTN_SPREAD));
}

static wu_attn_job plan(const wu_compute *c, const wu_attention *a, bool backward) {
    WU_ASSERT(a->n_kv > 0 && a->n_head % a->n_kv == 0);
    WU_ASSERT(a->d_head > 0 && a->d_head <= WU_ATTN_MAX_HEAD);
    WU_ASSERT(a->type == WU_F32 || a->type == WU_BF16);
    wu_attn_job j = {.a = a, .ops = choose(c, a->type), .backward = backward};
    j.group = a->n_head / a->n_kv;
    j.n_key = rows_of_keys(a);
    if (backward) {
        WU_ASSERT(j.n_key <= a->n_key);
        j.n_key = a->n_key;
    }
    j.n_tile = count_tiles(a);
    j.n_block = (j.n_key + WU_ATTN_BLOCK - 1) / WU_ATTN_BLOCK;
    j.spread = choose_spread(&j);
    const layout l = lay_out(j.ops, a, j.n_tile, j.n_key, backward);
    uint8_t *at = a->scratch;
    j.key_bytes = l.key_bytes;
    j.query_bytes = l.query_bytes;
    j.tile = (wu_attn_tile *)(void *)(at + l.tile);
    fill_tiles(a, (wu_attn_tile *)(void *)(at + l.tile));
    j.seen = at + l.seen;
    mark_seen(&j, at + l.seen);
    j.keys = at + l.keys;
    j.queries = at + l.queries;
    if (backward) {
        j.done = (atomic_int *)(void *)(at + l.done);
        for (int64_t i = 0; i < (int64_t)j.n_tile * a->n_kv; i++) atomic_init(&j.done[i], 0);
    }
    return j;
}

/* ---- units ---- */

typedef struct loop {
    wu_compute *c;
    const wu_attn_job *j;
} loop;

static void pack_block(const wu_attn_job *j, int64_t unit, void *mem) {
    const int32_t block = (int32_t)(unit / j->a->n_kv), first = block * WU_ATTN_BLOCK;
    const int32_t n = WU_MIN(j->n_key - first, WU_ATTN_BLOCK);
    if (memchr(j->seen + first, 1, (size_t)n))
        j->ops->pack_keys(j, (int32_t)(unit % j->a->n_kv), block, mem);
}

static void pack_unit(void *ctx, int64_t unit, int thread) {
    const loop *l = ctx;
    pack_block(l->j, unit, wu_compute_scratch(l->c, thread));
}

/* One key head after the other, whose keys stay in L2. Late tiles see the most keys: they come
 * first, so that the last units are short. */
static void forward_unit(void *ctx, int64_t unit, int thread) {
    const loop *l = ctx;
    const int32_t n_tile = l->j->n_tile, tile = n_tile - 1 - (int32_t)(unit % n_tile);
    l->j->ops->forward(l->j, (int32_t)(unit / n_tile), tile, wu_compute_scratch(l->c, thread));
}

static int32_t count_queries(const wu_attention *a) {
    int32_t n = 0;
    for (int32_t r = 0; r < a->n_run; r++) n += a->run[r].n;
    return n;
}

static void few_unit(void *ctx, int64_t unit, int thread) {
    const loop *l = ctx;
    int32_t query = (int32_t)(unit / l->j->a->n_kv), tile = 0;
    while (query >= l->j->tile[tile].n) query -= l->j->tile[tile++].n;
    l->j->ops->few(l->j, (int32_t)(unit % l->j->a->n_kv), tile, query,
                   wu_compute_scratch(l->c, thread));
}

void wu_attention_forward(wu_compute *c, const wu_attention *a) {
    const wu_attn_job j = plan(c, a, false);
    const int32_t n_query = count_queries(a);
    loop l = {c, &j};
    if (j.ops->few && n_query <= WU_ATTN_FEW) {
        wu_pool_for(c->pool, (int64_t)n_query * a->n_kv, few_unit, &l);
        return;
    }
    if (j.ops->pack_keys) wu_pool_for(c->pool, (int64_t)j.n_block * a->n_kv, pack_unit, &l);
    wu_pool_for(c->pool, (int64_t)j.n_tile * a->n_kv, forward_unit, &l);
}

/* Tiles of queries first, then blocks of keys. */
static void begin_unit(void *ctx, int64_t unit, int thread) {
    const loop *l = ctx;
    const int64_t n = (int64_t)l->j->n_tile * l->j->a->n_head;
    void *mem = wu_compute_scratch(l->c, thread);
    if (unit >= n) {
        pack_block(l->j, unit - n, mem);
        return;
    }
    const int32_t n_head = l->j->a->n_head;
    l->j->ops->begin(l->j, (int32_t)(unit % n_head), (int32_t)(unit / n_head), mem);
}

static wu_attn_strip strip_of(const wu_attn_job *j, int32_t strip) {
    const int32_t b0 = strip * j->spread;
    return (wu_attn_strip){b0, WU_MIN(b0 + j->spread, j->n_block)};
}

static bool sees(const wu_attn_job *j, int32_t tile, int32_t strip) {
    const wu_attn_run *run = wu_attn_run_of(j, tile);
    const wu_attn_strip b = strip_of(j, strip);
    for (int32_t s = run->span; s < run->span + run->n_span; s++) {
        const wu_attn_sight v = wu_attn_see(j->a, &j->tile[tile], s);
        if (WU_MAX(v.first, b.b0 * WU_ATTN_BLOCK) < WU_MIN(v.end, b.b1 * WU_ATTN_BLOCK))
            return true;
    }
    return false;
}

/* Until dq of the tile holds all earlier strips. Units are handed out in order, so the one that
 * is waited for runs already. */
static void wait_turn(const wu_attn_job *j, atomic_int *done, int32_t tile, int32_t strip) {
    int32_t before = strip;
    while (before > 0 && !sees(j, tile, before - 1)) before--;
    for (int i = 0; atomic_load_explicit(done, memory_order_acquire) < before; i++) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
        if (i > 1000) sched_yield();
    }
}

static void backward_unit(void *ctx, int64_t unit, int thread) {
    const loop *l = ctx;
    const wu_attn_job *j = l->j;
    const int32_t n_kv = j->a->n_kv, kv = (int32_t)(unit % n_kv), strip = (int32_t)(unit / n_kv);
    const wu_attn_strip b = strip_of(j, strip);
    void *mem = wu_compute_scratch(l->c, thread);
    j->ops->open(j, kv, b, mem);
    for (int32_t t = 0; t < j->n_tile; t++) {
        if (!sees(j, t, strip)) continue;
        atomic_int *done = &j->done[(int64_t)t * n_kv + kv];
        wait_turn(j, done, t, strip);
        j->ops->back(j, kv, t, b, mem);
        atomic_store_explicit(done, strip + 1, memory_order_release);
    }
    j->ops->close(j, kv, b, mem);
}

static void finish_unit(void *ctx, int64_t unit, int thread) {
    const loop *l = ctx;
    const int32_t n_head = l->j->a->n_head;
    l->j->ops->finish(l->j, (int32_t)(unit % n_head), (int32_t)(unit / n_head),
                      wu_compute_scratch(l->c, thread));
}

void wu_attention_backward(wu_compute *c, const wu_attention *a) {
    const wu_attn_job j = plan(c, a, true);
    const int64_t n_query = (int64_t)j.n_tile * a->n_head, n_key = (int64_t)j.n_block * a->n_kv;
    const int64_t n_strip = (j.n_block + j.spread - 1) / j.spread;
    loop l = {c, &j};
    wu_pool_for(c->pool, n_query + (j.ops->pack_keys ? n_key : 0), begin_unit, &l);
    wu_pool_for(c->pool, n_strip * a->n_kv, backward_unit, &l);
    if (j.ops->finish) wu_pool_for(c->pool, n_query, finish_unit, &l);
}
