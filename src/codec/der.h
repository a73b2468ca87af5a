/*
 * DER (ITU-T X.690, 2021) on the shared cursor: one value, one encoding.
 *
 * The reader takes low tag numbers (one identifier byte) and definite, shortest lengths only. Every
 * function follows struct rd's rule: an error sets the cursor's `bad` and yields an empty value, so
 * a parser reads straight through and asks once. A constructed value is read with der_enter ...
 * der_leave, which demands that all of it was consumed.
 *
 *     struct rd seq = der_enter(r, DER_SEQUENCE);
 *     version = der_u64(&seq);
 *     name = der_whole(&seq, DER_SEQUENCE);
 *     der_leave(r, &seq);
 *
 * The writer works on struct wr; lengths are filled in by der_close.
 */
#ifndef CODEC_DER_H
#define CODEC_DER_H

#include "base/clock.h"
#include "base/rd.h"
#include "base/wr.h"

/* Identifier bytes: class, constructed bit and tag number in one. */
enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_TELETEX_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,             /* | number: implicit, primitive */
    DER_CONTEXT_CONSTRUCTED = 0xa0, /* | number: explicit, or implicit constructed */
};

/* One value: its identifier byte, its content, and header with content. */
struct der {
    uint8_t tag;
    struct slice body;
    struct slice all;
};

/* Read the next value, whatever its tag. */
struct der der_any(struct rd *r);

/* Tell whether another value follows, and whether its tag is `tag`. */
bool der_more(const struct rd *r);
bool der_is(const struct rd *r, uint8_t tag);

/* Read the next value, which must have `tag`: its content, or header and content. */
struct slice der_take(struct rd *r, uint8_t tag);
struct slice der_whole(struct rd *r, uint8_t tag);

/* Return a cursor over the content of the next value, which must have `tag`. */
struct rd der_enter(struct rd *r, uint8_t tag);

/* As der_enter when `tag` is next; otherwise an empty cursor, and `r` stays. Sets `*present`. */
struct rd der_enter_if(struct rd *r, uint8_t tag, bool *present);

/* Mark `outer` bad unless `inner` was read without error and to its end. */
void der_leave(struct rd *outer, const struct rd *inner);

/* Read BOOLEAN: content 00 or ff, nothing else (X.690 11.1). */
bool der_bool(struct rd *r);

/* Read a non-negative INTEGER: its bytes, most significant first, no leading zero; zero is one zero
 * byte. der_u64 demands that it fits; der_enumerated reads ENUMERATED below 2^31. */
struct slice der_uint(struct rd *r);
uint64_t der_u64(struct rd *r);
uint32_t der_enumerated(struct rd *r);

/* Read BIT STRING of whole bytes (no unused bits). */
struct slice der_bits(struct rd *r);

/* Read a named-bit-list BIT STRING of at most 16 bits. Bit 0 of the list is the lowest bit of the
 * result. Trailing zero bits are taken (der.c says why); unused bits must be zero. */
uint16_t der_flags(struct rd *r);

/* Read OBJECT IDENTIFIER: its content, whose arcs are minimal and complete. */
struct slice der_oid(struct rd *r);

/* Read UTCTime (1950..2049) or GeneralizedTime (any year) as RFC 5280 4.1.2.5 has them: seconds,
 * "Z", no fraction. */
unix_time der_time(struct rd *r);

/*
 * Copy ECDSA-Sig-Value { r, s } (RFC 3279 2.2.3), all of `der`, to `out` as r || s of `width` bytes
 * each. ERR_MALFORMED for slack, non-minimal or over-long numbers; zero is refused here, the group
 * order by the verifier.
 */
cocoon_err der_ecdsa_raw(struct slice der, size_t width, uint8_t *out) MUST_CHECK;

/* --- writing --- */

/* Open a value of `tag`; what is written until der_close is its content. */
struct wr_block der_open(struct wr *w, uint8_t tag);
void der_close(struct wr *w, struct wr_block block);

/* Write one value with content `body`. */
void der_put(struct wr *w, uint8_t tag, struct slice body);

/* Write a non-negative INTEGER given as bytes (leading zeros are dropped) or as a number. */
void der_put_uint(struct wr *w, struct slice magnitude);
void der_put_u64(struct wr *w, uint64_t value);

void der_put_bool(struct wr *w, bool value);
void der_put_null(struct wr *w);

/* Write BIT STRING of whole bytes, or a named bit list (see der_flags). */
void der_put_bits(struct wr *w, struct slice bytes);
void der_put_flags(struct wr *w, uint16_t flags);

/* Write a time as RFC 5280 wants it: UTCTime through 2049, GeneralizedTime after. Years 1950..9999.
 */
void der_put_time(struct wr *w, unix_time t);

/* Write r || s (halves of equal width) as ECDSA-Sig-Value. */
void der_put_ecdsa(struct wr *w, struct slice raw);

#endif
