/* quant.c - GGUF blocks as affine groups, MLX groups as they are (quant.h).
 *
 * Why the conversion is exact: a GGUF value is d * (q - z) or d * q + m, where d has 11 bits (an
 * f16), or at most 19 bits when multiplied by a scale of the block, and q at most 8.  For all types
 * but Q6_K the product d * q has at most 24 bits and is exact in f32; ggml then rounds the sum, or
 * nothing.  fma(scale, q, bias) rounds the same exact number once.  In Q6_K ggml rounds the product
 * scale * (q - 32); the fma of scale, q and -32 * scale rounds that very number. */
#include "formats/quant.h"

#include "formats/tensor_impl.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* One block, taken apart: value of element e = scale[e / group] * q[e] + bias[e / group]. */
enum { MAX_BLOCK = 256, MAX_GROUPS = 16 };
typedef struct block_parts {
    float scale[MAX_GROUPS], bias[MAX_GROUPS];
    uint8_t q[MAX_BLOCK];
} block_parts;

typedef struct block_kind {
    wu_ttype type;
    int32_t group;  /* elements that share scale and bias */
    wu_dtype codes; /* WU_Q4 or WU_Q8 */
    bool wide;      /* scales need f32 */
    void (*split)(block_parts *out, const uint8_t *b);
    int32_t zero; /* bias = -zero * scale; 0 if the block has a bias of its own */
} block_kind;

static float half_at(const uint8_t *p) { return wu_f16_to_f32((uint16_t)(p[0] | p[1] << 8)); }

static uint32_t u32_at(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* 16 bytes hold 32 codes: low halves are elements 0 to 15, high halves 16 to 31. */
static void split_nibbles(uint8_t *q, const uint8_t *b) {
    for (int i = 0; i < 16; i++) {
        q[i] = b[i] & 15;
        q[i + 16] = b[i] >> 4;
    }
}

static void add_fifth_bits(uint8_t *q, uint32_t high) {
    for (int i = 0; i < 32; i++) q[i] = (uint8_t)(q[i] | ((high >> i) & 1u) << 4);
}

static void split_q4_0(block_parts *out, const uint8_t *b) {
    out->scale[0] = half_at(b);
    out->bias[0] = -8.0f * out->scale[0];
    split_nibbles(out->q, b + 2);
}

static void split_q4_1(block_parts *out, const uint8_t *b) {
    out->scale[0] = half_at(b);
    out->bias[0] = half_at(b + 2);
    split_nibbles(out->q, b + 4);
}

static void split_q5_0(block_parts *out, const uint8_t *b) {
    out->scale[0] = half_at(b);
    out->bias[0] = -16.0f * out->scale[0];
    split_nibbles(out->q, b + 6);
    add_fifth_bits(out->q, u32_at(b + 2));
}

static void split_q5_1(block_parts *out, const uint8_t *b) {
    out->scale[0] = half_at(b);
    out->bias[0] = half_at(b + 2);
    split_nibbles(out->q, b + 8);
    add_fifth_bits(out->q, u32_at(b + 4));
}

static void split_q8_0(block_parts *out, const uint8_t *b) {
    out->scale[0] = half_at(b);
    out->bias[0] = -128.0f * out->scale[0];
    for (int i = 0; i < 32; i++) out->q[i] = (uint8_t)(b[2 + i] ^ 0x80); /* q + 128 */
}

/* Eight pairs of 6-bit scale and minimum in 12 bytes. */
static void split_k_scales(block_parts *out, float d, float dmin, const uint8_t *s) {
    for (int j = 0; j < 8; j++) {
        const int sc = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
        const int mn = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
        out->scale[j] = d * (float)sc;
        out->bias[j] = -(dmin * (float)mn);
    }
}

/* 32 bytes hold two groups of 32: low halves, then high halves. */
static void split_k_nibbles(uint8_t *q, const uint8_t *b) {
    for (int g = 0; g < 4; g++)
        for (int i = 0; i < 32; i++) {
            q[64 * g + i] = b[32 * g + i] & 15;
            q[64 * g + 32 + i] = b[32 * g + i] >> 4;
        }
}

static void split_q4_k(block_parts *out, const uint8_t *b) {
    split_k_scales(out, half_at(b), half_at(b + 2), b + 4);
    split_k_nibbles(out->q, b + 16);
}

static void split_q5_k(block_parts *out, const uint8_t *b) {
    split_k_scales(out, half_at(b), half_at(b + 2), b + 4);
    split_k_nibbles(out->q, b + 48);
    for (int j = 0; j < 8; j++)
        for (int i = 0; i < 32; i++)
            out->q[32 * j + i] = (uint8_t)(out->q[32 * j + i] | ((b[16 + i] >> j) & 1) << 4);
}

static void split_q6_k(block_parts *out, const uint8_t *b) {
    const float d = half_at(b + 208);

    for (int j = 0; j < 16; j++) {
        const int sc = b[192 + j] < 128 ? b[192 + j] : b[192 + j] - 256;
        out->scale[j] = d * (float)sc;
        out->bias[j] = -32.0f * out->scale[j];
    }
    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; i < 32; i++) {
            const uint8_t *low = b + 64 * n, high = b[128 + 32 * n + i];
            uint8_t *q = out->q + 128 * n + i;
            q[0] = (uint8_t)((low[i] & 15) | (high & 3) << 4);
            q[32] = (uint8_t)((low[i + 32] & 15) | (high >> 2 & 3) << 4);
            q[64] = (uint8_t)(low[i] >> 4 | (high >> 4 & 3) << 4);
            q[96] = (uint8_t)(low[i + 32] >> 4 | (high >> 6) << 4);
        }
}

