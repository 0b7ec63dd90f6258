/* safetensors.h - the container of Hugging Face and MLX weights.
 *
 *     u64 N | N bytes of JSON header | tensor data
 *
 * Opening checks everything (offsets, overlaps, overflow, duplicates, length);
 * afterwards every wu_tensor is safe to read.  Data may be unaligned.
 *
 * Threads: immutable after opening. */
#ifndef WU_FORMATS_SAFETENSORS_H
#define WU_FORMATS_SAFETENSORS_H

#include "base/err.h"
#include "formats/tensor.h"

typedef struct wu_st wu_st;

/* Maps one file. Errors: EIO, EFORMAT, ENOMEM. */
WU_MUST_CHECK wu_code wu_st_open(wu_st **out, const char *path, wu_err *err);
/* The same over bytes in memory, which must outlive it (tests, fuzzing). where names them. */
WU_MUST_CHECK wu_code wu_st_open_memory(wu_st **out, const void *p, size_t n, const char *where,
                                        wu_err *err);
void wu_st_close(wu_st *st);

int32_t wu_st_count(const wu_st *st);
const wu_tensor *wu_st_at(const wu_st *st, int32_t i);          /* in order of name */
const wu_tensor *wu_st_find(const wu_st *st, const char *name); /* NULL if absent */
const char *wu_st_metadata(const wu_st *st, const char *key);   /* NULL if absent */

/* The weights of a model directory: model.safetensors, or model.safetensors.index.json and its
 * shards. Names in shards must agree with the index. Errors as above. */
typedef struct wu_st_set wu_st_set;
WU_MUST_CHECK wu_code wu_st_set_open(wu_st_set **out, const char *dir, wu_err *err);
void wu_st_set_close(wu_st_set *s);
int32_t wu_st_set_count(const wu_st_set *s);
const wu_tensor *wu_st_set_at(const wu_st_set *s, int32_t i);
const wu_tensor *wu_st_set_find(const wu_st_set *s, const char *name);

/* Writes a file whole (temporary, fsync, rename): tensors sorted as the reference does, header
 * padded to 8 bytes. metadata: pairs key, value, ..., NULL; or NULL. Errors: EIO, EARG, ENOMEM. */
WU_MUST_CHECK wu_code wu_st_write(const char *path, const wu_tensor *t, int32_t n,
                                  const char *const *metadata, wu_err *err);

#endif
