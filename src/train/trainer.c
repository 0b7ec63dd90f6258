/* trainer.c - iterations cut into forests, and their targets (trainer.h). */
#include "train/trainer.h"

#include "base/arena.h"
#include "train/share.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct wu_trainer {
    wu_trainer_options o;
    wu_engine *engine;
    wu_optimizer *opt;
    float *grad;       /* [n_param] */
    wu_tokens *seq;    /* [max_example] of a piece */
    wu_tokens *sorted; /* [max_example] for cutting */
    int32_t *leaf;     /* [max_example] */
    wu_target *target; /* [max_target] */
    int32_t *of_row;   /* [max_row] last target of a row, or -1 */
    int32_t *before;   /* [max_target] the row's target before it, or -1 */
    int32_t n_target, max_target;
};

/* Every row but the first of a tree can be the target of the row before it, and every example may
 * have one behind its last token. */
static int32_t most_targets(const wu_trainer_options *o) { return o->max_row + o->max_example; }

/* A forest of n sequences has at most 2n - 1 segments. */
static wu_engine_options engine_options(const wu_trainer_options *o) {
    return (wu_engine_options){.model = o->model,
                               .compute = o->compute,
                               .adapter = o->adapter,
                               .precision = o->precision,
                               .max_row = o->max_row,
                               .max_seg = 2 * o->max_example,
                               .max_logits = 1,
                               .max_target = most_targets(o),
                               .tape = true};
}

int64_t wu_trainer_bytes(const wu_trainer_options *o) {
    const wu_engine_options e = engine_options(o);
    const int64_t per_target = (int64_t)(sizeof(wu_target) + 2 * sizeof(int32_t));
    return wu_engine_bytes(&e) + o->adapter->n_param * 3 * (int64_t)sizeof(float) +
           most_targets(o) * per_target;
}

wu_code wu_trainer_create(wu_trainer **out, const wu_trainer_options *o, wu_err *err) {
    const wu_engine_options e = engine_options(o);
    wu_trainer *t = NULL;
    size_t bytes = 0;
    wu_code rc;

    *out = NULL;
    if (o->max_example < 1 || o->max_example > 1 << 24 || o->max_row < 1 || o->max_row > 1 << 28)
        return wu_fail(err, WU_EARG, "trainer: pieces of %d rows and %d examples", o->max_row,
                       o->max_example);
    t = calloc(1, sizeof(*t));
    if (!t) return wu_fail(err, WU_ENOMEM, "trainer: out of memory");
    t->o = *o;
    t->max_target = most_targets(o);
    if ((rc = wu_engine_create(&t->engine, &e, err))) goto done;
    if ((rc = wu_optimizer_create(&t->opt, &o->optimizer, o->adapter->n_param, err))) goto done;
    if (wu_mul_size(&bytes, (size_t)o->adapter->n_param, sizeof(float)))
        t->grad = wu_aligned_alloc(bytes);
    t->seq = calloc((size_t)o->max_example, sizeof(*t->seq));
    t->sorted = calloc((size_t)o->max_example, sizeof(*t->sorted));
    t->leaf = calloc((size_t)o->max_example, sizeof(*t->leaf));
    t->target = calloc((size_t)t->max_target, sizeof(*t->target));
    t->before = calloc((size_t)t->max_target, sizeof(*t->before));
    t->of_row = calloc((size_t)o->max_row, sizeof(*t->of_row));
    if (!t->grad || !t->seq || !t->sorted || !t->leaf || !t->target || !t->before || !t->of_row) {
        rc = wu_fail(err, WU_ENOMEM, "trainer: out of memory for %d rows", o->max_row);
        goto done;
    }
    memset(t->grad, 0, bytes);
    *out = t;
    t = NULL;
done:
    wu_trainer_free(t);
    return rc;
}

