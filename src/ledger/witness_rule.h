/*
 * What a witness decides about a checkpoint it is asked to cosign (c2sp.org/tlog-witness), as the
 * HTTP status it answers with. Pure: keeping what was cosigned, durably and before the signature
 * leaves, is the caller's.
 */
#ifndef LEDGER_WITNESS_RULE_H
#define LEDGER_WITNESS_RULE_H

#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"

/* The checkpoint of a log that a witness cosigned last; size 0: none. */
struct witness_seen {
    uint64_t size;
    struct digest root;
};

/*
 * Judge `request`, whose note is `note` and its text `next`, for the log with `key`:
 *
 *   200   it may be cosigned
 *   400   the old size is larger than the checkpoint's
 *   403   the log did not sign, or its signature fails
 *   409   the old size is not that of `seen`
 *   422   the proof does not verify: another root at the same size, a proof where none is due, a
 *         root of an empty tree that is not
 */
unsigned witness_judge(const struct note_vkey *key, const struct witness_seen *seen,
                       const struct add_checkpoint *request, const struct note *note,
                       const struct checkpoint *next);

#endif
