/*
 * Error codes of Cocoon: one table, used inside the tree and by those who embed libcocoon.
 *
 * Every function that can fail returns a cocoon_err: 0 on success, a negative code otherwise. Codes
 * say what kind of thing went wrong; a verification function also fills a struct cocoon_fail, which
 * says where and why in words.
 */
#ifndef COCOON_ERR_H
#define COCOON_ERR_H

#include <stddef.h>

/*
 * X(NAME, value, exit code of the command line, text). Exit codes are 10 rejected, 20 unsupported,
 * 30 malformed input, 1 internal.
 */
#define COCOON_ERR_TABLE(X)                                                                        \
    /* malformed input: exit 30 */                                                                 \
    X(ERR_TRUNCATED, -1, 30, "input ends too early")                                               \
    X(ERR_TRAILING, -2, 30, "bytes after the end of the value")                                    \
    X(ERR_MALFORMED, -3, 30, "input is not well formed")                                           \
    X(ERR_NONCANONICAL, -4, 30, "input is not in canonical form")                                  \
    X(ERR_DUPLICATE, -5, 30, "the same name or item appears twice")                                \
    X(ERR_LIMIT, -6, 30, "input exceeds a limit")                                                  \
    X(ERR_RANGE, -7, 30, "a number is out of range")                                               \
    X(ERR_TYPE, -8, 30, "a value has the wrong type")                                              \
    X(ERR_MISSING, -9, 30, "a required item is missing")                                           \
    X(ERR_UNKNOWN_NAME, -10, 30, "a name is not known here")                                       \
    X(ERR_ENCODING, -11, 30, "text is not valid in its encoding")                                  \
    /* unsupported: exit 20 */                                                                     \
    X(ERR_UNSUPPORTED, -20, 20, "not supported")                                                   \
    X(ERR_VERSION, -21, 20, "version not supported")                                               \
    X(ERR_ALGORITHM, -22, 20, "algorithm not allowed")                                             \
    /* rejected: exit 10 */                                                                        \
    X(ERR_SIGNATURE, -40, 10, "signature does not verify")                                         \
    X(ERR_DECRYPT, -41, 10, "authentication of a sealed message failed")                           \
    X(ERR_MISMATCH, -42, 10, "two values that must agree differ")                                  \
    X(ERR_EXPIRED, -43, 10, "expired")                                                             \
    X(ERR_NOT_YET_VALID, -44, 10, "not valid yet")                                                 \
    X(ERR_REVOKED, -45, 10, "revoked")                                                             \
    X(ERR_UNTRUSTED, -46, 10, "no trusted root vouches for it")                                    \
    X(ERR_POLICY, -47, 10, "refused by policy")                                                    \
    X(ERR_REPLAY, -48, 10, "already used")                                                         \
    X(ERR_ABSENT, -49, 10, "not present in the state")                                             \
    X(ERR_QUORUM, -50, 10, "too few cosignatures")                                                 \
    X(ERR_ROLLBACK, -51, 10, "older than what was already seen")                                   \
    X(ERR_FORK, -52, 10, "two histories that contradict each other")                               \
    X(ERR_UNAUTHORIZED, -53, 10, "not authorised")                                                 \
    X(ERR_RULE, -54, 10, "breaks a rule")                                                          \
    X(ERR_STALE, -55, 10, "too old to rely on")                                                    \
    X(ERR_FUNDS, -56, 10, "not enough funds")                                                      \
    X(ERR_PROOF, -57, 10, "proof does not verify")                                                 \
    X(ERR_WEAK, -58, 10, "parameters are too weak")                                                \
    /* operating errors: exit 1 */                                                                 \
    X(ERR_NOMEM, -70, 1, "out of memory or over a memory cap")                                     \
    X(ERR_IO, -71, 1, "input or output failed")                                                    \
    X(ERR_NOT_FOUND, -72, 1, "not found")                                                          \
    X(ERR_EXISTS, -73, 1, "already exists")                                                        \
    X(ERR_BUSY, -74, 1, "busy")                                                                    \
    X(ERR_TIMEOUT, -75, 1, "took too long")                                                        \
    X(ERR_CANCELED, -76, 1, "cancelled")                                                           \
    X(ERR_CLOSED, -77, 1, "the other side closed")                                                 \
    X(ERR_REFUSED, -78, 1, "connection refused")                                                   \
    X(ERR_TLS, -79, 1, "TLS failed")                                                               \
    X(ERR_PROTOCOL, -80, 1, "the peer broke the protocol")                                         \
    X(ERR_CRYPTO, -81, 1, "the crypto library failed")                                             \
    X(ERR_DB, -82, 1, "the database failed")                                                       \
    X(ERR_CORRUPT, -83, 1, "stored data is damaged")                                               \
    X(ERR_CONFIG, -84, 2, "configuration is wrong")                                                \
    X(ERR_NO_TEE, -85, 1, "this machine has no such trusted hardware")                             \
    X(ERR_SANDBOX, -86, 1, "the sandbox could not be built")                                       \
    X(ERR_ENGINE, -87, 1, "the inference engine failed")                                           \
    X(ERR_INTERNAL, -99, 1, "internal error")

typedef enum cocoon_err {
    OK = 0,
#define COCOON_ERR_ENUM(name, value, exit_code, text) name = (value),
    COCOON_ERR_TABLE(COCOON_ERR_ENUM)
#undef COCOON_ERR_ENUM
} cocoon_err;

/* Where and why a verification failed. `what` is static text; `offset` is into the input, or 0. */
struct cocoon_fail {
    cocoon_err code;
    size_t offset;
    const char *what;
};

/* Return the name of `err` ("ERR_TRUNCATED"; "OK" for 0), static text; "ERR_?" if it is none of
 * ours. */
const char *cocoon_err_name(cocoon_err err);

/* Return the sentence for `err`, static text. */
const char *cocoon_err_text(cocoon_err err);

/* Return the exit code that the command line uses for `err` (0 for OK). */
int cocoon_err_exit(cocoon_err err);

#endif
