/* Redaction: checks of numbers, placeholders and their numbers, what stays, what the user adds, and
 * that nothing is replaced twice. */
#include "near.h"

#include "base/file.h"
#include "contact/redact/redact_impl.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

static wu_redactor *create(const wu_redact_options *o) {
    const wu_redact_options none = {0};
    wu_redactor *r = NULL;
    wu_err err = {0};
    CHECK_OK(wu_redactor_create(&r, o ? o : &none, &err), err);
    return r;
}

static void add(wu_conversation *c, wu_party_role role, const char *text) {
    wu_turn t = {.start_ms = -1, .end_ms = -1};
    t.party = wu_conversation_party(c, wu_str_of(wu_party_role_name(role)), role);
    assert_true(t.party >= 0);
    assert_int_equal(wu_conversation_add(c, &t, wu_str_of(text)), WU_OK);
}

/* Lines "A: ..." and "C: ..." as a conversation. */
static void fill(wu_conversation *c, const char *const *line) {
    wu_conversation_init(c);
    for (; *line; line++) add(c, **line == 'A' ? WU_PARTY_AGENT : WU_PARTY_CUSTOMER, *line + 3);
}

static void becomes(const wu_conversation *c, int32_t turn, const char *want) {
    char got[4096];
    snprintf(got, sizeof(got), "%.*s", (int)c->turn[turn].text.n, c->turn[turn].text.p);
    assert_string_equal(got, want);
}

static void redact(wu_redactor *r, wu_conversation *c) {
    wu_err err = {0};
    CHECK_OK(wu_redact_conversation(r, c, &err), err);
}

/* One text, redacted alone. */
static void text_becomes(wu_redactor *r, const char *text, const char *want) {
    wu_buf out = {0};
    wu_err err = {0};
    CHECK_OK(wu_redact_text(r, &out, wu_str_of(text), &err), err);
    assert_string_equal(out.p ? out.p : "", want);
    wu_buf_free(&out);
}

static void sums_and_ranges_are_checked(void **state) {
    (void)state;
    assert_true(wu_luhn("4111111111111111", 16) && !wu_luhn("4111111111111112", 16));
    assert_false(wu_luhn("", 0));
    assert_true(wu_card_issuer("378282246310005", 15) && !wu_card_issuer("378282246310005", 14));
    assert_true(wu_card_issuer("2221000000000009", 16) && !wu_card_issuer("2121000000000009", 16));
    assert_true(wu_iban_ok("DE89370400440532013000", 22));
    assert_false(wu_iban_ok("DE89370400440532013001", 22));
    assert_false(wu_iban_ok("DE8937040044053201300", 21));
    assert_true(wu_iban_ok("GB29NWBK60161331926819", 22));
    assert_int_equal(wu_iban_length('M', 'T'), 31);
    assert_int_equal(wu_iban_length('E', 'A'), 0);
    assert_true(wu_ssn_ok("219099999") && !wu_ssn_ok("666099999") && !wu_ssn_ok("900099999"));
    assert_false(wu_ssn_ok("219009999") || wu_ssn_ok("219090000") || wu_ssn_ok("000091234"));
    assert_true(wu_nanp_ok("2125550147") && !wu_nanp_ok("1125550147") && !wu_nanp_ok("9115550147"));
}

static void words_are_compared_without_case_and_accents(void **state) {
    (void)state;
    assert_true(wu_word_key(WU_STR("Número")) == wu_word_key(WU_STR("numero")));
    assert_true(wu_word_key(WU_STR("STRASSE")) == wu_word_key(WU_STR("straße")));
    assert_true(wu_word_key(WU_STR("Łódź")) == wu_word_key(WU_STR("lodz")));
    assert_true(wu_word_key(WU_STR("e\xCC\x81")) == wu_word_key(WU_STR("é")));
    assert_true(wu_word_key(WU_STR("l’adresse")) == wu_word_key(WU_STR("l'adresse")));
    assert_true(wu_word_key(WU_STR("a")) != wu_word_key(WU_STR("b")));
}

static void equal_values_get_equal_numbers(void **state) {
    static const char *const line[] = {
        "A: This is Maria speaking. Am I speaking to Olga Petrova?",
        "C: Yes, Olga. Card 4111 1111 1111 1111, the other one is 5555-5555-5555-4444.",
        "A: So four one one one one one one one one one one one one one one one, Olga?",
        "C: Right, Maria.", NULL};
    wu_redactor *r = create(NULL);
    wu_conversation c;
    (void)state;
    fill(&c, line);
    redact(r, &c);
    becomes(&c, 0, "This is [NAME_1] speaking. Am I speaking to [NAME_2]?");
    becomes(&c, 1, "Yes, [NAME_2]. Card [CARD_1], the other one is [CARD_2].");
    becomes(&c, 2, "So [CARD_1], [NAME_2]?");
    becomes(&c, 3, "Right, [NAME_1].");
    assert_int_equal(wu_redact_count(r, WU_PII_CARD), 3);
    assert_int_equal(wu_redact_count(r, WU_PII_NAME), 5);
    text_becomes(r, "Olga gave 4111111111111111", "[NAME_2] gave [CARD_1]");
    wu_conversation_free(&c);
    fill(&c, line);
    redact(r, &c); /* numbers start over */
    becomes(&c, 3, "Right, [NAME_1].");
    wu_conversation_free(&c);
    wu_redactor_free(r);
}

