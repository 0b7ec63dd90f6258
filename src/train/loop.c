/* loop.c - the run (loop.h). */
#include "train/loop.h"

#include "base/clock.h"
#include "base/file.h"
#include "train/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct run {
    const wu_train_options *o;
    wu_train_log log;
    wu_order *order;
    int32_t *valid; /* [n_valid] examples of the validation, conversations side by side */
    int32_t n_valid;
    int64_t done;    /* iterations */
    int64_t pending; /* iterations in the gradient */
    int64_t saved;   /* iteration of the last checkpoint, or -1 */
    double seconds;  /* of training since the last report */
    double grad_norm;
    double loss;   /* sum of the iterations' losses since the last report */
    int64_t since; /* iterations since the last report */
    wu_tally tally, total;
} run;

static wu_code tell(run *r, const wu_train_event *e, wu_err *err) {
    if (r->o->on_event) r->o->on_event(r->o->ctx, e);
    return wu_train_log_write(&r->log, e, err);
}

static double mean(const wu_tally *t) { return t->weight > 0.0 ? t->loss / t->weight : 0.0; }

static void tally_add(wu_tally *sum, const wu_tally *t) {
    sum->loss += t->loss;
    sum->weight += t->weight;
    sum->target += t->target;
    sum->token += t->token;
    sum->row += t->row;
}

/* ---- validation ------------------------------------------------------------------------------ */

/* All examples, or the first val_batches batches, conversations side by side. */
static wu_code choose_valid(run *r, wu_err *err) {
    const wu_dataset *d = r->o->valid;
    wu_order *order = NULL;
    wu_code rc;

    if (!d || r->o->val_batches == 0) return WU_OK;
    r->n_valid = d->n;
    if (r->o->val_batches > 0 && r->o->val_batches < d->n)
        r->n_valid = (int32_t)WU_MIN((int64_t)d->n, r->o->val_batches * r->o->batch);
    if ((rc = wu_order_create(&order, d, WU_ORDER_FILE, d->n, 0, err))) return rc;
    r->valid = calloc((size_t)d->n, sizeof(*r->valid));
    if (r->valid) {
        const int32_t *index = NULL;
        (void)wu_order_next(order, &index);
        memcpy(r->valid, index, (size_t)r->n_valid * sizeof(*index));
    } else
        rc = wu_fail(err, WU_ENOMEM, "validation: out of memory");
    wu_order_free(order);
    return rc;
}

static bool is_asked_to_stop(const run *r) { return r->o->stop && *r->o->stop; }

/* The end of a part of the validation that begins at `at`: whole conversations, some dozens of
 * examples, so that a stop need not wait for all of a large set. */
static int32_t part_end(const run *r, int32_t at) {
    enum { LEAST = 48 };
    const wu_example *ex = r->o->valid->ex;
    int32_t end = WU_MIN(at + LEAST, r->n_valid);
    while (end < r->n_valid && ex[r->valid[end]].group == ex[r->valid[end - 1]].group) end++;
    return end;
}

