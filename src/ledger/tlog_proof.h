/*
 * Proofs of logging as files (c2sp.org/tlog-proof), ending in ".tlog-proof".
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64>              may be missing; not authenticated
 *   index <decimal>
 *   <base64 hash> ..            RFC 6962 inclusion proof, from the leaf up
 *
 *   <checkpoint: signed note>
 */
#ifndef LEDGER_TLOG_PROOF_H
#define LEDGER_TLOG_PROOF_H

#include "base/arena.h"
#include "crypto/merkle.h"
#include "ledger/checkpoint.h"

struct tlog_policy;

enum { TLOG_PROOF_MAX = CHECKPOINT_NOTE_MAX + 16 * 1024, TLOG_EXTRA_MAX = 4096 };

struct tlog_proof {
    struct slice extra; /* decoded; empty: none */
    uint64_t index;
    struct merkle_proof inclusion;
    struct slice checkpoint;
};

/* Append the file. ERR_LIMIT. */
cocoon_err tlog_proof_put(struct buf *out, const struct tlog_proof *p) MUST_CHECK;

/* Parse all of `text`; slices live as long as it and `arena`. ERR_MALFORMED, ERR_TRUNCATED,
 * ERR_LIMIT, ERR_NOMEM. */
cocoon_err tlog_proof_read(struct slice text, struct arena *arena, struct tlog_proof *out,
                           struct fail *fail) MUST_CHECK;

/*
 * ERR_PROOF unless `p` shows that `entry` stands at p->index of the log whose checkpoint it
 * carries; ERR_QUORUM unless the quorum of `policy` cosigned that one, at or before `latest`; and
 * the errors of tlog_policy_check. `*time` (may be NULL) is when the quorum was complete.
 */
cocoon_err tlog_proof_verify(const struct tlog_proof *p, struct slice entry,
                             const struct tlog_policy *policy, uint64_t latest, uint64_t *time,
                             struct fail *fail) MUST_CHECK;

#endif
