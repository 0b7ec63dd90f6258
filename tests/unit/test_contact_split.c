/* Splits and subsets: whole conversations, exact numbers, equal shares of labels, no leaks, the
 * same bytes again. */
#include "base/dir.h"
#include "base/file.h"
#include "base/rng.h"
#include "contact/prompt.h"
#include "contact/set/deal.h"
#include "contact/set/leak.h"
#include "contact/set/split.h"

#include "near.h"

#include <stdlib.h>
#include <string.h>

static char root[] = "/tmp/wu-split-XXXXXX";
static char data[64], out[64];

static int make(void **state) {
    (void)state;
    if (!mkdtemp(root)) return -1;
    snprintf(data, sizeof(data), "%s/examples.jsonl", root);
    snprintf(out, sizeof(out), "%s/out", root);
    return 0;
}

static int drop(void **state) {
    (void)state;
    return wu_remove_tree(root, NULL) != WU_OK;
}

static int fresh(void **state) {
    (void)state;
    return wu_remove_tree(out, NULL) != WU_OK;
}

/* ------------------------------------------------------------------------------ sets to divide */

typedef struct made {
    int n;          /* conversations */
    int customers;  /* 0: none are named */
    bool time;      /* each an hour after the one before */
    bool backwards; /* lines in reverse order */
    int no_time;    /* so many of them, the last of each ten, have no time */
    int same_as;    /* conversations from this one on repeat the words of the first ones; 0: none */
    int changed;    /* words of those that differ */
} made;

static const char *const category[] = {"billing_payment", "refund_return", "technical_support",
                                       "fraud_security"};

/* 60 words that depend on seed, of which the first `changed` depend on other. */
static void words(wu_buf *b, uint64_t seed, uint64_t other, int changed) {
    wu_rng r = wu_rng_init(seed, 1), x = wu_rng_init(other, 2);
    assert_int_equal(wu_buf_str(b, "[CONVERSATION]\\nCustomer:"), WU_OK);
    for (int i = 0; i < 60; i++) {
        const uint32_t w = wu_rng_below(&r, 5000), v = wu_rng_below(&x, 5000);
        assert_int_equal(wu_buf_fmt(b, " w%u", i < changed ? v + 9000 : w), WU_OK);
    }
    assert_int_equal(wu_buf_str(b, "\\n\\nq"), WU_OK);
}

static void answer(wu_buf *b, wu_task_id task, int i) {
    static const int share[] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3}; /* one in two, ... */
    wu_rng r = wu_rng_init(99, (uint64_t)i);
    const int c = share[wu_rng_below(&r, WU_LEN(share))];
    const int csat = (int)wu_rng_below(&r, 101);
    wu_code rc = WU_OK;
    if (task == WU_TASK_ISSUE)
        rc = wu_buf_fmt(b, "{\\\"primary_category\\\": \\\"%s\\\"}", category[c]);
    else if (task == WU_TASK_CSAT)
        rc = wu_buf_fmt(b, "{\\\"predicted_csat\\\": %d}", csat);
    else
        rc = wu_buf_str(b, "{}");
    assert_int_equal(rc, WU_OK);
}

static void conversation(wu_buf *b, const made *m, int i) {
    static const wu_task_id task[] = {WU_TASK_ISSUE, WU_TASK_CSAT, WU_TASK_COACHING};
    const int copy = m->same_as > 0 && i >= m->same_as ? i - m->same_as : i;
    for (size_t t = 0; t < WU_LEN(task); t++) {
        assert_int_equal(wu_buf_str(b, "{\"prompt\":\""), WU_OK);
        words(b, (uint64_t)copy, (uint64_t)i, copy == i ? 0 : m->changed);
        assert_int_equal(wu_buf_str(b, "\",\"completion\":\""), WU_OK);
        answer(b, task[t], i);
        assert_int_equal(wu_buf_fmt(b,
                                    "\",\"task_type\":\"%s\",\"source_id\":\"c%d\",\"contact\":{",
                                    wu_tasks[task[t]].name, i),
                         WU_OK);
        if (m->customers)
            assert_int_equal(wu_buf_fmt(b, "\"customer_id\":\"k%d\",", i % m->customers), WU_OK);
        if (m->time && !(m->no_time && i % 10 == 9))
            assert_int_equal(
                wu_buf_fmt(b, "\"start_time\":\"2024-01-%02dT%02d:00:00Z\",", 1 + i / 24, i % 24),
                WU_OK);
        assert_int_equal(wu_buf_str(b, "\"channel\":\"voice\"}}\n"), WU_OK);
    }
}

