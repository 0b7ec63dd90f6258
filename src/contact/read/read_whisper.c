/* read_whisper.c - what recognisers of the Whisper family write: OpenAI, WhisperX, pyannote,
 * whisper.cpp. docs/formats.md, "Whisper".
 *
 * A segment is a stretch of sound, not a turn: successive ones of one speaker
 * are one turn.  Without speakers segments stay as they are. */
#include "contact/read/json_in.h"

#include <string.h>

static const char *const segment_key[] = {"segments", "transcription", "turnLevelTranscription",
                                          NULL};

/* The object that has the segments: pyannote's jobs put it into "output". */
static const wu_json *holder(const wu_json *root) {
    const wu_json *inner = wu_json_get(root, "output");
    return wu_in_any(inner, segment_key, NULL) ? inner : root;
}

static bool has_times(const wu_json *seg) {
    return wu_json_get(seg, "start") || wu_json_get(seg, "offsets") ||
           wu_json_get(seg, "timestamps");
}

static int detect(const wu_json *root) {
    const wu_json *a = wu_in_any(holder(root), segment_key, NULL), *seg = wu_json_at(a, 0);
    if (wu_json_type(a) != WU_JSON_ARRAY) return 0;
    if (wu_json_size(a) == 0) return wu_json_get(root, "language") ? 60 : 0;
    return wu_json_get(seg, "text") && has_times(seg) ? 90 : 0;
}

/* ---- speakers -------------------------------------------------------------------------------- */

/* The speaker of most words. */
static wu_str speaker_of_words(const wu_json *words) {
    enum { KINDS = 16 };
    struct {
        wu_str name;
        size_t n;
    } seen[KINDS];
    size_t kinds = 0, best = 0;
    for (size_t i = 0; i < wu_json_size(words); i++) {
        const wu_str s = wu_json_str(wu_json_get(wu_json_at(words, i), "speaker"));
        size_t k = 0;
        if (s.n == 0) continue;
        while (k < kinds && !wu_str_eq(seen[k].name, s)) k++;
        if (k == KINDS) continue;
        if (k == kinds) {
            seen[k].name = s;
            seen[k].n = 0;
            kinds++;
        }
        seen[k].n++;
        if (seen[k].n > seen[best].n) best = k;
    }
    return kinds > 0 ? seen[best].name : (wu_str){0};
}

/* whisper.cpp begins texts with "(speaker 0)"; "(speaker ?)" means that it does not know. */
static void split_prefix(wu_str *speaker, wu_str *text) {
    static const char prefix[] = "(speaker ";
    wu_str s = *text;
    while (s.n > 0 && s.p[0] == ' ') s = (wu_str){s.p + 1, s.n - 1};
    if (!wu_str_starts(s, wu_str_of(prefix))) return;
    const size_t from = sizeof(prefix) - 1;
    size_t to = from;
    while (to < s.n && s.p[to] != ')') to++;
    if (to == s.n || to == from || to - from > 8) return;
    if (s.p[from] != '?') *speaker = (wu_str){s.p + from, to - from};
    *text = (wu_str){s.p + to + 1, s.n - to - 1};
}

/* ---- segments
 * ------------------------------------------------------------------------------------ */

static wu_code read_times(int64_t *start, int64_t *end, const wu_json_in *in, wu_err *err) {
    wu_json_in at;
    wu_place place;
    wu_code rc;
    if ((rc = wu_in_ms(start, in, "start", 1000.0, err))) return rc;
    if ((rc = wu_in_ms(end, in, "end", 1000.0, err))) return rc;
    if ((rc = wu_in_object(&at, &place, in, "offsets", err)) || !at.j) return rc;
    if ((rc = wu_in_ms(start, &at, "from", 1.0, err))) return rc;
    return wu_in_ms(end, &at, "to", 1.0, err);
}

