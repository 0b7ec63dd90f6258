/* bench_gemm.c - rates of products and of streamed weights beside the peak of their class.
 *
 *     bench_gemm [--cpu LEVEL] [--threads N] [--rows N] [--seconds S]
 *                [--part products|decode] [--shape OUTxIN]
 *
 * Products: packing of the f32 activations and production of the panels
 * included, f32 results.  Decode: weights from memory, several copies in turn,
 * against the rate at which the same threads can read. `*`: no clean sample
 * (probe.h); the best of all is given, a lower bound. */
#include "base/arena.h"
#include "kernels/compute_impl.h"
#include "probe.h"

#include <stdio.h>
#include <string.h>

typedef struct options {
    int level, n_thread, n_row, n_out, n_in;
    double seconds;
    const char *part;
} options;

typedef struct bench {
    const options *o;
    wu_compute *c;
    probe probe;
    wu_dtype precision;
} bench;

/* ---- memory that looks like weights ---- */

static void *take(size_t bytes) {
    void *p = wu_aligned_alloc(bytes);
    if (!p) {
        fprintf(stderr, "bench_gemm: no memory for %zu bytes\n", bytes);
        exit(6);
    }
    return p;
}

/* bf16 numbers around 0.01 of either sign; as bytes or nibbles any pattern will do. */
static void fill(void *p, size_t bytes) {
    uint16_t *h = p;
    uint32_t r = 7;
    for (size_t i = 0; i < bytes / 2; i++) {
        r = r * 1664525u + 1013904223u;
        h[i] = (uint16_t)(0x3c00u | ((r >> 16) & 0x80ffu));
    }
}

enum { GROUP = 64 };

static wu_matrix weights_at(wu_dtype type, int32_t n_out, int32_t n_in, const char *data,
                            const void *scale) {
    wu_matrix w = {.type = type,
                   .n_out = n_out,
                   .n_in = n_in,
                   .data = data,
                   .row_bytes = (int64_t)n_in * wu_dtype_bits(type) / 8};
    if (type == WU_Q4 || type == WU_Q8) {
        w.group = GROUP;
        w.scale_type = WU_BF16;
        w.scale = scale;
        w.bias = scale;
    }
    return w;
}

/* ---- products ---- */

typedef struct product_case {
    bench *b;
    wu_packed x;
    wu_product p;
    const float *from;
} product_case;

static void run_product(void *ctx) {
    product_case *k = ctx;
    wu_pack(k->b->c, &k->x, k->from, WU_F32, k->x.n_col);
    wu_matmul(k->b->c, &k->p, 1);
}

static void product(bench *b, wu_dtype type, bool transposed, int32_t n_out, int32_t n_in) {
    const int32_t n_row = b->o->n_row;
    const int32_t inner = transposed ? n_out : n_in, cols = transposed ? n_in : n_out;
    const size_t bytes = (size_t)n_out * (size_t)n_in * (size_t)wu_dtype_bits(type) / 8;
    const size_t groups = (size_t)n_out * (size_t)n_in / GROUP * 2;
    char *data = take(bytes), *scale = take(groups);
    float *x = take((size_t)n_row * (size_t)inner * 4), *y = take((size_t)n_row * (size_t)cols * 4);
    void *memory = take(wu_packed_bytes(b->c, b->precision, n_row, inner));
    fill(data, bytes);
    fill(scale, groups);
    for (int64_t i = 0; i < (int64_t)n_row * inner; i++)
        x[i] = (float)(i * 7919 % 2003) * 1e-3f - 1;
    const wu_matrix w = weights_at(type, n_out, n_in, data, scale);
    product_case k = {.b = b, .from = x};
    wu_pack_init(b->c, &k.x, b->precision, n_row, inner, memory);
    k.p = (wu_product){.transposed = transposed, .x = &k.x, .w = &w, .y = y, .ldy = cols};
    const samples s =
        probe_samples(&b->probe, wu_compute_pool(b->c), b->o->seconds, run_product, &k);
    const double flops = 2.0 * n_row * n_out * n_in;
    const double peak = b->probe.best * b->probe.n_thread;
    const double best = s.clean ? s.best : s.best_all;
    printf("%-10s %-4s %-10s %5dx%-5d %5d rows  %7.0f %s (%.0f) Gflop/s  %5.1f %% of %.0f  clean "
           "%d/%d\n",
           wu_level_name(b->probe.level), wu_dtype_name(type),
           transposed ? "transposed" : "forward", n_out, n_in, n_row, flops / best * 1e-9,
           s.clean ? " " : "*", s.clean ? flops / s.median * 1e-9 : 0.0, 100 * flops / best / peak,
           peak * 1e-9, s.clean, s.n);
    fflush(stdout);
    free(memory);
    free(y);
    free(x);
    free(scale);
    free(data);
}

