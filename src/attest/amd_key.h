/*
 * AMD's extensions in VCEK and VLEK certificates (arc 1.3.6.1.4.1.3704.1): for which product, chip
 * or cloud provider and firmware versions an endorsement key was derived.
 */
#ifndef ATTEST_AMD_KEY_H
#define ATTEST_AMD_KEY_H

#include "attest/snp_report.h"
#include "codec/x509.h"

struct amd_key {
    bool is_vlek;             /* versioned loaded, not chip, endorsement key */
    enum snp_product product; /* from productName: "Milan-B0" is Milan */
    struct snp_tcb tcb;
    struct slice hw_id;  /* VCEK: 64 bytes, on Turin 8; empty in a VLEK */
    struct slice csp_id; /* VLEK: the provider; empty in a VCEK */
};

/*
 * Read the extensions of `cert`. ERR_MISSING (one that this kind of key must have), ERR_MALFORMED,
 * ERR_RANGE, ERR_UNKNOWN_NAME (product).
 */
cocoon_err amd_key_read(const struct x509_cert *cert, struct amd_key *out,
                        struct fail *fail) MUST_CHECK;

/* Return the product that a name like "Milan-B0" or "Genoa" stands for. */
enum snp_product amd_product_read(struct slice name);

#endif
