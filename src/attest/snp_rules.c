/*
 * What the guest's owner and the platform's operator chose. Facts without a policy, rules under
 * one.
 *
 *   guest policy   bit 17 must be one, bits 63:26 zero; DEBUG lets the host read and write the
 * guest, MIGRATE_MA lets a migration agent move it VMPL           privilege level of whoever asked
 * for the report: 0 is the most privileged floors         reported, committed and launch TCB, each
 * component by itself committed      the firmware that runs now is the one that cannot be rolled
 * back (committed)
 *
 * Source: AMD 56860, 4.3 (guest policy), 7.3 (report), 2.2 (TCB_VERSION, committed and current).
 */
#include "attest/snp.h"

#include "base/mem.h"

enum { FLOOR_PARTS_MAX = 5 };

static const struct rule rule_migrate = {"snp.policy.migrate-ma", "no migration agent is bound",
                                         "AMD 56860 4.3"};
static const struct rule rule_reserved = {
    "snp.policy.reserved", "reserved guest policy bits are as they must be", "AMD 56860 4.3"};
static const struct rule rule_vmpl = {"snp.vmpl", "the report was asked for at an accepted VMPL",
                                      "AMD 56860 7.3 VMPL"};
static const struct rule rule_floor = {"snp.tcb.floor", "the firmware is at or above the floor",
                                       "AMD 56860 2.2"};
static const struct rule rule_committed = {
    "snp.tcb.committed", "the running firmware cannot be rolled back", "AMD 56860 2.2"};

/* Apply `rule` under a policy; without one, say how it stands. */
static void apply(struct snp *s, const struct rule *rule, bool good)
{
    if (s->a->policy != NULL)
        (void)result_check(&s->a->result, rule, good, ERR_POLICY);
    else
        result_info(&s->a->result, rule, slice_text(good ? "yes" : "no"));
}

cocoon_err snp_floor_read(struct slice word, enum snp_product *product, struct snp_tcb *floor)
{
    struct slice rest = word;
    struct slice name = slice_cut(&rest, ':');
    uint8_t parts[FLOOR_PARTS_MAX];
    size_t count = 0, want;

    for (*product = SNP_MILAN; *product <= SNP_TURIN; (*product)++)
        if (slice_eq_nocase(name, slice_text(snp_product_name(*product))))
            break;
    if (*product > SNP_TURIN)
        return ERR_MALFORMED;
    want = *product == SNP_TURIN ? 5 : 4;
    while (rest.len > 0) {
        uint64_t number;

        if (count == want || slice_u64(slice_cut(&rest, '.'), &number) != OK || number > UINT8_MAX)
            return ERR_MALFORMED;
        parts[count++] = (uint8_t)number;
    }
    if (count != want)
        return ERR_MALFORMED;
    if (*product == SNP_TURIN)
        *floor = (struct snp_tcb){parts[0], parts[1], parts[2], parts[3], parts[4]};
    else
        *floor = (struct snp_tcb){0, parts[0], parts[1], parts[2], parts[3]};
    return OK;
}

static bool meets(const struct snp *s, const struct snp_tcb *floor)
{
    const struct slice words[] = {s->report.reported_tcb, s->report.committed_tcb,
                                  s->report.launch_tcb};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        struct snp_tcb have = snp_tcb(words[i], s->product);

        if (!snp_tcb_at_least(&have, floor))
            return false;
    }
    return true;
}

/* Hold the firmware against the policy's floor for its product. Without one nothing is known about
 * its age: the claim "TCB up to date" then stays unknown. */
static void check_floor(struct snp *s)
{
    const struct policy *p = s->a->policy;
    bool found = false, good = true;

    for (size_t i = 0; p != NULL && i < p->snp_min.count; i++) {
        enum snp_product product;
        struct snp_tcb floor;

        if (snp_floor_read(p->snp_min.words[i], &product, &floor) != OK) {
            good = false;
        } else if (product == s->product) {
            found = true;
            good = good && meets(s, &floor);
        }
    }
    if (!found && good)
        return;
    (void)result_check(&s->a->result, &rule_floor, good, ERR_POLICY);
    result_aci(&s->a->result, ACI_TCB_UP_TO_DATE, good ? ACI_ASSERTED : ACI_REFUTED,
               ACI_VERIFIER_DERIVED);
}

void snp_check_rules(struct snp *s)
{
    const struct snp_report *r = &s->report;
    const struct policy *p = s->a->policy;

    apply(s, &rule_migrate,
          (r->policy & SNP_POLICY_MIGRATE_MA) == 0 || (p != NULL && p->allow_migration));
    apply(s, &rule_reserved,
          (r->policy & SNP_POLICY_MUST_BE_ONE) != 0 && (r->policy & SNP_POLICY_RESERVED) == 0);
    apply(s, &rule_vmpl, (int64_t)r->vmpl <= (p != NULL ? p->snp_vmpl_max : 0));
    apply(s, &rule_committed,
          slice_eq(r->current_tcb, r->committed_tcb) || (p != NULL && p->allow_provisional));
    if (s->product != SNP_UNKNOWN)
        check_floor(s);
}
