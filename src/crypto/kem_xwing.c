/*
 * X-Wing, KEM id 0x647a (draft-connolly-cfrg-xwing-kem): secret if either ML-KEM-768 or X25519 is.
 *
 *   private key    32-byte seed; SHAKE256(seed, 96) = ML-KEM seed d | z (64), X25519 scalar (32)
 *   public key     ML-KEM (1184) | X25519 (32)
 *   encapsulation  ML-KEM (1088) | X25519 ephemeral (32)
 *   shared         SHA3-256(ss_M | ss_X | ephemeral | X25519 public key | "\.//^\")
 *
 * One rule is ours: an X25519 output of zero is refused, as in DHKEM.
 */
#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/kem_impl.h"
#include "crypto/mlkem768.h"
#include "crypto/x25519.h"

static_assert(KEM_PUBLIC_MAX == MLKEM768_PUBLIC_LEN + X25519_LEN, "an X-Wing public key");
static_assert(KEM_ENC_MAX == MLKEM768_ENC_LEN + X25519_LEN, "an X-Wing encapsulation");

struct expanded {
    uint8_t mlkem_seed[MLKEM768_SEED_LEN];
    struct secret32 scalar;
};

static_assert(sizeof(struct expanded) == 96, "filled as one string of bytes");

/* Write `len` bytes of SHAKE256 of `in` to `out`. Aborts like an allocation when OpenSSL cannot. */
static void shake256(struct slice in, void *out, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx == NULL || EVP_DigestInit_ex2(ctx, EVP_shake256(), NULL) != 1 ||
        EVP_DigestUpdate(ctx, in.ptr, in.len) != 1 || EVP_DigestFinalXOF(ctx, out, len) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
}

static struct expanded expand(const struct secret32 *secret)
{
    struct expanded e;

    shake256(secret32_slice(secret), &e, sizeof e);
    return e;
}

static cocoon_err public_of(const struct secret32 *secret, uint8_t *public)
{
    struct expanded e = expand(secret);
    cocoon_err err = mlkem768_public(e.mlkem_seed, public);
    struct x25519_public x;

    x25519_public(&e.scalar, &x);
    memcpy(public + MLKEM768_PUBLIC_LEN, x.bytes, sizeof x.bytes);
    mem_wipe(&e, sizeof e);
    return err;
}

static cocoon_err derive(struct slice ikm, struct secret32 *secret)
{
    shake256(ikm, secret->bytes, sizeof secret->bytes);
    return OK;
}

static cocoon_err combine(const struct secret32 *ss_m, const struct secret32 *ss_x,
                          const struct x25519_public *ct_x, const struct x25519_public *pk_x,
                          struct secret32 *shared)
{
    static const char label[6] = {'\\', '.', '/', '/', '^', '\\'};
    uint8_t all[4 * 32 + sizeof label];
    int rc;

    memcpy(all, ss_m->bytes, 32);
    memcpy(all + 32, ss_x->bytes, 32);
    memcpy(all + 64, ct_x->bytes, 32);
    memcpy(all + 96, pk_x->bytes, 32);
    memcpy(all + 128, label, sizeof label);
    rc = EVP_Digest(all, sizeof all, shared->bytes, NULL, EVP_sha3_256(), NULL);
    mem_wipe(all, sizeof all);
    return rc == 1 ? OK : ERR_CRYPTO;
}

static cocoon_err encap(struct slice public, const struct rng *rng, uint8_t *enc,
                        struct secret32 *shared)
{
    struct slice pk_m = slice_sub(public, 0, MLKEM768_PUBLIC_LEN);
    struct secret32 coins, ephemeral, ss_m = {{0}}, ss_x = {{0}};
    struct x25519_public pk_x, ct_x;
    cocoon_err err;

    memcpy(pk_x.bytes, slice_skip(public, MLKEM768_PUBLIC_LEN).ptr, sizeof pk_x.bytes);
    secret32_fill(&coins, rng);
    secret32_fill(&ephemeral, rng);
    x25519_public(&ephemeral, &ct_x);
    if ((err = mlkem768_encap(pk_m, &coins, enc, &ss_m)) != OK)
        goto done;
    memcpy(enc + MLKEM768_ENC_LEN, ct_x.bytes, sizeof ct_x.bytes);
    err = x25519_shared(&ephemeral, &pk_x, &ss_x) == OK
              ? combine(&ss_m, &ss_x, &ct_x, &pk_x, shared)
              : ERR_MALFORMED;
done:
    secret32_wipe(&ss_x);
    secret32_wipe(&ss_m);
    secret32_wipe(&ephemeral);
    secret32_wipe(&coins);
    return err;
}

static cocoon_err decap(const struct kem_key *key, struct slice enc, struct secret32 *shared)
{
    struct expanded e = expand(&key->secret);
    struct secret32 ss_m = {{0}}, ss_x = {{0}};
    struct x25519_public pk_x, ct_x;
    cocoon_err err;

    memcpy(ct_x.bytes, slice_skip(enc, MLKEM768_ENC_LEN).ptr, sizeof ct_x.bytes);
    memcpy(pk_x.bytes, key->public.bytes + MLKEM768_PUBLIC_LEN, sizeof pk_x.bytes);
    if ((err = mlkem768_decap(e.mlkem_seed, slice_sub(enc, 0, MLKEM768_ENC_LEN), &ss_m)) != OK)
        goto done;
    err = x25519_shared(&e.scalar, &ct_x, &ss_x) == OK ? combine(&ss_m, &ss_x, &ct_x, &pk_x, shared)
                                                       : ERR_MALFORMED;
done:
    secret32_wipe(&ss_x);
    secret32_wipe(&ss_m);
    mem_wipe(&e, sizeof e);
    return err;
}

const struct kem_impl kem_xwing_impl = {
    .id = KEM_XWING,
    .public_len = KEM_PUBLIC_MAX,
    .enc_len = KEM_ENC_MAX,
    .public_of = public_of,
    .derive = derive,
    .encap = encap,
    .decap = decap,
};
