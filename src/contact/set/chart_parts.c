/* chart_parts.c - paper, axes and words of pictures (chart.h). */
#include "base/compiler.h"
#include "contact/set/chart_impl.h"
#include "text/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char wu_chart_css[] =
    ":root{--chart-ink:#222;--chart-soft:#5a5f66;--chart-grid:#e3e5e8;--chart-axis:#9aa0a6;"
    "--chart-0:#0072b2;--chart-1:#d55e00;--chart-2:#00805c;--chart-3:#a64d83;--chart-4:#b07900;"
    "--chart-5:#2b8cc4}\n"
    "@media(prefers-color-scheme:dark){:root{--chart-ink:#e8eaed;--chart-soft:#a9afb7;"
    "--chart-grid:#34383e;--chart-axis:#71777f;--chart-0:#56b4e9;--chart-1:#f0883e;"
    "--chart-2:#2fbf93;--chart-3:#dc93bb;--chart-4:#e6b33c;--chart-5:#8fd0f5}}\n"
    "svg.chart{display:block;width:100%;height:auto;max-width:560px;overflow:visible;"
    "font:12px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;"
    "font-variant-numeric:tabular-nums}\n"
    ".chart text{fill:var(--chart-ink)}.chart .soft{fill:var(--chart-soft)}\n"
    ".chart .grid{stroke:var(--chart-grid)}.chart .axis{stroke:var(--chart-axis)}\n"
    ".chart .bar{fill:var(--chart-0)}.chart .odd{fill:var(--chart-1)}\n"
    ".chart .mark{stroke:var(--chart-1);stroke-width:1.5;stroke-dasharray:4 3}\n"
    ".chart .marked{fill:var(--chart-1);font-weight:600}\n"
    ".chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\n"
    ".chart .s0{stroke:var(--chart-0)}"
    ".chart .s1{stroke:var(--chart-1);stroke-dasharray:7 3}"
    ".chart .s2{stroke:var(--chart-2);stroke-dasharray:2 4}"
    ".chart .s3{stroke:var(--chart-3);stroke-dasharray:9 3 2 3}"
    ".chart .s4{stroke:var(--chart-4);stroke-dasharray:4 2}"
    ".chart .s5{stroke:var(--chart-5);stroke-dasharray:12 4}\n"
    "@media print{.chart .bar,.chart .odd{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}}\n";

/* ------------------------------------------------------------------------------- words */

/* The next character, U+FFFD for what is none in UTF-8 or in XML; *n bytes. */
static uint32_t next_char(wu_str s, int *n) {
    if (wu_utf8_next(s, n) != WU_UTF8_CHAR) return 0xFFFD;
    const uint32_t c = wu_utf8_code(s, n);
    const bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    return control || c == 0xFFFE || c == 0xFFFF ? 0xFFFD : c;
}

wu_code wu_xml_text(wu_buf *out, wu_str s) {
    wu_code rc = WU_OK;
    int n;
    while (!rc && s.n > 0) {
        const uint32_t c = next_char(s, &n);
        switch (c) {
        case '<':
            rc = wu_buf_str(out, "&lt;");
            break;
        case '>':
            rc = wu_buf_str(out, "&gt;");
            break;
        case '&':
            rc = wu_buf_str(out, "&amp;");
            break;
        case '"':
            rc = wu_buf_str(out, "&quot;");
            break;
        case '\'':
            rc = wu_buf_str(out, "&#39;");
            break;
        case 0xFFFD:
            rc = wu_buf_str(out, "\xEF\xBF\xBD");
            break;
        default:
            rc = wu_buf_add(out, s.p, (size_t)n);
        }
        s.p += n;
        s.n -= (size_t)n;
    }
    return rc;
}

/* At 12 units; of a wide font, so that nothing is cut in others either. */
static double char_width(uint32_t c) {
    if (c >= 0x1100) return 12.5; /* mostly wide */
    if (c < 0x80 && strchr("iIjlft.,:;'|!()[] ", (int)c)) return 4.5;
    if (c == 'm' || c == 'w' || c == 'M' || c == 'W' || c == '@' || c == '%') return 11.8;
    return c >= 'A' && c <= 'Z' ? 8.8 : 7.5;
}

