#include "attest/snp_report.h"

#include "attest/kit_test.h"
#include "base/test.h"

enum { ARENA_MAX = 1024 * 1024 };

static const struct kit_snp_report version_2 = {
    .version = 2, .policy = 0x30000, .vmpl = 1, .sig_algo = 1, .signer_info = 4};
static const struct kit_snp_report version_3 = {
    .version = 3, .policy = 0x30000, .sig_algo = 1, .family = 0x19, .model = 0x11, .stepping = 1};

static cocoon_err parse(struct slice in, void *ctx, struct fail *fail)
{
    struct snp_report report;

    (void)ctx;
    return snp_report_parse(in, &report, fail);
}

static void test_fields(void **state)
{
    struct arena arena;
    struct fail fail;
    struct snp_report r;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    assert_int_equal(snp_report_parse(kit_snp_report(&arena, &version_2), &r, &fail), OK);
    assert_int_equal(r.version, 2);
    assert_int_equal(r.guest_svn, 7);
    assert_true(r.policy == 0x30000);
    assert_int_equal(r.vmpl, 1);
    assert_int_equal(r.signing_key, SNP_KEY_VLEK);
    assert_false(r.author_key_enabled);
    assert_false(r.chip_key_masked);
    assert_true(r.platform_info == 0x25);
    assert_int_equal(r.measurement.ptr[47], 0x35);
    assert_int_equal(r.host_data.ptr[0], 0x36);
    assert_int_equal(r.report_id_ma.ptr[31], 0x3a);
    assert_int_equal(r.chip_id.ptr[63], 0x3b);
    assert_int_equal(r.current.major, 1);
    assert_int_equal(r.current.minor, 55);
    assert_int_equal(r.current.build, 1);
    assert_int_equal(r.signed_part.len, 0x2a0);
    assert_int_equal(r.r.ptr[71], 0x3c);
    assert_int_equal(r.s.ptr[0], 0x3d);

    assert_int_equal(snp_report_parse(kit_snp_report(&arena, &version_3), &r, &fail), OK);
    assert_int_equal(r.cpuid_family, 0x19);
    assert_int_equal(r.cpuid_model, 0x11);
    assert_int_equal(r.cpuid_stepping, 1);
    arena_fini(&arena);
}

static void test_every_cut_and_bit(void **state)
{
    struct arena arena;
    struct slice bytes;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    bytes = kit_snp_report(&arena, &version_3);
    kit_truncate(bytes, bytes.len, parse, NULL);
    kit_flip(bytes, parse, NULL);
    arena_fini(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
        cocoon_err err;
    } cases[] = {
        {"version 1", 0, 1, ERR_VERSION},
        {"version 6", 0, 6, ERR_VERSION},
        {"no signature algorithm", 0x34, 0, ERR_ALGORITHM},
        {"signer info, reserved bit", 0x48, 0x20, ERR_MALFORMED},
        {"reserved after signer info", 0x4c, 1, ERR_MALFORMED},
        {"reserved after cpuid", 0x18b, 1, ERR_MALFORMED},
        {"reserved after current version", 0x1eb, 1, ERR_MALFORMED},
        {"reserved after committed version", 0x1ef, 1, ERR_MALFORMED},
        {"mitigation vector before version 5", 0x1f8, 1, ERR_MALFORMED},
        {"reserved before the signature", 0x29f, 1, ERR_MALFORMED},
        {"reserved after the signature", 0x49f, 1, ERR_MALFORMED},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t *bytes = kit_copy(&arena, kit_snp_report(&arena, &version_3));
        struct snp_report r;
        struct fail fail = {0};
        cocoon_err err;

        bytes[cases[i].at] = cases[i].value;
        err = snp_report_parse(slice_make(bytes, SNP_REPORT_SIZE), &r, &fail);
        if (err != cases[i].err || fail.offset != cases[i].at)
            fail_msg("%s: %s at 0x%zx", cases[i].name, cocoon_err_name(err), fail.offset);
    }
    arena_fini(&arena);
}

static void test_cpuid_before_version_3(void **state)
{
    struct kit_snp_report spec = version_2;
    struct arena arena;
    struct fail fail;
    struct snp_report r;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    spec.model = 1;
    assert_int_equal(snp_report_parse(kit_snp_report(&arena, &spec), &r, &fail), ERR_MALFORMED);
    assert_int_equal(fail.offset, 0x189);
    arena_fini(&arena);
}

