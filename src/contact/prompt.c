/* prompt.c - context block, conversation, question: one text (prompt.h). */
#include "contact/prompt.h"

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

wu_code wu_prompt_render(wu_buf *out, const wu_task *t, wu_str context, wu_str conversation) {
    const wu_str head = trim(context), body = trim(conversation);
    wu_code rc;
    if (head.n > 0) {
        if ((rc = wu_buf_add(out, head.p, head.n))) return rc;
        if ((rc = wu_buf_str(out, "\n\n"))) return rc;
    }
    if ((rc = wu_buf_str(out, "[CONVERSATION]\n"))) return rc;
    if ((rc = wu_buf_add(out, body.p, body.n))) return rc;
    if ((rc = wu_buf_str(out, "\n\n"))) return rc;
    return wu_buf_str(out, t->question);
}

wu_code wu_prompt_encode(wu_chat chat, const wu_tokenizer *tokenizer, const wu_task *t,
                         wu_str context, wu_str conversation, wu_ids *out, wu_err *err) {
    wu_buf text = {0};
    wu_code rc = wu_prompt_render(&text, t, context, conversation);
    if (rc) {
        rc = wu_fail(err, rc, "prompt of %s: out of memory", t->name);
    } else {
        const wu_message m = {WU_ROLE_USER, wu_buf_view(&text)};
        rc = wu_chat_encode(chat, tokenizer, &m, 1, true, out, NULL, err);
    }
    wu_buf_free(&text);
    return rc;
}