static void write_set(const made *m) {
    wu_buf b = {0};
    for (int i = 0; i < m->n; i++) conversation(&b, m, m->backwards ? m->n - 1 - i : i);
    assert_int_equal(wu_write_file(data, b.p, b.n, NULL), WU_OK);
    wu_buf_free(&b);
}

static const wu_split_options usual = {.data = data, .out = out, .share = {0.8, 0.1, 0.1}};

static void split(wu_split_report *r, const wu_split_options *o) {
    wu_err err = {0};
    CHECK_OK(wu_split(r, o, &err), err);
}

static void read_part(wu_buf *b, int part) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%s.jsonl", out, wu_split_name[part]);
    assert_int_equal(wu_read_file(b, path, WU_BUF_LIMIT, NULL), WU_OK);
}

/* Which part each conversation is in: where[i]; fails if it is in two. */
static void find_all(int *where, int n) {
    for (int i = 0; i < n; i++) where[i] = -1;
    for (int p = 0; p < WU_N_SPLIT; p++) {
        wu_buf b = {0};
        read_part(&b, p);
        for (char *at = b.p; at && (at = strstr(at, "\"source_id\":\"c")); at++) {
            const long i = strtol(at + strlen("\"source_id\":\"c"), NULL, 10);
            assert_true(i >= 0 && i < n);
            if (where[i] >= 0 && where[i] != p) fail_msg("c%ld is in two parts", i);
            where[i] = p;
        }
        wu_buf_free(&b);
    }
    for (int i = 0; i < n; i++) assert_true(where[i] >= 0);
}

/* ------------------------------------------------------------------------------ tests */

/* Examples were shuffled one by one, so that nearly every test conversation was trained on. */
static void flaw_01_no_conversation_is_in_two_parts(void **state) {
    (void)state;
    int where[200];
    wu_split_report r;
    wu_leak_report leak = {0};
    char path[3][128];
    const made m = {.n = 200};
    write_set(&m);
    split(&r, &usual);
    find_all(where, m.n);
    for (int p = 0; p < 3; p++)
        snprintf(path[p], sizeof(path[p]), "%s/%s.jsonl", out, wu_split_name[p]);
    const char *all[3] = {path[0], path[1], path[2]};
    const wu_leak_options lo = {.near = true};
    assert_int_equal(wu_leak_check(&leak, all, 3, &lo, NULL), WU_OK);
    assert_false(wu_leak_any(&leak));
    assert_int_equal(leak.n_conversation, 200);
    assert_int_equal(leak.n_example, 600);
    wu_leak_free(&leak);
}

/* One unseeded shuffle: no run could be repeated. */
static void flaw_24_the_same_seed_gives_the_same_bytes(void **state) {
    (void)state;
    enum { N = 150 };
    int first[N], second[N], differ = 0;
    wu_split_report r;
    made m = {.n = N};
    wu_buf a[WU_N_SPLIT] = {{0}};
    wu_split_options o = usual;
    write_set(&m);
    o.seed = 5;
    split(&r, &o);
    find_all(first, N);
    for (int p = 0; p < WU_N_SPLIT; p++) read_part(&a[p], p);
    o.force = true;
    split(&r, &o);
    for (int p = 0; p < WU_N_SPLIT; p++) {
        wu_buf b = {0};
        read_part(&b, p);
        assert_string_equal(a[p].p, b.p);
        wu_buf_free(&b);
        wu_buf_free(&a[p]);
    }
    m.backwards = true; /* the order of the lines decides nothing */
    write_set(&m);
    split(&r, &o);
    find_all(second, N);
    assert_memory_equal(first, second, sizeof(first));
    o.seed = 6;
    split(&r, &o);
    find_all(second, N);
    for (int i = 0; i < N; i++) differ += first[i] != second[i];
    assert_true(differ > 20);
}

