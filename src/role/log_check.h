/* Verify a whole ledger, from a folder or over HTTP, and say what was found line by line. */
#ifndef ROLE_LOG_CHECK_H
#define ROLE_LOG_CHECK_H

#include "attest/policy.h"
#include "attest/result.h"

/*
 * Execute the log at `where` again (sequencer/verify.h) and write the transcript into `r`, which is
 * initialised. `policy` may be NULL: then who vouches for the checkpoint is left open (a SKIP), and
 * the best verdict is PARTIAL. Failures are in the transcript.
 */
void log_check(const char *where, const struct policy *policy, struct result *r);

#endif
