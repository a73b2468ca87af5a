/*
 * CBOR (RFC 8949): a bounded reader and a writer of preferred serialisation.
 *
 * The reader takes definite lengths and shortest arguments only (section 4.2.1 without the key
 * order), unique map keys, valid UTF-8; floats, undefined and other simple values are refused.
 * CBOR_SORTED also demands keys in bytewise order: the core deterministic encoding. CBOR_INDEFINITE
 * lets arrays and maps (not strings) have indefinite length, as AWS Nitro writes them. The whole
 * item is checked when reading starts, so the pull calls meet well-formed input; they are sticky
 * like struct rd: a wrong kind sets the error and yields zeros.
 */
#ifndef CODEC_CBOR_H
#define CODEC_CBOR_H

#include "base/buf.h"
#include "base/rd.h"

enum { CBOR_DEPTH_MAX = 16, CBOR_MAP_MAX = 256 };

enum cbor_order { CBOR_INDEFINITE, CBOR_ANY_ORDER, CBOR_SORTED };

enum cbor_kind {
    CBOR_UINT,
    CBOR_NEGATIVE,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_TAG,
    CBOR_BOOL,
    CBOR_NULL,
    CBOR_NONE, /* nothing is left, or the reader failed */
};

struct cbor_rd {
    struct rd in;
    cocoon_err err;
};

/*
 * Check that `item` is exactly one item under the rules above. ERR_TRUNCATED, ERR_TRAILING,
 * ERR_MALFORMED, ERR_NONCANONICAL, ERR_DUPLICATE, ERR_ENCODING, ERR_UNSUPPORTED, ERR_LIMIT.
 */
cocoon_err cbor_check(struct slice item, enum cbor_order order, struct fail *fail) MUST_CHECK;

/* Start reading `item`, checking it first: a bad one makes every read fail. */
struct cbor_rd cbor_rd_init(struct slice item, enum cbor_order order);

/* Return the kind of the next item without consuming it. */
enum cbor_kind cbor_rd_kind(const struct cbor_rd *c);

uint64_t cbor_rd_uint(struct cbor_rd *c);
int64_t cbor_rd_int(struct cbor_rd *c); /* ERR_RANGE beyond 64 bits */
bool cbor_rd_bool(struct cbor_rd *c);
void cbor_rd_null(struct cbor_rd *c);
struct slice cbor_rd_bytes(struct cbor_rd *c);
struct slice cbor_rd_text(struct cbor_rd *c);
size_t cbor_rd_array(struct cbor_rd *c); /* elements that follow */
size_t cbor_rd_map(struct cbor_rd *c);   /* pairs that follow, key then value */
uint64_t cbor_rd_tag(struct cbor_rd *c); /* the tagged item follows */

/* Step over the next item, whatever it is, and return its bytes. */
struct slice cbor_rd_any(struct cbor_rd *c);

/* Return the first error, or ERR_TRAILING if items are left, or OK. */
cocoon_err cbor_rd_end(const struct cbor_rd *c) MUST_CHECK;

/* Append to `out`. Map keys are the caller's to put in order. */
void cbor_put_uint(struct buf *out, uint64_t value);
void cbor_put_int(struct buf *out, int64_t value);
void cbor_put_bool(struct buf *out, bool value);
void cbor_put_null(struct buf *out);
void cbor_put_bytes(struct buf *out, struct slice bytes);
void cbor_put_text(struct buf *out, struct slice utf8);
void cbor_put_array(struct buf *out, size_t elements);
void cbor_put_map(struct buf *out, size_t pairs);
void cbor_put_tag(struct buf *out, uint64_t tag);

#endif
