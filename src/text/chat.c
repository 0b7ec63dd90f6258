/* chat.c - rendering of conversations straight to token ids (chat.h).
 *
 * A template is written as a row of marks (control tokens) and texts.  Texts
 * between two marks are joined and encoded as one piece of plain text, so that
 * nothing a customer types is ever parsed. */
#include "text/chat.h"
#include "text/chat_impl.h"
#include "text/tokenizer_impl.h"
#include "text/utf8.h"

#include <string.h>

typedef struct painter {
    const wu_tokenizer *t;
    const char *name; /* of the template, for messages */
    wu_ids *out;
    int32_t start; /* out->n at the beginning */
    wu_buf run;    /* plain text since the last mark */
    unsigned flags;
    bool has_answer;   /* the answer starts in this run, ... */
    size_t answer_run; /* ... at this byte */
    int32_t answer;    /* index of its first token, -1: none yet */
    wu_err *err;
} painter;

static wu_code out_of_memory(const painter *p) {
    return wu_fail(p->err, WU_ENOMEM, "chat template %s: out of memory", p->name);
}

/* ---- marks and text ------------------------------------------------------------------------- */

static wu_code encode_plain(const painter *p, wu_str s, wu_ids *out) {
    unsigned flags = p->flags;

    /* "first" means first in the whole prompt */
    if (wu_tokenizer_vocab(p->t)->prefix == WU_PREFIX_FIRST && p->out->n > p->start)
        flags |= WU_ENCODE_INNER;
    return wu_tokenizer_encode(p->t, s, flags, out, p->err);
}

/* How many tokens of the run belong to the header before the answer: those that the header alone
 * has too. The two can only differ where a token reaches across. */
static wu_code header_tokens(const painter *p, const int32_t *id, int32_t n, int32_t *same) {
    wu_ids header = {0};
    const wu_code rc = encode_plain(p, (wu_str){p->run.p, p->answer_run}, &header);

    *same = 0;
    while (!rc && *same < header.n && *same < n && header.id[*same] == id[*same]) (*same)++;
    wu_ids_free(&header);
    return rc;
}

static wu_code flush(painter *p) {
    wu_ids ids = {0};
    int32_t same = 0;
    wu_code rc = WU_OK;

    if (p->run.n > 0 && (rc = encode_plain(p, wu_buf_view(&p->run), &ids))) goto done;
    if (p->has_answer) {
        if (p->answer_run > 0 && (rc = header_tokens(p, ids.id, ids.n, &same))) goto done;
        p->answer = p->out->n + same;
        p->has_answer = false;
    }
    if (ids.n > 0 && wu_ids_add(p->out, ids.id, ids.n)) rc = out_of_memory(p);
    wu_buf_clear(&p->run);
done:
    wu_ids_free(&ids);
    return rc;
}

static wu_code mark(painter *p, const char *name) {
    const int32_t id = wu_chat_mark(p->t, name);
    wu_code rc;

    if (id < 0)
        return wu_fail(p->err, WU_EARG, "chat template %s: the vocabulary has no special token %s",
                       p->name, name);
    if ((rc = flush(p))) return rc;
    return wu_ids_push(p->out, id) ? out_of_memory(p) : WU_OK;
}

static wu_code text(painter *p, wu_str s) {
    return wu_buf_add(&p->run, s.p, s.n) ? out_of_memory(p) : WU_OK;
}

static wu_code literal(painter *p, const char *s) { return text(p, wu_str_of(s)); }

static void answer_here(painter *p) {
    p->has_answer = true;
    p->answer_run = p->run.n;
}

static int last_of(const wu_message *msg, int n, wu_role role) {
    while (n > 0 && msg[n - 1].role != role) n--;
    return n - 1;
}

static const char *const role_names[] = {
    [WU_ROLE_SYSTEM] = "system", [WU_ROLE_USER] = "user", [WU_ROLE_ASSISTANT] = "assistant"};

/* ---- ChatML --------------------------------------------------------------------------------- */

static wu_code chatml_head(painter *p, wu_role role) {
    wu_code rc;

    if ((rc = mark(p, "<|im_start|>"))) return rc;
    if ((rc = literal(p, role_names[role]))) return rc;
    return literal(p, "\n");
}

