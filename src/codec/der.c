/*
 * DER (ITU-T X.690).
 *
 *   identifier   1 byte: class 2 bits, constructed 1, number 5 (31, a longer number, is refused)
 *   length       0..127 in one byte; else 0x80 | n and n bytes, as few as the number needs, n <= 4
 *   content
 *
 * Rules enforced here, by section of X.690:
 *   8.1.3.6   no indefinite length            10.1   shortest length
 *   8.3.2     shortest INTEGER                11.1   TRUE is ff
 *   8.19.2    no leading 80 in an OID arc     11.2.1 unused bits are zero
 *   10.2      string types are primitive
 *
 * Two rules are not enforced, because vendors' certificates break them and the value read is the
 * same: X.690 11.2.2, that a named bit list ends in a 1 (AMD's intermediate for Turin), and RFC
 * 5280 4.1.2.5, that a year before 2050 is written as UTCTime (NVIDIA's signers of reference
 * values).
 */
#include "codec/der.h"

#include <assert.h>

enum { LENGTH_BYTES_MAX = 4, TAG_NUMBER = 0x1f, TAG_CLASS = 0xc0, TAG_CONSTRUCTED = 0x20 };

/* Tell whether the identifier byte can stand in DER: universal types have one form each. */
static bool tag_ok(uint8_t tag)
{
    unsigned number = tag & TAG_NUMBER;
    bool constructed = (tag & TAG_CONSTRUCTED) != 0;

    if (number == TAG_NUMBER)
        return false;
    if ((tag & TAG_CLASS) != 0)
        return true;
    return number != 0 && constructed == (number == 16 || number == 17);
}

static size_t read_length(struct rd *r)
{
    uint8_t first = rd_u8(r);
    size_t count = first & 0x7f;
    size_t length = 0;

    if (first < 0x80)
        return first;
    if (count > LENGTH_BYTES_MAX || rd_peek(r) == 0)
        rd_fail(r);
    for (size_t i = 0; i < count && !r->bad; i++)
        length = length << 8 | rd_u8(r);
    if (length < 0x80) /* one byte would do; or none follow: the indefinite form */
        rd_fail(r);
    return length;
}

struct der der_any(struct rd *r)
{
    size_t from = r->at;
    struct der out = {0};

    out.tag = rd_u8(r);
    if (!tag_ok(out.tag))
        rd_fail(r);
    out.body = rd_slice(r, read_length(r));
    if (r->bad)
        return (struct der){0};
    out.all = slice_sub(r->all, from, r->at - from);
    return out;
}

bool der_more(const struct rd *r)
{
    return rd_left(r) > 0;
}

bool der_is(const struct rd *r, uint8_t tag)
{
    return der_more(r) && rd_peek(r) == tag;
}

/* Read the next value, which must have `tag`. */
static struct der read_tagged(struct rd *r, uint8_t tag)
{
    if (!der_is(r, tag))
        rd_fail(r);
    return der_any(r);
}

struct slice der_take(struct rd *r, uint8_t tag)
{
    return read_tagged(r, tag).body;
}

struct slice der_whole(struct rd *r, uint8_t tag)
{
    return read_tagged(r, tag).all;
}

struct rd der_enter(struct rd *r, uint8_t tag)
{
    struct rd inner = rd_init(der_take(r, tag));

    inner.bad = r->bad;
    return inner;
}

struct rd der_enter_if(struct rd *r, uint8_t tag, bool *present)
{
    *present = der_is(r, tag);
    return *present ? der_enter(r, tag) : rd_init((struct slice){0});
}

void der_leave(struct rd *outer, const struct rd *inner)
{
    if (rd_end(inner) != OK)
        rd_fail(outer);
}

bool der_bool(struct rd *r)
{
    struct slice body = der_take(r, DER_BOOLEAN);

    if (body.len != 1 || (body.ptr[0] != 0x00 && body.ptr[0] != 0xff)) {
        rd_fail(r);
        return false;
    }
    return body.ptr[0] == 0xff;
}

/* Read a non-negative INTEGER or ENUMERATED. */
static struct slice read_magnitude(struct rd *r, uint8_t tag)
{
    struct slice body = der_take(r, tag);

    if (body.len == 0 || (body.ptr[0] & 0x80) != 0)
        goto bad;
    if (body.len == 1 || body.ptr[0] != 0)
        return body;
    if ((body.ptr[1] & 0x80) != 0)
        return slice_skip(body, 1);
bad:
    rd_fail(r);
    return (struct slice){0};
}

