/*
 * For tests: an AMD that does not exist. One specification gives a report with its chain and list,
 * everything signed anew.
 */
#ifndef ATTEST_KIT_AMD_TEST_H
#define ATTEST_KIT_AMD_TEST_H

#include "attest/appraise.h"
#include "attest/kit_pki_test.h"
#include "attest/snp_report.h"

enum { AMD_NOW = 1800000000, AMD_DAY = 86400 };

struct amd_window {
    unix_time from, until;
};

struct amd_world {
    unix_time now;
    const char *kind;

    struct kit_snp_report report;        /* r and s are made */
    bool wide_r;                         /* a byte beyond the field in r */
    const struct kit_key *report_signer; /* NULL: the leaf's key */

    bool vlek;
    const char *product;      /* of the chain: "Milan" */
    const char *leaf_product; /* in the leaf: "Milan-B0" */
    const char *leaf_name;    /* NULL: as it should be */
    struct snp_tcb leaf_tcb;
    struct slice hw_id;
    bool no_hw_id, no_fmc, leaf_is_ca;
    struct amd_window leaf, ask, ark;
    const struct kit_key *leaf_signer, *ask_signer; /* NULL: ASK, ARK */

    bool has_crl;
    struct amd_window crl;
    unsigned crl_revokes; /* serial, 0: none */
    const struct kit_key *crl_signer;

    const char *without; /* a part to leave out */
};

enum { AMD_SERIAL_ARK = 1, AMD_SERIAL_ASK, AMD_SERIAL_LEAF };

const struct kit_key *amd_root_key(void);
const struct kit_key *amd_stranger_key(enum kit_alg alg);

/* Worlds that pass: a VCEK on Milan, with a list; a VLEK on Milan; Turin. */
struct amd_world amd_milan(void);
struct amd_world amd_milan_vlek(void);
struct amd_world amd_turin(void);

/* Make report, chain and list of `w` and add them to `e`, initialised here. */
void amd_build(const struct amd_world *w, struct arena *arena, struct evidence *e);

/* The report alone, for formats that carry it inside something else. */
struct slice amd_report(const struct amd_world *w, struct arena *arena);

/* Add leaf, ask, ark and crl to `e`. */
void amd_add_chain(const struct amd_world *w, struct arena *arena, struct evidence *e);

#endif
