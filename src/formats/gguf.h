/* gguf.h - llama.cpp's container, version 3 (2 is read too).
 *
 *     "GGUF" | u32 version | u64 tensors | u64 keys | keys | tensor infos | padding | data
 *
 * Opening checks everything; tensor shapes are given outermost first.
 *
 * Threads: immutable after opening. */
#ifndef WU_FORMATS_GGUF_H
#define WU_FORMATS_GGUF_H

#include "base/buf.h"
#include "base/err.h"
#include "formats/tensor.h"

typedef struct wu_gguf wu_gguf;

/* Errors: EIO, EFORMAT (also for split files and types that are not read), ENOMEM. */
WU_MUST_CHECK wu_code wu_gguf_open(wu_gguf **out, const char *path, wu_err *err);
WU_MUST_CHECK wu_code wu_gguf_open_memory(wu_gguf **out, const void *p, size_t n, const char *where,
                                          wu_err *err);
void wu_gguf_close(wu_gguf *g);

/* Gives the pages of the file back to the system, once what was needed has been converted. */
void wu_gguf_drop_pages(const wu_gguf *g);

int32_t wu_gguf_count(const wu_gguf *g);
const wu_tensor *wu_gguf_at(const wu_gguf *g, int32_t i);
const wu_tensor *wu_gguf_find(const wu_gguf *g, const char *name);

/* Metadata. Each returns false if the key is absent or not of that kind; integers of any width and
 * f32/f64 are accepted for numbers. */
bool wu_gguf_int(const wu_gguf *g, const char *key, int64_t *out);
bool wu_gguf_real(const wu_gguf *g, const char *key, double *out);
bool wu_gguf_bool(const wu_gguf *g, const char *key, bool *out);
bool wu_gguf_str(const wu_gguf *g, const char *key, wu_str *out);
/* Arrays: the number of elements or -1; element i as a string, integer or real. */
int64_t wu_gguf_array(const wu_gguf *g, const char *key);
bool wu_gguf_array_str(const wu_gguf *g, const char *key, int64_t i, wu_str *out);
bool wu_gguf_array_int(const wu_gguf *g, const char *key, int64_t i, int64_t *out);
bool wu_gguf_array_real(const wu_gguf *g, const char *key, int64_t i, double *out);
/* Keys in file order, for inspection; value as short text. */
int64_t wu_gguf_keys(const wu_gguf *g);
const char *wu_gguf_key(const wu_gguf *g, int64_t i, char *value, size_t size);

#endif
