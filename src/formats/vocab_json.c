/* vocab_json.c - tokenizer.json of Hugging Face (vocab.h).
 *
 * The file describes a pipeline of parts that could be anything.  Those that make up the two
 * families of tokenizer.h are recognised; any other part is named in the error. */
#include "formats/tensor_impl.h"
#include "formats/vocab_impl.h"
#include "text/json.h"

#include <stdio.h>
#include <string.h>

enum { MAX_HOLES = 100000 }; /* ids without a token */

typedef struct reader {
    const wu_json *root, *model;
    const char *where;
    wu_err *err;
    wu_vocab *v;
    wu_texts t;
    bool has_metaspace, has_replace;
} reader;

static wu_code unsupported(const reader *r, const char *part, const char *what) {
    return wu_fail(r->err, WU_EFORMAT, "%s: %s %s is not supported", r->where, part, what);
}

static wu_str type_of(const wu_json *j) { return wu_json_str(wu_json_get(j, "type")); }

static bool is_type(const wu_json *j, const char *type) {
    return wu_str_eq(type_of(j), wu_str_of(type));
}

static bool is_null(const wu_json *j) { return wu_json_type(j) == WU_JSON_NULL; }

static bool is_str(const wu_json *j, const char *s) {
    return wu_str_eq(wu_json_str(j), wu_str_of(s));
}

/* A member that is true or false, or what holds when it is absent. */
static bool flag(const wu_json *j, const char *key, bool otherwise) {
    const wu_json *x = wu_json_get(j, key);
    return wu_json_type(x) == WU_JSON_BOOL ? wu_json_bool(x) : otherwise;
}

static wu_code unknown_part(const reader *r, const char *part, const wu_json *j) {
    char text[WU_NAME_TEXT], what[WU_NAME_TEXT + 8];
    snprintf(what, sizeof(what), "\"%s\"", wu_name_text(text, type_of(j)));
    return unsupported(r, part, what);
}

/* ---- model: vocabulary and merges ---------------------------------------------------------- */

static wu_code check_model(reader *r) {
    const wu_json *m = r->model;

    if (wu_json_type(m) != WU_JSON_OBJECT)
        return wu_fail(r->err, WU_EFORMAT, "%s: has no \"model\"", r->where);
    if (!is_null(wu_json_get(m, "type")) && !is_type(m, "BPE")) return unknown_part(r, "model", m);
    if (wu_json_real(wu_json_get(m, "dropout")) > 0) return unsupported(r, "model", "dropout");
    if (wu_json_str(wu_json_get(m, "continuing_subword_prefix")).n)
        return unsupported(r, "model", "continuing_subword_prefix");
    if (wu_json_str(wu_json_get(m, "end_of_word_suffix")).n)
        return unsupported(r, "model", "end_of_word_suffix");
    if (wu_json_type(wu_json_get(m, "vocab")) != WU_JSON_OBJECT)
        return wu_fail(r->err, WU_EFORMAT, "%s: model.vocab is not an object", r->where);
    if (wu_json_type(wu_json_get(m, "merges")) != WU_JSON_ARRAY)
        return wu_fail(r->err, WU_EFORMAT, "%s: model.merges is not a list", r->where);
    return WU_OK;
}

/* An id out of the file, kept close to the number of tokens. */
static wu_code read_id(const reader *r, const wu_json *j, int64_t limit, wu_str name,
                       int64_t *out) {
    char text[WU_NAME_TEXT];

    *out = wu_json_int(j);
    if (wu_json_type(j) != WU_JSON_INT || *out < 0 || *out >= limit)
        return wu_fail(r->err, WU_EFORMAT,
                       "%s: the id of token \"%s\" is not an integer in 0 to %lld", r->where,
                       wu_name_text(text, name), (long long)limit - 1);
    return WU_OK;
}

/* The number of ids: one more than the largest. */
static wu_code count_ids(reader *r, int64_t *n) {
    const wu_json *vocab = wu_json_get(r->model, "vocab"),
                  *added = wu_json_get(r->root, "added_tokens");
    const int64_t limit = (int64_t)wu_json_size(vocab) + (int64_t)wu_json_size(added) + MAX_HOLES;
    int64_t id;
    wu_code rc;

    *n = 0;
    for (void *it = wu_json_first(vocab); it; it = wu_json_next(vocab, it)) {
        if ((rc = read_id(r, wu_json_value(it), limit, wu_json_key(it), &id))) return rc;
        if (id >= *n) *n = id + 1;
    }
    if (!is_null(added) && wu_json_type(added) != WU_JSON_ARRAY)
        return wu_fail(r->err, WU_EFORMAT, "%s: added_tokens is not a list", r->where);
    for (size_t i = 0; i < wu_json_size(added); i++) {
        const wu_json *a = wu_json_at(added, i);
        const wu_str content = wu_json_str(wu_json_get(a, "content"));
        if (content.n == 0)
            return wu_fail(r->err, WU_EFORMAT, "%s: added token %zu has no content", r->where, i);
        if ((rc = read_id(r, wu_json_get(a, "id"), limit, content, &id))) return rc;
        if (id >= *n) *n = id + 1;
    }
    return WU_OK;
}

