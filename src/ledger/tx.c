#include "ledger/tx.h"

#include <assert.h>

#include "base/mem.h"
#include "crypto/labels.h"

enum { VERSION = 1 };

static const struct {
    enum tx_type type;
    const char *name;
} names[] = {
    {TX_BLOB, "blob"},
    {TX_HEARTBEAT, "heartbeat"},
    {TX_PROPOSE, "propose"},
    {TX_APPROVE, "approve"},
    {TX_EXECUTE, "execute"},
    {TX_WORKER_REGISTER, "worker_register"},
    {TX_WORKER_RENEW, "worker_renew"},
    {TX_WORKER_UPDATE, "worker_update"},
    {TX_WORKER_RETIRE, "worker_retire"},
    {TX_TRANSFER, "transfer"},
    {TX_RECEIPTS, "receipts"},
};

const char *tx_type_name(uint16_t type)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].type == type)
            return names[i].name;
    return NULL;
}

bool tx_type_known(uint16_t type)
{
    return tx_type_name(type) != NULL;
}

cocoon_err tx_parse(struct slice bytes, struct tx *out, struct fail *fail)
{
    struct rd r = rd_init(bytes);
    struct slice tag = rd_slice(&r, 4);
    uint8_t version = rd_u8(&r);
    uint16_t type = rd_u16be(&r);
    uint32_t length;

    rd_copy(&r, out->network_id.bytes, 32);
    rd_copy(&r, out->account.bytes, 32);
    out->nonce = rd_u64be(&r);
    length = rd_u32be(&r);
    if (r.bad)
        return fail_set(fail, ERR_TRUNCATED, bytes.len, "the transaction's head is cut short");
    if (!slice_eq_text(tag, LABEL_TRANSACTION))
        return fail_set(fail, ERR_MALFORMED, 0, "not a transaction");
    if (version != VERSION)
        return fail_set(fail, ERR_VERSION, 4, "transaction of another version");
    if (!tx_type_known(type))
        return fail_set(fail, ERR_UNSUPPORTED, 5, "no rules for this type of transaction");
    if (length > TX_BODY_MAX)
        return fail_set(fail, ERR_LIMIT, 79, "the transaction's body is too long");
    out->type = (enum tx_type)type;
    out->body = rd_slice(&r, length);
    out->covered = slice_make(bytes.ptr, r.at);
    out->signature = rd_slice(&r, ED25519_SIG_LEN);
    if (rd_end(&r) != OK)
        return fail_set(fail, rd_end(&r), 79, "the transaction's length is wrong");
    return OK;
}

cocoon_err tx_check_signature(const struct tx *tx)
{
    return ed25519_verify(&tx->account, tx->covered, tx->signature);
}

void tx_id(struct slice bytes, struct digest *out)
{
    sha256(bytes, out);
}

cocoon_err tx_sign(struct buf *out, const struct ed25519_key *key, enum tx_type type,
                   const struct digest *network_id, uint64_t nonce, struct slice body)
{
    uint8_t head[TX_HEAD_LEN];
    struct wr w = wr_init(head, sizeof head);
    struct ed25519_sig sig;
    size_t start = out->len;

    assert(body.len <= TX_BODY_MAX);
    wr_slice(&w, slice_text(LABEL_TRANSACTION));
    wr_u8(&w, VERSION);
    wr_u16be(&w, (uint16_t)type);
    wr_slice(&w, digest_slice(network_id));
    wr_slice(&w, ed25519_public_slice(&key->public));
    wr_u64be(&w, nonce);
    wr_u32be(&w, (uint32_t)body.len);
    assert(!w.over && w.len == TX_HEAD_LEN);
    buf_put(out, SLICE_OF(head));
    buf_put(out, body);
    if (buf_ok(out) != OK)
        return ERR_LIMIT;
    ed25519_sign(key, slice_skip(buf_slice(out), start), &sig);
    buf_put(out, ed25519_sig_slice(&sig));
    return buf_ok(out);
}
