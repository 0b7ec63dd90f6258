/* chart.c - bars, columns, histograms and lines (chart.h). */
#include "contact/set/chart.h"

#include "contact/set/chart_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double usable(double v) { return isfinite(v) && v > 0.0 ? v : 0.0; }

static double largest(const wu_bar *bar, int n) {
    double most = 0.0;
    for (int i = 0; i < n; i++)
        if (usable(bar[i].value) > most) most = usable(bar[i].value);
    return most;
}

/* What stands for the number of a bar. */
static const char *note_of(const wu_bar *b, wu_number *room) {
    if (b->note) return b->note;
    const double v = usable(b->value);
    *room = wu_number_of(v, v < 1e9 && v - floor(v) > 0.0 ? 0.01 : 1.0);
    return room->text;
}

/* -------------------------------------------------------------------------------- bars */

wu_code wu_chart_bars(wu_buf *out, const wu_chart *c, const wu_bar *bar, int n) {
    enum { ROW = 22, GAP = 8 };
    double labels = 0.0, notes = 0.0;
    wu_number number;
    if (n < 1) return wu_svg_nothing(out, c);
    for (int i = 0; i < n; i++) {
        labels = fmax(labels, wu_text_width(bar[i].label));
        notes = fmax(notes, wu_text_width(wu_str_of(note_of(&bar[i], &number))));
    }
    labels = fmin(labels + 2.0, 165.0);
    notes = fmin(notes + 2.0, 130.0);
    const double most = largest(bar, n), left = labels + GAP;
    const double room = WU_PAPER - left - notes - GAP;
    wu_code rc = wu_svg_open(out, c, n * (double)ROW);
    for (int i = 0; !rc && i < n; i++) {
        const double y = i * (double)ROW;
        const double width = most > 0.0 ? usable(bar[i].value) / most * room : 0.0;
        const char *note = note_of(&bar[i], &number);
        rc = wu_svg_words(out, labels, y + 15.0, "end", NULL, bar[i].label, labels);
        /* something is never drawn as nothing */
        if (!rc && width > 0.0)
            rc = wu_svg_bar(out, bar[i].is_odd, left, y + 4.0, fmax(width, 1.0), ROW - 8.0,
                            bar[i].label, note);
        if (!rc)
            rc = wu_svg_words(out, left + width + 6.0, y + 15.0, "start", "soft", wu_str_of(note),
                              notes);
    }
    if (!rc) rc = wu_svg_line(out, "axis", left, 0.0, left, n * (double)ROW);
    return rc ? rc : wu_svg_close(out);
}

/* ----------------------------------------------------------------------------- columns */

static wu_plot plot_of(double most, bool integer, double top) {
    wu_plot p = {.right = WU_PAPER - 4.0, .top = top, .bottom = top + 150.0};
    p.y = wu_axis_of(0.0, most > 0.0 ? most : 1.0, 4, integer);
    p.left = wu_axis_room(&p.y) + 10.0;
    return p;
}

static bool all_whole(const wu_bar *bar, int n) {
    for (int i = 0; i < n; i++)
        if (usable(bar[i].value) - floor(usable(bar[i].value)) > 0.0) return false;
    return true;
}

wu_code wu_chart_columns(wu_buf *out, const wu_chart *c, const wu_bar *bar, int n) {
    wu_number number;
    if (n < 1) return wu_svg_nothing(out, c);
    const double most = largest(bar, n);
    const wu_plot p = plot_of(most, all_whole(bar, n), c->y_title ? 24.0 : 10.0);
    /* A single column does not fill the picture. */
    const double slot = fmin((p.right - p.left) / n, 80.0), width = fmax(slot * 0.8, 0.5);
    double widest = 0.0;
    for (int i = 0; i < n; i++) widest = fmax(widest, wu_text_width(bar[i].label));
    const double room = fmax(slot - 4.0, 70.0);
    const int every = (int)ceil((fmin(widest, room) + 6.0) / slot);
    double free_from = 0.0; /* of the line of labels */
    wu_code rc = wu_svg_open(out, c, p.bottom + (c->x_title ? 38.0 : 22.0));
    if (!rc) rc = wu_svg_y_axis(out, &p, c->y_title);
    for (int i = 0; !rc && i < n; i++) {
        const double middle = p.left + (i + 0.5) * slot, v = usable(bar[i].value);
        const double height = v > 0.0 ? fmax(p.bottom - wu_plot_y(&p, v), 1.0) : 0.0;
        if (height > 0.0)
            rc = wu_svg_bar(out, bar[i].is_odd, middle - width / 2.0, p.bottom - height, width,
                            height, bar[i].label, note_of(&bar[i], &number));
        const double half = fmin(wu_text_width(bar[i].label), room) / 2.0;
        const double x = fmin(middle, WU_PAPER - half);
        if (!rc && i % every == 0 && x - half >= free_from) {
            free_from = x + half + 4.0;
            rc = wu_svg_words(out, x, p.bottom + 16.0, "middle", "soft", bar[i].label, room);
        }
    }
    if (!rc) rc = wu_svg_x_axis(out, &p, false, 0.0, c->x_title);
    return rc ? rc : wu_svg_close(out);
}

