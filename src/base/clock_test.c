#include "base/clock.h"

#include <time.h>

#include "base/test.h"

static void check_against_libc(unix_time t)
{
    time_t clock = (time_t)t;
    struct tm tm;
    struct civil c = civil_from_unix(t);

    assert_non_null(gmtime_r(&clock, &tm));
    assert_int_equal(c.year, tm.tm_year + 1900);
    assert_int_equal(c.month, tm.tm_mon + 1);
    assert_int_equal(c.day, tm.tm_mday);
    assert_int_equal(c.hour, tm.tm_hour);
    assert_int_equal(c.minute, tm.tm_min);
    assert_int_equal(c.second, tm.tm_sec);
    assert_true(civil_ok(&c));
    assert_int_equal(civil_to_unix(&c), t);
}

static void test_agrees_with_libc(void **state)
{
    const unix_time first = -62167219200, last = 253402300799; /* years 0000 and 9999 */

    (void)state;
    check_against_libc(first);
    check_against_libc(last);
    check_against_libc(-1);
    check_against_libc(0);
    for (unix_time t = first; t <= last; t += 7654321)
        check_against_libc(t);
}

static void test_reading(void **state)
{
    static const struct {
        const char *text;
        unix_time t;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-22T10:00:00Z", 1795341600},
        {"2026-11-22T10:00:00.123456789Z", 1795341600},
        {"2026-11-22T12:30:00+02:30", 1795341600},
        {"2026-11-22T09:00:00-01:00", 1795341600},
        {"2000-02-29T23:59:59Z", 951868799},
        {"0000-01-01T00:00:00Z", -62167219200},
        {"9999-12-31T23:59:59Z", 253402300799},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        unix_time t;

        if (rfc3339_read(slice_text(good[i].text), &t) != OK || t != good[i].t)
            fail_msg("%s", good[i].text);
    }
}

static void test_refusing(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-11-22t10:00:00Z",
        "2026-11-22T10:00:00z",
        "2026-11-22 10:00:00Z",
        "2026-11-22T10:00:00ZZ",
        "2026-11-22T10:00:00.Z",
        "2026-11-22T10:00:00.x1Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-04-00T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z",
        "2026-11-22T10:00:60Z",
        "2026-11-22T10:00:00+24:00",
        "2026-11-22T10:00:00+01:60",
        "2026-11-22T10:00:00+0100",
        "2026-11-22T10:00:00*01:00",
        "+026-11-22T10:00:00Z",
        "2026/11/22T10:00:00Z",
    };
    unix_time t = 42;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (rfc3339_read(slice_text(bad[i]), &t) != ERR_MALFORMED)
            fail_msg("accepted %s", bad[i]);
    assert_int_equal(t, 42);
}

static void test_writing(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    rfc3339_put(&out, 951782400);
    assert_string_equal(buf_cstr(&out), "2000-02-29T00:00:00Z");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_libc),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_refusing),
        cmocka_unit_test(test_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
