/* gemm_c.c - products in portable C: the specification of every other level. */
#include "kernels/gemm_impl.h"

#include <math.h>

/* Number i of an array of f32, f16 or bf16 that may be unaligned. */
static float number(const void *p, wu_dtype type, int64_t i) {
    float f;
    uint16_t h;
    if (type == WU_F32) {
        memcpy(&f, (const char *)p + i * 4, sizeof(f));
        return f;
    }
    memcpy(&h, (const char *)p + i * 2, sizeof(h));
    return type == WU_F16 ? wu_f16_to_f32(h) : wu_bf16_to_f32(h);
}

static float round_to(float f, wu_dtype type) {
    if (type == WU_BF16) return wu_bf16_to_f32(wu_f32_to_bf16(f));
    if (type == WU_F16) return wu_f16_to_f32(wu_f32_to_f16(f));
    return f;
}

/* Numbers k0 .. k0 + n of an affine row: base/dtype.h (1), one group after another. */
static void affine(float *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n) {
    const unsigned char *q = (const unsigned char *)w->data + o * w->row_bytes;
    const int64_t group0 = (int64_t)o * (w->n_in / w->group);
    for (int32_t k = k0; k < k0 + n;) {
        const int64_t g = group0 + k / w->group;
        const int32_t end = WU_MIN(k0 + n, (k / w->group + 1) * w->group);
        const float s = number(w->scale, w->scale_type, g);
        const float b = number(w->bias, w->scale_type, g);
        for (; k < end; k++) {
            const float v =
                w->type == WU_Q8 ? (float)q[k] : (float)(q[k / 2] >> (4 * (k & 1)) & 15);
            *out++ = w->rounds ? round_to(round_to(s * v, w->scale_type) + b, w->scale_type)
                               : fmaf(s, v, b);
        }
    }
}

static void decode(void *out, const wu_matrix *w, int32_t o, int32_t k0, int32_t n, bool round) {
    float *f = out;
    if (w->type == WU_Q4 || w->type == WU_Q8) {
        affine(f, w, o, k0, n);
    } else {
        const char *row = (const char *)w->data + o * w->row_bytes;
        for (int32_t i = 0; i < n; i++) f[i] = number(row, w->type, k0 + i);
    }
    for (int32_t i = 0; round && i < n; i++) f[i] = round_to(f[i], WU_BF16);
    for (int32_t i = n; i < wu_round_up(n, TILE); i++) f[i] = 0;
}

static void pack(char *out, int64_t stride, const void *x, wu_dtype x_type, int32_t n, bool round) {
    for (int32_t k = 0; k < n; k += TILE, out += stride) {
        float f[TILE] = {0};
        for (int32_t i = 0; i < TILE && k + i < n; i++) {
            f[i] = number(x, x_type, k + i);
            if (round) f[i] = round_to(f[i], WU_BF16);
        }
        memcpy(out, f, sizeof(f));
    }
}

static void turn(char *panel, const char *rows, int64_t ld, int32_t n_step) {
    float *to = (float *)(void *)panel;
    for (int32_t i = 0; i < HALF; i++)
        for (int32_t k = 0; k < n_step * TILE; k++)
            to[k * HALF + i] = number(rows + i * ld, WU_F32, k);
}

static void weave(char *panel, int64_t half_bytes, int64_t tile_bytes, const char *row0,
                  const char *row1, int32_t n_half) {
    for (int32_t h = 0; h < n_half; h++) {
        char *to = panel + h / 2 * tile_bytes + h % 2 * half_bytes;
        memcpy(to, row0 + h * 64, 64);
        memcpy(to + 64, row1 + h * 64, 64);
    }
}

static void store(const wu_target *to, const float *c, int64_t ldc, int32_t n_row, int32_t n_col) {
    for (int32_t r = 0; r < n_row; r++) {
        float *f = (float *)(void *)to->y + r * to->ld;
        uint16_t *h = (uint16_t *)(void *)to->y + r * to->ld;
        for (int32_t j = 0; j < n_col; j++) {
            const float v = c[r * ldc + j] + (to->bias ? to->bias[j] : 0.0f);
            if (to->type == WU_BF16) {
                h[j] = wu_f32_to_bf16(v);
            } else {
                f[j] = to->add ? f[j] + v : v;
            }
        }
    }
}

/* c [n_row][32] += a [n_row][32 k] b, over n_step steps. */
static void tile(float *c, const char *a, const char *b, int32_t n_step, int64_t half_bytes,
                 int32_t n_row) {
    for (int32_t h = 0; h < 2; h++) {
        for (int32_t r = 0; r < n_row; r++) {
            float sum[HALF];
            float *to = c + r * TILE + h * HALF;
            memcpy(sum, to, sizeof(sum));
            for (int32_t s = 0; s < n_step; s++) {
                const float *x = (const float *)(const void *)a + s * TILE * TILE + r * TILE;
                const float *w =
                    (const float *)(const void *)(b + h * half_bytes) + s * TILE * HALF;
                for (int32_t k = 0; k < TILE; k++)
                    for (int32_t j = 0; j < HALF; j++) sum[j] += x[k] * w[k * HALF + j];
            }
            memcpy(to, sum, sizeof(sum));
        }
    }
}

static void multiply(const wu_panel_job *job) {
    const int32_t n_step = job->n_step[0] + job->n_step[1];
    const int64_t half = wu_half_bytes(WU_F32, n_step), bytes = wu_tile_bytes(WU_F32, n_step);
    const int32_t col_tiles = (job->n_col + TILE - 1) / TILE;
    float block[TILE * TILE];
    for (int32_t r = 0; r < job->n_row; r += TILE) {
        const int32_t n_row = WU_MIN(TILE, job->n_row - r);
        for (int32_t t = 0; t < col_tiles; t++) {
            float *c = job->first && job->last
                           ? block
                           : job->sums + ((int64_t)(r / TILE) * col_tiles + t) * TILE * TILE;
            if (job->first) memset(c, 0, sizeof(block));
            const char *b = job->b + t * bytes;
            for (int i = 0; i < 2; i++) {
                if (job->n_step[i])
                    tile(c, job->a[i] + r / TILE * job->a_stride[i], b, job->n_step[i], half,
                         n_row);
                b += (int64_t)job->n_step[i] * STEP_BYTES;
            }
            if (!job->last) continue;
            const wu_target to = wu_target_at(&job->to, r, t * TILE);
            store(&to, c, TILE, n_row, WU_MIN(TILE, job->n_col - t * TILE));
        }
    }
}

static void dot(const wu_dot_job *job) {
    const int64_t ld = wu_round_up(job->x->n_col, TILE);
    for (int32_t m = 0; m < job->x->n_row; m++) {
        const float *x = (const float *)job->x->data + m * ld + job->k0;
        for (int32_t i = 0; i < job->n_w; i++) {
            const char *w = job->w + i * job->w_bytes;
            float sum[8] = {0}; /* as the vector levels: several chains */
            for (int32_t k = 0; k < job->n_k; k += 8)
                for (int32_t j = 0; j < 8; j++) sum[j] += x[k + j] * number(w, WU_F32, k + j);
            const float total =
                ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
            float *c = job->c + m * job->ldc + i;
            *c = job->first ? total : *c + total;
        }
    }
}

const wu_gemm_ops wu_gemm_c = {
    .level = WU_LEVEL_C,
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
