/* stats_html.c - the report as one page with pictures (stats.h).
 *
 * The page loads nothing, runs nothing and is well-formed XML as well, so that
 * a test can take it apart.  Whatever comes from the data is escaped. */
#include "base/compiler.h"
#include "contact/set/chart.h"
#include "contact/set/stats_impl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const unit_name[WU_N_SIZE_UNIT] = {"tokens", "words", "characters"};
static const char *const part_name[WU_N_PART] = {"prompt", "completion", "whole"};
static const char *const day_name[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static const char page_css[] =
    ":root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--edge:#dfe2e6}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#16181b;--card:#1f2226;--edge:#34383e}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:1240px;padding:24px 16px 64px;background:var(--page);"
    "color:var(--chart-ink);font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,"
    "\"Noto Sans\",sans-serif}\n"
    "h1{font-size:26px;line-height:1.2;margin:0 0 4px}h2{font-size:19px;margin:40px 0 12px}"
    "h3{font-size:14.5px;margin:0 0 10px;overflow-wrap:anywhere}\n"
    "p{margin:8px "
    "0}.soft,figcaption,caption{color:var(--chart-soft)}figcaption{font-size:13px;margin-top:8px}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px;"
    "margin:20px 0 0;padding:0}\n"
    ".tiles div{background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:10px "
    "14px}"
    ".tiles dt{font-size:13px;color:var(--chart-soft)}"
    ".tiles dd{margin:0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums;"
    "overflow-wrap:anywhere}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));"
    "gap:12px;align-items:start}\n"
    ".many{display:block;columns:3 340px;column-gap:12px}"
    ".many figure{display:inline-block;width:100%;margin:0 0 12px}\n"
    "figure,.card{margin:0;background:var(--card);border:1px solid var(--edge);border-radius:8px;"
    "padding:14px 16px;break-inside:avoid}\n"
    ".card+.card,.card+.cards,.cards+.card{margin-top:12px}.wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;padding-bottom:6px}"
    "th,td{padding:4px 10px;text-align:right;white-space:nowrap;border-top:1px solid var(--edge)}"
    "thead th{border-top:0;font-weight:500;color:var(--chart-soft)}"
    "th:first-child,td:first-child{text-align:left;padding-left:0}tbody th{font-weight:400}"
    ".text{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:8em}"
    "tbody th.name{white-space:normal;overflow-wrap:anywhere;min-width:10em}\n"
    "ul.notes{margin:0;padding-left:20px}ul.notes li{margin:3px 0}\n"
    "@media "
    "print{:root{--page:#fff;--card:#fff;--edge:#bbb}body{max-width:none;padding:0;font-size:12px}"
    "h2{break-after:avoid}.wide{overflow:visible}.cards{grid-template-columns:1fr "
    "1fr}.many{columns:2}}\n";

static wu_code text(wu_buf *out, const char *s) { return wu_xml_text(out, wu_str_of(s)); }

static wu_code heading(wu_buf *out, const char *s) { return wu_buf_fmt(out, "<h2>%s</h2>\n", s); }

/* A picture begins: <figure> with its heading. */
static wu_code figure(wu_buf *out, const char *title) {
    wu_code rc = wu_buf_str(out, "<figure><h3>");
    if (!rc) rc = text(out, title);
    return rc ? rc : wu_buf_str(out, "</h3>\n");
}

static wu_code end_figure(wu_buf *out, const char *caption) {
    wu_code rc = WU_OK;
    if (caption && *caption) {
        rc = wu_buf_str(out, "<figcaption>");
        if (!rc) rc = text(out, caption);
        if (!rc) rc = wu_buf_str(out, "</figcaption>");
    }
    return rc ? rc : wu_buf_str(out, "</figure>\n");
}

/* -------------------------------------------------------------------------------- head */

static wu_code tile(wu_buf *out, const char *name, const char *value) {
    wu_code rc = wu_buf_fmt(out, "<div><dt>%s</dt><dd>", name);
    if (!rc) rc = text(out, value);
    return rc ? rc : wu_buf_str(out, "</dd></div>\n");
}

static wu_code tiles(wu_buf *out, const wu_stats *s) {
    const wu_stats_task *all = &s->task[WU_STATS_ALL];
    wu_code rc = wu_buf_str(out, "<dl class=\"tiles\">\n");
    if (!rc) rc = tile(out, "Conversations", wu_show_int(s->n_conversation).text);
    if (!rc && s->n_example) rc = tile(out, "Examples", wu_show_int(s->n_example).text);
    if (!rc && s->n_example && s->o.tokenizer) {
        rc = tile(out, "Tokens", wu_show_int(s->n_tok).text);
        if (!rc)
            rc = tile(out, "Longest, in tokens",
                      wu_show_int(all->size[WU_SIZE_TOKENS][WU_PART_WHOLE].max).text);
    }
    if (!rc) rc = tile(out, "Words", wu_show_int(s->words.sum).text);
    if (!rc) rc = tile(out, "Turns, median", wu_show_int(wu_tally_quantile(&s->turns, 500)).text);
    if (!rc) rc = tile(out, "Languages", wu_show_int(s->language.n).text);
    if (!rc && s->n_agent) rc = tile(out, "Agents", wu_show_int(s->n_agent).text);
    return rc ? rc : wu_buf_str(out, "</dl>\n");
}

static wu_code head(wu_buf *out, const wu_stats *s) {
    wu_code rc =
        wu_buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
                        "<meta name=\"viewport\" content=\"width=device-width, "
                        "initial-scale=1\"/><title>Data set statistics</title>\n<style>\n");
    if (!rc) rc = wu_buf_str(out, wu_chart_css);
    if (!rc) rc = wu_buf_str(out, page_css);
    if (!rc) rc = wu_buf_str(out, "</style></head>\n<body>\n<h1>Data set statistics</h1>\n");
    if (!rc) rc = wu_buf_str(out, "<p class=\"soft\">");
    if (!rc && s->o.tokenizer) {
        rc = wu_buf_str(out, "Tokens as counted by ");
        if (!rc) rc = text(out, s->o.model);
        if (!rc) rc = wu_buf_fmt(out, ", chat template %s.", wu_chat_name(s->o.chat));
    } else if (!rc && s->n_example) {
        rc = wu_buf_str(out, "Sizes in words and characters; tokens are counted with --model.");
    }
    if (!rc) rc = wu_buf_str(out, "</p>\n");
    return rc ? rc : tiles(out, s);
}

