/* gemm_avx512.c - products with AVX-512 in f32. */
#include "kernels/x86/vec512.h"

/* ---- numbers into panels ---- */

WU_INLINE void decode_as(float *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n,
                         bool round, wu_dtype type, bool affine) {
    const char *row = (const char *)w->data + o * w->row_bytes;
    const int32_t end = wu_round_up(n, TILE);
    scales512 z;
    if (affine) z = scales_of_row512(w, o);
    for (int32_t i = 0; i < end; i += 16) {
        __m512 v = _mm512_setzero_ps();
        if (i < n && affine) {
            v = affine_numbers_x16(w, (const unsigned char *)row, &z, k0 + i, n - i, type);
        } else if (i < n) {
            v = load_x16(row + (k0 + i) * wu_number_bytes(type), type, n - i);
        }
        if (round) v = round_bf16x16(v);
        _mm512_storeu_ps(out + i, v);
    }
}

static void decode(void *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n, bool round) {
    const bool affine = w->type == WU_Q4 || w->type == WU_Q8;
    const wu_dtype type = affine ? w->scale_type : w->type;
    if (affine && type == WU_F16) {
        decode_as(out, w, o, k0, n, round, WU_F16, true);
    } else if (affine && type == WU_BF16) {
        decode_as(out, w, o, k0, n, round, WU_BF16, true);
    } else if (affine) {
        decode_as(out, w, o, k0, n, round, WU_F32, true);
    } else if (type == WU_F16) {
        decode_as(out, w, o, k0, n, round, WU_F16, false);
    } else if (type == WU_BF16) {
        decode_as(out, w, o, k0, n, false, WU_BF16, false);
    } else {
        decode_as(out, w, o, k0, n, round, WU_F32, false);
    }
}

static void pack(char *out, int64_t stride, const void *x, wu_dtype x_type, int32_t n, bool round) {
    const char *from = x;
    for (int32_t k = 0; k < n; k += TILE, out += stride) {
        for (int32_t i = 0; i < 2; i++) {
            __m512 v = load_x16(from, x_type, n - k - 16 * i);
            if (round && x_type == WU_F32) v = round_bf16x16(v);
            _mm512_store_ps(out + 64 * i, v);
            from += 16 * wu_number_bytes(x_type);
        }
    }
}

static void turn(char *panel, const char *rows, int64_t ld, int32_t n_step) {
    for (int32_t k = 0; k < 2 * n_step; k++, rows += 64) {
        __m512i r[16];
        for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(rows + i * ld);
        transpose_16x16(r);
        for (int i = 0; i < 16; i++, panel += 64) _mm512_store_si512(panel, r[i]);
    }
}

static void weave(char *panel, int64_t half_bytes, int64_t tile_bytes, const char *row0,
                  const char *row1, int32_t n_half) {
    for (int32_t h = 0; h < n_half; h++) {
        char *to = panel + h / 2 * tile_bytes + h % 2 * half_bytes;
        _mm512_store_si512(to, _mm512_loadu_si512(row0 + h * 64));
        _mm512_store_si512(to + 64, _mm512_loadu_si512(row1 + h * 64));
    }
}

/* ---- products ---- */

enum { ROWS = 8 }; /* of a register tile: 8 x 32 sums in 16 registers */

typedef struct sums {
    __m512 v[ROWS][2];
} sums;

/* s += a [8 rows of 32 numbers, tile after tile] b [32 numbers of 16 columns, twice] */
WU_INLINE void tile_8x32(sums *s, const float *a, const float *b0, const float *b1,
                         int32_t n_step) {
    for (int32_t step = 0; step < n_step; step++, a += TILE * TILE) {
        for (int32_t k = 0; k < TILE; k++, b0 += HALF, b1 += HALF) {
            const __m512 w0 = _mm512_load_ps(b0), w1 = _mm512_load_ps(b1);
            _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++) {
                const __m512 x = _mm512_set1_ps(a[i * TILE + k]);
                s->v[i][0] = _mm512_fmadd_ps(x, w0, s->v[i][0]);
                s->v[i][1] = _mm512_fmadd_ps(x, w1, s->v[i][1]);
            }
        }
    }
}

