/* The simulator: same seed, same bytes; labels as the model says; words that show the causes; every
 * frame of every table can be said; damage is flagged. */
#include "alloc_hook.h"
#include "contact/exact.h"
#include "contact/labels.h"
#include "contact/synth/speak.h"
#include "contact/table.h"
#include "make_files.h"
#include "near.h"
#include "text/utf8.h"

#include "base/file.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { CALLS = 1500, LATENTS = 20000 };

static wu_synth *open_synth(const wu_synth_options *o) {
    wu_synth *s = NULL;
    wu_err err = {0};
    CHECK_OK(wu_synth_open(&s, o, &err), err);
    return s;
}

static void make(const wu_synth *s, uint64_t index, wu_synth_call *c) {
    wu_err err = {0};
    CHECK_OK(wu_synth_make(s, index, c, &err), err);
}

static void exact_functions_are_accurate(void **state) {
    (void)state;
    for (double x = -30.0; x < 30.0; x += 0.37) {
        CHECK_NEAR(wu_exact_exp(x) / exp(x), 1.0, 1e-15);
        CHECK_NEAR(wu_exact_log(exp(x)), x, 1e-15);
        CHECK_NEAR(wu_exact_sigmoid(x), 1.0 / (1.0 + exp(-x)), 1e-15);
    }
    assert_true(wu_exact_exp(0.0) == 1.0);
    assert_true(wu_exact_log(1.0) == 0.0);
    assert_true(wu_exact_exp(-1e9) > 0.0);
    assert_true(wu_exact_exp(1e9) < 1e305);
    assert_true(wu_exact_log(0.0) == -700.0);
}

/* ---------------------------------------------------------------------------- determinism */

static void add_bytes(wu_buf *out, const wu_synth_call *c) {
    assert_int_equal(wu_synth_markdown(out, c), WU_OK);
    assert_int_equal(wu_json_write(out, c->conversation.analysis, WU_JSON_COMPACT), WU_OK);
    assert_int_equal(wu_json_write(out, c->conversation.journey, WU_JSON_COMPACT), WU_OK);
    assert_int_equal(wu_json_write(out, c->trace, WU_JSON_COMPACT), WU_OK);
}

static void a_call_depends_on_seed_and_index_alone(void **state) {
    (void)state;
    wu_synth_options o = {.seed = 7};
    wu_synth *s = open_synth(&o), *again = open_synth(&o);
    wu_synth_call a = {0}, b = {0};
    wu_buf x = {0}, y = {0};
    for (uint64_t i = 0; i < 20; i++) {
        make(s, i, &a);
        add_bytes(&x, &a);
    }
    for (uint64_t i = 20; i-- > 0;) make(again, i, &b); /* another order leaves no trace */
    for (uint64_t i = 0; i < 20; i++) {
        make(again, i, &b);
        add_bytes(&y, &b);
    }
    assert_true(wu_str_eq(wu_buf_view(&x), wu_buf_view(&y)));
    wu_synth_close(again);
    o.seed++;
    again = open_synth(&o);
    make(again, 19, &b);
    wu_buf_clear(&x);
    wu_buf_clear(&y);
    add_bytes(&x, &a);
    add_bytes(&y, &b);
    assert_false(wu_str_eq(wu_buf_view(&x), wu_buf_view(&y)));
    wu_buf_free(&x);
    wu_buf_free(&y);
    wu_synth_call_free(&a);
    wu_synth_call_free(&b);
    wu_synth_close(s);
    wu_synth_close(again);
}

/* Words can be drawn anew without the labels: damage has a stream of its own. */
static void labels_do_not_depend_on_noise(void **state) {
    (void)state;
    wu_synth *noisy = open_synth(&(wu_synth_options){.seed = 3}),
             *clean = open_synth(&(wu_synth_options){.seed = 3, .no_noise = true});
    for (uint64_t i = 0; i < 500; i++) {
        wu_latent a, b;
        wu_synth_latent(noisy, i, &a);
        wu_synth_latent(clean, i, &b);
        assert_int_equal(a.csat100, b.csat100);
        assert_int_equal(a.quality, b.quality);
        assert_int_equal(a.churn, b.churn);
        assert_int_equal(a.true_category, b.true_category);
        assert_int_equal(b.category, b.true_category);
        assert_int_equal(b.noise, 0);
    }
    wu_synth_close(noisy);
    wu_synth_close(clean);
}

