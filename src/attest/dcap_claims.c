/*
 * What a quote says, under the names that Intel's structures use. Bytes are hex in the order of the
 * report; numbers are numbers.
 */
#include "attest/dcap.h"

#define SGX_ATTRIBUTE_DEBUG      0x02
#define TD_ATTRIBUTE_DEBUG       UINT64_C(1)
#define TD_ATTRIBUTE_SEPT_VE_OFF (UINT64_C(1) << 28)

static void claim_sgx(struct claims *c, struct claim *in, const struct sgx_report *r)
{
    claim_hex(c, in, "cpu_svn", r->cpu_svn);
    claim_hex(c, in, "misc_select", r->misc_select);
    claim_hex(c, in, "attributes", r->attributes);
    claim_hex(c, in, "mr_enclave", r->mr_enclave);
    claim_hex(c, in, "mr_signer", r->mr_signer);
    claim_int(c, in, "isv_prod_id", r->isv_prod_id);
    claim_int(c, in, "isv_svn", r->isv_svn);
    claim_hex(c, in, "report_data", r->report_data);
    claim_bool(c, in, "debug", (r->attributes.ptr[0] & SGX_ATTRIBUTE_DEBUG) != 0);
}

static void claim_td(struct claims *c, struct claim *in, const struct td_report *r)
{
    claim_hex(c, in, "tee_tcb_svn", r->tee_tcb_svn);
    claim_hex(c, in, "mr_seam", r->mr_seam);
    claim_hex(c, in, "mrsigner_seam", r->mrsigner_seam);
    claim_hex(c, in, "seam_attributes", r->seam_attributes);
    claim_hex(c, in, "td_attributes", r->td_attributes_raw);
    claim_hex(c, in, "xfam", r->xfam_raw);
    claim_hex(c, in, "mr_td", r->mr_td);
    claim_hex(c, in, "mr_config_id", r->mr_config_id);
    claim_hex(c, in, "mr_owner", r->mr_owner);
    claim_hex(c, in, "mr_owner_config", r->mr_owner_config);
    claim_hex(c, in, "rtmr0", r->rtmr[0]);
    claim_hex(c, in, "rtmr1", r->rtmr[1]);
    claim_hex(c, in, "rtmr2", r->rtmr[2]);
    claim_hex(c, in, "rtmr3", r->rtmr[3]);
    claim_hex(c, in, "report_data", r->report_data);
    if (r->tee_tcb_svn2.len > 0) {
        claim_hex(c, in, "tee_tcb_svn2", r->tee_tcb_svn2);
        claim_hex(c, in, "mr_service_td", r->mr_service_td);
    }
    claim_bool(c, in, "debug", (r->td_attributes & TD_ATTRIBUTE_DEBUG) != 0);
    claim_bool(c, in, "sept_ve_disable", (r->td_attributes & TD_ATTRIBUTE_SEPT_VE_OFF) != 0);
}

void dcap_claim_quote(struct dcap *d)
{
    const struct quote *q = &d->quote;
    struct claims *c = &d->a->result.claims;

    claim_int(c, d->claims, "version", q->version);
    claim_word(c, d->claims, "tee", q->tee == QUOTE_TDX ? "tdx" : "sgx");
    claim_int(c, d->claims, "body_type", q->body_type);
    claim_int(c, d->claims, "cert_data_type", q->cert_type);
    claim_int(c, d->claims, "trailing_bytes", (int64_t)q->trailing);
    if (q->tee == QUOTE_TDX)
        claim_td(c, d->claims, &q->td);
    else
        claim_sgx(c, d->claims, &q->sgx);
}
