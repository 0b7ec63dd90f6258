/* A line of a set: parsed, changed to messages and back, written. What is written is read again as
 * the same line. */
#include "base/compiler.h"
#include "contact/set/format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void change(wu_record *r, wu_shape to) {
    const wu_shape_options o = {.to = to};
    wu_shape_counts n = {0};
    if (wu_shape_record(r, &o, "fuzz", &n, NULL)) return;
    if (wu_shape_of(r) != to) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wu_record r = {0}, again = {0};
    wu_buf line = {0}, second = {0};
    if (wu_record_parse(&r, (wu_str){(const char *)data, size}, "fuzz", NULL)) return 0;
    (void)wu_record_conversation(&r);
    if (wu_record_write(&line, &r)) abort();
    if (wu_record_parse(&again, wu_buf_view(&line), "fuzz", NULL)) abort();
    if (wu_record_write(&second, &again)) abort();
    if (!wu_str_eq(wu_buf_view(&line), wu_buf_view(&second))) abort();
    change(&r, WU_SHAPE_MESSAGES);
    (void)wu_record_conversation(&r);
    change(&r, WU_SHAPE_PROMPT);
    wu_record_clear(&r);
    wu_record_clear(&again);
    wu_buf_free(&line);
    wu_buf_free(&second);
    return 0;
}