void wu_trainer_free(wu_trainer *t) {
    if (!t) return;
    wu_engine_free(t->engine);
    wu_optimizer_free(t->opt);
    free(t->grad);
    free(t->seq);
    free(t->sorted);
    free(t->leaf);
    free(t->target);
    free(t->before);
    free(t->of_row);
    free(t);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* How many of the examples fit into one piece, at least 1; their rows in *rows. */
static int32_t cut_piece(const wu_dataset *d, const int32_t *index, int32_t n, int32_t max_row,
                         int32_t max_example, wu_tokens *sorted, int64_t *rows) {
    wu_share s = {.sorted = sorted, .max = max_example};
    int32_t k = 0;
    for (; k < n && k < max_example; k++) {
        const wu_tokens t = wu_dataset_tokens(d, index[k]);
        int32_t at = 0;
        if (k > 0 && s.rows + wu_share_cost(&s, &t, &at) > max_row) break;
        wu_share_add(&s, &t);
    }
    *rows = s.rows;
    return k;
}

int64_t wu_iteration_rows(const wu_dataset *d, const int32_t *index, int32_t n, int32_t max_row,
                          int32_t max_example, wu_tokens *sorted) {
    int64_t rows = 0, piece = 0;
    for (int32_t at = 0; at < n; rows += piece)
        at += cut_piece(d, index + at, n - at, max_row, max_example, sorted, &piece);
    return rows;
}

/* The token has to follow the row; targets that are equal are one, of the weight of all. */
static void add_target(wu_trainer *t, int32_t row, int32_t token, float weight) {
    for (int32_t k = t->of_row[row]; k >= 0; k = t->before[k])
        if (t->target[k].token == token) {
            t->target[k].weight += weight;
            return;
        }
    WU_ASSERT(t->n_target < t->max_target);
    t->target[t->n_target] = (wu_target){.row = row, .token = token, .weight = weight};
    t->before[t->n_target] = t->of_row[row];
    t->of_row[row] = t->n_target++;
}

/* Targets of an example whose last token is in segment leaf. Walks from its last token to the
 * first target, segment by segment. */
static void add_targets(wu_trainer *t, const wu_dataset *d, int32_t i, int32_t leaf) {
    const wu_forest *f = wu_engine_forest(t->engine);
    const wu_example *ex = &d->ex[i];
    const int32_t *id = d->id + ex->first;
    int32_t s = leaf;
    if (ex->after != WU_NO_TOKEN)
        add_target(t, wu_forest_row(f, leaf, ex->n_tok - 1), ex->after, ex->weight);
    for (int32_t k = ex->n_tok - 1; k >= ex->answer; k--) {
        while (k - 1 < f->seg[s].pos) s = f->seg[s].parent;
        add_target(t, f->seg[s].row + k - 1 - f->seg[s].pos, id[k], ex->weight);
    }
}

static wu_code build_piece(wu_trainer *t, const wu_dataset *d, const int32_t *index, int32_t n,
                           wu_err *err) {
    wu_code rc;
    wu_engine_clear(t->engine);
    wu_forest *f = wu_engine_forest(t->engine);
    for (int32_t k = 0; k < n; k++) t->seq[k] = wu_dataset_tokens(d, index[k]);
    if ((rc = wu_forest_merge(f, t->seq, n, t->leaf, err))) return rc;
    for (int32_t r = 0; r < f->n_row; r++) t->of_row[r] = -1;
    t->n_target = 0;
    for (int32_t k = 0; k < n; k++) add_targets(t, d, index[k], t->leaf[k]);
    return WU_OK;
}

static wu_code run(wu_trainer *t, const wu_dataset *d, const int32_t *index, int32_t n,
                   double share, float *grad, wu_tally *tally, wu_err *err) {
    double weight = 0.0;
    for (int32_t k = 0; k < n; k++) {
        const int32_t targets = wu_dataset_targets(d, index[k]);
        weight += (double)d->ex[index[k]].weight * targets;
        tally->target += targets;
        tally->token += d->ex[index[k]].n_tok;
        if (d->ex[index[k]].n_tok > t->o.max_row)
            return wu_fail(err, WU_EARG,
                           "an example of %d tokens does not fit into pieces of %d rows",
                           d->ex[index[k]].n_tok, t->o.max_row);
    }
    tally->weight += weight;
    for (int32_t at = 0; at < n;) {
        int64_t rows = 0;
        double loss = 0.0;
        wu_code rc;
        const int32_t k =
            cut_piece(d, index + at, n - at, t->o.max_row, t->o.max_example, t->sorted, &rows);
        if ((rc = build_piece(t, d, index + at, k, err))) return rc;
        rc = wu_engine_loss(t->engine, t->target, t->n_target, share / weight, grad, &loss, err);
        if (rc) return rc;
        tally->loss += loss;
        tally->row += rows;
        at += k;
    }
    return WU_OK;
}

wu_code wu_trainer_add(wu_trainer *t, const wu_dataset *d, const int32_t *index, int32_t n,
                       double share, wu_tally *tally, wu_err *err) {
    return run(t, d, index, n, share, t->grad, tally, err);
}

wu_code wu_trainer_measure(wu_trainer *t, const wu_dataset *d, const int32_t *index, int32_t n,
                           wu_tally *tally, wu_err *err) {
    return run(t, d, index, n, 1.0, NULL, tally, err);
}

void wu_trainer_update(wu_trainer *t, double rate) {
    wu_optimizer_update(t->opt, t->o.compute, t->o.adapter->param, t->grad, rate);
    memset(t->grad, 0, (size_t)t->o.adapter->n_param * sizeof(*t->grad));
}

const float *wu_trainer_grad(const wu_trainer *t) { return t->grad; }

double wu_trainer_grad_norm(const wu_trainer *t) {
    double sum = 0.0;
    for (int64_t i = 0; i < t->o.adapter->n_param; i++)
        sum += (double)t->grad[i] * (double)t->grad[i];
    return sqrt(sum);
}

wu_engine *wu_trainer_engine(const wu_trainer *t) { return t->engine; }
