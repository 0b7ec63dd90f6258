/* st_write.c - writing safetensors byte for byte as the reference writer does (safetensors.h). */
#include "base/file.h"
#include "formats/safetensors.h"
#include "formats/tensor_impl.h"
#include "text/json.h"

#include <stdlib.h>
#include <string.h>

/* Order of types in a file: wide ones first, so that data stay aligned. */
static int type_rank(wu_ttype t) {
    static const wu_ttype order[] = {WU_T_BOOL, WU_T_U8,   WU_T_I8,  WU_T_I16, WU_T_U16,
                                     WU_T_F16,  WU_T_BF16, WU_T_I32, WU_T_U32, WU_T_F32,
                                     WU_T_F64,  WU_T_I64,  WU_T_U64};
    for (int i = 0; i < (int)WU_LEN(order); i++)
        if (order[i] == t) return i;
    return -1;
}

static int by_rank_and_name(const void *a, const void *b) {
    const wu_tensor *x = *(const wu_tensor *const *)a, *y = *(const wu_tensor *const *)b;
    const int rx = type_rank(x->type), ry = type_rank(y->type);
    return rx != ry ? ry - rx : strcmp(x->name, y->name);
}

static wu_code check_tensors(const wu_tensor *const *t, int32_t n, const char *path, wu_err *err) {
    char shape[WU_SHAPE_TEXT];

    for (int32_t i = 0; i < n; i++) {
        int64_t count = 0, bytes = 0;
        if (type_rank(t[i]->type) < 0)
            return wu_fail(err, WU_EARG, "%s: tensor %s of type %s cannot be written", path,
                           t[i]->name, wu_ttype_name(t[i]->type));
        if (t[i]->n_dim < 0 || t[i]->n_dim > WU_MAX_DIM ||
            !wu_shape_count(&count, t[i]->dim, t[i]->n_dim) ||
            __builtin_mul_overflow(count, (int64_t)wu_ttype_block(t[i]->type).bytes, &bytes) ||
            (uint64_t)bytes != t[i]->bytes)
            return wu_fail(err, WU_EARG,
                           "%s: tensor %s has %zu bytes, which its shape %s does not give", path,
                           t[i]->name, t[i]->bytes, wu_shape_text(shape, t[i]->dim, t[i]->n_dim));
    }
    return WU_OK;
}

/* {"dtype":"F32","shape":[8,576],"data_offsets":[0,18432]}; NULL when memory is out. */
static wu_json *describe(const wu_tensor *t, size_t at) {
    wu_json *j = wu_json_new_object(), *shape = wu_json_new_array(), *place = wu_json_new_array();
    wu_code rc = WU_OK;

    for (int32_t i = 0; !rc && i < t->n_dim; i++)
        rc = wu_json_push(shape, wu_json_new_int(t->dim[i]));
    if (!rc) rc = wu_json_push(place, wu_json_new_int((int64_t)at));
    if (!rc) rc = wu_json_push(place, wu_json_new_int((int64_t)(at + t->bytes)));
    if (rc || wu_json_set(j, "dtype", wu_json_new_str(wu_str_of(wu_ttype_name(t->type))))) {
        wu_json_free(shape);
        wu_json_free(place);
        wu_json_free(j);
        return NULL;
    }
    rc = wu_json_set(j, "shape", shape);
    if (rc)
        wu_json_free(place);
    else
        rc = wu_json_set(j, "data_offsets", place);
    if (rc) {
        wu_json_free(j);
        return NULL;
    }
    return j;
}

/* The header's JSON, padded with spaces so that the data begin at a multiple of 8. EARG: a name
 * that was there before. */
static wu_code write_header(wu_buf *out, const wu_tensor *const *t, int32_t n,
                            const char *const *metadata) {
    wu_json *j = wu_json_new_object();
    size_t at = 0;
    wu_code rc = j ? WU_OK : WU_ENOMEM;

    if (!rc && metadata && metadata[0]) {
        wu_json *m = wu_json_new_object();
        for (const char *const *p = metadata; !rc && p[0]; p += 2)
            rc = wu_json_set(m, p[0], wu_json_new_str(wu_str_of(p[1])));
        if (rc)
            wu_json_free(m);
        else
            rc = wu_json_set(j, "__metadata__", m);
    }
    for (int32_t i = 0; !rc && i < n; i++) {
        if (wu_json_get(j, t[i]->name) || strcmp(t[i]->name, "__metadata__") == 0) {
            rc = WU_EARG;
            break;
        }
        rc = wu_json_set(j, t[i]->name, describe(t[i], at));
        at += t[i]->bytes;
    }
    if (!rc) rc = wu_json_write(out, j, WU_JSON_COMPACT);
    while (!rc && out->n % 8) rc = wu_buf_char(out, ' ');
    wu_json_free(j);
    return rc;
}

wu_code wu_st_write(const char *path, const wu_tensor *t, int32_t n, const char *const *metadata,
                    wu_err *err) {
    wu_buf header = {0};
    wu_replace r = {0};
    const wu_tensor **order = calloc(n > 0 ? (size_t)n : 1, sizeof(wu_tensor *));
    unsigned char size[8];
    wu_code rc;

    if (!order) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    for (int32_t i = 0; i < n; i++) order[i] = &t[i];
    if (n > 0) qsort(order, (size_t)n, sizeof(wu_tensor *), by_rank_and_name);
    if ((rc = check_tensors(order, n, path, err))) goto done;
    if ((rc = write_header(&header, order, n, metadata))) {
        rc = wu_fail(err, rc, "%s: %s", path,
                     rc == WU_EARG ? "two tensors have the same name"
                                   : "out of memory, or a name is not UTF-8");
        goto done;
    }
    for (int i = 0; i < 8; i++) size[i] = (unsigned char)((uint64_t)header.n >> (8 * i));
    if ((rc = wu_replace_begin(&r, path, err))) goto done;
    bool ok = fwrite(size, 1, 8, r.f) == 8 && fwrite(header.p, 1, header.n, r.f) == header.n;
    for (int32_t i = 0; ok && i < n; i++)
        ok = order[i]->bytes == 0 ||
             fwrite(order[i]->data, 1, order[i]->bytes, r.f) == order[i]->bytes;
    if (!ok) {
        rc = wu_fail_errno(err, "%s: cannot be written", path);
        goto done;
    }
    rc = wu_replace_commit(&r, err);
done:
    wu_replace_abandon(&r);
    wu_buf_free(&header);
    free(order);
    return rc;
}
