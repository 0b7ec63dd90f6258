/* read_plain.c - conversations in plain text and Markdown (docs/formats.md, "Plain text").
 *
 * Which lines speak is decided with all of them in sight: the label of a role,
 * of transcription software or a name from the metadata speaks wherever it
 * stands; another name only if it does so more than once, or if every line of
 * the conversation has a label.  So "Note: call me at 5:30" goes on with the
 * turn in which it stands. */
#include "contact/read/json_in.h"
#include "contact/read/plain_impl.h"

#include "base/compiler.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 500000, DAY_MS = 24 * 3600 * 1000, HOUR_MS = 3600 * 1000 };

typedef struct plain {
    wu_conversation *c;
    const char *where;
    wu_plain_line *line; /* [n], those that are not blank */
    int32_t n, max;
    int32_t begin, end; /* lines of the conversation */
    bool has_section;   /* a heading "Transcript" says where it is */
    bool labelled;      /* lines of it have speakers */
    bool timed;         /* most lines that begin a turn have a time */
    char bracket;       /* of the first time: other styles are words */
    wu_plain_head head;
    bool has_first; /* the first time of day or of all */
    int64_t first_ms;
    wu_buf words; /* of the turn being read */
    wu_turn turn;
    wu_str name;
    wu_party_role role;
    bool open; /* a turn is being read */
} plain;

static wu_code no_memory(const plain *p, wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", p->where);
}

/* -------------------------------------------------------------------------------------- lines */

static wu_code add_line(plain *p, const wu_plain_line *l, wu_err *err) {
    if (p->n == LINES_MAX)
        return wu_fail(err, WU_EDATA, "%s: more than %d lines are no conversation", p->where,
                       LINES_MAX);
    if (p->n == p->max) {
        const int32_t more = p->max ? 2 * p->max : 256;
        wu_plain_line *q = realloc(p->line, (size_t)more * sizeof(*q));
        if (!q) return no_memory(p, err);
        p->line = q;
        p->max = more;
    }
    p->line[p->n++] = *l;
    return WU_OK;
}

static wu_code split_lines(plain *p, wu_str text, wu_err *err) {
    int32_t number = 0;
    bool blank = true;
    for (size_t i = 0; i < text.n;) {
        const char *stop = memchr(text.p + i, '\n', text.n - i);
        const size_t n = stop ? (size_t)(stop - (text.p + i)) : text.n - i;
        wu_plain_line l = {.number = ++number, .blank_before = blank};
        blank = !wu_plain_split((wu_str){text.p + i, n}, &l);
        i += n + 1;
        if (blank) continue;
        blank = l.level > 0;
        const wu_code rc = add_line(p, &l, err);
        if (rc) return rc;
    }
    return WU_OK;
}

/* ----------------------------------------------------------------- where the conversation is */

static bool is_word_of(const char *bars, wu_str s) {
    char key[WU_LABEL_MAX + 2], *end = key + 1;
    const size_t n = wu_label_normal(end, s);
    if (n == 0) return false;
    key[0] = '|';
    key[n + 1] = '|';
    key[n + 2] = 0;
    return strstr(bars, key) != NULL;
}

static bool is_section_title(wu_str s) {
    while (s.n > 0 && (s.p[s.n - 1] == ':' || s.p[s.n - 1] == '*')) s.n--;
    while (s.n > 0 && s.p[0] == '*') s = (wu_str){s.p + 1, s.n - 1};
    return is_word_of("|transcript|transcription|conversation|call transcript|chat transcript|"
                      "full transcript|dialogue|dialog|transcripción|transcripcion|conversación|"
                      "transkript|transkription|gespräch|gesprächsverlauf|verlauf|transcrição|"
                      "trascrizione|conversazione|",
                      s);
}

/* From the heading "Transcript" to the next one of its level or above: a line of its own, never a
 * "##" within words. A title "Call transcript" may have a section "Transcript" below. */
