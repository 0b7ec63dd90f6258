/* tensor_impl.h - sizes of tensor types, and shapes as text for messages. */
#ifndef WU_FORMATS_TENSOR_IMPL_H
#define WU_FORMATS_TENSOR_IMPL_H

#include "base/buf.h"
#include "formats/tensor.h"

typedef struct wu_block { /* how numbers are stored: n of them in bytes */
    int32_t n, bytes;
} wu_block;

wu_block wu_ttype_block(wu_ttype t); /* {0, 0} for OTHER */

/* Product of the dimensions; false if it overflows int64 or one is negative. */
bool wu_shape_count(int64_t *out, const int64_t *dim, int32_t n_dim);

enum { WU_SHAPE_TEXT = 192 };
const char *wu_shape_text(char *buf, const int64_t *dim,
                          int32_t n_dim); /* "[8,576]" into buf[WU_SHAPE_TEXT] */

/* A name from outside, for a message: at most 80 bytes of it, quotes and control characters
 * replaced by '?'. Returns buf[WU_NAME_TEXT]. */
enum { WU_NAME_TEXT = 88 };
const char *wu_name_text(char *buf, wu_str name);

#endif
