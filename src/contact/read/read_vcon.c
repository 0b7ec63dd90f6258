/* read_vcon.c - vCon, the IETF's container for conversations (draft-ietf-vcon-vcon-core).
 * docs/formats.md, "vCon".
 *
 * Words are in dialogs of type text, or in an analysis of type transcript,
 * whose body is read as one of the other formats.  A signed vCon is read
 * without checking the signature; an encrypted one is refused. */
#include "contact/read/json_in.h"

#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int detect(const wu_json *root) {
    if (wu_json_type(wu_json_get(root, "vcon")) == WU_JSON_STRING) return 98;
    if (wu_json_get(root, "payload") && wu_json_get(root, "signatures")) return 90;
    if (wu_json_get(root, "ciphertext") && wu_json_get(root, "recipients")) return 90;
    return 0;
}

typedef struct dialog {
    wu_instant start;
    int64_t duration_ms;
    bool is_recording, has_words;
} dialog;

typedef struct reading {
    wu_conversation *c;
    const wu_json *parties;
    dialog *dialog;
    size_t n_dialog;
    wu_instant first;
    const char *where;
    const wu_read_options *o;
    wu_err *err;
} reading;

static wu_code no_memory(const reading *g) {
    return wu_fail(g->err, WU_ENOMEM, "%s: out of memory", g->where);
}

/* ---- base64url
 * ------------------------------------------------------------------------------------ */

static int sextet(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-' || c == '+') return 62;
    if (c == '_' || c == '/') return 63;
    return -1;
}

/* Appends the bytes. EDATA: not base64. */
static wu_code decode(wu_buf *out, wu_str s, const char *where, wu_err *err) {
    uint32_t bits = 0;
    int n = 0;
    while (s.n > 0 && s.p[s.n - 1] == '=') s.n--;
    if (wu_buf_reserve(out, s.n)) return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    for (size_t i = 0; i < s.n; i++) {
        const int v = sextet(s.p[i]);
        if (v < 0) return wu_fail(err, WU_EDATA, "%s: byte %zu is not base64url", where, i + 1);
        bits = (bits << 6 | (uint32_t)v) & 0xFFFFFF;
        n += 6;
        if (n < 8) continue;
        n -= 8;
        if (wu_buf_char(out, (char)(bits >> n & 0xFF)))
            return wu_fail(err, WU_ENOMEM, "%s: out of memory", where);
    }
    return WU_OK;
}

/* ---- parties
 * --------------------------------------------------------------------------------------- */

static wu_str party_name(const wu_json *p) {
    static const char *const key[] = {"name", "tel", "mailto", "sip", "did", "uuid", NULL};
    return wu_json_str(wu_in_any(p, key, NULL));
}

/* The party with that index in the list. */
static wu_code party_at(reading *g, int32_t *out, int64_t index, const char *where) {
    static const char *const id_key[] = {"uuid", "tel", "mailto", NULL};
    if (index < 0 || (uint64_t)index >= wu_json_size(g->parties))
        return wu_fail(g->err, WU_EDATA, "%s: there is no party %lld", where, (long long)index);
    const wu_json *p = wu_json_at(g->parties, (size_t)index);
    wu_contact *k = &g->c->contact;
    const wu_party_role role = wu_role_of_word(wu_json_str(wu_json_get(p, "role")));
    const wu_str id = wu_json_str(wu_in_any(p, id_key, NULL));
    const wu_str name = wu_json_str(wu_json_get(p, "name"));
    wu_code rc = wu_fill_party(out, g->c, party_name(p), role, id, where, g->err);
    if (!rc && role == WU_PARTY_AGENT && k->agent_name.n == 0)
        rc = wu_fill_set(g->c, &k->agent_name, name, where, g->err);
    if (!rc && role == WU_PARTY_CUSTOMER && k->customer_name.n == 0)
        rc = wu_fill_set(g->c, &k->customer_name, name, where, g->err);
    if (!rc && role == WU_PARTY_AGENT && k->agent_id.n == 0)
        rc = wu_fill_set(g->c, &k->agent_id, id, where, g->err);
    if (!rc && role == WU_PARTY_CUSTOMER && k->customer_id.n == 0)
        rc = wu_fill_set(g->c, &k->customer_id, id, where, g->err);
    return rc;
}

