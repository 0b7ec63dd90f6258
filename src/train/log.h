/* log.h - events of a training run as lines of JSON (log.jsonl).
 *
 * Keys that the Hugging Face trainer's logs have too carry its names: step,
 * epoch, loss, grad_norm, learning_rate, eval_loss.
 *
 * Threads: one at a time. */
#ifndef WU_TRAIN_LOG_H
#define WU_TRAIN_LOG_H

#include "train/loop.h"

#include <stdio.h>

typedef struct wu_train_log {
    FILE *f; /* NULL: closed, writing is a no-op */
    char path[4096];
} wu_train_log;

/* Starts DIR/log.jsonl anew. EIO. */
WU_MUST_CHECK wu_code wu_train_log_open(wu_train_log *log, const char *dir, wu_err *err);
/* EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_train_log_write(wu_train_log *log, const wu_train_event *event,
                                         wu_err *err);
void wu_train_log_close(wu_train_log *log);

#endif
