/* open.c - what most commands open first (open.h). */
#include "cli/open.h"

#include "base/compiler.h"
#include "formats/vocab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static wu_code threads_from_environment(int *out, wu_err *err) {
    const char *s = getenv("WRAPUP_THREADS");
    if (!s || !*s) return WU_OK;
    char *end;
    errno = 0;
    const long n = strtol(s, &end, 10);
    if (end == s || *end || errno || n < 0 || n > WU_POOL_MAX)
        return wu_fail(err, WU_EARG, "WRAPUP_THREADS: \"%s\" is not an integer from 0 to %d", s,
                       WU_POOL_MAX);
    *out = (int)n;
    return WU_OK;
}

static wu_code level_of(int *out, const wu_common *common, wu_err *err) {
    const char *name = common->cpu ? common->cpu : getenv("WRAPUP_CPU");
    if (!name || !*name) return WU_OK;
    const int level = wu_level_from_name(name);
    if (level < 0)
        return wu_fail(err, WU_EARG, "%s: \"%s\" is not one of c, avx2, avx512, avx512bf16, amx",
                       common->cpu ? "--cpu" : "WRAPUP_CPU", name);
    *out = level;
    return WU_OK;
}

wu_code wu_open_compute(wu_compute **out, const wu_common *common, wu_err *err) {
    wu_compute_options o = {.n_thread = (int)common->threads, .max_level = WU_N_LEVEL - 1};
    wu_code rc;
    *out = NULL;
    if (common->threads == 0 && (rc = threads_from_environment(&o.n_thread, err))) return rc;
    if ((rc = level_of(&o.max_level, common, err))) return rc;
    return wu_compute_create(out, &o, err);
}

wu_code wu_open_tokenizer(wu_opened *o, const char *model_path, const char *chat_template,
                          wu_err *err) {
    wu_vocab *vocab = NULL;
    wu_code rc;
    o->tokenizer = NULL;
    o->chat = WU_CHAT_NONE;
    if (chat_template) {
        const int chat = wu_chat_from_name(chat_template);
        if (chat < 0)
            return wu_fail(err, WU_EARG, "--chat-template: no template is called \"%s\"",
                           chat_template);
        o->chat = (wu_chat)chat;
    }
    if ((rc = wu_vocab_read(&vocab, model_path, err))) return rc;
    if ((rc = wu_tokenizer_create(&o->tokenizer, vocab, err)))
        return wu_fail_in(err, rc, "%s", model_path);
    if (!chat_template)
        o->chat = wu_chat_detect(wu_tokenizer_vocab(o->tokenizer)->chat_template, o->tokenizer);
    return WU_OK;
}

wu_code wu_open(wu_opened *o, const wu_common *common, const char *model_path,
                const char *adapter_path, const char *chat_template, wu_err *err) {
    wu_code rc;
    memset(o, 0, sizeof(*o));
    if ((rc = wu_open_tokenizer(o, model_path, chat_template, err))) goto done;
    if ((rc = wu_model_load(&o->model, model_path, err))) goto done;
    if (wu_tokenizer_vocab(o->tokenizer)->n_token > o->model->config.n_vocab) {
        rc = wu_fail(err, WU_EFORMAT, "%s: the tokenizer has %d tokens, the model only %d",
                     model_path, wu_tokenizer_vocab(o->tokenizer)->n_token,
                     o->model->config.n_vocab);
        goto done;
    }
    if (adapter_path) {
        const wu_adapter_dims dims = wu_model_dims(o->model);
        if ((rc = wu_adapter_load(&o->adapter, adapter_path, &dims, err))) goto done;
    }
    rc = wu_open_compute(&o->compute, common, err);
done:
    if (rc) wu_opened_close(o);
    return rc;
}

void wu_opened_close(wu_opened *o) {
    wu_adapter_free(o->adapter);
    wu_tokenizer_free(o->tokenizer);
    wu_model_free(o->model);
    wu_compute_free(o->compute);
    memset(o, 0, sizeof(*o));
}
