/* Labels of other people's files, as analysis and journey at once: no value may crash, and every
 * answer that comes out fits its task. */
#include "base/compiler.h"
#include "contact/labels.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const wu_str text = {(const char *)data, size};
    wu_taxonomy *taxonomy = NULL;
    wu_labels labels = {.csat = -1.0};
    wu_json *j = NULL;
    if (wu_json_parse(&j, text, "fuzz", WU_EDATA, NULL)) return 0;
    if (wu_taxonomy_create(&taxonomy, NULL, NULL)) abort();
    if (!wu_labels_unwrap(&j, "fuzz", NULL)) {
        const wu_label_options o = {taxonomy, (wu_csat_scale)(size % WU_N_CSAT_SCALE)};
        if (wu_labels_read(&labels, j, j, &o, NULL)) abort();
        for (int i = 0; i < WU_N_TASK; i++)
            if (labels.answer[i] && wu_labels_check(&wu_tasks[i], labels.answer[i], taxonomy, NULL))
                abort();
        wu_json *unknown = wu_taxonomy_unknown(taxonomy);
        if (!unknown) abort();
        wu_json_free(unknown);
    }
    wu_labels_clear(&labels);
    wu_json_free(j);
    wu_taxonomy_free(taxonomy);
    return 0;
}
