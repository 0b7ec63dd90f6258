/* The run: losses fall, threads and pieces change nothing, nothing is allocated in a step, files
 * and events come when they should, stopping saves. */
#include "near.h"

#include "alloc_hook.h"
#include "base/file.h"
#include "base/rng.h"
#include "train/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char model_dir[] = "tests/data/tiny-llama";
static char dir[] = "/tmp/wu-loop-XXXXXX";

/* Everything that a run needs, on the tiny model. */
typedef struct bench {
    wu_model *model;
    wu_compute *compute;
    wu_adapter *adapter;
    wu_trainer *trainer;
    wu_dataset *train, *valid;
} bench;

/* Conversations of about 40 tokens with three questions each. */
static wu_dataset *make_data(int n_group, uint64_t seed, int32_t n_vocab) {
    wu_dataset *d = NULL;
    wu_err err = {0};
    wu_rng rng = wu_rng_init(seed, 0);
    CHECK_OK(wu_dataset_create(&d, NULL, &err), err);
    for (int g = 0; g < n_group; g++) {
        int32_t id[60];
        const int32_t n_trunk = 24 + (int32_t)wu_rng_below(&rng, 16);
        for (int32_t k = 0; k < n_trunk; k++)
            id[k] = (int32_t)wu_rng_below(&rng, (uint32_t)n_vocab);
        for (int q = 0; q < 3; q++) {
            const int32_t n = n_trunk + 6 + (int32_t)wu_rng_below(&rng, 8);
            for (int32_t k = n_trunk; k < n; k++)
                id[k] = (int32_t)wu_rng_below(&rng, (uint32_t)n_vocab);
            const wu_example ex = {
                .n_tok = n, .answer = n - 4, .after = WU_NO_TOKEN, .weight = q == 1 ? 0.5f : 1.0f};
            CHECK_OK(wu_dataset_add(d, id, &ex, &err), err);
        }
    }
    CHECK_OK(wu_dataset_group(d, &err), err);
    return d;
}

static void open_bench(bench *b, int threads, int32_t max_row, wu_dtype precision) {
    wu_err err = {0};
    memset(b, 0, sizeof(*b));
    CHECK_OK(wu_model_load(&b->model, model_dir, &err), err);
    const wu_adapter_dims dims = wu_model_dims(b->model);
    CHECK_OK(wu_compute_create(
                 &b->compute,
                 &(wu_compute_options){.n_thread = threads, .max_level = WU_N_LEVEL - 1}, &err),
             err);
    CHECK_OK(wu_adapter_create(&b->adapter, &dims, &(wu_adapter_spec){.rank = 4, .scale = 4.0f}, 1,
                               &err),
             err);
    const wu_trainer_options o = {.model = b->model,
                                  .compute = b->compute,
                                  .adapter = b->adapter,
                                  .precision = precision,
                                  .max_row = max_row,
                                  .max_example = 12,
                                  .optimizer = wu_optimizer_defaults(WU_ADAM)};
    assert_true(wu_trainer_bytes(&o) > 0);
    CHECK_OK(wu_trainer_create(&b->trainer, &o, &err), err);
    b->train = make_data(4, 1, b->model->config.n_vocab);
    b->valid = make_data(2, 2, b->model->config.n_vocab);
}

static void close_bench(bench *b) {
    wu_trainer_free(b->trainer);
    wu_adapter_free(b->adapter);
    wu_compute_free(b->compute);
    wu_model_free(b->model);
    wu_dataset_free(b->train);
    wu_dataset_free(b->valid);
}

static const int32_t all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

