/* prompt.c - context block, conversation, question: one text (prompt.h). */
#include "contact/prompt.h"

#include <string.h>

static wu_code text_line(wu_buf *b, const char *key, const char *value) {
    return value ? wu_buf_fmt(b, "%s: %s\n", key, value) : WU_OK;
}

static wu_code number_line(wu_buf *b, const char *key, int32_t value) {
    return value >= 0 ? wu_buf_fmt(b, "%s: %d\n", key, value) : WU_OK;
}

static wu_code context_lines(wu_buf *b, const wu_context *c) {
    const char *open = c->business_hours < 0 ? NULL : c->business_hours ? "true" : "false";
    wu_code rc;
    if ((rc = text_line(b, "timestamp", c->timestamp))) return rc;
    if ((rc = text_line(b, "time_of_day", c->time_of_day))) return rc;
    if ((rc = text_line(b, "day_of_week", c->day_of_week))) return rc;
    if ((rc = text_line(b, "business_hours", open))) return rc;
    if ((rc = text_line(b, "holiday", c->holiday))) return rc;
    if ((rc = text_line(b, "peak_season", c->peak_season))) return rc;
    if ((rc = number_line(b, "queue_wait_time_seconds", c->queue_wait_s))) return rc;
    if ((rc = number_line(b, "announced_wait_seconds", c->announced_wait_s))) return rc;
    if ((rc = text_line(b, "channel", c->channel))) return rc;
    if ((rc = number_line(b, "contact_number_30d", c->contact_number_30d))) return rc;
    if ((rc = number_line(b, "hold_seconds", c->hold_s))) return rc;
    return number_line(b, "transfers", c->transfers);
}

wu_code wu_context_render(wu_buf *out, const wu_context *c) {
    wu_buf lines = {0};
    wu_code rc = context_lines(&lines, c);
    if (!rc && lines.n > 0) {
        rc = wu_buf_str(out, "[TEMPORAL CONTEXT]\n");
        if (!rc) rc = wu_buf_add(out, lines.p, lines.n - 1); /* not the last newline */
    }
    wu_buf_free(&lines);
    return rc;
}

static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static wu_str trim(wu_str s) {
    while (s.n > 0 && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_blank(s.p[s.n - 1])) s.n--;
    return s;
}

static const char mark[] = "[CONVERSATION]\n", block_mark[] = "[TEMPORAL CONTEXT]\n";

static wu_code add_block(wu_buf *out, wu_str context) {
    const wu_str head = trim(context);
    wu_code rc;
    if (head.n == 0) return WU_OK;
    if ((rc = wu_buf_add(out, head.p, head.n))) return rc;
    return wu_buf_str(out, "\n\n");
}

wu_code wu_prompt_render(wu_buf *out, const wu_task *t, wu_prompt_order order, wu_str context,
                         wu_str conversation) {
    const wu_str body = trim(conversation);
    wu_code rc;
    if (order == WU_TASK_FIRST && (rc = wu_buf_fmt(out, "%s\n\n", t->question))) return rc;
    if ((rc = add_block(out, context))) return rc;
    if ((rc = wu_buf_str(out, mark))) return rc;
    if ((rc = wu_buf_add(out, body.p, body.n))) return rc;
    return order == WU_CONTEXT_FIRST ? wu_buf_fmt(out, "\n\n%s", t->question) : WU_OK;
}

/* Where the first line that reads `line` (with its newline) begins in s, or s.n. */
static size_t line_at(wu_str s, const char *line) {
    const size_t n = strlen(line);
    for (size_t i = 0; i + n <= s.n;) {
        if (memcmp(s.p + i, line, n) == 0) return i;
        const char *end = memchr(s.p + i, '\n', s.n - i);
        if (!end) break;
        i = (size_t)(end - s.p) + 1;
    }
    return s.n;
}

/* A turn is one line, so the first blank line behind the mark is the one before the question. */
static size_t end_of_turns(wu_str s, size_t from) {
    for (size_t i = from; i + 1 < s.n; i++)
        if (s.p[i] == '\n' && s.p[i + 1] == '\n') return i;
    return s.n;
}

bool wu_prompt_parts(wu_str prompt, wu_str *context, wu_str *conversation) {
    *context = *conversation = (wu_str){0};
    const size_t at = line_at(prompt, mark);
    if (at == prompt.n) return false;
    const size_t block = line_at((wu_str){prompt.p, at}, block_mark);
    *context = trim((wu_str){prompt.p + block, at - block});
    const size_t from = at + sizeof(mark) - 1;
    *conversation = trim((wu_str){prompt.p + from, end_of_turns(prompt, from) - from});
    return true;
}

wu_code wu_prompt_set_context(wu_buf *out, wu_str prompt, wu_str context) {
    wu_code rc;
    const size_t at = line_at(prompt, mark);
    if (at == prompt.n) return WU_EDATA;
    const size_t block = line_at((wu_str){prompt.p, at}, block_mark);
    if ((rc = wu_buf_add(out, prompt.p, block))) return rc;
    if ((rc = add_block(out, context))) return rc;
    return wu_buf_add(out, prompt.p + at, prompt.n - at);
}

wu_code wu_prompt_encode(wu_chat chat, const wu_tokenizer *tokenizer, const wu_task *t,
                         wu_prompt_order order, wu_str context, wu_str conversation, wu_ids *out,
                         wu_err *err) {
    wu_buf text = {0};
    wu_code rc = wu_prompt_render(&text, t, order, context, conversation);
    if (rc) {
        rc = wu_fail(err, rc, "prompt of %s: out of memory", t->name);
    } else {
        const wu_message m = {WU_ROLE_USER, wu_buf_view(&text)};
        rc = wu_chat_encode(chat, tokenizer, &m, 1, true, out, NULL, err);
    }
    wu_buf_free(&text);
    return rc;
}
