/* The probes: every row is there and a number, the same each time; a word that gives satisfaction
 * away is found; variety is what small sets by hand have; no memory, no report. */
#include "alloc_hook.h"
#include "near.h"

#include "base/dir.h"
#include "base/file.h"
#include "contact/synth/acts.h"
#include "contact/synth/probe_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 600 };

static wu_probe_report *plain; /* of seed 7 */

static wu_probe_report *probe(const wu_synth_options *o) {
    wu_probe_report *r = calloc(1, sizeof(*r));
    wu_err err = {0};
    assert_non_null(r);
    CHECK_OK(wu_probe(r, o, CALLS, &err), err);
    return r;
}

static int make_plain(void **state) {
    (void)state;
    plain = probe(&(wu_synth_options){.seed = 7});
    return 0;
}

static int drop_plain(void **state) {
    (void)state;
    free(plain);
    return 0;
}

static wu_probe_row row(const wu_probe_report *r, const char *name, const char *measure) {
    for (int32_t i = 0; i < r->n_row; i++)
        if (strcmp(r->row[i].probe, name) == 0 && strcmp(r->row[i].measure, measure) == 0)
            return r->row[i];
    fail_msg("there is no row %s, %s", name, measure);
    return (wu_probe_row){0};
}

static void every_row_is_there(void **state) {
    (void)state;
    static const char *const name[] = {"metadata before the contact",
                                       "metadata, hold and transfers",
                                       "length",
                                       "list of 40 words",
                                       "best single word or pair",
                                       "labels without noise",
                                       "bag of words",
                                       "first customer turn",
                                       "last two turns",
                                       "agent only",
                                       "customer only",
                                       "variety",
                                       "phrases never seen",
                                       "industries never seen"};
    int rows = 0;
    assert_int_equal(plain->n_call, CALLS);
    for (int32_t i = 0; i < plain->n_row; i++) {
        const wu_probe_row *r = &plain->row[i];
        bool known = false;
        for (size_t k = 0; k < WU_LEN(name); k++) known = known || strcmp(r->probe, name[k]) == 0;
        if (!known) fail_msg("%s is new", r->probe);
        rows++;
        assert_true(isfinite(r->value));
        assert_true(r->lo <= r->hi);
        if (strstr(r->measure, "rho") && !strstr(r->measure, "share"))
            assert_true(r->value >= -1.0 && r->value <= 1.0);
        if (strstr(r->measure, "|rho|")) assert_true(r->value >= 0.0);
        if (strstr(r->measure, "AUROC")) assert_true(r->value >= 0.5 && r->value <= 1.0);
        if (strcmp(r->probe, "variety") == 0) assert_true(r->value >= 0.0 && r->value <= 1.0);
        for (int32_t k = 0; k < i; k++) /* each once */
            assert_false(strcmp(r->probe, plain->row[k].probe) == 0 &&
                         strcmp(r->measure, plain->row[k].measure) == 0);
    }
    for (size_t k = 0; k < WU_LEN(name); k++) {
        bool there = false;
        for (int32_t i = 0; i < plain->n_row; i++)
            there = there || strcmp(plain->row[i].probe, name[k]) == 0;
        if (!there) fail_msg("%s is missing", name[k]);
    }
    assert_int_equal(rows, 42);
    assert_int_equal(plain->n_word, WU_PROBE_WORDS);
    for (int32_t i = 0; i < plain->n_word; i++) {
        assert_true(plain->word[i].auroc >= 0.5 && plain->word[i].auroc <= 1.0);
        assert_true(plain->word[i].text[0] != 0);
    }
}

/* With few calls figures scatter; these hold for any set that is worth something. */
static void the_figures_make_sense(void **state) {
    (void)state;
    const double ceiling = row(plain, "labels without noise", "CSAT rho (ceiling)").value;
    const double words = row(plain, "bag of words", "CSAT rho").value;
    assert_true(ceiling > 0.7 && ceiling < 0.95);
    assert_true(words > 0.3 && words < ceiling);
    assert_true(row(plain, "bag of words", "category accuracy").value > 0.4);
    assert_true(row(plain, "metadata before the contact", "QA |rho|").value < 0.2);
    assert_true(row(plain, "labels without noise", "QA rho (ceiling)").value > 0.95);
    const wu_probe_row best = row(plain, "best single word or pair", "CSAT: AUROC");
    assert_true(wu_probe_holds(&best));
    assert_true(row(plain, "variety", "distinct conversations").value == 1.0);
    assert_true(row(plain, "variety", "equal conversations across halves").value == 0.0);
}

