/* vocab_build.c - what the readers of vocabularies share (vocab_impl.h). */
#include "formats/tensor_impl.h"
#include "formats/vocab_impl.h"

#include <string.h>

static wu_code no_memory(const char *where, wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
}

wu_code wu_texts_begin(wu_texts *t, int64_t n, const char *where, wu_err *err) {
    *t = (wu_texts){0};
    if (n < 1 || n > WU_MAX_TOKENS)
        return wu_fail(err, WU_EFORMAT, "%s: the vocabulary has %lld tokens, want 1 to %d", where,
                       (long long)n, WU_MAX_TOKENS);
    t->text = wu_arena_zero(&t->arena, (size_t)n, sizeof(*t->text));
    if (!t->text) return no_memory(where, err);
    t->n = (int32_t)n;
    return WU_OK;
}

wu_code wu_texts_index(wu_texts *t, const char *where, wu_err *err) {
    char text[WU_NAME_TEXT];
    int32_t twin = -1;

    if (wu_index_build(&t->index, &t->arena, t->text, t->n, &twin)) return no_memory(where, err);
    /* Places without a token all look empty; they are no twins. */
    if (twin >= 0 && t->text[twin].p)
        return wu_fail(err, WU_EFORMAT, "%s: token %d, \"%s\", occurs twice", where, twin,
                       wu_name_text(text, t->text[twin]));
    return WU_OK;
}

void wu_texts_end(wu_texts *t) {
    wu_arena_free(&t->arena);
    wu_buf_free(&t->joined);
    *t = (wu_texts){0};
}

wu_code wu_texts_merge(wu_texts *t, wu_str left, wu_str right, wu_merge *out, const char *where,
                       wu_err *err) {
    char a[WU_NAME_TEXT], b[WU_NAME_TEXT];

    wu_buf_clear(&t->joined);
    if (wu_buf_add(&t->joined, left.p, left.n) || wu_buf_add(&t->joined, right.p, right.n))
        return no_memory(where, err);
    out->left = wu_index_find(&t->index, left);
    out->right = wu_index_find(&t->index, right);
    out->result = wu_index_find(&t->index, wu_buf_view(&t->joined));
    if (left.n == 0 || right.n == 0 || out->left < 0 || out->right < 0 || out->result < 0)
        return wu_fail(err, WU_EFORMAT,
                       "%s: merge \"%s\" + \"%s\" is of or gives text that is no token", where,
                       wu_name_text(a, left), wu_name_text(b, right));
    return WU_OK;
}

wu_code wu_vocab_begin(wu_vocab **out, int64_t n, const char *where, wu_err *err) {
    *out = NULL;
    if (n < 1 || n > WU_MAX_TOKENS)
        return wu_fail(err, WU_EFORMAT, "%s: the vocabulary has %lld tokens, want 1 to %d", where,
                       (long long)n, WU_MAX_TOKENS);
    wu_vocab *v = wu_vocab_create();
    if (!v) return no_memory(where, err);
    v->n_token = (int32_t)n;
    v->token = wu_arena_zero(&v->arena, (size_t)n, sizeof(*v->token));
    v->type = wu_arena_zero(&v->arena, (size_t)n, sizeof(*v->type));
    v->stop = wu_arena_zero(&v->arena, WU_MAX_STOP, sizeof(*v->stop));
    if (!v->token || !v->type || !v->stop) {
        wu_vocab_free(v);
        return no_memory(where, err);
    }
    *out = v;
    return WU_OK;
}

/* The byte that GPT-2's table shows as the character, or -1. Bytes that print stand for
 * themselves; the 68 others, in order, for U+0100 onwards. */
static int byte_of_char(uint32_t c) {
    if ((c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xff && c != 0xad)) return (int)c;
    if (c < 0x100 || c > 0x143) return -1;
    const uint32_t n = c - 0x100;
    if (n <= 0x20) return (int)n;
    if (n == 0x21) return 0x7f;
    return n == 0x43 ? 0xad : (int)(n - 0x22 + 0x80);
}

/* The bytes that a text in GPT-2's printable form stands for; out has s.n bytes. -1 if some
 * character stands for none. */
