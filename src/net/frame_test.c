#include "net/test.h"

#include "net/frame.h"

enum { FRAME_TEST_MAX = 300 * 1000 };

/* A reader at the accepting end; a bare stream, written to byte by byte, at the other. */
struct bench {
    struct loop *loop;
    struct listener *listener;
    struct stream *dialler;
    struct frame_reader *reader;
    struct stream *bare; /* the reader's stream, once taken off it */
    struct buf log;      /* every message, and a '|' after it */
    size_t messages;     /* so far */
    size_t expect, take_at;
    bool up, reached, closed;
    struct buf rest; /* what came after the reader was taken off */
    cocoon_err why;
};

static size_t rest_data(void *owner, struct slice bytes)
{
    struct bench *b = owner;

    buf_put(&b->rest, bytes);
    b->reached = true;
    return bytes.len;
}

static size_t ignore_data(void *owner, struct slice bytes)
{
    (void)owner;
    return bytes.len;
}

static void stream_gone(void *owner, cocoon_err why)
{
    (void)owner;
    (void)why;
}

static const struct stream_events rest_events = {.on_data = rest_data, .on_close = stream_gone};
static const struct stream_events quiet_events = {.on_data = ignore_data, .on_close = stream_gone};

static void bench_frame(void *owner, struct slice message)
{
    struct bench *b = owner;

    buf_put(&b->log, message);
    buf_put_u8(&b->log, '|');
    b->messages++;
    b->reached = b->messages == b->expect;
    if (b->messages == b->take_at) {
        b->reached = false;
        b->bare = frame_reader_take(b->reader);
        stream_bind(b->bare, &rest_events, b);
        b->reader = NULL;
    }
}

static void bench_close(void *owner, cocoon_err why)
{
    struct bench *b = owner;

    b->closed = true;
    b->why = why;
    b->reader = NULL;
}

static const struct frame_events bench_events = {bench_frame, bench_close};

static void bench_accept(void *owner, struct stream *s)
{
    struct bench *b = owner;

    b->reader = frame_reader_new(s, FRAME_TEST_MAX, &bench_events, b);
    b->up = true;
}

static int bench_setup(void **state)
{
    struct bench *b = MEM_NEW(struct bench);
    struct listener_params params = {.on_stream = bench_accept, .owner = b};
    struct addr at;

    assert_int_equal(loop_new(&b->loop), OK);
    assert_int_equal(addr_parse(SLICE_LIT("[::1]:0"), &params.at), OK);
    assert_int_equal(listener_open(b->loop, &params, &b->listener), OK);
    listener_addr(b->listener, &at);
    b->dialler = stream_connect(b->loop, &at, NULL, 10000, &quiet_events, b);
    buf_init(&b->log, TEST_FILE_MAX);
    buf_init(&b->rest, TEST_FILE_MAX);
    test_until(b->loop, &b->up);
    *state = b;
    return 0;
}

static int bench_teardown(void **state)
{
    struct bench *b = *state;

    frame_reader_close(b->reader);
    stream_close(b->dialler);
    stream_close(b->bare);
    listener_close(b->listener);
    loop_free(b->loop);
    buf_fini(&b->log);
    buf_fini(&b->rest);
    mem_free(b);
    return 0;
}

static const uint8_t three[] = "\0\0\0\3abc\0\0\0\0\0\0\0\5de|fgREST";

static void messages_arrive_however_cut(void **state)
{
    struct bench *b = *state;
    struct slice all = slice_make(three, 20);

    for (size_t i = 0; i < all.len; i++) { /* one byte a turn */
        stream_write(b->dialler, slice_sub(all, i, 1));
        test_turn(b->loop);
    }
    b->expect = 6;
    stream_write(b->dialler, all); /* and all at once */
    test_until(b->loop, &b->reached);
    assert_true(slice_eq_text(buf_slice(&b->log), "abc||de|fg|abc||de|fg|"));
}

static void long_message_in_pieces(void **state)
{
    struct bench *b = *state;
    uint8_t *zeros = mem_new(FRAME_TEST_MAX);
    static const uint8_t prefix[] = {0, FRAME_TEST_MAX >> 16, FRAME_TEST_MAX >> 8 & 0xff,
                                     FRAME_TEST_MAX & 0xff};

    b->expect = 1;
    stream_write(b->dialler, SLICE_OF(prefix));
    stream_write(b->dialler, slice_make(zeros, FRAME_TEST_MAX));
    test_until(b->loop, &b->reached);
    assert_int_equal(b->log.len, FRAME_TEST_MAX + 1);
    mem_free(zeros);
}

static void too_long_is_cut(void **state)
{
    struct bench *b = *state;
    static const uint8_t prefix[] = {0, FRAME_TEST_MAX >> 16, FRAME_TEST_MAX >> 8 & 0xff,
                                     (FRAME_TEST_MAX & 0xff) + 1};

    stream_write(b->dialler, SLICE_OF(prefix));
    test_until(b->loop, &b->closed);
    assert_int_equal(b->why, ERR_LIMIT);
}

static void stream_is_handed_on_with_what_follows(void **state)
{
    struct bench *b = *state;

    b->take_at = 3;
    stream_write(b->dialler, slice_make(three, sizeof three - 1));
    test_until(b->loop, &b->reached);
    assert_true(slice_eq_text(buf_slice(&b->log), "abc||de|fg|"));
    assert_true(slice_eq_text(buf_slice(&b->rest), "REST"));
}

static void peer_that_goes_is_reported(void **state)
{
    struct bench *b = *state;

    stream_write(b->dialler, slice_make(three, 6));
    stream_shut(b->dialler);
    test_until(b->loop, &b->closed);
    assert_int_equal(b->why, ERR_CLOSED);
    assert_int_equal(b->messages, 0);
}

static void reader_sends(void **state)
{
    struct bench *b = *state;

    stream_bind(b->dialler, &rest_events, b);
    frame_send(b->reader, SLICE_LIT("hello"));
    frame_send(b->reader, SLICE_LIT(""));
    test_until(b->loop, &b->reached);
    assert_true(slice_eq(buf_slice(&b->rest), SLICE_LIT("\0\0\0\5hello\0\0\0\0")));
}

int main(void)
{
#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        BENCH_TEST(messages_arrive_however_cut),
        BENCH_TEST(long_message_in_pieces),
        BENCH_TEST(too_long_is_cut),
        BENCH_TEST(stream_is_handed_on_with_what_follows),
        BENCH_TEST(peer_that_goes_is_reported),
        BENCH_TEST(reader_sends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
