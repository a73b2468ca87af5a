#include "codec/bhttp.h"

#include "base/test.h"

/* The examples of RFC 9292 section 5. */
static const char known_request[] =
    "0003474554056874747073000a2f68656c6c6f2e747874406c0a757365722d6167656e74346375726c2f372e31362e"
    "33"
    "206c69626375726c2f372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e3304686f73740f"
    "77"
    "77772e6578616d706c652e636f6d0f6163636570742d6c616e677561676506656e2c206d690000";
static const char indeterminate_request[] = "0203474554056874747073000a2f68656c6c6f2e7478740a757365"
                                            "722d6167656e74346375726c2f372e31362e33206c"
                                            "69626375726c2f372e31362e33204f70656e53534c2f302e392e37"
                                            "6c207a6c69622f312e322e3304686f73740f777777"
                                            "2e6578616d706c652e636f6d0f6163636570742d6c616e67756167"
                                            "6506656e2c206d6900000000000000000000000000";
static const char interim_response[] =
    "0340660772756e6e696e670a22736c656570203135220040670"
    "46c696e6b233c2f7374796c652e6373733e3b2072656c3d7072656c6f61643b2061733d7374796c65046c696e6b243"
    "c2f"
    "7363726970742e6a733e3b2072656c3d7072656c6f61643b2061733d7363726970740040c80464617465"
    "1d4d6f6e2c203237204a756c20323030392031323a32383a353320474d540673657276657206417061636865"
    "0d6c6173742d6d6f6469666965641d5765642c203232204a756c20323030392031393a31353a353620474d54046574"
    "61"
    "671422333461613338372d642d3135363865623030220d6163636570742d72616e67657305627974657"
    "30e636f6e74656e742d6c656e677468023531047661"
    "72790f4163636570742d456e636f64696e670c636f6e74656e742d747970650a746578742f706c61696e003348656c"
    "6c"
    "6f20576f726c6421204d7920636f6e74656e7420696e636c75646573206120747261696c696e672043524c462e0d0a"
    "0000";
static const char known_response[] =
    "0140c8001d5468697320636f6e74656e7420636f6e7461696e732043524c462e"
    "0d0a0d07747261696c65720474657874";

/* All that a message said, in one text: "head: a=b; content; trailers: …". */
static void describe(const struct bhttp_rd *b, enum bhttp_event event, struct buf *out)
{
    switch (event) {
    case BHTTP_MORE:
        return;
    case BHTTP_CONTENT:
        buf_put(out, b->content);
        return;
    case BHTTP_DONE:
        buf_put_text(out, "|done");
        return;
    case BHTTP_INFORMATIONAL:
    case BHTTP_HEAD:
        if (b->response) {
            buf_printf(out, "%u", b->control.status);
        } else {
            buf_put(out, b->control.method);
            buf_put_u8(out, ' ');
            buf_put(out, b->control.scheme);
            buf_put_u8(out, ' ');
            buf_put(out, b->control.authority);
            buf_put_u8(out, ' ');
            buf_put(out, b->control.path);
        }
        break;
    case BHTTP_TRAILERS:
        buf_put_text(out, "|end");
        break;
    }
    for (size_t i = 0; i < b->fields.count; i++) {
        buf_put_u8(out, ';');
        buf_put(out, b->fields.list[i].name);
        buf_put_u8(out, '=');
        buf_put(out, b->fields.list[i].value);
    }
    buf_put_u8(out, '|');
}

