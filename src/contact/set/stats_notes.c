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

/* "WHAT: N."; nothing where there is none. */
static wu_code note(wu_buf *out, const char *what, int64_t n) {
    return n ? wu_buf_fmt(out, "%s: %s.\n", what, wu_show_int(n).text) : WU_OK;
}

static wu_code inputs(wu_buf *out, const wu_stats *s) {
    int64_t bad = 0;
    for (int32_t i = 0; i < s->n_input; i++) bad += s->input[i].n_bad;
    if (s->n_conversation == 0) return wu_buf_str(out, "There is no conversation.\n");
    return note(out, "Not readable, and not part of these numbers", bad);
}

static wu_code lengths(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < s->o.n_limit && s->o.tokenizer; i++) {
        const wu_stats_limit *l = &s->limit[i];
        if (l->n_long == 0) continue;
        rc = wu_buf_fmt(out,
                        "Longer than %s tokens: %s of %s examples (%s); of their answers %s would "
                        "be cut off as a whole.\n",
                        wu_show_int(l->n_tok).text, wu_show_int(l->n_long).text,
                        wu_show_int(s->n_example).text, wu_show_share(l->n_long, s->n_example).text,
                        wu_show_int(l->n_no_answer).text);
    }
    return rc;
}

static wu_code duplicates(wu_buf *out, const wu_stats *s) {
    wu_code rc =
        note(out, "Conversations with exactly the words of an earlier one", s->alike.n_equal);
    if (!rc) rc = note(out, "Conversations nearly equal to an earlier one", s->alike.n_near);
    if (!rc) rc = note(out, "Examples that repeat an earlier one", s->n_example_again);
    if (!rc) rc = note(out, "Prompts with different answers", s->n_prompt_torn);
    return rc ? rc : note(out, "Transcripts with the id of an earlier one", s->n_id_again);
}

static int64_t labels_of(const wu_stats_field *f) {
    int64_t n = 0;
    for (int i = 0; i < WU_STATS_LABELS; i++) n += f->label[i];
    return n;
}

static wu_code constant(wu_buf *out, const wu_task *t, const wu_field *f, const char *value) {
    return wu_buf_fmt(out, "%s, %s: always %s, so there is nothing to tell apart.\n", t->name,
                      f->name, value);
}

static wu_code field(wu_buf *out, const wu_task *t, const wu_field *f, const wu_stats_field *c,
                     int64_t n_answer) {
    const int64_t n = labels_of(c);
    wu_code rc = WU_OK;
    if (c->n_missing)
        rc = wu_buf_fmt(out, "%s, %s: missing in %s of %s answers.\n", t->name, f->name,
                        wu_show_int(c->n_missing).text, wu_show_int(n_answer).text);
    if (!rc && c->n_wrong)
        rc = wu_buf_fmt(out, "%s, %s: of a wrong type or out of range %s of %s times.\n", t->name,
                        f->name, wu_show_int(c->n_wrong).text, wu_show_int(n_answer).text);
    if (!rc && c->unknown.n_all)
        rc = wu_buf_fmt(out, "%s, %s: labels that are not its own, %s in all.\n", t->name, f->name,
                        wu_show_int(c->unknown.n_all).text);
    for (int i = 0; !rc && f->kind == WU_FIELD_ENUM && n > 1 && f->values[i]; i++)
        if (c->label[i] == n && c->unknown.n_all == 0) rc = constant(out, t, f, f->values[i]);
    if (!rc && f->kind == WU_FIELD_SCORE && c->value.n > 1 && c->value.min == c->value.max)
        rc = constant(out, t, f, wu_show_int(c->value.min).text);
    return rc;
}

static wu_code answers(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < WU_N_TASK; i++) {
        const wu_stats_task *c = &s->task[i];
        if (c->n_answer < c->n_example)
            rc = wu_buf_fmt(out, "%s: %s of %s answers are not a JSON object.\n", wu_tasks[i].name,
                            wu_show_int(c->n_example - c->n_answer).text,
                            wu_show_int(c->n_example).text);
        for (int k = 0; !rc && c->n_answer && k < wu_tasks[i].n_field; k++)
            rc = field(out, &wu_tasks[i], &wu_tasks[i].field[k], &c->field[k], c->n_answer);
    }
    return rc ? rc : note(out, "Examples of a task that is none of the six", s->unknown_task.n_all);
}

static wu_code talks(wu_buf *out, const wu_stats *s) {
    wu_code rc = note(out, "Conversations without a turn", s->n_no_turn);
    if (!rc) rc = note(out, "Conversations without a turn of an agent", s->n_no_agent);
    if (!rc) rc = note(out, "Conversations without a turn of a customer", s->n_no_customer);
    if (!rc)
        rc = note(out, "Turns of which it is not known who speaks",
                  s->role[WU_PARTY_UNKNOWN].n_turn);
    return rc ? rc
              : note(out, "Conversations whose time was drawn, not recorded, and is left out here",
                     s->n_simulated);
}

wu_code wu_stats_notes(wu_buf *out, const wu_stats *s) {
    wu_code rc = inputs(out, s);
    if (!rc) rc = lengths(out, s);
    if (!rc) rc = answers(out, s);
    if (!rc) rc = duplicates(out, s);
    return rc ? rc : talks(out, s);
}