/* ----------------------------------------------------------------------------- the model */

typedef struct column {
    double v[LATENTS];
} column;

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const column *c, double p) {
    static column sorted;
    sorted = *c;
    qsort(sorted.v, LATENTS, sizeof(double), by_value);
    return sorted.v[(int)(p * (LATENTS - 1))];
}

static const double *ranked_by;

static int by_rank(const void *a, const void *b) {
    const int x = *(const int *)a, y = *(const int *)b;
    if (ranked_by[x] < ranked_by[y]) return -1;
    return ranked_by[x] > ranked_by[y] ? 1 : x - y;
}

/* Ranks from 0, ties get their mean. */
static void rank(double *out, const double *v) {
    static int order[LATENTS];
    for (int i = 0; i < LATENTS; i++) order[i] = i;
    ranked_by = v;
    qsort(order, LATENTS, sizeof(int), by_rank);
    for (int i = 0; i < LATENTS;) {
        int k = i;
        while (k < LATENTS && v[order[k]] <= v[order[i]]) k++;
        for (int j = i; j < k; j++) out[order[j]] = (i + k - 1) / 2.0;
        i = k;
    }
}

static double correlation(const column *a, const column *b) {
    static double x[LATENTS], y[LATENTS];
    const double mean = (LATENTS - 1) / 2.0;
    double xy = 0, xx = 0, yy = 0;
    rank(x, a->v);
    rank(y, b->v);
    for (int i = 0; i < LATENTS; i++) {
        xy += (x[i] - mean) * (y[i] - mean);
        xx += (x[i] - mean) * (x[i] - mean);
        yy += (y[i] - mean) * (y[i] - mean);
    }
    return xy / sqrt(xx * yy);
}

static void check_range(const char *what, double v, double lo, double hi) {
    if (!(v >= lo && v <= hi)) fail_msg("%s is %.4f, want %.4f to %.4f", what, v, lo, hi);
}

/* The figures of the label model's prototype, with room for what the industries add. */
static void labels_have_the_marginals_of_the_model(void **state) {
    (void)state;
    static column csat, expected, qa, churn, wait, load;
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 11});
    double sum = 0, low = 0, high = 0, solved = 0, moved = 0, repeated = 0, failed = 0, qsum = 0;
    double level[4] = {0}, rating[5] = {0};
    for (int i = 0; i < LATENTS; i++) {
        wu_latent l;
        wu_synth_latent(s, (uint64_t)i, &l);
        csat.v[i] = l.csat;
        expected.v[i] = l.csat_mean;
        qa.v[i] = l.qa_exact;
        churn.v[i] = l.churn;
        wait.v[i] = l.wait_s;
        load.v[i] = l.load;
        sum += l.csat;
        qsum += l.qa_exact;
        low += l.csat <= 2.5;
        high += l.csat >= 4.0;
        solved += l.outcome == WU_OUTCOME_RESOLVED;
        moved += l.transfers > 0;
        repeated += l.repeats > 0;
        failed += l.fail != WU_FAIL_NONE;
        level[l.churn > 75 ? 3 : l.churn > 50 ? 2 : l.churn > 25 ? 1 : 0]++;
        rating[l.qa_score >= 90   ? 0
               : l.qa_score >= 78 ? 1
               : l.qa_score >= 65 ? 2
               : l.qa_score >= 50 ? 3
                                  : 4]++;
    }
    const double n = LATENTS;
    check_range("mean CSAT", sum / n, 3.52, 3.76);
    check_range("CSAT up to 2.5", low / n, 0.07, 0.14);
    check_range("CSAT from 4", high / n, 0.31, 0.43);
    check_range("resolved", solved / n, 0.66, 0.76);
    check_range("transferred", moved / n, 0.15, 0.22);
    check_range("repeated", repeated / n, 0.16, 0.20);
    check_range("automatic fail", failed / n, 0.06, 0.12);
    check_range("wait median", quantile(&wait, 0.5), 85, 140);
    check_range("wait 90 %", quantile(&wait, 0.9), 280, 430);
    check_range("QA mean", qsum / n, 63, 71);
    check_range("QA 10 %", quantile(&qa, 0.1), 37, 47);
    check_range("QA 90 %", quantile(&qa, 0.9), 86, 94);
    check_range("exceptional", rating[0] / n, 0.07, 0.15);
    check_range("poor", rating[4] / n, 0.12, 0.22);
    check_range("churn low", level[0] / n, 0.66, 0.79);
    check_range("churn critical", level[3] / n, 0.015, 0.05);
    check_range("wait and CSAT", correlation(&wait, &csat), -0.22, -0.08);
    check_range("load and QA", correlation(&load, &qa), -0.2, -0.07);
    check_range("QA and CSAT", correlation(&qa, &csat), 0.33, 0.45);
    check_range("CSAT and churn", correlation(&csat, &churn), -0.70, -0.52);
    check_range("ceiling of CSAT", correlation(&expected, &csat), 0.79, 0.87);
    wu_synth_close(s);
}

