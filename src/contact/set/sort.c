/* sort.c - sorting with runs on disk (sort.h). */
#include "contact/set/sort.h"

#include "base/arena.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 64 << 10, WINDOW = 256 }; /* bytes of memory; pairs read ahead of a run */

typedef struct run {
    int64_t at, end; /* pairs of the file still to be read */
    wu_pair *window; /* [WINDOW] */
    int32_t i, n;
} run;

struct wu_sort {
    char *directory;
    wu_pair *pair; /* [max] */
    size_t n, max, next;
    FILE *f; /* NULL: everything is in memory */
    int64_t written;
    run *run;
    int32_t n_run, max_run;
    int32_t *heap; /* of runs, the least pair first */
    int32_t n_heap;
    wu_pair *windows;
};

wu_code wu_sort_create(wu_sort **out, size_t memory_bytes, const char *temporary, wu_err *err) {
    wu_sort *s = calloc(1, sizeof(*s));
    *out = NULL;
    if (s) {
        s->max = (memory_bytes < LEAST ? LEAST : memory_bytes) / sizeof(wu_pair);
        s->directory = strdup(wu_temporary_dir(temporary));
        s->pair = malloc(s->max * sizeof(*s->pair));
    }
    if (!s || !s->directory || !s->pair) {
        wu_sort_free(s);
        return wu_fail(err, WU_ENOMEM, "sorting: out of memory");
    }
    *out = s;
    return WU_OK;
}

void wu_sort_free(wu_sort *s) {
    if (!s) return;
    if (s->f) fclose(s->f);
    free(s->directory);
    free(s->pair);
    free(s->run);
    free(s->heap);
    free(s->windows);
    free(s);
}

static int compare(const void *a_, const void *b_) {
    const wu_pair *a = a_, *b = b_;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    return a->value < b->value ? -1 : a->value > b->value;
}

/* -------------------------------------------------------------------------------- runs */

static wu_code spill(wu_sort *s, wu_err *err) {
    wu_code rc;
    if (!s->f && (rc = wu_unnamed_file(&s->f, s->directory, "sort", err))) return rc;
    if (s->n_run == s->max_run) {
        const int32_t more = s->max_run ? 2 * s->max_run : 16;
        run *p = realloc(s->run, (size_t)more * sizeof(*p));
        if (!p) return wu_fail(err, WU_ENOMEM, "sorting: out of memory");
        s->run = p;
        s->max_run = more;
    }
    qsort(s->pair, s->n, sizeof(*s->pair), compare);
    if (fwrite(s->pair, sizeof(*s->pair), s->n, s->f) != s->n || fflush(s->f))
        return wu_fail_errno(err, "%s: temporary file for sorting", s->directory);
    s->run[s->n_run++] = (run){.at = s->written, .end = s->written + (int64_t)s->n};
    s->written += (int64_t)s->n;
    s->n = 0;
    return WU_OK;
}

wu_code wu_sort_add(wu_sort *s, uint64_t key, uint64_t value, wu_err *err) {
    wu_code rc;
    if (s->n == s->max && (rc = spill(s, err))) return rc;
    s->pair[s->n++] = (wu_pair){key, value};
    return WU_OK;
}

/* ------------------------------------------------------------------------------- merging */

static const wu_pair *first(const wu_sort *s, int32_t heap) {
    const run *r = &s->run[s->heap[heap]];
    return &r->window[r->i];
}

/* Reads on in a run; its window is empty at its end. */
static wu_code refill(wu_sort *s, run *r, wu_err *err) {
    const int64_t left = r->end - r->at;
    const size_t want = (size_t)(left < WINDOW ? left : WINDOW);
    r->i = 0;
    r->n = (int32_t)want;
    if (want == 0) return WU_OK;
    if (fseeko(s->f, (off_t)(r->at * (int64_t)sizeof(wu_pair)), SEEK_SET) ||
        fread(r->window, sizeof(wu_pair), want, s->f) != want)
        return wu_fail_errno(err, "%s: temporary file for sorting", s->directory);
    r->at += (int64_t)want;
    return WU_OK;
}

static void sink(wu_sort *s, int32_t i) {
    for (;;) {
        int32_t least = i;
        for (int32_t child = 2 * i + 1; child <= 2 * i + 2 && child < s->n_heap; child++)
            if (compare(first(s, child), first(s, least)) < 0) least = child;
        if (least == i) return;
        const int32_t swap = s->heap[i];
        s->heap[i] = s->heap[least];
        s->heap[least] = swap;
        i = least;
    }
}

wu_code wu_sort_finish(wu_sort *s, wu_err *err) {
    wu_code rc;
    if (!s->f) {
        qsort(s->pair, s->n, sizeof(*s->pair), compare);
        return WU_OK;
    }
    if (s->n > 0 && (rc = spill(s, err))) return rc;
    size_t bytes;
    s->heap = malloc((size_t)s->n_run * sizeof(*s->heap));
    if (wu_mul_size(&bytes, (size_t)s->n_run, WINDOW * sizeof(wu_pair))) s->windows = malloc(bytes);
    if (!s->heap || !s->windows) return wu_fail(err, WU_ENOMEM, "sorting: out of memory");
    for (int32_t i = 0; i < s->n_run; i++) {
        s->run[i].window = s->windows + (size_t)i * WINDOW;
        if ((rc = refill(s, &s->run[i], err))) return rc;
        s->heap[s->n_heap++] = i;
    }
    for (int32_t i = s->n_heap / 2; i-- > 0;) sink(s, i);
    return WU_OK;
}

wu_code wu_sort_next(wu_sort *s, wu_pair *p, bool *end, wu_err *err) {
    *end = s->f ? s->n_heap == 0 : s->next == s->n;
    if (*end) return WU_OK;
    if (!s->f) {
        *p = s->pair[s->next++];
        return WU_OK;
    }
    run *r = &s->run[s->heap[0]];
    *p = r->window[r->i++];
    if (r->i == r->n) {
        const wu_code rc = refill(s, r, err);
        if (rc) return rc;
        if (r->n == 0) s->heap[0] = s->heap[--s->n_heap];
    }
    if (s->n_heap > 0) sink(s, 0);
    return WU_OK;
}
