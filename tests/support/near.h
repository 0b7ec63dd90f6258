/* near.h - what cmocka lacks: numbers that are nearly equal, and the budgets used everywhere. */
#ifndef WU_TESTS_NEAR_H
#define WU_TESTS_NEAR_H

/* cmocka.h wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

/* |got - want| <= tol * (1 + |want|); written so that NaN fails. */
#define CHECK_NEAR(got, want, tol)                                                                 \
    do {                                                                                           \
        const double got_ = (double)(got), want_ = (double)(want);                                 \
        if (!(fabs(got_ - want_) <= (tol) * (1.0 + fabs(want_))))                                  \
            fail_msg("%s is %.9g, want %.9g within %g", #got, got_, want_, (double)(tol));         \
    } while (0)

#define CHECK_OK(call, err)                                                                        \
    do {                                                                                           \
        if ((call)) fail_msg("%s: %s", #call, (err).msg);                                          \
    } while (0)

/* Largest |a - b| over n numbers, infinity if one is NaN. */
static inline double max_diff(const float *a, const float *b, int64_t n) {
    double worst = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs((double)a[i] - (double)b[i]);
        if (!(d <= worst)) worst = d == d ? d : (double)INFINITY;
    }
    return worst;
}

static inline double max_abs(const float *a, int64_t n) {
    double worst = 0.0;
    for (int64_t i = 0; i < n; i++)
        if (fabs((double)a[i]) > worst) worst = fabs((double)a[i]);
    return worst;
}

/* Budgets. The reasons are in docs/math.md and the goldens' own descriptions. */
#define TOL_LOGITS_TINY 1e-4 /* absolute, f32 against f64 */
#define TOL_LOGITS_SMOL 1e-3 /* SmolLM2, f32 against f64 */
#define TOL_NLL_SMOL    3e-4
#define TOL_GRAD_TINY   2e-5 /* of the largest entry of the tensor */
#define TOL_GRAD_SMOL   5e-4 /* of the norm of the tensor */
#define TOL_OP          3e-6 /* of the largest value, single operations */

#endif
