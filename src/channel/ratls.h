/*
 * RA-TLS leaves: self-signed certificates that carry an attestation (docs/spec/channel.md 2).
 *
 * The attestation stands, wrapped as a CMW record, in two extensions, neither critical: TCG DICE
 * 2.23.133.5.4.9 and IETF 1.3.6.1.5.5.7.1.35. What it attests is a keyset that lists the leaf's own
 * key.
 *
 * A handshake callback calls ratls_check, which is cheap: form, self-signature, and that the keyset
 * lists the key. That says nothing about the evidence yet. ratls_appraise does, off the loop, after
 * the handshake; no application byte passes before it. A certificate alone can be relayed by
 * whoever holds its key: where that matters, the attested channel (attested.h) follows.
 */
#ifndef CHANNEL_RATLS_H
#define CHANNEL_RATLS_H

#include "attest/attestation.h"
#include "crypto/tls_key.h"

enum {
    RATLS_LIFE_MAX = 7 * 24 * 3600, /* seconds a leaf lives at most */
    RATLS_BACKDATE = 300,           /* seconds not_before lies in the past, for slow clocks */
    RATLS_CERT_MAX = 2 * 1024 * 1024 + 4096, /* the attestation stands in it twice */
};

/* Our own leaf: first the key, then (once evidence binds a keyset that lists it) the certificate.
 */
struct ratls_leaf {
    struct tls_key *key;
    struct digest spki; /* SHA-256 of its SubjectPublicKeyInfo */
    struct buf cert;    /* DER; empty until ratls_leaf_certify */
};

/* Make the key. ERR_CRYPTO. Release with ratls_leaf_fini, always. */
cocoon_err ratls_leaf_init(struct ratls_leaf *leaf, enum tls_key_kind kind) MUST_CHECK;
void ratls_leaf_fini(struct ratls_leaf *leaf);

/*
 * Make the certificate, again if there is one: valid from `now` - RATLS_BACKDATE for `life`
 * seconds, carrying `attestation` (may be empty: a bare leaf). On error the leaf keeps the
 * certificate it has. ERR_RANGE (life), ERR_LIMIT, ERR_CRYPTO.
 */
cocoon_err ratls_leaf_certify(struct ratls_leaf *leaf, struct slice common_name,
                              struct slice attestation, unix_time now, unix_time life,
                              const struct rng *rng) MUST_CHECK;

/* What a peer's leaf says, once it passed ratls_check. Borrows from the certificate. */
struct ratls_peer {
    struct digest spki;
    struct slice attestation; /* empty: a bare leaf */
    unix_time not_after;
};

/*
 * Check the leaf `der` at `now`: our profile of X.509, self-issued, valid, of P-256 or Ed25519,
 * signed by its own key; if it carries an attestation: once or twice the same, and its keyset is
 * well formed, in force and lists the key. Some 0.2 ms. ERR_MALFORMED, ERR_RULE, ERR_SIGNATURE,
 * ERR_EXPIRED, ERR_NOT_YET_VALID, ERR_MISMATCH (key not in the keyset), ERR_ALGORITHM.
 */
cocoon_err ratls_check(struct slice der, unix_time now, struct ratls_peer *out,
                       struct fail *fail) MUST_CHECK;

/*
 * Appraise the attestation of a checked peer in full: its evidence must bind the keyset without
 * nonce (aci.report_data.v1). `keyset` is set to the attested keyset. ERR_MISSING for a bare leaf;
 * answer->err. Takes milliseconds.
 */
cocoon_err ratls_appraise(const struct ratls_peer *peer, const struct policy *policy, unix_time now,
                          struct arena *arena, struct obligation_cache *cache,
                          struct keyset *keyset, struct attestation_answer *answer) MUST_CHECK;

#endif
