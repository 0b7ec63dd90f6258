/* vec.h - one vector of floats, 8 wide with AVX2 and 16 wide with AVX-512.
 *
 * Lets rows_vec.h and attn_vec.h be written once and compiled at both widths.
 * A part is the first n < VEC_W numbers; the rest reads as zero and is not
 * touched in memory. */
#ifndef WU_KERNELS_X86_VEC_H
#define WU_KERNELS_X86_VEC_H

#include "base/compiler.h"
#include "base/dtype.h"

#include <immintrin.h>

#if defined(__AVX512F__)

enum { VEC_W = 16 };
typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

WU_INLINE vf vf_set(float x) { return _mm512_set1_ps(x); }
WU_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
WU_INLINE void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
WU_INLINE vm vm_part(int32_t n) { return (__mmask16)((1u << n) - 1u); }
WU_INLINE vf vf_load_part(const float *p, int32_t n) {
    return _mm512_maskz_loadu_ps(vm_part(n), p);
}
WU_INLINE void vf_store_part(float *p, vf v, int32_t n) { _mm512_mask_storeu_ps(p, vm_part(n), v); }
WU_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
WU_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
WU_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); } /* b if one is NaN */
WU_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); } /* b if one is NaN */
WU_INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
WU_INLINE vf vf_round(vf a) { return _mm512_roundscale_ps(a, 0); }
WU_INLINE vf vf_scale2(vf a, vf n) { return _mm512_scalef_ps(a, n); } /* a 2^n, n whole */
WU_INLINE float vf_sum(vf a) { return _mm512_reduce_add_ps(a); }
WU_INLINE float vf_highest(vf a) { return _mm512_reduce_max_ps(a); }
/* 1 / a for a in [1, 2^120] */
WU_INLINE vf vf_inverse(vf a) {
    const vf x = _mm512_rcp14_ps(a);
    return vf_fma(x, vf_fnma(a, x, vf_set(1.0f)), x);
}

WU_INLINE vi vi_load(const int32_t *p) { return _mm512_loadu_si512(p); }
/* lo <= a <= hi */
WU_INLINE vm vm_between(vi a, int32_t lo, int32_t hi) {
    return _mm512_mask_cmple_epi32_mask(_mm512_cmpge_epi32_mask(a, _mm512_set1_epi32(lo)), a,
                                        _mm512_set1_epi32(hi));
}
WU_INLINE vf vf_choose(vm m, vf yes, vf no) { return _mm512_mask_blend_ps(m, no, yes); }
WU_INLINE vm vm_differ(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ); }
WU_INLINE bool vm_any(vm m) { return m != 0; }

WU_INLINE vf vf_widen(__m256i h) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}
WU_INLINE vf vf_load_bf16(const uint16_t *p) {
    return vf_widen(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
WU_INLINE vf vf_load_bf16_part(const uint16_t *p, int32_t n) {
    return vf_widen(_mm256_maskz_loadu_epi16(vm_part(n), p));
}
/* The upper halves hold the rounded number; NaN stays a quiet NaN. */
WU_INLINE __m512i vf_round_bits(vf v) {
    const __m512i u = _mm512_castps_si512(v);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(u, 16), _mm512_set1_epi32(1));
    const __m512i r = _mm512_add_epi32(u, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    return _mm512_mask_or_epi32(r, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), u,
                                _mm512_set1_epi32(0x400000));
}
WU_INLINE vf vf_round_bf16(vf v) {
    return _mm512_castsi512_ps(
        _mm512_and_si512(vf_round_bits(v), _mm512_set1_epi32((int)0xffff0000u)));
}
WU_INLINE __m256i vf_narrow(vf v) {
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(vf_round_bits(v), 16));
}
WU_INLINE void vf_store_bf16(uint16_t *p, vf v) {
    _mm256_storeu_si256((__m256i *)(void *)p, vf_narrow(v));
}
WU_INLINE void vf_store_bf16_part(uint16_t *p, vf v, int32_t n) {
    _mm256_mask_storeu_epi16(p, vm_part(n), vf_narrow(v));
}
WU_INLINE double vf_sum_f64(vf v) {
    const __m256 hi = _mm256_castsi256_ps(_mm512_extracti64x4_epi64(_mm512_castps_si512(v), 1));
    return _mm512_reduce_add_pd(
        _mm512_add_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(v)), _mm512_cvtps_pd(hi)));
}

#else

enum { VEC_W = 8 };
typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm;

