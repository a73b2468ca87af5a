/*
 * The request of a log to its witness (c2sp.org/tlog-witness, POST /add-checkpoint):
 *
 *   old <size>\n
 *   base64 of one hash of the consistency proof\n     as many as there are
 *   \n
 *   the checkpoint, a signed note
 */
#ifndef LEDGER_ADD_CHECKPOINT_H
#define LEDGER_ADD_CHECKPOINT_H

#include "crypto/merkle.h"

enum { ADD_CHECKPOINT_MAX = 64 * 1024 };

struct add_checkpoint {
    uint64_t old_size; /* what the log believes the witness saw last */
    struct merkle_proof proof;
    struct slice note;
};

/* Append the request. ERR_LIMIT. */
cocoon_err add_checkpoint_put(struct buf *out, const struct add_checkpoint *request) MUST_CHECK;

/* Parse all of `body`; `note` borrows from it and is not looked at. ERR_MALFORMED, ERR_LIMIT. */
cocoon_err add_checkpoint_read(struct slice body, struct add_checkpoint *out,
                               struct fail *fail) MUST_CHECK;

#endif
