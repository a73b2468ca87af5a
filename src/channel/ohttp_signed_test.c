/* Signed key configurations: what a client must refuse before it seals anything. */
#include "channel/ohttp_signed.h"

#include "base/b64.h"
#include "base/test.h"
#include "channel/ohttp_keys.h"
#include "codec/jcs.h"
#include "crypto/rand.h"

enum { NOW = 1800000000 };

static struct ed25519_key signer, stranger;
static const struct digest keyset = {{1, 2, 3}}, other_keyset = {{1, 2, 4}};
static struct fail fail;

static int make_keys(void **state)
{
    (void)state;
    ed25519_keygen(&signer, &rand_system);
    ed25519_keygen(&stranger, &rand_system);
    return 0;
}

static struct ohttp_signed example(unix_time not_before, unix_time not_after)
{
    struct ohttp_signed s = {
        .keyset_digest = keyset, .not_before = not_before, .not_after = not_after};
    struct kem_key key;

    assert_int_equal(kem_keygen(KEM_X25519, &rand_system, &key), OK);
    ohttp_config_make(&s.config, 5, &key);
    return s;
}

static cocoon_err read_at(struct slice json, unix_time now)
{
    struct ohttp_signed out;

    return ohttp_signed_read(json, &signer.public, &keyset, now, &out, &fail);
}

static void test_round_trip(void **state)
{
    struct ohttp_signed s = example(NOW, NOW + 3600), back;
    struct buf json, canonical;

    (void)state;
    buf_init(&json, OHTTP_SIGNED_LEN_MAX);
    buf_init(&canonical, OHTTP_SIGNED_LEN_MAX);
    assert_int_equal(ohttp_signed_put(&s, &signer, &json), OK);
    assert_int_equal(jcs_canonicalize(buf_slice(&json), &canonical, &fail), OK);
    assert_true(slice_eq(buf_slice(&json), buf_slice(&canonical)));
    assert_int_equal(
        ohttp_signed_read(buf_slice(&json), &signer.public, &keyset, NOW + 5, &back, &fail), OK);
    assert_int_equal(back.config.key_id, 5);
    assert_memory_equal(back.config.public.bytes, s.config.public.bytes, 32);
    assert_int_equal(back.not_before, NOW);
    assert_int_equal(back.not_after, NOW + 3600);
    buf_fini(&json);
    buf_fini(&canonical);
}

static void test_times(void **state)
{
    struct ohttp_signed s = example(NOW, NOW + 3600);
    struct buf json;

    (void)state;
    buf_init(&json, OHTTP_SIGNED_LEN_MAX);
    assert_int_equal(ohttp_signed_put(&s, &signer, &json), OK);
    assert_int_equal(read_at(buf_slice(&json), NOW - OHTTP_CLOCK_SKEW - 1), ERR_NOT_YET_VALID);
    assert_int_equal(read_at(buf_slice(&json), NOW - OHTTP_CLOCK_SKEW), OK);
    assert_int_equal(read_at(buf_slice(&json), NOW + 3599), OK);
    assert_int_equal(read_at(buf_slice(&json), NOW + 3600), ERR_EXPIRED);
    s.not_after++;
    buf_clear(&json);
    assert_int_equal(ohttp_signed_put(&s, &signer, &json), OK);
    assert_int_equal(read_at(buf_slice(&json), NOW), ERR_RANGE); /* more than an hour */
    s.not_after = NOW - 1;
    buf_clear(&json);
    assert_int_equal(ohttp_signed_put(&s, &signer, &json), OK);
    assert_int_equal(read_at(buf_slice(&json), NOW), ERR_RANGE);
    s.not_before = -9007199254740991;
    s.not_after = 9007199254740991;
    buf_clear(&json);
    assert_int_equal(ohttp_signed_put(&s, &signer, &json), OK);
    assert_int_equal(read_at(buf_slice(&json), NOW), ERR_RANGE);
    buf_fini(&json);
}

