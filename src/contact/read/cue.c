/* cue.c - cues into turns (cue.h). */
#include "contact/read/cue.h"

#include "base/compiler.h"
#include "contact/read/json_in.h"
#include "contact/read/plain_impl.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { CUES_MAX = 500000 };

bool wu_cue_times(wu_str line, int64_t *start_ms, int64_t *end_ms) {
    wu_text_time a, b;
    wu_str s = wu_utf8_trim(line);
    size_t n = wu_time_token(s, &a);
    if (n == 0 || a.kind != WU_TIME_OFFSET) return false;
    s = wu_utf8_trim((wu_str){s.p + n, s.n - n});
    if (!wu_str_starts(s, WU_STR("-->"))) return false;
    s = wu_utf8_trim((wu_str){s.p + 3, s.n - 3});
    n = s.n > 0 ? wu_time_token(s, &b) : 0;
    if (n == 0 || b.kind != WU_TIME_OFFSET) return false;
    *start_ms = a.ms;
    *end_ms = b.ms >= a.ms ? b.ms : -1;
    return true;
}

wu_code wu_cues_add(wu_cues *q, const wu_cue *times, wu_str voice, wu_str text, const char *where,
                    wu_err *err) {
    wu_cue cue = *times;
    text = wu_utf8_trim(text);
    if (text.n == 0) return WU_OK;
    if (q->n == CUES_MAX)
        return wu_fail(err, WU_EDATA, "%s: more than %d cues are no conversation", where, CUES_MAX);
    if (q->n == q->max) {
        const int32_t more = q->max ? 2 * q->max : 128;
        wu_cue *p = realloc(q->cue, (size_t)more * sizeof(*p));
        if (!p) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
        q->cue = p;
        q->max = more;
    }
    cue.text = cue.whole = text;
    cue.label = voice;
    cue.voice = voice.n > 0;
    wu_plain_line l = {0};
    if (!cue.voice && wu_plain_split(text, &l) && l.level == 0 && l.time.kind == WU_TIME_NONE) {
        cue.label = l.label;
        if (l.label.n > 0) cue.text = l.text;
    }
    q->cue[q->n++] = cue;
    return WU_OK;
}

/* ------------------------------------------------------------------------------------ speakers */

static int by_label(const void *a_, const void *b_) {
    const wu_cue *a = *(const wu_cue *const *)a_, *b = *(const wu_cue *const *)b_;
    const int c = memcmp(a->label.p, b->label.p, WU_MIN(a->label.n, b->label.n));
    if (c) return c;
    return a->label.n == b->label.n ? 0 : a->label.n < b->label.n ? -1 : 1;
}

/* As in plain text: roles and labels of software speak, other names if they do more than once. */
static wu_code find_speakers(wu_cues *q, const char *where, wu_err *err) {
    wu_cue **by = malloc((size_t)WU_MAX(q->n, 1) * sizeof(*by));
    int32_t n = 0;
    if (!by) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    for (int32_t i = 0; i < q->n; i++) {
        wu_cue *cue = &q->cue[i];
        if (cue->voice || cue->label.n == 0) continue;
        if (wu_role_of_label(cue->label) != WU_PARTY_UNKNOWN || wu_label_is_generic(cue->label))
            cue->voice = true;
        else if (!wu_plain_is_word(cue->label))
            by[n++] = cue;
    }
    if (n > 0) qsort(by, (size_t)n, sizeof(wu_cue *), by_label);
    for (int32_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && wu_str_eq(by[i]->label, by[j]->label); j++) continue;
        for (int32_t k = i; k < j && j - i > 1; k++) by[k]->voice = true;
    }
    free(by);
    return WU_OK;
}

/* ---------------------------------------------------------------------------------------- turns */

typedef struct open_turn {
    wu_buf words;
    wu_turn turn;
    wu_str label;
    bool open;
} open_turn;

static wu_code end_turn(open_turn *t, wu_conversation *c, const char *where, wu_err *err) {
    wu_code rc;
    if (!t->open || wu_utf8_trim(wu_buf_view(&t->words)).n == 0) return WU_OK;
    const wu_party_role role = wu_role_of_label(t->label);
    if ((rc = wu_fill_party(&t->turn.party, c, t->label, role, (wu_str){0}, where, err))) return rc;
    if (wu_conversation_add(c, &t->turn, wu_buf_view(&t->words)))
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    return WU_OK;
}

/* Whether cue goes on with the open turn. */
static bool goes_on(const open_turn *t, const wu_cue *cue, bool labelled, bool same_cue) {
    if (!t->open) return false;
    if (!labelled) return same_cue && !wu_str_starts(cue->whole, WU_STR("- "));
    return !cue->voice || wu_str_eq(cue->label, t->label);
}

static wu_code make_turns(const wu_cues *q, open_turn *t, wu_conversation *c, bool labelled,
                          const char *where, wu_err *err) {
    wu_code rc;
    for (int32_t i = 0; i < q->n; i++) {
        const wu_cue *cue = &q->cue[i];
        const bool same_cue = i > 0 && q->cue[i - 1].line == cue->line;
        wu_str text = cue->voice ? cue->text : cue->whole;
        if (wu_str_starts(text, WU_STR("- "))) text = (wu_str){text.p + 2, text.n - 2};
        if (!goes_on(t, cue, labelled, same_cue)) {
            if ((rc = end_turn(t, c, where, err))) return rc;
            wu_buf_clear(&t->words);
            t->turn = (wu_turn){.line = cue->line, .start_ms = cue->start_ms, .end_ms = -1};
            t->label = cue->voice ? cue->label : (wu_str){0};
            t->open = true;
        }
        if (cue->end_ms > t->turn.end_ms && cue->end_ms >= t->turn.start_ms)
            t->turn.end_ms = cue->end_ms;
        if (wu_buf_char(&t->words, ' ') || wu_buf_add(&t->words, text.p, text.n))
            return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    }
    return end_turn(t, c, where, err);
}

wu_code wu_cues_turns(wu_cues *q, wu_conversation *c, const char *where, wu_err *err) {
    open_turn t = {0};
    bool labelled = false;
    wu_code rc = find_speakers(q, where, err);
    for (int32_t i = 0; i < q->n; i++) labelled |= q->cue[i].voice;
    if (!rc) rc = make_turns(q, &t, c, labelled, where, err);
    if (!rc) rc = wu_fill_done(c, where, err);
    wu_buf_free(&t.words);
    return rc;
}

void wu_cues_free(wu_cues *q) {
    free(q->cue);
    *q = (wu_cues){0};
}