static void what_holds(void **state) {
    (void)state;
    assert_true(wu_probe_holds(&(wu_probe_row){.value = 9.0}));
    assert_true(wu_probe_holds(&(wu_probe_row){.value = 0.5, .lo = 0.5, .hi = 0.7}));
    assert_true(wu_probe_holds(&(wu_probe_row){.value = 0.7, .lo = 0.5, .hi = 0.7}));
    assert_false(wu_probe_holds(&(wu_probe_row){.value = 0.71, .lo = 0.5, .hi = 0.7}));
    assert_false(wu_probe_holds(&(wu_probe_row){.value = 0.49, .lo = 0.5, .hi = 0.7}));
    assert_false(wu_probe_holds(&(wu_probe_row){.value = (double)NAN, .lo = 0.5, .hi = 0.7}));
}

/* ------------------------------------------------------------------------------- reports */

static void add_report(wu_buf *out, const wu_probe_report *r) {
    wu_json *j = wu_probe_json(r);
    assert_non_null(j);
    assert_int_equal(wu_probe_text(out, r), WU_OK);
    assert_int_equal(wu_json_write(out, j, WU_JSON_INDENT2), WU_OK);
    assert_int_equal(wu_json_size(wu_json_get(j, "probes")), r->n_row);
    assert_int_equal(wu_json_size(wu_json_get(j, "words")), r->n_word);
    assert_int_equal(wu_json_int(wu_json_get(j, "conversations")), r->n_call);
    wu_json_free(j);
}

static void the_same_report_twice(void **state) {
    (void)state;
    wu_probe_report *again = probe(&(wu_synth_options){.seed = 7});
    wu_buf a = {0}, b = {0};
    add_report(&a, plain);
    add_report(&b, again);
    assert_true(wu_str_eq(wu_buf_view(&a), wu_buf_view(&b)));
    wu_buf_free(&a);
    wu_buf_free(&b);
    free(again);
}

static void a_report_says_what_is_expected(void **state) {
    (void)state;
    wu_probe_report *r = calloc(1, sizeof(*r));
    wu_buf b = {0};
    assert_non_null(r);
    r->n_call = 500;
    r->n_row = 7;
    r->row[0] = (wu_probe_row){"a", "at most", 0.2, 0.0, 0.25};
    r->row[1] = (wu_probe_row){"b", "at least", 0.8, 0.85, 1.1};
    r->row[2] = (wu_probe_row){"c", "between", 22.0, 4.0, 80.0};
    r->row[3] = (wu_probe_row){"d", "reported", 1.0 / 3.0, 0.0, 0.0};
    r->row[4] = (wu_probe_row){"e", "odd", 0.75, 0.5, 0.7};
    r->row[5] = (wu_probe_row){"f", "a share above all", 1.3, 0.85, 1.1};
    r->row[6] = (wu_probe_row){"g", "less than nothing", -0.2, -0.1, 0.3};
    assert_int_equal(wu_probe_text(&b, r), WU_OK);
    assert_non_null(strstr(b.p, "0.200   at most 0.25\n"));
    assert_non_null(strstr(b.p, "0.800   at least 0.85   NOT AS EXPECTED\n"));
    assert_non_null(strstr(b.p, "22.000   4 to 80\n"));
    assert_non_null(strstr(b.p, "0.333\n"));
    assert_non_null(strstr(b.p, "0.750   0.5 to 0.7   NOT AS EXPECTED\n"));
    assert_non_null(strstr(b.p, "1.300   0.85 to 1.1   NOT AS EXPECTED\n"));
    assert_non_null(strstr(b.p, "-0.200   -0.1 to 0.3   NOT AS EXPECTED\n"));
    wu_json *j = wu_probe_json(r);
    const wu_json *rows = wu_json_get(j, "probes");
    assert_non_null(wu_json_get(wu_json_at(rows, 0), "lo"));
    assert_null(wu_json_get(wu_json_at(rows, 3), "lo"));
    wu_json_free(j);
    wu_buf_free(&b);
    free(r);
}

