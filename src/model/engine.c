/* engine.c - memory of an engine, the rows of a call, and the calls themselves (engine.h). */
#include "model/engine_impl.h"

#include <math.h>
#include <stdlib.h>

enum { LOGIT_BYTES = 32 << 20, DEFAULT_LOGITS = 16 };

/* ---- memory: one block, laid out by the same code that counts it */

typedef struct layout {
    char *base; /* NULL while counting */
    int64_t used;
} layout;

static void *take(layout *l, int64_t n, int64_t size) {
    char *p = l->base ? l->base + l->used : NULL;
    l->used += (n * size + 63) / 64 * 64;
    return p;
}

static void take_packed(layout *l, wu_engine *e, wu_packed *p, int32_t n_row, int32_t n_col) {
    void *memory = take(l, (int64_t)wu_packed_bytes(e->c, e->o.precision, n_row, n_col), 1);
    p->data = memory;
    p->n_col = n_col;
}

static int32_t kv_slots(const wu_engine *e) {
    if (!e->o.tape) return e->n_layer;
    return e->n_layer - e->lowest + (e->lowest > 0);
}

/* Layers below the lowest adapted one need their keys for a moment only and share a slot. */
static int64_t kv_offset(const wu_engine *e, int32_t layer) {
    const int32_t slot = !e->o.tape          ? layer
                         : layer < e->lowest ? 0
                                             : layer - e->lowest + (e->lowest > 0);
    return (int64_t)slot * e->o.max_row * e->kd;
}

static int32_t max_rank(const wu_engine *e) {
    int32_t most = 1;
    for (int32_t l = 0; e->low && l < e->n_layer; l++)
        for (int g = 0; g < N_LOW; g++) most = WU_MAX(most, e->low[l][g].rank);
    return most;
}

static int32_t max_site_rank(const wu_engine *e) {
    int32_t most = 1;
    for (int32_t i = 0; e->adapter && i < e->adapter->n_site; i++)
        most = WU_MAX(most, e->adapter->site[i].rank);
    return most;
}

static void lay_out_work(layout *l, wu_engine *e) {
    const int64_t rows = e->o.max_row, batch = e->o.max_batch, segs = e->o.max_seg;
    work *w = &e->w;
    w->row = take(l, batch, 4);
    w->pos = take(l, batch, 4);
    w->id = take(l, batch, 4);
    w->index = take(l, rows, 4);
    w->run = take(l, segs, sizeof(wu_attn_run));
    const int64_t chains = segs <= 256 ? segs * (segs + 1) / 2 : segs * 64;
    w->max_span = (int32_t)WU_MIN(chains, 1 << 24);
    w->span = take(l, w->max_span, sizeof(wu_attn_span));
}

static void lay_out_tape(layout *l, wu_engine *e) {
    const int64_t n = e->o.max_batch, act = e->act_bytes;
    for (int32_t i = e->lowest; i < e->n_layer; i++) {
        layer_tape *t = &e->tape[i];
        t->h_in = i == e->lowest ? e->x : take(l, n * e->d, 4);
        t->h_mid = take(l, n * e->d, 4);
        t->q = take(l, n * e->qd, act);
        t->o = take(l, n * e->qd, act);
        t->gate = take(l, n * e->ff, act);
        t->up = take(l, n * e->ff, act);
        t->lse = take(l, n * e->m->config.n_head, 4);
        for (int g = 0; g < N_LOW; g++) t->u[g] = take(l, n * e->low[i][g].rank, 4);
    }
    e->dx = take(l, n * e->d, 4);
    e->dxn = take(l, n * e->d, 4);
    e->d_o = take(l, n * e->qd, act);
    e->da = take(l, n * e->ff, act);
    e->xn = take(l, n * e->d, act);
    e->outer = take(l, (int64_t)wu_pool_size(e->pool) * max_rank(e) * OUTER_COLS, 4);
}