static void test_mitigation_vectors(void **state)
{
    struct kit_snp_report spec = version_3;
    struct arena arena;
    struct fail fail;
    struct snp_report r;
    uint8_t *bytes;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    spec.version = 5;
    bytes = kit_copy(&arena, kit_snp_report(&arena, &spec));
    bytes[0x1f8] = 3;
    bytes[0x207] = 0x80;
    assert_int_equal(snp_report_parse(slice_make(bytes, SNP_REPORT_SIZE), &r, &fail), OK);
    assert_true(r.launch_mit_vector == 3);
    assert_true(r.current_mit_vector == UINT64_C(1) << 63);
    arena_fini(&arena);
}

static void test_trailing(void **state)
{
    struct arena arena;
    struct fail fail;
    struct snp_report r;
    uint8_t bytes[SNP_REPORT_SIZE + 1] = {0};

    (void)state;
    arena_init(&arena, ARENA_MAX);
    memcpy(bytes, kit_snp_report(&arena, &version_3).ptr, SNP_REPORT_SIZE);
    assert_int_equal(snp_report_parse(SLICE_OF(bytes), &r, &fail), ERR_TRAILING);
    assert_int_equal(fail.offset, SNP_REPORT_SIZE);
    arena_fini(&arena);
}

/* The same eight bytes mean other things on Turin. */
static void test_tcb_layouts(void **state)
{
    static const uint8_t raw[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct snp_tcb milan = snp_tcb(SLICE_OF(raw), SNP_MILAN);
    struct snp_tcb turin = snp_tcb(SLICE_OF(raw), SNP_TURIN);

    (void)state;
    assert_int_equal(milan.fmc, 0);
    assert_int_equal(milan.boot_loader, 1);
    assert_int_equal(milan.tee, 2);
    assert_int_equal(milan.snp, 7);
    assert_int_equal(milan.microcode, 8);
    assert_int_equal(turin.fmc, 1);
    assert_int_equal(turin.boot_loader, 2);
    assert_int_equal(turin.tee, 3);
    assert_int_equal(turin.snp, 4);
    assert_int_equal(turin.microcode, 8);
}

static void test_tcb_floor(void **state)
{
    const struct snp_tcb floor = {1, 1, 1, 1, 1};

    (void)state;
    assert_true(snp_tcb_at_least(&floor, &floor));
    assert_true(snp_tcb_at_least(&(struct snp_tcb){2, 1, 1, 1, 9}, &floor));
    assert_false(snp_tcb_at_least(&(struct snp_tcb){0, 9, 9, 9, 9}, &floor));
    assert_false(snp_tcb_at_least(&(struct snp_tcb){9, 0, 9, 9, 9}, &floor));
    assert_false(snp_tcb_at_least(&(struct snp_tcb){9, 9, 0, 9, 9}, &floor));
    assert_false(snp_tcb_at_least(&(struct snp_tcb){9, 9, 9, 0, 9}, &floor));
    assert_false(snp_tcb_at_least(&(struct snp_tcb){9, 9, 9, 9, 0}, &floor));
}

static void test_products(void **state)
{
    (void)state;
    assert_int_equal(snp_product_of_cpuid(0x19, 0x01), SNP_MILAN);
    assert_int_equal(snp_product_of_cpuid(0x19, 0x11), SNP_GENOA);
    assert_int_equal(snp_product_of_cpuid(0x19, 0xa0), SNP_GENOA);
    assert_int_equal(snp_product_of_cpuid(0x1a, 0x02), SNP_TURIN);
    assert_int_equal(snp_product_of_cpuid(0x19, 0x21), SNP_UNKNOWN);
    assert_int_equal(snp_product_of_cpuid(0x17, 0x31), SNP_UNKNOWN);
    assert_string_equal(snp_product_name(SNP_MILAN), "Milan");
    assert_string_equal(snp_product_name(SNP_GENOA), "Genoa");
    assert_string_equal(snp_product_name(SNP_TURIN), "Turin");
    assert_string_equal(snp_product_name(SNP_UNKNOWN), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_every_cut_and_bit),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_cpuid_before_version_3),
        cmocka_unit_test(test_mitigation_vectors),
        cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_tcb_layouts),
        cmocka_unit_test(test_tcb_floor),
        cmocka_unit_test(test_products),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
