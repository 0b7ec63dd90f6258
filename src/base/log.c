/* log.c - one line on standard error (log.h). */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_int level_now = WU_LOG_INFO;

void wu_log_set(wu_log_level level) { atomic_store(&level_now, (int)level); }

wu_log_level wu_log_get(void) { return (wu_log_level)atomic_load(&level_now); }

void wu_log(wu_log_level level, const char *fmt, ...) {
    static const char *const word[] = {"error: ", "warning: ", "", "debug: "};
    if ((int)level > atomic_load(&level_now)) return;
    char line[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    fprintf(stderr, "%s%s\n", word[level], line);
}
