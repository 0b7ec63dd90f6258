/* lines.c - a text file line by line (lines.h). */
#include "base/lines.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 16 };

wu_code wu_lines_open(wu_lines *l, const char *path, size_t limit, wu_err *err) {
    *l = (wu_lines){.path = path, .limit = limit ? limit : WU_LINE_LIMIT};
    if (strcmp(path, "-") == 0) {
        l->f = stdin;
        return WU_OK;
    }
    if (wu_is_dir(path)) return wu_fail(err, WU_EIO, "%s: is a directory", path);
    if (!(l->f = fopen(path, "rbe"))) return wu_fail_errno(err, "%s", path);
    return WU_OK;
}

/* More of the file; n is 0 at its end. */
static wu_code fill(wu_lines *l, wu_err *err) {
    if (!l->chunk && !(l->chunk = malloc(CHUNK)))
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", l->path);
    l->at = 0;
    l->n = fread(l->chunk, 1, CHUNK, l->f);
    return l->n == 0 && ferror(l->f) ? wu_fail_errno(err, "%s", l->path) : WU_OK;
}

/* Takes everything up to the end of the line; what is beyond the limit is dropped. */
static wu_code take(wu_lines *l, bool *begun, bool *too_long, wu_err *err) {
    *begun = *too_long = false;
    for (;;) {
        wu_code rc;
        if (l->at == l->n && (rc = fill(l, err))) return rc;
        if (l->n == 0) return WU_OK;
        *begun = true;
        const char *p = l->chunk + l->at, *stop = memchr(p, '\n', l->n - l->at);
        const size_t n = stop ? (size_t)(stop - p) : l->n - l->at;
        l->at += n + (stop != NULL);
        l->next += (int64_t)n + (stop != NULL);
        if (l->line.n + n > l->limit)
            *too_long = true;
        else if (!*too_long && wu_buf_add(&l->line, p, n))
            return wu_fail(err, WU_ENOMEM, "%s:%lld: out of memory", l->path,
                           (long long)l->number + 1);
        if (stop) return WU_OK;
    }
}

wu_code wu_lines_next(wu_lines *l, wu_str *line, bool *end, wu_err *err) {
    bool begun, too_long;
    *line = (wu_str){0};
    *end = false;
    wu_buf_clear(&l->line);
    l->offset = l->next;
    const wu_code rc = take(l, &begun, &too_long, err);
    if (rc) return rc;
    if (!begun) {
        *end = true;
        return WU_OK;
    }
    l->number++;
    if (too_long)
        return wu_fail(err, WU_EDATA, "%s:%lld: the line is longer than %zu MiB", l->path,
                       (long long)l->number, l->limit >> 20);
    wu_str s = wu_buf_view(&l->line);
    if (s.n > 0 && s.p[s.n - 1] == '\r') s.n--;
    const char *nul = s.n > 0 ? memchr(s.p, 0, s.n) : NULL;
    if (nul)
        return wu_fail(err, WU_EDATA, "%s:%lld: byte %zu is NUL, want text", l->path,
                       (long long)l->number, (size_t)(nul - s.p) + 1);
    *line = s;
    return WU_OK;
}

wu_code wu_lines_seek(wu_lines *l, int64_t offset, int64_t number, wu_err *err) {
    if (fseeko(l->f, (off_t)offset, SEEK_SET))
        return wu_fail_errno(err, "%s: cannot be read twice", l->path);
    l->number = number - 1;
    l->next = offset;
    l->at = l->n = 0;
    return WU_OK;
}

void wu_lines_close(wu_lines *l) {
    if (l->f && l->f != stdin) fclose(l->f);
    wu_buf_free(&l->line);
    free(l->chunk);
    *l = (wu_lines){0};
}
