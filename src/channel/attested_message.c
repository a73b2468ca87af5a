#include "channel/attested_message.h"

#include "codec/cbor.h"

enum { ID_LEN = 32, REASON_MAX = 64, HELLO_ELEMENTS = 7 };

/* Elements of each message, its type included. */
static const size_t elements[] = {
    [MESSAGE_HELLO] = HELLO_ELEMENTS,
    [MESSAGE_WANT] = 2,
    [MESSAGE_PROOF] = 3,
    [MESSAGE_DONE] = 1,
    [MESSAGE_REFUSE] = 2,
};

static void put_hello(struct buf *out, const struct message *m)
{
    cbor_put_uint(out, m->version);
    cbor_put_text(out, m->role);
    cbor_put_bytes(out, m->id);
    cbor_put_bytes(out, m->network_id);
    if (m->keyset.len > 0)
        cbor_put_bytes(out, m->keyset);
    else
        cbor_put_null(out);
    cbor_put_bytes(out, m->nonce);
}

cocoon_err message_put(struct buf *out, const struct message *m)
{
    cbor_put_array(out, elements[m->type]);
    cbor_put_uint(out, m->type);
    if (m->type == MESSAGE_HELLO)
        put_hello(out, m);
    if (m->type == MESSAGE_WANT || m->type == MESSAGE_PROOF)
        cbor_put_uint(out, m->proof);
    if (m->type == MESSAGE_PROOF)
        cbor_put_bytes(out, m->payload);
    if (m->type == MESSAGE_REFUSE)
        cbor_put_text(out, m->reason);
    return buf_ok(out);
}

/* Read a byte string of `ID_LEN`. */
static bool read_id(struct cbor_rd *c, struct slice *out)
{
    *out = cbor_rd_bytes(c);
    return out->len == ID_LEN;
}

static bool read_hello(struct cbor_rd *c, struct message *out)
{
    bool good;

    out->version = cbor_rd_uint(c);
    out->role = cbor_rd_text(c);
    good = read_id(c, &out->id) && read_id(c, &out->network_id);
    if (cbor_rd_kind(c) == CBOR_NULL)
        cbor_rd_null(c);
    else
        good = read_id(c, &out->keyset) && good;
    return read_id(c, &out->nonce) && good;
}

static bool read_proof(struct cbor_rd *c, struct message *out)
{
    uint64_t proof = cbor_rd_uint(c);

    out->proof = (enum channel_proof)proof;
    return proof <= CHANNEL_BOUND;
}

static bool read_body(struct cbor_rd *c, struct message *out)
{
    switch (out->type) {
    case MESSAGE_HELLO:
        return read_hello(c, out);
    case MESSAGE_WANT:
        return read_proof(c, out);
    case MESSAGE_PROOF:
        if (!read_proof(c, out))
            return false;
        out->payload = cbor_rd_bytes(c);
        return true;
    case MESSAGE_DONE:
        return true;
    case MESSAGE_REFUSE:
        out->reason = cbor_rd_text(c);
        return out->reason.len <= REASON_MAX;
    }
    return false;
}

cocoon_err message_read(struct slice bytes, struct message *out, struct fail *fail)
{
    struct cbor_rd c;
    uint64_t type;
    cocoon_err err;

    *out = (struct message){.payload = {NULL, 0}};
    if (bytes.len > CHANNEL_MESSAGE_MAX)
        return fail_set(fail, ERR_LIMIT, 0, "message is too long");
    err = cbor_check(bytes, CBOR_SORTED, fail);
    if (err != OK)
        return err;
    c = cbor_rd_init(bytes, CBOR_SORTED);
    (void)cbor_rd_array(&c); /* too many elements are left over, too few run out */
    type = cbor_rd_uint(&c);
    if (type < MESSAGE_HELLO || type > MESSAGE_REFUSE)
        return fail_set(fail, ERR_UNKNOWN_NAME, 1, "message type");
    out->type = (enum message_type)type;
    if (!read_body(&c, out) || cbor_rd_end(&c) != OK)
        return fail_set(fail, ERR_MALFORMED, c.in.at, "elements of the message");
    return OK;
}
