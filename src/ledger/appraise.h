/*
 * Appraisal as rules version 1 does it: attest/appraise.h under a policy that the ledger itself
 * holds. Collateral is what the transaction brought; nothing is fetched, the only clock is the
 * block's.
 */
#ifndef LEDGER_APPRAISE_H
#define LEDGER_APPRAISE_H

#include "ledger/ledger.h"

struct policy;

ledger_appraise_fn ledger_appraise_v1;

/* Make `policy` accept the measurements of `release`, from which it then borrows. ERR_LIMIT,
 * ERR_NOMEM. */
cocoon_err ledger_release_accept(const struct record_release *release, struct policy *policy,
                                 struct arena *arena) MUST_CHECK;

#endif
