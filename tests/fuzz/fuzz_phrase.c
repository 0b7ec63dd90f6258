/* Any bytes as a phrase of the simulator: what compiles can be said, and the words are text. */
#include "contact/synth/frames.h"
#include "contact/synth/speak.h"
#include "text/utf8.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
}

static void say(const wu_language *l, const wu_frame *f, bool is_text) {
    static const wu_frame some = {.code = {"so", 2}};
    wu_values v = {.used = 0};
    wu_issue issue = {.topic = 0};
    for (int i = 0; i < WU_N_SLOT; i++) v.slot[i] = WU_STR("word");
    for (int i = 0; i < WU_N_ISSUE_KEY; i++) issue.text[i] = (wu_frames){&some, 1};
    for (uint64_t seed = 0; seed < 4; seed++) {
        wu_rng r = wu_rng_init(seed, 0);
        wu_buf out = {0};
        must(wu_frame_speak(&out, l, &v, &issue, 0, f->code, &r) == WU_OK);
        for (size_t i = 0; i < out.n; i++) must((unsigned char)out.p[i] >= 32);
        must(!is_text || wu_utf8_valid(wu_buf_view(&out)));
        wu_buf_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static wu_str name = {"@sub", 4};
    wu_frame inner = {.code = {"and so", 6}}, f;
    wu_frames sub = {&inner, 1};
    wu_language l = {.sub = &sub, .sub_name = &name, .n_sub = 1};
    const wu_section section = {.name = WU_STR("a.greet"), .at = 1};
    const wu_frame_at at = {"acts.txt", &section, 1};
    const wu_str text = {(const char *)p, n};
    if (wu_frame_compile(&f, &l, text, true, &at, NULL) == WU_OK) say(&l, &f, wu_utf8_valid(text));
    wu_arena_free(&l.arena);
    return 0;
}
