/* gguf.c - reading llama.cpp's container (gguf.h).
 *
 * Numbers in the file are little-endian and may be unaligned. Every count is held against the
 * bytes that are left before memory is taken for it. */
#include "formats/gguf.h"

#include "base/file.h"
#include "formats/index_impl.h"
#include "formats/tensor_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GGUF_DIM = 4, MAX_TENSOR_NAME = 63, MAX_KEY = 65535, DEFAULT_ALIGN = 32 };

typedef enum kv_type {
    KV_U8,
    KV_I8,
    KV_U16,
    KV_I16,
    KV_U32,
    KV_I32,
    KV_F32,
    KV_BOOL,
    KV_STR,
    KV_ARRAY,
    KV_U64,
    KV_I64,
    KV_F64,
    N_KV
} kv_type;
static const uint8_t kv_bytes[N_KV] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
static const char *const kv_names[N_KV] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                           "bool", "string", "array", "u64", "i64", "f64"};

typedef struct gguf_kv {
    wu_str key;
    kv_type type, element;  /* element: of an array */
    int64_t n;              /* elements of an array, else 1 */
    const unsigned char *p; /* the number, or the array's first number */
    wu_str *str;            /* [n] when the value is text or an array of texts */
} gguf_kv;

struct wu_gguf {
    wu_arena arena;
    wu_map map; /* empty when the bytes are the caller's */
    const char *where;
    gguf_kv *kv;          /* [n_kv] in file order */
    wu_str *kv_key;       /* [n_kv] for the index */
    const char **kv_text; /* [n_kv] the same with a NUL */
    wu_index kv_index;
    int32_t n_kv;
    wu_tensor *t; /* [n] in file order */
    wu_str *t_name;
    wu_index t_index;
    int32_t n;
};

typedef struct cursor {
    const unsigned char *start, *p, *end;
    const char *where;
} cursor;

static size_t left(const cursor *c) { return (size_t)(c->end - c->p); }

static uint64_t little(const unsigned char *p, int bytes) {
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--) v = v << 8 | p[i];
    return v;
}

static wu_code cut_short(const cursor *c, const char *what, wu_err *err) {
    return wu_fail(err, WU_EFORMAT, "%s: the file ends inside %s, at byte %zu", c->where, what,
                   (size_t)(c->p - c->start));
}

static wu_code no_memory(const char *where, wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
}

