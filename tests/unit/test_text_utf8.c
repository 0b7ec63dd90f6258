/* UTF-8: what is valid, what replaces what is not, NFC, white space. */
#include "near.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

static void check_lossy(const char *in, size_t n, const char *want) {
    wu_buf out = {0};

    assert_int_equal(wu_utf8_lossy((wu_str){in, n}, &out), WU_OK);
    assert_string_equal(out.p ? out.p : "", want);
    assert_int_equal(wu_utf8_valid((wu_str){in, n}), n == strlen(want) && memcmp(in, want, n) == 0);
    wu_buf_free(&out);
}

#define LOSSY(in, want) check_lossy(in, sizeof(in) - 1, want)
#define BAD             "\xEF\xBF\xBD"

static void invalid_parts_become_one_replacement_each(void **state) {
    (void)state;
    LOSSY("", "");
    LOSSY("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    LOSSY("a\x80z", "a" BAD "z");
    LOSSY("\xC3", BAD);
    LOSSY("\xE2\x82", BAD); /* a maximal part that could have begun a character */
    LOSSY("\xE2\x82z", BAD "z");
    LOSSY("\xF0\x9F\x98", BAD);
    LOSSY("\xF0\x80\x80", BAD BAD BAD); /* overlong: the second byte cannot follow */
    LOSSY("\xC0\xAF", BAD BAD);
    LOSSY("\xED\xA0\x80", BAD BAD BAD); /* a surrogate */
    LOSSY("\xF4\x90\x80\x80", BAD BAD BAD BAD);
    LOSSY("\xF5\xFF", BAD BAD);
    LOSSY("\xE2\xE2\x82\xAC", BAD "\xE2\x82\xAC");
}

static void every_code_point_is_read_back(void **state) {
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 37) {
        char s[4];
        int n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, k = 0;
        if (c >= 0xD800 && c < 0xE000) continue;
        if (n == 1)
            s[0] = (char)c;
        else {
            s[0] = (char)((0xF00 >> n & 0xFF) | c >> 6 * (n - 1));
            for (int i = 1; i < n; i++) s[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3F));
        }
        assert_int_equal(wu_utf8_next((wu_str){s, (size_t)n}, &k), WU_UTF8_CHAR);
        assert_int_equal(k, n);
        assert_int_equal(wu_utf8_code((wu_str){s, (size_t)n}, &k), c);
        assert_int_equal(k, n);
        for (int cut = 1; cut < n; cut++)
            assert_int_equal(wu_utf8_next((wu_str){s, (size_t)cut}, &k), WU_UTF8_PARTIAL);
    }
}

static void check_nfc(const char *in, const char *want) {
    wu_buf out = {0};

    assert_int_equal(wu_utf8_nfc(wu_str_of(in), &out), WU_OK);
    assert_string_equal(out.p ? out.p : "", want);
    wu_buf_free(&out);
}

static void nfc_composes_and_orders_marks(void **state) {
    (void)state;
    check_nfc("", "");
    check_nfc("plain \xC3\xA9", "plain \xC3\xA9");
    check_nfc("e\xCC\x81", "\xC3\xA9");                     /* e + acute */
    check_nfc("a\xCC\x88\xCC\xA3", "\xE1\xBA\xA1\xCC\x88"); /* dot below sorts before diaeresis */
    check_nfc("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", "\xEA\xB0\x81"); /* Hangul */
    check_nfc("\xE2\x84\xAB", "\xC3\x85");                             /* Angstrom sign */
    check_nfc("\xEF\xAC\x81", "\xEF\xAC\x81");                         /* the ligature fi stays */
    check_nfc("\xE0\xA5\x98", "\xE0\xA4\x95\xE0\xA4\xBC");             /* a composition exclusion */
}

/* Half a million marks in the worst order: a quadratic sort would not come back. */
static void nfc_of_many_marks_is_not_quadratic(void **state) {
    enum { N = 500000 };
    wu_buf in = {0}, out = {0};
    (void)state;

    assert_int_equal(wu_buf_char(&in, 'a'), WU_OK);
    for (int i = 0; i < N; i++)
        assert_int_equal(wu_buf_str(&in, i % 2 ? "\xCC\xA3" : "\xCC\x88"), WU_OK);
    assert_int_equal(wu_utf8_nfc(wu_buf_view(&in), &out), WU_OK);
    assert_true(out.n > N);
    assert_memory_equal(out.p, "\xE1\xBA\xA1\xCC\xA3",
                        5); /* a with dot below, then the other dots */
    wu_buf_free(&in);
    wu_buf_free(&out);
}

static void check_trim(const char *in, const char *want) {
    assert_true(wu_str_eq(wu_utf8_trim(wu_str_of(in)), wu_str_of(want)));
}

static void trim_takes_unicode_space_from_both_ends(void **state) {
    (void)state;
    check_trim("", "");
    check_trim(" \t\r\n", "");
    check_trim("  a b  ", "a b");
    check_trim("\xC2\xA0\xE3\x80\x80x\xE2\x80\xA8", "x");
    check_trim("\x1C\x1Fy\x1D", "y");
    check_trim("\xE1\xA0\x8Ez", "\xE1\xA0\x8Ez"); /* U+180E is not white space */
    check_trim("\xE2\x80\x8Bz", "\xE2\x80\x8Bz"); /* nor is U+200B */
    check_trim("\x80 x \x80", "\x80 x \x80");     /* nor what is not UTF-8 */
    check_trim(" \xE2\x80", "\xE2\x80");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_parts_become_one_replacement_each),
        cmocka_unit_test(every_code_point_is_read_back),
        cmocka_unit_test(nfc_composes_and_orders_marks),
        cmocka_unit_test(nfc_of_many_marks_is_not_quadratic),
        cmocka_unit_test(trim_takes_unicode_space_from_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
