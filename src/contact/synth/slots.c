/* slots.c - values of the slots of a contact: names, numbers, dates (speak.h). */
#include "contact/synth/speak.h"
#include "contact/when.h"

#include <stdio.h>
#include <string.h>

typedef struct values {
    wu_values *v;
    const wu_synth *s;
    const wu_latent *l;
    const wu_language *language;
    const wu_trade *trade;
    wu_customer customer;
    wu_rng *r;
} values;

/* Keeps text as the value of a slot; what does not fit is cut at a character, which no table that
 * was checked comes near. */
static wu_str keep(values *w, wu_str s) {
    wu_values *v = w->v;
    size_t n = WU_MIN(s.n, sizeof(v->text) - v->used);
    while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80) n--;
    char *p = v->text + v->used;
    memcpy(p, s.p, n);
    v->used += n;
    return (wu_str){p, n};
}

static wu_str keep_text(values *w, const char *s) { return keep(w, wu_str_of(s)); }

/* Fills %s and %d of a pattern in order; the reader of the tables has counted them. */
static wu_str fill(values *w, wu_str pattern, const wu_str *arg, int n_arg) {
    char out[8 * WU_NAME_MAX];
    size_t n = 0;
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] != '%') {
            if (n < sizeof(out)) out[n++] = pattern.p[i];
            continue;
        }
        i++;
        if (n_arg-- <= 0) continue;
        for (size_t k = 0; k < arg->n && n < sizeof(out); k++) out[n++] = arg->p[k];
        arg++;
    }
    return keep(w, (wu_str){out, n});
}

/* ------------------------------------------------------------------------------ numbers */

/* # becomes a digit, @ a capital letter. */
static wu_str pattern(values *w, wu_str p, uint64_t number) {
    char out[WU_NAME_MAX];
    const size_t n = WU_MIN(p.n, sizeof(out));
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        out[i] = p.p[i];
        if (p.p[i] == '#') out[i] = (char)('0' + (first ? 1 + number % 9 : number % 10));
        if (p.p[i] == '@') out[i] = "ABCDEFGHJKLMNPRSTUVWXYZ"[number % 23];
        if (p.p[i] != '#' && p.p[i] != '@') continue;
        first = false;
        number = number / 10 + (number % 10) * 0x1999999999999999u; /* turns the digits around */
    }
    return keep(w, (wu_str){out, n});
}

/* Sixteen digits whose last one checks the others (Luhn), in fours. */
static wu_str card_number(values *w, uint64_t number) {
    char digit[16], out[20];
    int sum = 0;
    digit[0] = '4';
    for (int i = 1; i < 15; i++, number /= 10) digit[i] = (char)('0' + number % 10);
    for (int i = 0; i < 15; i++) {
        int x = digit[i] - '0';
        if (i % 2 == 0) x = x < 5 ? 2 * x : 2 * x - 9;
        sum += x;
    }
    digit[15] = (char)('0' + (10 - sum % 10) % 10);
    size_t n = 0;
    for (int i = 0; i < 16; i++) {
        if (i && i % 4 == 0) out[n++] = ' ';
        out[n++] = digit[i];
    }
    return keep(w, (wu_str){out, n});
}

static wu_str money(values *w, int32_t whole, int32_t cents) {
    char text[24];
    if (cents < 0)
        snprintf(text, sizeof(text), "%d", whole);
    else
        snprintf(text, sizeof(text), "%d%c%02d", whole, w->language->names.decimal, cents);
    const wu_str arg = wu_str_of(text);
    return fill(w, w->language->names.money, &arg, 1);
}

/* A number in words if the language has one for it. */
static wu_str number(values *w, int32_t n) {
    char text[16];
    if (n >= 0 && n < w->language->names.number.n) return w->language->names.number.line[n];
    snprintf(text, sizeof(text), "%d", n);
    return keep_text(w, text);
}

static wu_str minutes(values *w, int32_t seconds) {
    const int32_t n = WU_MAX(2, (seconds + 30) / 60);
    char text[16];
    if (wu_chance(w->r, 0.5)) return number(w, n);
    snprintf(text, sizeof(text), "%d", n);
    return keep_text(w, text);
}

/* -------------------------------------------------------------------------------- dates */

static wu_str clock_time(values *w, int32_t hour, int32_t minute) {
    char text[24];
    const int32_t h12 = hour % 12 ? hour % 12 : 12;
    const char *half = hour < 12 ? "am" : "pm";
    if (!w->language->names.clock12)
        snprintf(text, sizeof(text), "%d:%02d", hour, minute);
    else if (minute == 0)
        snprintf(text, sizeof(text), "%d %s", h12, half);
    else
        snprintf(text, sizeof(text), "%d:%02d %s", h12, minute, half);
    return keep_text(w, text);
}

