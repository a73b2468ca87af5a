#include "attest/spdm.h"

#include "attest/kit_test.h"
#include "base/test.h"

enum { ARENA_MAX = 1024 * 1024, AT_BLOCKS = 41, AT_RECORD = 45, BLOCK_SIZE = 55 };

static struct slice report(struct arena *arena, size_t measurements)
{
    struct kit_spdm_report spec = {.measurements = measurements};
    uint8_t room[256];
    struct wr w = wr_init(room, sizeof room);

    kit_spdm_field(&w, SPDM_DRIVER_VERSION, SLICE_LIT("550.90.07\0"));
    kit_spdm_field(&w, 26, SLICE_LIT("unknown"));
    kit_spdm_field(&w, SPDM_NVDEC0_STATUS, SLICE_LIT("\x55"));
    assert_int_equal(wr_end(&w, &spec.opaque), OK);
    return kit_spdm_report(arena, &spec);
}

static cocoon_err parse(struct slice in, void *ctx, struct fail *fail)
{
    struct spdm_report r;

    (void)ctx;
    return spdm_report_parse(in, &r, fail);
}

static void test_fields(void **state)
{
    struct arena arena;
    struct fail fail;
    struct spdm_report r;
    struct slice value, bytes;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    bytes = report(&arena, 3);
    assert_int_equal(spdm_report_parse(bytes, &r, &fail), OK);
    assert_int_equal(r.request_nonce.ptr[31], 0x41);
    assert_int_equal(r.response_nonce.ptr[0], 0x42);
    assert_int_equal(r.measurement_count, 3);
    assert_int_equal(r.measurements[2].len, 48);
    assert_int_equal(r.measurements[2].ptr[0], 2);
    assert_null(r.measurements[3].ptr);
    assert_int_equal(r.field_count, 3);
    assert_true(spdm_field(&r, SPDM_DRIVER_VERSION, &value));
    assert_true(slice_eq(value, SLICE_LIT("550.90.07\0")));
    assert_true(spdm_field(&r, 26, &value));
    assert_false(spdm_field(&r, SPDM_FWID, &value));
    assert_int_equal(r.signed_part.len, bytes.len - 96);
    assert_int_equal(r.signature.ptr[95], 0x43);
    arena_fini(&arena);
}

static void test_every_cut_and_bit(void **state)
{
    struct arena arena;
    struct slice bytes;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    bytes = report(&arena, 2);
    kit_truncate(bytes, bytes.len, parse, NULL);
    kit_flip(bytes, parse, NULL);
    arena_fini(&arena);
}

static void test_trailing(void **state)
{
    struct arena arena;
    struct fail fail;
    struct spdm_report r;
    struct slice bytes;
    uint8_t *longer;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    bytes = report(&arena, 1);
    longer = kit_copy(&arena, bytes); /* one byte more than it copies, and that is zero */
    assert_int_equal(spdm_report_parse(slice_make(longer, bytes.len + 1), &r, &fail), ERR_TRAILING);
    assert_int_equal(fail.offset, bytes.len);
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
        {"SPDM 1.2", 0, 0x12, ERR_VERSION},
        {"another request", 1, 0xe1, ERR_MALFORMED},
        {"no signature asked for", 2, 0, ERR_MALFORMED},
        {"one measurement asked for", 3, 1, ERR_MALFORMED},
        {"another response", 38, 0x61, ERR_MALFORMED},
        {"block count too small", AT_BLOCKS, 2, ERR_MALFORMED},
        {"block count too large", AT_BLOCKS, 4, ERR_MALFORMED},
        {"record too long", 44, 0xff, ERR_TRUNCATED},
        {"record cut in a block", 42, 3 * BLOCK_SIZE - 1, ERR_MALFORMED},
        {"index 0", AT_RECORD, 0, ERR_MALFORMED},
        {"index above 239", AT_RECORD, 240, ERR_MALFORMED},
        {"index twice", AT_RECORD, 2, ERR_DUPLICATE},
        {"not a DMTF measurement", AT_RECORD + 1, 2, ERR_MALFORMED},
        {"value shorter than its block", AT_RECORD + 5, 47, ERR_MALFORMED},
        {"value longer than its block", AT_RECORD + 5, 49, ERR_MALFORMED},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_MAX);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct slice good = report(&arena, 3);
        uint8_t *bytes = kit_copy(&arena, good);
        struct spdm_report r;
        struct fail fail = {0};
        cocoon_err err;

        bytes[cases[i].at] = cases[i].value;
        err = spdm_report_parse(slice_make(bytes, good.len), &r, &fail);
        if (err != cases[i].err)
            fail_msg("%s: %s at %zu", cases[i].name, cocoon_err_name(err), fail.offset);
    }
    arena_fini(&arena);
}

static void test_opaque_refused(void **state)
{
    struct kit_spdm_report spec = {.measurements = 1};
    struct arena arena;
    struct fail fail;
    struct spdm_report r;
    uint8_t room[1024];
    struct wr w = wr_init(room, sizeof room);

    (void)state;
    arena_init(&arena, ARENA_MAX);
    kit_spdm_field(&w, SPDM_FWID, SLICE_LIT("one"));
    kit_spdm_field(&w, SPDM_FWID, SLICE_LIT("two"));
    assert_int_equal(wr_end(&w, &spec.opaque), OK);
    assert_int_equal(spdm_report_parse(kit_spdm_report(&arena, &spec), &r, &fail), ERR_DUPLICATE);

    w = wr_init(room, sizeof room);
    for (uint16_t type = 0; type <= SPDM_FIELDS_MAX; type++)
        kit_spdm_field(&w, type, SLICE_LIT(""));
    assert_int_equal(wr_end(&w, &spec.opaque), OK);
    assert_int_equal(spdm_report_parse(kit_spdm_report(&arena, &spec), &r, &fail), ERR_LIMIT);

    w = wr_init(room, sizeof room);
    wr_u16le(&w, SPDM_FWID);
    wr_u16le(&w, 5);
    wr_slice(&w, SLICE_LIT("four"));
    assert_int_equal(wr_end(&w, &spec.opaque), OK);
    assert_int_equal(spdm_report_parse(kit_spdm_report(&arena, &spec), &r, &fail), ERR_MALFORMED);
    arena_fini(&arena);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(spdm_field_name(SPDM_FEATURE_FLAG), "FEATURE_FLAG");
    assert_string_equal(spdm_field_name(SPDM_INVALID), "INVALID");
    assert_null(spdm_field_name(26));
    assert_null(spdm_field_name(0xffff));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),         cmocka_unit_test(test_every_cut_and_bit),
        cmocka_unit_test(test_trailing),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_opaque_refused), cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
