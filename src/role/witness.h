/*
 * A plain witness (c2sp.org/tlog-witness): cosigns checkpoints of logs it knows when each extends
 * the one it signed before. It says that there is one history, not that the history is valid.
 *
 *   [witness]  listen = 127.0.0.1:7001      where POST /add-checkpoint is served
 *              name = witness.example       its key's name
 *              key = witness.key            its Ed25519 key
 *              log = origin+hash+key        verifier key of a log it witnesses; may stand several
 * times state = folder               what it signed last, one file a log: synced before it signs
 */
#ifndef ROLE_WITNESS_H
#define ROLE_WITNESS_H

/* Run a witness by the configuration at `path` until it is told to end; return an exit code. */
int role_witness_run(const char *path);

#endif
