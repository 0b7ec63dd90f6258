/* vocab_tiktoken.c - tokenizer.model of tiktoken (vocab_impl.h): lines of a token's bytes in base64
 * and its rank, which is its id.
 *
 * The file names neither the special tokens nor the pattern that cuts text; the number of ranks
 * tells which of the three known vocabularies it is.  Two tokens merge where their concatenation
 * is a token, lowest rank first; merges are written out for every way to cut every token. */
#include "formats/tensor_impl.h"
#include "formats/vocab_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LLAMA3_SPECIAL = 256, MAX_SPECIAL = 256, MAX_SPECIAL_NAME = 48, MAX_TOKEN_BYTES = 1024 };

/* Llama 3's special tokens by their place; the others are reserved_special_token_<place - 10>. */
static const char *const llama3_names[] = {"begin_of_text",
                                           "end_of_text",
                                           "reserved_special_token_0",
                                           "reserved_special_token_1",
                                           "finetune_right_pad_id",
                                           "step_id",
                                           "start_header_id",
                                           "end_header_id",
                                           "eom_id",
                                           "eot_id",
                                           "python_tag",
                                           "image"};
static const char *const qwen2_names[] = {
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>",
    "<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>",
    "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
    /* from here on ordinary words to the model, though never split */
    "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>",
    "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"};
enum { QWEN2_CONTROL = 14 };

static const struct known {
    int32_t n_rank, n_special;
    wu_presplit presplit;
    bool nfc, add_bos;
} knowns[] = {
    {128000, LLAMA3_SPECIAL, WU_PRESPLIT_LLAMA3, false, true},
    {151643, (int32_t)WU_LEN(qwen2_names), WU_PRESPLIT_QWEN2, true, false},
    {50256, 1, WU_PRESPLIT_GPT2, false, false},
};

static void special_name(char *out, const struct known *k, int32_t i) {
    if (k->presplit == WU_PRESPLIT_LLAMA3) {
        if (i < (int32_t)WU_LEN(llama3_names))
            snprintf(out, MAX_SPECIAL_NAME, "<|%s|>", llama3_names[i]);
        else
            snprintf(out, MAX_SPECIAL_NAME, "<|reserved_special_token_%d|>", i - 10);
    } else {
        snprintf(out, MAX_SPECIAL_NAME, "%s",
                 k->presplit == WU_PRESPLIT_QWEN2 ? qwen2_names[i] : "<|endoftext|>");
    }
}

