/*
 * Policy: what this verifier accepts. Read from policy.conf (docs/spec/policy.md); an empty policy
 * accepts nothing.
 *
 * The policy and the vendor roots compiled in (attest/roots.h) are the only trust anchors.
 * Evidence, bundles and files given beside them never add any.
 */
#ifndef ATTEST_POLICY_H
#define ATTEST_POLICY_H

#include "attest/result.h"

enum {
    POLICY_ROOTS_MAX = 32,
    POLICY_MEASURES_MAX = 256, /* several releases on every platform */
    POLICY_FIELDS_MAX = 16,    /* MRTD, four RTMRs, MRSEAM .. or PCRs of one measurement */
    POLICY_WORDS_MAX = 64,
    POLICY_PATH_MAX = 64, /* of a claim */
    POLICY_FILE_MAX = 1024 * 1024,
};

/* A trust anchor: the SHA-256 of a root's SubjectPublicKeyInfo, for one vendor ("intel"). */
struct policy_root {
    struct slice vendor;
    uint8_t spki_sha256[32];
};

/* One accepted measurement: all fields must equal the claims at their paths. */
struct policy_field {
    struct slice path;  /* "mr_td" */
    struct slice value; /* bytes: of a hex claim, or of a text */
};

struct policy_measure {
    struct slice name; /* for the transcript */
    struct slice tee;  /* beginning of the kinds it is for: "tdx", "snp", "sim".. */
    unix_time from, until;
    struct policy_field fields[POLICY_FIELDS_MAX];
    size_t count;
};

struct policy_words {
    struct slice words[POLICY_WORDS_MAX];
    size_t count;
};

struct policy {
    /* [network] */
    bool has_network;
    uint8_t network_id[32];

    /* [roots] */
    bool builtin_roots; /* yes unless said otherwise */
    struct policy_root roots[POLICY_ROOTS_MAX];
    size_t root_count;

    /* [sim] */
    bool sim_allowed;     /* only with sim_root */
    uint8_t sim_root[32]; /* Ed25519 */

    /* [tlog] */
    struct slice tlog; /* C2SP tlog-policy lines, verbatim */

    /* [release] */
    struct policy_measure *measures;
    size_t measure_count;
    bool release_from_log; /* the caller adds those of the accepted root contract */
    bool require_receipt_log;

    /* [tcb] */
    struct policy_words tcb_accept;    /* statuses; default UpToDate */
    struct policy_words deny_advisory; /* refused whatever the status */
    int64_t tcb_grace;                 /* seconds an OutOfDate level may be behind its tcb_date */
    int64_t collateral_grace;          /* seconds collateral may be past its nextUpdate */
    int64_t clock_skew;                /* seconds collateral may be from the future */
    int64_t min_evaluation;            /* tcbEvaluationDataNumber, 0: any */
    bool allow_debug;                  /* debuggable TEEs hide nothing: for development only */
    bool require_ocsp;                 /* NVIDIA: answers must be there; default yes */
    bool allow_ocsp_hold;              /* certificateHold tolerated */
    struct policy_words snp_min;       /* floors: see attest/snp_rules.c */
    int64_t snp_vmpl_max;              /* the least privileged level accepted; default 0 */
    bool allow_sept_ve;                /* TDX without SEPT_VE_DISABLE: the host may inject #VE */
    bool allow_migration;              /* TDX MIGRATABLE, SNP MIGRATE_MA */
    bool allow_service_td;             /* TDX bound to a service TD */
    bool allow_provisional;            /* SNP firmware that can still be rolled back */

    /* [claims] */
    bool required[ACI_CLAIMS];

    /* [egress] */
    bool egress_allowed; /* engines outside the measured worker */
};

/* Set `p` to the defaults, which accept nothing. */
void policy_init(struct policy *p);

/*
 * Read `text` into `p` (initialised here); what it holds borrows from `text` and `arena`. Unknown
 * sections, keys and words are errors; `*line` says where and `fail` what. ERR_MALFORMED,
 * ERR_UNKNOWN_NAME, ERR_DUPLICATE, ERR_LIMIT, ERR_NOMEM.
 */
cocoon_err policy_read(struct slice text, struct arena *arena, struct policy *p, size_t *line,
                       struct fail *fail) MUST_CHECK;

/* Add one accepted measurement, e.g. of a release that the ledger holds; `arena` lives as long as
 * `p`. ERR_LIMIT, ERR_NOMEM. */
cocoon_err policy_add_measure(struct policy *p, struct arena *arena,
                              const struct policy_measure *m) MUST_CHECK;

/* Tell whether the key with digest `spki_sha256` is an anchor for `vendor` under `p` (NULL: only
 * those compiled in). */
bool policy_trusts(const struct policy *p, const char *vendor, const uint8_t spki_sha256[32]);

/* Tell whether `word` is in `list`. */
bool policy_has(const struct policy_words *list, struct slice word);

/*
 * Apply what is common to every format to the claims in `r`, evidence of `kind`: simulation, debug,
 * measurements, TCB status, advisories, evaluation number. Called by
 * appraise_finish. Looks for a claim at the root and under "tdx", "sgx" and "snp".
 */
void policy_apply(const struct policy *p, struct slice kind, struct result *r);

/* Check that every required typed claim is asserted by hardware or derivation; the word of an
 * operator counts only where `[sim]` is allowed. */
void policy_claims(const struct policy *p, struct result *r);

#endif
