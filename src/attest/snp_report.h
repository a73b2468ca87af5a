/*
 * AMD SEV-SNP attestation reports, versions 2 to 5, as bytes.
 *
 * Parsing settles structure only. The meaning of a TCB word depends on the product, which a version
 * 2 report does not name: snp_tcb() takes it as an argument.
 */
#ifndef ATTEST_SNP_REPORT_H
#define ATTEST_SNP_REPORT_H

#include "base/err.h"
#include "base/rd.h"

enum { SNP_REPORT_SIZE = 1184, SNP_SIGNED_SIZE = 0x2a0, SNP_CHIP_ID_SIZE = 64 };

enum snp_product { SNP_UNKNOWN, SNP_MILAN, SNP_GENOA, SNP_TURIN };

enum snp_signing_key { SNP_KEY_VCEK = 0, SNP_KEY_VLEK = 1, SNP_KEY_NONE = 7 };

/* Guest policy bits. */
#define SNP_POLICY_MUST_BE_ONE (UINT64_C(1) << 17)
#define SNP_POLICY_MIGRATE_MA  (UINT64_C(1) << 18)
#define SNP_POLICY_DEBUG       (UINT64_C(1) << 19)
#define SNP_POLICY_RESERVED    (~UINT64_C(0) << 26)

/* Security version numbers of one platform, taken apart. */
struct snp_tcb {
    uint8_t fmc; /* Turin on; 0 before */
    uint8_t boot_loader;
    uint8_t tee;
    uint8_t snp;
    uint8_t microcode;
};

struct snp_version {
    uint8_t major, minor, build;
};

struct snp_report {
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
    struct slice family_id;
    struct slice image_id;
    uint32_t vmpl;
    struct slice current_tcb; /* 8 bytes, as are the other TCB words */
    uint64_t platform_info;
    bool author_key_enabled;
    bool chip_key_masked;
    uint8_t signing_key; /* enum snp_signing_key, or a value not defined */
    struct slice report_data;
    struct slice measurement;
    struct slice host_data;
    struct slice id_key_digest;
    struct slice author_key_digest;
    struct slice report_id;
    struct slice report_id_ma;
    struct slice reported_tcb;
    uint8_t cpuid_family, cpuid_model, cpuid_stepping; /* zero in version 2 */
    struct slice chip_id;
    struct slice committed_tcb;
    struct snp_version current, committed;
    struct slice launch_tcb;
    uint64_t launch_mit_vector, current_mit_vector; /* zero before version 5 */

    struct slice signed_part; /* what the endorsement key signs */
    struct slice r, s;        /* 72 bytes each, little-endian */
};

/*
 * Parse `in`, exactly one report, into `*out`, whose slices borrow from `in`. ERR_TRUNCATED,
 * ERR_TRAILING, ERR_VERSION, ERR_ALGORITHM (not ECDSA P-384 with SHA-384) or ERR_MALFORMED
 * (reserved bytes not zero), with the offset in `fail`.
 */
cocoon_err snp_report_parse(struct slice in, struct snp_report *out, struct fail *fail) MUST_CHECK;

/* Take apart the 8-byte TCB word `raw` as `product` lays it out. */
struct snp_tcb snp_tcb(struct slice raw, enum snp_product product);

/* Tell whether every component of `have` is at least that of `floor`. */
bool snp_tcb_at_least(const struct snp_tcb *have, const struct snp_tcb *floor);

/* Return the product of a CPU family and model, SNP_UNKNOWN if they are none we know. */
enum snp_product snp_product_of_cpuid(uint8_t family, uint8_t model);

/* "Milan", "Genoa", "Turin" or "unknown"; static text. */
const char *snp_product_name(enum snp_product product);

#endif
