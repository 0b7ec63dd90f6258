/* read_transcribe.c - recognisers that list words with times: Amazon Transcribe with speaker or
 * channel labels, and Deepgram. docs/formats.md.
 *
 * Who speaks stands beside each word in newer files of Transcribe, and only in
 * a list of segments in older ones. */
#include "contact/read/json_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int detect(const wu_json *root) {
    const wu_json *r = wu_json_get(root, "results");
    if (wu_json_type(wu_json_get(r, "items")) == WU_JSON_ARRAY &&
        (wu_json_get(r, "transcripts") || wu_json_get(r, "speaker_labels") ||
         wu_json_get(r, "channel_labels")))
        return 95;
    const wu_json *channel = wu_json_at(wu_json_get(r, "channels"), 0);
    return wu_json_get(wu_json_at(wu_json_get(channel, "alternatives"), 0), "words") ? 95 : 0;
}

/* ---- who speaks when, by the list of segments ------------------------------------------------ */

typedef struct mark {
    int64_t start_ms;
    size_t order; /* of the file, so that sorting is stable */
    wu_str speaker;
} mark;

typedef struct marks {
    mark *p;
    size_t n, max;
} marks;

static wu_code push_mark(marks *m, int64_t start_ms, wu_str speaker, const wu_json_in *in,
                         wu_err *err) {
    if (m->n == m->max) {
        const size_t more = m->max ? 2 * m->max : 64;
        size_t bytes;
        mark *p = wu_mul_size(&bytes, more, sizeof(*p)) ? realloc(m->p, bytes) : NULL;
        if (!p) return wu_fail(err, WU_ENOMEM, "%s: out of memory", in->where);
        m->p = p;
        m->max = more;
    }
    m->p[m->n] = (mark){start_ms, m->n, speaker};
    m->n++;
    return WU_OK;
}

static wu_code add_mark(marks *m, const wu_json_in *in, wu_str speaker, wu_err *err) {
    int64_t start = -1;
    wu_str own = {0};
    wu_code rc;
    if ((rc = wu_in_ms(&start, in, "start_time", 1000.0, err))) return rc;
    if ((rc = wu_json_opt_str(in, "speaker_label", &own, err))) return rc;
    return start < 0 ? WU_OK : push_mark(m, start, own.n > 0 ? own : speaker, in, err);
}

