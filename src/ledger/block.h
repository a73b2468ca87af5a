/*
 * BLOCK leaves: each closes one block, and the state and payouts hang off the last one
 * (docs/spec/log.md).
 *
 *     0  02                  1   type of the leaf
 *     1  "CNBK"              4
 *     5  height u64          8   0 for the first block, which has no transactions
 *    13  time_ms u64         8   milliseconds since 1970; rises strictly
 *    21  first_index u64     8   log index of the block's first leaf
 *    29  tx_count u32        4   leaves before this one
 *    33  state_root         32   of the sparse Merkle tree after the block
 *    65  payout_root        32   of the payout tree (RFC 6962)
 *    97  prev_block_leaf    32   RFC 6962 leaf hash of the BLOCK leaf before; the network id at
 *                                height 0
 *   129  params_hash        32   SHA-256 of the parameters record
 *   161  engine_evidence    32   SHA-256 of the signed header of the block before; zero without
 *   193
 */
#ifndef LEDGER_BLOCK_H
#define LEDGER_BLOCK_H

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/merkle.h"

enum leaf_type { LEAF_TX = 0x01, LEAF_BLOCK = 0x02, LEAF_BLOB = 0x03 };

enum { BLOCK_LEAF_LEN = 193 };

struct block {
    uint64_t height;
    uint64_t time_ms;
    uint64_t first_index;
    uint32_t tx_count;
    struct digest state_root;
    struct digest payout_root;
    struct digest prev_block_leaf;
    struct digest params_hash;
    struct digest engine_evidence;
};

/* Write the leaf: BLOCK_LEAF_LEN bytes. */
void block_put(struct wr *w, const struct block *b);

/* Decode all of `leaf`. ERR_TRUNCATED, ERR_TRAILING, ERR_TYPE (another leaf), ERR_MALFORMED. */
cocoon_err block_read(struct slice leaf, struct block *out) MUST_CHECK;

#endif
