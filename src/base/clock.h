/* clock.h - time that only moves forward, and memory used.  Any thread. */
#ifndef WU_BASE_CLOCK_H
#define WU_BASE_CLOCK_H

#include <stdint.h>

double wu_clock_s(void);         /* seconds since some start, monotonic */
int64_t wu_peak_rss_bytes(void); /* largest resident set of this process so far */

#endif
