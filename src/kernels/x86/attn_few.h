/* attn_few.h - attention of a single query, for decoding; attn_avx2.c and attn_avx512.c include it
 * (attn_impl.h).
 *
 * A vector of keys at a time: scores are dot products along the head, summed
 * for all keys of the vector at once, so nothing has to be packed and keys and
 * values are read once for all heads of a group. */
#ifndef WU_KERNELS_X86_ATTN_FEW_H
#define WU_KERNELS_X86_ATTN_FEW_H

#include "kernels/x86/attn_vec.h"

enum { FEW_HEADS = 16, OUT = 4 /* vectors of o in registers */ };

typedef struct few_mem {
    float q[FEW_HEADS][MAX_D], o[FEW_HEADS][MAX_D]; /* rows are used up to width */
    float k[VEC_W * MAX_D], v[VEC_W * MAX_D];       /* [keys][width] */
    float p[VEC_W];
    float max[FEW_HEADS], sum[FEW_HEADS];
    int32_t head, n_head, kv; /* heads of this pass */
    int32_t width;            /* d_head rounded up to vectors */
} few_mem;

/* Lane i is the sum of x[i]. */
#if defined(__AVX512F__)
WU_INLINE vf sum_each(const vf x[VEC_W]) {
    vf s[8], u[4];
    for (int i = 0; i < 8; i++)
        s[i] = _mm512_add_ps(_mm512_unpacklo_ps(x[2 * i], x[2 * i + 1]),
                             _mm512_unpackhi_ps(x[2 * i], x[2 * i + 1]));
    for (int i = 0; i < 4; i++) {
        const __m512d a = _mm512_castps_pd(s[2 * i]), b = _mm512_castps_pd(s[2 * i + 1]);
        u[i] = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)),
                             _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)));
    }
    for (int i = 0; i < 2; i++)
        s[i] = _mm512_add_ps(_mm512_shuffle_f32x4(u[2 * i], u[2 * i + 1], 0x88),
                             _mm512_shuffle_f32x4(u[2 * i], u[2 * i + 1], 0xdd));
    return _mm512_add_ps(_mm512_shuffle_f32x4(s[0], s[1], 0x88),
                         _mm512_shuffle_f32x4(s[0], s[1], 0xdd));
}
#else
WU_INLINE vf sum_each(const vf x[VEC_W]) {
    vf s[2];
    for (int i = 0; i < 2; i++)
        s[i] = _mm256_hadd_ps(_mm256_hadd_ps(x[4 * i], x[4 * i + 1]),
                              _mm256_hadd_ps(x[4 * i + 2], x[4 * i + 3]));
    return _mm256_add_ps(_mm256_permute2f128_ps(s[0], s[1], 0x20),
                         _mm256_permute2f128_ps(s[0], s[1], 0x31));
}
#endif

/* p of the n keys in k for one head; o and the sums so far fade if the maximum grows. */
static void few_scores(few_mem *m, int32_t h, const wu_attention *a, int32_t n) {
    vf x[VEC_W];
    for (int32_t r = 0; r < VEC_W; r++) {
        x[r] = vf_zero();
        for (int32_t i = 0; r < n && i < m->width; i += VEC_W)
            x[r] = vf_fma(vf_load(m->q[h] + i), vf_load(m->k + r * m->width + i), x[r]);
    }
    vf_store(m->p, sum_each(x) * vf_set(a->scale));
    for (int32_t r = n; r < VEC_W; r++) m->p[r] = -FLT_MAX;
    const vf s = vf_load(m->p);
    const float most = vf_highest(s);
    if (most > m->max[h]) {
        const float fade = expf(m->max[h] - most);
        m->max[h] = most;
        m->sum[h] *= fade;
        for (int32_t i = 0; i < m->width; i += VEC_W)
            vf_store(m->o[h] + i, vf_load(m->o[h] + i) * vf_set(fade));
    }
    vf_store(m->p, vf_exp(s - vf_set(m->max[h])));
    for (int32_t r = n; r < VEC_W; r++) m->p[r] = 0.0f;
    const vf p = vf_load(m->p);
    m->sum[h] += vf_sum(p);
    vf_store(m->p, rounded(p, a->type == WU_BF16));
}

