/* stats_impl.h - what the files of the statistics share.  Threads: as stats.h. */
#ifndef WU_CONTACT_SET_STATS_IMPL_H
#define WU_CONTACT_SET_STATS_IMPL_H

#include "contact/set/stats.h"

/* Runs of what is not white space; characters. */
int64_t wu_count_words(wu_str s);
int64_t wu_count_chars(wu_str valid);

/* stats_answer.c: an answer counts into its task. ENOMEM. */
WU_MUST_CHECK wu_code wu_stats_answer(wu_stats_task *count, const wu_task *t, wu_json *answer);
/* The task that an answer is of, by its fields; NULL: none. */
const wu_task *wu_stats_task_of(const wu_json *answer);

/* stats_talk.c: turns, languages, channel, time and agent of one conversation; key is its name.
 * Errors: EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_stats_talk(wu_stats *s, const wu_conversation *c, wu_err *err);
/* The lines of a rendered conversation ("Agent: ..."); the rest of c is as the caller sets it. */
WU_MUST_CHECK wu_code wu_stats_lines(wu_stats *s, wu_str lines, const wu_contact *contact,
                                     bool simulated, wu_str name, wu_err *err);

/* A number with commas, "1,234". In one of several buffers that are used in turn. */
typedef struct wu_shown {
    char text[32];
} wu_shown;
wu_shown wu_show_int(int64_t v);
wu_shown wu_show_real(double v);               /* one digit behind the point */
wu_shown wu_show_share(int64_t n, int64_t of); /* "12.3 %", "<0.1 %", "-" of nothing */

#endif