static void find_section(plain *p) {
    int8_t level = 0;
    p->begin = 0;
    p->end = p->n;
    for (int32_t i = 0; i < p->end; i++) {
        const wu_plain_line *l = &p->line[i];
        if (l->level == 0 || l->label.n > 0) continue;
        if (is_section_title(l->body) && l->level > level) {
            p->has_section = true;
            p->begin = i + 1;
            level = l->level;
        } else if (p->has_section && l->level <= level) {
            p->end = i;
        }
    }
}

/* ----------------------------------------------------------------------------- the metadata */

static bool is_pair(const wu_plain_line *l) {
    return l->label.n > 0 && l->level == 0 && l->time.kind == WU_TIME_NONE;
}

/* Lines up to the next blank one, *next: metadata if all (but a title above) are "Key: value", a
 * key says so and something comes below. "Agent: Dana" alone is a turn. */
static bool head_block(plain *p, int32_t begin, int32_t *next) {
    int32_t known = 0, roles = 0, i = begin;
    bool pairs = true;
    for (; i < p->end && (i == begin || !p->line[i].blank_before); i++) {
        const wu_plain_line *l = &p->line[i];
        if (l->level > 0) continue;
        if (!is_pair(l) && (i > begin || l->label.n > 0 || l->time.kind != WU_TIME_NONE))
            pairs = false;
        const bool key = wu_plain_key(l->label);
        known += key;
        roles += !key && wu_role_of_label(l->label) != WU_PARTY_UNKNOWN;
    }
    *next = i;
    if (!pairs || known == 0 || i == p->end || (roles > 0 && known < 2)) return false;
    for (int32_t k = begin; k < i; k++) p->line[k].in_head = true;
    return true;
}

static void mark_head(plain *p) {
    if (p->has_section) {
        for (int32_t i = 0; i < p->n; i++)
            p->line[i].in_head = (i < p->begin || i >= p->end) && is_pair(&p->line[i]);
        return;
    }
    for (int32_t i = 0, next; i < p->end; i = next) {
        if (head_block(p, i, &next)) continue;
        /* a title may stand above */
        if (p->line[i].level == 0 && p->line[i].label.n > 0) break;
        if (p->line[i].time.kind != WU_TIME_NONE) break;
    }
}

/* A key with its unit: "Hold (min)". */
static wu_str key_of(const wu_plain_line *l) {
    if (l->aside.n == 0) return l->label;
    return (wu_str){l->label.p, (size_t)(l->aside.p + l->aside.n + 1 - l->label.p)};
}

static wu_code read_head(plain *p, wu_err *err) {
    for (int32_t i = 0; i < p->n; i++) {
        const wu_plain_line *l = &p->line[i];
        bool known;
        if (l->in_head && wu_plain_head_line(&p->head, p->c, key_of(l), l->text, &known))
            return no_memory(p, err);
    }
    return WU_OK;
}

/* ------------------------------------------------------------------------------ who is speaking */

static bool same_name(wu_str a, wu_str b) {
    char x[WU_LABEL_MAX], y[WU_LABEL_MAX];
    const size_t n = wu_label_normal(x, a);
    return n > 0 && wu_label_normal(y, b) == n && memcmp(x, y, n) == 0;
}

/* label is the name or its first or last word. */
static bool is_name_of(wu_str label, wu_str name) {
    if (name.n == 0) return false;
    if (same_name(label, name)) return true;
    const char *blank = memchr(name.p, ' ', name.n);
    if (!blank) return false;
    if (same_name(label, (wu_str){name.p, (size_t)(blank - name.p)})) return true;
    size_t last = name.n;
    while (last > 0 && name.p[last - 1] != ' ') last--;
    return same_name(label, (wu_str){name.p + last, name.n - last});
}

/* The role that a line's label says, by itself or by the metadata. */
static wu_party_role role_of(const plain *p, const wu_plain_line *l) {
    const wu_contact *k = &p->c->contact;
    wu_party_role r = wu_role_of_label(l->label);
    if (r == WU_PARTY_UNKNOWN && l->aside.n > 0) r = wu_role_of_label(l->aside);
    if (r != WU_PARTY_UNKNOWN) return r;
    const bool agent = is_name_of(l->label, k->agent_name) || is_name_of(l->label, k->agent_id);
    const bool customer =
        is_name_of(l->label, k->customer_name) || is_name_of(l->label, k->customer_id);
    if (agent != customer) return agent ? WU_PARTY_AGENT : WU_PARTY_CUSTOMER;
    return WU_PARTY_UNKNOWN;
}

