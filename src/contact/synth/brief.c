/* brief.c - from the plan of a simulated contact to what a language model is told (brief.h). */
#include "contact/synth/brief.h"

#include "base/hash.h"
#include "contact/synth/brief_impl.h"
#include "contact/synth/speak.h"
#include "contact/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file[] = "synth/brief.txt";
static const char *const mood_name[3] = {"angry", "neutral", "happy"};

struct wu_briefs {
    wu_table table;
    wu_buf system;
    wu_languages *languages;
    wu_str act[WU_N_ACT], issue[WU_N_ISSUE_KEY], channel[WU_N_CHANNEL], manner[4], mood[3];
    wu_str typist, pause, say;
};

/* -------------------------------------------------------------------------------- table */

/* The wu_slot of a name, or -1. */
static int slot_of(wu_str name) {
    static const char *const slot[WU_N_SLOT] = {
#define WU_SLOT_NAME(symbol, name) name,
        WU_SLOTS(WU_SLOT_NAME)
#undef WU_SLOT_NAME
    };
    for (int i = 0; i < WU_N_SLOT; i++)
        if (wu_str_eq(name, wu_str_of(slot[i]))) return i;
    return -1;
}

/* The first {name} of a line from byte i; *end is behind it. False: there is none. */
static bool next_slot(wu_str line, size_t i, wu_str *name, size_t *end) {
    const char *open = i < line.n ? memchr(line.p + i, '{', line.n - i) : NULL;
    const char *close = open ? memchr(open, '}', (size_t)(line.p + line.n - open)) : NULL;
    if (!close) return false;
    *name = (wu_str){open + 1, (size_t)(close - open) - 1};
    *end = (size_t)(close - line.p) + 1;
    return true;
}

static bool is_hint(wu_str name) {
    return wu_str_eq(name, WU_STR("text")) || wu_str_eq(name, WU_STR("say"));
}

static wu_code want(const wu_briefs *b, wu_str *out, const char *kind, const char *name,
                    wu_err *err) {
    char section[80];
    snprintf(section, sizeof(section), "%s%s", kind, name);
    const wu_section *s = wu_table_section(&b->table, wu_str_of(section));
    if (!s || s->n_line != 1)
        return wu_fail(err, WU_EDATA, "%s: %s has %d lines, want one", file, section,
                       s ? s->n_line : 0);
    if (s->line[0].n > 400)
        return wu_fail(err, WU_EDATA, "%s:%d: %s has more than 400 bytes", file, s->at, section);
    *out = s->line[0];
    wu_str slot;
    for (size_t i = 0; next_slot(*out, i, &slot, &i);)
        if (slot_of(slot) < 0 && !is_hint(slot))
            return wu_fail(err, WU_EDATA, "%s:%d: %s has the unknown slot {%.*s}", file, s->at,
                           section, (int)slot.n, slot.p);
    return WU_OK;
}

static wu_code read_system(wu_briefs *b, wu_err *err) {
    const wu_section *s = wu_table_section(&b->table, WU_STR("system"));
    wu_code rc = WU_OK;
    if (!s || !s->n_line) return wu_fail(err, WU_EDATA, "%s: no section system with words", file);
    for (int32_t i = 0; !rc && i < s->n_line; i++) {
        rc = wu_buf_add(&b->system, s->line[i].p, s->line[i].n);
        if (!rc) rc = wu_buf_char(&b->system, '\n');
    }
    return rc ? wu_fail(err, rc, "%s: out of memory", file) : WU_OK;
}

