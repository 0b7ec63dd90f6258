/* annotate.c - examples get their time (annotate.h). */
#include "contact/set/annotate.h"

static wu_code read_contact(wu_contact *c, wu_arena *arena, const wu_record *r, const char *where,
                            wu_err *err) {
    const wu_json *j = wu_json_get(r->json, "contact");
    wu_contact_init(c);
    return j ? wu_contact_from_json(c, arena, j, where, err) : WU_OK;
}

/* A block that came with the record, and nothing in the record that it could be made from again. */
static bool must_keep(const wu_record *r) {
    wu_str block, conversation;
    if (wu_json_get(r->json, "contact") || wu_json_get(r->json, "temporal")) return false;
    return wu_prompt_parts(r->prompt, &block, &conversation) && block.n > 0;
}

static wu_code set_block(wu_record *r, const wu_temporal *t) {
    wu_buf block = {0}, prompt = {0};
    wu_code rc = wu_context_render(&block, &t->block);
    if (!rc) rc = wu_prompt_set_context(&prompt, r->prompt, wu_buf_view(&block));
    if (!rc) rc = wu_record_set_prompt(r, wu_buf_view(&prompt));
    wu_buf_free(&block);
    wu_buf_free(&prompt);
    return rc;
}

static void count(wu_annotate_counts *n, const wu_temporal *t, const wu_temporal_rules *rules) {
    n->n_time += t->when.known && !t->simulated;
    n->n_no_offset += t->when.known && !t->simulated && !t->when.has_offset && !t->when.date_only;
    n->n_date_only += t->when.date_only;
    n->n_simulated += t->simulated;
    n->n_no_time += !t->when.known;
    n->n_no_calendar += t->when.known && rules->calendar && t->is_holiday < 0;
    n->n_wait += t->queue_wait_s >= 0;
    n->n_history += t->is_first_contact >= 0;
    for (unsigned left = t->dropped; left; left &= left - 1) n->n_dropped++;
}

wu_code wu_annotate_record(wu_record *r, wu_temporal_maker *m, wu_annotate_counts *counts,
                           const char *where, wu_err *err) {
    wu_arena arena = {0};
    wu_contact contact;
    wu_temporal t;
    wu_code rc;
    counts->n_example++;
    if (r->prompt.n == 0)
        return wu_fail(err, WU_EDATA,
                       "%s: has no prompt (the time of a contact is added before `wrapup format`)",
                       where);
    if (must_keep(r)) {
        counts->n_kept++;
        return WU_OK;
    }
    if ((rc = read_contact(&contact, &arena, r, where, err))) goto done;
    wu_temporal_make(&t, m, &contact, r->source_id.n ? r->source_id : wu_record_conversation(r));
    count(counts, &t, m->rules);
    if ((rc = set_block(r, &t)) == WU_EDATA) {
        wu_fail(err, rc, "%s: its prompt has no line [CONVERSATION]", where);
        goto done;
    }
    if (!rc) rc = wu_json_set(r->json, "temporal", wu_temporal_json(&t));
    if (rc) wu_fail(err, rc, "%s: out of memory", where);
done:
    wu_arena_free(&arena);
    return rc;
}

/* The next record of the file, changed and written. */
static wu_code one(wu_record *r, wu_lines *lines, wu_buf *text, wu_temporal_maker *m,
                   wu_annotate_counts *counts, bool *end, wu_err *err) {
    char where[WU_WHERE_MAX];
    wu_code rc = wu_record_next(r, lines, where, end, err);
    if (rc || *end) return rc;
    if ((rc = wu_annotate_record(r, m, counts, where, err))) return rc;
    wu_buf_clear(text);
    if ((rc = wu_record_write(text, r))) return wu_fail(err, rc, "%s: out of memory", where);
    return WU_OK;
}

wu_code wu_annotate_file(FILE *out, const char *out_path, const char *path,
                         const wu_temporal_rules *rules, wu_annotate_counts *counts, wu_err *err) {
    wu_lines lines = {0};
    wu_record r = {0};
    wu_buf text = {0};
    wu_temporal_maker maker;
    bool end = false;
    wu_temporal_init(&maker, rules);
    wu_code rc = wu_lines_open(&lines, path, 0, err);
    while (!rc && !end) {
        rc = one(&r, &lines, &text, &maker, counts, &end, err);
        if (!rc && !end && fwrite(text.p, 1, text.n, out) != text.n)
            rc = wu_fail_errno(err, "%s", out_path);
    }
    wu_record_clear(&r);
    wu_buf_free(&text);
    wu_lines_close(&lines);
    return rc;
}

wu_json *wu_annotate_json(const wu_annotate_counts *c) {
    const struct {
        const char *key;
        int64_t n;
    } member[] = {{"examples", c->n_example},
                  {"with_time", c->n_time},
                  {"without_offset", c->n_no_offset},
                  {"date_only", c->n_date_only},
                  {"simulated", c->n_simulated},
                  {"without_time", c->n_no_time},
                  {"outside_calendar", c->n_no_calendar},
                  {"with_queue_wait", c->n_wait},
                  {"with_contact_number", c->n_history},
                  {"kept_as_they_were", c->n_kept},
                  {"lines_dropped", c->n_dropped}};
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    for (size_t i = 0; !rc && i < WU_LEN(member); i++)
        rc = wu_json_set(o, member[i].key, wu_json_new_int(member[i].n));
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}
