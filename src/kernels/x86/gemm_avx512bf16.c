/* gemm_avx512bf16.c - products with vdpbf16ps, and the bf16 panels that AMX reads, too. */
#include "kernels/x86/bf16_impl.h"
#include "kernels/x86/vec512.h"

/* ---- numbers into panels ---- */

WU_INLINE __m512i join_bf16(__m512 lo, __m512 hi) { return (__m512i)_mm512_cvtne2ps_pbh(hi, lo); }

/* Bytes with two numbers each become words that have one number each in their low 4 bits. What the
 * other bits hold is chosen with `other` and `mode`: vpermw looks at 5 bits. */
enum { CLEAR = 0xa8, SET = 0xfe }; /* (a | b) & c, (a | b) | c */

WU_INLINE __m512i words_x32(const unsigned char *p, __m512i other, const int mode) {
    const __m512i v = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)p));
    const __m512i shifted = _mm512_slli_epi32(v, 12);
    return mode == CLEAR ? _mm512_ternarylogic_epi32(v, shifted, other, CLEAR)
                         : _mm512_ternarylogic_epi32(v, shifted, other, SET);
}

/* Scales and biases of a stretch of a row as f32. */
enum { STRETCH = 256 }; /* groups */

typedef struct stretch {
    WU_ALIGNED float s[STRETCH];
    WU_ALIGNED float b[STRETCH];
} stretch;

WU_INLINE void load_stretch(stretch *z, const char *scale, const char *bias, int32_t n,
                            wu_dtype type) {
    const int64_t step = 16 * wu_number_bytes(type);
    for (int32_t i = 0; i < n; i += 16, scale += step, bias += step) {
        _mm512_store_ps(z->s + i, load_x16(scale, type, n - i));
        _mm512_store_ps(z->b + i, load_x16(bias, type, n - i));
    }
}

WU_INLINE __m512 table_of(const stretch *z, int32_t i, bool rounds, wu_dtype type) {
    const __m512 q = _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return affine_x16(q, _mm512_set1_ps(z->s[i]), _mm512_set1_ps(z->b[i]), rounds, type);
}

/* Groups of 32, two at a time: both tables in one register, bit 4 says which. */
WU_INLINE void decode_q4_pairs(char *out, const unsigned char *q, const stretch *z, int32_t n_group,
                               bool rounds, wu_dtype type) {
    const __m512i bit4 = _mm512_set1_epi16(16);
    const __m512i others = _mm512_set1_epi16(~16);
    for (int32_t i = 0; i < n_group; i += 2, q += 32, out += 128) {
        const __m512 t0 = table_of(z, i, rounds, type), t1 = table_of(z, i + 1, rounds, type);
        const __m512i both = join_bf16(t0, t1);
        const __m512i w0 = words_x32(q, others, CLEAR), w1 = words_x32(q + 16, bit4, SET);
        _mm512_storeu_si512(out, _mm512_permutexvar_epi16(w0, both));
        _mm512_storeu_si512(out + 64, _mm512_permutexvar_epi16(w1, both));
    }
}

/* Larger groups: the table is there twice, so that bit 4 does not matter. */
WU_INLINE void decode_q4_groups(char *out, const unsigned char *q, const stretch *z,
                                int32_t n_group, int32_t group, bool rounds, wu_dtype type) {
    const __m512i none = _mm512_setzero_si512();
    for (int32_t i = 0; i < n_group; i++) {
        const __m512 t = table_of(z, i, rounds, type);
        const __m512i table = join_bf16(t, t);
        for (int32_t k = 0; k < group; k += TILE, q += 16, out += 64)
            _mm512_storeu_si512(out, _mm512_permutexvar_epi16(words_x32(q, none, SET), table));
    }
}

