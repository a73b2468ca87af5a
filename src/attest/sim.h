/*
 * The `sim` evidence format: a software attester for machines without a TEE (docs/spec/sim.md).
 *
 * Evidence is signed by a development root that the program generates, never ships. Whatever rests
 * on it says SIMULATED, and only a policy with `[sim] allow = yes` and that very root accepts it.
 *
 *    0  "CNSIM1\0\0"     8
 *    8  flags u32        4   bit 0: debug
 *   12  svn u32          4
 *   16  measurement     48   SHA-384 of what was started
 *   64  report data     64
 *  128  host data       32
 *  160  root key        32   Ed25519, the development root
 *  192  issued u64       8   seconds since 1970
 *  200  signature       64   of the root key over bytes 0..199
 *  264
 */
#ifndef ATTEST_SIM_H
#define ATTEST_SIM_H

#include "attest/appraise.h"
#include "crypto/sign.h"

enum {
    SIM_EVIDENCE_LEN = 264,
    SIM_SIGNED_LEN = 200,
    SIM_DEBUG = 1 << 0,
};

#define SIM_TIME_MAX 253402300799 /* the end of year 9999 */

struct sim_evidence {
    uint32_t flags;
    uint32_t svn;
    uint8_t measurement[48];
    uint8_t report_data[64];
    uint8_t host_data[32];
    uint8_t root[32];
    unix_time issued;
    struct slice signature;
};

/* Parse all of `bytes`; `out` borrows from it. ERR_TRUNCATED, ERR_TRAILING, ERR_VERSION,
 * ERR_MALFORMED (unknown flags). */
cocoon_err sim_parse(struct slice bytes, struct sim_evidence *out, struct fail *fail) MUST_CHECK;

/* Write evidence for `e` (its root and signature are set here), signed by `root`. */
void sim_make(const struct sim_evidence *e, const struct ed25519_key *root,
              uint8_t out[SIM_EVIDENCE_LEN]);

extern const struct verifier verifier_sim;

#endif
