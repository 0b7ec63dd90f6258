/* redact.c - placeholders for what was found: numbers, texts, conversations, labels, the report. */
#include "base/file.h"
#include "base/hash.h"
#include "contact/redact/redact_impl.h"
#include "text/regex.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PASSES = 8, WORDS_LIMIT = 64 << 20 };

static const char *const names[WU_N_PII] = {
    [WU_PII_CARD] = "CARD",       [WU_PII_CVV] = "CVV",      [WU_PII_IBAN] = "IBAN",
    [WU_PII_SSN] = "SSN",         [WU_PII_PHONE] = "PHONE",  [WU_PII_EMAIL] = "EMAIL",
    [WU_PII_ADDRESS] = "ADDRESS", [WU_PII_DOB] = "DOB",      [WU_PII_NAME] = "NAME",
    [WU_PII_IP] = "IP",           [WU_PII_CUSTOM] = "CUSTOM"};

const char *wu_pii_name(wu_pii t) { return names[t]; }

int wu_pii_find(const char *name) {
    for (int i = 0; i < WU_N_PII; i++)
        if (strcasecmp(names[i], name) == 0) return i;
    return -1;
}

/* ---- making one ---- */

static wu_code add_type(wu_redactor *r, wu_str name, int32_t *type, wu_err *err) {
    for (size_t i = 0; i < r->n_type; i++) {
        if (!wu_str_eq(wu_str_of(r->type[i].name), name)) continue;
        r->type[i].is_on = true;
        *type = (int32_t)i;
        return WU_OK;
    }
    if (!wu_room((void **)&r->type, &r->max_type, r->n_type + 1, sizeof(*r->type)))
        return wu_fail(err, WU_ENOMEM, "redaction: out of memory");
    wu_type *t = &r->type[r->n_type];
    *t = (wu_type){.is_on = true};
    memcpy(t->name, name.p, name.n);
    *type = (int32_t)r->n_type++;
    return WU_OK;
}

