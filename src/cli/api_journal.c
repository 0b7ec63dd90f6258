/* api_journal.c - answers that were paid for, kept as they come (api_journal.h). */
#include "cli/api_journal.h"

#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8 << 20 };

/* ------------------------------------------------------------------------------- opening */

/* Cuts off a last line that has no end. */
static wu_code drop_torn_line(wu_journal *j, wu_err *err) {
    char chunk[4096];
    while (j->size > 0) {
        const int64_t from =
            j->size > (int64_t)sizeof(chunk) ? j->size - (int64_t)sizeof(chunk) : 0;
        const ssize_t n = pread(j->fd, chunk, (size_t)(j->size - from), (off_t)from);
        if (n != (ssize_t)(j->size - from)) return wu_fail_errno(err, "%s", j->path);
        const char *end = memrchr(chunk, '\n', (size_t)n);
        if (end && end == chunk + n - 1) return WU_OK;
        j->size = end ? from + (end - chunk) + 1 : from;
        if (ftruncate(j->fd, (off_t)j->size)) return wu_fail_errno(err, "%s", j->path);
    }
    return WU_OK;
}

static wu_code append(wu_journal *j, const wu_json *entry, wu_err *err) {
    wu_buf line = {0};
    wu_code rc = wu_json_write(&line, entry, WU_JSON_COMPACT);
    if (!rc) rc = wu_buf_char(&line, '\n');
    if (rc) rc = wu_fail(err, rc, "%s: out of memory", j->path);
    for (size_t at = 0; !rc && at < line.n;) {
        const ssize_t n = pwrite(j->fd, line.p + at, line.n - at, (off_t)(j->size + (int64_t)at));
        if (n < 0 && errno != EINTR) rc = wu_fail_errno(err, "%s", j->path);
        if (n > 0) at += (size_t)n;
    }
    if (!rc && fsync(j->fd)) rc = wu_fail_errno(err, "%s", j->path);
    if (!rc)
        j->size += (int64_t)line.n;
    else if (ftruncate(j->fd, (off_t)j->size)) /* else the next opening drops it */
        errno = 0;
    wu_buf_free(&line);
    return rc;
}

static wu_code check_header(const wu_journal *j, const wu_json *have, const wu_json *want,
                            wu_err *err) {
    for (void *it = wu_json_first(want); it; it = wu_json_next(want, it)) {
        const wu_str key = wu_json_key(it);
        wu_buf a = {0}, b = {0};
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)key.n, key.p);
        const wu_json *value = wu_json_get(have, name);
        wu_code rc =
            value ? wu_json_write(&a, value, WU_JSON_COMPACT) : wu_buf_str(&a, "not there");
        if (!rc) rc = wu_json_write(&b, wu_json_value(it), WU_JSON_COMPACT);
        if (rc)
            rc = wu_fail(err, rc, "%s: out of memory", j->path);
        else if (!wu_str_eq(wu_buf_view(&a), wu_buf_view(&b)))
            rc = wu_fail(err, WU_EARG,
                         "%s was begun with other options: %s is %.100s there and %.100s now; use "
                         "the same, or another --out",
                         j->path, name, a.p, b.p);
        wu_buf_free(&a);
        wu_buf_free(&b);
        if (rc) return rc;
    }
    return WU_OK;
}

static wu_code take_line(wu_journal *j, const wu_lines *lines, const wu_json *line,
                         const wu_json *header, wu_err *err) {
    if (lines->number == 1) return check_header(j, line, header, err);
    const wu_json *index = wu_json_get(line, "index");
    if (wu_json_type(index) != WU_JSON_INT || wu_json_int(index) < 0)
        return wu_fail(err, WU_EDATA, "%s:%lld: index is missing or no number", j->path,
                       (long long)lines->number);
    const uint64_t i = (uint64_t)wu_json_int(index);
    if (!wu_json_get(line, "turns")) return WU_OK;
    if (i < j->first || i - j->first >= (uint64_t)j->n)
        return wu_fail(
            err, WU_EARG,
            "%s has an answer to call %llu, which --start and --count leave out; use the "
            "same or more, or another --out",
            j->path, (unsigned long long)i);
    int64_t *offset = &j->offset[i - j->first];
    j->n_kept += *offset < 0;
    *offset = lines->offset;
    return WU_OK;
}