static void a_flat_set_is_flat(void **state) {
    (void)state;
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 7, .flat = true});
    enum { N = 1800 };
    int csat[3] = {0}, quality[3] = {0}, category[WU_MAX_CATEGORY] = {0}, level[4] = {0};
    for (uint64_t i = 0; i < N; i++) {
        wu_latent l;
        wu_synth_latent(s, i, &l);
        csat[l.csat100 < 59 ? 0 : l.csat100 < 76 ? 1 : 2]++;
        quality[l.quality < 59 ? 0 : l.quality < 77 ? 1 : 2]++;
        category[l.true_category]++;
        level[l.churn > 75 ? 3 : l.churn > 50 ? 2 : l.churn > 25 ? 1 : 0]++;
    }
    for (int i = 0; i < 3; i++) {
        assert_in_range(csat[i], N * 24 / 100, N * 42 / 100);
        assert_in_range(quality[i], N * 24 / 100, N * 42 / 100);
    }
    for (int i = 0; i < s->catalogue.n_category; i++) assert_true(category[i] * 100 >= N * 3);
    for (int i = 0; i < 4; i++) assert_true(level[i] * 100 >= N * 3);
    wu_synth_close(s);
}

/* ------------------------------------------------------------------------------ the words */

static void check_words(wu_str s, const char *what) {
    if (!wu_utf8_valid(s) || !s.n) fail_msg("%s: empty or not UTF-8", what);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 32 || strchr("{}|", s.p[i]))
            fail_msg("%s: a character that should be gone: %.*s", what, (int)s.n, s.p);
}

/* Says a frame so often that each of its alternatives is likely to be said. */
static void say_frames(const wu_language *l, const wu_values *v, const wu_frames *f,
                       const char *what) {
    wu_rng r = wu_rng_init(5, 5);
    wu_buf b = {0};
    for (int32_t i = 0; i < f->n; i++) {
        for (int k = 0; k < 8; k++) {
            wu_buf_clear(&b);
            const wu_issue *issue = &l->issue[wu_rng_below(&r, (uint32_t)l->n_issue)];
            assert_int_equal(wu_frame_speak(&b, l, v, issue, 0, f->frame[i].code, &r), WU_OK);
            check_words(wu_buf_view(&b), what);
        }
    }
    wu_buf_free(&b);
}