static void numbers_are_exact(void **state) {
    (void)state;
    static const struct {
        int n;
        double share[3];
        int64_t want[3];
    } at[] = {{100, {0.8, 0.1, 0.1}, {80, 10, 10}}, {101, {0.8, 0.1, 0.1}, {81, 10, 10}},
              {107, {0.8, 0.1, 0.1}, {85, 11, 11}}, {5, {0.8, 0.1, 0.1}, {3, 1, 1}},
              {3, {0.98, 0.01, 0.01}, {1, 1, 1}},   {10, {0.5, 0.0, 0.5}, {5, 0, 5}},
              {7, {1.0, 0.0, 0.0}, {7, 0, 0}},      {99, {0.34, 0.33, 0.33}, {33, 33, 33}}};
    for (size_t i = 0; i < WU_LEN(at); i++) {
        wu_split_report r;
        wu_split_options o = usual;
        const made m = {.n = at[i].n};
        write_set(&m);
        o.force = true;
        memcpy(o.share, at[i].share, sizeof(o.share));
        split(&r, &o);
        for (int p = 0; p < 3; p++) {
            if (r.part[p].n_conversation != at[i].want[p] ||
                r.part[p].n_example != 3 * at[i].want[p])
                fail_msg("%d: part %d has %lld, want %lld", at[i].n, p,
                         (long long)r.part[p].n_conversation, (long long)at[i].want[p]);
            char path[128];
            snprintf(path, sizeof(path), "%s/%s.jsonl", out, wu_split_name[p]);
            assert_int_equal(wu_is_file(path), at[i].share[p] > 0.0);
        }
    }
}

static void shares_add_up(void **state) {
    (void)state;
    wu_rng rng = wu_rng_init(1, 1);
    for (int i = 0; i < 5000; i++) {
        double a = wu_rng_unit(&rng), b = (1.0 - a) * wu_rng_unit(&rng);
        const double share[3] = {a, b, 1.0 - a - b};
        const int64_t n = wu_rng_below(&rng, 5000);
        int64_t want[3];
        wu_shares(want, share, 3, n);
        assert_int_equal(want[0] + want[1] + want[2], n);
        for (int p = 0; p < 3 && n > 50; p++) CHECK_NEAR(want[p], share[p] * (double)n, 1.1);
    }
}

/* Within a category, and within a third of satisfaction of it, shares are those of the whole to
 * within a few conversations. */
static void parts_have_the_same_shares_of_labels(void **state) {
    (void)state;
    wu_units u = {0};
    wu_err err = {0};
    const made m = {.n = 1000};
    const wu_deal d = {.n_part = 3, .want = {800, 100, 100}, .seed = 3};
    int n[4][3][3] = {{{0}}}, all[4] = {0}, part[4][3] = {{0}};
    write_set(&m);
    CHECK_OK(wu_units_read(&u, data, WU_BY_CONVERSATION, 3, &err), err);
    CHECK_OK(wu_deal_by_label(&u, &d, &err), err);
    for (int32_t i = 0; i < u.n_unit; i++) {
        const char *name = wu_label_value(WU_LABEL_CATEGORY, u.unit[i].label[WU_LABEL_CATEGORY]);
        int c = 0;
        while (strcmp(name, category[c]) != 0) c++;
        const int p = u.group[u.unit[i].group].part;
        n[c][u.unit[i].label[WU_LABEL_CSAT]][p]++;
        part[c][p]++;
        all[c]++;
    }
    for (int c = 0; c < 4; c++) {
        assert_true(all[c] > 50);
        for (int p = 0; p < 3; p++) {
            const double want = all[c] * (double)d.want[p] / 1000.0;
            assert_true(fabs(part[c][p] - want) <= 2.0);
            for (int s = 0; s < 3; s++) {
                const int third = n[c][s][0] + n[c][s][1] + n[c][s][2];
                assert_true(fabs(n[c][s][p] - third * (double)d.want[p] / 1000.0) <= 2.0);
            }
        }
    }
    wu_units_free(&u);
}

static void customers_stay_whole(void **state) {
    (void)state;
    enum { N = 240, K = 60 };
    int where[N], customer[K];
    wu_split_report r;
    wu_split_options o = usual;
    const made m = {.n = N, .customers = K};
    write_set(&m);
    o.by = WU_BY_CUSTOMER;
    split(&r, &o);
    find_all(where, N);
    for (int k = 0; k < K; k++) customer[k] = where[k];
    for (int i = 0; i < N; i++) assert_int_equal(where[i], customer[i % K]);
    assert_int_equal(r.part[0].n_group, 48);
    assert_int_equal(r.part[1].n_group, 6);
    assert_int_equal(r.part[2].n_group, 6);
    assert_int_equal(r.n_alone, 0);
    o.by = WU_BY_AGENT; /* nobody is named: each conversation stands for itself, and that is said */
    o.force = true;
    split(&r, &o);
    assert_int_equal(r.n_alone, N);
    assert_int_equal(r.part[2].n_group, 24);
}

