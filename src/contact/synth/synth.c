/* synth.c - the simulator opened, and one simulated call (synth.h). */
#include "contact/synth/synth.h"

#include "contact/synth/speak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------- languages */

/* The next of "a,b=3" from *at; false at the end or when it is wrong (*at stays then). */
static bool next_name(const char *list, size_t *at, wu_str *name, int32_t *weight) {
    const char *p = list + *at;
    const size_t n = strcspn(p, ",");
    const size_t name_n = strcspn(p, ",=");
    if (!n) return false;
    *name = (wu_str){p, name_n};
    *weight = 1;
    if (name_n < n) {
        char *end;
        const long v = strtol(p + name_n + 1, &end, 10);
        if (end != p + n || v < 1 || v > 1000 || p[name_n + 1] < '0' || p[name_n + 1] > '9')
            return false;
        *weight = (int32_t)v;
    }
    *at += n + (p[n] == ',');
    return true;
}

static wu_code open_languages(wu_synth *s, const wu_synth_options *o, wu_err *err) {
    const char *list = o->languages ? o->languages : "en";
    size_t at = 0;
    while (list[at]) {
        wu_str name;
        int32_t weight;
        char code[16];
        if (!next_name(list, &at, &name, &weight) || name.n >= sizeof(code) || !name.n)
            return wu_fail(
                err, WU_EARG,
                "language is \"%s\", want codes with commas and whole weights: en=70,es=10", list);
        if (s->n_language == WU_MAX_LANGUAGE)
            return wu_fail(err, WU_EARG, "language has more than %d languages", WU_MAX_LANGUAGE);
        memcpy(code, name.p, name.n);
        code[name.n] = 0;
        for (int32_t i = 0; i < s->n_language; i++)
            if (strcmp(s->language[i].code, code) == 0)
                return wu_fail(err, WU_EARG, "language has %s twice", code);
        const wu_code rc =
            wu_language_read(&s->language[s->n_language], &s->catalogue, o->tables, code, err);
        if (rc) return rc;
        s->weight[s->n_language++] = weight;
        s->weight_sum += weight;
    }
    return s->n_language ? WU_OK : wu_fail(err, WU_EARG, "language is empty");
}

/* --------------------------------------------------------------------------- industries */

/* Which industries were asked for. */
static wu_code wanted(const wu_synth *s, const wu_synth_options *o, bool *want, wu_err *err) {
    const wu_catalogue *t = &s->catalogue;
    for (int32_t i = 0; i < t->n_industry; i++)
        want[i] = !o->industries && t->industry[i].held_out == o->held_out;
    for (size_t at = 0; o->industries && o->industries[at];) {
        const size_t n = strcspn(o->industries + at, ",");
        const wu_str name = {o->industries + at, n};
        const int32_t i = wu_industry_find(t, name);
        if (i < 0) return wu_fail(err, WU_EARG, "%.*s is no industry", (int)WU_MIN(n, 60), name.p);
        if (t->industry[i].held_out && !o->held_out)
            return wu_fail(err, WU_EARG,
                           "%.*s is held out: it is made only with --held-out, for testing", (int)n,
                           name.p);
        if (!t->industry[i].held_out && o->held_out)
            return wu_fail(err, WU_EARG, "%.*s is not held out", (int)n, name.p);
        want[i] = true;
        at += n + (o->industries[at + n] == ',');
    }
    return WU_OK;
}

static wu_code open_industries(wu_synth *s, const wu_synth_options *o, wu_err *err) {
    bool want[WU_MAX_INDUSTRY];
    const wu_code rc = wanted(s, o, want, err);
    if (rc) return rc;
    for (int32_t i = 0; i < s->n_language; i++) {
        for (int32_t k = 0; k < s->catalogue.n_industry; k++)
            if (want[k] && s->language[i].trade[k].n_company)
                s->industry[i][s->n_industry[i]++] = k;
        if (!s->n_industry[i])
            return wu_fail(err, WU_EARG, "synth/%s/industries.txt has none of the industries",
                           s->language[i].code);
    }
    return WU_OK;
}

