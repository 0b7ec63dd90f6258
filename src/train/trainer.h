/* trainer.h - gradients, updates and losses of an adapter on examples.
 *
 * An iteration is any number of examples.  It is worked off in pieces of at
 * most max_row rows; each piece is one forest, in which equal beginnings are
 * computed once.  The loss of an iteration is
 *
 *     L = sum_i w_i * -log p(target_i) / sum_i w_i                      (30)
 *
 * over all its targets, whatever the pieces.
 *
 * Nothing is allocated after wu_trainer_create().
 *
 * Threads: one at a time; needs the adapter and the compute object to itself. */
#ifndef WU_TRAIN_TRAINER_H
#define WU_TRAIN_TRAINER_H

#include "model/engine.h"
#include "train/dataset.h"
#include "train/optimizer.h"

typedef struct wu_trainer_options {
    const wu_model *model;
    wu_compute *compute;
    wu_adapter *adapter;
    wu_dtype precision;
    int32_t max_row;     /* of one piece: at least the longest example */
    int32_t max_example; /* of one piece */
    wu_optimizer_options optimizer;
} wu_trainer_options;

typedef struct wu_trainer wu_trainer;

/* Errors: EARG, ENOMEM. */
WU_MUST_CHECK wu_code wu_trainer_create(wu_trainer **out, const wu_trainer_options *o, wu_err *err);
void wu_trainer_free(wu_trainer *t); /* NULL allowed */

/* Bytes that a trainer takes beside model and adapter, without making one. */
int64_t wu_trainer_bytes(const wu_trainer_options *o);

/* What some examples came to. Zero it before the first. */
typedef struct wu_tally {
    double loss;    /* sum of weight * -log p */
    double weight;  /* sum of weights; loss / weight is the mean */
    int64_t target; /* targets */
    int64_t token;  /* tokens of the examples */
    int64_t row;    /* rows that were computed for them */
} wu_tally;

/* Adds share * dL/d(parameters) of one iteration, (30), to the gradient.
 * Errors: EARG (an example longer than max_row), EFORMAT (NaN or infinity). */
WU_MUST_CHECK wu_code wu_trainer_add(wu_trainer *t, const wu_dataset *d, const int32_t *index,
                                     int32_t n, double share, wu_tally *tally, wu_err *err);

/* Only the losses; the gradient stays as it is. */
WU_MUST_CHECK wu_code wu_trainer_measure(wu_trainer *t, const wu_dataset *d, const int32_t *index,
                                         int32_t n, wu_tally *tally, wu_err *err);

/* One update of the adapter at this rate; the gradient is zero afterwards. */
void wu_trainer_update(wu_trainer *t, double rate);

const float *wu_trainer_grad(const wu_trainer *t); /* [adapter->n_param] */
double wu_trainer_grad_norm(const wu_trainer *t);  /* of all parameters together */
wu_engine *wu_trainer_engine(const wu_trainer *t);

/* Rows that an iteration takes when it is cut into such pieces. sorted has room for max_example. */
int64_t wu_iteration_rows(const wu_dataset *d, const int32_t *index, int32_t n, int32_t max_row,
                          int32_t max_example, wu_tokens *sorted);

#endif