static wu_code read_lines(wu_journal *j, const wu_json *header, wu_err *err) {
    wu_lines lines = {0};
    wu_code rc = wu_lines_open(&lines, j->path, LINE_MAX_BYTES, err);
    while (!rc) {
        wu_str text;
        bool end;
        char where[WU_PATH_MAX + 24];
        wu_json *line = NULL;
        if ((rc = wu_lines_next(&lines, &text, &end, err)) || end) break;
        snprintf(where, sizeof(where), "%s:%lld", j->path, (long long)lines.number);
        rc = wu_json_parse(&line, text, where, WU_EDATA, err);
        if (!rc) rc = take_line(j, &lines, line, header, err);
        wu_json_free(line);
    }
    wu_lines_close(&lines);
    return rc;
}

static wu_code open_and_lock(wu_journal *j, wu_err *err) {
    struct stat st;
    j->fd = open(j->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (j->fd < 0) return wu_fail_errno(err, "%s", j->path);
    if (flock(j->fd, LOCK_EX | LOCK_NB)) {
        if (errno == EWOULDBLOCK)
            return wu_fail(err, WU_EARG, "%s: another run is writing it", j->path);
        return wu_fail_errno(err, "%s", j->path);
    }
    if (fstat(j->fd, &st)) return wu_fail_errno(err, "%s", j->path);
    j->size = (int64_t)st.st_size;
    return WU_OK;
}

wu_code wu_journal_open(wu_journal *j, const char *path, const wu_json *header, uint64_t first,
                        int64_t n, wu_err *err) {
    *j = (wu_journal){.fd = -1, .first = first, .n = n};
    snprintf(j->path, sizeof(j->path), "%s", path);
    j->offset = malloc((size_t)n * sizeof(*j->offset));
    wu_code rc =
        j->offset ? open_and_lock(j, err) : wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    for (int64_t i = 0; !rc && i < n; i++) j->offset[i] = -1;
    if (!rc) rc = drop_torn_line(j, err);
    if (!rc) rc = j->size ? read_lines(j, header, err) : append(j, header, err);
    if (rc) wu_journal_close(j);
    return rc;
}

void wu_journal_close(wu_journal *j) {
    if (j->fd >= 0) close(j->fd);
    free(j->offset);
    *j = (wu_journal){.fd = -1};
}

void wu_journal_remove(wu_journal *j) {
    char *end = strrchr(j->path, '/');
    /* What cannot be removed is only in the way of other options, and says so then. */
    bool gone = unlink(j->path) == 0;
    if (end) *end = 0;
    gone = gone && end && rmdir(j->path) == 0;
    (void)gone;
    wu_journal_close(j);
}

/* ------------------------------------------------------------------------------- entries */

bool wu_journal_has(const wu_journal *j, uint64_t index) {
    return index >= j->first && index - j->first < (uint64_t)j->n &&
           j->offset[index - j->first] >= 0;
}

wu_code wu_journal_add(wu_journal *j, uint64_t index, const wu_json *entry, wu_err *err) {
    const int64_t at = j->size;
    const wu_code rc = append(j, entry, err);
    if (!rc && wu_json_get(entry, "turns")) {
        j->offset[index - j->first] = at;
        j->n_kept++;
    }
    return rc;
}

wu_code wu_journal_read(const wu_journal *j, uint64_t index, wu_json **out, wu_err *err) {
    wu_buf line = {.limit = LINE_MAX_BYTES};
    wu_code rc = WU_OK;
    const char *end = NULL;
    for (int64_t at = j->offset[index - j->first]; !rc && !end;) {
        char chunk[16384];
        const ssize_t n = pread(j->fd, chunk, sizeof(chunk), (off_t)at);
        if (n <= 0) {
            rc = n ? wu_fail_errno(err, "%s", j->path)
                   : wu_fail(err, WU_EDATA, "%s: has become shorter", j->path);
        } else {
            end = memchr(chunk, '\n', (size_t)n);
            if (wu_buf_add(&line, chunk, end ? (size_t)(end - chunk) : (size_t)n))
                rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", j->path);
            at += n;
        }
    }
    if (!rc) rc = wu_json_parse(out, wu_buf_view(&line), j->path, WU_EDATA, err);
    wu_buf_free(&line);
    return rc;
}
