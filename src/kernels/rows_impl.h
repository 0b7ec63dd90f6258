/* rows_impl.h - the tables of row operations, one for each instruction set.
 *
 * rows_c.c is the specification.  The two vector tables are one text,
 * x86/rows_vec.h, compiled at two widths. */
#ifndef WU_KERNELS_ROWS_IMPL_H
#define WU_KERNELS_ROWS_IMPL_H

#include "kernels/rows.h"

extern const wu_row_ops wu_rows_c;
#ifdef WU_X86
extern const wu_row_ops wu_rows_avx2, wu_rows_avx512;
#endif

#endif
