/* presplit.c - the patterns that cut text into pieces before BPE.
 *
 * \s is written out as the class that the originals mean, White_Space; PCRE2's
 * own also has U+180E.  Every pattern matches every text without gaps. */
#include "text/tokenizer_impl.h"

#define SPACES                                                                                     \
    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"    \
    "\\x{205f}\\x{3000}"
#define SPACE     "[" SPACES "]"
#define NON_SPACE "[^" SPACES "]"
#define SHORT     "'s|'t|'re|'ve|'m|'ll|'d"

/* Llama 3 and Qwen2 differ in how many digits stand together. */
#define LLAMA3(digits)                                                                             \
    "(?i:" SHORT ")|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits "| ?[^" SPACES                          \
    "\\p{L}\\p{N}]+[\\r\\n]*|" SPACE "*[\\r\\n]+|" SPACE "+(?!" NON_SPACE ")|" SPACE "+"

/* SmolLM2 first sets every digit apart and then applies GPT-2's pattern to what lies between. In
 * one pattern: a digit ends the text for the look-ahead. */
static const char *const patterns[] = {
    [WU_PRESPLIT_GPT2] = SHORT "| ?\\p{L}+| ?\\p{N}+| ?[^" SPACES "\\p{L}\\p{N}]+|" SPACE
                               "+(?!" NON_SPACE ")|" SPACE "+",
    [WU_PRESPLIT_SMOLLM2] = "\\p{N}|" SHORT "| ?\\p{L}+| ?[^" SPACES "\\p{L}\\p{N}]+|" SPACE
                            "+(?![^" SPACES "\\p{N}])|" SPACE "+",
    [WU_PRESPLIT_LLAMA3] = LLAMA3("\\p{N}{1,3}"),
    [WU_PRESPLIT_QWEN2] = LLAMA3("\\p{N}"),
};

wu_code wu_presplit_create(wu_regex **out, wu_presplit kind, wu_err *err) {
    *out = NULL;
    if (kind == WU_PRESPLIT_NONE) return WU_OK;
    if ((size_t)kind >= WU_LEN(patterns))
        return wu_fail(err, WU_EFORMAT, "tokenizer: pre-split %d is not known", (int)kind);
    return wu_regex_create(out, patterns[kind], 0, err);
}
