/* Long conversations: the middle goes, beginning, end and answer stay, and every example fits. */
#include "alloc_hook.h"
#include "near.h"
#include "toy_vocab.h"

#include "base/compiler.h"
#include "contact/shorten.h"
#include "text/utf8.h"

#include <string.h>

static wu_tokenizer *tokenizer; /* a token a byte, but for a few merges */
#define TEXT(lit)                                                                                  \
    { (lit), sizeof(lit) - 1 }
static const wu_str answers[WU_N_TASK] = {
    [WU_TASK_QUALITY] = TEXT("{\"quality_score\": 82}"),
    [WU_TASK_ISSUE] = TEXT("{\"primary_category\": \"other\"}"),
    [WU_TASK_JOURNEY] = TEXT("{}"),
};

static wu_shortener *create(int32_t max_tokens, bool context_room) {
    const wu_shorten_options o = {tokenizer, WU_CHAT_CHATML, WU_CONTEXT_FIRST, max_tokens,
                                  context_room};
    wu_shortener *s = NULL;
    wu_err err;
    CHECK_OK(wu_shortener_create(&s, &o, &err), err);
    return s;
}

static int32_t tokens_of(int task, wu_str turns, wu_str answer) {
    wu_buf prompt = {0};
    wu_ids ids = {0};
    wu_err err;
    assert_int_equal(
        wu_prompt_render(&prompt, &wu_tasks[task], WU_CONTEXT_FIRST, (wu_str){0}, turns), WU_OK);
    const wu_message m[2] = {{WU_ROLE_USER, wu_buf_view(&prompt)}, {WU_ROLE_ASSISTANT, answer}};
    CHECK_OK(wu_chat_encode(WU_CHAT_CHATML, tokenizer, m, 2, false, &ids, NULL, &err), err);
    const int32_t n = ids.n;
    wu_ids_free(&ids);
    wu_buf_free(&prompt);
    return n;
}

/* Shortens text and checks what always holds. The result is to be freed. */
static char *shorten(wu_str text, int32_t max_tokens, wu_shortened *info) {
    wu_shortener *s = create(max_tokens, false);
    wu_str turns = text;
    wu_err err;
    CHECK_OK(wu_shorten(s, &turns, answers, "call", info, &err), err);
    for (int i = 0; i < WU_N_TASK; i++)
        if (answers[i].n) assert_true(tokens_of(i, turns, answers[i]) <= max_tokens);
    if (!info->was_cut) assert_true(wu_str_eq(turns, text));
    assert_true(wu_utf8_valid(turns));
    char *copy = malloc(turns.n + 1);
    assert_non_null(copy);
    memcpy(copy, turns.p, turns.n);
    copy[turns.n] = 0;
    wu_shortener_free(s);
    return copy;
}

static void add_turns(wu_buf *b, int from, int n) {
    for (int i = from; i < from + n; i++)
        assert_int_equal(
            wu_buf_fmt(b, "%s: these are the words of turn %d.\n", i % 2 ? "Customer" : "Agent", i),
            WU_OK);
}

static void what_fits_stays_as_it_is(void **state) {
    (void)state;
    wu_buf b = {0};
    wu_shortened info;
    add_turns(&b, 0, 10);
    free(shorten(wu_buf_view(&b), 100000, &info));
    assert_false(info.was_cut);
    free(shorten(wu_buf_view(&b), tokens_of(0, wu_buf_view(&b), answers[0]) + 8, &info));
    assert_false(info.was_cut);
    wu_buf_free(&b);
}

