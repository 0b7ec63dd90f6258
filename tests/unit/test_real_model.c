/* SmolLM2-135M-Instruct itself, without goldens: known losses, an answer that everybody knows,
 * six branches against six separate prompts, a few steps of training, no allocation at work. */
#include "alloc_hook.h"
#include "decode/generate.h"
#include "engines.h"
#include "formats/vocab.h"
#include "text/chat.h"
#include "train/trainer.h"

typedef struct real {
    wu_compute *c;
    wu_model *m;
    wu_tokenizer *tok;
    wu_chat chat;
} real;

static real open_real(void) {
    real r = {0};
    wu_err err = {0};
    wu_vocab *vocab;
    need_model();
    CHECK_OK(wu_compute_create(&r.c, &(wu_compute_options){.max_level = WU_N_LEVEL - 1}, &err),
             err);
    CHECK_OK(wu_model_load(&r.m, model_path(), &err), err);
    CHECK_OK(wu_vocab_read(&vocab, model_path(), &err), err);
    CHECK_OK(wu_tokenizer_create(&r.tok, vocab, &err), err);
    r.chat = wu_chat_detect(wu_tokenizer_vocab(r.tok)->chat_template, r.tok);
    assert_int_equal(r.chat, WU_CHAT_SMOLLM2);
    return r;
}

static void close_real(real *r) {
    wu_tokenizer_free(r->tok);
    wu_model_free(r->m);
    wu_compute_free(r->c);
}

static wu_engine *make_engine(const real *r, wu_dtype precision, int32_t rows) {
    const wu_engine_options o = {
        .model = r->m, .compute = r->c, .precision = precision, .max_row = rows, .max_seg = 16};
    wu_engine *e;
    wu_err err = {0};
    CHECK_OK(wu_engine_create(&e, &o, &err), err);
    return e;
}

static void ask(const real *r, const char *question, wu_ids *ids) {
    const wu_message msg = {WU_ROLE_USER, wu_str_of(question)};
    wu_err err = {0};
    CHECK_OK(wu_chat_encode(r->chat, r->tok, &msg, 1, true, ids, NULL, &err), err);
}

/* Losses of ten tokens as transformers gives them in f64 for these weights. */
static void losses_are_those_of_the_original(void **state) {
    (void)state;
    static const int32_t id[] = {504, 7742, 1217, 563, 253, 3008, 7037, 30, 378, 7997};
    static const double want[] = {14.009323, 10.348421, 5.994864, 1.952092, 7.256111,
                                  4.81022,   1.740703,  1.487603, 7.459467};
    real r = open_real();
    for (int precision = 0; precision < 2; precision++) {
        wu_engine *e = make_engine(&r, precision ? WU_BF16 : WU_F32, 16);
        wu_target target[9];
        wu_err err = {0};
        double loss;
        add_root(e, id, 10, 0);
        for (int32_t i = 0; i < 9; i++) target[i] = (wu_target){i, id[i + 1], 1.0f};
        CHECK_OK(wu_engine_loss(e, target, 9, 1.0, NULL, &loss, &err), err);
        for (int i = 0; i < 9; i++)
            assert_true(fabs((double)wu_engine_nll(e)[i] - want[i]) <
                        (precision ? 0.4 : TOL_NLL_SMOL));
        wu_engine_free(e);
    }
    close_real(&r);
}

/* Mean loss of an answer to a question. */
static double answer_loss(const real *r, wu_dtype precision, const char *question,
                          const char *answer) {
    const wu_message msg[] = {{WU_ROLE_USER, wu_str_of(question)},
                              {WU_ROLE_ASSISTANT, wu_str_of(answer)}};
    wu_engine *e = make_engine(r, precision, 128);
    wu_ids ids = {0};
    wu_target target[128];
    wu_err err = {0};
    int32_t first, n = 0;
    double loss;
    CHECK_OK(wu_chat_encode(r->chat, r->tok, msg, 2, false, &ids, &first, &err), err);
    assert_in_range(ids.n, 1, 128);
    add_root(e, ids.id, ids.n, 0);
    for (int32_t i = first; i < ids.n; i++) target[n++] = (wu_target){i - 1, ids.id[i], 1.0f};
    CHECK_OK(wu_engine_loss(e, target, n, 1.0, NULL, &loss, &err), err);
    wu_ids_free(&ids);
    wu_engine_free(e);
    return loss / n;
}

