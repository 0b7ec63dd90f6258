/* answer.c - what a language model made of a brief: checked, then made a call (brief.h). */
#include "contact/synth/brief_impl.h"
#include "contact/synth/speak.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Bytes: of an answer with its frame, of all its words, of a turn. What fits the second fits the
 * first however it is written. */
enum { MAX_TEXT = 1 << 20, MAX_WORDS = 128 << 10, MAX_TURN = 6000 };

/* -------------------------------------------------------------------------------- words */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Whether the words are in s, in small or capital letters, whole. Time is the product of both
 * lengths at most; what is searched for is short. */
static bool has_words(wu_str s, wu_str words) {
    for (size_t i = 0; words.n && i + words.n <= s.n; i++) {
        size_t k = 0;
        while (k < words.n && lower(s.p[i + k]) == lower(words.p[k])) k++;
        if (k < words.n || (i > 0 && is_word(s.p[i - 1]))) continue;
        if (i + k == s.n || !is_word(s.p[i + k])) return true;
    }
    return false;
}

/* Words that give away what a conversation is for: of the labels, or of those who make it. */
static const char *const betrayal[] = {"csat",
                                       "churn",
                                       "quality score",
                                       "satisfaction score",
                                       "risk score",
                                       "sentiment trajectory",
                                       "customer effort score",
                                       "language model",
                                       "as an ai",
                                       "needs_improvement",
                                       "issue_category",
                                       "simulated conversation"};

/* A label or a field of a task with an underscore is nobody's word. */
static const char *field_name_in(wu_str s) {
    for (int t = 0; t < WU_N_TASK; t++) {
        for (int f = 0; f < wu_tasks[t].n_field; f++) {
            const wu_field *field = &wu_tasks[t].field[f];
            if (strchr(field->name, '_') && has_words(s, wu_str_of(field->name)))
                return field->name;
            for (const char *const *v = field->values; v && *v; v++)
                if (strchr(*v, '_') && has_words(s, wu_str_of(*v))) return *v;
        }
    }
    return NULL;
}

static const char *betrayal_in(wu_str s) {
    for (size_t i = 0; i < WU_LEN(betrayal); i++)
        if (has_words(s, wu_str_of(betrayal[i]))) return betrayal[i];
    return memchr(s.p, '_', s.n) ? field_name_in(s) : NULL;
}

/* -------------------------------------------------------------------------------- shape */

/* The object within a Markdown fence. */
static wu_str without_fence(wu_str s) {
    s = wu_utf8_trim(s);
    if (!wu_str_starts(s, WU_STR("```"))) return s;
    const char *line = memchr(s.p, '\n', s.n);
    if (!line) return s;
    const size_t head = (size_t)(line + 1 - s.p);
    s = wu_utf8_trim((wu_str){s.p + head, s.n - head});
    if (s.n >= 3 && memcmp(s.p + s.n - 3, "```", 3) == 0) s.n -= 3;
    return wu_utf8_trim(s);
}

static wu_code read_text(wu_answer_turn *out, const wu_json *j, int at, wu_err *err) {
    const wu_json *text = wu_json_get(j, "text");
    out->text = wu_utf8_trim(wu_json_str(text));
    if (!out->text.n)
        return wu_fail(err, WU_EDATA, "turns[%d].text is missing or empty, want words", at);
    if (out->text.n > MAX_TURN)
        return wu_fail(err, WU_EDATA, "turns[%d].text has %zu bytes, at most %d are allowed", at,
                       out->text.n, MAX_TURN);
    for (size_t i = 0; i < out->text.n; i++) {
        const unsigned char c = (unsigned char)out->text.p[i];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F)
            return wu_fail(err, WU_EDATA, "turns[%d].text has the control character 0x%02X", at, c);
    }
    const char *word = betrayal_in(out->text);
    if (word) return wu_fail(err, WU_EDATA, "turns[%d].text speaks of \"%s\"", at, word);
    return WU_OK;
}

static bool plan_has(const wu_brief *b, wu_party_role role) {
    for (int32_t i = 0; i < b->n_line; i++) {
        const wu_by by = (wu_by)b->by[i];
        const wu_party_role r = by == WU_BY_CUSTOMER ? WU_PARTY_CUSTOMER
                                : by == WU_BY_BOT    ? WU_PARTY_BOT
                                : by == WU_BY_SYSTEM ? WU_PARTY_SYSTEM
                                                     : WU_PARTY_AGENT;
        if (r == role) return true;
    }
    return false;
}

static wu_code read_speaker(wu_answer_turn *out, const wu_json *j, int at, wu_err *err) {
    const wu_str name = wu_json_str(wu_json_get(j, "speaker"));
    out->role = wu_party_role_find(name);
    if (out->role >= WU_PARTY_AGENT && out->role <= WU_PARTY_SYSTEM) return WU_OK;
    return wu_fail(err, WU_EDATA, "turns[%d].speaker is none of agent, customer, bot and system",
                   at);
}

