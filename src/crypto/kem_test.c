/* Encapsulation by itself; DHKEM's published constants are checked in hpke_test.c. */
#include "crypto/kem.h"

#include <openssl/err.h>

#include "base/test.h"
#include "crypto/hash.h"
#include "crypto/rand.h"

static const enum kem_id kems[] = {KEM_X25519, KEM_P256, KEM_XWING};

static void test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kems); i++) {
        struct kem_key key, other;
        struct kem_public enc;
        struct secret32 sent, got;

        if (!kem_known(kems[i])) {
            print_message("KEM %04x is not in this build\n", kems[i]);
            assert_int_equal(kems[i], KEM_XWING);
            assert_int_equal(kem_keygen(kems[i], &rand_system, &key), ERR_UNSUPPORTED);
            continue;
        }
        assert_int_equal(kem_keygen(kems[i], &rand_system, &key), OK);
        assert_int_equal(kem_keygen(kems[i], &rand_system, &other), OK);
        assert_int_equal(key.public.len, kem_public_len(kems[i]));
        assert_int_equal(
            kem_encap(kems[i], kem_public_slice(&key.public), &rand_system, &enc, &sent), OK);
        assert_int_equal(enc.len, kem_enc_len(kems[i]));
        assert_int_equal(kem_decap(&key, kem_public_slice(&enc), &got), OK);
        assert_true(secret32_eq(&sent, &got));
        assert_int_equal(kem_decap(&other, kem_public_slice(&enc), &got), OK);
        assert_false(secret32_eq(&sent, &got));
        for (size_t len = 0; len < enc.len; len++) {
            assert_int_equal(kem_decap(&key, slice_make(enc.bytes, len), &got), ERR_MALFORMED);
            assert_int_equal(
                kem_encap(kems[i], slice_make(key.public.bytes, len), &rand_system, &enc, &sent),
                ERR_MALFORMED);
        }
        kem_wipe(&key);
        assert_int_equal(key.secret.bytes[0] | key.secret.bytes[31], 0);
    }
}

/* A P-256 peer must be an uncompressed point of the curve: compressed, hybrid, infinite and
 * off-curve ones are refused, and leave nothing in OpenSSL's error queue. */
static void test_p256_peers(void **state)
{
    static const uint8_t prefixes[] = {0, 2, 3, 5, 6, 7};
    struct kem_key key;
    struct kem_public enc, peer;
    struct secret32 shared;

    (void)state;
    assert_int_equal(kem_keygen(KEM_P256, &rand_system, &key), OK);
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        peer = key.public;
        peer.bytes[0] = prefixes[i];
        assert_int_equal(kem_encap(KEM_P256, kem_public_slice(&peer), &rand_system, &enc, &shared),
                         ERR_MALFORMED);
        assert_int_equal(kem_decap(&key, kem_public_slice(&peer), &shared), ERR_MALFORMED);
    }
    for (size_t bit = 8; bit < 8 * key.public.len; bit += 5) {
        peer = key.public;
        peer.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(kem_decap(&key, kem_public_slice(&peer), &shared), ERR_MALFORMED);
    }
    assert_int_equal(ERR_peek_error(), 0);
    kem_wipe(&key);
}

/* Randomness that gives one value `before` times and then counts up. */
struct stubborn {
    uint8_t value;
    int before;
};

static void stubborn_fill(void *state, void *out, size_t len)
{
    struct stubborn *s = state;

    memset(out, s->before-- > 0 ? s->value : 0x11, len);
}

/* Zero and numbers above the order are drawn again, not forever. */
static void test_p256_draws(void **state)
{
    static const uint8_t values[] = {0x00, 0xff};
    struct kem_key key;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct stubborn s = {values[i], 3};
        const struct rng rng = {stubborn_fill, &s};

        assert_int_equal(kem_keygen(KEM_P256, &rng, &key), OK);
        assert_int_equal(key.secret.bytes[0], 0x11);
        s = (struct stubborn){values[i], 1000};
        assert_int_equal(kem_keygen(KEM_P256, &rng, &key), ERR_CRYPTO);
    }
}

