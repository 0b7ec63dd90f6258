/* init.c - a new adapter: mlx-lm's start for a seed, bit for bit (adapter.h).
 *
 * mlx keeps a state of two words.  A draw turns it into four: the next state,
 * and the key of the numbers drawn.  mlx-lm makes a layer by drawing a dense
 * weight that is thrown away and then A, so that every layer uses up two
 * draws; what the first one's size is does not matter.  Blocks come in order,
 * the layers of a block in the order of `walk`. */
#include "adapter/adapter_impl.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

static const wu_linear walk[WU_N_LINEAR] = {WU_LIN_UP, WU_LIN_DOWN, WU_LIN_GATE, WU_LIN_O,
                                            WU_LIN_V,  WU_LIN_K,    WU_LIN_Q};

/* Words i and i + ceil(n / 2) of n come from one block of the generator; of an odd number, the
 * last block's second counter is 0 and its second word is dropped. */
static void draw_words(uint32_t *out, const uint32_t key[2], uint32_t n) {
    const uint32_t half = n / 2 + n % 2;
    for (uint32_t i = 0; i < half; i++) {
        const uint32_t counter[2] = {i, i + half < n ? i + half : 0};
        uint32_t pair[2];
        wu_threefry(pair, key, counter);
        out[i] = pair[0];
        if (i + half < n) out[i + half] = pair[1];
    }
}

/* Moves the state on; key is that of the numbers of this draw. */
static void next_draw(uint32_t state[2], uint32_t key[2]) {
    uint32_t w[4];
    draw_words(w, state, 4);
    state[0] = w[0];
    state[1] = w[1];
    key[0] = w[2];
    key[1] = w[3];
}

/* A of one site: mlx draws it as [n_in][rank], uniform in +-1/sqrt(n_in). */
static wu_code draw_a(const wu_site *s, const uint32_t key[2], wu_err *err) {
    const int64_t n = (int64_t)s->rank * s->n_in;
    if (n > INT32_MAX)
        return wu_fail(err, WU_EARG, "adapter: rank %d at %d inputs is too large", s->rank,
                       s->n_in);
    uint32_t *word = calloc((size_t)n, sizeof(*word));
    if (!word) return wu_fail(err, WU_ENOMEM, "adapter: out of memory for its start");
    draw_words(word, key, (uint32_t)n);
    const float hi = (float)(1.0 / sqrt((double)s->n_in)), lo = -hi, span = hi - lo;
    const float below_one = 0x1.fffffep-1f;
    for (int32_t i = 0; i < s->n_in; i++)
        for (int32_t r = 0; r < s->rank; r++) {
            const float u = (float)word[(int64_t)i * s->rank + r] * 0x1p-32f;
            s->a[(int64_t)r * s->n_in + i] = lo + span * (u < below_one ? u : below_one);
        }
    free(word);
    return WU_OK;
}

static wu_code check_spec(const wu_adapter_dims *dims, const wu_adapter_spec *spec, wu_err *err) {
    if (spec->rank < 1)
        return wu_fail(err, WU_EARG, "adapter: rank is %d, want at least 1", spec->rank);
    if (!isfinite(spec->scale))
        return wu_fail(err, WU_EARG, "adapter: scale is not a finite number");
    if (spec->num_layers > dims->n_layer)
        return wu_fail(err, WU_EARG, "adapter: %d layers are to be adapted, but the model has %d",
                       spec->num_layers, dims->n_layer);
    for (int l = 0; l < WU_N_LINEAR; l++)
        if (spec->rank > WU_MIN(dims->n_in[l], dims->n_out[l]))
            return wu_fail(err, WU_EARG, "adapter: rank %d exceeds the width of %s, which is %d",
                           spec->rank, wu_linear_name((wu_linear)l),
                           WU_MIN(dims->n_in[l], dims->n_out[l]));
    return WU_OK;
}

wu_code wu_adapter_create(wu_adapter **out, const wu_adapter_dims *dims,
                          const wu_adapter_spec *spec, uint64_t seed, wu_err *err) {
    const uint32_t all = (1u << WU_N_LINEAR) - 1;
    const uint32_t linears = spec->linears ? spec->linears & all : all;
    const size_t n = (size_t)dims->n_layer * WU_N_LINEAR;
    uint32_t state[2] = {(uint32_t)(seed >> 32), (uint32_t)seed};
    int32_t *rank = calloc(n + 1, sizeof(*rank));
    float *scale = calloc(n + 1, sizeof(*scale));
    wu_adapter *ad = NULL;
    wu_code rc;

    *out = NULL;
    if (!rank || !scale) {
        rc = wu_fail(err, WU_ENOMEM, "adapter: out of memory");
        goto done;
    }
    if ((rc = check_spec(dims, spec, err))) goto done;
    const int32_t from = spec->num_layers > 0 ? dims->n_layer - spec->num_layers : 0;
    for (size_t k = 0; k < n; k++) {
        if ((int32_t)(k / WU_N_LINEAR) < from || !(linears >> (k % WU_N_LINEAR) & 1)) continue;
        rank[k] = spec->rank;
        scale[k] = spec->scale;
    }
    if ((rc = wu_adapter_build(&ad, dims, rank, scale, err))) goto done;
    for (int32_t layer = from; layer < dims->n_layer; layer++)
        for (int i = 0; i < WU_N_LINEAR; i++) {
            const wu_site *s = wu_adapter_find(ad, layer, walk[i]);
            uint32_t key[2];
            if (!s) continue;
            next_draw(state, key);
            next_draw(state, key);
            if ((rc = draw_a(s, key, err))) goto done;
        }
    *out = ad;
    ad = NULL;
done:
    wu_adapter_free(ad);
    free(rank);
    free(scale);
    return rc;
}
