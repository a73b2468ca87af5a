/*
 * Rules, in the order in which they matter: nothing of a quote counts before its signature, which
 * is an obligation, so what is replayed or compared here is bounded and only reported.
 *
 *   1  the quote's structure: made by a TPM, type quote, all of it consumed
 *   2  signature by the attestation key. SHA-1 occurs on old firmware: no policy accepts it
 *   3  extraData is the verifier's nonce, where one was asked for
 *   4  the register values that were given hash to the quote's digest: one bank, ascending
 *
 * Source: TCG TPM 2.0 Library, Part 1 section 36, Part 2 section 10.12.
 */
#include "attest/tpm_check.h"

#include <assert.h>

static const struct rule rule_quote = {"tpm.quote", "the TPM quote is well formed",
                                       "TPM 2.0 Part 2 10.12.8"};
static const struct rule rule_form = {"tpm.signature.form", "the TPM signature is well formed",
                                      "TPM 2.0 Part 2 11.3.4"};
static const struct rule rule_hash = {"tpm.signature.hash", "the TPM signature is not over SHA-1",
                                      "NIST SP 800-131A"};
static const struct rule rule_signature = {"tpm.signature", "TPM quote signature",
                                           "TPM 2.0 Part 1 36"};
static const struct rule rule_nonce = {"tpm.nonce", "extraData is the verifier's nonce",
                                       "TPM 2.0 Part 1 36.4"};
static const struct rule rule_pcrs = {"tpm.pcrs", "the registers are those that were quoted",
                                      "TPM 2.0 Part 2 10.12.1"};

/* Read the signature: with its head, or bare. */
static cocoon_err read_signature(struct appraisal *a, struct slice bytes, const struct sig_key *key,
                                 struct tpm_signature *out, struct fail *fail)
{
    uint8_t *room;

    if (key->kind == SIG_KEY_RSA && bytes.len == key->a.len) {
        *out = (struct tpm_signature){.scheme = SIG_RSA_PKCS1,
                                      .hash = HASH_SHA256,
                                      .sig_alg = TPM_ALG_RSASSA,
                                      .hash_alg = TPM_ALG_SHA256,
                                      .bytes = bytes};
        return OK;
    }
    if ((room = arena_new(a->arena, 96)) == NULL)
        return fail_set(fail, ERR_NOMEM, 0, "out of memory");
    return tpm_signature_parse(bytes, room, out, fail);
}

static void require_signature(struct appraisal *a, const struct sig_key *key,
                              const struct tpm_signature *sig, struct slice message)
{
    struct sig_claim claim = {.scheme = sig->scheme,
                              .hash = sig->hash,
                              .key = *key,
                              .message = message,
                              .signature = sig->bytes};
    bool weak = sig->scheme == SIG_RSA_PKCS1_SHA1;

    if (a->policy != NULL)
        (void)result_check(&a->result, &rule_hash, !weak, ERR_ALGORITHM);
    else if (weak)
        result_info(&a->result, &rule_hash, slice_text("no"));
    obligation_add(&a->obligations, &rule_signature, &claim);
}

struct slice tpm_checked_pcr(const struct tpm_checked *c, unsigned index)
{
    size_t size = c->pcrs.len / TPM_PCR_COUNT;

    assert(index < TPM_PCR_COUNT);
    return slice_sub(c->pcrs, index * size, size);
}

/* Hash the selected registers, ascending. The digest's algorithm is told by its length: it is that
 * of the signing scheme, which bare signatures do not state. */
static bool pcrs_match(const struct tpm_checked *c)
{
    static const enum hash_alg algs[] = {HASH_SHA1_PCR, HASH_SHA256, HASH_SHA384, HASH_SHA512};
    uint8_t digest[HASH_LEN_MAX];

    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        struct hash_ctx h;

        if (hash_len(algs[i]) != c->quote.pcr_digest.len)
            continue;
        hash_init(&h, algs[i]);
        for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
            if ((c->quote.selections[0].pcrs >> pcr & 1) != 0)
                hash_update(&h, tpm_checked_pcr(c, pcr));
        hash_final(&h, digest);
        return slice_eq(slice_make(digest, hash_len(algs[i])), c->quote.pcr_digest);
    }
    return false;
}

