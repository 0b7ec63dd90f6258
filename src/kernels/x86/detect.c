/* detect.c - CPUID, XCR0 and the permission for AMX tiles. */
#include "kernels/x86/detect.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct regs {
    uint32_t a, b, c, d;
} regs;

static regs leaf(uint32_t n, uint32_t sub) {
    regs r = {0, 0, 0, 0};
    __get_cpuid_count(n, sub, &r.a, &r.b, &r.c, &r.d);
    return r;
}

static bool bits(uint64_t word, uint64_t mask) { return (word & mask) == mask; }
#define BIT(n) ((uint64_t)1 << (n))

static uint64_t xcr0(void) {
    uint32_t lo, hi;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

/* Linux gives tile state only to processes that ask for it. */
static bool amx_permitted(void) {
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

static void model_name(char name[64]) {
    uint32_t word[12];
    name[0] = 0;
    if (leaf(0x80000000u, 0).a < 0x80000004u) return;
    for (uint32_t i = 0; i < 3; i++) {
        const regs r = leaf(0x80000002u + i, 0);
        const uint32_t part[4] = {r.a, r.b, r.c, r.d};
        memcpy(word + 4 * i, part, sizeof(part));
    }
    const char *text = (const char *)word;
    size_t n = 0;
    for (size_t i = 0; i < sizeof(word) && text[i]; i++) { /* without runs of spaces */
        if (text[i] == ' ' && (n == 0 || name[n - 1] == ' ')) continue;
        name[n++] = text[i];
    }
    while (n && name[n - 1] == ' ') n--;
    name[n] = 0;
}

void wu_x86_detect(bool present[WU_N_LEVEL], char name[64], bool ask_amx) {
    const regs one = leaf(1, 0), seven = leaf(7, 0), seven1 = leaf(7, 1);
    const bool saves = bits(one.c, BIT(27) | BIT(28)); /* OSXSAVE, AVX */
    const uint64_t xcr = saves ? xcr0() : 0;
    memset(present, 0, WU_N_LEVEL * sizeof(present[0]));
    present[WU_LEVEL_C] = true;
    present[WU_LEVEL_AVX2] = bits(xcr, 0x6) && bits(one.c, BIT(12) | BIT(29)) && /* FMA, F16C */
                             bits(seven.b, BIT(5));
    present[WU_LEVEL_AVX512] = present[WU_LEVEL_AVX2] && bits(xcr, 0xe6) &&
                               bits(seven.b, BIT(16) | BIT(17) | BIT(30) | BIT(31));
    present[WU_LEVEL_AVX512BF16] = present[WU_LEVEL_AVX512] && bits(seven1.a, BIT(5));
    present[WU_LEVEL_AMX] = present[WU_LEVEL_AVX512BF16] && bits(xcr, BIT(17) | BIT(18)) &&
                            bits(seven.d, BIT(22) | BIT(24)) && ask_amx && amx_permitted();
    model_name(name);
}
