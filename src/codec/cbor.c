/*
 * RFC 8949. An item is a head and what follows it:
 *
 *     head  = major type (3 bits) | additional information (5 bits), then 0, 1, 2, 4 or 8 bytes
 *     0 unsigned   1 negative (-1 - n)   2 bytes   3 text   4 array   5 map   6 tag   7 simple
 *
 * Rules enforced before anything is handed out (section 4.2.1):
 *
 *  1. The argument has its shortest form. Indefinite lengths do not occur, but for arrays and maps
 *     under CBOR_INDEFINITE; those end with the byte ff (break).
 *  2. Of the simple values only false, true and null occur; no floats.
 *  3. Text is UTF-8. A map has no two equal keys; under CBOR_SORTED they ascend bytewise.
 *  4. At most CBOR_DEPTH_MAX containers and tags are open at once, a map has at most CBOR_MAP_MAX
 * pairs.
 */
#include "codec/cbor.h"

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

/* Additional information: what the argument is, or the simple value itself. */
enum info {
    SIMPLE_FALSE = 20,
    SIMPLE_TRUE = 21,
    SIMPLE_NULL = 22,
    FOLLOWS_1 = 24,
    FOLLOWS_2 = 25,
    FOLLOWS_4 = 26,
    FOLLOWS_8 = 27,
    INDEFINITE = 31,
};

enum { BREAK = 0xff };

struct head {
    enum major major;
    uint8_t info;
    uint64_t argument;
};

static cocoon_err read_head(struct rd *r, enum cbor_order order, struct head *out)
{
    uint8_t first = rd_u8(r);
    uint64_t least = 0; /* below it, a shorter form would do */

    *out = (struct head){(enum major)(first >> 5), first & 31, first & 31};
    if (out->info == FOLLOWS_1) {
        out->argument = rd_u8(r);
        least = FOLLOWS_1;
    } else if (out->info == FOLLOWS_2) {
        out->argument = rd_u16be(r);
        least = (uint64_t)1 << 8;
    } else if (out->info == FOLLOWS_4) {
        out->argument = rd_u32be(r);
        least = (uint64_t)1 << 16;
    } else if (out->info == FOLLOWS_8) {
        out->argument = rd_u64be(r);
        least = (uint64_t)1 << 32;
    }
    if (r->bad)
        return ERR_TRUNCATED;
    if (out->major == SIMPLE) /* rule 2 */
        return out->info >= SIMPLE_FALSE && out->info <= SIMPLE_NULL ? OK : ERR_UNSUPPORTED;
    if (out->info == INDEFINITE)
        return order == CBOR_INDEFINITE && (out->major == ARRAY || out->major == MAP)
                   ? OK
                   : ERR_NONCANONICAL;
    if (out->info > FOLLOWS_8)
        return ERR_MALFORMED;
    return out->argument < least ? ERR_NONCANONICAL : OK;
}

/* ---- the check ---- */

struct check {
    struct rd in;
    enum cbor_order order;
    struct fail *fail;
};

static cocoon_err fail_here(struct check *c, cocoon_err code, const char *what)
{
    return fail_set(c->fail, code, c->in.at, what);
}

static cocoon_err check_item(struct check *c, size_t depth);

/* Rule 3: compare the encoded key with those before it, of which there are `count`. */
static cocoon_err check_key(struct check *c, const struct slice *keys, size_t count)
{
    struct slice key = keys[count];

    if (c->order == CBOR_SORTED)
        return count == 0 || slice_cmp(keys[count - 1], key) < 0
                   ? OK
                   : fail_here(c, ERR_NONCANONICAL, "the keys of a map do not ascend");
    for (size_t i = 0; i < count; i++)
        if (slice_eq(keys[i], key))
            return fail_here(c, ERR_DUPLICATE, "a map has two equal keys");
    return OK;
}

/* Tell whether the container of `head` goes on after `count` items; step over its break if not. */
static bool goes_on(struct rd *r, const struct head *head, uint64_t count)
{
    if (head->info != INDEFINITE)
        return count < head->argument;
    if (rd_peek(r) != BREAK)
        return true;
    rd_skip(r, 1);
    return false;
}

static cocoon_err check_map(struct check *c, const struct head *head, size_t depth)
{
    struct slice keys[CBOR_MAP_MAX];
    cocoon_err err;

    for (size_t i = 0; goes_on(&c->in, head, i); i++) {
        size_t start = c->in.at;

        if (i == CBOR_MAP_MAX)
            return fail_here(c, ERR_LIMIT, "a map has too many pairs");
        if ((err = check_item(c, depth)) != OK)
            return err;
        keys[i] = slice_sub(c->in.all, start, c->in.at - start);
        if ((err = check_key(c, keys, i)) != OK || (err = check_item(c, depth)) != OK)
            return err;
    }
    return OK;
}

