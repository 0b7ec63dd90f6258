/* Every allocation of the readers of JSON, CSV and JSONL may fail: ENOMEM with a sentence comes
 * out, nothing leaks, and what is read afterwards is read as ever. */
#include "alloc_hook.h"
#include "near.h"

#include "base/file.h"
#include "contact/read/read_impl.h"

#include <stdio.h>
#include <string.h>

typedef struct job {
    const char *name;
    wu_str text;
} job;

static wu_code read_json(const job *b, int32_t *n_turn, wu_err *err) {
    wu_conversation c;
    wu_conversation_init(&c);
    const wu_code rc = wu_read_text(&c, b->text, b->name, NULL, err);
    *n_turn = rc ? 0 : c.n_turn;
    wu_conversation_free(&c);
    return rc;
}

static wu_code read_rows(const job *b, bool is_csv, int32_t *n_turn, wu_err *err) {
    wu_conversation c;
    wu_row_stream *s = NULL;
    bool end = false;
    wu_conversation_init(&c);
    *n_turn = 0;
    wu_code rc = wu_row_stream_text(&s, b->text, b->name, is_csv, NULL, err);
    while (!rc && !(rc = wu_row_stream_next(s, &c, &end, err)) && !end) *n_turn += c.n_turn;
    wu_row_stream_close(s);
    wu_conversation_free(&c);
    return rc;
}

static wu_code run(const job *b, int32_t *n_turn, wu_err *err) {
    const size_t n = strlen(b->name);
    if (strcmp(b->name + n - 4, ".csv") == 0) return read_rows(b, true, n_turn, err);
    if (strcmp(b->name + n - 6, ".jsonl") == 0) return read_rows(b, false, n_turn, err);
    return read_json(b, n_turn, err);
}

static void with_failures(const char *name) {
    char path[256];
    wu_buf text = {0};
    wu_err err = {0};
    int32_t want, got;
    (void)snprintf(path, sizeof(path), "tests/data/transcripts/%s", name);
    CHECK_OK(wu_read_file(&text, path, 1 << 20, &err), err);
    const job b = {name, wu_buf_view(&text)};
    CHECK_OK(run(&b, &want, &err), err);
    for (int64_t n = 0;; n++) {
        err = (wu_err){0};
        alloc_fail_after(n);
        const wu_code rc = run(&b, &got, &err);
        alloc_fail_after(-1);
        if (rc == WU_OK) {
            assert_true(n > 1);
            assert_int_equal(got, want);
            break;
        }
        if (rc != WU_ENOMEM) fail_msg("%s: allocation %d: %s", name, (int)n, err.msg);
        assert_true(err.msg[0] != 0);
    }
    wu_buf_free(&text);
}

static void json_runs_out_of_memory(void **state) {
    (void)state;
    with_failures("contact-lens.json");
    with_failures("contact-lens.chat.json");
    with_failures("transcribe.old.json");
    with_failures("ccai.rest.json");
    with_failures("genesys.json");
    with_failures("whisper.whisperx.json");
    with_failures("turns.object.json");
    with_failures("vcon.json");
    with_failures("vcon.base64.json");
    with_failures("vcon.signed.json");
}

static void rows_run_out_of_memory(void **state) {
    (void)state;
    with_failures("csv.csv");
    with_failures("csv.whole.csv");
    with_failures("jsonl.jsonl");
    with_failures("jsonl.turns.jsonl");
    with_failures("conversation.jsonl");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_runs_out_of_memory),
        cmocka_unit_test(rows_run_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
