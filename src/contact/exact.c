/* exact.c - exp and log from series (exact.h). */
#include "contact/exact.h"

#include <stdint.h>
#include <string.h>

static const double ln2_hi = 0x1.62e42feep-1;       /* 33 bits: k * ln2_hi has no rounding */
static const double ln2_lo = 0x1.a39ef35793c76p-33; /* ln 2 - ln2_hi */

static double power_of_two(int k) { /* -1022 <= k <= 1023 */
    const uint64_t bits = (uint64_t)(k + 1023) << 52;
    double d;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

double wu_exact_exp(double x) {
    if (!(x > -700.0)) x = -700.0;
    if (x > 700.0) x = 700.0;
    const double t = x * 1.4426950408889634 + (x < 0.0 ? -0.5 : 0.5);
    const int k = (int)t;
    const double r = (x - (double)k * ln2_hi) - (double)k * ln2_lo;
    double sum = 1.0; /* 1 + r (1 + r/2 (1 + r/3 (...))) */
    for (int i = 14; i > 0; i--) sum = 1.0 + sum * r / (double)i;
    return sum * power_of_two(k);
}

double wu_exact_log(double x) {
    if (!(x >= 0x1p-1022)) return -700.0;
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    int k = (int)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFu) | (uint64_t)1023 << 52;
    double m;
    memcpy(&m, &bits, sizeof(m));
    if (m > 1.4142135623730951) {
        m *= 0.5;
        k++;
    }
    const double s = (m - 1.0) / (m + 1.0), q = s * s;
    double sum = 0.0; /* 2 (s + s^3/3 + s^5/5 + ...) */
    for (int i = 23; i > 0; i -= 2) sum = sum * q + 1.0 / (double)i;
    return (double)k * ln2_hi + (2.0 * s * sum + (double)k * ln2_lo);
}

double wu_exact_sigmoid(double x) { return 1.0 / (1.0 + wu_exact_exp(-x)); }
