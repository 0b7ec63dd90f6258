/* stats_text.c - the report for the terminal (stats.h). */
#include "base/compiler.h"
#include "contact/set/stats_impl.h"

#include <stdio.h>
#include <string.h>

static const char *const unit_name[WU_N_SIZE_UNIT] = {"tokens", "words", "characters"};
static const char *const part_name[WU_N_PART] = {"prompt", "completion", "whole"};
static const char *const day_name[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

enum { NAME = 30 }; /* columns of the first column */

/* Text of others goes to a terminal: control characters become blanks. */
static wu_code put_text(wu_buf *out, wu_str s) {
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        const bool c1 = c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0;
        rc = wu_buf_char(out, c < 0x20 || c == 0x7F || c1 ? ' ' : s.p[i]);
        i += c1;
    }
    return rc;
}

/* s and blanks to a width in characters. */
static wu_code put_name(wu_buf *out, wu_str s, int width) {
    wu_code rc = wu_buf_str(out, "  ");
    if (!rc) rc = put_text(out, s);
    int64_t n = wu_count_chars(s);
    if (!rc && n > width) { /* the numbers go to a line of their own */
        rc = wu_buf_str(out, "\n  ");
        n = 0;
    }
    for (; !rc && n < width; n++) rc = wu_buf_char(out, ' ');
    return rc;
}

static wu_code title(wu_buf *out, const char *text) {
    return wu_buf_fmt(out, "%s%s\n", out->n ? "\n" : "", text);
}

static wu_code quantile_head(wu_buf *out, const char *what) {
    const wu_code rc = put_name(out, wu_str_of(what), NAME);
    return rc ? rc
              : wu_buf_fmt(out, "%9s%9s%9s%9s%9s%9s%9s%11s\n", "count", "min", "p10", "median",
                           "p90", "p99", "max", "mean");
}

static wu_code quantile_row(wu_buf *out, const char *name, const wu_tally *t) {
    static const int at[] = {0, 100, 500, 900, 990, 1000};
    wu_code rc = put_name(out, wu_str_of(name), NAME);
    if (!rc) rc = wu_buf_fmt(out, "%9s", wu_show_int(t->n).text);
    for (size_t i = 0; !rc && t->n && i < WU_LEN(at); i++)
        rc = wu_buf_fmt(out, "%9s", wu_show_int(wu_tally_quantile(t, at[i])).text);
    if (!rc && t->n) rc = wu_buf_fmt(out, "%11s", wu_show_real(wu_tally_mean(t)).text);
    return rc ? rc : wu_buf_char(out, '\n');
}

static wu_code share_row(wu_buf *out, wu_str name, int64_t n, int64_t of, const char *note) {
    wu_code rc = put_name(out, name, NAME);
    if (!rc) rc = wu_buf_fmt(out, "%9s", wu_show_int(n).text);
    if (!rc && of) rc = wu_buf_fmt(out, "%9s", wu_show_share(n, of).text);
    if (!rc && note) rc = wu_buf_fmt(out, "  %s", note);
    return rc ? rc : wu_buf_char(out, '\n');
}

/* ------------------------------------------------------------------------------ inputs */

static wu_code put_number(wu_buf *out, int64_t n, const char *what) {
    return wu_buf_fmt(out, ", %s %s%s", wu_show_int(n).text, what, n == 1 ? "" : "s");
}

static wu_code inputs(wu_buf *out, const wu_stats *s) {
    wu_code rc = title(out, "Input");
    for (int32_t i = 0; !rc && i < s->n_input; i++) {
        const wu_stats_input *in = &s->input[i];
        rc = wu_buf_str(out, "  ");
        if (!rc) rc = put_text(out, wu_str_of(in->name));
        if (!rc) rc = wu_buf_str(out, in->is_examples ? ": examples" : ": transcripts");
        for (int32_t k = 0; !rc && k < in->formats.n; k++)
            rc = wu_buf_fmt(out, "%s%.*s", k ? ", " : " (", (int)in->formats.item[k].word.n,
                            in->formats.item[k].word.p);
        if (!rc && in->formats.n) rc = wu_buf_char(out, ')');
        if (!rc && in->split[0]) {
            rc = wu_buf_str(out, " (");
            if (!rc) rc = put_text(out, wu_str_of(in->split));
            if (!rc) rc = wu_buf_char(out, ')');
        }
        if (!rc && in->is_examples) rc = put_number(out, in->n_example, "example");
        if (!rc) rc = put_number(out, in->n_conversation, "conversation");
        if (!rc && in->n_bad)
            rc = wu_buf_fmt(out, ", %s not readable", wu_show_int(in->n_bad).text);
        if (!rc) rc = wu_buf_char(out, '\n');
    }
    return rc;
}

