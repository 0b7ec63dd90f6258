/* Branches that grow together write what each would write alone, and stop when they should. */
#include "alloc_hook.h"
#include "engines.h"
#include "toy_vocab.h"

#include "decode/generate.h"

#include <string.h>

enum { VOCAB = 300, ROWS = 400, LENGTH = 12, N_PROMPT = 4 };

static const char *const model = "tests/data/tiny-llama";

/* 256 bytes and 44 words; the ids in stop (-1 ends them) stop. */
static wu_tokenizer *toy(const int32_t *stop) {
    wu_vocab *v = toy_bytes(WU_PRESPLIT_GPT2);
    wu_tokenizer *t = NULL;
    wu_err err = {0};
    char word[16];
    while (v->n_token < VOCAB) {
        snprintf(word, sizeof(word), " w%d", v->n_token);
        toy_add(v, word, WU_TOKEN_NORMAL);
    }
    for (; *stop >= 0; stop++) v->stop[v->n_stop++] = *stop;
    CHECK_OK(wu_tokenizer_create(&t, v, &err), err);
    return t;
}

static const int32_t never[] = {-1};

static bench_engine open_tiny(void) {
    const wu_engine_options o = {.precision = WU_F32, .max_row = ROWS, .max_seg = 32};
    return open_engine(model, NULL, o, 2);
}

/* Four prompts, of which the first three share a beginning. */
static int32_t prompts(int32_t id[N_PROMPT][16], wu_tokens *seq) {
    for (int i = 0; i < N_PROMPT; i++) {
        const int32_t n = 9 + i;
        for (int32_t k = 0; k < n; k++)
            id[i][k] = 40 + (k * 37 + (k > 5 || i == 3 ? i * 11 : 0)) % 200;
        seq[i] = (wu_tokens){id[i], n, n + LENGTH};
    }
    return N_PROMPT;
}

/* Writes from all prompts together. */
static void generate(bench_engine *b, wu_generation *g, wu_branch *branch,
                     const int32_t *max_tokens) {
    int32_t id[N_PROMPT][16], leaf[N_PROMPT];
    wu_tokens seq[N_PROMPT];
    wu_err err = {0};
    const int32_t n = prompts(id, seq);
    wu_engine_clear(b->engine);
    CHECK_OK(wu_forest_merge(wu_engine_forest(b->engine), seq, n, leaf, &err), err);
    for (int i = 0; i < n; i++) {
        branch[i] = (wu_branch){.seg = leaf[i], .max_tokens = max_tokens ? max_tokens[i] : LENGTH};
    }
    g->engine = b->engine;
    g->n_vocab = VOCAB;
    CHECK_OK(wu_generate(g, branch, n, &err), err);
}

static void free_texts(wu_branch *branch) {
    for (int i = 0; i < N_PROMPT; i++) wu_buf_free(&branch[i].text);
}

static int32_t largest(const float *v) {
    int32_t best = 0;
    for (int32_t i = 1; i < VOCAB; i++)
        if (v[i] > v[best]) best = i;
    return best;
}

/* The ids that greedy choice gives when everything is evaluated anew for each token. */
static void slowly(bench_engine *b, wu_tokens seq, int32_t *out) {
    int32_t id[64];
    wu_err err = {0};
    memcpy(id, seq.id, (size_t)seq.n_tok * sizeof(*id));
    for (int32_t k = 0; k < LENGTH; k++) {
        const float *logits = NULL;
        wu_engine_clear(b->engine);
        const int32_t seg = add_root(b->engine, id, seq.n_tok + k, 0);
        const int32_t row = wu_forest_row(wu_engine_forest(b->engine), seg, seq.n_tok + k - 1);
        CHECK_OK(wu_engine_forward(b->engine, &row, 1, &logits, &err), err);
        out[k] = id[seq.n_tok + k] = largest(logits);
    }
}

