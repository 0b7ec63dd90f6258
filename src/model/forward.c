/* forward.c - the one forward pass, for training and answering (engine_impl.h).
 *
 * Between products, work goes over blocks of 32 rows that stay in cache: a
 * block is normalised (or rotated, or gated) and packed for the next product
 * at once, so that no normalised activation is ever written to memory. */
#include "model/engine_impl.h"

typedef struct pass {
    wu_engine *e;
    int32_t layer;
    const float *x, *norm;
    float *copy; /* where the residual stream continues, if not in x itself */
    void *act, *act2;
    const low_rank *low;
    float *u;
    const int32_t *row; /* head: work rows, or NULL: rows gathered in dh */
    int32_t n;
} pass;

/* ---- embedding */

static void embed_unit(void *ctx, int64_t unit, int thread) {
    (void)thread;
    const pass *p = ctx;
    wu_engine *e = p->e;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    for (int32_t i = r0; i < r0 + n; i++)
        wu_matrix_row(&e->m->embed, e->w.id[i], e->x + (int64_t)i * e->d);
}

/* ---- norm and packing */

static void norm_unit(void *ctx, int64_t unit, int thread) {
    const pass *p = ctx;
    wu_engine *e = p->e;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    const float *x = p->x + (int64_t)r0 * e->d;
    float *y = thread_rows(e, thread, 0);
    e->rows->rmsnorm(y, NULL, x, p->norm, e->m->config.norm_eps, n, e->d);
    wu_pack_rows(e->c, &e->p_d, r0, n, y, WU_F32, e->d);
    if (p->copy && p->copy != p->x)
        memcpy(p->copy + (int64_t)r0 * e->d, x, (size_t)n * (size_t)e->d * sizeof(float));
}

static void norm(pass *p, const float *x, const float *weight, float *copy) {
    p->x = x;
    p->norm = weight;
    p->copy = copy;
    pack_begin(p->e, &p->e->p_d, p->n, p->e->d);
    wu_pool_for(p->e->pool, row_blocks(p->n), norm_unit, p);
    engine_lap(p->e, WU_PART_ROWS);
}

/* ---- low rank: u = scale * x A^T, packed for the products that add u B^T */

typedef struct low_pass {
    wu_engine *e;
    const low_rank *g;
    float *u;
    int32_t n;
} low_pass;

static void low_unit(void *ctx, int64_t unit, int thread) {
    (void)thread;
    const low_pass *p = ctx;
    const low_rank *g = p->g;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    for (int i = 0; i < g->n; i++) {
        const wu_site *s = g->site[i];
        if (!s) continue;
        float *u = p->u + (int64_t)r0 * g->rank + g->offset[i];
        for (int32_t r = 0; r < n; r++)
            for (int32_t j = 0; j < s->rank; j++) u[(int64_t)r * g->rank + j] *= s->scale;
        wu_pack_rows(p->e->c, &p->e->p_u[i], r0, n, u, WU_F32, g->rank);
    }
}

void wu_engine_pack_low(wu_engine *e, const low_rank *g, float *u, int32_t n) {
    low_pass p = {e, g, u, n};
    for (int i = 0; i < g->n; i++)
        if (g->site[i]) pack_begin(e, &e->p_u[i], n, g->site[i]->rank);
    wu_pool_for(e->pool, row_blocks(n), low_unit, &p);
}

/* The low-rank input of one group, from the packed activations x. */
static void low_input(pass *p, low_group group, const wu_packed *x) {
    wu_engine *e = p->e;
    p->low = e->low ? &e->low[p->layer][group] : NULL;
    if (!p->low || !p->low->rank) {
        p->low = NULL;
        return;
    }
    p->u = e->tape && p->layer >= e->lowest ? e->tape[p->layer].u[group] : e->u;
    const wu_matrix a = f32_matrix(p->low->a, p->low->rank, x->n_col);
    const wu_product product = {.x = x, .w = &a, .y = p->u, .ldy = p->low->rank};
    wu_matmul(e->c, &product, 1);
    wu_engine_pack_low(e, p->low, p->u, p->n);
    engine_lap(e, WU_PART_LOWRANK);
}

/* Product i of the current group, with its bias and its low-rank term; b is room for B's view. */
static wu_product linear(const pass *p, wu_linear lin, int i, const wu_packed *x, wu_matrix *b) {
    const wu_layer *layer = &p->e->m->layer[p->layer];
    wu_product y = {.x = x, .w = &layer->linear[lin], .bias = layer->bias[lin]};
    const wu_site *s = p->low ? p->low->site[i] : NULL;
    if (s) {
        *b = f32_matrix(s->b, s->n_out, s->rank);
        y.u = &p->e->p_u[i];
        y.low = b;
    }
    return y;
}

/* ---- attention */

