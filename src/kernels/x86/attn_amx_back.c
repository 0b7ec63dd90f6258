/* attn_amx_back.c - backward attention on bf16 tiles (attn_amx_impl.h). */
#include "kernels/x86/attn_amx_impl.h"

enum {
    STRIP = WU_ATTN_BLOCK * WU_ATTN_SPREAD,
    HEADS = 4, /* whose P and dS are kept until they are added to dk and dv in one go */
    SLOT = 4 * 2 * KB
};

size_t wu_amx_query_bytes(const wu_attention *a) {
    return (size_t)(LANES * wide(a)) * (4 * 2 + 4) + 2 * LANES * sizeof(float);
}

typedef struct packed {
    uint8_t *qt, *dot, *q, *d_o;
    float *dqt, *lse, *dsum;
} packed;

static packed find_packed(const wu_attn_job *job, int32_t head, int32_t tile) {
    const int32_t bytes = LANES * wide(job->a) * 2;
    packed p;
    p.qt = wu_attn_queries(job, head, tile);
    p.dot = p.qt + bytes;
    p.q = p.dot + bytes;
    p.d_o = p.q + bytes;
    p.dqt = (float *)(void *)(p.d_o + bytes);
    p.lse = p.dqt + LANES * wide(job->a);
    p.dsum = p.lse + LANES;
    return p;
}

static float dot_rows(const uint16_t *x, const uint16_t *y, int32_t d) {
    __m512 sum = _mm512_setzero_ps();
    for (int32_t i = 0; i < d; i += 16) {
        const __m256i a = _mm256_maskz_loadu_epi16(lanes512(d - i), x + i);
        const __m256i b = _mm256_maskz_loadu_epi16(lanes512(d - i), y + i);
        sum = _mm512_fmadd_ps(bf16_to_f32x16(a), bf16_to_f32x16(b), sum);
    }
    return _mm512_reduce_add_ps(sum);
}

void wu_amx_begin(const wu_attn_job *job, int32_t head, int32_t tile, void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const int32_t d = wide(a);
    const packed p = find_packed(job, head, tile);
    lanes l;
    rows q, d_o, o;
    set_lanes(&l, &job->tile[tile], head, 1);
    find_lanes(&q, &l, a->q, a->ldq, a->d_head);
    find_lanes(&d_o, &l, a->d_o, a->ldo, a->d_head);
    find_lanes(&o, &l, a->o, a->ldo, a->d_head);
    pack_lanes(p.qt, &q, 2 * l.n_pair, d);
    pack_lanes(p.dot, &d_o, 2 * l.n_pair, d);
    pack_pairs(p.q, &q, l.n_pair, d);
    pack_pairs(p.d_o, &d_o, l.n_pair, d);
    memset(p.dqt, 0, (size_t)(LANES * d) * sizeof(float));
    for (int32_t i = 0; i < 32 * l.n_pair; i++) {
        const bool used = i < l.used;
        p.lse[i] = used ? a->lse[(l.row + i) * a->n_head + head] * log2_e : 0.0f;
        p.dsum[i] = used ? dot_rows(o.at[i], d_o.at[i], a->d_head) : 0.0f;
    }
}

typedef struct backward_mem {
    WU_ALIGNED float dk[STRIP * MAX_D]; /* tiles [key tiles][d/16] */
    WU_ALIGNED float dv[STRIP * MAX_D];
    WU_ALIGNED float s[2][32 * 32], dp[2][32 * 32];       /* tiles [2][2], in turn */
    WU_ALIGNED uint8_t p[HEADS * SLOT], ds[HEADS * SLOT]; /* rows [4 key tiles][2 pairs] */
    WU_ALIGNED uint8_t dst[2 * 4 * KB]; /* column operand [2 groups of keys][4 lane tiles] */
} backward_mem;

_Static_assert(sizeof(backward_mem) <= WU_ATTN_MEM, "fits into a unit's memory");

void wu_amx_open(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem) {
    (void)kv;
    backward_mem *w = mem;
    const size_t bytes = (size_t)((b.b1 - b.b0) * BLOCK * wide(job->a)) * sizeof(float);
    wu_amx_configure();
    memset(w->dk, 0, bytes);
    memset(w->dv, 0, bytes);
}

/* 32 keys by 32 lanes. */
typedef struct patch {
    const packed *q;
    const wu_attn_sight *v;
    const lanes *l;
    const uint8_t *keys;
    float scale;
    int32_t j0, g, pair, n_step;
    int32_t key_tile; /* of the block, in dk and dv */
    int32_t slot;     /* of the head */
    bool whole;
} patch;

static void patch_scores(const patch *p, float *s, float *dp) {
    const int32_t n = p->n_step;
    square(tiles_at(s, 0, 2, 1), tiles_at(p->keys, 2 * p->g * n, n, 1),
           tiles_at(p->q->qt, 2 * p->pair, 1, 4), n, false);
    square(tiles_at(dp, 0, 2, 1), tiles_at(p->keys + BLOCK * n * 64, 2 * p->g * n, n, 1),
           tiles_at(p->q->dot, 2 * p->pair, 1, 4), n, false);
}

