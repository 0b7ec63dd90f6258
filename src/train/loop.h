/* loop.h - a whole training run: iterations, validation, checkpoints, log.
 *
 * Validation runs before the first iteration, after every steps_per_eval-th
 * and after the last; a stop drops it.  Checkpoints go to the adapter's directory: the adapter
 * itself, and a numbered copy of its tensors every save_every iterations.
 * What happens is told to a callback and written to log.jsonl beside the
 * adapter, one JSON object a line.
 *
 * Threads: as wu_trainer; *stop may be set from a signal handler. */
#ifndef WU_TRAIN_LOOP_H
#define WU_TRAIN_LOOP_H

#include "train/order.h"
#include "train/trainer.h"

#include <signal.h>

typedef enum wu_train_event_kind {
    WU_EVENT_TRAIN, /* a report every steps_per_report iterations, and after the last */
    WU_EVENT_VALID,
    WU_EVENT_SAVED,
    WU_EVENT_END /* seconds and totals of the run */
} wu_train_event_kind;

typedef struct wu_train_event {
    wu_train_event_kind kind;
    int64_t iteration; /* done so far; WU_EVENT_VALID before the first: 0 */
    double loss;       /* TRAIN: mean of the iterations' losses since the last report; VALID */
    double rate;       /* TRAIN: learning rate */
    double grad_norm;  /* TRAIN: of the last update */
    double epoch;      /* passes over the data so far */
    double seconds; /* of training since the last report (TRAIN), of the validation (VALID), of all
                       (END) */
    int64_t iterations; /* TRAIN: since the last report */
    wu_tally tally;     /* TRAIN: since the last report; VALID: of the set; END: of the run */
    int64_t trained;    /* targets trained so far */
    const char *path, *numbered; /* SAVED: adapter's directory; numbered copy, or NULL */
    bool stopped;                /* END: by *stop */
} wu_train_event;

typedef struct wu_train_options {
    wu_trainer *trainer;
    wu_adapter *adapter;
    const wu_dataset *train, *valid; /* valid may be NULL */
    wu_order_kind order;
    int32_t batch;
    uint64_t seed;
    int64_t iters, accumulate; /* accumulate: iterations of one update, at least 1 */
    double rate;
    int64_t steps_per_report, steps_per_eval, save_every; /* 0: never */
    int64_t val_batches;                                  /* of `batch` examples; negative: all */
    const char *adapter_path;                             /* NULL: nothing is written */
    wu_adapter_format format;
    const wu_json *args; /* for the adapter's configuration, or NULL */
    const char *base;    /* name of the base model, or NULL */
    void (*on_event)(void *ctx, const wu_train_event *event); /* may be NULL */
    void *ctx;
    const volatile sig_atomic_t *stop; /* may be NULL: when set, the step is finished and saved */
} wu_train_options;

/* Errors: those of the trainer, with the iteration in front; EIO; ESTOPPED once *stop was set and
 * the adapter is saved. */
WU_MUST_CHECK wu_code wu_train_run(const wu_train_options *o, wu_err *err);

/* What a batch size means for a pass over the data. */
typedef struct wu_plan {
    int32_t batch;
    int64_t iterations, token, row, target; /* of one pass */
} wu_plan;

/* Counts one pass without computing it. ENOMEM, EARG, EDATA. */
WU_MUST_CHECK wu_code wu_train_plan(wu_plan *plan, const wu_dataset *d, wu_order_kind order,
                                    int32_t batch, uint64_t seed, int32_t max_row,
                                    int32_t max_example, wu_err *err);

#endif