static wu_code place_text(reader *r, int64_t id, wu_str text) {
    char a[WU_NAME_TEXT], b[WU_NAME_TEXT];

    if (r->t.text[id].p && !wu_str_eq(r->t.text[id], text))
        return wu_fail(r->err, WU_EFORMAT, "%s: tokens \"%s\" and \"%s\" have the same id %lld",
                       r->where, wu_name_text(a, r->t.text[id]), wu_name_text(b, text),
                       (long long)id);
    r->t.text[id] = text;
    return WU_OK;
}

static wu_code read_added(reader *r) {
    static const char *const flags[] = {"single_word", "lstrip", "rstrip"};
    const wu_json *added = wu_json_get(r->root, "added_tokens");
    const wu_str unk = wu_json_str(wu_json_get(r->model, "unk_token"));
    char text[WU_NAME_TEXT], what[WU_NAME_TEXT + 32];
    wu_code rc;

    for (size_t i = 0; i < wu_json_size(added); i++) {
        const wu_json *a = wu_json_at(added, i);
        const wu_str content = wu_json_str(wu_json_get(a, "content"));
        const int64_t id = wu_json_int(wu_json_get(a, "id"));
        for (size_t k = 0; k < WU_LEN(flags); k++) {
            if (!flag(a, flags[k], false)) continue;
            snprintf(what, sizeof(what), "\"%s\" with %s", wu_name_text(text, content), flags[k]);
            return unsupported(r, "added token", what);
        }
        if ((rc = place_text(r, id, content))) return rc;
        r->v->type[id] = !flag(a, "special", false)         ? WU_TOKEN_USER
                         : unk.n && wu_str_eq(content, unk) ? WU_TOKEN_UNKNOWN
                                                            : WU_TOKEN_CONTROL;
    }
    return WU_OK;
}

static bool is_byte_name(wu_str s) {
    return s.n == 6 && memcmp(s.p, "<0x", 3) == 0 && s.p[5] == '>' &&
           strchr("0123456789ABCDEF", s.p[3]) && strchr("0123456789ABCDEF", s.p[4]);
}

static wu_code read_tokens(reader *r) {
    const wu_json *vocab = wu_json_get(r->model, "vocab");
    int64_t n = 0;
    wu_code rc;

    if ((rc = count_ids(r, &n))) return rc;
    if ((rc = wu_texts_begin(&r->t, n, r->where, r->err))) return rc;
    if ((rc = wu_vocab_begin(&r->v, n, r->where, r->err))) return rc;
    for (void *it = wu_json_first(vocab); it; it = wu_json_next(vocab, it))
        if ((rc = place_text(r, wu_json_int(wu_json_value(it)), wu_json_key(it)))) return rc;
    if ((rc = read_added(r))) return rc;
    for (int32_t i = 0; i < r->t.n; i++)
        if (!r->t.text[i].p) r->v->type[i] = WU_TOKEN_UNUSED;
    /* A text with two ids would be a vocabulary entry that an added token repeats elsewhere. */
    return wu_texts_index(&r->t, r->where, r->err);
}

/* "left right", or ["left", "right"]; a line of a version is no merge. */
static wu_code read_merge(reader *r, const wu_json *j, size_t i, wu_merge *out, bool *is_merge) {
    wu_str left = {0}, right = {0};
    const wu_str s = wu_json_str(j);

    *is_merge = true;
    if (wu_json_type(j) == WU_JSON_ARRAY && wu_json_size(j) == 2) {
        left = wu_json_str(wu_json_at(j, 0));
        right = wu_json_str(wu_json_at(j, 1));
    } else if (wu_str_starts(s, WU_STR("#version"))) {
        *is_merge = false;
        return WU_OK;
    } else if (s.n > 2) {
        const char *space = memchr(s.p + 1, ' ', s.n - 1);
        if (space) {
            left = (wu_str){s.p, (size_t)(space - s.p)};
            right = (wu_str){space + 1, s.n - left.n - 1};
        }
    }
    if (left.n == 0 || right.n == 0)
        return wu_fail(r->err, WU_EFORMAT, "%s: model.merges[%zu] is not a pair of texts", r->where,
                       i);
    return wu_texts_merge(&r->t, left, right, out, r->where, r->err);
}

