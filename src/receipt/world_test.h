/*
 * For tests: a ledger with one simulated worker registered on it, and all that a bundle takes.
 *
 * Everything is made by the real parts: the worker's evidence is appraised by the ledger's rules,
 * proofs are the ledger's, notes are signed by the keys of the kit. Same seeds, same bytes.
 */
#ifndef RECEIPT_WORLD_TEST_H
#define RECEIPT_WORLD_TEST_H

#include "attest/policy.h"
#include "ledger/kit_test.h"
#include "ledger/light.h"
#include "ledger/smt_proof.h"
#include "receipt/bundle.h"

struct world {
    struct kit_net net;
    struct kit_ledger ledger;
    struct arena arena;

    struct ed25519_key account, receipt_key, ohttp_signer;
    struct digest release, model, engine;
    struct digest worker_id;
    struct keyset keyset;
    struct buf keyset_json;
    struct buf evidence;         /* JSON as the ledger serves it */
    struct buf release_manifest; /* hashes to `release` */
    struct buf model_manifest;   /* hashes to `model` */

    struct buf tlog; /* lines of [tlog] */
    struct policy policy;
    unix_time now; /* the quorum's time in the proofs */
};

/* Build it all: the worker is registered, nothing was served yet. */
void world_init(struct world *w);
void world_fini(struct world *w);

/* Append a checkpoint of the log as it is, signed by the log, the operator and the first witness at
 * w->now. */
void world_checkpoint(struct world *w, struct buf *out);

/* Append the light proof of worker, release and model under that checkpoint. */
void world_light_proof(struct world *w, struct buf *out);

/* Put a batch of `count` receipts on the ledger and append the entry of receipt `index`. */
void world_log_receipts(struct world *w, const struct digest *receipts, size_t count, size_t index,
                        struct buf *out);

/* Append a signed receipt for `request` and `response`, served at `at`; set `*digest`. */
void world_receipt(struct world *w, struct slice request, struct slice response, unix_time at,
                   struct buf *out, struct digest *digest);

/* Append a signed OHTTP key configuration in force for an hour from `from` on. */
void world_ohttp_key(struct world *w, unix_time from, struct buf *out);

#endif
