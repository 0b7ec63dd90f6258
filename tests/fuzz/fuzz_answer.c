/* What a language model may answer to a brief, any bytes: no crash, and what is taken becomes a
 * call with words on both sides. */
#include "contact/synth/brief.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static wu_synth *synth;
    static wu_briefs *briefs;
    static wu_brief brief;
    const wu_str text = {(const char *)data, size};
    wu_answer a = {0};
    if (!synth) {
        const wu_synth_options o = {.seed = 7};
        if (wu_synth_open(&synth, &o, NULL) || wu_briefs_read(&briefs, NULL, NULL) ||
            wu_brief_make(&brief, briefs, synth, 0, NULL))
            abort();
    }
    if (wu_answer_read(&a, &brief, text, NULL)) return 0;
    wu_synth_call call = {0};
    if (a.n < brief.least_turns || a.n > brief.most_turns) abort();
    if (wu_answer_call(&a, &brief, synth, "fuzz", &call, NULL)) abort();
    if (call.conversation.n_turn != a.n) abort();
    wu_synth_call_free(&call);
    wu_answer_free(&a);
    return 0;
}