/* "TYPE=rest": the type, and where rest begins. */
static wu_code split_type(wu_redactor *r, const char *text, const char *what, int32_t *type,
                          const char **rest, wu_err *err) {
    const char *equals = strchr(text, '=');
    const size_t n = equals ? (size_t)(equals - text) : 0;
    bool ok =
        n > 0 && n <= WU_TYPE_NAME_MAX && text[0] >= 'A' && text[0] <= 'Z' && text[n - 1] != '_';
    for (size_t i = 0; ok && i < n; i++)
        ok = (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9') ||
             text[i] == '_';
    if (!ok || equals[1] == 0)
        return wu_fail(err, WU_EARG,
                       "\"%.60s\" is not TYPE=%s, with a type of capital letters, digits and _",
                       text, what);
    *rest = equals + 1;
    return add_type(r, (wu_str){text, n}, type, err);
}

static wu_code add_pattern(wu_redactor *r, const char *text, wu_err *err) {
    wu_own own = {0};
    const char *pattern;
    wu_code rc = split_type(r, text, "REGEX", &own.type, &pattern, err);
    if (rc) return rc;
    if ((rc = wu_regex_create(&own.re, pattern, 0, err))) return rc;
    wu_own *more = realloc(r->own, (r->n_own + 1) * sizeof(*r->own));
    if (more) r->own = more;
    if (!more || wu_scan_create(&own.scan, own.re, NULL)) {
        wu_regex_free(own.re);
        return wu_fail(err, WU_ENOMEM, "redaction: out of memory");
    }
    r->own[r->n_own++] = own;
    return WU_OK;
}

static wu_code add_words(wu_redactor *r, const char *text, wu_err *err) {
    wu_buf file = {0};
    const char *path;
    int32_t type;
    wu_code rc = split_type(r, text, "FILE", &type, &path, err);
    if (rc || (rc = wu_read_file(&file, path, WORDS_LIMIT, err))) goto done;
    int64_t line = 0;
    for (size_t at = 0; at < file.n;) {
        const char *p = file.p + at, *end = memchr(p, '\n', file.n - at);
        const size_t n = end ? (size_t)(end - p) : file.n - at;
        const wu_str s = wu_utf8_trim((wu_str){p, n});
        bool is_empty = false;
        line++;
        at += n + 1;
        if (!wu_utf8_valid(s)) {
            rc = wu_fail(err, WU_EDATA, "%s:%lld: invalid UTF-8", path, (long long)line);
            goto done;
        }
        if (s.n > 0 && s.p[0] != '#' && !wu_lexicon_phrase(&r->lexicon, s, type, &is_empty)) {
            rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
            goto done;
        }
        if (is_empty) {
            rc = wu_fail(err, WU_EDATA, "%s:%lld: there is no word in this line", path,
                         (long long)line);
            goto done;
        }
    }
done:
    wu_buf_free(&file);
    return rc;
}

wu_code wu_redactor_create(wu_redactor **out, const wu_redact_options *o, wu_err *err) {
    const unsigned types = o->types ? o->types : ~0u;
    wu_code rc;
    int32_t type;
    *out = NULL;
    wu_redactor *r = calloc(1, sizeof(*r));
    if (!r) return wu_fail(err, WU_ENOMEM, "redaction: out of memory");
    for (int i = 0; i < WU_N_PII; i++) {
        if ((rc = add_type(r, wu_str_of(names[i]), &type, err))) goto done;
        r->type[type].is_on = types >> i & 1;
    }
    if ((rc = wu_lexicon_read(&r->lexicon, o->tables, err))) goto done;
    for (int i = 0; o->pattern && o->pattern[i]; i++)
        if ((rc = add_pattern(r, o->pattern[i], err))) goto done;
    for (int i = 0; o->words && o->words[i]; i++)
        if ((rc = add_words(r, o->words[i], err))) goto done;
    *out = r;
    r = NULL;
done:
    wu_redactor_free(r);
    return rc;
}

void wu_redactor_free(wu_redactor *r) {
    if (!r) return;
    for (size_t i = 0; i < r->n_own; i++) {
        wu_scan_free(r->own[i].scan);
        wu_regex_free(r->own[i].re);
    }
    wu_lexicon_free(&r->lexicon);
    wu_keymap_free(&r->value);
    wu_keymap_free(&r->known_word);
    void *const all[] = {r->type, r->own,         r->known,       r->token, r->turn_token, r->mark,
                         r->atom, r->run,         r->digit,       r->find,  r->covered,    r->chain,
                         r->at,   r->chain_digit, r->chain_owner, r->text,  r->party};
    for (size_t i = 0; i < WU_LEN(all); i++) free(all[i]);
    free(r);
}

/* ---- texts ---- */

static wu_code no_memory(wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "redaction: out of memory");
}

static wu_code put_placeholder(wu_redactor *r, wu_buf *out, int32_t type, uint64_t value) {
    const uint64_t pair[2] = {value, (uint64_t)type};
    const uint64_t key = wu_hash64(pair, sizeof(pair));
    int32_t *number = wu_keymap_put(&r->value, key ? key : 1);
    wu_type *t = &r->type[type];
    if (!number) return WU_ENOMEM;
    if (*number < 0) *number = ++t->last;
    return wu_buf_fmt(out, "[%s_%d]", t->name, (int)*number);
}

/* Appends turn i of the doc with its finds replaced; *next is its first find, then that of the next
 * turn. */
static wu_code replace_turn(wu_redactor *r, int32_t turn, size_t *next, wu_buf *out) {
    const wu_str s = r->doc->text[turn];
    size_t at = 0;
    for (; *next < r->n_find && r->find[*next].turn == turn; (*next)++) {
        const wu_find *f = &r->find[*next];
        if (wu_buf_add(out, s.p + at, f->start - at)) return WU_ENOMEM;
        if (put_placeholder(r, out, f->type, f->value)) return WU_ENOMEM;
        r->type[f->type].count++;
        at = f->end;
    }
    return s.n > at ? wu_buf_add(out, s.p + at, s.n - at) : WU_OK;
}

