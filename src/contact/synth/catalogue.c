/* catalogue.c - the tables that serve all languages: taxonomy.json, industries.json, review.txt
 * (tables.h). */
#include "contact/synth/tables.h"
#include "contact/table.h"
#include "contact/task.h"
#include "text/json.h"

#include <stdio.h>
#include <string.h>

typedef struct reading {
    wu_catalogue *t;
    const char *dir;
    wu_err *err;
} reading;

static wu_code out_of_memory(const reading *r, const char *file) {
    return wu_fail(r->err, WU_ENOMEM, "%s: out of memory", file);
}

static wu_code copy(const reading *r, wu_str *out, wu_str s) {
    char *p = wu_arena_alloc(&r->t->arena, s.n + 1);
    if (!p) return out_of_memory(r, "tables");
    memcpy(p, s.p, s.n);
    p[s.n] = 0;
    *out = (wu_str){p, s.n};
    return WU_OK;
}

static wu_code read_json(const reading *r, wu_json **out, const char *file) {
    wu_buf text = {0};
    wu_code rc = wu_table_text(&text, r->dir, file, r->err);
    if (!rc) rc = wu_json_parse(out, wu_buf_view(&text), file, WU_EDATA, r->err);
    wu_buf_free(&text);
    return rc;
}

/* The label of a field that equals s, or NULL. */
static const char *label(wu_task_id task, int field, wu_str s, int *at) {
    const char *const *v = wu_tasks[task].field[field].values;
    for (int i = 0; v[i]; i++) {
        if (!wu_str_eq(s, wu_str_of(v[i]))) continue;
        if (at) *at = i;
        return v[i];
    }
    return NULL;
}

/* ----------------------------------------------------------------------------- taxonomy */

static wu_code wrong(const reading *r, const char *file, wu_str where, const char *what) {
    return wu_fail(r->err, WU_EDATA, "%s: %.*s: %s", file, (int)where.n, where.p, what);
}

static wu_code read_stages(const reading *r, wu_str where, const wu_json *list, uint32_t *bits) {
    *bits = 0;
    for (size_t i = 0; i < wu_json_size(list); i++) {
        int at = 0;
        if (!label(WU_TASK_JOURNEY, 1, wu_json_str(wu_json_at(list, i)), &at))
            return wrong(r, "synth/taxonomy.json", where, "stages has a name that is no stage");
        *bits |= 1u << at;
    }
    return *bits ? WU_OK : wrong(r, "synth/taxonomy.json", where, "has no stages");
}

static wu_code read_topic(const reading *r, const wu_json *j, const wu_topic *usual) {
    wu_catalogue *t = r->t;
    if (t->n_topic == WU_MAX_ISSUE)
        return wu_fail(r->err, WU_EDATA, "synth/taxonomy.json: more than %d issues", WU_MAX_ISSUE);
    wu_topic *topic = &t->topic[t->n_topic];
    const wu_json_in in = {j, "synth/taxonomy.json", WU_EDATA};
    int64_t weight = 0, complexity = usual->complexity;
    wu_str name, journey = {0};
    wu_code rc = wu_json_want_str(&in, "name", &name, r->err);
    if (!rc) rc = wu_json_want_int(&in, "weight", 1, 1000, &weight, r->err);
    if (!rc) rc = wu_json_opt_int(&in, "complexity", -1, 2, &complexity, r->err);
    if (!rc) rc = wu_json_opt_str(&in, "journey_type", &journey, r->err);
    if (rc) return rc;
    *topic = *usual;
    topic->weight = (int32_t)weight;
    topic->complexity = (int32_t)complexity;
    if (journey.n && !(topic->journey = label(WU_TASK_JOURNEY, 0, journey, NULL)))
        return wrong(r, in.where, name, "journey_type is no journey type");
    const wu_json *stages = wu_json_get(j, "stages");
    if (stages && (rc = read_stages(r, name, stages, &topic->stages))) return rc;
    t->n_topic++;
    return copy(r, &topic->name, name);
}

