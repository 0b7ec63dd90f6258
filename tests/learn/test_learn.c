/* Learning, from text to loss, on the tiny model: ten steps give the recorded losses, eight
 * examples can be learned by heart, and the number of threads changes no bit. */
#include "near.h"

#include "base/file.h"
#include "formats/vocab.h"
#include "train/loop.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char model_dir[] = "tests/data/tiny-llama";
static char path[] = "/tmp/wu-learn-XXXXXX";

/* Two short conversations with four questions each. */
#define FIRST  "Agent: Hello, how can I help?\\nCustomer: My order has not arrived.\\n"
#define SECOND "Agent: Good morning.\\nCustomer: I want to cancel, the price is too high.\\n"
static const char examples[] =
    "{\"prompt\": \"" FIRST
    "Quality?\", \"completion\": \"{\\\"score\\\": 80}\", \"source_id\": \"a\"}\n"
    "{\"prompt\": \"" FIRST "Satisfied?\", \"completion\": \"no\", \"source_id\": \"a\"}\n"
    "{\"prompt\": \"" FIRST "Issue?\", \"completion\": \"delivery\", \"source_id\": \"a\"}\n"
    "{\"prompt\": \"" FIRST "Leaves?\", \"completion\": \"low\", \"source_id\": \"a\"}\n"
    "{\"prompt\": \"" SECOND
    "Score it.\", \"completion\": \"{\\\"score\\\": 35}\", \"source_id\": \"b\"}\n"
    "{\"prompt\": \"" SECOND "Happy?\", \"completion\": \"yes\", \"source_id\": \"b\"}\n"
    "{\"prompt\": \"" SECOND
    "What was it about?\", \"completion\": \"price\", \"source_id\": \"b\"}\n"
    "{\"prompt\": \"" SECOND "Risk?\", \"completion\": \"high\", \"source_id\": \"b\"}\n";

typedef struct learner {
    wu_tokenizer *tokenizer;
    wu_dataset *data;
    wu_model *model;
    wu_compute *compute;
    wu_adapter *adapter;
    wu_trainer *trainer;
} learner;

static void open_learner(learner *l, int threads, wu_dtype precision, wu_optimizer_kind kind) {
    wu_vocab *vocab = NULL;
    wu_err err = {0};
    memset(l, 0, sizeof(*l));
    CHECK_OK(wu_vocab_read(&vocab, model_dir, &err), err);
    CHECK_OK(wu_tokenizer_create(&l->tokenizer, vocab, &err), err);
    const wu_data_options d = {
        .tokenizer = l->tokenizer,
        .chat = wu_chat_detect(wu_tokenizer_vocab(l->tokenizer)->chat_template, l->tokenizer),
        .mask_prompt = true,
        .max_seq_length = 512};
    CHECK_OK(wu_dataset_read(&l->data, path, &d, &err), err);
    CHECK_OK(wu_model_load(&l->model, model_dir, &err), err);
    CHECK_OK(wu_compute_create(
                 &l->compute,
                 &(wu_compute_options){.n_thread = threads, .max_level = WU_N_LEVEL - 1}, &err),
             err);
    const wu_adapter_dims dims = wu_model_dims(l->model);
    CHECK_OK(wu_adapter_create(&l->adapter, &dims, &(wu_adapter_spec){.rank = 8, .scale = 20.0f}, 0,
                               &err),
             err);
    const wu_trainer_options o = {.model = l->model,
                                  .compute = l->compute,
                                  .adapter = l->adapter,
                                  .precision = precision,
                                  .max_row = 1024,
                                  .max_example = 8,
                                  .optimizer = wu_optimizer_defaults(kind)};
    CHECK_OK(wu_trainer_create(&l->trainer, &o, &err), err);
}

static void close_learner(learner *l) {
    wu_trainer_free(l->trainer);
    wu_adapter_free(l->adapter);
    wu_compute_free(l->compute);
    wu_model_free(l->model);
    wu_dataset_free(l->data);
    wu_tokenizer_free(l->tokenizer);
}