/* --------------------------------------------------------------------------- histogram */

enum { MARK_ROWS = 4, MARK_HEIGHT = 14 };

/* Labels of marks stand in as many rows above the picture as they need. Row of each, -1: outside.
 */
static int place_marks(const wu_plot *p, const wu_mark *mark, int n, int *row, double *x) {
    double end[MARK_ROWS];
    int rows = 0;
    for (int r = 0; r < MARK_ROWS; r++) end[r] = -1.0;
    for (int i = 0; i < n; i++) {
        row[i] = -1;
        if (!isfinite(mark[i].at) || mark[i].at < p->x.lo || mark[i].at > p->x.hi) continue;
        const double half = wu_text_width(wu_str_of(mark[i].label)) / 2.0 + 2.0;
        x[i] = fmin(fmax(wu_plot_x(p, mark[i].at), half), WU_PAPER - half);
        int r = 0;
        while (r + 1 < MARK_ROWS && x[i] - half < end[r]) r++;
        row[i] = r;
        end[r] = x[i] + half + 4.0;
        if (r + 1 > rows) rows = r + 1;
    }
    return rows;
}

static wu_code draw_marks(wu_buf *out, const wu_plot *p, const wu_mark *mark, int n, const int *row,
                          const double *x, int rows) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < n; i++) {
        if (row[i] < 0) continue;
        const double at = wu_plot_x(p, mark[i].at);
        const double y = p->top - 4.0 - MARK_HEIGHT * (rows - 1 - row[i]);
        rc = wu_svg_line(out, "mark", at, y + 2.0, at, p->bottom);
        if (!rc)
            rc = wu_svg_words(out, x[i], y - 1.0, "middle", "marked", wu_str_of(mark[i].label),
                              120.0);
    }
    return rc;
}

wu_code wu_chart_histogram(wu_buf *out, const wu_chart *c, const wu_bins *b, const wu_mark *mark,
                           int n_mark) {
    enum { MOST_MARKS = 32 };
    int row[MOST_MARKS];
    double x[MOST_MARKS];
    double most = 0.0;
    if (b->n < 1 || !isfinite(b->lo) || !isfinite(b->width) || b->width <= 0.0)
        return wu_svg_nothing(out, c);
    for (int i = 0; i < b->n; i++) most = fmax(most, (double)b->count[i]);
    if (n_mark > MOST_MARKS) n_mark = MOST_MARKS;
    wu_plot p = plot_of(most, true, 0.0);
    const double hi = b->lo + b->width * b->n;
    const bool is_whole = b->width - floor(b->width) <= 0.0;
    const bool is_single = is_whole && b->width < 1.5;
    p.x = wu_axis_of(b->lo, hi, 6, is_whole);
    p.x.lo = b->lo;
    p.x.hi = hi;
    p.right = WU_PAPER - 14.0;
    const int rows = place_marks(&p, mark, n_mark, row, x);
    p.top = (c->y_title ? 22.0 : 8.0) + MARK_HEIGHT * rows;
    p.bottom = p.top + 150.0;
    wu_code rc = wu_svg_open(out, c, p.bottom + (c->x_title ? 38.0 : 22.0));
    if (!rc) rc = wu_svg_y_axis(out, &p, c->y_title);
    for (int i = 0; !rc && i < b->n; i++) {
        char label[96];
        const double from = b->lo + i * b->width, to = from + b->width;
        const double left = wu_plot_x(&p, from), width = wu_plot_x(&p, to) - left;
        const double height = fmax(p.bottom - wu_plot_y(&p, (double)b->count[i]), 1.0);
        if (b->count[i] <= 0) continue;
        if (is_single)
            snprintf(label, sizeof(label), "%s", wu_number_of(from, 1.0).text);
        else
            snprintf(label, sizeof(label), "%s to %s", wu_number_of(from, b->width).text,
                     wu_number_of(is_whole ? to - 1.0 : to, b->width).text);
        const double gap = width > 4.0 ? 1.0 : 0.0;
        rc = wu_svg_bar(out, false, left + gap / 2.0, p.bottom - height, fmax(width - gap, 0.5),
                        height, wu_str_of(label), wu_number_of((double)b->count[i], 1.0).text);
    }
    /* A column of one whole number has it below its middle. */
    if (!rc) rc = wu_svg_x_axis(out, &p, true, is_single ? 0.5 : 0.0, c->x_title);
    if (!rc) rc = draw_marks(out, &p, mark, n_mark, row, x, rows);
    return rc ? rc : wu_svg_close(out);
}