static cocoon_err check_array(struct check *c, const struct head *head, size_t depth)
{
    cocoon_err err;

    for (uint64_t i = 0; goes_on(&c->in, head, i); i++)
        if ((err = check_item(c, depth)) != OK)
            return err;
    return OK;
}

static cocoon_err check_string(struct check *c, const struct head *head)
{
    struct slice string;

    if (head->argument > rd_left(&c->in))
        return fail_here(c, ERR_TRUNCATED, "a string leaves the input");
    string = rd_slice(&c->in, (size_t)head->argument);
    if (head->major == TEXT && !slice_is_utf8(string))
        return fail_here(c, ERR_ENCODING, "a text string is not UTF-8");
    return OK;
}

/* Recursion ends at CBOR_DEPTH_MAX. */
static cocoon_err check_item(struct check *c, size_t depth)
{
    struct head head;
    cocoon_err err;

    if ((err = read_head(&c->in, c->order, &head)) != OK)
        return fail_here(c, err, "not a head of deterministic CBOR");
    if (head.major >= ARRAY && head.major <= TAG && depth == CBOR_DEPTH_MAX)
        return fail_here(c, ERR_LIMIT, "nested too deep");
    switch (head.major) {
    case UNSIGNED:
    case NEGATIVE:
    case SIMPLE:
        return OK;
    case BYTES:
    case TEXT:
        return check_string(c, &head);
    case ARRAY:
        return check_array(c, &head, depth + 1);
    case MAP:
        return check_map(c, &head, depth + 1);
    case TAG:
        return check_item(c, depth + 1);
    }
    return ERR_INTERNAL;
}

cocoon_err cbor_check(struct slice item, enum cbor_order order, struct fail *fail)
{
    struct check c = {rd_init(item), order, fail};
    cocoon_err err;

    if ((err = check_item(&c, 0)) != OK)
        return err;
    if (rd_left(&c.in) > 0)
        return fail_here(&c, ERR_TRAILING, "bytes after the item");
    return OK;
}

/* ---- the reader: what it meets has passed the check ---- */

struct cbor_rd cbor_rd_init(struct slice item, enum cbor_order order)
{
    struct fail fail;

    return (struct cbor_rd){rd_init(item), cbor_check(item, order, &fail)};
}

/* Step over the breaks of containers whose items were all read. */
static struct rd at_item(const struct cbor_rd *c)
{
    struct rd r = c->in;

    while (rd_left(&r) > 0 && rd_peek(&r) == BREAK)
        rd_skip(&r, 1);
    return r;
}

enum cbor_kind cbor_rd_kind(const struct cbor_rd *c)
{
    static const enum cbor_kind kinds[] = {CBOR_UINT,  CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT,
                                           CBOR_ARRAY, CBOR_MAP,      CBOR_TAG,   CBOR_BOOL};
    struct rd r = at_item(c);
    uint8_t first = rd_peek(&r);

    if (c->err != OK || rd_left(&r) == 0)
        return CBOR_NONE;
    return first == (SIMPLE << 5 | SIMPLE_NULL) ? CBOR_NULL : kinds[first >> 5];
}

/* Count the items of a container of indefinite length, whose first one comes next. */
static uint64_t count_items(struct rd items)
{
    struct fail fail;
    struct check c = {items, CBOR_INDEFINITE, &fail};
    uint64_t count = 0;

    while (rd_peek(&c.in) != BREAK && check_item(&c, 0) == OK)
        count++;
    return count;
}

/* Read the head of an item that must be of `kind`; 0 and the sticky error if it is not. */
static uint64_t take(struct cbor_rd *c, enum cbor_kind kind)
{
    struct head head;

    if (c->err == OK && cbor_rd_kind(c) == CBOR_NONE)
        c->err = ERR_MISSING;
    if (c->err == OK && cbor_rd_kind(c) != kind)
        c->err = ERR_TYPE;
    c->in = at_item(c);
    if (c->err == OK)
        c->err = read_head(&c->in, CBOR_INDEFINITE, &head);
    if (c->err != OK)
        return 0;
    if (head.info != INDEFINITE)
        return head.argument;
    return head.major == MAP ? count_items(c->in) / 2 : count_items(c->in);
}

