/* order.h - which examples come when.
 *
 * Conversations (the usual order): in every pass the conversations are
 * shuffled by the seed and the number of the pass, the examples of one stay
 * side by side, and batches are cut from that; the last, short one is kept.
 * mlx-lm's: batches are neighbours in the file, always the same ones, what
 * does not fill a batch is never seen, and the order of the batches is what
 * numpy.random.permutation draws.
 *
 * Threads: one at a time. */
#ifndef WU_TRAIN_ORDER_H
#define WU_TRAIN_ORDER_H

#include "train/dataset.h"

typedef enum wu_order_kind { WU_ORDER_CONVERSATIONS, WU_ORDER_FILE, WU_ORDER_MLX } wu_order_kind;

typedef struct wu_order wu_order;

/* The set must outlive the order. Errors: EARG (batch < 1), EDATA (mlx: fewer examples than a
 * batch), ENOMEM. */
WU_MUST_CHECK wu_code wu_order_create(wu_order **out, const wu_dataset *d, wu_order_kind kind,
                                      int32_t batch, uint64_t seed, wu_err *err);
void wu_order_free(wu_order *o); /* NULL allowed */

/* The next batch, without end; *index lasts until the next call. Does not allocate. */
int32_t wu_order_next(wu_order *o, const int32_t **index);

/* Batches in one pass. */
int64_t wu_order_length(const wu_order *o);

#endif
