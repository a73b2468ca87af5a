/*
 * The verifier: portable, with all its memory taken at start.
 *
 * It accepts only if the statement holds but for an error of 2^-100 (docs/spec/zk.md section 11),
 * under one assumption: SHA-256 behaves as a random oracle. It learns that a network with this
 * public part and weights under this commitment gave this output on this input (or on some input in
 * range); that the committed weights are int8 is what the registration's proof says.
 */
#ifndef ZK_VERIFY_H
#define ZK_VERIFY_H

#include "zk/kern.h"
#include "zk/statement.h"

struct verifier;

/* Make a verifier for `plan`, which must outlive it. Free with verifier_free. */
struct verifier *verifier_new(const struct plan *plan, const struct kern *kern);
void verifier_free(struct verifier *v);

/*
 * Check `proof` of `s`. ERR_PROOF when it does not verify, whatever its bytes are; ERR_WEAK when
 * the plan is below SECURITY_FLOOR. `fail` says more. Allocates nothing.
 */
cocoon_err verifier_run(struct verifier *v, const struct statement *s, struct slice proof,
                        struct fail *fail) MUST_CHECK;

#endif