WU_INLINE void decode_q8_groups(char *out, const unsigned char *q, const stretch *z,
                                int32_t n_group, int32_t group, bool rounds, wu_dtype type) {
    for (int32_t i = 0; group == HALF && i < n_group; i += 2, q += 32, out += 64) {
        const __m512 s0 = _mm512_set1_ps(z->s[i]), b0 = _mm512_set1_ps(z->b[i]);
        const __m512 s1 = _mm512_set1_ps(z->s[i + 1]), b1 = _mm512_set1_ps(z->b[i + 1]);
        const __m512 lo = affine_x16(bytes_x16(q), s0, b0, rounds, type);
        const __m512 hi = affine_x16(bytes_x16(q + 16), s1, b1, rounds, type);
        _mm512_storeu_si512(out, join_bf16(lo, hi));
    }
    if (group < TILE) return;
    for (int32_t i = 0; i < n_group; i++) {
        const __m512 s = _mm512_set1_ps(z->s[i]), b = _mm512_set1_ps(z->b[i]);
        for (int32_t k = 0; k < group; k += TILE, q += 32, out += 64) {
            const __m512 lo = affine_x16(bytes_x16(q), s, b, rounds, type);
            const __m512 hi = affine_x16(bytes_x16(q + 16), s, b, rounds, type);
            _mm512_storeu_si512(out, join_bf16(lo, hi));
        }
    }
}

/* Whole groups from k on, as many as there are; returns where it stopped. */
WU_INLINE int32_t decode_groups(char *out, const wu_matrix *w, int32_t o, int32_t k, int32_t end,
                                bool rounds, wu_dtype type) {
    const int32_t group = w->group, shift = __builtin_ctz((unsigned)group);
    if (k & (group - 1) || (group < TILE && w->type == WU_Q4)) return k;
    int32_t n = (end - k) >> shift;
    if (group == HALF || (group == TILE && w->type == WU_Q4)) n &= ~1; /* pairs */
    const unsigned char *q = (const unsigned char *)w->data + o * w->row_bytes;
    int64_t g = (int64_t)o * (w->n_in >> shift) + (k >> shift);
    stretch z;
    while (n > 0) {
        const int32_t some = WU_MIN(n, STRETCH);
        const int64_t at = g * wu_number_bytes(type);
        load_stretch(&z, (const char *)w->scale + at, (const char *)w->bias + at, some, type);
        const unsigned char *from = q + (w->type == WU_Q4 ? k / 2 : k);
        if (w->type == WU_Q8) {
            decode_q8_groups(out, from, &z, some, group, rounds, type);
        } else if (group == TILE) {
            decode_q4_pairs(out, from, &z, some, rounds, type);
        } else {
            decode_q4_groups(out, from, &z, some, group, rounds, type);
        }
        n -= some;
        g += some;
        k += some << shift;
        out += (int64_t)some << (shift + 1);
    }
    return k;
}

/* A Q4 or Q8 row: whole groups fast, what is left over sixteen at a time. */
WU_INLINE void decode_affine(char *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n,
                             wu_dtype type) {
    const unsigned char *q = (const unsigned char *)w->data + o * w->row_bytes;
    const int32_t end = k0 + n;
    for (int32_t k = k0; k < end; k += TILE, out += 64) {
        const int32_t stop = w->rounds ? decode_groups(out, w, o, k, end, true, type)
                                       : decode_groups(out, w, o, k, end, false, type);
        out += (stop - k) * 2;
        k = stop;
        if (k >= end) return;
        scales512 z = scales_of_row512(w, o);
        const __m512 lo = affine_numbers_x16(w, q, &z, k, end - k, type);
        const __m512 hi = k + 16 < end ? affine_numbers_x16(w, q, &z, k + 16, end - k - 16, type)
                                       : _mm512_setzero_ps();
        _mm512_storeu_si512(out, join_bf16(lo, hi));
    }
}

WU_INLINE void decode_plain(char *out, int64_t stride, const char *from, int32_t n, wu_dtype type) {
    for (int32_t k = 0; k < n; k += TILE, out += stride, from += TILE * wu_number_bytes(type)) {
        if (type == WU_BF16) {
            const __mmask32 m = n - k >= 32 ? 0xffffffffu : 0xffffffffu >> (32 - (n - k));
            _mm512_storeu_si512(out, _mm512_maskz_loadu_epi16(m, from));
        } else {
            const __m512 lo = load_x16(from, type, n - k);
            const __m512 hi = load_x16(from + 16 * wu_number_bytes(type), type, n - k - 16);
            _mm512_storeu_si512(out, join_bf16(lo, hi));
        }
    }
}