static void test_strangers(void **state)
{
    struct ohttp_signed s = example(NOW, NOW + 3600), out;
    struct buf json;

    (void)state;
    buf_init(&json, OHTTP_SIGNED_LEN_MAX);
    assert_int_equal(ohttp_signed_put(&s, &stranger, &json), OK);
    assert_int_equal(read_at(buf_slice(&json), NOW), ERR_SIGNATURE);
    buf_clear(&json);
    assert_int_equal(ohttp_signed_put(&s, &signer, &json), OK);
    assert_int_equal(
        ohttp_signed_read(buf_slice(&json), &signer.public, &other_keyset, NOW, &out, &fail),
        ERR_MISMATCH);
    buf_fini(&json);
}

/* Any one bit, and any truncation. */
static void test_tampering(void **state)
{
    struct ohttp_signed s = example(NOW, NOW + 3600);
    struct buf json;

    (void)state;
    buf_init(&json, OHTTP_SIGNED_LEN_MAX);
    assert_int_equal(ohttp_signed_put(&s, &signer, &json), OK);
    for (size_t bit = 0; bit < 8 * json.len; bit++) {
        json.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(read_at(buf_slice(&json), NOW), OK);
        json.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t len = 0; len < json.len; len++)
        assert_int_not_equal(read_at(slice_make(json.ptr, len), NOW), OK);
    buf_fini(&json);
}

/* Sign `members` (JCS order, without the signature) as they are, and read the result. */
static cocoon_err read_signed(const char *members)
{
    struct ed25519_sig sig;
    struct buf text, json;
    char hex[2 * ED25519_SIG_LEN + 1];
    cocoon_err err;

    buf_init(&text, 2 * OHTTP_SIGNED_LEN_MAX);
    buf_init(&json, 2 * OHTTP_SIGNED_LEN_MAX);
    buf_printf(&text, "{%s}", members);
    ed25519_sign(&signer, buf_slice(&text), &sig);
    hex_write(ed25519_sig_slice(&sig), hex);
    buf_printf(&json, "{\"signature\":\"%s\",%s}", hex, members);
    err = read_at(buf_slice(&json), NOW);
    buf_fini(&text);
    buf_fini(&json);
    return err;
}

#define KEYSET                                                                                     \
    "\"keyset_digest\":\"sha256:"                                                                  \
    "0102030000000000000000000000000000000000000000000000000000000000\","
#define AFTER  "\"not_after\":1800003600,"
#define BEFORE "\"not_before\":1800000000"

/* As read_signed, with the key configuration of RFC 9458 appendix A before `members`. */
static cocoon_err read_with_config(const char *members)
{
    uint8_t bytes[64];
    struct buf b64, text;
    cocoon_err err;

    buf_init(&b64, 100);
    buf_init(&text, 1000);
    b64_put(&b64, test_unhex("01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e7981"
                             "5500080001000100010003",
                             bytes));
    buf_printf(&text, "\"key_config\":\"%s\",%s", buf_cstr(&b64), members);
    err = read_signed(buf_cstr(&text));
    buf_fini(&b64);
    buf_fini(&text);
    return err;
}

/* Well signed, and still wrong. */
static void test_members(void **state)
{
    (void)state;
    assert_int_equal(read_with_config(KEYSET AFTER BEFORE), OK);
    assert_int_equal(read_with_config(KEYSET AFTER BEFORE ",\"note\":1"), ERR_UNKNOWN_NAME);
    assert_int_equal(read_with_config(KEYSET BEFORE), ERR_MISSING);
    assert_int_equal(read_with_config(KEYSET "\"not_after\":\"1800003600\"," BEFORE), ERR_TYPE);
    assert_int_equal(read_with_config(KEYSET "\"not_after\":1800003600.5," BEFORE), ERR_RANGE);
    assert_int_equal(read_signed("\"key_config\":\"AQ\"," KEYSET AFTER BEFORE), ERR_MALFORMED);
    assert_int_equal(read_signed("\"key_config\":\"AQAg\"," KEYSET AFTER BEFORE), ERR_TRUNCATED);
    assert_int_equal(read_at(SLICE_LIT("{}"), NOW), ERR_MISSING);
    assert_int_equal(read_at(SLICE_LIT("[]"), NOW), ERR_TYPE);
    assert_int_equal(read_at(SLICE_LIT("{\"signature\":\"00\"}"), NOW), ERR_MALFORMED);
}

/* What a ring publishes, a client takes: the newest first, or the next if that one is not for it.
 */