static void lay_out_head(layout *l, wu_engine *e) {
    int64_t chunk = e->o.max_logits;
    if (e->o.tape) {
        const int64_t fit = (int64_t)LOGIT_BYTES / 4 / e->vocab / WU_PACK_ROWS * WU_PACK_ROWS;
        chunk = WU_MAX(chunk, WU_MIN(WU_MAX(fit, WU_PACK_ROWS), 512));
    }
    e->chunk = (int32_t)WU_MIN(chunk, WU_MAX(e->o.max_batch, e->o.max_logits));
    e->logits = take(l, (int64_t)e->chunk * e->vocab, 4);
    take_packed(l, e, &e->p_logit, e->chunk, e->d);
    if (e->o.tape) take_packed(l, e, &e->p_dz, e->chunk, e->vocab);
    e->rho = take(l, e->chunk, 4);
    e->dh = take(l, (int64_t)e->chunk * e->d, 4);
    e->head_row = take(l, e->o.max_batch, 4);
    e->first = take(l, e->o.max_row, 4);
    e->next = take(l, e->o.max_target, 4);
    e->nll = take(l, e->o.max_target, 4);
}

static void lay_out(layout *l, wu_engine *e) {
    const int32_t n = e->o.max_batch, rank = max_site_rank(e);
    const int64_t act = e->act_bytes, half = e->m->config.d_head / 2;
    e->cs = take(l, e->o.max_row * half, 4);
    e->sn = take(l, e->o.max_row * half, 4);
    e->k = take(l, (int64_t)kv_slots(e) * e->o.max_row * e->kd, act);
    e->v = take(l, (int64_t)kv_slots(e) * e->o.max_row * e->kd, act);
    lay_out_work(l, e);
    e->x = take(l, (int64_t)n * e->d, 4);
    e->x_top = e->o.tape ? take(l, (int64_t)n * e->d, 4) : e->x;
    e->qkv = take(l, (int64_t)n * WU_MAX(e->qd + 2 * e->kd, e->d), 4);
    e->q = take(l, (int64_t)n * e->qd, act);
    e->o_act = take(l, (int64_t)n * e->qd, act);
    e->gate = take(l, (int64_t)n * e->ff, act);
    e->up = take(l, (int64_t)n * e->ff, act);
    e->u = take(l, (int64_t)n * max_rank(e), 4);
    take_packed(l, e, &e->p_d, n, e->d);
    take_packed(l, e, &e->p_q, n, e->qd);
    take_packed(l, e, &e->p_k, n, e->kd);
    take_packed(l, e, &e->p_v, n, e->kd);
    for (int i = 0; i < 2; i++) take_packed(l, e, &e->p_ff[i], n, e->ff);
    for (int i = 0; i < 3; i++) take_packed(l, e, &e->p_u[i], n, rank);
    const wu_attention shape = wu_engine_attention(e, 0);
    e->attn_scratch = take(
        l, (int64_t)wu_attention_bytes(e->c, &shape, n, e->o.max_row, e->o.max_seg, e->o.tape), 1);
    lay_out_head(l, e);
    const int64_t widest = WU_MAX(WU_MAX(e->d, e->ff), (int64_t)e->qd + 2 * (int64_t)e->kd);
    e->thread_floats = (widest + 16) * WU_PACK_ROWS;
    e->thread = take(l, (int64_t)wu_pool_size(e->pool) * 3 * e->thread_floats, 4);
    for (int32_t i = 0; e->low && i < e->n_layer; i++)
        for (int g = 0; g < N_LOW; g++)
            if (e->low[i][g].copied) e->low[i][g].a = take(l, (int64_t)e->low[i][g].rank * e->d, 4);
    if (e->o.tape) lay_out_tape(l, e);
}

/* ---- creation */

static void group_sites(wu_engine *e, int32_t layer, low_group group) {
    static const int first[N_LOW] = {WU_LIN_Q, WU_LIN_O, WU_LIN_GATE, WU_LIN_DOWN};
    static const int count[N_LOW] = {3, 1, 2, 1};
    low_rank *g = &e->low[layer][group];
    g->first = first[group];
    g->n = count[group];
    for (int i = 0; i < g->n; i++) {
        g->site[i] = wu_adapter_find(e->adapter, layer, (wu_linear)(first[group] + i));
        g->offset[i] = g->rank;
        if (!g->site[i]) continue;
        g->copied = g->rank > 0;
        if (!g->rank) g->a = g->site[i]->a;
        g->rank += g->site[i]->rank;
    }
}

