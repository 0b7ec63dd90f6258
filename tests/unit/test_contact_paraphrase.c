/* Synonyms, openers and cores: whole words, capitals, the longest first, nothing else changed, and
 * nothing at all in a language without such tables. */
#include "near.h"

#include "base/dir.h"
#include "base/file.h"
#include "contact/synth/frames.h"
#include "contact/synth/speak.h"
#include "contact/synth/world.h"
#include "contact/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 40 };

static wu_synth *open_synth(const char *language, const char *tables) {
    const wu_synth_options o = {.seed = 1, .languages = language, .tables = tables};
    wu_synth *s = NULL;
    wu_err err = {0};
    CHECK_OK(wu_synth_open(&s, &o, &err), err);
    return s;
}

/* A language of these groups, one a line, words with commas between them. */
typedef struct small {
    wu_str text[16];
    wu_words group[8];
    wu_language l;
} small;

static void make_small(small *m, const char *lines) {
    int32_t n = 0;
    *m = (small){0};
    for (const char *p = lines; *p;) {
        wu_words *g = &m->group[m->l.n_synonym++];
        const size_t end = strcspn(p, "\n");
        g->text = m->text + n;
        for (size_t i = 0, k; i < end; i = k + 1) {
            k = i + strcspn(p + i, ",\n");
            m->text[n++] = (wu_str){p + i, k - i};
            g->n++;
        }
        p += end + (p[end] == '\n');
    }
    m->l.synonym = m->group;
    assert_int_equal(wu_language_index_synonyms(&m->l), WU_OK);
}

/* What becomes of text in many draws is each of `want` at least once, and nothing else; the last of
 * want is NULL. */
static void becomes(const wu_language *l, const char *text, const char *const *want) {
    wu_buf b = {0};
    int seen[8] = {0}, n = 0;
    while (want[n]) n++;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        wu_rng r = wu_rng_init(seed, 1);
        int k = 0;
        wu_buf_clear(&b);
        assert_int_equal(wu_paraphrase(&b, l, wu_str_of(text), &r), WU_OK);
        while (k < n && !wu_str_eq(wu_buf_view(&b), wu_str_of(want[k]))) k++;
        if (k == n) fail_msg("\"%s\" became \"%.*s\"", text, (int)b.n, b.p);
        seen[k]++;
    }
    for (int k = 0; k < n; k++)
        if (!seen[k]) fail_msg("\"%s\" never became \"%s\"", text, want[k]);
    wu_buf_free(&b);
}

#define BECOMES(l, text, ...) becomes(l, text, (const char *const[]){__VA_ARGS__, NULL})

static void whole_words(void **state) {
    (void)state;
    small m;
    make_small(&m, "do not,don't\nat once,now");
    BECOMES(&m.l, "do not.", "do not.", "don't.");
    BECOMES(&m.l, "(do not)", "(do not)", "(don't)");
    BECOMES(&m.l, "do nothing", "do nothing");
    BECOMES(&m.l, "undo not", "undo not");
    BECOMES(&m.l, "7now now7 now's", "7now now7 now's");
    BECOMES(&m.l, "now\xC3\xA9 \xC3\xA9now", "now\xC3\xA9 \xC3\xA9now");
    BECOMES(&m.l, "do  not do", "do  not do");
    BECOMES(&m.l, "don'", "don'");
    BECOMES(&m.l, "don't now", "don't now", "don't at once", "do not now", "do not at once");
    BECOMES(&m.l, "", "");
    wu_arena_free(&m.l.arena);
}

static void capitals(void **state) {
    (void)state;
    small m;
    make_small(&m, "do not,don't\nI would,I'd");
    BECOMES(&m.l, "Do not. do not", "Do not. do not", "Do not. don't", "Don't. do not",
            "Don't. don't");
    BECOMES(&m.l, "DO NOT", "DO NOT"); /* shouted: not a sentence's capital */
    BECOMES(&m.l, "So I would", "So I would", "So I'd");
    wu_arena_free(&m.l.arena);
    make_small(&m, "\xC3\xA9trange,strange");
    BECOMES(&m.l, "Strange", "Strange", "\xC3\xA9trange"); /* ASCII letters only, others as given */
    wu_arena_free(&m.l.arena);
}

