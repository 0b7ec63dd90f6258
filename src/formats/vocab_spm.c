/* vocab_spm.c - tokenizer.model of SentencePiece (vocab.h): a protobuf message, of which a few
 * fields are read and the others stepped over.
 *
 *     1 piece (repeated): 1 text, 2 score, 3 type    2 trainer    3 normalizer */
#include "formats/tensor_impl.h"
#include "formats/vocab_impl.h"

#include <string.h>

typedef struct field { /* one field of a message */
    uint32_t number;
    uint32_t wire;  /* 0 varint, 1 eight bytes, 2 bytes with a length, 5 four bytes */
    uint64_t value; /* wire 0, 1, 5 */
    wu_str bytes;   /* wire 2 */
} field;

static bool read_varint(wu_str *s, uint64_t *out) {
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (s->n == 0) return false;
        const unsigned char c = (unsigned char)*s->p;
        s->p++;
        s->n--;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) {
            *out = v;
            return true;
        }
    }
    return false;
}

static bool read_fixed(wu_str *s, size_t n, uint64_t *out) {
    if (s->n < n) return false;
    *out = 0;
    for (size_t i = n; i-- > 0;) *out = *out << 8 | (unsigned char)s->p[i];
    s->p += n;
    s->n -= n;
    return true;
}