struct slice der_uint(struct rd *r)
{
    return read_magnitude(r, DER_INTEGER);
}

/* Return `magnitude` as a number of at most `width` bytes. */
static uint64_t to_number(struct rd *r, struct slice magnitude, size_t width)
{
    uint64_t value = 0;

    if (magnitude.len > width) {
        rd_fail(r);
        return 0;
    }
    for (size_t i = 0; i < magnitude.len; i++)
        value = value << 8 | magnitude.ptr[i];
    return value;
}

uint64_t der_u64(struct rd *r)
{
    return to_number(r, der_uint(r), 8);
}

uint32_t der_enumerated(struct rd *r)
{
    return (uint32_t)to_number(r, read_magnitude(r, DER_ENUMERATED), 4);
}

struct slice der_bits(struct rd *r)
{
    struct slice body = der_take(r, DER_BIT_STRING);

    if (body.len == 0 || body.ptr[0] != 0) {
        rd_fail(r);
        return (struct slice){0};
    }
    return slice_skip(body, 1);
}

/* Return `byte` with its bits in reverse order: bit 0 of a BIT STRING is the highest of a byte. */
static uint8_t reverse_bits(uint8_t byte)
{
    unsigned out = 0;

    for (unsigned i = 0; i < 8; i++)
        out |= (unsigned)(byte >> i & 1) << (7 - i);
    return (uint8_t)out;
}

uint16_t der_flags(struct rd *r)
{
    struct rd bits = der_enter(r, DER_BIT_STRING);
    uint8_t unused = rd_u8(&bits);
    struct slice bytes = rd_rest(&bits);
    uint16_t flags = 0;

    der_leave(r, &bits);
    if (r->bad || bytes.len > 2 || unused > 7 || (bytes.len == 0 && unused > 0))
        goto bad;
    if (bytes.len > 0 && (bytes.ptr[bytes.len - 1] & ((1U << unused) - 1)) != 0)
        goto bad;
    for (size_t i = 0; i < bytes.len; i++)
        flags |= (uint16_t)(reverse_bits(bytes.ptr[i]) << 8 * i);
    return flags;
bad:
    rd_fail(r);
    return 0;
}

struct slice der_oid(struct rd *r)
{
    struct slice body = der_take(r, DER_OID);
    bool starts = true; /* an arc starts here */

    for (size_t i = 0; i < body.len; i++) {
        if (starts && body.ptr[i] == 0x80)
            rd_fail(r);
        starts = (body.ptr[i] & 0x80) == 0;
    }
    if (body.len == 0 || !starts)
        rd_fail(r);
    return r->bad ? (struct slice){0} : body;
}

/* Read `n` decimal digits. */
static unsigned read_digits(struct rd *r, size_t n)
{
    unsigned value = 0;

    for (size_t i = 0; i < n; i++) {
        uint8_t c = rd_u8(r);

        if (c < '0' || c > '9')
            rd_fail(r);
        value = value * 10 + (unsigned)(c - '0');
    }
    return r->bad ? 0 : value;
}