static wu_code chatml_turn(painter *p, wu_role role, wu_str s, bool is_answer) {
    wu_code rc;

    if ((rc = chatml_head(p, role))) return rc;
    if (is_answer) answer_here(p);
    if ((rc = text(p, s))) return rc;
    if ((rc = mark(p, "<|im_end|>"))) return rc;
    return literal(p, "\n");
}

static wu_code paint_chatml(painter *p, const char *system, const wu_message *msg, int n,
                            bool generate) {
    const int last = last_of(msg, n, WU_ROLE_ASSISTANT);
    wu_code rc;

    if (system && msg[0].role != WU_ROLE_SYSTEM &&
        (rc = chatml_turn(p, WU_ROLE_SYSTEM, wu_str_of(system), false)))
        return rc;
    for (int i = 0; i < n; i++)
        if ((rc = chatml_turn(p, msg[i].role, msg[i].text, i == last))) return rc;
    return generate ? chatml_head(p, WU_ROLE_ASSISTANT) : WU_OK;
}

/* ---- Llama 3 -------------------------------------------------------------------------------- */

static wu_code llama_head(painter *p, wu_role role) {
    wu_code rc;

    if ((rc = mark(p, "<|start_header_id|>"))) return rc;
    if ((rc = literal(p, role_names[role]))) return rc;
    if ((rc = mark(p, "<|end_header_id|>"))) return rc;
    return literal(p, "\n\n");
}

/* 3.1 always has a system turn, and it begins with dates: the default one of the template, since
 * training and answering must not differ from one day to the next. */
static wu_code llama31_system(painter *p, wu_str system) {
    wu_code rc;

    if ((rc = llama_head(p, WU_ROLE_SYSTEM))) return rc;
    if ((rc = literal(p, "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n")))
        return rc;
    if ((rc = text(p, wu_utf8_trim(system)))) return rc;
    return mark(p, "<|eot_id|>");
}

static wu_code paint_llama(painter *p, bool is_31, const wu_message *msg, int n, bool generate) {
    const int last = last_of(msg, n, WU_ROLE_ASSISTANT);
    const bool has_system = msg[0].role == WU_ROLE_SYSTEM;
    wu_code rc;

    if ((rc = mark(p, "<|begin_of_text|>"))) return rc;
    if (is_31 && (rc = llama31_system(p, has_system ? msg[0].text : WU_STR("")))) return rc;
    for (int i = is_31 && has_system; i < n; i++) {
        if ((rc = llama_head(p, msg[i].role))) return rc;
        if (i == last) answer_here(p);
        if ((rc = text(p, wu_utf8_trim(msg[i].text)))) return rc;
        if ((rc = mark(p, "<|eot_id|>"))) return rc;
    }
    return generate ? llama_head(p, WU_ROLE_ASSISTANT) : WU_OK;
}

/* ---- Mistral v3, by the rules of mistral-common --------------------------------------------- */

/* Texts of one role are joined by an empty line; empty ones are left out. */
static wu_code joined(painter *p, const wu_message *msg, int n, wu_role role) {
    bool is_first = true;
    wu_code rc;

    for (int i = 0; i < n; i++) {
        if (msg[i].role != role || msg[i].text.n == 0) continue;
        if (!is_first && (rc = literal(p, "\n\n"))) return rc;
        if ((rc = text(p, msg[i].text))) return rc;
        is_first = false;
    }
    return WU_OK;
}

/* A user's turn; the last one begins with the system texts of the whole conversation. */
static wu_code mistral_user(painter *p, const wu_message *msg, int n, const wu_message *all,
                            int n_all) {
    wu_code rc;

    if ((rc = mark(p, "[INST]"))) return rc;
    if (all) {
        if ((rc = joined(p, all, n_all, WU_ROLE_SYSTEM))) return rc;
        if (p->run.n > 0 && (rc = literal(p, "\n\n"))) return rc;
    }
    if ((rc = joined(p, msg, n, WU_ROLE_USER))) return rc;
    return mark(p, "[/INST]");
}

static wu_code mistral_assistant(painter *p, const wu_message *msg, int n, bool is_answer) {
    wu_code rc;

    if (is_answer) answer_here(p);
    if ((rc = joined(p, msg, n, WU_ROLE_ASSISTANT))) return rc;
    while (p->run.n > 0 && p->run.p[p->run.n - 1] == ' ') p->run.n--;
    return mark(p, "</s>");
}

