/* gemm_avx2.c - products with AVX2, FMA and F16C in f32. */
#include "kernels/gemm_impl.h"

#include <immintrin.h>

/* ---- eight numbers at a time ---- */

WU_INLINE __m256 bf16_to_f32x8(__m128i h) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(h), 16));
}

/* To bf16 and back: nearest even, NaN stays. */
WU_INLINE __m256 round_bf16x8(__m256 v) {
    const __m256i u = _mm256_castps_si256(v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    const __m256i r = _mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256 nan = _mm256_cmp_ps(v, v, _CMP_UNORD_Q);
    const __m256 quiet = _mm256_or_ps(v, _mm256_castsi256_ps(_mm256_set1_epi32(0x400000)));
    const __m256 all = _mm256_blendv_ps(_mm256_castsi256_ps(r), quiet, nan);
    return _mm256_and_ps(all, _mm256_castsi256_ps(_mm256_set1_epi32((int)0xffff0000u)));
}

WU_INLINE __m256 round_to_x8(__m256 v, wu_dtype type) {
    if (type == WU_BF16) return round_bf16x8(v);
    if (type == WU_F16) return _mm256_cvtph_ps(_mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
    return v;
}

/* The first n (0 to 8) bytes, words or dwords at p, zeros behind them, without reading beyond. */
WU_INLINE __m256i some(const void *p, int32_t n, size_t size) {
    WU_ALIGNED char copy[32] = {0};
    memcpy(copy, p, (size_t)n * size);
    return _mm256_load_si256((const void *)copy);
}

WU_INLINE __m256 load_x8(const void *p, wu_dtype type, int32_t n) {
    if (n <= 0) return _mm256_setzero_ps();
    if (type == WU_F32)
        return n >= 8 ? _mm256_loadu_ps(p) : _mm256_castsi256_ps(some(p, n, sizeof(float)));
    const __m128i h = n >= 8 ? _mm_loadu_si128(p) : _mm256_castsi256_si128(some(p, n, 2));
    return type == WU_F16 ? _mm256_cvtph_ps(h) : bf16_to_f32x8(h);
}

/* One scale or bias. */
WU_INLINE float number(const void *p, wu_dtype type, int64_t i) {
    if (type == WU_F32) {
        float f;
        memcpy(&f, (const char *)p + i * 4, sizeof(f));
        return f;
    }
    uint16_t h;
    memcpy(&h, (const char *)p + i * 2, sizeof(h));
    return type == WU_F16 ? _cvtsh_ss(h) : wu_bf16_to_f32(h);
}

/* base/dtype.h (1) */
WU_INLINE __m256 affine_x8(__m256 q, __m256 s, __m256 b, bool rounds, wu_dtype type) {
    if (!rounds) return _mm256_fmadd_ps(s, q, b);
    const __m256 p = round_to_x8(_mm256_mul_ps(s, q), type);
    return round_to_x8(_mm256_add_ps(p, b), type);
}

/* The 16 values that 4 bits can have in a group. */
typedef struct table {
    __m256 lo, hi;
} table;

WU_INLINE table table_of(__m256 s, __m256 b, bool rounds, bool to_bf16, wu_dtype type) {
    const __m256 q = _mm256_set_ps(7, 6, 5, 4, 3, 2, 1, 0);
    table t = {affine_x8(q, s, b, rounds, type),
               affine_x8(_mm256_add_ps(q, _mm256_set1_ps(8)), s, b, rounds, type)};
    if (to_bf16) t = (table){round_bf16x8(t.lo), round_bf16x8(t.hi)};
    return t;
}

/* Eight 4-bit numbers at q, low nibble first. */
WU_INLINE __m256 look_up(const table *t, const unsigned char *q) {
    uint32_t word;
    memcpy(&word, q, sizeof(word));
    const __m256i shift = _mm256_set_epi32(28, 24, 20, 16, 12, 8, 4, 0);
    const __m256i i = _mm256_srlv_epi32(_mm256_set1_epi32((int)word), shift);
    /* permutevar looks at 3 bits; bit 3, brought to the sign, chooses */
    const __m256 choose = _mm256_castsi256_ps(_mm256_slli_epi32(i, 28));
    return _mm256_blendv_ps(_mm256_permutevar8x32_ps(t->lo, i), _mm256_permutevar8x32_ps(t->hi, i),
                            choose);
}

/* Eight quantised numbers from k on, as f32; n of them are there. */
WU_INLINE __m256 quants_x8(const wu_matrix *w, const unsigned char *q, int32_t k, int32_t n) {
    if (w->type == WU_Q8) {
        const __m128i v = n >= 8 ? _mm_loadl_epi64((const void *)(q + k))
                                 : _mm256_castsi256_si128(some(q + k, n, 1));
        return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(v));
    }
    uint32_t word = 0; /* the low nibble of a byte comes first: number i is nibble i */
    memcpy(&word, q + k / 2, n >= 8 ? 4 : (size_t)(n + 1) / 2);
    const __m256i shift = _mm256_set_epi32(28, 24, 20, 16, 12, 8, 4, 0);
    const __m256i v = _mm256_srlv_epi32(_mm256_set1_epi32((int)word), shift);
    return _mm256_cvtepi32_ps(_mm256_and_si256(v, _mm256_set1_epi32(15)));
}

/* ---- numbers into panels ---- */

WU_INLINE void decode_affine(float *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n,
                             bool round, wu_dtype type) {
    const unsigned char *q = (const unsigned char *)w->data + o * w->row_bytes;
    const int64_t group0 = (int64_t)o * (w->n_in / w->group);
    for (int32_t k = k0, end = k0 + n; k < end;) {
        const int64_t g = group0 + k / w->group;
        const int32_t stop = WU_MIN(end, (k / w->group + 1) * w->group);
        const __m256 s = _mm256_set1_ps(number(w->scale, type, g));
        const __m256 b = _mm256_set1_ps(number(w->bias, type, g));
        if (w->type == WU_Q4) {
            const table t = table_of(s, b, w->rounds, round, type);
            for (; k + 8 <= stop; k += 8, out += 8) _mm256_storeu_ps(out, look_up(&t, q + k / 2));
        }
        for (; k < stop; k += 8, out += 8) {
            __m256 v = affine_x8(quants_x8(w, q, k, stop - k), s, b, w->rounds, type);
            if (round) v = round_bf16x8(v);
            _mm256_storeu_ps(out, v);
        }
    }
}

WU_INLINE void decode_plain(float *out, int64_t skip, const char *from, int32_t n, bool round,
                            wu_dtype type) {
    for (int32_t k = 0; k < n; k += TILE, out += skip) {
        for (int32_t i = 0; i < TILE; i += 8, from += 8 * wu_number_bytes(type)) {
            __m256 v = load_x8(from, type, n - k - i);
            if (round && type != WU_BF16) v = round_bf16x8(v);
            _mm256_storeu_ps(out + i, v);
        }
    }
}

static void decode(void *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n, bool round) {
    const char *row = (const char *)w->data + o * w->row_bytes;
    switch (w->type) {
    case WU_F32:
        decode_plain(out, TILE, row + k0 * 4, n, round, WU_F32);
        return;
    case WU_F16:
        decode_plain(out, TILE, row + k0 * 2, n, round, WU_F16);
        return;
    case WU_BF16:
        decode_plain(out, TILE, row + k0 * 2, n, round, WU_BF16);
        return;
    case WU_Q4:
    case WU_Q8:
        break;
    }
    if (w->scale_type == WU_F16) {
        decode_affine(out, w, o, k0, n, round, WU_F16);
    } else if (w->scale_type == WU_BF16) {
        decode_affine(out, w, o, k0, n, round, WU_BF16);
    } else {
        decode_affine(out, w, o, k0, n, round, WU_F32);
    }
    float *f = out;
    for (int32_t i = n; i < wu_round_up(n, TILE); i++) f[i] = 0;
}

static void pack(char *out, int64_t stride, const void *x, wu_dtype x_type, int32_t n, bool round) {
    float *to = (float *)(void *)out;
    if (x_type == WU_BF16) {
        decode_plain(to, stride / 4, x, n, round, WU_BF16);
    } else {
        decode_plain(to, stride / 4, x, n, round, WU_F32);
    }
}

WU_INLINE void transpose_8x8(__m256 r[8]) {
    __m256 t[8];
    for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
        t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
    }
    memcpy(r, t, sizeof(t));
}

