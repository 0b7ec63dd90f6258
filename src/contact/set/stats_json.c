/* stats_json.c - the report as JSON (docs/formats.md, "What `stats --json` prints"). */
#include "base/compiler.h"
#include "contact/set/stats_impl.h"

#include <stdio.h>

static const char *const unit_name[WU_N_SIZE_UNIT] = {"tokens", "words", "characters"};
static const char *const part_name[WU_N_PART] = {"prompt", "completion", "whole"};
static const char *const day_name[7] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};

/* Takes o over; NULL when out of memory. */
static wu_json *made(wu_json *o, wu_code rc) {
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}

static wu_code set_int(wu_json *o, const char *key, int64_t v) {
    return wu_json_set(o, key, wu_json_new_int(v));
}

static wu_code set_str(wu_json *o, const char *key, wu_str s) {
    return wu_json_set(o, key, wu_json_new_str(s));
}

/* Three digits behind the point: the same on every machine. */
static wu_json *rounded(double v) {
    return wu_json_new_real((double)(int64_t)(v * 1000.0 + 0.5) / 1000.0);
}

static wu_json *tally(const wu_tally *t) {
    static const struct {
        const char *key;
        int permille;
    } at[] = {{"min", 0}, {"p10", 100}, {"median", 500}, {"p90", 900}, {"p99", 990}, {"max", 1000}};
    wu_json *o = wu_json_new_object();
    wu_code rc = set_int(o, "count", t->n);
    for (size_t i = 0; !rc && t->n && i < WU_LEN(at); i++)
        rc = set_int(o, at[i].key, wu_tally_quantile(t, at[i].permille));
    if (!rc && t->n) rc = wu_json_set(o, "mean", rounded(wu_tally_mean(t)));
    if (!rc) rc = set_int(o, "sum", t->sum);
    return made(o, rc);
}

/* Words as a list: they are the data's, and an object could not hold one twice. */
static wu_json *counts(const wu_counts *c, const char *of_those) {
    wu_json *a = wu_json_new_array();
    wu_code rc = a ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; !rc && i < c->n; i++) {
        wu_json *o = wu_json_new_object();
        rc = set_str(o, "name", c->item[i].word);
        if (!rc) rc = set_int(o, "count", c->item[i].n);
        if (!rc && of_those) rc = set_int(o, of_those, c->item[i].of_those);
        rc = wu_json_push(a, made(o, rc));
    }
    return made(a, rc);
}

/* ------------------------------------------------------------------------------- parts */

static wu_json *inputs(const wu_stats *s) {
    wu_json *a = wu_json_new_array();
    wu_code rc = a ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; !rc && i < s->n_input; i++) {
        const wu_stats_input *in = &s->input[i];
        wu_json *o = wu_json_new_object();
        rc = set_str(o, "name", wu_str_of(in->name));
        if (!rc) rc = set_str(o, "kind", wu_str_of(in->is_examples ? "examples" : "transcripts"));
        if (!rc && in->is_examples) rc = set_str(o, "split", wu_str_of(in->split));
        if (!rc && in->is_examples) rc = set_int(o, "examples", in->n_example);
        if (!rc) rc = set_int(o, "conversations", in->n_conversation);
        if (!rc && !in->is_examples) rc = wu_json_set(o, "formats", counts(&in->formats, NULL));
        if (!rc) rc = set_int(o, "unreadable", in->n_bad);
        rc = wu_json_push(a, made(o, rc));
    }
    return made(a, rc);
}

static wu_json *conversations(const wu_stats *s) {
    wu_json *o = wu_json_new_object();
    wu_code rc = set_int(o, "count", s->n_conversation);
    if (!rc) rc = wu_json_set(o, "turns", tally(&s->turns));
    if (!rc) rc = wu_json_set(o, "words", tally(&s->words));
    if (!rc) rc = wu_json_set(o, "characters", tally(&s->characters));
    if (!rc) rc = set_int(o, "without_turn", s->n_no_turn);
    if (!rc) rc = set_int(o, "without_agent", s->n_no_agent);
    if (!rc) rc = set_int(o, "without_customer", s->n_no_customer);
    if (!rc) rc = set_int(o, "repeated_id", s->n_id_again);
    return made(o, rc);
}

static wu_json *roles(const wu_stats *s) {
    wu_json *all = wu_json_new_object();
    wu_code rc = all ? WU_OK : WU_ENOMEM;
    for (int i = 0; !rc && i < WU_N_PARTY_ROLE; i++) {
        const wu_stats_role *r = &s->role[i];
        if (r->n_turn == 0) continue;
        wu_json *o = wu_json_new_object();
        rc = set_int(o, "turns", r->n_turn);
        if (!rc) rc = set_int(o, "words", r->n_word);
        if (!rc) rc = set_int(o, "characters", r->n_char);
        if (!rc) rc = wu_json_set(o, "turns_per_conversation", tally(&r->turns));
        if (!rc) rc = wu_json_set(o, "words_per_turn", tally(&r->words_a_turn));
        rc = wu_json_set(all, wu_party_role_name((wu_party_role)i), made(o, rc));
    }
    return made(all, rc);
}