/* P and dS of two rows of key tile t; e and ds are [row][lane tile]. */
WU_INLINE void two_rows(const patch *p, const float *s, const float *dp, int32_t t, int32_t r,
                        __m512 e[2][2], __m512 ds[2][2], bool whole) {
    const __m512 scale = _mm512_set1_ps(p->scale * log2_e);
    for (int32_t i = 0; i < 2; i++) {
        for (int32_t x = 0; x < 2; x++) {
            const int32_t lane = 32 * p->pair + 16 * x;
            e[i][x] = power2(
                _mm512_fmsub_ps(score(s, t, r + i, x), scale, _mm512_load_ps(p->q->lse + lane)));
            if (!whole) {
                const __m512i query = _mm512_load_si512(p->l->query + lane);
                const int32_t j = p->j0 + 32 * p->g + 16 * t + r + i;
                e[i][x] = _mm512_maskz_mov_ps(seeing(p->v, query, j), e[i][x]);
            }
            ds[i][x] = e[i][x] * (score(dp, t, r + i, x) - _mm512_load_ps(p->q->dsum + lane));
        }
    }
}

/* P and dS of a patch go where the products expect them. */
WU_INLINE void patch_harden(backward_mem *w, const patch *p, const float *s, const float *dp,
                            bool whole) {
    for (int32_t t = 0; t < 2; t++) {
        const int32_t at = p->slot * SLOT + ((2 * p->g + t) * 2 + p->pair) * KB;
        uint8_t *dst = w->dst + (p->g * 4 + 2 * p->pair) * KB + 512 * t;
        for (int32_t r = 0; r < 16; r += 2) {
            __m512 e[2][2], ds[2][2];
            two_rows(p, s, dp, t, r, e, ds, whole);
            for (int32_t i = 0; i < 2; i++) {
                _mm512_store_si512(w->p + at + 64 * (r + i),
                                   (__m512i)_mm512_cvtne2ps_pbh(e[i][1], e[i][0]));
                _mm512_store_si512(w->ds + at + 64 * (r + i),
                                   (__m512i)_mm512_cvtne2ps_pbh(ds[i][1], ds[i][0]));
                _mm512_store_si512(dst + i * KB + 32 * r, pairs(ds[0][i], ds[1][i]));
            }
        }
    }
}

static void patch_clear(backward_mem *w, const patch *p) {
    for (int32_t i = 0; i < 2; i++) {
        const int32_t at = p->slot * SLOT + ((2 * p->g + i) * 2 + p->pair) * KB;
        memset(w->p + at, 0, KB);
        memset(w->ds + at, 0, KB);
    }
}

/* What a tile of queries, for up to HEADS heads, and a block of keys see of each other. */
typedef struct meeting {
    patch list[HEADS * 4];
    packed q[HEADS];
    int32_t n, n_head;
    bool any[2]; /* of a group of keys */
} meeting;

static void meet_head(meeting *m, const patch *like, int32_t slot, int32_t block, backward_mem *w) {
    for (int32_t g = 0; g < BLOCK / 32; g++) {
        for (int32_t pair = 0; pair < like->l->n_pair; pair++) {
            piece see = {0};
            patch p = *like;
            p.q = &m->q[slot];
            p.slot = slot;
            p.g = g;
            p.pair = pair;
            const bool any = look(&see, like->v, like->l, block, pair) && g >= see.g0 && g < see.g1;
            p.whole = see.whole;
            m->any[g] = m->any[g] || any;
            if (any)
                m->list[m->n++] = p;
            else
                patch_clear(w, &p);
        }
    }
}

/* sums += x y for the 32 keys of group g; x [slots][4 key tiles][2 pairs], y of each head */
static void add_group(const meeting *m, float *sums, const uint8_t *x, bool is_dk, int32_t g) {
    const patch *p = &m->list[0];
    const int32_t n = 2 * p->n_step;
    for (int32_t i = 0; i < n; i += 2) {
        const tiles c = tiles_at(sums, (p->key_tile + 2 * g) * n + i, n, 1);
        BARRIER();
        square_begin(c, true);
        for (int32_t h = 0; h < m->n_head; h++) {
            const uint8_t *y = is_dk ? m->q[h].q : m->q[h].d_o;
            for (int32_t pair = 0; pair < p->l->n_pair; pair++)
                square_step(tiles_at(x + h * SLOT, 4 * g + pair, 2, 1),
                            tiles_at(y, pair * n + i, 1, n));
        }
        square_end(c);
        BARRIER();
    }
}

/* dq^T += k^T dS of the head of a patch */
static void add_queries(const backward_mem *w, const patch *p) {
    const int32_t d = 32 * p->n_step;
    for (int32_t i = 0; i < d / 16; i += 2)
        for (int32_t pair = 0; pair < p->l->n_pair; pair++)
            square(tiles_at(p->q->dqt, 4 * i + 2 * pair, 4, 1),
                   tiles_at(p->keys + 2 * BLOCK * d * 2, 2 * i, 2, 1),
                   tiles_at(w->dst, 2 * pair, 1, 4), 2, true);
}

