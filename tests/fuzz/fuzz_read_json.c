/* Any bytes as JSON of a transcript: the first byte picks the format, or detection. What is read
 * has turns in order, whole UTF-8, and comes back the same through our own JSON. */
#include "contact/read/read_impl.h"
#include "text/utf8.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
}

static const wu_format_row *const row[] = {
    &wu_format_contact_lens, &wu_format_transcribe, &wu_format_ccai, &wu_format_genesys,
    &wu_format_whisper,      &wu_format_turns,      &wu_format_vcon, &wu_format_conversation};

static void check_turns(const wu_conversation *c) {
    must(c->n_turn > 0);
    for (int32_t i = 0; i < c->n_turn; i++) {
        const wu_turn *t = &c->turn[i];
        must(t->party >= 0 && t->party < c->n_party);
        must(t->text.n > 0 && wu_utf8_valid(t->text));
        must(t->start_ms >= -1 && t->end_ms >= -1);
        must(t->end_ms < 0 || t->end_ms >= t->start_ms);
    }
}

static void goes_round(const wu_conversation *c) {
    wu_buf once = {0}, twice = {0};
    wu_conversation again;
    wu_err err;
    wu_json *j = wu_conversation_json(c, true), *j2 = NULL;
    wu_conversation_init(&again);
    must(j && wu_json_write(&once, j, WU_JSON_COMPACT) == WU_OK);
    if (wu_conversation_from_json(&again, j, "again", &err) == WU_OK) {
        must(again.n_turn == c->n_turn);
        must((j2 = wu_conversation_json(&again, true)) != NULL);
        must(wu_json_write(&twice, j2, WU_JSON_COMPACT) == WU_OK);
        must(wu_str_eq(wu_buf_view(&once), wu_buf_view(&twice)));
    }
    wu_conversation_free(&again);
    wu_json_free(j);
    wu_json_free(j2);
    wu_buf_free(&once);
    wu_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    wu_conversation c;
    wu_json *j;
    wu_err err = {0};
    if (n < 1) return 0;
    const wu_str text = {(const char *)p + 1, n - 1};
    const size_t pick = (size_t)p[0] % 16;
    if (wu_read_json(&j, text, "input", &err)) {
        must(err.msg[0] != 0);
        return 0;
    }
    const wu_format_row *f = pick < WU_LEN(row) ? row[pick] : wu_read_detect_json(j);
    wu_conversation_init(&c);
    if (f) {
        const wu_code rc = f->parse_json(&c, j, "input", NULL, &err);
        must(rc == WU_OK || (rc == WU_EDATA && err.msg[0] != 0));
        if (!rc) {
            check_turns(&c);
            if (f->format != WU_FORMAT_CONVERSATION) goes_round(&c);
        }
    }
    wu_conversation_free(&c);
    wu_json_free(j);
    return 0;
}
