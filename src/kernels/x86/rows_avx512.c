/* rows_avx512.c - row operations with AVX-512 F, BW, VL and DQ. */
#include "kernels/x86/rows_vec.h"

const wu_row_ops wu_rows_avx512 = ROW_OPS;
