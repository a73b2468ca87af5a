#include "attest/quote.h"

#include "attest/kit_test.h"
#include "base/test.h"

enum { ARENA_MAX = 16 * 1024 * 1024 };

static const struct slice chain = SLICE_INIT("certificates");
static const struct slice auth = SLICE_INIT("0123456789abcdef0123456789abcdef");

static struct kit_quote td_quote(struct arena *arena, uint16_t version, uint16_t type)
{
    const struct kit_td_report body = {0};

    return (struct kit_quote){.version = version,
                              .tee = QUOTE_TDX,
                              .body_type = type,
                              .body = kit_td_report(arena, &body, type),
                              .qe_auth = auth,
                              .cert_type = 5,
                              .cert_data = chain};
}

static struct kit_quote sgx_quote(struct arena *arena)
{
    const struct kit_sgx_report body = {.isv_prod_id = 7, .isv_svn = 9};

    return (struct kit_quote){.version = 3,
                              .body = kit_sgx_report(arena, &body),
                              .qe_auth = auth,
                              .cert_type = 5,
                              .cert_data = chain};
}

static cocoon_err parse(struct slice in, void *ctx, struct fail *fail)
{
    struct quote q;

    (void)ctx;
    return quote_parse(in, &q, fail);
}

static void assert_fill(struct slice s, uint8_t value, size_t len)
{
    assert_int_equal(s.len, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(s.ptr[i], value);
}

static void test_sgx(void **state)
{
    struct arena arena;
    struct fail fail;
    struct quote q;
    struct kit_quote spec;
    struct slice bytes;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    spec = sgx_quote(&arena);
    bytes = kit_quote(&arena, &spec);
    assert_int_equal(quote_parse(bytes, &q, &fail), OK);
    assert_int_equal(q.version, 3);
    assert_int_equal(q.tee, QUOTE_SGX);
    assert_fill(q.sgx.cpu_svn, 0x01, 16);
    assert_fill(q.sgx.mr_enclave, 0x03, 32);
    assert_fill(q.sgx.mr_signer, 0x04, 32);
    assert_int_equal(q.sgx.isv_prod_id, 7);
    assert_int_equal(q.sgx.isv_svn, 9);
    assert_fill(q.sgx.report_data, 0x05, 64);
    assert_int_equal(q.signed_part.len, 48 + 384);
    assert_fill(q.signature, 0x21, 64);
    assert_fill(q.attestation_key, 0x22, 64);
    assert_fill(q.qe.all, 0x23, 384);
    assert_fill(q.qe_signature, 0x24, 64);
    assert_true(slice_eq(q.qe_auth, auth));
    assert_int_equal(q.cert_type, 5);
    assert_true(slice_eq(q.cert_data, chain));
    assert_int_equal(q.trailing, 0);
    kit_truncate(bytes, bytes.len, parse, NULL);
    kit_flip(bytes, parse, NULL);
    arena_fini(&arena);
}

static void check_td(const struct quote *q, uint16_t type)
{
    assert_int_equal(q->tee, QUOTE_TDX);
    assert_int_equal(q->body_type, type);
    assert_fill(q->td.tee_tcb_svn, 0x01, 16);
    assert_fill(q->td.mr_seam, 0x02, 48);
    assert_true(q->td.xfam == UINT64_C(0x0303030303030303));
    assert_fill(q->td.mr_td, 0x07, 48);
    assert_fill(q->td.mr_config_id, 0x08, 48);
    assert_fill(q->td.mr_owner, 0x09, 48);
    assert_fill(q->td.mr_owner_config, 0x0a, 48);
    assert_fill(q->td.rtmr[3], 0x13, 48);
    assert_fill(q->td.report_data, 0x0b, 64);
    assert_int_equal(q->td.tee_tcb_svn2.len, type >= 3 ? 16 : 0);
    assert_int_equal(q->td.mr_service_td.len, type >= 3 ? 48 : 0);
    assert_int_equal(q->td.extension.len, type == 4 ? 237 : 0);
}

static void test_td(void **state)
{
    static const struct {
        uint16_t version, type;
        size_t signed_len;
    } cases[] = {{4, 2, 48 + 584}, {5, 2, 54 + 584}, {5, 3, 54 + 648}, {5, 4, 54 + 885}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct fail fail;
        struct quote q;
        struct kit_quote spec;
        struct slice bytes;

        arena_init(&arena, ARENA_MAX);
        spec = td_quote(&arena, cases[i].version, cases[i].type);
        bytes = kit_quote(&arena, &spec);
        assert_int_equal(quote_parse(bytes, &q, &fail), OK);
        check_td(&q, cases[i].type);
        assert_int_equal(q.signed_part.len, cases[i].signed_len);
        kit_truncate(bytes, bytes.len, parse, NULL);
        kit_flip(bytes, parse, NULL);
        arena_fini(&arena);
    }
}

static void test_sgx_in_version_5(void **state)
{
    const struct kit_sgx_report body = {0};
    struct arena arena;
    struct fail fail;
    struct quote q;
    struct kit_quote spec = {.version = 5, .body_type = 1, .cert_type = 5};

    (void)state;
    arena_init(&arena, ARENA_MAX);
    spec.body = kit_sgx_report(&arena, &body);
    assert_int_equal(quote_parse(kit_quote(&arena, &spec), &q, &fail), OK);
    assert_int_equal(q.tee, QUOTE_SGX);
    assert_int_equal(q.body_type, QUOTE_BODY_SGX);
    assert_int_equal(q.qe_auth.len, 0);
    arena_fini(&arena);
}

/* Padding after the quote is counted, never read. */
static void test_trailing(void **state)
{
    struct arena arena;
    struct fail fail;
    struct quote q;
    struct kit_quote spec;
    struct slice bytes;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    spec = td_quote(&arena, 4, 2);
    spec.trailing = SLICE_LIT("padding");
    bytes = kit_quote(&arena, &spec);
    assert_int_equal(quote_parse(bytes, &q, &fail), OK);
    assert_int_equal(q.trailing, 7);
    kit_truncate(bytes, bytes.len - 7, parse, NULL);
    arena_fini(&arena);
}

/* One altered place a case, on a good TDX version 4 quote (or 5, where the body type stands). */
static void test_refused(void **state)
{
    static const struct {
        const char *name;
        uint16_t version;
        size_t at;
        uint8_t value;
        cocoon_err err;
        size_t offset;
    } cases[] = {
        {"version 2", 4, 0, 2, ERR_VERSION, 0},
        {"version 6", 4, 0, 6, ERR_VERSION, 0},
        {"P-384 attestation key", 4, 2, 3, ERR_ALGORITHM, 2},
        {"unknown TEE", 4, 4, 0x82, ERR_UNSUPPORTED, 4},
        {"TDX in version 3", 4, 0, 3, ERR_MALFORMED, 4},
        {"reserved QE SVN", 4, 8, 1, ERR_MALFORMED, 8},
        {"reserved PCE SVN", 4, 11, 1, ERR_MALFORMED, 8},
        {"QE vendor", 4, 12, 0x92, ERR_UNSUPPORTED, 12},
        {"signature part one shorter", 4, 632, 0x79, ERR_MALFORMED, 766},
        {"not a QE report inside", 4, 764, 5, ERR_MALFORMED, 764},
        {"QE part one longer", 4, 766, 0xf5, ERR_MALFORMED, 766},
        {"certification data type 6", 4, 1252, 6, ERR_UNSUPPORTED, 1252},
        {"certification data type 0", 4, 1252, 0, ERR_UNSUPPORTED, 1252},
        {"certification data one shorter", 4, 1254, 11, ERR_TRAILING, 1269},
        {"body type 0", 5, 48, 0, ERR_UNSUPPORTED, 48},
        {"body type 5", 5, 48, 5, ERR_UNSUPPORTED, 48},
        {"SGX body in a TDX quote", 5, 48, 1, ERR_MALFORMED, 48},
        {"body size of another type", 5, 48, 2, ERR_MALFORMED, 50},
        {"body size", 5, 50, 0x89, ERR_MALFORMED, 50},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct fail fail;
        struct quote q;
        struct kit_quote spec;
        struct slice good;
        uint8_t *bad;
        cocoon_err err;

        arena_init(&arena, ARENA_MAX);
        spec = td_quote(&arena, cases[i].version, cases[i].version == 5 ? 3 : 2);
        good = kit_quote(&arena, &spec);
        bad = kit_copy(&arena, good);
        assert_true(cases[i].at < good.len);
        bad[cases[i].at] = cases[i].value;
        err = quote_parse(slice_make(bad, good.len), &q, &fail);
        if (err != cases[i].err || fail.offset != cases[i].offset)
            fail_msg("%s: %s at %zu", cases[i].name, cocoon_err_name(err), fail.offset);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sgx),
        cmocka_unit_test(test_td),
        cmocka_unit_test(test_sgx_in_version_5),
        cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