wu_code wu_synth_open(wu_synth **out, const wu_synth_options *o, wu_err *err) {
    wu_synth *s = calloc(1, sizeof(*s));
    *out = NULL;
    if (!s) return wu_fail(err, WU_ENOMEM, "simulator: out of memory");
    s->options = *o;
    wu_code rc = wu_catalogue_read(&s->catalogue, o->tables, err);
    if (!rc) rc = open_languages(s, o, err);
    if (!rc) rc = open_industries(s, o, err);
    if (rc)
        wu_synth_close(s);
    else
        *out = s;
    return rc;
}

void wu_synth_close(wu_synth *s) {
    if (!s) return;
    for (int i = 0; i < WU_MAX_LANGUAGE; i++) wu_language_free(&s->language[i]);
    wu_catalogue_free(&s->catalogue);
    free(s);
}

/* ------------------------------------------------------------------------------- causes */

/* Which of three parts of nature's distribution a score is in. */
static int third(int32_t score, int32_t lower, int32_t upper) {
    return score < lower ? 0 : score < upper ? 1 : 2;
}

/* Flat: indices far from all others are tried until the call falls into the cell of its index, one
 * of nine, and now and then into the rare high risks. Returns the index that words are drawn with.
 */
static uint64_t draw(const wu_synth *s, uint64_t index, wu_latent *l) {
    enum { TRIES = 1500 };
    const bool risky = index / 9 % 12 == 0;
    uint64_t at = index;
    wu_model_draw(s, at, l);
    for (uint64_t i = 1; s->options.flat && i < TRIES; i++) {
        const int cell = 3 * third(l->quality, 59, 77) + third(l->csat100, 59, 76);
        if (risky ? l->churn > 75 : (uint64_t)cell == index % 9) break;
        at = index + (i << 40);
        wu_model_draw(s, at, l);
    }
    return at;
}

void wu_synth_latent(const wu_synth *s, uint64_t index, wu_latent *out) { draw(s, index, out); }

uint64_t wu_synth_draw(const wu_synth *s, uint64_t index, wu_latent *l) {
    return draw(s, index, l);
}

/* ------------------------------------------------------------------------- conversation */

static wu_party_role role_of(wu_by by) {
    static const wu_party_role role[] = {WU_PARTY_AGENT, WU_PARTY_AGENT, WU_PARTY_CUSTOMER,
                                         WU_PARTY_BOT, WU_PARTY_SYSTEM};
    return role[by];
}

static wu_code set_ids(wu_synth_call *call, uint32_t missing) {
    wu_conversation *c = &call->conversation;
    const wu_latent *l = &call->latent;
    char text[96];
    const wu_str in = call->industry;
    int n = snprintf(text, sizeof(text), "agent-%s-%.*s%d-%03d", call->language,
                     (int)WU_MIN(in.n, 40), in.p, l->company + 1, l->agent);
    wu_code rc = missing & WU_META_AGENT
                     ? WU_OK
                     : wu_conversation_set(c, &c->contact.agent_id, (wu_str){text, (size_t)n});
    n = snprintf(text, sizeof(text), "customer-%s-%.*s%d-%05d", call->language,
                 (int)WU_MIN(in.n, 40), in.p, l->company + 1, l->customer);
    if (!rc && !(missing & WU_META_CUSTOMER))
        rc = wu_conversation_set(c, &c->contact.customer_id, (wu_str){text, (size_t)n});
    if (!rc && !(missing & WU_META_QUEUE))
        rc = wu_conversation_set(c, &c->contact.queue,
                                 l->value == 2 ? WU_STR("priority") : WU_STR("general"));
    return rc;
}

static wu_code set_contact(const wu_synth *s, wu_synth_call *call, uint32_t missing) {
    wu_conversation *c = &call->conversation;
    const wu_latent *l = &call->latent;
    wu_contact *k = &c->contact;
    wu_code rc = set_ids(call, missing);
    if (!rc) rc = wu_conversation_set(c, &k->language, wu_str_of(call->language));
    if (!rc && !(missing & WU_META_CHANNEL))
        rc = wu_conversation_set(c, &k->channel, wu_str_of(wu_channel_name[l->channel]));
    if (!(missing & WU_META_START)) {
        k->start = (wu_when){
            .local_s = l->local_s, .offset_min = l->offset_min, .known = true, .has_offset = true};
        if (!rc) rc = wu_conversation_set(c, &k->zone, s->language[l->language].zone[l->zone].name);
    }
    if (!(missing & WU_META_WAIT)) {
        k->queue_wait_s = l->wait_s;
        k->announced_wait_s = l->announced_s;
    }
    if (!(missing & WU_META_HISTORY)) {
        k->contact_number_30d = l->repeats + 1;
        if (wu_company_records(wu_company_key(s, l))) {
            k->hold_s = l->hold_s;
            k->transfers = l->transfers;
        }
    }
    return rc;
}