static void rope_unit(void *ctx, int64_t unit, int thread) {
    const pass *p = ctx;
    wu_engine *e = p->e;
    (void)thread;
    const wu_config *c = &e->m->config;
    const int64_t half = c->d_head / 2, ld = e->qd + 2 * e->kd;
    const wu_attention a = wu_engine_attention(e, p->layer);
    const int64_t k0 = (const char *)a.k - (const char *)e->k; /* the layer's slot */
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    for (int32_t i = r0; i < r0 + n; i++) {
        float *q = e->qkv + i * ld, *k = q + e->qd, *v = k + e->kd;
        const int64_t at = e->w.pos[i] * half, row = (int64_t)e->w.row[i] * e->kd;
        e->rows->rope(q, ld, e->cs + at, e->sn + at, 1, c->n_head, c->d_head, false);
        e->rows->rope(k, ld, e->cs + at, e->sn + at, 1, c->n_kv, c->d_head, false);
        act_store(e, act_at(e, p->act, (int64_t)i * e->qd), q, e->qd);
        act_store(e, (char *)e->k + k0 + row * e->act_bytes, k, e->kd);
        act_store(e, (char *)e->v + k0 + row * e->act_bytes, v, e->kd);
    }
}

static void pack_o_unit(void *ctx, int64_t unit, int thread) {
    (void)thread;
    const pass *p = ctx;
    wu_engine *e = p->e;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    wu_pack_rows(e->c, &e->p_q, r0, n, act_at(e, p->act2, (int64_t)r0 * e->qd), e->o.precision,
                 e->qd);
}

static void attention_block(pass *p, float *out) {
    wu_engine *e = p->e;
    layer_tape *t = e->tape && p->layer >= e->lowest ? &e->tape[p->layer] : NULL;
    const int64_t ld = e->qd + 2 * e->kd;
    wu_matrix b[3];
    wu_product y[3];
    low_input(p, LOW_QKV, &e->p_d);
    for (int i = 0; i < 3; i++) {
        y[i] = linear(p, (wu_linear)(WU_LIN_Q + i), i, &e->p_d, &b[i]);
        y[i].y = e->qkv + (i == 0 ? 0 : i == 1 ? e->qd : e->qd + e->kd);
        y[i].ldy = ld;
    }
    wu_matmul(e->c, y, 3);
    engine_lap(e, WU_PART_PRODUCTS);

    p->act = t ? t->q : e->q;
    p->act2 = t ? t->o : e->o_act;
    wu_pool_for(e->pool, row_blocks(p->n), rope_unit, p);
    engine_lap(e, WU_PART_ROWS);
    wu_attention a = wu_engine_attention(e, p->layer);
    a.q = p->act;
    a.o = p->act2;
    a.lse = t ? t->lse : NULL;
    wu_attention_forward(e->c, &a);
    engine_lap(e, WU_PART_ATTENTION);

    pack_begin(e, &e->p_q, p->n, e->qd);
    wu_pool_for(e->pool, row_blocks(p->n), pack_o_unit, p);
    engine_lap(e, WU_PART_ROWS);
    low_input(p, LOW_O, &e->p_q);
    y[0] = linear(p, WU_LIN_O, 0, &e->p_q, &b[0]);
    y[0].y = out;
    y[0].ldy = e->d;
    y[0].add = true;
    wu_matmul(e->c, y, 1);
    engine_lap(e, WU_PART_PRODUCTS);
}

/* ---- MLP */

static void swiglu_unit(void *ctx, int64_t unit, int thread) {
    const pass *p = ctx;
    wu_engine *e = p->e;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    const int64_t at = (int64_t)r0 * e->ff, count = (int64_t)n * e->ff;
    const float *gate = act_load(e, act_at(e, p->act, at), thread_rows(e, thread, 0), count);
    const float *up = act_load(e, act_at(e, p->act2, at), thread_rows(e, thread, 1), count);
    float *a = thread_rows(e, thread, 2);
    e->rows->swiglu(a, gate, up, count);
    wu_pack_rows(e->c, &e->p_ff[0], r0, n, a, WU_F32, e->ff);
}