static void say_language(const char *code) {
    static wu_values v;
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 1, .languages = code});
    const wu_language *l = &s->language[0];
    wu_latent x;
    wu_synth_latent(s, 0, &x);
    wu_rng r = wu_rng_init(1, 1);
    assert_int_equal(wu_values_draw(&v, s, &x, &r), WU_OK);
    for (int i = 0; i < WU_N_SLOT; i++)
        if (i != WU_SLOT_TOPIC && i != WU_SLOT_AGAIN) check_words(v.slot[i], "a slot");
    for (int a = 0; a < WU_N_ACT; a++) say_frames(l, &v, &l->act[a], wu_acts[a].name);
    for (int a = 0; a < WU_N_ACT; a++) say_frames(l, &v, &l->core[a], "a core");
    for (int i = 0; i < l->n_sub; i++) say_frames(l, &v, &l->sub[i], "a sub-phrase");
    for (int i = 0; i < l->n_issue; i++)
        for (int k = 0; k < WU_N_ISSUE_KEY; k++)
            say_frames(l, &v, &l->issue[i].text[k], wu_issue_key_name[k]);
    for (int i = 0; i < s->catalogue.n_industry; i++) {
        const wu_trade *t = &l->trade[i];
        for (int k = 0; k < 3; k++) say_frames(l, &v, &t->product[k], "product");
        say_frames(l, &v, &t->say, "say");
        say_frames(l, &v, &t->offer, "offer");
        say_frames(l, &v, &t->department, "department");
        say_frames(l, &v, &t->account, "account");
    }
    wu_synth_close(s);
}

static bool has_language(const char *code) {
    char name[64];
    wu_buf text = {0};
    snprintf(name, sizeof(name), "synth/%s/issues.txt", code);
    const bool there = wu_table_text(&text, NULL, name, NULL) == WU_OK;
    wu_buf_free(&text);
    return there;
}

static void every_frame_of_every_language_can_be_said(void **state) {
    (void)state;
    static const char *const code[] = {"en", "es", "fr", "de"};
    for (size_t i = 0; i < WU_LEN(code); i++)
        if (has_language(code[i])) say_language(code[i]);
    assert_true(has_language("en"));
}

static void texts_are_clean_and_all_different(void **state) {
    (void)state;
    static uint64_t seen[CALLS];
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 7, .no_noise = true});
    wu_synth_call c = {0};
    wu_buf b = {0};
    int turns = 0, long_ones = 0;
    for (uint64_t i = 0; i < CALLS; i++) {
        make(s, i, &c);
        wu_buf_clear(&b);
        assert_int_equal(wu_conversation_render(&b, &c.conversation), WU_OK);
        assert_in_range(c.conversation.n_turn, 4, 300);
        assert_null(strpbrk(b.p, "{}|"));
        assert_null(strstr(b.p, "  "));
        turns += c.conversation.n_turn;
        long_ones += c.conversation.n_turn > 50;
        seen[i] = wu_hash64(b.p, b.n);
        for (uint64_t k = 0; k < i; k++) assert_true(seen[k] != seen[i]);
        for (int32_t k = 0; k < c.n_use; k++)
            assert_in_range(c.use[k].turn, 0, c.conversation.n_turn - 1);
    }
    assert_in_range(turns / CALLS, 16, 32);
    assert_in_range(long_ones, 5, CALLS / 5);
    wu_buf_free(&b);
    wu_synth_call_free(&c);
    wu_synth_close(s);
}

/* -------------------------------------------------------------------------- causes, labels */

static bool did(const wu_synth_call *c, wu_act a) {
    for (int32_t i = 0; i < c->n_use; i++)
        if (c->use[i].act == (int32_t)a) return true;
    return false;
}

