/* From files to examples: what belongs together is found, what is missing is told, and a set is
 * there whole or not at all. */
#include "alloc_hook.h"
#include "near.h"

#include "base/dir.h"
#include "base/file.h"
#include "contact/set/join.h"
#include "contact/set/prepare.h"
#include "contact/set/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED "tests/data/seed"

static char root[] = "/tmp/wu_prepare_XXXXXX";
static wu_taxonomy *taxonomy;
static wu_prepare_counts n;
static int n_told;

static const char *in_root(const char *name) {
    static char path[8][256];
    static int turn;
    char *p = path[turn++ % 8];
    snprintf(p, sizeof(path[0]), "%s/%s", root, name);
    return p;
}

static void put(const char *name, const char *text) {
    wu_err err;
    char dir[256];
    snprintf(dir, sizeof(dir), "%s", in_root(name));
    *strrchr(dir, '/') = 0;
    CHECK_OK(wu_make_dirs(dir, &err), err);
    CHECK_OK(wu_write_file(in_root(name), text, strlen(text), &err), err);
}

static wu_buf get(const char *name) {
    wu_buf b = {0};
    wu_err err;
    CHECK_OK(wu_read_file(&b, in_root(name), 1 << 24, &err), err);
    return b;
}

static void count_told(void *ud, const char *problem) {
    (void)ud;
    assert_true(problem[0] != 0);
    n_told++;
}

static wu_prepare_options options(const char *transcripts, const char *analyses,
                                  const char *journeys, const char *output) {
    return (wu_prepare_options){.transcripts = transcripts,
                                .analyses = analyses,
                                .journeys = journeys,
                                .output = output,
                                .labels.taxonomy = taxonomy,
                                .tell = count_told};
}

static wu_prepare_options seed(const char *output) {
    return options(SEED "/transcripts", SEED "/analyses", SEED "/journeys", in_root(output));
}

static void run(const wu_prepare_options *o) {
    wu_err err = {0};
    n_told = 0;
    CHECK_OK(wu_prepare(&n, o, &err), err);
}

#define TALK     "Agent: Hello, how can I help?\nCustomer: My bill is wrong.\n"
#define ANALYSIS "{\"quality_scores\": {\"overall_quality\": 70}}"
#define JOURNEY  "{\"value_signals\": {\"churn_risk_score\": 20}}"

static void files_are_joined_by_their_names(void **state) {
    (void)state;
    static const struct {
        const char *file, *name, *found;
    } row[] = {
        {"analysis_00012.json", "transcript_00012", "analysis_00012.json"},
        {"journey_insight_00012.json", "transcript_00012", "journey_insight_00012.json"},
        {"analysis_call-000012.json", "call-000012", "analysis_call-000012.json"},
        {"call-000012.json", "call-000012", "call-000012.json"},
        {"analysis_a_12.json", "transcript_a_12", "analysis_a_12.json"},
        {"result_12.json", "export_12", "result_12.json"},
        {"analysis_00012.json", "transcript_00013", NULL},
        {"analysis_00012.json", "transcript_000120", NULL},
        {"analysis_00012.txt", "transcript_00012", NULL},
    };
    for (size_t i = 0; i < WU_LEN(row); i++) {
        wu_join j;
        wu_err err;
        char dir[64], name[128];
        snprintf(dir, sizeof(dir), "join%zu", i);
        snprintf(name, sizeof(name), "%s/%s", dir, row[i].file);
        put(name, "{}");
        CHECK_OK(wu_join_open(&j, in_root(dir), NULL, &err), err);
        const wu_join_file *f = wu_join_find(&j, wu_str_of(row[i].name));
        if (row[i].found)
            assert_true(f && strcmp(f->name, row[i].found) == 0);
        else
            assert_null(f);
        wu_join_close(&j);
    }
}

static void two_files_with_the_same_end_belong_to_nobody(void **state) {
    (void)state;
    wu_join j;
    wu_err err;
    put("ends/a_12.json", "{}");
    put("ends/b_12.json", "{}");
    CHECK_OK(wu_join_open(&j, in_root("ends"), NULL, &err), err);
    assert_null(wu_join_find(&j, WU_STR("c_12")));
    assert_non_null(wu_join_find(&j, WU_STR("b_12")));
    wu_join_close(&j);
}