/* The first word is nearly a tie, so only f32 has to write this text; bf16 has to find it as
 * likely. */
static void it_knows_the_capital_of_france(void **state) {
    (void)state;
    static const char question_text[] = "What is the capital of France?";
    static const char answer[] = "The capital of France is Paris.";
    real r = open_real();
    wu_ids ids = {0};
    ask(&r, question_text, &ids);
    wu_engine *e = make_engine(&r, WU_F32, ids.n + 24);
    wu_branch b = {.seg = add_root(e, ids.id, ids.n, ids.n + 24), .max_tokens = 24};
    wu_generation g = {.engine = e, .tokenizer = r.tok, .n_vocab = r.m->config.n_vocab};
    wu_err err = {0};
    CHECK_OK(wu_generate(&g, &b, 1, &err), err);
    assert_int_equal(b.finish, WU_FINISH_STOP);
    assert_string_equal(b.text.p, answer);
    const double exact = answer_loss(&r, WU_F32, question_text, answer);
    const double near = answer_loss(&r, WU_BF16, question_text, answer);
    if (!(fabs(near - exact) < 0.05)) fail_msg("loss %g in bf16, %g in f32", near, exact);
    wu_buf_free(&b.text);
    wu_ids_free(&ids);
    wu_engine_free(e);
    close_real(&r);
}

static const char call[] =
    "Agent: Thank you for calling, how can I help?\nCustomer: I was charged twice for the same "
    "order.\n"
    "Agent: I am sorry about that. I see both charges and have just returned one of them.\n"
    "Customer: Great, thank you.\n\n";
static const char *const question[] = {"Was the problem solved? Answer in one word.",
                                       "Who called?",
                                       "What is the category of this issue?",
                                       "How satisfied is the customer?",
                                       "What should the agent do better?",
                                       "Summarise the conversation in one sentence."};
enum { N_QUESTION = 6 };

static void ask_all(const real *r, wu_ids *ids, wu_tokens *seq, int32_t grow) {
    for (int i = 0; i < N_QUESTION; i++) {
        char text[1024];
        snprintf(text, sizeof(text), "%s%s", call, question[i]);
        ask(r, text, &ids[i]);
        seq[i] = (wu_tokens){ids[i].id, ids[i].n, grow ? ids[i].n + grow : 0};
    }
}

/* Last logits of each prompt: six separate roots, then one trunk with six branches. */
static void six_branches_answer_as_six_prompts(void **state) {
    (void)state;
    real r = open_real();
    wu_ids ids[N_QUESTION] = {{0}};
    wu_tokens seq[N_QUESTION];
    ask_all(&r, ids, seq, 0);
    wu_engine *e = make_engine(&r, WU_F32, 1024);
    const int32_t vocab = r.m->config.n_vocab;
    float *apart = malloc(sizeof(*apart) * (size_t)vocab * N_QUESTION);
    int32_t leaf[N_QUESTION], want[N_QUESTION];
    const float *logits;
    wu_err err = {0};
    for (int i = 0; i < N_QUESTION; i++) {
        wu_engine_clear(e);
        add_root(e, ids[i].id, ids[i].n, 0);
        want[0] = ids[i].n - 1;
        CHECK_OK(wu_engine_forward(e, want, 1, &logits, &err), err);
        memcpy(apart + (int64_t)i * vocab, logits, (size_t)vocab * sizeof(*apart));
    }
    wu_engine_clear(e);
    wu_forest *f = wu_engine_forest(e);
    CHECK_OK(wu_forest_merge(f, seq, N_QUESTION, leaf, &err), err);
    assert_true(f->n_row < 2 * ids[0].n);
    for (int i = 0; i < N_QUESTION; i++) want[i] = wu_forest_row(f, leaf[i], ids[i].n - 1);
    CHECK_OK(wu_engine_forward(e, want, N_QUESTION, &logits, &err), err);
    assert_true(max_diff(logits, apart, (int64_t)vocab * N_QUESTION) <= TOL_LOGITS_SMOL);
    free(apart);
    for (int i = 0; i < N_QUESTION; i++) wu_ids_free(&ids[i]);
    wu_engine_free(e);
    close_real(&r);
}

