#include "attest/eventlog.h"

#include "attest/kit_test.h"
#include "base/hex.h"
#include "base/test.h"

enum { ROOM = 4096 };

/* A crypto agile log of SHA-1 and SHA-256 banks, ready for records. */
static struct wr agile_log(uint8_t room[ROOM])
{
    struct wr w = wr_init(room, ROOM);

    wr_u32le(&w, 0);
    wr_u32le(&w, EV_NO_ACTION);
    wr_zero(&w, 20);
    wr_u32le(&w, 16 + 4 + 4 + 4 + 8 + 1);
    wr_slice(&w, SLICE_LIT("Spec ID Event03\0"));
    wr_u32le(&w, 0);
    wr_u32le(&w, 0x02000200);
    wr_u32le(&w, 2);
    wr_u16le(&w, TPM_ALG_SHA1);
    wr_u16le(&w, 20);
    wr_u16le(&w, TPM_ALG_SHA256);
    wr_u16le(&w, 32);
    wr_u8(&w, 0);
    return w;
}

/* Append a record with the true digests of `measured`. */
static void put_event(struct wr *w, uint32_t mr, uint32_t type, struct slice measured,
                      struct slice data)
{
    uint8_t digest[HASH_LEN_MAX];

    wr_u32le(w, mr);
    wr_u32le(w, type);
    wr_u32le(w, 2);
    wr_u16le(w, TPM_ALG_SHA1);
    hash_once(HASH_SHA1_PCR, measured, digest);
    wr_slice(w, slice_make(digest, 20));
    wr_u16le(w, TPM_ALG_SHA256);
    hash_once(HASH_SHA256, measured, digest);
    wr_slice(w, slice_make(digest, 32));
    wr_u32le(w, (uint32_t)data.len);
    wr_slice(w, data);
}

static struct slice done(const struct wr *w)
{
    struct slice out;

    assert_int_equal(wr_end(w, &out), OK);
    return out;
}

/* Replay all of `in` into `bank`, whose TPM algorithm is `id`. */
static cocoon_err replay(struct slice in, uint16_t id, struct mr_bank *bank, size_t *events,
                         struct fail *fail)
{
    struct eventlog log;
    struct eventlog_event e;
    enum hash_alg alg;
    bool end = false;
    cocoon_err err = eventlog_open(in, &log, fail);

    assert_true(tpm_hash(id, &alg));
    mr_bank_init_tpm(bank, alg);
    while (err == OK && (err = eventlog_next(&log, &e, &end, fail)) == OK && !end) {
        size_t index = eventlog_alg_index(&log, id);

        err = index == log.alg_count ? fail_set(fail, ERR_MISSING, 0, "no such bank")
                                     : mr_bank_replay(bank, &e, index, fail);
    }
    *events = log.events;
    return err;
}

static cocoon_err parse(struct slice in, void *ctx, struct fail *fail)
{
    struct mr_bank bank;
    size_t events;

    (void)ctx;
    return replay(in, TPM_ALG_SHA256, &bank, &events, fail);
}

static void test_replay(void **state)
{
    uint8_t room[ROOM], expect[32], both[64] = {0};
    struct wr w = agile_log(room);
    struct mr_bank bank;
    struct fail fail;
    struct slice bytes;
    size_t events;

    (void)state;
    put_event(&w, 0, 8, SLICE_LIT("firmware"), SLICE_LIT("firmware"));
    put_event(&w, 0, EV_NO_ACTION, SLICE_LIT(""), SLICE_LIT("anything"));
    put_event(&w, 0, 4, SLICE_LIT("\0\0\0\0"), SLICE_LIT("\0\0\0\0"));
    bytes = done(&w);
    assert_int_equal(replay(bytes, TPM_ALG_SHA256, &bank, &events, &fail), OK);
    assert_int_equal(events, 3);
    assert_int_equal(bank.touched, 1);

    hash_once(HASH_SHA256, SLICE_LIT("firmware"), both + 32);
    hash_once(HASH_SHA256, SLICE_OF(both), both);
    hash_once(HASH_SHA256, SLICE_LIT("\0\0\0\0"), both + 32);
    hash_once(HASH_SHA256, SLICE_OF(both), expect);
    assert_true(slice_eq(mr_bank_value(&bank, 0), SLICE_OF(expect)));
    assert_int_equal(mr_bank_value(&bank, 17).ptr[31], 0xff);
    assert_int_equal(mr_bank_value(&bank, 23).ptr[0], 0);
    assert_int_equal(replay(bytes, TPM_ALG_SHA1, &bank, &events, &fail), OK);
    assert_int_equal(mr_bank_value(&bank, 0).len, 20);
    assert_int_equal(replay(bytes, TPM_ALG_SHA384, &bank, &events, &fail), ERR_MISSING);
    kit_flip(bytes, parse, NULL);
}

/* A cut at a record's end is a shorter log, so only other cuts must fail. */
static void test_truncated(void **state)
{
    uint8_t room[ROOM];
    struct wr w = agile_log(room);
    size_t head = w.len, middle;
    struct slice bytes;

    (void)state;
    put_event(&w, 1, 4, SLICE_LIT("abcd"), SLICE_LIT("abcd"));
    middle = w.len;
    put_event(&w, 1, 4, SLICE_LIT("efgh"), SLICE_LIT("efgh"));
    bytes = done(&w);
    for (size_t len = 0; len <= bytes.len; len++) {
        struct fail fail = {0};
        cocoon_err err = parse(slice_sub(bytes, 0, len), NULL, &fail);
        bool whole = len == head || len == middle || len == bytes.len;

        /* One to four zeros or ones at the start of a record read as padding. */
        if (!whole && err == OK && (len < head || (len - head) % (middle - head) > 4))
            fail_msg("cut at %zu passes", len);
        if (whole)
            assert_int_equal(err, OK);
    }
}

