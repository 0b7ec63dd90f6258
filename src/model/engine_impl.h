/* engine_impl.h - what forward, loss and backward share.  Private to model/.
 *
 * Names: N work rows (rows of the forest that this call evaluates), d =
 * d_model, qd = n_head * d_head, kd = n_kv * d_head.  "act" arrays hold the
 * engine's precision (f32 or bf16); everything else is f32. */
#ifndef WU_MODEL_ENGINE_IMPL_H
#define WU_MODEL_ENGINE_IMPL_H

#include "base/arena.h"
#include "base/clock.h"
#include "kernels/attention.h"
#include "kernels/gemm.h"
#include "model/engine.h"

/* Linear layers that read the same input share one low-rank product. */
typedef enum low_group { LOW_QKV, LOW_O, LOW_GATE_UP, LOW_DOWN, N_LOW } low_group;

typedef struct low_rank {
    const wu_site *site[3]; /* NULL where a linear is not adapted */
    int32_t first;          /* wu_linear of site[0] */
    int32_t n;              /* linears in the group */
    int32_t offset[3];      /* first column of the site in u */
    int32_t rank;           /* columns of u: sum of the sites' ranks; 0: group not adapted */
    float *a;               /* [rank][n_in] all A below each other, or the only site's own A */
    bool copied;            /* a is a copy, refreshed before each forward */
} low_rank;

/* What backward needs of one adapted layer. */
typedef struct layer_tape {
    float *h_in, *h_mid; /* [N][d] residual stream before attention and before the MLP */
    void *q, *o;         /* act [N][qd] after RoPE; attention output */
    void *gate, *up;     /* act [N][d_ff] */
    float *lse;          /* [N][n_head] */
    float *u[N_LOW];     /* [N][rank] scale * x A^T */
} layer_tape;

/* The rows of one forward. */
typedef struct work {
    int32_t n;
    int32_t *row; /* [max_batch] row of the forest */
    int32_t *pos, *id;
    int32_t *index; /* [max_row] work row of a forest row, -1 if not in this forward */
    wu_attn_run *run;
    wu_attn_span *span;
    int32_t n_run, n_span, max_span;
} work;

struct wu_engine {
    wu_engine_options o;
    const wu_model *m;
    wu_compute *c;
    const wu_row_ops *rows;
    wu_pool *pool;
    const wu_adapter *adapter;
    wu_forest *forest;
    int32_t d, qd, kd, ff, vocab, n_layer;
    int32_t lowest;    /* lowest adapted layer; n_layer without adapter */
    int32_t act_bytes; /* bytes of one act number */
    char *memory;      /* everything below, one block */
    int64_t bytes;

    float *cs, *sn; /* [max_row][d_head / 2] RoPE table */
    void *k, *v;    /* act [slot][max_row][kd] */
    work w;
    float *x, *x_top; /* [max_batch][d] residual stream; x_top == x without a tape */
    float *qkv;       /* [max_batch][qd + 2 kd]; gradients of the same in backward */
    void *q, *o_act;  /* act [max_batch][qd] without tape */
    void *gate, *up;  /* act [max_batch][d_ff] without tape */
    float *u;         /* [max_batch][max rank of a group] without tape; du in backward */
    wu_packed p_d, p_q, p_k, p_v, p_ff[2], p_u[3];
    void *attn_scratch;
    low_rank (*low)[N_LOW]; /* [n_layer] */
    layer_tape *tape;       /* [n_layer], filled from lowest on; NULL without tape */

    /* head and loss */
    int32_t chunk; /* rows of logits at a time */
    float *logits; /* [chunk][vocab] */
    wu_packed p_logit, p_dz;
    float *rho;            /* [chunk] */
    float *dh;             /* [chunk][d] */
    int32_t *head_row;     /* [max_batch] work rows with a target, in order */
    int32_t *first, *next; /* targets of a row as a list */
    float *nll;            /* [max_target] */

    /* backward */
    float *dx, *dxn; /* [max_batch][d] */
    void *d_o;       /* act [max_batch][qd] */
    void *da;        /* act [max_batch][d_ff] */
    void *xn;        /* act [max_batch][d] normalised input, recomputed */
    float *outer;    /* [n_thread][max rank][OUTER_COLS] */

    float *thread;         /* [n_thread][3][WU_PACK_ROWS][widest] */
    int64_t thread_floats; /* floats of one of the three */
    wu_engine_probe probe;
    void *probe_ctx;
    bool check;        /* look for NaN after every layer */
    int32_t bad_layer; /* found by check: -1 embedding, n_layer final norm; -2 none */
    double seconds[WU_N_PART];
    double since;
};

enum { OUTER_COLS = 128 };

/* forward.c */
void wu_engine_run_layers(wu_engine *e); /* x of the work rows, from tokens to e->x_top */
/* Packs the final norm of n work rows (their indices) and multiplies with the head: logits. */
void wu_engine_head(wu_engine *e, const int32_t *work_row, int32_t n);

/* u [n][g->rank] *= the scale of each site, and packed for the products that add u B^T or du A. */
void wu_engine_pack_low(wu_engine *e, const low_rank *g, float *u, int32_t n);

/* backward.c: dx holds dL/d x_top; adds to grad. */
void wu_engine_back_layers(wu_engine *e, float *grad);

/* engine.c */
wu_attention wu_engine_attention(const wu_engine *e, int32_t layer);
wu_code wu_engine_blame(wu_engine *e, wu_err *err); /* finds the layer that made a NaN */

static inline float *thread_rows(const wu_engine *e, int thread, int which) {
    return e->thread + ((int64_t)thread * 3 + which) * e->thread_floats;
}

static inline void *act_at(const wu_engine *e, void *base, int64_t i) {
    return (char *)base + i * e->act_bytes;
}

/* n numbers of an act array as f32: in place, or converted into room. */
static inline const float *act_load(const wu_engine *e, const void *p, float *room, int64_t n) {
    if (e->o.precision == WU_F32) return p;
    e->rows->from_bf16(room, p, n);
    return room;
}

static inline void act_store(const wu_engine *e, void *to, const float *from, int64_t n) {
    if (e->o.precision == WU_F32)
        memcpy(to, from, (size_t)n * sizeof(float));
    else
        e->rows->to_bf16(to, from, n);
}

/* Charges the time since the last call to a part. */
static inline void engine_lap(wu_engine *e, wu_part part) {
    const double now = wu_clock_s();
    e->seconds[part] += now - e->since;
    e->since = now;
}

static inline int64_t row_blocks(int32_t n) { return (n + WU_PACK_ROWS - 1) / WU_PACK_ROWS; }

/* First row of a block of WU_PACK_ROWS of n_row rows, and how many it has. */
static inline int32_t row_block(int64_t unit, int32_t n_row, int32_t *n) {
    const int32_t r0 = (int32_t)unit * WU_PACK_ROWS;
    *n = WU_MIN(WU_PACK_ROWS, n_row - r0);
    return r0;
}

static inline void pack_begin(wu_engine *e, wu_packed *p, int32_t n, int32_t n_col) {
    wu_pack_init(e->c, p, e->o.precision, n, n_col, p->data);
}

static inline wu_matrix f32_matrix(const float *p, int32_t n_out, int32_t n_in) {
    return (wu_matrix){
        .type = WU_F32, .n_out = n_out, .n_in = n_in, .data = p, .row_bytes = 4 * (int64_t)n_in};
}

#endif
