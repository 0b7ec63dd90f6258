/* dir.c - directories (dir.h). */
#include "base/dir.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void wu_dir_free(wu_dir *d) {
    for (int32_t i = 0; i < d->n; i++) free(d->name[i]);
    free(d->name);
    *d = (wu_dir){0};
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static wu_code keep(wu_dir *d, int32_t *cap, const char *name) {
    if (d->n == *cap) {
        const int32_t more = *cap ? 2 * *cap : 64;
        if (more < *cap) return WU_ENOMEM;
        char **p = realloc(d->name, (size_t)more * sizeof(*p));
        if (!p) return WU_ENOMEM;
        d->name = p;
        *cap = more;
    }
    char *copy = strdup(name);
    if (!copy) return WU_ENOMEM;
    d->name[d->n++] = copy;
    return WU_OK;
}

wu_code wu_dir_list(wu_dir *out, const char *path, wu_err *err) {
    DIR *dir = opendir(path);
    int32_t cap = 0;
    wu_code rc = WU_OK;
    if (!dir) return wu_fail_errno(err, "%s", path);
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(dir);
        if (!e) break;
        if (e->d_name[0] == '.') continue;
        if ((rc = keep(out, &cap, e->d_name))) {
            wu_fail(err, rc, "%s: out of memory", path);
            break;
        }
    }
    if (!rc && errno) rc = wu_fail_errno(err, "%s", path);
    closedir(dir);
    if (rc)
        wu_dir_free(out);
    else if (out->n > 1)
        qsort(out->name, (size_t)out->n, sizeof(*out->name), by_bytes);
    return rc;
}

/* ------------------------------------------------------------------------------- trees */

static wu_code remove_below(int parent, const char *name, const char *path, wu_err *err) {
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) return WU_OK;
        if (errno != ENOTDIR && errno != ELOOP) return wu_fail_errno(err, "%s", path);
        if (unlinkat(parent, name, 0) && errno != ENOENT) return wu_fail_errno(err, "%s", path);
        return WU_OK;
    }
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return wu_fail_errno(err, "%s", path);
    }
    wu_code rc = WU_OK;
    const struct dirent *e;
    while (!rc && (e = readdir(dir)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            rc = remove_below(fd, e->d_name, path, err);
    closedir(dir);
    if (!rc && unlinkat(parent, name, AT_REMOVEDIR)) rc = wu_fail_errno(err, "%s", path);
    return rc;
}

wu_code wu_remove_tree(const char *path, wu_err *err) {
    return remove_below(AT_FDCWD, path, path, err);
}

/* --------------------------------------------------------------------- new directories */

static void forget(wu_new_dir *d) {
    free(d->path);
    free(d->temporary);
    *d = (wu_new_dir){0};
}

static wu_code want_free(const char *path, wu_err *err) {
    struct stat st;
    wu_dir d = {0};
    if (lstat(path, &st)) return errno == ENOENT ? WU_OK : wu_fail_errno(err, "%s", path);
    if (!S_ISDIR(st.st_mode))
        return wu_fail(err, WU_EARG, "%s: exists, want a new directory", path);
    const wu_code rc = wu_dir_list(&d, path, err);
    const bool is_empty = d.n == 0;
    wu_dir_free(&d);
    if (rc) return rc;
    return is_empty
               ? WU_OK
               : wu_fail(err, WU_EARG, "%s: has files in it, want a new or empty directory", path);
}

wu_code wu_new_dir_begin(wu_new_dir *d, const char *path, wu_err *err) {
    *d = (wu_new_dir){0};
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    if (n == 0) return wu_fail(err, WU_EARG, "the name of the new directory is empty");
    d->path = strndup(path, n);
    if (!d->path || asprintf(&d->temporary, "%s.partial-XXXXXX", d->path) < 0) {
        d->temporary = NULL;
        forget(d);
        return wu_fail(err, WU_ENOMEM, "%s: out of memory", path);
    }
    wu_code rc = want_free(d->path, err);
    if (!rc) rc = wu_make_parent(d->path, err);
    if (!rc && !mkdtemp(d->temporary)) rc = wu_fail_errno(err, "%s", d->temporary);
    /* mkdtemp keeps others out; the result has the usual rights. */
    if (!rc) {
        const mode_t mask = umask(0);
        umask(mask);
        if (chmod(d->temporary, 0777 & ~mask)) rc = wu_fail_errno(err, "%s", d->temporary);
    }
    if (rc) forget(d);
    return rc;
}

wu_code wu_new_dir_commit(wu_new_dir *d, wu_err *err) {
    wu_code rc = WU_OK;
    const int fd = open(d->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* One flush of the file system instead of one for each of thousands of files. */
    if (fd < 0 || syncfs(fd)) rc = wu_fail_errno(err, "%s", d->temporary);
    if (fd >= 0) close(fd);
    if (!rc && rename(d->temporary, d->path)) rc = wu_fail_errno(err, "%s", d->path);
    if (rc)
        wu_new_dir_abandon(d);
    else
        forget(d);
    return rc;
}

void wu_new_dir_abandon(wu_new_dir *d) {
    if (d->temporary) (void)!wu_remove_tree(d->temporary, NULL);
    forget(d);
}
