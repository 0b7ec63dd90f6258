/* st_set.c - the weights of a model directory, whole or in shards (safetensors.h). */
#include "base/file.h"
#include "formats/index_impl.h"
#include "formats/safetensors.h"
#include "formats/tensor_impl.h"
#include "text/json.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SHARDS = 10000, MAX_INDEX_BYTES = 100000000 };

struct wu_st_set {
    wu_arena arena;
    wu_st **shard; /* [n_shard] */
    int32_t n_shard;
    const wu_tensor **t; /* [n] in order of name */
    int32_t n;
};

typedef struct set_row { /* one line of weight_map */
    wu_str tensor, file;
} set_row;

static int by_name(const void *a, const void *b) {
    const wu_tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static int row_by_file(const void *a, const void *b) {
    const set_row *x = a, *y = b;
    const size_t n = WU_MIN(x->file.n, y->file.n);
    const int d = n ? memcmp(x->file.p, y->file.p, n) : 0;
    return d ? d : (x->file.n > y->file.n) - (x->file.n < y->file.n);
}

/* A plain file name, so that an index cannot reach outside its directory. */
static bool is_plain_name(wu_str s) {
    if (!s.p || s.n == 0 || s.n > 255 || s.p[0] == '.') return false;
    return !memchr(s.p, '/', s.n) && !memchr(s.p, '\\', s.n);
}

static wu_code set_open_one(wu_st_set *s, const char *path, wu_err *err) {
    wu_code rc;

    s->shard = wu_arena_zero(&s->arena, 1, sizeof(wu_st *));
    if (!s->shard) return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    if ((rc = wu_st_open(&s->shard[0], path, err))) return rc;
    s->n_shard = 1;
    s->n = wu_st_count(s->shard[0]);
    s->t = wu_arena_zero(&s->arena, (size_t)s->n, sizeof(wu_tensor *));
    if (!s->t) return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    for (int32_t i = 0; i < s->n; i++) s->t[i] = wu_st_at(s->shard[0], i);
    return WU_OK;
}

static wu_code set_rows(const wu_json *map, set_row *row, const char *path, wu_err *err) {
    char text[WU_NAME_TEXT];
    size_t n = 0;

    for (void *it = wu_json_first(map); it; it = wu_json_next(map, it)) {
        const wu_json *file = wu_json_value(it);
        row[n] = (set_row){wu_json_key(it), wu_json_str(file)};
        if (wu_json_type(file) != WU_JSON_STRING || !is_plain_name(row[n].file)) {
            wu_fail(err, WU_EFORMAT, "%s: the file of tensor %s is not a plain file name", path,
                    wu_name_text(text, row[n].tensor));
            return WU_EFORMAT;
        }
        n++;
    }
    if (n) qsort(row, n, sizeof(*row), row_by_file);
    return WU_OK;
}

/* Opens the shard of rows [0, n), which all name it, and takes their tensors. */
static wu_code set_add_shard(wu_st_set *s, const char *dir, const char *index, const set_row *row,
                             size_t n, wu_err *err) {
    char name[256], path[WU_PATH_MAX], text[WU_NAME_TEXT];
    wu_st *st = NULL;
    wu_code rc;

    WU_ASSERT(row[0].file.n > 0 && row[0].file.n < sizeof(name)); /* is_plain_name() */
    memcpy(name, row[0].file.p, row[0].file.n);
    name[row[0].file.n] = 0;
    if ((rc = wu_path_join(path, sizeof(path), dir, name, err))) return rc;
    if ((rc = wu_st_open(&st, path, err))) return rc;
    s->shard[s->n_shard++] = st;
    for (size_t i = 0; i < n; i++) {
        char *key = strndup(row[i].tensor.p, row[i].tensor.n);
        if (!key) return wu_fail(err, WU_ENOMEM, "%s: out of memory", index);
        const wu_tensor *t = wu_st_find(st, key);
        free(key);
        if (!t)
            return wu_fail(err, WU_EFORMAT, "%s: tensor %s is not in %s, as the index says", index,
                           wu_name_text(text, row[i].tensor), name);
        s->t[s->n++] = t;
    }
    /* Every row names another tensor of this file: equal counts mean equal sets. */
    if ((size_t)wu_st_count(st) != n)
        return wu_fail(err, WU_EFORMAT, "%s: has %d tensors, but the index lists %zu of them", path,
                       wu_st_count(st), n);
    return WU_OK;
}

static wu_code set_open_index(wu_st_set *s, const char *dir, const char *path, wu_err *err) {
    wu_json *j = NULL;
    set_row *row = NULL;
    wu_code rc;

    if ((rc = wu_json_read_file(&j, path, MAX_INDEX_BYTES, WU_EFORMAT, err))) goto done;
    const wu_json *map = wu_json_get(j, "weight_map");
    const size_t n = wu_json_size(map);
    if (wu_json_type(map) != WU_JSON_OBJECT || n == 0) {
        rc = wu_fail(err, WU_EFORMAT, "%s: weight_map is missing or empty", path);
        goto done;
    }
    row = calloc(n, sizeof(*row));
    s->t = wu_arena_zero(&s->arena, n, sizeof(wu_tensor *));
    if (!row || !s->t) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    if ((rc = set_rows(map, row, path, err))) goto done;
    size_t n_shard = 1;
    for (size_t i = 1; i < n; i++) n_shard += row_by_file(&row[i - 1], &row[i]) != 0;
    if (n_shard > MAX_SHARDS) {
        rc = wu_fail(err, WU_EFORMAT, "%s: names %zu files, at most %d are read", path, n_shard,
                     MAX_SHARDS);
        goto done;
    }
    s->shard = wu_arena_zero(&s->arena, n_shard, sizeof(wu_st *));
    if (!s->shard) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && row_by_file(&row[i], &row[end]) == 0;) end++;
        if ((rc = set_add_shard(s, dir, path, row + i, end - i, err))) goto done;
    }
    qsort(s->t, (size_t)s->n, sizeof(wu_tensor *), by_name);
