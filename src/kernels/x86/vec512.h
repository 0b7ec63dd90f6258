/* vec512.h - AVX-512 pieces of products: numbers of W sixteen at a time, transposition, stores.
 *
 * For files built with AVX-512 F, BW, VL and DQ; everything is inline. */
#ifndef WU_KERNELS_X86_VEC512_H
#define WU_KERNELS_X86_VEC512_H

#include "kernels/gemm_impl.h"

#include <immintrin.h>

/* First n of 16 lanes; n may be negative or larger than 16. */
WU_INLINE __mmask16 lanes512(int32_t n) {
    return _cvtu32_mask16(n >= 16 ? 0xffffu : n <= 0 ? 0u : 0xffffu >> (16 - n));
}

WU_INLINE __m512 bf16_to_f32x16(__m256i h) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

/* To bf16 and back: nearest even, NaN stays. */
WU_INLINE __m512 round_bf16x16(__m512 v) {
    const __m512i u = _mm512_castps_si512(v), one = _mm512_set1_epi32(1);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), one);
    __m512i r = _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    r = _mm512_mask_or_epi32(r, nan, u, _mm512_set1_epi32(0x400000));
    return _mm512_castsi512_ps(_mm512_and_si512(r, _mm512_set1_epi32((int)0xffff0000u)));
}

WU_INLINE __m512 round_to_x16(__m512 v, wu_dtype type) {
    if (type == WU_BF16) return round_bf16x16(v);
    if (type == WU_F16) return _mm512_cvtph_ps(_mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
    return v;
}

/* The first n of 16 numbers of type F32, F16 or BF16 at any address. */
WU_INLINE __m512 load_x16(const void *p, wu_dtype type, int32_t n) {
    const __mmask16 m = lanes512(n);
    if (type == WU_F32) return _mm512_maskz_loadu_ps(m, p);
    const __m256i h = _mm256_maskz_loadu_epi16(m, p);
    return type == WU_F16 ? _mm512_cvtph_ps(h) : bf16_to_f32x16(h);
}

/* Scales and biases of 16 groups of a row, as f32. */
typedef struct scales512 {
    WU_ALIGNED float s[16];
    WU_ALIGNED float b[16];
    int64_t n_group;          /* of a row */
    const char *scale, *bias; /* of the row */
    int32_t first;            /* group in s[0]; -16 at the start */
} scales512;

WU_INLINE scales512 scales_of_row512(const wu_matrix *w, int32_t o) {
    scales512 z;
    z.n_group = w->n_in / w->group;
    z.scale = (const char *)w->scale + o * z.n_group * wu_number_bytes(w->scale_type);
    z.bias = (const char *)w->bias + o * z.n_group * wu_number_bytes(w->scale_type);
    z.first = -16;
    return z;
}

/* Index of group g in s and b, which are loaded from g on unless they are there. g only grows. */
WU_INLINE int32_t group_at512(scales512 *z, int32_t g, wu_dtype type) {
    if (g - z->first >= 16) {
        const int64_t at = g * wu_number_bytes(type);
        const int32_t n = (int32_t)WU_MIN(16, z->n_group - g);
        _mm512_store_ps(z->s, load_x16(z->scale + at, type, n));
        _mm512_store_ps(z->b, load_x16(z->bias + at, type, n));
        z->first = g;
    }
    return g - z->first;
}

/* base/dtype.h (1) */
WU_INLINE __m512 affine_x16(__m512 q, __m512 s, __m512 b, bool rounds, wu_dtype type) {
    if (!rounds) return _mm512_fmadd_ps(s, q, b);
    const __m512 p = round_to_x16(_mm512_mul_ps(s, q), type);
    return round_to_x16(_mm512_add_ps(p, b), type);
}

/* The 16 values that 4 bits can have in group i of z. */
WU_INLINE __m512 table_x16(const scales512 *z, int32_t i, bool rounds, wu_dtype type) {
    const __m512 q = _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return affine_x16(q, _mm512_set1_ps(z->s[i]), _mm512_set1_ps(z->b[i]), rounds, type);
}

/* 16 bytes as numbers */
WU_INLINE __m512 bytes_x16(const unsigned char *q) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)q)));
}

/* 16 numbers of 4 bits, low nibble first, one in each lane; the upper bits are others'. */
WU_INLINE __m512i nibbles_x16(const void *p, int32_t n) {
    const __m128i eight =
        n >= 16 ? _mm_loadl_epi64(p) : _mm_maskz_loadu_epi8(lanes512((n + 1) / 2), p);
    const __m512i twice = _mm512_cvtepu8_epi32(_mm_unpacklo_epi8(eight, eight));
    return _mm512_mask_srli_epi32(twice, 0xaaaa, twice, 4);
}

/* The first n (at least 1) of numbers k .. k + 16 of a Q4 or Q8 row at q, as exact f32. */
WU_INLINE __m512 affine_numbers_x16(const wu_matrix *w, const unsigned char *q, scales512 *z,
                                    int32_t k, int32_t n, wu_dtype type) {
    const int32_t i = group_at512(z, k / w->group, type);
    __m512 v;
    if (w->type == WU_Q4) {
        v = _mm512_permutexvar_ps(nibbles_x16(q + k / 2, n), table_x16(z, i, w->rounds, type));
    } else {
        const __m128i bytes = n >= 16 ? _mm_loadu_si128((const void *)(q + k))
                                      : _mm_maskz_loadu_epi8(lanes512(n), q + k);
        v = affine_x16(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)), _mm512_set1_ps(z->s[i]),
                       _mm512_set1_ps(z->b[i]), w->rounds, type);
    }
    return n >= 16 ? v : _mm512_maskz_mov_ps(lanes512(n), v);
}

/* 16 x 16 numbers of 32 bits, rows to columns. */
WU_INLINE void transpose_16x16(__m512i r[16]) {
    __m512i t[16];
    _Pragma("GCC unroll 8") for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) {
        r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
        t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
        t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
        t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
    }
    _Pragma("GCC unroll 4") for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
        r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
        r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
        r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
    }
}

/* Sums of the lanes of four vectors. */
WU_INLINE __m128 sum_lanes_4(__m512 a, __m512 b, __m512 c, __m512 d) {
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    const __m512 lo = _mm512_shuffle_ps(ab, cd, 0x44), hi = _mm512_shuffle_ps(ab, cd, 0xee);
    const __m512 s = _mm512_add_ps(lo, hi); /* in each quarter: a, b, c, d */
    const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
    return _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
}

/* n (at most 16) sums to row r of the target, from column j on. */
WU_INLINE void store_x16(const wu_target *to, int32_t r, int32_t j, __m512 v, int32_t n) {
    const __mmask16 m = lanes512(n);
    if (to->bias) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(m, to->bias + j));
    if (to->type == WU_BF16) {
        uint16_t *y = (uint16_t *)(void *)to->y + r * to->ld + j;
        const __m512i u = _mm512_castps_si512(round_bf16x16(v));
        _mm256_mask_storeu_epi16(y, m, _mm512_cvtepi32_epi16(_mm512_srli_epi32(u, 16)));
        return;
    }
    float *y = (float *)(void *)to->y + r * to->ld + j;
    if (to->add) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(m, y));
    _mm512_mask_storeu_ps(y, m, v);
}

WU_INLINE void store_block512(const wu_target *to, const float *c, int64_t ldc, int32_t n_row,
                              int32_t n_col) {
    for (int32_t r = 0; r < n_row; r++)
        for (int32_t j = 0; j < n_col; j += 16)
            store_x16(to, r, j, _mm512_loadu_ps(c + r * ldc + j), n_col - j);
}

#endif
