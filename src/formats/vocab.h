/* vocab.h - vocabularies from tokenizer.json, tokenizer.model and GGUF metadata.
 *
 * Threads: any. */
#ifndef WU_FORMATS_VOCAB_H
#define WU_FORMATS_VOCAB_H

#include "formats/gguf.h"
#include "text/tokenizer.h"

/* From a model directory (tokenizer.json, else tokenizer.model; chat template and special tokens
 * from tokenizer_config.json, chat_template.jinja, generation_config.json and config.json where
 * present), a .gguf file, or one of the tokenizer files itself. *out is freed with
 * wu_vocab_free() or taken by wu_tokenizer_create(). Errors: EIO, EFORMAT (what is not supported
 * is named), ENOMEM. */
WU_MUST_CHECK wu_code wu_vocab_read(wu_vocab **out, const char *path, wu_err *err);

/* The parts, also over bytes in memory (tests, fuzzing); where names them. */
WU_MUST_CHECK wu_code wu_vocab_from_json(wu_vocab **out, wu_str text, const char *where,
                                         wu_err *err);
WU_MUST_CHECK wu_code wu_vocab_from_spm(wu_vocab **out, wu_str bytes, const char *where,
                                        wu_err *err);
WU_MUST_CHECK wu_code wu_vocab_from_gguf(wu_vocab **out, const wu_gguf *g, const char *where,
                                         wu_err *err);

#endif
