/* speak.c - from a plan to turns of text (speak.h). */
#include "contact/synth/speak.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- frames */

typedef struct speaker {
    wu_buf *out;
    const wu_language *l;
    const wu_values *v;
    const wu_issue *issue;
    uint32_t how;
    wu_rng *r;
    size_t begin; /* of the act in out */
} speaker;

static wu_code speak(speaker *k, wu_str code);

/* Whether what comes next begins a sentence: nothing of the act is there yet, or a sentence ended.
 */
static bool begins_sentence(const speaker *k) {
    size_t n = k->out->n;
    while (n > k->begin && k->out->p[n - 1] == ' ') n--;
    if (n == k->begin) return !(k->how & WU_SPEAK_INSIDE);
    const char c = k->out->p[n - 1];
    if (c == '?' || c == '!') return true;
    if (c != '.') return false;
    /* "p.m." and "z. B." end no sentence. */
    size_t word = n - 1;
    while (word > k->begin && k->out->p[word - 1] != ' ' && k->out->p[word - 1] != '.') word--;
    return n - 1 - word >= 3;
}

/* Makes the letter at p a capital: a-z, and what UTF-8 has behind C3. */
static void capitalise(char *p, size_t n) {
    if (n > 0 && p[0] >= 'a' && p[0] <= 'z') p[0] = (char)(p[0] - 'a' + 'A');
    if (n > 1 && (unsigned char)p[0] == 0xC3 && (unsigned char)p[1] >= 0xA0 &&
        (unsigned char)p[1] != 0xB7)
        p[1] = (char)((unsigned char)p[1] - 0x20);
}

static wu_code add(speaker *k, wu_str s) {
    const bool first = s.n > 0 && s.p[0] != ' ' && begins_sentence(k);
    const size_t at = k->out->n;
    const wu_code rc = wu_buf_add(k->out, s.p, s.n);
    if (!rc && first) capitalise(k->out->p + at, s.n);
    return rc;
}

static wu_code speak_slot(speaker *k, wu_slot slot) {
    const bool swapped = k->how & WU_SPEAK_SWAPPED;
    if (swapped && slot == WU_SLOT_AGENT2)
        slot = WU_SLOT_AGENT;
    else if (swapped && slot == WU_SLOT_AGENT)
        slot = WU_SLOT_AGENT2;
    if (slot != WU_SLOT_TOPIC && slot != WU_SLOT_AGAIN) return add(k, k->v->slot[slot]);
    const wu_frames *f = &k->issue->text[slot == WU_SLOT_TOPIC ? WU_ISSUE_TOPIC : WU_ISSUE_AGAIN];
    return speak(k, f->frame[wu_between(k->r, 0, f->n - 1)].code);
}

/* The end of the alternatives that begin at i, and how many there are. */
static size_t alternatives(wu_str code, size_t i, int32_t *n) {
    int depth = 1;
    *n = 1;
    for (; depth > 0; i++) {
        if (code.p[i] == WU_CODE_SLOT)
            i++;
        else if (code.p[i] == WU_CODE_SUB)
            i += 2;
        else if (code.p[i] == WU_CODE_OPEN)
            depth++;
        else if (code.p[i] == WU_CODE_CLOSE)
            depth--;
        else if (code.p[i] == WU_CODE_OR && depth == 1)
            ++*n;
    }
    return i - 1; /* of the CLOSE */
}

/* Speaks one of the alternatives behind an OPEN; *i is moved behind their CLOSE. */
static wu_code speak_one_of(speaker *k, wu_str code, size_t *i) {
    int32_t n;
    const size_t end = alternatives(code, *i, &n);
    int32_t which = wu_between(k->r, 0, n - 1);
    int depth = 0;
    size_t from = *i, to = *i;
    for (; to < end; to++) {
        const char c = code.p[to];
        if (c == WU_CODE_SLOT)
            to++;
        else if (c == WU_CODE_SUB)
            to += 2;
        else if (c == WU_CODE_OPEN)
            depth++;
        else if (c == WU_CODE_CLOSE)
            depth--;
        else if (c == WU_CODE_OR && depth == 0) {
            if (which-- == 0) break;
            from = to + 1;
        }
    }
    *i = end + 1;
    return speak(k, (wu_str){code.p + from, to - from});
}

static wu_code speak(speaker *k, wu_str code) {
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < code.n;) {
        size_t plain = i;
        while (plain < code.n && (unsigned char)code.p[plain] > WU_CODE_CLOSE) plain++;
        if (plain > i) {
            rc = add(k, (wu_str){code.p + i, plain - i});
            i = plain;
        } else if (code.p[i] == WU_CODE_SLOT) {
            rc = speak_slot(k, (wu_slot)(code.p[i + 1] - 32));
            i += 2;
        } else if (code.p[i] == WU_CODE_SUB) {
            const wu_frames *f = &k->l->sub[(code.p[i + 1] - 32) * 64 + code.p[i + 2] - 32];
            rc = speak(k, f->frame[wu_between(k->r, 0, f->n - 1)].code);
            i += 3;
        } else {
            i++;
            rc = speak_one_of(k, code, &i);
        }
    }
    return rc;
}

