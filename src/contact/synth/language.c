/* language.c - the five files of a language (tables.h). */
#include "contact/synth/frames.h"
#include "contact/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const wu_issue_key_name[WU_N_ISSUE_KEY] = {"open", "detail",  "again", "topic",
                                                       "ask",  "reply",   "found", "wrong",
                                                       "fix",  "promise", "refuse"};

const wu_act_row wu_acts[WU_N_ACT] = {
#define WU_ACT_ROW(symbol, name, frequent) [symbol] = {name, frequent},
    WU_ACTS(WU_ACT_ROW)
#undef WU_ACT_ROW
};

typedef struct reading {
    wu_language *l;
    const wu_catalogue *t;
    const char *dir;
    wu_err *err;
} reading;

static wu_code out_of_memory(const reading *r, const char *file) {
    return wu_fail(r->err, WU_ENOMEM, "%s: out of memory", file);
}

enum { FILE_NAME = 64 };

static wu_code open_table(const reading *r, wu_table *table, char file[FILE_NAME],
                          const char *name) {
    snprintf(file, FILE_NAME, "synth/%s/%s.txt", r->l->code, name);
    return wu_table_read(table, r->dir, file, r->err);
}

/* --------------------------------------------------------------------------------- acts */

static wu_code name_subs(const reading *r, const wu_table *table, const char *file) {
    enum { MAX_SUB = 90 * 64 }; /* what two bytes of code can say */
    wu_language *l = r->l;
    int32_t n = 0;
    for (int32_t i = 0; i < table->n_section; i++)
        n += table->section[i].name.n && table->section[i].name.p[0] == '@';
    if (n > MAX_SUB) return wu_fail(r->err, WU_EDATA, "%s: more than %d sections @", file, MAX_SUB);
    l->sub = wu_arena_zero(&l->arena, (size_t)n, sizeof(*l->sub));
    l->sub_name = wu_arena_zero(&l->arena, (size_t)n, sizeof(*l->sub_name));
    if (!l->sub || !l->sub_name) return out_of_memory(r, file);
    for (int32_t i = 0; i < table->n_section; i++) {
        const wu_str name = table->section[i].name;
        if (!name.n || name.p[0] != '@') continue;
        l->sub_name[l->n_sub] = wu_language_copy(l, name);
        if (!l->sub_name[l->n_sub++].p) return out_of_memory(r, file);
    }
    return WU_OK;
}

static int32_t act_of(wu_str name) {
    for (int32_t i = 0; i < WU_N_ACT; i++)
        if (wu_str_eq(name, wu_str_of(wu_acts[i].name))) return i;
    return -1;
}

/* An act that only exists in chats needs no frame for the others. */
static bool is_chat_act(wu_act a) {
    return a == WU_ACT_A_LATE || a == WU_ACT_S_QUEUE || a == WU_ACT_S_JOINED;
}

/* Whoever speaks in whatever mood finds a frame. */
static bool fits_anybody(wu_act a, const wu_frames *f) {
    for (int32_t i = 0; i < f->n; i++) {
        const wu_frame *x = &f->frame[i];
        const bool here = !x->channel || (is_chat_act(a) && (x->channel & WU_CHANNEL_CHAT));
        if (here && !x->style && !x->mood) return true;
    }
    return false;
}

static wu_code read_acts(const reading *r) {
    wu_table table = {0};
    char file[FILE_NAME];
    int32_t sub = 0;
    wu_code rc = open_table(r, &table, file, "acts");
    if (!rc) rc = name_subs(r, &table, file);
    for (int32_t i = 0; !rc && i < table.n_section; i++) {
        const wu_section *s = &table.section[i];
        const wu_frame_at at = {file, s, 0};
        const bool is_sub = s->name.n && s->name.p[0] == '@';
        const int32_t act = is_sub ? 0 : act_of(s->name);
        if (act < 0)
            rc = wu_frame_fail(r->err, &at, "is no dialogue act");
        else if (!s->n_line)
            rc = wu_frame_fail(r->err, &at, "has no phrases");
        else
            rc = wu_frames_compile(is_sub ? &r->l->sub[sub++] : &r->l->act[act], r->l, s, file,
                                   !is_sub, r->err);
    }
    for (int32_t a = 0; !rc && a < WU_N_ACT; a++)
        if (!fits_anybody((wu_act)a, &r->l->act[a]))
            rc = wu_fail(r->err, WU_EDATA,
                         "%s: %s has no phrase without tags, at least one is needed", file,
                         wu_acts[a].name);
    wu_table_free(&table);
    return rc;
}

