/* backward.c - gradients of the adapters, from the top down to the lowest adapted layer.
 *
 * With y = x W^T + u B^T, u = scale * x A^T (forward.c keeps u):
 *
 *     du = scale * dy B      dB += dy^T u      dA += du^T x
 *     dx = dy W + du A                                            (math.md, 4)
 *
 * Weights, norms, biases and the embedding are frozen: nothing else is
 * computed.  Inputs of products that the tape does not hold (normalised rows,
 * the gated activation) are made again from what it holds. */
#include "model/engine_impl.h"

typedef struct back {
    wu_engine *e;
    layer_tape *t;
    int32_t layer, n;
    float *grad;
    const float *x, *norm; /* norm to redo or to go back through */
    const low_rank *low;
    float *du; /* [n][low->rank] */
    /* outer products of one group */
    const void *input; /* [n][n_in] what A saw */
    wu_dtype input_type;
    const void *dy[3]; /* [n][n_out] gradient of each output */
    wu_dtype dy_type;
    int64_t ld_dy;
    const float *pack_from[3];
    wu_packed *pack_to[3];
    int64_t ld;
    int n_pack;
} back;

/* ---- f32 gradients into tiles, several at a time */

static void pack_unit(void *ctx, int64_t unit, int thread) {
    (void)thread;
    const back *p = ctx;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    for (int i = 0; i < p->n_pack; i++)
        wu_pack_rows(p->e->c, p->pack_to[i], r0, n, p->pack_from[i] + r0 * p->ld, WU_F32, p->ld);
}

static void pack_dx(back *p) {
    p->n_pack = 1;
    p->pack_from[0] = p->e->dx;
    p->pack_to[0] = &p->e->p_d;
    p->ld = p->e->d;
    pack_begin(p->e, &p->e->p_d, p->n, p->e->d);
    wu_pool_for(p->e->pool, row_blocks(p->n), pack_unit, p);
    engine_lap(p->e, WU_PART_BACK_ROWS);
}

/* ---- low rank */

/* du of a group from the packed gradients of its outputs. */
static void low_back(back *p, low_group group, const wu_packed *const dy[3]) {
    wu_engine *e = p->e;
    p->low = &e->low[p->layer][group];
    if (!p->low->rank) {
        p->low = NULL;
        return;
    }
    p->du = e->u;
    wu_matrix b[3];
    wu_product y[3];
    int n = 0;
    for (int i = 0; i < p->low->n; i++) {
        const wu_site *s = p->low->site[i];
        if (!s) continue;
        b[n] = f32_matrix(s->b, s->n_out, s->rank);
        y[n] = (wu_product){.transposed = true,
                            .x = dy[i],
                            .w = &b[n],
                            .y = p->du + p->low->offset[i],
                            .ldy = p->low->rank};
        n++;
    }
    wu_matmul(e->c, y, n);
    wu_engine_pack_low(e, p->low, p->du, p->n);
    engine_lap(e, WU_PART_BACK_LOWRANK);
}

/* dx (+)= dy W (+ du A) for linear i of the current group. */
static void input_gradient(back *p, wu_linear lin, int i, const wu_packed *dy, void *dx,
                           wu_dtype type, int64_t ld, bool add) {
    wu_engine *e = p->e;
    wu_product y = {.transposed = true,
                    .x = dy,
                    .w = &e->m->layer[p->layer].linear[lin],
                    .y = dx,
                    .y_type = type,
                    .ldy = ld,
                    .add = add};
    const wu_site *s = p->low ? p->low->site[i] : NULL;
    wu_matrix a;
    if (s) {
        a = f32_matrix(s->a, s->rank, s->n_in);
        y.u = &e->p_u[i];
        y.low = &a;
    }
    wu_matmul(e->c, &y, 1);
    engine_lap(e, WU_PART_BACK_PRODUCTS);
}