/* Takes the next field off the front of a message; false if it is broken. */
static bool next_field(wu_str *s, field *f) {
    uint64_t tag, n;

    if (!read_varint(s, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return false;
    *f = (field){.number = (uint32_t)(tag >> 3), .wire = (uint32_t)(tag & 7)};
    switch (f->wire) {
    case 0:
        return read_varint(s, &f->value);
    case 1:
        return read_fixed(s, 8, &f->value);
    case 5:
        return read_fixed(s, 4, &f->value);
    case 2:
        if (!read_varint(s, &n) || n > s->n) return false;
        f->bytes = (wu_str){s->p, (size_t)n};
        s->p += n;
        s->n -= (size_t)n;
        return true;
    default:
        return false;
    }
}

typedef struct spm_file {
    int64_t n_piece;
    wu_str trainer, normalizer;
} spm_file;

static wu_code broken(const char *where, const char *what, wu_err *err) {
    return wu_fail(err, WU_EFORMAT, "%s: not a SentencePiece model, %s is broken or cut short",
                   where, what);
}

static wu_code scan_file(spm_file *out, wu_str s, const char *where, wu_err *err) {
    field f;

    *out = (spm_file){0};
    while (s.n) {
        if (!next_field(&s, &f)) return broken(where, "the message", err);
        if (f.wire != 2) continue;
        if (f.number == 1) out->n_piece++;
        if (f.number == 2) out->trainer = f.bytes;
        if (f.number == 3) out->normalizer = f.bytes;
    }
    return WU_OK;
}

static wu_code read_piece(wu_vocab *v, wu_texts *t, int32_t id, wu_str s, const char *where,
                          wu_err *err) {
    uint64_t type = 1;
    field f;

    while (s.n) {
        if (!next_field(&s, &f)) return broken(where, "a piece", err);
        if (f.number == 1 && f.wire == 2) t->text[id] = f.bytes;
        if (f.number == 3 && f.wire == 0) type = f.value;
        if (f.number == 2 && f.wire == 5) {
            const uint32_t u = (uint32_t)f.value;
            memcpy(&v->score[id], &u, sizeof(u));
        }
    }
    if (t->text[id].n == 0) return wu_fail(err, WU_EFORMAT, "%s: piece %d is empty", where, id);
    if (type < 1 || type > 6)
        return wu_fail(err, WU_EFORMAT, "%s: piece %d has type %llu, want 1 to 6", where, id,
                       (unsigned long long)type);
    v->type[id] = (uint8_t)(type - 1);
    return WU_OK;
}

static wu_code read_trainer(wu_vocab *v, wu_str s, const char *where, wu_err *err) {
    uint64_t model = 1, fallback = 0; /* SentencePiece's defaults */
    int32_t id[4] = {0, 1, 2, -1};    /* unk, bos, eos, pad */
    field f;

    while (s.n) {
        if (!next_field(&s, &f)) return broken(where, "the trainer's part", err);
        if (f.wire != 0) continue;
        if (f.number == 3) model = f.value;
        if (f.number == 35) fallback = f.value;
        if (f.number >= 40 && f.number <= 43) id[f.number - 40] = (int32_t)(uint32_t)f.value;
    }
    if (model != 2)
        return wu_fail(err, WU_EFORMAT,
                       "%s: a SentencePiece model of type %llu, only BPE (2) is read", where,
                       (unsigned long long)model);
    if (!fallback)
        return wu_fail(err, WU_EFORMAT, "%s: a SentencePiece model without byte fallback", where);
    for (int i = 0; i < 4; i++)
        if (id[i] < -1 || id[i] >= v->n_token)
            return wu_fail(err, WU_EFORMAT, "%s: special token %d is not among the %d pieces",
                           where, id[i], v->n_token);
    v->unk = id[0];
    v->bos = id[1];
    v->eos = id[2];
    v->pad = id[3];
    return WU_OK;
}

static wu_code read_normalizer(wu_vocab *v, wu_str s, const char *where, wu_err *err) {
    uint64_t prefix = 1, squeeze = 1, escape = 1;
    bool mapped = false;
    field f;

    while (s.n) {
        if (!next_field(&s, &f)) return broken(where, "the normalizer's part", err);
        if (f.number == 2 && f.wire == 2) mapped = f.bytes.n > 0;
        if (f.wire != 0) continue;
        if (f.number == 3) prefix = f.value;
        if (f.number == 4) squeeze = f.value;
        if (f.number == 5) escape = f.value;
    }
    if (mapped || squeeze || !escape)
        return wu_fail(err, WU_EFORMAT,
                       "%s: the model normalises text (%s), which is not supported", where,
                       mapped    ? "a table of characters"
                       : squeeze ? "spaces are squeezed"
                                 : "spaces are not escaped");
    v->prefix = prefix ? WU_PREFIX_EACH : WU_PREFIX_NONE;
    return WU_OK;
}

wu_code wu_vocab_from_spm(wu_vocab **out, wu_str bytes, const char *where, wu_err *err) {
    spm_file file;
    wu_texts t = {0};
    wu_vocab *v = NULL;
    int32_t id = 0;
    field f;
    wu_code rc;

    *out = NULL;
    if ((rc = scan_file(&file, bytes, where, err))) goto done;
    if ((rc = wu_texts_begin(&t, file.n_piece, where, err))) goto done;
    if ((rc = wu_vocab_begin(&v, t.n, where, err))) goto done;
    v->kind = WU_VOCAB_SPM;
    v->presplit = WU_PRESPLIT_NONE;
    v->score = wu_arena_zero(&v->arena, (size_t)t.n, sizeof(*v->score));
    if (!v->score) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
        goto done;
    }
    for (wu_str s = bytes; s.n && next_field(&s, &f);)
        if (f.number == 1 && f.wire == 2 && (rc = read_piece(v, &t, id++, f.bytes, where, err)))
            goto done;
    if ((rc = read_trainer(v, file.trainer, where, err))) goto done;
    if ((rc = read_normalizer(v, file.normalizer, where, err))) goto done;
    if ((rc = wu_texts_index(&t, where, err))) goto done;
    if ((rc = wu_vocab_take_texts(v, t.text, where, err))) goto done;
    v->add_bos = v->bos >= 0;
    if ((rc = wu_vocab_name_stops(v, where, err))) goto done;
    *out = v;
    v = NULL;
done:
    wu_vocab_free(v);
    wu_texts_end(&t);
    return rc;
}