static wu_code read_all(wu_briefs *b, const char *tables, wu_err *err) {
    wu_code rc = wu_table_read(&b->table, tables, file, err);
    if (!rc) rc = wu_languages_read(&b->languages, err);
    if (!rc) rc = read_system(b, err);
    for (int i = 0; !rc && i < WU_N_ACT; i++) rc = want(b, &b->act[i], "", wu_acts[i].name, err);
    for (int i = 0; !rc && i < WU_N_ISSUE_KEY; i++)
        rc = want(b, &b->issue[i], "issue.", wu_issue_key_name[i], err);
    for (int i = 0; !rc && i < WU_N_CHANNEL; i++)
        rc = want(b, &b->channel[i], "channel.", wu_channel_name[i], err);
    for (int i = 0; !rc && i < 4; i++)
        rc = want(b, &b->manner[i], "manner.", wu_style_name[i], err);
    for (int i = 0; !rc && i < 3; i++) rc = want(b, &b->mood[i], "mood.", mood_name[i], err);
    if (!rc) rc = want(b, &b->typist, "typist", "", err);
    if (!rc) rc = want(b, &b->pause, "pause", "", err);
    return rc ? rc : want(b, &b->say, "say", "", err);
}

wu_code wu_briefs_read(wu_briefs **out, const char *tables, wu_err *err) {
    wu_briefs *b = calloc(1, sizeof(*b));
    *out = NULL;
    if (!b) return wu_fail(err, WU_ENOMEM, "%s: out of memory", file);
    const wu_code rc = read_all(b, tables, err);
    if (rc)
        wu_briefs_free(b);
    else
        *out = b;
    return rc;
}

void wu_briefs_free(wu_briefs *b) {
    if (!b) return;
    wu_table_free(&b->table);
    wu_buf_free(&b->system);
    wu_languages_free(b->languages);
    free(b);
}

wu_str wu_briefs_system(const wu_briefs *b) { return wu_buf_view(&b->system); }

const wu_languages *wu_briefs_languages(const wu_briefs *b) { return b->languages; }

/* ------------------------------------------------------------------------------- writing */

typedef struct writer {
    wu_brief *out;
    const wu_briefs *b;
    const wu_synth *s;
    const wu_language *language;
    const wu_trade *trade;
    wu_values values;
    wu_rng words;
    wu_buf hint; /* the words of a step of the issue */
    wu_code rc;  /* the first failure; later steps do nothing */
} writer;

static void add(writer *w, wu_str s) {
    if (!w->rc) w->rc = wu_buf_add(&w->out->prompt, s.p, s.n);
}

static void add_text(writer *w, const char *s) { add(w, wu_str_of(s)); }

static void speak_hint(writer *w, const wu_issue *issue, const wu_frame *f, uint32_t how) {
    wu_buf_clear(&w->hint);
    if (!w->rc)
        w->rc = wu_frame_speak(&w->hint, w->language, &w->values, issue, how, f->code, &w->words);
}

/* Writes a line of the table with its slots filled; {text} and {say} are the hint, {n} is a number
 * where one is given. */
static void fill(writer *w, wu_str line, const wu_step *step, int32_t n) {
    const wu_issue *issue = step ? &w->language->issue[step->issue] : NULL;
    size_t i = 0, end;
    wu_str name;
    char number[16];
    snprintf(number, sizeof(number), "%d", n);
    for (; !w->rc && next_slot(line, i, &name, &end); i = end) {
        const bool topic = wu_str_eq(name, WU_STR("topic"));
        add(w, (wu_str){line.p + i, (size_t)(name.p - line.p) - 1 - i});
        if (issue && (topic || wu_str_eq(name, WU_STR("again")))) {
            const wu_frames *f = &issue->text[topic ? WU_ISSUE_TOPIC : WU_ISSUE_AGAIN];
            speak_hint(w, issue, &f->frame[wu_between(&w->words, 0, f->n - 1)], WU_SPEAK_INSIDE);
            add(w, wu_buf_view(&w->hint));
        } else if (is_hint(name)) {
            add(w, wu_buf_view(&w->hint));
        } else {
            add(w, n >= 0 ? wu_str_of(number) : w->values.slot[slot_of(name)]);
        }
    }
    add(w, (wu_str){line.p + i, line.n - i});
}

/* ---------------------------------------------------------------------------------- head */

static void fact(writer *w, const char *name, wu_str value) {
    if (!value.n) return;
    add_text(w, "- ");
    add_text(w, name);
    add_text(w, ": ");
    add(w, value);
    add_text(w, "\n");
}