static wu_code read_category(const reading *r, const wu_json *j) {
    wu_catalogue *t = r->t;
    const wu_json_in in = {j, "synth/taxonomy.json", WU_EDATA};
    if (t->n_category == WU_MAX_CATEGORY)
        return wu_fail(r->err, WU_EDATA, "%s: more than %d categories", in.where, WU_MAX_CATEGORY);
    wu_category *c = &t->category[t->n_category];
    wu_topic usual = {.category = t->n_category};
    wu_str name, journey;
    int64_t complexity = 0;
    wu_code rc = wu_json_want_str(&in, "name", &name, r->err);
    if (!rc) rc = wu_json_want_str(&in, "journey_type", &journey, r->err);
    if (!rc) rc = wu_json_opt_int(&in, "complexity", -1, 2, &complexity, r->err);
    if (rc) return rc;
    if (!label(WU_TASK_ISSUE, 0, name, NULL))
        return wrong(r, in.where, name, "is no category of the tasks");
    if (!(usual.journey = label(WU_TASK_JOURNEY, 0, journey, NULL)))
        return wrong(r, in.where, name, "journey_type is no journey type");
    usual.complexity = (int32_t)complexity;
    if ((rc = read_stages(r, name, wu_json_get(j, "stages"), &usual.stages))) return rc;
    if ((rc = copy(r, &c->name, name))) return rc;
    const wu_json *issues = wu_json_get(j, "issues");
    c->first = t->n_topic;
    for (size_t i = 0; i < wu_json_size(issues); i++)
        if ((rc = read_topic(r, wu_json_at(issues, i), &usual))) return rc;
    c->n = t->n_topic - c->first;
    if (!c->n) return wrong(r, in.where, name, "has no issues");
    t->n_category++;
    return WU_OK;
}

static int32_t find_category(const wu_catalogue *t, wu_str name) {
    for (int32_t i = 0; i < t->n_category; i++)
        if (wu_str_eq(t->category[i].name, name)) return i;
    return -1;
}

/* Neighbours may be named before they come: they are looked up at the end. */
static wu_code read_neighbours(const reading *r, wu_category *c, const wu_json *list) {
    c->n_neighbour = (int32_t)WU_MIN(wu_json_size(list), WU_LEN(c->neighbour));
    for (int32_t i = 0; i < c->n_neighbour; i++) {
        c->neighbour[i] = find_category(r->t, wu_json_str(wu_json_at(list, (size_t)i)));
        if (c->neighbour[i] < 0)
            return wrong(r, "synth/taxonomy.json", c->name, "neighbours has no category");
    }
    return c->n_neighbour ? WU_OK : wrong(r, "synth/taxonomy.json", c->name, "has no neighbours");
}

static wu_code read_categories(const reading *r) {
    wu_json *j = NULL;
    wu_code rc = read_json(r, &j, "synth/taxonomy.json");
    const wu_json *list = rc ? NULL : wu_json_get(j, "categories");
    for (size_t i = 0; !rc && i < wu_json_size(list); i++)
        rc = read_category(r, wu_json_at(list, i));
    for (int32_t i = 0; !rc && i < r->t->n_category; i++)
        rc = read_neighbours(r, &r->t->category[i],
                             wu_json_get(wu_json_at(list, (size_t)i), "neighbours"));
    if (!rc && !r->t->n_category)
        rc = wu_fail(r->err, WU_EDATA, "synth/taxonomy.json: no categories");
    wu_json_free(j);
    return rc;
}

/* --------------------------------------------------------------------------- industries */

/* "11-15" as 1115; 0: it is none. */
static int32_t day_of(wu_str s) {
    if (s.n != 5 || s.p[2] != '-') return 0;
    for (int i = 0; i < 5; i++)
        if (i != 2 && (s.p[i] < '0' || s.p[i] > '9')) return 0;
    const int32_t month = (s.p[0] - '0') * 10 + s.p[1] - '0',
                  day = (s.p[3] - '0') * 10 + s.p[4] - '0';
    return month < 1 || month > 12 || day < 1 || day > 31 ? 0 : month * 100 + day;
}

static wu_code read_seasons(const reading *r, wu_industry *in, const wu_json *list) {
    if (wu_json_size(list) > WU_MAX_SEASON)
        return wrong(r, "synth/industries.json", in->name, "has too many seasons");
    for (size_t i = 0; i < wu_json_size(list); i++) {
        wu_peak *s = &in->season[in->n_season++];
        const wu_json_in at = {wu_json_at(list, i), "synth/industries.json", WU_EDATA};
        wu_str name, from, to;
        wu_code rc = wu_json_want_str(&at, "name", &name, r->err);
        if (!rc) rc = wu_json_want_str(&at, "from", &from, r->err);
        if (!rc) rc = wu_json_want_str(&at, "to", &to, r->err);
        if (!rc) rc = wu_json_want_real(&at, "factor", 0.1, 10.0, &s->factor, r->err);
        if (!rc) rc = copy(r, &s->name, name);
        if (rc) return rc;
        s->from = day_of(from);
        s->to = day_of(to);
        if (!s->from || !s->to)
            return wrong(r, at.where, in->name, "a season has a day that is not MM-DD");
    }
    return WU_OK;
}