/* From the second step on, decoding six branches calls no malloc. */
static void a_decode_step_does_not_allocate(void **state) {
    (void)state;
    real r = open_real();
    wu_ids ids[N_QUESTION] = {{0}};
    wu_tokens seq[N_QUESTION];
    ask_all(&r, ids, seq, 16);
    wu_engine *e = make_engine(&r, WU_BF16, 1024);
    wu_forest *f = wu_engine_forest(e);
    int32_t leaf[N_QUESTION], want[N_QUESTION];
    wu_err err = {0};
    CHECK_OK(wu_forest_merge(f, seq, N_QUESTION, leaf, &err), err);
    const float *logits;
    int64_t before = 0;
    for (int step = 0; step < 8; step++) {
        if (step == 1) before = alloc_count();
        for (int i = 0; i < N_QUESTION; i++)
            want[i] = f->seg[leaf[i]].row + f->seg[leaf[i]].n_tok - 1;
        CHECK_OK(wu_engine_forward(e, want, N_QUESTION, &logits, &err), err);
        for (int i = 0; i < N_QUESTION; i++)
            CHECK_OK(wu_forest_push(f, leaf[i], 100 + step, &err), err);
    }
    assert_int_equal(alloc_count() - before, 0);
    for (int i = 0; i < N_QUESTION; i++) wu_ids_free(&ids[i]);
    wu_engine_free(e);
    close_real(&r);
}

/* Six examples of one call, AdamW: the loss falls, nothing is allocated after the first step. */
static void training_lowers_the_loss(void **state) {
    (void)state;
    real r = open_real();
    wu_err err = {0};
    wu_adapter *ad;
    wu_dataset *d;
    wu_trainer *t;
    const wu_adapter_dims dims = wu_model_dims(r.m);
    CHECK_OK(wu_adapter_create(&ad, &dims, &(wu_adapter_spec){8, 20.0f, 16, 0}, 0, &err), err);
    CHECK_OK(wu_dataset_create(&d, NULL, &err), err);
    for (int i = 0; i < N_QUESTION; i++) {
        char text[1024], answer[64];
        snprintf(text, sizeof(text), "%s%s", call, question[i]);
        snprintf(answer, sizeof(answer), "{\"answer\": \"number %d\"}", i);
        const wu_message msg[] = {{WU_ROLE_USER, wu_str_of(text)},
                                  {WU_ROLE_ASSISTANT, wu_str_of(answer)}};
        wu_ids ids = {0};
        wu_example ex = {.after = WU_NO_TOKEN, .weight = 1.0f};
        CHECK_OK(wu_chat_encode(r.chat, r.tok, msg, 2, false, &ids, &ex.answer, &err), err);
        ex.n_tok = ids.n;
        CHECK_OK(wu_dataset_add(d, ids.id, &ex, &err), err);
        wu_ids_free(&ids);
    }
    const wu_trainer_options o = {.model = r.m,
                                  .compute = r.c,
                                  .adapter = ad,
                                  .precision = WU_BF16,
                                  .max_row = 512,
                                  .max_example = N_QUESTION,
                                  .optimizer = wu_optimizer_defaults(WU_ADAMW)};
    CHECK_OK(wu_trainer_create(&t, &o, &err), err);
    const int32_t index[] = {0, 1, 2, 3, 4, 5};
    double first = 0.0, last = 0.0;
    int64_t before = 0;
    for (int step = 0; step < 6; step++) {
        wu_tally tally = {0};
        if (step == 1) before = alloc_count();
        CHECK_OK(wu_trainer_add(t, d, index, N_QUESTION, 1.0, &tally, &err), err);
        wu_trainer_update(t, 2e-4);
        last = tally.loss / tally.weight;
        if (!step) first = last;
        assert_true(tally.row * 2 < tally.token); /* the call is computed once */
    }
    assert_int_equal(alloc_count() - before, 0);
    if (!(last < 0.5 * first)) fail_msg("the loss went from %g to %g", first, last);
    wu_trainer_free(t);
    wu_dataset_free(d);
    wu_adapter_free(ad);
    close_real(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_the_original),
        cmocka_unit_test(it_knows_the_capital_of_france),
        cmocka_unit_test(six_branches_answer_as_six_prompts),
        cmocka_unit_test(a_decode_step_does_not_allocate),
        cmocka_unit_test(training_lowers_the_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
