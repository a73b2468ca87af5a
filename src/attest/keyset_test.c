/* Keysets, with the published vector of aci/1 (spec/test-vectors.md, section 1). */
#include "attest/keyset.h"

#include "base/test.h"

#define E2EE                                                                                       \
    "{\"algo\":\"x25519-aes-256-gcm-hkdf-sha256\",\"key_id\":\"e2ee-1\",\"public_key\":"           \
    "\"5dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e0124b3ef22\"}"
#define RECEIPT                                                                                    \
    "{\"algo\":\"ed25519\",\"key_id\":\"receipt-1\",\"public_key\":"                               \
    "\"8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394\"}"
#define TLS                                                                                        \
    "{\"domain\":\"api.example.com\",\"spki_sha256\":"                                             \
    "\"c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\"}"
#define KEYSET(e2ee, after, receipt, subject, tls)                                                 \
    "{\"e2ee_public_keys\":[" e2ee "],\"not_after\":" after ",\"receipt_signing_keys\":[" receipt  \
    "],\"subject\":" subject ",\"tls_public_keys\":[" tls "]}"
#define ACI        KEYSET(E2EE, "1800000000", RECEIPT, "\"dstack-app://example-app\"", TLS)
#define ACI_DIGEST "sha256:53a5cd44b30dcc51999754c719f2628a041f174ecbf9662a6f8e898a10cd9371"

static struct arena arena;
static struct fail fail;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 22);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void test_vector(void **state)
{
    struct keyset k;
    struct digest expected;
    struct ed25519_public key;
    struct buf out;
    uint8_t spki[32];

    (void)state;
    assert_int_equal(digest_read(SLICE_LIT(ACI_DIGEST), &expected), OK);
    assert_int_equal(keyset_read(SLICE_LIT(ACI), &arena, &k, &fail), OK);
    assert_true(digest_eq(&k.digest, &expected));
    assert_true(k.has_subject && slice_eq_text(k.subject, "dstack-app://example-app"));
    assert_int_equal(keyset_ed25519(&k.receipt, "ed25519", (struct slice){0}, &key), OK);
    assert_int_equal(key.bytes[0], 0x81);
    assert_int_equal(keyset_ed25519(&k.receipt, "ed25519", SLICE_LIT("receipt-1"), &key), OK);
    assert_int_equal(keyset_ed25519(&k.receipt, "ed25519", SLICE_LIT("receipt-2"), &key),
                     ERR_ABSENT);
    assert_int_equal(keyset_ed25519(&k.e2ee, "ed25519", (struct slice){0}, &key), ERR_ABSENT);

    memset(spki, 0xc0, sizeof spki);
    assert_true(keyset_has_tls(&k, spki, SLICE_LIT("API.example.com")));
    assert_true(keyset_has_tls(&k, spki, (struct slice){0}));
    assert_false(keyset_has_tls(&k, spki, SLICE_LIT("example.com")));
    spki[31] ^= 1;
    assert_false(keyset_has_tls(&k, spki, (struct slice){0}));

    /* Written again it is the same text; read from another encoding it has the same digest. */
    buf_init(&out, KEYSET_TEXT_MAX);
    k.digest = (struct digest){{0}};
    assert_int_equal(keyset_put(&k, &out), OK);
    assert_string_equal(buf_cstr(&out), ACI);
    assert_true(digest_eq(&k.digest, &expected));
    buf_fini(&out);
    assert_int_equal(
        keyset_read(SLICE_LIT(" { \"tls_public_keys\" : [" TLS
                              "],\"subject\":\"dstack-app:\\/\\/example-app\","
                              "\"receipt_signing_keys\":[" RECEIPT
                              "],\"not_after\":1800000000,\"e2ee_public_keys\":[" E2EE "]}"),
                    &arena, &k, &fail),
        OK);
    assert_true(digest_eq(&k.digest, &expected));
}

