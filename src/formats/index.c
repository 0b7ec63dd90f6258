/* index.c - see index_impl.h. */
#include "formats/index_impl.h"

#include "base/hash.h"

/* The slot of an equal key, or the empty slot where it would go. */
static uint32_t index_slot(const wu_index *ix, wu_str key) {
    uint32_t i = (uint32_t)wu_hash64(key.p, key.n) & ix->mask;
    while (ix->slot[i] && !wu_str_eq(ix->key[ix->slot[i] - 1], key)) i = (i + 1) & ix->mask;
    return i;
}

wu_code wu_index_build(wu_index *ix, wu_arena *arena, const wu_str *key, int32_t n, int32_t *twin) {
    uint32_t size = 8;

    *ix = (wu_index){0};
    if (twin) *twin = -1;
    while (size < 2 * (uint64_t)n && size < UINT32_C(1) << 31) size *= 2;
    ix->slot = wu_arena_zero(arena, size, sizeof(*ix->slot));
    if (!ix->slot) return WU_ENOMEM;
    ix->key = key;
    ix->mask = size - 1;
    ix->n = n;
    for (int32_t i = 0; i < n; i++) {
        const uint32_t s = index_slot(ix, key[i]);
        if (!ix->slot[s])
            ix->slot[s] = (uint32_t)i + 1;
        else if (twin && *twin < 0)
            *twin = i;
    }
    return WU_OK;
}

int32_t wu_index_find(const wu_index *ix, wu_str key) {
    return ix->slot ? (int32_t)ix->slot[index_slot(ix, key)] - 1 : -1;
}
