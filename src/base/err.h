/* err.h - how a call says that the outside world was not as expected.
 *
 * A function that can fail returns a wu_code and takes a wu_err * last, which
 * may be NULL.  The message is one sentence with its subject first:
 *     "adapters/x.safetensors: tensor a.lora_a has shape [8,512], want [8,576]"
 * The place that knows the name writes it; nobody logs and returns.
 *
 * Threads: a wu_err belongs to its caller. */
#ifndef WU_BASE_ERR_H
#define WU_BASE_ERR_H

#include "base/compiler.h"

#include <stdarg.h>

typedef enum wu_code {
    WU_OK = 0,
    WU_EARG,     /* the call or the command line is wrong           exit 2 */
    WU_EDATA,    /* input data (examples, transcripts) is wrong      exit 3 */
    WU_EFORMAT,  /* a model, adapter or tokenizer file is wrong      exit 4 */
    WU_EIO,      /* the file system said no                          exit 5 */
    WU_ENOMEM,   /* out of memory, or a size beyond a limit          exit 6 */
    WU_ESTOPPED, /* stopped by the user, state saved                 exit 75 */
    WU_EBUG      /* should not happen                                exit 1 */
} wu_code;

enum { WU_ERR_MAX = 768 };

typedef struct wu_err {
    wu_code code;
    char msg[WU_ERR_MAX];
} wu_err;

/* Stores code and message (err may be NULL) and returns code. */
wu_code wu_fail(wu_err *err, wu_code code, const char *fmt, ...) WU_PRINTF(3, 4);

/* Puts "prefix: " before the message that is there; err may be NULL. Returns
 * err's code, or code when err is NULL. */
wu_code wu_fail_in(wu_err *err, wu_code code, const char *fmt, ...) WU_PRINTF(3, 4);

/* The same with errno's text at the end; EIO, or ENOMEM for that errno. */
wu_code wu_fail_errno(wu_err *err, const char *fmt, ...) WU_PRINTF(2, 3);

/* Exit code of the program for a code (table above). */
int wu_exit_code(wu_code code);

#endif
