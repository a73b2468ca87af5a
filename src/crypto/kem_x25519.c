/* DHKEM(X25519, HKDF-SHA256), KEM id 0x0020. */
#include <string.h>

#include "crypto/hpke_label.h"
#include "crypto/kem_dh.h"
#include "crypto/x25519.h"

static cocoon_err public_of(const struct secret32 *secret, uint8_t *public)
{
    struct x25519_public out;

    x25519_public(secret, &out);
    memcpy(public, out.bytes, sizeof out.bytes);
    return OK;
}

/* RFC 9180 7.1.3: any 32 bytes are a private key. */
static cocoon_err derive(struct slice ikm, struct secret32 *secret)
{
    struct hpke_labels labels = hpke_labels_kem(KEM_X25519, HASH_SHA256);
    struct secret32 prk;
    cocoon_err err;

    hpke_labeled_extract(&labels, SLICE_LIT(""), "dkp_prk", ikm, prk.bytes);
    err = hpke_labeled_expand(&labels, prk.bytes, "sk", SLICE_LIT(""), secret->bytes,
                              sizeof secret->bytes);
    secret32_wipe(&prk);
    return err;
}

static cocoon_err dh(const struct secret32 *secret, struct slice peer, struct secret32 *out)
{
    struct x25519_public p;

    memcpy(p.bytes, peer.ptr, sizeof p.bytes);
    return x25519_shared(secret, &p, out) == OK ? OK : ERR_MALFORMED; /* RFC 9180 7.1.4 */
}

static cocoon_err encap(struct slice public, const struct rng *rng, uint8_t *enc,
                        struct secret32 *shared)
{
    return kem_dh_encap(&kem_x25519_impl, dh, public, rng, enc, shared);
}

static cocoon_err decap(const struct kem_key *key, struct slice enc, struct secret32 *shared)
{
    return kem_dh_decap(&kem_x25519_impl, dh, key, enc, shared);
}

const struct kem_impl kem_x25519_impl = {
    .id = KEM_X25519,
    .public_len = X25519_LEN,
    .enc_len = X25519_LEN,
    .public_of = public_of,
    .derive = derive,
    .encap = encap,
    .decap = decap,
};
