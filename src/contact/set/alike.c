/* alike.c - equal and similar texts of one stream (alike.h). */
#include "contact/set/alike.h"

#include "base/file.h"
#include "contact/set/shingle.h"
#include "contact/set/sort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A band shared by many is a formula, not a copy: so many of its first texts stand for the rest. */
enum { STAND_INS = 4 };

typedef struct item { /* one text */
    uint64_t words;   /* hash of all of them */
    char name[WU_ALIKE_NAME];
    uint32_t sketch[WU_SKETCH];
} item;

struct wu_alike {
    double threshold;
    wu_bands shape;
    char *directory;
    item *kept; /* [max]; the texts before these lie in f */
    int64_t n, n_kept, max;
    FILE *f;          /* NULL: all are in memory */
    uint8_t *counted; /* a bit for each text: it has the words of an earlier one */
    wu_sort *equal, *bands, *pairs;
    wu_shingles shingles;
    wu_alike_result result;
};

static wu_code out_of_memory(wu_err *err) {
    return wu_fail(err, WU_ENOMEM, "looking for duplicates: out of memory");
}

wu_code wu_alike_create(wu_alike **out, double threshold, size_t memory_bytes,
                        const char *temporary, wu_err *err) {
    const char *dir = wu_temporary_dir(temporary);
    const size_t memory = memory_bytes ? memory_bytes : (size_t)32 << 20;
    wu_alike *a = calloc(1, sizeof(*a));
    wu_code rc = WU_OK;
    *out = NULL;
    if (!a) return out_of_memory(err);
    a->threshold = threshold > 0.0 ? threshold : 0.8;
    a->shape = wu_bands_for(a->threshold);
    a->max = (int64_t)(memory / 4 / sizeof(item)) + 1;
    a->directory = strdup(dir);
    a->kept = malloc((size_t)a->max * sizeof(*a->kept));
    if (!a->directory || !a->kept) rc = out_of_memory(err);
    if (!rc) rc = wu_sort_create(&a->equal, memory / 8, dir, err);
    if (!rc) rc = wu_sort_create(&a->bands, memory / 2, dir, err);
    if (!rc) rc = wu_sort_create(&a->pairs, memory / 8, dir, err);
    if (rc)
        wu_alike_free(a);
    else
        *out = a;
    return rc;
}

void wu_alike_free(wu_alike *a) {
    if (!a) return;
    if (a->f) fclose(a->f);
    free(a->directory);
    free(a->kept);
    free(a->counted);
    wu_sort_free(a->equal);
    wu_sort_free(a->bands);
    wu_sort_free(a->pairs);
    wu_shingles_free(&a->shingles);
    free(a);
}

/* ------------------------------------------------------------------------------ sketches */

static wu_code spill(wu_alike *a, wu_err *err) {
    wu_code rc;
    if (!a->f && (rc = wu_unnamed_file(&a->f, a->directory, "sketches", err))) return rc;
    if (fwrite(a->kept, sizeof(item), (size_t)a->n_kept, a->f) != (size_t)a->n_kept || fflush(a->f))
        return wu_fail_errno(err, "%s: temporary file for sketches", a->directory);
    a->n_kept = 0;
    return WU_OK;
}

static wu_code fetch(wu_alike *a, item *out, uint64_t at, wu_err *err) {
    const int64_t first = a->n - a->n_kept, i = (int64_t)at; /* of those in memory */
    if (i >= first) {
        *out = a->kept[i - first];
        return WU_OK;
    }
    const off_t from = (off_t)(i * (int64_t)sizeof(item));
    if (pread(fileno(a->f), out, sizeof(*out), from) != (ssize_t)sizeof(*out))
        return wu_fail_errno(err, "%s: temporary file for sketches", a->directory);
    return WU_OK;
}

/* Whole characters. */
static void set_name(item *e, wu_str name) {
    size_t n = name.n;
    if (n >= sizeof(e->name)) {
        n = sizeof(e->name) - 1;
        while (n > 0 && ((unsigned char)name.p[n] & 0xC0) == 0x80) n--;
    }
    memset(e->name, 0, sizeof(e->name));
    if (n > 0) memcpy(e->name, name.p, n);
}