/* Milliseconds that it takes to say it. */
static int64_t duration(wu_str s, int64_t ms_per_word) {
    int64_t words = 1;
    for (size_t i = 0; i < s.n; i++) words += s.p[i] == ' ';
    return 250 + words * ms_per_word;
}

typedef struct clock {
    int64_t now, ms_per_word;
    bool runs;
} clock;

static wu_code add_turn(wu_synth_call *call, const wu_said *said, wu_by by, wu_str text, clock *t,
                        wu_rng *r) {
    static const char *const name[] = {"Agent", "Agent", "Customer", "Bot", "System"};
    wu_conversation *c = &call->conversation;
    wu_turn turn = {.start_ms = -1, .end_ms = -1};
    turn.party = wu_conversation_party(c, wu_str_of(name[by]), role_of(by));
    if (turn.party < 0) return WU_ENOMEM;
    if (t->runs) {
        t->now += (int64_t)said->pause_s * 1000 + wu_between(r, 150, 1100);
        turn.start_ms = t->now;
        t->now += duration(text, t->ms_per_word);
        turn.end_ms = t->now;
    }
    return wu_conversation_add(c, &turn, text);
}

/* Writes what was said into the conversation, with its damage. place[i]: the turn of said i, or -1.
 */
static wu_code write_turns(wu_synth_call *call, const wu_speech *p, const wu_damage *d,
                           int32_t *place, wu_rng *r) {
    const bool voice = call->latent.channel == WU_VOICE;
    clock t = {.ms_per_word = wu_between(r, 300, 420), .runs = voice};
    wu_buf text = {0}, other = {0};
    wu_code rc = WU_OK;
    for (int32_t i = 0; !rc && i < p->n; i++) {
        const wu_said *said = &p->said[i];
        const int32_t before = call->conversation.n_turn;
        wu_by by = said->by;
        place[i] = -1;
        if (i >= d->keep) continue;
        wu_buf_clear(&text);
        const wu_str words = {call->words.p + said->from, said->to - said->from};
        wu_buf_clear(&other);
        rc = wu_paraphrase(&other, &p->s->language[p->l->language], words, r);
        if (!rc) rc = wu_turn_disturb(&text, p, by, wu_buf_view(&other), r);
        if (i == d->swap) by = by == WU_BY_CUSTOMER ? WU_BY_AGENT : WU_BY_CUSTOMER;
        if (rc || (d->no_agent && by <= WU_BY_AGENT2)) continue;
        rc = add_turn(call, said, by, wu_buf_view(&text), &t, r);
        if (call->conversation.n_turn > before) place[i] = before;
    }
    if (voice) call->conversation.contact.duration_ms = t.now;
    wu_buf_free(&other);
    wu_buf_free(&text);
    return rc;
}

static wu_code make(const wu_synth *s, wu_synth_call *call, wu_speech *p, wu_plan *plan) {
    wu_latent *l = &call->latent;
    const uint64_t at = draw(s, call->index, l);
    wu_rng planned = wu_synth_rng(s, at, WU_STREAM_PLAN),
           slots = wu_synth_rng(s, at, WU_STREAM_SLOT),
           words = wu_synth_rng(s, at, WU_STREAM_WORDS),
           damage = wu_synth_rng(s, at, WU_STREAM_DAMAGE),
           review = wu_synth_rng(s, at, WU_STREAM_REVIEW);
    int32_t place[WU_MAX_STEP];
    wu_damage d;
    char id[40];
    p->s = s;
    p->l = l;
    p->recognised = l->channel == WU_VOICE && wu_chance(&words, 0.3);
    call->language = s->language[l->language].code;
    call->industry = s->catalogue.industry[l->industry].name;
    call->company = s->language[l->language].trade[l->industry].company[l->company];
    wu_plan_make(plan, s, l, &planned);
    const int n = snprintf(id, sizeof(id), "transcript_%05llu", (unsigned long long)call->index);
    wu_conversation *c = &call->conversation;
    wu_code rc = wu_conversation_set(c, &c->id, (wu_str){id, (size_t)n});
    if (!rc) rc = wu_values_draw(&p->values, s, l, &slots);
    if (!rc) rc = wu_speak(p, call, plan, &words);
    if (rc) return rc;
    wu_damage_draw(&d, p, l, s->options.no_noise, &damage);
    if ((rc = set_contact(s, call, d.missing))) return rc;
    if ((rc = write_turns(call, p, &d, place, &damage))) return rc;
    for (int i = 0; i < WU_N_ITEM; i++)
        if (p->evidence[i] >= 0) p->evidence[i] = place[p->evidence[i]];
    for (int32_t i = 0; i < call->n_use; i++) call->use[i].turn = place[call->use[i].turn];
    if ((rc = wu_review_make(s, p, call, &review))) return rc;
    return wu_trace_make(s, call);
}

