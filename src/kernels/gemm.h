/* gemm.h - products of activations with frozen weights.
 *
 *     forward     Y  [n_row, n_out] = X  [n_row, n_in]  W^T  (+ bias) (+ U B^T)
 *     transposed  dX [n_row, n_in]  = dY [n_row, n_out] W             (+ dU A)
 *
 * W [n_out][n_in] is read as it lies in the file (any wu_matrix).  The driver
 * packs a block of it into a panel in L2 and multiplies all rows with it; both
 * directions use the same single copy.  The low-rank term is an extension of
 * the inner dimension by `rank`.
 *
 * Activations are packed once (wu_pack_rows) and used by several products: by
 * q, k and v, say.  In bf16 precision activations and weights are rounded to
 * bf16, products are accumulated in f32; in f32 precision all is f32.  Every
 * level sums so that a result depends neither on the number of threads nor on
 * how many products share a call.
 *
 * With few rows (decoding) weights are streamed without panels; that, too, is
 * decided inside. There, for one or two rows, a level may leave quantised
 * weights as exact as they are instead of rounding them to bf16.
 *
 * Nothing here fails, allocates or logs; shapes are asserted. */
#ifndef WU_KERNELS_GEMM_H
#define WU_KERNELS_GEMM_H

#include "base/dtype.h"
#include "kernels/compute.h"

enum { WU_PACK_ROWS = 32 };

/* Activations ready for products. Layout is the driver's business. */
typedef struct wu_packed {
    void *data; /* caller's memory, 64-byte aligned */
    int32_t n_row, n_col;
    wu_dtype precision; /* F32 or BF16 */
    int32_t layout;
} wu_packed;

/* Bytes that wu_pack_init() needs for [n_row][n_col]; grows with n_row. */
size_t wu_packed_bytes(const wu_compute *c, wu_dtype precision, int32_t n_row, int32_t n_col);
void wu_pack_init(const wu_compute *c, wu_packed *p, wu_dtype precision, int32_t n_row,
                  int32_t n_col, void *memory);

/* Packs n rows (at most WU_PACK_ROWS) from row r0 (a multiple of WU_PACK_ROWS) on, zero rows
 * behind the last. x: F32 or BF16, ldx in numbers. Single-threaded: call it inside a pool unit,
 * for example after a norm, while the rows are in L1. */
void wu_pack_rows(const wu_compute *c, wu_packed *p, int32_t r0, int32_t n, const void *x,
                  wu_dtype x_type, int64_t ldx);

/* All rows, over the pool. */
void wu_pack(wu_compute *c, wu_packed *p, const void *x, wu_dtype x_type, int64_t ldx);

typedef struct wu_product {
    bool transposed;
    const wu_packed *x;
    const wu_matrix *w;
    const float *bias;    /* [n_out], forward only; or NULL */
    const wu_packed *u;   /* [n_row][rank] low-rank term, same precision; or NULL */
    const wu_matrix *low; /* F32: forward B [n_out][rank], transposed A [rank][n_in] */
    void *y;              /* [n_row][columns] */
    wu_dtype y_type;      /* F32 or BF16 */
    int64_t ldy;          /* in numbers */
    bool add;             /* y += ; F32 only */
} wu_product;

/* Runs the products in one go; they must not depend on each other. Products that write the same
 * y with add must be in different calls. */
void wu_matmul(wu_compute *c, const wu_product *p, int n_product);

#endif
