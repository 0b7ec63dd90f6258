/* replay.c - runs a fuzz target over the files of its corpus, so that every build tests what
 * fuzzing found.
 *
 * A crash names its file: the name is printed before the target runs. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int replay(const char *path) {
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long size;
    int ok = 0;
    if (!f) return 0;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        data = malloc(size > 0 ? (size_t)size : 1); /* exactly as long: an overread is seen */
        if (data && fread(data, 1, (size_t)size, f) == (size_t)size) {
            LLVMFuzzerTestOneInput(data, (size_t)size);
            ok = 1;
        }
    }
    free(data);
    fclose(f);
    return ok;
}

int main(int argc, char **argv) {
    char *name[4096];
    int n = 0, failed = 0;
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *e; (e = readdir(dir)) && n < 4096;)
        if (e->d_name[0] != '.') name[n++] = strdup(e->d_name);
    closedir(dir);
    qsort(name, (size_t)n, sizeof(name[0]), by_name);
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", argv[1], name[i]);
        fprintf(stderr, "%s\n", path);
        const int ok = replay(path);
        printf("%sok %d - %s\n", ok ? "" : "not ", i + 1, name[i]);
        fflush(stdout);
        failed += !ok;
        free(name[i]);
    }
    return failed != 0;
}