static void products(bench *b) {
    static const int32_t shapes[][2] = {{4096, 4096}, {14336, 4096}, {4096, 14336},
                                        {576, 576},   {1536, 576},   {576, 1536}};
    for (size_t i = 0; i < WU_LEN(shapes); i++) {
        const int32_t n_out = b->o->n_out ? b->o->n_out : shapes[i][0];
        const int32_t n_in = b->o->n_in ? b->o->n_in : shapes[i][1];
        for (int t = 0; t < 2; t++) {
            product(b, WU_BF16, t, n_out, n_in);
            product(b, WU_Q4, t, n_out, n_in);
        }
        if (b->o->n_out) return;
    }
}

/* ---- decode ---- */

enum { COPIES_BYTES = 768 << 20 };

typedef struct decode_case {
    bench *b;
    wu_matrix w; /* of the first copy */
    wu_packed x;
    float *y;
    int64_t bytes, n_copy, turn;
    const char *data;
    int64_t sum[WU_POOL_MAX * 8];
} decode_case;

static void run_decode(void *ctx) {
    decode_case *k = ctx;
    wu_matrix w = k->w;
    w.data = k->data + k->turn++ % k->n_copy * k->bytes;
    const wu_product p = {.x = &k->x, .w = &w, .y = k->y, .ldy = w.n_out};
    wu_matmul(k->b->c, &p, 1);
}

enum { READ_BYTES = 1 << 18 };

#ifdef WU_X86
__attribute__((target("avx2")))
#endif
static int64_t
read_all(const char *p) {
    int64_t s[16] = {0};
    for (int64_t i = 0; i < READ_BYTES; i += 128)
        for (int j = 0; j < 16; j++) s[j] += *(const int64_t *)(const void *)(p + i + j * 8);
    for (int j = 1; j < 16; j++) s[0] += s[j];
    return s[0];
}

static void read_unit(void *ctx, int64_t unit, int thread) {
    decode_case *k = ctx;
    k->sum[thread * 8] += read_all(k->data + k->turn % k->n_copy * k->bytes + unit * READ_BYTES);
}

static void run_read(void *ctx) {
    decode_case *k = ctx;
    wu_pool_for(wu_compute_pool(k->b->c), k->bytes / READ_BYTES, read_unit, k);
    k->turn++;
}

static double report(const decode_case *k, const samples *s, const char *what, double bandwidth) {
    const double best = s->clean ? s->best : s->best_all;
    const double rate = (double)k->bytes / best * 1e-9;
    printf("%-10s %-22s %5dx%-5d  %6.1f %s (%.1f) GB/s of weights",
           wu_level_name(k->b->probe.level), what, k->w.n_out, k->w.n_in, rate,
           s->clean ? " " : "*", s->clean ? (double)k->bytes / s->median * 1e-9 : 0.0);
    if (bandwidth > 0) printf("  %5.1f %% of reading", 100 * rate / bandwidth);
    printf("  %8.1f us  clean %d/%d\n", best * 1e6, s->clean, s->n);
    fflush(stdout);
    return rate;
}

static void decode_type(bench *b, decode_case *k, wu_dtype type, int32_t n_out, int32_t n_in,
                        const void *scale, void *memory) {
    wu_pool *pool = wu_compute_pool(b->c);
    k->w = weights_at(type, n_out, n_in, k->data, scale);
    k->bytes = n_out * k->w.row_bytes;
    k->n_copy = COPIES_BYTES / k->bytes;
    const samples r = probe_samples(&b->probe, pool, b->o->seconds, run_read, k);
    char what[64];
    snprintf(what, sizeof(what), "%s bytes read", wu_dtype_name(type));
    const double bandwidth = report(k, &r, what, 0);
    double first = 0;
    for (int rows = 1; rows <= 6; rows += 5) {
        static float x[6 * 16384];
        for (int64_t i = 0; i < 6 * 16384; i++) x[i] = (float)(i * 7919 % 2003) * 1e-3f - 1;
        wu_pack_init(b->c, &k->x, b->precision, rows, n_in, memory);
        wu_pack(b->c, &k->x, x, WU_F32, n_in);
        const samples s = probe_samples(&b->probe, pool, b->o->seconds, run_decode, k);
        snprintf(what, sizeof(what), "%s, %d row%s", wu_dtype_name(type), rows,
                 rows > 1 ? "s" : "");
        const double rate = report(k, &s, what, bandwidth);
        if (rows == 1) first = rate;
        if (rows > 1)
            printf("%-10s %-22s %.2f times the tokens of one\n", "", "", rows * rate / first);
    }
}