static void few_large_groups_leave_no_part_empty(void **state) {
    (void)state;
    for (int k = 3; k < 9; k++) {
        wu_split_report r;
        wu_split_options o = usual;
        const made m = {.n = 60, .customers = k};
        write_set(&m);
        o.by = WU_BY_CUSTOMER;
        o.force = true;
        split(&r, &o);
        for (int p = 0; p < 3; p++) assert_true(r.part[p].n_group > 0);
    }
    wu_split_report r;
    wu_err err = {0};
    wu_split_options o = usual;
    const made m = {.n = 60, .customers = 2};
    write_set(&m);
    o.by = WU_BY_CUSTOMER;
    o.force = true;
    assert_int_equal(wu_split(&r, &o, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "2 customers cannot be divided into 3 parts"));
}

static void the_latest_go_to_test(void **state) {
    (void)state;
    enum { N = 100 };
    int where[N];
    wu_split_report r;
    wu_err err = {0};
    wu_split_options o = usual;
    made m = {.n = N, .time = true, .backwards = true};
    write_set(&m);
    o.by_time = true;
    split(&r, &o);
    find_all(where, N);
    for (int i = 0; i < N; i++) assert_int_equal(where[i], i < 80 ? 0 : i < 90 ? 1 : 2);
    m.time = false;
    write_set(&m);
    o.force = true;
    assert_int_equal(wu_split(&r, &o, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "100 of 100 conversations have no start_time"));
    find_all(where, N); /* what was there is still there */
    m.time = true;
    m.no_time = 10; /* a few may have none: they count as the oldest */
    write_set(&m);
    split(&r, &o);
    find_all(where, N);
    assert_int_equal(r.n_no_time, 10);
    for (int i = 0; i < N; i++)
        assert_int_equal(where[i], i % 10 == 9 ? 0 : i < 77 ? 0 : i < 88 ? 1 : 2);
}

static void equal_words_stay_together(void **state) {
    (void)state;
    enum { N = 120, HALF = 60 };
    int where[N];
    wu_split_report r;
    const made m = {.n = N, .same_as = HALF};
    write_set(&m);
    split(&r, &usual);
    find_all(where, N);
    for (int i = 0; i < HALF; i++) assert_int_equal(where[i], where[i + HALF]);
    assert_int_equal(r.n_same, HALF);
    assert_int_equal(r.part[0].n_conversation, 96);
}

static void nearly_equal_ones_fail_or_are_moved(void **state) {
    (void)state;
    enum { N = 120, HALF = 60 };
    int where[N];
    wu_split_report r;
    wu_err err = {0};
    wu_split_options o = usual;
    const made m = {.n = N, .same_as = HALF, .changed = 2};
    write_set(&m);
    assert_int_equal(wu_split(&r, &o, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "--near together"));
    char path[128];
    snprintf(path, sizeof(path), "%s/train.jsonl", out);
    assert_false(wu_is_file(path));
    o.near = WU_NEAR_TOGETHER;
    split(&r, &o);
    assert_true(r.n_joined > 0);
    find_all(where, N);
    for (int i = 0; i < HALF; i++) assert_int_equal(where[i], where[i + HALF]);
    o.near = WU_NEAR_ALLOW;
    o.force = true;
    split(&r, &o);
    assert_int_equal(r.part[0].n_conversation, 96);
    assert_int_equal(r.n_joined, 0);
}

/* The second split wrote over what it read, and each further run made it smaller. */
static void what_is_read_is_never_written_over(void **state) {
    (void)state;
    wu_split_report r;
    wu_subset_report s;
    wu_err err = {0};
    char train[128];
    const made m = {.n = 50};
    write_set(&m);
    split(&r, &usual);
    assert_int_equal(wu_split(&r, &usual, &err), WU_EARG); /* there already */
    assert_non_null(strstr(err.msg, "--force"));
    snprintf(train, sizeof(train), "%s/train.jsonl", out);
    const wu_split_options again = {
        .data = train, .out = out, .share = {0.8, 0.1, 0.1}, .force = true};
    assert_int_equal(wu_split(&r, &again, &err), WU_EARG);
    assert_non_null(strstr(err.msg, "is what is read"));
    const wu_subset_options sub = {.data = train, .out = train, .size = 3};
    assert_int_equal(wu_subset(&s, &sub, &err), WU_EARG);
}