static void tile(float *c, bool zero, const char *a0, const char *a1, const char *b,
                 const wu_panel_job *job) {
    const int64_t half = wu_half_bytes(WU_F32, job->n_step[0] + job->n_step[1]);
    const float *w0 = (const float *)(const void *)b;
    const float *w1 = (const float *)(const void *)(b + half);
    sums s;
    _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++) {
        s.v[i][0] = zero ? _mm512_setzero_ps() : _mm512_load_ps(c + i * TILE);
        s.v[i][1] = zero ? _mm512_setzero_ps() : _mm512_load_ps(c + i * TILE + HALF);
    }
    tile_8x32(&s, (const float *)(const void *)a0, w0, w1, job->n_step[0]);
    const int64_t used = (int64_t)job->n_step[0] * TILE * HALF;
    if (job->n_step[1])
        tile_8x32(&s, (const float *)(const void *)a1, w0 + used, w1 + used, job->n_step[1]);
    _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++) {
        _mm512_store_ps(c + i * TILE, s.v[i][0]);
        _mm512_store_ps(c + i * TILE + HALF, s.v[i][1]);
    }
}

static void multiply(const wu_panel_job *job) {
    const int64_t bytes = wu_tile_bytes(WU_F32, job->n_step[0] + job->n_step[1]);
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
                tile(c + i * TILE, job->first, a0 + i * TILE * 4, a1 + i * TILE * 4,
                     job->b + t * bytes, job);
            if (!job->last) continue;
            const wu_target to = wu_target_at(&job->to, r, t * TILE);
            store_block512(&to, c, TILE, n_row, WU_MIN(TILE, job->n_col - t * TILE));
        }
    }
}

/* ---- few rows ---- */

/* n_x (1 to 4) rows of x by four rows of w. */
WU_INLINE void dot_4(const wu_dot_job *job, int32_t i, int32_t m, const int n_x) {
    const int64_t ld = wu_round_up(job->x->n_col, TILE);
    const float *x = (const float *)job->x->data + m * ld + job->k0;
    const char *w[4];
    __m512 s[4][4];
    _Pragma("GCC unroll 4") for (int r = 0; r < 4; r++) {
        w[r] = job->w + WU_MIN(i + r, job->n_w - 1) * job->w_bytes;
        _Pragma("GCC unroll 4") for (int t = 0; t < n_x; t++) s[r][t] = _mm512_setzero_ps();
    }
    for (int32_t k = 0; k < job->n_k; k += 16) {
        __m512 v[4];
        _Pragma("GCC unroll 4") for (int r = 0; r < 4; r++) v[r] = _mm512_loadu_ps(w[r] + k * 4);
        _Pragma("GCC unroll 4") for (int t = 0; t < n_x; t++) {
            const __m512 xv = _mm512_load_ps(x + t * ld + k);
            _Pragma("GCC unroll 4") for (int r = 0; r < 4; r++) s[r][t] =
                _mm512_fmadd_ps(v[r], xv, s[r][t]);
        }
    }
    const __mmask8 mask = (__mmask8)lanes512(WU_MIN(4, job->n_w - i));
    _Pragma("GCC unroll 4") for (int t = 0; t < n_x; t++) {
        float *c = job->c + (m + t) * job->ldc + i;
        __m128 sum = sum_lanes_4(s[0][t], s[1][t], s[2][t], s[3][t]);
        if (!job->first) sum = _mm_add_ps(sum, _mm_maskz_loadu_ps(mask, c));
        _mm_mask_storeu_ps(c, mask, sum);
    }
}

static void dot(const wu_dot_job *job) {
    for (int32_t i = 0; i < job->n_w; i += 4) {
        int32_t m = 0;
        for (; m + 4 <= job->x->n_row; m += 4) dot_4(job, i, m, 4);
        switch (job->x->n_row - m) {
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

static void store(const wu_target *to, const float *c, int64_t ldc, int32_t n_row, int32_t n_col) {
    store_block512(to, c, ldc, n_row, n_col);
}

const wu_gemm_ops wu_gemm_avx512 = {
    .level = WU_LEVEL_AVX512,
    .format = WU_F32,
    .panel_bytes = 262144,
    .piece = 640,
    .decode = decode,
    .pack = pack,
    .turn = turn,
    .weave = weave,
    .multiply = multiply,
    .dot = dot,
    .store = store,
};