static void the_longest_first(void **state) {
    (void)state;
    small m;
    make_small(&m, "it is,it's\nis not,isn't\nit is not,it's hardly");
    BECOMES(&m.l, "it is not so", "it is not so", "it's hardly so");
    BECOMES(&m.l, "that is not so", "that is not so", "that isn't so");
    BECOMES(&m.l, "it is nothing", "it is nothing", "it's nothing");
    wu_arena_free(&m.l.arena);
    /* what was put in is not looked at again */
    make_small(&m, "a b,c\nc d,e");
    BECOMES(&m.l, "a b d", "a b d", "c d");
    wu_arena_free(&m.l.arena);
}

static bool has_line(const wu_words *g, wu_str s) {
    for (int32_t i = 0; i < g->n; i++)
        if (wu_str_eq(g->text[i], s)) return true;
    return false;
}

/* Every line of every group of the real table, within a sentence: another of its group stands
 * there, the sentence is the same otherwise, and each of the group comes. */
static void every_group_keeps_the_sentence(void **state) {
    (void)state;
    wu_synth *s = open_synth("en", NULL);
    const wu_language *l = &s->language[0];
    wu_buf text = {0}, got = {0};
    wu_rng r = wu_rng_init(4, 4);
    assert_true(l->n_synonym > 100);
    for (int32_t g = 0; g < l->n_synonym; g++) {
        const wu_words *group = &l->synonym[g];
        assert_true(group->n >= 2);
        for (int32_t i = 0; i < group->n; i++) {
            const wu_str w = group->text[i];
            int32_t others = 0;
            wu_buf_clear(&text);
            assert_int_equal(wu_buf_fmt(&text, "Zzq, %.*s (qqx) 7.", (int)w.n, w.p), WU_OK);
            for (int k = 0; k < DRAWS; k++) {
                wu_buf_clear(&got);
                assert_int_equal(wu_paraphrase(&got, l, wu_buf_view(&text), &r), WU_OK);
                const wu_str view = wu_buf_view(&got);
                assert_true(view.n > 13 && wu_str_starts(view, WU_STR("Zzq, ")));
                assert_memory_equal(view.p + view.n - 9, " (qqx) 7.", 9);
                const wu_str put = {view.p + 5, view.n - 14};
                if (!has_line(group, put))
                    fail_msg("\"%.*s\" became \"%.*s\"", (int)w.n, w.p, (int)put.n, put.p);
                others += !wu_str_eq(put, w);
            }
            assert_true(others > 0);
        }
    }
    wu_buf_free(&text);
    wu_buf_free(&got);
    wu_synth_close(s);
}

static bool has_section(const wu_table *t, const char *name) {
    return wu_table_section(t, wu_str_of(name)) != NULL;
}

static void cores_are_those_of_the_table(void **state) {
    (void)state;
    wu_synth *s = open_synth("en", NULL);
    wu_table t = {0}, p = {0};
    wu_err err = {0};
    CHECK_OK(wu_table_read(&t, NULL, "synth/en/cores.txt", &err), err);
    CHECK_OK(wu_table_read(&p, NULL, "synth/en/paraphrase.txt", &err), err);
    int32_t n = 0;
    for (int a = 0; a < WU_N_ACT; a++) {
        const wu_section *section = wu_table_section(&t, wu_str_of(wu_acts[a].name));
        assert_int_equal(s->language[0].core[a].n, section ? section->n_line : 0);
        n += section != NULL;
    }
    assert_int_equal(n, t.n_section);
    assert_true(n > 20 && n < WU_N_ACT);
    assert_true(has_section(&p, "say agent") && has_section(&p, "say customer"));
    assert_int_equal(s->language[0].opener[0].n, wu_table_section(&p, WU_STR("say agent"))->n_line);
    assert_int_equal(s->language[0].opener[1].n,
                     wu_table_section(&p, WU_STR("say customer"))->n_line);
    assert_int_equal(s->language[0].n_synonym, p.n_section - 2);
    wu_table_free(&t);
    wu_table_free(&p);
    wu_synth_close(s);
}