bool wu_plain_is_word(wu_str label) {
    return wu_plain_key(label) ||
           is_word_of("|note|notes|nb|ps|p.s.|re|fw|fwd|subject|to|from|cc|bcc|sent|email|e mail|"
                      "mail|phone|tel|fax|address|name|order|total|amount|ref|reference|question|"
                      "answer|q|a|warning|tip|update|edit|summary|example|http|https|invoice|step|"
                      "option|number|price|reason|issue|result|status|important|attention|yes|no|"
                      "sure|ok|okay|well|so|right|thanks|sorry|hello|hi|and|but|or|also|plus|first|"
                      "second|third|then|finally|one|two|three|nota|remarque|hinweis|achtung|sí|"
                      "si|oui|non|ja|nein|bueno|bien|gut|hola|bonjour|hallo|",
                      label);
}

static bool is_strong(const plain *p, const wu_plain_line *l) {
    return l->label.n > 0 && (wu_label_is_generic(l->label) || role_of(p, l) != WU_PARTY_UNKNOWN);
}

static bool in_talk(const plain *p, int32_t i) {
    return i >= p->begin && i < p->end && !p->line[i].in_head;
}

static int by_label(const void *a_, const void *b_) {
    const wu_plain_line *a = *(const wu_plain_line *const *)a_,
                        *b = *(const wu_plain_line *const *)b_;
    const int c = memcmp(a->label.p, b->label.p, WU_MIN(a->label.n, b->label.n));
    if (c) return c;
    if (a->label.n != b->label.n) return a->label.n < b->label.n ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

/* Names that label more than one line speak, or all if each line has a label. */
static wu_code accept_names(plain *p, bool need_time, wu_err *err) {
    wu_plain_line **by = malloc((size_t)WU_MAX(p->n, 1) * sizeof(*by));
    int32_t n = 0;
    bool all = true;
    if (!by) return no_memory(p, err);
    for (int32_t i = p->begin; i < p->end; i++) {
        wu_plain_line *l = &p->line[i];
        if (!in_talk(p, i) || l->speaks || (l->level > 0 && l->label.n == 0)) continue;
        const bool name = l->label.n > 0 && !wu_plain_is_word(l->label) &&
                          (!need_time || l->time.kind != WU_TIME_NONE);
        if (!name) all = false;
        if (name) by[n++] = l;
    }
    qsort(by, (size_t)n, sizeof(*by), by_label);
    for (int32_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && wu_str_eq(by[i]->label, by[j]->label); j++) continue;
        if (!all && j - i < 2) continue;
        for (int32_t k = i; k < j; k++) by[k]->speaks = true;
    }
    free(by);
    return WU_OK;
}

static wu_code find_speakers(plain *p, wu_err *err) {
    int32_t strong = 0, strong_timed = 0, bare = 0, timed = 0;
    for (int32_t i = p->begin; i < p->end; i++) {
        wu_plain_line *l = &p->line[i];
        wu_str label, text;
        if (!in_talk(p, i)) continue;
        const bool has_time = l->time.kind != WU_TIME_NONE;
        if (has_time && timed == 0) p->bracket = l->time.bracket;
        timed += has_time && l->label.n == 0;
        bare += has_time && l->label.n == 0 && wu_plain_bare(l, &label, &text);
        l->speaks = is_strong(p, l);
        strong += l->speaks;
        strong_timed += l->speaks && has_time;
    }
    if (strong == 0 && bare >= 2 && bare == timed) { /* "00:01:23 Agent hello" */
        for (int32_t i = p->begin; i < p->end; i++)
            if (in_talk(p, i) && wu_plain_bare(&p->line[i], &p->line[i].label, &p->line[i].text))
                p->line[i].speaks = true;
        strong = strong_timed = bare;
    }
    const wu_code rc = accept_names(p, strong_timed >= 2 && strong_timed * 2 > strong, err);
    int32_t speaks = 0, with_time = 0;
    for (int32_t i = p->begin; i < p->end; i++) {
        speaks += p->line[i].speaks;
        with_time += p->line[i].speaks && p->line[i].time.kind != WU_TIME_NONE;
    }
    p->labelled = speaks > 0;
    p->timed = with_time * 2 > speaks;
    return rc;
}

