/* name.c - tensor names of both published forms taken apart (adapter_impl.h).
 *
 *     MLX   model.layers.3.self_attn.q_proj.lora_a
 *     PEFT  base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight
 *
 * PEFT's prefix may be missing, and a name of the adapter may stand before
 * ".weight", as older files have it. */
#include "adapter/adapter_impl.h"

#include <string.h>

/* Steps over a prefix; false if it is not there. */
static bool skip_text(const char **s, const char *prefix) {
    const size_t n = strlen(prefix);
    if (strncmp(*s, prefix, n) != 0) return false;
    *s += n;
    return true;
}

static bool skip_number(const char **s, int32_t *out) {
    const char *p = *s;
    int32_t v = 0;
    while (*p >= '0' && *p <= '9' && v < 1000000) v = v * 10 + (*p++ - '0');
    if (p == *s || *p != '.') return false;
    *s = p + 1;
    *out = v;
    return true;
}

/* "weight", or "NAME.weight" where an adapter's name was kept. */
static bool is_tail(const char *s, const char *what) {
    const char *dot = strchr(s, '.');
    if (dot && dot != s) s = dot + 1;
    return strcmp(s, what) == 0;
}

static wu_part_kind read_part(const char *s, bool *transposed) {
    *transposed = false;
    if (strcmp(s, "lora_a") == 0 || strcmp(s, "lora_b") == 0) {
        *transposed = true;
        return s[5] == 'a' ? WU_PART_A : WU_PART_B;
    }
    if (strcmp(s, "m") == 0 || strncmp(s, "lora_magnitude_vector", 21) == 0)
        return WU_PART_MAGNITUDE;
    if (skip_text(&s, "lora_A.")) return is_tail(s, "weight") ? WU_PART_A : WU_PART_OTHER;
    if (skip_text(&s, "lora_B.")) {
        if (is_tail(s, "weight")) return WU_PART_B;
        if (is_tail(s, "bias")) return WU_PART_BIAS;
    }
    return WU_PART_OTHER;
}

wu_part_name wu_part_name_read(const char *name) {
    const wu_part_name none = {.kind = WU_PART_OTHER};
    wu_part_name p = none;
    const char *s = name;

    (void)skip_text(&s, "base_model.model.");
    if (!skip_text(&s, "model.layers.") || !skip_number(&s, &p.layer)) return none;
    for (int l = 0; l < WU_N_LINEAR; l++) {
        const char *rest = s;
        if (!skip_text(&rest, wu_linear_name((wu_linear)l)) || *rest != '.') continue;
        p.linear = (wu_linear)l;
        p.kind = read_part(rest + 1, &p.transposed);
        return p;
    }
    return none;
}
