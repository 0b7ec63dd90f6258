/* generate.c - the loop of forward, pick, push (generate.h). */
#include "decode/generate.h"

#include "base/arena.h"
#include "base/clock.h"

#include <stdlib.h>

typedef struct loop {
    wu_generation *g;
    wu_branch *branch;
    int n_branch, n_live;
    int32_t *live;        /* [n_live] branches that still write, in order */
    int32_t *want;        /* [n_live] their last rows */
    wu_sampler **sampler; /* [n_branch] */
    int32_t n_pick;       /* tokens that both the model and the tokenizer know */
    bool stopped;
} loop;

static int32_t longest_token(const wu_tokenizer *t, int32_t n) {
    size_t most = 4; /* a byte that is no character becomes three */
    for (int32_t i = 0; i < n; i++) {
        const size_t bytes = wu_tokenizer_bytes(t, i).n;
        if (bytes > most) most = bytes;
    }
    return (int32_t)WU_MIN(most, (size_t)1024);
}

/* Room for the whole answer, so that no step has to ask for memory. */
static wu_code reserve_text(loop *l, int32_t longest, wu_err *err) {
    for (int i = 0; i < l->n_branch; i++) {
        wu_branch *b = &l->branch[i];
        size_t bytes;
        if (b->max_tokens < 0)
            return wu_fail(err, WU_EARG, "answer of %d tokens, want 0 or more", b->max_tokens);
        if (!wu_mul_size(&bytes, (size_t)b->max_tokens, (size_t)longest) ||
            wu_buf_reserve(&b->text, bytes + 16))
            return wu_fail(err, WU_ENOMEM, "answer of %d tokens: out of memory", b->max_tokens);
    }
    return WU_OK;
}

static wu_code begin(loop *l, wu_err *err) {
    wu_generation *g = l->g;
    const int32_t n_token = wu_tokenizer_vocab(g->tokenizer)->n_token;
    const size_t n = (size_t)WU_MAX(l->n_branch, 1);
    wu_code rc;
    l->n_pick = WU_MIN(g->n_vocab, n_token);
    l->live = calloc(n, sizeof(*l->live));
    l->want = calloc(n, sizeof(*l->want));
    l->sampler = calloc(n, sizeof(*l->sampler));
    if (!l->live || !l->want || !l->sampler)
        return wu_fail(err, WU_ENOMEM, "branches: out of memory");
    for (int i = 0; i < l->n_branch; i++) {
        wu_branch *b = &l->branch[i];
        wu_sampling s = g->sampling;
        s.stream += (uint64_t)i;
        if ((rc = wu_sampler_create(&l->sampler[i], &s, l->n_pick, err))) return rc;
        b->n_tokens = 0;
        b->decoder = (wu_decoder){0};
        b->finish = b->max_tokens == 0 ? WU_FINISH_LENGTH : WU_FINISH_RUNNING;
        if (b->max_tokens != 0) l->live[l->n_live++] = i;
    }
    return reserve_text(l, longest_token(g->tokenizer, n_token), err);
}

static void end(loop *l) {
    for (int i = 0; l->sampler && i < l->n_branch; i++) wu_sampler_free(l->sampler[i]);
    free(l->sampler);
    free(l->want);
    free(l->live);
}

/* Hands on what became printable since byte `from`. */
static void tell(loop *l, int branch, size_t from) {
    const wu_buf *text = &l->branch[branch].text;
    const wu_str piece = {text->p ? text->p + from : "", text->n - from};
    if (l->g->on_text && !l->g->on_text(l->g->ctx, branch, piece)) l->stopped = true;
}

/* One branch takes its next token. */
static wu_code advance(loop *l, int branch, const float *logits, wu_err *err) {
    wu_branch *b = &l->branch[branch];
    const wu_tokenizer *t = l->g->tokenizer;
    const size_t from = b->text.n;
    const int32_t id = wu_sampler_pick(l->sampler[branch], logits, NULL);
    wu_code rc;
    if (id < 0) return wu_fail(err, WU_EFORMAT, "model: no logit is a number");
    if (wu_tokenizer_is_stop(t, id)) {
        b->finish = WU_FINISH_STOP;
    } else {
        b->n_tokens++;
        l->g->n_answer++;
        if (wu_decoder_push(&b->decoder, t, id, &b->text)) goto full;
        if (b->n_tokens == b->max_tokens) b->finish = WU_FINISH_LENGTH;
    }
    if (b->finish != WU_FINISH_RUNNING) {
        if (wu_decoder_finish(&b->decoder, &b->text)) goto full;
    } else if ((rc = wu_forest_push(wu_engine_forest(l->g->engine), b->seg, id, err))) {
        return rc;
    }
    tell(l, branch, from);
    return WU_OK;
full:
    return wu_fail(err, WU_ENOMEM, "answer: out of memory");
}

static wu_code step(loop *l, wu_err *err) {
    const wu_forest *f = wu_engine_forest(l->g->engine);
    const float *logits = NULL;
    wu_code rc;
    for (int k = 0; k < l->n_live; k++) {
        const wu_segment *s = &f->seg[l->branch[l->live[k]].seg];
        if (s->n_tok < 1)
            return wu_fail(err, WU_EARG, "branch %d: its segment is empty", l->live[k]);
        l->want[k] = s->row + s->n_tok - 1;
    }
    if ((rc = wu_engine_forward(l->g->engine, l->want, l->n_live, &logits, err))) return rc;
    int n = 0;
    for (int k = 0; k < l->n_live; k++) {
        const int i = l->live[k];
        if ((rc = advance(l, i, logits + (int64_t)k * l->g->n_vocab, err))) return rc;
        if (l->branch[i].finish == WU_FINISH_RUNNING) l->live[n++] = i;
    }
    l->n_live = n;
    return WU_OK;
}

static int32_t rows_to_do(const wu_forest *f) {
    int32_t n = 0;
    for (int32_t i = 0; i < f->n_seg; i++) n += f->seg[i].n_tok - f->seg[i].done;
    return n;
}

wu_code wu_generate(wu_generation *g, wu_branch *branch, int n_branch, wu_err *err) {
    loop l = {.g = g, .branch = branch, .n_branch = n_branch};
    wu_code rc;
    g->prompt_s = g->answer_s = 0.0;
    g->n_prompt = g->n_answer = 0;
    if ((rc = begin(&l, err))) goto done;
    g->n_prompt = rows_to_do(wu_engine_forest(g->engine));
    const double start = wu_clock_s();
    double first = start;
    for (int i = 0; l.n_live > 0 && !l.stopped; i++) {
        if ((rc = step(&l, err))) break;
        if (i == 0) first = wu_clock_s();
    }
    g->prompt_s = first - start;
    g->answer_s = wu_clock_s() - first;
done:
    end(&l);
    return rc;
}
