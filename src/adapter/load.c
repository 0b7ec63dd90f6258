/* load.c - an adapter from a PEFT or MLX directory, or its parameters from one file (adapter.h). */
#include "adapter/adapter_impl.h"

#include "base/file.h"
#include "formats/quant.h"
#include "formats/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool wu_adapter_is_dir(const char *dir) {
    char path[WU_PATH_MAX];
    return wu_path_join(path, sizeof(path), dir, WU_ADAPTER_CONFIG, NULL) == WU_OK &&
           wu_is_file(path);
}

/* A and B of one site as they lie in a file. */
typedef struct pair {
    const wu_tensor *a, *b;
    bool transposed;
} pair;

static wu_code bad_tensor(const char *path, const wu_tensor *t, const char *what, wu_err *err) {
    return wu_fail(err, WU_EFORMAT, "%s: tensor %.200s %s", path, t->name, what);
}

static wu_code sort_tensor(pair *pairs, const wu_tensor *t, const wu_adapter_dims *dims,
                           const char *path, wu_err *err) {
    const wu_part_name name = wu_part_name_read(t->name);
    switch (name.kind) {
    case WU_PART_MAGNITUDE:
        return bad_tensor(path, t, "belongs to a DoRA adapter, which is not supported", err);
    case WU_PART_BIAS:
        return bad_tensor(path, t, "is a bias of LoRA, which is not supported", err);
    case WU_PART_OTHER:
        return bad_tensor(path, t,
                          "names no linear layer of a block (only those can be adapted here)", err);
    default:
        break;
    }
    if (name.layer >= dims->n_layer)
        return wu_fail(err, WU_EFORMAT,
                       "%s: tensor %.200s is of layer %d, but the model has %d layers", path,
                       t->name, name.layer, dims->n_layer);
    pair *p = &pairs[name.layer * WU_N_LINEAR + (int32_t)name.linear];
    const wu_tensor **slot = name.kind == WU_PART_A ? &p->a : &p->b;
    if (*slot) return bad_tensor(path, t, "comes twice under different names", err);
    if ((p->a || p->b) && p->transposed != name.transposed)
        return bad_tensor(path, t, "mixes the names of PEFT and MLX", err);
    *slot = t;
    p->transposed = name.transposed;
    return WU_OK;
}

/* All tensors of a file, sorted to their sites. */
static wu_code sort_tensors(pair *pairs, const wu_st *st, const wu_adapter_dims *dims,
                            const char *path, wu_err *err) {
    const int32_t n = wu_st_count(st);
    for (int32_t i = 0; i < n; i++) {
        const wu_code rc = sort_tensor(pairs, wu_st_at(st, i), dims, path, err);
        if (rc) return rc;
    }
    for (int32_t k = 0; k < dims->n_layer * WU_N_LINEAR; k++) {
        const pair *p = &pairs[k];
        if (!p->a == !p->b) continue;
        return wu_fail(err, WU_EFORMAT, "%s: tensor %.200s has no %s beside it", path,
                       p->a ? p->a->name : p->b->name, p->a ? "B" : "A");
    }
    return WU_OK;
}

/* The tensor must be [n_row][n_col] or, transposed, [n_col][n_row], of a float type. */
static wu_code check_tensor(const wu_tensor *t, int32_t n_row, int32_t n_col, bool transposed,
                            const char *path, wu_err *err) {
    const int64_t want[2] = {transposed ? n_col : n_row, transposed ? n_row : n_col};

    if (t->n_dim != 2 || t->dim[0] != want[0] || t->dim[1] != want[1])
        return wu_fail(
            err, WU_EFORMAT, "%s: tensor %.200s has %d dimensions [%lld,%lld], want [%lld,%lld]",
            path, t->name, t->n_dim, t->n_dim > 0 ? (long long)t->dim[0] : 0LL,
            t->n_dim > 1 ? (long long)t->dim[1] : 0LL, (long long)want[0], (long long)want[1]);
    if (t->type != WU_T_F32 && t->type != WU_T_F16 && t->type != WU_T_BF16)
        return wu_fail(err, WU_EFORMAT, "%s: tensor %.200s is of type %s, want F32, F16 or BF16",
                       path, t->name, wu_ttype_name(t->type));
    return WU_OK;
}

/* Before memory is taken for them: shapes and ranks of all pairs. */
static wu_code check_pairs(const pair *pairs, const wu_adapter_dims *dims, const int32_t *rank,
                           const char *path, wu_err *err) {
    for (int32_t k = 0; k < dims->n_layer * WU_N_LINEAR; k++) {
        const pair *p = &pairs[k];
        const int l = k % WU_N_LINEAR;
        wu_code rc;
        if (!p->a) continue;
        if ((rc = check_tensor(p->a, rank[k], dims->n_in[l], p->transposed, path, err))) return rc;
        if ((rc = check_tensor(p->b, dims->n_out[l], rank[k], p->transposed, path, err))) return rc;
    }
    return WU_OK;
}

