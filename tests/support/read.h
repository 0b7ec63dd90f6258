/* read.h - token lists from JSON and tensors from safetensors, for tests: failures end the test. */
#ifndef WU_SUPPORT_READ_H
#define WU_SUPPORT_READ_H

#include "near.h"

#include "base/buf.h"
#include "formats/safetensors.h"
#include "golden.h"
#include "text/json.h"

static inline wu_json *read_json(const char *relative) {
    char path[4096];
    wu_json *j;
    wu_err err = {0};
    CHECK_OK(wu_json_read_file(&j, golden_path(path, sizeof(path), relative), (size_t)1 << 30,
                               WU_EDATA, &err),
             err);
    return j;
}

static inline wu_st *read_tensors(const char *relative) {
    char path[4096];
    wu_st *st;
    wu_err err = {0};
    CHECK_OK(wu_st_open(&st, golden_path(path, sizeof(path), relative), &err), err);
    return st;
}

/* Numbers of an F32 tensor, copied (it may be unaligned); *n is their count. free() it. */
static inline float *tensor_f32(const wu_st *st, const char *name, int64_t *n) {
    const wu_tensor *t = wu_st_find(st, name);
    if (!t) fail_msg("tensor %s is missing", name);
    assert_int_equal(t->type, WU_T_F32);
    float *v = malloc(t->bytes ? t->bytes : 1);
    assert_non_null(v);
    memcpy(v, t->data, t->bytes);
    if (n) *n = (int64_t)(t->bytes / sizeof(float));
    return v;
}

/* A JSON array of integers. free() it. */
static inline int32_t *ints_of(const wu_json *array, int32_t *n) {
    *n = (int32_t)wu_json_size(array);
    int32_t *v = malloc(((size_t)*n + 1) * sizeof(*v));
    assert_non_null(v);
    for (int32_t i = 0; i < *n; i++) v[i] = (int32_t)wu_json_int(wu_json_at(array, (size_t)i));
    return v;
}

#endif