/* How long a sub-phrase can become, and how deep others lie in it. */
typedef struct extent {
    int32_t bytes, depth; /* bytes -1: being measured; 0: not yet */
} extent;

enum { DEEPEST = 6, LONGEST = 4000, SLOT_BYTES = 40 };

static wu_code measure_sub(const reading *r, extent *known, int32_t i);

static wu_code measure_code(const reading *r, extent *known, wu_str code, extent *out) {
    for (size_t i = 0; i < code.n; i++) {
        out->bytes = WU_MIN(out->bytes + 1, LONGEST + 1);
        if (code.p[i] == WU_CODE_SLOT) {
            out->bytes += SLOT_BYTES;
            i++;
        } else if (code.p[i] == WU_CODE_SUB) {
            const int32_t sub = (code.p[i + 1] - 32) * 64 + code.p[i + 2] - 32;
            const wu_code rc = measure_sub(r, known, sub);
            if (rc) return rc;
            out->bytes += known[sub].bytes;
            out->depth = WU_MAX(out->depth, known[sub].depth + 1);
            i += 2;
        }
    }
    return WU_OK;
}

static wu_code measure_sub(const reading *r, extent *known, int32_t i) {
    const wu_str name = r->l->sub_name[i];
    extent most = {1, 0};
    if (known[i].bytes > 0) return WU_OK;
    if (known[i].bytes < 0)
        return wu_fail(r->err, WU_EDATA, "synth/%s/acts.txt: %.*s contains itself", r->l->code,
                       (int)name.n, name.p);
    known[i].bytes = -1;
    for (int32_t k = 0; k < r->l->sub[i].n; k++) {
        extent e = {1, 0};
        const wu_code rc = measure_code(r, known, r->l->sub[i].frame[k].code, &e);
        if (rc) return rc;
        most.bytes = WU_MAX(most.bytes, e.bytes);
        most.depth = WU_MAX(most.depth, e.depth);
    }
    if (most.bytes > LONGEST || most.depth > DEEPEST)
        return wu_fail(
            r->err, WU_EDATA,
            "synth/%s/acts.txt: %.*s can be longer than %d bytes, or has sub-phrases more "
            "than %d deep",
            r->l->code, (int)name.n, name.p, LONGEST, DEEPEST);
    known[i] = most;
    return WU_OK;
}

static wu_code check_subs(const reading *r) {
    extent *known = calloc((size_t)r->l->n_sub + 1, sizeof(*known));
    wu_code rc = known ? WU_OK : out_of_memory(r, r->l->code);
    for (int32_t i = 0; !rc && i < r->l->n_sub; i++) rc = measure_sub(r, known, i);
    free(known);
    return rc;
}

/* ------------------------------------------------------------------------------- issues */

static int32_t key_of(wu_str key) {
    for (int32_t i = 0; i < WU_N_ISSUE_KEY; i++)
        if (wu_str_eq(key, wu_str_of(wu_issue_key_name[i]))) return i;
    return -1;
}

static wu_code add_industries(const reading *r, wu_issue *issue, wu_str names,
                              const wu_frame_at *at) {
    for (size_t i = 0; i < names.n;) {
        size_t end = i;
        while (end < names.n && names.p[end] != ' ') end++;
        const wu_str name = {names.p + i, end - i};
        const int32_t industry = wu_industry_find(r->t, name);
        if (wu_str_eq(name, WU_STR("*")))
            issue->industries = ~0u;
        else if (industry >= 0)
            issue->industries |= 1u << industry;
        else if (name.n)
            return wu_frame_fail(r->err, at, "%.*s is no industry", (int)name.n, name.p);
        i = end + 1;
    }
    return WU_OK;
}

