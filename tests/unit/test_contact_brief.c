/* Briefs: they tell what the plan needs and no label. Answers: what can stand for a brief is taken,
 * anything else is refused with the place; what is made of one has the simulator's labels. */
#include "alloc_hook.h"
#include "contact/synth/brief.h"
#include "near.h"

#include "base/dir.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 300 };

typedef struct world {
    wu_synth *s;
    wu_briefs *b;
} world;

static world open_world(const char *language) {
    const wu_synth_options o = {.seed = 7, .languages = language, .no_noise = true};
    world w = {0};
    wu_err err = {0};
    CHECK_OK(wu_synth_open(&w.s, &o, &err), err);
    CHECK_OK(wu_briefs_read(&w.b, NULL, &err), err);
    return w;
}

static void close_world(world *w) {
    wu_briefs_free(w->b);
    wu_synth_close(w->s);
}

static void make(const world *w, uint64_t index, wu_brief *b) {
    wu_err err = {0};
    CHECK_OK(wu_brief_make(b, w->b, w->s, index, &err), err);
}

static bool has(const wu_brief *b, const char *words) { return strstr(b->prompt.p, words) != NULL; }

/* ------------------------------------------------------------------------------- prompts */

static void a_prompt_tells_what_the_plan_needs(void **state) {
    (void)state;
    world w = open_world("en=2,es=1,fr=1,de=1");
    wu_brief b = {0};
    wu_synth_call call = {0};
    wu_err err = {0};
    int32_t rivals = 0, silent = 0;
    for (uint64_t i = 0; i < CALLS; i++) {
        make(&w, i, &b);
        CHECK_OK(wu_synth_make(w.s, i, &call, &err), err);
        char company[128], language[24];
        snprintf(company, sizeof(company), "%.*s", (int)call.company.n, call.company.p);
        snprintf(language, sizeof(language), "(%s)\n", call.language);
        assert_true(has(&b, company));
        assert_true(has(&b, language));
        assert_true(has(&b, "\nAgent: ") && has(&b, "\nCustomer: ") && has(&b, "\n1. "));
        assert_int_equal(strlen(b.hash), 32);
        assert_true(b.n_line > 0 && b.least_turns >= 1 && b.most_turns >= 120);
        /* A slot that was not filled would leave its braces. */
        assert_null(memchr(b.prompt.p, '{', b.prompt.n));
        if (call.latent.competitor) assert_true(b.rival[0] != 0 && has(&b, b.rival));
        if (call.latent.competitor) rivals++;
        silent += call.latent.silent;
        for (int k = 0; k < WU_N_ITEM; k++) assert_true(b.item_line[k] < b.n_line);
        if (!call.latent.silent) assert_true(b.item_line[WU_ITEM_GREETING] >= 0);
    }
    assert_true(rivals > 5 && silent > 0);
    wu_synth_call_free(&call);
    wu_brief_free(&b);
    close_world(&w);
}

static void a_prompt_has_no_label(void **state) {
    (void)state;
    static const char *const word[] = {"csat",   "churn",    "quality", "predicted", "trajectory",
                                       "rating", "severity", "latent",  "outcome",   "coaching"};
    world w = open_world("en");
    wu_brief b = {0};
    for (uint64_t i = 0; i < CALLS; i++) {
        make(&w, i, &b);
        for (char *p = b.prompt.p; *p; p++)
            if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
        char *plan = strstr(b.prompt.p, "\nplan:\n");
        assert_non_null(plan);
        for (size_t k = 0; k < WU_LEN(word); k++) {
            /* The words of the issues are a customer's: "the quality of the picture". */
            if (strcmp(word[k], "quality") == 0 || strcmp(word[k], "rating") == 0) continue;
            if (has(&b, word[k])) fail_msg("call %d: %s in: %s", (int)i, word[k], b.prompt.p);
        }
        for (int t = 0; t < WU_N_TASK; t++)
            for (int f = 0; f < wu_tasks[t].n_field; f++) {
                if (strchr(wu_tasks[t].field[f].name, '_'))
                    assert_false(has(&b, wu_tasks[t].field[f].name));
                for (const char *const *v = wu_tasks[t].field[f].values; v && *v; v++)
                    if (strchr(*v, '_')) assert_false(has(&b, *v));
            }
    }
    wu_brief_free(&b);
    close_world(&w);
}