static const block_kind kinds[] = {
    {WU_T_Q4_0, 32, WU_Q4, false, split_q4_0, 8},   {WU_T_Q4_1, 32, WU_Q4, false, split_q4_1, 0},
    {WU_T_Q5_0, 32, WU_Q8, false, split_q5_0, 16},  {WU_T_Q5_1, 32, WU_Q8, false, split_q5_1, 0},
    {WU_T_Q8_0, 32, WU_Q8, false, split_q8_0, 128}, {WU_T_Q4_K, 32, WU_Q4, true, split_q4_k, 0},
    {WU_T_Q5_K, 32, WU_Q8, true, split_q5_k, 0},    {WU_T_Q6_K, 16, WU_Q8, true, split_q6_k, 32},
};

static const block_kind *kind_of(wu_ttype t) {
    for (size_t i = 0; i < WU_LEN(kinds); i++)
        if (kinds[i].type == t) return &kinds[i];
    return NULL;
}

static bool dense_type(wu_ttype t, wu_dtype *out) {
    if (t == WU_T_F32)
        *out = WU_F32;
    else if (t == WU_T_F16)
        *out = WU_F16;
    else if (t == WU_T_BF16)
        *out = WU_BF16;
    else
        return false;
    return true;
}

static const uint8_t *tensor_row(const wu_tensor *t, size_t row_bytes, int64_t row) {
    return (const uint8_t *)t->data + (size_t)row * row_bytes;
}

/* Does -zero * d leave the range of f16 for one of the blocks? */
static bool biases_overflow(const wu_tensor *t, const block_kind *k) {
    const size_t step = (size_t)wu_ttype_block(t->type).bytes;
    const uint8_t *b = t->data;

    if (k->wide || k->zero == 0) return false;
    for (size_t at = 0; at < t->bytes; at += step)
        if (fabsf(half_at(b + at)) * (float)k->zero > 65504.0f) return true;
    return false;
}

static void store_codes(const block_parts *p, int32_t n, wu_dtype codes, uint8_t *q) {
    if (codes == WU_Q8) {
        memcpy(q, p->q, (size_t)n);
        return;
    }
    for (size_t i = 0; i < (size_t)n / 2; i++) q[i] = (uint8_t)(p->q[2 * i] | p->q[2 * i + 1] << 4);
}

static void store_scales(const block_parts *p, int32_t n, bool wide, void *scale, void *bias,
                         size_t at) {
    for (int32_t i = 0; i < n; i++) {
        if (wide) {
            ((float *)scale)[at + (size_t)i] = p->scale[i];
            ((float *)bias)[at + (size_t)i] = p->bias[i];
        } else {
            ((uint16_t *)scale)[at + (size_t)i] = wu_f32_to_f16(p->scale[i]);
            ((uint16_t *)bias)[at + (size_t)i] = wu_f32_to_f16(p->bias[i]);
        }
    }
}