/* Products come as late as possible after the stores that they wait for. */
static void back_meeting(const meeting *m, backward_mem *w) {
    patch_scores(&m->list[0], w->s[0], w->dp[0]);
    for (int32_t i = 0; i < m->n; i++) {
        const patch *p = &m->list[i];
        const float *s = w->s[i % 2], *dp = w->dp[i % 2];
        if (i + 1 < m->n) patch_scores(p + 1, w->s[(i + 1) % 2], w->dp[(i + 1) % 2]);
        if (i == 0 || p->slot != p[-1].slot) {
            if (i > 0) add_queries(w, p - 1);
            memset(w->dst, 0, sizeof(w->dst));
        }
        if (p->whole)
            patch_harden(w, p, s, dp, true);
        else
            patch_harden(w, p, s, dp, false);
    }
    for (int32_t g = 0; g < 2; g++)
        if (m->any[g]) add_group(m, w->dv, w->p, false, g);
    add_queries(w, &m->list[m->n - 1]);
    for (int32_t g = 0; g < 2; g++)
        if (m->any[g]) add_group(m, w->dk, w->ds, true, g);
}

static void back_heads(const wu_attn_job *job, const patch *like, int32_t head, int32_t n_head,
                       int32_t tile, int32_t block, backward_mem *w) {
    meeting m = {.n_head = n_head};
    for (int32_t h = 0; h < n_head; h++) {
        m.q[h] = find_packed(job, head + h, tile);
        meet_head(&m, like, h, block, w);
    }
    if (m.n > 0) back_meeting(&m, w);
}

void wu_amx_back(const wu_attn_job *job, int32_t kv, int32_t tile, wu_attn_strip b, void *mem) {
    const wu_attn_tile *t = &job->tile[tile];
    const wu_attn_run *run = &job->a->run[t->run];
    const int32_t h0 = kv * job->group, h1 = h0 + job->group;
    lanes l;
    set_lanes(&l, t, h0, 1);
    for (int32_t block = b.b0; block < b.b1; block++) {
        for (int32_t s = run->span; s < run->span + run->n_span; s++) {
            const wu_attn_sight v = wu_attn_see(job->a, t, s);
            const patch like = {.v = &v,
                                .l = &l,
                                .keys = wu_attn_keys(job, kv, block),
                                .scale = job->a->scale,
                                .j0 = block * BLOCK,
                                .n_step = wide(job->a) / 32,
                                .key_tile = (block - b.b0) * (BLOCK / 16)};
            if (WU_MAX(v.first, like.j0) >= WU_MIN(v.end, like.j0 + BLOCK)) continue;
            for (int32_t h = h0; h < h1; h += HEADS)
                back_heads(job, &like, h, WU_MIN(HEADS, h1 - h), tile, block, mem);
        }
    }
}

void wu_amx_close(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem) {
    const wu_attention *a = job->a;
    const backward_mem *w = mem;
    const int32_t d = a->d_head, n = wide(a) / 16, j0 = b.b0 * BLOCK;
    const int32_t n_row = WU_MIN(b.b1 * BLOCK, job->n_key) - j0;
    const __m512 scale = _mm512_set1_ps(a->scale);
    for (int32_t j = 0; j < n_row; j++) {
        const int64_t to = (int64_t)(j0 + j) * a->lddk + (int64_t)kv * d;
        for (int32_t c = 0; c < d; c += 16) {
            const int32_t at = (j / 16 * n + c / 16) * 256 + j % 16 * 16;
            const __mmask16 m = lanes512(d - c);
            _mm512_mask_storeu_ps(a->dv + to + c, m, _mm512_load_ps(w->dv + at));
            _mm512_mask_storeu_ps(a->dk + to + c, m, _mm512_load_ps(w->dk + at) * scale);
        }
    }
}

void wu_amx_finish(const wu_attn_job *job, int32_t head, int32_t tile, void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const packed p = find_packed(job, head, tile);
    const __m512 scale = _mm512_set1_ps(a->scale);
    lanes l;
    set_lanes(&l, &job->tile[tile], head, 1);
    for (int32_t lane = 0; lane < l.used; lane += 16) {
        for (int32_t c = 0; c < a->d_head; c += 16) {
            const float *dqt = p.dqt + (c / 16 * 4 + lane / 16) * 256;
            __m512i x[16];
            for (int32_t i = 0; i < 16; i++) x[i] = _mm512_load_si512(dqt + 16 * i);
            transpose_16x16(x);
            for (int32_t i = 0; i < 16 && lane + i < l.used; i++)
                _mm512_mask_storeu_ps(a->dq + lane_at(&l, lane + i, a->lddq, a->d_head) + c,
                                      lanes512(a->d_head - c), _mm512_castsi512_ps(x[i]) * scale);
        }
    }
}
