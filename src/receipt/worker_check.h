/*
 * Is this worker to be trusted with plaintext? From a policy, a verified view of the ledger, and
 * what the worker registered: its evidence and keyset.
 *
 * The checks, in order: the worker, its release and its model stand in the accepted state, in force
 * at `now`; the keyset is the registered one and in force; the evidence is of the registered kind,
 * good by the policy, and binds the statement of exactly this worker, keyset, model and release on
 * this network. Everything goes into one transcript. Pure.
 *
 * What the worker registered comes as one JSON object (docs/spec/ledger.md, "evidence"):
 *
 *   {"evidence": {"kind": "sim", "parts": {"evidence": base64}}, "gpu_evidence": null or the same
 * form, "keyset": {..}, "nonce": hex}
 */
#ifndef RECEIPT_WORKER_CHECK_H
#define RECEIPT_WORKER_CHECK_H

#include "attest/appraise.h"
#include "attest/keyset.h"
#include "ledger/light.h"

enum {
    WORKER_CHECK_ARENA = 16 * 1024 * 1024
}; /* what evidence of the largest kind takes to appraise */

struct worker_check {
    /* in */
    const struct policy *policy; /* has_network must be set */
    const struct light_view *view;
    const struct light_proof *proof; /* of the worker, its release and its model */
    struct digest worker_id;
    struct slice evidence; /* the JSON object */
    unix_time now;
    struct arena *arena;
    struct obligation_cache *cache; /* may be NULL */

    /* out; records and keyset borrow from proof, evidence and arena */
    struct record_worker worker;
    struct record_release release;
    struct record_model model;
    struct keyset keyset;
    struct evidence parts;
    struct appraisal appraisal; /* appraisal.result is the transcript */
};

/* Run all checks. The verdict is result_verdict(&c->appraisal.result), and nothing else. */
void worker_check(struct worker_check *c);

#endif