static wu_json *field(const wu_field *f, const wu_stats_field *c) {
    wu_json *o = wu_json_new_object();
    wu_code rc = set_int(o, "missing", c->n_missing);
    if (!rc) rc = set_int(o, "wrong", c->n_wrong);
    if (!rc && f->kind != WU_FIELD_ENUM) {
        static const char *const key[] = {"values", "", "characters", "items"};
        rc = wu_json_set(o, key[f->kind], tally(&c->value));
    }
    if (!rc && f->kind == WU_FIELD_SCORE) { /* counts of lo, lo + 1, ... hi */
        wu_json *a = wu_json_new_array();
        rc = a ? WU_OK : WU_ENOMEM;
        for (int32_t v = f->lo; !rc && v <= f->hi; v++)
            rc = wu_json_push(a, wu_json_new_int(wu_tally_within(&c->value, v, v)));
        rc = wu_json_set(o, "histogram", made(a, rc));
    }
    if (!rc && f->values) {
        wu_json *labels = wu_json_new_object();
        rc = labels ? WU_OK : WU_ENOMEM;
        for (int i = 0; !rc && i < WU_STATS_LABELS && f->values[i]; i++)
            rc = set_int(labels, f->values[i], c->label[i]);
        rc = wu_json_set(o, "labels", made(labels, rc));
        if (!rc) rc = wu_json_set(o, "unknown_labels", counts(&c->unknown, NULL));
    }
    return made(o, rc);
}

static wu_json *task(const wu_stats *s, int t) {
    const wu_stats_task *c = &s->task[t];
    wu_json *o = wu_json_new_object();
    wu_code rc = set_int(o, "examples", c->n_example);
    for (int u = 0; !rc && u < WU_N_SIZE_UNIT; u++) {
        wu_json *sizes;
        if (u == WU_SIZE_TOKENS && !s->o.tokenizer) continue;
        sizes = wu_json_new_object();
        rc = sizes ? WU_OK : WU_ENOMEM;
        for (int p = 0; !rc && p < WU_N_PART; p++)
            rc = wu_json_set(sizes, part_name[p], tally(&c->size[u][p]));
        rc = wu_json_set(o, unit_name[u], made(sizes, rc));
    }
    if (rc || t >= WU_N_TASK) return made(o, rc);
    rc = set_int(o, "answers", c->n_answer);
    wu_json *fields = wu_json_new_object();
    for (int k = 0; !rc && k < wu_tasks[t].n_field; k++)
        rc = wu_json_set(fields, wu_tasks[t].field[k].name,
                         field(&wu_tasks[t].field[k], &c->field[k]));
    fields = made(fields, rc);
    rc = wu_json_set(o, "fields", fields);
    if (!rc) rc = wu_json_set(o, "other_keys", counts(&c->extra, NULL));
    return made(o, rc);
}

static wu_json *examples(const wu_stats *s) {
    wu_json *o = wu_json_new_object(), *tasks = wu_json_new_object();
    wu_code rc = set_int(o, "count", s->n_example);
    for (int t = 0; !rc && t < WU_STATS_TASKS; t++)
        if (s->task[t].n_example > 0 || t == WU_STATS_ALL)
            rc = wu_json_set(tasks, wu_stats_task_name(t), task(s, t));
    tasks = made(tasks, rc);
    rc = wu_json_set(o, "tasks", tasks);
    if (!rc) rc = wu_json_set(o, "unknown_tasks", counts(&s->unknown_task, NULL));
    if (!rc && s->longest.file) {
        wu_json *l = wu_json_new_object();
        rc = set_str(l, "file", wu_str_of(s->longest.file));
        if (!rc) rc = set_int(l, "line", s->longest.line);
        rc = wu_json_set(o, "longest", made(l, rc));
    }
    return made(o, rc);
}

static wu_json *limits(const wu_stats *s) {
    wu_json *a = wu_json_new_array();
    wu_code rc = a ? WU_OK : WU_ENOMEM;
    for (int i = 0; !rc && i < s->o.n_limit; i++) {
        const wu_stats_limit *l = &s->limit[i];
        wu_json *o = wu_json_new_object();
        rc = set_int(o, "max_seq_length", l->n_tok);
        if (!rc) rc = set_int(o, "too_long", l->n_long);
        if (!rc) rc = set_int(o, "tokens_lost", l->n_lost);
        if (!rc) rc = set_int(o, "without_answer", l->n_no_answer);
        rc = wu_json_push(a, made(o, rc));
    }
    return made(a, rc);
}

static wu_json *tokens(const wu_stats *s) {
    wu_json *o = wu_json_new_object();
    wu_code rc = set_str(o, "model", wu_str_of(s->o.model));
    if (!rc) rc = set_int(o, "all", s->n_tok);
    if (!rc) rc = set_int(o, "shared", s->n_tok_shared);
    if (!rc) rc = wu_json_set(o, "truncation", limits(s));
    return made(o, rc);
}