static const char *copy_text(wu_arena *a, wu_str s) {
    char *p = wu_arena_alloc(a, s.n + 1);
    if (!p) return NULL;
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

static wu_code read_number(cursor *c, int bytes, uint64_t *out, const char *what, wu_err *err) {
    if (left(c) < (size_t)bytes) return cut_short(c, what, err);
    *out = little(c->p, bytes);
    c->p += bytes;
    return WU_OK;
}

static wu_code read_text(cursor *c, wu_str *out, const char *what, wu_err *err) {
    uint64_t n = 0;
    wu_code rc;

    if ((rc = read_number(c, 8, &n, what, err))) return rc;
    if (n > left(c)) return cut_short(c, what, err);
    const union {
        const unsigned char *u;
        const char *c;
    } p = {.u = c->p};
    *out = (wu_str){p.c, (size_t)n};
    c->p += n;
    return WU_OK;
}

/* ---- metadata --------------------------------------------------------------------------- */

static wu_code read_texts(wu_gguf *g, cursor *c, gguf_kv *kv, const char *what, wu_err *err) {
    wu_code rc;

    if ((uint64_t)kv->n > left(c) / 8) return cut_short(c, what, err);
    kv->str = wu_arena_zero(&g->arena, (size_t)kv->n, sizeof(*kv->str));
    if (!kv->str) return no_memory(c->where, err);
    for (int64_t i = 0; i < kv->n; i++)
        if ((rc = read_text(c, &kv->str[i], what, err))) return rc;
    return WU_OK;
}

static wu_code read_value_type(cursor *c, kv_type *out, const char *what, wu_err *err) {
    uint64_t type = 0;
    wu_code rc;

    if ((rc = read_number(c, 4, &type, what, err))) return rc;
    if (type >= N_KV)
        return wu_fail(err, WU_EFORMAT, "%s: %s has the unknown value type %" PRIu64, c->where,
                       what, type);
    *out = (kv_type)type;
    return WU_OK;
}

static wu_code read_kv(wu_gguf *g, cursor *c, gguf_kv *kv, wu_err *err) {
    char text[WU_NAME_TEXT], what[WU_NAME_TEXT + 8];
    uint64_t n = 0;
    wu_code rc;

    if ((rc = read_text(c, &kv->key, "a key", err))) return rc;
    if (kv->key.n == 0 || kv->key.n > MAX_KEY || memchr(kv->key.p, 0, kv->key.n))
        return wu_fail(err, WU_EFORMAT, "%s: a key has %zu bytes, want 1 to %d and no NUL",
                       c->where, kv->key.n, MAX_KEY);
    snprintf(what, sizeof(what), "key %s", wu_name_text(text, kv->key));
    if ((rc = read_value_type(c, &kv->type, what, err))) return rc;
    kv->n = 1;
    kv->element = kv->type;
    if (kv->type == KV_ARRAY) {
        if ((rc = read_value_type(c, &kv->element, what, err))) return rc;
        if (kv->element == KV_ARRAY)
            return wu_fail(err, WU_EFORMAT, "%s: %s is an array of arrays, which is not read",
                           c->where, what);
        if ((rc = read_number(c, 8, &n, what, err))) return rc;
        if (n > left(c)) return cut_short(c, what, err);
        kv->n = (int64_t)n;
    }
    if (kv->element == KV_STR) return read_texts(g, c, kv, what, err);
    if ((uint64_t)kv->n > left(c) / kv_bytes[kv->element]) return cut_short(c, what, err);
    kv->p = c->p;
    c->p += (size_t)kv->n * kv_bytes[kv->element];
    return WU_OK;
}

static wu_code read_keys(wu_gguf *g, cursor *c, uint64_t n, wu_err *err) {
    char text[WU_NAME_TEXT];
    int32_t twin;
    wu_code rc;

    if (n > left(c) / 13 || n > INT32_MAX)
        return wu_fail(err, WU_EFORMAT, "%s: %" PRIu64 " keys do not fit into the file's %zu bytes",
                       c->where, n, left(c));
    g->kv = wu_arena_zero(&g->arena, (size_t)n, sizeof(*g->kv));
    g->kv_key = wu_arena_zero(&g->arena, (size_t)n, sizeof(*g->kv_key));
    g->kv_text = wu_arena_zero(&g->arena, (size_t)n, sizeof(*g->kv_text));
    if (!g->kv || !g->kv_key || !g->kv_text) return no_memory(c->where, err);
    for (; g->n_kv < (int32_t)n; g->n_kv++) {
        if ((rc = read_kv(g, c, &g->kv[g->n_kv], err))) return rc;
        g->kv_key[g->n_kv] = g->kv[g->n_kv].key;
        if (!(g->kv_text[g->n_kv] = copy_text(&g->arena, g->kv[g->n_kv].key)))
            return no_memory(c->where, err);
    }
    if (wu_index_build(&g->kv_index, &g->arena, g->kv_key, g->n_kv, &twin))
        return no_memory(c->where, err);
    if (twin >= 0)
        return wu_fail(err, WU_EFORMAT, "%s: key %s occurs twice", c->where,
                       wu_name_text(text, g->kv_key[twin]));
    return WU_OK;
}

static const gguf_kv *find_kv(const wu_gguf *g, const char *key) {
    const int32_t i = wu_index_find(&g->kv_index, wu_str_of(key));
    return i < 0 ? NULL : &g->kv[i];
}

static bool element_int(const gguf_kv *kv, int64_t i, int64_t *out) {
    if (kv->element == KV_STR || i < 0 || i >= kv->n) return false;
    const int bytes = kv_bytes[kv->element];
    const uint64_t v = little(kv->p + i * bytes, bytes);
    switch (kv->element) {
    case KV_U8:
    case KV_U16:
    case KV_U32:
        *out = (int64_t)v;
        return true;
    case KV_I8:
        *out = v < 128 ? (int64_t)v : (int64_t)v - 256;
        return true;
    case KV_I16:
        *out = (int16_t)v;
        return true;
    case KV_I32:
        *out = (int32_t)v;
        return true;
    case KV_U64:
    case KV_I64:
        if (kv->element == KV_U64 && v > INT64_MAX) return false;
        *out = (int64_t)v;
        return true;
    default:
        return false;
    }
}

static bool element_real(const gguf_kv *kv, int64_t i, double *out) {
    int64_t whole;
    if (element_int(kv, i, &whole)) {
        *out = (double)whole;
        return true;
    }
    if (i < 0 || i >= kv->n) return false;
    if (kv->element == KV_F32) {
        float f;
        memcpy(&f, kv->p + i * 4, sizeof(f));
        *out = (double)f;
        return true;
    }
    if (kv->element == KV_F64) {
        memcpy(out, kv->p + i * 8, sizeof(*out));
        return true;
    }
    return false;
}

bool wu_gguf_int(const wu_gguf *g, const char *key, int64_t *out) {
    const gguf_kv *kv = find_kv(g, key);
    return kv && kv->type != KV_ARRAY && element_int(kv, 0, out);
}

bool wu_gguf_real(const wu_gguf *g, const char *key, double *out) {
    const gguf_kv *kv = find_kv(g, key);
    return kv && kv->type != KV_ARRAY && element_real(kv, 0, out);
}

bool wu_gguf_bool(const wu_gguf *g, const char *key, bool *out) {
    const gguf_kv *kv = find_kv(g, key);
    if (!kv || kv->type != KV_BOOL) return false;
    *out = kv->p[0] != 0;
    return true;
}

bool wu_gguf_str(const wu_gguf *g, const char *key, wu_str *out) {
    const gguf_kv *kv = find_kv(g, key);
    if (!kv || kv->type != KV_STR) return false;
    *out = kv->str[0];
    return true;
}

int64_t wu_gguf_array(const wu_gguf *g, const char *key) {
    const gguf_kv *kv = find_kv(g, key);
    return kv && kv->type == KV_ARRAY ? kv->n : -1;
}

bool wu_gguf_array_str(const wu_gguf *g, const char *key, int64_t i, wu_str *out) {
    const gguf_kv *kv = find_kv(g, key);
    if (!kv || kv->type != KV_ARRAY || kv->element != KV_STR || i < 0 || i >= kv->n) return false;
    *out = kv->str[i];
    return true;
}

bool wu_gguf_array_int(const wu_gguf *g, const char *key, int64_t i, int64_t *out) {
    const gguf_kv *kv = find_kv(g, key);
    return kv && kv->type == KV_ARRAY && element_int(kv, i, out);
}

bool wu_gguf_array_real(const wu_gguf *g, const char *key, int64_t i, double *out) {
    const gguf_kv *kv = find_kv(g, key);
    return kv && kv->type == KV_ARRAY && element_real(kv, i, out);
}

int64_t wu_gguf_keys(const wu_gguf *g) { return g->n_kv; }

const char *wu_gguf_key(const wu_gguf *g, int64_t i, char *value, size_t size) {
    const gguf_kv *kv = &g->kv[i];
    char text[WU_NAME_TEXT];
    int64_t whole;
    double real;

    if (kv->type == KV_ARRAY)
        snprintf(value, size, "%s[%" PRId64 "]", kv_names[kv->element], kv->n);
    else if (kv->type == KV_STR)
        snprintf(value, size, "%s", wu_name_text(text, kv->str[0]));
    else if (kv->type == KV_BOOL)
        snprintf(value, size, "%s", kv->p[0] ? "true" : "false");
    else if (element_int(kv, 0, &whole))
        snprintf(value, size, "%" PRId64, whole);
    else if (element_real(kv, 0, &real))
        snprintf(value, size, "%g", real);
    else
        snprintf(value, size, "%" PRIu64, little(kv->p, kv_bytes[kv->type]));
    return g->kv_text[i];
}

/* ---- tensors ---------------------------------------------------------------------------- */

/* Types by their number in the file; OTHER with a name is known but not read. */
static const struct {
    const char *name;
    wu_ttype type;
} gguf_types[] = {
    [0] = {"F32", WU_T_F32},       [1] = {"F16", WU_T_F16},        [2] = {"Q4_0", WU_T_Q4_0},
    [3] = {"Q4_1", WU_T_Q4_1},     [6] = {"Q5_0", WU_T_Q5_0},      [7] = {"Q5_1", WU_T_Q5_1},
    [8] = {"Q8_0", WU_T_Q8_0},     [9] = {"Q8_1", WU_T_OTHER},     [10] = {"Q2_K", WU_T_OTHER},
    [11] = {"Q3_K", WU_T_OTHER},   [12] = {"Q4_K", WU_T_Q4_K},     [13] = {"Q5_K", WU_T_Q5_K},
    [14] = {"Q6_K", WU_T_Q6_K},    [15] = {"Q8_K", WU_T_OTHER},    [16] = {"IQ2_XXS", WU_T_OTHER},
    [17] = {"IQ2_XS", WU_T_OTHER}, [18] = {"IQ3_XXS", WU_T_OTHER}, [19] = {"IQ1_S", WU_T_OTHER},
    [20] = {"IQ4_NL", WU_T_OTHER}, [21] = {"IQ3_S", WU_T_OTHER},   [22] = {"IQ2_S", WU_T_OTHER},
    [23] = {"IQ4_XS", WU_T_OTHER}, [24] = {"I8", WU_T_I8},         [25] = {"I16", WU_T_I16},
    [26] = {"I32", WU_T_I32},      [27] = {"I64", WU_T_I64},       [28] = {"F64", WU_T_F64},
    [29] = {"IQ1_M", WU_T_OTHER},  [30] = {"BF16", WU_T_BF16},     [34] = {"TQ1_0", WU_T_OTHER},
    [35] = {"TQ2_0", WU_T_OTHER},  [39] = {"MXFP4", WU_T_OTHER},
};

static wu_code read_tensor_type(const cursor *c, wu_tensor *t, uint64_t type, wu_err *err) {
    if (type >= WU_LEN(gguf_types) || !gguf_types[type].name)
        return wu_fail(err, WU_EFORMAT, "%s: tensor %s has the unknown type number %" PRIu64,
                       c->where, t->name, type);
    t->type = gguf_types[type].type;
    if (t->type == WU_T_OTHER)
        return wu_fail(err, WU_EFORMAT,
                       "%s: tensor %s has type %s; read are F32, F16, BF16, Q8_0, Q4_0, Q4_1, "
                       "Q5_0, Q5_1, Q4_K, "
                       "Q5_K, Q6_K",
                       c->where, t->name, gguf_types[type].name);
    return WU_OK;
}

static wu_code read_tensor_shape(cursor *c, wu_tensor *t, wu_err *err) {
    uint64_t n = 0;
    wu_code rc;

    if ((rc = read_number(c, 4, &n, t->name, err))) return rc;
    if (n > MAX_GGUF_DIM)
        return wu_fail(err, WU_EFORMAT, "%s: tensor %s has %" PRIu64 " dimensions, want at most %d",
                       c->where, t->name, n, MAX_GGUF_DIM);
    t->n_dim = (int32_t)n;
    for (int32_t i = t->n_dim - 1; i >= 0; i--) { /* the file has the innermost first */
        if ((rc = read_number(c, 8, &n, t->name, err))) return rc;
        if (n > INT64_MAX)
            return wu_fail(err, WU_EFORMAT, "%s: tensor %s has a dimension of %" PRIu64, c->where,
                           t->name, n);
        t->dim[i] = (int64_t)n;
    }
    return WU_OK;
}

static wu_code tensor_bytes(const cursor *c, wu_tensor *t, wu_err *err) {
    const wu_block b = wu_ttype_block(t->type);
    const int64_t inner = t->n_dim ? t->dim[t->n_dim - 1] : 1;
    char shape[WU_SHAPE_TEXT];
    int64_t n = 0, bytes = 0;

    wu_shape_text(shape, t->dim, t->n_dim);
    if (inner % b.n != 0)
        return wu_fail(err, WU_EFORMAT,
                       "%s: tensor %s with shape %s is not cut into blocks of %d, as %s wants",
                       c->where, t->name, shape, b.n, wu_ttype_name(t->type));
    if (!wu_shape_count(&n, t->dim, t->n_dim) ||
        __builtin_mul_overflow(n / b.n, (int64_t)b.bytes, &bytes))
        return wu_fail(err, WU_EFORMAT, "%s: the size of tensor %s with shape %s overflows",
                       c->where, t->name, shape);
    t->bytes = (size_t)bytes;
    return WU_OK;
}

/* One tensor info. *at is where its data must begin, and then where the next one's do. */
static wu_code read_tensor(wu_gguf *g, cursor *c, uint64_t align, uint64_t *at, wu_err *err) {
    wu_tensor *t = &g->t[g->n];
    uint64_t type = 0, offset = 0;
    char text[WU_NAME_TEXT];
    wu_str name = {0};
    wu_code rc;

    if ((rc = read_text(c, &name, "a tensor's name", err))) return rc;
    if (name.n == 0 || name.n > MAX_TENSOR_NAME || memchr(name.p, 0, name.n))
        return wu_fail(err, WU_EFORMAT, "%s: tensor name %s has %zu bytes, want 1 to %d and no NUL",
                       c->where, wu_name_text(text, name), name.n, MAX_TENSOR_NAME);
    const char *copy = copy_text(&g->arena, name);
    if (!copy) return no_memory(c->where, err);
    *t = (wu_tensor){.name = copy};
    g->t_name[g->n] = (wu_str){copy, name.n};
    if ((rc = read_tensor_shape(c, t, err))) return rc;
    if ((rc = read_number(c, 4, &type, t->name, err))) return rc;
    if ((rc = read_number(c, 8, &offset, t->name, err))) return rc;
    if ((rc = read_tensor_type(c, t, type, err))) return rc;
    if ((rc = tensor_bytes(c, t, err))) return rc;
    if (offset != *at)
        return wu_fail(err, WU_EFORMAT,
                       "%s: tensor %s begins at byte %" PRIu64 " of the data, want %" PRIu64
                       " (a gap or an overlap)",
                       c->where, t->name, offset, *at);
    /* Sizes below 2^63 each; a sum beyond the file is as wrong as one that overflows. */
    const uint64_t total = (uint64_t)(c->end - c->start);
    if (t->bytes > total || *at > total - t->bytes)
        return wu_fail(err, WU_EFORMAT,
                       "%s: tensor %s wants %zu bytes at byte %" PRIu64
                       " of the data, but the file has only %" PRIu64 " bytes",
                       c->where, t->name, t->bytes, *at, total);
    *at = (*at + t->bytes + align - 1) / align * align;
    g->n++;
    return WU_OK;
}

static wu_code read_tensors(wu_gguf *g, cursor *c, uint64_t n, uint64_t align, wu_err *err) {
    char text[WU_NAME_TEXT];
    uint64_t at = 0;
    int32_t twin;
    wu_code rc;

    if (n > left(c) / 24 || n > INT32_MAX)
        return wu_fail(err, WU_EFORMAT,
                       "%s: %" PRIu64 " tensors do not fit into the file's %zu bytes", c->where, n,
                       left(c));
    g->t = wu_arena_zero(&g->arena, (size_t)n, sizeof(*g->t));
    g->t_name = wu_arena_zero(&g->arena, (size_t)n, sizeof(*g->t_name));
    if (!g->t || !g->t_name) return no_memory(c->where, err);
    while (g->n < (int32_t)n)
        if ((rc = read_tensor(g, c, align, &at, err))) return rc;
    if (wu_index_build(&g->t_index, &g->arena, g->t_name, g->n, &twin))
        return no_memory(c->where, err);
    if (twin >= 0)
        return wu_fail(err, WU_EFORMAT, "%s: tensor %s occurs twice", c->where,
                       wu_name_text(text, g->t_name[twin]));

    /* Data begin at the next multiple of the alignment. */
    const uint64_t head = (uint64_t)(c->p - c->start), total = (uint64_t)(c->end - c->start);
    const uint64_t begin = (head + align - 1) / align * align;
    at = 0;
    for (int32_t i = 0; i < g->n; i++) {
        wu_tensor *t = &g->t[i];
        if (begin + at > total || t->bytes > total - begin - at)
            return wu_fail(err, WU_EFORMAT,
                           "%s: tensor %s wants %zu bytes from byte %" PRIu64
                           ", but the file has only %" PRIu64 " bytes",
                           c->where, t->name, t->bytes, begin + at, total);
        t->data = c->start + begin + at;
        at = (at + t->bytes + align - 1) / align * align;
    }
    return WU_OK;
}

/* ---- the file --------------------------------------------------------------------------- */

static wu_code read_version(cursor *c, wu_err *err) {
    uint64_t version = 0;
    wu_code rc;

    if (left(c) < 4 || memcmp(c->p, "GGUF", 4) != 0)
        return wu_fail(err, WU_EFORMAT, "%s: not a GGUF file, it does not begin with \"GGUF\"",
                       c->where);
    c->p += 4;
    if ((rc = read_number(c, 4, &version, "the version", err))) return rc;
    if ((version & 0xffff) == 0)
        return wu_fail(err, WU_EFORMAT,
                       "%s: a GGUF file for big-endian machines, which is not read", c->where);
    if (version != 2 && version != 3)
        return wu_fail(err, WU_EFORMAT, "%s: GGUF version %" PRIu64 ", want 2 or 3", c->where,
                       version);
    return WU_OK;
}

static wu_code read_settings(const wu_gguf *g, uint64_t *align, wu_err *err) {
    const gguf_kv *kv = find_kv(g, "general.alignment");
    int64_t v = 0;

    *align = DEFAULT_ALIGN;
    if (kv) {
        if (kv->type != KV_U32 || !element_int(kv, 0, &v) || v < 8 || (v & (v - 1)) != 0)
            return wu_fail(err, WU_EFORMAT,
                           "%s: general.alignment is %" PRId64
                           " of type %s, want u32 and a power of two, 8 or more",
                           g->where, v, kv_names[kv->type]);
        *align = (uint64_t)v;
    }
    if (wu_gguf_int(g, "split.count", &v) && v > 1)
        return wu_fail(err, WU_EFORMAT,
                       "%s: one of %" PRId64
                       " parts of a split GGUF file; join them first (llama-gguf-split --merge)",
                       g->where, v);
    return WU_OK;
}

static wu_code read_file(wu_gguf *g, const unsigned char *p, size_t n, const char *where,
                         wu_err *err) {
    cursor c = {p, p, p + n, where};
    uint64_t n_tensor = 0, n_kv = 0, align = 0;
    wu_code rc;

    if (!(g->where = wu_arena_strdup(&g->arena, where))) return no_memory(where, err);
    if ((rc = read_version(&c, err))) return rc;
    if ((rc = read_number(&c, 8, &n_tensor, "the header", err))) return rc;
    if ((rc = read_number(&c, 8, &n_kv, "the header", err))) return rc;
    if ((rc = read_keys(g, &c, n_kv, err))) return rc;
    if ((rc = read_settings(g, &align, err))) return rc;
    return read_tensors(g, &c, n_tensor, align, err);
}

wu_code wu_gguf_open_memory(wu_gguf **out, const void *p, size_t n, const char *where,
                            wu_err *err) {
    wu_code rc;

    *out = NULL;
    wu_gguf *g = calloc(1, sizeof(*g));
    if (!g) return no_memory(where, err);
    if ((rc = read_file(g, p, n, where, err))) {
        wu_gguf_close(g);
        return rc;
    }
    *out = g;
    return WU_OK;
}

wu_code wu_gguf_open(wu_gguf **out, const char *path, wu_err *err) {
    wu_map map = {0};
    wu_code rc;

    *out = NULL;
    if ((rc = wu_map_open(&map, path, err))) return rc;
    rc = wu_gguf_open_memory(out, map.p, map.n, path, err);
    if (*out)
        (*out)->map = map;
    else
        wu_map_close(&map);
    return rc;
}

void wu_gguf_close(wu_gguf *g) {
    if (!g) return;
    wu_map_close(&g->map);
    wu_arena_free(&g->arena);
    free(g);
}

void wu_gguf_drop_pages(const wu_gguf *g) { wu_map_drop_pages(&g->map); }

int32_t wu_gguf_count(const wu_gguf *g) { return g->n; }

const wu_tensor *wu_gguf_at(const wu_gguf *g, int32_t i) { return &g->t[i]; }

const wu_tensor *wu_gguf_find(const wu_gguf *g, const char *name) {
    const int32_t i = wu_index_find(&g->t_index, wu_str_of(name));
    return i < 0 ? NULL : &g->t[i];
}
