/* attn_impl.h - how attention is cut into units, and what an instruction set brings for one.
 *
 * Queries of a run are cut into tiles of WU_ATTN_TILE rows, keys into blocks
 * of WU_ATTN_BLOCK rows of the forest.
 *
 *   forward   one unit for each (key head, tile): all heads of the group over
 *             all blocks that the tile sees, with running maximum and sum
 *   few       instead, when a call has hardly any queries: one unit for each
 *             (query, key head)
 *   backward  one unit for each (strip of up to WU_ATTN_SPREAD blocks, key
 *             head): dk and dv of the strip stay with the unit, while dq of a
 *             tile passes from strip to strip in order; `done` says how far it is
 *
 * so nothing is summed twice or in an order that depends on the threads. */
#ifndef WU_KERNELS_ATTN_IMPL_H
#define WU_KERNELS_ATTN_IMPL_H

#include "base/compiler.h"
#include "kernels/attention.h"

#include <stdatomic.h>

enum {
    WU_ATTN_TILE = 64,         /* queries */
    WU_ATTN_BLOCK = 64,        /* keys */
    WU_ATTN_SPREAD = 4,        /* blocks of a backward unit at most */
    WU_ATTN_MEM = 1536 * 1024, /* bytes that a unit may use as its own */
    WU_ATTN_MAX_HEAD = 256,    /* numbers in a head */
    WU_ATTN_FEW = 16           /* queries of a call that are taken one by one: decoding */
};

typedef struct wu_attn_tile {
    int32_t run;
    int32_t row, n; /* rows of q */
    int32_t pos;    /* position of the first */
} wu_attn_tile;

struct wu_attn_ops;

typedef struct wu_attn_job {
    const wu_attention *a;
    const struct wu_attn_ops *ops;
    int32_t group; /* query heads of a key head */
    int32_t n_tile, n_block, n_key;
    const wu_attn_tile *tile;
    const uint8_t *seen; /* [n_key] whether a span has the row; others are never read */
    uint8_t *keys;       /* [n_kv][n_block], key_bytes each */
    uint8_t *queries;    /* backward: [n_tile][n_head], query_bytes each */
    size_t key_bytes, query_bytes;
    int32_t spread;   /* backward: blocks in a strip */
    atomic_int *done; /* backward: [n_tile][n_kv], 1 + last strip that has been added to dq */
    bool backward;
} wu_attn_job;

/* What a tile sees of a span: query i sees rows [lo + i, hi + i) as far as they are in
 * [first, end). Nothing if first >= end. */
typedef struct wu_attn_sight {
    int32_t first, end;
    int32_t lo, hi;
} wu_attn_sight;

WU_INLINE int32_t wu_attn_clamp(int64_t v) {
    return (int32_t)(v < -0x3fffffff ? -0x3fffffff : v > 0x3fffffff ? 0x3fffffff : v);
}

WU_INLINE wu_attn_sight wu_attn_see(const wu_attention *a, const wu_attn_tile *t, int32_t span) {
    const wu_attn_span *s = &a->span[span];
    const int64_t same = (int64_t)s->row + t->pos - s->pos; /* row of the first query's position */
    const int64_t end = (int64_t)s->row + s->n, lo = a->window ? same - a->window + 1 : -0x3fffffff;
    wu_attn_sight v;
    v.lo = wu_attn_clamp(lo);
    v.hi = wu_attn_clamp(same + 1);
    v.first = wu_attn_clamp(lo > s->row ? lo : s->row);
    v.end = wu_attn_clamp(end < same + t->n ? end : same + t->n);
    return v;
}

/* All of rows [j0, j1) seen by all n queries? */
WU_INLINE bool wu_attn_whole(const wu_attn_sight *v, int32_t n, int32_t j0, int32_t j1) {
    return j0 >= v->first && j1 <= v->end && j0 >= v->lo + n - 1 && j1 <= v->hi;
}

WU_INLINE const wu_attn_run *wu_attn_run_of(const wu_attn_job *j, int32_t tile) {
    return &j->a->run[j->tile[tile].run];
}
WU_INLINE uint8_t *wu_attn_keys(const wu_attn_job *j, int32_t kv, int32_t block) {
    return j->keys + (size_t)((int64_t)kv * j->n_block + block) * j->key_bytes;
}
WU_INLINE uint8_t *wu_attn_queries(const wu_attn_job *j, int32_t head, int32_t tile) {
    return j->queries + (size_t)((int64_t)tile * j->a->n_head + head) * j->query_bytes;
}

/* Blocks [b0, b1). */
typedef struct wu_attn_strip {
    int32_t b0, b1;
} wu_attn_strip;

/* mem is WU_ATTN_MEM bytes, 64-byte aligned, the unit's own. */
typedef struct wu_attn_ops {
    const char *name;
    /* Bytes of a packed block of one key head, and of a packed tile of one head (backward). */
    size_t (*key_bytes)(const wu_attention *a, bool backward);
    size_t (*query_bytes)(const wu_attention *a);
    /* NULL if nothing is packed. Rows not in `seen` are zero. */
    void (*pack_keys)(const wu_attn_job *j, int32_t kv, int32_t block, void *mem);
    void (*forward)(const wu_attn_job *j, int32_t kv, int32_t tile, void *mem);
    /* Forward of one query of a tile, from unpacked keys; NULL if there is no such way. */
    void (*few)(const wu_attn_job *j, int32_t kv, int32_t tile, int32_t query, void *mem);
    /* Backward of one tile of one head starts: packs q and do, D = do . o, dq = 0. */
    void (*begin)(const wu_attn_job *j, int32_t head, int32_t tile, void *mem);
    /* dk and dv of a strip: = 0, then the tiles that see it in order, each with all heads of the
     * group, then write them. */
    void (*open)(const wu_attn_job *j, int32_t kv, wu_attn_strip s, void *mem);
    void (*back)(const wu_attn_job *j, int32_t kv, int32_t tile, wu_attn_strip s, void *mem);
    void (*close)(const wu_attn_job *j, int32_t kv, wu_attn_strip s, void *mem);
    /* Writes dq of a tile; NULL if it is there already. */
    void (*finish)(const wu_attn_job *j, int32_t head, int32_t tile, void *mem);
} wu_attn_ops;

extern const wu_attn_ops wu_attn_c; /* both number types */
#ifdef WU_X86
extern const wu_attn_ops wu_attn_avx2, wu_attn_avx512; /* both */
extern const wu_attn_ops wu_attn_amx;                  /* BF16 */
void wu_attn_few_avx512(const wu_attn_job *j, int32_t kv, int32_t tile, int32_t query, void *mem);
#endif

#endif
