/* arena.h - memory with one lifetime.
 *
 * Everything taken from an arena dies with it, or with wu_arena_reset() back
 * to a mark.  All blocks are 64-byte aligned and are NOT cleared.
 *
 * Threads: one thread at a time. */
#ifndef WU_BASE_ARENA_H
#define WU_BASE_ARENA_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct wu_arena_block wu_arena_block;

typedef struct wu_arena {
    wu_arena_block *last; /* newest block, or NULL */
    size_t block_bytes;   /* least size of a block; 0 means 64 KiB */
    size_t used_bytes;    /* handed out, padding included */
} wu_arena;               /* all zero is an empty arena */

typedef struct wu_arena_mark {
    wu_arena_block *block;
    size_t used;
    size_t used_bytes;
} wu_arena_mark;

/* NULL when memory is out. bytes 0 gives a valid pointer. */
void *wu_arena_alloc(wu_arena *a, size_t bytes);

/* n * size bytes, cleared; NULL on overflow or when memory is out. */
void *wu_arena_zero(wu_arena *a, size_t n, size_t size);

char *wu_arena_strdup(wu_arena *a, const char *s);

wu_arena_mark wu_arena_save(const wu_arena *a);
void wu_arena_reset(wu_arena *a, wu_arena_mark mark); /* blocks after the mark are freed */
void wu_arena_free(wu_arena *a);                      /* all of it; the arena is empty again */

/* 64-byte aligned memory with a lifetime of its own; NULL when out. free() releases it.
 * bytes is rounded up to 64. Large blocks ask for huge pages. */
void *wu_aligned_alloc(size_t bytes);

/* *out = a * b; false (and 0) if that overflows. */
bool wu_mul_size(size_t *out, size_t a, size_t b);

#endif
