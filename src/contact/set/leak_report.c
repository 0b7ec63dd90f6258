/* leak_report.c - what a leak check found, for people and as JSON (leak.h). */
#include "contact/set/leak.h"

static const char *const name[WU_N_LEAK] = {"id", "same", "near"};
static const char *const words[WU_N_LEAK] = {"the same source_id", "the same words",
                                             "nearly equal"};

wu_code wu_leak_text(wu_buf *out, const wu_leak_report *r, const char *const *path) {
    wu_code rc = wu_buf_fmt(out, "%lld conversations, %lld examples\n",
                            (long long)r->n_conversation, (long long)r->n_example);
    for (int k = 0; !rc && k < WU_N_LEAK; k++)
        rc = wu_buf_fmt(out, "%-18s %lld\n", words[k], (long long)r->count[k]);
    for (int32_t i = 0; !rc && i < r->n_found; i++) {
        const wu_leak_found *f = &r->found[i];
        rc = wu_buf_fmt(out, "%s: %s:%d (%s) and %s:%d (%s), similarity %.2f\n", name[f->kind],
                        path[f->file_a], f->line_a, f->id_a, path[f->file_b], f->line_b, f->id_b,
                        f->similarity);
    }
    return rc;
}

/* Takes o over; NULL when out of memory. */
static wu_json *made(wu_json *o, wu_code rc) {
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}

static wu_json *side(const char *path, int32_t line, const char *id) {
    wu_json *o = wu_json_new_object();
    wu_code rc = wu_json_set(o, "file", wu_json_new_str(wu_str_of(path)));
    if (!rc) rc = wu_json_set(o, "line", wu_json_new_int(line));
    if (!rc) rc = wu_json_set(o, "source_id", wu_json_new_str(wu_str_of(id)));
    return made(o, rc);
}

static wu_json *finding(const wu_leak_found *f, const char *const *path) {
    wu_json *o = wu_json_new_object();
    wu_code rc = wu_json_set(o, "kind", wu_json_new_str(wu_str_of(name[f->kind])));
    if (!rc) rc = wu_json_set(o, "a", side(path[f->file_a], f->line_a, f->id_a));
    if (!rc) rc = wu_json_set(o, "b", side(path[f->file_b], f->line_b, f->id_b));
    if (!rc) rc = wu_json_set(o, "similarity", wu_json_new_real(f->similarity));
    return made(o, rc);
}

static wu_json *findings(const wu_leak_report *r, const char *const *path) {
    wu_json *a = wu_json_new_array();
    wu_code rc = a ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; !rc && i < r->n_found; i++)
        rc = wu_json_push(a, finding(&r->found[i], path));
    return made(a, rc);
}

wu_json *wu_leak_json(const wu_leak_report *r, const char *const *path) {
    wu_json *o = wu_json_new_object();
    wu_code rc = wu_json_set(o, "conversations", wu_json_new_int(r->n_conversation));
    if (!rc) rc = wu_json_set(o, "examples", wu_json_new_int(r->n_example));
    for (int k = 0; !rc && k < WU_N_LEAK; k++)
        rc = wu_json_set(o, name[k], wu_json_new_int(r->count[k]));
    if (!rc) rc = wu_json_set(o, "found", findings(r, path));
    return made(o, rc);
}
