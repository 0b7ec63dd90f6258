/* arena.c - a chain of blocks, the newest one in use (arena.h). */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 64, HUGE_BYTES = 2 << 20 };

struct wu_arena_block {
    wu_arena_block *before;
    size_t size, used; /* bytes behind the header */
};

static size_t round_up(size_t n) { return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

static char *payload(wu_arena_block *b) { return (char *)b + ALIGN; }

bool wu_mul_size(size_t *out, size_t a, size_t b) {
    *out = 0;
    return !__builtin_mul_overflow(a, b, out) || (*out = 0, false);
}

void *wu_aligned_alloc(size_t bytes) {
    if (bytes > SIZE_MAX - HUGE_BYTES) return NULL;
    const size_t n = bytes ? round_up(bytes) : ALIGN;
    const size_t align = n >= 2 * (size_t)HUGE_BYTES ? HUGE_BYTES : ALIGN;
    void *p = NULL;
    if (posix_memalign(&p, align, n)) return NULL;
    if (align == HUGE_BYTES) (void)madvise(p, n, MADV_HUGEPAGE);
    return p;
}

static wu_arena_block *new_block(wu_arena *a, size_t need) {
    size_t size = a->block_bytes ? a->block_bytes : 65536 - ALIGN;
    if (size < need) size = need;
    if (size > SIZE_MAX - 2 * (size_t)ALIGN) return NULL;
    wu_arena_block *b = wu_aligned_alloc(size + ALIGN);
    if (!b) return NULL;
    *b = (wu_arena_block){.before = a->last, .size = size};
    a->last = b;
    return b;
}

void *wu_arena_alloc(wu_arena *a, size_t bytes) {
    if (bytes > SIZE_MAX / 2) return NULL;
    const size_t n = bytes ? round_up(bytes) : ALIGN;
    wu_arena_block *b = a->last;
    if (!b || b->size - b->used < n) b = new_block(a, n);
    if (!b) return NULL;
    void *p = payload(b) + b->used;
    b->used += n;
    a->used_bytes += n;
    return p;
}

void *wu_arena_zero(wu_arena *a, size_t n, size_t size) {
    size_t bytes;
    if (!wu_mul_size(&bytes, n, size)) return NULL;
    void *p = wu_arena_alloc(a, bytes);
    if (p) memset(p, 0, bytes);
    return p;
}

char *wu_arena_strdup(wu_arena *a, const char *s) {
    const size_t n = strlen(s) + 1;
    char *p = wu_arena_alloc(a, n);
    if (p) memcpy(p, s, n);
    return p;
}

wu_arena_mark wu_arena_save(const wu_arena *a) {
    return (wu_arena_mark){a->last, a->last ? a->last->used : 0, a->used_bytes};
}

void wu_arena_reset(wu_arena *a, wu_arena_mark mark) {
    while (a->last != mark.block) {
        wu_arena_block *b = a->last;
        a->last = b->before;
        free(b);
    }
    if (a->last) a->last->used = mark.used;
    a->used_bytes = mark.used_bytes;
}

void wu_arena_free(wu_arena *a) { wu_arena_reset(a, (wu_arena_mark){0}); }
