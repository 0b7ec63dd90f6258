/* alloc_hook.h - counts, forbids and fails the allocations of our own code.
 *
 * A test that depends on alloc_hook (src/adapter/meson.build) is linked with
 * --wrap, so that every call of malloc and its kin from our objects comes
 * here.  Shared libraries such as jansson are not reached.
 *
 * Threads: any; the counters are atomic. */
#ifndef WU_SUPPORT_ALLOC_HOOK_H
#define WU_SUPPORT_ALLOC_HOOK_H

#include <stdbool.h>
#include <stdint.h>

/* Allocations so far; memory that is given back is not counted. */
int64_t alloc_count(void);

/* While forbidden, an allocation prints its size and aborts. */
void alloc_forbid(bool forbidden);

/* The n-th allocation from now (0: the next) and all later ones return NULL; -1 ends that. */
void alloc_fail_after(int64_t n);

#endif