static wu_code convert_blocks(wu_matrix *m, const wu_tensor *t, const block_kind *k,
                              const int32_t *row_of, wu_arena *arena, wu_err *err) {
    const wu_block b = wu_ttype_block(t->type);
    const int32_t n_block = m->n_in / b.n, per_block = b.n / k->group;
    const bool wide = k->wide || biases_overflow(t, k);
    const size_t n_group = (size_t)m->n_in / (size_t)k->group,
                 row_bytes = (size_t)n_block * (size_t)b.bytes;
    const size_t block_codes = k->codes == WU_Q4 ? (size_t)b.n / 2 : (size_t)b.n;
    block_parts parts;

    m->type = k->codes;
    m->group = k->group;
    m->scale_type = wide ? WU_F32 : WU_F16;
    m->row_bytes = k->codes == WU_Q4 ? m->n_in / 2 : m->n_in;
    /* No product overflows: the tensor itself lies in memory and is of the same order. */
    uint8_t *q = wu_arena_alloc(arena, (size_t)m->n_out * (size_t)m->row_bytes);
    void *scale = wu_arena_alloc(arena, (size_t)m->n_out * n_group * (wide ? 4 : 2));
    void *bias = wu_arena_alloc(arena, (size_t)m->n_out * n_group * (wide ? 4 : 2));
    if (!q || !scale || !bias) return wu_fail(err, WU_ENOMEM, "tensor %s: out of memory", t->name);
    for (int32_t o = 0; o < m->n_out; o++) {
        const uint8_t *from = tensor_row(t, row_bytes, row_of ? row_of[o] : o);
        for (int32_t i = 0; i < n_block; i++) {
            k->split(&parts, from + (size_t)i * (size_t)b.bytes);
            store_codes(&parts, b.n, k->codes,
                        q + (size_t)o * (size_t)m->row_bytes + (size_t)i * block_codes);
            store_scales(&parts, per_block, wide, scale, bias,
                         (size_t)o * n_group + (size_t)i * (size_t)per_block);
        }
    }
    m->data = q;
    m->scale = scale;
    m->bias = bias;
    return WU_OK;
}

static wu_code gather_rows(wu_matrix *m, const wu_tensor *t, const int32_t *row_of, wu_arena *arena,
                           wu_err *err) {
    const size_t row_bytes = (size_t)m->row_bytes;

    uint8_t *p = wu_arena_alloc(arena, t->bytes);
    if (!p) return wu_fail(err, WU_ENOMEM, "tensor %s: out of memory", t->name);
    for (int32_t o = 0; o < m->n_out; o++)
        memcpy(p + (size_t)o * row_bytes, tensor_row(t, row_bytes, row_of[o]), row_bytes);
    m->data = p;
    return WU_OK;
}

wu_code wu_matrix_from_tensor(wu_matrix *out, const wu_tensor *t, const int32_t *row_of,
                              wu_arena *arena, wu_err *err) {
    const block_kind *k = kind_of(t->type);
    char shape[WU_SHAPE_TEXT];
    wu_dtype dense = WU_F32;

    *out = (wu_matrix){0};
    if (t->n_dim != 2 || t->dim[0] < 1 || t->dim[1] < 1 || t->dim[0] > INT32_MAX ||
        t->dim[1] > INT32_MAX)
        return wu_fail(err, WU_EFORMAT, "tensor %s has shape %s, want a matrix", t->name,
                       wu_shape_text(shape, t->dim, t->n_dim));
    if (!k && !dense_type(t->type, &dense))
        return wu_fail(err, WU_EFORMAT, "tensor %s has type %s, which cannot be a weight matrix",
                       t->name, wu_ttype_name(t->type));
    out->n_out = (int32_t)t->dim[0];
    out->n_in = (int32_t)t->dim[1];
    for (int32_t o = 0; row_of && o < out->n_out; o++)
        WU_ASSERT(row_of[o] >= 0 && row_of[o] < out->n_out);
    if (k) return convert_blocks(out, t, k, row_of, arena, err);
    out->type = dense;
    out->row_bytes = (int64_t)out->n_in * (dense == WU_F32 ? 4 : 2);
    out->data = t->data;
    return row_of ? gather_rows(out, t, row_of, arena, err) : WU_OK;
}

