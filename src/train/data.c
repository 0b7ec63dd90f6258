/* data.c - JSONL records become examples (dataset.h). */
#include "base/file.h"
#include "text/json.h"
#include "train/dataset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MESSAGES = 4096 };

/* What is at work on one file. */
typedef struct reader {
    const wu_data_options *o;
    wu_dataset *d;
    const char *path;
    char where[WU_PATH_MAX + 32]; /* "train.jsonl:12" */
    int32_t line;
    wu_ids ids;      /* of the record at hand */
    wu_message *msg; /* [MAX_MESSAGES] */
} reader;

static wu_code read_role(wu_role *out, const reader *r, wu_str s, wu_err *err) {
    static const char *const name[] = {"system", "user", "assistant"};
    for (int i = 0; i < 3; i++)
        if (wu_str_eq(s, wu_str_of(name[i]))) {
            *out = (wu_role)i;
            return WU_OK;
        }
    return wu_fail(err, WU_EDATA, "%s: role \"%.*s\" is not known (system, user, assistant)",
                   r->where, (int)WU_MIN(s.n, 40), s.p);
}

/* The messages of a record into r->msg. */
static wu_code read_messages(int *n, reader *r, const wu_json *list, wu_err *err) {
    const size_t size = wu_json_size(list);

    *n = 0;
    if (wu_json_type(list) != WU_JSON_ARRAY || size < 1 || size > MAX_MESSAGES)
        return wu_fail(err, WU_EDATA, "%s: messages is not a list of 1 to %d messages", r->where,
                       MAX_MESSAGES);
    for (size_t i = 0; i < size; i++) {
        const wu_json_in in = {wu_json_at(list, i), r->where, WU_EDATA};
        wu_str role = {0};
        wu_code rc;
        if (wu_json_type(in.j) != WU_JSON_OBJECT)
            return wu_fail(err, WU_EDATA, "%s: message %zu is not an object", r->where, i + 1);
        if ((rc = wu_json_want_str(&in, "role", &role, err))) return rc;
        if ((rc = read_role(&r->msg[i].role, r, role, err))) return rc;
        if ((rc = wu_json_want_str(&in, "content", &r->msg[i].text, err))) return rc;
    }
    *n = (int)size;
    return WU_OK;
}

static wu_code read_chat(reader *r, const wu_json *j, int32_t *answer, wu_err *err) {
    const wu_json_in in = {j, r->where, WU_EDATA};
    const wu_json *prompt = wu_json_get(j, "prompt"), *completion = wu_json_get(j, "completion");
    int n = 2;
    wu_code rc;

    if (prompt && completion) {
        r->msg[0].role = WU_ROLE_USER;
        r->msg[1].role = WU_ROLE_ASSISTANT;
        if ((rc = wu_json_want_str(&in, "prompt", &r->msg[0].text, err))) return rc;
        if ((rc = wu_json_want_str(&in, "completion", &r->msg[1].text, err))) return rc;
    } else if ((rc = read_messages(&n, r, wu_json_get(j, "messages"), err)))
        return rc;
    if (r->o->mask_prompt && r->msg[n - 1].role != WU_ROLE_ASSISTANT)
        return wu_fail(err, WU_EDATA,
                       "%s: the last message is not the assistant's, so there is nothing to learn "
                       "(--no-mask-prompt counts every token)",
                       r->where);
    rc = wu_chat_encode(r->o->chat, r->o->tokenizer, r->msg, n, false, &r->ids, answer, err);
    if (rc) return wu_fail_in(err, rc, "%s", r->where);
    if (!r->o->mask_prompt || *answer < 1) *answer = 1;
    return WU_OK;
}

static wu_code read_text(reader *r, const wu_json *j, int32_t *answer, wu_err *err) {
    const wu_json_in in = {j, r->where, WU_EDATA};
    const int32_t eos = wu_tokenizer_vocab(r->o->tokenizer)->eos;
    wu_str s = {0};
    wu_code rc;

    *answer = 1;
    if ((rc = wu_json_want_str(&in, "text", &s, err))) return rc;
    rc = wu_tokenizer_encode(r->o->tokenizer, s, WU_ENCODE_SPECIAL | WU_ENCODE_BOS, &r->ids, err);
    if (rc) return wu_fail_in(err, rc, "%s", r->where);
    if (eos >= 0 && (r->ids.n == 0 || r->ids.id[r->ids.n - 1] != eos))
        rc = wu_ids_push(&r->ids, eos);
    return rc ? wu_fail(err, rc, "%s: out of memory", r->where) : WU_OK;
}