static void causes_leave_traces(void **state) {
    (void)state;
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 7, .no_noise = true});
    wu_synth_call c = {0};
    int polite = 0, doubted = 0;
    for (uint64_t i = 0; i < CALLS; i++) {
        make(s, i, &c);
        const wu_latent *l = &c.latent;
        assert_int_equal(did(&c, WU_ACT_A_GREET), l->hit[WU_ITEM_GREETING]);
        assert_int_equal(did(&c, WU_ACT_A_PARAPHRASE), l->hit[WU_ITEM_LISTENING]);
        assert_int_equal(did(&c, WU_ACT_A_LEAK), l->fail == WU_FAIL_DATA);
        if (l->silent) continue;
        if (l->applies[WU_ITEM_VERIFICATION])
            assert_int_equal(did(&c, WU_ACT_A_VERIFY), l->hit[WU_ITEM_VERIFICATION]);
        assert_int_equal(did(&c, WU_ACT_A_OWN), l->hit[WU_ITEM_OWNERSHIP]);
        assert_int_equal(did(&c, WU_ACT_A_NEXT), l->hit[WU_ITEM_NEXT_STEPS]);
        if (l->hit[WU_ITEM_EMPATHY]) assert_true(did(&c, WU_ACT_A_EMPATHY));
        if (!l->hit[WU_ITEM_ACCURACY]) assert_true(did(&c, WU_ACT_C_DOUBT));
        if (l->repeats > 1) assert_true(did(&c, WU_ACT_C_MANY_TIMES));
        if (l->cancel) assert_true(did(&c, WU_ACT_C_LEAVING));
        if (l->price) assert_true(did(&c, WU_ACT_C_PRICE));
        if (l->competitor) assert_true(did(&c, WU_ACT_C_COMPETITOR));
        if (l->applies[WU_ITEM_CLOSING])
            assert_int_equal(did(&c, WU_ACT_A_CLOSE), l->hit[WU_ITEM_CLOSING]);
        /* and without their label */
        polite += l->csat < 2.6 && (did(&c, WU_ACT_C_END_POLITE) || did(&c, WU_ACT_C_END_HAPPY));
        doubted += l->hit[WU_ITEM_ACCURACY] && did(&c, WU_ACT_C_DOUBT);
    }
    assert_true(polite > 10);
    assert_true(doubted > 50);
    wu_synth_call_free(&c);
    wu_synth_close(s);
}

/* What `wrapup prepare` makes of the labels: six answers, none with anything missing. */
static void labels_make_six_answers(void **state) {
    (void)state;
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 7});
    wu_taxonomy *taxonomy = NULL;
    wu_err err = {0};
    wu_labels labels = {0};
    wu_synth_call c = {0};
    CHECK_OK(wu_taxonomy_create(&taxonomy, NULL, &err), err);
    const wu_label_options o = {.taxonomy = taxonomy};
    for (uint64_t i = 0; i < 400; i++) {
        make(s, i, &c);
        CHECK_OK(wu_labels_read(&labels, c.conversation.analysis, c.conversation.journey, &o, &err),
                 err);
        for (int t = 0; t < WU_N_TASK; t++) {
            wu_buf b = {0};
            wu_json *j = NULL;
            assert_non_null(labels.answer[t]);
            assert_int_equal(wu_json_write(&b, labels.answer[t], WU_JSON_SPACED), WU_OK);
            CHECK_OK(wu_task_check(&wu_tasks[t], wu_buf_view(&b), &j, &err), err);
            wu_json_free(j);
            wu_buf_free(&b);
        }
        assert_int_equal(labels.n_cut, 0);
    }
    wu_labels_clear(&labels);
    wu_taxonomy_free(taxonomy);
    wu_synth_call_free(&c);
    wu_synth_close(s);
}

/* Quotes are the conversation's own words. */
static void evidence_is_verbatim(void **state) {
    (void)state;
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 9});
    wu_synth_call c = {0};
    int quotes = 0;
    for (uint64_t i = 0; i < 300; i++) {
        make(s, i, &c);
        const wu_json *items =
            wu_json_get(wu_json_get(c.conversation.analysis, "quality_scores"), "items");
        assert_int_equal(wu_json_size(items), WU_N_ITEM);
        for (size_t k = 0; k < WU_N_ITEM; k++) {
            const wu_json *turn = wu_json_get(wu_json_at(items, k), "turn");
            const wu_str q = wu_json_str(wu_json_get(wu_json_at(items, k), "quote"));
            if (!turn) continue;
            assert_in_range(wu_json_int(turn), 1, c.conversation.n_turn);
            const wu_str text = c.conversation.turn[wu_json_int(turn) - 1].text;
            assert_true(wu_str_starts(text, q));
            assert_true(q.n > 0);
            quotes++;
        }
    }
    assert_true(quotes > 1500);
    wu_synth_call_free(&c);
    wu_synth_close(s);
}

