/* synth.c - one simulated call, and its six examples (synth.h). */
#include "contact/synth.h"

#include "contact/synth_impl.h"

static void drop_answers(wu_synth_call *c) {
    for (int i = 0; i < WU_N_TASK; i++) {
        wu_json_free(c->answer[i]);
        c->answer[i] = NULL;
    }
}

/* Which of three parts of nature's distribution a score is in. */
static int third(int32_t score, int32_t lower, int32_t upper) {
    return score < lower ? 0 : score < upper ? 1 : 2;
}

/* Draws the causes of a call; returns the index that its words are drawn with. Flat: indices far
 * from all others are tried until the call falls into the cell of its index, one of nine. The
 * rarest cell has about one call in thirty. */
static uint64_t draw(wu_latent *l, const wu_synth_options *o, uint64_t index) {
    enum { TRIES = 1000 };
    wu_synth_draw(l, o->seed, index);
    uint64_t at = index;
    for (uint64_t i = 1; o->flat && i < TRIES; i++) {
        const int cell = 3 * third(l->quality, 56, 76) + third(l->csat100, 59, 77);
        if ((uint64_t)cell == index % 9) break;
        at = index + (i << 40);
        wu_synth_draw(l, o->seed, at);
    }
    return at;
}

wu_code wu_synth_make(wu_synth_call *out, const wu_synth_options *o, uint64_t index, wu_err *err) {
    wu_code rc = WU_OK;
    drop_answers(out);
    wu_buf_clear(&out->context);
    wu_buf_clear(&out->text);
    const uint64_t at = draw(&out->latent, o, index);
    wu_rng surface = wu_synth_rng(o->seed, at, WU_STREAM_SURFACE);
    wu_rng context = wu_synth_rng(o->seed, at, WU_STREAM_CONTEXT);
    if (wu_rng_unit(&context) < o->context)
        rc = wu_synth_context(&out->context, &out->latent, &context);
    if (!rc) rc = wu_synth_talk(&out->text, &out->latent, &surface);
    for (int i = 0; !rc && i < WU_N_TASK; i++)
        rc = wu_synth_answer(&out->answer[i], &out->latent, (wu_task_id)i, &surface);
    return rc ? wu_fail(err, rc, "call %llu: out of memory", (unsigned long long)index) : WU_OK;
}

void wu_synth_free(wu_synth_call *c) {
    if (!c) return;
    drop_answers(c);
    wu_buf_free(&c->context);
    wu_buf_free(&c->text);
}

static wu_code example(wu_buf *out, const wu_synth_call *c, const wu_task *t,
                       const char *source_id) {
    wu_buf prompt = {0}, completion = {0};
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    if (!rc)
        rc = wu_prompt_render(&prompt, t, WU_CONTEXT_FIRST, wu_buf_view(&c->context),
                              wu_buf_view(&c->text));
    if (!rc) rc = wu_json_write(&completion, c->answer[t->id], WU_JSON_SPACED);
    if (!rc) rc = wu_json_set(o, "prompt", wu_json_new_str(wu_buf_view(&prompt)));
    if (!rc) rc = wu_json_set(o, "completion", wu_json_new_str(wu_buf_view(&completion)));
    if (!rc) rc = wu_json_set(o, "task_type", wu_json_new_str(wu_str_of(t->name)));
    if (!rc) rc = wu_json_set(o, "source_id", wu_json_new_str(wu_str_of(source_id)));
    if (!rc) rc = wu_json_write(out, o, WU_JSON_COMPACT);
    if (!rc) rc = wu_buf_char(out, '\n');
    wu_json_free(o);
    wu_buf_free(&completion);
    wu_buf_free(&prompt);
    return rc;
}

wu_code wu_synth_examples(wu_buf *out, const wu_synth_call *c, const char *source_id) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < WU_N_TASK; i++) rc = example(out, c, &wu_tasks[i], source_id);
    return rc;
}