static int by_time(const void *a, const void *b) {
    const mark *x = a, *y = b;
    if (x->start_ms != y->start_ms) return x->start_ms < y->start_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static wu_code read_marks(marks *m, const wu_json_in *results, wu_err *err) {
    wu_json_in labels, seg, word;
    wu_place p1, p2, p3;
    const wu_json *segments = NULL, *items = NULL;
    wu_code rc = wu_in_object(&labels, &p1, results, "speaker_labels", err);
    if (rc || !labels.j) return rc;
    rc = wu_in_array(&segments, &labels, "segments", err);
    for (size_t i = 0; !rc && i < wu_json_size(segments); i++) {
        wu_str speaker = {0};
        if ((rc = wu_in_element(&seg, &p2, &labels, "segments", segments, i, err))) break;
        if ((rc = wu_json_opt_str(&seg, "speaker_label", &speaker, err))) break;
        if ((rc = wu_in_array(&items, &seg, "items", err))) break;
        if (wu_json_size(items) == 0) rc = add_mark(m, &seg, speaker, err);
        for (size_t k = 0; !rc && k < wu_json_size(items); k++) {
            rc = wu_in_element(&word, &p3, &seg, "items", items, k, err);
            if (!rc) rc = add_mark(m, &word, speaker, err);
        }
    }
    if (!rc && m->n > 1) qsort(m->p, m->n, sizeof(*m->p), by_time);
    return rc;
}

/* The speaker of the last mark that is not behind start_ms. */
static wu_str speaker_at(const marks *m, int64_t start_ms) {
    size_t lo = 0, hi = m->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (m->p[mid].start_ms <= start_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo > 0 ? m->p[lo - 1].speaker : (wu_str){0};
}

/* ---- words to turns -------------------------------------------------------------------------- */

typedef struct reading {
    wu_conversation *c;
    marks marks;
    wu_buf text;    /* of the turn that is being put together */
    wu_str speaker; /* its speaker */
    wu_str channel; /* whose words are read, if the file has them channel by channel */
    int64_t start_ms, end_ms;
    bool begun, no_blanks;
    const char *where;
    wu_err *err;
} reading;

static wu_code end_turn(reading *g) {
    int32_t party;
    wu_code rc;
    if (!g->begun) return WU_OK;
    rc = wu_fill_party(&party, g->c, g->speaker, WU_PARTY_UNKNOWN, (wu_str){0}, g->where, g->err);
    if (!rc)
        rc = wu_fill_turn(g->c, party, g->start_ms, g->end_ms, wu_buf_view(&g->text), g->where,
                          g->err);
    wu_buf_clear(&g->text);
    g->begun = false;
    return rc;
}

static wu_code begin_turn(reading *g, wu_str speaker, int64_t start_ms) {
    const wu_code rc = end_turn(g);
    g->begun = true;
    g->speaker = speaker;
    g->start_ms = start_ms;
    g->end_ms = -1;
    return rc;
}

/* A word, or a mark that stands behind one without a blank. */
static wu_code put_word(reading *g, wu_str speaker, wu_str word, int64_t start, int64_t end,
                        bool is_mark) {
    wu_code rc;
    if (!g->begun || !wu_str_eq(speaker, g->speaker)) {
        if ((rc = begin_turn(g, speaker, start))) return rc;
    } else if (!is_mark && !g->no_blanks && wu_buf_char(&g->text, ' ')) {
        return wu_fail(g->err, WU_ENOMEM, "%s: out of memory", g->where);
    }
    if (end > g->end_ms) g->end_ms = end;
    return wu_buf_add(&g->text, word.p, word.n)
               ? wu_fail(g->err, WU_ENOMEM, "%s: out of memory", g->where)
               : WU_OK;
}

static wu_code add_item(reading *g, const wu_json_in *in) {
    wu_str type = {0}, speaker = {0}, word = {0};
    int64_t start = -1, end = -1;
    wu_json_in best;
    wu_place place;
    const wu_json *choices = NULL;
    wu_code rc;
    if ((rc = wu_json_opt_str(in, "type", &type, g->err))) return rc;
    if ((rc = wu_json_opt_str(in, "speaker_label", &speaker, g->err))) return rc;
    if (speaker.n == 0 && (rc = wu_json_opt_str(in, "channel_label", &speaker, g->err))) return rc;
    if ((rc = wu_in_ms(&start, in, "start_time", 1000.0, g->err))) return rc;
    if ((rc = wu_in_ms(&end, in, "end_time", 1000.0, g->err))) return rc;
    if ((rc = wu_in_array(&choices, in, "alternatives", g->err))) return rc;
    if (wu_json_size(choices) == 0) return WU_OK;
    if ((rc = wu_in_element(&best, &place, in, "alternatives", choices, 0, g->err))) return rc;
    if ((rc = wu_json_want_str(&best, "content", &word, g->err))) return rc;

    const bool is_mark = wu_str_eq(type, WU_STR("punctuation"));
    if (speaker.n == 0) speaker = g->channel;
    if (speaker.n == 0 && start >= 0) speaker = speaker_at(&g->marks, start);
    if (is_mark && g->begun) speaker = g->speaker; /* it has no time of its own */
    return put_word(g, speaker, word, start, end, is_mark);
}

static wu_code add_items(reading *g, const wu_json *items, const wu_json_in *of, const char *key) {
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < wu_json_size(items); i++) {
        wu_json_in in;
        wu_place place;
        rc = wu_in_element(&in, &place, of, key, items, i, g->err);
        if (!rc) rc = add_item(g, &in);
    }
    return rc;
}

/* A file of two channels has its words channel by channel; each word has its channel's label or
 * none at all, so turns are cut at pauses of a second and put in order of time afterwards. */
static wu_code add_channels(reading *g, const wu_json_in *results, const wu_json *channels) {
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < wu_json_size(channels); i++) {
        wu_json_in ch, in;
        wu_place p1, p2;
        wu_str label = {0};
        const wu_json *items = NULL;
        if ((rc = wu_in_element(&ch, &p1, results, "channel_labels.channels", channels, i, g->err)))
            break;
        if ((rc = wu_json_opt_str(&ch, "channel_label", &label, g->err))) break;
        if ((rc = wu_in_array(&items, &ch, "items", g->err))) break;
        g->channel = label;
        for (size_t k = 0; !rc && k < wu_json_size(items); k++) {
            int64_t start = -1;
            if ((rc = wu_in_element(&in, &p2, &ch, "items", items, k, g->err))) break;
            if ((rc = wu_in_ms(&start, &in, "start_time", 1000.0, g->err))) break;
            if (start >= 0 && g->begun && start > g->end_ms + 1000) rc = end_turn(g);
            if (!rc) rc = add_item(g, &in);
        }
        if (!rc) rc = end_turn(g);
    }
    return rc;
}

