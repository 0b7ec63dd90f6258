/* pool.c - threads that spin briefly, then sleep on a futex (pool.h).
 *
 * One loop is one generation.  The units of the running loop are handed out
 * from `next`; a worker that finds none left counts itself into `idle`, and
 * the caller returns once all have.  So a loop costs two cache-line round
 * trips when everybody is awake. */
#include "base/pool.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPINS = 4000 }; /* pauses before sleeping: some tens of microseconds */

typedef struct worker {
    wu_pool *pool;
    pthread_t id;
    int thread;
} worker;

struct wu_pool {
    /* written by the caller at the start of a loop */
    WU_ALIGNED atomic_uint generation;
    wu_unit_fn fn;
    void *ctx;
    int64_t n_unit;
    bool stop;
    WU_ALIGNED atomic_int_fast64_t next;
    WU_ALIGNED atomic_int idle; /* workers done with this generation */
    WU_ALIGNED atomic_int sleepers;
    void (*_Atomic on_sleep)(void);
    int n_thread, n_worker;
    worker w[WU_POOL_MAX];
};

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void futex_wait(atomic_uint *p, unsigned value) {
    syscall(SYS_futex, (uintptr_t)p, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake_all(atomic_uint *p) {
    syscall(SYS_futex, (uintptr_t)p, FUTEX_WAKE_PRIVATE, 0x7fffffff, NULL, NULL, 0);
}

static void run_units(wu_pool *p, int thread) {
    for (;;) {
        const int64_t u = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (u >= p->n_unit) return;
        p->fn(p->ctx, u, thread);
    }
}

static unsigned wait_for_generation(wu_pool *p, unsigned seen) {
    for (int i = 0; i < SPINS; i++) {
        const unsigned g = atomic_load_explicit(&p->generation, memory_order_acquire);
        if (g != seen) return g;
        relax();
    }
    void (*on_sleep)(void) = atomic_load(&p->on_sleep);
    if (on_sleep) on_sleep();
    for (;;) {
        atomic_fetch_add(&p->sleepers, 1);
        if (atomic_load(&p->generation) == seen) futex_wait(&p->generation, seen);
        atomic_fetch_sub(&p->sleepers, 1);
        const unsigned g = atomic_load_explicit(&p->generation, memory_order_acquire);
        if (g != seen) return g;
    }
}

static void *worker_main(void *arg) {
    worker *w = arg;
    wu_pool *p = w->pool;
    unsigned seen = 0;
    for (;;) {
        seen = wait_for_generation(p, seen);
        if (p->stop) return NULL;
        run_units(p, w->thread);
        atomic_fetch_add_explicit(&p->idle, 1, memory_order_release);
    }
}

void wu_pool_for(wu_pool *p, int64_t n_unit, wu_unit_fn fn, void *ctx) {
    if (n_unit <= 0) return;
    if (p->n_worker == 0 || n_unit == 1) {
        for (int64_t u = 0; u < n_unit; u++) fn(ctx, u, 0);
        return;
    }
    p->fn = fn;
    p->ctx = ctx;
    p->n_unit = n_unit;
    atomic_store_explicit(&p->next, 0, memory_order_relaxed);
    atomic_store_explicit(&p->idle, 0, memory_order_relaxed);
    atomic_fetch_add(&p->generation, 1);
    if (atomic_load(&p->sleepers)) futex_wake_all(&p->generation);
    run_units(p, 0);
    for (int i = 0; atomic_load_explicit(&p->idle, memory_order_acquire) < p->n_worker; i++) {
        relax();
        if (i > SPINS) sched_yield(); /* a worker lost its core to another job */
    }
}

wu_code wu_pool_create(wu_pool **out, int n_thread, wu_err *err) {
    *out = NULL;
    if (n_thread < 0 || n_thread > WU_POOL_MAX)
        return wu_fail(err, WU_EARG, "threads: %d is not between 0 and %d", n_thread, WU_POOL_MAX);
    if (n_thread == 0) n_thread = wu_cpu_count();
    void *memory = NULL;
    if (posix_memalign(&memory, 64, sizeof(wu_pool)))
        return wu_fail(err, WU_ENOMEM, "thread pool: out of memory");
    wu_pool *p = memory;
    memset(p, 0, sizeof(*p));
    p->n_thread = n_thread;
    sigset_t all, before; /* signals belong to the caller's thread */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 1; i < n_thread; i++) {
        worker *w = &p->w[p->n_worker];
        *w = (worker){.pool = p, .thread = i};
        if (pthread_create(&w->id, NULL, worker_main, w)) break;
        p->n_worker++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (p->n_worker != n_thread - 1) {
        const int made = p->n_worker + 1;
        wu_pool_free(p);
        return wu_fail(err, WU_ENOMEM, "thread pool: the system gave %d of %d threads", made,
                       n_thread);
    }
    *out = p;
    return WU_OK;
}

void wu_pool_free(wu_pool *p) {
    if (!p) return;
    p->stop = true;
    atomic_fetch_add(&p->generation, 1);
    futex_wake_all(&p->generation);
    for (int i = 0; i < p->n_worker; i++) pthread_join(p->w[i].id, NULL);
    free(p);
}

int wu_pool_size(const wu_pool *p) { return p->n_thread; }

void wu_pool_on_sleep(wu_pool *p, void (*fn)(void)) { atomic_store(&p->on_sleep, fn); }

/* Processors that the cgroup's quota allows, rounded up; 0 if there is no quota. */
static int cgroup_limit(void) {
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (!f) return 0;
    char line[64] = "", *rest = NULL; /* "200000 100000", or "max 100000" */
    const bool read = fgets(line, sizeof(line), f) != NULL;
    fclose(f);
    const long quota = read ? strtol(line, &rest, 10) : 0;
    const long period = quota > 0 ? strtol(rest, NULL, 10) : 0;
    return period <= 0 ? 0 : (int)WU_MIN((quota + period - 1) / period, (long)WU_POOL_MAX);
}

int wu_cpu_count(void) {
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
                                                         : (int)sysconf(_SC_NPROCESSORS_ONLN);
    const int quota = cgroup_limit();
    if (quota && quota < n) n = quota;
    if (n < 1) n = 1;
    return n > WU_POOL_MAX ? WU_POOL_MAX : n;
}