/* ------------------------------------------------------------------------------------- times */

/* Times of a day count from the first of them, or from the start that the metadata give. A first
 * "offset" of an hour or more is a time of the day. */
static void set_times(plain *p, const wu_plain_line *l) {
    const wu_text_time *t = &l->time;
    wu_when *start = &p->c->contact.start;
    int64_t ms = t->ms, end = t->end_ms;
    if (t->kind == WU_TIME_NONE) return;
    if (!p->has_first) {
        const bool clock = t->kind != WU_TIME_OFFSET || ms >= HOUR_MS;
        p->has_first = true;
        p->first_ms = clock ? ms : 0;
        if (t->kind == WU_TIME_DATE) {
            p->first_ms = t->date.local_s * 1000 + ms % 1000;
            if (start->known && !start->date_only)
                p->first_ms = start->local_s * 1000;
            else
                *start = t->date;
        } else if (clock && p->head.has_clock) {
            p->first_ms = p->head.clock_ms;
        } else if (clock && p->head.has_date && ms < DAY_MS) {
            *start = p->head.start;
            start->date_only = false;
            start->local_s = p->head.day_s + ms / 1000;
        }
    }
    if (t->kind == WU_TIME_DATE) {
        ms = t->date.local_s * 1000 + ms % 1000;
        if (end >= 0) end = ms + (end - t->ms);
    }
    const int64_t wrap = t->kind != WU_TIME_DATE && ms - p->first_ms < -DAY_MS / 2 ? DAY_MS : 0;
    ms += wrap - p->first_ms;
    if (ms < 0 || ms > WU_MAX_OFFSET_MS) return;
    p->turn.start_ms = ms;
    if (end >= 0 && end + wrap - p->first_ms >= ms) p->turn.end_ms = end + wrap - p->first_ms;
}

/* ------------------------------------------------------------------------------------- turns */

static wu_code close_turn(plain *p, wu_err *err) {
    wu_code rc;
    const wu_str words = wu_utf8_trim(wu_buf_view(&p->words));
    if (!p->open || words.n == 0) return WU_OK;
    if ((rc = wu_fill_party(&p->turn.party, p->c, p->name, p->role, (wu_str){0}, p->where, err)))
        return rc;
    if (wu_conversation_add(p->c, &p->turn, words)) return no_memory(p, err);
    return WU_OK;
}

static wu_code open_turn(plain *p, const wu_plain_line *l, wu_str text, wu_err *err) {
    const wu_code rc = close_turn(p, err);
    if (rc) return rc;
    wu_buf_clear(&p->words);
    p->turn = (wu_turn){.line = l->number, .start_ms = -1, .end_ms = -1};
    p->name = l->speaks ? l->label : (wu_str){0};
    p->role = l->speaks ? role_of(p, l) : WU_PARTY_UNKNOWN;
    if (p->role != WU_PARTY_UNKNOWN && l->aside.n > 0 &&
        wu_role_of_label(l->label) != WU_PARTY_UNKNOWN)
        p->name = l->aside; /* "Agent (Dana)" */
    p->open = true;
    set_times(p, l);
    return wu_buf_add(&p->words, text.p, text.n) ? no_memory(p, err) : WU_OK;
}

static wu_code go_on(plain *p, wu_str text, wu_err *err) {
    if (p->words.n > 0 && wu_buf_char(&p->words, ' ')) return no_memory(p, err);
    return wu_buf_add(&p->words, text.p, text.n) ? no_memory(p, err) : WU_OK;
}

