/* safetensors.c - reading one file (safetensors.h).
 *
 * The header is parsed as JSON, every entry is checked on its own, then all together: sorted by
 * where their data begin, the tensors must cover the data without a gap or an overlap. */
#include "formats/safetensors.h"

#include "base/file.h"
#include "formats/index_impl.h"
#include "formats/tensor_impl.h"
#include "text/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TENSORS = 1000000, MAX_NAME = 4096, PREFIX_BYTES = 8 };
static const uint64_t max_header = 100000000;

typedef struct st_pair {
    const char *key, *value;
} st_pair;

struct wu_st {
    wu_arena arena;
    wu_map map; /* empty when the bytes are the caller's */
    const unsigned char *data;
    size_t n_data;
    const char *where;
    wu_tensor *t; /* [n] in order of name */
    int32_t n;
    st_pair *meta; /* [n_meta] */
    int32_t n_meta;
};

static const struct {
    const char *name;
    wu_ttype type;
    int32_t bits;
} st_types[] = {
    {"F32", WU_T_F32, 32},          {"F16", WU_T_F16, 16},      {"BF16", WU_T_BF16, 16},
    {"F64", WU_T_F64, 64},          {"I8", WU_T_I8, 8},         {"I16", WU_T_I16, 16},
    {"I32", WU_T_I32, 32},          {"I64", WU_T_I64, 64},      {"U8", WU_T_U8, 8},
    {"U16", WU_T_U16, 16},          {"U32", WU_T_U32, 32},      {"U64", WU_T_U64, 64},
    {"BOOL", WU_T_BOOL, 8},         {"C64", WU_T_OTHER, 64},    {"F8_E4M3", WU_T_OTHER, 8},
    {"F8_E5M2", WU_T_OTHER, 8},     {"F8_E8M0", WU_T_OTHER, 8}, {"F8_E4M3FNUZ", WU_T_OTHER, 8},
    {"F8_E5M2FNUZ", WU_T_OTHER, 8}, {"F6_E2M3", WU_T_OTHER, 6}, {"F6_E3M2", WU_T_OTHER, 6},
    {"F4", WU_T_OTHER, 4},
};