/* -------------------------------------------------------------------------------- wrong */

static void few_calls_are_refused(void **state) {
    (void)state;
    wu_probe_report *r = calloc(1, sizeof(*r));
    wu_err err = {0};
    assert_non_null(r);
    assert_int_equal(wu_probe(r, &(wu_synth_options){.seed = 7}, 499, &err), WU_EARG);
    assert_non_null(strstr(err.msg, "499 calls say nothing, want at least 500"));
    assert_int_equal(wu_probe(r, &(wu_synth_options){.languages = "xx"}, 500, &err), WU_EARG);
    assert_non_null(strstr(err.msg, "synth/xx"));
    free(r);
}

/* The built-in acts with a word more in every line of these sections. */
static void plant(wu_buf *out, const char *const *section, const char *word) {
    wu_buf text = {0};
    wu_err err = {0};
    bool inside = false;
    CHECK_OK(wu_table_text(&text, NULL, "synth/en/acts.txt", &err), err);
    for (const char *p = text.p, *end = text.p + text.n, *q; p < end; p = q + 1) {
        if (!(q = memchr(p, '\n', (size_t)(end - p)))) q = end;
        const wu_str line = {p, (size_t)(q - p)};
        const bool head = wu_str_starts(line, WU_STR("== "));
        if (head) inside = false;
        for (int i = 0; head && section[i]; i++)
            inside = inside || wu_str_eq((wu_str){p + 3, line.n - 3}, wu_str_of(section[i]));
        const bool more = inside && !head && line.n > 0 && p[0] != '#';
        assert_int_equal(
            wu_buf_fmt(out, "%.*s%s%s\n", (int)line.n, p, more ? " " : "", more ? word : ""),
            WU_OK);
    }
    wu_buf_free(&text);
}

/* Whoever is glad says "Zebra": one word tells high from low, and the row says so. */
static void a_planted_word_is_found(void **state) {
    (void)state;
    static const char *const glad[] = {"c.end_happy", "c.glad", "c.warm", NULL};
    char dir[] = "/tmp/wu-probe-XXXXXX", path[64];
    wu_buf acts = {0};
    wu_err err = {0};
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/synth/en", dir);
    CHECK_OK(wu_make_dirs(path, &err), err);
    snprintf(path, sizeof(path), "%s/synth/en/acts.txt", dir);
    plant(&acts, glad, "Zebra.");
    CHECK_OK(wu_write_file(path, acts.p, acts.n, &err), err);
    wu_probe_report *r = probe(&(wu_synth_options){.seed = 7, .tables = dir});
    const wu_probe_row best = row(r, "best single word or pair", "CSAT: AUROC");
    assert_false(wu_probe_holds(&best));
    assert_string_equal(r->word[0].text, "zebra");
    CHECK_NEAR(r->word[0].auroc, best.value, 1e-12);
    assert_true(row(r, "last two turns", "CSAT rho, share of ceiling").value >
                row(plain, "last two turns", "CSAT rho, share of ceiling").value);
    free(r);
    wu_buf_free(&acts);
    CHECK_OK(wu_remove_tree(dir, &err), err);
}

/* ------------------------------------------------------------------------------ the set */

