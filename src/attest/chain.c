#include "attest/chain.h"

#include <assert.h>

struct sig_key chain_key(const struct x509_key *key)
{
    switch (key->kind) {
    case X509_KEY_P256:
        return (struct sig_key){.kind = SIG_KEY_P256, .a = key->raw};
    case X509_KEY_P384:
        return (struct sig_key){.kind = SIG_KEY_P384, .a = key->raw};
    case X509_KEY_ED25519:
        return (struct sig_key){.kind = SIG_KEY_ED25519, .a = key->raw};
    case X509_KEY_RSA:
        break;
    }
    return (struct sig_key){.kind = SIG_KEY_RSA, .a = key->modulus, .b = key->exponent};
}

struct sig_claim chain_claim(const struct x509_key *key, enum x509_sig sig, struct slice message,
                             struct slice signature)
{
    static const struct {
        enum sig_scheme scheme;
        enum hash_alg hash;
    } forms[] = {
        [X509_ECDSA_SHA256] = {SIG_ECDSA_DER, HASH_SHA256},
        [X509_ECDSA_SHA384] = {SIG_ECDSA_DER, HASH_SHA384},
        [X509_RSA_SHA256] = {SIG_RSA_PKCS1, HASH_SHA256},
        [X509_RSA_SHA384] = {SIG_RSA_PKCS1, HASH_SHA384},
        [X509_PSS_SHA256] = {SIG_RSA_PSS, HASH_SHA256},
        [X509_PSS_SHA384] = {SIG_RSA_PSS, HASH_SHA384},
        [X509_ED25519] = {SIG_ED25519, HASH_SHA512},
    };

    return (struct sig_claim){.scheme = forms[sig].scheme,
                              .hash = forms[sig].hash,
                              .key = chain_key(key),
                              .message = message,
                              .signature = signature};
}

void chain_spki_digest(const struct x509_cert *cert, struct digest *out)
{
    sha256(cert->key.spki, out);
}

/* The certificate's common name, for the transcript. */
static struct slice name_of(const struct x509_cert *cert)
{
    struct slice text = {0};

    (void)x509_name_find(cert->subject, OID_COMMON_NAME, &text);
    return text;
}

static bool check_path(struct appraisal *a, const struct x509_cert *certs, size_t count,
                       const struct rule *rule)
{
    const struct x509_cert *root = &certs[count - 1];
    struct fail fail;

    for (size_t i = 0; i + 1 < count; i++)
        if (x509_issued_by(&certs[i], &certs[i + 1], (int)i, &fail) != OK) {
            (void)result_fail(&a->result, rule, &fail);
            return false;
        }
    if (x509_issued_by(root, root, 0, &fail) != OK) {
        (void)result_fail(&a->result, rule, &fail);
        return false;
    }
    return result_check(&a->result, rule, true, OK);
}

static bool check_validity(struct appraisal *a, const struct x509_cert *certs, size_t count,
                           const struct rule *rule)
{
    for (size_t i = 0; i < count; i++) {
        struct fail fail;
        cocoon_err err = x509_valid_at(&certs[i], a->now, &fail);

        result_until(&a->result, certs[i].not_after);
        if (err != OK)
            return result_check_detail(&a->result, rule, false, err, name_of(&certs[i]));
    }
    return result_check(&a->result, rule, true, OK);
}

bool chain_check(struct appraisal *a, const struct x509_cert *certs, size_t count,
                 const char *vendor, const struct chain_rules *rules)
{
    const struct x509_cert *root = &certs[count - 1];
    struct digest spki;
    bool good;

    assert(count >= 1 && count <= X509_CHAIN_MAX);
    chain_spki_digest(root, &spki);
    good = check_path(a, certs, count, &rules->path);
    good &=
        result_check_detail(&a->result, &rules->root, policy_trusts(a->policy, vendor, spki.bytes),
                            ERR_UNTRUSTED, name_of(root));
    good &= check_validity(a, certs, count, &rules->validity);
    for (size_t i = 0; i < count; i++) {
        const struct x509_cert *issuer = i + 1 < count ? &certs[i + 1] : root;
        struct sig_claim claim =
            chain_claim(&issuer->key, certs[i].sig, certs[i].tbs, certs[i].signature);

        obligation_add(&a->obligations, &rules->signature, &claim);
    }
    return good;
}

/* The list as if it were issued and ended so much later or earlier as the policy allows. */
static struct x509_crl with_grace(const struct x509_crl *crl, const struct policy *p)
{
    struct x509_crl out = *crl;

    if (p != NULL) {
        out.this_update -= p->clock_skew;
        out.next_update += p->collateral_grace;
    }
    return out;
}

bool chain_check_crl(struct appraisal *a, const struct x509_crl *crl,
                     const struct x509_cert *issuer, const struct x509_cert *cert,
                     const struct rule *list_rule, const struct rule *cert_rule)
{
    struct sig_claim claim = chain_claim(&issuer->key, crl->sig, crl->tbs, crl->signature);
    struct x509_crl graced = with_grace(crl, a->policy);
    struct x509_revoked found;
    struct fail fail;
    bool good = x509_crl_issued_by(&graced, issuer, a->now, &fail) == OK;

    if (good)
        (void)result_check(&a->result, list_rule, true, OK);
    else
        (void)result_fail(&a->result, list_rule, &fail);
    if (crl->has_next)
        result_until(&a->result, graced.next_update);
    obligation_add(&a->obligations, list_rule, &claim);
    good &= result_check_detail(&a->result, cert_rule, !x509_crl_find(crl, cert->serial, &found),
                                ERR_REVOKED, name_of(cert));
    return good;
}

bool chain_check_given(struct appraisal *a, const char *part, const struct x509_cert *root,
                       const struct rule *rule)
{
    struct x509_cert given;
    struct slice bytes;
    struct fail fail;
    size_t count;

    if (!evidence_find(a->evidence, part, &bytes))
        return true;
    if (x509_read_chain(bytes, a->arena, &given, 1, &count, &fail) != OK) {
        (void)result_fail(&a->result, rule, &fail);
        return false;
    }
    return result_check(&a->result, rule, slice_eq(given.der, root->der), ERR_UNTRUSTED);
}
