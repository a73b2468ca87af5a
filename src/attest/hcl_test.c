#include "attest/hcl.h"

#include "attest/kit_test.h"
#include "base/test.h"

enum { AT_DATA = 0x4c0 };

struct kit_hcl {
    uint32_t type, hash;
    struct slice claims;
    size_t padding;
};

static const struct kit_hcl snp = {2, 1, SLICE_INIT("{\"keys\":[]}"), 100};

static struct slice hcl(const struct kit_hcl *h, uint8_t room[4096])
{
    struct wr w = wr_init(room, 4096);
    struct slice out;

    wr_slice(&w, SLICE_LIT("HCLA"));
    wr_u32le(&w, 2);
    wr_u32le(&w, (uint32_t)(AT_DATA + 20 + h->claims.len));
    wr_zero(&w, 4 + 4 + 12);
    for (size_t i = 0; i < 1184; i++)
        wr_u8(&w, (uint8_t)i);
    wr_u32le(&w, (uint32_t)h->claims.len + 20);
    wr_u32le(&w, 1);
    wr_u32le(&w, h->type);
    wr_u32le(&w, h->hash);
    wr_u32le(&w, (uint32_t)h->claims.len);
    wr_slice(&w, h->claims);
    wr_zero(&w, h->padding);
    assert_int_equal(wr_end(&w, &out), OK);
    return out;
}

static cocoon_err parse(struct slice in, void *ctx, struct fail *fail)
{
    struct hcl_report report;

    (void)ctx;
    return hcl_report_parse(in, &report, fail);
}

static void test_snp(void **state)
{
    uint8_t room[4096];
    struct slice bytes = hcl(&snp, room);
    struct hcl_report r;
    struct fail fail;

    (void)state;
    assert_int_equal(hcl_report_parse(bytes, &r, &fail), OK);
    assert_int_equal(r.version, 2);
    assert_int_equal(r.type, HCL_SNP);
    assert_int_equal(r.hardware.len, 1184);
    assert_int_equal(r.hardware.ptr[1183], (uint8_t)1183);
    assert_int_equal(r.td_report_data.len, 0);
    assert_int_equal(r.hash, HASH_SHA256);
    assert_true(slice_eq(r.runtime_claims, snp.claims));
    kit_truncate(bytes, bytes.len - snp.padding, parse, NULL);
    kit_flip(bytes, parse, NULL);
}

static void test_tdx(void **state)
{
    const struct kit_hcl tdx = {4, 3, SLICE_INIT("{}"), 0};
    uint8_t room[4096];
    struct slice bytes = hcl(&tdx, room);
    struct hcl_report r;
    struct fail fail;

    (void)state;
    assert_int_equal(hcl_report_parse(bytes, &r, &fail), OK);
    assert_int_equal(r.type, HCL_TDX);
    assert_int_equal(r.hash, HASH_SHA512);
    assert_int_equal(r.td_report_data.len, 64);
    assert_int_equal(r.td_report_data.ptr[0], 0x80);
    kit_truncate(bytes, bytes.len, parse, NULL);
}

static void test_refused(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
        cocoon_err err;
    } cases[] = {
        {"magic", 0, 'h', ERR_MALFORMED},
        {"size one more", AT_DATA, 32, ERR_MALFORMED},
        {"size far off", AT_DATA + 3, 0xff, ERR_MALFORMED},
        {"runtime data version", AT_DATA + 4, 2, ERR_VERSION},
        {"type VBS", AT_DATA + 8, 3, ERR_UNSUPPORTED},
        {"hash 0", AT_DATA + 12, 0, ERR_ALGORITHM},
        {"hash 4", AT_DATA + 12, 4, ERR_ALGORITHM},
        {"claims one more", AT_DATA + 16, 12, ERR_MALFORMED},
        {"claims beyond the end", AT_DATA + 17, 0xff, ERR_TRUNCATED},
        {"padding not zero", AT_DATA + 20 + 11 + 99, 1, ERR_TRAILING},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t room[4096];
        struct slice bytes = hcl(&snp, room);
        struct hcl_report r;
        struct fail fail = {0};
        cocoon_err err;

        room[cases[i].at] = cases[i].value;
        err = hcl_report_parse(bytes, &r, &fail);
        if (err != cases[i].err)
            fail_msg("%s: %s at 0x%zx", cases[i].name, cocoon_err_name(err), fail.offset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snp),
        cmocka_unit_test(test_tdx),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