static wu_code add_issue_text(const reading *r, wu_frame *room[WU_N_ISSUE_KEY], wu_issue *issue,
                              const wu_section *s, const char *file) {
    wu_frame_at at = {file, s, 0};
    for (int32_t i = 0; i < s->n_line; i++) {
        wu_str key, value;
        wu_code rc;
        at.entry = i + 1;
        if (!wu_table_pair(s->line[i], &key, &value))
            return wu_frame_fail(r->err, &at, "is not \"key: text\"");
        if (wu_str_eq(key, WU_STR("industries"))) {
            if ((rc = add_industries(r, issue, value, &at))) return rc;
            continue;
        }
        const int32_t k = key_of(key);
        if (k < 0)
            return wu_frame_fail(r->err, &at, "%.*s is no key of an issue", (int)key.n, key.p);
        if (!room[k] &&
            !(room[k] = wu_arena_zero(&r->l->arena, (size_t)s->n_line, sizeof(wu_frame))))
            return out_of_memory(r, file);
        if ((rc = wu_frame_compile(&room[k][issue->text[k].n++], r->l, value, false, &at, r->err)))
            return rc;
    }
    return WU_OK;
}

static wu_code read_issue(const reading *r, wu_issue *issue, const wu_section *s,
                          const char *file) {
    wu_frame *room[WU_N_ISSUE_KEY] = {NULL};
    const wu_frame_at at = {file, s, 0};
    const char *slash = memchr(s->name.p, '/', s->name.n);
    const size_t n = slash ? (size_t)(slash - s->name.p) : 0;
    issue->topic =
        slash ? wu_topic_find(r->t, (wu_str){s->name.p, n}, (wu_str){slash + 1, s->name.n - n - 1})
              : -1;
    if (issue->topic < 0)
        return wu_frame_fail(r->err, &at, "is no category/issue of synth/taxonomy.json");
    const wu_code rc = add_issue_text(r, room, issue, s, file);
    if (rc) return rc;
    for (int k = 0; k < WU_N_ISSUE_KEY; k++) {
        if (!room[k]) return wu_frame_fail(r->err, &at, "has no %s", wu_issue_key_name[k]);
        issue->text[k].frame = room[k];
    }
    if (issue->text[WU_ISSUE_ASK].n != issue->text[WU_ISSUE_REPLY].n)
        return wu_frame_fail(r->err, &at, "has %d lines ask, but %d lines reply",
                             issue->text[WU_ISSUE_ASK].n, issue->text[WU_ISSUE_REPLY].n);
    if (!issue->industries) return wu_frame_fail(r->err, &at, "has no industries");
    if (r->l->of_topic[issue->topic] >= 0) return wu_frame_fail(r->err, &at, "is there twice");
    r->l->of_topic[issue->topic] = (int32_t)(issue - r->l->issue);
    return WU_OK;
}

static wu_code read_issues(const reading *r) {
    wu_language *l = r->l;
    wu_table table = {0};
    char file[FILE_NAME];
    wu_code rc = open_table(r, &table, file, "issues");
    if (rc) return rc;
    l->issue = wu_arena_zero(&l->arena, (size_t)table.n_section, sizeof(*l->issue));
    l->of_topic = wu_arena_zero(&l->arena, (size_t)r->t->n_topic, sizeof(*l->of_topic));
    if (!l->issue || !l->of_topic) {
        rc = out_of_memory(r, file);
        goto done;
    }
    for (int32_t i = 0; i < r->t->n_topic; i++) l->of_topic[i] = -1;
    for (; !rc && l->n_issue < table.n_section; l->n_issue++)
        rc = read_issue(r, &l->issue[l->n_issue], &table.section[l->n_issue], file);
done:
    wu_table_free(&table);
    return rc;
}

/* --------------------------------------------------------------------------- industries */

typedef struct trade_room { /* while a section is read */
    wu_str *company, *rival;
    wu_frame *product[3], *department, *offer, *say, *account;
} trade_room;

