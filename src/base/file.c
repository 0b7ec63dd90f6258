/* file.c - mapping, reading and atomic replacement (file.h). */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

wu_code wu_map_open(wu_map *m, const char *path, wu_err *err) {
    *m = (wu_map){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return wu_fail_errno(err, "%s", path);
    struct stat st;
    wu_code rc = WU_OK;
    if (fstat(fd, &st)) {
        rc = wu_fail_errno(err, "%s", path);
    } else if (!S_ISREG(st.st_mode)) {
        rc = wu_fail(err, WU_EIO, "%s: not a regular file", path);
    } else if (st.st_size <= 0) {
        rc = wu_fail(err, WU_EIO, "%s: the file is empty", path);
    } else {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
            rc = wu_fail_errno(err, "%s", path);
        else
            *m = (wu_map){p, (size_t)st.st_size};
    }
    close(fd);
    return rc;
}

/* The system wants a plain pointer; the mapping itself is read-only. */
static void *address(const wu_map *m) {
    union {
        const unsigned char *in;
        void *out;
    } u = {.in = m->p};
    return u.out;
}

void wu_map_close(wu_map *m) {
    if (m->p) munmap(address(m), m->n);
    *m = (wu_map){0};
}

void wu_map_drop_pages(const wu_map *m) {
    if (m->p) (void)madvise(address(m), m->n, MADV_DONTNEED);
}

wu_code wu_read_file(wu_buf *out, const char *path, size_t limit, wu_err *err) {
    const bool is_stdin = strcmp(path, "-") == 0;
    if (!is_stdin && wu_is_dir(path)) return wu_fail(err, WU_EIO, "%s: is a directory", path);
    FILE *f = is_stdin ? stdin : fopen(path, "rbe");
    if (!f) return wu_fail_errno(err, "%s", path);
    const size_t start = out->n;
    wu_code rc = WU_OK;
    char chunk[65536];
    for (size_t n; !rc && (n = fread(chunk, 1, sizeof(chunk), f)) > 0;) {
        if (out->n - start > limit || n > limit - (out->n - start))
            rc = wu_fail(err, WU_ENOMEM, "%s: larger than %zu bytes", path, limit);
        else if (wu_buf_add(out, chunk, n))
            rc = wu_fail(err, WU_ENOMEM, "%s: out of memory after %zu bytes", path, out->n - start);
    }
    if (!rc && ferror(f)) rc = wu_fail_errno(err, "%s", path);
    if (!is_stdin) fclose(f);
    if (!rc && wu_buf_add(out, "", 0)) rc = wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    if (rc) out->n = start;
    return rc;
}

wu_code wu_replace_begin(wu_replace *r, const char *path, wu_err *err) {
    struct stat st;
    *r = (wu_replace){0};
    /* A rename over a device or a directory's name would take its place. */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return wu_fail(err, WU_EIO, "%s: exists and is not a regular file", path);
    const size_t n = strlen(path);
    r->path = strdup(path);
    r->temporary = malloc(n + 8);
    if (!r->path || !r->temporary) {
        wu_replace_abandon(r);
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    }
    memcpy(r->temporary, path, n);
    memcpy(r->temporary + n, ".XXXXXX", 8);
    const int fd = mkostemp(r->temporary, O_CLOEXEC);
    if (fd < 0) {
        const wu_code rc = wu_fail_errno(err, "%s: cannot be written", path);
        free(r->temporary);
        r->temporary = NULL;
        wu_replace_abandon(r);
        return rc;
    }
    const mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
    r->f = fdopen(fd, "wb");
    if (!r->f) {
        const wu_code rc = wu_fail_errno(err, "%s: cannot be written", path);
        close(fd);
        wu_replace_abandon(r);
        return rc;
    }
    return WU_OK;
}

static int sync_directory_of(const char *path) {
    char dir[WU_PATH_MAX];
    const char *slash = strrchr(path, '/');
    const size_t n = slash ? (size_t)(slash - path) : 0;
    if (n >= sizeof(dir)) return 0;
    if (n)
        memcpy(dir, path, n);
    else
        dir[0] = slash ? '/' : '.';
    dir[n ? n : 1] = 0;
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    const int rc = fsync(fd);
    close(fd);
    return rc != 0 && errno == EINVAL ? 0 : rc; /* some file systems cannot sync directories */
}

wu_code wu_replace_commit(wu_replace *r, wu_err *err) {
    bool ok = !ferror(r->f) && fflush(r->f) == 0 && fsync(fileno(r->f)) == 0;
    const int e = errno;
    if (fclose(r->f) && ok)
        ok = false;
    else
        errno = e;
    r->f = NULL;
    if (ok) ok = rename(r->temporary, r->path) == 0;
    if (ok) {
        free(r->temporary);
        r->temporary = NULL;
        ok = sync_directory_of(r->path) == 0;
    }
    wu_code rc = WU_OK;
    if (!ok) rc = wu_fail_errno(err, "%s: cannot be written", r->path);
    wu_replace_abandon(r);
    return rc;
}

void wu_replace_abandon(wu_replace *r) {
    if (r->f) fclose(r->f);
    if (r->temporary) unlink(r->temporary);
    free(r->temporary);
    free(r->path);
    *r = (wu_replace){0};
}

wu_code wu_write_file(const char *path, const void *p, size_t n, wu_err *err) {
    wu_replace r;
    const wu_code rc = wu_replace_begin(&r, path, err);
    if (rc) return rc;
    if (n && fwrite(p, 1, n, r.f) != n) {
        const wu_code wrong = wu_fail_errno(err, "%s: cannot be written", path);
        wu_replace_abandon(&r);
        return wrong;
    }
    return wu_replace_commit(&r, err);
}

wu_code wu_path_join(char *out, size_t size, const char *dir, const char *name, wu_err *err) {
    const size_t n = strlen(dir);
    const char *sep = n && dir[n - 1] == '/' ? "" : "/";
    const int len = snprintf(out, size, "%s%s%s", dir, sep, name);
    if (len < 0 || (size_t)len >= size)
        return wu_fail(err, WU_EARG, "%s: the path is longer than %zu bytes", dir, size - 1);
    return WU_OK;
}

const char *wu_temporary_dir(const char *given) {
    const char *dir = given ? given : getenv("TMPDIR");
    return dir && *dir ? dir : "/tmp";
}

wu_code wu_unnamed_file(FILE **out, const char *dir, const char *purpose, wu_err *err) {
    char *path;
    *out = NULL;
    if (asprintf(&path, "%s/wrapup-%s-XXXXXX", dir, purpose) < 0)
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", dir);
    const int fd = mkostemp(path, O_CLOEXEC);
    wu_code rc = WU_OK;
    if (fd < 0) {
        rc = wu_fail_errno(err, "%s", path);
    } else {
        unlink(path);
        if (!(*out = fdopen(fd, "w+b"))) {
            rc = wu_fail_errno(err, "%s", path);
            close(fd);
        }
    }
    free(path);
    return rc;
}

const char *wu_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool wu_same_file(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool wu_is_dir(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool wu_is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

wu_code wu_make_dirs(const char *path, wu_err *err) {
    char part[WU_PATH_MAX];
    const size_t n = strlen(path);
    if (n == 0 || n >= sizeof(part)) return wu_fail(err, WU_EARG, "%s: not a usable path", path);
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != 0) continue;
        const char keep = part[i];
        part[i] = 0;
        if (mkdir(part, 0777) && errno != EEXIST) return wu_fail_errno(err, "%s", part);
        part[i] = keep;
    }
    if (!wu_is_dir(path)) return wu_fail(err, WU_EIO, "%s: exists and is not a directory", path);
    return WU_OK;
}

wu_code wu_make_parent(const char *path, wu_err *err) {
    char dir[WU_PATH_MAX];
    const char *name = wu_base_name(path);
    const size_t n = (size_t)(name - path);
    if (n == 0 || n >= sizeof(dir))
        return n ? wu_fail(err, WU_EARG, "%.60s...: too long", path) : WU_OK;
    memcpy(dir, path, n);
    dir[n] = 0;
    return wu_make_dirs(dir, err);
}
