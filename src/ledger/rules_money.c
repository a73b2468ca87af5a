/* Rules of blobs, heartbeats and transfers. */
#include <string.h>

#include "ledger/exec.h"

/* Content goes in once; a record of its digest says which leaf holds it. */
cocoon_err rule_blob(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct record_blob blob = {.index = exec_index(x), .length = (uint32_t)tx->body.len};
    amount fee = (amount)x->params.fee_kib * ((tx->body.len + 1023) / 1024);
    struct digest digest;
    struct slice value;
    struct wr w;
    cocoon_err err;

    if (tx->body.len < 1 || tx->body.len > TX_BLOB_MAX)
        return fail_set(fail, ERR_LIMIT, 79, "a blob has 1 to 61440 bytes");
    sha256(tx->body, &digest);
    err = state_get(x->state, RECORD_BLOB, digest_slice(&digest), &value);
    if (err == OK)
        return fail_set(fail, ERR_EXISTS, 83, "the ledger holds this blob already");
    if (err != ERR_ABSENT)
        return err;
    if ((err = exec_fee(x, tx->account.bytes, fee, fail)) != OK)
        return err;
    w = exec_wr(x);
    record_put_blob(&w, &blob);
    exec_put(x, RECORD_BLOB, digest_slice(&digest), &w);
    return OK;
}

/* A heartbeat moves time on when nothing else does: only after a gap, so nobody can flood. */
cocoon_err rule_heartbeat(struct exec *x, const struct tx *tx, struct fail *fail)
{
    if (tx->body.len != 0)
        return fail_set(fail, ERR_TRAILING, 83, "a heartbeat has no body");
    if (x->time_ms - x->last_ms < 1000 * (uint64_t)x->params.heartbeat_gap)
        return fail_set(fail, ERR_RULE, 0, "too early for a heartbeat");
    return OK;
}

cocoon_err rule_transfer(struct exec *x, const struct tx *tx, struct fail *fail)
{
    struct rd r = rd_init(tx->body);
    struct slice to = rd_slice(&r, 32);
    amount sum = rd_amount(&r);
    struct record_account from, into;
    cocoon_err err;

    if (rd_end(&r) != OK)
        return fail_set(fail, rd_end(&r), 83, "not the body of a transfer");
    if (sum == 0)
        return fail_set(fail, ERR_RULE, 115, "a transfer of nothing");
    if (memcmp(to.ptr, tx->account.bytes, 32) == 0)
        return fail_set(fail, ERR_RULE, 83, "a transfer to oneself");
    if ((err = exec_account(x, tx->account.bytes, &from)) != OK)
        return err;
    if (!amount_sub(from.balance, sum, &from.balance))
        return fail_set(fail, ERR_FUNDS, 115, "the account has not that much");
    if ((err = exec_account(x, to.ptr, &into)) != OK)
        return err;
    if (!amount_add(into.balance, sum, &into.balance))
        return ERR_CORRUPT;
    exec_account_set(x, tx->account.bytes, &from);
    exec_account_set(x, to.ptr, &into);
    return OK;
}
