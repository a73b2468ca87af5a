/*
 * RFC 8032 section 7.1, and every rule of strict verification broken by itself. The Wycheproof set
 * is in wycheproof_test.c.
 */
#include "crypto/sign.h"

#include <openssl/err.h>
#include <sodium.h>

#include "base/test.h"
#include "crypto/hash.h"
#include "crypto/rand.h"
#include "crypto/sign_exact.h"

static const struct {
    const char *seed, *public, *message, *sig;
} sign_cases[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
};

static void test_rfc8032(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sign_cases); i++) {
        struct secret32 seed;
        struct ed25519_key key;
        struct ed25519_sig sig;
        uint8_t bytes[8];
        struct slice message = test_unhex(sign_cases[i].message, bytes);

        test_unhex(sign_cases[i].seed, seed.bytes);
        ed25519_from_seed(&key, &seed);
        test_assert_hex(ed25519_public_slice(&key.public), sign_cases[i].public);
        ed25519_sign(&key, message, &sig);
        test_assert_hex(ed25519_sig_slice(&sig), sign_cases[i].sig);
        assert_int_equal(ed25519_verify(&key.public, message, ed25519_sig_slice(&sig)), OK);
        ed25519_wipe(&key);
        assert_int_equal(key.seed[0] | key.seed[31] | key.public.bytes[0], 0);
    }
}

/* Any bit of key, message or signature. */
static void test_tampering(void **state)
{
    struct ed25519_key key;
    struct ed25519_sig sig;
    uint8_t text[] = "pay 5 to bob";
    struct slice message = SLICE_OF(text);

    (void)state;
    ed25519_keygen(&key, &rand_system);
    ed25519_sign(&key, message, &sig);
    for (size_t bit = 0; bit < 8 * sizeof sig.bytes; bit++) {
        sig.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(ed25519_verify(&key.public, message, ed25519_sig_slice(&sig)),
                         ERR_SIGNATURE);
        sig.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof key.public.bytes; bit++) {
        key.public.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(ed25519_verify(&key.public, message, ed25519_sig_slice(&sig)),
                         ERR_SIGNATURE);
        key.public.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t at = 0; at < sizeof text; at++) {
        text[at] ^= 1;
        assert_int_equal(ed25519_verify(&key.public, message, ed25519_sig_slice(&sig)),
                         ERR_SIGNATURE);
        text[at] ^= 1;
    }
    for (size_t len = 0; len < sizeof sig.bytes; len++)
        assert_int_equal(ed25519_verify(&key.public, message, slice_make(sig.bytes, len)),
                         ERR_SIGNATURE);
    assert_int_equal(ed25519_verify(&key.public, message, ed25519_sig_slice(&sig)), OK);
}

/* The group order, little-endian. */
static const char order_hex[] = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/* S + L satisfies the equation too; only its range gives it away. */
static void test_large_s(void **state)
{
    struct ed25519_key key;
    struct ed25519_sig sig;
    uint8_t order[32];
    unsigned carry = 0;

    (void)state;
    test_unhex(order_hex, order);
    ed25519_keygen(&key, &rand_system);
    ed25519_sign(&key, SLICE_LIT("m"), &sig);
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sig.bytes[32 + i] + order[i];
        sig.bytes[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(ed25519_verify(&key.public, SLICE_LIT("m"), ed25519_sig_slice(&sig)),
                     ERR_SIGNATURE);
}

/* Points of small order, those with a second encoding in both, and the sign bit set where that is
 * another encoding still. */
static const char *const small_points[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

/*
 * A key of small order signs everything: with S = 0 and R the identity the equation holds whenever
 * k is a multiple of 8. Messages are tried until OpenSSL, which does not look for such keys, says
 * yes; ours must say no.
 */
static void test_small_order_key(void **state)
{
    unsigned accepted = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(small_points); i++)
        for (unsigned n = 0; n < 64; n++) {
            struct ed25519_public key;
            uint8_t sig[64] = {1}, message[1] = {(uint8_t)n};

            test_unhex(small_points[i], key.bytes);
            accepted += ed25519_exact(&key, SLICE_OF(message), SLICE_OF(sig));
            assert_int_equal(ed25519_verify(&key, SLICE_OF(message), SLICE_OF(sig)), ERR_SIGNATURE);
        }
    assert_true(accepted > 64);
    assert_int_equal(ERR_peek_error(), 0);
}

/* What an Ed25519 signature is made of, for making odd ones. */
struct odd {
    uint8_t a[32], r[32]; /* secret scalars */
    struct ed25519_public key;
    uint8_t sig[64];
};

/* Sign so that S = r + k * a, whatever points stand in o->key and at the front of o->sig. */
static void odd_sign(struct odd *o, struct slice message)
{
    uint8_t wide[64], k[32], ka[32];
    struct hash_ctx h;

    hash_init(&h, HASH_SHA512);
    hash_update(&h, slice_make(o->sig, 32));
    hash_update(&h, ed25519_public_slice(&o->key));
    hash_update(&h, message);
    hash_final(&h, wide);
    crypto_core_ed25519_scalar_reduce(k, wide);
    crypto_core_ed25519_scalar_mul(ka, k, o->a);
    crypto_core_ed25519_scalar_add(o->sig + 32, o->r, ka);
}

static void odd_start(struct odd *o)
{
    assert_true(sodium_init() >= 0);
    crypto_core_ed25519_scalar_random(o->a);
    crypto_core_ed25519_scalar_random(o->r);
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(o->key.bytes, o->a), 0);
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(o->sig, o->r), 0);
}

static void test_odd_construction_is_sound(void **state)
{
    struct odd o;

    (void)state;
    odd_start(&o);
    odd_sign(&o, SLICE_LIT("m"));
    assert_int_equal(ed25519_verify(&o.key, SLICE_LIT("m"), SLICE_OF(o.sig)), OK);
    assert_true(ed25519_exact(&o.key, SLICE_LIT("m"), SLICE_OF(o.sig)));
}

/* R moved by a point of order 8: good to a verifier with the cofactor, not to the exact equation.
 */
static void test_cofactor(void **state)
{
    uint8_t torsion[32], moved[32];
    struct odd o;

    (void)state;
    odd_start(&o);
    test_unhex(small_points[4], torsion);
    assert_int_equal(crypto_core_ed25519_add(moved, o.sig, torsion), 0);
    memcpy(o.sig, moved, sizeof moved);
    odd_sign(&o, SLICE_LIT("m"));
    assert_false(ed25519_exact(&o.key, SLICE_LIT("m"), SLICE_OF(o.sig)));
    assert_int_equal(ed25519_verify(&o.key, SLICE_LIT("m"), SLICE_OF(o.sig)), ERR_SIGNATURE);
}

/* R of small order: r = 0, and S = k * a. OpenSSL accepts it. */
static void test_small_order_r(void **state)
{
    struct odd o;

    (void)state;
    odd_start(&o);
    memset(o.r, 0, sizeof o.r);
    test_unhex(small_points[0], o.sig);
    odd_sign(&o, SLICE_LIT("m"));
    assert_true(ed25519_exact(&o.key, SLICE_LIT("m"), SLICE_OF(o.sig)));
    assert_int_equal(ed25519_verify(&o.key, SLICE_LIT("m"), SLICE_OF(o.sig)), ERR_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc8032),
        cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_large_s),
        cmocka_unit_test(test_small_order_key),
        cmocka_unit_test(test_odd_construction_is_sound),
        cmocka_unit_test(test_cofactor),
        cmocka_unit_test(test_small_order_r),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
