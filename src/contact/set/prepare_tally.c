/* prepare_tally.c - what was read, used, dropped and why (prepare_impl.h). */
#include "contact/set/prepare_impl.h"

#include "contact/set/place.h"
#include "text/utf8.h"

#include <string.h>

const char *wu_problem_name(wu_problem p) {
    static const char *const name[WU_N_PROBLEM] = {
        [WU_PROBLEM_UNREADABLE] = "unreadable",       [WU_PROBLEM_EMPTY] = "empty",
        [WU_PROBLEM_DUPLICATE] = "duplicate",         [WU_PROBLEM_NO_ANALYSIS] = "no_analysis",
        [WU_PROBLEM_NO_TRANSCRIPT] = "no_transcript", [WU_PROBLEM_LABEL] = "wrong_label",
        [WU_PROBLEM_TOO_LONG] = "too_long",
    };
    return name[p];
}

const char *wu_prepare_why(wu_task_id task, wu_label_state s) {
    if (s != WU_LABEL_NO_SOURCE) return wu_label_state_name(s);
    return task == WU_TASK_CHURN || task == WU_TASK_JOURNEY ? "no_journey" : "no_analysis";
}

static wu_code out_of_memory(wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "metadata: out of memory");
}

wu_code wu_prepare_begin(wu_prepare_tally *t, const wu_prepare_options *o, wu_prepare_counts *n,
                         wu_err *err) {
    *t = (wu_prepare_tally){
        .o = o, .n = n, .problems = wu_json_new_object(), .distribution = wu_json_new_object()};
    *n = (wu_prepare_counts){0};
    if (t->problems && t->distribution) return WU_OK;
    wu_prepare_end(t);
    return out_of_memory(err);
}

void wu_prepare_end(wu_prepare_tally *t) {
    wu_json_free(t->problems);
    wu_json_free(t->distribution);
    *t = (wu_prepare_tally){0};
}

/* The member called key, which may still be changed; made if it is not there. NULL: no memory. */
static wu_json *part(wu_json *object, const char *key, bool is_list) {
    if (!wu_json_get(object, key) &&
        wu_json_set(object, key, is_list ? wu_json_new_array() : wu_json_new_object()))
        return NULL;
    return wu_json_member(object, key);
}

/* Messages may hold bytes of any file. */
static wu_json *lossy(const char *s) {
    wu_buf text = {0};
    wu_json *j = NULL;
    if (!wu_utf8_lossy(wu_str_of(s), &text)) j = wu_json_new_str(wu_buf_view(&text));
    wu_buf_free(&text);
    return j;
}

wu_code wu_prepare_problem(wu_prepare_tally *t, wu_problem kind, wu_err *err) {
    const wu_code rc = err->code;
    if (t->n->n_problem[kind]++ < WU_PROBLEMS_TOLD && !t->o->strict) {
        wu_json *list = part(t->problems, wu_problem_name(kind), true);
        if (!list || wu_json_push(list, lossy(err->msg))) return out_of_memory(err);
        if (t->o->tell) t->o->tell(t->o->ud, err->msg);
    }
    if (t->o->strict) return rc;
    *err = (wu_err){0};
    return WU_OK;
}

/* ---- distributions -------------------------------------------------------------------------- */

static wu_code count_label(wu_json *counts, wu_str label) {
    char key[WU_LABEL_BYTES + 1]; /* labels are never longer */
    if (label.n >= sizeof(key)) return WU_OK;
    memcpy(key, label.p, label.n);
    key[label.n] = 0;
    return wu_json_set(counts, key, wu_json_new_int(wu_json_int(wu_json_get(counts, key)) + 1));
}

/* "0-9" ... "90-100" */
static wu_code count_score(wu_json *counts, int64_t score) {
    static const char *const bin[] = {"0-9",   "10-19", "20-29", "30-39", "40-49",
                                      "50-59", "60-69", "70-79", "80-89", "90-100"};
    wu_code rc = WU_OK;
    for (int i = 0; !rc && wu_json_size(counts) < 10 && i < 10; i++)
        rc = wu_json_set(counts, bin[i], wu_json_new_int(0));
    return rc ? rc : count_label(counts, wu_str_of(bin[score >= 100 ? 9 : score / 10]));
}

static wu_code count_list(wu_json *counts, const wu_json *list) {
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < wu_json_size(list); i++)
        rc = count_label(counts, wu_json_str(wu_json_at(list, i)));
    return rc;
}

static wu_code count_field(wu_json *of_task, const wu_field *f, const wu_json *v) {
    if (f->kind != WU_FIELD_SCORE && !f->values) return WU_OK; /* texts have no distribution */
    wu_json *counts = part(of_task, f->name, false);
    if (!counts) return WU_ENOMEM;
    if (f->kind == WU_FIELD_SCORE) return count_score(counts, wu_json_int(v));
    return f->kind == WU_FIELD_LIST ? count_list(counts, v) : count_label(counts, wu_json_str(v));
}