static void check_none(const wu_language *l) {
    static const char text[] = "At the moment I do not know; it is not so right away.";
    assert_int_equal(l->n_synonym, 0);
    assert_int_equal(l->opener[0].n + l->opener[1].n, 0);
    for (int a = 0; a < WU_N_ACT; a++) assert_int_equal(l->core[a].n, 0);
    BECOMES(l, text, text);
}

static void a_language_may_do_without(void **state) {
    (void)state;
    wu_buf there = {0};
    char dir[] = "/tmp/wu-paraphrase-XXXXXX", path[64];
    wu_err err = {0};
    if (wu_table_text(&there, NULL, "synth/es/paraphrase.txt", &err)) { /* it has none */
        wu_synth *s = open_synth("es", NULL);
        check_none(&s->language[0]);
        wu_synth_close(s);
    }
    wu_buf_free(&there);
    /* empty tables of one's own in the place of the English ones */
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/synth/en", dir);
    CHECK_OK(wu_make_dirs(path, &err), err);
    snprintf(path, sizeof(path), "%s/synth/en/cores.txt", dir);
    CHECK_OK(wu_write_file(path, "# none\n", 7, &err), err);
    snprintf(path, sizeof(path), "%s/synth/en/paraphrase.txt", dir);
    CHECK_OK(wu_write_file(path, "", 0, &err), err);
    wu_synth *s = open_synth("en", dir);
    check_none(&s->language[0]);
    wu_synth_call c = {0};
    CHECK_OK(wu_synth_make(s, 0, &c, &err), err);
    assert_true(c.conversation.n_turn > 0);
    wu_synth_call_free(&c);
    wu_synth_close(s);
    CHECK_OK(wu_remove_tree(dir, &err), err);
}

/* A formula with a tag is said only where the tag fits. */
static void tags_of_cores_count(void **state) {
    (void)state;
    static const char cores[] = "== a.greet\n[email] Zebra letters.\n== c.fine\nZebra agreed.\n";
    char dir[] = "/tmp/wu-cores-XXXXXX", path[64];
    wu_err err = {0};
    wu_synth_call c = {0};
    wu_buf b = {0};
    int letters = 0, agreed = 0;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/synth/en", dir);
    CHECK_OK(wu_make_dirs(path, &err), err);
    snprintf(path, sizeof(path), "%s/synth/en/cores.txt", dir);
    CHECK_OK(wu_write_file(path, cores, strlen(cores), &err), err);
    wu_synth *s = open_synth("en", dir);
    for (uint64_t i = 0; i < 200; i++) {
        CHECK_OK(wu_synth_make(s, i, &c, &err), err);
        wu_buf_clear(&b);
        assert_int_equal(wu_conversation_render(&b, &c.conversation), WU_OK);
        const bool found = strstr(b.p, "Zebra letters") != NULL;
        if (c.latent.channel != WU_EMAIL && c.latent.channel != WU_SOCIAL) assert_false(found);
        letters += found;
        agreed += strstr(b.p, "Zebra agreed") != NULL;
    }
    assert_true(letters > 0);
    assert_true(agreed > 0);
    wu_buf_free(&b);
    wu_synth_call_free(&c);
    wu_synth_close(s);
    CHECK_OK(wu_remove_tree(dir, &err), err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_words),
        cmocka_unit_test(capitals),
        cmocka_unit_test(the_longest_first),
        cmocka_unit_test(every_group_keeps_the_sentence),
        cmocka_unit_test(cores_are_those_of_the_table),
        cmocka_unit_test(a_language_may_do_without),
        cmocka_unit_test(tags_of_cores_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
