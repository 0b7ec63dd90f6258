/* few_avx512bf16.c - one or two rows by quantised weights, in f32, without rounding the weights.
 *
 * Within a group w = s q + b, so that
 *
 *     sum over the group of w x  =  s (sum of q x)  +  b (sum of x)
 *
 * and the sums of x are the same for all rows of W.  What remains for 32
 * numbers of W are seven vector instructions, fewer than it takes to make
 * bf16 numbers of them.  From three rows on, decoding once is cheaper. */
#include "kernels/x86/bf16_impl.h"
#include "kernels/x86/vec512.h"

enum {
    LONGEST = 4096, /* inner numbers at a time */
    MOST_GROUPS = LONGEST / 16,
    ROWS = 4,     /* of W at a time */
    AHEAD = 4096, /* bytes of W, at least, that are on their way */
    AHEAD_SCALES = 512
};

/* One row of activations as f32: for Q4 the even numbers of each 32, then the odd ones; for Q8 in
 * their order. And its sums over groups. */
typedef struct spread {
    WU_ALIGNED float x[LONGEST];
    WU_ALIGNED float sum[MOST_GROUPS + 16];
} spread;

static void spread_row(spread *to, const char *x, int32_t n, int32_t group, bool halves) {
    const __m512i high = _mm512_set1_epi32((int)0xffff0000u);
    for (int32_t k = 0; k < n; k += TILE, x += 64) {
        const __m512i v = _mm512_load_si512(x);
        __m512 a = _mm512_castsi512_ps(_mm512_slli_epi32(v, 16));
        __m512 b = _mm512_castsi512_ps(_mm512_and_si512(v, high));
        if (!halves) {
            a = bf16_to_f32x16(_mm512_castsi512_si256(v));
            b = bf16_to_f32x16(_mm512_extracti64x4_epi64(v, 1));
        }
        _mm512_store_ps(to->x + k, a);
        _mm512_store_ps(to->x + k + HALF, b);
    }
    const int32_t n_group = n / group;
    for (int32_t g = 0; g < n_group; g++) {
        __m512 s = _mm512_setzero_ps();
        for (int32_t k = 0; k < group; k += 16)
            s = _mm512_add_ps(s, _mm512_load_ps(to->x + g * group + k));
        to->sum[g] = _mm512_reduce_add_ps(s);
    }
    _mm512_storeu_ps(to->sum + n_group, _mm512_setzero_ps());
}

/* What a call needs of W, with the scales of ROWS rows as f32. */
typedef struct state {
    const wu_matrix *w;
    int32_t k0, n; /* inner numbers of this stretch; n is a multiple of the group */
    int32_t group, n_group;
    spread *x; /* one for each row of activations */
    WU_ALIGNED float scale[ROWS][MOST_GROUPS + 16];
} state;

/* Scales of row o to scale[r]; returns the part of the sums that comes from the biases. */
WU_INLINE void begin_row(state *st, int32_t r, int32_t o, __m512 *sum, const int n_x,
                         wu_dtype type) {
    const int64_t at =
        ((int64_t)o * (st->w->n_in / st->group) + st->k0 / st->group) * wu_number_bytes(type);
    const char *scale = (const char *)st->w->scale + at, *bias = (const char *)st->w->bias + at;
    const int64_t step = 16 * wu_number_bytes(type);
    sum[0] = sum[1] = _mm512_setzero_ps();
    for (int32_t g = 0; g < st->n_group; g += 16, scale += step, bias += step) {
        _mm_prefetch(scale + AHEAD_SCALES, _MM_HINT_T0);
        _mm_prefetch(bias + AHEAD_SCALES, _MM_HINT_T0);
        _mm512_store_ps(st->scale[r] + g, load_x16(scale, type, st->n_group - g));
        const __m512 b = load_x16(bias, type, st->n_group - g);
        for (int i = 0; i < n_x; i++)
            sum[i] = _mm512_fmadd_ps(b, _mm512_loadu_ps(st->x[i].sum + g), sum[i]);
    }
}

/* p += x by 32 numbers at q, for each row of activations. */
WU_INLINE void add_q4(__m512 *p, const unsigned char *q, const __m512 *even, const __m512 *odd,
                      const int n_x) {
    const __m512 values = _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i v = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)q));
    const __m512 lo = _mm512_permutexvar_ps(v, values); /* looks at 4 bits only */
    const __m512 hi = _mm512_cvtepi32_ps(_mm512_srli_epi32(v, 4));
    for (int i = 0; i < n_x; i++) {
        p[i] = _mm512_fmadd_ps(lo, even[i], p[i]);
        p[i] = _mm512_fmadd_ps(hi, odd[i], p[i]);
    }
}

/* Distance to rows that are wanted soon: whole rows, so that the same inner numbers lie there. */
WU_INLINE int64_t bytes_ahead(const state *st) {
    const int32_t rows = (int32_t)(AHEAD / st->w->row_bytes) + 1;
    return wu_round_up(rows, ROWS) * st->w->row_bytes;
}

/* One line of one of the rows in turn: four lines for every 64 bytes of each row. */
WU_INLINE void fetch(const unsigned char *at) { _mm_prefetch((const char *)at, _MM_HINT_T0); }

