#include "base/test.h"

#include "net/addr.h"
#include "net/http_impl.h"

static const struct {
    const char *text;
    enum addr_kind kind;
    const char *host;
    uint16_t port;
} good[] = {
    {"127.0.0.1:80", ADDR_TCP, "127.0.0.1", 80},
    {"[::1]:65535", ADDR_TCP, "::1", 65535},
    {"localhost:0", ADDR_TCP, "localhost", 0},
    {"a-b_c.example:443", ADDR_TCP, "a-b_c.example", 443},
    {"unix:/run/x", ADDR_UNIX, "/run/x", 0},
    {"unix:@name", ADDR_UNIX, "@name", 0},
};

static const char *const bad[] = {
    "",          "x",        ":80",      "host:", "host:x",    "host:65536", "host:-1",
    "host:080",  "ho st:80", "[::1]80",  "[::1]", "[]:80",     "[host]:80",  "::1:80",
    "host:80:1", "unix:",    "unix:rel", "unix:", "host/x:80", "user@h:80",  "h:80 ",
};

static void good_addresses_are_read_and_written(void **state)
{
    char text[ADDR_TEXT_MAX];
    struct addr addr;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_int_equal(addr_parse(slice_text(good[i].text), &addr), OK);
        assert_int_equal(addr.kind, good[i].kind);
        assert_string_equal(addr.host, good[i].host);
        assert_int_equal(addr.port, good[i].port);
        addr_text(&addr, text);
        assert_string_equal(text, good[i].text);
    }
}

static void bad_addresses_are_refused(void **state)
{
    char name[200] = "unix:/";
    struct addr addr;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (addr_parse(slice_text(bad[i]), &addr) != ERR_MALFORMED)
            fail_msg("%s", bad[i]);
    memset(name + 6, 'x', 108); /* one more than a socket's path holds with its NUL */
    assert_int_equal(addr_parse(slice_text(name), &addr), ERR_MALFORMED);
    assert_int_equal(addr_parse(SLICE_LIT("a\0b:80"), &addr), ERR_MALFORMED);
    assert_int_equal(addr_parse(SLICE_LIT("unix:/a\0b"), &addr), ERR_MALFORMED);
}

static void socket_addresses_go_round(void **state)
{
    struct sockaddr_storage sa;
    struct addr addr, back;
    socklen_t len;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(addr_parse(slice_text(good[i].text), &addr), OK);
        assert_int_equal(addr_sockaddr(&addr, &sa, &len), OK);
        addr_from_sockaddr(&sa, &back);
        assert_string_equal(back.host, addr.host);
        assert_int_equal(back.port, addr.port);
    }
    assert_int_equal(addr_parse(SLICE_LIT("localhost:1"), &addr), OK);
    assert_int_equal(addr_sockaddr(&addr, &sa, &len), ERR_NOT_FOUND);
}

static void dates_are_written(void **state)
{
    char text[HTTP_DATE_LEN + 1];

    (void)state;
    http_date_write(784111777, text); /* the example of RFC 9110 5.6.7 */
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    http_date_write(0, text);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    http_date_write(951782400, text);
    assert_string_equal(text, "Tue, 29 Feb 2000 00:00:00 GMT");
    assert_int_equal(http_date().len, HTTP_DATE_LEN);
}

static void targets_are_split(void **state)
{
    static const struct {
        const char *target, *path, *query, *authority;
        cocoon_err err;
    } rows[] = {
        {"/", "/", "", "", OK},
        {"/a/b?c=d?e", "/a/b", "c=d?e", "", OK},
        {"/a?", "/a", "", "", OK},
        {"*", "*", "", "", OK},
        {"http://h:1/x?y", "/x", "y", "h:1", OK},
        {"https://h/", "/", "", "h", OK},
        {"", "", "", "", ERR_MALFORMED},
        {"a", "", "", "", ERR_MALFORMED},
        {"*?x", "", "", "", ERR_MALFORMED},
        {"http://h", "", "", "", ERR_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_request r = {.method = {NULL, 0}};

        assert_int_equal(http_target_split(slice_text(rows[i].target), &r), rows[i].err);
        if (rows[i].err != OK)
            continue;
        assert_true(slice_eq_text(r.path, rows[i].path));
        assert_true(slice_eq_text(r.query, rows[i].query));
        assert_true(slice_eq_text(r.authority, rows[i].authority));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_read_and_written),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(socket_addresses_go_round),
        cmocka_unit_test(dates_are_written),
        cmocka_unit_test(targets_are_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