static void digits_over_turns_are_put_together(void **state) {
    static const char *const line[] = {"C: it's four two four two",
                                       "A: four two four two, okay",
                                       "C: then double four two double four two, sorry, no",
                                       "A: again please",
                                       "C: 4242",
                                       "A: yes",
                                       "C: 4242",
                                       "A: mm-hmm",
                                       "C: 4242",
                                       "A: and the last ones?",
                                       "C: four two four two",
                                       NULL};
    wu_redactor *r = create(NULL);
    wu_conversation c;
    (void)state;
    fill(&c, line);
    redact(r, &c);
    becomes(&c, 4, "[CARD_1]");
    becomes(&c, 10, "[CARD_1]");
    becomes(&c, 2, "then double four two double four two, sorry, no");
    wu_conversation_free(&c);
    wu_redactor_free(r);
}

static void names_of_the_record_are_known(void **state) {
    static const char *const line[] = {"A: Hello, Xiomara speaking, may I help?",
                                       "C: hi xiomara, may we talk in May? It's Will.",
                                       "A: Of course, Will. Mr Quillfeather's file?", NULL};
    wu_redactor *r = create(NULL);
    wu_conversation c;
    (void)state;
    fill(&c, line);
    assert_int_equal(wu_conversation_set(&c, &c.contact.agent_name, WU_STR("Xiomara Lund")), WU_OK);
    assert_int_equal(wu_conversation_set(&c, &c.contact.customer_name, WU_STR("Will Quillfeather")),
                     WU_OK);
    assert_int_equal(wu_conversation_set(&c, &c.party[0].name, WU_STR("Xiomara Lund")), WU_OK);
    assert_int_equal(wu_conversation_set(&c, &c.contact.customer_id, WU_STR("will@example.com")),
                     WU_OK);
    redact(r, &c);
    becomes(&c, 0, "Hello, [NAME_1] speaking, may I help?");
    becomes(&c, 1, "hi [NAME_1], may we talk in May? It's [NAME_2].");
    becomes(&c, 2, "Of course, [NAME_2]. Mr [NAME_2]'s file?");
    assert_true(wu_str_eq(c.contact.agent_name, WU_STR("[NAME_1]")));
    assert_true(wu_str_eq(c.contact.customer_name, WU_STR("[NAME_2]")));
    assert_true(wu_str_eq(c.party[0].name, WU_STR("[NAME_1]")));
    assert_true(wu_str_eq(c.party[1].name, WU_STR("customer")));
    assert_true(wu_str_eq(c.contact.customer_id, WU_STR("[EMAIL_1]")));
    wu_conversation_free(&c);
    wu_redactor_free(r);
}

static void labels_are_redacted_too(void **state) {
    static const char *const line[] = {"C: My name is Olga Petrova.", NULL};
    wu_redactor *r = create(NULL);
    wu_conversation c;
    wu_buf out = {0};
    wu_err err = {0};
    (void)state;
    fill(&c, line);
    CHECK_OK(
        wu_json_parse(&c.analysis,
                      WU_STR("{\"a\": [\"Olga called from 212-555-0147\", 4, null, true, 1.5], "
                             "\"b\": {\"c\": \"nothing\"}}"),
                      "labels", WU_EDATA, &err),
        err);
    redact(r, &c);
    assert_int_equal(wu_json_write(&out, c.analysis, WU_JSON_SPACED), WU_OK);
    assert_string_equal(out.p, "{\"a\": [\"[NAME_1] called from [PHONE_1]\", 4, null, true, 1.5], "
                               "\"b\": {\"c\": \"nothing\"}}");
    wu_buf_free(&out);
    wu_conversation_free(&c);
    wu_redactor_free(r);
}

static void placeholders_stay_and_numbers_go_on(void **state) {
    wu_redactor *r = create(NULL);
    (void)state;
    text_becomes(r, "card [CARD_3], cvv [CVV_1] and 5105 1051 0510 5100",
                 "card [CARD_3], cvv [CVV_1] and [CARD_4]");
    text_becomes(r, "my pin is [CVV_1] or 1234", "my pin is [CVV_1] or [CVV_2]");
    text_becomes(r, "[CARD_x] [NOT_A_1 [] [_1] 1.1.1.1", "[CARD_x] [NOT_A_1 [] [_1] [IP_1]");
    wu_redactor_free(r);
}