/* A line that cannot be meant is none: the turn itself may be good. */
static int32_t line_of(const wu_brief *b, const wu_json *j, wu_party_role role) {
    const wu_json *line = wu_json_get(j, "line");
    const int64_t n = wu_json_type(line) == WU_JSON_INT ? wu_json_int(line) : 0;
    if (n < 1 || n > b->n_line) return -1;
    const wu_by by = (wu_by)b->by[n - 1];
    const bool agent = by == WU_BY_AGENT || by == WU_BY_AGENT2;
    const bool fits = agent                  ? role == WU_PARTY_AGENT
                      : by == WU_BY_CUSTOMER ? role == WU_PARTY_CUSTOMER
                      : by == WU_BY_BOT      ? role == WU_PARTY_BOT
                                             : role == WU_PARTY_SYSTEM;
    return fits ? (int32_t)n - 1 : -1;
}

static wu_code read_turns(wu_answer *a, const wu_brief *b, wu_err *err) {
    const wu_json *list = wu_json_get(a->json, "turns");
    const size_t n = wu_json_size(list);
    if (wu_json_type(list) != WU_JSON_ARRAY)
        return wu_fail(err, WU_EDATA, "turns is missing or no array");
    if (n < (size_t)b->least_turns || n > (size_t)b->most_turns)
        return wu_fail(err, WU_EDATA, "turns has %zu turns, want %d to %d", n, b->least_turns,
                       b->most_turns);
    a->turn = calloc(n, sizeof(*a->turn));
    if (!a->turn) return wu_fail(err, WU_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const wu_json *j = wu_json_at(list, i);
        wu_answer_turn *t = &a->turn[i];
        wu_code rc = read_speaker(t, j, (int)i, err);
        if (!rc) rc = read_text(t, j, (int)i, err);
        if (rc) return rc;
        t->line = line_of(b, j, t->role);
        a->n++;
    }
    return WU_OK;
}

/* -------------------------------------------------------------------------------- sense */

static bool is_heard(const wu_answer *a, wu_party_role role) {
    for (int32_t i = 0; i < a->n; i++)
        if (a->turn[i].role == role) return true;
    return false;
}

static wu_code check_sides(const wu_answer *a, const wu_brief *b, wu_err *err) {
    for (int r = WU_PARTY_AGENT; r <= WU_PARTY_SYSTEM; r++) {
        const wu_party_role role = (wu_party_role)r;
        const bool heard = is_heard(a, role), planned = plan_has(b, role);
        const bool person = role == WU_PARTY_AGENT || role == WU_PARTY_CUSTOMER;
        if (planned && person && !heard)
            return wu_fail(err, WU_EDATA, "the %s says nothing", wu_party_role_name(role));
        if (heard && !planned)
            return wu_fail(err, WU_EDATA, "a turn is the %s's, of whom the plan knows nothing",
                           wu_party_role_name(role));
    }
    return WU_OK;
}

static wu_code collect_words(const wu_answer *a, wu_buf *all, wu_err *err) {
    for (int32_t i = 0; i < a->n; i++) {
        const wu_str text = a->turn[i].text;
        if (all->n + text.n >= MAX_WORDS)
            return wu_fail(err, WU_EDATA, "the turns have more than %d bytes", MAX_WORDS);
        wu_code rc = wu_buf_add(all, text.p, text.n);
        if (!rc) rc = wu_buf_char(all, '\n');
        if (rc) return wu_fail(err, rc, "out of memory");
    }
    return WU_OK;
}

static wu_code check_words(const wu_answer *a, const wu_brief *b, wu_err *err) {
    wu_buf all = {0};
    const wu_code rc = collect_words(a, &all, err);
    const wu_str words = wu_buf_view(&all), rival = wu_str_of(b->rival);
    const bool named = !rival.n || has_words(words, rival);
    const char *guess = rc ? NULL : wu_language_guess(wu_briefs_languages(b->of), words);
    wu_buf_free(&all);
    if (rc) return rc;
    if (!named) return wu_fail(err, WU_EDATA, "\"%s\" is not named", b->rival);
    if (guess && strncmp(guess, b->language, strcspn(b->language, "-_")) != 0)
        return wu_fail(err, WU_EDATA, "the language seems to be %s, want %s", guess, b->language);
    return WU_OK;
}

wu_code wu_answer_read(wu_answer *out, const wu_brief *b, wu_str text, wu_err *err) {
    wu_code rc;
    *out = (wu_answer){0};
    text = without_fence(text);
    if (text.n > MAX_TEXT)
        return wu_fail(err, WU_EDATA, "the answer has %zu bytes, at most %d are allowed", text.n,
                       MAX_TEXT);
    if ((rc = wu_json_parse(&out->json, text, "answer", WU_EDATA, err))) return rc;
    rc = read_turns(out, b, err);
    if (!rc) rc = check_sides(out, b, err);
    if (!rc) rc = check_words(out, b, err);
    if (rc) wu_answer_free(out);
    return rc;
}

void wu_answer_free(wu_answer *a) {
    if (!a) return;
    wu_json_free(a->json);
    free(a->turn);
    *a = (wu_answer){0};
}