wu_code wu_frame_speak(wu_buf *out, const wu_language *l, const wu_values *v, const wu_issue *issue,
                       uint32_t how, wu_str code, wu_rng *r) {
    speaker k = {out, l, v, issue, how, r, out->n};
    return speak(&k, code);
}

/* -------------------------------------------------------------------------------- steps */

/* How often a formula comes with an act, and an opener with a sentence. */
#define CORE_AGENT    0.93
#define CORE_CUSTOMER 0.78
#define OPENER_SHARE  0.43

typedef struct talk {
    wu_speech *p;
    wu_synth_call *call;
    const wu_language *l;
    const wu_trade *trade;
    wu_rng *r;
} talk;

static uint8_t mood_bit(double m) {
    return m < -0.55 ? WU_MOOD_ANGRY : m > 0.3 ? WU_MOOD_HAPPY : WU_MOOD_NEUTRAL;
}

static bool fits(const talk *t, const wu_frame *f, const wu_step *step) {
    static const uint8_t channel[WU_N_CHANNEL] = {WU_CHANNEL_VOICE, WU_CHANNEL_CHAT,
                                                  WU_CHANNEL_EMAIL, WU_CHANNEL_CHAT};
    const wu_latent *l = t->p->l;
    const wu_style style = step->by == WU_BY_CUSTOMER ? l->customer_style : l->agent_style;
    return (!f->channel || (f->channel & channel[l->channel])) &&
           (!f->style || (f->style & (1u << style))) &&
           (!f->mood || (f->mood & mood_bit(step->mood)));
}

static bool was_used(const talk *t, int32_t id) {
    for (int32_t i = 0; i < t->call->n_use; i++)
        if (t->call->use[i].frame == id) return true;
    return false;
}

/* Whether a phrase belongs to the part that is spoken. */
static bool is_spoken(const talk *t, const wu_frame *f) {
    const bool train = ((uint32_t)f->id * 2654435761u >> 16) % 10 < 7;
    switch (t->p->s->options.frames) {
    case WU_FRAMES_TRAIN:
        return train;
    case WU_FRAMES_TEST:
        return !train;
    default:
        return true;
    }
}

/* One that fits, and is not yet in this call if that is easy. */
static const wu_frame *choose(talk *t, const wu_frames *f, const wu_step *step) {
    const wu_frame *some = NULL;
    const int most = t->p->s->options.frames == WU_FRAMES_ALL ? 8 : 40;
    for (int tries = 0; tries < most; tries++) {
        const wu_frame *x = &f->frame[wu_between(t->r, 0, f->n - 1)];
        if (!fits(t, x, step) || !is_spoken(t, x)) continue;
        if (!was_used(t, x->id)) return x;
        some = x;
    }
    for (int32_t i = 0; !some && i < f->n; i++)
        if (fits(t, &f->frame[i], step)) some = &f->frame[i];
    return some ? some : &f->frame[0];
}

static wu_code note_use(talk *t, int32_t act, int32_t frame) {
    wu_synth_call *c = t->call;
    if (c->n_use == c->max_use) {
        const int32_t max = c->max_use ? 2 * c->max_use : 128;
        wu_synth_use *use = realloc(c->use, (size_t)max * sizeof(*use));
        if (!use) return WU_ENOMEM;
        c->use = use;
        c->max_use = max;
    }
    c->use[c->n_use++] = (wu_synth_use){t->p->n - 1, act, frame};
    return WU_OK;
}

static const wu_frame *frame_of(talk *t, const wu_step *step, int32_t *act) {
    if (step->kind == WU_STEP_SAY) {
        *act = -1;
        return choose(t, &t->trade->say, step);
    }
    if (step->kind == WU_STEP_ACT) {
        *act = step->what;
        return choose(t, &t->l->act[step->what], step);
    }
    const wu_frames *f = &t->l->issue[step->issue].text[step->what];
    *act = WU_N_ACT + step->what;
    return step->nth >= 0 ? &f->frame[step->nth % f->n] : choose(t, f, step);
}

static void open_turn(talk *t, wu_by by, int32_t pause_s) {
    if (t->p->n == WU_MAX_STEP) return;
    t->p->said[t->p->n++] = (wu_said){by, t->call->words.n, t->call->words.n, pause_s};
}

static void close_turn(talk *t) { t->p->said[t->p->n - 1].to = t->call->words.n; }

/* The other side's "mm-hmm" between two acts. */
static wu_code overlap(talk *t, wu_by by) {
    const wu_list *list = &t->l->noise.overlap;
    const wu_str s = list->line[wu_between(t->r, 0, list->n - 1)];
    const size_t at = t->call->words.n;
    open_turn(t, by, 0);
    wu_code rc = wu_buf_add(&t->call->words, s.p, s.n);
    if (!rc && wu_chance(t->r, 0.5)) rc = wu_buf_char(&t->call->words, '.');
    if (!rc) capitalise(t->call->words.p + at, s.n);
    close_turn(t);
    return rc;
}