static void a_prompt_depends_on_its_call_alone(void **state) {
    (void)state;
    world w = open_world("en");
    wu_brief a = {0}, b = {0};
    make(&w, 5, &a);
    make(&w, 6, &b);
    assert_string_not_equal(a.hash, b.hash);
    make(&w, 5, &b);
    assert_string_equal(a.hash, b.hash);
    assert_string_equal(a.prompt.p, b.prompt.p);
    wu_brief_free(&a);
    wu_brief_free(&b);
    close_world(&w);
}

/* ------------------------------------------------------------------------------- answers */

/* An answer that follows the plan, in words of its language. */
static void follow(const wu_brief *b, wu_buf *out) {
    static const char *const by[] = {"agent", "agent", "customer", "bot", "system"};
    wu_buf_clear(out);
    assert_int_equal(wu_buf_str(out, "{\"turns\":["), WU_OK);
    for (int32_t i = 0; i < b->n_line; i++)
        assert_int_equal(wu_buf_fmt(out,
                                    "%s{\"speaker\":\"%s\",\"text\":\"This is what I have to say "
                                    "about the matter and %s, number %d.\",\"line\":%d}",
                                    i ? "," : "", by[b->by[i]], b->rival, i, i + 1),
                         WU_OK);
    assert_int_equal(wu_buf_str(out, "]}"), WU_OK);
}

static void expect_refused(const wu_brief *b, const char *text, const char *why) {
    wu_answer a = {0};
    wu_err err = {0};
    assert_int_equal(wu_answer_read(&a, b, wu_str_of(text), &err), WU_EDATA);
    if (!strstr(err.msg, why)) fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
    assert_null(a.json);
    assert_null(a.turn);
    assert_int_equal(a.n, 0);
}

/* The good answer with the first `from` made `to`. */
static void expect_changed_refused(const wu_brief *b, const char *from, const char *to,
                                   const char *why) {
    wu_buf good = {0}, bad = {0};
    follow(b, &good);
    const char *at = strstr(good.p, from);
    assert_non_null(at);
    assert_int_equal(
        wu_buf_fmt(&bad, "%.*s%s%s", (int)(at - good.p), good.p, to, at + strlen(from)), WU_OK);
    expect_refused(b, bad.p, why);
    wu_buf_free(&good);
    wu_buf_free(&bad);
}

/* A call by telephone without a bot, with or without a rival. */
static uint64_t find_call(const world *w, bool rival, wu_brief *b) {
    for (uint64_t i = 0;; i++) {
        make(w, i, b);
        bool people = true;
        for (int32_t k = 0; k < b->n_line; k++)
            people = people && b->by[k] != WU_BY_BOT && b->by[k] != WU_BY_SYSTEM;
        if (people && b->n_line > 12 && (b->rival[0] != 0) == rival) return i;
    }
}

