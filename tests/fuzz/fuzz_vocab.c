/* Any bytes as a vocabulary of one of the four forms; what is read is made a tokenizer and used. */
#include "formats/vocab.h"

#include "formats/vocab_impl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static wu_code read_any(wu_vocab **v, const uint8_t *p, size_t n, wu_err *err) {
    const wu_str s = {(const char *)p, n};
    wu_gguf *g = NULL;
    wu_code rc;

    if (n >= 4 && memcmp(p, "GGUF", 4) == 0) {
        if ((rc = wu_gguf_open_memory(&g, p, n, "input", err))) return rc;
        rc = wu_vocab_from_gguf(v, g, "input", err);
        wu_gguf_close(g);
        return rc;
    }
    if (n && p[0] == '{') return wu_vocab_from_json(v, s, "input", err);
    if (n && p[0] == 10) return wu_vocab_from_spm(v, s, "input", err);
    return wu_vocab_from_tiktoken(v, s, "input", err);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static const char text[] = "he said: <s>hello</s> 12 \xc3\xa9\xff\n<|im_end|>";
    wu_vocab *v;
    wu_tokenizer *t;
    wu_ids ids = {0};
    wu_buf out = {0};
    wu_err err;

    if (read_any(&v, p, n, &err) || wu_tokenizer_create(&t, v, &err)) return 0;
    for (unsigned flags = 0; flags < 8; flags++)
        if (wu_tokenizer_encode(t, (wu_str){text, sizeof(text) - 1}, flags, &ids, &err)) abort();
    if (wu_tokenizer_decode(t, ids.id, ids.n, true, &out)) abort();
    wu_ids_free(&ids);
    wu_buf_free(&out);
    wu_tokenizer_free(t);
    return 0;
}
