/* dtype.c - conversions and the exact values of a matrix row (dtype.h). */
#include "base/dtype.h"

#include "base/compiler.h"

#include <math.h>

const char *wu_dtype_name(wu_dtype t) {
    static const char *const name[] = {"f32", "f16", "bf16", "q4", "q8"};
    return name[t];
}

int wu_dtype_bits(wu_dtype t) {
    static const int bits[] = {32, 16, 16, 4, 8};
    return bits[t];
}

float wu_f16_to_f32(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = (h >> 10) & 31u;
    uint32_t mantissa = h & 0x3ffu, u;
    if (exponent == 31) {
        u = sign | 0x7f800000u | mantissa << 13;
    } else if (exponent) {
        u = sign | (exponent + 112) << 23 | mantissa << 13;
    } else if (mantissa) { /* subnormal: shift until the leading one is implicit */
        uint32_t e = 113;
        for (; !(mantissa & 0x400u); e--) mantissa <<= 1;
        u = sign | e << 23 | (mantissa & 0x3ffu) << 13;
    } else {
        u = sign;
    }
    float f;
    memcpy(&f, &u, sizeof(f));
    return f;
}

uint16_t wu_f32_to_f16(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof(u));
    const uint32_t sign = (u >> 16) & 0x8000u;
    u &= 0x7fffffffu;
    if (u > 0x7f800000u) return (uint16_t)(sign | 0x7e00u);
    if (u >= 0x477ff000u) return (uint16_t)(sign | 0x7c00u); /* rounds to infinity */
    if (u >= 0x38800000u) {                                  /* normal */
        const uint32_t odd = (u >> 13) & 1u;
        return (uint16_t)(sign | ((u + 0xfffu + odd - 0x38000000u) >> 13));
    }
    if (u < 0x33000000u) return (uint16_t)sign; /* below half of the smallest subnormal */
    const uint32_t shift = 126u - (u >> 23), m = (u & 0x7fffffu) | 0x800000u;
    const uint32_t half = 1u << (shift - 1), rest = m & ((1u << shift) - 1u);
    uint32_t q = m >> shift;
    if (rest > half || (rest == half && (q & 1u))) q++;
    return (uint16_t)(sign | q);
}

/* Number i of an array of type F32, F16 or BF16 that may be unaligned. */
static float load(const void *p, wu_dtype type, int64_t i) {
    const char *at = (const char *)p + i * (type == WU_F32 ? 4 : 2);
    float f;
    uint16_t h;
    if (type == WU_F32) {
        memcpy(&f, at, sizeof(f));
        return f;
    }
    memcpy(&h, at, sizeof(h));
    return type == WU_F16 ? wu_f16_to_f32(h) : wu_bf16_to_f32(h);
}

static float round_to(float f, wu_dtype type) {
    if (type == WU_BF16) return wu_bf16_to_f32(wu_f32_to_bf16(f));
    if (type == WU_F16) return wu_f16_to_f32(wu_f32_to_f16(f));
    return f;
}

static void affine_row(const wu_matrix *w, int32_t o, float *out) {
    const unsigned char *q = (const unsigned char *)w->data + o * w->row_bytes;
    const int64_t group0 = (int64_t)o * (w->n_in / w->group);
    for (int32_t i = 0; i < w->n_in; i++) {
        const float s = load(w->scale, w->scale_type, group0 + i / w->group);
        const float b = load(w->bias, w->scale_type, group0 + i / w->group);
        const float v = w->type == WU_Q8 ? (float)q[i] : (float)(q[i / 2] >> (4 * (i & 1)) & 15);
        out[i] =
            w->rounds ? round_to(round_to(s * v, w->scale_type) + b, w->scale_type) : fmaf(s, v, b);
    }
}

void wu_matrix_row(const wu_matrix *w, int32_t o, float *out) {
    WU_ASSERT(o >= 0 && o < w->n_out);
    if (w->type == WU_Q4 || w->type == WU_Q8) {
        affine_row(w, o, out);
        return;
    }
    const char *row = (const char *)w->data + o * w->row_bytes;
    for (int32_t i = 0; i < w->n_in; i++) out[i] = load(row, w->type, i);
}
