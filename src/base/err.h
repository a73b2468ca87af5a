/*
 * Errors inside the tree: the codes of <cocoon/err.h>, MUST_CHECK, and struct fail.
 *
 * `if ((err = f()) != 0) goto done;` and one exit. A verification function takes a `struct fail *`
 * owned by the caller (never NULL) and fills it once, at the point of detection, with static text.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <cocoon/err.h>

#define MUST_CHECK __attribute__((warn_unused_result))

struct fail {
    cocoon_err code;
    size_t offset;    /* into the input at hand, 0 when there is no such place */
    const char *what; /* static text: which rule, in words */
};

/* Fill `fail` with `code`, `offset` and `what`; return `code`, so that callers can `return
 * fail_set(...)`. */
cocoon_err fail_set(struct fail *fail, cocoon_err code, size_t offset, const char *what);

#endif
