/* Any bytes as a transcript in a format of text: what is read is a sound conversation, is the same
 * after a way through JSON, and rendered as lines it is read back as the same lines. */
#include "contact/read/read.h"
#include "text/utf8.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
}

static void is_sound(const wu_conversation *c) {
    must(c->n_turn > 0 && c->n_party > 0);
    for (int32_t i = 0; i < c->n_turn; i++) {
        const wu_turn *t = &c->turn[i];
        must(t->party >= 0 && t->party < c->n_party && t->line > 0);
        must(t->start_ms >= -1 && t->end_ms >= -1);
        must(t->start_ms < 0 || t->end_ms < 0 || t->end_ms >= t->start_ms);
        must(t->text.n > 0 && wu_utf8_valid(t->text));
        for (size_t k = 0; k < t->text.n; k++)
            must((unsigned char)t->text.p[k] >= ' ' && t->text.p[k] != 0x7F);
    }
    for (int32_t i = 0; i < c->n_party; i++) {
        const wu_party *p = &c->party[i];
        must(wu_utf8_valid(p->name) && wu_utf8_valid(p->why));
        must(p->confidence >= 0.0 && p->confidence <= 1.0);
        must((p->role == WU_PARTY_UNKNOWN) == (p->from == WU_ROLE_NOT_KNOWN));
    }
}

static void write_json(wu_buf *out, const wu_conversation *c) {
    wu_json *j = wu_conversation_json(c, true);
    must(j != NULL && wu_json_write(out, j, WU_JSON_COMPACT) == WU_OK);
    wu_json_free(j);
}

static void through_json(const wu_conversation *c) {
    wu_buf once = {0}, twice = {0};
    wu_conversation again;
    wu_json *j = NULL;
    wu_err err;
    wu_conversation_init(&again);
    write_json(&once, c);
    must(wu_json_parse(&j, wu_buf_view(&once), "json", WU_EDATA, &err) == WU_OK);
    must(wu_conversation_from_json(&again, j, "json", &err) == WU_OK);
    write_json(&twice, &again);
    must(wu_str_eq(wu_buf_view(&once), wu_buf_view(&twice)));
    wu_json_free(j);
    wu_buf_free(&once);
    wu_buf_free(&twice);
    wu_conversation_free(&again);
}

/* The conversation that has these lines; they are written anew. */
static void reread(wu_buf *lines, const wu_conversation *c) {
    const wu_read_options o = {0};
    wu_conversation again;
    wu_err err;
    wu_conversation_init(&again);
    must(wu_read_text(&again, wu_buf_view(lines), "lines", &o, &err) == WU_OK);
    must(c->n_turn == again.n_turn);
    wu_buf_clear(lines);
    must(wu_conversation_render(lines, &again) == WU_OK);
    wu_conversation_free(&again);
}

/* Speakers without a role are numbered in the order in which they appear, from the first reading
 * on; cues that stand in another order than that of time may change it once. */
static void through_lines(const wu_conversation *c) {
    wu_buf once = {0}, twice = {0};
    must(wu_conversation_render(&once, c) == WU_OK);
    reread(&once, c);
    must(wu_buf_add(&twice, once.p, once.n) == WU_OK);
    reread(&twice, c);
    must(wu_str_eq(wu_buf_view(&once), wu_buf_view(&twice)));
    wu_buf_free(&once);
    wu_buf_free(&twice);
}

static void read_as(wu_format f, bool infer, wu_str text) {
    static const char *const agents[] = {"Dana", "SPEAKER_00", NULL};
    const wu_read_options o = {
        .format = f, .infer_roles = infer, .agent_is = infer ? agents : NULL};
    wu_conversation c;
    wu_err err;
    wu_conversation_init(&c);
    if (wu_read_text(&c, text, "input", &o, &err) == WU_OK) {
        is_sound(&c);
        through_json(&c);
        through_lines(&c);
    }
    wu_conversation_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static const wu_format format[] = {WU_FORMAT_PLAIN, WU_FORMAT_WEBVTT, WU_FORMAT_SRT};
    const wu_str s = {(const char *)p, n};
    for (size_t i = 0; i < WU_LEN(format); i++) {
        read_as(format[i], false, s);
        read_as(format[i], true, s);
    }
    return 0;
}
