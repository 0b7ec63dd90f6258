/* Any text, a line a turn of two voices: what comes out is valid UTF-8, has no card number left
 * that stands alone, and is not changed again. */
#include "contact/redact/redact_impl.h"
#include "text/utf8.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void must(bool is_true) {
    if (!is_true) abort();
}

static void fill(wu_conversation *c, wu_str s) {
    wu_conversation_init(c);
    for (size_t i = 0, k = 0; i < s.n; k++) {
        size_t end = i;
        while (end < s.n && s.p[end] != '\n') end++;
        wu_turn t = {.start_ms = -1, .end_ms = -1};
        t.party = wu_conversation_party(c, k % 2 ? WU_STR("Olga Petrova") : WU_STR("Agent"),
                                        k % 2 ? WU_PARTY_CUSTOMER : WU_PARTY_AGENT);
        must(t.party >= 0);
        must(wu_conversation_add(c, &t, (wu_str){s.p + i, end - i}) == WU_OK);
        i = end + 1;
    }
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Sixteen digits with at most one blank or hyphen between, that touch no letter. */
static bool holds_card(wu_str s) {
    for (size_t i = 0; i < s.n; i++) {
        char digit[16];
        size_t n = 0, k = i;
        if (!is_digit(s.p[i])) continue;
        for (; k < s.n && n < 16; k++) {
            if (is_digit(s.p[k]))
                digit[n++] = s.p[k];
            else if ((s.p[k] != ' ' && s.p[k] != '-') || k + 1 >= s.n || !is_digit(s.p[k + 1]))
                break;
        }
        if (n < 16 || !wu_card_issuer(digit, 16) || !wu_luhn(digit, 16)) continue;
        size_t a = i, e = k; /* the digits around it, up to a letter or not */
        while (a > 0 && is_digit(s.p[a - 1])) a--;
        while (e < s.n && is_digit(s.p[e])) e++;
        const bool before = a == 0 || s.p[a - 1] == ' ', behind = e == s.n || s.p[e] == ' ';
        if (before && behind) return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static wu_redactor *r;
    const wu_redact_options o = {0};
    wu_conversation c, again;
    wu_buf text = {0};
    wu_err err;
    if (!r) must(wu_redactor_create(&r, &o, &err) == WU_OK);
    must(wu_utf8_lossy((wu_str){(const char *)p, n}, &text) == WU_OK);
    fill(&c, wu_buf_view(&text));
    must(wu_redact_conversation(r, &c, &err) == WU_OK);
    wu_buf_clear(&text);
    wu_conversation_init(&again);
    for (int32_t i = 0; i < c.n_turn; i++) {
        wu_turn t = c.turn[i];
        must(wu_utf8_valid(t.text) && !holds_card(t.text));
        t.party = wu_conversation_party(&again, t.party ? WU_STR("customer") : WU_STR("agent"),
                                        c.party[t.party].role);
        must(wu_conversation_add(&again, &t, c.turn[i].text) == WU_OK);
    }
    must(wu_redact_conversation(r, &again, &err) == WU_OK);
    must(again.n_turn == c.n_turn);
    for (int32_t i = 0; i < c.n_turn; i++) must(wu_str_eq(c.turn[i].text, again.turn[i].text));
    wu_conversation_free(&again);
    wu_conversation_free(&c);
    wu_buf_free(&text);
    return 0;
}