static wu_code read_merges(reader *r) {
    const wu_json *merges = wu_json_get(r->model, "merges");
    const size_t n = wu_json_size(merges);
    wu_code rc;

    if ((rc = wu_vocab_room_for_merges(r->v, n, r->where, r->err))) return rc;
    for (size_t i = 0; i < n; i++) {
        bool is_merge;
        if ((rc = read_merge(r, wu_json_at(merges, i), i, &r->v->merge[r->v->n_merge], &is_merge)))
            return rc;
        r->v->n_merge += is_merge;
    }
    return WU_OK;
}

/* ---- pipeline ------------------------------------------------------------------------------ */

/* The patterns of Llama 3 and Qwen differ in how many digits go together. */
#define SPLIT_HEAD "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
#define SPLIT_TAIL "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static wu_code read_split(reader *r, const wu_json *j) {
    const wu_json *pattern = wu_json_get(wu_json_get(j, "pattern"), "Regex");

    if (!is_str(wu_json_get(j, "behavior"), "Isolated") || flag(j, "invert", false))
        return unsupported(r, "pre_tokenizer", "Split other than Isolated");
    if (is_str(pattern, SPLIT_HEAD "{1,3}" SPLIT_TAIL))
        r->v->presplit = WU_PRESPLIT_LLAMA3;
    else if (is_str(pattern, SPLIT_HEAD SPLIT_TAIL))
        r->v->presplit = WU_PRESPLIT_QWEN2;
    else
        return unsupported(r, "pre_tokenizer", "Split with this pattern");
    return WU_OK;
}

static wu_code read_byte_level(reader *r, const wu_json *j, bool digits) {
    const bool regex = flag(j, "use_regex", true), split = r->v->presplit != WU_PRESPLIT_NONE;

    if (flag(j, "add_prefix_space", true))
        return unsupported(r, "pre_tokenizer", "ByteLevel with add_prefix_space");
    if (regex == split || (split && digits))
        return unsupported(r, "pre_tokenizer", "ByteLevel with these other parts");
    if (regex) r->v->presplit = digits ? WU_PRESPLIT_SMOLLM2 : WU_PRESPLIT_GPT2;
    r->v->kind = WU_VOCAB_BYTE_BPE;
    return WU_OK;
}

static wu_code read_metaspace(reader *r, const wu_json *j) {
    const wu_json *scheme = wu_json_get(j, "prepend_scheme");

    if (!is_str(wu_json_get(j, "replacement"), "\xe2\x96\x81"))
        return unsupported(r, "pre_tokenizer", "Metaspace with another replacement");
    if (flag(j, "split", true)) return unsupported(r, "pre_tokenizer", "Metaspace with split");
    if (is_str(scheme, "first"))
        r->v->prefix = WU_PREFIX_FIRST;
    else if (is_str(scheme, "never") || (is_null(scheme) && !flag(j, "add_prefix_space", true)))
        r->v->prefix = WU_PREFIX_NONE;
    else
        return unsupported(r, "pre_tokenizer", "Metaspace with prepend_scheme always");
    r->has_metaspace = true;
    return WU_OK;
}

static wu_code read_pre_tokenizer(reader *r) {
    const wu_json *pre = wu_json_get(r->root, "pre_tokenizer");
    const wu_json *list = is_type(pre, "Sequence") ? wu_json_get(pre, "pretokenizers") : NULL;
    const size_t n = list ? wu_json_size(list) : !is_null(pre);
    bool digits = false;
    wu_code rc = WU_OK;

    r->v->kind = WU_VOCAB_SPM;
    r->v->presplit = WU_PRESPLIT_NONE;
    for (size_t i = 0; !rc && i < n; i++) {
        const wu_json *j = list ? wu_json_at(list, i) : pre;
        if (r->v->kind == WU_VOCAB_BYTE_BPE || r->has_metaspace)
            rc = unsupported(r, "pre_tokenizer", "with a part after its last one");
        else if (is_type(j, "Split"))
            rc = read_split(r, j);
        else if (is_type(j, "Digits") && flag(j, "individual_digits", false) && i == 0)
            digits = true;
        else if (is_type(j, "ByteLevel"))
            rc = read_byte_level(r, j, digits);
        else if (is_type(j, "Metaspace") && i == 0)
            rc = read_metaspace(r, j);
        else
            rc = unknown_part(r, "pre_tokenizer", j);
    }
    if (!rc && r->v->kind == WU_VOCAB_SPM && n && !r->has_metaspace)
        rc = unsupported(r, "pre_tokenizer", "without ByteLevel or Metaspace");
    return rc;
}

