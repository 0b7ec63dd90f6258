/* log.h - words for the person at the terminal, on standard error.
 *
 * The level is the only global state of the program: WRAPUP_LOG or -q / -v
 * set it once in main.  Library rooms log at debug only.  No secrets and no
 * transcript text at info.  Any thread. */
#ifndef WU_BASE_LOG_H
#define WU_BASE_LOG_H

#include "base/compiler.h"

typedef enum wu_log_level { WU_LOG_ERROR, WU_LOG_WARN, WU_LOG_INFO, WU_LOG_DEBUG } wu_log_level;

void wu_log_set(wu_log_level level);
wu_log_level wu_log_get(void);
void wu_log(wu_log_level level, const char *fmt, ...) WU_PRINTF(2, 3);

#endif