/* dA += du^T input, OUTER_COLS columns at a time; rows are summed in order. */
static void da_unit(void *ctx, int64_t unit, int thread) {
    const back *p = ctx;
    wu_engine *e = p->e;
    const low_rank *g = p->low;
    const int32_t n_in = p->e->m->layer[p->layer].linear[g->first].n_in;
    const int32_t c0 = (int32_t)unit * OUTER_COLS, n = WU_MIN(OUTER_COLS, n_in - c0);
    float *sum = e->outer + (int64_t)thread * g->rank * OUTER_COLS;
    memset(sum, 0, (size_t)g->rank * OUTER_COLS * sizeof(float));
    const char *input = (const char *)p->input + (int64_t)c0 * (p->input_type == WU_F32 ? 4 : 2);
    e->rows->outer(sum, OUTER_COLS, p->du, g->rank, input, p->input_type, n_in, p->n, g->rank, n);
    for (int i = 0; i < g->n; i++) {
        const wu_site *s = g->site[i];
        for (int32_t r = 0; s && r < s->rank; r++)
            e->rows->add(p->grad + s->first + (int64_t)r * n_in + c0,
                         sum + (int64_t)(g->offset[i] + r) * OUTER_COLS, n);
    }
}

/* dB += dy^T u; units run over the columns of all outputs of the group. */
static void db_unit(void *ctx, int64_t unit, int thread) {
    const back *p = ctx;
    wu_engine *e = p->e;
    const low_rank *g = p->low;
    int i = 0;
    for (;; i++) {
        const int64_t n = g->site[i] ? (g->site[i]->n_out + OUTER_COLS - 1) / OUTER_COLS : 0;
        if (unit < n) break;
        unit -= n;
    }
    const wu_site *s = g->site[i];
    WU_ASSERT(s); /* there are as many units as its columns need */
    const int32_t c0 = (int32_t)unit * OUTER_COLS, n = WU_MIN(OUTER_COLS, s->n_out - c0);
    float *sum = e->outer + (int64_t)thread * g->rank * OUTER_COLS;
    memset(sum, 0, (size_t)s->rank * OUTER_COLS * sizeof(float));
    const char *dy = (const char *)p->dy[i] + (int64_t)c0 * (p->dy_type == WU_F32 ? 4 : 2);
    const low_group group = (low_group)(g - e->low[p->layer]);
    e->rows->outer(sum, OUTER_COLS, p->t->u[group] + g->offset[i], g->rank, dy, p->dy_type,
                   p->ld_dy, p->n, s->rank, n);
    float *db = p->grad + s->first + (int64_t)s->rank * s->n_in + (int64_t)c0 * s->rank;
    for (int32_t c = 0; c < n; c++)
        for (int32_t r = 0; r < s->rank; r++)
            db[(int64_t)c * s->rank + r] += sum[(int64_t)r * OUTER_COLS + c];
}

static void site_gradients(back *p, const void *input, wu_dtype input_type) {
    const low_rank *g = p->low;
    if (!g) return;
    p->input = input;
    p->input_type = input_type;
    const int32_t n_in = p->e->m->layer[p->layer].linear[g->first].n_in;
    wu_pool_for(p->e->pool, (n_in + OUTER_COLS - 1) / OUTER_COLS, da_unit, p);
    int64_t units = 0;
    for (int i = 0; i < g->n; i++)
        if (g->site[i]) units += (g->site[i]->n_out + OUTER_COLS - 1) / OUTER_COLS;
    wu_pool_for(p->e->pool, units, db_unit, p);
    engine_lap(p->e, WU_PART_BACK_LOWRANK);
}

/* ---- norms */

static void renorm_unit(void *ctx, int64_t unit, int thread) {
    const back *p = ctx;
    wu_engine *e = p->e;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    float *y = thread_rows(e, thread, 0);
    e->rows->rmsnorm(y, NULL, p->x + (int64_t)r0 * e->d, p->norm, e->m->config.norm_eps, n, e->d);
    act_store(e, act_at(e, e->xn, (int64_t)r0 * e->d), y, (int64_t)n * e->d);
}

