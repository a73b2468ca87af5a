/*
 * Revocation of everything a device's verdict rests on: the certificates between leaf and root of
 * the device (the leaf is derived anew with every firmware and known to no responder), and those
 * below the root of every manifest.
 */
#include "attest/nvgpu.h"

#include "attest/ocsp.h"

static const struct rule rule_answers = {"nvgpu.ocsp", "OCSP answers are well formed",
                                         "RFC 6960 4.2"};
static const struct rule rule_complete = {"nvgpu.ocsp.complete",
                                          "every certificate has an OCSP answer", "NVIDIA nvtrust"};
static const struct ocsp_rules rules = {
    .responder = {"nvgpu.ocsp.responder", "the OCSP answer is by the issuer or its responder",
                  "RFC 6960 4.2.2.2"},
    .current = {"nvgpu.ocsp.current", "the OCSP answer is current", "RFC 6960 4.2.2.1"},
    .status = {"nvgpu.ocsp.status", "the certificate is not revoked", "RFC 6960 2.2"},
    .signature = {"nvgpu.ocsp.signature", "OCSP answer signature", "RFC 6960 4.2.1"},
};

/* Check certs[from..count-2], each with the next as its issuer. Returns how many have no answer. */
static size_t check_chain(struct nvgpu *g, const struct ocsp_answers *answers,
                          const struct x509_cert *certs, size_t from, size_t count)
{
    size_t missing = 0;

    for (size_t i = from; i + 1 < count; i++)
        missing += !ocsp_check(g->a, answers, &certs[i], &certs[i + 1], &rules);
    return missing;
}

void nvgpu_check_ocsp(struct nvgpu *g)
{
    struct ocsp_answers *answers = ARENA_NEW(g->a->arena, struct ocsp_answers);
    const struct policy *p = g->a->policy;
    size_t missing;

    if (answers == NULL) {
        (void)result_check(&g->a->result, &rule_answers, false, ERR_NOMEM);
        return;
    }
    ocsp_load(g->a, &rule_answers, answers);
    missing = check_chain(g, answers, g->chain, 1, g->chain_count);
    for (size_t i = 0; i < NVGPU_RIMS; i++)
        missing += check_chain(g, answers, g->rims[i].chain, 0, g->rims[i].chain_count);
    if (p != NULL && !p->require_ocsp)
        result_info(&g->a->result, &rule_complete,
                    result_text(&g->a->result, "%zu without an answer", missing));
    else if (p != NULL || missing == 0)
        (void)result_check(&g->a->result, &rule_complete, missing == 0, ERR_MISSING);
    else
        result_skip(&g->a->result, &rule_complete, "certificates without an OCSP answer");
}
