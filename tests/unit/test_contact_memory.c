/* Every allocation may fail: ENOMEM comes out, nothing leaks, nothing half-made is handed on. */
#include "alloc_hook.h"
#include "near.h"

#include "contact/read/read.h"
#include "contact/task.h"

/* Runs try(ctx) with the first, second, ... allocation failing until it succeeds. */
static void with_failures(wu_code (*try_it)(void *ctx, wu_err *err), void *ctx) {
    for (int64_t n = 0; n < 5000; n++) {
        wu_err err = {0};
        alloc_fail_after(n);
        const wu_code rc = try_it(ctx, &err);
        alloc_fail_after(-1);
        if (rc == WU_OK) {
            assert_true(n > 0);
            return;
        }
        assert_int_equal(rc, WU_ENOMEM);
        assert_true(err.msg[0] != 0);
    }
    fail_msg("it never succeeds");
}

static wu_code parse(void *ctx, wu_err *err) {
    const wu_str *text = ctx;
    const wu_read_options o = {.infer_roles = true};
    wu_conversation c;
    wu_buf out = {0};
    wu_conversation_init(&c);
    wu_code rc = wu_read_text(&c, *text, "call", &o, err);
    if (!rc && (rc = wu_conversation_render(&out, &c))) wu_fail(err, rc, "render");
    wu_buf_free(&out);
    wu_conversation_free(&c);
    return rc;
}

static void transcripts_run_out_of_memory(void **state) {
    (void)state;
    wu_buf text = {0};
    for (int i = 0; i < 100; i++)
        assert_int_equal(wu_buf_fmt(&text, "%s: words of turn %d\nand more of them\n",
                                    i % 2 ? "Agent" : "Customer", i),
                         WU_OK);
    wu_str view = wu_buf_view(&text);
    with_failures(parse, &view);
    wu_buf_free(&text);
}

static wu_code schemas(void *ctx, wu_err *err) {
    wu_buf out = {0};
    wu_code rc = WU_OK;
    (void)ctx;
    for (int i = 0; !rc && i < WU_N_TASK; i++) rc = wu_task_schema(&wu_tasks[i], &out);
    if (rc) wu_fail(err, rc, "schema");
    wu_buf_free(&out);
    return rc;
}

static void schemas_run_out_of_memory(void **state) {
    (void)state;
    with_failures(schemas, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transcripts_run_out_of_memory),
        cmocka_unit_test(schemas_run_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
