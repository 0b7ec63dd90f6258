/* golden.h - where recorded results and the real model lie, and what a test does without them.
 *
 * WU_GOLDENS names the folder of goldens (else ../shared/goldens, seen from the project root) and
 * WU_MODEL the real model.  What is missing is skipped; with WU_REQUIRE=1 it is a failure. */
#ifndef WU_SUPPORT_GOLDEN_H
#define WU_SUPPORT_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline bool support_required(void) {
    const char *s = getenv("WU_REQUIRE");
    return s && strcmp(s, "1") == 0;
}

/* The current test ends here: skipped, or failed where nothing may be missing. */
static inline void support_missing(const char *what) {
    if (support_required()) fail_msg("%s is missing and WU_REQUIRE=1", what);
    fprintf(stderr, "skipped: %s is missing\n", what);
    skip();
}

static inline const char *golden_root(void) {
    const char *s = getenv("WU_GOLDENS");
    return s && *s ? s : "../shared/goldens";
}

/* buf = goldens/relative; returns buf. */
static inline const char *golden_path(char *buf, size_t n, const char *relative) {
    const int len = snprintf(buf, n, "%s/%s", golden_root(), relative);
    if (len < 0 || (size_t)len >= n) fail_msg("path of golden %s is too long", relative);
    return buf;
}

static inline bool golden_missing(void) { return access(golden_root(), R_OK) != 0; }

/* First line of a test that reads goldens. */
static inline void need_goldens(void) {
    if (golden_missing()) support_missing(golden_root());
}

/* First line of a test that reads one file (or folder) of the goldens. */
static inline void need_golden(const char *relative) {
    char path[4096];
    golden_path(path, sizeof(path), relative);
    if (access(path, R_OK) != 0) support_missing(path);
}

static inline const char *model_path(void) {
    const char *s = getenv("WU_MODEL");
    return s && *s ? s : "models/SmolLM2-135M-Instruct.Q4_1.gguf";
}

/* First line of a test with the real model. */
static inline void need_model(void) {
    if (access(model_path(), R_OK) != 0) support_missing(model_path());
}

#endif
