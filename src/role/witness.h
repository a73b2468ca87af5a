/*
 * A witness (c2sp.org/tlog-witness): cosigns checkpoints of logs it knows when each extends the one
 * it signed before. A plain one says that there is one history; one that has the genesis of a
 * ledger executes every entry first, and so says that the history is valid.
 *
 *   [witness]  listen = 127.0.0.1:7001   where POST /add-checkpoint is served
 *              name = witness.example    its key's name
 *              key = witness.key         its Ed25519 key
 *              log = origin+hash+key     verifier key of a log it witnesses; several times
 *              state = folder            what it signed last, one file a log: synced before it
 * signs genesis = genesis.json    execute this network's ledger, which must be among the logs
 *              ledger = http://host:port where its entries are read; a folder will do
 */
#ifndef ROLE_WITNESS_H
#define ROLE_WITNESS_H

/* Run a witness by the configuration at `path` until it is told to end; return an exit code. */
int role_witness_run(const char *path);

#endif