unix_time der_time(struct rd *r)
{
    bool utc = der_is(r, DER_UTC_TIME);
    struct rd text = der_enter(r, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    unsigned year = read_digits(&text, utc ? 2 : 4);
    struct civil c = {0};

    if (utc) /* RFC 5280 4.1.2.5.1: two digits mean 1950 to 2049 */
        year += year >= 50 ? 1900 : 2000;
    c.year = (int)year;
    c.month = read_digits(&text, 2);
    c.day = read_digits(&text, 2);
    c.hour = read_digits(&text, 2);
    c.minute = read_digits(&text, 2);
    c.second = read_digits(&text, 2);
    if (rd_u8(&text) != 'Z')
        rd_fail(&text);
    der_leave(r, &text);
    if (r->bad || !civil_ok(&c)) {
        rd_fail(r);
        return 0;
    }
    return civil_to_unix(&c);
}

cocoon_err der_ecdsa_raw(struct slice der, size_t width, uint8_t *out)
{
    struct rd r = rd_init(der);
    struct rd seq = der_enter(&r, DER_SEQUENCE);
    struct wr w = wr_init(out, 2 * width);
    struct slice done;

    for (int i = 0; i < 2; i++) {
        struct slice number = der_uint(&seq);

        if (seq.bad || number.len > width || number.ptr[0] == 0)
            return ERR_MALFORMED;
        wr_zero(&w, width - number.len);
        wr_slice(&w, number);
    }
    der_leave(&r, &seq);
    return rd_end(&r) == OK && wr_end(&w, &done) == OK ? OK : ERR_MALFORMED;
}

/* --- writing --- */

struct wr_block der_open(struct wr *w, uint8_t tag)
{
    assert(tag_ok(tag));
    wr_u8(w, tag);
    return wr_open(w, 1);
}

/* How many bytes follow the first byte of a length. */
static size_t length_extra(size_t length)
{
    size_t extra = 0;

    if (length < 0x80)
        return 0;
    for (; length > 0; length >>= 8)
        extra++;
    return extra;
}

void der_close(struct wr *w, struct wr_block block)
{
    size_t length = w->over ? 0 : w->len - block.at - 1;
    size_t extra = length_extra(length);

    assert(w->open > 0 && block.width == 1 && extra <= LENGTH_BYTES_MAX);
    w->open--;
    wr_insert(w, block.at + 1, extra);
    if (w->over)
        return;
    wr_patch(w, block.at, (uint8_t)(extra == 0 ? length : 0x80 | extra));
    for (size_t i = extra; i > 0; i--, length >>= 8)
        wr_patch(w, block.at + i, (uint8_t)length);
}

void der_put(struct wr *w, uint8_t tag, struct slice body)
{
    struct wr_block block = der_open(w, tag);

    wr_slice(w, body);
    der_close(w, block);
}

void der_put_uint(struct wr *w, struct slice magnitude)
{
    struct wr_block block = der_open(w, DER_INTEGER);

    while (magnitude.len > 0 && magnitude.ptr[0] == 0)
        magnitude = slice_skip(magnitude, 1);
    if (magnitude.len == 0 || (magnitude.ptr[0] & 0x80) != 0)
        wr_u8(w, 0);
    wr_slice(w, magnitude);
    der_close(w, block);
}

void der_put_u64(struct wr *w, uint64_t value)
{
    uint8_t bytes[8];
    struct wr inner = wr_init(bytes, sizeof bytes);

    wr_u64be(&inner, value);
    der_put_uint(w, SLICE_OF(bytes));
}

void der_put_bool(struct wr *w, bool value)
{
    uint8_t byte = value ? 0xff : 0x00;

    der_put(w, DER_BOOLEAN, slice_make(&byte, 1));
}

void der_put_null(struct wr *w)
{
    der_put(w, DER_NULL, (struct slice){0});
}

void der_put_bits(struct wr *w, struct slice bytes)
{
    struct wr_block block = der_open(w, DER_BIT_STRING);

    wr_u8(w, 0);
    wr_slice(w, bytes);
    der_close(w, block);
}

void der_put_flags(struct wr *w, uint16_t flags)
{
    struct wr_block block = der_open(w, DER_BIT_STRING);
    unsigned used = 16;

    while (used > 0 && (flags >> (used - 1) & 1) == 0)
        used--;
    wr_u8(w, (uint8_t)((8 - used % 8) % 8));
    for (unsigned i = 0; i < used; i += 8)
        wr_u8(w, reverse_bits((uint8_t)(flags >> i)));
    der_close(w, block);
}

void der_put_time(struct wr *w, unix_time t)
{
    struct civil c = civil_from_unix(t);
    bool utc = c.year <= 2049;
    struct wr_block block = der_open(w, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    unsigned fields[] = {
        (unsigned)c.year / 100, (unsigned)c.year % 100, c.month, c.day, c.hour, c.minute, c.second};

    assert(c.year >= 1950 && c.year <= 9999);
    for (size_t i = utc ? 1 : 0; i < sizeof fields / sizeof fields[0]; i++) {
        wr_u8(w, (uint8_t)('0' + fields[i] / 10));
        wr_u8(w, (uint8_t)('0' + fields[i] % 10));
    }
    wr_u8(w, 'Z');
    der_close(w, block);
}

void der_put_ecdsa(struct wr *w, struct slice raw)
{
    struct wr_block block = der_open(w, DER_SEQUENCE);

    assert(raw.len % 2 == 0);
    der_put_uint(w, slice_sub(raw, 0, raw.len / 2));
    der_put_uint(w, slice_skip(raw, raw.len / 2));
    der_close(w, block);
}