wu_code wu_synth_make(const wu_synth *s, uint64_t index, wu_synth_call *call, wu_err *err) {
    wu_conversation_clear(&call->conversation);
    call->index = index;
    /* Large, and only needed here. */
    struct {
        wu_speech speech;
        wu_plan plan;
    } *work = malloc(sizeof(*work));
    const wu_code rc = work ? make(s, call, &work->speech, &work->plan) : WU_ENOMEM;
    free(work);
    return rc ? wu_fail(err, rc, "call %llu: out of memory", (unsigned long long)index) : WU_OK;
}

void wu_synth_call_free(wu_synth_call *call) {
    if (!call) return;
    wu_conversation_free(&call->conversation);
    wu_json_free(call->trace);
    free(call->use);
    wu_buf_free(&call->words);
    *call = (wu_synth_call){0};
}

/* ----------------------------------------------------------------------------- markdown */

static wu_code line(wu_buf *out, wu_code rc, const char *key, wu_str value) {
    if (rc || !value.n) return rc;
    return wu_buf_fmt(out, "**%s:** %.*s\n", key, (int)value.n, value.p);
}

static wu_code count(wu_buf *out, wu_code rc, const char *key, int32_t v, const char *unit) {
    return rc || v < 0 ? rc : wu_buf_fmt(out, "**%s:** %d%s\n", key, v, unit);
}

static wu_code markdown_head(wu_buf *out, const wu_synth_call *call) {
    const wu_contact *k = &call->conversation.contact;
    const wu_str id = call->conversation.id;
    wu_buf when = {0};
    wu_code rc = wu_buf_fmt(out, "# %.*s\n\n", (int)id.n, id.p);
    if (!rc && k->start.known) rc = wu_when_render(&when, k->start);
    rc = line(out, rc, "Agent ID", k->agent_id);
    rc = line(out, rc, "Customer ID", k->customer_id);
    rc = line(out, rc, "Date", wu_buf_view(&when));
    rc = line(out, rc, "Time zone", k->zone);
    rc = line(out, rc, "Queue", k->queue);
    rc = count(out, rc, "Queue wait", k->queue_wait_s, " s");
    rc = count(out, rc, "Announced wait", k->announced_wait_s, " s");
    rc = count(out, rc, "Hold", k->hold_s, " s");
    rc = count(out, rc, "Transfers", k->transfers, "");
    rc = count(out, rc, "Contact number (30 days)", k->contact_number_30d, "");
    rc = line(out, rc, "Channel", k->channel);
    rc = line(out, rc, "Language", k->language);
    wu_buf_free(&when);
    return rc ? rc : wu_buf_str(out, "\n## TRANSCRIPT\n\n");
}

wu_code wu_synth_markdown(wu_buf *out, const wu_synth_call *call) {
    const wu_conversation *c = &call->conversation;
    wu_code rc = markdown_head(out, call);
    for (int32_t i = 0; !rc && i < c->n_turn; i++) {
        const wu_turn *t = &c->turn[i];
        const wu_str name = c->party[t->party].name;
        const long long s = (long long)t->start_ms / 1000;
        if (t->start_ms >= 0)
            rc = wu_buf_fmt(out, "[%02lld:%02lld:%02lld] %.*s: ", s / 3600, s / 60 % 60, s % 60,
                            (int)name.n, name.p);
        else
            rc = wu_buf_fmt(out, "**%.*s:** ", (int)name.n, name.p);
        if (!rc) rc = wu_buf_add(out, t->text.p, t->text.n);
        if (!rc) rc = wu_buf_char(out, '\n');
    }
    return rc;
}