static void damage_is_flagged(void **state) {
    (void)state;
    enum { N = 3000 };
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 5});
    wu_synth_call c = {0};
    int n[5] = {0};
    for (uint64_t i = 0; i < N; i++) {
        make(s, i, &c);
        for (int k = 0; k < 5; k++) n[k] += (c.latent.noise >> k) & 1u;
        bool agent = false;
        for (int32_t k = 0; k < c.conversation.n_turn; k++)
            agent =
                agent || wu_turn_role(&c.conversation, &c.conversation.turn[k]) == WU_PARTY_AGENT;
        if (c.latent.noise & WU_NOISE_NO_AGENT)
            assert_true(!agent || c.latent.noise != WU_NOISE_NO_AGENT);
        if (!c.latent.noise) assert_true(agent && c.conversation.contact.start.known);
        assert_int_equal(!!(c.latent.noise & WU_NOISE_CATEGORY),
                         c.latent.category != c.latent.true_category);
        assert_int_equal(wu_json_size(wu_json_get(c.trace, "noise")),
                         (c.latent.noise & 1u) + (c.latent.noise >> 1 & 1u) +
                             (c.latent.noise >> 2 & 1u) + (c.latent.noise >> 3 & 1u) +
                             (c.latent.noise >> 4 & 1u));
    }
    assert_in_range(n[0], N * 15 / 1000, N * 35 / 1000);
    assert_in_range(n[1], N * 38 / 1000, N * 62 / 1000);
    assert_in_range(n[2], N * 20 / 1000, N * 40 / 1000);
    assert_in_range(n[3], N * 12 / 1000, N * 30 / 1000);
    assert_in_range(n[4], N * 5 / 1000, N * 17 / 1000);
    wu_synth_call_free(&c);
    wu_synth_close(s);
}

static void waiting_lowers_satisfaction_but_not_quality(void **state) {
    (void)state;
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 7});
    double csat[2] = {0}, quality[2] = {0};
    int n[2] = {0};
    for (uint64_t i = 0; i < 8000; i++) {
        wu_latent l;
        wu_synth_latent(s, i, &l);
        const int is_long = l.wait_s > 180;
        csat[is_long] += l.csat;
        quality[is_long] += l.qa_exact;
        n[is_long]++;
    }
    assert_true(csat[0] / n[0] > csat[1] / n[1] + 0.15);
    assert_true(fabs(quality[0] / n[0] - quality[1] / n[1]) < 3.5);
    wu_synth_close(s);
}

static void people_come_again_and_held_out_worlds_stay_out(void **state) {
    (void)state;
    wu_synth *s = open_synth(&(wu_synth_options){.seed = 7}),
             *held = open_synth(&(wu_synth_options){.seed = 7, .held_out = true});
    static uint64_t who[2000];
    int again = 0;
    for (uint64_t i = 0; i < 2000; i++) {
        wu_latent l;
        wu_synth_latent(s, i, &l);
        assert_false(s->catalogue.industry[l.industry].held_out);
        who[i] =
            ((uint64_t)l.industry * 8 + (uint64_t)l.company) * WU_CUSTOMERS + (uint64_t)l.customer;
        for (uint64_t k = 0; k < i; k++) {
            if (who[k] != who[i]) continue;
            again++;
            break;
        }
        wu_synth_latent(held, i, &l);
        assert_true(held->catalogue.industry[l.industry].held_out);
    }
    assert_in_range(again, 60, 600);
    wu_synth_close(s);
    wu_synth_close(held);
}

/* -------------------------------------------------------------------------------- errors */

static void refuse(const wu_synth_options *o, wu_code code, const char *message) {
    wu_synth *s = NULL;
    wu_err err = {0};
    assert_int_equal(wu_synth_open(&s, o, &err), code);
    assert_null(s);
    if (!strstr(err.msg, message)) fail_msg("\"%s\" is not in \"%s\"", message, err.msg);
}

