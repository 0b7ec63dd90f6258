/* config_impl.h - the numbers of a model from config.json or GGUF metadata.  Private to model/. */
#ifndef WU_MODEL_CONFIG_IMPL_H
#define WU_MODEL_CONFIG_IMPL_H

#include "formats/gguf.h"
#include "model/model.h"
#include "text/json.h"

/* Both check every number: sizes positive and bounded, heads divisible, features that are not
 * supported refused by name. Errors: EFORMAT. */
WU_MUST_CHECK wu_code wu_config_from_json(wu_config *c, const wu_json *j, const char *where,
                                          wu_err *err);
WU_MUST_CHECK wu_code wu_config_from_gguf(wu_config *c, const wu_gguf *g, const char *where,
                                          wu_err *err);

/* out [d_head / 2]: radians per position; factors (may be NULL) divide them (GGUF's rope_freqs). */
void wu_config_frequencies(const wu_config *c, const float *factors, double *out);

#endif