double wu_text_width(wu_str s) {
    double width = 0.0;
    for (int n; s.n > 0; s.p += n, s.n -= (size_t)n) width += char_width(next_char(s, &n));
    return width;
}

/* As much of s as fits, with room for an ellipsis if that is not all. */
static wu_str fitting(wu_str s, double room, bool *cut) {
    double width = 0.0;
    size_t at = 0;
    *cut = wu_text_width(s) > room;
    if (!*cut) return s;
    for (int n; at < s.n; at += (size_t)n) {
        width += char_width(next_char((wu_str){s.p + at, s.n - at}, &n));
        if (width > room - 10.0) break;
    }
    return (wu_str){s.p, at};
}

wu_code wu_svg_words(wu_buf *out, double x, double y, const char *anchor, const char *class_,
                     wu_str s, double room) {
    bool cut;
    const wu_str shown = fitting(s, room, &cut);
    wu_code rc =
        wu_buf_fmt(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s%s%s>", x, y, anchor,
                   class_ ? " class=\"" : "", class_ ? class_ : "", class_ ? "\"" : "");
    if (!rc && cut) rc = wu_buf_str(out, "<title>");
    if (!rc && cut) rc = wu_xml_text(out, s);
    if (!rc && cut) rc = wu_buf_str(out, "</title>");
    if (!rc) rc = wu_xml_text(out, shown);
    return rc ? rc : wu_buf_str(out, cut ? "\xE2\x80\xA6</text>\n" : "</text>\n");
}

wu_number wu_number_of(double v, double step) {
    wu_number out = {""};
    char digits[32];
    const double size = fabs(v) > fabs(step) ? fabs(v) : fabs(step);
    if (size >= 1e15 || (size > 0.0 && size < 1e-4)) {
        snprintf(out.text, sizeof(out.text), "%.3g", v);
        return out;
    }
    int after = 0; /* digits behind the point */
    for (double s = step; after < 8 && s > 0.0 && s - floor(s + 1e-9) > 1e-6 * s; s *= 10.0)
        after++;
    const int n = snprintf(digits, sizeof(digits), "%.*f", after, v);
    const char *point = strchr(digits, '.');
    const int whole = point ? (int)(point - digits) : n;
    size_t k = 0;
    for (int i = 0; i < n && k + 2 < sizeof(out.text); i++) {
        if (i > (digits[0] == '-') && i < whole && (whole - i) % 3 == 0) out.text[k++] = ',';
        out.text[k++] = digits[i];
    }
    out.text[k] = 0;
    return out;
}

/* ------------------------------------------------------------------------------- paper */

wu_code wu_svg_open(wu_buf *out, const wu_chart *c, double height) {
    wu_code rc = wu_buf_fmt(
        out, "<svg class=\"chart\" viewBox=\"0 0 %d %.0f\" role=\"img\"><title>", WU_PAPER, height);
    if (!rc) rc = wu_xml_text(out, wu_str_of(c->title));
    return rc ? rc : wu_buf_str(out, "</title>\n");
}

wu_code wu_svg_close(wu_buf *out) { return wu_buf_str(out, "</svg>\n"); }

wu_code wu_svg_nothing(wu_buf *out, const wu_chart *c) {
    wu_code rc = wu_svg_open(out, c, 48.0);
    if (!rc)
        rc = wu_svg_words(out, WU_PAPER / 2.0, 28.0, "middle", "soft", WU_STR("There are no data."),
                          WU_PAPER);
    return rc ? rc : wu_svg_close(out);
}

wu_code wu_svg_line(wu_buf *out, const char *class_, double x1, double y1, double x2, double y2) {
    return wu_buf_fmt(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                      class_, x1, y1, x2, y2);
}

wu_code wu_svg_bar(wu_buf *out, bool is_odd, double x, double y, double width, double height,
                   wu_str label, const char *note) {
    wu_code rc = wu_buf_fmt(out,
                            "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                            "height=\"%.1f\"><title>",
                            is_odd ? "odd" : "bar", x, y, width, height);
    if (!rc) rc = wu_xml_text(out, label);
    if (!rc) rc = wu_buf_str(out, ": ");
    if (!rc) rc = wu_xml_text(out, wu_str_of(note));
    return rc ? rc : wu_buf_str(out, "</title></rect>\n");
}

/* -------------------------------------------------------------------------------- axes */