static void bad_answers_are_refused(void **state) {
    (void)state;
    world w = open_world("en");
    wu_brief b = {0};
    find_call(&w, false, &b);
    expect_refused(&b, "", "JSON");
    expect_refused(&b, "Of course! Here it is.", "JSON");
    expect_refused(&b, "{}", "turns is missing");
    expect_refused(&b, "[]", "turns is missing");
    expect_refused(&b, "null", "");
    expect_refused(&b, "{\"turns\":{}}", "turns is missing");
    expect_refused(&b, "{\"turns\":[]}", "has 0 turns");
    expect_refused(&b, "{\"turns\":[1,2,3]}", "has 3 turns");
    expect_refused(&b, "```json\n{}\n```", "turns is missing");
    expect_refused(&b, "```", "JSON");
    expect_refused(&b, "{\"turns\":[null,null,null,null,null,null,null,null,null,null,null,null]}",
                   "speaker");
    expect_changed_refused(&b, "\"agent\"", "\"narrator\"", "turns[0].speaker");
    expect_changed_refused(&b, "\"agent\"", "\"supervisor\"", "turns[0].speaker");
    expect_changed_refused(&b, "\"agent\"", "\"\\u001b[2J\"", "turns[0].speaker");
    expect_changed_refused(&b, "\"agent\"", "7", "turns[0].speaker");
    expect_changed_refused(&b, "\"agent\"", "\"bot\"", "the bot's");
    expect_changed_refused(&b, "This is", "\\u001b[31mThis is", "control character 0x1B");
    expect_changed_refused(&b, "This is", "Your CSAT is", "\"csat\"");
    expect_changed_refused(&b, "This is", "As an AI I say", "\"as an ai\"");
    expect_changed_refused(&b, "This is", "needs_improvement is", "needs_improvement");
    expect_changed_refused(&b, "This is", "predicted_csat is", "csat");
    expect_changed_refused(&b, "\"text\":\"This", "\"txt\":\"This", "turns[0].text is missing");
    expect_changed_refused(&b, "\"text\":\"This", "\"text\":null,\"x\":\"This", "turns[0].text");
    wu_buf big = {0};
    for (int i = 0; i < 700; i++) assert_int_equal(wu_buf_str(&big, "bla bla bla "), WU_OK);
    expect_changed_refused(&b, "This is", big.p, "bytes, at most");
    find_call(&w, true, &b);
    wu_answer a = {0};
    wu_err err = {0};
    follow(&b, &big);
    CHECK_OK(wu_answer_read(&a, &b, wu_buf_view(&big), &err), err);
    wu_answer_free(&a);
    char rival[64];
    memcpy(rival, b.rival, sizeof(rival));
    b.rival[0] = 0;
    follow(&b, &big);
    memcpy(b.rival, rival, sizeof(rival));
    expect_refused(&b, big.p, "is not named");
    wu_buf_free(&big);
    wu_brief_free(&b);
    close_world(&w);
}

static void another_language_is_refused(void **state) {
    (void)state;
    world w = open_world("de");
    wu_brief b = {0};
    wu_buf text = {0};
    find_call(&w, false, &b);
    follow(&b, &text); /* English */
    expect_refused(&b, text.p, "language seems to be en, want de");
    wu_buf_free(&text);
    wu_brief_free(&b);
    close_world(&w);
}

static void one_side_alone_is_refused(void **state) {
    (void)state;
    world w = open_world("en");
    wu_brief b = {0};
    wu_buf text = {0};
    find_call(&w, false, &b);
    for (int32_t i = 0; i < b.n_line; i++) b.by[i] = WU_BY_AGENT;
    follow(&b, &text);
    make(&w, b.index, &b);
    expect_refused(&b, text.p, "the customer says nothing");
    wu_buf_free(&text);
    wu_brief_free(&b);
    close_world(&w);
}

