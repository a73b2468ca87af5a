/*
 * The software attester: what a machine without a TEE uses on a development network.
 *
 * Its evidence is signed by a development root that `cocoon up` generates and no build ships.
 * Everything made with it is marked SIMULATED, and a policy without that very root refuses it. It
 * protects nothing: whoever has the root's key can attest anything.
 */
#ifndef TEE_SIM_H
#define TEE_SIM_H

#include "crypto/sign.h"
#include "tee/tee.h"

enum { TEE_MEASUREMENT_LEN = 48 };

struct tee_sim_params {
    const struct ed25519_key *root;
    uint8_t measurement[TEE_MEASUREMENT_LEN]; /* of what runs: tee_measure_program */
    uint8_t host_data[32];                    /* free; zero */
    uint32_t svn;
    bool debug;
};

/* Open a software attester; `root` is copied. Never fails. */
struct tee *tee_sim_open(const struct tee_sim_params *params);

/* Write the SHA-384 of the running program's file. ERR_IO. */
cocoon_err tee_measure_program(uint8_t out[TEE_MEASUREMENT_LEN]) MUST_CHECK;

#endif
