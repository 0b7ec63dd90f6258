/* format.c - examples from one shape to another (format.h). */
#include "contact/set/format.h"

#include "base/compiler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_text(const wu_record *r, const char *key) {
    return wu_json_type(wu_json_get(r->json, key)) == WU_JSON_STRING;
}

wu_shape wu_shape_of(const wu_record *r) {
    if (has_text(r, "prompt") && has_text(r, "completion")) return WU_SHAPE_PROMPT;
    if (wu_json_type(wu_json_get(r->json, "messages")) == WU_JSON_ARRAY) return WU_SHAPE_MESSAGES;
    return has_text(r, "text") ? WU_SHAPE_TEXT : WU_N_SHAPE;
}

static wu_code out_of_memory(const char *where, wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
}

/* ---- messages ------------------------------------------------------------------------------- */

static bool find_role(wu_str name, wu_role *role) {
    static const char *const names[] = {"system", "user", "assistant"};
    for (int i = 0; i < 3; i++) {
        if (!wu_str_eq(wu_str_of(names[i]), name)) continue;
        *role = (wu_role)i;
        return true;
    }
    return false;
}

/* The messages of either shape, views into r; *out is the caller's to free. */
static wu_code read_messages(const wu_record *r, const char *where, wu_message **out, int *n,
                             wu_err *err) {
    const wu_json *list = wu_json_get(r->json, "messages");
    const bool is_list = wu_shape_of(r) == WU_SHAPE_MESSAGES;
    *n = is_list ? (int)WU_MIN(wu_json_size(list), (size_t)100000) : 2;
    if (!(*out = calloc((size_t)*n + 1, sizeof(**out)))) return out_of_memory(where, err);
    if (!is_list) {
        (*out)[0] = (wu_message){WU_ROLE_USER, r->prompt};
        (*out)[1] = (wu_message){WU_ROLE_ASSISTANT, r->completion};
        return WU_OK;
    }
    for (int i = 0; i < *n; i++) {
        const wu_json *m = wu_json_at(list, (size_t)i);
        const wu_str role = wu_json_str(wu_json_get(m, "role"));
        if (!find_role(role, &(*out)[i].role))
            return wu_fail(err, WU_EDATA,
                           "%s: messages[%d].role is \"%.*s\", want system, user or "
                           "assistant",
                           where, i, (int)WU_MIN(role.n, (size_t)40), role.p);
        (*out)[i].text = wu_json_str(wu_json_get(m, "content"));
    }
    if (*n > 0 && (*out)[*n - 1].role == WU_ROLE_ASSISTANT) return WU_OK;
    return wu_fail(err, WU_EDATA, "%s: the last message is not the assistant's", where);
}

/* ---- rendered text -------------------------------------------------------------------------- */

static bool is_control(const wu_tokenizer *t, int32_t id) {
    const uint8_t type = wu_tokenizer_vocab(t)->type[id];
    return type == WU_TOKEN_CONTROL || type == WU_TOKEN_USER;
}

/* Whether both have the same control tokens, one after another. */
static bool same_controls(const wu_tokenizer *t, const wu_ids *a, const wu_ids *b) {
    int32_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a->n && !is_control(t, a->id[i])) i++;
        while (k < b->n && !is_control(t, b->id[k])) k++;
        if (i == a->n || k == b->n) return i == a->n && k == b->n;
        if (a->id[i] != b->id[k]) return false;
    }
}

/* What a trainer will make of the text must be what the template says. */
static wu_code read_back(const wu_shape_options *o, const wu_ids *ids, wu_str text,
                         const char *where, wu_shape_counts *n, wu_err *err) {
    wu_ids again = {0};
    wu_code rc =
        wu_tokenizer_encode(o->tokenizer, text, WU_ENCODE_SPECIAL | WU_ENCODE_BOS, &again, err);
    if (!rc && !same_controls(o->tokenizer, ids, &again))
        rc = wu_fail(err, WU_EDATA,
                     "%s: someone's words in it would be read as a control token of the model; use "
                     "the messages or the prompt-completion shape",
                     where);
    if (!rc &&
        (again.n != ids->n || memcmp(again.id, ids->id, (size_t)ids->n * sizeof(*ids->id)) != 0))
        n->n_inexact++;
    wu_ids_free(&again);
    return rc;
}

static wu_code render(const wu_shape_options *o, const wu_message *m, int n_message, wu_buf *text,
                      const char *where, wu_shape_counts *n, wu_err *err) {
    const wu_vocab *v = wu_tokenizer_vocab(o->tokenizer);
    wu_ids ids = {0};
    wu_code rc = wu_chat_encode(o->chat, o->tokenizer, m, n_message, false, &ids, NULL, err);
    if (rc) {
        rc = wu_fail_in(err, rc, "%s", where);
        goto done;
    }
    const bool has_bos = v->add_bos && v->bos >= 0 && ids.n > 0 && ids.id[0] == v->bos;
    if (wu_tokenizer_decode(o->tokenizer, ids.id + has_bos, ids.n - has_bos, true, text)) {
        rc = out_of_memory(where, err);
        goto done;
    }
    rc = read_back(o, &ids, wu_buf_view(text), where, n, err);
done:
    wu_ids_free(&ids);
    return rc;
}

/* ---- records -------------------------------------------------------------------------------- */

static wu_code put_text(wu_json *o, const char *key, wu_str s) {
    return wu_json_set(o, key, wu_json_new_str(s));
}

