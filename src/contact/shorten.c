/* shorten.c - which turns stay (shorten.h).
 *
 * Every line is counted once; sums of these counts and a binary search say how
 * many lines of the beginning and of the end fit.  Tokens can reach across
 * lines, so the longest example is then encoded whole, and what it is too long
 * by is taken off the room until it fits: twice at most in practice. */
#include "contact/shorten.h"

#include "base/compiler.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_PERCENT = 40,
    LEAST_ROOM = 24 /* tokens for a conversation, below which it is not worth its example */
};

struct wu_shortener {
    wu_shorten_options o;
    wu_buf context, prompt, out;
    wu_ids ids;
    wu_str *line; /* [n_line], without newlines */
    int64_t *sum; /* [n_line + 1], tokens of the lines before */
    int32_t n_line, max_line;
    int32_t mark; /* tokens of a mark */
};

/* ---- counting ------------------------------------------------------------------------------- */

static wu_code count_plain(wu_shortener *s, wu_str text, int32_t *n, wu_err *err) {
    s->ids.n = 0;
    const wu_code rc = wu_tokenizer_encode(s->o.tokenizer, text, WU_ENCODE_INNER, &s->ids, err);
    *n = s->ids.n;
    return rc;
}

static wu_code count_example(wu_shortener *s, const wu_task *t, wu_str turns, wu_str answer,
                             int32_t *n, wu_err *err) {
    wu_buf_clear(&s->prompt);
    s->ids.n = 0;
    if (wu_prompt_render(&s->prompt, t, s->o.order, wu_buf_view(&s->context), turns))
        return wu_fail(err, WU_ENOMEM, "prompt of %s: out of memory", t->name);
    const wu_message m[2] = {{WU_ROLE_USER, wu_buf_view(&s->prompt)}, {WU_ROLE_ASSISTANT, answer}};
    const wu_code rc = wu_chat_encode(s->o.chat, s->o.tokenizer, m, 2, false, &s->ids, NULL, err);
    *n = s->ids.n;
    return rc;
}

/* The example with the most tokens beside the conversation. */
static wu_code find_longest(wu_shortener *s, const wu_str answer[WU_N_TASK], int *task,
                            int32_t *n_beside, wu_err *err) {
    *n_beside = 0;
    *task = -1;
    for (int i = 0; i < WU_N_TASK; i++) {
        int32_t n;
        if (answer[i].n == 0) continue;
        const wu_code rc = count_example(s, &wu_tasks[i], WU_STR(""), answer[i], &n, err);
        if (rc) return rc;
        if (n <= *n_beside) continue;
        *n_beside = n;
        *task = i;
    }
    return WU_OK;
}

static wu_code out_of_memory(wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "shortening a conversation: out of memory");
}

static wu_code room_for_lines(wu_shortener *s, int32_t n, wu_err *err) {
    if (n <= s->max_line) return WU_OK;
    wu_str *line = realloc(s->line, (size_t)n * sizeof(*line));
    if (!line) return out_of_memory(err);
    s->line = line;
    int64_t *sum = realloc(s->sum, ((size_t)n + 1) * sizeof(*sum));
    if (!sum) return out_of_memory(err);
    s->sum = sum;
    s->max_line = n;
    return WU_OK;
}

/* Lines and the sums of their tokens; each line is encoded once, with its newline. */
static wu_code read_lines(wu_shortener *s, wu_str text, wu_err *err) {
    s->n_line = 0;
    for (size_t at = 0; at < text.n;) {
        const char *p = text.p + at, *stop = memchr(p, '\n', text.n - at);
        const size_t n = stop ? (size_t)(stop - p) : text.n - at, whole = n + (stop != NULL);
        int32_t n_token;
        wu_code rc;
        if (s->n_line == s->max_line && (rc = room_for_lines(s, 2 * s->max_line + 64, err)))
            return rc;
        if ((rc = count_plain(s, (wu_str){p, whole}, &n_token, err))) return rc;
        s->line[s->n_line] = (wu_str){p, n};
        if (s->n_line == 0) s->sum[0] = 0;
        s->sum[s->n_line + 1] = s->sum[s->n_line] + n_token;
        s->n_line++;
        at += whole;
    }
    return WU_OK;
}

/* ---- choosing ------------------------------------------------------------------------------- */

/* The most lines from the start that have at most room tokens. */
static int32_t fit_head(const wu_shortener *s, int64_t room) {
    int32_t lo = 0, hi = s->n_line;
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo + 1) / 2;
        if (s->sum[mid] <= room)
            lo = mid;
        else
            hi = mid - 1;
    }
    return lo;
}