/* The gradient of an iteration does not depend on how it is cut, to rounding. */
static void pieces_change_nothing(void **state) {
    (void)state;
    float *whole = NULL;
    wu_tally first = {0};
    const int32_t max_row[] = {1024, 120, 55};
    for (size_t i = 0; i < WU_LEN(max_row); i++) {
        bench b;
        wu_tally t = {0};
        wu_err err = {0};
        open_bench(&b, 1, max_row[i], WU_F32);
        for (int64_t k = 0; k < b.adapter->n_param; k++)
            b.adapter->param[k] += 0.01f * (float)(k % 5 - 2);
        CHECK_OK(wu_trainer_add(b.trainer, b.train, all, 12, 1.0, &t, &err), err);
        const float *g = wu_trainer_grad(b.trainer);
        if (i == 0) {
            whole = malloc((size_t)b.adapter->n_param * sizeof(*whole));
            assert_non_null(whole);
            memcpy(whole, g, (size_t)b.adapter->n_param * sizeof(*whole));
            first = t;
            assert_true(t.row < t.token);
        }
        CHECK_NEAR(t.loss, first.loss, 1e-5);
        CHECK_NEAR(t.weight, first.weight, 1e-12);
        assert_int_equal(t.target, first.target);
        assert_int_equal(t.token, first.token);
        assert_true(i < 2 ? t.row >= first.row : t.row > first.row);
        assert_true(max_diff(g, whole, b.adapter->n_param) <=
                    1e-5 * max_abs(whole, b.adapter->n_param));
        close_bench(&b);
    }
    free(whole);
}

/* Targets behind the end and every-token losses, in shared trunks, count as often as in the
 * separate examples. */
static void targets_in_trunks_count_for_each(void **state) {
    (void)state;
    bench b;
    wu_tally together = {0}, apart = {0};
    wu_err err = {0};
    open_bench(&b, 1, 1024, WU_F32);
    for (int32_t i = 0; i < b.train->n; i++) {
        b.train->ex[i].answer = 1;
        b.train->ex[i].after = 0;
    }
    CHECK_OK(wu_trainer_measure(b.trainer, b.train, all, 12, &together, &err), err);
    for (int32_t i = 0; i < 12; i++)
        CHECK_OK(wu_trainer_measure(b.trainer, b.train, &all[i], 1, &apart, &err), err);
    CHECK_NEAR(together.loss, apart.loss, 1e-5);
    CHECK_NEAR(together.weight, apart.weight, 1e-12);
    assert_int_equal(together.target, apart.target);
    assert_int_equal(together.target, together.token);
    close_bench(&b);
}

typedef struct heard {
    int train, valid, saved, end;
    double first_valid, last_valid, last_train;
    bool stopped;
    sig_atomic_t stop;
    int64_t stop_at;
} heard;

static void hear(void *ctx, const wu_train_event *e) {
    heard *h = ctx;
    switch (e->kind) {
    case WU_EVENT_TRAIN:
        h->train++;
        h->last_train = e->loss;
        if (h->stop_at && e->iteration >= h->stop_at) h->stop = 1;
        break;
    case WU_EVENT_VALID:
        if (!h->valid++) h->first_valid = e->loss;
        h->last_valid = e->loss;
        break;
    case WU_EVENT_SAVED:
        h->saved++;
        break;
    case WU_EVENT_END:
        h->end++;
        h->stopped = e->stopped;
        break;
    }
}

static wu_train_options options(const bench *b, heard *h) {
    return (wu_train_options){.trainer = b->trainer,
                              .adapter = b->adapter,
                              .train = b->train,
                              .valid = b->valid,
                              .batch = 6,
                              .iters = 20,
                              .accumulate = 1,
                              .rate = 5e-3,
                              .steps_per_report = 5,
                              .steps_per_eval = 8,
                              .save_every = 8,
                              .val_batches = -1,
                              .on_event = hear,
                              .ctx = h,
                              .stop = &h->stop};
}

static int count_lines(const char *path) {
    wu_buf b = {0};
    wu_err err = {0};
    int n = 0;
    CHECK_OK(wu_read_file(&b, path, 1 << 20, &err), err);
    for (size_t i = 0; i < b.n; i++) n += b.p[i] == '\n';
    wu_buf_free(&b);
    return n;
}

static const char *in_dir(char *buf, const char *name) {
    assert_int_equal(wu_path_join(buf, WU_PATH_MAX, dir, name, NULL), WU_OK);
    return buf;
}

static void remove_file(const char *name) {
    char path[WU_PATH_MAX];
    assert_int_equal(unlink(in_dir(path, name)), 0);
}

