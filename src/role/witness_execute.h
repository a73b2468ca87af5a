/*
 * The executing part of a witness: before a checkpoint is cosigned, every entry behind it is
 * executed here, on a pool thread, and kept in a mirror (sequencer/mirror.h).
 *
 * Block times must be honest too: a new block may not be from the future, nor from long before the
 * checkpoint that was cosigned before it.
 */
#ifndef ROLE_WITNESS_EXECUTE_H
#define ROLE_WITNESS_EXECUTE_H

#include "ledger/checkpoint.h"
#include "net/loop.h"

enum { WITNESS_CLOCK_S = 60 }; /* DESIGN section 7: how far block times may be off */

struct witness_execute;

/*
 * Start with what the mirror in `dir` holds of the network in `genesis` (its text, copied), reading
 * new entries from `from`: a folder or http://host:port. `fail` says what does not fit.
 */
cocoon_err witness_execute_new(struct witness_execute **out, struct loop *loop, const char *dir,
                               struct slice genesis, const char *from,
                               struct fail *fail) MUST_CHECK;

/* Waits for the job under way. NULL is fine. */
void witness_execute_free(struct witness_execute *x);

/* The log's verifier key, as genesis has it. */
const struct note_vkey *witness_execute_log(const struct witness_execute *x);

/*
 * Execute up to the checkpoint in `note` (copied); then `done(owner, fail)` comes once on the loop,
 * with fail->code OK when it may be cosigned. ERR_BUSY while another is under way.
 */
typedef void witness_execute_fn(void *owner, const struct fail *fail);
cocoon_err witness_execute_start(struct witness_execute *x, struct slice note,
                                 witness_execute_fn *done, void *owner) MUST_CHECK;

#endif
