/* probe_report.c - what the probes found, for people and as JSON (probe.h). */
#include "contact/synth/probe.h"

bool wu_probe_holds(const wu_probe_row *r) {
    const bool reported_only = r->lo == 0.0 && r->hi == 0.0;
    return reported_only || (r->value >= r->lo && r->value <= r->hi);
}

static wu_code row_text(wu_buf *out, const wu_probe_row *r) {
    wu_code rc = wu_buf_fmt(out, "%-29s %-44s %7.3f", r->probe, r->measure, r->value);
    if (rc) return rc;
    if (r->lo == 0.0 && r->hi == 0.0) return wu_buf_char(out, '\n');
    /* one side is enough where the other only says that something is odd, and it is not */
    if (r->lo <= 0.0 && r->value >= r->lo)
        rc = wu_buf_fmt(out, "   at most %g", r->hi);
    else if (r->hi >= 1.0 && r->hi <= 1.1 && r->value <= r->hi)
        rc = wu_buf_fmt(out, "   at least %g", r->lo);
    else
        rc = wu_buf_fmt(out, "   %g to %g", r->lo, r->hi);
    if (rc) return rc;
    return wu_buf_str(out, wu_probe_holds(r) ? "\n" : "   NOT AS EXPECTED\n");
}

wu_code wu_probe_text(wu_buf *out, const wu_probe_report *r) {
    wu_code rc = wu_buf_fmt(out, "%d calls\n%-29s %-44s %7s   %s\n", r->n_call, "probe", "measure",
                            "value", "expected");
    for (int32_t i = 0; !rc && i < r->n_row; i++) rc = row_text(out, &r->row[i]);
    if (!rc && r->n_word > 0)
        rc =
            wu_buf_str(out, "\nwords and pairs that say most about satisfaction, AUROC of each:\n");
    for (int32_t i = 0; !rc && i < r->n_word; i++)
        rc = wu_buf_fmt(out, "%s%s %.3f",
                        i % 6 ? ", "
                        : i   ? ",\n"
                              : "",
                        r->word[i].text, r->word[i].auroc);
    return rc || r->n_word == 0 ? rc : wu_buf_char(out, '\n');
}

/* Takes o over; NULL when out of memory. */
static wu_json *made(wu_json *o, wu_code rc) {
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}

static wu_json *row_json(const wu_probe_row *r) {
    wu_json *o = wu_json_new_object();
    wu_code rc = wu_json_set(o, "probe", wu_json_new_str(wu_str_of(r->probe)));
    if (!rc) rc = wu_json_set(o, "measure", wu_json_new_str(wu_str_of(r->measure)));
    if (!rc) rc = wu_json_set(o, "value", wu_json_new_real(r->value));
    if (!rc && (r->lo != 0.0 || r->hi != 0.0)) {
        rc = wu_json_set(o, "lo", wu_json_new_real(r->lo));
        if (!rc) rc = wu_json_set(o, "hi", wu_json_new_real(r->hi));
    }
    if (!rc) rc = wu_json_set(o, "holds", wu_json_new_bool(wu_probe_holds(r)));
    return made(o, rc);
}

static wu_json *word_json(const wu_probe_word *w) {
    wu_json *o = wu_json_new_object();
    wu_code rc = wu_json_set(o, "text", wu_json_new_str(wu_str_of(w->text)));
    if (!rc) rc = wu_json_set(o, "auroc", wu_json_new_real(w->auroc));
    return made(o, rc);
}

wu_json *wu_probe_json(const wu_probe_report *r) {
    wu_json *o = wu_json_new_object(), *rows = wu_json_new_array(), *words = wu_json_new_array();
    wu_code rc = o && rows && words ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; !rc && i < r->n_row; i++) rc = wu_json_push(rows, row_json(&r->row[i]));
    for (int32_t i = 0; !rc && i < r->n_word; i++) rc = wu_json_push(words, word_json(&r->word[i]));
    if (!rc) rc = wu_json_set(o, "conversations", wu_json_new_int(r->n_call));
    if (rc) {
        wu_json_free(rows);
        wu_json_free(words);
        return made(o, rc);
    }
    rc = wu_json_set(o, "probes", rows);
    if (rc)
        wu_json_free(words);
    else
        rc = wu_json_set(o, "words", words);
    return made(o, rc);
}