/* draft-connolly-cfrg-xwing-kem, spec/test-vectors.json; the long values by their SHA-256. */
static const struct {
    const char *seed, *coins, *public_sha256, *enc_sha256, *shared;
} xwing_cases[] = {
    {"7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26",
     "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2"
     "f75ab916a58d974918835d25e6a435085b2",
     "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb",
     "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33",
     "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384"},
    {"badfd6dfaac359a5efbb7bcc4b59d538df9a04302e10c8bc1cbf1a0b3a5120ea",
     "17cda7cfad765f5623474d368ccca8af0007cd9f5e4c849f167a580b14aabdefaee7eef47cb0fca9767be1fda6941"
     "9dfb927e9df07348b196691abaeb580b32d",
     "c42ba5f8430d7d2c83739338203819f090e8303ce9c8b02107c272bfa5376916",
     "1661ea86d608a1924ba30840cb0a65f13ae051e3aec9cf0f064efc0bc92f2154",
     "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150"},
    {"ef58538b8d23f87732ea63b02b4fa0f4873360e2841928cd60dd4cee8cc0d4c9",
     "22a96188d032675c8ac850933c7aff1533b94c834adbb69c6115bad4692d8619f90b0cdf8a7b9c264029ac185b70b"
     "83f2801f2f4b3f70c593ea3aeeb613a7f1b",
     "6b080d6b84f095342092fa7a22423e58bd681397ad0ef00eac92bd254db4fa95",
     "d3ca5578500344b5896cffc4fd740c9311946b82951df155e6fd86a7966b43c6",
     "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f"},
};

/* Randomness that is what the vector says. */
static void fixed_fill(void *state, void *out, size_t len)
{
    struct slice *left = state;

    assert_true(len <= left->len);
    memcpy(out, left->ptr, len);
    *left = slice_skip(*left, len);
}

static void test_xwing(void **state)
{
    (void)state;
    if (!kem_known(KEM_XWING)) {
        fprintf(stderr, "SKIPPED: X-Wing (needs OpenSSL 3.5)\n");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(xwing_cases); i++) {
        uint8_t seed_bytes[32], coins_bytes[64];
        struct slice seed = test_unhex(xwing_cases[i].seed, seed_bytes);
        struct slice coins = test_unhex(xwing_cases[i].coins, coins_bytes);
        const struct rng seed_rng = {fixed_fill, &seed}, coins_rng = {fixed_fill, &coins};
        struct kem_key key;
        struct kem_public enc;
        struct secret32 sent, got;
        struct digest d;

        assert_int_equal(kem_keygen(KEM_XWING, &seed_rng, &key), OK);
        sha256(kem_public_slice(&key.public), &d);
        test_assert_hex(digest_slice(&d), xwing_cases[i].public_sha256);
        assert_int_equal(
            kem_encap(KEM_XWING, kem_public_slice(&key.public), &coins_rng, &enc, &sent), OK);
        sha256(kem_public_slice(&enc), &d);
        test_assert_hex(digest_slice(&d), xwing_cases[i].enc_sha256);
        test_assert_hex(secret32_slice(&sent), xwing_cases[i].shared);
        assert_int_equal(kem_decap(&key, kem_public_slice(&enc), &got), OK);
        assert_true(secret32_eq(&sent, &got));
    }
}

/* Either half of an X-Wing key or encapsulation changed: refused, or another secret. */
static void test_xwing_tampering(void **state)
{
    struct kem_key key;
    struct kem_public enc, public;
    struct secret32 sent, got;

    (void)state;
    if (!kem_known(KEM_XWING))
        return; /* test_xwing has said so */
    assert_int_equal(kem_keygen(KEM_XWING, &rand_system, &key), OK);
    assert_int_equal(kem_encap(KEM_XWING, kem_public_slice(&key.public), &rand_system, &enc, &sent),
                     OK);
    for (size_t at = 0; at < enc.len; at += 31) {
        enc.bytes[at] ^= 4;
        assert_true(kem_decap(&key, kem_public_slice(&enc), &got) != OK ||
                    !secret32_eq(&sent, &got));
        enc.bytes[at] ^= 4;
    }
    public = key.public;
    memset(public.bytes, 0xff, 3); /* coefficients over the modulus */
    assert_int_equal(kem_encap(KEM_XWING, kem_public_slice(&public), &rand_system, &enc, &sent),
                     ERR_MALFORMED);
    public = key.public;
    memset(public.bytes + 1184, 0, 32); /* an X25519 point of small order */
    assert_int_equal(kem_encap(KEM_XWING, kem_public_slice(&public), &rand_system, &enc, &sent),
                     ERR_MALFORMED);
    memset(enc.bytes + 1088, 0, 32);
    assert_int_equal(kem_decap(&key, kem_public_slice(&enc), &got), ERR_MALFORMED);
}

static void test_unknown(void **state)
{
    struct kem_key key;
    struct kem_public enc;
    struct secret32 shared;

    (void)state;
    assert_false(kem_known(0));
    assert_int_equal(kem_public_len((enum kem_id)0x21), 0);
    assert_int_equal(kem_enc_len((enum kem_id)0x21), 0);
    assert_int_equal(kem_derive((enum kem_id)0x21, SLICE_LIT("x"), &key), ERR_UNSUPPORTED);
    assert_int_equal(kem_encap((enum kem_id)0x21, SLICE_LIT("x"), &rand_system, &enc, &shared),
                     ERR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_p256_peers),
        cmocka_unit_test(test_p256_draws),      cmocka_unit_test(test_xwing),
        cmocka_unit_test(test_xwing_tampering), cmocka_unit_test(test_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
