/*
 * For tests: keys, certificates and revocation lists of vendors that do not exist. OpenSSL makes
 * keys and signatures, so that what we verify was not signed by our own code.
 */
#ifndef ATTEST_KIT_PKI_TEST_H
#define ATTEST_KIT_PKI_TEST_H

#include "attest/kit_test.h"
#include "attest/policy.h"
#include "codec/x509_wr.h"

enum kit_alg { KIT_P256, KIT_P384, KIT_RSA };

/* A key pair; kept by the kit until kit_keys_free. */
struct kit_key {
    enum kit_alg alg;
    struct slice spki;
    struct slice raw; /* EC: x || y. RSA: modulus */
};

/* Return key number `index` of `alg`, the same for the whole run: making one takes time. */
const struct kit_key *kit_key(enum kit_alg alg, unsigned index);
void kit_keys_free(void);

/* Sign with the hash that goes with the key (P-256: SHA-256, else SHA-384; PKCS #1: SHA-256). */
struct slice kit_sign_der(struct arena *arena, const struct kit_key *key, struct slice message);
struct slice kit_sign_raw(struct arena *arena, const struct kit_key *key, struct slice message);
struct slice kit_sign_pkcs1(struct arena *arena, const struct kit_key *key, struct slice message);

struct kit_cert {
    const char *subject, *issuer; /* common names */
    const struct kit_key *key, *signer;
    unsigned serial;
    unix_time from, until;
    bool ca;
    const struct x509_new_extension *more; /* beside basicConstraints */
    size_t more_count;
};

struct slice kit_cert(struct arena *arena, const struct kit_cert *c);

struct kit_crl {
    const char *issuer;
    const struct kit_key *signer;
    unix_time from, until;
    unsigned revoked; /* serial, 0: none */
};

struct slice kit_crl(struct arena *arena, const struct kit_crl *c);

/* Concatenate `count` certificates as PEM. */
struct slice kit_pem(struct arena *arena, const struct slice *certs, size_t count);

/* Make the key of `root` an anchor of `vendor` in `policy`, and leave out those compiled in. */
void kit_trust(struct policy *policy, const char *vendor, const struct kit_key *root);

#endif