static void wrong_options_are_refused(void **state) {
    (void)state;
    refuse(&(wu_synth_options){.languages = "xx"}, WU_EARG,
           "there is no language \"xx\": built in are de, en, es, fr");
    refuse(&(wu_synth_options){.languages = "en=0"}, WU_EARG, "whole weights");
    refuse(&(wu_synth_options){.languages = "en,en"}, WU_EARG, "twice");
    refuse(&(wu_synth_options){.languages = ""}, WU_EARG, "empty");
    refuse(&(wu_synth_options){.languages = "../en"}, WU_EARG, "not the code");
    refuse(&(wu_synth_options){.industries = "fishing"}, WU_EARG, "fishing is no industry");
    refuse(&(wu_synth_options){.industries = "automotive"}, WU_EARG, "held out");
    refuse(&(wu_synth_options){.industries = "telecom", .held_out = true}, WU_EARG, "not held out");
}

/* A folder with one table of its own. */
static void refuse_table(const char *name, const char *text, const char *message) {
    char dir[64], path[256];
    wu_err err = {0};
    make_temp_dir(dir);
    snprintf(path, sizeof(path), "%s/synth/en", dir);
    CHECK_OK(wu_make_dirs(path, &err), err);
    snprintf(path, sizeof(path), "%s/synth/%s", dir, name);
    CHECK_OK(wu_write_file(path, text, strlen(text), &err), err);
    refuse(&(wu_synth_options){.tables = dir}, WU_EDATA, message);
    assert_int_equal(remove(path), 0);
    snprintf(path, sizeof(path), "%s/synth/en", dir);
    assert_int_equal(remove(path), 0);
    snprintf(path, sizeof(path), "%s/synth", dir);
    assert_int_equal(remove(path), 0);
    assert_int_equal(remove(dir), 0);
}

static void wrong_tables_are_named(void **state) {
    (void)state;
    refuse_table("en/acts.txt", "== a.greet\nHello {nmae}.\n",
                 "synth/en/acts.txt:1: a.greet, entry 1: {nmae} is not a slot");
    refuse_table("en/acts.txt", "# x\n== a.shout\nHello.\n",
                 "acts.txt:2: a.shout: is no dialogue act");
    refuse_table("en/acts.txt", "== a.greet\n[loud] Hello.\n", "loud is not a tag");
    refuse_table("en/acts.txt", "== a.greet\nHello (you|there.\n", "a ( without its )");
    refuse_table("en/acts.txt", "== a.greet\nHello} there.\n", "a } without its {");
    refuse_table("en/acts.txt", "== a.greet\n{@x} there.\n", "there is no section @x");
    refuse_table("en/acts.txt", "== a.greet\nHello there.\n", "a.greet_poor has no phrase");
    refuse_table("en/acts.txt", "== a.greet\n[chat] Hello there.\n",
                 "a.greet has no phrase without tags");
    refuse_table("en/issues.txt", "== billing_payment/magic\nopen: Hello.\n",
                 "is no category/issue");
    refuse_table("en/issues.txt", "== billing_payment/payment_failed\nask: Hello?\n",
                 "has no open");
    refuse_table("en/issues.txt", "== billing_payment/payment_failed\nindustries: fishing\n",
                 "entry 1: fishing is no industry");
    refuse_table("en/industries.txt", "== telecom\ncompany: Alone\n", "name of a rival");
    refuse_table("en/industries.txt", "== fishing\ncompany: A | B\n", "is no industry");
    refuse_table("en/names.txt", "== agent\nAnna\n", "agent has 1 lines, needs 4");
    refuse_table("en/noise.txt", "== filler\nuh\n== overlap\nyes\n== asr\nto too\n",
                 "asr, entry 1");
    refuse_table("taxonomy.json", "{\"categories\": [{\"name\": \"magic\"}]}",
                 "synth/taxonomy.json");
    refuse_table("taxonomy.json", "{\"categories\": 3}", "no categories");
    refuse_table("industries.json", "{\"industries\": [{\"name\": 3}]}", "synth/industries.json");
    refuse_table("en/cores.txt", "# x\n== a.shout\nHello.\n",
                 "synth/en/cores.txt:2: a.shout: is not an act");
    refuse_table("en/cores.txt", "== a.greet\nHello.\nHello {nmae}.\n",
                 "synth/en/cores.txt:1: a.greet, entry 2: {nmae} is not a slot");
    refuse_table("en/paraphrase.txt", "== same 1\nat once\nnow\n== other\na\nb\n",
                 "synth/en/paraphrase.txt:4: other: want \"same N\"");
    refuse_table("en/paraphrase.txt", "== same 1\nat once\n", "paraphrase.txt:1: same 1: want");
    refuse_table("en/paraphrase.txt", "== same 1\nat once\nnow, {first}\n",
                 "paraphrase.txt:1: same 1, entry 2: want words alone");
    refuse_table("en/paraphrase.txt", "== say agent\nWell (then|now).\n",
                 "paraphrase.txt:1: say agent, entry 1: want words alone");
    refuse_table("en/paraphrase.txt", "== same 1\nat once\n== same 1\nnow\n", "is there twice");
    refuse_table("review.txt", "== did.greeting\nsaid hello\n", "no section did.verification");
}