static void write_language(writer *w) {
    char section[40];
    snprintf(section, sizeof(section), "language.%s", w->out->language);
    const wu_section *s = wu_table_section(&w->b->table, wu_str_of(section));
    add_text(w, "Language: ");
    if (s && s->n_line) {
        add(w, s->line[0]);
        add_text(w, " (");
    }
    add_text(w, w->out->language);
    add_text(w, s && s->n_line ? ")\n" : "\n");
}

static void write_people(writer *w) {
    const wu_latent *l = &w->out->latent;
    const wu_str *slot = w->values.slot;
    add_text(w, "Agent: ");
    add(w, slot[WU_SLOT_AGENT]);
    add_text(w, ", ");
    add(w, w->b->manner[l->agent_style]);
    if (l->transfers) {
        add_text(w, "\nOther agent, after the transfer: ");
        add(w, slot[WU_SLOT_AGENT2]);
    }
    add_text(w, "\nCustomer: ");
    add(w, slot[WU_SLOT_NAME]);
    add_text(w, ", ");
    add(w, w->b->manner[l->customer_style]);
    if (l->typist && l->channel != WU_VOICE) {
        add_text(w, ", ");
        add(w, w->b->typist);
    }
    add_text(w, "\n");
}

static void write_head(writer *w) {
    const wu_latent *l = &w->out->latent;
    const wu_str *slot = w->values.slot;
    write_language(w);
    add_text(w, "Channel: ");
    add(w, w->b->channel[l->channel]);
    add_text(w, "\n");
    write_people(w);
    add_text(w, "\nFacts:\n");
    fact(w, "company", slot[WU_SLOT_COMPANY]);
    fact(w, "trade", w->s->catalogue.industry[l->industry].name);
    fact(w, "product", slot[WU_SLOT_THE_PRODUCT]);
    fact(w, "identifies the customer", slot[WU_SLOT_ACCOUNT]);
    fact(w, "its value", slot[WU_SLOT_ACCOUNT_VALUE]);
    fact(w, "amount", slot[WU_SLOT_AMOUNT]);
    fact(w, "date", slot[WU_SLOT_DATE]);
    fact(w, "reference", slot[WU_SLOT_REF]);
    fact(w, "town of the customer", slot[WU_SLOT_PLACE]);
    add_text(w, "\nPlan:\n");
}

/* ---------------------------------------------------------------------------------- plan */

static void open_line(writer *w, const wu_step *step) {
    static const char *const name[] = {"Agent", "Other agent", "Customer", "Bot", "System"};
    wu_brief *o = w->out;
    char number[16];
    o->by[o->n_line] = (uint8_t)step->by;
    o->pause_s[o->n_line] = step->pause_s;
    o->n_line++;
    snprintf(number, sizeof(number), "%d. ", o->n_line);
    add_text(w, o->n_line > 1 ? "\n" : "");
    add_text(w, number);
    add_text(w, name[step->by]);
    if (step->by == WU_BY_CUSTOMER) {
        const int mood = step->mood < -0.55 ? 0 : step->mood > 0.3 ? 2 : 1;
        add_text(w, " (");
        add(w, w->b->mood[mood]);
        add_text(w, ")");
    }
    add_text(w, ": ");
    if (step->pause_s > 0) {
        fill(w, w->b->pause, NULL, step->pause_s);
        add_text(w, ": ");
    }
}

static void write_act(writer *w, const wu_step *step) {
    const bool rival = step->what == (int32_t)WU_ACT_C_COMPETITOR ||
                       step->what == (int32_t)WU_ACT_C_COMPETITOR_PRAISE;
    if (rival) {
        const wu_str name = w->values.slot[WU_SLOT_RIVAL];
        snprintf(w->out->rival, sizeof(w->out->rival), "%.*s", (int)name.n, name.p);
    }
    fill(w, w->b->act[step->what], step, -1);
}