/* xn = norm(x), as the products of forward saw it. */
static void renorm(back *p, const float *x, const float *weight) {
    p->x = x;
    p->norm = weight;
    wu_pool_for(p->e->pool, row_blocks(p->n), renorm_unit, p);
    engine_lap(p->e, WU_PART_BACK_ROWS);
}

static void norm_back_unit(void *ctx, int64_t unit, int thread) {
    const back *p = ctx;
    wu_engine *e = p->e;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    const int64_t at = (int64_t)r0 * e->d;
    float *y = thread_rows(e, thread, 0), *rho = thread_rows(e, thread, 1);
    e->rows->rmsnorm(y, rho, p->x + at, p->norm, e->m->config.norm_eps, n, e->d);
    e->rows->rmsnorm_back(e->dx + at, e->dxn + at, p->x + at, p->norm, rho, n, e->d);
}

static void norm_back(back *p) {
    wu_pool_for(p->e->pool, row_blocks(p->n), norm_back_unit, p);
    engine_lap(p->e, WU_PART_BACK_ROWS);
}

/* ---- MLP */

/* da -> dgate, dup (in place of the tape's gate and up, and packed); a in place of da. */
static void gate_unit(void *ctx, int64_t unit, int thread) {
    const back *p = ctx;
    wu_engine *e = p->e;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    /* a row at a time: three rows of scratch are enough for the four that meet here */
    for (int32_t i = 0; i < n; i++) {
        const int64_t at = (int64_t)(r0 + i) * e->ff, room = (int64_t)i * e->ff;
        float *gate = thread_rows(e, thread, 0) + room, *up = thread_rows(e, thread, 1) + room;
        float *a = thread_rows(e, thread, 2), *da = a + e->ff;
        const float *g = act_load(e, act_at(e, p->t->gate, at), gate, e->ff);
        const float *u = act_load(e, act_at(e, p->t->up, at), up, e->ff);
        memcpy(da, act_load(e, act_at(e, e->da, at), da, e->ff), (size_t)e->ff * sizeof(float));
        e->rows->swiglu(a, g, u, e->ff);
        act_store(e, act_at(e, e->da, at), a, e->ff);
        e->rows->swiglu_back(gate, up, da, g, u, e->ff);
        act_store(e, act_at(e, p->t->gate, at), gate, e->ff);
        act_store(e, act_at(e, p->t->up, at), up, e->ff);
    }
    wu_pack_rows(e->c, &e->p_ff[0], r0, n, thread_rows(e, thread, 0), WU_F32, e->ff);
    wu_pack_rows(e->c, &e->p_ff[1], r0, n, thread_rows(e, thread, 1), WU_F32, e->ff);
}

static void mlp_back(back *p) {
    wu_engine *e = p->e;
    layer_tape *t = p->t;
    const wu_dtype act = e->o.precision;
    pack_dx(p);
    const wu_packed *const down[3] = {&e->p_d};
    low_back(p, LOW_DOWN, down);
    input_gradient(p, WU_LIN_DOWN, 0, &e->p_d, e->da, act, e->ff, false);
    for (int i = 0; i < 2; i++) pack_begin(e, &e->p_ff[i], p->n, e->ff);
    wu_pool_for(e->pool, row_blocks(p->n), gate_unit, p);
    engine_lap(e, WU_PART_BACK_ROWS);
    p->dy[0] = e->dx;
    p->dy_type = WU_F32;
    p->ld_dy = e->d;
    site_gradients(p, e->da, act);

    const wu_packed *const both[3] = {&e->p_ff[0], &e->p_ff[1]};
    low_back(p, LOW_GATE_UP, both);
    input_gradient(p, WU_LIN_GATE, 0, &e->p_ff[0], e->dxn, WU_F32, e->d, false);
    input_gradient(p, WU_LIN_UP, 1, &e->p_ff[1], e->dxn, WU_F32, e->d, true);
    renorm(p, t->h_mid, e->m->layer[p->layer].norm2);
    p->dy[0] = t->gate;
    p->dy[1] = t->up;
    p->dy_type = act;
    p->ld_dy = e->ff;
    site_gradients(p, e->xn, act);
    norm_back(p);
}