static void five_conversations_give_their_examples(void **state) {
    (void)state;
    wu_prepare_options o = seed("five");
    run(&o);
    assert_int_equal(n.n_conversation, 5);
    assert_int_equal(n.n_used, 5);
    assert_int_equal(n.n_no_journey, 1);
    static const int64_t want[WU_N_TASK] = {
        [WU_TASK_QUALITY] = 4,  [WU_TASK_CSAT] = 4,  [WU_TASK_ISSUE] = 4,
        [WU_TASK_COACHING] = 4, [WU_TASK_CHURN] = 2, [WU_TASK_JOURNEY] = 3};
    for (int i = 0; i < WU_N_TASK; i++) assert_int_equal(n.n_example[i], want[i]);
    assert_int_equal(n.n_problem[WU_PROBLEM_LABEL], 3); /* 130, "92", Flight Changes */
    assert_int_equal(n_told, 3);
}

/* Flaw 12: every field that the sources do not have became 0, "" or "medium". */
static void flaw_12_no_answer_has_a_field_its_source_lacks(void **state) {
    (void)state;
    wu_prepare_options o = seed("flaw12");
    run(&o);
    wu_buf b = get("flaw12/examples.jsonl");
    assert_null(strstr(b.p, "\\\"\\\""));                    /* no empty text in any answer */
    assert_null(strstr(b.p, "{\\\"quality_score\\\": 0, ")); /* 00005 has a 0 and nothing else */
    assert_non_null(strstr(b.p, "\"{\\\"quality_score\\\": 0}\""));
    assert_non_null(strstr(b.p, "\"{\\\"primary_category\\\": \\\"refund_return\\\"}\""));
    wu_buf_free(&b);
    assert_int_equal(n.n_state[WU_TASK_QUALITY][0][WU_LABEL_MISSING], 1);
    assert_int_equal(n.n_state[WU_TASK_CHURN][0][WU_LABEL_NO_SOURCE], 1);
    assert_int_equal(n.n_state[WU_TASK_CHURN][0][WU_LABEL_BAD], 1);
}

/* Flaw 24: an unseeded shuffle, and examples that shared and changed their messages. */
static void flaw_24_a_second_run_writes_the_same_bytes(void **state) {
    (void)state;
    static const char *const file[] = {"examples.jsonl", "metadata.json"};
    for (int i = 0; i < 2; i++) {
        wu_prepare_options o = seed(i ? "twice/b" : "twice/a");
        run(&o);
    }
    for (size_t i = 0; i < WU_LEN(file); i++) {
        char name[2][64];
        wu_buf b[2];
        for (int k = 0; k < 2; k++) {
            snprintf(name[k], sizeof(name[k]), "twice/%c/%s", 'a' + k, file[i]);
            b[k] = get(name[k]);
        }
        if (i == 0) assert_string_equal(b[0].p, b[1].p);
        wu_buf_free(&b[0]);
        wu_buf_free(&b[1]);
    }
}

/* The six examples of a conversation stand together and share all but the question. */
static void examples_of_a_conversation_share_their_prompt(void **state) {
    (void)state;
    wu_prepare_options o = seed("share");
    char where[WU_WHERE_MAX];
    wu_lines lines;
    wu_record r = {0};
    wu_err err;
    wu_buf first = {0};
    bool end = false;
    int64_t left = 0;
    run(&o);
    CHECK_OK(wu_lines_open(&lines, in_root("share/examples.jsonl"), 0, &err), err);
    for (int i = 0; i < 6; i++) {
        CHECK_OK(wu_record_next(&r, &lines, where, &end, &err), err);
        assert_false(end);
        assert_true(wu_str_eq(r.source_id, WU_STR("transcript_00001")));
        assert_ptr_equal(r.task, &wu_tasks[i]);
        const wu_str turns = wu_record_conversation(&r);
        if (i == 0) assert_int_equal(wu_buf_add(&first, turns.p, turns.n), WU_OK);
        assert_true(wu_str_eq(turns, wu_buf_view(&first)));
        assert_true(wu_str_starts(r.prompt, WU_STR("[CONVERSATION]\nAgent: Thank you for")));
        const wu_json *from = wu_json_get(r.json, "provenance");
        assert_true(
            wu_str_eq(wu_json_str(wu_json_get(from, "analysis")), WU_STR("analysis_00001.json")));
        left++;
    }
    assert_int_equal(left, 6);
    wu_buf_free(&first);
    wu_record_clear(&r);
    wu_lines_close(&lines);
}

static void the_old_order_has_the_question_first(void **state) {
    (void)state;
    wu_prepare_options o = seed("old");
    o.order = WU_TASK_FIRST;
    o.tasks = 1u << WU_TASK_ISSUE;
    run(&o);
    wu_buf b = get("old/examples.jsonl");
    assert_int_equal(strncmp(b.p, "{\"prompt\":\"Classify the primary issue", 37), 0);
    assert_int_equal(n.n_examples, 4);
    wu_buf_free(&b);
}

