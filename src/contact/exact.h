/* exact.h - exp and log whose bits are the same on every platform.
 *
 * Only additions, multiplications and divisions of doubles in a fixed order;
 * the simulator's choices must not depend on a C library.  Accurate to about
 * 1e-15 relative.
 *
 * Threads: any. */
#ifndef WU_CONTACT_EXACT_H
#define WU_CONTACT_EXACT_H

double wu_exact_exp(double x); /* x is clipped to [-700, 700] */
double wu_exact_log(double x); /* x > 0 and normal, else -700 */

/* 1 / (1 + exp(-x)) */
double wu_exact_sigmoid(double x);

#endif