static wu_code add_segment(wu_conversation *c, const wu_json_in *in, bool *has_speakers,
                           wu_err *err) {
    wu_str text = {0}, speaker = {0};
    wu_in_text room;
    const wu_json *words;
    int64_t start = -1, end = -1;
    int32_t party;
    wu_code rc;
    if ((rc = wu_json_want_str(in, "text", &text, err))) return rc;
    if ((rc = wu_in_str(&speaker, &room, in, "speaker", err))) return rc;
    if ((rc = wu_in_array(&words, in, "words", err))) return rc;
    if (speaker.n == 0) speaker = speaker_of_words(words);
    split_prefix(&speaker, &text);
    if (wu_str_eq(speaker, WU_STR("?"))) speaker = (wu_str){0};
    if ((rc = read_times(&start, &end, in, err))) return rc;
    if (speaker.n > 0) *has_speakers = true;
    if ((rc = wu_fill_party(&party, c, speaker, WU_PARTY_UNKNOWN, (wu_str){0}, in->where, err)))
        return rc;
    return wu_fill_turn(c, party, start, end, text, in->where, err);
}

/* ---- language
 * ------------------------------------------------------------------------------------ */

/* A tag, or the English name that OpenAI's interface writes. */
static wu_str tag_of(wu_str s) {
    static const char *const name[][2] = {
        {"english", "en"},   {"spanish", "es"},    {"french", "fr"},    {"german", "de"},
        {"italian", "it"},   {"portuguese", "pt"}, {"dutch", "nl"},     {"polish", "pl"},
        {"swedish", "sv"},   {"danish", "da"},     {"norwegian", "no"}, {"finnish", "fi"},
        {"turkish", "tr"},   {"russian", "ru"},    {"ukrainian", "uk"}, {"czech", "cs"},
        {"chinese", "zh"},   {"japanese", "ja"},   {"korean", "ko"},    {"hindi", "hi"},
        {"arabic", "ar"},    {"greek", "el"},      {"hebrew", "he"},    {"hungarian", "hu"},
        {"romanian", "ro"},  {"catalan", "ca"},    {"thai", "th"},      {"vietnamese", "vi"},
        {"indonesian", "id"}};
    for (size_t i = 0; i < WU_LEN(name); i++)
        if (wu_str_eq(s, wu_str_of(name[i][0]))) return wu_str_of(name[i][1]);
    const bool is_tag = s.n == 2 || s.n == 3 || (s.n > 3 && (s.p[2] == '-' || s.p[3] == '-'));
    return is_tag ? s : (wu_str){0};
}

static wu_code read_contact(wu_conversation *c, const wu_json_in *root, wu_err *err) {
    wu_json_in result;
    wu_place place;
    wu_str language = {0};
    wu_code rc;
    if ((rc = wu_json_opt_str(root, "language", &language, err))) return rc;
    if ((rc = wu_in_object(&result, &place, root, "result", err))) return rc;
    if (result.j && (rc = wu_json_opt_str(&result, "language", &language, err))) return rc;
    if ((rc = wu_in_ms(&c->contact.duration_ms, root, "duration", 1000.0, err))) return rc;
    if ((rc = wu_fill_set(c, &c->contact.channel, WU_STR("voice"), root->where, err))) return rc;
    return wu_fill_set(c, &c->contact.language, tag_of(language), root->where, err);
}

static wu_code parse(wu_conversation *c, const wu_json *j, const char *where,
                     const wu_read_options *o, wu_err *err) {
    const wu_json_in root = {holder(j), where, WU_EDATA};
    const char *key = NULL;
    const wu_json *a;
    bool has_speakers = false;
    wu_code rc;
    (void)o;
    if (!wu_in_any(root.j, segment_key, &key))
        return wu_fail(err, WU_EDATA, "%s: segments is missing, want an array", where);
    if ((rc = wu_in_array(&a, &root, key, err))) return rc;
    if ((rc = read_contact(c, &root, err))) return rc;
    for (size_t i = 0; i < wu_json_size(a); i++) {
        wu_json_in in;
        wu_place place;
        if ((rc = wu_in_element(&in, &place, &root, key, a, i, err))) return rc;
        if ((rc = add_segment(c, &in, &has_speakers, err))) return rc;
    }
    if ((rc = wu_fill_done(c, where, err))) return rc;
    return has_speakers ? wu_fill_merge(c, where, err) : WU_OK;
}

const wu_format_row wu_format_whisper = {
    .format = WU_FORMAT_WHISPER,
    .name = "whisper",
    .summary = "Whisper family: OpenAI, WhisperX, pyannote, whisper.cpp",
    .detect_json = detect,
    .parse_json = parse,
};