/* Flaw 5: what was too long lost its end, the answer with it. */
static void flaw_05_the_middle_is_left_out(void **state) {
    (void)state;
    wu_buf b = {0};
    wu_shortened info;
    add_turns(&b, 0, 400);
    for (int32_t max = 1000; max < 9000; max += 777) {
        char *text = shorten(wu_buf_view(&b), max, &info), mark[64];
        assert_true(info.was_cut && info.n_word == 0);
        assert_int_equal(strncmp(text, "Agent: these are the words of turn 0.\n", 38), 0);
        assert_string_equal(text + strlen(text) - 13, "of turn 399.\n");
        snprintf(mark, sizeof(mark), "\n[%d turns left out]\n", info.n_turn);
        const char *gap = strstr(text, mark);
        assert_non_null(gap);
        int lines = 0, head = 0;
        for (const char *p = text; *p; p++) {
            lines += *p == '\n';
            head += *p == '\n' && p <= gap;
        }
        assert_int_equal(lines - 1 + info.n_turn, 400); /* the mark is a line as well */
        assert_true(head * 100 >= 30 * (lines - 1) && head * 100 <= 50 * (lines - 1));
        free(text);
    }
    wu_buf_free(&b);
}

static void one_long_turn_is_cut_inside(void **state) {
    (void)state;
    wu_buf b = {0};
    wu_shortened info;
    assert_int_equal(wu_buf_str(&b, "Customer: first"), WU_OK);
    for (int i = 0; i < 3000; i++) assert_int_equal(wu_buf_fmt(&b, " w%d", i), WU_OK);
    assert_int_equal(wu_buf_str(&b, " last\n"), WU_OK);
    char *text = shorten(wu_buf_view(&b), 1500, &info);
    assert_true(info.was_cut && info.n_turn == 0 && info.n_word > 2000);
    assert_int_equal(strncmp(text, "Customer: first w0 w1", 21), 0);
    assert_string_equal(text + strlen(text) - 12, " w2999 last\n");
    assert_non_null(strstr(text, " words left out] w"));
    assert_null(strstr(text, "turns left out"));
    free(text);
    wu_buf_free(&b);
}

static void long_turns_at_the_ends_keep_a_part(void **state) {
    (void)state;
    wu_buf b = {0};
    wu_shortened info;
    for (int side = 0; side < 2; side++) {
        assert_int_equal(wu_buf_str(&b, side ? "Agent: begin" : "Customer: begin"), WU_OK);
        for (int i = 0; i < 3000; i++) assert_int_equal(wu_buf_str(&b, " word"), WU_OK);
        assert_int_equal(wu_buf_str(&b, " end\n"), WU_OK);
        if (!side) add_turns(&b, 0, 5);
    }
    char *text = shorten(wu_buf_view(&b), 1600, &info);
    assert_int_equal(strncmp(text, "Customer: begin word", 20), 0);
    assert_string_equal(text + strlen(text) - 10, " word end\n");
    assert_non_null(strstr(text, "[5 turns left out]\nAgent: ["));
    free(text);
    wu_buf_free(&b);
}

static void words_without_blanks_are_cut_between_characters(void **state) {
    (void)state;
    wu_buf b = {0};
    wu_shortened info;
    assert_int_equal(wu_buf_str(&b, "Agent: "), WU_OK);
    for (int i = 0; i < 5000; i++) assert_int_equal(wu_buf_str(&b, "\xE8\xAA\x9E"), WU_OK);
    free(shorten(wu_buf_view(&b), 1200, &info)); /* valid UTF-8 is checked there */
    assert_true(info.was_cut);
    wu_buf_free(&b);
}

static void a_long_turn_in_the_middle_goes_whole(void **state) {
    (void)state;
    wu_buf b = {0};
    wu_shortened info;
    add_turns(&b, 0, 12);
    assert_int_equal(wu_buf_str(&b, "Agent:"), WU_OK);
    for (int i = 0; i < 3000; i++) assert_int_equal(wu_buf_str(&b, " word"), WU_OK);
    assert_int_equal(wu_buf_str(&b, "\n"), WU_OK);
    add_turns(&b, 12, 14);
    char *text = shorten(wu_buf_view(&b), 1700, &info);
    assert_true(info.was_cut);
    assert_non_null(strstr(text, "turn 0."));
    assert_non_null(strstr(text, "turn 25."));
    free(text);
    wu_buf_free(&b);
}