static wu_code trade_alloc(const reading *r, trade_room *room, size_t n, const char *file) {
    wu_arena *a = &r->l->arena;
    wu_frame **frame[] = {&room->product[0], &room->product[1], &room->product[2],
                          &room->department, &room->offer,      &room->say,
                          &room->account};
    room->company = wu_arena_zero(a, n, sizeof(wu_str));
    room->rival = wu_arena_zero(a, n, sizeof(wu_str));
    bool ok = room->company && room->rival;
    for (size_t i = 0; i < WU_LEN(frame); i++)
        ok = (*frame[i] = wu_arena_zero(a, n, sizeof(wu_frame))) && ok;
    return ok ? WU_OK : out_of_memory(r, file);
}

/* Splits "a | b | c" into n parts without white space around them; false: there are not n. */
static bool split(wu_str s, wu_str *part, int n) {
    int have = 0;
    for (size_t i = 0; have < n; i++) {
        size_t end = i;
        while (end < s.n && s.p[end] != '|') end++;
        size_t a = i, b = end;
        while (a < b && s.p[a] == ' ') a++;
        while (b > a && s.p[b - 1] == ' ') b--;
        part[have++] = (wu_str){s.p + a, b - a};
        if (b == a) return false;
        if (end == s.n) return have == n;
        i = end;
    }
    return false;
}

static wu_code add_company(const reading *r, wu_trade *t, trade_room *room, wu_str value,
                           const wu_frame_at *at) {
    wu_str part[2];
    if (!split(value, part, 2))
        return wu_frame_fail(r->err, at, "company is not \"name | name of a rival\"");
    room->company[t->n_company] = wu_language_copy(r->l, part[0]);
    room->rival[t->n_company] = wu_language_copy(r->l, part[1]);
    if (!room->rival[t->n_company].p || !room->company[t->n_company].p)
        return out_of_memory(r, at->file);
    t->n_company++;
    return WU_OK;
}

