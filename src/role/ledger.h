/*
 * A ledger node with the embedded sequencer: orders transactions, has its checkpoints cosigned, and
 * serves log, state and proofs.
 *
 *   [ledger]  listen = 127.0.0.1:7000    HTTP, plain: whatever it serves is verified by who reads
 * it genesis = genesis.json     of the network dir = folder               what it keeps log_key =
 * log.key          signs checkpoints; genesis.json has its verifier key cosigner_key = op.key
 * cosigns what it executed; may be missing cosigner_name = name       of that key; needed with it
 *             witness = http://host:port several times; each cosigns every checkpoint
 *             cosignatures = 1           least number of theirs before a checkpoint is published
 *   [timing]  block_ms = 20              least time between two blocks
 *             checkpoint_ms = 200        least time between two checkpoints
 *             witness_ms = 2000          how long cosignatures are waited for
 *             retry_ms = 5000            a witness that was missing is asked again after this time
 *             refresh_ms = 60000         a published checkpoint is cosigned again after this time
 *             heartbeat_ms = 240000      longest time without a block while a worker is active
 */
#ifndef ROLE_LEDGER_H
#define ROLE_LEDGER_H

/* Run a ledger node by the configuration at `path` until it is told to end; return an exit code. */
int role_ledger_run(const char *path);

#endif
