/*
 * Appraisal as rules version 1 does it: attest/appraise.h under a policy that the ledger itself
 * holds. Collateral is what the transaction brought; nothing is fetched, the only clock is the
 * block's.
 */
#ifndef LEDGER_APPRAISE_H
#define LEDGER_APPRAISE_H

#include "ledger/ledger.h"

ledger_appraise_fn ledger_appraise_v1;

#endif