/* A stop in the middle of it drops the validation. */
static wu_code validate(run *r, wu_err *err) {
    wu_train_event e = {.kind = WU_EVENT_VALID, .iteration = r->done};
    const double start = wu_clock_s();
    if (!r->n_valid) return WU_OK;
    for (int32_t at = 0, end = 0; at < r->n_valid; at = end) {
        if (is_asked_to_stop(r)) return WU_OK;
        end = part_end(r, at);
        const wu_code rc =
            wu_trainer_measure(r->o->trainer, r->o->valid, r->valid + at, end - at, &e.tally, err);
        if (rc) return wu_fail_in(err, rc, "validation after iteration %lld", (long long)r->done);
    }
    e.loss = mean(&e.tally);
    e.seconds = wu_clock_s() - start;
    return tell(r, &e, err);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static wu_code save(run *r, bool numbered, wu_err *err) {
    const wu_train_options *o = r->o;
    char name[64], path[WU_PATH_MAX];
    wu_train_event e = {.kind = WU_EVENT_SAVED, .iteration = r->done, .path = o->adapter_path};
    wu_code rc;

    if (!o->adapter_path) return WU_OK;
    if ((rc = wu_adapter_save(o->adapter, o->adapter_path, o->format, o->args, o->base, err)))
        return rc;
    if (numbered) {
        (void)snprintf(name, sizeof(name), "%07lld_adapters.safetensors", (long long)r->done);
        if ((rc = wu_path_join(path, sizeof(path), o->adapter_path, name, err))) return rc;
        if ((rc = wu_adapter_write_file(o->adapter, path, o->format, err))) return rc;
        e.numbered = path;
    }
    r->saved = r->done;
    return tell(r, &e, err);
}

/* ---- iterations ------------------------------------------------------------------------------ */

static wu_code iterate(run *r, wu_err *err) {
    const wu_train_options *o = r->o;
    /* The last update may be of fewer iterations than the others. */
    const int64_t left = o->iters - (r->done - r->pending);
    const double share = 1.0 / (double)WU_MIN(o->accumulate, left);
    const double start = wu_clock_s();
    const int32_t *index = NULL;
    wu_tally t = {0};

    const int32_t n = wu_order_next(r->order, &index);
    const wu_code rc = wu_trainer_add(o->trainer, o->train, index, n, share, &t, err);
    if (rc) return wu_fail_in(err, rc, "iteration %lld", (long long)r->done + 1);
    r->done++;
    if (++r->pending == o->accumulate || r->done == o->iters) {
        r->grad_norm = wu_trainer_grad_norm(o->trainer);
        wu_trainer_update(o->trainer, o->rate);
        r->pending = 0;
    }
    r->loss += mean(&t);
    r->since++;
    tally_add(&r->tally, &t);
    tally_add(&r->total, &t);
    r->seconds += wu_clock_s() - start;
    return WU_OK;
}

static wu_code report(run *r, wu_err *err) {
    wu_train_event e = {.kind = WU_EVENT_TRAIN,
                        .iteration = r->done,
                        .iterations = r->since,
                        .loss = r->loss / (double)r->since,
                        .rate = r->o->rate,
                        .grad_norm = r->grad_norm,
                        .epoch = (double)r->done / (double)wu_order_length(r->order),
                        .seconds = r->seconds,
                        .tally = r->tally,
                        .trained = r->total.target};
    r->since = 0;
    r->loss = r->seconds = 0.0;
    r->tally = (wu_tally){0};
    return tell(r, &e, err);
}

/* An update that was begun is finished first. */
static bool is_stopped(const run *r) { return is_asked_to_stop(r) && r->pending == 0; }

/* Is it the turn of something that happens every n iterations? */
static bool is_due(const run *r, int64_t every) { return every > 0 && r->done % every == 0; }

static wu_code iterate_all(run *r, wu_err *err) {
    const wu_train_options *o = r->o;
    wu_code rc;

    while (r->done < o->iters && !is_stopped(r)) {
        if ((rc = iterate(r, err))) return rc;
        const bool last = r->done == o->iters || is_stopped(r);
        if (o->steps_per_report > 0 && (last || is_due(r, o->steps_per_report)))
            if ((rc = report(r, err))) return rc;
        if (r->done == o->iters || (!last && is_due(r, o->steps_per_eval)))
            if ((rc = validate(r, err))) return rc;
        if (is_due(r, o->save_every) && (rc = save(r, true, err))) return rc;
    }
    return WU_OK;
}

wu_code wu_train_run(const wu_train_options *o, wu_err *err) {
    run r = {.o = o, .saved = -1};
    wu_train_event end = {.kind = WU_EVENT_END};
    const double start = wu_clock_s();
    wu_code rc;

    if (o->iters < 0 || o->accumulate < 1)
        return wu_fail(err, WU_EARG, "training: %lld iterations, %lld for one update",
                       (long long)o->iters, (long long)o->accumulate);
    if ((rc = wu_order_create(&r.order, o->train, o->order, o->batch, o->seed, err))) goto done;
    if ((rc = choose_valid(&r, err))) goto done;
    if (o->adapter_path && (rc = wu_train_log_open(&r.log, o->adapter_path, err))) goto done;
    if ((rc = validate(&r, err))) goto done;
    if ((rc = iterate_all(&r, err))) goto done;
    if (r.saved != r.done && (rc = save(&r, false, err))) goto done;
    end.stopped = r.done < o->iters;
    end.iteration = r.done;
    end.seconds = wu_clock_s() - start;
    end.tally = r.total;
    end.trained = r.total.target;
    if ((rc = tell(&r, &end, err))) goto done;
    if (end.stopped)
        rc =
            wu_fail(err, WU_ESTOPPED, "stopped after iteration %lld of %lld%s%s", (long long)r.done,
                    (long long)o->iters, o->adapter_path ? "; the adapter is saved in " : "",
                    o->adapter_path ? o->adapter_path : "");
done:
    wu_train_log_close(&r.log);
    wu_order_free(r.order);
    free(r.valid);
    return rc;
}

/* ---- plan ------------------------------------------------------------------------------------ */

wu_code wu_train_plan(wu_plan *plan, const wu_dataset *d, wu_order_kind order, int32_t batch,
                      uint64_t seed, int32_t max_row, int32_t max_example, wu_err *err) {
    wu_order *o = NULL;
    wu_tokens *sorted = calloc((size_t)max_example, sizeof(*sorted));
    wu_code rc;

    *plan = (wu_plan){.batch = batch};
    if (!sorted) return wu_fail(err, WU_ENOMEM, "plan: out of memory");
    if ((rc = wu_order_create(&o, d, order, batch, seed, err))) goto done;
    plan->iterations = wu_order_length(o);
    for (int64_t k = 0; k < plan->iterations; k++) {
        const int32_t *index = NULL;
        const int32_t n = wu_order_next(o, &index);
        for (int32_t i = 0; i < n; i++) {
            plan->token += d->ex[index[i]].n_tok;
            plan->target += wu_dataset_targets(d, index[i]);
        }
        plan->row += wu_iteration_rows(d, index, n, max_row, max_example, sorted);
    }
done:
    wu_order_free(o);
    free(sorted);
    return rc;
}
