#include "ledger/exec.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* Fees go to the account that nobody has a key of: all zero. */
static const uint8_t pool[32];

static const struct {
    enum tx_type type;
    rule_fn *rule;
} table[] = {
    {TX_BLOB, rule_blob},
    {TX_HEARTBEAT, rule_heartbeat},
    {TX_TRANSFER, rule_transfer},
    {TX_PROPOSE, rule_propose},
    {TX_APPROVE, rule_approve},
    {TX_EXECUTE, rule_execute},
    {TX_WORKER_REGISTER, rule_worker_register},
    {TX_WORKER_RENEW, rule_worker_renew},
    {TX_WORKER_UPDATE, rule_worker_update},
    {TX_WORKER_RETIRE, rule_worker_retire},
    {TX_RECEIPTS, rule_receipts},
};

cocoon_err exec_leaf(struct exec *x, uint64_t index, struct buf *out)
{
    struct buf leaf;
    cocoon_err err;

    if (index >= x->first_index) {
        assert(index - x->first_index < x->leaf_count);
        buf_put(out, x->leaves[index - x->first_index]);
        return buf_ok(out);
    }
    buf_init(&leaf, TX_MAX + 1);
    err = x->env->leaf(x->env->ctx, index, &leaf);
    if (err == OK && leaf.len < 1)
        err = ERR_CORRUPT;
    if (err == OK) {
        buf_put(out, slice_skip(buf_slice(&leaf), 1));
        err = buf_ok(out);
    }
    buf_fini(&leaf);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

cocoon_err exec_account(struct exec *x, const uint8_t account[32], struct record_account *out)
{
    struct slice value;
    cocoon_err err = state_get(x->state, RECORD_ACCOUNT, slice_make(account, 32), &value);

    if (err == ERR_ABSENT) {
        *out = (struct record_account){0};
        return OK;
    }
    if (err != OK)
        return err;
    return record_get_account(value, out) == OK ? OK : ERR_CORRUPT;
}

void exec_account_set(struct exec *x, const uint8_t account[32], const struct record_account *a)
{
    struct wr w = exec_wr(x);

    record_put_account(&w, a);
    exec_put(x, RECORD_ACCOUNT, slice_make(account, 32), &w);
}

cocoon_err exec_fee(struct exec *x, const uint8_t account[32], amount sum, struct fail *fail)
{
    struct record_account from, to;
    cocoon_err err;

    if (sum == 0)
        return OK;
    if ((err = exec_account(x, account, &from)) != OK)
        return err;
    if (!amount_sub(from.balance, sum, &from.balance))
        return fail_set(fail, ERR_FUNDS, 0, "the account cannot pay the fee");
    exec_account_set(x, account, &from);
    if ((err = exec_account(x, pool, &to)) != OK)
        return err;
    if (!amount_add(to.balance, sum, &to.balance))
        return ERR_CORRUPT;
    exec_account_set(x, pool, &to);
    return OK;
}

struct wr exec_wr(struct exec *x)
{
    return wr_init(x->room, sizeof x->room);
}

void exec_put(struct exec *x, enum record_type type, struct slice id, const struct wr *value)
{
    struct slice bytes;
    cocoon_err err = wr_end(value, &bytes);

    assert(err == OK);
    state_put(x->state, type, id, bytes);
}

/* What every transaction must be: of this network, signed, next in its account's order. */
static cocoon_err check_common(struct exec *x, const struct tx *tx, bool signature_known,
                               struct record_account *account, struct fail *fail)
{
    cocoon_err err;

    if (!digest_eq(&tx->network_id, &x->network.network_id))
        return fail_set(fail, ERR_MISMATCH, 7, "a transaction of another network");
    if ((err = exec_account(x, tx->account.bytes, account)) != OK)
        return err;
    if (tx->nonce < account->nonce)
        return fail_set(fail, ERR_REPLAY, 71, "the nonce was used already");
    if (tx->nonce > account->nonce)
        return fail_set(fail, ERR_RANGE, 71, "the nonce leaves out others before it");
    if (!signature_known && tx_check_signature(tx) != OK)
        return fail_set(fail, ERR_SIGNATURE, 83, "the transaction's signature does not verify");
    return OK;
}

static cocoon_err run(struct exec *x, struct slice bytes, bool signature_known, struct fail *fail)
{
    struct record_account account;
    struct tx tx;
    cocoon_err err;

    if ((err = tx_parse(bytes, &tx, fail)) != OK)
        return err;
    if ((err = check_common(x, &tx, signature_known, &account, fail)) != OK)
        return err;
    account.nonce++;
    exec_account_set(x, tx.account.bytes, &account);
    if ((err = exec_fee(x, tx.account.bytes, x->params.fee_tx, fail)) != OK)
        return err;
    tx_id(bytes, &x->id);
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].type == tx.type)
            return table[i].rule(x, &tx, fail);
    return fail_set(fail, ERR_UNSUPPORTED, 5, "no rules for this type of transaction");
}

cocoon_err exec_tx(struct exec *x, struct slice bytes, bool signature_known, struct fail *fail)
{
    struct record_params params = x->params;
    struct record_network network = x->network;
    cocoon_err err;

    *fail = (struct fail){0};
    state_mark(x->state);
    err = run(x, bytes, signature_known, fail);
    if (err == OK) {
        state_keep(x->state);
    } else {
        state_undo(x->state);
        x->params = params;
        x->network = network;
        if (fail->what == NULL)
            fail_set(fail, err, 0, cocoon_err_text(err));
    }
    arena_fini(x->scratch);
    return err;
}