static wu_code read_normalizer(reader *r) {
    const wu_json *norm = wu_json_get(r->root, "normalizer");
    const wu_json *list = is_type(norm, "Sequence") ? wu_json_get(norm, "normalizers") : NULL;
    const size_t n = list ? wu_json_size(list) : !is_null(norm);
    const bool spm = r->v->kind == WU_VOCAB_SPM;

    for (size_t i = 0; i < n; i++) {
        const wu_json *j = list ? wu_json_at(list, i) : norm;
        if (is_type(j, "NFC")) {
            r->v->nfc = true;
        } else if (spm && is_type(j, "Prepend") && !r->has_metaspace && !r->has_replace &&
                   is_str(wu_json_get(j, "prepend"), "\xe2\x96\x81")) {
            r->v->prefix = WU_PREFIX_EACH;
        } else if (spm && is_type(j, "Replace") &&
                   is_str(wu_json_get(j, "content"), "\xe2\x96\x81") &&
                   is_str(wu_json_get(wu_json_get(j, "pattern"), "String"), " ")) {
            r->has_replace = true;
        } else {
            return unknown_part(r, "normalizer", j);
        }
    }
    if (spm && !r->has_metaspace && !r->has_replace)
        return unsupported(r, "a pipeline", "without ByteLevel, Metaspace or a Replace of spaces");
    return WU_OK;
}

/* What BPE does with characters that are no tokens. */
static wu_code read_fallback(reader *r) {
    const wu_str unk = wu_json_str(wu_json_get(r->model, "unk_token"));
    wu_vocab *v = r->v;

    v->ignore_merges = flag(r->model, "ignore_merges", false);
    if (unk.n && (v->unk = wu_index_find(&r->t.index, unk)) < 0)
        return wu_fail(r->err, WU_EFORMAT, "%s: model.unk_token is not in the vocabulary",
                       r->where);
    if (v->kind == WU_VOCAB_BYTE_BPE) return WU_OK;
    if (!flag(r->model, "byte_fallback", false))
        return unsupported(r, "model", "without byte_fallback");
    for (int32_t i = 0; i < v->n_token; i++)
        if (v->type[i] == WU_TOKEN_NORMAL && is_byte_name(r->t.text[i])) v->type[i] = WU_TOKEN_BYTE;
    return WU_OK;
}

/* The template says which token comes first; anything after the text is refused. */
static wu_code read_template(reader *r, const wu_json *j) {
    const wu_json *single = wu_json_get(j, "single");
    bool text = false;

    for (size_t i = 0; i < wu_json_size(single); i++) {
        const wu_json *item = wu_json_at(single, i);
        const wu_json *token = wu_json_get(item, "SpecialToken");
        if (wu_json_get(item, "Sequence")) {
            text = true;
            continue;
        }
        if (text || r->v->bos >= 0)
            return unsupported(r, "post_processor",
                               "that adds more than one token before the text");
        r->v->bos = wu_index_find(&r->t.index, wu_json_str(wu_json_get(token, "id")));
        if (r->v->bos < 0)
            return wu_fail(r->err, WU_EFORMAT,
                           "%s: the post_processor adds a token that is not in the vocabulary",
                           r->where);
        r->v->add_bos = true;
    }
    return WU_OK;
}

static wu_code read_post_processor(reader *r) {
    const wu_json *post = wu_json_get(r->root, "post_processor");
    const wu_json *list = is_type(post, "Sequence") ? wu_json_get(post, "processors") : NULL;
    const size_t n = list ? wu_json_size(list) : !is_null(post);
    wu_code rc = WU_OK;

    for (size_t i = 0; !rc && i < n; i++) {
        const wu_json *j = list ? wu_json_at(list, i) : post;
        if (is_type(j, "TemplateProcessing"))
            rc = read_template(r, j);
        else if (!is_type(j, "ByteLevel")) /* that one moves offsets only */
            rc = unknown_part(r, "post_processor", j);
    }
    return rc;
}

static wu_code read_all(reader *r) {
    wu_code rc;

    r->model = wu_json_get(r->root, "model");
    if ((rc = check_model(r))) return rc;
    if ((rc = read_tokens(r))) return rc;
    if ((rc = read_pre_tokenizer(r))) return rc;
    if ((rc = read_normalizer(r))) return rc;
    if ((rc = read_fallback(r))) return rc;
    if ((rc = read_merges(r))) return rc;
    if ((rc = read_post_processor(r))) return rc;
    if ((rc = wu_vocab_take_texts(r->v, r->t.text, r->where, r->err))) return rc;
    return wu_vocab_name_stops(r->v, r->where, r->err);
}

wu_code wu_vocab_from_json(wu_vocab **out, wu_str text, const char *where, wu_err *err) {
    wu_json *root = NULL;
    reader r = {.where = where, .err = err};
    wu_code rc;

    *out = NULL;
    if ((rc = wu_json_parse(&root, text, where, WU_EFORMAT, err))) goto done;
    r.root = root;
    if ((rc = read_all(&r))) goto done;
    *out = r.v;
    r.v = NULL;
done:
    wu_vocab_free(r.v);
    wu_texts_end(&r.t);
    wu_json_free(root);
    return rc;
}
