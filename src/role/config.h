/*
 * A role's configuration file, and the files it names.
 *
 * `cocoon ROLE --config FILE` reads one INI file (docs/guide/configuration.md). Every getter says
 * on standard error what is wrong, with file and line, so that callers only pass the code on.
 * Relative paths are relative to the configuration file's folder.
 */
#ifndef ROLE_CONFIG_H
#define ROLE_CONFIG_H

#include "codec/ini.h"
#include "crypto/hash.h"
#include "net/addr.h"
#include "store/file.h"
#include "store/key_file.h"

struct config {
    const char *path;
    char dir[FILE_PATH_MAX]; /* of the file: what relative paths start from */
    struct buf text;
    struct arena arena;
    struct ini ini;
};

/* Read `path`, whose sections and keys must be among `known`. Release with config_fini, always. */
cocoon_err config_load(struct config *c, const char *path, const struct ini_known *known,
                       size_t known_count) MUST_CHECK;
void config_fini(struct config *c);

/* Say that `key` of `section` is wrong and why; return ERR_CONFIG. */
cocoon_err config_complain(const struct config *c, const char *section, const char *key,
                           const char *why);

/* A value that must be there, and one that may be missing (then empty). */
cocoon_err config_get(const struct config *c, const char *section, const char *key,
                      struct slice *out) MUST_CHECK;
struct slice config_get_or_empty(const struct config *c, const char *section, const char *key);

cocoon_err config_u64(const struct config *c, const char *section, const char *key,
                      uint64_t fallback, uint64_t *out) MUST_CHECK;
cocoon_err config_bool(const struct config *c, const char *section, const char *key, bool fallback,
                       bool *out) MUST_CHECK;
cocoon_err config_addr(const struct config *c, const char *section, const char *key,
                       struct addr *out) MUST_CHECK;

/* The path in `key`, made absolute. */
cocoon_err config_path(const struct config *c, const char *section, const char *key,
                       char out[FILE_PATH_MAX]) MUST_CHECK;

/* The content of the file that `key` names, in c->arena: it lives as long as `c`. */
cocoon_err config_file(struct config *c, const char *section, const char *key, size_t max,
                       struct slice *out) MUST_CHECK;

/* The Ed25519 key whose seed stands, as 64 hex digits, in the private file that `key` names. */
cocoon_err config_signing_key(const struct config *c, const char *section, const char *key,
                              struct ed25519_key *out) MUST_CHECK;

/*
 * Where a TLS service is and who it is: "https://host:port#<64 hex digits of its key's SHA-256>".
 * ERR_MALFORMED.
 */
struct pinned {
    struct addr at;
    struct digest spki;
};
cocoon_err pinned_parse(struct slice text, struct pinned *out) MUST_CHECK;

#endif