static void an_answer_becomes_a_call(void **state) {
    (void)state;
    world w = open_world("en");
    wu_brief b = {0};
    wu_synth_call own = {0}, made = {0};
    wu_buf text = {0}, x = {0}, y = {0};
    for (uint64_t i = 0; i < 40; i++) {
        wu_answer a = {0};
        wu_err err = {0};
        make(&w, i, &b);
        follow(&b, &text);
        CHECK_OK(wu_answer_read(&a, &b, wu_buf_view(&text), &err), err);
        CHECK_OK(wu_synth_make(w.s, i, &own, &err), err);
        CHECK_OK(wu_answer_call(&a, &b, w.s, "a-model", &made, &err), err);
        const wu_conversation *c = &made.conversation;
        assert_int_equal(c->n_turn, b.n_line);
        assert_true(wu_str_eq(c->id, own.conversation.id));
        wu_buf_clear(&x);
        wu_buf_clear(&y);
        assert_int_equal(wu_json_write(&x, c->journey, WU_JSON_COMPACT), WU_OK);
        assert_int_equal(wu_json_write(&y, own.conversation.journey, WU_JSON_COMPACT), WU_OK);
        assert_true(wu_str_eq(wu_buf_view(&x), wu_buf_view(&y)));
        /* Each quote stands in the turn it names. */
        const wu_json *quality = wu_json_get(c->analysis, "quality_scores");
        const wu_json *items = wu_json_get(quality, "items");
        assert_int_equal(wu_json_size(items), WU_N_ITEM);
        for (size_t k = 0; k < wu_json_size(items); k++) {
            const wu_json *turn = wu_json_get(wu_json_at(items, k), "turn");
            const int32_t line = b.item_line[k];
            assert_int_equal(turn != NULL, line >= 0 && made.latent.applies[k]);
            if (!turn) continue;
            assert_int_equal(wu_json_int(turn), line + 1);
            const wu_str quote = wu_json_str(wu_json_get(wu_json_at(items, k), "quote"));
            assert_true(wu_str_starts(c->turn[line].text, quote));
        }
        assert_true(
            wu_str_eq(wu_json_str(wu_json_get(made.trace, "realised_by")), WU_STR("a-model")));
        assert_true(
            wu_str_eq(wu_json_str(wu_json_get(made.trace, "prompt_hash")), wu_str_of(b.hash)));
        wu_json *kept = wu_answer_json(&a);
        wu_buf_clear(&x);
        assert_int_equal(wu_json_write(&x, kept, WU_JSON_COMPACT), WU_OK);
        assert_true(wu_str_eq(wu_buf_view(&x), wu_buf_view(&text)));
        wu_json_free(kept);
        wu_answer_free(&a);
    }
    wu_buf_free(&text);
    wu_buf_free(&x);
    wu_buf_free(&y);
    wu_synth_call_free(&own);
    wu_synth_call_free(&made);
    wu_brief_free(&b);
    close_world(&w);
}

/* A line that cannot be meant is no evidence; the turn stays. */
static void odd_lines_are_ignored(void **state) {
    (void)state;
    static const char *const odd[] = {"0", "-1", "99999", "1e9", "\"1\"", "null", "[1]", "2"};
    world w = open_world("en");
    wu_brief b = {0};
    wu_buf good = {0}, changed = {0};
    find_call(&w, false, &b);
    follow(&b, &good);
    for (size_t i = 0; i < WU_LEN(odd); i++) { /* line 2 is the other side's */
        wu_answer a = {0};
        wu_err err = {0};
        const char *at = strstr(good.p, "\"line\":1}");
        wu_buf_clear(&changed);
        assert_int_equal(wu_buf_fmt(&changed, "%.*s\"line\":%s}%s", (int)(at - good.p), good.p,
                                    odd[i], at + strlen("\"line\":1}")),
                         WU_OK);
        CHECK_OK(wu_answer_read(&a, &b, wu_buf_view(&changed), &err), err);
        assert_int_equal(a.turn[0].line, -1);
        assert_int_equal(a.turn[1].line, 1);
        wu_answer_free(&a);
    }
    wu_buf_free(&good);
    wu_buf_free(&changed);
    wu_brief_free(&b);
    close_world(&w);
}

/* The largest answer that is taken, kept as JSON, is taken again. */
static void large_answers_are_taken_twice_or_never(void **state) {
    (void)state;
    world w = open_world("en");
    wu_brief b = {0};
    find_call(&w, false, &b);
    int taken = 0, refused = 0;
    for (int bytes = 100; bytes < 6000; bytes += 590) {
        wu_buf text = {0}, again = {0};
        wu_answer a = {0};
        wu_err err = {0};
        for (int32_t i = 0; i < b.most_turns; i++) {
            const char *by = b.by[i % b.n_line] == WU_BY_CUSTOMER ? "customer" : "agent";
            assert_int_equal(wu_buf_fmt(&text, "%s{\"speaker\":\"%s\",\"text\":\"",
                                        i ? "," : "{\"turns\":[", by),
                             WU_OK);
            for (int k = 0; k + 2 <= bytes; k += 2)
                assert_int_equal(wu_buf_str(&text, "\xC3\xA9"), WU_OK);
            assert_int_equal(wu_buf_str(&text, "\"}"), WU_OK);
        }
        assert_int_equal(wu_buf_str(&text, "]}"), WU_OK);
        if (wu_answer_read(&a, &b, wu_buf_view(&text), &err)) {
            assert_int_equal(err.code, WU_EDATA);
            refused++;
        } else {
            wu_json *kept = wu_answer_json(&a);
            assert_int_equal(wu_json_write(&again, kept, WU_JSON_COMPACT), WU_OK);
            wu_answer_free(&a);
            CHECK_OK(wu_answer_read(&a, &b, wu_buf_view(&again), &err), err);
            wu_json_free(kept);
            taken++;
        }
        wu_answer_free(&a);
        wu_buf_free(&text);
        wu_buf_free(&again);
    }
    assert_true(taken > 0 && refused > 0);
    wu_brief_free(&b);
    close_world(&w);
}