static void write_step(writer *w, const wu_step *step) {
    const wu_issue *issue = &w->language->issue[step->issue];
    if (step->kind == WU_STEP_ACT) {
        write_act(w, step);
        return;
    }
    const wu_frames *f = step->kind == WU_STEP_SAY ? &w->trade->say : &issue->text[step->what];
    const int32_t i = step->nth >= 0 ? step->nth % f->n : wu_between(&w->words, 0, f->n - 1);
    speak_hint(w, issue, &f->frame[i], 0);
    fill(w, step->kind == WU_STEP_SAY ? w->b->say : w->b->issue[step->what], step, -1);
}

static void write_plan(writer *w, const wu_plan *plan) {
    wu_brief *o = w->out;
    for (int32_t i = 0; !w->rc && i < plan->n; i++) {
        const wu_step *step = &plan->step[i];
        const bool same = o->n_line > 0 && o->by[o->n_line - 1] == (uint8_t)step->by;
        if (same && !step->fresh && step->pause_s <= 0)
            add_text(w, "; ");
        else
            open_line(w, step);
        write_step(w, step);
        if (step->item >= 0 && o->item_line[step->item] < 0)
            o->item_line[step->item] = o->n_line - 1;
    }
    add_text(w, "\n");
}

static wu_code make_hash(wu_brief *o, wu_str system) {
    wu_buf all = {0};
    wu_code rc = wu_buf_add(&all, system.p, system.n);
    if (!rc) rc = wu_buf_add(&all, o->prompt.p, o->prompt.n);
    if (!rc) {
        const wu_hash h = wu_hash_bytes(all.p, all.n);
        snprintf(o->hash, sizeof(o->hash), "%016llx%016llx", (unsigned long long)h.hi,
                 (unsigned long long)h.lo);
    }
    wu_buf_free(&all);
    return rc;
}

static wu_code write_brief(writer *w, wu_plan *plan) {
    wu_brief *o = w->out;
    wu_rng planned = wu_synth_rng(w->s, o->drawn_with, WU_STREAM_PLAN),
           slots = wu_synth_rng(w->s, o->drawn_with, WU_STREAM_SLOT);
    w->words = wu_synth_rng(w->s, o->drawn_with, WU_STREAM_WORDS);
    wu_plan_make(plan, w->s, &o->latent, &planned);
    w->rc = wu_values_draw(&w->values, w->s, &o->latent, &slots);
    if (!w->rc) write_head(w);
    if (!w->rc) write_plan(w, plan);
    /* A line may become several turns, and some lines one. */
    o->least_turns = WU_MAX(WU_MIN(o->n_line, 4), o->n_line / 3);
    o->most_turns = WU_MAX(120, 2 * o->n_line);
    return w->rc ? w->rc : make_hash(o, wu_briefs_system(w->b));
}

wu_code wu_brief_make(wu_brief *out, const wu_briefs *b, const wu_synth *s, uint64_t index,
                      wu_err *err) {
    /* Large, and only needed here. */
    struct {
        writer w;
        wu_plan plan;
    } *work = calloc(1, sizeof(*work));
    wu_buf prompt = out->prompt;
    wu_buf_clear(&prompt);
    *out = (wu_brief){.of = b, .index = index, .prompt = prompt};
    for (int i = 0; i < WU_N_ITEM; i++) out->item_line[i] = -1;
    if (!work)
        return wu_fail(err, WU_ENOMEM, "call %llu: out of memory", (unsigned long long)index);
    out->drawn_with = wu_synth_draw(s, index, &out->latent);
    const wu_language *l = &s->language[out->latent.language];
    snprintf(out->language, sizeof(out->language), "%s", l->code);
    work->w.out = out;
    work->w.b = b;
    work->w.s = s;
    work->w.language = l;
    work->w.trade = &l->trade[out->latent.industry];
    const wu_code rc = write_brief(&work->w, &work->plan);
    wu_buf_free(&work->w.hint);
    free(work);
    return rc ? wu_fail(err, rc, "call %llu: out of memory", (unsigned long long)index) : WU_OK;
}

void wu_brief_free(wu_brief *b) {
    if (!b) return;
    wu_buf_free(&b->prompt);
    *b = (wu_brief){0};
}
