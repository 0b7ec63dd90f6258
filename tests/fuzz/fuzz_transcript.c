/* Any bytes as a transcript: what is read is rendered canonically, and read back as the same. Any
 * bytes as an answer too: the check never accepts what it would refuse the second time. */
#include "contact/task.h"
#include "contact/transcript.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
}

static void read_transcript(wu_str text) {
    wu_transcript t = {0}, again = {0};
    wu_buf once = {0}, twice = {0};
    wu_err err;
    if (wu_transcript_parse(&t, text, "input", &err)) return;
    must(wu_transcript_render(&once, &t) == WU_OK);
    must(wu_transcript_parse(&again, wu_buf_view(&once), "rendered", &err) == WU_OK);
    must(wu_transcript_render(&twice, &again) == WU_OK);
    must(wu_str_eq(wu_buf_view(&once), wu_buf_view(&twice)));
    must(t.n_turn == again.n_turn);
    wu_buf_free(&once);
    wu_buf_free(&twice);
    wu_transcript_free(&t);
    wu_transcript_free(&again);
}

static void check_answer(const wu_task *t, wu_str text) {
    wu_json *j, *again;
    wu_buf once = {0};
    wu_err err;
    if (wu_task_check(t, text, &j, &err)) return;
    must(wu_json_write(&once, j, WU_JSON_SPACED) == WU_OK);
    must(wu_task_check(t, wu_buf_view(&once), &again, &err) == WU_OK);
    wu_json_free(again);
    wu_json_free(j);
    wu_buf_free(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    const wu_str s = {(const char *)p, n};
    read_transcript(s);
    for (int i = 0; i < WU_N_TASK; i++) check_answer(&wu_tasks[i], s);
    return 0;
}