static wu_code add_product(const reading *r, wu_trade *t, trade_room *room, wu_str value,
                           const wu_frame_at *at) {
    wu_str part[3];
    if (!split(value, part, 3))
        return wu_frame_fail(r->err, at, "product is not \"the ... | my ... | your ...\"");
    for (int i = 0; i < 3; i++) {
        const wu_code rc = wu_frame_compile(&room->product[i][t->product[i].n++], r->l, part[i],
                                            false, at, r->err);
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_code add_trade_line(const reading *r, wu_trade *t, trade_room *room, wu_str key,
                              wu_str value, const wu_frame_at *at) {
    if (wu_str_eq(key, WU_STR("company"))) return add_company(r, t, room, value, at);
    if (wu_str_eq(key, WU_STR("product"))) return add_product(r, t, room, value, at);
    if (wu_str_eq(key, WU_STR("format"))) {
        if (value.n > WU_NAME_MAX)
            return wu_frame_fail(r->err, at, "has more than %d bytes", WU_NAME_MAX);
        t->format = wu_language_copy(r->l, value);
        return t->format.p ? WU_OK : out_of_memory(r, at->file);
    }
    const struct {
        const char *key;
        wu_frames *to;
        wu_frame *room;
    } list[] = {{"department", &t->department, room->department},
                {"offer", &t->offer, room->offer},
                {"say", &t->say, room->say},
                {"account", &t->account, room->account}};
    for (size_t i = 0; i < WU_LEN(list); i++)
        if (wu_str_eq(key, wu_str_of(list[i].key)))
            return wu_frame_compile(&list[i].room[list[i].to->n++], r->l, value, false, at, r->err);
    return wu_frame_fail(r->err, at, "%.*s is no key of an industry", (int)key.n, key.p);
}

static wu_code read_trade(const reading *r, const wu_section *s, const char *file) {
    wu_frame_at at = {file, s, 0};
    trade_room room = {0};
    const int32_t industry = wu_industry_find(r->t, s->name);
    if (industry < 0) return wu_frame_fail(r->err, &at, "is no industry of synth/industries.json");
    wu_trade *t = &r->l->trade[industry];
    wu_code rc = trade_alloc(r, &room, (size_t)s->n_line, file);
    for (int32_t i = 0; !rc && i < s->n_line; i++) {
        wu_str key, value;
        at.entry = i + 1;
        if (!wu_table_pair(s->line[i], &key, &value))
            rc = wu_frame_fail(r->err, &at, "is not \"key: text\"");
        else
            rc = add_trade_line(r, t, &room, key, value, &at);
    }
    if (rc) return rc;
    at.entry = 0;
    if (!t->n_company || !t->product[0].n || !t->department.n || !t->offer.n || !t->say.n ||
        !t->account.n || !t->format.n)
        return wu_frame_fail(r->err, &at,
                             "needs company, product, department, offer, say, account and format");
    t->company = room.company;
    t->rival = room.rival;
    for (int i = 0; i < 3; i++) t->product[i].frame = room.product[i];
    t->department.frame = room.department;
    t->offer.frame = room.offer;
    t->say.frame = room.say;
    t->account.frame = room.account;
    return WU_OK;
}

/* Which issues occur in an industry, and how often. */
static wu_code weigh_issues(const reading *r, int32_t industry) {
    wu_language *l = r->l;
    wu_trade *t = &l->trade[industry];
    int32_t sum = 0;
    t->issue = wu_arena_zero(&l->arena, (size_t)l->n_issue, sizeof(*t->issue));
    t->upto = wu_arena_zero(&l->arena, (size_t)l->n_issue, sizeof(*t->upto));
    if (!t->issue || !t->upto) return out_of_memory(r, l->code);
    /* The weight of a category is shared by those of its issues that the language has here. */
    for (int32_t c = 0; c < r->t->n_category; c++) {
        const int32_t weight = r->t->industry[industry].category[c];
        int32_t all = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (int32_t i = 0; i < l->n_issue && weight; i++) {
                const wu_topic *topic = &r->t->topic[l->issue[i].topic];
                if (topic->category != c || !((l->issue[i].industries >> industry) & 1u)) continue;
                if (pass == 0) {
                    all += topic->weight;
                    continue;
                }
                sum += WU_MAX(1, weight * topic->weight * 100 / all);
                t->issue[t->n_issue] = i;
                t->upto[t->n_issue++] = sum;
            }
        }
    }
    if (!t->n_issue)
        return wu_fail(r->err, WU_EDATA, "synth/%s/issues.txt: nothing occurs in %.*s", l->code,
                       (int)r->t->industry[industry].name.n, r->t->industry[industry].name.p);
    return WU_OK;
}

static wu_code read_trades(const reading *r) {
    wu_table table = {0};
    char file[FILE_NAME];
    wu_code rc = open_table(r, &table, file, "industries");
    for (int32_t i = 0; !rc && i < table.n_section; i++)
        rc = read_trade(r, &table.section[i], file);
    for (int32_t i = 0; !rc && i < r->t->n_industry; i++)
        if (r->l->trade[i].n_company) rc = weigh_issues(r, i);
    if (!rc && !table.n_section) rc = wu_fail(r->err, WU_EDATA, "%s: no industries", file);
    wu_table_free(&table);
    return rc;
}

/* -------------------------------------------------------------------------------- names */

static wu_code copy_list(const reading *r, wu_list *out, const wu_table *table, const char *file,
                         const char *name, int32_t least) {
    const wu_section *s = wu_table_section(table, wu_str_of(name));
    if (!s || s->n_line < least)
        return wu_fail(r->err, WU_EDATA, "%s: %s has %d lines, needs %d", file, name,
                       s ? s->n_line : 0, least);
    wu_str *line = wu_arena_zero(&r->l->arena, (size_t)s->n_line, sizeof(*line));
    if (!line) return out_of_memory(r, file);
    wu_frame_at at = {file, s, 0};
    for (int32_t i = 0; i < s->n_line; i++) {
        at.entry = i + 1;
        if (s->line[i].n > WU_NAME_MAX)
            return wu_frame_fail(r->err, &at, "has more than %d bytes", WU_NAME_MAX);
        line[i] = wu_language_copy(r->l, s->line[i]);
        if (!line[i].p) return out_of_memory(r, file);
    }
    *out = (wu_list){line, s->n_line};
    return WU_OK;
}

/* Whether s has each of the letters of %s, %d in it as often as in want. */
static bool is_pattern(wu_str s, int n_s, int n_d) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') continue;
        if (i + 1 == s.n) return false;
        i++;
        if (s.p[i] == 's')
            n_s--;
        else if (s.p[i] == 'd')
            n_d--;
        else
            return false;
    }
    return n_s == 0 && n_d == 0;
}