static wu_json *ints(const int64_t *v, int n) {
    wu_json *a = wu_json_new_array();
    wu_code rc = a ? WU_OK : WU_ENOMEM;
    for (int i = 0; !rc && i < n; i++) rc = wu_json_push(a, wu_json_new_int(v[i]));
    return made(a, rc);
}

static wu_json *months(const wu_stats *s) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    for (int64_t m = s->month.min; !rc && s->month.n && m <= s->month.max; m++) {
        char name[24];
        const int64_t n = wu_tally_within(&s->month, m, m);
        snprintf(name, sizeof(name), "%04d-%02d", (int)(1970 + m / 12), (int)(m % 12 + 1));
        if (n) rc = set_int(o, name, n);
    }
    return made(o, rc);
}

static wu_code set_clock(wu_json *o, const char *key, wu_when w) {
    wu_buf b = {0};
    wu_code rc = wu_when_render(&b, w);
    if (!rc) rc = set_str(o, key, wu_buf_view(&b));
    wu_buf_free(&b);
    return rc;
}

static wu_json *times(const wu_stats *s) {
    wu_json *o = wu_json_new_object(), *days = NULL;
    wu_code rc = set_int(o, "known", s->n_time);
    if (!rc) rc = set_int(o, "date_only", s->n_date_only);
    if (!rc) rc = set_int(o, "unknown", s->n_no_time);
    if (!rc) rc = set_int(o, "simulated", s->n_simulated);
    if (rc || s->n_time == 0) return made(o, rc);
    if (!rc) rc = set_clock(o, "first", s->first);
    if (!rc) rc = set_clock(o, "last", s->last);
    if (!rc) rc = wu_json_set(o, "hours", ints(s->hour, 24));
    if (!rc) {
        days = wu_json_new_object();
        for (int i = 0; !rc && i < 7; i++) rc = set_int(days, day_name[i], s->weekday[i]);
        rc = wu_json_set(o, "weekdays", made(days, rc));
    }
    if (!rc) rc = wu_json_set(o, "months", months(s));
    return made(o, rc);
}

static wu_json *known(const wu_counts *c, int64_t unknown, const char *of_those) {
    wu_json *o = wu_json_new_object();
    wu_code rc = wu_json_set(o, "known", counts(c, of_those));
    if (!rc) rc = set_int(o, "unknown", unknown);
    return made(o, rc);
}

static wu_json *agents(const wu_stats *s) {
    wu_json *o = wu_json_new_object();
    wu_code rc = set_int(o, "count", s->n_agent);
    if (!rc) rc = set_int(o, "conversations_with_agent", s->n_with_agent);
    if (!rc) rc = wu_json_set(o, "conversations_per_agent", tally(&s->per_agent));
    return made(o, rc);
}

static wu_json *duplicates(const wu_stats *s) {
    const wu_alike_result *r = &s->alike;
    wu_json *o = wu_json_new_object(), *a = wu_json_new_array();
    wu_code rc = set_int(o, "equal_conversations", r->n_equal);
    if (!rc) rc = set_int(o, "near_conversations", r->n_near);
    if (!rc) rc = set_int(o, "equal_examples", s->n_example_again);
    if (!rc) rc = set_int(o, "prompts_with_different_completions", s->n_prompt_torn);
    for (int i = 0; !rc && i < r->n_found; i++) {
        wu_json *f = wu_json_new_object();
        rc = set_str(f, "first", wu_str_of(r->found[i].first));
        if (!rc) rc = set_str(f, "later", wu_str_of(r->found[i].later));
        if (!rc) rc = wu_json_set(f, "similarity", rounded(r->found[i].similarity));
        rc = wu_json_push(a, made(f, rc));
    }
    a = made(a, rc);
    rc = wu_json_set(o, "found", a);
    return made(o, rc);
}

wu_json *wu_stats_json(const wu_stats *s) {
    wu_json *o = wu_json_new_object();
    wu_code rc = wu_json_set(o, "inputs", inputs(s));
    if (!rc) rc = wu_json_set(o, "conversations", conversations(s));
    if (!rc) rc = wu_json_set(o, "roles", roles(s));
    if (!rc && s->n_example) rc = wu_json_set(o, "examples", examples(s));
    if (!rc && s->n_example && s->o.tokenizer) rc = wu_json_set(o, "tokens", tokens(s));
    if (!rc)
        rc = wu_json_set(o, "languages", known(&s->language, s->n_language_unknown, "guessed"));
    if (!rc) rc = wu_json_set(o, "channels", known(&s->channel, s->n_channel_unknown, NULL));
    if (!rc) rc = wu_json_set(o, "agents", agents(s));
    if (!rc) rc = wu_json_set(o, "time", times(s));
    if (!rc && s->o.duplicates) rc = wu_json_set(o, "duplicates", duplicates(s));
    return made(o, rc);
}