static void test_list(void **state)
{
    struct ohttp_keys *keys = ohttp_keys_new(KEM_X25519, 3600, &rand_system);
    struct ohttp_signed list[OHTTP_KEYS_LIVE_MAX], out;
    struct buf json;
    size_t count;

    (void)state;
    buf_init(&json, OHTTP_SIGNED_LIST_LEN_MAX);
    assert_int_equal(ohttp_keys_tick(keys, NOW, NULL), OK);
    assert_int_equal(ohttp_keys_tick(keys, NOW + 1800, NULL), OK);
    count = ohttp_keys_list(keys, &keyset, list);
    assert_int_equal(count, 2);
    assert_int_equal(ohttp_signed_list_put(list, count, &signer, &json), OK);
    assert_int_equal(
        ohttp_signed_list_read(buf_slice(&json), &signer.public, &keyset, NOW + 1800, &out, &fail),
        OK);
    assert_int_equal(out.not_before, NOW + 1800);
    /* To a clock that lags the newest is not valid yet, the older one is. */
    assert_int_equal(
        ohttp_signed_list_read(buf_slice(&json), &signer.public, &keyset, NOW, &out, &fail), OK);
    assert_int_equal(out.not_before, NOW);
    assert_int_equal(
        ohttp_signed_list_read(buf_slice(&json), &signer.public, &keyset, NOW + 9999, &out, &fail),
        ERR_EXPIRED);
    assert_int_equal(
        ohttp_signed_list_read(buf_slice(&json), &stranger.public, &keyset, NOW, &out, &fail),
        ERR_SIGNATURE);
    assert_int_equal(fail.code, ERR_SIGNATURE);
    /* Where none will do, the first one's error is told. */
    buf_clear(&json);
    {
        struct buf one;

        buf_init(&one, OHTTP_SIGNED_LEN_MAX);
        assert_int_equal(ohttp_signed_put(&list[0], &stranger, &one), OK);
        buf_printf(&json, "{\"keys\":[%s,", buf_cstr(&one));
        buf_clear(&one);
        assert_int_equal(ohttp_signed_put(&list[1], &signer, &one), OK);
        buf_printf(&json, "%s]}", buf_cstr(&one));
        buf_fini(&one);
    }
    assert_int_equal(
        ohttp_signed_list_read(buf_slice(&json), &signer.public, &keyset, NOW + 9999, &out, &fail),
        ERR_SIGNATURE);
    for (size_t len = 0; len < json.len; len++)
        assert_int_not_equal(ohttp_signed_list_read(slice_make(json.ptr, len), &signer.public,
                                                    &keyset, NOW, &out, &fail),
                             OK);
    assert_int_equal(ohttp_signed_list_read(SLICE_LIT("{\"keys\":[]}"), &signer.public, &keyset,
                                            NOW, &out, &fail),
                     ERR_MISSING);
    assert_int_equal(
        ohttp_signed_list_read(SLICE_LIT("{}"), &signer.public, &keyset, NOW, &out, &fail),
        ERR_MISSING);
    assert_int_equal(ohttp_signed_list_read(SLICE_LIT("{\"keys\":1}"), &signer.public, &keyset, NOW,
                                            &out, &fail),
                     ERR_TYPE);
    buf_fini(&json);
    ohttp_keys_free(keys);
}

static void test_limits(void **state)
{
    static uint8_t spaces[OHTTP_SIGNED_LIST_LEN_MAX + 1];
    struct ohttp_signed s = example(NOW, NOW + 3600), out;
    struct buf small;

    (void)state;
    memset(spaces, ' ', sizeof spaces);
    assert_int_equal(read_at(slice_make(spaces, OHTTP_SIGNED_LEN_MAX + 1), NOW), ERR_LIMIT);
    assert_int_equal(
        ohttp_signed_list_read(SLICE_OF(spaces), &signer.public, &keyset, NOW, &out, &fail),
        ERR_LIMIT);
    buf_init(&small, 100);
    assert_int_equal(ohttp_signed_put(&s, &signer, &small), ERR_LIMIT);
    buf_clear(&small);
    assert_int_equal(ohttp_signed_list_put(&s, 1, &signer, &small), ERR_LIMIT);
    buf_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_times),
        cmocka_unit_test(test_strangers),  cmocka_unit_test(test_tampering),
        cmocka_unit_test(test_members),    cmocka_unit_test(test_list),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