static void overlaps_become_one(void **state) {
    static const char *const pattern[] = {"ORDER=\\bA-\\d{4}", NULL};
    wu_redactor *r = create(&(wu_redact_options){.pattern = pattern});
    (void)state;
    text_becomes(r, "hi, I'm Maria, maria@example.com", "hi, I'm [NAME_1], [EMAIL_1]");
    text_becomes(r, "call +1 212 555 0147 or A-1234", "call [PHONE_1] or [ORDER_1]");
    text_becomes(r, "4111111111111111111111111111", "[CARD_1]");
    wu_redactor_free(r);
}

static void only_the_types_asked_for(void **state) {
    wu_redactor *r = create(&(wu_redact_options){.types = 1u << WU_PII_EMAIL});
    (void)state;
    text_becomes(r, "I'm Maria, maria@example.com, 4111111111111111",
                 "I'm Maria, [EMAIL_1], 4111111111111111");
    wu_redactor_free(r);
}

static void users_patterns_and_words(void **state) {
    static const char path[] = "/tmp/wu-redact-words";
    static const char *const pattern[] = {"ORDER=\\bA-\\d{6}\\b", "EMPTY=x*", NULL};
    static const char text[] = "# products\nBlue Widget\r\nSuper-Gerät\n\n";
    char file[64], words[96];
    const char *list[] = {words, NULL};
    wu_err err = {0};
    (void)state;
    snprintf(file, sizeof(file), "%s-%d", path, rand());
    snprintf(words, sizeof(words), "PRODUCT=%s", file);
    CHECK_OK(wu_write_file(file, text, sizeof(text) - 1, &err), err);
    wu_redactor *r = create(&(wu_redact_options){.pattern = pattern, .words = list});
    text_becomes(r, "a BLUE widget, a super gerat and A-123456; blue widgets",
                 "a [PRODUCT_1], a [PRODUCT_2] and [ORDER_1]; blue widgets");
    assert_int_equal(wu_redact_count(r, WU_PII_CUSTOM), 3);
    wu_json *j = wu_redact_report(r);
    assert_int_equal(wu_json_int(wu_json_get(j, "PRODUCT")), 2);
    wu_json_free(j);
    wu_redactor_free(r);
    assert_int_equal(remove(file), 0);
}

static void refuses(const wu_redact_options *o, wu_code code, const char *said) {
    wu_redactor *r = (wu_redactor *)(uintptr_t)1;
    wu_err err = {0};
    assert_int_equal(wu_redactor_create(&r, o, &err), code);
    assert_null(r);
    if (!strstr(err.msg, said)) fail_msg("\"%s\" does not say \"%s\"", err.msg, said);
}

static void wrong_options_are_named(void **state) {
    (void)state;
    refuses(&(wu_redact_options){.pattern = (const char *const[]){"order=x", NULL}}, WU_EARG,
            "is not TYPE=REGEX");
    refuses(&(wu_redact_options){.pattern = (const char *const[]){"ORDER", NULL}}, WU_EARG,
            "is not TYPE=REGEX");
    refuses(&(wu_redact_options){.pattern = (const char *const[]){"ORDER=(", NULL}}, WU_EARG,
            "offset");
    refuses(&(wu_redact_options){.words = (const char *const[]){"A=/no/such", NULL}}, WU_EIO,
            "/no/such");
}

static void a_pattern_without_end_is_an_error_without_values(void **state) {
    static const char *const pattern[] = {"SLOW=(a+)+(?=b)(*PRUNE)$|(?:(?:a?){40}){40}c", NULL};
    char text[4001];
    wu_redactor *r = create(&(wu_redact_options){.pattern = pattern});
    wu_buf out = {0};
    wu_err err = {0};
    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    if (wu_redact_text(r, &out, wu_str_of(text), &err)) {
        assert_non_null(strstr(err.msg, "pattern for SLOW"));
        assert_null(strstr(err.msg, "aaaa"));
    } else {
        fail_msg("the limit was not reached");
    }
    wu_buf_free(&out);
    wu_redactor_free(r);
}

