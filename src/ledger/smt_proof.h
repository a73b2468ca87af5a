/*
 * Proofs of presence and absence in the sparse Merkle tree of the state.
 *
 * The tree holds one leaf a key, at the place that the key's bits name, first bit first:
 *
 *   empty subtree    32 zero bytes
 *   one-leaf subtree its leaf: SHA-256(00 | key | SHA-256(value))
 *   other subtree    SHA-256(01 | left | right)
 *
 * so a path ends where a subtree holds one leaf or none. A proof is (docs/spec/ledger.md):
 *
 *   kind u8          1 present, 2 absent: the path ends in an empty subtree, 3 absent: it ends in
 *                    the leaf of another key
 *   depth u16        siblings on the path, 0..256
 *   bitmap           ceil(depth / 8) bytes; bit i, high bit first, says that the sibling at depth
 *                    i + 1 is not empty; spare bits are zero
 *   siblings         32 bytes for each bit set, from the root down
 *   other leaf       kind 3 only: key 32 | SHA-256(value) 32
 *
 * One statement has one proof: what could be said otherwise is refused.
 */
#ifndef LEDGER_SMT_PROOF_H
#define LEDGER_SMT_PROOF_H

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/hash.h"

enum { SMT_DEPTH = 256, SMT_PROOF_MAX = 3 + SMT_DEPTH / 8 + 32 * SMT_DEPTH + 64 };

enum smt_proof_kind { SMT_PRESENT = 1, SMT_EMPTY = 2, SMT_OTHER = 3 };

struct smt_proof {
    uint8_t kind;
    uint16_t depth;
    struct digest siblings[SMT_DEPTH];    /* zero: empty */
    struct digest other_key, other_value; /* SMT_OTHER */
};

/* Return bit `at` of `key`, the first being the highest of the first byte. */
static inline unsigned smt_bit(const struct digest *key, unsigned at)
{
    return (unsigned)key->bytes[at / 8] >> (7 - at % 8) & 1U;
}

void smt_leaf_hash(const struct digest *key, const struct digest *value_hash, struct digest *out);
void smt_node_hash(const struct digest *left, const struct digest *right, struct digest *out);

void smt_proof_put(struct wr *w, const struct smt_proof *p);

/* Decode all of `bytes`. ERR_TRUNCATED, ERR_TRAILING, ERR_MALFORMED (kind, depth, spare bits). */
cocoon_err smt_proof_read(struct slice bytes, struct smt_proof *out) MUST_CHECK;

/*
 * ERR_PROOF unless `proof` shows, under `root`, that `key` has a value whose SHA-256 is
 * `*value_hash`, or with `value_hash` NULL that it has none. The errors of smt_proof_read.
 */
cocoon_err smt_proof_verify(const struct digest *root, const struct digest *key,
                            const struct digest *value_hash, struct slice proof) MUST_CHECK;

#endif