static void a_run_learns_and_leaves_files(void **state) {
    (void)state;
    bench b;
    heard h = {0};
    char path[WU_PATH_MAX];
    wu_err err = {0};
    open_bench(&b, 1, 1024, WU_F32);
    wu_train_options o = options(&b, &h);
    o.adapter_path = dir;
    CHECK_OK(wu_train_run(&o, &err), err);
    assert_int_equal(h.train, 4);
    assert_int_equal(h.valid, 4); /* 0, 8, 16, 20 */
    assert_int_equal(h.saved, 3); /* 8, 16, 20 */
    assert_int_equal(h.end, 1);
    assert_false(h.stopped);
    assert_int_equal(count_lines(in_dir(path, "log.jsonl")), 12);
    const wu_adapter_dims dims = wu_model_dims(b.model);
    wu_adapter *back = NULL;
    CHECK_OK(wu_adapter_load(&back, dir, &dims, &err), err);
    assert_memory_equal(back->param, b.adapter->param, (size_t)back->n_param * sizeof(float));
    CHECK_OK(wu_adapter_read_file(back, in_dir(path, "0000008_adapters.safetensors"), &err), err);
    assert_memory_not_equal(back->param, b.adapter->param, (size_t)back->n_param * sizeof(float));
    wu_adapter_free(back);
    close_bench(&b);
    static const char *const left[] = {"log.jsonl", "adapter_config.json", "adapters.safetensors",
                                       "0000008_adapters.safetensors",
                                       "0000016_adapters.safetensors"};
    for (size_t i = 0; i < WU_LEN(left); i++) remove_file(left[i]);
}

static void stopping_saves(void **state) {
    (void)state;
    bench b;
    heard h = {.stop_at = 5};
    wu_err err = {0};
    open_bench(&b, 1, 1024, WU_F32);
    wu_train_options o = options(&b, &h);
    o.adapter_path = dir;
    assert_int_equal(wu_train_run(&o, &err), WU_ESTOPPED);
    assert_non_null(strstr(err.msg, "after iteration 5 of 20"));
    assert_non_null(strstr(err.msg, dir));
    assert_int_equal(h.saved, 1);
    assert_true(h.stopped);
    close_bench(&b);
    remove_file("log.jsonl");
    remove_file("adapter_config.json");
    remove_file("adapters.safetensors");
}

/* A stop that comes at once drops the validation and saves what there is. */
static void stopping_before_the_first_step(void **state) {
    (void)state;
    bench b;
    heard h = {.stop = 1};
    wu_err err = {0};
    open_bench(&b, 1, 1024, WU_F32);
    wu_train_options o = options(&b, &h);
    o.adapter_path = dir;
    assert_int_equal(wu_train_run(&o, &err), WU_ESTOPPED);
    assert_int_equal(h.valid, 0);
    assert_int_equal(h.train, 0);
    assert_int_equal(h.saved, 1);
    close_bench(&b);
    remove_file("log.jsonl");
    remove_file("adapter_config.json");
    remove_file("adapters.safetensors");
}

/* Accumulated iterations are averaged; an update that the end cuts short is of what there is. */
static void accumulation_averages(void **state) {
    (void)state;
    bench b;
    heard h = {0};
    wu_tally t = {0};
    wu_err err = {0};
    open_bench(&b, 1, 1024, WU_F32);
    wu_train_options o = options(&b, &h);
    o.order = WU_ORDER_FILE;
    o.iters = 3;
    o.accumulate = 2;
    CHECK_OK(wu_train_run(&o, &err), err);
    float *w = malloc((size_t)b.adapter->n_param * sizeof(*w));
    assert_non_null(w);
    memcpy(w, b.adapter->param, (size_t)b.adapter->n_param * sizeof(*w));
    close_bench(&b);
    open_bench(&b, 1, 1024, WU_F32);
    CHECK_OK(wu_trainer_add(b.trainer, b.train, all, 6, 0.5, &t, &err), err);
    CHECK_OK(wu_trainer_add(b.trainer, b.train, all + 6, 6, 0.5, &t, &err), err);
    wu_trainer_update(b.trainer, o.rate);
    CHECK_OK(wu_trainer_add(b.trainer, b.train, all, 6, 1.0, &t, &err), err);
    wu_trainer_update(b.trainer, o.rate);
    assert_memory_equal(w, b.adapter->param, (size_t)b.adapter->n_param * sizeof(*w));
    free(w);
    close_bench(&b);
}

