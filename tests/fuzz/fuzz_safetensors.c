/* Any bytes as a safetensors file: every tensor that comes out can be read to its last byte. */
#include "formats/safetensors.h"

#include "formats/quant.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Touches every byte, so that a pointer beyond the data is found. */
static void read_bytes(const wu_tensor *t) {
    for (size_t i = 0; i < t->bytes; i++) (void)((const volatile uint8_t *)t->data)[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    wu_st *st;
    wu_err err;

    if (wu_st_open_memory(&st, p, n, "input", &err)) return 0;
    for (int32_t i = 0; i < wu_st_count(st); i++) {
        const wu_tensor *t = wu_st_at(st, i);
        wu_arena arena = {0};
        wu_matrix m;
        read_bytes(t);
        if (wu_st_find(st, t->name) != t) abort();
        if (!wu_matrix_from_tensor(&m, t, NULL, &arena, &err) && m.n_in < 100000) {
            float *row = malloc((size_t)m.n_in * sizeof(*row));
            if (row) wu_matrix_row(&m, m.n_out - 1, row);
            free(row);
        }
        wu_arena_free(&arena);
    }
    wu_st_close(st);
    return 0;
}
