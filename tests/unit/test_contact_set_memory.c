/* Every allocation may fail while examples get their time or are divided: ENOMEM comes out, nothing
 * leaks, nothing is left behind. */
#include "alloc_hook.h"
#include "near.h"

#include "base/dir.h"
#include "base/file.h"
#include "contact/set/annotate.h"
#include "contact/set/split.h"

#include <stdlib.h>
#include <string.h>

static char root[] = "/tmp/wu-memory-XXXXXX";
static char data[64], out[64], part[96];

static int make(void **state) {
    (void)state;
    wu_buf b = {0};
    if (!mkdtemp(root)) return -1;
    snprintf(data, sizeof(data), "%s/examples.jsonl", root);
    snprintf(out, sizeof(out), "%s/out", root);
    snprintf(part, sizeof(part), "%s/train.jsonl", out);
    for (int i = 0; i < 24; i++)
        if (wu_buf_fmt(
                &b,
                "{\"prompt\":\"[CONVERSATION]\\nCustomer: one two three four five six%d\\n\\nq\","
                "\"completion\":\"{\\\"primary_category\\\": \\\"refund_return\\\"}\","
                "\"task_type\":\"issue_classification\",\"source_id\":\"c%d\",\"contact\":"
                "{\"start_time\":\"2026-01-19T10:00:00Z\",\"channel\":\"chat\"}}\n",
                i / 2, i))
            return -1;
    const wu_code rc = wu_write_file(data, b.p, b.n, NULL);
    wu_buf_free(&b);
    return rc != WU_OK;
}

static int drop(void **state) {
    (void)state;
    return wu_remove_tree(root, NULL) != WU_OK;
}

/* Runs try_it with the first, second, ... allocation failing until it succeeds. */
static void with_failures(wu_code (*try_it)(wu_err *err)) {
    for (int64_t n = 0; n < 20000; n++) {
        wu_err err = {0};
        alloc_fail_after(n);
        const wu_code rc = try_it(&err);
        alloc_fail_after(-1);
        if (rc == WU_OK) {
            assert_true(n > 0);
            return;
        }
        if (rc != WU_ENOMEM) fail_msg("allocation %lld: %s", (long long)n, err.msg);
        assert_true(err.msg[0] != 0);
        assert_false(wu_is_file(part));
    }
    fail_msg("it never succeeds");
}

static wu_code tables(wu_err *err) {
    wu_calendar *c = NULL;
    wu_seasons s = {0};
    wu_code rc = wu_calendar_read(&c, "gb", err);
    if (rc) assert_null(c);
    if (!rc) rc = wu_seasons_read(&s, NULL, err);
    wu_calendar_free(c);
    wu_seasons_free(&s);
    return rc;
}

static void calendars_run_out_of_memory(void **state) {
    (void)state;
    with_failures(tables);
}

static wu_code annotate(wu_err *err) {
    wu_temporal_rules rules = {.drop = 0.5};
    wu_annotate_counts n = {0};
    FILE *to = fopen("/dev/null", "w");
    if (!to) return wu_fail(err, WU_ENOMEM, "/dev/null");
    const wu_code rc = wu_annotate_file(to, "null", data, &rules, &n, err);
    fclose(to);
    return rc;
}

static void annotation_runs_out_of_memory(void **state) {
    (void)state;
    with_failures(annotate);
}

static wu_code divide(wu_err *err) {
    const wu_split_options o = {
        .data = data, .out = out, .share = {0.8, 0.1, 0.1}, .near = WU_NEAR_TOGETHER};
    wu_split_report r;
    return wu_split(&r, &o, err);
}

static void a_split_runs_out_of_memory(void **state) {
    (void)state;
    with_failures(divide);
    assert_true(wu_is_file(part));
}

static wu_code choose(wu_err *err) {
    static char to[96];
    wu_subset_report r;
    snprintf(to, sizeof(to), "%s/small.jsonl", root);
    const wu_subset_options o = {.data = data, .out = to, .conversations = 5};
    return wu_subset(&r, &o, err);
}

static void a_subset_runs_out_of_memory(void **state) {
    (void)state;
    with_failures(choose);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calendars_run_out_of_memory),
        cmocka_unit_test(annotation_runs_out_of_memory),
        cmocka_unit_test(a_subset_runs_out_of_memory),
        cmocka_unit_test(a_split_runs_out_of_memory),
    };
    return cmocka_run_group_tests(tests, make, drop) != 0;
}