static void tables_that_contain_themselves_are_refused(void **state) {
    (void)state;
    wu_buf text = {0};
    wu_err err = {0};
    CHECK_OK(wu_table_text(&text, NULL, "synth/en/acts.txt", &err), err);
    assert_int_equal(wu_buf_str(&text, "\n== @loop_a\nand {@loop_b}\n== @loop_b\nor {@loop_a}\n"),
                     WU_OK);
    refuse_table("en/acts.txt", text.p, "contains itself");
    wu_buf_free(&text);
}

/* A few short lines must not become gigabytes, nor deep recursion. */
static void tables_that_explode_are_refused(void **state) {
    (void)state;
    wu_buf text = {0};
    wu_err err = {0};
    CHECK_OK(wu_table_text(&text, NULL, "synth/en/acts.txt", &err), err);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wu_buf_fmt(&text, "\n== @bomb_%d\n", i), WU_OK);
        for (int k = 0; k < 20; k++)
            assert_int_equal(wu_buf_fmt(&text, "{@bomb_%d}", i + 1), WU_OK);
    }
    assert_int_equal(wu_buf_str(&text, "\n== @bomb_4\nbang\n"), WU_OK);
    refuse_table("en/acts.txt", text.p, "can be longer than");
    refuse_table("en/acts.txt", "== a.greet\n((((((((((a))))))))))\n",
                 "more than 8 ( in each other");
    wu_buf_free(&text);
}

/* -------------------------------------------------------------------------------- memory */

static wu_code simulate(wu_err *err) {
    const wu_synth_options o = {.seed = 1};
    wu_synth *s = NULL;
    wu_synth_call c = {0};
    wu_code rc = wu_synth_open(&s, &o, err);
    for (uint64_t i = 0; !rc && i < 2; i++) rc = wu_synth_make(s, i, &c, err);
    wu_buf b = {0};
    if (!rc && (rc = wu_synth_markdown(&b, &c))) wu_fail(err, rc, "markdown");
    wu_buf_free(&b);
    wu_synth_call_free(&c);
    wu_synth_close(s);
    return rc;
}

static void it_runs_out_of_memory(void **state) {
    (void)state;
    for (int64_t n = 0; n < 100000; n++) {
        wu_err err = {0};
        alloc_fail_after(n);
        const wu_code rc = simulate(&err);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_functions_are_accurate),
        cmocka_unit_test(a_call_depends_on_seed_and_index_alone),
        cmocka_unit_test(labels_do_not_depend_on_noise),
        cmocka_unit_test(labels_have_the_marginals_of_the_model),
        cmocka_unit_test(a_flat_set_is_flat),
        cmocka_unit_test(every_frame_of_every_language_can_be_said),
        cmocka_unit_test(texts_are_clean_and_all_different),
        cmocka_unit_test(causes_leave_traces),
        cmocka_unit_test(labels_make_six_answers),
        cmocka_unit_test(evidence_is_verbatim),
        cmocka_unit_test(damage_is_flagged),
        cmocka_unit_test(waiting_lowers_satisfaction_but_not_quality),
        cmocka_unit_test(people_come_again_and_held_out_worlds_stay_out),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(wrong_tables_are_named),
        cmocka_unit_test(tables_that_contain_themselves_are_refused),
        cmocka_unit_test(tables_that_explode_are_refused),
        cmocka_unit_test(it_runs_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