wu_code wu_redact_text(wu_redactor *r, wu_buf *out, wu_str text, wu_err *err) {
    wu_buf from = {0}, to = {0};
    wu_code rc = WU_OK;
    if (!wu_utf8_valid(text)) return wu_fail(err, WU_EDATA, "text to redact is not valid UTF-8");
    if (wu_buf_add(&from, text.p ? text.p : "", text.n)) rc = no_memory(err);
    for (int pass = 0; !rc && pass < PASSES; pass++) {
        const wu_str view = wu_buf_view(&from);
        const wu_doc doc = {&view, NULL, 1};
        size_t next = 0;
        if ((rc = wu_redact_find(r, &doc, err)) || r->n_find == 0) break;
        wu_buf_clear(&to);
        if (replace_turn(r, 0, &next, &to)) rc = no_memory(err);
        const wu_buf swap = from;
        from = to;
        to = swap;
    }
    if (!rc && wu_buf_add(out, from.p ? from.p : "", from.n)) rc = no_memory(err);
    wu_buf_free(&from);
    wu_buf_free(&to);
    return rc;
}

/* ---- JSON ---- */

static wu_code redact_value(wu_redactor *r, wu_json **out, const wu_json *j, wu_err *err);

static wu_code redact_members(wu_redactor *r, wu_json *out, const wu_json *j, wu_err *err) {
    wu_json *v = NULL;
    wu_code rc;
    if (wu_json_type(j) == WU_JSON_ARRAY) {
        for (size_t i = 0; i < wu_json_size(j); i++) {
            if ((rc = redact_value(r, &v, wu_json_at(j, i), err))) return rc;
            if (wu_json_push(out, v)) return no_memory(err);
        }
        return WU_OK;
    }
    for (void *it = wu_json_first(j); it; it = wu_json_next(j, it)) {
        if ((rc = redact_value(r, &v, wu_json_value(it), err))) return rc;
        if (wu_json_set(out, wu_json_key(it).p, v)) return no_memory(err);
    }
    return WU_OK;
}

static wu_code redact_value(wu_redactor *r, wu_json **out, const wu_json *j, wu_err *err) {
    const wu_json_kind kind = wu_json_type(j);
    wu_code rc = WU_OK;
    *out = NULL;
    if (kind == WU_JSON_STRING) {
        wu_buf text = {0};
        rc = wu_redact_text(r, &text, wu_json_str(j), err);
        if (!rc && !(*out = wu_json_new_str(wu_buf_view(&text)))) rc = no_memory(err);
        wu_buf_free(&text);
        return rc;
    }
    if (kind == WU_JSON_ARRAY || kind == WU_JSON_OBJECT) {
        *out = kind == WU_JSON_ARRAY ? wu_json_new_array() : wu_json_new_object();
        rc = *out ? redact_members(r, *out, j, err) : no_memory(err);
    } else if (!(*out = wu_json_copy(j))) {
        rc = no_memory(err);
    }
    if (rc) {
        wu_json_free(*out);
        *out = NULL;
    }
    return rc;
}

wu_code wu_redact_json(wu_redactor *r, wu_json **j, wu_err *err) {
    wu_json *clean;
    if (!*j) return WU_OK;
    const wu_code rc = redact_value(r, &clean, *j, err);
    if (rc) return rc;
    wu_json_free(*j);
    *j = clean;
    return WU_OK;
}

/* ---- conversations ---- */

static void forget(wu_redactor *r) {
    wu_keymap_clear(&r->value);
    wu_keymap_clear(&r->known_word);
    r->n_known = 0;
    for (size_t i = 0; i < r->n_type; i++) r->type[i].last = 0;
}

static bool know_names(wu_redactor *r, const wu_conversation *c) {
    if (!r->type[WU_PII_NAME].is_on) return true;
    const wu_str *const given[] = {&c->contact.agent_name, &c->contact.customer_name};
    for (size_t i = 0; i < WU_LEN(given); i++)
        if (given[i]->n > 0 && !wu_redact_know(r, *given[i])) return false;
    for (int32_t i = 0; i < c->n_party; i++)
        if (wu_redact_is_personal(r, c->party[i].name) && !wu_redact_know(r, c->party[i].name))
            return false;
    return true;
}