/* Read `message`, coming in pieces of `step` bytes, and describe it. */
static cocoon_err read_all(struct slice message, bool response, size_t step, struct buf *out)
{
    static struct bhttp_rd b;
    struct buf pending;
    enum bhttp_event event = BHTTP_MORE;
    cocoon_err err = OK;
    struct fail fail;
    size_t used;

    buf_clear(out);
    buf_init(&pending, 1 << 20);
    bhttp_rd_init(&b, response);
    while (err == OK && event != BHTTP_DONE) {
        struct slice piece = slice_sub(message, 0, step < message.len ? step : message.len);
        bool last;

        buf_put(&pending, piece);
        message = slice_skip(message, piece.len);
        last = message.len == 0;
        do {
            err = bhttp_next(&b, buf_slice(&pending), last, &used, &event, &fail);
            if (err == OK)
                describe(&b, event, out);
            buf_drop(&pending, used);
        } while (err == OK && event != BHTTP_MORE && event != BHTTP_DONE);
    }
    if (err == OK) { /* what is left must be padding */
        buf_put(&pending, message);
        err = bhttp_next(&b, buf_slice(&pending), true, &used, &event, &fail);
    }
    buf_fini(&pending);
    return err;
}

static void check_example(const char *hex, bool response, const char *want)
{
    uint8_t bytes[512];
    struct slice message = test_unhex(hex, bytes);
    struct buf out;

    buf_init(&out, 4096);
    for (size_t step = 1; step <= message.len; step++) {
        assert_int_equal(read_all(message, response, step, &out), OK);
        assert_string_equal(buf_cstr(&out), want);
    }
    buf_fini(&out);
}

#define REQUEST_TEXT                                                                               \
    "GET https  /hello.txt;user-agent=curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3;"       \
    "host=www.example.com;accept-language=en, mi||end||done"

static void test_examples(void **state)
{
    (void)state;
    check_example(known_request, false, REQUEST_TEXT);
    check_example(indeterminate_request, false, REQUEST_TEXT);
    check_example(
        interim_response, true,
        "102;running=\"sleep 15\"|103;link=</style.css>; rel=preload; as=style;"
        "link=</script.js>; rel=preload; as=script|200;date=Mon, 27 Jul 2009 12:28:53 GMT;"
        "server=Apache;last-modified=Wed, 22 Jul 2009 19:15:56 GMT;etag=\"34aa387-d-1568eb00\";"
        "accept-ranges=bytes;content-length=51;vary=Accept-Encoding;content-type=text/plain|"
        "Hello World! My content includes a trailing CRLF.\r\n|end||done");
    check_example(known_response, true,
                  "200|This content contains CRLF.\r\n|end;trailer=text||done");
}

/* The lengths at which a prefix of an example is a whole message: RFC 9292 3.8. */
struct ends {
    bool response;
    size_t at[16], count;
};

static void check_prefix(struct slice prefix, void *arg)
{
    const struct ends *ends = arg;
    bool whole = false;
    struct buf out;
    cocoon_err err;

    buf_init(&out, 4096);
    for (size_t i = 0; i < ends->count; i++)
        whole |= ends->at[i] == prefix.len;
    err = read_all(prefix, ends->response, prefix.len + 1, &out);
    if (err != (whole ? OK : ERR_TRUNCATED))
        fail_msg("prefix of %zu: %s", prefix.len, cocoon_err_name(err));
    buf_fini(&out);
}

static void test_truncation(void **state)
{
    uint8_t bytes[512];
    struct slice message;
    struct ends ends = {0};

    (void)state;
    message = test_unhex(known_request, bytes);
    ends.at[0] = 23; /* after the control data: no fields either */
    ends.at[1] = message.len - 2;
    ends.at[2] = message.len - 1;
    ends.count = 3;
    test_each_prefix(message, check_prefix, &ends);

    message = test_unhex(indeterminate_request, bytes);
    ends.at[1] = 0; /* never: the section of fields is cut before its end */
    for (ends.count = 2; ends.count < 14; ends.count++)
        ends.at[ends.count] = message.len - 14 + ends.count;
    ends.at[0] = 23;
    ends.at[1] = message.len - 12;
    test_each_prefix(message, check_prefix, &ends);

    message = test_unhex(known_response, bytes);
    ends = (struct ends){.response = true, .at = {3, 4, message.len - 14}, .count = 3};
    test_each_prefix(message, check_prefix, &ends);

    message = test_unhex(interim_response, bytes);
    ends = (struct ends){.response = true, .at = {message.len - 1}, .count = 1};
    for (size_t i = 0; i < message.len; i++) /* the end of 200's control data, and of its fields */
        if (i > 2 && bytes[i - 2] == 0x40 && bytes[i - 1] == 0xc8)
            ends.at[ends.count++] = i;
    ends.at[ends.count++] = message.len - 1 - 53;
    test_each_prefix(message, check_prefix, &ends);
}