void wu_bf16_decode(void *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n, bool round) {
    (void)round;
    const char *at = (const char *)w->data + o * w->row_bytes + k0 * wu_number_bytes(w->type);
    switch (w->type) {
    case WU_F32:
        decode_plain(out, 64, at, n, WU_F32);
        break;
    case WU_F16:
        decode_plain(out, 64, at, n, WU_F16);
        break;
    case WU_BF16:
        decode_plain(out, 64, at, n, WU_BF16);
        break;
    case WU_Q4:
    case WU_Q8:
        if (w->scale_type == WU_F16) {
            decode_affine(out, w, o, k0, n, WU_F16);
        } else if (w->scale_type == WU_BF16) {
            decode_affine(out, w, o, k0, n, WU_BF16);
        } else {
            decode_affine(out, w, o, k0, n, WU_F32);
        }
        break;
    }
}

void wu_bf16_pack(char *out, int64_t stride, const void *x, wu_dtype x_type, int32_t n,
                  bool round) {
    (void)round;
    if (x_type == WU_BF16) {
        decode_plain(out, stride, x, n, WU_BF16);
    } else {
        decode_plain(out, stride, x, n, WU_F32);
    }
}

void wu_bf16_turn(char *panel, const char *rows, int64_t ld, int32_t n_step) {
    for (int32_t k = 0; k < n_step; k++, rows += 64, panel += STEP_BYTES) {
        __m512i r[16];
        for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(rows + i * ld);
        transpose_16x16(r);
        for (int i = 0; i < 16; i++) _mm512_store_si512(panel + i * 64, r[i]);
    }
}

void wu_bf16_weave(char *panel, int64_t half_bytes, int64_t tile_bytes, const char *row0,
                   const char *row1, int32_t n_half) {
    const __m512i low = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40,
                                         8, 39, 7, 38, 6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
    const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
    for (int32_t t = 0; t < n_half / 2; t++, panel += tile_bytes) {
        const __m512i x = _mm512_loadu_si512(row0 + t * 64), y = _mm512_loadu_si512(row1 + t * 64);
        _mm512_store_si512(panel, _mm512_permutex2var_epi16(x, low, y));
        _mm512_store_si512(panel + half_bytes, _mm512_permutex2var_epi16(x, high, y));
    }
}

/* ---- products ---- */

enum { ROWS = 8 }; /* of a register tile: 8 x 32 sums in 16 registers */

typedef struct sums {
    __m512 v[ROWS][2];
} sums;

/* s += a [8 rows of 16 pairs, tile after tile] b [16 pairs of 16 columns, two halves a step] */
WU_INLINE void tile_8x32(sums *s, const int32_t *a, const char *b, int32_t n_step) {
    for (int32_t step = 0; step < n_step; step++, a += TILE * TILE / 2, b += STEP_BYTES) {
        for (int32_t p = 0; p < TILE / 2; p++) {
            const __m512bh w0 = (__m512bh)_mm512_load_si512(b + p * 64);
            const __m512bh w1 = (__m512bh)_mm512_load_si512(b + STEP_BYTES / 2 + p * 64);
            _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++) {
                const __m512bh x = (__m512bh)_mm512_set1_epi32(a[i * (TILE / 2) + p]);
                s->v[i][0] = _mm512_dpbf16_ps(s->v[i][0], x, w0);
                s->v[i][1] = _mm512_dpbf16_ps(s->v[i][1], x, w1);
            }
        }
    }
}

static void tile(float *c, bool zero, const char *a0, const char *a1, const char *b,
                 const wu_panel_job *job) {
    sums s;
    _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++) {
        s.v[i][0] = zero ? _mm512_setzero_ps() : _mm512_load_ps(c + i * TILE);
        s.v[i][1] = zero ? _mm512_setzero_ps() : _mm512_load_ps(c + i * TILE + HALF);
    }
    tile_8x32(&s, (const int32_t *)(const void *)a0, b, job->n_step[0]);
    if (job->n_step[1])
        tile_8x32(&s, (const int32_t *)(const void *)a1, b + (int64_t)job->n_step[0] * STEP_BYTES,
                  job->n_step[1]);
    _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++) {
        _mm512_store_ps(c + i * TILE, s.v[i][0]);
        _mm512_store_ps(c + i * TILE + HALF, s.v[i][1]);
    }
}