/* Begins a turn, or goes on with the speaker's. */
static wu_code turn_for(talk *t, const wu_step *step) {
    const wu_channel ch = t->p->l->channel;
    const bool same = t->p->n > 0 && t->p->said[t->p->n - 1].by == step->by;
    const bool fresh = step->fresh || (ch == WU_CHAT && wu_chance(t->r, 0.10));
    if (!same || fresh || step->pause_s > 0) {
        open_turn(t, step->by, step->pause_s);
        return WU_OK;
    }
    if (ch == WU_VOICE && step->by != WU_BY_BOT && wu_chance(t->r, 0.02)) {
        const wu_by other = step->by == WU_BY_CUSTOMER ? WU_BY_AGENT : WU_BY_CUSTOMER;
        const wu_code rc = overlap(t, other);
        open_turn(t, step->by, 0);
        return rc;
    }
    return wu_buf_char(&t->call->words, ' ');
}

/* Acts whose {date} is still to come. */
static bool is_ahead(int32_t act) {
    static const int32_t ahead[] = {WU_ACT_A_NEXT,          WU_ACT_A_OWN,
                                    WU_ACT_A_ESCALATE,      WU_ACT_A_PROMISE,
                                    WU_ACT_A_RECAP,         WU_ACT_A_CANCEL_DONE,
                                    WU_ACT_C_DEADLINE,      WU_ACT_C_LEAVING,
                                    WU_ACT_C_CANCEL_INSIST, WU_N_ACT + WU_ISSUE_PROMISE,
                                    WU_N_ACT + WU_ISSUE_FIX};
    for (size_t i = 0; i < WU_LEN(ahead); i++)
        if (act == ahead[i]) return true;
    return false;
}

/* A few words that mean little, before a sentence. */
static wu_code open_sentence(talk *t, wu_by by) {
    const wu_words *w = &t->l->opener[by == WU_BY_CUSTOMER];
    const bool letters = t->p->l->channel == WU_EMAIL;
    if (w->n == 0 || by == WU_BY_BOT || by == WU_BY_SYSTEM || t->p->n < 3) return WU_OK;
    if (!wu_chance(t->r, letters ? 0.1 : OPENER_SHARE)) return WU_OK;
    const wu_str s = w->text[wu_between(t->r, 0, w->n - 1)];
    const wu_code rc = wu_buf_add(&t->call->words, s.p, s.n);
    return rc ? rc : wu_buf_char(&t->call->words, ' ');
}

/* A formula of the act, before its own phrase. */
static wu_code say_core(talk *t, const wu_step *step, int32_t act) {
    if (act < 0) act = WU_ACT_A_DISCLOSE; /* what the industry must say */
    const wu_frames *core = act < WU_N_ACT ? &t->l->core[act] : NULL;
    const double share = step->by == WU_BY_CUSTOMER ? CORE_CUSTOMER : CORE_AGENT;
    if (!core || core->n == 0 || !wu_chance(t->r, share)) return WU_OK;
    const wu_frame *f = &core->frame[wu_between(t->r, 0, core->n - 1)];
    if (!fits(t, f, step)) return WU_OK;
    const wu_code rc =
        wu_frame_speak(&t->call->words, t->l, &t->p->values, &t->l->issue[step->issue],
                       step->swapped ? WU_SPEAK_SWAPPED : 0, f->code, t->r);
    return rc ? rc : wu_buf_char(&t->call->words, ' ');
}

static wu_code say(talk *t, const wu_step *step) {
    int32_t act;
    const wu_frame *f = frame_of(t, step, &act);
    wu_code rc = turn_for(t, step);
    if (!rc) rc = open_sentence(t, step->by);
    if (!rc) rc = say_core(t, step, act);
    wu_str *date = &t->p->values.slot[WU_SLOT_DATE];
    const wu_str usual = *date;
    if (act == WU_ACT_C_IDENTIFY) *date = t->p->values.birth;
    if (is_ahead(act)) *date = t->p->values.future;
    if (!rc)
        rc = wu_frame_speak(&t->call->words, t->l, &t->p->values, &t->l->issue[step->issue],
                            step->swapped ? WU_SPEAK_SWAPPED : 0, f->code, t->r);
    *date = usual;
    if (rc) return rc;
    close_turn(t);
    if (step->item >= 0 && t->p->evidence[step->item] < 0) t->p->evidence[step->item] = t->p->n - 1;
    return note_use(t, act, f->id);
}

wu_code wu_speak(wu_speech *speech, wu_synth_call *call, const wu_plan *plan, wu_rng *words) {
    const wu_latent *l = speech->l;
    talk t = {.p = speech, .call = call, .r = words, .l = &speech->s->language[l->language]};
    wu_code rc = WU_OK;
    t.trade = &t.l->trade[l->industry];
    speech->n = call->n_use = 0;
    wu_buf_clear(&call->words);
    for (int i = 0; i < WU_N_ITEM; i++) speech->evidence[i] = -1;
    for (int32_t i = 0; !rc && i < plan->n; i++) rc = say(&t, &plan->step[i]);
    return rc;
}