static void turn(char *panel, const char *rows, int64_t ld, int32_t n_step) {
    for (int32_t k = 0; k < 4 * n_step; k++, rows += 32, panel += 512) {
        for (int h = 0; h < 2; h++) {
            __m256 r[8];
            for (int i = 0; i < 8; i++)
                r[i] = _mm256_loadu_ps((const void *)(rows + (8 * h + i) * ld));
            transpose_8x8(r);
            for (int i = 0; i < 8; i++) _mm256_store_ps((void *)(panel + 64 * i + 32 * h), r[i]);
        }
    }
}

static void weave(char *panel, int64_t half_bytes, int64_t tile_bytes, const char *row0,
                  const char *row1, int32_t n_half) {
    for (int32_t h = 0; h < n_half; h++) {
        char *to = panel + h / 2 * tile_bytes + h % 2 * half_bytes;
        memcpy(to, row0 + h * 64, 64);
        memcpy(to + 64, row1 + h * 64, 64);
    }
}

/* ---- sums to where they belong ---- */

static void store_8(const wu_target *to, int32_t r, int32_t j, __m256 v) {
    if (to->bias) v = _mm256_add_ps(v, _mm256_loadu_ps(to->bias + j));
    if (to->type == WU_BF16) {
        uint16_t *y = (uint16_t *)(void *)to->y + r * to->ld + j;
        const __m256i u = _mm256_srli_epi32(_mm256_castps_si256(round_bf16x8(v)), 16);
        const __m128i h =
            _mm_packus_epi32(_mm256_castsi256_si128(u), _mm256_extracti128_si256(u, 1));
        _mm_storeu_si128((void *)y, h);
        return;
    }
    float *y = (float *)(void *)to->y + r * to->ld + j;
    if (to->add) v = _mm256_add_ps(v, _mm256_loadu_ps(y));
    _mm256_storeu_ps(y, v);
}

