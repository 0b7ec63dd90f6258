/* Every allocation may fail while examples get their time, are divided, sorted or compared: ENOMEM
 * comes out, nothing leaks, nothing is left behind. */
#include "alloc_hook.h"
#include "near.h"

#include "base/dir.h"
#include "base/file.h"
#include "contact/set/annotate.h"
#include "contact/set/leak.h"
#include "contact/set/shingle.h"
#include "contact/set/sort.h"
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

/* More pairs than fit: runs on disk and their merge, too. */
static wu_code sort_pairs(wu_err *err) {
    wu_sort *s = NULL;
    wu_pair p;
    bool end = false;
    wu_code rc = wu_sort_create(&s, 0, root, err);
    if (rc) assert_null(s);
    for (uint64_t i = 0; !rc && i < 50000; i++) rc = wu_sort_add(s, i * 7919 % 50000, i, err);
    if (!rc) rc = wu_sort_finish(s, err);
    for (uint64_t i = 0; !rc && !end; i++) {
        rc = wu_sort_next(s, &p, &end, err);
        if (!rc && !end) assert_true(p.key == i);
        if (!rc && end) assert_true(i == 50000);
    }
    wu_sort_free(s);
    return rc;
}

static void sorting_runs_out_of_memory(void **state) {
    (void)state;
    with_failures(sort_pairs);
}

static wu_code compare_texts(wu_err *err) {
    wu_shingles a = {0}, b = {0};
    wu_buf text = {0};
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < 600; i++) rc = wu_buf_fmt(&text, "word%d ", i);
    if (!rc) rc = wu_shingles_of(&a, wu_buf_view(&text));
    if (!rc) rc = wu_shingles_of(&b, WU_STR("word0 word1 word2"));
    if (!rc) rc = wu_shingles_of(&b, wu_buf_view(&text)); /* memory is used again, and grows */
    if (!rc) assert_true(wu_shingles_similarity(&a, &b) == 1.0 && a.n == 597);
    if (rc) wu_fail(err, rc, "shingles");
    wu_shingles_free(&a);
    wu_shingles_free(&b);
    wu_buf_free(&text);
    return rc;
}

static void shingles_run_out_of_memory(void **state) {
    (void)state;
    with_failures(compare_texts);
}

static wu_code look_for_leaks(wu_err *err) {
    const char *const path[2] = {data, data};
    const wu_leak_options o = {.near = true, .memory_bytes = 1, .temporary = root};
    wu_leak_report r;
    wu_buf text = {0};
    wu_code rc = wu_leak_check(&r, path, 2, &o, err);
    if (rc) {
        assert_null(r.found);
        return rc;
    }
    assert_int_equal(r.count[WU_LEAK_ID], 24);
    if ((rc = wu_leak_text(&text, &r, path))) wu_fail(err, rc, "report");
    wu_json *j = rc ? NULL : wu_leak_json(&r, path);
    if (!rc && !j) rc = wu_fail(err, WU_ENOMEM, "report");
    wu_json_free(j);
    wu_buf_free(&text);
    wu_leak_free(&r);
    return rc;
}

static void a_leak_check_runs_out_of_memory(void **state) {
    (void)state;
    with_failures(look_for_leaks);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calendars_run_out_of_memory),
        cmocka_unit_test(sorting_runs_out_of_memory),
        cmocka_unit_test(shingles_run_out_of_memory),
        cmocka_unit_test(a_leak_check_runs_out_of_memory),
        cmocka_unit_test(annotation_runs_out_of_memory),
        cmocka_unit_test(a_subset_runs_out_of_memory),
        cmocka_unit_test(a_split_runs_out_of_memory),
    };
    return cmocka_run_group_tests(tests, make, drop) != 0;
}