static int64_t bytes_of_text(char *out, wu_str s) {
    int64_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        uint32_t point = c;
        if (c >= 0xc2 && c <= 0xc5 && i + 1 < s.n && ((unsigned char)s.p[i + 1] & 0xc0) == 0x80)
            point = (c & 0x1fu) << 6 | ((unsigned char)s.p[++i] & 0x3fu);
        else if (c >= 0x80)
            return -1;
        const int byte = byte_of_char(point);
        if (byte < 0) return -1;
        out[n++] = (char)byte;
    }
    return n;
}

wu_code wu_vocab_take_texts(wu_vocab *v, const wu_str *text, const char *where, wu_err *err) {
    size_t total = 0;

    for (int32_t i = 0; i < v->n_token; i++)
        if (__builtin_add_overflow(total, text[i].n, &total)) return no_memory(where, err);
    char *p = wu_arena_alloc(&v->arena, total);
    if (!p) return no_memory(where, err);
    for (int32_t i = 0; i < v->n_token; i++) {
        /* Only ordinary tokens are in printable form; special ones are what they say. */
        int64_t n = -1;
        if (v->kind == WU_VOCAB_BYTE_BPE && v->type[i] == WU_TOKEN_NORMAL)
            n = bytes_of_text(p, text[i]);
        if (n < 0) {
            if (text[i].n) memcpy(p, text[i].p, text[i].n);
            n = (int64_t)text[i].n;
        }
        v->token[i] = (wu_str){p, (size_t)n};
        p += n;
    }
    return WU_OK;
}

wu_code wu_vocab_room_for_merges(wu_vocab *v, size_t n, const char *where, wu_err *err) {
    if (n > INT32_MAX) return wu_fail(err, WU_EFORMAT, "%s: %zu merges are too many", where, n);
    v->merge = wu_arena_zero(&v->arena, n, sizeof(*v->merge));
    return v->merge ? WU_OK : no_memory(where, err);
}

char *wu_vocab_strdup(wu_vocab *v, wu_str s) {
    char *p = wu_arena_alloc(&v->arena, s.n + 1);
    if (!p) return NULL;
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

int32_t wu_vocab_id(const wu_vocab *v, wu_str text) {
    for (int32_t i = 0; i < v->n_token; i++)
        if (wu_str_eq(v->token[i], text)) return i;
    return -1;
}

wu_code wu_vocab_add_stop(wu_vocab *v, int64_t id, const char *where, wu_err *err) {
    if (id < 0 || id >= v->n_token)
        return wu_fail(err, WU_EFORMAT,
                       "%s: the end token %lld is not in the vocabulary of %d tokens", where,
                       (long long)id, v->n_token);
    for (int32_t i = 0; i < v->n_stop; i++)
        if (v->stop[i] == id) return WU_OK;
    if (v->n_stop == WU_MAX_STOP)
        return wu_fail(err, WU_EFORMAT, "%s: more than %d tokens end an answer", where,
                       WU_MAX_STOP);
    v->stop[v->n_stop++] = (int32_t)id;
    return WU_OK;
}

wu_code wu_vocab_name_stops(wu_vocab *v, const char *where, wu_err *err) {
    /* The likeliest end of an answer first: it becomes eos where no file names one. */
    static const char *const names[] = {"<|im_end|>",      "<|eot_id|>",    "</s>",
                                        "<|end_of_text|>", "<|endoftext|>", "<|eom_id|>"};
    int32_t found[WU_LEN(names)];
    wu_code rc;

    for (size_t k = 0; k < WU_LEN(names); k++) found[k] = -1;
    for (int32_t i = 0; i < v->n_token; i++) {
        if (v->type[i] != WU_TOKEN_CONTROL) continue;
        for (size_t k = 0; k < WU_LEN(names); k++)
            if (wu_str_eq(v->token[i], wu_str_of(names[k]))) found[k] = i;
    }
    for (size_t k = 0; k < WU_LEN(names); k++) {
        if (found[k] < 0) continue;
        if (v->eos < 0) v->eos = found[k];
        if ((rc = wu_vocab_add_stop(v, found[k], where, err))) return rc;
    }
    return v->eos >= 0 ? wu_vocab_add_stop(v, v->eos, where, err) : WU_OK;
}
