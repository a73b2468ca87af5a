/*
 * The result of an appraisal: a transcript of checks, claims, and a verdict.
 *
 * Each check is one line: PASS, FAIL, SKIP or INFO, with the id, text and specification section of
 * its rule. A verifier states its rules as static `struct rule` tables and applies them with
 * result_check; it goes on after a failure where it can, so that the transcript names everything
 * that is wrong. A skip never counts as a pass: under a policy, one skip makes the verdict PARTIAL.
 * Without a policy the verdict says whether the evidence is valid, as far as it goes.
 *
 * Typed claims (aci/1) say what a relying party may conclude, each with a status and a source.
 */
#ifndef ATTEST_RESULT_H
#define ATTEST_RESULT_H

#include "attest/claims.h"

enum check_status { CHECK_PASS, CHECK_FAIL, CHECK_SKIP, CHECK_INFO };

/* One rule of one specification. All text is static. */
struct rule {
    const char *id;      /* "tdx.attributes.debug": format, part, property */
    const char *text;    /* "the TD is not debuggable" */
    const char *section; /* "Intel TDX 1.5 ABI 3.4.1" */
};

struct check {
    struct check *next;
    const struct rule *rule;
    enum check_status status;
    cocoon_err err;      /* CHECK_FAIL: what kind of failure */
    size_t offset;       /* CHECK_FAIL on malformed input: where */
    struct slice detail; /* what was found; may be empty; escaped when printed */
};

enum aci_claim {
    ACI_TEE_ATTESTED,
    ACI_GPU_ATTESTED,
    ACI_GPU_BOUND_TO_CPU,
    ACI_TCB_UP_TO_DATE,
    ACI_OS_KNOWN_GOOD,
    ACI_SERVING_SOFTWARE_KNOWN_GOOD,
    ACI_MODEL_WEIGHTS_PROVENANCE,
    ACI_RELEASE_LOGGED,
    ACI_WITNESS_QUORUM,
    ACI_REPLICA_IDENTIFIED,
    ACI_CLAIMS /* how many */
};

enum aci_status { ACI_UNKNOWN, ACI_ASSERTED, ACI_REFUTED };

enum aci_source {
    ACI_NO_SOURCE,
    ACI_HARDWARE_PROVEN,
    ACI_VERIFIER_DERIVED,
    ACI_PROVIDER_ASSERTED,
    ACI_OPERATOR_ASSERTED,
};

struct aci_state {
    enum aci_status status;
    enum aci_source source;
};

enum verdict {
    VERDICT_NOT_VERIFIED, /* a check failed, or nothing was checked */
    VERDICT_PARTIAL,      /* nothing failed, but the policy's checks were not all made */
    VERDICT_VERIFIED,
};

struct result {
    struct arena *arena;
    struct check *first, *last;
    size_t passed, failed, skipped;
    cocoon_err err; /* of the first failed check; OK if none failed */
    bool simulated; /* made with the software attester: every rendering says so */
    bool policy_applied;
    bool policy_needed;   /* a skipped check counts even without a policy: bundles */
    unix_time at;         /* the time of verification */
    struct claims claims; /* names as in the evidence format */
    struct aci_state aci[ACI_CLAIMS];
    struct slice report_data; /* what the evidence binds, 32 or 64 bytes; empty until known */
    unix_time valid_until;    /* the earliest end of anything the verdict rests on */
    bool bad;                 /* out of memory: never a pass */
};

/* Start an empty result over `arena`, which outlives it. `at` is the time of verification. */
void result_init(struct result *r, struct arena *arena, unix_time at);

/* Record PASS if `good`, else FAIL with `err` (of the rejected kind, or malformed). Returns `good`.
 */
bool result_check(struct result *r, const struct rule *rule, bool good, cocoon_err err);

/* As result_check; `detail` (borrowed as long as the arena) says what was found. */
bool result_check_detail(struct result *r, const struct rule *rule, bool good, cocoon_err err,
                         struct slice detail);

/* Record FAIL from `fail` (a parser's or helper's): its text becomes the detail. Returns its code.
 */
cocoon_err result_fail(struct result *r, const struct rule *rule, const struct fail *fail);

/* Record that `rule` was not checked, and why; or a fact worth printing. `why` is static text. */
void result_skip(struct result *r, const struct rule *rule, const char *why);
void result_info(struct result *r, const struct rule *rule, struct slice detail);

/* Format a detail into the arena. Never with %s of untrusted bytes. */
struct slice result_text(struct result *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Set a typed claim. ACI_REFUTED sticks: a later ACI_ASSERTED does not lift it. */
void result_aci(struct result *r, enum aci_claim claim, enum aci_status status,
                enum aci_source source);

/* Lower valid_until to `until` if that is earlier. */
void result_until(struct result *r, unix_time until);

/* Return the verdict over what was recorded. */
enum verdict result_verdict(const struct result *r);

/* Return the exit code of the command line: 0 verified, 10 rejected or partial, 20, 30, 1. */
int result_exit(const struct result *r);

/* Return the spelling of a typed claim, its status or source: static text. */
const char *aci_claim_name(enum aci_claim claim);
const char *aci_status_name(enum aci_status status);
const char *aci_source_name(enum aci_source source);

/* Find a typed claim by name. ERR_UNKNOWN_NAME. */
cocoon_err aci_claim_read(struct slice name, enum aci_claim *out) MUST_CHECK;

/*
 * Append the transcript: one line a check, then the verdict. As text for people, or as one JSON
 * object {verdict: "pass"|"fail"|"partial", simulated, policy_applied, at, valid_until, error,
 * checks: [{id, status, text, section, detail?, error?, offset?}], claims: {..}, aci_claims:
 * [{name, status, source}]}.
 */
void result_put_text(const struct result *r, struct buf *out);
void result_put_json(const struct result *r, struct buf *out);

#endif