uint64_t cbor_rd_uint(struct cbor_rd *c)
{
    return take(c, CBOR_UINT);
}

int64_t cbor_rd_int(struct cbor_rd *c)
{
    bool negative = cbor_rd_kind(c) == CBOR_NEGATIVE;
    uint64_t magnitude = take(c, negative ? CBOR_NEGATIVE : CBOR_UINT);

    if (magnitude > INT64_MAX) {
        c->err = ERR_RANGE;
        return 0;
    }
    return negative && c->err == OK ? -1 - (int64_t)magnitude : (int64_t)magnitude;
}

bool cbor_rd_bool(struct cbor_rd *c)
{
    return take(c, CBOR_BOOL) == SIMPLE_TRUE;
}

void cbor_rd_null(struct cbor_rd *c)
{
    (void)take(c, CBOR_NULL);
}

static struct slice take_string(struct cbor_rd *c, enum cbor_kind kind)
{
    return rd_slice(&c->in, (size_t)take(c, kind));
}

struct slice cbor_rd_bytes(struct cbor_rd *c)
{
    return take_string(c, CBOR_BYTES);
}

struct slice cbor_rd_text(struct cbor_rd *c)
{
    return take_string(c, CBOR_TEXT);
}

size_t cbor_rd_array(struct cbor_rd *c)
{
    return (size_t)take(c, CBOR_ARRAY);
}

size_t cbor_rd_map(struct cbor_rd *c)
{
    return (size_t)take(c, CBOR_MAP);
}

uint64_t cbor_rd_tag(struct cbor_rd *c)
{
    return take(c, CBOR_TAG);
}

struct slice cbor_rd_any(struct cbor_rd *c)
{
    struct fail fail;
    struct check check = {at_item(c), CBOR_INDEFINITE, &fail};
    size_t start = check.in.at;

    if (c->err == OK && cbor_rd_kind(c) == CBOR_NONE)
        c->err = ERR_MISSING;
    if (c->err == OK)
        c->err = check_item(&check, 0);
    if (c->err != OK)
        return (struct slice){NULL, 0};
    c->in = check.in;
    return slice_sub(c->in.all, start, c->in.at - start);
}

cocoon_err cbor_rd_end(const struct cbor_rd *c)
{
    struct rd r = at_item(c);

    if (c->err != OK)
        return c->err;
    return rd_left(&r) == 0 ? OK : ERR_TRAILING;
}

/* ---- the writer ---- */

/* Append a head with the shortest form of `argument`. */
static void put_head(struct buf *out, enum major major, uint64_t argument)
{
    uint8_t info = FOLLOWS_8;
    size_t bytes = 8;

    if (argument < FOLLOWS_1) {
        info = (uint8_t)argument;
        bytes = 0;
    } else if (argument <= UINT8_MAX) {
        info = FOLLOWS_1;
        bytes = 1;
    } else if (argument <= UINT16_MAX) {
        info = FOLLOWS_2;
        bytes = 2;
    } else if (argument <= UINT32_MAX) {
        info = FOLLOWS_4;
        bytes = 4;
    }
    buf_put_u8(out, (uint8_t)((unsigned)major << 5 | info));
    for (; bytes > 0; bytes--)
        buf_put_u8(out, (uint8_t)(argument >> 8 * (bytes - 1)));
}

void cbor_put_uint(struct buf *out, uint64_t value)
{
    put_head(out, UNSIGNED, value);
}

void cbor_put_int(struct buf *out, int64_t value)
{
    if (value < 0)
        put_head(out, NEGATIVE, (uint64_t)(-1 - value));
    else
        put_head(out, UNSIGNED, (uint64_t)value);
}

void cbor_put_bool(struct buf *out, bool value)
{
    put_head(out, SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void cbor_put_null(struct buf *out)
{
    put_head(out, SIMPLE, SIMPLE_NULL);
}

void cbor_put_bytes(struct buf *out, struct slice bytes)
{
    put_head(out, BYTES, bytes.len);
    buf_put(out, bytes);
}

void cbor_put_text(struct buf *out, struct slice utf8)
{
    put_head(out, TEXT, utf8.len);
    buf_put(out, utf8);
}

void cbor_put_array(struct buf *out, size_t elements)
{
    put_head(out, ARRAY, elements);
}

void cbor_put_map(struct buf *out, size_t pairs)
{
    put_head(out, MAP, pairs);
}

void cbor_put_tag(struct buf *out, uint64_t tag)
{
    put_head(out, TAG, tag);
}