static char *st_copy(wu_st *st, wu_str s) {
    char *p = wu_arena_alloc(&st->arena, s.n + 1);
    if (!p) return NULL;
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

static wu_code st_no_memory(const wu_st *st, wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", st->where);
}

/* A list of plain non-negative integers; n is how many, at most max. */
static bool st_numbers(const wu_json *j, int64_t *out, int32_t max, int32_t *n) {
    if (wu_json_type(j) != WU_JSON_ARRAY || wu_json_size(j) > (size_t)max) return false;
    *n = (int32_t)wu_json_size(j);
    for (int32_t i = 0; i < *n; i++) {
        const wu_json *x = wu_json_at(j, (size_t)i);
        if (wu_json_type(x) != WU_JSON_INT || wu_json_int(x) < 0) return false;
        out[i] = wu_json_int(x);
    }
    return true;
}

static wu_code st_read_type(wu_st *st, wu_tensor *t, const wu_json *j, int32_t *bits, wu_err *err) {
    const wu_json *type = wu_json_get(j, "dtype");
    const wu_str s = wu_json_str(type);
    char text[WU_NAME_TEXT];

    if (wu_json_type(type) != WU_JSON_STRING)
        return wu_fail(err, WU_EFORMAT, "%s: tensor %.120s has no \"dtype\" text", st->where,
                       t->name);
    for (size_t i = 0; i < WU_LEN(st_types); i++) {
        if (!wu_str_eq(s, wu_str_of(st_types[i].name))) continue;
        t->type = st_types[i].type;
        *bits = st_types[i].bits;
        return WU_OK;
    }
    return wu_fail(err, WU_EFORMAT, "%s: tensor %.120s has the unknown dtype \"%s\"", st->where,
                   t->name, wu_name_text(text, s));
}

/* Shape and place of one tensor, against the size of the data. */
static wu_code st_read_place(wu_st *st, wu_tensor *t, const wu_json *j, int32_t bits, wu_err *err) {
    int64_t at[2], n = 0, n_bits;
    int32_t n_at = 0;
    char shape[WU_SHAPE_TEXT];

    if (!st_numbers(wu_json_get(j, "shape"), t->dim, WU_MAX_DIM, &t->n_dim))
        return wu_fail(err, WU_EFORMAT,
                       "%s: tensor %.120s has no usable \"shape\", want a list of at most %d "
                       "non-negative integers",
                       st->where, t->name, WU_MAX_DIM);
    if (!st_numbers(wu_json_get(j, "data_offsets"), at, 2, &n_at) || n_at != 2)
        return wu_fail(
            err, WU_EFORMAT,
            "%s: tensor %.120s has no usable \"data_offsets\", want two non-negative integers",
            st->where, t->name);
    wu_shape_text(shape, t->dim, t->n_dim);
    if (!wu_shape_count(&n, t->dim, t->n_dim) || __builtin_mul_overflow(n, (int64_t)bits, &n_bits))
        return wu_fail(err, WU_EFORMAT, "%s: the size of tensor %.120s with shape %s overflows",
                       st->where, t->name, shape);
    if (n_bits % 8 != 0)
        return wu_fail(err, WU_EFORMAT, "%s: tensor %.120s with shape %s does not fill whole bytes",
                       st->where, t->name, shape);
    if (at[0] > at[1] || (uint64_t)at[1] > st->n_data)
        return wu_fail(err, WU_EFORMAT,
                       "%s: tensor %.120s lies at [%" PRId64 ",%" PRId64
                       "], but the file has %zu bytes of data",
                       st->where, t->name, at[0], at[1], st->n_data);
    if (at[1] - at[0] != n_bits / 8)
        return wu_fail(err, WU_EFORMAT,
                       "%s: tensor %.120s has %" PRId64 " bytes, want %" PRId64 " for its shape %s",
                       st->where, t->name, at[1] - at[0], n_bits / 8, shape);
    t->bytes = (size_t)(at[1] - at[0]);
    t->data = st->data + at[0];
    return WU_OK;
}

static wu_code st_read_tensor(wu_st *st, wu_str name, const wu_json *j, wu_err *err) {
    wu_tensor *t = &st->t[st->n];
    char text[WU_NAME_TEXT];
    int32_t bits = 0;
    wu_code rc;

    *t = (wu_tensor){0};
    if (name.n > MAX_NAME || name.n == 0)
        return wu_fail(err, WU_EFORMAT, "%s: a tensor's name has %zu bytes, want 1 to %d",
                       st->where, name.n, MAX_NAME);
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EFORMAT, "%s: tensor %s is not described by an object", st->where,
                       wu_name_text(text, name));
    if (!(t->name = st_copy(st, name))) return st_no_memory(st, err);
    if ((rc = st_read_type(st, t, j, &bits, err))) return rc;
    if ((rc = st_read_place(st, t, j, bits, err))) return rc;
    st->n++;
    return WU_OK;
}

static wu_code st_read_meta(wu_st *st, const wu_json *j, wu_err *err) {
    if (wu_json_type(j) == WU_JSON_NULL) return WU_OK; /* as MLX writes it */
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EFORMAT, "%s: __metadata__ is not an object", st->where);
    st->meta = wu_arena_zero(&st->arena, wu_json_size(j), sizeof(*st->meta));
    if (!st->meta) return st_no_memory(st, err);
    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it)) {
        char text[WU_NAME_TEXT];
        if (wu_json_type(wu_json_value(it)) != WU_JSON_STRING)
            return wu_fail(err, WU_EFORMAT, "%s: __metadata__ value of \"%s\" is not text",
                           st->where, wu_name_text(text, wu_json_key(it)));
        st_pair *p = &st->meta[st->n_meta++];
        p->key = st_copy(st, wu_json_key(it));
        p->value = st_copy(st, wu_json_str(wu_json_value(it)));
        if (!p->key || !p->value) return st_no_memory(st, err);
    }
    return WU_OK;
}

static int by_place(const void *a, const void *b) {
    const wu_tensor *x = a, *y = b;
    const char *p = x->data, *q = y->data;
    if (p != q) return p < q ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes); /* empty ones first */
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const wu_tensor *)a)->name, ((const wu_tensor *)b)->name);
}

/* All tensors together cover the data exactly. Leaves them in order of name. */
static wu_code st_check_cover(wu_st *st, wu_err *err) {
    size_t at = 0;

    if (st->n) qsort(st->t, (size_t)st->n, sizeof(*st->t), by_place);
    for (int32_t i = 0; i < st->n; i++) {
        const size_t begin = (size_t)((const unsigned char *)st->t[i].data - st->data);
        if (begin != at)
            return wu_fail(
                err, WU_EFORMAT,
                "%s: tensor %.120s begins at byte %zu of the data, want %zu (a gap or an overlap)",
                st->where, st->t[i].name, begin, at);
        at += st->t[i].bytes;
    }
    if (at != st->n_data)
        return wu_fail(err, WU_EFORMAT,
                       "%s: the file has %zu bytes of data, want %zu as its tensors need",
                       st->where, st->n_data, at);
    if (st->n) qsort(st->t, (size_t)st->n, sizeof(*st->t), by_name);
    return WU_OK;
}

