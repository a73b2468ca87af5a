/*
 * Kind tpm-quote: a quote of a TPM whose key is given. Nothing here says whose key that is, so such
 * a verdict is only as good as the caller's reason to trust the key; the transcript says so.
 *
 * With the public area of the key it is checked that the key is the one given, and that it can sign
 * nothing but what the TPM made (restricted): another key could sign any bytes, a forged quote too.
 * With an event log, the registers it comes to are compared with the quoted ones. Firmware writes
 * to registers 0 to 7; those must agree.
 */
#include "attest/tpm_verify.h"

#include "attest/chain.h"
#include "attest/eventlog_check.h"
#include "attest/tpm_check.h"

enum { FIRMWARE_PCRS = 8 };

static const struct rule rule_key = {"tpm.key", "the attestation key is well formed",
                                     "RFC 5280 4.1.2.7"};
static const struct rule rule_public = {"tpm.key.public", "the public area is the key's",
                                        "TPM 2.0 Part 2 12.2.4"};
static const struct rule rule_restricted = {
    "tpm.key.restricted", "the key signs only what the TPM made", "TPM 2.0 Part 2 8.3"};
static const struct rule rule_origin = {"tpm.key.origin", "somebody vouches for the key", NULL};
static const struct rule rule_log = {"tpm.event-log", "the event log comes to the quoted registers",
                                     "TCG PFP 1.06 10"};

/* The public area, if given, must hold the same key and be a restricted signing key. */
static void check_public(struct appraisal *a, const struct sig_key *key)
{
    uint8_t room[96];
    struct tpm_public area;
    struct slice bytes;
    struct fail fail;

    if (!evidence_find(a->evidence, "tpmt_public", &bytes))
        return;
    if (tpm_public_parse(bytes, room, &area, &fail) != OK) {
        (void)result_fail(&a->result, &rule_public, &fail);
        return;
    }
    (void)result_check(&a->result, &rule_public,
                       area.key.kind == key->kind && slice_eq(area.key.a, key->a) &&
                           slice_eq(area.key.b, key->b),
                       ERR_MISMATCH);
    (void)result_check(&a->result, &rule_restricted,
                       (area.attributes & TPM_KEY_ATTESTING) == TPM_KEY_ATTESTING, ERR_RULE);
}

static void claim_selection(struct appraisal *a, const struct tpm_checked *tpm)
{
    claim_word(&a->result.claims, claims_root(&a->result.claims), "pcr_bank",
               tpm_alg_name(tpm->bank));
}

/* Replay the log, if given, in the quoted bank and compare the firmware's registers. */
static void check_log(struct appraisal *a, const struct tpm_checked *tpm)
{
    struct claims *c = &a->result.claims;
    struct mr_bank bank;
    struct slice bytes;
    struct claim *match;
    bool all = true;

    if (!evidence_find(a->evidence, "event_log", &bytes) || !tpm->pcrs_good)
        return;
    if (!eventlog_replay_tpm(a, bytes, tpm->bank, claims_root(c), &bank))
        return;
    match = claim_map(c, claims_root(c), "event_log_pcr_match");
    for (unsigned i = 0; i < FIRMWARE_PCRS; i++) {
        bool same = slice_eq(mr_bank_value(&bank, i), tpm_checked_pcr(tpm, i));

        claim_bool_indexed(c, match, i, same);
        all &= same;
    }
    (void)result_check(&a->result, &rule_log, all, ERR_MISMATCH);
}

static cocoon_err run(struct appraisal *a)
{
    struct fail fail = {ERR_MISSING, 0, "evidence has no part \"ak_pub\""};
    struct tpm_checked tpm;
    struct x509_key spki;
    struct sig_key key;
    struct slice bytes;

    if (!evidence_find(a->evidence, "ak_pub", &bytes) || x509_key_parse(bytes, &spki, &fail) != OK)
        return result_fail(&a->result, &rule_key, &fail);
    key = chain_key(&spki);
    (void)result_check(&a->result, &rule_key, true, OK);
    check_public(a, &key);
    result_skip(&a->result, &rule_origin, "the key was given by the caller");
    if (!tpm_check(a, &key, claims_root(&a->result.claims), &tpm))
        return OK;
    claim_selection(a, &tpm);
    check_log(a, &tpm);
    return OK;
}

static const char *const kinds[] = {"tpm-quote", NULL};
const struct verifier verifier_tpm_quote = {.kinds = kinds, .run = run};
