/*
 * Verifying a whole log, by nothing but what it serves: every transaction is executed again with
 * its signature and its appraisal, every BLOCK leaf must come out the same, every tile must hold
 * the hashes of its entries, and the root must be that of a checkpoint that its log, or the quorum
 * of a policy, signed.
 */
#ifndef SEQUENCER_VERIFY_H
#define SEQUENCER_VERIFY_H

#include "ledger/tlog_policy.h"
#include "sequencer/replay.h"

struct verify_params {
    struct slice genesis;             /* genesis.json */
    struct slice checkpoint;          /* signed note */
    struct tile_source source;        /* its size is ignored: the checkpoint says it */
    const struct tlog_policy *policy; /* NULL: signed by the key in genesis is enough */
    const struct digest *network_id;  /* what genesis must hash to; NULL: anything */
};

struct verify_result {
    struct digest network_id;
    uint64_t size, height, time_ms;
    uint64_t transactions; /* executed, each with its signature checked */
    uint64_t cosigned;     /* when the policy's quorum was complete; 0 without a policy */
    struct digest root, state_root;
};

/*
 * Verify. `fail->offset` is the index of the entry at fault, where there is one. ERR_MISMATCH
 * (network, a BLOCK leaf, a tile), ERR_PROOF (root), ERR_QUORUM, ERR_UNTRUSTED, ERR_SIGNATURE, the
 * reason for which a transaction is refused, and the errors of the source.
 */
cocoon_err log_verify(const struct verify_params *params, struct verify_result *out,
                      struct fail *fail) MUST_CHECK;

#endif