static wu_code copy_pattern(const reading *r, wu_str *out, wu_str value, int n_s, int n_d,
                            const wu_frame_at *at) {
    if (!is_pattern(value, n_s, n_d))
        return wu_frame_fail(r->err, at, "has not %d times %%s and %d times %%d", n_s, n_d);
    if (value.n > WU_NAME_MAX)
        return wu_frame_fail(r->err, at, "has more than %d bytes", WU_NAME_MAX);
    *out = wu_language_copy(r->l, value);
    return out->p ? WU_OK : out_of_memory(r, at->file);
}

static wu_code read_format_line(const reading *r, wu_names *n, wu_str key, wu_str value,
                                const wu_frame_at *at) {
    if (wu_str_eq(key, WU_STR("money"))) return copy_pattern(r, &n->money, value, 1, 0, at);
    if (wu_str_eq(key, WU_STR("date"))) return copy_pattern(r, &n->date, value, 1, 1, at);
    if (wu_str_eq(key, WU_STR("percent"))) return copy_pattern(r, &n->percent, value, 1, 0, at);
    if (wu_str_eq(key, WU_STR("hours"))) return copy_pattern(r, &n->hours, value, 2, 0, at);
    if (wu_str_eq(key, WU_STR("phone"))) return copy_pattern(r, &n->phone, value, 0, 0, at);
    if (wu_str_eq(key, WU_STR("decimal")) && value.n == 1) {
        n->decimal = value.p[0];
        return WU_OK;
    }
    const bool is12 = wu_str_eq(value, WU_STR("12")), is24 = wu_str_eq(value, WU_STR("24"));
    if (wu_str_eq(key, WU_STR("time")) && (is12 || is24)) {
        n->clock12 = is12;
        return WU_OK;
    }
    return wu_frame_fail(r->err, at, "%.*s is no key of a format, or its value is wrong",
                         (int)key.n, key.p);
}

static wu_code read_format(const reading *r, const wu_table *table, const char *file) {
    wu_names *n = &r->l->names;
    const wu_section *s = wu_table_section(table, WU_STR("format"));
    if (!s) return wu_fail(r->err, WU_EDATA, "%s: no section format", file);
    wu_frame_at at = {file, s, 0};
    for (int32_t i = 0; i < s->n_line; i++) {
        wu_str line = s->line[i], key, value;
        at.entry = i + 1;
        for (size_t k = 0; k + 1 < line.n; k++) /* a remark behind it */
            if (line.p[k] == ' ' && line.p[k + 1] == '#' && k + 2 < line.n && line.p[k + 2] == ' ')
                line.n = k;
        while (line.n && line.p[line.n - 1] == ' ') line.n--;
        if (!wu_table_pair(line, &key, &value))
            return wu_frame_fail(r->err, &at, "is not \"key: pattern\"");
        const wu_code rc = read_format_line(r, n, key, value, &at);
        if (rc) return rc;
    }
    at.entry = 0;
    if (!n->money.n || !n->date.n || !n->percent.n || !n->phone.n || !n->hours.n || !n->decimal)
        return wu_frame_fail(r->err, &at,
                             "needs money, decimal, date, time, percent, phone, hours");
    return WU_OK;
}