/* ------------------------------------------------------------------------------- failures */

static wu_code all_of_it(const world *w, wu_buf *text, wu_err *err) {
    wu_brief b = {0};
    wu_answer a = {0};
    wu_synth_call call = {0};
    wu_briefs *briefs = NULL;
    wu_code rc = wu_briefs_read(&briefs, NULL, err);
    if (!rc) rc = wu_brief_make(&b, briefs, w->s, 3, err);
    if (!rc && !text->n) {
        follow(&b, text); /* once, when nothing fails */
    }
    if (!rc) rc = wu_answer_read(&a, &b, wu_buf_view(text), err);
    if (!rc) rc = wu_answer_call(&a, &b, w->s, "m", &call, err);
    wu_synth_call_free(&call);
    wu_answer_free(&a);
    wu_brief_free(&b);
    wu_briefs_free(briefs);
    return rc;
}

static void failing_allocations_are_reported(void **state) {
    (void)state;
    world w = open_world("en");
    wu_buf text = {0};
    wu_err err = {0};
    CHECK_OK(all_of_it(&w, &text, &err), err);
    int64_t n = 0;
    for (wu_code rc = WU_ENOMEM; rc; n++) {
        alloc_fail_after(n);
        rc = all_of_it(&w, &text, &err);
        alloc_fail_after(-1);
        if (rc) assert_int_equal(rc, WU_ENOMEM);
    }
    assert_true(n > 20);
    wu_buf_free(&text);
    close_world(&w);
}

static void wrong_tables_are_refused(void **state) {
    (void)state;
    char dir[] = "/tmp/wu_brief_XXXXXX";
    assert_non_null(mkdtemp(dir));
    const struct {
        const char *text, *why;
    } bad[] = {{"== system\nx\n", "a.greet has 0 lines"},
               {"== a.greet\nx\n", "no section system"},
               {"== system\nx\n== a.greet\nsays {nothing}\n", "unknown slot {nothing}"},
               {"== system\nx\n== a.greet\na\nb\n", "a.greet has 2 lines"}};
    char path[128];
    snprintf(path, sizeof(path), "%s/synth", dir);
    assert_int_equal(wu_make_dirs(path, NULL), WU_OK);
    snprintf(path, sizeof(path), "%s/synth/brief.txt", dir);
    for (size_t i = 0; i < WU_LEN(bad); i++) {
        wu_briefs *b = NULL;
        wu_err err = {0};
        assert_int_equal(wu_write_file(path, bad[i].text, strlen(bad[i].text), &err), WU_OK);
        assert_int_equal(wu_briefs_read(&b, dir, &err), WU_EDATA);
        if (!strstr(err.msg, bad[i].why)) fail_msg("%s", err.msg);
        assert_null(b);
    }
    assert_int_equal(wu_remove_tree(dir, NULL), WU_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prompt_tells_what_the_plan_needs),
        cmocka_unit_test(a_prompt_has_no_label),
        cmocka_unit_test(a_prompt_depends_on_its_call_alone),
        cmocka_unit_test(bad_answers_are_refused),
        cmocka_unit_test(another_language_is_refused),
        cmocka_unit_test(one_side_alone_is_refused),
        cmocka_unit_test(an_answer_becomes_a_call),
        cmocka_unit_test(odd_lines_are_ignored),
        cmocka_unit_test(large_answers_are_taken_twice_or_never),
        cmocka_unit_test(failing_allocations_are_reported),
        cmocka_unit_test(wrong_tables_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
