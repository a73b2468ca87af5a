/*
 * dstack (Phala, NEAR and others): a TDX quote with dstack's JSON event log, and the app-compose
 * file that the log names. The log's run-time events in RTMR 3 say which application, on which
 * instance, with which key provider was started.
 */
#ifndef ATTEST_DSTACK_H
#define ATTEST_DSTACK_H

#include "attest/appraise.h"

enum { DSTACK_EVENTS_MAX = 4096 };

/* Kind dstack. */
extern const struct verifier verifier_dstack;

#endif
