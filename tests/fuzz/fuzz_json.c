/* Any bytes as JSON: what is read is written in every style and read back as the same. */
#include "text/json.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
}

static void use_getters(const wu_json *j) {
    const wu_json_in in = {j, "input", WU_EDATA};
    int64_t i;
    double r;
    wu_str s;
    bool b;
    wu_err err;

    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it)) {
        const char *key = wu_json_key(it).p;
        (void)!wu_json_want_int(&in, key, -10, 10, &i, &err);
        (void)!wu_json_want_real(&in, key, -10, 10, &r, &err);
        (void)!wu_json_want_str(&in, key, &s, &err);
        (void)!wu_json_opt_bool(&in, key, &b, &err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    wu_json *j, *again;
    wu_err err;

    if (wu_json_parse(&j, (wu_str){(const char *)p, n}, "input", WU_EDATA, &err)) return 0;
    use_getters(j);
    for (int style = WU_JSON_COMPACT; style <= WU_JSON_INDENT4_SORTED; style++) {
        wu_buf once = {0}, twice = {0};
        must(wu_json_write(&once, j, (wu_json_style)style) == WU_OK);
        must(wu_json_parse(&again, wu_buf_view(&once), "written", WU_EDATA, &err) == WU_OK);
        must(wu_json_write(&twice, again, (wu_json_style)style) == WU_OK);
        must(wu_str_eq(wu_buf_view(&once), wu_buf_view(&twice)));
        wu_buf_free(&once);
        wu_buf_free(&twice);
        wu_json_free(again);
    }
    wu_json_free(j);
    return 0;
}
