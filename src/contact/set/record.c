/* record.c - a line of examples.jsonl as an object with views into it (record.h). */
#include "contact/set/record.h"

#include "contact/prompt.h"

#include <stdio.h>
#include <string.h>

void wu_record_clear(wu_record *r) {
    wu_json_free(r->json);
    *r = (wu_record){0};
}

/* A member that is text if it is there at all. */
static wu_code text_member(const wu_json *j, const char *key, const char *where, wu_str *out,
                           wu_err *err) {
    const wu_json *v = wu_json_get(j, key);
    *out = (wu_str){0};
    if (!v) return WU_OK;
    if (wu_json_type(v) != WU_JSON_STRING)
        return wu_fail(err, WU_EDATA, "%s: %s is not text", where, key);
    *out = wu_json_str(v);
    return WU_OK;
}

/* The number is rendered into the record, so that the view lives as long as it. */
static wu_code read_source(wu_record *r, const char *where, wu_err *err) {
    const wu_json *v = wu_json_get(r->json, "source_id");
    if (!v) return WU_OK;
    switch (wu_json_type(v)) {
    case WU_JSON_STRING:
        r->source_id = wu_json_str(v);
        return WU_OK;
    case WU_JSON_INT:
        snprintf(r->number, sizeof(r->number), "%lld", (long long)wu_json_int(v));
        r->source_id = wu_str_of(r->number);
        return WU_OK;
    default:
        return wu_fail(err, WU_EDATA, "%s: source_id is neither text nor an integer", where);
    }
}

static const wu_task *task_called(wu_str name) {
    for (int i = 0; i < WU_N_TASK; i++)
        if (wu_str_eq(wu_str_of(wu_tasks[i].name), name)) return &wu_tasks[i];
    return NULL;
}

static wu_code check_messages(const wu_json *list, const char *where, wu_err *err) {
    if (!list) return WU_OK;
    if (wu_json_type(list) != WU_JSON_ARRAY)
        return wu_fail(err, WU_EDATA, "%s: messages is not a list", where);
    for (size_t i = 0; i < wu_json_size(list); i++) {
        const wu_json *m = wu_json_at(list, i);
        if (wu_json_type(wu_json_get(m, "role")) != WU_JSON_STRING ||
            wu_json_type(wu_json_get(m, "content")) != WU_JSON_STRING)
            return wu_fail(err, WU_EDATA, "%s: messages[%zu] is not {\"role\", \"content\"}", where,
                           i);
    }
    return WU_OK;
}

static wu_code read_views(wu_record *r, const char *where, wu_err *err) {
    wu_str text;
    wu_code rc;
    if (wu_json_type(r->json) != WU_JSON_OBJECT)
        return wu_fail(err, WU_EDATA, "%s: is not a JSON object", where);
    if ((rc = text_member(r->json, "prompt", where, &r->prompt, err))) return rc;
    if ((rc = text_member(r->json, "completion", where, &r->completion, err))) return rc;
    if ((rc = text_member(r->json, "text", where, &text, err))) return rc;
    if ((rc = text_member(r->json, "task_type", where, &r->task_type, err))) return rc;
    if ((rc = check_messages(wu_json_get(r->json, "messages"), where, err))) return rc;
    r->task = task_called(r->task_type);
    return read_source(r, where, err);
}

wu_code wu_record_parse(wu_record *r, wu_str line, const char *where, wu_err *err) {
    wu_record_clear(r);
    wu_code rc = wu_json_parse(&r->json, line, where, WU_EDATA, err);
    if (!rc) rc = read_views(r, where, err);
    if (rc) wu_record_clear(r);
    return rc;
}

/* Sets a member; a part that the caller does not have is left out. */
static wu_code set_part(wu_json *object, const char *key, wu_json **part) {
    wu_json *v = *part;
    *part = NULL;
    return v ? wu_json_set(object, key, v) : WU_OK;
}

wu_code wu_record_make(wu_record *r, const wu_task *task, wu_str prompt, wu_str completion,
                       wu_str source_id, wu_json *contact, wu_json *temporal, wu_json *provenance) {
    wu_record_clear(r);
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    if (!rc) rc = wu_json_set(o, "prompt", wu_json_new_str(prompt));
    if (!rc) rc = wu_json_set(o, "completion", wu_json_new_str(completion));
    if (!rc) rc = wu_json_set(o, "task_type", wu_json_new_str(wu_str_of(task->name)));
    if (!rc) rc = wu_json_set(o, "source_id", wu_json_new_str(source_id));
    if (!rc) rc = set_part(o, "contact", &contact);
    if (!rc) rc = set_part(o, "temporal", &temporal);
    if (!rc) rc = set_part(o, "provenance", &provenance);
    r->json = o;
    if (!rc) rc = read_views(r, task->name, NULL);
    if (rc) wu_record_clear(r);
    wu_json_free(contact);
    wu_json_free(temporal);
    wu_json_free(provenance);
    return rc;
}

wu_code wu_record_set_prompt(wu_record *r, wu_str prompt) {
    const wu_code rc = wu_json_set(r->json, "prompt", wu_json_new_str(prompt));
    if (!rc) r->prompt = wu_json_str(wu_json_get(r->json, "prompt"));
    return rc;
}

wu_code wu_record_write(wu_buf *out, const wu_record *r) {
    const size_t before = out->n;
    wu_code rc = wu_json_write(out, r->json, WU_JSON_COMPACT);
    if (!rc) rc = wu_buf_char(out, '\n');
    if (rc && out->n > before) out->p[out->n = before] = 0;
    return rc;
}

/* The lines of a conversation in a user's message, or all of it where it is laid out otherwise. */
static wu_str turns_of(wu_str message) {
    wu_str context, turns;
    return wu_prompt_parts(message, &context, &turns) ? turns : message;
}

wu_str wu_record_conversation(const wu_record *r) {
    if (r->prompt.n) return turns_of(r->prompt);
    const wu_json *list = wu_json_get(r->json, "messages");
    wu_str longest = {0}; /* of several messages of the user the longest holds the conversation */
    for (size_t i = 0; list && i < wu_json_size(list); i++) {
        const wu_json *m = wu_json_at(list, i);
        const wu_str said = wu_json_str(wu_json_get(m, "content"));
        if (wu_str_eq(wu_json_str(wu_json_get(m, "role")), WU_STR("user")) && said.n > longest.n)
            longest = said;
    }
    if (longest.n) return turns_of(longest);
    return turns_of(wu_json_str(wu_json_get(r->json, "text")));
}

static bool is_blank(wu_str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!strchr(" \t\r\n\v\f", s.p[i])) return false;
    return true;
}

wu_code wu_record_check(const wu_record *r, const char *where, wu_err *err) {
    if (r->prompt.n || r->completion.n || wu_json_get(r->json, "messages") ||
        wu_json_get(r->json, "text"))
        return WU_OK;
    return wu_fail(
        err, WU_EDATA,
        "%s: is no example: it has neither prompt and completion, nor messages, nor text", where);
}

wu_code wu_record_next(wu_record *r, wu_lines *lines, char *where, bool *end, wu_err *err) {
    wu_str line;
    wu_code rc;
    wu_record_clear(r);
    do {
        rc = wu_lines_next(lines, &line, end, err);
        snprintf(where, WU_WHERE_MAX, "%s:%lld",
                 strcmp(lines->path, "-") == 0 ? "standard input" : lines->path,
                 (long long)lines->number);
        if (rc || *end) return rc;
    } while (is_blank(line));
    return wu_record_parse(r, line, where, err);
}
