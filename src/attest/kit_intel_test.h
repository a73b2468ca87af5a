/*
 * For tests: an Intel that does not exist. One specification gives a quote with its PCK chain, and
 * all collateral, everything signed anew; a test changes a field and sees which rule notices.
 */
#ifndef ATTEST_KIT_INTEL_TEST_H
#define ATTEST_KIT_INTEL_TEST_H

#include "attest/appraise.h"
#include "attest/kit_pki_test.h"

enum { INTEL_NOW = 1800000000, INTEL_DAY = 86400, INTEL_LEVELS = 3, INTEL_MODULES = 2 };

/* A level of TCB info: all components alike, for brevity. */
struct intel_level {
    unsigned sgx, pce, tdx;
    const char *status, *date, *advisory; /* advisory NULL: none */
};

/* A level of a module or of the QE. */
struct intel_svn_level {
    unsigned isv_svn;
    const char *status, *date, *advisory;
};

struct intel_module {
    const char *id;                           /* NULL: not published */
    const char *mrsigner, *attributes, *mask; /* NULL: zeros; zeros; ones */
    struct intel_svn_level level;
};

struct intel_window {
    unix_time from, until;
};

struct intel_world {
    unix_time now;

    /* the quote */
    struct kit_quote quote; /* version, tee, body_type; signatures are made */
    struct kit_td_report td;
    struct kit_sgx_report sgx, qe;
    bool qe_binding_wrong, qe_tail_set; /* report data: another hash; upper half not zero */
    const struct kit_key *quote_signer, *qe_signer; /* NULL: the attestation key, the PCK key */

    /* the PCK chain */
    const char *pck_name, *ca_name, *root_name;
    bool pck_is_ca, no_extension;
    const char *fmspc, *pce_id; /* hex */
    unsigned components, pce_svn;
    unsigned component_low; /* 1..16: that component is one lower; 0: none */
    struct intel_window pck, ca, root;
    const struct kit_key *pck_issuer_key, *ca_issuer_key; /* NULL: the CA's, the root's */

    /* lists */
    struct intel_window root_crl, pck_crl;
    unsigned root_crl_revokes, pck_crl_revokes; /* serial, 0: none */
    const char *pck_crl_issuer;
    const struct kit_key *root_crl_signer, *pck_crl_signer;

    /* TCB info and QE identity */
    const char *tcb_id, *tcb_fmspc, *tcb_pce_id, *signer_name;
    unsigned tcb_version, evaluation, qe_evaluation;
    struct intel_window tcb, qe_window, signer;
    struct intel_level levels[INTEL_LEVELS];
    struct intel_module modules[INTEL_MODULES], module; /* module: of TDX 1.0 */
    const char *qe_id, *qe_mrsigner, *qe_attributes, *qe_attributes_mask, *qe_misc, *qe_misc_mask;
    unsigned qe_prod_id;
    struct intel_svn_level qe_levels[INTEL_LEVELS];
    const struct kit_key *tcb_signer, *qe_id_signer; /* NULL: the TCB signing key */

    const char *without; /* a part to leave out */
};

/* Serial numbers of certificates. */
enum { INTEL_SERIAL_ROOT = 1, INTEL_SERIAL_CA, INTEL_SERIAL_PCK, INTEL_SERIAL_SIGNER };

/* Keys. */
const struct kit_key *intel_root_key(void);
const struct kit_key *intel_stranger_key(void);

/* A world in which a TDX quote of version 4 passes; _v5: of version 5, TD report 1.5; _sgx. */
struct intel_world intel_tdx(void);
struct intel_world intel_tdx_v5(void);
struct intel_world intel_sgx(void);

/* Make quote and collateral of `w` and add them to `e`, initialised here. Lives as long as `arena`.
 */
void intel_build(const struct intel_world *w, struct arena *arena, struct evidence *e);

#endif