static void decode(bench *b) {
    static const int32_t shapes[][2] = {{14336, 4096}, {1536, 576}, {576, 1536}};
    static decode_case k;
    char *data = take(COPIES_BYTES);
    fill(data, COPIES_BYTES);
    for (size_t i = 0; i < WU_LEN(shapes); i++) {
        const int32_t n_out = b->o->n_out ? b->o->n_out : shapes[i][0];
        const int32_t n_in = b->o->n_in ? b->o->n_in : shapes[i][1];
        const size_t groups = (size_t)n_out * (size_t)n_in / GROUP * 2;
        void *scale = take(groups), *memory = take(wu_packed_bytes(b->c, b->precision, 6, n_in));
        k = (decode_case){.b = b, .data = data, .y = take(6 * 4 * (size_t)n_out)};
        fill(scale, groups);
        decode_type(b, &k, WU_BF16, n_out, n_in, scale, memory);
        decode_type(b, &k, WU_Q8, n_out, n_in, scale, memory);
        decode_type(b, &k, WU_Q4, n_out, n_in, scale, memory);
        free(k.y);
        free(memory);
        free(scale);
        if (b->o->n_out) break;
    }
    free(data);
}

/* ---- main ---- */

static void run_level(const options *o, int level) {
    const wu_compute_options co = {.n_thread = o->n_thread, .max_level = level, .only = true};
    static bench b;
    wu_err err;
    b = (bench){.o = o, .precision = WU_BF16};
    if (wu_compute_create(&b.c, &co, &err)) {
        printf("%-10s skipped: %s\n", wu_level_name((wu_level)level), err.msg);
        return;
    }
    b.probe.level = (wu_level)level;
    b.probe.n_thread = wu_pool_size(wu_compute_pool(b.c));
    for (int i = 0; i < 2000; i++) probe_now(&b.probe, wu_compute_pool(b.c));
    printf("%-10s peak of one thread %.0f Gflop/s\n", wu_level_name((wu_level)level),
           b.probe.best * 1e-9);
    if (!o->part || !strcmp(o->part, "products")) products(&b);
    if (!o->part || !strcmp(o->part, "decode")) decode(&b);
    wu_compute_free(b.c);
}

static int usage(void) {
    fputs("usage: bench_gemm [--cpu LEVEL] [--threads N] [--rows N] [--seconds S]\n"
          "                  [--part products|decode] [--shape OUTxIN]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv) {
    options o = {.level = -1, .n_row = 1024, .seconds = 1};
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--cpu")) {
            if ((o.level = wu_level_from_name(value)) < 0) return usage();
        } else if (!strcmp(name, "--threads")) {
            o.n_thread = (int)strtol(value, NULL, 10);
        } else if (!strcmp(name, "--rows")) {
            o.n_row = (int)strtol(value, NULL, 10);
        } else if (!strcmp(name, "--seconds")) {
            o.seconds = strtod(value, NULL);
        } else if (!strcmp(name, "--part")) {
            o.part = value;
        } else if (!strcmp(name, "--shape")) {
            char *x;
            o.n_out = (int)strtol(value, &x, 10);
            o.n_in = *x == 'x' ? (int)strtol(x + 1, NULL, 10) : 0;
            if (o.n_out % GROUP || o.n_in % GROUP || !o.n_in || o.n_in > 16384) return usage();
        } else {
            return usage();
        }
    }
    if (argc % 2 == 0 || o.n_row < 1) return usage();
    for (int l = o.level < 0 ? WU_LEVEL_AVX2 : o.level; l < WU_N_LEVEL; l++) {
        run_level(&o, l);
        if (o.level >= 0) break;
    }
    return 0;
}
