/* frames.h - compiling phrases (tables.h).  Threads: one at a time. */
#ifndef WU_CONTACT_SYNTH_FRAMES_H
#define WU_CONTACT_SYNTH_FRAMES_H

#include "contact/synth/tables.h"
#include "contact/table.h"

/* Where a phrase stands, for messages: "en/acts.txt: a.greet (line 12), entry 3: ...". */
typedef struct wu_frame_at {
    const char *file;
    const wu_section *section;
    int32_t entry; /* from 1 */
} wu_frame_at;

/* Sets the message and returns EDATA. */
wu_code wu_frame_fail(wu_err *err, const wu_frame_at *at, const char *fmt, ...) WU_PRINTF(3, 4);

/* Compiles one phrase for language l (its sub_name is known, its n_frame counts). tags: a list in
 * brackets may come first. Errors: EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_frame_compile(wu_frame *out, wu_language *l, wu_str text, bool tags,
                                       const wu_frame_at *at, wu_err *err);

/* All lines of a section. Errors: EDATA, ENOMEM. */
WU_MUST_CHECK wu_code wu_frames_compile(wu_frames *out, wu_language *l, const wu_section *s,
                                        const char *file, bool tags, wu_err *err);

/* paraphrase.c: cores, synonyms and openers, where the language has them. Errors: EDATA, EIO,
 * ENOMEM. */
WU_MUST_CHECK wu_code wu_language_read_variants(wu_language *l, const char *dir, wu_err *err);

/* Sets by_letter and letter_from from the groups of synonyms. ENOMEM. */
WU_MUST_CHECK wu_code wu_language_index_synonyms(wu_language *l);

/* Copies text into the language. ENOMEM: p is NULL. */
wu_str wu_language_copy(wu_language *l, wu_str s);

#endif
