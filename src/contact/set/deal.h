/* deal.h - which group goes to which part of a set.
 *
 * By label: the groups are put in an order by primary category, then third of
 * the satisfaction, rating, risk, and at random within.  Along that order they
 * are dealt out so that every stretch of it, and so every label, has the parts
 * in the wanted proportion: each goes to the part that is furthest behind
 *
 *     want[p] * (dealt so far) / total - have[p]                      (1)
 *
 * By time: the earliest groups fill the first part, and so on; those without a time come first.
 *
 * Neither depends on the order of the file.  Threads: any. */
#ifndef WU_CONTACT_SET_DEAL_H
#define WU_CONTACT_SET_DEAL_H

#include "contact/set/units.h"

enum { WU_PARTS_MAX = 4 };

/* want[p] of total by shares: sums to total exactly (largest remainder); a share above 0 gets at
 * least 1 where total allows. shares sum to 1. */
void wu_shares(int64_t *want, const double *share, int n_part, int64_t total);

typedef struct wu_deal {
    int n_part;
    int64_t want[WU_PARTS_MAX]; /* conversations, or examples */
    bool examples;              /* count these */
    bool at_most;               /* part 0 never gets more than it wants; the rest is part 1 */
    uint64_t seed;
} wu_deal;

/* Both set part of all groups. A part that wants anything gets a group, if there are enough.
 * ENOMEM. */
WU_MUST_CHECK wu_code wu_deal_by_label(wu_units *u, const wu_deal *d, wu_err *err);
WU_MUST_CHECK wu_code wu_deal_by_time(wu_units *u, const wu_deal *d, wu_err *err);

#endif