static wu_code read_names(const reading *r) {
    wu_names *n = &r->l->names;
    const struct {
        const char *name;
        wu_list *to;
        int32_t least;
    } list[] = {
        {"agent", &n->agent, 4},  {"first", &n->first, 4},          {"last", &n->last, 4},
        {"place", &n->place, 4},  {"street", &n->street, 4},        {"weekday", &n->weekday, 7},
        {"month", &n->month, 12}, {"number", &n->number, 21},       {"count", &n->count, 5},
        {"hour", &n->hour, 3},    {"email_host", &n->email_host, 1}};
    wu_table table = {0};
    char file[FILE_NAME];
    wu_code rc = open_table(r, &table, file, "names");
    for (size_t i = 0; !rc && i < WU_LEN(list); i++)
        rc = copy_list(r, list[i].to, &table, file, list[i].name, list[i].least);
    if (!rc) rc = read_format(r, &table, file);
    wu_table_free(&table);
    return rc;
}

/* -------------------------------------------------------------------------------- noise */

static size_t first_word(wu_str s) {
    size_t n = 0;
    while (n < s.n && s.p[n] != ' ') n++;
    return n;
}

/* By the first word, then by bytes; what is replaced comes with what replaces it. */
static int before(const void *a, const void *b) {
    const wu_str *x = a, *y = b;
    const size_t nx = first_word(*x), ny = first_word(*y);
    int c = memcmp(x->p, y->p, WU_MIN(nx, ny));
    if (c == 0) c = (nx > ny) - (nx < ny);
    if (c == 0) c = memcmp(x->p, y->p, WU_MIN(x->n, y->n));
    if (c == 0) c = (x->n > y->n) - (x->n < y->n);
    if (c == 0) { /* the same replaced word: by what replaces it */
        c = memcmp(x[1].p, y[1].p, WU_MIN(x[1].n, y[1].n));
        if (c == 0) c = (x[1].n > y[1].n) - (x[1].n < y[1].n);
    }
    return c;
}

/* Lines "instead | meant"; what is meant is searched for, so that is what they are sorted by. */
static wu_code copy_pairs(const reading *r, wu_pairs *out, const wu_table *table, const char *file,
                          const char *name) {
    const wu_section *s = wu_table_section(table, wu_str_of(name));
    if (!s || !s->n_line) return wu_fail(r->err, WU_EDATA, "%s: no section %s", file, name);
    const size_t n = (size_t)s->n_line;
    wu_str(*pair)[2] = wu_arena_zero(&r->l->arena, n, sizeof(*pair));
    wu_str *from = wu_arena_zero(&r->l->arena, n, sizeof(*from));
    wu_str *to = wu_arena_zero(&r->l->arena, n, sizeof(*to));
    if (!pair || !from || !to) return out_of_memory(r, file);
    for (size_t i = 0; i < n; i++) {
        const wu_frame_at at = {file, s, (int32_t)i + 1};
        wu_str part[2];
        if (!split(s->line[i], part, 2))
            return wu_frame_fail(r->err, &at, "is not \"instead | meant\"");
        pair[i][0] = wu_language_copy(r->l, part[1]);
        pair[i][1] = wu_language_copy(r->l, part[0]);
        if (!pair[i][0].p || !pair[i][1].p) return out_of_memory(r, file);
    }
    qsort(pair, n, sizeof(*pair), before); /* a total order: equal ones are the same */
    for (size_t i = 0; i < n; i++) {
        from[i] = pair[i][0];
        to[i] = pair[i][1];
    }
    *out = (wu_pairs){from, to, s->n_line};
    return WU_OK;
}

static wu_code read_noise(const reading *r) {
    wu_noise *n = &r->l->noise;
    wu_table table = {0};
    char file[FILE_NAME];
    wu_code rc = open_table(r, &table, file, "noise");
    if (!rc) rc = copy_list(r, &n->filler, &table, file, "filler", 1);
    if (!rc) rc = copy_list(r, &n->overlap, &table, file, "overlap", 1);
    if (!rc) rc = copy_pairs(r, &n->asr, &table, file, "asr");
    if (!rc) rc = copy_pairs(r, &n->typo, &table, file, "typo");
    if (!rc) rc = copy_pairs(r, &n->slang, &table, file, "slang");
    wu_table_free(&table);
    return rc;
}

/* -------------------------------------------------------------------------------- zones */