static void check_anything(struct slice bytes, void *arg)
{
    struct buf out;
    cocoon_err err;

    (void)arg;
    buf_init(&out, 4096);
    for (int response = 0; response < 2; response++) {
        err = read_all(bytes, response == 1, bytes.len + 1, &out);
        assert_true(err == OK || err == ERR_TRUNCATED || err == ERR_MALFORMED || err == ERR_TYPE ||
                    err == ERR_UNSUPPORTED || err == ERR_LIMIT);
    }
    buf_fini(&out);
}

static void test_bit_flips(void **state)
{
    static const char *const examples[] = {known_request, indeterminate_request, interim_response,
                                           known_response};
    uint8_t bytes[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(examples); i++)
        test_each_bit_flip(test_unhex(examples[i], bytes), check_anything, NULL);
}

static const struct {
    const char *name, *hex;
    bool response;
    cocoon_err err;
} refused[] = {
    {"framing 4", "0440c8", true, ERR_UNSUPPORTED},
    {"response for request", "0140c80000", false, ERR_TYPE},
    {"request for response", "0003474554056874747073000a2f68656c6c6f2e747874", true, ERR_TYPE},
    {"status 99", "014063", true, ERR_MALFORMED},
    {"status 600", "014258", true, ERR_MALFORMED},
    {"only informational", "01406400", true, ERR_TRUNCATED},
    {"empty method", "000005687474707300012f", false, ERR_MALFORMED},
    {"empty scheme", "00034745540000012f", false, ERR_MALFORMED},
    {"empty path", "00034745540568747470730000", false, ERR_MALFORMED},
    {"relative path",
     "000347455405687474707300"
     "0161",
     false, ERR_MALFORMED},
    {"space in path",
     "000347455405687474707300"
     "022f20",
     false, ERR_MALFORMED},
    {"newline in authority",
     "0003474554056874747073"
     "010a"
     "012f",
     false, ERR_MALFORMED},
    {"upper-case name",
     "0140c8"
     "04"
     "01410162",
     true, ERR_MALFORMED},
    {"empty name",
     "0140c8"
     "03"
     "000162",
     true, ERR_MALFORMED},
    {"pseudo-field",
     "0140c8"
     "0b"
     "073a737461747573"
     "023230",
     true, ERR_MALFORMED},
    {"NUL in value",
     "0140c8"
     "04"
     "01610100",
     true, ERR_MALFORMED},
    {"newline in value",
     "0140c8"
     "06"
     "016103620a63",
     true, ERR_MALFORMED},
    {"space before value",
     "0140c8"
     "05"
     "0161022062",
     true, ERR_MALFORMED},
    {"tab after value",
     "0140c8"
     "05"
     "0161026209",
     true, ERR_MALFORMED},
    {"connection",
     "0140c8"
     "0d"
     "0a636f6e6e656374696f6e"
     "0178",
     true, ERR_MALFORMED},
    {"te: gzip",
     "0140c8"
     "08"
     "02746504677a6970",
     true, ERR_MALFORMED},
    {"line beyond its section",
     "0140c8"
     "04"
     "0161026262"
     "0000",
     true, ERR_MALFORMED},
    {"padding",
     "0140c8000000"
     "000001",
     true, ERR_MALFORMED},
    {"section too long",
     "0140c8"
     "bfffffff",
     true, ERR_LIMIT},
    {"endless chunk",
     "0340c800"
     "ffffffffffffffff"
     "6161",
     true, ERR_TRUNCATED},
};

