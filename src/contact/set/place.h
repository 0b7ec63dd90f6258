/* place.h - where a set of examples lies and what stands beside it.
 *
 * A set is a JSONL file, or a directory with such files and a metadata.json in
 * which every step has a member of its own.
 *
 * Threads: any. */
#ifndef WU_CONTACT_SET_PLACE_H
#define WU_CONTACT_SET_PLACE_H

#include "base/file.h"
#include "text/json.h"

/* train.jsonl, valid.jsonl, test.jsonl: the parts of a divided set. */
enum { WU_N_SPLIT = 3 };
extern const char *const wu_split_file[WU_N_SPLIT];

/* Whether a name is that of a file of JSON lines. */
bool wu_is_jsonl(const char *name);

/* DATA itself, or the first of the names (NULL-terminated) that the directory DATA has, put into
 * out[WU_PATH_MAX]. Errors: EIO (nothing there), EARG (none of the names), too long. */
WU_MUST_CHECK wu_code wu_set_file(char *out, const char *data, const char *const *names,
                                  wu_err *err);

/* Begins OUT_DIR/metadata.json: what IN_DIR/metadata.json has (NULL or not there: nothing), with
 * its member key replaced. value is taken over, even on failure; NULL: out of memory. The caller
 * commits the file, together with what it speaks of, or abandons it. Errors: EDATA (metadata.json
 * is no object), EIO, ENOMEM. */
WU_MUST_CHECK wu_code wu_begin_metadata(wu_replace *file, const char *out_dir, const char *in_dir,
                                        const char *key, wu_json *value, wu_err *err);

#endif
