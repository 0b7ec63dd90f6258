/* encode.c - text to token ids.
 *
 * Both families go the same way: special tokens are taken out, what lies
 * between is normalised, cut into pieces that no merge could cross, and each
 * piece is merged. */
#include "text/tokenizer_impl.h"
#include "text/utf8.h"

#include <string.h>

enum { TEXT_MAX = 1 << 28 }; /* bytes of one text: positions of symbols are int32_t */

typedef struct encoder {
    const wu_tokenizer *t;
    wu_ids *out;
    wu_bpe bpe;
    wu_scan *scan; /* NULL: no pre-split */
    wu_buf run;    /* the normalised text between two special tokens */
    wu_err *err;
} encoder;

static wu_code out_of_memory(const encoder *e) {
    return wu_fail(e->err, WU_ENOMEM, "tokenizer: out of memory");
}

/* ---- byte-level ----------------------------------------------------------------------------- */

/* Bytes without a token vanish, as in the originals. */
static wu_code encode_bytes(encoder *e, wu_str piece) {
    const wu_tokenizer *t = e->t;

    if (t->v->ignore_merges) {
        const int32_t whole = wu_tokenizer_plain(t, piece);
        if (whole >= 0) return wu_ids_push(e->out, whole);
    }
    if (wu_bpe_start(&e->bpe, piece.n)) return WU_ENOMEM;
    for (size_t i = 0; i < piece.n; i++) {
        const int32_t id = t->byte[(unsigned char)piece.p[i]];
        if (id >= 0) wu_bpe_add(&e->bpe, id);
    }
    return wu_bpe_finish(&e->bpe, t, e->out);
}

static wu_code encode_split(encoder *e, wu_str run) {
    size_t at = 0;
    bool found;
    wu_code rc;

    if (!e->scan) return encode_bytes(e, run) ? out_of_memory(e) : WU_OK;
    if ((rc = wu_scan_text(e->scan, run, e->err))) return rc;
    while (!(rc = wu_scan_next(e->scan, &found, e->err)) && found) {
        const wu_span m = wu_scan_group(e->scan, 0);
        if (m.start > at && encode_bytes(e, (wu_str){run.p + at, m.start - at}))
            return out_of_memory(e);
        if (encode_bytes(e, (wu_str){run.p + m.start, m.end - m.start})) return out_of_memory(e);
        at = m.end;
    }
    if (!rc && at < run.n && encode_bytes(e, (wu_str){run.p + at, run.n - at}))
        return out_of_memory(e);
    return rc;
}

static wu_code encode_byte_run(encoder *e, wu_str run) {
    if (!e->t->v->nfc) return encode_split(e, run);
    wu_buf_clear(&e->run);
    if (wu_utf8_nfc(run, &e->run)) return out_of_memory(e);
    return encode_split(e, wu_buf_view(&e->run));
}

/* ---- SentencePiece -------------------------------------------------------------------------- */

/* A character is its own symbol, or its bytes', or unknown (neighbouring unknowns are one). */
static void add_character(encoder *e, wu_str c) {
    const wu_tokenizer *t = e->t;
    int32_t id = c.n == 1 ? t->ascii[(unsigned char)c.p[0]] : wu_tokenizer_plain(t, c);
    bool has_bytes = true;

    if (id >= 0) {
        wu_bpe_add(&e->bpe, id);
        return;
    }
    for (size_t i = 0; i < c.n; i++)
        if (t->byte[(unsigned char)c.p[i]] < 0) has_bytes = false;
    if (has_bytes) {
        for (size_t i = 0; i < c.n; i++) wu_bpe_add(&e->bpe, t->byte[(unsigned char)c.p[i]]);
        return;
    }
    id = t->v->unk;
    if (id >= 0 && (e->bpe.n == 0 || e->bpe.sym[e->bpe.n - 1].id != id)) wu_bpe_add(&e->bpe, id);
}

static wu_code encode_pieces(encoder *e, wu_str piece) {
    if (wu_bpe_start(&e->bpe, piece.n)) return WU_ENOMEM;
    for (size_t at = 0; at < piece.n;) {
        int n;
        (void)wu_utf8_code((wu_str){piece.p + at, piece.n - at}, &n);
        add_character(e, (wu_str){piece.p + at, (size_t)n});
        at += (size_t)n;
    }
    return wu_bpe_finish(&e->bpe, e->t, e->out);
}

static bool is_space_mark(wu_str s, size_t at) {
    return s.n - at >= 3 && memcmp(s.p + at, WU_SPACE_MARK, 3) == 0;
}

