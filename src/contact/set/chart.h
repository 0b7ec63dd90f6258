/* chart.h - pictures of numbers as SVG text, to stand within a page.
 *
 * Knows nothing of what the numbers mean.  A picture is one <svg> element that
 * takes the width it is given and keeps its proportions; colours and fonts come
 * from wu_chart_css, which a page has once and which follows the reader's light
 * or dark scheme.  Series differ by colours that people with colour-blindness
 * can tell apart, and by dashes.  Every picture has a title that is read aloud,
 * every bar one that says its number.  Texts are escaped; what is too long is
 * cut, with the whole of it in the title.  What is not finite is left out.
 *
 * The same numbers give the same bytes.  All return ENOMEM only.
 * Threads: any. */
#ifndef WU_CONTACT_SET_CHART_H
#define WU_CONTACT_SET_CHART_H

#include "base/buf.h"
#include "base/err.h"

extern const char wu_chart_css[];

typedef struct wu_chart {
    const char *title;             /* read aloud; not drawn */
    const char *x_title, *y_title; /* drawn at the axes; NULL: none; not for wu_chart_bars */
} wu_chart;

typedef struct wu_bar {
    wu_str label;
    double value;     /* 0 or more */
    const char *note; /* what stands for the number ("1,234 · 12.0 %"); NULL: the number */
    bool is_odd;      /* drawn in the second colour */
} wu_bar;

/* One bar a line, from above to below, labels on the left, numbers on the right. */
WU_MUST_CHECK wu_code wu_chart_bars(wu_buf *out, const wu_chart *c, const wu_bar *bar, int n);

/* One column a bar, from left to right, labels below as far as there is room. */
WU_MUST_CHECK wu_code wu_chart_columns(wu_buf *out, const wu_chart *c, const wu_bar *bar, int n);

typedef struct wu_bins { /* bin i holds values from lo + i * width up to the next one */
    double lo, width;
    const int64_t *count; /* [n] */
    int n;
} wu_bins;

typedef struct wu_mark { /* a line across a picture */
    double at;
    const char *label;
} wu_mark;

/* Columns over an axis of numbers; marks outside of it are not drawn. */
WU_MUST_CHECK wu_code wu_chart_histogram(wu_buf *out, const wu_chart *c, const wu_bins *b,
                                         const wu_mark *mark, int n_mark);

typedef struct wu_series {
    const char *name;
    const double *x, *y; /* [n], by ascending x; what is not finite interrupts the line */
    int n;
} wu_series;

enum { WU_CHART_SERIES = 6 }; /* that can be told apart */

/* Lines with a legend; up to WU_CHART_SERIES of them. The vertical axis need not begin at 0. */
WU_MUST_CHECK wu_code wu_chart_lines(wu_buf *out, const wu_chart *c, const wu_series *s, int n);

/* An axis with round ticks: from lo to hi, both multiples of step, around what was asked for. */
typedef struct wu_axis {
    double lo, hi, step;
} wu_axis;
/* n: about so many steps. integer: the step is a whole number. */
wu_axis wu_axis_of(double lo, double hi, int n, bool integer);

/* Appends s as text or attribute of XML; characters that XML has no place for become U+FFFD. */
WU_MUST_CHECK wu_code wu_xml_text(wu_buf *out, wu_str s);

#endif
