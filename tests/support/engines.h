/* engines.h - an engine on a model of the tests, in one call. */
#ifndef WU_SUPPORT_ENGINES_H
#define WU_SUPPORT_ENGINES_H

#include "read.h"

#include "model/engine.h"

typedef struct bench_engine {
    wu_compute *compute;
    wu_model *model;
    wu_adapter *adapter;
    wu_engine *engine;
} bench_engine;

/* adapter_dir may be NULL; options gives precision, limits, tape. */
static inline bench_engine open_engine(const char *model, const char *adapter_dir,
                                       wu_engine_options o, int n_thread) {
    bench_engine b = {0};
    wu_err err = {0};
    const wu_compute_options c = {.n_thread = n_thread, .max_level = WU_N_LEVEL - 1};
    CHECK_OK(wu_compute_create(&b.compute, &c, &err), err);
    CHECK_OK(wu_model_load(&b.model, model, &err), err);
    if (adapter_dir) {
        const wu_adapter_dims dims = wu_model_dims(b.model);
        CHECK_OK(wu_adapter_load(&b.adapter, adapter_dir, &dims, &err), err);
    }
    o.model = b.model;
    o.compute = b.compute;
    o.adapter = b.adapter;
    CHECK_OK(wu_engine_create(&b.engine, &o, &err), err);
    return b;
}

static inline void close_engine(bench_engine *b) {
    wu_engine_free(b->engine);
    wu_adapter_free(b->adapter);
    wu_model_free(b->model);
    wu_compute_free(b->compute);
    *b = (bench_engine){0};
}

/* Adds one whole sequence as a root. Returns its segment. */
static inline int32_t add_root(wu_engine *e, const int32_t *id, int32_t n, int32_t n_max) {
    int32_t seg;
    wu_err err = {0};
    CHECK_OK(
        wu_forest_add(&seg, wu_engine_forest(e), WU_NO_PARENT, &(wu_tokens){id, n, n_max}, &err),
        err);
    return seg;
}

#endif
