/*
 * Event logs as checks: kinds tpm-eventlog (replay only) and ccel (against the registers of a TDX
 * quote, which is verified too), and the replay that other formats need.
 */
#ifndef ATTEST_EVENTLOG_CHECK_H
#define ATTEST_EVENTLOG_CHECK_H

#include "attest/appraise.h"
#include "attest/eventlog.h"
#include "attest/quote.h"

/*
 * Replay the log `bytes` in TPM bank `alg` into `bank`; adds the claim event_log_format to `in`.
 * False if that is not possible: recorded.
 */
bool eventlog_replay_tpm(struct appraisal *a, struct slice bytes, uint16_t alg, struct claim *in,
                         struct mr_bank *bank);

/* Kinds tpm-eventlog and ccel. */
extern const struct verifier verifier_eventlog;

#endif