static wu_str date_of(values *w, int32_t month, int32_t day_of_month) {
    const wu_names *n = &w->language->names;
    char day[16];
    snprintf(day, sizeof(day), "%d", day_of_month);
    const wu_str name = n->month.line[month - 1], number_ = wu_str_of(day);
    const char *d = memchr(n->date.p, '%', n->date.n);
    const bool day_first = d && d[1] == 'd';
    const wu_str arg[2] = {day_first ? number_ : name, day_first ? name : number_};
    return fill(w, n->date, arg, 2);
}

static wu_str date_in(values *w, int32_t days) {
    const wu_civil c = wu_civil_of(w->l->local_s + (int64_t)days * 86400);
    return date_of(w, c.month, c.day);
}

/* What people call about has happened, but for what is booked. */
static void set_dates(values *w) {
    const wu_str category = w->s->catalogue.category[w->l->true_category].name;
    const bool booked = wu_str_eq(category, WU_STR("booking_reservation"));
    const int32_t past = wu_between(w->r, 2, 35), future = wu_between(w->r, 2, 20);
    w->v->slot[WU_SLOT_DATE] = date_in(w, booked ? past : -past);
    w->v->future = date_in(w, booked ? past : future);
    w->v->birth = date_of(w, 1 + (int32_t)(w->customer.number / 5 % 12),
                          1 + (int32_t)(w->customer.number / 61 % 28));
}

static wu_str hours(values *w) {
    const wu_industry *in = &w->s->catalogue.industry[w->l->industry];
    const wu_str arg[2] = {clock_time(w, in->open, 0), clock_time(w, in->close, 0)};
    return fill(w, w->language->names.hours, arg, 2);
}

/* ------------------------------------------------------------------------------- people */

static wu_str of(const wu_list *list, uint32_t n) { return list->line[n % (uint32_t)list->n]; }

/* Letters for an address: a-z; accents of Latin-1 are dropped, other letters left out. */
static size_t plain_letters(char *out, size_t room, wu_str s) {
    static const char latin[] = "aaaaaaaceeeeiiiidnooooo ouuuuypsaaaaaaaceeeeiiiidnooooo ouuuuypy";
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < room; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        char x = 0;
        if (c >= 'A' && c <= 'Z') x = (char)(c - 'A' + 'a');
        if (c >= 'a' && c <= 'z') x = (char)c;
        if (c == 0xC3 && i + 1 < s.n) x = latin[(unsigned char)s.p[++i] & 63];
        if (x && x != ' ') out[n++] = x;
    }
    return n;
}

static wu_str email(values *w, wu_str first, wu_str last) {
    char out[128];
    size_t n = plain_letters(out, 20, first);
    out[n++] = '.';
    n += plain_letters(out + n, 24, last);
    out[n++] = (char)('0' + w->customer.number / 7 % 10);
    out[n++] = (char)('0' + w->customer.number / 77 % 10);
    out[n++] = '@';
    const wu_str host = of(&w->language->names.email_host, w->customer.host);
    const size_t h = WU_MIN(host.n, sizeof(out) - n);
    memcpy(out + n, host.p, h);
    return keep(w, (wu_str){out, n + h});
}

static void set_people(values *w) {
    wu_str *slot = w->v->slot;
    const wu_names *n = &w->language->names;
    const uint64_t key = wu_company_key(w->s, w->l);
    const wu_customer *c = &w->customer;
    slot[WU_SLOT_COMPANY] = w->trade->company[w->l->company];
    slot[WU_SLOT_RIVAL] = w->trade->rival[w->l->company];
    slot[WU_SLOT_AGENT] = of(&n->agent, wu_agent_of(key, w->l->agent).name);
    uint32_t second = wu_agent_of(key, w->l->agent2).name;
    if (wu_str_eq(of(&n->agent, second), slot[WU_SLOT_AGENT])) second++;
    slot[WU_SLOT_AGENT2] = of(&n->agent, second);
    slot[WU_SLOT_FIRST] = of(&n->first, c->first);
    slot[WU_SLOT_LAST] = of(&n->last, c->last);
    char name[2 * WU_NAME_MAX + 2];
    const int len =
        snprintf(name, sizeof(name), "%.*s %.*s", (int)slot[WU_SLOT_FIRST].n, slot[WU_SLOT_FIRST].p,
                 (int)slot[WU_SLOT_LAST].n, slot[WU_SLOT_LAST].p);
    slot[WU_SLOT_NAME] = keep(w, (wu_str){name, (size_t)len});
    slot[WU_SLOT_PLACE] = of(&n->place, c->place);
    slot[WU_SLOT_STREET] = pattern(w, of(&n->street, c->street), c->number / 31);
    slot[WU_SLOT_EMAIL] = email(w, slot[WU_SLOT_FIRST], slot[WU_SLOT_LAST]);
    slot[WU_SLOT_PHONE] = pattern(w, n->phone, c->number / 13);
    slot[WU_SLOT_CARD] = card_number(w, c->number / 3);
    slot[WU_SLOT_ACCOUNT_VALUE] = pattern(w, w->trade->format, c->number);
}