static int base64_digit(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* out has room for s.n bytes. -1 if s is not base64 with its padding. */
static int64_t decode_base64(char *out, wu_str s) {
    int64_t n = 0;
    uint32_t bits = 0;

    if (s.n == 0 || s.n % 4) return -1;
    const size_t n_pad = s.p[s.n - 1] != '=' ? 0 : s.p[s.n - 2] == '=' ? 2 : 1;
    for (size_t i = 0; i < s.n; i++) {
        const int d = i < s.n - n_pad ? base64_digit(s.p[i]) : 0;
        if (d < 0) return -1;
        bits = bits << 6 | (uint32_t)d;
        if (i % 4 != 3) continue;
        for (int k = 16; k >= 0; k -= 8) out[n++] = (char)(bits >> k & 0xff);
        bits = 0;
    }
    return n - (int64_t)n_pad;
}

/* The next line without its end; false at the end of the text. */
static bool next_line(wu_str *s, wu_str *line) {
    if (s->n == 0) return false;
    const char *end = memchr(s->p, '\n', s->n);
    const size_t n = end ? (size_t)(end - s->p) : s->n;
    *line = (wu_str){s->p, n};
    s->p += end ? n + 1 : n;
    s->n -= end ? n + 1 : n;
    if (line->n && line->p[line->n - 1] == '\r') line->n--;
    return true;
}

static int32_t count_lines(wu_str s) {
    int32_t n = 0;
    wu_str line;
    while (n < WU_MAX_TOKENS && next_line(&s, &line)) n += line.n > 0;
    return n;
}

/* "base64 rank" into the place of its rank. */
static wu_code read_line(wu_texts *t, int32_t n_rank, wu_str line, const char *where, wu_err *err) {
    char text[WU_NAME_TEXT];
    const char *space = memchr(line.p, ' ', line.n);
    const size_t n = space ? (size_t)(space - line.p) : 0;
    int64_t rank = space && n + 1 < line.n ? 0 : -1;

    for (size_t i = n + 1; rank >= 0 && i < line.n; i++)
        rank = line.p[i] >= '0' && line.p[i] <= '9' && rank < n_rank ? rank * 10 + (line.p[i] - '0')
                                                                     : -1;
    if (rank < 0 || rank >= n_rank || t->text[rank].p || n > MAX_TOKEN_BYTES)
        return wu_fail(err, WU_EFORMAT,
                       "%s: line \"%s\" is not a token in base64 and a rank below %d of its own",
                       where, wu_name_text(text, line), n_rank);
    char *p = wu_arena_alloc(&t->arena, n);
    if (!p) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    const int64_t n_byte = decode_base64(p, (wu_str){line.p, n});
    if (n_byte < 1)
        return wu_fail(err, WU_EFORMAT, "%s: token \"%s\" is not base64", where,
                       wu_name_text(text, line));
    t->text[rank] = (wu_str){p, (size_t)n_byte};
    return WU_OK;
}

static int by_rank(const void *a, const void *b) {
    const wu_merge *x = a, *y = b;
    if (x->left != y->left) return x->left < y->left ? -1 : 1;
    return (x->right > y->right) - (x->right < y->right);
}

/* The ways to make token id of two tokens, added to merge when it is not NULL. Returns how many. */
static int32_t cut_token(const wu_texts *t, int32_t id, wu_merge *merge) {
    const wu_str s = t->text[id];
    int32_t n = 0;

    for (size_t i = 1; i < s.n; i++) {
        const int32_t left = wu_index_find(&t->index, (wu_str){s.p, i});
        const int32_t right = left < 0 ? -1 : wu_index_find(&t->index, (wu_str){s.p + i, s.n - i});
        if (right < 0) continue;
        if (merge) merge[n] = (wu_merge){left, right, id};
        n++;
    }
    if (merge && n) qsort(merge, (size_t)n, sizeof(*merge), by_rank);
    return n;
}

static wu_code make_merges(wu_vocab *v, const wu_texts *t, int32_t n_rank, const char *where,
                           wu_err *err) {
    int64_t n = 0;
    wu_code rc;

    for (int32_t i = 0; i < n_rank; i++) n += cut_token(t, i, NULL);
    if ((rc = wu_vocab_room_for_merges(v, (size_t)n, where, err))) return rc;
    for (int32_t i = 0; i < n_rank; i++) v->n_merge += cut_token(t, i, v->merge + v->n_merge);
    return WU_OK;
}

static wu_code add_specials(wu_vocab *v, wu_texts *t, const struct known *k, const char *where,
                            wu_err *err) {
    for (int32_t i = 0; i < k->n_special; i++) {
        char name[MAX_SPECIAL_NAME];
        special_name(name, k, i);
        char *p = wu_arena_strdup(&t->arena, name);
        if (!p) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
        t->text[k->n_rank + i] = wu_str_of(p);
        v->type[k->n_rank + i] = k->presplit == WU_PRESPLIT_QWEN2 && i >= QWEN2_CONTROL
                                     ? WU_TOKEN_USER
                                     : WU_TOKEN_CONTROL;
    }
    return WU_OK;
}

wu_code wu_vocab_from_tiktoken(wu_vocab **out, wu_str text, const char *where, wu_err *err) {
    const int32_t n_rank = count_lines(text);
    const struct known *k = NULL;
    wu_texts t = {0};
    wu_vocab *v = NULL;
    wu_str line;
    wu_code rc;

    *out = NULL;
    for (size_t i = 0; i < WU_LEN(knowns); i++)
        if (knowns[i].n_rank == n_rank) k = &knowns[i];
    if (!k)
        return wu_fail(err, WU_EFORMAT,
                       "%s: a tiktoken file of %d ranks; known are 128000 (Llama 3), 151643 (Qwen) "
                       "and 50256 (GPT-2)",
                       where, n_rank);
    if ((rc = wu_texts_begin(&t, n_rank + k->n_special, where, err))) goto done;
    if ((rc = wu_vocab_begin(&v, t.n, where, err))) goto done;
    while (next_line(&text, &line))
        if (line.n && (rc = read_line(&t, n_rank, line, where, err))) goto done;
    if ((rc = add_specials(v, &t, k, where, err))) goto done;
    if ((rc = wu_texts_index(&t, where, err))) goto done;
    if ((rc = make_merges(v, &t, n_rank, where, err))) goto done;
    /* Copied as they are: these texts are bytes already. */
    v->kind = WU_VOCAB_SPM;
    if ((rc = wu_vocab_take_texts(v, t.text, where, err))) goto done;
    v->kind = WU_VOCAB_BYTE_BPE;
    v->presplit = k->presplit;
    v->nfc = k->nfc;
    v->ignore_merges = true; /* tiktoken takes a whole piece that is a token at once */
    v->add_bos = k->add_bos;
    if (v->add_bos) v->bos = n_rank;
    if (k->presplit == WU_PRESPLIT_QWEN2) v->pad = n_rank;
    if ((rc = wu_vocab_name_stops(v, where, err))) goto done;
    *out = v;
    v = NULL;
done:
    wu_vocab_free(v);
    wu_texts_end(&t);
    return rc;
}
