/*
 * NVIDIA GPU and NVSwitch attestation reports: an SPDM 1.1 GET_MEASUREMENTS request followed by the
 * signed MEASUREMENTS response, as bytes.
 *
 * Measurement indices here are those of reference integrity manifests: SPDM's less one.
 */
#ifndef ATTEST_SPDM_H
#define ATTEST_SPDM_H

#include "base/err.h"
#include "base/rd.h"

enum {
    SPDM_NONCE_SIZE = 32,
    SPDM_SIGNATURE_SIZE = 96,
    SPDM_MEASUREMENTS_MAX = 239, /* DSP0274: block indices 1 to 0xef. Hopper has 64, LS10 31 */
    SPDM_FIELDS_MAX = 64,        /* distinct opaque types; about 40 are defined */
};

/* Types of fields in the opaque part. */
enum spdm_field {
    SPDM_CERT_ISSUER_NAME = 1,
    SPDM_CERT_AUTHORITY_KEY_ID = 2,
    SPDM_DRIVER_VERSION = 3,
    SPDM_GPU_INFO = 4,
    SPDM_SKU = 5,
    SPDM_VBIOS_VERSION = 6,
    SPDM_MANUFACTURER_ID = 7,
    SPDM_TAMPER_DETECTION = 8,
    SPDM_SMC = 9,
    SPDM_VPR = 10,
    SPDM_NVDEC0_STATUS = 11,
    SPDM_MSRSCNT = 12,
    SPDM_CPRINFO = 13,
    SPDM_BOARD_ID = 14,
    SPDM_CHIP_SKU = 15,
    SPDM_CHIP_SKU_MOD = 16,
    SPDM_PROJECT = 17,
    SPDM_PROJECT_SKU = 18,
    SPDM_PROJECT_SKU_MOD = 19,
    SPDM_FWID = 20,
    SPDM_PROTECTED_PCIE_STATUS = 21,
    SPDM_SWITCH_PDI = 22,
    SPDM_FLOORSWEPT_PORTS = 23,
    SPDM_POSITION_ID = 24,
    SPDM_LOCK_SWITCH_STATUS = 25,
    SPDM_GPU_LINK_CONN = 32,
    SPDM_SYS_ENABLE_STATUS = 33,
    SPDM_OPAQUE_DATA_VERSION = 34,
    SPDM_CHIP_INFO = 35,
    SPDM_FEATURE_FLAG = 36,
    SPDM_INVALID = 255,
};

struct spdm_opaque {
    uint16_t type;
    struct slice value;
};

struct spdm_report {
    struct slice request_nonce;
    uint8_t slot;
    struct slice measurements[SPDM_MEASUREMENTS_MAX]; /* by manifest index; empty where absent */
    size_t measurement_count;
    struct slice record; /* all measurement blocks */
    struct slice response_nonce;
    struct spdm_opaque fields[SPDM_FIELDS_MAX]; /* in the report's order, each type once */
    size_t field_count;
    struct slice signed_part;
    struct slice signature; /* r || s */
};

/*
 * Parse `in`, exactly one report. ERR_TRUNCATED, ERR_TRAILING, ERR_MALFORMED, ERR_VERSION,
 * ERR_DUPLICATE (an index or an opaque type twice), ERR_LIMIT.
 */
cocoon_err spdm_report_parse(struct slice in, struct spdm_report *out,
                             struct fail *fail) MUST_CHECK;

/* Set `*value` to the opaque field `type` and return true if the report has it. */
bool spdm_field(const struct spdm_report *report, uint16_t type, struct slice *value);

/* Return the name of opaque `type` as NVIDIA's tools spell it; NULL for one we do not know. */
const char *spdm_field_name(uint16_t type);

#endif