static void set_numbers(values *w) {
    wu_str *slot = w->v->slot;
    const wu_names *n = &w->language->names;
    static const int32_t percent[] = {5, 8, 10, 12, 15, 20, 25, 30};
    char text[24];
    /* One draw a statement: the order of arguments is the compiler's. */
    const int32_t whole = wu_between(w->r, 12, 480), cents = wu_between(w->r, 0, 99);
    slot[WU_SLOT_AMOUNT] = money(w, whole, wu_chance(w->r, 0.7) ? cents : -1);
    slot[WU_SLOT_SMALL] = money(w, wu_between(w->r, 3, 30), -1);
    snprintf(text, sizeof(text), "%d", percent[wu_between(w->r, 0, (int32_t)WU_LEN(percent) - 1)]);
    const wu_str arg = wu_str_of(text);
    slot[WU_SLOT_PERCENT] = fill(w, n->percent, &arg, 1);
    set_dates(w);
    slot[WU_SLOT_WEEKDAY] = n->weekday.line[wu_between(w->r, 0, 6)];
    const int32_t hour = wu_between(w->r, 8, 18), quarter = wu_between(w->r, 0, 3);
    slot[WU_SLOT_TIME] = clock_time(w, hour, 15 * quarter);
    slot[WU_SLOT_DAYS] = number(w, wu_between(w->r, 2, 6));
    slot[WU_SLOT_N] = number(w, w->l->repeats > 1 ? w->l->repeats : wu_between(w->r, 2, 5));
    const uint64_t ref = wu_rng_u64(w->r), four = wu_rng_u64(w->r);
    slot[WU_SLOT_REF] = pattern(w, WU_STR("@@-######"), ref);
    slot[WU_SLOT_DIGITS4] = pattern(w, WU_STR("####"), four);
    slot[WU_SLOT_WAIT] = minutes(w, w->l->wait_s);
    slot[WU_SLOT_ANNOUNCED] = minutes(w, w->l->announced_s);
    slot[WU_SLOT_HOLD] = minutes(w, w->l->hold_s);
    slot[WU_SLOT_COUNT] = n->count.line[WU_MIN(WU_MAX(w->l->repeats - 1, 0), n->count.n - 1)];
    slot[WU_SLOT_TENURE] = number(w, WU_MAX(2, (int32_t)(w->l->tenure_months / 12.0)));
    const int part = w->l->hour < 12 ? 0 : w->l->hour < 17 ? 1 : 2;
    slot[WU_SLOT_HOUR] = n->hour.line[part];
    slot[WU_SLOT_HOURS] = hours(w);
}

/* Phrases of the industry may have slots themselves, of those that are set already. */
static wu_code phrase(values *w, wu_slot slot, const wu_frames *f, int32_t which) {
    wu_buf b = {0};
    const wu_code rc = wu_frame_speak(&b, w->language, w->v, wu_issue_of(w->s, w->l),
                                      WU_SPEAK_INSIDE, f->frame[which].code, w->r);
    if (!rc) w->v->slot[slot] = keep(w, wu_buf_view(&b));
    wu_buf_free(&b);
    return rc;
}

wu_code wu_values_draw(wu_values *out, const wu_synth *s, const wu_latent *l, wu_rng *r) {
    values w = {.v = out, .s = s, .l = l, .language = &s->language[l->language], .r = r};
    w.trade = &w.language->trade[l->industry];
    w.customer = wu_customer_of(wu_company_key(s, l), l->customer);
    out->used = 0;
    out->birth = out->future = (wu_str){"", 0};
    for (int i = 0; i < WU_N_SLOT; i++) out->slot[i] = (wu_str){"", 0};
    set_people(&w);
    set_numbers(&w);
    const wu_trade *t = w.trade;
    const int32_t product = wu_between(r, 0, t->product[0].n - 1);
    wu_code rc = WU_OK;
    for (int i = 0; !rc && i < 3; i++) {
        static const wu_slot slot[3] = {WU_SLOT_THE_PRODUCT, WU_SLOT_MY_PRODUCT,
                                        WU_SLOT_YOUR_PRODUCT};
        rc = phrase(&w, slot[i], &t->product[i], product);
    }
    if (!rc) rc = phrase(&w, WU_SLOT_ACCOUNT, &t->account, wu_between(r, 0, t->account.n - 1));
    if (!rc)
        rc = phrase(&w, WU_SLOT_DEPARTMENT, &t->department, wu_between(r, 0, t->department.n - 1));
    if (!rc) rc = phrase(&w, WU_SLOT_OFFER, &t->offer, wu_between(r, 0, t->offer.n - 1));
    return rc;
}
