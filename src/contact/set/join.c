/* join.c - files sorted by the two parts of their names (join.h). */
#include "contact/set/join.h"

#include "base/compiler.h"

#include <stdlib.h>
#include <string.h>

wu_str wu_join_stem(const char *name) {
    const char *dot = strrchr(name, '.');
    return (wu_str){name, dot && dot > name ? (size_t)(dot - name) : strlen(name)};
}

static wu_str without_word(wu_str s) {
    static const char *const word[] = {"transcript_", "conversation_", "analysis_",
                                       "journey_insight_", "journey_"};
    for (size_t i = 0; i < WU_LEN(word); i++) {
        const wu_str w = wu_str_of(word[i]);
        if (s.n > w.n && wu_str_starts(s, w)) return (wu_str){s.p + w.n, s.n - w.n};
    }
    return s;
}

/* Behind the last "_"; all of it if there is none, or nothing behind it. */
static wu_str last_part(wu_str s) {
    size_t at = s.n;
    while (at > 0 && s.p[at - 1] != '_') at--;
    return at == s.n ? s : (wu_str){s.p + at, s.n - at};
}

static int compare(wu_str a, wu_str b) {
    const size_t n = a.n < b.n ? a.n : b.n;
    const int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : a.n < b.n ? -1 : a.n > b.n;
}

/* Names differ, so that the order is always the same. */
static int by_full(const void *a, const void *b) {
    const wu_join_file *const *x = a, *const *y = b;
    const int c = compare((*x)->full, (*y)->full);
    return c ? c : strcmp((*x)->name, (*y)->name);
}

static int by_last(const void *a, const void *b) {
    const wu_join_file *const *x = a, *const *y = b;
    const int c = compare((*x)->last, (*y)->last);
    return c ? c : strcmp((*x)->name, (*y)->name);
}

static bool is_wanted(const char *name, const char *prefix) {
    const wu_str s = wu_str_of(name);
    return s.n > 5 && strcmp(name + s.n - 5, ".json") == 0 &&
           (!prefix || wu_str_starts(s, wu_str_of(prefix)));
}

static void fill(wu_join *j, const char *prefix) {
    for (int32_t i = 0; i < j->list.n; i++) {
        const char *name = j->list.name[i];
        if (!is_wanted(name, prefix)) continue;
        wu_join_file *f = &j->file[j->n];
        *f = (wu_join_file){.name = name, .full = without_word(wu_join_stem(name))};
        f->last = last_part(f->full);
        j->by_full[j->n] = j->by_last[j->n] = f;
        j->n++;
    }
    qsort(j->by_full, (size_t)j->n, sizeof(*j->by_full), by_full);
    qsort(j->by_last, (size_t)j->n, sizeof(*j->by_last), by_last);
}

wu_code wu_join_open(wu_join *j, const char *dir, const char *prefix, wu_err *err) {
    *j = (wu_join){.dir = dir};
    const wu_code rc = wu_dir_list(&j->list, dir, err);
    if (rc) return rc;
    const size_t n = (size_t)j->list.n + 1;
    j->file = calloc(n, sizeof(*j->file));
    j->by_full = calloc(n, sizeof(*j->by_full));
    j->by_last = calloc(n, sizeof(*j->by_last));
    if (j->file && j->by_full && j->by_last) {
        fill(j, prefix);
        return WU_OK;
    }
    wu_join_close(j);
    return wu_fail(err, WU_ENOMEM, "%s: out of memory", dir);
}

void wu_join_close(wu_join *j) {
    wu_dir_free(&j->list);
    free(j->file);
    free(j->by_full);
    free(j->by_last);
    *j = (wu_join){0};
}

/* The only file with that part, or NULL. */
static wu_join_file *only(wu_join_file *const *sorted, int32_t n, wu_str part, bool is_full) {
    int32_t lo = 0, hi = n;
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (compare(is_full ? sorted[mid]->full : sorted[mid]->last, part) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == n || !wu_str_eq(is_full ? sorted[lo]->full : sorted[lo]->last, part)) return NULL;
    if (lo + 1 < n && wu_str_eq(is_full ? sorted[lo + 1]->full : sorted[lo + 1]->last, part))
        return NULL;
    return sorted[lo];
}

wu_join_file *wu_join_find(const wu_join *j, wu_str name) {
    const wu_str full = without_word(name);
    wu_join_file *f = only(j->by_full, j->n, full, true);
    return f ? f : only(j->by_last, j->n, last_part(full), false);
}