WU_INLINE void rows_q4(const state *st, const unsigned char *const q[ROWS], __m512 sum[ROWS][2],
                       int32_t group, const int n_x) {
    const int64_t ahead = bytes_ahead(st);
    for (int32_t g = 0, k = 0; g < st->n_group; g++) {
        __m512 p[ROWS][2];
        _Pragma("GCC unroll 4") for (int r = 0; r < ROWS; r++) p[r][0] = p[r][1] =
            _mm512_setzero_ps();
        for (int32_t j = 0; j < group; j += TILE, k += TILE) {
            __m512 even[2], odd[2];
            fetch(q[k / TILE % ROWS] + k / 2 + ahead);
            for (int i = 0; i < n_x; i++) {
                even[i] = _mm512_load_ps(st->x[i].x + k);
                odd[i] = _mm512_load_ps(st->x[i].x + k + HALF);
            }
            _Pragma("GCC unroll 4") for (int r = 0; r < ROWS; r++)
                add_q4(p[r], q[r] + k / 2, even, odd, n_x);
        }
        _Pragma("GCC unroll 4") for (int r = 0; r < ROWS; r++) {
            const __m512 s = _mm512_set1_ps(st->scale[r][g]);
            for (int i = 0; i < n_x; i++) sum[r][i] = _mm512_fmadd_ps(p[r][i], s, sum[r][i]);
        }
    }
}

WU_INLINE void rows_q8(const state *st, const unsigned char *const q[ROWS], __m512 sum[ROWS][2],
                       int32_t group, const int n_x) {
    const int64_t ahead = bytes_ahead(st);
    for (int32_t g = 0, k = 0; g < st->n_group; g++) {
        __m512 p[ROWS][2];
        _Pragma("GCC unroll 4") for (int r = 0; r < ROWS; r++) p[r][0] = p[r][1] =
            _mm512_setzero_ps();
        for (int32_t j = 0; j < group; j += HALF, k += HALF) {
            __m512 x[2];
            fetch(q[k / HALF % ROWS] + k + ahead);
            for (int i = 0; i < n_x; i++) x[i] = _mm512_load_ps(st->x[i].x + k);
            _Pragma("GCC unroll 4") for (int r = 0; r < ROWS; r++) {
                const __m512 v = bytes_x16(q[r] + k);
                for (int i = 0; i < n_x; i++) p[r][i] = _mm512_fmadd_ps(v, x[i], p[r][i]);
            }
        }
        _Pragma("GCC unroll 4") for (int r = 0; r < ROWS; r++) {
            const __m512 s = _mm512_set1_ps(st->scale[r][g]);
            for (int i = 0; i < n_x; i++) sum[r][i] = _mm512_fmadd_ps(p[r][i], s, sum[r][i]);
        }
    }
}

/* Four rows from o on (the last one again if there are fewer), to c [n_x][ldc]. */
WU_INLINE void four_rows(state *st, const wu_stream_job *job, int32_t i, bool first, const int n_x,
                         wu_dtype type) {
    const unsigned char *q[ROWS];
    __m512 sum[ROWS][2];
    _Pragma("GCC unroll 4") for (int r = 0; r < ROWS; r++) {
        const int32_t o = job->o + WU_MIN(i + r, job->n - 1);
        q[r] = (const unsigned char *)st->w->data + o * st->w->row_bytes +
               (st->w->type == WU_Q4 ? st->k0 / 2 : st->k0);
        begin_row(st, r, o, sum[r], n_x, type);
    }
    if (st->w->type == WU_Q8 && st->group == TILE) {
        rows_q8(st, q, sum, TILE, n_x);
    } else if (st->w->type == WU_Q8) {
        rows_q8(st, q, sum, st->group, n_x);
    } else if (st->group == TILE) {
        rows_q4(st, q, sum, TILE, n_x);
    } else {
        rows_q4(st, q, sum, st->group, n_x);
    }
    const __mmask8 mask = (__mmask8)lanes512(WU_MIN(ROWS, job->n - i));
    for (int x = 0; x < n_x; x++) {
        float *c = job->c + x * job->ldc + i;
        __m128 v = sum_lanes_4(sum[0][x], sum[1][x], sum[2][x], sum[3][x]);
        if (!first) v = _mm_add_ps(v, _mm_maskz_loadu_ps(mask, c));
        _mm_mask_storeu_ps(c, mask, v);
    }
}

WU_INLINE void stretch_as(state *st, const wu_stream_job *job, bool first, wu_dtype type) {
    if (job->x->n_row == 1) {
        for (int32_t i = 0; i < job->n; i += ROWS) four_rows(st, job, i, first, 1, type);
    } else {
        for (int32_t i = 0; i < job->n; i += ROWS) four_rows(st, job, i, first, 2, type);
    }
}

bool wu_bf16_takes(const wu_stream_job *job) {
    const wu_matrix *w = job->w;
    return job->x->n_row <= 2 &&
           ((w->type == WU_Q4 && w->group >= TILE) || (w->type == WU_Q8 && w->group >= HALF));
}

void wu_bf16_stream(const wu_stream_job *job) {
    const wu_matrix *w = job->w;
    const int64_t ld = wu_round_up(job->x->n_col, TILE) * 2;
    state st = {.w = w, .group = w->group, .x = (spread *)(void *)job->rows};
    for (; st.k0 < w->n_in; st.k0 += LONGEST) {
        st.n = WU_MIN(LONGEST, w->n_in - st.k0);
        st.n_group = st.n / st.group;
        for (int32_t i = 0; i < job->x->n_row; i++)
            spread_row(&st.x[i], (const char *)job->x->data + i * ld + st.k0 * 2, st.n, st.group,
                       w->type == WU_Q4);
        const bool first = job->first && st.k0 == 0;
        if (w->scale_type == WU_F16) {
            stretch_as(&st, job, first, WU_F16);
        } else if (w->scale_type == WU_BF16) {
            stretch_as(&st, job, first, WU_BF16);
        } else {
            stretch_as(&st, job, first, WU_F32);
        }
    }
}