static void check_pcrs(struct appraisal *a, struct tpm_checked *c)
{
    enum hash_alg bank;

    if (!evidence_find(a->evidence, "pcrs", &c->pcrs)) {
        result_skip(&a->result, &rule_pcrs, "no register values were given");
        return;
    }
    c->bank = c->quote.selections[0].alg;
    c->pcrs_good = c->quote.selection_count == 1 && tpm_hash(c->bank, &bank) &&
                   c->pcrs.len == TPM_PCR_COUNT * hash_len(bank) && pcrs_match(c);
    (void)result_check(&a->result, &rule_pcrs, c->pcrs_good, ERR_MISMATCH);
}

static void claim_pcrs(struct claims *c, struct claim *in, const struct tpm_checked *checked)
{
    struct claim *map;

    claim_word(c, in, "pcr_alg", tpm_alg_name(checked->bank));
    if (!checked->pcrs_good)
        return;
    map = claim_map(c, in, "pcrs");
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++)
        if ((checked->quote.selections[0].pcrs >> i & 1) != 0 &&
            !slice_is_zero(tpm_checked_pcr(checked, i)))
            claim_hex_indexed(c, map, i, tpm_checked_pcr(checked, i));
}

static void claim_quote(struct appraisal *a, struct claim *in, const struct tpm_checked *checked)
{
    const struct tpm_quote *q = &checked->quote;
    struct claims *c = &a->result.claims;
    struct claim *list = claim_list(c, in, "pcr_selection");

    for (unsigned i = 0; i < TPM_PCR_COUNT && q->selection_count > 0; i++)
        if ((q->selections[0].pcrs >> i & 1) != 0)
            claim_int(c, list, NULL, i);
    claim_hex(c, in, "nonce", q->nonce);
    claim_hex(c, in, "pcr_digest", q->pcr_digest);
    claim_int(c, in, "clock", (int64_t)(q->clock & INT64_MAX));
    claim_int(c, in, "reset_count", q->reset_count);
    claim_int(c, in, "restart_count", q->restart_count);
    claim_text(c, in, "firmware_version",
               result_text(&a->result, "0x%llx", (unsigned long long)q->firmware_version));
    claim_pcrs(c, in, checked);
}

bool tpm_check(struct appraisal *a, const struct sig_key *key, struct claim *in,
               struct tpm_checked *out)
{
    struct fail fail = {ERR_MISSING, 0, "evidence lacks tpm_msg or tpm_sig"};
    struct tpm_signature sig;
    struct slice message, bytes;

    *out = (struct tpm_checked){0};
    if (!evidence_find(a->evidence, "tpm_msg", &message) ||
        !evidence_find(a->evidence, "tpm_sig", &bytes) ||
        tpm_quote_parse(message, &out->quote, &fail) != OK) {
        (void)result_fail(&a->result, &rule_quote, &fail);
        return false;
    }
    (void)result_check(&a->result, &rule_quote, true, OK);
    if (read_signature(a, bytes, key, &sig, &fail) != OK) {
        (void)result_fail(&a->result, &rule_form, &fail);
        return false;
    }
    require_signature(a, key, &sig, message);
    if (a->nonce.len > 0)
        (void)result_check(&a->result, &rule_nonce, slice_eq(out->quote.nonce, a->nonce),
                           ERR_MISMATCH);
    check_pcrs(a, out);
    claim_quote(a, in, out);
    claim_text(&a->result.claims, in, "sig_alg", result_text(&a->result, "0x%x", sig.sig_alg));
    claim_text(&a->result.claims, in, "hash_alg", result_text(&a->result, "0x%x", sig.hash_alg));
    if (out->quote.nonce.len == 32 || out->quote.nonce.len == 64)
        a->result.report_data = out->quote.nonce;
    return true;
}