static void test_refused(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        uint8_t bytes[64];
        cocoon_err err = read_all(test_unhex(refused[i].hex, bytes), refused[i].response, 64, &out);

        if (err != refused[i].err)
            fail_msg("%s: %s", refused[i].name, cocoon_err_name(err));
    }
    buf_fini(&out);
}

/* te: trailers is the one exception among connection-specific fields. */
static void test_te_trailers(void **state)
{
    uint8_t bytes[64];
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(
        read_all(test_unhex("0140c80c02746508747261696c657273", bytes), true, 64, &out), OK);
    assert_string_equal(buf_cstr(&out), "200;te=trailers||end||done");
    buf_fini(&out);
}

static void write_request(struct buf *out, enum bhttp_form form)
{
    static struct bhttp_fields fields;
    struct bhttp_control control = {SLICE_INIT("GET"), SLICE_INIT("https"), SLICE_INIT(""),
                                    SLICE_INIT("/hello.txt"), 0};

    fields.count = 0;
    assert_true(
        bhttp_fields_add(&fields, SLICE_LIT("user-agent"),
                         SLICE_LIT("curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3")));
    assert_true(bhttp_fields_add(&fields, SLICE_LIT("host"), SLICE_LIT("www.example.com")));
    assert_true(bhttp_fields_add(&fields, SLICE_LIT("accept-language"), SLICE_LIT("en, mi")));
    assert_int_equal(bhttp_put_request(out, form, &control, &fields), OK);
    assert_int_equal(bhttp_put_content(out, form, SLICE_LIT("")), OK);
    assert_int_equal(bhttp_put_end(out, form, NULL, form == BHTTP_KNOWN ? 0 : 10), OK);
}

static void test_writing_the_examples(void **state)
{
    static struct bhttp_fields trailers;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    write_request(&out, BHTTP_KNOWN);
    test_assert_hex(buf_slice(&out), known_request);
    buf_clear(&out);
    write_request(&out, BHTTP_INDETERMINATE);
    test_assert_hex(buf_slice(&out), indeterminate_request);
    buf_clear(&out);
    trailers.count = 0;
    assert_true(bhttp_fields_add(&trailers, SLICE_LIT("trailer"), SLICE_LIT("text")));
    assert_int_equal(bhttp_put_response(&out, BHTTP_KNOWN, true, 200, NULL), OK);
    assert_int_equal(
        bhttp_put_content(&out, BHTTP_KNOWN, SLICE_LIT("This content contains CRLF.\r\n")), OK);
    assert_int_equal(bhttp_put_end(&out, BHTTP_KNOWN, &trailers, 0), OK);
    test_assert_hex(buf_slice(&out), known_response);
    buf_fini(&out);
}

static void test_streamed_response(void **state)
{
    static struct bhttp_fields fields;
    struct buf out, text;

    (void)state;
    buf_init(&out, 1 << 18);
    buf_init(&text, 1 << 18);
    fields.count = 0;
    assert_true(bhttp_fields_add(&fields, SLICE_LIT("cocoon-receipt"), SLICE_LIT("x")));
    assert_int_equal(bhttp_put_informational(&out, BHTTP_INDETERMINATE, true, 103, NULL), OK);
    assert_int_equal(bhttp_put_response(&out, BHTTP_INDETERMINATE, false, 200, NULL), OK);
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            bhttp_put_content(&out, BHTTP_INDETERMINATE, slice_make("abcdefghij", (size_t)i % 11)),
            OK);
    assert_int_equal(bhttp_put_end(&out, BHTTP_INDETERMINATE, &fields, 3), OK);
    for (size_t step = 1; step < 30; step++) {
        assert_int_equal(read_all(buf_slice(&out), true, step, &text), OK);
        assert_true(slice_starts(buf_slice(&text), SLICE_LIT("103|200|aababc")));
        assert_true(slice_ends(buf_slice(&text), SLICE_LIT("|end;cocoon-receipt=x||done")));
    }
    buf_fini(&out);
    buf_fini(&text);
}

