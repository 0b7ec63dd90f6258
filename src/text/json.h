/* json.h - JSON behind typed functions (jansson inside, its types stay there).
 *
 * Reading checks UTF-8, depth, size, NUL bytes and duplicate keys.  Getters
 * check type and range and name the path that is wrong:
 *     "config.json: hidden_size is \"576\", want an integer"
 *
 * A wu_json that a reader returned is owned by the caller (wu_json_free);
 * members got from it are borrowed.  Threads: one at a time. */
#ifndef WU_TEXT_JSON_H
#define WU_TEXT_JSON_H

#include "base/buf.h"
#include "base/err.h"

typedef struct json_t wu_json;

/* where names the source in messages (a path). Errors: code (given), with line and column. */
WU_MUST_CHECK wu_code wu_json_parse(wu_json **out, wu_str text, const char *where, wu_code code,
                                    wu_err *err);
WU_MUST_CHECK wu_code wu_json_read_file(wu_json **out, const char *path, size_t limit, wu_code code,
                                        wu_err *err);
void wu_json_free(wu_json *j); /* NULL allowed */

typedef enum wu_json_kind {
    WU_JSON_NULL,
    WU_JSON_BOOL,
    WU_JSON_INT,
    WU_JSON_REAL,
    WU_JSON_STRING,
    WU_JSON_ARRAY,
    WU_JSON_OBJECT
} wu_json_kind;
wu_json_kind wu_json_type(const wu_json *j); /* NULL is WU_JSON_NULL */

/* Unchecked views; the kind must fit. */
const wu_json *wu_json_get(const wu_json *object,
                           const char *key); /* NULL if absent or not an object */
/* The same for a caller who changes what is in it; it still belongs to object. */
wu_json *wu_json_member(wu_json *object, const char *key);
size_t wu_json_size(const wu_json *array_or_object);
const wu_json *wu_json_at(const wu_json *array, size_t i);
wu_str wu_json_str(const wu_json *string); /* empty view if not a string */
int64_t wu_json_int(const wu_json *j);     /* 0 if not an integer */
double wu_json_real(const wu_json *j);     /* integer or real, else 0 */
bool wu_json_bool(const wu_json *j);       /* false if not true */

/* Members of an object in the order of the file: for (it = first(o); it; it = next(o, it)). */
void *wu_json_first(const wu_json *object);
void *wu_json_next(const wu_json *object, void *it);
wu_str wu_json_key(void *it);
const wu_json *wu_json_value(void *it);

/* Checked members. want_* fail with `code` if absent or of the wrong type or out of range; opt_*
 * leave *out alone when the key is absent or null. */
typedef struct wu_json_in { /* where we are, for messages */
    const wu_json *j;
    const char *where;
    wu_code code;
} wu_json_in;
WU_MUST_CHECK wu_code wu_json_want_int(const wu_json_in *in, const char *key, int64_t lo,
                                       int64_t hi, int64_t *out, wu_err *err);
WU_MUST_CHECK wu_code wu_json_opt_int(const wu_json_in *in, const char *key, int64_t lo, int64_t hi,
                                      int64_t *out, wu_err *err);
WU_MUST_CHECK wu_code wu_json_want_real(const wu_json_in *in, const char *key, double lo, double hi,
                                        double *out, wu_err *err);
WU_MUST_CHECK wu_code wu_json_opt_real(const wu_json_in *in, const char *key, double lo, double hi,
                                       double *out, wu_err *err);
WU_MUST_CHECK wu_code wu_json_want_str(const wu_json_in *in, const char *key, wu_str *out,
                                       wu_err *err);
WU_MUST_CHECK wu_code wu_json_opt_str(const wu_json_in *in, const char *key, wu_str *out,
                                      wu_err *err);
WU_MUST_CHECK wu_code wu_json_opt_bool(const wu_json_in *in, const char *key, bool *out,
                                       wu_err *err);

/* Building: each function takes over its value, even on failure; NULL when memory is out. */
wu_json *wu_json_new_object(void);
wu_json *wu_json_new_array(void);
wu_json *wu_json_new_str(wu_str s); /* invalid UTF-8 gives NULL */
wu_json *wu_json_new_int(int64_t v);
wu_json *wu_json_new_real(double v);
wu_json *wu_json_new_bool(bool v);
wu_json *wu_json_new_null(void);
wu_json *wu_json_copy(const wu_json *j);
WU_MUST_CHECK wu_code wu_json_set(wu_json *object, const char *key,
                                  wu_json *value); /* ENOMEM, also when value is NULL */
WU_MUST_CHECK wu_code wu_json_push(wu_json *array, wu_json *value);

/* The one writer. Keys keep their order of insertion. */
typedef enum wu_json_style {
    WU_JSON_COMPACT, /* {"a":1,"b":[1,2]} : files and lines */
    WU_JSON_SPACED,  /* {"a": 1, "b": [1, 2]} : answers that a model learns and writes */
    WU_JSON_INDENT2,
    WU_JSON_INDENT4_SORTED /* as mlx-lm's adapter_config.json */
} wu_json_style;
WU_MUST_CHECK wu_code wu_json_write(wu_buf *out, const wu_json *j, wu_json_style style);

#endif