WU_INLINE vf vf_set(float x) { return _mm256_set1_ps(x); }
WU_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
WU_INLINE void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
WU_INLINE __m256i vm_part(int32_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
WU_INLINE vf vf_load_part(const float *p, int32_t n) { return _mm256_maskload_ps(p, vm_part(n)); }
WU_INLINE void vf_store_part(float *p, vf v, int32_t n) { _mm256_maskstore_ps(p, vm_part(n), v); }
WU_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
WU_INLINE vf vf_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
WU_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); } /* b if one is NaN */
WU_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); } /* b if one is NaN */
WU_INLINE vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
WU_INLINE vf vf_round(vf a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* a 2^n, n whole, in two steps so that the result may be as small as it likes */
WU_INLINE vf vf_scale2(vf a, vf n) {
    const __m256i k = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(k, 1);
    const __m256i one = _mm256_set1_epi32(127);
    const __m256i x = _mm256_slli_epi32(_mm256_add_epi32(half, one), 23);
    const __m256i y = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(k, half), one), 23);
    return _mm256_mul_ps(_mm256_mul_ps(a, _mm256_castsi256_ps(x)), _mm256_castsi256_ps(y));
}
WU_INLINE float vf_sum(vf a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
WU_INLINE float vf_highest(vf a) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
WU_INLINE vf vf_inverse(vf a) { return _mm256_div_ps(vf_set(1.0f), a); }

WU_INLINE vi vi_load(const int32_t *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
/* lo <= a <= hi */
WU_INLINE vm vm_between(vi a, int32_t lo, int32_t hi) {
    const __m256i out = _mm256_or_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(lo), a),
                                        _mm256_cmpgt_epi32(a, _mm256_set1_epi32(hi)));
    return _mm256_castsi256_ps(_mm256_xor_si256(out, _mm256_set1_epi32(-1)));
}
WU_INLINE vf vf_choose(vm m, vf yes, vf no) { return _mm256_blendv_ps(no, yes, m); }
WU_INLINE vm vm_differ(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_NEQ_UQ); }
WU_INLINE bool vm_any(vm m) { return _mm256_movemask_ps(m) != 0; }

WU_INLINE vf vf_load_bf16(const uint16_t *p) {
    const __m128i h = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}
WU_INLINE vf vf_load_bf16_part(const uint16_t *p, int32_t n) {
    uint16_t h[8] = {0};
    memcpy(h, p, (size_t)n * sizeof(*h));
    return vf_load_bf16(h);
}
/* The upper halves hold the rounded number; NaN stays a quiet NaN. */
WU_INLINE __m256i vf_round_bits(vf v) {
    const __m256i u = _mm256_castps_si256(v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    const __m256i r = _mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i quiet = _mm256_or_si256(u, _mm256_set1_epi32(0x400000));
    return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(r), _mm256_castsi256_ps(quiet),
                                                _mm256_cmp_ps(v, v, _CMP_UNORD_Q)));
}
WU_INLINE vf vf_round_bf16(vf v) {
    return _mm256_castsi256_ps(
        _mm256_and_si256(vf_round_bits(v), _mm256_set1_epi32((int)0xffff0000u)));
}
WU_INLINE void vf_store_bf16(uint16_t *p, vf v) {
    const __m256i h = _mm256_srli_epi32(vf_round_bits(v), 16);
    _mm_storeu_si128((__m128i *)(void *)p,
                     _mm_packus_epi32(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1)));
}
WU_INLINE void vf_store_bf16_part(uint16_t *p, vf v, int32_t n) {
    uint16_t h[8];
    vf_store_bf16(h, v);
    memcpy(p, h, (size_t)n * sizeof(*h));
}
WU_INLINE double vf_sum_f64(vf v) {
    const __m256d s = _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(v)),
                                    _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
    const __m128d t = _mm_add_pd(_mm256_castpd256_pd128(s), _mm256_extractf128_pd(s, 1));
    return _mm_cvtsd_f64(_mm_add_sd(t, _mm_unpackhi_pd(t, t)));
}

#endif

WU_INLINE vf vf_zero(void) { return vf_set(0.0f); }

/* e^x and 2^x within 2e-7 of the value; 0 or nearly so far below, NaN stays. Above e^88 the
 * result stops growing. Polynomials: least largest relative error on half a unit around 0. */
WU_INLINE vf vf_exp(vf x) {
    x = vf_min(vf_set(88.0f), vf_max(vf_set(-104.0f), x));
    const vf n = vf_round(x * vf_set(1.44269504f));
    vf r = vf_fnma(n, vf_set(0.693145752f), x);
    r = vf_fnma(n, vf_set(1.42860677e-6f), r);
    vf p = vf_set(1.38146131e-3f);
    p = vf_fma(p, r, vf_set(8.368709832e-3f));
    p = vf_fma(p, r, vf_set(4.166838736e-2f));
    p = vf_fma(p, r, vf_set(1.666652069e-1f));
    p = vf_fma(p, r, vf_set(4.999999345e-1f));
    p = vf_fma(p, r, vf_set(1.0f));
    p = vf_fma(p, r, vf_set(1.0f));
    return vf_scale2(p, n);
}

WU_INLINE vf vf_exp2(vf x) {
    x = vf_min(vf_set(127.0f), vf_max(vf_set(-150.0f), x));
    const vf n = vf_round(x), r = x - n;
    vf p = vf_set(1.535336183e-4f);
    p = vf_fma(p, r, vf_set(1.339887444e-3f));
    p = vf_fma(p, r, vf_set(9.618437358e-3f));
    p = vf_fma(p, r, vf_set(5.550332471e-2f));
    p = vf_fma(p, r, vf_set(2.402264791e-1f));
    p = vf_fma(p, r, vf_set(6.931472029e-1f));
    p = vf_fma(p, r, vf_set(1.0f));
    return vf_scale2(p, n);
}

#endif
