/*
 * Enveloped XML signatures (W3C XML Signature 1.1), one profile and no other:
 *
 *   - one ds:Signature in the document, a child of the root, over all of the document but itself
 *     (Reference URI="", transforms enveloped-signature then C14N 1.0 or 1.1)
 *   - digest SHA-384, signature ECDSA P-384 with SHA-384, r || s
 *   - certificates in KeyInfo/X509Data, leaf first
 *
 * Nothing in the signature chooses what is verified: every algorithm and element must stand as the
 * profile has it. Hashing and the signature check are the caller's, as is trust in the
 * certificates.
 */
#ifndef CODEC_XMLDSIG_H
#define CODEC_XMLDSIG_H

#include "codec/xml.h"

enum { XMLDSIG_CERTS_MAX = 8, XMLDSIG_DIGEST_SIZE = 48, XMLDSIG_SIGNATURE_SIZE = 96 };

struct xmldsig {
    struct slice content;     /* canonical: SHA-384 of it must be `digest` */
    struct slice signed_info; /* canonical: what `signature` signs */
    struct slice digest;
    struct slice signature;                /* r || s */
    struct slice certs[XMLDSIG_CERTS_MAX]; /* DER */
    size_t cert_count;
};

/*
 * Read the signature of the document with root `root` into `*out`, which lives as long as `arena`.
 * ERR_MISSING (no signature), ERR_DUPLICATE (two), ERR_ALGORITHM, ERR_MALFORMED, ERR_LIMIT,
 * ERR_NOMEM.
 */
cocoon_err xmldsig_read(const struct xml_node *root, struct arena *arena, struct xmldsig *out,
                        struct fail *fail) MUST_CHECK;

#endif