static wu_code notes(wu_buf *out, const wu_stats *s) {
    wu_buf b = {0};
    wu_code rc = wu_stats_notes(&b, s);
    if (!rc && b.n) rc = heading(out, "Worth a look");
    if (!rc && b.n) rc = wu_buf_str(out, "<div class=\"card\"><ul class=\"notes\">\n");
    for (char *line = b.p, *end; !rc && line && *line; line = end + 1) {
        end = strchr(line, '\n');
        rc = wu_buf_str(out, "<li>");
        if (!rc) rc = wu_xml_text(out, (wu_str){line, (size_t)(end - line)});
        if (!rc) rc = wu_buf_str(out, "</li>\n");
    }
    if (!rc && b.n) rc = wu_buf_str(out, "</ul></div>\n");
    wu_buf_free(&b);
    return rc;
}

static wu_code input_row(wu_buf *out, const wu_stats_input *in) {
    wu_code rc = wu_buf_str(out, "<tr><th scope=\"row\" class=\"name\">");
    if (!rc) rc = text(out, in->name);
    if (!rc) rc = wu_buf_str(out, "</th><td class=\"text\">");
    if (!rc) rc = wu_buf_str(out, in->is_examples ? "examples" : "transcripts");
    for (int32_t k = 0; !rc && k < in->formats.n; k++) {
        rc = wu_buf_str(out, k ? ", " : ": ");
        if (!rc) rc = wu_xml_text(out, in->formats.item[k].word);
    }
    if (!rc && in->split[0]) rc = wu_buf_str(out, ", ");
    if (!rc) rc = text(out, in->split);
    if (!rc)
        rc = wu_buf_fmt(out, "</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                        wu_show_int(in->n_conversation).text,
                        in->is_examples ? wu_show_int(in->n_example).text : "-",
                        wu_show_int(in->n_bad).text);
    return rc;
}

