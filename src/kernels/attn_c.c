/* attn_c.c - attention in portable C, one query at a time: the specification (attn_impl.h). */
#include "kernels/attn_impl.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { CHUNK = 32 }; /* keys between two updates of the running maximum */

static float load(const void *p, wu_dtype type, int64_t i) {
    return type == WU_F32 ? ((const float *)p)[i] : wu_bf16_to_f32(((const uint16_t *)p)[i]);
}

static void load_row(float *out, const void *p, wu_dtype type, int64_t at, int32_t n) {
    for (int32_t i = 0; i < n; i++) out[i] = load(p, type, at + i);
}

/* What a product sees of x. */
static float rounded(float x, wu_dtype type) {
    return type == WU_F32 ? x : wu_bf16_to_f32(wu_f32_to_bf16(x));
}

static float dot(const float *x, const float *y, int32_t n) {
    float part[8] = {0};
    int32_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int32_t k = 0; k < 8; k++) part[k] += x[i + k] * y[i + k];
    float sum = 0.0f;
    for (; i < n; i++) sum += x[i] * y[i];
    for (int32_t k = 0; k < 8; k++) sum += part[k];
    return sum;
}

static size_t no_key_bytes(const wu_attention *a, bool backward) {
    (void)a;
    (void)backward;
    return 0;
}

/* ---- forward ---- */

typedef struct softmax {
    float max, sum;
    float o[WU_ATTN_MAX_HEAD];
} softmax;

/* Takes up keys [j0, j0 + n), n <= CHUNK. */
static void add_keys(softmax *m, const wu_attention *a, int32_t kv, const float *q, int32_t j0,
                     int32_t n) {
    const int32_t d = a->d_head;
    float s[CHUNK], row[WU_ATTN_MAX_HEAD];
    float max = m->max;
    for (int32_t j = 0; j < n; j++) {
        load_row(row, a->k, a->type, (j0 + j) * a->ldk + (int64_t)kv * d, d);
        s[j] = a->scale * dot(q, row, d);
        if (s[j] > max) max = s[j];
    }
    const float fade = expf(m->max - max);
    m->max = max;
    m->sum *= fade;
    for (int32_t i = 0; i < d; i++) m->o[i] *= fade;
    for (int32_t j = 0; j < n; j++) {
        const float p = expf(s[j] - max), pr = rounded(p, a->type);
        m->sum += p;
        load_row(row, a->v, a->type, (j0 + j) * a->ldv + (int64_t)kv * d, d);
        for (int32_t i = 0; i < d; i++) m->o[i] += pr * row[i];
    }
}

static void forward_row(const wu_attn_job *job, const wu_attn_tile *t, int32_t i, int32_t head) {
    const wu_attention *a = job->a;
    const wu_attn_run *run = &a->run[t->run];
    const int32_t d = a->d_head, kv = head / job->group;
    const int64_t row = t->row + i;
    float q[WU_ATTN_MAX_HEAD];
    load_row(q, a->q, a->type, row * a->ldq + (int64_t)head * d, d);
    softmax m = {.max = -FLT_MAX};
    for (int32_t s = run->span; s < run->span + run->n_span; s++) {
        const wu_attn_sight v = wu_attn_see(a, t, s);
        const int32_t end = WU_MIN(v.end, v.hi + i);
        for (int32_t j = WU_MAX(v.first, v.lo + i); j < end; j += CHUNK)
            add_keys(&m, a, kv, q, j, WU_MIN(end - j, CHUNK));
    }
    if (a->lse) a->lse[row * a->n_head + head] = m.max + logf(m.sum);
    for (int32_t k = 0; k < d; k++) {
        const float o = m.o[k] / m.sum;
        const int64_t at = row * a->ldo + (int64_t)head * d + k;
        if (a->type == WU_F32)
            ((float *)a->o)[at] = o;
        else
            ((uint16_t *)a->o)[at] = wu_f32_to_bf16(o);
    }
}

static void forward(const wu_attn_job *job, int32_t kv, int32_t tile, void *mem) {
    (void)mem;
    const wu_attn_tile *t = &job->tile[tile];
    for (int32_t h = kv * job->group; h < (kv + 1) * job->group; h++)
        for (int32_t i = 0; i < t->n; i++) forward_row(job, t, i, h);
}

/* ---- backward ---- */

/* A packed tile of queries is D alone. */
static size_t query_bytes(const wu_attention *a) {
    (void)a;
    return WU_ATTN_TILE * sizeof(float);
}