/* Flaw 19: paths of the author's own folders, and inputs that had to have one form. */
static void flaw_19_any_folder_and_any_format_will_do(void **state) {
    (void)state;
    put("any/t/call-1.txt", TALK);
    put("any/t/call-2.srt", "1\n00:00:00,000 --> 00:00:02,000\nAgent: Hello there\n\n2\n"
                            "00:00:02,500 --> 00:00:04,000\nCustomer: Hi, my bill\n");
    put("any/l/call-1.json", ANALYSIS);
    put("any/l/analysis_call-2.json", ANALYSIS);
    wu_prepare_options o = options(in_root("any/t"), in_root("any/l"), NULL, in_root("any/o"));
    run(&o);
    assert_int_equal(n.n_used, 2);
    assert_int_equal(n_told, 0);
}

static void what_is_missing_is_told_and_passed_over(void **state) {
    (void)state;
    put("gaps/t/transcript_1.txt", TALK);
    put("gaps/t/transcript_2.txt", TALK); /* no analysis, but a journey */
    put("gaps/t/transcript_3.txt", "\xff\xfe\x00garbage");
    put("gaps/t/transcript_4.txt", TALK);
    put("gaps/t/transcript_5.txt", TALK);
    put("gaps/a/analysis_1.json", ANALYSIS);
    put("gaps/a/analysis_3.json", ANALYSIS);
    put("gaps/a/analysis_4.json", "{\"quality_scores\": ");
    put("gaps/a/analysis_5.json", "[1, 2]");
    put("gaps/a/analysis_9.json", ANALYSIS); /* no transcript */
    put("gaps/j/journey_insight_2.json", JOURNEY);
    wu_prepare_options o =
        options(in_root("gaps/t"), in_root("gaps/a"), in_root("gaps/j"), in_root("gaps/o"));
    run(&o);
    assert_int_equal(n.n_used, 2);
    assert_int_equal(n.n_example[WU_TASK_QUALITY], 1);
    assert_int_equal(n.n_example[WU_TASK_CHURN], 1);
    assert_int_equal(n.n_problem[WU_PROBLEM_UNREADABLE], 3);
    assert_int_equal(n.n_problem[WU_PROBLEM_NO_ANALYSIS], 1);
    assert_int_equal(n.n_problem[WU_PROBLEM_NO_TRANSCRIPT], 1);
    assert_int_equal(n_told, 5);
    wu_buf b = get("gaps/o/metadata.json");
    assert_non_null(strstr(b.p, "analysis_9.json: there is no transcript for it"));
    wu_buf_free(&b);
}

static void strict_stops_and_leaves_the_old_set(void **state) {
    (void)state;
    put("strict/t/transcript_1.txt", TALK);
    put("strict/a/analysis_1.json", ANALYSIS);
    wu_prepare_options o =
        options(in_root("strict/t"), in_root("strict/a"), NULL, in_root("strict/o"));
    wu_err err = {0};
    wu_dir left = {0};
    run(&o);
    wu_buf before = get("strict/o/metadata.json");
    put("strict/t/transcript_2.txt", TALK);
    o.strict = true;
    assert_int_equal(wu_prepare(&n, &o, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "transcript_2.txt: there is no analysis"));
    wu_buf after = get("strict/o/metadata.json");
    assert_string_equal(before.p, after.p);
    CHECK_OK(wu_dir_list(&left, in_root("strict/o"), &err), err);
    assert_int_equal(left.n, 2); /* no temporary file */
    wu_dir_free(&left);
    wu_buf_free(&before);
    wu_buf_free(&after);
}

static void an_id_is_used_once(void **state) {
    (void)state;
    put("dup/in.jsonl",
        "{\"id\": \"a\", \"transcript\": \"Agent: Hello\\nCustomer: Hi\", \"analysis\": " ANALYSIS
        "}\n"
        "{\"id\": \"a\", \"transcript\": \"Agent: Hello\\nCustomer: Ho\", \"analysis\": " ANALYSIS
        "}\n"
        "{\"id\": \"b\", \"transcript\": \"Agent: Hello\\nCustomer: Hi\", \"analysis\": "
        "\"{\\\"issue_category\\\": \\\"other\\\"}\"}\n"
        "{\"id\": \"c\", \"transcript\": \"Agent: Hello\\nCustomer: Hi\"}\n");
    wu_prepare_options o = options(NULL, NULL, NULL, in_root("dup/o"));
    o.input = in_root("dup/in.jsonl");
    run(&o);
    assert_int_equal(n.n_conversation, 4);
    assert_int_equal(n.n_problem[WU_PROBLEM_DUPLICATE], 1);
    assert_int_equal(n.n_problem[WU_PROBLEM_NO_ANALYSIS], 1);
    assert_int_equal(n.n_examples, 2);
    assert_int_equal(n.n_example[WU_TASK_ISSUE], 1);
}