/* n steps of batch 4; losses (may be NULL) of each. */
static void learn(const learner *l, int n, double rate, double *losses) {
    wu_order *order = NULL;
    wu_err err = {0};
    CHECK_OK(wu_order_create(&order, l->data, WU_ORDER_CONVERSATIONS, 4, 0, &err), err);
    for (int i = 0; i < n; i++) {
        const int32_t *index = NULL;
        wu_tally t = {0};
        const int32_t k = wu_order_next(order, &index);
        CHECK_OK(wu_trainer_add(l->trainer, l->data, index, k, 1.0, &t, &err), err);
        wu_trainer_update(l->trainer, rate);
        if (losses) losses[i] = t.loss / t.weight;
    }
    wu_order_free(order);
}

static double loss_of_all(const learner *l) {
    const int32_t all[] = {0, 1, 2, 3, 4, 5, 6, 7};
    wu_tally t = {0};
    wu_err err = {0};
    CHECK_OK(wu_trainer_measure(l->trainer, l->data, all, 8, &t, &err), err);
    return t.loss / t.weight;
}

/* The least likely target: below log 2, greedy decoding would write every answer. */
static float worst_of_all(const learner *l) {
    float worst = 0.0f;
    for (int32_t i = 0; i < l->data->n; i++) {
        wu_tally t = {0};
        wu_err err = {0};
        CHECK_OK(wu_trainer_measure(l->trainer, l->data, &i, 1, &t, &err), err);
        const float *nll = wu_engine_nll(wu_trainer_engine(l->trainer));
        for (int64_t k = 0; k < t.target; k++) worst = fmaxf(worst, nll[k]);
    }
    return worst;
}

/* Recorded from the portable kernels in f32; a difference is a change of data, order, start,
 * gradient or optimizer. */
static void ten_steps_as_recorded(void **state) {
    (void)state;
    static const double want[10] = {7.922194, 7.000830, 4.902419, 4.838554, 3.683509,
                                    3.428307, 2.657600, 2.331923, 1.777276, 1.931086};
    double got[10];
    learner l;
    open_learner(&l, 1, WU_F32, WU_ADAM);
    assert_int_equal(l.data->n_group, 2);
    learn(&l, 10, 1e-3, got);
    for (int i = 0; i < 10; i++) CHECK_NEAR(got[i], want[i], 2e-5);
    close_learner(&l);
}

static void eight_examples_by_heart(void **state) {
    (void)state;
    for (int precision = 0; precision < 2; precision++) {
        learner l;
        open_learner(&l, 2, precision ? WU_BF16 : WU_F32, WU_ADAMW);
        const double before = loss_of_all(&l);
        learn(&l, 200, 2e-3, NULL);
        learn(&l, 60, 4e-4, NULL); /* at the first rate the loss still jumps about */
        const double after = loss_of_all(&l);
        print_message("loss of eight examples: %.4f, then %.4f\n", before, after);
        assert_true(before > 2.0);
        assert_true(after < 0.1); /* the tiny model's logits cannot become larger */
        assert_true(worst_of_all(&l) < 0.69f);
        close_learner(&l);
    }
}

static void threads_change_no_bit(void **state) {
    (void)state;
    learner one, two;
    for (int precision = 0; precision < 2; precision++) {
        open_learner(&one, 1, precision ? WU_BF16 : WU_F32, WU_ADAMW);
        open_learner(&two, 2, precision ? WU_BF16 : WU_F32, WU_ADAMW);
        learn(&one, 6, 1e-3, NULL);
        learn(&two, 6, 1e-3, NULL);
        assert_memory_equal(one.adapter->param, two.adapter->param,
                            (size_t)one.adapter->n_param * sizeof(float));
        close_learner(&one);
        close_learner(&two);
    }
}

static int set_up(void **state) {
    (void)state;
    wu_err err = {0};
    const int fd = mkstemp(path);
    if (fd < 0 || close(fd)) return -1;
    return wu_write_file(path, examples, strlen(examples), &err) ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    return unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_steps_as_recorded),
        cmocka_unit_test(eight_examples_by_heart),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