static wu_code read_weights(const reading *r, wu_industry *in, const wu_json *categories,
                            const wu_json *channels) {
    static const char *const channel[4] = {"voice", "chat", "email", "social"};
    const wu_json_in c = {channels, "synth/industries.json channels", WU_EDATA};
    int64_t v = 0, sum = 0;
    for (int i = 0; i < 4; i++) {
        const wu_code rc = wu_json_want_int(&c, channel[i], 0, 1000, &v, r->err);
        if (rc) return rc;
        in->channel[i] = (int32_t)v;
        sum += v;
    }
    if (!sum) return wrong(r, "synth/industries.json", in->name, "has no channel");
    for (void *it = wu_json_first(categories); it; it = wu_json_next(categories, it)) {
        const int32_t at = find_category(r->t, wu_json_key(it));
        v = wu_json_int(wu_json_value(it));
        if (at < 0 || v < 0 || v > 1000)
            return wrong(r, "synth/industries.json", in->name,
                         "categories has an unknown name or a weight that is not 0 to 1000");
        in->category[at] = (int32_t)v;
    }
    return WU_OK;
}

static wu_code read_industry(const reading *r, const wu_json *j) {
    wu_catalogue *t = r->t;
    const wu_json_in in = {j, "synth/industries.json", WU_EDATA};
    if (t->n_industry == WU_MAX_INDUSTRY)
        return wu_fail(r->err, WU_EDATA, "%s: more than %d industries", in.where, WU_MAX_INDUSTRY);
    wu_industry *out = &t->industry[t->n_industry++];
    wu_str name, verify;
    wu_code rc = wu_json_want_str(&in, "name", &name, r->err);
    if (!rc) rc = wu_json_opt_bool(&in, "held_out", &out->held_out, r->err);
    if (!rc) rc = wu_json_want_str(&in, "verify", &verify, r->err);
    if (!rc) rc = copy(r, &out->name, name);
    if (rc) return rc;
    out->light = wu_str_eq(verify, WU_STR("light"));
    if (!out->light && !wu_str_eq(verify, WU_STR("full")))
        return wrong(r, in.where, out->name, "verify is neither full nor light");
    const wu_json *hours = wu_json_get(j, "hours");
    out->open = (int32_t)wu_json_int(wu_json_at(hours, 0));
    out->close = (int32_t)wu_json_int(wu_json_at(hours, 1));
    if (wu_json_size(hours) != 2 || out->open < 0 || out->open >= out->close || out->close > 24)
        return wrong(r, in.where, out->name, "hours are not two hours of a day");
    if ((rc = read_seasons(r, out, wu_json_get(j, "seasons")))) return rc;
    return read_weights(r, out, wu_json_get(j, "categories"), wu_json_get(j, "channels"));
}

static wu_code read_industries(const reading *r) {
    wu_json *j = NULL;
    wu_code rc = read_json(r, &j, "synth/industries.json");
    const wu_json *list = rc ? NULL : wu_json_get(j, "industries");
    for (size_t i = 0; !rc && i < wu_json_size(list); i++)
        rc = read_industry(r, wu_json_at(list, i));
    if (!rc && !r->t->n_industry)
        rc = wu_fail(r->err, WU_EDATA, "synth/industries.json: no industries");
    wu_json_free(j);
    return rc;
}

/* ------------------------------------------------------------------------------- review */

static wu_code read_words(const reading *r, wu_words *out, const wu_table *table, const char *kind,
                          const char *name, const char *suffix) {
    char section[64];
    snprintf(section, sizeof(section), "%s.%s%s", kind, name, suffix);
    const wu_section *s = wu_table_section(table, wu_str_of(section));
    if (!s || !s->n_line)
        return wu_fail(r->err, WU_EDATA, "synth/review.txt: no section %s with words", section);
    wu_str *text = wu_arena_zero(&r->t->arena, (size_t)s->n_line, sizeof(*text));
    if (!text) return out_of_memory(r, "synth/review.txt");
    for (int32_t i = 0; i < s->n_line; i++) {
        if (s->line[i].n > 160)
            return wu_fail(r->err, WU_EDATA, "synth/review.txt:%d: %s has more than 160 bytes",
                           s->at, section);
        const wu_code rc = copy(r, &text[i], s->line[i]);
        if (rc) return rc;
    }
    *out = (wu_words){text, s->n_line};
    return WU_OK;
}