/* ------------------------------------------------------------------------------- lines */

static bool is_point(const wu_series *s, int i) { return isfinite(s->x[i]) && isfinite(s->y[i]); }

static bool ranges(const wu_series *s, int n, double lo[2], double hi[2]) {
    bool any = false;
    for (int k = 0; k < n; k++) {
        for (int i = 0; i < s[k].n; i++) {
            if (!is_point(&s[k], i)) continue;
            const double v[2] = {s[k].x[i], s[k].y[i]};
            for (int d = 0; d < 2; d++) {
                lo[d] = any ? fmin(lo[d], v[d]) : v[d];
                hi[d] = any ? fmax(hi[d], v[d]) : v[d];
            }
            any = true;
        }
    }
    return any;
}

/* Runs of points; a point alone is drawn as a dot by its round ends. */
static wu_code draw_line(wu_buf *out, const wu_plot *p, const wu_series *s, int colour) {
    wu_code rc = wu_buf_fmt(out, "<path class=\"line s%d\" d=\"", colour);
    bool in_run = false;
    for (int i = 0; !rc && i < s->n; i++) {
        if (!is_point(s, i)) {
            in_run = false;
            continue;
        }
        rc = wu_buf_fmt(out, in_run ? "L%.1f %.1f" : "M%.1f %.1fh0", wu_plot_x(p, s->x[i]),
                        wu_plot_y(p, s->y[i]));
        in_run = true;
    }
    if (!rc) rc = wu_buf_str(out, "\"><title>");
    if (!rc) rc = wu_xml_text(out, wu_str_of(s->name));
    return rc ? rc : wu_buf_str(out, "</title></path>\n");
}

static wu_code legend(wu_buf *out, const wu_series *s, int n, double top) {
    double x = 4.0, y = top;
    wu_code rc = WU_OK;
    for (int k = 0; !rc && k < n; k++) {
        const double width = fmin(wu_text_width(wu_str_of(s[k].name)), 150.0) + 44.0;
        char name[16];
        if (x > 4.0 && x + width > WU_PAPER) {
            x = 4.0;
            y += 18.0;
        }
        snprintf(name, sizeof(name), "line s%d", k);
        rc = wu_svg_line(out, name, x, y - 4.0, x + 24.0, y - 4.0);
        if (!rc) rc = wu_svg_words(out, x + 30.0, y, "start", NULL, wu_str_of(s[k].name), 150.0);
        x += width;
    }
    return rc;
}

/* Rows that the legend takes. */
static int legend_rows(const wu_series *s, int n) {
    double x = 4.0;
    int rows = 1;
    for (int k = 0; k < n; k++) {
        const double width = fmin(wu_text_width(wu_str_of(s[k].name)), 150.0) + 44.0;
        if (x > 4.0 && x + width > WU_PAPER) {
            x = 4.0;
            rows++;
        }
        x += width;
    }
    return rows;
}

wu_code wu_chart_lines(wu_buf *out, const wu_chart *c, const wu_series *s, int n) {
    double lo[2] = {0}, hi[2] = {0};
    if (n > WU_CHART_SERIES) n = WU_CHART_SERIES;
    if (n < 1 || !ranges(s, n, lo, hi)) return wu_svg_nothing(out, c);
    wu_plot p = {.right = WU_PAPER - 14.0, .top = c->y_title ? 24.0 : 10.0};
    p.bottom = p.top + 180.0;
    p.y = wu_axis_of(lo[1], hi[1], 5, false);
    p.left = wu_axis_room(&p.y) + 10.0;
    p.x = wu_axis_of(lo[0], hi[0], 5, false);
    const double below = p.bottom + (c->x_title ? 38.0 : 22.0);
    wu_code rc = wu_svg_open(out, c, below + 18.0 * legend_rows(s, n) + 4.0);
    if (!rc) rc = wu_svg_y_axis(out, &p, c->y_title);
    if (!rc) rc = wu_svg_x_axis(out, &p, true, 0.0, c->x_title);
    for (int k = 0; !rc && k < n; k++) rc = draw_line(out, &p, &s[k], k);
    if (!rc) rc = legend(out, s, n, below + 14.0);
    return rc ? rc : wu_svg_close(out);
}
