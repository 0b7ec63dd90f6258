/* tensor.c - names and sizes of tensor types (tensor.h, tensor_impl.h). */
#include "formats/tensor_impl.h"

#include <stdio.h>

static const struct {
    const char *name;
    wu_block block;
} types[] = {
    [WU_T_F32] = {"F32", {1, 4}},       [WU_T_F16] = {"F16", {1, 2}},
    [WU_T_BF16] = {"BF16", {1, 2}},     [WU_T_F64] = {"F64", {1, 8}},
    [WU_T_I8] = {"I8", {1, 1}},         [WU_T_I16] = {"I16", {1, 2}},
    [WU_T_I32] = {"I32", {1, 4}},       [WU_T_I64] = {"I64", {1, 8}},
    [WU_T_U8] = {"U8", {1, 1}},         [WU_T_U16] = {"U16", {1, 2}},
    [WU_T_U32] = {"U32", {1, 4}},       [WU_T_U64] = {"U64", {1, 8}},
    [WU_T_BOOL] = {"BOOL", {1, 1}},     [WU_T_Q4_0] = {"Q4_0", {32, 18}},
    [WU_T_Q4_1] = {"Q4_1", {32, 20}},   [WU_T_Q5_0] = {"Q5_0", {32, 22}},
    [WU_T_Q5_1] = {"Q5_1", {32, 24}},   [WU_T_Q8_0] = {"Q8_0", {32, 34}},
    [WU_T_Q4_K] = {"Q4_K", {256, 144}}, [WU_T_Q5_K] = {"Q5_K", {256, 176}},
    [WU_T_Q6_K] = {"Q6_K", {256, 210}}, [WU_T_OTHER] = {"other", {0, 0}},
};

const char *wu_ttype_name(wu_ttype t) { return types[t].name; }

wu_block wu_ttype_block(wu_ttype t) { return types[t].block; }

bool wu_shape_count(int64_t *out, const int64_t *dim, int32_t n_dim) {
    int64_t n = 1;
    bool empty = false;

    /* A zero anywhere makes the tensor empty, but must not hide an overflow elsewhere. */
    for (int32_t i = 0; i < n_dim; i++) {
        if (dim[i] < 0) return false;
        if (dim[i] == 0)
            empty = true;
        else if (__builtin_mul_overflow(n, dim[i], &n))
            return false;
    }
    *out = empty ? 0 : n;
    return true;
}

const char *wu_shape_text(char *buf, const int64_t *dim, int32_t n_dim) {
    size_t at = 0;

    buf[at++] = '[';
    for (int32_t i = 0; i < n_dim && i < WU_MAX_DIM; i++)
        at += (size_t)snprintf(buf + at, WU_SHAPE_TEXT - at, "%s%lld", i ? "," : "",
                               (long long)dim[i]);
    buf[at++] = ']';
    buf[at] = 0;
    return buf;
}

const char *wu_name_text(char *buf, wu_str name) {
    const size_t n = name.n < 80 ? name.n : 80;

    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)name.p[i];
        buf[i] = name.p[i];
        if (c < 0x20 || c == 0x7f || c == '"') buf[i] = '?';
    }
    for (size_t i = 0; i < 3; i++) buf[n + i] = name.n > n ? '.' : 0;
    buf[n + 3] = 0;
    return buf;
}
