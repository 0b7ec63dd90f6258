/* chart_impl.h - what the kinds of pictures share: paper, axes, words.  Threads: any. */
#ifndef WU_CONTACT_SET_CHART_IMPL_H
#define WU_CONTACT_SET_CHART_IMPL_H

#include "contact/set/chart.h"

enum { WU_PAPER = 400, WU_LETTER_HEIGHT = 12 }; /* units of the picture */

/* The part of the paper that numbers are drawn in, and its axes. */
typedef struct wu_plot {
    double left, right, top, bottom;
    wu_axis x, y;
} wu_plot;

double wu_plot_x(const wu_plot *p, double v);
double wu_plot_y(const wu_plot *p, double v);

/* Width of a text as most fonts have it, roughly. */
double wu_text_width(wu_str s);

/* Opens an svg element of that height, with its title. */
WU_MUST_CHECK wu_code wu_svg_open(wu_buf *out, const wu_chart *c, double height);
WU_MUST_CHECK wu_code wu_svg_close(wu_buf *out);
/* A text no wider than room, else cut; anchor: "start", "middle", "end". */
WU_MUST_CHECK wu_code wu_svg_words(wu_buf *out, double x, double y, const char *anchor,
                                   const char *class_, wu_str s, double room);
WU_MUST_CHECK wu_code wu_svg_line(wu_buf *out, const char *class_, double x1, double y1, double x2,
                                  double y2);
/* A filled bar with its title. */
WU_MUST_CHECK wu_code wu_svg_bar(wu_buf *out, bool is_odd, double x, double y, double width,
                                 double height, wu_str label, const char *note);
/* Horizontal lines and their numbers; numbers below the x axis, each moved to the right by shift;
 * titles of both. */
WU_MUST_CHECK wu_code wu_svg_y_axis(wu_buf *out, const wu_plot *p, const char *title);
WU_MUST_CHECK wu_code wu_svg_x_axis(wu_buf *out, const wu_plot *p, bool numbers, double shift,
                                    const char *title);
/* "There are no data." */
WU_MUST_CHECK wu_code wu_svg_nothing(wu_buf *out, const wu_chart *c);

/* A number as an axis of that step shows it: "12,000", "0.25", "1.5e-05". */
typedef struct wu_number {
    char text[40];
} wu_number;
wu_number wu_number_of(double v, double step);
/* Room for the widest number of an axis. */
double wu_axis_room(const wu_axis *a);

#endif