/* Who wrote a text: originator, else the first of parties. */
static wu_code sender_of(reading *g, int32_t *out, const wu_json_in *in) {
    const wu_json *v = wu_json_get(in->j, "originator");
    if (wu_json_type(v) == WU_JSON_NULL) v = wu_json_get(in->j, "parties");
    for (int depth = 0; depth < 2 && wu_json_type(v) == WU_JSON_ARRAY; depth++)
        v = wu_json_at(v, 0);
    if (wu_json_type(v) == WU_JSON_INT) return party_at(g, out, wu_json_int(v), in->where);
    if (wu_json_type(v) != WU_JSON_NULL)
        return wu_fail(g->err, WU_EDATA, "%s: parties is not an index", in->where);
    return wu_fill_party(out, g->c, (wu_str){0}, WU_PARTY_UNKNOWN, (wu_str){0}, in->where, g->err);
}

/* ---- bodies
 * ---------------------------------------------------------------------------------------- */

/* The text of a body; *value instead if it is JSON already. *has: there is one inline. */
static wu_code body_of(wu_buf *text, const wu_json **value, bool *has, const wu_json_in *in,
                       wu_err *err) {
    const wu_json *body = wu_json_get(in->j, "body");
    const wu_str encoding = wu_json_str(wu_json_get(in->j, "encoding"));
    const wu_str s = wu_json_str(body);
    *value = NULL;
    *has = wu_json_type(body) != WU_JSON_NULL;
    if (!*has) return WU_OK;
    if (wu_json_type(body) != WU_JSON_STRING) {
        *value = body;
        return WU_OK;
    }
    if (wu_str_eq(encoding, WU_STR("base64url")) || wu_str_eq(encoding, WU_STR("base64")))
        return decode(text, s, in->where, err);
    if (encoding.n > 0 && !wu_str_eq(encoding, WU_STR("none")) &&
        !wu_str_eq(encoding, WU_STR("json")))
        return wu_fail(err, WU_EDATA, "%s: encoding is \"%.*s\", want none, json or base64url",
                       in->where, (int)WU_MIN(encoding.n, (size_t)40), encoding.p);
    return wu_buf_add(text, s.p, s.n) ? wu_fail(err, WU_ENOMEM, "%s: out of memory", in->where)
                                      : WU_OK;
}

/* ---- dialogs
 * --------------------------------------------------------------------------------------- */

static wu_code note_dialog(reading *g, dialog *d, const wu_json_in *in, wu_str type) {
    wu_contact *k = &g->c->contact;
    wu_code rc;
    *d = (dialog){.duration_ms = -1};
    if ((rc = wu_in_instant(&d->start, in, "start", g->err))) return rc;
    if ((rc = wu_in_ms(&d->duration_ms, in, "duration", 1000.0, g->err))) return rc;
    d->is_recording = wu_str_eq(type, WU_STR("recording"));
    const bool is_text = wu_str_eq(type, WU_STR("text"));
    if (wu_str_eq(type, WU_STR("transfer"))) {
        k->transfers = k->transfers < 0 ? 1 : k->transfers + 1;
        return WU_OK;
    }
    if (!d->is_recording && !is_text) return WU_OK; /* incomplete: nobody spoke */
    if (d->start.known && (!g->first.known || d->start.ms < g->first.ms)) g->first = d->start;
    if (k->channel.n == 0 || d->is_recording)
        rc = wu_fill_set(g->c, &k->channel, d->is_recording ? WU_STR("voice") : WU_STR("chat"),
                         in->where, g->err);
    return rc;
}

