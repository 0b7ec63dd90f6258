/* compute.c - levels: what is there, what works, what is fastest (compute.h). */
#include "kernels/compute.h"

#include "base/arena.h"
#include "base/clock.h"
#include "kernels/compute_impl.h"
#ifdef WU_X86
#include "kernels/x86/detect.h"
#endif

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const level_name[WU_N_LEVEL] = {"c", "avx2", "avx512", "avx512bf16", "amx"};

const char *wu_level_name(wu_level level) { return level_name[level]; }

int wu_level_from_name(const char *name) {
    for (int i = 0; i < WU_N_LEVEL; i++)
        if (!strcmp(name, level_name[i])) return i;
    return -1;
}

typedef struct level_tables {
    const wu_gemm_ops *gemm; /* of the level's own number format */
    const wu_row_ops *rows;
    const wu_attn_ops *attn_bf16, *attn_f32;
} level_tables;

static const level_tables tables[WU_N_LEVEL] = {
    [WU_LEVEL_C] = {&wu_gemm_c, &wu_rows_c, &wu_attn_c, &wu_attn_c},
#ifdef WU_X86
    [WU_LEVEL_AVX2] = {&wu_gemm_avx2, &wu_rows_avx2, &wu_attn_avx2, &wu_attn_avx2},
    [WU_LEVEL_AVX512] = {&wu_gemm_avx512, &wu_rows_avx512, &wu_attn_avx512, &wu_attn_avx512},
    [WU_LEVEL_AVX512BF16] = {&wu_gemm_avx512bf16, &wu_rows_avx512, &wu_attn_avx512,
                             &wu_attn_avx512},
    [WU_LEVEL_AMX] = {&wu_gemm_amx, &wu_rows_avx512, &wu_attn_amx, &wu_attn_avx512},
#endif
};

static void detect(wu_cpu_report *r, int max_level) {
    r->present[WU_LEVEL_C] = true;
#ifdef WU_X86
    wu_x86_detect(r->present, r->cpu, max_level >= WU_LEVEL_AMX);
#endif
    for (int i = max_level + 1; i < WU_N_LEVEL; i++) r->present[i] = false;
    if (!r->cpu[0]) memcpy(r->cpu, "unknown", sizeof("unknown"));
}

/* ---- the trial: small whole numbers, exact in every format and order ---- */

enum { TRIAL_ROWS = 37, TRIAL_OUT = 45, TRIAL_IN = 72 };

static float trial_x(int32_t r, int32_t k) { return (float)((r * 7 + k * 3) % 9 - 4); }
static float trial_w(int32_t o, int32_t k) { return (float)((o * 5 + k * 11) % 13 - 6); }

static bool trial(const wu_gemm_ops *g, char *scratch) {
    static float x[TRIAL_ROWS * TRIAL_IN], w[TRIAL_OUT * TRIAL_IN], y[TRIAL_ROWS * TRIAL_OUT];
    static WU_ALIGNED char memory[2 * TILE * 96 * 4];
    for (int32_t r = 0; r < TRIAL_ROWS; r++)
        for (int32_t k = 0; k < TRIAL_IN; k++) x[r * TRIAL_IN + k] = trial_x(r, k);
    for (int32_t o = 0; o < TRIAL_OUT; o++)
        for (int32_t k = 0; k < TRIAL_IN; k++) w[o * TRIAL_IN + k] = trial_w(o, k);
    const wu_matrix matrix = {.type = WU_F32,
                              .n_out = TRIAL_OUT,
                              .n_in = TRIAL_IN,
                              .data = w,
                              .row_bytes = TRIAL_IN * (int64_t)sizeof(float)};
    wu_packed p;
    const wu_product product = {.x = &p, .w = &matrix, .y = y, .ldy = TRIAL_OUT};
    wu_matmul_alone(g, &product, &p, x, TRIAL_ROWS, memory, scratch);
    for (int32_t r = 0; r < TRIAL_ROWS; r++) {
        for (int32_t o = 0; o < TRIAL_OUT; o++) {
            float want = 0;
            for (int32_t k = 0; k < TRIAL_IN; k++) want += trial_x(r, k) * trial_w(o, k);
            if (y[r * TRIAL_OUT + o] != want) return false;
        }
    }
    return true;
}

/* Runs the trial in a child, which an illegal instruction may kill. */
static bool works(const wu_gemm_ops *g, char *scratch) {
    const pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) {
        static const int fatal[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP};
        for (size_t i = 0; i < WU_LEN(fatal); i++) signal(fatal[i], SIG_DFL);
        alarm(10);
        _exit(trial(g, scratch) ? 0 : 1);
    }
    int status = 0;
    pid_t got;
    do got = waitpid(child, &status, 0);
    while (got < 0 && errno == EINTR);
    return got == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- speed ---- */