static void test_startup_locality(void **state)
{
    uint8_t room[ROOM];
    struct wr w = agile_log(room);
    struct mr_bank bank;
    struct fail fail;
    size_t events;

    (void)state;
    put_event(&w, 0, EV_NO_ACTION, SLICE_LIT(""), SLICE_LIT("StartupLocality\0\3"));
    assert_int_equal(replay(done(&w), TPM_ALG_SHA256, &bank, &events, &fail), OK);
    assert_int_equal(mr_bank_value(&bank, 0).ptr[31], 3);
    put_event(&w, 0, 4, SLICE_LIT("x"), SLICE_LIT("x"));
    assert_int_equal(replay(done(&w), TPM_ALG_SHA256, &bank, &events, &fail), OK);
    put_event(&w, 0, EV_NO_ACTION, SLICE_LIT(""), SLICE_LIT("StartupLocality\0\3"));
    assert_int_equal(replay(done(&w), TPM_ALG_SHA256, &bank, &events, &fail), ERR_MALFORMED);
}

static void test_padding(void **state)
{
    uint8_t room[ROOM];
    struct wr w = agile_log(room);
    struct mr_bank bank;
    struct fail fail;
    size_t events, len;

    (void)state;
    put_event(&w, 1, 4, SLICE_LIT("x"), SLICE_LIT("x"));
    len = w.len;
    wr_zero(&w, 100);
    assert_int_equal(replay(done(&w), TPM_ALG_SHA256, &bank, &events, &fail), OK);
    assert_int_equal(events, 1);
    memset(room + len, 0xff, 100);
    assert_int_equal(replay(done(&w), TPM_ALG_SHA256, &bank, &events, &fail), OK);
    assert_int_equal(events, 1);
    room[len + 99] = 1;
    assert_int_not_equal(replay(done(&w), TPM_ALG_SHA256, &bank, &events, &fail), OK);
}

static void test_refused(void **state)
{
    static const struct {
        const char *name;
        size_t at; /* from the first record on, or in the header with `header` set */
        uint8_t value;
        cocoon_err err;
        bool header;
    } cases[] = {
        {"no algorithms", 56, 0, ERR_LIMIT, true},
        {"nine algorithms", 56, 9, ERR_LIMIT, true},
        {"algorithm twice", 64, TPM_ALG_SHA1, ERR_DUPLICATE, true},
        {"SHA-256 of 31 bytes", 66, 31, ERR_MALFORMED, true},
        {"vendor information beyond the record", 68, 1, ERR_MALFORMED, true},
        {"register 32", 0, 32, ERR_MALFORMED, false},
        {"one digest", 8, 1, ERR_MALFORMED, false},
        {"three digests", 8, 3, ERR_MALFORMED, false},
        {"unknown algorithm", 12, 0x12, ERR_MALFORMED, false},
        {"digest twice", 12 + 22, TPM_ALG_SHA1, ERR_DUPLICATE, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint8_t room[ROOM];
        struct wr w = agile_log(room);
        size_t head = w.len;
        struct fail fail = {0};
        cocoon_err err;

        put_event(&w, 1, 4, SLICE_LIT("data"), SLICE_LIT("data"));
        room[(cases[i].header ? 0 : head) + cases[i].at] = cases[i].value;
        err = parse(done(&w), NULL, &fail);
        if (err != cases[i].err)
            fail_msg("%s: %s, %s", cases[i].name, cocoon_err_name(err), fail.what);
    }
}

static void test_tcg_1_2(void **state)
{
    uint8_t room[ROOM], digest[20];
    struct wr w = wr_init(room, sizeof room);
    struct eventlog log;
    struct eventlog_event e;
    struct fail fail;
    bool end;

    (void)state;
    hash_once(HASH_SHA1_PCR, SLICE_LIT("action"), digest);
    wr_u32le(&w, 4);
    wr_u32le(&w, 5);
    wr_slice(&w, SLICE_OF(digest));
    wr_u32le(&w, 6);
    wr_slice(&w, SLICE_LIT("action"));
    assert_int_equal(eventlog_open(done(&w), &log, &fail), OK);
    assert_int_equal(log.format, EVENTLOG_TCG_1_2);
    assert_int_equal(log.alg_count, 1);
    assert_int_equal(eventlog_next(&log, &e, &end, &fail), OK);
    assert_false(end);
    assert_int_equal(e.mr, 4);
    assert_int_equal(e.type, 5);
    assert_true(slice_eq_text(e.data, "action"));
    assert_true(eventlog_data_covered(&e, 0, HASH_SHA1_PCR));
    assert_int_equal(eventlog_next(&log, &e, &end, &fail), OK);
    assert_true(end);
}

/* A digest may be true while the data beside it is not. */
static void test_data_not_covered(void **state)
{
    uint8_t room[ROOM];
    struct wr w = agile_log(room);
    struct eventlog log;
    struct eventlog_event e;
    struct fail fail;
    bool end;

    (void)state;
    put_event(&w, 1, 4, SLICE_LIT("measured"), SLICE_LIT("shown"));
    assert_int_equal(eventlog_open(done(&w), &log, &fail), OK);
    assert_int_equal(eventlog_next(&log, &e, &end, &fail), OK);
    assert_false(eventlog_data_covered(&e, eventlog_alg_index(&log, TPM_ALG_SHA256), HASH_SHA256));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay),           cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_startup_locality), cmocka_unit_test(test_padding),
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_tcg_1_2),
        cmocka_unit_test(test_data_not_covered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