static int64_t offset_of(const reading *g, const dialog *d) {
    if (!d->start.known || !g->first.known) return -1;
    const int64_t ms = d->start.ms - g->first.ms;
    return ms > WU_MAX_OFFSET_MS ? -1 : ms;
}

static wu_code add_text(reading *g, dialog *d, const wu_json_in *in) {
    wu_buf text = {0};
    const wu_json *value;
    wu_str words = {0};
    int32_t party;
    bool has;
    wu_code rc = body_of(&text, &value, &has, in, g->err);
    if (rc || !has) goto done;
    words = wu_buf_view(&text);
    if (value && (rc = wu_words_of(&words, &g->c->arena, value, "body", in->where, g->err)))
        goto done;
    if (!value && !wu_utf8_valid(words)) {
        rc = wu_fail(g->err, WU_EDATA, "%s: body is not UTF-8", in->where);
        goto done;
    }
    if ((rc = sender_of(g, &party, in))) goto done;
    const int64_t start = offset_of(g, d);
    const int64_t end = start >= 0 && d->duration_ms > 0 ? start + d->duration_ms : -1;
    rc = wu_fill_turn(g->c, party, start, end, words, in->where, g->err);
    d->has_words = true;
done:
    wu_buf_free(&text);
    return rc;
}

static wu_code each_dialog(reading *g, const wu_json_in *root, bool adds) {
    const wu_json *a;
    wu_code rc = wu_in_array(&a, root, "dialog", g->err);
    if (rc || !a) return rc;
    if (!adds) {
        g->n_dialog = wu_json_size(a);
        g->dialog = calloc(g->n_dialog + 1, sizeof(*g->dialog));
        if (!g->dialog) return no_memory(g);
    }
    for (size_t i = 0; !rc && i < g->n_dialog; i++) {
        wu_json_in in;
        wu_place place;
        wu_str type = {0};
        if ((rc = wu_in_element(&in, &place, root, "dialog", a, i, g->err))) break;
        if ((rc = wu_json_opt_str(&in, "type", &type, g->err))) break;
        if (!adds)
            rc = note_dialog(g, &g->dialog[i], &in, type);
        else if (wu_str_eq(type, WU_STR("text")))
            rc = add_text(g, &g->dialog[i], &in);
    }
    return rc;
}

/* ---- transcripts
 * ------------------------------------------------------------------------------------ */

/* A transcript's speaker, as a party of the vCon where its name is an index or a name there. */
static wu_code speaker_of(reading *g, int32_t *out, const wu_party *p, const char *where) {
    double index;
    for (size_t i = 0; i < wu_json_size(g->parties) && i < WU_MAX_PARTY; i++)
        if (p->name.n > 0 && wu_str_eq(party_name(wu_json_at(g->parties, i)), p->name))
            return party_at(g, out, (int64_t)i, where);
    if (wu_in_number(&index, p->name) && index >= 0.0 && index < (double)wu_json_size(g->parties))
        return party_at(g, out, (int64_t)index, where);
    return wu_fill_party(out, g->c, p->name, p->role, p->id, where, g->err);
}

static wu_code take_turns(reading *g, const wu_conversation *sub, int64_t offset,
                          const char *where) {
    int32_t *party = calloc((size_t)sub->n_party + 1, sizeof(*party));
    wu_contact *k = &g->c->contact;
    wu_code rc = party ? WU_OK : no_memory(g);
    for (int32_t i = 0; !rc && i < sub->n_party; i++)
        rc = speaker_of(g, &party[i], &sub->party[i], where);
    for (int32_t i = 0; !rc && i < sub->n_turn; i++) {
        const wu_turn *t = &sub->turn[i];
        const int64_t start = t->start_ms < 0 || offset < 0 ? t->start_ms : t->start_ms + offset;
        const int64_t end = t->end_ms < 0 || offset < 0 ? t->end_ms : t->end_ms + offset;
        rc = wu_fill_turn(g->c, party[t->party], start, end, t->text, where, g->err);
    }
    if (!rc && k->language.n == 0)
        rc = wu_fill_set(g->c, &k->language, sub->contact.language, where, g->err);
    free(party);
    return rc;
}