/* Gflop/s of one thread on a panel in L2: best of a few runs, each some ten microseconds. */
static double measure(const wu_gemm_ops *g, char *scratch) {
    enum { ROWS = 64, COLS = 64, INNER = 512, RUNS = 6 };
    char *a = scratch + PANEL_BYTES;
    float *y = (float *)(void *)(a + SUMS_BYTES / 2);
    const int64_t number = wu_number_bytes(g->format);
    memset(scratch, 0, (size_t)(COLS * INNER * number));
    memset(a, 0, (size_t)(ROWS * INNER * number));
    const wu_panel_job job = {.a = {a, NULL},
                              .a_stride = {TILE * INNER * number, 0},
                              .n_step = {INNER / TILE, 0},
                              .b = scratch,
                              .n_row = ROWS,
                              .n_col = COLS,
                              .first = true,
                              .last = true,
                              .to = {.y = (char *)y, .type = WU_F32, .ld = COLS}};
    double best = 1e9;
    if (g->enter) g->enter();
    for (int i = 0; i < RUNS; i++) {
        const double start = wu_clock_s();
        g->multiply(&job);
        best = WU_MIN(best, wu_clock_s() - start);
    }
    if (g->leave) g->leave();
    return 2e-9 * ROWS * COLS * INNER / best;
}

/* ---- choice ---- */

static void try_levels(wu_cpu_report *r, char *scratch) {
    r->works[WU_LEVEL_C] = true;
    for (int i = WU_LEVEL_C + 1; i < WU_N_LEVEL; i++) {
        r->works[i] = r->present[i] && works(tables[i].gemm, scratch);
        if (!r->works[i]) continue;
        r->gflops_bf16[i] = measure(tables[i].gemm, scratch);
        if (tables[i].gemm->format == WU_F32) r->gflops_f32[i] = r->gflops_bf16[i];
    }
}

/* The fastest of the levels that work. A lower one must be clearly faster, so that noise does not
 * change the choice, and with it the order of sums, from run to run. Portable C, which is not
 * measured, comes last. */
static wu_level fastest(const wu_cpu_report *r, const double *gflops) {
    wu_level best = WU_LEVEL_C;
    for (int i = WU_N_LEVEL - 1; i > WU_LEVEL_C; i--)
        if (r->works[i] && gflops[i] > 1.25 * gflops[best]) best = (wu_level)i;
    return best;
}

/* The highest level up to `top` that works and has products in f32. */
static wu_level highest_f32(const wu_cpu_report *r, wu_level top) {
    int i = top;
    while (i > WU_LEVEL_C && !(r->works[i] && tables[i].gemm->format == WU_F32)) i--;
    return (wu_level)i;
}

static void choose(wu_compute *c, const wu_compute_options *o) {
    wu_cpu_report *r = &c->report;
    const wu_level top = (wu_level)o->max_level;
    r->bf16 = o->only ? top : fastest(r, r->gflops_bf16);
    r->f32 = o->only ? highest_f32(r, top) : fastest(r, r->gflops_f32);
    int high = top;
    while (high > WU_LEVEL_C && !r->works[high]) high--;
    r->rows = (wu_level)WU_MIN(high, WU_LEVEL_AVX512); /* those above share its tables */
    r->attention = high == WU_LEVEL_AMX ? WU_LEVEL_AMX : r->rows;
    c->bf16 = tables[r->bf16].gemm;
    c->f32 = tables[r->f32].gemm;
    c->rows = tables[high].rows;
    c->attn_bf16 = tables[high].attn_bf16;
    c->attn_f32 = tables[high].attn_f32;
}

static void leave_all(void) {
#ifdef WU_X86
    wu_gemm_amx.leave();
#endif
}

wu_code wu_compute_create(wu_compute **out, const wu_compute_options *o, wu_err *err) {
    wu_code code = WU_OK;
    *out = NULL;
    if (o->max_level < 0 || o->max_level >= WU_N_LEVEL)
        return wu_fail(err, WU_EARG, "CPU level is %d, want 0 to %d", o->max_level, WU_N_LEVEL - 1);
    wu_compute *c = calloc(1, sizeof(*c));
    if (!c) return wu_fail(err, WU_ENOMEM, "CPU kernels: out of memory");
    wu_cpu_report *r = &c->report;
    r->n_thread = o->n_thread ? o->n_thread : wu_cpu_count();
    if (r->n_thread < 1 || r->n_thread > WU_POOL_MAX) {
        code =
            wu_fail(err, WU_EARG, "threads: %d is not between 1 and %d", r->n_thread, WU_POOL_MAX);
        goto done;
    }
    c->scratch = wu_aligned_alloc((size_t)r->n_thread * SCRATCH_BYTES);
    if (!c->scratch) {
        code = wu_fail(err, WU_ENOMEM, "CPU kernels: no memory for scratch of %d threads",
                       r->n_thread);
        goto done;
    }
    detect(r, o->max_level);
    try_levels(r, c->scratch);
    if (o->only && !r->works[o->max_level]) {
        code = wu_fail(err, WU_EARG, "CPU level %s does not work on this machine (%s)",
                       level_name[o->max_level],
                       r->present[o->max_level] ? "its trial failed" : "not present");
        goto done;
    }
    choose(c, o);
    /* Only now: the trials fork, and permission for AMX comes before threads. */
    if ((code = wu_pool_create(&c->pool, r->n_thread, err))) goto done;
    if (r->works[WU_LEVEL_AMX]) wu_pool_on_sleep(c->pool, leave_all);
    *out = c;
    c = NULL;
done:
    wu_compute_free(c);
    return code;
}

void wu_compute_free(wu_compute *c) {
    if (!c) return;
    wu_pool_free(c->pool);
    free(c->scratch);
    free(c);
}

wu_pool *wu_compute_pool(const wu_compute *c) { return c->pool; }
const wu_row_ops *wu_compute_rows(const wu_compute *c) { return c->rows; }
const wu_cpu_report *wu_compute_report(const wu_compute *c) { return &c->report; }
