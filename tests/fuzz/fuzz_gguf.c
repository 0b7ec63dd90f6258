/* Any bytes as a GGUF file: metadata and tensors that come out can be read to their last byte. */
#include "formats/gguf.h"

#include "formats/quant.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void read_metadata(const wu_gguf *g) {
    char value[64];
    for (int64_t i = 0; i < wu_gguf_keys(g); i++) {
        const char *key = wu_gguf_key(g, i, value, sizeof(value));
        const int64_t last = wu_gguf_array(g, key) - 1;
        int64_t whole;
        double real;
        bool flag;
        wu_str s;
        if (wu_gguf_int(g, key, &whole) && !wu_gguf_real(g, key, &real)) abort();
        (void)wu_gguf_bool(g, key, &flag);
        (void)wu_gguf_array_int(g, key, last, &whole);
        (void)wu_gguf_array_real(g, key, last, &real);
        if (wu_gguf_array_str(g, key, last, &s) && s.n && s.p[s.n - 1] == s.p[0]) value[0] = 0;
    }
}

static void read_tensor(const wu_tensor *t) {
    wu_arena arena = {0};
    wu_matrix m;
    wu_err err;

    if (t->bytes && ((const uint8_t *)t->data)[t->bytes - 1] == 1) err.msg[0] = 0;
    if (!wu_matrix_from_tensor(&m, t, NULL, &arena, &err) && m.n_in < 100000) {
        float *row = malloc((size_t)m.n_in * sizeof(*row));
        if (row) wu_matrix_row(&m, m.n_out - 1, row);
        free(row);
    }
    wu_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    wu_gguf *g;
    wu_err err;

    if (wu_gguf_open_memory(&g, p, n, "input", &err)) return 0;
    read_metadata(g);
    for (int32_t i = 0; i < wu_gguf_count(g); i++) {
        if (wu_gguf_find(g, wu_gguf_at(g, i)->name) != wu_gguf_at(g, i)) abort();
        read_tensor(wu_gguf_at(g, i));
    }
    wu_gguf_close(g);
    return 0;
}
