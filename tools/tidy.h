/* tidy.h - what the analyzer of clang-tidy cannot see from a header: wu_fail and its kin never
 * return WU_OK, so that what follows `if (rc) return rc;` has what the call promised.
 * tools/check-tidy.sh includes this before each file. */
#ifndef WU_TOOLS_TIDY_H
#define WU_TOOLS_TIDY_H

#include "base/err.h"

#define wu_fail(err, code, ...) ((void)(wu_fail)(err, code, __VA_ARGS__), (code) ? (code) : WU_EBUG)
#define wu_fail_in(err, code, ...)                                                                 \
    ((void)(wu_fail_in)(err, code, __VA_ARGS__), (code) ? (code) : WU_EBUG)
#define wu_fail_errno(err, ...) ((void)(wu_fail_errno)(err, __VA_ARGS__), WU_EIO)

#endif