static wu_code notes(wu_buf *out, const wu_stats *s) {
    wu_buf b = {0};
    wu_code rc = wu_stats_notes(&b, s);
    if (!rc && b.n) rc = title(out, "Worth a look");
    for (char *line = b.p, *end; !rc && line && *line; line = end + 1) {
        end = strchr(line, '\n');
        *end = 0;
        rc = wu_buf_fmt(out, "  - %s\n", line);
    }
    wu_buf_free(&b);
    return rc;
}

/* ------------------------------------------------------------------------------ sizes */

static wu_code conversations(wu_buf *out, const wu_stats *s) {
    wu_code rc = title(out, "Conversations");
    if (!rc) rc = quantile_head(out, "");
    if (!rc) rc = quantile_row(out, "turns", &s->turns);
    if (!rc) rc = quantile_row(out, "words", &s->words);
    if (!rc) rc = quantile_row(out, "characters", &s->characters);
    if (!rc && s->per_agent.n) rc = quantile_row(out, "conversations of an agent", &s->per_agent);
    return rc;
}

static wu_code roles(wu_buf *out, const wu_stats *s) {
    int64_t all = 0;
    for (int i = 0; i < WU_N_PARTY_ROLE; i++) all += s->role[i].n_turn;
    if (all == 0) return WU_OK;
    wu_code rc = title(out, "Roles");
    if (!rc) rc = put_name(out, WU_STR(""), NAME);
    if (!rc)
        rc = wu_buf_fmt(out, "%9s%9s%15s%11s%12s%12s%12s\n", "turns", "share", "conversations",
                        "words", "characters", "turns each", "words/turn");
    for (int k = 1; !rc && k <= WU_N_PARTY_ROLE; k++) {
        const int i = k % WU_N_PARTY_ROLE; /* unknown comes last */
        const wu_stats_role *r = &s->role[i];
        if (r->n_turn == 0) continue;
        rc = put_name(out, wu_str_of(wu_party_role_name((wu_party_role)i)), NAME);
        if (!rc)
            rc = wu_buf_fmt(out, "%9s%9s%15s%11s%12s%12s%12s\n", wu_show_int(r->n_turn).text,
                            wu_show_share(r->n_turn, all).text, wu_show_int(r->turns.n).text,
                            wu_show_int(r->n_word).text, wu_show_int(r->n_char).text,
                            wu_show_real(wu_tally_mean(&r->turns)).text,
                            wu_show_real(wu_tally_mean(&r->words_a_turn)).text);
    }
    return rc;
}

static wu_code sizes(wu_buf *out, const wu_stats *s) {
    const wu_size_unit unit = s->o.tokenizer ? WU_SIZE_TOKENS : WU_SIZE_WORDS;
    wu_code rc = wu_buf_fmt(out, "\nExamples: %s by task%s\n", unit_name[unit],
                            s->o.tokenizer ? "" : " (tokens are counted with --model)");
    if (!rc) rc = quantile_head(out, "");
    for (int t = 0; !rc && t < WU_STATS_TASKS; t++) {
        const wu_stats_task *c = &s->task[t];
        if (c->n_example == 0) continue;
        for (int p = 0; !rc && p < WU_N_PART; p++) {
            char name[64];
            if (c->size[unit][p].n == 0) continue;
            snprintf(name, sizeof(name), "%s %s", wu_stats_task_name(t), part_name[p]);
            rc = quantile_row(out, name, &c->size[unit][p]);
        }
    }
    if (!rc && !s->o.tokenizer)
        rc = quantile_row(out, "all whole, characters",
                          &s->task[WU_STATS_ALL].size[WU_SIZE_CHARACTERS][WU_PART_WHOLE]);
    if (!rc && s->longest.file) {
        rc = wu_buf_str(out, "  The longest example is ");
        if (!rc) rc = put_text(out, wu_str_of(s->longest.file));
        if (!rc) rc = wu_buf_fmt(out, ":%lld\n", (long long)s->longest.line);
    }
    return rc;
}