static void room_is_kept_for_the_context(void **state) {
    (void)state;
    wu_buf b = {0};
    wu_shortened info;
    wu_err err;
    int32_t n[2];
    add_turns(&b, 0, 200);
    for (int room = 0; room < 2; room++) {
        wu_shortener *s = create(3000, room == 1);
        wu_str turns = wu_buf_view(&b);
        CHECK_OK(wu_shorten(s, &turns, answers, "call", &info, &err), err);
        n[room] = tokens_of(2, turns, answers[2]);
        wu_shortener_free(s);
    }
    assert_true(n[0] - n[1] > 250 && n[0] - n[1] < 450); /* a token a byte */
    wu_buf_free(&b);
}

static void no_room_is_an_error(void **state) {
    (void)state;
    const wu_shorten_options o = {tokenizer, WU_CHAT_CHATML, WU_CONTEXT_FIRST, 100, false};
    wu_shorten_options none = o;
    wu_shortener *s = NULL;
    wu_err err = {0};
    assert_int_equal(wu_shortener_create(&s, &o, &err), WU_EARG);
    assert_null(s);
    none.max_tokens = 5000;
    none.chat = WU_CHAT_NONE;
    assert_int_equal(wu_shortener_create(&s, &none, &err), WU_EARG);
    /* an answer is never cut */
    char *text = malloc(4000);
    assert_non_null(text);
    memset(text, 'x', 4000);
    wu_str answer[WU_N_TASK] = {{text, 4000}}, turns = WU_STR("Agent: Hello.\n");
    wu_shortened info;
    s = create(2000, false);
    assert_int_equal(wu_shorten(s, &turns, answer, "call-7", &info, &err), WU_EDATA);
    assert_non_null(strstr(err.msg, "call-7"));
    wu_shortener_free(s);
    free(text);
}

static void memory_may_run_out(void **state) {
    (void)state;
    const wu_shorten_options o = {tokenizer, WU_CHAT_CHATML, WU_CONTEXT_FIRST, 1500, true};
    wu_buf b = {0};
    add_turns(&b, 0, 60);
    for (int64_t n = 0;; n++) {
        wu_shortener *s = NULL;
        wu_str turns = wu_buf_view(&b);
        wu_shortened info;
        wu_err err = {0};
        alloc_fail_after(n);
        wu_code rc = wu_shortener_create(&s, &o, &err);
        if (!rc) rc = wu_shorten(s, &turns, answers, "call", &info, &err);
        alloc_fail_after(-1);
        wu_shortener_free(s);
        if (rc == WU_OK) break;
        assert_int_equal(rc, WU_ENOMEM);
        assert_true(err.msg[0] != 0);
    }
    wu_buf_free(&b);
}

static int begin(void **state) {
    (void)state;
    wu_vocab *v = toy_bytes(WU_PRESPLIT_GPT2);
    toy_add(v, "<|im_start|>", WU_TOKEN_CONTROL);
    toy_add(v, "<|im_end|>", WU_TOKEN_CONTROL);
    toy_merge(v, "t", "h");
    toy_merge(v, "th", "e");
    toy_merge(v, ".", "\n");
    return (int)wu_tokenizer_create(&tokenizer, v, NULL);
}

static int end(void **state) {
    (void)state;
    wu_tokenizer_free(tokenizer);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_stays_as_it_is),
        cmocka_unit_test(flaw_05_the_middle_is_left_out),
        cmocka_unit_test(one_long_turn_is_cut_inside),
        cmocka_unit_test(long_turns_at_the_ends_keep_a_part),
        cmocka_unit_test(words_without_blanks_are_cut_between_characters),
        cmocka_unit_test(a_long_turn_in_the_middle_goes_whole),
        cmocka_unit_test(room_is_kept_for_the_context),
        cmocka_unit_test(no_room_is_an_error),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, begin, end) != 0;
}
