/* compiler.h - the few things C11 does not say by itself. */
#ifndef WU_BASE_COMPILER_H
#define WU_BASE_COMPILER_H

#include <stddef.h>

#define WU_MUST_CHECK        __attribute__((warn_unused_result))
#define WU_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define WU_ALIGNED           __attribute__((aligned(64))) /* one cache line, one zmm, one tile row */
#define WU_INLINE            static inline __attribute__((always_inline))
#define WU_LEN(a)            (sizeof(a) / sizeof((a)[0]))

#define WU_MIN(a, b) ((a) < (b) ? (a) : (b))
#define WU_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Broken invariants of our own, never outside input: prints and aborts. */
#define WU_ASSERT(cond) ((cond) ? (void)0 : wu_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void wu_assert_failed(const char *what, const char *file, int line);

#endif
