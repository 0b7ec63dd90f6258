/* embed.c - makes the files below a directory part of a program.
 *
 *     embed OUTPUT.c DEPFILE DIRECTORY
 *
 * OUTPUT defines wu_embedded[], sorted by name, ended by a name of NULL; DEPFILE
 * tells the build which files and directories it was made from. A build tool:
 * it reads the tree's own files only. */
#define _POSIX_C_SOURCE 200809L /* built for the build machine, without the project's flags */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FILES = 1024, PATH_BYTES = 1024 };
static char *file[MAX_FILES];
static int n_file;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void walk(const char *dir, FILE *deps) {
    DIR *d = opendir(dir);
    const struct dirent *e;
    if (!d) die(dir);
    fprintf(deps, " %s", dir);
    while ((e = readdir(d))) {
        char path[PATH_BYTES];
        struct stat st;
        if (e->d_name[0] == '.') continue;
        if (snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path)) die(dir);
        if (stat(path, &st)) die(path);
        if (S_ISDIR(st.st_mode)) {
            walk(path, deps);
        } else if (!strstr(e->d_name, ".md")) {
            if (n_file == MAX_FILES || !(file[n_file++] = strdup(path))) die(path);
            fprintf(deps, " %s", path);
        }
    }
    closedir(d);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: embed OUTPUT.c DEPFILE DIRECTORY\n");
        return 2;
    }
    FILE *out = fopen(argv[1], "w"), *deps = fopen(argv[2], "w");
    if (!out || !deps) die(argv[1]);
    fprintf(deps, "%s:", argv[1]);
    walk(argv[3], deps);
    fprintf(deps, "\n");
    qsort(file, (size_t)n_file, sizeof(file[0]), by_name);
    fprintf(out, "/* Made by tools/embed.c from the files of data/. */\n"
                 "#include \"contact/table_impl.h\"\n\n");
    for (int i = 0; i < n_file; i++) {
        FILE *f = fopen(file[i], "rb");
        int c, column = 0;
        if (!f) die(file[i]);
        fprintf(out, "static const unsigned char d%d[] = {", i);
        while ((c = getc(f)) != EOF) fprintf(out, "%s%d,", column++ % 24 ? "" : "\n", c);
        fprintf(out, "0};\n");
        if (ferror(f)) die(file[i]);
        fclose(f);
    }
    fprintf(out, "\nconst wu_embedded_file wu_embedded[] = {\n");
    for (int i = 0; i < n_file; i++)
        fprintf(out, "    {\"%s\", d%d, sizeof(d%d) - 1},\n", file[i] + strlen(argv[3]) + 1, i, i);
    fprintf(out, "    {0},\n};\n");
    return fclose(out) || fclose(deps);
}