static wu_code limits(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    if (!s->o.tokenizer || s->n_example == 0) return WU_OK;
    if (s->o.n_limit) rc = title(out, "Cut at --max-seq-length");
    if (!rc && s->o.n_limit) rc = put_name(out, WU_STR("tokens"), NAME);
    if (!rc && s->o.n_limit)
        rc = wu_buf_fmt(out, "%9s%9s%14s%9s%17s\n", "too long", "share", "tokens lost", "share",
                        "without answer");
    for (int i = 0; !rc && i < s->o.n_limit; i++) {
        const wu_stats_limit *l = &s->limit[i];
        rc = put_name(out, wu_str_of(wu_show_int(l->n_tok).text), NAME);
        if (!rc)
            rc = wu_buf_fmt(out, "%9s%9s%14s%9s%17s\n", wu_show_int(l->n_long).text,
                            wu_show_share(l->n_long, s->n_example).text,
                            wu_show_int(l->n_lost).text, wu_show_share(l->n_lost, s->n_tok).text,
                            wu_show_int(l->n_no_answer).text);
    }
    if (!rc)
        rc = wu_buf_fmt(out,
                        "  Of %s tokens %s (%s) are computed once for several examples of a "
                        "conversation.\n",
                        wu_show_int(s->n_tok).text, wu_show_int(s->n_tok_shared).text,
                        wu_show_share(s->n_tok_shared, s->n_tok).text);
    return rc;
}

/* ------------------------------------------------------------------------------ labels */

static wu_code field(wu_buf *out, const wu_field *f, const wu_stats_field *c, int64_t n_answer) {
    wu_code rc = WU_OK;
    const char *what = f->kind == WU_FIELD_SCORE  ? ""
                       : f->kind == WU_FIELD_TEXT ? ", characters"
                                                  : ", items";
    if (f->kind != WU_FIELD_ENUM) {
        char name[96];
        snprintf(name, sizeof(name), "%s%s", f->name, what);
        rc = quantile_row(out, name, &c->value);
    } else {
        rc = wu_buf_fmt(out, "  %s\n", f->name);
    }
    for (int i = 0; !rc && f->values && i < WU_STATS_LABELS && f->values[i]; i++) {
        char name[96];
        snprintf(name, sizeof(name), "  %s", f->values[i]);
        rc = share_row(out, wu_str_of(name), c->label[i], n_answer, NULL);
    }
    for (int32_t i = 0; !rc && i < c->unknown.n; i++) {
        char name[WU_COUNTS_WORD + 4];
        snprintf(name, sizeof(name), "  %.*s", (int)c->unknown.item[i].word.n,
                 c->unknown.item[i].word.p);
        rc = share_row(out, wu_str_of(name), c->unknown.item[i].n, n_answer,
                       "not one of its labels");
    }
    if (!rc && c->unknown.n_beyond)
        rc = share_row(out, WU_STR("  (further words)"), c->unknown.n_beyond, n_answer,
                       "not one of its labels");
    if (!rc && c->n_missing)
        rc = share_row(out, WU_STR("  (missing)"), c->n_missing, n_answer, NULL);
    if (!rc && c->n_wrong) rc = share_row(out, WU_STR("  (wrong)"), c->n_wrong, 0, NULL);
    return rc;
}

static wu_code answers(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < WU_N_TASK; i++) {
        const wu_stats_task *c = &s->task[i];
        if (c->n_answer == 0) continue;
        rc = wu_buf_fmt(out, "\nAnswers of %s: %s\n", wu_tasks[i].name,
                        wu_show_int(c->n_answer).text);
        if (!rc) rc = quantile_head(out, "");
        for (int k = 0; !rc && k < wu_tasks[i].n_field; k++)
            rc = field(out, &wu_tasks[i].field[k], &c->field[k], c->n_answer);
        for (int32_t k = 0; !rc && k < c->extra.n; k++)
            rc = share_row(out, c->extra.item[k].word, c->extra.item[k].n, c->n_answer,
                           "not a field of this task");
    }
    for (int32_t i = 0; !rc && i < s->unknown_task.n; i++) {
        if (i == 0) rc = title(out, "Other tasks");
        if (!rc)
            rc = share_row(out, s->unknown_task.item[i].word, s->unknown_task.item[i].n,
                           s->n_example, NULL);
    }
    return rc;
}

/* ------------------------------------------------------------------------------- facts */

static wu_code counts(wu_buf *out, const char *name, const wu_counts *c, int64_t unknown,
                      int64_t of) {
    wu_code rc = title(out, name);
    for (int32_t i = 0; !rc && i < c->n; i++) {
        char note[64] = "";
        if (c->item[i].of_those)
            snprintf(note, sizeof(note), "%s guessed", wu_show_int(c->item[i].of_those).text);
        rc = share_row(out, c->item[i].word, c->item[i].n, of, note[0] ? note : NULL);
    }
    if (!rc && c->n_beyond) rc = share_row(out, WU_STR("(further ones)"), c->n_beyond, of, NULL);
    if (!rc && unknown) rc = share_row(out, WU_STR("unknown"), unknown, of, NULL);
    return rc;
}