/* ---- Deepgram -------------------------------------------------------------------------------- */

/* A word; who speaks is its number, or its channel's if there are several. */
static wu_code add_deepgram_word(reading *g, const wu_json_in *in, bool has_channels) {
    wu_str word = {0}, number = {0}, speaker = g->channel;
    wu_in_text room;
    int64_t start = -1, end = -1;
    wu_code rc;
    if ((rc = wu_json_opt_str(in, "punctuated_word", &word, g->err))) return rc;
    if (word.n == 0 && (rc = wu_json_want_str(in, "word", &word, g->err))) return rc;
    if ((rc = wu_in_str(&number, &room, in, "speaker", g->err))) return rc;
    if ((rc = wu_in_ms(&start, in, "start", 1000.0, g->err))) return rc;
    if ((rc = wu_in_ms(&end, in, "end", 1000.0, g->err))) return rc;
    if (number.n > 0 && !has_channels) { /* it must live on in the conversation's arena */
        speaker = g->speaker;
        if (!wu_str_eq(number, speaker) &&
            (rc = wu_fill_set(g->c, &speaker, number, g->where, g->err)))
            return rc;
    }
    if (has_channels && start >= 0 && g->begun && start > g->end_ms + 1000 && (rc = end_turn(g)))
        return rc;
    return put_word(g, speaker, word, start, end, false);
}

static wu_code add_deepgram(reading *g, const wu_json_in *results, const wu_json *channels) {
    const bool has_channels = wu_json_size(channels) > 1;
    wu_code rc = WU_OK;
    for (size_t i = 0; !rc && i < wu_json_size(channels); i++) {
        wu_json_in ch, best, word;
        wu_place p1, p2, p3;
        char name[32];
        const wu_json *choices = NULL, *words = NULL;
        wu_str language = {0};
        if ((rc = wu_in_element(&ch, &p1, results, "channels", channels, i, g->err))) break;
        if ((rc = wu_json_opt_str(&ch, "detected_language", &language, g->err))) break;
        if ((rc = wu_in_array(&choices, &ch, "alternatives", g->err))) break;
        if (wu_json_size(choices) == 0) continue;
        if ((rc = wu_in_element(&best, &p2, &ch, "alternatives", choices, 0, g->err))) break;
        if ((rc = wu_in_array(&words, &best, "words", g->err))) break;
        (void)snprintf(name, sizeof(name), "channel_%zu", i);
        g->channel = has_channels ? wu_str_of(name) : (wu_str){0};
        for (size_t k = 0; !rc && k < wu_json_size(words); k++) {
            rc = wu_in_element(&word, &p3, &best, "words", words, k, g->err);
            if (!rc) rc = add_deepgram_word(g, &word, has_channels);
        }
        if (!rc) rc = end_turn(g);
        g->channel = (wu_str){0};
        g->speaker = (wu_str){0};
        if (!rc && g->c->contact.language.n == 0)
            rc = wu_fill_set(g->c, &g->c->contact.language, language, g->where, g->err);
    }
    return rc;
}

