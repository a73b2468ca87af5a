/* One lane against every way in which a stream may be cut, shuffled or changed. */
#include "channel/ohttp_chunk.h"

#include "base/test.h"

enum { WIRE_MAX = 4 * 1024 * 1024 };

static struct fail fail;

static void start(struct ohttp_lane *lane, bool whole)
{
    static const uint8_t key[32] = {1, 2, 3};

    *lane = (struct ohttp_lane){.base_nonce = {{9, 8, 7}}, .whole = whole};
    assert_int_equal(aead_init(&lane->aead, AEAD_AES_256_GCM, SLICE_OF(key)), OK);
}

/* Seal the pieces as one message. */
static void seal(struct buf *wire, const struct slice *pieces, size_t count, bool whole)
{
    struct ohttp_lane lane;

    start(&lane, whole);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ohttp_lane_seal(&lane, pieces[i], i + 1 == count, wire), OK);
    assert_true(lane.ended);
    ohttp_lane_fini(&lane);
}

/* Open `wire`, handed over `step` bytes at a time; `out` gets the plaintext. */
static cocoon_err open_in_steps(struct slice wire, size_t step, bool whole, size_t max,
                                struct buf *out, bool *ended)
{
    struct ohttp_pending pending;
    struct ohttp_lane lane;
    cocoon_err err = OK;

    start(&lane, whole);
    ohttp_pending_init(&pending, max);
    do {
        size_t n = step < wire.len ? step : wire.len;

        err = ohttp_lane_open(&lane, &pending, slice_sub(wire, 0, n), n == wire.len, out, &fail);
        wire = slice_skip(wire, n);
    } while (err == OK && wire.len > 0);
    *ended = lane.ended;
    if (err != OK) /* an error is final */
        assert_int_equal(ohttp_lane_open(&lane, &pending, SLICE_LIT(""), true, out, &fail), err);
    ohttp_pending_fini(&pending);
    ohttp_lane_fini(&lane);
    return err;
}

static const struct slice three[] = {SLICE_INIT("first piece, "), SLICE_INIT("second, "),
                                     SLICE_INIT("and last")};

static void test_every_step(void **state)
{
    (void)state;
    for (int final_empty = 0; final_empty < 2; final_empty++) {
        struct slice pieces[] = {three[0], three[1], final_empty ? SLICE_LIT("") : three[2]};
        struct buf wire, out;
        bool ended;

        buf_init(&wire, WIRE_MAX);
        buf_init(&out, WIRE_MAX);
        seal(&wire, pieces, 3, false);
        assert_int_equal(wire.len, pieces[0].len + pieces[1].len + pieces[2].len + 3 * 17);
        for (size_t step = 1; step <= wire.len; step++) {
            buf_clear(&out);
            assert_int_equal(
                open_in_steps(buf_slice(&wire), step, false, OHTTP_CHUNK, &out, &ended), OK);
            assert_true(ended);
            assert_true(slice_eq_text(buf_slice(&out), final_empty
                                                           ? "first piece, second, "
                                                           : "first piece, second, and last"));
        }
        buf_fini(&wire);
        buf_fini(&out);
    }
}

/* A chunk is handed out with its last byte, not with the first of the next. */
static void test_promptness(void **state)
{
    struct ohttp_pending pending;
    struct ohttp_lane lane;
    struct buf wire, out;

    (void)state;
    buf_init(&wire, WIRE_MAX);
    buf_init(&out, WIRE_MAX);
    seal(&wire, three, 3, false);
    start(&lane, false);
    ohttp_pending_init(&pending, OHTTP_CHUNK);
    for (size_t at = 0; at < wire.len; at++) {
        size_t first = three[0].len + 17, second = first + three[1].len + 17;

        assert_int_equal(
            ohttp_lane_open(&lane, &pending, slice_make(wire.ptr + at, 1), false, &out, &fail), OK);
        assert_int_equal(out.len, at + 1 < first    ? 0
                                  : at + 1 < second ? three[0].len
                                                    : three[0].len + three[1].len);
        assert_false(lane.ended);
    }
    assert_int_equal(ohttp_lane_open(&lane, &pending, SLICE_LIT(""), true, &out, &fail), OK);
    assert_true(lane.ended);
    assert_true(slice_eq_text(buf_slice(&out), "first piece, second, and last"));
    ohttp_pending_fini(&pending);
    ohttp_lane_fini(&lane);
    buf_fini(&wire);
    buf_fini(&out);
}