static void test_refused(void **state)
{
    static const struct {
        const char *name;
        struct slice text;
        cocoon_err err;
    } cases[] = {
        {"no subject", SLICE_INIT(KEYSET("", "1", "", "null", "")), OK},
        {"a member more",
         SLICE_INIT("{\"x\":1,\"e2ee_public_keys\":[],\"not_after\":1,\"receipt_"
                    "signing_keys\":[],\"subject\":null,\"tls_public_keys\":[]}"),
         ERR_UNKNOWN_NAME},
        {"a member less",
         SLICE_INIT("{\"e2ee_public_keys\":[],\"not_after\":1,\"receipt_signing_"
                    "keys\":[],\"tls_public_keys\":[]}"),
         ERR_MISSING},
        {"time is text", SLICE_INIT(KEYSET("", "\"1\"", "", "null", "")), ERR_TYPE},
        {"time is a fraction", SLICE_INIT(KEYSET("", "1.5", "", "null", "")), ERR_RANGE},
        {"subject is a number", SLICE_INIT(KEYSET("", "1", "", "5", "")), ERR_TYPE},
        {"one key twice", SLICE_INIT(KEYSET("", "1", RECEIPT "," RECEIPT, "null", "")),
         ERR_DUPLICATE},
        {"one key, two roles", SLICE_INIT(KEYSET(RECEIPT, "1", RECEIPT, "null", "")),
         ERR_DUPLICATE},
        {"one id, two keys",
         SLICE_INIT(KEYSET("{\"algo\":\"a\",\"key_id\":\"x\",\"public_key\":\"1\"},"
                           "{\"algo\":\"a\",\"key_id\":\"x\",\"public_key\":\"2\"}",
                           "1", "", "null", "")),
         ERR_DUPLICATE},
        {"one TLS key twice", SLICE_INIT(KEYSET("", "1", "", "null", TLS "," TLS)), ERR_DUPLICATE},
        {"a member more in a key",
         SLICE_INIT(KEYSET("", "1",
                           "{\"algo\":\"a\",\"key_id\":\"x\",\"public_key\":\"1\",\"y\":1}", "null",
                           "")),
         ERR_UNKNOWN_NAME},
        {"upper-case key",
         SLICE_INIT(KEYSET("", "1",
                           "{\"algo\":\"ed25519\",\"key_id\":\"x\",\"public_key\":"
                           "\"8139770EA87D175F56A35466C34C7ECCCB8D8A91B4EE37A25DF60F5B8FC9B394\"}",
                           "null", "")),
         ERR_MALFORMED},
        {"short key of ours",
         SLICE_INIT(KEYSET("{\"algo\":\"cocoon.channel-signer.v1\",\"key_id\":\"x\","
                           "\"public_key\":\"00\"}",
                           "1", "", "null", "")),
         ERR_MALFORMED},
        {"empty id",
         SLICE_INIT(
             KEYSET("", "1", "{\"algo\":\"a\",\"key_id\":\"\",\"public_key\":\"1\"}", "null", "")),
         ERR_MALFORMED},
        {"empty key",
         SLICE_INIT(
             KEYSET("", "1", "{\"algo\":\"a\",\"key_id\":\"x\",\"public_key\":\"\"}", "null", "")),
         ERR_MALFORMED},
        {"one TLS key, two domains",
         SLICE_INIT(KEYSET("", "1", "", "null",
                           TLS ",{\"spki_sha256\":\"c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
                               "c0c0c0c0c0c0c0c0c0\"}")),
         OK},
        {"two TLS keys, one domain",
         SLICE_INIT(KEYSET("", "1", "", "null",
                           TLS ",{\"domain\":\"api.example.com\",\"spki_sha256\":\"00c0c0c0c0c0c0c0"
                               "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\"}")),
         OK},
        {"domain is a number",
         SLICE_INIT(
             KEYSET("", "1", "", "null",
                    "{\"domain\":1,\"spki_sha256\":\"c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
                    "c0c0c0c0c0c0c0c0c0c0c0\"}")),
         ERR_TYPE},
        {"a member more in a TLS entry",
         SLICE_INIT(KEYSET("", "1", "", "null",
                           "{\"x\":1,\"spki_sha256\":\"c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
                           "c0c0c0c0c0c0c0c0c0c0c0\"}")),
         ERR_UNKNOWN_NAME},
        {"no object", SLICE_INIT("[]"), ERR_TYPE},
        {"not JSON", SLICE_INIT("{"), ERR_TRUNCATED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct keyset k;
        cocoon_err err = keyset_read(cases[i].text, &arena, &k, &fail);

        if (err != cases[i].err)
            fail_msg("%s: %s", cases[i].name, cocoon_err_name(err));
    }
}

static void test_too_many(void **state)
{
    struct buf text;
    struct keyset k;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_put_text(&text, "{\"e2ee_public_keys\":[");
    for (int i = 0; i <= KEYSET_KEYS_MAX; i++)
        buf_printf(&text, "%s{\"algo\":\"a\",\"key_id\":\"%d\",\"public_key\":\"%d\"}",
                   i == 0 ? "" : ",", i, i);
    buf_put_text(&text, "],\"not_after\":1,\"receipt_signing_keys\":[],\"subject\":null,"
                        "\"tls_public_keys\":[]}");
    assert_int_equal(keyset_read(buf_slice(&text), &arena, &k, &fail), ERR_LIMIT);
    buf_clear(&text);
    buf_put_text(&text, "{\"e2ee_public_keys\":[],\"not_after\":1,\"receipt_signing_keys\":[],"
                        "\"subject\":null,\"tls_public_keys\":[");
    for (int i = 0; i <= KEYSET_KEYS_MAX; i++)
        buf_printf(&text, "%s{\"spki_sha256\":\"%064d\"}", i == 0 ? "" : ",", i);
    buf_put_text(&text, "]}");
    assert_int_equal(keyset_read(buf_slice(&text), &arena, &k, &fail), ERR_LIMIT);
    buf_clear(&text);
    buf_put_text(&text, "{\"e2ee_public_keys\":[],\"not_after\":1,\"receipt_signing_keys\":[{"
                        "\"algo\":\"a\",\"key_id\":\"x\",\"public_key\":\"");
    for (int i = 0; i < 5000; i++)
        buf_put_u8(&text, '0');
    buf_put_text(&text, "\"}],\"subject\":null,\"tls_public_keys\":[]}");
    assert_int_equal(keyset_read(buf_slice(&text), &arena, &k, &fail), ERR_MALFORMED);
    buf_clear(&text);
    for (int i = 0; i <= KEYSET_TEXT_MAX; i++)
        buf_put_u8(&text, ' ');
    assert_int_equal(keyset_read(buf_slice(&text), &arena, &k, &fail), ERR_LIMIT);
    buf_fini(&text);
}

static void test_expiry(void **state)
{
    struct keyset k = {.not_after = 1000};

    (void)state;
    assert_int_equal(keyset_valid_at(&k, 1000, &fail), OK);
    assert_int_equal(keyset_valid_at(&k, 1001, &fail), ERR_EXPIRED);
    k.not_after = KEYSET_LIFE_MAX;
    assert_int_equal(keyset_valid_at(&k, 0, &fail), OK);
    assert_int_equal(keyset_valid_at(&k, -1, &fail), ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_expiry),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
