#include "base/clock.h"

#include <assert.h>

#include "base/rd.h"

enum { SECONDS_A_DAY = 86400 };

static bool leap_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(int year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && leap_year(year) ? 29 : days[month - 1];
}

bool civil_ok(const struct civil *c)
{
    return c->year >= 0 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= month_days(c->year, c->month) && c->hour <= 23 && c->minute <= 59 &&
           c->second <= 59;
}

/*
 * Days from 1970-01-01 to year-month-day in the proleptic Gregorian calendar, counting years from
 * March so that the leap day comes last, in eras of 400 years (146097 days).
 */
static int64_t days_from_civil(const struct civil *c)
{
    int64_t year = c->year - (c->month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = c->month > 2 ? (int64_t)c->month - 3 : (int64_t)c->month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + (int64_t)c->day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

unix_time civil_to_unix(const struct civil *c)
{
    assert(civil_ok(c));
    return days_from_civil(c) * SECONDS_A_DAY + (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 +
           (int64_t)c->second;
}

struct civil civil_from_unix(unix_time t)
{
    int64_t days = (t >= 0 ? t : t - (SECONDS_A_DAY - 1)) / SECONDS_A_DAY;
    int64_t second_of_day = t - days * SECONDS_A_DAY;
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month >= 10)),
        .month = (unsigned)(month < 10 ? month + 3 : month - 9),
        .day = (unsigned)(day_of_year - (153 * month + 2) / 5 + 1),
        .hour = (unsigned)(second_of_day / 3600),
        .minute = (unsigned)(second_of_day / 60 % 60),
        .second = (unsigned)(second_of_day % 60),
    };
}

void rfc3339_put(struct buf *out, unix_time t)
{
    struct civil c = civil_from_unix(t);

    buf_printf(out, "%04d-%02u-%02uT%02u:%02u:%02uZ", c.year, c.month, c.day, c.hour, c.minute,
               c.second);
}

/* Read `n` decimal digits. */
static unsigned rd_digits(struct rd *r, size_t n)
{
    struct slice s = rd_slice(r, n);
    unsigned value = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            rd_fail(r);
        value = value * 10 + (unsigned)(s.ptr[i] - '0');
    }
    return value;
}

static void rd_expect(struct rd *r, uint8_t c)
{
    if (rd_u8(r) != c)
        rd_fail(r);
}

/* Read ".digits" if it stands there; its value is dropped. */
static void rd_fraction(struct rd *r)
{
    if (rd_peek(r) != '.')
        return;
    rd_skip(r, 1);
    rd_digits(r, 1);
    while (rd_peek(r) >= '0' && rd_peek(r) <= '9')
        rd_skip(r, 1);
}

/* Read "Z" or "+hh:mm" and return the offset in seconds. */
static int64_t rd_zone(struct rd *r)
{
    uint8_t sign = rd_u8(r);
    int64_t offset;
    unsigned hours, minutes;

    if (sign == 'Z')
        return 0;
    if (sign != '+' && sign != '-')
        rd_fail(r);
    hours = rd_digits(r, 2);
    rd_expect(r, ':');
    minutes = rd_digits(r, 2);
    if (hours > 23 || minutes > 59)
        rd_fail(r);
    offset = (int64_t)hours * 3600 + (int64_t)minutes * 60;
    return sign == '-' ? -offset : offset;
}

cocoon_err rfc3339_read(struct slice text, unix_time *out)
{
    struct rd r = rd_init(text);
    struct civil c = {0};
    int64_t offset;

    c.year = (int)rd_digits(&r, 4);
    rd_expect(&r, '-');
    c.month = rd_digits(&r, 2);
    rd_expect(&r, '-');
    c.day = rd_digits(&r, 2);
    rd_expect(&r, 'T');
    c.hour = rd_digits(&r, 2);
    rd_expect(&r, ':');
    c.minute = rd_digits(&r, 2);
    rd_expect(&r, ':');
    c.second = rd_digits(&r, 2);
    rd_fraction(&r);
    offset = rd_zone(&r);
    if (rd_end(&r) != OK || !civil_ok(&c))
        return ERR_MALFORMED;
    *out = civil_to_unix(&c) - offset;
    return OK;
}