static wu_code read_zone(const reading *r, wu_zone *z, wu_str line, const wu_frame_at *at) {
    wu_str part[3];
    if (!split(line, part, 3)) return wu_frame_fail(r->err, at, "is not \"name | minutes | rule\"");
    const bool behind = part[1].p[0] == '-';
    int32_t minutes = 0;
    for (size_t i = behind; i < part[1].n; i++) {
        if (part[1].p[i] < '0' || part[1].p[i] > '9' || minutes > 900)
            return wu_frame_fail(r->err, at, "minutes are not -900 to 900");
        minutes = 10 * minutes + part[1].p[i] - '0';
    }
    z->minutes = behind ? -minutes : minutes;
    z->rule = wu_str_eq(part[2], WU_STR("us")) ? 1 : wu_str_eq(part[2], WU_STR("eu")) ? 2 : 0;
    if (!z->rule && !wu_str_eq(part[2], WU_STR("none")))
        return wu_frame_fail(r->err, at, "the rule is not us, eu or none");
    z->name = wu_language_copy(r->l, part[0]);
    return z->name.p ? WU_OK : out_of_memory(r, at->file);
}

static wu_code read_zones(const reading *r) {
    wu_language *l = r->l;
    wu_table table = {0};
    static const char file[] = "synth/zones.txt";
    wu_code rc = wu_table_read(&table, r->dir, file, r->err);
    const wu_section *s = rc ? NULL : wu_table_section(&table, wu_str_of(l->code));
    const int32_t n = s ? s->n_line : 0;
    if (!rc && !(l->zone = wu_arena_zero(&l->arena, (size_t)n + 1, sizeof(*l->zone))))
        rc = out_of_memory(r, file);
    for (; !rc && s && l->n_zone < n; l->n_zone++) {
        const wu_frame_at at = {file, s, l->n_zone + 1};
        rc = read_zone(r, &l->zone[l->n_zone], s->line[l->n_zone], &at);
    }
    if (!rc && n == 0) l->zone[l->n_zone++] = (wu_zone){WU_STR("UTC"), 0, 0};
    wu_table_free(&table);
    return rc;
}

/* -------------------------------------------------------------------------------- whole */

/* "there is no language xx: want de, en, es or fr". */
static wu_code no_language(const reading *r, const char *code) {
    wu_buf list = {0};
    const char *name;
    wu_code rc = WU_OK;
    for (int i = 0; !rc && (name = wu_table_name("synth/", i)); i++) {
        const char *from = strchr(name, '/') + 1, *end = strchr(from, '/');
        if (end && strcmp(end, "/acts.txt") == 0)
            rc = wu_buf_fmt(&list, "%s%.*s", list.n ? ", " : "", (int)(end - from), from);
    }
    rc =
        rc ? wu_fail(r->err, rc, "tables: out of memory")
           : wu_fail(r->err, WU_EARG,
                     "there is no language \"%s\": built in are %s; --tables DIR can have more, in "
                     "DIR/synth/%s",
                     code, list.p ? list.p : "none", code);
    wu_buf_free(&list);
    return rc;
}

wu_code wu_language_read(wu_language *out, const wu_catalogue *t, const char *dir, const char *code,
                         wu_err *err) {
    const reading r = {out, t, dir, err};
    if (!*code || strlen(code) >= sizeof(out->code) ||
        strspn(code, "abcdefghijklmnopqrstuvwxyz-") != strlen(code))
        return wu_fail(err, WU_EARG, "%s: is not the code of a language", code);
    snprintf(out->code, sizeof(out->code), "%s", code);
    wu_code rc = read_acts(&r);
    if (rc == WU_EARG) rc = no_language(&r, code);
    if (!rc) rc = check_subs(&r);
    if (!rc) rc = read_issues(&r);
    if (!rc) rc = read_trades(&r);
    if (!rc) rc = read_names(&r);
    if (!rc) rc = read_noise(&r);
    if (!rc) rc = read_zones(&r);
    if (!rc) rc = wu_language_read_variants(out, dir, err);
    if (rc) wu_language_free(out);
    return rc;
}

void wu_language_free(wu_language *l) {
    if (!l) return;
    wu_arena_free(&l->arena);
    *l = (wu_language){0};
}
