/*
 * Intel TCB info: which security versions of a platform (one FMSPC) and of the TDX module are good,
 * as Intel's provisioning service publishes it, versions 2 and 3.
 *
 * Parsing settles structure. The signature covers the exact bytes of one member, `signed_bytes`.
 */
#ifndef ATTEST_TCB_INFO_H
#define ATTEST_TCB_INFO_H

#include "attest/pck.h"
#include "attest/tcb_status.h"
#include "base/clock.h"
#include "codec/json.h"

enum {
    TCB_LEVELS_MAX = 128,     /* about 20 are published for the oldest platforms */
    TDX_MODULES_MAX = 32,     /* published: 3 */
    ADVISORIES_MAX = 64,      /* of one level; about 20 are published */
    ADVISORY_LENGTH_MAX = 32, /* "INTEL-SA-00615" */
    TDX_MRSIGNER_SIZE = 48,
    TDX_ATTRIBUTES_SIZE = 8,
};

/* What every kind of level carries. */
struct tcb_verdict {
    enum tcb_status status;
    unix_time date;
    const struct json *advisories; /* array of short ASCII strings; NULL if there are none */
};

struct tcb_level {
    uint8_t sgx[PCK_COMPONENTS];
    uint8_t tdx[PCK_COMPONENTS]; /* zero for SGX */
    uint64_t pce_svn;
    struct tcb_verdict verdict;
};

/* A level of something with a single version: TDX module, quoting enclave. */
struct tcb_svn_level {
    uint64_t isv_svn;
    struct tcb_verdict verdict;
};

struct tdx_module {
    struct slice id; /* "TDX_03"; empty for the module of TDX 1.0 */
    uint8_t mrsigner[TDX_MRSIGNER_SIZE];
    uint8_t attributes[TDX_ATTRIBUTES_SIZE];
    uint8_t attributes_mask[TDX_ATTRIBUTES_SIZE];
    struct tcb_svn_level *levels; /* highest first */
    size_t level_count;
};

struct tcb_info {
    struct slice signed_bytes;
    uint8_t signature[64]; /* r || s */
    uint64_t version;
    bool is_tdx;
    unix_time issue_date, next_update;
    uint8_t fmspc[PCK_FMSPC_SIZE];
    uint8_t pce_id[PCK_PCEID_SIZE];
    uint64_t evaluation; /* tcbEvaluationDataNumber */
    bool has_module;
    struct tdx_module module; /* of TDX 1.0, no levels */
    struct tdx_module modules[TDX_MODULES_MAX];
    size_t module_count;
    struct tcb_level *levels; /* highest first */
    size_t level_count;
};

/*
 * Parse `json` ({"tcbInfo": {..}, "signature": "<hex>"}) into a tcb_info in `arena`, which borrows
 * from `json`. ERR_VERSION, ERR_MISSING, ERR_TYPE, ERR_MALFORMED, ERR_UNKNOWN_NAME (a TCB status),
 * ERR_LIMIT, ERR_NOMEM, and json_parse's.
 */
cocoon_err tcb_info_parse(struct slice json, struct arena *arena, struct tcb_info **out,
                          struct fail *fail) MUST_CHECK;

/*
 * Return the first level, from the highest down, that a platform with PCK extension `pck` meets;
 * with `tee_tcb_svn` (16 bytes; empty for SGX) the TDX components count too, from the third on
 * where the TDX module has an identity of its own. NULL if none.
 */
const struct tcb_level *tcb_info_match(const struct tcb_info *info, const struct pck_extension *pck,
                                       struct slice tee_tcb_svn);

/* Return the identity of TDX module version `version`; NULL if Intel publishes none. */
const struct tdx_module *tcb_info_module(const struct tcb_info *info, uint8_t version);

/* Return the first of `levels` with isv_svn <= `svn`; NULL if none. */
const struct tcb_svn_level *tcb_svn_match(const struct tcb_svn_level *levels, size_t count,
                                          uint64_t svn);

/* Shared with qe_identity.c: read the array of levels `name` of `object`, highest first. */
cocoon_err tcb_svn_levels_read(const struct json *object, const char *name, struct arena *arena,
                               struct tcb_svn_level **out, size_t *count) MUST_CHECK;

/* Shared with qe_identity.c: split {"<name>": {..}, "signature": "<hex>"}. */
cocoon_err tcb_signed_read(struct slice json, const char *name, struct arena *arena,
                           const struct json **body, uint8_t signature[64],
                           struct fail *fail) MUST_CHECK;

/* Shared with qe_identity.c: members issueDate and nextUpdate; hex of exactly `len` bytes. */
cocoon_err tcb_dates_read(const struct json *body, unix_time *issue, unix_time *next) MUST_CHECK;
cocoon_err tcb_hex_read(const struct json *object, const char *name, void *out,
                        size_t len) MUST_CHECK;

#endif