static wu_code read_source(wu_hash *out, const reader *r, const wu_json *j, wu_err *err) {
    const wu_json *source = wu_json_get(j, "source_id");
    char number[32];
    wu_str s = wu_json_str(source);

    *out = (wu_hash){0};
    switch (wu_json_type(source)) {
    case WU_JSON_NULL:
        return WU_OK;
    case WU_JSON_STRING:
        break;
    case WU_JSON_INT:
        (void)snprintf(number, sizeof(number), "#%lld", (long long)wu_json_int(source));
        s = wu_str_of(number);
        break;
    default:
        return wu_fail(err, WU_EDATA, "%s: source_id is neither text nor an integer", r->where);
    }
    if (s.n) *out = wu_hash_bytes(s.p, s.n);
    return WU_OK;
}

static wu_code add_record(reader *r, const wu_json *j, wu_err *err) {
    wu_example ex = {.after = WU_NO_TOKEN, .line = r->line};
    const wu_json_in in = {j, r->where, WU_EDATA};
    double weight = 1.0;
    wu_code rc;

    r->ids.n = 0;
    if (wu_json_type(j) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s: is not a JSON object", r->where);
    if ((wu_json_get(j, "prompt") && wu_json_get(j, "completion")) || wu_json_get(j, "messages"))
        rc = read_chat(r, j, &ex.answer, err);
    else if (wu_json_get(j, "text"))
        rc = read_text(r, j, &ex.answer, err);
    else
        rc = wu_fail(err, WU_EDATA, "%s: has none of prompt and completion, messages, text",
                     r->where);
    if (rc) return rc;
    if ((rc = wu_json_opt_real(&in, "weight", 0.0, 1e6, &weight, err))) return rc;
    if (!((float)weight > 0.0f))
        return wu_fail(err, WU_EDATA, "%s: weight is %g, want a number above 0", r->where, weight);
    if ((rc = read_source(&ex.source, r, j, err))) return rc;
    ex.weight = (float)weight;
    ex.n_tok = r->ids.n;
    if (ex.n_tok > r->o->max_seq_length)
        return wu_fail(err, WU_EDATA, "%s: has %d tokens, more than --max-seq-length %d", r->where,
                       ex.n_tok, r->o->max_seq_length);
    if (ex.answer >= ex.n_tok)
        return wu_fail(err, WU_EDATA, "%s: has no tokens to learn (%d tokens in all)", r->where,
                       ex.n_tok);
    if (r->o->pad_target && ex.n_tok < r->o->max_seq_length) ex.after = 0;
    rc = wu_dataset_add(r->d, r->ids.id, &ex, err);
    return rc ? wu_fail_in(err, rc, "%s", r->where) : WU_OK;
}

static bool is_blank(wu_str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!strchr(" \t\r", s.p[i]) || !s.p[i]) return false;
    return true;
}

static wu_code read_lines(reader *r, wu_str all, wu_err *err) {
    const char *p = all.p, *end = all.p + all.n;

    if (wu_str_starts(all, WU_STR("\xEF\xBB\xBF"))) p += 3;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const wu_str line = {p, (size_t)((stop ? stop : end) - p)};
        wu_json *j = NULL;
        wu_code rc;
        p = stop ? stop + 1 : end;
        r->line++;
        if (is_blank(line)) continue;
        (void)snprintf(r->where, sizeof(r->where), "%s:%d", r->path, r->line);
        if ((rc = wu_json_parse(&j, line, r->where, WU_EDATA, err))) return rc;
        rc = add_record(r, j, err);
        wu_json_free(j);
        if (rc) return rc;
    }
    return WU_OK;
}

wu_code wu_dataset_read(wu_dataset **out, const char *path, const wu_data_options *o, wu_err *err) {
    reader r = {.o = o, .path = path, .msg = calloc(MAX_MESSAGES, sizeof(*r.msg))};
    wu_map map = {0};
    wu_code rc;

    *out = NULL;
    if (!r.msg) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    if ((rc = wu_map_open(&map, path, err))) goto done;
    if ((rc = wu_dataset_create(&r.d, path, err))) goto done;
    if ((rc = read_lines(&r, (wu_str){(const char *)map.p, map.n}, err))) goto done;
    if (r.d->n == 0) {
        rc = wu_fail(err, WU_EDATA, "%s: has no examples", path);
        goto done;
    }
    if ((rc = wu_dataset_group(r.d, err))) goto done;
    *out = r.d;
    r.d = NULL;
done:
    wu_dataset_free(r.d);
    wu_map_close(&map);
    wu_ids_free(&r.ids);
    free(r.msg);
    return rc;
}