/* A generator of hostile text: pieces that detectors like, cut anywhere between characters. */
static void compose(wu_buf *b, uint32_t *seed) {
    static const char *const piece[] = {"4111 1111",
                                        "1111 1111",
                                        "4111111111111111",
                                        "five",
                                        "double",
                                        "oh",
                                        "quatre-vingt",
                                        "dix",
                                        "cvv",
                                        "my pin is",
                                        "123",
                                        "@",
                                        "gmail.com",
                                        "dot",
                                        "at",
                                        "john",
                                        "Maria",
                                        "my name is",
                                        "DE89",
                                        "3704 0044 0532 0130 00",
                                        "+1",
                                        "(212)",
                                        "555-0147",
                                        "born on",
                                        "March",
                                        "5th",
                                        "é",
                                        "\xF0\x9F\x98\x80",
                                        ",",
                                        ".",
                                        "?",
                                        "-",
                                        "/",
                                        ":",
                                        "::",
                                        "fe80",
                                        "10.0.0.1",
                                        "42 Elm Street",
                                        "Hauptstraße 12",
                                        "[CARD_1]",
                                        "[",
                                        "]",
                                        "_",
                                        "ssn",
                                        "219-09-9999",
                                        "phone",
                                        "Mr.",
                                        "soixante",
                                        "treinta y",
                                        "d e",
                                        "'",
                                        "’"};
    wu_buf_clear(b);
    for (int i = 0; i < 14; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        assert_int_equal(wu_buf_str(b, piece[(*seed >> 8) % WU_LEN(piece)]), WU_OK);
        if (*seed >> 30) assert_int_equal(wu_buf_char(b, ' '), WU_OK);
    }
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

/* A card number in digits with at most one blank or hyphen between, touching no letter. */
static bool holds_card(const char *s) {
    for (const char *at = s; *at; at++) {
        char digit[16];
        size_t n = 0;
        const char *p = at;
        if (!is_digit(*at)) continue;
        for (; *p && n < 16; p++) {
            if (is_digit(*p))
                digit[n++] = *p;
            else if (!(*p == ' ' || *p == '-') || !is_digit(p[1]))
                break;
        }
        if (n < 16 || !wu_card_issuer(digit, 16) || !wu_luhn(digit, 16)) continue;
        const char *a = at;
        while (a > s && is_digit(a[-1])) a--;
        while (is_digit(*p)) p++;
        if (!(a > s && is_letter(a[-1])) && !is_letter(*p) && (unsigned char)*p < 0x80) return true;
    }
    return false;
}

static void nothing_is_replaced_twice(void **state) {
    wu_redactor *r = create(NULL);
    wu_buf text = {0}, once = {0}, twice = {0};
    uint32_t seed = 7;
    wu_err err = {0};
    (void)state;
    for (int i = 0; i < 4000; i++) {
        compose(&text, &seed);
        wu_buf_clear(&once);
        wu_buf_clear(&twice);
        CHECK_OK(wu_redact_text(r, &once, wu_buf_view(&text), &err), err);
        CHECK_OK(wu_redact_text(r, &twice, wu_buf_view(&once), &err), err);
        assert_true(wu_utf8_valid(wu_buf_view(&once)));
        if (!wu_str_eq(wu_buf_view(&once), wu_buf_view(&twice)))
            fail_msg("%s\n%s\n%s", text.p, once.p, twice.p);
        if (once.p && holds_card(once.p)) fail_msg("%s\n%s", text.p, once.p);
    }
    wu_buf_free(&text);
    wu_buf_free(&once);
    wu_buf_free(&twice);
    wu_redactor_free(r);
}

static void long_texts_take_linear_time(void **state) {
    static const char *const unit[] = {
        "1 ",     "4111 ",   "five ", "a.b@", "my name is ", "[CARD_1",      "12/",
        "Maria ", "dot at ", "::",    "de ",  "pin 1 ",      "Elm Street 4 "};
    wu_redactor *r = create(NULL);
    (void)state;
    for (size_t k = 0; k < WU_LEN(unit); k++) {
        wu_buf text = {0}, out = {0};
        wu_err err = {0};
        while (text.n < 300000) assert_int_equal(wu_buf_str(&text, unit[k]), WU_OK);
        CHECK_OK(wu_redact_text(r, &out, wu_buf_view(&text), &err), err);
        wu_buf_free(&text);
        wu_buf_free(&out);
    }
    wu_redactor_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_ranges_are_checked),
        cmocka_unit_test(words_are_compared_without_case_and_accents),
        cmocka_unit_test(equal_values_get_equal_numbers),
        cmocka_unit_test(digits_over_turns_are_put_together),
        cmocka_unit_test(names_of_the_record_are_known),
        cmocka_unit_test(labels_are_redacted_too),
        cmocka_unit_test(placeholders_stay_and_numbers_go_on),
        cmocka_unit_test(overlaps_become_one),
        cmocka_unit_test(only_the_types_asked_for),
        cmocka_unit_test(users_patterns_and_words),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(a_pattern_without_end_is_an_error_without_values),
        cmocka_unit_test(nothing_is_replaced_twice),
        cmocka_unit_test(long_texts_take_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
