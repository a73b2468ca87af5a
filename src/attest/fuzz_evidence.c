/*
 * Whole evidence: one byte chooses the kind, then parts follow, each u8 name, u24 length, bytes.
 * Everything but the signatures themselves is checked, with and without a policy. Obligations stay
 * open, so nothing may verify under a policy.
 */
#include <assert.h>

#include "attest/appraise.h"
#include "base/mem.h"
#include "base/rd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const kinds[] = {
    "sgx-v3",        "tdx-v4",           "tdx-v5",      "snp-milan",      "snp-turin",
    "nvidia-hopper", "nvidia-blackwell", "nvidia-ls10", "aws-nitro",      "azure-snp-vtpm",
    "ccel",          "azure-tdx-vtpm",   "dstack",      "azure-hcl-only", "tpm-quote",
    "tpm-eventlog",
};

static const char *const names[] = {
    "quote",  "tcb_info",  "tcb_chain", "qe_identity", "qe_chain",    "pck_crl",   "root_crl",
    "report", "leaf",      "ask",       "ark",         "crl",         "chain",     "driver_rim",
    "doc",    "vbios_rim", "hcl",       "tpm_msg",     "tpm_sig",     "pcrs",      "ak_chain",
    "ccel",   "event_log", "ak_pub",    "tpmt_public", "app_compose", "pck_chain", "pck_crl_chain",
    "ocsp_0", "ocsp_1",    "rim_root",  "device_root",
};

static void read_evidence(struct slice in, struct evidence *e)
{
    struct rd r = rd_init(in);

    evidence_init(e, slice_text(kinds[rd_u8(&r) % COUNT_OF(kinds)]));
    while (rd_left(&r) > 0) {
        const char *name = names[rd_u8(&r) % COUNT_OF(names)];
        struct slice bytes = rd_slice(&r, rd_u24be(&r));

        if (r.bad || evidence_add(e, slice_text(name), bytes) != OK)
            break;
    }
}

static void appraise_open(const struct evidence *e, const struct policy *policy)
{
    static struct appraisal a;
    struct arena arena;
    struct buf text;

    arena_init(&arena, 16 * 1024 * 1024);
    buf_init(&text, 16 * 1024 * 1024);
    a = (struct appraisal){.evidence = e, .policy = policy, .now = 1800000000, .arena = &arena};
    appraise_collect(&a);
    appraise_finish(&a);
    result_put_json(&a.result, &text);
    result_put_text(&a.result, &text);
    assert(policy == NULL || result_verdict(&a.result) != VERDICT_VERIFIED);
    buf_fini(&text);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evidence e;
    struct policy policy;

    read_evidence(slice_make(data, size), &e);
    policy_init(&policy);
    appraise_open(&e, NULL);
    appraise_open(&e, &policy);
    return 0;
}
