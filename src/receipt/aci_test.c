#include "receipt/aci.h"

#include "attest/statement.h"
#include "base/test.h"
#include "codec/jcs.h"
#include "receipt/receipt.h"

static const char keyset_text[] =
    "{\"e2ee_public_keys\":[],\"not_after\":1800000000,\"receipt_signing_keys\":[{\"algo\":"
    "\"ed25519\","
    "\"key_id\":\"receipt-1\",\"public_key\":"
    "\"8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394\"}],\"subject\":null,"
    "\"tls_public_keys\":[]}";

static const uint8_t nonce[32] = {0xab};

static struct arena arena;
static struct keyset keyset;
static struct evidence evidence, gpu;

static int set_up(void **state)
{
    struct fail fail;

    (void)state;
    arena_init(&arena, 1 << 22);
    assert_int_equal(keyset_read(slice_text(keyset_text), &arena, &keyset, &fail), OK);
    evidence_init(&evidence, SLICE_LIT("tdx-v4"));
    assert_int_equal(evidence_add(&evidence, SLICE_LIT("quote"), SLICE_LIT("\1\2")), OK);
    evidence_init(&gpu, SLICE_LIT("nvidia-hopper"));
    assert_int_equal(evidence_add(&gpu, SLICE_LIT("report"), SLICE_LIT("report")), OK);
    assert_int_equal(evidence_add(&gpu, SLICE_LIT("chain"), SLICE_LIT("chain")), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct aci_report report(void)
{
    return (struct aci_report){.tee_type = SLICE_LIT("tdx"),
                               .keyset = slice_text(keyset_text),
                               .keyset_digest = keyset.digest,
                               .nonce = nonce,
                               .evidence = &evidence,
                               .provenance = {.repo_url = SLICE_LIT("https://example.org/r")}};
}

static const struct json *parse(const struct buf *text)
{
    const struct json *root;
    struct fail fail;

    assert_int_equal(json_parse(buf_slice(text), &arena, &root, &fail), OK);
    assert_int_equal(jcs_check(root, &arena), OK);
    return root;
}

static void assert_text(const struct json *object, const char *name, const char *want)
{
    struct slice text;

    assert_int_equal(json_get_text(object, name, &text), OK);
    assert_true(slice_eq_text(text, want));
}

/* What aci/1 9.1 has a verifier recompute. */
static void test_the_report(void **state)
{
    struct aci_report r = report();
    const struct json *root, *attestation, *part, *e;
    uint8_t data[REPORT_DATA_LEN], got[32];
    struct keyset again;
    struct digest digest;
    struct fail fail;
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    assert_int_equal(aci_report_put(&out, &r), OK);
    root = parse(&out);
    assert_text(root, "api_version", "aci/1");
    assert_int_equal(json_get_sha256(root, "workload_keyset_digest", digest.bytes), OK);
    assert_true(digest_eq(&digest, &keyset.digest));
    assert_int_equal(json_get_object(root, "attestation", &attestation), OK);
    assert_text(attestation, "tee_type", "tdx");
    assert_int_equal(json_get_object(attestation, "workload_keyset", &part), OK);
    assert_int_equal(keyset_read(part->source, &arena, &again, &fail), OK);
    assert_true(digest_eq(&again.digest, &digest));
    assert_int_equal(json_get_hex(attestation, "report_data", got, 32), OK);
    report_data_aci(&digest, nonce, data);
    assert_memory_equal(got, data, 32);
    assert_int_equal(json_get_object(attestation, "evidence", &e), OK);
    assert_text(e, "quote", "0102");
    assert_text(e, "kind", "tdx-v4");
    assert_int_equal(json_get_object(e, "parts", &part), OK);
    assert_text(part, "quote", "AQI=");
    assert_int_equal(json_get_object(attestation, "source_provenance", &part), OK);
    assert_text(part, "repo_url", "https://example.org/r");
    assert_int_equal(json_find(part, "repo_commit")->kind, JSON_NULL);
    assert_int_equal(json_get_object(root, "service_capabilities", &part), OK);
    assert_text(part, "serving", "direct");
    buf_fini(&out);
}

static void test_the_report_unchallenged(void **state)
{
    struct aci_report r = report();
    const struct json *attestation, *e;
    uint8_t data[REPORT_DATA_LEN], got[32];
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 20);
    r.nonce = NULL;
    evidence.parts[0].name = SLICE_LIT("evidence"); /* no quote, as the software attester */
    assert_int_equal(aci_report_put(&out, &r), OK);
    assert_int_equal(json_get_object(parse(&out), "attestation", &attestation), OK);
    assert_int_equal(json_get_hex(attestation, "report_data", got, 32), OK);
    report_data_aci(&keyset.digest, NULL, data);
    assert_memory_equal(got, data, 32);
    assert_int_equal(json_get_object(attestation, "evidence", &e), OK);
    assert_int_equal(json_find(e, "quote")->kind, JSON_NULL);
    buf_fini(&out);
}

static void test_the_older_report(void **state)
{
    struct aci_report r = report();
    const struct json *root, *list, *nvidia;
    struct ed25519_public signer;
    struct buf out;

    (void)state;
    assert_int_equal(keyset_ed25519(&keyset.receipt, "ed25519", (struct slice){NULL, 0}, &signer),
                     OK);
    r.gpus = &gpu;
    r.gpu_count = 1;
    r.gpu_nonce = nonce;
    buf_init(&out, 1 << 20);
    assert_int_equal(aci_legacy_report_put(&out, &r, &signer), OK);
    root = parse(&out);
    assert_text(root, "signing_algo", "ed25519");
    assert_text(root, "signing_address",
                "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394");
    assert_text(root, "intel_quote", "0102");
    assert_text(root, "request_nonce",
                "ab00000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(json_get_object(root, "nvidia_payload", &nvidia), OK);
    assert_text(nvidia, "arch", "HOPPER");
    assert_text(nvidia, "nonce",
                "ab00000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(json_get_array(nvidia, "evidence_list", &list), OK);
    assert_text(list->first, "evidence", "cmVwb3J0");
    assert_text(list->first, "certificate", "Y2hhaW4=");
    assert_int_equal(json_get_array(root, "all_attestations", &list), OK);
    assert_int_equal(list->count, 1);
    assert_text(list->first, "intel_quote", "0102");

    buf_clear(&out);
    r.gpu_count = 0;
    r.nonce = NULL;
    assert_int_equal(aci_legacy_report_put(&out, &r, &signer), OK);
    assert_int_equal(json_find(parse(&out), "nvidia_payload")->kind, JSON_NULL);
    assert_int_equal(json_find(parse(&out), "request_nonce")->kind, JSON_NULL);
    buf_fini(&out);
}

static void test_the_older_signature(void **state)
{
    const struct digest request = {{1}}, response = {{2}};
    const struct secret32 seed = {{2}};
    struct ed25519_key key;
    uint8_t signature[64];
    const struct json *root;
    struct slice text;
    struct buf out;

    (void)state;
    ed25519_from_seed(&key, &seed);
    buf_init(&out, 1 << 16);
    assert_int_equal(aci_legacy_signature_put(&out, &request, &response, &key), OK);
    root = parse(&out);
    assert_text(root, "text",
                "0100000000000000000000000000000000000000000000000000000000000000:"
                "0200000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(json_get_text(root, "text", &text), OK);
    assert_int_equal(json_get_hex(root, "signature", signature, sizeof signature), OK);
    assert_int_equal(ed25519_verify(&key.public, text, SLICE_OF(signature)), OK);
    buf_fini(&out);
}

static void test_small_ones(void **state)
{
    uint8_t bytes[32];
    struct aci_report r = report();
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    aci_sessions_put(&out);
    assert_string_equal(buf_cstr(&out), "{\"api_version\":\"aci/1\",\"sessions\":[]}");
    buf_clear(&out);
    assert_int_equal(aci_report_put(&out, &r), ERR_LIMIT);
    buf_fini(&out);
    assert_int_equal(
        aci_nonce_read(
            SLICE_LIT("ab00000000000000000000000000000000000000000000000000000000000000"), bytes),
        OK);
    assert_memory_equal(bytes, nonce, 32);
    assert_int_equal(
        aci_nonce_read(
            SLICE_LIT("AB00000000000000000000000000000000000000000000000000000000000000"), bytes),
        ERR_MALFORMED);
    assert_int_equal(aci_nonce_read(SLICE_LIT("ab"), bytes), ERR_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_report),       TEST(test_the_report_unchallenged),
        TEST(test_the_older_report), TEST(test_the_older_signature),
        TEST(test_small_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