static wu_code put_messages(wu_json *o, const wu_message *m, int n) {
    static const char *const role[] = {"system", "user", "assistant"};
    wu_json *list = wu_json_new_array();
    wu_code rc = list ? WU_OK : WU_ENOMEM;
    for (int i = 0; !rc && i < n; i++) {
        wu_json *one = wu_json_new_object();
        rc = one ? put_text(one, "role", wu_str_of(role[m[i].role])) : WU_ENOMEM;
        if (!rc) rc = put_text(one, "content", m[i].text);
        if (!rc) {
            rc = wu_json_push(list, one);
            one = NULL;
        }
        wu_json_free(one);
    }
    if (!rc) return wu_json_set(o, "messages", list);
    wu_json_free(list);
    return rc;
}

static wu_code put_shape(wu_json *o, const wu_shape_options *so, const wu_message *m, int n,
                         const char *where, wu_shape_counts *count, wu_err *err) {
    wu_buf text = {0};
    wu_code rc = WU_OK;
    switch (so->to) {
    case WU_SHAPE_PROMPT:
        if (n != 2 || m[0].role != WU_ROLE_USER)
            return wu_fail(err, WU_EDATA,
                           "%s: has %d messages; prompt and completion hold one of the user and "
                           "one of the assistant",
                           where, n);
        rc = put_text(o, "prompt", m[0].text);
        if (!rc) rc = put_text(o, "completion", m[1].text);
        break;
    case WU_SHAPE_MESSAGES:
        rc = put_messages(o, m, n);
        break;
    case WU_SHAPE_TEXT:
        if ((rc = render(so, m, n, &text, where, count, err))) goto done;
        rc = put_text(o, "text", wu_buf_view(&text));
        break;
    case WU_N_SHAPE:
        rc = wu_fail(err, WU_EBUG, "%s: no shape", where);
        goto done;
    }
    if (rc) rc = out_of_memory(where, err);
done:
    wu_buf_free(&text);
    return rc;
}

/* What is not part of any shape, in its order. */
static wu_code put_others(wu_json *o, const wu_json *all) {
    static const char *const shape[] = {"prompt", "completion", "messages", "text"};
    wu_code rc = WU_OK;
    for (void *it = wu_json_first(all); it && !rc; it = wu_json_next(all, it)) {
        const wu_str key = wu_json_key(it);
        bool is_shape = false;
        for (size_t i = 0; i < WU_LEN(shape); i++)
            is_shape = is_shape || wu_str_eq(wu_str_of(shape[i]), key);
        if (!is_shape) rc = wu_json_set(o, key.p, wu_json_copy(wu_json_value(it)));
    }
    return rc;
}

/* Parses the record again, so that its views are those of its new shape. */
static wu_code replace(wu_record *r, wu_json *o, const char *where, wu_err *err) {
    wu_buf line = {0};
    wu_code rc = wu_json_write(&line, o, WU_JSON_COMPACT);
    rc = rc ? out_of_memory(where, err) : wu_record_parse(r, wu_buf_view(&line), where, err);
    wu_buf_free(&line);
    return rc;
}

wu_code wu_shape_record(wu_record *r, const wu_shape_options *o, const char *where,
                        wu_shape_counts *n, wu_err *err) {
    const wu_shape is = wu_shape_of(r);
    wu_message *m = NULL;
    wu_json *object = NULL;
    int n_message;
    wu_code rc;
    if (o->to == WU_SHAPE_TEXT && is != WU_SHAPE_TEXT &&
        (!o->tokenizer || o->chat == WU_CHAT_NONE || o->chat == WU_CHAT_PLAIN))
        return wu_fail(err, WU_EARG,
                       "text is rendered with a model's own template, whose markers are tokens");
    if (is == WU_N_SHAPE)
        return wu_fail(err, WU_EDATA,
                       "%s: has neither prompt and completion, nor messages, nor text", where);
    n->n++;
    if (is == o->to) return WU_OK;
    if (is == WU_SHAPE_TEXT)
        return wu_fail(err, WU_EDATA, "%s: is rendered text, which cannot be taken apart again",
                       where);
    if ((rc = read_messages(r, where, &m, &n_message, err))) goto done;
    if (!(object = wu_json_new_object())) {
        rc = out_of_memory(where, err);
        goto done;
    }
    if ((rc = put_shape(object, o, m, n_message, where, n, err))) goto done;
    if (put_others(object, r->json)) {
        rc = out_of_memory(where, err);
        goto done;
    }
    rc = replace(r, object, where, err);
done:
    wu_json_free(object);
    free(m);
    return rc;
}

wu_code wu_shape_file(FILE *f, const char *to, const char *from, const wu_shape_options *o,
                      wu_shape_counts *n, wu_err *err) {
    char where[WU_WHERE_MAX];
    wu_lines lines = {0};
    wu_record r = {0};
    wu_buf line = {0};
    bool end = false;
    wu_code rc = wu_lines_open(&lines, from, 0, err);
    while (!rc) {
        if ((rc = wu_record_next(&r, &lines, where, &end, err)) || end) break;
        if ((rc = wu_shape_record(&r, o, where, n, err))) break;
        wu_buf_clear(&line);
        if (wu_record_write(&line, &r)) {
            rc = out_of_memory(where, err);
        } else if (fwrite(line.p, 1, line.n, f) != line.n) {
            rc = wu_fail_errno(err, "%s", to);
        }
    }
    wu_lines_close(&lines);
    wu_record_clear(&r);
    wu_buf_free(&line);
    return rc;
}
