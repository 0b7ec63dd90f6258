/* decode.c - token ids to text, all at once or one by one.
 *
 * Bytes of an unfinished character wait; at most three can. */
#include "text/tokenizer_impl.h"
#include "text/utf8.h"

#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

/* Releases what of the waiting bytes is decided. */
static wu_code release_wait(wu_decoder *d, wu_buf *out) {
    wu_code rc;

    while (d->n_wait > 0) {
        int n;
        const wu_utf8_kind kind = wu_utf8_next((wu_str){d->wait, (size_t)d->n_wait}, &n);

        if (kind == WU_UTF8_PARTIAL) break;
        rc = kind == WU_UTF8_CHAR ? wu_buf_add(out, d->wait, (size_t)n)
                                  : wu_buf_str(out, REPLACEMENT);
        if (rc) return rc;
        d->n_wait -= n;
        memmove(d->wait, d->wait + n, (size_t)d->n_wait);
    }
    return WU_OK;
}

static wu_code push_bytes(wu_decoder *d, wu_str s, wu_buf *out) {
    size_t at = 0;
    wu_code rc;

    while (d->n_wait > 0 && at < s.n) { /* byte by byte until the character is decided */
        d->wait[d->n_wait++] = s.p[at++];
        if ((rc = release_wait(d, out))) return rc;
    }
    while (at < s.n) {
        const size_t from = at;
        wu_utf8_kind kind = WU_UTF8_CHAR;
        int n = 0;

        while (at < s.n && (kind = wu_utf8_next((wu_str){s.p + at, s.n - at}, &n)) == WU_UTF8_CHAR)
            at += (size_t)n;
        if (at > from && (rc = wu_buf_add(out, s.p + from, at - from))) return rc;
        if (at == s.n) break;
        if (kind == WU_UTF8_PARTIAL) {
            memcpy(d->wait, s.p + at, s.n - at);
            d->n_wait = (int)(s.n - at);
            break;
        }
        if ((rc = wu_buf_str(out, REPLACEMENT))) return rc;
        at += (size_t)n;
    }
    return WU_OK;
}

/* SentencePiece put a space before the text; it goes away again. */
static wu_code push_text(wu_decoder *d, const wu_tokenizer *t, wu_str s, wu_buf *out) {
    if (s.n == 0) return WU_OK;
    if (!d->started && t->v->kind == WU_VOCAB_SPM && t->v->prefix != WU_PREFIX_NONE &&
        s.p[0] == ' ') {
        s.p++;
        s.n--;
    }
    d->started = true;
    return push_bytes(d, s, out);
}

wu_code wu_decoder_push(wu_decoder *d, const wu_tokenizer *t, int32_t id, wu_buf *out) {
    return push_text(d, t, wu_tokenizer_bytes(t, id), out);
}

wu_code wu_decoder_finish(wu_decoder *d, wu_buf *out) {
    const bool is_cut = d->n_wait > 0; /* what waits is one unfinished character */

    d->n_wait = 0;
    return is_cut ? wu_buf_str(out, REPLACEMENT) : WU_OK;
}

wu_code wu_tokenizer_decode(const wu_tokenizer *t, const int32_t *id, int32_t n, bool with_special,
                            wu_buf *out) {
    const size_t before = out->n;
    wu_decoder d = {0};
    wu_code rc = WU_OK;

    for (int32_t i = 0; i < n && !rc; i++) {
        const bool is_known = id[i] >= 0 && id[i] < t->v->n_token;
        const bool is_special = is_known && (t->v->type[id[i]] == WU_TOKEN_CONTROL ||
                                             t->v->type[id[i]] == WU_TOKEN_UNKNOWN);

        if (is_special && with_special)
            rc = push_text(&d, t, t->v->token[id[i]], out);
        else
            rc = wu_decoder_push(&d, t, id[i], out);
    }
    if (!rc) rc = wu_decoder_finish(&d, out);
    if (rc && out->p) {
        out->n = before;
        out->p[before] = '\0';
    }
    return rc;
}
