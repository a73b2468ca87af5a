/*
 * TD attributes, XFAM and service TD (Intel TDX Module ABI 1.5, sections 3.4.1, 3.4.2, 3.3.3).
 *
 *   ATTRIBUTES  bit 0 DEBUG: the host may read and write the TD
 *               bit 28 SEPT_VE_DISABLE: without it the host can inject #VE by removing pages
 *               bit 29 MIGRATABLE, bit 30 PKS, bit 63 PERFMON
 *               all others reserved, zero
 *   XFAM        bits 0 and 1 always set; only bits that the module defines (0x6dbe7)
 *   MRSERVICETD hash of the TDs bound to this one, which can migrate it away; zero: none
 *
 * These are choices of whoever built the TD, so they are facts without a policy and rules under
 * one.
 */
#include "attest/dcap.h"

#define TD_DEBUG           UINT64_C(1)
#define TD_SEPT_VE_DISABLE (UINT64_C(1) << 28)
#define TD_MIGRATABLE      (UINT64_C(1) << 29)
#define TD_PKS             (UINT64_C(1) << 30)
#define TD_PERFMON         (UINT64_C(1) << 63)
#define TD_KNOWN           (TD_DEBUG | TD_SEPT_VE_DISABLE | TD_MIGRATABLE | TD_PKS | TD_PERFMON)
#define XFAM_ALWAYS        UINT64_C(0x3)
#define XFAM_KNOWN         UINT64_C(0x6dbe7)

static const struct rule rule_sept = {"tdx.attributes.sept-ve-disable",
                                      "the host cannot inject #VE (SEPT_VE_DISABLE)",
                                      "Intel TDX Module ABI 3.4.1"};
static const struct rule rule_migratable = {"tdx.attributes.migratable", "the TD is not migratable",
                                            "Intel TDX Module ABI 3.4.1"};
static const struct rule rule_reserved = {
    "tdx.attributes.reserved", "reserved TD attributes are zero", "Intel TDX Module ABI 3.4.1"};
static const struct rule rule_xfam = {"tdx.xfam", "XFAM has the fixed bits and no unknown ones",
                                      "Intel TDX Module ABI 3.4.2"};
static const struct rule rule_service = {"tdx.service-td", "no service TD is bound (MRSERVICETD)",
                                         "Intel TDX Module ABI 3.3.3"};

/* Apply `rule` under a policy; without one, say how it stands. */
static void apply(struct dcap *d, const struct rule *rule, bool good)
{
    if (d->a->policy != NULL)
        (void)result_check(&d->a->result, rule, good, ERR_POLICY);
    else
        result_info(&d->a->result, rule, slice_text(good ? "yes" : "no"));
}

void td_check_rules(struct dcap *d)
{
    const struct td_report *td = &d->quote.td;
    const struct policy *p = d->a->policy;
    uint64_t bits = td->td_attributes;

    apply(d, &rule_sept, (bits & TD_SEPT_VE_DISABLE) != 0 || (p != NULL && p->allow_sept_ve));
    apply(d, &rule_migratable, (bits & TD_MIGRATABLE) == 0 || (p != NULL && p->allow_migration));
    apply(d, &rule_reserved, (bits & ~TD_KNOWN) == 0);
    apply(d, &rule_xfam, (td->xfam & XFAM_ALWAYS) == XFAM_ALWAYS && (td->xfam & ~XFAM_KNOWN) == 0);
    apply(d, &rule_service, slice_is_zero(td->mr_service_td) || (p != NULL && p->allow_service_td));
}
