/* Binding statements against the published vectors of aci/1 (spec/test-vectors.md, sections 1, 2).
 */
#include "attest/statement.h"

#include "base/hex.h"
#include "base/test.h"

#define ACI_KEYSET "sha256:53a5cd44b30dcc51999754c719f2628a041f174ecbf9662a6f8e898a10cd9371"

static struct digest keyset;

static int set_up(void **state)
{
    (void)state;
    return digest_read(SLICE_LIT(ACI_KEYSET), &keyset);
}

static void fill(uint8_t *out, uint8_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(from + i);
}

static void expect_hex(const uint8_t *bytes, size_t len, const char *hex)
{
    char text[129];

    assert_true(len <= 64);
    hex_write(slice_make(bytes, len), text);
    assert_string_equal(text, hex);
}

static void test_aci_vectors(void **state)
{
    uint8_t nonce[32], data[REPORT_DATA_LEN];
    struct buf out;

    (void)state;
    fill(nonce, 0, 32);
    buf_init(&out, STATEMENT_MAX);
    assert_int_equal(statement_put_aci(&out, &keyset, nonce), OK);
    assert_string_equal(buf_cstr(&out),
                        "{\"keyset_digest\":\"" ACI_KEYSET "\",\"nonce\":"
                        "\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\","
                        "\"purpose\":\"aci.report_data.v1\"}");
    report_data_aci(&keyset, nonce, data);
    expect_hex(data, 64,
               "df2174d28130852b413646a3786927b93e94c11d770268b65def8bdba45cb49e"
               "0000000000000000000000000000000000000000000000000000000000000000");
    report_data_aci(&keyset, NULL, data);
    expect_hex(data, 32, "0633919ca3f00e97bafaa3304278eb22420cc3ff0d19f87dfca2d3f7508150bc");
    buf_fini(&out);
}

static struct statement_worker worker(void)
{
    struct statement_worker s = {.keyset = keyset, .role = ROLE_WORKER};

    fill(s.model.bytes, 1, 32);
    fill(s.network_id, 2, 32);
    fill(s.nonce, 3, 32);
    fill(s.release.bytes, 4, 32);
    fill(s.worker_id, 5, 32);
    return s;
}

static void test_worker_text(void **state)
{
    struct statement_worker s = worker();
    struct digest gpu = {{0xaa}};
    struct buf out;

    (void)state;
    buf_init(&out, STATEMENT_MAX);
    assert_int_equal(statement_put_worker(&out, &s), OK);
    assert_string_equal(
        buf_cstr(&out),
        "{\"gpu_evidence_digest\":null,\"keyset_digest\":\"" ACI_KEYSET "\",\"model_digest\":"
        "\"sha256:0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\","
        "\"network_id\":\"02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021\","
        "\"nonce\":\"030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122\","
        "\"purpose\":\"cocoon.worker.v1\",\"release_digest\":"
        "\"sha256:0405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223\","
        "\"role\":\"worker\",\"worker_id\":"
        "\"05060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324\"}");
    buf_clear(&out);
    s.gpu_evidence = &gpu;
    assert_int_equal(statement_put_worker(&out, &s), OK);
    assert_true(slice_starts(buf_slice(&out), SLICE_LIT("{\"gpu_evidence_digest\":\"sha256:aa00")));
    buf_fini(&out);
}

/* The GPU's nonce is over everything but the GPU's own evidence, behind its label. */
static void test_gpu_nonce(void **state)
{
    struct statement_worker s = worker();
    struct digest gpu = {{0xaa}}, nonce, again, expected;
    struct slice text, parts[3];
    struct buf out;

    (void)state;
    statement_gpu_nonce(&s, &nonce);
    s.gpu_evidence = &gpu;
    statement_gpu_nonce(&s, &again);
    assert_true(digest_eq(&nonce, &again));

    buf_init(&out, STATEMENT_MAX);
    s.gpu_evidence = NULL;
    assert_int_equal(statement_put_worker(&out, &s), OK);
    text = slice_skip(buf_slice(&out), strlen("{\"gpu_evidence_digest\":null,"));
    parts[0] = SLICE_LIT("cocoon.gpu.v1");
    parts[1] = SLICE_LIT("{");
    parts[2] = text;
    sha256_parts(parts, 3, &expected);
    assert_true(digest_eq(&nonce, &expected));

    s.nonce[0] ^= 1;
    statement_gpu_nonce(&s, &again);
    assert_false(digest_eq(&nonce, &again));
    buf_fini(&out);
}

/* Every member moves the report data; so does the purpose. */
static void test_channel_members(void **state)
{
    struct statement_channel base = {.purpose = LABEL_PURPOSE_CHANNEL, .keyset = &keyset}, s;
    struct digest other_keyset = keyset;
    uint8_t data[REPORT_DATA_LEN], other[REPORT_DATA_LEN];
    struct buf out;

    (void)state;
    buf_init(&out, STATEMENT_MAX);
    base.role = ROLE_PROXY;
    other_keyset.bytes[0] ^= 1;
    assert_int_equal(statement_put_channel(&out, &base), OK);
    assert_string_equal(
        buf_cstr(&out),
        "{\"exporter\":\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"keyset_digest\":\"" ACI_KEYSET "\",\"network_id\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\"nonce\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\"peer_spki\":"
        "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\","
        "\"purpose\":\"cocoon.channel.v1\",\"role\":\"proxy\",\"worker_id\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\"}");
    report_data_channel(&base, data);
    for (int i = 0; i < 8; i++) {
        s = base;
        s.exporter[0] ^= i == 0;
        s.keyset = i == 1 ? &other_keyset : s.keyset;
        s.network_id[0] ^= i == 2;
        s.nonce[0] ^= i == 3;
        s.peer_spki.bytes[0] ^= i == 4;
        s.worker_id[0] ^= i == 5;
        s.role = i == 6 ? ROLE_WORKER : s.role;
        s.purpose = i == 7 ? LABEL_PURPOSE_CHANNEL_BIND : s.purpose;
        report_data_channel(&s, other);
        assert_memory_not_equal(data, other, sizeof data);
    }
    buf_fini(&out);
}

static void test_roles(void **state)
{
    enum role role;

    (void)state;
    for (unsigned i = 0; i < ROLES; i++) {
        assert_int_equal(role_read(slice_text(role_name((enum role)i)), &role), OK);
        assert_int_equal(role, i);
    }
    assert_int_equal(role_read(SLICE_LIT("Worker"), &role), ERR_UNKNOWN_NAME);
}

static void test_worker_id(void **state)
{
    uint8_t account[32], id[32], message[13 + 32 + 4] = "cocoon.worker";
    struct digest expected;

    (void)state;
    fill(account, 9, 32);
    memcpy(message + 13, account, 32);
    message[47] = 1;
    message[48] = 2;
    sha256(SLICE_OF(message), &expected);
    worker_id_make(account, 0x0102, id);
    assert_memory_equal(id, expected.bytes, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aci_vectors), cmocka_unit_test(test_worker_text),
        cmocka_unit_test(test_gpu_nonce),   cmocka_unit_test(test_channel_members),
        cmocka_unit_test(test_roles),       cmocka_unit_test(test_worker_id),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