static wu_code paint_mistral(painter *p, const wu_message *msg, int n) {
    const int last_user = last_of(msg, n, WU_ROLE_USER);
    const int last_answer = last_of(msg, n, WU_ROLE_ASSISTANT);
    int first = 0;
    wu_code rc;

    if ((rc = mark(p, "<s>"))) return rc;
    while (first < n && msg[first].role == WU_ROLE_SYSTEM) first++;
    if (first == n || msg[first].role == WU_ROLE_ASSISTANT) /* an empty user's turn comes first */
        if ((rc = mistral_user(p, msg, 0, last_user < 0 ? msg : NULL, n))) return rc;
    for (int i = first, k; i < n; i += k) { /* k neighbours of one role */
        const bool is_last_user = last_user >= i;
        for (k = 1; i + k < n && msg[i + k].role == msg[i].role;) k++;
        if (msg[i].role == WU_ROLE_USER)
            rc = mistral_user(p, msg + i, k, is_last_user && last_user < i + k ? msg : NULL, n);
        else if (msg[i].role == WU_ROLE_ASSISTANT)
            rc = mistral_assistant(p, msg + i, k, last_answer >= i && last_answer < i + k);
        if (rc) return rc;
    }
    return WU_OK;
}

/* ---- plain text ----------------------------------------------------------------------------- */

static wu_code paint_plain(painter *p, const wu_message *msg, int n, bool generate) {
    const wu_vocab *v = wu_tokenizer_vocab(p->t);
    const int last = last_of(msg, n, WU_ROLE_ASSISTANT);
    wu_code rc;

    if (v->add_bos && v->bos >= 0 && wu_ids_push(p->out, v->bos)) return out_of_memory(p);
    p->start = p->out->n; /* the text is the first thing after bos */
    for (int i = 0; i < n; i++) {
        if (msg[i].role == WU_ROLE_SYSTEM)
            return wu_fail(p->err, WU_EARG,
                           "chat template %s: message %d is a system message, want user or "
                           "assistant",
                           p->name, i + 1);
        if (i > 0 && (rc = literal(p, "\n"))) return rc;
        if ((rc = literal(p, msg[i].role == WU_ROLE_USER ? "<|user|>\n" : "<|assistant|>\n")))
            return rc;
        if (i == last) answer_here(p);
        if ((rc = text(p, msg[i].text))) return rc;
    }
    if (generate) return literal(p, "\n<|assistant|>\n");
    if (last != n - 1 || v->eos < 0) return WU_OK;
    if ((rc = flush(p))) return rc;
    return wu_ids_push(p->out, v->eos) ? out_of_memory(p) : WU_OK;
}

/* --------------------------------------------------------------------------------------------- */

static wu_code paint(painter *p, wu_chat c, const wu_message *msg, int n, bool generate) {
    switch (c) {
    case WU_CHAT_MISTRAL3:
        return paint_mistral(p, msg, n);
    case WU_CHAT_LLAMA3:
    case WU_CHAT_LLAMA31:
        return paint_llama(p, c == WU_CHAT_LLAMA31, msg, n, generate);
    case WU_CHAT_QWEN2:
    case WU_CHAT_QWEN25:
    case WU_CHAT_SMOLLM2:
    case WU_CHAT_CHATML:
        return paint_chatml(p, wu_chat_system(c), msg, n, generate);
    case WU_CHAT_PLAIN:
        return paint_plain(p, msg, n, generate);
    case WU_CHAT_NONE:
    case WU_N_CHAT:
        break;
    }
    return wu_fail(p->err, WU_EARG, "no chat template is known for this model");
}

wu_code wu_chat_encode(wu_chat c, const wu_tokenizer *t, const wu_message *msg, int n,
                       bool generate, wu_ids *out, int32_t *answer, wu_err *err) {
    painter p = {.t = t, .name = wu_chat_name(c), .out = out, .start = out->n, .err = err};
    const int32_t before = out->n;
    wu_code rc;

    p.answer = -1;
    if (c == WU_CHAT_MISTRAL3) p.flags = WU_ENCODE_PREFIX;
    if (n <= 0) return wu_fail(err, WU_EARG, "chat template %s: no messages", p.name);
    rc = paint(&p, c, msg, n, generate);
    if (!rc) rc = flush(&p);
    if (rc) out->n = before;
    if (answer) *answer = p.answer >= 0 && !rc ? p.answer : out->n;
    wu_buf_free(&p.run);
    return rc;
}
