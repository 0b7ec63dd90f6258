/* checks.c - sums and ranges that tell a number of its kind from any other. */
#include "contact/redact/redact_impl.h"

#include <string.h>

bool wu_luhn(const char *digit, size_t n) {
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        int d = digit[n - 1 - i] - '0';
        if (i % 2 == 1) d = d > 4 ? 2 * d - 9 : 2 * d;
        sum += d;
    }
    return n > 0 && sum % 10 == 0;
}

/* First digits, from and to, with the lengths in use (bit n: n digits). */
typedef struct issuer {
    int32_t from, to;
    int width;
    uint32_t lengths;
} issuer;

#define LEN(n) (1u << (n))
static const issuer issuers[] = {
    {4, 4, 1, LEN(13) | LEN(16) | LEN(19)},                 /* Visa */
    {51, 55, 2, LEN(16)},                                   /* Mastercard */
    {2221, 2720, 4, LEN(16)},                               /* Mastercard */
    {34, 34, 2, LEN(15)},                                   /* Amex */
    {37, 37, 2, LEN(15)},                                   /* Amex */
    {6011, 6011, 4, LEN(16) | LEN(19)},                     /* Discover */
    {644, 649, 3, LEN(16) | LEN(19)},                       /* Discover */
    {65, 65, 2, LEN(16) | LEN(19)},                         /* Discover */
    {300, 305, 3, LEN(14) | LEN(16) | LEN(19)},             /* Diners */
    {3095, 3095, 4, LEN(14) | LEN(16) | LEN(19)},           /* Diners */
    {36, 36, 2, LEN(14) | LEN(16) | LEN(19)},               /* Diners */
    {38, 39, 2, LEN(14) | LEN(16) | LEN(19)},               /* Diners */
    {3528, 3589, 4, LEN(16) | LEN(17) | LEN(18) | LEN(19)}, /* JCB */
    {62, 62, 2, LEN(16) | LEN(17) | LEN(18) | LEN(19)},     /* UnionPay */
    {81, 81, 2, LEN(16) | LEN(17) | LEN(18) | LEN(19)},     /* UnionPay */
    {5018, 5018, 4,
     LEN(12) | LEN(13) | LEN(14) | LEN(15) | LEN(16) | LEN(18) | LEN(19)}, /* Maestro */
    {5020, 5020, 4, LEN(12) | LEN(13) | LEN(14) | LEN(15) | LEN(16) | LEN(18) | LEN(19)},
    {5038, 5038, 4, LEN(12) | LEN(13) | LEN(14) | LEN(15) | LEN(16) | LEN(18) | LEN(19)},
    {6304, 6304, 4, LEN(12) | LEN(13) | LEN(14) | LEN(15) | LEN(16) | LEN(18) | LEN(19)},
    {6759, 6759, 4, LEN(12) | LEN(13) | LEN(14) | LEN(15) | LEN(16) | LEN(18) | LEN(19)},
    {6761, 6763, 4, LEN(12) | LEN(13) | LEN(14) | LEN(15) | LEN(16) | LEN(18) | LEN(19)},
    {2200, 2204, 4, LEN(16) | LEN(17) | LEN(18) | LEN(19)}, /* Mir */
};

bool wu_card_issuer(const char *digit, size_t n) {
    if (n < 12 || n > 19) return false;
    for (size_t k = 0; k < WU_LEN(issuers); k++) {
        int32_t head = 0;
        if (!(issuers[k].lengths & LEN(n))) continue;
        for (int i = 0; i < issuers[k].width; i++) head = 10 * head + (digit[i] - '0');
        if (head >= issuers[k].from && head <= issuers[k].to) return true;
    }
    return false;
}

/* Country and length of its IBANs (the SWIFT registry). */
static const char iban_countries[] =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18"
    "FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21"
    "LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SD18SE24SI19SK24"
    "SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";

size_t wu_iban_length(char a, char b) {
    for (size_t i = 0; i + 4 < sizeof(iban_countries); i += 4)
        if (iban_countries[i] == a && iban_countries[i + 1] == b)
            return 10 * (size_t)(iban_countries[i + 2] - '0') +
                   (size_t)(iban_countries[i + 3] - '0');
    return 0;
}

bool wu_iban_ok(const char *iban, size_t n) {
    uint32_t rest = 0;
    if (n < 5 || wu_iban_length(iban[0], iban[1]) != n) return false;
    for (size_t i = 0; i < n; i++) {
        const char c = iban[(i + 4) % n];
        if (c >= '0' && c <= '9')
            rest = (rest * 10 + (uint32_t)(c - '0')) % 97;
        else
            rest = (rest * 100 + (uint32_t)(c - 'A') + 10) % 97;
    }
    return rest == 1;
}

bool wu_ssn_ok(const char *digit) {
    if (memcmp(digit, "000", 3) == 0 || memcmp(digit, "666", 3) == 0 || digit[0] == '9')
        return false;
    return memcmp(digit + 3, "00", 2) != 0 && memcmp(digit + 5, "0000", 4) != 0;
}

/* Area and exchange begin with 2 to 9 and are not N11. */
bool wu_nanp_ok(const char *digit) {
    if (digit[0] < '2' || digit[3] < '2') return false;
    return !(digit[1] == '1' && digit[2] == '1') && !(digit[4] == '1' && digit[5] == '1');
}