wu_code wu_prepare_answer(wu_prepare_tally *t, const wu_task *task, const wu_json *answer,
                          wu_err *err) {
    t->n->n_example[task->id]++;
    t->n->n_examples++;
    wu_json *of_task = part(t->distribution, task->name, false);
    if (!of_task) return out_of_memory(err);
    for (int i = 0; i < task->n_field; i++) {
        const wu_json *v = wu_json_get(answer, task->field[i].name);
        if (v && count_field(of_task, &task->field[i], v)) return out_of_memory(err);
    }
    return WU_OK;
}

/* ---- metadata ------------------------------------------------------------------------------- */

static wu_code set_int(wu_json *o, const char *key, int64_t v) {
    return wu_json_set(o, key, wu_json_new_int(v));
}

static wu_code set_path(wu_json *o, const char *key, const char *path) {
    return path ? wu_json_set(o, key, lossy(path)) : WU_OK;
}

static wu_json *source_json(const wu_prepare_options *o) {
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc) rc = set_path(j, "transcripts", o->transcripts);
    if (!rc) rc = set_path(j, "analyses", o->analyses);
    if (!rc) rc = set_path(j, "journeys", o->journeys);
    if (!rc) rc = set_path(j, "input", o->input);
    if (!rc) rc = set_path(j, "labels", o->label_source);
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

static wu_json *conversations_json(const wu_prepare_counts *n) {
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc) rc = set_int(j, "read", n->n_conversation);
    if (!rc) rc = set_int(j, "used", n->n_used);
    if (!rc) rc = set_int(j, "no_journey", n->n_no_journey);
    for (int i = 0; !rc && i < WU_N_PROBLEM; i++)
        if (i != WU_PROBLEM_LABEL) rc = set_int(j, wu_problem_name((wu_problem)i), n->n_problem[i]);
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

/* How often a field was left out, by reason; nothing if never. */
static wu_code set_states(wu_json *o, const char *key, wu_task_id task, const int64_t *state) {
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    for (int s = WU_LABEL_USED + 1; !rc && s < WU_N_LABEL_STATE; s++)
        if (state[s]) rc = set_int(j, wu_prepare_why(task, (wu_label_state)s), state[s]);
    if (!rc && wu_json_size(j) > 0) return wu_json_set(o, key, j);
    wu_json_free(j);
    return rc;
}

static wu_json *task_json(const wu_prepare_tally *t, const wu_task *task) {
    const wu_prepare_counts *n = t->n;
    wu_json *j = wu_json_new_object(), *left_out = wu_json_new_object();
    const wu_json *labels = wu_json_get(t->distribution, task->name);
    wu_code rc = j && left_out ? WU_OK : WU_ENOMEM;
    if (!rc) rc = set_int(j, "examples", n->n_example[task->id]);
    if (!rc) rc = set_states(j, "dropped", task->id, n->n_state[task->id][0]);
    for (int i = 1; !rc && i < task->n_field; i++)
        rc = set_states(left_out, task->field[i].name, task->id, n->n_state[task->id][i]);
    if (!rc && wu_json_size(left_out) > 0) {
        rc = wu_json_set(j, "left_out", left_out);
        left_out = NULL;
    }
    if (!rc && labels) rc = wu_json_set(j, "labels", wu_json_copy(labels));
    wu_json_free(left_out);
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

static wu_json *tasks_json(const wu_prepare_tally *t) {
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    for (int i = 0; !rc && i < WU_N_TASK; i++)
        if (t->o->tasks == 0 || ((t->o->tasks >> i) & 1u))
            rc = wu_json_set(j, wu_tasks[i].name, task_json(t, &wu_tasks[i]));
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

static wu_json *shortened_json(const wu_prepare_counts *n) {
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc) rc = set_int(j, "conversations", n->n_shortened);
    if (!rc) rc = set_int(j, "turns_left_out", n->n_turn_out);
    if (!rc) rc = set_int(j, "words_left_out", n->n_word_out);
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}

wu_json *wu_prepare_json(const wu_prepare_tally *t) {
    const wu_prepare_options *o = t->o;
    wu_json *j = wu_json_new_object();
    wu_code rc = j ? WU_OK : WU_ENOMEM;
    if (!rc) rc = wu_json_set(j, "program", wu_json_new_str(WU_STR("wrapup " WU_VERSION)));
    if (!rc) rc = wu_json_set(j, "source", source_json(o));
    if (!rc && o->settings) rc = wu_json_set(j, "settings", wu_json_copy(o->settings));
    if (!rc) rc = wu_json_set(j, "conversations", conversations_json(t->n));
    if (!rc) rc = set_int(j, "total_examples", t->n->n_examples);
    if (!rc) rc = wu_json_set(j, "tasks", tasks_json(t));
    if (!rc) rc = wu_json_set(j, "unknown_labels", wu_taxonomy_unknown(o->labels.taxonomy));
    if (!rc) rc = set_int(j, "texts_cut", t->n->n_text_cut);
    if (!rc && o->shortener) rc = wu_json_set(j, "shortened", shortened_json(t->n));
    if (!rc && o->redactor) rc = wu_json_set(j, "redacted", wu_redact_report(o->redactor));
    if (!rc) rc = wu_json_set(j, "problems", wu_json_copy(t->problems));
    if (!rc) return j;
    wu_json_free(j);
    return NULL;
}