/* out [n_row][n_col] = the tensor, whose shape fits, or its transpose. */
static wu_code copy_tensor(float *out, const wu_tensor *t, int32_t n_row, int32_t n_col,
                           bool transposed, const char *path, wu_err *err) {
    const int64_t n = (int64_t)n_row * n_col;
    float *plain = transposed ? malloc((size_t)n * sizeof(*plain)) : out;
    wu_code rc = WU_OK;

    if (!plain) return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    if ((rc = wu_tensor_to_f32(plain, t, err))) goto done;
    if (transposed)
        for (int64_t i = 0; i < n_row; i++)
            for (int64_t j = 0; j < n_col; j++) out[i * n_col + j] = plain[j * n_row + i];
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(out[i])) {
            rc = bad_tensor(path, t, "holds NaN or infinity", err);
            goto done;
        }
done:
    if (plain != out) free(plain);
    return rc;
}

static wu_code copy_sites(const wu_adapter *ad, const pair *pairs, const char *path, wu_err *err) {
    for (int32_t i = 0; i < ad->n_site; i++) {
        const wu_site *s = &ad->site[i];
        const pair *p = &pairs[s->layer * WU_N_LINEAR + (int32_t)s->linear];
        wu_code rc;
        WU_ASSERT(p->a && p->b); /* every site was found in the file */
        if ((rc = copy_tensor(s->a, p->a, s->rank, s->n_in, p->transposed, path, err))) return rc;
        if ((rc = copy_tensor(s->b, p->b, s->n_out, s->rank, p->transposed, path, err))) return rc;
    }
    return WU_OK;
}

wu_code wu_adapter_load(wu_adapter **out, const char *dir, const wu_adapter_dims *dims,
                        wu_err *err) {
    const size_t n = (size_t)dims->n_layer * WU_N_LINEAR;
    char config[WU_PATH_MAX], path[WU_PATH_MAX];
    int32_t *rank = calloc(n + 1, sizeof(*rank));
    float *scale = calloc(n + 1, sizeof(*scale));
    pair *pairs = calloc(n + 1, sizeof(*pairs));
    wu_adapter *ad = NULL;
    wu_st *st = NULL;
    bool is_peft = false;
    wu_code rc;

    *out = NULL;
    if (!rank || !scale || !pairs) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", dir);
        goto done;
    }
    if ((rc = wu_path_join(config, sizeof(config), dir, WU_ADAPTER_CONFIG, err))) goto done;
    if ((rc = wu_adapter_rules(config, dims, &is_peft, rank, scale, err))) goto done;
    if ((rc = wu_path_join(path, sizeof(path), dir,
                           is_peft ? WU_ADAPTER_PEFT_FILE : WU_ADAPTER_MLX_FILE, err)))
        goto done;
    if ((rc = wu_st_open(&st, path, err))) goto done;
    if ((rc = sort_tensors(pairs, st, dims, path, err))) goto done;
    if ((rc = check_pairs(pairs, dims, rank, path, err))) goto done;
    for (size_t k = 0; k < n; k++)
        if (!pairs[k].a) rank[k] = 0;
    if ((rc = wu_adapter_build(&ad, dims, rank, scale, err))) goto done;
    if ((rc = copy_sites(ad, pairs, path, err))) goto done;
    *out = ad;
    ad = NULL;
done:
    wu_adapter_free(ad);
    wu_st_close(st);
    free(rank);
    free(scale);
    free(pairs);
    return rc;
}

wu_code wu_adapter_read_file(wu_adapter *ad, const char *path, wu_err *err) {
    const size_t n = (size_t)ad->dims.n_layer * WU_N_LINEAR;
    pair *pairs = calloc(n + 1, sizeof(*pairs));
    int32_t *rank = calloc(n + 1, sizeof(*rank));
    wu_st *st = NULL;
    wu_code rc;

    if (!pairs || !rank) {
        rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
        goto done;
    }
    if ((rc = wu_st_open(&st, path, err))) goto done;
    if ((rc = sort_tensors(pairs, st, &ad->dims, path, err))) goto done;
    for (int32_t k = 0; k < ad->dims.n_layer * WU_N_LINEAR; k++) {
        char module[WU_MODULE_MAX];
        if (!pairs[k].a == (ad->index[k] < 0)) continue;
        wu_module_name(module, k / WU_N_LINEAR, (wu_linear)(k % WU_N_LINEAR));
        rc = wu_fail(err, WU_EFORMAT,
                     pairs[k].a ? "%s: has %s, which is not adapted here" : "%s: lacks %s", path,
                     module);
        goto done;
    }
    for (int32_t i = 0; i < ad->n_site; i++) {
        const wu_site *s = &ad->site[i];
        rank[s->layer * WU_N_LINEAR + (int32_t)s->linear] = s->rank;
    }
    if ((rc = check_pairs(pairs, &ad->dims, rank, path, err))) goto done;
    rc = copy_sites(ad, pairs, path, err);
done:
    wu_st_close(st);
    free(pairs);
    free(rank);
    return rc;
}
