/* err.c - messages and exit codes (err.h). */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void wu_assert_failed(const char *what, const char *file, int line) {
    fprintf(stderr, "wrapup: internal error: %s (%s:%d)\n", what, file, line);
    abort();
}

wu_code wu_fail(wu_err *err, wu_code code, const char *fmt, ...) {
    if (!err) return code;
    va_list ap;
    va_start(ap, fmt);
    err->code = code;
    vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    return code;
}

wu_code wu_fail_in(wu_err *err, wu_code code, const char *fmt, ...) {
    if (!err) return code;
    char rest[WU_ERR_MAX], head[WU_ERR_MAX];
    memcpy(rest, err->msg, sizeof(rest));
    rest[sizeof(rest) - 1] = 0;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(head, sizeof(head), fmt, ap);
    va_end(ap);
    const size_t n = strlen(head);
    snprintf(err->msg, sizeof(err->msg), "%s", head);
    if (n + 2 < sizeof(err->msg)) {
        err->msg[n] = ':';
        err->msg[n + 1] = ' ';
        snprintf(err->msg + n + 2, sizeof(err->msg) - n - 2, "%s", rest);
    }
    if (!err->code) err->code = code;
    return err->code;
}

wu_code wu_fail_errno(wu_err *err, const char *fmt, ...) {
    const int e = errno;
    const wu_code code = e == ENOMEM ? WU_ENOMEM : WU_EIO;
    if (!err) return code;
    va_list ap;
    va_start(ap, fmt);
    err->code = code;
    vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    const size_t n = strlen(err->msg);
    snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", strerror(e));
    return code;
}

int wu_exit_code(wu_code code) {
    switch (code) {
    case WU_OK:
        return 0;
    case WU_EARG:
        return 2;
    case WU_EDATA:
        return 3;
    case WU_EFORMAT:
        return 4;
    case WU_EIO:
        return 5;
    case WU_ENOMEM:
        return 6;
    case WU_ESTOPPED:
        return 75;
    case WU_EBUG:
        break;
    }
    return 1;
}