static void a_set_has_what_was_made(void **state) {
    (void)state;
    const wu_synth_options o = {.seed = 3}, held = {.seed = 3, .held_out = true};
    const wu_probe_part part[2] = {{&o, 10, 30, -1}, {&held, 0, 20, 3}};
    wu_probe_set s;
    wu_synth *synth = NULL;
    wu_err err = {0};
    CHECK_OK(wu_probe_set_make(&s, part, 2, true, &err), err);
    CHECK_OK(wu_synth_open(&synth, &o, &err), err);
    assert_int_equal(s.n, 50);
    for (int32_t i = 0; i < 30; i++) {
        wu_latent l;
        wu_synth_latent(synth, 10 + (uint64_t)i, &l);
        assert_true(s.y[WU_TARGET_CSAT][i] == (double)l.csat100);
        assert_true(s.y[WU_TARGET_QA][i] == (double)l.quality);
        assert_true(s.y[WU_TARGET_CHURN][i] == (double)l.churn);
        assert_true(s.exact[WU_TARGET_CSAT][i] == l.csat_mean);
        assert_int_equal(s.category[i], l.category);
        assert_int_equal(s.fold[i], i % 5);
    }
    for (int32_t i = 30; i < 50; i++) assert_int_equal(s.fold[i], 3);
    for (int v = 0; v < WU_N_VIEW; v++) {
        assert_int_equal(s.rows[v].n_row, 50);
        for (int64_t k = 0; k < s.rows[v].start[50]; k++)
            assert_in_range(s.rows[v].col[k], 0, s.rows[v].n_col - 1);
    }
    assert_true(s.rows[WU_VIEW_ALL].n_col > s.rows[WU_VIEW_AGENT].n_col);
    assert_true(s.rows[WU_VIEW_AGENT].start[50] > s.rows[WU_VIEW_FIRST].start[50]);
    assert_true(s.rows[WU_VIEW_FACTS].start[50] <= 50 * 8);
    wu_synth_close(synth);
    wu_probe_set_free(&s);
    CHECK_OK(wu_probe_set_make(&s, part, 2, false, &err), err);
    assert_non_null(s.bag[WU_VIEW_ALL]);
    assert_null(s.bag[WU_VIEW_PAIRS]);
    wu_probe_set_free(&s);
}

/* ------------------------------------------------------------------------------ variety */

/* Turns of agent and customer in alternation, with | between them. */
static void add_call(wu_variety *v, const char *turns) {
    wu_synth_call c = {0};
    int32_t party[2];
    wu_conversation_init(&c.conversation);
    party[0] = wu_conversation_party(&c.conversation, WU_STR("Agent"), WU_PARTY_AGENT);
    party[1] = wu_conversation_party(&c.conversation, WU_STR("Customer"), WU_PARTY_CUSTOMER);
    for (int i = 0; *turns; i++) {
        const size_t n = strcspn(turns, "|");
        const wu_turn t = {.party = party[i % 2], .start_ms = -1, .end_ms = -1};
        assert_int_equal(wu_conversation_add(&c.conversation, &t, (wu_str){turns, n}), WU_OK);
        turns += n + (turns[n] == '|');
    }
    assert_int_equal(wu_variety_add(v, &c), WU_OK);
    wu_synth_call_free(&c);
}

static wu_probe_set variety_of(const char *const *call, int32_t n) {
    wu_variety *v = NULL;
    wu_probe_set s = {.n = n};
    assert_int_equal(wu_variety_create(&v, n), WU_OK);
    for (int32_t i = 0; i < n; i++) add_call(v, call[i]);
    assert_int_equal(wu_variety_finish(v, &s), WU_OK);
    wu_variety_free(v);
    return s;
}

#define LONG_A "one two three four five six seven eight nine ten eleven twelve"
#define LONG_B "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu"

static void variety_by_hand(void **state) {
    (void)state;
    const char *const call[] = {
        "hello there|" LONG_A, "hello there|" LONG_B "|yes",      /* the first half */
        "hello there|" LONG_A, "Hello there|" LONG_A " and more", /* a copy; two new sequences */
    };
    const wu_probe_set s = variety_of(call, 4);
    assert_int_equal(s.n_turn, 9);
    assert_int_equal(s.n_distinct_turn, 6);
    assert_int_equal(s.n_distinct_call, 3);
    CHECK_NEAR(s.new_turns, 1.0 / 2.0, 1e-12);
    CHECK_NEAR(s.new_sequences, 2.0 / (5.0 + 7.0), 1e-12);
    CHECK_NEAR(s.exact_copies, 0.5, 1e-12);
    CHECK_NEAR(s.turns[1], 2.0, 1e-12);
    CHECK_NEAR(s.words[0], (4 * 2 + 1) / 5.0, 1e-12);
    CHECK_NEAR(s.words[1], (3 * 12 + 14) / 4.0, 1e-12);
}

