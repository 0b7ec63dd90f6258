/* make_files.h - small model files made by hand, byte by byte, for tests of readers. */
#ifndef WU_SUPPORT_MAKE_FILES_H
#define WU_SUPPORT_MAKE_FILES_H

#include "base/buf.h"
#include "base/compiler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void put(wu_buf *b, const void *p, size_t n) {
    if (wu_buf_add(b, p, n)) abort();
}
static inline void put_u32(wu_buf *b, uint32_t v) {
    for (int i = 0; i < 4; i++) put(b, &(unsigned char){(unsigned char)(v >> 8 * i)}, 1);
}
static inline void put_u64(wu_buf *b, uint64_t v) {
    put_u32(b, (uint32_t)v);
    put_u32(b, (uint32_t)(v >> 32));
}
static inline void put_f32(wu_buf *b, float f) { put(b, &f, sizeof(f)); }
static inline void put_zeros(wu_buf *b, size_t n) {
    for (size_t i = 0; i < n; i++) put(b, "", 1);
}

/* safetensors: the header's length, the header, n zero bytes of data. */
static inline wu_buf make_st(const char *header, size_t n_data) {
    wu_buf b = {0};
    put_u64(&b, strlen(header));
    put(&b, header, strlen(header));
    put_zeros(&b, n_data);
    return b;
}

/* GGUF, part by part. */
static inline void gguf_str(wu_buf *b, const char *s) {
    put_u64(b, strlen(s));
    put(b, s, strlen(s));
}
static inline void gguf_head(wu_buf *b, uint64_t n_tensor, uint64_t n_kv) {
    put(b, "GGUF", 4);
    put_u32(b, 3);
    put_u64(b, n_tensor);
    put_u64(b, n_kv);
}
enum {
    GGUF_U32 = 4,
    GGUF_I32 = 5,
    GGUF_F32 = 6,
    GGUF_BOOL = 7,
    GGUF_STR = 8,
    GGUF_ARRAY = 9,
    GGUF_U64 = 10
};
static inline void gguf_kv_u32(wu_buf *b, const char *key, uint32_t v) {
    gguf_str(b, key);
    put_u32(b, GGUF_U32);
    put_u32(b, v);
}
static inline void gguf_kv_str(wu_buf *b, const char *key, const char *v) {
    gguf_str(b, key);
    put_u32(b, GGUF_STR);
    gguf_str(b, v);
}
static inline void gguf_kv_array(wu_buf *b, const char *key, uint32_t type, uint64_t n) {
    gguf_str(b, key);
    put_u32(b, GGUF_ARRAY);
    put_u32(b, type);
    put_u64(b, n);
}
static inline void gguf_tensor(wu_buf *b, const char *name, uint32_t type, uint64_t inner,
                               uint64_t outer, uint64_t offset) {
    gguf_str(b, name);
    put_u32(b, 2);
    put_u64(b, inner);
    put_u64(b, outer);
    put_u32(b, type);
    put_u64(b, offset);
}
static inline void gguf_align(wu_buf *b, size_t align) {
    while (b->n % align) put_zeros(b, 1);
}

/* Bytes in memory of exactly their size, so that reading beyond them is found. */
static inline void *exact_copy(const wu_buf *b) {
    void *p = malloc(b->n ? b->n : 1);
    if (!p) abort();
    if (b->n) memcpy(p, b->p, b->n);
    return p;
}

/* A new folder; its name is written to dir[64]. */
static inline char *make_temp_dir(char dir[64]) {
    snprintf(dir, 64, "/tmp/wrapup-test-XXXXXX");
    if (!mkdtemp(dir)) abort();
    return dir;
}
static inline void remove_temp_dir(const char *dir, const char *const *names) {
    char path[512];
    for (; *names; names++) {
        snprintf(path, sizeof(path), "%s/%s", dir, *names);
        unlink(path);
    }
    rmdir(dir);
}

#endif