wu_code wu_alike_add(wu_alike *a, wu_str text, wu_str name, wu_err *err) {
    wu_code rc;
    a->result.n_text++;
    if (wu_shingles_of(&a->shingles, text)) return out_of_memory(err);
    if (a->shingles.n == 0) {
        a->result.n_empty++;
        return WU_OK;
    }
    if (a->n_kept == a->max && (rc = spill(a, err))) return rc;
    item *e = &a->kept[a->n_kept];
    e->words = a->shingles.text;
    set_name(e, name);
    wu_sketch_of(e->sketch, &a->shingles);
    for (int32_t k = 0; k < a->shape.n_band; k++) {
        const uint64_t band = wu_band_hash(e->sketch, a->shape, k);
        if ((rc = wu_sort_add(a->bands, band, (uint64_t)a->n, err))) return rc;
    }
    if ((rc = wu_sort_add(a->equal, e->words, (uint64_t)a->n, err))) return rc;
    a->n_kept++;
    a->n++;
    return WU_OK;
}

/* ------------------------------------------------------------------------------- finding */

/* Kept unless there are `most` already. */
static wu_code found(wu_alike *a, uint64_t first, uint64_t later, double similarity, int most,
                     wu_err *err) {
    item e;
    wu_alike_result *r = &a->result;
    if (r->n_found >= most) return WU_OK;
    wu_alike_pair *p = &r->found[r->n_found];
    wu_code rc = fetch(a, &e, first, err);
    if (rc) return rc;
    memcpy(p->first, e.name, sizeof(p->first));
    if ((rc = fetch(a, &e, later, err))) return rc;
    memcpy(p->later, e.name, sizeof(p->later));
    p->similarity = similarity;
    r->n_found++;
    return WU_OK;
}

/* All texts with the words of the first of them. */
static wu_code equal_ones(wu_alike *a, wu_err *err) {
    wu_pair p, first = {0};
    bool end = false, any = false;
    a->counted = calloc((size_t)a->n / 8 + 1, 1);
    wu_code rc = a->counted ? wu_sort_finish(a->equal, err) : out_of_memory(err);
    while (!rc && !(rc = wu_sort_next(a->equal, &p, &end, err)) && !end) {
        if (any && p.key == first.key) {
            a->result.n_equal++;
            a->counted[p.value / 8] |= (uint8_t)(1u << p.value % 8);
            /* half of the room, so that near ones are named, too */
            rc = found(a, first.value, p.value, 1.0, WU_ALIKE_FOUND / 2, err);
        } else {
            first = p;
            any = true;
        }
    }
    return rc;
}

/* Texts that share a band become pairs: the later one first, so that each is counted once. */
static wu_code candidates(wu_alike *a, wu_err *err) {
    uint64_t stand_in[STAND_INS], band = 0;
    int n = 0;
    wu_pair p;
    bool end = false;
    wu_code rc = wu_sort_finish(a->bands, err);
    while (!rc && !(rc = wu_sort_next(a->bands, &p, &end, err)) && !end) {
        if (p.key != band) n = 0;
        band = p.key;
        for (int i = 0; !rc && i < n; i++) rc = wu_sort_add(a->pairs, p.value, stand_in[i], err);
        if (n < STAND_INS) stand_in[n++] = p.value;
    }
    return rc;
}

static double agreement(const item *a, const item *b) {
    int n = 0;
    for (int i = 0; i < WU_SKETCH; i++) n += a->sketch[i] == b->sketch[i];
    return (double)n / WU_SKETCH;
}

/* The end of the candidates of a text: the one most like it decides. */
static wu_code settle(wu_alike *a, uint64_t later, uint64_t best, double similarity, wu_err *err) {
    if (similarity < a->threshold) return WU_OK;
    a->result.n_near++;
    return found(a, best, later, similarity, WU_ALIKE_FOUND, err);
}

/* A text that has an equal one before it is counted there already. */
static wu_code near_ones(wu_alike *a, wu_err *err) {
    item later = {0}, first;
    uint64_t at = UINT64_MAX, best = 0; /* texts: the later one, and the one most like it */
    double most = -1.0;
    bool end = false;
    wu_pair p = {0};
    wu_code rc = wu_sort_finish(a->pairs, err);
    while (!rc && !(rc = wu_sort_next(a->pairs, &p, &end, err)) && !end) {
        if (a->counted[p.key / 8] >> p.key % 8 & 1) continue;
        if (p.key != at) {
            if ((rc = settle(a, at, best, most, err))) break;
            at = p.key;
            most = -1.0;
            if ((rc = fetch(a, &later, at, err))) break;
        }
        if ((rc = fetch(a, &first, p.value, err))) break;
        const double similarity = agreement(&first, &later);
        if (similarity > most) {
            most = similarity;
            best = p.value;
        }
    }
    return rc ? rc : settle(a, at, best, most, err);
}

wu_code wu_alike_finish(wu_alike *a, wu_alike_result *out, wu_err *err) {
    wu_code rc = equal_ones(a, err);
    if (!rc) rc = candidates(a, err);
    if (!rc) rc = near_ones(a, err);
    if (!rc) *out = a->result;
    return rc;
}
