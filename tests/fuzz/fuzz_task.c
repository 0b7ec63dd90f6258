/* Any bytes as an answer: the check never accepts what it would refuse the second time. */
#include "contact/task.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
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
    for (int i = 0; i < WU_N_TASK; i++) check_answer(&wu_tasks[i], (wu_str){(const char *)p, n});
    return 0;
}