static wu_code init(wu_engine *e, const wu_engine_options *o, wu_err *err) {
    const wu_config *c = &o->model->config;
    e->o = *o;
    if (!e->o.max_batch || e->o.tape) e->o.max_batch = o->max_row;
    if (!e->o.max_logits) e->o.max_logits = DEFAULT_LOGITS;
    if (!e->o.max_target) e->o.max_target = (int32_t)WU_MIN((int64_t)8 * o->max_row, INT32_MAX);
    if (o->max_row < 1 || o->max_seg < 1 || e->o.max_batch < 1 || e->o.max_batch > o->max_row ||
        (o->precision != WU_F32 && o->precision != WU_BF16))
        return wu_fail(err, WU_EARG,
                       "engine: limits of %d rows, %d segments, %d rows at once make no sense",
                       o->max_row, o->max_seg, e->o.max_batch);
    e->m = o->model;
    e->c = o->compute;
    e->rows = wu_compute_rows(o->compute);
    e->pool = wu_compute_pool(o->compute);
    e->adapter = o->adapter;
    e->d = c->d_model;
    e->qd = c->n_head * c->d_head;
    e->kd = c->n_kv * c->d_head;
    e->ff = c->d_ff;
    e->vocab = c->n_vocab;
    e->n_layer = c->n_layer;
    e->lowest = o->adapter ? o->adapter->lowest : c->n_layer;
    e->act_bytes = o->precision == WU_F32 ? 4 : 2;
    if (o->adapter) {
        const wu_adapter_dims want = wu_model_dims(o->model);
        if (memcmp(&want, &o->adapter->dims, sizeof(want)) != 0)
            return wu_fail(err, WU_EARG,
                           "engine: the adapter was made for a model of another shape");
        e->low = calloc((size_t)c->n_layer, sizeof(*e->low));
        if (!e->low) return wu_fail(err, WU_ENOMEM, "engine: out of memory");
        for (int32_t l = 0; l < c->n_layer; l++)
            for (int g = 0; g < N_LOW; g++) group_sites(e, l, (low_group)g);
    }
    if (o->tape) e->tape = calloc((size_t)c->n_layer, sizeof(*e->tape));
    if (o->tape && !e->tape) return wu_fail(err, WU_ENOMEM, "engine: out of memory");
    return WU_OK;
}

static void fill_rope(wu_engine *e) {
    const int64_t half = e->m->config.d_head / 2;
    for (int64_t p = 0; p < e->o.max_row; p++)
        for (int64_t i = 0; i < half; i++) {
            const double angle = (double)p * e->m->inv_freq[i];
            e->cs[p * half + i] = (float)cos(angle);
            e->sn[p * half + i] = (float)sin(angle);
        }
}

wu_code wu_engine_create(wu_engine **out, const wu_engine_options *o, wu_err *err) {
    *out = NULL;
    wu_engine *e = calloc(1, sizeof(*e));
    wu_code rc;
    if (!e) return wu_fail(err, WU_ENOMEM, "engine: out of memory");
    if ((rc = init(e, o, err))) goto done;
    if ((rc = wu_forest_create(&e->forest, o->max_row, o->max_seg, err))) goto done;
    layout count = {0};
    lay_out(&count, e);
    e->bytes = count.used;
    e->memory = wu_aligned_alloc((size_t)count.used);
    if (!e->memory) {
        rc = wu_fail(err, WU_ENOMEM, "engine: out of memory: %lld MB for %d rows",
                     (long long)(count.used >> 20), o->max_row);
        goto done;
    }
    layout real = {.base = e->memory};
    lay_out(&real, e);
    fill_rope(e);
    for (int32_t i = 0; i < o->max_row; i++) e->first[i] = e->w.index[i] = -1;
    *out = e;
    e = NULL;
done:
    wu_engine_free(e);
    return rc;
}

void wu_engine_free(wu_engine *e) {
    if (!e) return;
    wu_forest_free(e->forest);
    free(e->memory);
    free(e->low);
    free(e->tape);
    free(e);
}

int64_t wu_engine_bytes(const wu_engine_options *o) {
    wu_engine *e = calloc(1, sizeof(*e));
    int64_t bytes = -1;
    if (e && init(e, o, NULL) == WU_OK) {
        layout count = {0};
        lay_out(&count, e);
        bytes = count.used;
    }
    wu_engine_free(e);
    return bytes;
}

wu_forest *wu_engine_forest(wu_engine *e) { return e->forest; }

void wu_engine_clear(wu_engine *e) { wu_forest_clear(e->forest); }

void wu_engine_set_probe(wu_engine *e, wu_engine_probe probe, void *ctx) {
    e->probe = probe;
    e->probe_ctx = ctx;
}