static wu_code read_metadata(reading *g, const wu_json_in *root, wu_str *id) {
    wu_json_in m;
    wu_place place;
    wu_code rc = wu_in_object(&m, &place, root, "metadata", g->err);
    if (rc || !m.j) return rc;
    if ((rc = wu_json_opt_str(&m, "request_id", id, g->err))) return rc;
    return wu_in_ms(&g->c->contact.duration_ms, &m, "duration", 1000.0, g->err);
}

/* ---- the whole
 * ----------------------------------------------------------------------------------- */

static wu_code read_contact(reading *g, const wu_json_in *root, const wu_json_in *results) {
    wu_conversation *c = g->c;
    wu_str id = {0}, language = {0};
    wu_code rc;
    if ((rc = wu_json_opt_str(root, "jobName", &id, g->err))) return rc;
    if ((rc = read_metadata(g, root, &id))) return rc;
    if ((rc = wu_json_opt_str(results, "language_code", &language, g->err))) return rc;
    g->no_blanks = wu_str_starts(language, WU_STR("ja")) || wu_str_starts(language, WU_STR("zh"));
    if ((rc = wu_fill_set(c, &c->id, id, g->where, g->err))) return rc;
    if ((rc = wu_fill_set(c, &c->contact.channel, WU_STR("voice"), g->where, g->err))) return rc;
    return wu_fill_set(c, &c->contact.language, language, g->where, g->err);
}

static wu_code parse(wu_conversation *c, const wu_json *j, const char *where,
                     const wu_read_options *o, wu_err *err) {
    const wu_json_in root = {j, where, WU_EDATA};
    reading g = {.c = c, .where = where, .err = err};
    wu_json_in results, labels;
    wu_place p1, p2;
    const wu_json *items = NULL, *channels = NULL, *deepgram = NULL;
    wu_code rc;
    (void)o;
    if ((rc = wu_in_object(&results, &p1, &root, "results", err))) goto done;
    if (!results.j) {
        rc = wu_fail(err, WU_EDATA, "%s: results is missing, want an object", where);
        goto done;
    }
    if ((rc = read_contact(&g, &root, &results))) goto done;
    if ((rc = wu_in_object(&labels, &p2, &results, "channel_labels", err))) goto done;
    if (labels.j && (rc = wu_in_array(&channels, &labels, "channels", err))) goto done;
    if ((rc = wu_in_array(&deepgram, &results, "channels", err))) goto done;
    if (deepgram) {
        rc = add_deepgram(&g, &results, deepgram);
    } else if (channels) {
        rc = add_channels(&g, &results, channels);
    } else {
        if ((rc = read_marks(&g.marks, &results, err))) goto done;
        if ((rc = wu_in_array(&items, &results, "items", err))) goto done;
        rc = add_items(&g, items, &results, "items");
        if (!rc) rc = end_turn(&g);
    }
    if (!rc) rc = wu_fill_done(c, where, err);
    if (!rc && (channels || deepgram)) rc = wu_fill_merge(c, where, err);
done:
    wu_buf_free(&g.text);
    free(g.marks.p);
    return rc;
}

const wu_format_row wu_format_transcribe = {
    .format = WU_FORMAT_TRANSCRIBE,
    .name = "transcribe",
    .summary = "Amazon Transcribe with speaker labels, Deepgram",
    .detect_json = detect,
    .parse_json = parse,
};
