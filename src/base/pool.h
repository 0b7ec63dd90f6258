/* pool.h - a few threads that wait for loops.
 *
 * wu_pool_for() runs fn(ctx, unit, thread) for every unit in [0, n_unit); the
 * caller works too.  Units are handed out one at a time from a counter, so
 * that a busy core takes fewer.  A unit must write only what no other unit
 * writes and sum in an order of its own; then results depend neither on
 * timing nor on the number of threads.
 *
 * Waiting threads spin for some tens of microseconds, then sleep.
 *
 * Threads: one caller at a time; no nesting. */
#ifndef WU_BASE_POOL_H
#define WU_BASE_POOL_H

#include "base/err.h"

#include <stdint.h>

typedef struct wu_pool wu_pool;
typedef void (*wu_unit_fn)(void *ctx, int64_t unit, int thread);

enum { WU_POOL_MAX = 256 };

/* n_thread counts the caller; 0 means as many as the process may use (affinity
 * mask and cgroup quota). Errors: EARG, ENOMEM. */
WU_MUST_CHECK wu_code wu_pool_create(wu_pool **out, int n_thread, wu_err *err);
void wu_pool_free(wu_pool *p);
int wu_pool_size(const wu_pool *p); /* thread is in [0, size) */

void wu_pool_for(wu_pool *p, int64_t n_unit, wu_unit_fn fn, void *ctx);

/* Called on every thread once a loop is over and the thread is about to sleep, to release
 * processor state such as AMX tiles. Set before the first loop; may be NULL. */
void wu_pool_on_sleep(wu_pool *p, void (*fn)(void));

/* What a process may use here. */
int wu_cpu_count(void);

#endif
