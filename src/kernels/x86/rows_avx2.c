/* rows_avx2.c - row operations with AVX2 and FMA. */
#include "kernels/x86/rows_vec.h"

const wu_row_ops wu_rows_avx2 = ROW_OPS;