static void the_same_and_all_different(void **state) {
    (void)state;
    const char *const same[] = {LONG_A, LONG_A, LONG_A, LONG_A}, *const apart[] = {LONG_A, LONG_B};
    wu_probe_set s = variety_of(same, 4);
    CHECK_NEAR(s.self_bleu, 1.0, 1e-9);
    CHECK_NEAR(s.exact_copies, 1.0, 1e-12);
    CHECK_NEAR(s.near_copies, 1.0, 1e-12);
    CHECK_NEAR(s.new_turns, 0.0, 1e-12);
    s = variety_of(apart, 2);
    assert_true(s.self_bleu < 0.1); /* half a gram of each order */
    CHECK_NEAR(s.new_turns, 1.0, 1e-12);
    CHECK_NEAR(s.new_sequences, 1.0, 1e-12);
    CHECK_NEAR(s.exact_copies + s.near_copies, 0.0, 1e-12);
    s = variety_of(apart, 0);
    assert_int_equal(s.n_turn, 0);
    assert_true(s.self_bleu == 0.0 && s.near_copies == 0.0);
}

/* Precisions 3/4, 2/3, 1/2 and none, which counts as half of one: (3/4 2/3 1/2 1/2)^(1/4) for both
 * turns; calls whose turns are all short have no part in it. */
static void self_bleu_by_hand(void **state) {
    (void)state;
    const char *const call[] = {"a b c d", "yes", "a b c e", "no thanks then"};
    const wu_probe_set s = variety_of(call, 4);
    CHECK_NEAR(s.self_bleu, pow(0.75 * 2.0 / 3.0 * 0.5 * 0.5, 0.25), 1e-9);
}

/* ------------------------------------------------------------------------------- memory */

static wu_code make_set(wu_err *err) {
    static const wu_synth_options o = {.seed = 1, .no_noise = true};
    const wu_probe_part part = {&o, 0, 2, -1};
    wu_probe_set s;
    const wu_code rc = wu_probe_set_make(&s, &part, 1, true, err);
    if (rc) {
        assert_null(s.y[0]);
        assert_null(s.bag[WU_VIEW_ALL]);
    }
    wu_probe_set_free(&s);
    return rc;
}

/* Opening the simulator alone takes thousands of allocations, which its own test lets fail one by
 * one: here one in some, and all of the last ones. */
static void it_runs_out_of_memory(void **state) {
    (void)state;
    wu_err err = {0};
    const int64_t before = alloc_count();
    CHECK_OK(make_set(&err), err);
    const int64_t all = alloc_count() - before;
    for (int64_t n = 0; n < all; n += n < 60 || n > all - 250 ? 1 : 41) {
        err = (wu_err){0};
        alloc_fail_after(n);
        const wu_code rc = make_set(&err);
        alloc_fail_after(-1);
        assert_int_equal(rc, WU_ENOMEM);
        assert_true(err.msg[0] != 0);
    }
    CHECK_OK(make_set(&err), err);
}

static void reports_run_out_of_memory(void **state) {
    (void)state;
    for (int64_t n = 0; n < 1000; n++) {
        wu_buf b = {0};
        alloc_fail_after(n);
        const wu_code rc = wu_probe_text(&b, plain);
        wu_json *j = wu_probe_json(plain);
        alloc_fail_after(-1);
        wu_json_free(j);
        wu_buf_free(&b);
        if (rc == WU_OK && j) return;
    }
    fail_msg("it never succeeds");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_there),
        cmocka_unit_test(the_figures_make_sense),
        cmocka_unit_test(what_holds),
        cmocka_unit_test(the_same_report_twice),
        cmocka_unit_test(a_report_says_what_is_expected),
        cmocka_unit_test(few_calls_are_refused),
        cmocka_unit_test(a_planted_word_is_found),
        cmocka_unit_test(a_set_has_what_was_made),
        cmocka_unit_test(variety_by_hand),
        cmocka_unit_test(the_same_and_all_different),
        cmocka_unit_test(self_bleu_by_hand),
        cmocka_unit_test(it_runs_out_of_memory),
        cmocka_unit_test(reports_run_out_of_memory),
    };
    return cmocka_run_group_tests(tests, make_plain, drop_plain) != 0;
}