static wu_code inputs(wu_buf *out, const wu_stats *s) {
    wu_code rc = heading(out, "Input");
    if (!rc)
        rc = wu_buf_str(out, "<div class=\"card wide\"><table><thead><tr><th scope=\"col\">file or "
                             "directory</th><th scope=\"col\" class=\"text\">taken for</th>"
                             "<th scope=\"col\">conversations</th><th scope=\"col\">examples</th>"
                             "<th scope=\"col\">not readable</th></tr></thead>\n<tbody>\n");
    for (int32_t i = 0; !rc && i < s->n_input; i++) rc = input_row(out, &s->input[i]);
    return rc ? rc : wu_buf_str(out, "</tbody></table></div>\n");
}

/* ------------------------------------------------------------------------------ tables */

static wu_code begin_quantiles(wu_buf *out, const char *caption) {
    wu_code rc = wu_buf_str(out, "<div class=\"card wide\"><table><caption>");
    if (!rc) rc = text(out, caption);
    return rc ? rc
              : wu_buf_str(out, "</caption>\n<thead><tr><th scope=\"col\"></th><th scope=\"col\">"
                                "count</th><th scope=\"col\">min</th><th scope=\"col\">p10</th>"
                                "<th scope=\"col\">median</th><th scope=\"col\">p90</th>"
                                "<th scope=\"col\">p99</th><th scope=\"col\">max</th>"
                                "<th scope=\"col\">mean</th></tr></thead>\n<tbody>\n");
}

static wu_code quantiles(wu_buf *out, const char *name, const wu_tally *t) {
    static const int at[] = {0, 100, 500, 900, 990, 1000};
    wu_code rc = wu_buf_str(out, "<tr><th scope=\"row\">");
    if (!rc) rc = text(out, name);
    if (!rc) rc = wu_buf_fmt(out, "</th><td>%s</td>", wu_show_int(t->n).text);
    for (size_t i = 0; !rc && i < WU_LEN(at); i++)
        rc = wu_buf_fmt(out, "<td>%s</td>",
                        t->n ? wu_show_int(wu_tally_quantile(t, at[i])).text : "-");
    return rc ? rc
              : wu_buf_fmt(out, "<td>%s</td></tr>\n",
                           t->n ? wu_show_real(wu_tally_mean(t)).text : "-");
}

static wu_code end_table(wu_buf *out) { return wu_buf_str(out, "</tbody></table></div>\n"); }

/* ---------------------------------------------------------------------------- pictures */

enum { BINS = 64, LEAST_BINS = 8 };