/* Whatever is missing at the end, the message is never complete. */
static void test_truncation(void **state)
{
    struct buf wire, out;
    bool ended;

    (void)state;
    buf_init(&wire, WIRE_MAX);
    buf_init(&out, WIRE_MAX);
    seal(&wire, three, 3, false);
    for (size_t len = 0; len < wire.len; len++)
        for (size_t step = 1; step < 60; step += 29) {
            cocoon_err err =
                open_in_steps(slice_make(wire.ptr, len), step, false, OHTTP_CHUNK, &out, &ended);

            assert_false(ended);
            assert_true(err == ERR_TRUNCATED || err == ERR_DECRYPT);
            if (len == 0 || len == three[0].len + 17 || len == wire.len - three[2].len - 17)
                assert_int_equal(err, ERR_TRUNCATED); /* between two chunks */
        }
    buf_fini(&wire);
    buf_fini(&out);
}

static void test_bit_flips(void **state)
{
    struct buf wire, out;
    bool ended;

    (void)state;
    buf_init(&wire, WIRE_MAX);
    buf_init(&out, WIRE_MAX);
    seal(&wire, three, 3, false);
    for (size_t bit = 0; bit < 8 * wire.len; bit++) {
        wire.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
        buf_clear(&out);
        assert_int_not_equal(
            open_in_steps(buf_slice(&wire), SIZE_MAX, false, OHTTP_CHUNK, &out, &ended), OK);
        assert_false(ended);
        assert_true(slice_starts(SLICE_LIT("first piece, second, "), buf_slice(&out)));
        wire.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    buf_fini(&wire);
    buf_fini(&out);
}

/* The chunks in another order, twice, or with one left out; a chunk made final and the reverse. */
static void test_shuffled(void **state)
{
    enum { FIRST = 13 + 17, SECOND = 8 + 17 };
    struct buf wire, out, bad;
    struct slice first, second, last;
    bool ended;

    (void)state;
    buf_init(&wire, WIRE_MAX);
    buf_init(&out, WIRE_MAX);
    buf_init(&bad, WIRE_MAX);
    seal(&wire, three, 3, false);
    first = slice_make(wire.ptr, FIRST);
    second = slice_make(wire.ptr + FIRST, SECOND);
    last = slice_skip(buf_slice(&wire), FIRST + SECOND);
    {
        const struct slice orders[][4] = {
            {second, first, last, SLICE_INIT("")},
            {first, last, SLICE_INIT(""), SLICE_INIT("")},
            {first, first, second, last},
            {second, last, SLICE_INIT(""), SLICE_INIT("")},
            {last, SLICE_INIT(""), SLICE_INIT(""), SLICE_INIT("")},
            {first, second, second, last},
        };

        for (size_t i = 0; i < COUNT_OF(orders); i++) {
            buf_clear(&bad);
            for (size_t k = 0; k < 4; k++)
                buf_put(&bad, orders[i][k]);
            assert_int_equal(
                open_in_steps(buf_slice(&bad), SIZE_MAX, false, OHTTP_CHUNK, &out, &ended),
                ERR_DECRYPT);
            assert_false(ended);
        }
    }
    /* The second chunk announced as the final one. */
    buf_clear(&bad);
    buf_put(&bad, first);
    buf_put_u8(&bad, 0);
    buf_put(&bad, slice_skip(second, 1));
    assert_int_equal(open_in_steps(buf_slice(&bad), SIZE_MAX, false, OHTTP_CHUNK, &out, &ended),
                     ERR_DECRYPT);
    /* The final chunk announced as one among others. */
    buf_clear(&bad);
    buf_put(&bad, first);
    buf_put(&bad, second);
    buf_put_u8(&bad, (uint8_t)(last.len - 1));
    buf_put(&bad, slice_skip(last, 1));
    assert_int_equal(open_in_steps(buf_slice(&bad), SIZE_MAX, false, OHTTP_CHUNK, &out, &ended),
                     ERR_DECRYPT);
    assert_false(ended);
    buf_fini(&wire);
    buf_fini(&out);
    buf_fini(&bad);
}

/* The draft, section 6: "A non-final chunk MUST NOT contain a zero-length plaintext." */
static void test_empty_chunk(void **state)
{
    struct aead_nonce nonce = {{9, 8, 7}};
    struct ohttp_lane lane;
    uint8_t wire[18] = {16};
    struct buf out;
    bool ended;

    (void)state;
    start(&lane, false);
    assert_int_equal(aead_seal(&lane.aead, &nonce, SLICE_LIT(""), SLICE_LIT(""), wire + 1), OK);
    ohttp_lane_fini(&lane);
    buf_init(&out, 100);
    for (size_t len = 1; len <= 16; len++) { /* even those too short for a tag */
        wire[0] = (uint8_t)len;
        assert_int_equal(
            open_in_steps(slice_make(wire, 17), SIZE_MAX, false, OHTTP_CHUNK, &out, &ended),
            ERR_MALFORMED);
    }
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

/* A sender cuts long pieces; a receiver takes long chunks up to its limit, in any steps. */
static void test_sizes(void **state)
{
    static uint8_t plain[3 * OHTTP_CHUNK + 5];
    static const size_t lens[] = {OHTTP_CHUNK - 1, OHTTP_CHUNK, OHTTP_CHUNK + 1, sizeof plain};
    static const size_t steps[] = {1000, 16384, 70000, SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 31 + i / 256);
    for (size_t i = 0; i < COUNT_OF(lens); i++)
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            struct slice piece = slice_make(plain, lens[i]);
            struct buf wire, out;
            bool ended;

            buf_init(&wire, WIRE_MAX);
            buf_init(&out, WIRE_MAX);
            seal(&wire, &piece, 1, false);
            assert_int_equal(
                open_in_steps(buf_slice(&wire), steps[k], false, OHTTP_CHUNK, &out, &ended), OK);
            assert_true(ended && slice_eq(buf_slice(&out), piece));
            buf_fini(&wire);
            buf_fini(&out);
        }
}

/* One byte over the limit is refused as soon as its length is known, final or not. */
static void test_too_long(void **state)
{
    static uint8_t plain[5000];
    struct buf wire, out;
    bool ended;

    (void)state;
    for (size_t len = 4999; len <= 5000; len++)
        for (int final = 0; final < 2; final++) {
            struct slice pieces[] = {slice_make(plain, final ? 10 : len),
                                     slice_make(plain, final ? len : 10)};
            cocoon_err expected = len == 4999 ? OK : ERR_LIMIT;

            buf_init(&wire, WIRE_MAX);
            buf_init(&out, WIRE_MAX);
            seal(&wire, pieces, 2, false);
            for (size_t step = 100; step < 20000; step *= 3)
                assert_int_equal(open_in_steps(buf_slice(&wire), step, false, 4999, &out, &ended),
                                 expected);
            buf_fini(&wire);
            buf_fini(&out);
        }
    buf_init(&out, 10); /* and what the caller has no room for */
    buf_init(&wire, WIRE_MAX);
    seal(&wire, three, 3, false);
    assert_int_equal(open_in_steps(buf_slice(&wire), 7, false, 4999, &out, &ended), ERR_LIMIT);
    buf_fini(&wire);
    buf_fini(&out);
}

/* The draft, section 6: a length may be written in any of its forms. */
static void test_long_lengths(void **state)
{
    static const uint8_t forms[][8] = {{0x40, 29}, {0x80, 0, 0, 29}, {0xc0, 0, 0, 0, 0, 0, 0, 29}};
    static const size_t lens[] = {2, 4, 8};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        struct buf wire, bad, out;
        bool ended;

        buf_init(&wire, WIRE_MAX);
        buf_init(&bad, WIRE_MAX);
        buf_init(&out, WIRE_MAX);
        seal(&wire, three, 3, false);
        buf_put(&bad, slice_make(forms[i], lens[i]));
        buf_put(&bad, slice_skip(buf_slice(&wire), 1));
        for (size_t step = 1; step < 40; step++)
            assert_int_equal(open_in_steps(buf_slice(&bad), step, false, OHTTP_CHUNK, &out, &ended),
                             OK);
        buf_fini(&wire);
        buf_fini(&bad);
        buf_fini(&out);
    }
}

