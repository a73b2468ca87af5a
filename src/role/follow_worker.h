/*
 * Ask the ledger for everything that speaks of one worker: its record, its release and its model,
 * proved together under one checkpoint.
 */
#ifndef ROLE_FOLLOW_WORKER_H
#define ROLE_FOLLOW_WORKER_H

#include "role/follow.h"

/*
 * Ask for the worker `id`. Two questions: the first tells which release and model it names. `fn`
 * comes exactly once, unless the follower is freed before; on OK its proof holds all three records.
 */
void follow_worker(struct follow *f, const uint8_t id[32], follow_fn *fn, void *owner);

#endif
