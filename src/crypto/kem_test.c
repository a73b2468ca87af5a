/* Encapsulation by itself; its published constants are checked in hpke_test.c. */
#include "crypto/kem.h"

#include <openssl/err.h>

#include "base/test.h"
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
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_p256_peers),
        cmocka_unit_test(test_p256_draws),
        cmocka_unit_test(test_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