/* ----------------------------------------------------------------------------- as a call */

static wu_code put_turn(wu_json *list, const wu_answer_turn *t) {
    wu_json *o = wu_json_new_object();
    wu_code rc = o ? WU_OK : WU_ENOMEM;
    if (!rc)
        rc = wu_json_set(o, "speaker", wu_json_new_str(wu_str_of(wu_party_role_name(t->role))));
    if (!rc) rc = wu_json_set(o, "text", wu_json_new_str(t->text));
    if (!rc && t->line >= 0) rc = wu_json_set(o, "line", wu_json_new_int(t->line + 1));
    if (!rc) return wu_json_push(list, o);
    wu_json_free(o);
    return rc;
}

wu_json *wu_answer_json(const wu_answer *a) {
    wu_json *o = wu_json_new_object(), *list = wu_json_new_array();
    wu_code rc = o && list ? WU_OK : WU_ENOMEM;
    for (int32_t i = 0; !rc && i < a->n; i++) rc = put_turn(list, &a->turn[i]);
    if (!rc) {
        rc = wu_json_set(o, "turns", list);
        list = NULL;
    }
    wu_json_free(list);
    if (!rc) return o;
    wu_json_free(o);
    return NULL;
}

/* Turns with the times that it takes to say them, as the simulator gives them. */
static wu_code add_turns(const wu_answer *a, const wu_brief *b, wu_conversation *c, wu_rng *r) {
    const bool voice = b->latent.channel == WU_VOICE;
    const int64_t ms_per_word = wu_between(r, 300, 420);
    static const char *const name[] = {"", "Agent", "Customer", "Bot", "System"};
    int64_t now = 0;
    c->n_turn = c->n_party = 0;
    for (int32_t i = 0; i < a->n; i++) {
        const wu_answer_turn *t = &a->turn[i];
        const bool again = i > 0 && t->line >= 0 && a->turn[i - 1].line == t->line;
        wu_turn turn = {.start_ms = -1, .end_ms = -1};
        turn.party = wu_conversation_party(c, wu_str_of(name[t->role]), t->role);
        if (turn.party < 0) return WU_ENOMEM;
        if (voice) {
            int64_t words = 1;
            for (size_t k = 0; k < t->text.n; k++) words += t->text.p[k] == ' ';
            if (t->line >= 0 && !again) now += (int64_t)b->pause_s[t->line] * 1000;
            now += wu_between(r, 150, 1100);
            turn.start_ms = now;
            now += 250 + words * ms_per_word;
            turn.end_ms = now;
        }
        const wu_code rc = wu_conversation_add(c, &turn, t->text);
        if (rc) return rc;
    }
    if (voice) c->contact.duration_ms = now;
    return WU_OK;
}

static void find_evidence(const wu_answer *a, const wu_brief *b, wu_speech *p) {
    for (int i = 0; i < WU_N_ITEM; i++) {
        p->evidence[i] = -1;
        for (int32_t k = a->n - 1; k >= 0 && b->item_line[i] >= 0; k--)
            if (a->turn[k].line == b->item_line[i]) p->evidence[i] = k;
    }
}

static wu_code put_origin(wu_json *trace, const wu_brief *b, const char *model) {
    wu_code rc = wu_json_set(trace, "realised_by", wu_json_new_str(wu_str_of(model)));
    return rc ? rc : wu_json_set(trace, "prompt_hash", wu_json_new_str(wu_str_of(b->hash)));
}

static wu_code make_call(const wu_answer *a, const wu_brief *b, const wu_synth *s,
                         const char *model, wu_synth_call *call, wu_speech *p) {
    wu_conversation *c = &call->conversation;
    wu_rng times = wu_synth_rng(s, b->drawn_with, WU_STREAM_DAMAGE),
           review = wu_synth_rng(s, b->drawn_with, WU_STREAM_REVIEW);
    wu_code rc = add_turns(a, b, c, &times);
    if (rc) return rc;
    p->s = s;
    p->l = &call->latent;
    find_evidence(a, b, p);
    wu_json_free(c->analysis);
    wu_json_free(c->journey);
    c->analysis = c->journey = NULL;
    call->n_use = 0; /* no frame was spoken */
    call->latent.noise &= ~(uint32_t)(WU_NOISE_SPEAKER | WU_NOISE_TRUNCATED | WU_NOISE_NO_AGENT);
    rc = wu_review_make(s, p, call, &review);
    if (!rc) rc = wu_trace_make(s, call);
    return rc ? rc : put_origin(call->trace, b, model);
}

wu_code wu_answer_call(const wu_answer *a, const wu_brief *b, const wu_synth *s, const char *model,
                       wu_synth_call *call, wu_err *err) {
    wu_code rc = wu_synth_make(s, b->index, call, err);
    if (rc) return rc;
    wu_speech *p = calloc(1, sizeof(*p));
    rc = p ? make_call(a, b, s, model, call, p) : WU_ENOMEM;
    free(p);
    return rc ? wu_fail(err, rc, "call %llu: out of memory", (unsigned long long)b->index) : WU_OK;
}