static void what_is_read_is_never_written_over(void **state) {
    (void)state;
    put("over/examples.jsonl", "{\"id\": \"a\", \"transcript\": \"Agent: Hello\"}\n");
    put("over/t/transcript_1.txt", TALK);
    wu_err err = {0};
    wu_prepare_options o = options(NULL, NULL, NULL, in_root("over"));
    o.input = in_root("over/examples.jsonl");
    assert_int_equal(wu_prepare(&n, &o, &err), WU_EARG);
    wu_prepare_options p =
        options(in_root("over/t"), in_root("over/t"), NULL, in_root("over/../over/t"));
    assert_int_equal(wu_prepare(&n, &p, &err), WU_EARG);
    wu_prepare_options none = options(NULL, NULL, NULL, in_root("over/o"));
    assert_int_equal(wu_prepare(&n, &none, &err), WU_EARG);
}

static void a_set_without_examples_is_not_written(void **state) {
    (void)state;
    put("none/t/transcript_1.txt", TALK);
    put("none/a/analysis_1.json", "{}");
    wu_err err = {0};
    wu_prepare_options o = options(in_root("none/t"), in_root("none/a"), NULL, in_root("none/o"));
    assert_int_equal(wu_prepare(&n, &o, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "no example could be made, of 1 conversation"));
    assert_false(wu_is_file(in_root("none/o/examples.jsonl")));
}

static void one_folder_may_hold_everything(void **state) {
    (void)state;
    put("mixed/transcript_1.txt", TALK);
    put("mixed/analysis_1.json", ANALYSIS);
    put("mixed/journey_insight_1.json", JOURNEY);
    const char *dir = in_root("mixed");
    wu_prepare_options o = options(dir, dir, dir, in_root("mixed_out"));
    run(&o);
    assert_int_equal(n.n_examples, 2);
    assert_int_equal(n_told, 0);
}

static void memory_may_run_out(void **state) {
    (void)state;
    put("oom/t/transcript_1.txt", TALK);
    put("oom/a/analysis_1.json", ANALYSIS);
    put("oom/j/journey_insight_1.json", JOURNEY);
    wu_prepare_options o = options(in_root("oom/t"), in_root("oom/a"), in_root("oom/j"), NULL);
    const char *written = in_root("oom/o/examples.jsonl");
    o.output = in_root("oom/o");
    for (int64_t k = 0;; k++) {
        wu_err err = {0};
        alloc_fail_after(k);
        const wu_code rc = wu_prepare(&n, &o, &err);
        alloc_fail_after(-1);
        if (rc == WU_OK) break;
        if (rc != WU_ENOMEM) fail_msg("allocation %lld: %s", (long long)k, err.msg);
        assert_true(err.msg[0] != 0);
        assert_false(wu_is_file(written));
    }
    assert_int_equal(n.n_examples, 2);
}

static int begin(void **state) {
    (void)state;
    return !mkdtemp(root) || wu_taxonomy_create(&taxonomy, NULL, NULL);
}

static int end(void **state) {
    (void)state;
    wu_taxonomy_free(taxonomy);
    return (int)wu_remove_tree(root, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_joined_by_their_names),
        cmocka_unit_test(two_files_with_the_same_end_belong_to_nobody),
        cmocka_unit_test(five_conversations_give_their_examples),
        cmocka_unit_test(flaw_12_no_answer_has_a_field_its_source_lacks),
        cmocka_unit_test(flaw_24_a_second_run_writes_the_same_bytes),
        cmocka_unit_test(examples_of_a_conversation_share_their_prompt),
        cmocka_unit_test(the_old_order_has_the_question_first),
        cmocka_unit_test(flaw_19_any_folder_and_any_format_will_do),
        cmocka_unit_test(what_is_missing_is_told_and_passed_over),
        cmocka_unit_test(strict_stops_and_leaves_the_old_set),
        cmocka_unit_test(an_id_is_used_once),
        cmocka_unit_test(what_is_read_is_never_written_over),
        cmocka_unit_test(a_set_without_examples_is_not_written),
        cmocka_unit_test(one_folder_may_hold_everything),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, begin, end) != 0;
}