static void threads_change_nothing(void **state) {
    (void)state;
    for (int precision = 0; precision < 2; precision++) {
        float *w = NULL;
        for (int threads = 1; threads <= 2; threads++) {
            bench b;
            heard h = {0};
            wu_err err = {0};
            open_bench(&b, threads, 200, precision ? WU_BF16 : WU_F32);
            wu_train_options o = options(&b, &h);
            o.iters = 4;
            o.valid = NULL;
            CHECK_OK(wu_train_run(&o, &err), err);
            const size_t bytes = (size_t)b.adapter->n_param * sizeof(*w);
            if (w)
                assert_memory_equal(w, b.adapter->param, bytes);
            else {
                w = malloc(bytes);
                assert_non_null(w);
                memcpy(w, b.adapter->param, bytes);
            }
            close_bench(&b);
        }
        free(w);
    }
}

static void a_step_allocates_nothing(void **state) {
    (void)state;
    bench b;
    wu_order *order = NULL;
    wu_err err = {0};
    open_bench(&b, 2, 200, WU_F32);
    CHECK_OK(wu_order_create(&order, b.train, WU_ORDER_CONVERSATIONS, 6, 0, &err), err);
    const int64_t before = alloc_count();
    assert_true(before > 0);
    alloc_forbid(true);
    for (int i = 0; i < 4; i++) {
        const int32_t *index = NULL;
        wu_tally t = {0};
        const int32_t n = wu_order_next(order, &index);
        CHECK_OK(wu_trainer_add(b.trainer, b.train, index, n, 1.0, &t, &err), err);
        wu_trainer_update(b.trainer, 1e-3);
        CHECK_OK(wu_trainer_measure(b.trainer, b.train, index, n, &t, &err), err);
    }
    alloc_forbid(false);
    assert_int_equal(alloc_count(), before);
    wu_order_free(order);
    close_bench(&b);
}

/* Each allocation of a trainer fails once; nothing leaks and nothing is left half made. */
static void memory_may_run_out(void **state) {
    (void)state;
    bench b;
    open_bench(&b, 1, 64, WU_F32);
    const wu_trainer_options o = {.model = b.model,
                                  .compute = b.compute,
                                  .adapter = b.adapter,
                                  .max_row = 64,
                                  .max_example = 4,
                                  .optimizer = wu_optimizer_defaults(WU_ADAMW)};
    wu_code rc = WU_ENOMEM;
    int failures = 0;
    for (; rc != WU_OK && failures < 100; failures++) {
        wu_trainer *t = NULL;
        wu_err err = {0};
        alloc_fail_after(failures);
        rc = wu_trainer_create(&t, &o, &err);
        alloc_fail_after(-1);
        if (rc == WU_OK) {
            wu_trainer_free(t);
            break;
        }
        assert_int_equal(rc, WU_ENOMEM);
        assert_null(t);
        assert_true(err.msg[0] != 0);
    }
    assert_int_equal(rc, WU_OK);
    assert_true(failures > 8);
    close_bench(&b);
}

static void plans_count_a_pass(void **state) {
    (void)state;
    bench b;
    wu_plan small = {0}, large = {0};
    wu_err err = {0};
    open_bench(&b, 1, 1024, WU_F32);
    CHECK_OK(wu_train_plan(&small, b.train, WU_ORDER_CONVERSATIONS, 1, 0, 1024, 12, &err), err);
    CHECK_OK(wu_train_plan(&large, b.train, WU_ORDER_CONVERSATIONS, 3, 0, 1024, 12, &err), err);
    assert_int_equal(small.iterations, 12);
    assert_int_equal(large.iterations, 4);
    assert_int_equal(small.token, small.row);
    assert_int_equal(small.token, large.token);
    assert_int_equal(large.target, 48);
    int64_t rows = 0;
    for (int32_t g = 0; g < 4; g++) {
        wu_tokens seq[3];
        for (int32_t q = 0; q < 3; q++) seq[q] = wu_dataset_tokens(b.train, 3 * g + q);
        rows += wu_forest_count(seq, 3, NULL);
    }
    assert_int_equal(large.row, rows);
    close_bench(&b);
}

static int set_up(void **state) {
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    return rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_change_nothing),
        cmocka_unit_test(targets_in_trunks_count_for_each),
        cmocka_unit_test(a_run_learns_and_leaves_files),
        cmocka_unit_test(stopping_saves),
        cmocka_unit_test(stopping_before_the_first_step),
        cmocka_unit_test(accumulation_averages),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(plans_count_a_pass),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
