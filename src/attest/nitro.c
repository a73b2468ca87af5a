/*
 * Rules:
 *
 *   1  the document's structure                                               nitro_doc.c
 *   2  certificate, then the bundle from its end to its start, is a chain that ends in AWS's root,
 * valid at the time. The leaf lives three hours: for a stored document the caller says the time 3
 * COSE signature by the leaf's key 4  the nonce is the verifier's, where one was asked for 5  not
 * in debug mode: there an enclave's PCR 0, 1 and 2 are zero                  under a policy
 */
#include "attest/nitro.h"

#include "codec/cbor.h"

enum { DEBUG_PCRS = 3, SIG_STRUCTURE_MAX = 32 * 1024 };

static const struct rule rule_structure = {"nitro.structure", "the document is well formed",
                                           "AWS attestation_process 2"};
static const struct rule rule_certificates = {
    "nitro.certificates", "the certificates are well formed", "AWS attestation_process 3.2"};
static const struct rule rule_root = {"nitro.root", "the root that was given is the bundle's",
                                      "AWS attestation_process 3.2.3"};
static const struct rule rule_signature = {"nitro.signature", "COSE signature", "RFC 9052 4.4"};
static const struct rule rule_nonce = {"nitro.nonce", "the nonce is the verifier's",
                                       "AWS attestation_process 2"};

static const struct chain_rules chain_rules = {
    .path = {"nitro.chain.path", "the chain leads from leaf to root",
             "AWS attestation_process 3.2.3"},
    .root = {"nitro.chain.root", "the chain ends in AWS's root", "AWS attestation_process 3.2"},
    .validity = {"nitro.chain.validity", "the chain is valid at the time",
                 "AWS attestation_process 3.2.3.2"},
    .signature = {"nitro.chain.signature", "Nitro chain signature",
                  "AWS attestation_process 3.2.3.3"},
};

static bool in_debug_mode(const struct nitro_doc *doc)
{
    for (size_t i = 0; i < DEBUG_PCRS; i++)
        if (!slice_is_zero(doc->pcrs[i]))
            return false;
    return !doc->is_tpm;
}

/* An empty value says no more than none. */
static void claim_optional(struct claims *c, struct claim *in, const char *name, bool has,
                           struct slice value)
{
    if (has && value.len > 0)
        claim_hex(c, in, name, value);
    else
        claim_null(c, in, name);
}

static void claim_public_key(struct appraisal *a, const struct nitro_doc *doc)
{
    struct claims *c = &a->result.claims;
    struct digest digest;
    struct slice kept = {NULL, 0};

    sha256(doc->public_key, &digest);
    if (arena_copy(a->arena, digest_slice(&digest), &kept) != OK)
        c->bad = true;
    claim_optional(c, claims_root(c), "public_key_sha256", doc->has_public_key, kept);
}

static void claim_document(struct appraisal *a, const struct nitro_doc *doc)
{
    struct claims *c = &a->result.claims;
    struct claim *root = claims_root(c);
    struct claim *pcrs;

    claim_word(c, root, "tee", doc->is_tpm ? "nitro-tpm" : "nitro");
    claim_text(c, root, "module_id", doc->module_id);
    claim_int(c, root, "timestamp_ms", (int64_t)(doc->timestamp_ms & INT64_MAX));
    claim_text(c, root, "digest", doc->digest);
    pcrs = claim_map(c, root, "pcrs_nonzero");
    for (unsigned i = 0; i < NITRO_PCRS; i++)
        if (!slice_is_zero(doc->pcrs[i]))
            claim_hex_indexed(c, pcrs, i, doc->pcrs[i]);
    claim_int(c, root, "n_pcrs", (int64_t)doc->pcr_count);
    claim_optional(c, root, "nonce", doc->has_nonce, doc->nonce);
    claim_optional(c, root, "user_data", doc->has_user_data, doc->user_data);
    claim_public_key(a, doc);
    claim_bool(c, root, "debug", in_debug_mode(doc));
}