const char *wu_part_name(wu_part p) {
    static const char *const name[] = {"products",        "attention",  "rows",
                                       "head and loss",   "low rank",   "back: products",
                                       "back: attention", "back: rows", "back: low rank"};
    return name[p];
}

const double *wu_engine_seconds(const wu_engine *e) { return e->seconds; }

void wu_engine_reset_seconds(wu_engine *e) { memset(e->seconds, 0, sizeof(e->seconds)); }

const float *wu_engine_nll(const wu_engine *e) { return e->nll; }

wu_attention wu_engine_attention(const wu_engine *e, int32_t layer) {
    const wu_config *c = &e->m->config;
    const int64_t at = kv_offset(e, layer);
    return (wu_attention){
        .n_head = c->n_head,
        .n_kv = c->n_kv,
        .d_head = c->d_head,
        .window = layer >= c->window_from ? c->window : 0,
        .scale = 1.0f / sqrtf((float)c->d_head),
        .type = e->o.precision,
        .k = act_at(e, e->k, e->k ? at : 0),
        .v = act_at(e, e->v, e->v ? at : 0),
        .ldq = e->qd,
        .ldk = e->kd,
        .ldv = e->kd,
        .ldo = e->qd,
        .run = e->w.run,
        .n_run = e->w.n_run,
        .span = e->w.span,
        .n_span = e->w.n_span,
        .n_key = e->forest ? e->forest->n_row : e->o.max_row,
        .scratch = e->attn_scratch,
    };
}

/* ---- the rows of a call */

/* Keys that the new rows of segment s may see: ancestors from the root on, then its own. */
static wu_code add_spans(wu_engine *e, int32_t s, int32_t n_own, wu_err *err) {
    const wu_segment *seg = e->forest->seg;
    work *w = &e->w;
    int32_t depth = 0;
    for (int32_t a = seg[s].parent; a != WU_NO_PARENT; a = seg[a].parent) depth++;
    if (depth + 1 > w->max_span - w->n_span)
        return wu_fail(err, WU_ENOMEM, "engine: the forest is nested too deeply for %d segments",
                       e->o.max_seg);
    int32_t at = w->n_span + depth;
    w->n_span = at + 1;
    w->span[at] = (wu_attn_span){seg[s].row, n_own, seg[s].pos};
    for (int32_t a = seg[s].parent; a != WU_NO_PARENT; a = seg[a].parent)
        w->span[--at] = (wu_attn_span){seg[a].row, seg[a].n_tok, seg[a].pos};
    return WU_OK;
}

static bool has_new_rows(const wu_forest *f) {
    for (int32_t s = 0; s < f->n_seg; s++)
        if (f->seg[s].done < f->seg[s].n_tok) return true;
    return false;
}

/* Collects up to max_batch rows that are not in the cache. */
static wu_code collect_rows(wu_engine *e, wu_err *err) {
    const wu_forest *f = e->forest;
    work *w = &e->w;
    for (int32_t i = 0; i < w->n; i++) w->index[w->row[i]] = -1;
    w->n = w->n_run = w->n_span = 0;
    for (int32_t s = 0; s < f->n_seg && w->n < e->o.max_batch; s++) {
        const wu_segment *g = &f->seg[s];
        const int32_t n = WU_MIN(g->n_tok - g->done, e->o.max_batch - w->n);
        if (n <= 0) continue;
        const int32_t first_span = w->n_span;
        const wu_code rc = add_spans(e, s, g->done + n, err);
        if (rc) return rc;
        w->run[w->n_run++] =
            (wu_attn_run){w->n, n, g->pos + g->done, first_span, w->n_span - first_span};
        for (int32_t i = 0; i < n; i++, w->n++) {
            const int32_t row = g->row + g->done + i;
            if (f->id[row] < 0 || f->id[row] >= e->vocab)
                return wu_fail(err, WU_EARG, "engine: token %d is not in the vocabulary of %d",
                               f->id[row], e->vocab);
            w->row[w->n] = row;
            w->pos[w->n] = g->pos + g->done + i;
            w->id[w->n] = f->id[row];
            w->index[row] = w->n;
        }
    }
    return WU_OK;
}

static void mark_done(wu_engine *e) {
    wu_forest *f = e->forest;
    int32_t left = e->w.n;
    for (int32_t s = 0; s < f->n_seg && left > 0; s++) {
        const int32_t n = WU_MIN(f->seg[s].n_tok - f->seg[s].done, left);
        f->seg[s].done += n;
        left -= n;
    }
}