/* Months, or years where there are many. */
static wu_code months(wu_buf *out, const wu_stats *s) {
    const int64_t first = s->month.min, last = s->month.max;
    const int64_t each = last - first >= 24 ? 12 : 1;
    wu_code rc = WU_OK;
    for (int64_t m = first - first % each; !rc && m <= last; m += each) {
        char name[24];
        const int64_t n = wu_tally_within(&s->month, m, m + each - 1);
        if (each == 1)
            snprintf(name, sizeof(name), "%04d-%02d", (int)(1970 + m / 12), (int)(m % 12 + 1));
        else
            snprintf(name, sizeof(name), "%04d", (int)(1970 + m / 12));
        if (n) rc = share_row(out, wu_str_of(name), n, s->n_time, NULL);
    }
    return rc;
}

static wu_code times(wu_buf *out, const wu_stats *s) {
    wu_code rc = title(out, "Time");
    if (!rc && s->n_time == 0)
        return wu_buf_str(out, "  No conversation has a start that was recorded.\n");
    wu_buf first = {0}, last = {0};
    if (!rc) rc = wu_when_render(&first, s->first);
    if (!rc) rc = wu_when_render(&last, s->last);
    if (!rc)
        rc = wu_buf_fmt(
            out, "  recorded for %s of %s conversations: %s to %s by their local clocks\n",
            wu_show_int(s->n_time).text, wu_show_int(s->n_conversation).text, first.p, last.p);
    wu_buf_free(&first);
    wu_buf_free(&last);
    for (int i = 0; !rc && i < 7; i++)
        rc = share_row(out, wu_str_of(day_name[i]), s->weekday[i], s->n_time, NULL);
    for (int i = 0; !rc && i < 24; i += 2) {
        char name[24];
        snprintf(name, sizeof(name), "%02d:00 to %02d:59", i, i + 1);
        rc = share_row(out, wu_str_of(name), s->hour[i] + s->hour[i + 1], s->n_time, NULL);
    }
    if (!rc && s->n_date_only)
        rc = share_row(out, WU_STR("a date only"), s->n_date_only, s->n_time, NULL);
    return rc ? rc : months(out, s);
}

static wu_code duplicates(wu_buf *out, const wu_stats *s) {
    if (!s->o.duplicates) return WU_OK;
    const wu_alike_result *a = &s->alike;
    wu_code rc = title(out, "Duplicates");
    if (!rc) rc = share_row(out, WU_STR("equal conversations"), a->n_equal, a->n_text, NULL);
    if (!rc) rc = share_row(out, WU_STR("nearly equal (estimated)"), a->n_near, a->n_text, NULL);
    if (!rc && s->n_example)
        rc = share_row(out, WU_STR("equal examples"), s->n_example_again, s->n_example, NULL);
    if (!rc && s->n_example)
        rc = share_row(out, WU_STR("prompts with several answers"), s->n_prompt_torn, 0, NULL);
    for (int i = 0; !rc && i < a->n_found; i++) {
        rc = wu_buf_fmt(out, "  - %.2f: ", a->found[i].similarity);
        if (!rc) rc = put_text(out, wu_str_of(a->found[i].later));
        if (!rc) rc = wu_buf_str(out, " is like ");
        if (!rc) rc = put_text(out, wu_str_of(a->found[i].first));
        if (!rc) rc = wu_buf_char(out, '\n');
    }
    return rc;
}

wu_code wu_stats_text(wu_buf *out, const wu_stats *s) {
    wu_code rc = inputs(out, s);
    if (!rc) rc = notes(out, s);
    if (rc || s->n_conversation == 0) return rc;
    rc = conversations(out, s);
    if (!rc) rc = roles(out, s);
    if (!rc && s->n_example) rc = sizes(out, s);
    if (!rc) rc = limits(out, s);
    if (!rc) rc = answers(out, s);
    if (!rc) rc = counts(out, "Languages", &s->language, s->n_language_unknown, s->n_conversation);
    if (!rc) rc = counts(out, "Channels", &s->channel, s->n_channel_unknown, s->n_conversation);
    if (!rc) rc = times(out, s);
    return rc ? rc : duplicates(out, s);
}
