/* engine.h - a model at work on one forest: forward, loss, backward, answers.
 *
 * An engine owns a forest, its keys and values, and scratch for a fixed number
 * of rows.  One forward serves training and answering: it runs the rows of
 * the forest that are not in the cache yet.  With a tape (training) it keeps
 * what backward needs.  Backward computes adapter gradients only and stops at
 * the lowest adapted layer.
 *
 * Nothing is allocated after wu_engine_create().
 *
 * Threads: one at a time; the compute object must not be shared with another
 * engine that works at the same moment. */
#ifndef WU_MODEL_ENGINE_H
#define WU_MODEL_ENGINE_H

#include "kernels/compute.h"
#include "model/forest.h"
#include "model/model.h"

typedef struct wu_engine wu_engine;

typedef struct wu_engine_options {
    const wu_model *model;
    wu_compute *compute;
    const wu_adapter *adapter; /* or NULL; parameters may change between calls */
    wu_dtype precision;        /* WU_F32 or WU_BF16 */
    int32_t max_row, max_seg;  /* of the forest */
    int32_t max_batch;  /* most rows in one forward; 0: max_row. More are run in pieces (not with a
                           tape) */
    int32_t max_logits; /* most rows of logits that one forward returns; 0: 16 */
    int32_t max_target; /* most targets of one loss; 0: 8 * max_row */
    bool tape;          /* for training */
} wu_engine_options;

/* Errors: EARG, ENOMEM. */
WU_MUST_CHECK wu_code wu_engine_create(wu_engine **out, const wu_engine_options *o, wu_err *err);
void wu_engine_free(wu_engine *e);

/* Bytes that an engine with these options takes, without making one. */
int64_t wu_engine_bytes(const wu_engine_options *o);

/* The forest: add segments, push tokens, cut. Cutting drops cached rows too. */
wu_forest *wu_engine_forest(wu_engine *e);
void wu_engine_clear(wu_engine *e); /* empties forest and cache */

/* Evaluates all rows that are not yet in the cache. logits [n_want][n_vocab] receives those of the
 * wanted rows (rows of the forest that this call evaluates); the memory belongs to the engine and
 * lasts until the next call. n_want <= max_logits.
 * Errors: EARG, EFORMAT (NaN or infinity; the first layer that shows it is named). */
WU_MUST_CHECK wu_code wu_engine_forward(wu_engine *e, const int32_t *want, int32_t n_want,
                                        const float **logits, wu_err *err);

/* One target: the token that should follow row, and what it counts. A row may have several. */
typedef struct wu_target {
    int32_t row, token;
    float weight;
} wu_target;

/* Loss over the whole forest (which must not have been evaluated): *loss = sum of weight * -log p.
 * With grad (needs a tape and an adapter) adds scale * d loss / d param to grad [n_param], the
 * layout of adapter->param. Targets in any order.
 * Errors: EARG, EFORMAT (NaN as above). */
WU_MUST_CHECK wu_code wu_engine_loss(wu_engine *e, const wu_target *target, int32_t n_target,
                                     double scale, float *grad, double *loss, wu_err *err);

/* -log p of each target after wu_engine_loss, in the order given (n_target). */
const float *wu_engine_nll(const wu_engine *e);

/* For tests: called with the residual stream after the embedding (layer -1), each layer and the
 * final norm (layer n_layer): rows [n][d_model] of the rows being evaluated. */
typedef void (*wu_engine_probe)(void *ctx, int32_t layer, const float *x, int32_t n);
void wu_engine_set_probe(wu_engine *e, wu_engine_probe probe, void *ctx);

/* Where the time went, in seconds since creation or the last reset. */
typedef enum wu_part {
    WU_PART_PRODUCTS,
    WU_PART_ATTENTION,
    WU_PART_ROWS,
    WU_PART_HEAD,
    WU_PART_LOWRANK,
    WU_PART_BACK_PRODUCTS,
    WU_PART_BACK_ATTENTION,
    WU_PART_BACK_ROWS,
    WU_PART_BACK_LOWRANK,
    WU_N_PART
} wu_part;
const char *wu_part_name(wu_part p);
const double *wu_engine_seconds(const wu_engine *e);
void wu_engine_reset_seconds(wu_engine *e);

#endif