done:
    free(row);
    wu_json_free(j);
    return rc;
}

wu_code wu_st_set_open(wu_st_set **out, const char *dir, wu_err *err) {
    char one[WU_PATH_MAX], index[WU_PATH_MAX];
    wu_st_set *s = NULL;
    wu_code rc;

    *out = NULL;
    if ((rc = wu_path_join(one, sizeof(one), dir, "model.safetensors", err))) goto done;
    if ((rc = wu_path_join(index, sizeof(index), dir, "model.safetensors.index.json", err)))
        goto done;
    if (!(s = calloc(1, sizeof(*s)))) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", dir);
        goto done;
    }
    if (wu_is_file(one))
        rc = set_open_one(s, one, err);
    else if (wu_is_file(index))
        rc = set_open_index(s, dir, index, err);
    else
        rc = wu_fail(err, WU_EIO,
                     "%s: has neither model.safetensors nor model.safetensors.index.json", dir);
    if (rc) goto done;
    *out = s;
    s = NULL;
done:
    wu_st_set_close(s);
    return rc;
}

void wu_st_set_close(wu_st_set *s) {
    if (!s) return;
    for (int32_t i = 0; i < s->n_shard; i++) wu_st_close(s->shard[i]);
    wu_arena_free(&s->arena);
    free(s);
}

int32_t wu_st_set_count(const wu_st_set *s) { return s->n; }

const wu_tensor *wu_st_set_at(const wu_st_set *s, int32_t i) { return s->t[i]; }

const wu_tensor *wu_st_set_find(const wu_st_set *s, const char *name) {
    const wu_tensor key = {.name = name}, *p = &key;
    const wu_tensor **found =
        s->n ? bsearch(&p, s->t, (size_t)s->n, sizeof(wu_tensor *), by_name) : NULL;
    return found ? *found : NULL;
}
