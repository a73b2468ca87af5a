/*
 * A whole network in one folder, for one machine: keys, genesis, configurations. What `cocoon up`
 * starts.
 *
 *   DIR/network.conf            ports and choices, kept across restarts
 *   DIR/genesis.json
 *   DIR/keys/NAME.key           owner, log, operator, witness-1, witness-2, sim, proxy, worker-N
 *   DIR/NAME/NAME.conf          one folder a process: ledger, witness-1, witness-2, proxy,
 * worker-N, client DIR/client/policy.conf      what every process here believes; it admits the sim
 * root of this folder DIR/client/receipts/ DIR/logs/NAME.log
 *
 * The same code as production; only the policy differs: it admits `sim`, which is SIMULATED.
 */
#ifndef ROLE_DEVNET_H
#define ROLE_DEVNET_H

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "store/file.h"

enum { DEVNET_WORKERS_MAX = 8, DEVNET_WITNESSES = 2, DEVNET_TEXT_MAX = 1024 };

struct devnet {
    char dir[FILE_PATH_MAX];

    /* choices: set before devnet_make, read back by devnet_load */
    unsigned workers;
    char model[128];               /* the name requests call it */
    char backend[DEVNET_TEXT_MAX]; /* URL of an engine outside; empty: ours */
    uint64_t renew_s;              /* between renewals of evidence; 0: the default */
    uint16_t client_port;          /* 0: chosen */

    /* what follows from them */
    uint16_t ledger_port, proxy_port, witness_ports[DEVNET_WITNESSES];
    uint16_t worker_ports[DEVNET_WORKERS_MAX]; /* direct OHTTP listeners */
    char engine[FILE_PATH_MAX], weights[FILE_PATH_MAX];
    struct digest network_id, release, model_digest, engine_digest;
    bool has_engine;
    uint8_t measurement[48];
};

/* Tell whether `dir` holds a network. */
bool devnet_exists(const char *dir);

/*
 * Make the network in n->dir from the choices. What is wrong is said on standard error. ERR_EXISTS,
 * ERR_IO, ERR_NOT_FOUND (no engine or model: tools/get-engine, tools/get-model), and others.
 */
cocoon_err devnet_make(struct devnet *n) MUST_CHECK;

/* Read the one in n->dir back. */
cocoon_err devnet_load(struct devnet *n) MUST_CHECK;

/* Read its choices and ports alone: for those who only ask. */
cocoon_err devnet_ports(struct devnet *n) MUST_CHECK;

/* Append transactions that put the release, the model and the engine on the ledger: signed by the
 * owner, with nonces from `nonce` on; call once for each `step` from 0 until it returns
 * ERR_NOT_FOUND. */
cocoon_err devnet_root_tx(const struct devnet *n, unsigned step, uint64_t nonce,
                          struct buf *out) MUST_CHECK;

/* Set `*out` to the owner's account. */
cocoon_err devnet_owner(const struct devnet *n, struct ed25519_public *out) MUST_CHECK;

#endif
