/* RFC 7748 sections 5.2 and 6.1. The Wycheproof set is in wycheproof_test.c. */
#include "crypto/x25519.h"

#include "base/test.h"

static void test_diffie_hellman(void **state)
{
    static const char shared_hex[] =
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    struct secret32 alice, bob, shared;
    struct x25519_public alice_public, bob_public;

    (void)state;
    test_unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice.bytes);
    test_unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob.bytes);
    x25519_public(&alice, &alice_public);
    x25519_public(&bob, &bob_public);
    test_assert_hex(SLICE_OF(alice_public.bytes),
                    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    test_assert_hex(SLICE_OF(bob_public.bytes),
                    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    assert_int_equal(x25519_shared(&alice, &bob_public, &shared), OK);
    test_assert_hex(secret32_slice(&shared), shared_hex);
    assert_int_equal(x25519_shared(&bob, &alice_public, &shared), OK);
    test_assert_hex(secret32_slice(&shared), shared_hex);
}

static void test_scalar_multiplication(void **state)
{
    struct secret32 scalar, out;
    struct x25519_public u;

    (void)state;
    test_unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", scalar.bytes);
    test_unhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", u.bytes);
    assert_int_equal(x25519_shared(&scalar, &u, &out), OK);
    test_assert_hex(secret32_slice(&out),
                    "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

/* Every peer of small order gives zero, which is refused and wiped. */
static void test_small_order(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    struct secret32 scalar = {{1, 2, 3}}, out, zero = {{0}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        struct x25519_public peer;

        test_unhex(points[i], peer.bytes);
        memset(&out, 0xee, sizeof out);
        assert_int_equal(x25519_shared(&scalar, &peer, &out), ERR_MISMATCH);
        assert_true(secret32_eq(&out, &zero));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diffie_hellman),
        cmocka_unit_test(test_scalar_multiplication),
        cmocka_unit_test(test_small_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