static void store_1(const wu_target *to, int32_t r, int32_t j, float v) {
    if (to->bias) v += to->bias[j];
    if (to->type == WU_BF16) {
        ((uint16_t *)(void *)to->y)[r * to->ld + j] = wu_f32_to_bf16(v);
        return;
    }
    float *y = (float *)(void *)to->y + r * to->ld + j;
    *y = to->add ? *y + v : v;
}

static void store(const wu_target *to, const float *c, int64_t ldc, int32_t n_row, int32_t n_col) {
    for (int32_t r = 0; r < n_row; r++, c += ldc) {
        int32_t j = 0;
        for (; j + 8 <= n_col; j += 8) store_8(to, r, j, _mm256_loadu_ps(c + j));
        for (; j < n_col; j++) store_1(to, r, j, c[j]);
    }
}

/* ---- products ---- */

/* c [n][16] (+)= a [n rows of 32 numbers, tile after tile] b [numbers][16]; n is 6 or less */
WU_INLINE void rows_x16(float *c, bool zero, const float *const a[2], const float *b,
                        const int32_t n_step[2], const int n) {
    __m256 s[6][2];
    _Pragma("GCC unroll 6") for (int i = 0; i < n; i++) {
        s[i][0] = zero ? _mm256_setzero_ps() : _mm256_loadu_ps(c + i * TILE);
        s[i][1] = zero ? _mm256_setzero_ps() : _mm256_loadu_ps(c + i * TILE + 8);
    }
    for (int part = 0; part < 2; part++) {
        const float *x = a[part];
        for (int32_t step = 0; step < n_step[part]; step++, x += TILE * TILE) {
            for (int32_t k = 0; k < TILE; k++, b += HALF) {
                const __m256 w0 = _mm256_load_ps(b), w1 = _mm256_load_ps(b + 8);
                _Pragma("GCC unroll 6") for (int i = 0; i < n; i++) {
                    const __m256 v = _mm256_broadcast_ss(x + i * TILE + k);
                    s[i][0] = _mm256_fmadd_ps(v, w0, s[i][0]);
                    s[i][1] = _mm256_fmadd_ps(v, w1, s[i][1]);
                }
            }
        }
    }
    _Pragma("GCC unroll 6") for (int i = 0; i < n; i++) {
        _mm256_storeu_ps(c + i * TILE, s[i][0]);
        _mm256_storeu_ps(c + i * TILE + 8, s[i][1]);
    }
}