static void test_whole(void **state)
{
    struct slice piece = SLICE_LIT("all of it");
    struct buf wire, out;
    bool ended;

    (void)state;
    buf_init(&wire, WIRE_MAX);
    buf_init(&out, WIRE_MAX);
    seal(&wire, &piece, 1, true);
    assert_int_equal(wire.len, piece.len + AEAD_TAG_LEN);
    for (size_t step = 1; step <= wire.len; step++) {
        buf_clear(&out);
        assert_int_equal(open_in_steps(buf_slice(&wire), step, true, 100, &out, &ended), OK);
        assert_true(ended && slice_eq(buf_slice(&out), piece));
    }
    for (size_t len = 0; len < wire.len; len++)
        assert_int_equal(
            open_in_steps(slice_make(wire.ptr, len), SIZE_MAX, true, 100, &out, &ended),
            ERR_DECRYPT);
    for (size_t bit = 0; bit < 8 * wire.len; bit++) {
        wire.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(open_in_steps(buf_slice(&wire), 5, true, 100, &out, &ended), ERR_DECRYPT);
        wire.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t step = 1; step <= 64; step *= 4) {
        assert_int_equal(open_in_steps(buf_slice(&wire), step, true, piece.len - 1, &out, &ended),
                         ERR_LIMIT);
        assert_int_equal(open_in_steps(buf_slice(&wire), step, true, piece.len - 9, &out, &ended),
                         ERR_LIMIT);
    }
    /* A chunk is not a whole message, nor the reverse. */
    assert_int_not_equal(open_in_steps(buf_slice(&wire), 5, false, 100, &out, &ended), OK);
    buf_clear(&wire);
    seal(&wire, &piece, 1, false);
    assert_int_equal(open_in_steps(buf_slice(&wire), 5, true, 100, &out, &ended), ERR_DECRYPT);
    assert_int_equal(open_in_steps(slice_skip(buf_slice(&wire), 1), 5, true, 100, &out, &ended),
                     ERR_DECRYPT);
    buf_fini(&wire);
    buf_fini(&out);
}

