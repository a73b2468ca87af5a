/*
 * DHKEM(P-256, HKDF-SHA256), KEM id 0x0010. Public keys are uncompressed points (65 bytes), the
 * shared value is the x coordinate. OpenSSL's multiplication of one point by one scalar runs in
 * constant time.
 */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "crypto/hpke_label.h"
#include "crypto/kem_dh.h"

enum { P256_POINT_LEN = 65, P256_CANDIDATES_MAX = 255 };

/* The curve and room to calculate in. */
struct p256 {
    EC_GROUP *group;
    BN_CTX *ctx;
    EC_POINT *point;
    BIGNUM *scalar; /* secret */
};

static void p256_fini(struct p256 *c)
{
    BN_clear_free(c->scalar);
    EC_POINT_clear_free(c->point);
    BN_CTX_free(c->ctx);
    EC_GROUP_free(c->group);
    ERR_clear_error();
}

/* Set up with `secret` as the scalar. ERR_MALFORMED unless 0 < secret < order. */
static cocoon_err p256_init(struct p256 *c, const struct secret32 *secret)
{
    *c = (struct p256){.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
    if (c->group == NULL || (c->ctx = BN_CTX_secure_new()) == NULL ||
        (c->point = EC_POINT_new(c->group)) == NULL || (c->scalar = BN_secure_new()) == NULL ||
        BN_bin2bn(secret->bytes, sizeof secret->bytes, c->scalar) == NULL)
        return ERR_CRYPTO;
    BN_set_flags(c->scalar, BN_FLG_CONSTTIME);
    if (BN_is_zero(c->scalar) || BN_cmp(c->scalar, EC_GROUP_get0_order(c->group)) >= 0)
        return ERR_MALFORMED;
    return OK;
}

static cocoon_err public_of(const struct secret32 *secret, uint8_t *public)
{
    struct p256 c;
    cocoon_err err = p256_init(&c, secret);

    if (err == OK && (EC_POINT_mul(c.group, c.point, c.scalar, NULL, NULL, c.ctx) != 1 ||
                      EC_POINT_point2oct(c.group, c.point, POINT_CONVERSION_UNCOMPRESSED, public,
                                         P256_POINT_LEN, c.ctx) != P256_POINT_LEN))
        err = ERR_CRYPTO;
    p256_fini(&c);
    return err;
}

/* RFC 9180 7.1.3: the first candidate in range. */
static cocoon_err derive(struct slice ikm, struct secret32 *secret)
{
    struct hpke_labels labels = hpke_labels_kem(KEM_P256, HASH_SHA256);
    uint8_t unused[P256_POINT_LEN];
    struct secret32 prk;
    cocoon_err err = ERR_MALFORMED;

    hpke_labeled_extract(&labels, SLICE_LIT(""), "dkp_prk", ikm, prk.bytes);
    for (unsigned i = 0; i < P256_CANDIDATES_MAX && err == ERR_MALFORMED; i++) {
        uint8_t counter = (uint8_t)i;

        err = hpke_labeled_expand(&labels, prk.bytes, "candidate", slice_make(&counter, 1),
                                  secret->bytes, sizeof secret->bytes);
        if (err == OK)
            err = public_of(secret, unused);
    }
    secret32_wipe(&prk);
    return err == ERR_MALFORMED ? ERR_CRYPTO : err;
}

/* Read `peer`, which must be an uncompressed point of the curve (RFC 9180 7.1.4). */
static bool point_read(struct p256 *c, struct slice peer)
{
    return peer.len == P256_POINT_LEN && peer.ptr[0] == POINT_CONVERSION_UNCOMPRESSED &&
           EC_POINT_oct2point(c->group, c->point, peer.ptr, peer.len, c->ctx) == 1;
}

static cocoon_err dh(const struct secret32 *secret, struct slice peer, struct secret32 *out)
{
    struct p256 c;
    BIGNUM *x = NULL;
    cocoon_err err = p256_init(&c, secret);

    if (err != OK)
        goto done;
    err = ERR_MALFORMED;
    if (!point_read(&c, peer))
        goto done;
    err = ERR_CRYPTO;
    if ((x = BN_secure_new()) != NULL &&
        EC_POINT_mul(c.group, c.point, NULL, c.point, c.scalar, c.ctx) == 1 &&
        EC_POINT_get_affine_coordinates(c.group, c.point, x, NULL, c.ctx) == 1 &&
        BN_bn2binpad(x, out->bytes, sizeof out->bytes) == sizeof out->bytes)
        err = OK;
done:
    BN_clear_free(x);
    p256_fini(&c);
    return err;
}

static cocoon_err encap(struct slice public, const struct rng *rng, uint8_t *enc,
                        struct secret32 *shared)
{
    return kem_dh_encap(&kem_p256_impl, dh, public, rng, enc, shared);
}

static cocoon_err decap(const struct kem_key *key, struct slice enc, struct secret32 *shared)
{
    return kem_dh_decap(&kem_p256_impl, dh, key, enc, shared);
}

const struct kem_impl kem_p256_impl = {
    .id = KEM_P256,
    .public_len = P256_POINT_LEN,
    .enc_len = P256_POINT_LEN,
    .public_of = public_of,
    .derive = derive,
    .encap = encap,
    .decap = decap,
};
