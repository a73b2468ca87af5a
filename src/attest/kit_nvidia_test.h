/*
 * For tests: an NVIDIA that does not exist. One specification gives a report with its chain, two
 * manifests and OCSP answers for all certificates, everything signed anew.
 */
#ifndef ATTEST_KIT_NVIDIA_TEST_H
#define ATTEST_KIT_NVIDIA_TEST_H

#include "attest/appraise.h"
#include "attest/kit_pki_test.h"

enum {
    NV_NOW = 1800000000,
    NV_DAY = 86400,
    NV_CHAIN = 5,     /* leaf, BROM, provisioner, identity, root */
    NV_RIM_CHAIN = 3, /* signer, CA, root */
    NV_MEASUREMENTS = 40,
    NV_OCSP_MAX = 8,
};

struct nv_window {
    unix_time from, until;
};

struct nv_rim {
    bool absent;
    const char *version, *product;
    size_t first, last; /* active indices */
    size_t wrong;       /* index with another golden value; 0: none */
    size_t two_values;  /* index with two golden values, the second the right one; 0: none */
    bool altered;       /* content changed after signing */
    const struct kit_key *signer; /* NULL: the leaf's */
    struct nv_window window;
};

/* What OCSP says about one certificate. */
struct nv_ocsp {
    bool absent, by_issuer, no_next, revoked, unknown, wrong_purpose;
    int reason;
    struct nv_window window, responder;
    const struct kit_key *signer, *responder_signer; /* NULL: as they should be */
};

struct nv_world {
    unix_time now;
    const char *kind, *chip; /* chip: "GH100", how the leaf's name begins */
    const char *driver;      /* version that the report names */
    struct slice nonce;      /* of the request; the verifier's is 32 times 0x41 */
    uint8_t nvdec0;
    bool no_fwid, fwid_wrong, fwid_tcb_info, no_dice; /* tcb_info: Blackwell's form */
    const struct kit_key *report_signer;
    const struct kit_key *link_signer[NV_CHAIN]; /* who signs certificate i; NULL: the next */
    struct nv_window chain;
    struct nv_rim rims[2];            /* driver, VBIOS */
    struct nv_ocsp ocsp[NV_OCSP_MAX]; /* chain 1..3, driver 0..1, VBIOS 0..1 */
    const char *given_root;           /* a root file that is another's: part name; NULL: none */
    const char *without;
};

const struct kit_key *nv_root_key(void);
const struct kit_key *nv_rim_root_key(void);
const struct kit_key *nv_stranger_key(void);

struct nv_world nv_hopper(void);

/* Make all parts of `w` and add them to `e`, initialised here. */
void nv_build(const struct nv_world *w, struct arena *arena, struct evidence *e);

/* The nonce that worlds are made for. */
struct slice nv_nonce(struct arena *arena);

#endif
