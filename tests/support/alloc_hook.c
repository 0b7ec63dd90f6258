/* alloc_hook.c - what the linker's --wrap puts in the place of malloc and its kin (alloc_hook.h).
 */
#include "alloc_hook.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static _Atomic int64_t n_alloc;
static atomic_bool forbidden;
static _Atomic int64_t left = -1; /* allocations that still succeed; -1: all */

int64_t alloc_count(void) { return atomic_load(&n_alloc); }
void alloc_forbid(bool on) { atomic_store(&forbidden, on); }
void alloc_fail_after(int64_t n) { atomic_store(&left, n); }

/* Counts one allocation; false if it has to fail. */
static bool allowed(size_t bytes) {
    if (atomic_load(&forbidden)) {
        fprintf(stderr, "alloc_hook: allocation of %zu bytes where none is allowed\n", bytes);
        abort();
    }
    atomic_fetch_add(&n_alloc, 1);
    int64_t now = atomic_load(&left);
    while (now > 0 && !atomic_compare_exchange_weak(&left, &now, now - 1)) {
    }
    return now != 0;
}

/* Names that the linker asks for; reserved ones cannot be avoided here. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
int __real_posix_memalign(void **out, size_t alignment, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
int __wrap_posix_memalign(void **out, size_t alignment, size_t n);
char *__wrap_strdup(const char *s);

void *__wrap_malloc(size_t n) { return allowed(n) ? __real_malloc(n) : NULL; }
void *__wrap_calloc(size_t n, size_t size) { return allowed(n) ? __real_calloc(n, size) : NULL; }
void *__wrap_realloc(void *p, size_t n) { return allowed(n) ? __real_realloc(p, n) : NULL; }
char *__wrap_strdup(const char *s) { return allowed(0) ? __real_strdup(s) : NULL; }

void *__wrap_aligned_alloc(size_t alignment, size_t n) {
    return allowed(n) ? __real_aligned_alloc(alignment, n) : NULL;
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t n) {
    return allowed(n) ? __real_posix_memalign(out, alignment, n) : ENOMEM;
}
