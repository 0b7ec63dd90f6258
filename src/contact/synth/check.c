/* check.c - whether a language has as many phrases as data/synth/README.md asks for (tables.h). */
#include "contact/synth/tables.h"

#include <string.h>

typedef struct count {
    wu_buf *out;
    int32_t short_of, total;
    wu_code rc;
} count;

static void line(count *c, const char *file, wu_str name, const char *key, int32_t have,
                 int32_t need) {
    c->total++;
    c->short_of += have < need;
    if (!c->rc)
        c->rc = wu_buf_fmt(c->out, "%-10s %-45.*s %-8s %4d of %4d%s\n", file, (int)name.n, name.p,
                           key, have, need, have < need ? "  too few" : "");
}

static void check_issues(count *c, const wu_language *l, const wu_catalogue *t) {
    static const int32_t need[WU_N_ISSUE_KEY] = {4, 2, 2, 1, 2, 2, 2, 1, 2, 1, 1};
    bool seen[WU_MAX_CATEGORY] = {false};
    int32_t categories = 0;
    for (int32_t i = 0; i < l->n_issue; i++) {
        const wu_issue *issue = &l->issue[i];
        const wu_topic *topic = &t->topic[issue->topic];
        for (int k = 0; k < WU_N_ISSUE_KEY; k++) {
            if (issue->text[k].n < need[k] && !c->rc) /* only what is missing: there are hundreds */
                line(c, "issues", topic->name, wu_issue_key_name[k], issue->text[k].n, need[k]);
        }
        categories += !seen[topic->category];
        seen[topic->category] = true;
    }
    const bool english = strcmp(l->code, "en") == 0;
    line(c, "issues", WU_STR("sub-issues"), "", l->n_issue, english ? t->n_topic : 30);
    line(c, "issues", WU_STR("categories"), "", categories, t->n_category);
}

static void check_trades(count *c, const wu_language *l, const wu_catalogue *t) {
    for (int32_t i = 0; i < t->n_industry; i++) {
        const wu_trade *x = &l->trade[i];
        const wu_str name = t->industry[i].name;
        line(c, "industries", name, "company", x->n_company, 3);
        line(c, "industries", name, "product", x->product[0].n, 6);
        line(c, "industries", name, "department", x->department.n, 3);
        line(c, "industries", name, "offer", x->offer.n, 3);
        line(c, "industries", name, "say", x->say.n, 4);
    }
}

wu_code wu_language_check(const wu_language *l, const wu_catalogue *t, wu_buf *out,
                          int32_t *short_of) {
    const bool english = strcmp(l->code, "en") == 0;
    count c = {.out = out};
    for (int i = 0; i < WU_N_ACT; i++) {
        const int32_t need = english && wu_acts[i].frequent ? 60 : 12;
        line(&c, "acts", wu_str_of(wu_acts[i].name), "", l->act[i].n, need);
    }
    check_issues(&c, l, t);
    check_trades(&c, l, t);
    const wu_names *n = &l->names;
    line(&c, "names", WU_STR("agent"), "", n->agent.n, 40);
    line(&c, "names", WU_STR("first"), "", n->first.n, 60);
    line(&c, "names", WU_STR("last"), "", n->last.n, 60);
    line(&c, "names", WU_STR("place"), "", n->place.n, 40);
    line(&c, "names", WU_STR("street"), "", n->street.n, 30);
    line(&c, "noise", WU_STR("filler"), "", l->noise.filler.n, 8);
    line(&c, "noise", WU_STR("asr"), "", l->noise.asr.n, 20);
    line(&c, "noise", WU_STR("typo"), "", l->noise.typo.n, 30);
    line(&c, "noise", WU_STR("slang"), "", l->noise.slang.n, 20);
    line(&c, "noise", WU_STR("overlap"), "", l->noise.overlap.n, 6);
    if (!c.rc)
        c.rc = wu_buf_fmt(out, "%s: %d frames, %d of %d counts are too small\n", l->code,
                          l->n_frame, c.short_of, c.total);
    *short_of = c.short_of;
    return c.rc;
}
