/* open.h - what most commands open first: compute, model, tokenizer, template, adapter. */
#ifndef WU_CLI_OPEN_H
#define WU_CLI_OPEN_H

#include "adapter/adapter.h"
#include "cli/opt.h"
#include "kernels/compute.h"
#include "model/model.h"
#include "text/chat.h"
#include "text/tokenizer.h"

typedef struct wu_opened {
    wu_compute *compute;
    wu_model *model;
    wu_tokenizer *tokenizer;
    wu_chat chat;
    wu_adapter *adapter; /* NULL: none */
} wu_opened;

/* chat_template: a name of wu_chat_name(), or NULL to detect. adapter_path may be NULL. On failure
 * everything is closed. */
WU_MUST_CHECK wu_code wu_open(wu_opened *o, const wu_common *common, const char *model_path,
                              const char *adapter_path, const char *chat_template, wu_err *err);
void wu_opened_close(wu_opened *o);

/* Only the tokenizer and its template. */
WU_MUST_CHECK wu_code wu_open_tokenizer(wu_opened *o, const char *model_path,
                                        const char *chat_template, wu_err *err);

/* The compute object that --threads and --cpu (or WRAPUP_THREADS, WRAPUP_CPU) ask for. */
WU_MUST_CHECK wu_code wu_open_compute(wu_compute **out, const wu_common *common, wu_err *err);

#endif