/* o += p v */
WU_INLINE void few_values_of(few_mem *m, int32_t h, int32_t n, int32_t at, const int n_vec) {
    float *o = m->o[h] + at;
    vf s[OUT];
    for (int i = 0; i < n_vec; i++) s[i] = vf_load(o + i * VEC_W);
    for (int32_t r = 0; r < n; r++) {
        const vf p = vf_set(m->p[r]);
        const float *v = m->v + r * m->width + at;
        for (int i = 0; i < n_vec; i++) s[i] = vf_fma(p, vf_load(v + i * VEC_W), s[i]);
    }
    for (int i = 0; i < n_vec; i++) vf_store(o + i * VEC_W, s[i]);
}

static void few_values(few_mem *m, int32_t h, int32_t n) {
    int32_t at = 0;
    for (; at + OUT * VEC_W <= m->width; at += OUT * VEC_W) few_values_of(m, h, n, at, OUT);
    for (; at < m->width; at += VEC_W) few_values_of(m, h, n, at, 1);
}

static void few_begin(few_mem *m, const wu_attention *a, int64_t row) {
    for (int32_t h = 0; h < m->n_head; h++) {
        widen_row(m->q[h], a->q, a->type, row * a->ldq + (int64_t)(m->head + h) * a->d_head,
                  a->d_head, m->width);
        memset(m->o[h], 0, (size_t)m->width * sizeof(float));
        m->max[h] = -FLT_MAX;
        m->sum[h] = 0.0f;
    }
}

static void few_end(const few_mem *m, const wu_attention *a, int64_t row) {
    for (int32_t h = 0; h < m->n_head; h++) {
        const int32_t head = m->head + h;
        const int64_t at = row * a->ldo + (int64_t)head * a->d_head;
        if (a->lse) a->lse[row * a->n_head + head] = m->max[h] + logf(m->sum[h]);
        for (int32_t i = 0; i < a->d_head; i++) {
            const float o = m->o[h][i] / m->sum[h];
            if (a->type == WU_F32) {
                ((float *)a->o)[at + i] = o;
            } else {
                ((uint16_t *)a->o)[at + i] = wu_f32_to_bf16(o);
            }
        }
    }
}

static void few(const wu_attn_job *j, int32_t kv, int32_t tile, int32_t query, void *mem) {
    const wu_attention *a = j->a;
    const wu_attn_tile *t = &j->tile[tile];
    const wu_attn_run *run = wu_attn_run_of(j, tile);
    const int64_t row = (int64_t)t->row + query;
    const int32_t end_head = (kv + 1) * j->group;
    few_mem *m = mem;
    m->width = round_up(a->d_head, VEC_W);
    for (m->head = kv * j->group; m->head < end_head; m->head += FEW_HEADS) {
        m->n_head = WU_MIN(FEW_HEADS, end_head - m->head);
        few_begin(m, a, row);
        for (int32_t s = run->span; s < run->span + run->n_span; s++) {
            const wu_attn_sight v = wu_attn_see(a, t, s);
            const int32_t end = WU_MIN(v.end, v.hi + query);
            for (int32_t k = WU_MAX(v.first, v.lo + query); k < end; k += VEC_W) {
                const int32_t n = WU_MIN(end - k, VEC_W);
                widen(m->k, a, a->k, a->ldk, kv, k, k + n, m->width);
                widen(m->v, a, a->v, a->ldv, kv, k, k + n, m->width);
                for (int32_t h = 0; h < m->n_head; h++) {
                    few_scores(m, h, a, n);
                    few_values(m, h, n);
                }
            }
        }
        few_end(m, a, row);
    }
}

#endif