/* Words with the marks before them, or the whole run where a piece may reach across words. */
static wu_code encode_words(encoder *e, wu_str run) {
    size_t start = 0;

    for (size_t at = 0; e->t->is_cut && at < run.n;) {
        const bool was_mark = is_space_mark(run, at);
        at += was_mark ? 3 : 1;
        if (was_mark || at >= run.n || !is_space_mark(run, at)) continue;
        if (encode_pieces(e, (wu_str){run.p + start, at - start})) return WU_ENOMEM;
        start = at;
    }
    return encode_pieces(e, (wu_str){run.p + start, run.n - start});
}

static wu_code encode_spm_run(encoder *e, wu_str run, bool prefix) {
    size_t from = 0;

    wu_buf_clear(&e->run);
    if (prefix && wu_buf_str(&e->run, WU_SPACE_MARK)) return out_of_memory(e);
    for (size_t i = 0; i <= run.n; i++) {
        if (i < run.n && run.p[i] != ' ') continue;
        if (wu_buf_add(&e->run, run.p + from, i - from)) return out_of_memory(e);
        if (i < run.n && wu_buf_str(&e->run, WU_SPACE_MARK)) return out_of_memory(e);
        from = i + 1;
    }
    return encode_words(e, wu_buf_view(&e->run)) ? out_of_memory(e) : WU_OK;
}

/* Whether U+2581 goes before a run that starts at a byte of the text. */
static bool wants_prefix(const wu_vocab *v, unsigned flags, wu_str run, size_t at) {
    if (v->kind != WU_VOCAB_SPM || run.n == 0) return false;
    if (at == 0 && (flags & WU_ENCODE_PREFIX)) return true;
    if (at == 0 && (flags & WU_ENCODE_INNER)) return false;
    if (v->prefix == WU_PREFIX_FIRST) return at == 0 && run.p[0] != ' ' && !is_space_mark(run, 0);
    return v->prefix == WU_PREFIX_EACH;
}

/* ---- both ----------------------------------------------------------------------------------- */

static wu_code encode_run(encoder *e, wu_str run, bool prefix) {
    if (e->t->v->kind == WU_VOCAB_SPM) return encode_spm_run(e, run, prefix);
    return run.n ? encode_byte_run(e, run) : WU_OK;
}

static wu_code encode_text(encoder *e, wu_str text, unsigned flags) {
    const wu_vocab *v = e->t->v;
    const bool is_special = flags & WU_ENCODE_SPECIAL;
    const wu_marks *marks = is_special ? &e->t->special : &e->t->always;
    /* Without special tokens the text is one piece, even where user-defined tokens lie in it. */
    bool prefix = wants_prefix(v, flags, text, 0);
    wu_code rc;

    for (size_t from = 0;;) {
        size_t at;
        const int32_t id = wu_marks_find(marks, v, text, from, &at);
        const wu_str run = {text.p + from, at - from};

        if (is_special) prefix = wants_prefix(v, flags, run, from);
        if ((rc = encode_run(e, run, prefix))) return rc;
        if (id < 0) return WU_OK;
        if (wu_ids_push(e->out, id)) return out_of_memory(e);
        prefix = false;
        from = at + v->token[id].n;
    }
}

wu_code wu_tokenizer_encode(const wu_tokenizer *t, wu_str text, unsigned flags, wu_ids *out,
                            wu_err *err) {
    encoder e = {.t = t, .out = out, .err = err};
    const int32_t before = out->n;
    wu_buf lossy = {0};
    wu_code rc = WU_OK;

    if (text.n > TEXT_MAX) {
        rc = wu_fail(err, WU_ENOMEM, "tokenizer: text of %zu bytes, want at most %d", text.n,
                     TEXT_MAX);
        goto done;
    }
    if (!wu_utf8_valid(text)) {
        if (wu_utf8_lossy(text, &lossy)) {
            rc = out_of_memory(&e);
            goto done;
        }
        text = wu_buf_view(&lossy);
    }
    if (t->presplit && (rc = wu_scan_create(&e.scan, t->presplit, err))) goto done;
    if ((flags & WU_ENCODE_BOS) && t->v->add_bos && t->v->bos >= 0 && wu_ids_push(out, t->v->bos)) {
        rc = out_of_memory(&e);
        goto done;
    }
    rc = encode_text(&e, text, flags);
done:
    if (rc) out->n = before;
    wu_scan_free(e.scan);
    wu_bpe_free(&e.bpe);
    wu_buf_free(&e.run);
    wu_buf_free(&lossy);
    return rc;
}