static void branches_write_what_each_would_alone(void **state) {
    (void)state;
    wu_tokenizer *t = toy(never);
    bench_engine b = open_tiny();
    wu_generation g = {.tokenizer = t};
    wu_branch branch[N_PROMPT];
    int32_t id[N_PROMPT][16], want[LENGTH];
    wu_tokens seq[N_PROMPT];
    generate(&b, &g, branch, NULL);
    assert_int_equal(g.n_answer, N_PROMPT * LENGTH);
    assert_in_range(g.n_prompt, 20, 9 + 10 + 11 + 12 - 1);
    assert_true(g.prompt_s > 0.0 && g.answer_s > 0.0);
    prompts(id, seq);
    for (int i = 0; i < N_PROMPT; i++) {
        wu_buf text = {0};
        slowly(&b, seq[i], want);
        assert_int_equal(wu_tokenizer_decode(t, want, LENGTH, false, &text), WU_OK);
        assert_string_equal(branch[i].text.p, text.p);
        assert_int_equal(branch[i].n_tokens, LENGTH);
        assert_int_equal(branch[i].finish, WU_FINISH_LENGTH);
        wu_buf_free(&text);
    }
    free_texts(branch);
    close_engine(&b);
    wu_tokenizer_free(t);
}

static void a_stop_token_ends_its_branch_only(void **state) {
    (void)state;
    bench_engine b = open_tiny();
    int32_t id[N_PROMPT][16], want[LENGTH], stop[2] = {-1, -1};
    wu_tokens seq[N_PROMPT];
    prompts(id, seq);
    slowly(&b, seq[2], want);
    stop[0] = want[3];
    int32_t first = 0; /* where the stop token comes first */
    while (want[first] != stop[0]) first++;
    wu_tokenizer *t = toy(stop);
    wu_generation g = {.tokenizer = t};
    wu_branch branch[N_PROMPT];
    generate(&b, &g, branch, NULL);
    assert_int_equal(branch[2].finish, WU_FINISH_STOP);
    assert_int_equal(branch[2].n_tokens, first);
    for (int i = 0; i < N_PROMPT; i++) {
        wu_buf text = {0};
        slowly(&b, seq[i], want);
        int32_t n = 0;
        while (n < LENGTH && want[n] != stop[0]) n++;
        assert_int_equal(wu_tokenizer_decode(t, want, n, false, &text), WU_OK);
        assert_int_equal(branch[i].n_tokens, n);
        if (n) assert_string_equal(branch[i].text.p, text.p);
        wu_buf_free(&text);
    }
    free_texts(branch);
    close_engine(&b);
    wu_tokenizer_free(t);
}

static void each_branch_has_its_own_length(void **state) {
    (void)state;
    static const int32_t length[N_PROMPT] = {0, 1, 5, LENGTH};
    wu_tokenizer *t = toy(never);
    bench_engine b = open_tiny();
    wu_generation g = {.tokenizer = t, .sampling = {.temperature = 1.0f, .seed = 3}};
    wu_branch all[N_PROMPT], some[N_PROMPT];
    generate(&b, &g, all, NULL);
    generate(&b, &g, some, length);
    for (int i = 0; i < N_PROMPT; i++) {
        assert_int_equal(some[i].n_tokens, length[i]);
        assert_int_equal(some[i].finish, WU_FINISH_LENGTH);
        /* drawn from random numbers of its own: a beginning of what it wrote before */
        assert_memory_equal(some[i].text.p, all[i].text.p,
                            some[i].n_tokens > 1 ? some[i].n_tokens - 1 : 0);
    }
    free_texts(all);
    free_texts(some);
    close_engine(&b);
    wu_tokenizer_free(t);
}

typedef struct listener {
    wu_buf heard[N_PROMPT];
    int calls, stop_after; /* 0: never */
    bool forbid;
} listener;

static bool listen(void *ctx, int branch, wu_str piece) {
    listener *l = ctx;
    if (l->forbid) alloc_forbid(false);
    assert_int_equal(wu_buf_add(&l->heard[branch], piece.p, piece.n), WU_OK);
    if (l->forbid) alloc_forbid(true); /* from the first step on */
    l->calls++;
    return l->calls != l->stop_after;
}

static void free_listener(listener *l) {
    for (int i = 0; i < N_PROMPT; i++) wu_buf_free(&l->heard[i]);
}

static void the_pieces_make_the_text(void **state) {
    (void)state;
    wu_tokenizer *t = toy(never);
    bench_engine b = open_tiny();
    listener l = {0};
    wu_generation g = {
        .tokenizer = t, .sampling = {.temperature = 1.5f, .seed = 8}, .on_text = listen, .ctx = &l};
    wu_branch branch[N_PROMPT];
    generate(&b, &g, branch, NULL);
    for (int i = 0; i < N_PROMPT; i++) assert_string_equal(l.heard[i].p, branch[i].text.p);
    assert_int_equal(l.calls, N_PROMPT * LENGTH);
    free_texts(branch);
    free_listener(&l);
    close_engine(&b);
    wu_tokenizer_free(t);
}

