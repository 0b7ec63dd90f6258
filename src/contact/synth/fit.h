/* fit.h - measures and small learners with which a data set is probed.
 *
 * Ridge regression on sparse rows,
 *
 *     w = argmin |y - Xw|^2 + lambda |w|^2        (conjugate gradients, y centred)
 *
 * and multinomial naive Bayes with additive smoothing, both across folds: rows
 * of fold f are predicted from all rows of other folds.  Sums run in a fixed
 * order; results are the same everywhere.
 *
 * Threads: any; an object belongs to its caller. */
#ifndef WU_CONTACT_SYNTH_FIT_H
#define WU_CONTACT_SYNTH_FIT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Rows of counts: row i has the entries start[i] .. start[i + 1] - 1, columns ascending. */
typedef struct wu_sparse {
    int32_t n_row, n_col;
    int64_t *start; /* [n_row + 1] */
    int32_t *col;
    double *value;
} wu_sparse; /* arrays from malloc; all zero is empty */
void wu_sparse_free(wu_sparse *x);

/* Makes rows ready for ridge regression: 1 + log count, each row of length 1. Rare words are not
 * favoured: that learns phrases by heart, and guesses worse. */
void wu_sparse_weigh(wu_sparse *x);

enum { WU_ALL_FOLDS = -1 };

/* guess[i] for the rows of fold `only` (or of every fold); other entries are left alone.
 * fold [n_row]; y [n_row]. ENOMEM. */
WU_MUST_CHECK wu_code wu_ridge(double *guess, const wu_sparse *x, const double *y,
                               const int32_t *fold, int32_t n_fold, int32_t only, double lambda);
/* The same for classes 0 .. n_class - 1 from raw counts. ENOMEM. */
WU_MUST_CHECK wu_code wu_bayes(int32_t *guess, const wu_sparse *x, const int32_t *y,
                               int32_t n_class, const int32_t *fold, int32_t n_fold, int32_t only);

/* Rank correlation, equal values share their rank; 0 where one side is constant. -2: out of
 * memory. */
double wu_spearman(const double *a, const double *b, int32_t n);
double wu_accuracy(const int32_t *guess, const int32_t *y, int32_t n);

/* ------------------------------------------------------------------------------- words */

/* Documents as bags of words (letters, digits and apostrophes, ASCII letters made small). */
typedef struct wu_bag wu_bag;
WU_MUST_CHECK wu_code wu_bag_create(wu_bag **out); /* ENOMEM */
void wu_bag_free(wu_bag *b);                       /* NULL allowed */
/* Begins document n, then adds texts to it. ENOMEM. */
WU_MUST_CHECK wu_code wu_bag_begin(wu_bag *b);
WU_MUST_CHECK wu_code wu_bag_add(wu_bag *b, wu_str text, bool pairs); /* pairs: of words, too */
/* Rows of all documents; words in fewer than least documents are left out. The matrix is the
 * caller's. ENOMEM. */
WU_MUST_CHECK wu_code wu_bag_rows(wu_bag *b, int32_t least, wu_sparse *out);
wu_str wu_bag_word(const wu_bag *b, int32_t col); /* of the rows made last; the bag's */

#endif