/* Words above the first speaker: metadata, a title apart from the rest, or a mistake. */
static wu_code before_first(plain *p, int32_t i, bool apart, wu_err *err) {
    const wu_plain_line *l = &p->line[i];
    bool known = false;
    if (l->label.n > 0 && wu_plain_head_line(&p->head, p->c, key_of(l), l->text, &known))
        return no_memory(p, err);
    if (known || apart || l->level > 0) return WU_OK;
    return wu_fail(err, WU_EDATA,
                   "%s:%d: words before the first speaker, want a line like \"Agent: ...\"",
                   p->where, (int)l->number);
}

static bool begins_turn(const plain *p, const wu_plain_line *l) {
    if (l->speaks) return true;
    return !p->labelled && l->level == 0 && l->time.kind != WU_TIME_NONE &&
           l->time.bracket == p->bracket;
}

static wu_code read_turns(plain *p, wu_err *err) {
    wu_code rc = WU_OK;
    int32_t first = p->begin;
    while (first < p->end && !(in_talk(p, first) && begins_turn(p, &p->line[first]))) first++;
    if (first == p->end)
        return wu_fail(err, WU_EDATA,
                       "%s: has no turns, want lines like \"Agent: ...\" and \"Customer: ...\"",
                       p->where);
    int32_t block = first; /* where the lines begin that stand together with the first speaker */
    while (block > p->begin && !p->line[block].blank_before) block--;
    for (int32_t i = p->begin; !rc && i < first; i++)
        if (!p->line[i].in_head) rc = before_first(p, i, i < block, err);
    for (int32_t i = first; !rc && i < p->end; i++) {
        const wu_plain_line *l = &p->line[i];
        const bool cue = p->timed && l->time.kind != WU_TIME_NONE && l->time.bracket == p->bracket;
        if (begins_turn(p, l))
            rc = open_turn(p, l, l->speaks ? l->text : l->body, err);
        else if (l->level == 0)
            rc = go_on(p, cue ? l->body : l->whole, err);
    }
    if (!rc) rc = close_turn(p, err);
    if (!rc && p->c->n_turn == 0)
        rc = wu_fail(err, WU_EDATA, "%s: its speakers say nothing", p->where);
    return rc;
}

static wu_code parse(wu_conversation *c, wu_str text, const char *where, const wu_read_options *o,
                     wu_err *err) {
    plain p = {.c = c, .where = where};
    wu_code rc;
    (void)o;
    if ((rc = split_lines(&p, text, err))) goto done;
    find_section(&p);
    mark_head(&p);
    if ((rc = read_head(&p, err))) goto done;
    if ((rc = find_speakers(&p, err))) goto done;
    rc = read_turns(&p, err);
done:
    free(p.line);
    wu_buf_free(&p.words);
    return rc;
}

/* ------------------------------------------------------------------------------------ detection */

/* The share of lines that speak or have a time; the section's heading is certain. */
static int detect(wu_str head) {
    int lines = 0, speak = 0, timed = 0, names = 0;
    for (size_t i = 0; i < head.n && lines < 400;) {
        const char *stop = memchr(head.p + i, '\n', head.n - i);
        const size_t n = stop ? (size_t)(stop - (head.p + i)) : head.n - i;
        wu_plain_line l = {0};
        if (wu_plain_split((wu_str){head.p + i, n}, &l)) {
            lines++;
            if (l.level > 0 && is_section_title(l.body)) return 95;
            if (l.label.n > 0 &&
                (wu_role_of_label(l.label) != WU_PARTY_UNKNOWN ||
                 wu_role_of_label(l.aside) != WU_PARTY_UNKNOWN || wu_label_is_generic(l.label)))
                speak++;
            else if (l.time.kind != WU_TIME_NONE)
                timed++;
            else if (l.label.n > 0)
                names++;
        }
        i += n + 1;
    }
    if (speak > 0) return speak * 3 >= lines ? 90 : 60;
    if (timed > 0) return timed * 2 >= lines ? 80 : 40;
    return names * 2 >= lines && names >= 2 ? 50 : 0;
}

const wu_format_row wu_format_plain = {
    .format = WU_FORMAT_PLAIN,
    .name = "plain",
    .summary = "Lines \"Agent: ...\", with or without times; Markdown",
    .detect_text = detect,
    .parse_text = parse,
};
