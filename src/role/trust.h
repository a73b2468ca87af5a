/*
 * What a role trusts: its policy file, read once, with the parts that other modules want.
 *
 * Lives at one place as long as the role does: the parts borrow from it.
 */
#ifndef ROLE_TRUST_H
#define ROLE_TRUST_H

#include "attest/policy.h"
#include "ledger/light.h"
#include "ledger/tlog_policy.h"
#include "role/config.h"

struct trust {
    struct arena arena;
    struct policy policy;
    struct tlog_policy tlog;
    struct light_policy light; /* over `tlog` */
};

/*
 * Read the policy file that [`section`] policy names in `c`; says what is wrong on standard error.
 * It must name a network and a log. Release with trust_fini, always.
 */
cocoon_err trust_load(struct trust *t, struct config *c, const char *section) MUST_CHECK;
void trust_fini(struct trust *t);

#endif
