/* stats_answer.c - labels and scores of answers, by the table of the tasks (stats.h). */
#include "base/compiler.h"
#include "contact/set/stats_impl.h"

#include <string.h>

const wu_task *wu_stats_task_of(const wu_json *answer) {
    for (int i = 0; i < WU_N_TASK; i++)
        if (wu_json_get(answer, wu_tasks[i].field[0].name)) return &wu_tasks[i];
    return NULL;
}

static wu_code count_label(wu_stats_field *c, const wu_field *f, const wu_json *v) {
    if (wu_json_type(v) != WU_JSON_STRING) {
        c->n_wrong++;
        return WU_OK;
    }
    const wu_str s = wu_json_str(v);
    for (int i = 0; i < WU_STATS_LABELS && f->values[i]; i++) {
        if (!wu_str_eq(wu_str_of(f->values[i]), s)) continue;
        c->label[i]++;
        return WU_OK;
    }
    return wu_counts_add(&c->unknown, s, 0);
}

static wu_code count_list(wu_stats_field *c, const wu_field *f, const wu_json *v) {
    wu_code rc = wu_tally_add(&c->value, (int64_t)wu_json_size(v));
    for (size_t i = 0; !rc && f->values && i < wu_json_size(v); i++)
        rc = count_label(c, f, wu_json_at(v, i));
    return rc;
}

static wu_code count_field(wu_stats_field *c, const wu_field *f, const wu_json *v) {
    const wu_json_kind kind = wu_json_type(v);
    if (!v || kind == WU_JSON_NULL) {
        c->n_missing++;
        return WU_OK;
    }
    if (f->kind == WU_FIELD_ENUM) return count_label(c, f, v);
    if (f->kind == WU_FIELD_SCORE && kind == WU_JSON_INT && wu_json_int(v) >= f->lo &&
        wu_json_int(v) <= f->hi)
        return wu_tally_add(&c->value, wu_json_int(v));
    if (f->kind == WU_FIELD_TEXT && kind == WU_JSON_STRING)
        return wu_tally_add(&c->value, wu_count_chars(wu_json_str(v)));
    if (f->kind == WU_FIELD_LIST && kind == WU_JSON_ARRAY) return count_list(c, f, v);
    c->n_wrong++;
    return WU_OK;
}

static bool is_field(const wu_task *t, wu_str key) {
    for (int i = 0; i < t->n_field; i++)
        if (wu_str_eq(wu_str_of(t->field[i].name), key)) return true;
    return false;
}

wu_code wu_stats_answer(wu_stats_task *count, const wu_task *t, wu_json *answer) {
    wu_code rc = WU_OK;
    count->n_answer++;
    for (int i = 0; !rc && i < t->n_field && i < WU_STATS_FIELDS; i++)
        rc = count_field(&count->field[i], &t->field[i], wu_json_get(answer, t->field[i].name));
    for (void *it = wu_json_first(answer); !rc && it; it = wu_json_next(answer, it))
        if (!is_field(t, wu_json_key(it))) rc = wu_counts_add(&count->extra, wu_json_key(it), 0);
    return rc;
}
