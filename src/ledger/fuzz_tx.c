/* Transactions, their bodies and actions: no input overreads, and each decoded part lies inside. */
#include "ledger/action.h"
#include "ledger/block.h"
#include "ledger/tx.h"
#include "ledger/tx_worker.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct slice whole, struct slice part)
{
    assert(part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void read_body(struct slice body)
{
    static struct tx_worker worker;
    struct tx_worker_update update;
    struct tx_receipts receipts;
    struct action action;
    struct block block;

    if (tx_worker_read(body, &worker) == OK)
        for (uint8_t i = 0; i < worker.evidence.count; i++)
            inside(body, worker.evidence.parts[i].pieces);
    if (action_read(body, &action) == OK)
        inside(body, action.value);
    (void)!tx_worker_update_read(body, &update);
    (void)!tx_receipts_read(body, &receipts);
    (void)!block_read(body, &block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_make(data, size);
    struct fail fail;
    struct tx tx;

    read_body(bytes);
    if (tx_parse(bytes, &tx, &fail) != OK)
        return 0;
    inside(bytes, tx.body);
    assert(tx.covered.len + tx.signature.len == size);
    read_body(tx.body);
    return 0;
}
