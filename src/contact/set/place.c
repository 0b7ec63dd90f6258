/* place.c - where a set lies (place.h). */
#include "contact/set/place.h"

#include <string.h>
#include <sys/stat.h>

const char *const wu_split_file[WU_N_SPLIT] = {"train.jsonl", "valid.jsonl", "test.jsonl"};

bool wu_is_jsonl(const char *name) {
    return strlen(name) > strlen(".jsonl") && wu_ends_with(name, ".jsonl");
}

wu_code wu_set_file(char *out, const char *data, const char *const *names, wu_err *err) {
    struct stat st;
    if (stat(data, &st) != 0) return wu_fail_errno(err, "%s", data);
    if (!wu_is_dir(data)) {
        if (strlen(data) >= WU_PATH_MAX) return wu_fail(err, WU_EARG, "%.60s...: too long", data);
        memcpy(out, data, strlen(data) + 1);
        return WU_OK;
    }
    for (int i = 0; names[i]; i++) {
        const wu_code rc = wu_path_join(out, WU_PATH_MAX, data, names[i], err);
        if (rc) return rc;
        if (wu_is_file(out)) return WU_OK;
    }
    return wu_fail(err, WU_EARG, "%s: has no %s", data, names[0]);
}

enum { METADATA_LIMIT = 64 << 20 };

static wu_code read_metadata(wu_json **out, const char *dir, wu_err *err) {
    char path[WU_PATH_MAX];
    wu_code rc = dir ? wu_path_join(path, sizeof(path), dir, "metadata.json", err) : WU_OK;
    *out = NULL;
    if (rc) return rc;
    if (!dir || !wu_is_file(path)) {
        *out = wu_json_new_object();
        return *out ? WU_OK : wu_fail(err, WU_ENOMEM, "metadata.json: out of memory");
    }
    if ((rc = wu_json_read_file(out, path, METADATA_LIMIT, WU_EDATA, err))) return rc;
    if (wu_json_type(*out) == WU_JSON_OBJECT) return WU_OK;
    wu_json_free(*out);
    *out = NULL;
    return wu_fail(err, WU_EDATA, "%s: is not a JSON object", path);
}

wu_code wu_begin_metadata(wu_replace *file, const char *out_dir, const char *in_dir,
                          const char *key, wu_json *value, wu_err *err) {
    char path[WU_PATH_MAX];
    wu_json *all = NULL;
    wu_buf text = {0};
    wu_code rc = wu_path_join(path, sizeof(path), out_dir, "metadata.json", err);
    if (!rc) rc = read_metadata(&all, in_dir, err);
    if (rc) {
        wu_json_free(value);
        goto done;
    }
    rc = wu_json_set(all, key, value); /* takes value over, also when it fails */
    if (!rc) rc = wu_json_write(&text, all, WU_JSON_INDENT2);
    if (!rc) rc = wu_buf_char(&text, '\n');
    if (rc) {
        wu_fail(err, rc, "%s: out of memory", path);
        goto done;
    }
    if ((rc = wu_replace_begin(file, path, err))) goto done;
    if (fwrite(text.p, 1, text.n, file->f) != text.n) rc = wu_fail_errno(err, "%s", path);
done:
    wu_json_free(all);
    wu_buf_free(&text);
    return rc;
}