static void input_that_is_no_set(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {{"", "has no examples"},
               {"\n\n", "has no examples"},
               {"{\"prompt\":\"a\"}\nnot json\n", "examples.jsonl:2"},
               {"{\"prompt\":\"a\"}\n", "1 conversation cannot be divided into 3 parts"},
               {"{\"prompt\":\"a\",\"contact\":{\"hold_s\":\"x\"}}\n", "hold_s"}};
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_split_report r;
        wu_err err = {0};
        assert_int_equal(wu_write_file(data, bad[i].text, strlen(bad[i].text), NULL), WU_OK);
        assert_int_equal(wu_split(&r, &usual, &err), WU_EDATA);
        if (!strstr(err.msg, bad[i].says)) fail_msg("\"%s\" lacks \"%s\"", err.msg, bad[i].says);
        assert_false(wu_is_dir(out));
    }
}

static void a_subset_has_whole_conversations(void **state) {
    (void)state;
    static const struct {
        int64_t size, conversations, want;
    } at[] = {{30, 0, 10}, {31, 0, 10}, {32, 0, 10},   {3, 0, 1},    {9000, 0, 100},
              {0, 1, 1},   {0, 37, 37}, {0, 100, 100}, {0, 500, 100}};
    char small[128], where[128];
    const made m = {.n = 100};
    write_set(&m);
    snprintf(small, sizeof(small), "%s/small.jsonl", root);
    for (size_t i = 0; i < WU_LEN(at); i++) {
        wu_subset_report r;
        wu_units u = {0};
        wu_err err = {0};
        const wu_subset_options o = {
            .data = data, .out = small, .size = at[i].size, .conversations = at[i].conversations};
        CHECK_OK(wu_subset(&r, &o, &err), err);
        assert_int_equal(r.n_conversation, at[i].want);
        assert_int_equal(r.n_example, 3 * at[i].want);
        CHECK_OK(wu_units_read(&u, small, WU_BY_CONVERSATION, 0, &err), err);
        assert_int_equal(u.n_unit, at[i].want);
        assert_int_equal(u.n_line, 3 * at[i].want);
        wu_units_free(&u);
    }
    wu_subset_report r;
    wu_err err = {0};
    const wu_subset_options two = {.data = data, .out = small, .size = 2};
    assert_int_equal(wu_subset(&r, &two, &err), WU_EARG); /* no conversation is that small */
    const wu_subset_options folder = {.data = root, .out = out, .conversations = 40};
    CHECK_OK(wu_subset(&r, &folder, &err), err);
    snprintf(where, sizeof(where), "%s/examples.jsonl", out);
    assert_true(wu_is_file(where));
    snprintf(where, sizeof(where), "%s/metadata.json", out);
    assert_true(wu_is_file(where));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(flaw_01_no_conversation_is_in_two_parts, fresh),
        cmocka_unit_test_setup(flaw_24_the_same_seed_gives_the_same_bytes, fresh),
        cmocka_unit_test_setup(numbers_are_exact, fresh),
        cmocka_unit_test_setup(shares_add_up, fresh),
        cmocka_unit_test_setup(parts_have_the_same_shares_of_labels, fresh),
        cmocka_unit_test_setup(customers_stay_whole, fresh),
        cmocka_unit_test_setup(few_large_groups_leave_no_part_empty, fresh),
        cmocka_unit_test_setup(the_latest_go_to_test, fresh),
        cmocka_unit_test_setup(equal_words_stay_together, fresh),
        cmocka_unit_test_setup(nearly_equal_ones_fail_or_are_moved, fresh),
        cmocka_unit_test_setup(what_is_read_is_never_written_over, fresh),
        cmocka_unit_test_setup(input_that_is_no_set, fresh),
        cmocka_unit_test_setup(a_subset_has_whole_conversations, fresh),
    };
    return cmocka_run_group_tests(tests, make, drop) != 0;
}