/* Parse leaf and bundle into `chain`, leaf first, root last; 0 if one is not well formed. */
static size_t read_chain(struct appraisal *a, const struct nitro_doc *doc, struct x509_cert *chain)
{
    struct fail fail;
    size_t count = 0;
    cocoon_err err = x509_parse(doc->certificate, &chain[count++], &fail);

    for (size_t i = doc->bundle_count; i > 0 && err == OK; i--)
        err = x509_parse(doc->bundle[i - 1], &chain[count++], &fail);
    if (err == OK) {
        (void)result_check(&a->result, &rule_certificates, true, OK);
        return count;
    }
    (void)result_fail(&a->result, &rule_certificates, &fail);
    return 0;
}

static void claim_window(struct appraisal *a, const struct x509_cert *chain, size_t count)
{
    struct claims *c = &a->result.claims;
    struct claim *list = claim_list(c, claims_root(c), "cert_window");
    unix_time from = chain[0].not_before, until = chain[0].not_after;

    for (size_t i = 1; i < count; i++) {
        from = chain[i].not_before > from ? chain[i].not_before : from;
        until = chain[i].not_after < until ? chain[i].not_after : until;
    }
    claim_time(c, list, NULL, from);
    claim_time(c, list, NULL, until);
}

/* RFC 9052 4.4: Sig_structure = ["Signature1", protected, external_aad = h'', payload]. */
static void require_signature(struct appraisal *a, const struct nitro_doc *doc,
                              const struct x509_cert *leaf)
{
    struct sig_claim claim = {.scheme = SIG_ECDSA_RAW,
                              .hash = HASH_SHA384,
                              .key = chain_key(&leaf->key),
                              .signature = doc->signature};
    struct buf message;
    cocoon_err err;

    buf_init(&message, SIG_STRUCTURE_MAX);
    cbor_put_array(&message, 4);
    cbor_put_text(&message, SLICE_LIT("Signature1"));
    cbor_put_bytes(&message, doc->protected_header);
    cbor_put_bytes(&message, SLICE_LIT(""));
    cbor_put_bytes(&message, doc->payload);
    err = buf_ok(&message);
    if (err == OK)
        err = arena_copy(a->arena, buf_slice(&message), &claim.message);
    buf_fini(&message);
    if (err != OK)
        (void)result_check(&a->result, &rule_signature, false, err);
    else
        obligation_add(&a->obligations, &rule_signature, &claim);
}

static void check_chain(struct appraisal *a, const struct nitro_doc *doc)
{
    struct x509_cert chain[X509_CHAIN_MAX];
    size_t count = read_chain(a, doc, chain);

    if (count == 0)
        return;
    (void)chain_check(a, chain, count, "aws", &chain_rules);
    (void)chain_check_given(a, "root", &chain[count - 1], &rule_root);
    claim_window(a, chain, count);
    require_signature(a, doc, &chain[0]);
}

static void check_nonce(struct appraisal *a, const struct nitro_doc *doc)
{
    if (a->nonce.len > 0)
        (void)result_check(&a->result, &rule_nonce,
                           doc->has_nonce && slice_eq(doc->nonce, a->nonce), ERR_MISMATCH);
}

static cocoon_err run(struct appraisal *a)
{
    struct nitro_doc *doc = ARENA_NEW(a->arena, struct nitro_doc);
    struct slice bytes;
    struct fail fail = {ERR_MISSING, 0, "evidence has no part \"doc\""};

    if (doc == NULL)
        fail = (struct fail){ERR_NOMEM, 0, "out of memory"};
    if (doc == NULL || !evidence_find(a->evidence, "doc", &bytes) ||
        nitro_doc_parse(bytes, doc, &fail) != OK)
        return result_fail(&a->result, &rule_structure, &fail);
    (void)result_check(&a->result, &rule_structure, true, OK);
    claim_document(a, doc);
    check_chain(a, doc);
    check_nonce(a, doc);
    if (doc->user_data.len == 32 || doc->user_data.len == 64)
        a->result.report_data = doc->user_data;
    return OK;
}

static const char *const kinds[] = {"aws-nitro", NULL};
const struct verifier verifier_nitro = {.kinds = kinds, .run = run};