/* ---- attention */

static void unrope_unit(void *ctx, int64_t unit, int thread) {
    (void)thread;
    const back *p = ctx;
    wu_engine *e = p->e;
    const wu_config *c = &e->m->config;
    const int64_t half = c->d_head / 2;
    int32_t n;
    const int32_t r0 = row_block(unit, p->n, &n);
    for (int32_t i = r0; i < r0 + n; i++) {
        float *dq = e->qkv + i * p->ld, *dk = dq + e->qd;
        const int64_t at = e->w.pos[i] * half;
        e->rows->rope(dq, p->ld, e->cs + at, e->sn + at, 1, c->n_head, c->d_head, true);
        e->rows->rope(dk, p->ld, e->cs + at, e->sn + at, 1, c->n_kv, c->d_head, true);
    }
    for (int k = 0; k < p->n_pack; k++)
        wu_pack_rows(e->c, p->pack_to[k], r0, n, p->pack_from[k] + r0 * p->ld, WU_F32, p->ld);
}

static void run_attention_back(back *p) {
    wu_engine *e = p->e;
    const int64_t ld = e->qd + 2 * e->kd;
    wu_attention a = wu_engine_attention(e, p->layer);
    a.q = p->t->q;
    a.o = p->t->o;
    a.lse = p->t->lse;
    a.d_o = e->d_o;
    a.dq = e->qkv;
    a.dk = e->qkv + e->qd;
    a.dv = e->qkv + e->qd + e->kd;
    a.lddq = a.lddk = ld;
    wu_attention_backward(e->c, &a);
    engine_lap(e, WU_PART_BACK_ATTENTION);

    wu_packed *const to[3] = {&e->p_q, &e->p_k, &e->p_v};
    const int32_t width[3] = {e->qd, e->kd, e->kd}, offset[3] = {0, e->qd, e->qd + e->kd};
    p->n_pack = 3;
    p->ld = ld;
    for (int i = 0; i < 3; i++) {
        p->pack_to[i] = to[i];
        p->pack_from[i] = e->qkv + offset[i];
        pack_begin(e, to[i], p->n, width[i]);
    }
    wu_pool_for(e->pool, row_blocks(p->n), unrope_unit, p);
    engine_lap(e, WU_PART_BACK_ROWS);
}

static void attention_back(back *p) {
    wu_engine *e = p->e;
    layer_tape *t = p->t;
    const wu_dtype act = e->o.precision;
    pack_dx(p);
    const wu_packed *const out[3] = {&e->p_d};
    low_back(p, LOW_O, out);
    p->dy[0] = e->dx;
    p->dy_type = WU_F32;
    p->ld_dy = e->d;
    site_gradients(p, t->o, act);
    input_gradient(p, WU_LIN_O, 0, &e->p_d, e->d_o, act, e->qd, false);
    run_attention_back(p);

    const wu_packed *const in[3] = {&e->p_q, &e->p_k, &e->p_v};
    low_back(p, LOW_QKV, in);
    renorm(p, t->h_in, e->m->layer[p->layer].norm1);
    for (int i = 0; i < 3; i++) p->dy[i] = p->pack_from[i];
    p->dy_type = WU_F32;
    p->ld_dy = p->ld;
    site_gradients(p, e->xn, act);
    if (p->layer == e->lowest) return; /* nothing trainable below */
    for (int i = 0; i < 3; i++)
        input_gradient(p, (wu_linear)(WU_LIN_Q + i), i, in[i], e->dxn, WU_F32, e->d, i > 0);
    norm_back(p);
}

void wu_engine_back_layers(wu_engine *e, float *grad) {
    back p = {.e = e, .n = e->w.n, .grad = grad};
    e->since = wu_clock_s();
    for (p.layer = e->n_layer - 1; p.layer >= e->lowest; p.layer--) {
        p.t = &e->tape[p.layer];
        mlp_back(&p);
        attention_back(&p);
    }
}