wu_code wu_matrix_from_mlx(wu_matrix *out, const wu_tensor *weight, const wu_tensor *scales,
                           const wu_tensor *biases, int bits, int group, wu_err *err) {
    char shape[WU_SHAPE_TEXT], want[WU_SHAPE_TEXT];
    wu_dtype type = WU_F32;

    *out = (wu_matrix){0};
    if ((bits != 4 && bits != 8) || (group != 32 && group != 64 && group != 128))
        return wu_fail(err, WU_EFORMAT,
                       "tensor %s is quantised with %d bits in groups of %d, read are 4 and 8 bits "
                       "in groups of 32, 64 and 128",
                       weight->name, bits, group);
    if (weight->type != WU_T_U32 || weight->n_dim != 2 || weight->dim[0] < 1 ||
        weight->dim[1] < 1 || weight->dim[0] > INT32_MAX || weight->dim[1] > INT32_MAX / 32)
        return wu_fail(err, WU_EFORMAT, "tensor %s has type %s and shape %s, want a matrix of U32",
                       weight->name, wu_ttype_name(weight->type),
                       wu_shape_text(shape, weight->dim, weight->n_dim));
    const int64_t n_in = weight->dim[1] * 32 / bits;
    const int64_t dim[2] = {weight->dim[0], n_in / group};
    const wu_tensor *const parts[2] = {scales, biases};
    if (n_in % group != 0)
        return wu_fail(err, WU_EFORMAT,
                       "tensor %s has %" PRId64 " inputs, which are not cut into groups of %d",
                       weight->name, n_in, group);
    for (int i = 0; i < 2; i++)
        if (parts[i]->n_dim != 2 || parts[i]->dim[0] != dim[0] || parts[i]->dim[1] != dim[1])
            return wu_fail(err, WU_EFORMAT, "tensor %s has shape %s, want %s as %s needs",
                           parts[i]->name, wu_shape_text(shape, parts[i]->dim, parts[i]->n_dim),
                           wu_shape_text(want, dim, 2), weight->name);
    if (scales->type != biases->type || !dense_type(scales->type, &type))
        return wu_fail(err, WU_EFORMAT,
                       "tensors %s and %s have types %s and %s, want F32, F16 or BF16 for both",
                       scales->name, biases->name, wu_ttype_name(scales->type),
                       wu_ttype_name(biases->type));
    *out = (wu_matrix){
        .type = bits == 4 ? WU_Q4 : WU_Q8,
        .n_out = (int32_t)weight->dim[0],
        .n_in = (int32_t)n_in,
        .data = weight->data,
        .row_bytes = n_in * bits / 8,
        .group = group,
        .scale_type = type,
        .rounds = true,
        .scale = scales->data,
        .bias = biases->data,
    };
    return WU_OK;
}

/* ggml's own order of operations for one block, for values that are equal to the last bit. */
static void block_values(float *out, const block_parts *p, const block_kind *k, int32_t n) {
    for (int32_t e = 0; e < n; e++) {
        const float scale = p->scale[e / k->group];
        if (k->zero)
            out[e] = scale * (float)(p->q[e] - k->zero);
        else
            out[e] = scale * (float)p->q[e] + p->bias[e / k->group];
    }
}

wu_code wu_tensor_to_f32(float *out, const wu_tensor *t, wu_err *err) {
    const block_kind *k = kind_of(t->type);
    const uint8_t *p = t->data;
    wu_dtype dense = WU_F32;

    if (!k && !dense_type(t->type, &dense))
        return wu_fail(err, WU_EFORMAT,
                       "tensor %s has type %s, want numbers of F32, F16, BF16 or a GGUF block type",
                       t->name, wu_ttype_name(t->type));
    const wu_block b = wu_ttype_block(t->type);
    const size_t n_block = t->bytes / (size_t)b.bytes;
    if (k) {
        block_parts parts;
        for (size_t i = 0; i < n_block; i++) {
            k->split(&parts, p + i * (size_t)b.bytes);
            block_values(out + i * (size_t)b.n, &parts, k, b.n);
        }
    } else if (dense == WU_F32) {
        if (t->bytes) memcpy(out, p, t->bytes);
    } else {
        for (size_t i = 0; i < n_block; i++) {
            const uint16_t h = (uint16_t)(p[2 * i] | p[2 * i + 1] << 8);
            out[i] = dense == WU_F16 ? wu_f16_to_f32(h) : wu_bf16_to_f32(h);
        }
    }
    return WU_OK;
}