static bool gather(wu_redactor *r, const wu_conversation *c) {
    const size_t n = (size_t)c->n_turn;
    if (!wu_room((void **)&r->text, &r->max_text, n + 1, sizeof(*r->text)) ||
        !wu_room((void **)&r->party, &r->max_party, n + 1, sizeof(*r->party)))
        return false;
    for (size_t i = 0; i < n; i++) {
        r->text[i] = c->turn[i].text;
        r->party[i] = c->turn[i].party;
    }
    return true;
}

static wu_code redact_turns(wu_redactor *r, wu_conversation *c, wu_err *err) {
    wu_buf out = {0};
    wu_code rc = WU_OK;
    for (int pass = 0; !rc && pass < PASSES; pass++) {
        size_t next = 0;
        if (!gather(r, c)) {
            rc = no_memory(err);
            break;
        }
        const wu_doc doc = {r->text, r->party, c->n_turn};
        if ((rc = wu_redact_find(r, &doc, err)) || r->n_find == 0) break;
        while (!rc && next < r->n_find) {
            const int32_t turn = r->find[next].turn;
            wu_buf_clear(&out);
            if (replace_turn(r, turn, &next, &out) ||
                wu_conversation_replace(c, turn, wu_buf_view(&out)))
                rc = no_memory(err);
        }
    }
    wu_buf_free(&out);
    return rc;
}

/* A field that holds a name and nothing else (is_name), or any text. */
static wu_code redact_field(wu_redactor *r, wu_conversation *c, wu_str *field, bool is_name,
                            wu_err *err) {
    wu_buf out = {0};
    wu_code rc = WU_OK;
    if (field->n == 0) return WU_OK;
    const bool is_whole = is_name && r->type[WU_PII_NAME].is_on && field->p[0] != '[';
    if (is_whole) {
        if (put_placeholder(r, &out, WU_PII_NAME, wu_redact_name_value(r, *field)))
            rc = no_memory(err);
        r->type[WU_PII_NAME].count++;
    } else {
        rc = wu_redact_text(r, &out, *field, err);
    }
    if (!rc && !wu_str_eq(wu_buf_view(&out), *field) &&
        wu_conversation_set(c, field, wu_buf_view(&out)))
        rc = no_memory(err);
    wu_buf_free(&out);
    return rc;
}

wu_code wu_redact_conversation(wu_redactor *r, wu_conversation *c, wu_err *err) {
    wu_code rc;
    forget(r);
    if (!know_names(r, c)) return no_memory(err);
    if ((rc = redact_turns(r, c, err))) return rc;
    for (int32_t i = 0; i < c->n_party; i++) {
        wu_party *p = &c->party[i];
        if ((rc = redact_field(r, c, &p->name, wu_redact_is_personal(r, p->name), err))) return rc;
        if ((rc = redact_field(r, c, &p->id, false, err))) return rc;
        if ((rc = redact_field(r, c, &p->why, false, err))) return rc;
    }
    if ((rc = redact_field(r, c, &c->contact.agent_name, true, err))) return rc;
    if ((rc = redact_field(r, c, &c->contact.customer_name, true, err))) return rc;
    if ((rc = redact_field(r, c, &c->contact.agent_id, false, err))) return rc;
    if ((rc = redact_field(r, c, &c->contact.customer_id, false, err))) return rc;
    if ((rc = wu_redact_json(r, &c->analysis, err))) return rc;
    return wu_redact_json(r, &c->journey, err);
}

/* ---- counts ---- */

int64_t wu_redact_count(const wu_redactor *r, wu_pii t) {
    int64_t n = r->type[t].count;
    for (size_t i = WU_N_PII; t == WU_PII_CUSTOM && i < r->n_type; i++) n += r->type[i].count;
    return n;
}

wu_json *wu_redact_report(const wu_redactor *r) {
    wu_json *j = wu_json_new_object();
    for (size_t i = 0; j && i < r->n_type; i++) {
        if (r->type[i].count == 0) continue;
        if (wu_json_set(j, r->type[i].name, wu_json_new_int(r->type[i].count))) {
            wu_json_free(j);
            return NULL;
        }
    }
    return j;
}
