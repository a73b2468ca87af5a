/*
 * TPM 2.0 structures that attestation needs: quotes, their signatures, public areas, and composites
 * of platform configuration registers (PCRs).
 *
 * Parsing settles structure only. A quote says "these registers had this digest when somebody
 * showed me this nonce", under the attestation key; who holds that key is another proof.
 */
#ifndef ATTEST_TPM_H
#define ATTEST_TPM_H

#include "base/err.h"
#include "base/rd.h"
#include "crypto/verify.h"

/* TPM_ALG_ID values used here. */
enum tpm_alg {
    TPM_ALG_RSA = 0x0001,
    TPM_ALG_SHA1 = 0x0004,
    TPM_ALG_SHA256 = 0x000b,
    TPM_ALG_SHA384 = 0x000c,
    TPM_ALG_SHA512 = 0x000d,
    TPM_ALG_NULL = 0x0010,
    TPM_ALG_RSASSA = 0x0014,
    TPM_ALG_RSAPSS = 0x0016,
    TPM_ALG_ECDSA = 0x0018,
    TPM_ALG_ECC = 0x0023,
};

enum {
    TPM_PCR_COUNT = 24,
    TPM_SELECTIONS_MAX = 4, /* one for each bank; the same bank twice is refused */
};

struct tpm_selection {
    uint16_t alg;
    uint32_t pcrs; /* bit i: PCR i */
};

/* A TPMS_ATTEST of type quote. */
struct tpm_quote {
    struct slice all;
    struct slice signer; /* qualified name */
    struct slice nonce;  /* extraData */
    uint64_t clock;
    uint32_t reset_count, restart_count;
    bool safe;
    uint64_t firmware_version;
    struct tpm_selection selections[TPM_SELECTIONS_MAX];
    size_t selection_count;
    struct slice pcr_digest;
};

struct tpm_signature {
    enum sig_scheme scheme;
    enum hash_alg hash;
    uint16_t sig_alg, hash_alg; /* as written */
    struct slice bytes;         /* RSA: as long as the modulus; ECDSA: see tpm_signature_parse */
};

/*
 * Parse `in`, exactly one TPMS_ATTEST quote. ERR_TRUNCATED, ERR_TRAILING, ERR_MALFORMED (not made
 * by a TPM, not a quote), ERR_LIMIT or ERR_DUPLICATE (PCR selections).
 */
cocoon_err tpm_quote_parse(struct slice in, struct tpm_quote *out, struct fail *fail) MUST_CHECK;

/*
 * Parse `in`, exactly one TPMT_SIGNATURE. RSASSA, RSAPSS and ECDSA with SHA-256, SHA-384 or
 * SHA-512, and RSASSA with SHA-1; anything else is ERR_ALGORITHM. ECDSA's two numbers are copied to
 * `room` (96 bytes) as r || s at the width of the larger, for curves P-256 (32) or P-384 (48).
 */
cocoon_err tpm_signature_parse(struct slice in, uint8_t room[96], struct tpm_signature *out,
                               struct fail *fail) MUST_CHECK;

/* TPMA_OBJECT bits of a key that signs only what the TPM itself made, and never leaves it. */
#define TPM_KEY_ATTESTING (1U << 1 | 1U << 4 | 1U << 5 | 1U << 16 | 1U << 18)

struct tpm_public {
    uint32_t attributes;
    struct sig_key key;
};

/*
 * Parse `in`, exactly one TPMT_PUBLIC; the key's slices borrow from `in` or, for ECC, from `room`
 * (96 bytes). ERR_ALGORITHM for other than RSA and ECC P-256, P-384.
 */
cocoon_err tpm_public_parse(struct slice in, uint8_t room[96], struct tpm_public *out,
                            struct fail *fail) MUST_CHECK;

/* Return the hash of PCR bank `alg` in `*out`, or false for a bank we do not know. */
bool tpm_hash(uint16_t alg, enum hash_alg *out);

/* "sha1", "sha256", ...; static text; "unknown" for others. */
const char *tpm_alg_name(uint16_t alg);

#endif
