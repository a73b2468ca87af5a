/*
 * The SGX extension of Intel PCK certificates (OID 1.2.840.113741.1.13.1): which platform this is
 * and which security versions it ran when Intel certified the key.
 */
#ifndef ATTEST_PCK_H
#define ATTEST_PCK_H

#include "codec/x509.h"

enum { PCK_COMPONENTS = 16, PCK_FMSPC_SIZE = 6, PCK_PCEID_SIZE = 2 };

struct pck_extension {
    struct slice ppid;                  /* 16 bytes */
    uint8_t components[PCK_COMPONENTS]; /* security version of each TCB component */
    uint16_t pce_svn;
    struct slice cpu_svn;              /* 16 bytes */
    struct slice pce_id;               /* 2 bytes */
    struct slice fmspc;                /* 6 bytes */
    uint32_t sgx_type;                 /* 0 standard, 1 scalable, 2 scalable with integrity */
    struct slice platform_instance_id; /* 16 bytes; empty for single-socket platforms */
    bool has_configuration;
    bool dynamic_platform, cached_keys, smt_enabled;
};

/*
 * Read the extension of `cert`. ERR_MISSING if it has none or lacks a required item, ERR_MALFORMED,
 * ERR_DUPLICATE, ERR_RANGE.
 */
cocoon_err pck_extension_read(const struct x509_cert *cert, struct pck_extension *out,
                              struct fail *fail) MUST_CHECK;

#endif