static wu_code read_body(reading *g, wu_conversation *sub, const wu_json_in *in, bool *has) {
    const wu_read_options plain = {.least_confidence = g->o ? g->o->least_confidence : 0.0};
    wu_buf text = {0};
    const wu_json *value;
    wu_json *parsed = NULL;
    wu_code rc = body_of(&text, &value, has, in, g->err);
    if (rc || !*has) goto done;
    if (!value) {
        const wu_str s = wu_buf_view(&text);
        size_t i = 0;
        while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\r')) i++;
        if (i == s.n || (s.p[i] != '{' && s.p[i] != '[')) {
            rc = wu_read_text(sub, s, in->where, &plain, g->err);
            goto done;
        }
        if ((rc = wu_read_json(&parsed, s, in->where, g->err))) goto done;
        value = parsed;
    }
    const wu_format_row *format = wu_read_detect_json(value);
    if (!format || format->format == WU_FORMAT_VCON)
        rc = wu_fail(g->err, WU_EDATA, "%s: body is no transcript of a known form", in->where);
    else
        rc = format->parse_json(sub, value, in->where, &plain, g->err);
done:
    wu_json_free(parsed);
    wu_buf_free(&text);
    return rc;
}

/* The dialog that an analysis is about; NULL: it names none, or several. */
static dialog *dialog_of(const reading *g, const wu_json_in *in) {
    const wu_json *v = wu_json_get(in->j, "dialog");
    if (wu_json_type(v) == WU_JSON_ARRAY && wu_json_size(v) == 1) v = wu_json_at(v, 0);
    if (wu_json_type(v) == WU_JSON_INT && wu_json_int(v) >= 0 &&
        (uint64_t)wu_json_int(v) < g->n_dialog)
        return &g->dialog[wu_json_int(v)];
    return wu_json_type(v) == WU_JSON_NULL && g->n_dialog == 1 ? &g->dialog[0] : NULL;
}

static wu_code add_transcript(reading *g, const wu_json_in *in, bool *general) {
    wu_conversation sub;
    dialog *d = dialog_of(g, in);
    bool has;
    if (d ? d->has_words : *general) return WU_OK; /* the first one counts */
    wu_conversation_init(&sub);
    wu_code rc = read_body(g, &sub, in, &has);
    if (!rc && has) rc = take_turns(g, &sub, d ? offset_of(g, d) : -1, in->where);
    if (!rc && has && d) d->has_words = true;
    if (!rc && has && !d) *general = true;
    wu_conversation_free(&sub);
    return rc;
}

static wu_code each_analysis(reading *g, const wu_json_in *root) {
    const wu_json *a;
    bool general = false;
    wu_code rc = wu_in_array(&a, root, "analysis", g->err);
    for (size_t i = 0; !rc && i < wu_json_size(a); i++) {
        wu_json_in in;
        wu_place place;
        wu_str type = {0};
        if ((rc = wu_in_element(&in, &place, root, "analysis", a, i, g->err))) break;
        if ((rc = wu_json_opt_str(&in, "type", &type, g->err))) break;
        if (wu_str_eq(type, WU_STR("transcript"))) rc = add_transcript(g, &in, &general);
    }
    return rc;
}

/* ---- the whole
 * --------------------------------------------------------------------------------------- */

