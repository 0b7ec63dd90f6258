/* Any bytes as CSV (first byte even) or JSONL (odd), by the usual names or by a map: every
 * conversation has turns, every error a sentence, and the stream ends. */
#include "contact/read/read_impl.h"
#include "text/utf8.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static const wu_column_map map = {.id = "a", .text = "b.c", .role = "r", .time = "t"};
    wu_conversation c;
    wu_row_stream *s;
    wu_err err = {0};
    bool end = false;
    if (n < 1) return 0;
    const wu_read_options o = {.map = p[0] & 2 ? &map : NULL};
    const wu_str text = {(const char *)p + 1, n - 1};
    must(wu_row_stream_text(&s, text, "input", !(p[0] & 1), &o, &err) == WU_OK);
    wu_conversation_init(&c);
    for (size_t i = 0; !end; i++) {
        err = (wu_err){0};
        const wu_code rc = wu_row_stream_next(s, &c, &end, &err);
        must(rc == WU_OK || (rc == WU_EDATA && err.msg[0] != 0));
        must(i <= n + 1);
        if (rc || end) continue;
        must(c.n_turn > 0);
        for (int32_t k = 0; k < c.n_turn; k++)
            must(c.turn[k].text.n > 0 && wu_utf8_valid(c.turn[k].text));
    }
    must(wu_row_stream_next(s, &c, &end, &err) == WU_OK && end);
    wu_row_stream_close(s);
    wu_conversation_free(&c);
    (void)wu_csv_detect(text, NULL);
    return 0;
}