static const char *const item_name[WU_REVIEW_ITEM] = {
#define WU_ITEM_NAME(name) #name,
    WU_REVIEW_ITEMS(WU_ITEM_NAME)
#undef WU_ITEM_NAME
};

/* A cause of satisfaction is named where words for its direction exist. */
static wu_code read_causes(const reading *r, wu_review *v, const wu_table *table) {
    static const struct {
        const char *name;
        bool plus;
    } cause[WU_REVIEW_CSAT] = {{"outcome", true},   {"empathy", true}, {"ownership", true},
                               {"listening", true}, {"wait", false},   {"transfer", false},
                               {"hold", false},     {"repeat", false}, {"severity", true}};
    wu_code rc = read_words(r, &v->partly, table, "csat", "outcome", ".partly");
    for (int i = 0; !rc && i < WU_REVIEW_CSAT; i++) {
        rc = read_words(r, &v->csat[i][0], table, "csat", cause[i].name, ".minus");
        if (!rc && cause[i].plus)
            rc = read_words(r, &v->csat[i][1], table, "csat", cause[i].name, ".plus");
    }
    return rc;
}

static wu_code read_sections(const reading *r, const wu_table *table) {
    static const char *const kind[WU_N_REVIEW_KIND] = {"did",      "missed", "strength",
                                                       "weakness", "coach",  "theme"};
    static const char *const extra[WU_REVIEW_EXTRA] = {"clarity", "efficiency", "de_escalation"};
    static const char *const fail[WU_REVIEW_FAIL] = {"data_disclosed", "insult", "card_number"};
    static const char *const outcome[WU_REVIEW_OUTCOME] = {"resolved", "partly_resolved",
                                                           "escalated", "unresolved", "abandoned"};
    wu_review *v = &r->t->review;
    wu_code rc = WU_OK;
    for (int k = 0; !rc && k < WU_N_REVIEW_KIND; k++)
        for (int i = 0; !rc && i < WU_REVIEW_ITEM; i++)
            rc = read_words(r, &v->item[k][i], table, kind[k], item_name[i], "");
    for (int i = 0; !rc && i < WU_REVIEW_EXTRA; i++) {
        rc = read_words(r, &v->coach[i], table, "coach", extra[i], "");
        if (!rc) rc = read_words(r, &v->theme[i], table, "theme", extra[i], "");
    }
    for (int i = 0; !rc && i < WU_REVIEW_FAIL; i++)
        rc = read_words(r, &v->fail[i], table, "fail", fail[i], "");
    for (int i = 0; !rc && i < WU_REVIEW_OUTCOME; i++)
        rc = read_words(r, &v->outcome[i], table, "outcome", outcome[i], "");
    return rc ? rc : read_causes(r, v, table);
}

static wu_code read_review(const reading *r) {
    wu_table table = {0};
    wu_code rc = wu_table_read(&table, r->dir, "synth/review.txt", r->err);
    if (!rc) rc = read_sections(r, &table);
    wu_table_free(&table);
    return rc;
}

/* -------------------------------------------------------------------------------- whole */

wu_code wu_catalogue_read(wu_catalogue *out, const char *dir, wu_err *err) {
    const reading r = {out, dir, err};
    wu_code rc = read_categories(&r);
    if (!rc) rc = read_industries(&r);
    if (!rc) rc = read_review(&r);
    if (rc) wu_catalogue_free(out);
    return rc;
}

void wu_catalogue_free(wu_catalogue *t) {
    if (!t) return;
    wu_arena_free(&t->arena);
    *t = (wu_catalogue){0};
}

int32_t wu_industry_find(const wu_catalogue *t, wu_str name) {
    for (int32_t i = 0; i < t->n_industry; i++)
        if (wu_str_eq(t->industry[i].name, name)) return i;
    return -1;
}

int32_t wu_topic_find(const wu_catalogue *t, wu_str category, wu_str sub) {
    const int32_t c = find_category(t, category);
    for (int32_t i = 0; c >= 0 && i < t->category[c].n; i++)
        if (wu_str_eq(t->topic[t->category[c].first + i].name, sub))
            return t->category[c].first + i;
    return -1;
}