/* ---- NaN and infinity */

static bool all_finite(const float *x, int64_t n) {
    uint32_t bad = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t u;
        memcpy(&u, &x[i], sizeof(u));
        bad |= (u & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

wu_code wu_engine_blame(wu_engine *e, wu_err *err) {
    e->check = true;
    e->bad_layer = -2;
    wu_engine_run_layers(e);
    e->check = false;
    const char *path = e->m->path;
    if (e->bad_layer == -1)
        return wu_fail(err, WU_EFORMAT, "%s: the token embedding holds NaN or infinity", path);
    if (e->bad_layer >= 0 && e->bad_layer < e->n_layer)
        return wu_fail(err, WU_EFORMAT, "%s: model.layers.%d gives NaN or infinity%s", path,
                       e->bad_layer,
                       e->bad_layer >= e->lowest ? " (its weights or its adapter)" : "");
    return wu_fail(err, WU_EFORMAT, "%s: the final norm or the head gives NaN or infinity", path);
}

/* ---- calls */

wu_code wu_engine_forward(wu_engine *e, const int32_t *want, int32_t n_want, const float **logits,
                          wu_err *err) {
    wu_code rc;
    if (logits) *logits = NULL;
    if (n_want < 0 || (n_want && !logits) || n_want > WU_MIN(e->o.max_logits, e->chunk))
        return wu_fail(err, WU_EARG, "engine: %d rows of logits wanted, room for %d", n_want,
                       e->o.max_logits);
    if (e->o.tape)
        for (int32_t s = 0; s < e->forest->n_seg; s++)
            if (e->forest->seg[s].done)
                return wu_fail(err, WU_EARG, "engine: with a tape a forest is evaluated at once");
    int32_t n_found = 0;
    while (has_new_rows(e->forest)) {
        e->since = wu_clock_s();
        if ((rc = collect_rows(e, err))) return rc;
        wu_engine_run_layers(e);
        for (int32_t i = 0; i < n_want; i++) {
            const int32_t at = want[i] >= 0 && want[i] < e->o.max_row ? e->w.index[want[i]] : -1;
            if (at < 0) continue;
            /* x is overwritten by the next piece */
            memcpy(e->dh + (int64_t)i * e->d, e->x_top + (int64_t)at * e->d,
                   (size_t)e->d * sizeof(float));
            n_found++;
        }
        mark_done(e);
    }
    if (n_found != n_want)
        return wu_fail(err, WU_EARG,
                       "engine: %d of the %d rows wanted were not evaluated by this call",
                       n_want - n_found, n_want);
    if (!n_want) return WU_OK;
    wu_engine_head(e, NULL, n_want);
    engine_lap(e, WU_PART_HEAD);
    if (!all_finite(e->logits, (int64_t)n_want * e->vocab)) return wu_engine_blame(e, err);
    *logits = e->logits;
    return WU_OK;
}

/* Lists the targets of every row; head_row gets the rows that have one. */
static wu_code list_targets(wu_engine *e, const wu_target *t, int32_t n, int32_t *n_head_row,
                            wu_err *err) {
    work *w = &e->w;
    *n_head_row = 0;
    if (n < 0 || n > e->o.max_target)
        return wu_fail(err, WU_EARG, "engine: %d targets, room for %d", n, e->o.max_target);
    for (int32_t i = 0; i < w->n; i++) e->first[w->row[i]] = -1;
    for (int32_t i = n - 1; i >= 0; i--) {
        if (t[i].row < 0 || t[i].row >= e->o.max_row || w->index[t[i].row] < 0 || t[i].token < 0 ||
            t[i].token >= e->vocab)
            return wu_fail(err, WU_EARG,
                           "engine: target %d (row %d, token %d) is not of this forest", i,
                           t[i].row, t[i].token);
        e->next[i] = e->first[t[i].row];
        e->first[t[i].row] = i;
    }
    for (int32_t i = 0; i < w->n; i++)
        if (e->first[w->row[i]] >= 0) e->head_row[(*n_head_row)++] = i;
    return WU_OK;
}

typedef struct loss_pass {
    wu_engine *e;
    const wu_target *target;
    const int32_t *row; /* work rows of this chunk */
    int32_t n;
    double scale;
    bool back;
} loss_pass;

/* One row of logits: its losses, and its gradient in place. */
static void loss_row(const loss_pass *p, int32_t i) {
    wu_engine *e = p->e;
    float *z = e->logits + (int64_t)i * e->vocab;
    const double lse = e->rows->log_sum_exp(z, e->vocab);
    const int32_t first = e->first[e->w.row[p->row[i]]];
    double weight = 0.0;
    for (int32_t t = first; t >= 0; t = e->next[t]) {
        e->nll[t] = (float)(lse - (double)z[p->target[t].token]);
        weight += (double)p->target[t].weight;
    }
    if (!p->back) return;
    e->rows->softmax_scale(z, (float)lse, (float)(weight * p->scale), e->vocab);
    for (int32_t t = first; t >= 0; t = e->next[t])
        z[p->target[t].token] -= (float)((double)p->target[t].weight * p->scale);
}

static void loss_unit(void *ctx, int64_t unit, int thread) {
    (void)thread;
    const loss_pass *p = ctx;
    const int32_t r0 = (int32_t)unit * WU_PACK_ROWS, n = WU_MIN(WU_PACK_ROWS, p->n - r0);
    for (int32_t i = r0; i < r0 + n; i++) loss_row(p, i);
    if (p->back)
        wu_pack_rows(p->e->c, &p->e->p_dz, r0, n, p->e->logits + (int64_t)r0 * p->e->vocab, WU_F32,
                     p->e->vocab);
}

/* dL/dx of the rows of a chunk, through the final norm. */
static void head_back_unit(void *ctx, int64_t unit, int thread) {
    (void)thread;
    const loss_pass *p = ctx;
    wu_engine *e = p->e;
    const int64_t i = unit, at = (int64_t)p->row[i] * e->d;
    e->rows->rmsnorm_back(e->dx + at, e->dh + i * e->d, e->x_top + at, e->m->norm, e->rho + i, 1,
                          e->d);
}

static void loss_chunk(loss_pass *p) {
    wu_engine *e = p->e;
    wu_engine_head(e, p->row, p->n);
    if (p->back) wu_pack_init(e->c, &e->p_dz, e->o.precision, p->n, e->vocab, e->p_dz.data);
    wu_pool_for(e->pool, row_blocks(p->n), loss_unit, p);
    if (!p->back) return;
    const wu_product back = {
        .transposed = true, .x = &e->p_dz, .w = &e->m->head, .y = e->dh, .ldy = e->d};
    wu_matmul(e->c, &back, 1);
    wu_pool_for(e->pool, p->n, head_back_unit, p);
}

wu_code wu_engine_loss(wu_engine *e, const wu_target *target, int32_t n_target, double scale,
                       float *grad, double *loss, wu_err *err) {
    wu_code rc;
    int32_t n_rows;
    *loss = 0.0;
    if (grad && (!e->o.tape || !e->adapter))
        return wu_fail(err, WU_EARG, "engine: a gradient needs a tape and an adapter");
    for (int32_t s = 0; s < e->forest->n_seg; s++)
        if (e->forest->seg[s].done)
            return wu_fail(err, WU_EARG, "engine: the forest was evaluated before");
    e->since = wu_clock_s();
    if ((rc = collect_rows(e, err))) return rc;
    if (e->forest->n_seg && e->w.n != e->forest->n_row)
        return wu_fail(
            err, WU_EARG,
            "engine: a loss needs all %d rows of the forest at once, without reserved ones",
            e->forest->n_row);
    if ((rc = list_targets(e, target, n_target, &n_rows, err))) return rc;
    wu_engine_run_layers(e);
    mark_done(e);
    if (grad) memset(e->dx, 0, (size_t)e->w.n * (size_t)e->d * sizeof(float));
    for (int32_t at = 0; at < n_rows; at += e->chunk) {
        loss_pass p = {e,     target,      e->head_row + at, WU_MIN(e->chunk, n_rows - at),
                       scale, grad != NULL};
        loss_chunk(&p);
    }
    for (int32_t i = 0; i < n_target; i++) *loss += (double)target[i].weight * (double)e->nll[i];
    engine_lap(e, WU_PART_HEAD);
    if (!isfinite(*loss)) return wu_engine_blame(e, err);
    if (grad) wu_engine_back_layers(e, grad);
    return WU_OK;
}