/* Extensions that change the meaning must be known; the contact center's is. */
static wu_code check_extensions(const wu_json_in *root, wu_err *err) {
    static const char *const key[] = {"must_support", "critical"};
    for (size_t k = 0; k < WU_LEN(key); k++) {
        const wu_json *a;
        const wu_code rc = wu_in_array(&a, root, key[k], err);
        if (rc) return rc;
        for (size_t i = 0; i < wu_json_size(a); i++) {
            const wu_str s = wu_json_str(wu_json_at(a, i));
            if (wu_str_eq(s, WU_STR("CC")) || wu_str_eq(s, WU_STR("contact_center"))) continue;
            return wu_fail(err, WU_EDATA, "%s: %s asks for \"%.*s\", which is not known here",
                           root->where, key[k], (int)WU_MIN(s.n, (size_t)40), s.p);
        }
    }
    return WU_OK;
}

static void settle_times(reading *g) {
    wu_contact *k = &g->c->contact;
    int64_t end = -1;
    k->start = g->first.when;
    for (size_t i = 0; i < g->n_dialog; i++) {
        const int64_t at = offset_of(g, &g->dialog[i]);
        if (g->dialog[i].is_recording && at >= 0 && g->dialog[i].duration_ms >= 0)
            end = WU_MAX(end, at + g->dialog[i].duration_ms);
    }
    k->duration_ms = end;
}

static wu_code read_unsigned(wu_conversation *c, const wu_json *j, const char *where,
                             const wu_read_options *o, wu_err *err) {
    const wu_json_in root = {j, where, WU_EDATA};
    reading g = {.c = c, .where = where, .o = o, .err = err};
    wu_str uuid = {0}, version;
    wu_code rc;
    if ((rc = wu_json_want_str(&root, "vcon", &version, err))) return rc;
    if ((rc = check_extensions(&root, err))) return rc;
    if ((rc = wu_json_opt_str(&root, "uuid", &uuid, err))) return rc;
    if ((rc = wu_in_array(&g.parties, &root, "parties", err))) return rc;
    if ((rc = wu_fill_set(c, &c->id, uuid, where, err))) return rc;
    rc = each_dialog(&g, &root, false);
    if (!rc) settle_times(&g);
    if (!rc) rc = each_dialog(&g, &root, true);
    if (!rc) rc = each_analysis(&g, &root);
    free(g.dialog);
    if (rc) return rc;
    if (c->n_turn == 0)
        return wu_fail(err, WU_EDATA,
                       "%s: no words in it: neither a dialog of type text nor an analysis of type "
                       "transcript with a body",
                       where);
    return wu_fill_done(c, where, err);
}

static wu_code read_signed(wu_conversation *c, const wu_json *j, const char *where,
                           const wu_read_options *o, wu_err *err) {
    const wu_json_in root = {j, where, WU_EDATA};
    wu_buf text = {0};
    wu_json *inner = NULL;
    wu_str payload;
    char place[512];
    (void)snprintf(place, sizeof(place), "%s: payload", where);
    wu_code rc = wu_json_want_str(&root, "payload", &payload, err);
    if (!rc) rc = decode(&text, payload, place, err);
    if (!rc) rc = wu_read_json(&inner, wu_buf_view(&text), place, err);
    if (!rc) rc = read_unsigned(c, inner, place, o, err);
    wu_json_free(inner);
    wu_buf_free(&text);
    return rc;
}

static wu_code parse(wu_conversation *c, const wu_json *j, const char *where,
                     const wu_read_options *o, wu_err *err) {
    if (wu_json_get(j, "ciphertext"))
        return wu_fail(err, WU_EDATA, "%s: the vCon is encrypted (JWE), decrypt it first", where);
    if (wu_json_get(j, "payload") && !wu_json_get(j, "vcon"))
        return read_signed(c, j, where, o, err);
    return read_unsigned(c, j, where, o, err);
}

const wu_format_row wu_format_vcon = {
    .format = WU_FORMAT_VCON,
    .name = "vcon",
    .summary = "vCon of the IETF, plain or signed",
    .detect_json = detect,
    .parse_json = parse,
};