static void test_the_writer_keeps_the_rules(void **state)
{
    static struct bhttp_fields fields;
    struct bhttp_control good = {SLICE_INIT("GET"), SLICE_INIT("https"), SLICE_INIT("a"),
                                 SLICE_INIT("/"), 0};
    struct bhttp_control bad = good;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    fields.count = 0;
    bad.path = SLICE_LIT("/ HTTP/1.1\r\n");
    assert_int_equal(bhttp_put_request(&out, BHTTP_KNOWN, &bad, &fields), ERR_MALFORMED);
    assert_true(bhttp_fields_add(&fields, SLICE_LIT("A"), SLICE_LIT("b")));
    assert_int_equal(bhttp_put_request(&out, BHTTP_KNOWN, &good, &fields), ERR_MALFORMED);
    fields.list[0] = (struct http_field){SLICE_LIT("a"), SLICE_LIT("b\r\nc: d")};
    assert_int_equal(bhttp_put_end(&out, BHTTP_KNOWN, &fields, 0), ERR_MALFORMED);
    assert_int_equal(bhttp_put_response(&out, BHTTP_KNOWN, true, 100, NULL), ERR_MALFORMED);
    assert_int_equal(bhttp_put_response(&out, BHTTP_KNOWN, true, 600, NULL), ERR_MALFORMED);
    assert_int_equal(bhttp_put_informational(&out, BHTTP_KNOWN, true, 200, NULL), ERR_MALFORMED);
    buf_fini(&out);
    buf_init(&out, 3);
    assert_int_equal(bhttp_put_request(&out, BHTTP_KNOWN, &good, NULL), ERR_LIMIT);
    buf_fini(&out);
}

static void test_limits(void **state)
{
    static struct bhttp_fields fields;
    static char value[LIMIT_HTTP_HEAD];
    struct buf out, text;
    struct slice found;

    (void)state;
    buf_init(&out, 1 << 18);
    buf_init(&text, 1 << 18);
    fields.count = 0;
    for (int i = 0; i < LIMIT_HTTP_FIELDS; i++)
        assert_true(bhttp_fields_add(&fields, SLICE_LIT("a"), SLICE_LIT("b")));
    assert_false(bhttp_fields_add(&fields, SLICE_LIT("a"), SLICE_LIT("b")));
    assert_true(bhttp_fields_find(&fields, "a", &found));
    assert_false(bhttp_fields_find(&fields, "b", &found));
    assert_int_equal(bhttp_put_response(&out, BHTTP_INDETERMINATE, true, 200, &fields), OK);
    assert_int_equal(read_all(buf_slice(&out), true, 7, &text), OK);
    out.len--; /* one more line, then the end */
    buf_put(&out, SLICE_LIT("\1a\1b\0"));
    assert_int_equal(read_all(buf_slice(&out), true, 7, &text), ERR_LIMIT);

    memset(value, 'v', sizeof value);
    fields.count = 1;
    fields.list[0].value = SLICE_OF(value);
    buf_clear(&out);
    assert_int_equal(bhttp_put_response(&out, BHTTP_INDETERMINATE, true, 200, &fields), ERR_LIMIT);
    buf_clear(&out);
    buf_put(&out, SLICE_LIT("\3\x40\xc8\1a\x80\1\0\0")); /* announces 64 KB of value */
    for (int i = 0; i < 4; i++)
        buf_put(&out, SLICE_OF(value));
    assert_int_equal(read_all(buf_slice(&out), true, 1000, &text), ERR_LIMIT);
    buf_fini(&out);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_te_trailers),
        cmocka_unit_test(test_writing_the_examples),
        cmocka_unit_test(test_streamed_response),
        cmocka_unit_test(test_the_writer_keeps_the_rules),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