static void a_listener_can_stop_everything(void **state) {
    (void)state;
    wu_tokenizer *t = toy(never);
    bench_engine b = open_tiny();
    listener l = {.stop_after = N_PROMPT + 1};
    wu_generation g = {.tokenizer = t, .on_text = listen, .ctx = &l};
    wu_branch branch[N_PROMPT];
    generate(&b, &g, branch, NULL);
    for (int i = 0; i < N_PROMPT; i++) {
        assert_int_equal(branch[i].finish, WU_FINISH_RUNNING);
        assert_int_equal(branch[i].n_tokens, 2);
    }
    free_texts(branch);
    free_listener(&l);
    close_engine(&b);
    wu_tokenizer_free(t);
}

static void steps_do_not_allocate(void **state) {
    (void)state;
    for (int sampled = 0; sampled < 2; sampled++) {
        wu_tokenizer *t = toy(never);
        bench_engine b = open_tiny();
        listener l = {.forbid = true};
        wu_generation g = {.tokenizer = t, .on_text = listen, .ctx = &l};
        if (sampled)
            g.sampling =
                (wu_sampling){.temperature = 0.8f, .top_p = 0.9f, .top_k = 20, .min_p = 0.01f};
        wu_branch branch[N_PROMPT];
        generate(&b, &g, branch, NULL);
        alloc_forbid(false);
        free_texts(branch);
        free_listener(&l);
        close_engine(&b);
        wu_tokenizer_free(t);
    }
}

/* The n-th allocation fails, for every n: ENOMEM, and nothing is lost (the sanitizers look). */
static void memory_may_run_out(void **state) {
    (void)state;
    wu_tokenizer *t = toy(never);
    bench_engine b = open_tiny();
    const int32_t id[3] = {50, 60, 70};
    for (int64_t n = 0;; n++) {
        wu_generation g = {.tokenizer = t,
                           .engine = b.engine,
                           .n_vocab = VOCAB,
                           .sampling = {.temperature = 1.0f}};
        wu_branch branch = {.max_tokens = 3};
        wu_err err = {0};
        wu_engine_clear(b.engine);
        branch.seg = add_root(b.engine, id, 3, 6);
        alloc_fail_after(n);
        const wu_code rc = wu_generate(&g, &branch, 1, &err);
        alloc_fail_after(-1);
        wu_buf_free(&branch.text);
        if (rc == WU_OK) {
            assert_in_range(n, 5, 10);
            break;
        }
        assert_int_equal(rc, WU_ENOMEM);
    }
    close_engine(&b);
    wu_tokenizer_free(t);
}

static void wrong_calls_are_refused(void **state) {
    (void)state;
    wu_tokenizer *t = toy(never);
    bench_engine b = open_tiny();
    wu_generation g = {.tokenizer = t, .engine = b.engine, .n_vocab = VOCAB};
    const int32_t id[3] = {50, 60, 70};
    wu_branch branch = {.seg = add_root(b.engine, id, 3, 4), .max_tokens = -1};
    wu_err err = {0};
    assert_int_equal(wu_generate(&g, &branch, 1, &err), WU_EARG);
    branch.max_tokens = 3; /* one row is free, two are needed */
    assert_int_equal(wu_generate(&g, &branch, 1, &err), WU_ENOMEM);
    g.sampling.top_p = 2.0f;
    assert_int_equal(wu_generate(&g, &branch, 1, &err), WU_EARG);
    g.sampling.top_p = 0.0f;
    CHECK_OK(wu_generate(&g, NULL, 0, &err), err);
    wu_buf_free(&branch.text);
    close_engine(&b);
    wu_tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(branches_write_what_each_would_alone),
        cmocka_unit_test(a_stop_token_ends_its_branch_only),
        cmocka_unit_test(each_branch_has_its_own_length),
        cmocka_unit_test(the_pieces_make_the_text),
        cmocka_unit_test(a_listener_can_stop_everything),
        cmocka_unit_test(steps_do_not_allocate),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(wrong_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
