/*
 * A role's own TLS leaf whose key is kept in a file, so that others can pin it across restarts. The
 * certificate around it is made anew at start and before it ends.
 */
#ifndef ROLE_LEAF_H
#define ROLE_LEAF_H

#include "channel/ratls.h"
#include "net/tls.h"
#include "role/config.h"

enum { LEAF_LIFE_S = RATLS_LIFE_MAX, LEAF_RENEW_MS = 24 * 3600 * 1000 };

/* Load the key (PKCS #8 DER) at `path`; make one and keep it there if there is none. Release `leaf`
 * with ratls_leaf_fini, always. The certificate is not made yet. */
cocoon_err leaf_load(struct ratls_leaf *leaf, const char *path) MUST_CHECK;

/* Make a bare certificate and a TLS context of `params` (whose cert and key are set here) with it.
 */
cocoon_err leaf_context(struct ratls_leaf *leaf, const char *common_name, struct tls_params *params,
                        struct tls_ctx **out) MUST_CHECK;

#endif