static void mlp_block(pass *p, float *out) {
    wu_engine *e = p->e;
    layer_tape *t = e->tape && p->layer >= e->lowest ? &e->tape[p->layer] : NULL;
    wu_matrix b[2];
    wu_product y[2];
    p->act = t ? t->gate : e->gate;
    p->act2 = t ? t->up : e->up;
    low_input(p, LOW_GATE_UP, &e->p_d);
    for (int i = 0; i < 2; i++) {
        y[i] = linear(p, (wu_linear)(WU_LIN_GATE + i), i, &e->p_d, &b[i]);
        y[i].y = i ? p->act2 : p->act;
        y[i].y_type = e->o.precision;
        y[i].ldy = e->ff;
    }
    wu_matmul(e->c, y, 2);
    engine_lap(e, WU_PART_PRODUCTS);
    pack_begin(e, &e->p_ff[0], p->n, e->ff);
    wu_pool_for(e->pool, row_blocks(p->n), swiglu_unit, p);
    engine_lap(e, WU_PART_ROWS);
    low_input(p, LOW_DOWN, &e->p_ff[0]);
    y[0] = linear(p, WU_LIN_DOWN, 0, &e->p_ff[0], &b[0]);
    y[0].y = out;
    y[0].ldy = e->d;
    y[0].add = true;
    wu_matmul(e->c, y, 1);
    engine_lap(e, WU_PART_PRODUCTS);
}

/* ---- all layers */

static void look(wu_engine *e, int32_t layer, const float *x) {
    if (e->probe) e->probe(e->probe_ctx, layer, x, e->w.n);
    if (!e->check || e->bad_layer != -2) return;
    for (int64_t i = 0; i < (int64_t)e->w.n * e->d; i++) {
        uint32_t u;
        memcpy(&u, &x[i], sizeof(u));
        if ((u & 0x7f800000u) != 0x7f800000u) continue;
        e->bad_layer = layer;
        return;
    }
}

static void refresh_low(wu_engine *e) {
    for (int32_t l = e->lowest; e->low && l < e->n_layer; l++)
        for (int g = 0; g < N_LOW; g++) {
            const low_rank *low = &e->low[l][g];
            if (!low->copied) continue;
            for (int i = 0; i < low->n; i++)
                if (low->site[i])
                    memcpy(low->a + (int64_t)low->offset[i] * low->site[i]->n_in, low->site[i]->a,
                           (size_t)low->site[i]->rank * (size_t)low->site[i]->n_in * sizeof(float));
        }
}

void wu_engine_run_layers(wu_engine *e) {
    pass p = {.e = e, .n = e->w.n};
    refresh_low(e);
    wu_pool_for(e->pool, row_blocks(p.n), embed_unit, &p);
    engine_lap(e, WU_PART_ROWS);
    look(e, -1, e->x);
    for (p.layer = 0; p.layer < e->n_layer; p.layer++) {
        const wu_layer *layer = &e->m->layer[p.layer];
        const bool taped = e->tape && p.layer >= e->lowest;
        float *in = taped ? e->tape[p.layer].h_in : e->x;
        float *mid = taped ? e->tape[p.layer].h_mid : in;
        float *out = !taped ? in : p.layer + 1 < e->n_layer ? e->tape[p.layer + 1].h_in : e->x_top;
        norm(&p, in, layer->norm1, mid);
        attention_block(&p, mid);
        norm(&p, mid, layer->norm2, out);
        mlp_block(&p, out);
        look(e, p.layer, out);
    }
    if (e->lowest == e->n_layer && e->x_top != e->x)
        memcpy(e->x_top, e->x, (size_t)p.n * (size_t)e->d * sizeof(float));
    if (e->probe) { /* only tests pay for the final norm of all rows */
        for (int32_t i = 0; i < p.n; i++) {
            float *y = thread_rows(e, 0, 0);
            e->rows->rmsnorm(y, NULL, e->x_top + (int64_t)i * e->d, e->m->norm,
                             e->m->config.norm_eps, 1, e->d);
            memcpy(e->qkv + (int64_t)i * e->d, y, (size_t)e->d * sizeof(float));
        }
        e->probe(e->probe_ctx, e->n_layer, e->qkv, p.n);
    }
}

/* ---- head */

static void head_unit(void *ctx, int64_t unit, int thread) {
    const pass *p = ctx;
    wu_engine *e = p->e;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    float *x = thread_rows(e, thread, 0), *y = thread_rows(e, thread, 1);
    for (int32_t i = 0; i < n; i++) {
        const float *from =
            p->row ? e->x_top + (int64_t)p->row[r0 + i] * e->d : e->dh + (int64_t)(r0 + i) * e->d;
        memcpy(x + (int64_t)i * e->d, from, (size_t)e->d * sizeof(float));
    }
    e->rows->rmsnorm(y, e->rho + r0, x, e->m->norm, e->m->config.norm_eps, n, e->d);
    wu_pack_rows(e->c, &e->p_logit, r0, n, y, WU_F32, e->d);
}

void wu_engine_head(wu_engine *e, const int32_t *work_row, int32_t n) {
    pass p = {.e = e, .n = n, .row = work_row};
    pack_begin(e, &e->p_logit, n, e->d);
    wu_pool_for(e->pool, row_blocks(n), head_unit, &p);
    const wu_product y = {.x = &e->p_logit, .w = &e->m->head, .y = e->logits, .ldy = e->vocab};
    wu_matmul(e->c, &y, 1);
}