static void begin(const wu_attn_job *job, int32_t head, int32_t tile, void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const wu_attn_tile *t = &job->tile[tile];
    const int32_t d = a->d_head;
    float *dot_o = (float *)(void *)wu_attn_queries(job, head, tile);
    for (int32_t i = 0; i < t->n; i++) {
        float x[WU_ATTN_MAX_HEAD], y[WU_ATTN_MAX_HEAD];
        const int64_t at = (t->row + i) * a->ldo + (int64_t)head * d;
        load_row(x, a->d_o, a->type, at, d);
        load_row(y, a->o, a->type, at, d);
        dot_o[i] = dot(x, y, d);
        memset(&a->dq[(t->row + i) * a->lddq + (int64_t)head * d], 0, (size_t)d * sizeof(float));
    }
}

static void open_strip(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const int32_t end = WU_MIN(a->n_key, b.b1 * WU_ATTN_BLOCK);
    for (int32_t j = b.b0 * WU_ATTN_BLOCK; j < end; j++) {
        const int64_t at = j * a->lddk + (int64_t)kv * a->d_head;
        memset(&a->dk[at], 0, (size_t)a->d_head * sizeof(float));
        memset(&a->dv[at], 0, (size_t)a->d_head * sizeof(float));
    }
}

typedef struct query_row {
    float q[WU_ATTN_MAX_HEAD], d_o[WU_ATTN_MAX_HEAD];
    float lse, dot_o;
    float *dq;
} query_row;

static void back_key(const wu_attention *a, const query_row *r, int32_t kv, int32_t j) {
    const int32_t d = a->d_head;
    float k[WU_ATTN_MAX_HEAD], v[WU_ATTN_MAX_HEAD];
    load_row(k, a->k, a->type, j * a->ldk + (int64_t)kv * d, d);
    load_row(v, a->v, a->type, j * a->ldv + (int64_t)kv * d, d);
    float *dk = &a->dk[j * a->lddk + (int64_t)kv * d], *dv = &a->dv[j * a->lddk + (int64_t)kv * d];
    const float p = expf(a->scale * dot(r->q, k, d) - r->lse);
    const float ds = a->scale * rounded(p * (dot(r->d_o, v, d) - r->dot_o), a->type);
    const float pr = rounded(p, a->type);
    for (int32_t i = 0; i < d; i++) {
        dv[i] += pr * r->d_o[i];
        dk[i] += ds * r->q[i];
        r->dq[i] += ds * k[i];
    }
}

static void back_head(const wu_attn_job *job, int32_t head, int32_t tile, wu_attn_strip b,
                      void *mem) {
    (void)mem;
    const wu_attention *a = job->a;
    const wu_attn_tile *t = &job->tile[tile];
    const wu_attn_run *run = &a->run[t->run];
    const float *dot_o = (const float *)(void *)wu_attn_queries(job, head, tile);
    const int32_t d = a->d_head, j0 = b.b0 * WU_ATTN_BLOCK, j1 = b.b1 * WU_ATTN_BLOCK;
    for (int32_t i = 0; i < t->n; i++) {
        query_row r;
        const int64_t row = t->row + i;
        load_row(r.q, a->q, a->type, row * a->ldq + (int64_t)head * d, d);
        load_row(r.d_o, a->d_o, a->type, row * a->ldo + (int64_t)head * d, d);
        r.lse = a->lse[row * a->n_head + head];
        r.dot_o = dot_o[i];
        r.dq = &a->dq[row * a->lddq + (int64_t)head * d];
        for (int32_t s = run->span; s < run->span + run->n_span; s++) {
            const wu_attn_sight v = wu_attn_see(a, t, s);
            const int32_t first = WU_MAX(v.first, WU_MAX(v.lo + i, j0));
            const int32_t end = WU_MIN(v.end, WU_MIN(v.hi + i, j1));
            for (int32_t j = first; j < end; j++) back_key(a, &r, head / job->group, j);
        }
    }
}

static void back(const wu_attn_job *job, int32_t kv, int32_t tile, wu_attn_strip b, void *mem) {
    for (int32_t h = kv * job->group; h < (kv + 1) * job->group; h++)
        back_head(job, h, tile, b, mem);
}

static void close_strip(const wu_attn_job *job, int32_t kv, wu_attn_strip b, void *mem) {
    (void)job;
    (void)kv;
    (void)b;
    (void)mem;
}

const wu_attn_ops wu_attn_c = {.name = "c",
                               .key_bytes = no_key_bytes,
                               .query_bytes = query_bytes,
                               .forward = forward,
                               .begin = begin,
                               .open = open_strip,
                               .back = back,
                               .close = close_strip};
