/* stats_notes.c - numbers as people read them, and what of a report deserves a look (stats.h). */
#include "base/compiler.h"
#include "contact/set/stats_impl.h"

#include <stdio.h>
#include <string.h>

wu_shown wu_show_int(int64_t v) {
    char digits[24];
    wu_shown out = {""};
    const int n = snprintf(digits, sizeof(digits), "%lld", (long long)v);
    size_t k = 0;
    for (int i = 0; i < n && k + 2 < sizeof(out.text); i++) {
        if (i > (v < 0) && (n - i) % 3 == 0) out.text[k++] = ',';
        out.text[k++] = digits[i];
    }
    out.text[k] = 0;
    return out;
}

wu_shown wu_show_real(double v) {
    const int64_t tenths = (int64_t)(v * 10.0 + 0.5);
    wu_shown out = wu_show_int(tenths / 10);
    const size_t n = strlen(out.text);
    snprintf(out.text + n, sizeof(out.text) - n, ".%d", (int)(tenths % 10));
    return out;
}

wu_shown wu_show_share(int64_t n, int64_t of) {
    wu_shown out = {"-"};
    if (of <= 0) return out;
    const double share = 100.0 * (double)n / (double)of;
    if (n > 0 && share < 0.05)
        snprintf(out.text, sizeof(out.text), "<0.1 %%");
    else if (n < of && share >= 99.95)
        snprintf(out.text, sizeof(out.text), ">99.9 %%");
    else
        snprintf(out.text, sizeof(out.text), "%.1f %%", share);
    return out;
}

/* ------------------------------------------------------------------------------- notes */

static wu_code inputs(wu_buf *out, const wu_stats *s) {
    int64_t bad = 0;
    for (int32_t i = 0; i < s->n_input; i++) bad += s->input[i].n_bad;
    if (s->n_conversation == 0) return wu_buf_str(out, "There is no conversation.\n");
    if (bad == 0) return WU_OK;
    return wu_buf_fmt(out, "%s could not be read and are not part of these numbers.\n",
                      wu_show_int(bad).text);
}

static wu_code lengths(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < s->o.n_limit && s->o.tokenizer; i++) {
        const wu_stats_limit *l = &s->limit[i];
        if (l->n_long == 0) continue;
        rc = wu_buf_fmt(out,
                        "%s of %s examples (%s) are longer than %s tokens; %s of them would keep "
                        "nothing of their answer.\n",
                        wu_show_int(l->n_long).text, wu_show_int(s->n_example).text,
                        wu_show_share(l->n_long, s->n_example).text, wu_show_int(l->n_tok).text,
                        wu_show_int(l->n_no_answer).text);
    }
    return rc;
}

static wu_code duplicates(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    if (s->alike.n_equal)
        rc = wu_buf_fmt(out, "%s conversations have exactly the words of an earlier one.\n",
                        wu_show_int(s->alike.n_equal).text);
    if (!rc && s->alike.n_near)
        rc = wu_buf_fmt(out, "%s conversations are nearly equal to an earlier one.\n",
                        wu_show_int(s->alike.n_near).text);
    if (!rc && s->n_example_again)
        rc = wu_buf_fmt(out, "%s examples repeat an earlier one, prompt and answer.\n",
                        wu_show_int(s->n_example_again).text);
    if (!rc && s->n_prompt_torn)
        rc = wu_buf_fmt(out, "%s prompts have different answers in different examples.\n",
                        wu_show_int(s->n_prompt_torn).text);
    if (!rc && s->n_id_again)
        rc = wu_buf_fmt(out, "%s transcripts have the id of an earlier one.\n",
                        wu_show_int(s->n_id_again).text);
    return rc;
}

static int64_t labels_of(const wu_stats_field *f) {
    int64_t n = 0;
    for (int i = 0; i < WU_STATS_LABELS; i++) n += f->label[i];
    return n;
}

static wu_code field(wu_buf *out, const wu_task *t, const wu_field *f, const wu_stats_field *c,
                     int64_t n_answer) {
    wu_code rc = WU_OK;
    if (c->n_missing)
        rc = wu_buf_fmt(out, "%s of %s is missing in %s of %s answers.\n", f->name, t->name,
                        wu_show_int(c->n_missing).text, wu_show_int(n_answer).text);
    if (!rc && c->n_wrong)
        rc = wu_buf_fmt(out, "%s of %s has a wrong type or is out of range %s times.\n", f->name,
                        t->name, wu_show_int(c->n_wrong).text);
    if (!rc && c->unknown.n_all)
        rc = wu_buf_fmt(out, "%s of %s has a label that is none of its own %s times.\n", f->name,
                        t->name, wu_show_int(c->unknown.n_all).text);
    const int64_t n = labels_of(c);
    for (int i = 0; !rc && f->kind == WU_FIELD_ENUM && n > 1 && f->values[i]; i++)
        if (c->label[i] == n && c->unknown.n_all == 0)
            rc = wu_buf_fmt(out, "%s of %s is always %s: there is nothing to tell apart.\n",
                            f->name, t->name, f->values[i]);
    if (!rc && f->kind == WU_FIELD_SCORE && c->value.n > 1 && c->value.min == c->value.max)
        rc = wu_buf_fmt(out, "%s of %s is always %s: there is nothing to tell apart.\n", f->name,
                        t->name, wu_show_int(c->value.min).text);
    return rc;
}

static wu_code answers(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < WU_N_TASK; i++) {
        const wu_stats_task *c = &s->task[i];
        if (c->n_answer < c->n_example)
            rc = wu_buf_fmt(out, "%s answers of %s are not a JSON object.\n",
                            wu_show_int(c->n_example - c->n_answer).text, wu_tasks[i].name);
        for (int k = 0; !rc && c->n_answer && k < wu_tasks[i].n_field; k++)
            rc = field(out, &wu_tasks[i], &wu_tasks[i].field[k], &c->field[k], c->n_answer);
    }
    if (!rc && s->unknown_task.n_all)
        rc = wu_buf_fmt(out, "%s examples name a task that is none of the six.\n",
                        wu_show_int(s->unknown_task.n_all).text);
    return rc;
}

static wu_code talks(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    if (s->n_no_turn)
        rc = wu_buf_fmt(out, "%s conversations have no turn.\n", wu_show_int(s->n_no_turn).text);
    if (!rc && s->n_no_agent)
        rc = wu_buf_fmt(out, "%s conversations have no turn of an agent.\n",
                        wu_show_int(s->n_no_agent).text);
    if (!rc && s->n_no_customer)
        rc = wu_buf_fmt(out, "%s conversations have no turn of a customer.\n",
                        wu_show_int(s->n_no_customer).text);
    const int64_t unknown = s->role[WU_PARTY_UNKNOWN].n_turn;
    if (!rc && unknown)
        rc =
            wu_buf_fmt(out, "Of %s turns it is not known who speaks.\n", wu_show_int(unknown).text);
    if (!rc && s->n_simulated)
        rc = wu_buf_fmt(out,
                        "The time of %s conversations was drawn, not recorded; it is left "
                        "out here.\n",
                        wu_show_int(s->n_simulated).text);
    return rc;
}

wu_code wu_stats_notes(wu_buf *out, const wu_stats *s) {
    wu_code rc = inputs(out, s);
    if (!rc) rc = lengths(out, s);
    if (!rc) rc = answers(out, s);
    if (!rc) rc = duplicates(out, s);
    return rc ? rc : talks(out, s);
}