/* 32 rows are 4 x 6 and 2 x 4; fewer are rounded up. */
static void tile_x16(float *c, bool zero, const float *const a[2], const float *b,
                     const int32_t n_step[2], int32_t n_row) {
    for (int32_t r = 0; r < n_row;) {
        const float *const at[2] = {a[0] + r * TILE, a[1] + r * TILE};
        if (r < 24 && n_row - r > 4) {
            rows_x16(c + r * TILE, zero, at, b, n_step, 6);
            r += 6;
        } else {
            rows_x16(c + r * TILE, zero, at, b, n_step, 4);
            r += 4;
        }
    }
}

static void multiply(const wu_panel_job *job) {
    const int32_t n_step = job->n_step[0] + job->n_step[1];
    const int64_t half = wu_half_bytes(WU_F32, n_step), bytes = wu_tile_bytes(WU_F32, n_step);
    const int32_t col_tiles = (job->n_col + TILE - 1) / TILE;
    WU_ALIGNED float block[TILE * TILE];
    for (int32_t r = 0; r < job->n_row; r += TILE) {
        const int32_t n_row = WU_MIN(TILE, job->n_row - r);
        const float *const a[2] = {
            (const float *)(const void *)(job->a[0] + r / TILE * job->a_stride[0]),
            (const float *)(const void *)(job->n_step[1] ? job->a[1] + r / TILE * job->a_stride[1]
                                                         : job->a[0])};
        for (int32_t t = 0; t < col_tiles; t++) {
            float *c = job->first && job->last
                           ? block
                           : job->sums + ((int64_t)(r / TILE) * col_tiles + t) * TILE * TILE;
            for (int32_t h = 0; h < 2; h++) {
                const char *b = job->b + t * bytes + h * half;
                tile_x16(c + h * HALF, job->first, a, (const float *)(const void *)b, job->n_step,
                         n_row);
            }
            if (!job->last) continue;
            const wu_target to = wu_target_at(&job->to, r, t * TILE);
            store(&to, c, TILE, n_row, WU_MIN(TILE, job->n_col - t * TILE));
        }
    }
}

/* ---- few rows ---- */

WU_INLINE float sum_lanes(__m256 v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* n_x (1 to 3) rows of x by four of w: 12 sums */
WU_INLINE void dot_4(const wu_dot_job *job, int32_t i, int32_t m, const int n_x) {
    const int64_t ld = wu_round_up(job->x->n_col, TILE);
    const float *x = (const float *)job->x->data + m * ld + job->k0;
    const char *w[4];
    __m256 s[4][3];
    _Pragma("GCC unroll 4") for (int r = 0; r < 4; r++) {
        w[r] = job->w + WU_MIN(i + r, job->n_w - 1) * job->w_bytes;
        _Pragma("GCC unroll 3") for (int t = 0; t < n_x; t++) s[r][t] = _mm256_setzero_ps();
    }
    for (int32_t k = 0; k < job->n_k; k += 8) {
        __m256 xv[3];
        _Pragma("GCC unroll 3") for (int t = 0; t < n_x; t++) xv[t] =
            _mm256_loadu_ps(x + t * ld + k);
        _Pragma("GCC unroll 4") for (int r = 0; r < 4; r++) {
            const __m256 v = _mm256_loadu_ps((const void *)(w[r] + k * 4));
            _Pragma("GCC unroll 3") for (int t = 0; t < n_x; t++) s[r][t] =
                _mm256_fmadd_ps(v, xv[t], s[r][t]);
        }
    }
    _Pragma("GCC unroll 3") for (int t = 0; t < n_x; t++) {
        float *c = job->c + (m + t) * job->ldc + i;
        for (int r = 0; r < 4 && i + r < job->n_w; r++) {
            const float sum = sum_lanes(s[r][t]);
            c[r] = job->first ? sum : c[r] + sum;
        }
    }
}

static void dot(const wu_dot_job *job) {
    for (int32_t i = 0; i < job->n_w; i += 4) {
        int32_t m = 0;
        for (; m + 3 <= job->x->n_row; m += 3) dot_4(job, i, m, 3);
        if (job->x->n_row - m == 2) dot_4(job, i, m, 2);
        if (job->x->n_row - m == 1) dot_4(job, i, m, 1);
    }
}

const wu_gemm_ops wu_gemm_avx2 = {
    .level = WU_LEVEL_AVX2,
    .format = WU_F32,
    .panel_bytes = 262144,
    .piece = 256,
    .decode = decode,
    .pack = pack,
    .turn = turn,
    .weave = weave,
    .multiply = multiply,
    .dot = dot,
    .store = store,
};