static void multiply(const wu_panel_job *job) {
    const int64_t bytes = wu_tile_bytes(WU_BF16, job->n_step[0] + job->n_step[1]);
    const int32_t col_tiles = (job->n_col + TILE - 1) / TILE;
    WU_ALIGNED float block[TILE * TILE];
    for (int32_t r = 0; r < job->n_row; r += TILE) {
        const int32_t n_row = WU_MIN(TILE, job->n_row - r);
        const char *a0 = job->a[0] + r / TILE * job->a_stride[0];
        const char *a1 = job->a[1] + r / TILE * job->a_stride[1];
        for (int32_t t = 0; t < col_tiles; t++) {
            float *c = job->first && job->last
                           ? block
                           : job->sums + ((int64_t)(r / TILE) * col_tiles + t) * TILE * TILE;
            for (int32_t i = 0; i < n_row; i += ROWS)
                tile(c + i * TILE, job->first, a0 + i * TILE * 2, a1 + i * TILE * 2,
                     job->b + t * bytes, job);
            if (!job->last) continue;
            const wu_target to = wu_target_at(&job->to, r, t * TILE);
            store_block512(&to, c, TILE, n_row, WU_MIN(TILE, job->n_col - t * TILE));
        }
    }
}

/* ---- few rows ---- */

enum { MOST_X = 6 }; /* rows of x at a time, by four of w: 24 sums */

WU_INLINE void dot_4(const wu_dot_job *job, int32_t i, int32_t m, const int n_x) {
    const int64_t ld = wu_round_up(job->x->n_col, TILE) * 2;
    const char *x = (const char *)job->x->data + m * ld + job->k0 * 2;
    const char *w[4];
    __m512 s[4][MOST_X];
    _Pragma("GCC unroll 4") for (int r = 0; r < 4; r++) {
        w[r] = job->w + WU_MIN(i + r, job->n_w - 1) * job->w_bytes;
        _Pragma("GCC unroll 6") for (int t = 0; t < n_x; t++) s[r][t] = _mm512_setzero_ps();
    }
    for (int32_t k = 0; k < job->n_k * 2; k += 64) {
        __m512bh v[4];
        _Pragma("GCC unroll 4") for (int r = 0; r < 4; r++) v[r] =
            (__m512bh)_mm512_loadu_si512(w[r] + k);
        _Pragma("GCC unroll 6") for (int t = 0; t < n_x; t++) {
            const __m512bh xv = (__m512bh)_mm512_load_si512(x + t * ld + k);
            _Pragma("GCC unroll 4") for (int r = 0; r < 4; r++) s[r][t] =
                _mm512_dpbf16_ps(s[r][t], v[r], xv);
        }
    }
    const __mmask8 mask = (__mmask8)lanes512(WU_MIN(4, job->n_w - i));
    _Pragma("GCC unroll 6") for (int t = 0; t < n_x; t++) {
        float *c = job->c + (m + t) * job->ldc + i;
        __m128 sum = sum_lanes_4(s[0][t], s[1][t], s[2][t], s[3][t]);
        if (!job->first) sum = _mm_add_ps(sum, _mm_maskz_loadu_ps(mask, c));
        _mm_mask_storeu_ps(c, mask, sum);
    }
}

void wu_bf16_dot(const wu_dot_job *job) {
    for (int32_t i = 0; i < job->n_w; i += 4) {
        int32_t m = 0;
        for (; m + MOST_X <= job->x->n_row; m += MOST_X) dot_4(job, i, m, MOST_X);
        switch (job->x->n_row - m) {
        case 5:
            dot_4(job, i, m, 5);
            break;
        case 4:
            dot_4(job, i, m, 4);
            break;
        case 3:
            dot_4(job, i, m, 3);
            break;
        case 2:
            dot_4(job, i, m, 2);
            break;
        case 1:
            dot_4(job, i, m, 1);
            break;
        default:
            break;
        }
    }
}

void wu_bf16_store(const wu_target *to, const float *c, int64_t ldc, int32_t n_row, int32_t n_col) {
    store_block512(to, c, ldc, n_row, n_col);
}

static void stream(const wu_stream_job *job) {
    if (wu_bf16_takes(job)) {
        wu_bf16_stream(job);
    } else {
        wu_stream_decoded(job);
    }
}

const wu_gemm_ops wu_gemm_avx512bf16 = {
    .level = WU_LEVEL_AVX512BF16,
    .format = WU_BF16,
    .panel_bytes = 524288,
    .piece = 1024,
    .decode = wu_bf16_decode,
    .pack = wu_bf16_pack,
    .turn = wu_bf16_turn,
    .weave = wu_bf16_weave,
    .multiply = multiply,
    .dot = wu_bf16_dot,
    .stream = stream,
    .store = wu_bf16_store,
};