/* The first line from which on there are at most room tokens. */
static int32_t fit_tail(const wu_shortener *s, int64_t room) {
    int32_t lo = 0, hi = s->n_line;
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (s->sum[s->n_line] - s->sum[mid] <= room)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

/* Lines [0, head) and [tail, n_line) stay. */
static void choose(const wu_shortener *s, int64_t room, int32_t *head, int32_t *tail) {
    *head = fit_head(s, room * HEAD_PERCENT / 100);
    *tail = fit_tail(s, room - s->sum[*head]);
    *head = fit_head(s, room - (s->sum[s->n_line] - s->sum[*tail])); /* what the end left */
    if (*head > *tail) *head = *tail;
}

/* ---- cutting inside a turn ------------------------------------------------------------------ */

static bool is_inside(wu_str s, size_t at) {
    return at < s.n && ((unsigned char)s.p[at] & 0xC0) == 0x80;
}

/* Moves a cut back to the blank before it; within a very long word to the start of a character. */
static size_t to_word(wu_str s, size_t at, bool from_end) {
    enum { WORD_MAX = 80 };
    size_t k = at;
    if (at == 0 || at >= s.n) return at;
    for (int i = 0; i < WORD_MAX && k > 0 && k < s.n; i++) {
        if (s.p[k] == ' ') return k;
        if (from_end)
            k++;
        else
            k--;
    }
    if (k == 0 || k >= s.n) return k;
    while (is_inside(s, at)) at++;
    return at;
}

/* Bytes of the beginning (or the end) of s that have about room tokens. The probes double, so that
 * they cost what the result costs. */
static wu_code fit_bytes(wu_shortener *s, wu_str text, int64_t room, bool from_end, size_t *out,
                         wu_err *err) {
    size_t lo = 0, hi = 0, step = room > 0 ? (size_t)room * 4 : 0;
    int32_t n;
    *out = 0;
    if (room <= 0) return WU_OK;
    while (lo < text.n) {
        const bool is_growing = hi == 0;
        size_t mid = is_growing ? WU_MIN(text.n, lo ? 2 * lo : step) : lo + (hi - lo) / 2;
        if (!is_growing && hi - lo <= 8) break;
        const wu_str part = {from_end ? text.p + text.n - mid : text.p, mid};
        const wu_code rc = count_plain(s, part, &n, err);
        if (rc) return rc;
        if (n <= room)
            lo = mid;
        else
            hi = mid;
    }
    *out = lo;
    return WU_OK;
}

static int32_t count_words(wu_str s) {
    int32_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.p[i] != ' ' && (i == 0 || s.p[i - 1] == ' ');
    return n;
}

/* "Agent: " of a line. */
static size_t speaker(wu_str line) {
    for (size_t i = 0; i + 1 < line.n && i < 40; i++)
        if (line.p[i] == ':' && line.p[i + 1] == ' ') return i + 2;
    return 0;
}

/* One line with its middle left out: at most head tokens of its beginning and tail of its end. */
static wu_code cut_line(wu_shortener *s, wu_str line, int64_t head, int64_t tail,
                        wu_shortened *info, wu_err *err) {
    const size_t name = speaker(line);
    const wu_str body = {line.p + name, line.n - name};
    size_t from, n_tail;
    wu_code rc;
    if ((rc = fit_bytes(s, body, head, false, &from, err))) return rc;
    if ((rc = fit_bytes(s, body, tail, true, &n_tail, err))) return rc;
    from = to_word(body, from, false);
    const size_t to = to_word(body, body.n - n_tail, true);
    if (from >= to)
        return wu_buf_fmt(&s->out, "%.*s\n", (int)line.n, line.p) ? out_of_memory(err) : WU_OK;
    const wu_str a = wu_utf8_trim((wu_str){body.p, from});
    const wu_str b = wu_utf8_trim((wu_str){body.p + to, body.n - to});
    const int32_t n = count_words((wu_str){body.p + from, to - from});
    if (wu_buf_fmt(&s->out, "%.*s%.*s%s[%d words left out]%s%.*s\n", (int)name, line.p, (int)a.n,
                   a.p, a.n ? " " : "", n, b.n ? " " : "", (int)b.n, b.p))
        return out_of_memory(err);
    info->n_word += n;
    return WU_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static wu_code add_lines(wu_shortener *s, int32_t from, int32_t to, wu_err *err) {
    for (int32_t i = from; i < to; i++)
        if (wu_buf_add(&s->out, s->line[i].p, s->line[i].n) || wu_buf_char(&s->out, '\n'))
            return out_of_memory(err);
    return WU_OK;
}

static wu_code add_mark(wu_shortener *s, int32_t n, wu_shortened *info, wu_err *err) {
    info->n_turn = n;
    if (n <= 0) return WU_OK;
    if (wu_buf_fmt(&s->out, "[%d turn%s left out]\n", n, n == 1 ? "" : "s"))
        return out_of_memory(err);
    return WU_OK;
}

/* The gap between head and tail: whole turns, unless those beside it are so long that they would
 * leave much of the room unused, or nothing of the beginning or the end. */
static wu_code add_gap(wu_shortener *s, int32_t head, int32_t tail, int64_t unused, int64_t room,
                       wu_shortened *info, wu_err *err) {
    const bool is_long = unused > room / 4 || head == 0 || tail == s->n_line;
    const int64_t first = unused * HEAD_PERCENT / 100, last = unused - first;
    wu_code rc;
    if (!is_long) return add_mark(s, tail - head, info, err);
    if (tail - head == 1) {
        info->n_turn = 0;
        return cut_line(s, s->line[head], first - s->mark, last, info, err);
    }
    if ((rc = cut_line(s, s->line[head], first - s->mark, 0, info, err))) return rc;
    if ((rc = add_mark(s, tail - head - 2, info, err))) return rc;
    return cut_line(s, s->line[tail - 1], 0, last - s->mark, info, err);
}

static wu_code cut_to(wu_shortener *s, int64_t room, wu_shortened *info, wu_err *err) {
    int32_t head, tail;
    wu_code rc;
    room -= s->mark;
    choose(s, room, &head, &tail);
    const int64_t unused = room - s->sum[head] - (s->sum[s->n_line] - s->sum[tail]);
    wu_buf_clear(&s->out);
    *info = (wu_shortened){.was_cut = true};
    if ((rc = add_lines(s, 0, head, err))) return rc;
    if (tail > head && (rc = add_gap(s, head, tail, unused, room, info, err))) return rc;
    return add_lines(s, tail, s->n_line, err);
}

wu_code wu_shorten(wu_shortener *s, wu_str *turns, const wu_str answer[WU_N_TASK],
                   const char *where, wu_shortened *info, wu_err *err) {
    int task;
    int32_t n_beside, n;
    wu_code rc;
    *info = (wu_shortened){0};
    if ((rc = find_longest(s, answer, &task, &n_beside, err))) return rc;
    if (task < 0) return WU_OK;
    const int64_t room = (int64_t)s->o.max_tokens - n_beside;
    if (3 * (int64_t)turns->n + 8 <= room) return WU_OK; /* at most a token a byte, NFC included */
    if ((rc = count_example(s, &wu_tasks[task], *turns, answer[task], &n, err))) return rc;
    info->n_token = n;
    if (n <= s->o.max_tokens) return WU_OK;
    if ((rc = read_lines(s, *turns, err))) return rc;
    for (int64_t left = room; left >= LEAST_ROOM + s->mark; left -= n - s->o.max_tokens) {
        if ((rc = cut_to(s, left, info, err))) return rc;
        if ((rc = count_example(s, &wu_tasks[task], wu_buf_view(&s->out), answer[task], &n, err)))
            return rc;
        info->n_token = n;
        if (n > s->o.max_tokens) continue;
        *turns = wu_buf_view(&s->out);
        return WU_OK;
    }
    return wu_fail(err, WU_EDATA,
                   "%s: the answer of %s and its question have %d tokens, which leaves no room for "
                   "the conversation within %d",
                   where, wu_tasks[task].name, n_beside, s->o.max_tokens);
}

/* As large as the block can be. */
static wu_code largest_context(wu_buf *out) {
    const wu_context c = {.timestamp = "2028-12-28T18:48:38-03:30",
                          .time_of_day = "afternoon",
                          .day_of_week = "Wednesday",
                          .business_hours = 0,
                          .holiday = "Birthday of Martin Luther King, Jr. (observed) (US)",
                          .peak_season = "holiday_shopping_season",
                          .queue_wait_s = 12345,
                          .announced_wait_s = 12345,
                          .channel = "social",
                          .contact_number_30d = 123,
                          .hold_s = 12345,
                          .transfers = 123};
    return wu_context_render(out, &c);
}

wu_code wu_shortener_create(wu_shortener **out, const wu_shorten_options *o, wu_err *err) {
    const wu_str none[WU_N_TASK] = {WU_STR("{}"), WU_STR("{}"), WU_STR("{}"),
                                    WU_STR("{}"), WU_STR("{}"), WU_STR("{}")};
    int task;
    int32_t n;
    wu_code rc = WU_OK;
    *out = NULL;
    wu_shortener *s = calloc(1, sizeof(*s));
    if (!s) return out_of_memory(err);
    s->o = *o;
    if (o->context_room && largest_context(&s->context)) {
        rc = out_of_memory(err);
        goto done;
    }
    if ((rc = count_plain(s, WU_STR("[123456 words left out]\n"), &s->mark, err))) goto done;
    if ((rc = find_longest(s, none, &task, &n, err))) goto done;
    if ((int64_t)o->max_tokens < (int64_t)n + LEAST_ROOM + s->mark) {
        rc = wu_fail(err, WU_EARG,
                     "%d tokens leave no room for a conversation: template, question%s and an "
                     "empty answer alone have %d",
                     o->max_tokens, o->context_room ? ", context" : "", n);
        goto done;
    }
    *out = s;
    return WU_OK;
done:
    wu_shortener_free(s);
    return rc;
}

void wu_shortener_free(wu_shortener *s) {
    if (!s) return;
    wu_buf_free(&s->context);
    wu_buf_free(&s->prompt);
    wu_buf_free(&s->out);
    wu_ids_free(&s->ids);
    free(s->line);
    free(s->sum);
    free(s);
}