/* The largest value up to fence. */
static int64_t largest_up_to(const wu_tally *t, int64_t fence) {
    int64_t lo = 0, hi = fence;
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (wu_tally_within(t, middle + 1, fence) > 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* Where the axis of a histogram begins and ends. */
static void reach(const wu_tally *t, int64_t *lo, int64_t *hi) {
    const int64_t p90 = wu_tally_quantile(t, 900), p99 = wu_tally_quantile(t, 990);
    int64_t fence = t->max;
    if (t->n >= 20 && fence > 2 * p99) fence = p99 + p99 / 4;
    if (t->n >= 20 && fence > 5 * p90 && p90 > 0) fence = p90 * 5 / 2;
    *hi = fence < t->max ? largest_up_to(t, fence) : fence;
    *lo = t->min > *hi / 2 ? t->min : 0;
}

/* From 0 unless all values are far from it; a few very large ones are left out and said. */
static wu_code histogram(wu_buf *out, const char *title, const char *x_title, const char *y_title,
                         const wu_tally *t, const wu_stats *marks_of) {
    int64_t count[BINS], lo, hi;
    char label[WU_STATS_LIMITS][32], caption[160] = "";
    wu_mark mark[WU_STATS_LIMITS];
    int n_mark = 0;
    reach(t, &lo, &hi);
    for (int i = 0; marks_of && i < marks_of->o.n_limit; i++) {
        const int32_t v = marks_of->limit[i].n_tok;
        if (v > hi && v <= hi + hi / 3) hi = v; /* the next limit is close enough to be seen */
        snprintf(label[i], sizeof(label[i]), "%s", wu_show_int(v).text);
        mark[n_mark++] = (wu_mark){v, label[i]};
    }
    wu_axis a = wu_axis_of((double)lo, (double)(hi > 0 ? hi : 1), 25, true);
    /* A few columns do not fill the picture. */
    double below = (LEAST_BINS - 1) - floor(((double)hi - a.lo) / a.step);
    below = fmin(below / 2.0, a.lo / a.step);
    if (below > 0.0) a.lo -= floor(below) * a.step;
    wu_bins b = {.lo = a.lo, .width = a.step, .count = count};
    while (b.n < LEAST_BINS || (b.n < BINS && a.lo + b.n * a.step <= (double)hi)) {
        const int64_t from = (int64_t)(a.lo + b.n * a.step), step = (int64_t)a.step;
        count[b.n++] = wu_tally_within(t, from, from + step - 1);
    }
    int64_t drawn = 0;
    for (int i = 0; i < b.n; i++) drawn += count[i];
    if (drawn < t->n)
        snprintf(caption, sizeof(caption), "%s of %s are larger, up to %s, and not drawn.",
                 wu_show_int(t->n - drawn).text, wu_show_int(t->n).text, wu_show_int(t->max).text);
    const wu_chart c = {.title = title, .x_title = x_title, .y_title = y_title};
    if (t->n == 0) b.n = 0;
    wu_code rc = figure(out, title);
    if (!rc) rc = wu_chart_histogram(out, &c, &b, mark, n_mark);
    return rc ? rc : end_figure(out, caption);
}

/* Scores: 20 columns of 5, the last with the highest score. */
static wu_code scores(wu_buf *out, const wu_field *f, const wu_stats_field *c) {
    enum { COLUMNS = 20 };
    int64_t count[COLUMNS];
    char caption[120];
    const int32_t width = (f->hi - f->lo) / COLUMNS > 0 ? (f->hi - f->lo) / COLUMNS : 1;
    wu_bins b = {.lo = f->lo, .width = width, .count = count};
    while (b.n < COLUMNS && f->lo + b.n * width < f->hi) {
        const int64_t from = f->lo + b.n * width;
        const bool last = from + width >= f->hi;
        count[b.n++] = wu_tally_within(&c->value, from, last ? f->hi : from + width - 1);
    }
    const wu_chart chart = {.title = f->name, .x_title = "score", .y_title = "answers"};
    snprintf(caption, sizeof(caption), "%s answers, mean %s, median %s",
             wu_show_int(c->value.n).text, wu_show_real(wu_tally_mean(&c->value)).text,
             wu_show_int(wu_tally_quantile(&c->value, 500)).text);
    if (c->value.n == 0) b.n = 0;
    wu_code rc = figure(out, f->name);
    if (!rc) rc = wu_chart_histogram(out, &chart, &b, NULL, 0);
    return rc ? rc : end_figure(out, c->value.n ? caption : NULL);
}

typedef struct row { /* a bar and its words */
    char note[72];
} row;

enum { MOST_BARS = 40 };

typedef struct bars {
    wu_bar bar[MOST_BARS + 2];
    row row[MOST_BARS + 2];
    int n;
    int64_t of, rest; /* what shares are of; what there is no bar for */
} bars;

static void add_bar(bars *b, wu_str label, int64_t n, bool is_odd) {
    if (b->n >= MOST_BARS) {
        b->rest += n;
        return;
    }
    row *r = &b->row[b->n];
    snprintf(r->note, sizeof(r->note), "%s \xC2\xB7 %s", wu_show_int(n).text,
             wu_show_share(n, b->of).text);
    b->bar[b->n++] =
        (wu_bar){.label = label, .value = (double)n, .note = r->note, .is_odd = is_odd};
}

static wu_code draw_bars(wu_buf *out, const char *title, bars *b, const char *caption) {
    const wu_chart c = {.title = title};
    char more[96];
    if (b->rest && !caption) {
        snprintf(more, sizeof(more), "%s more have words that are not drawn.",
                 wu_show_int(b->rest).text);
        caption = more;
    }
    wu_code rc = figure(out, title);
    if (!rc) rc = wu_chart_bars(out, &c, b->bar, b->n);
    return rc ? rc : end_figure(out, caption);
}

static wu_code labels(wu_buf *out, const wu_field *f, const wu_stats_field *c, int64_t n_answer) {
    bars *b = calloc(1, sizeof(*b));
    char caption[160] = "";
    if (!b) return WU_ENOMEM;
    b->of = n_answer;
    for (int i = 0; i < WU_STATS_LABELS && f->values[i]; i++)
        add_bar(b, wu_str_of(f->values[i]), c->label[i], false);
    for (int32_t i = 0; i < c->unknown.n; i++)
        add_bar(b, c->unknown.item[i].word, c->unknown.item[i].n, true);
    if (c->n_missing) add_bar(b, WU_STR("(missing)"), c->n_missing, true);
    if (c->unknown.n_all)
        snprintf(caption, sizeof(caption),
                 "In the second colour: labels that are not of this field%s.",
                 b->rest || c->unknown.n_beyond ? "; there are more of them" : "");
    else if (f->kind == WU_FIELD_LIST)
        snprintf(caption, sizeof(caption), "An answer may have several.");
    const wu_code rc = draw_bars(out, f->name, b, caption);
    free(b);
    return rc;
}

/* ------------------------------------------------------------------------------- parts */

static wu_code limits(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    if (!s->o.tokenizer) return WU_OK;
    if (s->o.n_limit)
        rc = wu_buf_str(
            out, "<div class=\"card wide\"><table><caption>What --max-seq-length would cut off"
                 "</caption>\n<thead><tr><th scope=\"col\">tokens</th><th scope=\"col\">examples "
                 "too long</th><th scope=\"col\">share</th><th scope=\"col\">tokens lost</th>"
                 "<th scope=\"col\">share</th><th scope=\"col\">without answer</th></tr></thead>\n"
                 "<tbody>\n");
    for (int i = 0; !rc && i < s->o.n_limit; i++) {
        const wu_stats_limit *l = &s->limit[i];
        rc = wu_buf_fmt(out,
                        "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td><td>%s</td>"
                        "<td>%s</td></tr>\n",
                        wu_show_int(l->n_tok).text, wu_show_int(l->n_long).text,
                        wu_show_share(l->n_long, s->n_example).text, wu_show_int(l->n_lost).text,
                        wu_show_share(l->n_lost, s->n_tok).text, wu_show_int(l->n_no_answer).text);
    }
    if (!rc && s->o.n_limit) rc = end_table(out);
    if (!rc)
        rc = wu_buf_fmt(out,
                        "<p>Of %s tokens %s (%s) are computed once for several examples of a "
                        "conversation.</p>\n",
                        wu_show_int(s->n_tok).text, wu_show_int(s->n_tok_shared).text,
                        wu_show_share(s->n_tok_shared, s->n_tok).text);
    return rc;
}

static wu_code example_table(wu_buf *out, const wu_stats *s, wu_size_unit unit) {
    char caption[96];
    snprintf(caption, sizeof(caption), "Examples, %s", unit_name[unit]);
    wu_code rc = begin_quantiles(out, caption);
    for (int t = 0; !rc && t < WU_STATS_TASKS; t++) {
        for (int p = 0; !rc && p < WU_N_PART; p++) {
            char name[64];
            const wu_tally *q = &s->task[t].size[unit][p];
            snprintf(name, sizeof(name), "%s, %s", wu_stats_task_name(t), part_name[p]);
            if (q->n) rc = quantiles(out, name, q);
        }
    }
    return rc ? rc : end_table(out);
}

static wu_code examples(wu_buf *out, const wu_stats *s) {
    const wu_size_unit unit = s->o.tokenizer ? WU_SIZE_TOKENS : WU_SIZE_WORDS;
    wu_code rc = heading(out, "Examples");
    if (!rc) rc = wu_buf_str(out, "<div class=\"cards\">\n");
    for (int k = 0; !rc && k < WU_STATS_TASKS; k++) { /* all, then each */
        const int t = k == 0 ? WU_STATS_ALL : k - 1;
        char title[96];
        const wu_tally *q = &s->task[t].size[unit][WU_PART_WHOLE];
        if (q->n == 0 || (k > 0 && s->task[t].n_example == s->n_example)) continue;
        snprintf(title, sizeof(title), "%s, %s", wu_stats_task_name(t), unit_name[unit]);
        rc = histogram(out, title, unit_name[unit], "examples", q, s->o.tokenizer ? s : NULL);
    }
    if (!rc) rc = wu_buf_str(out, "</div>\n");
    if (!rc) rc = example_table(out, s, unit);
    if (!rc && s->longest.file) {
        rc = wu_buf_str(out, "<p>The longest example is ");
        if (!rc) rc = text(out, s->longest.file);
        if (!rc) rc = wu_buf_fmt(out, ", line %lld.</p>\n", (long long)s->longest.line);
    }
    return rc ? rc : limits(out, s);
}

static wu_code answers(wu_buf *out, const wu_stats *s) {
    wu_code rc = WU_OK;
    int n = 0; /* tasks with answers */
    for (int i = 0; i < WU_N_TASK; i++) n += s->task[i].n_answer > 0;
    if (n == 0) return WU_OK;
    rc = heading(out, "Scores and labels");
    if (!rc) rc = wu_buf_fmt(out, "<div class=\"cards%s\">\n", n > 2 ? " many" : "");
    for (int i = 0; !rc && i < WU_N_TASK; i++) {
        const wu_stats_task *c = &s->task[i];
        if (c->n_answer == 0) continue;
        for (int k = 0; !rc && k < wu_tasks[i].n_field; k++) {
            const wu_field *f = &wu_tasks[i].field[k];
            if (f->kind == WU_FIELD_SCORE) rc = scores(out, f, &c->field[k]);
            if (f->values) rc = labels(out, f, &c->field[k], c->n_answer);
        }
    }
    return rc ? rc : wu_buf_str(out, "</div>\n");
}

static wu_code role_table(wu_buf *out, const wu_stats *s) {
    int64_t all = 0;
    for (int i = 0; i < WU_N_PARTY_ROLE; i++) all += s->role[i].n_turn;
    wu_code rc = wu_buf_str(
        out, "<div class=\"card wide\"><table><caption>Who speaks</caption>\n<thead><tr>"
             "<th scope=\"col\"></th><th scope=\"col\">turns</th><th scope=\"col\">share</th>"
             "<th scope=\"col\">conversations</th><th scope=\"col\">words</th>"
             "<th scope=\"col\">characters</th><th scope=\"col\">turns of a conversation, mean</th>"
             "<th scope=\"col\">words of a turn, mean</th></tr></thead>\n<tbody>\n");
    for (int k = 1; !rc && k <= WU_N_PARTY_ROLE; k++) {
        const int i = k % WU_N_PARTY_ROLE;
        const wu_stats_role *r = &s->role[i];
        if (r->n_turn == 0) continue;
        rc = wu_buf_fmt(out,
                        "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td><td>%s</td>"
                        "<td>%s</td><td>%s</td><td>%s</td></tr>\n",
                        wu_party_role_name((wu_party_role)i), wu_show_int(r->n_turn).text,
                        wu_show_share(r->n_turn, all).text, wu_show_int(r->turns.n).text,
                        wu_show_int(r->n_word).text, wu_show_int(r->n_char).text,
                        wu_show_real(wu_tally_mean(&r->turns)).text,
                        wu_show_real(wu_tally_mean(&r->words_a_turn)).text);
    }
    return rc ? rc : end_table(out);
}

static wu_code counted(wu_buf *out, const char *title, const wu_counts *c, int64_t unknown,
                       int64_t guessed, int64_t of) {
    bars *b = calloc(1, sizeof(*b));
    char caption[96] = "";
    if (!b) return WU_ENOMEM;
    b->of = of;
    for (int32_t i = 0; i < c->n; i++) add_bar(b, c->item[i].word, c->item[i].n, false);
    b->rest += c->n_beyond;
    if (unknown) add_bar(b, WU_STR("unknown"), unknown, true);
    if (guessed)
        snprintf(caption, sizeof(caption), "%s of these are a guess from frequent words.",
                 wu_show_int(guessed).text);
    const wu_code rc = draw_bars(out, title, b, caption[0] ? caption : NULL);
    free(b);
    return rc;
}

static wu_code conversations(wu_buf *out, const wu_stats *s) {
    wu_code rc = heading(out, "Conversations");
    if (!rc) rc = wu_buf_str(out, "<div class=\"cards\">\n");
    if (!rc)
        rc = histogram(out, "Turns of a conversation", "turns", "conversations", &s->turns, NULL);
    if (!rc)
        rc = histogram(out, "Words of a conversation", "words", "conversations", &s->words, NULL);
    if (!rc)
        rc = counted(out, "Languages", &s->language, s->n_language_unknown, s->n_language_guessed,
                     s->n_conversation);
    if (!rc) rc = counted(out, "Channels", &s->channel, s->n_channel_unknown, 0, s->n_conversation);
    if (!rc && s->n_agent)
        rc = histogram(out, "Conversations of an agent", "conversations", "agents", &s->per_agent,
                       NULL);
    if (!rc) rc = wu_buf_str(out, "</div>\n");
    if (!rc) rc = begin_quantiles(out, "Size of a conversation");
    if (!rc) rc = quantiles(out, "turns", &s->turns);
    if (!rc) rc = quantiles(out, "words", &s->words);
    if (!rc) rc = quantiles(out, "characters", &s->characters);
    if (!rc) rc = end_table(out);
    return rc ? rc : role_table(out, s);
}

/* -------------------------------------------------------------------------------- time */

static wu_code hours(wu_buf *out, const wu_stats *s) {
    const wu_chart c = {
        .title = "Hour of the day", .x_title = "local clock", .y_title = "conversations"};
    wu_bar bar[24];
    char name[24][8];
    for (int i = 0; i < 24; i++) {
        snprintf(name[i], sizeof(name[i]), "%02d", i);
        bar[i] = (wu_bar){.label = wu_str_of(name[i]), .value = (double)s->hour[i]};
    }
    char caption[80] = "";
    if (s->n_date_only)
        snprintf(caption, sizeof(caption), "Without %s that have a date only.",
                 wu_show_int(s->n_date_only).text);
    wu_code rc = figure(out, c.title);
    if (!rc) rc = wu_chart_columns(out, &c, bar, 24);
    return rc ? rc : end_figure(out, caption[0] ? caption : NULL);
}

static wu_code weekdays(wu_buf *out, const wu_stats *s) {
    const wu_chart c = {.title = "Day of the week", .y_title = "conversations"};
    wu_bar bar[7];
    for (int i = 0; i < 7; i++)
        bar[i] = (wu_bar){.label = wu_str_of(day_name[i]), .value = (double)s->weekday[i]};
    wu_code rc = figure(out, c.title);
    if (!rc) rc = wu_chart_columns(out, &c, bar, 7);
    return rc ? rc : end_figure(out, NULL);
}

/* As many columns as there is room for; each stands for so many months. */
static wu_code months(wu_buf *out, const wu_stats *s) {
    enum { COLUMNS = 36 };
    wu_bar bar[COLUMNS];
    char name[COLUMNS][16], caption[80] = "";
    const wu_chart c = {.title = "Month", .y_title = "conversations"};
    const int64_t all = s->month.max - s->month.min + 1, each = (all + COLUMNS - 1) / COLUMNS;
    int n = 0;
    for (int64_t m = s->month.min; n < COLUMNS && m <= s->month.max; m += each) {
        const int64_t count = wu_tally_within(&s->month, m, m + each - 1);
        snprintf(name[n], sizeof(name[n]), "%04d-%02d", (int)(1970 + m / 12), (int)(m % 12 + 1));
        bar[n] = (wu_bar){.label = wu_str_of(name[n]), .value = (double)count};
        n++;
    }
    if (each > 1)
        snprintf(caption, sizeof(caption), "A column stands for %s months.",
                 wu_show_int(each).text);
    wu_code rc = figure(out, c.title);
    if (!rc) rc = wu_chart_columns(out, &c, bar, n);
    return rc ? rc : end_figure(out, caption);
}

static wu_code times(wu_buf *out, const wu_stats *s) {
    wu_buf first = {0}, last = {0};
    wu_code rc = heading(out, "Time");
    if (!rc && s->n_time == 0)
        return wu_buf_str(out, "<p>No conversation has a start that was recorded.</p>\n");
    if (!rc) rc = wu_when_render(&first, s->first);
    if (!rc) rc = wu_when_render(&last, s->last);
    if (!rc)
        rc = wu_buf_fmt(
            out,
            "<p>Recorded for %s of %s conversations: %s to %s by their local clocks.</p>\n"
            "<div class=\"cards\">\n",
            wu_show_int(s->n_time).text, wu_show_int(s->n_conversation).text, first.p, last.p);
    if (!rc) rc = hours(out, s);
    if (!rc) rc = weekdays(out, s);
    if (!rc) rc = months(out, s);
    wu_buf_free(&first);
    wu_buf_free(&last);
    return rc ? rc : wu_buf_str(out, "</div>\n");
}

/* -------------------------------------------------------------------------- duplicates */

static wu_code pair_row(wu_buf *out, const wu_alike_pair *p) {
    wu_code rc =
        wu_buf_fmt(out, "<tr><th scope=\"row\">%.2f</th><td class=\"text\">", p->similarity);
    if (!rc) rc = text(out, p->later);
    if (!rc) rc = wu_buf_str(out, "</td><td class=\"text\">");
    if (!rc) rc = text(out, p->first);
    return rc ? rc : wu_buf_str(out, "</td></tr>\n");
}

static wu_code duplicates(wu_buf *out, const wu_stats *s) {
    const wu_alike_result *a = &s->alike;
    wu_code rc = heading(out, "Duplicates");
    if (!rc)
        rc = wu_buf_fmt(out,
                        "<p>Of %s conversations %s have exactly the words of an earlier one; "
                        "nearly equal to an earlier one, by an estimate: %s.</p>\n",
                        wu_show_int(a->n_text).text, wu_show_int(a->n_equal).text,
                        wu_show_int(a->n_near).text);
    if (!rc && s->n_example)
        rc = wu_buf_fmt(out,
                        "<p>Examples that repeat an earlier one, prompt and answer: %s. Prompts "
                        "with different answers: %s.</p>\n",
                        wu_show_int(s->n_example_again).text, wu_show_int(s->n_prompt_torn).text);
    if (rc || a->n_found == 0) return rc;
    rc = wu_buf_fmt(out,
                    "<div class=\"card wide\"><table><caption>The first %d</caption>\n<thead><tr>"
                    "<th scope=\"col\">similarity</th><th scope=\"col\" class=\"text\">"
                    "conversation</th><th scope=\"col\" class=\"text\">is like</th>"
                    "</tr></thead>\n<tbody>\n",
                    a->n_found);
    for (int i = 0; !rc && i < a->n_found; i++) rc = pair_row(out, &a->found[i]);
    return rc ? rc : end_table(out);
}

wu_code wu_stats_html(wu_buf *out, const wu_stats *s) {
    const bool any = s->n_conversation > 0;
    wu_code rc = head(out, s);
    if (!rc) rc = notes(out, s);
    if (!rc) rc = inputs(out, s);
    if (!rc && s->n_example) rc = examples(out, s);
    if (!rc) rc = answers(out, s);
    if (!rc && any) rc = conversations(out, s);
    if (!rc && any) rc = times(out, s);
    if (!rc && any && s->o.duplicates) rc = duplicates(out, s);
    return rc ? rc : wu_buf_str(out, "</body></html>\n");
}