static void test_after_the_end(void **state)
{
    struct ohttp_pending pending;
    struct ohttp_lane sender, receiver;
    struct buf wire, out;

    (void)state;
    start(&sender, false);
    start(&receiver, false);
    ohttp_pending_init(&pending, 100);
    buf_init(&wire, 100);
    buf_init(&out, 100);
    assert_int_equal(ohttp_lane_seal(&sender, SLICE_LIT(""), false, &wire), OK);
    assert_int_equal(wire.len, 0); /* nothing for nothing */
    assert_int_equal(ohttp_lane_seal(&sender, SLICE_LIT("x"), true, &wire), OK);
    assert_int_equal(ohttp_lane_seal(&sender, SLICE_LIT("y"), false, &wire), ERR_CLOSED);
    assert_int_equal(ohttp_lane_open(&receiver, &pending, buf_slice(&wire), true, &out, &fail), OK);
    assert_true(receiver.ended);
    assert_int_equal(ohttp_lane_open(&receiver, &pending, SLICE_LIT(""), true, &out, &fail), OK);
    assert_int_equal(ohttp_lane_open(&receiver, &pending, SLICE_LIT("z"), true, &out, &fail),
                     ERR_TRAILING);
    ohttp_lane_fini(&sender);
    start(&sender, false);
    buf_fini(&wire);
    buf_init(&wire, 20);
    assert_int_equal(ohttp_lane_seal(&sender, SLICE_LIT("much too long"), true, &wire), ERR_LIMIT);
    ohttp_pending_fini(&pending);
    ohttp_lane_fini(&sender);
    ohttp_lane_fini(&receiver);
    buf_fini(&wire);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step),    cmocka_unit_test(test_promptness),
        cmocka_unit_test(test_truncation),    cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_shuffled),      cmocka_unit_test(test_empty_chunk),
        cmocka_unit_test(test_sizes),         cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_long_lengths),  cmocka_unit_test(test_whole),
        cmocka_unit_test(test_after_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