static wu_code st_read_header(wu_st *st, wu_str header, wu_err *err) {
    wu_json *j = NULL;
    wu_code rc;

    if ((rc = wu_json_parse(&j, header, st->where, WU_EFORMAT, err))) goto done;
    if (wu_json_type(j) != WU_JSON_OBJECT) {
        rc = wu_fail(err, WU_EFORMAT, "%s: the header is not a JSON object", st->where);
        goto done;
    }
    if (wu_json_size(j) > MAX_TENSORS) {
        rc = wu_fail(err, WU_EFORMAT, "%s: the header names %zu tensors, at most %d are read",
                     st->where, wu_json_size(j), MAX_TENSORS);
        goto done;
    }
    st->t = wu_arena_zero(&st->arena, wu_json_size(j), sizeof(*st->t));
    if (!st->t) {
        rc = st_no_memory(st, err);
        goto done;
    }
    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it)) {
        const wu_str key = wu_json_key(it);
        rc = wu_str_eq(key, WU_STR("__metadata__"))
                 ? st_read_meta(st, wu_json_value(it), err)
                 : st_read_tensor(st, key, wu_json_value(it), err);
        if (rc) goto done;
    }
    rc = st_check_cover(st, err);
done:
    wu_json_free(j);
    return rc;
}

/* Reads the bytes p[0, n); they stay where they are. */
static wu_code st_read(wu_st *st, const unsigned char *p, size_t n, const char *where,
                       wu_err *err) {
    uint64_t n_header = 0;

    if (!(st->where = wu_arena_strdup(&st->arena, where)))
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    if (n < PREFIX_BYTES)
        return wu_fail(err, WU_EFORMAT, "%s: not a safetensors file, it has only %zu bytes", where,
                       n);
    for (int i = PREFIX_BYTES - 1; i >= 0; i--) n_header = n_header << 8 | p[i];
    if (n_header > max_header)
        return wu_fail(err, WU_EFORMAT,
                       "%s: not a safetensors file, its header would have %" PRIu64
                       " bytes (at most %" PRIu64 ")",
                       where, n_header, max_header);
    if (n_header > n - PREFIX_BYTES)
        return wu_fail(err, WU_EFORMAT,
                       "%s: the header has %" PRIu64 " bytes, but the file ends after %zu", where,
                       n_header, n - PREFIX_BYTES);
    st->data = p + PREFIX_BYTES + n_header;
    st->n_data = n - PREFIX_BYTES - (size_t)n_header;
    const union {
        const unsigned char *u;
        const char *c;
    } text = {.u = p + PREFIX_BYTES};
    return st_read_header(st, (wu_str){text.c, (size_t)n_header}, err);
}

wu_code wu_st_open_memory(wu_st **out, const void *p, size_t n, const char *where, wu_err *err) {
    wu_code rc;

    *out = NULL;
    wu_st *st = calloc(1, sizeof(*st));
    if (!st) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    if ((rc = st_read(st, p, n, where, err))) {
        wu_st_close(st);
        return rc;
    }
    *out = st;
    return WU_OK;
}

wu_code wu_st_open(wu_st **out, const char *path, wu_err *err) {
    wu_map map = {0};
    wu_code rc;

    *out = NULL;
    if ((rc = wu_map_open(&map, path, err))) return rc;
    rc = wu_st_open_memory(out, map.p, map.n, path, err);
    if (*out)
        (*out)->map = map;
    else
        wu_map_close(&map);
    return rc;
}

void wu_st_close(wu_st *st) {
    if (!st) return;
    wu_map_close(&st->map);
    wu_arena_free(&st->arena);
    free(st);
}

int32_t wu_st_count(const wu_st *st) { return st->n; }

const wu_tensor *wu_st_at(const wu_st *st, int32_t i) { return &st->t[i]; }

const wu_tensor *wu_st_find(const wu_st *st, const char *name) {
    const wu_tensor key = {.name = name};
    return st->n ? bsearch(&key, st->t, (size_t)st->n, sizeof(*st->t), by_name) : NULL;
}

const char *wu_st_metadata(const wu_st *st, const char *key) {
    for (int32_t i = 0; i < st->n_meta; i++)
        if (strcmp(st->meta[i].key, key) == 0) return st->meta[i].value;
    return NULL;
}
