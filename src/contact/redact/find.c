/* find.c - all detectors over one text or conversation; what overlaps becomes one find. */
#include "base/hash.h"
#include "contact/redact/redact_impl.h"
#include "text/regex.h"

#include <stdlib.h>

static void push_find(wu_redactor *r, const wu_find *f) {
    if (!wu_room((void **)&r->find, &r->max_find, r->n_find + 1, sizeof(*r->find))) {
        r->out_of_memory = true;
        return;
    }
    r->find[r->n_find++] = *f;
}

void wu_redact_add_span(wu_redactor *r, int32_t type, int32_t turn, uint32_t start, uint32_t end,
                        uint64_t value) {
    const wu_find f = {turn, type, start, end, value};
    if (r->type[type].is_on && end > start) push_find(r, &f);
}

uint64_t wu_redact_value(const wu_redactor *r, int32_t first, int32_t last) {
    uint64_t h = 1;
    for (int32_t t = first; t <= last; t++) {
        if (r->token[t].kind == WU_T_MARK) continue;
        const uint64_t pair[2] = {h, wu_word_key(wu_token_text(r, t))};
        h = wu_hash64(pair, sizeof(pair));
    }
    return h ? h : 1;
}

void wu_redact_add(wu_redactor *r, int32_t type, int32_t first, int32_t last, uint64_t value) {
    const wu_token *a = &r->token[first], *e = &r->token[last];
    if (!r->type[type].is_on) return;
    wu_redact_add_span(r, type, a->turn, a->start, e->end,
                       value ? value : wu_redact_value(r, first, last));
}

/* ---- the user's patterns ---- */

static wu_code scan_turn(wu_redactor *r, const wu_own *own, int32_t turn, wu_err *err) {
    const wu_str s = r->doc->text[turn];
    bool is_found;
    wu_code rc = wu_scan_text(own->scan, s, err);
    while (!rc && !(rc = wu_scan_next(own->scan, &is_found, err)) && is_found) {
        const wu_span m = wu_scan_group(own->scan, 0);
        if (m.end <= m.start) continue;
        wu_redact_add_span(r, own->type, turn, (uint32_t)m.start, (uint32_t)m.end,
                           wu_word_key((wu_str){s.p + m.start, m.end - m.start}));
    }
    return rc;
}

wu_code wu_find_own(wu_redactor *r, wu_err *err) {
    for (size_t i = 0; i < r->n_own; i++) {
        for (int32_t turn = 0; turn < r->doc->n_turn; turn++) {
            const wu_code rc = scan_turn(r, &r->own[i], turn, err);
            if (rc) return wu_fail_in(err, rc, "pattern for %s", r->type[r->own[i].type].name);
        }
    }
    return WU_OK;
}

/* ---- overlaps ---- */

/* The user's own first, then what has a checksum (an IBAN's covers all of it, a card's may be a
 * part), then form, then words around it. */
static int rank_of(int32_t type) {
    static const int rank[WU_N_PII] = {
        [WU_PII_IBAN] = 1,    [WU_PII_CARD] = 2,  [WU_PII_EMAIL] = 3, [WU_PII_SSN] = 4,
        [WU_PII_IP] = 5,      [WU_PII_PHONE] = 6, [WU_PII_DOB] = 7,   [WU_PII_CVV] = 8,
        [WU_PII_ADDRESS] = 9, [WU_PII_NAME] = 10};
    return type < WU_N_PII ? rank[type] : 0;
}

static int compare(const void *pa, const void *pb) {
    const wu_find *a = pa, *b = pb;
    if (a->turn != b->turn) return a->turn < b->turn ? -1 : 1;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    if (a->end != b->end) return a->end > b->end ? -1 : 1;
    if (a->type != b->type) return a->type < b->type ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

static bool is_better(const wu_find *a, const wu_find *b) {
    const int ra = rank_of(a->type), rb = rank_of(b->type);
    return ra != rb ? ra < rb : a->end - a->start > b->end - b->start;
}

/* Nothing that touches a placeholder of an earlier run is replaced again. */
static void drop_opaque(wu_redactor *r) {
    size_t n = 0, t = 0;
    for (size_t i = 0; i < r->n_find; i++) {
        const wu_find *f = &r->find[i];
        while (t < r->n_token && (r->token[t].turn < f->turn ||
                                  (r->token[t].turn == f->turn && r->token[t].end <= f->start)))
            t++;
        bool touches = false;
        for (size_t k = t;
             k < r->n_token && r->token[k].turn == f->turn && r->token[k].start < f->end; k++)
            if (r->token[k].kind == WU_T_OPAQUE) {
                touches = true;
                break;
            }
        if (!touches) r->find[n++] = *f;
    }
    r->n_find = n;
}

static void merge(wu_redactor *r) {
    size_t n = 0;
    for (size_t i = 0; i < r->n_find;) {
        wu_find all = r->find[i], best = all;
        for (i++; i < r->n_find && r->find[i].turn == all.turn && r->find[i].start < all.end; i++) {
            if (r->find[i].end > all.end) all.end = r->find[i].end;
            if (is_better(&r->find[i], &best)) best = r->find[i];
        }
        all.type = best.type;
        all.value = best.value;
        r->find[n++] = all;
    }
    r->n_find = n;
}

wu_code wu_redact_find(wu_redactor *r, const wu_doc *doc, wu_err *err) {
    wu_code rc;
    r->doc = doc;
    r->n_find = 0;
    r->out_of_memory = false;
    for (int32_t i = 0; i < doc->n_turn; i++)
        if (doc->text[i].n > UINT32_MAX / 2)
            return wu_fail(err, WU_ENOMEM, "a turn of more than 2 GB cannot be redacted");
    if (!wu_redact_tokens(r) || !wu_redact_digits(r))
        return wu_fail(err, WU_ENOMEM, "redaction: out of memory");
    wu_find_numbers(r);
    wu_find_mail(r);
    if (r->type[WU_PII_IBAN].is_on) wu_find_iban(r);
    if (r->type[WU_PII_DOB].is_on) wu_find_dates(r);
    if (r->type[WU_PII_ADDRESS].is_on) wu_find_places(r);
    if (r->type[WU_PII_NAME].is_on) wu_find_names(r);
    if ((rc = wu_find_own(r, err))) return rc;
    if (r->out_of_memory) return wu_fail(err, WU_ENOMEM, "redaction: out of memory");
    if (r->n_find > 1) qsort(r->find, r->n_find, sizeof(*r->find), compare);
    drop_opaque(r);
    merge(r);
    return WU_OK;
}
