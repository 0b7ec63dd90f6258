/* adapter.c - the sites of an adapter in one array of parameters (adapter.h). */
#include "adapter/adapter_impl.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *wu_linear_name(wu_linear l) {
    static const char *const name[WU_N_LINEAR] = {
        "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
        "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};
    return (unsigned)l < WU_N_LINEAR ? name[l] : "?";
}

const char *wu_module_name(char *buf, int32_t layer, wu_linear l) {
    (void)snprintf(buf, WU_MODULE_MAX, "model.layers.%d.%s", layer, wu_linear_name(l));
    return buf;
}

void wu_adapter_free(wu_adapter *ad) {
    if (!ad) return;
    free(ad->site);
    free(ad->param);
    free(ad->index);
    free(ad);
}

const wu_site *wu_adapter_find(const wu_adapter *ad, int32_t layer, wu_linear l) {
    if (layer < 0 || layer >= ad->dims.n_layer || (unsigned)l >= WU_N_LINEAR) return NULL;
    const int32_t i = ad->index[layer * WU_N_LINEAR + (int32_t)l];
    return i < 0 ? NULL : &ad->site[i];
}

/* Site i of the adapter: numbers only, the parameters are not there yet. */
static void site_fill(wu_adapter *ad, int32_t k, int32_t rank, float scale) {
    const int32_t layer = k / WU_N_LINEAR;
    const wu_linear l = (wu_linear)(k % WU_N_LINEAR);
    wu_site *s = &ad->site[ad->n_site];
    *s = (wu_site){.layer = layer,
                   .linear = l,
                   .rank = rank,
                   .n_in = ad->dims.n_in[l],
                   .n_out = ad->dims.n_out[l],
                   .scale = scale,
                   .first = ad->n_param};
    ad->n_param += (int64_t)rank * ((int64_t)s->n_in + s->n_out);
    if (layer < ad->lowest) ad->lowest = layer;
    ad->index[k] = ad->n_site++;
}

wu_code wu_adapter_build(wu_adapter **out, const wu_adapter_dims *dims, const int32_t *rank,
                         const float *scale, wu_err *err) {
    const size_t n = (size_t)dims->n_layer * WU_N_LINEAR;
    size_t bytes = 0;
    wu_adapter *ad = calloc(1, sizeof(*ad));

    *out = NULL;
    if (!ad) return wu_fail(err, WU_ENOMEM, "adapter: out of memory");
    ad->dims = *dims;
    ad->lowest = dims->n_layer;
    ad->index = malloc((n ? n : 1) * sizeof(*ad->index));
    ad->site = calloc(n ? n : 1, sizeof(*ad->site));
    if (!ad->index || !ad->site) goto memory;
    for (size_t k = 0; k < n; k++) {
        ad->index[k] = -1;
        if (rank[k] > 0) site_fill(ad, (int32_t)k, rank[k], scale[k]);
    }
    if (!wu_mul_size(&bytes, (size_t)ad->n_param, sizeof(float))) goto memory;
    ad->param = wu_aligned_alloc(bytes ? bytes : sizeof(float));
    if (!ad->param) goto memory;
    memset(ad->param, 0, bytes);
    for (int32_t i = 0; i < ad->n_site; i++) {
        wu_site *s = &ad->site[i];
        s->a = ad->param + s->first;
        s->b = s->a + (int64_t)s->rank * s->n_in;
    }
    *out = ad;
    return WU_OK;
memory:
    wu_adapter_free(ad);
    return wu_fail(err, WU_ENOMEM, "adapter: out of memory for %zu sites", n);
}