/* Away from where a double ends, so that sums and shares of it are numbers. */
static double tame(double v) {
    if (fabs(v) < 1e-290) return 0.0;
    return v > 1e290 ? 1e290 : v < -1e290 ? -1e290 : v;
}

wu_axis wu_axis_of(double lo, double hi, int n, bool integer) {
    static const double nice[] = {1.0, 2.0, 5.0, 10.0};
    wu_axis a = {0.0, 1.0, 1.0};
    if (!isfinite(lo) || !isfinite(hi)) return a;
    lo = tame(lo);
    hi = tame(hi);
    if (hi < lo) hi = lo;
    double span = hi - lo;
    /* one value alone, or two that a double hardly tells apart */
    const double least = integer ? 1.0 : fabs(hi) * 1e-6;
    if (span < least || span <= 0.0) span = least > 0.0 ? least : 1.0;
    const double rough = span / (n < 1 ? 1 : n);
    const double power = pow(10.0, floor(log10(rough)));
    size_t i = 0;
    while (i + 1 < WU_LEN(nice) && nice[i] * power < rough * (1.0 - 1e-9)) i++;
    a.step = nice[i] * power;
    if (integer && a.step < 1.0) a.step = 1.0;
    a.lo = floor(lo / a.step + 1e-9) * a.step;
    a.hi = ceil(hi / a.step - 1e-9) * a.step;
    if (a.hi <= a.lo) a.hi = a.lo + a.step;
    return a;
}

double wu_axis_room(const wu_axis *a) {
    double room = 0.0;
    for (int i = 0; i < 100 && a->lo + i * a->step < a->hi + a->step / 2.0; i++) {
        const wu_number n = wu_number_of(a->lo + i * a->step, a->step);
        const double width = wu_text_width(wu_str_of(n.text));
        if (width > room) room = width;
    }
    return room;
}

static double place(double v, const wu_axis *a, double from, double to) {
    const double share = (v - a->lo) / (a->hi - a->lo);
    return from + (share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share) * (to - from);
}

double wu_plot_x(const wu_plot *p, double v) { return place(v, &p->x, p->left, p->right); }
double wu_plot_y(const wu_plot *p, double v) { return place(v, &p->y, p->bottom, p->top); }

wu_code wu_svg_y_axis(wu_buf *out, const wu_plot *p, const char *title) {
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < 100; i++) {
        const double v = p->y.lo + i * p->y.step;
        if (v > p->y.hi + p->y.step / 2.0) break;
        const double y = wu_plot_y(p, v);
        const wu_number n = wu_number_of(v, p->y.step);
        rc = wu_svg_line(out, i ? "grid" : "axis", p->left, y, p->right, y);
        if (!rc)
            rc = wu_svg_words(out, p->left - 6.0, y + 4.0, "end", "soft", wu_str_of(n.text), 200.0);
    }
    if (rc || !title) return rc;
    return wu_svg_words(out, 0.0, WU_LETTER_HEIGHT, "start", "soft", wu_str_of(title),
                        WU_PAPER / 2.0);
}

wu_code wu_svg_x_axis(wu_buf *out, const wu_plot *p, bool numbers, double shift,
                      const char *title) {
    const double first = ceil(p->x.lo / p->x.step - 1e-9) * p->x.step;
    wu_code rc = WU_OK;
    for (int i = 0; numbers && !rc && i < 100; i++) {
        const double v = first + i * p->x.step;
        if (v > p->x.hi + p->x.step * 1e-6) break;
        if (v + shift > p->x.hi) break;
        const double x = wu_plot_x(p, v + shift);
        const wu_number n = wu_number_of(v, p->x.step);
        const double half = wu_text_width(wu_str_of(n.text)) / 2.0;
        const char *anchor = x + half > WU_PAPER ? "end" : "middle";
        rc = wu_svg_line(out, "axis", x, p->bottom, x, p->bottom + 4.0);
        if (!rc)
            rc = wu_svg_words(out, x + half > WU_PAPER ? WU_PAPER : x, p->bottom + 16.0, anchor,
                              "soft", wu_str_of(n.text), 200.0);
    }
    if (rc || !title) return rc;
    return wu_svg_words(out, (p->left + p->right) / 2.0, p->bottom + 32.0, "middle", "soft",
                        wu_str_of(title), p->right - p->left);
}
